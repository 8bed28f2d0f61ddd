// SPDX-License-Identifier: MIT
/* include: tools/httpd/request.c */
/*
 * The head of an HTTP request, as it comes: what is whole must stay whole when
 * more follows, and must not have been whole or refused otherwise before.
 */
#include <assert.h>
#include <stdlib.h>

#include "tools/httpd/request.c"

static void check(const struct unet_http_request *req, const uint8_t *data,
		  size_t size)
{
	uint64_t first, count;
	size_t i;
	int status;

	assert(req->path[0] == '/');
	assert(strnlen(req->path, sizeof(req->path)) < sizeof(req->path));
	assert(req->target_len && req->target_len <= UNET_HTTP_PATH_BYTES);
	assert(req->target >= (const char *)data &&
	       req->target + req->target_len <= (const char *)data + size);
	for (i = 0; i < req->target_len; i++)
		assert(req->target[i] > ' ' && req->target[i] < 0x7f);
	assert(!req->body || req->close);
	for (count = 0, i = 0; i < 3; i++) {
		uint64_t bytes = i == 2 ? UINT64_MAX : i * 1000;

		status = unet_http_clip(&req->range, bytes, &first, &count);
		assert(status == 416 || (first <= bytes && count <= bytes - first));
		assert(status != 206 || count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_http_request req, shorter;
	uint8_t *copy = malloc(size + !size);
	int whole, part;

	memcpy(copy, data, size);
	whole = unet_http_parse((const char *)copy, size, &req);
	if (whole > 0)
		check(&req, copy, size);
	if (size) {
		part = unet_http_parse((const char *)copy, size - 1, &shorter);
		assert(part == whole || part == 0);
		assert(part <= 0 || (size_t)part <= size - 1);
	}
	free(copy);
	return 0;
}
