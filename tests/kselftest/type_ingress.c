// SPDX-License-Identifier: MIT
/*
 * Description: where the nexus is attached by netfilter's ingress hook (D2) packet types
 * and intermediaries are what they are by the rx_handler: a rule delivers, drops, leaves
 * to the host, and looks at the payload and at frames (R3.2 to R3.4); what an intermediary
 * holds goes on, or not, changed or to another flow (R4.2, R4.5). None of it is the host's.
 */
#include "feature.h"
#include "inter.h"
#include "live.h"
#include "pin.h"
#include "sound.h"
#include "tos.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#define PATIENCE	10000	/* ms */
#define TO		(PORT + 1)
#define MARK		6000	/* a port of the host's that no rule selects */
#define TAG		7
#define NOTHING		(-1)	/* instead of a tag: nothing came */
#define STRANGE		(-2)	/* something else came */
#define UNSELECTED	"none"	/* no counter of rules moved */

static void keep_hook(const struct nl_reply *reply, void *hook)
{
	snprintf(hook, 32, "%s", nl_str(reply->attr[UNET_A_HOOK]));
}

static bool is_by_ingress(struct nl *nl)
{
	char hook[32] = "";

	return !nl_device(nl, UNET_CMD_NEXUS_GET, "va", keep_hook, hook) &&
	       !strcmp(hook, "netfilter ingress");
}

/* It waits for what comes as long as it takes. */
static void be_patient(int fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE / 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* ---- packet types ---- */

FIXTURE(type_ingress) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;
	int peer;		/* UDP */
	int host;		/* the host's, at PORT: what is left to it */
	int mark;		/* and at MARK: what was sent before is over */
};

FIXTURE_SETUP(type_ingress)
{
	self->before = live_now();
	/* What is sent first is to come first. */
	run_on(0);
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach_ingress("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_TRUE(is_by_ingress(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	self->host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind_to(self->host, OUR_V4, PORT));
	self->mark = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind_to(self->mark, OUR_V4, MARK));
	be_patient(self->mark);
}

/* Nothing that was made is left. */
#define IS_GONE()							\
do {									\
	struct live now_;						\
									\
	EXPECT_TRUE(live_returns_to(&self->before, &now_))		\
		TH_LOG("before: %s after: %s", self->before.text, now_.text);	\
} while (0)

FIXTURE_TEARDOWN(type_ingress)
{
	close(self->mark);
	close(self->host);
	close(self->peer);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	IS_GONE();
}

/* What became of a packet. */
struct fate {
	const char *counter;	/* which moved */
	bool heard;		/* by the host */
	int tag;		/* which the channel was told, NOTHING or STRANGE */
};

/* Which counter of rules moved, by one; "several": more than that. */
static const char *what_moved(const struct nexus_sums *then)
{
	static const char *const names[] = {
		"rx_delivered", "rx_type_drop", "rx_type_host", "rx_type_verdict",
	};
	struct nexus_sums now = nexus_counters("va");
	const char *moved = UNSELECTED;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned int id = nexus_counter_id(names[i]);
		uint64_t more = now.value[id] - then->value[id];

		sum += more;
		if (more)
			moved = names[i];
	}
	return sum > 1 ? "several" : moved;
}

/* Tag of the datagram that came within @ms, which must be @text from its IP header on. */
static int next_tag_of(struct chan *c, char text, int ms)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, ms);
	const uint8_t *p;
	int tag;

	if (!s)
		return NOTHING;
	p = chan_buf(c, s->first);
	tag = s->packets == 1 && !s->flags && s->bytes == 29 && p[0] == 0x45 &&
	      c->desc[s->first].l4_offset == 20 && p[28] == text ? s->tag : STRANGE;
	chan_rx_next(c);
	return tag;
}

/* The peer says it; what the host hears of that it hears before the mark. */
static struct fate send_one(struct _test_data_type_ingress *b, char text, int ms)
{
	struct nexus_sums then = nexus_counters("va");
	struct fate fate = { .counter = "no mark" };
	char heard;

