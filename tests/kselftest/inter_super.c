// SPDX-License-Identifier: MIT
/*
 * Description: super packets through an intermediary (R4.9): cut by neither TSO, USO
 * nor GRO they are shown whole, and go on whole with the segment size, the number of
 * segments and the checksum they had, in and out. Changed headers are those of each
 * segment in the end; the length does not change. Nor does that of a TCP segment alone.
 */
#include "feature.h"
#include "inter_bed.h"
#include "param.h"
#include "tcp_hand.h"

#include <linux/if_ether.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT	103
#endif
#ifndef UDP_GRO
#define UDP_GRO		104
#endif

#define SEG	1000
#define SEGS	10
#define BYTES	(SEG * SEGS)
#define UDP	28	/* bytes of headers */
#define TCP	40
#define DSCP	0xb8	/* as a TOS byte */

/* What moves differs from byte to byte and from segment to segment. */
static uint8_t byte_at(uint32_t i)
{
	return i * 7 + i / 251;
}

static void fill(uint8_t *data, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		data[i] = byte_at(i);
}

/* Are these the bytes from @from on? */
static bool same(const uint8_t *data, uint32_t from, uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		if (data[i] != byte_at(from + i))
			return false;
	return true;
}

/* A slot of one super packet with so many segments and bytes, told the same twice. */
static bool is_super(struct chan *c, const struct unet_rx_slot *s, uint32_t flags,
		     uint32_t seg_size, uint32_t segments, uint32_t bytes)
{
	const struct unet_desc *d = &c->desc[s->first];

	return s->packets == 1 && s->flags == (flags | UNET_RX_SUPER) &&
	       s->seg_size == seg_size && s->segments == segments &&
	       s->bytes == bytes && d->len == bytes &&
	       d->seg_size == seg_size && d->segments == segments;
}

#define EXPECT_SUPER(ch, slot, how, size, n, total)			\
	EXPECT_TRUE(is_super(ch, slot, how, size, n, total))		\
		TH_LOG("packets %u flags %x seg_size %u segments %u bytes %u", \
		       (slot)->packets, (slot)->flags, (slot)->seg_size, \
		       (slot)->segments, (slot)->bytes)

static void peer_sends_super(int fd)
{
	uint8_t data[BYTES];
	int seg = SEG;

	fill(data, BYTES);
	setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &seg, sizeof(seg));
	send_to(fd, OUR_V4, PORT, data, BYTES);
}

static int owner_sends_super(struct chan *c, uint32_t flow)
{
	static uint8_t data[BYTES];
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = data, .bytes = BYTES,
	};

	fill(data, BYTES);
	return chan_send(c, flow, &p, SEG);
}

/* What @m is shown next, with its first @keep bytes at the start of @m's TX. */
static const struct unet_rx_slot *look(struct chan *m, uint32_t keep)
{
	const struct unet_rx_slot *s = chan_rx_peek(m, 5000);

	if (s)
		memcpy(m->tx_mem, chan_buf(m, s->first), keep);
	return s;
}

/* The owner was given all BYTES in one, as from the peer; TOS of it, or -1. */
static int owner_tos(struct chan *c)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);
	const uint8_t *p;

	if (!s || !is_super(c, s, 0, SEG, SEGS, UDP + BYTES) ||
	    !(c->desc[s->first].flags & UNET_DESC_CSUM_OK))
		return -1;
	p = chan_buf(c, s->first);
	return same(p + UDP, 0, BYTES) ? p[1] : -1;
}

/* ---- UDP ---- */

/* A byte that no segment begins with. */
static uint8_t no_first_byte(void)
{
	uint8_t v = 0;
	int i;

	for (i = 0; i < SEGS; i++)
		if (byte_at(i * SEG) == v) {
			v++;
			i = -1;
		}
	return v;
}

TEST_F(inter, a_super_packet_is_wanted_for_any_of_its_datagrams)
{
	struct unet_pattern first = { .bytes = 1, .mask = { 0xff } };
	const struct unet_rx_slot *s;

	first.value[0] = byte_at((SEGS - 1) * SEG);
	IN(.rights = OBSERVE, .num_patterns = 1, .pattern = { first });
	peer_sends_super(self->peer);
	s = look(&self->m, UDP + BYTES);
	ASSERT_NE(NULL, s);
	EXPECT_SUPER(&self->m, s, 0, SEG, SEGS, UDP + BYTES);
	ASSERT_EQ(0, inter_verdict(&self->m, s->tag, UNET_VERDICT_ACCEPT, 1));
	chan_rx_next(&self->m);
	EXPECT_EQ(0, owner_tos(&self->c));
	chan_rx_next(&self->c);
	chan_close(&self->m);
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	/* In none of them it is not looked for elsewhere. */
	first.value[0] = no_first_byte();
	IN(.rights = OBSERVE, .num_patterns = 1, .pattern = { first });
	peer_sends_super(self->peer);
	EXPECT_EQ(0, owner_tos(&self->c));
	EXPECT_EQ(0, STAT(PACKETS));
}

