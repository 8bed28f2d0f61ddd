// SPDX-License-Identifier: MIT
/*
 * An extension's side of its grant. The kernel copies a verdict, and the bytes it
 * names, when it takes it: what was taken leaves TX memory free at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unet/channel.h>
#include <unet/intermediary.h>
#include <unet/ring.h>
#include "core/inter_check.h"
#include "core/wire.h"
#include "core_os.h"
#include "internal.h"
#include "intermediary.h"

#define MAX_COUNT	16384u	/* packets one verdict may be about */

/**
 * struct unet_intermediary - a claimed grant
 * @ch:		channel
 * @r:		its rings
 * @terms:	of the grant
 * @features:	UNET_FEATURE_* of the kernel
 * @said:	verdict that may yet grow; @said.count is 0 when there is none
 * @tx_used:	bytes of TX memory named by verdicts not taken
 * @shown:	packets of the oldest RX slot that were shown
 * @next:	with @shown: buffer of the one behind them
 * @owed:	verdict on the last of them, while it could not be said; else
 *		UNET_VERDICT_LATER
 * @newest:	token of the last that was shown
 * @current:	that packet, while it is
 * @refused:	by enum unet_inter_stat, [0] all
 * @whole:	a packet put together of several buffers
 */
struct unet_intermediary {
	struct unet_channel *ch;
	struct unet_rings *r;
	struct unet_inter_open terms;
	u64 features;
	struct unet_inter_verdict said;
	u32 tx_used;
	u32 shown;
	u32 next;
	int owed;
	u64 newest;
	const struct unet_inter_packet *current;
	u64 refused[UNET_INTER_CNT_COUNT];
	u8 whole[UNET_TX_MAX_BYTES];
};

struct unet_intermediary *
unet_intermediary_open(uint32_t grant, const struct unet_params *params)
{
	struct unet_intermediary *im = calloc(1, sizeof(*im));
	struct unet_query q;

	unet_detail_clear();
	if (!im)
		return NULL;
	if (!unet_channel_query(&q))
		im->features = q.features;
	im->ch = unet_channel_claim(grant, params, &im->terms);
	if (!im->ch) {
		free(im);
		return NULL;
	}
	im->r = unet_channel_rings(im->ch);
	im->owed = UNET_VERDICT_LATER;
	return im;
}

void unet_intermediary_close(struct unet_intermediary *im)
{
	if (!im)
		return;
	unet_channel_close(im->ch);
	free(im);
}

const struct unet_inter_open *
unet_intermediary_terms(const struct unet_intermediary *im)
{
	return &im->terms;
}

int unet_intermediary_fd(const struct unet_intermediary *im)
{
	return unet_channel_fd(im->ch);
}

uint32_t unet_intermediary_reason(const struct unet_intermediary *im)
{
	u32 reason;

	unet_channel_state(im->ch, &reason);
	return reason;
}

uint64_t unet_intermediary_refused(const struct unet_intermediary *im,
				   uint32_t why)
{
	return why < UNET_INTER_CNT_COUNT ? im->refused[why] : 0;
}

int unet_intermediary_whose(struct unet_intermediary *im, uint32_t flow,
			    struct unet_inter_flow *whose)
{
	memset(whose, 0, sizeof(*whose));
	whose->flow = flow;
	return unet_channel_whose(im->ch, whose);
}

#define STAT_TEXT(id, name, text)	[UNET_INTER_CNT_##id] = text,

const char *unet_inter_stat_text(uint32_t stat)
{
	static const char *const texts[UNET_INTER_CNT_COUNT] = {
		[UNET_INTER_CNT_NONE] = "nothing is wrong",
		UNET_INTER_STATS(STAT_TEXT)
	};

	return stat < UNET_INTER_CNT_COUNT ? texts[stat] : "unknown reason";
}

/* ---- verdicts out ------------------------------------------------------- */

