/* SPDX-License-Identifier: MIT */
/*
 * Hooks from inside.
 *
 *   hook.c         hooks as objects: the public calls that make and end them
 *   hook_chain.c   the order of hooks, replaced as a whole: RCU
 *   hook_run.c     a batch passes a chain
 *   hook_view.c    what hooks see of a packet
 *   hook_packet.c  what a hook may do to a packet
 *   hook_fork.c    none of this is left half done in a child
 *   hook_frame.c   frames that are not IP, of channels
 *   hook_inject.c  packets out of nothing, and what is sent, until it leaves
 *   hook_words.c   UNET_HOOKS as text
 *   hook_load.c    hooks from shared objects
 *   hook_trust.c   which of them a privileged program loads
 *
 * A chain is never written: a change makes a new one, and the old one goes when
 * no batch can be passing it. The stack's thread is a chain's only reader, and
 * passes one chain a batch from end to end. @lock is for writers; nobody waits for
 * readers with it held, so a hook may change the chain it is called from.
 */
#ifndef UNET_HOOK_INTERNAL_H
#define UNET_HOOK_INTERNAL_H

#include <pthread.h>
#include <unet/hooks.h>
#include "core_os.h"
#include "core/flow_key.h"
#include "packet.h"

struct unet_flow;
struct unet_hook_loaded;
struct unet_stack;

#define UNET_HOOK_IP4		0x0800
#define UNET_HOOK_IP6		0x86dd
#define UNET_HOOK_ETH		14u	/* bytes of an Ethernet header */

enum unet_hook_dir {
	UNET_HOOKS_RX,
	UNET_HOOKS_TX,
	UNET_HOOKS_DIRS
};

/**
 * struct unet_hook_rule - the options of a hook, checked; replaced, never written
 * @opts:	as given, @name and @sock not used
 * @sock:	compared, never followed; NULL with UNET_HOOK_SOCK: it was closed
 * @key:	with @sock: of its flow; zero parts match all
 * @dual:	with @sock: of IPv6, but gets IPv4 too
 */
struct unet_hook_rule {
	struct unet_hook_opts opts;
	const struct unet_sock *sock;
	struct unet_flow_key key;
	bool dual;
};

/* There is nothing to be seen by this rule any more. */
static inline bool unet_hook_has_ended(const struct unet_hook_rule *r)
{
	return r->opts.match & UNET_HOOK_SOCK && !r->sock;
}

/**
 * struct unet_hook - a hook
 * @next:	in the registry, by priority and age; under its lock
 * @st:		stack
 * @fn:		called with batches
 * @arg:	for all of the hook's functions
 * @id:		age
 * @rule:	now in force; under the lock
 * @priority:	of it, for whoever does not hold the lock
 * @owner:	object it was loaded from, or NULL
 * @name:	for reports
 * @over:	was over its budget
 * @bypassed:	and is called no more, until it is modified
 * @ended:	its socket was closed; for whoever does not hold the lock
 * @gone:	was deleted, but there was no memory for a chain without it
 * @strikes:	batches over the budget since it was modified
 * @count:	written by the stack's thread, read by any
 * @retired:	in the list of what the stack's thread is to free
 */
struct unet_hook {
	struct unet_hook *next;
	struct unet_stack *st;
	unet_hook_fn fn;
	void *arg;
	u64 id;
	struct unet_hook_rule rule;
	s32 priority;
	const struct unet_hook_loaded *owner;
	char name[UNET_HOOK_NAME];
	bool over;
	bool bypassed;
	bool ended;
	bool gone;
	uint64_t strikes;
	struct unet_hook_stats count;
	struct unet_hook_retired {
		struct unet_hook_retired *next;
		void (*free)(struct unet_hook_retired *r);
	} retired;
};

/**
 * struct unet_hook_link - a hook's place in a chain
 * @hook:	the hook
 * @rule:	as it was when the chain was made
 */
struct unet_hook_link {
	struct unet_hook *hook;
	struct unet_hook_rule rule;
};

/**
 * struct unet_hook_chain - hooks of a direction in the order they are called
 * @retired:	in the list of what the stack's thread is to free
 * @n:		links
 * @reserve:	bytes that all of them together may add to a packet
 * @link:	in order of calling
 */
