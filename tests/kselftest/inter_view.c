// SPDX-License-Identifier: MIT
/*
 * Description: what an intermediary is shown of a packet is what its rights let it see
 * (R4.2): of TCP over IPv6 with options, and of super datagrams, in one buffer or in
 * many. Without the right to observe payload none of that is anywhere in its memory;
 * without that to observe headers they are blank to the last option; with neither there
 * is nothing.
 */
#include "inter_bed.h"
#include "tcp_hand.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif

#define SECRET	"top secret!"	/* of which all payload is made */
#define LEN	(sizeof(SECRET) - 1)
#define LEAK	4		/* bytes of it that come together by no accident */

FIXTURE_VARIANT(inter) {
	uint32_t rights;
};

FIXTURE_VARIANT_ADD(inter, headers) { UNET_INTER_OBSERVE_HEADERS };
FIXTURE_VARIANT_ADD(inter, payload) { UNET_INTER_OBSERVE_PAYLOAD };
FIXTURE_VARIANT_ADD(inter, neither) { UNET_INTER_IDENTITY };

static void fill(uint8_t *to, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		to[i] = SECRET[i % LEN];
}

/* ---- what is in the intermediary's memory ---- */

/* All of it is searched: there is not to be too much. */
static const struct unet_params with_large = {
	.rx_slots = 64, .tx_slots = 64, .rx_small = 64, .rx_large = 4, .tx_bufs = 8,
};

static const struct unet_params without_large = {
	.rx_slots = 64, .tx_slots = 64, .rx_small = 64, .rx_large = UNET_PARAM_NONE,
	.tx_bufs = 8,
};

#define COMES(params, ...)						\
do {									\
	struct grant g = { .rights = variant->rights | UNET_INTER_DELAY, \
			   .hold_ms = 10000, __VA_ARGS__ };		\
									\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id))		\
		TH_LOG("%s", self->nl.said);				\
	ASSERT_EQ(0, inter_open_with(&self->m, self->id, params, &self->o)); \
} while (0)

static bool memory_has(struct chan *m, const void *what, uint32_t bytes)
{
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++)
		if (m->at[i] &&
		    memmem(m->at[i], m->bind.layout.region[i].bytes, what, bytes))
			return true;
	return false;
}

/* Wherever a piece of it begins. */
static bool memory_has_payload(struct chan *m)
{
	uint8_t twice[2 * LEN];
	uint32_t i;

	fill(twice, sizeof(twice));
	for (i = 0; i < LEN; i++)
		if (memory_has(m, twice + i, LEAK))
			return true;
	return false;
}

/* ---- what is shown ---- */

/* A packet of the peer's. */
struct sent {
	int family;
	uint32_t header;	/* bytes */
	uint32_t payload;
	bool timestamp;		/* is the last option of its header */
};

/* Where a header has the peer's address. Return: bytes of that. */
static uint32_t source_of(const struct sent *p, uint8_t *addr, uint32_t *at)
{
	bool v4 = p->family == AF_INET;

	inet_pton(p->family, v4 ? PEER_V4 : PEER_V6, addr);
	*at = v4 ? 12 : 8;
	return v4 ? 4 : 16;
}

static const char *sees_headers(struct chan *m, const struct sent *p,
				const uint8_t *seen, uint32_t len)
{
	static const uint8_t option[] = {
		TCPOPT_NOP, TCPOPT_NOP, TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP,
	};
	uint8_t addr[16];
	uint32_t at, bytes = source_of(p, addr, &at);

	if (len != p->header)
		return "it sees less than the headers, or more";
	if (memcmp(seen + at, addr, bytes))
		return "it sees other headers";
	if (p->timestamp && memcmp(seen + len - TCPOLEN_TIMESTAMP - 2, option, sizeof(option)))
		return "it sees other options";
	return memory_has_payload(m) ? "payload is in its memory" : NULL;
}

