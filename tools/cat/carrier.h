/* SPDX-License-Identifier: MIT */
/*
 * What bytes are carried over: a socket of libunet, or one of the kernel.
 */
#ifndef UNET_CAT_CARRIER_H
#define UNET_CAT_CARRIER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct unet_carrier_end;

/**
 * struct unet_carrier_want - what to open
 * @dev:	attached device; kernel sockets have no use for it
 * @addr:	"ADDR:PORT"
 * @sa:	the same in binary
 * @sa_len:	of @sa
 * @listen:	wait for a peer
 * @udp:	datagrams
 */
struct unet_carrier_want {
	const char *dev;
	const char *addr;
	struct sockaddr_storage sa;
	socklen_t sa_len;
	bool listen;
	bool udp;
};

/**
 * struct unet_carrier_ops - one kind of socket
 * @open:	NULL after it has said on standard error why not
 * @name:	our address; 0 or -errno
 * @turn:	let it work; called between all other calls. 0 or -errno
 * @connected:	is there a peer (UDP: always)
 * @send:	bytes taken, -EAGAIN or -errno
 * @recv:	bytes, 0 at the end of the stream, -EAGAIN or -errno
 * @finish:	nothing more to send: end our direction
 * @finished:	has the peer everything, so that closing harms nothing
 * @resent:	segments sent again so far; UDP: 0
 * @poll:	fill in what to poll; returns the longest sleep in ms, -1 for ever
 * @close:	let go; NULL is allowed
 */
struct unet_carrier_ops {
	struct unet_carrier_end *(*open)(const struct unet_carrier_want *want);
	int (*name)(struct unet_carrier_end *end, struct sockaddr *addr,
		    socklen_t *len);
	int (*turn)(struct unet_carrier_end *end);
	bool (*connected)(struct unet_carrier_end *end);
	ssize_t (*send)(struct unet_carrier_end *end, const void *buf, size_t len);
	ssize_t (*recv)(struct unet_carrier_end *end, void *buf, size_t len);
	int (*finish)(struct unet_carrier_end *end);
	bool (*finished)(struct unet_carrier_end *end);
	unsigned int (*resent)(struct unet_carrier_end *end);
	int (*poll)(struct unet_carrier_end *end, bool to_send, bool to_receive,
		    struct pollfd *fd);
	void (*close)(struct unet_carrier_end *end);
};

extern const struct unet_carrier_ops unet_carrier_unet;
extern const struct unet_carrier_ops unet_carrier_kernel;

#endif
