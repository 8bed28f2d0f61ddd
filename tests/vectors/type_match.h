/* SPDX-License-Identifier: MIT */
/* Packet types: sound requests, pairs of rules, which rule is found, what is sent. */
#ifndef _UNET_VECTORS_TYPE_MATCH_H
#define _UNET_VECTORS_TYPE_MATCH_H

#include <linux/unet.h>
#include "core/type_match.h"
#include "core/wire.h"
#include "vectors/set.h"

#define INET4	2	/* AF_INET */
#define INET6	10	/* AF_INET6 */
#define RX	UNET_TYPE_RX
#define TX	UNET_TYPE_TX
#define BOTH	(UNET_TYPE_RX | UNET_TYPE_TX)

#define ETHER(f, l) \
	.layer = UNET_TYPE_ETHERTYPE, .direction = RX, .action = UNET_TYPE_DELIVER, \
	.first = (f), .last = (l)
#define PROTO(f, l) \
	.layer = UNET_TYPE_PROTO, .direction = RX, .action = UNET_TYPE_DELIVER, \
	.first = (f), .last = (l)
#define UDPS(f, l) \
	.layer = UNET_TYPE_PORT, .direction = RX, .action = UNET_TYPE_DELIVER, \
	.proto = UNET_PROTO_UDP, .first = (f), .last = (l)
#define TCPS(f, l) \
	.layer = UNET_TYPE_PORT, .direction = RX, .action = UNET_TYPE_DELIVER, \
	.proto = UNET_PROTO_TCP, .first = (f), .last = (l)
#define OF_FLOW(dir, p, act, l, more) \
	.layer = UNET_TYPE_PORT, .direction = (dir), .action = (act), .proto = (p), \
	.first = 7, .last = (l), .flags = UNET_TYPE_OF_FLOW | (more), \
	.num_patterns = 1, .pattern = { BYTE(1, 1, 1) }
#define NET10	.family = INET4, .local_bits = 8, .local = { 10 }
#define NET11	.family = INET4, .local_bits = 8, .local = { 11 }
#define HOST10	.family = INET4, .local_bits = 32, .local = { 10, 9, 0, 2 }
#define BYTE(at, v, m) \
	{ .offset = (at), .bytes = 1, .value = { v }, .mask = { m } }

/* ---- requests ---- */

struct type_spec_row {
	const char *name;
	struct unet_type_spec spec;
	enum unet_type_reason reason;
};

