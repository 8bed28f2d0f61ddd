// SPDX-License-Identifier: MIT
/* Packets that ask for a host on the list are dropped, and all after them. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "begin.h"
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

/* Is everything of the packet shown? One of more than 64 KiB does not say how long it is. */
static int is_whole(const struct unet_inter_packet *p, const struct ext_headers *h)
{
	return h->total ? p->len >= h->total : p->len > UINT16_MAX;
}

/* Nothing more of it passes: not what was dropped and is sent again either. */
static int block(struct unet_intermediary *im, uint32_t flow, const char *host,
		 struct beginning *b)
{
	printf("%s: blocked\n", host);
	fflush(stdout);
	if (b)
		b->state = BEGIN_BLOCKED;
	if (is_connection(im, flow))
		blocked[flow % MAX_FLOWS] = flow;
	return UNET_VERDICT_DROP;
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	struct beginning *b = NULL;
	enum begin_state state;
	struct ext_headers h;
	char host[NAME_BYTES];
	const uint8_t *data;
	uint32_t len;

	(void)arg;
	if (blocked[p->flow % MAX_FLOWS] == p->flow)
		return UNET_VERDICT_DROP;
	ext_headers(p, &h);
	if (!h.header)
		return UNET_VERDICT_ACCEPT;
	data = p->data + h.header;
	len = p->len - h.header;
	state = h.proto == IPPROTO_TCP ?
		ext_begin(&h, data, len, is_whole(p, &h), &b) : BEGIN_UNKNOWN;
	/* What comes too early is sent again, behind what it must not overtake. */
	if (state == BEGIN_BLOCKED || state == BEGIN_AHEAD)
		return UNET_VERDICT_DROP;
	if (state == BEGIN_GROWS) {
		data = b->bytes;
		len = b->len;
	}
	ext_host(data, len, host);
	if (!host[0])
		return UNET_VERDICT_ACCEPT;
	if (listed(host))
		return block(im, p->flow, host, b);
	if (b)
		b->state = BEGIN_OVER;
	return UNET_VERDICT_ACCEPT;
}

const struct ext ext_block = {
	.name = "block",
	.usage = "HOST...",
	.what = "drop connections that ask for these hosts, or hosts below them",
	.start = start,
	.rights = rights,
	.look = look,
};
