// SPDX-License-Identifier: MIT
#include <errno.h>

#include <unet/unet.h>

#include "conn.h"
#include "server.h"

#define BACKLOG		128
#define FLOWS		4096	/* the kernel's default, which costs little */

uint32_t unet_http_server_flows(struct unet_http_server *server,
				unsigned int nlisteners, uint32_t most)
{
	/* a listener, and who waits to be accepted */
	uint64_t beside = nlisteners * (1ull + BACKLOG);
	/* those that are closed have theirs until the peer has all */
	uint64_t wanted = beside + server->max_conns + server->max_conns / 4;
	uint32_t flows = FLOWS;

	while (flows < wanted && flows < most)
		flows *= 2;
	if (server->max_conns > flows - beside)
		server->max_conns = flows - beside;
	return flows;
}

int unet_http_server_listen(struct unet_http_server *server, const char *local)
{
	struct unet_sock *listener;

	if (server->nlisteners == UNET_HTTP_LISTENERS)
		return -ENOSPC;
	listener = unet_listen(server->stack, "tcp", local, BACKLOG);
	if (!listener)
		return -errno;
	server->listeners[server->nlisteners++] = listener;
	return 0;
}

static void accept_all(struct unet_http_server *server)
{
	struct unet_sock *sock;
	unsigned int i;

	for (i = 0; i < server->nlisteners; i++) {
		while (server->nconns < server->max_conns) {
			sock = unet_accept(server->listeners[i]);
			if (!sock)
				break;
			unet_http_conn_open(server, sock);
		}
	}
}

void unet_http_server_turn(struct unet_http_server *server)
{
	uint64_t now = unet_stack_now(server->stack);

	while (server->first && server->first->deadline_us <= now)
		unet_http_conn_close(server->first,
				     server->first->step != UNET_HTTP_READ);
	accept_all(server);
}

int unet_http_server_wait(const struct unet_http_server *server)
{
	uint64_t now = unet_stack_now(server->stack);

	if (!server->first)
		return -1;
	if (server->first->deadline_us <= now)
		return 0;
	return (server->first->deadline_us - now) / 1000 + 1;
}

void unet_http_server_end(struct unet_http_server *server)
{
	struct unet_http_conn *conn, *next;

	while (server->nlisteners)
		unet_close(server->listeners[--server->nlisteners]);
	for (conn = server->first; conn; conn = next) {
		next = conn->next;
		conn->close = true;
		if (conn->step == UNET_HTTP_READ)
			unet_http_conn_close(conn, false);
	}
}

void unet_http_server_close(struct unet_http_server *server)
{
	unet_http_server_end(server);
	while (server->first)
		unet_http_conn_close(server->first, true);
}

void unet_http_server_unlist(struct unet_http_server *server,
			     struct unet_http_conn *conn)
{
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		server->first = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	else
		server->last = conn->prev;
	conn->prev = NULL;
	conn->next = NULL;
}

void unet_http_server_list(struct unet_http_server *server,
			   struct unet_http_conn *conn)
{
	if (conn->deadline_us)
		unet_http_server_unlist(server, conn);
	conn->deadline_us = unet_stack_now(server->stack) + server->timeout_us;
	conn->prev = server->last;
	if (server->last)
		server->last->next = conn;
	else
		server->first = conn;
	server->last = conn;
}
