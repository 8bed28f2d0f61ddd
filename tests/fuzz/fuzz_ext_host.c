// SPDX-License-Identifier: MIT
/* include: tools/ext/host.c */
/* Door: first bytes of a connection, as unet-ext block reads them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ext/host.c"
#include "tools/hooks/names_parse.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[NAME_BYTES];
	size_t i, len;

	ext_host(data, size, host);
	len = strnlen(host, sizeof(host));
	assert(len < sizeof(host));
	for (i = 0; i < len; i++)
		assert(host[i] > 0x20 && host[i] < 0x7f && !isupper(host[i]));
	return 0;
}
