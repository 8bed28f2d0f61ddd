// SPDX-License-Identifier: MIT
/*
 * Sockets through the public interface only, on an in-memory wire: naming, events
 * and when they are told, closing from within callbacks, options, refusals.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unet/unet.h>
#include "helpers.h"

#define SERVER	"192.0.2.2:80"

static struct unet_wire *w;
static struct unet_stack *cli;
static struct unet_stack *srv;
static struct unet_sock *ls;
static struct unet_sock *c;
static struct unet_sock *s;

struct told {
	int calls;
	uint32_t events;
};

static struct told told_c;
static struct told told_s;
static struct told told_ls;

static int set_up(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .delay_us = 1000 };
	struct unet_stack *end[2];

	memset(&told_c, 0, sizeof(told_c));
	memset(&told_s, 0, sizeof(told_s));
	memset(&told_ls, 0, sizeof(told_ls));
	w = unet_wire_open(&o, end);
	cli = end[0];
	srv = end[1];
	ls = NULL;
	c = NULL;
	s = NULL;
	return !w;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

static void tell(struct unet_sock *sock, uint32_t events, void *arg)
{
	struct told *t = arg;

	t->calls++;
	t->events |= events;
}

static void run(void)
{
	unet_wire_run(w, unet_wire_now(w) + 100000);
}

#define ALL	(UNET_READABLE | UNET_WRITABLE)

static void establish(void)
{
	ls = unet_listen(srv, "tcp", ":80", 4);
	assert_non_null(ls);
	c = unet_connect(cli, "tcp", SERVER, NULL);
	assert_non_null(c);
	run();
	s = unet_accept(ls);
	assert_non_null(s);
}

static void a_connection_is_told_to_both_sides(void **state)
{
	ls = unet_listen(srv, "tcp", SERVER, 4);
	unet_sock_on(ls, UNET_READABLE, tell, &told_ls);
	assert_null(unet_accept(ls));
	assert_int_equal(errno, EAGAIN);
	c = unet_connect(cli, "tcp", SERVER, NULL);
	unet_sock_on(c, ALL, tell, &told_c);
	assert_int_equal(unet_sock_events(c), 0);
	run();
	assert_int_equal(told_c.calls, 1);
	assert_int_equal(told_c.events, UNET_WRITABLE);
	assert_int_equal(told_ls.calls, 1);
	assert_int_equal(told_ls.events, UNET_READABLE);
	s = unet_accept(ls);
	assert_non_null(s);
	assert_null(unet_accept(ls));
	assert_int_equal(unet_sock_events(s), UNET_WRITABLE);
}

static void names_are_those_of_the_connection(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[80];

	establish();
	assert_int_equal(unet_getpeername(c, (void *)&ss, &len), 0);
	assert_int_equal(unet_addr_text((void *)&ss, text, sizeof(text)), 0);
	assert_string_equal(text, SERVER);
	len = sizeof(ss);
	assert_int_equal(unet_getsockname(s, (void *)&ss, &len), 0);
	unet_addr_text((void *)&ss, text, sizeof(text));
	assert_string_equal(text, SERVER);
	len = sizeof(ss);
	assert_int_equal(unet_getsockname(ls, (void *)&ss, &len), 0);
	unet_addr_text((void *)&ss, text, sizeof(text));
	assert_string_equal(text, "[::]:80");
	assert_int_equal(unet_getpeername(ls, (void *)&ss, &len), -ENOTCONN);
}

static void events_are_told_when_they_happen_not_for_as_long(void **state)
{
	char buf[100];

	establish();
	unet_sock_on(s, UNET_READABLE, tell, &told_s);
	run();
	assert_int_equal(told_s.calls, 0);
	assert_int_equal(unet_send(c, "hello", 5, 0), 5);
	run();
	assert_int_equal(told_s.calls, 1);
	run();
	assert_int_equal(told_s.calls, 1);
	unet_send(c, "more", 4, 0);
	run();
	assert_int_equal(told_s.calls, 2);
	assert_int_equal(unet_recv(s, buf, 100, 0), 9);
	assert_int_equal(unet_recv(s, buf, 100, 0), -EAGAIN);
	assert_memory_equal(buf, "hellomore", 9);
}

static void what_is_true_already_is_told_once(void **state)
{
	establish();
	unet_send(c, "x", 1, 0);
	run();
	unet_sock_on(s, UNET_READABLE, tell, &told_s);
	run();
	assert_int_equal(told_s.calls, 1);
	unet_sock_on(s, UNET_READABLE, tell, &told_s);
	run();
	assert_int_equal(told_s.calls, 2);
	unet_sock_on(s, 0, NULL, NULL);
	unet_send(c, "x", 1, 0);
	run();
	assert_int_equal(told_s.calls, 2);
}

static void what_was_told_is_not_told_with_the_next(void **state)
{
	establish();
	unet_sock_on(c, ALL, tell, &told_c);
	run();
	assert_int_equal(told_c.events, UNET_WRITABLE);
	memset(&told_c, 0, sizeof(told_c));
	unet_send(s, "x", 1, 0);
	run();
	assert_int_equal(told_c.calls, 1);
	assert_int_equal(told_c.events, UNET_READABLE);
}

static void wrong_wishes_are_refused(void **state)
{
	establish();
	assert_int_equal(unet_sock_on(s, 1u << 9, tell, NULL), -EINVAL);
	assert_int_equal(unet_sock_on(s, UNET_READABLE, NULL, NULL), -EINVAL);
	assert_int_equal(unet_sock_on(s, 0, NULL, NULL), 0);
}

static void the_end_of_the_stream_is_told(void **state)
{
	char buf[10];

	establish();
	unet_sock_on(s, UNET_READABLE, tell, &told_s);
	unet_send(c, "bye", 3, 0);
	assert_int_equal(unet_shutdown(c, SHUT_WR), 0);
	run();
	assert_true(told_s.events & UNET_CLOSED);
	assert_false(told_s.events & UNET_ERROR);
	assert_true(unet_sock_events(s) & UNET_CLOSED);
	assert_int_equal(unet_recv(s, buf, 10, 0), 3);
	assert_int_equal(unet_recv(s, buf, 10, 0), 0);
	assert_int_equal(unet_recv(s, buf, 10, 0), 0);
	/* the other direction still works */
	assert_int_equal(unet_send(s, "ok", 2, 0), 2);
	run();
	assert_int_equal(unet_recv(c, buf, 10, 0), 2);
	assert_int_equal(unet_send(c, "x", 1, 0), -EPIPE);
	assert_int_equal(unet_shutdown(c, 7), -EINVAL);
}

