/* SPDX-License-Identifier: GPL-2.0 */
/* Granted, amended or denied: what is decided of a request before it is a rule. */
#ifndef _UNET_TYPE_GRANT_H
#define _UNET_TYPE_GRANT_H

#include <linux/types.h>
#include <linux/unet.h>

struct unet_channel;
struct unet_flow;
struct unet_nexus;
struct unet_port;
struct unet_type;
struct unet_types;

/**
 * struct unet_type_draft - a request on its way
 * @types:	registry
 * @ch:		whose rule it is to be, or NULL: the administrator's
 * @nx:		nexus of @ch, or NULL
 * @ifname:	of the administrator's: the device, or "": any
 * @parent:	flow whose packets it is to be asked for, or NULL
 * @old:	the rule it replaces, or NULL
 * @spec:	in: wanted; out: effective
 * @order:	it comes from outside, not from @ch
 * @admin:	the caller may do anything in the namespace
 * @by_policy:	the caller may have it because an entry of the policy says so
 * @amended:	out: UNET_AMEND_*
 * @reason:	out: enum unet_type_reason
 * @conflict:	out: id of the rule @reason is about, or 0
 * @ports:	out: holders of the ports, the caller's to drop or keep
 * @num_ports:	out: entries
 */
struct unet_type_draft {
	struct unet_types *types;
	struct unet_channel *ch;
	struct unet_nexus *nx;
	const char *ifname;
	struct unet_flow *parent;
	struct unet_type *old;
	struct unet_type_spec spec;
	bool order;
	bool admin;
	bool by_policy;
	u32 amended;
	u32 reason;
	u32 conflict;
	struct unet_port **ports;
	u32 num_ports;
};

/**
 * unet_type_grant() - decide
 * @d: all but what is out filled in
 *
 * In this order: is it sound; may the caller have it; amendments; a number and its
 * ports; other rules; how many there may be; who has to see it. The first that fails is the reason.
 *
 * Context: process, in the task that asks, types->lock held; sleeps.
 * Return: 0, the reason's errno, or -ENOMEM without a reason.
 */
int unet_type_grant(struct unet_type_draft *d);

/**
 * unet_type_check_filters() - is there an intermediary that has to see its packets?
 * @d: granted, or on the way
 *
 * As long as the lock is held none comes.
 *
 * Context: process, types->lock and the unet_inters.lock of @d's nexus held.
 * Return: 0 or the reason's errno.
 */
int unet_type_check_filters(struct unet_type_draft *d);

/* drop the ports that nobody kept */
void unet_type_draft_end(struct unet_type_draft *d);

/* drop @num holders and the array */
void unet_type_ports_drop(struct unet_port **ports, u32 num);

/**
 * unet_type_deny() - give a reason
 * @d:		draft
 * @reason:	enum unet_type_reason but UNET_TYPE_GRANTED
 *
 * Return: its errno, negative.
 */
int unet_type_deny(struct unet_type_draft *d, u32 reason);

#endif /* _UNET_TYPE_GRANT_H */
