// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <linux/compiler.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "channel.h"
#include "core/wire.h"
#include "extension.h"
#include "flow.h"
#include "nexus.h"
#include "packet.h"
#include "stats.h"
#include "trace.h"
#include "type.h"
#include "type_table.h"

#define RETRY_DELAY	(HZ / 4)

/* ---- compiling ----------------------------------------------------------- */

/**
 * struct made - a table on its way to its nexus
 * @node:	in the list of what was made
 * @nx:		a reference
 * @table:	NULL: the nexus has no rules
 */
struct made {
	struct list_head node;
	struct unet_nexus *nx;
	struct unet_type_table_of *table;
};

/**
 * struct plan - what a table is made of, and for
 * @nx:		nexus, or NULL: there is none of that name yet
 * @name:	of its device
 * @changed:	the rule that is to be in it, or no table is made; NULL: what finds no
 *		room is left out
 * @fresh:	@changed is one more
 */
struct plan {
	const struct unet_nexus *nx;
	const char *name;
	const struct unet_type *changed;
	bool fresh;
};

static bool applies(const struct unet_type *type, const struct unet_nexus *nx,
		    const char *name)
{
	if (type->dead || type->parent)
		return false;
	if (type->nx)
		return type->nx == nx;
	return !type->ifname[0] || !strcmp(type->ifname, name);
}

static void free_table(struct unet_type_table_of *table)
{
	u32 i;

	for (i = 0; i < table->num; i++)
		unet_type_version_put(table->version[i]);
	kvfree(table);
}

static void free_table_rcu(struct rcu_head *rcu)
{
	free_table(container_of(rcu, struct unet_type_table_of, rcu));
}

static u32 count_rules(struct unet_types *types, const struct plan *plan)
{
	struct unet_type *type;
	u32 num = 0;

	list_for_each_entry(type, &types->rules, node)
		num += applies(type, plan->nx, plan->name);
	return num;
}

/* The rules, then pointers to what they select, then spans: in one piece. */
static struct unet_type_table_of *alloc_table(u32 num)
{
	struct unet_type_table_of *table;
	size_t bytes;

	bytes = struct_size(table, version, num) +
		num * (sizeof(struct unet_type_rule *) +
		       4 * sizeof(struct unet_type_span));
	return kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
}

static const struct unet_type_rule **rules_in(struct unet_type_table_of *table)
{
	return (const struct unet_type_rule **)&table->version[table->num];
}

static void fill_table(struct unet_types *types, const struct plan *plan,
		       struct unet_type_table_of *table)
{
	const struct unet_type_rule **rule = rules_in(table);
	struct unet_type *type;
	u32 i = 0;

	list_for_each_entry(type, &types->rules, node) {
		if (!applies(type, plan->nx, plan->name))
			continue;
		table->version[i] = unet_type_version_of(type);
		unet_type_version_get(table->version[i]);
		rule[i] = &table->version[i]->rule;
		i++;
	}
	table->set.rule = rule;
	table->set.num = table->num;
}

static int build_table(struct unet_type_table_of *table, u32 *culprit)
{
	struct unet_type_span *span;
	u32 *marks;
	int err;

	marks = kvmalloc_array(UNET_TYPE_MARK_WORDS, sizeof(*marks), GFP_KERNEL);
	if (!marks)
		return -ENOMEM;
	/* behind the pointers, one for each rule; both are of 8 bytes, or of 4 */
	span = (struct unet_type_span *)(rules_in(table) + table->num);
	memset(span, 0, table->num * 4 * sizeof(*span));
	memset(table->set.table, 0, sizeof(table->set.table));
	err = unet_type_set_build(&table->set, span, marks, culprit);
	kvfree(marks);
	return err;
}

/* Is there a rule of that id in the table that packets do not meet? */
static bool is_left_out(const struct unet_type_table_of *table, u32 id)
{
	bool left = false;
	u32 i;

	for (i = 0; i < table->num; i++)
		left |= table->version[i]->rule.id == id;
	for (i = 0; i < table->set.num; i++)
		left &= table->set.rule[i]->id != id;
	return left;
}

static bool was_left_out(struct unet_types *types, const struct plan *plan, u32 id)
{
	const struct unet_type_table_of *table = NULL;

	if (plan->nx)
		table = rcu_dereference_protected(plan->nx->types,
						  lockdep_is_held(&types->lock));
	return table && is_left_out(table, id);
}