static int count_syns(void *arg, int from, uint64_t now_us, void *packet,
		      size_t len)
{
	const uint8_t *p = packet;
	int *syns = arg;

	*syns += !from && len > 33 && p[33] & 2;
	return 0;
}

/* The program did other things for a while: time starts with the call. */
static void connecting_after_a_pause_sends_one_syn(void **state)
{
	struct unet_tcp_info info;
	socklen_t len = sizeof(info);
	struct unet_sock *second;
	int on = 1, syns = 0;

	establish();
	/* or nothing is planned, and no time passes */
	unet_setsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	unet_wire_run(w, unet_wire_now(w) + 5000000);
	assert_true(unet_wire_now(w) - unet_stack_now(cli) > 4000000);
	unet_wire_on_packet(w, count_syns, &syns);
	second = unet_connect(cli, "tcp", SERVER, NULL);
	run();
	assert_int_equal(syns, 1);
	assert_int_equal(unet_getsockopt(second, IPPROTO_TCP, UNET_SO_TCP_INFO,
					 &info, &len), 0);
	assert_int_equal(info.cwnd, 10 * info.snd_mss);
	assert_int_equal(info.srtt_us, 2000);
	assert_int_equal(info.retrans, 0);
}

static void a_refused_connection_fails_with_its_error(void **state)
{
	int err = 0;
	socklen_t len = sizeof(err);

	c = unet_connect(cli, "tcp", "192.0.2.2:81", NULL);
	unet_sock_on(c, ALL, tell, &told_c);
	run();
	assert_true(told_c.events & UNET_ERROR);
	assert_true(unet_sock_events(c) & UNET_ERROR);
	assert_int_equal(unet_getsockopt(c, SOL_SOCKET, SO_ERROR, &err, &len),
			 0);
	assert_int_equal(err, ECONNREFUSED);
}

static void a_reset_is_told(void **state)
{
	char buf[10];

	establish();
	unet_sock_on(c, UNET_READABLE, tell, &told_c);
	assert_int_equal(unet_abort(s), 0);
	run();
	assert_true(told_c.events & UNET_ERROR);
	assert_int_equal(unet_recv(c, buf, 10, 0), -ECONNRESET);
}

