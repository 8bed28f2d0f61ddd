/* SPDX-License-Identifier: MIT */
#ifndef EXT_BEGIN_H
#define EXT_BEGIN_H

#include "ext.h"

#define BEGIN_BYTES	4096u	/* of a connection; a ClientHello is 0.3 to 2 KiB */
#define BEGIN_MANY	4096u	/* connections remembered: the last ones */

/**
 * enum begin_state - what is known of the first bytes of a connection
 * @BEGIN_UNKNOWN:	nothing: the answer to its SYN was not seen, or is forgotten
 * @BEGIN_GROWS:	they are being put together
 * @BEGIN_AHEAD:	likewise, and this segment came before the one ahead of it
 * @BEGIN_OVER:		they have said what they say
 * @BEGIN_BLOCKED:	nothing more of it is to pass
 */
enum begin_state {
	BEGIN_UNKNOWN,
	BEGIN_GROWS,
	BEGIN_AHEAD,
	BEGIN_OVER,
	BEGIN_BLOCKED,
};

/**
 * struct beginning - the first bytes of who opened a connection
 * @state:	see there; never BEGIN_AHEAD
 * @src:	who, as in struct ext_headers
 * @dst:	to whom
 * @sport:	port of @src
 * @dport:	port of @dst
 * @start:	sequence number of the first byte
 * @len:	bytes so far, without a hole
 * @bytes:	they
 */
struct beginning {
	enum begin_state state;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint32_t start;
	uint32_t len;
	uint8_t bytes[BEGIN_BYTES];
};

/**
 * ext_begin() - take a segment for the beginning of its connection
 * @h:		its headers
 * @data:	its payload, as far as shown
 * @len:	bytes of it
 * @whole:	they are all its payload
 * @b:		receives the beginning it is of, NULL with BEGIN_UNKNOWN
 *
 * A beginning ends, BEGIN_OVER, when it is full or part of it was not shown.
 *
 * Return: enum begin_state, with this segment taken.
 */
enum begin_state ext_begin(const struct ext_headers *h, const uint8_t *data,
			   uint32_t len, int whole, struct beginning **b);

#endif
