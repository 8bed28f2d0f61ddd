// SPDX-License-Identifier: MIT
/*
 * Hooks (R3.2, R3.3, R4.7, R5.2): every verdict in both directions by every kind of
 * match; their order and its reverse on what is sent; taking off, also from
 * within; what may be changed, that it is put right and that others do not see it;
 * budgets, counters, refusals.
 */
#include <netinet/in.h>
#include <unet/unet.h>
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "ip.h"
#include "socket.h"
#include "stack.h"

static struct unet_wire *w;
static struct unet_stack *end[2];
static struct unet_sock *a;
static struct unet_sock *b;

/* UDP from a, on end 0, to b, on end 1. */
static void open_pair(bool v6)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .delay_us = 100, .flags = UNET_WIRE_CSUM,
	};
	struct unet_connect_opts c = {
		.size = sizeof(c), .local = v6 ? "[::]:9" : "0.0.0.0:9",
	};

	w = unet_wire_open(&o, end);
	assert_non_null(w);
	b = unet_udp_open(end[1], v6 ? AF_INET6 : AF_INET);
	assert_int_equal(unet_udp_bind(b, v6 ? "[::]:7" : "0.0.0.0:7"), 0);
	a = unet_connect(end[0], "udp", v6 ? "[2001:db8::2]:7" : "192.0.2.2:7",
			 &c);
	assert_non_null(a);
}

static void close_pair(void)
{
	unet_wire_close(w);
	w = NULL;
}

static int set_up(void **state)
{
	open_pair(false);
	return 0;
}

static int tear_down(void **state)
{
	close_pair();
	return 0;
}

static void run(void)
{
	unet_wire_run(w, unet_wire_now(w) + 10000);
}

static void say(const char *text)
{
	assert_int_equal(unet_send(a, text, strlen(text), 0), strlen(text));
}

/* What arrives next at b, "" for nothing. */
static const char *heard(void)
{
	static char buf[2000];
	ssize_t n = unet_recv(b, buf, sizeof(buf) - 1, 0);

	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static u64 count(struct unet_stack *st, enum unet_stack_counter c)
{
	return st->counter[c];
}

static struct unet_hook_stats stats(struct unet_hook *h)
{
	struct unet_hook_stats s = { .size = sizeof(s) };

	assert_int_equal(unet_hook_stats(h, &s), 0);
	return s;
}

/* ---- every verdict, both directions, every kind of match ----------------------- */

#define INJECT	UNET_HOOK_VERDICTS

/* What the one hook of a test does and sees. */
struct deed {
	u8 verdict;
	u32 dir;
	u32 calls;
	u32 packets;
	u32 sides;
	u32 asked;
	char side[16];
};

static void do_deed(struct unet_hook_batch *batch, void *arg)
{
	struct deed *d = arg;
	u32 i;

	d->calls++;
	d->packets += batch->n;
	assert_int_equal(batch->dir, d->dir);
	for (i = 0; i < batch->n; i++) {
		struct unet_hook_pkt *p = batch->pkt[i];
		char bytes[200];

		assert_int_equal(p->verdict, UNET_HOOK_ACCEPT);
		if (d->verdict == UNET_HOOK_MODIFY)
			assert_int_equal(unet_hook_write(p, unet_hook_headers(p)->payload, "J", 1),
					 0);
		if (d->verdict == INJECT) {
			unet_hook_read(p, 0, p->total, bytes);
			memcpy(bytes, unet_hook_read(p, 0, p->total, bytes),
			       p->total);
			memcpy(bytes + unet_hook_headers(p)->payload, "again", 5);
			assert_int_equal(unet_hook_inject(batch->hook, d->dir,
							  bytes, p->total), 0);
		} else {
			p->verdict = d->verdict;
		}
	}
}

static void aside(struct unet_hook_batch *batch, void *arg)
{
	struct deed *d = arg;
	struct unet_hook_pkt *p = batch->pkt[0];
	char buf[16];

	d->sides += batch->n;
	memcpy(d->side, unet_hook_read(p, unet_hook_headers(p)->payload, 5, buf), 5);
	p->verdict = UNET_HOOK_DROP;	/* means nothing */
}

static int if_asked(const struct unet_hook_pkt *p, void *arg)
{
	struct deed *d = arg;

	d->asked++;
	return p->total - unet_hook_headers(p)->payload > 10;
}

/* Kinds of match; @hit: of the packets of this test, or of others. */
static void kind_of_match(u32 kind, bool hit, bool v6,
			  struct unet_hook_opts *o)
{
	bool rx = o->dirs == UNET_HOOK_RX;
	u16 local = rx ? 7 : 9;

	switch (kind) {
	case 1:
		o->match = UNET_HOOK_ETHERTYPE;
		o->ethertype = v6 == hit ? 0x86dd : 0x0800;
		break;
	case 2:
		o->match = UNET_HOOK_PROTO;
		o->proto = hit ? IPPROTO_UDP : IPPROTO_TCP;
		break;
	case 3:
		o->match = UNET_HOOK_PROTO | UNET_HOOK_LOCAL_PORT;
		o->proto = IPPROTO_UDP;
		o->local_port = hit ? local : local ^ 14;
		break;
	case 4:
		o->match = UNET_HOOK_REMOTE_PORT;
		o->remote_port = hit ? local ^ 14 : local;
		break;
	case 5:
		o->match = UNET_HOOK_SOCK;
		o->sock = rx ? b : a;
		if (!hit) {
			o->sock = unet_udp_open(end[rx], v6 ? AF_INET6 :
						AF_INET);
			unet_udp_bind(o->sock, ":1");
		}
		break;
	case 6:
		o->predicate = if_asked;
		break;
	}
}

#define KINDS	7

static const char *const expected[][2] = {
	[UNET_HOOK_ACCEPT] = { "hello, where are you?", "" },
	[UNET_HOOK_DROP] = { "", "" },
	[UNET_HOOK_MODIFY] = { "Jello, where are you?", "" },
	[UNET_HOOK_CONSUME] = { "", "" },
	[UNET_HOOK_CLONE] = { "hello, where are you?", "" },
	[INJECT] = { "hello, where are you?", "again, where are you?" },
};

static void one_way(u32 kind, u32 dir, u8 verdict, bool hit, bool v6)
{
	bool rx = dir == UNET_HOOK_RX;
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = dir,
				    .side = aside };
	struct deed d = { .verdict = verdict, .dir = dir };
	struct unet_hook_stats s;
	struct unet_hook *h;

	open_pair(v6);
	kind_of_match(kind, hit, v6, &o);
	h = unet_hook_add(end[rx], do_deed, &d, &o);
	assert_non_null(h);
	say(kind == 6 && !hit ? "hi" : "hello, where are you?");
	run();
	s = stats(h);
	if (hit) {
		assert_string_equal(heard(), expected[verdict][0]);
		assert_string_equal(heard(), expected[verdict][1]);
		assert_int_equal(d.calls, 1);
		assert_int_equal(s.packets, 1);
		assert_int_equal(s.verdict[verdict == INJECT ? 0 : verdict], 1);
		assert_int_equal(s.injected, verdict == INJECT);
		assert_int_equal(d.sides, verdict == UNET_HOOK_CLONE);
		if (verdict == UNET_HOOK_CLONE)
			assert_memory_equal(d.side, "hello", 5);
		assert_int_equal(count(end[rx], UNET_STAT_HOOK_DROPPED),
				 verdict == UNET_HOOK_DROP);
		assert_int_equal(count(end[rx], UNET_STAT_HOOK_CONSUMED),
				 verdict == UNET_HOOK_CONSUME);
	} else {
		assert_true(*heard());
		assert_int_equal(d.calls, 0);
		assert_int_equal(s.packets, 0);
	}
	assert_int_equal(d.asked, kind == 6);
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 0);
	assert_int_equal(s.refused, 0);
	assert_int_equal(unet_hook_del(h), 0);
	assert_int_equal(unet_hook_list(end[rx], NULL, 0), 0);
	assert_null(end[rx]->hooks.chain[!rx]);
	close_pair();
}

