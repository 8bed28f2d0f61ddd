// SPDX-License-Identifier: MIT
/*
 * A connection goes READ -> HEAD -> BODY and back to READ, or on to DRAIN when
 * it is to end: our end of the stream is sent at once, but the socket is kept
 * until the peer's end has come, because closing it with bytes unread would
 * reset the connection and could take the answer away from the peer.
 *
 * Nothing is kept of a request: its head stays in the socket until it is whole,
 * is read there, and then consumed. A file is read where it is to go on each
 * time the socket has room, so a slow peer costs one struct and one descriptor.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <unet/unet.h>

#include "conn.h"
#include "file.h"
#include "request.h"
#include "server.h"

/* ---- answers ------------------------------------------------------------- */

static const char *reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 414: return "URI Too Long";
	case 416: return "Range Not Satisfiable";
	case 431: return "Request Header Fields Too Large";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	}
	return "Error";
}

static void __attribute__((format(printf, 2, 3)))
add(struct unet_http_conn *conn, const char *format, ...)
{
	size_t room = sizeof(conn->head) - conn->head_len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(conn->head + conn->head_len, room, format, args);
	va_end(args);
	conn->head_len += (size_t)n < room ? (size_t)n : room - 1;
}

static void add_status(struct unet_http_conn *conn, int status)
{
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	conn->head_len = 0;
	conn->head_sent = 0;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	add(conn, "HTTP/1.1 %d %s\r\nServer: unet-httpd\r\nDate: %s\r\n", status,
	    reason(status), date);
	if (conn->close)
		add(conn, "Connection: close\r\n");
}

/* An answer without file; the text in it is the status once more. */
static void answer_text(struct unet_http_conn *conn, int status, bool head_only)
{
	int len = snprintf(NULL, 0, "%d %s\n", status, reason(status));

	add(conn, "Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n", len);
	if (!head_only)
		add(conn, "%d %s\n", status, reason(status));
	conn->left = 0;
	conn->step = UNET_HTTP_HEAD;
}

static void refuse(struct unet_http_conn *conn, int status)
{
	conn->close = true;
	add_status(conn, status);
	if (status == 405)
		add(conn, "Allow: GET, HEAD\r\n");
	answer_text(conn, status, false);
}

static void answer_file(struct unet_http_conn *conn,
			const struct unet_http_request *req,
			const struct unet_http_file *file)
{
	uint64_t first, count;
	int status = unet_http_clip(&req->range, file->size, &first, &count);

	add_status(conn, status);
	if (status == 416) {
		close(file->fd);
		add(conn, "Content-Range: bytes */%" PRIu64 "\r\n", file->size);
		answer_text(conn, status, req->head_only);
		return;
	}
	if (status == 206)
		add(conn, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
		    "\r\n", first, first + count - 1, file->size);
	add(conn, "Content-Type: %s\r\nContent-Length: %" PRIu64
	    "\r\nAccept-Ranges: bytes\r\n\r\n", file->type, count);
	conn->fd = file->fd;
	conn->offset = first;
	conn->left = req->head_only ? 0 : count;
	conn->step = UNET_HTTP_HEAD;
}

/* Where a folder really is; two slashes in front would name another host. */
static void answer_moved(struct unet_http_conn *conn,
			 const struct unet_http_request *req)
{
	const char *target = req->target;
	size_t len = req->target_len;

	while (len > 1 && target[1] == '/') {
		target++;
		len--;
	}
	if (len > 200) {
		add_status(conn, 404);
		answer_text(conn, 404, req->head_only);
		return;
	}
	add_status(conn, 301);
	add(conn, "Location: %.*s/\r\n", (int)len, target);
	answer_text(conn, 301, req->head_only);
}

static void print_request(const struct unet_http_conn *conn,
			  const struct unet_http_request *req)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char peer[64] = "-";

	if (!unet_getpeername(conn->sock, (struct sockaddr *)&addr, &len))
		unet_addr_text((struct sockaddr *)&addr, peer, sizeof(peer));
	printf("%s %s %.*s %.3s %" PRIu64 "\n", peer,
	       req->head_only ? "HEAD" : "GET", (int)req->target_len, req->target,
	       conn->head + strlen("HTTP/1.1 "), conn->left);
	fflush(stdout);
}

static void answer(struct unet_http_conn *conn,
		   const struct unet_http_request *req)
{
	struct unet_http_file file;
	int status;

	conn->close |= req->close;
	status = unet_http_file_open(conn->server->root, req->path, &file);
	if (status == 200) {
		answer_file(conn, req, &file);
	} else if (status == 301) {
		answer_moved(conn, req);
	} else {
		add_status(conn, status);
		answer_text(conn, status, req->head_only);
	}
	if (conn->server->verbose)
		print_request(conn, req);
}

