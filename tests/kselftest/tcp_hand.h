/* SPDX-License-Identifier: MIT */
/*
 * A TCP server played by hand on a channel: just enough handshake to have an
 * established connection whose owner can then die.
 */
#ifndef UNET_TEST_TCP_HAND_H
#define UNET_TEST_TCP_HAND_H

#include "chan.h"
#include "topo.h"

#define HAND_PORT	8000
#define HAND_ISS	0xfffffff0u	/* wraps soon, on purpose */

struct hand {
	int family;		/* AF_INET or AF_INET6; chosen by the test */
	uint32_t listener;
	uint32_t conn;
	uint32_t adv;		/* of the connection */
	uint32_t snd_nxt;
	uint32_t rcv_nxt;
	int rport;
	int client;		/* the peer's kernel socket */
};

static inline const char *hand_ours(const struct hand *h)
{
	return h->family == AF_INET ? OUR_V4 : OUR_V6;
}

static inline const char *hand_theirs(const struct hand *h)
{
	return h->family == AF_INET ? PEER_V4 : PEER_V6;
}

static inline const struct tcphdr *hand_segment(struct chan *c, int ms)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, ms);

	return s ? chan_buf(c, s->first) + c->desc[s->first].l4_offset : NULL;
}

static inline int hand_send(struct chan *c, struct hand *h, uint32_t flow,
			    uint8_t flags, const void *data, uint32_t bytes)
{
	struct pkt_spec p = {
		.family = h->family, .proto = IPPROTO_TCP,
		.src = hand_ours(h), .dst = hand_theirs(h),
		.sport = HAND_PORT, .dport = h->rport,
		.data = data, .bytes = bytes, .tcp_flags = flags,
		.seq = h->snd_nxt, .ack = h->rcv_nxt,
	};
	int err = chan_send(c, flow, &p, 0);

	h->snd_nxt += bytes + !!(flags & TH_SYN) + !!(flags & TH_FIN);
	return err;
}

static inline int hand_listen(struct chan *c, struct hand *h, uint32_t flags)
{
	struct unet_flow_req r = flow_req(IPPROTO_TCP, h->family, hand_ours(h),
					  HAND_PORT, NULL, 0);
	int err;

	r.flags |= flags;
	err = chan_flow_add(c, &r);
	h->listener = r.flow;
	return err;
}

static inline int hand_add_conn(struct chan *c, struct hand *h)
{
	struct unet_flow_req r = flow_req(IPPROTO_TCP, h->family, hand_ours(h),
					  HAND_PORT, hand_theirs(h), h->rport);
	int err;

	r.parent = h->listener;
	r.snd_nxt = h->snd_nxt;
	r.rcv_nxt = h->rcv_nxt;
	err = chan_flow_add(c, &r);
	h->conn = r.flow;
	h->adv = r.adv;
	return err;
}

/* With a client made before. 0, or the number of the step that failed. */
static inline int hand_accept_on(struct chan *c, struct hand *h)
{
	const struct tcphdr *th;

	if (connect_to(h->client, hand_ours(h), HAND_PORT) != -EINPROGRESS)
		return 1;
	th = hand_segment(c, 2000);
	if (!th || !th->syn)
		return 2;
	h->rport = ntohs(th->source);
	h->rcv_nxt = ntohl(th->seq) + 1;
	h->snd_nxt = HAND_ISS;
	chan_rx_next(c);
	if (hand_send(c, h, h->listener, TH_SYN | TH_ACK, NULL, 0))
		return 3;
	th = hand_segment(c, 2000);
	if (!th || th->syn || !th->ack)
		return 4;
	chan_rx_next(c);
	if (hand_add_conn(c, h))
		return 5;
	fcntl(h->client, F_SETFL, 0);
	return 0;
}

static inline int hand_accept(struct topo *t, struct chan *c, struct hand *h)
{
	h->client = peer_socket(t, h->family, SOCK_STREAM | SOCK_NONBLOCK);
	return hand_accept_on(c, h);
}

#endif
