// SPDX-License-Identifier: MIT
/*
 * UDP endpoints: what is received and from whom, super packets both ways, limits,
 * errors, and what a send looks like on the ring.
 */
#include <sys/uio.h>
#include "core/wire.h"
#include "fake_backend.h"
#include "forge.h"
#include "helpers.h"
#include "udp.h"

#define ME	"192.0.2.1"
#define PEER	"192.0.2.2"
#define ME6	"2001:db8::1"
#define PEER6	"2001:db8::2"

static struct fake fake;
static struct unet_stack *st;
static struct unet_udp *u;
static u8 packet[FORGE_MAX];
static u8 data[FORGE_MAX];
static u32 readables;
static u32 writables;
static u32 errors;

static void on_readable(void *ctx) { readables++; }
static void on_writable(void *ctx) { writables++; }
static void on_error(void *ctx) { errors++; }

static const struct unet_udp_events events = {
	.readable = on_readable, .writable = on_writable, .error = on_error,
};

static int set_up(void **state)
{
	size_t i;

	readables = 0;
	writables = 0;
	errors = 0;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 13 + i / 253);
	fake_init(&fake);
	st = fake_stack(&fake);
	unet_stack_add_proto(st, &unet_udp_proto);
	u = unet_udp_create(st, 4, &events, NULL);
	return !u;
}

static int tear_down(void **state)
{
	u32 live;

	if (u)
		unet_udp_destroy(u);
	live = st->pool.live;
	unet_stack_destroy(st);
	fake_exit(&fake);
	return live ? -1 : 0;
}

static void key_of(struct unet_flow_key *key, const char *local, u16 lport,
		   const char *remote, u16 rport)
{
	memset(key, 0, sizeof(*key));
	key->family = 4;
	if (local)
		key->family = forge_addr(local, key->local);
	if (remote)
		key->family = forge_addr(remote, key->remote);
	key->local_port = cpu_to_be16(lport);
	key->remote_port = cpu_to_be16(rport);
}

static void install(const char *local, u16 lport, const char *remote,
		    u16 rport)
{
	struct unet_flow_key key;

	key_of(&key, local, lport, remote, rport);
	assert_int_equal(unet_udp_install(u, &key, 0), 0);
}

static void turn(void)
{
	unet_stack_turn(st, st->now + 1);
}

static void receive(u32 len)
{
	fake_receive(&fake, st, fake.req.meta.tag, 0, packet, len);
	turn();
}

static void receive_udp(const char *src, u16 sport, const char *dst,
			u16 dport, u32 len)
{
	receive(forge_udp(packet, src, sport, dst, dport, data, len));
}

static u8 buf[FORGE_MAX];

static ssize_t take(void)
{
	return unet_udp_take(u, buf, sizeof(buf), false, false, NULL);
}

static void a_datagram_arrives_with_its_sender(void **state)
{
	struct unet_flow_key from;
	__be32 addr[4];

	install(NULL, 53, NULL, 0);
	receive_udp(PEER, 999, ME, 53, 100);
	assert_int_equal(readables, 1);
	assert_int_equal(unet_udp_take(u, buf, sizeof(buf), false, false,
				       &from), 100);
	assert_memory_equal(buf, data, 100);
	assert_int_equal(from.family, 4);
	assert_int_equal(from.remote_port, cpu_to_be16(999));
	assert_int_equal(from.local_port, cpu_to_be16(53));
	forge_addr(PEER, addr);
	assert_memory_equal(from.remote, addr, 16);
	forge_addr(ME, addr);
	assert_memory_equal(from.local, addr, 16);
	assert_int_equal(take(), -EAGAIN);
}