static void close_it(struct unet_sock *sock, uint32_t events, void *arg)
{
	struct told *t = arg;

	t->calls++;
	unet_close(sock);
}

static void a_socket_may_be_closed_from_its_own_callback(void **state)
{
	establish();
	unet_sock_on(s, UNET_READABLE, close_it, &told_s);
	unet_send(c, "x", 1, 0);
	run();
	unet_send(c, "x", 1, 0);
	run();
	assert_int_equal(told_s.calls, 1);
	s = NULL;
}

static void close_the_other(struct unet_sock *sock, uint32_t events, void *arg)
{
	struct unet_sock **other = arg;

	told_s.calls++;
	if (*other)
		unet_close(*other);
	*other = NULL;
}

static void a_callback_may_close_another_that_is_about_to_be_called(void **state)
{
	struct unet_sock *c2;
	struct unet_sock *s2;

	establish();
	c2 = unet_connect(cli, "tcp", SERVER, NULL);
	run();
	s2 = unet_accept(ls);
	unet_sock_on(s, UNET_READABLE, close_the_other, &s2);
	unet_sock_on(s2, UNET_READABLE, tell, &told_c);
	unet_send(c, "x", 1, 0);
	unet_send(c2, "x", 1, 0);
	run();
	assert_int_equal(told_s.calls, 1);
	assert_int_equal(told_c.calls, 0);
}

static void serve(struct unet_sock *sock, uint32_t events, void *arg)
{
	char buf[100];
	ssize_t n;

	while ((n = unet_recv(sock, buf, sizeof(buf), 0)) > 0)
		assert_int_equal(unet_send(sock, buf, (size_t)n, 0), n);
	if (!n)
		unet_close(sock);
}

static void welcome(struct unet_sock *sock, uint32_t events, void *arg)
{
	struct unet_sock *got;

	while ((got = unet_accept(sock)))
		unet_sock_on(got, UNET_READABLE, serve, NULL);
}

static void an_echo_server_is_two_callbacks(void **state)
{
	struct unet_sock *cs[20];
	char buf[100];
	int i;

	ls = unet_listen(srv, "tcp", ":80", 32);
	unet_sock_on(ls, UNET_READABLE, welcome, NULL);
	for (i = 0; i < 20; i++)
		cs[i] = unet_connect(cli, "tcp", SERVER, NULL);
	run();
	for (i = 0; i < 20; i++)
		assert_int_equal(unet_send(cs[i], "hello", 5, 0), 5);
	run();
	for (i = 0; i < 20; i++) {
		assert_int_equal(unet_recv(cs[i], buf, sizeof(buf), 0), 5);
		unet_close(cs[i]);
	}
	run();
}

static void received_bytes_can_be_read_in_place(void **state)
{
	struct iovec iov[4];
	char buf[10];

	establish();
	unet_send(c, "hello world", 11, 0);
	run();
	assert_int_equal(unet_peek(s, iov, 0), -EINVAL);
	assert_int_equal(unet_peek(s, iov, 4), 1);
	assert_int_equal(iov[0].iov_len, 11);
	assert_memory_equal(iov[0].iov_base, "hello world", 11);
	assert_int_equal(unet_consume(s, 12), -EINVAL);
	assert_int_equal(unet_consume(s, 6), 0);
	assert_int_equal(unet_recv(s, buf, 3, MSG_PEEK), 3);
	assert_int_equal(unet_recv(s, buf, 10, 0), 5);
	assert_memory_equal(buf, "world", 5);
	assert_int_equal(unet_peek(s, iov, 4), -EAGAIN);
	assert_int_equal(unet_consume(s, 0), 0);
}

