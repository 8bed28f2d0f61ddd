/* SPDX-License-Identifier: MIT */
/* What may be granted to an intermediary, and what it may do with that. */
#ifndef _UNET_VECTORS_INTER_CHECK_H
#define _UNET_VECTORS_INTER_CHECK_H

#include "core/inter_check.h"
#include "core/wire.h"
#include "vectors/set.h"

#define SEE		(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD)
#define MAY(right)	UNET_INTER_##right
#define SAYS(why)	UNET_INTER_CNT_##why

/* ---- terms ---- */

/* Of the default terms with these rights one number is changed. */
struct inter_terms_row {
	const char *name;
	u32 rights;
	u32 at;		/* offset of a u32, or 0: none is */
	u32 value;
	u32 bad;	/* UNET_IA_*, 0: it may be granted */
};

#define TERM(member)	offsetof(struct unet_inter_terms, member)

static const struct inter_terms_row inter_terms_rows[] = {
	{ "to look", SEE, 0, 0, 0 },
	{ "one right of all", MAY(DROP), 0, 0, 0 },
	{ "all rights but one", UNET_INTER_ALL_RIGHTS & ~MAY(REDIRECT), 0, 0, 0 },
	{ "no right", 0, 0, 0, UNET_IA_RIGHTS },
	{ "all rights", UNET_INTER_ALL_RIGHTS, 0, 0, UNET_IA_RIGHTS },
	{ "a right there is not", SEE | 0x400, 0, 0, UNET_IA_RIGHTS },
	{ "the highest bit", SEE | 0x80000000, 0, 0, UNET_IA_RIGHTS },
	{ "headers to be changed unseen", MAY(MODIFY_HEADERS), 0, 0, UNET_IA_RIGHTS },
	{ "payload to be changed unseen", MAY(MODIFY_PAYLOAD) | MAY(OBSERVE_HEADERS),
	  0, 0, UNET_IA_RIGHTS },
	{ "inbound alone", SEE, TERM(directions), 1, 0 },
	{ "outbound alone", SEE, TERM(directions), 2, 0 },
	{ "no direction", SEE, TERM(directions), 0, UNET_IA_DIRECTIONS },
	{ "a third direction", SEE, TERM(directions), 4, UNET_IA_DIRECTIONS },
	{ "closed", SEE, TERM(policy), UNET_INTER_FAIL_CLOSED, 0 },
	{ "a policy there is not", SEE, TERM(policy), 3, UNET_IA_POLICY },
	{ "after a time that is not said", SEE, TERM(policy),
	  UNET_INTER_FAIL_AFTER, UNET_IA_AFTER_MS },
	{ "a time that nobody asked for", SEE, TERM(after_ms), 5, UNET_IA_AFTER_MS },
	{ "no time to answer", SEE, TERM(hold_ms), 0, UNET_IA_HOLD_MS },
	{ "prompt enough", SEE, TERM(hold_ms), 100, 0 },
	{ "not prompt", SEE, TERM(hold_ms), 101, UNET_IA_HOLD_MS },
	{ "not prompt, by right", SEE | MAY(DELAY), TERM(hold_ms), 10000, 0 },
	{ "longer than any", SEE | MAY(DELAY), TERM(hold_ms), 10001, UNET_IA_HOLD_MS },
	{ "a backlog of none", SEE, TERM(backlog), 0, UNET_IA_BACKLOG },
	{ "the largest backlog", SEE, TERM(backlog), 16384, 0 },
	{ "a larger one", SEE, TERM(backlog), 16385, UNET_IA_BACKLOG },
	{ "all ones of a backlog", SEE, TERM(backlog), 0xffffffff, UNET_IA_BACKLOG },
	{ "bytes for a super packet", SEE, TERM(backlog_bytes), 65536, 0 },
	{ "bytes for less", SEE, TERM(backlog_bytes), 65535, UNET_IA_BACKLOG_BYTES },
	{ "too many bytes", SEE, TERM(backlog_bytes), (256u << 20) + 1,
	  UNET_IA_BACKLOG_BYTES },
	{ "one byte to see", SEE, TERM(copy_bytes), 1, 0 },
	{ "no byte to see", SEE, TERM(copy_bytes), 0, UNET_IA_COPY_BYTES },
	{ "more than a packet to see", SEE, TERM(copy_bytes), 65536, UNET_IA_COPY_BYTES },
	{ "headers to be changed, cut", MAY(OBSERVE_HEADERS) | MAY(MODIFY_HEADERS),
	  TERM(copy_bytes), 127, UNET_IA_COPY_BYTES },
	{ "headers to be changed, whole", MAY(OBSERVE_HEADERS) | MAY(MODIFY_HEADERS),
	  TERM(copy_bytes), 128, 0 },
	{ "payload to be changed, cut", SEE | MAY(MODIFY_PAYLOAD),
	  TERM(copy_bytes), 65534, UNET_IA_COPY_BYTES },
	{ "as many violations as it likes", SEE, TERM(violations), 0, 0 },
	/* num_patterns is no u32: what follows it here is zero, and stays so */
	{ "a pattern without bytes", SEE, TERM(num_patterns), 1,
	  UNET_IA_PATTERNS },
	{ "five patterns", SEE, TERM(num_patterns), 5, UNET_IA_PATTERNS },
};

/* A right to redirect is one for UDP that comes in, to a port. */
struct inter_redirect_row {
	const char *name;
	u32 rights;
	u32 directions;
	bool any_proto;
	u8 proto;
	u16 port;
	u32 bad;	/* UNET_IA_*, 0: it may be granted */
};

static const struct inter_redirect_row inter_redirect_rows[] = {
	{ "of UDP", MAY(REDIRECT), 3, false, 17, 7001, 0 },
	{ "of UDP inbound", MAY(REDIRECT), 1, false, 17, 65535, 0 },
	{ "of what goes out", MAY(REDIRECT), 2, false, 17, 7001, UNET_IA_DIRECTIONS },
	{ "of TCP", MAY(REDIRECT), 3, false, 6, 7001, UNET_IA_PROTO },
	{ "of any protocol", MAY(REDIRECT), 3, true, 17, 7001, UNET_IA_PROTO },
	{ "to nowhere", MAY(REDIRECT), 3, false, 17, 0, UNET_IA_REDIRECT_PORT },
	{ "a port without the right", SEE, 3, false, 17, 7001, UNET_IA_REDIRECT_PORT },
	{ "no port and no right", SEE, 3, false, 17, 0, 0 },
};

static inline bool inter_redirect_holds(const struct inter_redirect_row *row)
{
	const struct unet_inter_fault *fault;
	struct unet_inter_terms t;

	unet_inter_terms_default(&t);
	t.rights = row->rights;
	t.directions = row->directions;
	t.any_proto = row->any_proto;
	t.proto = row->proto;
	t.redirect_port = cpu_to_be16(row->port);
	fault = unet_inter_terms_check(&t);
	return (fault ? fault->attr : 0) == row->bad && (!fault || fault->text);
}

VECTOR_SET(inter_redirect);

static inline bool inter_terms_holds(const struct inter_terms_row *row)
{
	const struct unet_inter_fault *fault;
	struct unet_inter_terms t;

	unet_inter_terms_default(&t);
	t.rights = row->rights;
	if (row->at)
		memcpy((u8 *)&t + row->at, &row->value, sizeof(u32));
	fault = unet_inter_terms_check(&t);
	return (fault ? fault->attr : 0) == row->bad && (!fault || fault->text);
}

VECTOR_SET(inter_terms);

/* ---- prefixes of terms ---- */

struct inter_prefix_row {
	const char *name;
	u8 family;
	u8 bits;
	const char *addr;
	bool sound;
};

