// SPDX-License-Identifier: MIT
/*
 * The kernel takes a flow away, or ends the channel (device gone or detached):
 * whoever holds the socket hears of it, whatever kind it is.
 */
#include <unet/unet.h>
#include "fake_backend.h"
#include "forge.h"
#include "helpers.h"
#include "lib.h"

#define ME	"192.0.2.1"
#define PEER	"192.0.2.2"

static struct fake fake;
static struct unet_stack *st;
static u32 told;

static int set_up(void **state)
{
	told = 0;
	fake_init(&fake);
	st = unet_stack_assemble(&fake.be, NULL, "seed", 4);
	return !st;
}

static int tear_down(void **state)
{
	unet_stack_close(st);
	fake_exit(&fake);
	return 0;
}

static void tell(struct unet_sock *s, uint32_t events, void *arg)
{
	told |= events;
}

static void turn(void)
{
	unet_stack_turn(st, st->now + 1);
}

static void end_of_flow(u64 tag)
{
	fake_receive(&fake, st, tag, UNET_RX_END, NULL, 0);
	turn();
}

/* A TCP segment without data. */
static void segment(u8 flags, u32 ack, u64 tag)
{
	static u8 packet[FORGE_MAX];
	u8 tcp[20] = { 0x10, 0, 0, 80, 0, 0, 0, 7, [12] = 0x50, [13] = flags,
		       [14] = 0xff };
	u32 len;

	if (flags & 0x10)
		tcp[7]++;
	memcpy(tcp + 8, &ack, 4);
	len = forge_ip(packet, PEER, ME, 6, tcp, sizeof(tcp));
	fake_receive(&fake, st, tag, 0, packet, len);
	turn();
}

static int pending_error(struct unet_sock *s)
{
	socklen_t len = sizeof(int);
	int err = -1;

	assert_int_equal(unet_getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &len),
			 0);
	return err;
}

static u32 advice_of(struct unet_sock *s)
{
	u32 flags = ~0u;
	socklen_t len = sizeof(flags);

	assert_int_equal(unet_getsockopt(s, SOL_SOCKET, UNET_SO_ADVICE, &flags, &len), 0);
	assert_int_equal(len, sizeof(flags));
	return flags;
}

static void what_the_kernel_advises_can_be_asked(void **state)
{
	struct unet_sock *stream = unet_listen(st, "tcp", ME ":80", 4);
	u32 of_stream = fake.adds, none = 0;
	struct unet_sock *dgrams = unet_connect(st, "udp", PEER ":9", NULL);
	u32 of_dgrams = fake.adds;

	assert_non_null(stream);
	assert_non_null(dgrams);
	assert_int_equal(advice_of(stream), 0);
	fake.adv[of_stream].flags = UNET_ADV_INTERMEDIATED;
	fake.adv[of_dgrams].flags = UNET_ADV_SUSPENDED;
	assert_int_equal(advice_of(stream), UNET_ADV_INTERMEDIATED);
	assert_int_equal(advice_of(dgrams), UNET_ADV_SUSPENDED);
	assert_int_equal(unet_setsockopt(stream, SOL_SOCKET, UNET_SO_ADVICE, &none,
					 sizeof(none)), -ENOPROTOOPT);
}

static void a_listener_hears_that_its_port_was_taken_away(void **state)
{
	struct unet_sock *ls = unet_listen(st, "tcp", ME ":80", 4);

	assert_non_null(ls);
	unet_sock_on(ls, UNET_READABLE, tell, NULL);
	turn();
	assert_int_equal(told, 0);
	end_of_flow(fake.req.meta.tag);
	assert_true(told & UNET_ERROR && told & UNET_READABLE);
	assert_true(unet_sock_events(ls) & UNET_ERROR);
	assert_null(unet_accept(ls));
	assert_int_equal(errno, ENETDOWN);
	assert_null(unet_accept(ls));
	assert_int_equal(errno, ENETDOWN);
	assert_int_equal(pending_error(ls), ENETDOWN);
}

