/* SPDX-License-Identifier: MIT */
/*
 * One HTTP connection on a socket of libunet.
 */
#ifndef UNET_HTTPD_CONN_H
#define UNET_HTTPD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unet_sock;
struct unet_http_server;

/**
 * struct unet_http_conn - one connection
 * @server:	it belongs to
 * @sock:	its socket
 * @step:	what it is doing
 * @deadline_us: it ends when it has got nowhere by then
 * @prev:	in the server's list, nearest deadline first
 * @next:	likewise
 * @close:	ends after the current answer
 * @head:	of the answer, and the body of an error
 * @head_len:	bytes in @head
 * @head_sent:	bytes of @head the socket has taken
 * @fd:		file under way or -1
 * @offset:	next byte of it to send
 * @left:	bytes of it still to be sent
 */
struct unet_http_conn {
	struct unet_http_server *server;
	struct unet_sock *sock;
	enum unet_http_step {
		UNET_HTTP_READ,		/* wait for a request */
		UNET_HTTP_HEAD,		/* send the head of the answer */
		UNET_HTTP_BODY,		/* send the file */
		UNET_HTTP_DRAIN,	/* all said; wait for the peer's end */
	} step;
	uint64_t deadline_us;
	struct unet_http_conn *prev;
	struct unet_http_conn *next;
	bool close;
	char head[512];
	size_t head_len;
	size_t head_sent;
	int fd;
	uint64_t offset;
	uint64_t left;
};

/**
 * unet_http_conn_open() - serve a socket
 * @server: counts and lists the connection
 * @sock:   accepted; the connection's from now on, also on failure
 *
 * Return: 0 or -ENOMEM.
 */
int unet_http_conn_open(struct unet_http_server *server, struct unet_sock *sock);

/**
 * unet_http_conn_close() - end a connection, in good order when possible
 * @conn: freed
 * @abort: reset it
 */
void unet_http_conn_close(struct unet_http_conn *conn, bool abort);

#endif
