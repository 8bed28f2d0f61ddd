// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel extension, as small as one can be: it drops what has an odd first byte
 * of payload behind IPv4 and UDP headers, and leaves the rest to the host.
 *
 *	unetctl type add udp 7000 extension parity action extension
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/skbuff.h>

#include "extension.h"

#define PAYLOAD	28	/* IPv4 without options, UDP */

static u32 judge(struct unet_extension *ext, struct sk_buff *skb)
{
	const u8 *byte;
	u8 copy;

	byte = skb_header_pointer(skb, PAYLOAD, 1, &copy);
	return byte && *byte & 1 ? UNET_TYPE_VERDICT_DROP :
				   UNET_TYPE_VERDICT_HOST;
}

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
	if (refuses())
		return 0;
	unet_extension_unregister(&parity);
	return -EBADE;
}

static void __exit ext_test_exit(void)
{
	unet_extension_unregister(&parity);
}

module_init(ext_test_init);
module_exit(ext_test_exit);

MODULE_DESCRIPTION("unet: a kernel extension for tests, and to copy from");
MODULE_LICENSE("GPL");
