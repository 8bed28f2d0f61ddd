// SPDX-License-Identifier: GPL-2.0
/*
 * bench_drop: takes every packet of one device where unet would, and frees it.
 * What a packet costs with this in place is the cost of getting it there; what a
 * receiver costs above it is the receiver.
 *
 *	insmod bench_drop.ko dev=NAME
 *
 * The device is looked for in the network namespace of the process that loads
 * the module.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/net_namespace.h>

static char *dev = "";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "device whose packets are dropped");

static struct net_device *taken;

static rx_handler_result_t drop(struct sk_buff **pskb)
{
	consume_skb(*pskb);
	return RX_HANDLER_CONSUMED;
}

static int __init bench_drop_init(void)
{
	int err;

	taken = dev_get_by_name(current->nsproxy->net_ns, dev);
	if (!taken)
		return -ENODEV;
	rtnl_lock();
	err = netdev_rx_handler_register(taken, drop, NULL);
	rtnl_unlock();
	if (err)
		dev_put(taken);
	return err;
}

static void __exit bench_drop_exit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(taken);
	rtnl_unlock();
	dev_put(taken);
}

module_init(bench_drop_init);
module_exit(bench_drop_exit);
MODULE_DESCRIPTION("Drops all packets of a device, to be subtracted");
MODULE_LICENSE("GPL");
