/* SPDX-License-Identifier: MIT */
/*
 * TX memory of a channel, handed out as blocks.
 *
 *   | header blocks, 256 bytes each | units of 2 KiB, joined in buddies up to 64 KiB |
 *
 * Header blocks are apart so that acknowledgements and resets can always be
 * sent, however full of payload the rest is.
 */
#ifndef UNET_TXMEM_H
#define UNET_TXMEM_H

#include "core_os.h"
#include "packet.h"

#define UNET_TXMEM_ORDERS	6	/* 2 KiB << 0 to 2 KiB << 5 */

/**
 * struct unet_txmem - allocator
 * @base:	first byte of TX memory
 * @headers:	blocks of UNET_TX_HEADER_BYTES
 * @n_headers:	how many
 * @header_free: indices of free ones, a stack
 * @n_header_free: used entries of @header_free
 * @unit:	blocks by first unit
 * @n_units:	units
 * @unit_base:	first byte of unit 0
 * @order:	of the free or used block that begins at a unit
 * @is_free:	a free block begins at the unit
 * @next:	in the list of free blocks of its order
 * @prev:	likewise
 * @free_head:	first free block by order, NO_UNIT: none
 * @free_bytes:	in free units
 */
struct unet_txmem {
	u8 *base;
	struct unet_block *headers;
	u32 n_headers;
	u32 *header_free;
	u32 n_header_free;
	struct unet_block *unit;
	u32 n_units;
	u8 *unit_base;
	u8 *order;
	u8 *is_free;
	u32 *next;
	u32 *prev;
	u32 free_head[UNET_TXMEM_ORDERS];
	u64 free_bytes;
};

int unet_txmem_init(struct unet_txmem *m, u8 *base, u64 bytes, u32 n_headers);
void unet_txmem_exit(struct unet_txmem *m);
struct unet_block *unet_txmem_header(struct unet_txmem *m);
struct unet_block *unet_txmem_alloc(struct unet_txmem *m, u32 min, u32 want);

static inline bool unet_txmem_owns(const struct unet_txmem *m,
				   const struct unet_block *blk)
{
	return blk->owner == m;
}

#endif /* UNET_TXMEM_H */
