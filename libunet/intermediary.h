/* SPDX-License-Identifier: MIT */
/* The channel of an intermediary: channel.c makes it, intermediary.c uses it. */
#ifndef _UNET_INTERMEDIARY_INTERNAL_H
#define _UNET_INTERMEDIARY_INTERNAL_H

#include <linux/unet.h>
#include "core_os.h"

struct unet_channel;

/**
 * unet_channel_claim() - open and map the channel of a grant
 * @grant:	its number
 * @params:	wanted, or NULL
 * @terms:	out: the kernel's answers
 *
 * Return: the channel, or NULL with errno and unet_error_detail().
 */
struct unet_channel *unet_channel_claim(u32 grant,
					const struct unet_params *params,
					struct unet_inter_open *terms);

/* UNET_IOC_INTER_FLOW; 0 or -errno */
int unet_channel_whose(struct unet_channel *ch, struct unet_inter_flow *whose);

#endif /* _UNET_INTERMEDIARY_INTERNAL_H */
