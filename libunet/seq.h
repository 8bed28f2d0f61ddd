/* SPDX-License-Identifier: MIT */
/*
 * Sequence numbers: 32-bit, compared modulo 2^32 (RFC 9293 section 3.4).
 *
 * Two numbers compare as meant as long as they are less than 2^31 apart, which
 * the largest window (2^30, RFC 7323) guarantees for everything in flight.
 * Timestamps (RFC 7323) are compared with the same functions.
 */
#ifndef UNET_SEQ_H
#define UNET_SEQ_H

#include "core_os.h"

static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_leq(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static inline bool seq_gt(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static inline bool seq_geq(u32 a, u32 b)
{
	return (s32)(a - b) >= 0;
}

static inline u32 seq_max(u32 a, u32 b)
{
	return seq_gt(a, b) ? a : b;
}

static inline u32 seq_min(u32 a, u32 b)
{
	return seq_lt(a, b) ? a : b;
}

/* Is @seq one of the @len numbers from @start on? */
static inline bool seq_in(u32 seq, u32 start, u32 len)
{
	return seq - start < len;
}

#endif /* UNET_SEQ_H */
