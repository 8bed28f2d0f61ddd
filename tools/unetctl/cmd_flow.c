// SPDX-License-Identifier: MIT
/*
 * channels, flows
 */
#include <errno.h>
#include <stdio.h>

#include "cells.h"
#include "command.h"
#include "explain.h"
#include "match.h"
#include "output.h"

static const struct unet_output_field channel_fields[] = {
	{ .head = "CHANNEL", .key = "channel", .attr = UNET_A_CHANNEL, .right = true },
	{ .head = "DEV", .key = "ifname", .attr = UNET_A_IFNAME },
	{ .head = "OWNER", .cell = unet_cell_owner },
	{ .head = "UID", .attr = UNET_A_UID, .right = true },
	{ .head = "STATE", .key = "state", .attr = UNET_A_STATE,
	  .word = unet_word_channel_state },
	{ .head = "REASON", .key = "reason", .attr = UNET_A_REASON,
	  .word = unet_word_reason },
	{ .key = "pid", .attr = UNET_A_PID, .zero_is_null = true },
	{ .key = "uid", .attr = UNET_A_UID },
	{ .key = "comm", .attr = UNET_A_COMM },
	{ .head = "FLOWS", .key = "flows", .attr = UNET_A_FLOWS, .right = true },
	{ .head = "MEMORY", .cell = unet_cell_arena_bytes, .right = true,
	  .key = "arena_bytes", .attr = UNET_A_ARENA_BYTES },
	{ 0 }
};

static const struct unet_output_field flow_fields[] = {
	{ .head = "FLOW", .key = "flow", .attr = UNET_A_FLOW_ID },
	{ .key = "ifname", .attr = UNET_A_IFNAME },
	{ .key = "channel", .attr = UNET_A_CHANNEL },
	{ .key = "handle", .attr = UNET_A_FLOW },
	{ .key = "family", .attr = UNET_A_FAMILY, .word = unet_word_family },
	{ .head = "PROTO", .key = "proto", .attr = UNET_A_PROTO,
	  .word = unet_word_proto },
	{ .head = "LOCAL", .cell = unet_cell_local },
	{ .head = "REMOTE", .cell = unet_cell_remote },
	{ .key = "local_addr", .json = unet_json_local_addr },
	{ .key = "local_port", .attr = UNET_A_LOCAL_PORT, .zero_is_null = true },
	{ .key = "remote_addr", .json = unet_json_remote_addr },
	{ .key = "remote_port", .attr = UNET_A_REMOTE_PORT, .zero_is_null = true },
	{ .head = "OWNER", .cell = unet_cell_owner },
	{ .key = "pid", .attr = UNET_A_PID, .zero_is_null = true },
	{ .key = "uid", .attr = UNET_A_UID },
	{ .key = "comm", .attr = UNET_A_COMM },
	{ .head = "STATE", .key = "state", .attr = UNET_A_FLOW_STATE,
	  .word = unet_word_flow_state },
	{ .head = "RX PKTS/BATCH", .cell = unet_cell_batch, .right = true },
	{ .key = "rx_packets", .attr = UNET_A_RX_PACKETS },
	{ .key = "rx_batches", .attr = UNET_A_RX_BATCHES },
	{ .head = "RX BYTES", .cell = unet_cell_rx_bytes, .right = true,
	  .key = "rx_bytes", .attr = UNET_A_RX_BYTES },
	{ .key = "tx_packets", .attr = UNET_A_TX_PACKETS },
	{ .head = "TX BYTES", .cell = unet_cell_tx_bytes, .right = true,
	  .key = "tx_bytes", .attr = UNET_A_TX_BYTES },
	{ .head = "DROPS", .key = "drops", .attr = UNET_A_DROPS, .right = true },
	{ .head = "CHAIN", .key = "chain", .attr = UNET_A_CHAIN },
	{ .head = "DEV", .attr = UNET_A_IFNAME, .extra = true },
	{ 0 }
};

struct listing {
	const struct unet_args_filter *filter;
	struct unet_output *out;
};

static int print_row(const struct unet_reply *reply, void *arg)
{
	const struct listing *listing = arg;

	if (!unet_match(listing->filter, reply))
		return 0;
	return unet_output_row(listing->out, reply);
}

static int list(struct unet_run *run, uint8_t cmd,
		const struct unet_output_field *fields, unsigned int flags)
{
	const struct unet_genl_query query = {
		.cmd = cmd, .dump = true, .filter = &run->filter,
	};
	struct listing listing = { .filter = &run->filter };
	int err, closed;

	if (run->given & UNET_OPTION_JSON)
		flags |= UNET_OUTPUT_JSON;
	listing.out = unet_output_open(stdout, fields, flags);
	if (!listing.out)
		return -ENOMEM;
	err = unet_genl_ask(run->genl, &query, print_row, &listing);
	if (err)
		unet_output_failed(listing.out);
	closed = unet_output_close(listing.out);
	if (!err && unet_genl_torn(run->genl))
		fprintf(stderr, "unetctl: %s: changed while being read, some may be "
			"missing or told twice\n", run->command->name);
	if (err == -ENODEV && run->filter.given & UNET_FILTER_DEV)
		unet_explain_device(run, run->filter.dev);
	return err ? err : closed;
}

static int count(const struct unet_reply *reply, void *arg)
{
	(void)reply;
	++*(unsigned int *)arg;
	return 0;
}

int unet_cmd_channels(struct unet_run *run)
{
	return list(run, UNET_CMD_CHANNEL_GET, channel_fields, 0);
}

int unet_cmd_flows(struct unet_run *run)
{
	const struct unet_genl_query nexuses = {
		.cmd = UNET_CMD_NEXUS_GET, .dump = true,
	};
	unsigned int n = 0;
	int err;

	/* Numbers of flows repeat from nexus to nexus. */
	if (!(run->filter.given & UNET_FILTER_DEV)) {
		err = unet_genl_ask(run->genl, &nexuses, count, &n);
		if (err)
			return err;
	}
	return list(run, UNET_CMD_FLOW_GET, flow_fields,
		    n > 1 ? UNET_OUTPUT_EXTRA : 0);
}
