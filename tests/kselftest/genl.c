// SPDX-License-Identifier: MIT
/*
 * Description: the netlink family "unet": each command with each attribute wrong
 * is refused by name, rights follow the namespace and the user namespace that owns it,
 * filters and dumps are right while flows come and go, events are told, and random
 * messages do no harm (D11, R7.8).
 */
#include "topo.h"
#include "caps.h"
#include "chan.h"
#include "effort.h"
#include "inter.h"
#include "nl.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#define BIT(n)	(1ull << (n))

#define FLOW_ATTRS	(BIT(UNET_A_IFNAME) | BIT(UNET_A_PROTO) | \
			 BIT(UNET_A_LOCAL_PORT) | BIT(UNET_A_REMOTE_PORT) | \
			 BIT(UNET_A_LOCAL_ADDR) | BIT(UNET_A_REMOTE_ADDR) | \
			 BIT(UNET_A_PID))

#define RULE_ATTRS	(BIT(UNET_A_LAYER) | BIT(UNET_A_DIRECTION) | \
			 BIT(UNET_A_ACTION) | BIT(UNET_A_PROTO) | \
			 BIT(UNET_A_FIRST) | BIT(UNET_A_LAST) | \
			 BIT(UNET_A_PRIORITY) | BIT(UNET_A_FAMILY) | \
			 BIT(UNET_A_LOCAL_ADDR) | BIT(UNET_A_LOCAL_BITS) | \
			 BIT(UNET_A_REMOTE_ADDR) | BIT(UNET_A_REMOTE_BITS) | \
			 BIT(UNET_A_PATTERNS) | BIT(UNET_A_PROG_FD) | \
			 BIT(UNET_A_EXTENSION) | BIT(UNET_A_TYPE_FLAGS))

#define ENTRY_ATTRS	(BIT(UNET_A_UID) | BIT(UNET_A_GID) | \
			 BIT(UNET_A_IFNAME) | BIT(UNET_A_LAYER) | \
			 BIT(UNET_A_PROTO) | BIT(UNET_A_FIRST) | \
			 BIT(UNET_A_LAST) | BIT(UNET_A_DIRECTION) | \
			 BIT(UNET_A_ACTIONS) | BIT(UNET_A_MAX_TYPES))

#define TERMS_ATTRS	(BIT(UNET_IA_RIGHTS) | BIT(UNET_IA_DIRECTIONS) | \
			 BIT(UNET_IA_UID) | BIT(UNET_IA_PRIORITY) | \
			 BIT(UNET_IA_POLICY) | BIT(UNET_IA_AFTER_MS) | \
			 BIT(UNET_IA_HOLD_MS) | BIT(UNET_IA_BACKLOG) | \
			 BIT(UNET_IA_BACKLOG_BYTES) | BIT(UNET_IA_COPY_BYTES) | \
			 BIT(UNET_IA_VIOLATIONS) | BIT(UNET_IA_PROTO) | \
			 BIT(UNET_IA_LOCAL_ADDR) | BIT(UNET_IA_LOCAL_PREFIX) | \
			 BIT(UNET_IA_LOCAL_PORT) | BIT(UNET_IA_REMOTE_ADDR) | \
			 BIT(UNET_IA_REMOTE_PREFIX) | BIT(UNET_IA_REMOTE_PORT) | \
			 BIT(UNET_IA_PATTERNS) | BIT(UNET_IA_PROG_FD) | \
			 BIT(UNET_IA_REDIRECT_PORT))

/* A command of intermediaries has attributes of its own numbers. */
static const struct command {
	const char *name;
	uint8_t cmd;
	uint16_t flags;
	uint64_t takes;
	bool inter;
} commands[] = {
	{ "attach", UNET_CMD_NEXUS_ATTACH, NLM_F_ACK, BIT(UNET_A_IFNAME), false },
	{ "detach", UNET_CMD_NEXUS_DETACH, NLM_F_ACK, BIT(UNET_A_IFNAME), false },
	{ "nexus", UNET_CMD_NEXUS_GET, NLM_F_ACK, BIT(UNET_A_IFNAME), false },
	{ "nexus dump", UNET_CMD_NEXUS_GET, NLM_F_DUMP, BIT(UNET_A_IFNAME), false },
	{ "channel dump", UNET_CMD_CHANNEL_GET, NLM_F_DUMP, BIT(UNET_A_IFNAME), false },
	{ "flow dump", UNET_CMD_FLOW_GET, NLM_F_DUMP, FLOW_ATTRS, false },
	{ "stats dump", UNET_CMD_STATS_GET, NLM_F_DUMP, BIT(UNET_A_IFNAME), false },
	{ "version", UNET_CMD_VERSION_GET, NLM_F_ACK, 0, false },
	{ "type add", UNET_CMD_TYPE_ADD, NLM_F_ACK, RULE_ATTRS | BIT(UNET_A_IFNAME), false },
	{ "type modify", UNET_CMD_TYPE_MODIFY, NLM_F_ACK, RULE_ATTRS | BIT(UNET_A_TYPE), false },
	{ "type priority", UNET_CMD_TYPE_PRIORITY, NLM_F_ACK,
	  BIT(UNET_A_TYPE) | BIT(UNET_A_PRIORITY), false },
	{ "type del", UNET_CMD_TYPE_DEL, NLM_F_ACK, BIT(UNET_A_TYPE), false },
	{ "type dump", UNET_CMD_TYPE_GET, NLM_F_DUMP, BIT(UNET_A_IFNAME), false },
	{ "policy add", UNET_CMD_POLICY_ADD, NLM_F_ACK, ENTRY_ATTRS, false },
	{ "policy del", UNET_CMD_POLICY_DEL, NLM_F_ACK, BIT(UNET_A_POLICY), false },
	{ "policy dump", UNET_CMD_POLICY_GET, NLM_F_DUMP, 0, false },
	{ "grant", UNET_CMD_INTER_GRANT, NLM_F_ACK, TERMS_ATTRS | BIT(UNET_IA_IFNAME), true },
	{ "revoke", UNET_CMD_INTER_REVOKE, NLM_F_ACK, BIT(UNET_IA_GRANT), true },
	{ "grant dump", UNET_CMD_INTER_GET, NLM_F_DUMP, BIT(UNET_IA_IFNAME), true },
};

