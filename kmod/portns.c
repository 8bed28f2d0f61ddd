// SPDX-License-Identifier: GPL-2.0
/*
 * Port holders.
 *
 * A holder is a kernel socket that is bound, never listens and never connects.
 * TCP finds no such socket for a segment, so what reaches the host for the port
 * is answered as if it were closed. UDP would find it and queue to it: it is
 * therefore given a peer nobody can be (see make_deaf()).
 *
 * Life of a holder:
 *
 *   hold() -> HELD --put(), last-----------------------------> released
 *               ^ `--put(), last, after linger()--> LINGERING --time, cap,
 *               |                                      |        takeover of
 *               `---------- hold() with takeover ------'        an overlap-->
 *
 * A holder is on exactly one list of its namespace, @held or @lingering, until
 * the namespace goes: then its socket is closed and the rest is a husk for
 * those who still have a reference. The sockets do not pin the namespace.
 *
 * Locking: ports_lock covers the lists, the reference count when it reaches zero
 * or leaves it, @ns, @sock and @linger. Sockets are made, bound and closed
 * outside of it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/l3mdev.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "live.h"
#include "portns.h"

#define LINGER_SECS_MAX	3600u	/* more is taken for this */

static unsigned int port_linger_secs = 60;
module_param(port_linger_secs, uint, 0644);
MODULE_PARM_DESC(port_linger_secs,
		 "seconds a TCP port is held after its owner died (60, at most 3600)");

static unsigned int port_linger_max = 4096;
module_param(port_linger_max, uint, 0644);
MODULE_PARM_DESC(port_linger_max,
		 "ports held so at a time in a network namespace; of who adds one the oldest goes (4096)");

/**
 * struct portns - the ports of one network namespace
 * @held:	holders with references
 * @lingering:	holders without, in the order they lost the last one
 * @lingers:	how many those are
 * @dead:	the namespace is going: nothing is added any more
 * @reap:	releases what has lingered long enough
 */
struct portns {
	struct list_head held;
	struct list_head lingering;
	unsigned int lingers;
	bool dead;
	struct delayed_work reap;
};

/**
 * struct unet_port - a holder
 * @refs:	flows that use the port; 0 while it lingers
 * @node:	in one of the lists of @ns
 * @ns:		NULL once the namespace has gone
 * @sock:	bound; NULL once the namespace has gone
 * @uid:	who may take it over
 * @want:	what was asked for, with the port that was got
 * @linger:	hold on after the last reference
 * @expires:	until when, jiffies
 */
struct unet_port {
	refcount_t refs;
	struct list_head node;
	struct portns *ns;
	struct socket *sock;
	kuid_t uid;
	struct unet_port_want want;
	bool linger;
	unsigned long expires;
};

/* Where kernel_bind() is to bind. */
union bind_addr {
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static DEFINE_SPINLOCK(ports_lock);
static unsigned int portns_id;

static struct in6_addr want_in6(const struct unet_port_want *want)
{
	struct in6_addr addr;

