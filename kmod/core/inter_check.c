// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/inter_check.h"
#include "core/wire.h"

/* ---- terms of a grant -------------------------------------------------- */

void unet_inter_terms_default(struct unet_inter_terms *terms)
{
	memset(terms, 0, sizeof(*terms));
	terms->directions = UNET_INTER_INBOUND | UNET_INTER_OUTBOUND;
	terms->policy = UNET_INTER_FAIL_OPEN;
	terms->hold_ms = UNET_INTER_PROMPT_MS;
	terms->backlog = 256;
	terms->backlog_bytes = 4u << 20;
	terms->copy_bytes = UNET_TX_MAX_BYTES;
	terms->violations = 100;
	terms->any_proto = true;
}

/* In the order they are asked; the first that holds is told. */
enum fault {
	RIGHTS_UNKNOWN,
	RIGHTS_NONE,
	RIGHTS_ALL,
	RIGHTS_BLIND_HEADERS,
	RIGHTS_BLIND_PAYLOAD,
	DIRECTIONS,
	POLICY,
	AFTER,
	AFTER_UNASKED,
	HOLD,
	HOLD_PROMPT,
	BACKLOG,
	BACKLOG_BYTES,
	COPY,
	COPY_CUT,
	LOCAL_PREFIX,
	REMOTE_PREFIX,
	LOCAL_PORT,
	REMOTE_PORT,
	PATTERNS,
	REDIRECT_PROTO,
	REDIRECT_DIRECTION,
	REDIRECT_NOWHERE,
	REDIRECT_UNASKED,
	FAULTS
};

static const struct unet_inter_fault faults[FAULTS] = {
	[RIGHTS_UNKNOWN] = { UNET_IA_RIGHTS,
		"RIGHTS has a bit that is no right of this kernel" },
	[RIGHTS_NONE] = { UNET_IA_RIGHTS,
		"RIGHTS must enable at least one right" },
	[RIGHTS_ALL] = { UNET_IA_RIGHTS,
		"RIGHTS must forbid at least one right" },
	[RIGHTS_BLIND_HEADERS] = { UNET_IA_RIGHTS,
		"RIGHTS to modify headers need the right to observe them" },
	[RIGHTS_BLIND_PAYLOAD] = { UNET_IA_RIGHTS,
		"RIGHTS to modify payload need those to observe headers and payload" },
	[DIRECTIONS] = { UNET_IA_DIRECTIONS,
		"DIRECTIONS must be inbound (1), outbound (2) or both (3)" },
	[POLICY] = { UNET_IA_POLICY,
		"POLICY must be open (0), closed (1) or open after a time (2)" },
	[AFTER] = { UNET_IA_AFTER_MS,
		"AFTER_MS must be 1 to 3600000 with the policy open after a time" },
	[AFTER_UNASKED] = { UNET_IA_AFTER_MS,
		"AFTER_MS goes with the policy open after a time only" },
	[HOLD] = { UNET_IA_HOLD_MS,
		"HOLD_MS must be 1 to 10000" },
	[HOLD_PROMPT] = { UNET_IA_HOLD_MS,
		"HOLD_MS above 100 needs the right to delay" },
	[BACKLOG] = { UNET_IA_BACKLOG,
		"BACKLOG must be 1 to 16384 packets" },
	[BACKLOG_BYTES] = { UNET_IA_BACKLOG_BYTES,
		"BACKLOG_BYTES must be 65536 to 268435456" },
	[COPY] = { UNET_IA_COPY_BYTES,
		"COPY_BYTES must be 1 to 65535" },
	[COPY_CUT] = { UNET_IA_COPY_BYTES,
		"COPY_BYTES must be 65535 to modify payload, 128 or more to modify headers" },
	[LOCAL_PREFIX] = { UNET_IA_LOCAL_PREFIX,
		"LOCAL_PREFIX must fit LOCAL_ADDR, which must be zero behind it" },
	[REMOTE_PREFIX] = { UNET_IA_REMOTE_PREFIX,
		"REMOTE_PREFIX must fit REMOTE_ADDR, which must be zero behind it" },
	[LOCAL_PORT] = { UNET_IA_LOCAL_PORT,
		"LOCAL_PORT needs PROTO to be TCP (6) or UDP (17)" },
	[REMOTE_PORT] = { UNET_IA_REMOTE_PORT,
		"REMOTE_PORT needs PROTO to be TCP (6) or UDP (17)" },
	[PATTERNS] = { UNET_IA_PATTERNS,
		"PATTERNS must be 1 to 4, of 1 to 32 bytes within 1000, with value in mask" },
	[REDIRECT_PROTO] = { UNET_IA_PROTO,
		"PROTO must be UDP (17) with the right to redirect" },
	[REDIRECT_DIRECTION] = { UNET_IA_DIRECTIONS,
		"DIRECTIONS must have inbound (1) with the right to redirect" },
	[REDIRECT_NOWHERE] = { UNET_IA_REDIRECT_PORT,
		"REDIRECT_PORT must be 1 to 65535 with the right to redirect" },
	[REDIRECT_UNASKED] = { UNET_IA_REDIRECT_PORT,
		"REDIRECT_PORT goes with the right to redirect only" },
};

