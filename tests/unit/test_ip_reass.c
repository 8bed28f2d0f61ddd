// SPDX-License-Identifier: MIT
/*
 * Reassembly: any order gives the datagram back, an overlap ends it, and time,
 * memory and numbers are bounded. Each test runs for IPv4 and for IPv6.
 */
#include <stdio.h>
#include "catcher.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"

struct family {
	const char *me;
	const char *peer;
	const char *peer_n;	/* format of many peers */
	u32 header;
};

static const struct family family[] = {
	{ "192.0.2.1", "192.0.2.2", "198.18.%u.%u", 20 },
	{ "2001:db8::1", "2001:db8::2", "2001:db8::%x:%x", 40 },
};

static const struct family *fam;
static u8 whole[FORGE_MAX];
static u8 data[FORGE_MAX];
static u8 frag[FORGE_MAX];

static int open_fam(void **state)
{
	size_t i;

	fam = *state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 7 + i / 251);
	return catcher_open(state);
}

/* A datagram of @len bytes of UDP payload. */
static void make(u32 len)
{
	forge_udp(whole, fam->peer, 7, fam->me, 8, data, len);
}

static u32 send_frag(u32 offset, u32 len, bool more, u32 id)
{
	u32 n = forge_fragment(frag, whole, offset, len, more, id);

	return catcher_receive(frag, n);
}

static void assert_delivered(u32 len)
{
	assert_int_equal(caught.n, 1);
	assert_int_equal(caught.got[0].len, len + 8);
	assert_memory_equal(caught.got[0].bytes + 8, data, len);
	assert_true(caught.got[0].flags & UNET_PF_REASSEMBLED);
	assert_int_equal(caught.got[0].info.l4_len, len + 8);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
	assert_int_equal(unet_reass_bytes(caught.st), 0);
	catcher_forget();
}

static void any_order_gives_the_datagram_back(void **state)
{
	static const u8 order[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 }, { 2, 0, 3, 1 },
		{ 3, 0, 1, 2 }, { 1, 2, 3, 0 },
	};
	size_t i;
	u32 j;

	make(3000);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (j = 0; j < 4; j++) {
			u32 k = order[i][j];
			u32 got = send_frag(k * 800, k == 3 ? 608 : 800, k < 3,
					    (u32)i);

			assert_int_equal(got, j == 3);
		}
		assert_delivered(3000);
	}
}

static void the_largest_datagram_passes(void **state)
{
	u32 most = fam->header == 20 ? 65515 : 65535;
	u32 at;

	make(most - 8);
	for (at = 0; at + 1400 < most; at += 1400)
		assert_int_equal(send_frag(at, 1400, true, 5), 0);
	assert_int_equal(send_frag(at, most - at, false, 5), 1);
	assert_delivered(most - 8);
}

static void a_fragment_beyond_the_largest_is_refused(void **state)
{
	make(60000);
	assert_int_equal(send_frag(65528, 8, false, 5), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
}

static void an_overlap_ends_the_datagram(void **state)
{
	static const struct { u32 offset, len; } over[] = {
		{ 792, 800 }, { 808, 8 }, { 0, 1608 }, { 800, 808 },
		{ 0, 808 }, { 1592, 408 },
	};
	size_t i;

	make(3000);
	for (i = 0; i < ARRAY_SIZE(over); i++) {
		send_frag(800, 800, true, (u32)i);
		send_frag(over[i].offset, over[i].len, true, (u32)i);
		assert_int_equal(catcher_count(UNET_STAT_REASS_OVERLAP), i + 1);
		/* what follows is swallowed, a new first fragment too */
		send_frag(0, 800, true, (u32)i);
		send_frag(800, 800, true, (u32)i);
		send_frag(1600, 1408, false, (u32)i);
		assert_int_equal(caught.n, 0);
	}
	assert_int_equal(unet_reass_bytes(caught.st), 0);
}

static void an_exact_repetition_is_ignored(void **state)
{
	make(1000);
	send_frag(0, 800, true, 1);
	send_frag(0, 800, true, 1);
	send_frag(0, 800, true, 1);
	assert_int_equal(send_frag(800, 208, false, 1), 1);
	assert_delivered(1000);
	assert_int_equal(catcher_count(UNET_STAT_REASS_OVERLAP), 0);
}

static void two_ends_that_disagree_end_the_datagram(void **state)
{
	make(3000);
	send_frag(800, 200, false, 1);
	send_frag(1600, 200, false, 1);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
	send_frag(800, 200, false, 2);
	send_frag(1600, 200, true, 2);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 2);
	send_frag(1600, 200, true, 3);
	send_frag(800, 200, false, 3);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 3);
	assert_int_equal(unet_reass_bytes(caught.st), 0);
}