static void an_empty_datagram_is_one(void **state)
{
	struct iovec iov[2];

	install(NULL, 53, NULL, 0);
	receive_udp(PEER, 999, ME, 53, 0);
	assert_int_equal(unet_udp_peek(u, iov, 2), 1);
	assert_int_equal(iov[0].iov_len, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(take(), -EAGAIN);
}

static void what_does_not_fit_is_lost_and_told(void **state)
{
	install(NULL, 53, NULL, 0);
	receive_udp(PEER, 999, ME, 53, 100);
	receive_udp(PEER, 999, ME, 53, 50);
	assert_int_equal(unet_udp_take(u, buf, 10, true, false, NULL), 10);
	assert_int_equal(unet_udp_take(u, buf, 10, true, true, NULL), 100);
	assert_int_equal(unet_udp_take(u, buf, 10, false, true, NULL), 100);
	assert_int_equal(take(), 50);
}

static void peek_shows_the_bytes_in_place(void **state)
{
	struct iovec iov[4];

	install(NULL, 53, NULL, 0);
	receive_udp(PEER, 999, ME, 53, 100);
	assert_int_equal(unet_udp_peek(u, iov, 4), 1);
	assert_int_equal(iov[0].iov_len, 100);
	assert_memory_equal(iov[0].iov_base, data, 100);
	assert_ptr_equal(iov[0].iov_base, u->rcvq.head->data + 8);
	assert_int_equal(unet_udp_drop(u), 0);
	assert_int_equal(unet_udp_peek(u, iov, 4), -EAGAIN);
	assert_int_equal(unet_udp_drop(u), -EINVAL);
}

struct bad {
	const char *sentence;
	u16 length;
	int got;
};

static const struct bad bad[] = {
	{ "the length is the payload and 8", 108, 100 },
	{ "a shorter length cuts padding off", 58, 50 },
	{ "a length of 8 is an empty datagram", 8, 0 },
	{ "a length below 8 is refused", 7, -EAGAIN },
	{ "a length of 0 is refused", 0, -EAGAIN },
	{ "a length beyond the packet is refused", 109, -EAGAIN },
};

static void length_row(void **state)
{
	const struct bad *b = *state;
	u32 len = forge_udp(packet, PEER, 999, ME, 53, data, 100);

	install(NULL, 53, NULL, 0);
	unet_store_u16(packet + 24, b->length);
	unet_store_u16(packet + 26, 0);		/* IPv4: no checksum */
	receive(len);
	assert_int_equal(take(), b->got);
	assert_int_equal(st->counter[UNET_STAT_UDP_BAD], b->got < 0);
}

/* RFC 768: the checksum is over the datagram, wherever the packet ends. */
static void a_padded_datagram_has_a_checksum_of_its_own(void **state)
{
	u32 len = forge_udp(packet, PEER, 999, ME, 53, data, 50);

	install(NULL, 53, NULL, 0);
	len = forge_pad(packet, len, 51);
	receive(len);
	assert_int_equal(take(), 50);
	assert_memory_equal(buf, data, 50);
	packet[28] ^= 1;
	receive(len);
	assert_int_equal(take(), -EAGAIN);
	assert_int_equal(st->counter[UNET_STAT_L4_BAD_CSUM], 1);
}

static void a_padded_datagram_of_ipv6_has_one_too(void **state)
{
	u32 len = forge_udp(packet, PEER6, 999, ME6, 53, data, 50);

	unet_udp_destroy(u);
	u = unet_udp_create(st, 6, &events, NULL);
	install(ME6, 53, NULL, 0);
	len = forge_pad(packet, len, 51);
	receive(len);
	assert_int_equal(take(), 50);
	packet[48] ^= 1;
	receive(len);
	assert_int_equal(take(), -EAGAIN);
	assert_int_equal(st->counter[UNET_STAT_L4_BAD_CSUM], 1);
}

static void a_super_packet_is_taken_apart(void **state)
{
	static const u32 sizes[] = { 400, 400, 400, 1 };
	struct iovec iov[2];
	u32 at = 0;
	size_t i;

	install(NULL, 53, NULL, 0);
	fake_receive(&fake, st, fake.req.meta.tag, 0, packet,
		     forge_udp(packet, PEER, 999, ME, 53, data, 1201));
	fake_last(&fake)->seg_size = 400;
	fake_last(&fake)->segs = 4;
	turn();
	assert_int_equal(st->counter[UNET_STAT_UDP_IN], 4);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(unet_udp_peek(u, iov, 2), 1);
		assert_int_equal(iov[0].iov_len, sizes[i]);
		assert_int_equal(take(), sizes[i]);
		assert_memory_equal(buf, data + at, sizes[i]);
		at += sizes[i];
	}
	assert_int_equal(take(), -EAGAIN);
	assert_int_equal(u->rcv_busy, 0);
}

