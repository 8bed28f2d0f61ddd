// SPDX-License-Identifier: MIT
/*
 * Description: who may have which rule of packet types (R3.7, R3.8): each capability
 * alone gets what its layer, action and priority need, amended as it says, and nothing
 * else, whether it is asked for anew or by a change, which leaves the rule as it was when
 * it is denied; and a user's rule conflicts with another user's that selects some of the
 * same packets on the same device, and with no other. What a user's rule drops of sends is
 * that user's. Where there is no Ethernet header nobody has a rule of ethertypes.
 */
#include "caps.h"
#include "type_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <linux/if_tun.h>

#define PORT	7000
#define PLAIN	7100	/* of the rules that are changed */

FIXTURE(type_rights) {
	struct topo t;
	struct chan c;
};

FIXTURE_SETUP(type_rights)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
}

FIXTURE_TEARDOWN(type_rights)
{
	chan_close(&self->c);
	topo_teardown(&self->t);
}

static int attach_second(struct topo *t)
{
	return rtnl_veth("vc", "vd", t->peer) || rtnl_up("vc") || nexus_attach("vc");
}

/* ---- rules in a line ---- */

#define ETHER(n, ...)	{ .layer = UNET_TYPE_ETHERTYPE, .first = n, __VA_ARGS__ }
#define PROTO(n, ...)	{ .layer = UNET_TYPE_PROTO, .first = n, __VA_ARGS__ }
#define UDP(n, ...)	{ .layer = UNET_TYPE_PORT, .proto = IPPROTO_UDP, .first = n, \
			  __VA_ARGS__ }
#define TCP(n)		{ .layer = UNET_TYPE_PORT, .proto = IPPROTO_TCP, .first = n }
#define V4		.family = AF_INET
#define V6		.family = AF_INET6
#define FROM(bits, ...)	.remote_bits = bits, .remote = { __VA_ARGS__ }
#define TO(bits, ...)	.local_bits = bits, .local = { __VA_ARGS__ }
#define BYTE(at, v, m)	{ .offset = at, .bytes = 1, .value = { v }, .mask = { m } }
#define HAS(...)	.num_patterns = 1, .pattern = { __VA_ARGS__ }
#define HAS_TWO(...)	.num_patterns = 2, .pattern = { __VA_ARGS__ }

/* What a line does not say: one number, received, delivered. */
static struct unet_type_spec whole(struct unet_type_spec spec)
{
	spec.last = spec.last ?: spec.first;
	spec.direction = spec.direction ?: UNET_TYPE_RX;
	spec.action = spec.action ?: UNET_TYPE_DELIVER;
	return spec;
}

/* ---- each capability alone ---- */

enum { NOTHING, RAW, BIND, ADMIN, WHO };

static const struct {
	const char *name;
	uint32_t caps;
} who[WHO] = {
	[NOTHING] = { "no capability", 0 },
	[RAW] = { "CAP_NET_RAW", 1 << CAP_NET_RAW },
	[BIND] = { "CAP_NET_BIND_SERVICE", 1 << CAP_NET_BIND_SERVICE },
	[ADMIN] = { "CAP_NET_ADMIN", 1 << CAP_NET_ADMIN },
};

/* What becomes of a request: granted with amendments, or denied for a reason. */
struct answer {
	uint32_t reason;
	uint32_t amended;
};

#define AS_IT_IS		{ 0, 0 }
#define AMENDED(what)		{ 0, what }
#define DENIED(reason)		{ UNET_TYPE_NO_##reason, 0 }
#define NARROWED		AMENDED(UNET_AMEND_NARROWED)
#define NARROWED_BEHIND		AMENDED(UNET_AMEND_NARROWED | UNET_AMEND_PRIORITY)
/* It is told what would have been. */
#define MUST_NARROW		{ UNET_TYPE_NO_AMENDED, UNET_AMEND_NARROWED }
#define MUST_MOVE		{ UNET_TYPE_NO_AMENDED, UNET_AMEND_PRIORITY }
#define MUST_NUMBER		{ UNET_TYPE_NO_AMENDED, UNET_AMEND_NUMBER }
#define BEHIND			AMENDED(UNET_AMEND_PRIORITY)
#define JUST_SO			UNET_TYPE_STRICT

/*
 * By unet(4): an ethertype or an IP protocol needs CAP_NET_RAW, a port what bind(2)
 * needs; an extension, a protocol most of the host lives by, ports that are not held, a
 * priority below 1000, what is not for the host and what is another user's need
 * CAP_NET_ADMIN, which may all but what bind(2) would refuse.
 */
