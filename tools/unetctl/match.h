/* SPDX-License-Identifier: MIT */
#ifndef UNETCTL_MATCH_H
#define UNETCTL_MATCH_H

#include "args.h"
#include "reply.h"

/**
 * unet_match() - is a row one of those wanted
 * @filter: all that is given must hold
 * @row:    a channel, flow or event; what it does not tell does not hold
 *
 * Return: true when it is.
 */
bool unet_match(const struct unet_args_filter *filter,
		const struct unet_reply *row);

#endif
