// SPDX-License-Identifier: MIT
/* include: tools/ext/begin.c */
/* Door: segments of a connection, as unet-ext block puts them together. */
#include <assert.h>

#include "tools/ext/begin.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the connection says at @at: whoever sends it again says the same. */
static uint8_t said(uint32_t at)
{
	return (uint8_t)(at * 31 + (at >> 8));
}

static enum begin_state take(struct ext_headers *h, uint32_t at, uint32_t len, int whole,
			     struct beginning **b)
{
	static uint8_t payload[8192];
	uint32_t i;

	for (i = 0; i < len; i++)
		payload[i] = said(at + i);
	h->seq = 0xffffff00u + at;
	return ext_begin(h, payload, len, whole, b);
}

static void look_at(const struct beginning *b, uint32_t seen, uint32_t at, uint32_t len,
		    enum begin_state state, int syn)
{
	uint32_t i;

	assert(b->len <= BEGIN_BYTES && b->len >= seen);
	for (i = seen; i < b->len; i++)
		assert(b->bytes[i] == said(i));
	/* Nothing that goes on lies behind a hole, nor is it left out. */
	if (state == BEGIN_GROWS && len && !syn)
		assert(at <= seen &&
		       (at + len <= b->len || b->len == BEGIN_BYTES));
	if (state == BEGIN_AHEAD)
		assert(at > seen && b->len == seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ext_headers h = { .tcp_flags = SYN | ACK, .ack = 0xffffff00u };
	uint32_t at, len, seen;
	enum begin_state state;
	struct beginning *b;

	place_of(&h)->state = BEGIN_UNKNOWN;
	/* Both ends have the same name: what is opened is what is looked at. */
	take(&h, 0, 0, 1, &b);
	for (; size >= 4 && b; data += 4, size -= 4) {
		h.tcp_flags = data[0] & (SYN | ACK);
		at = data[1] * 32u + (data[0] >> 5);
		len = data[2] * 16u + (data[3] & 15);
		seen = b->len;
		state = take(&h, at, len, !(data[3] & 0x80) || data[2] & 1, &b);
		if (b)
			look_at(b, seen, at, len, state, h.tcp_flags & SYN);
	}
	return 0;
}