static uint16_t name_of(const struct command *c)
{
	return c->inter ? UNET_IA_IFNAME : UNET_A_IFNAME;
}

static uint16_t count_of(const struct command *c)
{
	return c->inter ? UNET_IA_COUNT : UNET_A_COUNT;
}

#define SHAPE(attr, word, ...) { UNET_A_##attr, word, \
	sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

/* Payloads an attribute must not have. */
static const struct payload {
	uint16_t attr;
	const char *word;
	uint16_t bytes;
	uint8_t data[24];
} wrong[] = {
	{ UNET_A_IFNAME, "IFNAME", 0, "" },
	SHAPE(IFNAME, "IFNAME", 0),
	SHAPE(IFNAME, "IFNAME", 'v', 'a'),
	SHAPE(IFNAME, "IFNAME", '.', 0),
	SHAPE(IFNAME, "IFNAME", 'v', '/', 'a', 0),
	{ UNET_A_IFNAME, "IFNAME", 17, "abcdefghijklmnop" },
	{ UNET_A_PROTO, "PROTO", 0, "" },
	SHAPE(PROTO, "PROTO", 17, 0),
	SHAPE(PROTO, "PROTO", 17, 0, 0, 0),
	{ UNET_A_LOCAL_PORT, "LOCAL_PORT", 0, "" },
	SHAPE(LOCAL_PORT, "LOCAL_PORT", 80),
	SHAPE(LOCAL_PORT, "LOCAL_PORT", 0, 0),
	SHAPE(LOCAL_PORT, "LOCAL_PORT", 0, 80, 0, 0),
	{ UNET_A_REMOTE_PORT, "REMOTE_PORT", 0, "" },
	SHAPE(REMOTE_PORT, "REMOTE_PORT", 80),
	SHAPE(REMOTE_PORT, "REMOTE_PORT", 0, 0),
	SHAPE(REMOTE_PORT, "REMOTE_PORT", 0, 80, 0),
	{ UNET_A_LOCAL_ADDR, "LOCAL_ADDR", 0, "" },
	SHAPE(LOCAL_ADDR, "LOCAL_ADDR", 10, 9, 0),
	SHAPE(LOCAL_ADDR, "LOCAL_ADDR", 10, 9, 0, 2, 0),
	{ UNET_A_LOCAL_ADDR, "LOCAL_ADDR", 15, "" },
	{ UNET_A_LOCAL_ADDR, "LOCAL_ADDR", 17, "" },
	{ UNET_A_REMOTE_ADDR, "REMOTE_ADDR", 0, "" },
	SHAPE(REMOTE_ADDR, "REMOTE_ADDR", 10, 9, 0),
	{ UNET_A_REMOTE_ADDR, "REMOTE_ADDR", 8, "" },
	{ UNET_A_REMOTE_ADDR, "REMOTE_ADDR", 20, "" },
	{ UNET_A_PID, "PID", 0, "" },
	SHAPE(PID, "PID", 1, 0),
	SHAPE(PID, "PID", 0, 0, 0, 0),
	SHAPE(PID, "PID", 0xff, 0xff, 0xff, 0xff),
	SHAPE(PID, "PID", 1, 0, 0, 0, 0, 0, 0, 0),
	SHAPE(TYPE, "TYPE", 1, 0),
	SHAPE(TYPE, "TYPE", 0, 0, 0, 0),
	SHAPE(LAYER, "LAYER", 0),
	SHAPE(LAYER, "LAYER", 4),
	SHAPE(LAYER, "LAYER", 1, 0),
	SHAPE(DIRECTION, "DIRECTION", 0),
	SHAPE(DIRECTION, "DIRECTION", 4),
	SHAPE(ACTION, "ACTION", 0),
	SHAPE(ACTION, "ACTION", 6),
	SHAPE(ACTION, "ACTION", 2, 0, 0, 0),
	SHAPE(FIRST, "FIRST", 7, 0),
	SHAPE(FIRST, "FIRST", 0, 0, 1, 0),
	SHAPE(LAST, "LAST", 7),
	SHAPE(LAST, "LAST", 0, 0, 1, 0),
	SHAPE(PRIORITY, "PRIORITY", 0, 0, 0, 0),
	SHAPE(PRIORITY, "PRIORITY", 0, 0, 1, 0),
	SHAPE(PRIORITY, "PRIORITY", 1, 0),
	SHAPE(FAMILY, "FAMILY", 4),
	SHAPE(FAMILY, "FAMILY", 2, 0),
	SHAPE(LOCAL_BITS, "LOCAL_BITS", 129),
	SHAPE(LOCAL_BITS, "LOCAL_BITS", 1, 0),
	SHAPE(REMOTE_BITS, "REMOTE_BITS", 129),
	SHAPE(REMOTE_BITS, "REMOTE_BITS", 1, 0),
	{ UNET_A_PATTERNS, "PATTERNS", 0, "" },
	SHAPE(PATTERNS, "PATTERNS", 1, 0, 1, 0),
	SHAPE(PROG_FD, "PROG_FD", 3, 0),
	SHAPE(PROG_FD, "PROG_FD", 0xff, 0xff, 0xff, 0xff),
	{ UNET_A_EXTENSION, "EXTENSION", 0, "" },
	SHAPE(EXTENSION, "EXTENSION", 0),
	SHAPE(EXTENSION, "EXTENSION", 'x'),
	{ UNET_A_EXTENSION, "EXTENSION", 17, "abcdefghijklmnop" },
	SHAPE(TYPE_FLAGS, "TYPE_FLAGS", 2, 0, 0, 0),
	SHAPE(TYPE_FLAGS, "TYPE_FLAGS", 1),
	SHAPE(POLICY, "POLICY", 0, 0, 0, 0),
	SHAPE(POLICY, "POLICY", 1),
	SHAPE(UID, "UID", 1, 0),
	SHAPE(GID, "GID", 1, 0),
	SHAPE(ACTIONS, "ACTIONS", 0, 0, 0, 0),
	SHAPE(ACTIONS, "ACTIONS", 0x20, 0, 0, 0),
	SHAPE(ACTIONS, "ACTIONS", 4),
	SHAPE(MAX_TYPES, "MAX_TYPES", 0, 0, 0, 0),
	SHAPE(MAX_TYPES, "MAX_TYPES", 1, 0x20, 0, 0),
};

