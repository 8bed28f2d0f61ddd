// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/filter.h>
#include <linux/lockdep.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netns/generic.h>

#include "channel.h"
#include "extension.h"
#include "flow.h"
#include "live.h"
#include "nexus.h"
#include "trace.h"
#include "type.h"
#include "type_grant.h"
#include "type_member.h"
#include "type_policy.h"
#include "type_table.h"

static unsigned int types_id;

struct unet_types *unet_types_of(struct net *net)
{
	return net_generic(net, types_id);
}

/* ---- references ---------------------------------------------------------- */

static void free_type(struct rcu_head *rcu)
{
	struct unet_type *type = container_of(rcu, struct unet_type, rcu);

	if (type->parent)
		unet_flow_put(type->parent);
	if (type->nx)
		unet_nexus_put(type->nx);
	put_pid(type->pid);
	free_percpu(type->stats);
	kfree(type);
	unet_live_add(UNET_LIVE_TYPE, -1);
}

void unet_type_get(struct unet_type *type)
{
	refcount_inc(&type->ref);
}

void unet_type_put(struct unet_type *type)
{
	if (refcount_dec_and_test(&type->ref))
		call_rcu(&type->rcu, free_type);
}

static void free_version(struct rcu_head *rcu)
{
	struct unet_type_version *version =
		container_of(rcu, struct unet_type_version, rcu);

	if (version->prog)
		bpf_prog_put(version->prog);
	unet_extension_put(version->ext);
	unet_type_put(version->type);
	kfree(version);
}

void unet_type_version_get(struct unet_type_version *version)
{
	refcount_inc(&version->ref);
}

void unet_type_version_put(struct unet_type_version *version)
{
	if (refcount_dec_and_test(&version->ref))
		call_rcu(&version->rcu, free_version);
}

/* ---- versions ------------------------------------------------------------ */

static int get_program(struct unet_type_draft *d,
		       struct unet_type_version *version,
		       const struct unet_type_version *like)
{
	struct bpf_prog *prog;

	if (like) {
		bpf_prog_inc(like->prog);
		version->prog = like->prog;
		return 0;
	}
	prog = bpf_prog_get_type_dev(d->spec.prog_fd,
				     BPF_PROG_TYPE_SOCKET_FILTER, false);
	if (IS_ERR(prog))
		return unet_type_deny(d, UNET_TYPE_NO_PROGRAM);
	version->prog = prog;
	return 0;
}

static int get_judge(struct unet_type_draft *d,
		     struct unet_type_version *version,
		     const struct unet_type_version *like)
{
	switch (d->spec.action) {
	case UNET_TYPE_BPF:
		return get_program(d, version, like);
	case UNET_TYPE_EXTENSION:
		version->ext = unet_extension_get(d->spec.extension);
		return version->ext ? 0 :
		       unet_type_deny(d, UNET_TYPE_NO_EXTENSION);
	default:
		return 0;
	}
}

static void count_version(const struct unet_type_draft *d,
			  struct unet_type_version *version)
{
	const struct unet_type_version *old;

	version->generation = 1;
	if (!d->old)
		return;
	old = unet_type_version_of(d->old);
	version->generation = old->generation + 1;
	version->imposed = d->order ? version->generation : old->imposed;
}

/* @like: take over its program, not one by descriptor, and whose it is */
static struct unet_type_version *
create_version(struct unet_type_draft *d, struct unet_type *type,
	       const struct unet_type_version *like)
{
	struct unet_type_version *version;
	int err;

	version = kzalloc(sizeof(*version), GFP_KERNEL_ACCOUNT);
	if (!version)
		return ERR_PTR(-ENOMEM);
	err = get_judge(d, version, like);
	if (err) {
		kfree(version);
		return ERR_PTR(err);
	}
	refcount_set(&version->ref, 1);
	unet_type_get(type);
	version->type = type;
	/* What only says how to grant it is done with. */
	d->spec.flags &= ~(UNET_TYPE_ANY_NUMBER | UNET_TYPE_STRICT);
	d->spec.prog_fd = 0;
	count_version(d, version);
	version->spec = d->spec;
	unet_type_rule_set(&version->rule, &d->spec, type->id,
			   d->nx || *d->ifname);
	/* Who moves it does not make it his own. */
	version->rule.user = like ? like->rule.user :
			     d->ch && !d->admin &&
			     !(d->spec.flags & UNET_TYPE_OF_FLOW);
	return version;
}

