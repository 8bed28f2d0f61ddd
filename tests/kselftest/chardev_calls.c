// SPDX-License-Identifier: MIT
/*
 * Description: every ioctl of /dev/unet made as it should be but for one thing: a
 * byte of a reserved field, memory that cannot take the answer, a file that is none
 * of ours, a channel that is poisoned or detached (R7.1, R7.8). Each row is sound
 * otherwise, and is seen to pass without it. A call whose answer cannot be written was
 * carried out. Nothing is left of any of them.
 */
#include "any_arg.h"
#include "inter.h"
#include "live.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#include <stddef.h>

struct world {
	struct topo t;
	struct nl nl;
	struct chan c;		/* the one that calls */
	struct chan other;	/* has rules to join */
	uint32_t grant;
	int port;		/* next one that is free */
};

FIXTURE(calls) {
	struct world w;
	struct live before;
};

/* ---- sound arguments; what they need is made first ---- */

typedef int (*make_fn)(struct world *w, union any_arg *a);

static int make_plain(struct world *w, union any_arg *a)
{
	(void)w;
	(void)a;
	return 0;
}

static int make_bind(struct world *w, union any_arg *a)
{
	(void)w;
	strcpy(a->bind.nexus, "va");
	return 0;
}

static int make_flow_add(struct world *w, union any_arg *a)
{
	a->flow_req = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, w->port++, NULL, 0);
	return 0;
}

static uint32_t a_flow(struct world *w)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, w->port++,
					  NULL, 0);

	return chan_flow_add(&w->c, &r) ? UNET_NO_FLOW : r.flow;
}

static int make_flow_del(struct world *w, union any_arg *a)
{
	a->flow_del.flow = a_flow(w);
	return 0;
}

static int make_flow_set(struct world *w, union any_arg *a)
{
	a->flow_set.flow = a_flow(w);
	return 0;
}

static struct unet_type_spec a_spec(struct world *w)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, w->port, w->port);

	w->port++;
	spec.num_patterns = 1;
	spec.pattern[0] = pattern_byte(0, 1, 0xff);
	return spec_does(spec, UNET_TYPE_DELIVER);
}

static uint32_t a_rule(struct world *w, struct chan *c)
{
	struct unet_type_spec spec = a_spec(w);
	struct unet_type_req r;

	return type_add(c, &spec, 0, &r) ? 0 : r.id;
}

static int make_type_add(struct world *w, union any_arg *a)
{
	a->type_req.spec = a_spec(w);
	return 0;
}

static int make_type_modify(struct world *w, union any_arg *a)
{
	a->type_req.id = a_rule(w, &w->c);
	a->type_req.spec = a_spec(w);
	return 0;
}

static int make_type_ref(struct world *w, union any_arg *a)
{
	a->type_ref.id = a_rule(w, &w->c);
	a->type_ref.priority = 5000;
	return 0;
}

static int make_type_join(struct world *w, union any_arg *a)
{
	a->type_ref.id = a_rule(w, &w->other);
	return 0;
}

static int make_inter_open(struct world *w, union any_arg *a)
{
	a->inter_open.grant = w->grant;
	return 0;
}

