// SPDX-License-Identifier: MIT
/*
 * Description: packet types of the administrator over netlink (R3.1, R3.3, R3.6 to
 * R3.8): each wrong attribute of each request is named and the rule in the way is
 * told; the policy gives users what it says and no more, and what it gave stays when it
 * says so no longer; a dump is whole in however many reads; each cap is enforced with its
 * reason; rules are there before their device is, and follow its name.
 */
/* libs: -lpthread */
#include "ask.h"
#include "caps.h"
#include "effort.h"
#include "type_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <pthread.h>

#define PORT	7000
#define RPORT	9000

FIXTURE(type_admin) {
	struct topo t;
	struct nl nl;
	int peer;		/* UDP socket of the peer, bound to RPORT */
};

FIXTURE_SETUP(type_admin)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nl_open(&self->nl));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(type_admin)
{
	close(self->peer);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

/* ---- requests ---- */

#define V8(a, v)	{ UNET_A_##a, 1, (const uint8_t[]){ v } }
#define V32(a, v)	{ UNET_A_##a, 4, (const uint32_t[]){ v } }
#define VTEXT(a, v)	{ UNET_A_##a, sizeof(v), v }
#define VBYTES(a, ...)	{ UNET_A_##a, sizeof((uint8_t[]){ __VA_ARGS__ }), \
			  (const uint8_t[]){ __VA_ARGS__ } }
#define VPATTERN(...)	{ UNET_A_PATTERNS, sizeof(struct unet_pattern), \
			  (const struct unet_pattern[]){ { __VA_ARGS__ } } }
#define WITHOUT(a)	{ UNET_A_##a, 0, NULL }
#define VALUES	20

static void keep_id(const struct nl_reply *reply, void *id)
{
	*(uint32_t *)id = nl_u32(reply->attr[reply->attr[UNET_A_TYPE] ?
					     UNET_A_TYPE : UNET_A_POLICY]);
}

static int ask_for(struct nl *nl, uint8_t cmd, const struct value *base,
		   const struct value *changes, uint32_t *id)
{
	struct ask a;

	ask_start(nl, &a, cmd);
	ask_fill(&a, base, changes);
	return nl_ask(nl, &a.r, id ? keep_id : NULL, id);
}

/* What there is to say of a rule, all of it at once. */
static const struct value whole_rule[] = {
	VTEXT(IFNAME, "va"), V8(LAYER, UNET_TYPE_PORT), V8(ACTION, UNET_TYPE_DROP),
	V8(DIRECTION, UNET_TYPE_RX), V8(PROTO, IPPROTO_UDP), V32(FIRST, PORT),
	V32(LAST, PORT + 9), V32(PRIORITY, 10), V8(FAMILY, AF_INET),
	VBYTES(LOCAL_ADDR, 10, 9, 0, 2), V8(LOCAL_BITS, 32),
	VBYTES(REMOTE_ADDR, 10, 9, 0, 0), V8(REMOTE_BITS, 24),
	V32(TYPE_FLAGS, UNET_TYPE_LOCAL_ONLY),
	VPATTERN(.offset = 999, .bytes = 1, .value = { 1 }, .mask = { 1 }), { 0 }
};

static const struct value whole_entry[] = {
	VTEXT(IFNAME, "va"), V8(LAYER, UNET_TYPE_PORT), V8(PROTO, IPPROTO_UDP),
	V32(FIRST, PORT), V32(LAST, PORT + 9), V8(DIRECTION, UNET_TYPE_RX),
	V32(ACTIONS, 1 << UNET_TYPE_DELIVER), V32(MAX_TYPES, 4), V32(UID, 1000),
	V32(GID, 1000), { 0 }
};

static const struct value plain_rule[] = {
	V8(LAYER, UNET_TYPE_PORT), V8(ACTION, UNET_TYPE_DROP),
	V8(PROTO, IPPROTO_UDP), V32(FIRST, PORT), V32(PRIORITY, 10), { 0 }
};

static const struct value no_changes[] = { { 0 } };

static int add_rule(struct nl *nl, const char *dev, uint32_t number,
		    uint32_t priority, uint32_t *id)
{
	struct value changes[] = {
		{ UNET_A_FIRST, 4, &number }, { UNET_A_PRIORITY, 4, &priority },
		{ UNET_A_IFNAME, dev ? strlen(dev) + 1 : 0, dev }, { 0 }
	};

	return ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, id);
}

static int del_by_id(struct nl *nl, uint8_t cmd, uint16_t attr, uint32_t id)
{
	const struct value one[] = { { attr, 4, &id }, { 0 } };

	return ask_for(nl, cmd, one, no_changes, NULL);
}

static int del_rule(struct nl *nl, uint32_t id)
{
	return del_by_id(nl, UNET_CMD_TYPE_DEL, UNET_A_TYPE, id);
}

static int move_rule(struct nl *nl, uint32_t id, uint32_t priority)
{
	const struct value two[] = {
		{ UNET_A_TYPE, 4, &id }, { UNET_A_PRIORITY, 4, &priority }, { 0 }
	};

	return ask_for(nl, UNET_CMD_TYPE_PRIORITY, two, no_changes, NULL);
}

/* ---- wrong attributes ---- */

static bool is_length(uint16_t attr, uint16_t right, uint16_t bytes)
{
	if (attr == UNET_A_LOCAL_ADDR || attr == UNET_A_REMOTE_ADDR)
		return bytes == 4 || bytes == 16;
	if (attr == UNET_A_PATTERNS)
		return bytes && !(bytes % right) && bytes <= UNET_TYPE_PATTERNS * right;
	return bytes == right;
}

static const struct {
	uint16_t attr;
	const char *word;
} words[] = {
	{ UNET_A_LAYER, "LAYER" }, { UNET_A_ACTION, "ACTION" },
	{ UNET_A_DIRECTION, "DIRECTION" }, { UNET_A_PROTO, "PROTO" },
	{ UNET_A_FIRST, "FIRST" }, { UNET_A_LAST, "LAST" },
	{ UNET_A_PRIORITY, "PRIORITY" }, { UNET_A_FAMILY, "FAMILY" },
	{ UNET_A_LOCAL_ADDR, "LOCAL_ADDR" }, { UNET_A_LOCAL_BITS, "LOCAL_BITS" },
	{ UNET_A_REMOTE_ADDR, "REMOTE_ADDR" },
	{ UNET_A_REMOTE_BITS, "REMOTE_BITS" }, { UNET_A_TYPE_FLAGS, "TYPE_FLAGS" },
	{ UNET_A_PATTERNS, "PATTERNS" }, { UNET_A_TYPE, "TYPE" },
	{ UNET_A_POLICY, "POLICY" }, { UNET_A_ACTIONS, "ACTIONS" },
	{ UNET_A_MAX_TYPES, "MAX_TYPES" }, { UNET_A_UID, "UID" },
	{ UNET_A_GID, "GID" }, { UNET_A_IFNAME, "IFNAME" },
};

static const char *word_of(uint16_t attr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].attr == attr)
			return words[i].word;
	return "?";
}

/* The last denial named @attr, and said so. */
static bool named(const struct nl *nl, const struct ask *a, uint16_t attr)
{
	return ask_named(nl, a, attr, word_of(attr));
}

static const uint32_t some_id = 1;

static const struct value whole_priority[] = {
	{ UNET_A_TYPE, 4, &some_id }, V32(PRIORITY, 20), { 0 }
};

static const struct value whole_del[] = { { UNET_A_TYPE, 4, &some_id }, { 0 } };

static const struct value whole_policy_del[] = {
	{ UNET_A_POLICY, 4, &some_id }, { 0 }
};

static const struct {
	uint8_t cmd;
	const struct value *base;
} requests[] = {
	{ UNET_CMD_TYPE_ADD, whole_rule },
	{ UNET_CMD_TYPE_MODIFY, whole_rule },
	{ UNET_CMD_TYPE_PRIORITY, whole_priority },
	{ UNET_CMD_TYPE_DEL, whole_del },
	{ UNET_CMD_POLICY_ADD, whole_entry },
	{ UNET_CMD_POLICY_DEL, whole_policy_del },
};

/* A modification has the rule's id, and its device stays what it is. */
static const struct value of_modify[] = {
	{ UNET_A_TYPE, 4, &some_id }, WITHOUT(IFNAME), { 0 }
};

static void start_request(struct nl *nl, struct ask *a, uint8_t cmd,
			  const struct value *base, const struct value *changes)
{
	struct value all[VALUES] = { { 0 } };
	int n = 0;

	for (; changes->attr; changes++)
		all[n++] = *changes;
	if (cmd == UNET_CMD_TYPE_MODIFY && !ask_find(all, UNET_A_TYPE))
		all[n++] = of_modify[0];
	if (cmd == UNET_CMD_TYPE_MODIFY)
		all[n++] = of_modify[1];
	ask_start(nl, a, cmd);
	ask_fill(a, base, all);
}

