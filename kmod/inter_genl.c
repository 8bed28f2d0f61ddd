// SPDX-License-Identifier: GPL-2.0
/* Grants of intermediaries over generic netlink. */
#include <linux/bpf.h>
#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "channel.h"
#include "core/inter_check.h"
#include "genl_dump.h"
#include "genl_msg.h"
#include "genl_policy.h"
#include "inter_genl.h"
#include "intermediary.h"
#include "nexus.h"

/* ---- what an attribute may be ------------------------------------------ */

#define CHECK_BYTES(name, bytes, text)					\
static int check_##name(const struct nlattr *attr,			\
			struct netlink_ext_ack *extack)			\
{									\
	if (nla_len(attr) == (bytes))					\
		return 0;						\
	NL_SET_ERR_MSG_ATTR(extack, attr, text);			\
	return -EINVAL;							\
}

CHECK_BYTES(grant, 4, "GRANT must be four bytes, a grant's id")
CHECK_BYTES(rights, 4, "RIGHTS must be four bytes, UNET_INTER_*")
CHECK_BYTES(directions, 4, "DIRECTIONS must be four bytes: 1 inbound, 2 outbound, 3 both")
CHECK_BYTES(uid, 4, "UID must be four bytes, a user's id")
CHECK_BYTES(priority, 4, "PRIORITY must be four bytes, a signed number")
CHECK_BYTES(policy, 4, "POLICY must be four bytes: 0 open, 1 closed, 2 open after a time")
CHECK_BYTES(after_ms, 4, "AFTER_MS must be four bytes, milliseconds")
CHECK_BYTES(hold_ms, 4, "HOLD_MS must be four bytes, milliseconds")
CHECK_BYTES(backlog, 4, "BACKLOG must be four bytes, a number of packets")
CHECK_BYTES(backlog_bytes, 4, "BACKLOG_BYTES must be four bytes, a number of bytes")
CHECK_BYTES(copy_bytes, 4, "COPY_BYTES must be four bytes, a number of bytes")
CHECK_BYTES(violations, 4, "VIOLATIONS must be four bytes, a number")
CHECK_BYTES(local_prefix, 1, "LOCAL_PREFIX must be one byte, a number of bits")
CHECK_BYTES(remote_prefix, 1, "REMOTE_PREFIX must be one byte, a number of bits")
CHECK_BYTES(redirect_port, 2, "REDIRECT_PORT must be two bytes in network order")
CHECK_BYTES(prog_fd, 4, "PROG_FD must be four bytes, a file descriptor")

#define FIRST		{ .strict_start_type = 1 }	/* no attribute has number 0 */
#define REFUSE(allowed)	{ .type = NLA_REJECT, .reject_message = (allowed) }
#define CHECK(fn)	NLA_POLICY_VALIDATE_FN(NLA_BINARY, fn)

#define ONLY_TERMS \
	"this command takes IFNAME, RIGHTS, REDIRECT_PORT, DIRECTIONS, UID, PRIORITY, POLICY, limits and a predicate only"
#define ONLY_GRANT	"this command takes GRANT only"
#define ONLY_IFNAME	"this command takes IFNAME only"

/* In the order of the attributes; between and behind them is nothing allowed. */
const struct nla_policy unet_inter_grant_policy[UNET_IA_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_IA_IFNAME - 1] = REFUSE(ONLY_TERMS),
	[UNET_IA_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_IA_GRANT] = REFUSE(ONLY_TERMS),
	[UNET_IA_RIGHTS] = CHECK(check_rights),
	[UNET_IA_DIRECTIONS] = CHECK(check_directions),
	[UNET_IA_UID] = CHECK(check_uid),
	[UNET_IA_PRIORITY] = CHECK(check_priority),
	[UNET_IA_POLICY] = CHECK(check_policy),
	[UNET_IA_AFTER_MS] = CHECK(check_after_ms),
	[UNET_IA_HOLD_MS] = CHECK(check_hold_ms),
	[UNET_IA_BACKLOG] = CHECK(check_backlog),
	[UNET_IA_BACKLOG_BYTES] = CHECK(check_backlog_bytes),
	[UNET_IA_COPY_BYTES] = CHECK(check_copy_bytes),
	[UNET_IA_VIOLATIONS] = CHECK(check_violations),
	[UNET_IA_PROTO] = CHECK(unet_genl_check_proto),
	[UNET_IA_LOCAL_ADDR] = CHECK(unet_genl_check_local_addr),
	[UNET_IA_LOCAL_PREFIX] = CHECK(check_local_prefix),
	[UNET_IA_LOCAL_PORT] = CHECK(unet_genl_check_local_port),
	[UNET_IA_REMOTE_ADDR] = CHECK(unet_genl_check_remote_addr),
	[UNET_IA_REMOTE_PREFIX] = CHECK(check_remote_prefix),
	[UNET_IA_REMOTE_PORT] = CHECK(unet_genl_check_remote_port),
	[UNET_IA_REMOTE_PORT + 1 ... UNET_IA_STATS] = REFUSE(ONLY_TERMS),
	[UNET_IA_PATTERNS] = CHECK(unet_genl_check_patterns),
	[UNET_IA_PROG_FD] = CHECK(check_prog_fd),
	[UNET_IA_PROG_ID] = REFUSE(ONLY_TERMS),
	[UNET_IA_REDIRECT_PORT] = CHECK(check_redirect_port),
};

