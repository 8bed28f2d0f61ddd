// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pattern.h"
#include "stream.h"

int unet_stream_init(struct unet_stream *stream)
{
	struct stat st;

	stream->digest = EVP_MD_CTX_new();
	if (!stream->digest)
		return -ENOMEM;
	if (!stream->piece)	/* a pipe that is ready takes so much, a file all */
		stream->piece = fstat(stream->fd, &st) || !S_ISREG(st.st_mode) ?
			PIPE_BUF : sizeof(stream->buf);
	return EVP_DigestInit_ex(stream->digest, EVP_sha256(), NULL) ? 0 : -ENOMEM;
}

void unet_stream_exit(struct unet_stream *stream)
{
	EVP_MD_CTX_free(stream->digest);
	stream->digest = NULL;
}

static void fill_pattern(struct unet_stream *stream)
{
	uint64_t left = stream->expect - stream->bytes;

	stream->first = 0;
	stream->len = left < stream->piece ? left : stream->piece;
	stream->ended = !left;
	unet_pattern_fill(stream->seed, stream->bytes, stream->buf, stream->len);
}

int unet_stream_fill(struct unet_stream *stream, bool ready)
{
	ssize_t n;

	if (stream->len || stream->ended)
		return 0;
	if (stream->pattern) {
		fill_pattern(stream);
		return 0;
	}
	if (!ready)
		return 0;
	n = read(stream->fd, stream->buf, stream->piece);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	stream->first = 0;
	stream->len = n;
	stream->ended = !n;
	return 0;
}

void unet_stream_taken(struct unet_stream *stream, size_t n)
{
	EVP_DigestUpdate(stream->digest, stream->buf + stream->first, n);
	stream->bytes += n;
	stream->first += n;
	stream->len -= n;
}

static int check(const struct unet_stream *stream, size_t n)
{
	unsigned char right;
	size_t good;

	good = unet_pattern_check(stream->seed, stream->bytes, stream->buf, n);
	if (good == n)
		return 0;
	unet_pattern_fill(stream->seed, stream->bytes + good, &right, 1);
	fprintf(stderr, "unet-cat: received byte %" PRIu64 " is 0x%02x, must be 0x%02x\n",
		stream->bytes + good, stream->buf[good], right);
	return -EBADMSG;
}

int unet_stream_put(struct unet_stream *stream, size_t n)
{
	EVP_DigestUpdate(stream->digest, stream->buf, n);
	if (stream->pattern && check(stream, n))
		return -EBADMSG;
	stream->bytes += n;
	if (stream->bytes > stream->expect) {
		fprintf(stderr, "unet-cat: received %" PRIu64 " bytes, more than the %"
			PRIu64 " expected\n", stream->bytes, stream->expect);
		return -EBADMSG;
	}
	stream->first = 0;
	stream->len = stream->discard ? 0 : n;
	return 0;
}

int unet_stream_flush(struct unet_stream *stream, bool ready)
{
	size_t most = stream->len < stream->piece ? stream->len : stream->piece;
	ssize_t n;

	if (!stream->len || !ready)
		return 0;
	n = write(stream->fd, stream->buf + stream->first, most);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	stream->first += n;
	stream->len -= n;
	return 0;
}

void unet_stream_print(struct unet_stream *stream, const char *what,
		       double seconds)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0, i;

	EVP_DigestFinal_ex(stream->digest, digest, &len);
	fprintf(stderr, "%s %" PRIu64 " bytes in %.2f s, sha256 ", what,
		stream->bytes, seconds);
	for (i = 0; i < len; i++)
		fprintf(stderr, "%02x", digest[i]);
	fputc('\n', stderr);
}
