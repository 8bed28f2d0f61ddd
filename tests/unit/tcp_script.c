// SPDX-License-Identifier: MIT
#include "tcp_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "core/wire.h"
#include "tcp_range.h"

static const u8 our_addr[4] = { 192, 0, 2, 1 };
static const u8 peer_addr[4] = { 192, 0, 2, 2 };

/* The stream of either side: byte by its sequence number, the first is 1. */
u8 script_byte(u32 seq)
{
	return seq * 7 + (seq >> 8) * 13;
}

/* ---- the backend ---- */

static struct script *script_of(struct unet_backend *be)
{
	return container_of(be, struct script, be);
}

static int be_rx(struct unet_backend *be, struct unet_pkt_pool *pool,
		 struct unet_rx_batch *b)
{
	struct script *s = script_of(be);

	if (unet_pktq_empty(&s->arrived))
		return 0;
	b->packets = s->arrived;
	b->tag = 0;
	b->flags = 0;
	unet_pktq_init(&s->arrived);
	return 1;
}

static void be_rx_done(struct unet_backend *be)
{
}

static void read_opts(const u8 *p, u32 len, struct script_seg *seg)
{
	struct unet_tcp_opts o;

	unet_tcp_opts_parse(&o, p, len, seg->flags & SYN);
	seg->mss = o.present & UNET_TCPOPT_MSS ? o.mss : 0;
	seg->wscale = o.present & UNET_TCPOPT_WSCALE ? o.wscale + 1 : 0;
	seg->sack_ok = o.present & UNET_TCPOPT_SACK_OK;
	if (o.present & UNET_TCPOPT_TS) {
		seg->ts = o.tsval;
		seg->tsecr = o.tsecr;
	}
	seg->sacks = o.sacks;
	for (int i = 0; i < o.sacks; i++) {
		seg->sack[i].start = o.sack[i].start - SCRIPT_IRS;
		seg->sack[i].end = o.sack[i].end - SCRIPT_IRS;
	}
}

static bool in_queue(const struct unet_tcp_pcb *pcb, const u8 *from, u32 len)
{
	const struct unet_pkt *piece = pcb ? pcb->sndq.head : NULL;

	for (; piece; piece = piece->next)
		if (from >= piece->data && from + len <= piece->data + piece->len)
			return true;
	return false;
}

/* The test may still point at a connection that is gone. */
static u32 from_queue(const struct script *s, const struct unet_pkt *pkt)
{
	const struct unet_tcp_pcb *pcb = tcp_of(s->st)->pcbs;
	u32 bytes = 0;

	while (pcb && pcb != s->pcb)
		pcb = pcb->next;
	for (; pkt; pkt = pkt->more)
		if (in_queue(pcb, pkt->data, pkt->len))
			bytes += pkt->len;
	return bytes;
}

static int be_tx(struct unet_backend *be, u32 handle, struct unet_pkt *pkt,
		 u16 header_len)
{
	static u8 bytes[65536 + 256];
	struct script *s = script_of(be);
	struct script_seg seg = { .flags = 0 };
	u32 len = unet_pkt_copy_out(pkt, 0, bytes, sizeof(bytes)), i;
	const u8 *p = bytes + (bytes[0] >> 4 == 4 ? 20 : 40);

	seg.flags = p[13];
	seg.port = unet_load_u16(p + 2);
	seg.seq = unet_load_u32(p + 4) - SCRIPT_ISS;
	seg.ack = seg.flags & ACK ? unet_load_u32(p + 8) - SCRIPT_IRS : 0;
	seg.wnd = unet_load_u16(p + 14);
	seg.len = len - header_len;
	seg.seg_size = pkt->seg_size;
	seg.segs = pkt->segs;
	read_opts(p + 20, (p[12] >> 4) * 4 - 20, &seg);
	for (i = 0; i < seg.len; i++)
		if (bytes[header_len + i] != script_byte(seg.seq + i))
			s->bad_bytes = true;
	s->from_queue += from_queue(s, pkt);
	unet_pkt_free(pkt);
	if (s->n_out < SCRIPT_SEGS)
		s->out[s->n_out++] = seg;
	if (s->tx_room != UINT32_MAX)
		s->tx_room--;
	return 0;
}

static u32 be_tx_room(struct unet_backend *be)
{
	return script_of(be)->tx_room;
}

static struct unet_block *be_tx_alloc(struct unet_backend *be, u32 least,
				      u32 want)
{
	struct script *s = script_of(be);
	struct unet_block *blk;

	if (s->tx_memory < least)
		return NULL;
	want = min(want, s->tx_memory);
	if (s->tx_memory != UINT32_MAX)
		s->tx_memory -= want;
	blk = unet_block_heap(want);
	if (blk)
		blk->owner = s;	/* as TX memory's */
	return blk;
}

