// SPDX-License-Identifier: MIT
/*
 * Hooks that make packets longer: what they reserve is taken off what sockets send,
 * as soon as they are there and as long as they are, for the flows they match and no
 * others; they get it in full packets, and not a byte more.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <unet/unet.h>
#include "helpers.h"
#include "stack.h"
#include "tcp_internal.h"

#define MTU	1500u

static struct unet_wire *w;
static struct unet_stack *end[2];
static struct unet_sock *a;
static struct unet_sock *b;
static u32 largest;	/* packet on the wire */

static int measure(void *arg, int from, uint64_t now_us, void *packet,
		   size_t len)
{
	if (len > largest)
		largest = (u32)len;
	assert_in_range(len, 1, MTU);
	return 0;
}

static int set_up(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .flags = UNET_WIRE_CSUM,
				    .mtu = MTU };

	w = unet_wire_open(&o, end);
	unet_wire_on_packet(w, measure, NULL);
	b = unet_udp_open(end[1], AF_INET);
	unet_udp_bind(b, ":7");
	a = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
	largest = 0;
	return !a;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

static void run(void)
{
	unet_wire_run(w, unet_wire_now(w) + 10000);
}

/* ---- a hook that adds to UDP's payload ------------------------------------ */

/**
 * struct grower - what such a hook does
 * @add:	so many bytes at the end, in each of @times calls
 * @cut:	first, so many there
 * @times:	calls
 * @room:	out: before the first call
 * @left:	out: after the last
 * @err:	out: of the last call
 */
struct grower {
	u32 add;
	u32 cut;
	u32 times;
	u32 room;
	u32 left;
	int err;
};

static void grow(struct unet_hook_batch *batch, void *arg)
{
	static const u8 zero[2000];
	struct unet_hook_pkt *p = batch->pkt[0];
	struct grower *g = arg;
	u32 i;

	g->room = unet_hook_room(p);
	if (g->cut)
		assert_int_equal(unet_hook_splice(p, p->total - g->cut, g->cut,
						  NULL, 0), 0);
	for (i = 0; i < g->times; i++)
		g->err = unet_hook_splice(p, p->total, 0, zero, g->add);
	g->left = unet_hook_room(p);
}

static struct unet_hook *grower(struct grower *g, u16 reserve, s32 priority)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_TX, .reserve = reserve,
		.priority = priority, .match = UNET_HOOK_PROTO,
		.proto = IPPROTO_UDP,
	};
	struct unet_hook *h = unet_hook_add(end[0], grow, g, &o);

	assert_non_null(h);
	return h;
}

static u64 no_room(struct unet_hook *h)
{
	struct unet_hook_stats s = { .size = sizeof(s) };

	assert_int_equal(unet_hook_stats(h, &s), 0);
	return s.no_room;
}

/* A datagram of so many bytes. Return: what arrived, 0: could not be sent. */
static u32 passes(struct unet_sock *s, u32 bytes)
{
	static char data[MTU];
	ssize_t n = unet_send(s, data, bytes, 0);
	u32 got = 0;

	if (n == -EMSGSIZE)
		return 0;
	assert_int_equal(n, bytes);
	run();
	while ((n = unet_recv(b, data, sizeof(data), 0)) >= 0)
		got = (u32)n;
	return got;
}

static void what_is_reserved_is_taken_off_and_is_there(void **state)
{
	struct grower g = { .add = 20, .times = 1 };
	struct unet_hook *h;

	assert_int_equal(passes(a, 1472), 1472);
	h = grower(&g, 20, 0);
	assert_int_equal(passes(a, 1453), 0);
	assert_int_equal(passes(a, 1452), 1472);
	assert_int_equal(g.room, 20);
	assert_int_equal(g.err, 0);
	assert_int_equal(g.left, 0);
	assert_int_equal(largest, MTU);
	assert_int_equal(no_room(h), 0);
	unet_hook_del(h);
	assert_int_equal(passes(a, 1472), 1472);
}

static void more_than_the_reserve_is_refused(void **state)
{
	struct grower g = { .add = 21, .times = 1 };
	struct unet_hook *h = grower(&g, 20, 0);

	/* in a packet that is full, and in one that is not */
	assert_int_equal(passes(a, 1452), 1452);
	assert_int_equal(g.err, -EMSGSIZE);
	assert_int_equal(passes(a, 5), 5);
	assert_int_equal(g.err, -EMSGSIZE);
	assert_int_equal(no_room(h), 2);
	assert_int_equal(end[0]->counter[UNET_STAT_HOOK_NO_ROOM], 2);
	assert_int_equal(end[0]->counter[UNET_STAT_HOOK_REFUSED], 0);
	/* nor bit by bit; what was cut may be filled again */
	g.add = 8;
	g.times = 3;
	assert_int_equal(passes(a, 5), 5 + 16);
	assert_int_equal(g.err, -EMSGSIZE);
	assert_int_equal(g.left, 4);
	g.cut = 4;
	assert_int_equal(passes(a, 5), 5 - 4 + 24);
	assert_int_equal(g.err, 0);
	assert_int_equal(g.left, 0);
}