static const struct type_spec_row type_spec_rows[] = {
	{ "an ethertype is sound", { ETHER(0x88b5, 0x88b5) }, 0 },
	{ "a range of ethertypes is sound", { ETHER(0x88b5, 0x88b7) }, 0 },
	{ "no ethertype asks for a free one", { ETHER(0, 0) }, 0 },
	{ "an IP protocol is sound", { PROTO(253, 253) }, 0 },
	{ "protocols from 0 on are sound", { PROTO(0, 255) }, 0 },
	{ "a UDP port is sound", { UDPS(7000, 7000) }, 0 },
	{ "all TCP ports are sound", { TCPS(1, 65535) }, 0 },
	{ "no port asks for a free one", { TCPS(0, 0) }, 0 },
	{ "an address with its prefix is sound", { UDPS(7, 7), NET10 }, 0 },
	{ "an odd prefix is sound", { UDPS(7, 7), .family = INET4,
	  .remote_bits = 9, .remote = { 10, 128 } }, 0 },
	{ "a whole IPv6 address is sound", { UDPS(7, 7), .family = INET6,
	  .local_bits = 128, .local = { 0xfd, [15] = 1 } }, 0 },
	{ "a pattern is sound", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(999, 0x40, 0xc0) } }, 0 },
	{ "four patterns are sound", { UDPS(7, 7), .num_patterns = 4,
	  .pattern = { BYTE(0, 1, 1), BYTE(1, 1, 1), BYTE(2, 1, 1), BYTE(3, 1, 1) } }, 0 },
	{ "an extension by name is sound", { .layer = UNET_TYPE_PROTO, .direction = RX,
	  .action = UNET_TYPE_EXTENSION, .first = 99, .last = 99, .extension = "x" }, 0 },

	{ "no layer", { .direction = RX, .action = UNET_TYPE_DROP }, UNET_TYPE_NO_LAYER },
	{ "a layer beyond the last", { .layer = UNET_TYPE_LAYER_COUNT, .direction = RX,
	  .action = UNET_TYPE_DROP }, UNET_TYPE_NO_LAYER },
	{ "no direction", { .layer = UNET_TYPE_PROTO, .action = UNET_TYPE_DROP },
	  UNET_TYPE_NO_DIRECTION },
	{ "a direction there is not", { .layer = UNET_TYPE_PROTO, .direction = 4,
	  .action = UNET_TYPE_DROP }, UNET_TYPE_NO_DIRECTION },
	{ "no action", { .layer = UNET_TYPE_PROTO, .direction = RX }, UNET_TYPE_NO_ACTION },
	{ "an action beyond the last", { .layer = UNET_TYPE_PROTO, .direction = RX,
	  .action = UNET_TYPE_ACTION_COUNT }, UNET_TYPE_NO_ACTION },
	{ "a program for sends", { .layer = UNET_TYPE_PROTO, .direction = BOTH,
	  .action = UNET_TYPE_BPF, .first = 99, .last = 99 }, UNET_TYPE_NO_RX_ONLY },
	{ "numbers the wrong way round", { UDPS(8, 7) }, UNET_TYPE_NO_NUMBERS },
	{ "ports from 0 on", { UDPS(0, 7) }, UNET_TYPE_NO_NUMBERS },
	{ "ethertypes from 0 on", { ETHER(0, 0x88b5) }, UNET_TYPE_NO_NUMBERS },
	{ "an IP protocol above 255", { PROTO(255, 256) }, UNET_TYPE_NO_NUMBERS },
	{ "a length is no ethertype", { ETHER(1500, 1500) }, UNET_TYPE_NO_RESERVED },
	{ "1535 is no ethertype", { ETHER(1535, 1535) }, UNET_TYPE_NO_RESERVED },
	{ "1536 is one", { ETHER(1536, 1536) }, 0 },
	{ "IPv4 is the host's", { ETHER(0x0800, 0x0800) }, UNET_TYPE_NO_RESERVED },
	{ "ARP is the host's", { ETHER(0x0806, 0x0806) }, UNET_TYPE_NO_RESERVED },
	{ "RARP is the host's", { ETHER(0x8035, 0x8035) }, UNET_TYPE_NO_RESERVED },
	{ "VLAN tags are the host's", { ETHER(0x8100, 0x8100) }, UNET_TYPE_NO_RESERVED },
	{ "service tags are the host's", { ETHER(0x88a8, 0x88a8) }, UNET_TYPE_NO_RESERVED },
	{ "IPv6 is the host's", { ETHER(0x86dd, 0x86dd) }, UNET_TYPE_NO_RESERVED },
	{ "EAPOL is the host's", { ETHER(0x888e, 0x888e) }, UNET_TYPE_NO_RESERVED },
	{ "pre-authentication is the host's", { ETHER(0x88c7, 0x88c7) },
	  UNET_TYPE_NO_RESERVED },
	{ "a range with IPv6 in it", { ETHER(0x86d0, 0x86e0) }, UNET_TYPE_NO_RESERVED },
	{ "ports without a protocol", { .layer = UNET_TYPE_PORT, .direction = RX,
	  .action = UNET_TYPE_DROP, .first = 7, .last = 7 }, UNET_TYPE_NO_PROTOCOL },
	{ "ports of SCTP", { .layer = UNET_TYPE_PORT, .direction = RX, .proto = 132,
	  .action = UNET_TYPE_DROP, .first = 7, .last = 7 }, UNET_TYPE_NO_PROTOCOL },
	{ "an ethertype with a protocol", { ETHER(0x88b5, 0x88b5), .proto = 6 },
	  UNET_TYPE_NO_PROTOCOL },
	{ "a family there is not", { UDPS(7, 7), .family = 4 }, UNET_TYPE_NO_FAMILY },
	{ "an ethertype with a family", { ETHER(0x88b5, 0x88b5), .family = INET4 },
	  UNET_TYPE_NO_FAMILY },
	{ "an address without a family", { UDPS(7, 7), .local_bits = 8, .local = { 10 } },
	  UNET_TYPE_NO_ADDRESS },
	{ "33 bits of IPv4", { UDPS(7, 7), .family = INET4, .local_bits = 33 },
	  UNET_TYPE_NO_ADDRESS },
	{ "129 bits of IPv6", { UDPS(7, 7), .family = INET6, .remote_bits = 129 },
	  UNET_TYPE_NO_ADDRESS },
	{ "bits behind the prefix", { UDPS(7, 7), .family = INET4, .local_bits = 8,
	  .local = { 10, 0, 0, 1 } }, UNET_TYPE_NO_ADDRESS },
	{ "bits behind an odd prefix", { UDPS(7, 7), .family = INET4, .remote_bits = 9,
	  .remote = { 10, 64 } }, UNET_TYPE_NO_ADDRESS },
	{ "a fifth pattern", { UDPS(7, 7), .num_patterns = 5 }, UNET_TYPE_NO_PATTERN },
	{ "an empty pattern", { UDPS(7, 7), .num_patterns = 1 }, UNET_TYPE_NO_PATTERN },
	{ "a pattern behind those counted", { UDPS(7, 7), .pattern = { BYTE(0, 1, 1) } },
	  UNET_TYPE_NO_PATTERN },
	{ "a pattern out of reach", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(1000, 1, 1) } }, UNET_TYPE_NO_PATTERN },
	{ "a pattern of 33 bytes", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { { .bytes = 33, .mask = { 1 } } } }, UNET_TYPE_NO_PATTERN },
	{ "a value outside its mask", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(0, 3, 1) } }, UNET_TYPE_NO_PATTERN },
	{ "a mask without bits", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(0, 0, 0) } }, UNET_TYPE_NO_PATTERN },
	{ "a mask behind its bytes", { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { { .bytes = 1, .mask = { 1, 1 } } } }, UNET_TYPE_NO_PATTERN },
	{ "patterns of what is sent", { .layer = UNET_TYPE_PORT, .direction = TX,
	  .action = UNET_TYPE_DROP, .proto = 17, .first = 7, .last = 7,
	  .num_patterns = 1, .pattern = { BYTE(0, 1, 1) } }, UNET_TYPE_NO_RX_ONLY },
	{ "an unsound pattern of what is sent", { .layer = UNET_TYPE_PORT,
	  .direction = BOTH, .action = UNET_TYPE_DROP, .proto = 17, .first = 7, .last = 7,
	  .num_patterns = 1, .pattern = { BYTE(0, 3, 1) } }, UNET_TYPE_NO_PATTERN },
	{ "a rule of a flow", { OF_FLOW(RX, 17, UNET_TYPE_DELIVER, 7, 0) }, 0 },
	{ "a rule of a flow that may send", { OF_FLOW(BOTH, 17, UNET_TYPE_DELIVER, 7, 0) },
	  0 },
	{ "a rule of a flow that only sends", { OF_FLOW(TX, 17, UNET_TYPE_DELIVER, 7, 0) },
	  UNET_TYPE_NO_PARENT },
	{ "a rule of a flow without patterns", { UDPS(7, 7), .flags = UNET_TYPE_OF_FLOW },
	  UNET_TYPE_NO_PARENT },
	{ "a rule of a flow of TCP", { OF_FLOW(RX, 6, UNET_TYPE_DELIVER, 7, 0) },
	  UNET_TYPE_NO_PARENT },
	{ "a rule of a flow that drops", { OF_FLOW(RX, 17, UNET_TYPE_DROP, 7, 0) },
	  UNET_TYPE_NO_PARENT },
	{ "a rule of a flow of many ports", { OF_FLOW(RX, 17, UNET_TYPE_DELIVER, 8, 0) },
	  UNET_TYPE_NO_PARENT },
	{ "a rule of a flow of a family", { OF_FLOW(RX, 17, UNET_TYPE_DELIVER, 7, 0),
	  .family = INET4 }, UNET_TYPE_NO_PARENT },
	{ "a rule of a flow that holds no ports", { OF_FLOW(RX, 17, UNET_TYPE_DELIVER, 7,
	  UNET_TYPE_NO_HOLD) }, UNET_TYPE_NO_PARENT },
	{ "an unknown flag", { UDPS(7, 7), .flags = 32 }, UNET_TYPE_NO_FLAGS },
	{ "reserved bits", { UDPS(7, 7), .reserved = 1 }, UNET_TYPE_NO_FLAGS },
	{ "an ethertype for local addresses", { ETHER(0x88b5, 0x88b5),
	  .flags = UNET_TYPE_LOCAL_ONLY }, UNET_TYPE_NO_FLAGS },
	{ "a program nobody asks", { UDPS(7, 7), .prog_fd = 3 }, UNET_TYPE_NO_FLAGS },
	{ "an extension nobody asks", { UDPS(7, 7), .extension = "x" }, UNET_TYPE_NO_FLAGS },
	{ "an extension without a name", { .layer = UNET_TYPE_PROTO, .direction = RX,
	  .action = UNET_TYPE_EXTENSION, .first = 99, .last = 99 }, UNET_TYPE_NO_EXTENSION },
	{ "a name that does not end", { .layer = UNET_TYPE_PROTO, .direction = RX,
	  .action = UNET_TYPE_EXTENSION, .first = 99, .last = 99,
	  .extension = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l',
			 'm', 'n', 'o', 'p' } }, UNET_TYPE_NO_EXTENSION },
};

