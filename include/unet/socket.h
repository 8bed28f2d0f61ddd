/* SPDX-License-Identifier: MIT */
/*
 * Sockets of a stack. Nothing here blocks: what cannot be done now returns
 * -EAGAIN (or NULL with errno EAGAIN) and is told by a callback when it can.
 *
 * An address is text: "192.0.2.1:80", "[2001:db8::1]:80", "[::]:80" or ":80"
 * (any address, IPv4 too), "0.0.0.0:80" (any IPv4 address); port 0 or no port
 * lets the kernel choose one where that makes sense. On a host without IPv6 ":80"
 * is any IPv4 address, "[::]:80" is refused.
 */
#ifndef UNET_SOCKET_H
#define UNET_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_stack;
struct unet_sock;

/* Events, also what unet_sock_events() answers with. */
#define UNET_READABLE	(1u << 0)	/* bytes, a datagram, the end, a connection */
#define UNET_WRITABLE	(1u << 1)	/* connected, and room to send */
#define UNET_CLOSED	(1u << 2)	/* the peer will send no more */
#define UNET_ERROR	(1u << 3)	/* failed: SO_ERROR or the next call says why */

/**
 * typedef unet_sock_fn - called when something happened on a socket
 * @s: the socket
 * @events: which of the wanted events happened
 * @arg: as given
 */
typedef void (*unet_sock_fn)(struct unet_sock *s, uint32_t events, void *arg);

#define UNET_SOCK_V6ONLY	(1u << 0)	/* [::] does not take IPv4 */
#define UNET_SOCK_REUSEADDR	(1u << 1)	/* may take over a port that lingers */

/**
 * struct unet_connect_opts - how to open a connection
 * @size:	sizeof(struct unet_connect_opts)
 * @flags:	UNET_SOCK_REUSEADDR or zero
 * @local:	address to come from, NULL lets routing choose
 * @sndbuf:	bytes, 0: default
 * @rcvbuf:	bytes, 0: default
 * @congestion:	"cubic", "reno", NULL: default
 */
struct unet_connect_opts {
	size_t size;
	uint32_t flags;
	uint32_t sndbuf;
	uint32_t rcvbuf;
	uint32_t reserved;
	const char *local;
	const char *congestion;
};

/**
 * unet_listen() - wait for connections
 * @st: the stack
 * @proto: "tcp"
 * @local: address to listen on; a port below 1024 needs CAP_NET_BIND_SERVICE
 * @backlog: connections that may wait for unet_accept(), at least 1
 *
 * Return: the listener, or NULL with errno and unet_error_detail(): EINVAL a
 * word is wrong, EADDRINUSE the host or somebody else has the port, EADDRNOTAVAIL
 * not the host's address, EAFNOSUPPORT IPv6 where there is none, EACCES, ENOSPC the
 * channel's flows are used up, ENOMEM.
 */
struct unet_sock *unet_listen(struct unet_stack *st, const char *proto,
			      const char *local, int backlog);

/**
 * unet_listen_addr() - unet_listen() with a binary address and UNET_SOCK_* flags
 */
struct unet_sock *unet_listen_addr(struct unet_stack *st,
				   const struct sockaddr *local, socklen_t len,
				   int backlog, uint32_t flags);

/**
 * unet_accept() - take one waiting connection
 *
 * Return: an established socket of the caller's, or NULL with errno EAGAIN
 * none waits, ENETDOWN none will come any more: the channel has ended, EINVAL not a
 * listener.
 */
struct unet_sock *unet_accept(struct unet_sock *listener);

/**
 * unet_connect() - open a connection, or a UDP socket with one peer
 * @st: the stack
 * @proto: "tcp" or "udp"
 * @remote: address with a port
 * @opts: see there, or NULL
 *
 * Returns at once; UNET_WRITABLE tells that a TCP connection stands,
 * UNET_ERROR that it failed.
 *
 * Return: the socket, or NULL with errno: EINVAL, EADDRINUSE, EADDRNOTAVAIL,
 * ENETUNREACH no route through the stack's device, ENOSPC, ENOMEM.
 */
