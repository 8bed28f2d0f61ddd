// SPDX-License-Identifier: MIT
/*
 * What hooks see of a packet. Its headers are taken apart when somebody asks; those
 * of the next one like it are known already, which is nearly all of them: what is
 * received comes in batches of one flow.
 *
 * Nothing is believed: what is not there is not shown.
 */
#include "core/wire.h"
#include "hook.h"

static bool is_extension(u8 proto)
{
	return proto == UNET_PROTO_HOPOPTS || proto == UNET_PROTO_ROUTING ||
	       proto == UNET_PROTO_FRAGMENT || proto == UNET_PROTO_DSTOPTS;
}

/* Return: offset of the header behind IP, 0: none to be seen. */
static u32 walk4(const struct unet_hook_pkt *p, struct unet_hook_headers *h)
{
	u32 at = (p->data[0] & 15u) * 4;
	u16 fragment;

	if (p->len < UNET_IP4_HEADER || at < UNET_IP4_HEADER || at > p->len)
		return 0;
	h->ethertype = UNET_HOOK_IP4;
	h->proto = p->data[9];
	if (at > UNET_IP4_HEADER)
		h->flags |= UNET_HOOK_OPTIONS;
	fragment = unet_load_u16(p->data + 6);
	if (!(fragment & (UNET_IP4_MF | UNET_IP4_OFFSET)))
		return at;
	h->flags |= UNET_HOOK_FRAGMENT;
	return fragment & UNET_IP4_OFFSET ? 0 : at;
}

static u32 walk6(const struct unet_hook_pkt *p, struct unet_hook_headers *h)
{
	u32 at = UNET_IP6_HEADER;
	u32 n;

	if (p->len < at)
		return 0;
	h->ethertype = UNET_HOOK_IP6;
	h->proto = p->data[6];
	for (n = 0; is_extension(h->proto); n++) {
		bool fragment = h->proto == UNET_PROTO_FRAGMENT;

		if (n == UNET_IP6_MAX_EXT || at + 8 > p->len)
			return 0;
		h->flags |= UNET_HOOK_OPTIONS;
		if (fragment && unet_load_u16(p->data + at + 2) & 0xfff9)
			h->flags |= UNET_HOOK_FRAGMENT;
		h->proto = p->data[at];
		if (fragment && unet_load_u16(p->data + at + 2) & 0xfff8)
			return 0;
		at += fragment ? 8 : (p->data[at + 1] + 1u) * 8;
	}
	return at <= p->len ? at : 0;
}

static void read_ports(const struct unet_hook_pkt *p,
		       struct unet_hook_headers *h, bool rx)
{
	const u8 *l4 = p->data + h->l4;
	u32 room = p->len - h->l4;
	u32 header;

	if (h->proto == UNET_PROTO_UDP && room >= UNET_UDP_HEADER)
		header = UNET_UDP_HEADER;
	else if (h->proto == UNET_PROTO_TCP && room >= UNET_TCP_HEADER)
		header = (l4[12] >> 4) * 4u;
	else
		return;
	h->local_port = unet_load_u16(l4 + (rx ? 2 : 0));
	h->remote_port = unet_load_u16(l4 + (rx ? 0 : 2));
	if (header >= UNET_UDP_HEADER && header <= p->total - h->l4)
		h->payload = (u16)(h->l4 + header);
}

/**
 * unet_hook_parse() - take headers apart
 * @p: @data, @len and @total
 * @rx: is it received?
 * @h: filled in
 */
void unet_hook_parse(const struct unet_hook_pkt *p, bool rx,
		     struct unet_hook_headers *h)
{
	u32 at = 0;

	memset(h, 0, sizeof(*h));
	if (p->len && p->data[0] >> 4 == 4)
		at = walk4(p, h);
	else if (p->len && p->data[0] >> 4 == 6)
		at = walk6(p, h);
	if (!at || at >= p->total)
		return;
	h->l4 = (u16)at;
	h->payload = (u16)at;
	read_ports(p, h, rx);
}

/* Return: true, it is a frame. */
static bool parse_frame(const struct unet_hook_pass *pass,
			const struct unet_hook_pkt *p,
			struct unet_hook_headers *h)
{
	if (likely(!pass->frames))
		return false;
	memset(h, 0, sizeof(*h));
	if (p->len < UNET_HOOK_ETH)
		return true;
	h->ethertype = unet_load_u16(p->data + 12);
	h->l4 = UNET_HOOK_ETH;
	h->payload = UNET_HOOK_ETH;
	return true;
}

/* ---- the packet before ---------------------------------------------------- */

#define WORDS4	3u	/* IPv4 header and ports */
#define WORDS6	5u	/* IPv6 header; the ports are behind it */

