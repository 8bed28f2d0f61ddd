// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel does not run the owner's TCP. It remembers three facts of what the
 * owner sent, after it was checked: the next sequence number, the last
 * acknowledgment, and whether either side closed. Those make a reset the peer must
 * accept (RFC 9293 3.10.7.4, RFC 5961 3.2). An owner that lies about its numbers
 * only spoils its own reset.
 */
#include <linux/compiler.h>
#include <linux/string.h>

#include "channel.h"
#include "core/tx_check.h"
#include "core/wire.h"
#include "flow.h"
#include "nexus.h"
#include "reset.h"

#define RESET_TTL	64
#define RESET_BYTES	(UNET_IP6_HEADER + UNET_TCP_HEADER)

static u32 seq_after(const struct unet_tx_info *info)
{
	return info->seq + info->payload + !!(info->tcp_flags & UNET_TCP_SYN) +
	       !!(info->tcp_flags & UNET_TCP_FIN);
}

void unet_reset_track(struct unet_flow *flow, const struct unet_tx_info *info)
{
	struct unet_flow_tcp *tcp = &flow->tcp;
	u32 next = seq_after(info);
	bool known = tcp->tracked || tcp->syn_sent;

	if (info->proto != UNET_PROTO_TCP)
		return;
	if (!known || (s32)(next - tcp->snd_nxt) > 0)
		tcp->snd_nxt = next;
	if (info->tcp_flags & UNET_TCP_SYN)
		tcp->syn_sent = 1;
	if (info->tcp_flags & UNET_TCP_ACK) {
		tcp->rcv_nxt = info->ack;
		tcp->tracked = 1;
	}
	if (info->tcp_flags & UNET_TCP_FIN)
		tcp->fin_sent = 1;
	if (info->tcp_flags & UNET_TCP_RST)
		tcp->reset = 1;
}

bool unet_reset_wanted(const struct unet_flow *flow)
{
	const struct unet_flow_tcp *tcp = &flow->tcp;

	return tcp->tracked && flow->tx.flags & UNET_TX_FLOW_REMOTE &&
	       !tcp->reset && !(tcp->fin_sent && READ_ONCE(tcp->fin_seen));
}

/* Addresses: the flow's, or for a flow on any address the last one it used. */
static const __be32 *source_of(const struct unet_flow *flow)
{
	return flow->tx.flags & UNET_TX_FLOW_LOCAL ? flow->tx.local :
						     flow->route.from;
}

static u32 put_ip4(u8 *hdr, const struct unet_flow *flow)
{
	hdr[0] = 0x45;
	unet_store_u16(hdr + 6, UNET_IP4_DF);
	hdr[8] = RESET_TTL;
	hdr[9] = UNET_PROTO_TCP;
	memcpy(hdr + 12, source_of(flow), 4);
	memcpy(hdr + 16, flow->tx.remote, 4);
	return UNET_IP4_HEADER;
}

static u32 put_ip6(u8 *hdr, const struct unet_flow *flow)
{
	hdr[0] = 0x60;
	hdr[6] = UNET_PROTO_TCP;
	hdr[7] = RESET_TTL;
	memcpy(hdr + 8, source_of(flow), 16);
	memcpy(hdr + 24, flow->tx.remote, 16);
	return UNET_IP6_HEADER;
}

static void put_tcp(u8 *th, const struct unet_flow *flow)
{
	memcpy(th, &flow->tx.local_port, 2);
	memcpy(th + 2, &flow->tx.remote_port, 2);
	unet_store_u32(th + 4, flow->tcp.snd_nxt);
	unet_store_u32(th + 8, flow->tcp.rcv_nxt);
	th[12] = (UNET_TCP_HEADER / 4) << 4;
	th[13] = UNET_TCP_RST | UNET_TCP_ACK;
}

void unet_reset_send(struct unet_nexus *nx, struct unet_flow *flow)
{
	u8 hdr[RESET_BYTES] __aligned(4) = { };
	u32 bytes = flow->family == 4 ? put_ip4(hdr, flow) : put_ip6(hdr, flow);

	put_tcp(hdr + bytes, flow);
	bytes += UNET_TCP_HEADER;
	nx->ops->send_reset(flow, hdr, bytes);
}
