// SPDX-License-Identifier: MIT
/*
 * A bound and a connected UDP endpoint: packets with any header, in pieces, as
 * super packets, ICMP errors, and an application that peeks, takes and drops.
 * Input: records of two bytes that say what to do, one of length, bytes.
 *
 * Invariants: a datagram has the length that peeking said; a super packet of n
 * bytes gives n bytes; memory is accounted to the byte and bounded.
 */
#include <assert.h>
#include <stdint.h>
#include <sys/uio.h>
#include "core/wire.h"
#include "ip_reass.h"
#include "udp.h"
#include "unit/fake_backend.c"
#include "unit/forge.c"

static struct fake fake;
static struct unet_stack *st;
static struct unet_udp *u[2];
static u64 tag[2];
static u32 told;

static void tell(void *ctx)
{
	told++;
}

static const struct unet_udp_events events = {
	.readable = tell, .writable = tell, .error = tell,
};

static void open_all(void)
{
	struct unet_flow_key key = { .family = 4 };
	int i;

	for (i = 0; i < 2; i++) {
		u[i] = unet_udp_create(st, 4, &events, NULL);
		u[i]->rcvbuf = 100000;
		key.local_port = cpu_to_be16((u16)(5000 + i));
		unet_udp_install(u[i], &key, 0);
		tag[i] = fake.req.meta.tag;
		forge_addr("192.0.2.2", key.remote);
		key.remote_port = cpu_to_be16(7);
	}
}

static void check_accounts(const struct unet_udp *e)
{
	const struct unet_pkt *pkt;
	u32 busy = 0;

	for (pkt = e->rcvq.head; pkt; pkt = pkt->next) {
		busy += unet_pkt_truesize(pkt);
		assert(pkt->total >= 8);
		assert(pkt->priv <= pkt->total - 8);
	}
	assert(busy == e->rcv_busy);
	assert(busy < e->rcvbuf + 3 * 65536);
}

static void take(struct unet_udp *e, u8 how)
{
	static u8 buf[70000];
	struct iovec iov[64];
	struct unet_flow_key from;
	ssize_t want = 0;
	int n = unet_udp_peek(e, iov, how & 1 ? 1 : 64);
	int i;

	for (i = 0; i < n; i++) {
		memcpy(buf, iov[i].iov_base, iov[i].iov_len);
		want += (ssize_t)iov[i].iov_len;
	}
	if (how & 2) {
		unet_udp_drop(e);
	} else {
		ssize_t got = unet_udp_take(e, buf, sizeof(buf), how & 4,
					    how & 8, &from);

		/* a pending error is told by peeking and gone then */
		if (n > 0 && n < 64 && !(how & 1))
			assert(got == want);
		if (got >= 0)
			assert(from.family == 4 || from.family == 6);
	}
}

static void receive(u8 a, u8 b, const uint8_t *d, u32 len)
{
	static u8 packet[FORGE_MAX];
	struct unet_pkt *pkt;
	u32 n;

	n = forge_udp(packet, "192.0.2.2", 7, "192.0.2.1",
		      (u16)(5000 + (a >> 4 & 1)), d, len);
	if (a & 4 && len > 8)
		memcpy(packet + b % n, d, min(len, n - b % n));
	fake_receive(&fake, st, a & 8 ? tag[a >> 4 & 1] : 0, 0, packet, n);
	pkt = fake_last(&fake);
	pkt->flags = a & 32 ? UNET_PF_CSUM_OK : 0;
	pkt->seg_size = a & 64 ? b : 0;
	if (a & 128 && b % n)
		unet_pkt_append(pkt, unet_pkt_split(pkt, b % n));
	unet_stack_turn(st, st->now + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int i;

	fake_init(&fake);
	st = fake_stack(&fake);
	if (!st || unet_stack_add_proto(st, &unet_udp_proto))
		return 0;
	open_all();
	while (size >= 3) {
		u8 a = data[0];
		u8 b = data[1];
		u32 len = (u32)min((size_t)data[2] * 4, size - 3);

		data += 3;
		size -= 3;
		if (a & 3) {
			receive(a, b, data, len);
			data += len;
			size -= len;
		} else {
			take(u[a >> 4 & 1], b);
		}
		check_accounts(u[0]);
		check_accounts(u[1]);
	}
	for (i = 0; i < 2; i++) {
		unet_udp_error(u[i]);
		while (unet_udp_take(u[i], NULL, 0, false, true, NULL) >= 0)
			;
		assert(!u[i]->rcv_busy);
		unet_udp_destroy(u[i]);
	}
	assert(!fake.n_sent);
	unet_reass_exit(st);
	assert(!st->pool.live);
	assert(!unet_reass_init(st));
	unet_stack_destroy(st);
	fake_exit(&fake);
	return 0;
}
