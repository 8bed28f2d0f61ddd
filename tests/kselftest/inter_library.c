// SPDX-License-Identifier: MIT
/*
 * Description: intermediaries by libunet's calls (R4.2, R4.5, R4.10), on the real module:
 * its descriptor tells of what is held, each verdict comes to what it says, what is refused
 * is counted and has its sentence, a flow's number tells whose it is, and who serves no
 * more, since the grant or the nexus went, is told so and why, asleep or not.
 */
/* libs: $(UNET_LIB) -lpthread */
#include "inter_bed.h"

#include <pthread.h>
#include <unet/unet.h>

#define HEADER	28	/* bytes of IPv4 and UDP */
#define TO	(PORT + 1)

#define CLAIM(im, ...)							\
do {									\
	struct grant g = { .hold_ms = 10000, __VA_ARGS__ };		\
									\
	g.rights |= UNET_INTER_DELAY;					\
	ASSERT_EQ(0, inter_grant(&self->nl, &g, &self->id))		\
		TH_LOG("%s", self->nl.said);				\
	im = unet_intermediary_open(self->id, NULL);			\
	ASSERT_NE(NULL, im) TH_LOG("%s", unet_error_detail());		\
} while (0)

/**
 * struct view - what was shown so far
 * @says:	the verdict on each
 * @shown:	packets
 * @failed:	calls that did
 * @last:	the last of them, but for its bytes
 */
struct view {
	int says;
	uint32_t shown;
	uint32_t failed;
	struct unet_inter_packet last;
};

static int look(struct unet_intermediary *im, const struct unet_inter_packet *p, void *arg)
{
	struct view *v = arg;

	v->shown++;
	v->last = *p;
	return v->says;
}

/* Turns until @n packets were shown. Return: 0 or -errno, of which -ETIME is ours. */
static int run_until(struct unet_intermediary *im, unet_inter_fn fn, struct view *v,
		     uint32_t n)
{
	uint32_t before;
	int err = 0;

	while (!err && v->shown < n) {
		before = v->shown;
		err = unet_intermediary_run(im, 10000, fn, v);
		if (!err && v->shown == before)
			err = -ETIME;
	}
	return err;
}

/* Numbers @from to @from + @n of the peer's, of which a turn then is shown all. */
static int are_held(struct _test_data_inter *b, uint32_t from, uint32_t n)
{
	if (peer_sends(b->peer, from, n))
		return -1;
	return inter_comes_to_hold(&b->nl, b->id, n) ? 0 : -ETIME;
}

/* ---- claims ---- */

TEST_F(inter, a_claim_tells_what_was_granted)
{
	struct unet_intermediary *im, *other;

	CLAIM(im, .rights = OBSERVE | UNET_INTER_DROP, .backlog = 17,
	      .backlog_bytes = 70000, .directions = UNET_INTER_INBOUND);
	EXPECT_EQ(OBSERVE | UNET_INTER_DROP | UNET_INTER_DELAY,
		  unet_intermediary_terms(im)->rights);
	EXPECT_EQ(UNET_INTER_INBOUND, unet_intermediary_terms(im)->directions);
	EXPECT_EQ(10000, unet_intermediary_terms(im)->hold_ms);
	EXPECT_EQ(17, unet_intermediary_terms(im)->backlog);
	EXPECT_EQ(70000, unet_intermediary_terms(im)->backlog_bytes);
	EXPECT_EQ(UNET_POISON_NONE, unet_intermediary_reason(im));
	other = unet_intermediary_open(self->id, NULL);
	EXPECT_EQ(NULL, other);
	EXPECT_EQ(EBUSY, errno);
	EXPECT_NE(NULL, strstr(unet_error_detail(), "another process has it"));
	unet_intermediary_close(im);
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	other = unet_intermediary_open(self->id, NULL);
	EXPECT_EQ(NULL, other);
	EXPECT_EQ(ENOENT, errno);
	EXPECT_NE(NULL, strstr(unet_error_detail(), "not in this network namespace"));
}

/* ---- turns ---- */