static void every_verdict_in_both_directions_by_every_match(void **state)
{
	u32 kind;
	u8 verdict;

	for (kind = 0; kind < KINDS; kind++) {
		for (verdict = 0; verdict <= INJECT; verdict++) {
			one_way(kind, UNET_HOOK_RX, verdict, true, false);
			one_way(kind, UNET_HOOK_TX, verdict, true, false);
			one_way(kind, UNET_HOOK_RX, verdict, true, true);
			one_way(kind, UNET_HOOK_TX, verdict, true, true);
		}
	}
	for (kind = 1; kind < KINDS; kind++) {
		one_way(kind, UNET_HOOK_RX, UNET_HOOK_DROP, false, false);
		one_way(kind, UNET_HOOK_TX, UNET_HOOK_DROP, false, false);
		one_way(kind, UNET_HOOK_RX, UNET_HOOK_DROP, false, true);
		one_way(kind, UNET_HOOK_TX, UNET_HOOK_DROP, false, true);
	}
}

static void clone_all(struct unet_hook_batch *batch, void *arg)
{
	batch->pkt[0]->verdict = UNET_HOOK_CLONE;
}

/* Makes the copy as large as it may become. */
static void grow_aside(struct unet_hook_batch *batch, void *arg)
{
	static const u8 zero[1500];
	struct unet_hook_pkt *p = batch->pkt[0];
	u32 *room = arg;

	*room = unet_hook_room(p);
	assert_int_equal(unet_hook_splice(p, p->total, 0, zero, *room), 0);
	assert_int_equal(unet_hook_room(p), 0);
	assert_int_equal(unet_hook_splice(p, p->total, 0, zero, 1), -EMSGSIZE);
}

static void a_copy_has_the_room_of_what_it_is_of(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX,
				    .side = grow_aside };
	u32 room = 0;

	assert_non_null(unet_hook_add(end[0], clone_all, &room, &o));
	say("hello");
	run();
	assert_int_equal(room, 1500 - 28 - 5);
	assert_string_equal(heard(), "hello");
}

/* ---- order ------------------------------------------------------------- */

static char trail[32];

static void note(struct unet_hook_batch *batch, void *arg)
{
	strncat(trail, arg, 1);
}

static const char *trail_of_a_packet(void)
{
	trail[0] = '\0';
	say("x");
	run();
	heard();
	return trail;
}

static struct unet_hook *noter(struct unet_stack *st, u32 dirs, s32 priority,
			       char *name)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .priority = priority, .dirs = dirs,
		.name = name,
	};
	struct unet_hook *h = unet_hook_add(st, note, name, &o);

	assert_non_null(h);
	return h;
}

static void hooks_are_called_by_priority_and_the_other_way_round_on_tx(void **state)
{
	struct unet_hook_stats list[4] = { { .size = sizeof(list[0]) } };
	struct unet_hook *h[4];

	h[0] = noter(end[0], UNET_HOOK_TX, 5, "c");
	h[1] = noter(end[0], 0, -5, "a");
	h[2] = noter(end[0], 0, 0, "b");
	h[3] = noter(end[0], UNET_HOOK_TX, 5, "d");
	assert_string_equal(trail_of_a_packet(), "dcba");
	assert_int_equal(unet_hook_list(end[0], list, 4), 4);
	assert_string_equal(list[0].name, "a");
	assert_string_equal(list[3].name, "d");
	assert_int_equal(list[0].priority, -5);
	assert_int_equal(unet_hook_prioritize(h[1], 9), 0);
	assert_string_equal(trail_of_a_packet(), "adcb");
	assert_int_equal(unet_hook_prioritize(h[3], 0), 0);
	assert_string_equal(trail_of_a_packet(), "acdb");
	assert_int_equal(unet_hook_del(h[2]), 0);
	assert_string_equal(trail_of_a_packet(), "acd");
	noter(end[1], UNET_HOOK_RX, 2, "z");
	noter(end[1], UNET_HOOK_RX, 1, "y");
	assert_string_equal(trail_of_a_packet(), "acdyz");
	/* those that are left end with their stack */
}

static void what_a_hook_injects_only_those_behind_it_see(void **state)
{
	struct deed d = { .verdict = INJECT, .dir = UNET_HOOK_RX };
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	struct unet_hook *h, *before, *behind;

	before = noter(end[1], UNET_HOOK_RX, -1, "-");
	h = unet_hook_add(end[1], do_deed, &d, &o);
	behind = noter(end[1], UNET_HOOK_RX, 1, "+");
	say("hello");
	run();
	assert_string_equal(heard(), "hello");
	assert_string_equal(heard(), "again");
	assert_int_equal(stats(before).packets, 1);
	assert_int_equal(stats(h).packets, 1);
	assert_int_equal(stats(behind).packets, 2);
}

/* From the direction it is called for into the other one. */
static void answer(struct unet_hook_batch *batch, void *arg)
{
	struct unet_hook_pkt *p = batch->pkt[0];
	u8 bytes[64];
	int *err = arg;

	if (batch->dir != UNET_HOOK_RX)
		return;
	memcpy(bytes, unet_hook_read(p, 0, p->total, bytes), p->total);
	memcpy(bytes + 12, p->data + 16, 4);
	memcpy(bytes + 16, p->data + 12, 4);
	memcpy(bytes + 20, p->data + 22, 2);
	memcpy(bytes + 22, p->data + 20, 2);
	*err = unet_hook_inject(batch->hook, UNET_HOOK_TX, bytes, p->total);
	p->verdict = UNET_HOOK_CONSUME;
}