static void a_super_packet_in_pieces_is_taken_apart(void **state)
{
	struct unet_pkt *pkt;
	struct iovec iov[8];
	int i;

	install(NULL, 53, NULL, 0);
	fake_receive(&fake, st, fake.req.meta.tag, 0, packet,
		     forge_udp(packet, PEER, 999, ME, 53, data, 1200));
	pkt = fake_last(&fake);
	unet_pkt_append(pkt, unet_pkt_split(pkt, 28 + 150));
	pkt->seg_size = 400;
	turn();
	assert_int_equal(unet_udp_peek(u, iov, 8), 2);
	assert_int_equal(iov[0].iov_len, 150);
	assert_int_equal(iov[1].iov_len, 250);
	assert_int_equal(unet_udp_peek(u, iov, 1), 1);
	for (i = 0; i < 3; i++) {
		assert_int_equal(take(), 400);
		assert_memory_equal(buf, data + i * 400, 400);
	}
}

static void the_receive_buffer_is_bounded(void **state)
{
	u32 i;

	u->rcvbuf = 10000;
	install(NULL, 53, NULL, 0);
	for (i = 0; i < 40; i++)
		receive_udp(PEER, 999, ME, 53, 1000);
	assert_true(st->counter[UNET_STAT_UDP_FULL] > 25);
	assert_true(u->rcv_busy < 10000 + 2000);
	while (take() == 1000)
		i--;
	assert_int_equal(i, st->counter[UNET_STAT_UDP_FULL]);
	assert_int_equal(u->rcv_busy, 0);
}

static void the_sender_is_known_wherever_pieces_end(void **state)
{
	struct unet_flow_key from;
	u32 len;
	u32 at;

	install(NULL, 53, NULL, 0);
	len = forge_udp(packet, PEER, 999, ME, 53, data, 12);
	for (at = 1; at < len; at++) {
		struct unet_pkt *pkt;

		fake_receive(&fake, st, fake.req.meta.tag, 0, packet, len);
		pkt = fake_last(&fake);
		unet_pkt_append(pkt, unet_pkt_split(pkt, at));
		turn();
		assert_int_equal(unet_udp_take(u, buf, sizeof(buf), false,
					       false, &from), 12);
		assert_memory_equal(buf, data, 12);
		assert_memory_equal(from.remote, "\xc0\x00\x02\x02", 4);
		assert_int_equal(from.remote_port, cpu_to_be16(999));
	}
}

static void fragments_make_a_datagram_with_a_sender(void **state)
{
	static u8 whole[FORGE_MAX];
	struct unet_flow_key from;
	u32 n;

	install(NULL, 53, NULL, 0);
	forge_udp(whole, PEER, 999, ME, 53, data, 2000);
	n = forge_fragment(packet, whole, 0, 1200, true, 3);
	fake_receive(&fake, st, 0, 0, packet, n);
	n = forge_fragment(packet, whole, 1200, 808, false, 3);
	fake_receive(&fake, st, 0, 0, packet, n);
	turn();
	assert_int_equal(unet_udp_take(u, buf, sizeof(buf), false, false,
				       &from), 2000);
	assert_memory_equal(buf, data, 2000);
	assert_int_equal(from.remote_port, cpu_to_be16(999));
	assert_memory_equal(from.remote, "\xc0\x00\x02\x02", 4);
	assert_memory_equal(from.local, "\xc0\x00\x02\x01", 4);
}

/* ---- sending ---------------------------------------------------------------- */

