// SPDX-License-Identifier: MIT
/* The client's runs: streams either way, round trips, short connections. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "net.h"
#include "tcp.h"

/**
 * struct conn - one connection of a run
 * @run:	the run it belongs to
 * @s:		its socket
 * @left:	bytes to move, or round trips to make
 * @got:	bytes of the response that have come
 * @asked:	when the request was made
 */
struct conn {
	struct run *run;
	struct net_sock *s;
	uint64_t left;
	uint32_t got;
	uint64_t asked;
	int connected;
	int done;
};

struct run {
	struct conn *conn;
	uint32_t conns;
	uint32_t connected;
	uint32_t done;
	uint32_t answers;
	int killed;
	const char *addr;
	uint64_t *took;		/* of each round trip, NULL: nobody asks */
	struct tcp_result *result;
};

static void on_connected(struct net_sock *s, uint32_t events, void *arg)
{
	struct conn *c = arg;

	if (events & NET_ERROR)
		tcp_die("connection", ECONNREFUSED);
	if (c->connected || !(events & NET_WRITABLE))
		return;
	c->connected = 1;
	c->run->connected++;
}

static void finish(struct conn *c)
{
	if (c->done)
		return;
	c->done = 1;
	c->run->done++;
}

/* The callback changes when all are connected, so none starts early. */
typedef void (*step_fn)(struct conn *c, uint32_t events);

static step_fn step;

static void on_event(struct net_sock *s, uint32_t events, void *arg)
{
	struct conn *c = arg;

	if (step && c->connected)
		step(c, events);
	else
		on_connected(s, events, arg);
}