static struct unet_block *be_tx_header(struct unet_backend *be)
{
	if (script_of(be)->no_headers)
		return NULL;
	return unet_block_heap(UNET_TX_HEADER_BYTES);
}

static int be_flow_add(struct unet_backend *be, struct unet_flow_req *req)
{
	struct script *s = script_of(be);

	if (s->flow_err)
		return s->flow_err;
	if (s->flows >= s->flow_max)
		return -ENOSPC;
	s->flows++;
	req->flow = ++s->handles;
	req->mtu = be->mtu;
	req->gso_max = be->gso_max;
	req->local_port_out = req->local_port ? req->local_port :
						cpu_to_be16(SCRIPT_PORT);
	memcpy(req->local_out, our_addr, 4);
	return 0;
}

static int be_flow_del(struct unet_backend *be, u32 handle, u32 flags)
{
	struct script *s = script_of(be);

	s->flows--;
	s->del_flags = flags;
	return 0;
}

static int be_flow_set(struct unet_backend *be, u32 handle,
		       const struct unet_flow_meta *meta)
{
	return 0;
}

static const volatile struct unet_flow_adv *be_adv(struct unet_backend *be,
						   u32 index)
{
	return &script_of(be)->adv;
}

static int be_source(struct unet_backend *be, u8 family, const __be32 *dst,
		     __be32 *src)
{
	memcpy(src, our_addr, 4);
	return 0;
}

static int be_sync(struct unet_backend *be, u64 wait_us)
{
	return 0;
}

static u64 be_now(struct unet_backend *be)
{
	return script_of(be)->now;
}

static int be_fd(struct unet_backend *be)
{
	return -ENOTSUP;
}

static int be_state(struct unet_backend *be, u32 *reason)
{
	return UNET_CHANNEL_LIVE;
}

static void be_close(struct unet_backend *be)
{
}

static const struct unet_backend_ops ops = {
	.rx = be_rx, .rx_done = be_rx_done, .tx = be_tx, .tx_room = be_tx_room,
	.tx_alloc = be_tx_alloc, .tx_header = be_tx_header,
	.flow_add = be_flow_add, .flow_del = be_flow_del,
	.flow_set = be_flow_set, .adv = be_adv, .source = be_source,
	.sync = be_sync, .now_us = be_now, .fd = be_fd, .state = be_state,
	.close = be_close,
};

/* ---- events ---- */

static void ev_accepted(void *ctx)
{
	((struct script *)ctx)->events |= SCRIPT_EV_ACCEPTED;
}

static void ev_established(void *ctx)
{
	((struct script *)ctx)->events |= SCRIPT_EV_ESTABLISHED;
}

static void ev_readable(void *ctx)
{
	((struct script *)ctx)->events |= SCRIPT_EV_READABLE;
}

static void ev_writable(void *ctx)
{
	((struct script *)ctx)->events |= SCRIPT_EV_WRITABLE;
}

static void ev_closed(void *ctx, int err)
{
	struct script *s = ctx;

	s->events |= SCRIPT_EV_CLOSED;
	s->closed_err = err;
}

const struct unet_tcp_events script_events = {
	.accepted = ev_accepted, .established = ev_established,
	.readable = ev_readable, .writable = ev_writable, .closed = ev_closed,
};

/* What happened since the last call. */
u32 script_events_take(struct script *s)
{
	u32 events = s->events;

	s->events = 0;
	return events;
}

/* ---- a stack ---- */

struct script *script_open(u32 flags)
{
	static const u8 seed[16] = "script";
	struct script *s = calloc(1, sizeof(*s));

	s->be.ops = &ops;
	s->be.mtu = 1500;
	s->be.gso_max = flags & SCRIPT_SUPER ? 65535 : 0;
	s->now = SCRIPT_START;
	s->tx_room = UINT32_MAX;
	s->tx_memory = UINT32_MAX;
	s->flow_max = 1000;
	s->adv.mtu = 1500;
	unet_pktq_init(&s->arrived);
	s->st = unet_stack_create(&s->be, NULL, seed, sizeof(seed));
	unet_stack_add_proto(s->st, &unet_tcp_proto);
	if (!(flags & SCRIPT_RANDOM)) {
		tcp_of(s->st)->fixed_isn = SCRIPT_ISS;
		tcp_of(s->st)->fixed_ts = 0x10000 - SCRIPT_START / 1000;
	}
	return s;
}