static void a_middle_fragment_must_be_a_multiple_of_8(void **state)
{
	make(1000);
	assert_int_equal(send_frag(0, 801, true, 1), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
}

static void an_empty_fragment_is_refused(void **state)
{
	make(1000);
	send_frag(800, 0, true, 1);
	send_frag(800, 0, false, 1);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
	assert_int_equal(caught.n, 0);
}

static void the_first_fragment_holds_the_l4_header(void **state)
{
	u8 l4[64] = { 0, 7, 0, 8, [12] = 0x50 };

	/* TCP: 16 of its 20 bytes */
	forge_ip(whole, fam->peer, fam->me, UNET_PROTO_TCP, l4, 64);
	assert_int_equal(send_frag(0, 16, true, 1), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
	/* and nothing may come to lie over it later */
	assert_int_equal(send_frag(8, 16, true, 2), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 2);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
}

static void datagrams_with_other_ids_or_sources_do_not_mix(void **state)
{
	make(1000);
	send_frag(0, 800, true, 1);
	assert_int_equal(send_frag(800, 208, false, 2), 0);
	assert_int_equal(unet_reass_datagrams(caught.st), 2);
	assert_int_equal(send_frag(800, 208, false, 1), 1);
	catcher_forget();
	assert_int_equal(send_frag(0, 800, true, 2), 1);
	assert_delivered(1000);
}

static void a_wrong_checksum_of_the_whole_is_refused(void **state)
{
	make(1000);
	whole[fam->header + 500] ^= 1;
	send_frag(0, 800, true, 1);
	send_frag(800, 208, false, 1);
	assert_int_equal(caught.n, 0);
	assert_int_equal(catcher_count(UNET_STAT_L4_BAD_CSUM), 1);
}

static void a_datagram_times_out(void **state)
{
	u64 start = caught.st->now;

	make(1000);
	send_frag(0, 800, true, 1);
	unet_stack_turn(caught.st, start + UNET_REASS_TIMEOUT_US);
	assert_int_equal(unet_reass_datagrams(caught.st), 1);
	unet_stack_turn(caught.st, start + UNET_REASS_TIMEOUT_US + 10);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_TIMEOUT), 1);
	assert_int_equal(unet_reass_bytes(caught.st), 0);
	assert_int_equal(send_frag(800, 208, false, 1), 0);
}

static void one_source_gets_only_so_many(void **state)
{
	u32 i;

	make(1000);
	for (i = 0; i < UNET_REASS_PER_SOURCE + 5; i++)
		send_frag(0, 800, true, i);
	assert_int_equal(unet_reass_datagrams(caught.st),
			 UNET_REASS_PER_SOURCE);
	assert_int_equal(catcher_count(UNET_STAT_REASS_LIMIT), 5);
	/* the oldest went, the newest is there */
	assert_int_equal(send_frag(800, 208, false, 0), 0);
	assert_int_equal(send_frag(800, 208, false, i - 1), 1);
	assert_int_equal(caught.got[0].len, 1008);
}

static void all_sources_together_get_only_so_many(void **state)
{
	u32 i;

	for (i = 0; i < UNET_REASS_DATAGRAMS + 50; i++) {
		char peer[64];
		u32 n;

		sprintf(peer, fam->peer_n, i / 200 + 1, i % 200 + 1);
		forge_udp(whole, peer, 7, fam->me, 8, data, 1000);
		n = forge_fragment(frag, whole, 0, 800, true, 1);
		catcher_receive(frag, n);
	}
	assert_int_equal(unet_reass_datagrams(caught.st),
			 UNET_REASS_DATAGRAMS);
	assert_int_equal(catcher_count(UNET_STAT_REASS_LIMIT), 50);
}

static void memory_is_bounded(void **state)
{
	u32 i;
	u32 j;

	for (i = 0; i < 40; i++) {
		char peer[64];

		sprintf(peer, fam->peer_n, i + 1, 1);
		forge_udp(whole, peer, 7, fam->me, 8, data, 60000);
		for (j = 0; j < 40; j++) {
			u32 n = forge_fragment(frag, whole, j * 1400, 1400,
					       true, 1);

			catcher_receive(frag, n);
			assert_true(unet_reass_bytes(caught.st) <=
				    UNET_REASS_BYTES);
		}
	}
	assert_true(unet_reass_datagrams(caught.st) < 40);
	assert_true(catcher_count(UNET_STAT_REASS_LIMIT) > 0);
}

static void tiny_fragments_are_bounded_in_number(void **state)
{
	u32 i;

	make(1000);
	for (i = 0; i < UNET_REASS_FRAGMENTS; i++)
		send_frag(i * 8, 8, true, 1);
	assert_int_equal(catcher_count(UNET_STAT_REASS_LIMIT), 0);
	send_frag(i * 8, 8, true, 1);
	assert_int_equal(catcher_count(UNET_STAT_REASS_LIMIT), 1);
	assert_int_equal(unet_reass_bytes(caught.st), 0);
}

static u32 with_tos(u32 offset, u32 len, bool more, u32 id, u8 ecn)
{
	u32 n = forge_fragment(frag, whole, offset, len, more, id);

	frag[1] |= fam->header == 20 ? ecn : (u8)(ecn << 4);
	if (fam->header == 20)
		forge_fix_ip4(frag);
	return catcher_receive(frag, n);
}

