// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "ext.h"

int ext_number(const char *what, const char *text, uint32_t least, uint32_t most,
	       uint32_t *value)
{
	const char *at = text;
	uint64_t n = 0;

	while (*at >= '0' && *at <= '9' && n <= most)
		n = n * 10 + (uint64_t)(*at++ - '0');
	if (at != text && !*at && n >= least && n <= most) {
		*value = (uint32_t)n;
		return 0;
	}
	fprintf(stderr, "unet-ext: %s: \"%s\": must be a number from %u to %u\n", what,
		text, least, most);
	return -1;
}

static const struct {
	uint32_t right;
	const char *name;
} rights[] = {
	{ UNET_INTER_OBSERVE_HEADERS, "observe-headers" },
	{ UNET_INTER_OBSERVE_PAYLOAD, "observe-payload" },
	{ UNET_INTER_DROP, "drop" },
	{ UNET_INTER_DELAY, "delay" },
	{ UNET_INTER_MODIFY_HEADERS, "modify-headers" },
	{ UNET_INTER_MODIFY_PAYLOAD, "modify-payload" },
};

int ext_has_rights(const char *name, uint32_t grant, uint32_t has, uint32_t needs)
{
	const char *between = "";
	size_t i;

	if (!(needs & ~has))
		return 0;
	fprintf(stderr, "unet-ext: %s: grant %u lacks a right that these words need: ", name,
		grant);
	for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (!(rights[i].right & needs & ~has))
			continue;
		fprintf(stderr, "%s%s", between, rights[i].name);
		between = ", ";
	}
	fprintf(stderr, "\n");
	return -1;
}