static void a_full_send_buffer_is_told_and_room_again_too(void **state)
{
	static char buf[1 << 20];
	char in[4096];
	size_t sent = 0;
	ssize_t n;

	establish();
	unet_sock_on(c, UNET_WRITABLE, tell, &told_c);
	run();
	while ((n = unet_send(c, buf, sizeof(buf), 0)) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_true(sent > 0);
	assert_false(unet_sock_events(c) & UNET_WRITABLE);
	memset(&told_c, 0, sizeof(told_c));
	run();
	while (unet_recv(s, in, sizeof(in), 0) > 0)
		run();
	assert_true(told_c.events & UNET_WRITABLE);
	assert_true(unet_sock_events(c) & UNET_WRITABLE);
}

/* ---- refusals --------------------------------------------------------------------- */

static void refused(struct unet_sock *sock, int err, const char *word)
{
	assert_null(sock);
	assert_int_equal(errno, err);
	if (word)
		assert_non_null(strstr(unet_error_detail(), word));
}

static void wrong_words_are_named(void **state)
{
	struct unet_connect_opts o = { .size = sizeof(o) };

	refused(unet_listen(srv, "sctp", ":80", 1), EINVAL, "\"sctp\"");
	refused(unet_listen(srv, "udp", ":80", 1), EINVAL, "allowed: tcp");
	refused(unet_listen(srv, NULL, ":80", 1), EINVAL, "allowed");
	refused(unet_listen(srv, "tcp", "here:80", 1), EINVAL, "here:80");
	refused(unet_listen(srv, "tcp", NULL, 1), EINVAL, "empty");
	refused(unet_listen(srv, "tcp", ":80", 0), EINVAL, "backlog");
	refused(unet_connect(cli, "icmp", SERVER, NULL), EINVAL, "tcp, udp");
	refused(unet_connect(cli, "tcp", "192.0.2.2", NULL), EINVAL, "port");
	refused(unet_connect(cli, "tcp", ":80", NULL), EINVAL, "address");
	o.congestion = "vegas";
	refused(unet_connect(cli, "tcp", SERVER, &o), EINVAL, "vegas");
	o.congestion = NULL;
	o.local = "[2001:db8::1]:1";
	refused(unet_connect(cli, "tcp", SERVER, &o), EINVAL, "families");
	o.local = "x";
	refused(unet_connect(cli, "tcp", SERVER, &o), EINVAL, "\"x\"");
	o.local = NULL;
	o.flags = 0x100;
	refused(unet_connect(cli, "tcp", SERVER, &o), EINVAL, "flags 0x100");
	o.flags = 0;
	o.size = 3;
	refused(unet_connect(cli, "tcp", SERVER, &o), EINVAL, "size 3");
	o.size = SIZE_MAX;
	refused(unet_connect(cli, "tcp", SERVER, &o), E2BIG, "connect_opts");
	refused(unet_udp_open(cli, AF_UNIX), EAFNOSUPPORT, NULL);
	refused(unet_connect_addr(cli, SOCK_RAW, (void *)&(struct sockaddr_in){
		.sin_family = AF_INET }, sizeof(struct sockaddr_in), NULL),
		EINVAL, "SOCK_STREAM");
	refused(unet_connect_addr(cli, SOCK_STREAM, (void *)&(struct sockaddr){
		.sa_family = AF_UNIX }, sizeof(struct sockaddr), NULL),
		EAFNOSUPPORT, "AF_INET");
	refused(unet_listen_addr(cli, (void *)&(struct sockaddr_in){
		.sin_family = AF_INET }, sizeof(struct sockaddr_in), 1, 0x100),
		EINVAL, "flags 0x100");
}

static void addresses_that_cannot_be_had_are_refused(void **state)
{
	struct unet_connect_opts o = { .size = sizeof(o) };

	refused(unet_listen(srv, "tcp", "198.51.100.1:80", 1), EADDRNOTAVAIL,
		"\"198.51.100.1:80\": not an address of this host");
	ls = unet_listen(srv, "tcp", ":80", 1);
	assert_string_equal(unet_error_detail(), "");
	refused(unet_listen(srv, "tcp", ":80", 1), EADDRINUSE,
		"address \"[::]:80\": in use by the host or another application");
	refused(unet_listen(srv, "tcp", "0.0.0.0:80", 1), EADDRINUSE, "0.0.0.0:80");
	o.local = "198.51.100.1:0";
	refused(unet_connect(cli, "tcp", SERVER, &o), EADDRNOTAVAIL,
		"198.51.100.1:0");
	o.local = "192.0.2.1:4000";
	c = unet_connect(cli, "tcp", SERVER, &o);
	assert_non_null(c);
	refused(unet_connect(cli, "tcp", SERVER, &o), EADDRINUSE,
		"\"192.0.2.1:4000\": in use");
}

static void calls_that_do_not_fit_the_kind_are_refused(void **state)
{
	struct iovec iov;
	char buf[4];

	establish();
	assert_int_equal(unet_send(ls, "x", 1, 0), -ENOTCONN);
	assert_int_equal(unet_recv(ls, buf, 1, 0), -ENOTCONN);
	assert_int_equal(unet_peek(ls, &iov, 1), -ENOTCONN);
	assert_int_equal(unet_consume(ls, 1), -ENOTCONN);
	assert_int_equal(unet_shutdown(ls, SHUT_WR), -ENOTCONN);
	refused(unet_accept(c), EINVAL, NULL);
	assert_int_equal(unet_udp_bind(c, ":1"), -EINVAL);
	assert_int_equal(unet_sendto(c, "x", 1, 0, NULL, 0), -EOPNOTSUPP);
	assert_int_equal(unet_send(c, "x", 1, MSG_OOB), -EINVAL);
	assert_int_equal(unet_recv(c, buf, 1, MSG_OOB), -EINVAL);
	assert_int_equal(unet_sendv(c, &iov, -1, 0), -EINVAL);
	assert_int_equal(unet_close(NULL), 0);
	assert_int_equal(unet_abort(NULL), 0);
	unet_stack_close(NULL);
}

/* ---- datagrams -------------------------------------------------------------------- */

static void datagrams_go_there_and_back(void **state)
{
	struct sockaddr_storage from;
	struct sockaddr_in6 me;
	socklen_t len = sizeof(from);
	char buf[2000];

	s = unet_udp_open(srv, AF_INET6);
	assert_int_equal(unet_udp_bind(s, ":53"), 0);
	unet_sock_on(s, UNET_READABLE, tell, &told_s);
	c = unet_udp_open(cli, AF_INET);
	assert_int_equal(unet_sendto(c, "ask", 3, 0,
				     (void *)&(struct sockaddr_in){
					.sin_family = AF_INET,
					.sin_port = htons(53),
					.sin_addr.s_addr = htonl(0xc0000202),
				     }, sizeof(struct sockaddr_in)), 3);
	run();
	assert_int_equal(told_s.calls, 1);
	assert_int_equal(unet_recvfrom(s, buf, sizeof(buf), 0, (void *)&from,
				       &len), 3);
	assert_int_equal(from.ss_family, AF_INET);
	assert_int_equal(unet_sendto(s, "answer", 6, 0, (void *)&from, len), 6);
	run();
	assert_int_equal(unet_recv(c, buf, 2, MSG_TRUNC), 6);
	assert_int_equal(unet_recv(c, buf, 2, 0), -EAGAIN);
	len = sizeof(me);
	assert_int_equal(unet_getsockname(s, (void *)&me, &len), 0);
	assert_int_equal(me.sin6_family, AF_INET6);
	assert_int_equal(me.sin6_port, htons(53));
}

static void a_shut_down_datagram_socket_says_so(void **state)
{
	char buf[4];
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	c = unet_udp_open(cli, AF_INET);
	assert_int_equal(unet_shutdown(c, SHUT_RD), -ENOTCONN);
	unet_close(c);
	c = unet_connect(cli, "udp", SERVER, NULL);
	assert_int_equal(unet_shutdown(c, SHUT_WR), 0);
	assert_int_equal(unet_send(c, "x", 1, 0), -EPIPE);
	assert_int_equal(unet_sendto(c, "x", 1, 0, NULL, 0), -EPIPE);
	assert_int_equal(unet_recv(c, buf, 4, 0), -EAGAIN);
	unet_sock_on(c, UNET_READABLE, tell, &told_c);
	unet_shutdown(c, SHUT_RD);
	run();
	assert_true(told_c.events & UNET_CLOSED);
	assert_int_equal(unet_recv(c, buf, 4, 0), 0);
	assert_int_equal(unet_recvfrom(c, buf, 4, 0, (void *)&in, &len), 0);
	assert_int_equal(len, 0);
}

/* ---- options ------------------------------------------------------------------------ */

struct number {
	int level;
	int name;
	int value;
	int err;
};

static const struct number numbers[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1, 0 },
	{ SOL_SOCKET, SO_SNDBUF, 65536, 0 },
	{ SOL_SOCKET, SO_RCVBUF, 65536, 0 },
	{ IPPROTO_TCP, TCP_NODELAY, 1, 0 },
	{ IPPROTO_TCP, TCP_CORK, 1, 0 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 60, 0 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 10, 0 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 3, 0 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 5000, 0 },
	{ IPPROTO_IP, IP_TOS, 0x10, 0 },
	{ IPPROTO_IP, IP_TTL, 5, 0 },
	{ IPPROTO_IPV6, IPV6_TCLASS, 0x20, 0 },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9, 0 },
	{ IPPROTO_IP, IP_TTL, 0, -EINVAL },
	{ IPPROTO_IP, IP_TTL, 256, -EINVAL },
	{ IPPROTO_IP, IP_TOS, -1, -EINVAL },
	{ IPPROTO_TCP, TCP_NODELAY, -1, -EINVAL },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, -1, -EINVAL },
	{ SOL_SOCKET, SO_SNDBUF, -1, -EINVAL },
	{ SOL_SOCKET, SO_RCVBUF, -1, -EINVAL },
	{ SOL_SOCKET, SO_TYPE, 1, -ENOPROTOOPT },
	{ SOL_SOCKET, SO_ERROR, 1, -ENOPROTOOPT },
	{ SOL_SOCKET, 9999, 1, -ENOPROTOOPT },
	{ 9999, SO_KEEPALIVE, 1, -ENOPROTOOPT },
	{ SOL_SOCKET, SO_REUSEADDR, 1, -EISCONN },
	{ IPPROTO_IPV6, IPV6_V6ONLY, 1, -EISCONN },
};

