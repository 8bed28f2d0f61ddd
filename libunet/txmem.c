// SPDX-License-Identifier: MIT
/*
 * A buddy allocator (Knowlton 1965) whose bookkeeping is beside the memory, not
 * in it: the memory is shared with the kernel.
 */
#include <stdlib.h>
#include <linux/unet.h>
#include "backend.h"
#include "txmem.h"

#define UNIT		UNET_TX_BUF_BYTES
#define NO_UNIT		0xffffffffu
#define TOP		(UNET_TXMEM_ORDERS - 1)

static void list_add(struct unet_txmem *m, u32 u, u8 order)
{
	u32 first = m->free_head[order];

	m->order[u] = order;
	m->is_free[u] = 1;
	m->prev[u] = NO_UNIT;
	m->next[u] = first;
	if (first != NO_UNIT)
		m->prev[first] = u;
	m->free_head[order] = u;
}

static void list_del(struct unet_txmem *m, u32 u)
{
	m->is_free[u] = 0;
	if (m->prev[u] == NO_UNIT)
		m->free_head[m->order[u]] = m->next[u];
	else
		m->next[m->prev[u]] = m->next[u];
	if (m->next[u] != NO_UNIT)
		m->prev[m->next[u]] = m->prev[u];
}

/* Give a block back and join it with its free neighbours. */
static void release_units(struct unet_txmem *m, u32 u)
{
	u8 order = m->order[u];

	m->free_bytes += (u64)UNIT << order;
	while (order < TOP) {
		u32 buddy = u ^ 1u << order;

		if (buddy + (1u << order) > m->n_units ||
		    !m->is_free[buddy] || m->order[buddy] != order)
			break;
		list_del(m, buddy);
		u &= ~(1u << order);
		order++;
	}
	list_add(m, u, order);
}

static void unit_release(struct unet_block *blk)
{
	struct unet_txmem *m = blk->owner;

	release_units(m, (u32)(blk - m->unit));
}

static void header_release(struct unet_block *blk)
{
	struct unet_txmem *m = blk->owner;

	m->header_free[m->n_header_free++] = (u32)(blk - m->headers);
}

static int alloc_tables(struct unet_txmem *m)
{
	m->headers = calloc(m->n_headers + 1, sizeof(*m->headers));
	m->header_free = calloc(m->n_headers + 1, sizeof(*m->header_free));
	m->unit = calloc(m->n_units, sizeof(*m->unit));
	m->order = calloc(m->n_units, sizeof(*m->order));
	m->is_free = calloc(m->n_units, sizeof(*m->is_free));
	m->next = calloc(m->n_units, sizeof(*m->next));
	m->prev = calloc(m->n_units, sizeof(*m->prev));
	if (m->headers && m->header_free && m->unit && m->order &&
	    m->is_free && m->next && m->prev)
		return 0;
	unet_txmem_exit(m);
	return -ENOMEM;
}

static void fill_headers(struct unet_txmem *m)
{
	u32 i;

	for (i = 0; i < m->n_headers; i++) {
		struct unet_block *blk = &m->headers[i];

		blk->base = m->base + (size_t)i * UNET_TX_HEADER_BYTES;
		blk->size = UNET_TX_HEADER_BYTES;
		blk->release = header_release;
		blk->owner = m;
		m->header_free[m->n_header_free++] = m->n_headers - 1 - i;
	}
}

/* The largest aligned blocks that fit, from the front. */
static void fill_units(struct unet_txmem *m)
{
	u32 u = 0;

	while (u < m->n_units) {
		u8 order = TOP;

		while (u + (1u << order) > m->n_units)
			order--;
		list_add(m, u, order);
		m->free_bytes += (u64)UNIT << order;
		u += 1u << order;
	}
}

/**
 * unet_txmem_init() - an allocator over TX memory
 * @m: the allocator
 * @base: first byte
 * @bytes: how many, a multiple of UNET_TX_BUF_BYTES
 * @n_headers: wanted, may be 0; a quarter of the memory at most is used for them
 *
 * Return: 0, -EINVAL too little memory, -ENOMEM.
 */