/* There is a slot. */
static void put(struct unet_intermediary *im, const struct unet_inter_verdict *v)
{
	BUILD_BUG_ON(sizeof(*v) != sizeof(struct unet_tx_slot));
	memcpy(unet_tx_slot(im->r), v, sizeof(*v));
	unet_tx_next(im->r);
}

/*
 * Cookies: 0, but of a change the low bits of its token. What is held is no older than
 * ten seconds, in which there are far fewer tokens, and the newest is known.
 */
#define IS_CHANGE	1u

static u32 cookie_of(u64 token)
{
	return (u32)(token << 1) | IS_CHANGE;
}

static u64 token_of(const struct unet_intermediary *im, u32 cookie)
{
	return im->newest - (((u32)im->newest - (cookie >> 1)) & 0x7fffffff);
}

/*
 * Who asked has no more to say of a packet that cannot be changed, and would be to blame
 * for the time it is held. Its slot was taken, so there is one for this.
 */
static bool let_be(struct unet_intermediary *im, const struct unet_done *d)
{
	struct unet_inter_verdict v = { .count = 1 };

	if (!(d->cookie & IS_CHANGE) || !unet_inter_no_fault(d->status) ||
	    !unet_tx_space(im->r))
		return false;
	v.token = token_of(im, d->cookie);
	v.action = im->terms.rights & UNET_INTER_DROP ? UNET_VERDICT_DROP :
							UNET_VERDICT_ACCEPT;
	put(im, &v);
	return true;
}

/* Return: there is more to say. */
static bool take_done(struct unet_intermediary *im)
{
	const struct unet_done *d;
	bool more = false;

	for (; (d = unet_done_peek(im->r)); unet_done_next(im->r)) {
		if (!d->status)
			continue;
		im->refused[0]++;
		if (d->status < UNET_INTER_CNT_COUNT)
			im->refused[d->status]++;
		more |= let_be(im, d);
	}
	unet_done_release(im->r);
	return more;
}

/* Bytes of TX memory named by the verdict that may yet grow, up to where they end. */
static u32 said_end(const struct unet_intermediary *im)
{
	const struct unet_inter_verdict *v = &im->said;

	return v->count && v->extents ? v->extent[0].offset + v->extent[0].len : 0;
}

/* All that was said is with the kernel, but for what its rings had no room for. */
static int push(struct unet_intermediary *im)
{
	bool more;
	int err;

	do {
		unet_tx_publish(im->r);
		err = unet_channel_sync(im->ch, UNET_SYNC_TX | UNET_SYNC_FREE, 0,
					NULL);
		more = take_done(im);
	} while (!err && more);
	if (!unet_tx_pending(im->r))
		im->tx_used = said_end(im);
	return err;
}

static int need_slot(struct unet_intermediary *im)
{
	int err;

	if (unet_tx_space(im->r))
		return 0;
	err = push(im);
	if (err)
		return err;
	return unet_tx_space(im->r) ? 0 : -EAGAIN;
}

static int put_said(struct unet_intermediary *im)
{
	int err;

	if (!im->said.count)
		return 0;
	err = need_slot(im);
	if (err)
		return err;
	put(im, &im->said);
	im->said.count = 0;
	return 0;
}

/* One that says the same of the next packet. */
static bool may_grow(const struct unet_inter_verdict *said,
		     const struct unet_inter_verdict *v)
{
	return said->count && said->count < MAX_COUNT && !said->extents &&
	       said->token + said->count == v->token &&
	       said->action == v->action && said->tos == v->tos &&
	       said->tos_mask == v->tos_mask && said->ttl == v->ttl &&
	       v->action != UNET_VERDICT_DUPLICATE;
}

static int say(struct unet_intermediary *im, const struct unet_inter_verdict *v)
{
	int err;

	if (may_grow(&im->said, v)) {
		im->said.count++;
		return 0;
	}
	err = put_said(im);
	if (!err)
		im->said = *v;
	return err;
}