/* And of commands of intermediaries; those of terms that depend on another: inter_change.c. */
#define INTER_SHAPE(attr, ...) { UNET_IA_##attr, #attr, \
	sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ } }

static const struct payload inter_wrong[] = {
	{ UNET_IA_IFNAME, "IFNAME", 0, "" },
	INTER_SHAPE(IFNAME, 0),
	INTER_SHAPE(IFNAME, 'v', 'a'),
	INTER_SHAPE(IFNAME, 'v', '/', 'a', 0),
	{ UNET_IA_IFNAME, "IFNAME", 17, "abcdefghijklmnop" },
	{ UNET_IA_GRANT, "GRANT", 0, "" },
	INTER_SHAPE(GRANT, 1, 0),
	INTER_SHAPE(GRANT, 1, 0, 0, 0, 0, 0, 0, 0),
	INTER_SHAPE(RIGHTS, 1, 0),
	INTER_SHAPE(RIGHTS, 0, 0, 0, 0),
	INTER_SHAPE(RIGHTS, 0xff, 0xff, 0xff, 0xff),
	INTER_SHAPE(DIRECTIONS, 1),
	INTER_SHAPE(DIRECTIONS, 0, 0, 0, 0),
	INTER_SHAPE(DIRECTIONS, 4, 0, 0, 0),
	INTER_SHAPE(UID, 1, 0),
	INTER_SHAPE(PRIORITY, 1, 0),
	INTER_SHAPE(POLICY, 3, 0, 0, 0),
	INTER_SHAPE(POLICY, 1),
	INTER_SHAPE(AFTER_MS, 1),
	INTER_SHAPE(HOLD_MS, 0, 0, 0, 0),
	INTER_SHAPE(HOLD_MS, 0xff, 0xff, 0, 0),
	INTER_SHAPE(BACKLOG, 0, 0, 0, 0),
	INTER_SHAPE(BACKLOG, 0xff, 0xff, 0, 0),
	INTER_SHAPE(BACKLOG_BYTES, 1, 0, 0, 0),
	INTER_SHAPE(COPY_BYTES, 0, 0, 1, 0),
	INTER_SHAPE(VIOLATIONS, 1, 0),
	{ UNET_IA_PROTO, "PROTO", 0, "" },
	INTER_SHAPE(PROTO, 17, 0),
	INTER_SHAPE(LOCAL_ADDR, 10, 9, 0),
	INTER_SHAPE(LOCAL_PREFIX, 129),
	INTER_SHAPE(LOCAL_PREFIX, 8, 0),
	INTER_SHAPE(LOCAL_PORT, 0, 0),
	INTER_SHAPE(LOCAL_PORT, 80),
	INTER_SHAPE(REMOTE_ADDR, 10, 9, 0, 2, 0),
	INTER_SHAPE(REMOTE_PREFIX, 129),
	INTER_SHAPE(REMOTE_PREFIX, 8, 0),
	INTER_SHAPE(REMOTE_PORT, 0, 0),
	INTER_SHAPE(REMOTE_PORT, 80),
	{ UNET_IA_PATTERNS, "PATTERNS", 0, "" },
	INTER_SHAPE(PATTERNS, 1, 0, 1, 0),
	INTER_SHAPE(PROG_FD, 3, 0),
	INTER_SHAPE(REDIRECT_PORT, 80),
	INTER_SHAPE(REDIRECT_PORT, 0, 80, 0),
};

FIXTURE(genl) {
	struct topo t;
	struct nl nl;
	struct chan c;
};

FIXTURE_SETUP(genl)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nl_open(&self->nl));
	self->c.fd = -1;
}

FIXTURE_TEARDOWN(genl)
{
	if (self->c.fd >= 0)
		chan_close(&self->c);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

static void count(const struct nl_reply *reply, void *arg)
{
	(void)reply;
	++*(int *)arg;
}

static int dump(struct nl *nl, uint8_t cmd, nl_fn fn, void *arg)
{
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, cmd);
	return nl_ask(nl, &r, fn, arg);
}

static int counted(struct nl *nl, uint8_t cmd)
{
	int n = 0, err = dump(nl, cmd, count, &n);

	return err ? err : n;
}

/* ---- wrong questions ---- */

TEST_F(genl, unknown_commands_are_refused)
{
	static const uint8_t cmds[] = { 0, UNET_CMD_EVENT, UNET_CMD_COUNT, 255 };
	struct nl_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, cmds[i]);
		EXPECT_EQ(-EOPNOTSUPP, nl_ask(&self->nl, &r, NULL, NULL));
		nl_start(&self->nl, &r, self->nl.family, NLM_F_DUMP, cmds[i]);
		EXPECT_EQ(-EOPNOTSUPP, nl_ask(&self->nl, &r, NULL, NULL));
	}
	nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, UNET_CMD_FLOW_GET);
	EXPECT_EQ(-EOPNOTSUPP, nl_ask(&self->nl, &r, NULL, NULL));
}

TEST_F(genl, attributes_a_command_does_not_take_are_refused_by_name)
{
	struct nl *nl = &self->nl;
	uint32_t at, four = 4;
	struct nl_req r;
	unsigned int i;
	uint16_t attr;

	ASSERT_EQ(0, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (attr = 1; attr < count_of(&commands[i]) + 3; attr++) {
			if (commands[i].takes & BIT(attr))
				continue;
			nl_start(nl, &r, nl->family, commands[i].flags,
				 commands[i].cmd);
			if (commands[i].takes & BIT(name_of(&commands[i])))
				nl_put_str(&r, name_of(&commands[i]), "va");
			at = nl_put(&r, attr, &four, sizeof(four));
			EXPECT_EQ(-EINVAL, nl_ask(nl, &r, NULL, NULL))
				TH_LOG("%s, attribute %d", commands[i].name, attr);
			EXPECT_EQ(at, nl->bad)
				TH_LOG("%s, attribute %d", commands[i].name, attr);
			if (attr >= count_of(&commands[i]))
				continue;
			EXPECT_NE(NULL, strstr(nl->said, "this command takes"))
				TH_LOG("%s: '%s'", commands[i].name, nl->said);
		}
	}
	EXPECT_EQ(1, counted(nl, UNET_CMD_NEXUS_GET));
}

