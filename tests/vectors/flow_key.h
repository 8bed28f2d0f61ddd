/* SPDX-License-Identifier: MIT */
/* Flow keys: of packets, of what ICMP errors quote, masked and hashed. */
#ifndef _UNET_VECTORS_FLOW_KEY_H
#define _UNET_VECTORS_FLOW_KEY_H

#include <linux/unet.h>
#include "core/flow_key.h"
#include "vectors/set.h"

/* Pieces of packets. 10.0.0.1 sends to 192.0.2.9, 2001:db8::1 to fe80::2. */
#define V4_ENDS		"0a000001 c0000209"
#define V4(len, frag, proto) \
	"4500" len "0001" frag "40" proto "0000" V4_ENDS
#define V6_ENDS		"20010db8000000000000000000000001" \
			"fe800000000000000000000000000002"
#define V6(len, next)	"60000000" len next "40" V6_ENDS
#define UDP(len)	"30390035" len "0000"
#define TCP_SEQ		"11223344 55667788"
#define TCP(doff_flags)	"30390050" TCP_SEQ doff_flags "1000 0000 0000"

#define TCP_ACK		UNET_TCP_ACK
#define P_TCP		UNET_PROTO_TCP
#define P_UDP		UNET_PROTO_UDP

#define KEY_BYTES	640u	/* the longest row */

/**
 * struct flow_key_row - a packet and its key
 * @name:	sentence
 * @hex:	the packet; an IPv4 header checksum is filled in unless @keep
 * @zeros:	zero bytes behind it
 * @keep:	leave the checksum as it is
 * @ret:	of parsing; the rest counts when it is 0
 * @family:	of the key
 * @proto:	of the key
 * @flags:	of the info
 * @tcp_flags:	of the info
 * @l4:		l4_offset of the info
 * @payload:	of the info
 * @bytes:	of the info
 * @sport:	source port as a number
 * @dport:	destination port as a number
 */
struct flow_key_row {
	const char *name;
	const char *hex;
	u32 zeros;
	bool keep;
	int ret;
	u8 family;
	u8 proto;
	u8 flags;
	u8 tcp_flags;
	u16 l4;
	u16 payload;
	u16 bytes;
	u16 sport;
	u16 dport;
};

