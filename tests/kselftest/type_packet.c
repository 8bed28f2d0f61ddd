// SPDX-License-Identifier: MIT
/* libs: -lbpf */
/*
 * Description: IP packets and rules of packet types (R3.2, R3.9): ports of TCP and of
 * UDP and IP protocols, over IPv4 and over IPv6, are delivered and sent, and what is of
 * another protocol, port or family is neither; patterns and programs look at the payload
 * of each (R3.4); sends are dropped by rules that select them; a user's rule gets what is
 * for the host's addresses, and nothing else that comes by (R3.8).
 */
#include "pin.h"
#include "raw.h"
#include "type_hand.h"
#include "bpf_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#define PORT		7000
#define RPORT		9000
#define TAG		7
#define MARK		8	/* tag of a rule that says what came before it is over */
#define MARK_PORT	6000
#define TEXT		"hello"
#define STRANGER_V4	"10.9.0.77"
#define STRANGER_V6	"fd09::77"

FIXTURE(type_packet) {
	struct topo t;
	struct chan c;
	int out;		/* the peer sends whole packets here */
	int in;			/* and hears those of the variant's protocol here */
};

FIXTURE_VARIANT(type_packet) {
	int family;
	int proto;		/* TCP, UDP, or one without ports */
};

FIXTURE_VARIANT_ADD(type_packet, udp_v4) { AF_INET, IPPROTO_UDP };
FIXTURE_VARIANT_ADD(type_packet, udp_v6) { AF_INET6, IPPROTO_UDP };
FIXTURE_VARIANT_ADD(type_packet, tcp_v4) { AF_INET, IPPROTO_TCP };
FIXTURE_VARIANT_ADD(type_packet, tcp_v6) { AF_INET6, IPPROTO_TCP };
FIXTURE_VARIANT_ADD(type_packet, proto_v4) { AF_INET, RAW_PROTO };
FIXTURE_VARIANT_ADD(type_packet, proto_v6) { AF_INET6, RAW_PROTO };

/* The peer knows who has an address that nobody has: we. */
static int invite_strangers(struct topo *t)
{
	uint8_t mac[6];
	int err;

	if (rtnl_mac("va", mac) || setns(t->ns_peer, CLONE_NEWNET))
		return -1;
	err = rtnl_neigh("vb", STRANGER_V4, mac) || rtnl_neigh("vb", STRANGER_V6, mac);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return err;
}

