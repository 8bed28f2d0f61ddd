/* SPDX-License-Identifier: MIT */
/*
 * The stack: what all protocols of one instance share. One turn is
 *
 *   1. input     flow batches from the backend -> IP -> TCP, UDP, ICMP
 *   2. timers    those due at @now
 *   3. events    callbacks of sockets that became ready
 *   4. output    work put off by 1 to 3: unet_stack_defer()
 *
 * Before a turn at most one system call lets the kernel see the rings and, if there
 * is nothing to do, sleeps; after it at most one sends what the turn has made.
 *
 * Protocols never call the OS: the time is @now, set by whoever runs the turn,
 * randomness comes from unet_stack_random(). They never call up either: input
 * marks, events are dispatched in step 3, when no protocol code is running.
 */
#ifndef UNET_STACK_INTERNAL_H
#define UNET_STACK_INTERNAL_H

#include <unet/stack.h>
#include <unet/stats.h>
#include "backend.h"
#include "core_os.h"
#include "flow.h"
#include "hook.h"
#include "packet.h"
#include "timer.h"

struct unet_ip_info;
struct unet_icmp_info;
struct unet_reass;
struct unet_sock;

/**
 * struct unet_work - something to be done later in the turn; embedded
 * @next:	in its list
 * @prev:	in its list; NULL when on none
 * @fn:		called once for each time it was put on a list
 */
struct unet_work {
	struct unet_work *next;
	struct unet_work *prev;
	void (*fn)(struct unet_stack *st, struct unet_work *w);
};

/**
 * struct unet_proto - a protocol above IP
 * @proto:	IP protocol number
 * @input:	one packet: data at the L4 header, L4 header at least as long as
 *		@min_header and in the first piece, checksum good. Takes @pkt
 *		over. @f: its flow: a connection, else a listener, else NULL
 * @icmp_error:	an ICMP error about something that @f sent
 * @flow_gone:	the kernel removed @f, nothing can be sent or received any more
 * @make_room:	flows are used up: end one that only lingers, and answer true
 * @min_header:	bytes of the smallest header
 * @children:	packets of a connection may come by its listener's flow
 * @init:	set up what the protocol keeps for a stack
 * @exit:	its mirror; all flows are gone by now
 */
struct unet_proto {
	u8 proto;
	void (*input)(struct unet_stack *st, struct unet_pkt *pkt,
		      const struct unet_ip_info *info, struct unet_flow *f);
	void (*icmp_error)(struct unet_stack *st, struct unet_flow *f,
			   const struct unet_icmp_info *icmp);
	void (*flow_gone)(struct unet_stack *st, struct unet_flow *f);
	bool (*make_room)(struct unet_stack *st);
	u16 min_header;
	bool children;
	int (*init)(struct unet_stack *st);
	void (*exit)(struct unet_stack *st);
};

#define UNET_PROTOS_MAX		4

/**
 * struct unet_stack - one instance
 * @be:		what it sits on
 * @now:	microseconds, time of this turn
 * @pool:	packet metadata
 * @wheel:	timers
 * @output:	step 4 of the turn
 * @tx_wait:	waiting for room to send; moved to @output when there is some
 * @events:	step 3 of the turn
 * @protos:	by order of unet_stack_add_proto()
 * @n_protos:	how many
 * @flow_hash:	heads of chains, by hash of the key
 * @flow_hash_mask: buckets less 1
 * @n_hashed:	flows in it
 * @mask_count:	flows in it by form of key, to skip lookups that cannot hit
 * @tags:	flows by index
 * @tag_gen:	generation by index
 * @n_tags:	entries of both
 * @tag_free:	next free index, a list through @tag_next
 * @tag_next:	see there
 * @secret:	of @flow_hash
 * @sip_key:	random, for ISNs and the like: unet_siphash()
 * @random:	key and counter of unet_stack_random()
 * @reass:	fragments
 * @tcp:	TCP's own state of the stack
 * @udp:	UDP's
 * @hooks:	other people's code
 * @socks:	all sockets
 * @counter:	by enum unet_stack_counter
 * @log:	takes lines
 * @log_arg:	for @log
 * @log_level:	least urgent level
 * @lazy:	UNET_STACK_LAZY
 * @running:	a turn is in progress
 * @ended:	the channel has ended, and everybody was told
 * @more_input:	the last turn left flow batches for the next
 * @unsynced:	something was put on the rings since the last sync
 */