TEST_F(type_admin, an_attribute_of_another_length_is_named)
{
	static uint8_t bytes[UNET_TYPE_PATTERNS * sizeof(struct unet_pattern) + 8];
	uint32_t right, wrong = 0;
	unsigned int i;
	struct ask a;

	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_TYPE_ADD, whole_rule, no_changes, &right));
	ASSERT_EQ(some_id, right);
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_POLICY_ADD, whole_entry, no_changes,
			     &right));
	ASSERT_EQ(some_id, right);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct value *v = requests[i].base;

		for (; v->attr; v++) {
			struct value other[] = { { v->attr, 0, bytes }, { 0 } };

			/* Names have lengths of their own. */
			if (v->attr == UNET_A_IFNAME)
				continue;
			for (; other[0].bytes <= sizeof(bytes); other[0].bytes++) {
				if (is_length(v->attr, v->bytes, other[0].bytes))
					continue;
				if (v->bytes < 8 && other[0].bytes > 20)
					break;
				memset(bytes, 1, sizeof(bytes));
				memcpy(bytes, v->data, v->bytes);
				start_request(&self->nl, &a, requests[i].cmd,
					      requests[i].base, other);
				if (!a.at[v->attr])
					continue;
				EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &a.r, NULL, NULL));
				EXPECT_TRUE(named(&self->nl, &a, v->attr))
					TH_LOG("command %d, %s of %d: '%s'", requests[i].cmd,
					       word_of(v->attr), other[0].bytes,
					       self->nl.said);
				wrong++;
			}
		}
	}
	EXPECT_LT(500, wrong);
	EXPECT_EQ(1, tell(&self->nl, 1).generation);
}

/* A request that is right but for @changes, which @attr is named for in @said. */
struct row {
	const char *name;
	struct value changes[8];
	int err;
	uint16_t attr;
	const char *said;
};

static const struct row wrong_rules[] = {
	{ "no protocol", { WITHOUT(PROTO) }, -EINVAL, UNET_A_FIRST, "ports need TCP" },
	{ "a protocol without ports", { V8(PROTO, IPPROTO_ICMP) }, -EINVAL,
	  UNET_A_PROTO, "ports need TCP" },
	{ "a protocol of a protocol", { V8(LAYER, UNET_TYPE_PROTO), V32(FIRST, 99),
	  WITHOUT(LAST) }, -EINVAL, UNET_A_PROTO, "the other layers no protocol" },
	{ "numbers turned round", { V32(LAST, PORT - 1) }, -EINVAL, UNET_A_LAST,
	  "must not be above the last" },
	{ "no number", { V32(FIRST, 0), WITHOUT(LAST) }, -EINVAL, UNET_A_FIRST,
	  "first number" },
	{ "port 0", { V32(FIRST, 0) }, -EINVAL, UNET_A_FIRST, "first number" },
	{ "a protocol above 255", { V8(LAYER, UNET_TYPE_PROTO), WITHOUT(PROTO),
	  V32(FIRST, 99), V32(LAST, 256) }, -EINVAL, UNET_A_LAST, "what the layer has" },
	{ "protocols above 255", { V8(LAYER, UNET_TYPE_PROTO), WITHOUT(PROTO),
	  V32(FIRST, 256), V32(LAST, 257) }, -EINVAL, UNET_A_FIRST, "what the layer has" },
	{ "all protocols and one more", { V8(LAYER, UNET_TYPE_PROTO), WITHOUT(PROTO),
	  V32(FIRST, 0), V32(LAST, 256) }, -EINVAL, UNET_A_LAST, "what the layer has" },
	{ "IPv6 as an ethertype", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO),
	  V32(FIRST, 0x86dd), WITHOUT(LAST) }, -EPERM, UNET_A_FIRST,
	  "the host itself needs" },
	{ "a range over EAPOL", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO),
	  V32(FIRST, 0x8000), V32(LAST, 0x9000) }, -EPERM, UNET_A_FIRST,
	  "the host itself needs" },
	{ "a length", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO),
	  V32(FIRST, 1500), WITHOUT(LAST) }, -EPERM, UNET_A_FIRST, "or a length" },
	{ "nobody to deliver to", { V8(ACTION, UNET_TYPE_DELIVER) }, -EINVAL,
	  UNET_A_ACTION, "needs a channel" },
	{ "a family of an ethertype", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO),
	  V32(FIRST, OWN_TYPE), V32(LAST, OTHER_TYPE) }, -EINVAL, UNET_A_FAMILY,
	  "any for ethertypes" },
	{ "local of another family", { V8(FAMILY, AF_INET6) }, -EINVAL,
	  UNET_A_LOCAL_ADDR, "another family than the rest" },
	{ "remote of another family", { VBYTES(REMOTE_ADDR, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	  11, 12, 13, 14, 15, 16) }, -EINVAL, UNET_A_REMOTE_ADDR,
	  "another family than the rest" },
	{ "a prefix of no local address", { WITHOUT(LOCAL_ADDR) }, -EINVAL,
	  UNET_A_LOCAL_BITS, "needs its address" },
	{ "a prefix of no remote address", { WITHOUT(REMOTE_ADDR) }, -EINVAL,
	  UNET_A_REMOTE_BITS, "needs its address" },
	{ "33 bits of a local address", { V8(LOCAL_BITS, 33) }, -EINVAL,
	  UNET_A_LOCAL_BITS, "prefix length" },
	{ "33 bits of a remote address", { V8(REMOTE_BITS, 33) }, -EINVAL,
	  UNET_A_REMOTE_BITS, "prefix length" },
	{ "bits behind the local prefix", { V8(LOCAL_BITS, 24) }, -EINVAL,
	  UNET_A_LOCAL_ADDR, "no bits behind" },
	{ "bits behind the remote prefix", { V8(REMOTE_BITS, 15) }, -EINVAL,
	  UNET_A_REMOTE_ADDR, "no bits behind" },
	{ "a pattern of nothing", { VPATTERN(.bytes = 0) }, -EINVAL, UNET_A_PATTERNS,
	  "patterns must be" },
	{ "a pattern of 33 bytes", { VPATTERN(.bytes = 33, .mask = { 1 }) }, -EINVAL,
	  UNET_A_PATTERNS, "patterns must be" },
	{ "a pattern too far", { VPATTERN(.offset = 1000, .bytes = 1, .mask = { 1 }) },
	  -EINVAL, UNET_A_PATTERNS, "first 1000" },
	{ "a value outside the mask", { VPATTERN(.bytes = 1, .value = { 2 },
	  .mask = { 1 }) }, -EINVAL, UNET_A_PATTERNS, "outside the mask" },
	{ "a mask behind its bytes", { VPATTERN(.bytes = 1, .mask = { 1, 1 }) }, -EINVAL,
	  UNET_A_PATTERNS, "patterns must be" },
	{ "a pattern of what is sent", { V8(DIRECTION, UNET_TYPE_RX | UNET_TYPE_TX) },
	  -EOPNOTSUPP, UNET_A_DIRECTION, "received packets only" },
	{ "a program of what is sent", { V8(DIRECTION, UNET_TYPE_TX),
	  V8(ACTION, UNET_TYPE_BPF), V32(PROG_FD, 1) }, -EOPNOTSUPP, UNET_A_DIRECTION,
	  "received packets only" },
	{ "a file that is no program", { V8(ACTION, UNET_TYPE_BPF), V32(PROG_FD, 1) },
	  -EBADF, UNET_A_PROG_FD, "no eBPF program" },
	{ "a descriptor that is closed", { V8(ACTION, UNET_TYPE_BPF),
	  V32(PROG_FD, 1000000) }, -EBADF, UNET_A_PROG_FD, "no eBPF program" },
	{ "a program for nothing", { V32(PROG_FD, 1) }, -EINVAL, UNET_A_PROG_FD,
	  "must be zero" },
	{ "no such extension", { V8(ACTION, UNET_TYPE_EXTENSION),
	  VTEXT(EXTENSION, "nobody") }, -ENOENT, UNET_A_EXTENSION, "no kernel extension" },
	{ "an extension for nothing", { VTEXT(EXTENSION, "nobody") }, -EINVAL,
	  UNET_A_EXTENSION, "must be zero" },
	{ "local only of frames", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO),
	  V32(FIRST, OWN_TYPE), WITHOUT(LAST), WITHOUT(FAMILY), WITHOUT(LOCAL_ADDR) },
	  -EINVAL, UNET_A_LOCAL_BITS, "needs its address" },
};

static const struct row wrong_entries[] = {
	{ "no user's number", { V32(UID, ~0u) }, -EINVAL, UNET_A_UID, "no user or group" },
	{ "no group's number", { V32(GID, ~0u) }, -EINVAL, UNET_A_GID, "no user or group" },
	{ "numbers turned round", { V32(LAST, PORT - 1) }, -EINVAL, UNET_A_LAST,
	  "must not be above the last" },
	{ "a protocol without ports", { V8(PROTO, IPPROTO_ICMP) }, -EINVAL, UNET_A_PROTO,
	  "ports need TCP" },
	{ "a protocol of ethertypes", { V8(LAYER, UNET_TYPE_ETHERTYPE),
	  V32(FIRST, OWN_TYPE), V32(LAST, OTHER_TYPE) }, -EINVAL, UNET_A_PROTO,
	  "the other layers no protocol" },
	{ "ARP", { V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO), V32(FIRST, 0x0806),
	  WITHOUT(LAST) }, -EINVAL, UNET_A_FIRST, "the host itself needs" },
	{ "an extension", { V32(ACTIONS, 1 << UNET_TYPE_EXTENSION) }, -EINVAL,
	  UNET_A_ACTIONS, "ACTIONS must be" },
	{ "to send and not to receive", { V8(DIRECTION, UNET_TYPE_TX) }, -EINVAL,
	  UNET_A_DIRECTION, "to receive (1), or both (3)" },
	{ "nothing to do", { V32(ACTIONS, 0) }, -EINVAL, UNET_A_ACTIONS,
	  "ACTIONS must be" },
	{ "no rules", { V32(MAX_TYPES, 0) }, -EINVAL, UNET_A_MAX_TYPES,
	  "MAX_TYPES must be" },
	{ "more rules than there may be", { V32(MAX_TYPES, UNET_TYPE_MAX_TOTAL + 1) },
	  -EINVAL, UNET_A_MAX_TYPES, "MAX_TYPES must be" },
};

