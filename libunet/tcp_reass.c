// SPDX-License-Identifier: MIT
/*
 * The out-of-order queue: ranges in a tree, packets chained in each.
 *
 * What lies there is charged by the memory it keeps busy, not by its payload: a
 * byte in a buffer of 2 KiB costs 2 KiB. Those that waste more than half are moved
 * to memory of their own size first. Over the limit, the bytes furthest from
 * rcv_nxt go; they may have been sacked, which a receiver is free to take back
 * (RFC 2018 section 8).
 */
#include <stdlib.h>

#include "tcp_internal.h"
#include "tcp_range.h"

static struct unet_tcp_range *range_of(struct unet_seq_node *node)
{
	return node ? container_of(node, struct unet_tcp_range, node) : NULL;
}

static u32 limit(const struct unet_tcp_pcb *pcb)
{
	return 2 * pcb->rcvbuf;
}

/* ---- ranges ---- */

static void range_link(struct unet_tcp_ooo *q, struct unet_tcp_range *after,
		       struct unet_tcp_range *r)
{
	r->prev = after;
	r->next = after ? after->next : q->first;
	if (r->next)
		r->next->prev = r;
	else
		q->last = r;
	if (after)
		after->next = r;
	else
		q->first = r;
	unet_seq_tree_insert(&q->root, &r->node);
	q->ranges++;
}

static void range_unlink(struct unet_tcp_ooo *q, struct unet_tcp_range *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		q->first = r->next;
	if (r->next)
		r->next->prev = r->prev;
	else
		q->last = r->prev;
	unet_seq_tree_erase(&q->root, &r->node);
	q->ranges--;
}

static void free_packets(struct unet_pkt *pkt)
{
	while (pkt) {
		struct unet_pkt *next = pkt->next;

		unet_pkt_free(pkt);
		pkt = next;
	}
}

static void range_drop(struct unet_tcp_pcb *pcb, struct unet_tcp_range *r)
{
	struct unet_tcp_ooo *q = pcb->ooo;

	range_unlink(q, r);
	q->truesize -= r->truesize;
	free_packets(r->head);
	unet_tcp_range_put(pcb->st, r);
}

static void range_append(struct unet_tcp_ooo *q, struct unet_tcp_range *r,
			 struct unet_pkt *pkt)
{
	u32 size = unet_pkt_truesize(pkt);

	pkt->next = NULL;
	if (r->head)
		r->tail->next = pkt;
	else
		r->head = pkt;
	r->tail = pkt;
	r->end = (u32)pkt->priv + pkt->total;
	r->truesize += size;
	q->truesize += size;
}

/* @b, right behind @a, becomes part of it. */
static void range_join(struct unet_tcp_pcb *pcb, struct unet_tcp_range *a,
		       struct unet_tcp_range *b)
{
	a->tail->next = b->head;
	a->tail = b->tail;
	a->end = b->end;
	a->truesize += b->truesize;
	range_unlink(pcb->ooo, b);
	unet_tcp_range_put(pcb->st, b);
}

static struct unet_tcp_range *range_new(struct unet_tcp_pcb *pcb,
					struct unet_tcp_range *after, u32 seq)
{
	struct unet_tcp_range *r = unet_tcp_range_new(pcb->st);

	if (!r)
		return NULL;
	r->node.seq = seq;
	r->end = seq;
	range_link(pcb->ooo, after, r);
	return r;
}

/* ---- what to report ---- */

static void recent_forget(struct unet_tcp_ooo *q, u32 start, u32 end)
{
	u8 i, n = 0;

	for (i = 0; i < q->n_recent; i++)
		if (seq_lt(q->recent[i].start, start) ||
		    seq_gt(q->recent[i].end, end))
			q->recent[n++] = q->recent[i];
	q->n_recent = n;
}