#define SEE_ALL		(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD)

static int rights_fault(u32 rights)
{
	if (rights & ~UNET_INTER_ALL_RIGHTS)
		return RIGHTS_UNKNOWN;
	if (!rights)
		return RIGHTS_NONE;
	if (rights == UNET_INTER_ALL_RIGHTS)
		return RIGHTS_ALL;
	if (rights & UNET_INTER_MODIFY_HEADERS &&
	    !(rights & UNET_INTER_OBSERVE_HEADERS))
		return RIGHTS_BLIND_HEADERS;
	if (rights & UNET_INTER_MODIFY_PAYLOAD && (rights & SEE_ALL) != SEE_ALL)
		return RIGHTS_BLIND_PAYLOAD;
	return FAULTS;
}

static int policy_fault(const struct unet_inter_terms *t)
{
	bool after = t->policy == UNET_INTER_FAIL_AFTER;

	if (!t->directions ||
	    t->directions & ~(UNET_INTER_INBOUND | UNET_INTER_OUTBOUND))
		return DIRECTIONS;
	if (t->policy >= UNET_INTER_POLICY_COUNT)
		return POLICY;
	if (after && (!t->after_ms || t->after_ms > UNET_INTER_MAX_AFTER_MS))
		return AFTER;
	return t->after_ms && !after ? AFTER_UNASKED : FAULTS;
}

static bool copy_cut(const struct unet_inter_terms *t)
{
	if (t->rights & UNET_INTER_MODIFY_PAYLOAD)
		return t->copy_bytes < UNET_TX_MAX_BYTES;
	return t->rights & UNET_INTER_MODIFY_HEADERS &&
	       t->copy_bytes < UNET_TX_MAX_HEADER;
}

static int limit_fault(const struct unet_inter_terms *t)
{
	if (!t->hold_ms || t->hold_ms > UNET_INTER_MAX_HOLD_MS)
		return HOLD;
	if (t->hold_ms > UNET_INTER_PROMPT_MS && !(t->rights & UNET_INTER_DELAY))
		return HOLD_PROMPT;
	if (!t->backlog || t->backlog > UNET_INTER_MAX_BACKLOG)
		return BACKLOG;
	if (t->backlog_bytes < UNET_INTER_MIN_BYTES ||
	    t->backlog_bytes > UNET_INTER_MAX_BYTES)
		return BACKLOG_BYTES;
	if (!t->copy_bytes || t->copy_bytes > UNET_TX_MAX_BYTES)
		return COPY;
	return copy_cut(t) ? COPY_CUT : FAULTS;
}

/* An address with @bits that count, and nothing behind them. */
static bool prefix_sound(const __be32 *addr, u32 bits, u8 family)
{
	const u8 *p = (const u8 *)addr;
	u32 i;

	if (bits && (!family || bits > (family == 4 ? 32 : 128)))
		return false;
	for (i = bits; i < 128; i++)
		if (p[i / 8] >> (7 - i % 8) & 1)
			return false;
	return true;
}

static int predicate_fault(const struct unet_inter_terms *t)
{
	bool ports = !t->any_proto && (t->proto == UNET_PROTO_TCP ||
				       t->proto == UNET_PROTO_UDP);

	if (!prefix_sound(t->local, t->local_bits, t->family))
		return LOCAL_PREFIX;
	if (!prefix_sound(t->remote, t->remote_bits, t->family))
		return REMOTE_PREFIX;
	if (t->local_port && !ports)
		return LOCAL_PORT;
	return t->remote_port && !ports ? REMOTE_PORT : FAULTS;
}