TEST_F(inter, its_descriptor_tells_of_what_is_held)
{
	struct view v = { .says = UNET_VERDICT_ACCEPT };
	struct pollfd p = { .events = POLLIN };
	struct unet_intermediary *im;

	CLAIM(im, .rights = OBSERVE);
	p.fd = unet_intermediary_fd(im);
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));
	ASSERT_EQ(1, poll(&p, 1, 10000));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, run_until(im, look, &v, 1));
	EXPECT_EQ(1, v.shown);
	EXPECT_EQ(HEADER + 4, v.last.len);
	EXPECT_EQ(20, v.last.l4_offset);
	EXPECT_EQ(0, v.last.outbound);
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	/* Nothing is left to be taken, not even that it was done. */
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, owner_sends(&self->c, self->flow, 2));
	EXPECT_EQ(1, poll(&p, 1, 10000));
	EXPECT_EQ(0, run_until(im, look, &v, 2));
	EXPECT_NE(0, v.last.outbound);
	EXPECT_EQ(0, peer_takes(self->peer, 2, 1));
	EXPECT_EQ(2, STAT(ACCEPTED));
	unet_intermediary_close(im);
}

TEST_F(inter, what_is_answered_later_goes_with_the_flush)
{
	struct view v = { .says = UNET_VERDICT_LATER };
	struct unet_intermediary *im;

	CLAIM(im, .rights = OBSERVE | UNET_INTER_DROP);
	ASSERT_EQ(0, are_held(self, 1, 2));
	ASSERT_EQ(0, run_until(im, look, &v, 2));
	EXPECT_EQ(2, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, unet_intermediary_answer(im, v.last.token - 1, UNET_VERDICT_DROP));
	EXPECT_EQ(0, unet_intermediary_answer(im, v.last.token, UNET_VERDICT_ACCEPT));
	EXPECT_EQ(2, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, unet_intermediary_flush(im));
	EXPECT_EQ(1, owner_takes(&self->c, 2, 1, 2000));
	EXPECT_EQ(1, STAT(DROPPED));
	EXPECT_EQ(1, STAT(ACCEPTED));
	unet_intermediary_close(im);
}

/* ---- verdicts ---- */

/* One with the number before its own in front of each. */
static int put_before(struct unet_intermediary *im, const struct unet_inter_packet *p,
		      void *arg)
{
	struct view *v = arg;
	uint32_t number;

	memcpy(&number, p->data + HEADER, sizeof(number));
	number--;
	if (unet_intermediary_change(im, p->token, UNET_VERDICT_INJECT, p->data, HEADER,
				     &number, sizeof(number)))
		v->failed++;
	return look(im, p, arg);
}

TEST_F(inter, what_is_injected_comes_before_its_packet)
{
	struct view v = { .says = UNET_VERDICT_ACCEPT };
	struct unet_intermediary *im;
	uint32_t i;

	CLAIM(im, .rights = OBSERVE | UNET_INTER_INJECT);
	for (i = 2; i <= 6; i += 2)
		ASSERT_EQ(0, peer_sends(self->peer, i, 1));
	EXPECT_EQ(0, run_until(im, put_before, &v, 3));
	EXPECT_EQ(6, owner_takes(&self->c, 1, 6, 5000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, v.failed);
	EXPECT_EQ(0, unet_intermediary_refused(im, 0));
	EXPECT_EQ(3, STAT(INJECTED));
	EXPECT_EQ(3, STAT(ACCEPTED));
	unet_intermediary_close(im);
}

/* Each takes a verdict of its own: the kernel takes none on many. */
TEST_F(inter, what_is_duplicated_comes_twice)
{
	struct view v = { .says = UNET_VERDICT_DUPLICATE };
	struct unet_intermediary *im;

	CLAIM(im, .rights = OBSERVE | UNET_INTER_DUPLICATE);
	ASSERT_EQ(0, are_held(self, 1, 3));
	EXPECT_EQ(0, run_until(im, look, &v, 3));
	EXPECT_EQ(2 * (1 + 2 + 3), sum_taken(&self->c, 6));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, unet_intermediary_refused(im, 0));
	EXPECT_EQ(3, STAT(DUPLICATED));
	unet_intermediary_close(im);
}

static int port_of_next(struct chan *c)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, 5000);
	const uint8_t *p = s ? chan_buf(c, s->first) : NULL;

	return p ? p[22] << 8 | p[23] : -1;
}

