// SPDX-License-Identifier: MIT
/*
 * Description: every ioctl of /dev/unet with every bad size, flag, reserved
 * field, pointer and fd, in every state of the channel (R7.1, R7.8): each is
 * refused with its errno, none changes anything, and a random storm of them
 * leaves a channel that still works.
 */
/* libs: -lpthread */
#include "any_arg.h"
#include "topo.h"
#include "chan.h"
#include "effort.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <pthread.h>
#include <sys/time.h>

static const struct {
	const char *name;
	unsigned long nr;
	uint32_t size;
	uint32_t flags;		/* those that mean something */
	int unbound;		/* errno of a sound call on an unbound channel */
} calls[] = {
	{ "query", UNET_IOC_QUERY, sizeof(struct unet_query), 0, 0 },
	{ "flow_add", UNET_IOC_FLOW_ADD, sizeof(struct unet_flow_req), 0x3f, -ENOTCONN },
	{ "flow_del", UNET_IOC_FLOW_DEL, sizeof(struct unet_flow_del), 3, -ENOTCONN },
	{ "flow_set", UNET_IOC_FLOW_SET, sizeof(struct unet_flow_set), 0, -ENOTCONN },
	{ "sync", UNET_IOC_SYNC, sizeof(struct unet_sync), 7, -ENOTCONN },
	{ "state", UNET_IOC_STATE, sizeof(struct unet_state), 0, 0 },
	{ "type_add", UNET_IOC_TYPE_ADD, sizeof(struct unet_type_req), 0, -ENOTCONN },
	{ "type_modify", UNET_IOC_TYPE_MODIFY, sizeof(struct unet_type_req), 0, -ENOTCONN },
	{ "type_priority", UNET_IOC_TYPE_PRIORITY, sizeof(struct unet_type_ref), 0, -ENOTCONN },
	{ "type_del", UNET_IOC_TYPE_DEL, sizeof(struct unet_type_ref), 0, -ENOTCONN },
	{ "type_join", UNET_IOC_TYPE_JOIN, sizeof(struct unet_type_ref), 0, -ENOTCONN },
	{ "bind", UNET_IOC_BIND, sizeof(struct unet_bind), 0, -ENODEV },
	{ "inter_open", UNET_IOC_INTER_OPEN, sizeof(struct unet_inter_open), 0, -ENOENT },
	{ "inter_flow", UNET_IOC_INTER_FLOW, sizeof(struct unet_inter_flow), 0, -ENOTCONN },
};

FIXTURE(chardev) {
	int fd;
};

FIXTURE_SETUP(chardev)
{
	self->fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(chardev)
{
	close(self->fd);
}

TEST_F(chardev, sizes_below_the_first_version_are_refused)
{
	union any_arg a;
	unsigned int i;
	uint32_t size;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		for (size = 0; size < calls[i].size; size++) {
			memset(&a, 0, sizeof(a));
			a.size = size;
			ASSERT_EQ(-EINVAL, chan_ioctl(self->fd, calls[i].nr, &a))
				TH_LOG("%s size %u", calls[i].name, size);
		}
}

TEST_F(chardev, larger_sizes_pass_when_the_rest_is_zero)
{
	union any_arg a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		memset(&a, 0, sizeof(a));
		a.size = calls[i].size + 64;
		EXPECT_EQ(calls[i].unbound, chan_ioctl(self->fd, calls[i].nr, &a))
			TH_LOG("%s", calls[i].name);
		memset(&a, 0, sizeof(a));
		a.size = calls[i].size + 64;
		a.bytes[calls[i].size + 63] = 1;
		EXPECT_EQ(-E2BIG, chan_ioctl(self->fd, calls[i].nr, &a))
			TH_LOG("%s", calls[i].name);
		a.size = 0xffffffff;
		EXPECT_EQ(-E2BIG, chan_ioctl(self->fd, calls[i].nr, &a))
			TH_LOG("%s", calls[i].name);
	}
}

