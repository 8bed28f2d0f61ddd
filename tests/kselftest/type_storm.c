// SPDX-License-Identifier: MIT
/*
 * Description: rules of packet types and entries of the policy are made, changed, moved,
 * joined, listed and deleted by several threads at once, over netlink and by channels,
 * with words good and bad at random, while packets come (R3.1, R3.6 to R3.8). Every
 * refusal is an honest one and says why; nothing is left in the end.
 */
/* libs: -lpthread */
#include "effort.h"
#include "live.h"
#include "nexus.h"
#include "type_hand.h"
#include "kselftest_harness.h"

#include <pthread.h>

#define ADMINS		2
#define OWNERS		2
#define THREADS		(ADMINS + OWNERS)
#define MS		10000
#define IDS		32	/* rules, and entries, that anybody may change */
#define PORT		7000
#define PROTO		200
#define NUMBERS		16	/* of each layer that rules are about */
#define RPORT		9000

static uint32_t rules[IDS], entries[IDS];
static bool stop;

enum count { MADE, REFUSED, CHANGED, DELETED, JOINED, LISTED, POLICIES, COUNTS };

/**
 * struct stormer - a thread that asks for all kinds of things
 * @thread:	it
 * @seed:	of what it asks for
 * @nl:		its socket
 * @c:		its channel, while @c.fd is one
 * @count:	of what came of it
 * @wrong:	first answer that nobody should have been given; 0: none
 * @said:	what was said of it
 */
struct stormer {
	pthread_t thread;
	unsigned int seed;
	struct nl nl;
	struct chan c;
	int count[COUNTS];
	int wrong;
	char said[320];
};

static uint32_t any(struct stormer *s, uint32_t below)
{
	return rand_r(&s->seed) % below;
}

static void is_wrong(struct stormer *s, int err, const char *asked, const char *said)
{
	if (s->wrong)
		return;
	s->wrong = err ? err : 1;
	snprintf(s->said, sizeof(s->said), "%s: %s", asked, said);
}

static bool is_in(int err, const int *honest)
{
	for (; *honest; honest++)
		if (err == *honest)
			return true;
	return !err;
}

static uint32_t some(struct stormer *s, uint32_t *ids)
{
	uint32_t id = __atomic_load_n(&ids[any(s, IDS)], __ATOMIC_RELAXED);

	return any(s, 20) ? id : any(s, 1000);
}

static void remember(struct stormer *s, uint32_t *ids, uint32_t id)
{
	__atomic_store_n(&ids[any(s, IDS)], id, __ATOMIC_RELAXED);
}

/* ---- rules that are good ---- */

static void some_number(struct stormer *s, struct unet_type_spec *spec)
{
	static const int first[] = {
		[UNET_TYPE_ETHERTYPE] = OWN_TYPE, [UNET_TYPE_PROTO] = PROTO,
		[UNET_TYPE_PORT] = PORT,
	};

	spec->layer = 1 + any(s, 3);
	spec->first = first[spec->layer] + any(s, NUMBERS);
	spec->last = spec->first + any(s, 4);
	if (spec->layer == UNET_TYPE_PORT)
		spec->proto = any(s, 2) ? IPPROTO_UDP : IPPROTO_TCP;
}

static struct unet_type_spec some_spec(struct stormer *s, int action)
{
	struct unet_type_spec spec = {
		.direction = UNET_TYPE_RX, .action = action,
		.priority = any(s, 3) ? 1 + any(s, 0xffff) : 0,
	};

	some_number(s, &spec);
	if (spec.layer != UNET_TYPE_ETHERTYPE && any(s, 3) == 0) {
		spec.family = AF_INET;
		spec.remote_bits = 8 * any(s, 3);
		memcpy(spec.remote, "\x0a\x09\x00\x00", spec.remote_bits / 8);
	}
	if (any(s, 3) == 0) {
		spec.num_patterns = 1;
		spec.pattern[0] = pattern_byte(any(s, 4), any(s, 2), 1);
	} else if (any(s, 2)) {
		spec.direction |= UNET_TYPE_TX;
	}
	return spec;
}

