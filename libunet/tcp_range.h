/* SPDX-License-Identifier: MIT */
#ifndef UNET_TCP_RANGE_H
#define UNET_TCP_RANGE_H

#include "packet.h"
#include "seq_tree.h"
#include "tcp_opts.h"

/**
 * struct unet_tcp_range - bytes received out of order, without a hole
 * @node:	@node.seq: first sequence number
 * @next:	range after this one
 * @prev:	range before this one
 * @head:	first packet, linked by @next; @priv is its sequence number
 * @tail:	last packet
 * @end:	one past the last sequence number
 * @truesize:	memory its packets keep busy
 */
struct unet_tcp_range {
	struct unet_seq_node node;
	struct unet_tcp_range *next;
	struct unet_tcp_range *prev;
	struct unet_pkt *head;
	struct unet_pkt *tail;
	u32 end;
	u32 truesize;
};

/**
 * struct unet_tcp_ooo - the out-of-order queue of a connection
 * @root:	ranges as a tree
 * @first:	ranges in order
 * @last:	see @first
 * @truesize:	memory all packets keep busy
 * @ranges:	how many
 * @recent:	blocks to report, last changed first (RFC 2018 section 4)
 * @n_recent:	used entries of @recent
 *
 * Ranges neither overlap nor touch: what touches is joined.
 */
struct unet_tcp_ooo {
	struct unet_seq_node *root;
	struct unet_tcp_range *first;
	struct unet_tcp_range *last;
	u32 truesize;
	u32 ranges;
	struct unet_tcp_sack recent[UNET_TCP_SACK_MAX];
	u8 n_recent;
};

#endif /* UNET_TCP_RANGE_H */
