// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "genl.h"

#define RECEIVE_BYTES	32768	/* what the kernel fills at most in a dump */
#define SEND_BYTES	1024

struct unet_genl {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	bool torn;
	uint64_t about;
	unet_genl_raw_fn raw;
	char said[256];
	char buf[RECEIVE_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* What comes of one message: go on reading, or the answer is whole. */
enum progress { MORE, COMPLETE };

/* ---- reading ------------------------------------------------------------ */

static void keep_text(struct unet_genl *genl, const struct nlattr *attr)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t i, len = mnl_attr_get_payload_len(attr);

	for (i = 0; i < len && i < sizeof(genl->said) - 1 && text[i]; i++)
		genl->said[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	genl->said[i] = '\0';
}

static void keep_id(struct unet_genl *genl, const struct nlattr *attr)
{
	if (mnl_attr_get_payload_len(attr) == sizeof(genl->about))
		memcpy(&genl->about, mnl_attr_get_payload(attr), sizeof(genl->about));
}

/* The kernel's words ride on errors behind the errno and the query's header. */
static void keep_words(struct unet_genl *genl, const struct nlmsghdr *nlh,
		       size_t offset)
{
	const struct nlattr *attr;
	const char *attrs;
	ssize_t bytes;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    offset > nlh->nlmsg_len - NLMSG_HDRLEN)
		return;
	attrs = (const char *)nlh + NLMSG_HDRLEN + offset;
	bytes = nlh->nlmsg_len - NLMSG_HDRLEN - offset;
	mnl_attr_for_each_payload((void *)attrs, bytes) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			keep_text(genl, attr);
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_COOKIE)
			keep_id(genl, attr);
	}
}

static int read_error(struct unet_genl *genl, const struct nlmsghdr *nlh,
		      enum progress *progress)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*err);

	if (nlh->nlmsg_len < NLMSG_HDRLEN + sizeof(*err))
		return -EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len >= NLMSG_HDRLEN)
		offset += NLMSG_ALIGN((size_t)err->msg.nlmsg_len) - NLMSG_HDRLEN;
	keep_words(genl, nlh, offset);
	if (err->error > 0)
		return -EBADMSG;
	*progress = COMPLETE;
	return err->error;
}

static int read_done(struct unet_genl *genl, const struct nlmsghdr *nlh,
		     enum progress *progress)
{
	int32_t error = 0;

	if (nlh->nlmsg_len >= NLMSG_HDRLEN + sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	keep_words(genl, nlh, sizeof(error));
	*progress = COMPLETE;
	return error < 0 ? error : 0;
}

static int read_message(struct unet_genl *genl, const struct nlmsghdr *nlh,
			unet_genl_fn fn, void *arg, enum progress *progress)
{
	struct unet_reply reply;
	int err;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		genl->torn = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
		return read_error(genl, nlh, progress);
	case NLMSG_DONE:
		return read_done(genl, nlh, progress);
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	}
	if (nlh->nlmsg_type != genl->family)
		return 0;
	if (genl->raw)
		return genl->raw(nlh, arg);
	err = unet_reply_parse(nlh, &reply);
	if (err)
		return err;
	return fn ? fn(&reply, arg) : 0;
}

/* mnl_nlmsg_ok() alone takes a length beyond INT_MAX for a negative one. */
static bool is_whole(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (unsigned int)left;
}

/* Messages of another conversation are passed over; seq 0 takes all. */
static int read_messages(struct unet_genl *genl, const void *buf, size_t bytes,
			 uint32_t seq, unet_genl_fn fn, void *arg,
			 enum progress *progress)
{
	const struct nlmsghdr *nlh = buf;
	int left = bytes, err;

	*progress = MORE;
	for (; is_whole(nlh, left) && *progress == MORE;
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (seq && nlh->nlmsg_seq != seq)
			continue;
		err = read_message(genl, nlh, fn, arg, progress);
		if (err)
			return err;
	}
	return 0;
}

/* ---- asking ------------------------------------------------------------- */

static struct nlmsghdr *start(struct unet_genl *genl, char *buf, uint16_t type,
			      uint16_t flags, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *head;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++genl->seq;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->cmd = cmd;
	head->version = version;
	return nlh;
}

