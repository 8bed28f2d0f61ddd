/* SPDX-License-Identifier: MIT */
/*
 * How often is often: loops count in rounds for an unhurried kernel, and take
 * UNET_EFFORT per cent of them (1 to 100, default 100) where each costs more.
 */
#ifndef UNET_TEST_EFFORT_H
#define UNET_TEST_EFFORT_H

#include <stdlib.h>

static inline int effort(int rounds)
{
	const char *s = getenv("UNET_EFFORT");
	int percent = s ? atoi(s) : 100;

	if (percent < 1 || percent > 100)
		percent = 100;
	rounds = rounds * percent / 100;
	return rounds ? rounds : 1;
}

#endif