static void a_hook_may_answer_by_itself(void **state)
{
	int err = 1;
	struct unet_hook *h = unet_hook_add(end[1], answer, &err, NULL);
	struct unet_hook *other = noter(end[1], UNET_HOOK_TX, 1, "-");
	struct unet_hook *wire = noter(end[1], UNET_HOOK_TX, -1, "+");
	char buf[16];

	say("echo");
	run();
	assert_int_equal(err, 0);
	assert_string_equal(heard(), "");
	assert_int_equal(unet_recv(a, buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "echo", 4);
	assert_int_equal(stats(h).packets, 1);
	assert_int_equal(stats(other).packets, 0);
	assert_int_equal(stats(wire).packets, 1);
}

/* ---- kept and put back ------------------------------------------------- */

static struct unet_held *held[4];
static u32 n_held;

static void keep(struct unet_hook_batch *batch, void *arg)
{
	u32 i;

	for (i = 0; i < batch->n; i++) {
		held[n_held++] = unet_hook_keep(batch->pkt[i]);
		batch->pkt[i]->verdict = UNET_HOOK_CONSUME;
	}
}

static void kept_packets_can_be_put_back_in_another_order(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o) };
	struct unet_hook *h;
	u8 buf[8];
	u32 dir;

	for (dir = UNET_HOOK_RX; dir <= UNET_HOOK_TX; dir++) {
		o.dirs = dir;
		n_held = 0;
		h = unet_hook_add(end[dir == UNET_HOOK_RX], keep, NULL, &o);
		say("one");
		say("two");
		say("three");
		run();
		assert_string_equal(heard(), "");
		assert_int_equal(n_held, 3);
		assert_int_equal(unet_held_bytes(held[2]), 28 + 5);
		assert_memory_equal(unet_held_read(held[2], 28, 5, buf),
				    "three", 5);
		assert_null(unet_held_read(held[2], 28, 6, buf));
		assert_int_equal(unet_hook_inject_held(h, dir, held[1]), 0);
		assert_int_equal(unet_hook_inject_held(h, dir, held[0]), 0);
		unet_held_free(held[2]);
		run();
		assert_string_equal(heard(), "two");
		assert_string_equal(heard(), "one");
		assert_string_equal(heard(), "");
		assert_int_equal(unet_hook_del(h), 0);
	}
}

static struct unet_hook *keeper(void)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };

	n_held = 0;
	return unet_hook_add(end[1], keep, NULL, &o);
}

static int flip_last_byte(void *arg, int from, uint64_t now_us, void *packet,
			  size_t len)
{
	((u8 *)packet)[len - 1] ^= 1;
	return 0;
}

static void what_was_bad_is_so_when_it_is_put_back(void **state)
{
	struct unet_hook *h = keeper();

	unet_wire_on_packet(w, flip_last_byte, NULL);
	say("hello");
	run();
	assert_int_equal(n_held, 1);
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 0);
	assert_int_equal(unet_hook_inject_held(h, UNET_HOOK_RX, held[0]), 0);
	run();
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 1);
	assert_int_equal(count(end[1], UNET_STAT_UDP_IN), 0);
	assert_string_equal(heard(), "");
}

/* Behind the datagram there may be more of its packet. */
static void a_padded_datagram_ends_where_it_did(void **state)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.1", 9, "192.0.2.2", 7, "four", 4);
	struct unet_hook *h = keeper();

	len = forge_pad(packet, len, 8);
	assert_int_equal(len, 40);
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(n_held, 1);
	assert_int_equal(unet_hook_inject_held(h, UNET_HOOK_RX, held[0]), 0);
	run();
	assert_string_equal(heard(), "four");
}

/* Makes it longer, and keeps that. */
static void grow_and_keep(struct unet_hook_batch *batch, void *arg)
{
	struct unet_hook_pkt *p = batch->pkt[0];

	assert_int_equal(unet_hook_splice(p, p->total, 0, " you", 4), 0);
	keep(batch, arg);
}

static void what_was_changed_and_kept_is_put_right(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	struct unet_hook *h = unet_hook_add(end[1], grow_and_keep, NULL, &o);

	n_held = 0;
	say("hello");
	run();
	assert_int_equal(n_held, 1);
	assert_int_equal(unet_hook_inject_held(h, UNET_HOOK_RX, held[0]), 0);
	run();
	assert_string_equal(heard(), "hello you");
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 0);
}

/* ---- fragments --------------------------------------------------------- */

/* What a hook was called with. */
struct sight {
	u32 packets;
	u32 fragments;
	u32 whole;
	u32 total;
	u16 l4;
	u8 verdict;
	const char *write;
};

static void look_at(struct unet_hook_batch *batch, void *arg)
{
	struct sight *x = arg;
	u32 i;

	for (i = 0; i < batch->n; i++) {
		struct unet_hook_pkt *p = batch->pkt[i];
		const struct unet_hook_headers *h = unet_hook_headers(p);

		x->packets++;
		x->fragments += !!(h->flags & UNET_HOOK_FRAGMENT);
		x->whole += !!(p->flags & UNET_HOOK_WHOLE);
		x->total = p->total;
		x->l4 = h->l4;
		if (p->flags & UNET_HOOK_WHOLE && h->ethertype == 0x0800)
			assert_int_equal(p->data[6] | p->data[7], 0);
		p->verdict = x->verdict;
		if (x->write)
			assert_int_equal(unet_hook_write(p, h->payload + 2000,
							 x->write, 1), 0);
	}
}

static struct unet_hook *looker(struct sight *x, u32 match, s32 priority)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .match = match, .priority = priority,
		.dirs = UNET_HOOK_RX,
		.ethertype = match & UNET_HOOK_ETHERTYPE ? x->l4 : 0,
		.proto = match & UNET_HOOK_PROTO ? IPPROTO_UDP : 0,
		.local_port = match & UNET_HOOK_LOCAL_PORT ? 7 : 0,
		.remote_port = match & UNET_HOOK_REMOTE_PORT ? 9 : 0,
		.sock = match & UNET_HOOK_SOCK ? b : NULL,
	};
	struct unet_hook *h = unet_hook_add(end[1], look_at, x, &o);

	assert_non_null(h);
	return h;
}

/* 3000 bytes to b, in two fragments. Return: what arrives, -1: nothing. */
static ssize_t in_fragments(bool v6, bool last_first)
{
	static u8 whole[FORGE_MAX], part[2][FORGE_MAX], text[3000];
	u32 len[2];
	u32 i;

	memset(text, 'a', sizeof(text));
	if (v6)
		forge_udp(whole, "2001:db8::1", 9, "2001:db8::2", 7, text, 3000);
	else
		forge_udp(whole, "192.0.2.1", 9, "192.0.2.2", 7, text, 3000);
	len[0] = forge_fragment(part[0], whole, 0, 1480, true, 4711);
	len[1] = forge_fragment(part[1], whole, 1480, 3008 - 1480, false, 4711);
	for (i = 0; i < 2; i++)
		assert_int_equal(unet_stack_input(end[1], 2000000,
						  part[i ^ last_first],
						  len[i ^ last_first]), 0);
	return unet_recv(b, whole, sizeof(whole), 0);
}

static void each_sees_what_it_asked_for(bool v6, bool last_first)
{
	static const u32 wire[] = { 0, UNET_HOOK_ETHERTYPE, UNET_HOOK_PROTO };
	static const u32 whole[] = {
		UNET_HOOK_LOCAL_PORT, UNET_HOOK_REMOTE_PORT, UNET_HOOK_SOCK,
		UNET_HOOK_LOCAL_PORT | UNET_HOOK_PROTO,
	};
	struct sight low[3], high[4];
	u32 i;

	open_pair(v6);
	memset(low, 0, sizeof(low));
	memset(high, 0, sizeof(high));
	/* those of the wire stand before and behind the others */
	for (i = 0; i < 4; i++)
		looker(&high[i], whole[i], 5);
	for (i = 0; i < 3; i++) {
		low[i].l4 = v6 ? 0x86dd : 0x0800;
		looker(&low[i], wire[i], i == 1 ? -1 : 9);
	}
	assert_int_equal(in_fragments(v6, last_first), 3000);
	for (i = 0; i < 3; i++) {
		assert_int_equal(low[i].packets, 2);
		assert_int_equal(low[i].fragments, 2);
		assert_int_equal(low[i].whole, 0);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(high[i].packets, 1);
		assert_int_equal(high[i].whole, 1);
		assert_int_equal(high[i].fragments, 0);
		assert_int_equal(high[i].l4, v6 ? 40 : 20);
		assert_int_equal(high[i].total, (v6 ? 40 : 20) + 3008);
	}
	assert_int_equal(count(end[1], UNET_STAT_RX_PACKETS), 2);
	assert_int_equal(count(end[1], UNET_STAT_REASS_DONE), 1);
	close_pair();
}

