// SPDX-License-Identifier: MIT
/*
 * Description: the teardown matrix under traffic (R7.4, R7.6), each cell 50
 * times: owner killed, owner closes, detach, device deleted, namespace gone,
 * module removal refused while in use; what is on its way to the device arrives
 * whole though its owner is dead, sent by a flow or by a rule of a port or of an
 * ethertype. Owners of packet type rules are killed likewise:
 * the rules are gone with the file, and of a flow's rule the flow has its packets
 * back. Intermediaries are killed, and everything around them goes while they hold
 * packets: the flow goes on, or ends as it would have. Every object the module made is gone
 * afterwards: the live counts are what they were before.
 */
#include "effort.h"
#include "inter.h"
#include "live.h"
#include "type_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#define ROUNDS	effort(50)

FIXTURE(teardown) {
	struct live before;
};

FIXTURE_SETUP(teardown)
{
	self->before = live_now();
	ASSERT_NE(0, self->before.text[0]) TH_LOG("cannot read what lives");
}

FIXTURE_TEARDOWN(teardown)
{
	struct live now;

	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* A process that floods our UDP port 1000 and the host's 999 for ever. */
static pid_t flood(struct topo *t)
{
	pid_t pid = fork();
	static char data[1400];
	int fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = peer_socket(t, AF_INET, SOCK_DGRAM);
	for (;;) {
		send_to(fd, OUR_V4, 1000, data, sizeof(data));
		send_to(fd, OUR_V4, 999, data, 100);
		usleep(20);
	}
}

/*
 * 64 MiB: pages that were on their way count nowhere but in the memory of the machine,
 * and a part of so much is seen after few rounds.
 */
static const struct unet_params large = { .rx_small = 16384, .tx_bufs = 16384 };

struct manner {
	bool close_cleanly;
	const struct unet_params *params;
};

/* Own UDP port 1000, take all that comes and send as much. */
static void own(int ready, void *arg)
{
	const struct manner *how = arg;
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  PEER_V4, 9);
	struct unet_flow_req l = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  NULL, 0);
	static char data[1400];
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = 1000, .dport = 9,
		.data = data, .bytes = sizeof(data),
	};
	bool got = false, told = false;
	uint64_t end = 0;
	struct chan c;

	alarm(30);
	if (chan_open(&c, "va", how->params) || chan_flow_add(&c, &l))
		_exit(1);
	r.parent = l.flow;
	if (chan_flow_add(&c, &r))
		_exit(2);
	while (!told || !how->close_cleanly || mono_ms() < end) {
		if (chan_rx_peek(&c, 1)) {
			chan_rx_next(&c);
			got = true;
		}
		if (chan_send(&c, r.flow, &p, 0) < 0)
			break;
		if (told || !got)
			continue;
		if (write(ready, "r", 1) != 1)
			_exit(3);
		told = true;
		end = mono_ms() + 60;
	}
	chan_close(&c);
	_exit(0);
}

/* When it is returned packets have gone both ways. */
static pid_t owner(bool close_cleanly)
{
	struct manner how = { .close_cleanly = close_cleanly, .params = &large };

	return topo_start(own, &how);
}

static void end_process(pid_t pid, int sig)
{
	if (pid <= 0)
		return;
	kill(pid, sig);
	waitpid(pid, NULL, 0);
}

/* It was alive until then. */
static bool killed(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL;
}