const struct nla_policy unet_inter_revoke_policy[UNET_IA_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_IA_GRANT - 1] = REFUSE(ONLY_GRANT),
	[UNET_IA_GRANT] = CHECK(check_grant),
	[UNET_IA_GRANT + 1 ... UNET_INTER_MAX_ATTR] = REFUSE(ONLY_GRANT),
};

const struct nla_policy unet_inter_get_policy[UNET_IA_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_IA_IFNAME - 1] = REFUSE(ONLY_IFNAME),
	[UNET_IA_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_IA_IFNAME + 1 ... UNET_INTER_MAX_ATTR] = REFUSE(ONLY_IFNAME),
};

/* ---- terms ------------------------------------------------------------- */

/* Where each number of the terms comes from. */
static const struct {
	u16 attr;
	u16 offset;
} numbers[] = {
	{ UNET_IA_RIGHTS, offsetof(struct unet_inter_terms, rights) },
	{ UNET_IA_DIRECTIONS, offsetof(struct unet_inter_terms, directions) },
	{ UNET_IA_PRIORITY, offsetof(struct unet_inter_terms, priority) },
	{ UNET_IA_POLICY, offsetof(struct unet_inter_terms, policy) },
	{ UNET_IA_AFTER_MS, offsetof(struct unet_inter_terms, after_ms) },
	{ UNET_IA_HOLD_MS, offsetof(struct unet_inter_terms, hold_ms) },
	{ UNET_IA_BACKLOG, offsetof(struct unet_inter_terms, backlog) },
	{ UNET_IA_BACKLOG_BYTES, offsetof(struct unet_inter_terms, backlog_bytes) },
	{ UNET_IA_COPY_BYTES, offsetof(struct unet_inter_terms, copy_bytes) },
	{ UNET_IA_VIOLATIONS, offsetof(struct unet_inter_terms, violations) },
};

static void read_numbers(struct nlattr **attrs, struct unet_inter_terms *t)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (attrs[numbers[i].attr])
			memcpy((u8 *)t + numbers[i].offset,
			       nla_data(attrs[numbers[i].attr]), sizeof(u32));
}

/* One end: address, prefix, port. Return: its family, 0 without an address. */
static u8 read_end(const struct nlattr *addr, const struct nlattr *prefix,
		   const struct nlattr *port, __be32 *to, u8 *bits, __be16 *number)
{
	u8 family = 0;

	if (addr) {
		family = nla_len(addr) == 4 ? 4 : 6;
		memcpy(to, nla_data(addr), nla_len(addr));
		*bits = 8 * nla_len(addr);
	}
	if (prefix)
		*bits = nla_get_u8(prefix);
	if (port)
		*number = nla_get_be16(port);
	return family;
}

/* Of an end that may be anywhere a prefix says nothing. */
static int check_prefixes(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[UNET_IA_LOCAL_PREFIX] && !attrs[UNET_IA_LOCAL_ADDR]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[UNET_IA_LOCAL_PREFIX],
				    "LOCAL_PREFIX needs LOCAL_ADDR");
		return -EINVAL;
	}
	if (attrs[UNET_IA_REMOTE_PREFIX] && !attrs[UNET_IA_REMOTE_ADDR]) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[UNET_IA_REMOTE_PREFIX],
				    "REMOTE_PREFIX needs REMOTE_ADDR");
		return -EINVAL;
	}
	return 0;
}

