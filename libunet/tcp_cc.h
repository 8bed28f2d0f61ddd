/* SPDX-License-Identifier: MIT */
#ifndef UNET_TCP_CC_H
#define UNET_TCP_CC_H

#include "core_os.h"

#define UNET_TCP_CC_CWND_MAX	(1u << 30)
#define UNET_TCP_CC_PRIVATE	14	/* u32 words an algorithm has to itself */

struct unet_tcp_cc_ops;

/**
 * struct unet_tcp_cc - congestion control of one connection; bytes throughout
 * @ops:	algorithm
 * @cwnd:	congestion window
 * @ssthresh:	slow start below, congestion avoidance from here on
 * @mss:	payload bytes of a full segment
 * @prior_cwnd:	@cwnd before the last reduction, for unet_tcp_cc_undo()
 * @prior_ssthresh: likewise
 * @credit:	acknowledged bytes not yet turned into window growth
 * @private:	the algorithm's; zero at the start
 */
struct unet_tcp_cc {
	const struct unet_tcp_cc_ops *ops;
	u32 cwnd;
	u32 ssthresh;
	u32 mss;
	u32 prior_cwnd;
	u32 prior_ssthresh;
	u32 credit;
	u32 private[UNET_TCP_CC_PRIVATE];
};

/**
 * struct unet_tcp_rate - what one acknowledgement told
 * @now:	microseconds
 * @acked:	bytes newly acknowledged cumulatively
 * @delivered:	bytes newly known to have arrived, by ACK or SACK
 * @lost:	bytes newly taken for lost
 * @in_flight:	bytes outstanding before this acknowledgement
 * @rtt_us:	round trip of the newest segment acknowledged, 0: none measured
 * @srtt_us:	smoothed round trip, 0: none
 * @min_rtt_us:	smallest round trip lately
 * @interval_us: over which @interval_bytes were delivered, 0: no sample
 * @interval_bytes: delivery rate times @interval_us
 * @snd_nxt:	next sequence number to be sent: marks rounds
 * @snd_una:	oldest unacknowledged
 * @app_limited: the sample was taken while the application had nothing to send
 * @cwnd_limited: the window, not the application or peer, held sending back
 * @after_rto:	slow start after a timeout: RFC 3465 section 2.3, L = 1
 */
struct unet_tcp_rate {
	u64 now;
	u32 acked;
	u32 delivered;
	u32 lost;
	u32 in_flight;
	u32 rtt_us;
	u32 srtt_us;
	u32 min_rtt_us;
	u32 interval_us;
	u32 interval_bytes;
	u32 snd_nxt;
	u32 snd_una;
	bool app_limited;
	bool cwnd_limited;
	bool after_rto;
};

/**
 * struct unet_tcp_cc_ops - an algorithm
 * @name:	as in TCP_CONGESTION
 * @init:	window and @mss are set; may set @private
 * @acked:	data was acknowledged outside loss recovery: grow
 * @loss:	a loss round begins: answer with the new slow-start threshold
 * @undone:	the reduction was unfounded; windows are already put back
 * @restart:	sending resumes after @idle_us without anything in flight
 *
 * Loss detection, recovery and PRR are not the algorithm's business
 * (tcp_recovery.c calls it, never the reverse).
 */
struct unet_tcp_cc_ops {
	const char *name;
	void (*init)(struct unet_tcp_cc *cc);
	void (*acked)(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate);
	u32 (*loss)(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate);
	void (*undone)(struct unet_tcp_cc *cc);
	void (*restart)(struct unet_tcp_cc *cc, u64 idle_us);
};

extern const struct unet_tcp_cc_ops unet_tcp_cc_reno;
extern const struct unet_tcp_cc_ops unet_tcp_cc_cubic;

const struct unet_tcp_cc_ops *unet_tcp_cc_find(const char *name);
void unet_tcp_cc_init(struct unet_tcp_cc *cc, const struct unet_tcp_cc_ops *ops,
		      u32 mss);
void unet_tcp_cc_set_mss(struct unet_tcp_cc *cc, u32 mss);
void unet_tcp_cc_acked(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate);
void unet_tcp_cc_loss(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate);
void unet_tcp_cc_timeout(struct unet_tcp_cc *cc,
			 const struct unet_tcp_rate *rate);
void unet_tcp_cc_undo(struct unet_tcp_cc *cc);
void unet_tcp_cc_idle(struct unet_tcp_cc *cc, u64 idle_us, u32 rto_us);
u32 unet_tcp_cc_slow_start(struct unet_tcp_cc *cc,
			   const struct unet_tcp_rate *rate);
u32 unet_tcp_cc_initial_window(u32 mss);

#endif /* UNET_TCP_CC_H */