static long sum_of(const char *path, const char *format)
{
	FILE *f = fopen(path, "r");
	char line[128];
	long sum = 0, n;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

/* With what CPUs keep to themselves: on 6.1 that is some 25 MiB each, which nobody asked for. */
static long free_kib(void)
{
	return sum_of("/proc/meminfo", "MemAvailable: %ld") +
	       sum_of("/proc/zoneinfo", " count: %ld") * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Memory is freed behind RCU and work queues: give it a moment, not for ever. */
static bool comes_back(long kib)
{
	uint64_t end = mono_ms() + 10000;

	while (free_kib() <= kib) {
		if (mono_ms() > end) {
			printf("# free: %ld KiB, not above %ld\n", free_kib(), kib);
			return false;
		}
		usleep(50 * 1000);
	}
	return true;
}

/* Each of ROUNDS took 64 MiB: what is left is less than half of one of them. */
static bool all_comes_back(long before)
{
	return comes_back(before - 24576);
}

TEST_F_TIMEOUT(teardown, owner_killed_under_traffic, 300)
{
	struct manner how = { .params = &large };
	long before = free_kib();
	struct topo t;
	pid_t f, o;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++) {
		o = topo_start(own, &how);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		ASSERT_TRUE(killed(o)) TH_LOG("round %d", i);
	}
	end_process(f, SIGKILL);
	EXPECT_TRUE(all_comes_back(before));
	EXPECT_EQ(nexus_counter("va", "ch_opened"), nexus_counter("va", "ch_closed"));
	EXPECT_EQ(nexus_counter("va", "flow_added"), nexus_counter("va", "flow_removed"));
	EXPECT_EQ(ROUNDS, nexus_counter("va", "ch_opened"));
	EXPECT_LT(0, nexus_counter("va", "rx_delivered"));
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

TEST_F_TIMEOUT(teardown, owner_closes_under_traffic, 300)
{
	long before = free_kib();
	struct topo t;
	int i, status;
	pid_t f, o;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++) {
		o = owner(true);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		ASSERT_EQ(o, waitpid(o, &status, 0));
		ASSERT_EQ(0, status);
	}
	end_process(f, SIGKILL);
	EXPECT_TRUE(all_comes_back(before));
	EXPECT_EQ(ROUNDS, nexus_counter("va", "ch_closed"));
	EXPECT_EQ(2 * ROUNDS, nexus_counter("va", "flow_removed"));
	EXPECT_LE(ROUNDS, nexus_counter("va", "rx_delivered"));
	EXPECT_LE(ROUNDS, nexus_counter("va", "tx_packets"));
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

/* ---- owners of rules ---- */

/* Take all that comes, and send as much on @flow, which may use port 1000. */
static void busy(struct chan *c, uint32_t flow)
{
	static char data[1400];
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = 1000, .dport = 9,
		.data = data, .bytes = sizeof(data),
	};

	for (;;) {
		if (chan_rx_peek(c, 1))
			chan_rx_next(c);
		if (chan_send(c, flow, &p, 0) < 0)
			return;
	}
}

/* Ports, frames and what is dropped, one rule each. */
static void own_rules(int ready, void *arg)
{
	struct unet_type_spec ports = spec_port(IPPROTO_UDP, 1000, 1001);
	struct unet_type_spec frames = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_spec drops = spec_does(spec_port(IPPROTO_UDP, 999, 999),
						UNET_TYPE_DROP);
	struct unet_type_req r, more;
	struct chan c;

	if (chan_open(&c, "va", NULL) || type_add(&c, &ports, 1, &r) ||
	    type_add(&c, &frames, 2, &more) || type_add(&c, &drops, 3, &more) ||
	    write(ready, "r", 1) != 1)
		return;
	busy(&c, r.flow);
}

/* By turns of flows and of rules. */
static pid_t some_owner(int round)
{
	return round % 2 ? topo_start(own_rules, NULL) : owner(false);
}

TEST_F_TIMEOUT(teardown, detached_under_traffic, 300)
{
	long before = free_kib();
	struct topo t;
	pid_t f, o;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, nexus_attach("va"));
		o = some_owner(i);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		ASSERT_EQ(0, nexus_detach("va"));
		end_process(o, SIGKILL);
	}
	end_process(f, SIGKILL);
	EXPECT_TRUE(all_comes_back(before));
	topo_teardown(&t);
}