TEST_F(inter, a_super_datagram_is_shown_and_accepted_whole)
{
	const struct unet_rx_slot *s;

	IN(.rights = OBSERVE);
	peer_sends_super(self->peer);
	s = look(&self->m, UDP + BYTES);
	ASSERT_NE(NULL, s);
	EXPECT_SUPER(&self->m, s, 0, SEG, SEGS, UDP + BYTES);
	EXPECT_TRUE(same(self->m.tx_mem + UDP, 0, BYTES));
	ASSERT_EQ(0, inter_verdict(&self->m, s->tag, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(0, owner_tos(&self->c));
	EXPECT_EQ(1, STAT(PACKETS));
	EXPECT_EQ(UDP + BYTES, STAT(BYTES));
	EXPECT_EQ(1, nexus_counter("va", "rx_super"));
}

TEST_F(inter, a_super_datagram_keeps_its_segments_when_headers_change)
{
	const struct unet_rx_slot *s;

	IN(.rights = UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS);
	peer_sends_super(self->peer);
	s = look(&self->m, UDP);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(SEG, s->seg_size);
	EXPECT_EQ(SEGS, s->segments);
	self->m.tx_mem[1] = DSCP;
	ASSERT_EQ(0, inter_say_bytes(&self->m, s->tag, UNET_VERDICT_MODIFY, UDP, UDP));
	EXPECT_EQ(DSCP, owner_tos(&self->c));
}

TEST_F(inter, a_super_datagram_is_marked_whole)
{
	struct unet_inter_verdict v = {
		.action = UNET_VERDICT_MARK, .count = 1, .tos = DSCP, .tos_mask = 0xfc,
	};
	const struct unet_rx_slot *s;

	IN(.rights = UNET_INTER_OBSERVE_HEADERS | UNET_INTER_MODIFY_HEADERS);
	peer_sends_super(self->peer);
	s = look(&self->m, UDP);
	ASSERT_NE(NULL, s);
	v.token = s->tag;
	ASSERT_EQ(0, inter_say(&self->m, &v));
	EXPECT_EQ(DSCP, owner_tos(&self->c));
}

TEST_F(inter, the_length_of_a_super_datagram_stays)
{
	const struct unet_rx_slot *s;
	uint64_t token;
	const uint8_t *p;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .violations = -1);
	peer_sends_super(self->peer);
	s = look(&self->m, UDP + BYTES);
	ASSERT_NE(NULL, s);
	token = s->tag;
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, UDP, UDP + BYTES - 1));
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, UDP, UDP + BYTES + 1));
	EXPECT_EQ(2, STAT(BAD_LENGTH));
	self->m.tx_mem[UDP + BYTES - 1] ^= 0xff;
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, UDP, UDP + BYTES));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_SUPER(&self->c, s, 0, SEG, SEGS, UDP + BYTES);
	EXPECT_NE(0, self->c.desc[s->first].flags & UNET_DESC_CSUM_OK);
	p = chan_buf(&self->c, s->first);
	EXPECT_TRUE(same(p + UDP, 0, BYTES - 1));
	EXPECT_EQ(byte_at(BYTES - 1) ^ 0xff, p[UDP + BYTES - 1]);
}

/* @bytes or less of one recvmsg(): segment size and TOS it came with. */
struct heard {
	ssize_t bytes;
	int seg_size;
	int tos;
};

static struct heard hear(int fd, uint8_t *buf, size_t bytes)
{
	union {
		char bytes[128];
		struct cmsghdr align;
	} ctl;
	struct iovec iov = { buf, bytes };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.bytes,
		.msg_controllen = sizeof(ctl.bytes),
	};
	struct heard h = { recvmsg(fd, &msg, 0), 0, -1 };
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(&msg); h.bytes >= 0 && c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&h.seg_size, CMSG_DATA(c), sizeof(h.seg_size));
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
			h.tos = *(uint8_t *)CMSG_DATA(c);
	}
	return h;
}

