// SPDX-License-Identifier: MIT
/*
 * Two ways from a packet to its flow: the tag that the backend returns with
 * every batch (index and generation, so that a batch that was under way when its
 * flow ended finds nothing instead of somebody else), and a hash table of keys
 * for packets without a tag and for connections that still share their
 * listener's flow.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/unet.h>
#include "flow.h"
#include "stack.h"

#define HASH_START	256u
#define TAGS_START	64u
#define NO_INDEX	0u	/* also ends the list of free ones */

#define MTU_MIN4	552u	/* below this a claim is not believed */
#define MTU_MIN6	1280u	/* RFC 8200 section 5 */
#define PMTU_US		600000000ull	/* RFC 1191 section 6.3 */

static u64 tag_of(const struct unet_stack *st, u32 index)
{
	return (u64)st->tag_gen[index] << 32 | index;
}

static int tags_grow(struct unet_stack *st)
{
	u32 n = st->n_tags ? st->n_tags * 2 : TAGS_START;
	struct unet_flow **tags = realloc(st->tags, n * sizeof(*tags));
	u32 *gen;
	u32 *next;
	u32 i;

	if (!tags)
		return -ENOMEM;
	st->tags = tags;
	gen = realloc(st->tag_gen, n * sizeof(*gen));
	if (!gen)
		return -ENOMEM;
	st->tag_gen = gen;
	next = realloc(st->tag_next, n * sizeof(*next));
	if (!next)
		return -ENOMEM;
	st->tag_next = next;
	/* index 0 is no index: tag 0 means "not looked up" */
	for (i = n - 1; i >= max(st->n_tags, 1u); i--) {
		tags[i] = NULL;
		gen[i] = 1;
		next[i] = st->tag_free;
		st->tag_free = i;
	}
	st->n_tags = n;
	return 0;
}

static int index_get(struct unet_stack *st, struct unet_flow *f)
{
	int err = st->tag_free ? 0 : tags_grow(st);

	if (err)
		return err;
	f->index = st->tag_free;
	st->tag_free = st->tag_next[f->index];
	st->tags[f->index] = f;
	return 0;
}

static void index_put(struct unet_stack *st, struct unet_flow *f)
{
	u32 i = f->index;

	if (i == NO_INDEX)
		return;
	st->tags[i] = NULL;
	st->tag_gen[i]++;
	st->tag_next[i] = st->tag_free;
	st->tag_free = i;
	f->index = NO_INDEX;
}

/**
 * unet_flow_table_init() - a stack's empty tables
 * @st: the stack, with its secret set
 *
 * Return: 0 or -ENOMEM.
 */
int unet_flow_table_init(struct unet_stack *st)
{
	st->flow_hash = calloc(HASH_START, sizeof(*st->flow_hash));
	if (!st->flow_hash)
		return -ENOMEM;
	st->flow_hash_mask = HASH_START - 1;
	return tags_grow(st);
}

/**
 * unet_flow_table_exit() - free the tables; flows are their owners'
 * @st: the stack
 */
void unet_flow_table_exit(struct unet_stack *st)
{
	free(st->flow_hash);
	free(st->tags);
	free(st->tag_gen);
	free(st->tag_next);
}

/**
 * unet_flow_init() - a flow without addresses
 * @f: the flow
 * @ops: its protocol
 * @family: 4 or 6
 */
void unet_flow_init(struct unet_flow *f, const struct unet_proto *ops,
		    u8 family)
{
	memset(f, 0, sizeof(*f));
	f->proto_ops = ops;
	f->key.family = family;
	f->key.proto = ops->proto;
}

static struct unet_flow **bucket(const struct unet_stack *st,
				 const struct unet_flow_key *key)
{
	u32 hash = unet_flow_key_hash(key, &st->secret);

	return &st->flow_hash[hash & st->flow_hash_mask];
}

/* Twice the buckets; without memory the chains just get longer. */
static void hash_grow(struct unet_stack *st)
{
	u32 old_n = st->flow_hash_mask + 1;
	struct unet_flow **old = st->flow_hash;
	u32 i;

	st->flow_hash = calloc((size_t)old_n * 2, sizeof(*old));
	if (!st->flow_hash) {
		st->flow_hash = old;
		return;
	}
	st->flow_hash_mask = old_n * 2 - 1;
	for (i = 0; i < old_n; i++) {
		while (old[i]) {
			struct unet_flow *f = old[i];
			struct unet_flow **to = bucket(st, &f->key);

			old[i] = f->hash_next;
			f->hash_next = *to;
			*to = f;
		}
	}
	free(old);
}

static struct unet_flow *find(const struct unet_stack *st,
			      const struct unet_flow_key *key)
{
	struct unet_flow *f = *bucket(st, key);

	while (f && !unet_flow_key_equal(&f->key, key))
		f = f->hash_next;
	return f;
}