TEST_F_TIMEOUT(teardown, device_deleted_under_traffic, 300)
{
	long before = free_kib();
	struct topo t;
	pid_t f, o;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, topo_setup(&t));
		ASSERT_EQ(0, nexus_attach("va"));
		f = flood(&t);
		o = some_owner(i);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		ASSERT_EQ(0, sh("ip link del va"));
		end_process(o, SIGKILL);
		end_process(f, SIGKILL);
		topo_teardown(&t);
	}
	EXPECT_TRUE(all_comes_back(before));
}

/* Join the rule whose id is at @arg. */
static void join_rule(int ready, void *arg)
{
	struct unet_type_ref ref;
	struct chan c;

	if (chan_open(&c, "va", NULL) || type_join(&c, *(uint32_t *)arg, &ref) ||
	    write(ready, "r", 1) != 1)
		return;
	busy(&c, ref.flow);
}

/* At once, not in a while: the process could be waited for. */
static bool port_is_free(int port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool free = !bind_to(fd, OUR_V4, port);

	close(fd);
	return free;
}

/* A counter of va's leaves zero: what it counts has been tried. */
static bool begins(const char *counter)
{
	uint64_t end = mono_ms() + 10000;

	while (nexus_counter("va", counter) <= 0 && mono_ms() < end)
		usleep(1000);
	return nexus_counter("va", counter) > 0;
}

TEST_F_TIMEOUT(teardown, rules_go_with_their_killed_owner_under_traffic, 300)
{
	struct topo t;
	pid_t f, o;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++) {
		o = topo_start(own_rules, NULL);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		EXPECT_FALSE(port_is_free(1001));
		EXPECT_TRUE(begins("rx_delivered"));
		EXPECT_TRUE(begins("rx_type_drop"));
		EXPECT_TRUE(begins("tx_packets"));
		usleep(1000 * (i % 20));
		end_process(o, SIGKILL);
		EXPECT_TRUE(port_is_free(999)) TH_LOG("round %d", i);
		EXPECT_TRUE(port_is_free(1000));
		EXPECT_TRUE(port_is_free(1001));
	}
	end_process(f, SIGKILL);
	EXPECT_EQ(0, sh("test \"$(unetctl -j type list | tr -d \"[:space:]\")\" = \"[]\""));
	EXPECT_EQ(ROUNDS, nexus_counter("va", "ch_opened"));
	EXPECT_EQ(ROUNDS, nexus_counter("va", "ch_closed"));
	EXPECT_EQ(2 * ROUNDS, nexus_counter("va", "flow_added"));
	EXPECT_EQ(2 * ROUNDS, nexus_counter("va", "flow_removed"));
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

/*
 * Packets of @flow that come within @ms, until there is one; all are taken. That
 * nobody is there for what was sent is told to @flow, too, whoever sent it.
 */
static bool hears(struct chan *c, uint32_t flow, int ms)
{
	uint64_t end = mono_ms() + ms;
	const struct unet_rx_slot *s;
	bool heard = false;

	while (!heard && mono_ms() < end) {
		s = chan_rx_peek(c, 100);
		if (!s)
			continue;
		heard = s->flow == flow && !(s->flags & UNET_RX_ICMP_ERROR);
		chan_rx_next(c);
	}
	while (chan_rx_peek(c, 0))
		chan_rx_next(c);
	chan_sync(c, UNET_SYNC_FREE);
	return heard;
}

