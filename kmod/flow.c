// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/lockdep.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "advice.h"
#include "channel.h"
#include "core/type_match.h"
#include "flow.h"
#include "intermediary.h"
#include "live.h"
#include "nexus.h"
#include "portns.h"
#include "reset.h"
#include "stats.h"
#include "trace.h"
#include "type.h"

/* ---- table ------------------------------------------------------------- */

/* One secret for all tables: a table's hash function is not told which it is. */
static struct unet_flow_secret secret __read_mostly;

static u32 hash_key(const void *key, u32 len, u32 seed)
{
	return unet_flow_key_hash(key, &secret) ^ seed;
}

static u32 hash_node(const void *obj, u32 len, u32 seed)
{
	const struct unet_flow_node *node = obj;

	return hash_key(&node->key, len, seed);
}

static int compare_key(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct unet_flow_node *node = obj;

	return !unet_flow_key_equal(arg->key, &node->key);
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct unet_flow_node, node),
	.key_offset = offsetof(struct unet_flow_node, key),
	.key_len = sizeof(struct unet_flow_key),
	.hashfn = hash_key,
	.obj_hashfn = hash_node,
	.obj_cmpfn = compare_key,
	.automatic_shrinking = true,
};

int unet_flow_table_init(struct unet_flow_table *table)
{
	get_random_once(&secret, sizeof(secret));
	xa_init(&table->ids);
	return rhashtable_init(&table->hash, &params);
}

void unet_flow_table_exit(struct unet_flow_table *table)
{
	rhashtable_destroy(&table->hash);
	xa_destroy(&table->ids);
}

void unet_flow_table_changed(struct unet_flow_table *table)
{
	/* What changed is visible to whoever sees the new number. */
	atomic64_inc_return_release(&table->gen);
}

static atomic_t *count_of(struct unet_flow_table *table,
			  const struct unet_flow_key *key)
{
	return &table->count[key->family == 6][key->mask];
}

static int link_node(struct unet_flow_table *table, struct unet_flow_node *node)
{
	int err = rhashtable_lookup_insert_key(&table->hash, &node->key,
					       &node->node, params);

	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	atomic_inc(count_of(table, &node->key));
	atomic_inc(&table->total);
	WRITE_ONCE(table->used, true);
	return 0;
}

static void unlink_node(struct unet_flow_table *table,
			struct unet_flow_node *node)
{
	atomic_dec(&table->total);
	atomic_dec(count_of(table, &node->key));
	rhashtable_remove_fast(&table->hash, &node->node, params);
}

static void unlink_nodes(struct unet_flow *flow, int num)
{
	struct unet_flow_table *table = &flow->channel->nexus->flows;

	while (num-- > 0)
		unlink_node(table, &flow->node[num]);
	unet_flow_table_changed(table);
}

void unet_flow_leave_table(struct unet_flow *flow)
{
	unlink_nodes(flow, flow->num_nodes);
}

/*
 * Packets may have found it: none goes on. A CPU that has the flow on its list of open
 * batches gets a reference, which it drops when it finds the flow dead (batch.c).
 */
static void bury(struct unet_flow *flow)
{
	spin_lock_bh(&flow->lock);
	flow->dead = true;
	if (flow->batch.open)
		unet_flow_get(flow);
	spin_unlock_bh(&flow->lock);
}

/* ---- find -------------------------------------------------------------- */

static struct unet_flow *find_masked(struct unet_flow_table *table,
				     const struct unet_flow_key *key,
				     enum unet_flow_mask mask)
{
	struct unet_flow_node *node;
	struct unet_flow_key masked;

	if (mask != key->mask) {
		unet_flow_key_mask(key, mask, &masked);
		key = &masked;
	}
	node = rhashtable_lookup(&table->hash, key, params);
	return node ? node->flow : NULL;
}

static bool any_local(enum unet_flow_mask mask)
{
	return mask == UNET_MASK_4TUPLE || mask == UNET_MASK_2TUPLE ||
	       mask == UNET_MASK_IP_PROTO;
}

