// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdlib.h>
#include <sys/uio.h>
#include "core/csum.h"
#include "packet.h"

#define CHUNK_PKTS	64u

struct chunk {
	struct chunk *next;
	struct unet_pkt pkt[CHUNK_PKTS];
};

/**
 * unet_pkt_pool_init() - an empty pool
 * @pool: the pool
 * @limit: most packets and pieces in use at a time, 0: no limit
 */
void unet_pkt_pool_init(struct unet_pkt_pool *pool, u32 limit)
{
	memset(pool, 0, sizeof(*pool));
	pool->limit = limit;
}

/**
 * unet_pkt_pool_exit() - give all metadata back to the OS
 * @pool: no packet of it may be in use any more
 */
void unet_pkt_pool_exit(struct unet_pkt_pool *pool)
{
	struct chunk *c = pool->chunks;

	WARN_ON_ONCE(pool->live);
	while (c) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
	memset(pool, 0, sizeof(*pool));
}

static bool pool_grow(struct unet_pkt_pool *pool)
{
	struct chunk *c = malloc(sizeof(*c));
	u32 i;

	if (!c)
		return false;
	c->next = pool->chunks;
	pool->chunks = c;
	for (i = 0; i < CHUNK_PKTS; i++) {
		c->pkt[i].next = pool->free;
		pool->free = &c->pkt[i];
	}
	return true;
}

static struct unet_pkt *meta_get(struct unet_pkt_pool *pool)
{
	struct unet_pkt *pkt;

	if (pool->limit && pool->live >= pool->limit)
		return NULL;
	if (!pool->free && !pool_grow(pool))
		return NULL;
	pkt = pool->free;
	pool->free = pkt->next;
	pool->live++;
	return pkt;
}

static void meta_put(struct unet_pkt *pkt)
{
	struct unet_pkt_pool *pool = pkt->pool;

	pkt->next = pool->free;
	pool->free = pkt;
	pool->live--;
}

static void heap_release(struct unet_block *blk)
{
	free(blk);
}

/**
 * unet_block_heap() - bytes from the heap
 * @bytes: how many
 *
 * Return: a block with one reference, or NULL.
 */
struct unet_block *unet_block_heap(u32 bytes)
{
	struct unet_block *blk = malloc(sizeof(*blk) + bytes);

	if (!blk)
		return NULL;
	blk->base = (u8 *)(blk + 1);
	blk->size = bytes;
	blk->used = 0;
	blk->refs = 1;
	blk->id = 0;
	blk->release = heap_release;
	blk->owner = NULL;
	return blk;
}

/**
 * unet_block_put() - drop one reference
 * @blk: gone when it was the last
 */
void unet_block_put(struct unet_block *blk)
{
	if (!--blk->refs)
		blk->release(blk);
}

/**
 * unet_pkt_over() - a packet over bytes of a block
 * @pool: where the metadata comes from
 * @blk: one reference is taken over, in case of failure too
 * @offset: of the first byte
 * @len: how many
 *
 * Return: a packet of one piece, or NULL.
 */
struct unet_pkt *unet_pkt_over(struct unet_pkt_pool *pool,
			       struct unet_block *blk, u32 offset, u32 len)
{
	struct unet_pkt *pkt = meta_get(pool);

	if (!pkt) {
		unet_block_put(blk);
		return NULL;
	}
	pkt->next = NULL;
	pkt->more = NULL;
	pkt->block = blk;
	pkt->data = blk->base + offset;
	pkt->len = len;
	pkt->total = len;
	pkt->seg_size = 0;
	pkt->segs = 1;
	pkt->flags = 0;
	pkt->l3_offset = 0;
	pkt->tag = 0;
	pkt->tstamp = 0;
	pkt->priv = 0;
	pkt->pool = pool;
	if (blk->used < offset + len)
		blk->used = offset + len;
	return pkt;
}

/**
 * unet_pkt_heap() - an empty packet over a heap block of its own
 * @pool: where the metadata comes from
 * @headroom: bytes that unet_pkt_push() will find
 * @bytes: bytes that unet_pkt_put() will find
 */
struct unet_pkt *unet_pkt_heap(struct unet_pkt_pool *pool, u32 headroom,
			       u32 bytes)
{
	struct unet_block *blk = unet_block_heap(headroom + bytes);

	return blk ? unet_pkt_over(pool, blk, headroom, 0) : NULL;
}

