// SPDX-License-Identifier: MIT
/*
 * Door: headers and payload of packets, as unet-ext rewrite changes them. The first
 * bytes say what is wanted, the rest is the packet: headers end where they say.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ext/edit.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clamp_and_mark(const uint8_t *p, uint32_t len, unsigned int mss,
			   unsigned int dscp)
{
	uint32_t l4 = p[0] >> 4 == 4 ? 20 : 40, i, changed = 0;
	uint8_t *hdr = malloc(len);
	int version = l4 == 20 ? 4 : 6;

	memcpy(hdr, p, len);
	if (len >= l4 + 20) {
		/* once is enough */
		if (ext_clamp_mss(hdr, l4, len, mss))
			assert(!ext_clamp_mss(hdr, l4, len, mss));
	}
	for (i = 0; i < len; i++)
		changed += hdr[i] != p[i];
	assert(changed <= 2);
	if (ext_mark(hdr, version, dscp))
		assert(!ext_mark(hdr, version, dscp));
	free(hdr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[64];
	char from[2] = "";
	int32_t n;

	if (size < 4 + 2)
		return 0;
	from[0] = (char)(data[3] ? data[3] : 'a');
	clamp_and_mark(data + 4, (uint32_t)size - 4,
		       (unsigned int)data[0] << 8 | data[1], data[2] & 63);
	n = ext_substitute(data + 4, (uint32_t)size - 4, from, "two", out,
			   sizeof(out));
	assert(n == -1 || n == (int32_t)size - 4 + 2);
	return 0;
}
