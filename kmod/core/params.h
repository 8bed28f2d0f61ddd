/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * How large a channel may be: defaults, limits and what is refused.
 */
#ifndef _UNET_CORE_PARAMS_H
#define _UNET_CORE_PARAMS_H

#include <linux/unet.h>
#include "core_os.h"

#define UNET_MAX_RING		65536u	/* slots of RX and of TX */
#define UNET_MAX_FLOWS		65536u	/* of a channel: a handle has 16 bits of index */
#define UNET_MAX_RX_SMALL	262144u	/* 512 MiB */
#define UNET_MAX_RX_LARGE	8192u	/* 512 MiB */
#define UNET_MAX_TX_BUFS	262144u	/* 512 MiB */

/**
 * struct unet_param_rule - what one member of struct unet_params may be
 * @name:	as in the uapi header
 * @offset:	of the member
 * @def:	taken for 0
 * @min:	smallest allowed
 * @max:	largest allowed
 * @power_of_2:	must be a power of two
 * @optional:	UNET_PARAM_NONE is allowed and means 0
 */
struct unet_param_rule {
	const char *name;
	u32 offset;
	u32 def;
	u32 min;
	u32 max;
	bool power_of_2;
	bool optional;
};

#define UNET_PARAM_RULES	6

/* One rule for each member, in the order of struct unet_params. */
extern const struct unet_param_rule unet_param_rule[UNET_PARAM_RULES];

/**
 * unet_params_complete() - fill in defaults, refuse what is out of range
 * @want:	as the user asked; 0 is the default. A private copy.
 * @out:	effective parameters: @rx_large is 0 when none was asked for.
 *		May be @want. Undefined on error.
 * @bad:	on error the rule that was broken, for the message; may be NULL
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int unet_params_complete(const struct unet_params *want, struct unet_params *out,
			 const struct unet_param_rule **bad);

/**
 * unet_params_clamp() - move what is out of range to the nearest allowed value
 * @want:	0 is the default; others are clamped, and rounded up to a power
 *		of two where one is needed
 * @out:	effective parameters, good for unet_layout_compute(). May be @want.
 *
 * For tools and libraries that want "about so large".
 *
 * Context: any.
 */
void unet_params_clamp(const struct unet_params *want, struct unet_params *out);

/**
 * unet_params_effective() - are these what the two functions above put out?
 * @params: to be looked at
 *
 * Return: true when every member is in its range and @rx_large may be 0.
 */
bool unet_params_effective(const struct unet_params *params);

#endif /* _UNET_CORE_PARAMS_H */