/* Return: how many rows were not treated as they say. */
static int try_rows(struct nl *nl, uint8_t cmd, const struct value *base,
		    const struct row *row, unsigned int num)
{
	struct ask a;
	int err, failed = 0;

	for (; num--; row++) {
		start_request(nl, &a, cmd, base, row->changes);
		err = nl_ask(nl, &a.r, NULL, NULL);
		if (err == row->err && nl->bad && nl->bad == a.at[row->attr] &&
		    strstr(nl->said, row->said) && !nl->about)
			continue;
		printf("# command %d, %s: %d, '%s', attribute at %u, not %u (%d)\n", cmd,
		       row->name, err, nl->said, nl->bad, a.at[row->attr], row->attr);
		fflush(stdout);
		failed++;
	}
	return failed;
}

TEST_F(type_admin, each_wrong_attribute_is_named_with_what_is_right)
{
	struct nl *nl = &self->nl;
	uint32_t id;

	ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, whole_rule, (const struct value[]){
			     V32(PRIORITY, 11), { 0 } }, &id));
	ASSERT_EQ(some_id, id);
	EXPECT_EQ(0, try_rows(nl, UNET_CMD_TYPE_ADD, whole_rule, wrong_rules,
			      ARRAY_SIZE(wrong_rules)));
	EXPECT_EQ(0, try_rows(nl, UNET_CMD_POLICY_ADD, whole_entry, wrong_entries,
			      ARRAY_SIZE(wrong_entries)));
	/* A wrong change leaves the rule as it was. */
	EXPECT_EQ(0, try_rows(nl, UNET_CMD_TYPE_MODIFY, whole_rule, wrong_rules,
			      ARRAY_SIZE(wrong_rules)));
	EXPECT_EQ(1, tell(nl, id).generation);
	EXPECT_EQ(1, tell(nl, id).rules);
}

TEST_F(type_admin, a_change_is_of_no_device_and_says_so)
{
	struct nl *nl = &self->nl;
	struct ask a;
	uint32_t id;

	ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, whole_rule, no_changes, &id));
	ask_start(nl, &a, UNET_CMD_TYPE_MODIFY);
	ask_fill(&a, whole_rule, (const struct value[]){ { UNET_A_TYPE, 4, &id }, { 0 } });
	ASSERT_NE(0, a.at[UNET_A_IFNAME]);
	EXPECT_EQ(-EINVAL, nl_ask(nl, &a.r, NULL, NULL));
	EXPECT_EQ(a.at[UNET_A_IFNAME], nl->bad);
	EXPECT_NE(NULL, strstr(nl->said, "this command takes TYPE, LAYER"));
	EXPECT_EQ(NULL, strstr(nl->said, "IFNAME"));
	EXPECT_EQ(1, tell(nl, id).generation);
}

TEST_F(type_admin, what_is_missing_is_asked_for)
{
	static const struct {
		uint8_t cmd;
		uint16_t attr;
		const struct value *base;
	} rows[] = {
		{ UNET_CMD_TYPE_ADD, UNET_A_LAYER, whole_rule },
		{ UNET_CMD_TYPE_ADD, UNET_A_ACTION, whole_rule },
		{ UNET_CMD_TYPE_ADD, UNET_A_FIRST, whole_rule },
		{ UNET_CMD_TYPE_MODIFY, UNET_A_LAYER, whole_rule },
		{ UNET_CMD_TYPE_MODIFY, UNET_A_ACTION, whole_rule },
		{ UNET_CMD_TYPE_MODIFY, UNET_A_FIRST, whole_rule },
		{ UNET_CMD_TYPE_MODIFY, UNET_A_TYPE, whole_rule },
		{ UNET_CMD_TYPE_PRIORITY, UNET_A_TYPE, whole_priority },
		{ UNET_CMD_TYPE_PRIORITY, UNET_A_PRIORITY, whole_priority },
		{ UNET_CMD_TYPE_DEL, UNET_A_TYPE, whole_del },
		{ UNET_CMD_POLICY_ADD, UNET_A_LAYER, whole_entry },
		{ UNET_CMD_POLICY_ADD, UNET_A_FIRST, whole_entry },
		{ UNET_CMD_POLICY_ADD, UNET_A_ACTIONS, whole_entry },
		{ UNET_CMD_POLICY_DEL, UNET_A_POLICY, whole_policy_del },
	};
	struct nl *nl = &self->nl;
	char asked[64];
	unsigned int i;
	uint32_t id;

	ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, whole_rule, no_changes, &id));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct value without[] = { { rows[i].attr, 0, NULL }, { 0 } };
		struct ask a;

		start_request(nl, &a, rows[i].cmd, rows[i].base, without);
		snprintf(asked, sizeof(asked), "%s is missing", word_of(rows[i].attr));
		EXPECT_EQ(-EINVAL, nl_ask(nl, &a.r, NULL, NULL))
			TH_LOG("command %d, %s", rows[i].cmd, asked);
		EXPECT_NE(NULL, strstr(nl->said, asked))
			TH_LOG("command %d, %s: '%s'", rows[i].cmd, asked, nl->said);
		EXPECT_EQ(rows[i].attr, nl->missing);
	}
	EXPECT_EQ(1, tell(nl, id).generation);
}

TEST_F(type_admin, ids_that_are_nobodys_are_named)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct nl *nl = &self->nl;
	struct unet_type_req r;
	struct chan c;
	struct ask a;
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(requests); i++) {
		uint16_t attr = i == 5 ? UNET_A_POLICY : UNET_A_TYPE;

		if (requests[i].cmd == UNET_CMD_POLICY_ADD)
			continue;
		start_request(nl, &a, requests[i].cmd, requests[i].base, no_changes);
		EXPECT_EQ(-ENOENT, nl_ask(nl, &a.r, NULL, NULL));
		EXPECT_TRUE(named(nl, &a, attr)) TH_LOG("'%s'", nl->said);
	}
	/* A channel's can be moved and removed from outside, not changed. */
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 0, &r));
	ASSERT_EQ(some_id, r.id);
	start_request(nl, &a, UNET_CMD_TYPE_MODIFY, whole_rule, no_changes);
	EXPECT_EQ(-EBUSY, nl_ask(nl, &a.r, NULL, NULL));
	EXPECT_TRUE(named(nl, &a, UNET_A_TYPE));
	EXPECT_NE(NULL, strstr(nl->said, "only its priority"));
	EXPECT_EQ(0, move_rule(nl, r.id, 5));
	EXPECT_EQ(2, tell(nl, r.id).generation);
	EXPECT_EQ(0, del_rule(nl, r.id));
	EXPECT_FALSE(tell(nl, r.id).there);
	EXPECT_EQ(-ENOENT, type_del(&c, r.id));
	chan_close(&c);
}

/* ---- what is in the way ---- */

TEST_F(type_admin, a_denial_tells_the_rule_in_the_way)
{
	struct nl *nl = &self->nl;
	uint32_t first, other, id;
	struct ask a;

	ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, no_changes, &first));
	ASSERT_EQ(0, add_rule(nl, NULL, PORT, 11, &other));
	ask_start(nl, &a, UNET_CMD_TYPE_ADD);
	ask_fill(&a, plain_rule, no_changes);
	EXPECT_EQ(-EEXIST, nl_ask(nl, &a.r, NULL, NULL));
	EXPECT_EQ(first, nl->about);
	EXPECT_EQ(a.at[UNET_A_FIRST], nl->bad);
	EXPECT_NE(NULL, strstr(nl->said, "just the same"));
	EXPECT_EQ(-EEXIST, add_rule(nl, NULL, PORT, 11, NULL));
	EXPECT_EQ(other, nl->about);
	/* to where another is, and made into another */
	EXPECT_EQ(-EEXIST, move_rule(nl, first, 11));
	EXPECT_EQ(other, nl->about);
	start_request(nl, &a, UNET_CMD_TYPE_MODIFY, plain_rule,
		      (const struct value[]){ { UNET_A_TYPE, 4, &other }, { 0 } });
	EXPECT_EQ(-EEXIST, nl_ask(nl, &a.r, NULL, NULL));
	EXPECT_EQ(first, nl->about);
	/* Nothing is in the way of what is wrong in itself, or right. */
	EXPECT_EQ(-EPERM, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, (const struct value[]){
		V8(LAYER, UNET_TYPE_ETHERTYPE), WITHOUT(PROTO), V32(FIRST, 0x0800), { 0 } },
		NULL));
	EXPECT_EQ(0, nl->about);
	EXPECT_EQ(0, move_rule(nl, first, 12));
	EXPECT_EQ(0, nl->about);
	/* The policy's entries, too. */
	ASSERT_EQ(0, ask_for(nl, UNET_CMD_POLICY_ADD, whole_entry, no_changes, &id));
	ASSERT_EQ(0, ask_for(nl, UNET_CMD_POLICY_ADD, whole_entry,
			     (const struct value[]){ V32(UID, 1001), { 0 } }, &id));
	EXPECT_EQ(-EEXIST, ask_for(nl, UNET_CMD_POLICY_ADD, whole_entry,
				   (const struct value[]){ V32(UID, 1001), { 0 } }, NULL));
	EXPECT_EQ(id, nl->about);
}

