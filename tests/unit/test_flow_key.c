// SPDX-License-Identifier: MIT
/*
 * Flow keys: the rows of vectors/flow_key.h, each again in memory of exactly the
 * readable size; the fast ways against the slow one on packets with a few bits
 * turned over; and how evenly the hash spreads what remote hosts could choose.
 */
/* include: kmod/core/flow_key.c */
#include "../../kmod/core/flow_key.c"

#include "helpers.h"
#include "vectors/flow_key.h"

static u64 seed = 6;

static u32 random_below(u32 n)
{
	return (u32)(unit_random(&seed) % n);
}

/* Parse @l3 with so many bytes readable and nothing behind them. */
static int parse_exact(const u8 *l3, u32 linear, u32 total, bool rx,
		       struct unet_flow_key *key, struct unet_flow_info *info)
{
	u8 *exact = unit_copy(l3, linear);
	int ret = unet_flow_key_parse(exact, linear, total, rx, key, info);

	free(exact);
	return ret;
}

static void nothing_beyond_the_readable_bytes_is_read(void **state)
{
	struct unet_flow_info info;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	u32 linear;
	u32 len;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flow_key_rows); i++) {
		const struct flow_key_row *row = &flow_key_rows[i];

		len = flow_key_packet(row->hex, row->zeros, row->keep, l3);
		for (linear = 0; linear <= len; linear++)
			parse_exact(l3, linear, len, true, &key, &info);
	}
}

static void no_quote_is_read_beyond_the_readable_bytes(void **state)
{
	struct unet_icmp_error err;
	struct unet_flow_info info;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	u32 linear;
	size_t i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(icmp_error_rows); i++) {
		len = flow_key_packet(icmp_error_rows[i].hex, 0, false, l3);
		assert_int_equal(parse_exact(l3, len, len, true, &key, &info), 0);
		/* the caller has parsed so far, so that much is readable */
		for (linear = info.l4_offset + 8; linear <= len; linear++) {
			u8 *exact = unit_copy(l3, linear);

			unet_flow_key_icmp_error(exact, linear, len, &info, &key,
						 &err);
			free(exact);
		}
	}
}

/* Give as much as is asked for each time: it comes to an end, with the answer. */
static void asking_for_more_ends(void **state)
{
	struct unet_flow_info info;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flow_key_rows); i++) {
		const struct flow_key_row *row = &flow_key_rows[i];
		u32 len = flow_key_packet(row->hex, row->zeros, row->keep, l3);
		u32 linear = 0;
		int rounds = 0;
		int ret;

		while ((ret = parse_exact(l3, linear, len, true, &key,
					  &info)) == -EAGAIN) {
			assert_true(info.need > linear && info.need <= len);
			linear = info.need;
			assert_true(++rounds <= 12);
		}
		assert_int_equal(ret, row->ret);
	}
}

/* A known packet with nothing, or a few bits, changed. */
static u32 random_packet(u8 *l3)
{
	const struct flow_key_row *row =
		&flow_key_rows[random_below(ARRAY_SIZE(flow_key_rows))];
	u32 len = flow_key_packet(row->hex, row->zeros, row->keep, l3);
	u32 flips = random_below(4);

	while (flips-- && len)
		l3[random_below(len)] ^= 1u << random_below(8);
	if (random_below(2))
		vector_ip4_checksum(l3, len);
	return len;
}

static void what_the_straight_line_takes_the_slow_way_takes(void **state)
{
	struct unet_flow_info slow_info;
	struct unet_flow_info info;
	struct unet_flow_key slow;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	int taken = 0;
	int round;

	for (round = 0; round < 300000; round++) {
		u32 len = random_packet(l3);
		u32 linear = random_below(2) ? len : random_below(len + 1);
		bool rx = random_below(2);
		u8 *exact = unit_copy(l3, linear);
		int ret = unet_flow_key_parse(exact, linear, len, rx, &key, &info);

		assert_int_equal(ret, parse_slowly(exact, linear, len, rx, &slow,
						   &slow_info));
		if (!ret) {
			taken++;
			assert_memory_equal(&key, &slow, sizeof(key));
			assert_true(flow_key_info_is(&info, &slow_info));
			assert_true(info.payload <= info.bytes);
			assert_true(info.l4_offset <= info.payload);
			assert_true(info.bytes <= len);
		}
		if (ret == -EAGAIN)
			assert_true(info.need > linear && info.need <= len);
		free(exact);
	}
	assert_in_range(taken, 30000, 299000);
}