static const struct {
	const char *name;
	struct unet_type_spec spec;
	struct answer answer[WHO];
} wishes[] = {
	{ "an ethertype", ETHER(OWN_TYPE),
	  { DENIED(RIGHT), AS_IT_IS, DENIED(RIGHT), AS_IT_IS } },
	{ "an ethertype to drop", ETHER(OWN_TYPE, .action = UNET_TYPE_DROP),
	  { DENIED(RIGHT), AS_IT_IS, DENIED(RIGHT), AS_IT_IS } },
	{ "any ethertype", ETHER(0),
	  { DENIED(RIGHT), AMENDED(UNET_AMEND_NUMBER), DENIED(RIGHT),
	    AMENDED(UNET_AMEND_NUMBER) } },
	{ "an ethertype before flows", ETHER(OWN_TYPE, .priority = 10),
	  { DENIED(RIGHT), BEHIND, DENIED(RIGHT), AS_IT_IS } },
	{ "any ethertype, just so", ETHER(0, .flags = JUST_SO),
	  { DENIED(RIGHT), MUST_NUMBER, DENIED(RIGHT), MUST_NUMBER } },
	{ "the ethertype of IPv6", ETHER(0x86dd),
	  { DENIED(RESERVED), DENIED(RESERVED), DENIED(RESERVED), DENIED(RESERVED) } },
	{ "an ethertype of another user", ETHER(OTHER_TYPE),
	  { DENIED(RIGHT), DENIED(CONFLICT), DENIED(RIGHT), AS_IT_IS } },
	{ "an IP protocol", PROTO(RAW_PROTO),
	  { DENIED(RIGHT), NARROWED, DENIED(RIGHT), AS_IT_IS } },
	{ "an IP protocol for the host", PROTO(RAW_PROTO, .flags = UNET_TYPE_LOCAL_ONLY),
	  { DENIED(RIGHT), AS_IT_IS, DENIED(RIGHT), AS_IT_IS } },
	{ "any IP protocol", PROTO(0),
	  { DENIED(RIGHT), AMENDED(UNET_AMEND_NUMBER | UNET_AMEND_NARROWED),
	    DENIED(RIGHT), AMENDED(UNET_AMEND_NUMBER) } },
	{ "an IP protocol for an extension", PROTO(RAW_PROTO,
	  .action = UNET_TYPE_EXTENSION, .extension = "nobody"),
	  { DENIED(RIGHT), DENIED(RIGHT), DENIED(RIGHT), DENIED(EXTENSION) } },
	{ "ICMP", PROTO(IPPROTO_ICMP),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "TCP", PROTO(IPPROTO_TCP),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "UDP", PROTO(IPPROTO_UDP),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "ICMPv6", PROTO(IPPROTO_ICMPV6),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "IPv6 destination options", PROTO(IPPROTO_DSTOPTS),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "protocols with UDP among them", PROTO(10, .last = 20),
	  { DENIED(PRIVILEGED), DENIED(PRIVILEGED), DENIED(PRIVILEGED), AS_IT_IS } },
	{ "a port", UDP(PORT),
	  { NARROWED, NARROWED, NARROWED, AS_IT_IS } },
	{ "a port to drop", UDP(PORT, .action = UNET_TYPE_DROP),
	  { NARROWED, NARROWED, NARROWED, AS_IT_IS } },
	{ "any port", UDP(0),
	  { AMENDED(UNET_AMEND_NUMBER | UNET_AMEND_NARROWED),
	    AMENDED(UNET_AMEND_NUMBER | UNET_AMEND_NARROWED),
	    AMENDED(UNET_AMEND_NUMBER | UNET_AMEND_NARROWED),
	    AMENDED(UNET_AMEND_NUMBER) } },
	{ "a port before flows", UDP(PORT, .priority = 10),
	  { NARROWED_BEHIND, NARROWED_BEHIND, NARROWED_BEHIND, AS_IT_IS } },
	{ "a port just behind flows", UDP(PORT, .priority = UNET_TYPE_RESERVED),
	  { NARROWED, NARROWED, NARROWED, AS_IT_IS } },
	{ "a port, just so", UDP(PORT, .flags = JUST_SO),
	  { MUST_NARROW, MUST_NARROW, MUST_NARROW, AS_IT_IS } },
	{ "a port before flows, just so", UDP(PORT, .priority = 10,
	  .flags = JUST_SO | UNET_TYPE_LOCAL_ONLY),
	  { MUST_MOVE, MUST_MOVE, MUST_MOVE, AS_IT_IS } },
	{ "any port, just so", UDP(0, .flags = JUST_SO | UNET_TYPE_LOCAL_ONLY),
	  { MUST_NUMBER, MUST_NUMBER, MUST_NUMBER, MUST_NUMBER } },
	{ "a port that is not held", UDP(PORT, .flags = UNET_TYPE_NO_HOLD),
	  { DENIED(RIGHT), DENIED(RIGHT), DENIED(RIGHT), AS_IT_IS } },
	{ "a port for an extension", UDP(PORT, .action = UNET_TYPE_EXTENSION,
	  .extension = "nobody"),
	  { DENIED(RIGHT), DENIED(RIGHT), DENIED(RIGHT), DENIED(EXTENSION) } },
	{ "a privileged port", UDP(53),
	  { DENIED(RIGHT), DENIED(RIGHT), NARROWED, DENIED(RIGHT) } },
	{ "ports from a privileged one on", UDP(1020, .last = 1030),
	  { DENIED(RIGHT), DENIED(RIGHT), NARROWED, DENIED(RIGHT) } },
	{ "a privileged port that is not held", UDP(53, .flags = UNET_TYPE_NO_HOLD),
	  { DENIED(RIGHT), DENIED(RIGHT), DENIED(RIGHT), AS_IT_IS } },
};