TEST_F(type_admin, too_many_for_one_number_tells_the_last_of_them)
{
	uint8_t remote[4] = { 11 };
	const struct value changes[] = { { UNET_A_REMOTE_ADDR, 4, remote }, { 0 } };
	struct nl *nl = &self->nl;
	uint32_t id[UNET_TYPE_OVERLAP];
	int i;

	ASSERT_EQ(0, nexus_attach("va"));
	for (i = 0; i < UNET_TYPE_OVERLAP; i++) {
		remote[3] = i;
		ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, &id[i]));
	}
	remote[3] = i;
	EXPECT_EQ(-ENOSPC, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "wait behind each other"));
	EXPECT_EQ(id[i - 1], nl->about);
	EXPECT_EQ(UNET_TYPE_OVERLAP, tell(nl, 0).rules);
	/* Moved before them all it pushes that one out. */
	EXPECT_EQ(-ENOSPC, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, (const struct value[]){
		{ UNET_A_REMOTE_ADDR, 4, remote }, V32(PRIORITY, 5), { 0 } }, NULL));
	EXPECT_EQ(id[i - 2], nl->about);
	/* What is sent is in nobody's way who receives. */
	ASSERT_EQ(0, del_rule(nl, id[0]));
	ASSERT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, &id[0]));
	EXPECT_EQ(0, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, (const struct value[]){
		V8(DIRECTION, UNET_TYPE_TX), V32(PRIORITY, 11), { 0 } }, NULL));
	remote[3] = i + 1;
	EXPECT_EQ(-ENOSPC, ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, (const struct value[]){
		{ UNET_A_REMOTE_ADDR, 4, remote }, V32(PRIORITY, 12), { 0 } }, NULL));
	EXPECT_EQ(id[0], nl->about);
}

/* Of users' rules there may be fewer: it is the last of those that is told. */
static int one_user_too_many(void *arg)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	uint32_t *admins = arg, last = 0;
	struct unet_type_req r;
	struct nl nl;
	struct chan c;
	int i;

	spec.family = AF_INET;
	spec.local_bits = 32;
	CHECK(!nl_open(&nl));
	CHECK(!chan_open(&c, "va", NULL));
	for (i = 0; i < UNET_TYPE_OVERLAP_USERS; i++) {
		memcpy(spec.local, (uint8_t[]){ 127, 0, 0, 1 + i }, 4);
		CHECK(!type_add(&c, &spec, 0, &r));
		last = r.id;
	}
	spec.priority = 60001;
	memcpy(spec.local, (uint8_t[]){ 127, 0, 0, 1 + i }, 4);
	CHECK(type_add(&c, &spec, 0, &r) == -ENOSPC);
	CHECK(r.reason == UNET_TYPE_NO_OVERLAP);
	CHECK(r.conflict == last);
	CHECK(tell(&nl, *admins).there);
	return 0;
}

TEST_F(type_admin, too_many_of_users_tells_the_last_of_theirs)
{
	uint32_t id;

	ASSERT_EQ(0, nexus_attach("va"));
	/* between those and what is refused */
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_TYPE_ADD, plain_rule, (const struct value[]){
		VBYTES(REMOTE_ADDR, 11, 0, 0, 1), V32(PRIORITY, 60000), { 0 } }, &id));
	EXPECT_EQ(0, as_user(1000, one_user_too_many, &id));
}

/* ---- who may ---- */

static int asks_netlink(void *arg)
{
	struct nl nl;

	CHECK(!nl_open(&nl));
	CHECK(add_rule(&nl, NULL, PORT, 10, NULL) == -EPERM);
	CHECK(move_rule(&nl, 1, 10) == -EPERM);
	CHECK(del_rule(&nl, 1) == -EPERM);
	CHECK(ask_for(&nl, UNET_CMD_POLICY_ADD, whole_entry, no_changes, NULL) == -EPERM);
	CHECK(del_by_id(&nl, UNET_CMD_POLICY_DEL, UNET_A_POLICY, 1) == -EPERM);
	/* To look is everybody's. */
	CHECK(tell(&nl, 1).rules == 1);
	return 0;
}

TEST_F(type_admin, an_ordinary_user_may_look_and_no_more)
{
	ASSERT_EQ(0, add_rule(&self->nl, NULL, PORT, 10, NULL));
	EXPECT_EQ(0, as_user(1000, asks_netlink, NULL));
}

/* Entries for frames of an own ethertype and the next. */
static const struct value frames_entry[] = {
	V8(LAYER, UNET_TYPE_ETHERTYPE), V32(FIRST, OWN_TYPE), V32(LAST, OTHER_TYPE),
	V32(ACTIONS, 1 << UNET_TYPE_DELIVER), { 0 }
};

static int add_entry(struct nl *nl, const struct value *changes, uint32_t *id)
{
	return ask_for(nl, UNET_CMD_POLICY_ADD, frames_entry, changes, id);
}

struct wish {
	const char *dev;
	struct unet_type_spec spec;
	int err;
	uint32_t reason;
	uint32_t amended;
};

/* A user's wish, and what is to come of it. */
static int wishes(void *arg)
{
	const struct wish *w = arg;
	struct unet_type_req r;
	struct chan c;

	CHECK(!chan_open(&c, w->dev, NULL));
	CHECK(type_add(&c, &w->spec, 0, &r) == w->err);
	CHECK(r.reason == w->reason);
	CHECK(r.amended == w->amended);
	if (!w->err && w->amended & UNET_AMEND_READ_ONLY)
		CHECK(r.spec.direction == UNET_TYPE_RX);
	return 0;
}

static int wish(uid_t uid, const char *dev, struct unet_type_spec spec,
		uint32_t reason)
{
	struct wish w = { .dev = dev, .spec = spec, .reason = reason,
			  .err = reason ? -EPERM : 0 };

	return as_user(uid, wishes, &w);
}

static int attach_another(void)
{
	return sh("ip link add vc type veth peer name vd") ||
	       sh("unetctl attach va vc");
}

TEST_F(type_admin, the_policy_is_for_its_user_and_device)
{
	struct unet_type_spec one = spec_ether(OWN_TYPE, OWN_TYPE);
	uint32_t id;

	ASSERT_EQ(0, attach_another());
	EXPECT_EQ(0, wish(1000, "va", one, UNET_TYPE_NO_RIGHT));
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){ V32(UID, 1000),
			       VTEXT(IFNAME, "va"), { 0 } }, &id));
	EXPECT_EQ(0, wish(1000, "va", one, 0));
	EXPECT_EQ(0, wish(1001, "va", one, UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1000, "vc", one, UNET_TYPE_NO_RIGHT));
	/* One for a device there is not is for nobody, and one for any for both. */
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){ V32(UID, 1001),
			       VTEXT(IFNAME, "vz"), { 0 } }, NULL));
	EXPECT_EQ(0, wish(1001, "va", one, UNET_TYPE_NO_RIGHT));
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){ V32(UID, 1001), { 0 } },
			       NULL));
	EXPECT_EQ(0, wish(1001, "va", one, 0));
	EXPECT_EQ(0, wish(1001, "vc", one, 0));
	/* Taken back. */
	ASSERT_EQ(0, del_by_id(&self->nl, UNET_CMD_POLICY_DEL, UNET_A_POLICY, id));
	EXPECT_EQ(0, wish(1000, "va", one, UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1001, "va", one, 0));
}

static int in_a_group(void *arg)
{
	const struct wish *w = arg;
	gid_t more = 4000;

	/* Root, but for a moment: who has it among others is a member, too. */
	CHECK(!setgroups(1, &more) && !setresgid(1001, 1001, 1001) &&
	      !setresuid(1001, 1001, 1001));
	return wishes((void *)w);
}

TEST_F(type_admin, the_policy_is_for_members_of_its_group)
{
	struct wish w = { .dev = "va", .spec = spec_ether(OWN_TYPE, OWN_TYPE) };
	int status;
	pid_t pid;

	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){ V32(GID, 4000), { 0 } },
			       NULL));
	/* as_user() gives the group of the user's number, and no others. */
	EXPECT_EQ(0, wish(4000, "va", w.spec, 0));
	EXPECT_EQ(0, wish(1001, "va", w.spec, UNET_TYPE_NO_RIGHT));
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(in_a_group(&w));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* Both a user and a group: both must hold. */
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){ V32(GID, 4001),
			       V32(UID, 1001), { 0 } }, NULL));
	EXPECT_EQ(0, wish(1001, "va", w.spec, UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(4001, "va", w.spec, UNET_TYPE_NO_RIGHT));
}