	memcpy(&addr, want->local, sizeof(addr));
	return addr;
}

/* ---- a socket that only occupies its port ------------------------------ */

static int fill_bind_addr(const struct unet_port_want *want,
			  union bind_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (want->family == AF_INET) {
		addr->v4.sin_family = AF_INET;
		addr->v4.sin_port = want->port;
		addr->v4.sin_addr.s_addr = want->local[0];
		return sizeof(addr->v4);
	}
	addr->v6.sin6_family = AF_INET6;
	addr->v6.sin6_port = want->port;
	addr->v6.sin6_addr = want_in6(want);
	if (ipv6_addr_type(&addr->v6.sin6_addr) & IPV6_ADDR_LINKLOCAL)
		addr->v6.sin6_scope_id = want->ifindex;
	return sizeof(addr->v6);
}

/*
 * No packet comes from a broadcast or a multicast address, so a lookup for a
 * packet never ends at this socket: the host answers that the port is closed,
 * and nothing is queued where nobody reads. bind() of others does not look at
 * the peer. The lock on the port keeps it over a disconnect by ss -K.
 */
static void make_deaf(struct sock *sk)
{
	lock_sock(sk);
	inet_sk(sk)->inet_daddr = htonl(INADDR_BROADCAST);
	if (sk->sk_family == AF_INET6)
		sk->sk_v6_daddr = in6addr_linklocal_allnodes;
	sk->sk_userlocks |= SOCK_BINDPORT_LOCK;
	release_sock(sk);
}

static int bind_socket(struct socket *sock, const struct unet_port_want *want,
		       int dev)
{
	struct sock *sk = sock->sk;
	union bind_addr addr;
	int len = fill_bind_addr(want, &addr);
	int err;

	lock_sock(sk);
	sk->sk_reuse = SK_NO_REUSE;
	sk->sk_bound_dev_if = dev;
	WRITE_ONCE(sk->sk_rcvbuf, SOCK_MIN_RCVBUF);
	if (want->family == AF_INET6)
		sk->sk_ipv6only = want->v6only;
	release_sock(sk);
	err = kernel_bind(sock, (struct sockaddr_unsized *)&addr, len);
	if (!err && want->proto == IPPROTO_UDP)
		make_deaf(sk);
	return err;
}

/* The host has other words for a socket it has no memory for. */
static int socket_errno(int err)
{
	return err == -ENFILE || err == -ENOBUFS ? -ENOMEM : err;
}

/* @dev: as SO_BINDTODEVICE has it, 0: none. */
static struct socket *bound_socket(struct net *net,
				   const struct unet_port_want *want, int dev)
{
	int type = want->proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	struct socket *sock;
	int err;

	err = sock_create_kern(net, want->family, type, want->proto, &sock);
	if (err)
		return ERR_PTR(socket_errno(err));
	err = bind_socket(sock, want, dev);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	return sock;
}

/*
 * A VRF has ports of its own, and bind() gets at them by a device. So bound @sock is
 * in the way of the VRF's sockets; of those of the device another has to be, until
 * bound to none it is in the way of all. An address of the link's scope has bound it to
 * the device: then any address of the VRF is in its way.
 */
static int take_all_of_vrf(struct socket *sock, struct unet_port_want want, int vrf)
{
	struct net *net = sock_net(sock->sk);
	struct socket *other;
	int dev = want.ifindex;

	if (READ_ONCE(sock->sk->sk_bound_dev_if) == dev) {
		memset(want.local, 0, sizeof(want.local));
		want.v6only = true;
		dev = vrf;
	}
	want.port = inet_sk(sock->sk)->inet_sport;
	other = bound_socket(net, &want, dev);
	if (IS_ERR(other))
		return PTR_ERR(other);
	WRITE_ONCE(sock->sk->sk_bound_dev_if, 0);
	sock_release(other);
	return 0;
}

static struct socket *occupy(struct net *net, const struct unet_port_want *want)
{
	int vrf = l3mdev_master_ifindex_by_index(net, want->ifindex), err;
	struct socket *sock = bound_socket(net, want, vrf);

	if (IS_ERR(sock) || !vrf || vrf == want->ifindex)
		return sock;
	err = take_all_of_vrf(sock, *want, vrf);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	return sock;
}

/* ---- lingering --------------------------------------------------------- */

/* Context: ports_lock held; @port is on @ns' lingering list. */
static void unlist_lingering(struct portns *ns, struct unet_port *port)
{
	list_del_init(&port->node);
	ns->lingers--;
}

/* Context: process, ports_lock not held; nobody else can reach @port. */
static void port_free(struct unet_port *port)
{
	if (port->sock)
		sock_release(port->sock);
	kfree(port);
	unet_live_add(UNET_LIVE_PORT, -1);
}

static void free_list(struct list_head *ports)
{
	struct unet_port *port, *next;

	list_for_each_entry_safe(port, next, ports, node)
		port_free(port);
}

static unsigned long linger_jiffies(void)
{
	unsigned int secs = READ_ONCE(port_linger_secs);

	return min(secs, LINGER_SECS_MAX) * HZ;
}

/* Once a second is exact enough, and goes on only while something lingers. */
static void reap_later(struct portns *ns)
{
	schedule_delayed_work(&ns->reap, round_jiffies_relative(HZ));
}

/* Who has too many loses his own oldest: nobody frees the ports of others so. */
static struct unet_port *first_to_go(struct portns *ns, kuid_t uid)
{
	struct unet_port *port;

