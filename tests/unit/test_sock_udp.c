// SPDX-License-Identifier: MIT
/*
 * Datagram sockets on a backend that does as it is told: who waits for memory sleeps
 * until there is some; the port that a first send is given is as options ask.
 */
#include <netinet/in.h>
#include <unet/unet.h>
#include "fake_backend.h"
#include "helpers.h"
#include "lib.h"

#define PEER	"192.0.2.2:7"

static struct fake fake;
static struct unet_stack *st;

static int set_up(void **state)
{
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

static void turn(void)
{
	unet_stack_turn(st, st->now + 1);
	unet_stack_sync(st, 0);
}

/* Sends until it may no more, as everybody does. */
static void send_all(struct unet_sock *s, uint32_t events, void *arg)
{
	static const char bytes[1000];
	u32 *told = arg;

	++*told;
	while (unet_send(s, bytes, sizeof(bytes), 0) > 0)
		;
}

static void who_waits_for_memory_lets_the_stack_sleep(void **state)
{
	struct unet_sock *s = unet_connect(st, "udp", PEER, NULL);
	u32 told = 0;
	u32 i;

	assert_non_null(s);
	fake.tx_memory = false;
	unet_sock_on(s, UNET_WRITABLE, send_all, &told);
	turn();
	assert_int_equal(told, 1);
	for (i = 0; i < 3; i++) {
		turn();
		assert_int_equal(told, 1);
		assert_int_not_equal(unet_stack_deadline(st), 0);
		assert_false(unet_sock_events(s) & UNET_WRITABLE);
	}
	fake.tx_memory = true;
	fake.room = 10;
	turn();
	turn();
	assert_int_equal(told, 2);
	assert_int_equal(fake.n_sent, 10);
}

static void is_bound_to(const struct unet_sock *s, const char *text)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char buf[80];

	assert_int_equal(unet_getsockname(s, (void *)&sa, &len), 0);
	assert_int_equal(unet_addr_text((void *)&sa, buf, sizeof(buf)), 0);
	assert_string_equal(buf, text);
}

/* Who asks for any address is given what there is; who asks for IPv6 is told. */
static void without_ipv6_any_address_is_any_of_ipv4(void **state)
{
	struct unet_sock *s = unet_udp_open(st, AF_INET6);
	struct unet_sock *ls;

	fake.no_ipv6 = true;
	assert_int_equal(unet_udp_bind(s, "[::]:53"), -EAFNOSUPPORT);
	assert_non_null(strstr(unet_error_detail(), "[::]:53"));
	assert_int_equal(unet_udp_bind(s, ":53"), 0);
	assert_string_equal(unet_error_detail(), "");
	is_bound_to(s, "0.0.0.0:53");
	assert_null(unet_listen(st, "tcp", "[::]:80", 1));
	assert_int_equal(errno, EAFNOSUPPORT);
	ls = unet_listen(st, "tcp", ":80", 1);
	assert_non_null(ls);
	assert_string_equal(unet_error_detail(), "");
	is_bound_to(ls, "0.0.0.0:80");
	fake.add_error = -EADDRINUSE;
	assert_null(unet_listen(st, "tcp", ":81", 1));
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(fake.req.family, AF_INET6);
	fake.add_error = 0;
	unet_close(ls);
	unet_close(s);
}

static void accept_all(struct unet_hook_batch *b, void *arg)
{
}

/* What waits for hooks is to be moved first, or it would be lost behind them. */
static void before_hooks_only_one_waits_to_be_moved(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX };
	struct unet_sock *s = unet_connect(st, "udp", PEER, NULL);
	u32 told = 0;
	u32 i;

	assert_non_null(unet_hook_add(st, accept_all, NULL, &o));
	fake.tx_memory = false;
	fake.tx_moves = 1100;
	fake.room = 100;
	unet_sock_on(s, UNET_WRITABLE, send_all, &told);
	for (i = 1; i < 5; i++) {
		turn();
		assert_int_equal(told, i);
		assert_int_equal(fake.n_sent, i);
		assert_int_equal(unet_stack_deadline(st), 0);
		turn();
		assert_int_equal(told, i);
	}
}

static ssize_t send_to(struct unet_sock *s, const char *address)
{
	struct sockaddr_storage to;
	socklen_t len = sizeof(to);

	assert_int_equal(unet_addr_parse(address, (void *)&to, &len), 0);
	return unet_sendto(s, "x", 1, 0, (void *)&to, len);
}

static void the_first_sends_port_is_of_ipv6_only_if_asked_for(void **state)
{
	struct unet_sock *s;
	int on;

	for (on = 0; on < 2; on++) {
		s = unet_udp_open(st, AF_INET6);
		assert_int_equal(unet_setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY,
						 &on, sizeof(on)), 0);
		assert_int_equal(send_to(s, "[2001:db8::2]:7"), 1);
		assert_int_equal(!!(fake.req.flags & UNET_FLOW_V6ONLY), on);
		assert_int_equal(send_to(s, PEER), on ? -EAFNOSUPPORT : 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_waits_for_memory_lets_the_stack_sleep),
		TEST(before_hooks_only_one_waits_to_be_moved),
		TEST(the_first_sends_port_is_of_ipv6_only_if_asked_for),
		TEST(without_ipv6_any_address_is_any_of_ipv4),
	};

	return cmocka_run_group_tests_name("sock udp", tests, NULL, NULL);
}
