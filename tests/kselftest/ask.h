/* SPDX-License-Identifier: MIT */
/*
 * Requests as lists of attributes, one of which is to be other than it should: what
 * is left is whole. Where each attribute stands is remembered, for what the kernel
 * says of it.
 */
#ifndef UNET_TEST_ASK_H
#define UNET_TEST_ASK_H

#include <stdbool.h>

#include "nl.h"

#define ASK_ATTRS	((int)UNET_A_COUNT > (int)UNET_IA_COUNT ? UNET_A_COUNT : UNET_IA_COUNT)

/* One attribute; @data NULL: it is left out. */
struct value {
	uint16_t attr;
	uint16_t bytes;
	const void *data;
};

struct ask {
	struct nl_req r;
	uint32_t at[ASK_ATTRS];	/* offsets of the attributes */
};

static inline void ask_start(struct nl *nl, struct ask *a, uint8_t cmd)
{
	memset(a->at, 0, sizeof(a->at));
	nl_start(nl, &a->r, nl->family, NLM_F_ACK, cmd);
}

static inline void ask_put(struct ask *a, const struct value *v)
{
	if (v->data)
		a->at[v->attr] = nl_put(&a->r, v->attr, v->data, v->bytes);
}

static inline const struct value *ask_find(const struct value *values, uint16_t attr)
{
	for (; values->attr; values++)
		if (values->attr == attr)
			return values;
	return NULL;
}

/* @base, with @changes in place of what it has; both end with attribute 0. */
static inline void ask_fill(struct ask *a, const struct value *base,
			    const struct value *changes)
{
	const struct value *v, *other;

	for (v = base; v->attr; v++) {
		other = ask_find(changes, v->attr);
		ask_put(a, other ? other : v);
	}
	for (v = changes; v->attr; v++)
		if (!ask_find(base, v->attr))
			ask_put(a, v);
}

/* The last refusal was of @attr, and its text begins with @word. */
static inline bool ask_named(const struct nl *nl, const struct ask *a,
			     uint16_t attr, const char *word)
{
	return nl->bad && nl->bad == a->at[attr] &&
	       !strncmp(nl->said, word, strlen(word));
}

#endif