FIXTURE_SETUP(type_packet)
{
	struct timeval patience = { .tv_sec = 10 };

	/* What is sent first is to come first. */
	run_on(0);
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, invite_strangers(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->out = raw_socket(&self->t, variant->family);
	ASSERT_GE(self->out, 0);
	self->in = peer_socket_of(&self->t, variant->family, SOCK_RAW, variant->proto);
	ASSERT_GE(self->in, 0);
	setsockopt(self->in, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

FIXTURE_TEARDOWN(type_packet)
{
	close(self->in);
	close(self->out);
	chan_close(&self->c);
	topo_teardown(&self->t);
}

/* ---- packets ---- */

static const char *ours(int family)
{
	return family == AF_INET ? OUR_V4 : OUR_V6;
}

static const char *theirs(int family)
{
	return family == AF_INET ? PEER_V4 : PEER_V6;
}

static const char *strangers(int family)
{
	return family == AF_INET ? STRANGER_V4 : STRANGER_V6;
}

static bool has_ports(int proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

static uint32_t ip_bytes(int family)
{
	return family == AF_INET ? 20 : 40;
}

static uint32_t l4_bytes(int proto)
{
	return proto == IPPROTO_TCP ? 20 : proto == IPPROTO_UDP ? 8 : 0;
}

/* As it is sent by us, to be changed. */
static struct pkt_spec from_us(int family, int proto, int port)
{
	return (struct pkt_spec){
		.family = family, .proto = proto, .src = ours(family),
		.dst = theirs(family), .sport = port, .dport = RPORT,
		.data = TEXT, .bytes = sizeof(TEXT), .tcp_flags = TH_ACK,
		.seq = 1, .ack = 1,
	};
}

/* @text: sizeof(TEXT) bytes; @options: so many behind a TCP header */
static int peer_says(int fd, int family, int proto, const char *to, int port,
		     const void *text, uint32_t options)
{
	struct pkt_spec spec = from_us(family, proto, RPORT);
	uint32_t ip = ip_bytes(family), bytes;
	uint8_t p[128], data[64];
	uint16_t sum;

	memset(data, TCPOPT_NOP, options);
	memcpy(data + options, text, sizeof(TEXT));
	spec.src = theirs(family);
	spec.dst = to;
	spec.dport = port;
	spec.data = data;
	spec.bytes += options;
	bytes = build_packet(p, &spec) + spec.bytes;
	if (options)
		p[ip + 12] += options / 4 << 4;
	if (has_ports(proto)) {
		sum = raw_l4_sum(p, ip, proto, bytes - ip);
		memcpy(p + ip + (proto == IPPROTO_TCP ? 16 : 6), &sum, sizeof(sum));
	}
	return send_to(fd, to, 0, p, bytes);
}

static int peer_sends(int fd, int family, int proto, const char *to, int port)
{
	return peer_says(fd, family, proto, to, port, TEXT, 0);
}

static int port_at(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* What came next. */
struct came {
	uint64_t tag;		/* 0: nothing did */
	int proto;
	int port;		/* to which; 0: it has none */
	bool whole;		/* of the length and text that peer_sends() gives it */
	char to[INET6_ADDRSTRLEN];
};

static struct came next_came(struct chan *c, int family, int ms)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, ms);
	struct came came = { 0 };
	uint32_t ip = ip_bytes(family), l4;
	const uint8_t *p;

	if (!s)
		return came;
	p = chan_buf(c, s->first);
	came.tag = s->tag;
	came.proto = p[family == AF_INET ? 9 : 6];
	l4 = l4_bytes(came.proto);
	came.port = l4 ? port_at(p + ip + 2) : 0;
	came.whole = s->packets == 1 && !s->flags && p[0] >> 4 == (ip == 20 ? 4 : 6) &&
		     s->bytes == ip + l4 + sizeof(TEXT) &&
		     c->desc[s->first].l4_offset == ip &&
		     !memcmp(p + ip + l4, TEXT, sizeof(TEXT));
	inet_ntop(family, p + (family == AF_INET ? 16 : 24), came.to, sizeof(came.to));
	chan_rx_next(c);
	return came;
}

/* The peer's next packet that is like @p; hosts say things of their own meanwhile. */
static bool peer_hears(int fd, const struct pkt_spec *p)
{
	uint32_t ip = p->family == AF_INET ? 20 : 0, l4 = l4_bytes(p->proto);
	uint8_t buf[256];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (n == ip + l4 + p->bytes && !memcmp(buf + ip + l4, p->data, p->bytes) &&
		    (!l4 || (port_at(buf + ip) == p->sport &&
			     port_at(buf + ip + 2) == p->dport)))
			return true;
	return false;
}

/* ---- received and sent ---- */

static struct unet_type_spec rule_for(int proto)
{
	return has_ports(proto) ? spec_port(proto, PORT, PORT + 9) :
				  spec_proto(proto, proto + 1);
}

/* A rule for UDP of MARK_PORT, whose packets come after all that was sent before. */
static int set_mark(struct chan *c)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, MARK_PORT, MARK_PORT);
	struct unet_type_req r;

	return type_add(c, &spec, MARK, &r);
}

static int send_mark(int fd, int family)
{
	return peer_sends(fd, family, IPPROTO_UDP, ours(family), MARK_PORT);
}

TEST_F(type_packet, what_a_rule_selects_is_delivered)
{
	int family = variant->family, proto = variant->proto, i;
	struct unet_type_spec spec = rule_for(proto);
	const char *us = ours(family);
	struct unet_type_req r;
	struct came came;
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, set_mark(&self->c));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, has_ports(proto) ?
			     peer_sends(self->out, family, proto, us, PORT + 9 * i) :
			     peer_sends(self->out, family, proto + i, us, 0));
		came = next_came(&self->c, family, 10000);
		EXPECT_EQ(TAG, came.tag);
		EXPECT_TRUE(came.whole);
		EXPECT_EQ(has_ports(proto) ? proto : proto + i, came.proto);
		EXPECT_EQ(has_ports(proto) ? PORT + 9 * i : 0, came.port);
	}
	/* Neither the numbers beside it nor the same ports of another protocol. */
	if (has_ports(proto)) {
		ASSERT_EQ(0, peer_sends(self->out, family, proto, us, PORT + 10));
		ASSERT_EQ(0, peer_sends(self->out, family, proto, us, PORT - 1));
		ASSERT_EQ(0, peer_sends(self->out, family, proto ^ IPPROTO_TCP ^ IPPROTO_UDP,
					us, PORT));
	} else {
		ASSERT_EQ(0, peer_sends(self->out, family, proto - 1, us, 0));
		ASSERT_EQ(0, peer_sends(self->out, family, proto + 2, us, 0));
	}
	ASSERT_EQ(0, send_mark(self->out, family));
	EXPECT_EQ(MARK, next_came(&self->c, family, 10000).tag);
	EXPECT_EQ(2, tell(&nl, r.id).packets);
	close(nl.fd);
}