/* A flow's own address was the host's when it was made: is nothing new since? */
static bool still_local(const struct unet_nexus *nx,
			const struct unet_flow *flow, enum unet_flow_mask mask)
{
	return !any_local(mask) && flow->addr_gen == atomic_read(&nx->addr_gen);
}

struct unet_flow *unet_flow_find(struct unet_nexus *nx,
				 struct unet_local *local,
				 const struct unet_flow_key *key,
				 enum unet_counter *counter)
{
	struct unet_flow_table *table = &nx->flows;
	bool ports = key->mask == UNET_MASK_5TUPLE;
	enum unet_flow_mask mask = ports ? UNET_MASK_5TUPLE : UNET_MASK_IP_BOTH;
	enum unet_flow_mask end = ports ? UNET_MASK_IP_BOTH : UNET_MASK_COUNT;
	struct unet_flow *flow;

	*counter = UNET_CNT_RX_HOST;
	for (; mask < end; mask++) {
		if (!atomic_read(&table->count[key->family == 6][mask]))
			continue;
		flow = find_masked(table, key, mask);
		if (!flow)
			continue;
		if (still_local(nx, flow, mask) ||
		    unet_local_check(local, nx, key->family, key->local))
			return flow;
		*counter = UNET_CNT_RX_HOST_NOT_LOCAL;
		return NULL;
	}
	return NULL;
}

/* ---- references -------------------------------------------------------- */

static void free_rcu(struct rcu_head *rcu)
{
	struct unet_flow *flow = container_of(rcu, struct unet_flow, rcu);

	WARN_ON_ONCE(rcu_access_pointer(flow->children));
	unet_inter_chain_free(flow);
	unet_channel_put(flow->channel);
	unet_live_add(UNET_LIVE_FLOW, -1);
	kfree(flow);
}

void unet_flow_get(struct unet_flow *flow)
{
	refcount_inc(&flow->ref);
}

void unet_flow_put(struct unet_flow *flow)
{
	if (refcount_dec_and_test(&flow->ref))
		call_rcu(&flow->rcu, free_rcu);
}

/* ---- add: is the request sound? ---------------------------------------- */

static int check_proto(const struct unet_flow_req *req)
{
	switch (req->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return req->flags & UNET_FLOW_NO_PORTS ? -EINVAL : 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return req->flags & UNET_FLOW_NO_PORTS ?
		       -EINVAL : -EPROTONOSUPPORT;
	default:
		return req->flags & UNET_FLOW_NO_PORTS ? 0 : -EPROTONOSUPPORT;
	}
}

static int check_ports(const struct unet_flow_req *req)
{
	if (req->flags & UNET_FLOW_NO_PORTS)
		return req->flags & UNET_FLOW_LOCAL_PORT ? -EINVAL : 0;
	if (req->flags & UNET_FLOW_LOCAL_PORT && !req->local_port)
		return -EINVAL;
	if (req->flags & UNET_FLOW_REMOTE && !req->remote_port)
		return -EINVAL;
	return 0;
}

static int check_meta(const struct unet_flow_meta *meta)
{
	return meta->flags & ~(UNET_META_NO_BATCH | UNET_META_LOW_LATENCY) ?
	       -EINVAL : 0;
}

static int check_request(const struct unet_flow_req *req)
{
	int err;

	if (req->reserved || req->reserved2 || req->reserved3[0] ||
	    req->reserved3[1] || req->reserved3[2])
		return -EINVAL;
	if (req->family != AF_INET && req->family != AF_INET6)
		return -EAFNOSUPPORT;
	err = check_proto(req);
	if (!err)
		err = check_ports(req);
	if (!err)
		err = check_meta(&req->meta);
	return err;
}

/* ---- add: what the host's tables say ----------------------------------- */