static int read_ends(struct genl_info *info, struct unet_inter_terms *t)
{
	struct nlattr **attrs = info->attrs;
	u8 local, remote;
	int err = check_prefixes(info);

	if (err)
		return err;
	local = read_end(attrs[UNET_IA_LOCAL_ADDR], attrs[UNET_IA_LOCAL_PREFIX],
			 attrs[UNET_IA_LOCAL_PORT], t->local, &t->local_bits,
			 &t->local_port);
	remote = read_end(attrs[UNET_IA_REMOTE_ADDR],
			  attrs[UNET_IA_REMOTE_PREFIX],
			  attrs[UNET_IA_REMOTE_PORT], t->remote,
			  &t->remote_bits, &t->remote_port);
	if (local && remote && local != remote) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[UNET_IA_REMOTE_ADDR],
				    "REMOTE_ADDR must be of the family LOCAL_ADDR is of");
		return -EINVAL;
	}
	t->family = local ?: remote;
	if (attrs[UNET_IA_PROTO]) {
		t->any_proto = false;
		t->proto = nla_get_u8(attrs[UNET_IA_PROTO]);
	}
	if (attrs[UNET_IA_REDIRECT_PORT])
		t->redirect_port = nla_get_be16(attrs[UNET_IA_REDIRECT_PORT]);
	return 0;
}

static void read_patterns(const struct nlattr *attr, struct unet_inter_terms *t)
{
	if (!attr)
		return;
	t->num_patterns = nla_len(attr) / sizeof(t->pattern[0]);
	memcpy(t->pattern, nla_data(attr), nla_len(attr));
}

/* What the terms say wrong is told by the attribute that says it. */
static int read_terms(struct genl_info *info, struct unet_inter_terms *t)
{
	const struct unet_inter_fault *fault;
	const struct nlattr *attr;
	int err;

	unet_inter_terms_default(t);
	read_numbers(info->attrs, t);
	read_patterns(info->attrs[UNET_IA_PATTERNS], t);
	err = read_ends(info, t);
	if (err)
		return err;
	fault = unet_inter_terms_check(t);
	if (!fault)
		return 0;
	attr = info->attrs[fault->attr];
	if (attr)
		NL_SET_BAD_ATTR(info->extack, attr);
	info->extack->_msg = fault->text;
	return -EINVAL;
}

/* Return: with a reference, NULL without one, or ERR_PTR. */
static struct bpf_prog *read_program(struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[UNET_IA_PROG_FD];
	struct bpf_prog *prog;

	if (!attr)
		return NULL;
	prog = bpf_prog_get_type_dev(nla_get_u32(attr),
				     BPF_PROG_TYPE_SOCKET_FILTER, false);
	if (IS_ERR(prog))
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "PROG_FD is no eBPF program for sockets (socket filter)");
	return prog;
}

