// SPDX-License-Identifier: MIT
/*
 * bench_mid WAY WHERE look|rewrite|ttl|ident|payload|mark: stands in the middle of packets in one
 * way until SIGTERM. Prints "ready" when packets may come, and at the end one JSON object.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "mid.h"

static const struct mid_way *const ways[] = {
	&mid_nfqueue, &mid_tap, &mid_ringbuf, &mid_unet,
};

#define N_WAYS	(sizeof(ways) / sizeof(ways[0]))

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static uint32_t word_at(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static void put_word(uint8_t *at, uint32_t word)
{
	at[0] = word >> 8;
	at[1] = word;
}

/* The word of the header that is another, and what it becomes. */
static uint8_t *word_of(uint8_t *ip, enum mid_does does, uint32_t *new)
{
	switch (does) {
	case MID_TTL:
		*new = MID_HOPS << 8 | ip[9];
		return ip + 8;
	case MID_IDENT:
		*new = MID_ID;
		return ip + 4;
	default:
		*new = ip[0] << 8 | MID_TOS;
		return ip;
	}
}

void mid_change(uint8_t *ip, enum mid_does does)
{
	uint32_t old, new, sum = word_at(ip + 10);
	uint8_t *at;

	if (does == MID_PAYLOAD) {
		ip[MID_HEADERS] = MID_BYTE;
		return;
	}
	at = word_of(ip, does, &new);
	old = word_at(at);
	/* RFC 1624, equation 3 */
	sum = (~sum & 0xffff) + (~old & 0xffff) + new;
	sum = (sum & 0xffff) + (sum >> 16);
	put_word(at, new);
	put_word(ip + 10, ~(sum + (sum >> 16)));
}

static const struct mid_way *find_way(const char *name)
{
	size_t i;

	for (i = 0; i < N_WAYS; i++)
		if (!strcmp(ways[i]->name, name))
			return ways[i];
	fprintf(stderr, "bench_mid: no way '%s' (known:", name);
	for (i = 0; i < N_WAYS; i++)
		fprintf(stderr, " %s", ways[i]->name);
	fprintf(stderr, ")\n");
	return NULL;
}

/* The signal comes while it is waited for, or not before that: none is slept over. */
static void catch_term(sigset_t *asleep)
{
	struct sigaction term = { .sa_handler = on_term };
	sigset_t blocked;

	sigaction(SIGTERM, &term, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, asleep);
}

static void stand(const struct mid_way *way, void *mid, const sigset_t *asleep)
{
	struct pollfd p = { .fd = way->fd(mid), .events = POLLIN };
	uint64_t packets = 0, sleeps = 0;

	while (!stop) {
		uint32_t n = way->turn(mid);

		packets += n;
		if (n)
			continue;
		sleeps++;
		ppoll(&p, 1, NULL, asleep);
	}
	printf("{\"packets\":%" PRIu64 ",\"sleeps\":%" PRIu64 "}\n", packets,
	       sleeps);
}

static bool find_does(const char *word, enum mid_does *does)
{
	static const char *const words[MID_DOES_COUNT] = {
		[MID_LOOK] = "look", [MID_REWRITE] = "rewrite", [MID_TTL] = "ttl",
		[MID_IDENT] = "ident", [MID_PAYLOAD] = "payload", [MID_MARK] = "mark",
	};
	int i;

	for (i = 0; i < MID_DOES_COUNT; i++) {
		*does = (enum mid_does)i;
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	const struct mid_way *way;
	struct mid_args args;
	sigset_t asleep;
	void *mid;

	if (argc != 4 || !find_does(argv[3], &args.does)) {
		fprintf(stderr, "usage: bench_mid WAY WHERE look|rewrite|ttl|ident|payload|mark\n");
		return 2;
	}
	way = find_way(argv[1]);
	if (!way)
		return 2;
	args.where = argv[2];
	mid = way->open(&args);
	if (!mid) {
		fprintf(stderr, "bench_mid: %s on %s: %s\n", way->name, args.where,
			strerror(errno));
		return 1;
	}
	catch_term(&asleep);
	puts("ready");
	fflush(stdout);
	stand(way, mid, &asleep);
	return 0;
}