static void fragments_are_the_wires_and_datagrams_the_ports(void **state)
{
	each_sees_what_it_asked_for(false, false);
	each_sees_what_it_asked_for(false, true);
	each_sees_what_it_asked_for(true, false);
	each_sees_what_it_asked_for(true, true);
}

static void a_datagram_of_fragments_is_a_packet_like_any_other(void **state)
{
	struct sight x = { .verdict = UNET_HOOK_DROP };
	struct unet_hook *h;
	char text[3000];

	h = looker(&x, UNET_HOOK_LOCAL_PORT, 0);
	assert_true(in_fragments(false, false) < 0);
	assert_int_equal(count(end[1], UNET_STAT_HOOK_DROPPED), 1);
	/* changed where the second fragment was, and put right */
	x.verdict = UNET_HOOK_ACCEPT;
	x.write = "J";
	assert_int_equal(in_fragments(false, true), 3000);
	assert_int_equal(stats(h).verdict[UNET_HOOK_MODIFY], 1);
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 0);
	/* kept, and put back */
	x.write = NULL;
	unet_hook_del(h);
	n_held = 0;
	h = unet_hook_add(end[1], keep, NULL, &(struct unet_hook_opts){
		.size = sizeof(struct unet_hook_opts), .dirs = UNET_HOOK_RX,
		.match = UNET_HOOK_LOCAL_PORT, .local_port = 7 });
	assert_true(in_fragments(false, false) < 0);
	assert_int_equal(n_held, 1);
	assert_int_equal(unet_hook_inject_held(h, UNET_HOOK_RX, held[0]), 0);
	run();
	assert_int_equal(unet_recv(b, text, sizeof(text), 0), 3000);
}

static void fragments_kept_can_be_put_back(void **state)
{
	struct unet_hook *h = keeper();
	char text[3000];
	u32 i;

	assert_true(in_fragments(false, false) < 0);
	assert_int_equal(n_held, 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(unet_hook_inject_held(h, UNET_HOOK_RX, held[i]),
				 0);
	run();
	assert_int_equal(unet_recv(b, text, sizeof(text), 0), 3000);
	assert_int_equal(stats(h).packets, 2);
}

/* What is not there cannot be seen: the port's hook does not hear of it. */
static void a_fragment_dropped_is_a_datagram_lost(void **state)
{
	struct sight wire = { .verdict = UNET_HOOK_DROP };
	struct sight port = { .packets = 0 };

	looker(&wire, UNET_HOOK_PROTO, 0);
	looker(&port, UNET_HOOK_LOCAL_PORT, -5);
	assert_true(in_fragments(false, false) < 0);
	assert_int_equal(wire.packets, 2);
	assert_int_equal(port.packets, 0);
}

/* ---- taking off -------------------------------------------------------- */

static int ended;

static void at_end(void *arg)
{
	ended++;
}

struct exit_deed {
	struct unet_hook *victim;
	int err;
	int calls;
};

static void take_off(struct unet_hook_batch *batch, void *arg)
{
	struct exit_deed *x = arg;

	x->calls++;
	x->err = unet_hook_del(x->victim ? x->victim : batch->hook);
	assert_int_equal(ended, 0);
	unet_hook_del_later(x->victim ? x->victim : batch->hook);
	assert_int_equal(ended, 0);
	/* a hook may add, too */
	assert_non_null(noter(batch->stack, UNET_HOOK_RX, 7, "n"));
}

static void a_hook_may_take_itself_off(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX,
				    .destroy = at_end };
	struct exit_deed x = { .err = 0 };

	ended = 0;
	unet_hook_add(end[1], take_off, &x, &o);
	say("x");
	run();
	assert_int_equal(x.err, -EDEADLK);
	assert_int_equal(x.calls, 1);
	assert_int_equal(ended, 1);
	assert_string_equal(trail_of_a_packet(), "n");
	assert_int_equal(x.calls, 1);
	assert_null(end[1]->hooks.retired);
}

static void a_hook_that_is_taken_off_finishes_its_batch(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX,
				    .priority = 5, .destroy = at_end };
	struct exit_deed x = { .err = 0 };
	u32 sum = 0;

	ended = 0;
	trail[0] = '\0';
	x.victim = unet_hook_add(end[1], note, "v", &o);
	o.priority = 0;
	o.destroy = NULL;
	unet_hook_add(end[1], take_off, &x, &o);
	say("x");
	unet_wire_step(w);
	while (!x.calls && sum++ < 10)
		unet_wire_step(w);
	/* this batch meets the hooks as they were: "v" is still there */
	assert_string_equal(trail, "v");
	assert_int_equal(ended, 1);
}

static void destroy_is_called_in_every_way_a_hook_ends(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .destroy = at_end };
	struct unet_hook *h[3];
	int i;

	ended = 0;
	for (i = 0; i < 3; i++)
		h[i] = unet_hook_add(end[0], note, "x", &o);
	assert_int_equal(unet_hook_del(h[0]), 0);
	assert_int_equal(ended, 1);
	unet_hook_del_later(h[1]);
	unet_hook_del_later(unet_hook_add(end[1], note, "x", &o));
	assert_int_equal(ended, 1);
	unet_stack_run(end[0], 0);
	assert_int_equal(ended, 2);
	close_pair();
	assert_int_equal(ended, 4);
}

static struct unet_hook *next_off[3];

static void take_off_at_end(void *arg)
{
	struct unet_hook **next = arg;

	ended++;
	if (*next)
		unet_hook_del_later(*next);
}

/* Each takes off the next one; they are closed, or the first is taken off before. */
static void ends_in_a_row(bool before)
{
	struct unet_hook_opts o = { .size = sizeof(o),
				    .destroy = take_off_at_end };
	struct unet_hook *h[3];
	int i;

	open_pair(false);
	for (i = 0; i < 3; i++) {
		o.priority = i;
		h[i] = unet_hook_add(end[0], note, &next_off[i], &o);
		assert_non_null(h[i]);
	}
	next_off[0] = h[1];
	next_off[1] = h[2];
	ended = 0;
	if (before)
		unet_hook_del_later(h[0]);
	close_pair();
	assert_int_equal(ended, 3);
}

static void what_ends_with_the_stack_may_take_off_others(void **state)
{
	ends_in_a_row(false);
	ends_in_a_row(true);
}

