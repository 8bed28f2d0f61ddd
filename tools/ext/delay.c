// SPDX-License-Identifier: MIT
/* Every packet passes so many milliseconds after it came. */
#include <stdio.h>
#include <time.h>

#include "ext.h"

#define MAX_HELD	16384u	/* a grant's largest backlog */

static uint32_t delay_ms;
static struct {
	uint64_t token;
	uint64_t due;
} held[MAX_HELD];
static unsigned int first, num;

static int start(int argc, char **argv)
{
	if (argc == 1)
		return ext_number("delay", argv[0], 1, 10000, &delay_ms);
	fprintf(stderr, "unet-ext: delay: wants one word, milliseconds from 1 to 10000\n");
	return -1;
}

static uint32_t rights(void)
{
	return delay_ms >= UNET_INTER_PROMPT_MS ? UNET_INTER_DELAY : 0;
}

static int fits(const struct unet_inter_open *terms)
{
	if (terms->hold_ms > delay_ms)
		return 0;
	fprintf(stderr,
		"unet-ext: delay: %u: grant %u holds packets for %u ms (hold MS): less is allowed\n",
		delay_ms, terms->grant, terms->hold_ms);
	return -1;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p,
		void *arg)
{
	unsigned int at = (first + num) % MAX_HELD;

	(void)im;
	(void)arg;
	if (num == MAX_HELD)
		return UNET_VERDICT_ACCEPT;
	held[at].token = p->token;
	held[at].due = now_ms() + delay_ms;
	num++;
	return UNET_VERDICT_LATER;
}

static int turn(struct unet_intermediary *im)
{
	uint64_t now = now_ms();

	for (; num && held[first].due <= now; num--) {
		if (unet_intermediary_answer(im, held[first].token,
					     UNET_VERDICT_ACCEPT))
			return 1;	/* not said: at the next turn */
		first = (first + 1) % MAX_HELD;
	}
	unet_intermediary_flush(im);
	return num ? (int)(held[first].due - now) : -1;
}

const struct ext ext_delay = {
	.name = "delay",
	.usage = "MS",
	.what = "let every packet pass so much later",
	.start = start,
	.rights = rights,
	.fits = fits,
	.look = look,
	.turn = turn,
};