/* The owner sends one, and it is shown: its token, 0: it was not, or not whole. */
static uint64_t shown_outbound(struct chan *c, uint32_t flow, struct chan *m)
{
	const struct unet_rx_slot *s;

	if (owner_sends_super(c, flow))
		return 0;
	s = look(m, UDP + BYTES);
	if (!s || !is_super(m, s, UNET_RX_OUTBOUND, SEG, SEGS, UDP + BYTES) ||
	    !same(m->tx_mem + UDP, 0, BYTES))
		return 0;
	return s->tag;
}

TEST_F(inter, a_super_datagram_leaves_whole)
{
	uint8_t buf[2 * BYTES];
	struct heard h;
	uint64_t token;
	int on = 1;

	setsockopt(self->peer, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	ASSERT_EQ(0, setsockopt(self->peer, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)));
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS | UNET_INTER_INJECT);
	token = shown_outbound(&self->c, self->flow, &self->m);
	ASSERT_NE(0, token);
	self->m.tx_mem[1] = DSCP;
	/* A packet of one's own before it is none of many. */
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_INJECT, UDP, UDP + 9));
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, UDP, UDP));
	h = hear(self->peer, buf, sizeof(buf));
	EXPECT_EQ(9, h.bytes);
	EXPECT_EQ(0, h.seg_size);
	h = hear(self->peer, buf, sizeof(buf));
	EXPECT_EQ(BYTES, h.bytes);
	EXPECT_EQ(SEG, h.seg_size);
	EXPECT_EQ(DSCP, h.tos);
	EXPECT_TRUE(same(buf, 0, BYTES));
}

/* Cut in software, with checksums that are made there and looked at by the peer. */
TEST_F(inter, a_super_datagram_is_cut_behind_the_chain)
{
	uint8_t buf[2 * SEG];
	uint64_t token;
	uint32_t i;
	int on = 1;

	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));
	setsockopt(self->peer, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS);
	token = shown_outbound(&self->c, self->flow, &self->m);
	ASSERT_NE(0, token);
	self->m.tx_mem[1] = DSCP;
	ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, UDP, UDP));
	for (i = 0; i < SEGS; i++) {
		struct heard h = hear(self->peer, buf, sizeof(buf));

		ASSERT_EQ(SEG, h.bytes) TH_LOG("segment %u", i);
		EXPECT_EQ(DSCP, h.tos);
		EXPECT_TRUE(same(buf, i * SEG, SEG));
	}
}

/* ---- TCP ---- */

/* An established connection, an intermediary in it, a client that can send a lot. */
FIXTURE(tcp) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;
	struct hand h;
	struct chan m;
	struct unet_inter_open o;
	uint32_t id;
};

FIXTURE_VARIANT(tcp) {
	const char *theirs;	/* offloads of the peer's device */
	const char *ours;
};

FIXTURE_VARIANT_ADD(tcp, tso) { "tso on", "gro off" };
FIXTURE_VARIANT_ADD(tcp, gro) { "tso off gso off", "gro on" };

