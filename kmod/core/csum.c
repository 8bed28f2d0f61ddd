// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Sums are kept modulo 2^64 - 1 by adding the carry back in (RFC 1071 section 2,
 * "parallel summation"): 2^16 - 1 divides that, so folding at the end gives what
 * summing 16 bits at a time would have given.
 */
#include "core/csum.h"
#include "core/wire.h"

/* The last 0 to 7 bytes, at an even place. */
static u64 add_tail(const u8 *p, u32 len, u64 sum)
{
	if (len & 4) {
		sum = unet_csum_plus(sum, unet_load_raw32(p));
		p += 4;
	}
	if (len & 2) {
		sum = unet_csum_plus(sum, unet_load_raw16(p));
		p += 2;
	}
	if (len & 1) {
		u16 last = 0;

		memcpy(&last, p, 1);
		sum = unet_csum_plus(sum, last);
	}
	return sum;
}

u64 unet_csum_add(const void *p, u32 len, u64 sum)
{
	const u8 *at = p;
	u64 other = 0;

	/* two sums, so that one addition need not wait for the other */
	for (; len >= 32; len -= 32, at += 32) {
		sum = unet_csum_plus(sum, unet_load_raw64(at));
		other = unet_csum_plus(other, unet_load_raw64(at + 8));
		sum = unet_csum_plus(sum, unet_load_raw64(at + 16));
		other = unet_csum_plus(other, unet_load_raw64(at + 24));
	}
	for (; len >= 8; len -= 8, at += 8)
		sum = unet_csum_plus(sum, unet_load_raw64(at));
	return add_tail(at, len, unet_csum_plus(sum, other));
}

static __always_inline u64 copy64(void *dst, const void *src)
{
	u64 word = unet_load_raw64(src);

	memcpy(dst, &word, sizeof(word));
	return word;
}

static u64 copy_tail(u8 *to, const u8 *from, u32 len, u64 sum)
{
	if (len & 4) {
		u32 word = unet_load_raw32(from);

		memcpy(to, &word, sizeof(word));
		sum = unet_csum_plus(sum, word);
		from += 4;
		to += 4;
	}
	if (len & 2) {
		u16 word = unet_load_raw16(from);

		memcpy(to, &word, sizeof(word));
		sum = unet_csum_plus(sum, word);
		from += 2;
		to += 2;
	}
	if (len & 1) {
		u8 last[2] = { *from, 0 };

		*to = last[0];
		sum = unet_csum_plus(sum, unet_load_raw16(last));
	}
	return sum;
}

u64 unet_csum_copy(void *dst, const void *src, u32 len, u64 sum)
{
	const u8 *from = src;
	u64 other = 0;
	u8 *to = dst;

	for (; len >= 32; len -= 32, from += 32, to += 32) {
		sum = unet_csum_plus(sum, copy64(to, from));
		other = unet_csum_plus(other, copy64(to + 8, from + 8));
		sum = unet_csum_plus(sum, copy64(to + 16, from + 16));
		other = unet_csum_plus(other, copy64(to + 24, from + 24));
	}
	for (; len >= 8; len -= 8, from += 8, to += 8)
		sum = unet_csum_plus(sum, copy64(to, from));
	return copy_tail(to, from, len, unet_csum_plus(sum, other));
}

u64 unet_csum_join(u64 sum, u64 piece, u32 offset)
{
	/* an odd place swaps the bytes of each word: times 2^8 */
	if (offset & 1)
		piece = piece << 8 | piece >> 56;
	return unet_csum_plus(sum, piece);
}

/* What both pseudo headers end with. */
static u64 pseudo_tail(u8 proto, u32 len)
{
	u64 sum = (__force u32)cpu_to_be32(len);

	return sum + (__force u16)cpu_to_be16(proto);
}

u64 unet_csum_pseudo4(const void *src, const void *dst, u8 proto, u32 len)
{
	return pseudo_tail(proto, len) + unet_load_raw32(src) +
	       unet_load_raw32(dst);
}

u64 unet_csum_pseudo6(const void *src, const void *dst, u8 proto, u32 len)
{
	u64 sum = pseudo_tail(proto, len);

	sum = unet_csum_plus(sum, unet_load_raw64(src));
	sum = unet_csum_plus(sum, unet_load_raw64((const u8 *)src + 8));
	sum = unet_csum_plus(sum, unet_load_raw64(dst));
	return unet_csum_plus(sum, unet_load_raw64((const u8 *)dst + 8));
}

u16 unet_csum_update16(u16 check, u16 from, u16 to)
{
	/* RFC 1624 (eqn. 3): ~(~check + ~from + to) */
	return unet_csum_finish((u64)(u16)~check + (u16)~from + to);
}

u16 unet_csum_update32(u16 check, u32 from, u32 to)
{
	return unet_csum_finish((u64)(u16)~check + (u32)~from + to);
}
