// SPDX-License-Identifier: MIT
/*
 * Packets as they come: IPv4, IPv6, extension headers, fragments, ICMP. Input is a
 * series of records: one byte of flags, two of length, the packet.
 *
 * Invariants: every packet is delivered, kept as a fragment, or counted as one
 * thing that was wrong with it; what is delivered is as long as its header says;
 * memory for fragments is bounded; nothing is answered; nothing is left over.
 */
#include <assert.h>
#include <stdint.h>
#include "unit/fake_backend.c"
#include "unit/forge.c"
#include "unit/catcher.c"

#define FLAG_VERIFIED	(1u << 0)	/* checksums are vouched for */
#define FLAG_PIECES	(1u << 1)	/* cut in two, at flags >> 3 */
#define FLAG_LATER	(1u << 2)	/* time passes first */

static const enum unet_stack_counter fate[] = {
	UNET_STAT_IP_MALFORMED, UNET_STAT_IP_TRUNCATED, UNET_STAT_IP_BAD_CSUM,
	UNET_STAT_IP_BAD_OPTION, UNET_STAT_IP_BAD_EXT, UNET_STAT_IP_NOT_OURS,
	UNET_STAT_IP_BAD_PROTO, UNET_STAT_L4_BAD_CSUM, UNET_STAT_ICMP_ERRORS,
	UNET_STAT_ICMP_MALFORMED, UNET_STAT_ICMP_IGNORED,
	UNET_STAT_REASS_FRAGMENTS,
};

static u32 delivered;

static void receive(const u8 *packet, u32 len, u8 flags)
{
	struct unet_pkt *pkt;
	u32 cut = flags >> 3;

	fake_receive(&caught.fake, caught.st, 0, 0, packet, len);
	pkt = fake_last(&caught.fake);
	if (pkt && flags & FLAG_VERIFIED)
		pkt->flags = UNET_PF_CSUM_OK;
	if (pkt && flags & FLAG_PIECES && cut && cut < len)
		unet_pkt_append(pkt, unet_pkt_split(pkt, cut));
	unet_stack_turn(caught.st, caught.st->now +
			(flags & FLAG_LATER ? 9000000 : 1));
}

static void check_delivered(void)
{
	u32 i;

	for (i = 0; i < caught.n; i++) {
		const struct caught *c = &caught.got[i];

		assert(c->len == c->info.l4_len);
		assert(c->len >= 8 && c->len <= 65535);
		assert(c->info.proto == UNET_PROTO_UDP);
		assert(c->info.family == 4 || c->info.family == 6);
		assert(unet_addr_is_unicast(c->info.family, c->info.src));
		assert(unet_addr_is_unicast(c->info.family, c->info.dst));
	}
	delivered += caught.n;
	catcher_forget();
}

static void check_counters(u32 packets)
{
	u64 sum = delivered;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fate); i++)
		sum += catcher_count(fate[i]);
	sum -= catcher_count(UNET_STAT_REASS_DONE);
	/* a bad first fragment is refused before or after it is counted as one */
	assert(sum <= packets);
	assert(sum + catcher_count(UNET_STAT_REASS_BAD) >= packets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 packets = 0;

	if (catcher_open(NULL))
		return 0;
	delivered = 0;
	while (size >= 3 && packets < 200) {
		u8 flags = data[0];
		size_t len = (size_t)data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		len = len < size ? len : size;
		if (len) {
			receive(data, (u32)len, flags);
			packets++;
		}
		check_delivered();
		assert(unet_reass_bytes(caught.st) <= UNET_REASS_BYTES);
		assert(unet_reass_datagrams(caught.st) <=
		       UNET_REASS_DATAGRAMS);
		data += len;
		size -= len;
	}
	assert(!caught.fake.n_sent);
	check_counters(packets);
	assert(!catcher_close(NULL));
	return 0;
}
