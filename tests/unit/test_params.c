// SPDX-License-Identifier: MIT
/*
 * Parameters of a channel: the rows of vectors/layout.h, and random ones, which
 * are taken as they are or refused, and never changed silently.
 */
#include "helpers.h"
#include "vectors/layout.h"

static u64 seed = 3;

static u32 random_param(void)
{
	u64 r = unit_random(&seed);

	switch (r % 6) {
	case 0:
		return 0;
	case 1:
		return UNET_PARAM_NONE;
	case 2:
		return (u32)(r >> 8);
	case 3:
		return (1u << (r >> 8) % 32) - 1;
	case 4:
		return (u32)(r >> 8) % 100;
	default:
		return 1u << (r >> 8) % 32;
	}
}

static void params_are_taken_or_refused_but_not_changed(void **state)
{
	struct unet_params clamped;
	struct unet_params want;
	struct unet_params out;
	int taken = 0;
	u32 *w = (u32 *)&want;
	u32 *o = (u32 *)&out;
	int round;
	u32 i;

	for (round = 0; round < 200000; round++) {
		for (i = 0; i < UNET_PARAM_RULES; i++)
			w[i] = random_param();
		unet_params_clamp(&want, &clamped);
		assert_true(unet_params_effective(&clamped));
		if (unet_params_complete(&want, &out, NULL))
			continue;
		taken++;
		assert_true(unet_params_effective(&out));
		assert_memory_equal(&out, &clamped, sizeof(out));
		for (i = 0; i < UNET_PARAM_RULES; i++)
			if (w[i] && w[i] != UNET_PARAM_NONE)
				assert_int_equal(o[i], w[i]);
	}
	assert_in_range(taken, 100, 199900);
}

static void rules_are_in_the_order_of_the_struct(void **state)
{
	u32 i;

	for (i = 0; i < UNET_PARAM_RULES; i++) {
		assert_int_equal(unet_param_rule[i].offset, i * sizeof(u32));
		assert_true(unet_param_rule[i].min <= unet_param_rule[i].def);
		assert_true(unet_param_rule[i].def <= unet_param_rule[i].max);
	}
}

int main(void)
{
	static const struct vector_set *const sets[] = { &params_set };
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(params_are_taken_or_refused_but_not_changed),
		cmocka_unit_test(rules_are_in_the_order_of_the_struct),
	};

	return unit_run("params", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
