// SPDX-License-Identifier: MIT
/*
 * The scoreboard: one record for each send, in flight, lost or sacked.
 *
 * Cost. Cumulative acknowledgements take records off the front. A SACK block is
 * looked up in the index (O(log n)) and walked; sacked neighbours are merged
 * into one record, so a walk either marks something new or skips a whole sacked
 * run: hostile block patterns buy no more work than the records they mark.
 * Records are only cut on segment boundaries, so they cannot be ground to dust.
 */
#include "tcp_internal.h"
#include "tcp_recovery.h"

static struct unet_tcp_xmit *xmit_of(struct unet_seq_node *node)
{
	return node ? container_of(node, struct unet_tcp_xmit, node) : NULL;
}

/* ---- the lists ---- */

static void list_add(struct unet_tcp_xmit_list *l, struct unet_tcp_xmit *x)
{
	x->t_next = NULL;
	x->t_prev = l->last;
	if (l->last)
		l->last->t_next = x;
	else
		l->first = x;
	l->last = x;
}

static void list_add_after(struct unet_tcp_xmit_list *l,
			   struct unet_tcp_xmit *at, struct unet_tcp_xmit *x)
{
	x->t_prev = at;
	x->t_next = at->t_next;
	if (at->t_next)
		at->t_next->t_prev = x;
	else
		l->last = x;
	at->t_next = x;
}

static void list_del(struct unet_tcp_xmit_list *l, struct unet_tcp_xmit *x)
{
	if (x->t_prev)
		x->t_prev->t_next = x->t_next;
	else
		l->first = x->t_next;
	if (x->t_next)
		x->t_next->t_prev = x->t_prev;
	else
		l->last = x->t_prev;
	x->t_next = NULL;
	x->t_prev = NULL;
}

/* In order of time; nearly always in front of all others. */
static void list_add_by_time(struct unet_tcp_xmit_list *l,
			     struct unet_tcp_xmit *x)
{
	struct unet_tcp_xmit *at = l->first;

	if (!at || at->sent_us >= x->sent_us) {
		x->t_prev = NULL;
		x->t_next = at;
		l->first = x;
		if (at)
			at->t_prev = x;
		else
			l->last = x;
		return;
	}
	while (at->t_next && at->t_next->sent_us < x->sent_us)
		at = at->t_next;
	list_add_after(l, at, x);
}

static u32 numbers(const struct unet_tcp_xmit *x)
{
	return x->end - x->node.seq;
}

/* Take a record off its list and out of its sum. */
static void leave(struct unet_tcp_recovery *rec, struct unet_tcp_xmit *x)
{
	if (x->flags & UNET_TCPX_SACKED) {
		rec->sacked -= numbers(x);
	} else if (x->flags & UNET_TCPX_LOST) {
		list_del(&rec->lost, x);
		rec->lost_bytes -= numbers(x);
	} else {
		list_del(&rec->sent, x);
		rec->in_flight -= numbers(x);
	}
	x->flags &= ~(UNET_TCPX_SACKED | UNET_TCPX_LOST);
}

static void join_flight(struct unet_tcp_recovery *rec, struct unet_tcp_xmit *x)
{
	list_add(&rec->sent, x);
	rec->in_flight += numbers(x);
}

static void unlink_record(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (x->prev)
		x->prev->next = x->next;
	else
		rec->first = x->next;
	if (x->next)
		x->next->prev = x->prev;
	else
		rec->last = x->prev;
	if (rec->indexed)
		unet_seq_tree_erase(&rec->index, &x->node);
	unet_tcp_xmit_put(pcb->st, x);
}

static void forget_all(struct unet_tcp_recovery *rec)
{
	rec->index = NULL;
	rec->indexed = false;
}

/**
 * unet_tcp_rec_sent() - new data went out
 * @pcb:	connection
 * @x:		@node.seq, @end, @piece, @seg_size and FIN are set; behind all others
 */
