// SPDX-License-Identifier: MIT
/*
 * Socket options: one table, one row for each.
 */
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include "socket.h"
#include "tcp.h"
#include "udp.h"

struct option;

typedef int (*set_fn)(struct unet_sock *s, const struct option *o,
		      const void *val, socklen_t len);
/* Fills in at most *len bytes at @val and says how many are right. */
typedef int (*get_fn)(struct unet_sock *s, const struct option *o, void *val,
		      socklen_t *len);

struct option {
	int level;
	int name;
	set_fn set;
	get_fn get;
	int arg;
};

static int read_int(const void *val, socklen_t len, int *out)
{
	if (len < sizeof(*out) || !val)
		return -EINVAL;
	memcpy(out, val, sizeof(*out));
	return 0;
}

static int write_bytes(void *val, socklen_t *len, const void *from, size_t n)
{
	if (*len > n)
		*len = (socklen_t)n;
	memcpy(val, from, *len);
	return 0;
}

static int write_int(void *val, socklen_t *len, int v)
{
	return write_bytes(val, len, &v, sizeof(v));
}

/* ---- numbers that TCP keeps: arg is the enum unet_tcp_opt ------------------ */

static int set_tcp(struct unet_sock *s, const struct option *o,
		   const void *val, socklen_t len)
{
	int v;
	int err = read_int(val, len, &v);

	if (s->kind == UNET_SOCK_DGRAM)
		return -ENOPROTOOPT;
	if (err || v < 0)
		return -EINVAL;
	return unet_tcp_set(s->tcp, (enum unet_tcp_opt)o->arg, (u32)v);
}

static int get_tcp(struct unet_sock *s, const struct option *o, void *val,
		   socklen_t *len)
{
	u32 v;
	int err;

	if (s->kind == UNET_SOCK_DGRAM)
		return -ENOPROTOOPT;
	err = unet_tcp_get(s->tcp, (enum unet_tcp_opt)o->arg, &v);
	return err ? err : write_int(val, len, (int)v);
}

/* ---- what UDP has, too ------------------------------------------------------ */

static int set_rcvbuf(struct unet_sock *s, const struct option *o,
		      const void *val, socklen_t len)
{
	int v;

	if (s->kind != UNET_SOCK_DGRAM)
		return set_tcp(s, o, val, len);
	if (read_int(val, len, &v) || v < 1)
		return -EINVAL;
	s->udp->rcvbuf = (u32)v;
	return 0;
}

static int get_rcvbuf(struct unet_sock *s, const struct option *o, void *val,
		      socklen_t *len)
{
	if (s->kind != UNET_SOCK_DGRAM)
		return get_tcp(s, o, val, len);
	return write_int(val, len, (int)s->udp->rcvbuf);
}

#define ECN_BITS 3	/* of a stream they are TCP's (RFC 3168), not the user's */

static int set_ip(struct unet_sock *s, const struct option *o,
		  const void *val, socklen_t len)
{
	bool ttl = o->arg == UNET_TCP_OPT_TTL;
	int v;

	if (read_int(val, len, &v) || v < (ttl ? 1 : 0) || v > 255)
		return -EINVAL;
	if (s->kind != UNET_SOCK_DGRAM) {
		v = ttl ? v : v & ~ECN_BITS;
		return unet_tcp_set(s->tcp, (enum unet_tcp_opt)o->arg, (u32)v);
	}
	if (ttl)
		s->udp->ttl = (u8)v;
	else
		s->udp->tos = (u8)v;
	return 0;
}

static int get_ip(struct unet_sock *s, const struct option *o, void *val,
		  socklen_t *len)
{
	int v;

	if (s->kind != UNET_SOCK_DGRAM)
		return get_tcp(s, o, val, len);
	if (o->arg == UNET_TCP_OPT_TTL)
		v = s->udp->ttl ? s->udp->ttl : UNET_IP_DEFAULT_TTL;
	else
		v = s->udp->tos;
	return write_int(val, len, v);
}