/* What a grant needs, but for @attr. */
static void put_least(struct nl_req *r, uint16_t attr)
{
	uint32_t rights = UNET_INTER_OBSERVE_HEADERS;

	if (attr != UNET_IA_IFNAME)
		nl_put_str(r, UNET_IA_IFNAME, "va");
	if (attr != UNET_IA_RIGHTS)
		nl_put(r, UNET_IA_RIGHTS, &rights, sizeof(rights));
}

static void refuses(struct __test_metadata *_metadata, struct nl *nl,
		    const struct command *c, const struct payload *p)
{
	struct nl_req r;
	uint32_t at;

	if (!(c->takes & BIT(p->attr)))
		return;
	nl_start(nl, &r, nl->family, c->flags, c->cmd);
	if (c->cmd == UNET_CMD_INTER_GRANT)
		put_least(&r, p->attr);
	at = nl_put(&r, p->attr, p->data, p->bytes);
	EXPECT_EQ(-EINVAL, nl_ask(nl, &r, NULL, NULL))
		TH_LOG("%s, %s of %u bytes", c->name, p->word, p->bytes);
	EXPECT_EQ(at, nl->bad) TH_LOG("%s, %s", c->name, p->word);
	EXPECT_NE(NULL, strstr(nl->said, p->word))
		TH_LOG("%s, %s of %u bytes: '%s'", c->name, p->word, p->bytes, nl->said);
}

TEST_F(genl, wrong_payloads_are_refused_by_name)
{
	unsigned int i, j;

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].inter)
			for (j = 0; j < ARRAY_SIZE(inter_wrong); j++)
				refuses(_metadata, &self->nl, &commands[i], &inter_wrong[j]);
		else
			for (j = 0; j < ARRAY_SIZE(wrong); j++)
				refuses(_metadata, &self->nl, &commands[i], &wrong[j]);
	}
}

TEST_F(genl, a_missing_name_is_asked_for)
{
	static const uint8_t cmds[] = {
		UNET_CMD_NEXUS_ATTACH, UNET_CMD_NEXUS_DETACH, UNET_CMD_NEXUS_GET,
	};
	struct nl_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, cmds[i]);
		EXPECT_EQ(-EINVAL, nl_ask(&self->nl, &r, NULL, NULL));
		EXPECT_NE(NULL, strstr(self->nl.said, "IFNAME is missing"));
	}
}

TEST_F(genl, devices_that_cannot_be_meant_are_refused_with_the_reason)
{
	struct nl *nl = &self->nl;

	EXPECT_EQ(-ENODEV, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "vb", NULL, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "not a device of this network namespace"));
	EXPECT_EQ(-EOPNOTSUPP, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "lo", NULL, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "loopback"));
	EXPECT_EQ(-ENODEV, nl_device(nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "not attached"));
	EXPECT_EQ(-ENODEV, nl_device(nl, UNET_CMD_NEXUS_GET, "va", NULL, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "not an attached device"));
	ASSERT_EQ(0, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	EXPECT_EQ(-EEXIST, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	EXPECT_NE(NULL, strstr(nl->said, "attached already"));
}

TEST_F(genl, a_dump_of_a_device_that_is_not_attached_is_refused)
{
	struct nl_req r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		/* A rule may wait for its device. */
		if (commands[i].flags != NLM_F_DUMP ||
		    commands[i].cmd == UNET_CMD_TYPE_GET ||
		    commands[i].cmd == UNET_CMD_POLICY_GET)
			continue;
		nl_start(&self->nl, &r, self->nl.family, NLM_F_DUMP,
			 commands[i].cmd);
		nl_put_str(&r, name_of(&commands[i]), "va");
		EXPECT_EQ(-ENODEV, nl_ask(&self->nl, &r, NULL, NULL))
			TH_LOG("%s", commands[i].name);
		EXPECT_NE(NULL, strstr(self->nl.said, "not an attached device"));
	}
}

/* ---- who may ---- */

/* Run @fn in a child; its exit status. */
static int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn(arg));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

#define CHANGES	10	/* commands that change something */

/* Return: of those, how many @nl may not give. */
static int changes_refused(struct nl *nl)
{
	static const uint8_t changes[CHANGES] = {
		UNET_CMD_NEXUS_ATTACH, UNET_CMD_NEXUS_DETACH, UNET_CMD_TYPE_ADD,
		UNET_CMD_TYPE_DEL, UNET_CMD_TYPE_MODIFY, UNET_CMD_TYPE_PRIORITY,
		UNET_CMD_POLICY_ADD, UNET_CMD_POLICY_DEL, UNET_CMD_INTER_GRANT,
		UNET_CMD_INTER_REVOKE,
	};
	struct nl_req r;
	int refused = 0;
	size_t i;

	for (i = 0; i < CHANGES; i++) {
		nl_start(nl, &r, nl->family, NLM_F_ACK, changes[i]);
		refused += nl_ask(nl, &r, NULL, NULL) == -EPERM;
	}
	return refused;
}

static int change_as_nobody(void *arg)
{
	struct nl nl;

	(void)arg;
	if (setgid(65534) || setuid(65534) || nl_open(&nl))
		return 100;
	return changes_refused(&nl);
}

static int dump_as_nobody(void *arg)
{
	struct nl nl;

	(void)arg;
	if (setgid(65534) || setuid(65534) || nl_open(&nl))
		return 100;
	return counted(&nl, UNET_CMD_NEXUS_GET);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

#define LORD	1000	/* an ordinary user, and root of a user namespace */

/* Be it from now on, and root of new @namespaces, too. */
static int be_lord(int namespaces)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", LORD);
	/* Who becomes somebody else outlives its parent, unless it says anew that it does not. */
	return setgid(LORD) || setuid(LORD) || prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	       prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER | namespaces) ||
	       write_file("/proc/self/uid_map", map) ? -1 : 0;
}

