// SPDX-License-Identifier: MIT
/*
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406), in integers.
 *
 * The window after a loss follows W(t) = C * (t - K)^3 + W_max with C = 0.4
 * segments per second cubed and K chosen so that W(0) is the window left by the
 * loss. Bytes and milliseconds throughout; |t - K| is bounded at 100 s, which
 * keeps every product below within 64 bits for any segment size.
 */
#include "tcp_cc.h"

#include "seq.h"

#define SPAN_MAX_MS		100000u		/* bound of |t - K| */
#define RTT_THRESH_MIN_US	4000u		/* RFC 9406 section 4.3 */
#define RTT_THRESH_MAX_US	16000u
#define RTT_SAMPLES		8
#define CSS_DIVISOR		4
#define CSS_ROUNDS		5

/**
 * struct cubic - lives in unet_tcp_cc.private
 * @w_max:	window where the plateau lies
 * @prior_w_max: before the last reduction
 * @prior_cwnd:	window at the last reduction: Reno's estimate grows at full speed
 *		beyond it
 * @epoch_ms:	when this congestion avoidance epoch began
 * @last_ms:	when the window was last reckoned
 * @k_ms:	K
 * @w_est:	what Reno would have by now
 * @est_credit:	remainder of @w_est's growth
 * @round_end:	snd_nxt when this slow-start round began
 * @round_min:	smallest round trip of this round, microseconds
 * @last_min:	of the round before
 * @css_base:	round trip that made us leave for conservative slow start
 * @samples:	round trips seen in this round, up to RTT_SAMPLES
 * @css_left:	rounds of conservative slow start to go, 0: not in it
 * @in_epoch:	@epoch_ms to @est_credit are valid
 * @in_round:	@round_end is valid
 */
struct cubic {
	u32 w_max;
	u32 prior_w_max;
	u32 prior_cwnd;
	u32 epoch_ms;
	u32 last_ms;
	u32 k_ms;
	u32 w_est;
	u32 est_credit;
	u32 round_end;
	u32 round_min;
	u32 last_min;
	u32 css_base;
	u8 samples;
	u8 css_left;
	bool in_epoch;
	bool in_round;
} __attribute__((may_alias));

_Static_assert(sizeof(struct cubic) <= UNET_TCP_CC_PRIVATE * sizeof(u32),
	       "struct cubic outgrew the private words");

static struct cubic *cubic(struct unet_tcp_cc *cc)
{
	return (struct cubic *)cc->private;
}

static void cubic_init(struct unet_tcp_cc *cc)
{
	struct cubic *c = cubic(cc);

	memset(c, 0, sizeof(*c));
	c->round_min = UINT32_MAX;
	c->last_min = UINT32_MAX;
}

/* Cube root, rounded down: the root's bits from the top, three of @x each. */
static u32 cube_root(u64 x)
{
	u64 y = 0, b;
	int shift;

	for (shift = 63; shift >= 0; shift -= 3) {
		y <<= 1;
		b = 3 * y * (y + 1) + 1;
		if (x >> shift >= b) {
			x -= b << shift;
			y++;
		}
	}
	return y;
}

/* C * ms^3 in bytes. */
static u64 cubic_bytes(u32 ms, u32 mss)
{
	u64 d = min(ms, SPAN_MAX_MS);

	return d * d * d / 1000000 * mss / 2500;
}

static void epoch_start(struct unet_tcp_cc *cc, u32 now_ms)
{
	struct cubic *c = cubic(cc);

	c->in_epoch = true;
	c->epoch_ms = now_ms;
	c->last_ms = now_ms;
	c->w_est = cc->cwnd;
	c->est_credit = 0;
	c->k_ms = 0;
	if (cc->cwnd < c->w_max)
		c->k_ms = cube_root((c->w_max - cc->cwnd) * 2500000000ull /
				    cc->mss);
	else
		c->w_max = cc->cwnd;
}

/* The clock stands still while the window is not what limits sending. */
static void skip_idle(struct cubic *c, u32 now_ms, u32 srtt_ms)
{
	u32 gap = now_ms - c->last_ms;

	if (gap > 2 * srtt_ms + 10)
		c->epoch_ms += gap;
	c->last_ms = now_ms;
}

static u32 cubic_window(struct unet_tcp_cc *cc, u32 t_ms)
{
	struct cubic *c = cubic(cc);
	u64 w;

	if (t_ms >= c->k_ms) {
		w = c->w_max + cubic_bytes(t_ms - c->k_ms, cc->mss);
		return min_t(u64, w, UNET_TCP_CC_CWND_MAX);
	}
	w = cubic_bytes(c->k_ms - t_ms, cc->mss);
	return w < c->w_max ? c->w_max - w : 0;
}