void script_close(struct script *s)
{
	if (s->pcb)
		unet_tcp_abort(s->pcb);
	unet_pktq_purge(&s->arrived);
	unet_stack_destroy(s->st);
	free(s);
}

static void key_of(struct unet_flow_key *key, bool remote)
{
	memset(key, 0, sizeof(*key));
	key->family = 4;
	key->proto = UNET_PROTO_TCP;
	key->local_port = cpu_to_be16(SCRIPT_PORT);
	key->mask = UNET_MASK_2TUPLE;
	if (!remote)
		return;
	memcpy(key->local, our_addr, 4);
	memcpy(key->remote, peer_addr, 4);
	key->remote_port = cpu_to_be16(SCRIPT_PEER);
	key->mask = UNET_MASK_5TUPLE;
}

void script_listen(struct script *s, u32 backlog)
{
	struct unet_flow_key key;

	key_of(&key, false);
	s->pcb = unet_tcp_open(s->st, 4, &script_events, s);
	unet_tcp_listen(s->pcb, &key, backlog, 0);
}

void script_connect(struct script *s)
{
	struct unet_flow_key key;

	key_of(&key, true);
	s->pcb = unet_tcp_open(s->st, 4, &script_events, s);
	unet_tcp_connect(s->pcb, &key, 0);
}

/* The next bytes of our stream. */
ssize_t script_send(struct script *s, u32 bytes)
{
	u8 *buf = malloc(bytes);
	struct iovec iov = { buf, bytes };
	u32 seq = s->pcb->snd_end - SCRIPT_ISS, i;
	ssize_t n;

	for (i = 0; i < bytes; i++)
		buf[i] = script_byte(seq + i);
	n = unet_tcp_send(s->pcb, &iov, 1, false);
	free(buf);
	script_turn(s);
	return n;
}

/* ---- time and segments ---- */

/* One turn at the present time, and more as long as it puts off work. */
void script_turn(struct script *s)
{
	do {
		unet_stack_turn(s->st, s->now);
		unet_stack_sync(s->st, 0);
	} while (!unet_stack_deadline(s->st));
}

/* Time passes; timers fire each at its own time. */
void script_after(struct script *s, u64 us)
{
	u64 end = s->now + us, next;

	while ((next = unet_stack_deadline(s->st)) <= end) {
		s->now = max(s->now, next);
		script_turn(s);
	}
	s->now = end;
	script_turn(s);
}

/* To @ms after the start. */
void script_at(struct script *s, u32 ms)
{
	u64 at = SCRIPT_START + ms * 1000ull;

	script_after(s, at > s->now ? at - s->now : 0);
}

static u32 write_opts(u8 *at, const struct script_seg *seg)
{
	struct unet_tcp_opts o = { .sacks = seg->sacks };

	if (seg->mss)
		o.present |= UNET_TCPOPT_MSS;
	if (seg->wscale)
		o.present |= UNET_TCPOPT_WSCALE;
	if (seg->sack_ok)
		o.present |= UNET_TCPOPT_SACK_OK;
	if (seg->ts)
		o.present |= UNET_TCPOPT_TS;
	o.mss = seg->mss;
	o.wscale = seg->wscale - 1;
	o.tsval = seg->ts;
	o.tsecr = seg->tsecr;
	for (int i = 0; i < seg->sacks; i++) {
		o.sack[i].start = seg->sack[i].start + SCRIPT_ISS;
		o.sack[i].end = seg->sack[i].end + SCRIPT_ISS;
	}
	return unet_tcp_opts_build(at, &o);
}

static void write_ip(u8 *p, u32 total)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	unet_store_u16(p + 2, total);
	p[8] = 64;
	p[9] = UNET_PROTO_TCP;
	memcpy(p + 12, peer_addr, 4);
	memcpy(p + 16, our_addr, 4);
}

