/* SPDX-License-Identifier: MIT */
/*
 * Flows as the stack knows them: what joins packets and their owners (a TCP
 * connection or listener, a UDP socket), whoever did the looking up.
 *
 * The owner embeds a struct unet_flow. A flow can be
 *   hashed     in the stack's own table, found by a packet's addresses
 *   installed  in the backend (kernel flow), found by the tag of a batch
 * A connection half open is hashed only and sends through its listener's flow.
 */
#ifndef UNET_FLOW_H
#define UNET_FLOW_H

#include "core/flow_key.h"
#include "core_os.h"

struct unet_stack;
struct unet_flow_adv;

/* struct unet_flow.flags */
#define UNET_FLOW_F_LISTENER	(1u << 0)	/* any remote side */
#define UNET_FLOW_F_HASHED	(1u << 1)
#define UNET_FLOW_F_INSTALLED	(1u << 2)
#define UNET_FLOW_F_DEAD	(1u << 3)	/* the kernel removed it */
#define UNET_FLOW_F_DUAL	(1u << 4)	/* IPv6 wildcard that takes IPv4 too */

/**
 * struct unet_flow - a flow of the stack
 * @key:	local and remote side; @key.mask is the form of lookup it is in
 * @proto_ops:	its protocol: input and events
 * @hash_next:	in the stack's table
 * @parent:	listener whose kernel flow serves while not installed, or NULL
 * @adv:	kernel's advice, NULL when there is none
 * @handle:	backend's, 0 when not installed
 * @index:	in the stack's table of tags, 0 when not installed
 * @flags:	UNET_FLOW_F_*
 * @mtu:	what the route took when the flow was installed, 0: the parent's
 * @pmtu:	path MTU as learned from an ICMP error, 0: nothing learned
 * @pmtu_until:	microseconds; until then it is believed
 * @gso_max:	most L3 bytes of a send with a segment size
 * @label:	IPv6 flow label (RFC 6437)
 * @reserve:	bytes that hooks may add to what is sent
 * @reserve_gen: of the stack's hooks, when that was reckoned
 */
struct unet_flow {
	struct unet_flow_key key;
	const struct unet_proto *proto_ops;
	struct unet_flow *hash_next;
	struct unet_flow *parent;
	const volatile struct unet_flow_adv *adv;
	u32 handle;
	u32 index;
	u32 flags;
	u32 mtu;
	u32 pmtu;
	u64 pmtu_until;
	u32 gso_max;
	u32 label;
	u32 reserve;
	u32 reserve_gen;
};

/* unet_flow_install() flags */
#define UNET_INSTALL_REUSEADDR	(1u << 0)
#define UNET_INSTALL_V6ONLY	(1u << 1)
#define UNET_INSTALL_NO_BATCH	(1u << 2)

int unet_flow_table_init(struct unet_stack *st);
void unet_flow_table_exit(struct unet_stack *st);

void unet_flow_init(struct unet_flow *f, const struct unet_proto *ops,
		    u8 family);
int unet_flow_install(struct unet_stack *st, struct unet_flow *f, u32 flags);
int unet_flow_install_child(struct unet_stack *st, struct unet_flow *f,
			    u32 snd_nxt, u32 rcv_nxt);
int unet_flow_hash(struct unet_stack *st, struct unet_flow *f);
void unet_flow_remove(struct unet_stack *st, struct unet_flow *f,
		      u32 del_flags);
void unet_flow_move(struct unet_stack *st, struct unet_flow *to,
		    struct unet_flow *from);
struct unet_flow *unet_flow_by_tag(struct unet_stack *st, u64 tag);
void unet_flow_ended(struct unet_stack *st, struct unet_flow *f);
void unet_flow_all_ended(struct unet_stack *st);
struct unet_flow *unet_flow_find(struct unet_stack *st,
				 const struct unet_flow_key *key);
struct unet_flow *unet_flow_find_listener(struct unet_stack *st,
					  const struct unet_flow_key *key);
u32 unet_flow_path_mtu(const struct unet_flow *f);
u32 unet_flow_mtu(const struct unet_flow *f);
void unet_flow_forget_mtu(struct unet_stack *st, struct unet_flow *f);
int unet_flow_lower_mtu(struct unet_stack *st, struct unet_flow *f, u32 mtu);
bool unet_flow_suspended(const struct unet_flow *f);

/* Most bytes of a super packet before hooks. */
static inline u32 unet_flow_gso_max(const struct unet_flow *f)
{
	return f->gso_max - min(f->gso_max, f->reserve);
}

/* The handle to send with: its own, or its listener's. */
static inline u32 unet_flow_tx_handle(const struct unet_flow *f)
{
	if (f->handle || !f->parent)
		return f->handle;
	return f->parent->handle;
}

#endif /* UNET_FLOW_H */
