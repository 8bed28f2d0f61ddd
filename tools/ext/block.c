// SPDX-License-Identifier: MIT
/* Packets that ask for a host on the list are dropped, and all after them. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ext.h"
#include "host.h"

#define MAX_FLOWS	4096

static char **names;
static int num_names;
static uint32_t blocked[MAX_FLOWS];	/* flows, by number modulo; 0: none */

/* As ext_host() tells names: in small letters, without a dot at the end. */
static int make_plain(char *name)
{
	size_t i, n = strlen(name);

	if (n > 1 && name[n - 1] == '.')
		name[--n] = '\0';
	for (i = 0; i < n; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	if (n && n < NAME_BYTES && !strpbrk(name, " /:*"))
		return 0;
	fprintf(stderr, "unet-ext: block: \"%s\": must be a host name, as example.org\n", name);
	return -1;
}

static int start(int argc, char **argv)
{
	int i;

	if (!argc) {
		fprintf(stderr, "unet-ext: block: which host names?\n");
		return -1;
	}
	names = argv;
	num_names = argc;
	for (i = 0; i < argc; i++)
		if (make_plain(argv[i]))
			return -1;
	return 0;
}

static uint32_t rights(void)
{
	return UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD | UNET_INTER_DROP;
}

/* A name stands for those below it, too. */
static bool listed(const char *host)
{
	int i;

	for (i = 0; i < num_names; i++)
		if (name_is_below(host, names[i]))
			return true;
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
	char host[NAME_BYTES];

	(void)arg;
	if (*entry == p->flow)
		return UNET_VERDICT_DROP;
	ext_headers(p, &h);
	if (!h.header)
		return UNET_VERDICT_ACCEPT;
	ext_host(p->data + h.header, p->len - h.header, host);
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