/* RFC 2018 section 4: the block that holds the newest segment comes first. */
static void recent_note(struct unet_tcp_ooo *q, u32 start, u32 end)
{
	recent_forget(q, start, end);
	if (q->n_recent == UNET_TCP_SACK_MAX)
		q->n_recent--;
	memmove(q->recent + 1, q->recent, q->n_recent * sizeof(q->recent[0]));
	q->recent[0].start = start;
	q->recent[0].end = end;
	q->n_recent++;
}

static void note_dsack(struct unet_tcp_pcb *pcb, u32 start, u32 end)
{
	if (pcb->flags & UNET_TCPF_DSACK || !(pcb->flags & UNET_TCPF_SACK))
		return;
	pcb->flags |= UNET_TCPF_DSACK;
	pcb->dsack.start = start;
	pcb->dsack.end = end;
}

/**
 * unet_tcp_reass_sacks() - blocks for the next acknowledgement
 * @pcb:	connection that does SACK
 * @sack:	out
 * @room:	entries of @sack
 *
 * Return: entries filled in; a duplicate to report (RFC 2883) comes first.
 */
unsigned int unet_tcp_reass_sacks(const struct unet_tcp_pcb *pcb,
				  struct unet_tcp_sack *sack, unsigned int room)
{
	const struct unet_tcp_ooo *q = pcb->ooo;
	unsigned int n = 0, i;

	if (pcb->flags & UNET_TCPF_DSACK && room)
		sack[n++] = pcb->dsack;
	for (i = 0; q && i < q->n_recent && n < room; i++)
		sack[n++] = q->recent[i];
	return n;
}

/* ---- adding and taking ---- */

static bool queue_get(struct unet_tcp_pcb *pcb)
{
	if (!pcb->ooo)
		pcb->ooo = calloc(1, sizeof(*pcb->ooo));
	return pcb->ooo;
}

/* An empty queue is no queue. */
static void queue_put(struct unet_tcp_pcb *pcb)
{
	if (pcb->ooo->first)
		return;
	free(pcb->ooo);
	pcb->ooo = NULL;
}

/*
 * Over the limit, ranges behind @pkt go first; if there are none, @pkt itself is
 * the one furthest from rcv_nxt.
 */
static bool make_room(struct unet_tcp_pcb *pcb, const struct unet_pkt *pkt)
{
	struct unet_tcp_ooo *q = pcb->ooo;
	u32 size = unet_pkt_truesize(pkt);

	while (q->truesize + size > limit(pcb)) {
		struct unet_tcp_range *r = q->last;
		bool behind = r && seq_lt((u32)pkt->priv, r->node.seq);

		unet_count_add(pcb->st, UNET_STAT_TCP_OOO_DROP,
			       behind ? r->end - r->node.seq : pkt->total);
		if (!behind)
			return false;
		recent_forget(q, r->node.seq, r->end);
		range_drop(pcb, r);
	}
	return true;
}

/* Whole ranges that lie within [seq, end) are replaced by what came now. */
static void swallow(struct unet_tcp_pcb *pcb, struct unet_tcp_range *r, u32 end)
{
	while (r && seq_leq(r->end, end)) {
		struct unet_tcp_range *next = r->next;

		note_dsack(pcb, r->node.seq, r->end);
		recent_forget(pcb->ooo, r->node.seq, r->end);
		range_drop(pcb, r);
		r = next;
	}
}

/* Leave of @pkt what is new between @before and what follows; false: nothing. */
static bool trim(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt,
		 struct unet_tcp_range *before)
{
	u32 seq = (u32)pkt->priv, end = seq + pkt->total;
	struct unet_tcp_range *after;

	if (before && seq_gt(before->end, seq)) {
		note_dsack(pcb, seq, seq_min(before->end, end));
		if (seq_geq(before->end, end))
			return false;
		unet_pkt_pull(pkt, before->end - seq);
		pkt->priv = before->end;
	}
	swallow(pcb, before ? before->next : pcb->ooo->first, end);
	after = before ? before->next : pcb->ooo->first;
	if (after && seq_gt(end, after->node.seq)) {
		note_dsack(pcb, after->node.seq, end);
		unet_pkt_trim(pkt, after->node.seq - (u32)pkt->priv);
	}
	return true;
}