TEST_F(type_admin, the_policy_is_for_its_numbers_actions_and_layer)
{
	struct unet_type_spec one = spec_ether(OTHER_TYPE, OTHER_TYPE);

	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, add_entry(&self->nl, no_changes, NULL));
	EXPECT_EQ(0, wish(1000, "va", one, 0));
	EXPECT_EQ(0, wish(1000, "va", spec_ether(OWN_TYPE, OTHER_TYPE), 0));
	EXPECT_EQ(0, wish(1000, "va", spec_ether(OTHER_TYPE, OTHER_TYPE + 1),
			  UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1000, "va", spec_ether(OWN_TYPE - 1, OWN_TYPE),
			  UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1000, "va", spec_does(one, UNET_TYPE_DROP), UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1000, "va", spec_does(one, UNET_TYPE_HOST), UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, wish(1000, "va", spec_proto(RAW_PROTO, RAW_PROTO), UNET_TYPE_NO_RIGHT));
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_POLICY_ADD, frames_entry,
			     (const struct value[]){ V8(LAYER, UNET_TYPE_PROTO),
			     V32(FIRST, RAW_PROTO), WITHOUT(LAST),
			     V32(ACTIONS, 1 << UNET_TYPE_DROP), { 0 } }, NULL));
	EXPECT_EQ(0, wish(1000, "va", spec_proto(RAW_PROTO, RAW_PROTO), UNET_TYPE_NO_RIGHT));
	/* What most of the host lives by no entry gives away. */
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_POLICY_ADD, frames_entry,
			     (const struct value[]){ V8(LAYER, UNET_TYPE_PROTO),
			     V32(FIRST, 0), V32(LAST, 255), { 0 } }, NULL));
	EXPECT_EQ(0, wish(1000, "va", spec_proto(IPPROTO_UDP, IPPROTO_UDP),
			  UNET_TYPE_NO_PRIVILEGED));
}

/* The entry's ports are lent for the rule, and to nothing else. */
static int takes_a_privileged_port(void *arg)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 54, NULL, 0);
	struct wish w = { .dev = "va", .spec = spec_port(IPPROTO_UDP, 53, 53) };
	struct unet_type_req q;
	struct chan c;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)arg;
	w.spec.flags = UNET_TYPE_LOCAL_ONLY;
	CHECK(!chan_open(&c, "va", NULL));
	CHECK(!type_add(&c, &w.spec, 0, &q));
	CHECK(chan_flow_add(&c, &r) == -EACCES);
	CHECK(bind_to(fd, OUR_V4, 54) == -EACCES);
	w.spec.first = 101;
	w.spec.last = 101;
	w.err = -EPERM;
	w.reason = UNET_TYPE_NO_RIGHT;
	CHECK(!wishes(&w));
	return 0;
}

TEST_F(type_admin, the_policy_lends_privileged_ports)
{
	struct wish w = { .dev = "va", .spec = spec_port(IPPROTO_UDP, 53, 53),
			  .err = -EADDRINUSE, .reason = UNET_TYPE_NO_PORT_TAKEN };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	w.spec.flags = UNET_TYPE_LOCAL_ONLY;
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_POLICY_ADD, frames_entry,
			     (const struct value[]){ V8(LAYER, UNET_TYPE_PORT),
			     V32(UID, 1000), V32(FIRST, 1), V32(LAST, 100), { 0 } }, NULL));
	EXPECT_EQ(0, as_user(1000, takes_a_privileged_port, NULL));
	EXPECT_EQ(0, wish(1001, "va", w.spec, UNET_TYPE_NO_RIGHT));
	/* What the host has it keeps. */
	ASSERT_EQ(0, bind_to(fd, OUR_V4, 53));
	EXPECT_EQ(0, as_user(1000, wishes, &w));
	close(fd);
}

static int only_receives(void *arg)
{
	struct wish w = { .dev = "va", .spec = spec_ether(OWN_TYPE, OWN_TYPE),
			  .amended = UNET_AMEND_READ_ONLY };
	struct unet_type_spec any = spec_ether(0, 0);

	CHECK(!wishes(&w));
	w.spec.flags = UNET_TYPE_STRICT;
	w.err = -EPERM;
	w.reason = UNET_TYPE_NO_AMENDED;
	CHECK(!wishes(&w));
	w.spec.flags = 0;
	w.spec.direction = UNET_TYPE_TX;
	w.reason = UNET_TYPE_NO_RIGHT;
	w.amended = 0;
	CHECK(!wishes(&w));
	/* A number from the entry's range. */
	w = (struct wish){ .dev = "va", .spec = any,
			   .amended = UNET_AMEND_NUMBER | UNET_AMEND_READ_ONLY };
	CHECK(!wishes(&w));
	return 0;
}

TEST_F(type_admin, the_policy_may_be_to_receive_only)
{
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, add_entry(&self->nl, (const struct value[]){
			       V8(DIRECTION, UNET_TYPE_RX), { 0 } }, NULL));
	EXPECT_EQ(0, as_user(1000, only_receives, NULL));
}

static int receives_and_sends(void *arg)
{
	struct wish w = { .dev = "va", .spec = spec_ether(OWN_TYPE, OWN_TYPE) };

	(void)arg;
	w.spec.flags = UNET_TYPE_STRICT;
	CHECK(!wishes(&w));
	w.spec.direction = UNET_TYPE_TX;
	CHECK(!wishes(&w));
	return 0;
}

static int has_two(void *arg)
{
	struct unet_type_spec spec;
	struct unet_type_req r;
	struct chan c;
	int i;

	(void)arg;
	CHECK(!chan_open(&c, "va", NULL));
	for (i = 0; i < 2; i++) {
		spec = spec_ether(0x9000 + i, 0x9000 + i);
		CHECK(!type_add(&c, &spec, 0, &r));
	}
	spec = spec_ether(0x9002, 0x9002);
	CHECK(type_add(&c, &spec, 0, &r) == -EDQUOT);
	return 0;
}

/* What one entry does not allow another may, be it the later. */
TEST_F(type_admin, entries_of_the_policy_add_up)
{
	struct nl *nl = &self->nl;

	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V8(DIRECTION, UNET_TYPE_RX),
			       { 0 } }, NULL));
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V32(UID, 1000),
			       V8(DIRECTION, UNET_TYPE_RX | UNET_TYPE_TX), { 0 } }, NULL));
	EXPECT_EQ(0, as_user(1000, receives_and_sends, NULL));
	EXPECT_EQ(0, as_user(1001, only_receives, NULL));
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V32(FIRST, 0x9000),
			       V32(LAST, 0x9010), V32(MAX_TYPES, 1), { 0 } }, NULL));
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V32(FIRST, 0x9000),
			       V32(LAST, 0x9010), V32(MAX_TYPES, 2), V32(UID, 1000),
			       { 0 } }, NULL));
	EXPECT_EQ(0, as_user(1000, has_two, NULL));
	EXPECT_NE(0, as_user(1001, has_two, NULL));
}

/* ---- an entry that goes ---- */

#define USER	1000

/* Of whom the policy is asked, and who may nothing else. */
static int be_user(void)
{
	return setresuid(USER, 0, 0) ? -errno : caps_effective(0);
}

static int be_root(void)
{
	int err = caps_effective(~0u);

	if (!err && setresuid(0, 0, 0))
		err = -errno;
	return err;
}

#define AS_USER(call)				\
	({					\
		int err_ = be_user() ?: (call);	\
						\
		be_root() ?: err_;		\
	})

/* The peer's end of the wire, and who is at both ends. */
struct wire {
	int peer;
	uint8_t ours[6];
	uint8_t theirs[6];
};

static int open_wire(struct topo *t, struct wire *w)
{
	if (rtnl_mac("va", w->ours))
		return -1;
	w->peer = peer_frames(t, OWN_TYPE, w->theirs);
	return w->peer < 0 ? -1 : 0;
}

/* A frame of the peer's comes to @c: its tag, or 0. */
static uint64_t frame_comes(struct wire *w, struct chan *c, int ms)
{
	if (send_frame(w->peer, w->ours, w->theirs, OWN_TYPE, "x", 1))
		return 0;
	return next_tag(c, ms);
}

TEST_F(type_admin, what_an_entry_gave_stays_and_is_not_given_again_without_it)
{
	struct unet_type_spec one = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_spec other = spec_ether(OTHER_TYPE, OTHER_TYPE);
	struct unet_type_spec port = spec_port(IPPROTO_UDP, PORT, PORT);
	struct nl *nl = &self->nl;
	struct unet_type_req r, no;
	struct unet_type_ref ref;
	struct wire wire;
	uint32_t entry;
	struct chan c;

	ASSERT_EQ(0, open_wire(&self->t, &wire));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V32(UID, USER), { 0 } }, &entry));
	ASSERT_EQ(0, AS_USER(chan_open(&c, "va", NULL)));
	ASSERT_EQ(0, AS_USER(type_add(&c, &one, 6, &r)));
	EXPECT_EQ(6, frame_comes(&wire, &c, 10000));
	ASSERT_EQ(0, del_by_id(nl, UNET_CMD_POLICY_DEL, UNET_A_POLICY, entry));
	EXPECT_EQ(6, frame_comes(&wire, &c, 10000));
	/* What is asked for now is judged by what is allowed now, be it what it is. */
	EXPECT_EQ(-EPERM, AS_USER(type_modify(&c, r.id, &other, &no)));
	EXPECT_EQ(UNET_TYPE_NO_RIGHT, no.reason);
	EXPECT_EQ(-EPERM, AS_USER(type_modify(&c, r.id, &one, &no)));
	EXPECT_EQ(UNET_TYPE_NO_RIGHT, no.reason);
	EXPECT_EQ(-EPERM, AS_USER(type_priority(&c, r.id, 2000, &ref)));
	EXPECT_EQ(UNET_TYPE_NO_RIGHT, ref.reason);
	EXPECT_EQ(1, tell(nl, r.id).generation);
	EXPECT_EQ(6, frame_comes(&wire, &c, 10000));
	/* With an entry it may again, and what needs none it may without. */
	ASSERT_EQ(0, add_entry(nl, (const struct value[]){ V32(UID, USER), { 0 } }, &entry));
	EXPECT_EQ(0, AS_USER(type_priority(&c, r.id, 2000, &ref)));
	EXPECT_EQ(2, ref.generation);
	ASSERT_EQ(0, del_by_id(nl, UNET_CMD_POLICY_DEL, UNET_A_POLICY, entry));
	EXPECT_EQ(0, AS_USER(type_modify(&c, r.id, &port, &no)));
	EXPECT_EQ(UNET_AMEND_NARROWED, no.amended);
	EXPECT_EQ(0, frame_comes(&wire, &c, 100));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(6, next_tag(&c, 10000));
	EXPECT_EQ(-EPERM, AS_USER(type_modify(&c, r.id, &one, &no)));
	EXPECT_EQ(3, tell(nl, r.id).generation);
	chan_close(&c);
	close(wire.peer);
}

