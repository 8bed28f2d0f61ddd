// SPDX-License-Identifier: MIT
/*
 * Packet types: the rows of vectors/type_match.h; sets of random rules against a
 * plain reference that asks each rule in turn; the limit of rules that wait behind
 * each other; and that a thousand rules are found in as few steps as one.
 */
#include "helpers.h"
#include "vectors/type_match.h"

#define RULES_MAX	64

static u64 seed = 11;

static u32 random_below(u32 n)
{
	return (u32)(unit_random(&seed) % n);
}

struct compiled {
	struct unet_type_rule rule[1000];
	const struct unet_type_rule *in_order[1000];
	struct unet_type_span *span;
	struct unet_type_set set;
};

static int by_order(const void *a, const void *b)
{
	return unet_type_rule_cmp(*(const struct unet_type_rule *const *)a,
				  *(const struct unet_type_rule *const *)b);
}

/* Exactly as many spans as are asked for, so that ASan sees one too many. */
static int compile(struct compiled *c, u32 num, u32 *culprit)
{
	static u32 marks[UNET_TYPE_MARK_WORDS];
	u32 i;

	for (i = 0; i < num; i++)
		c->in_order[i] = &c->rule[i];
	qsort(c->in_order, num, sizeof(c->in_order[0]), by_order);
	c->span = calloc(unet_type_set_spans(c->in_order, num),
			 sizeof(*c->span));
	c->set = (struct unet_type_set){ .rule = c->in_order, .num = num };
	memset(marks, 0xff, sizeof(marks));
	return unet_type_set_build(&c->set, c->span, marks, culprit);
}

/* Numbers from a few, so that rules meet. */
static struct unet_type_spec random_spec(void)
{
	struct unet_type_spec spec = {
		.layer = 1 + random_below(3),
		.direction = 1 + random_below(3),
		.action = UNET_TYPE_DROP,
		.priority = 1 + random_below(3),
		.first = 0x88b0 + random_below(15),
	};

	if (spec.layer == UNET_TYPE_PORT)
		spec.proto = random_below(2) ? 6 : 17;
	if (spec.layer == UNET_TYPE_PROTO)
		spec.first = random_below(2) ? 6 : 17;
	spec.last = spec.first + (random_below(3) ? 0 : random_below(8));
	if (spec.layer == UNET_TYPE_PORT && !random_below(8))
		spec.last = 65535;
	if (spec.layer != UNET_TYPE_ETHERTYPE && random_below(2)) {
		spec.family = INET4;
		spec.local_bits = 8 * random_below(2);
		spec.local[0] = spec.local_bits ? 10 + random_below(2) : 0;
	}
	return spec;
}

/* Does it select the packet? Word by word what the header says. */
static bool selects(const struct unet_type_rule *r, bool tx, u16 ethertype,
		    const struct unet_flow_key *key)
{
	u16 port = be16_to_cpu(key->local_port);

	if (!(r->direction & (tx ? TX : RX)))
		return false;
	if (ethertype)
		return r->layer == UNET_TYPE_ETHERTYPE &&
		       ethertype >= r->first && ethertype <= r->last;
	if (r->layer == UNET_TYPE_ETHERTYPE)
		return false;
	if (r->layer == UNET_TYPE_PROTO && (key->proto < r->first || key->proto > r->last))
		return false;
	if (r->layer == UNET_TYPE_PORT &&
	    (key->proto != r->proto || port < r->first || port > r->last))
		return false;
	return !r->local_bits ||
	       *(const u8 *)key->local == *(const u8 *)r->local;
}

/* Nothing can be behind it that is ever asked, in its own table. */
static bool decides(const struct unet_type_rule *r)
{
	return !r->family;
}

