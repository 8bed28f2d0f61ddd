// SPDX-License-Identifier: MIT
/*
 * Description: a port belongs to one, host or flow. For every pair of TCP or UDP
 * binds over IPv4 and IPv6, wildcard, specific and v6-only, a flow conflicts with
 * a host socket, a host socket with a flow, and a flow with a flow exactly where
 * two host sockets do. Rights, lingering and take-over (D7, R6.3, R7.7).
 */
#include "caps.h"
#include "topo.h"
#include "chan.h"
#include "nl.h"
#include "param.h"
#include "kselftest_harness.h"

#define PORT	5999

struct want {
	const char *name;
	int family;
	const char *addr;	/* NULL: any */
	bool v6only;
};

static const struct want wants[] = {
	{ "0.0.0.0", AF_INET, NULL, false },
	{ OUR_V4, AF_INET, OUR_V4, false },
	{ "10.9.0.3", AF_INET, "10.9.0.3", false },
	{ "[::]", AF_INET6, NULL, false },
	{ "[::] v6only", AF_INET6, NULL, true },
	{ OUR_V6, AF_INET6, OUR_V6, false },
	{ "fd09::3", AF_INET6, "fd09::3", false },
};

static const struct {
	const char *name;
	int proto;
	int type;
} protos[] = {
	{ "tcp", IPPROTO_TCP, SOCK_STREAM },
	{ "udp", IPPROTO_UDP, SOCK_DGRAM },
};

FIXTURE(ports) {
	struct topo t;
	struct nl nl;
	struct chan c;
	struct chan other;
};

FIXTURE_SETUP(ports)
{
	static const struct unet_params small = {
		.rx_slots = 64, .tx_slots = 64, .rx_small = 64,
		.rx_large = UNET_PARAM_NONE, .tx_bufs = 64, .max_flows = 64,
	};

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, sh("ip addr add 10.9.0.3/24 dev va && "
			"ip addr add fd09::3/64 dev va nodad"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", &small));
	ASSERT_EQ(0, chan_open(&self->other, "va", &small));
}

FIXTURE_TEARDOWN(ports)
{
	chan_close(&self->c);
	chan_close(&self->other);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

/* ---- one side: a host socket or a flow, and letting go of it ---- */

static int host_bind(int type, const struct want *w, int port)
{
	int fd = socket(w->family, type | SOCK_CLOEXEC, 0), on = w->v6only, err;

	if (fd < 0)
		return -errno;
	if (w->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	err = bind_to(fd, w->addr ? w->addr :
			  w->family == AF_INET ? "0.0.0.0" : "::", port);
	if (!err && type == SOCK_STREAM && listen(fd, 1))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int flow_bind(struct chan *c, int proto, const struct want *w, int port,
		     uint32_t *flow)
{
	struct unet_flow_req r = flow_req(proto, w->family, w->addr, port,
					  NULL, 0);
	int err;

	if (w->v6only)
		r.flags |= UNET_FLOW_V6ONLY;
	err = chan_flow_add(c, &r);
	*flow = r.flow;
	return err;
}

/* ---- the matrix ---- */

/* What the host itself says of @b after @a. */
static int oracle(int type, const struct want *a, const struct want *b)
{
	int first = host_bind(type, a, PORT), second = host_bind(type, b, PORT);

	if (first < 0)
		return 1;
	close(first);
	if (second < 0)
		return second;
	close(second);
	return 0;
}

static int flow_then_host(struct chan *c, int p, const struct want *a,
			  const struct want *b)
{
	uint32_t flow;
	int fd;

	if (flow_bind(c, protos[p].proto, a, PORT, &flow))
		return 1;
	fd = host_bind(protos[p].type, b, PORT);
	if (chan_flow_del(c, flow, 0))
		return 2;
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int host_then_flow(struct chan *c, int p, const struct want *a,
			  const struct want *b)
{
	int fd = host_bind(protos[p].type, a, PORT), err;
	uint32_t flow;

	if (fd < 0)
		return 1;
	err = flow_bind(c, protos[p].proto, b, PORT, &flow);
	close(fd);
	if (!err && chan_flow_del(c, flow, 0))
		return 2;
	return err;
}

static int flow_then_flow(struct chan *c, struct chan *other, int p,
			  const struct want *a, const struct want *b)
{
	uint32_t first, second;
	int err;

	if (flow_bind(c, protos[p].proto, a, PORT, &first))
		return 1;
	err = flow_bind(other, protos[p].proto, b, PORT, &second);
	if (chan_flow_del(c, first, 0) ||
	    (!err && chan_flow_del(other, second, 0)))
		return 2;
	return err;
}

TEST_F(ports, conflicts_are_the_hosts_own_both_ways)
{
	unsigned int p, i, conflicts = 0;
	int expected;

	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		for (i = 0; i < ARRAY_SIZE(wants) * ARRAY_SIZE(wants); i++) {
			const struct want *a = &wants[i / ARRAY_SIZE(wants)];
			const struct want *b = &wants[i % ARRAY_SIZE(wants)];

			expected = oracle(protos[p].type, a, b);
			ASSERT_LE(expected, 0);
			conflicts += expected == -EADDRINUSE;
			EXPECT_EQ(expected, flow_then_host(&self->c, p, a, b))
				TH_LOG("%s: flow %s, then host %s",
				       protos[p].name, a->name, b->name);
			EXPECT_EQ(expected, host_then_flow(&self->c, p, a, b))
				TH_LOG("%s: host %s, then flow %s",
				       protos[p].name, a->name, b->name);
			EXPECT_EQ(expected, flow_then_flow(&self->c,
							   &self->other,
							   p, a, b))
				TH_LOG("%s: flow %s, then flow %s",
				       protos[p].name, a->name, b->name);
		}
	}
	/* Each with itself, and the wildcards with what they cover. */
	EXPECT_EQ(2 * 27u, conflicts);
}

TEST_F(ports, tcp_and_udp_do_not_conflict)
{
	uint32_t tcp, udp;

	EXPECT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[3], PORT, &tcp));
	EXPECT_EQ(0, flow_bind(&self->c, IPPROTO_UDP, &wants[3], PORT, &udp));
}

TEST_F(ports, a_host_socket_that_would_share_is_refused_all_the_same)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	uint32_t flow;

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0], PORT, &flow));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	EXPECT_EQ(-EADDRINUSE, bind_to(fd, "0.0.0.0", PORT));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_UDP, &wants[0], PORT, &flow));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	EXPECT_EQ(-EADDRINUSE, bind_to(fd, "0.0.0.0", PORT));
	close(fd);
}

