// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "arena.h"
#include "core/layout.h"
#include "live.h"
#include "quota.h"

#define ARENA_MIB_MAX	4096u	/* more is taken for this */
#define CHUNK_ORDER	3	/* bulk memory comes in runs of 2^this pages */

static unsigned int arena_mib = 256;
module_param(arena_mib, uint, 0644);
MODULE_PARM_DESC(arena_mib, "most MiB of memory of one channel (256)");

u64 unet_arena_max_bytes(void)
{
	return (u64)min(READ_ONCE(arena_mib), ARENA_MIB_MAX) << 20;
}

/* ---- pages ------------------------------------------------------------- */

/*
 * Large sends and super packets like long runs: a run is one fragment of an skb.
 * They are a wish; single pages do.
 */
static unsigned int wanted_order(int id)
{
	return id == UNET_REGION_RX_LARGE || id == UNET_REGION_TX ?
	       CHUNK_ORDER : 0;
}

static struct page *alloc_chunk(unsigned int *order)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_COMP;
	struct page *page;

	if (*order) {
		page = alloc_pages(gfp | __GFP_NORETRY | __GFP_NOWARN, *order);
		if (page)
			return page;
		*order = 0;
	}
	return alloc_pages(gfp, 0);
}

static int alloc_region_pages(struct unet_arena_region *reg, u32 num,
			      unsigned int order)
{
	while (reg->num_pages < num) {
		unsigned int got = num - reg->num_pages < 1u << order ? 0 : order;
		struct page *page = alloc_chunk(&got);
		u32 i;

		if (!page)
			return -ENOMEM;
		for (i = 0; i < 1u << got; i++)
			reg->pages[reg->num_pages++] = page + i;
		unet_live_add(UNET_LIVE_ARENA_PAGE, 1 << got);
	}
	return 0;
}

static void free_region_pages(struct unet_arena_region *reg)
{
	u32 i, run;

	/* A run's pages cannot be asked any more once it was put. */
	for (i = 0; i < reg->num_pages; i += run) {
		run = compound_nr(reg->pages[i]);
		put_page(reg->pages[i]);
	}
	unet_live_add(UNET_LIVE_ARENA_PAGE, -(long)reg->num_pages);
	reg->num_pages = 0;
}

/* ---- regions ----------------------------------------------------------- */

static void exit_region(struct unet_arena_region *reg)
{
	vunmap(reg->addr);
	free_region_pages(reg);
	kvfree(reg->pages);
}

static int init_region(struct unet_arena_region *reg,
		       const struct unet_region *want, int id)
{
	u32 num = want->bytes >> PAGE_SHIFT;
	int err;

	reg->pages = kvmalloc_array(num, sizeof(*reg->pages),
				    GFP_KERNEL_ACCOUNT);
	if (!reg->pages)
		return -ENOMEM;
	err = alloc_region_pages(reg, num, wanted_order(id));
	if (err)
		goto err_pages;
	reg->addr = vmap(reg->pages, num, VM_MAP, PAGE_KERNEL);
	if (!reg->addr) {
		err = -ENOMEM;
		goto err_pages;
	}
	reg->bytes = want->bytes;
	reg->writable = want->flags & UNET_REGION_WRITE;
	return 0;

err_pages:
	free_region_pages(reg);
	kvfree(reg->pages);
	reg->pages = NULL;
	return err;
}

static int init_regions(struct unet_arena *arena)
{
	int id, err;

	for (id = 0; id < UNET_REGION_COUNT; id++) {
		if (!arena->layout.region[id].bytes)
			continue;
		err = init_region(&arena->region[id],
				  &arena->layout.region[id], id);
		if (err)
			goto err_regions;
	}
	return 0;

err_regions:
	while (id-- > 0)
		if (arena->region[id].bytes)
			exit_region(&arena->region[id]);
	return err;
}

struct unet_arena *unet_arena_create(const struct unet_layout *layout,
				     u64 beside)
{
	struct unet_arena *arena;
	int err;

	if (unet_layout_bytes(layout) > unet_arena_max_bytes())
		return ERR_PTR(-EDQUOT);
	arena = kzalloc(sizeof(*arena), GFP_KERNEL_ACCOUNT);
	if (!arena)
		return ERR_PTR(-ENOMEM);
	arena->layout = *layout;
	arena->bytes = unet_layout_bytes(layout);
	arena->charged = arena->bytes + beside;
	arena->quota = unet_quota_charge(arena->charged);
	if (IS_ERR(arena->quota)) {
		err = PTR_ERR(arena->quota);
		goto err_arena;
	}
	err = init_regions(arena);
	if (err)
		goto err_quota;
	return arena;

err_quota:
	unet_quota_uncharge(arena->quota, arena->charged);
err_arena:
	kfree(arena);
	return ERR_PTR(err);
}

void unet_arena_destroy(struct unet_arena *arena)
{
	int id;

	if (!arena)
		return;
	for (id = UNET_REGION_COUNT - 1; id >= 0; id--)
		if (arena->region[id].bytes)
			exit_region(&arena->region[id]);
	unet_quota_uncharge(arena->quota, arena->charged);
	kfree(arena);
}

/* ---- mmap -------------------------------------------------------------- */

static struct unet_arena_region *region_of(struct unet_arena *arena,
					   const struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 bytes = vma->vm_end - vma->vm_start;
	u64 within;
	int id;

	id = unet_layout_region(&arena->layout, offset, bytes, &within);
	if (id < 0 || within || bytes != arena->region[id].bytes)
		return NULL;
	return &arena->region[id];
}

/*
 * VM_DONTCOPY: a forked child has no part in the rings, or two would be the one
 * user side. VM_DONTDUMP: other people's packets are not for core files.
 */
static void set_vma_flags(struct vm_area_struct *vma, bool writable)
{
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vm_flags_clear(vma, writable ? VM_MAYEXEC : VM_MAYEXEC | VM_MAYWRITE);
}

int unet_arena_mmap(struct unet_arena *arena, struct vm_area_struct *vma)
{
	struct unet_arena_region *reg = region_of(arena, vma);
	unsigned long num;

	if (!reg || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (vma->vm_flags & VM_WRITE && !reg->writable)
		return -EACCES;
	set_vma_flags(vma, reg->writable);
	num = reg->num_pages;
	return vm_insert_pages(vma, vma->vm_start, reg->pages, &num);
}
