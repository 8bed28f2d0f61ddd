// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <unet/unet.h>
#include "core/params.h"
#include "internal.h"
#include "ip.h"
#include "ip_reass.h"
#include "stack.h"
#include "work.h"

/* Flow batches taken in one turn, so that timers and senders get theirs. */
#define INPUT_BATCHES	128

static void seed(struct unet_stack *st, const void *bytes, size_t len)
{
	u64 key[2] = { 0x756e6574, 0 };
	u64 *word = (u64 *)&st->secret;
	size_t i;

	BUILD_BUG_ON(sizeof(st->secret) % sizeof(u64));
	for (i = 0; i < sizeof(st->secret) / sizeof(u64); i++, key[1]++)
		word[i] = unet_siphash(key, bytes, len);
	for (i = 0; i < 2; i++, key[1]++)
		st->sip_key[i] = unet_siphash(key, bytes, len);
	st->random[0] = unet_siphash(key, bytes, len);
}

static int options(struct unet_stack *st, const struct unet_stack_opts *opts)
{
	int err = unet_opts_check(opts, sizeof(*opts), "unet_stack_opts");

	if (err || !opts)
		return err;
	if (opts->flags & ~UNET_STACK_LAZY || opts->reserved) {
		unet_detail("struct unet_stack_opts: flags %#x, reserved %u: "
			    "flags must be 0 or UNET_STACK_LAZY, reserved 0",
			    opts->flags, opts->reserved);
		return -EINVAL;
	}
	st->log = opts->log;
	st->log_arg = opts->log_arg;
	st->log_level = opts->log_level;
	st->lazy = opts->flags & UNET_STACK_LAZY;
	return 0;
}

/**
 * unet_stack_create() - a stack on a backend, without protocols above IP
 * @be: belongs to the stack, in case of failure too
 * @opts: may be NULL
 * @seed_bytes: everything random follows from them
 * @seed_len: how many
 *
 * Return: the stack, or NULL with errno.
 */
struct unet_stack *unet_stack_create(struct unet_backend *be,
				     const struct unet_stack_opts *opts,
				     const void *seed_bytes, size_t seed_len)
{
	struct unet_stack *st = calloc(1, sizeof(*st));
	int err = st ? options(st, opts) : -ENOMEM;

	if (err)
		goto fail;
	st->be = be;
	be->counters = st->counter;
	st->now = be->ops->now_us(be);
	unet_pkt_pool_init(&st->pool, 0);
	unet_wheel_init(&st->wheel, st->now);
	unet_hooks_init(st);
	unet_worklist_init(&st->output);
	unet_worklist_init(&st->tx_wait);
	unet_worklist_init(&st->events);
	seed(st, seed_bytes, seed_len);
	err = unet_flow_table_init(st);
	if (!err)
		err = unet_reass_init(st);
	if (!err)
		return st;
	unet_flow_table_exit(st);
fail:
	free(st);
	be->ops->close(be);
	errno = -err;
	return NULL;
}

/**
 * unet_stack_destroy() - end a stack whose sockets are gone
 * @st: the stack
 */
void unet_stack_destroy(struct unet_stack *st)
{
	/* resets and the like that closing has produced */
	unet_worklist_run(st, &st->output);
	unet_stack_sync(st, 0);
	while (st->n_protos) {
		const struct unet_proto *p = st->protos[--st->n_protos];

		if (p->exit)
			p->exit(st);
	}
	unet_stack_sync(st, 0);
	unet_hooks_exit(st);
	unet_reass_exit(st);
	unet_flow_table_exit(st);
	st->be->ops->close(st->be);
	unet_pkt_pool_exit(&st->pool);
	free(st);
}

/**
 * unet_stack_add_proto() - run a protocol above IP
 * @st: the stack
 * @p: lives as long as the stack
 *
 * Return: 0, -ENOSPC, or what @p->init answers.
 */