static int exchange(struct unet_genl *genl, const struct nlmsghdr *nlh,
		    unet_genl_fn fn, void *arg)
{
	enum progress progress;
	ssize_t bytes;
	int err;

	genl->said[0] = '\0';
	genl->about = 0;
	genl->torn = false;
	if (mnl_socket_sendto(genl->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		bytes = mnl_socket_recvfrom(genl->socket, genl->buf,
					    sizeof(genl->buf));
		if (bytes < 0)
			return -errno;
		err = read_messages(genl, genl->buf, bytes, nlh->nlmsg_seq,
				    fn, arg, &progress);
	} while (!err && progress == MORE);
	return err;
}

/* Only whole addresses can be asked of the kernel; prefixes are ours. */
static void put_addr(struct nlmsghdr *nlh, uint16_t attr,
		     const struct unet_args_prefix *addr)
{
	if (addr->family == AF_INET && addr->bits == 32)
		mnl_attr_put(nlh, attr, 4, addr->bytes);
	if (addr->family == AF_INET6 && addr->bits == 128)
		mnl_attr_put(nlh, attr, 16, addr->bytes);
}

/* A command refuses what it does not filter by: only flows have all of it. */
static void put_filter(struct nlmsghdr *nlh, uint8_t cmd,
		       const struct unet_args_filter *f)
{
	if (f->given & UNET_FILTER_DEV)
		mnl_attr_put_strz(nlh, UNET_A_IFNAME, f->dev);
	if (cmd != UNET_CMD_FLOW_GET)
		return;
	if (f->given & UNET_FILTER_PROTO)
		mnl_attr_put_u8(nlh, UNET_A_PROTO, f->proto);
	if (f->given & UNET_FILTER_LOCAL_PORT)
		mnl_attr_put_u16(nlh, UNET_A_LOCAL_PORT, htons(f->local_port));
	if (f->given & UNET_FILTER_REMOTE_PORT)
		mnl_attr_put_u16(nlh, UNET_A_REMOTE_PORT, htons(f->remote_port));
	if (f->given & UNET_FILTER_LOCAL_ADDR)
		put_addr(nlh, UNET_A_LOCAL_ADDR, &f->local_addr);
	if (f->given & UNET_FILTER_REMOTE_ADDR)
		put_addr(nlh, UNET_A_REMOTE_ADDR, &f->remote_addr);
	if (f->given & UNET_FILTER_PID)
		mnl_attr_put_u32(nlh, UNET_A_PID, f->pid);
}

static void put_prefix(struct nlmsghdr *nlh, uint16_t addr, uint16_t bits,
		       const struct unet_args_prefix *prefix)
{
	mnl_attr_put(nlh, addr, prefix->family == AF_INET ? 4 : 16, prefix->bytes);
	mnl_attr_put_u8(nlh, bits, prefix->bits);
}

static void put_selection(struct nlmsghdr *nlh, const struct unet_args_type *t)
{
	if (t->given & UNET_TYPE_WORD_NUMBER) {
		mnl_attr_put_u8(nlh, UNET_A_LAYER, t->layer);
		mnl_attr_put_u32(nlh, UNET_A_FIRST, t->first);
		mnl_attr_put_u32(nlh, UNET_A_LAST, t->last);
	}
	if (t->proto)
		mnl_attr_put_u8(nlh, UNET_A_PROTO, t->proto);
	if (t->given & UNET_TYPE_WORD_DIR)
		mnl_attr_put_u8(nlh, UNET_A_DIRECTION, t->direction);
	if (t->given & UNET_TYPE_WORD_DEV)
		mnl_attr_put_strz(nlh, UNET_A_IFNAME, t->dev);
	if (t->given & UNET_TYPE_WORD_LOCAL)
		put_prefix(nlh, UNET_A_LOCAL_ADDR, UNET_A_LOCAL_BITS, &t->local);
	if (t->given & UNET_TYPE_WORD_REMOTE)
		put_prefix(nlh, UNET_A_REMOTE_ADDR, UNET_A_REMOTE_BITS, &t->remote);
	if (t->num_patterns)
		mnl_attr_put(nlh, UNET_A_PATTERNS,
			     t->num_patterns * sizeof(t->pattern[0]), t->pattern);
}

static void put_type(struct nlmsghdr *nlh, const struct unet_args_type *t,
		     int prog_fd)
{
	bool policy = t->verb->cmd >= UNET_CMD_POLICY_ADD;

	if (t->id)
		mnl_attr_put_u32(nlh, policy ? UNET_A_POLICY : UNET_A_TYPE, t->id);
	put_selection(nlh, t);
	if (t->given & UNET_TYPE_WORD_ACTION)
		mnl_attr_put_u8(nlh, UNET_A_ACTION, t->action);
	if (t->given & UNET_TYPE_WORD_PRIORITY)
		mnl_attr_put_u32(nlh, UNET_A_PRIORITY, t->priority);
	if (prog_fd >= 0)
		mnl_attr_put_u32(nlh, UNET_A_PROG_FD, prog_fd);
	if (t->given & UNET_TYPE_WORD_EXT)
		mnl_attr_put_strz(nlh, UNET_A_EXTENSION, t->extension);
	if (t->given & UNET_TYPE_WORD_ONLY)
		mnl_attr_put_u32(nlh, UNET_A_TYPE_FLAGS, t->flags);
	if (t->given & UNET_TYPE_WORD_UID)
		mnl_attr_put_u32(nlh, UNET_A_UID, t->uid);
	if (t->given & UNET_TYPE_WORD_GID)
		mnl_attr_put_u32(nlh, UNET_A_GID, t->gid);
	if (t->given & UNET_TYPE_WORD_ACTIONS)
		mnl_attr_put_u32(nlh, UNET_A_ACTIONS, t->actions);
	if (t->given & UNET_TYPE_WORD_MAX)
		mnl_attr_put_u32(nlh, UNET_A_MAX_TYPES, t->max);
}

int unet_genl_ask(struct unet_genl *genl, const struct unet_genl_query *query,
		  unet_genl_fn fn, void *arg)
{
	uint16_t flags = query->dump ? NLM_F_DUMP : NLM_F_ACK;
	char buf[SEND_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh;

	nlh = start(genl, buf, genl->family, flags, query->cmd,
		    UNET_GENL_VERSION);
	if (query->ifname)
		mnl_attr_put_strz(nlh, UNET_A_IFNAME, query->ifname);
	if (query->filter)
		put_filter(nlh, query->cmd, query->filter);
	if (query->type)
		put_type(nlh, query->type, query->prog_fd);
	if (query->put)
		query->put(nlh, query->put_arg);
	genl->raw = query->raw;
	return exchange(genl, nlh, fn, arg);
}

const char *unet_genl_said(const struct unet_genl *genl)
{
	return genl->said;
}

uint64_t unet_genl_about(const struct unet_genl *genl)
{
	return genl->about;
}

bool unet_genl_torn(const struct unet_genl *genl)
{
	return genl->torn;
}

/* ---- finding the family -------------------------------------------------- */

static void keep_group(struct unet_genl *genl, const struct nlattr *group)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_MCAST_GRP_NAME:
			if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
				name = mnl_attr_get_str(attr);
			break;
		case CTRL_ATTR_MCAST_GRP_ID:
			if (!mnl_attr_validate(attr, MNL_TYPE_U32))
				id = mnl_attr_get_u32(attr);
			break;
		}
	}
	if (!strcmp(name, UNET_GENL_GROUP))
		genl->group = id;
}