static const char *sees_payload(struct chan *m, const struct sent *p,
				const uint8_t *seen, uint32_t len)
{
	uint8_t addr[16];
	uint32_t at, bytes = source_of(p, addr, &at), i;

	if (len != p->header + p->payload)
		return "it sees another length";
	for (i = 0; i < p->header; i++)
		if (seen[i])
			return "it sees a byte of the headers";
	for (; i < len; i++)
		if (seen[i] != SECRET[(i - p->header) % LEN])
			return "it sees other payload";
	return memory_has(m, addr, bytes) ? "the peer's address is in its memory" : NULL;
}

static const char *sees_nothing(struct chan *m, const struct sent *p, uint32_t len)
{
	uint8_t addr[16];
	uint32_t at, bytes = source_of(p, addr, &at);

	if (len)
		return "it sees something";
	return memory_has_payload(m) || memory_has(m, addr, bytes) ?
	       "what it may not see is in its memory" : NULL;
}

/* All buffers of the first packet of @s, one behind the other. Return: bytes. */
static uint32_t gather(struct chan *m, const struct unet_rx_slot *s, uint8_t *to,
		       uint32_t most)
{
	uint32_t b = s->first, len = 0;

	while (len + m->desc[b].len <= most) {
		memcpy(to + len, chan_buf(m, b), m->desc[b].len);
		len += m->desc[b].len;
		if (!(m->desc[b].flags & UNET_DESC_MORE))
			break;
		b = m->desc[b].next;
	}
	return len;
}

/* What is wrong with what @m, who has these @rights, is shown next, which was @p; or NULL. */
static const char *sees(struct chan *m, uint32_t rights, const struct sent *p)
{
	static uint8_t seen[1 << 16];
	const struct unet_rx_slot *s = chan_rx_peek(m, 10000);
	uint32_t len;

	if (!s)
		return "it is shown none";
	/* How long a packet is it is told in any case; one of TCP may be sent again. */
	if (s->bytes != s->packets * (p->header + p->payload))
		return "it is told of another length";
	len = gather(m, s, seen, sizeof(seen));
	if (rights & UNET_INTER_OBSERVE_HEADERS)
		return sees_headers(m, p, seen, len);
	if (rights & UNET_INTER_OBSERVE_PAYLOAD)
		return sees_payload(m, p, seen, len);
	return sees_nothing(m, p, len);
}

/* ---- TCP over IPv6 ---- */

#define TCP6	(40 + 20 + 12)	/* bytes of headers with a timestamp */

/* The value of a SYN's timestamp, as it stands there; 0: it has none. */
static uint32_t timestamp_of(const struct tcphdr *th)
{
	static const uint8_t option[] = { TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP };
	const uint8_t *at = memmem(th + 1, th->doff * 4 - sizeof(*th), option, sizeof(option));
	uint32_t value = 0;

	if (at)
		memcpy(&value, at + sizeof(option), sizeof(value));
	return value;
}

/* By which each segment of the peer's has a timestamp from then on (RFC 7323). */
static int send_syn_ack(struct chan *c, struct hand *h, uint32_t echo)
{
	uint8_t options[12] = {
		TCPOPT_NOP, TCPOPT_NOP, TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP, [7] = 1,
	};
	struct pkt_spec p = {
		.family = h->family, .proto = IPPROTO_TCP,
		.src = hand_ours(h), .dst = hand_theirs(h),
		.sport = HAND_PORT, .dport = h->rport,
		.data = options, .bytes = sizeof(options),
		.tcp_flags = TH_SYN | TH_ACK, .seq = h->snd_nxt, .ack = h->rcv_nxt,
	};
	uint32_t header;

	memcpy(options + 8, &echo, sizeof(echo));
	header = build_packet(c->tx_mem, &p) + sizeof(options);
	((struct tcphdr *)(c->tx_mem + header - 32))->doff = 32 / 4;
	h->snd_nxt++;
	return chan_send_raw(c, h->listener, header, header, 0);
}