/* ---- the list ------------------------------------------------------------ */

static void link_rule(struct unet_types *types, struct unet_type *type)
{
	const struct unet_type_rule *rule = &unet_type_version_of(type)->rule;
	struct unet_type *other;

	list_for_each_entry(other, &types->rules, node)
		if (unet_type_rule_cmp(rule, &unet_type_version_of(other)->rule) < 0)
			break;
	list_add_tail(&type->node, &other->node);
}

static const char *dev_of(const struct unet_type *type)
{
	return type->nx ? type->nx->name : type->ifname;
}

static bool share_number(const struct unet_type *a, const struct unet_type *b)
{
	if (a->parent != b->parent)
		return false;
	if (*dev_of(a) && *dev_of(b) && strcmp(dev_of(a), dev_of(b)))
		return false;
	return unet_type_rule_shares(&unet_type_version_of(a)->rule,
				     &unet_type_version_of(b)->rule);
}

/* Behind how many is it, of users only or of all? @last: id of the last of them. */
static u32 rules_before(struct unet_types *types, const struct unet_type *type,
			bool users, u32 *last)
{
	struct unet_type *other;
	u32 num = 0;

	list_for_each_entry(other, &types->rules, node) {
		if (other == type)
			break;
		if (!share_number(other, type) ||
		    (users && !unet_type_version_of(other)->rule.user))
			continue;
		*last = other->id;
		num++;
	}
	return num;
}

static struct unet_type *find_rule(struct unet_types *types, u32 id)
{
	struct unet_type *type;

	list_for_each_entry(type, &types->rules, node)
		if (type->id == id)
			return type;
	return NULL;
}

/*
 * For the rule with @id there was no room: which is the last before it? Where users'
 * have less room than all, the last of theirs.
 */
static u32 in_front_of(struct unet_types *types, u32 id)
{
	struct unet_type *type = find_rule(types, id);
	u32 last = id;

	if (!type || (unet_type_version_of(type)->rule.user &&
		      rules_before(types, type, true, &last) >=
		      UNET_TYPE_OVERLAP_USERS))
		return last;
	rules_before(types, type, false, &last);
	return last;
}

static int refuse_table(struct unet_type_draft *d, int err, u32 culprit)
{
	if (err == -E2BIG)
		return unet_type_deny(d, UNET_TYPE_NO_MANY_DEVICE);
	if (err != -ENOSPC)
		return err;
	d->conflict = in_front_of(d->types, culprit);
	return unet_type_deny(d, UNET_TYPE_NO_OVERLAP);
}

/* No packet met it before, and no send was held against it. */
static void put_in_force(struct unet_type *type, struct list_head *made)
{
	rcu_assign_pointer(type->now, type->coming);
	type->coming = NULL;
	unet_type_tables_publish(made);
}

/*
 * A grant is made before packets meet the rule, and then there is no rule, or after,
 * and then whoever made it finds the rule.
 */
static int publish_unseen(struct unet_type_draft *d, struct unet_type *type,
			  struct list_head *made)
{
	struct mutex *lock = &d->nx->inters.lock;
	int err;

	mutex_lock(lock);
	err = unet_type_check_filters(d);
	if (!err)
		put_in_force(type, made);
	mutex_unlock(lock);
	if (err)
		unet_type_tables_discard(made);
	return err;
}

/* Packets meet what the list says, and what comes is now; or nothing was changed. */
static int publish(struct unet_type_draft *d, struct unet_type *type)
{
	u32 culprit = 0;
	LIST_HEAD(made);
	int err;

	if (d->parent)
		err = unet_type_children_set(d->types, d->parent, &culprit);
	else
		err = unet_type_tables_prepare(d->types, type, !d->old, &made,
					       &culprit);
	if (err)
		return refuse_table(d, err, culprit);
	if (d->nx)
		return publish_unseen(d, type, &made);
	put_in_force(type, &made);
	return 0;
}

