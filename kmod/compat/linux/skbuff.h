/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before 6.10 a zero-copy buffer had one callback and no table. The body writes a
 * table with @complete alone and gives it to unet_ubuf_set_ops().
 *
 * Before 6.15 a super packet with CWR was SKB_GSO_TCP_ECN only: CWR in its first
 * segment. Now there is one for CWR in all of them, and GRO makes no other.
 */
#ifndef _UNET_COMPAT_LINUX_SKBUFF_H
#define _UNET_COMPAT_LINUX_SKBUFF_H

#include <linux/version.h>
#include_next <linux/skbuff.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct ubuf_info_ops {
	void (*complete)(struct sk_buff *skb, struct ubuf_info *ubuf,
			 bool zerocopy_success);
};

static inline void unet_ubuf_set_ops(struct ubuf_info *ubuf,
				     const struct ubuf_info_ops *ops)
{
	ubuf->callback = ops->complete;
}
#else
static inline void unet_ubuf_set_ops(struct ubuf_info *ubuf,
				     const struct ubuf_info_ops *ops)
{
	ubuf->ops = ops;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define SKB_GSO_TCP_ACCECN	0
#endif

#endif /* _UNET_COMPAT_LINUX_SKBUFF_H */
