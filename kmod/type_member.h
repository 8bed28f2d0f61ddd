/* SPDX-License-Identifier: GPL-2.0 */
/* Channels that share a rule with its owner, each with a flow of its own. */
#ifndef _UNET_TYPE_MEMBER_H
#define _UNET_TYPE_MEMBER_H

struct unet_channel;
struct unet_type;
struct unet_types;

/* of a new rule, which has none; they come by unet_type_join() */
void unet_type_members_init(struct unet_type *type);

/**
 * unet_type_members_dismiss() - all leave a rule that is dead
 * @type: rule
 *
 * From a work item: they receive nothing until they are told.
 *
 * Context: process, types->lock held.
 */
void unet_type_members_dismiss(struct unet_type *type);

/**
 * unet_type_members_leave() - a channel leaves the rules of others
 * @types:	registry
 * @ch:		channel that ends
 *
 * Context: process, ch->ctl and types->lock held.
 */
void unet_type_members_leave(struct unet_types *types, struct unet_channel *ch);

#endif /* _UNET_TYPE_MEMBER_H */
