// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Packets are parsed in two ways. plain_*() take the packets nearly all
 * traffic consists of (no options, no extension headers, no fragment, TCP or UDP,
 * headers in one piece) in a straight line and say only yes or no; parse_*() take
 * everything, step by step, and say what is wrong. Whatever the first takes the
 * second takes too, with the same result; the unit tests hold them to that.
 */
#include <linux/unet.h>
#include "core/csum.h"
#include "core/flow_key.h"
#include "core/ip4_options.h"
#include "core/wire.h"

#define IP4_PLAIN	0x45	/* version 4, no options */
#define IP6_VERSION	6
#define KEY_PORTS	offsetof(struct unet_flow_key, local_port)

/* Where a walk over IP headers has come to. */
struct walk {
	u32 at;		/* offset of the upper layer's header */
	u32 need;	/* with -EAGAIN */
	u8 proto;	/* of the upper layer */
	u8 flags;	/* UNET_PKT_* */
};

/* ---- the straight line ------------------------------------------------ */

/* L4 header at a constant place; what is checked here parse_l4() checks. */
static __always_inline bool plain_l4(const u8 *l3, const u32 at, u8 proto,
				     u32 linear, u32 bytes,
				     struct unet_flow_info *info)
{
	if (proto == UNET_PROTO_UDP) {
		u32 len = unet_load_u16(l3 + at + 4);

		if (len < UNET_UDP_HEADER || at + len > bytes)
			return false;
		info->payload = at + UNET_UDP_HEADER;
		info->tcp_flags = 0;
	} else if (proto == UNET_PROTO_TCP && linear >= at + UNET_TCP_HEADER) {
		u32 payload = at + (l3[at + 12] >> 4) * 4;

		if (payload < at + UNET_TCP_HEADER || payload > bytes)
			return false;
		info->payload = payload;
		info->tcp_flags = l3[at + 13];
	} else {
		return false;
	}
	info->bytes = bytes;
	info->l4_offset = at;
	return true;
}

static __always_inline bool plain4(const u8 *l3, u32 linear, u32 total,
				   struct unet_flow_info *info)
{
	const u16 fragment = (__force u16)cpu_to_be16(UNET_IP4_MF |
						      UNET_IP4_OFFSET);
	u32 bytes = unet_load_u16(l3 + 2);
	u64 sum = unet_csum_plus(unet_load_raw64(l3), unet_load_raw64(l3 + 8));

	sum = unet_csum_plus(sum, unet_load_raw32(l3 + 16));

	if (bytes > total || (unet_load_raw16(l3 + 6) & fragment) ||
	    unet_csum_fold(sum) != 0xffff)
		return false;
	info->flags = (l3[1] & UNET_ECN_MASK) == UNET_ECN_CE ? UNET_PKT_CE : 0;
	return plain_l4(l3, UNET_IP4_HEADER, l3[9], linear, bytes, info);
}

static __always_inline bool plain6(const u8 *l3, u32 linear, u32 total,
				   struct unet_flow_info *info)
{
	u32 bytes = UNET_IP6_HEADER + unet_load_u16(l3 + 4);

	if (bytes > total)
		return false;
	/* the traffic class lies across the first two bytes */
	info->flags = (l3[1] & 0x30) == 0x30 ? UNET_PKT_CE : 0;
	return plain_l4(l3, UNET_IP6_HEADER, l3[6], linear, bytes, info);
}

/* ---- keys ------------------------------------------------------------- */

static __always_inline void key_ends(struct unet_flow_key *key, u8 family,
				     const u8 *local, const u8 *remote)
{
	if (family == 4) {
		key->local[0] = unet_load_be32(local);
		key->remote[0] = unet_load_be32(remote);
		memset(&key->local[1], 0, 12);
		memset(&key->remote[1], 0, 12);
	} else {
		memcpy(key->local, local, 16);
		memcpy(key->remote, remote, 16);
	}
}

/*
 * @addr: source address, the destination follows it
 * @ports: source and destination, as in the packet
 */