static ssize_t send_bytes(u32 len, const struct unet_flow_key *to, u16 seg)
{
	struct iovec iov = { .iov_base = data, .iov_len = len };

	return unet_udp_sendv(u, &iov, 1, to, seg);
}

static void assert_sent(u32 i, u16 lport, u16 rport, u32 at, u32 len)
{
	const struct fake_sent *s = &fake.sent[i];
	u32 ip = s->bytes[0] >> 4 == 4 ? 20 : 40;

	assert_int_equal(s->len, ip + 8 + len);
	assert_int_equal(s->header_len, ip + 8);
	assert_int_equal(s->pieces, 1);
	assert_int_equal(unet_load_u16(s->bytes + ip), lport);
	assert_int_equal(unet_load_u16(s->bytes + ip + 2), rport);
	assert_int_equal(unet_load_u16(s->bytes + ip + 4), 8 + len);
	assert_int_equal(unet_load_u16(s->bytes + ip + 6), 0);
	assert_memory_equal(s->bytes + ip + 8, data + at, len);
}

static void a_datagram_is_one_run_of_memory(void **state)
{
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(10, NULL, 0), 10);
	assert_int_equal(send_bytes(1472, NULL, 0), 1472);
	assert_int_equal(send_bytes(0, NULL, 0), 0);
	assert_int_equal(fake.n_sent, 3);
	assert_sent(0, 5000, 7, 0, 10);
	assert_sent(1, 5000, 7, 0, 1472);
	assert_sent(2, 5000, 7, 0, 0);
	assert_memory_equal(fake.sent[0].bytes + 12, fake.source4, 4);
}

static void pieces_of_the_caller_are_gathered(void **state)
{
	struct iovec iov[4] = {
		{ data, 3 }, { data + 3, 0 }, { data + 3, 500 },
		{ data + 503, 7 },
	};

	install(NULL, 5000, PEER, 7);
	assert_int_equal(unet_udp_sendv(u, iov, 4, NULL, 0), 510);
	assert_sent(0, 5000, 7, 0, 510);
	assert_int_equal(unet_udp_sendv(u, iov, 0, NULL, 0), 0);
	assert_sent(1, 5000, 7, 0, 0);
}

static void the_first_send_binds_a_port(void **state)
{
	struct unet_flow_key to;

	key_of(&to, NULL, 0, PEER, 7);
	assert_int_equal(send_bytes(4, &to, 0), 4);
	assert_true(unet_udp_bound(u));
	assert_int_equal(fake.req.flags, 0);
	assert_sent(0, 40001, 7, 0, 4);
	assert_memory_equal(fake.sent[0].bytes + 12, fake.source4, 4);
	assert_int_equal(send_bytes(5, &to, 0), 5);
	assert_sent(1, 40001, 7, 0, 5);
}

static void an_ipv6_endpoint_sends_both(void **state)
{
	struct unet_flow_key any = { .family = 6 };
	struct unet_flow_key to;

	unet_udp_destroy(u);
	u = unet_udp_create(st, 6, &events, NULL);
	assert_int_equal(unet_udp_install(u, &any, 0), 0);
	key_of(&to, NULL, 0, PEER6, 7);
	assert_int_equal(send_bytes(4, &to, 0), 4);
	assert_memory_equal(fake.sent[0].bytes + 8, fake.source6, 16);
	key_of(&to, NULL, 0, PEER, 7);
	assert_int_equal(send_bytes(4, &to, 0), 4);
	assert_int_equal(fake.sent[1].bytes[0], 0x45);
	/* but not when it is told to be IPv6 only, or bound to an address */
	unet_udp_destroy(u);
	u = unet_udp_create(st, 6, &events, NULL);
	assert_int_equal(unet_udp_install(u, &any, UNET_INSTALL_V6ONLY), 0);
	assert_int_equal(send_bytes(4, &to, 0), -EAFNOSUPPORT);
	unet_udp_destroy(u);
	u = unet_udp_create(st, 6, &events, NULL);
	install(ME6, 99, NULL, 0);
	assert_int_equal(send_bytes(4, &to, 0), -EAFNOSUPPORT);
}