/**
 * unet_flow_hash() - have a flow found by its addresses
 * @st: the stack
 * @f: @key with its mask is complete; must not change any more
 *
 * Return: 0, or -EADDRINUSE when there is such a flow.
 */
int unet_flow_hash(struct unet_stack *st, struct unet_flow *f)
{
	struct unet_flow **head;

	if (find(st, &f->key))
		return -EADDRINUSE;
	if (st->n_hashed > st->flow_hash_mask)
		hash_grow(st);
	head = bucket(st, &f->key);
	f->hash_next = *head;
	*head = f;
	f->flags |= UNET_FLOW_F_HASHED;
	f->label = (u32)unet_siphash(st->sip_key, &f->key, sizeof(f->key)) &
		   0xfffff;
	st->n_hashed++;
	st->mask_count[f->key.mask]++;
	return 0;
}

static void unhash(struct unet_stack *st, struct unet_flow *f)
{
	struct unet_flow **link = bucket(st, &f->key);

	while (*link != f)
		link = &(*link)->hash_next;
	*link = f->hash_next;
	f->flags &= ~UNET_FLOW_F_HASHED;
	st->n_hashed--;
	st->mask_count[f->key.mask]--;
}

static void request_init(struct unet_flow_req *req, const struct unet_flow *f,
			 u32 flags)
{
	memset(req, 0, sizeof(*req));
	req->size = sizeof(*req);
	req->family = f->key.family == 4 ? AF_INET : AF_INET6;
	req->proto = f->key.proto;
	req->local_port = f->key.local_port;
	req->remote_port = f->key.remote_port;
	memcpy(req->local, f->key.local, 16);
	memcpy(req->remote, f->key.remote, 16);
	if (f->key.local[0] | f->key.local[1] | f->key.local[2] |
	    f->key.local[3])
		req->flags |= UNET_FLOW_LOCAL_ADDR;
	if (f->key.local_port)
		req->flags |= UNET_FLOW_LOCAL_PORT;
	if (f->key.remote_port)
		req->flags |= UNET_FLOW_REMOTE;
	if (flags & UNET_INSTALL_V6ONLY)
		req->flags |= UNET_FLOW_V6ONLY;
	if (flags & UNET_INSTALL_REUSEADDR)
		req->flags |= UNET_FLOW_REUSEADDR;
	if (flags & UNET_INSTALL_NO_BATCH)
		req->meta.flags |= UNET_META_NO_BATCH;
}

/* Take over what the backend answered. */
static void installed(struct unet_stack *st, struct unet_flow *f,
		      const struct unet_flow_req *req)
{
	f->handle = req->flow;
	f->mtu = req->mtu;
	f->gso_max = min(req->gso_max, UNET_TX_MAX_BYTES);
	f->adv = st->be->ops->adv(st->be, req->adv);
	f->flags |= UNET_FLOW_F_INSTALLED;
}

static bool make_room(struct unet_stack *st)
{
	u32 i;

	for (i = 0; i < st->n_protos; i++) {
		if (st->protos[i]->make_room && st->protos[i]->make_room(st))
			return true;
	}
	return false;
}

/* What only lingers does not stand in the way of what is wanted now. */
static int add(struct unet_stack *st, struct unet_flow_req *req)
{
	int err = st->be->ops->flow_add(st->be, req);

	if (err == -ENOSPC && make_room(st))
		err = st->be->ops->flow_add(st->be, req);
	return err;
}

static int request(struct unet_stack *st, struct unet_flow *f,
		   struct unet_flow_req *req)
{
	int err = index_get(st, f);

	if (err)
		return err;
	req->meta.tag = tag_of(st, f->index);
	err = add(st, req);
	if (err) {
		index_put(st, f);
		return err;
	}
	installed(st, f, req);
	return 0;
}

static u8 mask_of(const struct unet_flow_key *key)
{
	static const __be32 any[4];
	bool local = memcmp(key->local, any, sizeof(any));

	if (key->remote_port)
		return local ? UNET_MASK_5TUPLE : UNET_MASK_4TUPLE;
	return local ? UNET_MASK_3TUPLE : UNET_MASK_2TUPLE;
}

/**
 * unet_flow_install() - add a flow to the backend and to the table
 * @st: the stack
 * @f: in @key: zero parts are any (address) or the kernel's choice (port; for a
 *	flow with a remote side the address too). Filled in with what was chosen
 * @flags: UNET_INSTALL_*
 *
 * Return: 0, or -errno of UNET_IOC_FLOW_ADD.
 */
