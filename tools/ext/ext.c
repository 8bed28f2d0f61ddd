// SPDX-License-Identifier: MIT
/*
 * unet-ext: example extensions, each a process in flows of others.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static int unknown(const char *name)
{
	const struct ext *const *e;

	fprintf(stderr, "unet-ext: \"%s\": must be one of", name);
	for (e = exts; *e; e++)
		fprintf(stderr, " %s", (*e)->name);
	fprintf(stderr, "\n");
	return 2;
}

/* The kernel takes no more verdicts at the moment: nothing is lost. */
static void pause_a_little(void)
{
	static const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

static int run(struct unet_intermediary *im, const struct ext *ext)
{
	int err, wait = -1;

	do {
		err = unet_intermediary_run(im, wait, ext->look, NULL);
		if (err == -EAGAIN)
			pause_a_little();
		if ((!err || err == -EAGAIN) && ext->turn)
			wait = ext->turn(im);
	} while (!err || err == -EINTR || err == -EAGAIN);
	if (err == -EIO)
		fprintf(stderr, "unet-ext: ended by the kernel: %s\n",
			unet_reason_str(unet_intermediary_reason(im)));
	else
		fprintf(stderr, "unet-ext: %s\n", unet_strerror(err));
	return 1;
}

static bool may_serve(const struct ext *ext, uint32_t grant,
		      const struct unet_inter_open *terms)
{
	return !ext_has_rights(ext->name, grant, terms->rights, ext->rights()) &&
	       (!ext->fits || !ext->fits(terms));
}

#define ROOM	1024u	/* packets that a channel of default size has */

/* With room for all that the grant lets it hold, which a claim tells. */
static struct unet_intermediary *claim(uint32_t grant)
{
	struct unet_intermediary *im = unet_intermediary_open(grant, NULL);
	struct unet_params p = { .rx_slots = ROOM };
	uint32_t backlog = im ? unet_intermediary_terms(im)->backlog : 0;

	if (backlog <= ROOM)
		return im;
	while (p.rx_slots < backlog)
		p.rx_slots *= 2;
	p.rx_small = p.rx_slots;
	unet_intermediary_close(im);
	im = unet_intermediary_open(grant, &p);
	if (im)
		return im;
	fprintf(stderr, "unet-ext: no room for a backlog of %u packets (%s): %u it is\n",
		backlog, *unet_error_detail() ? unet_error_detail() : strerror(errno), ROOM);
	return unet_intermediary_open(grant, NULL);
}

static int serve(const struct ext *ext, uint32_t grant)
{
	struct unet_intermediary *im = claim(grant);
	int status = 1;

	if (!im) {
		fprintf(stderr, "unet-ext: %s\n", *unet_error_detail() ?
			unet_error_detail() : strerror(errno));
		return 1;
	}
	if (may_serve(ext, grant, unet_intermediary_terms(im))) {
		fprintf(stderr, "unet-ext: %s serves grant %u\n", ext->name, grant);
		status = run(im, ext);
	}
	unet_intermediary_close(im);
	return status;
}

int main(int argc, char **argv)
{
	const struct ext *ext;
	uint32_t grant;

	if (argc < 3)
		return usage();
	ext = find(argv[2]);
	if (!ext)
		return unknown(argv[2]);
	if (ext_number("GRANT", argv[1], 1, INT32_MAX, &grant) ||
	    ext->start(argc - 3, argv + 3))
		return 2;
	return serve(ext, grant);
}
