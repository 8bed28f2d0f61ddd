// SPDX-License-Identifier: MIT
/*
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash that cannot be predicted
 * without the key. For initial sequence numbers (RFC 6528), cookies and random
 * numbers.
 */
#include <endian.h>
#include "stack.h"

static u64 rotl(u64 v, unsigned int n)
{
	return v << n | v >> (64 - n);
}

static u64 load_le64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void rounds(u64 v[4], unsigned int n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void absorb(u64 v[4], u64 word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

/**
 * unet_siphash() - SipHash-2-4
 * @key: 128 secret bits
 * @bytes: what to hash
 * @len: how many
 */
u64 unet_siphash(const u64 key[2], const void *bytes, size_t len)
{
	u64 v[4] = {
		key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull,
		key[0] ^ 0x6c7967656e657261ull, key[1] ^ 0x7465646279746573ull,
	};
	const u8 *at = bytes;
	u8 last[8] = { 0 };
	size_t left;

	for (left = len; left >= 8; left -= 8, at += 8)
		absorb(v, load_le64(at));
	memcpy(last, at, left);
	last[7] = (u8)len;
	absorb(v, load_le64(last));
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/**
 * unet_stack_random() - the next number of the stack's generator
 * @st: the stack
 *
 * Cannot be foretold from earlier ones by somebody without the seed; repeats
 * exactly for the same seed.
 */
u64 unet_stack_random(struct unet_stack *st)
{
	const u64 key[2] = { st->random[0], ~st->random[0] };

	st->random[1]++;
	return unet_siphash(key, &st->random[1], sizeof(st->random[1]));
}