TEST_F(inter, what_is_redirected_comes_to_another_port)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, TO, NULL, 0);
	struct view v = { .says = UNET_VERDICT_REDIRECT };
	struct unet_intermediary *im;
	struct chan other;

	ASSERT_EQ(0, chan_open(&other, "va", NULL));
	ASSERT_EQ(0, chan_flow_add(&other, &r));
	CLAIM(im, .rights = OBSERVE | UNET_INTER_REDIRECT, .proto = IPPROTO_UDP,
	      .local_port = PORT, .redirect_port = TO);
	ASSERT_EQ(0, are_held(self, 1, 3));
	EXPECT_EQ(0, run_until(im, look, &v, 3));
	EXPECT_EQ(TO, port_of_next(&other));
	EXPECT_EQ(3, owner_takes(&other, 1, 3, 5000));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 20));
	EXPECT_EQ(0, unet_intermediary_refused(im, 0));
	EXPECT_EQ(3, STAT(REDIRECTED));
	unet_intermediary_close(im);
	chan_close(&other);
}

TEST_F(inter, what_is_refused_is_counted_and_stays_held)
{
	struct view v = { .says = UNET_VERDICT_DROP };
	struct unet_intermediary *im;

	CLAIM(im, .rights = OBSERVE, .violations = -1);
	ASSERT_EQ(0, are_held(self, 1, 1));
	EXPECT_EQ(0, run_until(im, put_before, &v, 1));
	EXPECT_EQ(0, v.failed);
	EXPECT_EQ(1, unet_intermediary_refused(im, UNET_INTER_CNT_RIGHT_INJECT));
	EXPECT_EQ(1, unet_intermediary_refused(im, UNET_INTER_CNT_RIGHT_DROP));
	EXPECT_EQ(2, unet_intermediary_refused(im, 0));
	EXPECT_EQ(0, unet_intermediary_refused(im, UNET_INTER_CNT_COUNT));
	EXPECT_EQ(1, inter_look(&self->nl, self->id).held);
	EXPECT_EQ(0, unet_intermediary_answer(im, v.last.token, UNET_VERDICT_ACCEPT));
	EXPECT_EQ(0, unet_intermediary_flush(im));
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	EXPECT_EQ(2, unet_intermediary_refused(im, 0));
	unet_intermediary_close(im);
}

#define TEXT_OF(id, name, text)	[UNET_INTER_CNT_##id] = text,

TEST(each_stat_has_its_sentence)
{
	static const char *const texts[UNET_INTER_CNT_COUNT] = {
		[UNET_INTER_CNT_NONE] = "nothing is wrong",
		UNET_INTER_STATS(TEXT_OF)
	};
	uint32_t i;

	for (i = 0; i < UNET_INTER_CNT_COUNT; i++) {
		const char *text = unet_inter_stat_text(i);

		ASSERT_NE(NULL, text) TH_LOG("number %u", i);
		EXPECT_STREQ(texts[i], text) TH_LOG("number %u", i);
		EXPECT_NE(NULL, strchr(text, ' ')) TH_LOG("number %u", i);
	}
	EXPECT_STREQ("unknown reason", unet_inter_stat_text(UNET_INTER_CNT_COUNT));
	EXPECT_STREQ("unknown reason", unet_inter_stat_text(~0u));
}

/* ---- whose flow it is ---- */

TEST_F(inter, a_flows_number_tells_whose_it_is)
{
	struct view v = { .says = UNET_VERDICT_ACCEPT };
	struct unet_intermediary *im;
	struct unet_inter_flow w;
	char name[16] = "";
	uint8_t addr[4];

	prctl(PR_GET_NAME, name);
	CLAIM(im, .rights = UNET_INTER_IDENTITY | UNET_INTER_OBSERVE_HEADERS);
	ASSERT_EQ(0, are_held(self, 1, 1));
	ASSERT_EQ(0, run_until(im, look, &v, 1));
	EXPECT_EQ(HEADER, v.last.len);
	ASSERT_EQ(0, unet_intermediary_whose(im, v.last.flow, &w));
	EXPECT_EQ(AF_INET, w.family);
	EXPECT_EQ(IPPROTO_UDP, w.proto);
	EXPECT_EQ(htons(PORT), w.local_port);
	EXPECT_EQ(htons(RPORT), w.remote_port);
	inet_pton(AF_INET, OUR_V4, addr);
	EXPECT_EQ(0, memcmp(addr, w.local, sizeof(addr)));
	inet_pton(AF_INET, PEER_V4, addr);
	EXPECT_EQ(0, memcmp(addr, w.remote, sizeof(addr)));
	EXPECT_EQ(getpid(), w.pid);
	EXPECT_EQ(getuid(), w.uid);
	EXPECT_STREQ(name, w.comm);
	EXPECT_EQ(-ENOENT, unet_intermediary_whose(im, v.last.flow + 1, &w));
	EXPECT_EQ(-ENOENT, unet_intermediary_whose(im, 0, &w));
	/* Nor one that was. */
	ASSERT_EQ(0, chan_flow_del(&self->c, self->flow, 0));
	EXPECT_EQ(-ENOENT, unet_intermediary_whose(im, v.last.flow, &w));
	unet_intermediary_close(im);
}

