/* SPDX-License-Identifier: MIT */
/*
 * An intermediary driven by hand: grants over netlink, and a channel whose slots
 * are runs of held packets and whose sends are verdicts.
 */
#ifndef UNET_TEST_INTER_H
#define UNET_TEST_INTER_H

#include "chan.h"
#include "nexus.h"
#include "topo.h"

struct grant {
	const char *dev;
	uint32_t uid;		/* who may claim it; 0: who grants */
	uint32_t rights;
	uint32_t directions;	/* 0: both */
	uint32_t policy;
	uint32_t after_ms;
	uint32_t hold_ms;	/* 0: default, as all that follow */
	uint32_t backlog;
	uint32_t backlog_bytes;
	uint32_t copy_bytes;
	int64_t violations;	/* -1: none end it */
	int32_t priority;
	int proto;
	const char *local;
	int local_bits;		/* that count, 0: all */
	int local_port;
	const char *remote;
	int remote_bits;
	int remote_port;
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
	int num_patterns;
	int redirect_port;
	int prog;		/* descriptor, 0: none */
};

#define OBSERVE	(UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD)

static inline void inter_u32(struct nl_req *r, uint16_t attr, uint32_t v)
{
	if (v)
		nl_put(r, attr, &v, sizeof(v));
}

/* @attr, and behind it the prefix length and the port. */
static inline void inter_end(struct nl_req *r, uint16_t attr, const char *addr,
			     int bits, int port)
{
	uint8_t bytes[16], prefix = bits;
	uint16_t be = htons(port);

	if (addr && inet_pton(AF_INET, addr, bytes) == 1)
		nl_put(r, attr, bytes, 4);
	else if (addr && inet_pton(AF_INET6, addr, bytes) == 1)
		nl_put(r, attr, bytes, 16);
	if (prefix)
		nl_put(r, attr + 1, &prefix, 1);
	if (port)
		nl_put(r, attr + 2, &be, 2);
}

static inline void inter_grant_req(struct nl *nl, struct nl_req *r,
				   const struct grant *g)
{
	uint32_t violations = g->violations < 0 ? 0 : g->violations;
	uint8_t proto = g->proto;

	nl_start(nl, r, nl->family, NLM_F_ACK, UNET_CMD_INTER_GRANT);
	nl_put_str(r, UNET_IA_IFNAME, g->dev ? g->dev : "va");
	nl_put(r, UNET_IA_RIGHTS, &g->rights, 4);
	inter_u32(r, UNET_IA_UID, g->uid);
	inter_u32(r, UNET_IA_DIRECTIONS, g->directions);
	inter_u32(r, UNET_IA_POLICY, g->policy);
	inter_u32(r, UNET_IA_AFTER_MS, g->after_ms);
	inter_u32(r, UNET_IA_HOLD_MS, g->hold_ms);
	inter_u32(r, UNET_IA_BACKLOG, g->backlog);
	inter_u32(r, UNET_IA_BACKLOG_BYTES, g->backlog_bytes);
	inter_u32(r, UNET_IA_COPY_BYTES, g->copy_bytes);
	inter_u32(r, UNET_IA_PRIORITY, g->priority);
	if (g->violations)
		nl_put(r, UNET_IA_VIOLATIONS, &violations, 4);
	if (proto)
		nl_put(r, UNET_IA_PROTO, &proto, 1);
	inter_end(r, UNET_IA_LOCAL_ADDR, g->local, g->local_bits, g->local_port);
	inter_end(r, UNET_IA_REMOTE_ADDR, g->remote, g->remote_bits, g->remote_port);
	if (g->num_patterns)
		nl_put(r, UNET_IA_PATTERNS, g->pattern,
		       g->num_patterns * sizeof(g->pattern[0]));
	if (g->redirect_port) {
		uint16_t port = htons(g->redirect_port);

		nl_put(r, UNET_IA_REDIRECT_PORT, &port, sizeof(port));
	}
	inter_u32(r, UNET_IA_PROG_FD, g->prog);
}

