// SPDX-License-Identifier: MIT
/*
 * Door: the cursors a hostile process stores. A stream of stores and checks on
 * one ring of each kind; the kernel's view must stay sound, and an accepted cursor
 * must be the one that was stored.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/ring_check.h"

#define STEP	6	/* what, how far to consume, and a cursor */

static void sound(const struct unet_ring_view *view)
{
	if (view->tail - view->head > view->entries)
		abort();
	if (unet_ring_free(view) > view->entries)
		abort();
	if (unet_ring_index(view, view->tail) >= view->entries)
		abort();
}

/* The kernel publishes, the user takes. */
static void produce(struct unet_ring_view *view, u32 much, u32 stored)
{
	const struct unet_ring_view old = *view;
	int ret;

	view->tail += much % (unet_ring_free(view) + 1);
	ret = unet_ring_taken(view, &stored);
	sound(view);
	if (ret >= 0 && (view->head != stored ||
			 view->head - old.head != (u32)ret))
		abort();
	if (ret < 0 && view->head != old.head)
		abort();
}

/* The user publishes, the kernel takes. */
static void consume(struct unet_ring_view *view, u32 much, u32 stored)
{
	const struct unet_ring_view old = *view;
	int ret = unet_ring_filled(view, &stored);

	sound(view);
	if (ret >= 0 && (view->tail != stored ||
			 view->tail - view->head != (u32)ret ||
			 view->tail - old.tail > unet_ring_free(&old)))
		abort();
	if (ret < 0 && view->tail != old.tail)
		abort();
	view->head += much % (view->tail - view->head + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_ring_view rx = { 0 };
	struct unet_ring_view tx = { 0 };
	u32 start;

	if (size < 5)
		return 0;
	memcpy(&start, data + 1, sizeof(start));
	rx.entries = 1u << data[0] % 17;
	rx.head = start;
	rx.tail = start;
	tx = rx;
	for (data += 5, size -= 5; size >= STEP; data += STEP, size -= STEP) {
		u32 stored;

		memcpy(&stored, data + 2, sizeof(stored));
		/* near what would be right, or anything */
		if (data[0] & 1)
			produce(&rx, data[1], data[0] & 2 ? stored :
				rx.head + (stored & 0xff) - 64);
		else
			consume(&tx, data[1], data[0] & 2 ? stored :
				tx.tail + (stored & 0xff) - 64);
	}
	return 0;
}