static int read_uid(struct genl_info *info, kuid_t *uid)
{
	const struct nlattr *attr = info->attrs[UNET_IA_UID];

	*uid = attr ? make_kuid(current_user_ns(), nla_get_u32(attr)) :
		      current_euid();
	if (uid_valid(*uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "UID is no user of the caller's user namespace");
	return -EINVAL;
}

/* ---- requests ---------------------------------------------------------- */

static const struct nlattr *need(struct genl_info *info, int attr)
{
	return GENL_REQ_ATTR_CHECK(info, attr) ? NULL : info->attrs[attr];
}

static struct unet_nexus *find_nexus(struct genl_info *info)
{
	const struct nlattr *ifname = need(info, UNET_IA_IFNAME);
	struct unet_nexus *nx;

	if (!ifname) {
		GENL_SET_ERR_MSG(info,
				 "IFNAME is missing: which attached device's flows?");
		return ERR_PTR(-EINVAL);
	}
	nx = unet_nexus_find(genl_info_net(info), nla_data(ifname));
	if (nx)
		return nx;
	NL_SET_ERR_MSG_ATTR(info->extack, ifname,
			    "IFNAME is not an attached device of this network namespace");
	return ERR_PTR(-ENODEV);
}

static int reply_id(struct genl_info *info, u32 id)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *msg;

	if (!skb)
		return -ENOMEM;
	msg = genlmsg_put_reply(skb, info, &unet_genl_family, 0,
				UNET_CMD_INTER_GRANT);
	if (!msg || nla_put_u32(skb, UNET_IA_GRANT, id)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return genlmsg_reply(skb, info);
}

static int grant_on(struct genl_info *info, struct unet_nexus *nx,
		    const struct unet_inter_terms *terms, kuid_t uid)
{
	struct bpf_prog *prog = read_program(info);
	u32 id;
	int err;

	if (IS_ERR(prog))
		return PTR_ERR(prog);
	err = unet_inter_grant(nx, terms, uid, prog, &id);
	if (err == -ENOSPC)
		GENL_SET_ERR_MSG(info, "a device may have 64 grants at most");
	if (err)
		return err;
	err = reply_id(info, id);
	/* A grant nobody was told of is nobody's to revoke. */
	if (err)
		unet_inter_revoke(genl_info_net(info), id);
	return err;
}

/**
 * unet_inter_genl_grant() - UNET_CMD_INTER_GRANT
 * @skb:	request
 * @info:	request
 *
 * Return: 0 or -errno; what was wrong is in the extended acknowledgment.
 */
int unet_inter_genl_grant(struct sk_buff *skb, struct genl_info *info)
{
	struct unet_inter_terms terms;
	struct unet_nexus *nx;
	kuid_t uid;
	int err;

	if (!need(info, UNET_IA_RIGHTS)) {
		GENL_SET_ERR_MSG(info,
				 "RIGHTS is missing: what may the intermediary do?");
		return -EINVAL;
	}
	err = read_terms(info, &terms);
	if (!err)
		err = read_uid(info, &uid);
	if (err)
		return err;
	nx = find_nexus(info);
	if (IS_ERR(nx))
		return PTR_ERR(nx);
	err = grant_on(info, nx, &terms, uid);
	unet_nexus_put(nx);
	return err;
}

/**
 * unet_inter_genl_revoke() - UNET_CMD_INTER_REVOKE
 * @skb:	request
 * @info:	request
 *
 * Return: 0 or -errno; what was wrong is in the extended acknowledgment.
 */
int unet_inter_genl_revoke(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *grant = need(info, UNET_IA_GRANT);
	int err;

	if (!grant) {
		GENL_SET_ERR_MSG(info, "GRANT is missing: which one?");
		return -EINVAL;
	}
	err = unet_inter_revoke(genl_info_net(info), nla_get_u32(grant));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, grant,
				    "GRANT is no grant of this network namespace");
	return err;
}

/* ---- dump -------------------------------------------------------------- */

/**
 * struct seen - what changes of a grant, read in one go
 * @state:	enum unet_inter_state
 * @held:	packets
 * @pid:	0: nobody's
 * @comm:	of the claimant
 * @stats:	by enum unet_inter_stat
 */
struct seen {
	u32 state;
	u32 held;
	u32 pid;
	char comm[TASK_COMM_LEN];
	u64 stats[UNET_INTER_CNT_COUNT];
};

static void look(struct unet_inter *in, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	spin_lock_bh(&in->lock);
	s->state = in->state;
	s->held = in->num_held + in->num_unseen;
	if (in->channel) {
		s->pid = pid_vnr(in->channel->pid);
		memcpy(s->comm, in->channel->comm, sizeof(s->comm));
	}
	memcpy(s->stats, in->stats, sizeof(s->stats));
	spin_unlock_bh(&in->lock);
}

static int put_numbers(struct sk_buff *skb, const struct unet_inter_terms *t)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(numbers) && !err; i++)
		err = nla_put(skb, numbers[i].attr, sizeof(u32),
			      (const u8 *)t + numbers[i].offset);
	return err;
}

static int put_end(struct sk_buff *skb, int addr, const __be32 *at, u8 bits,
		   u8 family, __be16 port)
{
	int err = 0;

	/* Prefix and port are the next two. */
	BUILD_BUG_ON(UNET_IA_LOCAL_PORT - UNET_IA_LOCAL_ADDR != 2);
	BUILD_BUG_ON(UNET_IA_REMOTE_PORT - UNET_IA_REMOTE_ADDR != 2);
	if (bits)
		err = nla_put(skb, addr, family == 4 ? 4 : 16, at) ?:
		      nla_put_u8(skb, addr + 1, bits);
	if (!err && port)
		err = nla_put_be16(skb, addr + 2, port);
	return err;
}

