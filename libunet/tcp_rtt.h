/* SPDX-License-Identifier: MIT */
#ifndef UNET_TCP_RTT_H
#define UNET_TCP_RTT_H

#include "core_os.h"

#define UNET_TCP_RTO_INITIAL_US	1000000u	/* RFC 6298 (2.1) */
#define UNET_TCP_RTO_LOSSY_US	3000000u	/* RFC 6298 (5.7) */
#define UNET_TCP_RTO_MIN_US	200000u		/* default; RFC 8961 allows it */
#define UNET_TCP_RTO_MAX_US	120000000u
#define UNET_TCP_MIN_RTT_US	30000000u	/* how long a minimum is believed */

/**
 * struct unet_tcp_rtt - the round trip as measured (RFC 6298)
 * @srtt8_us:	smoothed round trip, times 8; 0: nothing measured yet
 * @rttvar4_us:	its mean deviation, times 4
 * @latest_us:	last sample
 * @min_us:	smallest sample of this window and of the one before
 * @min_since:	when this window began, microseconds modulo 2^32
 * @floor_us:	least variance term of the timeout (tunable)
 * @initial_us:	the timeout before anything was measured
 * @backoff:	doublings of the timeout in force
 */
struct unet_tcp_rtt {
	u32 srtt8_us;
	u32 rttvar4_us;
	u32 latest_us;
	u32 min_us[2];
	u32 min_since;
	u32 floor_us;
	u32 initial_us;
	u8 backoff;
};

void unet_tcp_rtt_init(struct unet_tcp_rtt *rtt, u32 floor_us);
void unet_tcp_rtt_sample(struct unet_tcp_rtt *rtt, u64 now, u64 sample_us);
void unet_tcp_rtt_lossy_start(struct unet_tcp_rtt *rtt);
void unet_tcp_rtt_back_off(struct unet_tcp_rtt *rtt);
u32 unet_tcp_rtt_rto(const struct unet_tcp_rtt *rtt);
u32 unet_tcp_rtt_min(const struct unet_tcp_rtt *rtt);

/* Smoothed round trip in microseconds, 0 when nothing was measured. */
static inline u32 tcp_rtt_smoothed(const struct unet_tcp_rtt *rtt)
{
	return rtt->srtt8_us >> 3;
}

#endif /* UNET_TCP_RTT_H */
