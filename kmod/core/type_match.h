/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Packet types: is a rule sound, which of two comes first, what do they have in
 * common, and which rules select a packet.
 *
 * Rules are compiled into a set, which is then only read. For each direction and
 * kind of number a set has a table of spans, disjoint, in order:
 *
 *   number   0 ....... 7000 ......... 7009 ....... 65535
 *   rules             |  3   | 3 5  |  5  |
 *
 * A span lists the rules that cover it, first to be asked first, and ends with the
 * first that takes whatever comes. So a look-up is a binary search and the walk of
 * a short list, with one rule or with thousands.
 */
#ifndef _UNET_CORE_TYPE_MATCH_H
#define _UNET_CORE_TYPE_MATCH_H

#include <linux/unet.h>
#include "core_os.h"
#include "core/flow_key.h"
#include "core/pattern.h"
#include "core/tx_check.h"

/**
 * struct unet_type_rule - what a rule selects, and its place
 * @id:		unique; never 0
 * @specificity: from unet_type_rule_set()
 * @flags:	UNET_TYPE_*
 * @first:	smallest number
 * @last:	largest number
 * @priority:	1 to 65535
 * @layer:	enum unet_type_layer
 * @direction:	UNET_TYPE_RX, UNET_TYPE_TX
 * @proto:	of ports
 * @family:	4, 6 or 0: any
 * @local_bits:	that count of @local
 * @remote_bits: that count of @remote
 * @num_patterns: entries of @pattern
 * @bound:	it is for one device, not for any
 * @user:	it is an ordinary user's: of those that may wait for a number only half are,
 *		and nobody else's sends are its to drop
 * @local:	address, IPv4 in the first word
 * @remote:	address
 * @pattern:	all must hold
 */
struct unet_type_rule {
	u32 id;
	u32 specificity;
	u32 flags;
	u16 first;
	u16 last;
	u16 priority;
	u8 layer;
	u8 direction;
	u8 proto;
	u8 family;
	u8 local_bits;
	u8 remote_bits;
	u8 num_patterns;
	bool bound;
	bool user;
	__be32 local[4];
	__be32 remote[4];
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
};

/**
 * unet_type_spec_check() - is a request sound in itself?
 * @spec: private copy of what a stranger wrote
 *
 * Rights, the action's own members and what others have are the caller's to check.
 *
 * Context: any.
 * Return: UNET_TYPE_GRANTED, or the reason why not.
 */
enum unet_type_reason unet_type_spec_check(const struct unet_type_spec *spec);

/**
 * unet_type_privileged() - does it claim a protocol most of the host lives by?
 * @spec: sound
 *
 * TCP, UDP, ICMP, ICMPv6, and what any of them may be behind: IPv6 extension headers.
 *
 * Context: any.
 */
bool unet_type_privileged(const struct unet_type_spec *spec);

/**
 * unet_type_rule_set() - a rule from a request
 * @rule:	out
 * @spec:	sound, with priority and numbers filled in
 * @id:		of the rule
 * @bound:	it is for one device
 *
 * Context: any.
 */
void unet_type_rule_set(struct unet_type_rule *rule,
			const struct unet_type_spec *spec, u32 id, bool bound);

/**
 * unet_type_rule_cmp() - which comes first?
 * @a: one
 * @b: another
 *
 * Context: any.
 * Return: negative when @a does, positive when @b does; 0 only for the same id.
 */
int unet_type_rule_cmp(const struct unet_type_rule *a,
		       const struct unet_type_rule *b);

/**
 * unet_type_rule_same() - do two rules select just the same?
 * @a: one
 * @b: another; both for the same devices
 *
 * Context: any.
 */
bool unet_type_rule_same(const struct unet_type_rule *a,
			 const struct unet_type_rule *b);

/**
 * unet_type_rule_shares() - do two rules wait behind each other for some number?
 * @a: one
 * @b: another; both for one device at least
 *
 * Context: any.
 * Return: true, whatever else they ask of a packet.
 */
bool unet_type_rule_shares(const struct unet_type_rule *a,
			   const struct unet_type_rule *b);

/**
 * unet_type_rule_overlap() - may a packet be selected by both?
 * @a: one
 * @b: another; both for one device at least
 *
 * Context: any.
 * Return: false when none can.
 */
bool unet_type_rule_overlap(const struct unet_type_rule *a,
			    const struct unet_type_rule *b);

/* ---- what its owner may send --------------------------------------------- */

#define UNET_FRAME_HEADER	14u	/* Ethernet, untagged */

/**
 * unet_type_send_check() - may the owner of a rule send this packet?
 * @rule:	by IP protocol or port
 * @hdr:	private copy of the first @hdr_len bytes of the send
 * @hdr_len:	header_len of a sound slot
 * @total:	L3 bytes of the send
 * @seg_size:	of the slot
 * @info:	out, when UNET_CNT_NONE
 *
 * As unet_tx_header_check(), for whatever the rule selects. TCP and UDP are sent by
 * rules of their ports only: whole protocols have many owners.
 *
 * Context: any.
 * Return: UNET_CNT_NONE when it may, else UNET_CNT_TX_*.
 */
