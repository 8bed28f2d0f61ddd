// SPDX-License-Identifier: MIT
/*
 * SipHash-2-4 against the authors' own vectors (Aumasson, Bernstein 2012, appendix
 * A and the first rows of their table), and the generator built on it.
 */
#include "catcher.h"
#include "helpers.h"

static const u64 key[2] = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };

/* Of the bytes 0, 1, 2, ... n - 1. */
static const struct { u32 n; u64 hash; } vectors[] = {
	{ 0, 0x726fdb47dd0e0e31ull },
	{ 1, 0x74f839c593dc67fdull },
	{ 2, 0x0d6c8009d9a94f5aull },
	{ 3, 0x85676696d7fb7e2dull },
	{ 7, 0xab0200f58b01d137ull },
	{ 8, 0x93f5f5799a932462ull },
	{ 15, 0xa129ca6149be45e5ull },
};

static void the_authors_vectors_hold(void **state)
{
	u8 bytes[16];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)i;
	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		assert_int_equal(unet_siphash(key, bytes, vectors[i].n),
				 vectors[i].hash);
}

static void the_generator_repeats_for_a_seed_and_only_for_it(void **state)
{
	struct fake f;
	struct unet_stack *other;
	u64 a[8];
	int i;

	for (i = 0; i < 8; i++)
		a[i] = unet_stack_random(caught.st);
	fake_init(&f);
	other = unet_stack_create(&f.be, NULL, "seed", 4);
	for (i = 0; i < 8; i++)
		assert_int_equal(unet_stack_random(other), a[i]);
	unet_stack_destroy(other);
	other = unet_stack_create(&f.be, NULL, "seee", 4);
	for (i = 0; i < 8; i++)
		assert_int_not_equal(unet_stack_random(other), a[i]);
	assert_int_not_equal(other->sip_key[0], caught.st->sip_key[0]);
	unet_stack_destroy(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CATCHER_TEST(the_authors_vectors_hold),
		CATCHER_TEST(the_generator_repeats_for_a_seed_and_only_for_it),
	};

	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
