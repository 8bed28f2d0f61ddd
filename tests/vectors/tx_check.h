/* SPDX-License-Identifier: MIT */
/* What a hostile channel may send, and what the kernel makes of it. */
#ifndef _UNET_VECTORS_TX_CHECK_H
#define _UNET_VECTORS_TX_CHECK_H

#include "core/tx_check.h"
#include "core/wire.h"
#include "vectors/set.h"

#define OK		UNET_CNT_NONE
#define BAD_SLOT	UNET_CNT_TX_BAD_SLOT
#define BAD_EXTENT	UNET_CNT_TX_BAD_EXTENT
#define BAD_LENGTH	UNET_CNT_TX_BAD_LENGTH
#define BAD_HEADER	UNET_CNT_TX_BAD_HEADER
#define BAD_PROTO	UNET_CNT_TX_SPOOF_PROTO
#define BAD_SOURCE	UNET_CNT_TX_SPOOF_SOURCE
#define BAD_PORT	UNET_CNT_TX_SPOOF_PORT
#define BAD_DEST	UNET_CNT_TX_SPOOF_DEST

/* A TX region of 65536 bytes unless @tx_bytes says otherwise. */
struct tx_slot_row {
	const char *name;
	struct unet_tx_slot slot;
	u32 tx_bytes;
	enum unet_counter bad;
	u32 total;
};

/* seg_size, header_len, extents, flags, then the extents */
#define SLOT(...)	{ 1, 2, __VA_ARGS__ }

