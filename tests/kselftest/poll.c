// SPDX-License-Identifier: MIT
/*
 * Description: waiting on a channel: poll, edge-triggered epoll and UNET_SYNC_WAIT
 * say what is there, and none sleeps through anything, however close packet and
 * sleep are (D5): a packet at a time, each waited for, on two processors.
 */
/* libs: -lpthread */
#include "effort.h"
#include "topo.h"
#include "chan.h"
#include "pin.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <pthread.h>
#include <sys/epoll.h>

#define PORT	7000
#define ROUNDS	effort(20000)

FIXTURE(poll) {
	struct topo t;
	struct chan c;
	struct unet_flow_req r;
	int peer;
};

FIXTURE_SETUP(poll)
{
	struct unet_params small = { .tx_slots = 8 };

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", &small));
	self->r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	ASSERT_EQ(0, chan_flow_add(&self->c, &self->r));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(poll)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

static short ready(struct chan *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

TEST_F(poll, poll_says_what_is_there)
{
	struct unet_tx_slot bad = { .flow = self->r.flow };
	int i;

	EXPECT_EQ(POLLOUT, ready(&self->c, 0));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 2000));
	EXPECT_EQ(POLLIN | POLLOUT, ready(&self->c, 0));
	chan_rx_next(&self->c);
	/* The ring is full until it is taken, DONE full until that is. */
	for (i = 0; i < 8; i++)
		chan_tx_slot(&self->c, &bad);
	EXPECT_EQ(0, ready(&self->c, 0));
	ASSERT_EQ(0, chan_sync(&self->c, UNET_SYNC_TX));
	EXPECT_EQ(POLLIN, ready(&self->c, 0));
	for (i = 0; i < 8; i++)
		ASSERT_NE(NULL, chan_done(&self->c, 0));
	EXPECT_EQ(POLLOUT, ready(&self->c, 0));
}

TEST_F(poll, edge_triggered_epoll_tells_of_each_packet)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0), i;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->c.fd, &e));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
		ASSERT_EQ(1, epoll_wait(ep, &e, 1, 2000)) TH_LOG("packet %d", i);
		EXPECT_TRUE(e.events & EPOLLIN);
		/* Once: what is there already is no edge. */
		ASSERT_EQ(0, epoll_wait(ep, &e, 1, 0));
		ASSERT_NE(NULL, chan_rx_peek(&self->c, 0));
		chan_rx_next(&self->c);
	}
	close(ep);
}

/* ---- close calls ---- */

struct rounds {
	int fd;
	volatile unsigned int asked;
	volatile bool stop;
};

/* One packet for each that was asked for, a little later or at once. */
static void *send_when_asked(void *arg)
{
	struct rounds *r = arg;
	unsigned int sent = 0, spin;

	run_on(1);
	while (!r->stop) {
		if (sent == r->asked)
			continue;
		for (spin = 0; spin < sent * 7 % 512; spin++)
			__asm__ volatile("" ::: "memory");
		send_to(r->fd, OUR_V4, PORT, "x", 1);
		sent++;
	}
	return NULL;
}

static int wait_by_poll(struct chan *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return poll(&p, 1, 5000) == 1 ? 0 : -1;
}

static int wait_by_sync(struct chan *c)
{
	struct unet_sync s = { .size = sizeof(s), .flags = UNET_SYNC_WAIT,
			       .timeout_ns = 5000000000ull };

	return chan_ioctl(c->fd, UNET_IOC_SYNC, &s) || !s.ready ? -1 : 0;
}

/* Return: rounds done before one was slept through. */
static int play(struct chan *c, int peer, int (*wait)(struct chan *c))
{
	struct rounds r = { .fd = peer };
	pthread_t thread;
	int i;

	run_on(0);
	if (pthread_create(&thread, NULL, send_when_asked, &r))
		return -1;
	for (i = 0; i < ROUNDS; i++) {
		__atomic_add_fetch(&r.asked, 1, __ATOMIC_SEQ_CST);
		if (wait(c))
			break;
		if (!chan_rx_peek(c, 0))
			break;
		chan_rx_next(c);
	}
	r.stop = true;
	pthread_join(thread, NULL);
	return i;
}

TEST_F_TIMEOUT(poll, no_packet_is_slept_through, 300)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two processors");
	EXPECT_EQ(ROUNDS, play(&self->c, self->peer, wait_by_poll));
	EXPECT_EQ(ROUNDS, play(&self->c, self->peer, wait_by_sync));
}

TEST_HARNESS_MAIN
