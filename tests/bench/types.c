// SPDX-License-Identifier: MIT
/*
 * bench_types RULES pattern|plain: rules of packet types, one of which drops the
 * generator's packets; the others are for ports to both sides of theirs, each of its
 * own. With "pattern" that one looks at a byte of the payload, so that what it does is
 * not remembered, and each packet is looked up.
 */
#include <netinet/in.h>

#include "../kselftest/nl.h"
#include "rx.h"

#define OTHERS	8001	/* and every second from here on: the generator's is even */

static int add(struct nl *nl, uint32_t port, const struct unet_pattern *pattern)
{
	uint8_t layer = UNET_TYPE_PORT, action = UNET_TYPE_DROP, proto = IPPROTO_UDP;
	uint32_t priority = 10;
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_ACK, UNET_CMD_TYPE_ADD);
	nl_put(&r, UNET_A_LAYER, &layer, sizeof(layer));
	nl_put(&r, UNET_A_ACTION, &action, sizeof(action));
	nl_put(&r, UNET_A_PROTO, &proto, sizeof(proto));
	nl_put(&r, UNET_A_FIRST, &port, sizeof(port));
	nl_put(&r, UNET_A_PRIORITY, &priority, sizeof(priority));
	if (pattern)
		nl_put(&r, UNET_A_PATTERNS, pattern, sizeof(*pattern));
	return nl_ask(nl, &r, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct unet_pattern zero = { .bytes = 1, .mask = { 0xff } };
	int i, rules, err;
	struct nl nl;

	if (argc != 3) {
		fprintf(stderr, "usage: bench_types RULES pattern|plain\n");
		return 2;
	}
	rules = atoi(argv[1]);
	err = nl_open(&nl);
	if (!err)
		err = add(&nl, RX_PORT, strcmp(argv[2], "pattern") ? NULL : &zero);
	for (i = 0; i < rules - 1 && !err; i++)
		err = add(&nl, OTHERS + 2 * i, NULL);
	if (err)
		fprintf(stderr, "bench_types: %s %s\n", strerror(-err), nl.said);
	return !!err;
}
