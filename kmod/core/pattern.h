/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Bytes a packet must have: what rules of packet types and grants select by. */
#ifndef _UNET_CORE_PATTERN_H
#define _UNET_CORE_PATTERN_H

#include <linux/unet.h>
#include "core_os.h"

/**
 * unet_pattern_sound() - is this a pattern?
 * @pattern: private copy of what a stranger wrote
 *
 * Context: any.
 */
bool unet_pattern_sound(const struct unet_pattern *pattern);

/**
 * unet_pattern_holds() - do bytes of a packet match?
 * @pattern:	sound
 * @bytes:	pattern->bytes of them, from pattern->offset on
 *
 * Context: any.
 */
bool unet_pattern_holds(const struct unet_pattern *pattern, const void *bytes);

#endif /* _UNET_CORE_PATTERN_H */
