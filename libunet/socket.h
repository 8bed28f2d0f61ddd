/* SPDX-License-Identifier: MIT */
/*
 * Sockets: what the application holds. Each is a thin front of a TCP pcb or a
 * UDP endpoint, plus a callback.
 */
#ifndef UNET_SOCKET_INTERNAL_H
#define UNET_SOCKET_INTERNAL_H

#include <unet/socket.h>
#include "core_os.h"
#include "stack.h"

struct unet_endpoint;
struct unet_flow;
struct unet_tcp_pcb;
struct unet_udp;

enum unet_sock_kind {
	UNET_SOCK_STREAM,
	UNET_SOCK_LISTENER,
	UNET_SOCK_DGRAM,
};

/**
 * struct unet_sock_ops - what differs between kinds of socket
 *
 * As the public functions of the same names. @error takes the pending error,
 * positive. @close and @abort let go of what is behind the socket.
 */
struct unet_sock_ops {
	ssize_t (*sendv)(struct unet_sock *s, const struct iovec *iov, int n,
			 int flags);
	ssize_t (*recv)(struct unet_sock *s, void *buf, size_t len, int flags);
	int (*peek)(struct unet_sock *s, struct iovec *iov, int n);
	int (*consume)(struct unet_sock *s, size_t len);
	int (*shutdown)(struct unet_sock *s, int how);
	void (*close)(struct unet_sock *s);
	void (*abort)(struct unet_sock *s);
	u32 (*poll)(const struct unet_sock *s);
	int (*error)(struct unet_sock *s);
	const struct unet_flow *(*flow)(const struct unet_sock *s);
};

/**
 * struct unet_sock - a socket
 * @st:		its stack
 * @ops:	by kind
 * @tcp:	UNET_SOCK_STREAM and UNET_SOCK_LISTENER
 * @udp:	UNET_SOCK_DGRAM
 * @next:	in the stack's list
 * @pprev:	what points here
 * @fn:		application's callback, may be NULL
 * @arg:	for @fn
 * @want:	events that @fn is called for
 * @pending:	events since @fn was called last
 * @event:	calls @fn in the event step
 * @linger:	SO_LINGER as set
 * @flags:	UNET_SOCK_* for binding
 * @kind:	enum unet_sock_kind
 * @family:	AF_INET or AF_INET6 it was made with
 * @shut:	directions that were shut down (UDP): bit 0 reading, 1 writing
 * @hooked:	a hook has named it
 */
struct unet_sock {
	struct unet_stack *st;
	const struct unet_sock_ops *ops;
	union {
		struct unet_tcp_pcb *tcp;
		struct unet_udp *udp;
	};
	struct unet_sock *next;
	struct unet_sock **pprev;
	unet_sock_fn fn;
	void *arg;
	u32 want;
	u32 pending;
	struct unet_work event;
	struct linger linger;
	u32 flags;
	u8 kind;
	u8 family;
	u8 shut;
	bool hooked;
};

extern const struct unet_sock_ops unet_sock_tcp_ops;
extern const struct unet_sock_ops unet_sock_udp_ops;

struct unet_sock *unet_sock_new(struct unet_stack *st,
				enum unet_sock_kind kind, int family);
void unet_sock_free(struct unet_sock *s);
void unet_sock_mark(struct unet_sock *s, u32 events);
void unet_sock_close_all(struct unet_stack *st);

struct unet_sock *unet_sock_tcp_listen(struct unet_stack *st,
				       const struct unet_endpoint *local,
				       int backlog, u32 flags);
struct unet_sock *unet_sock_tcp_connect(struct unet_stack *st,
					const struct unet_endpoint *remote,
					const struct unet_endpoint *local,
					const struct unet_connect_opts *opts);
struct unet_sock *unet_sock_tcp_accept(struct unet_sock *listener);
struct unet_sock *unet_sock_udp_open(struct unet_stack *st, int family);
struct unet_sock *unet_sock_udp_connect(struct unet_stack *st,
					const struct unet_endpoint *remote,
					const struct unet_endpoint *local,
					const struct unet_connect_opts *opts);
int unet_sock_udp_bind(struct unet_sock *s, const struct unet_endpoint *local);
ssize_t unet_sock_udp_sendto(struct unet_sock *s, const struct iovec *iov,
			     const struct unet_endpoint *to, u16 seg_size);
ssize_t unet_sock_udp_recvfrom(struct unet_sock *s, void *buf, size_t len,
			       int flags, struct unet_endpoint *from);

static inline int unet_fail(int err)
{
	errno = -err;
	return err;
}

#endif /* UNET_SOCKET_INTERNAL_H */