/* R1.12: the comparison says "same" only where parsing finds the same key. */
static void what_the_fast_compare_takes_parsing_takes(void **state)
{
	struct unet_flow_info fast_info;
	struct unet_flow_info info;
	struct unet_flow_fast fast;
	struct unet_flow_key first;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	int same = 0;
	int round;

	for (round = 0; round < 300000; round++) {
		u32 len = random_packet(l3);
		u32 linear;
		u8 *exact;

		if (unet_flow_key_parse(l3, len, len, true, &first, &info))
			continue;
		unet_flow_fast_set(&fast, &first, &info);
		if (random_below(2))
			l3[random_below(min_t(u32, len, 64))] ^=
				1u << random_below(8);
		if (random_below(2))
			vector_ip4_checksum(l3, len);
		linear = random_below(2) ? len : random_below(len + 1);
		exact = unit_copy(l3, linear);
		if (unet_flow_fast_same(&fast, first.family, exact, linear, len,
					&fast_info)) {
			same++;
			assert_int_equal(unet_flow_key_parse(exact, linear, len,
							     true, &key, &info), 0);
			assert_true(unet_flow_key_equal(&key, &first));
			assert_true(flow_key_info_is(&info, &fast_info));
		}
		free(exact);
	}
	assert_in_range(same, 10000, 290000);
}

/* The same bytes, TCP or UDP by one byte of the IP header. */
static void the_fast_compare_tells_protocols_apart(void **state)
{
	static const char *const hex[] = {
		V4("0028", "0000", "11") "30390035 00140000 00000000 50101000 00000000",
		V6("0014", "11") "30390035 00140000 00000000 50101000 00000000",
	};
	static const u8 at[] = { 9, 6 };
	struct unet_flow_info info;
	struct unet_flow_fast fast;
	struct unet_flow_key key;
	u8 l3[KEY_BYTES];
	u32 len;
	int i;

	for (i = 0; i < 2; i++) {
		len = flow_key_packet(hex[i], 0, false, l3);
		assert_int_equal(unet_flow_key_parse(l3, len, len, true, &key,
						     &info), 0);
		unet_flow_fast_set(&fast, &key, &info);
		assert_true(unet_flow_fast_same(&fast, key.family, l3, len, len,
						&info));
		l3[at[i]] = UNET_PROTO_TCP;
		vector_ip4_checksum(l3, len);
		assert_int_equal(unet_flow_key_parse(l3, len, len, true, &key,
						     &info), 0);
		assert_false(unet_flow_fast_same(&fast, key.family, l3, len, len,
						 &info));
	}
}

static void a_key_differs_in_any_bit(void **state)
{
	struct unet_flow_key a;
	struct unet_flow_key b;
	u32 bit;

	memset(&a, 0x5a, sizeof(a));
	b = a;
	assert_true(unet_flow_key_equal(&a, &b));
	for (bit = 0; bit < 8 * sizeof(a); bit++) {
		((u8 *)&b)[bit / 8] ^= 1u << bit % 8;
		assert_false(unet_flow_key_equal(&a, &b));
		b = a;
	}
}

static void super_packets_longer_than_16_bits_are_read(void **state)
{
	const u32 len = 100000;
	struct unet_flow_info info;
	struct unet_flow_key key;
	u8 *l3 = calloc(1, len);

	vector_bytes(V4("0000", "4000", "06") TCP("5010"), l3, len);
	vector_ip4_checksum(l3, len);
	assert_int_equal(unet_flow_key_parse(l3, len, len, true, &key, &info), 0);
	assert_int_equal(info.bytes, len);
	vector_bytes(V6("0000", "00") "0600c20400018678" TCP("5010"), l3, len);
	assert_int_equal(unet_flow_key_parse(l3, len, len, true, &key, &info), 0);
	assert_int_equal(info.bytes, len);
	assert_int_equal(key.local_port, cpu_to_be16(80));
	free(l3);
}

/* ---- hash ------------------------------------------------------------- */

#define BUCKETS	1024u
#define KEYS	(8 * BUCKETS)

static void random_secret(struct unet_flow_secret *secret)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(secret->k); i++)
		secret->k[i] = (u32)unit_random(&seed);
	secret->mul = unit_random(&seed);
}

/* The ways in which a remote host, or many, may choose. */
enum choice {
	CHOOSE_PORT, CHOOSE_PORT_EVEN, CHOOSE_PORT_HIGH, CHOOSE_ADDR_LAST,
	CHOOSE_ADDR_FIRST, CHOOSE_ADDR_AND_PORT, CHOOSE_ADDR6, CHOOSE_ADDR6_NET,
	CHOICES
};

