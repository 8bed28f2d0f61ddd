// SPDX-License-Identifier: MIT
/*
 * aid_hold DEV [PORT [OURS PEER]]: hold a channel of DEV, 64 MiB large, with a UDP listener on
 * PORT that sends one datagram from the IPv4 address OURS to PEER, port 9, and does
 * not wait for it to leave.
 *
 * Says "ready", then takes what comes until SIGTERM or the channel's end, then
 * says "state=STATE packets=N changes=N": how often the host's addresses and
 * routes changed meanwhile.
 */
#include "chan.h"
#include <signal.h>

static volatile sig_atomic_t stop;

/* So large that a loop of few rounds would be seen to lose a part of it each time. */
static const struct unet_params large = { .rx_small = 16384, .tx_bufs = 16384 };

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static unsigned long take(struct chan *c)
{
	const struct unet_rx_slot *slot;
	unsigned long packets = 0;

	while ((slot = chan_rx_peek(c, 0))) {
		packets += slot->packets;
		chan_rx_next(c);
	}
	return packets;
}

static int send_one(struct chan *c, uint32_t flow, int port, char **ends)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = ends[0],
		.dst = ends[1], .sport = port, .dport = 9, .bytes = 1000,
	};
	uint32_t hdr = build_packet(c->tx_mem, &p);
	struct unet_tx_slot s = { .flow = flow, .header_len = hdr, .extents = 1,
				  .extent = { { 0, hdr + p.bytes } } };

	chan_tx_slot(c, &s);
	return chan_sync(c, UNET_SYNC_TX);
}

int main(int argc, char **argv)
{
	static const char *const states[] = {
		"unbound", "live", "poisoned", "detached",
	};
	int err, port = argc > 2 ? atoi(argv[2]) : 0;
	unsigned long packets = 0;
	bool told = false;
	struct unet_flow_req r;
	struct pollfd p;
	uint32_t state, gen;
	struct chan c;

	if (argc < 2)
		return fprintf(stderr, "usage: aid_hold DEV [PORT [OURS PEER]]\n"), 2;
	signal(SIGTERM, on_term);
	err = chan_open(&c, argv[1], &large);
	if (!err && port) {
		r = flow_req(IPPROTO_UDP, AF_INET, NULL, port, NULL, 0);
		err = chan_flow_add(&c, &r);
		if (!err && argc > 4)
			err = send_one(&c, r.flow, port, argv + 3);
	}
	if (err)
		return fprintf(stderr, "aid_hold: %s\n", strerror(-err)), 1;
	gen = load_acquire(&c.info->addr_gen);
	puts("ready");
	fflush(stdout);
	p = (struct pollfd){ .fd = c.fd, .events = POLLIN };
	do {
		poll(&p, 1, 100);
		packets += take(&c);
		if (!told && load_acquire(&c.info->addr_gen) != gen) {
			told = true;
			puts("told");
			fflush(stdout);
		}
	} while (!stop && !(p.revents & (POLLERR | POLLHUP)));
	state = chan_state(&c, NULL);
	printf("state=%s packets=%lu changes=%u\n",
	       state < 4 ? states[state] : "?", packets,
	       load_acquire(&c.info->addr_gen) - gen);
	return 0;
}