/* ---- the administrator ---- */

static void put_spec(struct nl_req *r, const struct unet_type_spec *spec)
{
	const uint32_t first = spec->first, last = spec->last, priority = spec->priority;

	nl_put(r, UNET_A_LAYER, &spec->layer, 1);
	nl_put(r, UNET_A_DIRECTION, &spec->direction, 1);
	nl_put(r, UNET_A_ACTION, &spec->action, 1);
	if (spec->proto)
		nl_put(r, UNET_A_PROTO, &spec->proto, 1);
	nl_put(r, UNET_A_FIRST, &first, 4);
	nl_put(r, UNET_A_LAST, &last, 4);
	if (priority)
		nl_put(r, UNET_A_PRIORITY, &priority, 4);
	if (spec->family)
		nl_put(r, UNET_A_FAMILY, &spec->family, 1);
	if (spec->remote_bits) {
		nl_put(r, UNET_A_REMOTE_ADDR, spec->remote, 4);
		nl_put(r, UNET_A_REMOTE_BITS, &spec->remote_bits, 1);
	}
	if (spec->num_patterns)
		nl_put(r, UNET_A_PATTERNS, spec->pattern, sizeof(spec->pattern[0]));
}

/* Attributes at random, in place of those or besides. */
static void spoil(struct stormer *s, struct nl_req *r)
{
	uint8_t bytes[80];
	uint32_t n, i;

	for (n = 1 + any(s, 3); n; n--) {
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = any(s, 3) ? 0 : any(s, 256);
		nl_put(r, any(s, UNET_A_COUNT + 3), bytes,
		       any(s, 4) ? 1 << 2 * any(s, 2) : any(s, sizeof(bytes) + 1));
	}
}

static void keep_id(const struct nl_reply *reply, void *id)
{
	*(uint32_t *)id = nl_u32(reply->attr[reply->attr[UNET_A_TYPE] ?
					     UNET_A_TYPE : UNET_A_POLICY]);
}

/* What is refused is refused for a reason, in words. */
static int order(struct stormer *s, struct nl_req *r, const char *asked, uint32_t *id)
{
	static const int honest[] = {
		-EINVAL, -ERANGE, -ENODEV, -ENOENT, -ENOSPC, -EBADF, -EPERM, -EEXIST,
		-EBUSY, -EADDRINUSE, -E2BIG, -EDQUOT, -EOPNOTSUPP, 0
	};
	int err = nl_ask(&s->nl, r, id ? keep_id : NULL, id);

	if (!is_in(err, honest) || (err && !s->nl.said[0] && !s->nl.missing))
		is_wrong(s, err, asked, s->nl.said);
	s->count[REFUSED] += !!err;
	return err;
}

static void begin(struct stormer *s, struct nl_req *r, uint8_t cmd)
{
	nl_start(&s->nl, r, s->nl.family, NLM_F_ACK, cmd);
}

static void order_rule(struct stormer *s, bool change)
{
	struct unet_type_spec spec = some_spec(s, any(s, 2) ? UNET_TYPE_DROP :
							      UNET_TYPE_HOST);
	uint32_t id = change ? some(s, rules) : 0;
	struct nl_req r;

	begin(s, &r, change ? UNET_CMD_TYPE_MODIFY : UNET_CMD_TYPE_ADD);
	if (change)
		nl_put(&r, UNET_A_TYPE, &id, 4);
	else if (any(s, 4))
		nl_put_str(&r, UNET_A_IFNAME, any(s, 4) ? "va" : "later0");
	put_spec(&r, &spec);
	if (any(s, 2))
		spoil(s, &r);
	if (order(s, &r, change ? "type modify" : "type add", change ? NULL : &id))
		return;
	s->count[change ? CHANGED : MADE]++;
	if (!change)
		remember(s, rules, id);
}

