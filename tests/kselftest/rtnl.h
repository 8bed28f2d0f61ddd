/* SPDX-License-Identifier: MIT */
/*
 * Links, addresses and neighbours by rtnetlink, in the caller's network namespace: what
 * ip does, without a program to start.
 */
#ifndef UNET_TEST_RTNL_H
#define UNET_TEST_RTNL_H

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

struct rtnl_req {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct ndmsg neigh;
		struct rtmsg route;
		uint8_t bytes[512];
	};
};

/* A new request; what follows the fixed header of @fixed bytes is put behind it. */
static inline void rtnl_start(struct rtnl_req *r, uint16_t type, uint16_t flags,
			      uint32_t fixed)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_len = NLMSG_LENGTH(fixed);
	r->h.nlmsg_type = type;
	r->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

static inline void *rtnl_room(struct rtnl_req *r, uint32_t bytes)
{
	uint8_t *at = (uint8_t *)r + r->h.nlmsg_len;

	if (r->h.nlmsg_len + NLMSG_ALIGN(bytes) > sizeof(*r))
		abort();
	r->h.nlmsg_len += NLMSG_ALIGN(bytes);
	return at;
}

static inline struct rtattr *rtnl_put(struct rtnl_req *r, uint16_t type,
				      const void *data, uint16_t bytes)
{
	struct rtattr *a = rtnl_room(r, RTA_LENGTH(bytes));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(bytes);
	if (bytes)
		memcpy(RTA_DATA(a), data, bytes);
	return a;
}

/* What was put since @a was is inside it. */
static inline void rtnl_end(struct rtnl_req *r, struct rtattr *a)
{
	a->rta_len = (uint8_t *)r + r->h.nlmsg_len - (uint8_t *)a;
}

/* One message comes back. Return: its bytes, or -errno. */
static inline int rtnl_talk(const struct rtnl_req *r, void *reply, size_t size)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), n;

	if (fd < 0)
		return -errno;
	n = send(fd, r, r->h.nlmsg_len, 0);
	if (n >= 0)
		n = recv(fd, reply, size, 0);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

/* Return: 0 or -errno. */
static inline int rtnl_ask(const struct rtnl_req *r)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		uint8_t more[1024];
	} reply;
	int n = rtnl_talk(r, &reply, sizeof(reply));

	if (n < 0)
		return n;
	return n >= (int)NLMSG_LENGTH(sizeof(int)) &&
	       reply.h.nlmsg_type == NLMSG_ERROR ? reply.e.error : -EPROTO;
}

static inline int rtnl_up(const char *dev)
{
	struct rtnl_req r;

	rtnl_start(&r, RTM_NEWLINK, 0, sizeof(r.link));
	r.link.ifi_index = if_nametoindex(dev);
	r.link.ifi_change = IFF_UP;
	r.link.ifi_flags = IFF_UP;
	return r.link.ifi_index ? rtnl_ask(&r) : -ENODEV;
}

/*
 * A pair of veth devices, @peer in the network namespace of process @pid. Two with one
 * index look to older kernels like one that stands on no other: they are told of their
 * link once a second.
 */
static inline int rtnl_veth(const char *dev, const char *peer, pid_t pid)
{
	static int index = 50;	/* past those that a namespace gives itself */
	struct rtattr *info, *data, *other;
	struct ifinfomsg *link;
	struct rtnl_req r;
	uint32_t ns = pid;

	rtnl_start(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.link));
	r.link.ifi_index = index++;
	rtnl_put(&r, IFLA_IFNAME, dev, strlen(dev) + 1);
	info = rtnl_put(&r, IFLA_LINKINFO, NULL, 0);
	rtnl_put(&r, IFLA_INFO_KIND, "veth", 4);
	data = rtnl_put(&r, IFLA_INFO_DATA, NULL, 0);
	other = rtnl_put(&r, VETH_INFO_PEER, NULL, 0);
	link = rtnl_room(&r, sizeof(*link));
	link->ifi_index = index++;
	rtnl_put(&r, IFLA_IFNAME, peer, strlen(peer) + 1);
	rtnl_put(&r, IFLA_NET_NS_PID, &ns, sizeof(ns));
	rtnl_end(&r, other);
	rtnl_end(&r, data);
	rtnl_end(&r, info);
	return rtnl_ask(&r);
}

/* An address and its family, as requests have them. Return: its bytes, or -EINVAL. */
static inline int rtnl_parse(const char *text, uint8_t *addr, uint8_t *family)
{
	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(*family, text, addr) != 1)
		return -EINVAL;
	return *family == AF_INET ? 4 : 16;
}

/* One more address of @dev, usable at once. Return: 0 or -errno. */
static inline int rtnl_addr(const char *dev, const char *text, int prefix)
{
	struct rtnl_req r;
	uint8_t addr[16], family;
	int bytes = rtnl_parse(text, addr, &family);

	if (bytes < 0)
		return bytes;
	rtnl_start(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.addr));
	r.addr.ifa_family = family;
	r.addr.ifa_prefixlen = prefix;
	r.addr.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
	r.addr.ifa_index = if_nametoindex(dev);
	rtnl_put(&r, IFA_LOCAL, addr, bytes);
	rtnl_put(&r, IFA_ADDRESS, addr, bytes);
	return r.addr.ifa_index ? rtnl_ask(&r) : -ENODEV;
}