/* ---- of the socket itself; arg is what the row needs ------------------------- */

/* UNET_SOCK_* flags count when the socket is bound. */
static int set_flag(struct unet_sock *s, const struct option *o,
		    const void *val, socklen_t len)
{
	int v;

	if (read_int(val, len, &v))
		return -EINVAL;
	if (s->kind != UNET_SOCK_DGRAM || unet_udp_bound(s->udp))
		return -EISCONN;
	if (v)
		s->flags |= (u32)o->arg;
	else
		s->flags &= ~(u32)o->arg;
	return 0;
}

static int get_flag(struct unet_sock *s, const struct option *o, void *val,
		    socklen_t *len)
{
	return write_int(val, len, !!(s->flags & (u32)o->arg));
}

/* Nothing here blocks, so of SO_LINGER only "reset at once" has an effect. */
static int set_linger(struct unet_sock *s, const struct option *o,
		      const void *val, socklen_t len)
{
	struct linger l;

	if (len < sizeof(l) || !val)
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	s->linger = l;
	if (s->kind == UNET_SOCK_DGRAM)
		return 0;
	return unet_tcp_set(s->tcp, UNET_TCP_OPT_LINGER0,
			    l.l_onoff && !l.l_linger);
}

static int get_linger(struct unet_sock *s, const struct option *o, void *val,
		      socklen_t *len)
{
	return write_bytes(val, len, &s->linger, sizeof(s->linger));
}

static int get_error(struct unet_sock *s, const struct option *o, void *val,
		     socklen_t *len)
{
	return write_int(val, len, s->ops->error(s));
}

static int get_type(struct unet_sock *s, const struct option *o, void *val,
		    socklen_t *len)
{
	return write_int(val, len, s->kind == UNET_SOCK_DGRAM ? SOCK_DGRAM :
			 SOCK_STREAM);
}

static int get_domain(struct unet_sock *s, const struct option *o, void *val,
		      socklen_t *len)
{
	return write_int(val, len, s->family);
}

static int get_protocol(struct unet_sock *s, const struct option *o, void *val,
			socklen_t *len)
{
	return write_int(val, len, s->kind == UNET_SOCK_DGRAM ? IPPROTO_UDP :
			 IPPROTO_TCP);
}

static int get_listening(struct unet_sock *s, const struct option *o,
			 void *val, socklen_t *len)
{
	return write_int(val, len, s->kind == UNET_SOCK_LISTENER);
}

/* ---- of TCP, but no number --------------------------------------------------- */

static int set_congestion(struct unet_sock *s, const struct option *o,
			  const void *val, socklen_t len)
{
	char name[16] = { 0 };

	if (s->kind == UNET_SOCK_DGRAM)
		return -ENOPROTOOPT;
	if (!val || !len)
		return -EINVAL;
	memcpy(name, val, min(len, (socklen_t)sizeof(name) - 1));
	return unet_tcp_set_congestion(s->tcp, name);
}

static int get_congestion(struct unet_sock *s, const struct option *o,
			  void *val, socklen_t *len)
{
	char name[16] = { 0 };

	if (s->kind == UNET_SOCK_DGRAM)
		return -ENOPROTOOPT;
	strncpy(name, unet_tcp_congestion(s->tcp), sizeof(name) - 1);
	return write_bytes(val, len, name, sizeof(name));
}

static int get_info(struct unet_sock *s, const struct option *o, void *val,
		    socklen_t *len)
{
	struct unet_tcp_info info = { .size = sizeof(info) };

	if (s->kind == UNET_SOCK_DGRAM)
		return -ENOPROTOOPT;
	unet_tcp_info(s->tcp, &info);
	info.size = (u32)min_t(size_t, *len, sizeof(info));
	return write_bytes(val, len, &info, sizeof(info));
}

