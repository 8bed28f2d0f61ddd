// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "batch.h"
#include "flowswitch.h"

static struct unet_flowswitch *from(struct unet_nexus *nx)
{
	return container_of(nx, struct unet_flowswitch, nx);
}

static struct unet_nexus *flowswitch_alloc(void)
{
	struct unet_flowswitch *fs = kzalloc(sizeof(*fs), GFP_KERNEL);

	return fs ? &fs->nx : NULL;
}

static void flowswitch_free(struct unet_nexus *nx)
{
	kfree(from(nx));
}

/*
 * Ours is queued behind the device's own poll, in the same softirq, and does all
 * there is: its work is bounded by what that one handed in.
 */
static int poll(struct napi_struct *napi, int budget)
{
	struct unet_rx_cpu *rx = container_of(napi, struct unet_rx_cpu, napi);

	unet_inter_release(&rx->fs->nx, &rx->burst);
	unet_batch_release(rx);
	napi_complete_done(napi, 0);
	return 0;
}

static void free_known(struct unet_flowswitch *fs)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(fs->rx, cpu)->known);
}

static int alloc_known(struct unet_flowswitch *fs)
{
	struct unet_rx_known *known;
	int cpu;

	for_each_possible_cpu(cpu) {
		known = kvzalloc_node(sizeof(*known) << UNET_KNOWN_BITS,
				      GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
		if (!known) {
			free_known(fs);
			return -ENOMEM;
		}
		per_cpu_ptr(fs->rx, cpu)->known = known;
	}
	return 0;
}

/*
 * As if they were for sending only: others have no number of theirs to poll them by,
 * and only this CPU's softirq may touch what is this CPU's.
 */
static void add_napis(struct unet_flowswitch *fs)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct unet_rx_cpu *rx = per_cpu_ptr(fs->rx, cpu);

		rx->fs = fs;
		netif_napi_add_tx(fs->napi_dev, &rx->napi, poll);
		napi_enable(&rx->napi);
	}
}

static int flowswitch_init(struct unet_nexus *nx)
{
	struct unet_flowswitch *fs = from(nx);
	int err = -ENOMEM;

	fs->napi_dev = alloc_netdev_dummy(0);
	if (!fs->napi_dev)
		return err;
	fs->rx = alloc_percpu_gfp(struct unet_rx_cpu, GFP_KERNEL_ACCOUNT);
	if (!fs->rx)
		goto err_dev;
	err = alloc_known(fs);
	if (err)
		goto err_rx;
	add_napis(fs);
	return 0;

err_rx:
	free_percpu(fs->rx);
err_dev:
	free_netdev(fs->napi_dev);
	return err;
}

/* Waits for polls that are scheduled. */
static void flowswitch_quiesce(struct unet_nexus *nx)
{
	struct unet_flowswitch *fs = from(nx);
	int cpu;

	for_each_possible_cpu(cpu)
		napi_disable(&per_cpu_ptr(fs->rx, cpu)->napi);
}

static void flowswitch_exit(struct unet_nexus *nx)
{
	struct unet_flowswitch *fs = from(nx);
	int cpu;

	for_each_possible_cpu(cpu)
		__netif_napi_del(&per_cpu_ptr(fs->rx, cpu)->napi);
	synchronize_net();
	free_known(fs);
	free_percpu(fs->rx);
	free_netdev(fs->napi_dev);
}

const struct unet_nexus_ops unet_flowswitch_ops = {
	.name = "flowswitch",
	.alloc = flowswitch_alloc,
	.init = flowswitch_init,
	.quiesce = flowswitch_quiesce,
	.exit = flowswitch_exit,
	.free = flowswitch_free,
	.send = unet_flowswitch_send,
	.send_reset = unet_flowswitch_send_reset,
	.pass_in = unet_flowswitch_pass_in,
	.pass_out = unet_flowswitch_pass_out,
	.pass_anew = unet_flowswitch_pass_anew,
};
