/* SPDX-License-Identifier: MIT */
/*
 * A channel without a stack: open, map, wait. What travels on it is in ring.h
 * and packet.h. A stack (stack.h) has a channel of its own inside.
 */
#ifndef UNET_CHANNEL_H
#define UNET_CHANNEL_H

#include <stdint.h>
#include <linux/unet.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_channel;
struct unet_rings;

/**
 * unet_channel_open() - open, bind and map a channel
 * @dev: name of an attached device in this network namespace
 * @params: wanted sizes, NULL or 0 fields for defaults
 *
 * Return: the channel, or NULL with errno as unet_stack_open().
 */
struct unet_channel *unet_channel_open(const char *dev,
				       const struct unet_params *params);

/**
 * unet_channel_close() - unmap and close; its flows end. NULL is allowed.
 */
void unet_channel_close(struct unet_channel *ch);

/**
 * unet_channel_rings() - the mapped rings; they live as long as the channel
 */
struct unet_rings *unet_channel_rings(struct unet_channel *ch);

/**
 * unet_channel_fd() - descriptor: poll it for POLLIN (RX or DONE has entries)
 */
int unet_channel_fd(const struct unet_channel *ch);

/**
 * unet_channel_layout() - what the kernel made of the wanted sizes
 */
const struct unet_layout *unet_channel_layout(const struct unet_channel *ch);

/**
 * unet_channel_id() - number `unetctl channels` shows
 */
uint32_t unet_channel_id(const struct unet_channel *ch);

/**
 * unet_channel_query() - what this kernel offers; works without a channel
 *
 * Return: 0, or -ENOENT, -EACCES, -errno of the ioctl.
 */
int unet_channel_query(struct unet_query *q);

/**
 * unet_channel_flow_add() - UNET_IOC_FLOW_ADD; @req->size is set here
 *
 * Return: 0 with the out fields filled in, or -errno as in linux/unet.h.
 */
int unet_channel_flow_add(struct unet_channel *ch, struct unet_flow_req *req);

/**
 * unet_channel_flow_del() - UNET_IOC_FLOW_DEL
 * @flags: UNET_DEL_*
 */
int unet_channel_flow_del(struct unet_channel *ch, uint32_t flow,
			  uint32_t flags);

/**
 * unet_channel_flow_set() - UNET_IOC_FLOW_SET
 */
int unet_channel_flow_set(struct unet_channel *ch, uint32_t flow,
			  const struct unet_flow_meta *meta);

/**
 * unet_channel_adv() - advice on a flow
 * @index: @adv of the flow's struct unet_flow_req
 *
 * Return: read-only memory the kernel writes, or NULL when out of range.
 */
const volatile struct unet_flow_adv *
unet_channel_adv(const struct unet_channel *ch, uint32_t index);

/**
 * unet_channel_sync() - UNET_IOC_SYNC
 * @ch: the channel
 * @flags: UNET_SYNC_*
 * @timeout_ns: longest sleep with UNET_SYNC_WAIT, UINT64_MAX: for ever
 * @out: receives what the kernel answered, with an error, too; may be NULL
 *
 * Return: 0, or -EIO poisoned, -ENODEV detached, -EINTR a signal came while it waited:
 * what @out.sent tells was taken all the same.
 */
int unet_channel_sync(struct unet_channel *ch, uint32_t flags,
		      uint64_t timeout_ns, struct unet_sync *out);

/**
 * unet_channel_state() - enum unet_channel_state
 * @reason: receives enum unet_poison_reason, may be NULL
 */
int unet_channel_state(const struct unet_channel *ch, uint32_t *reason);

/**
 * unet_channel_addr_gen() - counts changes of the host's addresses and routes
 */
uint32_t unet_channel_addr_gen(const struct unet_channel *ch);

/**
 * unet_reason_str() - text for an enum unet_poison_reason, never NULL
 */
const char *unet_reason_str(uint32_t reason);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_CHANNEL_H */
