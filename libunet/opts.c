// SPDX-License-Identifier: MIT
/*
 * Option structs that grow: the rule for all of them.
 */
#include "internal.h"

#define MOST_BYTES	4096u	/* more is no struct but a size never set */

/**
 * unet_opts_check() - can this library read a caller's option struct
 * @opts: starts with its size; may be NULL
 * @known: sizeof() it here; no smaller one was ever released
 * @name: of the struct, for unet_error_detail()
 *
 * A program built against a newer library may pass a larger one, as long as it
 * wants nothing that is not known here: the rest is zero.
 *
 * Return: 0, -EINVAL too small, -E2BIG something is in the rest.
 */
int unet_opts_check(const void *opts, size_t known, const char *name)
{
	const u8 *bytes = opts;
	size_t size;
	size_t i;

	if (!opts)
		return 0;
	memcpy(&size, opts, sizeof(size));
	if (size < known || size > MOST_BYTES) {
		unet_detail("struct %s: size %zu: must be %zu, or up to %u with the rest zero",
			    name, size, known, MOST_BYTES);
		return size < known ? -EINVAL : -E2BIG;
	}
	for (i = known; i < size; i++) {
		if (!bytes[i])
			continue;
		unet_detail("struct %s: byte %zu of %zu is set: all from %zu on must be zero",
			    name, i, size, known);
		return -E2BIG;
	}
	return 0;
}