static const struct flow_key_row flow_key_rows[] = {
	/* IPv4 */
	{ "IPv4 UDP", V4("0020", "4000", "11") UDP("000c") "61626364",
	  0, false, 0, 4, P_UDP, 0, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 UDP without payload", V4("001c", "0000", "11") UDP("0008"),
	  0, false, 0, 4, P_UDP, 0, 0, 20, 28, 28, 12345, 53 },
	{ "IPv4 UDP padded to the smallest frame",
	  V4("0020", "4000", "11") UDP("000c") "61626364",
	  14, false, 0, 4, P_UDP, 0, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 UDP shorter than its IP payload",
	  V4("0020", "4000", "11") UDP("0009") "61626364",
	  0, false, 0, 4, P_UDP, 0, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 TCP", V4("0028", "4000", "06") TCP("5010"),
	  0, false, 0, 4, P_TCP, 0, TCP_ACK, 20, 40, 40, 12345, 80 },
	{ "IPv4 TCP SYN with options",
	  V4("002c", "4000", "06") TCP("6002") "020405b4",
	  0, false, 0, 4, P_TCP, 0, UNET_TCP_SYN, 20, 44, 44, 12345, 80 },
	{ "IPv4 TCP with every flag",
	  V4("002a", "4000", "06") TCP("50ff") "6162",
	  0, false, 0, 4, P_TCP, 0, 0xff, 20, 40, 42, 12345, 80 },
	{ "IPv4 with a CE mark",
	  "45030020 00010000 40110000" V4_ENDS UDP("000c") "61626364",
	  0, false, 0, 4, P_UDP, UNET_PKT_CE, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 with ECT(0) has no CE mark",
	  "45020020 00010000 40110000" V4_ENDS UDP("000c") "61626364",
	  0, false, 0, 4, P_UDP, 0, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 with options before UDP",
	  "46000024 00010000 40110000" V4_ENDS "94040000" UDP("000c") "61626364",
	  0, false, 0, 4, P_UDP, UNET_PKT_OPTIONS, 0, 24, 32, 36, 12345, 53 },
	{ "IPv4 with sixty bytes of header",
	  "4f000044 00010000 40110000" V4_ENDS
	  "01010101010101010101010101010101010101010101010101010101010101010101010101010100"
	  UDP("0008"),
	  0, false, 0, 4, P_UDP, UNET_PKT_OPTIONS, 0, 60, 68, 68, 12345, 53 },
	{ "IPv4 first fragment",
	  V4("0020", "2000", "11") UDP("0400") "61626364",
	  0, false, 0, 4, P_UDP, UNET_PKT_FRAG_FIRST, 0, 20, 28, 32, 12345, 53 },
	{ "IPv4 later fragment has no ports",
	  V4("001c", "2001", "11") "3039003512345678",
	  0, false, 0, 4, P_UDP, UNET_PKT_FRAG_LATER, 0, 20, 20, 28, 0, 0 },
	{ "IPv4 last fragment has no ports",
	  V4("0015", "1fff", "06") "30",
	  0, false, 0, 4, P_TCP, UNET_PKT_FRAG_LATER, 0, 20, 20, 21, 0, 0 },
	{ "IPv4 GRE has no ports", V4("0018", "0000", "2f") "00000800",
	  0, false, 0, 4, 47, 0, 0, 20, 20, 24, 0, 0 },
	{ "IPv4 without payload", V4("0014", "0000", "3d"),
	  0, false, 0, 4, 61, 0, 0, 20, 20, 20, 0, 0 },
	{ "IPv4 SCTP ports are not looked at",
	  V4("0020", "0000", "84") "303900500000000000000000",
	  0, false, 0, 4, 132, 0, 0, 20, 20, 32, 0, 0 },
	{ "IPv4 echo request is no error",
	  V4("001c", "0000", "01") "0800f7fe00000001",
	  0, false, 0, 4, 1, 0, 0, 20, 20, 28, 0, 0 },
	{ "IPv4 destination unreachable is an error",
	  V4("001c", "0000", "01") "0303fcfc00000000",
	  0, false, 0, 4, 1, UNET_PKT_ICMP_ERROR, 0, 20, 20, 28, 0, 0 },
	{ "IPv4 redirect is no error",
	  V4("001c", "0000", "01") "0501fcfc0a000001",
	  0, false, 0, 4, 1, 0, 0, 20, 20, 28, 0, 0 },
	{ "ICMPv6 numbers mean nothing in IPv4",
	  V4("001c", "0000", "3a") "0100fcfc00000000",
	  0, false, 0, 4, 58, 0, 0, 20, 20, 28, 0, 0 },

	/* IPv4, refused */
	{ "no packet", "", 0, false, -EBADMSG },
	{ "one byte of IPv4", "45", 0, false, -EBADMSG },
	{ "version 0", "00", 60, true, -EPROTO },
	{ "version 5", "55000020", 60, true, -EPROTO },
	{ "version 15", "f5000020", 60, true, -EPROTO },
	{ "IPv4 header cut short", "45000014 00010000 40110000 0a000001 c00002",
	  0, false, -EBADMSG },
	{ "IPv4 header of sixteen bytes",
	  "44000020 00010000 40110000" V4_ENDS UDP("000c") "61626364",
	  0, true, -EBADMSG },
	{ "IPv4 header longer than the packet",
	  "4f00001c 00010000 40110000" V4_ENDS UDP("0008"), 0, true, -EBADMSG },
	{ "IPv4 total length of less than the header",
	  V4("0013", "0000", "11") UDP("0008"), 0, false, -EBADMSG },
	{ "IPv4 total length of zero", V4("0000", "0000", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv4 total length past the end", V4("001d", "0000", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv4 total length of all ones", V4("ffff", "0000", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv4 wrong header checksum",
	  "45000020 00014000 40110000" V4_ENDS UDP("000c") "61626364",
	  0, true, -EBADMSG },
	{ "IPv4 wrong checksum of a header with options",
	  "46000024 00010000 40110000" V4_ENDS "94040000" UDP("000c") "61626364",
	  0, true, -EBADMSG },
	{ "IPv4 source route",
	  "47000024 00010000 40110000" V4_ENDS "83070412345678 00" UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv4 option past the end",
	  "46000024 00010000 40110000" V4_ENDS "94050000" UDP("000c") "61626364",
	  0, false, -EBADMSG },
	{ "IPv4 UDP of less than a header", V4("0020", "0000", "11") UDP("0007")
	  "61626364", 0, false, -EBADMSG },
	{ "IPv4 UDP of length zero", V4("0020", "0000", "11") UDP("0000")
	  "61626364", 0, false, -EBADMSG },
	{ "IPv4 UDP longer than the packet", V4("0020", "0000", "11") UDP("000d")
	  "61626364", 0, false, -EBADMSG },
	{ "IPv4 UDP that reaches into the padding",
	  V4("001f", "0000", "11") UDP("000c") "61626364", 10, false, -EBADMSG },
	{ "IPv4 UDP header cut short", V4("001b", "0000", "11") "30390035000800",
	  0, false, -EBADMSG },
	{ "IPv4 UDP header in the padding", V4("0018", "0000", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv4 TCP header cut short", V4("0027", "0000", "06") TCP("5010"),
	  0, false, -EBADMSG },
	{ "IPv4 TCP header of sixteen bytes", V4("0028", "0000", "06") TCP("4010"),
	  0, false, -EBADMSG },
	{ "IPv4 TCP header of no length", V4("0028", "0000", "06") TCP("0010"),
	  0, false, -EBADMSG },
	{ "IPv4 TCP options past the end", V4("0028", "0000", "06") TCP("6010"),
	  0, false, -EBADMSG },
	{ "IPv4 TCP options in the padding", V4("0028", "0000", "06") TCP("6010"),
	  4, false, -EBADMSG },
	{ "IPv4 first fragment with half a TCP header",
	  V4("001c", "2000", "06") "3039005011223344", 0, false, -EBADMSG },
	{ "IPv4 ICMP cut short", V4("001b", "0000", "01") "03030000000000",
	  0, false, -EBADMSG },

	/* IPv6 */
	{ "IPv6 UDP", V6("000c", "11") UDP("000c") "61626364",
	  0, false, 0, 6, P_UDP, 0, 0, 40, 48, 52, 12345, 53 },
	{ "IPv6 UDP with padding behind", V6("0009", "11") UDP("0009") "61",
	  7, false, 0, 6, P_UDP, 0, 0, 40, 48, 49, 12345, 53 },
	{ "IPv6 TCP", V6("0014", "06") TCP("5010"),
	  0, false, 0, 6, P_TCP, 0, TCP_ACK, 40, 60, 60, 12345, 80 },
	{ "IPv6 TCP FIN with options", V6("0018", "06") TCP("6011") "01010101",
	  0, false, 0, 6, P_TCP, 0, TCP_ACK | UNET_TCP_FIN, 40, 64, 64, 12345, 80 },
	{ "IPv6 with a CE mark",
	  "60300000 000c1140" V6_ENDS UDP("000c") "61626364",
	  0, false, 0, 6, P_UDP, UNET_PKT_CE, 0, 40, 48, 52, 12345, 53 },
	{ "IPv6 with a flow label and ECT(1) has no CE mark",
	  "6f1fffff 000c1140" V6_ENDS UDP("000c") "61626364",
	  0, false, 0, 6, P_UDP, 0, 0, 40, 48, 52, 12345, 53 },
	{ "IPv6 hop-by-hop options",
	  V6("0014", "00") "1100050200000100" UDP("000c") "61626364",
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS, 0, 48, 56, 60, 12345, 53 },
	{ "IPv6 destination options of sixteen bytes before TCP",
	  V6("0024", "3c") "06010104000000000000000000000000" TCP("5010"),
	  0, false, 0, 6, P_TCP, UNET_PKT_OPTIONS, TCP_ACK, 56, 76, 76, 12345, 80 },
	{ "IPv6 every walked extension header",
	  V6("0028", "00") "3c00010400000000" "2b00010400000000"
	  "2c00000000000000" "1100000012345678" UDP("0008"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS, 0, 72, 80, 80, 12345, 53 },
	{ "IPv6 atomic fragment is whole",
	  V6("0010", "2c") "1100000012345678" UDP("0008"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS, 0, 48, 56, 56, 12345, 53 },
	{ "IPv6 first fragment",
	  V6("0010", "2c") "1100000112345678" UDP("0400"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS | UNET_PKT_FRAG_FIRST, 0,
	  48, 56, 56, 12345, 53 },
	{ "IPv6 later fragment has no ports",
	  V6("0010", "2c") "1100000912345678" UDP("0008"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS | UNET_PKT_FRAG_LATER, 0,
	  48, 48, 56, 0, 0 },
	{ "IPv6 later fragment is not walked on",
	  V6("0010", "2c") "3c00000812345678" "1100000000000000",
	  0, false, 0, 6, 60, UNET_PKT_OPTIONS | UNET_PKT_FRAG_LATER, 0,
	  48, 48, 56, 0, 0 },
	{ "IPv6 routing header with segments left is the host's",
	  V6("0020", "2b") "11020401 00000000" V6_ENDS UDP("0008"),
	  0, false, 0, 6, 43, 0, 0, 40, 40, 72, 0, 0 },
	{ "IPv6 routing header at its end is walked",
	  V6("0020", "2b") "11020400 00000000 20010db8000000000000000000000003"
	  UDP("0008"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS, 0, 64, 72, 72, 12345, 53 },
	{ "IPv6 authentication header is the host's",
	  V6("0020", "33") "110400000000000100000001000000000000000000000000"
	  UDP("0008"),
	  0, false, 0, 6, 51, 0, 0, 40, 40, 72, 0, 0 },
	{ "IPv6 ESP is the host's", V6("0008", "32") "0000000100000001",
	  0, false, 0, 6, 50, 0, 0, 40, 40, 48, 0, 0 },
	{ "IPv6 no next header", V6("0000", "3b"),
	  0, false, 0, 6, 59, 0, 0, 40, 40, 40, 0, 0 },
	{ "IPv6 neighbour solicitation is no error",
	  V6("0018", "3a") "8700000000000000fe800000000000000000000000000002",
	  0, false, 0, 6, 58, 0, 0, 40, 40, 64, 0, 0 },
	{ "IPv6 packet too big is an error", V6("0008", "3a") "0200000000000500",
	  0, false, 0, 6, 58, UNET_PKT_ICMP_ERROR, 0, 40, 40, 48, 0, 0 },
	{ "ICMP numbers mean nothing in IPv6", V6("0008", "01") "0300000000000000",
	  0, false, 0, 6, 1, 0, 0, 40, 40, 48, 0, 0 },
	{ "IPv6 eight extension headers",
	  V6("0048", "3c") "3c00010400000000" "3c00010400000000"
	  "3c00010400000000" "3c00010400000000" "3c00010400000000"
	  "3c00010400000000" "3c00010400000000" "1100010400000000" UDP("0008"),
	  0, false, 0, 6, P_UDP, UNET_PKT_OPTIONS, 0, 104, 112, 112, 12345, 53 },
	{ "IPv6 256 bytes of extension header",
	  V6("0100", "3c") "3b1f", 254, false, 0,
	  6, 59, UNET_PKT_OPTIONS, 0, 296, 296, 296, 0, 0 },

	/* IPv6, refused */
	{ "IPv6 header cut short", "60000000 000c1140 20010db8", 0, false,
	  -EBADMSG },
	{ "IPv6 payload past the end", V6("0009", "11") UDP("0008"), 0, false,
	  -EBADMSG },
	{ "IPv6 payload length of all ones", V6("ffff", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv6 UDP of length zero", V6("0008", "11") UDP("0000"), 0, false,
	  -EBADMSG },
	{ "IPv6 UDP longer than the packet", V6("0008", "11") UDP("0009"),
	  0, false, -EBADMSG },
	{ "IPv6 UDP header in the padding", V6("0000", "11") UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv6 TCP options past the end", V6("0014", "06") TCP("6010"),
	  0, false, -EBADMSG },
	{ "IPv6 TCP header cut short", V6("0013", "06") TCP("5010"),
	  0, false, -EBADMSG },
	{ "IPv6 extension header cut short", V6("0004", "3c") "11000104",
	  0, false, -EBADMSG },
	{ "IPv6 extension header longer than the packet",
	  V6("0010", "3c") "1101010400000000" UDP("0008"), 0, false, -EBADMSG },
	{ "IPv6 extension header of the greatest length",
	  V6("0010", "3c") "11ff010400000000" UDP("0008"), 0, false, -EBADMSG },
	{ "IPv6 fragment header cut short", V6("0007", "2c") "11000000123456",
	  0, false, -EBADMSG },
	{ "IPv6 hop-by-hop options that are not first",
	  V6("0018", "3c") "0000010400000000" "1100010400000000" UDP("0008"),
	  0, false, -EBADMSG },
	{ "IPv6 nine extension headers",
	  V6("0050", "3c") "3c00010400000000" "3c00010400000000"
	  "3c00010400000000" "3c00010400000000" "3c00010400000000"
	  "3c00010400000000" "3c00010400000000" "3c00010400000000"
	  "1100010400000000" UDP("0008"), 0, false, -EBADMSG },
	{ "IPv6 more than 256 bytes of extension header",
	  V6("0108", "3c") "3b20", 262, false, -EBADMSG },
	{ "IPv6 two extension headers of more than 256 bytes",
	  V6("0110", "3c") "3c1f", 270, false, -EBADMSG },
	{ "ICMPv6 cut short", V6("0007", "3a") "02000000000005", 0, false,
	  -EBADMSG },
};

static inline u32 flow_key_packet(const char *hex, u32 zeros, bool keep, u8 *out)
{
	u32 len;

	memset(out, 0, KEY_BYTES);
	len = vector_bytes(hex, out, KEY_BYTES - zeros);
	if (!keep)
		vector_ip4_checksum(out, len);
	return len + zeros;
}

static inline bool flow_key_info_is(const struct unet_flow_info *a,
				    const struct unet_flow_info *b)
{
	return a->bytes == b->bytes && a->l4_offset == b->l4_offset &&
	       a->payload == b->payload && a->flags == b->flags &&
	       a->tcp_flags == b->tcp_flags;
}

/* Source and destination of the row on the sides @rx says, nothing else set. */
static inline bool flow_key_is(const struct flow_key_row *row, const u8 *l3,
			       bool rx, const struct unet_flow_key *key)
{
	u32 size = row->family == 4 ? 4 : 16;
	const u8 *src = l3 + (row->family == 4 ? 12 : 8);
	struct unet_flow_key want;
	bool ports = row->proto == P_TCP || row->proto == P_UDP;

	memset(&want, 0, sizeof(want));
	memcpy(rx ? want.remote : want.local, src, size);
	memcpy(rx ? want.local : want.remote, src + size, size);
	want.local_port = cpu_to_be16(rx ? row->dport : row->sport);
	want.remote_port = cpu_to_be16(rx ? row->sport : row->dport);
	want.proto = row->proto;
	want.family = row->family;
	want.mask = ports ? UNET_MASK_5TUPLE : UNET_MASK_IP_BOTH;
	return !memcmp(&want, key, sizeof(want)) &&
	       unet_flow_key_equal(&want, key);
}

static inline bool flow_key_both_ways(const struct flow_key_row *row,
				      const u8 *l3, u32 len)
{
	const struct unet_flow_info want = {
		.bytes = row->bytes, .l4_offset = row->l4,
		.payload = row->payload, .flags = row->flags,
		.tcp_flags = row->tcp_flags,
	};
	struct unet_flow_info info;
	struct unet_flow_key key;
	int rx;

	for (rx = 0; rx < 2; rx++)
		if (unet_flow_key_parse(l3, len, len, rx, &key, &info) ||
		    !flow_key_is(row, l3, rx, &key) ||
		    !flow_key_info_is(&info, &want))
			return false;
	return true;
}

/* With less readable the answer is the same or "more, please". */
static inline bool flow_key_in_pieces(const struct flow_key_row *row,
				      const u8 *l3, u32 len)
{
	struct unet_flow_info info;
	struct unet_flow_key key;
	u32 linear;
	int ret;

	for (linear = 0; linear < len; linear++) {
		ret = unet_flow_key_parse(l3, linear, len, true, &key, &info);
		if (ret == -EAGAIN) {
			if (info.need <= linear || info.need > len ||
			    info.need > UNET_FLOW_MAX_NEED)
				return false;
			continue;
		}
		if (ret != row->ret ||
		    (!ret && !flow_key_is(row, l3, true, &key)))
			return false;
	}
	return true;
}

/* The fast comparison takes what is plain, and only that. */
static inline bool flow_key_fast_agrees(const struct flow_key_row *row,
					const u8 *l3, u32 len)
{
	bool plain = (row->proto == P_TCP || row->proto == P_UDP) &&
		     !(row->flags & (UNET_PKT_FRAGMENT | UNET_PKT_OPTIONS));
	struct unet_flow_info again;
	struct unet_flow_info info;
	struct unet_flow_fast fast;
	struct unet_flow_key key;

	if (unet_flow_key_parse(l3, len, len, true, &key, &info))
		return false;
	unet_flow_fast_set(&fast, &key, &info);
	if (unet_flow_fast_same(&fast, key.family, l3, len, len, &again) != plain ||
	    unet_flow_fast_same(&fast, 10 - key.family, l3, len, len, &again))
		return false;
	return !plain || flow_key_info_is(&again, &info);
}

static inline bool flow_key_holds(const struct flow_key_row *row)
{
	u8 l3[KEY_BYTES];
	u32 len = flow_key_packet(row->hex, row->zeros, row->keep, l3);
	struct unet_flow_info info;
	struct unet_flow_key key;

	if (!flow_key_in_pieces(row, l3, len))
		return false;
	if (row->ret)
		return unet_flow_key_parse(l3, len, len, true, &key, &info) ==
		       row->ret;
	return flow_key_both_ways(row, l3, len) &&
	       flow_key_fast_agrees(row, l3, len);
}

VECTOR_SET(flow_key);

/* What 192.0.2.9 once sent to 10.0.0.1, coming back in an ICMP error. */
#define Q4_ENDS		"c0000209 0a000001"
#define Q4(frag, proto)	"45000514 0001" frag "01" proto "abcd" Q4_ENDS
#define Q6_ENDS		"fe800000000000000000000000000002" \
			"20010db8000000000000000000000001"
#define Q6(next)	"600000000500" next "01" Q6_ENDS
#define Q_PORTS		"0050303911223344"	/* port 80 to 12345, seq */

/**
 * struct icmp_error_row - an ICMP error and the flow it is about
 * @name:	sentence
 * @hex:	the packet
 * @ret:	of parsing the quote
 * @proto:	of the quoted packet
 * @lport:	local port of the flow
 * @rport:	remote port of the flow
 * @type:	of the error
 * @code:	of the error
 * @mtu:	of the error
 * @quote:	where the quoted packet starts
 * @seq:	TCP sequence number quoted
 */
struct icmp_error_row {
	const char *name;
	const char *hex;
	int ret;
	u8 proto;
	u16 lport;
	u16 rport;
	u8 type;
	u8 code;
	u32 mtu;
	u32 quote;
	u32 seq;
};

static const struct icmp_error_row icmp_error_rows[] = {
	{ "port unreachable for UDP",
	  V4("0038", "0000", "01") "0303000000000000" Q4("4000", "11") Q_PORTS,
	  0, P_UDP, 80, 12345, 3, 3, 0, 28, 0 },
	{ "fragmentation needed for TCP",
	  V4("0038", "0000", "01") "0304000000000578" Q4("4000", "06") Q_PORTS,
	  0, P_TCP, 80, 12345, 3, 4, 1400, 28, 0x11223344 },
	{ "an MTU is only told with fragmentation needed",
	  V4("0038", "0000", "01") "0301000000000578" Q4("4000", "06") Q_PORTS,
	  0, P_TCP, 80, 12345, 3, 1, 0, 28, 0x11223344 },
	{ "time exceeded",
	  V4("0038", "0000", "01") "0b00000000000000" Q4("4000", "06") Q_PORTS,
	  0, P_TCP, 80, 12345, 11, 0, 0, 28, 0x11223344 },
	{ "parameter problem about a header with options",
	  V4("003c", "0000", "01") "0c00000014000000"
	  "46000514 00014000 0106abcd" Q4_ENDS "94040000" Q_PORTS,
	  0, P_TCP, 80, 12345, 12, 0, 0, 28, 0x11223344 },
	{ "error in a packet with options",
	  "4600003c 00010000 40010000" V4_ENDS "94040000" "0303000000000000"
	  Q4("4000", "11") Q_PORTS,
	  0, P_UDP, 80, 12345, 3, 3, 0, 32, 0 },
	{ "the first fragment names its flow",
	  V4("0038", "0000", "01") "0b01000000000000" Q4("2000", "11") Q_PORTS,
	  0, P_UDP, 80, 12345, 11, 1, 0, 28, 0 },
	{ "a protocol without ports needs none quoted",
	  V4("0030", "0000", "01") "0302000000000000" Q4("0000", "2f"),
	  0, 47, 0, 0, 3, 2, 0, 28, 0 },
	{ "a later fragment names no flow",
	  V4("0038", "0000", "01") "0b01000000000000" Q4("2001", "11") Q_PORTS,
	  -EBADMSG },
	{ "seven bytes of L4 are too few",
	  V4("0037", "0000", "01") "0303000000000000" Q4("4000", "11")
	  "00503039112233", -EBADMSG },
	{ "ports in the padding do not count",
	  V4("0034", "0000", "01") "0303000000000000" Q4("4000", "11") Q_PORTS,
	  -EBADMSG },
	{ "half an IPv4 header is quoted",
	  V4("0026", "0000", "01") "0303000000000000" "45000514000140000106",
	  -EBADMSG },
	{ "nothing is quoted",
	  V4("001c", "0000", "01") "0303000000000000", -EBADMSG },
	{ "IPv6 is quoted in IPv4",
	  V4("004c", "0000", "01") "0303000000000000" Q6("11") Q_PORTS,
	  -EBADMSG },
	{ "version 5 is quoted in IPv4",
	  V4("0038", "0000", "01") "0303000000000000"
	  "55000514 00014000 0111abcd" Q4_ENDS Q_PORTS, -EBADMSG },
	{ "a quoted header of sixteen bytes",
	  V4("0038", "0000", "01") "0303000000000000"
	  "44000514 00014000 0111abcd" Q4_ENDS Q_PORTS, -EBADMSG },
	{ "a quoted header longer than the quote",
	  V4("0038", "0000", "01") "0303000000000000"
	  "4f000514 00014000 0111abcd" Q4_ENDS Q_PORTS, -EBADMSG },
	{ "an echo reply quotes nothing",
	  V4("0038", "0000", "01") "0000000000000000" Q4("4000", "11") Q_PORTS,
	  -EBADMSG },

	{ "IPv6 port unreachable",
	  V6("0038", "3a") "0104000000000000" Q6("11") Q_PORTS,
	  0, P_UDP, 80, 12345, 1, 4, 0, 48, 0 },
	{ "IPv6 packet too big",
	  V6("0038", "3a") "0200000000000500" Q6("06") Q_PORTS,
	  0, P_TCP, 80, 12345, 2, 0, 1280, 48, 0x11223344 },
	{ "IPv6 packet too big tells all 32 bits",
	  V6("0038", "3a") "02000000fffffffe" Q6("06") Q_PORTS,
	  0, P_TCP, 80, 12345, 2, 0, 0xfffffffe, 48, 0x11223344 },
	{ "IPv6 hop limit exceeded",
	  V6("0038", "3a") "0300000000000500" Q6("06") Q_PORTS,
	  0, P_TCP, 80, 12345, 3, 0, 0, 48, 0x11223344 },
	{ "IPv6 parameter problem behind extension headers of both packets",
	  V6("0048", "3c") "3a00010400000000" "0401000000000028"
	  Q6("3c") "0600010400000000" Q_PORTS,
	  0, P_TCP, 80, 12345, 4, 1, 0, 56, 0x11223344 },
	{ "IPv6 first fragment names its flow",
	  V6("0040", "3a") "0301000000000000" Q6("2c") "1100000112345678"
	  Q_PORTS, 0, P_UDP, 80, 12345, 3, 1, 0, 48, 0 },
	{ "IPv6 later fragment names no flow",
	  V6("0040", "3a") "0301000000000000" Q6("2c") "1100000912345678"
	  Q_PORTS, -EBADMSG },
	{ "IPv6 quote of seven bytes of L4",
	  V6("0037", "3a") "0104000000000000" Q6("11") "00503039112233",
	  -EBADMSG },
	{ "IPv6 quote that ends in an extension header",
	  V6("0034", "3a") "0104000000000000" Q6("3c") "11000104",
	  -EBADMSG },
	{ "IPv4 is quoted in IPv6",
	  V6("0024", "3a") "0104000000000000" Q4("4000", "11") Q_PORTS,
	  -EBADMSG },
	{ "version 7 is quoted in IPv6",
	  V6("0038", "3a") "0104000000000000" "70000000 05001101" Q6_ENDS Q_PORTS,
	  -EBADMSG },
	{ "IPv6 quotes nothing", V6("0008", "3a") "0104000000000000", -EBADMSG },
};

static inline bool icmp_error_key_is(const struct icmp_error_row *row,
				     const u8 *l3,
				     const struct unet_flow_key *key)
{
	bool v4 = l3[0] >> 4 == 4;
	const struct flow_key_row ends = {
		.family = v4 ? 4 : 6, .proto = row->proto,
		.sport = row->lport, .dport = row->rport,
	};

	return flow_key_is(&ends, l3 + row->quote, false, key);
}

static inline bool icmp_error_said(const struct icmp_error_row *row,
				   const struct unet_icmp_error *err)
{
	return err->type == row->type && err->code == row->code &&
	       err->mtu == row->mtu && err->quote == row->quote &&
	       err->tcp_seq == row->seq && !err->reserved;
}

static inline bool icmp_error_holds(const struct icmp_error_row *row)
{
	u8 l3[KEY_BYTES];
	u32 len = flow_key_packet(row->hex, 0, false, l3);
	struct unet_icmp_error err;
	struct unet_flow_info info;
	struct unet_flow_key key;
	u32 linear;
	int ret;

	if (unet_flow_key_parse(l3, len, len, true, &key, &info))
		return false;
	for (linear = 0; linear <= len; linear++) {
		ret = unet_flow_key_icmp_error(l3, linear, len, &info, &key,
					       &err);
		if (ret == -EAGAIN && linear < len) {
			if (info.need <= linear || info.need > len ||
			    info.need > UNET_ICMP_MAX_NEED)
				return false;
			continue;
		}
		if (ret != row->ret)
			return false;
		if (!ret && (!icmp_error_key_is(row, l3, &key) ||
			     !icmp_error_said(row, &err)))
			return false;
	}
	return true;
}

VECTOR_SET(icmp_error);

/* The mask a request asks for, and what it leaves of a key. */
#define KEEP_LOCAL	1u
#define KEEP_REMOTE	2u
#define KEEP_LPORT	4u
#define KEEP_RPORT	8u

struct flow_mask_row {
	const char *name;
	u32 flags;
	int mask;
	u32 keep;
};

static const struct flow_mask_row flow_mask_rows[] = {
	{ "a connected flow of one address",
	  UNET_FLOW_REMOTE | UNET_FLOW_LOCAL_ADDR | UNET_FLOW_LOCAL_PORT,
	  UNET_MASK_5TUPLE, KEEP_LOCAL | KEEP_REMOTE | KEEP_LPORT | KEEP_RPORT },
	{ "a connected flow of any local address",
	  UNET_FLOW_REMOTE | UNET_FLOW_LOCAL_PORT,
	  UNET_MASK_4TUPLE, KEEP_REMOTE | KEEP_LPORT | KEEP_RPORT },
	{ "a connected flow whose port the kernel picks",
	  UNET_FLOW_REMOTE, UNET_MASK_4TUPLE,
	  KEEP_REMOTE | KEEP_LPORT | KEEP_RPORT },
	{ "a listener on an address",
	  UNET_FLOW_LOCAL_ADDR | UNET_FLOW_LOCAL_PORT,
	  UNET_MASK_3TUPLE, KEEP_LOCAL | KEEP_LPORT },
	{ "a listener on any address", UNET_FLOW_LOCAL_PORT,
	  UNET_MASK_2TUPLE, KEEP_LPORT },
	{ "other flags do not count",
	  UNET_FLOW_LOCAL_PORT | UNET_FLOW_V6ONLY | UNET_FLOW_REUSEADDR | 1u << 31,
	  UNET_MASK_2TUPLE, KEEP_LPORT },
	{ "a protocol between two addresses",
	  UNET_FLOW_NO_PORTS | UNET_FLOW_REMOTE | UNET_FLOW_LOCAL_ADDR,
	  UNET_MASK_IP_BOTH, KEEP_LOCAL | KEEP_REMOTE },
	{ "a protocol on an address",
	  UNET_FLOW_NO_PORTS | UNET_FLOW_LOCAL_ADDR,
	  UNET_MASK_IP_LOCAL, KEEP_LOCAL },
	{ "a protocol", UNET_FLOW_NO_PORTS, UNET_MASK_IP_PROTO, 0 },
	{ "a protocol from one remote address has no mask",
	  UNET_FLOW_NO_PORTS | UNET_FLOW_REMOTE, -EINVAL, 0 },
};

static inline void flow_mask_key(struct unet_flow_key *key, u32 keep)
{
	memset(key, 0, sizeof(*key));
	if (keep & KEEP_LOCAL)
		memset(key->local, 0xa1, sizeof(key->local));
	if (keep & KEEP_REMOTE)
		memset(key->remote, 0xb2, sizeof(key->remote));
	if (keep & KEEP_LPORT)
		key->local_port = cpu_to_be16(0x1234);
	if (keep & KEEP_RPORT)
		key->remote_port = cpu_to_be16(0x5678);
	key->proto = P_UDP;
	key->family = 6;
}

static inline bool flow_mask_holds(const struct flow_mask_row *row)
{
	struct unet_flow_key key;
	struct unet_flow_key want;
	int mask = unet_flow_mask_of(row->flags);

	if (mask != row->mask || mask < 0)
		return mask == row->mask;
	flow_mask_key(&want, row->keep);
	want.mask = mask;
	flow_mask_key(&key, KEEP_LOCAL | KEEP_REMOTE | KEEP_LPORT | KEEP_RPORT);
	unet_flow_key_mask(&key, mask, &key);
	return !memcmp(&key, &want, sizeof(key)) &&
	       unet_flow_key_equal(&key, &want);
}

VECTOR_SET(flow_mask);

/*
 * Known answers, so that the two builds of the hash cannot drift apart. Keys are
 * hashed as words of the machine: these are a little-endian one's.
 */
struct flow_hash_row {
	const char *name;
	const char *hex;	/* of the key as it lies in memory */
	u32 hash;
};

#define ZERO8	"0000000000000000"

static const struct flow_hash_row flow_hash_rows[] = {
	{ "hash of an IPv4 5-tuple",
	  "c0000209 00000000" ZERO8 "0a000001 00000000" ZERO8
	  "0035 3039 11 04 00 00", 0x8eab4645 },
	{ "hash of an IPv4 listener",
	  ZERO8 ZERO8 ZERO8 ZERO8 "0035 0000 11 04 03 00", 0x466c1df5 },
	{ "hash of an IPv6 5-tuple",
	  "fe800000000000000000000000000002"
	  "20010db8000000000000000000000001" "0050 3039 06 06 00 00", 0x4c75387d },
	{ "hash of an IPv6 protocol",
	  ZERO8 ZERO8 ZERO8 ZERO8 "0000 0000 59 06 06 00", 0xf899ca65 },
};

static inline bool flow_hash_holds(const struct flow_hash_row *row)
{
	const struct unet_flow_secret secret = {
		.k = { 0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834,
		       0x1082276b, 0xf3a27251, 0xf86c6a11, 0xd0c18e95,
		       0x2767f0b1, 0x53d27b7f },
		.mul = 0x0347045b5bf1827eull,
	};
	struct unet_flow_key key;

	if (vector_bytes(row->hex, (u8 *)&key, sizeof(key)) != sizeof(key))
		return false;
	return unet_flow_key_hash(&key, &secret) == row->hash;
}

VECTOR_SET(flow_hash);

/* ---- addresses that are on no wire ------------------------------------- */

struct martian_row {
	const char *name;
	const char *local;	/* 4 or 16 bytes, as is the other */
	const char *remote;
	bool martian;
};

#define OURS4	"c0000209"
#define OURS6	"20010db8 00000000 00000000 00000009"

static const struct martian_row martian_rows[] = {
	{ "IPv4 unicast both ways", OURS4, "0a000001", false },
	{ "IPv4 from 127.0.0.1", OURS4, "7f000001", true },
	{ "IPv4 from 127.255.255.255", OURS4, "7fffffff", true },
	{ "IPv4 from 126.255.255.255", OURS4, "7effffff", false },
	{ "IPv4 from 128.0.0.0", OURS4, "80000000", false },
	{ "IPv4 to 127.0.0.1", "7f000001", "0a000001", true },
	{ "IPv4 from 0.0.0.0", OURS4, "00000000", true },
	{ "IPv4 from 0.0.0.1", OURS4, "00000001", true },
	{ "IPv4 from 1.0.0.0", OURS4, "01000000", false },
	{ "IPv4 from a group", OURS4, "e0000001", true },
	{ "IPv4 from the last group", OURS4, "efffffff", true },
	{ "IPv4 from 223.255.255.255", OURS4, "dfffffff", false },
	{ "IPv4 from 240.0.0.1", OURS4, "f0000001", false },
	{ "IPv4 from all", OURS4, "ffffffff", true },
	{ "IPv6 unicast both ways", OURS6,
	  "20010db8 00000000 00000000 00000001", false },
	{ "IPv6 link-local", OURS6, "fe800000 00000000 00000000 00000001", false },
	{ "IPv6 from ::1", OURS6, "00000000 00000000 00000000 00000001", true },
	{ "IPv6 from ::2", OURS6, "00000000 00000000 00000000 00000002", false },
	{ "IPv6 from ::", OURS6, "00000000 00000000 00000000 00000000", true },
	{ "IPv6 to ::1", "00000000 00000000 00000000 00000001",
	  "20010db8 00000000 00000000 00000001", true },
	{ "IPv6 from ::ffff:10.0.0.1", OURS6,
	  "00000000 00000000 0000ffff 0a000001", true },
	{ "IPv6 from ::ffff:0:0:1", OURS6,
	  "00000000 00000000 ffff0000 00000001", false },
	{ "IPv6 from 1::1", OURS6, "00010000 00000000 00000000 00000001", false },
	{ "IPv6 from a group", OURS6, "ff020000 00000000 00000000 00000001", true },
};

static inline bool martian_holds(const struct martian_row *row)
{
	struct unet_flow_key key = { .proto = P_UDP };
	u32 len = vector_bytes(row->local, (u8 *)key.local, 16);

	vector_bytes(row->remote, (u8 *)key.remote, 16);
	key.family = len == 4 ? 4 : 6;
	return unet_flow_key_martian(&key) == row->martian;
}

VECTOR_SET(martian);

#endif /* _UNET_VECTORS_FLOW_KEY_H */
