// SPDX-License-Identifier: MIT
/* libs: -lpthread */
/*
 * Description: a flow's packets stay in order when two processors receive them
 * (R1.10). One is stopped in the midst of its burst, behind the flow's first packet:
 * what the other receives meanwhile must not overtake that, over IPv4 and IPv6, with
 * either receive hook.
 *
 *   processor 0: first, gate ------------------------ (opened) end of its burst
 *   processor 1:                second, end of its burst
 */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "pin.h"
#include "kselftest_harness.h"

#include <pthread.h>

#define PORT		1000
#define GATE_PORT	7000
#define GATE		"/sys/module/ext_test/parameters/"
#define AT_ONCE		6	/* SO_PRIORITY of what no queue keeps */
#define ROUNDS		10

FIXTURE(batch_order) {
	struct topo t;
	struct chan c;
	int slow;	/* its packets leave in bursts, by the processor that sent them */
	int fast;
};

FIXTURE_VARIANT(batch_order) {
	int family;
	const char *ours;
	uint32_t header;	/* bytes of IP's and UDP's */
	int (*attach)(const char *dev);
};

FIXTURE_VARIANT_ADD(batch_order, rx_handler_v4)
{ AF_INET, OUR_V4, 28, nexus_attach };
FIXTURE_VARIANT_ADD(batch_order, rx_handler_v6)
{ AF_INET6, OUR_V6, 48, nexus_attach };
FIXTURE_VARIANT_ADD(batch_order, ingress_v4)
{ AF_INET, OUR_V4, 28, nexus_attach_ingress };
FIXTURE_VARIANT_ADD(batch_order, ingress_v6)
{ AF_INET6, OUR_V6, 48, nexus_attach_ingress };

/* Two packets of one slot leave in one go, and so are received in one. */
static int make_queues(struct topo *t)
{
	return sh_peer(t, "tc qdisc add dev vb root handle 1: prio bands 2 "
			  "priomap 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 && "
			  "tc qdisc add dev vb parent 1:1 netem slot 100ms");
}

FIXTURE_SETUP(batch_order)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, variant->family, variant->ours,
					  PORT, NULL, 0);
	int at_once = AT_ONCE;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	run_on(1);
	ASSERT_EQ(0, sh("insmod $EXT_TEST_KO"));
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, variant->attach("va"));
	ASSERT_EQ(0, sh("unetctl type add udp %d extension gate action extension",
			GATE_PORT));
	/* Without GRO each processor receives what it sent. */
	ASSERT_EQ(0, feature_set("va", GRO, false));
	ASSERT_EQ(0, sh_peer(&self->t, "ping -q -c 1 %s", variant->ours));
	ASSERT_EQ(0, make_queues(&self->t));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->slow = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	self->fast = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	ASSERT_EQ(0, setsockopt(self->fast, SOL_SOCKET, SO_PRIORITY, &at_once,
				sizeof(at_once)));
}

FIXTURE_TEARDOWN(batch_order)
{
	close(self->fast);
	close(self->slow);
	chan_close(&self->c);
	EXPECT_EQ(0, sh("unetctl type del $(unetctl -j type list | jq .[0].type)"));
	EXPECT_EQ(0, nexus_detach("va"));
	topo_teardown(&self->t);
	EXPECT_EQ(0, sh("for i in $(seq 50); do rmmod ext_test 2>/dev/null && exit; "
			"sleep 0.1; done; exit 1"));
}

struct sender {
	int fd;
	const char *ours;
};

static void *send_first_and_gate(void *arg)
{
	const struct sender *s = arg;

	run_on(0);
	send_to(s->fd, s->ours, PORT, "1", 1);
	send_to(s->fd, s->ours, GATE_PORT, "g", 1);
	return NULL;
}

static unsigned int gate_reached(void)
{
	FILE *f = fopen(GATE "gate_reached", "r");
	unsigned int n = 0;

	if (f && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static int set_gate(const char *value)
{
	int fd = open(GATE "gate_open", O_WRONLY | O_CLOEXEC), n;

	n = write(fd, value, 1);

	close(fd);
	return n == 1 ? 0 : -EIO;
}

static bool gate_reaches(unsigned int n)
{
	uint64_t end = mono_ms() + 5000;

	while (gate_reached() != n)
		if (mono_ms() > end)
			return false;
	return true;
}

/* The first byte of each of the two packets, in their order. */
static void take_both(struct chan *c, uint32_t header, char *seen)
{
	const struct unet_rx_slot *s;
	int left = 2;
	uint32_t b;

	while (left && (s = chan_rx_peek(c, 20 * 1000))) {
		for (b = s->first; b != UNET_NO_BUF && left; b = c->desc[b].next, left--)
			*seen++ = ((char *)chan_buf(c, b))[header];
		chan_rx_next(c);
	}
	*seen = 0;
}

TEST_F(batch_order, what_comes_later_on_another_processor_stays_behind)
{
	struct sender slow = { self->slow, variant->ours };
	char seen[3];
	pthread_t th;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, set_gate("0"));
		ASSERT_EQ(0, pthread_create(&th, NULL, send_first_and_gate, &slow));
		pthread_join(th, NULL);
		ASSERT_TRUE(gate_reaches(i + 1));
		ASSERT_EQ(0, send_to(self->fast, variant->ours, PORT, "2", 1));
		usleep(20 * 1000);
		ASSERT_EQ(i + 1, gate_reached());
		ASSERT_EQ(0, set_gate("1"));
		take_both(&self->c, variant->header, seen);
		EXPECT_EQ(0, strcmp("12", seen)) TH_LOG("round %d: '%s'", i, seen);
	}
}

TEST_HARNESS_MAIN
