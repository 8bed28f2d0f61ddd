/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Flow keys: what a packet says of the flow it belongs to, and the seven ways
 * in which a flow may name less than that.
 *
 * A key speaks of a local and a remote side, never of source and destination: a
 * received packet's destination and a sent packet's source are both local.
 */
#ifndef _UNET_CORE_FLOW_KEY_H
#define _UNET_CORE_FLOW_KEY_H

#include "core_os.h"
#include "core/wire.h"

/* Which parts of a key count, most specific first: the order of lookups. */
enum unet_flow_mask {
	UNET_MASK_5TUPLE,	/* both addresses, both ports */
	UNET_MASK_4TUPLE,	/* remote address, both ports */
	UNET_MASK_3TUPLE,	/* local address and port */
	UNET_MASK_2TUPLE,	/* local port */
	UNET_MASK_IP_BOTH,	/* no ports: both addresses */
	UNET_MASK_IP_LOCAL,	/* no ports: local address */
	UNET_MASK_IP_PROTO,	/* no ports: protocol alone */
	UNET_MASK_COUNT
};

/**
 * struct unet_flow_key - names a flow; no padding, compared as five u64
 * @local:	local address, IPv4 in the first word with the others zero
 * @remote:	remote address, likewise
 * @local_port: network order, 0 when there is none
 * @remote_port: network order, 0 when there is none
 * @proto:	IP protocol
 * @family:	4 or 6
 * @mask:	enum unet_flow_mask; what it leaves out is zero
 * @zero:	zero
 *
 * Every mask keeps @proto and @family.
 */
struct unet_flow_key {
	__be32 local[4];
	__be32 remote[4];
	__be16 local_port;
	__be16 remote_port;
	u8 proto;
	u8 family;
	u8 mask;
	u8 zero;
} __aligned(8);

#define UNET_PKT_FRAG_FIRST	0x01u	/* fragment with the L4 header */
#define UNET_PKT_FRAG_LATER	0x02u	/* fragment without: the key has no ports */
#define UNET_PKT_CE		0x04u	/* congestion experienced, RFC 3168 */
#define UNET_PKT_ICMP_ERROR	0x08u	/* an ICMP error that quotes a packet */
#define UNET_PKT_OPTIONS	0x10u	/* IPv4 options or IPv6 extension headers */
#define UNET_PKT_FRAGMENT	(UNET_PKT_FRAG_FIRST | UNET_PKT_FRAG_LATER)

/**
 * struct unet_flow_info - what else parsing found
 * @bytes:	L3 bytes by the IP header; the rest of the frame is padding
 * @l4_offset:	L4 header from the start of the L3 header
 * @payload:	offset of what follows the TCP or UDP header, else @l4_offset
 * @flags:	UNET_PKT_*
 * @tcp_flags:	UNET_TCP_* (FIN is bit 0), 0 for others
 * @need:	with -EAGAIN: bytes from the L3 header on that must be readable
 *		in one piece; more than was given and at most @total. There may
 *		be another -EAGAIN after that: to be done at once, give the
 *		smaller of @total and UNET_FLOW_MAX_NEED.
 */
struct unet_flow_info {
	u32 bytes;
	u16 l4_offset;
	u16 payload;
	u8 flags;
	u8 tcp_flags;
	u32 need;
};

#define UNET_IP6_MAX_EXT	8u	/* extension headers walked */
#define UNET_IP6_MAX_EXT_BYTES	256u	/* and their bytes together */

/* No packet needs more readable bytes than this to be parsed. */
#define UNET_FLOW_MAX_NEED	(40u + UNET_IP6_MAX_EXT_BYTES + 20u)
/* An ICMP error with the packet it quotes. */
#define UNET_ICMP_MAX_NEED	(2u * (40u + UNET_IP6_MAX_EXT_BYTES) + 16u)

