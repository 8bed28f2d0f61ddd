/* SPDX-License-Identifier: MIT */
/*
 * A process in the middle of somebody's packets, to be measured. Each way of
 * standing there is one struct mid_way in a file of its own; mid.c drives them all
 * alike: deal with what is there, and poll when nothing is.
 */
#ifndef BENCH_MID_H
#define BENCH_MID_H

#include <stdint.h>

#define MID_BATCH	64
#define MID_FRAME	2048

/* What is done to each packet besides looking at it */
enum mid_does {
	MID_LOOK,	/* nothing */
	MID_REWRITE,	/* another header takes the place of its own: another DSCP */
	MID_TTL,	/* likewise: another TTL */
	MID_IDENT,	/* likewise: another identification */
	MID_PAYLOAD,	/* another packet: with another first byte behind the headers */
	MID_MARK,	/* it is said which DSCP it is to have */
	MID_DOES_COUNT
};

/**
 * struct mid_args - what all ways are told
 * @where:	the way's own: a queue, two devices, a grant
 * @does:	what to do to each packet
 */
struct mid_args {
	const char *where;
	enum mid_does does;
};

/**
 * struct mid_way - one way to stand in the middle
 * @name:	word on the command line
 * @open:	get ready; returns what @turn wants, or NULL with errno (EINVAL: it does
 *		no such thing)
 * @fd:		what to poll when @turn finds nothing
 * @turn:	deal with what is there without sleeping, look at the IP header of each
 *		packet once; returns packets
 */
struct mid_way {
	const char *name;
	void *(*open)(const struct mid_args *args);
	int (*fd)(void *mid);
	uint32_t (*turn)(void *mid);
};

extern const struct mid_way mid_nfqueue;
extern const struct mid_way mid_tap;
extern const struct mid_way mid_ringbuf;
extern const struct mid_way mid_unet;

#define MID_TOS		0x28	/* AF11 in the upper six bits */
#define MID_HOPS	9
#define MID_ID		0x1234

/* MID_PAYLOAD leaves the headers: the generator's packets have no checksum of UDP. */
#define MID_HEADERS	28	/* of IPv4 and UDP */
#define MID_BYTE	0x55

/*
 * MID_REWRITE gives an IPv4 header MID_TOS, MID_TTL MID_HOPS, MID_IDENT MID_ID; its
 * checksum follows.
 */
void mid_change(uint8_t *ip, enum mid_does does);

#endif /* BENCH_MID_H */