/* Of two sockets on a port, one for each family. Return: what the hook has met. */
static u64 met_of_port_7(u32 flags)
{
	struct unet_hook_opts o = { .size = sizeof(o), .match = UNET_HOOK_SOCK,
				    .dirs = UNET_HOOK_RX };
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
				    .sin6_port = htons(7) };
	struct deed d = { .verdict = UNET_HOOK_DROP, .dir = UNET_HOOK_RX };

	if (!flags)
		unet_close(b);
	o.sock = unet_udp_open(end[1], AF_INET6);
	assert_int_equal(unet_udp_bind_addr(o.sock, (void *)&any, sizeof(any),
					    flags), 0);
	assert_non_null(unet_hook_add(end[1], do_deed, &d, &o));
	say("x");
	run();
	return d.packets;
}

static void a_hook_of_an_ipv6_socket_meets_its_ipv4_if_it_has_any(void **state)
{
	assert_int_equal(met_of_port_7(UNET_SOCK_V6ONLY), 0);
	assert_string_equal(heard(), "x");
	close_pair();
	open_pair(false);
	assert_int_equal(met_of_port_7(0), 1);
}

static void a_sockets_hook_ends_with_it(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX,
				    .match = UNET_HOOK_SOCK, .sock = b };
	struct unet_hook *h = unet_hook_add(end[1], note, "s", &o);

	assert_string_equal(trail_of_a_packet(), "s");
	unet_close(b);
	assert_int_equal(stats(h).flags, UNET_HOOK_ENDED);
	/* another has its port now, and is not looked at */
	b = unet_udp_open(end[1], AF_INET);
	unet_udp_bind(b, ":7");
	assert_string_equal(trail_of_a_packet(), "");
	o.match = 0;
	o.sock = NULL;
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_string_equal(trail_of_a_packet(), "s");
	assert_int_equal(stats(h).flags, 0);
}

static void what_ended_stays_so_when_a_modify_is_refused(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX,
				    .match = UNET_HOOK_SOCK, .sock = b };
	struct unet_hook_opts most = { .size = sizeof(most),
				       .dirs = UNET_HOOK_TX,
				       .reserve = UNET_HOOK_RESERVE };
	struct unet_hook *h = unet_hook_add(end[1], note, "s", &o);

	assert_non_null(unet_hook_add(end[1], note, "r", &most));
	unet_close(b);
	b = unet_udp_open(end[1], AF_INET);
	unet_udp_bind(b, ":7");
	most.reserve = 1;
	assert_int_equal(unet_hook_modify(h, &most), -ENOSPC);
	assert_int_equal(stats(h).flags, UNET_HOOK_ENDED);
	/* nor does a chain made anew call it for its socket's port */
	assert_int_equal(unet_hook_prioritize(h, 5), 0);
	assert_string_equal(trail_of_a_packet(), "");
	assert_int_equal(stats(h).flags, UNET_HOOK_ENDED);
}

/* ---- modify ------------------------------------------------------------ */

static void another_rule_takes_the_place_of_the_first(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	struct unet_hook *h = unet_hook_add(end[0], note, "h", &o);

	assert_string_equal(trail_of_a_packet(), "");
	o.dirs = UNET_HOOK_TX;
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_string_equal(trail_of_a_packet(), "h");
	o.match = UNET_HOOK_PROTO;
	o.proto = IPPROTO_TCP;
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_string_equal(trail_of_a_packet(), "");
	o.dirs = 8;
	assert_int_equal(unet_hook_modify(h, &o), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "dirs 0x8"));
	assert_int_equal(unet_hook_modify(h, NULL), 0);
	assert_string_equal(trail_of_a_packet(), "h");
}

/* ---- what may be changed ----------------------------------------------- */

/* A hook made of a function that gets one packet. */
struct change {
	int (*fn)(struct unet_hook_pkt *p);
	int err;
	u32 calls;
};

static void change_one(struct unet_hook_batch *batch, void *arg)
{
	struct change *c = arg;

	if (!unet_hook_headers(batch->pkt[0])->payload)
		return;
	c->calls++;
	c->err = c->fn(batch->pkt[0]);
}

static int grow(struct unet_hook_pkt *p)
{
	int err = unet_hook_splice(p, unet_hook_headers(p)->payload + 1, 2, "ooooo", 5);

	assert_int_equal(p->total, 28 + 8);
	return err;
}

static int shrink(struct unet_hook_pkt *p)
{
	return unet_hook_splice(p, unet_hook_headers(p)->payload, 3, NULL, 0);
}

static int port(struct unet_hook_pkt *p)
{
	return unet_hook_write(p, unet_hook_headers(p)->l4, "\x01\x01", 2);
}

static int local_port(struct unet_hook_pkt *p)
{
	int err = unet_hook_write(p, unet_hook_headers(p)->l4 + 2, "\x00\x08", 2);

	assert_int_equal(unet_hook_headers(p)->local_port, 8);
	return err;
}

static int nonsense(struct unet_hook_pkt *p)
{
	return unet_hook_write(p, 0, "\x41", 1);
}

static int beyond(struct unet_hook_pkt *p)
{
	u8 buf[4];

	assert_null(unet_hook_read(p, p->total - 3, 4, buf));
	assert_null(unet_hook_read(p, UINT32_MAX, 2, buf));
	assert_int_equal(unet_hook_splice(p, p->total - 1, 2, "x", 1), -EINVAL);
	return unet_hook_write(p, p->total, "x", 1);
}

static int too_large(struct unet_hook_pkt *p)
{
	static const u8 zero[1500];

	return unet_hook_splice(p, unet_hook_headers(p)->payload, 0, zero, 1500 - p->total + 1);
}

struct change_row {
	const char *sentence;
	int (*fn)(struct unet_hook_pkt *p);
	u32 dir;
	int err;
	const char *heard;
	u32 refused;
};

static const struct change_row changes[] = {
	{ "a datagram sent may grow", grow, UNET_HOOK_TX, 0, "hooooolo", 0 },
	{ "a datagram received may grow", grow, UNET_HOOK_RX, 0, "hooooolo", 0 },
	{ "a datagram sent may shrink", shrink, UNET_HOOK_TX, 0, "lo", 0 },
	{ "a datagram received may shrink", shrink, UNET_HOOK_RX, 0, "lo", 0 },
	{ "a port sent from must stay", port, UNET_HOOK_TX, 0, "", 1 },
	{ "a port received from may change", port, UNET_HOOK_RX, 0, "hello", 0 },
	{ "a packet for nobody is dropped by the stack", local_port,
	  UNET_HOOK_RX, 0, "", 0 },
	{ "what is no packet any more is not sent", nonsense, UNET_HOOK_TX, 0, "", 1 },
	{ "what is no packet any more is not received", nonsense, UNET_HOOK_RX, 0, "", 1 },
	{ "there is nothing behind the end, sent", beyond, UNET_HOOK_TX, -EINVAL, "hello", 0 },
	{ "there is nothing behind the end, received", beyond, UNET_HOOK_RX, -EINVAL, "hello", 0 },
	{ "more than the path takes is refused", too_large, UNET_HOOK_TX, -EMSGSIZE, "hello", 0 },
};