/* In a network namespace of its own, with a device. */
static int be_lord_of_a_network(struct nl *nl)
{
	return be_lord(CLONE_NEWNET) || sh("ip link add v0 type veth peer name v1") ||
	       nl_open(nl) ? -1 : nl_device(nl, UNET_CMD_NEXUS_ATTACH, "v0", NULL, NULL);
}

static int attach_in_own_namespace(void *arg)
{
	struct nl nl;

	(void)arg;
	return -be_lord_of_a_network(&nl);
}

TEST_F(genl, changes_need_the_right_over_the_namespace)
{
	EXPECT_EQ(CHANGES, in_child(change_as_nobody, NULL));
	EXPECT_EQ(0, in_child(attach_in_own_namespace, NULL));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	EXPECT_EQ(1, in_child(dump_as_nobody, NULL));
}

/* ---- root of a user namespace ---- */

static int add_rule(struct nl *nl)
{
	struct nl_req r;

	nl_rule(nl, &r, UNET_TYPE_DROP, 7000);
	return nl_ask(nl, &r, NULL, NULL);
}

/* An entry of the policy: @uid, of the caller's user namespace, may have OWN_TYPE. */
static int add_entry(struct nl *nl, uint32_t uid)
{
	const uint32_t ethertype = OWN_TYPE, actions = 1 << UNET_TYPE_DELIVER;
	const uint8_t layer = UNET_TYPE_ETHERTYPE;
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_ACK, UNET_CMD_POLICY_ADD);
	nl_put(&r, UNET_A_LAYER, &layer, sizeof(layer));
	nl_put(&r, UNET_A_FIRST, &ethertype, sizeof(ethertype));
	nl_put(&r, UNET_A_ACTIONS, &actions, sizeof(actions));
	nl_put(&r, UNET_A_UID, &uid, sizeof(uid));
	return nl_ask(nl, &r, NULL, NULL);
}

/* Likewise; and @id of a grant that @uid may claim. */
static int grant_to(struct nl *nl, const char *dev, uint32_t uid, uint32_t *id)
{
	const struct grant g = { .dev = dev, .rights = OBSERVE };
	struct nl_req r;

	inter_grant_req(nl, &r, &g);
	nl_put(&r, UNET_IA_UID, &uid, sizeof(uid));
	return nl_ask(nl, &r, inter_keep_id, id);
}

/* As its root without any capability: it is the user that is asked about. */
static int has_what_uid_0_has(struct nl *nl, uint32_t grant)
{
	struct unet_type_spec own = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_spec other = spec_ether(OTHER_TYPE, OTHER_TYPE);
	struct unet_inter_open o;
	struct unet_type_req r;
	struct chan c, m;

	CHECK(!caps_effective(0));
	CHECK(changes_refused(nl) == CHANGES);
	CHECK(!chan_open(&c, "v0", NULL));
	CHECK(!type_add(&c, &own, 0, &r) && !r.amended);
	CHECK(type_add(&c, &other, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	CHECK(!inter_open(&m, grant, &o));
	return 0;
}

/* Whose is what a dump tells of? */
struct whose {
	uint16_t attr;		/* that says so */
	uint32_t uid;
	int n;
	int others;
};

static void see_whose(const struct nl_reply *reply, void *arg)
{
	struct whose *w = arg;

	w->n++;
	w->others += nl_u32(reply->attr[w->attr]) != w->uid;
}

/* All that has_what_uid_0_has() leaves, and what was made before. */
static const struct {
	uint8_t cmd;
	uint16_t attr;
	int n;
} realm[] = {
	{ UNET_CMD_TYPE_GET, UNET_A_UID, 2 },
	{ UNET_CMD_POLICY_GET, UNET_A_UID, 1 },
	{ UNET_CMD_INTER_GET, UNET_IA_UID, 1 },
	{ UNET_CMD_CHANNEL_GET, UNET_A_UID, 2 },
};

static int is_told_as(struct nl *nl, uint32_t uid)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(realm); i++) {
		struct whose w = { .attr = realm[i].attr, .uid = uid };

		CHECK(!dump(nl, realm[i].cmd, see_whose, &w));
		CHECK(w.n == realm[i].n && !w.others);
	}
	return 0;
}

static int rules_its_own(void)
{
	uint32_t grant = 0, none = 0;
	struct nl nl;

	CHECK(!be_lord_of_a_network(&nl));
	CHECK(!add_rule(&nl));
	CHECK(!add_entry(&nl, 0));
	CHECK(!grant_to(&nl, "v0", 0, &grant) && grant);
	/* Who it is to the host is nobody here. */
	CHECK(add_entry(&nl, LORD) == -EINVAL);
	CHECK(strstr(nl.said, "no user or group of this user namespace"));
	CHECK(grant_to(&nl, "v0", LORD, &none) == -EINVAL);
	CHECK(strstr(nl.said, "no user of the caller's user namespace"));
	CHECK(!has_what_uid_0_has(&nl, grant));
	return is_told_as(&nl, 0);
}

/* Says that it does, and goes on doing so: its files stay open. */
static void rule_on(int ready, void *arg)
{
	(void)arg;
	if (rules_its_own() || write(ready, "", 1) != 1)
		return;
	for (;;)
		pause();
}

TEST_F(genl, root_of_a_user_namespace_rules_the_network_it_owns)
{
	pid_t lord = topo_start(rule_on, NULL);
	struct nl nl;
	int ns;

	ASSERT_LT(0, lord);
	ns = topo_open_ns(lord);
	ASSERT_LE(0, ns);
	ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	/* As who reads it knows it. */
	EXPECT_EQ(0, is_told_as(&nl, LORD));
	/* Nothing of it is here. */
	EXPECT_EQ(0, counted(&self->nl, UNET_CMD_TYPE_GET));
	EXPECT_EQ(0, counted(&self->nl, UNET_CMD_POLICY_GET));
	EXPECT_EQ(0, counted(&self->nl, UNET_CMD_INTER_GET));
	close(nl.fd);
	close(ns);
	kill(lord, SIGKILL);
	waitpid(lord, NULL, 0);
}