static bool insert(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt,
		   struct unet_tcp_range *before)
{
	struct unet_tcp_range *r = before;

	if (!r || r->end != (u32)pkt->priv)
		r = range_new(pcb, before, (u32)pkt->priv);
	if (!r)
		return false;
	range_append(pcb->ooo, r, pkt);
	if (r->next && r->next->node.seq == r->end)
		range_join(pcb, r, r->next);
	recent_note(pcb->ooo, r->node.seq, r->end);
	return true;
}

static bool add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt,
		struct unet_tcp_range *before)
{
	if (!trim(pcb, pkt, before))
		return false;
	if (2 * pkt->total < unet_pkt_truesize(pkt))
		unet_pkt_own(pkt, 0);
	return make_room(pcb, pkt) && insert(pcb, pkt, before);
}

/**
 * unet_tcp_reass_add() - bytes that came too early
 * @pcb:	connection
 * @pkt:	payload only, not empty, all of it in the window and behind
 *		rcv_nxt; taken over
 * @seq:	of its first byte
 *
 * Return: true when something new was kept.
 */
bool unet_tcp_reass_add(struct unet_tcp_pcb *pcb, struct unet_pkt *pkt, u32 seq)
{
	if (!queue_get(pcb)) {
		unet_count(pcb->st, UNET_STAT_NO_MEMORY);
		unet_pkt_free(pkt);
		return false;
	}
	pkt->priv = seq;
	if (add(pcb, pkt, range_of(unet_seq_tree_floor(pcb->ooo->root, seq))))
		return true;
	unet_pkt_free(pkt);
	queue_put(pcb);
	return false;
}

/* Leave of @pkt what is behind rcv_nxt, and before a FIN. Return: there is such. */
static bool trim_taken(const struct unet_tcp_pcb *pcb, struct unet_pkt *pkt)
{
	u32 seq = (u32)pkt->priv, end = seq + pkt->total;

	if (pcb->flags & UNET_TCPF_FIN_SEEN)
		end = seq_min(end, pcb->rcv_fin);
	if (seq_leq(end, pcb->rcv_nxt))
		return false;
	unet_pkt_trim(pkt, end - seq);
	if (seq_gt(pcb->rcv_nxt, seq))
		unet_pkt_pull(pkt, pcb->rcv_nxt - seq);
	return true;
}

/* Packets of the first range move to the reader's queue. */
static void hand_over(struct unet_tcp_pcb *pcb, struct unet_tcp_range *r)
{
	struct unet_pkt *pkt = r->head;

	while (pkt) {
		struct unet_pkt *next = pkt->next;

		if (trim_taken(pcb, pkt)) {
			pcb->rcv_nxt += pkt->total;
			unet_tcp_rcvq_add(pcb, pkt);
		} else {
			unet_pkt_free(pkt);
		}
		pkt = next;
	}
	r->head = NULL;
}

/**
 * unet_tcp_reass_take() - rcv_nxt moved: move on what is in order now
 * @pcb:	connection
 */
void unet_tcp_reass_take(struct unet_tcp_pcb *pcb)
{
	struct unet_tcp_ooo *q = pcb->ooo;
	struct unet_tcp_range *r;

	while (q && (r = q->first) && seq_leq(r->node.seq, pcb->rcv_nxt)) {
		recent_forget(q, r->node.seq, r->end);
		hand_over(pcb, r);
		range_drop(pcb, r);
	}
	if (q)
		queue_put(pcb);
}

/**
 * unet_tcp_reass_purge() - drop everything
 * @pcb:	connection
 */
void unet_tcp_reass_purge(struct unet_tcp_pcb *pcb)
{
	if (!pcb->ooo)
		return;
	while (pcb->ooo->first)
		range_drop(pcb, pcb->ooo->first);
	free(pcb->ooo);
	pcb->ooo = NULL;
}