static inline bool type_spec_holds(const struct type_spec_row *row)
{
	return unet_type_spec_check(&row->spec) == row->reason;
}

VECTOR_SET(type_spec);

/* ---- what is not for everybody ---- */

struct type_privileged_row {
	const char *name;
	struct unet_type_spec spec;
	bool privileged;
};

static const struct type_privileged_row type_privileged_rows[] = {
	{ "ICMP", { PROTO(1, 1) }, true },
	{ "TCP", { PROTO(6, 6) }, true },
	{ "UDP", { PROTO(17, 17) }, true },
	{ "ICMPv6", { PROTO(58, 58) }, true },
	{ "a range with TCP in it", { PROTO(2, 10) }, true },
	{ "a range that ends before TCP", { PROTO(2, 5) }, false },
	{ "all protocols", { PROTO(0, 255) }, true },
	{ "a number for experiments", { PROTO(253, 254) }, false },
	{ "hop-by-hop options, and what is next", { PROTO(0, 1) }, true },
	{ "whichever number is free", { PROTO(0, 0) }, false },
	{ "routing headers", { PROTO(43, 43) }, true },
	{ "fragment headers", { PROTO(44, 44) }, true },
	{ "what is encrypted", { PROTO(50, 50) }, false },
	{ "authentication headers", { PROTO(51, 51) }, true },
	{ "no next header", { PROTO(59, 59) }, false },
	{ "destination options", { PROTO(60, 60) }, true },
	{ "mobility headers", { PROTO(135, 135) }, true },
	{ "host identity", { PROTO(139, 139) }, true },
	{ "shim6", { PROTO(140, 140) }, true },
	{ "a range that ends in an extension header", { PROTO(136, 139) }, true },
	{ "a range between two of them", { PROTO(136, 138) }, false },
	{ "an extension header's number as a port", { UDPS(60, 60) }, false },
	{ "ethertypes", { ETHER(0x88b5, 0x88b5) }, false },
};

