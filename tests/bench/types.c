// SPDX-License-Identifier: MIT
/*
 * bench_types RULES pattern|plain|crowd: rules of packet types, one of which drops the
 * generator's packets; the others are for ports to both sides of theirs, each of its
 * own. With "pattern" that one looks at a byte of the payload, so that what it does is
 * not remembered, and each packet is looked up. With "crowd" the others are for the same
 * port, come first, and want another byte there.
 */
#include <netinet/in.h>
#include <stdbool.h>

#include "../kselftest/nl.h"
#include "rx.h"

#define OTHERS	8001	/* and every second from here on: the generator's is even */

static int add(struct nl *nl, uint32_t port, uint32_t priority,
	       const struct unet_pattern *pattern)
{
	struct nl_req r;

	nl_rule(nl, &r, UNET_TYPE_DROP, port);
	nl_put(&r, UNET_A_PRIORITY, &priority, sizeof(priority));
	if (pattern)
		nl_put(&r, UNET_A_PATTERNS, pattern, sizeof(*pattern));
	return nl_ask(nl, &r, NULL, NULL);
}

/* The one that counts is of priority 10, and wants a byte of 0. */
static int add_other(struct nl *nl, int i, bool crowd)
{
	struct unet_pattern byte = { .bytes = 1, .mask = { 0xff }, .value = { (uint8_t)(i + 1) } };

	return crowd ? add(nl, RX_PORT, 9, &byte) : add(nl, OTHERS + 2 * i, 10, NULL);
}

int main(int argc, char **argv)
{
	static const struct unet_pattern zero = { .bytes = 1, .mask = { 0xff } };
	int i, rules, err;
	struct nl nl;

	if (argc != 3) {
		fprintf(stderr, "usage: bench_types RULES pattern|plain|crowd\n");
		return 2;
	}
	rules = atoi(argv[1]);
	err = nl_open(&nl);
	if (!err)
		err = add(&nl, RX_PORT, 10, strcmp(argv[2], "plain") ? &zero : NULL);
	for (i = 0; i < rules - 1 && !err; i++)
		err = add_other(&nl, i, !strcmp(argv[2], "crowd"));
	if (err)
		fprintf(stderr, "bench_types: %s %s\n", strerror(-err), nl.said);
	return !!err;
}
