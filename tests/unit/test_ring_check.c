// SPDX-License-Identifier: MIT
/*
 * Cursors of a hostile user: the rows of vectors/ring_check.h, and random cursors
 * against a model that counts entries one by one.
 */
#include "helpers.h"
#include "vectors/ring_check.h"

#define ROUNDS	20000

static u64 seed = 1;

/* A ring somewhere in its life; small, so that the edges come up often. */
static struct unet_ring_view random_view(void)
{
	struct unet_ring_view view;

	view.entries = 1u << (unit_random(&seed) % 5);
	view.head = (u32)(unit_random(&seed) % 64) - 32;
	view.tail = view.head + (u32)(unit_random(&seed) % (view.entries + 1));
	return view;
}

/* Steps from one cursor up to another, or -1 when there are more than @most. */
static int steps(u32 from, u32 to, u32 most)
{
	u32 n;

	for (n = 0; n <= most; n++)
		if (from++ == to)
			return (int)n;
	return -1;
}

static void random_heads_are_taken_as_counted(void **state)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct unet_ring_view view = random_view();
		const struct unet_ring_view old = view;
		u32 user = old.head + (u32)(unit_random(&seed) % 48) - 16;
		int most = steps(old.head, old.tail, old.entries);
		int want = steps(old.head, user, (u32)most);
		int ret = unet_ring_taken(&view, &user);

		assert_int_equal(ret, want < 0 ? -EINVAL : want);
		assert_int_equal(view.tail, old.tail);
		assert_int_equal(view.head, want < 0 ? old.head : user);
	}
}

static void random_tails_are_taken_as_counted(void **state)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct unet_ring_view view = random_view();
		const struct unet_ring_view old = view;
		u32 user = old.tail + (u32)(unit_random(&seed) % 48) - 16;
		int known = steps(old.head, old.tail, old.entries);
		int more = steps(old.tail, user, old.entries - (u32)known);
		int ret = unet_ring_filled(&view, &user);

		assert_int_equal(ret, more < 0 ? -EINVAL : known + more);
		assert_int_equal(view.head, old.head);
		assert_int_equal(view.tail, more < 0 ? old.tail : user);
		assert_int_equal(unet_ring_free(&view),
				 old.entries - (u32)(known + max(more, 0)));
	}
}

static void an_entry_is_always_inside_the_ring(void **state)
{
	struct unet_ring_view view = { 0, 0, 8 };

	assert_int_equal(unet_ring_index(&view, 0), 0);
	assert_int_equal(unet_ring_index(&view, 7), 7);
	assert_int_equal(unet_ring_index(&view, 8), 0);
	assert_int_equal(unet_ring_index(&view, 0xffffffff), 7);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&ring_taken_set, &ring_filled_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_heads_are_taken_as_counted),
		cmocka_unit_test(random_tails_are_taken_as_counted),
		cmocka_unit_test(an_entry_is_always_inside_the_ring),
	};

	return unit_run("ring_check", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