/* A change is not to cost another rule its place; what has none is in nobody's way. */
static bool may_leave_out(struct unet_types *types, const struct plan *plan,
			  const struct unet_type_rule *rule)
{
	if (!plan->changed)
		return true;
	if (rule->id == plan->changed->id)
		return false;
	return plan->nx ? was_left_out(types, plan, rule->id) :
	       !unet_type_rule_shares(rule, &unet_type_version_of(plan->changed)->rule);
}

/* Two that came by name and one by device may be too many together. */
static void leave_out(struct unet_types *types, const struct plan *plan,
		      struct unet_type_table_of *table, u32 index)
{
	const struct unet_type_rule **rule = rules_in(table);
	u32 id = rule[index]->id;

	if (!plan->changed && !was_left_out(types, plan, id))
		pr_warn_ratelimited("unet: %s: rule %u is left out, too many wait behind each other for one number\n",
				    plan->name, id);
	memmove(rule + index, rule + index + 1,
		(table->set.num - index - 1) * sizeof(*rule));
	table->set.num--;
}

static int fit_table(struct unet_types *types, const struct plan *plan,
		     struct unet_type_table_of *table, u32 *culprit)
{
	u32 index;
	int err;

	while ((err = build_table(table, &index)) == -ENOSPC) {
		*culprit = table->set.rule[index]->id;
		if (!may_leave_out(types, plan, table->set.rule[index]))
			break;
		leave_out(types, plan, table, index);
		cond_resched();
	}
	return err;
}

static struct unet_type_table_of *make_table(struct unet_types *types,
					     const struct plan *plan,
					     u32 *culprit)
{
	u32 num = count_rules(types, plan);
	struct unet_type_table_of *table;
	int err;

	if (!num)
		return NULL;
	if (plan->fresh && num > UNET_TYPE_MAX_DEVICE)
		return ERR_PTR(-E2BIG);
	table = alloc_table(num);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->num = num;
	fill_table(types, plan, table);
	err = fit_table(types, plan, table, culprit);
	if (!err)
		return table;
	free_table(table);
	return ERR_PTR(err);
}

/* ---- publishing ---------------------------------------------------------- */

static void swap_table(struct unet_nexus *nx, struct unet_type_table_of *table)
{
	struct unet_type_table_of *old;

	old = rcu_replace_pointer(nx->types, table, true);
	if (!old && !table)
		return;
	unet_flow_table_changed(&nx->flows);
	if (old)
		call_rcu(&old->rcu, free_table_rcu);
}

void unet_type_tables_discard(struct list_head *list)
{
	struct made *made, *next;

	list_for_each_entry_safe(made, next, list, node) {
		if (made->table)
			free_table(made->table);
		unet_nexus_put(made->nx);
		list_del(&made->node);
		kfree(made);
	}
}

static int prepare_one(struct unet_types *types, struct plan plan,
		       struct unet_nexus *nx, struct list_head *list,
		       u32 *culprit)
{
	struct made *made;

	if (nx->types_closed)
		return 0;
	made = kzalloc(sizeof(*made), GFP_KERNEL);
	if (!made)
		return -ENOMEM;
	plan.nx = nx;
	plan.name = nx->name;
	made->table = make_table(types, &plan, culprit);
	if (IS_ERR(made->table)) {
		int err = PTR_ERR(made->table);

		kfree(made);
		return err;
	}
	made->nx = nx;
	unet_nexus_get(nx);
	list_add_tail(&made->node, list);
	return 0;
}

/* Each nexus the rule is for, and no other. */
static int prepare_named(struct unet_types *types, const struct plan *plan,
			 struct list_head *list, u32 *culprit)
{
	struct unet_nexus *nx;
	int ifindex = 0, err = 0;

	while (!err && (nx = unet_nexus_next(types->net, &ifindex))) {
		if (applies(plan->changed, nx, nx->name))
			err = prepare_one(types, *plan, nx, list, culprit);
		unet_nexus_put(nx);
		ifindex++;
	}
	return err;
}

/* It waits for its device: would there be room? */
static int try_absent(struct unet_types *types, const struct plan *plan, u32 *culprit)
{
	struct unet_type_table_of *table = make_table(types, plan, culprit);

	if (IS_ERR(table))
		return PTR_ERR(table);
	if (table)
		free_table(table);
	return 0;
}

int unet_type_tables_prepare(struct unet_types *types,
			     const struct unet_type *changed, bool fresh,
			     struct list_head *made, u32 *culprit)
{
	struct plan plan = {
		.name = changed->ifname, .changed = changed, .fresh = fresh,
	};
	int err;

	lockdep_assert_held(&types->lock);
	if (changed->nx)
		err = prepare_one(types, plan, changed->nx, made, culprit);
	else
		err = prepare_named(types, &plan, made, culprit);
	if (!err && !changed->nx && list_empty(made))
		err = try_absent(types, &plan, culprit);
	if (err)
		unet_type_tables_discard(made);
	return err;
}