TEST_F(chardev, unknown_flags_are_refused)
{
	union any_arg a;
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		for (bit = 0; bit < 32; bit++) {
			if (calls[i].flags & 1u << bit)
				continue;
			memset(&a, 0, sizeof(a));
			a.query.size = calls[i].size;
			a.query.flags = 1u << bit;
			ASSERT_EQ(-EINVAL, chan_ioctl(self->fd, calls[i].nr, &a))
				TH_LOG("%s bit %u", calls[i].name, bit);
		}
}

TEST_F(chardev, bad_pointers_fault)
{
	void *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, edge);
	ASSERT_EQ(0, munmap(edge + 4096, 4096));
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		uint32_t *cut = edge + 4096 - 8;

		EXPECT_EQ(-EFAULT, chan_ioctl(self->fd, calls[i].nr, NULL));
		EXPECT_EQ(-EFAULT, chan_ioctl(self->fd, calls[i].nr, (void *)-4096ul));
		EXPECT_EQ(-EFAULT, chan_ioctl(self->fd, calls[i].nr,
					      (void *)0xffff800000000000ul));
		*cut = calls[i].size;
		EXPECT_EQ(-EFAULT, chan_ioctl(self->fd, calls[i].nr, cut))
			TH_LOG("%s at the edge of a page", calls[i].name);
	}
}

TEST_F(chardev, answers_to_read_only_memory_fault)
{
	uint32_t *ro = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*ro = sizeof(struct unet_query);
	ASSERT_EQ(0, mprotect(ro, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, chan_ioctl(self->fd, UNET_IOC_QUERY, ro));
}

static bool is_call(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (_IOC_NR(calls[i].nr) == nr)
			return true;
	return false;
}

TEST_F(chardev, other_numbers_and_types_are_not_ours)
{
	union any_arg a = { .size = sizeof(struct unet_query) };
	unsigned int nr;

	for (nr = 0; nr < 256; nr++)
		if (!is_call(nr))
			ASSERT_EQ(-ENOTTY, chan_ioctl(self->fd,
						      _IO(UNET_IOC_MAGIC, nr), &a));
	ASSERT_EQ(-ENOTTY, chan_ioctl(self->fd, _IOWR('x', 0, struct unet_query), &a));
	ASSERT_EQ(-ENOTTY, chan_ioctl(self->fd, 0, &a));
}

TEST_F(chardev, other_files_do_not_take_our_calls)
{
	int fds[2], null = open("/dev/null", O_RDWR);
	union any_arg a = { .size = sizeof(struct unet_query) };

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-ENOTTY, chan_ioctl(null, UNET_IOC_QUERY, &a));
	EXPECT_EQ(-ENOTTY, chan_ioctl(fds[0], UNET_IOC_QUERY, &a));
	EXPECT_EQ(-EBADF, chan_ioctl(-1, UNET_IOC_QUERY, &a));
}

TEST_F(chardev, the_unbound_channel_says_so)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN | POLLOUT };
	struct unet_state s = { .size = sizeof(s) };
	char c;

	EXPECT_EQ(0, chan_ioctl(self->fd, UNET_IOC_STATE, &s));
	EXPECT_EQ(UNET_CHANNEL_UNBOUND, s.state);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLERR);
	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(-1, write(self->fd, &c, 1));
}

/* What a poll of a file says while it becomes a channel. */
struct poller {
	int fd;
	unsigned int seen;	/* events of all rounds */
	bool stop;
};

static void *poll_on(void *arg)
{
	struct poller *p = arg;

	while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
		struct pollfd fd = { .fd = p->fd, .events = POLLIN | POLLOUT };

		poll(&fd, 1, 0);
		__atomic_fetch_or(&p->seen, fd.revents, __ATOMIC_RELEASE);
	}
	return NULL;
}

static bool sees(struct poller *p, unsigned int event)
{
	uint64_t end = mono_ms() + 5000;

	while (!(__atomic_load_n(&p->seen, __ATOMIC_ACQUIRE) & event))
		if (mono_ms() > end)
			return false;
	return true;
}

