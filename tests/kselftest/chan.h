/* SPDX-License-Identifier: MIT */
/*
 * A channel driven by hand, straight from <linux/unet.h>: what a test needs to
 * be polite or hostile with every word of shared memory.
 */
#ifndef UNET_TEST_CHAN_H
#define UNET_TEST_CHAN_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/unet.h>

struct chan {
	int fd;
	struct unet_bind bind;
	void *at[UNET_REGION_COUNT];
	const struct unet_info *info;
	const struct unet_flow_adv *adv;
	const struct unet_kring *kring;
	struct unet_uring *uring;
	const struct unet_rx_slot *rx;
	const struct unet_done *done;
	struct unet_tx_slot *tx;
	uint32_t *free;
	const struct unet_desc *desc;
	uint8_t *tx_mem;
};

#define load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

static inline int chan_ioctl(int fd, unsigned long nr, void *arg)
{
	return ioctl(fd, nr, arg) ? -errno : 0;
}

static inline int chan_map(struct chan *c)
{
	const struct unet_layout *l = &c->bind.layout;
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		const struct unet_region *r = &l->region[i];
		int prot = PROT_READ;

		if (!r->bytes)
			continue;
		if (r->flags & UNET_REGION_WRITE)
			prot |= PROT_WRITE;
		c->at[i] = mmap(NULL, r->bytes, prot, MAP_SHARED, c->fd,
				r->offset);
		if (c->at[i] == MAP_FAILED)
			return -errno;
	}
	c->info = c->at[UNET_REGION_INFO];
	c->adv = c->at[UNET_REGION_INFO] + l->adv_offset;
	c->kring = c->at[UNET_REGION_KRING];
	c->uring = c->at[UNET_REGION_URING];
	c->rx = c->at[UNET_REGION_KRING] + l->rx_slots_offset;
	c->done = c->at[UNET_REGION_KRING] + l->done_offset;
	c->tx = c->at[UNET_REGION_URING] + l->tx_slots_offset;
	c->free = c->at[UNET_REGION_URING] + l->free_offset;
	c->desc = c->at[UNET_REGION_DESC];
	c->tx_mem = c->at[UNET_REGION_TX];
	return 0;
}

static inline int chan_bind(struct chan *c, const char *nexus,
			    const struct unet_params *want)
{
	c->bind.size = sizeof(c->bind);
	strncpy(c->bind.nexus, nexus, sizeof(c->bind.nexus) - 1);
	c->bind.params = want ? *want : (struct unet_params){ 0 };
	return chan_ioctl(c->fd, UNET_IOC_BIND, &c->bind);
}

static inline int chan_open(struct chan *c, const char *nexus,
			    const struct unet_params *want)
{
	int err;

	memset(c, 0, sizeof(*c));
	c->fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	err = chan_bind(c, nexus, want);
	return err ? err : chan_map(c);
}

static inline void chan_unmap(struct chan *c)
{
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++)
		if (c->at[i])
			munmap(c->at[i], c->bind.layout.region[i].bytes);
	memset(c->at, 0, sizeof(c->at));
}

static inline void chan_close(struct chan *c)
{
	chan_unmap(c);
	close(c->fd);
	c->fd = -1;
}

/* ---- flows ---- */

/* "udp", AF_INET, text addresses or NULL, ports in host order. */
static inline struct unet_flow_req flow_req(int proto, int family,
					    const char *local, int lport,
					    const char *remote, int rport)
{
	struct unet_flow_req r = {
		.size = sizeof(r),
		.family = family,
		.proto = proto,
		.local_port = htons(lport),
		.remote_port = htons(rport),
	};

	if (local) {
		r.flags |= UNET_FLOW_LOCAL_ADDR;
		inet_pton(family, local, r.local);
	}
	if (lport)
		r.flags |= UNET_FLOW_LOCAL_PORT;
	if (remote) {
		r.flags |= UNET_FLOW_REMOTE;
		inet_pton(family, remote, r.remote);
	}
	return r;
}

static inline int chan_flow_add(struct chan *c, struct unet_flow_req *r)
{
	return chan_ioctl(c->fd, UNET_IOC_FLOW_ADD, r);
}

static inline int chan_flow_del(struct chan *c, uint32_t flow, uint32_t flags)
{
	struct unet_flow_del d = { .size = sizeof(d), .flags = flags, .flow = flow };

	return chan_ioctl(c->fd, UNET_IOC_FLOW_DEL, &d);
}

static inline int chan_sync(struct chan *c, uint32_t flags)
{
	struct unet_sync s = { .size = sizeof(s), .flags = flags };

	return chan_ioctl(c->fd, UNET_IOC_SYNC, &s);
}

static inline uint32_t chan_state(struct chan *c, uint32_t *reason)
{
	struct unet_state s = { .size = sizeof(s) };

	if (chan_ioctl(c->fd, UNET_IOC_STATE, &s))
		return ~0u;
	if (reason)
		*reason = s.reason;
	return s.state;
}

/* ---- receive ---- */

static inline uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static inline uint64_t mono_ms(void)
{
	return mono_ns() / 1000000;
}

/* Next batch, or NULL when none came within @ms. Taken with chan_rx_next(). */
static inline const struct unet_rx_slot *chan_rx_peek(struct chan *c, int ms)
{
	uint32_t mask = c->bind.layout.params.rx_slots - 1;
	uint64_t end = mono_ms() + ms;

	for (;;) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		uint32_t head = c->uring->rx_head;
		int64_t left = end - mono_ms();

		if (load_acquire(&c->kring->rx_tail) != head)
			return &c->rx[head & mask];
		if (left <= 0 || poll(&p, 1, left) < 0)
			return NULL;
		if (p.revents & (POLLERR | POLLHUP) && !(p.revents & POLLIN))
			return NULL;
	}
}