int unet_stack_add_proto(struct unet_stack *st, const struct unet_proto *p)
{
	int err;

	if (st->n_protos == UNET_PROTOS_MAX)
		return -ENOSPC;
	err = p->init ? p->init(st) : 0;
	if (!err)
		st->protos[st->n_protos++] = p;
	return err;
}

static u32 input(struct unet_stack *st)
{
	struct unet_rx_batch b;
	u32 n = 0;

	while (n < INPUT_BATCHES && st->be->ops->rx(st->be, &st->pool, &b)) {
		unet_ip_input(st, &b);
		n++;
	}
	st->more_input = n == INPUT_BATCHES;
	if (unlikely(!unet_pktq_empty(&st->hooks.injected[UNET_HOOKS_RX])))
		n += unet_hook_input_injected(st);
	st->be->ops->rx_done(st->be);
	unet_count_add(st, UNET_STAT_RX_BATCHES, n);
	return n;
}

/* What hooks drop makes room that nothing else will tell of. */
static noinline void flush_hooks(struct unet_stack *st)
{
	unet_hook_flush(st);
	if (!unet_worklist_empty(&st->tx_wait) && unet_stack_tx_room(st))
		st->more_input = true;
}

/* What hooks are to see before it leaves. */
static void flush(struct unet_stack *st)
{
	if (unlikely(st->hooks.sent.head ||
		     st->hooks.injected[UNET_HOOKS_TX].head))
		flush_hooks(st);
}

static void output(struct unet_stack *st)
{
	if (!unet_worklist_empty(&st->tx_wait) && unet_stack_tx_room(st))
		unet_stack_wake_tx(st);
	unet_worklist_run(st, &st->output);
	flush(st);
}

/* Steps 2 to 4. @clocked: @now was read from the clock, and callbacks take time. */
static u32 rest_of_turn(struct unet_stack *st, bool clocked)
{
	u32 n;

	unet_wheel_run(&st->wheel, st, st->now);
	n = unet_worklist_run(st, &st->events);
	if (n && clocked)
		unet_stack_read_clock(st);
	output(st);
	if (unlikely(READ_ONCE(st->hooks.retired)))
		unet_hook_reclaim(st);
	return n;
}

static u32 turn(struct unet_stack *st, u64 now, bool clocked)
{
	u32 n;

	st->running = true;
	st->now = max(st->now, now);
	unet_count(st, UNET_STAT_TURNS);
	n = input(st);
	n += rest_of_turn(st, clocked);
	st->running = false;
	return n;
}

/**
 * unet_stack_turn() - input, timers, events, output; no system call
 * @st: the stack
 * @now: microseconds; the clock of a stack does not go backward
 *
 * Return: flow batches and callbacks.
 */
u32 unet_stack_turn(struct unet_stack *st, u64 now)
{
	return turn(st, now, false);
}

/**
 * unet_stack_sync() - let the backend see what was put on the rings
 * @st: the stack
 * @wait_us: longest sleep when nothing arrives
 *
 * Return: 0 or -errno of the backend.
 */
int unet_stack_sync(struct unet_stack *st, u64 wait_us)
{
	flush(st);
	if (!st->unsynced && !wait_us)
		return 0;
	st->unsynced = false;
	return st->be->ops->sync(st->be, wait_us);
}

uint64_t unet_stack_deadline(const struct unet_stack *st)
{
	if (st->unsynced || st->more_input ||
	    !unet_worklist_empty(&st->output) ||
	    !unet_worklist_empty(&st->events))
		return 0;
	return unet_wheel_next(&st->wheel);
}

/* How long a turn may sleep that must be over at @end. */
static u64 sleep_time(const struct unet_stack *st, u64 now, int timeout_ms)
{
	u64 end = timeout_ms < 0 ? UNET_NEVER : now + (u64)timeout_ms * 1000;
	u64 due = st->more_input || !unet_worklist_empty(&st->events) ?
		  0 : unet_wheel_next(&st->wheel);

	end = min(end, due);
	if (end == UNET_NEVER)
		return UNET_NEVER;
	return end > now ? end - now : 0;
}