static int lords_it_abroad(void *arg)
{
	struct unet_type_spec own = spec_ether(OWN_TYPE, OWN_TYPE);
	struct unet_type_spec low = spec_port(IPPROTO_UDP, 53, 53);
	const uint32_t *grant = arg;
	struct unet_inter_open o;
	struct unet_type_req r;
	struct chan c, m;
	struct nl nl;

	CHECK(!be_lord(0) && !nl_open(&nl));
	CHECK(changes_refused(&nl) == CHANGES);
	CHECK(add_rule(&nl) == -EPERM);
	CHECK(nl_device(&nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL) == -EPERM);
	CHECK(!chan_open(&c, "va", NULL));
	CHECK(type_add(&c, &own, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	CHECK(type_add(&c, &low, 0, &r) == -EPERM && r.reason == UNET_TYPE_NO_RIGHT);
	/* That is for uid 0 of another user namespace. */
	CHECK(inter_open(&m, *grant, &o) == -EPERM);
	return 0;
}

TEST_F(genl, root_of_a_user_namespace_alone_is_nobody_in_the_hosts_network)
{
	uint32_t grant = 0;

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, grant_to(&self->nl, "va", 0, &grant));
	/* Nor does what uid 0 of the host may have say anything of it. */
	ASSERT_EQ(0, add_entry(&self->nl, 0));
	EXPECT_EQ(0, in_child(lords_it_abroad, &grant));
}

TEST_F(genl, other_namespaces_see_nothing)
{
	struct nl nl;

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, setns(self->t.ns_peer, CLONE_NEWNET));
	ASSERT_EQ(0, nl_open(&nl));
	EXPECT_EQ(0, counted(&nl, UNET_CMD_NEXUS_GET));
	EXPECT_EQ(0, counted(&nl, UNET_CMD_CHANNEL_GET));
	EXPECT_EQ(0, counted(&nl, UNET_CMD_STATS_GET));
	EXPECT_EQ(-ENODEV, nl_device(&nl, UNET_CMD_NEXUS_GET, "va", NULL, NULL));
	EXPECT_EQ(-ENODEV, nl_device(&nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL));
	ASSERT_EQ(0, setns(self->t.ns_ours, CLONE_NEWNET));
	EXPECT_EQ(1, counted(&self->nl, UNET_CMD_CHANNEL_GET));
	close(nl.fd);
}

/* ---- right answers ---- */

struct seen {
	char name[32];
	char text[32];
	int channels;
	int flows;
	int pid;
	int uid;
	int state;
	uint64_t arena;
	int n;
};

static void see(const struct nl_reply *reply, void *arg)
{
	struct seen *s = arg;

	snprintf(s->name, sizeof(s->name), "%s", nl_str(reply->attr[UNET_A_IFNAME]));
	snprintf(s->text, sizeof(s->text), "%s",
		 reply->attr[UNET_A_HOOK] ? nl_str(reply->attr[UNET_A_HOOK]) :
					    nl_str(reply->attr[UNET_A_COMM]));
	s->channels = nl_u32(reply->attr[UNET_A_CHANNELS]);
	s->flows = nl_u32(reply->attr[UNET_A_FLOWS]);
	s->pid = nl_u32(reply->attr[UNET_A_PID]);
	s->uid = nl_u32(reply->attr[UNET_A_UID]);
	s->state = nl_u32(reply->attr[UNET_A_STATE]);
	s->arena = nl_u64(reply->attr[UNET_A_ARENA_BYTES]);
	s->n++;
}

TEST_F(genl, nexus_and_channel_are_described)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, NULL, 5000, NULL, 0);
	struct seen nexus = { 0 }, channel = { 0 };
	uint64_t bytes = 0;
	int i;

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_GET, "va", see, &nexus));
	EXPECT_STREQ("va", nexus.name);
	EXPECT_STREQ("rx_handler", nexus.text);
	EXPECT_EQ(1, nexus.channels);
	EXPECT_EQ(1, nexus.flows);
	ASSERT_EQ(0, dump(&self->nl, UNET_CMD_CHANNEL_GET, see, &channel));
	for (i = 0; i < UNET_REGION_COUNT; i++)
		bytes += self->c.bind.layout.region[i].bytes;
	EXPECT_EQ(1, channel.n);
	EXPECT_STREQ("va", channel.name);
	EXPECT_EQ(getpid(), channel.pid);
	EXPECT_EQ(0, channel.uid);
	EXPECT_EQ(1, channel.flows);
	EXPECT_EQ(UNET_CHANNEL_LIVE, channel.state);
	EXPECT_EQ(bytes, channel.arena);
}

static void see_version(const struct nl_reply *reply, void *arg)
{
	*(bool *)arg = reply->attr[UNET_A_VERSION] &&
		       nl_u32(reply->attr[UNET_A_ABI]) == UNET_ABI_VERSION;
}

TEST_F(genl, version_is_told)
{
	bool seen = false;
	struct nl_req r;

	nl_start(&self->nl, &r, self->nl.family, NLM_F_ACK, UNET_CMD_VERSION_GET);
	EXPECT_EQ(0, nl_ask(&self->nl, &r, see_version, &seen));
	EXPECT_TRUE(seen);
}

struct total {
	uint64_t opened;
	size_t bytes;
};

static void see_counters(const struct nl_reply *reply, void *arg)
{
	const struct nlattr *a = reply->attr[UNET_A_COUNTERS];
	struct total *total = arg;

	if (!a)
		return;
	total->bytes = a->nla_len - NLA_HDRLEN;
	memcpy(&total->opened, nl_data(a) + UNET_CNT_CH_OPENED * 8, 8);
}

TEST_F(genl, counters_are_told_in_their_order)
{
	struct total total = { 0 };

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	ASSERT_EQ(0, dump(&self->nl, UNET_CMD_STATS_GET, see_counters, &total));
	EXPECT_EQ(UNET_CNT_COUNT * sizeof(uint64_t), total.bytes);
	EXPECT_EQ(1ull, total.opened);
}

/* ---- filters ---- */

static int filtered(struct nl *nl, uint16_t attr, const void *data, int bytes)
{
	struct nl_req r;
	int n = 0, err;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_FLOW_GET);
	nl_put(&r, attr, data, bytes);
	err = nl_ask(nl, &r, count, &n);
	return err ? err : n;
}