/**
 * unet_pkt_free() - let go of a packet, all its pieces
 * @pkt: may be NULL
 */
void unet_pkt_free(struct unet_pkt *pkt)
{
	while (pkt) {
		struct unet_pkt *more = pkt->more;

		unet_block_put(pkt->block);
		meta_put(pkt);
		pkt = more;
	}
}

static struct unet_pkt *last_piece(const struct unet_pkt *pkt)
{
	while (pkt->more)
		pkt = pkt->more;
	return (struct unet_pkt *)pkt;
}

/**
 * unet_pkt_push() - room for a header in front
 * @pkt: the packet; its first block must be its alone
 * @n: bytes
 *
 * Return: the new first byte, or NULL: shared, or not that much headroom.
 */
u8 *unet_pkt_push(struct unet_pkt *pkt, u32 n)
{
	if (unet_pkt_shared(pkt) || unet_pkt_headroom(pkt) < n)
		return NULL;
	pkt->data -= n;
	pkt->len += n;
	pkt->total += n;
	return pkt->data;
}

static u32 piece_tailroom(const struct unet_pkt *piece)
{
	u32 end = unet_pkt_headroom(piece) + piece->len;

	/* behind us bytes may have been given to somebody else */
	if (piece->block->refs > 1 && piece->block->used != end)
		return 0;
	return piece->block->size - end;
}

/**
 * unet_pkt_tailroom() - how much unet_pkt_put() can add
 * @pkt: the packet
 */
u32 unet_pkt_tailroom(const struct unet_pkt *pkt)
{
	return piece_tailroom(last_piece(pkt));
}

/**
 * unet_pkt_put() - room for bytes at the end, in the last block
 * @pkt: the packet; clones of what it holds so far do not matter
 * @n: bytes
 *
 * Return: where they are to be written, or NULL: not that much room.
 */
u8 *unet_pkt_put(struct unet_pkt *pkt, u32 n)
{
	struct unet_pkt *piece = last_piece(pkt);
	u8 *at = piece->data + piece->len;

	if (piece_tailroom(piece) < n)
		return NULL;
	/* nothing asked for: what others hold behind us stays theirs */
	if (!n)
		return at;
	piece->len += n;
	piece->block->used = (u32)(at + n - piece->block->base);
	if (piece != pkt)
		piece->total = piece->len;
	pkt->total += n;
	return at;
}

/**
 * unet_pkt_append() - make a packet the continuation of another
 * @pkt: the packet
 * @tail: belongs to @pkt afterwards; its metadata is lost
 */
void unet_pkt_append(struct unet_pkt *pkt, struct unet_pkt *tail)
{
	last_piece(pkt)->more = tail;
	pkt->total += tail->total;
}

/* The head takes the place of its next piece; the head's metadata stays. */
static void drop_first(struct unet_pkt *pkt)
{
	struct unet_pkt *more = pkt->more;

	unet_block_put(pkt->block);
	pkt->block = more->block;
	pkt->data = more->data;
	pkt->len = more->len;
	pkt->more = more->more;
	pkt->l3_offset = 0;
	meta_put(more);
}

/**
 * unet_pkt_pull() - drop bytes in front
 * @pkt: the packet
 * @n: at most @pkt->total
 */
void unet_pkt_pull(struct unet_pkt *pkt, u32 n)
{
	pkt->total -= n;
	while (n >= pkt->len && pkt->more) {
		n -= pkt->len;
		drop_first(pkt);
	}
	pkt->data += n;
	pkt->len -= n;
}

/**
 * unet_pkt_trim() - keep only the first bytes
 * @pkt: the packet
 * @len: at most @pkt->total
 */
void unet_pkt_trim(struct unet_pkt *pkt, u32 len)
{
	struct unet_pkt *piece = pkt;

	pkt->total = len;
	while (len > piece->len) {
		len -= piece->len;
		piece = piece->more;
	}
	piece->len = len;
	if (piece->more) {
		unet_pkt_free(piece->more);
		piece->more = NULL;
	}
}

/**
 * unet_pkt_split() - cut a packet in two
 * @pkt: keeps the first @at bytes
 * @at: above 0 and below @pkt->total
 *
 * Return: a packet with the rest and a copy of the metadata, of one segment; or
 * NULL with @pkt unchanged.
 */
struct unet_pkt *unet_pkt_split(struct unet_pkt *pkt, u32 at)
{
	struct unet_pkt *rest = unet_pkt_clone_range(pkt, at, pkt->total - at);

