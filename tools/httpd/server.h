/* SPDX-License-Identifier: MIT */
/*
 * The server: listeners and connections of one stack.
 */
#ifndef UNET_HTTPD_SERVER_H
#define UNET_HTTPD_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNET_HTTP_LISTENERS	16
#define UNET_HTTP_SCRATCH_BYTES	65536

struct unet_http_conn;
struct unet_sock;
struct unet_stack;

/**
 * struct unet_http_server - all there is
 * @stack:	its sockets are on
 * @root:	folder served, see unet_http_root_open()
 * @max_conns:	connections open at a time
 * @timeout_us:	how long a connection may get nowhere
 * @verbose:	print a line for each request
 * @listeners:	sockets that connections come from
 * @nlisteners:	how many
 * @nconns:	connections open
 * @first:	connection with the nearest deadline
 * @last:	connection with the farthest
 * @scratch:	for the one connection that is at work
 */
struct unet_http_server {
	struct unet_stack *stack;
	int root;
	unsigned int max_conns;
	uint64_t timeout_us;
	bool verbose;
	struct unet_sock *listeners[UNET_HTTP_LISTENERS];
	unsigned int nlisteners;
	unsigned int nconns;
	struct unet_http_conn *first;
	struct unet_http_conn *last;
	char scratch[UNET_HTTP_SCRATCH_BYTES];
};

/**
 * unet_http_server_flows() - how many flows the channel is to have
 * @server:	@max_conns is lowered where @most leaves no more
 * @nlisteners:	addresses there will be
 * @most:	flows that a channel may have, a power of two
 *
 * Where flows run out, who connects is reset instead of waiting for its turn.
 *
 * Return: a power of two, for struct unet_params.
 */
uint32_t unet_http_server_flows(struct unet_http_server *server,
				unsigned int nlisteners, uint32_t most);

/**
 * unet_http_server_listen() - one more address
 * @server: server
 * @local:  as unet_listen() takes it
 *
 * Return: 0 or -errno; unet_error_detail() has the sentence.
 */
int unet_http_server_listen(struct unet_http_server *server, const char *local);

/**
 * unet_http_server_turn() - accept who waits, end who got nowhere
 * @server: server
 *
 * To be called after each unet_stack_run().
 */
void unet_http_server_turn(struct unet_http_server *server);

/**
 * unet_http_server_wait() - how long the stack may sleep
 * @server: server
 *
 * Return: milliseconds for unet_stack_run(), -1 for ever.
 */
int unet_http_server_wait(const struct unet_http_server *server);

/**
 * unet_http_server_end() - no more requests: listeners and idle connections end
 * @server: server; answers under way go on
 */
void unet_http_server_end(struct unet_http_server *server);

/**
 * unet_http_server_close() - end all that is left
 * @server: server; its stack and root stay the caller's
 */
void unet_http_server_close(struct unet_http_server *server);

/**
 * unet_http_server_list() - put a connection in its place
 * @server: server
 * @conn:   in the list or not; it has until now plus the timeout
 */
void unet_http_server_list(struct unet_http_server *server,
			   struct unet_http_conn *conn);

/**
 * unet_http_server_unlist() - take a connection out
 * @server: server
 * @conn:   in the list
 */
void unet_http_server_unlist(struct unet_http_server *server,
			     struct unet_http_conn *conn);

#endif
