// SPDX-License-Identifier: MIT
/* UNET_HOOKS=.../hook_empty.so=N: N hooks that are shown all packets, and do nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <unet/hook_sdk.h>

static void look(struct unet_hook_batch *b, void *arg)
{
	(void)b;
	(void)arg;
}

static int start(struct unet_stack *st, const char *args, char *why, size_t len,
		 void **ctx)
{
	int n = atoi(args);

	*ctx = NULL;
	if (n < 1 || n > 64) {
		snprintf(why, len, "wants a number of hooks, 1 to 64");
		return -EINVAL;
	}
	while (n--)
		if (!unet_hook_add(st, look, NULL, NULL))
			return -errno;
	return 0;
}

UNET_HOOK_OBJECT = {
	UNET_HOOK_OBJECT_HEAD, .name = "empty", .open = start,
};