static __always_inline void key_fill(struct unet_flow_key *key, u8 family,
				     u8 proto, u8 mask, const u8 *addr,
				     u32 ports, bool rx)
{
	u32 size = family == 4 ? 4 : 16;

	if (rx) {
		key_ends(key, family, addr + size, addr);
		ports = ports >> 16 | ports << 16;
	} else {
		key_ends(key, family, addr, addr + size);
	}
	memcpy((u8 *)key + KEY_PORTS, &ports, sizeof(ports));
	key->proto = proto;
	key->family = family;
	key->mask = mask;
	key->zero = 0;
}

/* ---- step by step ----------------------------------------------------- */

/* Are @want bytes there (-EBADMSG if never) and readable (-EAGAIN if not)? */
static int reach(struct walk *walk, u32 want, u32 linear, u32 bytes)
{
	if (want > bytes)
		return -EBADMSG;
	if (want > linear) {
		walk->need = want;
		return -EAGAIN;
	}
	return 0;
}

static bool is_icmp_error(u8 family, u8 type)
{
	if (family == 4)	/* unreachable, time exceeded, parameter problem */
		return type == 3 || type == 11 || type == 12;
	return type >= 1 && type <= 4;	/* the same and packet too big */
}

static int parse_udp(const u8 *l3, u32 linear, u32 bytes, struct walk *walk,
		     struct unet_flow_info *info)
{
	u32 len;
	int ret;

	ret = reach(walk, walk->at + UNET_UDP_HEADER, linear, bytes);
	if (ret)
		return ret;
	len = unet_load_u16(l3 + walk->at + 4);
	if (len < UNET_UDP_HEADER)
		return -EBADMSG;
	/* a first fragment has less than its datagram */
	if (len > bytes - walk->at && !(walk->flags & UNET_PKT_FRAG_FIRST))
		return -EBADMSG;
	info->payload = walk->at + UNET_UDP_HEADER;
	return 0;
}

static int parse_tcp(const u8 *l3, u32 linear, u32 bytes, struct walk *walk,
		     struct unet_flow_info *info)
{
	u32 len;
	int ret;

	ret = reach(walk, walk->at + UNET_TCP_HEADER, linear, bytes);
	if (ret)
		return ret;
	len = (l3[walk->at + 12] >> 4) * 4;
	if (len < UNET_TCP_HEADER || len > bytes - walk->at)
		return -EBADMSG;
	info->payload = walk->at + len;
	info->tcp_flags = l3[walk->at + 13];
	return 0;
}

static int parse_icmp(const u8 *l3, u32 linear, u32 bytes, u8 family,
		      struct walk *walk)
{
	int ret;

	ret = reach(walk, walk->at + UNET_ICMP_HEADER, linear, bytes);
	if (ret)
		return ret;
	if (is_icmp_error(family, l3[walk->at]))
		walk->flags |= UNET_PKT_ICMP_ERROR;
	return 0;
}

static int parse_l4(const u8 *l3, u32 linear, u32 bytes, u8 family,
		    struct walk *walk, struct unet_flow_info *info)
{
	int ret = 0;

	info->payload = walk->at;
	info->tcp_flags = 0;
	if (!(walk->flags & UNET_PKT_FRAG_LATER)) {
		if (walk->proto == UNET_PROTO_UDP)
			ret = parse_udp(l3, linear, bytes, walk, info);
		else if (walk->proto == UNET_PROTO_TCP)
			ret = parse_tcp(l3, linear, bytes, walk, info);
		else if (walk->proto ==
			 (family == 4 ? UNET_PROTO_ICMP : UNET_PROTO_ICMP6))
			ret = parse_icmp(l3, linear, bytes, family, walk);
	}
	info->bytes = bytes;
	info->l4_offset = walk->at;
	info->flags = walk->flags;
	return ret;
}

static bool has_ports(const struct walk *walk)
{
	return walk->proto == UNET_PROTO_TCP || walk->proto == UNET_PROTO_UDP;
}

static void key_walked(struct unet_flow_key *key, u8 family,
		       const struct walk *walk, const u8 *l3, bool rx)
{
	u8 mask = has_ports(walk) ? UNET_MASK_5TUPLE : UNET_MASK_IP_BOTH;
	u32 ports = 0;

	if (has_ports(walk) && !(walk->flags & UNET_PKT_FRAG_LATER))
		ports = unet_load_raw32(l3 + walk->at);
	key_fill(key, family, walk->proto, mask, l3 + (family == 4 ? 12 : 8),
		 ports, rx);
}