static void options_are_set_and_read_back(void **state)
{
	size_t i;

	establish();
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct number *n = &numbers[i];
		socklen_t len = sizeof(int);
		int v = -77;

		assert_int_equal(unet_setsockopt(c, n->level, n->name,
						 &n->value, sizeof(int)),
				 n->err);
		if (n->err)
			continue;
		assert_int_equal(unet_setsockopt(c, n->level, n->name,
						 &n->value, 3), -EINVAL);
		assert_int_equal(unet_getsockopt(c, n->level, n->name, &v,
						 &len), 0);
		assert_int_equal(v, n->value);
		assert_int_equal(len, sizeof(int));
	}
}

static int get_int(struct unet_sock *sock, int level, int name)
{
	socklen_t len = sizeof(int);
	int v = -77;
	int err = unet_getsockopt(sock, level, name, &v, &len);

	return err ? err : v;
}

static void a_socket_says_what_it_is(void **state)
{
	struct unet_sock *u;

	establish();
	u = unet_udp_open(cli, AF_INET6);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_DOMAIN), AF_INET);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	assert_int_equal(get_int(ls, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
	assert_int_equal(get_int(ls, SOL_SOCKET, SO_ACCEPTCONN), 1);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_ACCEPTCONN), 0);
	assert_int_equal(get_int(c, SOL_SOCKET, SO_ERROR), 0);
	assert_int_equal(get_int(u, IPPROTO_TCP, TCP_NODELAY), -ENOPROTOOPT);
}

