// SPDX-License-Identifier: GPL-2.0
/*
 * What a nexus remembers of the host's addresses and routes (is this address
 * local? where does this flow go?) is stale when one of them changes. Here is who
 * tells of that:
 *
 *   IPv4 and IPv6 address notifiers, after the address' own route is in or out
 *   the FIB notifier, for each route, rule and next hop; in the namespaces that
 *   ever had a nexus, because leaving its chain costs an RCU grace period
 */
#include <linux/inetdevice.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <net/addrconf.h>
#include <net/fib_notifier.h>
#include <net/if_inet6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "netif_addr.h"
#include "nexus.h"

/* The host's own listeners keep its routes for addresses: they come first. */
#define AFTER_THE_HOST	(-10)

/**
 * struct fib_watch - ear in one namespace
 * @nb:		on its FIB chain
 * @net:	the namespace
 * @on:		registered; what is told before is what there was already. Set
 *		under watch_lock
 */
struct fib_watch {
	struct notifier_block nb;
	struct net *net;
	bool on;
};

static unsigned int fib_watch_id;
static DEFINE_MUTEX(watch_lock);	/* outside of RTNL */

static int inet_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	unet_nexus_addr_changed(dev_net(ifa->ifa_dev->dev));
	return NOTIFY_DONE;
}

/* Context: may be atomic. */
static int inet6_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	unet_nexus_addr_changed(dev_net(ifa->idev->dev));
	return NOTIFY_DONE;
}

/* Context: atomic. */
static int fib_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct fib_watch *watch = container_of(nb, struct fib_watch, nb);

	if (READ_ONCE(watch->on))
		unet_nexus_addr_changed(watch->net);
	return NOTIFY_DONE;
}

static struct notifier_block inet_nb = {
	.notifier_call = inet_event,
	.priority = AFTER_THE_HOST,
};

static struct notifier_block inet6_nb = {
	.notifier_call = inet6_event,
	.priority = AFTER_THE_HOST,
};

/**
 * unet_netif_addr_watch() - hear of route changes in a namespace from now on
 * @net: namespace
 *
 * Routes are checked on use all the same: when this fails, only the owners of
 * channels are not told.
 *
 * Context: process, RTNL not held; sleeps.
 */
void unet_netif_addr_watch(struct net *net)
{
	struct fib_watch *watch = net_generic(net, fib_watch_id);
	int err;

	mutex_lock(&watch_lock);
	if (!watch->on) {
		err = register_fib_notifier(net, &watch->nb, NULL, NULL);
		if (err)
			pr_warn_once("unet: channels are not told of route changes in a namespace (%d)\n",
				     err);
		WRITE_ONCE(watch->on, !err);
	}
	mutex_unlock(&watch_lock);
}

static int __net_init fib_watch_init(struct net *net)
{
	struct fib_watch *watch = net_generic(net, fib_watch_id);

	watch->nb.notifier_call = fib_event;
	watch->nb.priority = AFTER_THE_HOST;
	watch->net = net;
	return 0;
}

static void __net_exit fib_watch_exit(struct net *net)
{
	struct fib_watch *watch = net_generic(net, fib_watch_id);

	if (watch->on)
		unregister_fib_notifier(net, &watch->nb);
}

static struct pernet_operations fib_watch_ops = {
	.init = fib_watch_init,
	.exit = fib_watch_exit,
	.id = &fib_watch_id,
	.size = sizeof(struct fib_watch),
};

int unet_netif_addr_init(void)
{
	int err;

	err = register_pernet_subsys(&fib_watch_ops);
	if (err)
		return err;
	err = register_inetaddr_notifier(&inet_nb);
	if (err)
		goto err_fib;
	err = register_inet6addr_notifier(&inet6_nb);
	if (err)
		goto err_inet;
	return 0;

err_inet:
	unregister_inetaddr_notifier(&inet_nb);
err_fib:
	unregister_pernet_subsys(&fib_watch_ops);
	return err;
}

/**
 * unet_netif_addr_exit() - mirror of unet_netif_addr_init()
 */
void unet_netif_addr_exit(void)
{
	unregister_inet6addr_notifier(&inet6_nb);
	unregister_inetaddr_notifier(&inet_nb);
	unregister_pernet_subsys(&fib_watch_ops);
}
