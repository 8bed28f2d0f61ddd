/* SPDX-License-Identifier: MIT */
/*
 * The rings of a mapped channel: the fast path, inline.
 *
 * All memory ordering of the public interface is in this file:
 *
 *   kernel                              user
 *   write RX slot, DESC, payload        A: rx_tail = load-acquire
 *   store-release rx_tail   pairs A     read slot, DESC, payload
 *   load-acquire rx_head    pairs B     B: store-release rx_head
 *
 *   load-acquire tx_tail    pairs C     write TX slot
 *   read TX slot                        C: store-release tx_tail
 *
 * DONE goes as RX does, FREE as TX does. Slots are read once into the caller's
 * copy only where it matters: the kernel is trusted by its user.
 *
 * One thread at a time may use a struct unet_rings.
 */
#ifndef UNET_RING_H
#define UNET_RING_H

#include <stddef.h>
#include <stdint.h>
#include <linux/unet.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct unet_rings - a mapped channel; made by unet_channel_rings()
 * @kring:	the kernel's cursors
 * @uring:	our cursors
 * @rx:		RX slots
 * @done:	DONE entries
 * @tx:		TX slots
 * @free_ring:	FREE entries
 * @desc:	one per RX buffer
 * @rx_small:	small RX buffers
 * @rx_large:	large RX buffers, NULL when there are none
 * @tx_mem:	TX memory
 * @rx_mask:	entries of RX less 1; others likewise
 * @tx_mask:	of TX
 * @done_mask:	of DONE
 * @free_mask:	of FREE
 * @n_small:	small RX buffers; indices from here on are large ones
 * @n_bufs:	RX buffers
 * @tx_bytes:	bytes of TX memory
 * @rx_head:	slots we have taken; published by unet_rx_release()
 * @rx_tail:	rx_tail as last loaded
 * @done_head:	entries we have taken
 * @done_tail:	done_tail as last loaded
 * @tx_tail:	slots we have filled; published by unet_tx_publish()
 * @tx_head:	tx_head as last loaded
 * @free_tail:	buffers we have put; published by unet_free_publish()
 * @free_head:	free_head as last loaded
 */
struct unet_rings {
	const struct unet_kring *kring;
	struct unet_uring *uring;
	const struct unet_rx_slot *rx;
	const struct unet_done *done;
	struct unet_tx_slot *tx;
	uint32_t *free_ring;
	const struct unet_desc *desc;
	uint8_t *rx_small;
	uint8_t *rx_large;
	uint8_t *tx_mem;
	uint32_t rx_mask;
	uint32_t tx_mask;
	uint32_t done_mask;
	uint32_t free_mask;
	uint32_t n_small;
	uint32_t n_bufs;
	uint64_t tx_bytes;
	uint32_t rx_head;
	uint32_t rx_tail;
	uint32_t done_head;
	uint32_t done_tail;
	uint32_t tx_tail;
	uint32_t tx_head;
	uint32_t free_tail;
	uint32_t free_head;
};

/* ---- RX: flow batches ------------------------------------------------- */

/**
 * unet_rx_peek() - the oldest flow batch not yet taken
 *
 * Return: the slot, valid until unet_rx_release(), or NULL when RX is empty.
 */
static inline const struct unet_rx_slot *unet_rx_peek(struct unet_rings *r)
{
	if (r->rx_head == r->rx_tail) {
		r->rx_tail = __atomic_load_n(&r->kring->rx_tail,
					     __ATOMIC_ACQUIRE); /* A */
		if (r->rx_head == r->rx_tail)
			return NULL;
	}
	return &r->rx[r->rx_head & r->rx_mask];
}

/**
 * unet_rx_next() - take the slot that unet_rx_peek() answered with
 *
 * The batch's buffers are ours from now on, until unet_free_put().
 */
static inline void unet_rx_next(struct unet_rings *r)
{
	r->rx_head++;
}

/**
 * unet_rx_release() - let the kernel fill the taken slots again
 */
static inline void unet_rx_release(struct unet_rings *r)
{
	__atomic_store_n(&r->uring->rx_head, r->rx_head,
			 __ATOMIC_RELEASE); /* B */
}

