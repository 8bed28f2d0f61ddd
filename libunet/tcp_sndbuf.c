// SPDX-License-Identifier: MIT
/*
 * The send buffer: pieces of TX memory in order. Small writes are packed into
 * the last piece's block; what is sent are clones of ranges of pieces, so bytes
 * are copied once, from the writer.
 *
 * When there is no TX memory, because others have queued for peers that do not
 * read, a connection may still queue UNET_TCP_SHARE_MIN bytes: on the heap, to be
 * copied once more by the backend. Such pieces are not sent together with others.
 */
#include "tcp_internal.h"

#define BLOCK_SMALL	UNET_TX_BUF_BYTES
#define PAYLOAD_EXTENTS	(UNET_TX_EXTENTS - 1)

static u32 piece_start(const struct unet_pkt *piece)
{
	return (u32)piece->priv;
}

static u32 piece_end(const struct unet_pkt *piece)
{
	return piece_start(piece) + piece->len;
}

/* Fill what is left of the last piece's block. */
static u32 fill_last(struct unet_tcp_pcb *pcb, const u8 *bytes, u32 len)
{
	struct unet_pkt *last = pcb->sndq.tail;
	u32 n;

	if (unet_pktq_empty(&pcb->sndq))
		return 0;
	n = min(len, unet_pkt_tailroom(last));
	if (!n)
		return 0;
	memcpy(unet_pkt_put(last, n), bytes, n);
	pcb->sndq.bytes += n;
	if (!pcb->snd_piece)
		pcb->snd_piece = last;
	return n;
}

static struct unet_block *block_for(struct unet_tcp_pcb *pcb, u32 len)
{
	u32 want = min(max(len, BLOCK_SMALL), UNET_TX_BLOCK_MAX);
	struct unet_block *blk = unet_stack_tx_alloc(pcb->st, 1, want);

	if (blk || tcp_snd_queued(pcb) >= UNET_TCP_SHARE_MIN)
		return blk;
	return unet_block_heap(BLOCK_SMALL);
}

static bool on_heap(const struct unet_pkt *piece)
{
	return !piece->block->owner;
}

static u32 add_piece(struct unet_tcp_pcb *pcb, const u8 *bytes, u32 len)
{
	struct unet_block *blk = block_for(pcb, len);
	struct unet_pkt *piece;
	u32 n;

	if (!blk)
		return 0;
	n = min(len, blk->size);
	piece = unet_pkt_over(&pcb->st->pool, blk, 0, n);
	if (!piece)
		return 0;
	memcpy(piece->data, bytes, n);
	piece->priv = pcb->snd_end;
	unet_pktq_add(&pcb->sndq, piece);
	if (!pcb->snd_piece)
		pcb->snd_piece = piece;
	return n;
}

/**
 * unet_tcp_sndbuf_add() - copy bytes into the send buffer
 * @pcb:	connection
 * @bytes:	from the writer
 * @len:	how many; the caller has looked at sndbuf
 *
 * Return: how many were taken, fewer when there is no TX memory.
 */
u32 unet_tcp_sndbuf_add(struct unet_tcp_pcb *pcb, const u8 *bytes, u32 len)
{
	u32 done = 0, n;

	while (done < len) {
		n = fill_last(pcb, bytes + done, len - done);
		if (!n)
			n = add_piece(pcb, bytes + done, len - done);
		if (!n)
			break;
		done += n;
		pcb->snd_end += n;
	}
	return done;
}

/**
 * unet_tcp_sndbuf_memory() - is there memory again for what a writer adds?
 * @pcb:	connection
 */
bool unet_tcp_sndbuf_memory(struct unet_tcp_pcb *pcb)
{
	struct unet_block *blk;

	if (tcp_snd_queued(pcb) < UNET_TCP_SHARE_MIN)
		return true;
	blk = unet_stack_tx_alloc(pcb->st, 1, 1);
	if (blk)
		unet_block_put(blk);
	return blk;
}

/**
 * unet_tcp_sndbuf_acked() - let go of pieces that snd_una has passed
 * @pcb:	connection
 */
void unet_tcp_sndbuf_acked(struct unet_tcp_pcb *pcb)
{
	struct unet_pkt *piece;

	while ((piece = pcb->sndq.head) &&
	       seq_leq(piece_end(piece), pcb->snd_una)) {
		if (pcb->snd_piece == piece)
			pcb->snd_piece = piece->next;
		unet_pkt_free(unet_pktq_take(&pcb->sndq));
	}
}

/**
 * unet_tcp_sndbuf_purge() - let go of everything
 * @pcb:	connection; has no transmission records any more
 */
void unet_tcp_sndbuf_purge(struct unet_tcp_pcb *pcb)
{
	unet_pktq_purge(&pcb->sndq);
	pcb->snd_piece = NULL;
}

/**
 * unet_tcp_sndbuf_seek() - the piece that holds a byte
 * @piece:	at or before it
 * @seq:	its sequence number
 *
 * Return: the piece; NULL when @seq is behind the last byte.
 */
struct unet_pkt *unet_tcp_sndbuf_seek(struct unet_pkt *piece, u32 seq)
{
	while (piece && seq_leq(piece_end(piece), seq))
		piece = piece->next;
	return piece;
}

/**
 * unet_tcp_sndbuf_span() - how much one send can carry
 * @piece:	holds @seq
 * @seq:	first byte
 * @len:	wanted
 *
 * Return: bytes of @len that lie in as many pieces as a send has extents, all in
 * TX memory or all on the heap.
 */
u32 unet_tcp_sndbuf_span(const struct unet_pkt *piece, u32 seq, u32 len)
{
	u32 left = PAYLOAD_EXTENTS, span = 0;
	bool heap = on_heap(piece);

	for (; piece && left-- && span < len && on_heap(piece) == heap;
	     piece = piece->next)
		span = piece_end(piece) - seq;
	return min(span, len);
}

/**
 * unet_tcp_sndbuf_clone() - references to a range of the send buffer
 * @to:		packet to hang them on
 * @piece:	holds @seq
 * @seq:	first byte
 * @len:	how many, all queued
 *
 * Return: 0 or -ENOMEM.
 */
int unet_tcp_sndbuf_clone(struct unet_pkt *to, const struct unet_pkt *piece,
			  u32 seq, u32 len)
{
	while (len) {
		u32 skip = seq - piece_start(piece);
		u32 n = min(len, piece->len - skip);
		struct unet_pkt *clone = unet_pkt_clone_range(piece, skip, n);

		if (!clone)
			return -ENOMEM;
		unet_pkt_append(to, clone);
		seq += n;
		len -= n;
		piece = piece->next;
	}
	return 0;
}
