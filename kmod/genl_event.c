// SPDX-License-Identifier: GPL-2.0
/*
 * Events, multicast to those who listen in the namespace. They may be lost when
 * memory is short or a listener slow, as all of netlink's: the socket tells it.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "channel.h"
#include "genl.h"
#include "genl_msg.h"
#include "netif.h"
#include "nexus.h"

#define GROUP	0

static int put_event(struct sk_buff *skb, const struct unet_nexus *nx,
		     enum unet_event event)
{
	return nla_put_u32(skb, UNET_A_EVENT, event) ?:
	       unet_genl_put_dev(skb, nx) ?:
	       nla_put_string(skb, UNET_A_HOOK, unet_netif_hook_name(nx));
}

/*
 * Many read one message: uids are put as the namespace's owner sees them, and a
 * pid, which only a reader's own namespace could translate, is told to the host's
 * alone.
 */
static int put_owner(struct sk_buff *skb, const struct net *net,
		     const struct unet_channel *ch)
{
	int err = 0;

	if (net->user_ns == &init_user_ns)
		err = nla_put_u32(skb, UNET_A_PID, pid_nr(ch->pid));
	return err ?:
	       nla_put_u32(skb, UNET_A_CHANNEL, ch->id) ?:
	       nla_put_u32(skb, UNET_A_REASON, READ_ONCE(ch->reason)) ?:
	       nla_put_u32(skb, UNET_A_UID,
			   from_kuid_munged(net->user_ns, ch->uid)) ?:
	       nla_put_string(skb, UNET_A_COMM, ch->comm);
}

/* Context: any but hard interrupt; @net cannot be freed meanwhile. */
static void send_event(struct net *net, const struct unet_nexus *nx,
		       const struct unet_channel *ch, enum unet_event event)
{
	struct sk_buff *skb;
	void *msg;

	if (!genl_has_listeners(&unet_genl_family, net, GROUP))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return;
	msg = genlmsg_put(skb, 0, 0, &unet_genl_family, 0, UNET_CMD_EVENT);
	if (!msg || put_event(skb, nx, event) ||
	    (ch && put_owner(skb, net, ch))) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, msg);
	genlmsg_multicast_netns(&unet_genl_family, net, skb, 0, GROUP,
				GFP_ATOMIC);
}

/**
 * unet_genl_notify_nexus() - a nexus came or goes
 * @nx:		nexus, not detached yet
 * @event:	UNET_EVENT_ATTACHED or UNET_EVENT_DETACHED
 *
 * Context: process, RTNL held.
 */
void unet_genl_notify_nexus(const struct unet_nexus *nx, enum unet_event event)
{
	send_event(nx->net, nx, NULL, event);
}

/**
 * unet_genl_notify_channel() - something happened to a channel
 * @ch:		bound channel
 * @event:	UNET_EVENT_POISONED or UNET_EVENT_OWNER_DIED
 *
 * Nothing is told of a channel whose nexus was detached: its namespace may be gone.
 *
 * Context: any but hard interrupt.
 */
void unet_genl_notify_channel(const struct unet_channel *ch,
			      enum unet_event event)
{
	const struct net_device *dev;

	rcu_read_lock();
	dev = rcu_dereference(ch->nexus->dev);
	if (dev)
		send_event(dev_net(dev), ch->nexus, ch, event);
	rcu_read_unlock();
}
