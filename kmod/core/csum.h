/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The Internet checksum, RFC 1071.
 *
 * A running sum is a u64 of 16-bit words as they lie in memory, so it needs no
 * byte swapping: what unet_csum_finish() returns is stored raw in the header
 * (unet_store_raw16()). Sums of pieces are added with unet_csum_join().
 */
#ifndef _UNET_CORE_CSUM_H
#define _UNET_CORE_CSUM_H

#include "core_os.h"

/**
 * unet_csum_add() - sum bytes
 * @p:		bytes, any alignment
 * @len:	how many; an odd last byte is padded with zero
 * @sum:	running sum, 0 to begin with; @p starts at an even place of it
 *
 * Return: the new running sum.
 */
u64 unet_csum_add(const void *p, u32 len, u64 sum);

/**
 * unet_csum_copy() - copy bytes and sum them on the way
 * @dst:	where to; does not overlap @src
 * @src:	where from
 * @len:	how many
 * @sum:	as for unet_csum_add()
 *
 * Each byte of @src is read once and @dst is never read, so the sum is of what
 * was written whatever others do to either meanwhile.
 *
 * Return: the new running sum.
 */
u64 unet_csum_copy(void *dst, const void *src, u32 len, u64 sum);

/**
 * unet_csum_plus() - add a word that lies at an even place
 * @sum:	running sum
 * @word:	2, 4 or 8 bytes in memory order
 *
 * Return: the new running sum.
 */
static __always_inline u64 unet_csum_plus(u64 sum, u64 word)
{
	sum += word;
	return sum + (sum < word);
}

/**
 * unet_csum_fold() - running sum to 16 bits
 * @sum: running sum
 *
 * Return: the one's complement sum, not complemented.
 */
static __always_inline u16 unet_csum_fold(u64 sum)
{
	u32 s;

	/* both halves added to both: the upper one gets the carry of the lower */
	sum += sum >> 32 | sum << 32;
	s = (u32)(sum >> 32);
	s += s >> 16 | s << 16;
	return (u16)(s >> 16);
}

/**
 * unet_csum_finish() - running sum to what goes into a header
 * @sum: running sum with the checksum field taken as zero
 *
 * Over bytes that include a right checksum the result is 0. UDP sends 0xffff
 * for 0 (RFC 768); that is the caller's.
 *
 * Return: the complement of the folded sum, in memory order.
 */
static __always_inline u16 unet_csum_finish(u64 sum)
{
	return (u16)~unet_csum_fold(sum);
}

/**
 * unet_csum_join() - add the sum of bytes that stand later in the packet
 * @sum:	sum of what comes before
 * @piece:	sum of the piece, taken as if it began at an even place
 * @offset:	where the piece stands, from the start of @sum
 *
 * Return: the sum of both.
 */
u64 unet_csum_join(u64 sum, u64 piece, u32 offset);

/**
 * unet_csum_pseudo4() - sum of the IPv4 pseudo header (RFC 9293, RFC 768)
 * @src:	4 bytes
 * @dst:	4 bytes
 * @proto:	protocol
 * @len:	bytes of L4 header and payload, at most 65535
 *
 * Return: a running sum to go on with.
 */
u64 unet_csum_pseudo4(const void *src, const void *dst, u8 proto, u32 len);

/**
 * unet_csum_pseudo6() - sum of the IPv6 pseudo header (RFC 8200 section 8.1)
 * @src:	16 bytes
 * @dst:	16 bytes
 * @proto:	protocol of the upper layer
 * @len:	bytes of L4 header and payload
 *
 * Return: a running sum to go on with.
 */
u64 unet_csum_pseudo6(const void *src, const void *dst, u8 proto, u32 len);

/**
 * unet_csum_update16() - correct a checksum when 16 bits changed (RFC 1624)
 * @check:	checksum as it is in the header
 * @from:	the word before, in memory order
 * @to:		the word after, in memory order
 *
 * The word stands at an even place of what is summed.
 *
 * Return: the checksum to store.
 */
u16 unet_csum_update16(u16 check, u16 from, u16 to);

/**
 * unet_csum_update32() - correct a checksum when 32 bits changed (RFC 1624)
 * @check:	checksum as it is in the header
 * @from:	the word before, in memory order
 * @to:		the word after, in memory order
 *
 * Return: the checksum to store.
 */
u16 unet_csum_update32(u16 check, u32 from, u32 to);

#endif /* _UNET_CORE_CSUM_H */
