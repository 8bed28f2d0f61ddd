/* SPDX-License-Identifier: MIT */
/*
 * Hooks: your code on a stack's packets, in the library, without the kernel.
 *
 *   received:  channel -> hook 1 -> hook 2 -> hook 3 -> IP -> TCP, UDP
 *   sent:      channel <- hook 1 <- hook 2 <- hook 3 <- IP <- TCP, UDP
 *
 * Hooks stand in order of priority, lowest first; what is sent passes them the
 * other way round, so the lowest is always next to the wire. Of equal ones the
 * older is the lower. A hook is called with a batch, once for all packets of a
 * burst that it matches, and says of each what becomes of it.
 *
 * Fragments: a hook that matches a port or a socket gets no fragment but the
 * datagram, when it is whole, with a plain IP header before it (UNET_HOOK_WHOLE).
 * Any other sees what is on the wire, and so fragments, before those get the
 * datagram, and the datagram not again. What is sent is never a fragment: sockets
 * send with "don't fragment", and larger ones are refused.
 *
 * Hooks may be added, deleted, modified and given another priority from any
 * thread while packets flow: a batch meets the hooks either as they were before
 * or as they are after, never something between. They are called by the thread
 * that runs the stack, and may call what is said to be for hooks, and nothing
 * else of the stack. A hook must not wait for a thread that adds or deletes
 * hooks: that one may be waiting for the hook to return.
 *
 * Frames of an ethertype of your own come and go on a channel of yours (unet/type.h), not
 * on a stack's: hand them to unet_hook_frames(), and the hooks that match just this
 * ethertype see them. No other hook does: all that is shown to those is IP.
 *
 * A process may fork() whatever its threads do with hooks; the handlers for that are
 * there from the first hook on, and those of liburcu's flavour "bp" are among them.
 */
#ifndef UNET_HOOKS_H
#define UNET_HOOKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_hook;
struct unet_held;
struct unet_sock;
struct unet_stack;

#define UNET_HOOK_BATCH		64u	/* packets of a batch, at most */
#define UNET_HOOK_NAME		32	/* bytes of a name, its NUL included */
#define UNET_HOOK_RESERVE	256u	/* bytes that the hooks of a stack may reserve */

/* Directions */
#define UNET_HOOK_RX		(1u << 0)
#define UNET_HOOK_TX		(1u << 1)

/* What becomes of a packet */
enum unet_hook_verdict {
	UNET_HOOK_ACCEPT,	/* goes on */
	UNET_HOOK_DROP,		/* ends here */
	UNET_HOOK_MODIFY,	/* was changed, by the calls below; goes on */
	UNET_HOOK_CONSUME,	/* ends here; the hook has what it wanted of it */
	UNET_HOOK_CLONE,	/* goes on, and a copy to @side of the options; without: refused */
	UNET_HOOK_VERDICTS
};

/* struct unet_hook_pkt.flags */
#define UNET_HOOK_INJECTED	(1u << 0)	/* by a hook further up the chain */
#define UNET_HOOK_WHOLE		(1u << 1)	/* put together from fragments */
#define UNET_HOOK_FRAME		(1u << 2)	/* with its Ethernet header, no IP */

/* struct unet_hook_headers.flags */
#define UNET_HOOK_FRAGMENT	(1u << 0)	/* of a datagram; later ones have no ports */
#define UNET_HOOK_OPTIONS	(1u << 1)	/* IPv4 options or IPv6 extension headers */

/**
 * struct unet_hook_headers - what the headers of a packet say
 * @ethertype:	0x0800, 0x86dd; 0: neither; of a frame its own
 * @l4:		offset of the header behind IP, 0: none, or not in this packet; of a frame
 *		what is behind the Ethernet header
 * @payload:	offset of what is behind TCP or UDP header, else @l4
 * @local_port:	of TCP and UDP, else 0
 * @remote_port: likewise
 * @proto:	IP protocol, of the header at @l4
 * @flags:	UNET_HOOK_FRAGMENT, UNET_HOOK_OPTIONS
 */
struct unet_hook_headers {
	uint16_t ethertype;
	uint16_t l4;
	uint16_t payload;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t proto;
	uint8_t flags;
};