#define ENTRIES	256	/* of a namespace's policy: the refusal says how many */

/* All users may have this port. */
static int add_port_entry(struct nl *nl, uint32_t port, uint32_t *id)
{
	const struct value changes[] = {
		V8(LAYER, UNET_TYPE_PORT), { UNET_A_FIRST, 4, &port }, WITHOUT(LAST), { 0 }
	};

	return add_entry(nl, changes, id);
}

static int wish_port(int port, uint32_t reason)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, port, port);

	spec.flags = UNET_TYPE_LOCAL_ONLY;
	return wish(USER, "va", spec, reason);
}

static void count_one(const struct nl_reply *reply, void *arg)
{
	(void)reply;
	++*(int *)arg;
}

/* How many a dump tells of. */
static int entries(struct nl *nl)
{
	struct nl_req r;
	int n = 0, err;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_POLICY_GET);
	err = nl_ask(nl, &r, count_one, &n);
	return err ?: n;
}

TEST_F_TIMEOUT(type_admin, the_policy_has_so_many_entries_and_no_more, 120)
{
	struct nl *nl = &self->nl, other;
	uint32_t first = 0, id, i;

	ASSERT_EQ(0, nexus_attach("va"));
	for (i = 1; i <= ENTRIES; i++) {
		ASSERT_EQ(0, add_port_entry(nl, i, &id)) TH_LOG("entry %u: %s", i, nl->said);
		first = first ?: id;
	}
	EXPECT_EQ(-ENOSPC, add_port_entry(nl, i, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "has all the entries it may have, 256"));
	EXPECT_EQ(0, nl->about);
	EXPECT_EQ(ENTRIES, entries(nl));
	EXPECT_EQ(0, wish_port(ENTRIES, 0));
	EXPECT_EQ(0, wish_port(i, UNET_TYPE_NO_RIGHT));
	/* One that is there already is told, full or not. */
	EXPECT_EQ(-EEXIST, add_port_entry(nl, 1, NULL));
	EXPECT_EQ(first, nl->about);
	/* One goes, another comes. */
	ASSERT_EQ(0, del_by_id(nl, UNET_CMD_POLICY_DEL, UNET_A_POLICY, first));
	EXPECT_EQ(ENTRIES - 1, entries(nl));
	EXPECT_EQ(0, wish_port(1, UNET_TYPE_NO_RIGHT));
	EXPECT_EQ(0, add_port_entry(nl, i, NULL)) TH_LOG("%s", nl->said);
	EXPECT_EQ(0, wish_port(i, 0));
	EXPECT_EQ(-ENOSPC, add_port_entry(nl, i + 1, NULL));
	EXPECT_EQ(ENTRIES, entries(nl));
	/* Another namespace has its own. */
	ASSERT_EQ(0, setns(self->t.ns_peer, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	EXPECT_EQ(0, add_port_entry(&other, i, NULL));
	EXPECT_EQ(1, entries(&other));
	close(other.fd);
}

/* ---- how many ---- */

static int wants_one_more(void *arg)
{
	struct unet_type_spec spec = spec_ether(0x9000, 0x9000);
	struct unet_type_req r;
	uint32_t first = 0;
	struct chan c;
	int i;

	CHECK(!chan_open(&c, "va", NULL));
	for (i = 0; i < 3; i++) {
		spec = spec_ether(0x9000 + i, 0x9000 + i);
		CHECK(!type_add(&c, &spec, 0, &r));
		first = i ? first : r.id;
	}
	spec = spec_ether(0x9003, 0x9003);
	CHECK(type_add(&c, &spec, 0, &r) == -EDQUOT);
	CHECK(r.reason == UNET_TYPE_NO_MANY_OWNER);
	/* One that is changed is none more, and one that went makes room. */
	CHECK(!type_modify(&c, first, &spec, &r));
	CHECK(!type_del(&c, first));
	CHECK(!type_add(&c, &spec, 0, &r));
	return 0;
}

TEST_F(type_admin, the_policy_says_how_many_rules_a_user_has)
{
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, ask_for(&self->nl, UNET_CMD_POLICY_ADD, frames_entry,
			     (const struct value[]){ V32(FIRST, 0x9000), V32(LAST, 0x9010),
			     V32(MAX_TYPES, 3), { 0 } }, NULL));
	EXPECT_EQ(0, as_user(1000, wants_one_more, NULL));
	/* All of them went with the user's file: the next is as well off. */
	EXPECT_EQ(0, as_user(1001, wants_one_more, NULL));
	EXPECT_EQ(0, tell(&self->nl, 0).rules);
}

/* As many rules of one port as a user may have, each for another of the host's addresses. */
static int fill_a_number(struct chan *c)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r;
	int i;

	spec.family = AF_INET;
	spec.local_bits = 32;
	CHECK(!chan_open(c, "va", NULL));
	for (i = 0; i < UNET_TYPE_OVERLAP_USERS; i++) {
		memcpy(spec.local, (uint8_t[]){ 127, 0, 0, 1 + i }, 4);
		CHECK(!type_add(c, &spec, 0, &r));
	}
	memcpy(spec.local, (uint8_t[]){ 127, 0, 0, 1 + i }, 4);
	CHECK(type_add(c, &spec, 0, &r) == -ENOSPC);
	CHECK(r.reason == UNET_TYPE_NO_OVERLAP);
	return 0;
}

static void fill_as_user(int ready, void *arg)
{
	struct chan c;

	(void)arg;
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000) ||
	    fill_a_number(&c) || write(ready, "", 1) != 1)
		return;
	pause();
}