TEST_F(type_packet, a_family_may_be_selected)
{
	int family = variant->family, proto = variant->proto;
	struct unet_type_spec spec = rule_for(proto);
	struct unet_type_req r;

	spec.family = family;
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, set_mark(&self->c));
	ASSERT_EQ(0, peer_sends(self->out, family, proto, ours(family), PORT));
	EXPECT_EQ(TAG, next_came(&self->c, family, 10000).tag);
	spec.family = family == AF_INET ? AF_INET6 : AF_INET;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, peer_sends(self->out, family, proto, ours(family), PORT));
	ASSERT_EQ(0, send_mark(self->out, family));
	EXPECT_EQ(MARK, next_came(&self->c, family, 10000).tag);
}

TEST_F(type_packet, what_a_rule_selects_is_sent)
{
	int family = variant->family, proto = variant->proto;
	struct pkt_spec p = from_us(family, proto, PORT + 9);
	struct unet_type_spec spec = rule_for(proto);
	struct unet_type_req r;

	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	EXPECT_TRUE(peer_hears(self->in, &p));
	p.sport = PORT;
	EXPECT_EQ(0, chan_send(&self->c, r.flow, &p, 0));
	EXPECT_TRUE(peer_hears(self->in, &p));
	if (has_ports(proto)) {
		p.sport = PORT + 10;
		EXPECT_EQ(UNET_CNT_TX_SPOOF_PORT, chan_send(&self->c, r.flow, &p, 0));
		p.sport = PORT - 1;
		EXPECT_EQ(UNET_CNT_TX_SPOOF_PORT, chan_send(&self->c, r.flow, &p, 0));
		p.sport = PORT;
		p.proto = proto ^ IPPROTO_TCP ^ IPPROTO_UDP;
		EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send(&self->c, r.flow, &p, 0));
	} else {
		p.proto = proto + 2;
		EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send(&self->c, r.flow, &p, 0));
		p.proto = IPPROTO_UDP;
		EXPECT_EQ(UNET_CNT_TX_SPOOF_PROTO, chan_send(&self->c, r.flow, &p, 0));
	}
	p.proto = proto;
	p.src = strangers(family);
	EXPECT_EQ(UNET_CNT_TX_SOURCE_GONE, chan_send(&self->c, r.flow, &p, 0));
	/* A handle of a rule goes with the rule, not alone. */
	EXPECT_EQ(-EBUSY, chan_flow_del(&self->c, r.flow, 0));
}

