// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching a nexus to a net_device.
 *
 * The device stays the host's: all we take is its receive hook. That is its
 * rx_handler, or, where another has it, netfilter's ingress hook, which costs more
 * and comes a little earlier. A bridge or bond that wants the rx_handler of a
 * device we are on gets it: NETDEV_JOIN comes before they ask, and we step aside.
 *
 * Everything here is under RTNL but the two hooks, which run in softirq under RCU.
 * No hook is running any more when unhook() returns.
 */
#include <linux/err.h>
#include <linux/if_arp.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>

#include "flowswitch.h"
#include "genl.h"
#include "netif.h"
#include "netif_addr.h"
#include "nexus.h"
#include "trace.h"

static bool prefer_ingress;
module_param(prefer_ingress, bool, 0644);
MODULE_PARM_DESC(prefer_ingress,
		 "attach by netfilter's ingress hook even where the rx_handler is free (N)");

static const char *const hook_names[] = {
	[UNET_HOOK_NONE] = "none",
	[UNET_HOOK_RX_HANDLER] = "rx_handler",
	[UNET_HOOK_INGRESS] = "netfilter ingress",
};

/* ---- the two hooks ----------------------------------------------------- */

static rx_handler_result_t from_rx_handler(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	struct unet_nexus *nx = rcu_dereference(skb->dev->rx_handler_data);

	return unet_flowswitch_rx(nx, skb) ? RX_HANDLER_CONSUMED :
					     RX_HANDLER_PASS;
}

static unsigned int from_ingress(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	return unet_flowswitch_rx(priv, skb) ? NF_STOLEN : NF_ACCEPT;
}

static int hook_rx_handler(struct unet_nexus *nx, struct net_device *dev)
{
	int err = netdev_rx_handler_register(dev, from_rx_handler, nx);

	if (!err)
		nx->netif.hook = UNET_HOOK_RX_HANDLER;
	return err;
}

/* After the host's own ingress chains: what they drop is not ours to take. */
static int hook_ingress(struct unet_nexus *nx, struct net_device *dev)
{
	struct nf_hook_ops *nf = &nx->netif.nf;
	int err;

	nf->hook = from_ingress;
	nf->dev = dev;
	nf->priv = nx;
	nf->pf = NFPROTO_NETDEV;
	nf->hooknum = NF_NETDEV_INGRESS;
	nf->priority = INT_MAX;
	err = nf_register_net_hook(dev_net(dev), nf);
	if (!err)
		nx->netif.hook = UNET_HOOK_INGRESS;
	return err;
}

static int hook(struct unet_nexus *nx, struct net_device *dev)
{
	int err = -EBUSY;

	if (!READ_ONCE(prefer_ingress))
		err = hook_rx_handler(nx, dev);
	return err ? hook_ingress(nx, dev) : 0;
}

static void unhook(struct unet_nexus *nx, struct net_device *dev)
{
	switch (nx->netif.hook) {
	case UNET_HOOK_RX_HANDLER:
		netdev_rx_handler_unregister(dev);
		break;
	case UNET_HOOK_INGRESS:
		nf_unregister_net_hook(dev_net(dev), &nx->netif.nf);
		/* Unlike the other, it lets a hook that has begun go on. */
		synchronize_net();
		break;
	case UNET_HOOK_NONE:
		break;
	}
	nx->netif.hook = UNET_HOOK_NONE;
}

/*
 * The new hook is taken before the old one is left: a packet may pass both, and
 * none passes neither.
 */
static void step_aside(struct unet_nexus *nx, struct net_device *dev)
{
	if (nx->netif.hook != UNET_HOOK_RX_HANDLER)
		return;
	if (hook_ingress(nx, dev)) {
		netdev_warn(dev, "unet: keeps the rx_handler, another will not get it\n");
		return;
	}
	netdev_rx_handler_unregister(dev);
}

/* ---- attach and detach ------------------------------------------------- */

static bool carries_ip(const struct net_device *dev)
{
	switch (dev->type) {
	case ARPHRD_ETHER:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
	case ARPHRD_RAWIP:
	case ARPHRD_NONE:
		return true;
	default:
		return false;
	}
}

