// SPDX-License-Identifier: MIT
/*
 * unet-ext: example extensions, each a process in flows of others.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext.h"

static const struct ext *const exts[] = {
	&ext_log, &ext_block, &ext_rewrite, &ext_delay, NULL
};

static int usage(void)
{
	const struct ext *const *e;

	fprintf(stderr, "Usage: unet-ext GRANT EXTENSION [WORD...]\n\nExtensions:\n");
	for (e = exts; *e; e++)
		fprintf(stderr, "  %s %-34s %s\n", (*e)->name, (*e)->usage,
			(*e)->what);
	fprintf(stderr, "\nGRANT is a number that unetctl intermediary grant has said.\n");
	return 2;
}

static const struct ext *find(const char *name)
{
	const struct ext *const *e;

	for (e = exts; *e; e++)
		if (!strcmp((*e)->name, name))
			return *e;
	return NULL;
}

static int run(struct unet_intermediary *im, const struct ext *ext)
{
	int err, wait = -1;

	do {
		err = unet_intermediary_run(im, wait, ext->look, NULL);
		if (!err && ext->turn)
			wait = ext->turn(im);
	} while (!err || err == -EINTR);
	if (err == -EIO)
		fprintf(stderr, "unet-ext: ended by the kernel: %s\n",
			unet_reason_str(unet_intermediary_reason(im)));
	else
		fprintf(stderr, "unet-ext: %s\n", unet_strerror(err));
	return 1;
}

int main(int argc, char **argv)
{
	const struct ext *ext = argc > 2 ? find(argv[2]) : NULL;
	unsigned long grant = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct unet_intermediary *im;
	int status;

	if (!ext || !grant || grant > INT32_MAX)
		return usage();
	if (ext->start(argc - 3, argv + 3))
		return 2;
	im = unet_intermediary_open((uint32_t)grant, NULL);
	if (!im) {
		fprintf(stderr, "unet-ext: %s\n", *unet_error_detail() ?
			unet_error_detail() : strerror(errno));
		return 1;
	}
	fprintf(stderr, "unet-ext: %s serves grant %lu\n", ext->name, grant);
	status = run(im, ext);
	unet_intermediary_close(im);
	return status;
}
