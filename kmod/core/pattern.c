// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/pattern.h"

/* One bit that counts at least, none behind the end, no value where none counts. */
bool unet_pattern_sound(const struct unet_pattern *pattern)
{
	u8 some = 0;
	u32 i;

	if (!pattern->bytes || pattern->bytes > UNET_PATTERN_BYTES ||
	    pattern->reserved ||
	    (u32)pattern->offset + pattern->bytes > UNET_PATTERN_REACH)
		return false;
	for (i = 0; i < UNET_PATTERN_BYTES; i++) {
		if (pattern->value[i] & ~pattern->mask[i] ||
		    (i >= pattern->bytes && pattern->mask[i]))
			return false;
		some |= pattern->mask[i];
	}
	return some;
}

bool unet_pattern_holds(const struct unet_pattern *pattern, const void *bytes)
{
	const u8 *p = bytes;
	u32 i;

	for (i = 0; i < pattern->bytes; i++)
		if ((p[i] ^ pattern->value[i]) & pattern->mask[i])
			return false;
	return true;
}