static const struct inter_prefix_row inter_prefix_rows[] = {
	{ "none", 0, 0, "00", true },
	{ "none, of a family", 6, 0, "00", true },
	{ "bits of no family", 0, 8, "0a000000", false },
	{ "an address that nobody counts", 4, 0, "0a000000", false },
	{ "of IPv4", 4, 24, "0a000100", true },
	{ "of IPv4, bits behind it", 4, 23, "0a000100", false },
	{ "of IPv4, longer than any", 4, 33, "0a000100", false },
	{ "of IPv4, words behind it", 4, 32, "0a000001 00000001", false },
	{ "of IPv6", 6, 64, "20010db8 00000001 00000000 00000000", true },
	{ "of IPv6, bits behind it", 6, 63, "20010db8 00000001 00000000 00000000", false },
	{ "of IPv6, the last bit behind it", 6, 127,
	  "20010db8 00000000 00000000 00000001", false },
	{ "of IPv6, whole", 6, 128, "20010db8 00000000 00000000 00000001", true },
	{ "of IPv6, longer than any", 6, 129, "20010db8 00000000 00000000 00000001", false },
};

static inline bool inter_prefix_holds(const struct inter_prefix_row *row)
{
	const struct unet_inter_fault *local, *remote;
	struct unet_inter_terms t;

	unet_inter_terms_default(&t);
	t.rights = SEE;
	t.family = row->family;
	t.local_bits = row->bits;
	vector_bytes(row->addr, (u8 *)t.local, 16);
	local = unet_inter_terms_check(&t);
	memcpy(t.remote, t.local, sizeof(t.remote));
	memset(t.local, 0, sizeof(t.local));
	t.remote_bits = row->bits;
	t.local_bits = 0;
	remote = unet_inter_terms_check(&t);
	return !local == row->sound && !remote == row->sound &&
	       (row->sound || local->attr != remote->attr);
}

VECTOR_SET(inter_prefix);

/* ---- predicates ---- */

/*
 * Terms about @proto (0: any) and both ends; a key of 10.0.0.1:80, 10.0.1.2:999, or with
 * @v6 of 2001:db8::1 and 2001:db8:0:1::8002. Addresses say what the terms are about.
 */
struct inter_match_row {
	const char *name;
	u8 proto;
	const char *local;
	u8 local_bits;
	u16 local_port;
	const char *remote;
	u8 remote_bits;
	u16 remote_port;
	enum unet_flow_mask mask;
	enum unet_inter_match is;
	bool v6;
};

#define EVERY	UNET_MATCH_ALL
#define NEVER	UNET_MATCH_NO
#define SOME	UNET_MATCH_SOME
#define NONE	"00000000"
#define LOCAL6	"20010db8 00000000 00000000 00000001"
#define REMOTE6	"20010db8 00000001 00000000 00008002"

static const struct inter_match_row inter_match_rows[] = {
	{ "any", 0, NONE, 0, 0, NONE, 0, 0, UNET_MASK_5TUPLE, EVERY },
	{ "any, of a listener", 0, NONE, 0, 0, NONE, 0, 0, UNET_MASK_2TUPLE, EVERY },
	{ "its protocol", 6, NONE, 0, 0, NONE, 0, 0, UNET_MASK_5TUPLE, EVERY },
	{ "another protocol", 17, NONE, 0, 0, NONE, 0, 0, UNET_MASK_5TUPLE, NEVER },
	{ "its local port", 6, NONE, 0, 80, NONE, 0, 0, UNET_MASK_2TUPLE, EVERY },
	{ "another local port", 6, NONE, 0, 81, NONE, 0, 0, UNET_MASK_2TUPLE, NEVER },
	{ "its remote port", 6, NONE, 0, 0, NONE, 0, 999, UNET_MASK_5TUPLE, EVERY },
	{ "another remote port", 6, NONE, 0, 0, NONE, 0, 998, UNET_MASK_5TUPLE, NEVER },
	{ "a remote port, of a listener", 6, NONE, 0, 0, NONE, 0, 998,
	  UNET_MASK_3TUPLE, SOME },
	{ "its local address", 0, "0a000001", 32, 0, NONE, 0, 0, UNET_MASK_3TUPLE, EVERY },
	{ "another local address", 0, "0a000002", 32, 0, NONE, 0, 0,
	  UNET_MASK_3TUPLE, NEVER },
	{ "a local address, of a listener on any", 0, "0a000002", 32, 0, NONE, 0, 0,
	  UNET_MASK_2TUPLE, SOME },
	{ "its local network", 0, "0a000000", 24, 0, NONE, 0, 0, UNET_MASK_5TUPLE, EVERY },
	{ "a network by an odd bit", 0, "0a000000", 31, 0, NONE, 0, 0,
	  UNET_MASK_5TUPLE, EVERY },
	{ "its remote network", 0, NONE, 0, 0, "0a000100", 24, 0, UNET_MASK_5TUPLE, EVERY },
	{ "one bit off", 0, NONE, 0, 0, "0a000000", 24, 0, UNET_MASK_5TUPLE, NEVER },
	{ "that bit not counted", 0, NONE, 0, 0, "0a000000", 23, 0,
	  UNET_MASK_5TUPLE, EVERY },
	{ "a remote network, of a listener", 0, NONE, 0, 0, "0a000100", 24, 0,
	  UNET_MASK_2TUPLE, SOME },
	{ "any, of IPv6", 0, NONE, 0, 0, NONE, 0, 0, UNET_MASK_5TUPLE, EVERY, true },
	{ "its local address of IPv6", 0, LOCAL6, 128, 0, NONE, 0, 0,
	  UNET_MASK_5TUPLE, EVERY, true },
	{ "the next local address of IPv6", 0, "20010db8 00000000 00000000 00000000",
	  128, 0, NONE, 0, 0, UNET_MASK_5TUPLE, NEVER, true },
	{ "its last bit not counted", 0, "20010db8 00000000 00000000 00000000", 127, 0,
	  NONE, 0, 0, UNET_MASK_5TUPLE, EVERY, true },
	{ "its remote address of IPv6", 0, NONE, 0, 0, REMOTE6, 128, 0,
	  UNET_MASK_5TUPLE, EVERY, true },
	{ "its remote network, a /64", 0, NONE, 0, 0, "20010db8 00000001 00000000 00000000",
	  64, 0, UNET_MASK_5TUPLE, EVERY, true },
	{ "another /64", 0, NONE, 0, 0, "20010db8 00000002 00000000 00000000", 64, 0,
	  UNET_MASK_5TUPLE, NEVER, true },
	{ "a /63 of both", 0, NONE, 0, 0, "20010db8 00000000 00000000 00000000", 63, 0,
	  UNET_MASK_5TUPLE, EVERY, true },
	{ "one bit behind 64", 0, NONE, 0, 0, "20010db8 00000001 80000000 00000000", 65, 0,
	  UNET_MASK_5TUPLE, NEVER, true },
	{ "bits in the last word", 0, NONE, 0, 0, "20010db8 00000001 00000000 00008000",
	  113, 0, UNET_MASK_5TUPLE, EVERY, true },
	{ "other bits in the last word", 0, NONE, 0, 0,
	  "20010db8 00000001 00000000 00000000", 113, 0, UNET_MASK_5TUPLE, NEVER, true },
	{ "a /29 of providers", 0, "20010db8 00000000 00000000 00000000", 29, 0,
	  "20010db8 00000000 00000000 00000000", 29, 0, UNET_MASK_5TUPLE, EVERY, true },
	{ "one end of two", 0, LOCAL6, 128, 0, LOCAL6, 128, 0, UNET_MASK_5TUPLE, NEVER, true },
	{ "a local /64, of a listener on any", 0, "20010db8 00000000 00000000 00000000",
	  64, 0, NONE, 0, 0, UNET_MASK_2TUPLE, SOME, true },
	{ "its local /64, of a listener there", 0, "20010db8 00000000 00000000 00000000",
	  64, 0, NONE, 0, 0, UNET_MASK_3TUPLE, EVERY, true },
	{ "a remote /64, of a listener", 0, NONE, 0, 0, "20010db8 00000001 00000000 00000000",
	  64, 0, UNET_MASK_3TUPLE, SOME, true },
	{ "its port and network of IPv6", 6, NONE, 0, 80, "20010db8 00000001 00000000 00000000",
	  64, 999, UNET_MASK_5TUPLE, EVERY, true },
};