FIXTURE_SETUP(tcp)
{
	struct timeval tv = { .tv_sec = 5 };

	self->before = live_now();
	self->m.fd = -1;
	self->h.family = AF_INET;
	ASSERT_EQ(0, param_linger("0"));
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, sh_peer(&self->t, "ethtool -K vb %s", variant->theirs));
	ASSERT_EQ(0, sh("ethtool -K va %s", variant->ours));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, hand_listen(&self->c, &self->h, 0));
	ASSERT_EQ(0, hand_accept(&self->t, &self->c, &self->h));
	setsockopt(self->h.client, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

FIXTURE_TEARDOWN(tcp)
{
	struct live now;

	close(self->h.client);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_EQ(0, param_linger("60"));
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* Without options the peer's kernel sends segments of so many bytes. */
#define MSS	536

static uint32_t number(const uint8_t *packet)
{
	uint32_t seq;

	memcpy(&seq, packet + 24, sizeof(seq));
	return ntohl(seq);
}

/* Pass @s of @m on: as it is, or with DSCP, which it is given either way. */
static int pass_on(struct chan *m, const struct unet_rx_slot *s, uint16_t action)
{
	if (action == UNET_VERDICT_ACCEPT)
		return inter_verdict(m, s->tag, UNET_VERDICT_ACCEPT, s->packets);
	if (action == UNET_VERDICT_MARK)
		return inter_mark(m, s->tag, s->packets, 0xff, DSCP);
	memcpy(m->tx_mem, chan_buf(m, s->first), TCP);
	m->tx_mem[1] = DSCP;
	return inter_say_bytes(m, s->tag, UNET_VERDICT_MODIFY, TCP, TCP);
}

/*
 * What comes first of BYTES that the client sends must be a super packet; it is passed
 * on by @action. Return: what was wrong, or NULL.
 */
static const char *one_super(struct chan *m, struct chan *c, const struct hand *h,
			     uint16_t action)
{
	const struct unet_rx_slot *s = chan_rx_peek(m, 5000), *o;
	uint32_t payload, segments;
	const uint8_t *p;

	if (!s || s->packets != 1)
		return "not one packet was shown";
	payload = s->bytes - TCP;
	segments = (payload + MSS - 1) / MSS;
	if (segments < 2 || !is_super(m, s, 0, MSS, segments, s->bytes))
		return "what was shown is no super packet";
	p = chan_buf(m, s->first);
	if (number(p) != h->rcv_nxt || !same(p + TCP, 0, payload))
		return "it was shown with other bytes";
	if (pass_on(m, s, action))
		return "the verdict was refused";
	o = chan_rx_peek(c, 2000);
	if (!o || !is_super(c, o, 0, MSS, segments, s->bytes))
		return "it did not go on whole";
	if (!(c->desc[o->first].flags & UNET_DESC_CSUM_OK))
		return "its checksum is not vouched for";
	p = chan_buf(c, o->first);
	if (number(p) != h->rcv_nxt || !same(p + TCP, 0, payload))
		return "it went on with other bytes";
	return p[1] == (action == UNET_VERDICT_ACCEPT ? 0 : DSCP) ? NULL :
								    "its TOS is another";
}

#define COMES_IN(action)						\
do {									\
	uint8_t data[BYTES];						\
	const char *wrong;						\
									\
	fill(data, BYTES);						\
	ASSERT_EQ(BYTES, send(self->h.client, data, BYTES, 0));		\
	wrong = one_super(&self->m, &self->c, &self->h, action);	\
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong);			\
} while (0)

TEST_F(tcp, what_comes_is_whole)
{
	IN(.rights = OBSERVE, .directions = UNET_INTER_INBOUND);
	COMES_IN(UNET_VERDICT_ACCEPT);
}

TEST_F(tcp, what_comes_is_whole_with_changed_headers)
{
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS,
	   .directions = UNET_INTER_INBOUND);
	COMES_IN(UNET_VERDICT_MODIFY);
}

TEST_F(tcp, what_comes_is_whole_with_a_mark)
{
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS,
	   .directions = UNET_INTER_INBOUND);
	COMES_IN(UNET_VERDICT_MARK);
}

TEST_F(tcp, the_length_of_what_comes_stays)
{
	const struct unet_rx_slot *s;
	uint8_t data[BYTES];

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .violations = -1,
	   .directions = UNET_INTER_INBOUND);
	fill(data, BYTES);
	ASSERT_EQ(BYTES, send(self->h.client, data, BYTES, 0));
	s = look(&self->m, TCP + MSS);
	ASSERT_NE(NULL, s);
	ASSERT_LT(1, s->segments);
	EXPECT_EQ(UNET_INTER_CNT_BAD_LENGTH,
		  inter_say_bytes(&self->m, s->tag, UNET_VERDICT_MODIFY, TCP, TCP + MSS));
	EXPECT_EQ(1, STAT(BAD_LENGTH));
}

#define FEW	100	/* bytes of one segment */

/*
 * Of a segment that is shown next nothing is taken away nor added, by which the numbers
 * of all that follow would be wrong; its bytes may be others. What is wrong, or NULL.
 */
static const char *length_stays(struct chan *m, uint32_t flags)
{
	const struct unet_rx_slot *s = look(m, TCP + FEW);
	static const uint32_t lengths[] = { 0, 1, FEW - 1, FEW + 1, 2 * FEW };
	unsigned int i;

	if (!s || s->flags != flags || s->bytes != TCP + FEW || s->packets != 1)
		return "no plain segment was shown";
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if (inter_say_bytes(m, s->tag, UNET_VERDICT_MODIFY, TCP,
				    TCP + lengths[i]) != UNET_INTER_CNT_BAD_LENGTH)
			return "another length was not refused";
	m->tx_mem[TCP] ^= 0xff;
	return inter_say_bytes(m, s->tag, UNET_VERDICT_MODIFY, TCP, TCP + FEW) ?
	       "the same length was refused" : NULL;
}

/* FEW bytes, of which the first is changed. */
static bool first_is_another(const uint8_t *p)
{
	return p[0] == (byte_at(0) ^ 0xff) && same(p + 1, 1, FEW - 1);
}