/**
 * struct unet_hook_pkt - a packet as a hook sees it
 * @data:	IP header, of a frame the Ethernet header
 * @len:	bytes at @data; further ones: unet_hook_read()
 * @total:	bytes of the packet
 * @seg_size:	payload bytes of each segment of a super packet, else 0
 * @segs:	packets this one is on the wire
 * @verdict:	enum unet_hook_verdict, for the hook to set; ACCEPT before
 * @flags:	UNET_HOOK_INJECTED, UNET_HOOK_WHOLE, UNET_HOOK_FRAME
 * @library:	the library's
 * @reserved:	the library's
 * @headers:	ask unet_hook_headers(): nobody has looked at them before
 *
 * Only the library makes them: there is more of it behind.
 */
struct unet_hook_pkt {
	const uint8_t *data;
	uint32_t len;
	uint32_t total;
	uint16_t seg_size;
	uint16_t segs;
	uint8_t verdict;
	uint8_t flags;
	uint8_t library;
	uint8_t reserved;
	struct unet_hook_headers headers;
};

/**
 * struct unet_hook_batch - what a hook is called with
 * @stack:	whose packets
 * @hook:	which hook
 * @now_us:	time of the turn, microseconds
 * @dir:	UNET_HOOK_RX or UNET_HOOK_TX
 * @n:		packets, 1 to UNET_HOOK_BATCH
 * @pkt:	in their order
 */
struct unet_hook_batch {
	struct unet_stack *stack;
	struct unet_hook *hook;
	uint64_t now_us;
	uint32_t dir;
	uint32_t n;
	struct unet_hook_pkt *const *pkt;
};

typedef void (*unet_hook_fn)(struct unet_hook_batch *b, void *arg);

/* What a hook matches; all that is named has to be so */
#define UNET_HOOK_ETHERTYPE	(1u << 0)	/* @ethertype; not IP: unet_hook_frames() */
#define UNET_HOOK_PROTO		(1u << 1)	/* @proto */
#define UNET_HOOK_LOCAL_PORT	(1u << 2)	/* @local_port, of @proto or of TCP and UDP */
#define UNET_HOOK_REMOTE_PORT	(1u << 3)	/* @remote_port, likewise */
#define UNET_HOOK_SOCK		(1u << 4)	/* packets of @sock, until it is closed */

/**
 * struct unet_hook_opts - what a hook is for
 * @size:	sizeof(struct unet_hook_opts)
 * @name:	for reports, up to 31 bytes; NULL: ""
 * @match:	UNET_HOOK_ETHERTYPE | ...; 0: all packets
 * @dirs:	UNET_HOOK_RX | UNET_HOOK_TX; 0: both
 * @priority:	lowest is next to the wire
 * @ethertype:	see @match
 * @local_port:	see @match
 * @remote_port: see @match
 * @proto:	see @match
 * @reserved0:	zero
 * @reserve:	bytes that the hook may add to each packet sent: sockets whose packets
 *		it matches make them so much smaller, so there is always room.
 *		It may not add more to any. 0: it may use what room there happens to
 *		be, which is none in full packets
 * @reserved:	zero
 * @sock:	see @match; only the stack's own thread may name one
 * @predicate:	asked for each packet that matches otherwise: 0 leaves it out;
 *		NULL: none
 * @side:	called with copies of the packets whose verdict was CLONE, behind
 *		the hook's own call; verdicts do not count there
 * @over:	called when a batch took longer than the budget: how long it was
 * @destroy:	called when no call of the hook will come any more
 * @budget_us:	microseconds a batch may take: the hook's function, @predicate and
 *		@side together; 0: time is not taken
 * @bypass_after: batches over the budget after which none of them is called any
 *		more until unet_hook_modify(); 0: never
 *
 * All functions get the @arg of the hook.
 */
struct unet_hook_opts {
	size_t size;
	const char *name;
	uint32_t match;
	uint32_t dirs;
	int32_t priority;
	uint16_t ethertype;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t proto;
	uint8_t reserved0;
	uint16_t reserve;
	uint16_t reserved;
	struct unet_sock *sock;
	int (*predicate)(const struct unet_hook_pkt *p, void *arg);
	unet_hook_fn side;
	void (*over)(struct unet_hook *h, uint64_t took_us, void *arg);
	void (*destroy)(void *arg);
	uint32_t budget_us;
	uint32_t bypass_after;
};