/* The IPv4 header with its options; @bytes bounds what is believed. */
static int walk4(const u8 *l3, u32 linear, u32 bytes, struct walk *walk)
{
	u16 fragment;
	int ret;

	ret = reach(walk, UNET_IP4_HEADER, linear, bytes);
	if (ret)
		return ret;
	walk->at = (l3[0] & 15) * 4;
	if (walk->at < UNET_IP4_HEADER)
		return -EBADMSG;
	ret = reach(walk, walk->at, linear, bytes);
	if (ret)
		return ret;

	if (walk->at > UNET_IP4_HEADER)
		walk->flags |= UNET_PKT_OPTIONS;
	if ((l3[1] & UNET_ECN_MASK) == UNET_ECN_CE)
		walk->flags |= UNET_PKT_CE;
	fragment = unet_load_u16(l3 + 6);
	if (fragment & UNET_IP4_OFFSET)
		walk->flags |= UNET_PKT_FRAG_LATER;
	else if (fragment & UNET_IP4_MF)
		walk->flags |= UNET_PKT_FRAG_FIRST;
	walk->proto = l3[9];
	return 0;
}

static int parse4(const u8 *l3, u32 linear, u32 total, struct walk *walk,
		  struct unet_flow_info *info)
{
	u32 bytes;
	int ret;

	ret = walk4(l3, linear, total, walk);
	if (ret)
		return ret;
	bytes = unet_load_u16(l3 + 2);
	/* a super packet of the host that 16 bits cannot hold */
	if (!bytes && total > 0xffff)
		bytes = total;
	if (bytes < walk->at || bytes > total)
		return -EBADMSG;
	if (unet_csum_finish(unet_csum_add(l3, walk->at, 0)))
		return -EBADMSG;
	if (!unet_ip4_options_plain(l3 + UNET_IP4_HEADER,
				    walk->at - UNET_IP4_HEADER))
		return -EBADMSG;
	return parse_l4(l3, linear, bytes, 4, walk, info);
}

/*
 * One extension header at walk->at. Return: 1 when walk->proto is the upper
 * layer's after all, 0 when there is more to walk, or an error.
 */
static int walk6_one(const u8 *l3, u32 linear, u32 bytes, struct walk *walk)
{
	const u8 *head = l3 + walk->at;
	u32 size;
	int ret;

	ret = reach(walk, walk->at + 8, linear, bytes);
	if (ret)
		return ret;
	if (walk->proto == UNET_PROTO_ROUTING && head[3])
		return 1;	/* not yet where it is going */
	size = 8;
	if (walk->proto == UNET_PROTO_FRAGMENT) {
		u16 fragment = unet_load_u16(head + 2);

		/* neither: an atomic fragment, RFC 6946 */
		if (fragment & 0xfff8)
			walk->flags |= UNET_PKT_FRAG_LATER;
		else if (fragment & 1)
			walk->flags |= UNET_PKT_FRAG_FIRST;
	} else {
		size += head[1] * 8;
	}
	if (size > bytes - walk->at)
		return -EBADMSG;
	walk->at += size;
	walk->proto = head[0];
	walk->flags |= UNET_PKT_OPTIONS;
	return walk->flags & UNET_PKT_FRAG_LATER ? 1 : 0;
}

static bool is_extension(u8 proto)
{
	return proto == UNET_PROTO_HOPOPTS || proto == UNET_PROTO_ROUTING ||
	       proto == UNET_PROTO_FRAGMENT || proto == UNET_PROTO_DSTOPTS;
}

/* The extension headers; walk->at and walk->proto are the first one's. */
static int walk6(const u8 *l3, u32 linear, u32 bytes, struct walk *walk)
{
	const u32 end = walk->at + UNET_IP6_MAX_EXT_BYTES;
	u32 count;
	int ret;

	for (count = 0; is_extension(walk->proto); count++) {
		/* hop-by-hop options stand first or not at all, RFC 8200 */
		if (count == UNET_IP6_MAX_EXT ||
		    (count && walk->proto == UNET_PROTO_HOPOPTS))
			return -EBADMSG;
		ret = walk6_one(l3, linear, bytes, walk);
		if (ret)
			return ret < 0 ? ret : 0;
		if (walk->at > end)
			return -EBADMSG;
	}
	return 0;
}

