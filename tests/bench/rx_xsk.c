// SPDX-License-Identifier: MIT
/* AF_XDP in copy mode, on the generic (skb) or the native (driver) hook. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xdp/xsk.h>

#include "rx.h"

#define FRAMES		4096
#define FRAME_BYTES	2048
#define BATCH		64

struct rx {
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion;
	struct xsk_ring_cons rx;
	struct xsk_ring_prod tx;
	uint8_t *area;
	volatile uint32_t touched;
};

static int make_umem(struct rx *rx)
{
	struct xsk_umem_config cfg = { .fill_size = FRAMES,
				       .comp_size = FRAMES / 2,
				       .frame_size = FRAME_BYTES };

	rx->area = mmap(NULL, FRAMES * FRAME_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (rx->area == MAP_FAILED)
		return -errno;
	return xsk_umem__create(&rx->umem, rx->area, FRAMES * FRAME_BYTES,
				&rx->fill, &rx->completion, &cfg);
}

static void fill_all(struct rx *rx)
{
	uint32_t i, at = 0;

	xsk_ring_prod__reserve(&rx->fill, FRAMES, &at);
	for (i = 0; i < FRAMES; i++)
		*xsk_ring_prod__fill_addr(&rx->fill, at + i) =
			(uint64_t)i * FRAME_BYTES;
	xsk_ring_prod__submit(&rx->fill, FRAMES);
}

static void *xsk_open(const struct rx_args *args, uint32_t xdp_flags)
{
	struct xsk_socket_config cfg = {
		.rx_size = FRAMES,
		.tx_size = FRAMES / 2,
		.bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP,
		.xdp_flags = xdp_flags,
	};
	struct rx *rx = calloc(1, sizeof(*rx));
	int err;

	libbpf_set_print(NULL); /* it remarks on libxdp's own objects */
	err = make_umem(rx);
	if (!err)
		err = xsk_socket__create(&rx->xsk, args->dev, 0, rx->umem,
					 &rx->rx, &rx->tx, &cfg);
	if (err) {
		errno = -err;
		return NULL;
	}
	fill_all(rx);
	return rx;
}

static void *generic_open(const struct rx_args *args)
{
	return xsk_open(args, XDP_FLAGS_SKB_MODE);
}

static void *native_open(const struct rx_args *args)
{
	return xsk_open(args, XDP_FLAGS_DRV_MODE);
}

static int xsk_fd(void *p)
{
	return xsk_socket__fd(((struct rx *)p)->xsk);
}

static uint32_t xsk_take(void *p)
{
	struct rx *rx = p;
	uint32_t i, at, fill_at = 0, n = xsk_ring_cons__peek(&rx->rx, BATCH, &at);

	if (!n)
		return 0;
	/* There is always room: fill holds every frame. */
	xsk_ring_prod__reserve(&rx->fill, n, &fill_at);
	for (i = 0; i < n; i++) {
		uint64_t addr = xsk_ring_cons__rx_desc(&rx->rx, at + i)->addr;

		rx->touched += ((uint8_t *)xsk_umem__get_data(rx->area, addr))[14];
		*xsk_ring_prod__fill_addr(&rx->fill, fill_at + i) =
			addr & ~(uint64_t)(FRAME_BYTES - 1);
	}
	xsk_ring_prod__submit(&rx->fill, n);
	xsk_ring_cons__release(&rx->rx, n);
	return n;
}

/* The program that libxdp put on the device would stay there. */
static void xsk_close(void *p)
{
	struct rx *rx = p;

	xsk_socket__delete(rx->xsk);
	xsk_umem__delete(rx->umem);
}

const struct rx_way rx_xsk_generic = {
	.name = "xsk-generic",
	.open = generic_open,
	.fd = xsk_fd,
	.take = xsk_take,
	.close = xsk_close,
};

const struct rx_way rx_xsk_native = {
	.name = "xsk-native",
	.open = native_open,
	.fd = xsk_fd,
	.take = xsk_take,
	.close = xsk_close,
};
