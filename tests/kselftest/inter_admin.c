// SPDX-License-Identifier: MIT
/*
 * Description: what the administrator asks wrongly of intermediaries over netlink
 * (R4.2) is told by the attribute that says it, wherever that stands in a request that
 * has all there can be: each attribute in each wrong length, and each value that cannot
 * be, alone or beside another. Nothing is granted so, and nothing revoked.
 */
/* libs: -lbpf */
#include "ask.h"
#include "bpf_hand.h"
#include "inter.h"
#include "live.h"
#include "kselftest_harness.h"

FIXTURE(inter_admin) {
	struct live before;
	struct topo t;
	struct nl nl;
	int prog;		/* a socket filter */
	int xdp;		/* a program of another type */
};

FIXTURE_SETUP(inter_admin)
{
	const struct bpf_insn pass[] = { MOV64_IMM(BPF_REG_0, 2), EXIT() };

	self->before = live_now();
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	self->prog = load_byte(0);
	ASSERT_GT(self->prog, 0);
	self->xdp = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp", "GPL", pass, 2, NULL);
	ASSERT_GT(self->xdp, 0);
}

FIXTURE_TEARDOWN(inter_admin)
{
	struct live now;

	close(self->xdp);
	close(self->prog);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* ---- requests ---- */

#define V8(a, v)	{ UNET_IA_##a, 1, (const uint8_t[]){ v } }
#define V32(a, v)	{ UNET_IA_##a, 4, (const uint32_t[]){ v } }
#define VTEXT(a, v)	{ UNET_IA_##a, sizeof(v), v }
#define VBYTES(a, ...)	{ UNET_IA_##a, sizeof((uint8_t[]){ __VA_ARGS__ }), \
			  (const uint8_t[]){ __VA_ARGS__ } }
#define WITHOUT(a)	{ UNET_IA_##a, 0, NULL }

/* The second of two: the first is sound. */
#define SOUND		{ .bytes = 1, .value = { 1 }, .mask = { 1 } }
#define VPATTERN(...)	{ UNET_IA_PATTERNS, 2 * sizeof(struct unet_pattern), \
			  (const struct unet_pattern[]){ SOUND, { __VA_ARGS__ } } }

#define RIGHTS	(OBSERVE | UNET_INTER_DELAY | UNET_INTER_REDIRECT)

/* All that there is to say of a grant, but for the program, which is a descriptor. */
static const struct value whole_grant[] = {
	VTEXT(IFNAME, "va"), V32(RIGHTS, RIGHTS), V32(DIRECTIONS, 3), V32(UID, 0),
	V32(PRIORITY, 7), V32(POLICY, UNET_INTER_FAIL_AFTER), V32(AFTER_MS, 50),
	V32(HOLD_MS, 200), V32(BACKLOG, 8), V32(BACKLOG_BYTES, 65536),
	V32(COPY_BYTES, 65535), V32(VIOLATIONS, 5), V8(PROTO, IPPROTO_UDP),
	VBYTES(LOCAL_ADDR, 10, 9, 0, 2), V8(LOCAL_PREFIX, 32), VBYTES(LOCAL_PORT, 27, 88),
	VBYTES(REMOTE_ADDR, 10, 9, 0, 0), V8(REMOTE_PREFIX, 24),
	VBYTES(REMOTE_PORT, 35, 40), VPATTERN(.bytes = 1, .mask = { 1 }),
	V32(PROG_FD, 0), VBYTES(REDIRECT_PORT, 27, 89), { 0 }
};

#define WORD(a)	[UNET_IA_##a] = #a
static const char *const words[UNET_IA_COUNT] = {
	WORD(IFNAME), WORD(GRANT), WORD(RIGHTS), WORD(DIRECTIONS), WORD(UID),
	WORD(PRIORITY), WORD(POLICY), WORD(AFTER_MS), WORD(HOLD_MS), WORD(BACKLOG),
	WORD(BACKLOG_BYTES), WORD(COPY_BYTES), WORD(VIOLATIONS), WORD(PROTO),
	WORD(LOCAL_ADDR), WORD(LOCAL_PREFIX), WORD(LOCAL_PORT), WORD(REMOTE_ADDR),
	WORD(REMOTE_PREFIX), WORD(REMOTE_PORT), WORD(PATTERNS), WORD(PROG_FD),
	WORD(REDIRECT_PORT),
};

#define CHANGES	8

