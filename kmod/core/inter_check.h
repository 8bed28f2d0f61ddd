/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What an intermediary may: the terms of a grant, which flows they are about, which
 * tokens and verdicts are good, and what of a packet a verdict may change.
 *
 * Everything here works on private copies, as in core/tx_check.h.
 */
#ifndef _UNET_CORE_INTER_CHECK_H
#define _UNET_CORE_INTER_CHECK_H

#include <linux/unet.h>
#include "core/flow_key.h"
#include "core/pattern.h"
#include "core/tx_check.h"
#include "core/type_match.h"
#include "core_os.h"

/* ---- terms of a grant -------------------------------------------------- */

#define UNET_INTER_MAX_HOLD_MS	10000u
#define UNET_INTER_MAX_AFTER_MS	3600000u
#define UNET_INTER_MAX_BACKLOG	16384u
#define UNET_INTER_MAX_BYTES	(256u << 20)
#define UNET_INTER_MIN_BYTES	65536u	/* a super packet */

/**
 * struct unet_inter_terms - what was granted
 * @rights:	UNET_INTER_*
 * @directions:	UNET_INTER_INBOUND, UNET_INTER_OUTBOUND
 * @policy:	enum unet_inter_policy
 * @after_ms:	with UNET_INTER_FAIL_AFTER
 * @hold_ms:	longest time to a verdict
 * @backlog:	most packets held
 * @backlog_bytes: most bytes of packets held
 * @copy_bytes:	most bytes of a packet that are shown
 * @violations:	that end the claim; 0: none do
 * @priority:	lowest is next to the device
 * @local:	local address, IPv4 in the first word, rest zero
 * @remote:	likewise
 * @local_port:	0: any
 * @remote_port: 0: any
 * @redirect_port: where UNET_VERDICT_REDIRECT leads
 * @local_bits:	of @local that count, 0: any
 * @remote_bits: likewise
 * @family:	4 or 6; 0: any
 * @proto:	IP protocol, when @any_proto is not set
 * @any_proto:	any
 * @num_patterns: entries of @pattern
 * @pattern:	bytes of the payload that all must hold
 */
struct unet_inter_terms {
	u32 rights;
	u32 directions;
	u32 policy;
	u32 after_ms;
	u32 hold_ms;
	u32 backlog;
	u32 backlog_bytes;
	u32 copy_bytes;
	u32 violations;
	s32 priority;
	__be32 local[4];
	__be32 remote[4];
	__be16 local_port;
	__be16 remote_port;
	__be16 redirect_port;
	u8 local_bits;
	u8 remote_bits;
	u8 family;
	u8 proto;
	bool any_proto;
	u8 num_patterns;
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
};

/* what is not said: every flow both ways, seen whole, fail open; no rights */
void unet_inter_terms_default(struct unet_inter_terms *terms);

/**
 * struct unet_inter_fault - what is wrong with terms
 * @attr:	UNET_IA_* that says it
 * @text:	what is allowed
 */
struct unet_inter_fault {
	u32 attr;
	const char *text;
};

/**
 * unet_inter_terms_check() - can this be granted?
 * @terms:	private copy
 *
 * Context: any.
 * Return: NULL, or the first thing wrong.
 */
const struct unet_inter_fault *
unet_inter_terms_check(const struct unet_inter_terms *terms);

enum unet_inter_match {
	UNET_MATCH_NO,
	UNET_MATCH_ALL,		/* every packet of the flow */
	UNET_MATCH_SOME,	/* of a flow with less than a 5-tuple: ask for each packet */
};

/**
 * unet_inter_match() - are these terms about a flow?
 * @terms:	checked
 * @key:	of the flow, masked; or complete, of a packet: then never SOME
 *
 * Context: any.
 */
enum unet_inter_match unet_inter_match(const struct unet_inter_terms *terms,
				       const struct unet_flow_key *key);

/**
 * unet_inter_meets() - may these terms be about packets that a rule delivers?
 * @terms:	checked
 * @rule:	of packet types; patterns of both are left aside
 *
 * Context: any.
 * Return: false: about none.
 */
bool unet_inter_meets(const struct unet_inter_terms *terms,
		      const struct unet_type_rule *rule);

/**
 * struct unet_inter_view - which bytes of a packet are shown
 * @len:	bytes from the start of the packet; the others are not there
 * @blank:	so many of them, from the start, are zeroed
 */
struct unet_inter_view {
	u32 len;
	u32 blank;
};

/**
 * unet_inter_view() - what the terms let see of a packet
 * @terms:	checked
 * @info:	of the packet
 */
struct unet_inter_view unet_inter_view(const struct unet_inter_terms *terms,
				       const struct unet_flow_info *info);

/* ---- tokens ------------------------------------------------------------ */

/* What became of a token */
enum unet_inter_token {
	UNET_TOKEN_NONE,	/* not given out */
	UNET_TOKEN_HELD,	/* its packet waits for a verdict */
	UNET_TOKEN_ANSWERED,
	UNET_TOKEN_GONE,	/* its packet went on without */
};

