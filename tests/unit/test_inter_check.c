// SPDX-License-Identifier: MIT
/*
 * What an intermediary may: the rows of vectors/inter_check.h; any sequence of
 * tokens given out and ended against a list that remembers all; and for random
 * changes that what is let through is the held packet's flow and, without the right,
 * the held packet's bytes, and that a short look lets through no more than a long one.
 */
#include "core/flow_key.h"
#include "helpers.h"
#include "vectors/inter_check.h"

static u64 seed = 11;

/* ---- tokens ---- */

#define ROUNDS	20000
#define ENTRIES	16

enum fate { HELD, ANSWERED, GONE, LEFT_OUT };

/* Was another given out since that has its entry? */
static bool forgotten(const u8 *fate, u32 next, u32 number)
{
	u32 i;

	for (i = number + ENTRIES; i < next; i += ENTRIES)
		if (fate[i] != LEFT_OUT)
			return true;
	return false;
}

static enum unet_inter_stat by_the_list(const u8 *fate, u32 next, s64 number)
{
	if (number < 0 || number >= next)
		return UNET_INTER_CNT_TOKEN_FOREIGN;
	if (forgotten(fate, next, (u32)number) || fate[number] == GONE)
		return UNET_INTER_CNT_TOKEN_STALE;
	if (fate[number] == LEFT_OUT)
		return UNET_INTER_CNT_TOKEN_FOREIGN;
	return fate[number] == HELD ? UNET_INTER_CNT_NONE :
				      UNET_INTER_CNT_TOKEN_DOUBLE;
}

/* One that is held has the entry of @number. */
static bool taken(const u8 *fate, u32 number)
{
	s64 i;

	for (i = (s64)number - ENTRIES; i >= 0; i -= ENTRIES)
		if (fate[i] == HELD)
			return true;
	return false;
}

/* Return: @next is free to be given out; false: none is. */
static bool leave_out(u8 *fate, u32 *next)
{
	u32 i;

	for (i = 0; i < ENTRIES && taken(fate, *next + i); i++)
		;
	if (i == ENTRIES)
		return false;
	while (i--)
		fate[(*next)++] = LEFT_OUT;
	return true;
}

static s64 eldest(const u8 *fate, u32 next)
{
	u32 i;

	for (i = 0; i < next; i++)
		if (fate[i] == HELD)
			return i;
	return -1;
}

/* Mostly of the last; the eldest now and then, else those that stay are too many. */
static s64 some_number(const u8 *fate, u32 next)
{
	if (!(unit_random(&seed) % 6))
		return eldest(fate, next);
	return (s64)next - 20 + (s64)(unit_random(&seed) % 24);
}

static void issue_one(struct unet_inter_window *w, u8 *fate, u32 *next, u32 *full)
{
	bool free_one = leave_out(fate, next);
	u64 token;
	int at;

	assert_int_equal(unet_inter_token_next(w), w->base + *next);
	at = unet_inter_token_issue(w, &token);
	if (!free_one) {
		assert_int_equal(at, -ENOSPC);
		(*full)++;
		return;
	}
	assert_int_equal(token, w->base + *next);
	assert_int_equal(at, *next % ENTRIES);
	fate[(*next)++] = HELD;
}

static void tokens_are_judged_as_by_a_list_of_all(void **state)
{
	u8 *fate = calloc(2, ROUNDS * ENTRIES);
	u64 memory[ENTRIES] = { 0 };
	struct unet_inter_window w = {
		.base = unit_random(&seed), .entries = ENTRIES, .entry = memory,
	};
	u32 next = 0, round, index, full = 0, old = 0;

	for (round = 0; round < ROUNDS; round++) {
		s64 number = some_number(fate, next);

		if (unit_random(&seed) % 2) {
			issue_one(&w, fate, &next, &full);
			continue;
		}
		assert_int_equal(unet_inter_token_find(&w, w.base + (u64)number,
						       &index),
				 by_the_list(fate, next, number));
		if (by_the_list(fate, next, number))
			continue;
		old += next - number > ENTRIES;
		fate[number] = unit_random(&seed) % 3 ? ANSWERED : GONE;
		unet_inter_token_end(&w, index, fate[number] == GONE ?
				     UNET_TOKEN_GONE : UNET_TOKEN_ANSWERED);
	}
	assert_true(full > 100 && old > 100 && next > 1000);
	free(fate);
}

/* ---- changes ---- */

static void flip(u8 *bytes, u32 len)
{
	bytes[unit_random(&seed) % len] ^= 1u << unit_random(&seed) % 8;
}