static inline void inter_match_key(bool v6, struct unet_flow_key *key)
{
	*key = (struct unet_flow_key){
		.local_port = cpu_to_be16(80), .remote_port = cpu_to_be16(999),
		.proto = 6, .family = v6 ? 6 : 4,
	};
	vector_bytes(v6 ? LOCAL6 : "0a000001", (u8 *)key->local, 16);
	vector_bytes(v6 ? REMOTE6 : "0a000102", (u8 *)key->remote, 16);
}

static inline bool inter_match_holds(const struct inter_match_row *row)
{
	struct unet_flow_key key, masked;
	struct unet_inter_terms t;

	inter_match_key(row->v6, &key);
	unet_flow_key_mask(&key, row->mask, &masked);
	unet_inter_terms_default(&t);
	t.rights = SEE;
	t.any_proto = !row->proto;
	t.proto = row->proto;
	vector_bytes(row->local, (u8 *)t.local, 16);
	vector_bytes(row->remote, (u8 *)t.remote, 16);
	t.local_bits = row->local_bits;
	t.remote_bits = row->remote_bits;
	t.local_port = cpu_to_be16(row->local_port);
	t.remote_port = cpu_to_be16(row->remote_port);
	if (row->local_bits || row->remote_bits)
		t.family = key.family;
	return !unet_inter_terms_check(&t) &&
	       unet_inter_match(&t, &masked) == row->is;
}

VECTOR_SET(inter_match);

/* ---- tokens ---- */

/*
 * Of a window of four, @out tokens were given out; all but @held were answered. What is
 * held keeps its place: the number that would have that is left out.
 */
struct inter_token_row {
	const char *name;
	u32 out;
	u32 held;	/* bit n: number n is held */
	u32 gone;	/* bit n: number n went on without */
	s64 ask;	/* number of the token asked about */
	enum unet_inter_stat is;
};

static const struct inter_token_row inter_token_rows[] = {
	{ "the one that is held", 1, 1, 0, 0, SAYS(NONE) },
	{ "none was given out", 0, 0, 0, 0, SAYS(TOKEN_FOREIGN) },
	{ "the next one", 1, 1, 0, 1, SAYS(TOKEN_FOREIGN) },
	{ "the one before the first", 1, 1, 0, -1, SAYS(TOKEN_FOREIGN) },
	{ "far off", 1, 1, 0, 1ll << 40, SAYS(TOKEN_FOREIGN) },
	{ "answered", 1, 0, 0, 0, SAYS(TOKEN_DOUBLE) },
	{ "gone on without", 1, 0, 1, 0, SAYS(TOKEN_STALE) },
	{ "the oldest remembered", 4, 1, 0, 0, SAYS(NONE) },
	{ "the newest of a full window", 4, 8, 0, 3, SAYS(NONE) },
	{ "forgotten", 5, 0, 0, 0, SAYS(TOKEN_STALE) },
	{ "remembered behind one that is forgotten", 5, 0, 0, 1, SAYS(TOKEN_DOUBLE) },
	{ "long forgotten", 30, 0, 0, 2, SAYS(TOKEN_STALE) },
	{ "held while a window of others came and went", 6, 1, 0, 0, SAYS(NONE) },
	{ "held for many windows", 25, 1, 0, 0, SAYS(NONE) },
	{ "left out for it", 6, 1, 0, 4, SAYS(TOKEN_FOREIGN) },
	{ "given out behind what was left out", 6, 1, 0, 5, SAYS(TOKEN_DOUBLE) },
	{ "left out behind another that was", 7, 3, 0, 5, SAYS(TOKEN_FOREIGN) },
	{ "the second that is held", 7, 3, 0, 1, SAYS(NONE) },
};

static inline bool inter_token_holds(const struct inter_token_row *row)
{
	u64 entry[4] = { 0 };
	/* It wraps, as a random one may. */
	struct unet_inter_window w = { .base = ~0ull - 1, .entries = 4, .entry = entry };
	u32 i, number = 0, index = 99;
	bool held[4] = { false };
	u64 token;

	for (i = 0; i < row->out; i++, number++) {
		int at;

		while (held[number & 3])
			number++;
		if (unet_inter_token_next(&w) != w.base + number)
			return false;
		at = unet_inter_token_issue(&w, &token);
		if (at != (int)(number & 3) || token != w.base + number)
			return false;
		held[at] = number < 32 && row->held >> number & 1;
		if (!held[at])
			unet_inter_token_end(&w, at, number < 32 && row->gone >> number & 1 ?
					     UNET_TOKEN_GONE : UNET_TOKEN_ANSWERED);
	}
	if (unet_inter_token_find(&w, w.base + (u64)row->ask, &index) != row->is)
		return false;
	return row->is || index == ((u32)row->ask & 3);
}

VECTOR_SET(inter_token);

/* ---- verdicts ---- */

struct inter_verdict_row {
	const char *name;
	u32 rights;
	struct unet_inter_verdict v;
	enum unet_inter_stat is;
	u32 total;
};

#define VERDICT(what, n, ...)	{ .action = UNET_VERDICT_##what, .count = n, __VA_ARGS__ }
#define SET_TOS(mask, bits, n)	VERDICT(MARK, n, .tos_mask = mask, .tos = bits)
#define BYTES(hdr, n, ...)	.header_len = hdr, .extents = n, .extent = { __VA_ARGS__ }
#define CHANGE			(SEE | MAY(MODIFY_PAYLOAD))
#define MARK			(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS)