static int longer(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sum_up(const struct run *run)
{
	struct tcp_result *r = run->result;

	if (!run->took)
		return;
	qsort(run->took, r->trips, sizeof(*run->took), longer);
	r->median = run->took[r->trips / 2];
	r->p99 = run->took[r->trips * 99 / 100];
}

static void run_all(struct run *run, uint16_t port, uint64_t amount, step_fn work)
{
	struct tcp_result *result = run->result;
	uint32_t i, conns = run->conns;

	step = NULL;
	run->conn = calloc(conns, sizeof(*run->conn));
	for (i = 0; i < conns; i++) {
		struct conn *c = &run->conn[i];

		c->run = run;
		c->left = amount / conns + (i < amount % conns);
		c->s = net_connect(run->addr, port);
		net_on(c->s, on_event, c);
	}
	while (run->connected < conns)
		net_run();
	step = work;
	result->start = tcp_now_ns();
	for (i = 0; i < conns; i++)
		work(&run->conn[i], 0);
	while (run->done < conns)
		net_run();
	result->end = tcp_now_ns();
	for (i = 0; i < conns; i++)
		net_close(run->conn[i].s);
	free(run->conn);
	sum_up(run);
}

/* ---- streams ------------------------------------------------------------ */

/* @s ended as it should: nothing came but the end of the stream. */
static void expect_end(struct conn *c)
{
	ssize_t n = net_recv(c->s, tcp_chunk, sizeof(tcp_chunk));

	if (n == -EAGAIN)
		return;
	if (n)
		tcp_die("sink", n < 0 ? n : EPROTO);
	finish(c);
}

static void send_step(struct conn *c, uint32_t events)
{
	int sending = c->left > 0;

	while (c->left) {
		size_t len = c->left < CHUNK_BYTES ? c->left : CHUNK_BYTES;
		ssize_t n = net_send(c->s, tcp_chunk, len);

		if (n == -EAGAIN)
			return;
		if (n < 0)
			tcp_die("send", n);
		c->left -= n;
		c->run->result->bytes += n;
	}
	if (sending)
		net_shutdown(c->s);
	expect_end(c);
}

void tcp_send_stream(const char *addr, uint32_t conns, uint64_t amount,
		     struct tcp_result *result)
{
	struct run run = { .conns = conns, .addr = addr, .result = result };

	run_all(&run, SINK_PORT, amount, send_step);
}

static void recv_step(struct conn *c, uint32_t events)
{
	ssize_t n;

	if (!events && net_send(c->s, &c->left, sizeof(c->left)) !=
	    sizeof(c->left))
		tcp_die("request", EPROTO);
	for (;;) {
		n = net_recv(c->s, tcp_chunk, sizeof(tcp_chunk));
		if (n == -EAGAIN)
			return;
		if (n < 0)
			tcp_die("recv", n);
		if (n == 0)
			break;
		c->left -= n;
		c->run->result->bytes += n;
	}
	if (c->left)
		tcp_die("recv: stream ended early", EPROTO);
	finish(c);
}

void tcp_recv_stream(const char *addr, uint32_t conns, uint64_t amount,
		     struct tcp_result *result)
{
	struct run run = { .conns = conns, .addr = addr, .result = result };

	run_all(&run, SOURCE_PORT, amount, recv_step);
}

/* ---- round trips --------------------------------------------------------- */

static void ask(struct conn *c)
{
	c->got = 0;
	c->asked = c->run->took ? tcp_now_ns() : 0;
	if (net_send(c->s, tcp_chunk, MESSAGE_BYTES) != MESSAGE_BYTES)
		tcp_die("request", EPROTO);
}

/* Returns 1 when a whole response has come. */
static int answered(struct conn *c)
{
	ssize_t n = net_recv(c->s, tcp_chunk, MESSAGE_BYTES - c->got);

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		tcp_die("response", n < 0 ? n : EPROTO);
	c->got += n;
	if (c->got < MESSAGE_BYTES)
		return 0;
	if (c->run->took)
		c->run->took[c->run->result->trips] = tcp_now_ns() - c->asked;
	c->run->result->trips++;
	c->run->result->bytes += 2 * MESSAGE_BYTES;
	return 1;
}

static void request_step(struct conn *c, uint32_t events)
{
	if (!events) {
		ask(c);
		return;
	}
	if (!(events & NET_READABLE) || !c->left || !answered(c))
		return;
	if (--c->left)
		ask(c);
	else
		finish(c);
}

void tcp_request(const char *addr, uint32_t conns, uint64_t amount,
		 struct tcp_result *result)
{
	struct run run = { .conns = conns, .addr = addr, .result = result,
			   .took = calloc(amount, sizeof(*run.took)) };

	run_all(&run, ECHO_PORT, amount, request_step);
	free(run.took);
}

/* ---- short connections --------------------------------------------------- */

static void on_short(struct net_sock *s, uint32_t events, void *arg);

static void open_short(struct conn *c)
{
	c->connected = 0;
	c->s = net_connect(c->run->addr, ECHO_PORT);
	net_on(c->s, on_short, c);
}

static void on_short(struct net_sock *s, uint32_t events, void *arg)
{
	struct conn *c = arg;

	if (!c->connected) {
		on_connected(s, events, c);
		if (c->connected)
			ask(c);
		return;
	}
	if (!(events & NET_READABLE) || !answered(c))
		return;
	net_close(s);
	if (--c->left)
		open_short(c);
	else
		finish(c);
}

void tcp_connect_request(const char *addr, uint32_t conns, uint64_t amount,
			 struct tcp_result *result)
{
	struct run run = { .conn = calloc(conns, sizeof(struct conn)),
			   .conns = conns, .addr = addr, .result = result };
	uint32_t i;

	result->start = tcp_now_ns();
	for (i = 0; i < conns; i++) {
		run.conn[i].run = &run;
		run.conn[i].left = amount / conns + (i < amount % conns);
		if (run.conn[i].left)
			open_short(&run.conn[i]);
		else
			finish(&run.conn[i]);
	}
	while (run.done < conns)
		net_run();
	result->end = tcp_now_ns();
	free(run.conn);
}

/* ---- death of the server -------------------------------------------------- */

#define ANSWERS_BEFORE	10u	/* of each connection, before the server dies */

/* Its process is what is "left" of every connection. */
static void kill_server(struct run *run)
{
	run->result->start = tcp_now_ns();
	if (kill((pid_t)run->conn->left, SIGKILL))
		tcp_die("kill", errno);
	run->killed = 1;
}

static void answer_came(struct conn *c, size_t bytes)
{
	struct run *run = c->run;

	c->got += bytes;
	if (c->got < MESSAGE_BYTES || run->killed)
		return;
	if (++run->answers == ANSWERS_BEFORE * run->conns)
		kill_server(run);
	else
		ask(c);
}

/* Each connection asks until the server is dead and its end has been told so. */
static void bereave_step(struct conn *c, uint32_t events)
{
	ssize_t n;

	if (!events) {
		ask(c);
		return;
	}
	while ((n = net_recv(c->s, tcp_chunk, sizeof(tcp_chunk))) > 0)
		answer_came(c, n);
	if (n == -EAGAIN || c->done)
		return;
	if (!c->run->killed)
		tcp_die("response", n < 0 ? n : EPROTO);
	c->run->result->trips++;
	finish(c);
}

void tcp_bereave(const char *addr, uint32_t conns, uint64_t server,
		 struct tcp_result *result)
{
	struct run run = { .conns = conns, .addr = addr, .result = result };

	run_all(&run, ECHO_PORT, server * conns, bereave_step);
}