void unet_tcp_rec_sent(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	if (!rec->first)
		rec->delivered_us = pcb->st->now;
	x->sent_us = pcb->st->now;
	x->delivered = rec->delivered;
	x->delivered_us = rec->delivered_us;
	x->next = NULL;
	x->prev = rec->last;
	if (rec->last)
		rec->last->next = x;
	else
		rec->first = x;
	rec->last = x;
	if (rec->indexed)
		unet_seq_tree_insert(&rec->index, &x->node);
	join_flight(rec, x);
}

/**
 * unet_tcp_rec_resent() - a record went out again
 * @pcb:	connection
 * @x:		not sacked
 */
void unet_tcp_rec_resent(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	leave(rec, x);
	x->flags |= UNET_TCPX_RETX;
	x->sent_us = pcb->st->now;
	x->delivered = rec->delivered;
	x->delivered_us = rec->delivered_us;
	join_flight(rec, x);
}

/**
 * unet_tcp_rec_split() - cut a record in two
 * @pcb:	connection
 * @x:		keeps what is before @seq; neither half is empty
 * @seq:	first number of the second half, which gets the FIN
 *
 * Return: false when there is no memory.
 */
bool unet_tcp_rec_split(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x,
			u32 seq)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_xmit *y = unet_tcp_xmit_new(pcb->st);
	u32 prio;

	if (!y)
		return false;
	prio = y->node.prio;
	*y = *x;
	y->node.prio = prio;
	y->node.seq = seq;
	y->piece = x->piece ? unet_tcp_sndbuf_seek(x->piece, seq) : NULL;
	x->end = seq;
	x->flags &= ~UNET_TCPX_FIN;
	y->prev = x;
	if (y->next)
		y->next->prev = y;
	else
		rec->last = y;
	x->next = y;
	if (rec->indexed)
		unet_seq_tree_insert(&rec->index, &y->node);
	if (x->flags & UNET_TCPX_LOST)
		list_add_after(&rec->lost, x, y);
	else if (!(x->flags & UNET_TCPX_SACKED))
		list_add_after(&rec->sent, x, y);
	return true;
}

/**
 * unet_tcp_rec_lose() - take a record for lost
 * @pcb:	connection
 * @x:		in flight
 */
void unet_tcp_rec_lose(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	leave(rec, x);
	x->flags |= UNET_TCPX_LOST;
	list_add(&rec->lost, x);
	rec->lost_bytes += numbers(x);
}

/**
 * unet_tcp_rec_found() - what was taken for lost is on its way after all
 * @pcb:	connection
 */
void unet_tcp_rec_found(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_xmit *x;

	while ((x = rec->lost.last)) {
		leave(rec, x);
		list_add_by_time(&rec->sent, x);
		rec->in_flight += numbers(x);
	}
}

/**
 * unet_tcp_rec_lose_again() - keep a lost record, at the end of the lost list
 * @pcb:	connection
 * @x:		lost
 */
void unet_tcp_rec_lose_again(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x)
{
	list_del(&pcb->rec.lost, x);
	list_add(&pcb->rec.lost, x);
}

/* ---- cumulative acknowledgements ---- */

static u32 round_trip(const struct unet_tcp_pcb *pcb,
		      const struct unet_tcp_xmit *x)
{
	u64 rtt = pcb->st->now - x->sent_us;

	return rtt ? min_t(u64, rtt, UINT32_MAX) : 1;
}

/* Round trips are taken only from what was sent once (Karn). */
static void delivered(struct unet_tcp_pcb *pcb, const struct unet_tcp_xmit *x,
		      struct unet_tcp_ack_in *in)
{
	u32 rtt = round_trip(pcb, x);

	if (x->flags & UNET_TCPX_RETX) {
		in->retx_acked = true;
	} else {
		if (!in->seq_rtt_us)
			in->seq_rtt_us = rtt;
		in->last_rtt_us = rtt;
	}
	if (x->delivered_us >= in->rate_us) {
		in->rate_us = x->delivered_us;
		in->rate_delivered = x->delivered;
		in->app_limited = x->flags & UNET_TCPX_APP_LIMITED;
	}
	unet_tcp_rack_delivered(pcb, x, in);
}

