// SPDX-License-Identifier: MIT
/*
 * Clamp the MSS of SYNs, set the DSCP, put one text in another's place. Not one of
 * another length on TCP: that needs a proxy.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "edit.h"
#include "ext.h"

static uint32_t mss, dscp;
static bool set_mss, set_dscp;
static char *from;
static const char *to;

static int take_text(char *text)
{
	char *slash = strchr(text, '/');

	if (!slash || slash == text) {
		fprintf(stderr, "unet-ext: rewrite: text \"%s\": must be FROM/TO, FROM not empty\n",
			text);
		return -1;
	}
	*slash = '\0';
	from = text;
	to = slash + 1;
	return 0;
}

static int take_word(const char *word, char *value)
{
	if (!strcmp(word, "mss")) {
		set_mss = true;
		return ext_number("rewrite: mss", value, 1, 65535, &mss);
	}
	if (!strcmp(word, "dscp")) {
		set_dscp = true;
		return ext_number("rewrite: dscp", value, 0, 63, &dscp);
	}
	return take_text(value);
}

static bool is_word(const char *word)
{
	return !strcmp(word, "mss") || !strcmp(word, "dscp") ||
	       !strcmp(word, "text");
}

static int start(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i += 2) {
		if (!is_word(argv[i])) {
			fprintf(stderr, "unet-ext: rewrite: \"%s\": must be one of mss dscp text\n",
				argv[i]);
			return -1;
		}
		if (i + 1 == argc) {
			fprintf(stderr, "unet-ext: rewrite: %s: its value is missing\n",
				argv[i]);
			return -1;
		}
		if (take_word(argv[i], argv[i + 1]))
			return -1;
	}
	if (argc)
		return 0;
	fprintf(stderr, "unet-ext: rewrite: what? mss N, dscp N, text FROM/TO\n");
	return -1;
}

static uint32_t rights(void)
{
	uint32_t needs = UNET_INTER_OBSERVE_HEADERS;

	if (set_mss || set_dscp)
		needs |= UNET_INTER_MODIFY_HEADERS;
	if (from)
		needs |= UNET_INTER_OBSERVE_PAYLOAD | UNET_INTER_MODIFY_PAYLOAD;
	return needs;
}

/*
 * What the kernel refuses is only known a turn later. Packets that cannot be changed
 * went on as they were; nothing else here should be refused. If it is, say so.
 */
static void tell_refusals(struct unet_intermediary *im)
{
	static bool told[UNET_INTER_CNT_COUNT];
	uint32_t why;

	for (why = 1; why < UNET_INTER_CNT_COUNT; why++) {
		if (told[why] || !unet_intermediary_refused(im, why))
			continue;
		told[why] = true;
		fprintf(stderr, "unet-ext: rewrite: the kernel did not take a change: %s\n",
			unet_inter_stat_text(why));
	}
}

/* The kernel would not let it pass, and end us for trying. */
static bool length_may_change(const struct unet_inter_packet *p,
			      const struct ext_headers *h)
{
	static bool told;

	if (h->proto != IPPROTO_TCP)
		return p->segments <= 1;
	if (!told)
		fprintf(stderr, "unet-ext: rewrite: the length of what TCP carries cannot be "
			"changed on the way: that needs an extension that is a proxy\n");
	told = true;
	return false;
}

/* Return: bytes at @out, -1: the payload stays as it is. */
static int32_t other_text(const struct unet_inter_packet *p,
			  const struct ext_headers *h, uint8_t *out)
{
	uint32_t len = p->len - h->header;
	int32_t n;

	if (!from)
		return -1;
	n = ext_substitute(p->data + h->header, len, from, to, out,
			   UNET_TX_MAX_BYTES - h->header);
	return n == (int32_t)len || (n >= 0 && length_may_change(p, h)) ? n : -1;
}

static bool other_header(const struct unet_inter_packet *p,
			 const struct ext_headers *h, uint8_t *hdr)
{
	bool changed = false;

	if (set_mss && h->proto == IPPROTO_TCP && h->tcp_flags & 2)
		changed = ext_clamp_mss(hdr, p->l4_offset, h->header, mss);
	if (set_dscp)
		changed |= ext_mark(hdr, h->version, dscp);
	return changed;
}

/*
 * Nothing but the DSCP: the kernel writes it, in all that follow each other at once, and
 * of whatever protocol. Return: it was told; else by a header, if there is one.
 */
static bool mark_only(struct unet_intermediary *im, const struct unet_inter_packet *p,
		      const struct ext_headers *h)
{
	bool syn = h->proto == IPPROTO_TCP && h->tcp_flags & 2;

	if (!set_dscp || from || !h->version || (set_mss && syn))
		return false;
	return !unet_intermediary_mark(im, p->token, 0xfc, (uint8_t)(dscp << 2));
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	static uint8_t payload[UNET_TX_MAX_BYTES];
	uint8_t hdr[UNET_TX_MAX_HEADER];
	struct ext_headers h;
	int32_t len;
	bool changed;

	(void)arg;
	ext_headers(p, &h);
	if (mark_only(im, p, &h))
		return UNET_VERDICT_LATER;
	if (!h.header || h.header > sizeof(hdr))
		return UNET_VERDICT_ACCEPT;
	memcpy(hdr, p->data, h.header);
	changed = other_header(p, &h, hdr);
	len = other_text(p, &h, payload);
	if (!changed && len < 0)
		return UNET_VERDICT_ACCEPT;
	/* who may change payload says what it is, even if it is as it was */
	if (len < 0 && unet_intermediary_terms(im)->rights & UNET_INTER_MODIFY_PAYLOAD) {
		len = (int32_t)(p->len - h.header);
		memcpy(payload, p->data + h.header, (size_t)len);
	}
	return unet_intermediary_change(im, p->token, UNET_VERDICT_MODIFY, hdr,
					h.header, payload, len < 0 ? 0 : (uint32_t)len) ?
	       UNET_VERDICT_ACCEPT : UNET_VERDICT_LATER;
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
	.rights = rights,
	.look = look,
	.turn = turn,
};