/* Nothing was received and nothing is done: a poll in the midst must not say so. */
TEST_F(chardev, polled_while_it_is_bound)
{
	int i, rounds = effort(100);
	struct topo t;
	pthread_t th;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	for (i = 0; i < rounds; i++) {
		struct unet_params small = { .rx_slots = 16, .tx_slots = 16,
					     .rx_small = 16, .tx_bufs = 16,
					     .rx_large = UNET_PARAM_NONE };
		struct poller p = { 0 };
		struct chan c = { 0 };

		c.fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
		p.fd = c.fd;
		ASSERT_EQ(0, pthread_create(&th, NULL, poll_on, &p));
		ASSERT_TRUE(sees(&p, POLLERR));
		ASSERT_EQ(0, chan_bind(&c, "va", &small));
		ASSERT_TRUE(sees(&p, POLLOUT)) TH_LOG("round %d", i);
		__atomic_store_n(&p.stop, true, __ATOMIC_RELEASE);
		pthread_join(th, NULL);
		close(c.fd);
		ASSERT_EQ(0, p.seen & POLLIN) TH_LOG("round %d", i);
	}
	topo_teardown(&t);
}

TEST_F(chardev, query_tells_what_the_header_says)
{
	struct unet_query q = { .size = sizeof(q) };

	ASSERT_EQ(0, chan_ioctl(self->fd, UNET_IOC_QUERY, &q));
	EXPECT_EQ(UNET_ABI_VERSION, q.abi);
	EXPECT_EQ(UNET_CNT_COUNT, q.counters);
	EXPECT_EQ(UNET_FEATURE_BATCH | UNET_FEATURE_SUPER | UNET_FEATURE_TX_SEG |
		  UNET_FEATURE_ICMP | UNET_FEATURE_TYPES | UNET_FEATURE_INTER |
		  UNET_FEATURE_OF_FLOW | UNET_FEATURE_MARK | UNET_FEATURE_MARK_TTL |
		  UNET_FEATURE_MODIFY_MANY,
		  q.features);
}

/* ---- bound ---- */

FIXTURE(bound) {
	struct topo t;
	struct chan c;
};

FIXTURE_SETUP(bound)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
}

FIXTURE_TEARDOWN(bound)
{
	chan_close(&self->c);
	topo_teardown(&self->t);
}

TEST_F(bound, flow_requests_that_make_no_sense_name_their_error)
{
	static const struct {
		const char *what;
		int family, proto;
		const char *local, *remote;
		int lport, rport;
		uint32_t set, clear;
		int err;
	} rows[] = {
		{ "unknown family", 99, 17, 0, 0, 1000, 0, 0, 0, -EAFNOSUPPORT },
		{ "family 0", 0, 17, 0, 0, 1000, 0, 0, 0, -EAFNOSUPPORT },
		{ "protocol without ports", AF_INET, 47, 0, 0, 1000, 0, 0, 0, -EPROTONOSUPPORT },
		{ "TCP as IP-only", AF_INET, 6, 0, 0, 0, 0, UNET_FLOW_NO_PORTS, 0, -EINVAL },
		{ "ICMP as IP-only", AF_INET, 1, 0, 0, 0, 0, UNET_FLOW_NO_PORTS, 0, -EINVAL },
		{ "ICMPv6 as IP-only", AF_INET6, 58, 0, 0, 0, 0, UNET_FLOW_NO_PORTS, 0, -EINVAL },
		{ "port 0 given", AF_INET, 17, 0, 0, 0, 0, UNET_FLOW_LOCAL_PORT, 0, -EINVAL },
		{ "remote port 0", AF_INET, 17, OUR_V4, PEER_V4, 1000, 0, 0, 0, -EINVAL },
		{ "not our address", AF_INET, 17, "10.9.0.99", 0, 1000, 0, 0, 0, -EADDRNOTAVAIL },
		{ "not our address, v6", AF_INET6, 17, "fd09::99", 0, 1000, 0, 0, 0, -EADDRNOTAVAIL },
		{ "multicast local", AF_INET, 17, "224.0.0.1", 0, 1000, 0, 0, 0, -EADDRNOTAVAIL },
		{ "remote is elsewhere", AF_INET, 17, 0, "192.0.2.1", 1000, 80, UNET_FLOW_LOCAL_PORT, 0, -ENETUNREACH },
		{ "remote is the host itself", AF_INET, 17, 0, OUR_V4, 1000, 80, 0, 0, -ENETUNREACH },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct unet_flow_req r =
			flow_req(rows[i].proto, rows[i].family, rows[i].local,
				 rows[i].lport, rows[i].remote, rows[i].rport);

		r.flags |= rows[i].set;
		EXPECT_EQ(rows[i].err, chan_flow_add(&self->c, &r))
			TH_LOG("%s", rows[i].what);
	}
	EXPECT_EQ(0, nexus_counter("va", "flow_added"));
}