/**
 * unet_flow_key_parse() - read a packet's key
 * @l3:		first byte of the IP header
 * @linear:	bytes readable at @l3; nothing beyond is touched
 * @total:	bytes of the packet from @l3 on, padding included; >= @linear
 * @rx:		true: destination is local; false: source is
 * @key:	out: mask UNET_MASK_5TUPLE (TCP, UDP) or UNET_MASK_IP_BOTH
 * @info:	out
 *
 * The IPv4 header checksum is verified, TCP and UDP lengths are checked against
 * the packet. What the host must see before anybody else gets no ports, so that
 * it matches no TCP or UDP flow: IPsec, and routing headers with segments left,
 * are the protocol of the key. IPv4 source routes count as malformed.
 *
 * Context: any. The bytes must not change meanwhile.
 * Return: 0; -EAGAIN with info->need set: call again with so many bytes
 * readable; -EPROTO not IPv4 or IPv6; -EBADMSG malformed or more extension
 * headers than the limit. @key holds nothing useful on error.
 */
int unet_flow_key_parse(const void *l3, u32 linear, u32 total, bool rx,
			struct unet_flow_key *key, struct unet_flow_info *info);

/**
 * unet_flow_key_martian() - can no packet from a wire have these addresses?
 * @key: complete key of a received packet
 *
 * A loopback address on either side, and a remote side that is nobody or many:
 * the host refuses such packets (RFC 1122 3.2.1.3, RFC 4291 2.5 to 2.7), and
 * whoever trusts 127.0.0.1 or ::1 may go on doing so.
 *
 * Context: any.
 */
bool unet_flow_key_martian(const struct unet_flow_key *key);

/**
 * struct unet_icmp_error - what an ICMP error says
 * @type:	of ICMP or ICMPv6
 * @code:	likewise
 * @reserved:	zero
 * @mtu:	next-hop MTU, "fragmentation needed" (RFC 1191; may be 0 there)
 *		and "packet too big" (RFC 8201), else 0
 * @quote:	offset of the quoted IP header from @l3
 * @tcp_seq:	sequence number in the quoted TCP header, else 0
 */
struct unet_icmp_error {
	u8 type;
	u8 code;
	u16 reserved;
	u32 mtu;
	u32 quote;
	u32 tcp_seq;
};

/**
 * unet_flow_key_icmp_error() - key of the flow an ICMP error is about
 * @l3:		as for unet_flow_key_parse()
 * @linear:	as for unet_flow_key_parse()
 * @total:	as for unet_flow_key_parse()
 * @info:	in: of the packet, with UNET_PKT_ICMP_ERROR; out: @need
 * @key:	out: key of the flow that sent the quoted packet
 * @err:	out
 *
 * The quote may be cut short and its header checksum is not verified (RFC 792,
 * RFC 4443); eight bytes of L4 header must be there for TCP and UDP. The checksum
 * of the ICMP message is the caller's to verify.
 *
 * Context: any.
 * Return: 0; -EAGAIN; -EBADMSG nothing usable is quoted.
 */
int unet_flow_key_icmp_error(const void *l3, u32 linear, u32 total,
			     struct unet_flow_info *info,
			     struct unet_flow_key *key,
			     struct unet_icmp_error *err);

/* are the first @bits bits of two addresses alike? */
static inline bool unet_prefix_same(const __be32 *a, const __be32 *b, u32 bits)
{
	const u8 *x = (const u8 *)a, *y = (const u8 *)b;
	u32 whole = bits / 8, rest = bits % 8;

	if (memcmp(x, y, whole))
		return false;
	return !rest || !((x[whole] ^ y[whole]) >> (8 - rest));
}

/**
 * unet_flow_key_mask() - leave only what a mask keeps
 * @key:	complete key, from unet_flow_key_parse()
 * @mask:	which parts; an IP-only mask drops the ports
 * @out:	masked key, @out->mask is @mask; may be @key
 *
 * Context: any.
 */
void unet_flow_key_mask(const struct unet_flow_key *key,
			enum unet_flow_mask mask, struct unet_flow_key *out);