struct unet_sock *unet_connect(struct unet_stack *st, const char *proto,
			       const char *remote,
			       const struct unet_connect_opts *opts);

/**
 * unet_connect_addr() - unet_connect() with a binary address
 * @type: SOCK_STREAM or SOCK_DGRAM
 */
struct unet_sock *unet_connect_addr(struct unet_stack *st, int type,
				    const struct sockaddr *remote,
				    socklen_t len,
				    const struct unet_connect_opts *opts);

/**
 * unet_udp_open() - a UDP socket without a port
 * @st: the stack
 * @family: AF_INET or AF_INET6
 *
 * The first unet_sendto() binds it to a port of the kernel's choice.
 * Return: the socket, or NULL with errno EAFNOSUPPORT, ENOMEM.
 */
struct unet_sock *unet_udp_open(struct unet_stack *st, int family);

/**
 * unet_udp_bind() - give a UDP socket its address and port
 *
 * Return: 0, -EINVAL already bound or not an address, else as unet_listen().
 */
int unet_udp_bind(struct unet_sock *s, const char *local);

/**
 * unet_udp_bind_addr() - unet_udp_bind() with a binary address and UNET_SOCK_* flags
 */
int unet_udp_bind_addr(struct unet_sock *s, const struct sockaddr *local,
		       socklen_t len, uint32_t flags);

/**
 * unet_send() - send bytes, or one datagram on a connected UDP socket
 * @s: the socket
 * @buf: bytes, copied
 * @len: how many
 * @flags: MSG_MORE: more follows at once; MSG_NOSIGNAL and MSG_DONTWAIT mean nothing,
 *	others are refused
 *
 * TCP takes as much as the send buffer has room for. The bytes go out at the
 * end of the current turn, or in the next one.
 *
 * Return: bytes taken, or -EAGAIN no room, -EPIPE shut down for sending,
 * -ENOTCONN a listener or not connected, -EDESTADDRREQ no peer (UDP), -EMSGSIZE
 * datagram too large, -ECONNRESET, -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, -ENETDOWN
 * the channel has ended, -EINVAL another flag.
 */
ssize_t unet_send(struct unet_sock *s, const void *buf, size_t len, int flags);

/**
 * unet_sendv() - unet_send() from several places; one datagram on UDP
 */
ssize_t unet_sendv(struct unet_sock *s, const struct iovec *iov, int n,
		   int flags);

/**
 * unet_sendto() - one datagram to an address
 *
 * With @seg_size above 0 the bytes are cut into datagrams of that many bytes
 * each (the last may be shorter) by kernel or device.
 *
 * Return: @len; with @seg_size fewer, a multiple of it, when only so many
 * datagrams could be sent: the next call for the rest says why not. Or -errno as
 * unet_send(), and nothing was sent; also -EOPNOTSUPP no UDP socket, -EISCONN it has a
 * peer, -EAFNOSUPPORT, -EINVAL @to is too short or has no port.
 */
ssize_t unet_sendto(struct unet_sock *s, const void *buf, size_t len,
		    uint16_t seg_size, const struct sockaddr *to,
		    socklen_t tolen);

/**
 * unet_recv() - receive bytes, or one datagram
 * @s: the socket
 * @buf: where to
 * @len: room; what of a datagram does not fit is lost
 * @flags: MSG_PEEK, MSG_TRUNC (datagrams: answer with the whole length; else it means
 *	nothing, as MSG_DONTWAIT does); others are refused
 *
 * Return: bytes, 0 at the end of the stream, -EAGAIN nothing there, -ENOTCONN a
 * listener, -EINVAL another flag, or the error the connection ended with.
 */
ssize_t unet_recv(struct unet_sock *s, void *buf, size_t len, int flags);

