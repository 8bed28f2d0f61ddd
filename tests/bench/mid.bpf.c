// SPDX-License-Identifier: GPL-2.0 OR MIT
/* show: the first bytes of each packet, from the IP header on, to a ring buffer. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define SHOWN	48	/* headers of IPv4 and UDP, and a little */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");

SEC("tc")
int show(struct __sk_buff *skb)
{
	void *to = bpf_ringbuf_reserve(&ring, SHOWN, 0);

	if (!to)
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, to, SHOWN)) {
		bpf_ringbuf_discard(to, 0);
		return TC_ACT_OK;
	}
	bpf_ringbuf_submit(to, 0);
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual MIT/GPL";