/* RFC 9438 section 4.3: alpha is 9/17 until the window of the loss is reached. */
static void reno_estimate(struct unet_tcp_cc *cc, u32 acked)
{
	struct cubic *c = cubic(cc);
	u64 grow = (u64)acked * cc->mss;

	if (c->w_est < c->prior_cwnd)
		grow = grow * 9 / 17;
	grow += c->est_credit;
	c->w_est += grow / cc->cwnd;
	c->est_credit = grow % cc->cwnd;
}

static void cubic_avoid(struct unet_tcp_cc *cc,
			const struct unet_tcp_rate *rate, u32 acked)
{
	struct cubic *c = cubic(cc);
	u32 now_ms = rate->now / 1000, srtt_ms = rate->srtt_us / 1000;
	u32 target, t_ms;
	u64 grow;

	if (!c->in_epoch)
		epoch_start(cc, now_ms);
	skip_idle(c, now_ms, srtt_ms);
	t_ms = now_ms - c->epoch_ms;
	reno_estimate(cc, acked);
	if (cubic_window(cc, t_ms) < c->w_est) {
		cc->cwnd = max(cc->cwnd, c->w_est);
		return;
	}
	target = cubic_window(cc, t_ms + srtt_ms);
	target = min(max(target, cc->cwnd), cc->cwnd + cc->cwnd / 2);
	grow = (u64)acked * (target - cc->cwnd) + cc->credit;
	cc->credit = grow % cc->cwnd;
	cc->cwnd += grow / cc->cwnd;
}

/*
 * ---- slow start: leave it before the queue overflows (RFC 9406) ----
 *
 * The first one only: later ones have a threshold to stop at.
 */

static void round_next(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	struct cubic *c = cubic(cc);

	if (c->in_round && seq_lt(rate->snd_una, c->round_end))
		return;
	if (c->css_left && !--c->css_left)
		cc->ssthresh = cc->cwnd;
	c->in_round = true;
	c->round_end = rate->snd_nxt;
	c->last_min = c->round_min;
	c->round_min = UINT32_MAX;
	c->samples = 0;
}

static void hystart_sample(struct cubic *c, u32 rtt_us)
{
	u32 thresh;

	c->round_min = min(c->round_min, rtt_us);
	if (c->samples < RTT_SAMPLES)
		c->samples++;
	if (c->samples < RTT_SAMPLES || c->last_min == UINT32_MAX)
		return;
	thresh = min(max(c->last_min / 8, RTT_THRESH_MIN_US), RTT_THRESH_MAX_US);
	if (!c->css_left && c->round_min >= c->last_min + thresh) {
		c->css_base = c->round_min;
		c->css_left = CSS_ROUNDS;
	} else if (c->css_left && c->round_min < c->css_base) {
		c->css_left = 0;
	}
}

static u32 cubic_slow_start(struct unet_tcp_cc *cc,
			    const struct unet_tcp_rate *rate)
{
	struct unet_tcp_rate slower = *rate;

	if (cc->ssthresh != UNET_TCP_CC_CWND_MAX)
		return unet_tcp_cc_slow_start(cc, rate);
	round_next(cc, rate);
	if (rate->rtt_us)
		hystart_sample(cubic(cc), rate->rtt_us);
	if (cubic(cc)->css_left)
		slower.acked = rate->acked / CSS_DIVISOR;
	return unet_tcp_cc_slow_start(cc, &slower);
}

static void cubic_acked(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	u32 acked = rate->acked;

	if (cc->cwnd < cc->ssthresh)
		acked = cubic_slow_start(cc, rate);
	if (acked)
		cubic_avoid(cc, rate, acked);
}

/* Sections 4.6 and 4.7: beta 0.7, and room made for newcomers. */
static u32 cubic_loss(struct unet_tcp_cc *cc, const struct unet_tcp_rate *rate)
{
	struct cubic *c = cubic(cc);

	(void)rate;
	c->prior_w_max = c->w_max;
	c->prior_cwnd = cc->cwnd;
	c->w_max = cc->cwnd;
	if (cc->cwnd < c->prior_w_max)
		c->w_max = (u64)cc->cwnd * 17 / 20;
	c->in_epoch = false;
	c->css_left = 0;
	return (u64)cc->cwnd * 7 / 10;
}

static void cubic_undone(struct unet_tcp_cc *cc)
{
	struct cubic *c = cubic(cc);

	c->w_max = c->prior_w_max;
	c->in_epoch = false;
}

static void cubic_restart(struct unet_tcp_cc *cc, u64 idle_us)
{
	struct cubic *c = cubic(cc);

	(void)idle_us;
	c->in_round = false;
	c->samples = 0;
	c->css_left = 0;
	c->round_min = UINT32_MAX;
	c->last_min = UINT32_MAX;
}

const struct unet_tcp_cc_ops unet_tcp_cc_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.acked = cubic_acked,
	.loss = cubic_loss,
	.undone = cubic_undone,
	.restart = cubic_restart,
};
