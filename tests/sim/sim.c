// SPDX-License-Identifier: MIT
#include "sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stack.h"
#include "tcp_internal.h"

#define PORT4	"192.0.2.1:80"
#define PORT6	"[2001:db8::1]:80"
#define SLICE_US	1000u
#define AFTER_US	400000000u	/* for TIME-WAIT and retransmitted FINs */

/* splitmix64 */
uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t sim_pick(uint64_t *state, uint32_t lo, uint32_t hi)
{
	return lo + sim_random(state) % ((uint64_t)hi - lo + 1);
}

/* Bytes of a stream from @at on. */
static void stream_fill(uint64_t seed, uint64_t at, uint8_t *buf, size_t len)
{
	uint64_t word = 0, state;
	size_t i;

	for (i = 0; i < len; i++, at++) {
		if (!i || !(at & 7)) {
			state = seed ^ (at >> 3) * 0xd1b54a32d192ed03ull;
			word = sim_random(&state) >> 8 * (at & 7);
		}
		buf[i] = word;
		word >>= 8;
	}
}

void sim_init(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->opts.size = sizeof(s->opts);
	s->opts.seed = seed;
	s->opts.flags = UNET_WIRE_CSUM;
	s->conn.size = sizeof(s->conn);
	for (int i = 0; i < 2; i++) {
		s->peer[i].seed = seed * 2 + i;
		s->peer[i].chunk = 65536;
		s->peer[i].read_max = 65536;
	}
}

static bool both_connect(struct sim *s)
{
	struct unet_connect_opts o = s->conn;

	o.local = "192.0.2.1:80";
	s->peer[0].sock = unet_connect(s->peer[0].st, "tcp", "192.0.2.2:90",
				       &o);
	o.local = "192.0.2.2:90";
	s->peer[1].sock = unet_connect(s->peer[1].st, "tcp", "192.0.2.1:80",
				       &o);
	return s->peer[0].sock && s->peer[1].sock;
}

static void fix_numbers(const struct sim_peer *p)
{
	struct unet_tcp *tcp = p->st->tcp;

	tcp->fixed_isn = p->isn;
	tcp->fixed_ts = p->ts;
}

bool sim_open(struct sim *s)
{
	struct unet_stack *ends[2];
	const char *addr = s->v6 ? PORT6 : PORT4;

	s->wire = unet_wire_open(&s->opts, ends);
	if (!s->wire) {
		s->why = "no wire";
		return false;
	}
	s->peer[0].st = ends[0];
	s->peer[1].st = ends[1];
	fix_numbers(&s->peer[0]);
	fix_numbers(&s->peer[1]);
	if (s->both_connect)
		return both_connect(s);
	s->listener = unet_listen(ends[0], "tcp", addr, 8);
	if (s->listener && s->conn.rcvbuf)
		unet_setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF,
				&s->conn.rcvbuf, sizeof(s->conn.rcvbuf));
	s->peer[1].sock = unet_connect(ends[1], "tcp", addr, &s->conn);
	if (!s->listener || !s->peer[1].sock)
		s->why = "listen or connect failed";
	return !s->why;
}

static void peer_send(struct sim_peer *p)
{
	static uint8_t buf[1 << 16];
	ssize_t n = 0;

	while (p->sent < p->total) {
		size_t len = p->total - p->sent;

		if (len > p->chunk)
			len = p->chunk;
		stream_fill(p->seed, p->sent, buf, len);
		n = unet_send(p->sock, buf, len, 0);
		if (n <= 0)
			break;
		p->sent += n;
	}
	if (n < 0 && n != -EAGAIN)
		p->err = n;
	if (p->sent == p->total && !p->shut &&
	    !unet_shutdown(p->sock, SHUT_WR))
		p->shut = true;
}