static void change_row(void **state)
{
	const struct change_row *r = *state;
	bool rx = r->dir == UNET_HOOK_RX;
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = r->dir };
	struct change c = { .fn = r->fn };
	struct unet_hook *h;

	open_pair(false);
	h = unet_hook_add(end[rx], change_one, &c, &o);
	say("hello");
	run();
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.err, r->err);
	assert_string_equal(heard(), r->heard);
	assert_int_equal(stats(h).refused, r->refused);
	assert_int_equal(count(end[rx], UNET_STAT_HOOK_REFUSED), r->refused);
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 0);
	assert_int_equal(count(end[1], UNET_STAT_UDP_BAD), 0);
	assert_int_equal(count(end[1], UNET_STAT_RX_NO_FLOW),
			 r->fn == local_port);
	close_pair();
}

static int first_payload_byte(struct unet_hook_pkt *p)
{
	return unet_hook_write(p, unet_hook_headers(p)->payload, "Z", 1);
}

static void nothing_bad_is_made_good(void **state)
{
	struct change c = { .fn = first_payload_byte };
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.1", 9, "192.0.2.2", 7, "hello", 5);

	unet_hook_add(end[1], change_one, &c, &o);
	packet[30] ^= 1;
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(c.err, -EBADMSG);
	assert_int_equal(count(end[1], UNET_STAT_L4_BAD_CSUM), 1);
	packet[30] ^= 1;
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(c.err, 0);
	assert_string_equal(heard(), "Zello");
	/* a fragment has only part of its checksum */
	packet[6] |= 0x20;
	forge_fix_ip4(packet);
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(c.err, -EOPNOTSUPP);
}

/* Behind the datagram there may be more of its packet. */
static void a_padded_datagram_may_be_changed(void **state)
{
	struct change c = { .fn = first_payload_byte };
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.1", 9, "192.0.2.2", 7, "hello", 5);

	unet_hook_add(end[1], change_one, &c, &o);
	len = forge_pad(packet, len, 3);
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(c.err, 0);
	assert_string_equal(heard(), "Zello");
	packet[30] ^= 1;
	assert_int_equal(unet_stack_input(end[1], 2000000, packet, len), 0);
	assert_int_equal(c.err, -EBADMSG);
}

/* Of 70000 bytes, 1000 in each segment; the length fields cannot say that. */
static struct unet_pkt *huge(bool v6, u32 options)
{
	static const u8 jumbo[8] = { 0, 0, 0xc2, 4, 0, 1, 0x11, 0x70 - 40 };
	static const u8 pad[8] = { 0, 0, 1, 4 };
	u32 ip = v6 ? 40 : 20;
	static u8 packet[FORGE_MAX], data[FORGE_MAX];
	u32 len = 70000 - ip - 8 - options * 8;
	struct unet_pkt *pkt;

	len = forge_udp(packet, v6 ? "2001:db8::1" : "192.0.2.1", 9,
			v6 ? "2001:db8::2" : "192.0.2.2", 7, data, len);
	if (options > 1)
		len = forge_extension(packet, len, UNET_PROTO_DSTOPTS, pad, 8);
	if (options)
		len = forge_extension(packet, len, UNET_PROTO_HOPOPTS, jumbo, 8);
	assert_int_equal(len, 70000);
	unet_store_u16(packet + ip + options * 8 + 4, 1008);
	unet_store_u16(packet + (v6 ? 4 : 2), 0);
	if (!v6)
		forge_fix_ip4(packet);
	pkt = unet_pkt_heap(&end[1]->pool, 0, len);
	memcpy(unet_pkt_put(pkt, len), packet, len);
	pkt->seg_size = 1000;
	pkt->segs = 70;
	pkt->flags = UNET_PF_CSUM_OK;
	return pkt;
}

static int hops_and_payload(struct unet_hook_pkt *p)
{
	bool v6 = p->data[0] >> 4 == 6;
	int err = unet_hook_write(p, v6 ? 7 : 8, "\x09", 1);

	return err ? err : first_payload_byte(p);
}

/* The second of two extension headers is taken out. */
static int one_header_less(struct unet_hook_pkt *p)
{
	int err = unet_hook_splice(p, 48, 8, NULL, 0);

	return err ? err : unet_hook_write(p, 40, "\x11", 1);
}

static void receive_huge(struct unet_pkt *pkt, int (*fn)(struct unet_hook_pkt *p))
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	struct unet_rx_batch batch = { .tag = 0 };
	struct change c = { .fn = fn };
	struct unet_hook *h = unet_hook_add(end[1], change_one, &c, &o);

	unet_pktq_init(&batch.packets);
	unet_pktq_add(&batch.packets, pkt);
	unet_ip_input(end[1], &batch);
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.err, 0);
	assert_int_equal(stats(h).refused, 0);
	assert_int_equal(count(end[1], UNET_STAT_UDP_IN), 70);
	assert_int_equal(unet_hook_del(h), 0);
}

static void what_16_bits_cannot_measure_may_be_changed(void **state)
{
	static char buf[2000];
	u32 i;

	for (i = 0; i < 5; i++) {
		struct unet_pkt *pkt;

		open_pair(i > 1);
		pkt = huge(i > 1, i > 1 ? i - 2 : 0);
		if (i == 1)	/* vouched for, it may be wrong */
			pkt->data[10] ^= 1;
		receive_huge(pkt, i == 4 ? one_header_less : hops_and_payload);
		assert_int_equal(unet_recv(b, buf, sizeof(buf), 0), 1000);
		assert_int_equal(buf[0], i == 4 ? 0 : 'Z');
		close_pair();
	}
}

static void a_wrong_verdict_is_refused(void **state)
{
	struct deed d = { .verdict = 77, .dir = UNET_HOOK_TX };
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX };
	struct unet_hook *h = unet_hook_add(end[0], do_deed, &d, &o);

	say("x");
	d.verdict = UNET_HOOK_CLONE;	/* but there is no side */
	say("x");
	run();
	assert_string_equal(heard(), "");
	assert_int_equal(stats(h).refused, 2);
}

/* ---- TCP --------------------------------------------------------------- */

static u32 lose;

static int lose_some(void *arg, int from, uint64_t now_us, void *packet,
		     size_t len)
{
	if (from || len < 20 + 20 + 12 + 1 || !lose)
		return 0;
	lose--;
	return 1;
}

static u32 tcp_calls;

static void write_once(struct unet_hook_batch *batch, void *arg)
{
	u32 i;

	for (i = 0; i < batch->n; i++) {
		struct unet_hook_pkt *p = batch->pkt[i];

		if (p->total == unet_hook_headers(p)->payload || tcp_calls++)
			continue;
		assert_int_equal(unet_hook_splice(p, unet_hook_headers(p)->payload, 0, "x", 1),
				 -EOPNOTSUPP);
		assert_int_equal(unet_hook_splice(p, unet_hook_headers(p)->payload, 1, "xy", 2),
				 -EOPNOTSUPP);
		/* far behind what is made one piece to be checked */
		assert_int_equal(unet_hook_write(p, unet_hook_headers(p)->payload + 900, "X", 1),
				 0);
	}
}