/* Bytes that make a difference: version, fragment; protocol, addresses. */
static const u8 keep4[16] = {
	0xff, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff,
};

static const u8 keep6[8] = { 0xf0, 0, 0, 0, 0, 0, 0xff, 0 };

static __always_inline bool same4(const struct unet_hook_memo *m, const u8 *d)
{
	return !(((unet_load_raw64(d) ^ m->word[0]) & unet_load_raw64(keep4)) |
		 ((unet_load_raw64(d + 8) ^ m->word[1]) &
		  unet_load_raw64(keep4 + 8)) |
		 (unet_load_raw64(d + 16) ^ m->word[2]));
}

static bool same6(const struct unet_hook_memo *m, const u8 *d)
{
	return !(((unet_load_raw64(d) ^ m->word[0]) & unet_load_raw64(keep6)) |
		 (unet_load_raw64(d + 8) ^ m->word[1]) |
		 (unet_load_raw64(d + 16) ^ m->word[2]) |
		 (unet_load_raw64(d + 24) ^ m->word[3]) |
		 (unet_load_raw64(d + 32) ^ m->word[4]) |
		 (unet_load_raw32(d + UNET_IP6_HEADER) ^ m->ports));
}

/* Is it plainly what the memo has seen: its flow, its headers' lengths? */
static __always_inline bool same(const struct unet_hook_memo *m, const struct unet_hook_pkt *p)
{
	const u8 *d = p->data;

	if (p->len < m->need || (d[m->length_at] & m->length_mask) != m->length)
		return false;
	return m->headers.ethertype == UNET_HOOK_IP4 ? same4(m, d) :
						       same6(m, d);
}

/* No options, no fragment, all headers in one piece; not what TCP's cannot be. */
static bool is_plain(const struct unet_hook_headers *h, u32 len)
{
	u32 header = h->payload - h->l4;

	return !h->flags && header && h->payload <= len &&
	       (h->proto != UNET_PROTO_TCP || header >= UNET_TCP_HEADER);
}

static noinline void remember(struct unet_hook_memo *m, struct unet_hook_pkt *p)
{
	const struct unet_hook_headers *h = &p->headers;
	u32 words = h->ethertype == UNET_HOOK_IP4 ? WORDS4 : WORDS6;
	u32 i;

	if (!is_plain(h, p->len))
		return;
	for (i = 0; i < words; i++)
		m->word[i] = unet_load_raw64(p->data + i * 8);
	m->ports = unet_load_raw32(p->data + h->l4);
	m->need = h->payload;
	m->length_at = h->proto == UNET_PROTO_TCP ? h->l4 + 12u : 0;
	m->length_mask = 0xf0;
	m->length = p->data[m->length_at] & 0xf0;
	m->headers = *h;
	m->kind = m->kind % 255 + 1;
	p->reserved = m->kind;
}

static __always_inline void look(struct unet_hook_pass *pass,
				 struct unet_hook_pkt *p)
{
	struct unet_hook_memo *m = &pass->memo;

	p->library |= UNET_HOOK_LOOKED;
	if (likely(same(m, p))) {
		p->headers = m->headers;
		p->reserved = m->kind;
		return;
	}
	if (parse_frame(pass, p, &p->headers))
		return;
	unet_hook_parse(p, pass->dir == UNET_HOOK_RX, &p->headers);
	remember(m, p);
}

const struct unet_hook_headers *unet_hook_look(const struct unet_hook_pkt *p)
{
	struct unet_hook_slot *s = unet_hook_slot_of(p);

	look(s->pass, &s->v);
	return &s->v.headers;
}

/**
 * unet_hook_look_all() - look at the headers of packets nobody has looked at yet
 * @pass: what they are part of
 * @p: the packets
 * @n: how many
 */
void unet_hook_look_all(struct unet_hook_pass *pass,
			struct unet_hook_pkt *const *p, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (!(p[i]->library & UNET_HOOK_LOOKED))
			look(pass, p[i]);
	}
}

/**
 * unet_hook_view() - a packet has changed: show what it is now
 * @s: the packet
 */
void unet_hook_view(struct unet_hook_slot *s)
{
	s->v.data = s->pkt->data;
	s->v.len = s->pkt->len;
	s->v.total = s->pkt->total;
	s->v.seg_size = s->pkt->seg_size;
	s->v.segs = s->pkt->segs;
	s->v.reserved = 0;
	s->v.library |= UNET_HOOK_LOOKED;
	if (parse_frame(s->pass, &s->v, &s->v.headers))
		return;
	unet_hook_parse(&s->v, s->pass->dir == UNET_HOOK_RX, &s->v.headers);
}
