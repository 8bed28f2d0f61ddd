// SPDX-License-Identifier: MIT
/* include: tools/httpd/{request,file,conn,server}.c */
/*
 * Description: the file server against a client, both on libunet, over an
 * in-memory wire: answers, limits, time-outs and ends of connections.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "tools/httpd/request.c"
#include "tools/httpd/file.c"
#undef INDEX
#include "tools/httpd/conn.c"
#include "tools/httpd/server.c"

#define SECOND		1000000ull
#define BIG_BYTES	3000000
#define PORT		"192.0.2.1:80"

static char folder[] = "/tmp/unet-httpd-XXXXXX";
static char *big;	/* what is in the file of that name */

/*
 * On a wire where nothing is planned, time stands still; so there is a clock: a
 * connection whose keepalives are due every second, in both stacks.
 */
struct world {
	struct unet_wire *wire;
	struct unet_stack *ends[2];
	struct unet_http_server *server;
};

struct client {
	struct unet_sock *sock;
	char *got;
	size_t len;
	bool reading;
	bool ended;	/* in good order */
	int error;	/* or so */
};

/* ---- files ---------------------------------------------------------------- */

static int put_file(const char *name, const char *bytes, size_t len)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "w");
	if (!to)
		return -1;
	fwrite(bytes, 1, len, to);
	return fclose(to);
}

static int make_files(void **state)
{
	char path[128];
	uint32_t x = 1;
	size_t i;

	(void)state;
	big = malloc(BIG_BYTES);
	for (i = 0; i < BIG_BYTES; i++) {
		x = x * 1664525 + 1013904223;
		big[i] = x >> 24;
	}
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/sub", folder);
	if (mkdir(path, 0755))
		return -1;
	return put_file("a.txt", "hello", 5) || put_file("empty", "", 0) ||
	       put_file("big", big, BIG_BYTES);
}

static int remove_files(void **state)
{
	char command[128];

	(void)state;
	free(big);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* ---- the world ------------------------------------------------------------ */

static void run(struct world *w, uint64_t us)
{
	uint64_t now = unet_wire_now(w->wire), end = now + us;

	while (now < end) {
		now += 1000;
		unet_wire_run(w->wire, now < end ? now : end);
		unet_http_server_turn(w->server);
	}
}

static void keep_alive(struct unet_sock *sock)
{
	int one = 1;

	assert_non_null(sock);
	assert_int_equal(unet_setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &one,
					 sizeof(one)), 0);
	assert_int_equal(unet_setsockopt(sock, IPPROTO_TCP, TCP_KEEPIDLE, &one,
					 sizeof(one)), 0);
}

static void start_clock(struct world *w)
{
	struct unet_sock *listener;

	listener = unet_listen(w->ends[1], "tcp", "192.0.2.2:9", 1);
	assert_non_null(listener);
	keep_alive(unet_connect(w->ends[0], "tcp", "192.0.2.2:9", NULL));
	run(w, SECOND / 10);
	keep_alive(unet_accept(listener));
}

static void open_world(struct world *w, const struct unet_wire_opts *opts)
{
	memset(w, 0, sizeof(*w));
	w->wire = unet_wire_open(opts, w->ends);
	assert_non_null(w->wire);
	w->server = calloc(1, sizeof(*w->server));
	w->server->stack = w->ends[0];
	w->server->root = unet_http_root_open(folder);
	w->server->max_conns = 8;
	w->server->timeout_us = 15 * SECOND;
	assert_true(w->server->root >= 0);
	assert_int_equal(unet_http_server_listen(w->server, PORT), 0);
	start_clock(w);
}

static void close_world(struct world *w)
{
	unet_http_server_close(w->server);
	assert_int_equal(w->server->nconns, 0);
	assert_null(w->server->first);
	assert_null(w->server->last);
	close(w->server->root);
	free(w->server);
	unet_wire_close(w->wire);
}

static void read_all(struct client *c)
{
	char buf[4096];
	ssize_t n;

	while (c->reading && (n = unet_recv(c->sock, buf, sizeof(buf), 0)) != -EAGAIN) {
		if (n <= 0) {
			c->ended = !n;
			c->error = n;
			c->reading = false;
			return;
		}
		c->got = realloc(c->got, c->len + n + 1);
		memcpy(c->got + c->len, buf, n);
		c->len += n;
		c->got[c->len] = '\0';
	}
}

