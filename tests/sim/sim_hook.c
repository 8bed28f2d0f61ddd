// SPDX-License-Identifier: MIT
/*
 * Hooks change hands while two stacks move a stream: threads add, delete, modify and
 * prioritize as fast as they can, on both stacks and both directions. Every byte
 * arrives, each hook that was added is destroyed once and called no more after
 * that, and no batch meets a chain that is half changed: of the two hooks that
 * trade places, each packet passes both, in the one order or in the other.
 *
 * Then, without threads: chains of random hooks that observe, copy aside, hold
 * back and put back, drop and change harmlessly, on bad networks; TCP makes a
 * whole stream of it (R5.2).
 *
 * Last, hooks that make every packet longer come and go while a stream flows: no
 * packet is ever larger than the path takes, and those that are full are the largest.
 *
 *   sim_hook         all parts
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define WRITERS		2
#define CHANGES		400
#define DEADLINE_US	1800000000ull

/* ---- part 1: threads ---------------------------------------------------- */

/**
 * struct churner - a thread that changes hooks
 * @st:		of this stack
 * @seed:	of what it does
 * @changes:	done so far
 * @bad:	something was refused
 */
struct churner {
	pthread_t thread;
	struct unet_stack *st;
	uint64_t seed;
	uint64_t changes;
	int bad;
};

/* Each hook of a churner; freed by its destroy. */
struct mark {
	uint64_t calls;
	uint64_t alive;
};

#define ALIVE	0x686f6f6b616c6976ull

static uint64_t marks;
static uint64_t dead_calls;
static int stop;

static void seen(struct unet_hook_batch *b, void *arg)
{
	struct mark *m = arg;

	if (m->alive != ALIVE)
		__atomic_fetch_add(&dead_calls, 1, __ATOMIC_RELAXED);
	m->calls += b->n;
}

static void gone(void *arg)
{
	struct mark *m = arg;

	m->alive = 0;
	free(m);
	__atomic_fetch_sub(&marks, 1, __ATOMIC_RELAXED);
}

static void done(struct churner *c)
{
	__atomic_fetch_add(&c->changes, 1, __ATOMIC_RELAXED);
}

static struct unet_hook *add_mark(struct churner *c)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .destroy = gone, .name = "mark",
		.dirs = sim_pick(&c->seed, 1, 3),
		.priority = (int32_t)sim_pick(&c->seed, 0, 8) - 4,
	};
	struct mark *m = malloc(sizeof(*m));

	m->alive = ALIVE;
	m->calls = 0;
	__atomic_fetch_add(&marks, 1, __ATOMIC_RELAXED);
	return unet_hook_add(c->st, seen, m, &o);
}

static void change(struct churner *c, struct unet_hook **h)
{
	struct unet_hook_opts o = { .size = sizeof(o) };
	struct unet_hook_stats s = { .size = sizeof(s) };

	switch (sim_pick(&c->seed, 0, 5)) {
	case 0:
		c->bad |= unet_hook_del(*h);
		*h = add_mark(c);
		break;
	case 1:
		unet_hook_del_later(*h);
		*h = add_mark(c);
		break;
	case 2:
		c->bad |= unet_hook_prioritize(*h, sim_pick(&c->seed, 0, 9));
		break;
	case 3:
		o.dirs = sim_pick(&c->seed, 1, 3);
		c->bad |= unet_hook_modify(*h, &o);
		break;
	default:
		c->bad |= unet_hook_stats(*h, &s);
		break;
	}
	c->bad |= !*h;
	done(c);
}

static void *churn(void *arg)
{
	struct churner *c = arg;
	struct unet_hook *h[4];
	int i;

	for (i = 0; i < 4; i++)
		h[i] = add_mark(c);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		change(c, &h[sim_pick(&c->seed, 0, 3)]);
	for (i = 0; i < 4; i++)
		c->bad |= unet_hook_del(h[i]);
	return NULL;
}

/**
 * struct pair - two hooks that trade places
 * @hook:	them
 * @seen:	packets by hook
 * @first:	batches that met this one first
 * @last:	met last: -1 none yet
 * @torn:	a batch met one of them twice running
 */