#define CALL(nr, type, make, ...) \
	{ #nr, UNET_IOC_##nr, sizeof(struct type), make, __VA_ARGS__ }

static const struct call {
	const char *name;
	unsigned long nr;
	uint32_t size;
	make_fn make;
	int live;	/* what the call answers in this state of its channel */
	int poisoned;
	int detached;
} calls[] = {
	CALL(QUERY, unet_query, make_plain, 0, 0, 0),
	CALL(BIND, unet_bind, make_bind, -EBUSY, -EBUSY, -EBUSY),
	CALL(FLOW_ADD, unet_flow_req, make_flow_add, 0, -EIO, -ENODEV),
	CALL(FLOW_DEL, unet_flow_del, make_flow_del, 0, -EIO, -ENODEV),
	CALL(FLOW_SET, unet_flow_set, make_flow_set, 0, -EIO, -ENODEV),
	CALL(SYNC, unet_sync, make_plain, 0, -EIO, -ENODEV),
	CALL(STATE, unet_state, make_plain, 0, 0, 0),
	CALL(TYPE_ADD, unet_type_req, make_type_add, 0, -EIO, -ENODEV),
	CALL(TYPE_MODIFY, unet_type_req, make_type_modify, 0, -EIO, -ENODEV),
	CALL(TYPE_PRIORITY, unet_type_ref, make_type_ref, 0, -EIO, -ENODEV),
	CALL(TYPE_DEL, unet_type_ref, make_type_ref, 0, -EIO, -ENODEV),
	CALL(TYPE_JOIN, unet_type_ref, make_type_join, 0, -EIO, -ENODEV),
	CALL(INTER_OPEN, unet_inter_open, make_inter_open, -EBUSY, -EBUSY, -EBUSY),
	CALL(INTER_FLOW, unet_inter_flow, make_plain, -EINVAL, -EINVAL, -EINVAL),
};

static int sound(struct world *w, const struct call *call, union any_arg *a)
{
	memset(a, 0, sizeof(*a));
	if (call->make(w, a))
		return -1;
	a->size = call->size;
	return 0;
}

FIXTURE_SETUP(calls)
{
	const struct grant g = { .rights = UNET_INTER_OBSERVE_HEADERS };

	self->before = live_now();
	ASSERT_EQ(0, topo_setup(&self->w.t));
	ASSERT_EQ(0, nl_open(&self->w.nl));
	ASSERT_EQ(0, nl_device(&self->w.nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL));
	ASSERT_EQ(0, inter_grant(&self->w.nl, &g, &self->w.grant));
	ASSERT_EQ(0, chan_open(&self->w.c, "va", NULL));
	ASSERT_EQ(0, chan_open(&self->w.other, "va", NULL));
	self->w.port = 2000;
}

FIXTURE_TEARDOWN(calls)
{
	struct live now;

	chan_close(&self->w.other);
	chan_close(&self->w.c);
	/* One test has done so. */
	nl_device(&self->w.nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL);
	close(self->w.nl.fd);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
	topo_teardown(&self->w.t);
}

TEST_F(calls, each_is_sound_but_for_the_state)
{
	union any_arg a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ASSERT_EQ(0, sound(&self->w, &calls[i], &a));
		EXPECT_EQ(calls[i].live, chan_ioctl(self->w.c.fd, calls[i].nr, &a))
			TH_LOG("%s", calls[i].name);
	}
}

/* ---- reserved fields ---- */

#define RESERVED(nr, type, field) \
	{ UNET_IOC_##nr, #nr " " #field, offsetof(struct type, field), \
	  sizeof(((struct type *)0)->field) }

static const struct {
	unsigned long nr;
	const char *name;
	size_t at;
	size_t bytes;
} reserved[] = {
	RESERVED(FLOW_ADD, unet_flow_req, reserved),
	RESERVED(FLOW_ADD, unet_flow_req, reserved2),
	RESERVED(FLOW_ADD, unet_flow_req, reserved3),
	RESERVED(FLOW_DEL, unet_flow_del, reserved),
	RESERVED(FLOW_SET, unet_flow_set, reserved),
	RESERVED(TYPE_ADD, unet_type_req, spec.reserved),
	RESERVED(TYPE_ADD, unet_type_req, spec.pattern[0].reserved),
	RESERVED(TYPE_ADD, unet_type_req, spec.pattern[1].reserved),
	RESERVED(TYPE_MODIFY, unet_type_req, spec.reserved),
	RESERVED(TYPE_MODIFY, unet_type_req, spec.pattern[0].reserved),
	RESERVED(INTER_OPEN, unet_inter_open, reserved),
	RESERVED(INTER_FLOW, unet_inter_flow, reserved),
};

static const struct call *call_of(unsigned long nr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	abort();
}

TEST_F(calls, each_byte_of_a_reserved_field_must_be_zero)
{
	union any_arg a;
	unsigned int i;
	size_t b;

	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		for (b = 0; b < reserved[i].bytes; b++) {
			ASSERT_EQ(0, sound(&self->w, call_of(reserved[i].nr), &a));
			a.bytes[reserved[i].at + b] = 1;
			EXPECT_EQ(-EINVAL, chan_ioctl(self->w.c.fd, reserved[i].nr, &a))
				TH_LOG("%s byte %zu", reserved[i].name, b);
		}
}