/* The whole grant but for @changes; with @prog, unless these say another. */
static void ask_grant(struct nl *nl, struct ask *a, int prog,
		      const struct value *changes)
{
	struct value all[CHANGES + 1] = { { 0 } };
	int n;

	for (n = 0; changes[n].attr; n++)
		all[n] = changes[n];
	if (!ask_find(changes, UNET_IA_PROG_FD))
		all[n] = (struct value){ UNET_IA_PROG_FD, 4, &prog };
	ask_start(nl, a, UNET_CMD_INTER_GRANT);
	ask_fill(a, whole_grant, all);
}

static void count(const struct nl_reply *reply, void *num)
{
	++*(int *)num;
}

static int grants(struct nl *nl)
{
	struct nl_req r;
	int num = 0, err;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_INTER_GET);
	err = nl_ask(nl, &r, count, &num);
	return err ? err : num;
}

/* ---- lengths ---- */

static bool is_length(uint16_t attr, uint16_t right, uint16_t bytes)
{
	const uint16_t one = sizeof(struct unet_pattern);

	if (attr == UNET_IA_LOCAL_ADDR || attr == UNET_IA_REMOTE_ADDR)
		return bytes == 4 || bytes == 16;
	if (attr == UNET_IA_PATTERNS)
		return bytes && !(bytes % one) && bytes <= UNET_TYPE_PATTERNS * one;
	return bytes == right;
}

TEST_F(inter_admin, an_attribute_of_another_length_is_named)
{
	static uint8_t bytes[(UNET_TYPE_PATTERNS + 1) * sizeof(struct unet_pattern)];
	const struct value *v;
	struct ask a;
	int wrong = 0;

	ask_grant(&self->nl, &a, self->prog, (const struct value[]){ { 0 } });
	ASSERT_EQ(0, nl_ask(&self->nl, &a.r, NULL, NULL)) TH_LOG("%s", self->nl.said);
	for (v = whole_grant; v->attr; v++) {
		struct value other[] = { { v->attr, 0, bytes }, { 0 } };
		unsigned int most = v->bytes < 9 ? 20 : sizeof(bytes);

		/* Names have lengths of their own. */
		if (v->attr == UNET_IA_IFNAME)
			continue;
		memset(bytes, 1, sizeof(bytes));
		memcpy(bytes, v->data, v->bytes);
		for (; other[0].bytes <= most; other[0].bytes++) {
			if (is_length(v->attr, v->bytes, other[0].bytes))
				continue;
			ask_grant(&self->nl, &a, self->prog, other);
			EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &a.r, NULL, NULL));
			EXPECT_TRUE(ask_named(&self->nl, &a, v->attr, words[v->attr]))
				TH_LOG("%s of %d: '%s', at %u, not %u", words[v->attr],
				       other[0].bytes, self->nl.said, self->nl.bad,
				       a.at[v->attr]);
			wrong++;
		}
	}
	EXPECT_LT(700, wrong);
	EXPECT_EQ(1, grants(&self->nl));
}

/* ---- values ---- */

/* A request that is right but for @changes, which @attr is named for; 0: none can be. */
struct row {
	const char *name;
	struct value changes[CHANGES];
	int err;
	uint16_t attr;
	const char *said;
};