/* ---- a VRF's ports ---- */

/* The device keeps its addresses; those of IPv6 go with its link. */
static int into_vrf(void)
{
	return sh("ip link add vrf0 type vrf table 100 && ip link set vrf0 up && "
		  "ip link set va master vrf0 && "
		  "ip addr replace " OUR_V6 "/64 dev va nodad");
}

static int host_bind_on(int p, const char *dev, const struct want *w)
{
	int fd = socket(w->family, protos[p].type | SOCK_CLOEXEC, 0), err;

	err = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev)) ?
	      -errno : 0;
	if (!err)
		err = bind_to(fd, w->addr ? w->addr :
				  w->family == AF_INET ? "0.0.0.0" : "::", PORT);
	if (!err && protos[p].type == SOCK_STREAM && listen(fd, 1))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Whoever reaches the device is in a flow's way, and a flow in his. */
static void one_of_vrf(struct __test_metadata *_metadata, struct chan *c, int p,
		       const char *dev, const struct want *w)
{
	uint32_t flow;
	int fd;

	fd = host_bind_on(p, dev, w);
	EXPECT_LE(0, fd) TH_LOG("%s %s %s: %d", protos[p].name, dev, w->name, fd);
	EXPECT_EQ(-EADDRINUSE, flow_bind(c, protos[p].proto, w, PORT, &flow))
		TH_LOG("%s: host %s on %s, then flow", protos[p].name, w->name, dev);
	close(fd);
	ASSERT_EQ(0, flow_bind(c, protos[p].proto, w, PORT, &flow))
		TH_LOG("%s: flow %s", protos[p].name, w->name);
	EXPECT_EQ(-EADDRINUSE, host_bind_on(p, dev, w))
		TH_LOG("%s: flow %s, then host on %s", protos[p].name, w->name, dev);
	ASSERT_EQ(0, chan_flow_del(c, flow, 0));
}

