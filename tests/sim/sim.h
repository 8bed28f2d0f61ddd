/* SPDX-License-Identifier: MIT */
/*
 * Two applications, two stacks, a wire, virtual time. Everything follows from
 * seeds: a run that failed fails again.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <unet/unet.h>

/**
 * struct sim_peer - one application: sends a stream, checks the other's
 * @st:		its stack
 * @sock:	its connection
 * @seed:	of the stream it sends
 * @total:	bytes it sends
 * @sent:	taken by its stack
 * @chunk:	bytes offered in one call
 * @received:	bytes received, all of them as sent
 * @read_max:	bytes asked for in one call
 * @pause_us:	rests between reads
 * @wake_us:	rests until then
 * @isn:	initial sequence number, 0: as usual
 * @ts:		timestamp offset, 0: as usual
 * @eof:	saw the end of the stream
 * @shut:	sent the end of its own
 * @done:	sent all, saw the end, closed
 * @err:	negative errno
 */
struct sim_peer {
	struct unet_stack *st;
	struct unet_sock *sock;
	uint64_t seed;
	uint64_t total;
	uint64_t sent;
	uint32_t chunk;
	uint64_t received;
	uint32_t read_max;
	uint32_t pause_us;
	uint64_t wake_us;
	uint32_t isn;
	uint32_t ts;
	bool eof;
	bool shut;
	bool done;
	int err;
};

/**
 * struct sim - a connection between two peers
 * @wire:	between them
 * @opts:	of the wire
 * @peer:	0 listens, 1 connects
 * @listener:	of peer 0
 * @conn:	options of the connecting side
 * @v6:		IPv6
 * @both_connect: simultaneous open instead of a listener
 * @why:	what went wrong, or NULL
 */
struct sim {
	struct unet_wire *wire;
	struct unet_wire_opts opts;
	struct sim_peer peer[2];
	struct unet_sock *listener;
	struct unet_connect_opts conn;
	bool v6;
	bool both_connect;
	const char *why;
};

uint64_t sim_random(uint64_t *state);
uint32_t sim_pick(uint64_t *state, uint32_t lo, uint32_t hi);

void sim_init(struct sim *s, uint64_t seed);
bool sim_open(struct sim *s);
bool sim_run(struct sim *s, uint64_t deadline_us);
bool sim_step(struct sim *s);
bool sim_finished(const struct sim *s);
bool sim_close(struct sim *s);
uint64_t sim_counter(const struct sim *s, int side, unsigned int counter);

/* Where this source lies, so that data files are found from any folder. */
const char *sim_folder(void);

void sim_ok(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int sim_summary(void);

#endif /* SIM_H */
