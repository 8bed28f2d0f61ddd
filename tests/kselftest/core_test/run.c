// SPDX-License-Identifier: GPL-2.0
/*
 * Proof that the core is the same thing inside the kernel: every row of
 * tests/vectors is run when the module is loaded, as KTAP in the kernel's log.
 * Loading fails with EINVAL when a row does not hold.
 */
#define pr_fmt(fmt) fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "vectors/abi.h"
#include "vectors/csum.h"
#include "vectors/flow_key.h"
#include "vectors/inter_check.h"
#include "vectors/ip4_options.h"
#include "vectors/layout.h"
#include "vectors/ring_check.h"
#include "vectors/tx_check.h"
#include "vectors/type_match.h"

static const struct vector_set *const sets[] = {
	&csum_set,
	&csum_update_set,
	&flow_hash_set,
	&flow_key_set,
	&martian_set,
	&flow_mask_set,
	&icmp_error_set,
	&inter_change_set,
	&inter_inject_set,
	&inter_match_set,
	&inter_plain_set,
	&inter_prefix_set,
	&inter_terms_set,
	&inter_redirect_set,
	&inter_token_set,
	&inter_verdict_set,
	&ip4_options_set,
	&layout_region_set,
	&layout_set,
	&params_set,
	&ring_filled_set,
	&ring_taken_set,
	&tx_header_set,
	&tx_slot_set,
	&type_spec_set,
	&type_pair_set,
	&type_privileged_set,
	&type_find_set,
	&type_send_set,
};

static u32 run_set(const struct vector_set *set)
{
	u32 failed = 0;
	u32 row;

	for (row = 0; row < set->count; row++) {
		bool ok = set->holds(row);

		failed += !ok;
		pr_info("    %s %u %s\n", ok ? "ok" : "not ok", row + 1,
			set->title(row));
		cond_resched();
	}
	return failed;
}

static int __init core_test_init(void)
{
	u32 failed = 0;
	u32 i;

	pr_info("KTAP version 1\n");
	pr_info("1..%zu\n", ARRAY_SIZE(sets));
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		u32 bad;

		pr_info("    KTAP version 1\n");
		pr_info("    # Subtest: %s\n", sets[i]->name);
		pr_info("    1..%u\n", sets[i]->count);
		bad = run_set(sets[i]);
		pr_info("%s %u %s\n", bad ? "not ok" : "ok", i + 1,
			sets[i]->name);
		failed += bad;
	}
	if (failed)
		pr_err("# core_test: %u rows do not hold\n", failed);
	return failed ? -EINVAL : 0;
}

static void __exit core_test_exit(void)
{
}

module_init(core_test_init);
module_exit(core_test_exit);

MODULE_DESCRIPTION("unet: vectors of the core, run inside the kernel");
MODULE_LICENSE("GPL");
