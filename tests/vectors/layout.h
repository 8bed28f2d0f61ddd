/* SPDX-License-Identifier: MIT */
/* Parameters of a channel, and the map they make. */
#ifndef _UNET_VECTORS_LAYOUT_H
#define _UNET_VECTORS_LAYOUT_H

#include <linux/unet.h>
#include "core/layout.h"
#include "core/params.h"
#include "vectors/set.h"

#define OMIT UNET_PARAM_NONE

/* @bad: the member that is complained about; @out: effective parameters else */
struct params_row {
	const char *name;
	struct unet_params want;
	const char *bad;
	struct unet_params out;
	struct unet_params clamped;
};

static const struct params_row params_rows[] = {
	{ "all zero is the defaults", { 0 }, NULL,
	  { 1024, 1024, 1024, 48, 1024, 4096 },
	  { 1024, 1024, 1024, 48, 1024, 4096 } },
	{ "the smallest channel", { 8, 8, 8, OMIT, 8, 1 }, NULL,
	  { 8, 8, 8, 0, 8, 1 }, { 8, 8, 8, 0, 8, 1 } },
	{ "the largest channel",
	  { 65536, 65536, 262144, 8192, 262144, 65536 }, NULL,
	  { 65536, 65536, 262144, 8192, 262144, 65536 },
	  { 65536, 65536, 262144, 8192, 262144, 65536 } },
	{ "RX ring that is no power of two", { .rx_slots = 1000 }, "rx_slots",
	  { 0 }, { 1024, 1024, 1024, 48, 1024, 4096 } },
	{ "RX ring too small", { .rx_slots = 4 }, "rx_slots",
	  { 0 }, { 8, 1024, 1024, 48, 1024, 4096 } },
	{ "RX ring too large", { .rx_slots = 131072 }, "rx_slots",
	  { 0 }, { 65536, 1024, 1024, 48, 1024, 4096 } },
	{ "RX ring of 2^31 slots", { .rx_slots = 1u << 31 }, "rx_slots",
	  { 0 }, { 65536, 1024, 1024, 48, 1024, 4096 } },
	{ "RX ring cannot be left out", { .rx_slots = OMIT }, "rx_slots",
	  { 0 }, { 65536, 1024, 1024, 48, 1024, 4096 } },
	{ "TX ring that is no power of two", { .tx_slots = 24 }, "tx_slots",
	  { 0 }, { 1024, 32, 1024, 48, 1024, 4096 } },
	{ "TX ring just over the limit", { .tx_slots = 65537 }, "tx_slots",
	  { 0 }, { 1024, 65536, 1024, 48, 1024, 4096 } },
	{ "small buffers need be no power of two", { .rx_small = 1000 }, NULL,
	  { 1024, 1024, 1000, 48, 1024, 4096 },
	  { 1024, 1024, 1000, 48, 1024, 4096 } },
	{ "too few small buffers", { .rx_small = 7 }, "rx_small",
	  { 0 }, { 1024, 1024, 8, 48, 1024, 4096 } },
	{ "too many small buffers", { .rx_small = 262145 }, "rx_small",
	  { 0 }, { 1024, 1024, 262144, 48, 1024, 4096 } },
	{ "one large buffer", { .rx_large = 1 }, NULL,
	  { 1024, 1024, 1024, 1, 1024, 4096 },
	  { 1024, 1024, 1024, 1, 1024, 4096 } },
	{ "no large buffers", { .rx_large = OMIT }, NULL,
	  { 1024, 1024, 1024, 0, 1024, 4096 },
	  { 1024, 1024, 1024, 0, 1024, 4096 } },
	{ "too many large buffers", { .rx_large = 8193 }, "rx_large",
	  { 0 }, { 1024, 1024, 1024, 8192, 1024, 4096 } },
	{ "nearly UNET_PARAM_NONE is a number", { .rx_large = OMIT - 1 },
	  "rx_large", { 0 }, { 1024, 1024, 1024, 8192, 1024, 4096 } },
	{ "too many send buffers", { .tx_bufs = 1u << 20 }, "tx_bufs",
	  { 0 }, { 1024, 1024, 1024, 48, 262144, 4096 } },
	{ "send buffers cannot be left out", { .tx_bufs = OMIT }, "tx_bufs",
	  { 0 }, { 1024, 1024, 1024, 48, 262144, 4096 } },
	{ "flows that are no power of two", { .max_flows = 3 }, "max_flows",
	  { 0 }, { 1024, 1024, 1024, 48, 1024, 4 } },
	{ "more flows than a handle can name", { .max_flows = 131072 },
	  "max_flows", { 0 }, { 1024, 1024, 1024, 48, 1024, 65536 } },
	{ "of two faults the first is named",
	  { .tx_slots = 3, .max_flows = 3 }, "tx_slots",
	  { 0 }, { 1024, 8, 1024, 48, 1024, 4 } },
};