/* R5.3: what is kept for sending again is not what the hook has written. */
static void who_shares_the_bytes_does_not_see_writes(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX };
	struct unet_sock *ls = unet_listen(end[1], "tcp", ":80", 1);
	struct unet_sock *c = unet_connect(end[0], "tcp", "192.0.2.2:80", NULL);
	static char text[1000];
	struct unet_sock *s;
	char buf[2000];

	run();
	s = unet_accept(ls);
	assert_non_null(s);
	memset(text, 'a', sizeof(text));
	tcp_calls = 0;
	unet_hook_add(end[0], write_once, NULL, &o);
	lose = 1;
	unet_wire_on_packet(w, lose_some, NULL);
	assert_int_equal(unet_send(c, text, sizeof(text), 0), sizeof(text));
	unet_wire_run(w, unet_wire_now(w) + 3000000);
	assert_true(tcp_calls >= 2);
	assert_int_equal(lose, 0);
	assert_int_equal(unet_recv(s, buf, sizeof(buf), 0), sizeof(text));
	assert_memory_equal(buf, text, sizeof(text));
}

/* ---- batches ----------------------------------------------------------- */

static void what_is_sent_comes_in_batches(void **state)
{
	struct unet_hook *h = noter(end[0], UNET_HOOK_TX, 0, "t");
	struct unet_hook *r = noter(end[1], UNET_HOOK_RX, 0, "r");
	int i;

	trail[0] = '\0';
	for (i = 0; i < 20; i++)
		say("x");
	run();
	assert_int_equal(stats(h).packets, 20);
	assert_int_equal(stats(h).batches, 1);
	assert_int_equal(stats(r).packets, 20);
	assert_int_equal(stats(r).batches, 1);
	for (i = 0; i < 200; i++)
		say("x");
	/* 64 do not wait for the end of the turn */
	assert_int_equal(stats(h).packets, 20 + 192);
	assert_int_equal(stats(h).batches, 4);
	run();
	assert_int_equal(stats(h).packets, 220);
	for (i = 0; i < 220; i++)
		assert_string_equal(heard(), "x");
}

static void a_chain_that_goes_leaves_nothing_behind(void **state)
{
	struct unet_hook *h = noter(end[0], UNET_HOOK_TX, 0, "t");

	say("one");
	assert_int_equal(unet_hook_del(h), 0);
	say("two");
	run();
	assert_string_equal(heard(), "one");
	assert_string_equal(heard(), "two");
}

static u32 ten(struct unet_backend *be)
{
	return 10;
}

static u32 told_writable;

static void writable(struct unet_sock *s, uint32_t events, void *arg)
{
	told_writable += !!(events & UNET_WRITABLE);
}

/* The ring stays empty, so nothing but the hooks makes room again. */
static void who_waits_for_room_gets_it_when_hooks_drop(void **state)
{
	static struct unet_backend_ops narrow;
	struct deed d = { .verdict = UNET_HOOK_DROP, .dir = UNET_HOOK_TX };
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX };
	u32 sent = 0;

	narrow = *end[0]->be->ops;
	narrow.tx_room = ten;
	end[0]->be->ops = &narrow;
	unet_hook_add(end[0], do_deed, &d, &o);
	unet_sock_on(a, UNET_WRITABLE, writable, NULL);
	run();
	told_writable = 0;
	while (unet_send(a, "x", 1, 0) == 1)
		sent++;
	assert_int_equal(sent, 10);
	run();
	assert_int_equal(told_writable, 1);
	assert_int_equal(d.packets, 10);
}

/* ---- budgets ----------------------------------------------------------- */

static struct unet_backend_ops slow_ops;
static u64 fake_clock;
static u64 clock_step;
static u32 clock_reads;

static u64 slow_clock(struct unet_backend *be)
{
	clock_reads++;
	return fake_clock += clock_step;
}

static u64 told_us;

static void over(struct unet_hook *h, uint64_t us, void *arg)
{
	told_us = us;
}

static void who_takes_too_long_is_reported_and_bypassed(void **state)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_TX, .budget_us = 50,
		.bypass_after = 2, .over = over,
	};
	struct unet_hook *h, *free_of_it;
	struct unet_hook_stats s;

	slow_ops = *end[0]->be->ops;
	slow_ops.now_us = slow_clock;
	fake_clock = end[0]->now;
	clock_step = 50;
	end[0]->be->ops = &slow_ops;
	free_of_it = noter(end[0], UNET_HOOK_TX, 1, "f");
	clock_reads = 0;
	say("x");
	run();
	assert_int_equal(clock_reads, 0);
	h = unet_hook_add(end[0], note, "b", &o);
	assert_string_equal(trail_of_a_packet(), "fb");
	assert_int_equal(stats(h).flags, 0);
	assert_int_equal(stats(h).time_us, 50);
	clock_step = 51;
	assert_string_equal(trail_of_a_packet(), "fb");
	assert_int_equal(told_us, 51);
	assert_int_equal(stats(h).flags, UNET_HOOK_OVER);
	assert_string_equal(trail_of_a_packet(), "fb");
	assert_string_equal(trail_of_a_packet(), "f");
	s = stats(h);
	assert_int_equal(s.flags, UNET_HOOK_OVER | UNET_HOOK_BYPASSED);
	assert_int_equal(s.over, 2);
	assert_int_equal(s.bypassed, 1);
	assert_int_equal(s.batches, 3);
	assert_int_equal(unet_hook_modify(h, &o), 0);
	assert_string_equal(trail_of_a_packet(), "fb");
	assert_int_equal(stats(free_of_it).over, 0);
}

/* How long each of a hook's functions takes, and calls of the predicate. */
struct pace {
	u32 fn;
	u32 predicate;
	u32 side;
	u32 asked;
	int answer;
};

static void take_time(struct unet_hook_batch *batch, void *arg)
{
	const struct pace *p = arg;

	fake_clock += p->fn;
	batch->pkt[0]->verdict = UNET_HOOK_CLONE;
}

static int ask_slowly(const struct unet_hook_pkt *pkt, void *arg)
{
	struct pace *p = arg;

	fake_clock += p->predicate;
	p->asked++;
	return p->answer;
}

static void look_aside_slowly(struct unet_hook_batch *batch, void *arg)
{
	const struct pace *p = arg;

	fake_clock += p->side;
}

/* The clock moves in the hook alone. */
static struct unet_hook *slow_hook(struct pace *p)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_TX, .budget_us = 50,
		.bypass_after = 1, .over = over, .predicate = ask_slowly,
		.side = look_aside_slowly, .match = UNET_HOOK_PROTO,
		.proto = IPPROTO_UDP,
	};

	slow_ops = *end[0]->be->ops;
	slow_ops.now_us = slow_clock;
	fake_clock = end[0]->now;
	clock_step = 0;
	told_us = 0;
	end[0]->be->ops = &slow_ops;
	return unet_hook_add(end[0], take_time, p, &o);
}