static void peer_receive(struct sim *s, struct sim_peer *p,
			 const struct sim_peer *other)
{
	static uint8_t got[1 << 16], want[1 << 16];
	uint64_t now = unet_wire_now(s->wire);
	ssize_t n = -EAGAIN;

	while (!p->eof && p->wake_us <= now) {
		n = unet_recv(p->sock, got, p->read_max, 0);
		if (n <= 0)
			break;
		stream_fill(other->seed, p->received, want, n);
		if (memcmp(got, want, n))
			s->why = "bytes differ";
		p->received += n;
		if (p->pause_us)
			p->wake_us = now + p->pause_us;
	}
	if (!n)
		p->eof = true;
	else if (n < 0 && n != -EAGAIN)
		p->err = n;
}

static bool connected(struct unet_sock *sock)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	return !unet_getpeername(sock, (struct sockaddr *)&ss, &len) &&
	       unet_sock_events(sock) & (UNET_WRITABLE | UNET_READABLE |
					 UNET_CLOSED | UNET_ERROR);
}

static void peer_work(struct sim *s, int i)
{
	struct sim_peer *p = &s->peer[i], *other = &s->peer[!i];

	if (!p->sock && !p->done && s->listener)
		p->sock = unet_accept(s->listener);
	if (!p->sock || (!p->shut && !connected(p->sock)))
		return;
	if (!p->shut)
		peer_send(p);
	peer_receive(s, p, other);
	if (p->err)
		s->why = "a connection failed";
	if (p->received > other->total)
		s->why = "more received than was sent";
	if (!p->eof || !p->shut)
		return;
	if (p->received != other->total)
		s->why = "end of stream too early";
	unet_close(p->sock);
	p->sock = NULL;
	p->done = true;
}

bool sim_finished(const struct sim *s)
{
	return s->why || (s->peer[0].done && s->peer[1].done);
}

static bool resting(const struct sim *s)
{
	uint64_t now = unet_wire_now(s->wire);

	return s->peer[0].wake_us > now || s->peer[1].wake_us > now;
}

/* One thing that happens, and what the applications do about it. */
bool sim_step(struct sim *s)
{
	uint64_t now = unet_wire_now(s->wire);
	bool more = true;

	if (resting(s))
		more = unet_wire_run(s->wire, now + SLICE_US) > now;
	else
		more = unet_wire_step(s->wire);
	for (int i = 0; i < 2; i++) {
		if (!more)	/* time stands still, nothing else will wake it */
			s->peer[i].wake_us = 0;
		peer_work(s, i);
	}
	return more;
}

/* To the end of both streams, or @deadline_us; false: see @why. */
bool sim_run(struct sim *s, uint64_t deadline_us)
{
	int idle = 0;

	while (!sim_finished(s)) {
		if (unet_wire_now(s->wire) > deadline_us)
			s->why = "not done in time";
		idle = sim_step(s) ? 0 : idle + 1;
		if (idle > 1000)
			s->why = "nothing planned, not done";
	}
	return !s->why;
}

static const char *left_over(const struct unet_stack *st)
{
	const struct unet_tcp *tcp = st->tcp;

	if (tcp->n_pcbs)
		return "a pcb is left";
	if (tcp->n_xmit)
		return "a transmission record is left";
	if (tcp->n_tw)
		return "a TIME-WAIT is left";
	if (st->pool.live)
		return "a packet is left";
	return NULL;
}

/* Let everything end, and see that it has. */
bool sim_close(struct sim *s)
{
	bool clean = !s->why;
	uint64_t end;

	unet_close(s->listener);
	for (int i = 0; i < 2; i++)
		unet_close(s->peer[i].sock);
	end = unet_wire_now(s->wire) + AFTER_US;
	unet_wire_run(s->wire, end);
	for (int i = 0; clean && i < 2; i++)
		if (!s->why)
			s->why = left_over(s->peer[i].st);
	unet_wire_close(s->wire);
	return !s->why;
}

uint64_t sim_counter(const struct sim *s, int side, unsigned int counter)
{
	uint64_t v[UNET_STAT_COUNT];

	unet_stack_stats(s->peer[side].st, v, UNET_STAT_COUNT);
	return v[counter];
}

const char *sim_folder(void)
{
	static char folder[256];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", __FILE__);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = 0;
	return slash ? folder : ".";
}

/* ---- TAP ---- */

static int count, failed;

void sim_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", ok ? "" : "not ", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	failed += !ok;
}

int sim_summary(void)
{
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}
