// SPDX-License-Identifier: MIT
/*
 * names.so: some host names are not for this program.
 *
 *   UNET_HOOKS=names.so=deny=ads.example,deny=tracker.example,http=8080
 *
 * A DNS query over UDP for a denied name, or one below it, is not sent but answered
 * here: no such name (RFC 1035 RCODE 3). One that is received is dropped. An HTTP/1
 * request that names such a host is dropped, whichever way it goes, so its
 * connection comes to nothing. What is looked at is the packet in which a request
 * begins: this is for programs that mean well, not a wall around those that do not.
 */
#include <unet/hook_sdk.h>
#include "args.h"
#include "names_parse.h"

#define DENY_MAX	64
#define LOOK_BYTES	2048
#define DNS_PORT	53
#define RCODE_NAME	3

struct names {
	char deny[DENY_MAX][NAME_BYTES];
	uint32_t n;
	uint16_t http;
};

static int set_deny(void *to, uint64_t v, const char *text, char *why,
		    size_t len)
{
	struct names *x = to;
	size_t i;

	if (x->n == DENY_MAX) {
		snprintf(why, len, "deny=%.40s: more than %d names", text, DENY_MAX);
		return -EINVAL;
	}
	for (i = 0; text[i] && i < NAME_BYTES - 1; i++)
		x->deny[x->n][i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ?
					  text[i] | 0x20 : text[i]);
	x->n++;
	return 0;
}

static int set_http(void *to, uint64_t v, const char *text, char *why,
		    size_t len)
{
	((struct names *)to)->http = (uint16_t)v;
	return 0;
}

static const struct arg known[] = {
	{ "deny", 0, 0, set_deny },
	{ "http", 1, 65535, set_http },
	{ NULL, 0, 0, NULL }
};

static int denied(const struct names *x, const char *name)
{
	uint32_t i;

	for (i = 0; i < x->n; i++) {
		if (name_is_below(name, x->deny[i]))
			return 1;
	}
	return 0;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t c;

	while (n--) {
		c = *a;
		*a++ = *b;
		*b++ = c;
	}
}

/* The query becomes its own answer. */
static int answer(struct unet_hook_batch *b, const struct unet_hook_pkt *p,
		  uint8_t *packet, size_t len)
{
	const struct unet_hook_headers *h = unet_hook_headers(p);
	uint8_t *dns = packet + h->payload;

	if (h->ethertype == 0x0800)
		swap(packet + 12, packet + 16, 4);
	else
		swap(packet + 8, packet + 24, 16);
	swap(packet + h->l4, packet + h->l4 + 2, 2);
	dns[2] |= 0x80;
	dns[3] = 0x80 | RCODE_NAME;
	memset(dns + 6, 0, 6);
	return unet_hook_inject(b->hook, UNET_HOOK_RX, packet, len);
}

static void look_at_query(struct names *x, struct unet_hook_batch *b,
			  struct unet_hook_pkt *p)
{
	uint32_t payload = unet_hook_headers(p)->payload;
	uint8_t packet[LOOK_BYTES];
	char name[NAME_BYTES];
	const uint8_t *at;
	size_t n;

	if (p->total > sizeof(packet) || p->seg_size)
		return;
	at = unet_hook_read(p, 0, p->total, packet);
	if (at != packet)
		memcpy(packet, at, p->total);
	n = name_of_query(packet + payload, p->total - payload, name);
	if (!n || !denied(x, name))
		return;
	p->verdict = UNET_HOOK_DROP;
	if (b->dir == UNET_HOOK_TX && !answer(b, p, packet, payload + n))
		p->verdict = UNET_HOOK_CONSUME;
}

static void queries(struct unet_hook_batch *b, void *arg)
{
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		const struct unet_hook_headers *h = unet_hook_headers(b->pkt[i]);
		uint16_t port = b->dir == UNET_HOOK_TX ? h->remote_port :
							 h->local_port;

		if (port == DNS_PORT)
			look_at_query(arg, b, b->pkt[i]);
	}
}

static void requests(struct unet_hook_batch *b, void *arg)
{
	struct names *x = arg;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];
		const struct unet_hook_headers *h = unet_hook_headers(p);
		uint32_t len = p->total - h->payload;
		uint8_t buf[LOOK_BYTES];
		char name[NAME_BYTES];
		const uint8_t *at;

		if (!len || (h->local_port != x->http && h->remote_port != x->http))
			continue;
		if (len > sizeof(buf))
			len = sizeof(buf);
		at = unet_hook_read(p, h->payload, len, buf);
		if (at && name_of_request(at, len, name) && denied(x, name))
			p->verdict = UNET_HOOK_DROP;
	}
}

static struct unet_hook *add(struct unet_stack *st, struct names *x,
			     unet_hook_fn fn, uint8_t proto)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .name = "names", .match = UNET_HOOK_PROTO,
		.proto = proto,
	};

	return unet_hook_add(st, fn, x, &o);
}

static int add_both(struct unet_stack *st, struct names *x)
{
	struct unet_hook *udp = add(st, x, queries, 17);
	int err = 0;

	if (!udp)
		return -errno;
	if (add(st, x, requests, 6))
		return 0;
	err = -errno;
	unet_hook_del(udp);
	return err;
}

static int start(struct unet_stack *st, const char *args, char *why,
		 size_t len, void **ctx)
{
	struct names *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->http = 80;
	err = args_read(known, args, x, why, len);
	if (!err && !x->n) {
		snprintf(why, len, "deny=NAME is missing");
		err = -EINVAL;
	}
	if (!err)
		err = add_both(st, x);
	if (err)
		free(x);
	*ctx = x;
	return err;
}

static void stop(void *ctx)
{
	free(ctx);
}

UNET_HOOK_OBJECT = {
	UNET_HOOK_OBJECT_HEAD, .name = "names", .open = start, .close = stop,
};
