// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/ip4_options.h"

#define OPTION_END		0
#define OPTION_NOP		1
#define OPTION_LOOSE_ROUTE	131
#define OPTION_STRICT_ROUTE	137

bool unet_ip4_options_plain(const u8 *options, u32 len)
{
	u32 at = 0;

	while (at < len && options[at] != OPTION_END) {
		u8 kind = options[at];
		u32 size = 1;

		if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE)
			return false;
		if (kind != OPTION_NOP) {
			if (len - at < 2)
				return false;
			size = options[at + 1];
			if (size < 2 || size > len - at)
				return false;
		}
		at += size;
	}
	return true;
}
