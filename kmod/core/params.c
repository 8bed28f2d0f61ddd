// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/params.h"

#define RULE(member, def_, min_, max_, pow2, opt) { \
	.name = #member, \
	.offset = offsetof(struct unet_params, member), \
	.def = (def_), .min = (min_), .max = (max_), \
	.power_of_2 = (pow2), .optional = (opt), \
}

/* The defaults make an arena of less than 8 MiB. */
const struct unet_param_rule unet_param_rule[UNET_PARAM_RULES] = {
	RULE(rx_slots,	1024, 8, UNET_MAX_RING, true, false),
	RULE(tx_slots,	1024, 8, UNET_MAX_RING, true, false),
	RULE(rx_small,	1024, 8, UNET_MAX_RX_SMALL, false, false),
	RULE(rx_large,	48, 1, UNET_MAX_RX_LARGE, false, true),
	RULE(tx_bufs,	1024, 8, UNET_MAX_TX_BUFS, false, false),
	RULE(max_flows,	4096, 1, UNET_MAX_FLOWS, true, false),
};

static u32 get(const struct unet_params *params,
	       const struct unet_param_rule *rule)
{
	u32 value;

	memcpy(&value, (const u8 *)params + rule->offset, sizeof(value));
	return value;
}

static void set(struct unet_params *params, const struct unet_param_rule *rule,
		u32 value)
{
	memcpy((u8 *)params + rule->offset, &value, sizeof(value));
}

static bool allowed(const struct unet_param_rule *rule, u32 value)
{
	if (value < rule->min || value > rule->max)
		return false;
	return !rule->power_of_2 || is_power_of_2(value);
}

int unet_params_complete(const struct unet_params *want, struct unet_params *out,
			 const struct unet_param_rule **bad)
{
	u32 i;

	BUILD_BUG_ON(sizeof(*want) != UNET_PARAM_RULES * sizeof(u32));
	for (i = 0; i < UNET_PARAM_RULES; i++) {
		const struct unet_param_rule *rule = &unet_param_rule[i];
		u32 value = get(want, rule);

		if (value == UNET_PARAM_NONE && rule->optional) {
			set(out, rule, 0);
			continue;
		}
		if (!value)
			value = rule->def;
		if (!allowed(rule, value)) {
			if (bad)
				*bad = rule;
			return -EINVAL;
		}
		set(out, rule, value);
	}
	return 0;
}

void unet_params_clamp(const struct unet_params *want, struct unet_params *out)
{
	u32 i;

	for (i = 0; i < UNET_PARAM_RULES; i++) {
		const struct unet_param_rule *rule = &unet_param_rule[i];
		u32 value = get(want, rule);

		if (value == UNET_PARAM_NONE && rule->optional) {
			set(out, rule, 0);
			continue;
		}
		value = value ? clamp(value, rule->min, rule->max) : rule->def;
		/* min and max are powers of two themselves where it matters */
		if (rule->power_of_2)
			value = (u32)roundup_pow_of_two(value);
		set(out, rule, value);
	}
}

bool unet_params_effective(const struct unet_params *params)
{
	u32 i;

	for (i = 0; i < UNET_PARAM_RULES; i++) {
		const struct unet_param_rule *rule = &unet_param_rule[i];
		u32 value = get(params, rule);

		if (!value && rule->optional)
			continue;
		if (!allowed(rule, value))
			return false;
	}
	return true;
}