int unet_intermediary_answer(struct unet_intermediary *im, uint64_t token,
			     int action)
{
	struct unet_inter_verdict v = {
		.token = token, .action = (u16)action, .count = 1,
	};

	return say(im, &v);
}

/* What a kernel does not know it would take for a violation. */
static int say_mark(struct unet_intermediary *im, const struct unet_inter_verdict *v)
{
	u64 needs = UNET_FEATURE_MARK | (v->ttl ? UNET_FEATURE_MARK_TTL : 0);

	return (im->features & needs) == needs ? say(im, v) : -EOPNOTSUPP;
}

int unet_intermediary_mark(struct unet_intermediary *im, uint64_t token,
			   uint8_t mask, uint8_t tos)
{
	struct unet_inter_verdict v = {
		.token = token, .action = UNET_VERDICT_MARK, .count = 1,
		.tos = tos & mask, .tos_mask = mask,
	};

	return mask ? say_mark(im, &v) : -EINVAL;
}

int unet_intermediary_ttl(struct unet_intermediary *im, uint64_t token, uint8_t ttl)
{
	struct unet_inter_verdict v = {
		.token = token, .action = UNET_VERDICT_MARK, .count = 1, .ttl = ttl,
	};

	return ttl ? say_mark(im, &v) : -EINVAL;
}

/* Room for so many bytes in TX memory. */
static int room_for(struct unet_intermediary *im, u32 bytes)
{
	int err;

	if (bytes > UNET_TX_MAX_BYTES || bytes > im->r->tx_bytes)
		return -EMSGSIZE;
	if (im->tx_used + bytes <= im->r->tx_bytes)
		return 0;
	err = push(im);
	if (err)
		return err;
	return im->tx_used + bytes <= im->r->tx_bytes ? 0 : -EAGAIN;
}

static void put_bytes(struct unet_intermediary *im, const void *bytes, u32 len)
{
	if (len)
		memcpy(im->r->tx_mem + im->tx_used, bytes, len);
	im->tx_used += len;
}

/* Its place is right behind those before it, and it is as long as each of them. */
static bool joins_change(const struct unet_intermediary *im,
			 const struct unet_inter_verdict *v)
{
	const struct unet_inter_verdict *said = &im->said;
	u32 bytes = v->extent[0].len;

	return said->count && said->extents && said->token + said->count == v->token &&
	       said->header_len == v->header_len &&
	       said->extent[0].len == said->count * bytes &&
	       said_end(im) == im->tx_used &&
	       said->extent[0].len + bytes <= UNET_TX_MAX_BYTES &&
	       im->tx_used + bytes <= im->r->tx_bytes;
}

/* Of many none is told apart: the kernel sees to those it cannot change. */
static void join_change(struct unet_intermediary *im, u32 bytes)
{
	im->said.extent[0].len += bytes;
	im->said.count++;
	im->said.cookie = 0;
}

/* Of IP and TCP or UDP; 0: it has others, or they were not shown. */
static u32 header_bytes(const struct unet_inter_packet *p)
{
	u32 l4 = p->l4_offset, len;

	if (l4 < UNET_IP4_HEADER || p->len < l4 + UNET_UDP_HEADER)
		return 0;
	if (unet_ip_proto(p->data) == UNET_PROTO_UDP)
		return l4 + UNET_UDP_HEADER;
	if (unet_ip_proto(p->data) != UNET_PROTO_TCP || p->len < l4 + UNET_TCP_HEADER)
		return 0;
	len = (p->data[l4 + 12] >> 4) * 4u;
	return len >= UNET_TCP_HEADER && l4 + len <= p->len ? l4 + len : 0;
}

/* But for the traffic class, TTL, and the checksum of IPv4, which the kernel fills in. */
static bool is_alike(const u8 *a, const u8 *b, u32 len)
{
	if (unet_ip_is4(a))
		return a[0] == b[0] && !memcmp(a + 2, b + 2, 6) && a[9] == b[9] &&
		       !memcmp(a + 12, b + 12, len - 12);
	return !((a[0] ^ b[0]) & 0xf0) && !((a[1] ^ b[1]) & 0x0f) &&
	       !memcmp(a + 2, b + 2, 5) && !memcmp(a + 8, b + 8, len - 8);
}