static inline void inter_keep_id(const struct nl_reply *reply, void *arg)
{
	if (reply->cmd == UNET_CMD_INTER_GRANT)
		*(uint32_t *)arg = nl_u32(reply->attr[UNET_IA_GRANT]);
}

/* Return: 0 or -errno. */
static inline int inter_grant(struct nl *nl, const struct grant *g, uint32_t *id)
{
	struct nl_req r;

	inter_grant_req(nl, &r, g);
	*id = 0;
	return nl_ask(nl, &r, inter_keep_id, id);
}

static inline int inter_revoke(struct nl *nl, uint32_t id)
{
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_ACK, UNET_CMD_INTER_REVOKE);
	nl_put(&r, UNET_IA_GRANT, &id, 4);
	return nl_ask(nl, &r, NULL, NULL);
}

static inline void inter_keep_last(const struct nl_reply *reply, void *arg)
{
	*(uint32_t *)arg = nl_u32(reply->attr[UNET_IA_GRANT]);
}

/* Revoke all there are. Return: how many, or -1. */
static inline int inter_revoke_all(struct nl *nl)
{
	struct nl_req r;
	uint32_t id;
	int n = 0;

	for (;; n++) {
		id = 0;
		nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_INTER_GET);
		if (nl_ask(nl, &r, inter_keep_last, &id))
			return -1;
		if (!id)
			return n;
		if (inter_revoke(nl, id))
			return -1;
	}
}

/* What a dump says of one grant */
struct inter_seen {
	uint32_t id;
	uint32_t found;
	uint32_t state;
	uint32_t held;
	uint32_t flows;
	uint64_t stats[UNET_INTER_CNT_COUNT];
};

static inline void inter_keep_seen(const struct nl_reply *reply, void *arg)
{
	const struct nlattr *stats = reply->attr[UNET_IA_STATS];
	struct inter_seen *s = arg;

	if (nl_u32(reply->attr[UNET_IA_GRANT]) != s->id)
		return;
	s->found++;
	s->state = nl_u32(reply->attr[UNET_IA_STATE]);
	s->held = nl_u32(reply->attr[UNET_IA_HELD]);
	s->flows = nl_u32(reply->attr[UNET_IA_FLOWS]);
	if (stats && stats->nla_len == NLA_HDRLEN + sizeof(s->stats))
		memcpy(s->stats, nl_data(stats), sizeof(s->stats));
}

static inline struct inter_seen inter_look(struct nl *nl, uint32_t id)
{
	struct inter_seen s = { .id = id };
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_INTER_GET);
	if (nl_ask(nl, &r, inter_keep_seen, &s))
		s.found = 0;
	return s;
}

static inline uint64_t inter_stat(struct nl *nl, uint32_t id, int which)
{
	struct inter_seen s = inter_look(nl, id);

	return s.found == 1 ? s.stats[which] : ~0ull;
}

/*
 * It comes to hold @n packets: a channel that was poisoned is taken out by a work item,
 * and what comes while nobody is there counts as held for as long as it takes to pass.
 */
static inline bool inter_comes_to_hold(struct nl *nl, uint32_t id, uint32_t n)
{
	uint64_t end = mono_ms() + 5000;

	while (mono_ms() < end) {
		if (inter_look(nl, id).held == n)
			return true;
		usleep(1000);
	}
	return false;
}

static inline bool inter_holds_nothing(struct nl *nl, uint32_t id)
{
	return inter_comes_to_hold(nl, id, 0);
}

/* ---- the intermediary's own side ---- */

static inline int inter_open_with(struct chan *c, uint32_t id,
				  const struct unet_params *params,
				  struct unet_inter_open *o)
{
	int err;

