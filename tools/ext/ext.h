/* SPDX-License-Identifier: MIT */
/* The extensions of unet-ext: each looks at packets and says what is to become of them. */
#ifndef EXT_H
#define EXT_H

#include <stdint.h>

#include <unet/unet.h>

/**
 * struct ext - one extension
 * @name:	as typed
 * @usage:	its words
 * @what:	one line
 * @start:	takes the words; 0, or -1 after saying what is wrong
 * @rights:	UNET_INTER_* that it cannot do without, with these words
 * @fits:	are the other terms of the grant enough? 0, or -1 after saying which is not;
 *		or NULL
 * @look:	at each packet
 * @turn:	after each turn, or NULL; how many ms until the next, -1: for ever
 */
struct ext {
	const char *name;
	const char *usage;
	const char *what;
	int (*start)(int argc, char **argv);
	uint32_t (*rights)(void);
	int (*fits)(const struct unet_inter_open *terms);
	int (*look)(struct unet_intermediary *im,
		    const struct unet_inter_packet *p, void *arg);
	int (*turn)(struct unet_intermediary *im);
};

extern const struct ext ext_log, ext_block, ext_rewrite, ext_delay;

/* what a packet says of itself; 0 where the packet was not shown so far */
struct ext_headers {
	int version;
	uint8_t proto;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint8_t tcp_flags;
	uint32_t seq;		/* of TCP */
	uint32_t ack;
	uint32_t total;		/* bytes of the packet as its IP header says; 0: too many */
	uint32_t header;	/* IP and L4 header bytes; 0: not whole */
};

void ext_headers(const struct unet_inter_packet *p, struct ext_headers *h);

/**
 * ext_number() - a number of the command line
 * @what:	what it is, for the sentence
 * @text:	decimal digits, and nothing else
 * @least:	allowed
 * @most:	allowed
 * @value:	receives it
 *
 * Return: 0, or -1 after saying what is wrong.
 */
int ext_number(const char *what, const char *text, uint32_t least, uint32_t most,
	       uint32_t *value);

/**
 * ext_has_rights() - may the extension do its work?
 * @name:	of the extension
 * @grant:	its number
 * @has:	rights of the grant
 * @needs:	of the extension
 *
 * Return: 0, or -1 after naming those that are missing.
 */
int ext_has_rights(const char *name, uint32_t grant, uint32_t has, uint32_t needs);

#endif