	list_for_each_entry(port, &ns->lingering, node)
		if (uid_eq(port->uid, uid))
			return port;
	return list_first_entry(&ns->lingering, struct unet_port, node);
}

/*
 * Context: ports_lock held; the last reference has gone.
 * Return: true when @port stays; what had to make room is on @evicted.
 */
static bool start_linger(struct unet_port *port, struct list_head *evicted)
{
	unsigned int max = READ_ONCE(port_linger_max);
	struct portns *ns = port->ns;

	if (!port->linger || time_after_eq(jiffies, port->expires) || !ns ||
	    ns->dead || !max)
		return false;
	while (ns->lingers >= max) {
		struct unet_port *first = first_to_go(ns, port->uid);

		unlist_lingering(ns, first);
		list_add_tail(&first->node, evicted);
	}
	list_move_tail(&port->node, &ns->lingering);
	ns->lingers++;
	reap_later(ns);
	return true;
}

static void reap_work(struct work_struct *work)
{
	struct portns *ns = container_of(to_delayed_work(work), struct portns,
					 reap);
	struct unet_port *port, *next;
	LIST_HEAD(expired);

	spin_lock(&ports_lock);
	list_for_each_entry_safe(port, next, &ns->lingering, node) {
		if (time_before(jiffies, port->expires))
			continue;
		unlist_lingering(ns, port);
		list_add_tail(&port->node, &expired);
	}
	if (!list_empty(&ns->lingering))
		reap_later(ns);
	spin_unlock(&ports_lock);
	free_list(&expired);
}

static bool is_any(const struct unet_port_want *want)
{
	return !memchr_inv(want->local, 0, sizeof(want->local));
}

/* Does @a have all addresses that @b has? */
static bool takes_in(const struct unet_port_want *a,
		     const struct unet_port_want *b)
{
	if (is_any(a) && a->family == AF_INET6 && !a->v6only)
		return true;
	if (a->family != b->family)
		return false;
	if (is_any(a))
		return a->v6only == b->v6only || !is_any(b);
	return !memcmp(a->local, b->local, sizeof(a->local));
}

static bool same_port(const struct unet_port *port,
		      const struct unet_port_want *want)
{
	return port->want.proto == want->proto && port->want.port == want->port;
}

/* May @want be refused because of @port? bind() has the last word. */
static bool overlaps(const struct unet_port *port,
		     const struct unet_port_want *want)
{
	return same_port(port, want) &&
	       (takes_in(&port->want, want) || takes_in(want, &port->want));
}

static bool same_want(const struct unet_port *port,
		      const struct unet_port_want *want)
{
	return overlaps(port, want) && port->want.family == want->family &&
	       port->want.v6only == want->v6only &&
	       port->want.ifindex == want->ifindex &&
	       !memcmp(port->want.local, want->local, sizeof(want->local));
}

/* What bind() would ask, where it is not asked. */
static bool may_bind(struct net *net, __be16 port)
{
	return !inet_port_requires_bind_service(net, ntohs(port)) ||
	       ns_capable(net->user_ns, CAP_NET_BIND_SERVICE);
}

/*
 * The very port is handed on with its socket, so that nobody can get in between.
 * One that overlaps is released for the caller to bind anew.
 *
 * Return: the holder, with a reference, or NULL.
 */
static struct unet_port *take_over(struct portns *ns,
				   const struct unet_port_want *want)
{
	struct unet_port *port, *next, *found = NULL;
	kuid_t uid = current_euid();
	LIST_HEAD(released);

	spin_lock(&ports_lock);
	list_for_each_entry_safe(port, next, &ns->lingering, node) {
		if (!uid_eq(port->uid, uid) || !overlaps(port, want))
			continue;
		unlist_lingering(ns, port);
		if (!found && same_want(port, want)) {
			found = port;
			refcount_set(&port->refs, 1);
			port->linger = false;
			list_add(&port->node, &ns->held);
			break;
		}
		list_add_tail(&port->node, &released);
	}
	spin_unlock(&ports_lock);
	free_list(&released);
	return found;
}

/* ---- holders ----------------------------------------------------------- */

/* Context: process. Return: 0, or -ENODEV when the namespace is going. */
static int enlist(struct portns *ns, struct unet_port *port)
{
	int err = 0;

	spin_lock(&ports_lock);
	if (ns->dead)
		err = -ENODEV;
	else
		list_add(&port->node, &ns->held);
	spin_unlock(&ports_lock);
	return err;
}

static struct unet_port *port_create(struct net *net,
				     const struct unet_port_want *want)
{
	struct portns *ns = net_generic(net, portns_id);
	struct unet_port *port;
	int err;

	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return ERR_PTR(-ENOMEM);
	port->sock = occupy(net, want);
	if (IS_ERR(port->sock)) {
		err = PTR_ERR(port->sock);
		kfree(port);
		return ERR_PTR(err);
	}
	unet_live_add(UNET_LIVE_PORT, 1);
	refcount_set(&port->refs, 1);
	INIT_LIST_HEAD(&port->node);
	port->ns = ns;
	port->uid = current_euid();
	port->want = *want;
	port->want.port = inet_sk(port->sock->sk)->inet_sport;
	err = enlist(ns, port);
	if (err) {
		port_free(port);
		return ERR_PTR(err);
	}
	return port;
}

static bool want_valid(const struct unet_port_want *want)
{
	return (want->family == AF_INET || want->family == AF_INET6) &&
	       (want->proto == IPPROTO_TCP || want->proto == IPPROTO_UDP);
}

/**
 * unet_port_hold() - reserve a port against host and other flows
 * @net:	namespace
 * @want:	what to hold; its address is the host's own or none (bind() would
 *		also take a broadcast or multicast address)
 *
 * Rights are the caller's: a port below net.ipv4.ip_unprivileged_port_start needs
 * CAP_NET_BIND_SERVICE over @net's user namespace.
 *
 * Context: process, in the task the port is for; may sleep. @net must be kept
 * from being freed, it may be on its way out.
 * Return: a holder with one reference, for unet_port_put(), or ERR_PTR():
 * -EADDRINUSE, -EADDRNOTAVAIL, -EACCES as bind() has them, -EINVAL neither TCP nor
 * UDP over IP, -EAFNOSUPPORT no IPv6 here, -ENOMEM, -ENODEV the namespace is going.
 */
struct unet_port *unet_port_hold(struct net *net,
				 const struct unet_port_want *want)
{
	struct unet_port *port = NULL;

	if (!want_valid(want))
		return ERR_PTR(-EINVAL);
	if (!maybe_get_net(net))
		return ERR_PTR(-ENODEV);
	if (want->takeover && want->port && may_bind(net, want->port))
		port = take_over(net_generic(net, portns_id), want);
	if (!port)
		port = port_create(net, want);
	put_net(net);
	return port;
}

/**
 * unet_port_covers() - is this held already by what is held?
 * @port:	a holder the caller has a reference to
 * @want:	what somebody would hold
 *
 * The port of @want is of the same device.
 *
 * Context: any.
 * Return: true, or false: others may have a part of it.
 */
bool unet_port_covers(const struct unet_port *port,
		      const struct unet_port_want *want)
{
	return same_port(port, want) && takes_in(&port->want, want);
}

/**
 * unet_port_in_way() - may this be what another was refused for?
 * @net:	namespace
 * @port:	a holder the caller has a reference to
 * @want:	what bind() said is taken
 *
 * Context: process.
 * Return: false when it is not: then it is another holder or the host.
 */
bool unet_port_in_way(struct net *net, const struct unet_port *port,
		      const struct unet_port_want *want)
{
	return overlaps(port, want) &&
	       l3mdev_master_ifindex_by_index(net, port->want.ifindex) ==
	       l3mdev_master_ifindex_by_index(net, want->ifindex);
}

/**
 * unet_port_get() - one more flow shares the port
 * @port:	a holder the caller has a reference to
 *
 * Context: any.
 * Return: @port.
 */
struct unet_port *unet_port_get(struct unet_port *port)
{
	refcount_inc(&port->refs);
	return port;
}

/**
 * unet_port_put() - a flow no longer needs the port
 * @port:	holder, not to be used any more; NULL is nothing to do
 *
 * With the last reference the port is free at once, or lingers when
 * unet_port_linger() asked for that not too long ago.
 *
 * Context: process; may sleep.
 * Return: true when it lingers now.
 */
bool unet_port_put(struct unet_port *port)
{
	LIST_HEAD(released);
	bool stays = false;

	if (!port || refcount_dec_not_one(&port->refs))
		return false;
	spin_lock(&ports_lock);
	if (refcount_dec_and_test(&port->refs)) {
		stays = start_linger(port, &released);
		if (!stays)
			list_move(&port->node, &released);
	}
	spin_unlock(&ports_lock);
	free_list(&released);
	return stays;
}

/**
 * unet_port_linger() - keep the port for a while from now on
 * @port:	holder the caller has a reference to; its owner died, or it closed a
 *		connection first
 *
 * Stops late segments of the connection from reaching a new owner of the port
 * (RFC 9293, TIME-WAIT). UDP has none that matter: nothing is done.
 *
 * Context: any.
 */
void unet_port_linger(struct unet_port *port)
{
	unsigned long wait = linger_jiffies();

	if (!wait || port->want.proto != IPPROTO_TCP)
		return;
	WRITE_ONCE(port->expires, jiffies + wait);
	WRITE_ONCE(port->linger, true);
}

/**
 * unet_port_number() - the port that is held
 * @port:	holder
 *
 * Context: any.
 * Return: network order, never 0.
 */
__be16 unet_port_number(const struct unet_port *port)
{
	return port->want.port;
}

/* ---- namespaces -------------------------------------------------------- */

static int __net_init portns_net_init(struct net *net)
{
	struct portns *ns = net_generic(net, portns_id);

	INIT_LIST_HEAD(&ns->held);
	INIT_LIST_HEAD(&ns->lingering);
	INIT_DELAYED_WORK(&ns->reap, reap_work);
	return 0;
}

/* Context: ports_lock held. Return: the socket the caller must close. */
static struct socket *disown(struct unet_port *port)
{
	struct socket *sock = port->sock;