TEST_F_TIMEOUT(teardown, a_flow_has_its_packets_back_when_its_child_is_killed, 300)
{
	struct unet_flow_req l = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000, NULL, 0);
	struct unet_type_req r = { .size = sizeof(r), .spec = spec_port(IPPROTO_UDP, 0, 0) };
	struct chan c;
	struct topo t;
	pid_t f, o;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	/* It is to have no part in the file. */
	f = flood(&t);
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&c, &l));
	r.parent = l.flow;
	r.spec.flags = UNET_TYPE_OF_FLOW;
	r.spec.num_patterns = 1;
	r.spec.pattern[0] = pattern_byte(0, 0, 0xff);
	ASSERT_EQ(0, chan_ioctl(c.fd, UNET_IOC_TYPE_ADD, &r));
	for (i = 0; i < ROUNDS; i++) {
		o = topo_start(join_rule, &r.id);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		/* What was on its way is taken; then there is nothing more. */
		hears(&c, l.flow, 0);
		usleep(20000);
		hears(&c, l.flow, 0);
		EXPECT_FALSE(hears(&c, l.flow, 100)) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		end_process(o, SIGKILL);
		EXPECT_TRUE(hears(&c, l.flow, 5000)) TH_LOG("round %d", i);
	}
	/* And now the parent goes, under traffic, while somebody is there. */
	o = topo_start(join_rule, &r.id);
	ASSERT_GT(o, 0);
	chan_close(&c);
	end_process(o, SIGKILL);
	EXPECT_TRUE(port_is_free(1000));
	end_process(f, SIGKILL);
	EXPECT_EQ(nexus_counter("va", "flow_added"), nexus_counter("va", "flow_removed"));
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

/* ---- intermediaries ---- */

/* A grant for all that goes through va's flows, open, and a process that serves it. */
static pid_t intermediary(struct nl *nl, uint32_t *id)
{
	const struct grant g = { .rights = OBSERVE, .backlog = 1024 };

	return inter_grant(nl, &g, id) ? -1 : inter_process(*id);
}

/* What its owner sent last may still be on its way through a flow that is gone. */
static bool is_in_no_flow(struct nl *nl, uint32_t id)
{
	uint64_t end = mono_ms() + 10000;

	while (inter_look(nl, id).flows && mono_ms() < end)
		usleep(1000);
	return !inter_look(nl, id).flows;
}

/* Packets were accepted, of late: it is in the way, and does its work. */
static bool works(struct nl *nl, uint32_t id)
{
	uint64_t before = inter_stat(nl, id, UNET_INTER_CNT_ACCEPTED), now = before;
	uint64_t end = mono_ms() + 10000;

	while (now <= before && mono_ms() < end) {
		usleep(1000);
		now = inter_stat(nl, id, UNET_INTER_CNT_ACCEPTED);
	}
	return now > before && now != ~0ull;
}

TEST_F_TIMEOUT(teardown, intermediary_killed_under_traffic, 300)
{
	long before = free_kib(), delivered;
	struct topo t;
	struct nl nl;
	uint32_t id;
	pid_t f, o, m;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&nl));
	f = flood(&t);
	o = owner(false);
	ASSERT_GT(o, 0);
	for (i = 0; i < ROUNDS; i++) {
		m = intermediary(&nl, &id);
		ASSERT_GT(m, 0) TH_LOG("round %d", i);
		EXPECT_TRUE(works(&nl, id)) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		ASSERT_TRUE(killed(m)) TH_LOG("round %d", i);
		EXPECT_EQ(UNET_INTER_FAILED, inter_look(&nl, id).state);
		EXPECT_TRUE(inter_holds_nothing(&nl, id));
		/* Some stay, in the way of all that comes, with nobody there. */
		if (i % 4)
			EXPECT_EQ(0, inter_revoke(&nl, id));
	}
	delivered = nexus_counter("va", "rx_delivered");
	usleep(100 * 1000);
	EXPECT_LT(delivered, nexus_counter("va", "rx_delivered"));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_EQ(0, nexus_counter("va", "tx_drop_inter"));
	ASSERT_TRUE(killed(o));
	end_process(f, SIGKILL);
	EXPECT_TRUE(all_comes_back(before));
	EXPECT_EQ(ROUNDS + 1, nexus_counter("va", "ch_opened"));
	EXPECT_EQ(ROUNDS + 1, nexus_counter("va", "ch_closed"));
	close(nl.fd);
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