/* ---- add ----------------------------------------------------------------- */

static void set_owner(struct unet_type *type, const struct unet_type_draft *d)
{
	type->ch = d->ch;
	type->ch_id = d->ch ? d->ch->id : 0;
	type->nx = d->nx;
	if (d->nx)
		unet_nexus_get(d->nx);
	type->parent = d->parent;
	if (d->parent)
		unet_flow_get(d->parent);
	strscpy(type->ifname, d->ifname, sizeof(type->ifname));
	type->uid = d->ch ? d->ch->uid : current_uid();
	if (d->ch)
		type->pid = get_pid(d->ch->pid);
	else
		type->pid = get_task_pid(current, PIDTYPE_TGID);
	strscpy(type->comm, d->ch ? d->ch->comm : current->comm,
		sizeof(type->comm));
}

static struct unet_type *create_type(const struct unet_type_draft *d)
{
	struct unet_type *type = kzalloc(sizeof(*type), GFP_KERNEL_ACCOUNT);

	if (!type)
		return NULL;
	type->stats = alloc_percpu_gfp(struct unet_type_stats,
				       GFP_KERNEL_ACCOUNT);
	if (!type->stats) {
		kfree(type);
		return NULL;
	}
	INIT_LIST_HEAD(&type->owned);
	unet_type_members_init(type);
	refcount_set(&type->ref, 1);
	type->types = d->types;
	set_owner(type, d);
	unet_live_add(UNET_LIVE_TYPE, 1);
	return type;
}

static int give_id(struct unet_types *types, struct unet_type *type)
{
	int err = xa_alloc_cyclic(&types->by_id, &type->id, NULL,
				  XA_LIMIT(1, S32_MAX), &types->next_id,
				  GFP_KERNEL_ACCOUNT);

	return err < 0 ? err : 0;
}

/* A flow's rule takes packets from its owner, to whoever joins. */
static bool delivers(const struct unet_type_draft *d)
{
	return !d->parent && d->ch && unet_type_delivers(&d->spec);
}

/* What a rule that delivers needs; one that has it keeps it. */
static int give_flow(struct unet_type_draft *d, struct unet_type *type,
		     const struct unet_flow_meta *meta,
		     const struct unet_type_version *version)
{
	struct unet_flow *flow;

	if (!delivers(d) || rcu_access_pointer(type->flow[0]))
		return 0;
	flow = unet_flow_add_type(d->ch, version, meta);
	if (IS_ERR(flow))
		return PTR_ERR(flow);
	rcu_assign_pointer(type->flow[0], flow);
	return 0;
}

static void take_flow(struct unet_types *types, struct unet_type *type,
		      u32 flags)
{
	struct unet_flow *flow;

	flow = rcu_replace_pointer(type->flow[0], NULL,
				   lockdep_is_held(&types->lock));
	if (flow)
		unet_flow_remove(flow, flags);
}

static void keep_ports(struct unet_type *type, struct unet_type_draft *d)
{
	swap(type->ports, d->ports);
	swap(type->num_ports, d->num_ports);
	type->first_port = d->spec.first;
}

static int enter(struct unet_type_draft *d, struct unet_type *type,
		 const struct unet_flow_meta *meta)
{
	struct unet_types *types = d->types;
	struct unet_type_version *version;
	int err;

	version = create_version(d, type, NULL);
	if (IS_ERR(version))
		return PTR_ERR(version);
	err = give_flow(d, type, meta, version);
	if (err)
		goto err_version;
	type->coming = version;
	link_rule(types, type);
	/* The entry was reserved: storing cannot fail. */
	xa_store(&types->by_id, type->id, type, GFP_KERNEL_ACCOUNT);
	err = publish(d, type);
	if (err)
		goto err_list;
	keep_ports(type, d);
	types->total++;
	trace_unet_type_set(&version->rule, version->generation);
	return 0;

err_list:
	list_del(&type->node);
	type->coming = NULL;
	take_flow(types, type, 0);
err_version:
	unet_type_version_put(version);
	return err;
}

static int add(struct unet_type_draft *d, const struct unet_flow_meta *meta,
	       struct unet_type **made)
{
	struct unet_type *type;
	int err;