/**
 * unet_hook_add() - hang a hook on a stack
 * @st: the stack
 * @fn: called with batches, from within turns and sends of the stack
 * @arg: passed to @fn
 * @opts: see there; NULL: all packets, both directions, priority 0
 *
 * May be called from any thread, and by hooks. Waits for a batch in progress,
 * unless a hook calls.
 *
 * Return: the hook, or NULL with errno and unet_error_detail(): EINVAL, E2BIG,
 * ENOSPC (what hooks reserve is more than UNET_HOOK_RESERVE), ENOMEM.
 */
struct unet_hook *unet_hook_add(struct unet_stack *st, unet_hook_fn fn,
				void *arg, const struct unet_hook_opts *opts);

/**
 * unet_hook_del() - take a hook off
 *
 * When it returns, no function of the hook runs or will run, @destroy was called,
 * and the handle is invalid. May be called from any thread, but not by hooks,
 * which would wait for themselves: unet_hook_del_later().
 *
 * Return: 0, or -EDEADLK called by a hook: nothing has changed.
 */
int unet_hook_del(struct unet_hook *h);

/**
 * unet_hook_del_later() - take a hook off without waiting
 *
 * No batch begins to pass the hooks with it after this; one that is passing them
 * finishes, and may still meet it.
 * @destroy is called by the stack's thread at the end of a turn, or by
 * unet_stack_close(). The handle is invalid at once. May be called from any
 * thread, and by hooks, the hook itself included.
 */
void unet_hook_del_later(struct unet_hook *h);

/**
 * unet_hook_prioritize() - give a hook another place
 *
 * Return: 0, -ENOMEM, or -ENOENT by the hook itself: another has taken it off.
 * Threads and hooks: as unet_hook_add().
 */
int unet_hook_prioritize(struct unet_hook *h, int32_t priority);

/**
 * unet_hook_modify() - give a hook other options
 * @h: the hook; its function, argument, name and @destroy stay
 * @opts: as for unet_hook_add()
 *
 * A hook that was bypassed is called again.
 *
 * Return: 0, or -EINVAL, -E2BIG, -ENOSPC, -ENOMEM with unet_error_detail(), or
 * -ENOENT as unet_hook_prioritize(): nothing has changed. Threads and hooks: as
 * unet_hook_add().
 */
int unet_hook_modify(struct unet_hook *h, const struct unet_hook_opts *opts);

/* struct unet_hook_stats.flags */
#define UNET_HOOK_OVER		(1u << 0)	/* was over its budget */
#define UNET_HOOK_BYPASSED	(1u << 1)	/* and is called no more */
#define UNET_HOOK_ENDED		(1u << 2)	/* its socket was closed */

/**
 * struct unet_hook_stats - a hook's counters
 * @size:	in: sizeof(struct unet_hook_stats)
 * @name:	of the hook
 * @priority:	of the hook
 * @dirs:	of the hook
 * @flags:	UNET_HOOK_OVER, ...
 * @reserved:	zero
 * @batches:	calls
 * @packets:	packets in them
 * @verdict:	packets by verdict; those changed count as MODIFY
 * @injected:	packets injected
 * @refused:	packets dropped because the hook's verdict, or what it made of
 *		them, was wrong; injections refused
 * @no_room:	calls of unet_hook_splice() that were refused: the packet would not
 *		have fit the path, or the hook's reserve did not allow it
 * @bypassed:	packets that match it, but for its predicate, and passed without it
 * @over:	batches over the budget
 * @time_us:	spent in its functions, if there is a budget
 */
struct unet_hook_stats {
	size_t size;
	char name[UNET_HOOK_NAME];
	int32_t priority;
	uint32_t dirs;
	uint32_t flags;
	uint32_t reserved;
	uint64_t batches;
	uint64_t packets;
	uint64_t verdict[UNET_HOOK_VERDICTS];
	uint64_t injected;
	uint64_t refused;
	uint64_t no_room;
	uint64_t bypassed;
	uint64_t over;
	uint64_t time_us;
};

/**
 * unet_hook_stats() - counters of a hook; any thread
 *
 * Return: 0, or -EINVAL: @size is not right.
 */
int unet_hook_stats(const struct unet_hook *h, struct unet_hook_stats *stats);