static inline bool type_privileged_holds(const struct type_privileged_row *row)
{
	return unet_type_privileged(&row->spec) == row->privileged;
}

VECTOR_SET(type_privileged);

/* ---- pairs: which comes first, same, overlap ---- */

/**
 * struct type_pair_row - two rules, the first with id 1, the second with id 2
 * @name:	sentence
 * @spec:	the two
 * @bound:	for one device
 * @first:	which of them comes first, 1 or 2
 * @same:	they select the same
 * @overlap:	a packet may be selected by both
 */
struct type_pair_row {
	const char *name;
	struct unet_type_spec spec[2];
	bool bound[2];
	u32 first;
	bool same;
	bool overlap;
};

static const struct type_pair_row type_pair_rows[] = {
	{ "equals: the older one first", { { UDPS(7, 7) }, { UDPS(7, 7) } },
	  { 0 }, 1, true, true },
	{ "the lower priority first", { { UDPS(7, 7), .priority = 9 },
	  { UDPS(7, 7), .priority = 8 } }, { 0 }, 2, true, true },
	{ "priority before all else", { { PROTO(17, 17), .priority = 8 },
	  { UDPS(7, 7), .priority = 9 } }, { 0 }, 1, false, true },
	{ "a port before its protocol", { { PROTO(17, 17) }, { UDPS(7, 7) } },
	  { 0 }, 2, false, true },
	{ "a device before any device", { { UDPS(7, 7) }, { UDPS(7, 7) } },
	  { false, true }, 2, false, true },
	{ "one port before two", { { UDPS(6, 7) }, { UDPS(7, 7) } },
	  { 0 }, 2, false, true },
	{ "a narrow range before a wide one", { { UDPS(1, 1000) }, { UDPS(500, 600) } },
	  { 0 }, 2, false, true },
	{ "an address before any address", { { UDPS(7, 7) }, { UDPS(7, 7), HOST10 } },
	  { 0 }, 2, false, true },
	{ "a long prefix before a short one", { { UDPS(7, 7), NET10 },
	  { UDPS(7, 7), HOST10 } }, { 0 }, 2, false, true },
	{ "one port before a long prefix", { { UDPS(6, 7), HOST10 }, { UDPS(7, 7) } },
	  { 0 }, 2, false, true },
	{ "a pattern before none", { { UDPS(7, 7) }, { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(0, 1, 1) } } }, { 0 }, 2, false, true },
	{ "local addresses before any", { { UDPS(7, 7) },
	  { UDPS(7, 7), .flags = UNET_TYPE_LOCAL_ONLY } }, { 0 }, 2, false, true },
	{ "neighbouring ports have nothing in common", { { UDPS(6, 6) }, { UDPS(7, 7) } },
	  { 0 }, 1, false, false },
	{ "TCP and UDP have nothing in common", { { TCPS(7, 7) }, { UDPS(7, 7) } },
	  { 0 }, 1, false, false },
	{ "a port of TCP is not of protocol UDP", { { TCPS(7, 7) }, { PROTO(17, 17) } },
	  { 0 }, 1, false, false },
	{ "frames are no IP packets", { { ETHER(0x88b5, 0x88b5) }, { PROTO(0, 255) } },
	  { 0 }, 2, false, false },
	{ "two networks have nothing in common", { { UDPS(7, 7), NET10 },
	  { UDPS(7, 7), NET11 } }, { 0 }, 1, false, false },
	{ "two families have nothing in common", { { UDPS(7, 7), .family = INET4 },
	  { UDPS(7, 7), .family = INET6 } }, { 0 }, 1, false, false },
	{ "patterns that exclude each other", { { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(3, 1, 1) } }, { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(3, 0, 1) } } }, { 0 }, 1, false, false },
	{ "patterns at different places", { { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(3, 1, 1) } }, { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(4, 0, 1) } } }, { 0 }, 1, false, true },
	{ "patterns of different bits", { { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(3, 1, 1) } }, { UDPS(7, 7), .num_patterns = 1,
	  .pattern = { BYTE(3, 0, 2) } } }, { 0 }, 1, false, true },
	{ "received and sent have nothing in common", { { UDPS(7, 7) },
	  { .layer = UNET_TYPE_PORT, .direction = TX, .action = UNET_TYPE_DROP,
	    .proto = 17, .first = 7, .last = 7 } }, { 0 }, 1, false, false },
};

