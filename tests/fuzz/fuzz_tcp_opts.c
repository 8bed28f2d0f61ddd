// SPDX-License-Identifier: MIT
/*
 * The option parser on any bytes: ends, stays inside, and what it understood can
 * be built and understood again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tcp_opts.h"

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void built_is_understood(const struct unet_tcp_opts *o, bool syn)
{
	struct unet_tcp_opts in = *o, out;
	u8 bytes[UNET_TCPOPT_MAX + 8];
	unsigned int len;

	in.present &= ~UNET_TCPOPT_BAD;
	if (in.present & UNET_TCPOPT_TS && in.sacks > 3)
		in.sacks = 3;
	len = unet_tcp_opts_build(bytes, &in);
	check(len <= UNET_TCPOPT_MAX && len % 4 == 0);
	unet_tcp_opts_parse(&out, bytes, len, syn);
	check(out.present == in.present && out.sacks == in.sacks);
	check(!(in.present & UNET_TCPOPT_TS) ||
	      (out.tsval == in.tsval && out.tsecr == in.tsecr));
	check(!memcmp(out.sack, in.sack, in.sacks * sizeof(in.sack[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_tcp_opts o;
	u8 *exact;

	if (!size || size > UNET_TCPOPT_MAX + 1)
		return 0;
	exact = malloc(size);	/* the end is guarded */
	memcpy(exact, data + 1, size - 1);
	memset(&o, 0xaa, sizeof(o));
	unet_tcp_opts_parse(&o, exact, size - 1, data[0] & 1);
	check(o.sacks <= UNET_TCP_SACK_MAX);
	check(!(o.present & UNET_TCPOPT_WSCALE) ||
	      o.wscale <= UNET_TCP_WSCALE_MAX);
	check(data[0] & 1 ? !o.sacks :
	      !(o.present & (UNET_TCPOPT_MSS | UNET_TCPOPT_WSCALE |
			     UNET_TCPOPT_SACK_OK)));
	built_is_understood(&o, data[0] & 1);
	free(exact);
	return 0;
}