static inline bool params_holds(const struct params_row *row)
{
	const struct unet_param_rule *bad = NULL;
	struct unet_params out = row->want;
	struct unet_layout layout;
	int ret;

	unet_params_clamp(&row->want, &out);
	if (memcmp(&out, &row->clamped, sizeof(out)) ||
	    !unet_params_effective(&out) ||
	    unet_layout_compute(&out, 4096, &layout))
		return false;
	out = row->want;
	ret = unet_params_complete(&out, &out, &bad);
	if (row->bad)
		return ret == -EINVAL && bad && !strcmp(bad->name, row->bad) &&
		       unet_params_complete(&row->want, &out, NULL) == -EINVAL;
	return !ret && !bad && !memcmp(&out, &row->out, sizeof(out)) &&
	       unet_params_effective(&out);
}

VECTOR_SET(params);

/* @bytes: of each region; offsets of arrays in the order of the struct */
struct layout_row {
	const char *name;
	struct unet_params params;
	u32 page;
	int ret;
	u32 entries[2];
	u32 offset[5];
	u32 bytes[UNET_REGION_COUNT];
};

static const struct layout_row layout_rows[] = {
	{ "the defaults make less than 8 MiB",
	  { 1024, 1024, 1024, 48, 1024, 4096 }, 4096, 0,
	  { 2048, 1024 },
	  { 64, 320, 320 + 65536, 256, 256 + 65536 },
	  { 135168, 77824, 77824, 36864, 2097152, 3145728, 2097152 } },
	{ "the smallest channel takes a page a region",
	  { 8, 8, 8, 0, 8, 1 }, 4096, 0,
	  { 8, 8 },
	  { 64, 320, 832, 256, 768 },
	  { 4096, 4096, 4096, 4096, 16384, 0, 16384 } },
	{ "larger pages round up further",
	  { 8, 8, 8, 0, 8, 1 }, 65536, 0,
	  { 8, 8 },
	  { 64, 320, 832, 256, 768 },
	  { 65536, 65536, 65536, 65536, 65536, 0, 65536 } },
	{ "the largest channel does not overflow",
	  { 65536, 65536, 262144, 8192, 262144, 65536 }, 4096, 0,
	  { 524288, 65536 },
	  { 64, 320, 4194624, 256, 4194560 },
	  { 2101248, 4722688, 6295552, 8650752, 536870912, 536870912,
	    536870912 } },
	{ "FREE has one entry for each of a power of two of buffers",
	  { 8, 8, 1023, 1, 8, 1 }, 4096, 0,
	  { 1024, 8 },
	  { 64, 320, 832, 256, 768 },
	  { 4096, 4096, 8192, 32768, 2097152, 65536, 16384 } },
	{ "zero is not an effective parameter",
	  { 8, 8, 8, 0, 0, 1 }, 4096, -EINVAL },
	{ "a ring that is no power of two is refused",
	  { 9, 8, 8, 0, 8, 1 }, 4096, -EINVAL },
	{ "buffers that would overflow 32 bits are refused",
	  { 8, 8, 1u << 21, 0, 8, 1 }, 4096, -EINVAL },
	{ "a sum of buffers that would wrap is refused",
	  { 8, 8, 8, 0xfffffffe, 8, 1 }, 4096, -EINVAL },
	{ "UNET_PARAM_NONE is not an effective parameter",
	  { 8, 8, 8, OMIT, 8, 1 }, 4096, -EINVAL },
	{ "pages of no size are refused", { 8, 8, 8, 0, 8, 1 }, 0, -EINVAL },
	{ "pages of half a page are refused",
	  { 8, 8, 8, 0, 8, 1 }, 2048, -EINVAL },
	{ "pages that are no power of two are refused",
	  { 8, 8, 8, 0, 8, 1 }, 12288, -EINVAL },
	{ "pages of 2^31 bytes are refused",
	  { 8, 8, 8, 0, 8, 1 }, 1u << 31, -EINVAL },
};