static void client_event(struct unet_sock *sock, uint32_t events, void *arg)
{
	(void)sock;
	(void)events;
	read_all(arg);
}

static void client_open(struct world *w, struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->reading = true;
	c->sock = unet_connect(w->ends[1], "tcp", PORT, NULL);
	assert_non_null(c->sock);
	unet_sock_on(c->sock, UNET_READABLE, client_event, c);
	run(w, SECOND / 10);
}

static void client_close(struct client *c)
{
	unet_close(c->sock);
	free(c->got);
}

static void say(struct world *w, struct client *c, const char *text)
{
	ssize_t len = strlen(text);

	assert_int_equal(unet_send(c->sock, text, len, 0), len);
	run(w, SECOND / 2);
}

/* The one answer to a text that ends the connection; to be freed. */
static char *answer_to(struct world *w, const char *text)
{
	struct client c;
	char *got;

	client_open(w, &c);
	say(w, &c, text);
	if (!c.ended || !c.got)
		fail_msg("\"%s\": not ended (%d), %zu bytes", text, c.error, c.len);
	got = c.got;
	c.got = NULL;
	client_close(&c);
	run(w, SECOND / 10);
	return got;
}

static const char *body_of(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

#define CLOSE	"Host: a\r\nConnection: close\r\n\r\n"

struct answer_row {
	const char *request;
	const char *status;
	const char *field;	/* that must be there, or NULL */
	const char *body;
};

static void files_and_refusals_are_answered(void **state)
{
	static const struct answer_row rows[] = {
		{ "GET /a.txt HTTP/1.1\r\n" CLOSE, "200 OK",
		  "\r\nContent-Type: text/plain; charset=utf-8\r\n"
		  "Content-Length: 5\r\nAccept-Ranges: bytes\r\n", "hello" },
		{ "GET /empty HTTP/1.1\r\n" CLOSE, "200 OK",
		  "\r\nContent-Length: 0\r\n", "" },
		{ "HEAD /a.txt HTTP/1.1\r\n" CLOSE, "200 OK",
		  "\r\nContent-Length: 5\r\n", "" },
		{ "GET /a.txt HTTP/1.0\r\n\r\n", "200 OK",
		  "\r\nConnection: close\r\n", "hello" },
		{ "GET /a.txt HTTP/1.1\r\nRange: bytes=1-3\r\n" CLOSE,
		  "206 Partial Content", "\r\nContent-Range: bytes 1-3/5\r\n", "ell" },
		{ "GET /a.txt HTTP/1.1\r\nRange: bytes=9-\r\n" CLOSE,
		  "416 Range Not Satisfiable", "\r\nContent-Range: bytes */5\r\n",
		  "416 Range Not Satisfiable\n" },
		{ "GET /none HTTP/1.1\r\n" CLOSE, "404 Not Found",
		  "\r\nContent-Length: 14\r\n", "404 Not Found\n" },
		{ "HEAD /none HTTP/1.1\r\n" CLOSE, "404 Not Found",
		  "\r\nContent-Length: 14\r\n", "" },
		{ "GET /../etc/passwd HTTP/1.1\r\n" CLOSE, "404 Not Found", NULL,
		  "404 Not Found\n" },
		{ "GET //sub?x HTTP/1.1\r\n" CLOSE, "301 Moved Permanently",
		  "\r\nLocation: /sub/\r\n", "301 Moved Permanently\n" },
		{ "POST / HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc",
		  "405 Method Not Allowed", "\r\nAllow: GET, HEAD\r\n",
		  "405 Method Not Allowed\n" },
		{ "nonsense\r\n", "400 Bad Request", "\r\nConnection: close\r\n",
		  "400 Bad Request\n" },
		{ "GET / HTTP/3.0\r\n" CLOSE, "505 HTTP Version Not Supported", NULL,
		  "505 HTTP Version Not Supported\n" },
	};
	struct world w;
	char *answer;
	size_t i;

	(void)state;
	open_world(&w, NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer = answer_to(&w, rows[i].request);
		if (strncmp(answer, "HTTP/1.1 ", 9) ||
		    strncmp(answer + 9, rows[i].status, strlen(rows[i].status)) ||
		    (rows[i].field && !strstr(answer, rows[i].field)) ||
		    strcmp(body_of(answer), rows[i].body))
			fail_msg("row %zu: %s", i, answer);
		free(answer);
	}
	close_world(&w);
}

static void connections_stay_open_and_requests_may_be_stacked(void **state)
{
	struct client c;
	struct world w;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &c);
	say(&w, &c, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"
		    "GET /none HTTP/1.1\r\nHost: a\r\n\r\nHEAD /a.t");
	assert_false(c.ended);
	assert_non_null(strstr(c.got, "helloHTTP/1.1 404 "));
	say(&w, &c, "xt HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_non_null(strstr(c.got, "404 Not Found\nHTTP/1.1 200 OK\r\n"));
	assert_false(c.ended);
	assert_int_equal(w.server->nconns, 1);
	client_close(&c);
	run(&w, SECOND);
	assert_int_equal(w.server->nconns, 0);
	close_world(&w);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = "GET /a.txt HTTP/1.1\r\n" CLOSE;
	struct client c;
	struct world w;
	const char *p;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &c);
	for (p = request; *p; p++) {
		assert_int_equal(unet_send(c.sock, p, 1, 0), 1);
		run(&w, 5000);
		assert_true(p[1] == '\0' || !c.len);
	}
	run(&w, SECOND);
	assert_true(c.ended);
	assert_string_equal(body_of(c.got), "hello");
	client_close(&c);
	close_world(&w);
}