static inline bool type_pair_holds(const struct type_pair_row *row)
{
	struct unet_type_rule a, b;
	int cmp;

	unet_type_rule_set(&a, &row->spec[0], 1, row->bound[0]);
	unet_type_rule_set(&b, &row->spec[1], 2, row->bound[1]);
	cmp = unet_type_rule_cmp(&a, &b);
	return (row->first == 1 ? cmp < 0 : cmp > 0) &&
	       unet_type_rule_cmp(&b, &a) == -cmp &&
	       unet_type_rule_cmp(&a, &a) == 0 &&
	       unet_type_rule_same(&a, &b) == row->same &&
	       unet_type_rule_same(&b, &a) == row->same &&
	       unet_type_rule_overlap(&a, &b) == row->overlap &&
	       unet_type_rule_overlap(&b, &a) == row->overlap;
}

VECTOR_SET(type_pair);

/* ---- which rules a packet meets, in order ---- */

#define FIND_RULES	6

/* Ids are indices plus 1; in their order. 10.9.0.2 is local, 10.9.0.1 remote. */
static const struct unet_type_spec type_find_specs[FIND_RULES] = {
	{ ETHER(0x88b5, 0x88b6) },
	{ UDPS(7000, 7000), HOST10, .priority = 1 },
	{ TCPS(1, 65535), NET11, .priority = 2 },
	{ UDPS(7000, 7009), .priority = 3 },
	{ PROTO(16, 17), .priority = 4 },
	{ UDPS(7005, 7005), .priority = 5 },
};

