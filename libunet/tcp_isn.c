// SPDX-License-Identifier: MIT
/*
 * Numbers that must not be guessed: RFC 6528's initial sequence numbers and the
 * timestamp offset of RFC 7323 section 5.4, each from the tuple and the stack's
 * secret, so that neither tells anything about another connection.
 */
#include "tcp_internal.h"

enum { PURPOSE_ISN = 1, PURPOSE_TS = 2 };

static u64 tuple_hash(const struct unet_stack *st,
		      const struct unet_flow_key *key, u64 purpose)
{
	u64 words[6];

	BUILD_BUG_ON(sizeof(*key) != 5 * sizeof(u64));
	memcpy(words, key, sizeof(*key));
	words[5] = purpose;
	return unet_siphash(st->sip_key, words, sizeof(words));
}

/**
 * unet_tcp_isn() - an initial sequence number
 * @st:		stack
 * @key:	complete tuple
 *
 * ISN = M + F(tuple, secret), M a clock of 4 us ticks: numbers of successive
 * incarnations of one tuple go up, those of different tuples are unrelated.
 */
u32 unet_tcp_isn(const struct unet_stack *st, const struct unet_flow_key *key)
{
	if (tcp_of(st)->fixed_isn)
		return tcp_of(st)->fixed_isn;
	return (u32)(st->now / 4) + (u32)tuple_hash(st, key, PURPOSE_ISN);
}

/**
 * unet_tcp_ts_offset() - where the timestamp clock of a tuple starts
 * @st:		stack
 * @key:	complete tuple
 *
 * Constant for a tuple, so that timestamps of successive incarnations go up
 * (RFC 6191) and SYN cookies need to remember nothing.
 */
u32 unet_tcp_ts_offset(const struct unet_stack *st,
		       const struct unet_flow_key *key)
{
	if (tcp_of(st)->fixed_ts)
		return tcp_of(st)->fixed_ts;
	return (u32)tuple_hash(st, key, PURPOSE_TS);
}