static void compare(const struct compiled *c, bool tx, u16 ethertype,
		    const struct unet_flow_key *key)
{
	bool decided[UNET_TYPE_LAYER_COUNT] = { false };
	struct unet_type_walk walk;
	u32 i;

	if (ethertype)
		unet_type_walk_frame(&walk, &c->set, tx, ethertype);
	else
		unet_type_walk_key(&walk, &c->set, tx, key);
	for (i = 0; i < c->set.num; i++) {
		const struct unet_type_rule *r = c->in_order[i];

		if (decided[r->layer] || !selects(r, tx, ethertype, key))
			continue;
		assert_ptr_equal(unet_type_walk_next(&walk), r);
		decided[r->layer] = decides(r);
	}
	assert_null(unet_type_walk_next(&walk));
}

static void random_sets_find_what_the_reference_finds(void **state)
{
	static struct compiled c;
	int round, packet, built = 0;
	u32 i, num, culprit;

	for (round = 0; round < 2000; round++) {
		num = 1 + random_below(RULES_MAX);
		for (i = 0; i < num; i++) {
			struct unet_type_spec spec = random_spec();

			assert_int_equal(unet_type_spec_check(&spec), 0);
			unet_type_rule_set(&c.rule[i], &spec, i + 1, random_below(2));
		}
		culprit = num;
		if (compile(&c, num, &culprit)) {
			assert_in_range(culprit, UNET_TYPE_OVERLAP, num - 1);
			free(c.span);
			continue;
		}
		built++;
		for (packet = 0; packet < 50; packet++) {
			struct unet_flow_key key = {
				.proto = random_below(2) ? 6 : 17, .family = 4,
				.local_port = cpu_to_be16(0x88ae + random_below(30)),
				.mask = UNET_MASK_5TUPLE,
			};

			((u8 *)key.local)[0] = 10 + random_below(3);
			compare(&c, random_below(2), packet % 3 ? 0 :
				0x88ae + random_below(30), &key);
		}
		free(c.span);
	}
	assert_in_range(built, 500, 2000);
}

/* A rule more than may wait for one number, each for another address. */
static void one_number(struct compiled *c)
{
	u32 i;

	for (i = 0; i <= UNET_TYPE_OVERLAP; i++) {
		struct unet_type_spec spec = { UDPS(7, 7), .family = INET4,
			.local_bits = 32, .local = { 10, 0, 0, 1 + i }, .priority = 5 };

		unet_type_rule_set(&c->rule[i], &spec, i + 1, false);
	}
}

static void one_rule_too_many_for_a_number_is_named(void **state)
{
	static struct compiled c;
	u32 culprit = 99;

	one_number(&c);
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP, &culprit), 0);
	free(c.span);
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP + 1, &culprit), -ENOSPC);
	assert_int_equal(culprit, UNET_TYPE_OVERLAP);
	free(c.span);
	/* Behind one that takes all there is room for any number. */
	c.rule[0].family = 0;
	c.rule[0].local_bits = 0;
	c.rule[0].priority = 1;
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP + 1, &culprit), 0);
	free(c.span);
}

static void users_have_half_of_a_number(void **state)
{
	static struct compiled c;
	u32 i, culprit = 99;

	one_number(&c);
	for (i = 0; i <= UNET_TYPE_OVERLAP_USERS; i++)
		c.rule[i].user = true;
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP_USERS, &culprit), 0);
	free(c.span);
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP_USERS + 1, &culprit), -ENOSPC);
	assert_int_equal(culprit, UNET_TYPE_OVERLAP_USERS);
	free(c.span);
	/* The other half is there for others. */
	c.rule[UNET_TYPE_OVERLAP_USERS].user = false;
	assert_int_equal(compile(&c, UNET_TYPE_OVERLAP, &culprit), 0);
	free(c.span);
}

