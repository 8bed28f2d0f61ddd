// SPDX-License-Identifier: MIT
/*
 * The host behind one end of the wire: what no flow wants is answered as a host
 * without a socket answers, TCP by a reset (RFC 9293 section 3.10.7.1), UDP by
 * "port unreachable" (RFC 1122 section 4.1.3.1, RFC 4443 section 3.1).
 */
#include "backend_loop.h"
#include "core/csum.h"
#include "core/wire.h"
#include "ip_version.h"

#define ICMP_UNREACH	3
#define ICMP6_UNREACH	1
#define PORT4		3
#define PORT6		4
#define QUOTE4		548u	/* RFC 1812 section 4.3.2.3: 576 in all */
#define QUOTE6		1232u	/* RFC 4443: as much as 1280 hold */

static void send(struct unet_loop_end *e, u8 *packet, u32 len)
{
	unet_wire_put(e->wire, e->side, packet, len, NULL);
}

static u32 ip_header(u8 *to, const struct unet_flow_key *key, u8 proto,
		     u32 l4_len)
{
	const struct unet_ip_out out = { .ttl = 64 };
	struct unet_flow_key k = *key;
	u32 header = unet_ip_header_len(key->family);

	k.proto = proto;
	if (key->family == 4)
		unet_ip4_build(to, &k, &out, header + l4_len);
	else
		unet_ip6_build(to, &k, &out, header + l4_len, 0);
	return header;
}

static void reset(struct unet_loop_end *e, const u8 *tcp, u32 payload,
		  const struct unet_flow_key *key)
{
	u8 packet[UNET_IP6_HEADER + UNET_TCP_HEADER + 1] = { 0 };
	bool csum = unet_wire_flags(e->wire) & UNET_WIRE_CSUM;
	u8 flags = tcp[13];
	u32 header;
	u8 *out;

	if (flags & UNET_TCP_RST)
		return;
	header = ip_header(packet, key, UNET_PROTO_TCP, UNET_TCP_HEADER);
	out = packet + header;
	memcpy(out, tcp + 2, 2);
	memcpy(out + 2, tcp, 2);
	out[12] = UNET_TCP_HEADER / 4 << 4;
	out[13] = UNET_TCP_RST;
	if (flags & UNET_TCP_ACK) {
		memcpy(out + 4, tcp + 8, 4);
	} else {
		out[13] |= UNET_TCP_ACK;
		unet_store_u32(out + 8, unet_load_u32(tcp + 4) + payload +
			       !!(flags & UNET_TCP_SYN) +
			       !!(flags & UNET_TCP_FIN));
	}
	unet_wire_finish(packet, header + UNET_TCP_HEADER,
			 (u16)(header + UNET_TCP_HEADER), csum);
	send(e, packet, header + UNET_TCP_HEADER);
}

static void unreachable(struct unet_loop_end *e, const u8 *l3, u32 len,
			const struct unet_flow_key *key)
{
	u8 packet[UNET_IP6_HEADER + UNET_ICMP_HEADER + QUOTE6 + 1] = { 0 };
	bool four = key->family == 4;
	u32 quote = min(len, four ? QUOTE4 : QUOTE6);
	u32 l4_len = UNET_ICMP_HEADER + quote;
	u8 proto = four ? UNET_PROTO_ICMP : UNET_PROTO_ICMP6;
	u32 header = ip_header(packet, key, proto, l4_len);
	u8 *icmp = packet + header;
	u64 sum = 0;

	icmp[0] = four ? ICMP_UNREACH : ICMP6_UNREACH;
	icmp[1] = four ? PORT4 : PORT6;
	memcpy(icmp + UNET_ICMP_HEADER, l3, quote);
	if (!four)
		sum = unet_csum_pseudo6(key->local, key->remote, proto,
					l4_len);
	unet_store_raw16(icmp + 2,
			 unet_csum_finish(unet_csum_add(icmp, l4_len, sum)));
	unet_wire_ip_csum(packet);
	send(e, packet, header + l4_len);
}

/**
 * unet_loop_host() - answer a packet that no flow of an end wants
 * @e: the end it came to
 * @l3: the packet
 * @len: its bytes
 *
 * Return: true when the host has taken it, false when it is the stack's to look
 * at: fragments, ICMP, and what is no packet.
 */
bool unet_loop_host(struct unet_loop_end *e, const u8 *l3, u32 len)
{
	struct unet_flow_info info;
	struct unet_flow_key key;

	if (unet_flow_key_parse(l3, len, len, true, &key, &info) ||
	    info.flags & UNET_PKT_FRAGMENT ||
	    !unet_iface_is_local(&e->be.iface, key.family, key.local))
		return false;
	if (key.proto == UNET_PROTO_TCP)
		reset(e, l3 + info.l4_offset, info.bytes - info.payload, &key);
	else if (key.proto == UNET_PROTO_UDP)
		unreachable(e, l3, info.bytes, &key);
	else
		return false;
	return true;
}
