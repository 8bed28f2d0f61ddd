// SPDX-License-Identifier: GPL-2.0
/*
 * A device that adds up all bytes of a packet and leaves the rest to the kernel
 * (CHECKSUM_COMPLETE), which no virtual one does: the hook in front of the receive
 * handlers does it for the device that parameter "device" names, of the writer's
 * network namespace. With "wrong" each sum is.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/nsproxy.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/net_namespace.h>

static bool wrong;
module_param(wrong, bool, 0644);
MODULE_PARM_DESC(wrong, "sums are wrong");

static uint summed;
module_param(summed, uint, 0444);
MODULE_PARM_DESC(summed, "packets that were summed");

static unsigned int sum(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL || skb_is_gso(skb))
		return NF_ACCEPT;
	skb->csum = skb_checksum(skb, 0, skb->len, (__force __wsum)READ_ONCE(wrong));
	skb->ip_summed = CHECKSUM_COMPLETE;
	WRITE_ONCE(summed, summed + 1);
	return NF_ACCEPT;
}

static DEFINE_MUTEX(lock);
static struct net *net;	/* where the hook is, or NULL */
static struct nf_hook_ops ops = {
	.hook = sum,
	.pf = NFPROTO_NETDEV,
	.hooknum = NF_NETDEV_INGRESS,
	.priority = INT_MAX,
};

static void leave(void)
{
	lockdep_assert_held(&lock);
	if (!net)
		return;
	nf_unregister_net_hook(net, &ops);
	dev_put(ops.dev);
	put_net(net);
	net = NULL;
}

static int come(struct net *to, const char *name)
{
	int err;

	lockdep_assert_held(&lock);
	ops.dev = dev_get_by_name(to, name);
	if (!ops.dev)
		return -ENODEV;
	err = nf_register_net_hook(to, &ops);
	if (err) {
		dev_put(ops.dev);
		return err;
	}
	net = get_net(to);
	return 0;
}

static int set_device(const char *value, const struct kernel_param *kp)
{
	char name[IFNAMSIZ];
	int err = 0;

	strscpy(name, value, sizeof(name));
	mutex_lock(&lock);
	leave();
	if (*strim(name))
		err = come(current->nsproxy->net_ns, strim(name));
	mutex_unlock(&lock);
	return err;
}

static const struct kernel_param_ops device_ops = { .set = set_device };

module_param_cb(device, &device_ops, NULL, 0200);
MODULE_PARM_DESC(device, "whose packets, or nothing");

static int __init sum_test_init(void)
{
	return 0;
}

static void __exit sum_test_exit(void)
{
	mutex_lock(&lock);
	leave();
	mutex_unlock(&lock);
}

module_init(sum_test_init);
module_exit(sum_test_exit);

MODULE_DESCRIPTION("unet: sums of a whole packet, for tests");
MODULE_LICENSE("GPL");
