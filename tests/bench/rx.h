/* SPDX-License-Identifier: MIT */
/*
 * A receiver to be measured. Each way of receiving is one struct rx_way in a
 * file of its own; rx.c drives them all alike: take what is there, and poll when
 * nothing is.
 */
#ifndef BENCH_RX_H
#define BENCH_RX_H

#include <stdint.h>

struct rx_args {
	const char *dev;
	uint32_t packets;	/* to wait for */
	uint32_t flows;		/* source ports from RX_FIRST_PORT on */
};

/**
 * struct rx_way - one way of receiving
 * @name:	word on the command line
 * @open:	get ready; returns what @take wants, or NULL with errno
 * @fd:		what to poll when @take finds nothing
 * @take:	receive what is there without sleeping, touch each packet once,
 *		give its memory back; returns packets
 * @batches:	what was received in, NULL when the way has no batches
 * @close:	undo what does not end with the process, NULL when nothing
 */
struct rx_way {
	const char *name;
	void *(*open)(const struct rx_args *args);
	int (*fd)(void *rx);
	uint32_t (*take)(void *rx);
	uint64_t (*batches)(void *rx);
	void (*close)(void *rx);
};

extern const struct rx_way rx_udp;
extern const struct rx_way rx_packet;
extern const struct rx_way rx_xsk_generic;
extern const struct rx_way rx_xsk_native;
extern const struct rx_way rx_unet;
extern const struct rx_way rx_unet_listen;

/* What bench_gen sends: see there. */
#define RX_PORT		9000
#define RX_FIRST_PORT	9000
#define RX_SOURCE	"10.77.0.1"
#define RX_LOCAL	"10.77.0.2"

/* As a channel wants its number of flows. */
static inline uint32_t power_of_two_above(uint32_t n)
{
	uint32_t p = 1;

	while (p <= n)
		p *= 2;
	return p;
}

#endif /* BENCH_RX_H */