TEST_F(ports, those_of_a_vrf_belong_to_one_too)
{
	static const char *const devs[] = { "vrf0", "va" };
	static const int any_and_own[] = { 0, 1, 3, 5 };
	unsigned int p, d, i;

	if (system("modprobe -q vrf"))
		SKIP(return, "needs the vrf device (CONFIG_NET_VRF)");
	ASSERT_EQ(0, into_vrf());
	for (p = 0; p < ARRAY_SIZE(protos); p++)
		for (d = 0; d < ARRAY_SIZE(devs); d++)
			for (i = 0; i < ARRAY_SIZE(any_and_own); i++)
				one_of_vrf(_metadata, &self->c, p, devs[d],
					   &wants[any_and_own[i]]);
}

/* ---- which port, which address ---- */

TEST_F(ports, a_port_not_asked_for_is_picked_told_and_held)
{
	struct unet_flow_req r;
	unsigned int p;
	int port, fd;

	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		r = flow_req(protos[p].proto, AF_INET, NULL, 0, NULL, 0);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		port = ntohs(r.local_port_out);
		EXPECT_GE(port, 1024);
		fd = host_bind(protos[p].type, &wants[0], port);
		EXPECT_EQ(-EADDRINUSE, fd);
		ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
		fd = host_bind(protos[p].type, &wants[0], port);
		EXPECT_GE(fd, 0);
		close(fd);
	}
}

TEST_F(ports, a_connected_flow_has_address_and_port_of_its_own)
{
	struct unet_flow_req r = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, 0,
					  PEER_V4, 80);
	int fd;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_NE(0, r.local_port_out);
	fd = host_bind(SOCK_STREAM, &wants[1], ntohs(r.local_port_out));
	EXPECT_EQ(-EADDRINUSE, fd);
	/* Another address of the host is free. */
	fd = host_bind(SOCK_STREAM, &wants[2], ntohs(r.local_port_out));
	EXPECT_GE(fd, 0);
	close(fd);
}

/* The address the host would send from, in @text. */
static int source_of_host(int family, const char *peer, char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *v6 = (void *)&ss;
	struct sockaddr_in *v4 = (void *)&ss;
	socklen_t len = sizeof(ss);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = connect_to(fd, peer, 80);

	if (!err && getsockname(fd, (void *)&ss, &len))
		err = -errno;
	close(fd);
	inet_ntop(family, family == AF_INET ? (void *)&v4->sin_addr :
					      (void *)&v6->sin6_addr,
		  text, INET6_ADDRSTRLEN);
	return err;
}

TEST_F(ports, a_flow_connected_from_any_address_is_told_the_one_to_use)
{
	static const char *const peers[] = { PEER_V4, PEER_V6 };
	char local[INET6_ADDRSTRLEN], expected[INET6_ADDRSTRLEN];
	struct unet_flow_req r;
	int i, family, fd;

	for (i = 0; i < 2; i++) {
		family = i ? AF_INET6 : AF_INET;
		r = flow_req(IPPROTO_TCP, family, NULL, 0, peers[i], 80);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		ASSERT_NE(NULL, inet_ntop(family, r.local_out, local,
					  sizeof(local)));
		ASSERT_EQ(0, source_of_host(family, peers[i], expected));
		EXPECT_STREQ(expected, local);
		/* It takes any address of the host, so none is free. */
		fd = host_bind(SOCK_STREAM, &wants[i ? 6 : 2],
			       ntohs(r.local_port_out));
		EXPECT_EQ(-EADDRINUSE, fd);
	}
}

