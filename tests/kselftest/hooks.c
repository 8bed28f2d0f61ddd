// SPDX-License-Identifier: MIT
/*
 * Description: hooks of libunet on a real channel, against a kernel socket (R5.2): one
 * that drops, one that changes datagrams, longer and shorter too, and one that only
 * counts, of what is received and of what is sent, over IPv4 and IPv6; super datagrams
 * as the kernel hands them over. What a hook drops of what is sent never reaches the
 * kernel; what it changes is what the other end hears; nobody sends as somebody else. All
 * bytes of a TCP connection are changed, both ways; so are frames of an own ethertype.
 */
/* libs: $(UNET_LIB) */
#include "feature.h"
#include "topo.h"
#include "nexus.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#include <time.h>
#include <unet/hooks.h>
#include <unet/unet.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

#define PORT	7000
#define MANY	20

FIXTURE(hooks) {
	struct topo t;
	struct unet_stack *st;
	struct unet_sock *s;	/* bound to PORT */
	struct sockaddr_storage to;	/* the peer's PORT */
	socklen_t len;
	int peer;		/* connected to ours */
};

FIXTURE_VARIANT(hooks) {
	int family;
	const char *ours;
	const char *theirs;
};

FIXTURE_VARIANT_ADD(hooks, ipv4) { AF_INET, OUR_V4, PEER_V4 };
FIXTURE_VARIANT_ADD(hooks, ipv6) { AF_INET6, OUR_V6, PEER_V6 };

FIXTURE_SETUP(hooks)
{
	struct timeval tv = { .tv_sec = 5 };

	ASSERT_EQ(0, topo_setup(&self->t));
	/* Checksums are made and looked at in software: a wrong one is seen. */
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, nexus_attach("va"));
	self->st = unet_stack_open("va", NULL);
	ASSERT_NE(NULL, self->st) TH_LOG("%s", unet_error_detail());
	self->s = unet_udp_open(self->st, AF_INET6);
	ASSERT_NE(NULL, self->s);
	ASSERT_EQ(0, unet_udp_bind(self->s, ":7000"));
	self->len = addr_of(&self->to, variant->theirs, PORT);
	self->peer = peer_socket(&self->t, variant->family, SOCK_DGRAM);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ASSERT_EQ(0, bind_to(self->peer, variant->theirs, PORT));
	ASSERT_EQ(0, connect_to(self->peer, variant->ours, PORT));
}

FIXTURE_TEARDOWN(hooks)
{
	close(self->peer);
	unet_stack_close(self->st);
	nexus_detach("va");
	topo_teardown(&self->t);
}

/* ---- both ends ---- */

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Turns until a datagram can be had, or @ms are over. */
static ssize_t take(struct unet_stack *st, struct unet_sock *s, void *buf, size_t n,
		    int ms)
{
	long end = now_ms() + ms;
	ssize_t got;

	while ((got = unet_recv(s, buf, n, 0)) == -EAGAIN && now_ms() < end)
		unet_stack_run(st, 20);
	return got;
}

/* Turns until @value has come to @wanted, or 5 s are over. */
static bool comes_to(struct unet_stack *st, const uint32_t *value, uint32_t wanted)
{
	long end = now_ms() + 5000;

	while (*value < wanted && now_ms() < end)
		unet_stack_run(st, 20);
	return *value == wanted;
}

static int peer_sends(int fd, const void *data, size_t n)
{
	return send(fd, data, n, 0) == (ssize_t)n ? 0 : -errno;
}

static bool peer_hears(int fd, const char *text)
{
	size_t len = strlen(text);
	char buf[64];

	return recv(fd, buf, sizeof(buf), 0) == (ssize_t)len && !memcmp(buf, text, len);
}

static bool we_hear(struct unet_stack *st, struct unet_sock *s, const char *text)
{
	size_t len = strlen(text);
	char buf[64];

	return take(st, s, buf, sizeof(buf), 5000) == (ssize_t)len &&
	       !memcmp(buf, text, len);
}

static bool we_send(struct unet_stack *st, struct unet_sock *s, const char *text,
		    const struct sockaddr_storage *to, socklen_t len)
{
	bool sent = unet_sendto(s, text, strlen(text), 0, (void *)to, len) ==
		    (ssize_t)strlen(text);

	return unet_stack_run(st, 0) >= 0 && sent;
}

