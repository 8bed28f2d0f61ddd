// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <string.h>

#include "ext.h"

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void read_tcp(const uint8_t *l4, uint32_t left, uint32_t at,
		     struct ext_headers *h)
{
	uint32_t bytes;

	if (left < 20)
		return;
	h->tcp_flags = l4[13];
	h->seq = be32(l4 + 4);
	h->ack = be32(l4 + 8);
	bytes = (l4[12] >> 4) * 4u;
	if (bytes >= 20 && bytes <= left)
		h->header = at + bytes;
}

static void read_l4(const struct unet_inter_packet *p, struct ext_headers *h)
{
	uint32_t at = p->l4_offset, left;
	const uint8_t *l4 = p->data + at;

	if (at > p->len || p->len - at < 4 ||
	    (h->proto != IPPROTO_TCP && h->proto != IPPROTO_UDP))
		return;
	left = p->len - at;
	h->sport = (uint16_t)(l4[0] << 8 | l4[1]);
	h->dport = (uint16_t)(l4[2] << 8 | l4[3]);
	if (h->proto == IPPROTO_TCP)
		read_tcp(l4, left, at, h);
	else if (left >= 8)
		h->header = at + 8;
}

/* Behind the extension headers: the kernel says where, they say of what. */
static uint8_t proto_of_v6(const struct unet_inter_packet *p)
{
	uint8_t next = p->data[6];
	uint32_t at = 40;

	while (at < p->l4_offset && at + 2 <= p->len) {
		next = p->data[at];
		at += (p->data[at + 1] + 1u) * 8;
	}
	return at == p->l4_offset ? next : IPPROTO_NONE;
}

void ext_headers(const struct unet_inter_packet *p, struct ext_headers *h)
{
	memset(h, 0, sizeof(*h));
	if (p->len >= 20 && p->data[0] >> 4 == 4) {
		h->version = 4;
		h->proto = p->data[9];
		h->total = (uint32_t)(p->data[2] << 8 | p->data[3]);
		memcpy(h->src, p->data + 12, 4);
		memcpy(h->dst, p->data + 16, 4);
	} else if (p->len >= 40 && p->data[0] >> 4 == 6) {
		h->version = 6;
		h->proto = proto_of_v6(p);
		h->total = (uint32_t)(p->data[4] << 8 | p->data[5]);
		h->total += h->total ? 40 : 0;
		memcpy(h->src, p->data + 8, 16);
		memcpy(h->dst, p->data + 24, 16);
	} else {
		return;
	}
	read_l4(p, h);
}
