// SPDX-License-Identifier: MIT
/*
 * The map of a channel: the rows of vectors/layout.h, and that for random
 * parameters nothing overlaps, everything fits and cache lines are respected.
 */
#include "helpers.h"
#include "vectors/layout.h"

static u64 seed = 4;

static u32 random_below(u32 n)
{
	return (u32)(unit_random(&seed) % n);
}

static void random_params(struct unet_params *params)
{
	params->rx_slots = 1u << random_below(20);
	params->tx_slots = 1u << random_below(20);
	params->rx_small = random_below(300000);
	params->rx_large = random_below(9000);
	params->tx_bufs = random_below(300000);
	params->max_flows = 1u << random_below(18);
	unet_params_clamp(params, params);
}

static void array_fits(const struct unet_layout *layout, enum unet_region_id id,
		       u32 after, u32 offset, u64 bytes)
{
	assert_true(offset >= after);
	assert_int_equal(offset % UNET_CACHELINE, 0);
	assert_true(offset + bytes <= layout->region[id].bytes);
}

static void arrays_fit(const struct unet_layout *l)
{
	const struct unet_params *p = &l->params;
	u64 rx_end = l->rx_slots_offset +
		     (u64)p->rx_slots * sizeof(struct unet_rx_slot);
	u64 tx_end = l->tx_slots_offset +
		     (u64)p->tx_slots * sizeof(struct unet_tx_slot);
	u64 bufs = (u64)p->rx_small + p->rx_large;

	array_fits(l, UNET_REGION_INFO, sizeof(struct unet_info), l->adv_offset,
		   (u64)p->max_flows * sizeof(struct unet_flow_adv));
	array_fits(l, UNET_REGION_KRING, sizeof(struct unet_kring),
		   l->rx_slots_offset, rx_end - l->rx_slots_offset);
	array_fits(l, UNET_REGION_KRING, (u32)rx_end, l->done_offset,
		   (u64)l->done_entries * sizeof(struct unet_done));
	array_fits(l, UNET_REGION_URING, sizeof(struct unet_uring),
		   l->tx_slots_offset, tx_end - l->tx_slots_offset);
	array_fits(l, UNET_REGION_URING, (u32)tx_end, l->free_offset,
		   (u64)l->free_entries * sizeof(u32));
	array_fits(l, UNET_REGION_DESC, 0, 0, bufs * sizeof(struct unet_desc));
	array_fits(l, UNET_REGION_TX, 0, 0, (u64)p->tx_bufs * UNET_TX_BUF_BYTES);
	assert_true(l->free_entries >= bufs && l->free_entries < 2 * bufs);
	assert_true(is_power_of_2(l->free_entries));
	assert_true(is_power_of_2(l->done_entries));
}

static void random_layouts_hold_what_they_promise(void **state)
{
	static const u32 pages[] = { 4096, 16384, 65536 };
	struct unet_params params;
	struct unet_layout layout;
	int round;
	u32 i;

	for (round = 0; round < 20000; round++) {
		u32 page = pages[random_below(3)];

		random_params(&params);
		assert_int_equal(unet_layout_compute(&params, page, &layout), 0);
		arrays_fit(&layout);
		for (i = 0; i < UNET_REGION_COUNT; i++) {
			assert_int_equal(layout.region[i].bytes % page, 0);
			assert_int_equal(layout.region[i].offset % page, 0);
			/* what is addressed by u32 is smaller than that */
			assert_true(layout.region[i].bytes <= 1u << 30);
		}
	}
}

static void a_refused_layout_is_left_alone(void **state)
{
	const struct unet_params params = { 0 };
	struct unet_layout before;
	struct unet_layout layout;

	memset(&before, 0xa5, sizeof(before));
	layout = before;
	assert_int_equal(unet_layout_compute(&params, 4096, &layout), -EINVAL);
	assert_memory_equal(&layout, &before, sizeof(layout));
}

static void the_defaults_are_less_than_8_mib(void **state)
{
	struct unet_params params = { 0 };
	struct unet_layout layout;

	assert_int_equal(unet_params_complete(&params, &params, NULL), 0);
	assert_int_equal(unet_layout_compute(&params, 4096, &layout), 0);
	assert_true(unet_layout_bytes(&layout) <= 8u << 20);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&layout_set, &layout_region_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_layouts_hold_what_they_promise),
		cmocka_unit_test(a_refused_layout_is_left_alone),
		cmocka_unit_test(the_defaults_are_less_than_8_mib),
	};

	return unit_run("layout", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