static void who_waited_to_be_accepted_still_can_be(void **state)
{
	struct unet_sock *ls = unet_listen(st, "tcp", ME ":80", 4);
	u64 tag = fake.req.meta.tag;
	struct unet_sock *s;
	u32 ack;

	segment(2, 0, tag);
	memcpy(&ack, fake.sent[0].bytes + 24, 4);
	ack = cpu_to_be32(be32_to_cpu((__force __be32)ack) + 1);
	segment(0x10, ack, tag);
	end_of_flow(tag);
	s = unet_accept(ls);
	assert_non_null(s);
	assert_int_equal(unet_sock_events(s), UNET_WRITABLE);
	assert_null(unet_accept(ls));
	assert_int_equal(errno, ENETDOWN);
}

static void half_open_connections_end_with_their_listener(void **state)
{
	struct unet_sock *ls = unet_listen(st, "tcp", ME ":80", 4);
	u64 tag = fake.req.meta.tag;

	assert_non_null(ls);
	segment(2, 0, tag);
	assert_int_equal(fake.n_sent, 1);
	end_of_flow(tag);
	/* no SYN-ACK is sent again through a flow that is not there */
	unet_stack_turn(st, st->now + 5000000);
	assert_int_equal(fake.n_sent, 1);
}

static void a_bound_udp_socket_hears_it_too(void **state)
{
	struct unet_sock *s = unet_udp_open(st, AF_INET);
	char buf[8];

	assert_int_equal(unet_udp_bind(s, ME ":53"), 0);
	unet_sock_on(s, UNET_READABLE, tell, NULL);
	turn();
	end_of_flow(fake.req.meta.tag);
	assert_true(told & UNET_ERROR);
	assert_int_equal(unet_recv(s, buf, sizeof(buf), 0), -ENETDOWN);
	assert_true(unet_sock_events(s) & UNET_ERROR);
}

static void count_told(struct unet_sock *s, uint32_t events, void *arg)
{
	u32 *times = arg;

	*times += !!(events & UNET_ERROR);
}

/* The order the kernel has: the state first, and nobody may ever see the slots. */
static void everybody_hears_that_the_channel_ended(void **state)
{
	u32 listener = 0, udp = 0, stream = 0, ack;
	struct unet_sock *ls = unet_listen(st, "tcp", ME ":80", 4);
	u64 tag = fake.req.meta.tag;
	struct unet_sock *us = unet_udp_open(st, AF_INET), *s;
	char buf[8];

	assert_int_equal(unet_udp_bind(us, ME ":53"), 0);
	segment(2, 0, tag);
	memcpy(&ack, fake.sent[0].bytes + 24, 4);
	ack = cpu_to_be32(be32_to_cpu((__force __be32)ack) + 1);
	segment(0x10, ack, tag);
	s = unet_accept(ls);
	assert_non_null(s);
	unet_sock_on(ls, UNET_READABLE, count_told, &listener);
	unet_sock_on(us, UNET_READABLE, count_told, &udp);
	unet_sock_on(s, UNET_READABLE, count_told, &stream);
	turn();
	fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(st, 0), -ENODEV);
	assert_int_equal(unet_stack_run(st, 0), -ENODEV);
	assert_int_equal(listener, 1);
	assert_int_equal(udp, 1);
	assert_int_equal(stream, 1);
	assert_null(unet_accept(ls));
	assert_int_equal(errno, ENETDOWN);
	assert_int_equal(unet_recv(us, buf, sizeof(buf), 0), -ENETDOWN);
	assert_int_equal(unet_recv(s, buf, sizeof(buf), 0), -ENETDOWN);
}

