// SPDX-License-Identifier: MIT
/*
 * What ICMP errors mean: RFC 792, RFC 1122 section 3.2.2, RFC 1191, RFC 1812.
 */
#include "icmp.h"

#define DEST_UNREACH	3
#define SOURCE_QUENCH	4	/* to be ignored, RFC 6633 */
#define TIME_EXCEEDED	11
#define PARAM_PROBLEM	12
#define FRAG_NEEDED	4	/* code of DEST_UNREACH */

struct meaning {
	enum unet_icmp_kind kind;
	int err;
};

/* By code of "destination unreachable". */
static const struct meaning unreach[] = {
	{ UNET_ICMP_SOFT, ENETUNREACH },	/* net */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* host */
	{ UNET_ICMP_HARD, ENOPROTOOPT },	/* protocol */
	{ UNET_ICMP_HARD, ECONNREFUSED },	/* port */
	{ UNET_ICMP_TOO_BIG, EMSGSIZE },	/* fragmentation needed */
	{ UNET_ICMP_SOFT, EOPNOTSUPP },		/* source route failed */
	{ UNET_ICMP_SOFT, ENETUNREACH },	/* net unknown */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* host unknown */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* source host isolated */
	{ UNET_ICMP_HARD, ENETUNREACH },	/* net prohibited */
	{ UNET_ICMP_HARD, EHOSTUNREACH },	/* host prohibited */
	{ UNET_ICMP_SOFT, ENETUNREACH },	/* net, for this TOS */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* host, for this TOS */
	{ UNET_ICMP_HARD, EHOSTUNREACH },	/* prohibited by filter */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* precedence violation */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* precedence cutoff */
};

/**
 * unet_icmp4_classify() - what an error means to a flow
 * @e: the error
 * @out: @kind, @err and @mtu are filled in
 *
 * Return: false when it means nothing.
 */
bool unet_icmp4_classify(const struct unet_icmp_error *e,
			 struct unet_icmp_info *out)
{
	out->mtu = 0;
	switch (e->type) {
	case DEST_UNREACH:
		if (e->code >= ARRAY_SIZE(unreach))
			return false;
		out->kind = unreach[e->code].kind;
		out->err = unreach[e->code].err;
		if (e->code == FRAG_NEEDED)
			out->mtu = e->mtu;
		return true;
	case TIME_EXCEEDED:
		out->kind = UNET_ICMP_SOFT;
		out->err = EHOSTUNREACH;
		return true;
	case PARAM_PROBLEM:
		out->kind = UNET_ICMP_SOFT;
		out->err = EPROTO;
		return true;
	case SOURCE_QUENCH:
	default:
		return false;
	}
}

/**
 * unet_icmp4_plateau() - a guess when a router does not tell its MTU
 * @quoted_total: length of the packet that was too big
 *
 * Return: the next smaller common MTU, RFC 1191 section 7.1.
 */
u32 unet_icmp4_plateau(u32 quoted_total)
{
	static const u32 plateau[] = {
		32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plateau); i++) {
		if (plateau[i] < quoted_total)
			return plateau[i];
	}
	return 68;
}
