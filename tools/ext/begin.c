// SPDX-License-Identifier: MIT
/* Names may lie across segments: what a connection says first is put together. */
#include <stdbool.h>
#include <string.h>

#include "begin.h"

#define SYN	0x02
#define ACK	0x10

static struct beginning all[BEGIN_MANY];

static struct beginning *place_of(const struct ext_headers *h)
{
	uint32_t hash = (uint32_t)h->sport << 16 | h->dport;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		hash = (hash ^ h->src[i]) * 0x9e3779b1u;
		hash = (hash ^ h->dst[i]) * 0x85ebca6bu;
	}
	return &all[(hash >> 16) % BEGIN_MANY];
}

static bool is_of(const struct beginning *b, const struct ext_headers *h)
{
	return b->state != BEGIN_UNKNOWN && b->sport == h->sport &&
	       b->dport == h->dport && !memcmp(b->src, h->src, 16) &&
	       !memcmp(b->dst, h->dst, 16);
}

/* The same SYN again, whoever sends it, forgets nothing. */
static void open_at(struct beginning *b, const struct ext_headers *h)
{
	if (is_of(b, h) && b->start == h->seq + 1)
		return;
	b->state = BEGIN_GROWS;
	memcpy(b->src, h->src, 16);
	memcpy(b->dst, h->dst, 16);
	b->sport = h->sport;
	b->dport = h->dport;
	b->start = h->seq + 1;
	b->len = 0;
}

static enum begin_state grow(struct beginning *b, uint32_t at,
			     const uint8_t *data, uint32_t len)
{
	uint32_t known, room;

	if ((int32_t)(at - b->len) > 0)
		return BEGIN_AHEAD;
	known = b->len - at;
	if (known >= len)
		return BEGIN_GROWS;
	data += known;
	len -= known;
	room = BEGIN_BYTES - b->len;
	memcpy(b->bytes + b->len, data, len < room ? len : room);
	b->len += len < room ? len : room;
	return BEGIN_GROWS;
}

enum begin_state ext_begin(const struct ext_headers *h, const uint8_t *data,
			   uint32_t len, int whole, struct beginning **b)
{
	bool syn = h->tcp_flags & SYN;
	enum begin_state state;

	*b = place_of(h);
	if (syn && !(h->tcp_flags & ACK))
		open_at(*b, h);
	if (!is_of(*b, h)) {
		*b = NULL;
		return BEGIN_UNKNOWN;
	}
	if ((*b)->state != BEGIN_GROWS || !len)
		return (*b)->state;
	state = grow(*b, h->seq + syn - (*b)->start, data, len);
	if (state == BEGIN_GROWS && (!whole || (*b)->len == BEGIN_BYTES))
		(*b)->state = BEGIN_OVER;
	return state;
}