TEST_F(tcp, the_length_of_a_segment_that_comes_stays)
{
	const struct unet_rx_slot *s;
	uint8_t data[FEW];
	const char *wrong;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .violations = -1,
	   .directions = UNET_INTER_INBOUND);
	fill(data, FEW);
	ASSERT_EQ(FEW, send(self->h.client, data, FEW, 0));
	wrong = length_stays(&self->m, 0);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong);
	EXPECT_EQ(5, STAT(BAD_LENGTH));
	s = chan_rx_peek(&self->c, 2000);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TCP + FEW, s->bytes);
	EXPECT_NE(0, self->c.desc[s->first].flags & UNET_DESC_CSUM_OK);
	EXPECT_TRUE(first_is_another((uint8_t *)chan_buf(&self->c, s->first) + TCP));
}

TEST_F(tcp, the_length_of_a_segment_that_is_sent_stays)
{
	uint8_t data[FEW];
	const char *wrong;

	IN(.rights = OBSERVE | UNET_INTER_MODIFY_PAYLOAD, .violations = -1,
	   .directions = UNET_INTER_OUTBOUND);
	fill(data, FEW);
	ASSERT_EQ(0, hand_send(&self->c, &self->h, self->h.conn, TH_ACK | TH_PUSH,
			       data, FEW));
	wrong = length_stays(&self->m, UNET_RX_OUTBOUND);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong);
	EXPECT_EQ(5, STAT(BAD_LENGTH));
	ASSERT_EQ(FEW, recv(self->h.client, data, FEW, MSG_WAITALL));
	EXPECT_TRUE(first_is_another(data));
}

static int hand_sends_super(struct chan *c, struct hand *h)
{
	static uint8_t data[BYTES];
	struct pkt_spec p = {
		.family = h->family, .proto = IPPROTO_TCP,
		.src = hand_ours(h), .dst = hand_theirs(h),
		.sport = HAND_PORT, .dport = h->rport,
		.data = data, .bytes = BYTES, .tcp_flags = TH_ACK | TH_PUSH,
		.seq = h->snd_nxt, .ack = h->rcv_nxt,
	};

	fill(data, BYTES);
	return chan_send(c, h->conn, &p, SEG);
}

/* A socket that sees IPv4 as it comes to the peer. */
static int watch_peer(struct topo *t)
{
	struct timeval tv = { .tv_sec = 5 };
	int fd = peer_socket_of(t, AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

/* Of what came to it: bytes of payload from us in packets with that TOS. */
static uint32_t watched(int fd, uint8_t tos, uint32_t bytes)
{
	uint8_t p[2000], ours[4];
	uint32_t sum = 0;
	ssize_t n;

	inet_pton(AF_INET, OUR_V4, ours);
	while (sum < bytes && (n = recv(fd, p, sizeof(p), 0)) > 0)
		if (n > TCP && !memcmp(p + 12, ours, 4) && p[1] == tos)
			sum += (p[2] << 8 | p[3]) - TCP;
	return sum;
}

/* Sent whole, and cut and summed in software: the client takes nothing that is wrong. */
#define GOES_OUT(action)						\
do {									\
	const struct unet_rx_slot *s_;					\
	uint8_t buf_[BYTES];						\
	int fd_;							\
									\
	ASSERT_EQ(0, feature_set("va", TX_SUMS, false));			\
	IN(.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS,		\
	   .directions = UNET_INTER_OUTBOUND);				\
	ASSERT_LE(0, fd_ = watch_peer(&self->t));			\
	ASSERT_EQ(0, hand_sends_super(&self->c, &self->h));		\
	s_ = look(&self->m, TCP + BYTES);				\
	ASSERT_NE(NULL, s_);						\
	EXPECT_SUPER(&self->m, s_, UNET_RX_OUTBOUND, SEG, SEGS, TCP + BYTES); \
	EXPECT_TRUE(same(self->m.tx_mem + TCP, 0, BYTES));		\
	ASSERT_EQ(0, pass_on(&self->m, s_, action));			\
	ASSERT_EQ(BYTES, recv(self->h.client, buf_, BYTES, MSG_WAITALL)); \
	EXPECT_TRUE(same(buf_, 0, BYTES));				\
	EXPECT_EQ(BYTES, watched(fd_, DSCP, BYTES));			\
	close(fd_);							\
} while (0)

TEST_F(tcp, what_is_sent_is_whole_and_then_cut)
{
	GOES_OUT(UNET_VERDICT_MODIFY);
}

TEST_F(tcp, what_is_sent_is_cut_with_its_mark)
{
	GOES_OUT(UNET_VERDICT_MARK);
}

TEST_HARNESS_MAIN
