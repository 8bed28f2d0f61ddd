// SPDX-License-Identifier: MIT
/*
 * Description: nobody runs the flowswitch's NAPIs by busy polling (R1.4): each is its
 * own processor's. Since Linux 6.13 io_uring polls any NAPI whose number is named to
 * it, from whatever processor it is asked on.
 */
#include "feature.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "traced.h"
#include "kselftest_harness.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <sys/syscall.h>

#define PORT	7000

FIXTURE(busy_poll) {
	struct topo t;
	struct chan c;
	int peer;
};

/* The device's own NAPI begins after ours: its number is the higher one. */
FIXTURE_SETUP(busy_poll)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  NULL, 0);

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, feature_set("va", GRO, true));
	/* Super packets would come without it. */
	ASSERT_EQ(0, feature_set_peer(&self->t, TSO, false));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(busy_poll)
{
	close(self->peer);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* ---- io_uring, by hand ---- */

#define REGISTER_NAPI	27	/* IORING_REGISTER_NAPI */
#define BY_NUMBER	1	/* IO_URING_NAPI_TRACKING_STATIC */
#define ADD_NUMBER	1	/* IO_URING_NAPI_STATIC_ADD_ID */

/* struct io_uring_napi */
struct napi_arg {
	uint32_t busy_poll_us;
	uint8_t prefer_busy_poll;
	uint8_t opcode;
	uint8_t pad[2];
	uint32_t op_param;
	uint32_t resv;
};

static int ring_napi(int ring, uint8_t opcode, uint32_t param)
{
	struct napi_arg arg = {
		.busy_poll_us = 50 * 1000,
		.opcode = opcode,
		.op_param = param,
	};

	return syscall(__NR_io_uring_register, ring, REGISTER_NAPI, &arg, 1) ?
	       -errno : 0;
}

/* Nothing will come: it polls all the while. */
static int ring_wait(int ring)
{
	struct __kernel_timespec wait = { .tv_nsec = 200 * 1000 * 1000 };
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&wait };

	return syscall(__NR_io_uring_enter, ring, 0, 1,
		       IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg,
		       sizeof(arg)) < 0 ? -errno : 0;
}

/* ---- numbers ---- */

/* Of the NAPI that a packet to the host came by. */
static uint32_t device_napi(int peer)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timeval patience = { .tv_sec = 20 };
	socklen_t len = sizeof(uint32_t);
	uint32_t id = 0;
	char c;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind_to(fd, OUR_V4, PORT + 1) || send_to(peer, OUR_V4, PORT + 1, "x", 1) ||
	    recv(fd, &c, 1, 0) != 1 ||
	    getsockopt(fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &len))
		id = 0;
	close(fd);
	return id;
}

#define BEFORE	256	/* at least as many as there are processors */

TEST_F_TIMEOUT(busy_poll, no_process_polls_for_a_processor, 120)
{
	struct io_uring_params params = { 0 };
	uint32_t id, last;
	int ring;

	ring = syscall(__NR_io_uring_setup, 4, &params);
	if (ring < 0)
		SKIP(return, "needs io_uring (errno %d)", errno);
	if (ring_napi(ring, 0, BY_NUMBER))
		SKIP(return, "needs an io_uring that polls NAPIs by number (6.13)");
	last = device_napi(self->peer);
	ASSERT_LT(BEFORE, last);
	for (id = last - BEFORE; id <= last; id++)
		ring_napi(ring, ADD_NUMBER, id);	/* or: it is none */
	if (!trace_begin() ||
	    !trace_write(TRACE "events/napi/napi_poll/enable", "1", 0))
		SKIP(return, "needs tracefs");
	EXPECT_EQ(-ETIME, ring_wait(ring));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_NE(NULL, chan_rx_peek(&self->c, 20000));
	ASSERT_TRUE(trace_write(TRACE "events/napi/napi_poll/enable", "0", 0));
	ASSERT_TRUE(trace_end());
	/* It does poll the device's, and ours run in their softirq. */
	EXPECT_LT(0, traced(" for device va work 0 budget 8\n"));
	EXPECT_LT(0, traced(" for device dummy# work 0 budget 64\n"));
	EXPECT_EQ(0, traced(" for device dummy# work 0 budget 8\n"));
	close(ring);
}

TEST_HARNESS_MAIN