int unet_flow_install(struct unet_stack *st, struct unet_flow *f, u32 flags)
{
	struct unet_flow_req req;
	int err;

	request_init(&req, f, flags);
	err = request(st, f, &req);
	if (err)
		return err;
	f->key.local_port = req.local_port_out;
	if (f->key.remote_port)
		memcpy(f->key.local, req.local_out, 16);
	f->key.mask = mask_of(&f->key);
	if (!f->key.remote_port) {
		f->flags |= UNET_FLOW_F_LISTENER;
		if (f->key.family == 6 && f->key.mask == UNET_MASK_2TUPLE &&
		    !(flags & UNET_INSTALL_V6ONLY))
			f->flags |= UNET_FLOW_F_DUAL;
	}
	err = unet_flow_hash(st, f);
	if (err)
		unet_flow_remove(st, f, 0);
	return err;
}

/**
 * unet_flow_install_child() - a connection gets a flow of its own in the backend
 * @st: the stack
 * @f: hashed, with @parent set; @parent is cleared
 * @snd_nxt: for the kernel, should we die
 * @rcv_nxt: likewise
 *
 * Return: 0, or -errno of UNET_IOC_FLOW_ADD; then packets keep coming through
 * the listener's flow.
 */
int unet_flow_install_child(struct unet_stack *st, struct unet_flow *f,
			    u32 snd_nxt, u32 rcv_nxt)
{
	struct unet_flow_req req;
	int err;

	request_init(&req, f, 0);
	req.parent = f->parent->handle;
	req.snd_nxt = snd_nxt;
	req.rcv_nxt = rcv_nxt;
	err = request(st, f, &req);
	if (!err)
		f->parent = NULL;
	return err;
}

/**
 * unet_flow_remove() - take a flow out of backend and table
 * @st: the stack
 * @f: need not be in either
 * @del_flags: UNET_DEL_*
 */
void unet_flow_remove(struct unet_stack *st, struct unet_flow *f, u32 del_flags)
{
	if (f->flags & UNET_FLOW_F_HASHED)
		unhash(st, f);
	/* what it has put on the ring is to leave before it goes */
	if (f->flags & UNET_FLOW_F_INSTALLED) {
		unet_stack_sync(st, 0);
		st->be->ops->flow_del(st->be, f->handle, del_flags);
	}
	index_put(st, f);
	f->flags &= ~UNET_FLOW_F_INSTALLED;
	f->handle = 0;
	f->adv = NULL;
	f->parent = NULL;
}

/**
 * unet_flow_move() - another object takes a flow over
 * @st: the stack
 * @to: overwritten; found instead of @from from now on
 * @from: keeps its key, is in neither backend nor table afterwards
 */
void unet_flow_move(struct unet_stack *st, struct unet_flow *to,
		    struct unet_flow *from)
{
	struct unet_flow **link;

	*to = *from;
	if (from->flags & UNET_FLOW_F_HASHED) {
		link = bucket(st, &from->key);
		while (*link != from)
			link = &(*link)->hash_next;
		*link = to;
	}
	if (to->index != NO_INDEX)
		st->tags[to->index] = to;
	from->flags &= ~(UNET_FLOW_F_HASHED | UNET_FLOW_F_INSTALLED);
	from->index = NO_INDEX;
	from->handle = 0;
	from->adv = NULL;
	from->parent = NULL;
}

/**
 * unet_flow_by_tag() - the flow a batch was tagged with
 * @st: the stack
 * @tag: from the batch
 *
 * Return: the flow, or NULL: no tag, or the flow is gone.
 */
struct unet_flow *unet_flow_by_tag(struct unet_stack *st, u64 tag)
{
	u32 index = (u32)tag;

	if (index == NO_INDEX || index >= st->n_tags ||
	    st->tag_gen[index] != tag >> 32)
		return NULL;
	return st->tags[index];
}

/**
 * unet_flow_ended() - the kernel has removed a flow: its protocol is told, once
 * @st: the stack
 * @f: the flow, may be gone afterwards
 */
void unet_flow_ended(struct unet_stack *st, struct unet_flow *f)
{
	if (f->flags & UNET_FLOW_F_DEAD)
		return;
	f->flags |= UNET_FLOW_F_DEAD;
	if (f->proto_ops->flow_gone)
		f->proto_ops->flow_gone(st, f);
}

/**
 * unet_flow_all_ended() - the channel has ended, and every flow with it
 * @st: the stack
 */
void unet_flow_all_ended(struct unet_stack *st)
{
	u32 i;

	for (i = NO_INDEX + 1; i < st->n_tags; i++)
		if (st->tags[i])
			unet_flow_ended(st, st->tags[i]);
}

/**
 * unet_flow_find() - the connection a packet belongs to
 * @st: the stack
 * @key: complete key of the packet
 *
 * Return: the flow with that remote side, or NULL.
 */