struct type_find_row {
	const char *name;
	u16 ethertype;		/* 0: IPv4 */
	u8 proto;
	u16 port;
	u8 local;		/* first byte of the address */
	u8 found[4];		/* ids, then 0 */
};

static const struct type_find_row type_find_rows[] = {
	{ "the first ethertype of a range", 0x88b5, 0, 0, 0, { 1 } },
	{ "the last ethertype of a range", 0x88b6, 0, 0, 0, { 1 } },
	{ "the ethertype before it", 0x88b4, 0, 0, 0, { 0 } },
	{ "the ethertype behind it", 0x88b7, 0, 0, 0, { 0 } },
	{ "address, range and protocol in order", 0, 17, 7000, 10, { 2, 4, 5 } },
	{ "another address", 0, 17, 7000, 11, { 4, 5 } },
	{ "what a closed span hides is not asked", 0, 17, 7005, 10, { 4, 5 } },
	{ "the last of a range", 0, 17, 7009, 10, { 4, 5 } },
	{ "behind the range", 0, 17, 7010, 10, { 5 } },
	{ "before the range", 0, 17, 6999, 10, { 5 } },
	{ "the largest port", 0, 6, 65535, 11, { 3 } },
	{ "port 0 is nobody's", 0, 6, 0, 11, { 0 } },
	{ "a protocol without ports", 0, 16, 0, 10, { 5 } },
	{ "the protocol before it", 0, 15, 0, 10, { 0 } },
	{ "the protocol behind it", 0, 18, 0, 10, { 0 } },
};