struct pair {
	struct unet_hook *hook[2];
	uint64_t seen[2];
	uint64_t first[2];
	int open;
	uint64_t torn;
};

static struct pair pair;

/* Batches pass whole: 0 1 or 1 0, never 0 0. */
static void traded(struct unet_hook_batch *b, void *arg)
{
	int me = (int)(intptr_t)arg;

	pair.seen[me] += b->n;
	if (pair.open < 0) {
		pair.first[me]++;
		pair.open = me;
		return;
	}
	pair.torn += pair.open == me;
	pair.open = -1;
}

static void *trade(void *arg)
{
	struct churner *c = arg;
	int32_t p = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		p = !p;
		c->bad |= unet_hook_prioritize(pair.hook[0], p ? 200 : 100);
		done(c);
	}
	return NULL;
}

static void add_pair(struct unet_stack *st)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_RX, .priority = 100,
	};

	memset(&pair, 0, sizeof(pair));
	pair.open = -1;
	pair.hook[0] = unet_hook_add(st, traded, (void *)0, &o);
	o.priority = 150;
	pair.hook[1] = unet_hook_add(st, traded, (void *)1, &o);
}

static bool enough(const struct churner *c)
{
	int i;

	if (pair.first[0] < 20 || pair.first[1] < 20)
		return false;
	for (i = 0; i <= WRITERS; i++) {
		if (__atomic_load_n(&c[i].changes, __ATOMIC_RELAXED) < CHANGES)
			return false;
	}
	return true;
}

static void start(struct churner *c, struct unet_stack *st, uint64_t seed,
		  void *(*fn)(void *))
{
	c->st = st;
	c->seed = seed;
	c->changes = 0;
	c->bad = 0;
	pthread_create(&c->thread, NULL, fn, c);
}

static bool stream(uint64_t seed)
{
	struct sim s;
	bool good;

	sim_init(&s, seed);
	s.opts.delay_us = 100;
	s.peer[0].total = 300000;
	s.peer[1].total = 300000;
	if (!sim_open(&s))
		return false;
	good = sim_run(&s, DEADLINE_US);
	return sim_close(&s) && good;
}

/* Streams on other stacks go on meanwhile; each stack has its own hooks. */
static void threads_change_hooks(void)
{
	struct churner c[WRITERS + 1];
	struct sim s;
	bool ok = true;
	int i;

	sim_init(&s, 1);
	s.opts.delay_us = 100;
	s.peer[0].total = 200000000;	/* until the writers have had enough */
	s.peer[1].total = 2000000;
	ok = sim_open(&s);
	add_pair(s.peer[0].st);
	for (i = 0; i < WRITERS; i++)
		start(&c[i], s.peer[i & 1].st, 7 + i, churn);
	start(&c[WRITERS], s.peer[0].st, 99, trade);
	while (ok && !enough(c) && !sim_finished(&s))
		sim_step(&s);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i <= WRITERS; i++) {
		pthread_join(c[i].thread, NULL);
		ok = ok && !c[i].bad && c[i].changes >= CHANGES;
	}
	sim_ok(ok && !s.why, "threads change hooks while a stream flows (%s)",
	       s.why ? s.why : "well");
	for (i = 0; i < 100; i++)
		sim_step(&s);
	sim_ok(!marks && !dead_calls, "every hook was destroyed, none called after");
	sim_ok(!pair.torn && pair.open < 0 && pair.seen[0] == pair.seen[1] &&
	       pair.first[0] && pair.first[1],
	       "two hooks traded places, and each batch passed both (%llu, %llu, torn %llu)",
	       (unsigned long long)pair.first[0],
	       (unsigned long long)pair.first[1],
	       (unsigned long long)pair.torn);
	for (i = 0; i < 2; i++)
		unet_abort(s.peer[i].sock);
	unet_wire_close(s.wire);
	sim_ok(stream(5), "a stream without hooks still flows");
}

/* ---- part 2: chains --------------------------------------------------------- */

#define RUNS	60

/* What a hook of a chain does to some of its packets. */
struct fiend {
	uint64_t rng;
	uint32_t kind;
	struct unet_held *held[4];
	uint32_t n;
	uint64_t sides;
};

