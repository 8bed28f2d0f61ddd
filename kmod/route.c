// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "nexus.h"
#include "route.h"

/* ---- local addresses --------------------------------------------------- */

static bool same_addr(const __be32 *a, const __be32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

static bool is_local6(struct net *net, struct net_device *dev,
		      const __be32 *addr)
{
	const struct in6_addr *a = (const struct in6_addr *)addr;
	bool link = ipv6_addr_type(a) & IPV6_ADDR_LINKLOCAL;

	if (!IS_ENABLED(CONFIG_IPV6))
		return false;
	/* Of any device, but of the same VRF. */
	return ipv6_chk_addr(net, a, dev, link);
}

static bool ask_host(struct unet_nexus *nx, u8 family, const __be32 *addr)
{
	struct net_device *dev;
	bool local = false;

	rcu_read_lock();
	dev = rcu_dereference(nx->dev);
	if (dev && family == 6)
		local = is_local6(nx->net, dev, addr);
	else if (dev)
		local = inet_addr_type_dev_table(nx->net, dev, addr[0]) ==
			RTN_LOCAL;
	rcu_read_unlock();
	return local;
}

bool unet_local_check(struct unet_local *cache, struct unet_nexus *nx, u8 family,
		      const __be32 *addr)
{
	u32 gen = atomic_read_acquire(&nx->addr_gen);

	if (likely(cache->family == family && cache->gen == gen &&
		   same_addr(cache->addr, addr)))
		return cache->local;
	cache->local = ask_host(nx, family, addr);
	cache->family = family;
	cache->gen = gen;
	memcpy(cache->addr, addr, sizeof(cache->addr));
	return cache->local;
}

/* ---- routes ------------------------------------------------------------ */

/* Only what the host would itself put on the wire just like that. */
static bool plain(const struct dst_entry *dst, const struct net_device *dev)
{
	return dst->dev == dev && !dst_xfrm(dst) && !dst->lwtstate;
}

/* A connection has one peer; whoever knows no connections may address many. */
static bool may_go_to(const struct rtable *rt, u8 proto)
{
	switch (rt->rt_type) {
	case RTN_UNICAST:
		return true;
	case RTN_BROADCAST:
	case RTN_MULTICAST:
		return proto != IPPROTO_TCP;
	default:
		return false;
	}
}

static struct dst_entry *lookup4(struct net *net, struct net_device *dev,
				 struct unet_route_want *want)
{
	struct flowi4 fl = {
		.flowi4_oif = l3mdev_master_ifindex(dev),
		.flowi4_proto = want->proto,
		.flowi4_uid = want->uid,
		.saddr = want->src[0],
		.daddr = want->dst[0],
		.fl4_sport = want->src_port,
		.fl4_dport = want->dst_port,
	};
	struct rtable *rt = ip_route_output_flow(net, &fl, NULL);

	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (!plain(&rt->dst, dev) || !may_go_to(rt, want->proto)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	want->src[0] = fl.saddr;
	return &rt->dst;
}

static struct dst_entry *lookup6(struct net *net, struct net_device *dev,
				 struct unet_route_want *want)
{
	struct flowi6 fl = {
		.flowi6_oif = l3mdev_master_ifindex(dev),
		.flowi6_proto = want->proto,
		.flowi6_uid = want->uid,
		.fl6_sport = want->src_port,
		.fl6_dport = want->dst_port,
	};
	struct dst_entry *dst;

	memcpy(&fl.saddr, want->src, sizeof(fl.saddr));
	memcpy(&fl.daddr, want->dst, sizeof(fl.daddr));
	if (ipv6_addr_type(&fl.daddr) & (IPV6_ADDR_LINKLOCAL | IPV6_ADDR_MULTICAST))
		fl.flowi6_oif = dev->ifindex;
	if (ipv6_addr_is_multicast(&fl.daddr) && want->proto == IPPROTO_TCP)
		return ERR_PTR(-ENETUNREACH);
	dst = ip6_dst_lookup_flow(net, NULL, &fl, NULL);
	if (IS_ERR(dst))
		return dst;
	if (dst->error || !plain(dst, dev)) {
		dst_release(dst);
		return ERR_PTR(-ENETUNREACH);
	}
	memcpy(want->src, &fl.saddr, sizeof(want->src));
	return dst;
}

static struct dst_entry *lookup(struct unet_nexus *nx, struct net_device *dev,
				struct unet_route_want *want)
{
	struct dst_entry *dst = ERR_PTR(-ENETUNREACH);

	if (want->family == 4)
		dst = lookup4(nx->net, dev, want);
	else if (IS_ENABLED(CONFIG_IPV6))
		dst = lookup6(nx->net, dev, want);
	if (!IS_ERR(dst))
		return dst;
	/* The host calls a route it has no memory for ENOBUFS. */
	if (PTR_ERR(dst) == -ENOMEM || PTR_ERR(dst) == -ENOBUFS)
		return ERR_PTR(-ENOMEM);
	return ERR_PTR(-ENETUNREACH);
}

static bool still_good(const struct unet_route *r,
		       const struct unet_route_want *want)
{
	return r->dst && r->family == want->family &&
	       same_addr(r->to, want->dst) && same_addr(r->from, want->src) &&
	       dst_check(r->dst, r->cookie);
}

static void remember(struct unet_route *r, struct dst_entry *dst,
		     const struct unet_route_want *want)
{
	unet_route_drop(r);
	r->dst = dst;
	r->family = want->family;
	r->cookie = want->family == 6 ?
		    rt6_get_cookie(container_of(dst, struct rt6_info, dst)) : 0;
	memcpy(r->from, want->src, sizeof(r->from));
	memcpy(r->to, want->dst, sizeof(r->to));
}

struct dst_entry *unet_route_find(struct unet_route *r, struct unet_nexus *nx,
				  struct unet_route_want *want)
{
	struct net_device *dev;
	struct dst_entry *dst;

	if (likely(still_good(r, want)))
		return r->dst;
	rcu_read_lock();
	dev = rcu_dereference(nx->dev);
	dst = dev ? lookup(nx, dev, want) : ERR_PTR(-ENETUNREACH);
	rcu_read_unlock();
	if (IS_ERR(dst))
		unet_route_drop(r);
	else
		remember(r, dst, want);
	return dst;
}

void unet_route_drop(struct unet_route *r)
{
	dst_release(r->dst);
	r->dst = NULL;
}

u32 unet_route_mtu(const struct unet_route *r)
{
	return dst_mtu(r->dst);
}

bool unet_route_takes(const struct dst_entry *dst, u32 bytes, u32 header,
		      u16 seg_size)
{
	return (seg_size ? header + seg_size : bytes) <= dst_mtu(dst);
}

/* ---- neighbours -------------------------------------------------------- */

static struct neighbour *neigh6(struct dst_entry *dst, const struct sk_buff *skb)
{
	const struct rt6_info *rt = container_of(dst, struct rt6_info, dst);
	const struct in6_addr *next = rt6_nexthop(rt, &ipv6_hdr(skb)->daddr);
	struct neighbour *n = __ipv6_neigh_lookup_noref(dst->dev, next);

	return n ? n : __neigh_create(&nd_tbl, next, dst->dev, false);
}

static struct neighbour *neigh_of(struct sk_buff *skb, bool *v6_gateway)
{
	struct dst_entry *dst = skb_dst(skb);

	if (skb->protocol == htons(ETH_P_IP))
		return ip_neigh_for_gw(container_of(dst, struct rtable, dst),
				       skb, v6_gateway);
	return neigh6(dst, skb);
}

int unet_route_output(struct unet_route *r, struct sk_buff *skb)
{
	skb_dst_set_noref(skb, r->dst);
	return unet_route_forward(skb);
}

int unet_route_forward(struct sk_buff *skb)
{
	bool v6_gateway = false;
	struct neighbour *n;

	n = neigh_of(skb, &v6_gateway);
	if (IS_ERR(n)) {
		kfree_skb(skb);
		return PTR_ERR(n);
	}
	return neigh_output(n, skb, v6_gateway);
}
