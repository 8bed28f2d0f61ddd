// SPDX-License-Identifier: MIT
#include "packet.h"

/* What a clone does not have: its own place in a queue, and what was said of
 * this one packet only.
 */
static void inherit(struct unet_pkt *to, const struct unet_pkt *from)
{
	to->seg_size = from->seg_size;
	to->segs = from->segs;
	to->flags = from->flags & (u16)~UNET_PF_ICMP_ERROR;
	to->l3_offset = from->l3_offset;
	to->tag = from->tag;
	to->tstamp = from->tstamp;
}

/**
 * unet_pkt_clone_range() - new metadata over some of the same bytes
 * @pkt: stays as it is
 * @offset: of the first byte
 * @len: above 0; the packet must have them
 *
 * Return: a packet of one segment, or NULL.
 */
struct unet_pkt *unet_pkt_clone_range(const struct unet_pkt *pkt, u32 offset,
				      u32 len)
{
	const struct unet_pkt *from = pkt;
	struct unet_pkt *head = NULL;
	struct unet_pkt **link = &head;
	u32 left = len;

	while (left) {
		struct unet_pkt *piece;
		u32 n;

		if (offset >= from->len) {
			offset -= from->len;
			from = from->more;
			continue;
		}
		n = min(from->len - offset, left);
		piece = unet_pkt_over(pkt->pool, unet_block_get(from->block),
				      (u32)(from->data - from->block->base) +
				      offset, n);
		if (!piece) {
			unet_pkt_free(head);
			return NULL;
		}
		*link = piece;
		link = &piece->more;
		left -= n;
		offset = 0;
		from = from->more;
	}
	if (!head)
		return NULL;
	inherit(head, pkt);
	head->total = len;
	head->seg_size = 0;
	head->segs = 1;
	head->l3_offset = 0;
	return head;
}

/**
 * unet_pkt_clone() - new metadata over the same bytes
 * @pkt: not empty; stays as it is
 *
 * The bytes must not be written while both exist: unet_pkt_writable().
 *
 * Return: a packet that says the same of itself, or NULL.
 */
struct unet_pkt *unet_pkt_clone(const struct unet_pkt *pkt)
{
	struct unet_pkt *clone = unet_pkt_clone_range(pkt, 0, pkt->total);

	if (clone)
		inherit(clone, pkt);
	return clone;
}

/* Room in front and behind stays as it was, so offsets are kept. */
static int piece_copy(struct unet_pkt *piece)
{
	u32 offset = unet_pkt_headroom(piece);
	struct unet_block *blk = unet_block_heap(piece->block->size);

	if (!blk)
		return -ENOMEM;
	memcpy(blk->base + offset, piece->data, piece->len);
	blk->used = offset + piece->len;
	unet_block_put(piece->block);
	piece->block = blk;
	piece->data = blk->base + offset;
	piece->l3_offset = 0;
	return 0;
}

/**
 * unet_pkt_writable() - make sure that nobody else sees writes
 * @pkt: pieces whose block is shared get a copy of their own
 *
 * Return: 0 or -ENOMEM; what was copied so far stays copied.
 */
int unet_pkt_writable(struct unet_pkt *pkt)
{
	return unet_pkt_writable_range(pkt, 0, pkt->total);
}

/**
 * unet_pkt_writable_range() - unet_pkt_writable() for some of the bytes
 * @pkt: the packet
 * @offset: of the first
 * @len: how many
 *
 * Return: 0 or -ENOMEM; what was copied so far stays copied.
 */
int unet_pkt_writable_range(struct unet_pkt *pkt, u32 offset, u32 len)
{
	u32 end = offset + len;
	u32 at = 0;

	for (; pkt && at < end; at += pkt->len, pkt = pkt->more) {
		if (at + pkt->len > offset && unet_pkt_shared(pkt) &&
		    piece_copy(pkt))
			return -ENOMEM;
	}
	return 0;
}

/**
 * unet_pkt_copy_in() - write bytes of a packet, the reverse of copy_out
 * @pkt: the packet; the bytes are writable
 * @offset: of the first
 * @from: what they are to be
 * @len: how many; the packet must have them
 */
void unet_pkt_copy_in(struct unet_pkt *pkt, u32 offset, const void *from,
		      u32 len)
{
	const u8 *bytes = from;

	for (; pkt && len; pkt = pkt->more) {
		u32 n;

		if (offset >= pkt->len) {
			offset -= pkt->len;
			continue;
		}
		n = min(pkt->len - offset, len);
		memcpy(pkt->data + offset, bytes, n);
		bytes += n;
		len -= n;
		offset = 0;
	}
}

/**
 * unet_pkt_replace() - other bytes instead of a packet's own
 * @pkt: becomes one piece; its blocks are let go
 * @blk: a reference is taken over
 * @len: bytes of it, from its first on
 */
void unet_pkt_replace(struct unet_pkt *pkt, struct unet_block *blk, u32 len)
{
	blk->used = len;
	unet_pkt_free(pkt->more);
	unet_block_put(pkt->block);
	pkt->more = NULL;
	pkt->block = blk;
	pkt->data = blk->base;
	pkt->len = len;
	pkt->total = len;
	pkt->l3_offset = 0;
}

/**
 * unet_pkt_own() - move a packet's bytes to a heap block
 * @pkt: becomes one piece; its blocks (ring memory) are let go
 * @room: bytes of the block, when @pkt has fewer
 *
 * Return: 0, or -ENOMEM with @pkt unchanged.
 */
int unet_pkt_own(struct unet_pkt *pkt, u32 room)
{
	struct unet_block *blk = unet_block_heap(max(pkt->total, room));

	if (!blk)
		return -ENOMEM;
	unet_pkt_copy_out(pkt, 0, blk->base, pkt->total);
	unet_pkt_replace(pkt, blk, pkt->total);
	return 0;
}