static bool peer_has_nothing(int fd)
{
	char c;

	usleep(50 * 1000);
	return recv(fd, &c, 1, MSG_DONTWAIT) < 0;
}

static struct unet_hook_stats stats_of(const struct unet_hook *h)
{
	struct unet_hook_stats s = { .size = sizeof(s) };

	if (unet_hook_stats(h, &s))
		s.packets = ~0ull;
	return s;
}

/* ---- one that drops ---- */

static bool number_of(const struct unet_hook_pkt *p, uint32_t *number)
{
	const void *at = unet_hook_read(p, unet_hook_headers(p)->payload,
					sizeof(*number), number);

	if (at && at != number)
		memcpy(number, at, sizeof(*number));
	return at;
}

/* Drops odd numbers, and counts all at @arg. */
static void drop_odd(struct unet_hook_batch *b, void *arg)
{
	uint32_t i, number, *seen = arg;

	for (i = 0; i < b->n; i++, ++*seen)
		if (number_of(b->pkt[i], &number) && number & 1)
			b->pkt[i]->verdict = UNET_HOOK_DROP;
}

/* Datagrams of one direction. */
static struct unet_hook_opts only(uint32_t dirs)
{
	return (struct unet_hook_opts){
		.size = sizeof(struct unet_hook_opts), .name = "test",
		.match = UNET_HOOK_PROTO | UNET_HOOK_LOCAL_PORT,
		.proto = IPPROTO_UDP, .local_port = PORT, .dirs = dirs,
	};
}

TEST_F(hooks, what_one_drops_of_the_received_no_socket_hears)
{
	struct unet_hook_opts o = only(UNET_HOOK_RX);
	long long before = nexus_counter("va", "rx_delivered");
	uint32_t i, number, seen = 0;
	struct unet_hook *h;

	h = unet_hook_add(self->st, drop_odd, &seen, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, peer_sends(self->peer, &i, sizeof(i)));
	for (i = 0; i < MANY; i += 2) {
		ASSERT_EQ(4, take(self->st, self->s, &number, 4, 5000));
		EXPECT_EQ(i, number);
	}
	EXPECT_TRUE(comes_to(self->st, &seen, MANY));
	EXPECT_EQ(-EAGAIN, take(self->st, self->s, &number, 4, 50));
	EXPECT_EQ(MANY, stats_of(h).packets);
	EXPECT_EQ(MANY / 2, stats_of(h).verdict[UNET_HOOK_DROP]);
	EXPECT_EQ(MANY / 2, stats_of(h).verdict[UNET_HOOK_ACCEPT]);
	EXPECT_EQ(before + MANY, nexus_counter("va", "rx_delivered"));
	/* What is sent does not meet it, and when it is gone nothing does. */
	EXPECT_TRUE(we_send(self->st, self->s, "odd", &self->to, self->len));
	EXPECT_TRUE(peer_hears(self->peer, "odd"));
	EXPECT_EQ(MANY, seen);
	ASSERT_EQ(0, unet_hook_del(h));
	i = 1;
	ASSERT_EQ(0, peer_sends(self->peer, &i, sizeof(i)));
	EXPECT_EQ(4, take(self->st, self->s, &number, 4, 5000));
	EXPECT_EQ(1, number);
}

TEST_F(hooks, what_one_drops_of_the_sent_the_kernel_never_sees)
{
	struct unet_hook_opts o = only(UNET_HOOK_TX);
	uint32_t i, number, seen = 0;
	struct unet_hook *h;
	long long slots;

	/* The way there is looked up with the first. */
	ASSERT_TRUE(we_send(self->st, self->s, "first", &self->to, self->len));
	ASSERT_TRUE(peer_hears(self->peer, "first"));
	slots = nexus_counter("va", "tx_slots");
	h = unet_hook_add(self->st, drop_odd, &seen, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(4, unet_sendto(self->s, &i, sizeof(i), 0, (void *)&self->to,
					 self->len));
		ASSERT_LE(0, unet_stack_run(self->st, 0));
	}
	for (i = 0; i < MANY; i += 2) {
		ASSERT_EQ(4, recv(self->peer, &number, sizeof(number), 0));
		EXPECT_EQ(i, number);
	}
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(MANY, seen);
	EXPECT_EQ(MANY / 2, stats_of(h).verdict[UNET_HOOK_DROP]);
	EXPECT_EQ(slots + MANY / 2, nexus_counter("va", "tx_slots"));
	/* What is received does not meet it. */
	ASSERT_EQ(0, peer_sends(self->peer, "\1\0\0\0", 4));
	EXPECT_EQ(4, take(self->st, self->s, &number, 4, 5000));
	EXPECT_EQ(MANY, seen);
	ASSERT_EQ(0, unet_hook_del(h));
}

