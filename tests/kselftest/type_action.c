// SPDX-License-Identifier: MIT
/* libs: -lbpf */
/*
 * Description: what becomes of frames (R3.2 to R3.4): a rule of an ethertype delivers
 * them, drops them, leaves them to the host, or asks an eBPF program or a kernel
 * extension, all of them or those with a pattern, which is counted from the first byte
 * behind the Ethernet header; which of two rules counts; and which sends are dropped.
 */
#include "pin.h"
#include "type_hand.h"
#include "bpf_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#define PATIENCE	10	/* seconds */
#define JUDGED		28	/* the byte of the payload that is judged, by ext_test too */
#define SAID_BYTES	64
#define FIRST		0x51	/* odd: the first byte of no station's address */
#define FOURTH		0x52
#define OTHER		0x53
#define TAG		7
#define TAG_TOO		8
#define NOTHING		(-1)	/* instead of a tag: nothing came */
#define STRANGE		(-2)	/* something else came */
#define UNSELECTED	"rx_host_other"

FIXTURE(type_action) {
	struct topo t;
	struct chan c;
	struct chan *to;	/* who is to be delivered to */
	struct nl nl;
	int peer;		/* packet socket of the peer's */
	int heard;		/* the host's, of OWN_TYPE: what is left to it */
	int mark;		/* and of OTHER_TYPE, which no rule here selects */
	int prog;		/* answers the byte that is judged */
	bool extended;		/* ext_test is loaded */
	uint8_t ours[6];
	uint8_t theirs[6];
};

static int host_frames(int ethertype)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ethertype),
				  .sll_ifindex = if_nametoindex("va") };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ethertype));
	struct timeval patience = { .tv_sec = PATIENCE };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return bind(fd, (void *)&ll, sizeof(ll)) ? -1 : fd;
}

FIXTURE_SETUP(type_action)
{
	struct timeval patience = { .tv_sec = PATIENCE };

	/* What is sent first is to come first. */
	run_on(0);
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->to = &self->c;
	ASSERT_EQ(0, nl_open(&self->nl));
	ASSERT_EQ(0, rtnl_mac("va", self->ours));
	self->peer = peer_frames(&self->t, OWN_TYPE, self->theirs);
	ASSERT_GE(self->peer, 0);
	setsockopt(self->peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	self->heard = host_frames(OWN_TYPE);
	ASSERT_GE(self->heard, 0);
	self->mark = host_frames(OTHER_TYPE);
	ASSERT_GE(self->mark, 0);
	self->prog = load_byte(JUDGED);
	ASSERT_GE(self->prog, 0);
}

FIXTURE_TEARDOWN(type_action)
{
	close(self->prog);
	close(self->mark);
	close(self->heard);
	close(self->peer);
	close(self->nl.fd);
	chan_close(&self->c);
	topo_teardown(&self->t);
	EXPECT_TRUE(!self->extended ||
		    !sh("for i in $(seq 100); do rmmod ext_test 2>/dev/null && exit; "
			"sleep 0.1; done; exit 1"));
}

/* ---- frames ---- */

/* The bytes of a payload that tell. */
struct said {
	uint8_t first;
	uint8_t fourth;
	uint8_t judged;
};

static void say(uint8_t *data, struct said said)
{
	memset(data, 0xee, SAID_BYTES);
	data[0] = said.first;
	data[3] = said.fourth;
	data[JUDGED] = said.judged;
}

static bool is_said(const uint8_t *frame, uint32_t bytes, struct said said)
{
	uint8_t data[SAID_BYTES];

	say(data, said);
	return bytes == 14 + SAID_BYTES && !memcmp(frame + 14, data, SAID_BYTES);
}

/* What became of a frame. */
struct fate {
	const char *counter;	/* which moved; UNSELECTED: no rule's */
	bool heard;		/* by the host */
	int tag;		/* which the channel was told, NOTHING or STRANGE */
};

/* Which counter of rules moved, by one; "several": more than that. */
static const char *what_moved(const struct nexus_sums *then,
			      const struct nexus_sums *now)
{
	static const char *const names[] = {
		"rx_delivered", "rx_type_drop", "rx_type_host", "rx_type_verdict",
	};
	const char *moved = UNSELECTED;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned int id = nexus_counter_id(names[i]);
		uint64_t more = now->value[id] - then->value[id];

		sum += more;
		if (more)
			moved = names[i];
	}
	return sum > 1 ? "several" : moved;
}