static int filtered_by_port(struct nl *nl, uint16_t attr, int port)
{
	uint16_t be = htons(port);

	return filtered(nl, attr, &be, sizeof(be));
}

static int filtered_by_addr(struct nl *nl, uint16_t attr, const char *text)
{
	uint8_t addr[16];

	if (inet_pton(AF_INET, text, addr) == 1)
		return filtered(nl, attr, addr, 4);
	return inet_pton(AF_INET6, text, addr) == 1 ?
	       filtered(nl, attr, addr, 16) : -EINVAL;
}

TEST_F(genl, each_filter_passes_what_fits)
{
	static const struct {
		int proto, family, lport, rport;
		const char *local, *remote;
	} flows[] = {
		{ IPPROTO_UDP, AF_INET, 5000, 0, NULL, NULL },
		{ IPPROTO_UDP, AF_INET, 5001, 0, OUR_V4, NULL },
		{ IPPROTO_TCP, AF_INET, 5001, 7000, OUR_V4, PEER_V4 },
		{ IPPROTO_TCP, AF_INET6, 5002, 7000, OUR_V6, PEER_V6 },
		{ IPPROTO_TCP, AF_INET6, 5003, 0, NULL, NULL },
	};
	uint8_t udp = IPPROTO_UDP, tcp = IPPROTO_TCP, sctp = IPPROTO_SCTP;
	uint32_t pid = getpid(), other = 1;
	struct nl *nl = &self->nl;
	struct unet_flow_req r;
	unsigned int i;

	ASSERT_EQ(0, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		r = flow_req(flows[i].proto, flows[i].family, flows[i].local,
			     flows[i].lport, flows[i].remote, flows[i].rport);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	}
	EXPECT_EQ(5, counted(nl, UNET_CMD_FLOW_GET));
	EXPECT_EQ(5, filtered(nl, UNET_A_IFNAME, "va", 3));
	EXPECT_EQ(2, filtered(nl, UNET_A_PROTO, &udp, 1));
	EXPECT_EQ(3, filtered(nl, UNET_A_PROTO, &tcp, 1));
	EXPECT_EQ(0, filtered(nl, UNET_A_PROTO, &sctp, 1));
	EXPECT_EQ(1, filtered_by_port(nl, UNET_A_LOCAL_PORT, 5000));
	EXPECT_EQ(2, filtered_by_port(nl, UNET_A_LOCAL_PORT, 5001));
	EXPECT_EQ(2, filtered_by_port(nl, UNET_A_REMOTE_PORT, 7000));
	EXPECT_EQ(0, filtered_by_port(nl, UNET_A_REMOTE_PORT, 5001));
	EXPECT_EQ(2, filtered_by_addr(nl, UNET_A_LOCAL_ADDR, OUR_V4));
	EXPECT_EQ(1, filtered_by_addr(nl, UNET_A_LOCAL_ADDR, OUR_V6));
	EXPECT_EQ(1, filtered_by_addr(nl, UNET_A_REMOTE_ADDR, PEER_V4));
	EXPECT_EQ(1, filtered_by_addr(nl, UNET_A_REMOTE_ADDR, PEER_V6));
	EXPECT_EQ(0, filtered_by_addr(nl, UNET_A_REMOTE_ADDR, OUR_V6));
	EXPECT_EQ(5, filtered(nl, UNET_A_PID, &pid, 4));
	EXPECT_EQ(0, filtered(nl, UNET_A_PID, &other, 4));
}

/*
 * ---- dumps of many ----
 *
 * The kernel fills as much at a time as the socket ever had room for, so these
 * read from a socket that never offered more than 8192 bytes.
 */

#define MANY	20000

struct roll {
	uint8_t times[MANY + 1];
	uint64_t last;
	bool backwards;
	int n;
};

/* Flow @i is the one with 10.(i) at the other end. */
static struct unet_flow_req numbered(uint32_t i)
{
	struct unet_flow_req r = {
		.size = sizeof(r),
		.flags = UNET_FLOW_LOCAL_ADDR | UNET_FLOW_REMOTE |
			 UNET_FLOW_NO_PORTS,
		.family = AF_INET,
		.proto = 253,
	};
	uint32_t remote = htonl(0x0a800000 + i);

	inet_pton(AF_INET, OUR_V4, r.local);
	memcpy(r.remote, &remote, sizeof(remote));
	return r;
}

static void call(const struct nl_reply *reply, void *arg)
{
	uint64_t id = nl_u64(reply->attr[UNET_A_FLOW_ID]);
	struct roll *roll = arg;
	uint32_t i;

	memcpy(&i, nl_data(reply->attr[UNET_A_REMOTE_ADDR]), sizeof(i));
	i = ntohl(i) - 0x0a800000;
	if (i < MANY)
		roll->times[i]++;
	if (roll->n++ && id <= roll->last)
		roll->backwards = true;
	roll->last = id;
}

TEST_F_TIMEOUT(genl, dumps_resume_while_flows_come_and_go, 120)
{
	static const struct unet_params params = { .max_flows = 32768 };
	static uint32_t handle[MANY];
	static struct roll roll;
	struct unet_flow_req r;
	uint32_t i, gone = 1;
	struct nl_req dump;
	int reads = 0, err;
	struct nl slow, *nl = &slow;

	ASSERT_EQ(0, nl_open(&slow));
	ASSERT_EQ(0, sh("ip route add 10.128.0.0/9 via " PEER_V4));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", &params));
	for (i = 0; i < MANY; i++) {
		r = numbered(i);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
		handle[i] = r.flow;
	}
	nl_start(nl, &dump, nl->family, NLM_F_DUMP, UNET_CMD_FLOW_GET);
	ASSERT_EQ(0, nl_send(nl, &dump));
	/* Between two reads one of every third goes, a stranger comes. */
	while ((err = nl_read(nl, 8192, call, &roll)) > 0) {
		reads++;
		ASSERT_EQ(0, gone >= MANY ? 0 :
			     chan_flow_del(&self->c, handle[gone], 0));
		gone += 3;
		r = numbered(MANY + reads);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	}
	ASSERT_EQ(0, err);
	EXPECT_GT(reads, 100);
	EXPECT_FALSE(roll.backwards);
	for (i = 0; i < MANY; i++) {
		int stayed = i % 3 != 1 || i >= gone;

		ASSERT_LE(stayed, roll.times[i]) TH_LOG("flow %u", i);
		ASSERT_LE(roll.times[i], 1) TH_LOG("flow %u", i);
	}
	close(slow.fd);
}

