// SPDX-License-Identifier: MIT
/*
 * Door: the parameters of BIND and the offset and length of mmap(). Accepted
 * parameters make a map whose regions are disjoint and bounded, and an accepted
 * range lies inside one region.
 */
#include <stdint.h>
#include <stdlib.h>

#include <linux/unet.h>
#include "core/layout.h"
#include "core/params.h"

struct input {
	struct unet_params want;
	u32 page;
	u32 region;
	u64 start;
	u64 bytes;
};

static void check_map(const struct unet_layout *layout, u32 page)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		const struct unet_region *region = &layout->region[i];

		if (region->bytes % page || region->bytes >> 30 > 1 ||
		    region->offset != (u64)i << 32)
			abort();
		sum += region->bytes;
	}
	if (sum != unet_layout_bytes(layout))
		abort();
}

static void check_range(const struct unet_layout *layout, u64 offset, u64 bytes)
{
	u64 within = 0;
	int id = unet_layout_region(layout, offset, bytes, &within);
	const struct unet_region *region;

	if (id < 0)
		return;
	region = &layout->region[id];
	if (id >= UNET_REGION_COUNT || !bytes || bytes > region->bytes ||
	    within > region->bytes - bytes || region->offset + within != offset)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct unet_param_rule *bad = NULL;
	struct unet_params params;
	struct unet_layout layout;
	struct input in;
	u32 page;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	unet_layout_compute(&in.want, in.page, &layout);

	unet_params_clamp(&in.want, &params);
	if (!unet_params_effective(&params))
		abort();
	if (unet_params_complete(&in.want, &params, &bad)) {
		if (!bad || !bad->name)
			abort();
		unet_params_clamp(&in.want, &params);
	}
	page = 4096u << in.page % 5;
	if (unet_layout_compute(&params, page, &layout))
		abort();
	check_map(&layout, page);
	check_range(&layout, in.start, in.bytes);
	check_range(&layout, ((u64)(in.region % 9) << 32) + in.start % (1u << 20),
		    in.bytes);
	check_range(&layout, ((u64)(in.region % 9) << 32) + in.start % (1u << 20),
		    in.bytes % (1u << 20));
	return 0;
}
