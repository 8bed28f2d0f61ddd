// SPDX-License-Identifier: MIT
/*
 * rate.so: no source gets more than so many packets a second. A token bucket for
 * each IPv4 address or IPv6 /64 (a host has all of one), in a table that does not
 * grow: of four places that a source may take, a new one takes that of the one that
 * was quiet longest, whose bucket is full or nearly so. Whoever makes up sources
 * cannot aim at a place, as it depends on a secret.
 *
 *   UNET_HOOKS=rate.so=pps=1000,burst=200,sources=4096,port=53
 *
 * Packets are counted as they were on the wire; a super packet passes if there
 * are tokens for all of it.
 */
#include <sys/random.h>
#include <unet/hook_sdk.h>
#include "args.h"

#define WAYS	4u
#define TOKEN	1000000u	/* a packet, in millionths */

/**
 * struct bucket - one source
 * @source:	IPv4 address, or the first half of an IPv6 address
 * @family:	4 or 6, 0: free
 * @tokens:	millionths of a packet
 * @last_us:	when they were counted
 */
struct bucket {
	uint64_t source;
	uint64_t tokens;
	uint64_t last_us;
	uint8_t family;
};

struct rate {
	uint64_t pps;
	uint64_t burst;
	uint64_t sources;
	uint64_t port;
	uint64_t secret[2];
	struct bucket *bucket;
};

static int set_pps(void *to, uint64_t v, const char *text, char *why, size_t len)
{
	((struct rate *)to)->pps = v;
	return 0;
}

static int set_burst(void *to, uint64_t v, const char *text, char *why,
		     size_t len)
{
	((struct rate *)to)->burst = v;
	return 0;
}

static int set_sources(void *to, uint64_t v, const char *text, char *why,
		       size_t len)
{
	((struct rate *)to)->sources = v;
	return 0;
}

static int set_port(void *to, uint64_t v, const char *text, char *why,
		    size_t len)
{
	((struct rate *)to)->port = v;
	return 0;
}

static const struct arg known[] = {
	{ "pps", 1, 100000000, set_pps },
	{ "burst", 1, 100000000, set_burst },
	{ "sources", 4, 1u << 24, set_sources },
	{ "port", 1, 65535, set_port },
	{ NULL, 0, 0, NULL }
};

/* 0: has none. */
static uint8_t source_of(const struct unet_hook_pkt *p, uint64_t *source)
{
	uint16_t ethertype = unet_hook_headers(p)->ethertype;

	*source = 0;
	if (ethertype == 0x0800 && p->len >= 20) {
		memcpy(source, p->data + 12, 4);
		return 4;
	}
	if (ethertype != 0x86dd || p->len < 40)
		return 0;
	memcpy(source, p->data + 8, 8);
	return 6;
}

/* Two rounds of a keyed multiply and fold. */
static uint64_t place(const struct rate *r, uint64_t source)
{
	uint64_t h = (source ^ r->secret[0]) * (r->secret[1] | 1);

	h = (h ^ h >> 32) * (r->secret[0] | 1);
	return (h ^ h >> 29) % (r->sources / WAYS) * WAYS;
}

static struct bucket *bucket_of(struct rate *r, uint64_t source,
				uint8_t family, uint64_t now)
{
	struct bucket *b = &r->bucket[place(r, source)];
	struct bucket *oldest = b;
	uint32_t i;

	for (i = 0; i < WAYS; i++) {
		if (b[i].family == family && b[i].source == source)
			return &b[i];
		if (!oldest->family)
			continue;
		if (!b[i].family || b[i].last_us < oldest->last_us)
			oldest = &b[i];
	}
	oldest->source = source;
	oldest->family = family;
	oldest->tokens = r->burst * TOKEN;
	oldest->last_us = now;
	return oldest;
}

static void refill(const struct rate *r, struct bucket *b, uint64_t now)
{
	uint64_t full = r->burst * TOKEN;
	uint64_t us = now - b->last_us;

	if (us > full / r->pps)
		b->tokens = full;
	else
		b->tokens += us * r->pps;
	if (b->tokens > full)
		b->tokens = full;
	b->last_us = now;
}

static void limit(struct unet_hook_batch *batch, void *arg)
{
	struct rate *r = arg;
	uint32_t i;

	for (i = 0; i < batch->n; i++) {
		struct unet_hook_pkt *p = batch->pkt[i];
		uint64_t cost = (uint64_t)p->segs * TOKEN;
		uint64_t source;
		uint8_t family = source_of(p, &source);
		struct bucket *b;

		if (!family)
			continue;
		b = bucket_of(r, source, family, batch->now_us);
		refill(r, b, batch->now_us);
		if (b->tokens < cost)
			p->verdict = UNET_HOOK_DROP;
		else
			b->tokens -= cost;
	}
}

static void stop(void *ctx)
{
	struct rate *r = ctx;

	free(r->bucket);
	free(r);
}

static int start(struct unet_stack *st, const char *args, char *why,
		 size_t len, void **ctx)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .name = "rate", .dirs = UNET_HOOK_RX,
		.priority = -100,
	};
	struct rate *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->sources = 4096;
	err = args_read(known, args, r, why, len);
	if (!err && !r->pps) {
		snprintf(why, len, "pps=NUMBER is missing: packets a second of each source");
		err = -EINVAL;
	}
	if (!r->burst)
		r->burst = r->pps;
	if (!err && getrandom(r->secret, sizeof(r->secret), 0) !=
	    (ssize_t)sizeof(r->secret))
		err = -EIO;
	r->sources = r->sources / WAYS * WAYS;
	r->bucket = calloc(r->sources, sizeof(*r->bucket));
	if (!err && !r->bucket)
		err = -ENOMEM;
	if (r->port) {
		o.match = UNET_HOOK_LOCAL_PORT;
		o.local_port = (uint16_t)r->port;
	}
	if (!err && !unet_hook_add(st, limit, r, &o))
		err = -errno;
	if (err) {
		stop(r);
		return err;
	}
	*ctx = r;
	return 0;
}

UNET_HOOK_OBJECT = {
	UNET_HOOK_OBJECT_HEAD, .name = "rate", .open = start, .close = stop,
};