/* A segment of the peer, there for the next turn. */
void script_put(struct script *s, const struct script_seg *seg)
{
	u32 room = max(seg->len + 100, UNET_RX_SMALL_BYTES);
	struct unet_pkt *pkt = unet_pkt_heap(&s->st->pool, 0, room);
	u8 *p = unet_pkt_put(pkt, 40), opts[40];
	u32 n = write_opts(opts, seg), i;
	u32 irs = seg->raw ? 0 : SCRIPT_IRS, iss = seg->raw ? 0 : SCRIPT_ISS;

	write_ip(p, 40 + n + seg->len);
	p += 20;
	memset(p, 0, 20);
	unet_store_u16(p, seg->port ? seg->port : SCRIPT_PEER);
	unet_store_u16(p + 2, SCRIPT_PORT);
	unet_store_u32(p + 4, seg->seq + irs);
	unet_store_u32(p + 8, seg->flags & ACK ? seg->ack + iss : 0);
	p[12] = (20 + n) / 4 << 4;
	p[13] = seg->flags;
	unet_store_u16(p + 14, seg->wnd == SCRIPT_ZERO ? 0 :
			       seg->wnd ? seg->wnd : 65535);
	memcpy(unet_pkt_put(pkt, n), opts, n);
	p = unet_pkt_put(pkt, seg->len);
	for (i = 0; i < seg->len; i++)
		p[i] = script_byte(seg->seq + !!(seg->flags & SYN) + i);
	pkt->flags = UNET_PF_CSUM_OK;
	pkt->segs = seg->segs ? seg->segs : 1;
	pkt->seg_size = seg->seg_size;
	unet_pktq_add(&s->arrived, pkt);
}

struct script_seg script_take(struct script *s)
{
	struct script_seg seg = { .flags = 0 };

	if (!s->n_out)
		return seg;
	seg = s->out[0];
	s->n_out--;
	memmove(s->out, s->out + 1, s->n_out * sizeof(s->out[0]));
	return seg;
}

void script_text(const struct script_seg *seg, char *buf, size_t len)
{
	u8 f = seg->flags;
	int n;

	n = snprintf(buf, len,
		     "%s%s%s%s%s seq %u ack %u len %u wnd %u mss %u ws %d sok %d ts %u/%u seg %u",
		     f & SYN ? "S" : "", f & FIN ? "F" : "", f & RST ? "R" : "",
		     f & PSH ? "P" : "", f & ACK ? "." : "", seg->seq,
		     seg->ack, seg->len, seg->wnd, seg->mss, seg->wscale - 1,
		     seg->sack_ok, seg->ts, seg->tsecr, seg->seg_size);
	for (int i = 0; i < seg->sacks; i++)
		n += snprintf(buf + n, len - n, " [%u,%u)", seg->sack[i].start,
			      seg->sack[i].end);
}

/* Does @got say what @want asks for? Fields that are 0 in @want are free, but
 * for flags, numbers, length and SACK blocks.
 */
bool script_same(const struct script_seg *got, const struct script_seg *want,
		 char *why, size_t len)
{
	bool same = !((got->flags ^ want->flags) & (u8)~PSH) &&
		    got->seq == want->seq && got->ack == want->ack &&
		    got->len == want->len && got->sacks == want->sacks;

	same = same && (!want->wnd || got->wnd == (want->wnd & 0xffff)) &&
	       (!want->mss || got->mss == want->mss) &&
	       (!want->wscale || got->wscale == want->wscale) &&
	       (!want->sack_ok || got->sack_ok) &&
	       (!want->ts || got->ts == want->ts) &&
	       (!want->tsecr || got->tsecr == want->tsecr) &&
	       (!want->seg_size || got->seg_size == want->seg_size) &&
	       (!want->port || got->port == want->port);
	for (int i = 0; same && i < want->sacks; i++)
		same = got->sack[i].start == want->sack[i].start &&
		       got->sack[i].end == want->sack[i].end;
	if (!same) {
		char a[256], b[256];

		script_text(got, a, sizeof(a));
		script_text(want, b, sizeof(b));
		snprintf(why, len, "\n  got  %s\n  want %s", a, b);
	}
	return same;
}

/* ---- what must be true of a pcb whatever happened ---- */

static const char *check_records(const struct unet_tcp_pcb *pcb)
{
	const struct unet_tcp_recovery *rec = &pcb->rec;
	const struct unet_tcp_xmit *x, *prev = NULL;
	u32 flight = 0, sacked = 0, lost = 0, at = pcb->snd_una;

	for (x = rec->first; x; prev = x, x = x->next) {
		u32 n = x->end - x->node.seq;

		if (x->node.seq != at || !n || x->prev != prev)
			return "records have a hole";
		if (x->flags & UNET_TCPX_SACKED && x->flags & UNET_TCPX_LOST)
			return "a record is sacked and lost";
		if (x->flags & UNET_TCPX_SACKED)
			sacked += n;
		else if (x->flags & UNET_TCPX_LOST)
			lost += n;
		else
			flight += n;
		if (tcp_xmit_bytes(x) &&
		    (!x->piece || seq_lt(x->node.seq, (u32)x->piece->priv) ||
		     x->node.seq - (u32)x->piece->priv >= x->piece->len))
			return "a record does not point at its bytes";
		at = x->end;
	}
	if (prev != rec->last)
		return "the last record is not the last";
	if (rec->first && at != pcb->snd_nxt)
		return "records do not end at snd_nxt";
	if (flight != rec->in_flight || sacked != rec->sacked ||
	    lost != rec->lost_bytes)
		return "sums of records are wrong";
	return NULL;
}