static const struct tx_slot_row tx_slot_rows[] = {
	{ "one extent, header alone", SLOT(0, 28, 1, 0, { { 0, 28 } }), 0, OK, 28 },
	{ "the smallest header", SLOT(0, 20, 1, 0, { { 0, 20 } }), 0, OK, 20 },
	{ "header and payload in one extent",
	  SLOT(0, 40, 1, 0, { { 100, 1500 } }), 0, OK, 1500 },
	{ "all extents used",
	  SLOT(0, 20, 6, 0,
	       { { 0, 20 }, { 50, 1 }, { 0, 1 }, { 9, 9 }, { 65535, 1 }, { 65000, 536 } }),
	  0, OK, 568 },
	{ "extents may be the same bytes twice",
	  SLOT(0, 20, 2, 0, { { 0, 100 }, { 0, 100 } }), 0, OK, 200 },
	{ "unused extents may hold anything",
	  SLOT(0, 20, 1, 0, { { 0, 20 }, { 0xffffffff, 0xffffffff } }),
	  0, OK, 20 },
	{ "the last byte of the region",
	  SLOT(0, 20, 1, 0, { { 65516, 20 } }), 0, OK, 20 },
	{ "the whole region but one byte is the most a send can be",
	  SLOT(0, 20, 1, 0, { { 0, 65535 } }), 0, OK, 65535 },
	{ "no extents", SLOT(0, 20, 0, 0, { { 0, 20 } }), 0, BAD_SLOT },
	{ "one extent too many", SLOT(0, 20, 7, 0, { { 0, 20 } }), 0, BAD_SLOT },
	{ "as many extents as can be said",
	  SLOT(0, 20, 0xffff, 0, { { 0, 20 } }), 0, BAD_SLOT },
	{ "a flag", SLOT(0, 20, 1, 1, { { 0, 20 } }), 0, BAD_SLOT },
	{ "the highest flag", SLOT(0, 20, 1, 0x8000, { { 0, 20 } }), 0, BAD_SLOT },
	{ "no header", SLOT(0, 0, 1, 0, { { 0, 20 } }), 0, BAD_SLOT },
	{ "a header of nineteen bytes", SLOT(0, 19, 1, 0, { { 0, 20 } }),
	  0, BAD_SLOT },
	{ "the largest header", SLOT(0, 128, 1, 0, { { 0, 128 } }), 0, OK, 128 },
	{ "a header larger than that", SLOT(0, 129, 1, 0, { { 0, 200 } }),
	  0, BAD_SLOT },
	{ "a header of all ones", SLOT(0, 0xffff, 1, 0, { { 0, 65535 } }),
	  0, BAD_SLOT },
	{ "a header that goes on in the second extent",
	  SLOT(0, 40, 2, 0, { { 0, 39 }, { 39, 1 } }), 0, BAD_SLOT },
	{ "an empty extent", SLOT(0, 20, 2, 0, { { 0, 20 }, { 0, 0 } }),
	  0, BAD_EXTENT },
	{ "an empty first extent", SLOT(0, 20, 1, 0, { { 0, 0 } }),
	  0, BAD_EXTENT },
	{ "an extent a byte past the end", SLOT(0, 20, 1, 0, { { 65517, 20 } }),
	  0, BAD_EXTENT },
	{ "an extent that starts at the end",
	  SLOT(0, 20, 2, 0, { { 0, 20 }, { 65536, 1 } }), 0, BAD_EXTENT },
	{ "an extent that starts far out",
	  SLOT(0, 20, 2, 0, { { 0, 20 }, { 0xffffffff, 1 } }), 0, BAD_EXTENT },
	{ "an extent whose end wraps to zero",
	  SLOT(0, 20, 2, 0, { { 0, 20 }, { 65535, 0xffff0001 } }),
	  0, BAD_EXTENT },
	{ "an extent whose end wraps into the region",
	  SLOT(0, 20, 2, 0, { { 0, 20 }, { 20, 0xfffffff0 } }),
	  0, BAD_EXTENT },
	{ "an extent of all ones",
	  SLOT(0, 20, 2, 0, { { 0, 20 }, { 0, 0xffffffff } }), 0, BAD_EXTENT },
	{ "the sixth extent is looked at too",
	  SLOT(0, 20, 6, 0,
	       { { 0, 20 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 65535, 2 } }),
	  0, BAD_EXTENT },
	{ "extents that sum to more than a packet holds",
	  SLOT(0, 20, 2, 0, { { 0, 65535 }, { 0, 1 } }), 0, BAD_LENGTH },
	{ "extents whose sum wraps",
	  SLOT(0, 20, 6, 0,
	       { { 0, 0x40000000 }, { 0, 0x40000000 }, { 0, 0x40000000 },
		 { 0, 0x40000000 }, { 0, 20 }, { 0, 20 } }),
	  0x40000000, BAD_LENGTH },
	{ "an empty region", SLOT(0, 20, 1, 0, { { 0, 20 } }), 1, BAD_EXTENT },

	{ "a cut into two", SLOT(100, 40, 1, 0, { { 0, 240 } }), 0, OK, 240 },
	{ "a cut with a short last piece",
	  SLOT(100, 40, 1, 0, { { 0, 241 } }), 0, OK, 241 },
	{ "a cut into one", SLOT(100, 40, 1, 0, { { 0, 41 } }), 0, OK, 41 },
	{ "a cut into the most pieces",
	  SLOT(10, 40, 1, 0, { { 0, 680 } }), 0, OK, 680 },
	{ "a cut into one piece too many",
	  SLOT(10, 40, 1, 0, { { 0, 681 } }), 0, BAD_LENGTH },
	{ "a cut into single bytes", SLOT(1, 40, 1, 0, { { 0, 65535 } }),
	  0, BAD_LENGTH },
	{ "a cut of nothing", SLOT(100, 40, 1, 0, { { 0, 40 } }),
	  0, BAD_LENGTH },
	{ "a cut at all ones", SLOT(0xffff, 20, 1, 0, { { 0, 65535 } }),
	  0, OK, 65535 },
};

static inline bool tx_slot_holds(const struct tx_slot_row *row)
{
	u32 tx_bytes = row->tx_bytes ? row->tx_bytes : 65536;
	u32 total = 0;

	return unet_tx_slot_check(&row->slot, tx_bytes, &total) == row->bad &&
	       total == row->total;
}

VECTOR_SET(tx_slot);

/* Who sends: 10.0.0.1 or 2001:db8::1, port 12345, to ...9 or ...2, port 53. */
enum tx_sender {
	SEND_CONNECTED,		/* IPv4 UDP, both ends fixed */
	SEND_TCP,		/* IPv4 TCP, both ends fixed */
	SEND_BOUND,		/* IPv4 UDP, local end fixed */
	SEND_ANY,		/* UDP, dual stack, local port fixed */
	SEND_CONNECTED6,	/* IPv6 UDP, both ends fixed */
	SEND_TCP6,		/* IPv6 TCP, both ends fixed */
	SEND_RAW,		/* IPv4 GRE, both ends fixed */
	SEND_RAW6,		/* IPv6 protocol 89, any ends */
	SEND_RAW_UDP,		/* nonsense: UDP, said to have no ports */
	SEND_HOPOPTS,		/* protocols that are IPv6 extension headers, both families */
	SEND_ROUTING,
	SEND_FRAGMENT,
	SEND_AH,
	SEND_DSTOPTS,
	SEND_MOBILITY,
	SEND_HIP,
	SEND_SHIM6,
	SEND_ESP,		/* and one that is as good as a protocol of its own */
	SEND_COUNT
};

