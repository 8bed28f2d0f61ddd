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

/* Who opens is whom the SYN-ACK goes to. Sent again it forgets nothing. */
static void open_for(const struct ext_headers *answer)
{
	struct ext_headers h = *answer;
	struct beginning *b;

	memcpy(h.src, answer->dst, sizeof(h.src));
	memcpy(h.dst, answer->src, sizeof(h.dst));
	h.sport = answer->dport;
	h.dport = answer->sport;
	b = place_of(&h);
	if (is_of(b, &h) && b->start == h.ack)
		return;
	b->state = BEGIN_GROWS;
	memcpy(b->src, h.src, sizeof(b->src));
	memcpy(b->dst, h.dst, sizeof(b->dst));
	b->sport = h.sport;
	b->dport = h.dport;
	b->start = h.ack;
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
	enum begin_state state;

	/* A SYN alone may be anybody's, in a connection that goes on. */
	if ((h->tcp_flags & (SYN | ACK)) == (SYN | ACK))
		open_for(h);
	*b = place_of(h);
	if (!is_of(*b, h)) {
		*b = NULL;
		return BEGIN_UNKNOWN;
	}
	if ((*b)->state != BEGIN_GROWS || !len || h->tcp_flags & SYN)
		return (*b)->state;
	state = grow(*b, h->seq - (*b)->start, data, len);
	if (state == BEGIN_GROWS && (!whole || (*b)->len == BEGIN_BYTES))
		(*b)->state = BEGIN_OVER;
	return state;
}