void unet_type_tables_publish(struct list_head *list)
{
	struct made *made;

	list_for_each_entry(made, list, node) {
		swap_table(made->nx, made->table);
		made->table = NULL;
	}
	unet_type_tables_discard(list);
}

static int refresh_one(struct unet_types *types, struct unet_nexus *nx)
{
	struct plan plan = { .nx = nx, .name = nx->name };
	struct unet_type_table_of *table;
	u32 culprit;

	if (nx->types_closed)
		return 0;
	table = make_table(types, &plan, &culprit);
	if (IS_ERR(table)) {
		/* At least what is dead is not found any more. */
		unet_flow_table_changed(&nx->flows);
		return PTR_ERR(table);
	}
	swap_table(nx, table);
	return 0;
}

int unet_type_tables_refresh(struct unet_types *types, struct unet_nexus *only)
{
	int ifindex = 0, err = 0;
	struct unet_nexus *nx;

	lockdep_assert_held(&types->lock);
	if (only)
		err = refresh_one(types, only);
	while (!only && (nx = unet_nexus_next(types->net, &ifindex))) {
		err = refresh_one(types, nx) ?: err;
		unet_nexus_put(nx);
		ifindex++;
	}
	if (err)
		mod_delayed_work(unet_nexus_wq, &types->refresh, RETRY_DELAY);
	return err;
}

void unet_type_table_end(struct unet_nexus *nx)
{
	nx->types_closed = true;
	swap_table(nx, NULL);
}

/* ---- rules of a flow ----------------------------------------------------- */

static void free_children_rcu(struct rcu_head *rcu)
{
	struct unet_type_children *children =
		container_of(rcu, struct unet_type_children, rcu);
	u32 i;

	for (i = 0; i < children->num; i++)
		unet_type_version_put(children->version[i]);
	kfree(children);
}

/* Return: how many there are; @last: id of the last to be asked. */
static u32 count_children(struct unet_types *types,
			  const struct unet_flow *parent, u32 *last)
{
	struct unet_type *type;
	u32 num = 0;

	list_for_each_entry(type, &types->rules, node) {
		if (type->parent != parent)
			continue;
		*last = type->id;
		num++;
	}
	return num;
}

static struct unet_type_children *make_children(struct unet_types *types,
						const struct unet_flow *parent,
						u32 num)
{
	struct unet_type_children *children;
	struct unet_type *type;

	children = kzalloc(struct_size(children, version, num),
			   GFP_KERNEL_ACCOUNT);
	if (!children)
		return NULL;
	list_for_each_entry(type, &types->rules, node) {
		struct unet_type_version *version = unet_type_version_of(type);

		if (type->parent != parent)
			continue;
		unet_type_version_get(version);
		children->version[children->num++] = version;
	}
	return children;
}

int unet_type_children_set(struct unet_types *types, struct unet_flow *parent,
			   u32 *culprit)
{
	struct unet_type_children *children = NULL, *old;
	u32 num;

	lockdep_assert_held(&types->lock);
	num = count_children(types, parent, culprit);
	if (num > UNET_TYPE_OVERLAP)
		return -ENOSPC;
	if (num) {
		children = make_children(types, parent, num);
		if (!children)
			return -ENOMEM;
	}
	old = rcu_replace_pointer(parent->children, children,
				  lockdep_is_held(&types->lock));
	unet_flow_table_changed(&parent->channel->nexus->flows);
	if (old)
		call_rcu(&old->rcu, free_children_rcu);
	return 0;
}

/* ---- finding ------------------------------------------------------------- */

static const struct unet_type_version *as_version(const struct unet_type_rule *rule)
{
	return container_of(rule, struct unet_type_version, rule);
}

/* Where a rule's patterns are counted from. */
static u32 payload_of(const struct unet_type_rule *rule,
		      const struct unet_flow_info *info)
{
	return rule->layer == UNET_TYPE_PORT ? info->payload : info->l4_offset;
}

/* And where they end: in the first datagram of those that came as one. */
static u32 end_of(const struct unet_rx_packet *p)
{
	u32 size = skb_shinfo(p->skb)->gso_size;

	return size ? min(p->info.payload + size, p->info.bytes) : p->info.bytes;
}

