// SPDX-License-Identifier: MIT
/*
 * bench_flows DEV FLOWS [all]: holds so many connected UDP flows of DEV's nexus, in as
 * many channels as that needs, and says "ready"; until it is killed. None of them gets a
 * packet of the generator's: they are what a look-up has to find its way among. all: and
 * one each of the two other kinds that have ports, so that those are asked, too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unet/channel.h>

#include "rx.h"

#define OF_A_CHANNEL	60000u	/* beside the listener whose port they share */
#define REMOTE_NET	0x0a4e0000u	/* 10.78.0.0: one address a channel */

/* Of channel @number: the listener (@i is 0), or a flow connected to port @i. */
static int add(struct unet_channel *ch, uint32_t number, uint32_t i, uint32_t *listener)
{
	struct unet_flow_req req = { .flags = UNET_FLOW_LOCAL_PORT,
				     .family = AF_INET,
				     .proto = IPPROTO_UDP,
				     .local_port = htons(RX_PORT + 1 + number) };
	uint32_t remote = htonl(REMOTE_NET + number);
	int err;

	if (i) {
		req.flags |= UNET_FLOW_LOCAL_ADDR | UNET_FLOW_REMOTE;
		req.parent = *listener;
		req.remote_port = htons(i);
		inet_pton(AF_INET, RX_LOCAL, req.local);
		memcpy(req.remote, &remote, sizeof(remote));
	}
	err = unet_channel_flow_add(ch, &req);
	if (!i)
		*listener = req.flow;
	return err;
}

/* A listener at one address, and a flow connected to a peer at whichever address. */
static int add_other_kinds(struct unet_channel *ch)
{
	struct unet_flow_req req = { .flags = UNET_FLOW_LOCAL_PORT | UNET_FLOW_LOCAL_ADDR,
				     .family = AF_INET,
				     .proto = IPPROTO_UDP,
				     .local_port = htons(RX_PORT - 1) };
	uint32_t remote = htonl(REMOTE_NET);
	int err;

	inet_pton(AF_INET, RX_LOCAL, req.local);
	err = unet_channel_flow_add(ch, &req);
	if (err)
		return err;
	req = (struct unet_flow_req){ .flags = UNET_FLOW_LOCAL_PORT | UNET_FLOW_REMOTE,
				      .family = AF_INET,
				      .proto = IPPROTO_UDP,
				      .local_port = htons(RX_PORT - 2),
				      .remote_port = htons(1) };
	memcpy(req.remote, &remote, sizeof(remote));
	return unet_channel_flow_add(ch, &req);
}

static int hold(const char *dev, uint32_t number, uint32_t flows, bool all)
{
	struct unet_params params = { .rx_slots = 64, .rx_small = 64, .tx_slots = 64,
				      .tx_bufs = 64, .rx_large = UNET_PARAM_NONE,
				      .max_flows = power_of_two_above(flows + 3) };
	struct unet_channel *ch = unet_channel_open(dev, &params);
	uint32_t i, listener;
	int err = ch ? 0 : -errno;

	for (i = 0; !err && i <= flows; i++)
		err = add(ch, number, i, &listener);
	return err || !all ? err : add_other_kinds(ch);
}

int main(int argc, char **argv)
{
	uint32_t left, some, number;
	int err;

	bool all = argc == 4 && !strcmp(argv[3], "all");

	if (argc != 3 + all) {
		fprintf(stderr, "usage: bench_flows DEV FLOWS [all]\n");
		return 2;
	}
	left = strtoul(argv[2], NULL, 10);
	for (number = 0; left; number++, left -= some) {
		some = left < OF_A_CHANNEL ? left : OF_A_CHANNEL;
		err = hold(argv[1], number, some, all);
		if (err) {
			fprintf(stderr, "bench_flows: %s, channel %u: %s\n", argv[1],
				number, strerror(-err));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