static void each_gets_its_own(void **state)
{
	struct grower without = { .times = 0 };
	struct grower first = { .add = 20, .times = 1 };
	struct grower last = { .add = 12, .times = 1 };

	grower(&without, 0, 9);
	grower(&first, 20, 5);
	grower(&last, 12, 0);
	assert_int_equal(passes(a, 1441), 0);
	assert_int_equal(passes(a, 1440), 1472);
	assert_int_equal(without.room, 0);
	assert_int_equal(first.room, 20);
	assert_int_equal(last.room, 12);
	assert_int_equal(largest, MTU);
	/* who has reserved nothing gets what the others leave */
	assert_int_equal(passes(a, 100), 132);
	assert_int_equal(without.room, MTU - 128 - 32);
	without.add = without.room;
	without.times = 1;
	assert_int_equal(passes(a, 100), 1472);
	assert_int_equal(without.err, 0);
	assert_int_equal(first.err | last.err, 0);
}

static void a_reserve_can_be_modified(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .reserve = 30 };
	struct grower g = { .times = 0 };
	struct unet_hook *h = grower(&g, 20, 0);

	assert_int_equal(passes(a, 1452), 1452);
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_int_equal(passes(a, 1443), 0);
	assert_int_equal(passes(a, 1442), 1442);
	/* of what is received nothing is taken off */
	o.dirs = UNET_HOOK_RX;
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_int_equal(passes(a, 1472), 1472);
}

/* ---- whom it concerns ------------------------------------------------------ */

static void nothing(struct unet_hook_batch *batch, void *arg)
{
}

struct concern {
	const char *sentence;
	struct unet_hook_opts o;
	u32 connected;	/* bytes taken off a */
	u32 open;	/* off a socket that names its peer when it sends */
	bool sock;
};

static const struct concern concerns[] = {
	{ "all", { .match = 0 }, 40, 40, false },
	{ "IPv4", { .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x0800 }, 40, 40, false },
	{ "IPv6", { .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x86dd }, 0, 0, false },
	{ "UDP", { .match = UNET_HOOK_PROTO, .proto = IPPROTO_UDP }, 40, 40, false },
	{ "TCP", { .match = UNET_HOOK_PROTO, .proto = IPPROTO_TCP }, 0, 0, false },
	{ "its port", { .match = UNET_HOOK_LOCAL_PORT, .local_port = 9 }, 40, 0, false },
	{ "another port", { .match = UNET_HOOK_LOCAL_PORT, .local_port = 8 }, 0, 40, false },
	{ "its peer's port", { .match = UNET_HOOK_REMOTE_PORT, .remote_port = 7 }, 40, 40, false },
	{ "another peer's", { .match = UNET_HOOK_REMOTE_PORT, .remote_port = 6 }, 0, 40, false },
	{ "its socket", { .match = UNET_HOOK_SOCK }, 40, 0, true },
};

/* Most bytes that can be sent, by an open socket to b. */
static u32 most(struct unet_sock *s, bool open)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(7),
		.sin_addr.s_addr = inet_addr("192.0.2.2"),
	};
	static char data[MTU];
	u32 n;

	for (n = MTU; n; n--) {
		ssize_t ret = unet_sendto(s, data, n, 0,
					  open ? (struct sockaddr *)&to : NULL,
					  open ? sizeof(to) : 0);

		if (ret == (ssize_t)n)
			break;
		assert_int_equal(ret, -EMSGSIZE);
	}
	return n;
}

static void concern_row(void **state)
{
	const struct concern *c = *state;
	struct unet_connect_opts local = { .size = sizeof(local), .local = "0.0.0.0:9" };
	struct unet_hook_opts o = c->o;
	struct unet_sock *open;

	assert_false(set_up(NULL));
	a = unet_connect(end[0], "udp", "192.0.2.2:7", &local);
	open = unet_udp_open(end[0], AF_INET);
	assert_int_equal(unet_udp_bind(open, ":8"), 0);
	o.size = sizeof(o);
	o.dirs = UNET_HOOK_TX;
	o.reserve = 40;
	o.sock = c->sock ? a : NULL;
	assert_non_null(unet_hook_add(end[0], nothing, NULL, &o));
	assert_int_equal(most(a, false), 1472 - c->connected);
	assert_int_equal(most(open, true), 1472 - c->open);
	tear_down(NULL);
}

/* ---- TCP ------------------------------------------------------------------- */

static struct unet_sock *connected(struct unet_sock **peer)
{
	struct unet_sock *ls = unet_listen(end[1], "tcp", ":80", 4);
	struct unet_sock *c = unet_connect(end[0], "tcp", "192.0.2.2:80", NULL);

	run();
	*peer = unet_accept(ls);
	assert_non_null(*peer);
	return c;
}

static struct unet_tcp_info info_of(struct unet_sock *s)
{
	struct unet_tcp_info info = { .size = sizeof(info) };
	socklen_t len = sizeof(info);

