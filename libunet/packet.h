/* SPDX-License-Identifier: MIT */
/*
 * Packets: metadata over reference-counted bytes.
 *
 *   queue:  pkt -next-> pkt -next-> pkt
 *            |more       |
 *           piece        v         one packet = its head and its pieces
 *            |          block      a piece = a run of bytes in one block
 *            v
 *          block         block     bytes: RX buffer, TX memory or heap
 *
 * A block may lie under many packets (clones). Bytes that lie under more than
 * one packet are never written: unet_pkt_writable() copies first. Behind the
 * highest byte ever given out (@used) a block may be filled further whoever
 * shares the bytes before.
 *
 * Everything belongs to one stack and so to one thread; counts are plain.
 */
#ifndef UNET_PACKET_INTERNAL_H
#define UNET_PACKET_INTERNAL_H

#include "core_os.h"

struct iovec;
struct unet_pkt_pool;

/**
 * struct unet_block - bytes that packets lie over
 * @base:	first byte
 * @size:	how many
 * @used:	bytes from @base that were given out for writing
 * @refs:	packets (pieces) over it, and whoever else holds it
 * @id:		owner's: RX buffer index, TX offset
 * @release:	called when the last reference goes
 * @owner:	for @release; NULL: the heap
 */
struct unet_block {
	u8 *base;
	u32 size;
	u32 used;
	u32 refs;
	u32 id;
	void (*release)(struct unet_block *blk);
	void *owner;
};

/* struct unet_pkt.flags; not inherited by clones: ICMP_ERROR */
#define UNET_PF_CSUM_OK		(1u << 0)	/* L4 checksum verified or vouched for */
#define UNET_PF_CSUM_BAD	(1u << 1)	/* L4 checksum known to be wrong */
#define UNET_PF_ICMP_ERROR	(1u << 2)	/* an ICMP error that quotes the flow */
#define UNET_PF_REASSEMBLED	(1u << 3)	/* came in fragments */
#define UNET_PF_CHANGED		(1u << 4)	/* lengths and checksums are not right yet */
#define UNET_PF_FRAME		(1u << 5)	/* kept: not IP, data at the Ethernet header */

/**
 * struct unet_pkt - a packet, or a further piece of one
 * @next:	link of the queue the packet is on
 * @more:	next piece of the packet, NULL for the last
 * @block:	bytes; one reference is held
 * @data:	first byte of this piece
 * @len:	bytes in this piece
 * @total:	head only: bytes of the whole packet
 * @seg_size:	head only: payload bytes per segment of a super packet, else 0
 * @segs:	head only: packets this is or will be on the wire, at least 1
 * @flags:	head only: UNET_PF_*
 * @l3_offset:	head only: how far the L3 header is before @data (received); 0 when
 *		it is not there, because the bytes were moved
 * @tag:	head only: flow tag it was received with, 0 for none
 * @tstamp:	head only: received, CLOCK_MONOTONIC ns, 0 when not known
 * @priv:	head only: whoever queues the packet may keep something here
 * @pool:	where the metadata goes when freed
 */
struct unet_pkt {
	struct unet_pkt *next;
	struct unet_pkt *more;
	struct unet_block *block;
	u8 *data;
	u32 len;
	u32 total;
	u16 seg_size;
	u16 segs;
	u16 flags;
	u16 l3_offset;
	u64 tag;
	u64 tstamp;
	u64 priv;
	struct unet_pkt_pool *pool;
};

/**
 * struct unet_pkt_pool - metadata not in use
 * @free:	linked by @next
 * @chunks:	what was allocated, linked by its first word
 * @live:	packets and pieces in use
 * @limit:	most of them, 0: no limit
 */
struct unet_pkt_pool {
	struct unet_pkt *free;
	void *chunks;
	u32 live;
	u32 limit;
};

/**
 * struct unet_pktq - packets in order
 * @head:	first
 * @tail:	last; undefined when empty
 * @packets:	how many
 * @bytes:	sum of @total
 */
