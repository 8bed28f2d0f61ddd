/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What gen.c tells gen.bpf.c before loading it. */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <linux/types.h>

/**
 * struct gen_constants - read-only data of the BPF program
 * @ifindex:	device to send out of
 * @flows:	source ports to go round, at least 1
 * @first_port:	source port of the first flow
 */
struct gen_constants {
	__u32 ifindex;
	__u32 flows;
	__u32 first_port;
};

#endif /* BENCH_GEN_H */