/**
 * unet_rx_buffer() - start of an RX buffer
 * @r: the rings
 * @index: below n_bufs
 */
static inline uint8_t *unet_rx_buffer(const struct unet_rings *r,
				      uint32_t index)
{
	if (index < r->n_small)
		return r->rx_small + (size_t)index * UNET_RX_SMALL_BYTES;
	return r->rx_large +
	       (size_t)(index - r->n_small) * UNET_RX_LARGE_BYTES;
}

/* ---- FREE: buffers handed back ---------------------------------------- */

/**
 * unet_free_put() - hand one RX buffer back
 * @r: the rings
 * @index: a buffer that an RX slot gave us and that was not put since
 *
 * There is always room: FREE holds every buffer. Naming a buffer that is not
 * ours poisons the channel.
 */
static inline void unet_free_put(struct unet_rings *r, uint32_t index)
{
	r->free_ring[r->free_tail++ & r->free_mask] = index;
}

/**
 * unet_free_publish() - let the kernel see the buffers put so far
 */
static inline void unet_free_publish(struct unet_rings *r)
{
	__atomic_store_n(&r->uring->free_tail, r->free_tail,
			 __ATOMIC_RELEASE); /* as C */
}

/* ---- TX: sends -------------------------------------------------------- */

/**
 * unet_tx_space() - slots that may be filled now
 */
static inline uint32_t unet_tx_space(struct unet_rings *r)
{
	uint32_t used = r->tx_tail - r->tx_head;

	if (used > r->tx_mask) {
		r->tx_head = __atomic_load_n(&r->kring->tx_head,
					     __ATOMIC_ACQUIRE);
		used = r->tx_tail - r->tx_head;
	}
	return r->tx_mask + 1 - used;
}

/**
 * unet_tx_slot() - the next slot to fill; unet_tx_space() said there is one
 */
static inline struct unet_tx_slot *unet_tx_slot(struct unet_rings *r)
{
	return &r->tx[r->tx_tail & r->tx_mask];
}

/**
 * unet_tx_next() - the slot is filled
 */
static inline void unet_tx_next(struct unet_rings *r)
{
	r->tx_tail++;
}

/**
 * unet_tx_publish() - let the kernel see the slots filled so far
 *
 * Return: 1 when UNET_IOC_SYNC is needed for them to be taken, else 0.
 */
static inline int unet_tx_publish(struct unet_rings *r)
{
	__atomic_store_n(&r->uring->tx_tail, r->tx_tail,
			 __ATOMIC_RELEASE); /* C */
	/* the store before the load: either we see the flag or it sees the slots */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !!(__atomic_load_n(&r->kring->flags, __ATOMIC_RELAXED) &
		  UNET_KRING_NEED_KICK);
}

/**
 * unet_tx_pending() - slots filled that the kernel has not taken
 */
static inline uint32_t unet_tx_pending(struct unet_rings *r)
{
	r->tx_head = __atomic_load_n(&r->kring->tx_head, __ATOMIC_ACQUIRE);
	return r->tx_tail - r->tx_head;
}

/* ---- DONE: sends let go ------------------------------------------------ */

/**
 * unet_done_peek() - the oldest completion not yet taken, or NULL
 */
static inline const struct unet_done *unet_done_peek(struct unet_rings *r)
{
	if (r->done_head == r->done_tail) {
		r->done_tail = __atomic_load_n(&r->kring->done_tail,
					       __ATOMIC_ACQUIRE); /* as A */
		if (r->done_head == r->done_tail)
			return NULL;
	}
	return &r->done[r->done_head & r->done_mask];
}

/**
 * unet_done_next() - take the entry that unet_done_peek() answered with
 */
static inline void unet_done_next(struct unet_rings *r)
{
	r->done_head++;
}

/**
 * unet_done_release() - let the kernel fill the taken entries again
 */
static inline void unet_done_release(struct unet_rings *r)
{
	__atomic_store_n(&r->uring->done_head, r->done_head,
			 __ATOMIC_RELEASE); /* as B */
}

#ifdef __cplusplus
}
#endif

#endif /* UNET_RING_H */
