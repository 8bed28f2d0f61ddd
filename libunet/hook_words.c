// SPDX-License-Identifier: MIT
#include "hook_words.h"
#include "internal.h"

/* Up to one of @ends that no backslash stands before; NULL: does not fit. */
static const char *take(const char *at, const char *ends, char *to, u32 room)
{
	u32 n = 0;

	while (*at && !strchr(ends, *at)) {
		if (*at == '\\' && at[1])
			at++;
		if (n + 1 >= room)
			return NULL;
		to[n++] = *at++;
	}
	to[n] = '\0';
	return at;
}

/**
 * unet_hook_word_next() - the next object of a list
 * @at: where to begin; advanced, NULL behind the last
 * @w: filled in
 *
 * Return: 1, 0 there is none, or -EINVAL with unet_error_detail().
 */
int unet_hook_word_next(const char **at, struct unet_hook_word *w)
{
	const char *p = *at;

	if (!p)
		return 0;
	w->args[0] = '\0';
	p = take(p, ":=", w->path, sizeof(w->path));
	if (p && *p == '=')
		p = take(p + 1, ":", w->args, sizeof(w->args));
	if (!p) {
		unet_detail("UNET_HOOKS: \"%.60s...\": a name has at most %u bytes, an argument %u",
			    *at, UNET_HOOK_PATH_BYTES - 1,
			    UNET_HOOK_ARGS_BYTES - 1);
		return -EINVAL;
	}
	if (!w->path[0]) {
		unet_detail("UNET_HOOKS: an empty name before \"%.60s\" "
			    "(wanted: OBJECT[=ARGUMENT], separated by ':')", p);
		return -EINVAL;
	}
	*at = *p ? p + 1 : NULL;
	return 1;
}