static const struct inter_verdict_row inter_verdict_rows[] = {
	{ "accept", SEE, VERDICT(ACCEPT, 1), SAYS(NONE) },
	{ "accept many", SEE, VERDICT(ACCEPT, 16384), SAYS(NONE) },
	{ "accept none", SEE, VERDICT(ACCEPT, 0), SAYS(BAD_VERDICT) },
	{ "accept too many", SEE, VERDICT(ACCEPT, 16385), SAYS(BAD_VERDICT) },
	{ "accept with bytes", SEE, VERDICT(ACCEPT, 1, BYTES(28, 1, { 0, 28 })),
	  SAYS(BAD_VERDICT) },
	{ "accept with a header", SEE, VERDICT(ACCEPT, 1, .header_len = 20),
	  SAYS(BAD_VERDICT) },
	{ "no action", SEE, { .action = UNET_VERDICT_COUNT, .count = 1 },
	  SAYS(BAD_VERDICT) },
	{ "reserved", SEE, VERDICT(ACCEPT, 1, .reserved = 1), SAYS(BAD_VERDICT) },
	{ "reserved, the second", SEE, VERDICT(ACCEPT, 1, .reserved2 = 1), SAYS(BAD_VERDICT) },
	{ "reserved, the last", SEE, VERDICT(ACCEPT, 1, .reserved3 = 1), SAYS(BAD_VERDICT) },
	{ "accept with a mark", SEE, VERDICT(ACCEPT, 1, .tos_mask = 4), SAYS(BAD_VERDICT) },
	{ "accept with bits", SEE, VERDICT(ACCEPT, 1, .tos = 4), SAYS(BAD_VERDICT) },
	{ "mark", SEE | MAY(MODIFY_HEADERS), SET_TOS(0xfc, 0xb8, 1), SAYS(NONE) },
	{ "mark all bits", SEE | MAY(MODIFY_HEADERS), SET_TOS(0xff, 0xff, 1), SAYS(NONE) },
	{ "mark with none", SEE | MAY(MODIFY_HEADERS), SET_TOS(0xfc, 0, 1), SAYS(NONE) },
	{ "mark many", SEE | MAY(MODIFY_HEADERS), SET_TOS(0x03, 0x03, 16384), SAYS(NONE) },
	{ "mark too many", SEE | MAY(MODIFY_HEADERS), SET_TOS(0x03, 0x03, 16385),
	  SAYS(BAD_VERDICT) },
	{ "mark none", SEE | MAY(MODIFY_HEADERS), SET_TOS(0x03, 0x03, 0), SAYS(BAD_VERDICT) },
	{ "mark no bits", SEE | MAY(MODIFY_HEADERS), SET_TOS(0, 0, 1), SAYS(BAD_VERDICT) },
	{ "mark a TTL", SEE | MAY(MODIFY_HEADERS), VERDICT(MARK, 1, .ttl = 1), SAYS(NONE) },
	{ "mark many TTLs", SEE | MAY(MODIFY_HEADERS), VERDICT(MARK, 16384, .ttl = 255),
	  SAYS(NONE) },
	{ "mark a TTL and bits", SEE | MAY(MODIFY_HEADERS),
	  VERDICT(MARK, 1, .ttl = 64, .tos_mask = 4, .tos = 4), SAYS(NONE) },
	{ "mark a TTL, and bits of none", SEE | MAY(MODIFY_HEADERS),
	  VERDICT(MARK, 1, .ttl = 64, .tos = 4), SAYS(BAD_VERDICT) },
	{ "mark a TTL without right", SEE, VERDICT(MARK, 1, .ttl = 64), SAYS(RIGHT_HEADERS) },
	{ "accept with a TTL", SEE, VERDICT(ACCEPT, 1, .ttl = 64), SAYS(BAD_VERDICT) },
	{ "mark outside the mask", SEE | MAY(MODIFY_HEADERS), SET_TOS(0xfc, 0xb9, 1),
	  SAYS(BAD_VERDICT) },
	{ "mark with bytes", SEE | MAY(MODIFY_HEADERS),
	  VERDICT(MARK, 1, .tos_mask = 4, BYTES(28, 1, { 0, 28 })), SAYS(BAD_VERDICT) },
	{ "mark without right", SEE, SET_TOS(0xfc, 0xb8, 1), SAYS(RIGHT_HEADERS) },
	{ "mark with the right to payload", SEE | MAY(MODIFY_PAYLOAD), SET_TOS(0xfc, 0xb8, 1),
	  SAYS(RIGHT_HEADERS) },
	{ "drop", SEE | MAY(DROP), VERDICT(DROP, 3), SAYS(NONE) },
	{ "drop without right", SEE, VERDICT(DROP, 1), SAYS(RIGHT_DROP) },
	{ "duplicate", SEE | MAY(DUPLICATE), VERDICT(DUPLICATE, 1), SAYS(NONE) },
	{ "duplicate many", SEE | MAY(DUPLICATE), VERDICT(DUPLICATE, 2),
	  SAYS(BAD_VERDICT) },
	{ "duplicate without right", SEE, VERDICT(DUPLICATE, 1), SAYS(RIGHT_DUPLICATE) },
	{ "modify", CHANGE, VERDICT(MODIFY, 1, BYTES(28, 1, { 0, 100 })), SAYS(NONE), 100 },
	{ "modify in pieces", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 4, { 0, 28 }, { 50, 2 }, { 9, 1 }, { 65535, 1 })),
	  SAYS(NONE), 32 },
	{ "modify in too many pieces", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 5, { 0, 100 })), SAYS(BAD_VERDICT) },
	{ "modify without bytes", CHANGE, VERDICT(MODIFY, 1), SAYS(BAD_VERDICT) },
	{ "modify outside the region", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 1, { 65500, 100 })), SAYS(BAD_EXTENT) },
	{ "modify by all ones", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 1, { 0xffffffff, 0xffffffff })), SAYS(BAD_EXTENT) },
	{ "modify to more than a packet", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 2, { 0, 65536 }, { 0, 28 })), SAYS(BAD_LENGTH) },
	{ "modify, the header in two", CHANGE,
	  VERDICT(MODIFY, 1, BYTES(28, 2, { 0, 20 }, { 20, 80 })), SAYS(BAD_VERDICT) },
	{ "modify without right", SEE, VERDICT(MODIFY, 1, BYTES(28, 1, { 0, 100 })),
	  SAYS(RIGHT_PAYLOAD) },
	{ "modify many headers", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 9, 120 })),
	  SAYS(NONE), 40 },
	{ "modify many packets", CHANGE, VERDICT(MODIFY, 3, BYTES(28, 1, { 9, 300 })),
	  SAYS(NONE), 100 },
	{ "modify many to their headers", CHANGE, VERDICT(MODIFY, 3, BYTES(28, 1, { 0, 84 })),
	  SAYS(NONE), 28 },
	{ "modify as many as there is room for", MARK,
	  VERDICT(MODIFY, 771, BYTES(85, 1, { 1, 65535 })), SAYS(NONE), 85 },
	{ "modify more", MARK, VERDICT(MODIFY, 512, BYTES(128, 1, { 0, 65536 })),
	  SAYS(BAD_LENGTH) },
	{ "modify the most", MARK, VERDICT(MODIFY, 16384, BYTES(20, 1, { 0, 65535 })),
	  SAYS(BAD_LENGTH) },
	{ "modify too many", MARK, VERDICT(MODIFY, 16385, BYTES(20, 1, { 0, 65535 })),
	  SAYS(BAD_VERDICT) },
	{ "modify all there can be", MARK, VERDICT(MODIFY, 0xffffffff, BYTES(20, 1, { 0, 20 })),
	  SAYS(BAD_VERDICT) },
	{ "modify none", MARK, VERDICT(MODIFY, 0, BYTES(20, 1, { 0, 20 })), SAYS(BAD_VERDICT) },
	{ "modify many, a byte less", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 119 })),
	  SAYS(BAD_LENGTH) },
	{ "modify many, a byte more", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 121 })),
	  SAYS(BAD_LENGTH) },
	{ "modify many, a header more", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 160 })),
	  SAYS(BAD_LENGTH) },
	{ "modify many, one header", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 40 })),
	  SAYS(BAD_LENGTH) },
	{ "modify many, half a header each", MARK, VERDICT(MODIFY, 4, BYTES(40, 1, { 0, 80 })),
	  SAYS(BAD_LENGTH) },
	{ "modify many, a header each but a byte", MARK,
	  VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 117 })), SAYS(BAD_LENGTH) },
	{ "modify many in two pieces", MARK,
	  VERDICT(MODIFY, 2, BYTES(40, 2, { 0, 40 }, { 40, 40 })), SAYS(BAD_LENGTH) },
	{ "modify many without bytes", MARK, VERDICT(MODIFY, 2), SAYS(BAD_VERDICT) },
	{ "modify many up to the end", MARK, VERDICT(MODIFY, 3, BYTES(40, 1, { 65416, 120 })),
	  SAYS(NONE), 40 },
	{ "modify many outside the region", MARK,
	  VERDICT(MODIFY, 3, BYTES(40, 1, { 65417, 120 })), SAYS(BAD_EXTENT) },
	{ "modify many, less than a header", MARK, VERDICT(MODIFY, 3, BYTES(19, 1, { 0, 57 })),
	  SAYS(BAD_VERDICT) },
	{ "modify many, more than a header", MARK, VERDICT(MODIFY, 3, BYTES(129, 1, { 0, 387 })),
	  SAYS(BAD_VERDICT) },
	{ "modify many with a mark", MARK,
	  VERDICT(MODIFY, 3, .tos_mask = 4, BYTES(40, 1, { 0, 120 })), SAYS(BAD_VERDICT) },
	{ "modify many without right", SEE, VERDICT(MODIFY, 3, BYTES(40, 1, { 0, 120 })),
	  SAYS(RIGHT_PAYLOAD) },
	{ "redirect", MAY(REDIRECT), VERDICT(REDIRECT, 1), SAYS(NONE) },
	{ "redirect many", MAY(REDIRECT), VERDICT(REDIRECT, 16384), SAYS(NONE) },
	{ "redirect with bytes", SEE | MAY(REDIRECT),
	  VERDICT(REDIRECT, 1, BYTES(28, 1, { 0, 28 })), SAYS(BAD_VERDICT) },
	{ "redirect without right", UNET_INTER_ALL_RIGHTS & ~MAY(REDIRECT),
	  VERDICT(REDIRECT, 1), SAYS(RIGHT_REDIRECT) },
	{ "inject", SEE | MAY(INJECT), VERDICT(INJECT, 1, BYTES(28, 1, { 0, 100 })),
	  SAYS(NONE), 100 },
	{ "inject many", SEE | MAY(INJECT), VERDICT(INJECT, 2, BYTES(28, 1, { 0, 56 })),
	  SAYS(BAD_VERDICT) },
	{ "inject without right", CHANGE, VERDICT(INJECT, 1, BYTES(28, 1, { 0, 100 })),
	  SAYS(RIGHT_INJECT) },
};

