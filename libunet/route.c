// SPDX-License-Identifier: MIT
/*
 * Source addresses, by asking the host's own routing table: a kernel UDP socket
 * that is connected (which sends nothing) has the address that routing would
 * choose.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "route.h"

#define ANY_PORT	9	/* discard: connect() wants some number */
#define DEFAULT_MTU	1500u

/**
 * unet_route_init() - an empty cache
 * @r: the cache
 * @dev: device that packets leave by
 */
void unet_route_init(struct unet_route *r, const char *dev)
{
	memset(r, 0, sizeof(*r));
	r->fd[0] = -1;
	r->fd[1] = -1;
	strncpy(r->dev, dev, sizeof(r->dev) - 1);
}

/**
 * unet_route_exit() - the mirror of unet_route_init()
 * @r: the cache
 */
void unet_route_exit(struct unet_route *r)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (r->fd[i] >= 0)
			close(r->fd[i]);
	}
}

static int socket_of(struct unet_route *r, u8 family)
{
	int *fd = &r->fd[family == 6];

	if (*fd >= 0)
		return *fd;
	*fd = socket(family == 4 ? AF_INET : AF_INET6,
		     SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	/* an older kernel wants a privilege for this; routing decides alone then */
	setsockopt(*fd, SOL_SOCKET, SO_BINDTODEVICE, r->dev,
		   (socklen_t)strlen(r->dev));
	return *fd;
}

/* A socket keeps the source of its first connect() until it is let go. */
static void let_go(int fd)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	connect(fd, &none, sizeof(none));
}

static int ask(int fd, u8 family, const __be32 *dst, __be32 *src)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = { .sa.sa_family = family == 4 ? AF_INET : AF_INET6 };
	socklen_t len = sizeof(a.in6);

	if (family == 4) {
		len = sizeof(a.in);
		a.in.sin_port = htons(ANY_PORT);
		memcpy(&a.in.sin_addr, dst, 4);
	} else {
		a.in6.sin6_port = htons(ANY_PORT);
		memcpy(&a.in6.sin6_addr, dst, 16);
	}
	let_go(fd);
	if (connect(fd, &a.sa, len) || getsockname(fd, &a.sa, &len))
		return -errno;
	memset(src, 0, 16);
	if (family == 4)
		memcpy(src, &a.in.sin_addr, 4);
	else
		memcpy(src, &a.in6.sin6_addr, 16);
	return 0;
}

/**
 * unet_route_source() - the source address of packets to a destination
 * @r: the cache
 * @gen: unet_channel_addr_gen(): when it changes the cache is emptied
 * @family: 4 or 6
 * @dst: destination
 * @src: filled in, 16 bytes
 *
 * Return: 0, -ENETUNREACH or another -errno of connect().
 */
int unet_route_source(struct unet_route *r, u32 gen, u8 family,
		      const __be32 *dst, __be32 *src)
{
	struct unet_route_entry *e;
	u32 hash = dst[0] ^ dst[1] ^ dst[2] ^ dst[3];
	int err;
	int fd;

	if (gen != r->gen) {
		memset(r->entry, 0, sizeof(r->entry));
		r->gen = gen;
	}
	hash ^= hash >> 16;
	e = &r->entry[(hash ^ hash >> 8) % UNET_ROUTE_CACHE];
	if (e->family != family || memcmp(e->dst, dst, sizeof(e->dst))) {
		fd = socket_of(r, family);
		err = fd < 0 ? fd : ask(fd, family, dst, e->src);
		e->family = 0;
		if (err)
			return err;
		memcpy(e->dst, dst, sizeof(e->dst));
		e->family = family;
	}
	memcpy(src, e->src, sizeof(e->src));
	return 0;
}

/**
 * unet_route_mtu() - MTU of the device
 * @r: names it
 *
 * Return: bytes; 1500 when it cannot be asked.
 */
u32 unet_route_mtu(struct unet_route *r)
{
	int fd = socket_of(r, 4);
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, r->dev, sizeof(r->dev));
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &ifr) || ifr.ifr_mtu <= 0)
		return DEFAULT_MTU;
	return (u32)ifr.ifr_mtu;
}