static void a_users_rule_hides_none_from_sends(void **state)
{
	static struct compiled c;
	struct unet_type_spec spec = { ETHER(0x88b5, 0x88b5), .priority = 1 };
	struct unet_type_walk walk;
	u32 culprit;

	spec.direction = BOTH;
	unet_type_rule_set(&c.rule[0], &spec, 1, true);
	c.rule[0].user = true;
	spec.priority = 2;
	unet_type_rule_set(&c.rule[1], &spec, 2, true);
	assert_int_equal(compile(&c, 2, &culprit), 0);
	unet_type_walk_frame(&walk, &c.set, true, 0x88b5);
	assert_int_equal(unet_type_walk_next(&walk)->id, 1);
	assert_int_equal(unet_type_walk_next(&walk)->id, 2);
	assert_null(unet_type_walk_next(&walk));
	unet_type_walk_frame(&walk, &c.set, false, 0x88b5);
	assert_int_equal(unet_type_walk_next(&walk)->id, 1);
	assert_null(unet_type_walk_next(&walk));
	free(c.span);
}

static void a_thousand_rules_are_a_table_of_two_thousand_spans_at_most(void **state)
{
	static struct compiled c;
	struct unet_flow_key key = { .proto = 17, .family = 4, .mask = UNET_MASK_5TUPLE };
	struct unet_type_walk walk;
	u32 i, culprit;

	for (i = 0; i < 1000; i++) {
		struct unet_type_spec spec = { UDPS(2 * i + 1, 2 * i + 1), .priority = 5 };

		unet_type_rule_set(&c.rule[i], &spec, i + 1, false);
	}
	assert_int_equal(compile(&c, 1000, &culprit), 0);
	assert_in_range(c.set.table[0][UNET_KIND_UDP].num, 1000, 2000);
	assert_int_equal(c.set.table[1][UNET_KIND_UDP].num, 0);
	for (i = 0; i < 1000; i++) {
		key.local_port = cpu_to_be16(2 * i + 1);
		unet_type_walk_key(&walk, &c.set, false, &key);
		assert_int_equal(walk.left[1], 1);
		assert_int_equal(unet_type_walk_next(&walk)->id, i + 1);
		key.local_port = cpu_to_be16(2 * i);
		unet_type_walk_key(&walk, &c.set, false, &key);
		assert_null(unet_type_walk_next(&walk));
	}
	free(c.span);
}

static void privileged_protocols_are_told_from_others(void **state)
{
	/* Not 0: that alone asks for a number. */
	static const u8 privileged[] = { 1, 6, 17, 43, 44, 51, 58, 60, 135, 139, 140 };
	struct unet_type_spec spec = { PROTO(0, 0) };
	u32 i, n;

	for (n = 0; n < 256; n++) {
		bool want = false;

		for (i = 0; i < ARRAY_SIZE(privileged); i++)
			want |= privileged[i] == n;
		spec.first = n;
		spec.last = n;
		assert_int_equal(unet_type_privileged(&spec), want);
	}
	spec.first = 50;
	spec.last = 60;
	assert_true(unet_type_privileged(&spec));
	spec.layer = UNET_TYPE_ETHERTYPE;
	assert_false(unet_type_privileged(&spec));
}

static void a_pattern_looks_at_its_bits_only(void **state)
{
	struct unet_pattern p = {
		.bytes = 3, .value = { 0x40, 0, 0xab }, .mask = { 0xc0, 0, 0xff },
	};
	u8 *bytes = unit_copy("\x7f\x99\xab", 3);

	assert_true(unet_pattern_holds(&p, bytes));
	bytes[0] = 0x3f;
	assert_false(unet_pattern_holds(&p, bytes));
	bytes[0] = 0x40;
	bytes[2] = 0xaa;
	assert_false(unet_pattern_holds(&p, bytes));
	free(bytes);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&type_spec_set, &type_privileged_set, &type_pair_set, &type_find_set,
		&type_send_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sets_find_what_the_reference_finds),
		cmocka_unit_test(one_rule_too_many_for_a_number_is_named),
		cmocka_unit_test(users_have_half_of_a_number),
		cmocka_unit_test(a_users_rule_hides_none_from_sends),
		cmocka_unit_test(a_thousand_rules_are_a_table_of_two_thousand_spans_at_most),
		cmocka_unit_test(privileged_protocols_are_told_from_others),
		cmocka_unit_test(a_pattern_looks_at_its_bits_only),
	};

	return unit_run("type_match", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
