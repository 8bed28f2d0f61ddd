// SPDX-License-Identifier: MIT
/* Socket options of a connection: one table of {option, field, range}. */
#include "tcp_internal.h"

/**
 * struct option - where an option lives and what it may be
 * @flag:	UNET_TCPF_* of a switch, 0: a number
 * @offset:	of the field in the pcb
 * @bytes:	of the field: 1, 2 or 4
 * @least:	smallest value
 * @most:	largest value
 */
struct option {
	u32 flag;
	u16 offset;
	u16 bytes;
	u32 least;
	u32 most;
};

#define SWITCH(f)	{ .flag = UNET_TCPF_##f, .most = 1 }
#define NUMBER(m, lo, hi) {						\
	.offset = offsetof(struct unet_tcp_pcb, m),			\
	.bytes = sizeof(((struct unet_tcp_pcb *)0)->m),			\
	.least = (lo), .most = (hi),					\
}

static const struct option options[] = {
	[UNET_TCP_OPT_NODELAY]	= SWITCH(NODELAY),
	[UNET_TCP_OPT_CORK]	= SWITCH(CORK),
	[UNET_TCP_OPT_KEEPALIVE] = SWITCH(KEEPALIVE),
	[UNET_TCP_OPT_KEEPIDLE]	= NUMBER(keep_idle_s, 1, 32767),
	[UNET_TCP_OPT_KEEPINTVL] = NUMBER(keep_intvl_s, 1, 32767),
	[UNET_TCP_OPT_KEEPCNT]	= NUMBER(keep_cnt, 1, 127),
	[UNET_TCP_OPT_USER_TIMEOUT] = NUMBER(user_timeout_ms, 0, UINT32_MAX),
	[UNET_TCP_OPT_MAXSEG]	= NUMBER(mss_user, UNET_TCP_MSS_MIN, 65495),
	[UNET_TCP_OPT_QUICKACK]	= SWITCH(QUICKACK),
	[UNET_TCP_OPT_SNDBUF]	= NUMBER(sndbuf, 0, UINT32_MAX),
	[UNET_TCP_OPT_RCVBUF]	= NUMBER(rcvbuf, 0, UINT32_MAX),
	[UNET_TCP_OPT_LINGER0]	= SWITCH(LINGER0),
	[UNET_TCP_OPT_TOS]	= NUMBER(tos, 0, 255),
	[UNET_TCP_OPT_TTL]	= NUMBER(ttl, 0, 255),
};

static const struct option *find(enum unet_tcp_opt opt)
{
	return (size_t)opt < ARRAY_SIZE(options) ? &options[opt] : NULL;
}

static void store(struct unet_tcp_pcb *pcb, const struct option *o, u32 value)
{
	u8 *at = (u8 *)pcb + o->offset;
	u16 half = value;

	if (o->bytes == 4)
		memcpy(at, &value, 4);
	else if (o->bytes == 2)
		memcpy(at, &half, 2);
	else
		*at = value;
}

static u32 load(const struct unet_tcp_pcb *pcb, const struct option *o)
{
	const u8 *at = (const u8 *)pcb + o->offset;
	u32 value;
	u16 half;

	if (o->bytes == 4) {
		memcpy(&value, at, 4);
		return value;
	}
	if (o->bytes == 2) {
		memcpy(&half, at, 2);
		return half;
	}
	return *at;
}

/* What changing an option entails. */
static void applied(struct unet_tcp_pcb *pcb, enum unet_tcp_opt opt, u32 value)
{
	switch (opt) {
	case UNET_TCP_OPT_NODELAY:
	case UNET_TCP_OPT_CORK:
		if (tcp_synchronized(pcb))
			unet_tcp_output_later(pcb);
		break;
	case UNET_TCP_OPT_KEEPALIVE:
	case UNET_TCP_OPT_KEEPIDLE:
		if (tcp_synchronized(pcb)) {
			unet_tcp_keep_restart(pcb);
			unet_tcp_timers_arm(pcb);
		}
		break;
	case UNET_TCP_OPT_MAXSEG:
		if (tcp_synchronized(pcb))
			unet_tcp_set_mss(pcb);
		break;
	case UNET_TCP_OPT_SNDBUF:
		pcb->sndbuf = clamp(value, UNET_TCP_BUF_MIN, UNET_TCP_BUF_MAX);
		break;
	case UNET_TCP_OPT_RCVBUF:
		pcb->rcvbuf = clamp(value, UNET_TCP_BUF_MIN, UNET_TCP_BUF_MAX);
		break;
	default:
		break;
	}
}

int unet_tcp_set(struct unet_tcp_pcb *pcb, enum unet_tcp_opt opt, u32 value)
{
	const struct option *o = find(opt);

	if (!o)
		return -ENOPROTOOPT;
	if (value < o->least || value > o->most)
		return -EINVAL;
	if (!o->flag)
		store(pcb, o, value);
	else if (value)
		pcb->flags |= o->flag;
	else
		pcb->flags &= ~o->flag;
	applied(pcb, opt, value);
	return 0;
}

int unet_tcp_get(const struct unet_tcp_pcb *pcb, enum unet_tcp_opt opt,
		 u32 *value)
{
	const struct option *o = find(opt);

	if (!o)
		return -ENOPROTOOPT;
	*value = o->flag ? !!(pcb->flags & o->flag) : load(pcb, o);
	return 0;
}

int unet_tcp_set_congestion(struct unet_tcp_pcb *pcb, const char *name)
{
	const struct unet_tcp_cc_ops *ops = unet_tcp_cc_find(name);
	u32 cwnd = pcb->cc.cwnd, ssthresh = pcb->cc.ssthresh;

	if (!ops)
		return -ENOENT;
	if (!pcb->cc.mss) {
		pcb->cc.ops = ops;
		return 0;
	}
	unet_tcp_cc_init(&pcb->cc, ops, pcb->cc.mss);
	pcb->cc.cwnd = cwnd;
	pcb->cc.ssthresh = ssthresh;
	return 0;
}

const char *unet_tcp_congestion(const struct unet_tcp_pcb *pcb)
{
	return pcb->cc.ops->name;
}