/* ---- one that changes ---- */

struct change {
	uint32_t cut;		/* bytes of the payload that go */
	const char *text;	/* that come instead */
	int err;		/* of the last call */
	uint32_t seen;
};

static void change_all(struct unet_hook_batch *b, void *arg)
{
	struct change *c = arg;
	uint32_t i;

	for (i = 0; i < b->n; i++, c->seen++) {
		struct unet_hook_pkt *p = b->pkt[i];
		uint32_t at = unet_hook_headers(p)->payload;
		uint32_t len = strlen(c->text);

		c->err = c->cut == len ?
			 unet_hook_write(p, at, c->text, len) :
			 unet_hook_splice(p, at, c->cut, c->text, len);
		p->verdict = UNET_HOOK_MODIFY;
	}
}

/* "hello" becomes this; the last is what it was. */
static const struct {
	uint32_t cut;
	const char *text;
	const char *becomes;
} changes[] = {
	{ 5, "JOLLY", "JOLLY" },
	{ 2, "JE", "JEllo" },
	{ 0, "oh, ", "oh, hello" },
	{ 5, "good morning to all of you", "good morning to all of you" },
	{ 4, "", "o" },
	{ 5, "hello", "hello" },
};

static void changes_one_way(struct __test_metadata *_metadata,
			    struct _test_data_hooks *self, uint32_t dir)
{
	struct unet_hook_opts o = only(dir);
	struct change c = { .text = "" };
	struct unet_hook *h;
	unsigned int i;

	o.reserve = 32;
	h = unet_hook_add(self->st, change_all, &c, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		c.cut = changes[i].cut;
		c.text = changes[i].text;
		if (dir == UNET_HOOK_RX) {
			ASSERT_EQ(0, peer_sends(self->peer, "hello", 5));
			EXPECT_TRUE(we_hear(self->st, self->s, changes[i].becomes))
				TH_LOG("not: %s", changes[i].becomes);
		} else {
			EXPECT_TRUE(we_send(self->st, self->s, "hello", &self->to,
					    self->len));
			EXPECT_TRUE(peer_hears(self->peer, changes[i].becomes))
				TH_LOG("not: %s", changes[i].becomes);
		}
		EXPECT_EQ(0, c.err) TH_LOG("%s", changes[i].becomes);
		EXPECT_EQ(i + 1, c.seen);
	}
	EXPECT_EQ(i, stats_of(h).verdict[UNET_HOOK_MODIFY]);
	EXPECT_EQ(0, stats_of(h).refused);
	EXPECT_EQ(0, stats_of(h).no_room);
	/* The other way, all is as it was. */
	if (dir == UNET_HOOK_RX) {
		EXPECT_TRUE(we_send(self->st, self->s, "hello", &self->to, self->len));
		EXPECT_TRUE(peer_hears(self->peer, "hello"));
	} else {
		ASSERT_EQ(0, peer_sends(self->peer, "hello", 5));
		EXPECT_TRUE(we_hear(self->st, self->s, "hello"));
	}
	EXPECT_EQ(i, c.seen);
	ASSERT_EQ(0, unet_hook_del(h));
}

TEST_F(hooks, what_one_changes_of_the_received_the_socket_hears)
{
	changes_one_way(_metadata, self, UNET_HOOK_RX);
	EXPECT_EQ(0, nexus_counter("va", "rx_csum_bad"));
}

TEST_F(hooks, what_one_changes_of_the_sent_the_peer_hears)
{
	changes_one_way(_metadata, self, UNET_HOOK_TX);
	EXPECT_EQ(0, nexus_counter("va", "tx_spoof_source"));
}