	err = unet_type_grant(d);
	if (err)
		return err;
	type = create_type(d);
	if (!type)
		return -ENOMEM;
	err = give_id(d->types, type);
	if (err)
		goto err_type;
	err = enter(d, type, meta);
	if (err)
		goto err_id;
	if (d->ch)
		list_add_tail(&type->owned, &d->ch->types);
	*made = type;
	return 0;

err_id:
	xa_erase(&d->types->by_id, type->id);
err_type:
	unet_type_put(type);
	return err;
}

/* ---- modify -------------------------------------------------------------- */

/* To where @coming is in the list; NULL: back to where it was. */
static void move(struct unet_types *types, struct unet_type *type,
		 struct unet_type_version *coming)
{
	list_del(&type->node);
	type->coming = coming;
	link_rule(types, type);
}

static int replace(struct unet_type_draft *d, struct unet_type *type,
		   struct unet_type_version *version)
{
	bool had_flow = rcu_access_pointer(type->flow[0]);
	struct unet_type_version *old = unet_type_version_of(type);
	static const struct unet_flow_meta plain;
	int err;

	err = give_flow(d, type, &plain, version);
	if (err)
		return err;
	move(d->types, type, version);
	err = publish(d, type);
	if (err) {
		move(d->types, type, NULL);
		if (!had_flow)
			take_flow(d->types, type, 0);
		return err;
	}
	trace_unet_type_set(&version->rule, version->generation);
	keep_ports(type, d);
	unet_type_version_put(old);
	return 0;
}

/* @keep: its program stays */
static int modify(struct unet_type_draft *d, bool keep)
{
	struct unet_type *type = d->old;
	struct unet_type_version *version;
	int err;

	err = unet_type_grant(d);
	if (err)
		return err;
	version = create_version(d, type,
				 keep ? unet_type_version_of(type) : NULL);
	if (IS_ERR(version))
		return PTR_ERR(version);
	err = replace(d, type, version);
	if (err)
		unet_type_version_put(version);
	return err;
}

/* ---- remove -------------------------------------------------------------- */

/* It is in no list any more: nor is it to be where packets meet it. */
static void forget(struct unet_types *types, struct unet_type *type)
{
	u32 culprit;

	if (type->parent)
		unet_type_children_set(types, type->parent, &culprit);
	else
		unet_type_tables_refresh(types, type->nx);
}

/* Context: types->lock, and ctl of the channel whose rule it is. */
static void remove(struct unet_types *types, struct unet_type *type, u32 flags)
{
	struct unet_type_version *version = unet_type_version_of(type);

	if (type->ch)
		lockdep_assert_held(&type->ch->ctl);
	trace_unet_type_del(&version->rule, version->generation);
	WRITE_ONCE(type->dead, true);
	list_del(&type->node);
	list_del_init(&type->owned);
	xa_erase(&types->by_id, type->id);
	types->total--;
	forget(types, type);
	take_flow(types, type, flags);
	unet_type_ports_drop(type->ports, type->num_ports);
	type->ports = NULL;
	type->num_ports = 0;
	unet_type_members_dismiss(type);
	RCU_INIT_POINTER(type->now, NULL);
	unet_type_version_put(version);
	unet_type_put(type);
}

/* ---- calls on a channel -------------------------------------------------- */

static struct unet_type_draft draft_of(struct unet_channel *ch)
{
	struct net *net = ch->nexus->net;

	return (struct unet_type_draft){
		.types = unet_types_of(net),
		.ch = ch,
		.nx = ch->nexus,
		.ifname = "",
		.admin = ns_capable(net->user_ns, CAP_NET_ADMIN),
	};
}

static struct unet_type *own_type(const struct unet_type_draft *d, u32 id)
{
	struct unet_type *type = xa_load(&d->types->by_id, id);

	return type && type->ch == d->ch ? type : NULL;
}

/* A flow's rule stays that flow's. */
static void take_old(struct unet_type_draft *d, u32 id)
{
	d->old = own_type(d, id);
	d->parent = d->old ? d->old->parent : NULL;
}