/* It serves on, whose flow ever it is. */
TEST_F_TIMEOUT(teardown, owner_killed_behind_an_intermediary, 300)
{
	long before = free_kib();
	struct topo t;
	struct nl nl;
	uint32_t id;
	pid_t f, o, m;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&nl));
	m = intermediary(&nl, &id);
	ASSERT_GT(m, 0);
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++) {
		o = owner(false);
		ASSERT_GT(o, 0) TH_LOG("round %d", i);
		EXPECT_TRUE(works(&nl, id)) TH_LOG("round %d", i);
		usleep(1000 * (i % 20));
		ASSERT_TRUE(killed(o)) TH_LOG("round %d", i);
		EXPECT_EQ(UNET_INTER_SERVING, inter_look(&nl, id).state);
	}
	end_process(f, SIGKILL);
	ASSERT_TRUE(killed(m));
	EXPECT_TRUE(inter_holds_nothing(&nl, id));
	EXPECT_TRUE(is_in_no_flow(&nl, id));
	EXPECT_TRUE(all_comes_back(before));
	EXPECT_EQ(nexus_counter("va", "flow_added"), nexus_counter("va", "flow_removed"));
	close(nl.fd);
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

/* Nexus by nexus: @end takes it away, and the grants with it. */
static int nexus_ends(struct topo *t, struct nl *nl, int round, const char *end)
{
	uint32_t id;
	pid_t o, m;
	int err;

	if (nexus_attach("va"))
		return 1;
	m = intermediary(nl, &id);
	o = owner(false);
	if (m < 0 || o < 0 || !works(nl, id))
		return 2;
	usleep(1000 * (round % 20));
	err = sh("%s", end);
	if (!err && inter_look(nl, id).found)
		err = 3;
	end_process(o, SIGKILL);
	/* It may have ended by itself: there is nothing to serve. */
	end_process(m, SIGKILL);
	return err;
}

TEST_F_TIMEOUT(teardown, detached_with_an_intermediary_under_traffic, 300)
{
	struct topo t;
	struct nl nl;
	pid_t f;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nl_open(&nl));
	f = flood(&t);
	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, nexus_ends(&t, &nl, i, "unetctl detach va"))
			TH_LOG("round %d", i);
	end_process(f, SIGKILL);
	close(nl.fd);
	topo_teardown(&t);
}

TEST_F_TIMEOUT(teardown, device_deleted_with_an_intermediary_under_traffic, 300)
{
	struct topo t;
	struct nl nl;
	pid_t f;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, topo_setup(&t));
		ASSERT_EQ(0, nl_open(&nl));
		f = flood(&t);
		ASSERT_EQ(0, nexus_ends(&t, &nl, i, "ip link del va"))
			TH_LOG("round %d", i);
		end_process(f, SIGKILL);
		close(nl.fd);
		topo_teardown(&t);
	}
}

/* Return: 0, or which step failed; its namespace goes with the process. */
static int live_in_a_namespace(bool in_the_middle, int round)
{
	struct topo t;
	struct nl nl;
	uint32_t id;

	if (topo_setup(&t) || nexus_attach("va") || nl_open(&nl))
		return 1;
	flood(&t);
	if ((in_the_middle && intermediary(&nl, &id) < 0) || owner(false) < 0)
		return 2;
	if (in_the_middle && !works(&nl, id))
		return 3;
	usleep(1000 * (round % 20));
	return 0;
}

/* The namespace goes with its last process: a child that is all in one. */
static void namespaces_go(struct __test_metadata *_metadata, bool in_the_middle)
{
	long before = free_kib();
	int i, status;

	for (i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(live_in_a_namespace(in_the_middle, i));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status) TH_LOG("round %d", i);
	}
	EXPECT_TRUE(all_comes_back(before));
}

TEST_F_TIMEOUT(teardown, namespace_gone_with_an_intermediary_under_traffic, 300)
{
	namespaces_go(_metadata, true);
}

