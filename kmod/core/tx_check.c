// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/csum.h"
#include "core/ip4_options.h"
#include "core/tx_check.h"
#include "core/wire.h"

#define MIN_HEADER	UNET_IP4_HEADER

/* ---- the slot --------------------------------------------------------- */

/* Sum up the extents; all of them lie inside the region. */
static bool extents_sound(const struct unet_tx_slot *slot, u32 tx_bytes,
			  u64 *sum)
{
	u32 i;

	*sum = 0;
	for (i = 0; i < slot->extents; i++) {
		const struct unet_extent *extent = &slot->extent[i];

		if (!extent->len || extent->offset >= tx_bytes ||
		    extent->len > tx_bytes - extent->offset)
			return false;
		*sum += extent->len;
	}
	return true;
}

/* May a payload of so many bytes be cut into pieces of @seg_size? */
static bool cut_sound(u32 payload, u32 seg_size)
{
	if (!seg_size)
		return true;
	return payload && payload <= seg_size * UNET_TX_MAX_SEGMENTS;
}

enum unet_counter unet_tx_slot_check(const struct unet_tx_slot *slot,
				     u32 tx_bytes, u32 *total)
{
	u64 sum;

	if (slot->flags || !slot->extents || slot->extents > UNET_TX_EXTENTS ||
	    slot->header_len < MIN_HEADER ||
	    slot->header_len > UNET_TX_MAX_HEADER)
		return UNET_CNT_TX_BAD_SLOT;
	if (!extents_sound(slot, tx_bytes, &sum))
		return UNET_CNT_TX_BAD_EXTENT;
	if (slot->header_len > slot->extent[0].len)
		return UNET_CNT_TX_BAD_SLOT;
	if (sum > UNET_TX_MAX_BYTES ||
	    !cut_sound((u32)sum - slot->header_len, slot->seg_size))
		return UNET_CNT_TX_BAD_LENGTH;
	*total = (u32)sum;
	return UNET_CNT_NONE;
}

/* ---- the header: is it one? -------------------------------------------- */

static enum unet_counter read_ip4(const u8 *hdr, u32 hdr_len,
				  struct unet_tx_info *info)
{
	u32 size = (hdr[0] & 15) * 4;
	u16 fragment = unet_load_u16(hdr + 6);

	if (size < UNET_IP4_HEADER || size > hdr_len)
		return UNET_CNT_TX_BAD_HEADER;
	if (fragment & ~UNET_IP4_DF)
		return UNET_CNT_TX_BAD_HEADER;
	if (!hdr[8] || !unet_load_raw32(hdr + 16))	/* TTL, destination */
		return UNET_CNT_TX_BAD_HEADER;
	if (!unet_ip4_options_sendable(hdr + UNET_IP4_HEADER,
				       size - UNET_IP4_HEADER))
		return UNET_CNT_TX_BAD_HEADER;
	info->family = 4;
	info->proto = hdr[9];
	info->tos = hdr[1];
	info->dont_fragment = fragment & UNET_IP4_DF;
	info->l4_offset = size;
	info->src[0] = unet_load_be32(hdr + 12);
	info->dst[0] = unet_load_be32(hdr + 16);
	return UNET_CNT_NONE;
}

static enum unet_counter read_ip6(const u8 *hdr, u32 hdr_len,
				  struct unet_tx_info *info)
{
	if (hdr_len < UNET_IP6_HEADER)
		return UNET_CNT_TX_BAD_HEADER;
	if (!hdr[7] || !(unet_load_raw64(hdr + 24) | unet_load_raw64(hdr + 32)))
		return UNET_CNT_TX_BAD_HEADER;
	info->family = 6;
	info->proto = hdr[6];
	info->tos = (u8)(unet_load_u16(hdr) >> 4);
	info->dont_fragment = true;
	info->l4_offset = UNET_IP6_HEADER;
	memcpy(info->src, hdr + 8, sizeof(info->src));
	memcpy(info->dst, hdr + 24, sizeof(info->dst));
	return UNET_CNT_NONE;
}

static enum unet_counter read_tcp(const u8 *tcp, u32 len, u16 seg_size,
				  struct unet_tx_info *info)
{
	if (len < UNET_TCP_HEADER)
		return UNET_CNT_TX_BAD_HEADER;
	if (tcp[12] >> 4 < 5)
		return UNET_CNT_TX_BAD_HEADER;
	if ((tcp[12] >> 4) * 4u != len)
		return UNET_CNT_TX_BAD_LENGTH;
	info->tcp_flags = tcp[13];
	if (seg_size &&
	    info->tcp_flags & (UNET_TCP_SYN | UNET_TCP_RST | UNET_TCP_URG))
		return UNET_CNT_TX_BAD_HEADER;
	info->seq = unet_load_u32(tcp + 4);
	info->ack = unet_load_u32(tcp + 8);
	info->csum_offset = 16;
	return UNET_CNT_NONE;
}

static enum unet_counter read_udp(u32 len, struct unet_tx_info *info)
{
	if (len < UNET_UDP_HEADER)
		return UNET_CNT_TX_BAD_HEADER;
	if (len != UNET_UDP_HEADER)
		return UNET_CNT_TX_BAD_LENGTH;
	info->csum_offset = 6;
	return UNET_CNT_NONE;
}