#define TX_LOCAL4	"0a000001"
#define TX_REMOTE4	"c0000209"
#define TX_LOCAL6	"20010db8000000000000000000000001"
#define TX_REMOTE6	"fe800000000000000000000000000002"
#define TX_FIXED	(UNET_TX_FLOW_LOCAL | UNET_TX_FLOW_REMOTE)
#define TX_ANY_RAW	(UNET_TX_FLOW_IP4 | UNET_TX_FLOW_IP6 | UNET_TX_FLOW_NO_PORTS)

static inline void tx_flow_of(enum tx_sender who, struct unet_tx_flow *flow)
{
	static const struct { u8 proto, flags; } is[] = {
		[SEND_CONNECTED] = { 17, UNET_TX_FLOW_IP4 | TX_FIXED },
		[SEND_TCP] = { 6, UNET_TX_FLOW_IP4 | TX_FIXED },
		[SEND_BOUND] = { 17, UNET_TX_FLOW_IP4 | UNET_TX_FLOW_LOCAL },
		[SEND_ANY] = { 17, UNET_TX_FLOW_IP4 | UNET_TX_FLOW_IP6 },
		[SEND_CONNECTED6] = { 17, UNET_TX_FLOW_IP6 | TX_FIXED },
		[SEND_TCP6] = { 6, UNET_TX_FLOW_IP6 | TX_FIXED },
		[SEND_RAW] = { 47, UNET_TX_FLOW_IP4 | TX_FIXED |
				   UNET_TX_FLOW_NO_PORTS },
		[SEND_RAW6] = { 89, UNET_TX_FLOW_IP6 | UNET_TX_FLOW_NO_PORTS },
		[SEND_RAW_UDP] = { 17, UNET_TX_FLOW_IP4 | UNET_TX_FLOW_NO_PORTS },
		[SEND_HOPOPTS] = { 0, TX_ANY_RAW },
		[SEND_ROUTING] = { 43, TX_ANY_RAW },
		[SEND_FRAGMENT] = { 44, TX_ANY_RAW },
		[SEND_AH] = { 51, TX_ANY_RAW },
		[SEND_DSTOPTS] = { 60, TX_ANY_RAW },
		[SEND_MOBILITY] = { 135, TX_ANY_RAW },
		[SEND_HIP] = { 139, TX_ANY_RAW },
		[SEND_SHIM6] = { 140, TX_ANY_RAW },
		[SEND_ESP] = { 50, TX_ANY_RAW },
	};

	memset(flow, 0, sizeof(*flow));
	flow->proto = is[who].proto;
	flow->flags = is[who].flags;
	if (flow->flags & UNET_TX_FLOW_IP4) {
		vector_bytes(TX_LOCAL4, (u8 *)flow->local, 4);
		vector_bytes(TX_REMOTE4, (u8 *)flow->remote, 4);
	} else {
		vector_bytes(TX_LOCAL6, (u8 *)flow->local, 16);
		vector_bytes(TX_REMOTE6, (u8 *)flow->remote, 16);
	}
	flow->local_port = cpu_to_be16(12345);
	flow->remote_port = cpu_to_be16(53);
}

#define TX4(len, proto)	"4500" len "00014000 40" proto "0000" TX_LOCAL4 TX_REMOTE4
#define TX6(len, next)	"60000000" len next "40" TX_LOCAL6 TX_REMOTE6
#define TX_UDP(len)	"30390035" len "0000"
#define TX_TCP(doff_flags) \
	"30390035 11223344 55667788" doff_flags "1000 0000 0000"