TEST_F(genl, a_dump_survives_its_nexus)
{
	static const struct unet_params params = { .max_flows = 1024 };
	struct nl slow, *nl = &slow;
	struct unet_flow_req r;
	int i, err, n = 0;
	struct nl_req dump;

	ASSERT_EQ(0, sh("ip route add 10.128.0.0/9 via " PEER_V4));
	ASSERT_EQ(0, nl_open(&slow));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", &params));
	for (i = 0; i < 1000; i++) {
		r = numbered(i);
		ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	}
	nl_start(nl, &dump, nl->family, NLM_F_DUMP, UNET_CMD_FLOW_GET);
	ASSERT_EQ(0, nl_send(nl, &dump));
	ASSERT_EQ(1, nl_read(nl, 8192, count, &n));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL));
	do {
		err = nl_read(nl, 8192, count, &n);
	} while (err > 0);
	EXPECT_EQ(0, err);
	EXPECT_GT(n, 0);
	EXPECT_LT(n, 1000);
	close(slow.fd);
}

/* ---- events ---- */

struct event {
	uint8_t cmd;
	int event;
	int reason;
	int pid;
	char name[32];
};

static void keep_event(const struct nl_reply *reply, void *arg)
{
	struct event *e = arg;

	e->cmd = reply->cmd;
	e->event = nl_u32(reply->attr[UNET_A_EVENT]);
	e->reason = nl_u32(reply->attr[UNET_A_REASON]);
	e->pid = nl_u32(reply->attr[UNET_A_PID]);
	snprintf(e->name, sizeof(e->name), "%s",
		 nl_str(reply->attr[UNET_A_IFNAME]));
}

static struct event next_event(struct nl *ear)
{
	struct event e = { 0 };

	if (nl_read(ear, 65536, keep_event, &e) < 0)
		e.event = 0;
	return e;
}

static pid_t channel_in_child(const char *dev)
{
	int ready[2];
	struct chan c;
	pid_t pid;
	char ok;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, NULL,
						  5000, NULL, 0);

		ok = !chan_open(&c, dev, NULL) && !chan_flow_add(&c, &r);
		if (write(ready[1], &ok, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &ok, 1) != 1 || !ok)
		pid = -1;
	close(ready[0]);
	return pid;
}

TEST_F(genl, events_are_told_to_those_who_listen)
{
	struct event e;
	struct nl ear;
	pid_t child;

	ASSERT_EQ(0, nl_open(&ear));
	ASSERT_EQ(0, nl_listen(&ear));
	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	e = next_event(&ear);
	EXPECT_EQ(UNET_CMD_EVENT, e.cmd);
	EXPECT_EQ(UNET_EVENT_ATTACHED, e.event);
	EXPECT_STREQ("va", e.name);

	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	store_release(&self->c.uring->tx_tail, 0x40000000);
	EXPECT_EQ(-EIO, chan_sync(&self->c, UNET_SYNC_TX));
	e = next_event(&ear);
	EXPECT_EQ(UNET_EVENT_POISONED, e.event);
	EXPECT_EQ(UNET_POISON_TX_CURSOR, e.reason);
	EXPECT_EQ(getpid(), e.pid);

	child = channel_in_child("va");
	ASSERT_GT(child, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	e = next_event(&ear);
	EXPECT_EQ(UNET_EVENT_OWNER_DIED, e.event);
	EXPECT_EQ(child, e.pid);

	ASSERT_EQ(0, nl_device(&self->nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL));
	e = next_event(&ear);
	EXPECT_EQ(UNET_EVENT_DETACHED, e.event);
	close(ear.fd);
}

/* ---- random messages ---- */

static uint32_t chance(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void put_random(struct nl_req *r, uint32_t *s)
{
	static const char *const names[] = { "va", "lo", "vb", "", "v/a" };
	uint16_t type = chance(s) % (UNET_A_COUNT + 4);
	uint8_t data[40];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = chance(s);
	if (chance(s) % 8 == 0)
		type |= NLA_F_NESTED;
	if (chance(s) % 8 == 0)
		type |= NLA_F_NET_BYTEORDER;
	if (chance(s) % 4 == 0)
		nl_put_str(r, UNET_A_IFNAME, names[chance(s) % 5]);
	else
		nl_put(r, type, data, chance(s) % sizeof(data));
}

TEST_F_TIMEOUT(genl, random_messages_do_no_harm, 120)
{
	uint32_t s = 0x5eed5eed, n = effort(30000);
	struct nl *nl = &self->nl;
	struct nl_req r;
	int answers[2] = { 0 };

	ASSERT_EQ(0, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	while (n--) {
		nl_start(nl, &r, nl->family, NLM_F_ACK,
			 chance(&s) % (UNET_CMD_COUNT + 2));
		if (chance(&s) % 2)
			r.h.nlmsg_flags |= NLM_F_DUMP;
		r.g.version = chance(&s) % 3;
		r.g.reserved = chance(&s) % 16 ? 0 : chance(&s);
		while (chance(&s) % 4)
			put_random(&r, &s);
		if (chance(&s) % 8 == 0) {	/* cut short within an attribute */
			r.h.nlmsg_len -= chance(&s) % 8;
			if (r.h.nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
				r.h.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
		}
		answers[!nl_ask(nl, &r, NULL, NULL)]++;
	}
	/* The storm held both good and bad requests, and nothing is stuck. */
	EXPECT_GT(answers[0], effort(1000));
	EXPECT_GT(answers[1], effort(1000));
	nl_device(nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL);
	EXPECT_EQ(0, nl_device(nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	EXPECT_EQ(1, counted(nl, UNET_CMD_CHANNEL_GET));
}

TEST_HARNESS_MAIN