	if (send_to(b->peer, OUR_V4, PORT, &text, 1) ||
	    send_to(b->peer, OUR_V4, MARK, &text, 1) ||
	    recv(b->mark, &heard, 1, 0) != 1)
		return fate;
	fate.tag = next_tag_of(&b->c, text, ms);
	fate.heard = recv(b->host, &heard, 1, MSG_DONTWAIT) == 1 && heard == text;
	fate.counter = what_moved(&then);
	return fate;
}

#define RULE(what, ...)								\
	{ .layer = UNET_TYPE_PORT, .direction = UNET_TYPE_RX,			\
	  .action = UNET_TYPE_##what, .proto = IPPROTO_UDP, .first = PORT,	\
	  .last = PORT, .flags = UNET_TYPE_NO_HOLD, ##__VA_ARGS__ }
#define SEEN(c)	.num_patterns = 1,						\
	.pattern = { { .bytes = 1, .value = { c }, .mask = { 0xff } } }

static const struct {
	const char *name;
	struct unet_type_spec spec;
	struct fate fate;
} deeds[] = {
	{ "deliver", RULE(DELIVER), { "rx_delivered", false, TAG } },
	{ "drop", RULE(DROP), { "rx_type_drop", false, NOTHING } },
	{ "leave to the host", RULE(HOST), { "rx_type_host", true, NOTHING } },
	{ "deliver by the payload", RULE(DELIVER, SEEN('x')), { "rx_delivered", false, TAG } },
	{ "drop by the payload", RULE(DROP, SEEN('x')), { "rx_type_drop", false, NOTHING } },
	{ "deliver by another payload", RULE(DELIVER, SEEN('y')),
	  { UNSELECTED, true, NOTHING } },
	{ "drop by another payload", RULE(DROP, SEEN('y')), { UNSELECTED, true, NOTHING } },
};

#define EXPECT_FATE(name, wanted)						\
	do {									\
		struct fate want_ = wanted;					\
		struct fate got_ = send_one(self, 'x', want_.tag == TAG ? PATIENCE : 20); \
										\
		EXPECT_TRUE(!strcmp(want_.counter, got_.counter) &&		\
			    want_.heard == got_.heard && want_.tag == got_.tag)	\
			TH_LOG("%s: %s, heard %d, tag %d", name, got_.counter,	\
			       got_.heard, got_.tag);				\
	} while (0)

TEST_F(type_ingress, a_rule_of_a_port_does_what_it_says)
{
	const struct fate unselected = { UNSELECTED, true, NOTHING };
	struct unet_type_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		const char *name = deeds[i].name;

		ASSERT_EQ(0, type_add(&self->c, &deeds[i].spec, TAG, &r)) TH_LOG("%s", name);
		/* Twice: the second is known from the first. */
		EXPECT_FATE(name, deeds[i].fate);
		EXPECT_FATE(name, deeds[i].fate);
		EXPECT_EQ(strcmp(deeds[i].fate.counter, UNSELECTED) ? 2 : 0,
			  tell(&self->nl, r.id).packets) TH_LOG("%s", name);
		ASSERT_EQ(0, type_del(&self->c, r.id));
	}
	EXPECT_FATE("no rule", unselected);
}

/* What the host hears of an ethertype that no rule takes. */
static int host_frames(int ethertype)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ethertype),
				  .sll_ifindex = if_nametoindex("va") };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ethertype));

	be_patient(fd);
	return bind(fd, (void *)&ll, sizeof(ll)) ? -1 : fd;
}

