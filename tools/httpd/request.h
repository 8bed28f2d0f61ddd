/* SPDX-License-Identifier: MIT */
/*
 * The head of an HTTP/1.x request, as far as a server of files needs it
 * (RFC 9110, RFC 9112). Bytes in, struct out; no memory, no I/O.
 */
#ifndef UNET_HTTPD_REQUEST_H
#define UNET_HTTPD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNET_HTTP_HEAD_BYTES	8192	/* longest head taken */
#define UNET_HTTP_PATH_BYTES	1024	/* longest path taken, its NUL included */

/**
 * struct unet_http_range - the part of a file that is wanted
 * @given:	a Range of one part that can be honoured
 * @suffix:	the last @last bytes; @first does not count
 * @first:	first byte
 * @last:	last byte, UINT64_MAX: to the end
 */
struct unet_http_range {
	bool given;
	bool suffix;
	uint64_t first;
	uint64_t last;
};

/**
 * struct unet_http_request - what the head says
 * @head_only:	HEAD, not GET
 * @close:	the connection ends after the answer
 * @body:	a body follows that nobody reads: @close is set, too
 * @range:	see there
 * @path:	decoded, starts with '/', without query
 * @target:	path as it stood there, at most UNET_HTTP_PATH_BYTES, visible
 *		ASCII only; points into the head
 * @target_len:	its length
 */
struct unet_http_request {
	bool head_only;
	bool close;
	bool body;
	struct unet_http_range range;
	char path[UNET_HTTP_PATH_BYTES];
	const char *target;
	size_t target_len;
};

/**
 * unet_http_parse() - read the head of a request
 * @buf: bytes received
 * @len: how many; those behind the head are not looked at
 * @req: overwritten; valid when the answer is above 0
 *
 * Return: bytes of the head, 0 when it is not whole yet, or the negative status
 * to refuse it with: -400 malformed, -405 neither GET nor HEAD, -414 path too
 * long, -431 head too long, -505 not HTTP/1.
 */
int unet_http_parse(const char *buf, size_t len, struct unet_http_request *req);

/**
 * unet_http_clip() - apply a range to a file
 * @range: from the request
 * @size:  of the file
 * @first: receives the first byte to send
 * @count: receives how many
 *
 * Return: 200 all of it, 206 a part, 416 the range lies outside.
 */
int unet_http_clip(const struct unet_http_range *range, uint64_t size,
		   uint64_t *first, uint64_t *count);

#endif
