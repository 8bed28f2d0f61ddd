/* SPDX-License-Identifier: MIT */
/*
 * What a stack sits on: something that carries L3 packets of flows. The unet
 * channel, the in-memory wire, and whatever a test makes up.
 */
#ifndef UNET_BACKEND_H
#define UNET_BACKEND_H

#include <linux/unet.h>
#include "core_os.h"
#include "iface.h"
#include "packet.h"

struct unet_backend;

/**
 * struct unet_rx_batch - packets of one flow, in order
 * @packets:	data at the L3 header; CSUM flags, seg_size, segs, tstamp set
 * @tag:	what was registered with the flow, 0: not looked up
 * @flags:	UNET_RX_*
 */
struct unet_rx_batch {
	struct unet_pktq packets;
	u64 tag;
	u32 flags;
};

/**
 * struct unet_backend_ops - a kind of backend
 * @rx:		take the next flow batch into @b; 1, or 0 when there is none
 * @rx_done:	end of a burst of @rx, empty ones too: slots and buffers may be
 *		given back, sends that are done are let go; @fd does not poll
 *		readable for anything that was there before
 * @tx:		put @pkt (data at the L3 header, @header_len bytes of IP and L4
 *		header in the first piece) on its way with flow @handle. Bytes
 *		are let go when sent. Takes @pkt over in any case. 0, -ENOBUFS
 *		no room, -errno refused for good
 * @tx_room:	sends that can be taken now
 * @tx_alloc:	contiguous TX memory of at least @min bytes and up to @want,
 *		both at most UNET_TX_BLOCK_MAX; NULL when there is none
 * @tx_free:	TX memory not in use, bytes: a connection queues no more than
 *		that, so that one cannot starve the others; may be NULL
 * @tx_moves:	is there memory now to move a packet of so many bytes into, that are
 *		not in TX memory; may be NULL: always
 * @tx_header:	a block for headers, UNET_TX_HEADER_BYTES large; kept apart
 *		from @tx_alloc's memory so that there is one when @tx_room says so
 * @flow_add:	as UNET_IOC_FLOW_ADD
 * @flow_del:	as UNET_IOC_FLOW_DEL
 * @flow_set:	as UNET_IOC_FLOW_SET
 * @adv:	advice, by the request's @adv; may answer NULL
 * @source:	address that routing gives to packets for @dst; 0 or -errno
 * @sync:	publish what is pending on both rings; with @wait_us above 0
 *		sleep until something arrives or the time is over
 *		(UNET_NEVER: for ever). At most one system call, none when
 *		nothing is pending and something has arrived. 0 or -errno
 * @now_us:	the time
 * @fd:		to poll, or -ENOTSUP
 * @state:	enum unet_channel_state, and why
 * @close:	end; all packets over the backend's blocks are gone by now
 *
 * L4 checksums, IPv4 header checksum and IP lengths of what is sent are the
 * backend's (the kernel's) to fill in.
 */
struct unet_backend_ops {
	int (*rx)(struct unet_backend *be, struct unet_pkt_pool *pool,
		  struct unet_rx_batch *b);
	void (*rx_done)(struct unet_backend *be);
	int (*tx)(struct unet_backend *be, u32 handle, struct unet_pkt *pkt,
		  u16 header_len);
	u32 (*tx_room)(struct unet_backend *be);
	struct unet_block *(*tx_alloc)(struct unet_backend *be, u32 min,
				       u32 want);
	u64 (*tx_free)(struct unet_backend *be);
	bool (*tx_moves)(struct unet_backend *be, u32 bytes);
	struct unet_block *(*tx_header)(struct unet_backend *be);
	int (*flow_add)(struct unet_backend *be, struct unet_flow_req *req);
	int (*flow_del)(struct unet_backend *be, u32 handle, u32 flags);
	int (*flow_set)(struct unet_backend *be, u32 handle,
			const struct unet_flow_meta *meta);
	const volatile struct unet_flow_adv *(*adv)(struct unet_backend *be,
						    u32 index);
	int (*source)(struct unet_backend *be, u8 family, const __be32 *dst,
		      __be32 *src);
	int (*sync)(struct unet_backend *be, u64 wait_us);
	u64 (*now_us)(struct unet_backend *be);
	int (*fd)(struct unet_backend *be);
	int (*state)(struct unet_backend *be, u32 *reason);
	void (*close)(struct unet_backend *be);
};

#define UNET_TX_BLOCK_MAX	65536u	/* so that a super packet is one extent */
#define UNET_TX_HEADER_BYTES	256u

/**
 * struct unet_backend - first member of each kind's own struct
 * @ops:	what it can do
 * @counters:	the stack's, set by unet_stack_create()
 * @iface:	our addresses; none: the kernel has checked the destination
 * @mtu:	of the device
 * @gso_max:	most L3 bytes of a send with a segment size; 0: none
 */
struct unet_backend {
	const struct unet_backend_ops *ops;
	u64 *counters;
	struct unet_iface iface;
	u32 mtu;
	u32 gso_max;
};

struct unet_channel;

struct unet_backend *unet_backend_chan(struct unet_channel *ch,
				       const char *dev);
struct unet_backend *unet_backend_unet_open(const char *dev,
					    const struct unet_params *params);

#endif /* UNET_BACKEND_H */