/* Was it answered otherwise? Then it is said how. */
static int is_otherwise(int w, unsigned int i, int err, const struct unet_type_req *r)
{
	const struct answer *a = &wishes[i].answer[w];

	if (!err == !a->reason && r->reason == a->reason && r->amended == a->amended)
		return 0;
	printf("# %s, %s: %d, reason %u, amended %x; not %u, %x\n", who[w].name,
	       wishes[i].name, err, r->reason, r->amended, a->reason, a->amended);
	fflush(stdout);
	return 1;
}

/* As one of them: how many wishes were answered otherwise. */
static int wish_all(void *arg)
{
	int w = *(int *)arg, wrong = 0, err;
	struct unet_type_req r;
	unsigned int i;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		struct unet_type_spec spec = whole(wishes[i].spec);

		err = type_add(&c, &spec, 0, &r);
		wrong += is_otherwise(w, i, err, &r);
		if (!err)
			CHECK(!type_del(&c, r.id));
	}
	return wrong;
}

/* Of another user, and no duplicate. */
static int take_other_type(struct chan *c)
{
	struct unet_type_spec taken = spec_ether(OTHER_TYPE, OTHER_TYPE);
	struct unet_type_req r;

	taken.priority = 2000;
	return type_add(c, &taken, 0, &r);
}

TEST_F(type_rights, each_capability_alone_gets_what_it_is_for)
{
	int w;

	ASSERT_EQ(0, take_other_type(&self->c));
	for (w = 0; w < WHO; w++)
		EXPECT_EQ(0, as_capable(1000, who[w].caps, wish_all, &w));
}

/* ---- changes ---- */

/* Does a rule hold it? Then the host is refused it. */
static bool is_held(int port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = bind_to(fd, OUR_V4, port);

	close(fd);
	return err == -EADDRINUSE;
}

/* A rule that was not changed has its port, and of what was wished for none. */
static int is_half_done(struct nl *nl, uint32_t id, int w, unsigned int i, bool changed)
{
	uint32_t generation = tell(nl, id).generation;
	bool plain = is_held(PLAIN), other = is_held(PORT);

	if (generation == (changed ? 2 : 1) && plain != changed && (changed || !other))
		return 0;
	printf("# %s, %s: %schanged, generation %u, holds %d, %d\n", who[w].name,
	       wishes[i].name, changed ? "" : "not ", generation, plain, other);
	fflush(stdout);
	return 1;
}

/* A plain rule is to be what is wished for. */
static int change_one(struct chan *c, struct nl *nl, int w, unsigned int i)
{
	struct unet_type_spec plain = whole((struct unet_type_spec)UDP(PLAIN));
	struct unet_type_spec spec = whole(wishes[i].spec);
	struct unet_type_req r;
	int err, wrong;
	uint32_t id;

	CHECK(!type_add(c, &plain, 0, &r));
	id = r.id;
	err = type_modify(c, id, &spec, &r);
	wrong = is_otherwise(w, i, err, &r) + is_half_done(nl, id, w, i, !err);
	CHECK(!type_del(c, id));
	return wrong;
}

static int change_all(void *arg)
{
	int w = *(int *)arg, wrong = 0;
	unsigned int i;
	struct chan c;
	struct nl nl;

	CHECK(!nl_open(&nl));
	CHECK(!chan_open(&c, "va", NULL));
	for (i = 0; i < ARRAY_SIZE(wishes); i++)
		wrong += change_one(&c, &nl, w, i);
	return wrong;
}

/* None is answered otherwise: a change takes a rule from any layer to any other. */
TEST_F_TIMEOUT(type_rights, a_change_is_granted_as_what_is_asked_for_anew, 60)
{
	int w;

	ASSERT_EQ(0, take_other_type(&self->c));
	for (w = 0; w < WHO; w++)
		EXPECT_EQ(0, as_capable(1000, who[w].caps, change_all, &w));
}

/* What a dump says of a rule: how often it was changed, its place and what it selects. */
struct place {
	uint32_t id;
	uint32_t generation;	/* 0: there is no such rule */
	uint32_t priority;
	uint32_t first;
	uint8_t direction;
};

static void keep_place(const struct nl_reply *reply, void *arg)
{
	struct place *p = arg;

	if (nl_u32(reply->attr[UNET_A_TYPE]) != p->id)
		return;
	p->generation = nl_u32(reply->attr[UNET_A_GENERATION]);
	p->priority = nl_u32(reply->attr[UNET_A_PRIORITY]);
	p->first = nl_u32(reply->attr[UNET_A_FIRST]);
	memcpy(&p->direction, nl_data(reply->attr[UNET_A_DIRECTION]), 1);
}