/* Tag of what came within @ms, which must be @what. */
static int next_tag_of(struct chan *c, struct said what, int ms)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, ms);
	int tag;

	if (!s)
		return NOTHING;
	tag = s->packets == 1 && s->flags == UNET_RX_L2 &&
	      is_said(chan_buf(c, s->first), s->bytes, what) ? s->tag : STRANGE;
	chan_rx_next(c);
	return tag;
}

/* The peer says it; what the host hears of that it hears before the mark. */
static struct fate send_one(struct _test_data_type_action *b, struct said said)
{
	struct nexus_sums then = nexus_counters("va"), now;
	uint8_t data[SAID_BYTES], buf[256];
	struct fate fate;
	ssize_t n;

	say(data, said);
	if (send_frame(b->peer, b->ours, b->theirs, OWN_TYPE, data, sizeof(data)) ||
	    send_frame(b->peer, b->ours, b->theirs, OTHER_TYPE, data, sizeof(data)) ||
	    recv(b->mark, buf, sizeof(buf), 0) < 0)
		return (struct fate){ .counter = "no mark" };
	now = nexus_counters("va");
	fate.counter = what_moved(&then, &now);
	n = recv(b->heard, buf, sizeof(buf), MSG_DONTWAIT);
	fate.heard = n > 0 && is_said(buf, n, said);
	fate.tag = next_tag_of(b->to, said, strcmp(fate.counter, "rx_delivered") ? 0 :
			       PATIENCE * 1000);
	return fate;
}

static bool same_fate(struct fate a, struct fate b)
{
	return !strcmp(a.counter, b.counter) && a.heard == b.heard && a.tag == b.tag;
}

#define EXPECT_FATE(name, wanted, got)						\
	do {									\
		struct fate want_ = wanted, got_ = got;				\
		EXPECT_TRUE(same_fate(want_, got_))				\
			TH_LOG("%s: wanted %s, heard %d, tag %d; got %s, heard %d, tag %d", \
			       name, want_.counter, want_.heard, want_.tag,	\
			       got_.counter, got_.heard, got_.tag);		\
	} while (0)

static const struct fate unselected = { UNSELECTED, true, NOTHING };

/* ---- actions ---- */

#define DELIVERED	{ "rx_delivered", false, TAG }
#define DROPPED		{ "rx_type_drop", false, NOTHING }
#define LEFT		{ "rx_type_host", true, NOTHING }
#define NO_VERDICT	{ "rx_type_verdict", true, NOTHING }

/* Of a rule with each action: what becomes of what it selects. */
static const struct deed {
	const char *name;
	int action;
	uint8_t judged;
	struct fate fate;
} deeds[] = {
	{ "deliver", UNET_TYPE_DELIVER, 1, DELIVERED },
	{ "drop", UNET_TYPE_DROP, 0, DROPPED },
	{ "leave to the host", UNET_TYPE_HOST, 1, LEFT },
	{ "a program leaves it to the host", UNET_TYPE_BPF, UNET_TYPE_VERDICT_HOST, LEFT },
	{ "a program drops it", UNET_TYPE_BPF, UNET_TYPE_VERDICT_DROP, DROPPED },
	{ "a program delivers it", UNET_TYPE_BPF, UNET_TYPE_VERDICT_DELIVER, DELIVERED },
	{ "a program names a member there is not", UNET_TYPE_BPF,
	  UNET_TYPE_VERDICT_DELIVER + 1, NO_VERDICT },
	{ "a program names more than there can be", UNET_TYPE_BPF,
	  UNET_TYPE_VERDICT_DELIVER + UNET_TYPE_MEMBERS + 1, NO_VERDICT },
	{ "a program says nonsense", UNET_TYPE_BPF, 255, NO_VERDICT },
};

