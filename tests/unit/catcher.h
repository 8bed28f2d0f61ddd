/* SPDX-License-Identifier: MIT */
/*
 * A protocol above IP that keeps what is delivered to it, and a stack with it on
 * a fake backend.
 */
#ifndef _UNET_UNIT_CATCHER_H
#define _UNET_UNIT_CATCHER_H

#include "fake_backend.h"
#include "ip.h"
#include "ip_reass.h"

#define CAUGHT	256

struct caught {
	u8 *bytes;
	u32 len;
	struct unet_ip_info info;
	struct unet_flow *flow;
	u16 seg_size;
	u16 flags;
};

struct catcher {
	struct fake fake;
	struct unet_stack *st;
	struct caught got[CAUGHT];
	u32 n;
	struct unet_icmp_info icmp;
	struct unet_flow *icmp_flow;
	u32 icmps;
	u32 gone;
};

extern struct catcher caught;

/* Catches UDP, children of listeners are found as TCP's are. */
extern const struct unet_proto catcher_proto;

int catcher_open(void **state);
int catcher_close(void **state);
void catcher_forget(void);

/* Received as a turn of its own; answers how many packets were delivered. */
u32 catcher_receive(const u8 *packet, u32 len);

/* Value of a counter. */
u64 catcher_count(enum unet_stack_counter c);

#define CATCHER_TEST(f) \
	cmocka_unit_test_setup_teardown(f, catcher_open, catcher_close)

#endif /* _UNET_UNIT_CATCHER_H */
