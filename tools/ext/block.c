// SPDX-License-Identifier: MIT
/* Packets that ask for a host on the list are dropped, and all after them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ext.h"
#include "host.h"

#define MAX_FLOWS	4096

static char **names;
static int num_names;
static uint32_t blocked[MAX_FLOWS];	/* flows, by number modulo; 0: none */

static int start(int argc, char **argv)
{
	if (!argc) {
		fprintf(stderr, "unet-ext: block: which host names?\n");
		return -1;
	}
	names = argv;
	num_names = argc;
	return 0;
}

static uint32_t rights(void)
{
	return UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD | UNET_INTER_DROP;
}

/* A name stands for those below it, too. */
static bool listed(const char *host)
{
	size_t len = strlen(host), n;
	int i;

	for (i = 0; i < num_names; i++) {
		n = strlen(names[i]);
		if (n > len || strcmp(host + len - n, names[i]))
			continue;
		if (n == len || host[len - n - 1] == '.')
			return true;
	}
	return false;
}

/* A listener's flow is many connections: only a connection's own is marked. */
static bool is_connection(struct unet_intermediary *im, uint32_t flow)
{
	struct unet_inter_flow whose;

	return !unet_intermediary_whose(im, flow, &whose) && whose.remote_port;
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	uint32_t *entry = &blocked[p->flow % MAX_FLOWS];
	struct ext_headers h;
	char host[256];

	(void)arg;
	if (*entry == p->flow)
		return UNET_VERDICT_DROP;
	ext_headers(p, &h);
	if (!h.header)
		return UNET_VERDICT_ACCEPT;
	ext_host(p->data + h.header, p->len - h.header, host, sizeof(host));
	if (!host[0] || !listed(host))
		return UNET_VERDICT_ACCEPT;
	printf("%s: blocked\n", host);
	fflush(stdout);
	if (is_connection(im, p->flow))
		*entry = p->flow;
	return UNET_VERDICT_DROP;
}

const struct ext ext_block = {
	.name = "block",
	.usage = "HOST...",
	.what = "drop connections that ask for these hosts, or hosts below them",
	.start = start,
	.rights = rights,
	.look = look,
};