static void put_back(struct unet_hook_batch *b, struct fiend *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		unet_hook_inject_held(b->hook, b->dir, f->held[i]);
	f->n = 0;
}

/* A changed TTL, or the same payload written once more. */
static void change_harmlessly(struct unet_hook_pkt *p)
{
	uint8_t ttl = 33;
	uint8_t buf[64];
	const void *same;

	if (unet_hook_headers(p)->ethertype == 0x0800)
		unet_hook_write(p, 8, &ttl, 1);
	if (p->total - unet_hook_headers(p)->payload < 64 || !unet_hook_headers(p)->payload)
		return;
	same = unet_hook_read(p, unet_hook_headers(p)->payload + 1, 63, buf);
	if (same != buf)
		memcpy(buf, same, 63);
	unet_hook_write(p, unet_hook_headers(p)->payload + 1, buf, 63);
}

static void mischief(struct unet_hook_batch *b, void *arg)
{
	struct fiend *f = arg;
	uint32_t i;

	put_back(b, f);
	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];

		if (sim_pick(&f->rng, 0, f->kind == UNET_HOOK_DROP ? 99 : 9))
			continue;
		if (f->kind == UNET_HOOK_MODIFY)
			change_harmlessly(p);
		if (f->kind == UNET_HOOK_CONSUME) {
			if (f->n == 4)
				continue;
			f->held[f->n] = unet_hook_keep(p);
			if (!f->held[f->n])
				continue;
			f->n++;
		}
		p->verdict = f->kind;
	}
}

static void side(struct unet_hook_batch *b, void *arg)
{
	struct fiend *f = arg;

	f->sides += b->n;
}

static const char *why;

static bool bad_chain(uint64_t seed)
{
	struct fiend f[12];
	uint64_t rng = seed;
	struct sim s;
	bool ok;
	int i;

	sim_init(&s, seed);
	memset(f, 0, sizeof(f));
	s.opts.delay_us = sim_pick(&rng, 10, 5000);
	s.opts.loss_ppm = sim_pick(&rng, 0, 1) * 5000;
	s.opts.reorder_ppm = sim_pick(&rng, 0, 1) * 10000;
	s.opts.reorder_us = 300;
	if (sim_pick(&rng, 0, 1))
		s.opts.flags |= UNET_WIRE_SUPER;
	s.v6 = sim_pick(&rng, 0, 1);
	s.peer[0].total = sim_pick(&rng, 0, 200000);
	s.peer[1].total = sim_pick(&rng, 0, 200000);
	ok = sim_open(&s);
	for (i = 0; ok && i < 12; i++) {
		struct unet_hook_opts o = {
			.size = sizeof(o), .side = side,
			.dirs = sim_pick(&rng, 1, 2),
			.priority = (int32_t)sim_pick(&rng, 0, 6),
		};

		f[i].rng = seed * 100 + i;
		f[i].kind = sim_pick(&rng, 0, 4);
		if (!unet_hook_add(s.peer[i & 1].st, mischief, &f[i], &o))
			ok = false;
	}
	ok = ok && sim_run(&s, DEADLINE_US);
	for (i = 0; i < 12; i++) {
		while (f[i].n)
			unet_held_free(f[i].held[--f[i].n]);
	}
	for (i = 0; ok && i < 2; i++)
		ok = !sim_counter(&s, i, UNET_STAT_HOOK_REFUSED) &&
		     !sim_counter(&s, i, UNET_STAT_L4_BAD_CSUM);
	/* what hooks hold when the stack ends would be left over */
	for (i = 0; i < 12; i++)
		f[i].kind = UNET_HOOK_ACCEPT;
	ok = sim_close(&s) && ok;
	why = s.why ? s.why : "counters";
	return ok;
}

static void chains_keep_tcp_correct(void)
{
	int failed = 0;
	uint64_t seed;

	for (seed = 1; seed <= RUNS; seed++) {
		if (bad_chain(seed))
			continue;
		printf("# seed %llu: %s\n", (unsigned long long)seed, why);
		failed++;
	}
	sim_ok(!failed, "%d streams through chains of 12 hooks are whole", RUNS);
}

/* ---- part 3: longer packets -------------------------------------------------- */