/* ---- payload ---- */

/* A TCP header has options, now these, now those: what follows it is not always at 20. */
static uint32_t option_bytes(int proto, int round)
{
	return proto == IPPROTO_TCP ? 12 * round : 0;
}

/* Tag of what came before the mark; 0: nothing did, ~0: the mark is missing. */
static uint64_t before_mark(struct chan *c, int family)
{
	uint64_t tag = next_came(c, family, 10000).tag;

	if (tag == MARK)
		return 0;
	return next_came(c, family, 10000).tag == MARK ? tag : ~0ull;
}

/* Does a rule with this pattern select this text? */
static const struct {
	const char *name;
	struct unet_pattern pattern;
	const char *text;
	bool selected;
} looks[] = {
#define SAID	"abcde"
#define AT_0	{ .offset = 0, .bytes = 1, .value = { 'a' }, .mask = { 0xff } }
#define AT_3	{ .offset = 3, .bytes = 1, .value = { 'd' }, .mask = { 0xff } }
	{ "the first byte", AT_0, SAID, true },
	{ "another first byte", AT_0, "Abcde", false },
	{ "other bytes than the first", AT_0, "aBCDE", true },
	{ "the first byte elsewhere", AT_0, "xaaaa", false },
	{ "the fourth byte", AT_3, SAID, true },
	{ "another fourth byte", AT_3, "abcDe", false },
	{ "other bytes than the fourth", AT_3, "ABCdE", true },
	{ "the fourth byte elsewhere", AT_3, "dddxd", false },
};

TEST_F(type_packet, patterns_are_counted_from_the_payload)
{
	int family = variant->family, proto = variant->proto;
	struct unet_type_spec spec = spec_does(rule_for(proto), UNET_TYPE_DELIVER);
	struct unet_type_req r;
	unsigned int i, round;

	spec.num_patterns = 1;
	spec.pattern[0] = looks[0].pattern;
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, set_mark(&self->c));
	for (i = 0; i < 2 * ARRAY_SIZE(looks); i++) {
		spec.pattern[0] = looks[i / 2].pattern;
		round = i % 2;
		ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
		ASSERT_EQ(0, peer_says(self->out, family, proto, ours(family), PORT,
				       looks[i / 2].text, option_bytes(proto, round)));
		ASSERT_EQ(0, send_mark(self->out, family));
		EXPECT_EQ(looks[i / 2].selected ? TAG : 0, before_mark(&self->c, family))
			TH_LOG("%s, round %u", looks[i / 2].name, round);
	}
}

/* What a program says by the fourth byte of the payload. */
static const struct {
	const char *name;
	uint8_t verdict;
	const char *counter;
} verdicts[] = {
	{ "deliver", UNET_TYPE_VERDICT_DELIVER, "rx_delivered" },
	{ "drop", UNET_TYPE_VERDICT_DROP, "rx_type_drop" },
	{ "deliver after all", UNET_TYPE_VERDICT_DELIVER, "rx_delivered" },
	{ "to the host", UNET_TYPE_VERDICT_HOST, "rx_type_host" },
	{ "nonsense", 'x', "rx_type_verdict" },
};

/* Of all that the peer sent before the mark: what was counted but for that. */
static uint64_t counted(const struct nexus_sums *then, const char *counter)
{
	unsigned int id = nexus_counter_id(counter);
	struct nexus_sums now = nexus_counters("va");

	return now.value[id] - then->value[id] - !strcmp(counter, "rx_delivered");
}