/* Of ext_test's: odd is dropped. */
static const struct deed extended[] = {
	{ "an extension leaves it to the host", UNET_TYPE_EXTENSION, 4, LEFT },
	{ "an extension drops it", UNET_TYPE_EXTENSION, 5, DROPPED },
};

static struct unet_type_spec spec_deed(struct _test_data_type_action *b, const struct deed *deed)
{
	struct unet_type_spec spec = spec_does(spec_ether(OWN_TYPE, OWN_TYPE),
					       deed->action);

	if (deed->action == UNET_TYPE_BPF)
		spec.prog_fd = b->prog;
	if (deed->action == UNET_TYPE_EXTENSION)
		strcpy(spec.extension, "parity");
	return spec;
}

/* Of a rule with these patterns: is what is said selected? */
static const struct sight {
	const char *name;
	int patterns;
	struct unet_pattern pattern[2];
	struct said said;
	bool selected;
} seen[] = {
#define AT_0	{ .offset = 0, .bytes = 1, .value = { FIRST }, .mask = { 0xff } }
#define AT_3	{ .offset = 3, .bytes = 1, .value = { FOURTH }, .mask = { 0xff } }
#define SAYS(a, b)	{ .first = a, .fourth = b }
	{ "all", 0, { }, SAYS(OTHER, OTHER), true },
	{ "the first byte", 1, { AT_0 }, SAYS(FIRST, OTHER), true },
	{ "another first byte", 1, { AT_0 }, SAYS(OTHER, FIRST), false },
	{ "the fourth byte", 1, { AT_3 }, SAYS(OTHER, FOURTH), true },
	{ "another fourth byte", 1, { AT_3 }, SAYS(FOURTH, OTHER), false },
	{ "both", 2, { AT_0, AT_3 }, SAYS(FIRST, FOURTH), true },
	{ "the first of both", 2, { AT_0, AT_3 }, SAYS(FIRST, OTHER), false },
	{ "the second of both", 2, { AT_0, AT_3 }, SAYS(OTHER, FOURTH), false },
};

/* Each deed, by a rule of each of these patterns. */
static void check_deeds(struct __test_metadata *_metadata, struct _test_data_type_action *b,
			const struct deed *deed, unsigned int num)
{
	unsigned int i, bytes = sizeof(seen[0].pattern);
	struct unet_type_spec spec;
	struct unet_type_req r;
	struct said said;
	char name[128];

	for (i = 0; i < num * ARRAY_SIZE(seen); i++) {
		const struct deed *d = &deed[i / ARRAY_SIZE(seen)];
		const struct sight *s = &seen[i % ARRAY_SIZE(seen)];

		snprintf(name, sizeof(name), "%s: %s", d->name, s->name);
		spec = spec_deed(b, d);
		spec.num_patterns = s->patterns;
		memcpy(spec.pattern, s->pattern, bytes);
		ASSERT_EQ(0, type_add(&b->c, &spec, TAG, &r)) TH_LOG("%s", name);
		said = s->said;
		said.judged = d->judged;
		EXPECT_FATE(name, s->selected ? d->fate : unselected, send_one(b, said));
		EXPECT_EQ(s->selected, tell(&b->nl, r.id).packets) TH_LOG("%s", name);
		ASSERT_EQ(0, type_del(&b->c, r.id));
	}
}

TEST_F(type_action, a_rule_does_to_the_frames_it_selects_what_it_says)
{
	check_deeds(_metadata, self, deeds, ARRAY_SIZE(deeds));
	EXPECT_FATE("no rule", unselected, send_one(self, (struct said){ .first = FIRST }));
}

TEST_F(type_action, extensions_judge_frames)
{
	ASSERT_EQ(0, sh("insmod $EXT_TEST_KO"));
	self->extended = true;
	check_deeds(_metadata, self, extended, ARRAY_SIZE(extended));
}