	assert_int_equal(unet_getsockopt(s, IPPROTO_TCP, UNET_SO_TCP_INFO,
					 &info, &len), 0);
	return info;
}

/* An IPv4 option that means nothing, in front of TCP. */
static void put_option(struct unet_hook_batch *batch, void *arg)
{
	static const u8 nops[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static const u8 first = 0x47;
	u32 i;

	for (i = 0; i < batch->n; i++) {
		assert_int_equal(unet_hook_splice(batch->pkt[i], 20, 0, nops, 8),
				 0);
		assert_int_equal(unet_hook_write(batch->pkt[i], 0, &first, 1),
				 0);
		*(u32 *)arg += batch->pkt[i]->segs;
	}
}

static u32 moved(struct unet_sock *from, struct unet_sock *to, u32 bytes)
{
	static char data[20000];
	u32 got = 0;
	u32 i;

	assert_int_equal(unet_send(from, data, bytes, 0), bytes);
	for (i = 0; i < 20; i++) {
		ssize_t n;

		run();
		while ((n = unet_recv(to, data, sizeof(data), 0)) > 0)
			got += (u32)n;
	}
	return got;
}

static void segments_leave_room_while_the_hook_is_there(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .reserve = 8,
				    .dirs = UNET_HOOK_TX, .match = UNET_HOOK_PROTO,
				    .proto = IPPROTO_TCP };
	struct unet_sock *peer;
	struct unet_sock *c = connected(&peer);
	u16 mss = info_of(c).snd_mss;
	static u32 n;
	struct unet_hook *h;

	assert_int_equal(moved(c, peer, 20000), 20000);
	assert_int_equal(largest, MTU);
	h = unet_hook_add(end[0], put_option, &n, &o);
	largest = 0;
	assert_int_equal(moved(c, peer, 20000), 20000);
	assert_true(n > 13);
	assert_int_equal(largest, MTU);
	assert_int_equal(info_of(c).snd_mss, mss - 8);
	assert_int_equal(info_of(c).pmtu, MTU - 8);
	assert_int_equal(end[0]->counter[UNET_STAT_HOOK_NO_ROOM], 0);
	unet_hook_del(h);
	assert_int_equal(moved(c, peer, 20000), 20000);
	assert_int_equal(info_of(c).snd_mss, mss);
	assert_int_equal(info_of(c).pmtu, MTU);
}

/* What is received needs no room; a super packet needs it once. */
static void the_peer_is_told_the_whole(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .reserve = 100 };
	struct unet_flow f = { .mtu = MTU, .gso_max = 60000,
			       .key = { .family = 4, .proto = IPPROTO_TCP } };

	unet_hook_add(end[0], nothing, NULL, &o);
	unet_flow_age_mtu(end[0], &f);
	assert_int_equal(unet_flow_mtu(&f), MTU - 100);
	assert_int_equal(unet_flow_path_mtu(&f), MTU);
	assert_int_equal(unet_flow_gso_max(&f), 60000 - 100);
	assert_int_equal(unet_tcp_mss_limit(&f), MTU - 40);
}

/* ---- refusals --------------------------------------------------------------- */

static void a_stack_has_only_so_much_to_reserve(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .reserve = 257 };
	struct unet_hook *h;

	assert_null(unet_hook_add(end[0], nothing, NULL, &o));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(unet_error_detail(), "reserve 0x101"));
	o.reserve = 200;
	h = unet_hook_add(end[0], nothing, NULL, &o);
	assert_non_null(h);
	o.reserve = 57;
	assert_null(unet_hook_add(end[0], nothing, NULL, &o));
	assert_int_equal(errno, ENOSPC);
	assert_non_null(strstr(unet_error_detail(), "reserve 257 bytes: at most 256"));
	o.reserve = 56;
	assert_non_null(unet_hook_add(end[0], nothing, NULL, &o));
	o.reserve = 201;
	assert_int_equal(unet_hook_modify(h, &o), -ENOSPC);
	assert_int_equal(most(a, false), 1472 - 256);
	/* received: it means nothing there */
	o.dirs = UNET_HOOK_RX;
	assert_non_null(unet_hook_add(end[0], nothing, NULL, &o));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(concerns)];
	const struct CMUnitTest tests[] = {
		TEST(what_is_reserved_is_taken_off_and_is_there),
		TEST(more_than_the_reserve_is_refused),
		TEST(each_gets_its_own),
		TEST(a_reserve_can_be_modified),
		TEST(segments_leave_room_while_the_hook_is_there),
		TEST(the_peer_is_told_the_whole),
		TEST(a_stack_has_only_so_much_to_reserve),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(concerns); i++)
		rows[i] = (struct CMUnitTest){ concerns[i].sentence, concern_row,
			NULL, NULL, (void *)&concerns[i] };
	return cmocka_run_group_tests_name("hook reserve, by match", rows, NULL,
					   NULL) +
	       cmocka_run_group_tests_name("hook reserve", tests, NULL, NULL);
}
