// SPDX-License-Identifier: MIT
/*
 * Description: dumps that take many messages go on where the last one was full:
 * each channel, nexus and nexus' counters are told once, whatever closes meanwhile
 * (D11, R7.8). Those of flows: genl.c.
 */
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "nl.h"
#include "kselftest_harness.h"

#include <ctype.h>

/*
 * The kernel makes its messages as large as the socket ever had room for, but not
 * smaller than this.
 */
#define LITTLE		4096

#define MANY		200	/* channels, or nexuses */
#define LOUD		7	/* the nexus that had a channel */

/* A socket that never had room for more than LITTLE. */
static int open_little(struct nl *little)
{
	struct timeval patience = { .tv_sec = 20 };
	struct nl nl;

	if (nl_open(&nl))
		return -1;
	close(nl.fd);
	memset(little, 0, sizeof(*little));
	little->family = nl.family;
	little->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	return setsockopt(little->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			  sizeof(patience));
}

/* What a dump told: who how often. */
struct roll {
	uint8_t times[MANY];
	uint32_t last;	/* id */
	int n;
	int strange;	/* not of ours, or not as they should be */
	bool backwards;
};

static void enter(struct roll *roll, int i, uint32_t id, bool sound)
{
	if (sound)
		roll->times[i]++;
	else
		roll->strange++;
	if (roll->n++ && id <= roll->last)
		roll->backwards = true;
	roll->last = id;
}

/* "n5" with @word "n": 5; MANY when it is no such name. */
static int number_in(const char *name, const char *word)
{
	size_t len = strlen(word);
	char *end;
	long i;

	if (strncmp(name, word, len) || !isdigit(name[len]))
		return MANY;
	i = strtol(name + len, &end, 10);
	return *end || i >= MANY ? MANY : i;
}

/**
 * struct question - a dump
 * @cmd:	UNET_CMD_*_GET
 * @dev:	only of this device, or NULL
 * @enter:	takes an answer into a struct roll
 * @between:	what is to happen after the first message, or NULL
 */
struct question {
	uint8_t cmd;
	const char *dev;
	nl_fn enter;
	int (*between)(void);
};

/* Return: how many messages it took, or -errno; -ELOOP: it does not end. */
static int dump(struct nl *nl, const struct question *q, struct roll *roll)
{
	int messages = 0, err;
	struct nl_req r;

	memset(roll, 0, sizeof(*roll));
	nl_start(nl, &r, nl->family, NLM_F_DUMP, q->cmd);
	if (q->dev)
		nl_put_str(&r, UNET_A_IFNAME, q->dev);
	err = nl_send(nl, &r);
	if (err)
		return err;
	while ((err = nl_read(nl, LITTLE, q->enter, roll)) > 0) {
		if (++messages > 2 * MANY)
			return -ELOOP;
		if (messages == 1 && q->between && q->between())
			return -EIO;
	}
	return err ? err : messages;
}

/*
 * Those @of whom it was were told once, others not at all. Return: whose number is
 * wrong, or -1.
 */
static int first_strange(const struct roll *roll, int n, bool (*of)(int i))
{
	int i;

	for (i = 0; i < n; i++)
		if (roll->times[i] != of(i))
			return i;
	return -1;
}

static bool is_any(int i)
{
	return true;
}

static bool to_close(int i)
{
	return i % 3 == 1;
}

/*
 * Those that stayed were told once, those that went at most once; and as the first of
 * these was told and the last was not, they did go meanwhile. Return: as above.
 */
static int first_wrong(const struct roll *roll, int n)
{
	int i, last = 0;

	for (i = 0; i < n; i++) {
		if (to_close(i))
			last = i;
		if (roll->times[i] > 1 || (!to_close(i) && !roll->times[i]))
			return i;
	}
	return !roll->times[1] ? 1 : roll->times[last] ? last : -1;
}

/* ---- channels ---- */

static struct chan chans[MANY];

static const char *device_of(int i)
{
	return i % 2 ? "va" : "vc";
}

/* They bear the name their process has when it opens them. */
static int open_all(void)
{
	static const struct unet_params least = {
		.rx_slots = 8,
		.tx_slots = 8,
		.rx_small = 8,
		.rx_large = UNET_PARAM_NONE,
		.tx_bufs = 8,
		.max_flows = 1,
	};
	char name[16];
	int i, err;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "channel %d", i);
		err = prctl(PR_SET_NAME, name) ? -errno :
		      chan_open(&chans[i], device_of(i), &least);
		if (err)
			return err;
	}
	return 0;
}

static int close_if(bool (*which)(int i))
{
	int i;

	for (i = 0; i < MANY; i++)
		if (chans[i].fd > 0 && which(i))
			chan_close(&chans[i]);
	return 0;
}

static int close_every_third(void)
{
	return close_if(to_close);
}

static bool of_va(int i)
{
	return !strcmp(device_of(i), "va");
}

static void enter_channel(const struct nl_reply *reply, void *arg)
{
	const char *dev = nl_str(reply->attr[UNET_A_IFNAME]);
	int i = number_in(nl_str(reply->attr[UNET_A_COMM]), "channel ");

	enter(arg, i, nl_u32(reply->attr[UNET_A_CHANNEL]),
	      i < MANY && !strcmp(dev, device_of(i)));
}

FIXTURE(many_channels) {
	struct topo t;
	struct nl nl;
};

