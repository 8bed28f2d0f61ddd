// SPDX-License-Identifier: MIT
/*
 * Description: who claims a grant, and how that is told (R4.2, R4.10). One that is for
 * an ordinary user is claimed by him, and serves; by no other user; by who administers
 * the network, too, one at a time. The flow shows its chain: each grant in order of
 * priority, with the process that serves it, or none.
 */
#include "inter_bed.h"

#define USER	1000
#define CHAIN	256	/* of the text */

/* ---- users ---- */

/* In a child: claim grant @arg. Return: errno, 0: it was claimed. */
static int claims(void *arg)
{
	struct unet_inter_open o;
	struct chan m;

	return -inter_open(&m, *(uint32_t *)arg, &o);
}

static void serve_as_user(int ready, void *arg)
{
	struct unet_inter_open o;
	struct chan m;

	if (setgroups(0, NULL) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER) || inter_open(&m, *(uint32_t *)arg, &o) ||
	    write(ready, "r", 1) != 1)
		_exit(1);
	while (inter_accept_all(&m, 1000) >= 0)
		;
	_exit(2);
}

TEST_F(inter, the_user_it_is_for_claims_it_and_no_other)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
			   .uid = USER };
	pid_t pid;

	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id));
	EXPECT_EQ(EPERM, as_user(USER + 1, claims, &self->id));
	EXPECT_EQ(UNET_INTER_WAITING, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(0, as_user(USER, claims, &self->id));
	EXPECT_EQ(EPERM, as_user(USER + 1, claims, &self->id));
	/* While he serves nobody else does, whoever it is. */
	pid = topo_start(serve_as_user, &self->id);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(UNET_INTER_SERVING, inter_look(&self->nl, self->id).state);
	EXPECT_EQ(EPERM, as_user(USER + 1, claims, &self->id));
	EXPECT_EQ(EBUSY, as_user(USER, claims, &self->id));
	EXPECT_EQ(-EBUSY, inter_open(&self->m, self->id, &self->o));
	self->m.fd = -1;
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 10000));
	EXPECT_EQ(1, STAT(ACCEPTED));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Free again, it is the administrator's, too. */
	ASSERT_EQ(0, inter_open(&self->m, self->id, &self->o));
	EXPECT_EQ(EBUSY, as_user(USER, claims, &self->id));
}

/* ---- the chain of a flow, as a dump tells it ---- */

struct chain {
	uint32_t flow;
	uint32_t found;
	char text[CHAIN];
};

static void keep_chain(const struct nl_reply *reply, void *arg)
{
	struct chain *c = arg;

	if (nl_u32(reply->attr[UNET_A_FLOW]) != c->flow)
		return;
	c->found++;
	snprintf(c->text, sizeof(c->text), "%s", nl_str(reply->attr[UNET_A_CHAIN]));
}

/* "" without one, "?" without that flow. */
static struct chain chain_of(struct nl *nl, uint32_t flow)
{
	struct chain c = { .flow = flow };
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_FLOW_GET);
	if (nl_ask(nl, &r, keep_chain, &c) || c.found != 1)
		strcpy(c.text, "?");
	return c;
}

/* A grant and the process that serves it, NULL: nobody. */
struct member {
	uint32_t id;
	pid_t pid;
};

/* One after the other, as it should be told. */
static struct chain chain_with(const struct member *m, int n)
{
	struct chain c = { .found = 1 };
	char name[16] = "";
	int i, at = 0;

	prctl(PR_GET_NAME, name);
	for (i = 0; i < n; i++) {
		at += snprintf(c.text + at, CHAIN - at, "%s%u:", i ? "," : "", m[i].id);
		at += m[i].pid ?
		      snprintf(c.text + at, CHAIN - at, "%s[%d]", name, (int)m[i].pid) :
		      snprintf(c.text + at, CHAIN - at, "-");
	}
	return c;
}

#define TOLD(...)							\
do {									\
	const struct member m[] = { __VA_ARGS__ };			\
	struct chain is = chain_of(&self->nl, self->flow);		\
	struct chain should = chain_with(m, sizeof(m) / sizeof(m[0]));	\
									\
	EXPECT_STREQ(should.text, is.text);				\
} while (0)

static void ends(struct member *m)
{
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
	m->pid = 0;
}

static int granted(struct nl *nl, struct member *m, int32_t priority)
{
	struct grant g = { .rights = OBSERVE | UNET_INTER_DELAY, .hold_ms = 10000,
			   .priority = priority };

	m->pid = 0;
	return inter_grant(nl, &g, &m->id);
}