static int parse6(const u8 *l3, u32 linear, u32 total, struct walk *walk,
		  struct unet_flow_info *info)
{
	u32 bytes;
	int ret;

	ret = reach(walk, UNET_IP6_HEADER, linear, total);
	if (ret)
		return ret;
	bytes = UNET_IP6_HEADER + unet_load_u16(l3 + 4);
	/* a super packet of the host that 16 bits cannot hold */
	if (bytes == UNET_IP6_HEADER && total > UNET_IP6_HEADER + 0xffff)
		bytes = total;
	if (bytes > total)
		return -EBADMSG;
	if ((l3[1] & 0x30) == 0x30)
		walk->flags |= UNET_PKT_CE;
	walk->at = UNET_IP6_HEADER;
	walk->proto = l3[6];
	ret = walk6(l3, linear, bytes, walk);
	if (ret)
		return ret;
	return parse_l4(l3, linear, bytes, 6, walk, info);
}

/* Not inlined here and below: the straight line is to need no stack frame. */
static noinline int parse_slowly(const u8 *l3, u32 linear, u32 total, bool rx,
				 struct unet_flow_key *key,
				 struct unet_flow_info *info)
{
	struct walk walk = { 0 };
	u8 family;
	int ret;

	ret = reach(&walk, 1, linear, total);
	if (!ret) {
		family = l3[0] >> 4;
		if (family == 4)
			ret = parse4(l3, linear, total, &walk, info);
		else if (family == IP6_VERSION)
			ret = parse6(l3, linear, total, &walk, info);
		else
			ret = -EPROTO;
	}
	if (ret) {
		info->need = walk.need;
		return ret;
	}
	key_walked(key, family, &walk, l3, rx);
	return 0;
}

static noinline int parse_not_plain4(const u8 *l3, u32 linear, u32 total,
				     bool rx, struct unet_flow_key *key,
				     struct unet_flow_info *info)
{
	if (linear >= UNET_IP6_HEADER + UNET_UDP_HEADER &&
	    l3[0] >> 4 == IP6_VERSION && plain6(l3, linear, total, info)) {
		key_fill(key, 6, l3[6], UNET_MASK_5TUPLE, l3 + 8,
			 unet_load_raw32(l3 + UNET_IP6_HEADER), rx);
		return 0;
	}
	return parse_slowly(l3, linear, total, rx, key, info);
}

int unet_flow_key_parse(const void *l3, u32 linear, u32 total, bool rx,
			struct unet_flow_key *key, struct unet_flow_info *info)
{
	const u8 *p = l3;

	if (linear >= UNET_IP4_HEADER + UNET_UDP_HEADER && p[0] == IP4_PLAIN &&
	    plain4(p, linear, total, info)) {
		key_fill(key, 4, p[9], UNET_MASK_5TUPLE, p + 12,
			 unet_load_raw32(p + UNET_IP4_HEADER), rx);
		return 0;
	}
	return parse_not_plain4(p, linear, total, rx, key, info);
}

/* ---- addresses -------------------------------------------------------- */

static bool martian4(u32 local, u32 remote)
{
	return local >> 24 == 127 || remote >> 24 == 127 ||
	       remote >> 24 == 0 || remote >> 28 == 14 || remote == 0xffffffff;
}

static bool martian6(const u8 *local, const u8 *remote)
{
	u32 half = unet_load_u32(remote + 8);

	if (!unet_load_raw64(local) && !unet_load_u32(local + 8) &&
	    unet_load_u32(local + 12) == 1)
		return true;
	if (unet_load_raw64(remote))
		return remote[0] == 0xff;
	/* ::, ::1, and IPv4 in disguise */
	return half ? half == 0xffff : unet_load_u32(remote + 12) <= 1;
}

bool unet_flow_key_martian(const struct unet_flow_key *key)
{
	if (key->family == 4)
		return martian4(be32_to_cpu(key->local[0]),
				be32_to_cpu(key->remote[0]));
	return martian6((const u8 *)key->local, (const u8 *)key->remote);
}

