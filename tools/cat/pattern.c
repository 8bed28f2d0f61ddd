// SPDX-License-Identifier: MIT
#include <endian.h>
#include <string.h>

#include "pattern.h"

/* The word at offset 8 * n: n through a mixer of 64 bits (Steele's SplitMix). */
static uint64_t word(uint64_t seed, uint64_t n)
{
	uint64_t x = (seed + n + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return htole64(x ^ x >> 31);
}

/* Seeds next to each other must not give the same pattern, shifted. */
static uint64_t spread(uint64_t seed)
{
	return word(seed, 0xa5a5a5a5);
}

void unet_pattern_fill(uint64_t seed, uint64_t offset, void *buf, size_t len)
{
	uint64_t start = spread(seed), w;
	size_t skip = offset % sizeof(w), n;
	unsigned char *to = buf;

	while (len) {
		w = word(start, offset / sizeof(w));
		n = sizeof(w) - skip < len ? sizeof(w) - skip : len;
		memcpy(to, (const char *)&w + skip, n);
		to += n;
		offset += n;
		len -= n;
		skip = 0;
	}
}

size_t unet_pattern_check(uint64_t seed, uint64_t offset, const void *buf,
			  size_t len)
{
	const unsigned char *from = buf;
	unsigned char right[512];
	size_t done, n, i;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(right) ? len - done : sizeof(right);
		unet_pattern_fill(seed, offset + done, right, n);
		if (!memcmp(from + done, right, n))
			continue;
		for (i = 0; from[done + i] == right[i]; i++)
			;
		return done + i;
	}
	return len;
}