TEST_F(type_admin, no_user_fills_a_number_up_against_the_administrator)
{
	uint8_t remote[4] = { 203, 0, 113 };
	const struct value changes[] = { { UNET_A_REMOTE_ADDR, 4, remote }, { 0 } };
	struct wish w = {
		.dev = "va", .spec = spec_port(IPPROTO_UDP, PORT, PORT), .err = -ENOSPC,
		.reason = UNET_TYPE_NO_OVERLAP,
	};
	pid_t pid;
	int i;

	w.spec.flags = UNET_TYPE_LOCAL_ONLY;
	w.spec.family = AF_INET;
	w.spec.local_bits = 32;
	memcpy(w.spec.local, (uint8_t[]){ 127, 0, 0, 100 }, 4);

	ASSERT_EQ(0, nexus_attach("va"));
	pid = topo_start(fill_as_user, NULL);
	ASSERT_LT(0, pid);
	/* A rule that is moved is its user's as before. */
	for (i = 1; i <= UNET_TYPE_OVERLAP_USERS; i++)
		ASSERT_EQ(0, move_rule(&self->nl, i, 2000 + i)) TH_LOG("%s", self->nl.said);
	EXPECT_EQ(0, as_user(1000, wishes, &w));
	for (i = 0; i < UNET_TYPE_OVERLAP - UNET_TYPE_OVERLAP_USERS; i++) {
		remote[3] = i;
		EXPECT_EQ(0, ask_for(&self->nl, UNET_CMD_TYPE_ADD, plain_rule, changes, NULL))
			TH_LOG("rule %d: %s", i, self->nl.said);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A user's, for which there is no room. */
static struct wish one_more(uint32_t reason)
{
	struct wish w = { .dev = "va", .spec = spec_port(IPPROTO_UDP, 60000, 60000),
			  .err = -ENOSPC, .reason = reason };

	w.spec.flags = UNET_TYPE_LOCAL_ONLY;
	return w;
}

TEST_F_TIMEOUT(type_admin, the_last_rules_of_a_device_are_the_administrators, 300)
{
	const uint32_t users = UNET_TYPE_MAX_DEVICE - UNET_TYPE_KEPT_DEVICE;
	struct wish w = one_more(UNET_TYPE_NO_MANY_DEVICE);
	uint32_t i;

	/* All are compiled when it is attached, and again for each that comes then. */
	for (i = 0; i < users - 1; i++)
		ASSERT_EQ(0, add_rule(&self->nl, "va", 1 + i, 10, NULL)) TH_LOG("rule %u", i);
	ASSERT_EQ(0, nexus_attach("va"));
	EXPECT_EQ(0, wish(1000, "va", w.spec, 0));
	ASSERT_EQ(0, add_rule(&self->nl, NULL, 1 + i, 10, NULL));
	EXPECT_EQ(0, as_user(1000, wishes, &w));
	EXPECT_EQ(0, add_rule(&self->nl, "va", 2 + i, 10, NULL));
}

TEST_F_TIMEOUT(type_admin, a_device_has_so_many_rules_and_no_more, 300)
{
	struct nl *nl = &self->nl;
	uint32_t id, i;

	for (i = 0; i < UNET_TYPE_MAX_DEVICE - 5; i++)
		ASSERT_EQ(0, add_rule(nl, "va", 1 + i, 10, &id)) TH_LOG("rule %u", i);
	ASSERT_EQ(0, attach_another());
	for (; i < UNET_TYPE_MAX_DEVICE; i++)
		ASSERT_EQ(0, add_rule(nl, "va", 1 + i, 10, &id)) TH_LOG("rule %u", i);
	EXPECT_EQ(-ENOSPC, add_rule(nl, "va", 1 + i, 10, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "the device has as many rules"));
	EXPECT_EQ(-ENOSPC, add_rule(nl, NULL, 1 + i, 10, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "the device has as many rules"));
	/* Another device has its own. */
	EXPECT_EQ(0, add_rule(nl, "vc", 1 + i, 10, NULL));
	EXPECT_EQ(0, move_rule(nl, id, 9));
	EXPECT_EQ(0, del_rule(nl, id));
	EXPECT_EQ(0, add_rule(nl, "va", 1 + i, 10, NULL));
	EXPECT_EQ(UNET_TYPE_MAX_DEVICE + 1, tell(nl, 0).rules);
}

TEST_F_TIMEOUT(type_admin, a_namespace_has_so_many_rules_and_no_more, 600)
{
	struct wish w = one_more(UNET_TYPE_NO_MANY_TOTAL);
	struct nl *nl = &self->nl, other;
	uint32_t id, i;
	char dev[16];

	/* for so many devices that none has too many */
	for (i = 0; i < UNET_TYPE_MAX_TOTAL; i++) {
		snprintf(dev, sizeof(dev), "vz%u", i / 256);
		ASSERT_EQ(0, add_rule(nl, dev, 1 + i, 10, &id)) TH_LOG("rule %u", i);
	}
	EXPECT_EQ(-ENOSPC, add_rule(nl, NULL, 1, 20, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "the network namespace has as many rules"));
	EXPECT_EQ(0, move_rule(nl, id, 9));
	EXPECT_EQ(0, del_rule(nl, id));
	EXPECT_EQ(0, add_rule(nl, NULL, 1, 20, NULL));
	EXPECT_EQ(UNET_TYPE_MAX_TOTAL, tell(nl, 0).rules);
	/* The last of them are the administrator's: users are refused long before. */
	ASSERT_EQ(0, nexus_attach("va"));
	for (; id > UNET_TYPE_MAX_TOTAL - UNET_TYPE_KEPT_TOTAL + 1; id--)
		del_rule(nl, id - 1);
	EXPECT_EQ(UNET_TYPE_MAX_TOTAL - UNET_TYPE_KEPT_TOTAL + 1, tell(nl, 0).rules);
	EXPECT_EQ(0, as_user(1000, wishes, &w));
	/* Another namespace has its own. */
	ASSERT_EQ(0, setns(self->t.ns_peer, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	EXPECT_EQ(0, add_rule(&other, NULL, 1, 20, NULL));
	EXPECT_EQ(1, tell(&other, 0).rules);
	close(other.fd);
}

/* ---- dumps ---- */

#define MANY	1000

struct seen {
	uint8_t times[2 * MANY + 2];	/* by id */
	uint32_t last;
	uint32_t rules;
	uint32_t wrong;			/* ids out of order, or none there can be */
};

static void see(const struct nl_reply *reply, void *arg)
{
	uint32_t id = nl_u32(reply->attr[UNET_A_TYPE]);
	struct seen *s = arg;

	s->rules++;
	if (id <= s->last || id >= sizeof(s->times))
		s->wrong++;
	else
		s->times[id]++;
	s->last = id;
}

/* A third has all a rule can have: messages of different sizes. */
static int add_many(struct nl *nl)
{
	struct unet_pattern p[UNET_TYPE_PATTERNS] = { { 0 } };
	static const char *const devs[] = { NULL, "va", "vz" };
	uint32_t i, id, port;
	int n;

	for (n = 0; n < UNET_TYPE_PATTERNS; n++)
		p[n] = pattern_byte(n, 1, 1);
	for (i = 0; i < MANY; i++) {
		const char *dev = devs[i % 3];
		struct value changes[] = {
			{ UNET_A_FIRST, 4, &port },
			{ UNET_A_PATTERNS, sizeof(p), i % 5 ? NULL : p },
			{ UNET_A_IFNAME, dev ? strlen(dev) + 1 : 0, dev }, { 0 }
		};

		port = 1 + i;
		if (ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, &id) || id != i + 1)
			return -EIO;
	}
	return 0;
}

/* Start a dump that is read in pieces of @bytes; for a device, or NULL. */
static int start_dump(struct nl *nl, const char *dev)
{
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_TYPE_GET);
	if (dev)
		nl_put_str(&r, UNET_A_IFNAME, dev);
	return nl_send(nl, &r);
}

TEST_F_TIMEOUT(type_admin, a_dump_is_whole_in_however_many_reads, 200)
{
	static const size_t reads[] = { 8192, 65536 };
	uint32_t id, i, n;
	struct seen s;
	struct nl nl;

	ASSERT_EQ(0, add_many(&self->nl));
	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		memset(&s, 0, sizeof(s));
		/* A new socket: the kernel remembers the largest read. */
		ASSERT_EQ(0, nl_open(&nl));
		ASSERT_EQ(0, start_dump(&nl, NULL));
		for (n = 1; nl_read(&nl, reads[i], see, &s) == 1; n++)
			;
		close(nl.fd);
		EXPECT_EQ(MANY, s.rules);
		EXPECT_EQ(0, s.wrong);
		for (id = 1; id <= MANY; id++)
			EXPECT_EQ(1, s.times[id]) TH_LOG("rule %u", id);
		EXPECT_LT(5, n);
		TH_LOG("%u rules in %u reads", s.rules, n);
	}
	/* Of a device: its own and those for any. */
	memset(&s, 0, sizeof(s));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, start_dump(&nl, "va"));
	while (nl_read(&nl, 8192, see, &s) == 1)
		;
	close(nl.fd);
	EXPECT_EQ(0, s.wrong);
	for (id = 1; id <= MANY; id++)
		EXPECT_EQ(id % 3 != 0, s.times[id]) TH_LOG("rule %u", id);
}

/* While it is read, rules go and come: those that stay are told once. */
TEST_F_TIMEOUT(type_admin, a_dump_misses_nothing_that_stays, 200)
{
	uint32_t id, gone = 0, i, n = 0;
	struct seen s = { .last = 0 };
	struct nl nl;

	ASSERT_EQ(0, add_many(&self->nl));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, start_dump(&nl, NULL));
	while (nl_read(&nl, 8192, see, &s) == 1) {
		/* behind where it is, at it, and before it */
		for (i = 0; i < 4 && gone < MANY / 10; i++, gone++)
			ASSERT_EQ(0, del_rule(&self->nl, 10 + gone * 10 % MANY));
		/* What comes is told, too, and a dump would never end. */
		if (n < 20)
			ASSERT_EQ(0, add_rule(&self->nl, "vz", MANY + 1 + n, 20, &id));
		ASSERT_EQ(0, move_rule(&self->nl, 1 + n % 9, 30 + n));
		n++;
	}
	close(nl.fd);
	EXPECT_LT(10, n);
	EXPECT_EQ(MANY / 10, gone);
	EXPECT_EQ(0, s.wrong);
	for (id = 1; id <= MANY; id++)
		EXPECT_TRUE(s.times[id] == 1 || (!s.times[id] && id % 10 == 0))
			TH_LOG("rule %u: %u times", id, s.times[id]);
}

/* ---- what befalls devices ---- */

/* Does a packet to PORT meet rule @id? Its count tells, within a while. */
static int meets(struct nl *nl, int peer, uint32_t id)
{
	uint64_t before = tell(nl, id).packets;
	int i;

	if (send_to(peer, OUR_V4, PORT, "x", 1))
		return -errno;
	for (i = 0; i < 20; i++) {
		if (tell(nl, id).packets != before)
			return 1;
		usleep(20000);
	}
	return 0;
}

TEST_F(type_admin, a_rule_is_there_before_its_device_and_follows_the_name)
{
	struct nl *nl = &self->nl;
	uint32_t va, vq;

	ASSERT_EQ(0, add_rule(nl, "va", PORT, 10, &va));
	ASSERT_EQ(0, add_rule(nl, "vq", PORT, 10, &vq));
	EXPECT_EQ(0, meets(nl, self->peer, va));
	ASSERT_EQ(0, nexus_attach("va"));
	EXPECT_EQ(1, meets(nl, self->peer, va));
	EXPECT_EQ(1, meets(nl, self->peer, va));
	EXPECT_EQ(0, tell(nl, vq).packets);
	/* Renamed under traffic it is another rule's. */
	ASSERT_EQ(0, sh("ip link set va down; ip link set va name vq; ip link set vq up"));
	ASSERT_EQ(0, sh("ping -q -c 1 -W 10 " PEER_V4));
	EXPECT_EQ(1, meets(nl, self->peer, vq));
	EXPECT_EQ(0, meets(nl, self->peer, va));
	EXPECT_EQ(2, tell(nl, va).packets);
	/* Detached it meets nothing, the rules are still there. */
	ASSERT_EQ(0, nexus_detach("vq"));
	EXPECT_EQ(0, meets(nl, self->peer, vq));
	EXPECT_EQ(2, tell(nl, 0).rules);
	EXPECT_STREQ("vq", tell(nl, vq).dev);
}