/* A hook that would send as somebody else is refused before the kernel is asked. */
static void spoof(struct unet_hook_batch *b, void *arg)
{
	static const uint8_t port[2] = { 0x12, 0x34 };
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		unet_hook_write(b->pkt[i], unet_hook_headers(b->pkt[i])->l4, port, 2);
		b->pkt[i]->verdict = UNET_HOOK_MODIFY;
	}
	++*(uint32_t *)arg;
}

TEST_F(hooks, one_that_sends_as_somebody_else_is_refused)
{
	struct unet_hook_opts o = only(UNET_HOOK_TX);
	struct unet_hook *h;
	uint32_t calls = 0;

	h = unet_hook_add(self->st, spoof, &calls, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	we_send(self->st, self->s, "hello", &self->to, self->len);
	EXPECT_EQ(1, calls);
	EXPECT_TRUE(peer_has_nothing(self->peer));
	EXPECT_EQ(1, stats_of(h).refused);
	EXPECT_EQ(0, nexus_counter("va", "tx_spoof_port"));
	ASSERT_EQ(0, unet_hook_del(h));
	EXPECT_TRUE(we_send(self->st, self->s, "hello", &self->to, self->len));
	EXPECT_TRUE(peer_hears(self->peer, "hello"));
}

/* ---- one that only counts ---- */

struct count {
	uint32_t rx;
	uint32_t tx;
	uint32_t rx_bytes;
	uint32_t tx_bytes;
	uint32_t segs;
	uint32_t batches;
	uint32_t seg_size;	/* of the last */
};

static void count_all(struct unet_hook_batch *b, void *arg)
{
	struct count *c = arg;
	uint32_t i;

	c->batches++;
	for (i = 0; i < b->n; i++) {
		*(b->dir == UNET_HOOK_RX ? &c->rx : &c->tx) += 1;
		*(b->dir == UNET_HOOK_RX ? &c->rx_bytes : &c->tx_bytes) += b->pkt[i]->total;
		c->segs += b->pkt[i]->segs;
		c->seg_size = b->pkt[i]->seg_size;
	}
}

TEST_F(hooks, one_that_counts_changes_nothing)
{
	uint32_t header = variant->family == AF_INET ? 28 : 48, i, number;
	struct unet_hook_opts o = only(0);
	struct count c = { 0 };
	struct unet_hook *h;

	h = unet_hook_add(self->st, count_all, &c, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, peer_sends(self->peer, &i, sizeof(i)));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(4, take(self->st, self->s, &number, 4, 5000));
		EXPECT_EQ(i, number);
	}
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(4, unet_sendto(self->s, &i, sizeof(i), 0, (void *)&self->to,
					 self->len));
	ASSERT_LE(0, unet_stack_run(self->st, 0));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(4, recv(self->peer, &number, sizeof(number), 0));
		EXPECT_EQ(i, number);
	}
	EXPECT_EQ(MANY, c.rx);
	EXPECT_EQ(MANY, c.tx);
	EXPECT_EQ(MANY * (header + 4), c.rx_bytes);
	EXPECT_EQ(MANY * (header + 4), c.tx_bytes);
	EXPECT_EQ(2 * MANY, c.segs);
	/* What the kernel had gathered it is given at once. */
	EXPECT_GT(2 * MANY, c.batches);
	EXPECT_EQ(c.batches, stats_of(h).batches);
	EXPECT_EQ(2 * MANY, stats_of(h).packets);
	EXPECT_EQ(2 * MANY, stats_of(h).verdict[UNET_HOOK_ACCEPT]);
	EXPECT_EQ(0, stats_of(h).verdict[UNET_HOOK_MODIFY]);
	EXPECT_EQ(MANY, nexus_counter("va", "rx_delivered"));
	ASSERT_EQ(0, unet_hook_del(h));
}

/* ---- super datagrams ---- */

#define SEGS	10
#define SEG	1000

static void mark_all(struct unet_hook_batch *b, void *arg)
{
	uint32_t i, n, at;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];

		at = unet_hook_headers(p)->payload;
		for (n = 0; n < p->segs; n++, at += p->seg_size)
			unet_hook_write(p, at, "M", 1);
		p->verdict = UNET_HOOK_MODIFY;
	}
	count_all(b, arg);
}