TEST_F(type_packet, a_program_judges_by_the_payload)
{
	int family = variant->family, proto = variant->proto;
	uint32_t options = option_bytes(proto, 1);
	uint32_t at = ip_bytes(family) + l4_bytes(proto) + options + 3;
	struct unet_type_spec spec = spec_does(rule_for(proto), UNET_TYPE_BPF);
	struct nexus_sums then;
	struct unet_type_req r;
	char text[] = TEXT;
	unsigned int i;

	spec.prog_fd = load_byte(at);
	ASSERT_GE(spec.prog_fd, 0);
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	close(spec.prog_fd);
	ASSERT_EQ(0, set_mark(&self->c));
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		then = nexus_counters("va");
		text[3] = verdicts[i].verdict;
		ASSERT_EQ(0, peer_says(self->out, family, proto, ours(family), PORT, text,
				       options));
		ASSERT_EQ(0, send_mark(self->out, family));
		EXPECT_EQ(verdicts[i].verdict == UNET_TYPE_VERDICT_DELIVER ? TAG : 0,
			  before_mark(&self->c, family)) TH_LOG("%s", verdicts[i].name);
		EXPECT_EQ(1, counted(&then, verdicts[i].counter))
			TH_LOG("%s", verdicts[i].name);
	}
}

/* ---- sends that rules drop ---- */

/* A rule beside the one that packets are sent by: are those from PORT dropped? */
static const struct ban {
	const char *name;
	int beside;		/* so much is added to the numbers */
	bool others;		/* the other protocol's ports */
	bool other_family;
	const char *(*local)(int family);
	const char *(*remote)(int family);
	int direction;		/* 0: UNET_TYPE_TX */
	int priority;
	bool lets_go;
} bans[] = {
	{ .name = "just these" },
	{ "both ways", .direction = UNET_TYPE_RX | UNET_TYPE_TX },
	{ "from here", .local = ours },
	{ "to there", .remote = theirs },
	{ "from here to there", .local = ours, .remote = theirs },
	{ "received ones", .direction = UNET_TYPE_RX, .lets_go = true },
	{ "the number after it", .beside = 1, .lets_go = true },
	{ "the number before it", .beside = -1, .lets_go = true },
	{ "the port they are sent to", .beside = RPORT - PORT, .lets_go = true },
	{ "the other family", .other_family = true, .lets_go = true },
	{ "the other protocol", .others = true, .lets_go = true },
	{ "to somebody else", .remote = strangers, .lets_go = true },
	{ "to ourselves", .remote = ours, .lets_go = true },
	{ "behind the rule that lets them go", .priority = UNET_TYPE_PRIORITY + 1,
	  .lets_go = true },
};

static void set_addr(int family, const char *(*text)(int family), uint8_t *addr,
		     uint8_t *bits)
{
	if (!text)
		return;
	inet_pton(family, text(family), addr);
	*bits = family == AF_INET ? 32 : 128;
}

static struct unet_type_spec spec_ban(const struct ban *ban, int family, int proto)
{
	struct unet_type_spec spec = has_ports(proto) ?
		spec_port(ban->others ? proto ^ IPPROTO_TCP ^ IPPROTO_UDP : proto,
			  PORT + ban->beside, PORT + ban->beside) :
		spec_proto(proto + ban->beside, proto + ban->beside);

	spec.action = UNET_TYPE_DROP;
	spec.direction = ban->direction ?: UNET_TYPE_TX;
	spec.priority = ban->priority ?: 5;
	spec.family = family;
	if (ban->other_family)
		spec.family = family == AF_INET ? AF_INET6 : AF_INET;
	spec.flags = has_ports(proto) ? UNET_TYPE_NO_HOLD : 0;
	set_addr(family, ban->local, spec.local, &spec.local_bits);
	set_addr(family, ban->remote, spec.remote, &spec.remote_bits);
	return spec;
}