TEST_F(bound, reserved_fields_and_meta_are_checked)
{
	struct unet_flow_req good = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					     NULL, 0);
	struct unet_flow_req r;

	r = good;
	r.reserved = 1;
	EXPECT_EQ(-EINVAL, chan_flow_add(&self->c, &r));
	r = good;
	r.reserved2 = 1;
	EXPECT_EQ(-EINVAL, chan_flow_add(&self->c, &r));
	r = good;
	r.meta.flags = 0x80;
	EXPECT_EQ(-EINVAL, chan_flow_add(&self->c, &r));
	r = good;
	r.parent = 0x12345;
	EXPECT_EQ(-ENOENT, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, chan_flow_add(&self->c, &good));
}

TEST_F(bound, the_flow_limit_holds_and_frees_up)
{
	struct unet_params p = { .max_flows = 64 };
	uint32_t handle[64];
	struct unet_flow_req r;
	struct chan c;
	int i;

	ASSERT_EQ(0, chan_open(&c, "va", &p));
	for (i = 0; i < 64; i++) {
		r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 2000 + i, NULL, 0);
		ASSERT_EQ(0, chan_flow_add(&c, &r));
		handle[i] = r.flow;
	}
	r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 3000, NULL, 0);
	EXPECT_EQ(-ENOSPC, chan_flow_add(&c, &r));
	EXPECT_EQ(0, chan_flow_del(&c, handle[13], 0));
	EXPECT_EQ(0, chan_flow_add(&c, &r));
	EXPECT_NE(handle[13], r.flow);
	chan_close(&c);
}

TEST_F(bound, sync_wait_times_out_and_wakes)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  NULL, 0);
	struct unet_sync s = { .size = sizeof(s), .flags = UNET_SYNC_WAIT,
			       .timeout_ns = 50 * 1000 * 1000 };
	int peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	uint64_t t0 = mono_ms();
	pid_t pid;

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_SYNC, &s));
	EXPECT_EQ(0, s.ready);
	EXPECT_LE(45, mono_ms() - t0);
	pid = fork();
	if (!pid) {
		usleep(100 * 1000);
		_exit(send_to(peer, OUR_V4, 1000, "x", 1) ? 1 : 0);
	}
	s.timeout_ns = ~0ull;
	EXPECT_EQ(0, chan_ioctl(self->c.fd, UNET_IOC_SYNC, &s));
	EXPECT_EQ(1, s.ready);
	waitpid(pid, NULL, 0);
	close(peer);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(bound, a_signal_ends_the_sleep_and_what_was_sent_is_told)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  PEER_V4, 9);
	struct unet_sync s = { .size = sizeof(s), .timeout_ns = ~0ull,
			       .flags = UNET_SYNC_TX | UNET_SYNC_WAIT };
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_interval.tv_usec = 50000,
				  .it_value.tv_usec = 50000 };
	struct itimerval never = { 0 };
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = 1000, .dport = 9, .bytes = 1000,
	};
	uint32_t hdr = build_packet(self->c.tx_mem, &p);
	struct unet_tx_slot slot = { .header_len = hdr, .extents = 1,
				     .extent = { { 0, hdr + p.bytes } } };

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	slot.flow = r.flow;
	/* The device keeps it: nothing is done that would end the sleep. */
	ASSERT_EQ(0, sh("tc qdisc add dev va root netem delay 3s"));
	chan_tx_slot(&self->c, &slot);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	EXPECT_EQ(-EINTR, chan_ioctl(self->c.fd, UNET_IOC_SYNC, &s));
	EXPECT_EQ(1, s.sent);
	setitimer(ITIMER_REAL, &never, NULL);
}