static inline bool inter_verdict_holds(const struct inter_verdict_row *row)
{
	u32 total = 0;

	return unet_inter_verdict_check(&row->v, row->rights, 65536, &total) ==
	       row->is && (row->is || total == row->total);
}

VECTOR_SET(inter_verdict);

/* ---- changes ---- */

/* A held packet of 100 bytes of payload; what is wanted in its place. */
struct inter_change_row {
	const char *name;
	u32 rights;
	const char *old;
	const char *new;
	u32 payload;	/* that comes with it, beyond the header */
	u16 seg_size;
	enum unet_inter_stat is;
	u32 total;
	u32 held;	/* payload of the held packet, 0: 100 bytes */
};

#define HEAD4(tos, proto, sum, src)	"45" tos "0064 0001 4000 40" proto sum src "0a000102"
#define UDP4(ports, len)	HEAD4("00", "11", "abcd", "0a000001") ports len "1234"
#define TCP4(tos, ports, win)	HEAD4(tos, "06", "abcd", "0a000001") ports \
	"11223344 55667788 5010" win "9999 0000"
#define HEAD6(class, len, proto, src)	"6" class "000000" len proto "40" src \
	"20010db8 00000001 00000000 00008002"
#define UDP6(ports, len)	HEAD6("0", "006c", "11", LOCAL6) ports len "1234"
#define TCP6(class, ports)	HEAD6(class, "0078", "06", LOCAL6) ports \
	"11223344 55667788 5010 1000 9999 0000"
#define PORTS	"0050 03e7"
#define FLAG4(tos, flags, ttl)	"45" tos "0080 0001" flags ttl \
	"11 abcd 0a000001 0a000102" PORTS "006c1234"

static const struct inter_change_row inter_change_rows[] = {
	{ "the same", CHANGE, UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 100, 0,
	  SAYS(NONE), 128 },
	{ "what the kernel fills in may be anything", CHANGE, UDP4(PORTS, "006c"),
	  "4500ffff 0001 4000 4011 0000 0a000001 0a000102" PORTS "ffff ffff", 100, 0,
	  SAYS(NONE), 128 },
	{ "a shorter datagram", CHANGE, UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 7, 0,
	  SAYS(NONE), 35 },
	{ "a longer datagram", CHANGE, UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 900, 0,
	  SAYS(NONE), 928 },
	{ "an empty datagram", CHANGE, UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 0, 0,
	  SAYS(NONE), 28 },
	{ "a shorter super packet", CHANGE, UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 99, 50,
	  SAYS(BAD_LENGTH) },
	{ "as much of a stream", CHANGE, TCP4("00", PORTS, "1000"),
	  TCP4("00", PORTS, "1000"), 100, 0, SAYS(NONE), 140 },
	{ "less of a stream", CHANGE, TCP4("00", PORTS, "1000"),
	  TCP4("00", PORTS, "1000"), 99, 0, SAYS(BAD_LENGTH) },
	{ "more of a stream", CHANGE, TCP4("00", PORTS, "1000"),
	  TCP4("00", PORTS, "1000"), 101, 0, SAYS(BAD_LENGTH) },
	{ "a header byte without the right", CHANGE, TCP4("00", PORTS, "1000"),
	  TCP4("28", PORTS, "1000"), 100, 0, SAYS(RIGHT_HEADERS) },
	{ "a window without the right", CHANGE, TCP4("00", PORTS, "1000"),
	  TCP4("00", PORTS, "1001"), 100, 0, SAYS(RIGHT_HEADERS) },
	{ "a header byte by right", SEE | MAY(MODIFY_HEADERS),
	  TCP4("00", PORTS, "1000"), TCP4("28", PORTS, "1001"), 0, 0, SAYS(NONE), 140 },
	{ "payload along with it", SEE | MAY(MODIFY_HEADERS),
	  TCP4("00", PORTS, "1000"), TCP4("28", PORTS, "1000"), 100, 0,
	  SAYS(RIGHT_PAYLOAD) },
	{ "another source", CHANGE | MAY(MODIFY_HEADERS), UDP4(PORTS, "006c"),
	  HEAD4("00", "11", "abcd", "0a000002") PORTS "006c1234", 100, 0, SAYS(SPOOF) },
	{ "another local port", CHANGE | MAY(MODIFY_HEADERS), UDP4(PORTS, "006c"),
	  UDP4("0051 03e7", "006c"), 100, 0, SAYS(SPOOF) },
	{ "another remote port", CHANGE | MAY(MODIFY_HEADERS), UDP4(PORTS, "006c"),
	  UDP4("0050 03e8", "006c"), 100, 0, SAYS(SPOOF) },
	{ "another protocol", CHANGE | MAY(MODIFY_HEADERS), UDP4(PORTS, "006c"),
	  HEAD4("00", "84", "abcd", "0a000001") PORTS "006c1234", 100, 0, SAYS(SPOOF) },
	{ "no version", CHANGE, UDP4(PORTS, "006c"),
	  "0500 0064 0001 4000 4011 0000 0a000001 0a000102" PORTS "ffff ffff", 100, 0,
	  SAYS(BAD_HEADER) },
	{ "a shorter header", CHANGE | MAY(MODIFY_HEADERS), TCP4("00", PORTS, "1000"),
	  UDP4(PORTS, "006c"), 112, 0, SAYS(BAD_LENGTH) },
	{ "the same of IPv6", CHANGE, UDP6(PORTS, "006c"), UDP6(PORTS, "006c"), 100, 0,
	  SAYS(NONE), 148 },
	{ "a longer datagram of IPv6", CHANGE, UDP6(PORTS, "006c"), UDP6(PORTS, "ffff"),
	  900, 0, SAYS(NONE), 948 },
	{ "a class without the right", CHANGE, TCP6("0", PORTS), TCP6("b", PORTS), 100, 0,
	  SAYS(RIGHT_HEADERS) },
	{ "a class by right", SEE | MAY(MODIFY_HEADERS), TCP6("0", PORTS),
	  TCP6("b", PORTS), 0, 0, SAYS(NONE), 160 },
	{ "another source of IPv6", CHANGE | MAY(MODIFY_HEADERS), UDP6(PORTS, "006c"),
	  HEAD6("0", "006c", "11", "20010db8 00000000 00000000 00000002") PORTS "006c1234",
	  100, 0, SAYS(SPOOF) },
	{ "a fragment", CHANGE | MAY(MODIFY_HEADERS), UDP4(PORTS, "006c"),
	  "45000064 0001 2000 4011 0000 0a000001 0a000102" PORTS "ffff ffff", 100, 0,
	  SAYS(BAD_HEADER) },
	{ "of one from port 0", MARK, UDP4("0000 03e7", "006c"),
	  HEAD4("28", "11", "abcd", "0a000001") "0000 03e7 006c 1234", 0, 0,
	  SAYS(UNSENDABLE) },
	{ "a port 0 of its own", MARK, UDP4(PORTS, "006c"), UDP4("0000 03e7", "006c"), 0, 0,
	  SAYS(BAD_HEADER) },
	{ "of one with a flag", MARK, FLAG4("00", "8000", "40"), FLAG4("28", "8000", "40"),
	  0, 0, SAYS(UNSENDABLE) },
	{ "that flag taken away", MARK, FLAG4("00", "8000", "40"),
	  FLAG4("28", "0000", "40"), 0, 0, SAYS(NONE), 128 },
	{ "of one without time", MARK, FLAG4("00", "4000", "00"), FLAG4("28", "4000", "00"),
	  0, 0, SAYS(UNSENDABLE) },
	{ "time given to it", MARK, FLAG4("00", "4000", "00"), FLAG4("28", "4000", "40"),
	  0, 0, SAYS(NONE), 128 },
	{ "of one without time, to another end", MARK, FLAG4("00", "4000", "00"),
	  UDP4("0050 03e8", "006c"), 0, 0, SAYS(SPOOF) },
	{ "of a datagram that ends before its packet", MARK, UDP4(PORTS, "006b"),
	  UDP4(PORTS, "006b"), 0, 0, SAYS(UNSENDABLE) },
	{ "likewise with its bytes", CHANGE, UDP4(PORTS, "0008"), UDP4(PORTS, "006c"),
	  100, 0, SAYS(UNSENDABLE) },
	{ "of the largest super packet", MARK, TCP4("00", PORTS, "1000"),
	  TCP4("28", PORTS, "1000"), 0, 1400, SAYS(NONE), 65535, .held = 65495 },
	{ "of a larger one", MARK, TCP4("00", PORTS, "1000"), TCP4("28", PORTS, "1000"),
	  0, 1400, SAYS(UNSENDABLE), .held = 65496 },
	{ "of a larger one of IPv6", MARK, TCP6("0", PORTS), TCP6("b", PORTS), 0, 1400,
	  SAYS(UNSENDABLE), .held = 200000 },
	{ "likewise with its first bytes", CHANGE, TCP6("0", PORTS), TCP6("0", PORTS),
	  65000, 1400, SAYS(UNSENDABLE), .held = 200000 },
	{ "of one with extension headers", MARK,
	  HEAD6("0", "0074", "00", LOCAL6) "11000000 00000000" PORTS "006c1234",
	  HEAD6("b", "0074", "00", LOCAL6) "11000000 00000000" PORTS "006c1234", 0, 0,
	  SAYS(UNSENDABLE) },
};

