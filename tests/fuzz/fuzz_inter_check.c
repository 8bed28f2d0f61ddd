// SPDX-License-Identifier: MIT
/*
 * Door: what an intermediary says. Terms that are let through keep every limit, and are
 * about the flows whose addresses agree with theirs bit by bit; a token is judged as by
 * a list of all; a verdict that is let through names bytes inside the region, as many for
 * each packet; a change keeps to the rights; it and a packet of its own come out of fixing
 * as packets of the held one's flow; a short look lets no change through that a long one
 * would not.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/flow_key.h"
#include "core/inter_check.h"
#include "core/wire.h"

#define TX_BYTES	4096u

/* ---- which flows ---- */

static bool bits_same(const __be32 *a, const __be32 *b, u32 bits)
{
	const u8 *p = (const u8 *)a, *q = (const u8 *)b;
	u32 i;

	for (i = 0; i < bits; i++)
		if ((p[i / 8] ^ q[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* By the terms as they are written: every part that is said must agree. */
static bool about(const struct unet_inter_terms *t, const struct unet_flow_key *k)
{
	return (t->any_proto || t->proto == k->proto) &&
	       (!t->family || t->family == k->family) &&
	       (!t->local_port || t->local_port == k->local_port) &&
	       (!t->remote_port || t->remote_port == k->remote_port) &&
	       bits_same(t->local, k->local, t->local_bits) &&
	       bits_same(t->remote, k->remote, t->remote_bits);
}

static void check_match(const struct unet_inter_terms *t, u8 how, u8 bit)
{
	struct unet_flow_key key = {
		.local_port = t->local_port ? t->local_port : cpu_to_be16(80),
		.remote_port = t->remote_port ? t->remote_port : cpu_to_be16(999),
		.proto = t->any_proto ? UNET_PROTO_TCP : t->proto,
		.family = t->family ? t->family : (how & 8 ? 6 : 4),
	}, masked;
	enum unet_inter_match is;
	bool every;

	/* a flow that agrees, but for a bit, or not even that */
	memcpy(key.local, t->local, sizeof(key.local));
	memcpy(key.remote, t->remote, sizeof(key.remote));
	if (how & 16)
		((u8 *)(how & 32 ? key.local : key.remote))[bit / 8 % 16] ^= 1 << bit % 8;
	if (key.family == 4) {
		memset(&key.local[1], 0, 12);
		memset(&key.remote[1], 0, 12);
	}
	unet_flow_key_mask(&key, UNET_MASK_5TUPLE, &masked);
	is = unet_inter_match(t, &masked);
	every = is == UNET_MATCH_ALL;
	if (is == UNET_MATCH_SOME || every != about(t, &key))
		abort();
	/* what is asked for each packet, or of no interest, was less than that */
	unet_flow_key_mask(&key, UNET_MASK_2TUPLE, &masked);
	if (unet_inter_match(t, &masked) == UNET_MATCH_NO && about(t, &key))
		abort();
	unet_flow_key_mask(&key, UNET_MASK_3TUPLE, &masked);
	if (unet_inter_match(t, &masked) == UNET_MATCH_NO && about(t, &key))
		abort();
}

/* ---- tokens ---- */

#define ENTRIES		8u
#define MAX_OUT		256u

#define LEFT_OUT	UNET_TOKEN_NONE

static enum unet_inter_stat by_the_list(const u8 *fate, u64 out, u64 number)
{
	u64 i;

	if (number >= out)
		return UNET_INTER_CNT_TOKEN_FOREIGN;
	for (i = number + ENTRIES; i < out; i += ENTRIES)
		if (fate[i] != LEFT_OUT)
			return UNET_INTER_CNT_TOKEN_STALE;
	if (fate[number] == LEFT_OUT)
		return UNET_INTER_CNT_TOKEN_FOREIGN;
	if (fate[number] == UNET_TOKEN_GONE)
		return UNET_INTER_CNT_TOKEN_STALE;
	return fate[number] == UNET_TOKEN_HELD ? UNET_INTER_CNT_NONE :
						 UNET_INTER_CNT_TOKEN_DOUBLE;
}

/* What lies between two that are given out was left out. Return: tokens out now. */
static u64 give_out(struct unet_inter_window *w, u8 *fate, u64 out)
{
	u64 token, number;
	int at = unet_inter_token_issue(w, &token);

	if (at < 0)
		return out;
	number = token - w->base;
	if (at >= (int)ENTRIES || number < out || number - out >= ENTRIES)
		abort();
	while (out < number)
		fate[out++] = LEFT_OUT;
	fate[out++] = UNET_TOKEN_HELD;
	return out;
}

/* The first 8 bytes are the base; then 0 gives out, others ask and end. */
static void check_tokens(const u8 *data, u32 size)
{
	u8 fate[MAX_OUT + 2 * ENTRIES];
	u64 entry[ENTRIES] = { 0 }, out = 0;
	struct unet_inter_window w = { .entries = ENTRIES, .entry = entry };
	u32 i, index;

	memcpy(&w.base, data, sizeof(w.base));
	for (i = sizeof(w.base); i < size && out < MAX_OUT; i++) {
		u64 number = out + (s8)data[i];

		if (!(data[i] & 3)) {
			out = give_out(&w, fate, out);
			continue;
		}
		/* Left out already, but not told of before the next is given out. */
		if (number >= out && number < w.next)
			continue;
		if (unet_inter_token_find(&w, w.base + number, &index) !=
		    by_the_list(fate, out, number))
			abort();
		if (by_the_list(fate, out, number))
			continue;
		fate[number] = data[i] & 1 ? UNET_TOKEN_ANSWERED : UNET_TOKEN_GONE;
		unet_inter_token_end(&w, index, fate[number]);
	}
}

/* ---- terms ---- */

static void check_terms(const u8 *data)
{
	struct unet_inter_terms t;
	struct unet_flow_info info = { .bytes = 1000, .payload = 40 };
	struct unet_inter_view v;
	u8 copy[sizeof(t)];
	u32 i;

	memcpy(copy, data, sizeof(t));
	copy[offsetof(struct unet_inter_terms, any_proto)] &= 1;
	memcpy(&t, copy, sizeof(t));
	if (unet_inter_terms_check(&t))
		return;
	if (!t.rights || t.rights == UNET_INTER_ALL_RIGHTS ||
	    !t.hold_ms || t.hold_ms > UNET_INTER_MAX_HOLD_MS ||
	    !t.backlog || t.backlog > UNET_INTER_MAX_BACKLOG ||
	    t.local_bits > 128 || t.remote_bits > 128 ||
	    t.num_patterns > UNET_TYPE_PATTERNS)
		abort();
	if (t.rights & UNET_INTER_REDIRECT ?
	    t.proto != UNET_PROTO_UDP || t.any_proto || !t.redirect_port ||
	    !(t.directions & UNET_INTER_INBOUND) : t.redirect_port != 0)
		abort();
	for (i = 0; i < t.num_patterns; i++)
		if (!t.pattern[i].bytes || t.pattern[i].bytes > UNET_PATTERN_BYTES ||
		    t.pattern[i].offset + t.pattern[i].bytes > UNET_PATTERN_REACH)
			abort();
	if (t.family == 4 || t.family == 6 || !t.family)
		check_match(&t, data[sizeof(t)], data[sizeof(t) + 1]);
	v = unet_inter_view(&t, &info);
	if (v.len > info.bytes || v.blank > v.len || v.len > t.copy_bytes)
		abort();
	if (!(t.rights & UNET_INTER_OBSERVE_PAYLOAD) && v.len > info.payload)
		abort();
}

/* Bytes for many: one piece, of equal parts. */
static void check_parts(const struct unet_inter_verdict *v, u32 total)
{
	u32 i, end = v->extent[0].offset;

	if (v->action != UNET_VERDICT_MODIFY || v->extents != 1)
		abort();
	for (i = 0; i < v->count; i++, end += total)
		if (total < v->header_len || end >= TX_BYTES || total > TX_BYTES - end)
			abort();
	if (end != v->extent[0].offset + v->extent[0].len)
		abort();
}

static void check_verdict(const struct unet_inter_verdict *v, u32 rights)
{
	u32 total, i;

	if (unet_inter_verdict_check(v, rights, TX_BYTES, &total))
		return;
	if (v->extents > UNET_VERDICT_EXTENTS || v->count > UNET_INTER_MAX_BACKLOG)
		abort();
	if (v->action == UNET_VERDICT_REDIRECT &&
	    (v->extents || !(rights & UNET_INTER_REDIRECT)))
		abort();
	if (v->action == UNET_VERDICT_MARK ?
	    !(rights & UNET_INTER_MODIFY_HEADERS) || v->tos & ~v->tos_mask ||
	    !(v->tos_mask | v->ttl) : v->tos || v->tos_mask || v->ttl)
		abort();
	for (i = 0; i < v->extents; i++)
		if ((u64)v->extent[i].offset + v->extent[i].len > TX_BYTES)
			abort();
	if (v->extents && (v->header_len > v->extent[0].len ||
			   v->header_len > UNET_TX_MAX_HEADER))
		abort();
	if (v->extents && v->count > 1)
		check_parts(v, total);
}

/* The same with numbers that may go together. */
static void check_many(struct unet_inter_verdict v, u32 rights)
{
	v.action = v.action & 1 ? UNET_VERDICT_MODIFY : UNET_VERDICT_INJECT;
	v.reserved = 0;
	v.reserved2 = 0;
	v.reserved3 = 0;
	v.tos = 0;
	v.tos_mask = 0;
	v.ttl = 0;
	v.extents = v.extents % 3;
	v.count %= 40;
	v.header_len %= UNET_TX_MAX_HEADER + 2;
	v.extent[0].offset %= TX_BYTES + 2;
	v.extent[0].len = v.count * (v.header_len + v.extent[0].len % 32 - 8);
	v.extent[0].len += v.extent[1].len % 4 == 3;
	v.extent[1].offset = 0;
	v.extent[1].len = v.header_len;
	check_verdict(&v, rights);
}

static void key_of(const u8 *hdr, u32 len, u32 total, struct unet_flow_key *key)
{
	u8 *packet = calloc(1, total);
	struct unet_flow_info info;

	memcpy(packet, hdr, len);
	if (unet_flow_key_parse(packet, total, total, true, key, &info) ||
	    info.bytes != total)
		abort();
	free(packet);
}

/* Whatever the header said of itself, it is to be a packet of this flow. */
static void is_of_its_flow(u8 *new, u32 new_len, u32 total,
			   const struct unet_tx_info *info, const u8 *old)
{
	u32 ends = old[0] >> 4 == 4 ? 12 : 8;
	struct unet_flow_key key;

	unet_tx_header_fix(new, info);
	if (info->csum_offset)
		key_of(new, new_len, total, &key);
	if (info->csum_offset &&
	    (memcmp(key.remote, info->src, 16) ||
	     memcmp(key.local, info->dst, 16) || key.proto != info->proto))
		abort();
	if (new[0] >> 4 != old[0] >> 4 ||
	    memcmp(old + ends, new + ends, ends == 12 ? 8 : 32))
		abort();
}

/* A held packet was parsed when it came; what is not like that harms nobody. */
static bool was_parsed(const struct unet_inter_change *c)
{
	return c->old_header >= 20 &&
	       (c->old[0] >> 4 == 4 || (c->old[0] >> 4 == 6 && c->old_header >= 40));
}

static void check_inject(const struct unet_inter_change *c, u8 *new)
{
	struct unet_tx_info info;

	if (unet_inter_inject_check(c, &info) || !was_parsed(c))
		return;
	if (info.header_len != c->new_header ||
	    info.header_len + info.payload != c->new_total)
		abort();
	is_of_its_flow(new, c->new_header, c->new_total, &info, c->old);
}

/* Does the kernel fill this byte in? Lengths and checksums. */
static bool is_filled(const u8 *hdr, u32 at)
{
	bool v4 = hdr[0] >> 4 == 4;
	u32 l4 = v4 ? (hdr[0] & 15) * 4u : 40;
	u8 proto = v4 ? hdr[9] : hdr[6];

	if (v4 ? at / 2 == 1 || at / 2 == 5 : at / 2 == 2)
		return true;
	if (proto == UNET_PROTO_UDP)
		return at >= l4 + 4 && at < l4 + 8;
	return proto == UNET_PROTO_TCP && at / 2 == l4 / 2 + 8;
}

static void keeps_to_rights(const struct unet_inter_change *c, u32 total)
{
	u8 proto = c->new[0] >> 4 == 4 ? c->new[9] : c->new[6];
	u32 i;

	if (c->new_header != c->old_header)
		abort();
	for (i = 0; i < c->old_header; i++)
		if (!(c->rights & UNET_INTER_MODIFY_HEADERS) &&
		    c->old[i] != c->new[i] && !is_filled(c->old, i))
			abort();
	if (!(c->rights & UNET_INTER_MODIFY_PAYLOAD) && total != c->old_total)
		abort();
	/* all but single datagrams have peers that count */
	if (total != c->old_total && (proto != UNET_PROTO_UDP || c->seg_size))
		abort();
}

/* ---- changes without a doubt ---- */

static void check_plain_at(const struct unet_inter_change *c, u32 l4)
{
	struct unet_tx_info info;
	u32 total;

	if (!unet_inter_change_plain(c, l4))
		return;
	if (unet_inter_change_check(c, &total, &info) || total != c->old_total ||
	    info.l4_offset != l4 || memcmp(c->old + l4, c->new + l4, c->old_header - l4))
		abort();
}

/* Where a parser would find it, and where the input says. */
static void check_plain(const struct unet_inter_change *c, u32 at)
{
	u32 l4 = c->old_header ? unet_ip_bytes(c->old) : 0;

	if (!was_parsed(c))
		return;
	if (l4 >= UNET_IP4_HEADER && l4 <= c->old_header)
		check_plain_at(c, l4);
	if (at <= c->old_header)
		check_plain_at(c, at);
}

/* What of likely headers is as the input has it; or they are of a packet near the longest. */
#define ANY_PROTO	1u
#define ANY_BYTES	2u
#define ANY_L4		4u
#define ANY_RIGHTS	8u
#define LONGEST		16u

/* Headers without options, of what there is. Return: bytes of them, 0: too few. */
static u32 make_header(u8 *hdr, u32 len, u32 payload, u32 any)
{
	bool v4 = hdr[0] >> 4 == 4;
	u32 l4 = v4 ? UNET_IP4_HEADER : UNET_IP6_HEADER, bytes = UNET_TCP_HEADER;
	u8 *proto = hdr + (v4 ? 9 : 6);

	if (len < l4)
		return 0;
	if (!(any & ANY_PROTO))
		*proto = *proto & 1 ? UNET_PROTO_UDP : UNET_PROTO_TCP;
	if (*proto == UNET_PROTO_UDP)
		bytes = UNET_UDP_HEADER;
	if (len < l4 + bytes)
		return 0;
	if (any & ANY_BYTES)
		bytes = len - l4;
	hdr[0] = v4 ? 0x45 : 0x60 | (hdr[0] & 15);
	if (v4)
		unet_store_u16(hdr + 2, (u16)(l4 + bytes + payload));
	else
		unet_store_u16(hdr + 4, (u16)(bytes + payload));
	if (*proto == UNET_PROTO_UDP && !(any & ANY_L4))
		unet_store_u16(hdr + l4 + 4, (u16)(bytes + payload));
	else if (!(any & ANY_L4))
		hdr[l4 + 12] = 0x50;
	return l4 + bytes;
}

/* Those are rare: likewise of headers and rights as they mostly are. */
static void check_likely(struct unet_inter_change c, u32 at, u32 any)
{
	u32 payload = c.old_total - c.old_header, len, i;
	u8 *made, *old, *new;

	if (c.new_header != c.old_header || !c.old_header)
		return;
	made = malloc(c.old_header);
	memcpy(made, c.old, c.old_header);
	if (any & LONGEST)
		payload = UNET_TX_MAX_BYTES - payload % 128;
	len = make_header(made, c.old_header, payload, any);
	old = malloc(len);
	new = malloc(len);
	memcpy(old, made, len);
	for (i = 0; i < len; i++)
		new[i] = old[i] ^ c.old[i] ^ c.new[i];
	c = (struct unet_inter_change){
		.rights = c.rights | (any & ANY_RIGHTS ? 0 : UNET_INTER_MODIFY_HEADERS),
		.old = old, .new = new, .old_header = len, .new_header = len,
		.old_total = len + payload, .seg_size = c.seg_size,
	};
	c.new_total = c.rights & UNET_INTER_MODIFY_PAYLOAD ? c.old_total : len;
	if (len)
		check_plain(&c, at);
	free(new);
	free(old);
	free(made);
}

/**
 * struct shape - of a change, in the input before the headers
 * @seg:	size of segments, 0: no super packet
 * @copied:	odd: the new header is the old one but for a byte; even: it is the
 *		second half of what follows
 * @at:		that byte
 * @flip:	its bits that differ
 * @old_more:	bytes behind the old header
 * @new_more:	behind the new one
 */
struct shape {
	u8 seg;
	u8 copied;
	u8 at;
	u8 flip;
	u16 old_more;
	u16 new_more;
};

static void new_header(u8 *new, u32 len, const u8 *from, const struct shape *s)
{
	memcpy(new, from, len);
	if (s->copied & 1 && s->at < len)
		new[s->at] ^= s->flip;
}

static void check_change(const u8 *data, u32 size, u32 rights, const struct shape *s)
{
	bool copied = s->copied & 1;
	u32 old_len = min(copied ? size : size / 2, 140u);
	u32 new_len = copied ? old_len : min(size - old_len, 140u);
	const u8 *from = copied ? data : data + old_len;
	u8 *old = malloc(old_len + 1), *new = malloc(new_len + 1);
	struct unet_inter_change c = {
		.rights = rights, .old = old, .new = new,
		.old_header = old_len, .new_header = new_len,
		.old_total = old_len + s->old_more, .seg_size = s->seg,
		.new_total = min(new_len + s->new_more, UNET_TX_MAX_BYTES),
	};
	struct unet_tx_info info;
	u32 total;

	memcpy(old, data, old_len);
	new_header(new, new_len, from, s);
	if (!unet_inter_change_check(&c, &total, &info)) {
		keeps_to_rights(&c, total);
		if (was_parsed(&c))
			is_of_its_flow(new, new_len, total, &info, old);
	}
	new_header(new, new_len, from, s);
	check_plain(&c, s->at);
	check_likely(c, s->at, s->new_more);
	check_inject(&c, new);
	free(old);
	free(new);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_inter_verdict v;
	struct shape shape;
	const u32 head = sizeof(v) + sizeof(u32) + sizeof(shape);
	u32 rights;

	if (size >= sizeof(struct unet_inter_terms) + 2)
		check_terms(data);
	if (size >= sizeof(u64))
		check_tokens(data, (u32)size);
	if (size < head)
		return 0;
	memcpy(&v, data, sizeof(v));
	memcpy(&rights, data + sizeof(v), sizeof(rights));
	memcpy(&shape, data + sizeof(v) + sizeof(rights), sizeof(shape));
	rights &= UNET_INTER_ALL_RIGHTS;
	check_verdict(&v, rights);
	check_many(v, rights);
	check_change(data + head, (u32)size - head, rights, &shape);
	return 0;
}
