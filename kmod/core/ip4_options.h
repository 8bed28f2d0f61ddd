/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * IPv4 options (RFC 791): well formed, and none that reroutes the packet.
 */
#ifndef _UNET_CORE_IP4_OPTIONS_H
#define _UNET_CORE_IP4_OPTIONS_H

#include "core_os.h"

/**
 * unet_ip4_options_plain() - can these options be let through?
 * @options:	what follows the 20 bytes of the IPv4 header
 * @len:	how many bytes, at most 40
 *
 * Source routes are refused either way (RFC 7126): the address in the header is
 * then not where the packet goes.
 *
 * Context: any.
 * Return: false when an option is longer than what is left, shorter than its own
 * two bytes, or a source route.
 */
bool unet_ip4_options_plain(const u8 *options, u32 len);

/**
 * unet_ip4_options_sendable() - may anybody send these options?
 * @options:	what follows the 20 bytes of the IPv4 header
 * @len:	how many bytes, at most 40
 *
 * Record route, timestamp and router alert only. Others speak for the host, as
 * security labels do, and setsockopt(IP_OPTIONS) wants CAP_NET_RAW for them.
 *
 * Context: any.
 * Return: false for any other option and whatever is not well formed.
 */
bool unet_ip4_options_sendable(const u8 *options, u32 len);

#endif /* _UNET_CORE_IP4_OPTIONS_H */