/**
 * unet_flow_mask_of() - the mask a request's flags ask for
 * @flags:	UNET_FLOW_* of struct unet_flow_req; unknown ones are ignored
 *
 * Return: enum unet_flow_mask, or -EINVAL when no mask has that combination
 * (UNET_FLOW_REMOTE and UNET_FLOW_NO_PORTS without a local address).
 */
int unet_flow_mask_of(u32 flags);

/**
 * struct unet_flow_secret - makes the hash of a key unpredictable from outside
 * @k:	random, all of it; chosen once for each table
 * @mul:	likewise
 */
struct unet_flow_secret {
	u32 k[10];
	u64 mul;
};

/**
 * unet_flow_key_hash() - keyed hash
 * @key:	any key
 * @secret:	random
 *
 * NH (Black et al., UMAC) and a multiply-shift: for any two different keys,
 * chosen without knowing @secret, the chance to share a bucket of a table of n is
 * about 1/n, whatever pattern addresses and ports follow. Whoever can see hash
 * values can work out the secret: they must not leave the host.
 *
 * Context: any.
 * Return: 32 bits, all of them good.
 */
u32 unet_flow_key_hash(const struct unet_flow_key *key,
		       const struct unet_flow_secret *secret);

/**
 * unet_flow_key_equal() - same flow, same mask
 * @a: one key
 * @b: another key
 */
static inline bool unet_flow_key_equal(const struct unet_flow_key *a,
				       const struct unet_flow_key *b)
{
	u64 diff = 0;
	u32 i;

	BUILD_BUG_ON(sizeof(*a) != 40);
	for (i = 0; i < sizeof(*a); i += 8)
		diff |= unet_load_raw64((const u8 *)a + i) ^
			unet_load_raw64((const u8 *)b + i);
	return !diff;
}

/**
 * struct unet_flow_fast - the last packet's flow, ready to compare on receive
 * @addr:	source and destination as in the packet; IPv4 in the first
 * @ports:	source and destination as in the packet
 * @proto:	TCP or UDP
 * @family:	4, 6 or 0: nothing is the same
 */
struct unet_flow_fast {
	u64 addr[4];
	u32 ports;
	u8 proto;
	u8 family;
};

/**
 * unet_flow_fast_set() - remember the flow of a packet just parsed
 * @fast:	what to fill in
 * @key:	from unet_flow_key_parse() with rx set
 * @info:	likewise
 *
 * A packet with options or extension headers, a fragment and anything but TCP
 * and UDP clear @fast.
 */
void unet_flow_fast_set(struct unet_flow_fast *fast,
			const struct unet_flow_key *key,
			const struct unet_flow_info *info);

bool unet_flow_fast_same4(const struct unet_flow_fast *fast, const void *l3,
			  u32 linear, u32 total, struct unet_flow_info *info);
bool unet_flow_fast_same6(const struct unet_flow_fast *fast, const void *l3,
			  u32 linear, u32 total, struct unet_flow_info *info);

/**
 * unet_flow_fast_same() - is this received packet plainly of the same flow?
 * @fast:	the last packet's flow
 * @family:	4 or 6: what the frame says the packet is
 * @l3:		as for unet_flow_key_parse()
 * @linear:	as for unet_flow_key_parse()
 * @total:	as for unet_flow_key_parse()
 * @info:	out, when true: as unet_flow_key_parse() would fill it in
 *
 * Never true when unet_flow_key_parse() would fail or find another key, or one of
 * another family than @family.
 *
 * Context: any; @fast is the caller's alone.
 * Return: true, or false: parse it.
 */
static inline bool unet_flow_fast_same(const struct unet_flow_fast *fast,
				       u8 family, const void *l3, u32 linear,
				       u32 total, struct unet_flow_info *info)
{
	return family == 4 ?
	       unet_flow_fast_same4(fast, l3, linear, total, info) :
	       unet_flow_fast_same6(fast, l3, linear, total, info);
}

#endif /* _UNET_CORE_FLOW_KEY_H */
