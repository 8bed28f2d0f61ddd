// SPDX-License-Identifier: MIT
/*
 * Shared objects that are no hooks, or want something else: BAD_ABI, BAD_SIZE,
 * BAD_EMPTY (no open()), BAD_NONE (exports nothing), BAD_REFUSES (adds a hook,
 * then fails with its argument as the reason), BAD_PAIR (refuses too; the end of
 * its first hook deletes the second, and a third one is to be deleted later).
 */
#include <stdio.h>
#include <string.h>
#include <unet/hook_sdk.h>

void look(struct unet_hook_batch *b, void *arg);

void look(struct unet_hook_batch *b, void *arg)
{
}

#ifdef BAD_PAIR
static struct unet_hook *second;

static void first_ends(void *arg)
{
	unet_hook_del(second);
}

/* Code that must still be there when it is called. */
static void third_ends(void *arg)
{
	second = NULL;
}

static int add_three(struct unet_stack *st, const char *args, char *why,
		     size_t len, void **ctx)
{
	struct unet_hook_opts o = { .size = sizeof(o), .destroy = first_ends };
	struct unet_hook *third;

	if (!unet_hook_add(st, look, NULL, &o))
		return -errno;
	second = unet_hook_add(st, look, NULL, NULL);
	o.destroy = third_ends;
	third = unet_hook_add(st, look, NULL, &o);
	if (!second || !third)
		return -errno;
	unet_hook_del_later(third);
	return -EPROTO;
}

UNET_HOOK_OBJECT = { UNET_HOOK_OBJECT_HEAD, .name = "x", .open = add_three };
#elif !defined(BAD_EMPTY)
static int start(struct unet_stack *st, const char *args, char *why,
		 size_t len, void **ctx)
{
	if (!unet_hook_add(st, look, NULL, NULL))
		return -errno;
	snprintf(why, len, "%s", args);
	return -EPROTO;
}
#endif

#ifdef BAD_ABI
UNET_HOOK_OBJECT = { .abi = 99, .size = 1, .name = "x", .open = start };
#elif defined(BAD_SIZE)
UNET_HOOK_OBJECT = { .abi = UNET_HOOK_ABI, .size = 8, .name = "x", .open = start };
#elif defined(BAD_EMPTY)
UNET_HOOK_OBJECT = { UNET_HOOK_OBJECT_HEAD, .name = "x" };
#elif defined(BAD_REFUSES)
UNET_HOOK_OBJECT = { UNET_HOOK_OBJECT_HEAD, .name = "x", .open = start };
#elif defined(BAD_NONE)
int (*unused)(struct unet_stack *, const char *, char *, size_t, void **) = start;
#endif