/* ---- ICMP errors ------------------------------------------------------ */

/* Find the quoted packet's L4 header; offsets are from the quote on. */
static int walk_quote(const u8 *quote, u32 linear, u32 bytes, u8 family,
		      struct walk *walk)
{
	int ret;

	ret = reach(walk, family == 4 ? UNET_IP4_HEADER : UNET_IP6_HEADER,
		    linear, bytes);
	if (ret)
		return ret;
	if (quote[0] >> 4 != family)
		return -EBADMSG;
	if (family == 4) {
		ret = walk4(quote, linear, bytes, walk);
	} else {
		walk->at = UNET_IP6_HEADER;
		walk->proto = quote[6];
		ret = walk6(quote, linear, bytes, walk);
	}
	if (ret)
		return ret;
	/* a later fragment does not say whose it was */
	if (walk->flags & UNET_PKT_FRAG_LATER)
		return -EBADMSG;
	if (has_ports(walk))
		return reach(walk, walk->at + 8, linear, bytes);
	return 0;
}

static u32 icmp_mtu(u8 family, const u8 *icmp)
{
	if (family == 4)
		return icmp[0] == 3 && icmp[1] == 4 ?
		       unet_load_u16(icmp + 6) : 0;
	return icmp[0] == 2 ? unet_load_u32(icmp + 4) : 0;
}

int unet_flow_key_icmp_error(const void *l3, u32 linear, u32 total,
			     struct unet_flow_info *info,
			     struct unet_flow_key *key,
			     struct unet_icmp_error *err)
{
	const u8 *icmp = (const u8 *)l3 + info->l4_offset;
	const u32 at = info->l4_offset + UNET_ICMP_HEADER;
	const u32 bytes = min(info->bytes, total);
	const u8 *quote = (const u8 *)l3 + at;
	const u8 family = *(const u8 *)l3 >> 4;
	struct walk walk = { 0 };
	int ret;

	if (!(info->flags & UNET_PKT_ICMP_ERROR) || at > bytes)
		return -EBADMSG;
	ret = walk_quote(quote, linear > at ? linear - at : 0, bytes - at,
			 family, &walk);
	if (ret) {
		info->need = at + walk.need;
		return ret;
	}
	key_walked(key, family, &walk, quote, false);
	err->type = icmp[0];
	err->code = icmp[1];
	err->reserved = 0;
	err->mtu = icmp_mtu(family, icmp);
	err->quote = at;
	err->tcp_seq = walk.proto == UNET_PROTO_TCP ?
		       unet_load_u32(quote + walk.at + 4) : 0;
	return 0;
}

/* ---- masks ------------------------------------------------------------ */

#define WORD	((__force __be32)0xffffffffu)
#define ADDR	{ WORD, WORD, WORD, WORD }
#define PORT	((__force __be16)0xffffu)

/* What each mask keeps, as bits. */
static const struct unet_flow_key keeps[UNET_MASK_COUNT] = {
	[UNET_MASK_5TUPLE] = {
		.local = ADDR, .remote = ADDR,
		.local_port = PORT, .remote_port = PORT,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_4TUPLE] = {
		.remote = ADDR,
		.local_port = PORT, .remote_port = PORT,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_3TUPLE] = {
		.local = ADDR, .local_port = PORT,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_2TUPLE] = {
		.local_port = PORT,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_IP_BOTH] = {
		.local = ADDR, .remote = ADDR,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_IP_LOCAL] = {
		.local = ADDR,
		.proto = 0xff, .family = 0xff,
	},
	[UNET_MASK_IP_PROTO] = {
		.proto = 0xff, .family = 0xff,
	},
};

void unet_flow_key_mask(const struct unet_flow_key *key,
			enum unet_flow_mask mask, struct unet_flow_key *out)
{
	const u8 *keep = (const u8 *)&keeps[mask];
	const u8 *from = (const u8 *)key;
	u8 *to = (u8 *)out;
	u32 i;