static int pattern_fault(const struct unet_inter_terms *t)
{
	u32 i;

	if (t->num_patterns > UNET_TYPE_PATTERNS)
		return PATTERNS;
	for (i = 0; i < t->num_patterns; i++)
		if (!unet_pattern_sound(&t->pattern[i]))
			return PATTERNS;
	return FAULTS;
}

static int redirect_fault(const struct unet_inter_terms *t)
{
	if (!(t->rights & UNET_INTER_REDIRECT))
		return t->redirect_port ? REDIRECT_UNASKED : FAULTS;
	if (t->any_proto || t->proto != UNET_PROTO_UDP)
		return REDIRECT_PROTO;
	if (!(t->directions & UNET_INTER_INBOUND))
		return REDIRECT_DIRECTION;
	return t->redirect_port ? FAULTS : REDIRECT_NOWHERE;
}

const struct unet_inter_fault *
unet_inter_terms_check(const struct unet_inter_terms *terms)
{
	int fault = rights_fault(terms->rights);

	if (fault == FAULTS)
		fault = policy_fault(terms);
	if (fault == FAULTS)
		fault = limit_fault(terms);
	if (fault == FAULTS)
		fault = predicate_fault(terms);
	if (fault == FAULTS)
		fault = pattern_fault(terms);
	if (fault == FAULTS)
		fault = redirect_fault(terms);
	return fault == FAULTS ? NULL : &faults[fault];
}

/* ---- which packets ----------------------------------------------------- */

static bool mask_has_local(u8 mask)
{
	return mask == UNET_MASK_5TUPLE || mask == UNET_MASK_3TUPLE ||
	       mask == UNET_MASK_IP_BOTH || mask == UNET_MASK_IP_LOCAL;
}

static bool mask_has_remote(u8 mask)
{
	return mask == UNET_MASK_5TUPLE || mask == UNET_MASK_4TUPLE ||
	       mask == UNET_MASK_IP_BOTH;
}

enum unet_inter_match unet_inter_match(const struct unet_inter_terms *terms,
				       const struct unet_flow_key *key)
{
	bool local = mask_has_local(key->mask), remote = mask_has_remote(key->mask);

	if (!terms->any_proto && terms->proto != key->proto)
		return UNET_MATCH_NO;
	if (terms->family && terms->family != key->family)
		return UNET_MATCH_NO;
	if (terms->local_port && terms->local_port != key->local_port)
		return UNET_MATCH_NO;
	if (remote && terms->remote_port &&
	    terms->remote_port != key->remote_port)
		return UNET_MATCH_NO;
	if (local && !unet_prefix_same(terms->local, key->local, terms->local_bits))
		return UNET_MATCH_NO;
	if (remote && !unet_prefix_same(terms->remote, key->remote, terms->remote_bits))
		return UNET_MATCH_NO;
	if (!local && terms->local_bits)
		return UNET_MATCH_SOME;
	if (!remote && (terms->remote_bits || terms->remote_port))
		return UNET_MATCH_SOME;
	return UNET_MATCH_ALL;
}

/* Ethertypes that carry IP are nobody's to claim, so those are of no flow's packets. */
static bool number_meets(const struct unet_inter_terms *terms,
			 const struct unet_type_rule *rule)
{
	u16 port = be16_to_cpu(terms->local_port);

	if (rule->layer == UNET_TYPE_ETHERTYPE)
		return false;
	if (rule->layer == UNET_TYPE_PROTO)
		return terms->any_proto || (terms->proto >= rule->first &&
					    terms->proto <= rule->last);
	if (!terms->any_proto && terms->proto != rule->proto)
		return false;
	return !port || (port >= rule->first && port <= rule->last);
}

bool unet_inter_meets(const struct unet_inter_terms *terms,
		      const struct unet_type_rule *rule)
{
	bool in = terms->directions & UNET_INTER_INBOUND &&
		  rule->direction & UNET_TYPE_RX;
	bool out = terms->directions & UNET_INTER_OUTBOUND &&
		   rule->direction & UNET_TYPE_TX;

	if (!(in || out) || !number_meets(terms, rule))
		return false;
	if (!terms->family || !rule->family)
		return true;
	return terms->family == rule->family &&
	       unet_prefix_same(terms->local, rule->local,
				min(terms->local_bits, rule->local_bits)) &&
	       unet_prefix_same(terms->remote, rule->remote,
				min(terms->remote_bits, rule->remote_bits));
}