static void datagrams_arrive(u32 n)
{
	static const u8 datagram[12] = { 0, 9, 0, 53, 0, 12, 0, 0, 'l', 'a', 's', 't' };
	static u8 packet[FORGE_MAX];
	u32 len = forge_ip(packet, PEER, ME, 17, datagram, sizeof(datagram));

	while (n--)
		fake_receive(&fake, st, fake.req.meta.tag, 0, packet, len);
}

/* Bytes that had arrived are worth more than the news of the end. */
static void what_had_arrived_is_delivered_before_the_end(void **state)
{
	struct unet_sock *us = unet_udp_open(st, AF_INET);
	char buf[8];

	assert_int_equal(unet_udp_bind(us, ME ":53"), 0);
	datagrams_arrive(1);
	fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(st, -1), -ENODEV);
	assert_int_equal(unet_recv(us, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "last", 4);
	assert_int_equal(unet_recv(us, buf, sizeof(buf), 0), -ENETDOWN);
}

static void read_some(struct unet_sock *s, uint32_t events, void *arg)
{
	u32 *n = arg;
	char buf[8];

	while (unet_recv(s, buf, sizeof(buf), 0) == 4)
		++*n;
}

static void all_of_it_is_however_much(void **state)
{
	struct unet_sock *us = unet_udp_open(st, AF_INET);
	char buf[8];
	u32 n = 0;

	assert_int_equal(unet_udp_bind(us, ME ":53"), 0);
	datagrams_arrive(FAKE_BATCHES);
	fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(st, -1), -ENODEV);
	while (unet_recv(us, buf, sizeof(buf), 0) == 4)
		n++;
	assert_int_equal(n, FAKE_BATCHES);
	assert_int_equal(unet_recv(us, buf, sizeof(buf), 0), -ENETDOWN);
}

/* More than its buffer takes, but it is there to read. */
static void who_reads_in_time_gets_all_of_it(void **state)
{
	struct unet_sock *us = unet_udp_open(st, AF_INET);
	int rcvbuf = 20000;
	u32 n = 0;

	assert_int_equal(unet_udp_bind(us, ME ":53"), 0);
	assert_int_equal(unet_setsockopt(us, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
					 sizeof(rcvbuf)), 0);
	unet_sock_on(us, UNET_READABLE, read_some, &n);
	turn();
	datagrams_arrive(FAKE_BATCHES);
	fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(st, -1), -ENODEV);
	assert_int_equal(n, FAKE_BATCHES);
}

static void accept_all(struct unet_hook_batch *b, void *arg)
{
}

/* Behind a hook below, so that it comes this way again. */
static void inject_again(struct unet_hook_batch *b, void *arg)
{
	struct unet_hook *below = arg;

	unet_hook_inject(below, UNET_HOOK_RX, b->pkt[0]->data, b->pkt[0]->total);
}

static void what_hooks_inject_does_not_put_off_the_end(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .priority = 1 };
	struct unet_sock *us = unet_udp_open(st, AF_INET);
	struct unet_hook *below = unet_hook_add(st, accept_all, NULL, NULL);

	assert_non_null(below);
	assert_non_null(unet_hook_add(st, inject_again, below, &o));
	assert_int_equal(unet_udp_bind(us, ME ":53"), 0);
	datagrams_arrive(1);
	fake.state = UNET_CHANNEL_DETACHED;
	assert_int_equal(unet_stack_run(st, -1), -ENODEV);
	assert_true(unet_sock_events(us) & UNET_ERROR);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_kernel_advises_can_be_asked),
		TEST(a_listener_hears_that_its_port_was_taken_away),
		TEST(who_waited_to_be_accepted_still_can_be),
		TEST(half_open_connections_end_with_their_listener),
		TEST(a_bound_udp_socket_hears_it_too),
		TEST(everybody_hears_that_the_channel_ended),
		TEST(what_had_arrived_is_delivered_before_the_end),
		TEST(all_of_it_is_however_much),
		TEST(who_reads_in_time_gets_all_of_it),
		TEST(what_hooks_inject_does_not_put_off_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