static void a_budget_is_for_all_functions_of_a_hook(void **state)
{
	static const struct {
		struct pace p;
		u32 us;
	} rows[] = {
		{ { .fn = 20, .predicate = 20, .side = 10, .answer = 1 }, 0 },
		{ { .fn = 51, .answer = 1 }, 51 },
		{ { .predicate = 52, .answer = 1 }, 52 },
		{ { .predicate = 53, .answer = 0 }, 53 },
		{ { .side = 54, .answer = 1 }, 54 },
		{ { .fn = 20, .predicate = 20, .side = 20, .answer = 1 }, 60 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pace p = rows[i].p;
		struct unet_hook *h = slow_hook(&p);

		assert_non_null(h);
		trail_of_a_packet();
		assert_int_equal(told_us, rows[i].us);
		assert_int_equal(stats(h).over, !!rows[i].us);
		assert_int_equal(stats(h).time_us, rows[i].us ? rows[i].us : 50);
		assert_int_equal(p.asked, 1);
		trail_of_a_packet();
		/* who is passed over is not asked either */
		assert_int_equal(p.asked, rows[i].us ? 1 : 2);
		assert_int_equal(stats(h).bypassed, !!rows[i].us);
		assert_int_equal(unet_hook_del(h), 0);
	}
}

/* ---- refusals ---------------------------------------------------------- */

static void options_that_make_no_sense_are_refused_with_a_sentence(void **state)
{
	static const struct {
		struct unet_hook_opts o;
		const char *word;
	} rows[] = {
		{ { .size = 8 }, "size 8" },
		{ { .match = 0x20 }, "match 0x20" },
		{ { .dirs = 4 }, "dirs 0x4" },
		{ { .ethertype = 0x800 }, "ethertype 0x800" },
		{ { .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x5ff }, "0x600" },
		{ { .proto = 6 }, "proto 0x6" },
		{ { .local_port = 7 }, "local_port 0x7" },
		{ { .match = UNET_HOOK_LOCAL_PORT }, "local_port 0" },
		{ { .remote_port = 7 }, "remote_port 0x7" },
		{ { .match = UNET_HOOK_REMOTE_PORT }, "remote_port 0" },
		{ { .match = UNET_HOOK_SOCK }, "sock 0" },
		{ { .reserved = 1 }, "reserved" },
		{ { .reserved0 = 1 }, "reserved" },
		{ { .bypass_after = 1 }, "bypass_after" },
		{ { .name = "a name that is longer than 31 bytes" }, "at most 31" },
	};
	struct unet_hook_opts o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		o = rows[i].o;
		if (!o.size)
			o.size = sizeof(o);
		errno = 0;
		assert_null(unet_hook_add(end[0], note, "x", &o));
		assert_int_equal(errno, EINVAL);
		if (!strstr(unet_error_detail(), rows[i].word))
			fail_msg("\"%s\" lacks \"%s\"", unet_error_detail(),
				 rows[i].word);
	}
	assert_null(unet_hook_add(end[0], NULL, NULL, NULL));
	o = (struct unet_hook_opts){ .size = sizeof(o), .sock = a,
				     .match = UNET_HOOK_SOCK };
	assert_null(unet_hook_add(end[1], note, "x", &o));
	assert_non_null(strstr(unet_error_detail(), "of this stack"));
	assert_int_equal(unet_hook_list(end[0], NULL, 0), 0);
}

static void injections_that_make_no_sense_are_refused(void **state)
{
	struct unet_hook *h = noter(end[0], 0, 0, "x");
	struct unet_hook_stats s = { .size = 1 };
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, "192.0.2.1", 9, "192.0.2.2", 7, "hello", 5);
	u32 i;

	assert_int_equal(unet_hook_stats(h, &s), -EINVAL);
	assert_int_equal(unet_hook_list(end[0], &s, 1), -EINVAL);
	assert_int_equal(unet_hook_inject(h, 3, packet, len), -EINVAL);
	assert_int_equal(unet_hook_inject(h, 0, packet, len), -EINVAL);
	assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, 65536),
			 -EMSGSIZE);
	for (i = 0; i < 28; i++)
		assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, i),
				 -EINVAL);
	/* somebody else's port */
	packet[21]++;
	assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, len),
			 -ENOTCONN);
	packet[21]--;
	assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, 1501),
			 -EMSGSIZE);
	for (i = 0; i < 256; i++)
		assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, len),
				 0);
	assert_int_equal(unet_hook_inject(h, UNET_HOOK_TX, packet, len),
			 -ENOBUFS);
	run();
	assert_int_equal(stats(h).injected, 256);
	assert_int_equal(stats(h).refused, 3 + 28 + 2);
}

static void a_hook_does_not_run_the_stack(struct unet_hook_batch *batch, void *arg)
{
	int *errs = arg;

	errs[0] = unet_stack_run(batch->stack, 0);
	errs[1] = unet_stack_input(batch->stack, 1, "x", 1);
	unet_stack_close(batch->stack);
	errs[2]++;
}

static void the_stack_is_not_run_from_a_hook(void **state)
{
	int errs[3] = { 0 };
	int i;

	unet_hook_add(end[0], a_hook_does_not_run_the_stack, errs, NULL);
	/* the 64th leaves from within unet_send(), outside of any turn */
	for (i = 0; i < 64; i++)
		say("x");
	assert_int_equal(errs[2], 1);
	assert_int_equal(errs[0], -EDEADLK);
	assert_int_equal(errs[1], -EDEADLK);
	run();
	assert_string_equal(heard(), "x");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(changes)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_in_both_directions_by_every_match),
		TEST(a_copy_has_the_room_of_what_it_is_of),
		TEST(hooks_are_called_by_priority_and_the_other_way_round_on_tx),
		TEST(what_a_hook_injects_only_those_behind_it_see),
		TEST(a_hook_may_answer_by_itself),
		TEST(kept_packets_can_be_put_back_in_another_order),
		TEST(what_was_bad_is_so_when_it_is_put_back),
		TEST(a_padded_datagram_ends_where_it_did),
		TEST(what_was_changed_and_kept_is_put_right),
		cmocka_unit_test(fragments_are_the_wires_and_datagrams_the_ports),
		TEST(a_datagram_of_fragments_is_a_packet_like_any_other),
		TEST(fragments_kept_can_be_put_back),
		TEST(a_fragment_dropped_is_a_datagram_lost),
		TEST(a_hook_may_take_itself_off),
		TEST(a_hook_that_is_taken_off_finishes_its_batch),
		TEST(destroy_is_called_in_every_way_a_hook_ends),
		cmocka_unit_test(what_ends_with_the_stack_may_take_off_others),
		TEST(a_hook_of_an_ipv6_socket_meets_its_ipv4_if_it_has_any),
		TEST(a_sockets_hook_ends_with_it),
		TEST(what_ended_stays_so_when_a_modify_is_refused),
		TEST(another_rule_takes_the_place_of_the_first),
		TEST(nothing_bad_is_made_good),
		TEST(a_padded_datagram_may_be_changed),
		cmocka_unit_test(what_16_bits_cannot_measure_may_be_changed),
		TEST(a_wrong_verdict_is_refused),
		TEST(who_shares_the_bytes_does_not_see_writes),
		TEST(what_is_sent_comes_in_batches),
		TEST(a_chain_that_goes_leaves_nothing_behind),
		TEST(who_waits_for_room_gets_it_when_hooks_drop),
		TEST(who_takes_too_long_is_reported_and_bypassed),
		TEST(a_budget_is_for_all_functions_of_a_hook),
		TEST(options_that_make_no_sense_are_refused_with_a_sentence),
		TEST(injections_that_make_no_sense_are_refused),
		TEST(the_stack_is_not_run_from_a_hook),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changes); i++)
		rows[i] = (struct CMUnitTest){ changes[i].sentence, change_row,
			NULL, NULL, (void *)&changes[i] };
	return cmocka_run_group_tests_name("hook changes", rows, NULL, NULL) +
	       cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