TEST_F(hooks, a_super_datagram_is_one_packet_and_changes_whole)
{
	struct unet_hook_opts o = only(0);
	static char data[SEGS * SEG], buf[SEG];
	struct count c = { 0 };
	struct unet_hook *h;
	int i, seg = SEG;

	memset(data, 's', sizeof(data));
	/* It is to come in one piece. */
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, true));
	h = unet_hook_add(self->st, mark_all, &c, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)));
	ASSERT_EQ(0, peer_sends(self->peer, data, sizeof(data)));
	data[0] = 'M';
	for (i = 0; i < SEGS; i++) {
		ASSERT_EQ(SEG, take(self->st, self->s, buf, sizeof(buf), 5000));
		EXPECT_EQ(0, memcmp(buf, data, SEG)) TH_LOG("datagram %d", i);
	}
	EXPECT_EQ(1, c.rx);
	EXPECT_EQ(SEGS, c.segs);
	EXPECT_EQ(SEG, c.seg_size);
	/* And on the way out, which is cut behind it. */
	data[0] = 's';
	ASSERT_EQ(SEGS * SEG, unet_sendto(self->s, data, sizeof(data), SEG,
					  (void *)&self->to, self->len));
	ASSERT_LE(0, unet_stack_run(self->st, 0));
	data[0] = 'M';
	for (i = 0; i < SEGS; i++) {
		ASSERT_EQ(SEG, recv(self->peer, buf, sizeof(buf), 0));
		EXPECT_EQ(0, memcmp(buf, data, SEG)) TH_LOG("datagram %d", i);
	}
	EXPECT_EQ(1, c.tx);
	EXPECT_EQ(2 * SEGS, c.segs);
	EXPECT_EQ(0, stats_of(h).refused);
	ASSERT_EQ(0, unet_hook_del(h));
}

/* ---- TCP ---- */

#define TCP_PORT	7001
#define STREAM		200000

/* All of the payload, and what was there is to be seen in what comes out. */
static void flip_all(struct unet_hook_batch *b, void *arg)
{
	static uint8_t buf[65536];
	uint32_t i, n;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];
		uint32_t at = unet_hook_headers(p)->payload, len = p->total - at;
		const uint8_t *bytes = len ? unet_hook_read(p, at, len, buf) : NULL;

		for (n = 0; bytes && n < len; n++)
			buf[n] = bytes[n] ^ 0x20;
		if (bytes && !unet_hook_write(p, at, buf, len))
			p->verdict = UNET_HOOK_MODIFY;
	}
	count_all(b, arg);
}

static uint8_t stream_byte(uint32_t i)
{
	return i * 7 + (i >> 8);
}

/* One end of the connection: how far it is. */
struct half {
	uint32_t sent;
	uint32_t got;
	uint32_t wrong;
};

static uint32_t next_bytes(const struct half *h, uint8_t *buf, uint32_t room)
{
	uint32_t i;

	for (i = 0; i < room && h->sent + i < STREAM; i++)
		buf[i] = stream_byte(h->sent + i);
	return i;
}

static void got_bytes(struct half *h, const uint8_t *buf, ssize_t n)
{
	ssize_t i;

	for (i = 0; i < n; i++)
		h->wrong += buf[i] != (stream_byte(h->got++) ^ 0x20);
}