/*
 * Of the packet that is shown at most what a mark can change is to be another: many such
 * take one verdict. Where payload can be modified, a header alone is one without; where
 * packets can be dropped, one that cannot be changed is to be. What was written over the
 * bytes shown themselves cannot be told from them.
 */
static bool is_mark(const struct unet_intermediary *im, uint64_t token,
		    const u8 *header, uint32_t header_len)
{
	const struct unet_inter_packet *p = im->current;
	const u32 rights = UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD |
			   UNET_INTER_DROP;

	return p && token == p->token && header != p->data &&
	       (im->terms.rights & rights) == UNET_INTER_MODIFY_HEADERS &&
	       header_len && header_len == header_bytes(p) &&
	       is_alike(p->data, header, header_len);
}

/* A TTL of 0 nobody may send: the kernel is to say so. */
static int mark_as(struct unet_intermediary *im, uint64_t token, const u8 *header)
{
	const u8 *old = im->current->data;
	u8 tos = unet_ip_tos(header), ttl = unet_ip_ttl(header);
	u8 diff = tos ^ unet_ip_tos(old);
	struct unet_inter_verdict v = {
		.token = token, .action = UNET_VERDICT_MARK, .count = 1,
	};

	if (ttl != unet_ip_ttl(old)) {
		if (!ttl)
			return -EOPNOTSUPP;
		v.ttl = ttl;
	}
	if (diff || !v.ttl) {
		v.tos_mask = diff & UNET_ECN_MASK ? 0xff : (u8)~UNET_ECN_MASK;
		v.tos = tos & v.tos_mask;
	}
	return say_mark(im, &v);
}

/* Where the bytes of a verdict of its own go. */
static int begin_change(struct unet_intermediary *im, struct unet_inter_verdict *v)
{
	int err = put_said(im);

	/* may empty TX memory: before the bytes have their place there */
	if (!err)
		err = need_slot(im);
	if (!err)
		err = room_for(im, v->extent[0].len);
	v->extent[0].offset = im->tx_used;
	return err;
}

/* Another of its kind may follow: many take one verdict. */
static bool may_be_many(const struct unet_intermediary *im,
			const struct unet_inter_verdict *v)
{
	return v->action == UNET_VERDICT_MODIFY &&
	       im->features & UNET_FEATURE_MODIFY_MANY;
}

static int say_change(struct unet_intermediary *im, struct unet_inter_verdict *v,
		      const void *header, const void *payload)
{
	bool many = may_be_many(im, v), joins = many && joins_change(im, v);
	u32 bytes = v->extent[0].len;
	int err;

	if (!joins) {
		err = begin_change(im, v);
		if (err)
			return err;
	}
	put_bytes(im, header, v->header_len);
	put_bytes(im, payload, bytes - v->header_len);
	if (joins)
		join_change(im, bytes);
	else if (many)
		im->said = *v;
	else
		put(im, v);
	return 0;
}

int unet_intermediary_change(struct unet_intermediary *im, uint64_t token,
			     int action, const void *header, uint32_t header_len,
			     const void *payload, uint32_t payload_len)
{
	struct unet_inter_verdict v = {
		.token = token, .action = (u16)action, .count = 1,
		.header_len = (u16)header_len, .extents = 1,
	};
	int err;

	if (header_len > UNET_TX_MAX_HEADER || payload_len > UNET_TX_MAX_BYTES)
		return -EMSGSIZE;
	if (action == UNET_VERDICT_MODIFY && !payload_len &&
	    is_mark(im, token, header, header_len)) {
		err = mark_as(im, token, header);
		if (err != -EOPNOTSUPP)
			return err;
	}
	if (action == UNET_VERDICT_MODIFY)
		v.cookie = cookie_of(token);
	v.extent[0].len = header_len + payload_len;
	return say_change(im, &v, header, payload);
}