static void a_failed_bind_leaves_no_trace(void **state)
{
	struct unet_flow_key key;
	struct unet_flow_key to;

	unet_udp_destroy(u);
	u = unet_udp_create(st, 6, &events, NULL);
	key_of(&key, ME, 5000, PEER, 7);
	fake.add_error = -EADDRINUSE;
	assert_int_equal(unet_udp_install(u, &key, 0), -EADDRINUSE);
	assert_false(unet_udp_connected(u));
	assert_int_equal(u->flow.key.family, 6);
	assert_int_equal(u->flow.key.local_port, 0);
	fake.add_error = 0;
	/* an IPv6 endpoint still, that gets a port of the kernel's choice */
	key_of(&to, NULL, 0, PEER6, 7);
	assert_int_equal(send_bytes(4, &to, 0), 4);
	assert_sent(0, 40001, 7, 0, 4);
}

static void who_is_sent_to_must_be_clear(void **state)
{
	struct unet_flow_key to;

	key_of(&to, NULL, 0, PEER, 7);
	assert_int_equal(send_bytes(4, NULL, 0), -EDESTADDRREQ);
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(4, &to, 0), -EISCONN);
	assert_int_equal(unet_udp_install(u, &to, 0), -EINVAL);
}

static void too_large_a_datagram_is_refused(void **state)
{
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(1473, NULL, 0), -EMSGSIZE);
	assert_int_equal(send_bytes(65488, NULL, 0), -EMSGSIZE);
	assert_int_equal(fake.n_sent, 0);
	assert_int_equal(u->error, 0);
}

static void equal_datagrams_go_as_super_packets(void **state)
{
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(10000, NULL, 1000), 10000);
	assert_int_equal(fake.n_sent, 1);
	assert_int_equal(fake.sent[0].seg_size, 1000);
	assert_sent(0, 5000, 7, 0, 10000);
	/* a single one is none */
	assert_int_equal(send_bytes(700, NULL, 1000), 700);
	assert_int_equal(fake.sent[1].seg_size, 0);
	/* no more than 64 at once, nor than 64 KiB */
	assert_int_equal(send_bytes(10000, NULL, 100), 10000);
	assert_int_equal(fake.n_sent, 4);
	assert_sent(2, 5000, 7, 0, 6400);
	assert_sent(3, 5000, 7, 6400, 3600);
	assert_int_equal(send_bytes(69000, NULL, 1400), 69000);
	assert_sent(4, 5000, 7, 0, 64400);
	assert_sent(5, 5000, 7, 64400, 4600);
	assert_int_equal(send_bytes(10000, NULL, 1473), -EMSGSIZE);
}

static void without_offload_they_go_one_by_one(void **state)
{
	u32 i;

	fake.be.gso_max = 0;
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(2500, NULL, 1000), 2500);
	assert_int_equal(fake.n_sent, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(fake.sent[i].seg_size, 0);
		assert_sent(i, 5000, 7, i * 1000, i < 2 ? 1000 : 500);
	}
}

static void a_full_ring_is_waited_for(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake.room = 1;
	assert_int_equal(send_bytes(10, NULL, 0), 10);
	assert_int_equal(send_bytes(10, NULL, 0), -EAGAIN);
	turn();
	assert_int_equal(writables, 0);
	fake.room = 5;
	turn();
	assert_int_equal(writables, 1);
	turn();
	assert_int_equal(writables, 1);
}

static void no_memory_is_waited_for_and_part_is_told(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake.tx_memory = false;
	assert_int_equal(send_bytes(1000, NULL, 0), -EAGAIN);
	/* what fits a header block still goes */
	assert_int_equal(send_bytes(100, NULL, 0), 100);
	fake.tx_memory = true;
	turn();
	assert_int_equal(writables, 1);
	fake.be.gso_max = 0;
	u->flow.gso_max = 0;
	fake.room = 2;
	assert_int_equal(send_bytes(5000, NULL, 1000), 2000);
	assert_int_equal(send_bytes(5000, NULL, 1000), -EAGAIN);
}

