// SPDX-License-Identifier: MIT
/*
 * What single losses do to TCP: a tap takes away chosen packets (FINs, window
 * updates, everything for a while), readers and writers go byte by byte, both
 * ends close at once. The streams must arrive and the ends close.
 */
#include <string.h>

#include "core/wire.h"
#include "sim.h"

#define DEADLINE_US	600000000ull

/**
 * struct cut - what the tap takes away
 * @s:		simulation
 * @fins:	so many more FINs, each way
 * @updates:	so many more bare ACKs of end 0 that open a shut window
 * @from_us:	everything from here
 * @until_us:	to here
 * @shut:	end 0 last said zero
 * @segments:	of text seen from end 1
 * @bytes:	in them
 */
struct cut {
	struct sim s;
	int fins[2];
	int updates;
	uint64_t from_us;
	uint64_t until_us;
	bool shut;
	uint32_t segments;
	uint64_t bytes;
};

static int window_update(struct cut *c, const uint8_t *t, size_t text)
{
	bool zero = !unet_load_u16(t + 14);
	bool opens = c->shut && !zero && !text;

	if (t[13] & UNET_TCP_SYN)
		return 0;
	if (opens && c->updates) {
		c->updates--;
		return 1;	/* and stays shut, as the peer sees it */
	}
	c->shut = zero;
	return 0;
}

static int tap(void *arg, int from, uint64_t now_us, void *packet, size_t len)
{
	struct cut *c = arg;
	const uint8_t *t = (uint8_t *)packet + 20;
	size_t text = len - 20 - (t[12] >> 4) * 4;

	if (now_us >= c->from_us && now_us < c->until_us)
		return 1;
	if (t[13] & UNET_TCP_FIN && c->fins[from] > 0) {
		c->fins[from]--;
		return 1;
	}
	if (from == 1 && text) {
		c->segments++;
		c->bytes += text;
	}
	return from == 0 ? window_update(c, t, text) : 0;
}

static void begin(struct cut *c)
{
	memset(c, 0, sizeof(*c));
	sim_init(&c->s, 11);
	c->s.opts.delay_us = 1000;
	c->s.peer[0].total = 100000;
	c->s.peer[1].total = 100000;
}

static bool run(struct cut *c)
{
	if (!sim_open(&c->s))
		return false;
	unet_wire_on_packet(c->s.wire, tap, c);
	return sim_run(&c->s, DEADLINE_US);
}

static void end(struct cut *c, bool ok, const char *what)
{
	uint64_t us = unet_wire_now(c->s.wire);
	const char *why;

	unet_wire_on_packet(c->s.wire, NULL, NULL);
	ok = sim_close(&c->s) && ok;
	why = c->s.why ? c->s.why : "well";
	sim_ok(ok, "%s (%s, %llu ms)", what, why,
	       (unsigned long long)us / 1000);
}

static void lost_fins(void)
{
	struct cut c;

	begin(&c);
	c.fins[0] = 4;
	c.fins[1] = 4;
	end(&c, run(&c) && !c.fins[0] && !c.fins[1],
	    "FINs that are lost four times come again");
}

static void lost_updates(void)
{
	struct cut c;

	begin(&c);
	c.s.conn.rcvbuf = 8000;
	c.s.peer[0].pause_us = 300000;
	c.s.peer[0].read_max = 8000;
	c.updates = 5;
	end(&c, run(&c) && !c.updates,
	    "lost updates of a shut window are asked for");
}

static void blackout(void)
{
	struct cut c;

	begin(&c);
	c.s.opts.bits_per_s = 4000000;
	c.from_us = 1100000;
	c.until_us = 61100000;
	end(&c, run(&c), "a minute without a network is survived");
}

static void silly_reader(void)
{
	struct cut c;
	bool ok;

	begin(&c);
	c.s.conn.rcvbuf = 4096;
	c.s.peer[0].read_max = 40;
	c.s.peer[0].pause_us = 100;
	c.s.peer[0].total = 0;
	ok = run(&c);
	end(&c, ok && c.bytes / c.segments > 500,
	    "a reader of 40 bytes does not make small segments");
}

static void silly_writer(void)
{
	struct cut c;
	bool ok;

	begin(&c);
	c.s.peer[1].chunk = 1;
	c.s.peer[1].total = 20000;
	c.s.peer[0].total = 0;
	ok = run(&c);
	end(&c, ok && c.bytes / c.segments > 500,
	    "a writer of single bytes does not make small segments");
}

static void at_once(uint64_t bytes, const char *what)
{
	struct cut c;

	begin(&c);
	c.s.both_connect = true;
	c.s.peer[0].total = bytes;
	c.s.peer[1].total = bytes;
	end(&c, run(&c), what);
}

static void large(void)
{
	struct cut c;

	begin(&c);
	c.s.opts.flags |= UNET_WIRE_SUPER;
	c.s.peer[0].total = 20000000;
	c.s.peer[1].total = 20000000;
	c.s.peer[0].isn = -10000000;
	c.s.peer[1].isn = 0x7fff0000;
	end(&c, run(&c), "20 MB each way over super packets");
}

int main(void)
{
	lost_fins();
	lost_updates();
	blackout();
	silly_reader();
	silly_writer();
	at_once(0, "both open and close at once");
	at_once(50000, "both open at once, send and close at once");
	large();
	return sim_summary();
}