static inline bool type_find_holds(const struct type_find_row *row)
{
	static struct unet_type_span span[4 * FIND_RULES];
	static u32 marks[UNET_TYPE_MARK_WORDS];
	static struct unet_type_rule rule[FIND_RULES];
	const struct unet_type_rule *in_order[FIND_RULES];
	struct unet_flow_key key = {
		.local = { cpu_to_be32((u32)row->local << 24 | 0x090002) },
		.remote = { cpu_to_be32(0x0a090001) },
		.local_port = cpu_to_be16(row->port), .proto = row->proto, .family = 4,
		.mask = row->proto == 6 || row->proto == 17 ? UNET_MASK_5TUPLE :
							      UNET_MASK_IP_BOTH,
	};
	struct unet_type_set set = { .rule = in_order, .num = FIND_RULES };
	const struct unet_type_rule *found;
	struct unet_type_walk walk;
	u32 i, culprit;

	memset(span, 0, sizeof(span));
	for (i = 0; i < FIND_RULES; i++) {
		unet_type_rule_set(&rule[i], &type_find_specs[i], i + 1, false);
		in_order[i] = &rule[i];
	}
	if (unet_type_set_build(&set, span, marks, &culprit))
		return false;
	if (row->ethertype)
		unet_type_walk_frame(&walk, &set, false, row->ethertype);
	else
		unet_type_walk_key(&walk, &set, false, &key);
	for (i = 0; (found = unet_type_walk_next(&walk)); i++)
		if (i == ARRAY_SIZE(row->found) || found->id != row->found[i])
			return false;
	return i == ARRAY_SIZE(row->found) || !row->found[i];
}

VECTOR_SET(type_find);

/* ---- what its owner may send ---- */

#define SEND4(proto, src) "45000000 00004000 40" proto "0000" src "0a090001"
#define SEND6(next)	"60000000 0000" next "40" SRC6 DST6
#define SRC6		"fd000000000000000000000000000002"
#define DST6		"fd000000000000000000000000000001"
#define SRC10		"0a090002"
#define UDP_FROM(port)	port "2328 0000 0000"
#define FRAME(src, type) "020000000001" src type "0102030405060708"
#define OUR_MAC		"02aabbccddee"

struct type_send_row {
	const char *name;
	struct unet_type_spec spec;
	const char *hex;
	u32 payload;
	u16 seg_size;
	enum unet_counter why;
};

