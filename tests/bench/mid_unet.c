// SPDX-License-Identifier: MIT
/* An intermediary of unet. WHERE is the number of its grant. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unet/unet.h>

#include "mid.h"

struct mid {
	struct unet_intermediary *im;
	enum mid_does does;
	uint32_t seen;
	volatile uint32_t touched;
};

static void *unet_open(const struct mid_args *args)
{
	struct unet_params params = { .rx_small = 4096, .tx_slots = 4096,
				      .rx_large = UNET_PARAM_NONE };
	struct mid *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->does = args->does;
	m->im = unet_intermediary_open(atoi(args->where), &params);
	return m->im ? m : NULL;
}

static int unet_fd(void *p)
{
	return unet_intermediary_fd(((struct mid *)p)->im);
}

/* The payload goes along only when it is another. */
static int change(struct unet_intermediary *im,
		  const struct unet_inter_packet *packet, enum mid_does does)
{
	uint32_t bytes = does == MID_PAYLOAD ? packet->len : MID_HEADERS;
	uint8_t changed[MID_FRAME];

	memcpy(changed, packet->data, bytes);
	mid_change(changed, does);
	if (!unet_intermediary_change(im, packet->token, UNET_VERDICT_MODIFY, changed,
				      MID_HEADERS, changed + MID_HEADERS,
				      bytes - MID_HEADERS))
		return UNET_VERDICT_LATER;
	fprintf(stderr, "mid_unet: no room for a change\n");
	exit(1);
}

static int look(struct unet_intermediary *im,
		const struct unet_inter_packet *packet, void *arg)
{
	struct mid *m = arg;

	m->seen++;
	m->touched += packet->data[0];
	if (m->does == MID_LOOK)
		return UNET_VERDICT_ACCEPT;
	if (m->does == MID_MARK)
		return unet_intermediary_mark(im, packet->token, 0xff, MID_TOS) ?
		       UNET_VERDICT_ACCEPT : UNET_VERDICT_LATER;
	return change(im, packet, m->does);
}

static uint32_t unet_turn(void *p)
{
	struct mid *m = p;
	int err;

	m->seen = 0;
	err = unet_intermediary_run(m->im, 0, look, m);
	/* An end of the claim would be measured as if nobody had looked. */
	if (err && err != -EAGAIN && err != -EINTR) {
		fprintf(stderr, "mid_unet: %s\n", unet_strerror(err));
		exit(1);
	}
	/* What is not changed would cost less. */
	if (unet_intermediary_refused(m->im, 0)) {
		fprintf(stderr, "mid_unet: a change was refused\n");
		exit(1);
	}
	return m->seen;
}

const struct mid_way mid_unet = {
	.name = "unet",
	.open = unet_open,
	.fd = unet_fd,
	.turn = unet_turn,
};