TEST_F(ports, addresses_that_are_not_the_hosts_are_refused)
{
	static const struct want foreign[] = {
		{ "the peer's", AF_INET, PEER_V4, false },
		{ "the peer's", AF_INET6, PEER_V6, false },
		{ "multicast", AF_INET, "224.0.0.1", false },
		{ "multicast", AF_INET6, "ff02::1", false },
		{ "broadcast", AF_INET, "10.9.0.255", false },
		{ "broadcast everywhere", AF_INET, "255.255.255.255", false },
	};
	struct unet_flow_req r;
	unsigned int i, p;
	uint32_t flow, any;

	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		ASSERT_EQ(0, flow_bind(&self->other, protos[p].proto, &wants[3],
				       PORT + 1, &any));
		for (i = 0; i < ARRAY_SIZE(foreign); i++) {
			EXPECT_EQ(-EADDRNOTAVAIL,
				  flow_bind(&self->c, protos[p].proto,
					    &foreign[i], PORT, &flow))
				TH_LOG("%s %s", protos[p].name, foreign[i].name);
			/* Nor with the port of a listener on all addresses. */
			r = flow_req(protos[p].proto, foreign[i].family,
				     foreign[i].addr, PORT + 1,
				     foreign[i].family == AF_INET ? PEER_V4 :
								    PEER_V6, 9);
			r.parent = any;
			EXPECT_EQ(-EADDRNOTAVAIL, chan_flow_add(&self->other, &r))
				TH_LOG("%s %s, child", protos[p].name,
				       foreign[i].name);
		}
	}
}

/* ---- rights ---- */

/* Exit status: errno of adding the flow, as nobody. */
static int add_as_nobody(struct chan *c, struct unet_flow_req *r)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(100);
		_exit(-chan_flow_add(c, r));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST_F(ports, privileged_ports_need_the_capability)
{
	struct unet_flow_req r;
	unsigned int p;

	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		r = flow_req(protos[p].proto, AF_INET, NULL, 80, NULL, 0);
		EXPECT_EQ(EACCES, add_as_nobody(&self->c, &r));
		r = flow_req(protos[p].proto, AF_INET6, OUR_V6, 1023, NULL, 0);
		EXPECT_EQ(EACCES, add_as_nobody(&self->c, &r));
		r = flow_req(protos[p].proto, AF_INET, NULL, 1024, NULL, 0);
		EXPECT_EQ(0, add_as_nobody(&self->c, &r));
		r = flow_req(protos[p].proto, AF_INET, NULL, 80, NULL, 0);
		EXPECT_EQ(0, chan_flow_add(&self->c, &r));
		ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
	}
	ASSERT_EQ(0, sh("sysctl -qw net.ipv4.ip_unprivileged_port_start=80"));
	r = flow_req(IPPROTO_TCP, AF_INET, NULL, 80, NULL, 0);
	EXPECT_EQ(0, add_as_nobody(&self->c, &r));
	r = flow_req(IPPROTO_TCP, AF_INET, NULL, 79, NULL, 0);
	EXPECT_EQ(EACCES, add_as_nobody(&self->c, &r));
}

/* ---- what the host sees of a held port ---- */

TEST_F(ports, a_held_port_looks_closed_from_elsewhere)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t flow;
	char c = 'x';

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_UDP, &wants[0], PORT, &flow));
	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0], PORT, &flow));
	/* Over lo, which is not attached. */
	ASSERT_EQ(0, connect_to(fd, "127.0.0.1", PORT));
	ASSERT_EQ(1, send(fd, &c, 1, 0));
	usleep(50000);
	EXPECT_EQ(-1, send(fd, &c, 1, 0));
	EXPECT_EQ(ECONNREFUSED, errno);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_EQ(-ECONNREFUSED, connect_to(fd, "127.0.0.1", PORT));
	close(fd);
}

/* ---- letting go ---- */

TEST_F(ports, a_closed_channel_frees_its_ports_at_once)
{
	unsigned int p;
	uint32_t flow;
	int fd;

	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		ASSERT_EQ(0, flow_bind(&self->c, protos[p].proto, &wants[3],
				       PORT, &flow));
	}
	chan_close(&self->c);
	for (p = 0; p < ARRAY_SIZE(protos); p++) {
		fd = host_bind(protos[p].type, &wants[3], PORT);
		EXPECT_GE(fd, 0) TH_LOG("%s: %d", protos[p].name, fd);
		close(fd);
	}
	self->c.fd = -1;
}