struct unet_pktq {
	struct unet_pkt *head;
	struct unet_pkt *tail;
	u32 packets;
	u32 bytes;
};

void unet_pkt_pool_init(struct unet_pkt_pool *pool, u32 limit);
void unet_pkt_pool_exit(struct unet_pkt_pool *pool);

struct unet_block *unet_block_heap(u32 bytes);
void unet_block_put(struct unet_block *blk);

struct unet_pkt *unet_pkt_over(struct unet_pkt_pool *pool,
			       struct unet_block *blk, u32 offset, u32 len);
struct unet_pkt *unet_pkt_heap(struct unet_pkt_pool *pool, u32 headroom,
			       u32 bytes);
void unet_pkt_free(struct unet_pkt *pkt);

u8 *unet_pkt_push(struct unet_pkt *pkt, u32 n);
u8 *unet_pkt_put(struct unet_pkt *pkt, u32 n);
u32 unet_pkt_tailroom(const struct unet_pkt *pkt);
void unet_pkt_append(struct unet_pkt *pkt, struct unet_pkt *tail);
void unet_pkt_pull(struct unet_pkt *pkt, u32 n);
void unet_pkt_trim(struct unet_pkt *pkt, u32 len);
struct unet_pkt *unet_pkt_split(struct unet_pkt *pkt, u32 at);
int unet_pkt_linear(struct unet_pkt *pkt, u32 n);
u32 unet_pkt_copy_out(const struct unet_pkt *pkt, u32 offset, void *to, u32 len);
u64 unet_pkt_csum(const struct unet_pkt *pkt, u32 offset, u32 len, u64 sum);
int unet_pkt_iov(const struct unet_pkt *pkt, u32 offset, struct iovec *iov,
		 int n);
u32 unet_pkt_truesize(const struct unet_pkt *pkt);
u32 unet_pkt_pieces(const struct unet_pkt *pkt);

/* packet_clone.c */
struct unet_pkt *unet_pkt_clone(const struct unet_pkt *pkt);
struct unet_pkt *unet_pkt_clone_range(const struct unet_pkt *pkt, u32 offset,
				      u32 len);
int unet_pkt_writable(struct unet_pkt *pkt);
int unet_pkt_writable_range(struct unet_pkt *pkt, u32 offset, u32 len);
void unet_pkt_copy_in(struct unet_pkt *pkt, u32 offset, const void *from,
		      u32 len);
int unet_pkt_own(struct unet_pkt *pkt, u32 room);
void unet_pkt_replace(struct unet_pkt *pkt, struct unet_block *blk, u32 len);

static inline struct unet_block *unet_block_get(struct unet_block *blk)
{
	blk->refs++;
	return blk;
}

static inline u32 unet_pkt_headroom(const struct unet_pkt *pkt)
{
	return (u32)(pkt->data - pkt->block->base);
}

static inline bool unet_pkt_shared(const struct unet_pkt *pkt)
{
	return pkt->block->refs > 1;
}

static inline void unet_pktq_init(struct unet_pktq *q)
{
	q->head = NULL;
	q->tail = NULL;
	q->packets = 0;
	q->bytes = 0;
}

static inline bool unet_pktq_empty(const struct unet_pktq *q)
{
	return !q->head;
}

static inline void unet_pktq_add(struct unet_pktq *q, struct unet_pkt *pkt)
{
	pkt->next = NULL;
	if (q->head)
		q->tail->next = pkt;
	else
		q->head = pkt;
	q->tail = pkt;
	q->packets++;
	q->bytes += pkt->total;
}

static inline struct unet_pkt *unet_pktq_take(struct unet_pktq *q)
{
	struct unet_pkt *pkt = q->head;

	if (!pkt)
		return NULL;
	q->head = pkt->next;
	pkt->next = NULL;
	q->packets--;
	q->bytes -= pkt->total;
	return pkt;
}

void unet_pktq_purge(struct unet_pktq *q);

#endif /* UNET_PACKET_INTERNAL_H */
