// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel extension, as small as one can be: it drops what has an odd first byte
 * of payload behind IPv4 and UDP headers, delivers what has DELIVERED there, and leaves
 * the rest to the host.
 *
 *	unetctl type add udp 7000 extension parity action extension
 *
 * A second one, "gate", is of use for tests only: it stops the processor that receives
 * in the midst of a burst until its parameter gate_open is set, two seconds at most.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>

#include "extension.h"

#define PAYLOAD	28	/* IPv4 without options, UDP */
#define DELIVERED	0xd0

static u32 judge(struct unet_extension *ext, struct sk_buff *skb)
{
	const u8 *byte;
	u8 copy;

	byte = skb_header_pointer(skb, PAYLOAD, 1, &copy);
	if (!byte)
		return UNET_TYPE_VERDICT_HOST;
	if (*byte == DELIVERED)
		return UNET_TYPE_VERDICT_DELIVER;
	return *byte & 1 ? UNET_TYPE_VERDICT_DROP : UNET_TYPE_VERDICT_HOST;
}

static bool gate_open;
module_param(gate_open, bool, 0644);
MODULE_PARM_DESC(gate_open, "packets pass the gate");

static uint gate_reached;
module_param(gate_reached, uint, 0444);
MODULE_PARM_DESC(gate_reached, "packets that came to the gate");

static u32 wait_at_gate(struct unet_extension *ext, struct sk_buff *skb)
{
	u64 end = ktime_get_ns() + 2 * NSEC_PER_SEC;

	WRITE_ONCE(gate_reached, gate_reached + 1);
	while (!READ_ONCE(gate_open) && ktime_get_ns() < end)
		cpu_relax();
	return UNET_TYPE_VERDICT_HOST;
}

static struct unet_extension gate = {
	.name = "gate",
	.owner = THIS_MODULE,
	.judge = wait_at_gate,
};

static struct unet_extension parity = {
	.name = "parity",
	.owner = THIS_MODULE,
	.judge = judge,
};

/* What cannot be registered. */
static int __init refuses(void)
{
	static struct unet_extension nameless = {
		.owner = THIS_MODULE,
		.judge = judge,
	};
	static struct unet_extension idle = {
		.name = "idle",
		.owner = THIS_MODULE,
	};
	static struct unet_extension twin = {
		.name = "parity",
		.owner = THIS_MODULE,
		.judge = judge,
	};

	return unet_extension_register(&nameless) == -EINVAL &&
	       unet_extension_register(&idle) == -EINVAL &&
	       unet_extension_register(&twin) == -EEXIST;
}

static int __init ext_test_init(void)
{
	int err = unet_extension_register(&parity);

	if (err)
		return err;
	if (!refuses())
		err = -EBADE;
	if (!err)
		err = unet_extension_register(&gate);
	if (err)
		unet_extension_unregister(&parity);
	return err;
}

static void __exit ext_test_exit(void)
{
	unet_extension_unregister(&gate);
	unet_extension_unregister(&parity);
}

module_init(ext_test_init);
module_exit(ext_test_exit);

MODULE_DESCRIPTION("unet: a kernel extension for tests, and to copy from");
MODULE_LICENSE("GPL");
