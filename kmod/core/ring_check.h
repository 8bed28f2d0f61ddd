/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The trust boundary of a ring: which cursors of the user are believed.
 * Pictures of the rings and who owns which cursor: <linux/unet.h>.
 */
#ifndef _UNET_CORE_RING_CHECK_H
#define _UNET_CORE_RING_CHECK_H

#include "core_os.h"

/**
 * struct unet_ring_view - what the kernel itself knows of a ring
 * @head:	consumer's cursor: the user's last accepted one (RX, DONE) or the
 *		kernel's own (TX, FREE)
 * @tail:	producer's cursor: the kernel's own (RX, DONE) or the user's last
 *		accepted one (TX, FREE)
 * @entries:	power of two
 *
 * Neither cursor is ever read back from shared memory. At all times
 * tail - head <= entries.
 */
struct unet_ring_view {
	u32 head;
	u32 tail;
	u32 entries;
};

/**
 * unet_ring_taken() - take back the entries the user has finished with
 * @view:	a ring the kernel produces (RX, DONE); @head is advanced on success
 * @user_head:	the user's cursor in shared memory, read once
 *
 * Context: any; the caller serializes calls for one view.
 * Return: entries given back, or -EINVAL with @view unchanged when the cursor is
 * outside [head, tail].
 */
int unet_ring_taken(struct unet_ring_view *view, const u32 *user_head);

/**
 * unet_ring_filled() - learn which entries the user has published
 * @view:	a ring the user produces (TX, FREE); @tail is advanced on success
 * @user_tail:	the user's cursor in shared memory, read once
 *
 * The entries are view->head up to view->tail. The caller reads each once and
 * then advances view->head itself.
 *
 * Context: any; the caller serializes calls for one view.
 * Return: entries published and not yet consumed (tail - head), or -EINVAL with
 * @view unchanged when the cursor went back or is more than a ring ahead.
 */
int unet_ring_filled(struct unet_ring_view *view, const u32 *user_tail);

/**
 * unet_ring_free() - entries the producer may still write
 * @view: any ring
 *
 * Return: 0 to view->entries.
 */
static inline u32 unet_ring_free(const struct unet_ring_view *view)
{
	return view->entries - (view->tail - view->head);
}

/**
 * unet_ring_index() - the entry a cursor stands for
 * @view:	any ring
 * @cursor:	free running
 *
 * Return: 0 to view->entries - 1.
 */
static inline u32 unet_ring_index(const struct unet_ring_view *view, u32 cursor)
{
	return cursor & (view->entries - 1);
}

#endif /* _UNET_CORE_RING_CHECK_H */
