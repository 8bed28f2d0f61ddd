// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <net/netns/generic.h>

#include "advice.h"
#include "channel.h"
#include "live.h"
#include "nexus.h"
#include "type.h"

struct workqueue_struct *unet_nexus_wq;

/**
 * struct nexuses - of a namespace
 * @list:	the published, by unet_nexus.list. RTNL to change, RCU to walk
 * @net:	the namespace
 * @addr_work:	addresses or routes changed: what is done of it later
 */
struct nexuses {
	struct list_head list;
	struct net *net;
	struct work_struct addr_work;
};

static unsigned int nexuses_id;

static atomic_t num_nexuses;
static DECLARE_WAIT_QUEUE_HEAD(all_freed);

static struct nexuses *nexuses_of(const struct net *net)
{
	return net_generic(net, nexuses_id);
}

/* ---- life -------------------------------------------------------------- */

static void free_work(struct work_struct *work)
{
	struct unet_nexus *nx = container_of(work, struct unet_nexus, free_work);

	synchronize_rcu();
	unet_flow_table_exit(&nx->flows);
	unet_stats_destroy(nx->stats);
	nx->ops->free(nx);
	unet_live_add(UNET_LIVE_NEXUS, -1);
	if (atomic_dec_and_test(&num_nexuses))
		wake_up_all(&all_freed);
}

static int init_common(struct unet_nexus *nx, struct net_device *dev,
		       const struct unet_nexus_ops *ops)
{
	int err;

	nx->ops = ops;
	nx->net = dev_net(dev);
	nx->ifindex = dev->ifindex;
	strscpy(nx->name, dev->name, sizeof(nx->name));
	INIT_LIST_HEAD(&nx->list);
	INIT_LIST_HEAD(&nx->channels);
	INIT_WORK(&nx->free_work, free_work);
	mutex_init(&nx->lock);
	unet_inters_init(&nx->inters);
	refcount_set(&nx->ref, 1);
	nx->stats = unet_stats_create();
	if (!nx->stats)
		return -ENOMEM;
	err = unet_flow_table_init(&nx->flows);
	if (err)
		unet_stats_destroy(nx->stats);
	return err;
}

struct unet_nexus *unet_nexus_create(struct net_device *dev,
				     const struct unet_nexus_ops *ops)
{
	struct unet_nexus *nx = ops->alloc();
	int err;

	ASSERT_RTNL();
	if (!nx)
		return ERR_PTR(-ENOMEM);
	err = init_common(nx, dev, ops);
	if (err)
		goto err_alloc;
	err = ops->init(nx);
	if (err)
		goto err_common;
	dev_hold(dev);
	rcu_assign_pointer(nx->dev, dev);
	atomic_inc(&num_nexuses);
	unet_live_add(UNET_LIVE_NEXUS, 1);
	return nx;

err_common:
	unet_flow_table_exit(&nx->flows);
	unet_stats_destroy(nx->stats);
err_alloc:
	ops->free(nx);
	return ERR_PTR(err);
}

int unet_nexus_publish(struct unet_nexus *nx)
{
	ASSERT_RTNL();
	if (unet_nexus_of(rtnl_dereference(nx->dev)))
		return -EEXIST;
	list_add_tail_rcu(&nx->list, &nexuses_of(nx->net)->list);
	/* Rules that are made from here on find it; those there were are put in. */
	return unet_type_nexus_begins(nx);
}

static struct unet_channel *any_channel(struct unet_nexus *nx)
{
	struct unet_channel *ch;

	mutex_lock(&nx->lock);
	ch = list_first_entry_or_null(&nx->channels, struct unet_channel,
				      nexus_node);
	if (ch)
		unet_channel_get(ch);
	mutex_unlock(&nx->lock);
	return ch;
}

static void detach_channels(struct unet_nexus *nx)
{
	struct unet_channel *ch;

	mutex_lock(&nx->lock);
	nx->dying = true;
	mutex_unlock(&nx->lock);
	while ((ch = any_channel(nx))) {
		unet_channel_detach(ch);
		unet_channel_put(ch);
	}
}

void unet_nexus_detach(struct unet_nexus *nx)
{
	struct net_device *dev = rtnl_dereference(nx->dev);

	ASSERT_RTNL();
	if (!list_empty(&nx->list))
		list_del_rcu(&nx->list);
	unet_inters_close(nx);
	nx->ops->quiesce(nx);
	detach_channels(nx);
	unet_type_nexus_ends(nx);
	nx->ops->exit(nx);
	RCU_INIT_POINTER(nx->dev, NULL);
	synchronize_net();
	dev_put(dev);
}

void unet_nexus_get(struct unet_nexus *nx)
{
	refcount_inc(&nx->ref);
}

void unet_nexus_put(struct unet_nexus *nx)
{
	if (refcount_dec_and_test(&nx->ref))
		queue_work(unet_nexus_wq, &nx->free_work);
}

/* ---- finding ----------------------------------------------------------- */

struct unet_nexus *unet_nexus_find(struct net *net, const char *name)
{
	struct unet_nexus *nx;

	rcu_read_lock();
	list_for_each_entry_rcu(nx, &nexuses_of(net)->list, list)
		if (!strcmp(nx->name, name) && refcount_inc_not_zero(&nx->ref))
			goto found;
	nx = NULL;
found:
	rcu_read_unlock();
	return nx;
}

struct unet_nexus *unet_nexus_of(const struct net_device *dev)
{
	struct unet_nexus *nx;