TEST_F(ports, a_child_keeps_its_listeners_port)
{
	struct unet_flow_req r;
	uint32_t listener;
	int fd;

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0], PORT, &listener));
	r = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, PORT, PEER_V4, 7777);
	r.parent = listener;
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, chan_flow_del(&self->c, listener, 0));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_EQ(-EADDRINUSE, fd);
	ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, 0));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(ports, a_port_lingers_and_its_user_alone_may_take_it_over)
{
	struct unet_flow_req r;
	uint32_t flow;
	int fd;

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0], PORT, &flow));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_EQ(-EADDRINUSE, fd);
	r = flow_req(IPPROTO_TCP, AF_INET, NULL, PORT, NULL, 0);
	EXPECT_EQ(-EADDRINUSE, chan_flow_add(&self->other, &r));
	r.flags |= UNET_FLOW_REUSEADDR;
	EXPECT_EQ(EADDRINUSE, add_as_nobody(&self->other, &r));
	EXPECT_EQ(0, chan_flow_add(&self->other, &r));
	/* Taken over, it is held as any other: it does not linger by itself. */
	EXPECT_EQ(-EADDRINUSE, host_bind(SOCK_STREAM, &wants[0], PORT));
	ASSERT_EQ(0, chan_flow_del(&self->other, r.flow, 0));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_GE(fd, 0);
	close(fd);
}

/* One user, two processes: only one of them has the capability. */
TEST_F(ports, taking_over_a_privileged_port_needs_the_capability)
{
	struct unet_flow_req r = flow_req(IPPROTO_TCP, AF_INET, NULL, 80, NULL, 0);
	pid_t pid;
	int status;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, chan_flow_del(&self->c, r.flow, UNET_DEL_LINGER));
	r.flags |= UNET_FLOW_REUSEADDR;
	pid = fork();
	if (!pid) {
		if (caps_effective(~(1u << CAP_NET_BIND_SERVICE)))
			_exit(100);
		_exit(-chan_flow_add(&self->other, &r));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EACCES, WEXITSTATUS(status));
	EXPECT_EQ(0, chan_flow_add(&self->other, &r));
}

TEST_F(ports, a_take_over_may_change_the_address)
{
	struct unet_flow_req r;
	uint32_t flow;

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[3], PORT, &flow));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	r = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, PORT, NULL, 0);
	r.flags |= UNET_FLOW_REUSEADDR;
	EXPECT_EQ(0, chan_flow_add(&self->other, &r));
}

/* Late segments of the connections that were there must not find another. */
TEST_F(ports, a_take_over_lets_go_of_nothing_that_is_not_in_its_way)
{
	static const int lingers[] = { 1, 2, 5, 6 };
	struct unet_flow_req r;
	uint32_t flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lingers); i++) {
		ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[lingers[i]],
				       PORT, &flow));
		ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	}
	/* An address that lingers itself; any, of IPv6 only, is in the way of two. */
	r = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, PORT, NULL, 0);
	r.flags |= UNET_FLOW_REUSEADDR;
	ASSERT_EQ(0, chan_flow_add(&self->other, &r));
	for (i = 0; i < ARRAY_SIZE(lingers); i++) {
		EXPECT_EQ(-EADDRINUSE,
			  host_bind(SOCK_STREAM, &wants[lingers[i]], PORT))
			TH_LOG("%s", wants[lingers[i]].name);
	}
	r = flow_req(IPPROTO_TCP, AF_INET6, NULL, PORT, NULL, 0);
	r.flags |= UNET_FLOW_REUSEADDR | UNET_FLOW_V6ONLY;
	ASSERT_EQ(0, chan_flow_add(&self->other, &r));
	ASSERT_EQ(0, chan_flow_del(&self->other, r.flow, 0));
	for (i = 0; i < ARRAY_SIZE(lingers); i++) {
		int fd = host_bind(SOCK_STREAM, &wants[lingers[i]], PORT);

		EXPECT_EQ(wants[lingers[i]].family == AF_INET ? -EADDRINUSE : 0,
			  fd < 0 ? fd : 0) TH_LOG("%s", wants[lingers[i]].name);
		close(fd);
	}
}

TEST_F(ports, lingering_ends)
{
	uint32_t flow;
	int fd, tries;

	ASSERT_EQ(0, param_linger("1"));
	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0], PORT, &flow));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_EQ(-EADDRINUSE, fd);
	EXPECT_EQ(0, param_linger("60"));
	for (tries = 0; tries < 50 && fd < 0; tries++) {
		usleep(100000);
		fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	}
	EXPECT_GE(fd, 0);
	close(fd);
}

