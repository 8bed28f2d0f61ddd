// SPDX-License-Identifier: MIT
/*
 * TX memory: blocks never overlap, everything comes back and joins again, headers
 * have a place of their own.
 */
#include <linux/unet.h>
#include "backend.h"
#include "helpers.h"
#include "txmem.h"

#define UNITS	200
#define BYTES	(UNITS * UNET_TX_BUF_BYTES)

static struct unet_txmem m;
static u8 *mem;

static int set_up(void **state)
{
	mem = malloc(BYTES);
	return unet_txmem_init(&m, mem, BYTES, 64);
}

static int tear_down(void **state)
{
	unet_txmem_exit(&m);
	free(mem);
	return 0;
}

static void sizes_are_rounded_up_to_a_power_of_two(void **state)
{
	static const struct { u32 min, want, got; } rows[] = {
		{ 1, 1, 2048 }, { 2048, 2048, 2048 }, { 2049, 2049, 4096 },
		{ 1, 65536, 65536 }, { 65536, 65536, 65536 },
		{ 10000, 1, 16384 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct unet_block *b = unet_txmem_alloc(&m, rows[i].min,
							rows[i].want);

		assert_int_equal(b->size, rows[i].got);
		assert_true(unet_txmem_owns(&m, b));
		unet_block_put(b);
	}
	assert_null(unet_txmem_alloc(&m, 65537, 65537));
}

static void less_is_given_when_there_is_no_more(void **state)
{
	struct unet_block *big[3];
	struct unet_block *b;
	int i;

	/* 192 units: 6 of 64 KiB */
	for (i = 0; i < 3; i++)
		big[i] = unet_txmem_alloc(&m, 65536, 65536);
	for (i = 0; i < 3; i++)
		b = unet_txmem_alloc(&m, 65536, 65536);
	assert_null(unet_txmem_alloc(&m, 1, 65536));
	unet_block_put(b);
	b = unet_txmem_alloc(&m, 2048, 2048);
	/* the half that is left, not the whole that is wanted */
	assert_int_equal(unet_txmem_alloc(&m, 2048, 65536)->size, 32768);
	assert_null(unet_txmem_alloc(&m, 32768, 65536));
	unet_block_put(big[1]);
	assert_int_equal(unet_txmem_alloc(&m, 2048, 65536)->size, 65536);
}

static void headers_do_not_run_out_with_payload(void **state)
{
	struct unet_block *b[64];
	int i;

	while (unet_txmem_alloc(&m, 1, 1))
		;
	for (i = 0; i < 64; i++) {
		b[i] = unet_txmem_header(&m);
		assert_int_equal(b[i]->size, UNET_TX_HEADER_BYTES);
		assert_true(b[i]->base + b[i]->size <= m.unit_base);
		memset(b[i]->base, i, b[i]->size);
	}
	assert_null(unet_txmem_header(&m));
	for (i = 0; i < 64; i++) {
		assert_int_equal(b[i]->base[255], i);
		unet_block_put(b[i]);
	}
	assert_non_null(unet_txmem_header(&m));
}

static void too_little_memory_is_refused(void **state)
{
	struct unet_txmem small;

	assert_int_equal(unet_txmem_init(&small, mem, 3 * UNET_TX_BUF_BYTES,
					 64), -EINVAL);
	assert_int_equal(unet_txmem_init(&small, mem, 8 * UNET_TX_BUF_BYTES,
					 64), 0);
	assert_int_equal(small.n_headers, 16);
	unet_txmem_exit(&small);
}

#define HELD	100

static void any_sequence_keeps_blocks_apart_and_loses_nothing(void **state)
{
	struct unet_block *b[HELD] = { NULL };
	u64 all = m.free_bytes;
	u64 rnd = 5;
	u64 held = 0;
	int i;

	assert_int_equal(all, 192 * UNET_TX_BUF_BYTES);
	for (i = 0; i < 100000; i++) {
		u32 k = (u32)(unit_random(&rnd) % HELD);

		if (b[k]) {
			assert_int_equal(b[k]->base[0], k);
			assert_int_equal(b[k]->base[b[k]->size - 1], k);
			held -= b[k]->size;
			unet_block_put(b[k]);
			b[k] = NULL;
		} else {
			u32 want = 1 + (u32)(unit_random(&rnd) %
					     (1u << unit_random(&rnd) % 17));
			u32 min = 1 + (u32)(unit_random(&rnd) % want);

			b[k] = unet_txmem_alloc(&m, min, want);
			if (!b[k])
				continue;
			assert_true(b[k]->size >= min);
			held += b[k]->size;
			b[k]->base[0] = (u8)k;
			b[k]->base[b[k]->size - 1] = (u8)k;
		}
		assert_int_equal(m.free_bytes + held, all);
	}
	for (i = 0; i < HELD; i++) {
		if (b[i])
			unet_block_put(b[i]);
	}
	/* all buddies have found each other */
	for (i = 0; i < 6; i++)
		assert_non_null(unet_txmem_alloc(&m, 65536, 65536));
	assert_int_equal(m.free_bytes, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes_are_rounded_up_to_a_power_of_two),
		TEST(less_is_given_when_there_is_no_more),
		TEST(headers_do_not_run_out_with_payload),
		TEST(too_little_memory_is_refused),
		TEST(any_sequence_keeps_blocks_apart_and_loses_nothing),
	};

	return cmocka_run_group_tests_name("txmem", tests, NULL, NULL);
}