int unet_intermediary_flush(struct unet_intermediary *im)
{
	int err = put_said(im);

	return err ? err : push(im);
}

/* ---- packets in ---------------------------------------------------------- */

/* Bytes of a packet in one piece, where they lie if that is one. */
static const u8 *bytes_of(struct unet_intermediary *im, u32 *buf, u32 *len)
{
	const struct unet_desc *d = &im->r->desc[*buf];
	const u8 *at = unet_rx_buffer(im->r, *buf) + d->offset;

	*len = d->len;
	if (!(d->flags & UNET_DESC_MORE))
		return at;
	memcpy(im->whole, at, d->len);
	while (d->flags & UNET_DESC_MORE) {
		*buf = d->next;
		d = &im->r->desc[*buf];
		memcpy(im->whole + *len, unet_rx_buffer(im->r, *buf) + d->offset,
		       d->len);
		*len += d->len;
	}
	return im->whole;
}

static void show_next(struct unet_intermediary *im, const struct unet_rx_slot *s,
		      unet_inter_fn fn, void *arg)
{
	const struct unet_desc *d = &im->r->desc[im->next];
	struct unet_inter_packet p = {
		.token = s->tag + im->shown, .flow = s->flow,
		.outbound = !!(s->flags & UNET_RX_OUTBOUND),
		.l4_offset = d->l4_offset, .segments = d->segments,
		.seg_size = d->seg_size, .tstamp = s->tstamp,
	};

	p.data = bytes_of(im, &im->next, &p.len);
	im->next = im->r->desc[im->next].next;
	im->shown++;
	im->newest = p.token;
	im->current = &p;
	im->owed = fn(im, &p, arg);
	im->current = NULL;
}

static int say_owed(struct unet_intermediary *im, const struct unet_rx_slot *s)
{
	int err;

	if (im->owed == UNET_VERDICT_LATER)
		return 0;
	err = unet_intermediary_answer(im, s->tag + im->shown - 1, im->owed);
	if (!err)
		im->owed = UNET_VERDICT_LATER;
	return err;
}

/* From where the turn before had to stop. Return: 0: all of the slot was shown. */
static int show(struct unet_intermediary *im, const struct unet_rx_slot *s,
		unet_inter_fn fn, void *arg)
{
	if (!im->shown)
		im->next = s->first;
	for (;;) {
		int err = say_owed(im, s);

		if (err || im->shown == s->packets)
			return err;
		show_next(im, s, fn, arg);
	}
}

static void give_back(struct unet_intermediary *im, const struct unet_rx_slot *s)
{
	u32 buf;

	for (buf = s->first; buf != UNET_NO_BUF; buf = im->r->desc[buf].next)
		unet_free_put(im->r, buf);
}

static int show_all(struct unet_intermediary *im, unet_inter_fn fn, void *arg)
{
	const struct unet_rx_slot *s;
	int err = 0;

	while ((s = unet_rx_peek(im->r))) {
		err = show(im, s, fn, arg);
		if (err)
			break;
		give_back(im, s);
		unet_rx_next(im->r);
		im->shown = 0;
	}
	unet_free_publish(im->r);
	unet_rx_release(im->r);
	return err;
}

int unet_intermediary_run(struct unet_intermediary *im, int timeout_ms,
			  unet_inter_fn fn, void *arg)
{
	u64 ns = timeout_ms < 0 ? ~0ull : (u64)timeout_ms * 1000000;
	int err = unet_intermediary_flush(im);

	if (!err && !unet_rx_peek(im->r))
		err = unet_channel_sync(im->ch, UNET_SYNC_WAIT, ns, NULL);
	if (!err)
		err = show_all(im, fn, arg);
	return err ? err : unet_intermediary_flush(im);
}