static struct place place_of(struct nl *nl, uint32_t id)
{
	struct place p = { .id = id };
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_TYPE_GET);
	if (nl_ask(nl, &r, keep_place, &p))
		p.generation = 0;
	return p;
}

/* Before flows is the administrator's; behind them anybody's. */
static int moves_its_rule(void *arg)
{
	struct unet_type_spec spec = whole((struct unet_type_spec)UDP(PORT));
	bool admin = *(int *)arg == ADMIN;
	uint32_t wanted = admin ? 10 : UNET_TYPE_RESERVED;
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan c;
	struct nl nl;

	CHECK(!nl_open(&nl));
	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &spec, 0, &r));
	CHECK(!type_priority(&c, r.id, 10, &ref));
	CHECK(ref.amended == (admin ? 0 : UNET_AMEND_PRIORITY));
	CHECK(ref.priority == wanted && ref.generation == 2);
	CHECK(place_of(&nl, r.id).priority == wanted);
	CHECK(place_of(&nl, r.id).generation == 2);
	CHECK(!type_priority(&c, r.id, UNET_TYPE_RESERVED, &ref) && !ref.amended);
	CHECK(!type_priority(&c, r.id, 2000, &ref) && !ref.amended);
	CHECK(ref.priority == 2000 && place_of(&nl, r.id).priority == 2000);
	return 0;
}

TEST_F(type_rights, a_users_rule_is_moved_no_further_than_behind_flows)
{
	int w;

	for (w = 0; w < WHO; w++)
		EXPECT_EQ(0, as_capable(1000, who[w].caps, moves_its_rule, &w))
			TH_LOG("as %d of who", w);
}

/* What a rule that may only be received answers to a send. */
static int send_own_type(struct chan *c, uint32_t flow)
{
	uint8_t ours[6], theirs[6] = { 2, 0, 0, 0, 0, 1 };
	uint32_t len;

	if (rtnl_mac("va", ours))
		return -1;
	len = build_frame(c->tx_mem, theirs, ours, OWN_TYPE, "says something", 14);
	return chan_send_raw(c, flow, 20, len, 0);
}

/* Whatever it is changed to. */
static int stays_read_only(void *arg)
{
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_ref ref;
	struct unet_type_req r;
	uint32_t id, flow;
	struct chan c;
	struct nl nl;

	(void)arg;
	CHECK(!nl_open(&nl));
	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &spec, 0, &r) && r.amended == UNET_AMEND_READ_ONLY);
	id = r.id;
	flow = r.flow;
	spec.last = OTHER_TYPE;
	CHECK(!type_modify(&c, id, &spec, &r) && r.amended == UNET_AMEND_READ_ONLY);
	CHECK(r.spec.direction == UNET_TYPE_RX && r.spec.last == OTHER_TYPE);
	CHECK(place_of(&nl, id).direction == UNET_TYPE_RX);
	CHECK(send_own_type(&c, flow) == UNET_CNT_TX_TYPE_READ_ONLY);
	CHECK(!type_priority(&c, id, 2000, &ref) && !ref.amended);
	CHECK(place_of(&nl, id).direction == UNET_TYPE_RX);
	spec.flags = JUST_SO;
	CHECK(type_modify(&c, id, &spec, &r) == -EPERM);
	CHECK(r.reason == UNET_TYPE_NO_AMENDED && r.amended == UNET_AMEND_READ_ONLY);
	spec.flags = 0;
	spec.direction = UNET_TYPE_TX;
	CHECK(type_modify(&c, id, &spec, &r) == -EPERM);
	CHECK(r.reason == UNET_TYPE_NO_RIGHT && !r.amended);
	CHECK(place_of(&nl, id).generation == 3);
	return 0;
}

TEST_F(type_rights, what_the_policy_lets_be_received_no_change_lets_be_sent)
{
	ASSERT_EQ(0, sh("unetctl policy add ethertype 0x88b5-0x88b6 actions deliver "
			"uid 1000 dir rx"));
	EXPECT_EQ(0, as_user(1000, stays_read_only, NULL));
}

/* Ids of another user's rules: of PORT on this device, of PORT + 9 on the other. */
struct held {
	uint32_t here;
	uint32_t there;
};

static int wants_what_is_held(void *arg)
{
	struct unet_type_spec spec = whole((struct unet_type_spec)UDP(PLAIN));
	const struct held *held = arg;
	struct unet_type_req r;
	struct chan c;
	struct nl nl;
	uint32_t id;

	CHECK(!nl_open(&nl));
	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &spec, 0, &r));
	id = r.id;
	spec.first = PORT - 3;
	spec.last = PORT;
	CHECK(type_modify(&c, id, &spec, &r) == -EBUSY);
	CHECK(r.reason == UNET_TYPE_NO_CONFLICT && r.conflict == held->here);
	/* No conflict, but one host has the port once; those before it are let go of. */
	spec.first = PORT + 5;
	spec.last = PORT + 9;
	CHECK(type_modify(&c, id, &spec, &r) == -EADDRINUSE);
	CHECK(r.reason == UNET_TYPE_NO_PORT_TAKEN && r.conflict == held->there);
	CHECK(!is_held(PORT - 3) && !is_held(PORT + 5) && is_held(PLAIN));
	CHECK(place_of(&nl, id).generation == 1 && place_of(&nl, id).first == PLAIN);
	/* Another will do. */
	spec = whole((struct unet_type_spec)UDP(PORT, .flags = UNET_TYPE_ANY_NUMBER));
	CHECK(!type_modify(&c, id, &spec, &r) && !r.conflict);
	CHECK(r.amended == (UNET_AMEND_NUMBER | UNET_AMEND_NARROWED));
	CHECK(is_held(r.spec.first) && !is_held(PLAIN));
	return 0;
}