static const struct type_send_row type_send_rows[] = {
	{ "a port of the range", { UDPS(7000, 7009) },
	  SEND4("11", SRC10) UDP_FROM("1b58"), 10, 0, 0 },
	{ "the last port of the range", { UDPS(7000, 7009) },
	  SEND4("11", SRC10) UDP_FROM("1b61"), 10, 0, 0 },
	{ "a send to be cut", { UDPS(7000, 7009) },
	  SEND4("11", SRC10) UDP_FROM("1b58"), 3000, 1000, 0 },
	{ "a port behind the range", { UDPS(7000, 7009) },
	  SEND4("11", SRC10) UDP_FROM("1b62"), 10, 0, UNET_CNT_TX_SPOOF_PORT },
	{ "TCP by a rule for UDP", { UDPS(7000, 7009) },
	  SEND4("06", SRC10) UDP_FROM("1b58"), 10, 0, UNET_CNT_TX_SPOOF_PROTO },
	{ "the rule's own address", { UDPS(7000, 7009), HOST10 },
	  SEND4("11", SRC10) UDP_FROM("1b58"), 10, 0, 0 },
	{ "another address", { UDPS(7000, 7009), HOST10 },
	  SEND4("11", "0a090003") UDP_FROM("1b58"), 10, 0, UNET_CNT_TX_SPOOF_SOURCE },
	{ "another network", { UDPS(7000, 7009), .family = INET4, .remote_bits = 8,
	  .remote = { 11 } }, SEND4("11", SRC10) UDP_FROM("1b58"), 10, 0,
	  UNET_CNT_TX_SPOOF_DEST },
	{ "IPv4 by a rule for IPv6", { UDPS(7000, 7009), .family = INET6 },
	  SEND4("11", SRC10) UDP_FROM("1b58"), 10, 0, UNET_CNT_TX_SPOOF_PROTO },
	{ "a protocol of the range", { PROTO(253, 254) }, SEND4("fe", SRC10), 10, 0, 0 },
	{ "a protocol before it", { PROTO(253, 254) }, SEND4("fc", SRC10), 10, 0,
	  UNET_CNT_TX_SPOOF_PROTO },
	{ "UDP by a rule for all protocols", { PROTO(0, 255) }, SEND4("11", SRC10), 10, 0,
	  UNET_CNT_TX_SPOOF_PROTO },
	{ "IPv6 by a rule for its protocol", { PROTO(253, 254) }, SEND6("fd"), 10, 0, 0 },
	{ "IPv6 destination options by a rule for them", { PROTO(60, 60) }, SEND6("3c"), 28, 0,
	  UNET_CNT_TX_BAD_HEADER },
	{ "IPv6 hop-by-hop options by a rule for all protocols", { PROTO(0, 255) },
	  SEND6("00"), 28, 0, UNET_CNT_TX_BAD_HEADER },
	{ "a frame of ours", { ETHER(0x88b5, 0x88b5) }, FRAME(OUR_MAC, "88b5"), 1478, 0, 0 },
	{ "a frame too large by one", { ETHER(0x88b5, 0x88b5) },
	  FRAME(OUR_MAC, "88b5"), 1493, 0, UNET_CNT_TX_TOO_BIG },
	{ "a frame from another's address", { ETHER(0x88b5, 0x88b5) },
	  FRAME("02aabbccddef", "88b5"), 10, 0, UNET_CNT_TX_SPOOF_SOURCE },
	{ "a frame of another ethertype", { ETHER(0x88b5, 0x88b5) },
	  FRAME(OUR_MAC, "88b6"), 10, 0, UNET_CNT_TX_SPOOF_PROTO },
	{ "IPv4 in a frame", { ETHER(0x88b5, 0x88b5) }, FRAME(OUR_MAC, "0800"), 10, 0,
	  UNET_CNT_TX_SPOOF_PROTO },
	{ "a frame to nobody", { ETHER(0x88b5, 0x88b5) },
	  "000000000000" OUR_MAC "88b5 0102030405060708", 10, 0, UNET_CNT_TX_BAD_HEADER },
	{ "a frame to be cut", { ETHER(0x88b5, 0x88b5) }, FRAME(OUR_MAC, "88b5"), 3000,
	  1000, UNET_CNT_TX_BAD_SLOT },
};

static inline bool type_send_holds(const struct type_send_row *row)
{
	u8 hdr[UNET_TX_MAX_HEADER] __aligned(8), mac[6];
	u32 len = vector_bytes(row->hex, hdr, sizeof(hdr));
	struct unet_type_rule rule;
	struct unet_tx_info info;
	enum unet_counter why;

	vector_bytes(OUR_MAC, mac, sizeof(mac));
	unet_type_rule_set(&rule, &row->spec, 1, true);
	if (rule.layer == UNET_TYPE_ETHERTYPE)
		why = unet_type_frame_check(&rule, hdr, len, len + row->payload,
					    row->seg_size, mac, 1514, &info);
	else
		why = unet_type_send_check(&rule, hdr, len, len + row->payload,
					   row->seg_size, &info);
	if (why != row->why)
		return false;
	return why || (info.payload == row->payload && info.header_len == len &&
		       info.segments == (row->seg_size ? row->payload / row->seg_size : 1));
}

VECTOR_SET(type_send);

#endif /* _UNET_VECTORS_TYPE_MATCH_H */
