// SPDX-License-Identifier: MIT
/*
 * The in-memory wire: what it does to packets and when, that a seed repeats, that
 * flows behave as a nexus' do, and that cutting super packets is right.
 */
#include <netinet/in.h>
#include <unet/unet.h>
#include "backend_loop.h"
#include "core/csum.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "socket.h"
#include "stack.h"

#define US	1000000ull

static struct unet_wire *w;
static struct unet_stack *end[2];
static struct unet_sock *a;
static struct unet_sock *b;
static u64 start;

/* A UDP socket at each end, connected to the other. */
static void open_wire(const struct unet_wire_opts *opts)
{
	w = unet_wire_open(opts, end);
	assert_non_null(w);
	start = unet_wire_now(w);
	b = unet_udp_open(end[1], AF_INET);
	assert_int_equal(unet_udp_bind(b, ":7"), 0);
	a = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
	assert_non_null(a);
}

static int close_wire(void **state)
{
	unet_wire_close(w);
	w = NULL;
	return 0;
}

static int drain(void)
{
	char buf[2048];
	int n = 0;

	while (unet_recv(b, buf, sizeof(buf), 0) >= 0)
		n++;
	return n;
}

static void send_n(int n, size_t len)
{
	static char buf[2048];

	while (n--)
		assert_int_equal(unet_send(a, buf, len, 0), len);
}

static void a_perfect_wire_delivers_at_once_and_in_order(void **state)
{
	char c;
	int i;

	open_wire(NULL);
	for (i = 0; i < 100; i++) {
		c = (char)i;
		unet_send(a, &c, 1, 0);
	}
	assert_int_equal(unet_wire_run(w, UNET_NEVER), start + 1);
	for (i = 0; i < 100; i++) {
		assert_int_equal(unet_recv(b, &c, 1, 0), 1);
		assert_int_equal(c, i);
	}
	assert_int_equal(unet_wire_step(w), 0);
}

static void delay_is_what_it_says(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .delay_us = 5000 };

	open_wire(&o);
	send_n(1, 1);
	unet_wire_run(w, start + 4999);
	assert_int_equal(drain(), 0);
	unet_wire_run(w, start + 5000);
	assert_int_equal(drain(), 1);
}

static void bandwidth_spreads_packets(void **state)
{
	/* 1,000 bytes with headers take 1 ms */
	struct unet_wire_opts o = { .size = sizeof(o), .bits_per_s = 8000000 };
	int i;

	open_wire(&o);
	send_n(10, 972);
	for (i = 1; i <= 10; i++) {
		unet_wire_run(w, start + (u64)i * 1000 + 1);
		assert_int_equal(drain(), 1);
	}
}

static void a_full_queue_drops(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .bits_per_s = 8000000, .queue_bytes = 5000,
	};

	open_wire(&o);
	send_n(10, 972);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(drain(), 5);
	assert_int_equal(end[0]->counter[UNET_STAT_WIRE_OVERFLOW], 5);
}

/* What the advice on the receiver's flow says of marks. */
static u32 marked(void)
{
	return b->ops->flow(b)->adv->ce_count;
}

static void a_long_queue_marks_who_can_take_it(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .bits_per_s = 8000000, .ce_bytes = 5000,
		.flags = UNET_WIRE_CSUM,
	};
	int tos = 2;

	open_wire(&o);
	send_n(10, 972);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(drain(), 10);
	assert_int_equal(marked(), 0);
	assert_int_equal(unet_setsockopt(a, IPPROTO_IP, IP_TOS, &tos,
					 sizeof(tos)), 0);
	send_n(10, 972);
	unet_wire_run(w, UNET_NEVER);
	/* a mark does not spoil the checksums */
	assert_int_equal(drain(), 10);
	assert_int_equal(marked(), 5);
}

static int lose_third(void *arg, int from, uint64_t now, void *packet, size_t len)
{
	int *n = arg;

	assert_int_equal(from, 0);
	return ++*n == 3;
}

static void a_tap_sees_all_and_may_take_away(void **state)
{
	int n = 0;

	open_wire(NULL);
	unet_wire_on_packet(w, lose_third, &n);
	send_n(5, 10);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(n, 5);
	assert_int_equal(drain(), 4);
	unet_wire_on_packet(w, NULL, NULL);
}

