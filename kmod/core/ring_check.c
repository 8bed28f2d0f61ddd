// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/ring_check.h"

int unet_ring_taken(struct unet_ring_view *view, const u32 *user_head)
{
	/* pairs with the user's store-release after it read the entries */
	u32 head = smp_load_acquire(user_head);
	u32 given_back = head - view->head;

	if (given_back > view->tail - view->head)
		return -EINVAL;
	view->head = head;
	return (int)given_back;
}

int unet_ring_filled(struct unet_ring_view *view, const u32 *user_tail)
{
	/* pairs with the user's store-release after it wrote the entries */
	u32 tail = smp_load_acquire(user_tail);

	if (tail - view->tail > unet_ring_free(view))
		return -EINVAL;
	view->tail = tail;
	return (int)(tail - view->head);
}
