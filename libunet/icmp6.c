// SPDX-License-Identifier: MIT
/*
 * What ICMPv6 errors mean: RFC 4443, RFC 8201.
 */
#include "icmp.h"

#define DEST_UNREACH	1
#define PACKET_TOO_BIG	2
#define TIME_EXCEEDED	3
#define PARAM_PROBLEM	4
#define PARAM_NEXT_HEADER 1	/* code: next header type not recognized */

struct meaning {
	enum unet_icmp_kind kind;
	int err;
};

/* By code of "destination unreachable". */
static const struct meaning unreach[] = {
	{ UNET_ICMP_SOFT, ENETUNREACH },	/* no route */
	{ UNET_ICMP_HARD, EACCES },		/* prohibited */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* beyond scope of source */
	{ UNET_ICMP_SOFT, EHOSTUNREACH },	/* address */
	{ UNET_ICMP_HARD, ECONNREFUSED },	/* port */
	{ UNET_ICMP_HARD, EACCES },		/* source failed policy */
	{ UNET_ICMP_HARD, EACCES },		/* reject route */
};

/**
 * unet_icmp6_classify() - what an error means to a flow
 * @e: the error
 * @out: @kind, @err and @mtu are filled in
 *
 * Return: false when it means nothing.
 */
bool unet_icmp6_classify(const struct unet_icmp_error *e,
			 struct unet_icmp_info *out)
{
	out->mtu = 0;
	switch (e->type) {
	case DEST_UNREACH:
		if (e->code >= ARRAY_SIZE(unreach))
			return false;
		out->kind = unreach[e->code].kind;
		out->err = unreach[e->code].err;
		return true;
	case PACKET_TOO_BIG:
		out->kind = UNET_ICMP_TOO_BIG;
		out->err = EMSGSIZE;
		out->mtu = e->mtu;
		return true;
	case TIME_EXCEEDED:
		out->kind = UNET_ICMP_SOFT;
		out->err = EHOSTUNREACH;
		return true;
	case PARAM_PROBLEM:
		out->kind = e->code == PARAM_NEXT_HEADER ? UNET_ICMP_HARD :
			    UNET_ICMP_SOFT;
		out->err = EPROTO;
		return true;
	default:
		return false;
	}
}
