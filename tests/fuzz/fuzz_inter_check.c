// SPDX-License-Identifier: MIT
/*
 * Door: what an intermediary says. Terms that are let through keep every limit; a
 * verdict that is names bytes inside the region; a change that is comes out of fixing
 * as a packet of the held one's flow.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/flow_key.h"
#include "core/inter_check.h"
#include "core/wire.h"

#define TX_BYTES	4096u

static void check_terms(const u8 *data)
{
	struct unet_inter_terms t;
	struct unet_flow_info info = { .bytes = 1000, .payload = 40 };
	struct unet_inter_view v;
	u8 copy[sizeof(t)];
	u32 i;

	memcpy(copy, data, sizeof(t));
	copy[offsetof(struct unet_inter_terms, any_proto)] &= 1;
	memcpy(&t, copy, sizeof(t));
	if (unet_inter_terms_check(&t))
		return;
	if (!t.rights || t.rights == UNET_INTER_ALL_RIGHTS ||
	    !t.hold_ms || t.hold_ms > UNET_INTER_MAX_HOLD_MS ||
	    !t.backlog || t.backlog > UNET_INTER_MAX_BACKLOG ||
	    t.local_bits > 128 || t.remote_bits > 128 ||
	    t.num_patterns > UNET_TYPE_PATTERNS)
		abort();
	if (t.rights & UNET_INTER_REDIRECT ?
	    t.proto != UNET_PROTO_UDP || t.any_proto || !t.redirect_port ||
	    !(t.directions & UNET_INTER_INBOUND) : t.redirect_port != 0)
		abort();
	for (i = 0; i < t.num_patterns; i++)
		if (!t.pattern[i].bytes || t.pattern[i].bytes > UNET_PATTERN_BYTES ||
		    t.pattern[i].offset + t.pattern[i].bytes > UNET_PATTERN_REACH)
			abort();
	v = unet_inter_view(&t, &info);
	if (v.len > info.bytes || v.blank > v.len || v.len > t.copy_bytes)
		abort();
	if (!(t.rights & UNET_INTER_OBSERVE_PAYLOAD) && v.len > info.payload)
		abort();
}

static u32 check_verdict(const struct unet_inter_verdict *v, u32 rights)
{
	u32 total, i;

	if (unet_inter_verdict_check(v, rights, TX_BYTES, &total))
		return 0;
	if (v->extents > UNET_VERDICT_EXTENTS || v->count > UNET_INTER_MAX_BACKLOG)
		abort();
	if (v->action == UNET_VERDICT_REDIRECT &&
	    (v->extents || !(rights & UNET_INTER_REDIRECT)))
		abort();
	for (i = 0; i < v->extents; i++)
		if ((u64)v->extent[i].offset + v->extent[i].len > TX_BYTES)
			abort();
	if (v->extents && (v->header_len > v->extent[0].len ||
			   v->header_len > UNET_TX_MAX_HEADER))
		abort();
	return total;
}

static void key_of(const u8 *hdr, u32 len, u32 total, struct unet_flow_key *key)
{
	u8 *packet = calloc(1, total);
	struct unet_flow_info info;

	memcpy(packet, hdr, len);
	if (unet_flow_key_parse(packet, total, total, true, key, &info) ||
	    info.bytes != total)
		abort();
	free(packet);
}

static void check_change(const u8 *data, u32 size, u32 rights, u16 seg)
{
	u32 old_len = min(size / 2, 140u), new_len = min(size - old_len, 140u);
	u8 *old = malloc(old_len + 1), *new = malloc(new_len + 1);
	struct unet_inter_change c = {
		.rights = rights, .old = old, .new = new,
		.old_header = old_len, .new_header = new_len,
		.old_total = old_len + 100, .seg_size = seg,
		.new_total = rights & UNET_INTER_MODIFY_PAYLOAD ?
			     new_len + 100 : new_len,
	};
	struct unet_flow_key key;
	struct unet_tx_info info;
	u32 total;

	memcpy(old, data, old_len);
	memcpy(new, data + old_len, new_len);
	/* a held packet was parsed when it came */
	if (old_len >= 40 && !unet_inter_change_check(&c, &total, &info)) {
		unet_tx_header_fix(new, &info);
		if (info.csum_offset)
			key_of(new, new_len, total, &key);
		if (info.csum_offset &&
		    (memcmp(key.remote, info.src, 16) ||
		     memcmp(key.local, info.dst, 16) ||
		     key.proto != info.proto))
			abort();
		if (new_len != old_len ||
		    memcmp(old + (old[0] >> 4 == 4 ? 12 : 8),
			   new + (old[0] >> 4 == 4 ? 12 : 8), 8))
			abort();
	}
	free(old);
	free(new);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_inter_verdict v;
	u32 rights;

	if (size >= sizeof(struct unet_inter_terms))
		check_terms(data);
	if (size < sizeof(v) + 6)
		return 0;
	memcpy(&v, data, sizeof(v));
	memcpy(&rights, data + sizeof(v), sizeof(rights));
	rights &= UNET_INTER_ALL_RIGHTS;
	check_verdict(&v, rights);
	check_change(data + sizeof(v) + 6, (u32)(size - sizeof(v) - 6), rights,
		     data[sizeof(v) + 4]);
	return 0;
}