static void keep_family(struct unet_genl *genl, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			if (!mnl_attr_validate(attr, MNL_TYPE_U16))
				genl->family = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				keep_group(genl, group);
			break;
		}
	}
}

static int find_family(struct unet_genl *genl)
{
	char buf[SEND_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *answer;
	enum progress progress = MORE;
	struct nlmsghdr *nlh;
	ssize_t bytes;
	int left, err;

	nlh = start(genl, buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, UNET_GENL_NAME);
	if (mnl_socket_sendto(genl->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (progress == MORE) {
		bytes = mnl_socket_recvfrom(genl->socket, genl->buf,
					    sizeof(genl->buf));
		if (bytes < 0)
			return -errno;
		left = bytes;
		answer = (const struct nlmsghdr *)genl->buf;
		for (; is_whole(answer, left);
		     answer = mnl_nlmsg_next(answer, &left))
			if (answer->nlmsg_type == GENL_ID_CTRL)
				keep_family(genl, answer);
		err = read_messages(genl, genl->buf, bytes, nlh->nlmsg_seq,
				    NULL, NULL, &progress);
		if (err)
			return err;
	}
	return genl->family ? 0 : -ENOENT;
}

int unet_genl_open(struct unet_genl **genl)
{
	struct unet_genl *g = calloc(1, sizeof(*g));
	int err, on = 1;

	if (!g)
		return -ENOMEM;
	g->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!g->socket || mnl_socket_bind(g->socket, 0, MNL_SOCKET_AUTOPID)) {
		err = -errno;
		goto close;
	}
	/* An old kernel without them only says less. */
	mnl_socket_setsockopt(g->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(g->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	err = find_family(g);
	if (err == -ENOENT)
		err = -ENOPKG;
	if (err)
		goto close;
	*genl = g;
	return 0;
close:
	unet_genl_close(g);
	return err;
}

void unet_genl_close(struct unet_genl *genl)
{
	if (!genl)
		return;
	if (genl->socket)
		mnl_socket_close(genl->socket);
	free(genl);
}

/* ---- events -------------------------------------------------------------- */

int unet_genl_listen(struct unet_genl *genl, unet_genl_fn fn, void *arg)
{
	enum progress progress;
	uint32_t group = genl->group;
	ssize_t bytes;
	int err = 0;

	if (!group)
		return -EOPNOTSUPP;
	if (mnl_socket_setsockopt(genl->socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)))
		return -errno;
	while (!err) {
		bytes = mnl_socket_recvfrom(genl->socket, genl->buf,
					    sizeof(genl->buf));
		if (bytes < 0 && errno == ENOBUFS)
			err = fn(NULL, arg);
		else if (bytes < 0)
			err = -errno;
		else
			err = read_messages(genl, genl->buf, bytes, 0, fn, arg,
					    &progress);
	}
	return err;
}
