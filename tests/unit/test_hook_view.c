// SPDX-License-Identifier: MIT
/*
 * What hooks see of packets that come together: the headers of each, whatever came
 * before it, and hooks match as if each had come alone. Of two packets that differ
 * in one thing only, in every order (R1.12: the short way never says what the long
 * one does not).
 */
#include <netinet/in.h>
#include <unet/unet.h>
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "hook.h"
#include "stack.h"

#define ME4	"192.0.2.2"
#define ME6	"2001:db8::2"

static struct unet_wire *w;
static struct unet_stack *st;
static u8 bytes[FORGE_MAX];

static int set_up(void **state)
{
	struct unet_stack *end[2];

	w = unet_wire_open(NULL, end);
	st = end[1];
	return !w;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

/* ---- packets ------------------------------------------------------------- */

static u32 udp4(u16 port)
{
	return forge_udp(bytes, "192.0.2.1", 9, ME4, port, "hello, you", 10);
}

static u32 udp6(u16 port)
{
	return forge_udp(bytes, "2001:db8::1", 9, ME6, port, "hello, you", 10);
}

static u32 tcp(const char *from, const char *to, u8 header)
{
	u8 l4[40] = { 0, 9, 0, 7, [12] = (u8)(header << 2), [13] = 0x10 };

	return forge_ip(bytes, from, to, IPPROTO_TCP, l4, sizeof(l4));
}

static u32 changed(u32 len, u32 at, u8 to)
{
	bytes[at] = to;
	return len;
}

static u32 with_options(u16 port)
{
	u32 len = udp4(port);

	memmove(bytes + 24, bytes + 20, len - 20);
	memset(bytes + 20, 1, 4);
	bytes[0] = 0x46;
	return len + 4;
}

static u32 extended(void)
{
	static const u8 ext[8] = { 0, 0, 1, 4, 0, 0, 0, 0 };

	return forge_extension(bytes, udp6(7), UNET_PROTO_DSTOPTS, ext, 8);
}

#define VARIETIES	29u

/* One kind of packet, in @bytes. */
static u32 forge(u32 i)
{
	switch (i) {
	case 0:	return udp4(7);
	case 1:	return udp4(8);
	case 2:	return forge_udp(bytes, "192.0.2.1", 10, ME4, 7, "x", 1);
	case 3:	return forge_udp(bytes, "192.0.2.3", 9, ME4, 7, "x", 1);
	case 4:	return forge_udp(bytes, "192.0.2.1", 9, "192.0.2.3", 7, "x", 1);
	case 5:	return tcp("192.0.2.1", ME4, 20);
	case 6:	return tcp("192.0.2.1", ME4, 32);
	case 7:	return tcp("192.0.2.1", ME4, 4);
	case 8:	return changed(udp4(7), 6, 0x20);	/* first fragment */
	case 9:	return changed(udp4(7), 7, 5);		/* a later one */
	case 10: return changed(udp4(7), 9, IPPROTO_SCTP);
	case 11: return with_options(7);
	case 12: return udp6(7);
	case 13: return udp6(8);
	case 14: return tcp("2001:db8::1", ME6, 20);
	case 15: return tcp("2001:db8::1", ME6, 32);
	case 16: return forge_udp(bytes, "2001:db8:1::1", 9, ME6, 7, "x", 1);
	case 17: return extended();
	case 18: return changed(udp4(7), 0, 0x75);	/* IP 7 */
	case 19: return udp4(7) - 12;			/* 2 bytes are missing */
	case 20: return tcp("192.0.2.1", ME4, 60);	/* 20 are missing */
	case 21: return changed(udp6(7), 39, 3);	/* to somebody else */
	case 22: return changed(udp6(7), 31, 3);
	case 23: return changed(udp6(7), 23, 3);	/* from somebody else */
	case 24: return with_options(8);
	case 25: return tcp("192.0.2.1", ME4, 8);
	case 26: return tcp("192.0.2.1", ME4, 8) - 32;	/* 8 are there */
	case 27: return tcp("192.0.2.1", ME4, 8) - 21;	/* 19 are there */
	case 28: return tcp("2001:db8::1", ME6, 8) - 32;
	}
	return 0;
}

static u8 forged[VARIETIES][200];
static u32 forged_len[VARIETIES];

static void add(struct unet_pktq *q, u32 i)
{
	struct unet_pkt *pkt = unet_pkt_heap(&st->pool, 0, forged_len[i]);

	memcpy(unet_pkt_put(pkt, forged_len[i]), forged[i], forged_len[i]);
	pkt->priv = i;
	unet_pktq_add(q, pkt);
}

/* ---- hooks --------------------------------------------------------------- */

static void as_if_alone(struct unet_hook_batch *b, void *arg)
{
	struct unet_hook_headers wanted;
	u32 i;

	for (i = 0; i < b->n; i++) {
		unet_hook_parse(b->pkt[i], true, &wanted);
		assert_memory_equal(unet_hook_headers(b->pkt[i]), &wanted,
				    sizeof(wanted));
	}
	*(u32 *)arg += b->n;
}

static u64 met;	/* a bit for each variety that the hook was called with */

static void note(struct unet_hook_batch *b, void *arg)
{
	u32 i;

	for (i = 0; i < b->n; i++)
		met |= 1ull << unet_hook_slot_of(b->pkt[i])->pkt->priv;
}

/* Which of some packets does the one hook meet? */
static u64 met_of(const u32 *which, u32 n)
{
	struct unet_pktq q;
	u32 i;

	met = 0;
	unet_pktq_init(&q);
	for (i = 0; i < n; i++)
		add(&q, which[i]);
	unet_hook_run(st, UNET_HOOKS_RX, &q, 0);
	assert_int_equal(q.packets, n);
	unet_pktq_purge(&q);
	return met;
}

/* Two, and the first once more. */
static void every_pair(u32 a, u32 b, u64 alone)
{
	u32 which[3] = { a, b, a };

	assert_int_equal(met_of(which, 3), (1ull << a | 1ull << b) & alone);
}

static void every_two(u64 alone)
{
	u32 a, b;

	for (a = 0; a < VARIETIES; a++) {
		for (b = 0; b < VARIETIES; b++)
			every_pair(a, b, alone);
	}
}

static void headers_are_those_of_the_packet_itself(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	u32 calls = 0;

	unet_hook_add(st, as_if_alone, &calls, &o);
	every_two(0);
	assert_int_equal(calls, 3 * VARIETIES * VARIETIES);
}

static void each_matches_as_if_it_was_alone(void **state)
{
	struct unet_sock *s = unet_udp_open(st, AF_INET6);
	struct unet_connect_opts c4 = { .size = sizeof(c4), .local = ME4 ":7" };
	struct unet_connect_opts c6 = { .size = sizeof(c6),
					.local = "[" ME6 "]:7" };
	struct unet_hook_opts o[] = {
		{ .match = UNET_HOOK_ETHERTYPE, .ethertype = 0x0800 },
		{ .match = UNET_HOOK_PROTO, .proto = IPPROTO_UDP },
		{ .match = UNET_HOOK_LOCAL_PORT, .local_port = 7 },
		{ .match = UNET_HOOK_REMOTE_PORT, .remote_port = 9 },
		{ .match = UNET_HOOK_SOCK, .sock = s },
		{ .match = UNET_HOOK_SOCK,
		  .sock = unet_connect(st, "udp", "192.0.2.1:9", &c4) },
		{ .match = UNET_HOOK_SOCK,
		  .sock = unet_connect(st, "udp", "[2001:db8::1]:9", &c6) },
	};
	u32 i, k;

	unet_udp_bind(s, "[" ME6 "]:7");
	for (k = 0; k < ARRAY_SIZE(o); k++) {
		struct unet_hook *h;
		u64 alone = 0;

		o[k].size = sizeof(o[k]);
		o[k].dirs = UNET_HOOK_RX;
		h = unet_hook_add(st, note, NULL, &o[k]);
		assert_non_null(h);
		for (i = 0; i < VARIETIES; i++)
			alone |= met_of(&i, 1);
		assert_true(alone && alone != (1ull << VARIETIES) - 1);
		every_two(alone);
		unet_hook_del(h);
	}
}

/* ---- queues --------------------------------------------------------------- */

static void drop_every(struct unet_hook_batch *b, void *arg)
{
	u32 i;

	for (i = 0; i < b->n; i++) {
		if (unet_hook_slot_of(b->pkt[i])->pkt->priv == *(u32 *)arg)
			b->pkt[i]->verdict = UNET_HOOK_DROP;
	}
}

/* More than a batch, and of some only a part is left. */
static void a_long_queue_stays_in_order(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_RX };
	u32 drop = VARIETIES;
	struct unet_pkt *pkt;
	struct unet_pktq q;
	u32 bytes_left = 0;
	u32 n = 0;
	u32 i;

	unet_hook_add(st, drop_every, &drop, &o);
	for (drop = 0; drop <= VARIETIES; drop++) {
		unet_pktq_init(&q);
		for (i = 0; i < 6 * VARIETIES; i++)
			add(&q, i % VARIETIES);
		unet_hook_run(st, UNET_HOOKS_RX, &q, 77);
		for (i = 0, n = 0, bytes_left = 0, pkt = q.head; pkt;
		     pkt = pkt->next, i++, n++) {
			i += i % VARIETIES == drop;
			assert_int_equal(pkt->priv, i % VARIETIES);
			assert_int_equal(pkt->tag, 77);
			bytes_left += pkt->total;
		}
		assert_int_equal(n, 6 * (VARIETIES - (drop < VARIETIES)));
		assert_int_equal(q.packets, n);
		assert_int_equal(q.bytes, bytes_left);
		unet_pktq_purge(&q);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(headers_are_those_of_the_packet_itself),
		TEST(each_matches_as_if_it_was_alone),
		TEST(a_long_queue_stays_in_order),
	};
	u32 i;

	for (i = 0; i < VARIETIES; i++) {
		forged_len[i] = forge(i);
		memcpy(forged[i], bytes, forged_len[i]);
	}
	return cmocka_run_group_tests_name("hook view", tests, NULL, NULL);
}
