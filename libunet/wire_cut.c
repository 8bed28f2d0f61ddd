// SPDX-License-Identifier: MIT
/*
 * What kernel and device do to a send: cut it, and fill in lengths, checksums
 * and sequence numbers.
 */
#include "backend_loop.h"
#include "core/csum.h"
#include "core/wire.h"

#define TCP_SEQ		4
#define TCP_FLAGS	13
#define TCP_CSUM	16
#define UDP_LEN		4
#define UDP_CSUM	6

static void l4_csum(u8 *l3, u32 len, bool want)
{
	u32 header = unet_ip_bytes(l3);
	u8 proto = unet_ip_proto(l3);
	u8 *at = l3 + header + (proto == UNET_PROTO_TCP ? TCP_CSUM : UDP_CSUM);
	u16 csum;
	u64 sum;

	if (proto != UNET_PROTO_TCP && proto != UNET_PROTO_UDP)
		return;
	unet_store_raw16(at, 0);
	if (!want)
		return;
	sum = unet_ip_is4(l3) ?
	      unet_csum_pseudo4(l3 + 12, l3 + 16, proto, len - header) :
	      unet_csum_pseudo6(l3 + 8, l3 + 24, proto, len - header);
	csum = unet_csum_finish(unet_csum_add(l3 + header, len - header, sum));
	if (proto == UNET_PROTO_UDP && !csum)
		csum = 0xffff;
	unet_store_raw16(at, csum);
}

/**
 * unet_wire_ip_csum() - the header checksum anew, if there is one
 * @l3: the packet
 */
void unet_wire_ip_csum(u8 *l3)
{
	if (!unet_ip_is4(l3))
		return;
	unet_store_raw16(l3 + 10, 0);
	unet_store_raw16(l3 + 10,
			 unet_csum_finish(unet_csum_add(l3, unet_ip_bytes(l3), 0)));
}

/**
 * unet_wire_finish() - lengths and checksums of a packet about to leave
 * @l3: the packet
 * @len: its bytes
 * @header_len: IP and L4 headers
 * @csum: fill in the L4 checksum, else leave it zero
 */
void unet_wire_finish(u8 *l3, u32 len, u16 header_len, bool csum)
{
	u32 header = unet_ip_bytes(l3);

	if (unet_ip_is4(l3))
		unet_store_u16(l3 + 2, (u16)len);
	else
		unet_store_u16(l3 + 4, (u16)(len - header));
	unet_wire_ip_csum(l3);
	if (unet_ip_proto(l3) == UNET_PROTO_UDP && header_len == header + 8)
		unet_store_u16(l3 + header + UDP_LEN, (u16)(len - header));
	l4_csum(l3, len, csum);
}

/* Flags that stand on the first or on the last segment only. */
static void cut_tcp(u8 *tcp, u32 offset, bool first, bool last)
{
	unet_store_u32(tcp + TCP_SEQ, unet_load_u32(tcp + TCP_SEQ) + offset);
	if (!first)
		tcp[TCP_FLAGS] &= (u8)~UNET_TCP_CWR;
	if (!last)
		tcp[TCP_FLAGS] &= (u8)~(UNET_TCP_FIN | UNET_TCP_PSH);
}

/**
 * unet_wire_cut() - put a send on the wire
 * @w: the wire
 * @from: end
 * @pkt: data at the IP header; stays the caller's
 * @header_len: IP and L4 headers
 *
 * Return: 0 or -EMSGSIZE.
 */
int unet_wire_cut(struct unet_wire *w, int from, struct unet_pkt *pkt,
		  u16 header_len)
{
	bool whole = !pkt->seg_size || unet_wire_flags(w) & UNET_WIRE_SUPER;
	bool csum = unet_wire_flags(w) & UNET_WIRE_CSUM;
	u32 payload = pkt->total - header_len;
	u32 step = whole ? payload : pkt->seg_size;
	u32 offset = 0;
	u8 buf[UNET_TX_MAX_BYTES + 1];

	if (pkt->total > UNET_TX_MAX_BYTES)
		return -EMSGSIZE;
	do {
		u32 n = min(payload - offset, step);

		unet_pkt_copy_out(pkt, 0, buf, header_len);
		unet_pkt_copy_out(pkt, header_len + offset, buf + header_len,
				  n);
		if (!whole && unet_ip_proto(buf) == UNET_PROTO_TCP)
			cut_tcp(buf + unet_ip_bytes(buf), offset, !offset,
				offset + n == payload);
		unet_wire_finish(buf, header_len + n, header_len, csum);
		unet_wire_put(w, from, buf, header_len + n,
			      whole ? pkt : NULL);
		offset += n;
	} while (offset < payload);
	return 0;
}
