// SPDX-License-Identifier: MIT
/*
 * What a channel may send: the rows of vectors/tx_check.h; random slots against a
 * plain reference; and for random headers that whatever is let through is the
 * flow's, and comes out of fixing with checksums that verify.
 */
#include "core/csum.h"
#include "core/flow_key.h"
#include "helpers.h"
#include "vectors/tx_check.h"

static u64 seed = 5;

static u32 pick(const u32 *from, u32 n)
{
	return from[unit_random(&seed) % n];
}

/* Numbers near every edge there is. */
static u32 edge(void)
{
	static const u32 edges[] = {
		0, 1, 19, 20, 28, 127, 128, 129, 1000, 4095, 4096, 4097, 65515,
		65534, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffff000,
		0xfffffffe, 0xffffffff,
	};

	return pick(edges, ARRAY_SIZE(edges));
}

/* The rules in 64 bits and in no hurry. */
static bool slot_sound(const struct unet_tx_slot *slot, u64 tx_bytes, u64 *total)
{
	u64 payload;
	u32 i;

	*total = 0;
	if (slot->extents < 1 || slot->extents > 6 || slot->flags)
		return false;
	for (i = 0; i < slot->extents; i++) {
		u64 start = slot->extent[i].offset;
		u64 end = start + slot->extent[i].len;

		if (start == end || end > tx_bytes)
			return false;
		*total += slot->extent[i].len;
	}
	if (*total > 65535 || slot->header_len < 20 || slot->header_len > 128 ||
	    slot->header_len > slot->extent[0].len)
		return false;
	payload = *total - slot->header_len;
	if (slot->seg_size &&
	    (!payload || (payload + slot->seg_size - 1) / slot->seg_size > 64))
		return false;
	return true;
}

static void random_slots_are_judged_as_by_the_reference(void **state)
{
	struct unet_tx_slot slot = { 0 };
	int sound = 0;
	int round;
	int i;

	for (round = 0; round < 300000; round++) {
		u32 tx_bytes = round % 3 ? 65536 : edge();
		u64 want;
		u32 total = 0;
		bool good;

		slot.seg_size = round % 2 ? 0 : (u16)edge();
		slot.header_len = round % 5 ? 40 : (u16)edge();
		slot.extents = 1 + unit_random(&seed) % (round % 7 ? 6 : 9);
		slot.flags = round % 50 == 0;
		for (i = 0; i < UNET_TX_EXTENTS; i++) {
			bool wild = unit_random(&seed) % 16 == 0;

			slot.extent[i].offset = wild ? edge() :
				(u32)(unit_random(&seed) % 60000);
			slot.extent[i].len = wild ? edge() :
				40 + (u32)(unit_random(&seed) % 5000);
		}
		good = slot_sound(&slot, tx_bytes, &want);
		assert_int_equal(!unet_tx_slot_check(&slot, tx_bytes, &total),
				 good);
		if (good)
			assert_int_equal(total, want);
		sound += good;
	}
	assert_in_range(sound, 10000, 290000);
}

/* Sum of pseudo header, L4 header and payload must come out right. */
static void checksums_verify(const u8 *hdr, const struct unet_tx_info *info)
{
	u8 *packet = calloc(1, info->header_len + info->payload);
	u8 *l4 = packet + info->l4_offset;
	u32 len = info->header_len - info->l4_offset + info->payload;
	u64 pseudo;
	u32 i;

	memcpy(packet, hdr, info->header_len);
	for (i = 0; i < info->payload; i++)
		packet[info->header_len + i] = (u8)unit_random(&seed);
	/* what the device does with CHECKSUM_PARTIAL */
	unet_store_raw16(l4 + info->csum_offset,
			 unet_csum_finish(unet_csum_add(l4, len, 0)));
	pseudo = info->family == 4 ?
		 unet_csum_pseudo4(info->src, info->dst, info->proto, len) :
		 unet_csum_pseudo6(info->src, info->dst, info->proto, len);
	assert_int_equal(unet_csum_finish(unet_csum_add(l4, len, pseudo)), 0);
	if (info->family == 4)
		assert_int_equal(vector_checksum(packet, info->l4_offset), 0);
	free(packet);
}

