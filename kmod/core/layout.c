// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Nothing here can overflow: the limits of params.h keep each region below 2^30
 * bytes, and only effective parameters are taken.
 */
#include "core/layout.h"
#include "core/params.h"

#define MIN_PAGE	4096u
#define MAX_PAGE	65536u
#define OFFSET_SHIFT	32	/* of a region's number in an mmap() offset */

static const u32 region_flags[UNET_REGION_COUNT] = {
	[UNET_REGION_URING]	= UNET_REGION_WRITE,
	[UNET_REGION_RX_SMALL]	= UNET_REGION_WRITE,
	[UNET_REGION_RX_LARGE]	= UNET_REGION_WRITE,
	[UNET_REGION_TX]	= UNET_REGION_WRITE,
};

/* Put an array behind what is there: returns where it starts. */
static u32 place(u32 *bytes, u32 count, u32 size)
{
	u32 offset = ALIGN(*bytes, UNET_CACHELINE);

	*bytes = offset + count * size;
	return offset;
}

static void place_info(struct unet_layout *layout, u32 *bytes)
{
	*bytes = sizeof(struct unet_info);
	layout->adv_offset = place(bytes, layout->params.max_flows,
				   sizeof(struct unet_flow_adv));
}

static void place_kring(struct unet_layout *layout, u32 *bytes)
{
	*bytes = sizeof(struct unet_kring);
	layout->rx_slots_offset = place(bytes, layout->params.rx_slots,
					sizeof(struct unet_rx_slot));
	layout->done_offset = place(bytes, layout->done_entries,
				    sizeof(struct unet_done));
}

static void place_uring(struct unet_layout *layout, u32 *bytes)
{
	*bytes = sizeof(struct unet_uring);
	layout->tx_slots_offset = place(bytes, layout->params.tx_slots,
					sizeof(struct unet_tx_slot));
	layout->free_offset = place(bytes, layout->free_entries, sizeof(u32));
}

int unet_layout_compute(const struct unet_params *params, u32 page_bytes,
			struct unet_layout *layout)
{
	u32 bytes[UNET_REGION_COUNT];
	u32 bufs;
	u32 i;

	if (page_bytes < MIN_PAGE || page_bytes > MAX_PAGE ||
	    !is_power_of_2(page_bytes) || !unet_params_effective(params))
		return -EINVAL;

	memset(layout, 0, sizeof(*layout));
	layout->params = *params;
	bufs = params->rx_small + params->rx_large;
	layout->free_entries = (u32)roundup_pow_of_two(bufs);
	layout->done_entries = params->tx_slots;

	place_info(layout, &bytes[UNET_REGION_INFO]);
	place_kring(layout, &bytes[UNET_REGION_KRING]);
	place_uring(layout, &bytes[UNET_REGION_URING]);
	bytes[UNET_REGION_DESC] = bufs * sizeof(struct unet_desc);
	bytes[UNET_REGION_RX_SMALL] = params->rx_small * UNET_RX_SMALL_BYTES;
	bytes[UNET_REGION_RX_LARGE] = params->rx_large * UNET_RX_LARGE_BYTES;
	bytes[UNET_REGION_TX] = params->tx_bufs * UNET_TX_BUF_BYTES;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		layout->region[i].offset = (u64)i << OFFSET_SHIFT;
		layout->region[i].bytes = ALIGN(bytes[i], page_bytes);
		layout->region[i].flags = region_flags[i];
	}
	return 0;
}

u64 unet_layout_bytes(const struct unet_layout *layout)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < UNET_REGION_COUNT; i++)
		bytes += layout->region[i].bytes;
	return bytes;
}

int unet_layout_region(const struct unet_layout *layout, u64 offset, u64 bytes,
		       u64 *within)
{
	u64 number = offset >> OFFSET_SHIFT;
	u64 start = offset & ((1ull << OFFSET_SHIFT) - 1);
	u64 size;

	if (number >= UNET_REGION_COUNT)
		return -EINVAL;
	size = layout->region[number].bytes;
	if (!bytes || start >= size || bytes > size - start)
		return -EINVAL;
	*within = start;
	return (int)number;
}