/* A claim keeps the module; a grant nobody has claimed, or whose process died, does not. */
TEST_F(teardown, module_goes_with_grants_but_not_under_an_intermediary)
{
	struct topo t;
	struct nl nl;
	uint32_t id, idle;
	pid_t f, o, m;
	int i;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&nl));
	f = flood(&t);
	ASSERT_EQ(0, inter_grant(&nl, &(struct grant){ .rights = OBSERVE }, &idle));
	m = intermediary(&nl, &id);
	ASSERT_GT(m, 0);
	o = owner(false);
	ASSERT_GT(o, 0);
	ASSERT_TRUE(works(&nl, id));
	ASSERT_TRUE(killed(o));
	EXPECT_NE(0, sh("rmmod unet 2>/dev/null"));
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&nl, id).state);
	ASSERT_TRUE(killed(m));
	EXPECT_EQ(2, inter_look(&nl, id).found + inter_look(&nl, idle).found);
	close(nl.fd);
	/* Files of the dead close in a while. */
	for (i = 0; i < 50 && system("rmmod unet 2>/dev/null"); i++)
		usleep(100 * 1000);
	EXPECT_GT(50, i);
	EXPECT_NE(0, access("/sys/module/unet", F_OK));
	EXPECT_EQ(0, sh("insmod \"$UNET_KO\""));
	end_process(f, SIGKILL);
	topo_teardown(&t);
}

TEST_F_TIMEOUT(teardown, namespace_gone_under_traffic, 300)
{
	namespaces_go(_metadata, false);
}

#define PIECE	1000
#define PIECES	16
#define MIN_HEADER 20	/* bytes of a slot, of a frame too */

static uint8_t piece_byte(int i)
{
	return i * 7 + (i >> 8) + 1;
}

/* What an owner sends by, and how much of that is one slot. */
struct sender {
	int (*open)(struct chan *c, struct unet_tx_slot *slot);
	uint32_t (*header)(uint8_t *at, uint32_t bytes);
	uint32_t slots;
	uint32_t frame_header;	/* the peer hears frames that begin so; 0: datagrams */
	uint8_t mac[2][6];	/* the peer's, ours */
};

static struct sender sender;

static uint32_t datagram_header(uint8_t *at, uint32_t bytes)
{
	const struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = 1000, .dport = 9, .bytes = bytes,
	};

	return build_packet(at, &p);
}

static uint32_t frame_header(uint8_t *at, uint32_t bytes)
{
	(void)bytes;
	return build_frame(at, sender.mac[0], sender.mac[1], OWN_TYPE, "", 0);
}

static int open_flow(struct chan *c, struct unet_tx_slot *slot)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1000,
					  PEER_V4, 9);
	int err = chan_flow_add(c, &r);

	slot->flow = r.flow;
	slot->seg_size = PIECE;
	return err;
}

static int open_rule(struct chan *c, struct unet_tx_slot *slot,
		     const struct unet_type_spec *spec)
{
	struct unet_type_req r;
	int err = type_add(c, spec, 0, &r);

	slot->flow = r.flow;
	return err;
}

static int open_port_rule(struct chan *c, struct unet_tx_slot *slot)
{
	const struct unet_type_spec spec = spec_port(IPPROTO_UDP, 1000, 1000);

	slot->seg_size = PIECE;
	return open_rule(c, slot, &spec);
}

static int open_ethertype_rule(struct chan *c, struct unet_tx_slot *slot)
{
	const struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);

	return open_rule(c, slot, &spec);
}

/* Into @c's TX at @at, bytes from @from on. */
static void queue_bytes(struct chan *c, struct unet_tx_slot *slot, uint32_t at,
			uint32_t from, uint32_t bytes)
{
	uint32_t header = sender.header(c->tx_mem + at, bytes), i;

	for (i = 0; i < bytes; i++)
		c->tx_mem[at + header + i] = piece_byte(from + i);
	slot->header_len = header < MIN_HEADER ? MIN_HEADER : header;
	slot->extents = 1;
	slot->extent[0].offset = at;
	slot->extent[0].len = header + bytes;
	chan_tx_slot(c, slot);
}

