// SPDX-License-Identifier: MIT
/*
 * type, policy
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cells.h"
#include "command.h"
#include "output.h"
#include "program.h"

/* ---- cells --------------------------------------------------------------- */

static const char *layer_of(const struct unet_reply *r)
{
	if (r->layer == UNET_TYPE_ETHERTYPE)
		return "ethertype";
	if (r->layer == UNET_TYPE_PROTO)
		return "protocol";
	return r->proto == IPPROTO_TCP ? "tcp" :
	       r->proto == IPPROTO_UDP ? "udp" : "port";
}

/* "udp 7000-7009", "ethertype 0x88b5" */
static void cell_numbers(const void *row, char *buf)
{
	const struct unet_reply *r = row;
	bool hex = r->layer == UNET_TYPE_ETHERTYPE;
	int n;

	n = snprintf(buf, UNET_CELL_BYTES, hex ? "%s %#x" : "%s %u", layer_of(r),
		     r->first);
	if (r->last != r->first)
		snprintf(buf + n, UNET_CELL_BYTES - n, hex ? "-%#x" : "-%u", r->last);
	else if (unet_reply_has(r, UNET_A_FLOW_ID))
		snprintf(buf + n, UNET_CELL_BYTES - n, " of flow %" PRIu64, r->flow_id);
}

static void cell_prefix(char *buf, const uint8_t *addr, unsigned int len,
			unsigned int bits)
{
	size_t n;

	unet_output_addr(addr, len, buf);
	n = strlen(buf);
	if (bits < len * 8)
		snprintf(buf + n, UNET_CELL_BYTES - n, "/%u", bits);
}

static void cell_local_prefix(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	*buf = '\0';
	if (unet_reply_has(r, UNET_A_LOCAL_ADDR))
		cell_prefix(buf, r->local_addr, r->local_addr_len, r->local_bits);
	else if (r->type_flags & UNET_TYPE_LOCAL_ONLY)
		snprintf(buf, UNET_CELL_BYTES, "host");
}

static void cell_remote_prefix(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	*buf = '\0';
	if (unet_reply_has(r, UNET_A_REMOTE_ADDR))
		cell_prefix(buf, r->remote_addr, r->remote_addr_len, r->remote_bits);
}

static void cell_actions(const void *row, char *buf)
{
	const struct unet_reply *r = row;
	char word[UNET_WORD_BYTES];
	int i, n = 0;

	*buf = '\0';
	for (i = 1; i < UNET_TYPE_ACTION_COUNT; i++)
		if (r->actions >> i & 1)
			n += snprintf(buf + n, UNET_CELL_BYTES - n, "%s%s", n ? "," : "",
				      unet_word_action(i, word));
}

static void cell_owner_of_type(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	if (unet_reply_has(r, UNET_A_CHANNEL))
		unet_cell_owner(row, buf);
	else
		snprintf(buf, UNET_CELL_BYTES, "administrator");
}

static void cell_packets(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64, r->rx_packets);
}

