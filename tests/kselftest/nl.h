/* SPDX-License-Identifier: MIT */
/*
 * Generic netlink by hand, so that a test can be wrong in every way and see all
 * the kernel says of it.
 */
#ifndef UNET_TEST_NL_H
#define UNET_TEST_NL_H

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/unet.h>

#define NL_REQUEST_BYTES	8192

struct nl {
	int fd;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	char said[256];		/* extended acknowledgment of the last request */
	uint32_t bad;		/* offset of the attribute it complains of */
	uint32_t missing;	/* type of the attribute it misses */
	uint64_t about;		/* id of what it says is in the way */
};

struct nl_req {
	struct nlmsghdr h;
	struct genlmsghdr g;
	uint8_t attrs[NL_REQUEST_BYTES];
};

/* What a message carries, by attribute; NULL: it has none. */
struct nl_reply {
	uint8_t cmd;
	const struct nlattr *attr[UNET_A_COUNT];
};

typedef void (*nl_fn)(const struct nl_reply *reply, void *arg);

static inline const void *nl_data(const struct nlattr *a)
{
	return (const uint8_t *)a + NLA_HDRLEN;
}

static inline uint32_t nl_u32(const struct nlattr *a)
{
	uint32_t v = ~0u;

	if (a && a->nla_len == NLA_HDRLEN + sizeof(v))
		memcpy(&v, nl_data(a), sizeof(v));
	return v;
}

static inline uint64_t nl_u64(const struct nlattr *a)
{
	uint64_t v = ~0ull;

	if (a && a->nla_len == NLA_HDRLEN + sizeof(v))
		memcpy(&v, nl_data(a), sizeof(v));
	return v;
}

static inline const char *nl_str(const struct nlattr *a)
{
	return a ? nl_data(a) : "";
}

/* ---- asking ---- */

static inline void nl_start(struct nl *nl, struct nl_req *r, uint16_t type,
			    uint16_t flags, uint8_t cmd)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	r->h.nlmsg_type = type;
	r->h.nlmsg_flags = NLM_F_REQUEST | flags;
	r->h.nlmsg_seq = ++nl->seq;
	r->g.cmd = cmd;
	r->g.version = 1;
}

/* Append an attribute; its offset from the start of the message. */
static inline uint32_t nl_put(struct nl_req *r, uint16_t type, const void *data,
			      uint16_t bytes)
{
	uint32_t at = r->h.nlmsg_len;
	struct nlattr *a = (void *)((uint8_t *)r + at);

	if (at + NLA_HDRLEN + NLA_ALIGN(bytes) > sizeof(*r))
		abort();
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + bytes;
	if (bytes)
		memcpy((uint8_t *)a + NLA_HDRLEN, data, bytes);
	r->h.nlmsg_len = at + NLA_HDRLEN + NLA_ALIGN(bytes);
	return at;
}

/* Begins a rule of the administrator's for what comes to a UDP @port. */
static inline void nl_rule(struct nl *nl, struct nl_req *r, uint8_t action, uint32_t port)
{
	const uint8_t layer = UNET_TYPE_PORT, proto = IPPROTO_UDP;

	nl_start(nl, r, nl->family, NLM_F_ACK, UNET_CMD_TYPE_ADD);
	nl_put(r, UNET_A_LAYER, &layer, sizeof(layer));
	nl_put(r, UNET_A_ACTION, &action, sizeof(action));
	nl_put(r, UNET_A_PROTO, &proto, sizeof(proto));
	nl_put(r, UNET_A_FIRST, &port, sizeof(port));
}

static inline uint32_t nl_put_str(struct nl_req *r, uint16_t type,
				  const char *text)
{
	return nl_put(r, type, text, strlen(text) + 1);
}

/* ---- hearing ---- */

static inline void nl_each(const void *from, int left,
			   void (*fn)(const struct nlattr *a, void *arg),
			   void *arg)
{
	const struct nlattr *a = from;

	while (left >= (int)NLA_HDRLEN && a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= left) {
		fn(a, arg);
		left -= NLA_ALIGN(a->nla_len);
		a = (const void *)((const uint8_t *)a + NLA_ALIGN(a->nla_len));
	}
}

static inline void nl_keep_ack(const struct nlattr *a, void *arg)
{
	struct nl *nl = arg;

	switch (a->nla_type & NLA_TYPE_MASK) {
	case NLMSGERR_ATTR_MSG:
		snprintf(nl->said, sizeof(nl->said), "%s", nl_str(a));
		break;
	case NLMSGERR_ATTR_OFFS:
		nl->bad = nl_u32(a);
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		nl->missing = nl_u32(a);
		break;
	case NLMSGERR_ATTR_COOKIE:
		nl->about = nl_u64(a);
		break;
	}
}

static inline int nl_error(struct nl *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	int off = NLMSG_HDRLEN + sizeof(*e);

	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		off += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		nl_each((const uint8_t *)h + NLMSG_ALIGN(off),
			h->nlmsg_len - NLMSG_ALIGN(off), nl_keep_ack, nl);
	return e->error;
}

