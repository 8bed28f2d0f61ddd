// SPDX-License-Identifier: GPL-2.0
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "nexus.h"
#include "type.h"
#include "type_policy.h"

static bool is_for_caller(const struct unet_type_policy *p)
{
	if (uid_valid(p->uid) && !uid_eq(p->uid, current_uid()))
		return false;
	return !gid_valid(p->gid) || in_group_p(p->gid);
}

static bool allows(const struct unet_type_policy *p,
		   const struct unet_type_spec *spec)
{
	if (p->layer != spec->layer || !(p->actions & BIT(spec->action)))
		return false;
	if (p->proto && p->proto != spec->proto)
		return false;
	if (!spec->first && !spec->last)
		return true;
	return spec->first >= p->first && spec->last <= p->last;
}

/* Nothing of it would have to be cut off, and there is room for one more. */
static bool allows_all(const struct unet_type_policy *p,
		       const struct unet_type_spec *spec, u32 have)
{
	return have < p->max &&
	       !(p->read_only && spec->direction & UNET_TYPE_TX);
}

const struct unet_type_policy *
unet_type_policy_find(struct unet_types *types, const struct unet_nexus *nx,
		      const struct unet_type_spec *spec, u32 have)
{
	const struct unet_type_policy *p, *part = NULL;

	lockdep_assert_held(&types->lock);
	list_for_each_entry(p, &types->policies, node) {
		if ((p->ifname[0] && strcmp(p->ifname, nx->name)) ||
		    !is_for_caller(p) || !allows(p, spec))
			continue;
		if (allows_all(p, spec, have))
			return p;
		part = part ?: p;
	}
	return part;
}

static bool same(const struct unet_type_policy *a,
		 const struct unet_type_policy *b)
{
	return uid_eq(a->uid, b->uid) && gid_eq(a->gid, b->gid) &&
	       !strcmp(a->ifname, b->ifname) && a->layer == b->layer &&
	       a->proto == b->proto && a->first == b->first &&
	       a->last == b->last;
}

static int insert(struct unet_types *types, struct unet_type_policy *policy)
{
	struct unet_type_policy *p;
	u32 n = 0;

	list_for_each_entry(p, &types->policies, node) {
		if (same(p, policy)) {
			policy->id = p->id;
			return -EEXIST;
		}
		n++;
	}
	if (n >= UNET_POLICY_MAX || types->next_policy == U32_MAX)
		return -ENOSPC;
	p = kmemdup(policy, sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	p->id = ++types->next_policy;
	policy->id = p->id;
	list_add_tail(&p->node, &types->policies);
	return 0;
}

int unet_type_policy_add(struct net *net, struct unet_type_policy *policy)
{
	struct unet_types *types = unet_types_of(net);
	int err;

	mutex_lock(&types->lock);
	err = insert(types, policy);
	mutex_unlock(&types->lock);
	return err;
}

int unet_type_policy_del(struct net *net, u32 id)
{
	struct unet_types *types = unet_types_of(net);
	struct unet_type_policy *p, *found = NULL;

	mutex_lock(&types->lock);
	list_for_each_entry(p, &types->policies, node)
		if (p->id == id)
			found = p;
	if (found)
		list_del(&found->node);
	mutex_unlock(&types->lock);
	kfree(found);
	return found ? 0 : -ENOENT;
}

bool unet_type_policy_next(struct net *net, u32 *id,
			   struct unet_type_policy *policy)
{
	struct unet_types *types = unet_types_of(net);
	struct unet_type_policy *p;
	bool found = false;

	mutex_lock(&types->lock);
	list_for_each_entry(p, &types->policies, node) {
		if (p->id < *id)
			continue;
		*policy = *p;
		*id = p->id;
		found = true;
		break;
	}
	mutex_unlock(&types->lock);
	return found;
}

void unet_type_policy_clear(struct unet_types *types)
{
	struct unet_type_policy *p, *next;

	list_for_each_entry_safe(p, next, &types->policies, node) {
		list_del(&p->node);
		kfree(p);
	}
}