static int channel_error(const struct unet_stack *st)
{
	switch (unet_stack_channel_state(st, NULL)) {
	case UNET_CHANNEL_POISONED:
		return -EIO;
	case UNET_CHANNEL_DETACHED:
		return -ENODEV;
	default:
		return 0;
	}
}

/*
 * The channel has ended. All it left on the rings is still taken, with a chance to
 * read it now and then, and then every socket hears of it: the kernel says so flow by
 * flow, but only to who comes in time. What hooks inject could go on for ever.
 */
static void last_turn(struct unet_stack *st)
{
	u32 left = UNET_MAX_RING / INPUT_BATCHES + 1;

	st->ended = true;
	st->running = true;
	do {
		input(st);
		unet_worklist_run(st, &st->events);
	} while (st->more_input && --left);
	unet_flow_all_ended(st);
	unet_worklist_run(st, &st->events);
	st->running = false;
}

static int run(struct unet_stack *st, int timeout_ms)
{
	u64 now;
	u32 n;
	int err;

	err = channel_error(st);
	if (err)
		return err;
	if (timeout_ms) {
		/* what was sent since the last turn goes out with the same call */
		now = st->be->ops->now_us(st->be);
		st->now = max(st->now, now);
		output(st);
		err = unet_stack_sync(st, sleep_time(st, now, timeout_ms));
		if (err)
			return err;
	}
	n = turn(st, st->be->ops->now_us(st->be), true);
	if (!timeout_ms || !st->lazy)
		err = unet_stack_sync(st, 0);
	return err ? err : (int)n;
}

int unet_stack_run(struct unet_stack *st, int timeout_ms)
{
	int ret;

	if (st->running || st->hooks.inside)
		return -EDEADLK;
	ret = run(st, timeout_ms);
	if (ret < 0 && !st->ended && channel_error(st))
		last_turn(st);
	return ret;
}

int unet_stack_input(struct unet_stack *st, uint64_t now_us,
		     const void *packet, size_t len)
{
	struct unet_rx_batch b = { .tag = 0 };
	struct unet_pkt *pkt;

	if (st->running || st->hooks.inside)
		return -EDEADLK;
	if (len > UNET_TX_MAX_BYTES)
		return -EMSGSIZE;
	pkt = unet_pkt_heap(&st->pool, 0, (u32)len);
	if (!pkt)
		return -ENOMEM;
	memcpy(unet_pkt_put(pkt, (u32)len), packet, len);
	pkt->tstamp = now_us * 1000;
	unet_pktq_init(&b.packets);
	unet_pktq_add(&b.packets, pkt);
	st->running = true;
	st->now = max(st->now, now_us);
	unet_count(st, UNET_STAT_TURNS);
	unet_ip_input(st, &b);
	unet_hook_input_injected(st);
	rest_of_turn(st, false);
	st->running = false;
	return unet_stack_sync(st, 0);
}

uint64_t unet_stack_now(const struct unet_stack *st)
{
	return st->now;
}

int unet_stack_fd(const struct unet_stack *st)
{
	return st->be->ops->fd(st->be);
}

int unet_stack_channel_state(const struct unet_stack *st, uint32_t *reason)
{
	u32 why = 0;
	int state = st->be->ops->state(st->be, &why);

	if (reason)
		*reason = why;
	return state;
}

/**
 * unet_stack_tx_header() - an empty packet with room for headers
 * @st: the stack
 * @l4_header: bytes of L4 header that the caller will unet_pkt_put()
 *
 * The IP header goes in front of it later.
 *
 * Return: the packet, or NULL: no memory.
 */
struct unet_pkt *unet_stack_tx_header(struct unet_stack *st, u32 l4_header)
{
	struct unet_block *blk = st->be->ops->tx_header(st->be);

	if (!blk)
		return NULL;
	return unet_pkt_over(&st->pool, blk, blk->size - l4_header, 0);
}