static const struct unet_output_field type_fields[] = {
	{ .head = "TYPE", .key = "type", .attr = UNET_A_TYPE, .right = true },
	{ .head = "DEV", .key = "ifname", .attr = UNET_A_IFNAME },
	{ .head = "WHAT", .cell = cell_numbers },
	{ .key = "layer", .attr = UNET_A_LAYER, .word = unet_word_layer },
	{ .key = "proto", .attr = UNET_A_PROTO, .word = unet_word_proto },
	{ .key = "first", .attr = UNET_A_FIRST },
	{ .key = "last", .attr = UNET_A_LAST },
	{ .head = "LOCAL", .cell = cell_local_prefix },
	{ .head = "REMOTE", .cell = cell_remote_prefix },
	{ .key = "local_addr", .json = unet_json_local_addr },
	{ .key = "local_bits", .attr = UNET_A_LOCAL_BITS },
	{ .key = "remote_addr", .json = unet_json_remote_addr },
	{ .key = "remote_bits", .attr = UNET_A_REMOTE_BITS },
	{ .key = "flags", .attr = UNET_A_TYPE_FLAGS },
	{ .key = "flow", .attr = UNET_A_FLOW_ID },
	{ .head = "PATTERNS", .key = "patterns", .attr = UNET_A_PATTERNS, .right = true },
	{ .head = "DIR", .key = "dir", .attr = UNET_A_DIRECTION, .word = unet_word_direction },
	{ .head = "ACTION", .key = "action", .attr = UNET_A_ACTION, .word = unet_word_action },
	{ .key = "extension", .attr = UNET_A_EXTENSION },
	{ .head = "PRIORITY", .key = "priority", .attr = UNET_A_PRIORITY, .right = true },
	{ .key = "generation", .attr = UNET_A_GENERATION },
	{ .head = "OWNER", .cell = cell_owner_of_type },
	{ .key = "channel", .attr = UNET_A_CHANNEL },
	{ .key = "pid", .attr = UNET_A_PID, .zero_is_null = true },
	{ .key = "uid", .attr = UNET_A_UID },
	{ .key = "comm", .attr = UNET_A_COMM },
	{ .head = "PACKETS", .cell = cell_packets, .right = true,
	  .key = "packets", .attr = UNET_A_RX_PACKETS },
	{ .head = "BYTES", .cell = unet_cell_rx_bytes, .right = true,
	  .key = "bytes", .attr = UNET_A_RX_BYTES },
	{ 0 }
};

static const struct unet_output_field policy_fields[] = {
	{ .head = "POLICY", .key = "policy", .attr = UNET_A_POLICY, .right = true },
	{ .head = "UID", .key = "uid", .attr = UNET_A_UID, .right = true },
	{ .head = "GID", .key = "gid", .attr = UNET_A_GID, .right = true },
	{ .head = "DEV", .key = "ifname", .attr = UNET_A_IFNAME },
	{ .head = "WHAT", .cell = cell_numbers },
	{ .key = "layer", .attr = UNET_A_LAYER, .word = unet_word_layer },
	{ .key = "proto", .attr = UNET_A_PROTO, .word = unet_word_proto },
	{ .key = "first", .attr = UNET_A_FIRST },
	{ .key = "last", .attr = UNET_A_LAST },
	{ .head = "DIR", .key = "dir", .attr = UNET_A_DIRECTION, .word = unet_word_direction },
	{ .head = "ACTIONS", .cell = cell_actions },
	{ .key = "actions", .attr = UNET_A_ACTIONS },
	{ .head = "MAX", .key = "max", .attr = UNET_A_MAX_TYPES, .right = true },
	{ 0 }
};

/* ---- asking -------------------------------------------------------------- */

static int print_row(const struct unet_reply *reply, void *out)
{
	return unet_output_row(out, reply);
}

static int ask(struct unet_run *run, const struct unet_output_field *fields)
{
	uint8_t cmd = run->type.verb->cmd;
	struct unet_genl_query query = {
		.cmd = cmd,
		.dump = cmd == UNET_CMD_TYPE_GET || cmd == UNET_CMD_POLICY_GET,
		.type = &run->type,
		.prog_fd = unet_program_open(run->type.program, &run->error),
	};
	bool json = run->given & UNET_OPTION_JSON;
	struct unet_output *out;
	int err, closed;

	if (query.prog_fd < -1)
		return query.prog_fd;
	out = unet_output_open(stdout, fields, json ? UNET_OUTPUT_JSON : 0);
	if (!out)
		return -ENOMEM;
	err = unet_genl_ask(run->genl, &query, print_row, out);
	if (query.prog_fd >= 0)
		close(query.prog_fd);
	if (err || cmd == UNET_CMD_TYPE_DEL || cmd == UNET_CMD_POLICY_DEL)
		unet_output_failed(out);
	closed = unet_output_close(out);
	return err ? err : closed;
}

int unet_cmd_type(struct unet_run *run)
{
	return ask(run, type_fields);
}

int unet_cmd_policy(struct unet_run *run)
{
	return ask(run, policy_fields);
}
