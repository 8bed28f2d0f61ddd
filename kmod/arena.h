/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory a channel shares with its owner, and with nobody else.
 *
 * Each region is pages of its own, zeroed, charged to the opener's memory cgroup
 * and to a quota per user, mapped once into the kernel. User mappings and frags in
 * flight hold page references, so both may outlive the arena.
 */
#ifndef _UNET_ARENA_H
#define _UNET_ARENA_H

#include <linux/nospec.h>
#include <linux/unet.h>

struct page;
struct unet_quota;
struct vm_area_struct;

/**
 * struct unet_arena_region - one region
 * @pages:	every page, in order; neighbours may belong to one compound page
 * @num_pages:	how many
 * @addr:	kernel mapping
 * @bytes:	length
 * @writable:	the user may map it writable
 */
struct unet_arena_region {
	struct page **pages;
	u32 num_pages;
	void *addr;
	u64 bytes;
	bool writable;
};

/**
 * struct unet_arena - all regions of a channel; constant once made
 * @layout:	where they are for mmap()
 * @bytes:	all together
 * @charged:	bytes the user answers for: @bytes, and what grows with the channel
 * @quota:	charged with @charged
 * @region:	by enum unet_region_id; @bytes is 0 for one not asked for
 */
struct unet_arena {
	struct unet_layout layout;
	u64 bytes;
	u64 charged;
	struct unet_quota *quota;
	struct unet_arena_region region[UNET_REGION_COUNT];
};

/**
 * unet_arena_create() - allocate all regions
 * @layout: from unet_layout_compute()
 * @beside: bytes of kernel memory the channel may come to hold, charged with it
 *
 * Context: process; sleeps.
 * Return: arena, or ERR_PTR: -EDQUOT over the channel's or user's cap, -ENOMEM.
 */
struct unet_arena *unet_arena_create(const struct unet_layout *layout,
				     u64 beside);

/**
 * unet_arena_destroy() - drop the kernel's mappings and page references
 * @arena: arena nobody in the kernel uses any more, or NULL
 *
 * Context: process; sleeps.
 */
void unet_arena_destroy(struct unet_arena *arena);

/**
 * unet_arena_mmap() - map one region, whole, into the caller
 * @arena:	arena
 * @vma:	what mmap() asked for
 *
 * Context: process, mmap_lock held.
 * Return: 0; -EINVAL not just one region, or private; -EACCES write or exec asked
 * for where it is not allowed; -ENOMEM.
 */
int unet_arena_mmap(struct unet_arena *arena, struct vm_area_struct *vma);

/**
 * unet_arena_bar() - what was checked also holds for a CPU that ran ahead of the check
 * @extent:	private copies, each within the region
 * @num:	how many
 * @bytes:	of the region
 */
static inline void unet_arena_bar(struct unet_extent *extent, u32 num, u32 bytes)
{
	u32 i;

	for (i = 0; i < num; i++)
		extent[i].offset = array_index_nospec(extent[i].offset, bytes);
}

/* most bytes of one channel's regions together, a module parameter */
u64 unet_arena_max_bytes(void);

#endif /* _UNET_ARENA_H */