/**
 * unet_recvfrom() - one datagram and who sent it
 * @s: the socket
 * @buf: where to
 * @len: room
 * @flags: as unet_recv()
 * @from: receives the address, may be NULL
 * @fromlen: in: room, out: length, 0 on a connection; needed with @from
 */
ssize_t unet_recvfrom(struct unet_sock *s, void *buf, size_t len, int flags,
		      struct sockaddr *from, socklen_t *fromlen);

/**
 * unet_peek() - look at received bytes where they lie
 * @s: the socket
 * @iov: receives where; at most @n pieces
 * @n: at least 1
 *
 * TCP: the bytes in order, as far as @n pieces reach. UDP: the pieces of the
 * next datagram. They stay valid and unchanged until unet_consume(), another
 * receiving call or the socket's end. Reading late keeps the channel's buffers
 * from being used again, so consume soon.
 *
 * Return: pieces filled, 0 at the end of the stream, or -errno as unet_recv().
 */
int unet_peek(struct unet_sock *s, struct iovec *iov, int n);

/**
 * unet_consume() - done with the first bytes (TCP) or the next datagram (UDP)
 * @s: the socket
 * @len: bytes; not more than are there. Ignored on UDP.
 *
 * Return: 0 or -EINVAL.
 */
int unet_consume(struct unet_sock *s, size_t len);

/**
 * unet_shutdown() - end one direction
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * SHUT_WR sends what is queued, then the end of the stream.
 */
int unet_shutdown(struct unet_sock *s, int how);

/**
 * unet_close() - let go of a socket
 *
 * The pointer is invalid afterwards and no callback follows. Queued bytes are
 * still sent by later turns of the stack; unread bytes turn this into a reset.
 * NULL is allowed. Return: 0.
 */
int unet_close(struct unet_sock *s);

/**
 * unet_abort() - reset the connection and let go of the socket
 */
int unet_abort(struct unet_sock *s);

/**
 * unet_sock_on() - have a function called when something happens
 * @s: the socket
 * @events: UNET_READABLE | UNET_WRITABLE | UNET_CLOSED | UNET_ERROR; 0 stops
 * @fn: called from unet_stack_run(), after the turn's packets and timers
 * @arg: passed to @fn
 *
 * One function a socket; a second call replaces the first. Edge triggered: @fn
 * is called once for what is true already, then when more arrives or room
 * appears again, not for as long as it stays. So read and write until -EAGAIN.
 * UNET_ERROR and UNET_CLOSED need not be asked for with UNET_READABLE.
 *
 * Return: 0 or -EINVAL.
 */
int unet_sock_on(struct unet_sock *s, uint32_t events, unet_sock_fn fn,
		 void *arg);

/**
 * unet_sock_events() - what is true of a socket now, UNET_*
 */
uint32_t unet_sock_events(const struct unet_sock *s);

/**
 * unet_getsockname() - our address
 * @len: in: room, out: length
 */
int unet_getsockname(const struct unet_sock *s, struct sockaddr *addr,
		     socklen_t *len);

/**
 * unet_getpeername() - the peer's address; -ENOTCONN when there is none
 */
int unet_getpeername(const struct unet_sock *s, struct sockaddr *addr,
		     socklen_t *len);

/**
 * unet_addr_parse() - text, as all calls here take it, to an address
 * @text: see the top of this file; without a port it is port 0
 * @addr: filled in, as far as there is room; ":80" becomes AF_INET6's any
 * @len: in: room, out: length
 *
 * Return: 0, or -EINVAL; unet_error_detail() has the sentence.
 */
int unet_addr_parse(const char *text, struct sockaddr *addr, socklen_t *len);

/**
 * unet_addr_text() - an address as text, "192.0.2.1:80" or "[2001:db8::1]:80"
 *
 * Return: 0, or -ENOSPC, -EAFNOSUPPORT.
 */
int unet_addr_text(const struct sockaddr *addr, char *buf, size_t len);

