// SPDX-License-Identifier: MIT
/*
 * Netfilter's queue N, at its cheapest: many messages a call, and one verdict for as
 * many packets where nothing is changed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mid.h"

#define QUEUE_LENGTH	100000
#define COPY_RANGE	256	/* more than the bench's packets have */
#define SOCKET_BYTES	(128 << 20)

struct mid {
	struct mnl_socket *nl;
	uint16_t queue;
	enum mid_does does;
	volatile uint32_t touched;
	struct mmsghdr msg[MID_BATCH];
	struct iovec iov[MID_BATCH];
	uint8_t in[MID_BATCH][MID_FRAME];
	uint8_t out[MID_BATCH * 512];
};

static struct nlmsghdr *begin(struct mid *m, void *at, int type)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);
	struct nfgenmsg *g;

	h->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	h->nlmsg_flags = NLM_F_REQUEST;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = AF_UNSPEC;
	g->version = NFNETLINK_V0;
	g->res_id = htons(m->queue);
	return h;
}

static int tell(struct mid *m, const struct nlmsghdr *h)
{
	return mnl_socket_sendto(m->nl, h, h->nlmsg_len) < 0 ? -1 : 0;
}

static int configure(struct mid *m)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params copy = {
		.copy_range = htonl(COPY_RANGE), .copy_mode = NFQNL_COPY_PACKET,
	};
	struct nlmsghdr *h = begin(m, m->out, NFQNL_MSG_CONFIG);

	mnl_attr_put(h, NFQA_CFG_CMD, sizeof(bind), &bind);
	if (tell(m, h))
		return -1;
	h = begin(m, m->out, NFQNL_MSG_CONFIG);
	mnl_attr_put(h, NFQA_CFG_PARAMS, sizeof(copy), &copy);
	mnl_attr_put_u32(h, NFQA_CFG_QUEUE_MAXLEN, htonl(QUEUE_LENGTH));
	return tell(m, h);
}

static void *nfqueue_open(const struct mid_args *args)
{
	struct mid *m = calloc(1, sizeof(*m));
	int i, bytes = SOCKET_BYTES;

	if (!m || args->does == MID_MARK) {
		errno = m ? EINVAL : ENOMEM;
		return NULL;
	}
	m->queue = atoi(args->where);
	m->does = args->does;
	m->nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!m->nl || mnl_socket_bind(m->nl, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(mnl_socket_get_fd(m->nl), SOL_SOCKET, SO_RCVBUFFORCE,
		       &bytes, sizeof(bytes)) || configure(m))
		return NULL;
	for (i = 0; i < MID_BATCH; i++) {
		m->iov[i].iov_base = m->in[i];
		m->iov[i].iov_len = MID_FRAME;
		m->msg[i].msg_hdr.msg_iov = &m->iov[i];
		m->msg[i].msg_hdr.msg_iovlen = 1;
	}
	return m;
}

static int nfqueue_fd(void *p)
{
	return mnl_socket_get_fd(((struct mid *)p)->nl);
}

/**
 * struct seen - one queued packet
 * @id:		network order
 * @ip:		its bytes, NULL for a message that is no packet
 * @bytes:	how many
 */
struct seen {
	uint32_t id;
	uint8_t *ip;
	uint32_t bytes;
};

static int note(const struct nlattr *attr, void *data)
{
	const struct nfqnl_msg_packet_hdr *hdr = mnl_attr_get_payload(attr);
	struct seen *s = data;

	if (mnl_attr_get_type(attr) == NFQA_PACKET_HDR)
		s->id = hdr->packet_id;
	if (mnl_attr_get_type(attr) == NFQA_PAYLOAD) {
		s->ip = mnl_attr_get_payload(attr);
		s->bytes = mnl_attr_get_payload_len(attr);
	}
	return MNL_CB_OK;
}

static struct seen look(struct mid *m, int i)
{
	const struct nlmsghdr *h = (void *)m->in[i];
	struct seen s = { 0 };

	if (h->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return s;
	mnl_attr_parse(h, sizeof(struct nfgenmsg), note, &s);
	if (s.ip)
		m->touched += s.ip[0];
	return s;
}

static void put_verdict(struct nlmsghdr *h, uint32_t id)
{
	struct nfqnl_msg_verdict_hdr v = { htonl(NF_ACCEPT), id };

	mnl_attr_put(h, NFQA_VERDICT_HDR, sizeof(v), &v);
}

/* One call for all verdicts, each with its packet. */
static void send_back(struct mid *m, struct seen *seen, uint32_t n)
{
	uint8_t *at = m->out;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct nlmsghdr *h = begin(m, at, NFQNL_MSG_VERDICT);

		put_verdict(h, seen[i].id);
		mid_change(seen[i].ip, m->does);
		mnl_attr_put(h, NFQA_PAYLOAD, seen[i].bytes, seen[i].ip);
		at += h->nlmsg_len;
	}
	mnl_socket_sendto(m->nl, m->out, at - m->out);
}

static void accept_to(struct mid *m, uint32_t id)
{
	struct nlmsghdr *h = begin(m, m->out, NFQNL_MSG_VERDICT_BATCH);

	put_verdict(h, id);
	tell(m, h);
}

static uint32_t nfqueue_turn(void *p)
{
	struct seen seen[MID_BATCH];
	struct mid *m = p;
	int i, got = recvmmsg(nfqueue_fd(m), m->msg, MID_BATCH, MSG_DONTWAIT, NULL);
	uint32_t n = 0;

	for (i = 0; i < got; i++) {
		seen[n] = look(m, i);
		n += !!seen[n].ip;
	}
	if (n && m->does != MID_LOOK)
		send_back(m, seen, n);
	else if (n)
		accept_to(m, seen[n - 1].id);
	return n;
}

const struct mid_way mid_nfqueue = {
	.name = "nfqueue",
	.open = nfqueue_open,
	.fd = nfqueue_fd,
	.turn = nfqueue_turn,
};