static void rates_are_about_what_they_say(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .seed = 42, .delay_us = 100,
		.loss_ppm = 100000, .dup_ppm = 50000, .reorder_ppm = 200000,
		.reorder_us = 1000,
	};
	u64 lost, dup, late;
	int got = 0;
	int i;

	open_wire(&o);
	for (i = 0; i < 100; i++) {
		send_n(100, 10);
		unet_wire_run(w, UNET_NEVER);
		got += drain();
	}
	lost = end[0]->counter[UNET_STAT_WIRE_LOST];
	dup = end[0]->counter[UNET_STAT_WIRE_DUP];
	late = end[0]->counter[UNET_STAT_WIRE_REORDERED];
	assert_in_range(lost, 900, 1100);
	assert_in_range(dup, 390, 510);
	assert_in_range(late, 1650, 1950);
	assert_int_equal(got, 10000 - lost + dup);
}

static u64 run_with_seed(u64 seed)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .seed = seed, .delay_us = 100,
		.loss_ppm = 300000, .jitter_us = 5000,
	};
	u64 hash = 0;
	char c;
	int i;

	open_wire(&o);
	for (i = 0; i < 100; i++) {
		c = (char)i;
		unet_send(a, &c, 1, 0);
	}
	while (unet_wire_step(w)) {
		while (unet_recv(b, &c, 1, 0) == 1)
			hash = hash * 31 + (u64)c * unet_wire_now(w);
	}
	close_wire(NULL);
	return hash;
}

static void a_seed_repeats_exactly(void **state)
{
	assert_int_equal(run_with_seed(1), run_with_seed(1));
	assert_int_not_equal(run_with_seed(1), run_with_seed(2));
}

static void a_flipped_bit_is_found_when_checksums_are_on(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .flags = UNET_WIRE_CSUM,
		.corrupt_ppm = 1000000,
	};
	static char zero[100];
	char buf[200];
	int got = 0;
	int i;

	open_wire(&o);
	for (i = 0; i < 500; i++) {
		unet_send(a, zero, sizeof(zero), 0);
		unet_wire_run(w, UNET_NEVER);
		/* TOS, TTL and the like are not in a checksum of UDP */
		if (unet_recv(b, buf, sizeof(buf), 0) == sizeof(zero)) {
			got++;
			assert_memory_equal(buf, zero, sizeof(zero));
		}
	}
	assert_int_equal(got, 0);
}

static void changing_the_wire_keeps_what_cannot_change(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .mtu = 1400 };
	static char buf[1400];

	open_wire(&o);
	o.mtu = 9000;
	o.loss_ppm = 1000000;
	assert_int_equal(unet_wire_set(w, &o), 0);
	assert_int_equal(unet_send(a, buf, 1373, 0), -EMSGSIZE);
	assert_int_equal(unet_send(a, buf, 1372, 0), 1372);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(drain(), 0);
	o.size--;
	assert_int_equal(unet_wire_set(w, &o), -EINVAL);
	assert_int_equal(unet_wire_set(w, NULL), -EINVAL);
}

static void bad_options_are_refused(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o) };

	o.flags = 0x80;
	assert_null(unet_wire_open(&o, end));
	assert_int_equal(errno, EINVAL);
	o.flags = 0;
	o.mtu = 67;
	assert_null(unet_wire_open(&o, end));
	o.mtu = 65536;
	assert_null(unet_wire_open(&o, end));
	o.mtu = 0;
	o.size = 1;
	assert_null(unet_wire_open(&o, end));
	assert_int_equal(errno, EINVAL);
	o.size = SIZE_MAX;
	assert_null(unet_wire_open(&o, end));
	assert_int_equal(errno, E2BIG);
}

static void one_end_may_close_first(void **state)
{
	open_wire(NULL);
	send_n(3, 10);
	unet_stack_close(end[1]);
	unet_wire_run(w, start + US);
	assert_int_equal(unet_wire_step(w), 0);
}

/* ---- cutting ---------------------------------------------------------------- */

static int check_cut(void *arg, int from, uint64_t now, void *packet, size_t len)
{
	const u8 *p = packet;
	u32 *seen = arg;
	u32 n = (u32)len - 28;
	u64 sum;

	assert_int_equal(unet_load_u16(p + 2), len);
	assert_int_equal(unet_load_u16(p + 24), len - 20);
	assert_int_equal(unet_csum_finish(unet_csum_add(p, 20, 0)), 0);
	sum = unet_csum_pseudo4(p + 12, p + 16, 17, (u32)len - 20);
	sum = unet_csum_add(p + 20, (u32)len - 20, sum);
	assert_int_equal(unet_csum_finish(sum), 0);
	assert_int_equal(p[28], (u8)(*seen / 100));
	*seen += n;
	return 0;
}