/* Where a bound channel says no to a sound one, too. */
TEST_F(calls, an_intermediary_that_would_pass_needs_them_zero)
{
	int fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	struct unet_inter_flow q = { .size = sizeof(q), .flow = 1 };
	union any_arg a;

	ASSERT_EQ(0, sound(&self->w, call_of(UNET_IOC_INTER_OPEN), &a));
	a.inter_open.reserved = 1;
	EXPECT_EQ(-EINVAL, chan_ioctl(fd, UNET_IOC_INTER_OPEN, &a));
	a.inter_open.reserved = 0;
	EXPECT_EQ(0, chan_ioctl(fd, UNET_IOC_INTER_OPEN, &a));
	EXPECT_EQ(-ENOENT, chan_ioctl(fd, UNET_IOC_INTER_FLOW, &q));
	q.reserved = 1;
	EXPECT_EQ(-EINVAL, chan_ioctl(fd, UNET_IOC_INTER_FLOW, &q));
	close(fd);
}

/* ---- answers ---- */

TEST_F(calls, answers_to_read_only_memory_fault)
{
	union any_arg *ro = mmap(NULL, sizeof(*ro), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, ro);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].live)
			continue;
		ASSERT_EQ(0, mprotect(ro, sizeof(*ro), PROT_READ | PROT_WRITE));
		ASSERT_EQ(0, sound(&self->w, &calls[i], ro));
		ASSERT_EQ(0, mprotect(ro, sizeof(*ro), PROT_READ));
		EXPECT_EQ(-EFAULT, chan_ioctl(self->w.c.fd, calls[i].nr, ro))
			TH_LOG("%s", calls[i].name);
	}
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->w.c, NULL));
	munmap(ro, sizeof(*ro));
}

/* @call as it should be, made with an answer that cannot be written. */
static int call_unheard(struct world *w, const struct call *call, int fd)
{
	union any_arg *ro = mmap(NULL, sizeof(*ro), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (ro == MAP_FAILED || sound(w, call, ro) ||
	    mprotect(ro, sizeof(*ro), PROT_READ))
		return -1;
	err = chan_ioctl(fd, call->nr, ro);
	munmap(ro, sizeof(*ro));
	return err;
}

TEST_F(calls, a_bind_whose_answer_faults_has_bound)
{
	struct chan c = { .fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC) };
	const struct call *call = call_of(UNET_IOC_BIND);
	const struct live before = live_now();
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, 1999, NULL, 0);
	long long opened = nexus_counter("va", "ch_opened");
	union any_arg a;
	struct live now;

	ASSERT_LE(0, c.fd);
	EXPECT_EQ(UNET_CHANNEL_UNBOUND, chan_state(&c, NULL));
	EXPECT_EQ(-EFAULT, call_unheard(&self->w, call, c.fd));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&c, NULL));
	EXPECT_EQ(opened + 1, nexus_counter("va", "ch_opened"));
	EXPECT_EQ(-EBUSY, call_unheard(&self->w, call, c.fd));
	ASSERT_EQ(0, sound(&self->w, call, &a));
	EXPECT_EQ(-EBUSY, chan_ioctl(c.fd, call->nr, &a));
	EXPECT_EQ(0, chan_flow_add(&c, &r));
	close(c.fd);
	EXPECT_EQ(opened + 1, nexus_counter("va", "ch_opened"));
	/* @before has the file itself. */
	c.fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	EXPECT_TRUE(live_returns_to(&before, &now))
		TH_LOG("before: %s after: %s", before.text, now.text);
	EXPECT_EQ(0, chan_ioctl(c.fd, call->nr, &a));
	close(c.fd);
}