int unet_txmem_init(struct unet_txmem *m, u8 *base, u64 bytes, u32 n_headers)
{
	u64 units = bytes / UNIT;
	u64 header_units;
	u32 i;

	memset(m, 0, sizeof(*m));
	header_units = DIV_ROUND_UP((u64)n_headers * UNET_TX_HEADER_BYTES,
				    (u64)UNIT);
	header_units = min(header_units, units / 4);
	if ((n_headers && !header_units) || !units ||
	    units - header_units > NO_UNIT - 1)
		return -EINVAL;
	m->base = base;
	m->n_headers = (u32)(header_units * (UNIT / UNET_TX_HEADER_BYTES));
	m->n_units = (u32)(units - header_units);
	m->unit_base = base + header_units * UNIT;
	for (i = 0; i < UNET_TXMEM_ORDERS; i++)
		m->free_head[i] = NO_UNIT;
	if (alloc_tables(m))
		return -ENOMEM;
	fill_headers(m);
	fill_units(m);
	return 0;
}

/**
 * unet_txmem_exit() - end an allocator; nothing may be over its blocks any more
 * @m: the allocator
 */
void unet_txmem_exit(struct unet_txmem *m)
{
	free(m->headers);
	free(m->header_free);
	free(m->unit);
	free(m->order);
	free(m->is_free);
	free(m->next);
	free(m->prev);
	memset(m, 0, sizeof(*m));
}

/**
 * unet_txmem_header() - a block for headers
 * @m: the allocator
 *
 * Return: UNET_TX_HEADER_BYTES with one reference, or NULL.
 */
struct unet_block *unet_txmem_header(struct unet_txmem *m)
{
	struct unet_block *blk;

	if (!m->n_header_free)
		return NULL;
	blk = &m->headers[m->header_free[--m->n_header_free]];
	blk->refs = 1;
	blk->used = 0;
	return blk;
}

/* Take a block of @order, cutting a larger one if need be. */
static u32 take(struct unet_txmem *m, u8 order)
{
	u8 from = order;
	u32 u;

	while (from < UNET_TXMEM_ORDERS && m->free_head[from] == NO_UNIT)
		from++;
	if (from == UNET_TXMEM_ORDERS)
		return NO_UNIT;
	u = m->free_head[from];
	list_del(m, u);
	while (from > order) {
		from--;
		list_add(m, u + (1u << from), from);
	}
	m->order[u] = order;
	m->free_bytes -= (u64)UNIT << order;
	return u;
}

static u8 order_of(u32 bytes)
{
	u8 order = 0;

	while (order < TOP && (u32)UNIT << order < bytes)
		order++;
	return order;
}

/**
 * unet_txmem_alloc() - contiguous memory
 * @m: the allocator
 * @min: bytes needed, at most UNET_TX_BLOCK_MAX
 * @want: bytes that would be good, likewise
 *
 * Return: a block of at least @min bytes with one reference, as near to @want
 * as there is; NULL: nothing that large is free.
 */
struct unet_block *unet_txmem_alloc(struct unet_txmem *m, u32 min, u32 want)
{
	u8 least = order_of(min);
	u8 order = order_of(max(min, want));
	struct unet_block *blk;
	u32 u = NO_UNIT;

	BUILD_BUG_ON((UNIT << TOP) != UNET_TX_BLOCK_MAX);
	if (min > UNET_TX_BLOCK_MAX)
		return NULL;
	for (;; order--) {
		u = take(m, order);
		if (u != NO_UNIT || order == least)
			break;
	}
	if (u == NO_UNIT)
		return NULL;
	blk = &m->unit[u];
	blk->base = m->unit_base + (size_t)u * UNIT;
	blk->size = (u32)UNIT << order;
	blk->used = 0;
	blk->refs = 1;
	blk->id = u;
	blk->release = unit_release;
	blk->owner = m;
	return blk;
}