/**
 * struct plan - a request, step by step becoming a flow
 * @ch:		owner
 * @req:	request
 * @key:	complete key
 * @mask:	what counts of it
 * @addr_gen:	unet_nexus.addr_gen before the local address was looked up
 * @parent:	flow whose port is shared, or NULL
 * @port:	holder with a reference of ours, or NULL
 * @route:	of a connected flow
 * @mtu:	of route or device
 * @src:	source the host would use
 */
struct plan {
	struct unet_channel *ch;
	struct unet_flow_req *req;
	struct unet_flow_key key;
	enum unet_flow_mask mask;
	u32 addr_gen;
	struct unet_flow *parent;
	struct unet_port *port;
	struct unet_route route;
	u32 mtu;
	__be32 src[4];
};

static void plan_key(struct plan *p)
{
	const struct unet_flow_req *req = p->req;
	size_t bytes = req->family == AF_INET ? 4 : 16;

	p->key.family = req->family == AF_INET ? 4 : 6;
	p->key.proto = req->proto;
	if (req->flags & UNET_FLOW_LOCAL_ADDR)
		memcpy(p->key.local, req->local, bytes);
	if (req->flags & UNET_FLOW_REMOTE) {
		memcpy(p->key.remote, req->remote, bytes);
		if (!(req->flags & UNET_FLOW_NO_PORTS))
			p->key.remote_port = req->remote_port;
	}
	if (req->flags & UNET_FLOW_LOCAL_PORT)
		p->key.local_port = req->local_port;
}

static int plan_mask(struct plan *p)
{
	struct unet_nexus *nx = p->ch->nexus;
	int mask = unet_flow_mask_of(p->req->flags);

	if (mask < 0)
		return mask;
	if (p->req->flags & UNET_FLOW_NO_PORTS &&
	    !ns_capable(nx->net->user_ns, CAP_NET_RAW))
		return -EPERM;
	p->mask = mask;
	return 0;
}

static int plan_local(struct plan *p)
{
	struct unet_local cache = { };

	p->addr_gen = atomic_read_acquire(&p->ch->nexus->addr_gen);
	if (!(p->req->flags & UNET_FLOW_LOCAL_ADDR))
		return 0;
	return unet_local_check(&cache, p->ch->nexus, p->key.family,
				p->key.local) ? 0 : -EADDRNOTAVAIL;
}

static int plan_route(struct plan *p)
{
	struct unet_nexus *nx = p->ch->nexus;
	struct unet_route_want want = {
		.src_port = p->key.local_port,
		.dst_port = p->key.remote_port,
		.family = p->key.family,
		.proto = p->key.proto,
		.uid = p->ch->uid,
	};
	struct dst_entry *dst;

	p->mtu = unet_nexus_mtu(nx);
	memcpy(p->src, p->key.local, sizeof(p->src));
	if (!(p->req->flags & UNET_FLOW_REMOTE))
		return 0;
	memcpy(want.src, p->key.local, sizeof(want.src));
	memcpy(want.dst, p->key.remote, sizeof(want.dst));
	dst = unet_route_find(&p->route, nx, &want);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	p->mtu = unet_route_mtu(&p->route);
	memcpy(p->src, want.src, sizeof(p->src));
	return 0;
}

/* ---- add: the port ----------------------------------------------------- */

/* A parent lends its port to flows its own key would cover. */
static bool covers(const struct unet_flow *parent, const struct plan *p)
{
	u8 family = p->key.family == 4 ? UNET_TX_FLOW_IP4 : UNET_TX_FLOW_IP6;

	if (parent->tx.proto != p->key.proto || !(parent->tx.flags & family) ||
	    parent->tx.flags & UNET_TX_FLOW_REMOTE || !parent->port)
		return false;
	if (p->key.local_port && p->key.local_port != parent->tx.local_port)
		return false;
	if (!(parent->tx.flags & UNET_TX_FLOW_LOCAL))
		return true;
	return !memcmp(parent->tx.local, p->key.local, sizeof(p->key.local));
}