static void ecn_bits_are_not_for_users_of_a_stream(void **state)
{
	struct unet_sock *u = unet_udp_open(cli, AF_INET);
	int v = 0xbb;

	establish();
	assert_int_equal(unet_setsockopt(c, IPPROTO_IP, IP_TOS, &v, 4), 0);
	assert_int_equal(get_int(c, IPPROTO_IP, IP_TOS), 0xb8);
	assert_int_equal(unet_setsockopt(c, IPPROTO_IPV6, IPV6_TCLASS, &v, 4),
			 0);
	assert_int_equal(get_int(c, IPPROTO_IP, IP_TOS), 0xb8);
	assert_int_equal(unet_setsockopt(c, IPPROTO_IP, IP_TTL, &v, 4), 0);
	assert_int_equal(get_int(c, IPPROTO_IP, IP_TTL), 0xbb);
	assert_int_equal(unet_setsockopt(u, IPPROTO_IP, IP_TOS, &v, 4), 0);
	assert_int_equal(get_int(u, IPPROTO_IP, IP_TOS), 0xbb);
}

static void udp_has_its_own_options(void **state)
{
	struct unet_sock *u = unet_udp_open(cli, AF_INET6);
	int v = 1;

	assert_int_equal(unet_setsockopt(u, SOL_SOCKET, SO_REUSEADDR, &v, 4),
			 0);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_REUSEADDR), 1);
	assert_int_equal(unet_setsockopt(u, IPPROTO_IPV6, IPV6_V6ONLY, &v, 4),
			 0);
	v = 0;
	assert_int_equal(unet_setsockopt(u, SOL_SOCKET, SO_REUSEADDR, &v, 4),
			 0);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_REUSEADDR), 0);
	assert_int_equal(get_int(u, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	v = -1;
	assert_int_equal(unet_setsockopt(u, SOL_SOCKET, SO_RCVBUF, &v, 4),
			 -EINVAL);
	assert_int_equal(unet_setsockopt(u, IPPROTO_IP, IP_TOS, &v, 4),
			 -EINVAL);
	assert_int_equal(unet_setsockopt(u, IPPROTO_IP, IP_TTL, &v, 4),
			 -EINVAL);
	v = 1000;
	assert_int_equal(unet_setsockopt(u, SOL_SOCKET, SO_RCVBUF, &v, 4), 0);
	assert_int_equal(get_int(u, SOL_SOCKET, SO_RCVBUF), 1000);
	assert_int_equal(get_int(u, IPPROTO_IP, IP_TTL), 64);
	assert_int_equal(unet_udp_bind(u, ":9"), 0);
	assert_int_equal(unet_setsockopt(u, IPPROTO_IPV6, IPV6_V6ONLY, &v, 4),
			 -EISCONN);
}

static void structures_and_names_are_options_too(void **state)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };
	struct linger got = { 0 };
	struct unet_tcp_info info;
	char name[16];
	socklen_t len;

	establish();
	assert_int_equal(unet_setsockopt(c, SOL_SOCKET, SO_LINGER, &l,
					 sizeof(l)), 0);
	len = sizeof(got);
	assert_int_equal(unet_getsockopt(c, SOL_SOCKET, SO_LINGER, &got, &len),
			 0);
	assert_memory_equal(&l, &got, sizeof(l));
	assert_int_equal(unet_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION,
					 "reno", 4), 0);
	len = sizeof(name);
	assert_int_equal(unet_getsockopt(c, IPPROTO_TCP, TCP_CONGESTION, name,
					 &len), 0);
	assert_string_equal(name, "reno");
	assert_int_equal(unet_setsockopt(c, IPPROTO_TCP, TCP_CONGESTION,
					 "nothing", 7), -ENOENT);
	len = sizeof(info);
	assert_int_equal(unet_getsockopt(c, IPPROTO_TCP, UNET_SO_TCP_INFO,
					 &info, &len), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.state, 4);
	assert_string_equal(info.congestion, "reno");
	/* an older program's smaller struct */
	memset(&info, 0xee, sizeof(info));
	len = 8;
	assert_int_equal(unet_getsockopt(c, IPPROTO_TCP, UNET_SO_TCP_INFO,
					 &info, &len), 0);
	assert_int_equal(info.size, 8);
	assert_int_equal(info.rto_us, 0xeeeeeeee);
	assert_int_equal(unet_getsockopt(c, SOL_SOCKET, SO_TYPE, NULL, &len),
			 -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connection_is_told_to_both_sides),
		TEST(names_are_those_of_the_connection),
		TEST(events_are_told_when_they_happen_not_for_as_long),
		TEST(what_is_true_already_is_told_once),
		TEST(what_was_told_is_not_told_with_the_next),
		TEST(wrong_wishes_are_refused),
		TEST(the_end_of_the_stream_is_told),
		TEST(connecting_after_a_pause_sends_one_syn),
		TEST(a_refused_connection_fails_with_its_error),
		TEST(a_reset_is_told),
		TEST(a_socket_may_be_closed_from_its_own_callback),
		TEST(a_callback_may_close_another_that_is_about_to_be_called),
		TEST(an_echo_server_is_two_callbacks),
		TEST(received_bytes_can_be_read_in_place),
		TEST(a_full_send_buffer_is_told_and_room_again_too),
		TEST(wrong_words_are_named),
		TEST(addresses_that_cannot_be_had_are_refused),
		TEST(calls_that_do_not_fit_the_kind_are_refused),
		TEST(datagrams_go_there_and_back),
		TEST(a_shut_down_datagram_socket_says_so),
		TEST(options_are_set_and_read_back),
		TEST(a_socket_says_what_it_is),
		TEST(ecn_bits_are_not_for_users_of_a_stream),
		TEST(udp_has_its_own_options),
		TEST(structures_and_names_are_options_too),
	};

	return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