const struct unet_type_version *
unet_type_find(struct unet_nexus *nx, struct unet_local *local,
	       const struct unet_rx_packet *p, const struct unet_flow_key *key,
	       bool *alike)
{
	const struct unet_type_table_of *table = rcu_dereference(nx->types);
	const struct unet_type_rule *rule;
	struct unet_type_walk walk;

	if (!table)
		return NULL;
	unet_type_walk_key(&walk, &table->set, false, key);
	while ((rule = unet_type_walk_next(&walk))) {
		if (READ_ONCE(as_version(rule)->type->dead))
			continue;
		if (rule->flags & UNET_TYPE_LOCAL_ONLY &&
		    !unet_local_check(local, nx, key->family, key->local))
			continue;
		if (rule->num_patterns)
			*alike = false;
		if (unet_packet_has(p->skb, rule->pattern, rule->num_patterns,
				    payload_of(rule, &p->info), end_of(p)))
			return as_version(rule);
	}
	return NULL;
}

const struct unet_type_version *
unet_type_find_frame(struct unet_nexus *nx, struct sk_buff *skb)
{
	const struct unet_type_table_of *table = rcu_dereference(nx->types);
	const struct unet_type_rule *rule;
	struct unet_type_walk walk;

	if (!table)
		return NULL;
	unet_type_walk_frame(&walk, &table->set, false, ntohs(skb->protocol));
	while ((rule = unet_type_walk_next(&walk)))
		if (!READ_ONCE(as_version(rule)->type->dead) &&
		    unet_packet_has(skb, rule->pattern, rule->num_patterns, 0,
				    skb->len))
			return as_version(rule);
	return NULL;
}

/* Of a super packet each datagram must have them: the parent knows how to cut it. */
static bool patterns_throughout(const struct unet_type_rule *rule,
				const struct unet_rx_packet *p)
{
	return unet_packet_segments_have(p->skb, &p->info, rule->pattern,
					 rule->num_patterns, true);
}

struct unet_flow *unet_type_child(struct unet_flow *flow,
				  const struct unet_rx_packet *p)
{
	const struct unet_type_children *children =
		rcu_dereference(flow->children);
	u32 i;

	for (i = 0; children && i < children->num; i++) {
		const struct unet_type_version *version = children->version[i];
		const struct unet_type *type = version->type;
		struct unet_flow *member = rcu_dereference(type->flow[1]);

		if (member && !READ_ONCE(type->dead) &&
		    patterns_throughout(&version->rule, p))
			return member;
	}
	return flow;
}

/* ---- what becomes of a packet -------------------------------------------- */

void unet_type_count(struct unet_type *type, u32 bytes)
{
	this_cpu_inc(type->stats->packets);
	this_cpu_add(type->stats->bytes, bytes);
	trace_unet_type_match(type->id, bytes);
}

static u32 give_to(struct unet_type *type, u32 member, struct unet_flow **flow)
{
	if (member > UNET_TYPE_MEMBERS)
		return UNET_CNT_RX_TYPE_VERDICT;
	*flow = rcu_dereference(type->flow[member]);
	return *flow ? UNET_CNT_NONE : UNET_CNT_RX_TYPE_VERDICT;
}

static u32 obey(struct unet_type *type, u32 verdict, struct unet_flow **flow)
{
	switch (verdict) {
	case UNET_TYPE_VERDICT_HOST:
		return UNET_CNT_RX_TYPE_HOST;
	case UNET_TYPE_VERDICT_DROP:
		return UNET_CNT_RX_TYPE_DROP;
	default:
		return give_to(type, verdict - UNET_TYPE_VERDICT_DELIVER, flow);
	}
}

static u32 act(const struct unet_type_version *v, struct sk_buff *skb,
	       struct unet_flow **flow)
{
	switch (v->spec.action) {
	case UNET_TYPE_DELIVER:
		return give_to(v->type, 0, flow);
	case UNET_TYPE_DROP:
		return UNET_CNT_RX_TYPE_DROP;
	case UNET_TYPE_BPF:
		return obey(v->type, bpf_prog_run_save_cb(v->prog, skb), flow);
	case UNET_TYPE_EXTENSION:
		return obey(v->type, unet_extension_run(v->ext, skb), flow);
	default:
		return UNET_CNT_RX_TYPE_HOST;
	}
}

u32 unet_type_run(const struct unet_type_version *version, struct sk_buff *skb,
		  struct unet_flow **flow, bool *alike)
{
	u32 why = act(version, skb, flow);

	if (version->spec.action == UNET_TYPE_BPF ||
	    version->spec.action == UNET_TYPE_EXTENSION)
		*alike = false;
	return why;
}

/* ---- sends --------------------------------------------------------------- */