static int port_of_parent(struct plan *p)
{
	p->parent = unet_channel_flow(p->ch, p->req->parent);
	if (!p->parent)
		return -ENOENT;
	if (!covers(p->parent, p))
		return -EINVAL;
	p->port = unet_port_get(p->parent->port);
	return 0;
}

static int port_of_host(struct plan *p)
{
	struct unet_nexus *nx = p->ch->nexus;
	bool wild = !(p->req->flags & UNET_FLOW_LOCAL_ADDR);
	struct unet_port_want want = {
		.ifindex = nx->ifindex,
		.port = p->key.local_port,
		.family = p->req->family,
		.proto = p->req->proto,
		.v6only = wild && p->req->flags & (UNET_FLOW_V6ONLY |
						   UNET_FLOW_REMOTE),
		.takeover = p->req->flags & UNET_FLOW_REUSEADDR,
	};

	memcpy(want.local, p->key.local, sizeof(want.local));
	p->port = unet_port_hold(nx->net, &want);
	if (!IS_ERR(p->port))
		return 0;
	return PTR_ERR(xchg(&p->port, NULL));
}

static int plan_port(struct plan *p)
{
	int err;

	if (p->req->flags & UNET_FLOW_NO_PORTS)
		return p->req->parent == UNET_NO_FLOW ? 0 : -EINVAL;
	err = p->req->parent == UNET_NO_FLOW ? port_of_host(p) :
					       port_of_parent(p);
	if (!err)
		p->key.local_port = unet_port_number(p->port);
	return err;
}

/* ---- add: the flow ----------------------------------------------------- */

static void init_tx(struct unet_flow *flow, const struct plan *p)
{
	struct unet_tx_flow *tx = &flow->tx;
	u32 flags = p->req->flags;

	memcpy(tx->local, p->key.local, sizeof(tx->local));
	memcpy(tx->remote, p->key.remote, sizeof(tx->remote));
	tx->local_port = p->key.local_port;
	tx->remote_port = p->key.remote_port;
	tx->proto = p->key.proto;
	tx->flags = p->key.family == 4 ? UNET_TX_FLOW_IP4 : UNET_TX_FLOW_IP6;
	if (flow->num_nodes == 2)
		tx->flags |= UNET_TX_FLOW_IP4;
	if (flags & UNET_FLOW_LOCAL_ADDR)
		tx->flags |= UNET_TX_FLOW_LOCAL;
	if (flags & UNET_FLOW_REMOTE)
		tx->flags |= UNET_TX_FLOW_REMOTE;
	if (flags & UNET_FLOW_NO_PORTS)
		tx->flags |= UNET_TX_FLOW_NO_PORTS;
}

/* An IPv6 listener on any address hears IPv4 too, as the host's does. */
static bool dual_stack(const struct plan *p)
{
	return p->key.family == 6 && p->mask == UNET_MASK_2TUPLE &&
	       !(p->req->flags & UNET_FLOW_V6ONLY);
}

static void init_nodes(struct unet_flow *flow, const struct plan *p)
{
	unet_flow_key_mask(&p->key, p->mask, &flow->node[0].key);
	flow->node[0].flow = flow;
	flow->num_nodes = 1;
	if (!dual_stack(p))
		return;
	flow->node[1] = flow->node[0];
	flow->node[1].key.family = 4;
	flow->num_nodes = 2;
}

static void init_tcp(struct unet_flow *flow, const struct plan *p)
{
	if (p->key.proto != IPPROTO_TCP || !p->parent ||
	    !(p->req->flags & UNET_FLOW_REMOTE))
		return;
	flow->tcp.tracked = 1;
	flow->tcp.snd_nxt = p->req->snd_nxt;
	flow->tcp.rcv_nxt = p->req->rcv_nxt;
}

static void set_meta(struct unet_flow *flow, const struct unet_flow_meta *meta)
{
	flow->meta = *meta;
	WRITE_ONCE(flow->exclusive, meta->batch_limit ||
		   meta->flags & UNET_FLOW_UNBATCHED);
	WRITE_ONCE(flow->detour, flow->exclusive || flow->chained);
}

