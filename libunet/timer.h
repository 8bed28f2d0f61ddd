/* SPDX-License-Identifier: MIT */
/*
 * Timers: a hierarchical wheel of 8 levels with 64 slots. A tick is one
 * microsecond; a slot of level n is 64^n ticks wide, so 2^48 us are covered.
 * Setting, cancelling and finding the next one take constant time; a timer moves
 * down at most 7 times before it fires, and fires exactly at its time or at the
 * first unet_wheel_run() after.
 */
#ifndef UNET_TIMER_H
#define UNET_TIMER_H

#include "core_os.h"

#define UNET_WHEEL_BITS		6
#define UNET_WHEEL_SLOTS	(1 << UNET_WHEEL_BITS)
#define UNET_WHEEL_LEVELS	8

struct unet_stack;
struct unet_timer;

/**
 * typedef unet_timer_fn - called when a timer fires; it is not pending then
 *
 * May set and cancel any timer, and free the object @t lies in.
 */
typedef void (*unet_timer_fn)(struct unet_stack *st, struct unet_timer *t);

/**
 * struct unet_timer - embedded in what it is for
 * @next:	in its slot
 * @pprev:	what points here; NULL when not pending
 * @when:	microseconds
 * @fn:		what to call
 * @slot:	level * 64 + slot
 */
struct unet_timer {
	struct unet_timer *next;
	struct unet_timer **pprev;
	u64 when;
	unet_timer_fn fn;
	u16 slot;
};

/**
 * struct unet_wheel - all timers of a stack
 * @now:	all timers up to here have fired
 * @busy:	for each level: slots that hold timers
 * @due:	firing now, or set for a time gone by
 * @slot:	lists
 */
struct unet_wheel {
	u64 now;
	u64 busy[UNET_WHEEL_LEVELS];
	struct unet_timer *due;
	struct unet_timer *slot[UNET_WHEEL_LEVELS][UNET_WHEEL_SLOTS];
};

void unet_wheel_init(struct unet_wheel *w, u64 now);
void unet_wheel_set(struct unet_wheel *w, struct unet_timer *t, u64 when);
void unet_wheel_cancel(struct unet_wheel *w, struct unet_timer *t);
u64 unet_wheel_next(const struct unet_wheel *w);
u32 unet_wheel_run(struct unet_wheel *w, struct unet_stack *st, u64 now);

static inline void unet_timer_init(struct unet_timer *t, unet_timer_fn fn)
{
	t->next = NULL;
	t->pprev = NULL;
	t->when = 0;
	t->fn = fn;
	t->slot = 0;
}

static inline bool unet_timer_pending(const struct unet_timer *t)
{
	return t->pprev;
}

#endif /* UNET_TIMER_H */