static const struct row rows[] = {
	{ "no right", { V32(RIGHTS, 0) }, -EINVAL, UNET_IA_RIGHTS, "RIGHTS must enable" },
	{ "all rights", { V32(RIGHTS, UNET_INTER_ALL_RIGHTS) }, -EINVAL, UNET_IA_RIGHTS,
	  "RIGHTS must forbid" },
	{ "no such right", { V32(RIGHTS, UNET_INTER_ALL_RIGHTS + 1) }, -EINVAL, UNET_IA_RIGHTS,
	  "RIGHTS has a bit" },
	{ "headers changed blindly", { V32(RIGHTS, UNET_INTER_MODIFY_HEADERS |
	  UNET_INTER_OBSERVE_PAYLOAD) }, -EINVAL, UNET_IA_RIGHTS, "RIGHTS to modify headers" },
	{ "payload changed blindly", { V32(RIGHTS, UNET_INTER_MODIFY_PAYLOAD |
	  UNET_INTER_OBSERVE_HEADERS) }, -EINVAL, UNET_IA_RIGHTS, "RIGHTS to modify payload" },
	{ "no direction", { V32(DIRECTIONS, 0) }, -EINVAL, UNET_IA_DIRECTIONS, "DIRECTIONS must be" },
	{ "a third direction", { V32(DIRECTIONS, 7) }, -EINVAL, UNET_IA_DIRECTIONS,
	  "DIRECTIONS must be" },
	{ "redirection of what goes out", { V32(DIRECTIONS, UNET_INTER_OUTBOUND) },
	  -EINVAL, UNET_IA_DIRECTIONS, "DIRECTIONS must have inbound" },
	{ "nobody", { V32(UID, ~0u) }, -EINVAL, UNET_IA_UID, "UID is no user" },
	{ "no such policy", { V32(POLICY, UNET_INTER_POLICY_COUNT) }, -EINVAL, UNET_IA_POLICY,
	  "POLICY must be" },
	{ "after no time", { V32(AFTER_MS, 0) }, -EINVAL, UNET_IA_AFTER_MS, "AFTER_MS must be" },
	{ "after more than an hour", { V32(AFTER_MS, 3600001) }, -EINVAL, UNET_IA_AFTER_MS,
	  "AFTER_MS must be" },
	{ "a time to be open at once", { V32(POLICY, UNET_INTER_FAIL_OPEN) },
	  -EINVAL, UNET_IA_AFTER_MS, "AFTER_MS goes" },
	{ "a time to be closed", { V32(POLICY, UNET_INTER_FAIL_CLOSED) },
	  -EINVAL, UNET_IA_AFTER_MS, "AFTER_MS goes" },
	{ "no time to hold", { V32(HOLD_MS, 0) }, -EINVAL, UNET_IA_HOLD_MS, "HOLD_MS must be" },
	{ "longer than ten seconds", { V32(HOLD_MS, 10001) }, -EINVAL, UNET_IA_HOLD_MS,
	  "HOLD_MS must be" },
	{ "held without the right", { V32(RIGHTS, RIGHTS & ~UNET_INTER_DELAY) },
	  -EINVAL, UNET_IA_HOLD_MS, "HOLD_MS above" },
	{ "no backlog", { V32(BACKLOG, 0) }, -EINVAL, UNET_IA_BACKLOG, "BACKLOG must be" },
	{ "a large backlog", { V32(BACKLOG, 16385) }, -EINVAL, UNET_IA_BACKLOG, "BACKLOG must be" },
	{ "few bytes", { V32(BACKLOG_BYTES, 65535) }, -EINVAL, UNET_IA_BACKLOG_BYTES,
	  "BACKLOG_BYTES must be" },
	{ "many bytes", { V32(BACKLOG_BYTES, (256u << 20) + 1) }, -EINVAL, UNET_IA_BACKLOG_BYTES,
	  "BACKLOG_BYTES must be" },
	{ "nothing copied", { V32(COPY_BYTES, 0) }, -EINVAL, UNET_IA_COPY_BYTES,
	  "COPY_BYTES must be 1" },
	{ "more copied than there is", { V32(COPY_BYTES, 65536) }, -EINVAL, UNET_IA_COPY_BYTES,
	  "COPY_BYTES must be 1" },
	{ "half a header to change", { V32(RIGHTS, RIGHTS | UNET_INTER_MODIFY_HEADERS),
	  V32(COPY_BYTES, 127) }, -EINVAL, UNET_IA_COPY_BYTES, "COPY_BYTES must be 65535 to" },
	{ "half a payload to change", { V32(RIGHTS, RIGHTS | UNET_INTER_MODIFY_PAYLOAD),
	  V32(COPY_BYTES, 65534) }, -EINVAL, UNET_IA_COPY_BYTES, "COPY_BYTES must be 65535 to" },
	{ "redirection of any protocol", { WITHOUT(PROTO), WITHOUT(LOCAL_PORT),
	  WITHOUT(REMOTE_PORT) }, -EINVAL, 0, "PROTO must be UDP" },
	{ "redirection of TCP", { V8(PROTO, IPPROTO_TCP) }, -EINVAL, UNET_IA_PROTO,
	  "PROTO must be UDP" },
	{ "33 bits of a local address", { V8(LOCAL_PREFIX, 33) }, -EINVAL, UNET_IA_LOCAL_PREFIX,
	  "LOCAL_PREFIX must fit" },
	{ "bits behind the local prefix", { V8(LOCAL_PREFIX, 30) }, -EINVAL, UNET_IA_LOCAL_PREFIX,
	  "LOCAL_PREFIX must fit" },
	{ "no local address", { WITHOUT(LOCAL_ADDR), WITHOUT(REMOTE_ADDR),
	  WITHOUT(REMOTE_PREFIX) }, -EINVAL, UNET_IA_LOCAL_PREFIX, "LOCAL_PREFIX needs" },
	{ "the other address only", { WITHOUT(LOCAL_ADDR) }, -EINVAL, UNET_IA_LOCAL_PREFIX,
	  "LOCAL_PREFIX needs" },
	{ "no remote address", { WITHOUT(REMOTE_ADDR) }, -EINVAL, UNET_IA_REMOTE_PREFIX,
	  "REMOTE_PREFIX needs" },
	{ "33 bits of a remote address", { V8(REMOTE_PREFIX, 33) },
	  -EINVAL, UNET_IA_REMOTE_PREFIX, "REMOTE_PREFIX must fit" },
	{ "bits behind the remote prefix", { V8(REMOTE_PREFIX, 15) },
	  -EINVAL, UNET_IA_REMOTE_PREFIX, "REMOTE_PREFIX must fit" },
	{ "a remote address of IPv6", { VBYTES(REMOTE_ADDR, 0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0,
	  0, 0, 0, 0, 0, 0) }, -EINVAL, UNET_IA_REMOTE_ADDR, "REMOTE_ADDR must be of" },
	{ "a local port of ICMP", { V8(PROTO, IPPROTO_ICMP), WITHOUT(REMOTE_PORT) },
	  -EINVAL, UNET_IA_LOCAL_PORT, "LOCAL_PORT needs" },
	{ "a remote port of ICMP", { V8(PROTO, IPPROTO_ICMP), WITHOUT(LOCAL_PORT) },
	  -EINVAL, UNET_IA_REMOTE_PORT, "REMOTE_PORT needs" },
	{ "local port 0", { VBYTES(LOCAL_PORT, 0, 0) }, -EINVAL, UNET_IA_LOCAL_PORT, "LOCAL_PORT" },
	{ "remote port 0", { VBYTES(REMOTE_PORT, 0, 0) }, -EINVAL, UNET_IA_REMOTE_PORT,
	  "REMOTE_PORT" },
	{ "a pattern of nothing", { VPATTERN(.bytes = 0) }, -EINVAL, UNET_IA_PATTERNS,
	  "PATTERNS must be" },
	{ "a pattern of 33 bytes", { VPATTERN(.bytes = 33, .mask = { 1 }) },
	  -EINVAL, UNET_IA_PATTERNS, "PATTERNS must be" },
	{ "a pattern too far", { VPATTERN(.offset = 1000, .bytes = 1, .mask = { 1 }) },
	  -EINVAL, UNET_IA_PATTERNS, "PATTERNS must be" },
	{ "a pattern of no bit", { VPATTERN(.bytes = 1) }, -EINVAL, UNET_IA_PATTERNS,
	  "PATTERNS must be" },
	{ "a value outside the mask", { VPATTERN(.bytes = 1, .value = { 2 },
	  .mask = { 1 }) }, -EINVAL, UNET_IA_PATTERNS, "PATTERNS must be" },
	{ "a mask behind its bytes", { VPATTERN(.bytes = 1, .mask = { 1, 1 }) },
	  -EINVAL, UNET_IA_PATTERNS, "PATTERNS must be" },
	{ "a pattern with more to it", { VPATTERN(.bytes = 1, .mask = { 1 },
	  .reserved = 1) }, -EINVAL, UNET_IA_PATTERNS, "PATTERNS must be" },
	{ "a descriptor that is closed", { V32(PROG_FD, 1000000) }, -EBADF, UNET_IA_PROG_FD,
	  "PROG_FD is no eBPF program" },
	{ "no descriptor", { V32(PROG_FD, ~0u) }, -EBADF, UNET_IA_PROG_FD,
	  "PROG_FD is no eBPF program" },
	{ "a file that is no program", { V32(PROG_FD, 1) }, -EINVAL, UNET_IA_PROG_FD,
	  "PROG_FD is no eBPF program" },
	{ "nowhere to redirect to", { WITHOUT(REDIRECT_PORT) }, -EINVAL, 0,
	  "REDIRECT_PORT must be 1" },
	{ "redirection to port 0", { VBYTES(REDIRECT_PORT, 0, 0) },
	  -EINVAL, UNET_IA_REDIRECT_PORT, "REDIRECT_PORT must be 1" },
	{ "a port without the right", { V32(RIGHTS, RIGHTS & ~UNET_INTER_REDIRECT) },
	  -EINVAL, UNET_IA_REDIRECT_PORT, "REDIRECT_PORT goes" },
	{ "a device that is not attached", { VTEXT(IFNAME, "lo") }, -ENODEV, UNET_IA_IFNAME,
	  "IFNAME is not an attached" },
	{ "a device there is not", { VTEXT(IFNAME, "vz") }, -ENODEV, UNET_IA_IFNAME,
	  "IFNAME is not an attached" },
};