struct unet_inter_view unet_inter_view(const struct unet_inter_terms *terms,
				       const struct unet_flow_info *info)
{
	struct unet_inter_view v = { .len = info->bytes };

	if (!(terms->rights & UNET_INTER_OBSERVE_PAYLOAD))
		v.len = info->payload;
	if (!(terms->rights & UNET_INTER_OBSERVE_HEADERS))
		v.blank = info->payload;
	v.len = min(v.len, terms->copy_bytes);
	v.blank = min(v.blank, v.len);
	/* What is all blank is not shown. */
	if (v.blank == v.len)
		v = (struct unet_inter_view){ 0 };
	return v;
}

/* ---- tokens ------------------------------------------------------------ */

static u64 *entry_of(const struct unet_inter_window *w, u64 number)
{
	return &w->entry[number & (w->entries - 1)];
}

static bool is_held(u64 entry)
{
	return (entry & 3) == UNET_TOKEN_HELD;
}

u64 unet_inter_token_next(struct unet_inter_window *w)
{
	u32 i;

	for (i = 0; i < w->entries; i++)
		if (!is_held(*entry_of(w, w->next + i))) {
			w->next += i;
			break;
		}
	return w->base + w->next;
}

int unet_inter_token_issue(struct unet_inter_window *w, u64 *token)
{
	u64 *entry = entry_of(w, w->next);

	if (is_held(*entry)) {
		unet_inter_token_next(w);
		entry = entry_of(w, w->next);
		if (is_held(*entry))
			return -ENOSPC;
	}
	*token = w->base + w->next;
	*entry = w->next++ << 2 | UNET_TOKEN_HELD;
	return (int)(entry - w->entry);
}

enum unet_inter_stat unet_inter_token_find(const struct unet_inter_window *w,
					   u64 token, u32 *index)
{
	u64 number = token - w->base, entry;

	if (number >= w->next)
		return UNET_INTER_CNT_TOKEN_FOREIGN;
	entry = *entry_of(w, number);
	/* Left out, or so old that another has its entry. */
	if (entry >> 2 != number)
		return entry >> 2 < number ? UNET_INTER_CNT_TOKEN_FOREIGN :
					     UNET_INTER_CNT_TOKEN_STALE;
	*index = (u32)number & (w->entries - 1);
	switch (entry & 3) {
	case UNET_TOKEN_HELD:
		return UNET_INTER_CNT_NONE;
	case UNET_TOKEN_ANSWERED:
		return UNET_INTER_CNT_TOKEN_DOUBLE;
	default:
		return UNET_INTER_CNT_TOKEN_STALE;
	}
}

/* ---- verdicts ---------------------------------------------------------- */

#define MODIFY		(UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD)

static enum unet_inter_stat right_to(u16 action, u32 rights)
{
	switch (action) {
	case UNET_VERDICT_DROP:
		return rights & UNET_INTER_DROP ? UNET_INTER_CNT_NONE :
						  UNET_INTER_CNT_RIGHT_DROP;
	case UNET_VERDICT_MODIFY:
		return rights & MODIFY ? UNET_INTER_CNT_NONE :
					 UNET_INTER_CNT_RIGHT_PAYLOAD;
	case UNET_VERDICT_DUPLICATE:
		return rights & UNET_INTER_DUPLICATE ?
		       UNET_INTER_CNT_NONE : UNET_INTER_CNT_RIGHT_DUPLICATE;
	case UNET_VERDICT_INJECT:
		return rights & UNET_INTER_INJECT ? UNET_INTER_CNT_NONE :
						    UNET_INTER_CNT_RIGHT_INJECT;
	case UNET_VERDICT_REDIRECT:
		return rights & UNET_INTER_REDIRECT ?
		       UNET_INTER_CNT_NONE : UNET_INTER_CNT_RIGHT_REDIRECT;
	case UNET_VERDICT_MARK:
		return rights & UNET_INTER_MODIFY_HEADERS ?
		       UNET_INTER_CNT_NONE : UNET_INTER_CNT_RIGHT_HEADERS;
	default:
		return UNET_INTER_CNT_NONE;
	}
}

/* One after the other, all as long; @total: of all, and then of each. */
static enum unet_inter_stat check_many(const struct unet_inter_verdict *v, u32 *total)
{
	u32 each = *total / v->count;