static int put_predicate(struct sk_buff *skb, const struct unet_inter_terms *t)
{
	int err = 0;

	if (!t->any_proto)
		err = nla_put_u8(skb, UNET_IA_PROTO, t->proto);
	return err ?:
	       put_end(skb, UNET_IA_LOCAL_ADDR, t->local, t->local_bits,
		       t->family, t->local_port) ?:
	       put_end(skb, UNET_IA_REMOTE_ADDR, t->remote, t->remote_bits,
		       t->family, t->remote_port);
}

static int put_choice(struct sk_buff *skb, const struct unet_inter *in)
{
	const struct unet_inter_terms *t = &in->terms;
	int err = 0;

	if (t->num_patterns)
		err = nla_put(skb, UNET_IA_PATTERNS,
			      t->num_patterns * sizeof(t->pattern[0]), t->pattern);
	if (!err && in->prog)
		err = nla_put_u32(skb, UNET_IA_PROG_ID, in->prog->aux->id);
	if (!err && t->redirect_port)
		err = nla_put_be16(skb, UNET_IA_REDIRECT_PORT, t->redirect_port);
	return err;
}

static int put_claimant(struct sk_buff *skb, const struct seen *s)
{
	if (!s->comm[0])
		return 0;
	return nla_put_u32(skb, UNET_IA_PID, s->pid) ?:
	       nla_put_string(skb, UNET_IA_COMM, s->comm);
}

static int put_grant(struct sk_buff *skb, struct unet_inter *in)
{
	u32 uid = from_kuid_munged(current_user_ns(), in->uid);
	char name[UNET_NAME_LEN];
	struct seen s;

	look(in, &s);
	memcpy(name, in->nexus->name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	return nla_put_string(skb, UNET_IA_IFNAME, name) ?:
	       nla_put_u32(skb, UNET_IA_GRANT, in->id) ?:
	       nla_put_u32(skb, UNET_IA_UID, uid) ?:
	       nla_put_u32(skb, UNET_IA_STATE, s.state) ?:
	       nla_put_u32(skb, UNET_IA_HELD, s.held) ?:
	       nla_put_u32(skb, UNET_IA_FLOWS, READ_ONCE(in->num_flows)) ?:
	       put_numbers(skb, &in->terms) ?:
	       put_predicate(skb, &in->terms) ?:
	       put_choice(skb, in) ?:
	       put_claimant(skb, &s) ?:
	       nla_put_64bit(skb, UNET_IA_STATS, sizeof(s.stats), s.stats,
			     UNET_IA_PAD);
}

static int put_message(struct sk_buff *skb, struct netlink_callback *cb,
		       struct unet_inter *in)
{
	void *msg = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &unet_genl_family,
				NLM_F_MULTI, UNET_CMD_INTER_GET);

	if (!msg)
		return -EMSGSIZE;
	if (put_grant(skb, in)) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

/* Where a dump goes on. */
struct cursor {
	u32 id;
	bool begun;
};

static bool name_fits(struct netlink_callback *cb, const struct unet_inter *in)
{
	const struct nlattr *attr = unet_genl_dump_attrs(cb)[UNET_IA_IFNAME];

	return !attr || !strncmp(in->nexus->name, nla_data(attr), UNET_NAME_LEN);
}

/**
 * unet_inter_genl_dump() - UNET_CMD_INTER_GET
 * @skb:	answer
 * @cb:		where it goes on
 *
 * Return: as netlink wants of a dump.
 */
int unet_inter_genl_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *at = (struct cursor *)cb->ctx;
	struct unet_inter *in;
	int err;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	err = unet_genl_dump_begin(cb, unet_genl_dump_attrs(cb)[UNET_IA_IFNAME],
				   &at->begun);
	while (!err && (in = unet_inter_next(sock_net(cb->skb->sk), &at->id))) {
		if (name_fits(cb, in))
			err = put_message(skb, cb, in);
		if (!err)
			at->id++;
		unet_inter_put(in);
	}
	return skb->len ?: err;
}