static void a_congestion_mark_on_a_part_marks_the_whole(void **state)
{
	make(1000);
	with_tos(0, 800, true, 1, 2);
	assert_int_equal(with_tos(800, 208, false, 1, 3), 1);
	assert_int_equal(caught.got[0].info.tos & 3, 3);
	catcher_forget();
	with_tos(0, 800, true, 2, 2);
	assert_int_equal(with_tos(800, 208, false, 2, 2), 1);
	assert_int_equal(caught.got[0].info.tos & 3, 2);
	catcher_forget();
	/* RFC 3168 section 5.3: a mark where none can be */
	with_tos(0, 800, true, 3, 0);
	assert_int_equal(with_tos(800, 208, false, 3, 3), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
}

static void random_cuts_and_orders_give_the_datagram_back(void **state)
{
	u64 rnd = 11;
	u32 round;

	for (round = 0; round < 300; round++) {
		u32 len = 100 + (u32)(unit_random(&rnd) % 8000);
		u32 total = len + 8;
		u32 cut[UNET_REASS_FRAGMENTS + 1] = { 0 };
		u32 order[UNET_REASS_FRAGMENTS];
		u32 n = 0;
		u32 i;

		make(len);
		while (cut[n] < total && n < UNET_REASS_FRAGMENTS) {
			u32 size = 32 + (u32)(unit_random(&rnd) % 100) * 8;

			order[n] = n;
			n++;
			cut[n] = min(cut[n - 1] + size, total);
		}
		cut[n] = total;
		for (i = n - 1; i > 0; i--) {
			u32 j = (u32)(unit_random(&rnd) % (i + 1));
			u32 swap = order[i];

			order[i] = order[j];
			order[j] = swap;
		}
		for (i = 0; i < n; i++) {
			u32 k = order[i];

			/* now and then twice */
			if (i + 1 < n && unit_random(&rnd) % 4 == 0)
				send_frag(cut[k], cut[k + 1] - cut[k],
					  k + 1 < n, round);
			assert_int_equal(send_frag(cut[k], cut[k + 1] - cut[k],
						   k + 1 < n, round),
					 i + 1 == n);
		}
		assert_int_equal(caught.got[0].len, total);
		assert_memory_equal(caught.got[0].bytes + 8, data, len);
		catcher_forget();
	}
}

/* ---- what only IPv6 has -------------------------------------------------- */

static void headers_behind_the_fragment_header_are_walked_after(void **state)
{
	static const u8 pad[8] = { 0, 0, 1, 4 };
	u32 len;

	fam = &family[1];
	make(1000);
	len = forge_extension(whole, 1048, 60, pad, 8);
	assert_int_equal(len, 1056);
	send_frag(800, 216, false, 1);
	assert_int_equal(send_frag(0, 800, true, 1), 1);
	assert_delivered(1000);
}

static void a_chain_that_goes_on_in_the_next_fragment_is_refused(void **state)
{
	static const u8 pad[16] = { 0, 1, 1, 12 };

	fam = &family[1];
	make(1000);
	forge_extension(whole, 1048, 60, pad, 16);
	assert_int_equal(send_frag(0, 8, true, 1), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 1);
	assert_int_equal(send_frag(0, 16, true, 2), 0);
	assert_int_equal(catcher_count(UNET_STAT_REASS_BAD), 2);
	assert_int_equal(unet_reass_datagrams(caught.st), 0);
}

#define BOTH(f) \
	{ #f " (IPv4)", f, open_fam, catcher_close, (void *)&family[0] }, \
	{ #f " (IPv6)", f, open_fam, catcher_close, (void *)&family[1] }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(any_order_gives_the_datagram_back),
		BOTH(the_largest_datagram_passes),
		BOTH(a_fragment_beyond_the_largest_is_refused),
		BOTH(an_overlap_ends_the_datagram),
		BOTH(an_exact_repetition_is_ignored),
		BOTH(two_ends_that_disagree_end_the_datagram),
		BOTH(a_middle_fragment_must_be_a_multiple_of_8),
		BOTH(an_empty_fragment_is_refused),
		BOTH(the_first_fragment_holds_the_l4_header),
		BOTH(datagrams_with_other_ids_or_sources_do_not_mix),
		BOTH(a_wrong_checksum_of_the_whole_is_refused),
		BOTH(a_datagram_times_out),
		BOTH(one_source_gets_only_so_many),
		BOTH(all_sources_together_get_only_so_many),
		BOTH(memory_is_bounded),
		BOTH(tiny_fragments_are_bounded_in_number),
		BOTH(a_congestion_mark_on_a_part_marks_the_whole),
		BOTH(random_cuts_and_orders_give_the_datagram_back),
		{ "headers behind the fragment header are walked after",
		  headers_behind_the_fragment_header_are_walked_after,
		  open_fam, catcher_close, (void *)&family[1] },
		{ "a chain that goes on in the next fragment is refused",
		  a_chain_that_goes_on_in_the_next_fragment_is_refused,
		  open_fam, catcher_close, (void *)&family[1] },
	};

	return cmocka_run_group_tests_name("ip_reass", tests, NULL, NULL);
}
