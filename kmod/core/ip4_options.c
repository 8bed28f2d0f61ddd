// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/ip4_options.h"

#define OPTION_END		0
#define OPTION_NOP		1
#define OPTION_RECORD_ROUTE	7
#define OPTION_TIMESTAMP	68
#define OPTION_LOOSE_ROUTE	131
#define OPTION_STRICT_ROUTE	137
#define OPTION_ROUTER_ALERT	148

static bool may_be_received(u8 kind)
{
	return kind != OPTION_LOOSE_ROUTE && kind != OPTION_STRICT_ROUTE;
}

static bool may_be_sent(u8 kind)
{
	return kind == OPTION_NOP || kind == OPTION_RECORD_ROUTE ||
	       kind == OPTION_TIMESTAMP || kind == OPTION_ROUTER_ALERT;
}

static bool walk(const u8 *options, u32 len, bool (*allowed)(u8 kind))
{
	u32 at = 0;

	while (at < len && options[at] != OPTION_END) {
		u8 kind = options[at];
		u32 size = 1;

		if (!allowed(kind))
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

bool unet_ip4_options_plain(const u8 *options, u32 len)
{
	return walk(options, len, may_be_received);
}

bool unet_ip4_options_sendable(const u8 *options, u32 len)
{
	return walk(options, len, may_be_sent);
}