static void a_super_packet_is_cut_into_right_packets(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .flags = UNET_WIRE_CSUM,
	};
	u8 buf[950];
	u32 seen = 0;
	int i;

	open_wire(&o);
	for (i = 0; i < 950; i++)
		buf[i] = (u8)(i / 100);
	unet_wire_on_packet(w, check_cut, &seen);
	assert_int_equal(unet_sendto(a, buf, 950, 100, NULL, 0), 950);
	assert_int_equal(seen, 950);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(drain(), 10);
}

static void a_super_packet_passes_whole_when_asked_for(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .flags = UNET_WIRE_SUPER,
	};
	char buf[950] = { 0 };

	open_wire(&o);
	assert_int_equal(unet_sendto(a, buf, 950, 100, NULL, 0), 950);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(end[1]->counter[UNET_STAT_RX_PACKETS], 1);
	assert_int_equal(end[1]->counter[UNET_STAT_RX_SEGMENTS], 10);
	assert_int_equal(drain(), 10);
}

struct cut {
	u32 n;
	u32 seq[4];
	u8 flags[4];
	u32 len[4];
};

static int note_cut(void *arg, int from, uint64_t now, void *packet, size_t len)
{
	const u8 *p = packet;
	struct cut *c = arg;

	if (c->n == 4)
		return 1;
	c->seq[c->n] = unet_load_u32(p + 24);
	c->flags[c->n] = p[33];
	c->len[c->n++] = (u32)len - 40;
	return 1;
}

static void tcp_is_cut_with_sequence_numbers_and_flags(void **state)
{
	const u8 all = UNET_TCP_ACK | UNET_TCP_PSH | UNET_TCP_FIN |
		       UNET_TCP_CWR | UNET_TCP_ECE;
	u8 l4[20 + 250] = { 0, 1, 0, 2, 0xff, 0xff, 0xff, 0x9c, [12] = 0x50,
			    [13] = all };
	static u8 packet[FORGE_MAX];
	struct cut c = { 0 };
	struct unet_pkt *pkt;
	u32 len;

	open_wire(NULL);
	unet_wire_on_packet(w, note_cut, &c);
	len = forge_ip(packet, "192.0.2.1", "192.0.2.2", 6, l4, sizeof(l4));
	pkt = unet_pkt_heap(&end[0]->pool, 0, len);
	memcpy(unet_pkt_put(pkt, len), packet, len);
	pkt->seg_size = 100;
	assert_int_equal(end[0]->be->ops->tx(end[0]->be, 0, pkt, 40), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.seq[0], 0xffffff9c);
	assert_int_equal(c.seq[1], 0);
	assert_int_equal(c.seq[2], 100);
	assert_int_equal(c.len[1], 100);
	assert_int_equal(c.len[2], 50);
	assert_int_equal(c.flags[0], UNET_TCP_ACK | UNET_TCP_CWR |
			 UNET_TCP_ECE);
	assert_int_equal(c.flags[1], UNET_TCP_ACK | UNET_TCP_ECE);
	assert_int_equal(c.flags[2], all & ~UNET_TCP_CWR);
}

/* ---- flows ---------------------------------------------------------------------- */

static void ports_exclude_each_other(void **state)
{
	struct unet_sock *s;

	open_wire(NULL);
	s = unet_udp_open(end[1], AF_INET);
	assert_int_equal(unet_udp_bind(s, "192.0.2.2:7"), -EADDRINUSE);
	assert_int_equal(unet_udp_bind(s, "[::]:7"), -EADDRINUSE);
	assert_int_equal(unet_udp_bind(s, "[2001:db8::2]:7"), -EAFNOSUPPORT);
	assert_int_equal(unet_udp_bind(s, "192.0.2.9:8"), -EADDRNOTAVAIL);
	assert_int_equal(unet_udp_bind(s, "192.0.2.2:8"), 0);
	unet_close(s);
	s = unet_udp_open(end[1], AF_INET);
	assert_int_equal(unet_udp_bind(s, "192.0.2.2:8"), 0);
	unet_close(s);
}

static void chosen_ports_are_free_ones(void **state)
{
	struct unet_sock *s[50];
	struct sockaddr_in in;
	bool seen[65536] = { false };
	socklen_t len;
	int i;

	open_wire(NULL);
	for (i = 0; i < 50; i++) {
		s[i] = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
		len = sizeof(in);
		assert_int_equal(unet_getsockname(s[i], (void *)&in, &len), 0);
		assert_false(seen[be16_to_cpu(in.sin_port)]);
		assert_true(be16_to_cpu(in.sin_port) >= 32768);
		seen[be16_to_cpu(in.sin_port)] = true;
	}
}