void unet_flow_set_chained(struct unet_flow *flow, bool chained)
{
	struct unet_flow_meta meta;

	spin_lock_bh(&flow->lock);
	meta = flow->meta;
	/* after the chain is there; and after unet_inters.closed, when that is why */
	smp_store_release(&flow->chained, chained);
	set_meta(flow, &meta);
	spin_unlock_bh(&flow->lock);
	unet_advice_intermediated(flow, chained);
}

static u32 new_handle(struct unet_channel *ch, u32 index)
{
	u16 gen = ch->flow_gen[index] + 1;

	if (!gen)
		gen = 1;
	WRITE_ONCE(ch->flow_gen[index], gen);	/* read by sends */
	return (u32)gen << 16 | index;
}

/* Round robin, so that a handle comes back as late as can be. */
static int take_index(struct unet_channel *ch)
{
	u32 i = find_next_zero_bit(ch->flow_used, ch->max_flows, ch->flow_hint);

	if (i >= ch->max_flows)
		i = find_first_zero_bit(ch->flow_used, ch->max_flows);
	if (i >= ch->max_flows)
		return -ENOSPC;
	__set_bit(i, ch->flow_used);
	ch->flow_hint = i + 1;
	ch->num_flows++;
	return i;
}

static void give_index(struct unet_channel *ch, u32 index)
{
	__clear_bit(index, ch->flow_used);
	ch->num_flows--;
}

static struct unet_flow *create_flow(struct plan *p)
{
	struct unet_flow *flow;
	int index = take_index(p->ch);

	if (index < 0)
		return ERR_PTR(index);
	flow = kzalloc(sizeof(*flow), GFP_KERNEL_ACCOUNT);
	if (!flow) {
		give_index(p->ch, index);
		return ERR_PTR(-ENOMEM);
	}
	spin_lock_init(&flow->lock);
	refcount_set(&flow->ref, 1);
	flow->handle = new_handle(p->ch, index);
	flow->addr_gen = p->addr_gen;
	flow->flags = p->req->flags;
	flow->family = p->key.family;
	flow->adv = &p->ch->adv[index];
	flow->channel = p->ch;
	unet_channel_get(p->ch);
	init_nodes(flow, p);
	init_tx(flow, p);
	init_tcp(flow, p);
	set_meta(flow, &p->req->meta);
	unet_advice_init(flow, p->mtu);
	unet_live_add(UNET_LIVE_FLOW, 1);
	return flow;
}

/* Mirror of create_flow(), for a flow that is linked nowhere. */
static void discard_flow(struct unet_flow *flow)
{
	unet_advice_exit(flow, false);
	give_index(flow->channel, flow->handle & 0xffff);
	unet_flow_put(flow);
}

static int link_id(struct unet_nexus *nx, struct unet_flow *flow)
{
	int err;

	mutex_lock(&nx->lock);
	flow->id = ++nx->flows.next_id;
	err = xa_insert(&nx->flows.ids, flow->id, flow, GFP_KERNEL_ACCOUNT);
	mutex_unlock(&nx->lock);
	return err;
}

static void set_index(struct unet_channel *ch, u32 handle,
		      struct unet_flow *flow)
{
	mutex_lock(&ch->tx_lock);
	ch->flows[handle & 0xffff] = flow;
	mutex_unlock(&ch->tx_lock);
}

/* The last step is the table: from there on packets come. */
static int link_flow(struct unet_flow *flow)
{
	struct unet_nexus *nx = flow->channel->nexus;
	int i = 0, err;

	err = link_id(nx, flow);
	if (err)
		return err;
	err = unet_inter_flow_add(flow);
	if (err)
		goto err_nodes;
	set_index(flow->channel, flow->handle, flow);
	for (; i < flow->num_nodes; i++) {
		err = link_node(&nx->flows, &flow->node[i]);
		if (err)
			goto err_nodes;
	}
	unet_flow_table_changed(&nx->flows);
	return 0;

err_nodes:
	unlink_nodes(flow, i);
	bury(flow);
	set_index(flow->channel, flow->handle, NULL);
	xa_erase(&nx->flows.ids, flow->id);
	unet_inter_flow_gone(flow);
	return err;
}

