// SPDX-License-Identifier: MIT
/* Reno: RFC 5681 with byte counting (RFC 3465). */
#include "tcp_cc.h"

static void reno_init(struct unet_tcp_cc *cc)
{
	cc->credit = 0;
}

/* One segment more for each window acknowledged. */
static void reno_acked(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	cc->credit += unet_tcp_cc_slow_start(cc, rate);
	while (cc->credit >= cc->cwnd) {
		cc->credit -= cc->cwnd;
		cc->cwnd += cc->mss;
	}
}

static u32 reno_loss(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	(void)rate;
	return cc->cwnd / 2;
}

static void reno_undone(struct unet_tcp_cc *cc)
{
	cc->credit = 0;
}

static void reno_restart(struct unet_tcp_cc *cc, u64 idle_us)
{
	(void)idle_us;
	cc->credit = 0;
}

const struct unet_tcp_cc_ops unet_tcp_cc_reno = {
	.name = "reno",
	.init = reno_init,
	.acked = reno_acked,
	.loss = reno_loss,
	.undone = reno_undone,
	.restart = reno_restart,
};
