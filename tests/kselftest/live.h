/* SPDX-License-Identifier: MIT */
/*
 * What the module has made and not yet freed, as it counts itself: equal before
 * and after means that nothing leaked.
 */
#ifndef UNET_TEST_LIVE_H
#define UNET_TEST_LIVE_H

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "param.h"

struct live {
	char text[256];	/* "nexuses=0 channels=0 flows=0 ports=0 ..." */
};

static inline struct live live_now(void)
{
	struct live l;

	param_get("live", l.text, sizeof(l.text));
	return l;
}

/* Objects end behind RCU and work queues: give them a moment, not for ever. */
static inline bool live_returns_to(const struct live *before, struct live *now)
{
	int i;

	for (i = 0; i < 500; i++) {
		*now = live_now();
		if (!strcmp(before->text, now->text))
			return true;
		usleep(20 * 1000);
	}
	return false;
}

#endif