/* The peer acknowledges the middle of a record. */
static void trim_front(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x,
		       u32 ack, struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 n = ack - x->node.seq;

	if (!(x->flags & (UNET_TCPX_SACKED | UNET_TCPX_RETX)) && !in->seq_rtt_us)
		in->seq_rtt_us = round_trip(pcb, x);
	if (x->flags & UNET_TCPX_SACKED)
		rec->sacked -= n;
	else if (x->flags & UNET_TCPX_LOST)
		rec->lost_bytes -= n;
	else
		rec->in_flight -= n;
	x->node.seq = ack;
	if (x->piece)
		x->piece = unet_tcp_sndbuf_seek(x->piece, ack);
}

/**
 * unet_tcp_rec_acked() - a cumulative acknowledgement
 * @pcb:	connection
 * @ack:	acknowledgement number, not above snd_nxt
 * @in:		sums it goes into
 */
void unet_tcp_rec_acked(struct unet_tcp_pcb *pcb, u32 ack,
			struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_xmit *x;

	while ((x = rec->first) && seq_leq(x->end, ack)) {
		if (!(x->flags & UNET_TCPX_SACKED)) {
			delivered(pcb, x, in);
			rec->delivered += numbers(x);
		}
		leave(rec, x);
		unlink_record(pcb, x);
	}
	if (!x) {
		forget_all(rec);
	} else if (seq_lt(x->node.seq, ack)) {
		if (!(x->flags & UNET_TCPX_SACKED))
			rec->delivered += ack - x->node.seq;
		trim_front(pcb, x, ack, in);
	}
}

/* ---- selective acknowledgements ---- */

static void build_index(struct unet_tcp_recovery *rec)
{
	struct unet_tcp_xmit *x;

	if (rec->indexed)
		return;
	for (x = rec->first; x; x = x->next)
		unet_seq_tree_insert(&rec->index, &x->node);
	rec->indexed = true;
}

/* @y, right behind @x and sacked like it, becomes part of it. */
static void merge(struct unet_tcp_pcb *pcb, struct unet_tcp_xmit *x,
		  struct unet_tcp_xmit *y)
{
	x->end = y->end;
	x->flags |= y->flags & (UNET_TCPX_RETX | UNET_TCPX_FIN);
	unlink_record(pcb, y);
}

static bool is_sacked(const struct unet_tcp_xmit *x)
{
	return x && x->flags & UNET_TCPX_SACKED;
}

static struct unet_tcp_xmit *mark(struct unet_tcp_pcb *pcb,
				  struct unet_tcp_xmit *x,
				  struct unet_tcp_ack_in *in)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	delivered(pcb, x, in);
	rec->delivered += numbers(x);
	in->sacked += numbers(x);
	leave(rec, x);
	x->flags |= UNET_TCPX_SACKED;
	rec->sacked += numbers(x);
	if (is_sacked(x->next))
		merge(pcb, x, x->next);
	if (is_sacked(x->prev)) {
		x = x->prev;
		merge(pcb, x, x->next);
	}
	return x;
}

/*
 * The part of @x within [start, end), cut on segment boundaries, becomes a
 * record of its own. NULL when that is nothing, or there is no memory.
 */
static struct unet_tcp_xmit *carve(struct unet_tcp_pcb *pcb,
				   struct unet_tcp_xmit *x, u32 start, u32 end)
{
	u32 seg = x->seg_size ? x->seg_size : 1, from = x->node.seq, cut;

	if (seq_gt(end, x->end))
		end = x->end;
	if (seq_gt(start, from)) {
		cut = from + (start - from + seg - 1) / seg * seg;
		if (seq_geq(cut, end) || !unet_tcp_rec_split(pcb, x, cut))
			return NULL;
		x = x->next;
	}
	if (end == x->end)
		return x;
	cut = x->node.seq + (end - x->node.seq) / seg * seg;
	if (x->flags & UNET_TCPX_FIN && end == x->end - 1)
		cut = end;	/* all of the text: receivers leave the FIN out */
	if (cut == x->node.seq || !unet_tcp_rec_split(pcb, x, cut))
		return NULL;
	return x;
}

