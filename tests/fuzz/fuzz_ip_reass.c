// SPDX-License-Identifier: MIT
/*
 * Fragments of datagrams whose every byte is known by its offset: whatever comes
 * in which order, what comes out whole is those bytes, and it is whole only when
 * each of them came. Input: eight bytes a fragment.
 */
#include <assert.h>
#include <stdint.h>
#include "core/wire.h"
#include "ip_reass.h"
#include "unit/fake_backend.c"
#include "unit/forge.c"

#define IDS	4

static struct fake fake;
static struct unet_stack *st;
static u64 seen[IDS][65536 / 8 / 64 + 1];	/* eights that came, by id */

static u8 byte_at(u32 id, u32 offset)
{
	return (u8)(offset * 31 + offset / 255 + id);
}

static void mark(u32 id, u32 offset, u32 len)
{
	u32 i;

	for (i = offset / 8; i < (offset + len + 7) / 8; i++)
		seen[id][i / 64] |= 1ull << i % 64;
}

static void check_whole(struct unet_pkt *pkt, u32 id, u8 family)
{
	static u8 buf[70000];
	u32 i;

	assert(pkt->total <= (family == 4 ? 65515u : 65535u));
	assert(unet_pkt_copy_out(pkt, 0, buf, sizeof(buf)) == pkt->total);
	for (i = 0; i < pkt->total; i++) {
		assert(buf[i] == byte_at(id, i));
		assert(seen[id][i / 8 / 64] & 1ull << i / 8 % 64);
	}
}

static void add(const uint8_t *d)
{
	struct unet_ip_info info = { .family = d[0] & 1 ? 6 : 4 };
	struct unet_frag frag = {
		.id = d[0] >> 1 & (IDS - 1),
		.offset = (u32)(d[1] << 8 | d[2]) * 8 & 0xffff,
		.more = d[0] & 8,
	};
	u32 len = (u32)(d[3] << 8 | d[4]) % 9000;
	struct unet_pkt *pkt;
	u32 i;

	if (frag.more && !(d[0] & 16))
		len &= ~7u;
	info.proto = d[5] & 1 ? UNET_PROTO_TCP : UNET_PROTO_UDP;
	info.tos = d[5] >> 1 & 3;
	info.src[0] = d[6] & 3;
	pkt = unet_pkt_heap(&st->pool, 0, len);
	unet_pkt_put(pkt, len);
	for (i = 0; i < len; i++)
		pkt->data[i] = byte_at(frag.id, frag.offset + i);
	if (frag.offset + len <= 65535)
		mark(frag.id, frag.offset, len);
	pkt = unet_reass_add(st, pkt, &info, &frag);
	if (pkt) {
		check_whole(pkt, frag.id, info.family);
		assert(info.l4_len == pkt->total);
		unet_pkt_free(pkt);
	}
	unet_stack_turn(st, st->now + (u64)d[7] * d[7] * d[7]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 n = 0;

	fake_init(&fake);
	st = fake_stack(&fake);
	if (!st)
		return 0;
	memset(seen, 0, sizeof(seen));
	for (; size >= 8 && n < 400; size -= 8, data += 8, n++) {
		add(data);
		assert(unet_reass_bytes(st) <= UNET_REASS_BYTES);
		assert(unet_reass_datagrams(st) <= UNET_REASS_DATAGRAMS);
	}
	unet_stack_turn(st, st->now + UNET_REASS_TIMEOUT_US);
	assert(!unet_reass_datagrams(st));
	assert(!unet_reass_bytes(st));
	assert(!st->pool.live);
	unet_stack_destroy(st);
	fake_exit(&fake);
	return 0;
}
