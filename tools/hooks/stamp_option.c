// SPDX-License-Identifier: MIT
#include <string.h>
#include "stamp_option.h"

#define OPT_END		0
#define OPT_NOP		1
#define OPT_TIMESTAMP	68
#define FREE_BEHIND_ONE	9	/* pointer: the second time is free */
#define NOT_STANDARD	0x80000000u	/* no milliseconds since midnight UT */

/**
 * stamp_write() - an option with one time in it
 * @option: filled in
 * @now_us: microseconds; the low 31 bits are kept
 */
void stamp_write(uint8_t option[STAMP_BYTES], uint64_t now_us)
{
	uint32_t t = (uint32_t)now_us | NOT_STANDARD;

	memset(option, 0, STAMP_BYTES);
	option[0] = OPT_TIMESTAMP;
	option[1] = STAMP_BYTES;
	option[2] = FREE_BEHIND_ONE;
	option[4] = (uint8_t)(t >> 24);
	option[5] = (uint8_t)(t >> 16);
	option[6] = (uint8_t)(t >> 8);
	option[7] = (uint8_t)t;
}

static bool is_ours(const uint8_t *o, size_t len)
{
	return o[0] == OPT_TIMESTAMP && len == STAMP_BYTES &&
	       o[2] >= FREE_BEHIND_ONE && !(o[3] & 15) && o[4] & 0x80;
}

/**
 * stamp_find() - the sender's time among the options of a packet
 * @options: what follows the first 20 bytes of the header
 * @len: how many
 * @at: out: offset of the option
 * @sent_us: out: the 31 bits
 *
 * Return: is there one?
 */
bool stamp_find(const uint8_t *options, size_t len, size_t *at,
		uint32_t *sent_us)
{
	size_t i = 0;

	while (i < len && options[i] != OPT_END) {
		const uint8_t *o = options + i;
		size_t n = 1;

		if (o[0] != OPT_NOP) {
			n = len - i > 1 ? o[1] : 0;
			if (n < 2 || n > len - i)
				return false;
		}
		if (n > 1 && is_ours(o, n)) {
			*at = i;
			*sent_us = ((uint32_t)o[4] << 24 | (uint32_t)o[5] << 16 |
				    (uint32_t)o[6] << 8 | o[7]) & ~NOT_STANDARD;
			return true;
		}
		i += n;
	}
	return false;
}
