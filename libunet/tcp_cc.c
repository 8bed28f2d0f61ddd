// SPDX-License-Identifier: MIT
/*
 * What all congestion control algorithms share: initial window (RFC 6928), slow
 * start by bytes (RFC 5681, 3465), reductions and their undoing, idle restart.
 */
#include "tcp_cc.h"

static const struct unet_tcp_cc_ops *const algorithms[] = {
	&unet_tcp_cc_cubic,
	&unet_tcp_cc_reno,
};

/**
 * unet_tcp_cc_find() - an algorithm by its name
 * @name:	or NULL for the default, cubic
 *
 * Return: the algorithm, or NULL when there is none of that name.
 */
const struct unet_tcp_cc_ops *unet_tcp_cc_find(const char *name)
{
	size_t i;

	if (!name)
		return algorithms[0];
	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

/**
 * unet_tcp_cc_initial_window() - RFC 6928 section 2
 * @mss:	payload bytes of a full segment
 *
 * Return: bytes.
 */
u32 unet_tcp_cc_initial_window(u32 mss)
{
	return min(10 * mss, max(2 * mss, 14600u));
}

/**
 * unet_tcp_cc_init() - at the start of a connection
 * @cc:		to be set
 * @ops:	algorithm
 * @mss:	payload bytes of a full segment, not 0
 */
void unet_tcp_cc_init(struct unet_tcp_cc *cc, const struct unet_tcp_cc_ops *ops,
		      u32 mss)
{
	memset(cc, 0, sizeof(*cc));
	cc->ops = ops;
	cc->mss = mss;
	cc->cwnd = unet_tcp_cc_initial_window(mss);
	cc->ssthresh = UNET_TCP_CC_CWND_MAX;
	ops->init(cc);
}

/**
 * unet_tcp_cc_set_mss() - the path MTU or the options changed the segment size
 * @cc:		state
 * @mss:	new size, not 0
 *
 * The window stays as it is in bytes, but never below one segment.
 */
void unet_tcp_cc_set_mss(struct unet_tcp_cc *cc, u32 mss)
{
	cc->mss = mss;
	cc->cwnd = max(cc->cwnd, mss);
}

/**
 * unet_tcp_cc_acked() - data was acknowledged outside of loss recovery
 * @cc:		state
 * @rate:	of this acknowledgement
 *
 * The window grows only while it is what limits sending (RFC 7661).
 */
void unet_tcp_cc_acked(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	if (!rate->acked || !rate->cwnd_limited)
		return;
	cc->ops->acked(cc, rate);
	cc->cwnd = min(cc->cwnd, UNET_TCP_CC_CWND_MAX);
}

/**
 * unet_tcp_cc_slow_start() - grow the window by what was acknowledged
 * @cc:		state
 * @rate:	of this acknowledgement
 *
 * Bytes count, not acknowledgements: splitting them gains a peer nothing
 * (RFC 3465). One acknowledgement may stand for a whole super packet, so it is
 * bounded only after a timeout, where it may be for data sent long before.
 *
 * Return: acknowledged bytes left over when the threshold was reached.
 */
u32 unet_tcp_cc_slow_start(struct unet_tcp_cc *cc,
			   const struct unet_tcp_rate *rate)
{
	u32 grow = rate->after_rto ? min(rate->acked, cc->mss) : rate->acked;
	u32 room;

	if (cc->cwnd >= cc->ssthresh)
		return grow;
	room = cc->ssthresh - cc->cwnd;
	if (grow < room) {
		cc->cwnd += grow;
		return 0;
	}
	cc->cwnd = cc->ssthresh;
	return grow - room;
}

static void reduce(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	cc->prior_cwnd = cc->cwnd;
	cc->prior_ssthresh = cc->ssthresh;
	cc->ssthresh = max(cc->ops->loss(cc, rate), 2 * cc->mss);
	cc->credit = 0;
}

/**
 * unet_tcp_cc_loss() - a round with loss begins, found by acknowledgements
 * @cc:		state
 * @rate:	of this acknowledgement
 *
 * Sets the threshold; the window is brought down to it by the caller's PRR.
 */
void unet_tcp_cc_loss(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	reduce(cc, rate);
}

/**
 * unet_tcp_cc_timeout() - the retransmission timer expired
 * @cc:		state
 * @rate:	@now and @in_flight are set
 *
 * Call once per timeout episode, not for its backed-off repetitions.
 */
void unet_tcp_cc_timeout(struct unet_tcp_cc *cc,
			 const struct unet_tcp_rate *rate)
{
	reduce(cc, rate);
	cc->cwnd = cc->mss;
}

/**
 * unet_tcp_cc_undo() - the last reduction was unfounded
 * @cc:		state
 */
void unet_tcp_cc_undo(struct unet_tcp_cc *cc)
{
	if (!cc->prior_cwnd)
		return;
	cc->cwnd = max(cc->cwnd, cc->prior_cwnd);
	cc->ssthresh = max(cc->ssthresh, cc->prior_ssthresh);
	cc->prior_cwnd = 0;
	cc->ops->undone(cc);
}

/**
 * unet_tcp_cc_idle() - about to send with nothing in flight
 * @cc:		state
 * @idle_us:	since the last segment was sent
 * @rto_us:	retransmission timeout
 *
 * RFC 5681 section 4.1, decayed as RFC 2861 has it: halved once per timeout, not
 * below the initial window. The threshold remembers three quarters of it.
 */
void unet_tcp_cc_idle(struct unet_tcp_cc *cc, u64 idle_us, u32 rto_us)
{
	u32 restart = min(unet_tcp_cc_initial_window(cc->mss), cc->cwnd);
	u64 left;

	if (idle_us < rto_us)
		return;
	cc->ssthresh = max(cc->ssthresh, cc->cwnd / 4 * 3);
	for (left = idle_us; left >= rto_us && cc->cwnd > restart; left -= rto_us)
		cc->cwnd = max(cc->cwnd / 2, restart);
	cc->ops->restart(cc, idle_us);
}