FIXTURE_SETUP(many_channels)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, rtnl_veth("vc", "vd", self->t.peer));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nexus_attach("vc"));
	ASSERT_EQ(0, open_little(&self->nl));
	ASSERT_EQ(0, open_all());
}

FIXTURE_TEARDOWN(many_channels)
{
	close_if(is_any);
	close(self->nl.fd);
	topo_teardown(&self->t);
}

TEST_F(many_channels, each_is_told_once)
{
	struct question q = { UNET_CMD_CHANNEL_GET, NULL, enter_channel, NULL };
	struct roll roll;

	EXPECT_LE(4, dump(&self->nl, &q, &roll));
	EXPECT_EQ(0, roll.strange);
	EXPECT_FALSE(roll.backwards);
	EXPECT_EQ(-1, first_strange(&roll, MANY, is_any));
}

TEST_F(many_channels, each_of_one_nexus_is_told_once)
{
	struct question q = { UNET_CMD_CHANNEL_GET, "va", enter_channel, NULL };
	struct roll roll;

	EXPECT_LE(2, dump(&self->nl, &q, &roll));
	EXPECT_EQ(0, roll.strange);
	EXPECT_FALSE(roll.backwards);
	EXPECT_EQ(-1, first_strange(&roll, MANY, of_va));
}

TEST_F(many_channels, each_is_told_once_while_others_close)
{
	struct question q = {
		UNET_CMD_CHANNEL_GET, NULL, enter_channel, close_every_third,
	};
	struct roll roll;

	EXPECT_LE(4, dump(&self->nl, &q, &roll));
	EXPECT_EQ(0, roll.strange);
	EXPECT_FALSE(roll.backwards);
	EXPECT_EQ(-1, first_wrong(&roll, MANY));
}

/* ---- nexuses and their counters ---- */

static void name_nexus(char *name, int i)
{
	snprintf(name, IFNAMSIZ, "n%d", i);
}

static int number_of(const struct nl_reply *reply)
{
	return number_in(nl_str(reply->attr[UNET_A_IFNAME]), "n");
}

static void enter_nexus(const struct nl_reply *reply, void *arg)
{
	int i = number_of(reply);

	enter(arg, i, nl_u32(reply->attr[UNET_A_IFINDEX]),
	      i < MANY && !strcmp(nl_str(reply->attr[UNET_A_HOOK]), "rx_handler"));
}

/* Only one of them ever had a channel. */
static void enter_stats(const struct nl_reply *reply, void *arg)
{
	const struct nlattr *sums = reply->attr[UNET_A_COUNTERS];
	uint64_t v[UNET_CNT_COUNT] = { 0 };
	bool whole = sums && sums->nla_len == NLA_HDRLEN + sizeof(v);
	int i = number_of(reply);

	if (whole)
		memcpy(v, nl_data(sums), sizeof(v));
	enter(arg, i, nl_u32(reply->attr[UNET_A_IFINDEX]),
	      whole && i < MANY && v[UNET_CNT_CH_OPENED] == (i == LOUD));
}

FIXTURE(many_nexuses) {
	struct topo t;
	struct nl nl;
};

FIXTURE_VARIANT(many_nexuses) {
	uint8_t cmd;
	nl_fn enter;
	int messages;	/* it takes at least */
};

FIXTURE_VARIANT_ADD(many_nexuses, themselves) {
	UNET_CMD_NEXUS_GET, enter_nexus, 3,
};

FIXTURE_VARIANT_ADD(many_nexuses, counters) {
	UNET_CMD_STATS_GET, enter_stats, 10,
};

static int attach_all(pid_t peer)
{
	char name[IFNAMSIZ], other[IFNAMSIZ];
	struct chan c;
	int i, err = 0;

	for (i = 0; i < MANY && !err; i++) {
		name_nexus(name, i);
		snprintf(other, sizeof(other), "p%d", i);
		err = rtnl_veth(name, other, peer);
		if (!err)
			err = nexus_attach(name);
	}
	if (err)
		return err;
	name_nexus(name, LOUD);
	err = chan_open(&c, name, NULL);
	if (!err)
		chan_close(&c);
	return err;
}

FIXTURE_SETUP(many_nexuses)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, open_little(&self->nl));
	ASSERT_EQ(0, attach_all(self->t.peer));
}

FIXTURE_TEARDOWN(many_nexuses)
{
	close(self->nl.fd);
	topo_teardown(&self->t);
}

static int detach_every_third(void)
{
	char name[IFNAMSIZ];
	int i, err = 0;

	for (i = 0; i < MANY && !err; i++) {
		name_nexus(name, i);
		if (to_close(i))
			err = nexus_detach(name);
	}
	return err;
}

TEST_F_TIMEOUT(many_nexuses, each_is_told_once_while_others_go, 120)
{
	struct question q = { variant->cmd, NULL, variant->enter, NULL };
	struct roll roll;

	EXPECT_LE(variant->messages, dump(&self->nl, &q, &roll));
	EXPECT_EQ(0, roll.strange);
	EXPECT_FALSE(roll.backwards);
	EXPECT_EQ(-1, first_strange(&roll, MANY, is_any));

	q.between = detach_every_third;
	EXPECT_LE(variant->messages, dump(&self->nl, &q, &roll));
	EXPECT_EQ(0, roll.strange);
	EXPECT_FALSE(roll.backwards);
	EXPECT_EQ(-1, first_wrong(&roll, MANY));
}

TEST_HARNESS_MAIN