/**
 * unet_hook_list() - counters of all hooks of a stack, lowest first; any thread
 * @st: the stack
 * @stats: @size of the first one set; may be NULL with @n 0
 * @n: entries of @stats
 *
 * Return: how many hooks there are, or -EINVAL.
 */
int unet_hook_list(struct unet_stack *st, struct unet_hook_stats *stats,
		   size_t n);

/**
 * unet_hook_load() - load hooks from shared objects
 * @st: the stack
 * @words: objects, as in the environment variable UNET_HOOKS, which
 *	unet_stack_open() reads: "./rate.so=pps=1000:names.so=deny=example.net"
 *
 * Objects are separated by colons, what stands behind the first '=' of one is its
 * argument; a backslash takes away the meaning of the character behind it. An
 * object without a slash in its name is looked for in the folder of the hooks that
 * came with the library. All are loaded or none. For the stack's thread, not for hooks;
 * they are unloaded by unet_stack_close(). How to make one: unet/hook_sdk.h.
 *
 * UNET_HOOKS is not read by a program that may do more than who started it: set-uid,
 * set-gid, with file capabilities (AT_SECURE). Such a program, when it calls this
 * itself, and one whose effective user is root, load an object only if it and all
 * folders it lies in belong to root, or to the user whose set-uid program it is, and
 * nobody else may write to them (to folders: unless they are sticky).
 *
 * Return: 0, or -EINVAL (a name is empty or longer than 255 bytes, or an argument longer
 * than 1023), -ENOENT, -EPERM (as above), -ELIBBAD, -ENOMEM, or what the object answered;
 * unet_error_detail() names the object and what was wrong. -EDEADLK: called by a hook.
 */
int unet_hook_load(struct unet_stack *st, const char *words);

/**
 * struct unet_hook_frame - a frame that is to pass hooks
 * @bytes:	from the Ethernet header on; hooks may change them
 * @len:	how many; set to 0 when the frame ends here
 * @room:	that there is for, at @bytes
 */
struct unet_hook_frame {
	void *bytes;
	uint32_t len;
	uint32_t room;
};

/**
 * unet_hook_frames() - frames of a channel pass the hooks of their ethertype
 * @st: the stack whose hooks they are; its thread, not from a hook
 * @dir: UNET_HOOK_RX: they were received; UNET_HOOK_TX: they are to be sent
 * @frames: in their order
 * @n: how many
 *
 * Hooks see a frame if they match its ethertype (UNET_HOOK_ETHERTYPE), and this is not
 * IPv4's or IPv6's. All verdicts are good. A frame may be changed, and grow to its
 * @room, but it stays one of its ethertype, else it ends here. Frames cannot be
 * injected.
 *
 * Return: how many go on; -EINVAL, -EDEADLK, -ENOMEM: nothing has happened, see
 * unet_error_detail().
 */
int unet_hook_frames(struct unet_stack *st, uint32_t dir,
		     struct unet_hook_frame *frames, uint32_t n);

/* ---- for hooks, with packets of their batch ----------------------------- */

/* struct unet_hook_pkt.library */
#define UNET_HOOK_LOOKED	(1u << 0)	/* @headers are filled in */

/**
 * unet_hook_look() - what unet_hook_headers() does when nobody has before
 */
const struct unet_hook_headers *unet_hook_look(const struct unet_hook_pkt *p);

/**
 * unet_hook_headers() - protocol, ports and offsets of a packet
 * @p: the packet
 *
 * Headers are taken apart when a hook first wants to know, or a match of one: who
 * does not ask does not pay. Of packets like the one before that is little.
 *
 * Return: them; right as long as the call of the hook lasts, also after
 * unet_hook_write() and unet_hook_splice().
 */
static inline const struct unet_hook_headers *
unet_hook_headers(const struct unet_hook_pkt *p)
{
	return p->library & UNET_HOOK_LOOKED ? &p->headers : unet_hook_look(p);
}

/**
 * unet_hook_room() - how much longer a packet may become
 * @p: the packet
 *
 * Return: bytes that unet_hook_splice() may add. What is sent is limited by the
 * path, a super packet in each of its segments, and by what hooks further down have
 * reserved; a hook that has a reserve itself, also by that.
 */