struct unet_hook_chain {
	struct unet_hook_retired retired;
	u32 n;
	u32 reserve;
	struct unet_hook_link link[];
};

/**
 * struct unet_hook_memo - headers that were taken apart last
 * @word:	the packet's first bytes: IPv4 header and ports, or IPv6 header
 * @ports:	of IPv6
 * @need:	bytes in one piece that another one must have; UINT32_MAX: nothing
 *		was taken apart yet
 * @length_at:	where its own length is in TCP's header; of UDP, in no place that
 *		varies
 * @length_mask: which bits
 * @length:	what they are
 * @kind:	number of the memo, never 0; of 64 packets no two have the same that
 *		are not alike
 * @headers:	what came out
 */
struct unet_hook_memo {
	u64 word[5];
	u32 ports;
	u32 need;
	u16 length_at;
	u8 length_mask;
	u8 length;
	u8 kind;
	struct unet_hook_headers headers;
};

/**
 * struct unet_hook_pass - packets on their way through a chain
 * @memo:	headers that were taken apart last
 * @dir:	UNET_HOOK_RX or UNET_HOOK_TX
 * @dirty:	the present hook has changed some
 * @frames:	they begin with an Ethernet header, and are not IP
 * @link:	of the present hook
 * @end:	behind the last one
 */
struct unet_hook_pass {
	struct unet_hook_memo memo;
	u32 dir;
	bool dirty;
	bool frames;
	const struct unet_hook_link *link;
	const struct unet_hook_link *end;
};

/* struct unet_hook_pkt.library, beside UNET_HOOK_LOOKED */
#define UNET_HOOK_DIRTY	(1u << 1)	/* was changed by the present hook */

/**
 * struct unet_hook_slot - a packet while it passes a chain
 * @v:		what hooks see of it; @v.reserved: packets of the same number, if it
 *		is not 0, match the same hooks
 * @pkt:	the packet, data at the IP header
 * @pass:	what it is part of
 * @before:	key before it was changed
 * @was:	bytes of it before that
 * @ethertype:	of a frame before that
 */
struct unet_hook_slot {
	struct unet_hook_pkt v;
	struct unet_pkt *pkt;
	struct unet_hook_pass *pass;
	struct unet_flow_key before;
	u32 was;
	u16 ethertype;
};

static inline struct unet_hook_slot *
unet_hook_slot_of(const struct unet_hook_pkt *v)
{
	return container_of((struct unet_hook_pkt *)v, struct unet_hook_slot,
			    v);
}

#define UNET_HOOKS_WAITING	256u	/* injections that may wait, each way */

/**
 * struct unet_hooks - the registry of a stack
 * @chain:	by direction, NULL: no hooks; RCU
 * @sent:	the stack's: packets on their way to the TX chain or the backend, with
 *		their struct unet_hook_sent in @priv
 * @injected:	the stack's: to go on behind the hook named in @tag and @priv
 * @inside:	the stack's: a batch is passing a chain
 * @reserve_gen: counts changes of what hooks reserve; read before the chain
 * @lock:	of what follows, and for writing @reserve_gen
 * @first:	all hooks, in order
 * @next_id:	of the next hook
 * @retired:	to be freed by the stack's thread; pushed to by any
 * @loaded:	shared objects, the last first; the stack's
 * @next:	of all registries that have had hooks; hook_fork.c's
 * @pprev:	likewise, NULL: not among them
 */
struct unet_hooks {
	struct unet_hook_chain *chain[UNET_HOOKS_DIRS];
	struct unet_pktq sent;
	struct unet_pktq injected[UNET_HOOKS_DIRS];
	bool inside;
	u32 reserve_gen;
	pthread_mutex_t lock;
	struct unet_hook *first;
	u64 next_id;
	struct unet_hook_retired *retired;
	struct unet_hook_loaded *loaded;
	struct unet_hooks *next;
	struct unet_hooks **pprev;
};

/* Where in a chain a packet goes on: behind the hook of this place. */
struct unet_hook_place {
	s32 priority;
	u64 id;
};

/**
 * union unet_hook_sent - what is to be known of a packet that is being sent
 * @handle:	of the backend's flow
 * @header_len:	IP and L4 headers
 * @mtu:	most bytes of a packet or segment, at most 65535
 */
