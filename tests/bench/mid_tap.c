// SPDX-License-Identifier: MIT
/*
 * Two TAP devices, "A,B": what the host puts into A (tc redirects it there) is read
 * and written to B, where the host receives it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mid.h"

struct mid {
	int in;
	int out;
	enum mid_does does;
	volatile uint32_t touched;
	uint8_t frame[MID_FRAME];
};

static int tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr))
		return -1;
	return fd;
}

static void *tap_open(const struct mid_args *args)
{
	struct mid *m = calloc(1, sizeof(*m));
	char in[IFNAMSIZ], out[IFNAMSIZ];

	if (!m || args->does == MID_MARK ||
	    sscanf(args->where, "%15[^,],%15s", in, out) != 2) {
		errno = m ? EINVAL : ENOMEM;
		return NULL;
	}
	m->does = args->does;
	m->in = tap(in);
	m->out = tap(out);
	return m->in < 0 || m->out < 0 ? NULL : m;
}

static int tap_fd(void *p)
{
	return ((struct mid *)p)->in;
}

static uint32_t tap_turn(void *p)
{
	struct mid *m = p;
	uint32_t n;

	for (n = 0; n < MID_BATCH; n++) {
		ssize_t bytes = read(m->in, m->frame, sizeof(m->frame));

		if (bytes <= 0)
			break;
		m->touched += m->frame[ETH_HLEN];
		if (m->does != MID_LOOK)
			mid_change(m->frame + ETH_HLEN, m->does);
		if (write(m->out, m->frame, bytes) != bytes)
			break;
	}
	return n;
}

const struct mid_way mid_tap = {
	.name = "tap",
	.open = tap_open,
	.fd = tap_fd,
	.turn = tap_turn,
};