	memset(c, 0, sizeof(*c));
	memset(o, 0, sizeof(*o));
	c->fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	o->size = sizeof(*o);
	o->grant = id;
	o->params = *params;
	err = chan_ioctl(c->fd, UNET_IOC_INTER_OPEN, o);
	if (err) {
		close(c->fd);
		return err;
	}
	c->bind.params = o->params;
	c->bind.layout = o->layout;
	return chan_map(c);
}

static inline int inter_open(struct chan *c, uint32_t id,
			     struct unet_inter_open *o)
{
	static const struct unet_params params = { .rx_slots = 256, .tx_slots = 256 };

	return inter_open_with(c, id, &params, o);
}

/* Publish a verdict, kick, and return its DONE status; -1: none. */
static inline int inter_say(struct chan *c, const struct unet_inter_verdict *v)
{
	struct unet_tx_slot slot;
	const struct unet_done *d;

	memcpy(&slot, v, sizeof(slot));
	chan_tx_slot(c, &slot);
	if (chan_sync(c, UNET_SYNC_TX))
		return -1;
	d = chan_done(c, 2000);
	return d ? d->status : -1;
}

/* A verdict with the first @bytes of @m's TX. Return: as inter_say(). */
static inline int inter_say_bytes(struct chan *m, uint64_t token, int action,
				  uint32_t header, uint32_t bytes)
{
	struct unet_inter_verdict v = {
		.token = token, .action = action, .count = 1,
		.header_len = header, .extents = 1,
		.extent = { { 0, bytes } },
	};

	return inter_say(m, &v);
}

/* What @m is shown next, its bytes at the start of @m's TX. Return: its token, 0: none. */
static inline uint64_t inter_seen_bytes(struct chan *m)
{
	const struct unet_rx_slot *s = chan_rx_peek(m, 2000);
	uint64_t token;

	if (!s)
		return 0;
	token = s->tag;
	memcpy(m->tx_mem, chan_buf(m, s->first), m->desc[s->first].len);
	chan_rx_next(m);
	return token;
}

static inline int inter_verdict(struct chan *c, uint64_t token, uint16_t action,
				uint32_t count)
{
	struct unet_inter_verdict v = {
		.token = token, .action = action, .count = count,
	};

	return inter_say(c, &v);
}

/* TTL or hop limit, 0: as it is; and with @mask other bits of the traffic class. */
static inline int inter_ttl(struct chan *c, uint64_t token, uint32_t count, uint8_t ttl,
			    uint8_t mask, uint8_t tos)
{
	struct unet_inter_verdict v = {
		.token = token, .action = UNET_VERDICT_MARK, .count = count,
		.ttl = ttl, .tos = tos, .tos_mask = mask,
	};

	return inter_say(c, &v);
}

static inline int inter_mark(struct chan *c, uint64_t token, uint32_t count, uint8_t mask,
			     uint8_t tos)
{
	return inter_ttl(c, token, count, 0, mask, tos);
}

/*
 * Accept @slots of what comes, or until nothing has for @ms; some may have gone on
 * without. Return: packets, or -1.
 */
static inline int inter_accept_some(struct chan *c, int slots, int ms)
{
	const struct unet_rx_slot *s;
	int status, n = 0;

	while (slots-- && (s = chan_rx_peek(c, ms))) {
		status = inter_verdict(c, s->tag, UNET_VERDICT_ACCEPT, s->packets);
		if (status && status != UNET_INTER_CNT_TOKEN_STALE)
			return -1;
		n += s->packets;
		chan_rx_next(c);
	}
	return n;
}

static inline int inter_accept_all(struct chan *c, int ms)
{
	return inter_accept_some(c, -1, ms);
}

static inline void inter_serve(int ready, void *id)
{
	struct unet_inter_open o;
	struct chan c;

	if (inter_open(&c, *(uint32_t *)id, &o) || write(ready, "r", 1) != 1)
		_exit(1);
	while (inter_accept_all(&c, 1000) >= 0)
		;
	_exit(2);
}