/* Send PIECES from memory that stays where it is, and die. */
static void send_and_die(void)
{
	uint32_t i, bytes = PIECE * PIECES / sender.slots;
	struct unet_tx_slot slot = { 0 };
	struct chan c;

	if (chan_open(&c, "va", NULL) || sender.open(&c, &slot))
		_exit(1);
	for (i = 0; i < sender.slots; i++)
		queue_bytes(&c, &slot, i * 2 * PIECE, i * bytes, bytes);
	if (chan_sync(&c, UNET_SYNC_TX))
		_exit(2);
	/* It is on its way for a second: nothing is done yet. */
	if (load_acquire(&c.kring->done_tail))
		_exit(3);
	kill(getpid(), SIGKILL);
}

/* Memory of @c's, and what else was set free, is written all over. */
static void scribble_over(struct chan *c)
{
	size_t bytes = c->bind.layout.region[UNET_REGION_TX].bytes;

	memset(c->tx_mem, 0xa5, bytes);
	memset(c->at[UNET_REGION_RX_SMALL], 0xa5,
	       c->bind.layout.region[UNET_REGION_RX_SMALL].bytes);
}

/* Where the peer hears it. */
static int hear(struct topo *t)
{
	struct timeval tv = { .tv_sec = 10 };
	int fd;

	if (sender.frame_header)
		fd = peer_frames(t, OWN_TYPE, sender.mac[0]);
	else
		fd = peer_socket(t, AF_INET, SOCK_DGRAM);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (sender.frame_header)
		return rtnl_mac("va", sender.mac[1]) ? -1 : fd;
	return bind_to(fd, PEER_V4, 9) ? -1 : fd;
}

static void outlives(struct __test_metadata *_metadata)
{
	uint32_t header = sender.frame_header;
	uint8_t buf[2 * PIECE];
	struct chan other;
	int i, n, status, fd;
	struct topo t;
	pid_t pid;

	ASSERT_EQ(0, topo_setup(&t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, sh("tc qdisc add dev va root netem delay 1s"));
	fd = hear(&t);
	ASSERT_LE(0, fd);
	pid = fork();
	if (!pid)
		send_and_die();
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status)) TH_LOG("step %d", WEXITSTATUS(status));
	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	scribble_over(&other);
	for (i = 0; i < PIECES; i++) {
		ASSERT_EQ(header + PIECE, recv(fd, buf, sizeof(buf), 0));
		for (n = 0; n < PIECE; n++)
			ASSERT_EQ(piece_byte(i * PIECE + n), buf[header + n]);
	}
	close(fd);
	chan_close(&other);
	ASSERT_EQ(0, nexus_detach("va"));
	topo_teardown(&t);
}

TEST_F(teardown, what_was_sent_outlives_its_owner)
{
	sender = (struct sender){ .open = open_flow,
				  .header = datagram_header, .slots = 1 };
	outlives(_metadata);
}

TEST_F(teardown, what_a_rule_of_a_port_sent_outlives_its_owner)
{
	sender = (struct sender){ .open = open_port_rule,
				  .header = datagram_header, .slots = 1 };
	outlives(_metadata);
}

TEST_F(teardown, what_a_rule_of_an_ethertype_sent_outlives_its_owner)
{
	sender = (struct sender){ .open = open_ethertype_rule,
				  .header = frame_header, .slots = PIECES,
				  .frame_header = ETH_HLEN };
	outlives(_metadata);
}

TEST_F(teardown, module_removal_is_refused_while_a_channel_is_open)
{
	int fd = open(UNET_DEVICE, O_RDWR);

	ASSERT_GE(fd, 0);
	EXPECT_NE(0, sh("rmmod unet 2>/dev/null"));
	close(fd);
}

TEST_HARNESS_MAIN