static void sack_block(struct unet_tcp_pcb *pcb, u32 start, u32 end,
		       struct unet_tcp_ack_in *in)
{
	struct unet_tcp_xmit *x, *part, *next;

	x = xmit_of(unet_seq_tree_floor(pcb->rec.index, start));
	if (!x)
		x = pcb->rec.first;
	for (; x && seq_lt(x->node.seq, end); x = next) {
		next = x->next;
		if (is_sacked(x) || seq_leq(x->end, start))
			continue;
		part = carve(pcb, x, start, end);
		if (part)
			next = mark(pcb, part, in)->next;
	}
}

/* RFC 2883: the first block repeats what is acknowledged, or lies in the second. */
static bool is_dsack(const struct unet_tcp_opts *o, u32 ack)
{
	const struct unet_tcp_sack *b = o->sack;

	if (!o->sacks)
		return false;
	if (seq_lt(b[0].start, ack))
		return true;
	return o->sacks > 1 && seq_geq(b[0].start, b[1].start) &&
	       seq_leq(b[0].end, b[1].end);
}

static void dsack(struct unet_tcp_pcb *pcb, const struct unet_tcp_sack *b)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	u32 n = b->end - b->start;

	/* what lies further back than a window was not sent lately */
	if (!n || n > pcb->snd_max_wnd || seq_gt(b->end, pcb->snd_nxt) ||
	    seq_lt(b->start, pcb->snd_una - pcb->snd_max_wnd))
		return;
	unet_tcp_rack_dsack(pcb);
	if (rec->undo_on && seq_gt(b->end, rec->undo_una))
		rec->undo_retx -= min(n, rec->undo_retx);
}

/**
 * unet_tcp_rec_sacked() - SACK blocks of an acknowledgement
 * @pcb:	connection; snd_una is already up to date
 * @seg:	segment
 * @in:		sums they go into
 */
void unet_tcp_rec_sacked(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_seg *seg,
			 struct unet_tcp_ack_in *in)
{
	const struct unet_tcp_opts *o = &seg->opts;
	unsigned int i = 0;

	if (is_dsack(o, seg->ack)) {
		in->dsack = true;
		dsack(pcb, &o->sack[0]);
		i = 1;
	}
	for (; i < o->sacks; i++) {
		u32 start = seq_max(o->sack[i].start, pcb->snd_una);
		u32 end = o->sack[i].end;

		if (seq_geq(start, end) || seq_gt(end, pcb->snd_nxt))
			continue;
		build_index(&pcb->rec);
		sack_block(pcb, start, end, in);
	}
}

/**
 * unet_tcp_rec_renege() - the receiver dropped what it had sacked
 * @pcb:	connection
 *
 * RFC 2018 section 8: nothing sacked counts any more; all of it is lost.
 */
void unet_tcp_rec_renege(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;
	struct unet_tcp_xmit *x;

	for (x = rec->first; x; x = x->next) {
		if (!is_sacked(x))
			continue;
		leave(rec, x);
		x->flags |= UNET_TCPX_LOST;
		list_add(&rec->lost, x);
		rec->lost_bytes += numbers(x);
	}
}

/**
 * unet_tcp_rec_purge() - let go of all records
 * @pcb:	connection
 */
void unet_tcp_rec_purge(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_recovery *rec = &pcb->rec;

	forget_all(rec);
	while (rec->first) {
		leave(rec, rec->first);
		unlink_record(pcb, rec->first);
	}
}

/**
 * unet_tcp_pipe() - bytes believed to be in the network (RFC 6675)
 * @pcb:	connection
 *
 * Without SACK each duplicate acknowledgement stands for a segment that left.
 */
u32 unet_tcp_pipe(const struct unet_tcp_pcb *pcb)
{
	u32 left = pcb->rec.dupacks * pcb->mss;

	if (pcb->flags & UNET_TCPF_SACK)
		return pcb->rec.in_flight;
	return pcb->rec.in_flight - min(left, pcb->rec.in_flight);
}
