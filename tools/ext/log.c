// SPDX-License-Identifier: MIT
/* A line of JSON for each packet; all pass. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "ext.h"

static int start(int argc, char **argv)
{
	if (!argc)
		return 0;
	fprintf(stderr, "unet-ext: log: \"%s\": it takes no words\n", argv[0]);
	return -1;
}

static uint32_t rights(void)
{
	return UNET_INTER_OBSERVE_HEADERS;
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	char src[INET6_ADDRSTRLEN] = "", dst[INET6_ADDRSTRLEN] = "";
	struct ext_headers h;

	(void)im;
	(void)arg;
	ext_headers(p, &h);
	if (h.version) {
		int family = h.version == 4 ? AF_INET : AF_INET6;

		inet_ntop(family, h.src, src, sizeof(src));
		inet_ntop(family, h.dst, dst, sizeof(dst));
	}
	printf("{\"time\": %" PRIu64 ".%09" PRIu64 ", \"flow\": %" PRIu32
	       ", \"direction\": \"%s\", \"proto\": %u, \"src\": \"%s\", \"sport\": %u, "
	       "\"dst\": \"%s\", \"dport\": %u, \"tcp_flags\": %u, \"shown\": %" PRIu32
	       ", \"segments\": %" PRIu32 "}\n",
	       p->tstamp / 1000000000, p->tstamp % 1000000000, p->flow,
	       p->outbound ? "out" : "in", h.proto, src, h.sport, dst, h.dport,
	       h.tcp_flags, p->len, p->segments);
	return UNET_VERDICT_ACCEPT;
}

static int turn(struct unet_intermediary *im)
{
	(void)im;
	fflush(stdout);
	return -1;
}

const struct ext ext_log = {
	.name = "log",
	.usage = "",
	.what = "a line of JSON for each packet, to standard output",
	.start = start,
	.rights = rights,
	.look = look,
	.turn = turn,
};
