/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * From parameters to the map of a channel's memory. Both sides compute it
 * alike; the kernel's is what BIND answers.
 */
#ifndef _UNET_CORE_LAYOUT_H
#define _UNET_CORE_LAYOUT_H

#include <linux/unet.h>
#include "core_os.h"

/**
 * unet_layout_compute() - place rings and regions
 * @params:	effective parameters, from unet_params_complete()
 * @page_bytes:	of the kernel, a power of two from 4096 to 65536
 * @layout:	filled in, no byte left undefined
 *
 * Region r is at mmap() offset r << 32, so no two can overlap. Arrays in a region
 * start on a cache line.
 *
 * Context: any.
 * Return: 0, or -EINVAL when @params are not effective parameters or @page_bytes
 * is no page size; @layout is then unchanged.
 */
int unet_layout_compute(const struct unet_params *params, u32 page_bytes,
			struct unet_layout *layout);

/**
 * unet_layout_bytes() - memory of all regions together
 * @layout: from unet_layout_compute()
 *
 * Return: bytes, a multiple of the page size.
 */
u64 unet_layout_bytes(const struct unet_layout *layout);

/**
 * unet_layout_region() - which region an mmap() means
 * @layout:	from unet_layout_compute()
 * @offset:	first byte asked for, as given to mmap(); hostile
 * @bytes:	length asked for; hostile
 * @within:	out: where in the region it starts, bytes
 *
 * Context: any.
 * Return: enum unet_region_id, or -EINVAL when the range is empty or not wholly
 * inside one region.
 */
int unet_layout_region(const struct unet_layout *layout, u64 offset, u64 bytes,
		       u64 *within);

#endif /* _UNET_CORE_LAYOUT_H */