/* Of what has no flow of the kernel's yet, or any more, nothing. */
static int get_advice(struct unet_sock *s, const struct option *o, void *val,
		      socklen_t *len)
{
	const struct unet_flow *f = s->kind == UNET_SOCK_DGRAM ? &s->udp->flow :
								unet_tcp_flow(s->tcp);
	u32 flags = f->adv ? READ_ONCE(f->adv->flags) : 0;

	return write_bytes(val, len, &flags, sizeof(flags));
}

static const struct option table[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, set_tcp, get_tcp, UNET_TCP_OPT_KEEPALIVE },
	{ SOL_SOCKET, SO_SNDBUF, set_tcp, get_tcp, UNET_TCP_OPT_SNDBUF },
	{ SOL_SOCKET, SO_RCVBUF, set_rcvbuf, get_rcvbuf, UNET_TCP_OPT_RCVBUF },
	{ SOL_SOCKET, SO_LINGER, set_linger, get_linger, 0 },
	{ SOL_SOCKET, SO_REUSEADDR, set_flag, get_flag, UNET_SOCK_REUSEADDR },
	{ SOL_SOCKET, SO_ERROR, NULL, get_error, 0 },
	{ SOL_SOCKET, SO_TYPE, NULL, get_type, 0 },
	{ SOL_SOCKET, SO_DOMAIN, NULL, get_domain, 0 },
	{ SOL_SOCKET, SO_PROTOCOL, NULL, get_protocol, 0 },
	{ SOL_SOCKET, SO_ACCEPTCONN, NULL, get_listening, 0 },
	{ SOL_SOCKET, UNET_SO_ADVICE, NULL, get_advice, 0 },
	{ IPPROTO_TCP, TCP_NODELAY, set_tcp, get_tcp, UNET_TCP_OPT_NODELAY },
	{ IPPROTO_TCP, TCP_CORK, set_tcp, get_tcp, UNET_TCP_OPT_CORK },
	{ IPPROTO_TCP, TCP_KEEPIDLE, set_tcp, get_tcp, UNET_TCP_OPT_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL, set_tcp, get_tcp,
	  UNET_TCP_OPT_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT, set_tcp, get_tcp, UNET_TCP_OPT_KEEPCNT },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, set_tcp, get_tcp,
	  UNET_TCP_OPT_USER_TIMEOUT },
	{ IPPROTO_TCP, TCP_MAXSEG, set_tcp, get_tcp, UNET_TCP_OPT_MAXSEG },
	{ IPPROTO_TCP, TCP_QUICKACK, set_tcp, get_tcp, UNET_TCP_OPT_QUICKACK },
	{ IPPROTO_TCP, TCP_CONGESTION, set_congestion, get_congestion, 0 },
	{ IPPROTO_TCP, UNET_SO_TCP_INFO, NULL, get_info, 0 },
	{ IPPROTO_IP, IP_TOS, set_ip, get_ip, UNET_TCP_OPT_TOS },
	{ IPPROTO_IP, IP_TTL, set_ip, get_ip, UNET_TCP_OPT_TTL },
	{ IPPROTO_IPV6, IPV6_TCLASS, set_ip, get_ip, UNET_TCP_OPT_TOS },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, set_ip, get_ip, UNET_TCP_OPT_TTL },
	{ IPPROTO_IPV6, IPV6_V6ONLY, set_flag, get_flag, UNET_SOCK_V6ONLY },
};

static const struct option *find(int level, int name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].level == level && table[i].name == name)
			return &table[i];
	}
	return NULL;
}

int unet_setsockopt(struct unet_sock *s, int level, int name, const void *val,
		    socklen_t len)
{
	const struct option *o = find(level, name);

	if (!o || !o->set)
		return -ENOPROTOOPT;
	return o->set(s, o, val, len);
}

int unet_getsockopt(struct unet_sock *s, int level, int name, void *val,
		    socklen_t *len)
{
	const struct option *o = find(level, name);

	if (!val || !len)
		return -EINVAL;
	return o ? o->get(s, o, val, len) : -ENOPROTOOPT;
}
