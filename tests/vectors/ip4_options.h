/* SPDX-License-Identifier: MIT */
/* IPv4 options: what may be received, what may be sent. */
#ifndef _UNET_VECTORS_IP4_OPTIONS_H
#define _UNET_VECTORS_IP4_OPTIONS_H

#include "core/ip4_options.h"
#include "vectors/set.h"

struct ip4_options_row {
	const char *name;
	const char *hex;
	bool plain;
	bool sendable;
};

static const struct ip4_options_row ip4_options_rows[] = {
	{ "no options", "", true, true },
	{ "router alert", "94040000", true, true },
	{ "padding only", "01010101", true, true },
	{ "record route", "0707040000000000", true, true },
	{ "timestamp behind padding", "01 4408 0500 00000000 00 0000", true, true },
	{ "nothing counts behind the end", "00 830301 ff", true, true },
	{ "security label is received, not sent", "820b0000 00000000 00000000", true, false },
	{ "CIPSO label is received, not sent", "8606 00000001 0000", true, false },
	{ "stream id is received, not sent", "88040001", true, false },
	{ "unknown option is received, not sent", "01 5e02 00", true, false },
	{ "label behind a router alert is not sent", "94040000 8606 00000001 0000", true, false },
	{ "loose source route is refused", "830704 0a000001 00", false, false },
	{ "strict source route is refused", "890704 0a000001 00", false, false },
	{ "source route behind others is refused", "01 94040000 890301", false, false },
	{ "source route without a length is refused", "01010183", false, false },
	{ "option without a length is refused", "01010194", false, false },
	{ "option of no length is refused", "94000000", false, false },
	{ "option shorter than itself is refused", "94010000", false, false },
	{ "option of just kind and length", "94020000", true, true },
	{ "option that fills the header", "94040000", true, true },
	{ "option past the end is refused", "94050000", false, false },
	{ "option of the greatest length is refused", "94ff0000", false, false },
};

static inline bool ip4_options_holds(const struct ip4_options_row *row)
{
	u8 bytes[40];
	u32 len = vector_bytes(row->hex, bytes, sizeof(bytes));

	return unet_ip4_options_plain(bytes, len) == row->plain &&
	       unet_ip4_options_sendable(bytes, len) == row->sendable;
}

VECTOR_SET(ip4_options);

#endif /* _UNET_VECTORS_IP4_OPTIONS_H */
