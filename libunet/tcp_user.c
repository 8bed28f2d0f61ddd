// SPDX-License-Identifier: MIT
/* User calls on a connection: bytes in and out, options, information. */
#include <stdio.h>
#include <sys/uio.h>

#include "tcp_internal.h"
#include "tcp_recovery.h"

#define TAKE_MAX	(1u << 30)

/* ---- sending ---- */

static int may_send(const struct unet_tcp_pcb *pcb)
{
	if (pcb->state == UNET_TCP_ESTABLISHED ||
	    pcb->state == UNET_TCP_CLOSE_WAIT)
		return 0;
	if (pcb->err)
		return -pcb->err;
	if (pcb->state == UNET_TCP_SYN_SENT ||
	    (pcb->state == UNET_TCP_SYN_RECEIVED &&
	     !(pcb->flags & UNET_TCPF_FIN_QUEUED)))
		return -EAGAIN;
	return pcb->flags & (UNET_TCPF_COUNTED | UNET_TCPF_FIN_QUEUED) ? -EPIPE :
								    -ENOTCONN;
}

/*
 * All connections queue in one memory. Each may take as much as is still free
 * for the others, so that a full one leaves room for those that come.
 */
static u32 send_room(const struct unet_tcp_pcb *pcb)
{
	struct unet_backend *be = pcb->st->be;
	u64 limit = pcb->sndbuf;

	if (be->ops->tx_free)
		limit = min(limit, max_t(u64, be->ops->tx_free(be),
					 UNET_TCP_SHARE_MIN));
	return limit - min(limit, tcp_snd_queued(pcb));
}

static ssize_t take(struct unet_tcp_pcb *pcb, const struct iovec *iov, int n,
		    bool *all)
{
	ssize_t done = 0;
	u32 len, got;
	int i;

	*all = false;
	for (i = 0; i < n; i++) {
		len = min_t(size_t, iov[i].iov_len, TAKE_MAX - done);
		len = min(len, send_room(pcb));
		got = unet_tcp_sndbuf_add(pcb, iov[i].iov_base, len);
		done += got;
		if (got < len) {	/* told when others let go */
			pcb->flags |= UNET_TCPF_NO_MEMORY;
			unet_stack_wait_tx(pcb->st, &pcb->work);
		}
		if (got < iov[i].iov_len)
			return done;
	}
	*all = true;
	return done;
}

ssize_t unet_tcp_send(struct unet_tcp_pcb *pcb, const struct iovec *iov, int n,
		      bool more)
{
	int err = may_send(pcb);
	ssize_t done;
	bool all;

	if (err == -EAGAIN)
		pcb->flags |= UNET_TCPF_WANT_WRITE;
	if (err)
		return err;
	pcb->flags &= ~UNET_TCPF_MORE;
	if (more)
		pcb->flags |= UNET_TCPF_MORE;
	done = take(pcb, iov, n, &all);
	if (done)
		unet_tcp_output_later(pcb);
	if (all)
		return done;
	pcb->flags |= UNET_TCPF_WANT_WRITE;
	return done ? done : -EAGAIN;
}

/* ---- receiving ---- */

/* 1: there are bytes, 0: end of the stream, else -errno. */
static int readable(const struct unet_tcp_pcb *pcb)
{
	if (!unet_pktq_empty(&pcb->rcvq))
		return 1;
	if (pcb->flags & UNET_TCPF_FIN_RCVD)
		return 0;	/* the peer said all, whatever became of our side */
	if (pcb->err)
		return -pcb->err;
	if (pcb->flags & UNET_TCPF_RCV_SHUT)
		return 0;
	if (pcb->state == UNET_TCP_CLOSED || pcb->state == UNET_TCP_LISTEN)
		return pcb->flags & UNET_TCPF_COUNTED ? 0 : -ENOTCONN;
	return -EAGAIN;
}

static size_t copy_out(const struct unet_tcp_pcb *pcb, void *buf, size_t len)
{
	const struct unet_pkt *pkt = pcb->rcvq.head;
	size_t done = 0;

	for (; pkt && done < len; pkt = pkt->next)
		done += unet_pkt_copy_out(pkt, 0, (u8 *)buf + done,
					  min_t(size_t, len - done, UINT32_MAX));
	return done;
}

static void drop_bytes(struct unet_tcp_pcb *pcb, u32 len)
{
	struct unet_pkt *pkt;

	while (len && (pkt = pcb->rcvq.head)) {
		if (len < pkt->total) {
			unet_pkt_pull(pkt, len);
			pcb->rcvq.bytes -= len;
			return;
		}
		len -= pkt->total;
		if (pcb->rcv_fresh == pkt)
			pcb->rcv_fresh = pkt->next;
		unet_pkt_free(unet_pktq_take(&pcb->rcvq));
	}
}