TEST_F(type_rights, a_change_takes_no_port_of_another_users)
{
	struct unet_type_spec here = whole((struct unet_type_spec)UDP(PORT));
	struct unet_type_spec there = whole((struct unet_type_spec)UDP(PORT + 9));
	struct unet_type_req r[2];
	struct held held;
	struct chan far;

	ASSERT_EQ(0, attach_second(&self->t));
	ASSERT_EQ(0, chan_open(&far, "vc", NULL));
	ASSERT_EQ(0, type_add(&self->c, &here, 0, &r[0]));
	ASSERT_EQ(0, type_add(&far, &there, 0, &r[1]));
	held = (struct held){ r[0].id, r[1].id };
	EXPECT_EQ(0, as_user(1000, wants_what_is_held, &held));
	/* Theirs, still. */
	EXPECT_TRUE(is_held(PORT) && is_held(PORT + 9));
	chan_close(&far);
}

/* ---- two users ---- */

static const struct pair {
	const char *name;
	struct unet_type_spec theirs;	/* root's, on va */
	struct unet_type_spec ours;	/* the user's */
	const char *dev;		/* va, or */
	uint32_t reason;
} pairs[] = {
	{ "just the same", ETHER(OWN_TYPE), ETHER(OWN_TYPE), NULL, UNET_TYPE_NO_DUPLICATE },
	{ "an ethertype", ETHER(OWN_TYPE), ETHER(OWN_TYPE, HAS(BYTE(0, 'a', 0xff))), NULL,
	  UNET_TYPE_NO_CONFLICT },
	{ "another ethertype", ETHER(OWN_TYPE), ETHER(OTHER_TYPE), NULL, 0 },
	{ "ethertypes with one in common", ETHER(OWN_TYPE, .last = OTHER_TYPE),
	  ETHER(OTHER_TYPE, .last = 0x88c0), NULL, UNET_TYPE_NO_CONFLICT },
	{ "ethertypes side by side", ETHER(OWN_TYPE, .last = OTHER_TYPE),
	  ETHER(OTHER_TYPE + 1, .last = 0x88c0), NULL, 0 },
	{ "an ethertype of another device", ETHER(OWN_TYPE), ETHER(OWN_TYPE), "vc", 0 },
	{ "an ethertype the other sends", ETHER(OWN_TYPE),
	  ETHER(OWN_TYPE, .direction = UNET_TYPE_TX), NULL, 0 },
	{ "an ethertype both send", ETHER(OWN_TYPE, .direction = UNET_TYPE_TX),
	  ETHER(OWN_TYPE, .direction = UNET_TYPE_TX | UNET_TYPE_RX), NULL,
	  UNET_TYPE_NO_CONFLICT },
	{ "another priority", ETHER(OWN_TYPE, .priority = 2000),
	  ETHER(OWN_TYPE, .priority = 60000), NULL, UNET_TYPE_NO_CONFLICT },
	{ "just what the other drops", ETHER(OWN_TYPE, .action = UNET_TYPE_DROP),
	  ETHER(OWN_TYPE), NULL, UNET_TYPE_NO_DUPLICATE },
	{ "what the other drops", ETHER(OWN_TYPE, .action = UNET_TYPE_DROP),
	  ETHER(OWN_TYPE, .priority = 60000), NULL, UNET_TYPE_NO_CONFLICT },

	{ "an IP protocol", PROTO(RAW_PROTO), PROTO(RAW_PROTO), NULL,
	  UNET_TYPE_NO_CONFLICT },
	{ "an IP protocol of another device", PROTO(RAW_PROTO), PROTO(RAW_PROTO), "vc", 0 },
	{ "a protocol and an ethertype", PROTO(RAW_PROTO), ETHER(OWN_TYPE), NULL, 0 },
	{ "UDP and one of its ports", PROTO(IPPROTO_UDP), UDP(PORT), NULL,
	  UNET_TYPE_NO_CONFLICT },
	{ "TCP and a port of UDP", PROTO(IPPROTO_TCP), UDP(PORT), NULL, 0 },
	{ "UDP of another device", PROTO(IPPROTO_UDP), UDP(PORT), "vc", 0 },
	{ "a port", UDP(PORT), UDP(PORT), NULL, UNET_TYPE_NO_CONFLICT },
	{ "another port", UDP(PORT), UDP(PORT + 1), NULL, 0 },
	{ "a port of TCP", UDP(PORT), TCP(PORT), NULL, 0 },
	/* no conflict, but one host has the port once */
	{ "a port of another device", UDP(PORT), UDP(PORT), "vc",
	  UNET_TYPE_NO_PORT_TAKEN },
	{ "ports of another device, one of them the other's", UDP(PORT + 1),
	  UDP(PORT, .last = PORT + 3), "vc", UNET_TYPE_NO_PORT_TAKEN },
	{ "one of the ports of another device", UDP(PORT, .last = PORT + 3),
	  UDP(PORT + 1), "vc", UNET_TYPE_NO_PORT_TAKEN },
	{ "a port of another device and the other family", UDP(PORT, V4), UDP(PORT, V6),
	  "vc", 0 },
	{ "a port that is not held", UDP(PORT, .flags = UNET_TYPE_NO_HOLD), UDP(PORT),
	  NULL, UNET_TYPE_NO_CONFLICT },
	{ "not held, of another device", UDP(PORT, .flags = UNET_TYPE_NO_HOLD),
	  UDP(PORT), "vc", 0 },

	{ "another family", PROTO(RAW_PROTO, V4), PROTO(RAW_PROTO, V6), NULL, 0 },
	{ "any family", PROTO(RAW_PROTO, V4), PROTO(RAW_PROTO), NULL,
	  UNET_TYPE_NO_CONFLICT },
	{ "other peers", PROTO(RAW_PROTO, V4, FROM(24, 192, 0, 2)),
	  PROTO(RAW_PROTO, V4, FROM(24, 192, 0, 3)), NULL, 0 },
	{ "peers among the others", PROTO(RAW_PROTO, V4, FROM(24, 192, 0, 2)),
	  PROTO(RAW_PROTO, V4, FROM(32, 192, 0, 2, 9)), NULL, UNET_TYPE_NO_CONFLICT },
	{ "other local addresses", PROTO(RAW_PROTO, V4, TO(32, 10, 9, 0, 2)),
	  PROTO(RAW_PROTO, V4, TO(32, 10, 9, 0, 3)), NULL, 0 },
	{ "the same local, other peers", PROTO(RAW_PROTO, V4, TO(32, 10, 9, 0, 2),
	  FROM(32, 10, 9, 0, 1)), PROTO(RAW_PROTO, V4, TO(32, 10, 9, 0, 2),
	  FROM(32, 10, 9, 0, 9)), NULL, 0 },

	{ "bytes that exclude each other", PROTO(RAW_PROTO, HAS(BYTE(0, 'a', 0xff))),
	  PROTO(RAW_PROTO, HAS(BYTE(0, 'b', 0xff))), NULL, 0 },
	{ "the same byte", PROTO(RAW_PROTO, HAS(BYTE(0, 'a', 0xff))),
	  PROTO(RAW_PROTO, HAS(BYTE(0, 'a', 0xff))), NULL, UNET_TYPE_NO_CONFLICT },
	{ "bytes of other places", PROTO(RAW_PROTO, HAS(BYTE(0, 'a', 0xff))),
	  PROTO(RAW_PROTO, HAS(BYTE(1, 'b', 0xff))), NULL, UNET_TYPE_NO_CONFLICT },
	{ "other bits of a byte", PROTO(RAW_PROTO, HAS(BYTE(0, 0x10, 0xf0))),
	  PROTO(RAW_PROTO, HAS(BYTE(0, 0x02, 0x0f))), NULL, UNET_TYPE_NO_CONFLICT },
	{ "a bit that excludes", PROTO(RAW_PROTO, HAS(BYTE(0, 0x10, 0x30))),
	  PROTO(RAW_PROTO, HAS(BYTE(0, 0x20, 0x20))), NULL, 0 },
	{ "bytes against all", PROTO(RAW_PROTO, HAS(BYTE(0, 'a', 0xff))),
	  PROTO(RAW_PROTO), NULL, UNET_TYPE_NO_CONFLICT },
	{ "one of two that excludes", PROTO(RAW_PROTO,
	  HAS_TWO(BYTE(3, 'a', 0xff), BYTE(9, 'b', 0xff))),
	  PROTO(RAW_PROTO, HAS(BYTE(9, 'c', 0xff))), NULL, 0 },
	{ "bytes of frames that exclude", ETHER(OWN_TYPE, HAS(BYTE(0, 'a', 0xff))),
	  ETHER(OWN_TYPE, HAS(BYTE(0, 'b', 0xff))), NULL, 0 },
	{ "bytes counted from other headers", PROTO(IPPROTO_UDP, HAS(BYTE(0, 'a', 0xff))),
	  UDP(PORT, HAS(BYTE(0, 'b', 0xff))), NULL, UNET_TYPE_NO_CONFLICT },
};

