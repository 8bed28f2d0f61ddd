// SPDX-License-Identifier: MIT
/*
 * TCP options: one parser, one builder, nothing looks at option bytes elsewhere.
 *
 * A malformed option ends the parsing; what stood before it counts, what is
 * behind it can no longer be told apart. The segment itself is still good:
 * RFC 9293 MUST-7 only asks that nothing breaks.
 */
#include "tcp_opts.h"

#include "core/wire.h"

enum {
	KIND_END	= 0,
	KIND_NOP	= 1,
	KIND_MSS	= 2,
	KIND_WSCALE	= 3,
	KIND_SACK_OK	= 4,
	KIND_SACK	= 5,
	KIND_TS		= 8,
};

#define TS_WORD		0x0101080au	/* NOP NOP TS 10 */
#define SACK_BLOCK	8

static void take_mss(struct unet_tcp_opts *opts, const u8 *p, unsigned int len,
		     bool syn)
{
	if (!syn || len != 4)
		return;
	opts->mss = unet_load_u16(p + 2);
	opts->present |= UNET_TCPOPT_MSS;
}

static void take_wscale(struct unet_tcp_opts *opts, const u8 *p,
			unsigned int len, bool syn)
{
	if (!syn || len != 3)
		return;
	opts->wscale = min_t(u8, p[2], UNET_TCP_WSCALE_MAX);
	opts->present |= UNET_TCPOPT_WSCALE;
}

static void take_ts(struct unet_tcp_opts *opts, const u8 *p, unsigned int len)
{
	if (len != 10)
		return;
	opts->tsval = unet_load_u32(p + 2);
	opts->tsecr = unet_load_u32(p + 6);
	opts->present |= UNET_TCPOPT_TS;
}

static void take_sack(struct unet_tcp_opts *opts, const u8 *p, unsigned int len,
		      bool syn)
{
	unsigned int i, blocks = (len - 2) / SACK_BLOCK;

	if (syn || len != 2 + blocks * SACK_BLOCK || blocks > UNET_TCP_SACK_MAX)
		return;
	for (i = 0; i < blocks; i++) {
		opts->sack[i].start = unet_load_u32(p + 2 + i * SACK_BLOCK);
		opts->sack[i].end = unet_load_u32(p + 6 + i * SACK_BLOCK);
	}
	opts->sacks = blocks;
}

static void take_one(struct unet_tcp_opts *opts, const u8 *p, unsigned int len,
		     bool syn)
{
	switch (p[0]) {
	case KIND_MSS:
		take_mss(opts, p, len, syn);
		break;
	case KIND_WSCALE:
		take_wscale(opts, p, len, syn);
		break;
	case KIND_SACK_OK:
		if (syn && len == 2)
			opts->present |= UNET_TCPOPT_SACK_OK;
		break;
	case KIND_SACK:
		take_sack(opts, p, len, syn);
		break;
	case KIND_TS:
		take_ts(opts, p, len);
		break;
	}
}

/**
 * unet_tcp_opts_parse() - read the options of a segment
 * @opts:	out
 * @bytes:	behind the fixed header
 * @len:	bytes of options as the data offset says, already checked to lie
 *		within the segment
 * @syn:	the segment has SYN: only then do MSS, window scale and
 *		SACK-permitted mean anything
 *
 * Options with a length that is not theirs are skipped; a length that is
 * impossible stops the parsing and sets UNET_TCPOPT_BAD.
 */
void unet_tcp_opts_parse(struct unet_tcp_opts *opts, const u8 *bytes,
			 unsigned int len, bool syn)
{
	unsigned int at = 0, size;

	opts->present = 0;
	opts->sacks = 0;
	if (len == UNET_TCPOPT_TS_BYTES && unet_load_u32(bytes) == TS_WORD) {
		take_ts(opts, bytes + 2, 10);
		return;
	}
	while (at < len && bytes[at] != KIND_END) {
		if (bytes[at] == KIND_NOP) {
			at++;
			continue;
		}
		size = at + 1 < len ? bytes[at + 1] : 0;
		if (size < 2 || size > len - at) {
			opts->present |= UNET_TCPOPT_BAD;
			return;
		}
		take_one(opts, bytes + at, size, syn);
		at += size;
	}
}

static u8 *put_ts(u8 *p, const struct unet_tcp_opts *opts)
{
	unet_store_u32(p + 2, opts->tsval);
	unet_store_u32(p + 6, opts->tsecr);
	p[0] = KIND_TS;
	p[1] = 10;
	return p + 10;
}

/* MSS, then SACK-permitted or two NOPs before the timestamps, then the scale. */
static u8 *put_syn(u8 *p, const struct unet_tcp_opts *opts)
{
	bool sack = opts->present & UNET_TCPOPT_SACK_OK;
	bool ts = opts->present & UNET_TCPOPT_TS;

	if (opts->present & UNET_TCPOPT_MSS) {
		p[0] = KIND_MSS;
		p[1] = 4;
		unet_store_u16(p + 2, opts->mss);
		p += 4;
	}
	if (ts || sack) {
		p[0] = sack ? KIND_SACK_OK : KIND_NOP;
		p[1] = sack ? 2 : KIND_NOP;
		p += 2;
	}
	if (ts) {
		p = put_ts(p, opts);
	} else if (sack) {
		p[0] = KIND_NOP;
		p[1] = KIND_NOP;
		p += 2;
	}
	if (opts->present & UNET_TCPOPT_WSCALE) {
		p[0] = KIND_NOP;
		p[1] = KIND_WSCALE;
		p[2] = 3;
		p[3] = opts->wscale;
		p += 4;
	}
	return p;
}

static u8 *put_sack(u8 *p, const struct unet_tcp_opts *opts)
{
	unsigned int i;

	p[0] = KIND_NOP;
	p[1] = KIND_NOP;
	p[2] = KIND_SACK;
	p[3] = 2 + opts->sacks * SACK_BLOCK;
	p += 4;
	for (i = 0; i < opts->sacks; i++, p += SACK_BLOCK) {
		unet_store_u32(p, opts->sack[i].start);
		unet_store_u32(p + 4, opts->sack[i].end);
	}
	return p;
}

/**
 * unet_tcp_opts_build() - write the options of a segment
 * @bytes:	room for UNET_TCPOPT_MAX
 * @opts:	what to write; MSS, scale and SACK-permitted mean a SYN, which has
 *		no SACK blocks. With timestamps at most three blocks fit.
 *
 * Return: bytes written, a multiple of 4.
 */
unsigned int unet_tcp_opts_build(u8 *bytes, const struct unet_tcp_opts *opts)
{
	u8 *p = bytes;

	if (opts->present & (UNET_TCPOPT_MSS | UNET_TCPOPT_WSCALE |
			     UNET_TCPOPT_SACK_OK))
		return put_syn(p, opts) - bytes;
	if (opts->present & UNET_TCPOPT_TS) {
		p[0] = KIND_NOP;
		p[1] = KIND_NOP;
		p = put_ts(p + 2, opts);
	}
	if (opts->sacks)
		p = put_sack(p, opts);
	return p - bytes;
}