/**
 * struct tx_header_row - a header somebody wants to send
 * @name:	sentence
 * @who:	the flow that sends it
 * @hex:	the header, all of header_len
 * @payload:	bytes behind it
 * @seg_size:	of the slot
 * @bad:	what is wrong; the rest counts when nothing is
 * @fixed:	the header once the kernel has filled it in
 * @l4:		l4_offset of the info
 * @csum:	csum_offset of the info
 * @segments:	of the info
 */
struct tx_header_row {
	const char *name;
	enum tx_sender who;
	const char *hex;
	u32 payload;
	u16 seg_size;
	enum unet_counter bad;
	const char *fixed;
	u16 l4;
	u16 csum;
	u32 segments;
};

static const struct tx_header_row tx_header_rows[] = {
	{ "IPv4 UDP", SEND_CONNECTED, TX4("0000", "11") TX_UDP("0000"), 4, 0, OK,
	  "45000020 00014000 40116ec2" TX_LOCAL4 TX_REMOTE4 "30390035000ccc27",
	  20, 6, 1 },
	{ "what stands in length and checksum fields does not matter",
	  SEND_CONNECTED,
	  "4500ffff 00014000 4011abcd" TX_LOCAL4 TX_REMOTE4 "30390035ffffffff",
	  4, 0, OK,
	  "45000020 00014000 40116ec2" TX_LOCAL4 TX_REMOTE4 "30390035000ccc27",
	  20, 6, 1 },
	{ "IPv4 UDP that may be fragmented on the way", SEND_CONNECTED,
	  "45000000 00010000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  4, 0, OK,
	  "45000020 00010000 4011aec2" TX_LOCAL4 TX_REMOTE4 "30390035000ccc27",
	  20, 6, 1 },
	{ "IPv4 UDP cut into three", SEND_CONNECTED,
	  TX4("0000", "11") TX_UDP("0000"), 2500, 1000, OK,
	  "450009e0 00014000 40116502" TX_LOCAL4 TX_REMOTE4 "3039003509ccd5e7",
	  20, 6, 3 },
	{ "IPv4 UDP with options", SEND_BOUND,
	  "46000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 "94040000"
	  TX_UDP("0000"), 0, 0, OK,
	  "46000020 00014000 4011d9bd" TX_LOCAL4 TX_REMOTE4 "94040000"
	  "303900350008cc23", 24, 6, 1 },
	{ "IPv4 TCP", SEND_TCP, TX4("0000", "06") TX_TCP("5010"), 0, 0, OK,
	  "45000028 00014000 40066ec5" TX_LOCAL4 TX_REMOTE4
	  "30390035 11223344 55667788 50101000 cc240000", 20, 16, 1 },
	{ "IPv4 TCP cut into the most pieces", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5018"), 64000, 1000, OK,
	  "4500fa28 00014000 400674c4" TX_LOCAL4 TX_REMOTE4
	  "30390035 11223344 55667788 50181000 c6250000", 20, 16, 64 },
	{ "IPv4 TCP with options", SEND_TCP,
	  TX4("0000", "06") TX_TCP("6002") "020405b4", 0, 0, OK,
	  "4500002c 00014000 40066ec1" TX_LOCAL4 TX_REMOTE4
	  "30390035 11223344 55667788 60021000 cc280000 020405b4", 20, 16, 1 },
	{ "IPv4 TCP as large as can be", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5010"), 65495, 1448, OK,
	  "4500ffff 00014000 40066eed" TX_LOCAL4 TX_REMOTE4
	  "30390035 11223344 55667788 50101000 cbfc0000", 20, 16, 46 },
	{ "IPv4 without ports", SEND_RAW, TX4("0000", "2f"), 16, 0, OK,
	  "45000024 00014000 402f6ea0" TX_LOCAL4 TX_REMOTE4, 20, 0, 1 },
	{ "a listener answers from any address", SEND_ANY,
	  "45000000 00014000 40110000 0a0000fe 08080808" TX_UDP("0000"),
	  0, 0, OK,
	  "4500001c 00014000 40111fc3 0a0000fe 08080808 303900350008 1b27",
	  20, 6, 1 },
	{ "a dual-stack listener answers IPv6", SEND_ANY,
	  TX6("0000", "11") TX_UDP("0000"), 0, 0, OK,
	  TX6("0008", "11") "3039003500082c56", 40, 6, 1 },
	{ "a bound flow sends anywhere", SEND_BOUND,
	  "45000000 00014000 40110000" TX_LOCAL4 "08080808" "3039270f00000000",
	  0, 0, OK,
	  "4500001c 00014000 401120c0" TX_LOCAL4 "08080808" "3039270f0008 1a2a",
	  20, 6, 1 },
	{ "IPv6 UDP", SEND_CONNECTED6, TX6("0000", "11") TX_UDP("0000"),
	  4, 0, OK, TX6("000c", "11") "30390035000c2c5a", 40, 6, 1 },
	{ "IPv6 TCP", SEND_TCP6, TX6("ffff", "06") TX_TCP("5011"), 2, 0, OK,
	  TX6("0016", "06")
	  "30390035 11223344 55667788 50111000 2c590000", 40, 16, 1 },
	{ "IPv6 TCP cut into two", SEND_TCP6, TX6("0000", "06") TX_TCP("5010"),
	  2000, 1440, OK, TX6("07e4", "06")
	  "30390035 11223344 55667788 50101000 34270000", 40, 16, 2 },
	{ "IPv6 without ports", SEND_RAW6, TX6("0000", "59"), 44, 0, OK,
	  TX6("002c", "59"), 40, 0, 1 },
	{ "IPv6 that only who has the keys can look into", SEND_ESP,
	  TX6("0000", "32"), 44, 0, OK, TX6("002c", "32"), 40, 0, 1 },
	{ "IPv4 with the number of an IPv6 extension header", SEND_DSTOPTS,
	  TX4("0000", "3c"), 16, 0, OK,
	  "45000024 00014000 403c6e93" TX_LOCAL4 TX_REMOTE4, 20, 0, 1 },
	{ "a cut that leaves one piece", SEND_CONNECTED,
	  TX4("0000", "11") TX_UDP("0000"), 4, 4, OK,
	  "45000020 00014000 40116ec2" TX_LOCAL4 TX_REMOTE4 "30390035000ccc27",
	  20, 6, 1 },

	/* not a header */
	{ "nineteen bytes", SEND_CONNECTED,
	  "45000020000140004011000000000000000000", 0, 0, BAD_LENGTH },
	{ "version 0", SEND_CONNECTED,
	  "05000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "version 5", SEND_CONNECTED,
	  "55000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 header of sixteen bytes", SEND_CONNECTED,
	  "44000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 header longer than was copied", SEND_CONNECTED,
	  "48000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  100, 0, BAD_HEADER },
	{ "IPv4 header that takes the UDP header for options", SEND_CONNECTED,
	  "47000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 "0000000000000000",
	  0, 0, BAD_HEADER },
	{ "IPv4 first fragment", SEND_CONNECTED,
	  "45000000 00012000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 later fragment", SEND_CONNECTED,
	  "45000000 00010001 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 last possible fragment with DF", SEND_CONNECTED,
	  "45000000 00015fff 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 reserved bit", SEND_CONNECTED,
	  "45000000 00018000 40110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 TTL of zero", SEND_CONNECTED,
	  "45000000 00014000 00110000" TX_LOCAL4 TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 to nowhere", SEND_BOUND,
	  "45000000 00014000 40110000" TX_LOCAL4 "00000000" TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv4 source route", SEND_CONNECTED,
	  "47000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 "83070412345678 00"
	  TX_UDP("0000"), 0, 0, BAD_HEADER },
	{ "IPv4 security label", SEND_CONNECTED,
	  "47000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 "8606000000010000"
	  TX_UDP("0000"), 0, 0, BAD_HEADER },
	{ "IPv4 option past the end", SEND_CONNECTED,
	  "46000000 00014000 40110000" TX_LOCAL4 TX_REMOTE4 "94090000"
	  TX_UDP("0000"), 0, 0, BAD_HEADER },
	{ "IPv4 UDP header cut short", SEND_CONNECTED,
	  TX4("0000", "11") "30390035000000", 4, 0, BAD_HEADER },
	{ "IPv4 UDP with payload in the header", SEND_CONNECTED,
	  TX4("0000", "11") TX_UDP("0000") "61", 4, 0, BAD_LENGTH },
	{ "IPv4 TCP header cut short", SEND_TCP,
	  TX4("0000", "06") "30390035 11223344 55667788 50101000 000000",
	  100, 0, BAD_HEADER },
	{ "IPv4 TCP header of sixteen bytes", SEND_TCP,
	  TX4("0000", "06") TX_TCP("4010"), 0, 0, BAD_HEADER },
	{ "IPv4 TCP options outside the copied header", SEND_TCP,
	  TX4("0000", "06") TX_TCP("6010"), 4, 0, BAD_LENGTH },
	{ "IPv4 TCP with payload in the header", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5010") "61626364", 0, 0, BAD_LENGTH },
	{ "IPv4 TCP SYN that is to be cut", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5002"), 2000, 1000, BAD_HEADER },
	{ "IPv4 TCP RST that is to be cut", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5014"), 2000, 1000, BAD_HEADER },
	{ "IPv4 TCP URG that is to be cut", SEND_TCP,
	  TX4("0000", "06") TX_TCP("5030"), 2000, 1000, BAD_HEADER },
	{ "IPv4 from port 0", SEND_CONNECTED,
	  TX4("0000", "11") "0000003500000000", 0, 0, BAD_HEADER },
	{ "IPv4 to port 0", SEND_BOUND,
	  TX4("0000", "11") "3039000000000000", 0, 0, BAD_HEADER },
	{ "IPv4 without ports that is to be cut", SEND_RAW,
	  TX4("0000", "2f"), 100, 50, BAD_HEADER },
	{ "IPv4 without ports with payload in the header", SEND_RAW,
	  TX4("0000", "2f") "00000800", 100, 0, BAD_LENGTH },
	{ "IPv6 header cut short", SEND_CONNECTED6,
	  "60000000 00001140 20010db8000000000000000000000001 fe8000000000",
	  100, 0, BAD_HEADER },
	{ "IPv6 hop limit of zero", SEND_CONNECTED6,
	  "60000000 00001100" TX_LOCAL6 TX_REMOTE6 TX_UDP("0000"),
	  0, 0, BAD_HEADER },
	{ "IPv6 to nowhere", SEND_ANY,
	  "60000000 00001140" TX_LOCAL6 "00000000000000000000000000000000"
	  TX_UDP("0000"), 0, 0, BAD_HEADER },
	{ "IPv6 UDP with payload in the header", SEND_CONNECTED6,
	  TX6("0000", "11") TX_UDP("0000") "61", 0, 0, BAD_LENGTH },
	{ "IPv6 hop-by-hop options by a flow of their number", SEND_HOPOPTS,
	  TX6("0000", "00"), 28, 0, BAD_HEADER },
	{ "IPv6 routing header by a flow of its number", SEND_ROUTING,
	  TX6("0000", "2b"), 28, 0, BAD_HEADER },
	{ "IPv6 fragment header by a flow of its number", SEND_FRAGMENT,
	  TX6("0000", "2c"), 28, 0, BAD_HEADER },
	{ "IPv6 authentication header by a flow of its number", SEND_AH,
	  TX6("0000", "33"), 36, 0, BAD_HEADER },
	{ "IPv6 destination options by a flow of their number", SEND_DSTOPTS,
	  TX6("0000", "3c"), 28, 0, BAD_HEADER },
	{ "IPv6 mobility header by a flow of its number", SEND_MOBILITY,
	  TX6("0000", "87"), 28, 0, BAD_HEADER },
	{ "IPv6 host identity by a flow of its number", SEND_HIP,
	  TX6("0000", "8b"), 28, 0, BAD_HEADER },
	{ "IPv6 shim by a flow of its number", SEND_SHIM6,
	  TX6("0000", "8c"), 28, 0, BAD_HEADER },

	/* not the flow's */
	{ "TCP on a UDP flow", SEND_CONNECTED,
	  TX4("0000", "06") TX_TCP("5010"), 0, 0, BAD_PROTO },
	{ "ICMP on a UDP flow", SEND_CONNECTED,
	  TX4("0000", "01") TX_UDP("0000"), 0, 0, BAD_PROTO },
	{ "IPv6 on an IPv4 flow", SEND_CONNECTED,
	  TX6("0000", "11") TX_UDP("0000"), 0, 0, BAD_PROTO },
	{ "IPv4 on an IPv6 flow", SEND_CONNECTED6,
	  TX4("0000", "11") TX_UDP("0000"), 0, 0, BAD_PROTO },
	{ "UDP on a flow without ports", SEND_RAW,
	  TX4("0000", "11"), 8, 0, BAD_PROTO },
	{ "UDP on a flow that says UDP has no ports", SEND_RAW_UDP,
	  TX4("0000", "11"), 8, 0, BAD_PROTO },
	{ "IPv6 extension header before UDP", SEND_CONNECTED6,
	  TX6("0000", "3c") "1100010400000000" TX_UDP("0000"),
	  0, 0, BAD_PROTO },
	{ "IPv6 fragment header before UDP", SEND_CONNECTED6,
	  TX6("0000", "2c") "1100000100000001" TX_UDP("0000"),
	  0, 0, BAD_PROTO },
	{ "a neighbour's source address", SEND_CONNECTED,
	  "45000000 00014000 40110000 0a000002" TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_SOURCE },
	{ "no source address", SEND_BOUND,
	  "45000000 00014000 40110000 00000000" TX_REMOTE4 TX_UDP("0000"),
	  0, 0, BAD_SOURCE },
	{ "an IPv6 source address that differs in the last bit",
	  SEND_CONNECTED6,
	  "60000000 00001140 20010db8000000000000000000000000" TX_REMOTE6
	  TX_UDP("0000"), 0, 0, BAD_SOURCE },
	{ "another source port", SEND_CONNECTED,
	  TX4("0000", "11") "303a003500000000", 0, 0, BAD_PORT },
	{ "a listener from another port", SEND_ANY,
	  TX4("0000", "11") "003500350000 0000", 0, 0, BAD_PORT },
	{ "another destination", SEND_CONNECTED,
	  "45000000 00014000 40110000" TX_LOCAL4 "c000020a" TX_UDP("0000"),
	  0, 0, BAD_DEST },
	{ "another destination port", SEND_CONNECTED,
	  TX4("0000", "11") "3039003600000000", 0, 0, BAD_DEST },
	{ "another destination of a flow without ports", SEND_RAW,
	  "45000000 00014000 402f0000" TX_LOCAL4 "c000020a", 8, 0, BAD_DEST },
	{ "an IPv6 destination that differs in the first bit",
	  SEND_CONNECTED6,
	  "60000000 00001140" TX_LOCAL6 "7e800000000000000000000000000002"
	  TX_UDP("0000"), 0, 0, BAD_DEST },
};

static inline bool tx_info_is(const struct tx_header_row *row, const u8 *hdr,
			      u32 len, const struct unet_tx_info *info)
{
	bool v4 = hdr[0] >> 4 == 4;
	bool tcp = info->proto == UNET_PROTO_TCP;
	const u8 *l4 = hdr + row->l4;

	if (memcmp(info->src, hdr + (v4 ? 12 : 8), v4 ? 4 : 16) ||
	    memcmp(info->dst, hdr + (v4 ? 16 : 24), v4 ? 4 : 16))
		return false;
	if (row->csum && (info->src_port != unet_load_be16(l4) ||
			  info->dst_port != unet_load_be16(l4 + 2)))
		return false;
	if (tcp && (info->seq != 0x11223344 || info->ack != 0x55667788 ||
		    info->tcp_flags != l4[13]))
		return false;
	return info->family == (v4 ? 4 : 6) && info->header_len == len &&
	       info->proto == hdr[v4 ? 9 : 6] && info->l4_offset == row->l4 &&
	       info->csum_offset == row->csum && info->payload == row->payload &&
	       info->segments == row->segments &&
	       info->dont_fragment == (!v4 || (hdr[6] & 0x40));
}

static inline bool tx_header_holds(const struct tx_header_row *row)
{
	u8 hdr[UNET_TX_MAX_HEADER];
	u8 want[UNET_TX_MAX_HEADER];
	u32 len = vector_bytes(row->hex, hdr, sizeof(hdr));
	struct unet_tx_flow flow;
	struct unet_tx_info info;

	tx_flow_of(row->who, &flow);
	if (unet_tx_header_check(hdr, len, len + row->payload, row->seg_size,
				 &flow, &info) != row->bad)
		return false;
	if (row->bad)
		return true;
	if (!tx_info_is(row, hdr, len, &info))
		return false;
	unet_tx_header_fix(hdr, &info);
	return vector_bytes(row->fixed, want, sizeof(want)) == len &&
	       !memcmp(hdr, want, len);
}

VECTOR_SET(tx_header);

#endif /* _UNET_VECTORS_TX_CHECK_H */
