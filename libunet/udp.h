/* SPDX-License-Identifier: MIT */
#ifndef UNET_UDP_H
#define UNET_UDP_H

#include <sys/types.h>
#include "core_os.h"
#include "flow.h"
#include "ip.h"
#include "packet.h"
#include "stack.h"

struct iovec;

extern const struct unet_proto unet_udp_proto;

#define UNET_UDP_RCVBUF		(512u << 10)

/**
 * struct unet_udp_events - what the owner wants to hear; only marks, no calls back
 * @readable:	a datagram arrived
 * @writable:	room again after -EAGAIN
 * @error:	an ICMP error arrived: unet_udp_error()
 */
struct unet_udp_events {
	void (*readable)(void *ctx);
	void (*writable)(void *ctx);
	void (*error)(void *ctx);
};

/**
 * struct unet_udp - a UDP endpoint
 * @flow:	installed when bound or connected
 * @st:		its stack
 * @ev:		owner's
 * @ctx:	owner's
 * @rcvq:	packets with data at the UDP header and the IP header before it; in
 *		priv the payload bytes of a super packet taken already
 * @rcv_busy:	memory the queue keeps busy
 * @rcvbuf:	most of that
 * @error:	pending, positive errno
 * @tx_work:	waits for room to send
 * @tx_want:	and for memory for so many bytes in one piece
 * @tos:	of what is sent
 * @ttl:	of what is sent, 0: default
 * @first:	UNET_INSTALL_*, for the port that a first send is given
 * @dead:	the kernel took the flow away
 */
struct unet_udp {
	struct unet_flow flow;
	struct unet_stack *st;
	const struct unet_udp_events *ev;
	void *ctx;
	struct unet_pktq rcvq;
	u32 rcv_busy;
	u32 rcvbuf;
	int error;
	struct unet_work tx_work;
	u32 tx_want;
	u8 tos;
	u8 ttl;
	u8 first;
	bool dead;
};

struct unet_udp *unet_udp_create(struct unet_stack *st, u8 family,
				 const struct unet_udp_events *ev, void *ctx);
void unet_udp_destroy(struct unet_udp *u);
int unet_udp_install(struct unet_udp *u, const struct unet_flow_key *key,
		     u32 flags);
ssize_t unet_udp_sendv(struct unet_udp *u, const struct iovec *iov, int n,
		       const struct unet_flow_key *to, u16 seg_size);
ssize_t unet_udp_take(struct unet_udp *u, void *buf, size_t len, bool peek,
		      bool whole_len, struct unet_flow_key *from);
int unet_udp_peek(struct unet_udp *u, struct iovec *iov, int n);
int unet_udp_drop(struct unet_udp *u);
int unet_udp_error(struct unet_udp *u);

static inline bool unet_udp_bound(const struct unet_udp *u)
{
	return u->flow.flags & UNET_FLOW_F_INSTALLED;
}

static inline bool unet_udp_connected(const struct unet_udp *u)
{
	return u->flow.key.remote_port;
}

#endif /* UNET_UDP_H */
