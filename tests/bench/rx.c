// SPDX-License-Identifier: MIT
/*
 * bench_rx: receives small UDP packets in one way and says when the last one had
 * arrived. Prints "ready" when the generator may start, and at the end one JSON
 * object; the clock is CLOCK_MONOTONIC, as bench_gen's is.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rx.h"

#define GIVE_UP_MS	3000	/* with no packet after the first */

static const struct rx_way *const ways[] = {
	&rx_udp, &rx_packet, &rx_xsk_generic, &rx_xsk_native,
	&rx_unet, &rx_unet_listen,
};

#define N_WAYS	(sizeof(ways) / sizeof(ways[0]))

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static const struct rx_way *find_way(const char *name)
{
	size_t i;

	for (i = 0; i < N_WAYS; i++)
		if (!strcmp(ways[i]->name, name))
			return ways[i];
	fprintf(stderr, "bench_rx: no way '%s' (known:", name);
	for (i = 0; i < N_WAYS; i++)
		fprintf(stderr, " %s", ways[i]->name);
	fprintf(stderr, ")\n");
	return NULL;
}

static void receive(const struct rx_way *way, void *rx, uint32_t wanted)
{
	struct pollfd p = { .fd = way->fd(rx), .events = POLLIN };
	uint64_t got = 0, sleeps = 0, last = now_ns();

	while (got < wanted) {
		uint32_t n = way->take(rx);

		got += n;
		if (n)
			continue;
		last = now_ns();
		sleeps++;
		if (poll(&p, 1, got ? GIVE_UP_MS : -1) == 0)
			break;
	}
	if (got >= wanted)
		last = now_ns();
	printf("{\"last\":%" PRIu64 ",\"packets\":%" PRIu64
	       ",\"sleeps\":%" PRIu64 ",\"batches\":%" PRIu64 "}\n",
	       last, got, sleeps, way->batches ? way->batches(rx) : got);
}

int main(int argc, char **argv)
{
	const struct rx_way *way;
	struct rx_args args;
	void *rx;

	if (argc != 5) {
		fprintf(stderr, "usage: bench_rx WAY DEV PACKETS FLOWS\n");
		return 2;
	}
	way = find_way(argv[1]);
	if (!way)
		return 2;
	args.dev = argv[2];
	args.packets = strtoul(argv[3], NULL, 10);
	args.flows = strtoul(argv[4], NULL, 10);
	rx = way->open(&args);
	if (!rx) {
		fprintf(stderr, "bench_rx: %s on %s: %s\n", way->name, args.dev,
			strerror(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	receive(way, rx, args.packets);
	if (way->close)
		way->close(rx);
	return 0;
}