static void turn(struct unet_sock *s, struct half *ours, int fd, struct half *theirs)
{
	uint8_t buf[8192];
	ssize_t n;

	n = unet_send(s, buf, next_bytes(ours, buf, sizeof(buf)), 0);
	ours->sent += n > 0 ? n : 0;
	n = send(fd, buf, next_bytes(theirs, buf, sizeof(buf)), MSG_DONTWAIT);
	theirs->sent += n > 0 ? n : 0;
	got_bytes(ours, buf, unet_recv(s, buf, sizeof(buf), 0));
	got_bytes(theirs, buf, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
}

static struct unet_sock *accepted(struct unet_stack *st, struct unet_sock *listener)
{
	long end = now_ms() + 10000;
	struct unet_sock *s;

	while (!(s = unet_accept(listener)) && now_ms() < end)
		unet_stack_run(st, 20);
	return s;
}

TEST_F_TIMEOUT(hooks, all_bytes_of_a_tcp_connection_change_both_ways, 120)
{
	struct unet_hook_opts o = only(0);
	struct half ours = { 0 }, theirs = { 0 };
	struct unet_sock *listener, *s;
	struct count c = { 0 };
	struct unet_hook *h;
	long end;
	int fd;

	o.proto = IPPROTO_TCP;
	o.local_port = TCP_PORT;
	h = unet_hook_add(self->st, flip_all, &c, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	listener = unet_listen(self->st, "tcp", ":7001", 1);
	ASSERT_NE(NULL, listener) TH_LOG("%s", unet_error_detail());
	fd = peer_socket(&self->t, variant->family, SOCK_STREAM | SOCK_NONBLOCK);
	ASSERT_EQ(-EINPROGRESS, connect_to(fd, variant->ours, TCP_PORT));
	s = accepted(self->st, listener);
	ASSERT_NE(NULL, s);
	end = now_ms() + 60000;
	while ((ours.got < STREAM || theirs.got < STREAM) && now_ms() < end) {
		turn(s, &ours, fd, &theirs);
		unet_stack_run(self->st, 1);
	}
	EXPECT_EQ(STREAM, ours.got);
	EXPECT_EQ(STREAM, theirs.got);
	EXPECT_EQ(0, ours.wrong);
	EXPECT_EQ(0, theirs.wrong);
	EXPECT_LT(0, c.rx);
	EXPECT_LT(0, c.tx);
	EXPECT_EQ(0, stats_of(h).refused);
	EXPECT_EQ(0, nexus_counter("va", "rx_csum_bad"));
	close(fd);
	unet_close(s);
	unet_close(listener);
	ASSERT_EQ(0, unet_hook_del(h));
}

/* ---- frames ---- */

/* The first byte behind the Ethernet header. */
static void stamp(struct unet_hook_batch *b, void *arg)
{
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		unet_hook_write(b->pkt[i], ETH_HLEN,
				b->dir == UNET_HOOK_RX ? "r" : "t", 1);
		b->pkt[i]->verdict = UNET_HOOK_MODIFY;
	}
	count_all(b, arg);
}

TEST_F(hooks, frames_of_an_own_ethertype_change_both_ways)
{
	struct unet_hook_opts o = { .size = sizeof(o), .match = UNET_HOOK_ETHERTYPE,
				    .ethertype = OWN_TYPE };
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	uint8_t theirs[6], ours[6], buf[256];
	struct unet_hook_frame frame = { .bytes = buf, .room = sizeof(buf) };
	const struct unet_rx_slot *slot;
	struct unet_type_req r;
	struct count n = { 0 };
	struct unet_hook *h;
	struct chan c;
	int fd;

	h = unet_hook_add(self->st, stamp, &n, &o);
	ASSERT_NE(NULL, h) TH_LOG("%s", unet_error_detail());
	fd = peer_frames(&self->t, OWN_TYPE, theirs);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rtnl_mac("va", ours));
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 0, &r));
	ASSERT_EQ(0, send_frame(fd, ours, theirs, OWN_TYPE, "hello", 5));
	slot = chan_rx_peek(&c, 5000);
	ASSERT_NE(NULL, slot);
	frame.len = slot->bytes;
	memcpy(buf, chan_buf(&c, slot->first), frame.len);
	chan_rx_next(&c);
	EXPECT_EQ(1, unet_hook_frames(self->st, UNET_HOOK_RX, &frame, 1));
	EXPECT_EQ(0, memcmp(buf + ETH_HLEN, "rello", 5));
	/* And back. */
	frame.bytes = c.tx_mem;
	frame.len = build_frame(c.tx_mem, theirs, ours, OWN_TYPE, "hello, hello", 12);
	EXPECT_EQ(1, unet_hook_frames(self->st, UNET_HOOK_TX, &frame, 1));
	EXPECT_EQ(0, chan_send_raw(&c, r.flow, 20, frame.len, 0));
	ASSERT_LE(ETH_HLEN + 12, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf + ETH_HLEN, "tello, hello", 12));
	EXPECT_EQ(1, n.rx);
	EXPECT_EQ(1, n.tx);
	ASSERT_EQ(0, unet_hook_del(h));
	chan_close(&c);
	close(fd);
}

TEST_HARNESS_MAIN