static void order_priority(struct stormer *s)
{
	uint32_t id = some(s, rules), priority = any(s, 70000);
	struct nl_req r;

	begin(s, &r, UNET_CMD_TYPE_PRIORITY);
	nl_put(&r, UNET_A_TYPE, &id, 4);
	nl_put(&r, UNET_A_PRIORITY, &priority, 4);
	if (any(s, 4) == 0)
		spoil(s, &r);
	s->count[CHANGED] += !order(s, &r, "type priority", NULL);
}

static int delete(struct stormer *s, uint8_t cmd, uint16_t attr, uint32_t id)
{
	struct nl_req r;

	begin(s, &r, cmd);
	nl_put(&r, attr, &id, 4);
	return order(s, &r, cmd == UNET_CMD_TYPE_DEL ? "type del" : "policy del", NULL);
}

static void order_policy(struct stormer *s)
{
	struct unet_type_spec spec = some_spec(s, UNET_TYPE_DELIVER);
	uint32_t id = 0, first = spec.first, last = spec.last, uid = 1000 + any(s, 4);
	uint32_t actions = 1 << UNET_TYPE_DELIVER, most = 1 + any(s, 10);
	struct nl_req r;

	if (any(s, 2)) {
		s->count[POLICIES] += !delete(s, UNET_CMD_POLICY_DEL, UNET_A_POLICY,
					      some(s, entries));
		return;
	}
	begin(s, &r, UNET_CMD_POLICY_ADD);
	nl_put(&r, UNET_A_LAYER, &spec.layer, 1);
	if (spec.proto)
		nl_put(&r, UNET_A_PROTO, &spec.proto, 1);
	nl_put(&r, UNET_A_FIRST, &first, 4);
	nl_put(&r, UNET_A_LAST, &last, 4);
	nl_put(&r, UNET_A_DIRECTION, &spec.direction, 1);
	nl_put(&r, UNET_A_ACTIONS, &actions, 4);
	nl_put(&r, UNET_A_MAX_TYPES, &most, 4);
	nl_put(&r, UNET_A_UID, &uid, 4);
	if (any(s, 2))
		spoil(s, &r);
	if (order(s, &r, "policy add", &id))
		return;
	s->count[POLICIES]++;
	remember(s, entries, id);
}

/* A rule that is told is a sound one. */
static void look_at(const struct nl_reply *reply, void *arg)
{
	struct stormer *s = arg;
	uint32_t first = nl_u32(reply->attr[UNET_A_FIRST]);
	uint32_t last = nl_u32(reply->attr[UNET_A_LAST]);
	uint32_t priority = nl_u32(reply->attr[UNET_A_PRIORITY]);

	if (first > last || last > 0xffff || !priority || priority > 0xffff)
		is_wrong(s, 0, "type dump", "a rule without sound numbers");
}

static void list(struct stormer *s)
{
	/* What changes while it is told may be told anew. */
	static const int honest[] = { -EINTR, 0 };
	bool types = any(s, 2);
	struct nl_req r;
	int err;

	nl_start(&s->nl, &r, s->nl.family, NLM_F_DUMP,
		 types ? UNET_CMD_TYPE_GET : UNET_CMD_POLICY_GET);
	err = nl_ask(&s->nl, &r, types ? look_at : NULL, s);
	if (!is_in(err, honest))
		is_wrong(s, err, "dump", s->nl.said);
	s->count[LISTED] += !err;
}

static void *administer(void *arg)
{
	struct stormer *s = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		switch (any(s, 10)) {
		case 0 ... 3:
			order_rule(s, false);
			break;
		case 4 ... 5:
			order_rule(s, true);
			break;
		case 6:
			order_priority(s);
			break;
		case 7:
			s->count[DELETED] += !delete(s, UNET_CMD_TYPE_DEL, UNET_A_TYPE,
						     some(s, rules));
			break;
		case 8:
			order_policy(s);
			break;
		default:
			list(s);
		}
	}
	return NULL;
}

/* ---- owners ---- */

#define REASON_ERRNO(id, err, text)	[UNET_TYPE_NO_##id] = -(err),