TEST_F(type_ingress, frames_of_an_own_ethertype_come_whole)
{
	int heard = host_frames(OWN_TYPE), mark = host_frames(OTHER_TYPE), frames;
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	uint8_t ours[6], theirs[6], data[64], sent[100], buf[100];
	const struct unet_rx_slot *s;
	struct unet_type_req r;
	uint32_t bytes;

	ASSERT_LE(0, heard);
	ASSERT_LE(0, mark);
	ASSERT_EQ(0, rtnl_mac("va", ours));
	frames = peer_frames(&self->t, OWN_TYPE, theirs);
	ASSERT_LE(0, frames);
	memset(data, 0x5e, sizeof(data));
	bytes = build_frame(sent, ours, theirs, OWN_TYPE, data, sizeof(data));
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, send_frame(frames, ours, theirs, OWN_TYPE, data, sizeof(data)));
	ASSERT_EQ(0, send_frame(frames, ours, theirs, OTHER_TYPE, data, sizeof(data)));
	ASSERT_EQ(bytes, recv(mark, buf, sizeof(buf), 0));
	s = chan_rx_peek(&self->c, PATIENCE);
	ASSERT_NE(NULL, s);
	EXPECT_EQ(TAG, s->tag);
	EXPECT_EQ(UNET_RX_L2, s->flags);
	EXPECT_EQ(1, s->packets);
	ASSERT_EQ(bytes, s->bytes);
	EXPECT_EQ(0, memcmp(sent, chan_buf(&self->c, s->first), bytes));
	chan_rx_next(&self->c);
	EXPECT_EQ(-1, recv(heard, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(1, nexus_counter("va", "rx_delivered"));
	EXPECT_EQ(1, tell(&self->nl, r.id).packets);
	/* Without the rule it is the host's. */
	ASSERT_EQ(0, type_del(&self->c, r.id));
	ASSERT_EQ(0, send_frame(frames, ours, theirs, OWN_TYPE, data, sizeof(data)));
	EXPECT_EQ(bytes, recv(heard, buf, sizeof(buf), 0));
	close(frames);
	close(mark);
	close(heard);
}

/* ---- intermediaries ---- */

FIXTURE(inter_ingress) {
	struct live before;
	struct topo t;
	struct nl nl;
	struct chan c;		/* the flow's owner */
	struct chan m;		/* the one in the middle */
	struct unet_inter_open o;
	uint32_t id;
	int peer;
	int host;		/* sees all UDP that reaches the host's stack */
};

FIXTURE_SETUP(inter_ingress)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT,
					  PEER_V4, RPORT);

	self->before = live_now();
	self->m.fd = -1;
	run_on(0);
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach_ingress("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_TRUE(is_by_ingress(&self->nl));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_GE(self->peer, 0);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
	self->host = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	ASSERT_GE(self->host, 0);
	be_patient(self->host);
}

FIXTURE_TEARDOWN(inter_ingress)
{
	close(self->host);
	close(self->peer);
	if (self->m.fd >= 0)
		chan_close(&self->m);
	chan_close(&self->c);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	IS_GONE();
}

/* It sees all, and holds for as long as a slow machine needs. */
#define IN(more, ...)							\
do {									\
	struct grant g = {						\
		.rights = OBSERVE | UNET_INTER_DELAY | (more),		\
		.hold_ms = 10000, ##__VA_ARGS__				\
	};								\
									\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id))		\
		TH_LOG("%s", self->nl.said);				\
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));		\
} while (0)

#define STAT(name)	inter_stat(&self->nl, self->id, UNET_INTER_CNT_##name)

/* The owner is given @number, to @port and with this TOS, and all else as it was sent. */
static const char *comes_to(struct chan *c, uint32_t number, int port, int tos)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, PATIENCE);
	const char *wrong;
	const uint8_t *p;

	if (!s)
		return "nothing came";
	p = chan_buf(c, s->first);
	if (s->packets != 1 || s->bytes != 32 || memcmp(p + 28, &number, sizeof(number)))
		wrong = "other bytes";
	else if (sound_be16(p + 20) != RPORT || sound_be16(p + 22) != port)
		wrong = "other ports";
	else if (tos_of(p) != tos)
		wrong = "another TOS";
	else if (!(c->desc[s->first].flags & UNET_DESC_CSUM_OK))
		wrong = "nobody vouches for the checksum";
	else
		wrong = sound_fault(p, s->bytes, 28);
	chan_rx_next(c);
	return wrong;
}

#define COMES(c, number, port, tos)					\
do {									\
	const char *w_ = comes_to(c, number, port, tos);		\
									\
	EXPECT_EQ(NULL, w_) TH_LOG("%u: %s", number, w_ ?: "nothing");	\
} while (0)

