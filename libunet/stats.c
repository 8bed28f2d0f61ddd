// SPDX-License-Identifier: MIT
#include <unet/stats.h>
#include "stack.h"

struct counter_text {
	const char *name;
	const char *text;
};

#define COUNTER_TEXT(id, name, text)	[UNET_STAT_##id] = { name, text },
static const struct counter_text counters[] = {
	UNET_STACK_COUNTERS(COUNTER_TEXT)
};

size_t unet_stack_stats(const struct unet_stack *st, uint64_t *values,
			size_t n)
{
	size_t i;

	for (i = 0; i < n && i < UNET_STAT_COUNT; i++)
		values[i] = st->counter[i];
	return UNET_STAT_COUNT;
}

const char *unet_stat_name(unsigned int counter)
{
	return counter < ARRAY_SIZE(counters) ? counters[counter].name : NULL;
}

const char *unet_stat_text(unsigned int counter)
{
	return counter < ARRAY_SIZE(counters) ? counters[counter].text : NULL;
}