TEST_F(type_packet, sends_are_dropped_by_rules_that_select_them)
{
	int family = variant->family, proto = variant->proto;
	struct pkt_spec p = from_us(family, proto, PORT);
	struct unet_type_spec spec = rule_for(proto);
	struct unet_type_req r, no;
	unsigned int i, sent = 0, dropped = 0;
	char text[] = TEXT;
	struct nl nl;

	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	p.data = text;
	for (i = 0; i < ARRAY_SIZE(bans); i++) {
		const struct ban *b = &bans[i];

		if (!has_ports(proto) && (b->others || b->beside > 1))
			continue;
		spec = spec_ban(b, family, proto);
		ASSERT_EQ(0, type_add(&self->c, &spec, 0, &no)) TH_LOG("%s", b->name);
		text[0] = 'a' + i;
		EXPECT_EQ(b->lets_go ? 0 : UNET_CNT_TX_TYPE_DROP,
			  chan_send(&self->c, r.flow, &p, 0)) TH_LOG("%s", b->name);
		/* What the peer answers is received. */
		EXPECT_TRUE(b->direction || tell(&nl, no.id).packets == !b->lets_go)
			TH_LOG("%s", b->name);
		EXPECT_TRUE(!b->lets_go || peer_hears(self->in, &p))
			TH_LOG("%s", b->name);
		sent += b->lets_go;
		dropped += !b->lets_go;
		ASSERT_EQ(0, type_del(&self->c, no.id));
	}
	EXPECT_EQ(sent, nexus_counter("va", "tx_packets"));
	EXPECT_EQ(dropped, nexus_counter("va", "tx_type_drop"));
	close(nl.fd);
}

/* ---- for the host's addresses ---- */

struct user {
	int fd;
	int family;
	int proto;
};

/*
 * What is for a stranger is sent before what is for the host, and is not here when that
 * is; its fate is in the counters.
 */
static int has_the_hosts_only(void *arg)
{
	const struct user *u = arg;
	struct unet_type_spec spec = rule_for(u->proto);
	struct unet_type_req r;
	struct came came;
	struct chan c;
	int i;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &spec, TAG, &r));
	CHECK(r.amended == UNET_AMEND_NARROWED);
	/* The second time each is known from the first. */
	for (i = 0; i < 2; i++) {
		CHECK(!peer_sends(u->fd, u->family, u->proto, strangers(u->family), PORT));
		CHECK(!peer_sends(u->fd, u->family, u->proto, ours(u->family), PORT));
		came = next_came(&c, u->family, 10000);
		CHECK(came.tag == TAG && came.whole);
		CHECK(!strcmp(came.to, ours(u->family)));
	}
	CHECK(!next_came(&c, u->family, 200).tag);
	return 0;
}

TEST_F(type_packet, a_users_rule_gets_what_is_for_the_hosts_addresses)
{
	int family = variant->family, proto = variant->proto;
	struct user u = { self->out, family, proto };
	struct unet_type_spec spec = rule_for(proto);
	struct unet_type_req r;
	struct came came;

	EXPECT_EQ(0, as_capable(1000, 1 << CAP_NET_RAW, has_the_hosts_only, &u));
	EXPECT_EQ(2, nexus_counter("va", "rx_host"));
	EXPECT_EQ(2, nexus_counter("va", "rx_delivered"));
	/* The administrator's gets it all, or as little when so asked. */
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, peer_sends(self->out, family, proto, strangers(family), PORT));
	came = next_came(&self->c, family, 10000);
	EXPECT_EQ(TAG, came.tag);
	EXPECT_STREQ(strangers(family), came.to);
	spec.flags = UNET_TYPE_LOCAL_ONLY;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, peer_sends(self->out, family, proto, strangers(family), PORT));
	ASSERT_EQ(0, peer_sends(self->out, family, proto, ours(family), PORT));
	came = next_came(&self->c, family, 10000);
	EXPECT_EQ(TAG, came.tag);
	EXPECT_STREQ(ours(family), came.to);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 200));
	EXPECT_EQ(3, nexus_counter("va", "rx_host"));
}

TEST_HARNESS_MAIN
