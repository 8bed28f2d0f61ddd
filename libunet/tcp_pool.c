// SPDX-License-Identifier: MIT
/*
 * Transmission records and out-of-order ranges: cut from chunks that stay until
 * the stack ends, so that sending allocates nothing once it has warmed up.
 */
#include <stdlib.h>

#include "tcp_internal.h"
#include "tcp_range.h"

#define CHUNK_RECORDS	64

struct chunk {
	struct chunk *next;
	union {
		struct unet_tcp_xmit xmit[CHUNK_RECORDS];
		struct unet_tcp_range range[CHUNK_RECORDS];
	};
};

static struct chunk *chunk_new(struct unet_tcp *tcp)
{
	struct chunk *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->next = tcp->chunks;
	tcp->chunks = c;
	return c;
}

static bool xmit_grow(struct unet_tcp *tcp)
{
	struct chunk *c = chunk_new(tcp);
	int i;

	for (i = 0; c && i < CHUNK_RECORDS; i++) {
		c->xmit[i].t_next = tcp->xmit_free;
		tcp->xmit_free = &c->xmit[i];
	}
	return c;
}

static bool range_grow(struct unet_tcp *tcp)
{
	struct chunk *c = chunk_new(tcp);
	int i;

	for (i = 0; c && i < CHUNK_RECORDS; i++) {
		c->range[i].next = tcp->range_free;
		tcp->range_free = &c->range[i];
	}
	return c;
}

/*
 * Xorshift (Marsaglia 2003): one for every send has to be cheap. It starts from a
 * secret and shows nowhere, so that no peer can make the trees lopsided.
 */
static u32 next_prio(struct unet_tcp *tcp)
{
	u64 x = tcp->prio;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	tcp->prio = x;
	return (u32)(x >> 32);
}

/**
 * unet_tcp_xmit_new() - a transmission record
 * @st:		stack
 *
 * Return: the record, zero but for the index's random priority; or NULL.
 */
struct unet_tcp_xmit *unet_tcp_xmit_new(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);
	struct unet_tcp_xmit *x;

	if (!tcp->xmit_free && !xmit_grow(tcp))
		return NULL;
	x = tcp->xmit_free;
	tcp->xmit_free = x->t_next;
	memset(x, 0, sizeof(*x));
	x->node.prio = next_prio(tcp);
	tcp->n_xmit++;
	return x;
}

/**
 * unet_tcp_xmit_put() - done with a record
 * @st:		stack
 * @x:		on no list
 */
void unet_tcp_xmit_put(struct unet_stack *st, struct unet_tcp_xmit *x)
{
	struct unet_tcp *tcp = tcp_of(st);

	x->t_next = tcp->xmit_free;
	tcp->xmit_free = x;
	tcp->n_xmit--;
}

/**
 * unet_tcp_range_new() - an out-of-order range
 * @st:		stack
 *
 * Return: the range, zero but for its random priority; or NULL.
 */
struct unet_tcp_range *unet_tcp_range_new(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);
	struct unet_tcp_range *r;

	if (!tcp->range_free && !range_grow(tcp))
		return NULL;
	r = tcp->range_free;
	tcp->range_free = r->next;
	memset(r, 0, sizeof(*r));
	r->node.prio = next_prio(tcp);
	return r;
}

/**
 * unet_tcp_range_put() - done with a range
 * @st:		stack
 * @r:		in no queue, holds no packets
 */
void unet_tcp_range_put(struct unet_stack *st, struct unet_tcp_range *r)
{
	struct unet_tcp *tcp = tcp_of(st);

	r->next = tcp->range_free;
	tcp->range_free = r;
}

/**
 * unet_tcp_pool_exit() - give the chunks back
 * @st:		stack; no record or range is in use any more
 */
void unet_tcp_pool_exit(struct unet_stack *st)
{
	struct unet_tcp *tcp = tcp_of(st);
	struct chunk *c = tcp->chunks;

	while (c) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
	tcp->chunks = NULL;
	tcp->xmit_free = NULL;
	tcp->range_free = NULL;
}