static const char *check_lists(const struct unet_tcp_recovery *rec)
{
	const struct unet_tcp_xmit *x;
	u32 flight = 0, lost = 0;
	u64 sent_us = 0;

	for (x = rec->sent.first; x; sent_us = x->sent_us, x = x->t_next) {
		if (x->sent_us < sent_us)
			return "the sent list is not in order of time";
		if (x->flags & (UNET_TCPX_LOST | UNET_TCPX_SACKED))
			return "a record on the sent list is not in flight";
		flight += x->end - x->node.seq;
	}
	for (x = rec->lost.first; x; x = x->t_next) {
		if (!(x->flags & UNET_TCPX_LOST))
			return "a record on the lost list is not lost";
		lost += x->end - x->node.seq;
	}
	if (flight != rec->in_flight || lost != rec->lost_bytes)
		return "sums of lists are wrong";
	return NULL;
}

static const char *check_queues(const struct unet_tcp_pcb *pcb)
{
	const struct unet_pkt *p;
	u32 bytes = 0, packets = 0, at;

	for (p = pcb->rcvq.head; p; p = p->next, packets++)
		bytes += p->total;
	if (bytes != pcb->rcvq.bytes || packets != pcb->rcvq.packets)
		return "sums of the receive queue are wrong";
	if (pcb->sndq.head) {
		at = (u32)pcb->sndq.head->priv;
		for (p = pcb->sndq.head; p; p = p->next) {
			if ((u32)p->priv != at)
				return "send queue has a hole";
			at += p->len;
		}
		if (at != pcb->snd_end)
			return "send queue does not end at snd_end";
	}
	return NULL;
}

static const char *check_ooo(const struct unet_tcp_pcb *pcb)
{
	const struct unet_tcp_ooo *q = pcb->ooo;
	const struct unet_tcp_range *r;
	u32 truesize = 0, at = pcb->rcv_nxt, n = 0;

	if (!q)
		return NULL;
	for (r = q->first; r; r = r->next, n++) {
		const struct unet_pkt *p;
		u32 seq = r->node.seq;

		if (seq_leq(r->node.seq, at) || seq_leq(r->end, r->node.seq))
			return "out-of-order ranges touch or overlap";
		for (p = r->head; p; p = p->next) {
			if ((u32)p->priv != seq || !p->total)
				return "a range has a hole";
			seq += p->total;
			truesize += unet_pkt_truesize(p);
		}
		if (seq != r->end)
			return "a range does not end where it says";
		at = r->end;
	}
	if (truesize != q->truesize || n != q->ranges || !n)
		return "sums of the out-of-order queue are wrong";
	if (truesize > 2 * pcb->rcvbuf + 70000)
		return "the out-of-order queue is too large";
	return NULL;
}

static const char *check_numbers(const struct unet_tcp_pcb *pcb)
{
	bool data = pcb->snd_nxt != pcb->snd_una || pcb->snd_end != pcb->snd_nxt;

	if (seq_gt(pcb->snd_una, pcb->snd_nxt))
		return "snd_una is beyond snd_nxt";
	if (seq_gt(pcb->snd_nxt, pcb->snd_end + 1))
		return "snd_nxt is beyond the end";
	if (tcp_synchronized(pcb) && pcb->snd_una != pcb->snd_nxt &&
	    !pcb->rec.first)
		return "something is outstanding without a record";
	if (tcp_synchronized(pcb) && data &&
	    !(pcb->flags & UNET_TCPF_FIN_SENT && !pcb->rec.first) &&
	    pcb->rtx_kind == UNET_TCP_RTX_NONE && !unet_work_pending(&pcb->work))
		return "data waits and no timer runs";
	if (tcp_synchronized(pcb) && pcb->cc.cwnd < pcb->cc.mss)
		return "the congestion window is below a segment";
	return NULL;
}

/* NULL, or what is wrong. */
const char *script_check(const struct unet_tcp_pcb *pcb)
{
	const char *why = check_records(pcb);

	if (!why)
		why = check_lists(&pcb->rec);
	if (!why)
		why = check_queues(pcb);
	if (!why)
		why = check_ooo(pcb);
	if (!why)
		why = check_numbers(pcb);
	return why;
}
