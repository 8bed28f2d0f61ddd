// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <stdlib.h>
#include "core/csum.h"
#include "core/wire.h"
#include "forge.h"

u8 forge_addr(const char *text, __be32 addr[4])
{
	memset(addr, 0, 16);
	if (inet_pton(AF_INET6, text, addr) == 1)
		return 6;
	if (inet_pton(AF_INET, text, addr) != 1)
		abort();
	return 4;
}

void forge_fix_ip4(u8 *packet)
{
	u32 header = (packet[0] & 15u) * 4;

	unet_store_raw16(packet + 10, 0);
	unet_store_raw16(packet + 10,
			 unet_csum_finish(unet_csum_add(packet, header, 0)));
}

static void fix_l4(u8 *packet, u8 *l4, u32 len, u8 proto)
{
	u32 at = proto == UNET_PROTO_TCP ? 16 : proto == UNET_PROTO_UDP ? 6 : 2;
	u64 sum = 0;
	u16 csum;

	if (len < at + 2)
		return;
	if (proto != UNET_PROTO_ICMP)
		sum = packet[0] >> 4 == 4 ?
		      unet_csum_pseudo4(packet + 12, packet + 16, proto, len) :
		      unet_csum_pseudo6(packet + 8, packet + 24, proto, len);
	if (proto == UNET_PROTO_UDP)
		unet_store_u16(l4 + 4, (u16)len);
	unet_store_raw16(l4 + at, 0);
	csum = unet_csum_finish(unet_csum_add(l4, len, sum));
	if (proto == UNET_PROTO_UDP && !csum)
		csum = 0xffff;
	unet_store_raw16(l4 + at, csum);
}

void forge_fix(u8 *packet, u32 len)
{
	if (packet[0] >> 4 == 4) {
		unet_store_u16(packet + 2, (u16)len);
		fix_l4(packet, packet + 20, len - 20, packet[9]);
		forge_fix_ip4(packet);
	} else {
		unet_store_u16(packet + 4, (u16)(len - 40));
		fix_l4(packet, packet + 40, len - 40, packet[6]);
	}
}

u32 forge_ip(u8 *out, const char *src, const char *dst, u8 proto,
	     const void *l4, u32 len)
{
	__be32 from[4];
	__be32 to[4];
	u8 family = forge_addr(src, from);
	u32 header = family == 4 ? 20 : 40;

	if (forge_addr(dst, to) != family)
		abort();
	memset(out, 0, header);
	if (family == 4) {
		out[0] = 0x45;
		out[8] = 64;
		out[9] = proto;
		memcpy(out + 12, from, 4);
		memcpy(out + 16, to, 4);
	} else {
		out[0] = 0x60;
		out[6] = proto;
		out[7] = 64;
		memcpy(out + 8, from, 16);
		memcpy(out + 24, to, 16);
	}
	memmove(out + header, l4, len);
	forge_fix(out, header + len);
	return header + len;
}

u32 forge_udp(u8 *out, const char *src, u16 sport, const char *dst, u16 dport,
	      const void *payload, u32 len)
{
	static u8 l4[FORGE_MAX];

	unet_store_u16(l4, sport);
	unet_store_u16(l4 + 2, dport);
	memcpy(l4 + 8, payload, len);
	return forge_ip(out, src, dst, UNET_PROTO_UDP, l4, len + 8);
}

u32 forge_pad(u8 *packet, u32 len, u32 n)
{
	memset(packet + len, 0x5a, n);
	len += n;
	if (packet[0] >> 4 == 4) {
		unet_store_u16(packet + 2, (u16)len);
		forge_fix_ip4(packet);
	} else {
		unet_store_u16(packet + 4, (u16)(len - 40));
	}
	return len;
}

u32 forge_icmp_error(u8 *out, const char *router, const char *dst, u8 type,
		     u8 code, u32 mtu, const u8 *quote, u32 len)
{
	static u8 l4[FORGE_MAX];
	bool six = strchr(router, ':');

	memset(l4, 0, 8);
	l4[0] = type;
	l4[1] = code;
	/* RFC 1191: 16 bits; RFC 4443: 32, of which the upper are zero */
	unet_store_u16(l4 + 6, (u16)mtu);
	memcpy(l4 + 8, quote, len);
	return forge_ip(out, router, dst,
			six ? UNET_PROTO_ICMP6 : UNET_PROTO_ICMP, l4, len + 8);
}

u32 forge_fragment(u8 *out, const u8 *whole, u32 offset, u32 len, bool more,
		   u32 id)
{
	u32 header = whole[0] >> 4 == 4 ? 20 : 40;

	memcpy(out, whole, header);
	if (header == 20) {
		memcpy(out + 20, whole + 20 + offset, len);
		unet_store_u16(out + 2, (u16)(20 + len));
		unet_store_u16(out + 4, (u16)id);
		unet_store_u16(out + 6, (u16)(offset / 8 |
					      (more ? UNET_IP4_MF : 0)));
		forge_fix_ip4(out);
		return 20 + len;
	}
	unet_store_u16(out + 4, (u16)(8 + len));
	out[6] = UNET_PROTO_FRAGMENT;
	out[40] = whole[6];
	out[41] = 0;
	unet_store_u16(out + 42, (u16)(offset | more));
	unet_store_u32(out + 44, id);
	memcpy(out + 48, whole + 40 + offset, len);
	return 48 + len;
}

u32 forge_extension(u8 *packet, u32 len, u8 type, const u8 *ext, u32 ext_len)
{
	memmove(packet + 40 + ext_len, packet + 40, len - 40);
	memcpy(packet + 40, ext, ext_len);
	packet[40] = packet[6];
	packet[6] = type;
	unet_store_u16(packet + 4, (u16)(len + ext_len - 40));
	return len + ext_len;
}