/* smoltcp#199: a window that opened has to be told of, or the peer waits. */
static void has_read(struct unet_tcp_pcb *pcb, u32 len)
{
	drop_bytes(pcb, len);
	if (!tcp_synchronized(pcb) || pcb->flags & UNET_TCPF_FIN_RCVD ||
	    !unet_tcp_window_opened(pcb))
		return;
	pcb->flags |= UNET_TCPF_ACK_NOW;
	unet_tcp_output_later(pcb);
}

ssize_t unet_tcp_recv(struct unet_tcp_pcb *pcb, void *buf, size_t len,
		      bool peek)
{
	int what = readable(pcb);
	size_t n;

	if (what <= 0)
		return what;
	n = copy_out(pcb, buf, min_t(size_t, len, TAKE_MAX));
	if (!peek)
		has_read(pcb, n);
	return n;
}

int unet_tcp_peek(struct unet_tcp_pcb *pcb, struct iovec *iov, int n)
{
	struct unet_pkt *pkt = pcb->rcvq.head;
	int what = readable(pcb), filled = 0;

	if (what <= 0)
		return what;
	for (; pkt && filled < n; pkt = pkt->next) {
		filled += unet_pkt_iov(pkt, 0, iov + filled, n - filled);
		if (pkt == pcb->rcv_fresh)	/* must not move any more */
			pcb->rcv_fresh = pkt->next;
	}
	return filled;
}

int unet_tcp_consume(struct unet_tcp_pcb *pcb, size_t len)
{
	if (len > pcb->rcvq.bytes)
		return -EINVAL;
	has_read(pcb, len);
	return 0;
}

/* ---- asking ---- */

u32 unet_tcp_poll(const struct unet_tcp_pcb *pcb)
{
	u32 events = 0;

	if (pcb->state == UNET_TCP_LISTEN && !pcb->err)
		return unet_tcp_listen_waiting(pcb) ? UNET_READABLE : 0;
	if (pcb->state == UNET_TCP_LISTEN)
		return UNET_READABLE | UNET_CLOSED | UNET_ERROR;
	if (pcb->err)
		events |= UNET_ERROR;
	if (pcb->flags & UNET_TCPF_FIN_RCVD || pcb->err ||
	    (pcb->state == UNET_TCP_CLOSED && pcb->flags & UNET_TCPF_COUNTED))
		events |= UNET_CLOSED;
	if (readable(pcb) >= 0)
		events |= UNET_READABLE;
	if (!may_send(pcb) && send_room(pcb))
		events |= UNET_WRITABLE;
	return events;
}

int unet_tcp_error(const struct unet_tcp_pcb *pcb)
{
	return pcb->err;
}

const struct unet_flow *unet_tcp_flow(const struct unet_tcp_pcb *pcb)
{
	return &pcb->flow;
}

static void info_path(const struct unet_tcp_pcb *pcb, struct unet_tcp_info *info)
{
	u32 least = unet_tcp_rtt_min(&pcb->rtt);

	info->rto_us = unet_tcp_rtt_rto(&pcb->rtt);
	info->srtt_us = tcp_rtt_smoothed(&pcb->rtt);
	info->rttvar_us = pcb->rtt.rttvar4_us >> 2;
	info->min_rtt_us = least == UINT32_MAX ? 0 : least;
	info->snd_mss = pcb->mss;
	info->rcv_mss = pcb->rcv_mss;
	info->cwnd = pcb->cc.cwnd;
	info->ssthresh = pcb->cc.ssthresh;
	info->snd_wnd = pcb->snd_wnd;
	info->rcv_wnd = tcp_rcv_wnd(pcb);
	info->pmtu = unet_flow_mtu(&pcb->flow);
}

void unet_tcp_info(const struct unet_tcp_pcb *pcb, struct unet_tcp_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->state = pcb->state;
	info->options = (pcb->flags & UNET_TCPF_TS ? 1 : 0) |
			(pcb->flags & UNET_TCPF_SACK ? 2 : 0) |
			(pcb->flags & UNET_TCPF_WSCALE ? 4 : 0);
	info->snd_wscale = pcb->snd_wscale;
	info->rcv_wscale = pcb->rcv_wscale;
	info_path(pcb, info);
	info->in_flight = unet_tcp_pipe(pcb);
	info->sndq = tcp_snd_queued(pcb);
	info->rcvq = pcb->rcvq.bytes;
	info->retrans = pcb->retrans;
	info->lost = pcb->mss ? pcb->rec.lost_bytes / pcb->mss : 0;
	info->bytes_sent = pcb->bytes_sent;
	info->bytes_acked = pcb->bytes_acked;
	info->bytes_received = pcb->bytes_in;
	info->segs_in = pcb->segs_in;
	info->segs_out = pcb->segs_out;
	snprintf(info->congestion, sizeof(info->congestion), "%s",
		 pcb->cc.ops->name);
}
