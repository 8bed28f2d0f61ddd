// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>

#include "cells.h"
#include "output.h"
#include "reply.h"

void unet_cell_owner(const void *row, char *buf)
{
	const struct unet_reply *r = row;
	bool named = unet_reply_has(r, UNET_A_COMM) && *r->comm;

	*buf = '\0';
	if (r->pid)
		snprintf(buf, UNET_CELL_BYTES, "%s[%" PRIu32 "]", r->comm, r->pid);
	else if (named)
		snprintf(buf, UNET_CELL_BYTES, "%s", r->comm);
}

void unet_cell_local(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	unet_output_endpoint(r->local_addr_len ? r->local_addr : NULL,
			     r->local_addr_len, r->local_port, buf);
}

void unet_cell_remote(const void *row, char *buf)
{
	const struct unet_reply *r = row;

	unet_output_endpoint(r->remote_addr_len ? r->remote_addr : NULL,
			     r->remote_addr_len, r->remote_port, buf);
}

void unet_cell_batch(const void *row, char *buf)
{
	const struct unet_reply *r = row;
	uint64_t whole, tenth;

	*buf = '\0';
	if (!unet_reply_has(r, UNET_A_RX_PACKETS) ||
	    !unet_reply_has(r, UNET_A_RX_BATCHES))
		return;
	if (!r->rx_batches) {
		snprintf(buf, UNET_CELL_BYTES, "0");
		return;
	}
	whole = r->rx_packets / r->rx_batches;
	tenth = (double)(r->rx_packets % r->rx_batches) * 10 / r->rx_batches;
	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64 ".%" PRIu64, whole, tenth);
}

static void bytes_cell(const struct unet_reply *r, int attr, char *buf)
{
	*buf = '\0';
	if (unet_reply_has(r, attr))
		unet_output_bytes(unet_reply_number(r, attr), buf);
}

void unet_cell_rx_bytes(const void *row, char *buf)
{
	bytes_cell(row, UNET_A_RX_BYTES, buf);
}

void unet_cell_tx_bytes(const void *row, char *buf)
{
	bytes_cell(row, UNET_A_TX_BYTES, buf);
}

void unet_cell_arena_bytes(const void *row, char *buf)
{
	bytes_cell(row, UNET_A_ARENA_BYTES, buf);
}

void unet_cell_none(const void *row, char *buf)
{
	(void)row;
	*buf = '\0';
}

static json_t *addr_json(const uint8_t *addr, unsigned int len)
{
	char text[UNET_CELL_BYTES] = "";

	if (len)
		unet_output_addr(addr, len, text);
	return *text ? json_string(text) : json_null();
}

json_t *unet_json_local_addr(const void *row)
{
	const struct unet_reply *r = row;

	return addr_json(r->local_addr, r->local_addr_len);
}

json_t *unet_json_remote_addr(const void *row)
{
	const struct unet_reply *r = row;

	return addr_json(r->remote_addr, r->remote_addr_len);
}
