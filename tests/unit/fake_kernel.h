/* SPDX-License-Identifier: MIT */
/*
 * /dev/unet in the test's own process: one channel with rings, buffer owners and
 * the same checks of cursors and extents that the module makes. What the module
 * would poison a channel for is counted in @broken. The channel of a grant takes
 * verdicts: each is done when it is taken.
 *
 * A test includes libunet/channel.c with open(), ioctl(), mmap(), munmap() and
 * close() turned into the functions here.
 */
#ifndef _UNET_UNIT_FAKE_KERNEL_H
#define _UNET_UNIT_FAKE_KERNEL_H

#include <sys/types.h>
#include <linux/unet.h>
#include "core/ring_check.h"
#include "core_os.h"

#define KERNEL_FD	77
#define KERNEL_SENT	64

/* A send, or a verdict. */
struct kernel_sent {
	u64 token;
	u16 action;
	u32 count;
	u32 flow;
	u32 cookie;
	u16 seg_size;
	u16 header_len;
	u16 extents;
	u8 tos;
	u8 tos_mask;
	u8 ttl;
	u32 len;
	u8 *bytes;
};

struct fake_kernel {
	int open_error;		/* errno of open(), 0: works */
	int bind_error;
	int mmap_fails;		/* region, or -1 */
	int flow_error;
	int sync_error;		/* a call that waits has taken TX before it fails so */
	bool busy;		/* nothing is taken from TX */
	bool inter;		/* it is the channel of a grant */
	u16 refusal;		/* of verdicts */
	u64 features;		/* UNET_FEATURE_* */
	u32 page_bytes;
	struct unet_layout layout;
	u8 *mem[UNET_REGION_COUNT];
	int mapped;
	int opened;
	struct unet_ring_view rx, done, tx, free;
	u8 *user_owns;		/* by RX buffer */
	u32 in_kernel;
	u32 broken;
	struct kernel_sent sent[KERNEL_SENT];
	u32 n_sent;
	u32 *cookies;		/* sends not let go yet, in order */
	u32 n_cookies;
	struct unet_flow_req req;
	u32 flows;
	u32 deleted;
	struct unet_flow_set set;
	u32 syncs;
	u32 sync_flags;
	u64 sync_timeout;
};

extern struct fake_kernel kern;

void kernel_reset(void);
void kernel_exit(void);

/* Receive: a batch of packets; the pieces of one follow each other. */
struct kernel_piece {
	const void *bytes;
	u32 len;
	u32 flags;		/* UNET_DESC_* */
	u32 seg_size;
	u32 l4_offset;
	bool large;
};

bool kernel_receive(u64 tag, u32 flags, const struct kernel_piece *p, u32 n);

/* Look at FREE: buffers come back. */
void kernel_take_free(void);

/* Let go of the oldest @n sends. */
void kernel_complete(u32 n, u16 status);
void kernel_forget_sent(void);

int fake_open(const char *path, int flags, ...);
int fake_close(int fd);
int fake_ioctl(int fd, unsigned long request, void *arg);
void *fake_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at);
int fake_munmap(void *addr, size_t len);

#endif /* _UNET_UNIT_FAKE_KERNEL_H */
