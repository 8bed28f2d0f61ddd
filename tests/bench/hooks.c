// SPDX-License-Identifier: MIT
/*
 * What hooks cost, for tests/bench/hooks.sh to count under valgrind: datagrams of
 * 16 bytes go from one stack to another over an in-memory wire, so many a turn.
 *
 *   bench_hooks HOOKS DIRECTION BATCH MATCH TURNS
 *
 * HOOKS hooks that do nothing, at the end where packets pass in DIRECTION (rx or
 * tx); BATCH packets a turn; MATCH: all packets, or none of them.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unet/unet.h>

static struct unet_sock *a;
static struct unet_sock *b;

static void nothing(struct unet_hook_batch *batch, void *arg)
{
}

static void turn(struct unet_wire *w, int batch)
{
	char buf[64];

	while (batch--) {
		if (unet_send(a, "0123456789abcdef", 16, 0) != 16)
			exit(1);
	}
	unet_wire_run(w, unet_wire_now(w) + 1000);
	while (unet_recv(b, buf, sizeof(buf), 0) >= 0)
		;
}

static void add_hooks(struct unet_stack *st, int n, uint32_t dir, bool none)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = dir };

	if (none) {
		o.match = UNET_HOOK_LOCAL_PORT;
		o.local_port = 1;
	}
	while (n--) {
		if (!unet_hook_add(st, nothing, NULL, &o))
			exit(1);
	}
}

int main(int argc, char **argv)
{
	struct unet_stack *end[2];
	struct unet_wire *w;
	bool rx;
	int i;

	if (argc != 6)
		return 2;
	rx = !strcmp(argv[2], "rx");
	w = unet_wire_open(NULL, end);
	if (!w)
		return 1;
	b = unet_udp_open(end[1], AF_INET);
	if (unet_udp_bind(b, ":7"))
		return 1;
	a = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
	add_hooks(end[rx], atoi(argv[1]), rx ? UNET_HOOK_RX : UNET_HOOK_TX,
		  !strcmp(argv[4], "none"));
	for (i = 0; i < atoi(argv[5]); i++)
		turn(w, atoi(argv[3]));
	unet_wire_close(w);
	return 0;
}
