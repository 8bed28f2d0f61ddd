// SPDX-License-Identifier: MIT
/* include: libunet/intermediary.c */
/*
 * Door: packets that an extension is shown, and the headers it wants instead. Which of
 * them differ by a traffic class and a TTL only, and are said as a mark, is asked of a
 * packet that was marked: the kernel would have sent on the same bytes. The first two bytes say
 * where the L4 header is, the third where the packet ends and the header begins.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "libunet/intermediary.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its own: a byte too far is seen. */
static uint8_t *copy_of(const uint8_t *at, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, at, len);
	return copy;
}

/* @l3 as UNET_VERDICT_MARK leaves it, but for IPv4's checksum: that is 0. */
static void mark(uint8_t *l3, uint8_t tos, uint8_t ttl)
{
	if (l3[0] >> 4 == 4) {
		l3[1] = tos;
		l3[8] = ttl;
		memset(l3 + 10, 0, 2);
	} else {
		l3[0] = (uint8_t)((l3[0] & 0xf0) | tos >> 4);
		l3[1] = (uint8_t)((l3[1] & 0x0f) | tos << 4);
		l3[7] = ttl;
	}
}

static void compare(const uint8_t *old, const uint8_t *new, uint32_t len)
{
	uint8_t *marked = copy_of(old, len), *wanted = copy_of(new, len);

	mark(marked, unet_ip_tos(new), unet_ip_ttl(new));
	mark(wanted, unet_ip_tos(new), unet_ip_ttl(new));
	assert(is_alike(old, new, len) == !memcmp(marked, wanted, len));
	/* so does the same header with another class and TTL */
	mark(marked, (uint8_t)(len * 37), (uint8_t)(len * 41));
	assert(is_alike(old, marked, len));
	marked[len - 1] ^= 1;
	assert(!is_alike(old, marked, len));
	free(wanted);
	free(marked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_inter_packet p = { 0 };
	uint8_t *packet, *header;
	uint32_t len, split;

	if (size < 3)
		return 0;
	p.l4_offset = (uint16_t)(data[0] << 8 | data[1]);
	split = data[2];
	data += 3;
	size -= 3;
	if (split > size)
		split = (uint32_t)size;
	packet = copy_of(data, split);
	header = copy_of(data + split, size - split);
	p.data = packet;
	p.len = split;
	len = header_bytes(&p);
	assert(len <= split && (!len || len >= p.l4_offset + 8u));
	if (len && len <= size - split && split)
		compare(packet, header, len);
	free(header);
	free(packet);
	return 0;
}
