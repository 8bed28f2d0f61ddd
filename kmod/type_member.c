// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "flow.h"
#include "nexus.h"
#include "type.h"
#include "type_member.h"

/* ---- leaving ------------------------------------------------------------- */

/* What a flow that was removed has received stays its rule's. */
static void keep_counts(struct unet_type *type, const struct unet_flow *flow)
{
	this_cpu_add(type->stats->packets, READ_ONCE(flow->rx_packets));
	this_cpu_add(type->stats->bytes, READ_ONCE(flow->rx_bytes));
}

/* Its own flow: no one else looks at what is in the array any more. */
static void leave(struct unet_types *types, struct unet_type *type, u32 i,
		  u32 flags)
{
	struct unet_channel *ch = type->member[i];
	struct unet_flow *flow;

	lockdep_assert_held(&ch->ctl);
	flow = rcu_replace_pointer(type->flow[i], NULL,
				   lockdep_is_held(&types->lock));
	type->member[i] = NULL;
	unet_flow_get(flow);
	unet_flow_remove(flow, flags);
	keep_counts(type, flow);
	unet_flow_put(flow);
	unet_channel_put(ch);
	unet_type_put(type);
}

/*
 * A member's channel has a lock that must be taken before the registry's: one after
 * the other, from a work item. Until then it receives nothing.
 */
static void members_work(struct work_struct *work)
{
	struct unet_type *type = container_of(work, struct unet_type, members);
	struct unet_types *types = type->types;
	struct unet_channel *ch;
	u32 i;

	for (i = 1; i <= UNET_TYPE_MEMBERS; i++) {
		mutex_lock(&types->lock);
		ch = type->member[i];
		if (ch)
			unet_channel_get(ch);
		mutex_unlock(&types->lock);
		if (!ch)
			continue;
		mutex_lock(&ch->ctl);
		mutex_lock(&types->lock);
		if (type->member[i] == ch)
			leave(types, type, i, UNET_FLOW_OWNER_GONE);
		mutex_unlock(&types->lock);
		mutex_unlock(&ch->ctl);
		unet_channel_put(ch);
	}
	unet_type_put(type);
}

static bool has_members(const struct unet_type *type)
{
	u32 i;

	for (i = 1; i <= UNET_TYPE_MEMBERS; i++)
		if (type->member[i])
			return true;
	return false;
}

void unet_type_members_init(struct unet_type *type)
{
	INIT_WORK(&type->members, members_work);
}

void unet_type_members_dismiss(struct unet_type *type)
{
	lockdep_assert_held(&type->types->lock);
	if (!has_members(type))
		return;
	unet_type_get(type);
	queue_work(unet_nexus_wq, &type->members);
}

void unet_type_members_leave(struct unet_types *types, struct unet_channel *ch)
{
	struct unet_type *type;
	u32 i, m;

	lockdep_assert_held(&types->lock);
	for (i = 0; i < ch->max_flows; i++) {
		if (!ch->flows[i] || !ch->flows[i]->type)
			continue;
		type = ch->flows[i]->type;
		for (m = 1; m <= UNET_TYPE_MEMBERS; m++)
			if (type->member[m] == ch)
				break;
		if (!WARN_ON_ONCE(m > UNET_TYPE_MEMBERS))
			leave(types, type, m, UNET_FLOW_OWNER_GONE);
	}
}

/* ---- joining ------------------------------------------------------------- */

/* A rule that has no flow of its own is for one to join, be it the owner. */
static int free_member(const struct unet_type *type,
		       const struct unet_channel *ch)
{
	int i, found = -ENOSPC;

	for (i = type->parent ? 1 : UNET_TYPE_MEMBERS; i > 0; i--) {
		if (type->member[i] == ch)
			return -EALREADY;
		if (!type->member[i])
			found = i;
	}
	return type->ch == ch && !type->parent ? -EALREADY : found;
}

/* Of a flow's rule they are the parent's. */
static bool has_packets(const struct unet_type *type)
{
	return type->parent || (rcu_access_pointer(type->flow[0]) &&
				unet_type_delivers(&unet_type_version_of(type)->spec));
}

static int join(struct unet_channel *ch, struct unet_type *type,
		struct unet_type_ref *ref)
{
	bool admin = ns_capable(ch->nexus->net->user_ns, CAP_NET_ADMIN);
	static const struct unet_flow_meta plain;
	struct unet_flow *flow;
	int i;

	if (!admin && !uid_eq(type->uid, ch->uid))
		return -EPERM;
	if (type->nx != ch->nexus || !has_packets(type))
		return -EINVAL;
	i = free_member(type, ch);
	if (i < 0)
		return i;
	flow = unet_flow_add_type(ch, unet_type_version_of(type), &plain);
	if (IS_ERR(flow))
		return PTR_ERR(flow);
	unet_channel_get(ch);
	unet_type_get(type);
	type->member[i] = ch;
	rcu_assign_pointer(type->flow[i], flow);
	ref->member = i;
	ref->flow = flow->handle;
	ref->generation = unet_type_version_of(type)->generation;
	return 0;
}

int unet_type_join(struct unet_channel *ch, struct unet_type_ref *ref)
{
	struct unet_types *types = unet_types_of(ch->nexus->net);
	struct unet_type *type;
	int err = -ENOENT;

	lockdep_assert_held(&ch->ctl);
	mutex_lock(&types->lock);
	type = xa_load(&types->by_id, ref->id);
	if (type)
		err = join(ch, type, ref);
	mutex_unlock(&types->lock);
	return err;
}