struct unet_flow *unet_flow_find(struct unet_stack *st,
				 const struct unet_flow_key *key)
{
	struct unet_flow_key k;
	struct unet_flow *f;

	if (st->mask_count[UNET_MASK_5TUPLE]) {
		unet_flow_key_mask(key, UNET_MASK_5TUPLE, &k);
		f = find(st, &k);
		if (f)
			return f;
	}
	if (!st->mask_count[UNET_MASK_4TUPLE])
		return NULL;
	unet_flow_key_mask(key, UNET_MASK_4TUPLE, &k);
	return find(st, &k);
}

/**
 * unet_flow_find_listener() - who listens where a packet goes
 * @st: the stack
 * @key: complete key of the packet
 *
 * Return: the listener on that address, else on any, else NULL.
 */
struct unet_flow *unet_flow_find_listener(struct unet_stack *st,
					  const struct unet_flow_key *key)
{
	struct unet_flow_key k;
	struct unet_flow *f;

	if (st->mask_count[UNET_MASK_3TUPLE]) {
		unet_flow_key_mask(key, UNET_MASK_3TUPLE, &k);
		f = find(st, &k);
		if (f)
			return f;
	}
	if (!st->mask_count[UNET_MASK_2TUPLE])
		return NULL;
	unet_flow_key_mask(key, UNET_MASK_2TUPLE, &k);
	f = find(st, &k);
	if (f || key->family == 6)
		return f;
	k.family = 6;
	f = find(st, &k);
	return f && f->flags & UNET_FLOW_F_DUAL ? f : NULL;
}

/**
 * unet_flow_path_mtu() - largest L3 packet that the path takes now
 * @f: installed, or a child whose listener is
 */
u32 unet_flow_path_mtu(const struct unet_flow *f)
{
	u32 mtu = f->mtu;
	u32 now;

	if (!mtu && f->parent)
		mtu = unet_flow_path_mtu(f->parent);
	if (f->pmtu && f->pmtu < mtu)
		mtu = f->pmtu;
	if (!f->adv)
		return mtu;
	now = READ_ONCE(f->adv->mtu);
	return now && now < mtu ? now : mtu;
}

/**
 * unet_flow_mtu() - largest L3 packet the flow may send now
 * @f: as for unet_flow_path_mtu()
 *
 * What hooks have reserved is left free.
 */
u32 unet_flow_mtu(const struct unet_flow *f)
{
	u32 mtu = unet_flow_path_mtu(f);

	return mtu > f->reserve ? mtu - f->reserve : mtu;
}

/**
 * unet_flow_forget_mtu() - try larger packets again, if it is time; hear of hooks
 * @st: the stack
 * @f: the flow, with a learned MTU, or hooks have changed what they reserve
 *
 * A path that was narrow may be wide again, and nobody tells: RFC 1191 section
 * 6.3, RFC 8201 section 4. If it still is narrow, the next ICMP error says so.
 */
void unet_flow_forget_mtu(struct unet_stack *st, struct unet_flow *f)
{
	if (unlikely(READ_ONCE(st->hooks.reserve_gen) != f->reserve_gen))
		unet_hook_flow_reserve(st, f);
	if (!f->pmtu || st->now < f->pmtu_until)
		return;
	f->pmtu = 0;
	unet_count(st, UNET_STAT_PMTU_RAISED);
}

/**
 * unet_flow_lower_mtu() - believe an ICMP error about the path MTU
 * @st: the stack
 * @f: the flow; the caller has made sure that the error is about something it
 *	really sent
 * @mtu: claimed
 *
 * IPv4: a claim below 552 is taken for that: a path that narrow does not exist, an
 * attacker who wants tiny segments does. IPv6: one below 1280 is discarded (RFC 8201
 * section 4). What is believed is believed for 10 minutes from the last of them.
 *
 * Return: 1 when the flow's MTU is lower now, 0 when nothing changed.
 */
int unet_flow_lower_mtu(struct unet_stack *st, struct unet_flow *f, u32 mtu)
{
	if (f->key.family == 4)
		mtu = max(mtu, MTU_MIN4);
	if (mtu >= unet_flow_path_mtu(f) ||
	    (f->key.family == 6 && mtu < MTU_MIN6)) {
		unet_count(st, UNET_STAT_PMTU_REFUSED);
		return 0;
	}
	f->pmtu = mtu;
	f->pmtu_until = st->now + PMTU_US;
	unet_count(st, UNET_STAT_PMTU_LOWERED);
	return 1;
}

/**
 * unet_flow_suspended() - did device or queueing discipline push back
 * @f: the flow
 *
 * Context: hold sending until the backend has room again.
 */
bool unet_flow_suspended(const struct unet_flow *f)
{
	return f->adv && READ_ONCE(f->adv->flags) & UNET_ADV_SUSPENDED;
}