	ASSERT_RTNL();
	list_for_each_entry(nx, &nexuses_of(dev_net(dev))->list, list)
		if (rtnl_dereference(nx->dev) == dev)
			return nx;
	return NULL;
}

struct unet_nexus *unet_nexus_next(struct net *net, int *ifindex)
{
	struct unet_nexus *nx, *best = NULL;

	rcu_read_lock();
	list_for_each_entry_rcu(nx, &nexuses_of(net)->list, list)
		if (nx->ifindex >= *ifindex &&
		    (!best || nx->ifindex < best->ifindex))
			best = nx;
	if (best && !refcount_inc_not_zero(&best->ref))
		best = NULL;
	rcu_read_unlock();
	if (best)
		*ifindex = best->ifindex;
	return best;
}

/* ---- what befalls the device ------------------------------------------- */

/* A reader without RTNL may see a mix of both names: it finds nothing, once. */
void unet_nexus_rename(struct unet_nexus *nx, const char *name)
{
	ASSERT_RTNL();
	unet_type_nexus_renamed(nx, name);
}

static void forget_addrs(struct nexuses *nexuses)
{
	struct unet_nexus *nx;

	rcu_read_lock();
	list_for_each_entry_rcu(nx, &nexuses->list, list) {
		/* pairs with who reads it before he looks an address up */
		(void)atomic_inc_return_release(&nx->addr_gen);
		unet_flow_table_changed(&nx->flows);
	}
	rcu_read_unlock();
}

/* Whoever is listed later reads the generation then, under the same lock. */
static void tell_channels(struct unet_nexus *nx)
{
	struct unet_channel *ch;

	mutex_lock(&nx->lock);
	list_for_each_entry(ch, &nx->channels, nexus_node) {
		WRITE_ONCE(ch->info->addr_gen, atomic_read(&nx->addr_gen));
		cond_resched();
	}
	mutex_unlock(&nx->lock);
}

/*
 * The host tells of a route that goes before it is out: an answer in between is as
 * stale as those before. Who told of it has finished when RTNL can be had.
 */
static void addr_work(struct work_struct *work)
{
	struct nexuses *nexuses = container_of(work, struct nexuses, addr_work);
	struct unet_nexus *nx;
	int ifindex = 0;

	rtnl_lock();
	rtnl_unlock();
	forget_addrs(nexuses);
	for (; (nx = unet_nexus_next(nexuses->net, &ifindex)); ifindex++) {
		tell_channels(nx);
		unet_nexus_put(nx);
	}
}

/*
 * Others wait for this, RTNL held for one: whoever fills a namespace of his own with
 * channels is not to make the host's changes slow.
 */
void unet_nexus_addr_changed(struct net *net)
{
	struct nexuses *nexuses = nexuses_of(net);

	forget_addrs(nexuses);
	if (!list_empty(&nexuses->list))
		queue_work(unet_nexus_wq, &nexuses->addr_work);
}

u32 unet_nexus_mtu(struct unet_nexus *nx)
{
	struct net_device *dev;
	u32 mtu;

	rcu_read_lock();
	dev = rcu_dereference(nx->dev);
	mtu = dev ? READ_ONCE(dev->mtu) : 0;
	rcu_read_unlock();
	return mtu;
}

/* Connected flows learn of a route's own limit when they next send. */
void unet_nexus_mtu_changed(struct unet_nexus *nx)
{
	u32 mtu = unet_nexus_mtu(nx);
	struct unet_flow *flow;
	u64 id = 0;

	ASSERT_RTNL();
	while ((flow = unet_flow_next(nx, &id))) {
		unet_advice_mtu(flow, mtu);
		unet_flow_put(flow);
		id++;
		cond_resched();
	}
}

/* ---- module ------------------------------------------------------------ */

static int __net_init nexuses_init(struct net *net)
{
	struct nexuses *nexuses = nexuses_of(net);

	INIT_LIST_HEAD(&nexuses->list);
	INIT_WORK(&nexuses->addr_work, addr_work);
	nexuses->net = net;
	return 0;
}

/* Its devices have gone before. */
static void __net_exit nexuses_exit(struct net *net)
{
	struct nexuses *nexuses = nexuses_of(net);

	WARN_ON_ONCE(!list_empty(&nexuses->list));
	cancel_work_sync(&nexuses->addr_work);
}

static struct pernet_operations nexuses_ops = {
	.init = nexuses_init,
	.exit = nexuses_exit,
	.id = &nexuses_id,
	.size = sizeof(struct nexuses),
};

int unet_nexus_init(void)
{
	int err = register_pernet_subsys(&nexuses_ops);

	if (err)
		return err;
	unet_nexus_wq = alloc_workqueue("unet", WQ_UNBOUND, 0);
	if (unet_nexus_wq)
		return 0;
	unregister_pernet_subsys(&nexuses_ops);
	return -ENOMEM;
}

/*
 * Flows hold channels, channels hold nexuses, each for a grace period; a packet
 * on its way holds its flow for as long as a queueing discipline keeps it.
 */
void unet_nexus_exit(void)
{
	while (!wait_event_timeout(all_freed, !atomic_read(&num_nexuses), 10 * HZ))
		pr_info("unet: removal waits for packets that queueing disciplines hold\n");
	destroy_workqueue(unet_nexus_wq);
	unregister_pernet_subsys(&nexuses_ops);
}