/* Fields the kernel fills in, of the two headers below. */
static bool filled(u32 at, u32 len)
{
	if ((at >= 2 && at < 4) || (at >= 10 && at < 12))
		return true;
	return len == 28 ? at >= 24 : at >= 36 && at < 38;
}

static void changes_let_through_keep_what_must_stay(void **state)
{
	static const u32 rights[] = {
		SEE | MAY(MODIFY_HEADERS), SEE | MAY(MODIFY_PAYLOAD),
		SEE | MAY(MODIFY_HEADERS) | MAY(MODIFY_PAYLOAD),
	};
	u32 round, i, let = 0, refused = 0;

	for (round = 0; round < 200000; round++) {
		u8 old[UNET_TX_MAX_HEADER], new[UNET_TX_MAX_HEADER];
		u32 len = vector_bytes(round % 2 ? UDP4(PORTS, "006c") :
				       TCP4("00", PORTS, "1000"), old, sizeof(old));
		struct unet_inter_change c = {
			.rights = rights[unit_random(&seed) % 3],
			.old = old, .new = new, .old_header = len,
			.new_header = len, .old_total = len + 100,
		};
		struct unet_tx_info info;
		u32 total;

		memcpy(new, old, len);
		for (i = unit_random(&seed) % 3; i; i--)
			flip(new, len);
		c.new_total = c.rights & MAY(MODIFY_PAYLOAD) ? len + 100 : len;
		if (unet_inter_change_check(&c, &total, &info)) {
			refused++;
			continue;
		}
		let++;
		assert_int_equal(total, len + 100);
		/* addresses, ports, protocol */
		assert_memory_equal(old + 12, new + 12, 12);
		assert_int_equal(old[9], new[9]);
		if (c.rights & MAY(MODIFY_HEADERS))
			continue;
		for (i = 0; i < len; i++)
			assert_true(old[i] == new[i] || filled(i, len));
	}
	assert_true(let > 10000 && refused > 10000);
}

/* Headers of packets as they come, with 100 bytes behind them. */
static const char *const parsed[] = {
	HELD4("0080", "4000", "40", "11") BY_UDP(PORTS),
	HELD4("008c", "4000", "40", "06") BY_TCP("10"),
	HELD4("0090", "4000", "40", "06") BY_TCP_WITH("01010101"),
	HELD6("006c", "11") BY_UDP(PORTS),
	HELD6("0078", "06") BY_TCP("18"),
};

/* The header of IP is flipped more often than not. */
static void flip_some(u8 *bytes, u32 len, u32 l4)
{
	u32 i;

	for (i = unit_random(&seed) % 3; i; i--)
		flip(bytes, unit_random(&seed) % 4 ? l4 : len);
}

static void what_is_plain_is_let_through(void **state)
{
	static const u32 rights[] = {
		SEE, MARK, CHANGE, MARK | CHANGE, MARK | MAY(DROP),
	};
	u32 round, plain = 0, not = 0;

	for (round = 0; round < 300000; round++) {
		u8 old[UNET_TX_MAX_HEADER], new[UNET_TX_MAX_HEADER];
		u32 len = vector_bytes(parsed[round % ARRAY_SIZE(parsed)], old, sizeof(old));
		u32 l4 = unet_ip_bytes(old);
		struct unet_inter_change c = {
			.rights = rights[unit_random(&seed) % ARRAY_SIZE(rights)],
			.old = old, .new = new, .old_header = len, .new_header = len,
			.old_total = len + 100,
			.seg_size = unit_random(&seed) % 2 ? 50 : 0,
		};
		struct unet_tx_info info;
		u32 total;

		memcpy(new, old, len);
		flip_some(new, len, l4);
		if (!(unit_random(&seed) % 4))
			flip(old, len);
		c.new_total = len + (c.rights & MAY(MODIFY_PAYLOAD) ? 100 : 0);
		if (!unet_inter_change_plain(&c, l4)) {
			not++;
			continue;
		}
		plain++;
		assert_int_equal(unet_inter_change_check(&c, &total, &info), 0);
		assert_int_equal(total, c.old_total);
		assert_memory_equal(old + l4, new + l4, len - l4);
	}
	assert_true(plain > 50000 && not > 50000);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&inter_terms_set, &inter_redirect_set, &inter_match_set, &inter_token_set,
		&inter_verdict_set, &inter_change_set, &inter_plain_set,
		&inter_inject_set, &inter_prefix_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_judged_as_by_a_list_of_all),
		cmocka_unit_test(changes_let_through_keep_what_must_stay),
		cmocka_unit_test(what_is_plain_is_let_through),
	};

	return unit_run("inter_check", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
