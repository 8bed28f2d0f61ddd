// SPDX-License-Identifier: MIT
/*
 * stamp.so: telemetry in the packets themselves. What is sent carries the time it
 * was sent at; who receives it takes that out again and knows how long it took.
 *
 *   UNET_HOOKS=stamp.so=log=/tmp/stamps
 *
 * The time is an IPv4 timestamp option: routers know it, whoever else receives it
 * is not disturbed, and it is one of the few options that the kernel lets anybody
 * send, IPv6's extension headers not being among them. Its second place is left for
 * a router or the receiver. Room for it is reserved: segments of TCP are 12 bytes
 * shorter, and so is the largest datagram. Those of a super packet get one time.
 *
 * Times are of a clock of the sender's. Between two hosts only the differences
 * mean something: how much longer than the shortest a packet took.
 */
#include <unet/hook_sdk.h>
#include "args.h"
#include "stamp_option.h"

#define IP4_HEADER	20u
#define TIME_MASK	0x7fffffffu

/**
 * struct stamp - what was seen
 * @log:	where to tell it at the end, "" nowhere
 * @written:	packets stamped
 * @full:	packets without room: sent before this hook was there
 * @read:	stamps taken out
 * @least_us:	shortest way
 * @most_us:	longest
 * @sum_us:	of all
 */
struct stamp {
	char log[ARG_BYTES];
	uint64_t written;
	uint64_t full;
	uint64_t read;
	uint64_t least_us;
	uint64_t most_us;
	uint64_t sum_us;
};

static int set_log(void *to, uint64_t v, const char *text, char *why, size_t len)
{
	struct stamp *x = to;

	snprintf(x->log, sizeof(x->log), "%s", text);
	return 0;
}

static const struct arg known[] = {
	{ "log", 0, 0, set_log },
	{ NULL, 0, 0, NULL }
};

static void write_one(struct stamp *x, struct unet_hook_pkt *p, uint64_t now)
{
	uint8_t option[STAMP_BYTES];
	uint8_t first = 0x40 | (IP4_HEADER + STAMP_BYTES) / 4;

	if (unet_hook_room(p) < STAMP_BYTES) {
		x->full++;
		return;
	}
	stamp_write(option, now);
	if (unet_hook_splice(p, IP4_HEADER, 0, option, sizeof(option)) ||
	    unet_hook_write(p, 0, &first, 1))
		return;
	p->verdict = UNET_HOOK_MODIFY;
	x->written++;
}

static void note(struct stamp *x, uint64_t us)
{
	if (!x->read || us < x->least_us)
		x->least_us = us;
	if (us > x->most_us)
		x->most_us = us;
	x->sum_us += us;
	x->read++;
}

static void read_one(struct stamp *x, struct unet_hook_pkt *p, uint64_t now)
{
	uint32_t header = (p->data[0] & 15u) * 4;
	uint32_t sent;
	uint8_t first;
	size_t at;

	if (header > p->len || !stamp_find(p->data + IP4_HEADER,
					   header - IP4_HEADER, &at, &sent))
		return;
	note(x, (now - sent) & TIME_MASK);
	first = 0x40 | (header - STAMP_BYTES) / 4;
	if (unet_hook_splice(p, IP4_HEADER + (uint32_t)at, STAMP_BYTES, NULL,
			     0) ||
	    unet_hook_write(p, 0, &first, 1))
		return;
	p->verdict = UNET_HOOK_MODIFY;
}

static void stamps(struct unet_hook_batch *b, void *arg)
{
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];
		uint8_t flags = unet_hook_headers(p)->flags;

		if (flags & UNET_HOOK_FRAGMENT)
			continue;
		if (b->dir == UNET_HOOK_RX && flags & UNET_HOOK_OPTIONS)
			read_one(arg, p, b->now_us);
		if (b->dir == UNET_HOOK_TX && !(flags & UNET_HOOK_OPTIONS))
			write_one(arg, p, b->now_us);
	}
}

static void stop(void *ctx)
{
	struct stamp *x = ctx;
	FILE *f = x->log[0] ? fopen(x->log, "a") : NULL;

	if (f) {
		fprintf(f, "{\"written\":%llu,\"full\":%llu,\"read\":%llu,"
			"\"least_us\":%llu,\"mean_us\":%llu,\"most_us\":%llu}\n",
			(unsigned long long)x->written,
			(unsigned long long)x->full, (unsigned long long)x->read,
			(unsigned long long)x->least_us,
			(unsigned long long)(x->read ? x->sum_us / x->read : 0),
			(unsigned long long)x->most_us);
		fclose(f);
	}
	free(x);
}

static int start(struct unet_stack *st, const char *args, char *why,
		 size_t len, void **ctx)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .name = "stamp", .priority = -1000,
		.match = UNET_HOOK_ETHERTYPE, .ethertype = 0x0800,
		.reserve = STAMP_BYTES,
	};
	struct stamp *x = calloc(1, sizeof(*x));
	FILE *f;
	int err;

	if (!x)
		return -ENOMEM;
	err = args_read(known, args, x, why, len);
	f = !err && x->log[0] ? fopen(x->log, "a") : NULL;
	if (!err && x->log[0] && !f) {
		err = -errno;
		snprintf(why, len, "log=%.80s: %s", x->log, strerror(errno));
	}
	if (f)
		fclose(f);
	if (!err && !unet_hook_add(st, stamps, x, &o))
		err = -errno;
	if (err) {
		free(x);
		return err;
	}
	*ctx = x;
	return 0;
}

UNET_HOOK_OBJECT = {
	UNET_HOOK_OBJECT_HEAD, .name = "stamp", .open = start, .close = stop,
};
