// SPDX-License-Identifier: MIT
/* include: tools/ext/host.c */
/* Door: first bytes of a connection, as unet-ext block reads them. */
#include <assert.h>
#include <stdlib.h>

#include "tools/ext/host.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[16];
	size_t i, len;

	ext_host(data, size, host, sizeof(host));
	len = strnlen(host, sizeof(host));
	assert(len < sizeof(host));
	for (i = 0; i < len; i++)
		assert(isalnum(host[i]) || strchr("-._", host[i]));
	return 0;
}