static bool same_parent(const struct unet_type_draft *d, u32 handle)
{
	return !handle || (d->parent && d->parent->handle == handle);
}

static u32 handle_of(struct unet_types *types, const struct unet_type *type,
		     u32 i)
{
	const struct unet_flow *flow =
		rcu_dereference_protected(type->flow[i],
					  lockdep_is_held(&types->lock));

	return flow ? flow->handle : UNET_NO_FLOW;
}

static void answer(const struct unet_type_draft *d,
		   const struct unet_type *type, struct unet_type_req *req)
{
	bool frames = d->spec.layer == UNET_TYPE_ETHERTYPE;

	req->id = type->id;
	req->generation = unet_type_version_of(type)->generation;
	req->flow = delivers(d) ? handle_of(d->types, type, 0) : UNET_NO_FLOW;
	req->mtu = unet_nexus_mtu(d->nx) + (frames ? UNET_FRAME_HEADER : 0);
	req->spec = d->spec;
}

static void answer_reason(const struct unet_type_draft *d,
			  struct unet_type_req *req)
{
	req->amended = d->amended;
	req->reason = d->reason;
	req->conflict = d->conflict;
}

int unet_type_add(struct unet_channel *ch, struct unet_type_req *req)
{
	struct unet_type_draft d = draft_of(ch);
	struct unet_type *type;
	int err;

	lockdep_assert_held(&ch->ctl);
	d.spec = req->spec;
	if (d.spec.flags & UNET_TYPE_OF_FLOW)
		d.parent = unet_channel_flow(ch, req->parent);
	else if (req->parent)
		return -EINVAL;
	mutex_lock(&d.types->lock);
	err = add(&d, &req->meta, &type);
	if (!err)
		answer(&d, type, req);
	mutex_unlock(&d.types->lock);
	answer_reason(&d, req);
	unet_type_draft_end(&d);
	return err;
}

int unet_type_modify(struct unet_channel *ch, struct unet_type_req *req)
{
	struct unet_type_draft d = draft_of(ch);
	int err = -ENOENT;

	lockdep_assert_held(&ch->ctl);
	d.spec = req->spec;
	mutex_lock(&d.types->lock);
	take_old(&d, req->id);
	if (d.old)
		err = same_parent(&d, req->parent) ? modify(&d, false) : -EINVAL;
	if (!err)
		answer(&d, d.old, req);
	mutex_unlock(&d.types->lock);
	answer_reason(&d, req);
	unet_type_draft_end(&d);
	return err;
}

static int prioritize(struct unet_type_draft *d, u32 priority)
{
	if (!priority || priority > U16_MAX)
		return -ERANGE;
	d->spec = unet_type_version_of(d->old)->spec;
	d->spec.priority = priority;
	return modify(d, true);
}

int unet_type_priority(struct unet_channel *ch, struct unet_type_ref *ref)
{
	struct unet_type_draft d = draft_of(ch);
	int err = -ENOENT;

	lockdep_assert_held(&ch->ctl);
	mutex_lock(&d.types->lock);
	take_old(&d, ref->id);
	if (d.old)
		err = prioritize(&d, ref->priority);
	if (!err) {
		ref->priority = d.spec.priority;
		ref->generation = unet_type_version_of(d.old)->generation;
	}
	mutex_unlock(&d.types->lock);
	ref->amended = d.amended;
	ref->reason = d.reason;
	ref->conflict = d.conflict;
	unet_type_draft_end(&d);
	return err;
}

int unet_type_del(struct unet_channel *ch, struct unet_type_ref *ref)
{
	struct unet_type_draft d = draft_of(ch);
	struct unet_type *type;

	lockdep_assert_held(&ch->ctl);
	mutex_lock(&d.types->lock);
	type = own_type(&d, ref->id);
	if (type)
		remove(d.types, type, 0);
	mutex_unlock(&d.types->lock);
	return type ? 0 : -ENOENT;
}

/* ---- ends ---------------------------------------------------------------- */

