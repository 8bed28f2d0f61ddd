/* SPDX-License-Identifier: MIT */
/*
 * Packets of a flow batch, as they lie in a channel's receive buffers.
 *
 *   slot.first -> [ buf ] -> [ buf MORE ] -> [ buf ] -> [ buf ] -> NO_BUF
 *                 packet 1   packet 2 (two pieces)      packet 3
 */
#ifndef UNET_PACKET_H
#define UNET_PACKET_H

#include <unet/ring.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct unet_piece - bytes of one packet in one receive buffer
 * @data:	the bytes
 * @len:	how many
 * @buffer:	index, for unet_free_put()
 * @next:	index of the chain's next buffer or UNET_NO_BUF
 * @flags:	UNET_DESC_*; UNET_DESC_MORE: the packet goes on in @next
 * @seg_size:	payload bytes of a full segment of a super packet, else 0
 * @segments:	packets this one was on the wire
 * @l4_offset:	L4 header from the start of the packet
 */
struct unet_piece {
	uint8_t *data;
	uint32_t len;
	uint32_t buffer;
	uint32_t next;
	uint32_t flags;
	uint32_t seg_size;
	uint32_t segments;
	uint32_t l4_offset;
};

/**
 * unet_piece_get() - what is in one buffer of a batch's chain
 * @r: the rings
 * @buffer: slot->first, or @next of the piece before
 * @p: filled in
 *
 * Return: 1, or 0 at the end of the chain.
 */
static inline int unet_piece_get(const struct unet_rings *r, uint32_t buffer,
				 struct unet_piece *p)
{
	const struct unet_desc *d;

	if (buffer >= r->n_bufs)
		return 0;
	d = &r->desc[buffer];
	p->data = unet_rx_buffer(r, buffer) + d->offset;
	p->len = d->len;
	p->buffer = buffer;
	p->next = d->next;
	p->flags = d->flags;
	p->seg_size = d->seg_size;
	p->segments = d->segments;
	p->l4_offset = d->l4_offset;
	return 1;
}

/**
 * unet_batch_free() - hand all buffers of a batch back
 * @r: the rings
 * @first: slot->first
 *
 * Follow with unet_free_publish(), once for many batches.
 * Return: buffers handed back.
 */
static inline uint32_t unet_batch_free(struct unet_rings *r, uint32_t first)
{
	uint32_t n = 0;

	while (first < r->n_bufs && n < r->n_bufs) {
		uint32_t next = r->desc[first].next;

		unet_free_put(r, first);
		first = next;
		n++;
	}
	return n;
}

#ifdef __cplusplus
}
#endif

#endif /* UNET_PACKET_H */