TEST_F(ports, only_so_many_linger)
{
	uint32_t flow;
	int i, fd;

	ASSERT_EQ(0, param_set("port_linger_max", "4"));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0],
				       PORT + i, &flow));
		ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	}
	EXPECT_EQ(0, param_set("port_linger_max", "4096"));
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_GE(fd, 0);
	close(fd);
	for (i = 1; i < 5; i++) {
		EXPECT_EQ(-EADDRINUSE,
			  host_bind(SOCK_STREAM, &wants[0], PORT + i));
	}
}

/* Another user's, as many as may linger at all; those who are last stay. */
static void linger_as_another(int ready, void *arg)
{
	uint32_t flow;
	struct chan c;
	int i;

	(void)arg;
	if (setresgid(1001, 1001, 1001) || setresuid(1001, 1001, 1001) ||
	    chan_open(&c, "va", NULL))
		return;
	for (i = 0; i < 8; i++)
		if (flow_bind(&c, IPPROTO_TCP, &wants[0], PORT + 100 + i, &flow) ||
		    chan_flow_del(&c, flow, UNET_DEL_LINGER))
			return;
	if (write(ready, "", 1) == 1)
		pause();
}

TEST_F(ports, who_lingers_too_much_loses_his_own)
{
	uint32_t flow;
	pid_t pid;
	int i;

	ASSERT_EQ(0, param_set("port_linger_max", "4"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_TCP, &wants[0],
				       PORT + i, &flow));
		ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	}
	pid = topo_start(linger_as_another, NULL);
	EXPECT_EQ(0, param_set("port_linger_max", "4096"));
	ASSERT_LT(0, pid);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EADDRINUSE, host_bind(SOCK_STREAM, &wants[0], PORT + i));
	EXPECT_EQ(-EADDRINUSE, host_bind(SOCK_STREAM, &wants[0], PORT + 107));
	EXPECT_LE(0, host_bind(SOCK_STREAM, &wants[0], PORT + 106));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(ports, udp_does_not_linger)
{
	uint32_t flow;
	int fd;

	ASSERT_EQ(0, flow_bind(&self->c, IPPROTO_UDP, &wants[0], PORT, &flow));
	ASSERT_EQ(0, chan_flow_del(&self->c, flow, UNET_DEL_LINGER));
	fd = host_bind(SOCK_DGRAM, &wants[0], PORT);
	EXPECT_GE(fd, 0);
	close(fd);
}

/* A child whose TCP connection the kernel tracks, killed. */
TEST_F(ports, the_port_of_a_killed_owner_lingers)
{
	struct unet_flow_req r;
	int ready[2], fd;
	uint32_t flow = 0;
	struct chan c;
	pid_t pid;
	char ok;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		ok = !chan_open(&c, "va", NULL) &&
		     !flow_bind(&c, IPPROTO_TCP, &wants[0], PORT, &flow);
		r = flow_req(IPPROTO_TCP, AF_INET, OUR_V4, PORT, PEER_V4, 7777);
		r.parent = flow;
		r.snd_nxt = 1000;
		r.rcv_nxt = 2000;
		ok = ok && !chan_flow_add(&c, &r);
		if (write(ready[1], &ok, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &ok, 1));
	ASSERT_TRUE(ok);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd = host_bind(SOCK_STREAM, &wants[0], PORT);
	EXPECT_EQ(-EADDRINUSE, fd);
	r = flow_req(IPPROTO_TCP, AF_INET, NULL, PORT, NULL, 0);
	r.flags |= UNET_FLOW_REUSEADDR;
	EXPECT_EQ(0, chan_flow_add(&self->c, &r));
	close(ready[0]);
	close(ready[1]);
}

TEST_F(ports, a_namespace_goes_with_ports_held_and_lingering)
{
	uint32_t flow;
	pid_t pid;
	int status;

	pid = fork();
	if (!pid) {
		struct topo t;
		struct nl nl;
		struct chan c;

		if (topo_setup(&t) || nl_open(&nl) ||
		    nl_device(&nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL) ||
		    chan_open(&c, "va", NULL) ||
		    flow_bind(&c, IPPROTO_TCP, &wants[0], PORT, &flow) ||
		    chan_flow_del(&c, flow, UNET_DEL_LINGER) ||
		    flow_bind(&c, IPPROTO_UDP, &wants[3], PORT, &flow))
			_exit(1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