/**
 * struct unet_inter_window - tokens given out: those held, and some of the last
 * @base:	first token, random: another window's tokens are none of this one's
 * @next:	number of the next; those before were given out, or left out
 * @entries:	power of two
 * @entry:	by number & (entries - 1): number * 4 + enum unet_inter_token; zeroes
 *		at first
 *
 * A number whose entry is another's that is held is left out. So who holds one packet
 * keeps no others from being shown.
 */
struct unet_inter_window {
	u64 base;
	u64 next;
	u32 entries;
	u64 *entry;
};

/**
 * unet_inter_token_next() - which token is given out next?
 * @w: window
 *
 * Context: the caller serializes calls for one window, as for those below.
 * Return: token
 */
u64 unet_inter_token_next(struct unet_inter_window *w);

/**
 * unet_inter_token_issue() - give out the next token
 * @w:		window
 * @token:	out
 *
 * Return: index of its entry, or -ENOSPC: @entries are held.
 */
int unet_inter_token_issue(struct unet_inter_window *w, u64 *token);

/**
 * unet_inter_token_find() - is this token good?
 * @w:		window
 * @token:	hostile
 * @index:	out, when good: its entry
 *
 * Return: UNET_INTER_CNT_NONE: held; UNET_INTER_CNT_TOKEN_FOREIGN, _STALE or _DOUBLE.
 */
enum unet_inter_stat unet_inter_token_find(const struct unet_inter_window *w,
					   u64 token, u32 *index);

/* the token of an entry is not held any more */
static inline void unet_inter_token_end(struct unet_inter_window *w, u32 index,
					enum unet_inter_token how)
{
	w->entry[index] = (w->entry[index] & ~3ull) | how;
}

/* ---- verdicts ---------------------------------------------------------- */

/* Refused for what the packet is, or for want of memory: what was asked is sound. */
static inline bool unet_inter_no_fault(u32 why)
{
	return why == UNET_INTER_CNT_BAD_CSUM || why == UNET_INTER_CNT_UNSENDABLE ||
	       why == UNET_INTER_CNT_NO_MEMORY;
}

/**
 * unet_inter_verdict_check() - are the numbers sound, and is there a right to it?
 * @v:		private copy
 * @rights:	UNET_INTER_*
 * @tx_bytes:	bytes of the TX region
 * @total:	out: L3 bytes named by the extents for each packet, 0 without
 *
 * Context: any.
 * Return: UNET_INTER_CNT_NONE; _BAD_VERDICT, _BAD_EXTENT, _BAD_LENGTH or _RIGHT_*.
 */
enum unet_inter_stat unet_inter_verdict_check(const struct unet_inter_verdict *v,
					      u32 rights, u32 tx_bytes,
					      u32 *total);

/**
 * struct unet_inter_change - what a verdict wants to put in place of a packet
 * @rights:	UNET_INTER_*
 * @old:	headers of the held packet
 * @new:	headers wanted, private copy
 * @old_header:	bytes of @old
 * @new_header:	bytes of @new
 * @old_total:	L3 bytes of the held packet
 * @new_total:	L3 bytes named by the verdict
 * @seg_size:	of a super packet, else 0
 */
struct unet_inter_change {
	u32 rights;
	const u8 *old;
	const u8 *new;
	u32 old_header;
	u32 new_header;
	u32 old_total;
	u32 new_total;
	u16 seg_size;
};

/**
 * unet_inter_change_check() - may it?
 * @c:		change
 * @total:	out: L3 bytes of the packet as it is to be
 * @info:	out: of the new header, good for unet_tx_header_fix()
 *
 * Without the right to modify payload @new_total is @new_header, and @total counts the
 * payload of the held packet. Without the right to modify headers @new differs from
 * @old only in what the kernel fills in. Whether payload that came along is the old
 * one needs no check then: with the right it may differ.
 *
 * Context: any.
 * Return: UNET_INTER_CNT_NONE; _RIGHT_HEADERS, _RIGHT_PAYLOAD, _BAD_HEADER,
 * _BAD_LENGTH or _SPOOF; _UNSENDABLE: what would be one of these, but is so already of
 * the held packet.
 */
enum unet_inter_stat unet_inter_change_check(const struct unet_inter_change *c,
					     u32 *total,
					     struct unet_tx_info *info);

/**
 * unet_inter_change_plain() - is there no doubt that it may?
 * @c:		change
 * @l4_offset:	of the held packet, within its headers
 *
 * Most changes are such: other numbers in an IP header without options, or other payload
 * of the same length.
 *
 * Context: any.
 * Return: true: unet_inter_change_check() would say UNET_INTER_CNT_NONE, as many bytes as
 * before, and no L4 header but the one that was; false: ask it.
 */
bool unet_inter_change_plain(const struct unet_inter_change *c, u32 l4_offset);

/**
 * unet_inter_inject_check() - may this go into the flow of a held packet?
 * @c:		@old is of the held packet, whose ends and protocol it must have
 * @info:	out: of the new header
 *
 * Context: any.
 * Return: UNET_INTER_CNT_NONE; _BAD_HEADER, _BAD_LENGTH, _SPOOF or _UNSENDABLE.
 */
enum unet_inter_stat unet_inter_inject_check(const struct unet_inter_change *c,
					     struct unet_tx_info *info);

#endif /* _UNET_CORE_INTER_CHECK_H */