/* The reason and the error are one answer. */
static void is_reasoned(struct stormer *s, int err, uint32_t reason, const char *asked)
{
	static const int errors[] = { UNET_TYPE_REASONS(REASON_ERRNO) };
	static const int plain[] = { -EINVAL, -ENOENT, -ERANGE, -EPERM, -EALREADY, -ENOSPC, 0 };
	char said[32];

	s->count[REFUSED] += !!err;
	if (reason < UNET_TYPE_REASON_COUNT && (reason ? err == errors[reason] :
						is_in(err, plain)))
		return;
	snprintf(said, sizeof(said), "reason %u", reason);
	is_wrong(s, err, asked, said);
}

/* One word of what is asked is another. */
static void spoil_req(struct stormer *s, struct unet_type_req *r)
{
	uint32_t words = sizeof(*r) / 4, word = any(s, any(s, 2) ? words : 32);

	((uint32_t *)r)[word] ^= any(s, 2) ? 1u << any(s, 32) : any(s, 0x7fffffff);
}

static void define(struct stormer *s, bool change)
{
	struct unet_type_req r = {
		.size = sizeof(r), .id = change ? some(s, rules) : 0,
		.spec = some_spec(s, any(s, 4) ? UNET_TYPE_DELIVER : UNET_TYPE_DROP),
	};
	int err;

	if (any(s, 2))
		spoil_req(s, &r);
	err = chan_ioctl(s->c.fd, change ? UNET_IOC_TYPE_MODIFY : UNET_IOC_TYPE_ADD, &r);
	/* A size or flag that is wrong is no answer's: nothing is written back. */
	if (r.size == sizeof(r) && !r.flags)
		is_reasoned(s, err, err == -EINVAL && r.reason >= UNET_TYPE_REASON_COUNT ?
			    0 : r.reason, change ? "modify" : "add");
	if (err)
		return;
	if (r.spec.first > r.spec.last || !r.spec.priority || !r.generation)
		is_wrong(s, 0, "add", "granted without sound numbers");
	s->count[change ? CHANGED : MADE]++;
	remember(s, rules, r.id);
}

static void move(struct stormer *s)
{
	struct unet_type_ref r;
	int err = type_priority(&s->c, some(s, rules), any(s, 70000), &r);

	is_reasoned(s, err, r.reason, "priority");
	s->count[CHANGED] += !err;
}

static void join(struct stormer *s)
{
	struct unet_type_ref r;
	int err = type_join(&s->c, some(s, rules), &r);

	is_reasoned(s, err, r.reason, "join");
	s->count[JOINED] += !err;
}

static void open_again(struct stormer *s)
{
	static const struct unet_params small = {
		.rx_slots = 16, .tx_slots = 16, .rx_small = 64, .rx_large = 1,
		.tx_bufs = 16, .max_flows = 128,
	};
	int err;

	if (s->c.fd >= 0)
		chan_close(&s->c);
	err = chan_open(&s->c, "va", &small);
	if (err) {
		is_wrong(s, err, "open", "");
		s->c.fd = -1;
	}
}

static void *own(void *arg)
{
	struct stormer *s = arg;
	int err;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		switch (s->c.fd < 0 ? 0 : any(s, 40)) {
		case 0:
			open_again(s);
			break;
		case 1 ... 17:
			define(s, false);
			break;
		case 18 ... 25:
			define(s, true);
			break;
		case 26 ... 30:
			move(s);
			break;
		case 31 ... 35:
			join(s);
			break;
		default:
			err = type_del(&s->c, some(s, rules));
			is_reasoned(s, err, 0, "del");
			s->count[DELETED] += !err;
		}
	}
	if (s->c.fd >= 0)
		chan_close(&s->c);
	return NULL;
}

/* ---- all at once ---- */

FIXTURE(type_storm) {
	struct live before;
	struct topo t;
	struct nl nl;
	int peer;
};

FIXTURE_SETUP(type_storm)
{
	self->before = live_now();
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, nl_open(&self->nl));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
}