/* As hand_accept(), with timestamps. 0, or the number of the step that failed. */
static int accept_with_timestamps(struct topo *t, struct chan *c, struct hand *h)
{
	const struct tcphdr *th;
	uint32_t echo;

	h->client = peer_socket(t, h->family, SOCK_STREAM | SOCK_NONBLOCK);
	if (hand_listen(c, h, 0) ||
	    connect_to(h->client, hand_ours(h), HAND_PORT) != -EINPROGRESS)
		return 1;
	th = hand_segment(c, 5000);
	if (!th || !th->syn)
		return 2;
	h->rport = ntohs(th->source);
	h->rcv_nxt = ntohl(th->seq) + 1;
	h->snd_nxt = HAND_ISS;
	echo = timestamp_of(th);
	chan_rx_next(c);
	if (!echo || send_syn_ack(c, h, echo))
		return 3;
	th = hand_segment(c, 5000);
	if (!th || th->syn || !th->ack || th->doff != 32 / 4)
		return 4;
	chan_rx_next(c);
	return hand_add_conn(c, h) ? 5 : 0;
}

TEST_F(inter, of_a_segment_over_ip6_with_options)
{
	const struct sent segment = {
		.family = AF_INET6, .header = TCP6, .payload = 300, .timestamp = true,
	};
	struct hand h = { .family = AF_INET6 };
	const char *wrong;
	uint8_t data[300];

	ASSERT_EQ(0, param_linger("0"));
	ASSERT_EQ(0, accept_with_timestamps(&self->t, &self->c, &h));
	COMES(&with_large, .proto = IPPROTO_TCP, .directions = UNET_INTER_INBOUND);
	fill(data, sizeof(data));
	ASSERT_EQ((ssize_t)sizeof(data), send(h.client, data, sizeof(data), 0));
	wrong = sees(&self->m, variant->rights, &segment);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong ?: "nothing");
	chan_close(&self->m);
	EXPECT_EQ(0, chan_flow_del(&self->c, h.conn, UNET_DEL_RESET));
	close(h.client);
}

/* ---- super datagrams ---- */

#define SEG	1000
#define SEGS	10

static int peer_sends_super(int fd)
{
	uint8_t data[SEG * SEGS];
	int seg = SEG;

	fill(data, sizeof(data));
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg)))
		return -errno;
	return send_to(fd, OUR_V4, PORT, data, sizeof(data));
}

#define SUPER_COMES(params)						\
do {									\
	const struct sent super = { .family = AF_INET, .header = 28,	\
				    .payload = SEG * SEGS };		\
	const struct unet_rx_slot *s;					\
	const char *wrong;						\
									\
	COMES(params);							\
	ASSERT_EQ(0, peer_sends_super(self->peer));			\
	wrong = sees(&self->m, variant->rights, &super);		\
	ASSERT_EQ(NULL, wrong) TH_LOG("%s", wrong ?: "nothing");	\
	s = chan_rx_peek(&self->m, 0);					\
	EXPECT_EQ(UNET_RX_SUPER, s->flags);				\
	EXPECT_EQ(SEGS, s->segments);					\
	EXPECT_EQ(SEG, s->seg_size);					\
} while (0)

TEST_F(inter, of_a_super_datagram_in_one_buffer)
{
	SUPER_COMES(&with_large);
	EXPECT_EQ(0, self->m.desc[chan_rx_peek(&self->m, 0)->first].flags & UNET_DESC_MORE);
}

TEST_F(inter, of_a_super_datagram_in_many_buffers)
{
	bool many = variant->rights & UNET_INTER_OBSERVE_PAYLOAD;

	SUPER_COMES(&without_large);
	EXPECT_EQ(many, !!(self->m.desc[chan_rx_peek(&self->m, 0)->first].flags &
			   UNET_DESC_MORE));
}

TEST_HARNESS_MAIN