	if (rest)
		unet_pkt_trim(pkt, at);
	return rest;
}

/**
 * unet_pkt_linear() - have the first bytes in one piece
 * @pkt: the packet
 * @n: bytes, at most @pkt->total
 *
 * Return: 0, -EMSGSIZE shorter than that, -ENOMEM.
 */
int unet_pkt_linear(struct unet_pkt *pkt, u32 n)
{
	struct unet_block *blk;
	struct unet_pkt *rest;
	u32 total = pkt->total;

	if (likely(pkt->len >= n))
		return 0;
	if (n > total)
		return -EMSGSIZE;
	blk = unet_block_heap(n);
	rest = blk ? meta_get(pkt->pool) : NULL;
	if (!rest) {
		free(blk);
		return -ENOMEM;
	}
	unet_pkt_copy_out(pkt, 0, blk->base, n);
	blk->used = n;
	unet_pkt_pull(pkt, n);
	*rest = *pkt;
	pkt->more = rest;
	pkt->block = blk;
	pkt->data = blk->base;
	pkt->len = n;
	pkt->total = total;
	pkt->l3_offset = 0;
	return 0;
}

/**
 * unet_pkt_copy_out() - copy bytes of a packet
 * @pkt: the packet
 * @offset: of the first byte
 * @to: where to
 * @len: room
 *
 * Return: bytes copied, fewer than @len when the packet ends.
 */
u32 unet_pkt_copy_out(const struct unet_pkt *pkt, u32 offset, void *to, u32 len)
{
	u32 done = 0;

	for (; pkt && done < len; pkt = pkt->more) {
		u32 n;

		if (offset >= pkt->len) {
			offset -= pkt->len;
			continue;
		}
		n = min(pkt->len - offset, len - done);
		memcpy((u8 *)to + done, pkt->data + offset, n);
		done += n;
		offset = 0;
	}
	return done;
}

/**
 * unet_pkt_csum() - sum bytes of a packet for a checksum
 * @pkt: the packet
 * @offset: of the first byte
 * @len: how many; the packet must have them
 * @sum: running sum, of an even number of bytes
 */
u64 unet_pkt_csum(const struct unet_pkt *pkt, u32 offset, u32 len, u64 sum)
{
	u32 done = 0;

	for (; pkt && done < len; pkt = pkt->more) {
		u32 n;

		if (offset >= pkt->len) {
			offset -= pkt->len;
			continue;
		}
		n = min(pkt->len - offset, len - done);
		sum = unet_csum_join(sum,
				     unet_csum_add(pkt->data + offset, n, 0),
				     done);
		done += n;
		offset = 0;
	}
	return sum;
}

/**
 * unet_pkt_iov() - where the bytes of a packet lie
 * @pkt: the packet
 * @offset: bytes to leave out in front
 * @iov: filled in
 * @n: entries of @iov
 *
 * Return: entries filled in.
 */
int unet_pkt_iov(const struct unet_pkt *pkt, u32 offset, struct iovec *iov,
		 int n)
{
	int i = 0;

	for (; pkt && i < n; pkt = pkt->more) {
		if (offset >= pkt->len) {
			offset -= pkt->len;
			continue;
		}
		iov[i].iov_base = pkt->data + offset;
		iov[i].iov_len = pkt->len - offset;
		offset = 0;
		i++;
	}
	return i;
}

/**
 * unet_pkt_truesize() - memory a packet keeps busy
 * @pkt: the packet; blocks shared with others are counted in full
 */
u32 unet_pkt_truesize(const struct unet_pkt *pkt)
{
	u32 bytes = 0;

	for (; pkt; pkt = pkt->more)
		bytes += pkt->block->size + (u32)sizeof(*pkt);
	return bytes;
}

/**
 * unet_pkt_pieces() - of how many pieces a packet is
 * @pkt: the packet
 */
u32 unet_pkt_pieces(const struct unet_pkt *pkt)
{
	u32 n = 0;

	for (; pkt; pkt = pkt->more)
		n++;
	return n;
}

/**
 * unet_pktq_purge() - free all packets of a queue
 * @q: empty afterwards
 */
void unet_pktq_purge(struct unet_pktq *q)
{
	struct unet_pkt *pkt;

	while ((pkt = unet_pktq_take(q)))
		unet_pkt_free(pkt);
}
