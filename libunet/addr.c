// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unet/socket.h>
#include "addr.h"
#include "internal.h"

#define FORMS "192.0.2.1:80, [2001:db8::1]:80, [::]:80 or :80"

static int bad(const char *text, const char *why)
{
	unet_detail("address \"%.80s\": %s (allowed: " FORMS ")", text, why);
	return -EINVAL;
}

static int parse_port(const char *digits, __be16 *port)
{
	u32 value = 0;

	if (!*digits)
		return -EINVAL;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9')
			return -EINVAL;
		value = value * 10 + (u32)(*digits - '0');
		if (value > 65535)
			return -ERANGE;
	}
	*port = cpu_to_be16((u16)value);
	return 0;
}

/* An IPv4 address inside an IPv6 one is an IPv4 address (RFC 4291 s. 2.5.5.2). */
static void unmap(struct unet_endpoint *e)
{
	if (e->family != 6 || e->addr[0] || e->addr[1] ||
	    e->addr[2] != cpu_to_be32(0xffff))
		return;
	e->family = 4;
	e->addr[0] = e->addr[3];
	e->addr[2] = 0;
	e->addr[3] = 0;
}

/* Where the address ends and the port begins; NULL: there is no port. */
static const char *find_port(const char *text, const char **end)
{
	const char *colon = strrchr(text, ':');

	if (*text == '[') {
		*end = strchr(text, ']');
		if (!*end)
			return NULL;
		return (*end)[1] == ':' ? *end + 2 : NULL;
	}
	/* more than one colon and no brackets: an IPv6 address without port */
	if (!colon || strchr(text, ':') != colon) {
		*end = text + strlen(text);
		return NULL;
	}
	*end = colon;
	return colon + 1;
}

static int parse_host(const char *host, size_t len, struct unet_endpoint *e)
{
	char copy[INET6_ADDRSTRLEN];

	e->family = 6;
	if (!len)
		return 0;
	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, host, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET6, copy, e->addr) == 1)
		return 0;
	e->family = 4;
	return inet_pton(AF_INET, copy, e->addr) == 1 ? 0 : -EINVAL;
}

/**
 * unet_endpoint_parse() - an address with or without port from text
 * @text: see <unet/socket.h>
 * @e: filled in; port 0 when there is none
 *
 * Return: 0, or -EINVAL with unet_error_detail() set.
 */
int unet_endpoint_parse(const char *text, struct unet_endpoint *e)
{
	const char *host = text;
	const char *port;
	const char *end;
	int err;

	memset(e, 0, sizeof(*e));
	if (!text || !*text)
		return bad("", "empty");
	port = find_port(text, &end);
	if (*text == '[') {
		host++;
		if (!end || (end[1] && end[1] != ':') || end == host)
			return bad(text, "brackets do not match");
	}
	if (parse_host(host, (size_t)(end - host), e))
		return bad(text, "not an IPv4 or IPv6 address");
	if (*text == '[' && e->family != 6)
		return bad(text, "only IPv6 goes in brackets");
	unmap(e);
	err = port ? parse_port(port, &e->port) : 0;
	if (err)
		return bad(text, "the port is no number from 0 to 65535");
	return 0;
}

/**
 * unet_endpoint_from() - from a socket address
 * @sa: AF_INET or AF_INET6; mapped IPv4 becomes IPv4
 * @len: of @sa
 * @e: filled in
 *
 * Return: 0, -EINVAL too short, -EAFNOSUPPORT.
 */