/* The last byte that may be asked for is the frame's last, or there is none. */
TEST_F(type_action, a_frame_that_ends_before_a_pattern_has_it_not)
{
	struct unet_type_spec spec = spec_does(spec_ether(OWN_TYPE, OWN_TYPE),
					       UNET_TYPE_DELIVER);
	struct said said = { .first = FIRST };
	struct unet_type_req r;

	spec.num_patterns = 1;
	spec.pattern[0] = pattern_byte(SAID_BYTES - 1, 0xee, 0xff);
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	EXPECT_FATE("the last byte", ((struct fate)DELIVERED), send_one(self, said));
	spec.pattern[0] = pattern_byte(SAID_BYTES, 0xee, 0xee);
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	EXPECT_FATE("one more", unselected, send_one(self, said));
}

TEST_F(type_action, a_program_gives_frames_to_members)
{
	const struct deed deed = { .action = UNET_TYPE_BPF };
	struct said said = { .judged = UNET_TYPE_VERDICT_DELIVER + 1 };
	struct unet_type_spec spec = spec_deed(self, &deed);
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan member;

	ASSERT_EQ(0, chan_open(&member, "va", NULL));
	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	ASSERT_EQ(0, type_join(&member, r.id, &ref));
	EXPECT_EQ(1, ref.member);
	self->to = &member;
	EXPECT_FATE("a member", ((struct fate){ "rx_delivered", false, 0 }),
		    send_one(self, said));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	self->to = &self->c;
	chan_close(&member);
	EXPECT_FATE("a member that left", ((struct fate)NO_VERDICT), send_one(self, said));
}

/* ---- order ---- */

#define RULES(what, way, from, to, ...)						\
	{ .layer = UNET_TYPE_ETHERTYPE, .direction = way, .action = UNET_TYPE_##what,	\
	  .first = from, .last = to, ##__VA_ARGS__ }
#define RULE(what, ...)	RULES(what, UNET_TYPE_RX, OWN_TYPE, OWN_TYPE, ##__VA_ARGS__)
#define SEEN(at)	.num_patterns = 1, .pattern = { at }
#define DELIVERED_TOO	{ "rx_delivered", false, TAG_TOO }

/* Two rules, the first with TAG, the second with TAG_TOO: which counts? */
static const struct {
	const char *name;
	struct unet_type_spec spec[2];
	struct fate fate;
} orders[] = {
	{ "the lower priority", { RULE(DROP, .priority = 2000),
	  RULE(DELIVER, .priority = 1999) }, DELIVERED_TOO },
	{ "the lower priority, the other way round", { RULE(DELIVER, .priority = 2000),
	  RULE(DROP, .priority = 1999) }, DROPPED },
	{ "to the host before it is dropped", { RULE(DROP, .priority = 2),
	  RULE(HOST, .priority = 1) }, LEFT },
	{ "one of several patterns", { RULE(DROP), RULE(DELIVER, SEEN(AT_0)) },
	  DELIVERED_TOO },
	{ "one ethertype before several", { RULES(HOST, UNET_TYPE_RX, OWN_TYPE - 1, OWN_TYPE),
	  RULE(DELIVER) }, DELIVERED_TOO },
	{ "priority before patterns", { RULE(DELIVER, .priority = 5),
	  RULE(DROP, .priority = 6, SEEN(AT_0)) }, DELIVERED },
	{ "whose pattern there is", { RULE(DROP, .priority = 5, SEEN(AT_3)),
	  RULE(DELIVER, .priority = 6) }, DELIVERED_TOO },
	{ "the elder", { RULE(DELIVER, SEEN(AT_0)),
	  RULE(DROP, .num_patterns = 1, .pattern = { { .offset = 3, .bytes = 1,
	       .value = { OTHER }, .mask = { 0xff } } }) }, DELIVERED },
};

TEST_F(type_action, of_two_rules_of_an_ethertype_the_first_counts)
{
	const struct said said = SAYS(FIRST, OTHER);
	struct unet_type_req r[2];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < 2; j++)
			ASSERT_EQ(0, type_add(&self->c, &orders[i].spec[j], TAG + j, &r[j]))
				TH_LOG("%s", orders[i].name);
		EXPECT_FATE(orders[i].name, orders[i].fate, send_one(self, said));
		for (j = 0; j < 2; j++)
			ASSERT_EQ(0, type_del(&self->c, r[j].id));
	}
}

