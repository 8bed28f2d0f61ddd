// SPDX-License-Identifier: MIT
/*
 * Sockets as objects: opening, accepting, naming, closing.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <unet/unet.h>
#include "addr.h"
#include "internal.h"
#include "poll.h"
#include "socket.h"

/**
 * unet_sock_new() - an empty socket on a stack's list
 * @st: the stack
 * @kind: what it will be
 * @family: AF_INET or AF_INET6
 *
 * Return: the socket; the caller puts a pcb behind it. NULL: no memory.
 */
struct unet_sock *unet_sock_new(struct unet_stack *st,
				enum unet_sock_kind kind, int family)
{
	struct unet_sock *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->st = st;
	s->kind = kind;
	s->family = family;
	s->ops = kind == UNET_SOCK_DGRAM ? &unet_sock_udp_ops :
		 &unet_sock_tcp_ops;
	unet_sock_event_init(s);
	s->next = st->socks;
	s->pprev = &st->socks;
	if (s->next)
		s->next->pprev = &s->next;
	st->socks = s;
	return s;
}

/**
 * unet_sock_free() - the mirror of unet_sock_new()
 * @s: nothing is behind it any more
 */
void unet_sock_free(struct unet_sock *s)
{
	unet_work_cancel(&s->event);
	if (unlikely(s->hooked))
		unet_hooks_sock_closed(s->st, s);
	*s->pprev = s->next;
	if (s->next)
		s->next->pprev = s->pprev;
	free(s);
}

/**
 * unet_sock_close_all() - abort every socket of a stack
 * @st: the stack
 */
void unet_sock_close_all(struct unet_stack *st)
{
	while (st->socks)
		unet_abort(st->socks);
}

static void *fail(int err)
{
	errno = -err;
	return NULL;
}

static int bad_proto(const char *proto, const char *allowed)
{
	unet_detail("protocol \"%.40s\": not known here (allowed: %s)",
		    proto ? proto : "", allowed);
	return -EINVAL;
}

static bool bad_flags(u32 flags)
{
	if (!(flags & ~(UNET_SOCK_V6ONLY | UNET_SOCK_REUSEADDR)))
		return false;
	unet_detail("flags %#x: not known here (allowed: UNET_SOCK_V6ONLY, UNET_SOCK_REUSEADDR)",
		    flags);
	return true;
}

static int take_address(const struct sockaddr *sa, socklen_t len,
			struct unet_endpoint *e)
{
	int err;

	unet_detail_clear();
	err = unet_endpoint_from(sa, len, e);
	if (err)
		unet_detail("socket address of %u bytes: not an AF_INET or AF_INET6 one",
			    len);
	return err;
}

static const char *refusal(int err)
{
	switch (err) {
	case -EADDRINUSE:
		return "in use by the host or another application";
	case -EACCES:
		return "privileged ports need CAP_NET_BIND_SERVICE";
	default:
		return unet_strerror(err);
	}
}

/* What was refused, unless whoever refused has said so. */
static int explain(const struct unet_endpoint *e, const char *why, int err)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[80] = "";

	if (*unet_error_detail())
		return err;
	unet_endpoint_to(e, (struct sockaddr *)&sa, &len);
	unet_addr_text((struct sockaddr *)&sa, text, sizeof(text));
	unet_detail("address \"%s\": %s", text, why);
	return err;
}

static struct unet_sock *listen_on(struct unet_stack *st,
				   const struct unet_endpoint *local,
				   int backlog, u32 flags)
{
	struct unet_sock *s = unet_sock_tcp_listen(st, local, backlog, flags);
	int err = s ? 0 : -errno;

	return s ? s : fail(explain(local, refusal(err), err));
}

/* ":80" is IPv4's alone where the host has no IPv6: another try after @err? */
static bool without_ipv6(const char *local, struct unet_endpoint *e, int err)
{
	if (err != -EAFNOSUPPORT || *local != ':' || e->family != 6)
		return false;
	unet_detail_clear();
	e->family = 4;
	return true;
}

struct unet_sock *unet_listen(struct unet_stack *st, const char *proto,
			      const char *local, int backlog)
{
	struct unet_endpoint e;
	struct unet_sock *s;
	int err;

	unet_detail_clear();
	if (!proto || strcmp(proto, "tcp"))
		return fail(bad_proto(proto, "tcp"));
	err = unet_endpoint_parse(local, &e);
	if (err)
		return fail(err);
	s = listen_on(st, &e, backlog, 0);
	if (!s && without_ipv6(local, &e, -errno))
		s = listen_on(st, &e, backlog, 0);
	return s;
}

struct unet_sock *unet_listen_addr(struct unet_stack *st,
				   const struct sockaddr *local, socklen_t len,
				   int backlog, uint32_t flags)
{
	struct unet_endpoint e;
	int err = take_address(local, len, &e);

	if (!err && bad_flags(flags))
		err = -EINVAL;
	if (err)
		return fail(err);
	return listen_on(st, &e, backlog, flags);
}

struct unet_sock *unet_accept(struct unet_sock *listener)
{
	if (listener->kind != UNET_SOCK_LISTENER)
		return fail(-EINVAL);
	return unet_sock_tcp_accept(listener);
}

