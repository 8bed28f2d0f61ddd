/* SPDX-License-Identifier: MIT */
/*
 * Packet types: rules of a channel that claim an ethertype, an IP protocol or ports,
 * as struct unet_type_spec of linux/unet.h words them.
 *
 * What a rule delivers comes on the channel's rings with the handle and tag of its
 * request; frames of an ethertype come whole. When an administrator deletes such a rule a
 * slot with UNET_RX_END says so. See unet(4).
 */
#ifndef UNET_TYPE_H
#define UNET_TYPE_H

#include <stdint.h>

#include <linux/unet.h>
#include <unet/channel.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * unet_type_add() - define a rule; @req->size is set here
 * @ch:		channel
 * @req:	@spec and @meta as wanted, @parent for a rule of a flow; all else is the
 *		answer, with an error too
 *
 * Return: 0: granted, amended if @req->amended; -errno: denied, @req->reason says
 * why; without a reason it was none of the rules' (-ENODEV, -ENOMEM, ...).
 */
int unet_type_add(struct unet_channel *ch, struct unet_type_req *req);

/**
 * unet_type_modify() - replace a rule at once; @req->size is set here
 * @ch:		channel
 * @req:	@id and @spec; all else is the answer, with an error too
 *
 * Return: 0 or -errno, as unet_type_add(); -ENOENT: no rule of this channel.
 */
int unet_type_modify(struct unet_channel *ch, struct unet_type_req *req);

/**
 * unet_type_priority() - move a rule; @ref->size is set here
 * @ch:		channel
 * @ref:	@id and @priority; all else is the answer, with an error too
 *
 * Return: 0 or -errno.
 */
int unet_type_priority(struct unet_channel *ch, struct unet_type_ref *ref);

/**
 * unet_type_del() - remove a rule; its handle is not to be used any more
 * @ch:		channel
 * @id:		of the rule
 *
 * Return: 0 or -ENOENT.
 */
int unet_type_del(struct unet_channel *ch, uint32_t id);

/**
 * unet_type_join() - become a member of a rule; @ref->size is set here
 * @ch:		channel
 * @ref:	@id of a rule of another channel, or of a flow's rule; out: @member and @flow
 *
 * Return: 0 or -errno.
 */
int unet_type_join(struct unet_channel *ch, struct unet_type_ref *ref);

/**
 * unet_type_reason_str() - why a request was denied, in words
 * @reason:	enum unet_type_reason
 *
 * Return: constant text, never NULL.
 */
const char *unet_type_reason_str(uint32_t reason);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_TYPE_H */
