/* SPDX-License-Identifier: MIT */
/*
 * A stack: one channel, one thread, one loop.
 *
 *   for (;;) {
 *           unet_stack_run(st, -1);
 *           ... sockets that became ready have had their callbacks run ...
 *   }
 *
 * or, inside an epoll program: watch unet_stack_fd() for EPOLLIN, sleep no
 * longer than unet_stack_deadline() says, and call unet_stack_run(st, 0) when
 * either fires and after every use of a socket outside a callback.
 */
#ifndef UNET_STACK_H
#define UNET_STACK_H

#include <stddef.h>
#include <stdint.h>
#include <linux/unet.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_stack;
struct unet_wire;

#define UNET_NEVER	UINT64_MAX	/* no deadline */

/**
 * struct unet_stack_opts - how a stack is to be opened
 * @size:	sizeof(struct unet_stack_opts)
 * @flags:	UNET_STACK_*
 * @params:	sizes of the channel, 0 for the default (see linux/unet.h)
 * @log:	takes log lines, without a line feed; NULL for none
 * @log_arg:	passed to @log
 * @log_level:	least urgent enum unet_log_level that is logged
 * @reserved:	zero
 */
struct unet_stack_opts {
	size_t size;
	uint32_t flags;
	struct unet_params params;
	void (*log)(void *arg, int level, const char *line);
	void *log_arg;
	uint32_t log_level;
	uint32_t reserved;
};

/*
 * What a turn sends leaves with the system call that the next unet_stack_run()
 * sleeps with, instead of one of its own. For programs that do nothing else than
 * unet_stack_run(st, -1) in a loop: half the system calls under light load.
 */
#define UNET_STACK_LAZY		(1u << 0)

/**
 * unet_stack_open() - open a stack on the host's own address
 * @dev: name of an attached device in this network namespace
 * @opts: see there, or NULL
 *
 * Opens a channel of the device's nexus. No privilege is needed beyond access
 * to /dev/unet. The stack must be used by one thread at a time. Hooks that the
 * environment variable UNET_HOOKS names are loaded (see unet_hook_load()), unless
 * the program is set-uid or the like.
 *
 * Return: the stack, or NULL with errno: ENOENT /dev/unet is not there (module
 * not loaded), EACCES not allowed to open it, ENODEV the device is not attached
 * in this namespace, EDQUOT over the cap of channel memory, EINVAL an option is
 * out of range, ENOMEM, or an error of unet_hook_load(). unet_error_detail() has the sentence.
 */
struct unet_stack *unet_stack_open(const char *dev,
				   const struct unet_stack_opts *opts);

/**
 * unet_stack_close() - end a stack and everything on it
 * @st: the stack, may be NULL
 *
 * Sockets still open are aborted and become invalid. Connections that were
 * closed in good order but have not finished are reset.
 */
void unet_stack_close(struct unet_stack *st);

/**
 * unet_stack_run() - one turn: rings in, timers, callbacks, rings out
 * @st: the stack
 * @timeout_ms: longest sleep when there is nothing to do; 0 does not sleep,
 *	-1 sleeps until something happens
 *
 * Sleeps only when there is nothing to do, never past the next timer, and what was
 * sent since the last turn leaves first. What the turn itself sends is on its way
 * when this returns (but see UNET_STACK_LAZY). Callbacks set by unet_sock_on()
 * run inside this call and may use every socket of the stack, but not
 * unet_stack_run(), unet_stack_input() or unet_stack_close().
 *
 * Return: how many flow batches and callbacks the turn had (0: slept in vain),
 * or -EINTR by a signal, -EIO the channel was poisoned, -ENODEV the device or
 * nexus went away, -EDEADLK called from a callback. Before the first -EIO or
 * -ENODEV what had arrived is delivered, and every socket that has a port gets
 * UNET_ERROR.
 */
int unet_stack_run(struct unet_stack *st, int timeout_ms);

/**
 * unet_stack_fd() - descriptor that polls readable when a turn is due
 *
 * Belongs to the stack; watch it, never read or close it. Return: the
 * descriptor, or -ENOTSUP for a stack on an in-memory wire.
 */
int unet_stack_fd(const struct unet_stack *st);

/**
 * unet_stack_deadline() - when the next turn is due whatever the descriptor says
 *
 * Return: CLOCK_MONOTONIC microseconds (virtual ones on a wire), 0 when a turn
 * is due now, UNET_NEVER when nothing is planned.
 */
uint64_t unet_stack_deadline(const struct unet_stack *st);

/**
 * unet_stack_now() - the time of the current or last turn, or of a connect since, in
 *	microseconds
 */
uint64_t unet_stack_now(const struct unet_stack *st);