/* Return: it was treated as it says. */
static bool try_row(struct nl *nl, int prog, const struct row *row)
{
	struct ask a;
	int err;

	ask_grant(nl, &a, prog, row->changes);
	err = nl_ask(nl, &a.r, NULL, NULL);
	if (err == row->err && nl->bad == a.at[row->attr] &&
	    !strncmp(nl->said, row->said, strlen(row->said)))
		return true;
	printf("# %s: %d, '%s', attribute at %u, not %u\n", row->name, err, nl->said,
	       nl->bad, a.at[row->attr]);
	fflush(stdout);
	return false;
}

TEST_F(inter_admin, each_wrong_value_is_named_with_what_is_right)
{
	const struct row xdp = {
		"a program of another type", { { UNET_IA_PROG_FD, 4, &self->xdp } },
		-EINVAL, UNET_IA_PROG_FD, "PROG_FD is no eBPF program"
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_TRUE(try_row(&self->nl, self->prog, &rows[i]));
	EXPECT_TRUE(try_row(&self->nl, self->prog, &xdp));
	EXPECT_EQ(0, grants(&self->nl));
}

/* ---- which one ---- */

static int ask_revoke(struct nl *nl, struct ask *a, const void *id, uint16_t bytes)
{
	const struct value one[] = { { UNET_IA_GRANT, bytes, id }, { 0 } };

	ask_start(nl, a, UNET_CMD_INTER_REVOKE);
	ask_fill(a, one, (const struct value[]){ { 0 } });
	return nl_ask(nl, &a->r, NULL, NULL);
}

TEST_F(inter_admin, which_grant_to_revoke_is_four_bytes)
{
	struct nl *nl = &self->nl;
	struct grant g = { .rights = OBSERVE };
	uint32_t ids[6], bytes, none;
	struct ask a;

	ASSERT_EQ(0, inter_grant(nl, &g, &ids[0]));
	none = ids[0] + 1;
	memset(ids + 1, 0, sizeof(ids) - sizeof(ids[0]));
	for (bytes = 0; bytes <= 20; bytes++) {
		if (bytes == 4)
			continue;
		EXPECT_EQ(-EINVAL, ask_revoke(nl, &a, ids, bytes));
		EXPECT_TRUE(ask_named(nl, &a, UNET_IA_GRANT, "GRANT must be four bytes"))
			TH_LOG("%u bytes: '%s'", bytes, nl->said);
	}
	EXPECT_EQ(-ENOENT, ask_revoke(nl, &a, &none, 4));
	EXPECT_TRUE(ask_named(nl, &a, UNET_IA_GRANT, "GRANT is no grant"));
	EXPECT_EQ(-ENOENT, ask_revoke(nl, &a, &ids[1], 4));
	EXPECT_TRUE(ask_named(nl, &a, UNET_IA_GRANT, "GRANT is no grant"));
	EXPECT_EQ(-EINVAL, ask_revoke(nl, &a, NULL, 0));
	EXPECT_EQ(UNET_IA_GRANT, nl->missing);
	EXPECT_EQ(1, grants(nl));
	EXPECT_EQ(0, ask_revoke(nl, &a, ids, 4));
	EXPECT_EQ(0, grants(nl));
	EXPECT_EQ(-ENOENT, ask_revoke(nl, &a, ids, 4));
}

/* Ids are the host's, but each namespace has its own grants. */
TEST_F(inter_admin, a_grant_of_another_namespace_is_none)
{
	struct grant g = { .rights = OBSERVE };
	uint32_t id;
	struct nl other;
	struct ask a;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &id));
	ASSERT_EQ(0, setns(self->t.ns_peer, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&other));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	EXPECT_EQ(-ENOENT, ask_revoke(&other, &a, &id, 4));
	EXPECT_TRUE(ask_named(&other, &a, UNET_IA_GRANT, "GRANT is no grant"));
	EXPECT_EQ(0, grants(&other));
	EXPECT_EQ(1, grants(&self->nl));
	close(other.fd);
}

TEST_HARNESS_MAIN