/* A process that accepts all it is shown, for ever. Its pid, or -1. */
static inline pid_t inter_process(uint32_t id)
{
	return topo_start(inter_serve, &id);
}

/* ---- numbered datagrams ---- */

#define PORT	7000	/* the owner's */
#define RPORT	9000	/* the peer's */

/* @bytes for what @fd sent and is held, which counts as its own, and for what comes to it. */
static inline int peer_room(int fd, int bytes)
{
	return setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) ||
	       setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ? -errno : 0;
}

/* Numbered datagrams from the peer. */
static inline int peer_sends(int fd, uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		if (send_to(fd, OUR_V4, PORT, &i, sizeof(i)))
			return -1;
	return 0;
}

/*
 * Take the numbers the owner was given within @ms of each other.
 * Return: how many came as @from, @from + 1...; -1 at the first that did not.
 */
static inline int owner_takes(struct chan *c, uint32_t from, int want, int ms)
{
	const struct unet_rx_slot *s;
	uint32_t b, i, number;
	int n = 0;

	while (n < want && (s = chan_rx_peek(c, ms))) {
		for (b = s->first, i = 0; i < s->packets; i++, n++) {
			memcpy(&number, (uint8_t *)chan_buf(c, b) + 28, 4);
			if (number != from + n)
				return -1;
			b = c->desc[b].next;
		}
		chan_rx_next(c);
	}
	return n;
}

/* The sum of the numbers in the next @want packets of the owner's, -1: not so many. */
static inline int sum_taken(struct chan *c, int want)
{
	const struct unet_rx_slot *s;
	uint32_t b, i, number, sum = 0;

	while (want > 0 && (s = chan_rx_peek(c, 2000))) {
		for (b = s->first, i = 0; i < s->packets; i++, want--) {
			memcpy(&number, (uint8_t *)chan_buf(c, b) + 28, 4);
			sum += number;
			b = c->desc[b].next;
		}
		chan_rx_next(c);
	}
	return want ? -1 : (int)sum;
}

/* The runs of @m until @want packets were shown: token of the first. 0: not so many. */
static inline uint64_t shown(struct chan *m, uint32_t want)
{
	const struct unet_rx_slot *s;
	uint64_t first = 0;
	uint32_t n = 0;

	while (n < want && (s = chan_rx_peek(m, 2000))) {
		if (!n)
			first = s->tag;
		else if (s->tag != first + n)
			return 0;
		n += s->packets;
		chan_rx_next(m);
	}
	return n == want ? first : 0;
}

static inline int owner_sends(struct chan *c, uint32_t flow, uint32_t number)
{
	struct pkt_spec p = {
		.family = AF_INET, .proto = IPPROTO_UDP, .src = OUR_V4,
		.dst = PEER_V4, .sport = PORT, .dport = RPORT,
		.data = &number, .bytes = sizeof(number),
	};

	return chan_send(c, flow, &p, 0);
}

static inline int peer_takes(int fd, uint32_t from, uint32_t n)
{
	uint32_t i, number;

	for (i = 0; i < n; i++)
		if (recv(fd, &number, sizeof(number), 0) != 4 || number != from + i)
			return -1;
	return 0;
}

/* Nothing is there for the peer. */
static inline bool peer_has_nothing(int fd)
{
	uint32_t number;

	usleep(50 * 1000);
	return recv(fd, &number, sizeof(number), MSG_DONTWAIT) < 0;
}

/* Number in the first packet of the next run of @m, ~0 for none; @token of it. */
static inline uint32_t number_shown(struct chan *m, uint64_t *token)
{
	const struct unet_rx_slot *s = chan_rx_peek(m, 2000);
	uint32_t number;

	if (!s)
		return ~0u;
	*token = s->tag;
	memcpy(&number, (uint8_t *)chan_buf(m, s->first) + 28, 4);
	chan_rx_next(m);
	return number;
}

#endif
