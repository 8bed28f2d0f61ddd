// SPDX-License-Identifier: MIT
/*
 * TCP between two stacks on bad networks: a thousand seeded runs with loss,
 * reordering, duplicates, corruption, narrow links, small buffers and slow
 * readers. Every byte is compared, both ends close cleanly, nothing stalls and
 * nothing is left behind.
 *
 *   sim_tcp          all runs
 *   sim_tcp SEED     one run, with what it was
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

#define RUNS		1000
#define DEADLINE_US	1800000000ull

static uint32_t one_of(uint64_t *rng, const uint32_t *choice, uint32_t n)
{
	return choice[sim_pick(rng, 0, n - 1)];
}

static void pick_wire(struct unet_wire_opts *o, uint64_t *rng)
{
	static const uint32_t mtu[] = { 600, 1280, 1500, 1500, 4000, 9000 };
	static const uint32_t delay[] = { 0, 5, 100, 1000, 10000, 50000 };
	static const uint32_t loss[] = { 0, 0, 1000, 10000, 30000, 100000 };
	static const uint32_t some[] = { 0, 0, 0, 10000, 50000 };

	o->mtu = one_of(rng, mtu, 6);
	o->delay_us = one_of(rng, delay, 6);
	o->loss_ppm = one_of(rng, loss, 6);
	o->dup_ppm = one_of(rng, some, 5);
	o->reorder_ppm = one_of(rng, some, 5);
	o->reorder_us = sim_pick(rng, 1, 2 * o->delay_us + 100);
	if (!sim_pick(rng, 0, 3))
		o->jitter_us = sim_pick(rng, 0, o->delay_us + 50);
	if (!sim_pick(rng, 0, 3))
		o->corrupt_ppm = 5000;
	if (!sim_pick(rng, 0, 2)) {
		o->bits_per_s = 1000000ull << sim_pick(rng, 0, 9);
		o->queue_bytes = sim_pick(rng, 5 * o->mtu, 100 * o->mtu);
	}
	if (sim_pick(rng, 0, 1))
		o->flags |= UNET_WIRE_SUPER;
}

static void pick_peer(struct sim_peer *p, uint64_t *rng)
{
	static const uint32_t total[] = { 1, 1000, 20000, 200000, 200000, 1000000 };
	static const uint32_t chunk[] = { 1, 100, 1460, 5000, 65536, 65536 };

	p->total = sim_pick(rng, 0, one_of(rng, total, 6));
	p->chunk = one_of(rng, chunk, 6);
	if (p->chunk < 100 && p->total > 3000)
		p->total = 3000;
	p->read_max = sim_pick(rng, 1, 4) > 1 ? 65536 : sim_pick(rng, 1, 3000);
	if (!sim_pick(rng, 0, 5) && p->read_max > 1000)
		p->pause_us = sim_pick(rng, 1, 200000);
}

/* Sequence numbers and timestamps that wrap on the way. */
static void near_wrap(struct sim_peer *p, uint64_t *rng)
{
	if (sim_pick(rng, 0, 1))
		p->isn = -sim_pick(rng, 1, 30000);
	if (sim_pick(rng, 0, 1))
		p->ts = -sim_pick(rng, 1, 3000);
}

static void describe(const struct sim *s)
{
	const struct unet_wire_opts *o = &s->opts;
	const struct unet_connect_opts *c = &s->conn;

	printf("# mtu %u delay %u+%u loss %u dup %u reorder %u/%u corrupt %u",
	       o->mtu, o->delay_us, o->jitter_us, o->loss_ppm, o->dup_ppm,
	       o->reorder_ppm, o->reorder_us, o->corrupt_ppm);
	printf(" rate %llu queue %u flags %u\n",
	       (unsigned long long)o->bits_per_s, o->queue_bytes, o->flags);
	for (int i = 0; i < 2; i++) {
		const struct sim_peer *p = &s->peer[i];

		printf("# %d: %llu bytes, chunk %u read %u pause %u isn %u ts %u\n",
		       i, (unsigned long long)p->total, p->chunk, p->read_max,
		       p->pause_us, p->isn, p->ts);
	}
	printf("# rcvbuf %u sndbuf %u %s%s%s\n", c->rcvbuf, c->sndbuf,
	       c->congestion, s->v6 ? " v6" : "",
	       s->both_connect ? " simultaneous" : "");
}

static bool one_run(uint64_t seed, bool tell)
{
	static const uint32_t buf[] = { 0, 0, 4096, 20000, 65536, 300000 };
	uint64_t rng = seed;
	struct sim s;

	sim_init(&s, seed);
	pick_wire(&s.opts, &rng);
	pick_peer(&s.peer[0], &rng);
	pick_peer(&s.peer[1], &rng);
	s.conn.rcvbuf = one_of(&rng, buf, 6);
	s.conn.sndbuf = one_of(&rng, buf, 6);
	s.conn.congestion = sim_pick(&rng, 0, 1) ? "reno" : "cubic";
	s.v6 = s.opts.mtu >= 1280 && sim_pick(&rng, 0, 1);
	s.both_connect = !s.v6 && !sim_pick(&rng, 0, 7);
	near_wrap(&s.peer[0], &rng);
	near_wrap(&s.peer[1], &rng);
	if (tell)
		describe(&s);
	if (sim_open(&s))
		sim_run(&s, DEADLINE_US);
	if (s.why || tell)
		printf("# seed %llu: %s; %llu of %llu and %llu of %llu bytes at %llu us\n",
		       (unsigned long long)seed, s.why ? s.why : "well",
		       (unsigned long long)s.peer[1].received,
		       (unsigned long long)s.peer[0].total,
		       (unsigned long long)s.peer[0].received,
		       (unsigned long long)s.peer[1].total,
		       (unsigned long long)unet_wire_now(s.wire));
	if (!sim_close(&s))
		printf("# seed %llu: %s\n", (unsigned long long)seed, s.why);
	return !s.why;
}

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc > 1)
		return !one_run(strtoull(argv[1], NULL, 0), true);
	for (int group = 0; group < RUNS / 100; group++) {
		int before = bad;

		for (int i = 0; i < 100; i++)
			bad += !one_run(group * 100 + i + 1, false);
		sim_ok(bad == before, "runs %d to %d", group * 100 + 1,
		       group * 100 + 100);
	}
	return sim_summary();
}