	list_del_init(&port->node);
	port->sock = NULL;
	port->ns = NULL;
	return sock;
}

static void close_held(struct portns *ns)
{
	struct socket *sock;

	spin_lock(&ports_lock);
	while (!list_empty(&ns->held)) {
		sock = disown(list_first_entry(&ns->held, struct unet_port,
					       node));
		spin_unlock(&ports_lock);
		sock_release(sock);
		spin_lock(&ports_lock);
	}
	spin_unlock(&ports_lock);
}

static void __net_exit portns_net_exit(struct net *net)
{
	struct portns *ns = net_generic(net, portns_id);
	LIST_HEAD(lingering);

	spin_lock(&ports_lock);
	ns->dead = true;
	list_splice_init(&ns->lingering, &lingering);
	ns->lingers = 0;
	spin_unlock(&ports_lock);
	cancel_delayed_work_sync(&ns->reap);
	free_list(&lingering);
	close_held(ns);
}

static struct pernet_operations portns_net_ops = {
	.init = portns_net_init,
	.exit = portns_net_exit,
	.id = &portns_id,
	.size = sizeof(struct portns),
};

/**
 * unet_portns_init() - make every namespace ready to hold ports
 *
 * Return: 0 or -errno.
 */
int unet_portns_init(void)
{
	return register_pernet_subsys(&portns_net_ops);
}

/**
 * unet_portns_exit() - let go of what lingers
 *
 * No flow may be left.
 */
void unet_portns_exit(void)
{
	unregister_pernet_subsys(&portns_net_ops);
}