int unet_endpoint_from(const struct sockaddr *sa, socklen_t len,
		       struct unet_endpoint *e)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

	memset(e, 0, sizeof(*e));
	if (!sa || len < sizeof(sa->sa_family))
		return -EINVAL;
	switch (sa->sa_family) {
	case AF_INET:
		if (len < sizeof(*in))
			return -EINVAL;
		e->family = 4;
		e->port = in->sin_port;
		memcpy(e->addr, &in->sin_addr, 4);
		return 0;
	case AF_INET6:
		if (len < sizeof(*in6))
			return -EINVAL;
		e->family = 6;
		e->port = in6->sin6_port;
		memcpy(e->addr, &in6->sin6_addr, 16);
		unmap(e);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/**
 * unet_endpoint_to() - to a socket address
 * @e: the endpoint
 * @sa: filled in as far as there is room
 * @len: in: room, out: length
 *
 * Return: 0 or -EINVAL.
 */
int unet_endpoint_to(const struct unet_endpoint *e, struct sockaddr *sa,
		     socklen_t *len)
{
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u = { .in.sin_family = AF_INET };
	socklen_t want = sizeof(u.in);

	if (!sa || !len)
		return -EINVAL;
	if (e->family == 4) {
		u.in.sin_port = e->port;
		memcpy(&u.in.sin_addr, e->addr, 4);
	} else {
		memset(&u, 0, sizeof(u));
		u.in6.sin6_family = AF_INET6;
		u.in6.sin6_port = e->port;
		memcpy(&u.in6.sin6_addr, e->addr, 16);
		want = sizeof(u.in6);
	}
	memcpy(sa, &u, min(*len, want));
	*len = want;
	return 0;
}

void unet_endpoint_local(const struct unet_flow_key *key,
			 struct unet_endpoint *e)
{
	memcpy(e->addr, key->local, sizeof(e->addr));
	e->port = key->local_port;
	e->family = key->family;
}

void unet_endpoint_remote(const struct unet_flow_key *key,
			  struct unet_endpoint *e)
{
	memcpy(e->addr, key->remote, sizeof(e->addr));
	e->port = key->remote_port;
	e->family = key->family;
}

/**
 * unet_endpoint_set_local() - make an endpoint a key's local side
 * @key: @family and @mask (3- or 2-tuple) are set, too
 * @e: the endpoint
 */
void unet_endpoint_set_local(struct unet_flow_key *key,
			     const struct unet_endpoint *e)
{
	memcpy(key->local, e->addr, sizeof(key->local));
	key->local_port = e->port;
	key->family = e->family;
	key->mask = e->addr[0] | e->addr[1] | e->addr[2] | e->addr[3] ?
		    UNET_MASK_3TUPLE : UNET_MASK_2TUPLE;
}

/**
 * unet_endpoint_set_remote() - make an endpoint a key's remote side
 * @key: @family is set, too
 * @e: the endpoint
 */
void unet_endpoint_set_remote(struct unet_flow_key *key,
			      const struct unet_endpoint *e)
{
	memcpy(key->remote, e->addr, sizeof(key->remote));
	key->remote_port = e->port;
	key->family = e->family;
	key->mask = UNET_MASK_5TUPLE;
}

int unet_addr_parse(const char *text, struct sockaddr *addr, socklen_t *len)
{
	struct unet_endpoint e;
	int err;

	unet_detail_clear();
	err = unet_endpoint_parse(text, &e);
	return err ? err : unet_endpoint_to(&e, addr, len);
}

int unet_addr_text(const struct sockaddr *addr, char *buf, size_t len)
{
	char host[INET6_ADDRSTRLEN];
	const void *bytes;
	unsigned int port;
	int n;

	switch (addr->sa_family) {
	case AF_INET:
		bytes = &((const struct sockaddr_in *)addr)->sin_addr;
		port = be16_to_cpu(((const struct sockaddr_in *)addr)->sin_port);
		break;
	case AF_INET6:
		bytes = &((const struct sockaddr_in6 *)addr)->sin6_addr;
		port = be16_to_cpu(((const struct sockaddr_in6 *)addr)->sin6_port);
		break;
	default:
		return -EAFNOSUPPORT;
	}
	if (!inet_ntop(addr->sa_family, bytes, host, sizeof(host)))
		return -errno;
	n = snprintf(buf, len, addr->sa_family == AF_INET ? "%s:%u" : "[%s]:%u",
		     host, port);
	return n >= 0 && (size_t)n < len ? 0 : -ENOSPC;
}
