// SPDX-License-Identifier: MIT
/*
 * Door: TX slots and the bytes they name. What is let through lies inside the
 * region, is the flow's own, and once fixed parses as just that with checksums
 * that verify.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/csum.h"
#include "core/flow_key.h"
#include "core/tx_check.h"
#include "core/wire.h"

#define TX_BYTES	4096u

/* Read each extent, in exact memory: outside the region is seen by ASan. */
static void touch(const struct unet_tx_slot *slot, u32 total)
{
	u8 *tx = calloc(1, TX_BYTES);
	u8 *packet = malloc(total);
	u32 at = 0;
	u32 i;

	for (i = 0; i < slot->extents; i++) {
		memcpy(packet + at, tx + slot->extent[i].offset,
		       slot->extent[i].len);
		at += slot->extent[i].len;
	}
	if (at != total || slot->header_len > slot->extent[0].len)
		abort();
	free(packet);
	free(tx);
}

static void is_the_flows(const struct unet_tx_info *info,
			 const struct unet_tx_flow *flow)
{
	bool ports = !(flow->flags & UNET_TX_FLOW_NO_PORTS);

	if (info->proto != flow->proto ||
	    !(flow->flags & (info->family == 4 ? UNET_TX_FLOW_IP4 :
						 UNET_TX_FLOW_IP6)))
		abort();
	if (info->family == 6 && unet_ip6_extension(info->proto))
		abort();
	if (flow->flags & UNET_TX_FLOW_LOCAL &&
	    memcmp(info->src, flow->local, 16))
		abort();
	if (ports && info->src_port != flow->local_port)
		abort();
	if (flow->flags & UNET_TX_FLOW_REMOTE &&
	    (memcmp(info->dst, flow->remote, 16) ||
	     (ports && info->dst_port != flow->remote_port)))
		abort();
}

static void verifies(const u8 *hdr, const struct unet_tx_info *info, u32 total)
{
	u32 len = total - info->l4_offset;
	u8 *packet = calloc(1, total);
	u8 *l4 = packet + info->l4_offset;
	struct unet_flow_info seen;
	struct unet_flow_key key;
	u64 sum;

	memcpy(packet, hdr, info->header_len);
	if (info->csum_offset)
		unet_store_raw16(l4 + info->csum_offset,
				 unet_csum_finish(unet_csum_add(l4, len, 0)));
	if (info->csum_offset) {
		if (unet_flow_key_parse(packet, total, total, false, &key, &seen))
			abort();
		if (memcmp(key.local, info->src, 16) ||
		    memcmp(key.remote, info->dst, 16) ||
		    key.local_port != info->src_port ||
		    key.remote_port != info->dst_port ||
		    key.proto != info->proto || seen.bytes != total ||
		    seen.payload != info->header_len)
			abort();
		sum = info->family == 4 ?
		      unet_csum_pseudo4(info->src, info->dst, info->proto, len) :
		      unet_csum_pseudo6(info->src, info->dst, info->proto, len);
		if (unet_csum_finish(unet_csum_add(l4, len, sum)))
			abort();
	}
	free(packet);
}

/* A flow the header could belong to, but for what @twist changes. */
static void guess_flow(const u8 *hdr, u32 len, u8 flags, u8 twist,
		       struct unet_tx_flow *flow)
{
	bool v4 = hdr[0] >> 4 == 4;
	u32 l4 = v4 ? (hdr[0] & 15) * 4u : 40;

	memset(flow, 0, sizeof(*flow));
	flow->flags = flags;
	flow->proto = hdr[v4 ? 9 : 6];
	if (v4) {
		memcpy(flow->local, hdr + 12, 4);
		memcpy(flow->remote, hdr + 16, 4);
	} else if (len >= 40) {
		memcpy(flow->local, hdr + 8, 16);
		memcpy(flow->remote, hdr + 24, 16);
	}
	if (l4 + 4 <= len) {
		flow->local_port = unet_load_be16(hdr + l4);
		flow->remote_port = unet_load_be16(hdr + l4 + 2);
	}
	if (twist)
		((u8 *)flow)[twist % sizeof(*flow)] ^= 1 + twist / 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_tx_slot slot;
	struct unet_tx_flow flow;
	struct unet_tx_info info;
	u8 flags, twist;
	u32 total;
	u8 *hdr;

	if (size < sizeof(slot) + 2)
		return 0;
	memcpy(&slot, data, sizeof(slot));
	flags = data[sizeof(slot)];
	twist = data[sizeof(slot) + 1];
	data += sizeof(slot) + 2;
	size -= sizeof(slot) + 2;
	if (unet_tx_slot_check(&slot, TX_BYTES, &total))
		return 0;
	touch(&slot, total);
	if (slot.header_len > size)
		return 0;

	hdr = malloc(slot.header_len);
	memcpy(hdr, data, slot.header_len);
	guess_flow(hdr, slot.header_len, flags, twist, &flow);
	if (!unet_tx_header_check(hdr, slot.header_len, total, slot.seg_size,
				  &flow, &info)) {
		is_the_flows(&info, &flow);
		if (info.header_len + info.payload != total ||
		    info.segments < 1 || info.segments > UNET_TX_MAX_SEGMENTS)
			abort();
		unet_tx_header_fix(hdr, &info);
		verifies(hdr, &info, total);
	}
	free(hdr);
	return 0;
}
