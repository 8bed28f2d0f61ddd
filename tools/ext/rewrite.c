// SPDX-License-Identifier: MIT
/*
 * Clamp the MSS of SYNs, set the DSCP, put one text in another's place. A text of
 * another length is refused by the kernel on TCP: that needs a proxy.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext.h"

static unsigned int mss;
static int dscp = -1;
static const char *from, *to;
static bool told;

static int start(int argc, char **argv)
{
	int i;

	for (i = 0; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "mss"))
			mss = (unsigned int)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "dscp"))
			dscp = (int)strtoul(argv[i + 1], NULL, 10) & 63;
		else if (!strcmp(argv[i], "text") && strchr(argv[i + 1], '/'))
			from = argv[i + 1];
		else
			break;
	}
	if (i < argc || !argc) {
		fprintf(stderr, "unet-ext: rewrite: mss N, dscp N, text FROM/TO\n");
		return -1;
	}
	if (from) {
		char *slash = strchr(from, '/');

		*slash = '\0';
		to = slash + 1;
	}
	return 0;
}

/* The MSS option of a SYN. Return: it was made smaller. */
static bool clamp(uint8_t *hdr, uint32_t l4, uint32_t end)
{
	uint32_t at;
	unsigned int now;

	for (at = l4 + 20; at + 1 < end && hdr[at]; at += hdr[at + 1]) {
		if (hdr[at] == 1) {
			at -= hdr[at + 1] - 1;
			continue;
		}
		if (hdr[at + 1] < 2)
			return false;
		if (hdr[at] != 2 || hdr[at + 1] != 4 || at + 4 > end)
			continue;
		now = (unsigned int)hdr[at + 2] << 8 | hdr[at + 3];
		if (now <= mss)
			return false;
		hdr[at + 2] = (uint8_t)(mss >> 8);
		hdr[at + 3] = (uint8_t)mss;
		return true;
	}
	return false;
}

static bool mark(uint8_t *hdr, int version)
{
	unsigned int tos = version == 4 ? hdr[1] : (hdr[0] & 15u) << 4 | hdr[1] >> 4;
	unsigned int want = (unsigned int)dscp << 2 | (tos & 3);

	if (tos == want)
		return false;
	if (version == 4) {
		hdr[1] = (uint8_t)want;
	} else {
		hdr[0] = (uint8_t)(0x60 | want >> 4);
		hdr[1] = (uint8_t)(want << 4 | (hdr[1] & 15));
	}
	return true;
}

static bool substitute(const uint8_t *p, uint32_t len, uint8_t *out,
		       uint32_t *out_len)
{
	size_t n = strlen(from), m = strlen(to);
	const uint8_t *at = n ? memmem(p, len, from, n) : NULL;
	uint32_t before;

	if (!at || len - n + m > UNET_TX_MAX_BYTES)
		return false;
	before = (uint32_t)(at - p);
	memcpy(out, p, before);
	memcpy(out + before, to, m);
	memcpy(out + before + m, at + n, len - before - n);
	*out_len = (uint32_t)(len - n + m);
	return true;
}

/* A refusal is only known a turn later; the packet then goes as it was. */
static void tell_refusals(struct unet_intermediary *im)
{
	if (told || !unet_intermediary_refused(im, UNET_INTER_CNT_BAD_LENGTH))
		return;
	told = true;
	fprintf(stderr, "unet-ext: rewrite: the length of what TCP carries cannot be "
		"changed on the way: that needs an extension that is a proxy\n");
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	uint32_t rights = unet_intermediary_terms(im)->rights;
	static uint8_t payload[UNET_TX_MAX_BYTES];
	uint8_t hdr[UNET_TX_MAX_HEADER];
	uint32_t len = 0;
	struct ext_headers h;
	bool changed = false;

	(void)arg;
	ext_headers(p, &h);
	if (!h.header || h.header > sizeof(hdr))
		return UNET_VERDICT_ACCEPT;
	memcpy(hdr, p->data, h.header);
	if (mss && h.proto == IPPROTO_TCP && h.tcp_flags & 2)
		changed |= clamp(hdr, p->l4_offset, h.header);
	if (dscp >= 0)
		changed |= mark(hdr, h.version);
	if (rights & UNET_INTER_MODIFY_PAYLOAD) {
		len = p->len - h.header;
		memcpy(payload, p->data + h.header, len);
	}
	if (from && substitute(p->data + h.header, p->len - h.header, payload, &len))
		changed = true;
	if (!changed)
		return UNET_VERDICT_ACCEPT;
	unet_intermediary_change(im, p->token, UNET_VERDICT_MODIFY, hdr, h.header,
				 payload, len);
	/* When that was refused this lets it go; else it is refused, and harmless. */
	if (from && strlen(from) != strlen(to) && h.proto == IPPROTO_TCP)
		unet_intermediary_answer(im, p->token, UNET_VERDICT_ACCEPT);
	return UNET_VERDICT_LATER;
}

static int turn(struct unet_intermediary *im)
{
	tell_refusals(im);
	return -1;
}

const struct ext ext_rewrite = {
	.name = "rewrite",
	.usage = "[mss N] [dscp N] [text FROM/TO]",
	.what = "clamp the MSS, set the DSCP, put a text in another's place",
	.start = start,
	.look = look,
	.turn = turn,
};