static inline bool inter_change_holds(const struct inter_change_row *row)
{
	u8 old[UNET_TX_MAX_HEADER], new[UNET_TX_MAX_HEADER];
	struct unet_inter_change c = {
		.rights = row->rights, .old = old, .new = new,
		.seg_size = row->seg_size,
	};
	struct unet_tx_info info;
	u32 total = 0;

	c.old_header = vector_bytes(row->old, old, sizeof(old));
	c.new_header = vector_bytes(row->new, new, sizeof(new));
	c.old_total = c.old_header + (row->held ?: 100);
	c.new_total = c.new_header + row->payload;
	return unet_inter_change_check(&c, &total, &info) == row->is &&
	       (row->is || (total == row->total &&
			    info.header_len + info.payload == total));
}

VECTOR_SET(inter_change);

/* ---- changes without a doubt ---- */

/*
 * A held packet of 100 bytes of payload, and its headers in its place but for one of @bits in
 * one of the bytes from @first to @last: any of them comes to the same.
 */
struct inter_plain_row {
	const char *name;
	const char *old;
	u32 l4_offset;
	u32 first;
	u32 last;
	u8 bits;	/* 0: not even that */
	bool plain;
	bool in_old;	/* the bit is another in the held packet */
	u32 rights;	/* 0: to modify headers */
	u32 payload;	/* that comes with the new header */
	s32 longer;	/* bytes the new header is, zeroes */
	u16 seg_size;
	u32 held;	/* payload of the held packet, 0: 100 bytes */
	const char *new; /* headers in its place, NULL: the same */
};

#define HELD4(len, frag, ttl, proto)	"4500" len "0001" frag ttl proto "abcd" \
	"0a000001 0a000102"
#define HELD6(len, proto)	HEAD6("0", len, proto, LOCAL6)
#define BY_UDP(ports)	ports "006c 1234"
#define BY_TCP(flags)	PORTS "11223344 55667788 50" flags "1000 9999 0000"
#define BY_TCP_WITH(opt)	PORTS "11223344 55667788 6010 1000 9999 0000" opt
#define ONE_UDP4	HELD4("0080", "4000", "40", "11") BY_UDP(PORTS), 20
#define ONE_TCP4(flags)	HELD4("008c", "4000", "40", "06") BY_TCP(flags), 20
#define ONE_UDP6	HELD6("006c", "11") BY_UDP(PORTS), 40
#define ONE_TCP6	HELD6("0078", "06") BY_TCP("10"), 40
#define NO_BIT		0, 0, 0
#define ANY_BIT		0xff
#define WITH_PAYLOAD	.rights = CHANGE, .payload = 100

