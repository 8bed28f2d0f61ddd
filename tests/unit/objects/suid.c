// SPDX-License-Identifier: MIT
/*
 * Opens a stack, on a device that is none, and tells how many hooks it has and what
 * was wrong; with an argument, loads these hooks itself. For test_hook_suid, which
 * makes copies of it set-uid; one called "dropping" becomes its user before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unet/unet.h>
#include "backend.h"

struct unet_backend *
__wrap_unet_backend_unet_open(const char *dev, const struct unet_params *params);

static u64 clock_us(struct unet_backend *be)
{
	return 1;
}

static int sync_none(struct unet_backend *be, u64 wait_us)
{
	return 0;
}

static void end(struct unet_backend *be)
{
}

static const struct unet_backend_ops ops = {
	.now_us = clock_us, .sync = sync_none, .close = end,
};

struct unet_backend *
__wrap_unet_backend_unet_open(const char *dev, const struct unet_params *params)
{
	static struct unet_backend be = { .ops = &ops };

	return &be;
}

int main(int argc, char **argv)
{
	struct unet_stack *st = unet_stack_open("none", NULL);
	int err = st ? 0 : -errno;

	if (!strcmp(argv[0], "dropping") && seteuid(getuid()))
		return 1;
	if (st && argc > 1)
		err = unet_hook_load(st, argv[1]);
	printf("%d hooks, error %d: %s\n",
	       st ? unet_hook_list(st, NULL, 0) : -1, err,
	       err ? unet_error_detail() : "");
	if (st)
		unet_stack_close(st);
	return 0;
}
