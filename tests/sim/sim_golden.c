// SPDX-License-Identifier: MIT
/*
 * Goodput of one transfer for round trip x loss x buffer, in virtual time, held
 * against golden.txt to the digit. A change of TCP's behaviour is a visible
 * change of that file: look at it, then `sim_golden -w` and commit it with the
 * reason.
 */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define DEADLINE_US	3600000000ull
#define LINE_MAX_LEN	160

/**
 * struct row - one transfer
 * @rtt_us:	round trip
 * @loss_ppm:	packets lost each way
 * @queue:	bytes of queue before the bottleneck
 * @rcvbuf:	of the receiver
 * @cc:		congestion control
 */
struct row {
	uint32_t rtt_us;
	uint32_t loss_ppm;
	uint32_t queue;
	uint32_t rcvbuf;
	const char *cc;
};

static const uint32_t rtts[] = { 100, 1000, 20000, 100000 };
static const uint32_t losses[] = { 0, 1000, 10000, 30000 };
static const uint32_t queues[] = { 30000, 300000 };
static const uint32_t rcvbufs[] = { 32768, 1048576 };
static const char *const ccs[] = { "reno", "cubic" };

static void row_set_up(struct sim *s, const struct row *r)
{
	sim_init(s, 7);
	s->opts.delay_us = r->rtt_us / 2;
	s->opts.loss_ppm = r->loss_ppm;
	s->opts.bits_per_s = 100000000;
	s->opts.queue_bytes = r->queue;
	s->conn.rcvbuf = r->rcvbuf;
	s->conn.congestion = r->cc;
	s->peer[1].total = 2000000;
	if (r->loss_ppm >= 10000)
		s->peer[1].total = 300000;
}

static bool row_run(const struct row *r, char *line)
{
	uint64_t us = 0, retrans = 0, rto = 0;
	struct sim s;

	row_set_up(&s, r);
	if (sim_open(&s) && sim_run(&s, DEADLINE_US)) {
		us = unet_wire_now(s.wire) - 1000000;
		retrans = sim_counter(&s, 1, UNET_STAT_TCP_RETRANS);
		rto = sim_counter(&s, 1, UNET_STAT_TCP_RTO);
	}
	snprintf(line, LINE_MAX_LEN, "%6u %6u %7u %8u %-6s %7llu %5llu %3llu\n",
		 r->rtt_us, r->loss_ppm, r->queue, r->rcvbuf, r->cc,
		 us ? (unsigned long long)(s.peer[1].total * 8000 / us) : 0,
		 (unsigned long long)retrans, (unsigned long long)rto);
	return sim_close(&s);
}

/* The table's rows in order; false when there are no more. */
static bool row_get(unsigned int i, struct row *r)
{
	r->cc = ccs[i % 2];
	i /= 2;
	r->rcvbuf = rcvbufs[i % 2];
	i /= 2;
	r->queue = queues[i % 2];
	i /= 2;
	r->loss_ppm = losses[i % 4];
	i /= 4;
	if (i >= 4)
		return false;
	r->rtt_us = rtts[i];
	return true;
}

static const char head[] =
	"# 100 Mbit/s; rtt us, loss ppm, queue, rcvbuf, cc:"
	" goodput kbit/s, retransmitted, timeouts\n";

static int write_table(FILE *f)
{
	char line[LINE_MAX_LEN];
	struct row r;

	fputs(head, f);
	for (unsigned int i = 0; row_get(i, &r); i++) {
		row_run(&r, line);
		fputs(line, f);
	}
	return fclose(f) ? 1 : 0;
}

static bool next_line(FILE *f, char *line)
{
	while (fgets(line, LINE_MAX_LEN, f))
		if (line[0] != '#')
			return true;
	line[0] = 0;
	return false;
}

static int compare(FILE *f)
{
	char line[LINE_MAX_LEN], want[LINE_MAX_LEN];
	struct row r;

	for (unsigned int i = 0; row_get(i, &r); i++) {
		bool done = row_run(&r, line);
		bool same = next_line(f, want) && !strcmp(line, want);

		sim_ok(done && same, "rtt %u us, loss %u ppm, queue %u, rcvbuf %u, %s",
		       r.rtt_us, r.loss_ppm, r.queue, r.rcvbuf, r.cc);
		if (!same)
			printf("# golden %s# now    %s", want, line);
	}
	fclose(f);
	return sim_summary();
}

int main(int argc, char **argv)
{
	bool write = argc > 1 && !strcmp(argv[1], "-w");
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/golden.txt", sim_folder());
	f = fopen(path, write ? "w" : "r");
	if (!f) {
		perror(path);
		return 1;
	}
	return write ? write_table(f) : compare(f);
}