static void a_writer_is_called_back_when_there_is_memory(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake.tx_memory = false;
	assert_int_equal(send_bytes(1000, NULL, 0), -EAGAIN);
	turn();
	turn();
	assert_int_equal(writables, 0);
	/* enough for a smaller one */
	fake.tx_moves = 1000;
	turn();
	assert_int_equal(writables, 0);
	assert_int_equal(send_bytes(900, NULL, 0), 900);
	fake.tx_memory = true;
	turn();
	turn();
	assert_int_equal(writables, 1);
	assert_int_equal(send_bytes(1000, NULL, 0), 1000);
}

static void without_memory_what_can_be_moved_is_sent(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake.tx_memory = false;
	fake.tx_moves = 3000;
	assert_int_equal(send_bytes(1400, NULL, 0), 1400);
	assert_sent(0, 5000, 7, 0, 1400);
	/* fewer at once than there could be */
	assert_int_equal(send_bytes(10500, NULL, 1000), 10500);
	assert_int_equal(fake.n_sent, 1 + 6);
	assert_sent(1, 5000, 7, 0, 2000);
	assert_sent(6, 5000, 7, 10000, 500);
	fake.tx_moves = 1300;
	assert_int_equal(send_bytes(1400, NULL, 0), -EAGAIN);
	assert_int_equal(send_bytes(2500, NULL, 1000), 2500);
	fake.tx_moves = 1047;
	assert_int_equal(send_bytes(2500, NULL, 1000), -EAGAIN);
	turn();
	assert_int_equal(writables, 0);
	fake.tx_moves = 1048;
	turn();
	assert_int_equal(writables, 1);
	assert_int_equal(send_bytes(2500, NULL, 1000), 2500);
}

static void what_was_cut_and_sent_is_whole_datagrams(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake.room = 1;
	assert_int_equal(send_bytes(10000, NULL, 100), 6400);
	assert_int_equal(send_bytes(3600, NULL, 100), -EAGAIN);
	fake.room = 5;
	assert_int_equal(send_bytes(3650, NULL, 100), 3650);
	/* an error that stops the first one is told, not a count */
	assert_int_equal(send_bytes(5000, NULL, 1473), -EMSGSIZE);
}

static void push_back_holds_the_flow(void **state)
{
	struct unet_flow_adv *adv;

	install(NULL, 5000, PEER, 7);
	adv = &fake.adv[fake.adds];
	adv->flags = UNET_ADV_SUSPENDED;
	assert_int_equal(send_bytes(10, NULL, 0), -EAGAIN);
	turn();
	turn();
	assert_int_equal(writables, 0);
	adv->flags = 0;
	turn();
	assert_int_equal(writables, 1);
	assert_int_equal(send_bytes(10, NULL, 0), 10);
}

/* ---- errors ------------------------------------------------------------------ */

static void icmp(u8 code, u16 mtu)
{
	u8 quote[64];

	forge_udp(packet, ME, 5000, PEER, 7, data, 8);
	memcpy(quote, packet, 36);
	receive(forge_icmp_error(packet, PEER, ME, 3, code, mtu, quote, 28));
}

static void refused_is_told_once(void **state)
{
	install(NULL, 5000, PEER, 7);
	receive_udp(PEER, 7, ME, 5000, 5);
	icmp(3, 0);
	assert_int_equal(errors, 1);
	assert_int_equal(take(), -ECONNREFUSED);
	assert_int_equal(take(), 5);
	icmp(3, 0);
	assert_int_equal(send_bytes(1, NULL, 0), -ECONNREFUSED);
	assert_int_equal(send_bytes(1, NULL, 0), 1);
	/* what may pass is not told */
	icmp(1, 0);
	assert_int_equal(errors, 2);
}