void unet_type_channel_ends(struct unet_channel *ch)
{
	struct unet_type *type, *next;
	struct unet_types *types;

	lockdep_assert_held(&ch->ctl);
	if (!ch->num_flows && list_empty(&ch->types))
		return;
	types = unet_types_of(ch->nexus->net);
	mutex_lock(&types->lock);
	list_for_each_entry_safe(type, next, &ch->types, owned)
		remove(types, type, UNET_FLOW_OWNER_GONE);
	unet_type_members_leave(types, ch);
	mutex_unlock(&types->lock);
}

void unet_type_flow_ends(struct unet_flow *flow)
{
	struct unet_channel *ch = flow->channel;
	struct unet_types *types = unet_types_of(ch->nexus->net);
	struct unet_type *type, *next;

	lockdep_assert_held(&ch->ctl);
	/* Who makes the first or removes the last holds ctl, too. */
	if (!rcu_access_pointer(flow->children))
		return;
	mutex_lock(&types->lock);
	list_for_each_entry_safe(type, next, &ch->types, owned)
		if (type->parent == flow)
			remove(types, type, UNET_FLOW_OWNER_GONE);
	mutex_unlock(&types->lock);
}

/* ---- calls of the administrator ------------------------------------------ */

static struct unet_type_draft draft_of_order(const struct unet_type_order *order)
{
	return (struct unet_type_draft){
		.types = unet_types_of(order->net),
		.ifname = order->ifname,
		.spec = order->spec,
		.order = true,
		.admin = true,
	};
}

static void answer_order(const struct unet_type_draft *d,
			 struct unet_type_order *order)
{
	order->spec = d->spec;
	order->reason = d->reason;
	order->conflict = d->conflict;
}

int unet_type_order_add(struct unet_type_order *order)
{
	static const struct unet_flow_meta plain;
	struct unet_type_draft d = draft_of_order(order);
	struct unet_type *type;
	int err;

	mutex_lock(&d.types->lock);
	err = add(&d, &plain, &type);
	if (!err) {
		order->id = type->id;
		order->generation = unet_type_version_of(type)->generation;
	}
	mutex_unlock(&d.types->lock);
	answer_order(&d, order);
	return err;
}

static int modify_order(struct unet_type_draft *d,
			const struct unet_type_order *order)
{
	struct unet_type *type = d->old;

	/* What a channel's rule does is the channel's; its place is not. */
	d->ch = type->ch;
	d->nx = type->nx;
	d->parent = type->parent;
	d->ifname = type->ifname;
	if (order->priority_only)
		return prioritize(d, order->spec.priority);
	return type->ch ? -EBUSY : modify(d, false);
}

int unet_type_order_modify(struct unet_type_order *order)
{
	struct unet_type_draft d = draft_of_order(order);
	int err = -ENOENT;

	mutex_lock(&d.types->lock);
	d.old = xa_load(&d.types->by_id, order->id);
	if (d.old)
		err = modify_order(&d, order);
	if (!err)
		order->generation = unet_type_version_of(d.old)->generation;
	mutex_unlock(&d.types->lock);
	answer_order(&d, order);
	unet_type_draft_end(&d);
	return err;
}

/* Return: the channel whose rule it is, with a reference; NULL: done, or -ENOENT. */
static struct unet_channel *del_or_owner(struct unet_types *types, u32 id)
{
	struct unet_channel *ch = NULL;
	struct unet_type *type;

	mutex_lock(&types->lock);
	type = xa_load(&types->by_id, id);
	if (!type)
		ch = ERR_PTR(-ENOENT);
	else if (type->ch)
		ch = type->ch;
	else
		remove(types, type, 0);
	if (!IS_ERR_OR_NULL(ch))
		unet_channel_get(ch);
	mutex_unlock(&types->lock);
	return ch;
}

int unet_type_order_del(struct net *net, u32 id)
{
	struct unet_types *types = unet_types_of(net);
	struct unet_channel *ch = del_or_owner(types, id);
	struct unet_type *type;
	int err = -ENOENT;

	if (IS_ERR_OR_NULL(ch))
		return PTR_ERR_OR_ZERO(ch);
	mutex_lock(&ch->ctl);
	mutex_lock(&types->lock);
	/* The owner may have deleted it meanwhile. */
	type = xa_load(&types->by_id, id);
	if (type && type->ch == ch) {
		remove(types, type, UNET_FLOW_OWNER_GONE);
		err = 0;
	}
	mutex_unlock(&types->lock);
	mutex_unlock(&ch->ctl);
	unet_channel_put(ch);
	return err;
}