	for (i = 0; i < sizeof(*key); i += 8) {
		u64 word = unet_load_raw64(from + i) & unet_load_raw64(keep + i);

		memcpy(to + i, &word, sizeof(word));
	}
	out->mask = mask;
}

int unet_flow_mask_of(u32 flags)
{
	bool local = flags & UNET_FLOW_LOCAL_ADDR;
	bool remote = flags & UNET_FLOW_REMOTE;

	if (!(flags & UNET_FLOW_NO_PORTS)) {
		if (remote)
			return local ? UNET_MASK_5TUPLE : UNET_MASK_4TUPLE;
		return local ? UNET_MASK_3TUPLE : UNET_MASK_2TUPLE;
	}
	if (remote)
		return local ? UNET_MASK_IP_BOTH : -EINVAL;
	return local ? UNET_MASK_IP_LOCAL : UNET_MASK_IP_PROTO;
}

/* ---- hash ------------------------------------------------------------- */

static __always_inline u64 nh(const struct unet_flow_secret *secret, u32 i,
			      u32 a, u32 b)
{
	return (u64)(u32)(a + secret->k[i]) * (u32)(b + secret->k[i + 1]);
}

u32 unet_flow_key_hash(const struct unet_flow_key *key,
		       const struct unet_flow_secret *secret)
{
	const u8 *rest = (const u8 *)key + KEY_PORTS;
	u64 sum = nh(secret, 0, (__force u32)key->local[0],
		     (__force u32)key->remote[0]);
	u32 i;

	sum += nh(secret, 2, unet_load_raw32(rest), unet_load_raw32(rest + 4));
	if (key->family != 4)
		for (i = 1; i < 4; i++)
			sum += nh(secret, 2 + 2 * i,
				  (__force u32)key->local[i],
				  (__force u32)key->remote[i]);
	/* the low bits of a product know little of the factors' high bits */
	sum ^= sum >> 32;
	return (u32)((sum * (secret->mul | 1)) >> 32);
}

/* ---- same flow as the last packet? ------------------------------------- */

void unet_flow_fast_set(struct unet_flow_fast *fast,
			const struct unet_flow_key *key,
			const struct unet_flow_info *info)
{
	u8 *ports = (u8 *)&fast->ports;
	u8 *addr = (u8 *)fast->addr;
	u32 size = key->family == 4 ? 4 : 16;

	memset(fast, 0, sizeof(*fast));
	if (info->flags & (UNET_PKT_FRAGMENT | UNET_PKT_OPTIONS) ||
	    key->mask != UNET_MASK_5TUPLE)
		return;
	memcpy(addr, key->remote, size);
	memcpy(addr + size, key->local, size);
	memcpy(ports, &key->remote_port, 2);
	memcpy(ports + 2, &key->local_port, 2);
	fast->proto = key->proto;
	fast->family = key->family;
}

bool unet_flow_fast_same6(const struct unet_flow_fast *fast, const void *l3,
			  u32 linear, u32 total, struct unet_flow_info *info)
{
	const u8 *p = l3;

	return fast->family == IP6_VERSION &&
	       linear >= UNET_IP6_HEADER + UNET_UDP_HEADER &&
	       p[0] >> 4 == IP6_VERSION && p[6] == fast->proto &&
	       unet_load_raw32(p + UNET_IP6_HEADER) == fast->ports &&
	       !((unet_load_raw64(p + 8) ^ fast->addr[0]) |
		 (unet_load_raw64(p + 16) ^ fast->addr[1]) |
		 (unet_load_raw64(p + 24) ^ fast->addr[2]) |
		 (unet_load_raw64(p + 32) ^ fast->addr[3])) &&
	       plain6(p, linear, total, info);
}

bool unet_flow_fast_same4(const struct unet_flow_fast *fast, const void *l3,
			  u32 linear, u32 total, struct unet_flow_info *info)
{
	const u8 *p = l3;

	return fast->family == 4 &&
	       linear >= UNET_IP4_HEADER + UNET_UDP_HEADER &&
	       p[0] == IP4_PLAIN && p[9] == fast->proto &&
	       unet_load_raw64(p + 12) == fast->addr[0] &&
	       unet_load_raw32(p + UNET_IP4_HEADER) == fast->ports &&
	       plain4(p, linear, total, info);
}