/* ---- steps: each returns 1 to go on, 0 to wait, or -errno ------------------- */

static int read_request(struct unet_http_conn *conn)
{
	struct unet_http_request req;
	char *buf = conn->server->scratch;
	ssize_t len;
	int head;

	len = unet_recv(conn->sock, buf, UNET_HTTP_HEAD_BYTES, MSG_PEEK);
	if (len == -EAGAIN)
		return 0;
	if (len < 0)
		return len;
	head = unet_http_parse(buf, len, &req);
	if (!len || (!head && unet_sock_events(conn->sock) & UNET_CLOSED)) {
		conn->step = UNET_HTTP_DRAIN;	/* no more will come */
		return 1;
	}
	if (!head)
		return 0;
	if (head < 0) {
		refuse(conn, -head);
	} else {
		unet_consume(conn->sock, head);
		answer(conn, &req);
	}
	unet_http_server_list(conn->server, conn);
	return 1;
}

static int send_head(struct unet_http_conn *conn)
{
	ssize_t n;

	n = unet_send(conn->sock, conn->head + conn->head_sent,
		      conn->head_len - conn->head_sent,
		      conn->left ? MSG_MORE : 0);
	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	conn->head_sent += n;
	if (conn->head_sent == conn->head_len)
		conn->step = UNET_HTTP_BODY;
	return 1;
}

static int end_answer(struct unet_http_conn *conn)
{
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
	conn->step = UNET_HTTP_READ;
	if (conn->close) {
		conn->step = UNET_HTTP_DRAIN;
		unet_shutdown(conn->sock, SHUT_WR);
	}
	unet_http_server_list(conn->server, conn);
	return 1;
}

static int send_body(struct unet_http_conn *conn)
{
	size_t want = UNET_HTTP_SCRATCH_BYTES;
	char *buf = conn->server->scratch;
	ssize_t n;

	if (!conn->left)
		return end_answer(conn);
	if (want > conn->left)
		want = conn->left;
	n = pread(conn->fd, buf, want, conn->offset);
	if (n <= 0)	/* the file shrank: what was promised cannot be kept */
		return n ? -errno : -EIO;
	n = unet_send(conn->sock, buf, n, (uint64_t)n < conn->left ? MSG_MORE : 0);
	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	conn->offset += n;
	conn->left -= n;
	unet_http_server_list(conn->server, conn);
	return 1;
}

/* Returns -EPIPE, which ends the connection, when the peer's end has come. */
static int drain(struct unet_http_conn *conn)
{
	ssize_t n = unet_recv(conn->sock, conn->server->scratch,
			      UNET_HTTP_SCRATCH_BYTES, 0);

	if (n == -EAGAIN)
		return 0;
	return n > 0 ? 1 : -EPIPE;
}

static int go_on(struct unet_http_conn *conn)
{
	switch (conn->step) {
	case UNET_HTTP_READ:
		return read_request(conn);
	case UNET_HTTP_HEAD:
		return send_head(conn);
	case UNET_HTTP_BODY:
		return send_body(conn);
	case UNET_HTTP_DRAIN:
		return drain(conn);
	}
	return -EINVAL;
}

static void on_event(struct unet_sock *sock, uint32_t events, void *arg)
{
	struct unet_http_conn *conn = arg;
	int ret;

	(void)sock;
	if (events & UNET_ERROR) {
		unet_http_conn_close(conn, true);
		return;
	}
	do
		ret = go_on(conn);
	while (ret > 0);
	if (ret < 0)
		unet_http_conn_close(conn, ret != -EPIPE);
}

/* ---- begin and end -------------------------------------------------------- */

int unet_http_conn_open(struct unet_http_server *server, struct unet_sock *sock)
{
	struct unet_http_conn *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		unet_abort(sock);
		return -ENOMEM;
	}
	conn->server = server;
	conn->sock = sock;
	conn->fd = -1;
	server->nconns++;
	unet_http_server_list(server, conn);
	unet_sock_on(sock, UNET_READABLE | UNET_WRITABLE, on_event, conn);
	return 0;
}

void unet_http_conn_close(struct unet_http_conn *conn, bool abort)
{
	if (abort)
		unet_abort(conn->sock);
	else
		unet_close(conn->sock);
	if (conn->fd >= 0)
		close(conn->fd);
	unet_http_server_unlist(conn->server, conn);
	conn->server->nconns--;
	free(conn);
}