struct wish {
	const struct pair *pair;
	uint32_t theirs;	/* id of the other's rule */
};

static int wish_beside(void *arg)
{
	const struct wish *w = arg;
	const struct pair *p = w->pair;
	struct unet_type_spec spec = whole(p->ours);
	struct unet_type_req r;
	struct chan c;

	CHECK(!chan_open(&c, p->dev ?: "va", NULL));
	CHECK(!type_add(&c, &spec, 0, &r) == !p->reason);
	CHECK(r.reason == p->reason);
	CHECK(r.conflict == (p->reason ? w->theirs : 0));
	return 0;
}

TEST_F(type_rights, rules_of_users_conflict_where_they_select_the_same)
{
	struct unet_type_req r;
	struct wish w;
	unsigned int i;

	ASSERT_EQ(0, attach_second(&self->t));
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct unet_type_spec spec = whole(pairs[i].theirs);

		ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r))
			TH_LOG("%s", pairs[i].name);
		w = (struct wish){ &pairs[i], r.id };
		EXPECT_EQ(0, as_capable(1000, 1 << CAP_NET_RAW, wish_beside, &w))
			TH_LOG("%s", pairs[i].name);
		ASSERT_EQ(0, type_del(&self->c, r.id));
	}
}

/* ---- a user's rule and what others send ---- */

