/* SPDX-License-Identifier: MIT */
/*
 * The two directions: where bytes to be sent come from, and where received
 * ones go.
 */
#ifndef UNET_CAT_STREAM_H
#define UNET_CAT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/evp.h>

#define UNET_CAT_BUFFER	65536	/* also the largest datagram taken */

/**
 * struct unet_stream - one direction
 * @pattern:	bytes of a pattern, not those of @fd
 * @discard:	what is received goes nowhere
 * @datagrams:	each read or write is one, and an empty one is no end
 * @seed:	of the pattern
 * @expect:	bytes there must be, UINT64_MAX: any number; what a source of a
 *		pattern has
 * @piece:	most bytes at a time; 0: what the descriptor takes without blocking
 * @fd:		standard input or output
 * @bytes:	that went through
 * @digest:	SHA-256 of them
 * @ended:	no more will come
 * @first:	of @buf not yet taken
 * @len:	bytes in @buf from there
 * @buf:	on the way
 */
struct unet_stream {
	bool pattern;
	bool discard;
	bool datagrams;
	uint64_t seed;
	uint64_t expect;
	size_t piece;
	int fd;
	uint64_t bytes;
	EVP_MD_CTX *digest;
	bool ended;
	size_t first;
	size_t len;
	unsigned char buf[UNET_CAT_BUFFER];
};

/**
 * unet_stream_init() - begin
 * @stream: its settings filled in, the rest zero
 *
 * Return: 0 or -ENOMEM.
 */
int unet_stream_init(struct unet_stream *stream);

/**
 * unet_stream_exit() - let go of what unet_stream_init() made
 * @stream: stream
 */
void unet_stream_exit(struct unet_stream *stream);

/**
 * unet_stream_fill() - read on when the buffer is empty
 * @stream: source
 * @ready:  its descriptor has something to read
 *
 * Return: 0, or -errno of the reading.
 */
int unet_stream_fill(struct unet_stream *stream, bool ready);

/**
 * unet_stream_taken() - bytes at the front of the buffer were sent
 * @stream: source
 * @n:      how many
 */
void unet_stream_taken(struct unet_stream *stream, size_t n);

/**
 * unet_stream_put() - bytes were received into the buffer, which was empty
 * @stream: sink
 * @n:      how many
 *
 * Return: 0; -EBADMSG when they are not those expected, which has been said on
 * standard error.
 */
int unet_stream_put(struct unet_stream *stream, size_t n);

/**
 * unet_stream_flush() - write the buffer out
 * @stream: sink
 * @ready:  its descriptor takes at least PIPE_BUF bytes
 *
 * Return: 0, or -errno of the writing.
 */
int unet_stream_flush(struct unet_stream *stream, bool ready);

/**
 * unet_stream_print() - the line of -p
 * @stream:  at its end; its digest cannot go on
 * @what:    "sent" or "received"
 * @seconds: it took
 */
void unet_stream_print(struct unet_stream *stream, const char *what,
		       double seconds);

#endif