/* The other end, were it on this host, would find just this flow. */
static void reparses(const u8 *hdr, u32 total, const struct unet_tx_info *info)
{
	struct unet_flow_info seen;
	struct unet_flow_key key;

	assert_int_equal(unet_flow_key_parse(hdr, info->header_len, total, false,
					     &key, &seen), 0);
	assert_memory_equal(key.local, info->src, 16);
	assert_memory_equal(key.remote, info->dst, 16);
	assert_int_equal(key.local_port, info->src_port);
	assert_int_equal(key.remote_port, info->dst_port);
	assert_int_equal(key.proto, info->proto);
	assert_int_equal(seen.bytes, total);
	assert_int_equal(seen.l4_offset, info->l4_offset);
	assert_int_equal(seen.payload, info->header_len);
	assert_int_equal(seen.tcp_flags, info->tcp_flags);
}

static void is_the_flows(const struct unet_tx_info *info,
			 const struct unet_tx_flow *flow)
{
	assert_int_equal(info->proto, flow->proto);
	assert_false(info->family == 6 && unet_ip6_extension(info->proto));
	assert_true(flow->flags & (info->family == 4 ? UNET_TX_FLOW_IP4 :
						       UNET_TX_FLOW_IP6));
	if (flow->flags & UNET_TX_FLOW_LOCAL)
		assert_memory_equal(info->src, flow->local, 16);
	if (flow->flags & UNET_TX_FLOW_REMOTE)
		assert_memory_equal(info->dst, flow->remote, 16);
	if (!(flow->flags & UNET_TX_FLOW_NO_PORTS)) {
		assert_int_equal(info->src_port, flow->local_port);
		if (flow->flags & UNET_TX_FLOW_REMOTE)
			assert_int_equal(info->dst_port, flow->remote_port);
	}
}

/* Start from a good row, turn over a few bits, send it on any flow. */
static void random_headers_let_through_are_the_flows_and_verify(void **state)
{
	int through = 0;
	int round;

	for (round = 0; round < 300000; round++) {
		const struct tx_header_row *row =
			&tx_header_rows[unit_random(&seed) %
					ARRAY_SIZE(tx_header_rows)];
		u8 bytes[UNET_TX_MAX_HEADER] = { 0 };
		u32 len = vector_bytes(row->hex, bytes, sizeof(bytes));
		u32 flips = (u32)(unit_random(&seed) % 3);
		struct unet_tx_flow flow;
		struct unet_tx_info info;
		u32 total;
		u8 *hdr;

		while (flips--)
			bytes[unit_random(&seed) % len] ^=
				1u << unit_random(&seed) % 8;
		tx_flow_of(unit_random(&seed) % 2 ? row->who :
			   unit_random(&seed) % SEND_COUNT, &flow);
		if (unit_random(&seed) % 8 == 0)
			len = (u32)(unit_random(&seed) % (len + 1));
		hdr = unit_copy(bytes, len);
		total = len + row->payload % 3000;
		if (!unet_tx_header_check(hdr, len, total, row->seg_size, &flow,
					  &info)) {
			through++;
			is_the_flows(&info, &flow);
			unet_tx_header_fix(hdr, &info);
			if (info.csum_offset) {
				checksums_verify(hdr, &info);
				reparses(hdr, total, &info);
			}
		}
		free(hdr);
	}
	assert_in_range(through, 10000, 290000);
}

int main(void)
{
	static const struct vector_set *const sets[] = {
		&tx_slot_set, &tx_header_set,
	};
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_slots_are_judged_as_by_the_reference),
		cmocka_unit_test(random_headers_let_through_are_the_flows_and_verify),
	};

	return unit_run("tx_check", sets, ARRAY_SIZE(sets), tests,
			ARRAY_SIZE(tests));
}