static void a_head_without_end_is_refused(void **state)
{
	char text[UNET_HTTP_HEAD_BYTES + 200];
	struct world w;
	char *answer;
	int n;

	(void)state;
	open_world(&w, NULL);
	n = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: ");
	memset(text + n, 'x', sizeof(text) - n);
	text[sizeof(text) - 1] = '\0';
	answer = answer_to(&w, text);
	assert_non_null(strstr(answer, "HTTP/1.1 431 "));
	free(answer);
	close_world(&w);
}

static void a_large_file_arrives_whole(void **state)
{
	static const struct unet_wire_opts lossy = {
		.size = sizeof(lossy), .seed = 1, .delay_us = 2000,
		.loss_ppm = 10000, .reorder_ppm = 20000, .reorder_us = 3000,
		.flags = UNET_WIRE_CSUM,
	};
	struct client c;
	struct world w;

	(void)state;
	open_world(&w, &lossy);
	client_open(&w, &c);
	unet_send(c.sock, "GET /big HTTP/1.1\r\n" CLOSE, 20 + strlen(CLOSE) - 1, 0);
	run(&w, 60 * SECOND);
	assert_true(c.ended);
	assert_int_equal(c.got + c.len - body_of(c.got), BIG_BYTES);
	assert_memory_equal(body_of(c.got), big, BIG_BYTES);
	client_close(&c);
	close_world(&w);
}

static void an_idle_connection_ends_in_good_order(void **state)
{
	struct client c;
	struct world w;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &c);
	run(&w, 14 * SECOND);
	assert_false(c.ended);
	assert_int_equal(unet_http_server_wait(w.server) > 0, 1);
	run(&w, 2 * SECOND);
	assert_true(c.ended);
	assert_int_equal(w.server->nconns, 0);
	assert_int_equal(unet_http_server_wait(w.server), -1);
	client_close(&c);
	close_world(&w);
}

static void dribbling_does_not_buy_time(void **state)
{
	struct client c;
	struct world w;
	int i;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &c);
	for (i = 0; i < 20 && c.reading; i++) {
		unet_send(c.sock, "\n", 1, 0);
		run(&w, SECOND);
	}
	assert_false(c.reading);
	assert_int_equal(w.server->nconns, 0);
	client_close(&c);
	close_world(&w);
}

static void a_peer_that_does_not_read_is_reset(void **state)
{
	struct client c;
	struct world w;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &c);
	c.reading = false;
	say(&w, &c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	run(&w, 10 * SECOND);
	assert_int_equal(w.server->nconns, 1);
	run(&w, 10 * SECOND);
	assert_int_equal(w.server->nconns, 0);
	c.reading = true;
	read_all(&c);
	assert_int_equal(c.error, -ECONNRESET);
	client_close(&c);
	close_world(&w);
}