/* A rule that is moved before the other, or behind it, counts so from then on. */
TEST_F(type_action, a_rule_of_an_ethertype_is_moved)
{
	struct unet_type_spec spec[2] = { RULE(DELIVER, .priority = 2000),
					  RULE(DROP, .priority = 3000) };
	const struct said said = { .first = FIRST };
	struct unet_type_req r[2];
	struct unet_type_ref ref;
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, type_add(&self->c, &spec[i], TAG, &r[i]));
	EXPECT_FATE("before it", ((struct fate)DELIVERED), send_one(self, said));
	ASSERT_EQ(0, type_priority(&self->c, r[0].id, 3001, &ref));
	EXPECT_FATE("behind it", ((struct fate)DROPPED), send_one(self, said));
	ASSERT_EQ(0, type_priority(&self->c, r[0].id, 2999, &ref));
	EXPECT_FATE("before it again", ((struct fate)DELIVERED), send_one(self, said));
}

/* ---- sends ---- */

/* A rule beside the one by which frames are sent: are they dropped? */
static const struct {
	const char *name;
	struct unet_type_spec spec;
	bool dropped;
} bans[] = {
#define BAN(from, to, ...)	RULES(DROP, UNET_TYPE_TX, from, to, ##__VA_ARGS__)
	{ "the ethertype", BAN(OWN_TYPE, OWN_TYPE), true },
	{ "it and others", BAN(OWN_TYPE - 1, OWN_TYPE), true },
	{ "both ways", RULES(DROP, UNET_TYPE_RX | UNET_TYPE_TX, OWN_TYPE, OWN_TYPE), true },
	{ "received ones", RULE(DROP), false },
	{ "the ethertype after it", BAN(OTHER_TYPE, OTHER_TYPE), false },
	{ "the ethertype before it", BAN(OWN_TYPE - 1, OWN_TYPE - 1), false },
	{ "before what lets them go", BAN(OWN_TYPE - 1, OTHER_TYPE, .priority = 5), true },
	{ "behind it", BAN(OWN_TYPE, OWN_TYPE, .priority = UNET_TYPE_PRIORITY + 1), false },
	{ "to the host", RULES(HOST, UNET_TYPE_TX, OWN_TYPE, OWN_TYPE), false },
};

TEST_F(type_action, sends_of_frames_are_dropped_by_rules_of_their_direction)
{
	struct unet_type_spec spec = spec_ether(OWN_TYPE - 1, OTHER_TYPE);
	struct unet_type_req r, ban;
	struct said said = { .first = FIRST };
	uint8_t data[SAID_BYTES], buf[256];
	unsigned int i, sent = 0;
	uint32_t len;

	ASSERT_EQ(0, type_add(&self->c, &spec, TAG, &r));
	for (i = 0; i < ARRAY_SIZE(bans); i++) {
		bool dropped = bans[i].dropped;

		ASSERT_EQ(0, type_add(&self->c, &bans[i].spec, 0, &ban))
			TH_LOG("%s", bans[i].name);
		said.judged = i;
		say(data, said);
		len = build_frame(self->c.tx_mem, self->theirs, self->ours, OWN_TYPE, data,
				  sizeof(data));
		EXPECT_EQ(dropped ? UNET_CNT_TX_TYPE_DROP : 0,
			  chan_send_raw(&self->c, r.flow, 20, len, 0))
			TH_LOG("%s", bans[i].name);
		EXPECT_EQ(dropped, tell(&self->nl, ban.id).packets)
			TH_LOG("%s", bans[i].name);
		sent += !dropped;
		/* What was dropped before is not heard here either. */
		EXPECT_TRUE(dropped ||
			    is_said(buf, recv(self->peer, buf, sizeof(buf), 0), said))
			TH_LOG("%s", bans[i].name);
		ASSERT_EQ(0, type_del(&self->c, ban.id));
	}
	EXPECT_EQ(sent, nexus_counter("va", "tx_packets"));
	EXPECT_EQ(i - sent, nexus_counter("va", "tx_type_drop"));
}

TEST_HARNESS_MAIN
