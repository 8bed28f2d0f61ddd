// SPDX-License-Identifier: MIT
/*
 * bench_tcp_kernel and bench_tcp_unet: the same server and client over one TCP
 * or the other.
 *
 *	bench_tcp_X server DEV ADDR
 *	bench_tcp_X send|recv|rr|crr DEV ADDR CONNECTIONS AMOUNT
 *	bench_tcp_X kill DEV ADDR CONNECTIONS PID
 *
 * The server says "ready" and serves until it is killed, which is what the last
 * form does with process PID. The client prints one
 * JSON object; send and recv are from the client's point of view.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net.h"
#include "tcp.h"

uint8_t tcp_chunk[CHUNK_BYTES];

static const struct {
	const char *name;
	tcp_run_fn run;
	int divided;		/* each connection has its part of the amount */
} runs[] = {
	{ "send", tcp_send_stream, 1 },
	{ "recv", tcp_recv_stream, 1 },
	{ "rr", tcp_request, 1 },
	{ "crr", tcp_connect_request, 1 },
	{ "kill", tcp_bereave, 0 },
};

uint64_t tcp_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

void tcp_die(const char *what, long err)
{
	fprintf(stderr, "bench_tcp: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: bench_tcp_X server DEV ADDR\n"
		"       bench_tcp_X send|recv|rr|crr DEV ADDR CONNECTIONS AMOUNT\n"
		"       bench_tcp_X kill DEV ADDR CONNECTIONS PID\n");
	exit(2);
}

static void client(size_t which, char **argv)
{
	uint32_t conns = strtoul(argv[4], NULL, 10);
	uint64_t amount = strtoull(argv[5], NULL, 10);
	struct tcp_result r = { 0 };

	if (!conns || amount < (runs[which].divided ? conns : 1)) {
		fprintf(stderr,
			"bench_tcp: connections '%s', amount '%s': at least 1 of each connection\n",
			argv[4], argv[5]);
		exit(2);
	}
	runs[which].run(argv[3], conns, amount, &r);
	printf("{\"start\":%" PRIu64 ",\"end\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"trips\":%" PRIu64 ",\"median\":%" PRIu64 ",\"p99\":%" PRIu64 "}\n",
	       r.start, r.end, r.bytes, r.trips, r.median, r.p99);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 4)
		usage();
	memset(tcp_chunk, 'u', sizeof(tcp_chunk));
	net_open(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "server"))
		tcp_serve(argv[3]);
	for (i = 0; argc == 6 && i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (strcmp(argv[1], runs[i].name))
			continue;
		client(i, argv);
		return 0;
	}
	usage();
}