/**
 * unet_setsockopt() - as setsockopt(2), for the options below
 *
 *   SOL_SOCKET   SO_KEEPALIVE SO_SNDBUF SO_RCVBUF SO_LINGER SO_REUSEADDR
 *   IPPROTO_TCP  TCP_NODELAY TCP_CORK TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT
 *                TCP_USER_TIMEOUT TCP_MAXSEG TCP_QUICKACK TCP_CONGESTION
 *   IPPROTO_IP   IP_TOS IP_TTL        IPPROTO_IPV6  IPV6_TCLASS
 *                                     IPV6_UNICAST_HOPS IPV6_V6ONLY
 *
 * Return: 0, -ENOPROTOOPT not known, -EINVAL value or length, -EISCONN too late.
 */
int unet_setsockopt(struct unet_sock *s, int level, int name, const void *val,
		    socklen_t len);

/**
 * unet_getsockopt() - as getsockopt(2); also SO_ERROR SO_TYPE SO_DOMAIN
 * SO_PROTOCOL SO_ACCEPTCONN UNET_SO_ADVICE, and UNET_SO_TCP_INFO at IPPROTO_TCP
 */
int unet_getsockopt(struct unet_sock *s, int level, int name, void *val,
		    socklen_t *len);

#define UNET_SO_TCP_INFO	0x7501	/* struct unet_tcp_info */
#define UNET_SO_ADVICE		0x7502	/* uint32_t: UNET_ADV_* of the flow, now */

/**
 * struct unet_tcp_info - a connection as TCP sees it
 * @size:	bytes filled in
 * @state:	RFC 9293 state: 1 LISTEN 2 SYN-SENT 3 SYN-RECEIVED 4 ESTABLISHED
 *		5 FIN-WAIT-1 6 FIN-WAIT-2 7 CLOSE-WAIT 8 CLOSING 9 LAST-ACK
 *		0 CLOSED, or TIME-WAIT, which a socket has no part in
 * @options:	1 timestamps, 2 SACK, 4 window scaling, 8 ECN
 * @snd_wscale:	what the peer asked for
 * @rcv_wscale:	what we asked for
 * @rto_us:	retransmission timeout
 * @srtt_us:	smoothed round-trip time
 * @rttvar_us:	its variation
 * @min_rtt_us:	least seen
 * @snd_mss:	payload bytes of a full segment
 * @rcv_mss:	largest segment received
 * @cwnd:	congestion window, bytes
 * @ssthresh:	slow-start threshold, bytes
 * @snd_wnd:	peer's window, bytes
 * @rcv_wnd:	our window, bytes
 * @in_flight:	bytes sent and not known to have arrived
 * @sndq:	bytes queued for sending, sent ones included
 * @rcvq:	bytes waiting to be read
 * @retrans:	segments retransmitted
 * @lost:	segments thought lost
 * @pmtu:	path MTU
 * @bytes_sent:	payload bytes, retransmissions included
 * @bytes_acked: payload bytes the peer has
 * @bytes_received: payload bytes received in order
 * @segs_in:	segments received
 * @segs_out:	segments sent
 * @pacing:	bytes per second, 0: not paced
 * @congestion:	name of the congestion control
 */
struct unet_tcp_info {
	uint32_t size;
	uint8_t state;
	uint8_t options;
	uint8_t snd_wscale;
	uint8_t rcv_wscale;
	uint32_t rto_us;
	uint32_t srtt_us;
	uint32_t rttvar_us;
	uint32_t min_rtt_us;
	uint32_t snd_mss;
	uint32_t rcv_mss;
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t snd_wnd;
	uint32_t rcv_wnd;
	uint32_t in_flight;
	uint32_t sndq;
	uint32_t rcvq;
	uint32_t retrans;
	uint32_t lost;
	uint32_t pmtu;
	uint32_t reserved;
	uint64_t bytes_sent;
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint64_t segs_in;
	uint64_t segs_out;
	uint64_t pacing;
	char congestion[16];
};

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_SOCKET_H */