static inline int nl_done(struct nl *nl, const struct nlmsghdr *h)
{
	int err = 0, off = NLMSG_HDRLEN + sizeof(err);

	if (h->nlmsg_len >= (uint32_t)off)
		memcpy(&err, NLMSG_DATA(h), sizeof(err));
	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		nl_each((const uint8_t *)h + off, h->nlmsg_len - off,
			nl_keep_ack, nl);
	return err;
}

static inline void nl_keep_attr(const struct nlattr *a, void *arg)
{
	struct nl_reply *reply = arg;
	int type = a->nla_type & NLA_TYPE_MASK;

	if (type < UNET_A_COUNT)
		reply->attr[type] = a;
}

static inline void nl_parse(const struct nlmsghdr *h, struct nl_reply *reply)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);

	memset(reply, 0, sizeof(*reply));
	reply->cmd = g->cmd;
	nl_each((const uint8_t *)g + GENL_HDRLEN,
		h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, nl_keep_attr, reply);
}

/*
 * One read of up to @bytes. Return: 1: more is to come, 0: the answer is
 * complete, or the error it ended with.
 */
static inline int nl_read(struct nl *nl, size_t bytes, nl_fn fn, void *arg)
{
	static _Thread_local uint8_t buf[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (void *)buf;
	struct nl_reply reply;
	unsigned int left;
	ssize_t got;

	got = recv(nl->fd, buf, bytes > sizeof(buf) ? sizeof(buf) : bytes, 0);
	if (got < 0)
		return -errno;
	left = got;
	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_seq && h->nlmsg_seq != nl->seq)
			continue;
		if (h->nlmsg_type == NLMSG_ERROR)
			return nl_error(nl, h);
		if (h->nlmsg_type == NLMSG_DONE)
			return nl_done(nl, h);
		nl_parse(h, &reply);
		if (fn)
			fn(&reply, arg);
	}
	return 1;
}

static inline int nl_send(struct nl *nl, const struct nl_req *r)
{
	nl->said[0] = 0;
	nl->bad = 0;
	nl->missing = 0;
	nl->about = 0;
	return send(nl->fd, r, r->h.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Ask and take the whole answer; 0 or the kernel's errno. */
static inline int nl_ask(struct nl *nl, const struct nl_req *r, nl_fn fn,
			 void *arg)
{
	int err = nl_send(nl, r);

	if (err)
		return err;
	do {
		err = nl_read(nl, 65536, fn, arg);
	} while (err > 0);
	return err;
}

/* ---- the family ---- */

static inline void nl_keep_group(const struct nlattr *a, void *arg)
{
	struct nl *nl = arg;

	if ((a->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GRP_ID)
		nl->group = nl_u32(a);
}

static inline void nl_keep_groups(const struct nlattr *a, void *arg)
{
	nl_each(nl_data(a), a->nla_len - NLA_HDRLEN, nl_keep_group, arg);
}

static inline void nl_keep_family(const struct nlattr *a, void *arg)
{
	struct nl *nl = arg;

	switch (a->nla_type & NLA_TYPE_MASK) {
	case CTRL_ATTR_FAMILY_ID:
		memcpy(&nl->family, nl_data(a), sizeof(nl->family));
		break;
	case CTRL_ATTR_MCAST_GROUPS:
		nl_each(nl_data(a), a->nla_len - NLA_HDRLEN, nl_keep_groups, nl);
		break;
	}
}

static inline int nl_find_family(struct nl *nl)
{
	uint8_t buf[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (void *)buf;
	struct nl_req r;
	ssize_t got;

	nl_start(nl, &r, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	nl_put_str(&r, CTRL_ATTR_FAMILY_NAME, UNET_GENL_NAME);
	if (nl_send(nl, &r))
		return -errno;
	got = recv(nl->fd, buf, sizeof(buf), 0);
	if (got < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) ||
	    h->nlmsg_type == NLMSG_ERROR)
		return -ENOENT;
	nl_each(buf + NLMSG_HDRLEN + GENL_HDRLEN,
		h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN, nl_keep_family, nl);
	return nl->family ? 0 : -ENOENT;
}

/* In the network namespace of the caller. */
static inline int nl_open(struct nl *nl)
{
	struct timeval patience = { .tv_sec = 20 };
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return nl_find_family(nl);
}

static inline int nl_listen(struct nl *nl)
{
	return setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			  &nl->group, sizeof(nl->group)) ? -errno : 0;
}

/* A command about one device: attach, detach, get. */
static inline int nl_device(struct nl *nl, uint8_t cmd, const char *dev,
			    nl_fn fn, void *arg)
{
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_ACK, cmd);
	nl_put_str(&r, UNET_A_IFNAME, dev);
	return nl_ask(nl, &r, fn, arg);
}

#endif