static void answer(const struct plan *p, const struct unet_flow *flow)
{
	struct unet_flow_req *req = p->req;

	req->flow = flow->handle;
	req->mtu = p->mtu;
	req->adv = flow->handle & 0xffff;
	req->gso_max = UNET_TX_MAX_BYTES;
	req->local_port_out = p->key.local_port;
	memset(req->local_out, 0, sizeof(req->local_out));
	memcpy(req->local_out, p->src, p->key.family == 4 ? 4 : 16);
}

static int add_planned(struct plan *p)
{
	struct unet_flow *flow = create_flow(p);
	int err;

	if (IS_ERR(flow))
		return PTR_ERR(flow);
	swap(flow->port, p->port);
	swap(flow->route, p->route);
	err = link_flow(flow);
	if (err) {
		swap(flow->port, p->port);
		swap(flow->route, p->route);
		discard_flow(flow);
		return err;
	}
	unet_count(p->ch->nexus, UNET_CNT_FLOW_ADDED);
	trace_unet_flow_add(p->ch->id, flow->handle, &flow->node[0].key);
	answer(p, flow);
	return 0;
}

int unet_flow_add(struct unet_channel *ch, struct unet_flow_req *req)
{
	struct plan p = { .ch = ch, .req = req };
	int err;

	lockdep_assert_held(&ch->ctl);
	err = check_request(req);
	if (err)
		return err;
	plan_key(&p);
	err = plan_mask(&p);
	if (!err)
		err = plan_local(&p);
	if (!err)
		err = plan_route(&p);
	if (!err)
		err = plan_port(&p);
	if (!err)
		err = add_planned(&p);
	unet_port_put(p.port);
	unet_route_drop(&p.route);
	return err;
}

/* ---- add: for a rule of packet types ----------------------------------- */

struct unet_flow *unet_flow_add_type(struct unet_channel *ch,
				     const struct unet_type_version *version,
				     const struct unet_flow_meta *meta)
{
	const struct unet_type_rule *rule = &version->rule;
	struct unet_flow_req req = { .flags = UNET_FLOW_NO_PORTS, .meta = *meta };
	struct plan p = {
		.ch = ch,
		.req = &req,
		.key = {
			.family = rule->family ?: 6,
			.proto = rule->layer == UNET_TYPE_PROTO ? rule->first :
								  rule->proto,
		},
		.mask = UNET_MASK_IP_PROTO,
		.mtu = unet_nexus_mtu(ch->nexus),
	};
	struct unet_flow *flow;
	int err;

	lockdep_assert_held(&ch->ctl);
	err = check_meta(meta);
	if (err)
		return ERR_PTR(err);
	flow = create_flow(&p);
	if (IS_ERR(flow))
		return flow;
	flow->type = version->type;
	flow->type_gen = version->generation;
	flow->num_nodes = 0;
	err = link_flow(flow);
	if (err) {
		discard_flow(flow);
		return ERR_PTR(err);
	}
	unet_count(ch->nexus, UNET_CNT_FLOW_ADDED);
	trace_unet_flow_add(ch->id, flow->handle, &flow->node[0].key);
	return flow;
}

/* ---- remove ------------------------------------------------------------ */

/*
 * The peer goes on while the owner's last words are held: what it says is nobody's,
 * and no more the host's, whose reset would come before them.
 */
static bool stays(struct unet_flow *flow, bool reset)
{
	return reset && flow->num_nodes && unet_inter_flow_stays(flow);
}

