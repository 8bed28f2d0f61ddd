/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What gen.c tells gen.bpf.c before loading it, and is told after the run. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

/**
 * struct gen_constants - read-only data of the BPF program
 * @ifindex:	device to send out of
 * @flows:	source ports to go round, at least 1
 * @first_port:	source port of the first flow
 * @packets:	how many will be sent
 * @ip_check:	of the IP header, with a traffic class of 0 and @ttl; network order
 * @udp_check:	of UDP, 0: none; network order
 * @ttl:	of the IP header
 */
struct gen_constants {
	__u32 ifindex;
	__u32 flows;
	__u32 first_port;
	__u32 packets;
	__u16 ip_check;
	__u16 udp_check;
	__u8 ttl;
};

/**
 * struct gen_progress - the BPF program's only other data
 * @first:	when the first packet was made, CLOCK_MONOTONIC ns
 * @last:	when the last one was
 * @sent:	packets made
 */
struct gen_progress {
	__u64 first;
	__u64 last;
	__u64 sent;
};

#endif /* BENCH_GEN_H */