static u32 check_frame(struct unet_flow *flow, const struct unet_type_rule *rule,
		       const void *hdr, u32 hdr_len, u32 total, u16 seg_size,
		       struct unet_tx_info *info)
{
	const struct net_device *dev = rcu_dereference(flow->channel->nexus->dev);

	if (!dev)
		return UNET_CNT_TX_DROP_DOWN;
	return unet_type_frame_check(rule, hdr, hdr_len, total, seg_size,
				     dev->dev_addr,
				     READ_ONCE(dev->mtu) + ETH_HLEN, info);
}

u32 unet_type_check_send(struct unet_flow *flow, const void *hdr, u32 hdr_len,
			 u32 total, u16 seg_size, struct unet_tx_info *info)
{
	const struct unet_type_version *v;
	u32 why;

	rcu_read_lock();
	v = rcu_dereference(flow->type->now);
	if (!v || READ_ONCE(flow->type->dead))
		why = UNET_CNT_TX_BAD_FLOW;
	else if (!(v->rule.direction & UNET_TYPE_TX) ||
		 v->spec.action != UNET_TYPE_DELIVER)
		why = UNET_CNT_TX_TYPE_READ_ONLY;
	else if (flow->type->parent)
		why = unet_tx_header_check(hdr, hdr_len, total, seg_size,
					   &flow->type->parent->tx, info);
	else if (v->rule.layer == UNET_TYPE_ETHERTYPE)
		why = check_frame(flow, &v->rule, hdr, hdr_len, total, seg_size,
				  info);
	else
		why = unet_type_send_check(&v->rule, hdr, hdr_len, total,
					   seg_size, info);
	rcu_read_unlock();
	return why;
}

/* Who changes its own rule knows what it sent before: the change is no excuse for it. */
static u32 changed_for(const struct unet_flow *flow)
{
	const struct unet_type_version *v = rcu_dereference(flow->type->now);

	if (!v)
		return 0;
	return flow->channel->id == flow->type->ch_id ? v->imposed : v->generation;
}

bool unet_type_forgives(struct unet_flow *flow)
{
	u32 generation;

	lockdep_assert_held(&flow->channel->tx_lock);
	rcu_read_lock();
	generation = changed_for(flow);
	if (generation > flow->type_gen) {
		flow->type_gen = generation;
		flow->forgiven = flow->channel->rings.tx.entries;
	}
	rcu_read_unlock();
	if (!flow->forgiven)
		return false;
	flow->forgiven--;
	return true;
}

static void walk_send(struct unet_type_walk *walk,
		      const struct unet_type_set *set, const void *hdr,
		      const struct unet_tx_info *info,
		      struct unet_flow_key *key)
{
	if (!info->family) {
		unet_type_walk_frame(walk, set, true, unet_load_u16(hdr + 12));
		return;
	}
	memset(key, 0, sizeof(*key));
	memcpy(key->local, info->src, sizeof(key->local));
	memcpy(key->remote, info->dst, sizeof(key->remote));
	key->local_port = info->src_port;
	key->remote_port = info->dst_port;
	key->family = info->family;
	key->proto = info->proto;
	key->mask = info->src_port ? UNET_MASK_5TUPLE : UNET_MASK_IP_BOTH;
	unet_type_walk_key(walk, set, true, key);
}

/*
 * What is received a user's rule gets only where no flow is and no rule of another user.
 * So are the sends of others none of its business: it neither drops them nor lets them go
 * where a rule behind it does not. Before flows there are the administrator's.
 */
static bool counts_for(const struct unet_type_version *v,
		       const struct unet_channel *ch)
{
	return !READ_ONCE(v->type->dead) &&
	       (!v->rule.user || unet_type_early(&v->rule) ||
		uid_eq(v->type->uid, ch->uid));
}

u32 unet_type_check_sent(const struct unet_channel *ch, const void *hdr,
			 const struct unet_tx_info *info)
{
	const struct unet_type_version *v = NULL;
	const struct unet_type_table_of *table;
	const struct unet_type_rule *rule;
	struct unet_type_walk walk;
	struct unet_flow_key key;
	bool drop;

	rcu_read_lock();
	table = rcu_dereference(ch->nexus->types);
	if (table) {
		walk_send(&walk, &table->set, hdr, info, &key);
		while (!v && (rule = unet_type_walk_next(&walk)))
			if (counts_for(as_version(rule), ch))
				v = as_version(rule);
	}
	drop = v && v->spec.action == UNET_TYPE_DROP;
	if (drop)
		unet_type_count(v->type, info->header_len + info->payload);
	rcu_read_unlock();
	return drop ? UNET_CNT_TX_TYPE_DROP : UNET_CNT_NONE;
}
