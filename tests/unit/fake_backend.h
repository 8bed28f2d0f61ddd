/* SPDX-License-Identifier: MIT */
/*
 * A backend that does as it is told: takes what a stack sends apart for looking
 * at, gives it what a test wants it to receive, and refuses on demand.
 */
#ifndef _UNET_UNIT_FAKE_BACKEND_H
#define _UNET_UNIT_FAKE_BACKEND_H

#include "backend.h"
#include "stack.h"

#define FAKE_SENT	256
#define FAKE_BATCHES	200

struct fake_sent {
	u32 handle;
	u16 header_len;
	u16 seg_size;
	u16 pieces;
	u32 len;
	u8 *bytes;
};

/**
 * struct fake - the backend; set the knobs before the call they are for
 * @room:	sends that are taken before -ENOBUFS
 * @tx_memory:	tx_alloc() works
 * @tx_moves:	most bytes of a packet for which tx_moves() is true
 * @add_error:	flow_add() answers with this
 * @no_ipv6:	flow_add() takes IPv4 only
 * @sent:	what was sent; freed with the backend
 * @req:	last flow_add()
 * @deleted:	last handle given to flow_del(), its flags
 * @adds:	flow_add() calls that succeeded; handles are 1, 2, ...
 * @clock:	now_us()
 * @syncs:	sync() calls
 * @waited:	longest sleep asked for in the last one
 * @on_wait:	called by a sync() that may sleep
 * @state:	state()
 * @closed:	set by close(); the struct stays
 */
struct fake {
	struct unet_backend be;
	u32 room;
	bool tx_memory;
	u32 tx_moves;
	int add_error;
	bool no_ipv6;
	struct fake_sent sent[FAKE_SENT];
	u32 n_sent;
	struct unet_flow_req req;
	u32 deleted;
	u32 deleted_flags;
	u32 adds;
	struct unet_flow_adv adv[64];
	u64 clock;
	u32 syncs;
	u64 waited;
	void (*on_wait)(struct fake *f);
	int state;
	bool closed;
	struct unet_rx_batch batch[FAKE_BATCHES];
	u32 n_batches;
	u32 taken;
	__be32 source4[4];
	__be32 source6[4];
};

void fake_init(struct fake *f);
void fake_exit(struct fake *f);
void fake_forget_sent(struct fake *f);

/* A stack on it with nothing above IP. */
struct unet_stack *fake_stack(struct fake *f);

/* Have a batch received: one packet, or more with further calls of the same @n. */
void fake_receive(struct fake *f, struct unet_stack *st, u64 tag, u32 flags,
		  const u8 *packet, u32 len);

/* The packet last put into fake_receive()'s batch, to set its metadata. */
struct unet_pkt *fake_last(struct fake *f);

#endif /* _UNET_UNIT_FAKE_BACKEND_H */