/* ---- what befalls a nexus ------------------------------------------------ */

int unet_type_nexus_begins(struct unet_nexus *nx)
{
	struct unet_types *types = unet_types_of(nx->net);
	int err;

	mutex_lock(&types->lock);
	err = unet_type_tables_refresh(types, nx);
	mutex_unlock(&types->lock);
	return err;
}

void unet_type_nexus_renamed(struct unet_nexus *nx, const char *name)
{
	struct unet_types *types = unet_types_of(nx->net);

	mutex_lock(&types->lock);
	strscpy(nx->name, name, sizeof(nx->name));
	unet_type_tables_refresh(types, nx);
	mutex_unlock(&types->lock);
}

void unet_type_nexus_ends(struct unet_nexus *nx)
{
	struct unet_types *types = unet_types_of(nx->net);

	mutex_lock(&types->lock);
	unet_type_table_end(nx);
	mutex_unlock(&types->lock);
}

/* ---- inspection ---------------------------------------------------------- */

struct unet_type *unet_type_next(struct net *net, u32 *id)
{
	struct unet_types *types = unet_types_of(net);
	unsigned long index = *id;
	struct unet_type *type;

	rcu_read_lock();
	for (type = xa_find(&types->by_id, &index, S32_MAX, XA_PRESENT); type;
	     type = xa_find_after(&types->by_id, &index, S32_MAX, XA_PRESENT))
		if (refcount_inc_not_zero(&type->ref))
			break;
	rcu_read_unlock();
	*id = index;
	return type;
}

void unet_type_sum(struct unet_type *type, u64 *packets, u64 *bytes)
{
	const struct unet_flow *flow;
	u32 i;
	int cpu;

	*packets = 0;
	*bytes = 0;
	for_each_possible_cpu(cpu) {
		*packets += READ_ONCE(per_cpu_ptr(type->stats, cpu)->packets);
		*bytes += READ_ONCE(per_cpu_ptr(type->stats, cpu)->bytes);
	}
	rcu_read_lock();
	for (i = 0; i <= UNET_TYPE_MEMBERS; i++) {
		flow = rcu_dereference(type->flow[i]);
		if (!flow)
			continue;
		*packets += READ_ONCE(flow->rx_packets);
		*bytes += READ_ONCE(flow->rx_bytes);
	}
	rcu_read_unlock();
}

/* ---- namespaces ---------------------------------------------------------- */

static void refresh_work(struct work_struct *work)
{
	struct unet_types *types = container_of(to_delayed_work(work),
						struct unet_types, refresh);

	mutex_lock(&types->lock);
	unet_type_tables_refresh(types, NULL);
	mutex_unlock(&types->lock);
}

static int __net_init types_begin(struct net *net)
{
	struct unet_types *types = unet_types_of(net);

	mutex_init(&types->lock);
	INIT_LIST_HEAD(&types->rules);
	INIT_LIST_HEAD(&types->policies);
	xa_init_flags(&types->by_id, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&types->refresh, refresh_work);
	types->net = net;
	return 0;
}

/* Its devices, and so channels, are gone: what is left is the administrator's. */
static void __net_exit types_end(struct net *net)
{
	struct unet_types *types = unet_types_of(net);
	struct unet_type *type, *next;

	mutex_lock(&types->lock);
	list_for_each_entry_safe(type, next, &types->rules, node)
		remove(types, type, 0);
	unet_type_policy_clear(types);
	mutex_unlock(&types->lock);
	cancel_delayed_work_sync(&types->refresh);
	flush_workqueue(unet_nexus_wq);
	xa_destroy(&types->by_id);
}

static struct pernet_operations types_ops = {
	.init = types_begin,
	.exit = types_end,
	.id = &types_id,
	.size = sizeof(struct unet_types),
};

int unet_type_init(void)
{
	return register_pernet_subsys(&types_ops);
}

void unet_type_exit(void)
{
	unregister_pernet_subsys(&types_ops);
}
