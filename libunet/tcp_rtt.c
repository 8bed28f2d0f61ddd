// SPDX-License-Identifier: MIT
/*
 * Round-trip estimator, RFC 6298 in microseconds.
 *
 * The timeout is SRTT + max(floor, 4 * RTTVAR): the floor bounds the variance
 * term, not the sum, so a path of 100 ms whose samples are all alike is not
 * timed out by a peer that delays an acknowledgement; and a round trip of a few
 * microseconds can never bring the timeout near zero.
 */
#include "tcp_rtt.h"

/**
 * unet_tcp_rtt_init() - before the first sample
 * @rtt:	estimator
 * @floor_us:	least variance term, 0: UNET_TCP_RTO_MIN_US
 */
void unet_tcp_rtt_init(struct unet_tcp_rtt *rtt, u32 floor_us)
{
	memset(rtt, 0, sizeof(*rtt));
	rtt->floor_us = floor_us ? floor_us : UNET_TCP_RTO_MIN_US;
	rtt->initial_us = UNET_TCP_RTO_INITIAL_US;
	rtt->min_us[0] = UINT32_MAX;
	rtt->min_us[1] = UINT32_MAX;
}

static void note_minimum(struct unet_tcp_rtt *rtt, u32 now, u32 sample_us)
{
	if (now - rtt->min_since > UNET_TCP_MIN_RTT_US) {
		rtt->min_us[1] = rtt->min_us[0];
		rtt->min_us[0] = UINT32_MAX;
		rtt->min_since = now;
	}
	rtt->min_us[0] = min(rtt->min_us[0], sample_us);
}

/**
 * unet_tcp_rtt_sample() - one measured round trip
 * @rtt:	estimator
 * @now:	microseconds
 * @sample_us:	from a segment sent once (Karn) or from timestamps; 0 counts as 1
 *
 * Ends any backoff.
 */
void unet_tcp_rtt_sample(struct unet_tcp_rtt *rtt, u64 now, u64 sample_us)
{
	u32 m = min_t(u64, sample_us ? sample_us : 1, UNET_TCP_RTO_MAX_US);
	u32 srtt = rtt->srtt8_us >> 3, err;

	if (!rtt->srtt8_us) {
		rtt->srtt8_us = m << 3;
		rtt->rttvar4_us = m << 1;
	} else {
		err = m > srtt ? m - srtt : srtt - m;
		rtt->rttvar4_us += err - (rtt->rttvar4_us >> 2);
		rtt->srtt8_us += m - srtt;
	}
	rtt->latest_us = m;
	rtt->backoff = 0;
	note_minimum(rtt, now, m);
}

/**
 * unet_tcp_rtt_lossy_start() - the handshake took more than one try
 * @rtt:	estimator, before the first data
 *
 * RFC 6298 (5.7): whatever the backoff was, data start with 3 seconds, until a
 * round trip is measured.
 */
void unet_tcp_rtt_lossy_start(struct unet_tcp_rtt *rtt)
{
	rtt->initial_us = UNET_TCP_RTO_LOSSY_US;
	rtt->backoff = 0;
}

/**
 * unet_tcp_rtt_back_off() - the timer expired: double the timeout
 * @rtt:	estimator
 */
void unet_tcp_rtt_back_off(struct unet_tcp_rtt *rtt)
{
	if (unet_tcp_rtt_rto(rtt) < UNET_TCP_RTO_MAX_US)
		rtt->backoff++;
}

/**
 * unet_tcp_rtt_rto() - the timeout now in force
 * @rtt:	estimator
 *
 * Return: microseconds, at most UNET_TCP_RTO_MAX_US.
 */
u32 unet_tcp_rtt_rto(const struct unet_tcp_rtt *rtt)
{
	u64 rto = rtt->initial_us;

	if (rtt->srtt8_us)
		rto = (rtt->srtt8_us >> 3) + max(rtt->floor_us, rtt->rttvar4_us);
	return min_t(u64, rto << rtt->backoff, UNET_TCP_RTO_MAX_US);
}

/**
 * unet_tcp_rtt_min() - smallest round trip of the last windows
 * @rtt:	estimator
 *
 * Return: microseconds, or UINT32_MAX when nothing was measured.
 */
u32 unet_tcp_rtt_min(const struct unet_tcp_rtt *rtt)
{
	return min(rtt->min_us[0], rtt->min_us[1]);
}