/* What is sent meanwhile by another thread of the owner's may change it: its fault. */
static bool needs_reset(struct unet_flow *flow, u32 flags)
{
	struct unet_channel *ch = flow->channel;
	bool needs;

	if (!(flags & (UNET_DEL_RESET | UNET_FLOW_OWNER_GONE)))
		return false;
	mutex_lock(&ch->tx_lock);
	needs = unet_reset_wanted(flow);
	mutex_unlock(&ch->tx_lock);
	return needs;
}

static void stop_sending(struct unet_flow *flow, bool reset)
{
	struct unet_channel *ch = flow->channel;

	mutex_lock(&ch->tx_lock);
	ch->flows[flow->handle & 0xffff] = NULL;
	if (reset)
		unet_reset_send(ch->nexus, flow);
	unet_route_drop(&flow->route);
	mutex_unlock(&ch->tx_lock);
}

/* Late segments of a connection must not meet the port's next owner. */
static bool must_linger(const struct unet_flow *flow, u32 flags)
{
	if (flow->tx.proto != IPPROTO_TCP)
		return false;
	return flags & UNET_DEL_LINGER ||
	       (flags & UNET_FLOW_OWNER_GONE && flow->tcp.tracked);
}

static void let_go_of_port(struct unet_flow *flow, u32 flags)
{
	struct unet_port *port = flow->port;

	if (!port)
		return;
	flow->port = NULL;
	if (must_linger(flow, flags))
		unet_port_linger(port);
	if (unet_port_put(port))
		unet_count(flow->channel->nexus, UNET_CNT_PORT_LINGER);
}

void unet_flow_remove(struct unet_flow *flow, u32 flags)
{
	struct unet_channel *ch = flow->channel;
	bool gone = flags & UNET_FLOW_OWNER_GONE;
	bool reset = needs_reset(flow, flags);

	lockdep_assert_held(&ch->ctl);
	trace_unet_flow_del(ch->id, flow->handle, &flow->node[0].key);
	if (!stays(flow, reset))
		unet_flow_leave_table(flow);
	bury(flow);
	xa_erase(&ch->nexus->flows.ids, flow->id);
	stop_sending(flow, reset);
	/* The port is nobody else's while the key is not. */
	if (unet_inter_flow_gone(flow) && reset)
		flags |= UNET_DEL_LINGER;
	unet_advice_exit(flow, gone);
	if (gone)
		unet_batch_end(flow);
	let_go_of_port(flow, flags);
	give_index(ch, flow->handle & 0xffff);
	unet_count(ch->nexus, UNET_CNT_FLOW_REMOVED);
	unet_flow_put(flow);
}

int unet_flow_set(struct unet_flow *flow, const struct unet_flow_meta *meta)
{
	int err = check_meta(meta);

	if (!err && (meta->flags ^ flow->meta.flags) & UNET_META_LOW_LATENCY)
		err = -EINVAL;	/* whose it is was settled when it was added */
	if (err)
		return err;
	spin_lock_bh(&flow->lock);
	set_meta(flow, meta);
	spin_unlock_bh(&flow->lock);
	return 0;
}

/* ---- inspection -------------------------------------------------------- */

struct unet_flow *unet_flow_next(struct unet_nexus *nx, u64 *id)
{
	struct unet_flow *flow;
	unsigned long index = *id;

	rcu_read_lock();
	for (flow = xa_find(&nx->flows.ids, &index, ULONG_MAX, XA_PRESENT); flow;
	     flow = xa_find_after(&nx->flows.ids, &index, ULONG_MAX, XA_PRESENT))
		if (refcount_inc_not_zero(&flow->ref))
			break;
	rcu_read_unlock();
	*id = index;
	return flow;
}

u32 unet_flow_state(const struct unet_flow *flow)
{
	if (!(flow->flags & UNET_FLOW_REMOTE))
		return UNET_FLOW_STATE_LISTEN;
	if (flow->tcp.fin_sent || flow->tcp.fin_seen || flow->tcp.reset)
		return UNET_FLOW_STATE_CLOSING;
	return UNET_FLOW_STATE_OPEN;
}
