// SPDX-License-Identifier: MIT
/*
 * UNET_HOOKS, from whoever starts the program: every list ends, names and arguments
 * fit, what is refused has a sentence, and written back with backslashes it reads
 * the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unet/unet.h>
#include "hook_words.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static char *quote(char *to, const char *from)
{
	while (*from) {
		if (strchr("\\:=", *from))
			*to++ = '\\';
		*to++ = *from++;
	}
	return to;
}

static void reads_the_same(const struct unet_hook_word *w)
{
	static char text[2 * (UNET_HOOK_PATH_BYTES + UNET_HOOK_ARGS_BYTES) + 2];
	static struct unet_hook_word again;
	const char *at = text;
	char *end = quote(text, w->path);

	*end++ = '=';
	*quote(end, w->args) = '\0';
	memset(&again, 0x55, sizeof(again));
	if (unet_hook_word_next(&at, &again) != 1 || at ||
	    strcmp(again.path, w->path) || strcmp(again.args, w->args))
		abort();
	memset(text, 0, sizeof(text));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct unet_hook_word w;
	char *text = malloc(size + 1);
	const char *at = text;
	size_t n = 0;
	int ret;

	memcpy(text, data, size);
	text[size] = '\0';
	while ((ret = unet_hook_word_next(&at, &w)) > 0) {
		if (!w.path[0] || ++n > size)
			abort();
		reads_the_same(&w);
	}
	if (ret < 0 && (ret != -EINVAL || !*unet_error_detail()))
		abort();
	free(text);
	return 0;
}