/* Give a chain of buffers back and step over the slot. */
static inline void chan_rx_next(struct chan *c)
{
	uint32_t mask = c->bind.layout.params.rx_slots - 1;
	uint32_t fmask = c->bind.layout.free_entries - 1;
	const struct unet_rx_slot *s = &c->rx[c->uring->rx_head & mask];
	uint32_t tail = c->uring->free_tail, i;

	for (i = s->first; i != UNET_NO_BUF; i = c->desc[i].next)
		c->free[tail++ & fmask] = i;
	store_release(&c->uring->free_tail, tail);
	store_release(&c->uring->rx_head, c->uring->rx_head + 1);
}

static inline void *chan_buf(struct chan *c, uint32_t i)
{
	uint32_t small = c->bind.layout.params.rx_small;

	if (i < small)
		return c->at[UNET_REGION_RX_SMALL] +
		       (size_t)i * UNET_RX_SMALL_BYTES + c->desc[i].offset;
	return c->at[UNET_REGION_RX_LARGE] +
	       (size_t)(i - small) * UNET_RX_LARGE_BYTES + c->desc[i].offset;
}

/* ---- send ---- */

/*
 * Build an IP packet of @bytes payload for @proto in TX at @at.
 * Return: header bytes. TCP gets @tcp_flags, seq and ack as given.
 */
struct pkt_spec {
	int family;
	int proto;
	const char *src;
	const char *dst;
	int sport;
	int dport;
	const void *data;
	uint32_t bytes;
	uint8_t tcp_flags;
	uint32_t seq;
	uint32_t ack;
};

static inline uint32_t build_l4(uint8_t *p, const struct pkt_spec *s)
{
	struct tcphdr *t = (void *)p;
	struct udphdr *u = (void *)p;

	if (s->proto == IPPROTO_UDP) {
		*u = (struct udphdr){ .source = htons(s->sport),
				      .dest = htons(s->dport),
				      .len = htons(8 + s->bytes) };
		return sizeof(*u);
	}
	if (s->proto != IPPROTO_TCP)
		return 0;
	memset(t, 0, sizeof(*t));
	t->source = htons(s->sport);
	t->dest = htons(s->dport);
	t->seq = htonl(s->seq);
	t->ack_seq = htonl(s->ack);
	t->doff = 5;
	t->th_flags = s->tcp_flags;
	t->window = htons(65535);
	return sizeof(*t);
}

static inline uint32_t build_packet(uint8_t *p, const struct pkt_spec *s)
{
	uint32_t ip = s->family == AF_INET ? 20 : 40;
	uint32_t l4 = build_l4(p + ip, s);

	memset(p, 0, ip);
	if (s->family == AF_INET) {
		struct iphdr *h = (void *)p;

		h->version = 4;
		h->ihl = 5;
		h->tot_len = htons(ip + l4 + s->bytes);
		h->ttl = 64;
		h->protocol = s->proto;
		inet_pton(AF_INET, s->src, &h->saddr);
		inet_pton(AF_INET, s->dst, &h->daddr);
	} else {
		struct ip6_hdr *h = (void *)p;

		h->ip6_vfc = 0x60;
		h->ip6_plen = htons(l4 + s->bytes);
		h->ip6_nxt = s->proto;
		h->ip6_hlim = 64;
		inet_pton(AF_INET6, s->src, &h->ip6_src);
		inet_pton(AF_INET6, s->dst, &h->ip6_dst);
	}
	if (s->data)
		memcpy(p + ip + l4, s->data, s->bytes);
	return ip + l4;
}

static inline void chan_tx_slot(struct chan *c, const struct unet_tx_slot *s)
{
	uint32_t mask = c->bind.layout.params.tx_slots - 1;

	c->tx[c->uring->tx_tail & mask] = *s;
	store_release(&c->uring->tx_tail, c->uring->tx_tail + 1);
}

/* Next entry of DONE within @ms, or NULL; steps over it. */
static inline const struct unet_done *chan_done(struct chan *c, int ms)
{
	uint32_t mask = c->bind.layout.done_entries - 1;
	uint64_t end = mono_ms() + ms;
	const struct unet_done *d;

	while (load_acquire(&c->kring->done_tail) == c->uring->done_head) {
		if (mono_ms() >= end)
			return NULL;
		usleep(200);
	}
	d = &c->done[c->uring->done_head & mask];
	store_release(&c->uring->done_head, c->uring->done_head + 1);
	return d;
}

/* Send one packet built at the start of TX; its DONE status, or -1 for none. */
static inline int chan_send(struct chan *c, uint32_t flow,
			    const struct pkt_spec *s, uint16_t seg_size)
{
	uint32_t hdr = build_packet(c->tx_mem, s);
	struct unet_tx_slot slot = {
		.flow = flow,
		.cookie = 0xc00c1e,
		.seg_size = seg_size,
		.header_len = hdr,
		.extents = 1,
		.extent = { { 0, hdr + s->bytes } },
	};
	const struct unet_done *d;

	chan_tx_slot(c, &slot);
	if (chan_sync(c, UNET_SYNC_TX))
		return -1;
	d = chan_done(c, 2000);
	return d ? d->status : -1;
}

#endif
