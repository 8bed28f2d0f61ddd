/* SPDX-License-Identifier: MIT */
/* What unit tests share: rows of tests/vectors as tests, randomness, exact memory. */
#ifndef _UNET_UNIT_HELPERS_H
#define _UNET_UNIT_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core_os.h"
#include "vectors/set.h"

#include <cmocka.h>

/**
 * unit_run() - run tables and tests as one group
 * @group:	name of the group
 * @sets:	tables, each row becomes a test named by its sentence
 * @n_sets:	how many
 * @tests:	more tests, may be NULL
 * @n_tests:	how many
 *
 * Return: how many failed.
 */
int unit_run(const char *group, const struct vector_set *const *sets,
	     size_t n_sets, const struct CMUnitTest *tests, size_t n_tests);

/**
 * unit_random() - next number of a fixed sequence
 * @state: seed, any; advanced
 *
 * splitmix64: every run sees the same numbers.
 */
u64 unit_random(u64 *state);

/**
 * unit_copy() - copy to memory of exactly that size
 * @bytes:	what to copy
 * @len:	how many; 0 is fine
 *
 * An access before or behind the copy is seen by ASan.
 *
 * Return: to be freed with free().
 */
void *unit_copy(const void *bytes, size_t len);

#endif /* _UNET_UNIT_HELPERS_H */