static bool host_heard_nothing(int fd)
{
	uint8_t buf[64];

	return recv(fd, buf, sizeof(buf), MSG_DONTWAIT) < 0;
}

TEST_F(inter_ingress, what_is_held_goes_on_when_it_is_accepted)
{
	uint64_t token;
	uint8_t buf[64];

	IN(0);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(2, inter_look(&self->nl, self->id).held);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_ACCEPT, 2));
	EXPECT_EQ(2, owner_takes(&self->c, 1, 2, PATIENCE));
	EXPECT_EQ(0, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(2, STAT(ACCEPTED));
	EXPECT_EQ(0, STAT(MISSED));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_TRUE(host_heard_nothing(self->host));
	/* It would have. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, TO, "x", 1));
	EXPECT_EQ(29, recv(self->host, buf, sizeof(buf), 0));
}

TEST_F(inter_ingress, what_it_drops_nobody_gets)
{
	uint64_t token;

	IN(UNET_INTER_DROP);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_DROP, 1));
	ASSERT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_ACCEPT, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, PATIENCE));
	EXPECT_EQ(1, STAT(DROPPED));
	EXPECT_EQ(1, nexus_counter("va", "rx_drop_inter"));
	EXPECT_TRUE(host_heard_nothing(self->host));
}

#define EF	0xb8	/* RFC 3246 */
#define AF11	0x28	/* RFC 2597 */

/* Checksums left to the device, then made by the sender. */
TEST_F(inter_ingress, the_class_of_what_comes_is_another)
{
	uint64_t token;
	uint32_t i;

	IN(UNET_INTER_MODIFY_HEADERS);
	for (i = 0; i < 2; i++) {
		if (i)
			ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
		ASSERT_EQ(0, peer_sends(self->peer, i, 1));
		token = inter_seen_bytes(&self->m);
		ASSERT_NE(0, token);
		EXPECT_EQ(0, tos_of(self->m.tx_mem));
		tos_put(self->m.tx_mem, EF);
		ASSERT_EQ(0, inter_say_bytes(&self->m, token, UNET_VERDICT_MODIFY, 28, 28));
		COMES(&self->c, i, PORT, EF);
		/* By name, without a header of its own. */
		ASSERT_EQ(0, peer_sends(self->peer, 10 + i, 1));
		token = shown(&self->m, 1);
		ASSERT_NE(0, token);
		ASSERT_EQ(0, inter_mark(&self->m, token, 1, 0xfc, AF11));
		COMES(&self->c, 10 + i, PORT, AF11);
	}
	EXPECT_EQ(4, STAT(MODIFIED));
	EXPECT_EQ(0, STAT(ACCEPTED));
	EXPECT_TRUE(host_heard_nothing(self->host));
}

TEST_F(inter_ingress, what_is_redirected_goes_to_who_has_the_port)
{
	struct unet_flow_req l = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, TO, NULL, 0);
	struct chan other;
	uint64_t token;

	/* The sum is made by the sender and looked at here. */
	ASSERT_EQ(0, feature_set_peer(&self->t, TX_SUMS, false));
	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&other, &l));
	IN(UNET_INTER_REDIRECT, .proto = IPPROTO_UDP, .local_port = PORT, .redirect_port = TO);
	ASSERT_EQ(0, peer_sends(self->peer, 1, 2));
	token = shown(&self->m, 2);
	ASSERT_NE(0, token);
	ASSERT_EQ(0, inter_verdict(&self->m, token, UNET_VERDICT_REDIRECT, 1));
	ASSERT_EQ(0, inter_verdict(&self->m, token + 1, UNET_VERDICT_ACCEPT, 1));
	COMES(&other, 1, TO, 0);
	COMES(&self->c, 2, PORT, 0);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(1, STAT(REDIRECTED));
	EXPECT_EQ(0, STAT(REDIRECT_LOST));
	EXPECT_EQ(0, nexus_counter("va", "rx_drop_inter"));
	EXPECT_TRUE(host_heard_nothing(self->host));
	chan_close(&other);
}

TEST_HARNESS_MAIN