static void packets_come_with_the_tag_of_their_flow(void **state)
{
	open_wire(NULL);
	send_n(3, 10);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(end[1]->counter[UNET_STAT_RX_TAGGED], 3);
	assert_int_equal(end[1]->counter[UNET_STAT_RX_LOOKUP], 0);
	assert_int_equal(end[1]->counter[UNET_STAT_RX_BATCHES], 1);
}

static void the_host_answers_what_no_flow_wants(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .flags = UNET_WIRE_CSUM,
	};
	struct unet_sock *s;
	struct unet_sock *six;
	int i;

	open_wire(&o);
	six = unet_connect(end[0], "udp", "[2001:db8::2]:7", NULL);
	unet_close(b);
	send_n(1, 10);
	unet_send(six, "x", 1, 0);
	s = unet_connect(end[0], "tcp", "192.0.2.2:7", NULL);
	unet_wire_run(w, UNET_NEVER);
	assert_int_equal(unet_recv(a, &i, 1, 0), -ECONNREFUSED);
	assert_int_equal(unet_recv(six, &i, 1, 0), -ECONNREFUSED);
	assert_int_equal(unet_recv(s, &i, 1, 0), -ECONNREFUSED);
	/* none of it was the stack's business, nor was anything wrong with it */
	assert_int_equal(end[1]->counter[UNET_STAT_RX_PACKETS], 0);
	assert_int_equal(end[0]->counter[UNET_STAT_IP_BAD_CSUM], 0);
	assert_int_equal(end[0]->counter[UNET_STAT_L4_BAD_CSUM], 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, close_wire)

struct entry {
	struct unet_wire *w;
	u64 now;
	u64 reached;
	int step;
	int calls;
};

static int enter(void *arg, int from, uint64_t now_us, void *packet, size_t len)
{
	struct entry *e = arg;

	e->now = unet_wire_now(e->w);
	e->step = unet_wire_step(e->w);
	e->reached = unet_wire_run(e->w, e->now + 1000000);
	unet_wire_close(e->w);
	e->calls++;
	return 0;
}

static void enter_from_event(struct unet_sock *s, uint32_t events, void *arg)
{
	enter(arg, 0, 0, NULL, 0);
}

/* From a tap, from a callback of a turn the wire runs, and of one run by hand. */
static void the_wire_is_not_entered_from_within(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .delay_us = 1000 };
	struct entry event = { .calls = 0 };
	struct entry tap = { .calls = 0 };

	open_wire(&o);
	tap.w = w;
	event.w = w;
	unet_wire_on_packet(w, enter, &tap);
	send_n(1, 1);
	assert_int_equal(tap.calls, 1);
	assert_int_equal(tap.step, -EDEADLK);
	assert_int_equal(tap.reached, tap.now);
	unet_sock_on(a, UNET_WRITABLE, enter_from_event, &event);
	unet_wire_run(w, start + 10000);
	assert_int_equal(event.calls, 1);
	assert_int_equal(event.step, -EDEADLK);
	assert_int_equal(event.reached, event.now);
	unet_sock_on(a, UNET_WRITABLE, enter_from_event, &event);
	assert_true(unet_stack_run(end[0], 0) >= 0);
	assert_int_equal(event.calls, 2);
	assert_int_equal(event.step, -EDEADLK);
	assert_int_equal(event.reached, event.now);
	/* nothing of it lasts */
	send_n(1, 1);
	unet_wire_run(w, start + 20000);
	assert_int_equal(drain(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_perfect_wire_delivers_at_once_and_in_order),
		TEST(delay_is_what_it_says),
		TEST(bandwidth_spreads_packets),
		TEST(a_full_queue_drops),
		TEST(a_long_queue_marks_who_can_take_it),
		TEST(a_tap_sees_all_and_may_take_away),
		TEST(rates_are_about_what_they_say),
		TEST(a_seed_repeats_exactly),
		TEST(a_flipped_bit_is_found_when_checksums_are_on),
		TEST(changing_the_wire_keeps_what_cannot_change),
		TEST(bad_options_are_refused),
		TEST(one_end_may_close_first),
		TEST(a_super_packet_is_cut_into_right_packets),
		TEST(a_super_packet_passes_whole_when_asked_for),
		TEST(tcp_is_cut_with_sequence_numbers_and_flags),
		TEST(ports_exclude_each_other),
		TEST(chosen_ports_are_free_ones),
		TEST(packets_come_with_the_tag_of_their_flow),
		TEST(the_host_answers_what_no_flow_wants),
		TEST(the_wire_is_not_entered_from_within),
	};

	return cmocka_run_group_tests_name("backend_loop", tests, NULL, NULL);
}
