// SPDX-License-Identifier: MIT
/*
 * SYN cookies (RFC 4987 section 3.6): what a half-open connection would remember,
 * in the numbers the peer sends back.
 *
 *   sequence number   5 bits time | 3 bits MSS class | 24 bits keyed hash
 *   timestamp         low 6 bits: 4 window scale, 15 none; 1 SACK; 1 unused
 *
 * The hash covers addresses, the peer's initial sequence number, time and class;
 * time steps are 64 s and a cookie is good for the step it was made in and the
 * next one.
 */
#include "tcp_internal.h"

#define STEP_US		64000000u
#define STEPS		32u
#define LIFE_STEPS	1u
#define HASH_BITS	24
#define HASH_MASK	((1u << HASH_BITS) - 1)
#define TS_BITS		6
#define TS_MASK		((1u << TS_BITS) - 1)
#define TS_NO_SCALE	15u
#define TS_SACK		16u

static const u16 classes[8] = { 216, 536, 1200, 1300, 1400, 1440, 1460, 8960 };

static u32 hash24(const struct unet_stack *st, const struct unet_flow_key *key,
		  u32 peer_isn, u32 top)
{
	struct {
		struct unet_flow_key key;
		u32 peer_isn;
		u32 top;
	} in;

	BUILD_BUG_ON(sizeof(in) != sizeof(*key) + 8);
	memcpy(&in.key, key, sizeof(in.key));
	in.peer_isn = peer_isn;
	in.top = top;
	return unet_siphash(st->sip_key, &in, sizeof(in)) & HASH_MASK;
}

static u32 step_now(const struct unet_stack *st)
{
	return st->now / STEP_US % STEPS;
}

static u32 class_of(u16 mss)
{
	u32 c = ARRAY_SIZE(classes) - 1;

	while (c && classes[c] > mss)
		c--;
	return c;
}

/**
 * unet_tcp_cookie_make() - an initial sequence number that is a cookie
 * @st:		stack
 * @key:	addresses
 * @syn:	the SYN to be answered
 */
u32 unet_tcp_cookie_make(struct unet_stack *st, const struct unet_flow_key *key,
			 const struct unet_tcp_seg *syn)
{
	u16 mss = UNET_TCP_MSS_DEFAULT;
	u32 top;

	if (syn->opts.present & UNET_TCPOPT_MSS)
		mss = syn->opts.mss;
	top = step_now(st) << 3 | class_of(mss);
	return top << HASH_BITS | hash24(st, key, syn->seq, top);
}

/**
 * unet_tcp_cookie_ts() - a timestamp that remembers the other options
 * @st:		stack
 * @key:	addresses
 * @opts:	of the SYN
 *
 * Return: a value not ahead of the clock.
 */
u32 unet_tcp_cookie_ts(struct unet_stack *st, const struct unet_flow_key *key,
		       const struct unet_tcp_opts *opts)
{
	u32 now = (u32)(st->now / 1000) + unet_tcp_ts_offset(st, key);
	u32 bits = TS_NO_SCALE, ts;

	if (opts->present & UNET_TCPOPT_WSCALE)
		bits = opts->wscale;
	if (opts->present & UNET_TCPOPT_SACK_OK)
		bits |= TS_SACK;
	ts = (now & ~TS_MASK) | bits;
	return seq_gt(ts, now) ? ts - TS_MASK - 1 : ts;
}

static void recall(const struct unet_tcp_seg *ack, u32 class,
		   struct unet_tcp_opts *opts)
{
	u32 bits = ack->opts.tsecr & TS_MASK;

	opts->present = UNET_TCPOPT_MSS;
	opts->mss = classes[class];
	opts->sacks = 0;
	if (!(ack->opts.present & UNET_TCPOPT_TS))
		return;
	opts->present |= UNET_TCPOPT_TS;
	opts->tsval = ack->opts.tsval;
	if (bits & TS_SACK)
		opts->present |= UNET_TCPOPT_SACK_OK;
	if ((bits & 15) != TS_NO_SCALE) {
		opts->present |= UNET_TCPOPT_WSCALE;
		opts->wscale = bits & 15;
	}
}

/**
 * unet_tcp_cookie_check() - is this ACK the answer to a cookie of ours?
 * @st:		stack
 * @key:	addresses
 * @ack:	segment
 * @opts:	out: the options of the SYN, as far as remembered
 *
 * Return: true when it is.
 */
bool unet_tcp_cookie_check(struct unet_stack *st,
			   const struct unet_flow_key *key,
			   const struct unet_tcp_seg *ack,
			   struct unet_tcp_opts *opts)
{
	u32 cookie = ack->ack - 1, top = cookie >> HASH_BITS;
	u32 age = (step_now(st) - (top >> 3)) % STEPS;

	if (age > LIFE_STEPS ||
	    hash24(st, key, ack->seq - 1, top) != (cookie & HASH_MASK))
		return false;
	recall(ack, top & 7, opts);
	return true;
}