	if (v->extents != 1 || each * v->count != *total || each < v->header_len)
		return UNET_INTER_CNT_BAD_LENGTH;
	*total = each;
	return UNET_INTER_CNT_NONE;
}

/* A verdict's bytes are named as a send's are: the same rules hold. */
static enum unet_inter_stat check_bytes(const struct unet_inter_verdict *v,
					u32 tx_bytes, u32 *total)
{
	struct unet_tx_slot slot = {
		.header_len = v->header_len,
		.extents = v->extents,
	};

	BUILD_BUG_ON(UNET_VERDICT_EXTENTS > UNET_TX_EXTENTS);
	BUILD_BUG_ON(sizeof(*v) != sizeof(slot));
	if (v->extents > UNET_VERDICT_EXTENTS)
		return UNET_INTER_CNT_BAD_VERDICT;
	memcpy(slot.extent, v->extent, sizeof(v->extent));
	switch (unet_tx_slot_check(&slot, tx_bytes, total)) {
	case UNET_CNT_NONE:
		return v->count == 1 ? UNET_INTER_CNT_NONE : check_many(v, total);
	case UNET_CNT_TX_BAD_EXTENT:
		return UNET_INTER_CNT_BAD_EXTENT;
	case UNET_CNT_TX_BAD_LENGTH:
		return UNET_INTER_CNT_BAD_LENGTH;
	default:
		return UNET_INTER_CNT_BAD_VERDICT;
	}
}

static bool count_sound(const struct unet_inter_verdict *v)
{
	switch (v->action) {
	case UNET_VERDICT_ACCEPT:
	case UNET_VERDICT_DROP:
	case UNET_VERDICT_MODIFY:
	case UNET_VERDICT_REDIRECT:
	case UNET_VERDICT_MARK:
		return v->count && v->count <= UNET_INTER_MAX_BACKLOG;
	default:
		return v->count == 1;
	}
}

static bool mark_sound(const struct unet_inter_verdict *v)
{
	if (v->action != UNET_VERDICT_MARK)
		return !v->tos && !v->tos_mask && !v->ttl;
	return (v->tos_mask || v->ttl) && !(v->tos & ~v->tos_mask);
}

enum unet_inter_stat unet_inter_verdict_check(const struct unet_inter_verdict *v,
					      u32 rights, u32 tx_bytes,
					      u32 *total)
{
	bool bytes = v->action == UNET_VERDICT_MODIFY ||
		     v->action == UNET_VERDICT_INJECT;
	enum unet_inter_stat bad;

	*total = 0;
	if (v->action >= UNET_VERDICT_COUNT || v->reserved || v->reserved2 ||
	    v->reserved3 || !count_sound(v) || !mark_sound(v))
		return UNET_INTER_CNT_BAD_VERDICT;
	bad = right_to(v->action, rights);
	if (bad)
		return bad;
	if (bytes)
		return check_bytes(v, tx_bytes, total);
	return v->extents || v->header_len ? UNET_INTER_CNT_BAD_VERDICT :
					     UNET_INTER_CNT_NONE;
}

/* ---- changes ----------------------------------------------------------- */

static u32 ip_bytes(const u8 *hdr, u32 len)
{
	u32 bytes = unet_ip_bytes(hdr);

	return unet_ip_is4(hdr) ? bytes : min(len, bytes);
}

/*
 * What the held packet is, as the only thing its successor may be. The held one was
 * parsed when it came.
 */
static bool want_of(const u8 *old, u32 len, struct unet_tx_flow *want)
{
	bool v4 = unet_ip_is4(old);
	u32 l4 = ip_bytes(old, len);

	memset(want, 0, sizeof(*want));
	if (len < UNET_IP4_HEADER || (!v4 && len < UNET_IP6_HEADER) || l4 > len)
		return false;
	want->proto = unet_ip_proto(old);
	want->flags = UNET_TX_FLOW_LOCAL | UNET_TX_FLOW_REMOTE |
		      (v4 ? UNET_TX_FLOW_IP4 : UNET_TX_FLOW_IP6);
	memcpy(want->local, old + (v4 ? 12 : 8), v4 ? 4 : 16);
	memcpy(want->remote, old + (v4 ? 16 : 24), v4 ? 4 : 16);
	if (want->proto != UNET_PROTO_TCP && want->proto != UNET_PROTO_UDP) {
		want->flags |= UNET_TX_FLOW_NO_PORTS;
		return true;
	}
	if (len - l4 < UNET_UDP_HEADER)
		return false;
	want->local_port = unet_load_be16(old + l4);
	want->remote_port = unet_load_be16(old + l4 + 2);
	return true;
}

