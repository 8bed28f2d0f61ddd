// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * gen: makes each live frame of a test run the next flow's packet and sends it
 * out of a device; its veth peer then receives whole bursts in one NAPI poll.
 * drop: the cheapest receiver there is. pass: none, but veth polls for its sake.
 *
 * Frames are recycled with what was written into them, by whoever had them, so all that
 * differs between flows, or that a process in the middle changes, is written every time.
 *
 * The program takes the times itself: before its first packet and after its last
 * a test run waits for RCU, on a clock that jumps while nobody works.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "gen.h"

const volatile struct gen_constants constants = { .flows = 1 };
struct gen_progress progress;

SEC("xdp")
int gen(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);
	__u8 *payload = (void *)(udp + 1);
	__u32 n = progress.sent++;

	if ((void *)(payload + 1) > end)
		return XDP_ABORTED;
	if (!n)
		progress.first = bpf_ktime_get_ns();
	if (n + 1 == constants.packets)
		progress.last = bpf_ktime_get_ns();
	ip->tos = 0;
	ip->id = 0;
	ip->ttl = constants.ttl;
	ip->check = constants.ip_check;
	udp->source = bpf_htons(constants.first_port + n % constants.flows);
	udp->check = constants.udp_check;
	payload[0] = 0;
	return bpf_redirect(constants.ifindex, 0);
}

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual MIT/GPL";
