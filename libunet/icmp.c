// SPDX-License-Identifier: MIT
/*
 * ICMP and ICMPv6 for flows: errors that quote something a flow of ours has
 * sent. Nothing is ever answered: echo and the rest are the host's on a channel,
 * and there is no host behind an in-memory wire.
 *
 * An error is a rumour. It reaches a flow only when the quote names it; whether
 * it is believed is the protocol's decision (RFC 5927).
 */
#include "core/wire.h"
#include "icmp.h"
#include "stack.h"

/* The whole message from the IP header on, checked; what it quotes. */
static int parse(const u8 *l3, u32 len, u32 total, struct unet_flow_key *key,
		 struct unet_icmp_error *e)
{
	struct unet_flow_info info;
	int err = unet_flow_key_parse(l3, len, total, true, key, &info);

	if (err)
		return err;
	if (!(info.flags & UNET_PKT_ICMP_ERROR))
		return -EPROTO;
	return unet_flow_key_icmp_error(l3, len, total, &info, key, e);
}

/* The flow that sent what is quoted. */
static struct unet_flow *flow_of(struct unet_stack *st,
				 const struct unet_flow_key *key,
				 struct unet_flow *hint)
{
	struct unet_flow *f;

	if (hint && !(hint->flags & UNET_FLOW_F_LISTENER))
		return hint;
	f = unet_flow_find(st, key);
	if (f)
		return f;
	return hint ? hint : unet_flow_find_listener(st, key);
}

static void mtu_not_told(const u8 *quote, struct unet_icmp_info *icmp)
{
	if (icmp->kind == UNET_ICMP_TOO_BIG && !icmp->mtu &&
	    icmp->key.family == 4)
		icmp->mtu = unet_icmp4_plateau(unet_load_u16(quote + 2));
}

static enum unet_stack_counter error_input(struct unet_stack *st,
					   const u8 *l3, u32 len, u32 total,
					   struct unet_flow *hint)
{
	struct unet_icmp_info icmp = { .mtu = 0 };
	struct unet_icmp_error e;
	struct unet_flow *f;
	int err = parse(l3, len, total, &icmp.key, &e);

	if (err)
		return err == -EPROTO ? UNET_STAT_ICMP_IGNORED :
		       UNET_STAT_ICMP_MALFORMED;
	if (!(icmp.key.family == 4 ? unet_icmp4_classify(&e, &icmp) :
	      unet_icmp6_classify(&e, &icmp)))
		return UNET_STAT_ICMP_IGNORED;
	icmp.tcp_seq = e.tcp_seq;
	mtu_not_told(l3 + e.quote, &icmp);
	f = flow_of(st, &icmp.key, hint);
	/* a hint for another protocol than the one quoted says nothing */
	if (!f || f->key.proto != icmp.key.proto ||
	    !f->proto_ops->icmp_error)
		return UNET_STAT_ICMP_IGNORED;
	f->proto_ops->icmp_error(st, f, &icmp);
	return UNET_STAT_ICMP_ERRORS;
}

/**
 * unet_icmp_input() - process an ICMP or ICMPv6 message
 * @st: the stack
 * @pkt: data at the ICMP header, IP header before it (@pkt->l3_offset); taken
 *	over
 * @info: of its IP header
 * @hint: flow it was tagged with, or NULL
 */
void unet_icmp_input(struct unet_stack *st, struct unet_pkt *pkt,
		     const struct unet_ip_info *info, struct unet_flow *hint)
{
	enum unet_stack_counter what = UNET_STAT_ICMP_IGNORED;
	u32 before = pkt->l3_offset;

	if (info->proto != (info->family == 4 ? UNET_PROTO_ICMP :
			    UNET_PROTO_ICMP6))
		what = UNET_STAT_IP_BAD_PROTO;
	else if (pkt->total < UNET_ICMP_HEADER)
		what = UNET_STAT_ICMP_MALFORMED;
	else if (!unet_ip_csum_ok(pkt, info))
		what = UNET_STAT_L4_BAD_CSUM;
	else if (before)
		what = error_input(st, pkt->data - before, pkt->len + before,
				   pkt->total + before, hint);
	unet_count(st, what);
	unet_pkt_free(pkt);
}
