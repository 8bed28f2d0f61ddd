// SPDX-License-Identifier: MIT
/* The tap of the packet socket family: TPACKET_V3, a ring of blocks. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "rx.h"

#define BLOCK_BYTES	(1u << 18)
#define BLOCKS		64
#define FRAME_BYTES	2048
#define RETIRE_MS	1

struct rx {
	int fd;
	uint8_t *ring;
	uint32_t block;
	uint64_t blocks_taken;
	volatile uint32_t touched;
};

static void *packet_open(const struct rx_args *args)
{
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = BLOCK_BYTES / FRAME_BYTES * BLOCKS,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_ALL),
				 .sll_ifindex = if_nametoindex(args->dev) };
	int version = TPACKET_V3;
	struct rx *rx = calloc(1, sizeof(*rx));

	rx->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (setsockopt(rx->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(rx->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return NULL;
	rx->ring = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS,
			PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			rx->fd, 0);
	if (rx->ring == MAP_FAILED || bind(rx->fd, (struct sockaddr *)&a, sizeof(a)))
		return NULL;
	return rx;
}

static int packet_fd(void *p)
{
	return ((struct rx *)p)->fd;
}

static uint32_t packet_take(void *p)
{
	struct rx *rx = p;
	struct tpacket_block_desc *desc =
		(void *)(rx->ring + (size_t)rx->block * BLOCK_BYTES);
	struct tpacket_hdr_v1 *head = &desc->hdr.bh1;
	uint8_t *at;
	uint32_t i, n;

	if (!(__atomic_load_n(&head->block_status, __ATOMIC_ACQUIRE) &
	      TP_STATUS_USER))
		return 0;
	at = (uint8_t *)desc + head->offset_to_first_pkt;
	n = head->num_pkts;
	for (i = 0; i < n; i++) {
		struct tpacket3_hdr *pkt = (void *)at;

		rx->touched += at[pkt->tp_net];
		at += pkt->tp_next_offset;
	}
	__atomic_store_n(&head->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	rx->block = (rx->block + 1) % BLOCKS;
	rx->blocks_taken++;
	return n;
}

static uint64_t packet_batches(void *p)
{
	return ((struct rx *)p)->blocks_taken;
}

const struct rx_way rx_packet = {
	.name = "packet",
	.open = packet_open,
	.fd = packet_fd,
	.take = packet_take,
	.batches = packet_batches,
};
