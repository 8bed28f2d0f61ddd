/* SPDX-License-Identifier: MIT */
#ifndef UNET_TCP_OPTS_H
#define UNET_TCP_OPTS_H

#include "core_os.h"

#define UNET_TCPOPT_MAX	40	/* bytes of options a header can hold */
#define UNET_TCP_SACK_MAX	4	/* blocks that fit into them */
#define UNET_TCP_WSCALE_MAX	14	/* RFC 7323 section 2.3 */
#define UNET_TCPOPT_TS_BYTES	12	/* timestamps with their two NOPs */

/* struct unet_tcp_opts.present */
#define UNET_TCPOPT_MSS	(1u << 0)
#define UNET_TCPOPT_WSCALE	(1u << 1)
#define UNET_TCPOPT_SACK_OK	(1u << 2)
#define UNET_TCPOPT_TS		(1u << 3)
#define UNET_TCPOPT_BAD	(1u << 4)	/* parsing stopped at a malformed one */

/**
 * struct unet_tcp_sack - bytes the receiver holds (RFC 2018)
 * @start:	first
 * @end:	one past the last
 */
struct unet_tcp_sack {
	u32 start;
	u32 end;
};

/**
 * struct unet_tcp_opts - the options of one segment
 * @present:	UNET_TCP_OPT_*
 * @sacks:	used entries of @sack
 * @wscale:	with UNET_TCPOPT_WSCALE; at most UNET_TCP_WSCALE_MAX
 * @mss:	with UNET_TCPOPT_MSS; as received, may be absurdly small
 * @tsval:	with UNET_TCPOPT_TS
 * @tsecr:	with UNET_TCPOPT_TS
 * @sack:	in the order they stand in the header
 */
struct unet_tcp_opts {
	u8 present;
	u8 sacks;
	u8 wscale;
	u8 pad;
	u16 mss;
	u16 pad2;
	u32 tsval;
	u32 tsecr;
	struct unet_tcp_sack sack[UNET_TCP_SACK_MAX];
};

void unet_tcp_opts_parse(struct unet_tcp_opts *opts, const u8 *bytes,
			 unsigned int len, bool syn);
unsigned int unet_tcp_opts_build(u8 *bytes, const struct unet_tcp_opts *opts);

#endif /* UNET_TCP_OPTS_H */