struct unet_stack {
	struct unet_backend *be;
	u64 now;
	struct unet_pkt_pool pool;
	struct unet_wheel wheel;
	struct unet_work output;
	struct unet_work tx_wait;
	struct unet_work events;
	const struct unet_proto *protos[UNET_PROTOS_MAX];
	u32 n_protos;
	struct unet_flow **flow_hash;
	u32 flow_hash_mask;
	u32 n_hashed;
	u32 mask_count[UNET_MASK_COUNT];
	struct unet_flow **tags;
	u32 *tag_gen;
	u32 *tag_next;
	u32 n_tags;
	u32 tag_free;
	struct unet_flow_secret secret;
	u64 sip_key[2];
	u64 random[2];
	struct unet_reass *reass;
	void *tcp;
	void *udp;
	struct unet_hooks hooks;
	struct unet_sock *socks;
	u64 counter[UNET_STAT_COUNT];
	void (*log)(void *arg, int level, const char *line);
	void *log_arg;
	u32 log_level;
	bool lazy;
	bool running;
	bool ended;
	bool more_input;
	bool unsynced;
};

struct unet_stack *unet_stack_create(struct unet_backend *be,
				     const struct unet_stack_opts *opts,
				     const void *seed, size_t seed_len);
void unet_stack_destroy(struct unet_stack *st);
int unet_stack_add_proto(struct unet_stack *st, const struct unet_proto *p);
u32 unet_stack_turn(struct unet_stack *st, u64 now);
int unet_stack_sync(struct unet_stack *st, u64 wait_us);
u64 unet_siphash(const u64 key[2], const void *bytes, size_t len);
u64 unet_stack_random(struct unet_stack *st);

void unet_work_init(struct unet_work *w,
		    void (*fn)(struct unet_stack *st, struct unet_work *w));
void unet_work_cancel(struct unet_work *w);
void unet_stack_defer(struct unet_stack *st, struct unet_work *w);
void unet_stack_defer_event(struct unet_stack *st, struct unet_work *w);
void unet_stack_wait_tx(struct unet_stack *st, struct unet_work *w);

/* A timer of the stack at an absolute time; replaces what was set before. */
static inline void unet_timer_set(struct unet_stack *st, struct unet_timer *t,
				  u64 when)
{
	unet_wheel_set(&st->wheel, t, when);
}

static inline void unet_timer_cancel(struct unet_stack *st,
				     struct unet_timer *t)
{
	unet_wheel_cancel(&st->wheel, t);
}

/* What the application does between turns it does now, not when the last one was. */
static inline void unet_stack_read_clock(struct unet_stack *st)
{
	st->now = max(st->now, st->be->ops->now_us(st->be));
}

static inline bool unet_work_pending(const struct unet_work *w)
{
	return w->prev;
}

static inline void unet_count(struct unet_stack *st,
			      enum unet_stack_counter c)
{
	st->counter[c]++;
}

static inline void unet_count_add(struct unet_stack *st,
				  enum unet_stack_counter c, u64 n)
{
	st->counter[c] += n;
}

/* Sends that can be given to the backend now. */
static inline u32 unet_stack_tx_room(struct unet_stack *st)
{
	u32 room = st->be->ops->tx_room(st->be);

	return room - min(room, st->hooks.sent.packets);
}

/* TX memory for payload: see struct unet_backend_ops. */
static inline struct unet_block *unet_stack_tx_alloc(struct unet_stack *st,
						     u32 min, u32 want)
{
	return st->be->ops->tx_alloc(st->be, min, want);
}

/* May so many bytes of a packet lie elsewhere, too? */
static inline bool unet_stack_tx_moves(struct unet_stack *st, u32 bytes)
{
	return !st->be->ops->tx_moves || st->be->ops->tx_moves(st->be, bytes);
}

struct unet_pkt *unet_stack_tx_header(struct unet_stack *st, u32 l4_header);

/* Before a send: what was learned of the path is not believed for ever, and hooks may
 * want room now.
 */
static inline void unet_flow_age_mtu(struct unet_stack *st,
				     struct unet_flow *f)
{
	if (unlikely(f->pmtu | (READ_ONCE(st->hooks.reserve_gen) ^
				f->reserve_gen)))
		unet_flow_forget_mtu(st, f);
}

#endif /* UNET_STACK_INTERNAL_H */