static void chosen_key(enum choice choice, u32 i, struct unet_flow_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = choice < CHOOSE_ADDR6 ? 4 : 6;
	key->proto = UNET_PROTO_TCP;
	key->local[0] = cpu_to_be32(0x0a000001);
	key->local_port = cpu_to_be16(80);
	key->remote[0] = cpu_to_be32(0xc0000209);
	key->remote_port = cpu_to_be16(1024);
	switch (choice) {
	case CHOOSE_PORT:
		key->remote_port = cpu_to_be16((u16)i);
		break;
	case CHOOSE_PORT_EVEN:
		key->remote_port = cpu_to_be16((u16)(i * 8));
		break;
	case CHOOSE_PORT_HIGH:
		key->remote_port = (__be16)(i * 8);
		break;
	case CHOOSE_ADDR_LAST:
		key->remote[0] = cpu_to_be32(0xc0000000 + i);
		break;
	case CHOOSE_ADDR_FIRST:
		key->remote[0] = cpu_to_be32(i << 19);
		break;
	case CHOOSE_ADDR_AND_PORT:
		key->remote[0] = cpu_to_be32(0xc0000000 + i % 64);
		key->remote_port = cpu_to_be16((u16)(i / 64));
		break;
	case CHOOSE_ADDR6:
		key->remote[3] = cpu_to_be32(i);
		break;
	default:
		key->remote[1] = cpu_to_be32(i << 16);
	}
}

/* Chi square of @KEYS keys over @BUCKETS buckets by ten bits of the hash. */
static double chi_square(enum choice choice, u32 shift)
{
	struct unet_flow_secret secret;
	u32 count[BUCKETS] = { 0 };
	struct unet_flow_key key;
	double sum = 0;
	u32 i;

	random_secret(&secret);
	for (i = 0; i < KEYS; i++) {
		chosen_key(choice, i, &key);
		count[unet_flow_key_hash(&key, &secret) >> shift &
		      (BUCKETS - 1)]++;
	}
	for (i = 0; i < BUCKETS; i++) {
		double off = (double)count[i] - (double)KEYS / BUCKETS;

		sum += off * off * BUCKETS / KEYS;
	}
	return sum;
}

/*
 * Random hashes give 1023 with a standard deviation of 45. A linear hash may do
 * better than random for a pattern, and for an unlucky secret somewhat worse: what
 * must not be is a pattern that is bad for more than a few secrets.
 */
static void chosen_keys_spread_for_nearly_all_secrets(void **state)
{
	static const u32 shifts[] = { 0, 11, 22 };
	const int secrets = 200;
	u32 choice;
	size_t s;
	int i;

	for (choice = 0; choice < CHOICES; choice++) {
		for (s = 0; s < ARRAY_SIZE(shifts); s++) {
			int bad = 0;

			for (i = 0; i < secrets; i++)
				bad += chi_square(choice, shifts[s]) > 2 * BUCKETS;
			if (bad > secrets / 20)
				fail_msg("choice %u, bits from %u: %d of %d secrets spread badly",
					 choice, shifts[s], bad, secrets);
		}
	}
}

/* Two keys chosen beforehand collide for one in 2^16 secrets, not more. */
static void chosen_pairs_rarely_collide(void **state)
{
	struct unet_flow_secret secret;
	struct unet_flow_key a;
	struct unet_flow_key b;
	int hits = 0;
	u32 round;
	u32 bit;

	for (round = 0; round < 2000; round++) {
		random_secret(&secret);
		chosen_key(CHOOSE_ADDR6, 1, &a);
		for (bit = 0; bit < 39 * 8; bit++) {
			b = a;
			((u8 *)&b)[bit / 8] ^= 1u << bit % 8;
			if (!b.family || b.family == 4)
				continue;
			hits += !((unet_flow_key_hash(&a, &secret) ^
				   unet_flow_key_hash(&b, &secret)) & 0xffff);
		}
	}
	/* 622000 pairs: 9.5 expected of a random function */
	assert_in_range(hits, 0, 40);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&flow_key_set, &icmp_error_set, &flow_mask_set, &flow_hash_set,
		&martian_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_beyond_the_readable_bytes_is_read),
		cmocka_unit_test(no_quote_is_read_beyond_the_readable_bytes),
		cmocka_unit_test(asking_for_more_ends),
		cmocka_unit_test(what_the_straight_line_takes_the_slow_way_takes),
		cmocka_unit_test(what_the_fast_compare_takes_parsing_takes),
		cmocka_unit_test(the_fast_compare_tells_protocols_apart),
		cmocka_unit_test(a_key_differs_in_any_bit),
		cmocka_unit_test(super_packets_longer_than_16_bits_are_read),
		cmocka_unit_test(chosen_keys_spread_for_nearly_all_secrets),
		cmocka_unit_test(chosen_pairs_rarely_collide),
	};

	return unit_run("flow_key", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
