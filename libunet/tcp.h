/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library may call of TCP.
 *
 * Up: events are marks, taken in the middle of TCP's work; the taker must not
 * call back into TCP from them. Down: the calls below, from application context
 * or from socket callbacks, never from within an event.
 */
#ifndef UNET_TCP_H
#define UNET_TCP_H

#include <stddef.h>
#include <sys/types.h>
#include <unet/socket.h>
#include "core_os.h"
#include "flow.h"
#include "ip.h"
#include "packet.h"
#include "stack.h"

struct iovec;
struct unet_tcp_pcb;

/* For unet_stack_add_proto(): input, ICMP errors, init and exit. */
extern const struct unet_proto unet_tcp_proto;

/**
 * struct unet_tcp_events - what the owner of a pcb wants to hear
 * @accepted:	a connection waits: unet_tcp_accept() will give one
 * @established: our unet_tcp_connect() succeeded; sending is possible
 * @readable:	more bytes, or the end of the stream
 * @writable:	room again after unet_tcp_send() took less than was offered
 * @closed:	the connection is over: @err 0 in good order, else positive errno
 *		(ECONNRESET, ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ...). The pcb
 *		stays valid until unet_tcp_close() or unet_tcp_abort().
 */
struct unet_tcp_events {
	void (*accepted)(void *ctx);
	void (*established)(void *ctx);
	void (*readable)(void *ctx);
	void (*writable)(void *ctx);
	void (*closed)(void *ctx, int err);
};

/* unet_tcp_listen() and unet_tcp_connect() flags */
#define UNET_TCP_REUSEADDR	(1u << 0)
#define UNET_TCP_V6ONLY		(1u << 1)

/* unet_tcp_set(), unet_tcp_get(): value is a number */
enum unet_tcp_opt {
	UNET_TCP_OPT_NODELAY,		/* 0, 1 */
	UNET_TCP_OPT_CORK,		/* 0, 1 */
	UNET_TCP_OPT_KEEPALIVE,		/* 0, 1 */
	UNET_TCP_OPT_KEEPIDLE,		/* seconds */
	UNET_TCP_OPT_KEEPINTVL,		/* seconds */
	UNET_TCP_OPT_KEEPCNT,
	UNET_TCP_OPT_USER_TIMEOUT,	/* milliseconds */
	UNET_TCP_OPT_MAXSEG,
	UNET_TCP_OPT_QUICKACK,		/* 0, 1 */
	UNET_TCP_OPT_SNDBUF,		/* bytes */
	UNET_TCP_OPT_RCVBUF,		/* bytes */
	UNET_TCP_OPT_LINGER0,		/* 0, 1: close resets */
	UNET_TCP_OPT_TOS,
	UNET_TCP_OPT_TTL,
};

/**
 * unet_tcp_open() - a closed pcb
 * @family: 4 or 6
 *
 * Return: the pcb, or NULL (no memory).
 */
struct unet_tcp_pcb *unet_tcp_open(struct unet_stack *st, u8 family,
				   const struct unet_tcp_events *ev, void *ctx);

/**
 * unet_tcp_listen() - LISTEN on the local side of @key
 * @key: @key->mask UNET_MASK_3TUPLE or UNET_MASK_2TUPLE (any address); port 0
 *	lets the kernel choose
 *
 * Return: 0, or -errno of the flow.
 */
int unet_tcp_listen(struct unet_tcp_pcb *pcb, const struct unet_flow_key *key,
		    u32 backlog, u32 flags);

/**
 * unet_tcp_connect() - SYN-SENT
 * @key: remote side; the local side may be zero: chosen by kernel and routing
 */
int unet_tcp_connect(struct unet_tcp_pcb *pcb, const struct unet_flow_key *key,
		     u32 flags);

/**
 * unet_tcp_accept() - take the oldest connection of a listener's accept queue
 *
 * It has no events until unet_tcp_set_events(); the caller then looks at
 * unet_tcp_poll() for what happened before. Return: the pcb or NULL.
 */
struct unet_tcp_pcb *unet_tcp_accept(struct unet_tcp_pcb *listener);
void unet_tcp_set_events(struct unet_tcp_pcb *pcb,
			 const struct unet_tcp_events *ev, void *ctx);

/**
 * unet_tcp_send() - queue bytes for sending, copied into TX memory
 * @more: more follows at once: do not send a short segment yet
 *
 * Return: bytes taken (0 for @len 0), -EAGAIN none (writable will tell),
 * -EPIPE shut down, -ENOTCONN, or the error the connection ended with.
 */
ssize_t unet_tcp_send(struct unet_tcp_pcb *pcb, const struct iovec *iov, int n,
		      bool more);

/**
 * unet_tcp_recv() - take received bytes, copied; 0 at the end of the stream
 * @peek: leave them
 */
ssize_t unet_tcp_recv(struct unet_tcp_pcb *pcb, void *buf, size_t len,
		      bool peek);

/**
 * unet_tcp_peek() - received bytes where they lie
 *
 * Return: entries of @iov filled in, 0 at the end of the stream, -errno.
 */
int unet_tcp_peek(struct unet_tcp_pcb *pcb, struct iovec *iov, int n);

/**
 * unet_tcp_consume() - done with the first @len received bytes; 0 or -EINVAL
 */
int unet_tcp_consume(struct unet_tcp_pcb *pcb, size_t len);

int unet_tcp_shutdown(struct unet_tcp_pcb *pcb, int how);

/**
 * unet_tcp_close() - owner is done; TCP finishes and frees the pcb by itself
 *
 * No event follows. Unread bytes make it a reset (RFC 2525 section 2.17).
 */
void unet_tcp_close(struct unet_tcp_pcb *pcb);

/**
 * unet_tcp_abort() - reset and free
 */
void unet_tcp_abort(struct unet_tcp_pcb *pcb);

/**
 * unet_tcp_poll() - UNET_READABLE | UNET_WRITABLE | UNET_CLOSED | UNET_ERROR
 */
u32 unet_tcp_poll(const struct unet_tcp_pcb *pcb);

/**
 * unet_tcp_error() - positive errno the connection ended with, 0 none
 */
int unet_tcp_error(const struct unet_tcp_pcb *pcb);

/**
 * unet_tcp_flow() - its flow, for addresses and MTU
 */
const struct unet_flow *unet_tcp_flow(const struct unet_tcp_pcb *pcb);

int unet_tcp_set(struct unet_tcp_pcb *pcb, enum unet_tcp_opt opt, u32 value);
int unet_tcp_get(const struct unet_tcp_pcb *pcb, enum unet_tcp_opt opt,
		 u32 *value);
int unet_tcp_set_congestion(struct unet_tcp_pcb *pcb, const char *name);
const char *unet_tcp_congestion(const struct unet_tcp_pcb *pcb);
void unet_tcp_info(const struct unet_tcp_pcb *pcb, struct unet_tcp_info *info);

#endif /* UNET_TCP_H */