static uint32_t rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s >> 16;
}

/* A rule that is nearly sound, of few numbers so that they meet. */
static struct unet_type_spec random_spec(uint64_t *s)
{
	struct unet_type_spec spec = {
		.layer = 1 + rnd(s) % 3,
		.direction = 1 + rnd(s) % 3,
		.action = 1 + rnd(s) % 5,
		.priority = rnd(s) % 4 * 1000,
		.first = 0x88b0 + rnd(s) % 8,
		.flags = rnd(s) % 16,
	};

	if (spec.layer == UNET_TYPE_PORT)
		spec.proto = rnd(s) & 1 ? 6 : 17;
	if (spec.layer == UNET_TYPE_PROTO)
		spec.first = 200 + rnd(s) % 56;
	spec.last = spec.first + rnd(s) % 4;
	return spec;
}

/* A storm of half-sound calls; seeds are fixed, so a failure repeats. */
TEST_F_TIMEOUT(bound, random_calls_never_hurt, 120)
{
	struct unet_flow_req ok;
	uint64_t seed = 0x756e6574;
	union any_arg a;
	int i, call, rounds = effort(30000);

	for (i = 0; i < rounds; i++) {
		uint32_t n, at;

		call = rnd(&seed) % ARRAY_SIZE(calls);
		memset(&a, 0, sizeof(a));
		if (rnd(&seed) & 1)
			a.flow_req = flow_req(rnd(&seed) & 1 ? 6 : 17,
					      rnd(&seed) & 1 ? AF_INET : AF_INET6,
					      NULL, 1024 + rnd(&seed) % 500, NULL, 0);
		if (calls[call].nr == UNET_IOC_TYPE_ADD ||
		    calls[call].nr == UNET_IOC_TYPE_MODIFY)
			a.type_req.spec = random_spec(&seed);
		if (_IOC_NR(calls[call].nr) >= _IOC_NR(UNET_IOC_TYPE_ADD))
			a.type_ref.id = 1 + rnd(&seed) % 40;
		if (calls[call].nr == UNET_IOC_TYPE_PRIORITY)
			a.type_ref.priority = 1 + rnd(&seed) % 2000;
		for (n = rnd(&seed) % 4; n; n--) {
			at = 8 + rnd(&seed) % (calls[call].size - 8);
			a.bytes[at] = rnd(&seed);
		}
		a.query.size = calls[call].size;
		a.query.flags = rnd(&seed) & calls[call].flags;
		if (calls[call].nr == UNET_IOC_SYNC)
			a.sync.timeout_ns = 1000;
		if (calls[call].nr == UNET_IOC_FLOW_DEL && rnd(&seed) & 1)
			a.flow_del.flow = 0x10000 * (1 + rnd(&seed) % 4) + rnd(&seed) % 64;
		chan_ioctl(self->c.fd, calls[call].nr, &a);
	}
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->c, NULL));
	ok = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 700, NULL, 0);
	EXPECT_EQ(0, chan_flow_add(&self->c, &ok));
}

TEST_F(bound, a_detached_nexus_ends_its_channels)
{
	struct pollfd p = { .fd = self->c.fd, .events = POLLIN };
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  NULL, 0);

	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, nexus_detach("va"));
	EXPECT_EQ(UNET_CHANNEL_DETACHED, chan_state(&self->c, NULL));
	EXPECT_EQ(UNET_CHANNEL_DETACHED, self->c.info->state);
	EXPECT_EQ(1, poll(&p, 1, 1000));
	EXPECT_TRUE(p.revents & POLLERR && p.revents & POLLHUP);
	EXPECT_EQ(-ENODEV, chan_sync(&self->c, UNET_SYNC_TX));
	EXPECT_EQ(-ENODEV, chan_flow_add(&self->c, &r));
}

TEST_HARNESS_MAIN