static const struct inter_plain_row inter_plain_rows[] = {
	{ "the same", ONE_UDP4, NO_BIT, true },
	{ "the same of TCP", ONE_TCP4("10"), NO_BIT, true },
	{ "the same of IPv6", ONE_UDP6, NO_BIT, true },
	{ "the same of IPv6 and TCP", ONE_TCP6, NO_BIT, true },
	{ "version, header length", ONE_UDP4, 0, 0, ANY_BIT, false },
	{ "TOS", ONE_UDP4, 1, 1, ANY_BIT, true },
	{ "length, identification", ONE_TCP4("10"), 2, 5, ANY_BIT, true },
	{ "DF", ONE_UDP4, 6, 6, 0x40, true },
	{ "MF, the reserved flag, offset", ONE_UDP4, 6, 6, 0xbf, false },
	{ "the rest of the offset", ONE_UDP4, 7, 7, ANY_BIT, false },
	{ "TTL", ONE_TCP4("10"), 8, 8, 0xbf, true },
	{ "a TTL of 0", ONE_TCP4("10"), 8, 8, 0x40, false },
	{ "protocol", ONE_UDP4, 9, 9, ANY_BIT, false },
	{ "checksum", ONE_UDP4, 10, 11, ANY_BIT, true },
	{ "addresses", ONE_UDP4, 12, 19, ANY_BIT, false },
	{ "ports, length, checksum of UDP", ONE_UDP4, 20, 27, ANY_BIT, false },
	{ "anything of TCP", ONE_TCP4("10"), 20, 39, ANY_BIT, false },
	{ "options of TCP, the same", HELD4("0090", "4000", "40", "06")
	  BY_TCP_WITH("01010101"), 20, NO_BIT, true },
	{ "options of TCP", HELD4("0090", "4000", "40", "06")
	  BY_TCP_WITH("01010101"), 20, 40, 43, ANY_BIT, false },
	{ "version of IPv6", ONE_UDP6, 0, 0, 0xf0, false },
	{ "traffic class", ONE_UDP6, 0, 0, 0x0f, true },
	{ "its rest, flow label, length", ONE_TCP6, 1, 5, ANY_BIT, true },
	{ "next header", ONE_UDP6, 6, 6, ANY_BIT, false },
	{ "hop limit", ONE_UDP6, 7, 7, 0xbf, true },
	{ "a hop limit of 0", ONE_UDP6, 7, 7, 0x40, false },
	{ "addresses of IPv6", ONE_UDP6, 8, 39, ANY_BIT, false },
	{ "anything of UDP over IPv6", ONE_UDP6, 40, 47, ANY_BIT, false },
	{ "anything of TCP over IPv6", ONE_TCP6, 40, 59, ANY_BIT, false },

	{ "IPv6 for IPv4", "4a000094 006c 0000 4011 abcd 0a000001 0a000102"
	  "00000000 00000000 00000000 00000000 00000001" BY_UDP(PORTS), 40, NO_BIT, false,
	  .new = "60000094 006c 0040 4011 abcd 0a000001 0a000102"
	  "00000000 00000000 00000000 00000000 00000001" BY_UDP(PORTS) },
	{ "of another length", ONE_TCP4("10"), 2, 3, ANY_BIT, false, true },
	{ "of another length of IPv6", ONE_TCP6, 4, 5, ANY_BIT, false, true },
	{ "of another protocol", ONE_UDP4, 9, 9, ANY_BIT, false, true },
	{ "of other addresses", ONE_UDP4, 12, 19, ANY_BIT, false, true },
	{ "of another TOS", ONE_UDP4, 1, 1, ANY_BIT, true, true },
	{ "a TTL for one without", HELD4("008c", "4000", "00", "06") BY_TCP("10"), 20,
	  8, 8, ANY_BIT, true },
	{ "of one without TTL", HELD4("008c", "4000", "00", "06") BY_TCP("10"), 20,
	  NO_BIT, false },
	{ "of one with the reserved flag", HELD4("008c", "8000", "40", "06") BY_TCP("10"), 20,
	  NO_BIT, false },
	{ "the reserved flag taken away", HELD4("008c", "8000", "40", "06") BY_TCP("10"), 20,
	  6, 6, 0x80, true },
	{ "of a fragment", HELD4("008c", "2000", "40", "06") BY_TCP("10"), 20, NO_BIT, false },
	{ "of one with options", "46000084 0001 4000 4011 abcd 0a000001 0a000102 01010101"
	  BY_UDP(PORTS), 24, NO_BIT, false },
	{ "of one with extension headers", HELD6("0074", "00") "11000000 00000000"
	  BY_UDP(PORTS), 48, NO_BIT, false },
	{ "of one to nobody", "45000080 0001 4000 4011 abcd 0a000001 00000000"
	  BY_UDP(PORTS), 20, NO_BIT, false },
	{ "of one to nobody of IPv6", "60000000 006c 1140" LOCAL6
	  "00000000 00000000 00000000 00000000" BY_UDP(PORTS), 40, NO_BIT, false },
	{ "of one to half an address", "60000000 006c 1140" LOCAL6
	  "20010db8 00000001 00000000 00000000" BY_UDP(PORTS), 40, NO_BIT, true },
	{ "of one to the other half", "60000000 006c 1140" LOCAL6
	  "00000000 00000000 00000000 00008002" BY_UDP(PORTS), 40, NO_BIT, true },
	{ "of one from port 0", HELD4("0080", "4000", "40", "11") BY_UDP("0000 03e7"), 20,
	  NO_BIT, false },
	{ "of one to port 0", HELD4("0080", "4000", "40", "11") BY_UDP("0050 0000"), 20,
	  NO_BIT, false },
	{ "of a datagram that ends before its packet", HELD4("0080", "4000", "40", "11")
	  PORTS "006b 1234", 20, NO_BIT, false },
	{ "of one without L4", HELD4("0078", "4000", "40", "11"), 20, NO_BIT, false },
	{ "of one of another protocol", HELD4("0080", "4000", "40", "84") BY_UDP(PORTS), 20,
	  NO_BIT, false },
	{ "of a SYN", ONE_TCP4("02"), NO_BIT, true },
	{ "of a super packet", ONE_TCP4("19"), NO_BIT, true, .seg_size = 50 },
	{ "of a super packet of UDP", ONE_UDP4, NO_BIT, true, .seg_size = 50 },
	{ "of one with SYN", ONE_TCP4("12"), NO_BIT, false, .seg_size = 50 },
	{ "of one with RST", ONE_TCP4("14"), NO_BIT, false, .seg_size = 50 },
	{ "of one with URG", ONE_TCP4("30"), NO_BIT, false, .seg_size = 50 },
	{ "of the largest super packet", HELD4("ffff", "4000", "40", "06") BY_TCP("10"), 20,
	  1, 1, ANY_BIT, true, .seg_size = 1400, .held = 65495 },
	{ "of a larger one", HELD4("0000", "4000", "40", "06") BY_TCP("10"), 20,
	  NO_BIT, false, .seg_size = 1400, .held = 65496 },
	{ "of the largest of IPv6", HELD6("ffd7", "06") BY_TCP("10"), 40,
	  1, 3, ANY_BIT, true, .seg_size = 1400, .held = 65475 },
	{ "of a larger one of IPv6", HELD6("ffd8", "06") BY_TCP("10"), 40,
	  NO_BIT, false, .seg_size = 1400, .held = 65476 },

	{ "with the right to drop", ONE_UDP4, 1, 1, ANY_BIT, true, .rights = MARK | MAY(DROP) },
	{ "nothing, without a right", ONE_UDP4, NO_BIT, true, .rights = SEE },
	{ "a header without the right", ONE_UDP4, 0, 27, ANY_BIT, false, .rights = SEE },
	{ "payload without the right", ONE_UDP4, NO_BIT, false, .payload = 100 },
	{ "a byte of it without the right", ONE_UDP4, NO_BIT, false, .payload = 1 },
	{ "payload", ONE_UDP4, NO_BIT, true, WITH_PAYLOAD },
	{ "payload of TCP", ONE_TCP4("10"), NO_BIT, true, WITH_PAYLOAD },
	{ "payload of a super packet of IPv6", ONE_TCP6, NO_BIT, true, WITH_PAYLOAD,
	  .seg_size = 50 },
	{ "payload, and a header without the right", ONE_UDP4, 0, 27, ANY_BIT, false,
	  WITH_PAYLOAD },
	{ "likewise of IPv6", ONE_TCP6, 0, 59, ANY_BIT, false, WITH_PAYLOAD },
	{ "payload, and TOS by right", ONE_UDP4, 1, 1, ANY_BIT, true,
	  .rights = MARK | CHANGE, .payload = 100 },
	{ "payload, and L4 by right", ONE_UDP4, 20, 27, ANY_BIT, false,
	  .rights = MARK | CHANGE, .payload = 100 },
	{ "longer payload", ONE_UDP4, NO_BIT, false, .rights = CHANGE, .payload = 101 },
	{ "shorter payload", ONE_UDP4, NO_BIT, false, .rights = CHANGE, .payload = 99 },
	{ "no payload", ONE_UDP4, NO_BIT, false, .rights = CHANGE },
	{ "no payload, TOS by right", ONE_UDP4, 1, 1, ANY_BIT, false,
	  .rights = MARK | CHANGE },
	{ "a longer header", ONE_TCP4("10"), NO_BIT, false, .longer = 4 },
	{ "a shorter header", HELD4("0090", "4000", "40", "06") BY_TCP_WITH("01010101"), 20,
	  NO_BIT, false, .longer = -4 },
	{ "a longer header, less payload", ONE_TCP4("10"), NO_BIT, false,
	  .rights = MARK | CHANGE, .longer = 4, .payload = 96 },
};