static void more_than_the_limit_wait_for_their_turn(void **state)
{
	struct client c[3];
	struct world w;
	int i;

	(void)state;
	open_world(&w, NULL);
	w.server->max_conns = 2;
	for (i = 0; i < 3; i++)
		client_open(&w, &c[i]);
	assert_int_equal(w.server->nconns, 2);
	say(&w, &c[2], "GET /a.txt HTTP/1.1\r\n" CLOSE);
	assert_int_equal(c[2].len, 0);
	client_close(&c[0]);
	run(&w, SECOND);
	assert_true(c[2].ended);
	assert_string_equal(body_of(c[2].got), "hello");
	client_close(&c[1]);
	client_close(&c[2]);
	close_world(&w);
}

struct flows_row {
	unsigned int conns;
	unsigned int listeners;
	uint32_t most;
	uint32_t flows;
	unsigned int conns_left;
};

/* Each connection that may be open or wait has a flow, as long as there are any. */
static void flows_are_enough_for_the_connections(void **state)
{
	static const struct flows_row rows[] = {
		{ 1, 1, 65536, 4096, 1 },
		{ 1024, 16, 65536, 4096, 1024 },
		{ 3173, 1, 65536, 4096, 3173 },	/* + 793 + 129: all of them */
		{ 3175, 1, 65536, 8192, 3175 },
		{ 4095, 1, 65536, 8192, 4095 },
		{ 20000, 2, 65536, 32768, 20000 },
		{ 50000, 1, 65536, 65536, 50000 },
		{ 65407, 1, 65536, 65536, 65407 },
		{ 65408, 1, 65536, 65536, 65407 },
		{ 1000000, 16, 65536, 65536, 65536 - 16 * 129 },
		{ 1000000, 1, 8192, 8192, 8192 - 129 },
	};
	static struct unet_http_server server;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server.max_conns = rows[i].conns;
		assert_int_equal(unet_http_server_flows(&server, rows[i].listeners,
							rows[i].most),
				 rows[i].flows);
		assert_int_equal(server.max_conns, rows[i].conns_left);
	}
}

static void a_file_that_shrinks_ends_the_connection(void **state)
{
	struct client c;
	char path[128];
	struct world w;

	(void)state;
	assert_int_equal(put_file("shrinks", big, BIG_BYTES), 0);
	open_world(&w, NULL);
	client_open(&w, &c);
	c.reading = false;
	say(&w, &c, "GET /shrinks HTTP/1.1\r\nHost: a\r\n\r\n");
	snprintf(path, sizeof(path), "%s/shrinks", folder);
	assert_int_equal(truncate(path, 10), 0);
	c.reading = true;
	read_all(&c);
	run(&w, SECOND);
	assert_false(c.ended);
	assert_int_equal(c.error, -ECONNRESET);
	client_close(&c);
	close_world(&w);
}

static void the_end_lets_answers_under_way_finish(void **state)
{
	struct client idle, busy, late;
	struct world w;

	(void)state;
	open_world(&w, NULL);
	client_open(&w, &idle);
	client_open(&w, &busy);
	busy.reading = false;
	say(&w, &busy, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	unet_http_server_end(w.server);
	client_open(&w, &late);
	run(&w, SECOND);
	assert_true(idle.ended);
	assert_int_equal(late.error, -ECONNREFUSED);
	assert_int_equal(w.server->nconns, 1);
	busy.reading = true;
	read_all(&busy);
	run(&w, 5 * SECOND);
	assert_true(busy.ended);
	assert_int_equal(busy.got + busy.len - body_of(busy.got), BIG_BYTES);
	client_close(&idle);
	client_close(&busy);
	client_close(&late);
	run(&w, SECOND);
	assert_int_equal(w.server->nconns, 0);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_and_refusals_are_answered),
		cmocka_unit_test(connections_stay_open_and_requests_may_be_stacked),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(a_head_without_end_is_refused),
		cmocka_unit_test(a_large_file_arrives_whole),
		cmocka_unit_test(an_idle_connection_ends_in_good_order),
		cmocka_unit_test(dribbling_does_not_buy_time),
		cmocka_unit_test(a_peer_that_does_not_read_is_reset),
		cmocka_unit_test(more_than_the_limit_wait_for_their_turn),
		cmocka_unit_test(flows_are_enough_for_the_connections),
		cmocka_unit_test(a_file_that_shrinks_ends_the_connection),
		cmocka_unit_test(the_end_lets_answers_under_way_finish),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