TEST_F(calls, a_claim_whose_answer_faults_is_one_until_it_is_closed)
{
	struct chan c = { .fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC) };
	struct chan next = { .fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC) };
	const struct call *call = call_of(UNET_IOC_INTER_OPEN);
	const struct live before = live_now();
	struct unet_inter_flow q = { .size = sizeof(q), .flow = 1 };
	union any_arg a;
	struct live now;

	ASSERT_LE(0, c.fd);
	EXPECT_EQ(-EFAULT, call_unheard(&self->w, call, c.fd));
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&c, NULL));
	/* It serves. */
	EXPECT_EQ(-ENOENT, chan_ioctl(c.fd, UNET_IOC_INTER_FLOW, &q));
	EXPECT_EQ(-EBUSY, call_unheard(&self->w, call, c.fd));
	ASSERT_EQ(0, sound(&self->w, call, &a));
	EXPECT_EQ(-EBUSY, chan_ioctl(c.fd, call->nr, &a));
	EXPECT_EQ(-EBUSY, chan_ioctl(next.fd, call->nr, &a));
	EXPECT_EQ(UNET_CHANNEL_UNBOUND, chan_state(&next, NULL));
	close(c.fd);
	c.fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	EXPECT_TRUE(live_returns_to(&before, &now))
		TH_LOG("before: %s after: %s", before.text, now.text);
	EXPECT_EQ(0, chan_ioctl(next.fd, call->nr, &a));
	close(next.fd);
	close(c.fd);
}

/* ---- files ---- */

TEST_F(calls, other_files_take_none_of_them)
{
	int fd[] = { open("/dev/null", O_RDWR), open("/proc/self/status", O_RDONLY),
		     socket(AF_INET, SOCK_DGRAM, 0), self->w.t.ns_ours,
		     memfd_create("calls", 0) };
	union any_arg a;
	unsigned int i, f;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (f = 0; f < ARRAY_SIZE(fd); f++) {
			ASSERT_LE(0, fd[f]);
			ASSERT_EQ(0, sound(&self->w, &calls[i], &a));
			EXPECT_EQ(-ENOTTY, chan_ioctl(fd[f], calls[i].nr, &a))
				TH_LOG("%s, file %u", calls[i].name, f);
		}
		EXPECT_EQ(-EBADF, chan_ioctl(-1, calls[i].nr, &a));
		EXPECT_EQ(-EBADF, chan_ioctl(1 << 20, calls[i].nr, &a));
	}
}

/* ---- states ---- */

/* What the calls need is made while the channel lives. */
static void make_all(struct __test_metadata *_metadata, struct world *w,
		     union any_arg *a)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		ASSERT_EQ(0, sound(w, &calls[i], &a[i]));
}

static void answers(struct __test_metadata *_metadata, struct world *w,
		    const struct call *call, union any_arg *a, int want)
{
	EXPECT_EQ(want, chan_ioctl(w->c.fd, call->nr, a)) TH_LOG("%s", call->name);
}

TEST_F(calls, a_poisoned_channel_takes_those_that_ask)
{
	union any_arg a[ARRAY_SIZE(calls)];
	unsigned int i;
	uint32_t reason = 0;

	make_all(_metadata, &self->w, a);
	store_release(&self->w.c.uring->tx_tail, 0x80000000u);
	EXPECT_EQ(-EIO, chan_sync(&self->w.c, UNET_SYNC_TX));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		answers(_metadata, &self->w, &calls[i], &a[i], calls[i].poisoned);
	EXPECT_EQ(UNET_CHANNEL_POISONED, chan_state(&self->w.c, &reason));
	EXPECT_EQ(UNET_POISON_TX_CURSOR, reason);
	EXPECT_EQ(UNET_CHANNEL_LIVE, chan_state(&self->w.other, NULL));
}

TEST_F(calls, a_detached_channel_takes_those_that_ask)
{
	union any_arg a[ARRAY_SIZE(calls)];
	unsigned int i;

	make_all(_metadata, &self->w, a);
	ASSERT_EQ(0, nl_device(&self->w.nl, UNET_CMD_NEXUS_DETACH, "va", NULL, NULL));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		answers(_metadata, &self->w, &calls[i], &a[i], calls[i].detached);
	EXPECT_EQ(UNET_CHANNEL_DETACHED, chan_state(&self->w.c, NULL));
}

TEST_HARNESS_MAIN