/* ---- ends ---- */

/* What is wrong with one whose grant is no more, NULL: nothing, and it was told. */
static const char *was_told(struct unet_intermediary *im, uint32_t flow)
{
	struct pollfd p = { .fd = unet_intermediary_fd(im), .events = POLLIN };
	struct view v = { .says = UNET_VERDICT_ACCEPT };
	struct unet_inter_flow w;

	if (unet_intermediary_run(im, 0, look, &v) != -EIO || v.shown)
		return "it may take another turn";
	if (unet_intermediary_reason(im) != UNET_POISON_INTER_REVOKED)
		return "it is told another reason";
	if (unet_intermediary_flush(im) != -EIO)
		return "it may say more";
	if (unet_intermediary_whose(im, flow, &w) != -EIO)
		return "it may ask";
	if (poll(&p, 1, 0) != 1 || !(p.revents & (POLLERR | POLLHUP)))
		return "its descriptor tells of nothing";
	return NULL;
}

#define HOLDS_ONE(im, v)						\
do {									\
	CLAIM(im, .rights = OBSERVE | UNET_INTER_IDENTITY);		\
	ASSERT_EQ(0, are_held(self, 1, 1));				\
	ASSERT_EQ(0, run_until(im, look, v, 1));			\
} while (0)

TEST_F(inter, who_is_revoked_is_told)
{
	struct view v = { .says = UNET_VERDICT_LATER };
	struct unet_intermediary *im;
	const char *wrong;

	HOLDS_ONE(im, &v);
	ASSERT_EQ(0, inter_revoke(&self->nl, self->id));
	wrong = was_told(im, v.last.flow);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong ?: "nothing");
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 2000));
	unet_intermediary_close(im);
}

/* With the nexus its grants go first: that is what ended the claim. */
TEST_F(inter, who_was_in_a_nexus_that_went_is_told)
{
	struct view v = { .says = UNET_VERDICT_LATER };
	struct unet_intermediary *im;
	const char *wrong;

	HOLDS_ONE(im, &v);
	ASSERT_EQ(0, nexus_detach("va"));
	wrong = was_told(im, v.last.flow);
	EXPECT_EQ(NULL, wrong) TH_LOG("%s", wrong ?: "nothing");
	EXPECT_EQ(0, inter_look(&self->nl, self->id).found);
	unet_intermediary_close(im);
	ASSERT_EQ(0, nexus_attach("va"));
}

struct server {
	struct unet_intermediary *im;
	struct view v;
	int err;
};

/* As a whole extension does it. */
static void *serve(void *arg)
{
	struct server *s = arg;

	do {
		s->err = unet_intermediary_run(s->im, -1, look, &s->v);
	} while (!s->err || s->err == -EINTR || s->err == -EAGAIN);
	return NULL;
}

#define SLEEPS(s, thread)						\
do {									\
	*(s) = (struct server){ .v.says = UNET_VERDICT_ACCEPT };	\
	CLAIM((s)->im, .rights = OBSERVE | UNET_INTER_IDENTITY);	\
	ASSERT_EQ(0, pthread_create(&(thread), NULL, serve, s));	\
	ASSERT_EQ(0, peer_sends(self->peer, 1, 1));			\
	EXPECT_EQ(1, owner_takes(&self->c, 1, 1, 10000));		\
	usleep(50 * 1000);	/* most likely it sleeps again */	\
} while (0)

/* A sleep without an end, which the end of the claim ends. */
TEST_F(inter, who_sleeps_is_woken_to_be_told)
{
	struct server s;
	const char *wrong;
	pthread_t thread;
	int i;

	for (i = 0; i < 2; i++) {
		SLEEPS(&s, thread);
		ASSERT_EQ(0, i ? nexus_detach("va") : inter_revoke(&self->nl, self->id));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_EQ(-EIO, s.err);
		EXPECT_EQ(1, s.v.shown);
		wrong = was_told(s.im, s.v.last.flow);
		EXPECT_EQ(NULL, wrong) TH_LOG("way %d: %s", i, wrong ?: "nothing");
		unet_intermediary_close(s.im);
	}
	ASSERT_EQ(0, nexus_attach("va"));
}

TEST_HARNESS_MAIN