uint32_t unet_hook_room(const struct unet_hook_pkt *p);

/**
 * unet_hook_read() - bytes of a packet, wherever they lie
 * @p: the packet
 * @offset: of the first
 * @len: how many
 * @buf: room for them
 *
 * Return: where they can be read: in the packet, or copied to @buf; NULL when the
 * packet does not have them.
 */
const void *unet_hook_read(const struct unet_hook_pkt *p, uint32_t offset,
			   uint32_t len, void *buf);

/**
 * unet_hook_write() - change bytes of a packet
 * @p: the packet; its fields stay right
 * @offset: of the first
 * @bytes: what they are to be
 * @len: how many
 *
 * Whoever else holds the bytes does not see it (a sent packet's are kept for
 * sending again). Lengths and checksums are put right after the hook returns, and
 * the packet is checked; one that is none any more is dropped and counted. What is
 * sent must keep its addresses, ports and protocol. A received packet is given to
 * whom its new addresses and ports name.
 *
 * Return: 0; -EINVAL the packet does not have them; -EBADMSG its checksum was
 * wrong before; -EOPNOTSUPP it is a fragment; -ENOMEM.
 */
int unet_hook_write(struct unet_hook_pkt *p, uint32_t offset, const void *bytes,
		    uint32_t len);

/**
 * unet_hook_splice() - replace bytes of a packet by more or fewer
 * @p: the packet; its fields are right again afterwards
 * @offset: of the first
 * @cut: how many go
 * @bytes: what comes instead
 * @len: how many of these; a multiple of 4 in headers, whose length field the
 *	hook writes
 *
 * TCP's payload keeps its length: its bytes are numbered, and whoever changes
 * their number has to end the connection on both sides, as a proxy does.
 *
 * Return: 0, or as unet_hook_write(); -EOPNOTSUPP also for TCP's payload and that
 * of super packets; -EMSGSIZE more than unet_hook_room(), which is counted.
 */
int unet_hook_splice(struct unet_hook_pkt *p, uint32_t offset, uint32_t cut,
		     const void *bytes, uint32_t len);

/**
 * unet_hook_keep() - hold on to a packet's bytes after the call
 *
 * Nothing is copied. Return: to be given to unet_held_free() or
 * unet_hook_inject_held() by the stack's thread before the stack is closed; or
 * NULL: no memory.
 */
struct unet_held *unet_hook_keep(const struct unet_hook_pkt *p);

/**
 * unet_held_read() - as unet_hook_read()
 */
const void *unet_held_read(const struct unet_held *held, uint32_t offset,
			   uint32_t len, void *buf);

/**
 * unet_held_bytes() - how many bytes it has
 */
uint32_t unet_held_bytes(const struct unet_held *held);

/**
 * unet_held_free() - let go of it; NULL is allowed
 */
void unet_held_free(struct unet_held *held);

/**
 * unet_hook_inject() - put a packet into the chain, behind a hook
 * @h: the hook; neither it nor those before it see the packet
 * @dir: UNET_HOOK_RX or UNET_HOOK_TX
 * @packet: IP header first; lengths and checksums are filled in
 * @len: bytes
 *
 * For the stack's thread, inside a hook or not. What is sent must come from
 * address and port of a socket of this stack. The packet moves on when the batch
 * in progress has, at the latest with the next turn.
 *
 * Return: 0; -EINVAL not a packet, or a direction; -ENOTCONN no socket is there
 * that could send it; -EMSGSIZE more than the path takes, or than 65535 bytes, which is
 * not counted as @refused; -ENOBUFS too many wait; -ENOMEM.
 */
int unet_hook_inject(struct unet_hook *h, uint32_t dir, const void *packet,
		     size_t len);

/**
 * unet_hook_inject_held() - put a packet that was kept back, behind a hook
 * @h: as unet_hook_inject()
 * @dir: the direction it was kept from
 * @held: taken over in any case
 *
 * What was received goes on as it came, a fragment too: if its checksum was wrong
 * it is dropped now as it would have been then. What was changed before it was kept is
 * put right. A frame of unet_hook_frames() is refused with -EINVAL.
 */
int unet_hook_inject_held(struct unet_hook *h, uint32_t dir,
			  struct unet_held *held);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_HOOKS_H */