static void one_peers_error_is_not_an_unconnected_endpoints(void **state)
{
	install(NULL, 5000, NULL, 0);
	icmp(3, 0);
	assert_int_equal(errors, 0);
	assert_int_equal(st->counter[UNET_STAT_ICMP_ERRORS], 1);
}

static void a_smaller_path_is_heeded(void **state)
{
	install(NULL, 5000, PEER, 7);
	assert_int_equal(send_bytes(1400, NULL, 0), 1400);
	icmp(4, 1300);
	assert_int_equal(send_bytes(1400, NULL, 0), -EMSGSIZE);
	assert_int_equal(send_bytes(1272, NULL, 0), 1272);
}

/* RFC 1191 section 6.3: 10 minutes after the last word of it. */
static void a_smaller_path_is_not_believed_for_ever(void **state)
{
	install(NULL, 5000, PEER, 7);
	send_bytes(1400, NULL, 0);
	icmp(4, 1300);
	st->now += 300000000;
	icmp(4, 1200);
	st->now += 599999990;
	assert_int_equal(send_bytes(1400, NULL, 0), -EMSGSIZE);
	assert_int_equal(st->counter[UNET_STAT_PMTU_RAISED], 0);
	st->now += 10;
	assert_int_equal(send_bytes(1400, NULL, 0), 1400);
	assert_int_equal(st->counter[UNET_STAT_PMTU_RAISED], 1);
	icmp(4, 1300);
	assert_int_equal(send_bytes(1400, NULL, 0), -EMSGSIZE);
}

static void an_endpoint_whose_flow_is_gone_stays_dead(void **state)
{
	install(NULL, 5000, PEER, 7);
	fake_receive(&fake, st, fake.req.meta.tag, UNET_RX_END, NULL, 0);
	turn();
	assert_int_equal(errors, 1);
	assert_int_equal(take(), -ENETDOWN);
	assert_int_equal(take(), -ENETDOWN);
	assert_int_equal(send_bytes(1, NULL, 0), -ENETDOWN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(bad)];
	const struct CMUnitTest tests[] = {
		TEST(a_datagram_arrives_with_its_sender),
		TEST(an_empty_datagram_is_one),
		TEST(what_does_not_fit_is_lost_and_told),
		TEST(peek_shows_the_bytes_in_place),
		TEST(a_padded_datagram_has_a_checksum_of_its_own),
		TEST(a_padded_datagram_of_ipv6_has_one_too),
		TEST(a_super_packet_is_taken_apart),
		TEST(a_super_packet_in_pieces_is_taken_apart),
		TEST(the_receive_buffer_is_bounded),
		TEST(the_sender_is_known_wherever_pieces_end),
		TEST(fragments_make_a_datagram_with_a_sender),
		TEST(a_datagram_is_one_run_of_memory),
		TEST(pieces_of_the_caller_are_gathered),
		TEST(the_first_send_binds_a_port),
		TEST(an_ipv6_endpoint_sends_both),
		TEST(a_failed_bind_leaves_no_trace),
		TEST(who_is_sent_to_must_be_clear),
		TEST(too_large_a_datagram_is_refused),
		TEST(equal_datagrams_go_as_super_packets),
		TEST(without_offload_they_go_one_by_one),
		TEST(a_full_ring_is_waited_for),
		TEST(no_memory_is_waited_for_and_part_is_told),
		TEST(a_writer_is_called_back_when_there_is_memory),
		TEST(without_memory_what_can_be_moved_is_sent),
		TEST(what_was_cut_and_sent_is_whole_datagrams),
		TEST(push_back_holds_the_flow),
		TEST(refused_is_told_once),
		TEST(one_peers_error_is_not_an_unconnected_endpoints),
		TEST(a_smaller_path_is_heeded),
		TEST(a_smaller_path_is_not_believed_for_ever),
		TEST(an_endpoint_whose_flow_is_gone_stays_dead),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		rows[i] = (struct CMUnitTest){ bad[i].sentence, length_row,
			set_up, tear_down, (void *)&bad[i] };
	return cmocka_run_group_tests_name("udp length", rows, NULL, NULL) +
	       cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