enum unet_counter unet_type_send_check(const struct unet_type_rule *rule,
				       const void *hdr, u32 hdr_len, u32 total,
				       u16 seg_size, struct unet_tx_info *info);

/**
 * unet_type_frame_check() - may the owner of a rule send this frame?
 * @rule:	by ethertype
 * @hdr:	private copy of the first @hdr_len bytes, at least UNET_FRAME_HEADER
 * @hdr_len:	header_len of a sound slot
 * @total:	bytes of the frame
 * @seg_size:	of the slot
 * @mac:	6 bytes, the device's address
 * @largest:	frame the device takes, Ethernet header included
 * @info:	out, when UNET_CNT_NONE; family 0
 *
 * Context: any.
 * Return: UNET_CNT_NONE when it may, else UNET_CNT_TX_*.
 */
enum unet_counter unet_type_frame_check(const struct unet_type_rule *rule,
					const void *hdr, u32 hdr_len, u32 total,
					u16 seg_size, const u8 *mac,
					u32 largest, struct unet_tx_info *info);

/* ---- sets ---------------------------------------------------------------- */

/* Numbers of a kind, each with a table of its own. */
enum unet_type_kind {
	UNET_KIND_ETHERTYPE,
	UNET_KIND_PROTO,
	UNET_KIND_TCP,
	UNET_KIND_UDP,
	UNET_KIND_COUNT
};

/**
 * struct unet_type_span - numbers that are covered by the same rules
 * @first:	smallest; the next span begins behind the largest
 * @count:	entries of @rule
 * @closed:	the last of them takes whatever comes
 * @rule:	indices of rules, in their order
 */
struct unet_type_span {
	u16 first;
	u8 count;
	bool closed;
	u16 rule[UNET_TYPE_OVERLAP];
};

/**
 * struct unet_type_table - spans of one kind in one direction
 * @span:	in order
 * @num:	how many; 0: no rule
 */
struct unet_type_table {
	struct unet_type_span *span;
	u32 num;
};

/**
 * struct unet_type_set - rules, ready to be looked up
 * @rule:	in their order, see unet_type_rule_cmp()
 * @num:	how many, at most 65535
 * @table:	by direction (0: received) and enum unet_type_kind
 */
struct unet_type_set {
	const struct unet_type_rule *const *rule;
	u32 num;
	struct unet_type_table table[2][UNET_KIND_COUNT];
};

#define UNET_TYPE_MARK_WORDS	(65536 / 32)

/**
 * unet_type_set_spans() - the most spans rules can make
 * @rule:	rules
 * @num:	how many
 *
 * Context: any.
 */
u32 unet_type_set_spans(const struct unet_type_rule *const *rule, u32 num);

/**
 * unet_type_set_build() - compile rules
 * @set:	@set->rule and @set->num are given, the tables are filled in
 * @span:	zeroed, unet_type_set_spans() of them
 * @marks:	UNET_TYPE_MARK_WORDS words to work with
 * @culprit:	out: with -ENOSPC, a rule for which there was no room
 *
 * Context: any; takes its time.
 * Return: 0; -ENOSPC more than UNET_TYPE_OVERLAP rules, or UNET_TYPE_OVERLAP_USERS of
 * ordinary users, would wait behind each other.
 */
int unet_type_set_build(struct unet_type_set *set, struct unet_type_span *span,
			u32 *marks, u32 *culprit);

/**
 * struct unet_type_walk - through the rules that may select a packet
 * @set:	being walked
 * @key:	of the packet, NULL for a frame
 * @list:	what is left of up to two spans
 * @left:	entries of @list
 */
struct unet_type_walk {
	const struct unet_type_set *set;
	const struct unet_flow_key *key;
	const u16 *list[2];
	u8 left[2];
};

/**
 * unet_type_walk_frame() - begin with a frame that is not IP
 * @walk:	out
 * @set:	set
 * @tx:		it is sent
 * @ethertype:	host order
 *
 * Context: any.
 */
void unet_type_walk_frame(struct unet_type_walk *walk,
			  const struct unet_type_set *set, bool tx,
			  u16 ethertype);

/**
 * unet_type_walk_key() - begin with an IP packet
 * @walk:	out
 * @set:	set
 * @tx:		it is sent
 * @key:	complete key, used by the walk
 *
 * Context: any.
 */
void unet_type_walk_key(struct unet_type_walk *walk,
			const struct unet_type_set *set, bool tx,
			const struct unet_flow_key *key);

/**
 * unet_type_walk_next() - the next rule that selects it
 * @walk: begun
 *
 * UNET_TYPE_LOCAL_ONLY and patterns are the caller's to look at.
 *
 * Context: any.
 * Return: rule, or NULL: there is no more.
 */
const struct unet_type_rule *unet_type_walk_next(struct unet_type_walk *walk);

#endif /* _UNET_CORE_TYPE_MATCH_H */