/* The header above IP; @flow says whether there is one to be read. */
static enum unet_counter read_l4(const u8 *hdr, u32 hdr_len, u16 seg_size,
				 const struct unet_tx_flow *flow,
				 struct unet_tx_info *info)
{
	const u8 *l4 = hdr + info->l4_offset;
	u32 len = hdr_len - info->l4_offset;
	enum unet_counter bad;

	if (flow->flags & UNET_TX_FLOW_NO_PORTS) {
		if (len)
			return UNET_CNT_TX_BAD_LENGTH;
		return seg_size ? UNET_CNT_TX_BAD_HEADER : UNET_CNT_NONE;
	}
	bad = info->proto == UNET_PROTO_TCP ? read_tcp(l4, len, seg_size, info) :
					      read_udp(len, info);
	if (bad)
		return bad;
	info->src_port = unet_load_be16(l4);
	info->dst_port = unet_load_be16(l4 + 2);
	if (!info->src_port || !info->dst_port)
		return UNET_CNT_TX_BAD_HEADER;
	return UNET_CNT_NONE;
}

/* ---- the header: is it the flow's? ------------------------------------- */

static bool proto_allowed(const struct unet_tx_info *info,
			  const struct unet_tx_flow *flow)
{
	bool has_ports = info->proto == UNET_PROTO_TCP ||
			 info->proto == UNET_PROTO_UDP;
	u8 family = info->family == 4 ? UNET_TX_FLOW_IP4 : UNET_TX_FLOW_IP6;

	/* every protocol with ports is read as such, whatever the flow says */
	return (flow->flags & family) && info->proto == flow->proto &&
	       has_ports == !(flow->flags & UNET_TX_FLOW_NO_PORTS);
}

static enum unet_counter ends_allowed(const struct unet_tx_info *info,
				      const struct unet_tx_flow *flow)
{
	if ((flow->flags & UNET_TX_FLOW_LOCAL) &&
	    memcmp(info->src, flow->local, sizeof(info->src)))
		return UNET_CNT_TX_SPOOF_SOURCE;
	if (!(flow->flags & UNET_TX_FLOW_NO_PORTS) &&
	    info->src_port != flow->local_port)
		return UNET_CNT_TX_SPOOF_PORT;
	if (!(flow->flags & UNET_TX_FLOW_REMOTE))
		return UNET_CNT_NONE;
	if (memcmp(info->dst, flow->remote, sizeof(info->dst)))
		return UNET_CNT_TX_SPOOF_DEST;
	if (!(flow->flags & UNET_TX_FLOW_NO_PORTS) &&
	    info->dst_port != flow->remote_port)
		return UNET_CNT_TX_SPOOF_DEST;
	return UNET_CNT_NONE;
}

enum unet_counter unet_tx_header_check(const void *hdr, u32 hdr_len, u32 total,
				       u16 seg_size,
				       const struct unet_tx_flow *flow,
				       struct unet_tx_info *info)
{
	const u8 *p = hdr;
	enum unet_counter bad;

	memset(info, 0, sizeof(*info));
	if (hdr_len < MIN_HEADER || hdr_len > total)
		return UNET_CNT_TX_BAD_LENGTH;
	if (p[0] >> 4 == 4)
		bad = read_ip4(p, hdr_len, info);
	else if (p[0] >> 4 == 6)
		bad = read_ip6(p, hdr_len, info);
	else
		bad = UNET_CNT_TX_BAD_HEADER;
	if (bad)
		return bad;
	if (!proto_allowed(info, flow))
		return UNET_CNT_TX_SPOOF_PROTO;
	/* What is behind it would be nobody's to check, and may be anybody's. */
	if (info->family == 6 && unet_ip6_extension(info->proto))
		return UNET_CNT_TX_BAD_HEADER;
	bad = read_l4(p, hdr_len, seg_size, flow, info);
	if (bad)
		return bad;

	info->header_len = hdr_len;
	info->payload = total - hdr_len;
	info->segments = 1;
	if (seg_size && info->payload)
		info->segments = DIV_ROUND_UP(info->payload, seg_size);
	return ends_allowed(info, flow);
}

/* ---- what the kernel fills in ------------------------------------------ */

static u64 fix_ip4(u8 *hdr, const struct unet_tx_info *info, u32 l4_bytes)
{
	unet_store_u16(hdr + 2, info->l4_offset + l4_bytes);
	unet_store_raw16(hdr + 10, 0);
	unet_store_raw16(hdr + 10,
			 unet_csum_finish(unet_csum_add(hdr, info->l4_offset,
							0)));
	return unet_csum_pseudo4(info->src, info->dst, info->proto, l4_bytes);
}

static u64 fix_ip6(u8 *hdr, const struct unet_tx_info *info, u32 l4_bytes)
{
	unet_store_u16(hdr + 4, l4_bytes);
	return unet_csum_pseudo6(info->src, info->dst, info->proto, l4_bytes);
}

void unet_tx_header_fix(void *hdr, const struct unet_tx_info *info)
{
	u32 l4_bytes = info->header_len - info->l4_offset + info->payload;
	u8 *l4 = (u8 *)hdr + info->l4_offset;
	u64 pseudo;

	pseudo = info->family == 4 ? fix_ip4(hdr, info, l4_bytes) :
				     fix_ip6(hdr, info, l4_bytes);
	if (!info->csum_offset)
		return;
	if (info->proto == UNET_PROTO_UDP)
		unet_store_u16(l4 + 4, l4_bytes);
	unet_store_raw16(l4 + info->csum_offset, unet_csum_fold(pseudo));
}
