// SPDX-License-Identifier: GPL-2.0
/* The module: what comes up, in order, and goes down in the reverse. */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "chardev.h"
#include "genl.h"
#include "intermediary.h"
#include "netif.h"
#include "nexus.h"
#include "portns.h"
#include "type.h"
#include "version.h"

static int __init unet_init(void)
{
	int err;

	err = unet_portns_init();
	if (err)
		return err;
	err = unet_nexus_init();
	if (err)
		goto err_portns;
	err = unet_type_init();
	if (err)
		goto err_nexus;
	err = unet_netif_init();
	if (err)
		goto err_type;
	err = unet_genl_init();
	if (err)
		goto err_netif;
	err = unet_chardev_init();
	if (err)
		goto err_genl;
	return 0;

err_genl:
	unet_genl_exit();
err_netif:
	unet_netif_exit();
err_type:
	unet_type_exit();
err_nexus:
	unet_nexus_exit();
err_portns:
	unet_portns_exit();
	return err;
}

/*
 * Every open file holds the module, so there are no channels. Once the family has
 * gone nobody attaches, and unet_netif_exit() detaches what still is.
 */
static void __exit unet_exit(void)
{
	unet_chardev_exit();
	unet_genl_exit();
	unet_netif_exit();
	unet_type_exit();
	unet_nexus_exit();
	unet_portns_exit();
	rcu_barrier();
	unet_held_exit();
}

module_init(unet_init);
module_exit(unet_exit);

MODULE_DESCRIPTION("Flow channels between network devices and user space");
MODULE_AUTHOR("unet contributors");
MODULE_LICENSE("GPL");
MODULE_VERSION(UNET_VERSION);
