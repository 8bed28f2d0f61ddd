// SPDX-License-Identifier: MIT
/*
 * IPv6, RFC 8200, as an end host on a channel.
 *
 * Extension headers are walked within core's limits of count and bytes. Options
 * are only looked at to learn what to do with unknown ones; all are unknown, but for
 * the length that the host gives its own super packets above 64 KiB (RFC 2675).
 */
#include "core/flow_key.h"
#include "core/wire.h"
#include "ip_reass.h"
#include "ip_version.h"
#include "stack.h"

#define NO_NEXT_HEADER	59
#define OPT_PAD1	0
#define OPT_PADN	1
#define OPT_JUMBO	0xc2
#define OPT_ACTION	0xc0	/* 00: skip it; else the packet is discarded */
#define FRAG_HEADER	8u

/* What the walk over the extension headers has come to. */
struct walk {
	u32 at;			/* offset from the IPv6 header */
	u8 next;		/* what stands there */
	u32 jumbo;		/* payload bytes where the header cannot say them */
	bool fragmented;
	struct unet_frag frag;
};

static struct unet_pkt *drop(struct unet_stack *st, struct unet_pkt *pkt,
			     enum unet_stack_counter why)
{
	unet_count(st, why);
	unet_pkt_free(pkt);
	return NULL;
}

static void read_header(const u8 *h, struct unet_ip_info *info)
{
	info->family = 6;
	info->tos = (u8)(unet_load_u16(h) >> 4);
	info->ttl = h[7];
	info->proto = h[6];
	memcpy(info->src, h + 8, 16);
	memcpy(info->dst, h + 24, 16);
}

static bool is_extension(u8 next)
{
	return next == UNET_PROTO_HOPOPTS || next == UNET_PROTO_ROUTING ||
	       next == UNET_PROTO_FRAGMENT || next == UNET_PROTO_DSTOPTS;
}

/* Payload bytes of a packet whose own field is too short to say them, else 0. */
static u32 jumbo_bytes(const struct unet_pkt *pkt)
{
	u32 bytes = pkt->total - UNET_IP6_HEADER;

	return bytes > 0xffff && !unet_load_u16(pkt->data + 4) ? bytes : 0;
}

/* Section 4.2: known ones are paddings only, the others say what to do. */
static bool options_ok(const u8 *at, u32 len, u32 jumbo)
{
	while (len) {
		u32 n;

		if (*at == OPT_PAD1) {
			at++;
			len--;
			continue;
		}
		if (len < 2)
			return false;
		n = 2u + at[1];
		if (n > len)
			return false;
		if (*at != OPT_PADN && *at & OPT_ACTION &&
		    !(jumbo && *at == OPT_JUMBO && n == 6 &&
		      unet_load_u32(at + 2) == jumbo))
			return false;
		at += n;
		len -= n;
	}
	return true;
}

/* One header of @len bytes that is no fragment header. */
static bool extension_ok(u8 type, const u8 *at, u32 len, const struct walk *w)
{
	switch (type) {
	case UNET_PROTO_HOPOPTS:
		return w->at == UNET_IP6_HEADER &&
		       options_ok(at + 2, len - 2, w->jumbo);
	case UNET_PROTO_DSTOPTS:
		return options_ok(at + 2, len - 2, 0);
	default:
		/* routing: nothing left to visit, or not for us (RFC 5095) */
		return !at[3];
	}
}

static bool step(struct unet_pkt *pkt, struct walk *w)
{
	const u8 *at;
	u8 type = w->next;
	u32 len;

	if (pkt->total - w->at < FRAG_HEADER ||
	    unet_pkt_linear(pkt, w->at + FRAG_HEADER))
		return false;
	at = pkt->data + w->at;
	w->next = at[0];
	if (type == UNET_PROTO_FRAGMENT) {
		u16 word = unet_load_u16(at + 2);

		w->fragmented = true;
		w->frag.offset = word & 0xfff8u;
		w->frag.more = word & 1u;
		w->frag.id = unet_load_u32(at + 4);
		w->at += FRAG_HEADER;
		return true;
	}
	len = (at[1] + 1u) * 8;
	if (len > pkt->total - w->at || unet_pkt_linear(pkt, w->at + len))
		return false;
	if (!extension_ok(type, pkt->data + w->at, len, w))
		return false;
	w->at += len;
	return true;
}

