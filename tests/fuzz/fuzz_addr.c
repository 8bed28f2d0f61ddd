// SPDX-License-Identifier: MIT
/*
 * Addresses as text: what is taken can be written out and read again, and is then
 * the same; what is refused is refused with a sentence.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unet/unet.h>
#include "addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct unet_endpoint again;
	struct unet_endpoint e;
	char *text = malloc(size + 1);
	char out[80];

	memcpy(text, data, size);
	text[size] = '\0';
	if (unet_endpoint_parse(text, &e)) {
		assert(*unet_error_detail());
		free(text);
		return 0;
	}
	free(text);
	assert(!unet_endpoint_to(&e, (struct sockaddr *)&ss, &len));
	assert(!unet_addr_text((struct sockaddr *)&ss, out, sizeof(out)));
	assert(!unet_endpoint_parse(out, &again));
	assert(again.family == e.family && again.port == e.port);
	assert(!memcmp(again.addr, e.addr, sizeof(e.addr)));
	return 0;
}