FIXTURE_TEARDOWN(type_storm)
{
	struct live now;

	close(self->peer);
	close(self->nl.fd);
	nexus_detach("va");
	topo_teardown(&self->t);
	EXPECT_TRUE(live_returns_to(&self->before, &now))
		TH_LOG("before: %s after: %s", self->before.text, now.text);
}

/* Some id that a dump tells; 0: it tells none. */
static uint32_t one_of(struct nl *nl, uint8_t cmd)
{
	uint32_t id = 0;
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, cmd);
	nl_ask(nl, &r, keep_id, &id);
	return id;
}

/* Until there are none; how many there were. */
static int delete_all(struct stormer *s, uint8_t get, uint8_t del, uint16_t attr)
{
	uint32_t id;
	int n = 0;

	while ((id = one_of(&s->nl, get)) && !delete(s, del, attr, id))
		n++;
	return id ? -1 : n;
}

static void begin_all(struct stormer *s)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		s[i].seed = 300 + i;
		s[i].c.fd = -1;
		if (nl_open(&s[i].nl) ||
		    pthread_create(&s[i].thread, NULL, i < ADMINS ? administer : own, &s[i]))
			abort();
	}
}

static void sum_up(const struct stormer *s, int *sum)
{
	int i, j;

	memset(sum, 0, COUNTS * sizeof(*sum));
	for (i = 0; i < THREADS; i++)
		for (j = 0; j < COUNTS; j++)
			sum[j] += s[i].count[j];
}

/* Has all happened that is to? A slow machine is given time for it. */
static bool has_all(const struct stormer *s)
{
	int sum[COUNTS], j;

	sum_up(s, sum);
	for (j = 0; j < COUNTS && sum[j]; j++)
		;
	return j == COUNTS;
}

static void send_for(int peer, int ms, const struct stormer *s)
{
	uint64_t end = mono_ms() + ms, last = mono_ms() + 12 * MS;
	unsigned int i;

	/* What no rule takes is refused by the host: that may be told here. */
	for (i = 0; mono_ms() < end || (mono_ms() < last && !has_all(s)); i++) {
		send_to(peer, OUR_V4, PORT + (int)(i % NUMBERS), &i, sizeof(i));
		usleep(200);
	}
}

TEST_F_TIMEOUT(type_storm, rules_come_and_go_in_a_storm, 200)
{
	static struct stormer s[THREADS];
	struct stormer last = { .nl = self->nl };
	int sum[COUNTS], i, j, left[2];
	struct unet_type_req r;
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, PORT, PORT);
	struct chan c;

	begin_all(s);
	send_for(self->peer, effort(MS), s);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++) {
		pthread_join(s[i].thread, NULL);
		close(s[i].nl.fd);
		EXPECT_EQ(0, s[i].wrong) TH_LOG("%s: %s", s[i].said, strerror(-s[i].wrong));
	}
	sum_up(s, sum);
	left[0] = delete_all(&last, UNET_CMD_TYPE_GET, UNET_CMD_TYPE_DEL, UNET_A_TYPE);
	left[1] = delete_all(&last, UNET_CMD_POLICY_GET, UNET_CMD_POLICY_DEL, UNET_A_POLICY);
	TH_LOG("%d made, %d refused, %d changed, %d deleted, %d joined",
	       sum[MADE], sum[REFUSED], sum[CHANGED], sum[DELETED], sum[JOINED]);
	TH_LOG("%d lists, %d policies; left: %d and %d", sum[LISTED], sum[POLICIES],
	       left[0], left[1]);
	for (j = 0; j < COUNTS; j++) {
		EXPECT_LT(0, sum[j])
			TH_LOG("count %d", j);
	}
	EXPECT_LE(0, left[0]);
	EXPECT_LE(0, left[1]);
	/* As if there had never been a rule. */
	ASSERT_EQ(0, chan_open(&c, "va", NULL));
	ASSERT_EQ(0, type_add(&c, &spec, 7, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, "x", 1));
	EXPECT_EQ(7, next_tag(&c, 2000));
	chan_close(&c);
}

TEST_HARNESS_MAIN