#define USER	1000

/* Its user was @uid when it was opened; that is who it belongs to. */
static int open_as(struct chan *c, uid_t uid)
{
	int err;

	if (setresuid(uid, 0, 0))
		return -errno;
	err = chan_open(c, "va", NULL);
	return setresuid(0, 0, 0) ? -errno : err;
}

static int add_unprivileged(struct chan *c, const struct unet_type_spec *spec,
			    struct unet_type_req *r)
{
	int err = caps_effective(1 << CAP_NET_RAW);

	if (!err)
		err = type_add(c, spec, 0, r);
	return caps_effective(~0u) ?: err;
}

static int raw_flow(struct chan *c, int proto, uint32_t *flow)
{
	struct unet_flow_req f = flow_req(proto, AF_INET, OUR_V4, 0, NULL, 0);
	int err;

	f.flags |= UNET_FLOW_NO_PORTS;
	err = chan_flow_add(c, &f);
	*flow = f.flow;
	return err;
}

static int send_raw(struct chan *c, uint32_t flow, int proto)
{
	struct pkt_spec p = { .family = AF_INET, .proto = proto, .src = OUR_V4,
			      .dst = PEER_V4, .data = "hello", .bytes = 5 };

	return chan_send(c, flow, &p, 0);
}

TEST_F(type_rights, a_users_rule_drops_that_users_sends_of_flows)
{
	struct unet_type_spec ban = spec_does(spec_proto(RAW_PROTO, RAW_PROTO + 1),
					      UNET_TYPE_DROP);
	uint32_t roots, users;
	struct unet_type_req r;
	struct chan user;
	struct nl nl;

	ban.direction = UNET_TYPE_TX;
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, open_as(&user, USER));
	ASSERT_EQ(0, raw_flow(&self->c, RAW_PROTO, &roots));
	ASSERT_EQ(0, raw_flow(&user, RAW_PROTO + 1, &users));
	ASSERT_EQ(0, add_unprivileged(&user, &ban, &r));
	EXPECT_EQ(0, send_raw(&self->c, roots, RAW_PROTO));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, send_raw(&user, users, RAW_PROTO + 1));
	EXPECT_EQ(1, tell(&nl, r.id).packets);
	/* Where it comes before flows, it is because the administrator wants it. */
	ASSERT_EQ(0, sh("unetctl type priority %u priority 10", r.id));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, send_raw(&self->c, roots, RAW_PROTO));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, send_raw(&user, users, RAW_PROTO + 1));
	ASSERT_EQ(0, type_del(&user, r.id));
	EXPECT_EQ(0, send_raw(&user, users, RAW_PROTO + 1));
	chan_close(&user);
	close(nl.fd);
}

TEST_F(type_rights, the_administrators_rules_drop_everybodys_sends)
{
	struct unet_type_spec ban = spec_does(spec_proto(RAW_PROTO, RAW_PROTO),
					      UNET_TYPE_DROP);
	struct unet_type_req r;
	struct chan user;
	uint32_t flow;

	ban.direction = UNET_TYPE_TX;
	ASSERT_EQ(0, open_as(&user, USER));
	ASSERT_EQ(0, raw_flow(&user, RAW_PROTO, &flow));
	EXPECT_EQ(0, send_raw(&user, flow, RAW_PROTO));
	ASSERT_EQ(0, type_add(&self->c, &ban, 0, &r));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, send_raw(&user, flow, RAW_PROTO));
	ASSERT_EQ(0, type_del(&self->c, r.id));
	EXPECT_EQ(0, send_raw(&user, flow, RAW_PROTO));
	ASSERT_EQ(0, sh("unetctl type add protocol 253 action drop dir tx"));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, send_raw(&user, flow, RAW_PROTO));
	chan_close(&user);
}