static int check_device(struct net_device *dev, struct netlink_ext_ack *extack)
{
	if (dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG(extack,
			       "the loopback device cannot be attached, only Ethernet and IP devices can");
		return -EOPNOTSUPP;
	}
	if (!carries_ip(dev)) {
		NL_SET_ERR_MSG(extack,
			       "this device type carries no IP packets, only Ethernet and IP devices can be attached");
		return -EOPNOTSUPP;
	}
	if (dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "the device is going away");
		return -ENODEV;
	}
	if (unet_nexus_of(dev)) {
		NL_SET_ERR_MSG(extack, "the device is attached already");
		return -EEXIST;
	}
	return 0;
}

static int hook_and_publish(struct unet_nexus *nx, struct net_device *dev,
			    struct netlink_ext_ack *extack)
{
	int err = hook(nx, dev);

	if (err) {
		NL_SET_ERR_MSG(extack,
			       "the device has neither its rx_handler nor netfilter's ingress hook to give");
		return err;
	}
	err = unet_nexus_publish(nx);
	if (err)
		unhook(nx, dev);
	return err;
}

/**
 * unet_netif_attach() - give a device a nexus
 * @dev:	device
 * @extack:	told why not, or NULL
 *
 * Context: process, RTNL held; sleeps.
 * Return: 0; -EOPNOTSUPP loopback or no IP device, -EEXIST attached already,
 * -EBUSY no receive hook is free, -ENODEV the device is going, -ENOMEM.
 */
int unet_netif_attach(struct net_device *dev, struct netlink_ext_ack *extack)
{
	struct unet_nexus *nx;
	int err;

	ASSERT_RTNL();
	err = check_device(dev, extack);
	if (err)
		return err;
	nx = unet_nexus_create(dev, &unet_flowswitch_ops);
	if (IS_ERR(nx))
		return PTR_ERR(nx);
	err = hook_and_publish(nx, dev, extack);
	if (err) {
		unet_nexus_detach(nx);
		unet_nexus_put(nx);
		return err;
	}
	trace_unet_nexus_attach(nx->name, nx->ifindex, unet_netif_hook_name(nx));
	unet_genl_notify_nexus(nx, UNET_EVENT_ATTACHED);
	return 0;
}

/**
 * unet_netif_detach() - take a device's nexus away
 * @nx: published nexus; not to be used any more without a reference
 *
 * Its channels become DETACHED. The device goes on as if nothing had been.
 *
 * Context: process, RTNL held; sleeps.
 */
void unet_netif_detach(struct unet_nexus *nx)
{
	struct net_device *dev = rtnl_dereference(nx->dev);
	const char *name = unet_netif_hook_name(nx);

	ASSERT_RTNL();
	unhook(nx, dev);
	trace_unet_nexus_detach(nx->name, nx->ifindex, name);
	unet_genl_notify_nexus(nx, UNET_EVENT_DETACHED);
	unet_nexus_detach(nx);
	unet_nexus_put(nx);
}

/**
 * unet_netif_hook_name() - which hook is in use, in words
 * @nx: nexus
 *
 * Context: any; without RTNL the answer may be about to change.
 * Return: constant text.
 */
const char *unet_netif_hook_name(const struct unet_nexus *nx)
{
	return hook_names[READ_ONCE(nx->netif.hook)];
}

/* ---- what befalls a device --------------------------------------------- */

static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct unet_nexus *nx = unet_nexus_of(dev);

	if (!nx)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UNREGISTER:	/* also: leaves its namespace; our own exit */
		unet_netif_detach(nx);
		break;
	case NETDEV_JOIN:
		step_aside(nx, dev);
		break;
	case NETDEV_CHANGENAME:
		unet_nexus_rename(nx, dev->name);
		break;
	case NETDEV_CHANGEMTU:
		unet_nexus_mtu_changed(nx);
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
		unet_nexus_addr_changed(dev_net(dev));
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_nb = {
	.notifier_call = netdev_event,
};

/**
 * unet_netif_init() - watch devices, addresses and routes
 *
 * Return: 0 or -errno.
 */
int unet_netif_init(void)
{
	int err;

	err = unet_netif_addr_init();
	if (err)
		return err;
	err = register_netdevice_notifier(&netdev_nb);
	if (err)
		unet_netif_addr_exit();
	return err;
}

/**
 * unet_netif_exit() - detach every nexus and stop watching
 *
 * Nobody can attach any more.
 */
void unet_netif_exit(void)
{
	/* Tells us of each device as if it were unregistered. */
	unregister_netdevice_notifier(&netdev_nb);
	unet_netif_addr_exit();
}