/* Up to what is no extension header, or behind a fragment header. */
static bool walk(struct unet_pkt *pkt, struct walk *w)
{
	u32 n = 0;

	w->fragmented = false;
	while (is_extension(w->next) && !w->fragmented) {
		if (++n > UNET_IP6_MAX_EXT || !step(pkt, w) ||
		    w->at > UNET_IP6_HEADER + UNET_IP6_MAX_EXT_BYTES)
			return false;
		/* RFC 6946: a datagram in one fragment is none in the making */
		if (w->fragmented && !w->frag.offset && !w->frag.more)
			w->fragmented = false;
	}
	return w->next != NO_NEXT_HEADER;
}

static int check_header(const struct unet_stack *st, struct unet_pkt *pkt,
			struct unet_ip_info *info)
{
	u32 total;

	if (unet_pkt_linear(pkt, UNET_IP6_HEADER))
		return UNET_STAT_IP_TRUNCATED;
	total = UNET_IP6_HEADER + unet_load_u16(pkt->data + 4);
	if (jumbo_bytes(pkt))
		total = pkt->total;
	if (total > pkt->total)
		return UNET_STAT_IP_TRUNCATED;
	if (total == UNET_IP6_HEADER)
		return UNET_STAT_IP_MALFORMED;
	read_header(pkt->data, info);
	if (total < pkt->total)
		unet_pkt_trim(pkt, total);
	return unet_ip_addr_ok(st, pkt, info) ? 0 : UNET_STAT_IP_NOT_OURS;
}

/* RFC 7112: all headers stand in the first fragment, ours of L4 too. */
static bool chain_ok(struct unet_pkt *pkt, const struct walk *w)
{
	struct walk rest = *w;
	u32 l4;

	if (!walk(pkt, &rest) || rest.fragmented)
		return false;
	l4 = pkt->total - rest.at;
	return l4 >= (rest.next == UNET_PROTO_TCP ? UNET_TCP_HEADER :
		      UNET_UDP_HEADER);
}

static struct unet_pkt *finish(struct unet_pkt *pkt, struct unet_ip_info *info,
			       const struct walk *w)
{
	info->proto = w->next;
	info->l4_len = pkt->total - w->at;
	pkt->l3_offset = (u16)(pkt->len > w->at ? w->at : 0);
	unet_pkt_pull(pkt, w->at);
	return pkt;
}

/* The walk stands behind the fragment header. */
static struct unet_pkt *fragment(struct unet_stack *st, struct unet_pkt *pkt,
				 struct unet_ip_info *info, struct walk *w)
{
	if (!w->frag.offset && !chain_ok(pkt, w))
		return drop(st, pkt, UNET_STAT_REASS_BAD);
	pkt = unet_reass_add(st, finish(pkt, info, w), info, &w->frag);
	if (!pkt)
		return NULL;
	w->at = 0;
	w->next = info->proto;
	if (!walk(pkt, w) || w->fragmented)
		return drop(st, pkt, UNET_STAT_IP_BAD_EXT);
	finish(pkt, info, w);
	pkt->l3_offset = 0;
	return unet_ip_whole(st, pkt, info);
}

/**
 * unet_ip6_input() - check and take off the IPv6 headers
 * @st: the stack
 * @pkt: data at the header; taken over
 * @info: filled in
 *
 * Return: the packet, data at the L4 header and trimmed; NULL when it was
 * dropped or waits for other fragments.
 */
struct unet_pkt *unet_ip6_input(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info)
{
	struct walk w = { .at = UNET_IP6_HEADER };
	int why = check_header(st, pkt, info);

	if (why)
		return drop(st, pkt, why);
	w.next = info->proto;
	w.jumbo = jumbo_bytes(pkt);
	if (!walk(pkt, &w))
		return drop(st, pkt, UNET_STAT_IP_BAD_EXT);
	if (w.fragmented)
		return fragment(st, pkt, info, &w);
	/* errors are looked at with the header before them */
	if (w.next == UNET_PROTO_ICMP6)
		unet_pkt_linear(pkt, min(pkt->total, UNET_ICMP_MAX_NEED));
	return finish(pkt, info, &w);
}

/**
 * unet_ip6_build() - write a header
 * @at: where to, UNET_IP6_HEADER bytes
 * @key: addresses and protocol
 * @out: traffic class and hop limit
 * @total: bytes of the packet with the header
 * @label: flow label
 */
void unet_ip6_build(u8 *at, const struct unet_flow_key *key,
		    const struct unet_ip_out *out, u32 total, u32 label)
{
	unet_store_u32(at, 6u << 28 | (u32)out->tos << 20 | label);
	unet_store_u16(at + 4, (u16)(total - UNET_IP6_HEADER));
	at[6] = key->proto;
	at[7] = out->ttl ? out->ttl : UNET_IP_DEFAULT_TTL;
	memcpy(at + 8, key->local, 16);
	memcpy(at + 24, key->remote, 16);
}