union unet_hook_sent {
	struct {
		u32 handle;
		u16 header_len;
		u16 mtu;
	};
	u64 word;
};

/* hook.c */
void unet_hooks_init(struct unet_stack *st);
void unet_hooks_exit(struct unet_stack *st);
void unet_hooks_del_of(struct unet_stack *st, const struct unet_hook_loaded *owner);
void unet_hooks_sock_closed(struct unet_stack *st, const struct unet_sock *s);

/* hook_chain.c */
int unet_hook_rebuild(struct unet_stack *st,
		      struct unet_hook_chain *old[UNET_HOOKS_DIRS]);
void unet_hook_let_go(struct unet_stack *st,
		      struct unet_hook_chain *old[UNET_HOOKS_DIRS]);
void unet_hook_retire_chains(struct unet_stack *st,
			     struct unet_hook_chain *old[UNET_HOOKS_DIRS]);
void unet_hook_reclaim(struct unet_stack *st);
void unet_hook_reclaim_now(struct unet_stack *st);
void unet_hook_flow_reserve(struct unet_stack *st, struct unet_flow *f);
void unet_hook_retire(struct unet_stack *st, struct unet_hook_retired *r,
		      void (*fn)(struct unet_hook_retired *r));

/* hook_run.c */
void unet_hook_run(struct unet_stack *st, enum unet_hook_dir dir,
		   struct unet_pktq *q, u64 tag);
void unet_hook_run_behind(struct unet_stack *st, enum unet_hook_dir dir,
			  struct unet_pktq *q,
			  const struct unet_hook_place *behind);
void unet_hook_run_whole(struct unet_stack *st, struct unet_pktq *q, u64 tag);

void unet_hook_run_frames(struct unet_stack *st, enum unet_hook_dir dir,
			  struct unet_pktq *q);

/* Who did not ask for this very ethertype expects IP. */
static inline bool unet_hook_wants_frames(const struct unet_hook_opts *o)
{
	return o->match & UNET_HOOK_ETHERTYPE &&
	       o->ethertype != UNET_HOOK_IP4 && o->ethertype != UNET_HOOK_IP6;
}

/* A port or a socket is the datagram's; a fragment is none's. */
static inline bool unet_hook_wants_whole(const struct unet_hook_opts *o)
{
	return o->match & (UNET_HOOK_LOCAL_PORT | UNET_HOOK_REMOTE_PORT |
			   UNET_HOOK_SOCK);
}

/* hook_view.c */
void unet_hook_parse(const struct unet_hook_pkt *p, bool rx,
		     struct unet_hook_headers *h);
void unet_hook_look_all(struct unet_hook_pass *pass,
			struct unet_hook_pkt *const *p, u32 n);
void unet_hook_view(struct unet_hook_slot *s);

/* hook_packet.c */
bool unet_hook_settle(struct unet_hook_slot *s);
int unet_hook_complete(struct unet_pkt *pkt, bool rx,
		       struct unet_flow_key *key, struct unet_flow_info *info);

/* hook_inject.c */
u32 unet_hook_input_injected(struct unet_stack *st);
void unet_hook_send(struct unet_stack *st, struct unet_pkt *pkt,
		    union unet_hook_sent sent);
void unet_hook_flush(struct unet_stack *st);

/* hook_fork.c */
void unet_hook_fork_watch(struct unet_hooks *hs);
void unet_hook_fork_forget(struct unet_hooks *hs);

/* hook_load.c */
extern __thread const struct unet_hook_loaded *unet_hook_owner;
void unet_hooks_unload(struct unet_stack *st);

/* Does what is sent take the way by hook_inject.c? One branch a packet. */
static inline bool unet_hooks_sending(const struct unet_hooks *h)
{
	return (uintptr_t)READ_ONCE(h->chain[UNET_HOOKS_TX]) |
	       (uintptr_t)h->sent.head;
}

static inline bool unet_hooks_receiving(const struct unet_hooks *h)
{
	return READ_ONCE(h->chain[UNET_HOOKS_RX]);
}

#endif /* UNET_HOOK_INTERNAL_H */