static int rename_device(const char *from, const char *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, from);
	strcpy(ifr.ifr_newname, to);
	err = ioctl(fd, SIOCSIFNAME, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

/* Makes and removes a rule for any device, each of which compiles that of all. */
struct changer {
	struct nl nl;
	volatile bool stop;
	int done;
	int err;
};

static void *change_rules(void *arg)
{
	struct changer *c = arg;
	uint32_t id;

	while (!c->stop && !c->err) {
		c->err = add_rule(&c->nl, NULL, 60000, 10, &id);
		if (!c->err)
			c->err = del_rule(&c->nl, id);
		c->done += !c->err;
	}
	return NULL;
}

/* One name has a rule, the other many: a table is of the one or of the other. */
TEST_F_TIMEOUT(type_admin, a_device_is_renamed_while_its_rules_are_compiled, 300)
{
	struct changer c = { .stop = false };
	int i, rounds = effort(1000);
	struct nl *nl = &self->nl;
	uint32_t va, vq = 0;
	pthread_t thread;

	ASSERT_EQ(0, add_rule(nl, "va", PORT, 10, &va));
	for (i = 0; i < 300; i++)
		ASSERT_EQ(0, add_rule(nl, "vq", PORT + i, 10, &vq));
	ASSERT_EQ(0, nexus_attach("va"));
	/* Older kernels rename what is down, and no other. */
	ASSERT_EQ(0, sh("ip link set va down"));
	ASSERT_EQ(0, nl_open(&c.nl));
	ASSERT_EQ(0, pthread_create(&thread, NULL, change_rules, &c));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, rename_device("va", "vq"));
		ASSERT_EQ(0, rename_device("vq", "va"));
	}
	c.stop = true;
	pthread_join(thread, NULL);
	close(c.nl.fd);
	EXPECT_EQ(0, c.err);
	EXPECT_LT(0, c.done);
	TH_LOG("%d changes under %d renames", c.done, 2 * rounds);
	/* What is in force is what the name says. */
	ASSERT_EQ(0, sh("ip link set va up; ping -q -c 1 -W 10 " PEER_V4));
	EXPECT_EQ(1, meets(nl, self->peer, va));
	EXPECT_EQ(0, tell(nl, vq).packets);
	EXPECT_EQ(301, tell(nl, 0).rules);
}

TEST_F(type_admin, a_channels_rule_is_for_its_device_whatever_it_is_called)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct unet_type_req r;
	struct chan c;
	uint32_t id;

	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 6, &r));
	EXPECT_STREQ("va", tell(&self->nl, r.id).dev);
	ASSERT_EQ(0, sh("ip link set va down; ip link set va name vq; ip link set vq up"));
	ASSERT_EQ(0, sh("ping -q -c 1 -W 10 " PEER_V4));
	EXPECT_STREQ("vq", tell(&self->nl, r.id).dev);
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(6, next_tag(&c, 2000));
	/* The administrator's of the new name comes before it. */
	ASSERT_EQ(0, add_rule(&self->nl, "vq", PORT, 10, &id));
	EXPECT_EQ(1, meets(&self->nl, self->peer, id));
	EXPECT_EQ(0, next_tag(&c, 100));
	chan_close(&c);
}

/* What ended @c: its rule's handle said so, and the rule is not there any more. */
static bool ended(struct nl *nl, struct chan *c, uint32_t id)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 2000);

	return s && s->flags == UNET_RX_END && !tell(nl, id).there;
}

TEST_F(type_admin, rules_stay_where_they_are_when_a_device_goes)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT + 1, PORT + 1);
	struct nl *nl = &self->nl, other;
	struct unet_type_req r;
	struct chan c;
	uint32_t id;

	ASSERT_EQ(0, add_rule(nl, "va", PORT, 10, &id));
	ASSERT_EQ(0, attach_another());
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 6, &r));
	EXPECT_EQ(1, meets(nl, self->peer, id));
	/* to another namespace, where nothing is known of it */
	ASSERT_EQ(0, sh("ip link set va netns %d", (int)self->t.peer));
	EXPECT_TRUE(ended(nl, &c, r.id));
	chan_close(&c);
	EXPECT_EQ(1, tell(nl, id).rules);
	ASSERT_EQ(0, setns(self->t.ns_peer, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	EXPECT_EQ(0, tell(&other, id).rules);
	EXPECT_NE(0, sh("unetctl nexus va >/dev/null 2>&1"));
	ASSERT_EQ(0, sh("ip link set va netns /proc/%d/fd/%d", (int)getpid(),
			self->t.ns_ours));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	close(other.fd);
	/* and back */
	ASSERT_EQ(0, sh("ip addr add " OUR_V4 "/24 dev va; ip link set va up; unetctl attach va"));
	ASSERT_EQ(0, sh("ping -q -c 1 -W 10 " PEER_V4));
	EXPECT_EQ(1, meets(nl, self->peer, id));
	/* unregistered */
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 6, &r));
	ASSERT_EQ(0, sh("ip link del va"));
	EXPECT_TRUE(ended(nl, &c, r.id));
	EXPECT_EQ(-ENODEV, type_add(&c, &spec, 6, &r));
	chan_close(&c);
	EXPECT_EQ(1, tell(nl, id).rules);
	EXPECT_EQ(2, tell(nl, id).packets);
}

/* ---- what finds no room ---- */

/* One of those that wait behind each other for PORT. */
static int remote_rule(struct nl *nl, const char *dev, int n, uint32_t *id)
{
	uint8_t remote[4] = { 11, 0, 0, n };
	const struct value changes[] = {
		{ UNET_A_REMOTE_ADDR, 4, remote },
		{ UNET_A_IFNAME, dev ? strlen(dev) + 1 : 0, dev }, { 0 }
	};

	return ask_for(nl, UNET_CMD_TYPE_ADD, plain_rule, changes, id);
}

/* What waits for a device is not granted if there will be no room for it there. */
TEST_F(type_admin, too_many_for_one_number_are_too_many_before_the_device_is_there)
{
	struct nl *nl = &self->nl;
	uint32_t id[UNET_TYPE_OVERLAP];
	int i;

	for (i = 0; i < UNET_TYPE_OVERLAP; i++)
		ASSERT_EQ(0, remote_rule(nl, "va", i, &id[i]));
	EXPECT_EQ(-ENOSPC, remote_rule(nl, "va", i, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "wait behind each other"));
	EXPECT_EQ(id[i - 1], nl->about);
	/* Another name has its own. */
	EXPECT_EQ(0, remote_rule(nl, "vc", i, NULL));
	ASSERT_EQ(0, attach_another());
	EXPECT_EQ(-ENOSPC, remote_rule(nl, "va", i, NULL));
	EXPECT_EQ(0, add_rule(nl, "va", PORT + 1, 10, NULL));
}

/* Rules for any device and for one meet where it is attached: some find no room. */
TEST_F(type_admin, what_finds_no_room_on_a_device_is_in_nobodys_way)
{
	struct nl *nl = &self->nl;
	uint32_t any[UNET_TYPE_OVERLAP / 2 + 1], va[UNET_TYPE_OVERLAP / 2 + 1];
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT + 1, PORT + 1);
	uint32_t id, i, half = UNET_TYPE_OVERLAP / 2;
	struct unet_type_req r;
	struct chan c;

	/* Those of a device come before those for any, which are for none in particular. */
	for (i = 0; i <= half; i++)
		ASSERT_EQ(0, remote_rule(nl, "va", 100 + i, &va[i]));
	for (i = 0; i <= half; i++)
		ASSERT_EQ(0, remote_rule(nl, NULL, i, &any[i]));
	ASSERT_EQ(0, attach_another());
	EXPECT_EQ(0, sh("dmesg | grep -q 'va: rule %u is left out'", any[half]));
	/* Neither rules elsewhere nor others here are refused for them. */
	EXPECT_EQ(0, add_rule(nl, "vc", PORT, 10, NULL)) TH_LOG("%s", nl->said);
	EXPECT_EQ(0, add_rule(nl, "va", PORT + 2, 10, &id)) TH_LOG("%s", nl->said);
	EXPECT_EQ(0, move_rule(nl, id, 11)) TH_LOG("%s", nl->said);
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	EXPECT_EQ(0, type_add(&c, &spec, 0, &r));
	chan_close(&c);
	/* One more of the number is, and so is what pushes out another. */
	EXPECT_EQ(-ENOSPC, remote_rule(nl, "va", 200, NULL));
	EXPECT_EQ(-ENOSPC, move_rule(nl, any[half], 5));
	EXPECT_EQ(-ENOSPC, move_rule(nl, any[half], 20));
	/* When there is room it is in force, and counts as any. */
	ASSERT_EQ(0, del_rule(nl, va[0]));
	ASSERT_EQ(0, del_rule(nl, va[1]));
	EXPECT_EQ(0, move_rule(nl, any[half], 20));
	EXPECT_EQ(-ENOSPC, remote_rule(nl, "va", 200, NULL));
	ASSERT_EQ(0, del_rule(nl, va[2]));
	EXPECT_EQ(0, remote_rule(nl, "va", 200, NULL));
	EXPECT_EQ(-ENOSPC, remote_rule(nl, "va", 201, NULL));
}

TEST_HARNESS_MAIN