TEST_F(inter, a_flow_tells_its_chain_in_order_of_priority)
{
	struct member last, first, second, idle;

	EXPECT_STREQ("", chain_of(&self->nl, self->flow).text);
	/* Of one priority the older is first. */
	ASSERT_EQ(0, granted(&self->nl, &second, 7));
	ASSERT_EQ(0, granted(&self->nl, &first, -7));
	ASSERT_EQ(0, granted(&self->nl, &last, 7));
	ASSERT_EQ(0, granted(&self->nl, &idle, 0));
	EXPECT_STREQ("", chain_of(&self->nl, self->flow).text);
	last.pid = inter_process(last.id);
	TOLD(last);
	first.pid = inter_process(first.id);
	TOLD(first, last);
	second.pid = inter_process(second.id);
	TOLD(first, second, last);
	/* Who has died keeps its place; who never came has none. */
	ends(&second);
	TOLD(first, second, last);
	ends(&last);
	TOLD(first, second, last);
	ends(&first);
	TOLD(first, second, last);
	/* Another process takes it. */
	second.pid = inter_process(second.id);
	TOLD(first, second, last);
	ASSERT_EQ(0, inter_revoke(&self->nl, first.id));
	TOLD(second, last);
	idle.pid = inter_process(idle.id);
	TOLD(idle, second, last);
	ASSERT_EQ(0, inter_revoke(&self->nl, last.id));
	TOLD(idle, second);
	ASSERT_EQ(0, inter_revoke(&self->nl, second.id));
	ASSERT_EQ(0, inter_revoke(&self->nl, idle.id));
	EXPECT_STREQ("", chain_of(&self->nl, self->flow).text);
	ends(&second);
	ends(&idle);
}

#define MANY	20

/* Of so many there is no room for all: the first are told, each to its end. */
TEST_F(inter, what_does_not_fit_is_left_out_whole)
{
	char all[CHAIN * 4], name[16] = "", *cut;
	struct chan m[MANY];
	struct member in;
	int i, at = 0;

	prctl(PR_GET_NAME, name);
	for (i = 0; i < MANY; i++) {
		struct unet_inter_open o;

		ASSERT_EQ(0, granted(&self->nl, &in, i));
		ASSERT_EQ(0, inter_open(&m[i], in.id, &o));
		at += snprintf(all + at, sizeof(all) - at, "%s%u:%s[%d]", i ? "," : "", in.id,
			       name, (int)getpid());
	}
	ASSERT_LT(CHAIN, at);
	/* What is behind the last comma that fits would not fit. */
	all[CHAIN] = '\0';
	cut = strrchr(all, ',');
	ASSERT_NE(NULL, cut);
	*cut = '\0';
	EXPECT_STREQ(all, chain_of(&self->nl, self->flow).text);
	for (i = 0; i < MANY; i++)
		chan_close(&m[i]);
}

/* What a process calls itself ends no entry, and begins none. */
TEST_F(inter, a_name_is_only_a_name)
{
	static const struct {
		const char *is, *told;
	} names[] = {
		{ "a],7:b[1\n\x7f\xff", "a??7?b?1???" }, { "is fine (2.0)", "is fine (2.0)" },
	};
	char ours[16] = "";
	struct member named;
	int i;

	prctl(PR_GET_NAME, ours);
	ASSERT_EQ(0, granted(&self->nl, &named, 0));
	for (i = 0; i < 2; i++) {
		prctl(PR_SET_NAME, names[i].is);
		named.pid = inter_process(named.id);
		ASSERT_LT(0, named.pid);
		prctl(PR_SET_NAME, names[i].told);
		TOLD(named);
		ends(&named);
	}
	prctl(PR_SET_NAME, ours);
}

/* In a child: what is told of @arg's flow. */
static int is_told(void *arg)
{
	struct _test_data_inter *b = arg;
	struct member m = { b->id, getppid() };
	struct nl nl;

	CHECK(!nl_open(&nl));
	CHECK(!strcmp(chain_with(&m, 1).text, chain_of(&nl, b->flow).text));
	CHECK(inter_look(&nl, b->id).state == UNET_INTER_SERVING);
	CHECK(inter_revoke(&nl, b->id) == -EPERM);
	return 0;
}

TEST_F(inter, who_sees_a_flow_sees_its_chain_whoever_it_is)
{
	IN(.rights = OBSERVE);
	EXPECT_EQ(0, as_user(USER, is_told, self));
}

TEST_HARNESS_MAIN
