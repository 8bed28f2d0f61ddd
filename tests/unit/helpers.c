// SPDX-License-Identifier: MIT
#include "helpers.h"

struct vector_test {
	const struct vector_set *set;
	u32 row;
};

static void row_holds(void **state)
{
	const struct vector_test *test = *state;

	if (!test->set->holds(test->row))
		fail_msg("%s: \"%s\" does not hold", test->set->name,
			 test->set->title(test->row));
}

int unit_run(const char *group, const struct vector_set *const *sets,
	     size_t n_sets, const struct CMUnitTest *tests, size_t n_tests)
{
	struct vector_test *rows;
	struct CMUnitTest *all;
	size_t count = n_tests;
	size_t at = 0;
	int failed;
	size_t i;
	u32 row;

	for (i = 0; i < n_sets; i++)
		count += sets[i]->count;
	rows = calloc(count, sizeof(*rows));
	all = calloc(count, sizeof(*all));
	if (!rows || !all)
		abort();
	for (i = 0; i < n_sets; i++) {
		for (row = 0; row < sets[i]->count; row++, at++) {
			rows[at].set = sets[i];
			rows[at].row = row;
			all[at].name = sets[i]->title(row);
			all[at].test_func = row_holds;
			all[at].initial_state = &rows[at];
		}
	}
	for (i = 0; i < n_tests; i++, at++)
		all[at] = tests[i];
	failed = _cmocka_run_group_tests(group, all, count, NULL, NULL);
	free(all);
	free(rows);
	return failed;
}

u64 unit_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void *unit_copy(const void *bytes, size_t len)
{
	void *copy = malloc(len);

	if (!copy && len)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}