static int check_opts(const struct unet_connect_opts *opts)
{
	int err = unet_opts_check(opts, sizeof(*opts), "unet_connect_opts");

	if (err || !opts)
		return err;
	if (!opts->reserved && !(opts->flags & ~UNET_SOCK_REUSEADDR))
		return 0;
	unet_detail("struct unet_connect_opts: flags %#x, reserved %u: flags "
		    "must be 0 or UNET_SOCK_REUSEADDR, reserved 0",
		    opts->flags, opts->reserved);
	return -EINVAL;
}

/* An error of the address to come from where there is one, of the peer's else. */
static int explain_connect(const struct unet_endpoint *local,
			   const struct unet_endpoint *remote, int err)
{
	bool chosen = local->port || !unet_addr_is_any(local->addr);

	if (chosen && (err == -EADDRINUSE || err == -EACCES ||
		       err == -EADDRNOTAVAIL))
		return explain(local, refusal(err), err);
	return explain(remote, unet_strerror(err), err);
}

static struct unet_sock *connect_to(struct unet_stack *st, int type,
				    const struct unet_endpoint *remote,
				    const struct unet_connect_opts *opts)
{
	struct unet_endpoint local = { .family = remote->family };
	struct unet_sock *s;
	int err = check_opts(opts);

	if (!err && opts && opts->local)
		err = unet_endpoint_parse(opts->local, &local);
	if (!err && local.family != remote->family) {
		unet_detail("local address \"%.80s\" and remote address are of different families",
			    opts->local);
		err = -EINVAL;
	}
	if (!err && (!remote->port || unet_addr_is_any(remote->addr))) {
		unet_detail("the remote side must have an address and a port");
		err = -EINVAL;
	}
	if (err)
		return fail(err);
	s = type == SOCK_STREAM ?
	    unet_sock_tcp_connect(st, remote, &local, opts) :
	    unet_sock_udp_connect(st, remote, &local, opts);
	return s ? s : fail(explain_connect(&local, remote, -errno));
}

struct unet_sock *unet_connect(struct unet_stack *st, const char *proto,
			       const char *remote,
			       const struct unet_connect_opts *opts)
{
	struct unet_endpoint e;
	bool tcp = proto && !strcmp(proto, "tcp");
	int err = 0;

	unet_detail_clear();
	if (!tcp && (!proto || strcmp(proto, "udp")))
		err = bad_proto(proto, "tcp, udp");
	if (!err)
		err = unet_endpoint_parse(remote, &e);
	if (err)
		return fail(err);
	return connect_to(st, tcp ? SOCK_STREAM : SOCK_DGRAM, &e, opts);
}

struct unet_sock *unet_connect_addr(struct unet_stack *st, int type,
				    const struct sockaddr *remote,
				    socklen_t len,
				    const struct unet_connect_opts *opts)
{
	struct unet_endpoint e;
	int err = take_address(remote, len, &e);

	if (!err && type != SOCK_STREAM && type != SOCK_DGRAM) {
		unet_detail("type %d: not known here (allowed: SOCK_STREAM, SOCK_DGRAM)",
			    type);
		err = -EINVAL;
	}
	if (err)
		return fail(err);
	return connect_to(st, type, &e, opts);
}

struct unet_sock *unet_udp_open(struct unet_stack *st, int family)
{
	if (family != AF_INET && family != AF_INET6)
		return fail(-EAFNOSUPPORT);
	return unet_sock_udp_open(st, family);
}

static int bind_to(struct unet_sock *s, const struct unet_endpoint *local)
{
	int err = unet_sock_udp_bind(s, local);

	if (!err)
		return 0;
	return explain(local, err == -EINVAL ?
		       "no UDP socket, or it has an address already" :
		       refusal(err), err);
}

int unet_udp_bind(struct unet_sock *s, const char *local)
{
	struct unet_endpoint e;
	int err;

	unet_detail_clear();
	err = unet_endpoint_parse(local, &e);
	if (err)
		return err;
	err = bind_to(s, &e);
	return without_ipv6(local, &e, err) ? bind_to(s, &e) : err;
}

int unet_udp_bind_addr(struct unet_sock *s, const struct sockaddr *local,
		       socklen_t len, uint32_t flags)
{
	struct unet_endpoint e;
	int err = take_address(local, len, &e);

	if (!err && bad_flags(flags))
		err = -EINVAL;
	if (err)
		return err;
	s->flags |= flags;
	return bind_to(s, &e);
}

int unet_shutdown(struct unet_sock *s, int how)
{
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	return s->ops->shutdown(s, how);
}

int unet_close(struct unet_sock *s)
{
	if (!s)
		return 0;
	s->ops->close(s);
	unet_sock_free(s);
	return 0;
}

int unet_abort(struct unet_sock *s)
{
	if (!s)
		return 0;
	s->ops->abort(s);
	unet_sock_free(s);
	return 0;
}

int unet_getsockname(const struct unet_sock *s, struct sockaddr *addr,
		     socklen_t *len)
{
	struct unet_endpoint e;

	unet_endpoint_local(&s->ops->flow(s)->key, &e);
	return unet_endpoint_to(&e, addr, len);
}

int unet_getpeername(const struct unet_sock *s, struct sockaddr *addr,
		     socklen_t *len)
{
	const struct unet_flow *f = s->ops->flow(s);
	struct unet_endpoint e;

	if (!f->key.remote_port)
		return -ENOTCONN;
	unet_endpoint_remote(&f->key, &e);
	return unet_endpoint_to(&e, addr, len);
}