static inline bool inter_plain_is(const struct inter_plain_row *row, u32 at, u8 bit)
{
	u8 old[UNET_TX_MAX_HEADER] = { 0 }, new[UNET_TX_MAX_HEADER];
	struct unet_inter_change c = {
		.rights = row->rights ?: MARK, .old = old, .new = new,
		.seg_size = row->seg_size,
	};
	struct unet_tx_info info;
	u32 total = 0;

	c.old_header = vector_bytes(row->old, old, sizeof(old));
	memcpy(new, old, sizeof(new));
	if (row->new)
		vector_bytes(row->new, new, sizeof(new));
	(row->in_old ? old : new)[at] ^= bit;
	c.new_header = c.old_header + row->longer;
	c.old_total = c.old_header + (row->held ?: 100);
	c.new_total = c.new_header + row->payload;
	if (unet_inter_change_plain(&c, row->l4_offset) != row->plain)
		return false;
	return !row->plain || (!unet_inter_change_check(&c, &total, &info) &&
			       total == c.old_total && info.l4_offset == row->l4_offset);
}

static inline bool inter_plain_holds(const struct inter_plain_row *row)
{
	u32 at, bit;

	for (at = row->first; at <= row->last; at++)
		for (bit = 1; bit < 256; bit <<= 1)
			if (row->bits & bit && !inter_plain_is(row, at, (u8)bit))
				return false;
	return row->bits || inter_plain_is(row, 0, 0);
}

VECTOR_SET(inter_plain);

/* ---- packets of its own ---- */

/* Into the flow of a held packet; @payload bytes come with the new header. */
struct inter_inject_row {
	const char *name;
	const char *old;
	const char *new;
	u32 payload;
	u16 seg_size;
	enum unet_inter_stat is;
};

#define PING4	HEAD4("00", "01", "abcd", "0a000001") "0800 0000 0001 0001"

static const struct inter_inject_row inter_inject_rows[] = {
	{ "one like it", UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 100, 0, SAYS(NONE) },
	{ "an empty one", UDP4(PORTS, "006c"), UDP4(PORTS, "0008"), 0, 0, SAYS(NONE) },
	{ "a longer one", UDP4(PORTS, "006c"), UDP4(PORTS, "006c"), 1400, 0, SAYS(NONE) },
	{ "a segment", TCP4("00", PORTS, "1000"), TCP4("28", PORTS, "0001"), 5, 0,
	  SAYS(NONE) },
	{ "with longer headers than the held one", TCP4("00", PORTS, "1000"),
	  HEAD4("00", "06", "abcd", "0a000001") PORTS
	  "11223344 55667788 6010 1000 9999 0000 01010101", 5, 0, SAYS(NONE) },
	{ "of IPv6", UDP6(PORTS, "006c"), UDP6(PORTS, "006c"), 100, 0, SAYS(NONE) },
	{ "a segment of IPv6", TCP6("0", PORTS), TCP6("0", PORTS), 100, 0, SAYS(NONE) },
	{ "without ports", PING4, HEAD4("00", "01", "abcd", "0a000001"), 64, 0, SAYS(NONE) },
	{ "without ports, more header than IP's", HEAD4("00", "01", "abcd", "0a000001"),
	  PING4, 56, 0, SAYS(BAD_LENGTH) },
	{ "likewise, as one that came so", PING4, PING4, 56, 0, SAYS(UNSENDABLE) },
	{ "from another source", UDP4(PORTS, "006c"),
	  HEAD4("00", "11", "abcd", "0a000002") PORTS "006c1234", 100, 0, SAYS(SPOOF) },
	{ "to another end", UDP4(PORTS, "006c"),
	  "4500 0064 0001 4000 4011 abcd 0a000001 0a000103" PORTS "006c1234", 100, 0,
	  SAYS(SPOOF) },
	{ "the other way round", UDP4(PORTS, "006c"),
	  "4500 0064 0001 4000 4011 abcd 0a000102 0a000001 03e7 0050 006c1234", 100, 0,
	  SAYS(SPOOF) },
	{ "from another port", UDP4(PORTS, "006c"), UDP4("0051 03e7", "006c"), 100, 0,
	  SAYS(SPOOF) },
	{ "to another port", UDP4(PORTS, "006c"), UDP4("0050 03e8", "006c"), 100, 0,
	  SAYS(SPOOF) },
	{ "of another protocol", UDP4(PORTS, "006c"), TCP4("00", PORTS, "1000"), 100, 0,
	  SAYS(SPOOF) },
	{ "of another family", UDP4(PORTS, "006c"), UDP6(PORTS, "006c"), 100, 0,
	  SAYS(SPOOF) },
	{ "from another source of IPv6", UDP6(PORTS, "006c"),
	  HEAD6("0", "006c", "11", "20010db8 00000000 00000000 00000002") PORTS "006c1234",
	  100, 0, SAYS(SPOOF) },
	{ "to another port of IPv6", TCP6("0", PORTS), TCP6("0", "0050 03e8"), 100, 0, SAYS(SPOOF) },
	{ "no version", UDP4(PORTS, "006c"),
	  "0500 0064 0001 4000 4011 0000 0a000001 0a000102" PORTS "ffff ffff", 100, 0,
	  SAYS(BAD_HEADER) },
	{ "a fragment", UDP4(PORTS, "006c"),
	  "4500 0064 0001 2000 4011 0000 0a000001 0a000102" PORTS "ffff ffff", 100, 0,
	  SAYS(BAD_HEADER) },
	{ "half a header", TCP4("00", PORTS, "1000"),
	  HEAD4("00", "06", "abcd", "0a000001") PORTS "11223344", 100, 0,
	  SAYS(BAD_HEADER) },
	{ "for a held packet that is none", "4500", UDP4(PORTS, "006c"), 100, 0,
	  SAYS(UNSENDABLE) },
	{ "for a held one without its ports", HEAD4("00", "11", "abcd", "0a000001"),
	  UDP4(PORTS, "006c"), 100, 0, SAYS(UNSENDABLE) },
};

static inline bool inter_inject_holds(const struct inter_inject_row *row)
{
	u8 old[UNET_TX_MAX_HEADER], new[UNET_TX_MAX_HEADER];
	struct unet_inter_change c = {
		.rights = UNET_INTER_INJECT, .old = old, .new = new,
		.seg_size = row->seg_size,
	};
	struct unet_tx_info info;

	c.old_header = vector_bytes(row->old, old, sizeof(old));
	c.new_header = vector_bytes(row->new, new, sizeof(new));
	c.old_total = c.old_header + 100;
	c.new_total = c.new_header + row->payload;
	return unet_inter_inject_check(&c, &info) == row->is &&
	       (row->is || (info.header_len == c.new_header &&
			    info.payload == row->payload));
}

VECTOR_SET(inter_inject);

#endif /* _UNET_VECTORS_INTER_CHECK_H */