static enum unet_inter_stat stat_of(enum unet_counter why)
{
	switch (why) {
	case UNET_CNT_NONE:
		return UNET_INTER_CNT_NONE;
	case UNET_CNT_TX_BAD_LENGTH:
		return UNET_INTER_CNT_BAD_LENGTH;
	case UNET_CNT_TX_SPOOF_PROTO:
	case UNET_CNT_TX_SPOOF_SOURCE:
	case UNET_CNT_TX_SPOOF_PORT:
	case UNET_CNT_TX_SPOOF_DEST:
		return UNET_INTER_CNT_SPOOF;
	default:
		return UNET_INTER_CNT_BAD_HEADER;
	}
}

/*
 * More is received than may be sent: the peer is not to make a violation of what is
 * wrong with its own packet.
 */
static bool is_old_to_blame(const struct unet_inter_change *c,
			    const struct unet_tx_flow *want,
			    enum unet_inter_stat bad)
{
	struct unet_tx_info info;

	return (bad == UNET_INTER_CNT_BAD_HEADER ||
		bad == UNET_INTER_CNT_BAD_LENGTH) &&
	       unet_tx_header_check(c->old, c->old_header, c->old_total,
				    c->seg_size, want, &info);
}

static enum unet_inter_stat check_new(const struct unet_inter_change *c,
				      u32 total, struct unet_tx_info *info)
{
	struct unet_tx_flow want;
	enum unet_inter_stat bad;

	if (!want_of(c->old, c->old_header, &want))
		return UNET_INTER_CNT_UNSENDABLE;
	bad = stat_of(unet_tx_header_check(c->new, c->new_header, total,
					   c->seg_size, &want, info));
	return is_old_to_blame(c, &want, bad) ? UNET_INTER_CNT_UNSENDABLE : bad;
}

/* Zero what the kernel fills in; all of it lies in a header that was checked. */
static void blank_filled(u8 *hdr, const struct unet_tx_info *info)
{
	u8 *l4 = hdr + info->l4_offset;

	if (info->family == 4) {
		unet_store_raw16(hdr + 2, 0);
		unet_store_raw16(hdr + 10, 0);
	} else {
		unet_store_raw16(hdr + 4, 0);
	}
	if (info->csum_offset)
		unet_store_raw16(l4 + info->csum_offset, 0);
	if (info->proto == UNET_PROTO_UDP && info->csum_offset)
		unet_store_raw16(l4 + 4, 0);
}

static bool same_header(const struct unet_inter_change *c,
			const struct unet_tx_info *info)
{
	u8 old[UNET_TX_MAX_HEADER], new[UNET_TX_MAX_HEADER];

	memcpy(old, c->old, c->old_header);
	memcpy(new, c->new, c->new_header);
	blank_filled(old, info);
	blank_filled(new, info);
	return !memcmp(old, new, c->new_header);
}

/* A datagram that ends before its packet: with lengths filled in it would have grown. */
static bool ends_early(const struct unet_inter_change *c,
		       const struct unet_tx_info *info)
{
	return info->proto == UNET_PROTO_UDP && info->csum_offset &&
	       !c->seg_size && c->old_total - info->l4_offset !=
	       unet_load_u16(c->old + info->l4_offset + 4);
}

/* UDP that is no super packet may grow and shrink; all else has peers that count. */
static bool may_resize(const struct unet_inter_change *c,
		       const struct unet_tx_info *info)
{
	return info->proto == UNET_PROTO_UDP && !c->seg_size;
}

enum unet_inter_stat unet_inter_change_check(const struct unet_inter_change *c,
					     u32 *total,
					     struct unet_tx_info *info)
{
	bool payload = c->rights & UNET_INTER_MODIFY_PAYLOAD;
	enum unet_inter_stat bad;

