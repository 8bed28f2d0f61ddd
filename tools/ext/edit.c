// SPDX-License-Identifier: MIT
#include <string.h>

#include "edit.h"

#define OPT_END		0
#define OPT_NOP		1
#define OPT_MSS		2
#define MSS_LEN		4

/* The option at @at is whole, or one that has no length. */
static bool is_whole(const uint8_t *at, uint32_t left)
{
	return *at == OPT_NOP || (left >= 2 && at[1] >= 2 && at[1] <= left);
}

bool ext_clamp_mss(uint8_t *hdr, uint32_t l4, uint32_t end, unsigned int mss)
{
	uint32_t at = l4 + 20;

	while (at < end && hdr[at] != OPT_END && is_whole(hdr + at, end - at)) {
		uint8_t *opt = hdr + at;

		if (opt[0] == OPT_MSS && opt[1] == MSS_LEN) {
			if ((opt[2] << 8 | opt[3]) <= (int)mss)
				return false;
			opt[2] = (uint8_t)(mss >> 8);
			opt[3] = (uint8_t)mss;
			return true;
		}
		at += opt[0] == OPT_NOP ? 1 : opt[1];
	}
	return false;
}

bool ext_mark(uint8_t *hdr, int version, unsigned int dscp)
{
	unsigned int tos = version == 4 ? hdr[1] : (hdr[0] & 15u) << 4 | hdr[1] >> 4;
	unsigned int want = dscp << 2 | (tos & 3);

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

int32_t ext_substitute(const uint8_t *p, uint32_t len, const char *from,
		       const char *to, uint8_t *out, uint32_t room)
{
	size_t n = strlen(from), m = strlen(to);
	const uint8_t *at = len ? memmem(p, len, from, n) : NULL;
	size_t before, bytes;

	bytes = len - n + m;
	if (!at || bytes > room)
		return -1;
	before = (size_t)(at - p);
	memcpy(out, p, before);
	memcpy(out + before, to, m);
	memcpy(out + before + m, at + n, len - before - n);
	return (int32_t)bytes;
}