/**
 * unet_stack_input() - give the stack a packet by hand
 * @st: the stack
 * @now_us: the time; never earlier than in the call before
 * @packet: IPv4 or IPv6 header first
 * @len: bytes, at most 65535
 *
 * The packet is copied, checked in full (checksums too) and processed as one
 * turn, answers included. For tests and for packets from elsewhere.
 *
 * Return: 0, or -EMSGSIZE, -ENOMEM, -EDEADLK called from a callback.
 */
int unet_stack_input(struct unet_stack *st, uint64_t now_us,
		     const void *packet, size_t len);

/**
 * unet_stack_channel_state() - is the channel alive
 * @st: the stack
 * @reason: receives enum unet_poison_reason, may be NULL
 *
 * Return: enum unet_channel_state; always UNET_CHANNEL_LIVE on a wire.
 */
int unet_stack_channel_state(const struct unet_stack *st, uint32_t *reason);

/* ---- two stacks and a wire between them, in memory --------------------- */

/**
 * struct unet_wire_opts - what the wire does to packets, both ways alike
 * @size:	sizeof(struct unet_wire_opts)
 * @flags:	UNET_WIRE_*
 * @seed:	everything random follows from it
 * @delay_us:	from end to end
 * @jitter_us:	added to @delay_us, 0 to this many, at random (reorders)
 * @bits_per_s:	bandwidth, 0: without end
 * @queue_bytes: waiting for the bandwidth, more is dropped; 0: without end
 * @mtu:	largest packet, 0: 1500
 * @loss_ppm:	packets lost, per million
 * @dup_ppm:	packets doubled, per million
 * @reorder_ppm: packets held back by @reorder_us, per million
 * @reorder_us:	how long
 * @corrupt_ppm: packets with a bit flipped, per million
 * @ce_bytes:	queue length from which ECN-capable packets get a CE mark, 0: never
 * @addr4:	addresses of the two ends, network order; 0: 192.0.2.1 and .2
 * @addr6:	likewise; all zero: 2001:db8::1 and ::2
 */
struct unet_wire_opts {
	size_t size;
	uint32_t flags;
	uint32_t mtu;
	uint64_t seed;
	uint64_t bits_per_s;
	uint32_t queue_bytes;
	uint32_t delay_us;
	uint32_t jitter_us;
	uint32_t reorder_us;
	uint32_t loss_ppm;
	uint32_t dup_ppm;
	uint32_t reorder_ppm;
	uint32_t corrupt_ppm;
	uint32_t ce_bytes;
	uint32_t addr4[2];
	uint8_t addr6[2][16];
};

#define UNET_WIRE_SUPER		(1u << 0)	/* super packets pass whole */
#define UNET_WIRE_CSUM		(1u << 1)	/* checksums are computed and checked */

/**
 * unet_wire_open() - two stacks joined by a wire
 * @opts: see there, or NULL for a perfect wire
 * @ends: receives the two stacks
 *
 * Time is virtual and starts at one second. Return: the wire, or NULL with
 * errno: EINVAL, ENOMEM.
 */
struct unet_wire *unet_wire_open(const struct unet_wire_opts *opts,
				 struct unet_stack *ends[2]);

/**
 * unet_wire_set() - change what the wire does from now on
 *
 * Addresses, seed and mtu stay. Return: 0 or -EINVAL.
 */
int unet_wire_set(struct unet_wire *w, const struct unet_wire_opts *opts);

/**
 * unet_wire_run() - let virtual time pass
 * @w: the wire
 * @until_us: absolute virtual time to stop at
 *
 * Runs turns of both stacks and deliveries in order of time. Stops earlier when
 * nothing is planned any more. From a callback or a tap it does nothing: no time
 * passes within a turn. Return: virtual time reached.
 */
uint64_t unet_wire_run(struct unet_wire *w, uint64_t until_us);

/**
 * unet_wire_step() - the next thing that happens, and everything at that instant
 *
 * Return: 1, 0 when nothing is planned, or -EDEADLK called from a callback.
 */
int unet_wire_step(struct unet_wire *w);

/**
 * unet_wire_now() - virtual time in microseconds
 */
uint64_t unet_wire_now(const struct unet_wire *w);

/**
 * typedef unet_wire_tap - sees, and may take away, every packet put on the wire
 * @arg: as given
 * @from: end that sent it, 0 or 1
 * @now_us: virtual time
 * @packet: L3 bytes, may be changed in place
 * @len: bytes
 *
 * Return: 0 to let the packet pass, else it is lost.
 */
typedef int (*unet_wire_tap)(void *arg, int from, uint64_t now_us,
			     void *packet, size_t len);

/**
 * unet_wire_on_packet() - have a tap called; NULL takes it off
 */
void unet_wire_on_packet(struct unet_wire *w, unet_wire_tap tap, void *arg);

/**
 * unet_wire_close() - close both stacks and the wire; NULL is allowed
 *
 * From a callback it does nothing.
 */
void unet_wire_close(struct unet_wire *w);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_STACK_H */
