// SPDX-License-Identifier: MIT
/*
 * A timer stands on the level of the highest 6-bit digit in which its time
 * differs from the wheel's, in the slot of that digit of its time. So on each
 * level all busy slots lie ahead of the wheel's own digit, everything on a level
 * comes before everything on the levels above, and when the wheel reaches the
 * start of a slot its timers move down, the ones due right now excepted.
 */
#include "timer.h"

#define DIGIT_MASK	(UNET_WHEEL_SLOTS - 1)
#define NO_SLOT		0xffff
#define LOOKS		16	/* timers of a slot that unet_wheel_next() asks */
#define WHEEL_END	(1ull << (UNET_WHEEL_BITS * UNET_WHEEL_LEVELS))

static unsigned int digit(u64 time, unsigned int level)
{
	return (time >> (level * UNET_WHEEL_BITS)) & DIGIT_MASK;
}

static void link_at(struct unet_timer **head, struct unet_timer *t)
{
	t->next = *head;
	if (t->next)
		t->next->pprev = &t->next;
	t->pprev = head;
	*head = t;
}

static void unlink_timer(struct unet_timer *t)
{
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	t->pprev = NULL;
}

/**
 * unet_wheel_init() - an empty wheel
 * @w: the wheel
 * @now: microseconds
 */
void unet_wheel_init(struct unet_wheel *w, u64 now)
{
	memset(w, 0, sizeof(*w));
	w->now = min(now, WHEEL_END - 1);
}

static void place(struct unet_wheel *w, struct unet_timer *t)
{
	u64 when = min(t->when, WHEEL_END - 1);
	unsigned int level;
	unsigned int slot;

	level = (63 - (unsigned int)__builtin_clzll(when ^ w->now)) /
		UNET_WHEEL_BITS;
	slot = digit(when, level);
	t->slot = (u16)(level * UNET_WHEEL_SLOTS + slot);
	w->busy[level] |= 1ull << slot;
	link_at(&w->slot[level][slot], t);
}

/**
 * unet_wheel_set() - have a timer fire
 * @w: the wheel
 * @t: the timer; when pending, its time is changed
 * @when: microseconds; a time gone by fires in the next unet_wheel_run()
 */
void unet_wheel_set(struct unet_wheel *w, struct unet_timer *t, u64 when)
{
	if (t->pprev) {
		if (t->when == when)
			return;
		unet_wheel_cancel(w, t);
	}
	t->when = when;
	if (when > w->now && w->now < WHEEL_END - 1) {
		place(w, t);
		return;
	}
	t->slot = NO_SLOT;
	link_at(&w->due, t);
}

/**
 * unet_wheel_cancel() - a timer is not to fire
 * @w: the wheel
 * @t: need not be pending
 */
void unet_wheel_cancel(struct unet_wheel *w, struct unet_timer *t)
{
	unsigned int level = t->slot / UNET_WHEEL_SLOTS;
	unsigned int slot = t->slot % UNET_WHEEL_SLOTS;

	if (!t->pprev)
		return;
	unlink_timer(t);
	if (t->slot != NO_SLOT && !w->slot[level][slot])
		w->busy[level] &= ~(1ull << slot);
}

/* The next slot to be reached: its start, and where it is. */
static u64 next_slot(const struct unet_wheel *w, unsigned int *level)
{
	unsigned int l;

	for (l = 0; l < UNET_WHEEL_LEVELS; l++) {
		unsigned int shift = l * UNET_WHEEL_BITS;
		u64 above = ~0ull << shift << UNET_WHEEL_BITS;

		if (!w->busy[l])
			continue;
		*level = l;
		return (w->now & above) |
		       (u64)__builtin_ctzll(w->busy[l]) << shift;
	}
	return UINT64_MAX;
}

/**
 * unet_wheel_next() - when to run the wheel next
 * @w: the wheel
 *
 * Return: 0 when timers are due already; else when the first one is, or, when it
 * is far off and one of many, an earlier time (at most seven times before it
 * fires); UINT64_MAX: there is none.
 */
u64 unet_wheel_next(const struct unet_wheel *w)
{
	const struct unet_timer *t;
	unsigned int level;
	u64 first = UINT64_MAX;
	u64 start;
	int looks = LOOKS;

	if (w->due)
		return 0;
	start = next_slot(w, &level);
	if (start == UINT64_MAX)
		return start;
	for (t = w->slot[level][digit(start, level)]; t; t = t->next) {
		if (!looks--)
			return start;
		first = min(first, t->when);
	}
	return first;
}

/* Move the wheel to @start, where a slot of @level begins. */
static struct unet_timer **enter_slot(struct unet_wheel *w, u64 start,
				      unsigned int level,
				      struct unet_timer **tail)
{
	unsigned int slot = digit(start, level);
	struct unet_timer *t = w->slot[level][slot];

	w->now = start;
	w->slot[level][slot] = NULL;
	w->busy[level] &= ~(1ull << slot);
	while (t) {
		struct unet_timer *next = t->next;

		if (min(t->when, WHEEL_END - 1) > start) {
			place(w, t);
		} else {
			t->slot = NO_SLOT;
			link_at(tail, t);
			tail = &t->next;
		}
		t = next;
	}
	return tail;
}

/**
 * unet_wheel_run() - fire what is due
 * @w: the wheel
 * @st: passed on to the timers' functions
 * @now: microseconds; an earlier one than before does nothing
 *
 * Fires in order of time. Timers set meanwhile for @now or before fire in the
 * next run, so this ends.
 *
 * Return: timers fired.
 */
u32 unet_wheel_run(struct unet_wheel *w, struct unet_stack *st, u64 now)
{
	struct unet_timer *firing = w->due;
	struct unet_timer **tail = &firing;
	unsigned int level;
	u32 fired = 0;
	u64 start;

	now = min(now, WHEEL_END - 1);
	if (firing)
		firing->pprev = &firing;
	w->due = NULL;
	while (*tail)
		tail = &(*tail)->next;
	while ((start = next_slot(w, &level)) <= now)
		tail = enter_slot(w, start, level, tail);
	if (w->now < now)
		w->now = now;
	while (firing) {
		struct unet_timer *t = firing;

		unlink_timer(t);
		t->fn(st, t);
		fired++;
	}
	return fired;
}