/* What rtnetlink does not do. Return: 0 or -errno. */
static inline int rtnl_ioctl(const char *dev, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	strncpy(ifr->ifr_name, dev, sizeof(ifr->ifr_name) - 1);
	err = ioctl(fd, request, ifr) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* The address of @dev, 6 bytes. Return: 0 or -errno. */
static inline int rtnl_mac(const char *dev, uint8_t *mac)
{
	struct ifreq ifr = { 0 };
	int err = rtnl_ioctl(dev, SIOCGIFHWADDR, &ifr);

	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return err;
}

/* IF_OPER_* of @dev, or -1. */
static inline int rtnl_operstate(const char *dev)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg link;
		uint8_t more[8192];
	} reply;
	struct rtnl_req r;
	struct rtattr *a;
	int left;

	rtnl_start(&r, RTM_GETLINK, 0, sizeof(r.link));
	r.h.nlmsg_flags = NLM_F_REQUEST;
	r.link.ifi_index = if_nametoindex(dev);
	left = rtnl_talk(&r, &reply, sizeof(reply));
	if (left < (int)NLMSG_LENGTH(sizeof(reply.link)) || reply.h.nlmsg_type != RTM_NEWLINK)
		return -1;
	left -= NLMSG_LENGTH(sizeof(reply.link));
	for (a = IFLA_RTA(&reply.link); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_OPERSTATE)
			return *(uint8_t *)RTA_DATA(a);
	return -1;
}

/* The address of IPv6 that @dev gives itself for its link (RFC 4291, 2.5.6). */
static inline void rtnl_link_local(const char *dev, char *text, size_t bytes)
{
	uint8_t m[6] = { 0 };

	rtnl_mac(dev, m);
	snprintf(text, bytes, "fe80::%02x%02x:%02xff:fe%02x:%02x%02x", m[0] ^ 2, m[1], m[2],
		 m[3], m[4], m[5]);
}

/* An address of IPv6 of @dev is no more tentative: a socket may have it. */
static inline int rtnl_is_ours(const char *dev, const char *text)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	at.sin6_scope_id = if_nametoindex(dev);
	err = inet_pton(AF_INET6, text, &at.sin6_addr) != 1 ||
	      bind(fd, (void *)&at, sizeof(at));
	close(fd);
	return !err;
}

/*
 * Until @dev sends, and what comes for @v6 is received: what it is given before its link
 * is known to be up does not go, what comes before an address has its route is dropped,
 * and nobody is told. So is, once in hundreds of times, what is looked up while another
 * route is put beside it, as that of the link's own address. All is done behind all calls,
 * under the lock that the last call here takes. Return: 0 or -errno.
 */
static inline int rtnl_await(const char *dev, const char *v6)
{
	char link[48];
	int ms;

	rtnl_link_local(dev, link, sizeof(link));
	for (ms = 0; ms < 20000; ms++) {
		if (rtnl_operstate(dev) == IF_OPER_UP && rtnl_is_ours(dev, v6) &&
		    rtnl_is_ours(dev, link))
			return rtnl_up(dev);
		usleep(1000);
	}
	return -ETIMEDOUT;
}

/* The host has all addresses of @text/@prefix, or has them no more. Return: 0 or -errno. */
static inline int rtnl_local(const char *text, int prefix, int have)
{
	struct rtnl_req r;
	uint8_t addr[16], family;
	int bytes = rtnl_parse(text, addr, &family);
	uint32_t lo = if_nametoindex("lo");

	if (bytes < 0)
		return bytes;
	rtnl_start(&r, have ? RTM_NEWROUTE : RTM_DELROUTE,
		   have ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof(r.route));
	r.route.rtm_family = family;
	r.route.rtm_dst_len = prefix;
	r.route.rtm_table = RT_TABLE_LOCAL;
	r.route.rtm_protocol = RTPROT_BOOT;
	r.route.rtm_scope = RT_SCOPE_HOST;
	r.route.rtm_type = RTN_LOCAL;
	rtnl_put(&r, RTA_DST, addr, bytes);
	rtnl_put(&r, RTA_OIF, &lo, sizeof(lo));
	return rtnl_ask(&r);
}

/* Who has @text behind @dev need not be asked: it is @mac. Return: 0 or -errno. */
static inline int rtnl_neigh(const char *dev, const char *text, const uint8_t *mac)
{
	struct rtnl_req r;
	uint8_t addr[16], family;
	int bytes = rtnl_parse(text, addr, &family);

	if (bytes < 0)
		return bytes;
	rtnl_start(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(r.neigh));
	r.neigh.ndm_family = family;
	r.neigh.ndm_state = NUD_PERMANENT;
	r.neigh.ndm_ifindex = if_nametoindex(dev);
	rtnl_put(&r, NDA_DST, addr, bytes);
	rtnl_put(&r, NDA_LLADDR, mac, 6);
	return r.neigh.ndm_ifindex ? rtnl_ask(&r) : -ENODEV;
}

#endif
