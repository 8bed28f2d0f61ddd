/* SPDX-License-Identifier: MIT */
/* Which cursors of a hostile user are believed. */
#ifndef _UNET_VECTORS_RING_CHECK_H
#define _UNET_VECTORS_RING_CHECK_H

#include "core/ring_check.h"
#include "vectors/set.h"

/* The kernel produces: the user's cursor is head. */
struct ring_taken_row {
	const char *name;
	u32 user;
	u32 head;
	u32 tail;
	u32 entries;
	int ret;
};

static const struct ring_taken_row ring_taken_rows[] = {
	{ "an empty ring gives nothing back",	     0, 0, 0, 8, 0 },
	{ "nothing taken is nothing given back",     0, 0, 8, 8, 0 },
	{ "one entry given back",		     1, 0, 8, 8, 1 },
	{ "all of a full ring given back",	     8, 0, 8, 8, 8 },
	{ "all of a part full ring given back",	     5, 2, 5, 8, 3 },
	{ "head past tail is refused",		     6, 2, 5, 8, -EINVAL },
	{ "head past tail of a full ring is refused", 9, 0, 8, 8, -EINVAL },
	{ "head of an empty ring that moves is refused", 1, 0, 0, 8, -EINVAL },
	{ "head that goes back by one is refused",   3, 4, 8, 8, -EINVAL },
	{ "head that goes back to zero is refused",  0, 4, 8, 8, -EINVAL },
	{ "head a whole turn on is refused",	    12, 4, 8, 8, -EINVAL },
	{ "head half the number space on is refused",
	  0x80000004, 4, 8, 8, -EINVAL },
	{ "all ones is refused",		    0xffffffff, 0, 8, 8, -EINVAL },
	{ "cursors wrap at 2^32",		     2, 0xfffffffe, 6, 8, 4 },
	{ "cursors meet across 2^32",		     6, 0xfffffffe, 6, 8, 8 },
	{ "head past tail across 2^32 is refused",   7, 0xfffffffe, 6, 8, -EINVAL },
	{ "head that goes back across 2^32 is refused",
	  0xfffffffd, 0xfffffffe, 6, 8, -EINVAL },
	{ "the largest ring can be given back whole",
	  65536, 0, 65536, 65536, 65536 },
	{ "a ring of one entry can be given back",   1, 0, 1, 1, 1 },
};

static inline bool ring_taken_holds(const struct ring_taken_row *row)
{
	struct unet_ring_view view = { row->head, row->tail, row->entries };
	u32 shared = row->user;
	int ret = unet_ring_taken(&view, &shared);

	if (ret != row->ret || view.tail != row->tail ||
	    view.entries != row->entries || shared != row->user)
		return false;
	return view.head == (ret < 0 ? row->head : row->user);
}

VECTOR_SET(ring_taken);

/* The user produces: the user's cursor is tail. */
struct ring_filled_row {
	const char *name;
	u32 user;
	u32 head;
	u32 tail;
	u32 entries;
	int ret;
};

static const struct ring_filled_row ring_filled_rows[] = {
	{ "nothing published is nothing new",	     0, 0, 0, 8, 0 },
	{ "one entry published",		     1, 0, 0, 8, 1 },
	{ "a whole ring published",		     8, 0, 0, 8, 8 },
	{ "what was known and not consumed counts",  5, 2, 5, 8, 3 },
	{ "new entries add to those not consumed",   7, 2, 5, 8, 5 },
	{ "filled up behind what is not consumed",  10, 2, 5, 8, 8 },
	{ "one entry too many is refused",	    11, 2, 5, 8, -EINVAL },
	{ "a ring and one ahead is refused",	     9, 0, 0, 8, -EINVAL },
	{ "tail that goes back is refused",	     4, 2, 5, 8, -EINVAL },
	{ "tail that goes back behind head is refused", 1, 2, 5, 8, -EINVAL },
	{ "tail past a full ring is refused",	     9, 0, 8, 8, -EINVAL },
	{ "tail half the number space on is refused",
	  0x80000000, 0, 0, 8, -EINVAL },
	{ "all ones is refused",		     0xffffffff, 0, 0, 8, -EINVAL },
	{ "cursors wrap at 2^32",		     4, 0xfffffffc, 0xfffffffe, 8, 8 },
	{ "one too many across 2^32 is refused",
	  5, 0xfffffffc, 0xfffffffe, 8, -EINVAL },
	{ "tail that goes back across 2^32 is refused",
	  0xfffffffd, 0xfffffffc, 2, 8, -EINVAL },
	{ "the largest ring can be filled",	     65536, 0, 0, 65536, 65536 },
	{ "a ring of one entry can be filled",	     1, 0, 0, 1, 1 },
	{ "a ring of one entry holds no two",	     2, 0, 0, 1, -EINVAL },
};

static inline bool ring_filled_holds(const struct ring_filled_row *row)
{
	struct unet_ring_view view = { row->head, row->tail, row->entries };
	u32 shared = row->user;
	int ret = unet_ring_filled(&view, &shared);

	if (ret != row->ret || view.head != row->head ||
	    view.entries != row->entries || shared != row->user)
		return false;
	if (ret >= 0 && unet_ring_free(&view) != row->entries - (u32)ret)
		return false;
	return view.tail == (ret < 0 ? row->tail : row->user);
}

VECTOR_SET(ring_filled);

#endif /* _UNET_VECTORS_RING_CHECK_H */