/* Only the administrator can have a rule for what a user's rule selects. */
TEST_F(type_rights, a_users_rule_drops_no_sends_of_anothers_rule)
{
	struct unet_type_spec ban = spec_does(spec_ether(OWN_TYPE, OWN_TYPE),
					      UNET_TYPE_DROP);
	struct unet_type_spec spec = spec_ether(OWN_TYPE, OWN_TYPE);
	uint8_t ours[6], theirs[6] = { 2, 0, 0, 0, 0, 1 };
	struct unet_type_req r, users;
	struct chan user;
	uint32_t len;

	ASSERT_EQ(0, rtnl_mac("va", ours));
	ban.direction = UNET_TYPE_TX;
	ban.priority = UNET_TYPE_RESERVED;
	ASSERT_EQ(0, open_as(&user, USER));
	ASSERT_EQ(0, add_unprivileged(&user, &ban, &users));
	ASSERT_EQ(0, type_add(&self->c, &spec, 0, &r));
	len = build_frame(self->c.tx_mem, theirs, ours, OWN_TYPE, "says something", 14);
	EXPECT_EQ(0, chan_send_raw(&self->c, r.flow, 20, len, 0));
	/* Nor does it let go what a rule behind it drops. */
	ASSERT_EQ(0, sh("unetctl type add ethertype 0x88b5 action drop dir tx priority 2000"));
	EXPECT_EQ(UNET_CNT_TX_TYPE_DROP, chan_send_raw(&self->c, r.flow, 20, len, 0));
	chan_close(&user);
}

/* ---- a device without Ethernet headers ---- */

static int open_tun(void)
{
	struct ifreq ifr = { .ifr_name = "tu", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 || ioctl(fd, TUNSETIFF, &ifr) ? -1 : fd;
}

TEST_F(type_rights, no_ethertype_of_a_device_without_ethernet_headers)
{
	struct unet_type_spec frames = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_spec packets = spec_proto(RAW_PROTO, RAW_PROTO);
	const int directions[] = { UNET_TYPE_RX, UNET_TYPE_TX, UNET_TYPE_RX | UNET_TYPE_TX };
	struct unet_type_req r;
	struct chan c;
	unsigned int i;
	int tun;

	ASSERT_EQ(0, sh("modprobe -q tun"));
	tun = open_tun();
	ASSERT_LE(0, tun);
	ASSERT_EQ(0, sh("ip link set tu up"));
	ASSERT_EQ(0, nexus_attach("tu"));
	ASSERT_EQ(0, chan_open(&c, "tu", NULL));
	for (i = 0; i < ARRAY_SIZE(directions); i++) {
		frames.direction = directions[i];
		EXPECT_EQ(-EOPNOTSUPP, type_add(&c, &frames, 0, &r));
		EXPECT_EQ(UNET_TYPE_NO_LINK, r.reason);
	}
	/* It is the device and the layer: either another, and there is a rule. */
	EXPECT_EQ(0, type_add(&self->c, &frames, 0, &r));
	ASSERT_EQ(0, type_add(&c, &packets, 0, &r));
	EXPECT_EQ(-EOPNOTSUPP, type_modify(&c, r.id, &frames, &r));
	EXPECT_EQ(UNET_TYPE_NO_LINK, r.reason);
	chan_close(&c);
	EXPECT_EQ(0, nexus_detach("tu"));
	close(tun);
}

/* ---- and the administrator ---- */

static int gets_number(void *arg)
{
	struct unet_type_spec spec = spec_ether(0, 0);
	struct unet_type_req r;
	struct chan c;

	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &spec, 0, &r));
	CHECK(r.amended == UNET_AMEND_NUMBER && r.spec.first == *(int *)arg);
	CHECK(!type_del(&c, r.id));
	/* To ask for it by number is no conflict: the administrator is no other user. */
	spec = spec_ether(OWN_TYPE, OWN_TYPE);
	CHECK(!type_add(&c, &spec, 0, &r) && !r.amended);
	return 0;
}

static int first_number(int number)
{
	return as_capable(1000, 1 << CAP_NET_RAW, gets_number, &number);
}

/* Rules of its own are in force where their device is; a free number is free there. */
TEST_F(type_rights, a_number_is_free_where_no_rule_of_the_device_has_it)
{
	ASSERT_EQ(0, attach_second(&self->t));
	EXPECT_EQ(0, first_number(OWN_TYPE));
	ASSERT_EQ(0, sh("unetctl type add ethertype 0x88b5 action drop dev vc"));
	EXPECT_EQ(0, first_number(OWN_TYPE));
	ASSERT_EQ(0, sh("unetctl type add ethertype 0x88b5 action drop dev va"));
	EXPECT_EQ(0, first_number(OTHER_TYPE));
	ASSERT_EQ(0, sh("for i in $(unetctl -j type | jq .[].type); do unetctl type del $i; done"));
	EXPECT_EQ(0, first_number(OWN_TYPE));
	ASSERT_EQ(0, sh("unetctl type add ethertype 0x88b5 action drop"));
	EXPECT_EQ(0, first_number(OTHER_TYPE));
}

TEST_HARNESS_MAIN