	if (!payload && c->new_total != c->new_header)
		return UNET_INTER_CNT_RIGHT_PAYLOAD;
	*total = payload ? c->new_total :
			   c->new_header + (c->old_total - c->old_header);
	/* BIG TCP: lengths have 16 bits, and no send has more. */
	if (c->old_header > UNET_TX_MAX_HEADER ||
	    c->old_total > UNET_TX_MAX_BYTES)
		return UNET_INTER_CNT_UNSENDABLE;
	if (c->new_header > UNET_TX_MAX_HEADER)
		return UNET_INTER_CNT_BAD_HEADER;
	if (c->new_header != c->old_header)
		return UNET_INTER_CNT_BAD_LENGTH;
	bad = check_new(c, *total, info);
	if (bad)
		return bad;
	if (ends_early(c, info))
		return UNET_INTER_CNT_UNSENDABLE;
	if (!(c->rights & UNET_INTER_MODIFY_HEADERS) && !same_header(c, info))
		return UNET_INTER_CNT_RIGHT_HEADERS;
	if (*total != c->old_total && !may_resize(c, info))
		return UNET_INTER_CNT_BAD_LENGTH;
	return UNET_INTER_CNT_NONE;
}

/* No options; what may differ is TOS, identification, DF and TTL, and what is filled in. */
static bool is_plain4(const struct unet_inter_change *c, u32 l4_offset)
{
	const u8 *old = c->old, *new = c->new;

	return l4_offset == UNET_IP4_HEADER && old[0] == 0x45 && new[0] == 0x45 &&
	       !(unet_load_u16(new + 6) & ~UNET_IP4_DF) && new[8] &&
	       new[9] == old[9] && unet_load_raw32(new + 16) &&
	       unet_load_raw64(new + 12) == unet_load_raw64(old + 12) &&
	       unet_load_u16(old + 2) == c->old_total;
}

/* ... and here traffic class, flow label and hop limit. */
static bool is_plain6(const struct unet_inter_change *c, u32 l4_offset)
{
	const u8 *old = c->old, *new = c->new;

	return l4_offset == UNET_IP6_HEADER && old[0] >> 4 == 6 && new[0] >> 4 == 6 &&
	       new[7] && new[6] == old[6] &&
	       (unet_load_raw64(new + 24) | unet_load_raw64(new + 32)) &&
	       !memcmp(new + 8, old + 8, 32) &&
	       unet_load_u16(old + 4) + UNET_IP6_HEADER == c->old_total;
}

/* The same above IP, and what may be sent. */
static bool is_plain_l4(const struct unet_inter_change *c, u32 l4_offset)
{
	const u8 *old = c->old + l4_offset, *new = c->new + l4_offset;
	u32 len = c->old_header - l4_offset;

	if (!unet_load_raw16(old) || !unet_load_raw16(old + 2))
		return false;
	if (unet_ip_proto(c->old) == UNET_PROTO_UDP)
		return len == UNET_UDP_HEADER &&
		       unet_load_raw64(new) == unet_load_raw64(old) &&
		       unet_load_u16(old + 4) == c->old_total - l4_offset;
	if (unet_ip_proto(c->old) != UNET_PROTO_TCP || len < UNET_TCP_HEADER ||
	    (old[12] >> 4) * 4u != len)
		return false;
	if (c->seg_size && old[13] & (UNET_TCP_SYN | UNET_TCP_RST | UNET_TCP_URG))
		return false;
	return !memcmp(new, old, len);
}

bool unet_inter_change_plain(const struct unet_inter_change *c, u32 l4_offset)
{
	bool payload = c->rights & UNET_INTER_MODIFY_PAYLOAD;

	if (c->new_total != (payload ? c->old_total : c->old_header) ||
	    c->new_header != c->old_header || c->old_total > UNET_TX_MAX_BYTES ||
	    c->old_header > UNET_TX_MAX_HEADER ||
	    c->old_header < l4_offset + UNET_UDP_HEADER)
		return false;
	if (!(c->rights & UNET_INTER_MODIFY_HEADERS) &&
	    memcmp(c->new, c->old, c->old_header))
		return false;
	return (is_plain4(c, l4_offset) || is_plain6(c, l4_offset)) &&
	       is_plain_l4(c, l4_offset);
}

enum unet_inter_stat unet_inter_inject_check(const struct unet_inter_change *c,
					     struct unet_tx_info *info)
{
	if (c->new_header > UNET_TX_MAX_HEADER)
		return UNET_INTER_CNT_BAD_HEADER;
	return check_new(c, c->new_total, info);
}
