/* SPDX-License-Identifier: MIT */
/* eBPF programs put together by hand; needs -lbpf. */
#ifndef UNET_TEST_BPF_HAND_H
#define UNET_TEST_BPF_HAND_H

#include <bpf/bpf.h>
#include <linux/bpf.h>

#define MOV64_REG(dst, src) \
	((struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src })
#define MOV64_IMM(dst, v) \
	((struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = dst, .imm = v })
#define LD_ABS_B(off) \
	((struct bpf_insn){ .code = BPF_LD | BPF_B | BPF_ABS, .imm = off })
#define ALU64_IMM(op, dst, v) \
	((struct bpf_insn){ .code = BPF_ALU64 | (op) | BPF_K, .dst_reg = dst, .imm = v })
#define JMP_IMM(op, dst, v, to) \
	((struct bpf_insn){ .code = BPF_JMP | (op) | BPF_K, .dst_reg = dst, .off = to, .imm = v })
#define EXIT() ((struct bpf_insn){ .code = BPF_JMP | BPF_EXIT })

/* A socket filter that answers a byte of the packet; its descriptor. */
static inline int load_byte(int offset)
{
	const struct bpf_insn insns[] = {
		MOV64_REG(BPF_REG_6, BPF_REG_1),
		LD_ABS_B(offset),
		EXIT(),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "byte", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), NULL);
}

#endif