/**
 * struct grower - a hook that puts an IPv4 option into all it can
 * @hook:	the hook, NULL: not there now
 * @words:	of the option
 * @grown:	packets that have got it
 * @refused:	that had no room: made before the hook was there
 */
struct grower {
	struct unet_hook *hook;
	uint8_t words;
	uint64_t grown;
	uint64_t refused;
};

static uint32_t wire_mtu;
static uint32_t wire_most;
static uint64_t wire_full;	/* full ones with an option */

static int weigh(void *arg, int from, uint64_t now_us, void *packet, size_t len)
{
	const uint8_t *ip = packet;

	if (len > wire_most)
		wire_most = (uint32_t)len;
	wire_full += len == wire_mtu && ip[0] > 0x45;
	return 0;
}

static void put_option(struct unet_hook_batch *b, void *arg)
{
	static const uint8_t nops[16] = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	};
	struct grower *g = arg;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];
		uint8_t first = (uint8_t)(p->data[0] + g->words);

		if (unet_hook_splice(p, 20, 0, nops, g->words * 4u)) {
			g->refused++;
			continue;
		}
		unet_hook_write(p, 0, &first, 1);
		g->grown += p->segs;
	}
}

static void come_or_go(struct sim *s, struct grower *g, int side)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_TX,
		.match = UNET_HOOK_ETHERTYPE, .ethertype = 0x0800,
		.reserve = (uint16_t)(g->words * 4),
	};

	if (g->hook)
		unet_hook_del(g->hook);
	g->hook = g->hook ? NULL :
		  unet_hook_add(s->peer[side].st, put_option, g, &o);
}

static bool growing(uint64_t seed, uint64_t *grown, uint64_t *refused)
{
	static const uint32_t mtu[] = { 600, 1280, 1500, 9000 };
	struct grower g[4] = { { .words = 0 } };
	uint64_t rng = seed;
	struct sim s;
	bool ok;
	int i;

	sim_init(&s, seed);
	s.opts.delay_us = sim_pick(&rng, 10, 5000);
	s.opts.loss_ppm = sim_pick(&rng, 0, 1) * 10000;
	wire_mtu = mtu[seed % 4];
	s.opts.mtu = wire_mtu;
	if (sim_pick(&rng, 0, 1))
		s.opts.flags |= UNET_WIRE_SUPER;
	s.peer[0].total = 150000;
	s.peer[1].total = 150000;
	wire_most = 0;
	ok = sim_open(&s);
	unet_wire_on_packet(s.wire, weigh, NULL);
	for (i = 0; i < 4; i++) {
		g[i].words = (uint8_t)sim_pick(&rng, 1, 4);
		if (sim_pick(&rng, 0, 1))
			come_or_go(&s, &g[i], i & 1);
	}
	while (ok && !sim_finished(&s)) {
		i = (int)sim_pick(&rng, 0, 200);
		if (i < 4)
			come_or_go(&s, &g[i], i & 1);
		ok = sim_step(&s);
	}
	for (i = 0; i < 4; i++) {
		*grown += g[i].grown;
		*refused += g[i].refused;
	}
	ok = sim_close(&s) && ok;
	why = s.why ? s.why : "a packet was too large, or none was full";
	return ok && (s.opts.flags & UNET_WIRE_SUPER || wire_most == wire_mtu);
}

static void longer_packets_fit_the_path(void)
{
	uint64_t refused = 0;
	uint64_t grown = 0;
	int failed = 0;
	uint64_t seed;

	for (seed = 1; seed <= RUNS; seed++) {
		if (growing(seed, &grown, &refused))
			continue;
		printf("# seed %llu: %s (%u of %u)\n",
		       (unsigned long long)seed, why, wire_most, wire_mtu);
		failed++;
	}
	sim_ok(!failed && wire_full > 1000 && refused < grown / 100,
	       "%d streams, %llu packets made longer, %llu full, %llu refused",
	       RUNS, (unsigned long long)grown,
	       (unsigned long long)wire_full, (unsigned long long)refused);
}

int main(void)
{
	threads_change_hooks();
	chains_keep_tcp_correct();
	longer_packets_fit_the_path();
	return sim_summary();
}
