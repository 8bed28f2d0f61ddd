/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What users without the capability of a layer may have all the same: the
 * administrator's entries, each for a user or a group, a device, a layer and a range
 * of numbers. Without an entry they may have nothing; what one does not allow another
 * may.
 */
#ifndef _UNET_TYPE_POLICY_H
#define _UNET_TYPE_POLICY_H

#include <linux/list.h>
#include <linux/uidgid.h>
#include <linux/unet.h>

struct net;
struct unet_nexus;
struct unet_types;

#define UNET_POLICY_MAX	256	/* entries of a namespace */

/**
 * struct unet_type_policy - an entry
 * @node:	in unet_types.policies
 * @id:		of it
 * @uid:	whom it is for, or INVALID_UID: any user
 * @gid:	whose members it is for, or INVALID_GID
 * @ifname:	device, or "": any
 * @layer:	enum unet_type_layer
 * @proto:	of ports, or 0: TCP and UDP
 * @first:	smallest number
 * @last:	largest number
 * @actions:	bit by enum unet_type_action
 * @max:	rules a user may have
 * @read_only:	they may receive, not send
 */
struct unet_type_policy {
	struct list_head node;
	u32 id;
	kuid_t uid;
	kgid_t gid;
	char ifname[UNET_NAME_LEN];
	u8 layer;
	u8 proto;
	u16 first;
	u16 last;
	u32 actions;
	u32 max;
	bool read_only;
};

/**
 * unet_type_policy_find() - the entry that allows the caller a rule
 * @types:	registry
 * @nx:		nexus the rule is for
 * @spec:	sound; without a number: any range will do
 * @have:	rules the caller has already, but for one that this replaces
 *
 * The first that allows all of it, else the first that allows a part.
 *
 * Context: process, types->lock held.
 * Return: entry, valid as long as the lock is held, or NULL.
 */
const struct unet_type_policy *
unet_type_policy_find(struct unet_types *types, const struct unet_nexus *nx,
		      const struct unet_type_spec *spec, u32 have);

/**
 * unet_type_policy_add() - a new entry
 * @net:	namespace
 * @policy:	copied; its id is told
 *
 * Context: process.
 * Return: 0, -EEXIST (its id in @policy) there is such an entry, -ENOSPC, -ENOMEM.
 */
int unet_type_policy_add(struct net *net, struct unet_type_policy *policy);

/* Rules that were granted stay. Return: 0 or -ENOENT. */
int unet_type_policy_del(struct net *net, u32 id);

/**
 * unet_type_policy_next() - walk the entries of a namespace, resumable
 * @net:	namespace
 * @id:		in: smallest wanted; out: of the one returned
 * @policy:	out: a copy
 *
 * Context: process.
 * Return: false at the end.
 */
bool unet_type_policy_next(struct net *net, u32 *id,
			   struct unet_type_policy *policy);

/* no more entries; for the end of a namespace */
void unet_type_policy_clear(struct unet_types *types);

#endif /* _UNET_TYPE_POLICY_H */