static inline bool layout_regions_hold(const struct layout_row *row,
				       const struct unet_layout *layout)
{
	u64 sum = 0;
	u64 at;
	u32 i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		const struct unet_region *region = &layout->region[i];
		bool writable = i != UNET_REGION_INFO &&
				i != UNET_REGION_KRING &&
				i != UNET_REGION_DESC;

		sum += row->bytes[i];
		if (region->offset != (u64)i << 32 || region->reserved ||
		    region->bytes != row->bytes[i] ||
		    region->flags != (writable ? UNET_REGION_WRITE : 0))
			return false;
		if (region->bytes &&
		    (unet_layout_region(layout, region->offset, region->bytes,
					&at) != (int)i || at))
			return false;
	}
	return unet_layout_bytes(layout) == sum;
}

static inline bool layout_holds(const struct layout_row *row)
{
	struct unet_layout layout;
	int ret = unet_layout_compute(&row->params, row->page, &layout);

	if (ret || row->ret)
		return ret == row->ret;
	return !memcmp(&layout.params, &row->params, sizeof(row->params)) &&
	       layout.free_entries == row->entries[0] &&
	       layout.done_entries == row->entries[1] &&
	       layout.adv_offset == row->offset[0] &&
	       layout.rx_slots_offset == row->offset[1] &&
	       layout.done_offset == row->offset[2] &&
	       layout.tx_slots_offset == row->offset[3] &&
	       layout.free_offset == row->offset[4] &&
	       !layout.reserved && !layout.reserved2[0] && !layout.reserved2[1] &&
	       layout_regions_hold(row, &layout);
}

VECTOR_SET(layout);

/* What an mmap() of the smallest channel means; @ret: region or error. */
struct layout_region_row {
	const char *name;
	u64 offset;
	u64 bytes;
	int ret;
	u64 within;
};

#define REGION(r)	((u64)UNET_REGION_##r << 32)

static const struct layout_region_row layout_region_rows[] = {
	{ "a whole region", REGION(TX), 16384, UNET_REGION_TX, 0 },
	{ "the middle of a region", REGION(TX) + 4096, 8192, UNET_REGION_TX, 4096 },
	{ "the last page of a region", REGION(TX) + 12288, 4096, UNET_REGION_TX,
	  12288 },
	{ "a byte past the end is refused", REGION(TX), 16385, -EINVAL },
	{ "a page past the end is refused", REGION(TX) + 12288, 8192, -EINVAL },
	{ "a start at the end is refused", REGION(TX) + 16384, 4096, -EINVAL },
	{ "a region that was not asked for is refused", REGION(RX_LARGE), 4096,
	  -EINVAL },
	{ "no bytes are refused", REGION(INFO), 0, -EINVAL },
	{ "a region there is none of is refused", REGION(COUNT), 4096, -EINVAL },
	{ "the last offset there is, is refused", ~0ull, 1, -EINVAL },
	{ "a length that wraps is refused", REGION(TX) + 4096, ~0ull, -EINVAL },
	{ "a length that reaches the next region is refused", REGION(INFO),
	  (1ull << 32) + 4096, -EINVAL },
};

static inline bool layout_region_holds(const struct layout_region_row *row)
{
	const struct unet_params params = { 8, 8, 8, 0, 8, 1 };
	struct unet_layout layout;
	u64 within = 0;
	int ret;

	if (unet_layout_compute(&params, 4096, &layout))
		return false;
	ret = unet_layout_region(&layout, row->offset, row->bytes, &within);
	return ret == row->ret && within == row->within;
}

VECTOR_SET(layout_region);

#endif /* _UNET_VECTORS_LAYOUT_H */
