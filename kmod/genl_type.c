// SPDX-License-Identifier: GPL-2.0
/*
 * Packet types and their policy: an administrator's requests. A denial names the
 * attribute it is about in the extended acknowledgment, and says what is allowed in
 * the words of UNET_TYPE_REASONS; what is in the way goes into the cookie, which is
 * for ids: the words are constant, as older kernels want them.
 */
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "genl_msg.h"
#include "genl_type.h"
#include "type.h"
#include "type_policy.h"

/* ---- what is wrong, in words --------------------------------------------- */

/* By enum unet_type_reason. */
#define REASON_TEXT(id, err, text)	text,
static const char *const reason_text[UNET_TYPE_REASON_COUNT] = {
	"granted", UNET_TYPE_REASONS(REASON_TEXT)
};

/* The attribute a reason is about; 0: FIRST, which says most of what is wanted. */
static const u8 reason_attr[UNET_TYPE_REASON_COUNT] = {
	[UNET_TYPE_NO_LAYER] = UNET_A_LAYER,
	[UNET_TYPE_NO_DIRECTION] = UNET_A_DIRECTION,
	[UNET_TYPE_NO_ACTION] = UNET_A_ACTION,
	[UNET_TYPE_NO_OWNER] = UNET_A_ACTION,
	[UNET_TYPE_NO_RX_ONLY] = UNET_A_DIRECTION,
	[UNET_TYPE_NO_PROTOCOL] = UNET_A_PROTO,
	[UNET_TYPE_NO_FAMILY] = UNET_A_FAMILY,
	[UNET_TYPE_NO_PATTERN] = UNET_A_PATTERNS,
	[UNET_TYPE_NO_PROGRAM] = UNET_A_PROG_FD,
	[UNET_TYPE_NO_EXTENSION] = UNET_A_EXTENSION,
};

/* NL_SET_ERR_MSG() takes a literal; these are constant, too, but in a table. */
static void say(struct genl_info *info, const char *text)
{
	if (info->extack)
		info->extack->_msg = text;
}

/* The rule, or the entry, that is in the way. */
static void blame(struct genl_info *info, u32 id)
{
	if (id)
		nl_set_extack_cookie_u64(info->extack, id);
}

/* What judges and has nothing to do is one of the members not zero. */
static int bad_flags(struct genl_info *info, const struct unet_type_spec *spec)
{
	if (spec->action != UNET_TYPE_BPF && info->attrs[UNET_A_PROG_FD])
		return UNET_A_PROG_FD;
	return spec->action != UNET_TYPE_EXTENSION &&
	       info->attrs[UNET_A_EXTENSION] ? UNET_A_EXTENSION : UNET_A_TYPE_FLAGS;
}

/* The last number, if the first could be one alone. */
static int bad_number(const struct unet_type_spec *spec)
{
	struct unet_type_spec alone = *spec;

	if (!spec->first && (!spec->last || spec->layer != UNET_TYPE_PROTO))
		return UNET_A_FIRST;
	alone.last = alone.first;
	return unet_type_spec_check(&alone) == UNET_TYPE_NO_NUMBERS ?
	       UNET_A_FIRST : UNET_A_LAST;
}

/* Of two addresses the one that cannot be, or its prefix length. */
static int bad_address(const struct unet_type_spec *spec)
{
	u8 most = spec->family == AF_INET ? 32 : 128;
	struct unet_type_spec alone = *spec;

	alone.remote_bits = 0;
	memset(alone.remote, 0, sizeof(alone.remote));
	if (unet_type_spec_check(&alone) == UNET_TYPE_NO_ADDRESS)
		return spec->local_bits > most ? UNET_A_LOCAL_BITS :
						 UNET_A_LOCAL_ADDR;
	return spec->remote_bits > most ? UNET_A_REMOTE_BITS : UNET_A_REMOTE_ADDR;
}

static int bad_attr(struct genl_info *info, const struct unet_type_order *order)
{
	switch (order->reason) {
	case UNET_TYPE_NO_NUMBERS:
		return bad_number(&order->spec);
	case UNET_TYPE_NO_ADDRESS:
		return bad_address(&order->spec);
	case UNET_TYPE_NO_FLAGS:
		return bad_flags(info, &order->spec);
	default:
		return reason_attr[order->reason];
	}
}

static int explain(struct genl_info *info, const struct unet_type_order *order,
		   int err)
{
	int attr;

	if (!order->reason)
		return err;
	attr = bad_attr(info, order);
	if (!attr || !info->attrs[attr])
		attr = info->attrs[UNET_A_FIRST] ? UNET_A_FIRST : UNET_A_TYPE;
	say(info, reason_text[order->reason]);
	blame(info, order->conflict);
	NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	return err;
}

/* Return: false after saying which is missing. */
static bool need(struct genl_info *info, int attr, const char *text)
{
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return true;
	say(info, text);
	return false;
}

/* ---- a rule -------------------------------------------------------------- */

static u8 get_u8(const struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u8(info->attrs[attr]) : 0;
}

static u32 get_u32(const struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

static void get_numbers(const struct genl_info *info, u16 *first, u16 *last)
{
	*first = get_u32(info, UNET_A_FIRST);
	*last = info->attrs[UNET_A_LAST] ? get_u32(info, UNET_A_LAST) : *first;
}

/* An address says its family; another one may not say another. */
static int get_end(struct genl_info *info, struct unet_type_spec *spec,
		   int addr, int bits, u8 *to, u8 *num)
{
	const struct nlattr *a = info->attrs[addr];
	u8 family;

	if (!a) {
		if (!info->attrs[bits])
			return 0;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[bits],
				    "a prefix length needs its address");
		return -EINVAL;
	}
	family = nla_len(a) == 4 ? AF_INET : AF_INET6;
	if (spec->family && spec->family != family) {
		NL_SET_ERR_MSG_ATTR(info->extack, a,
				    "the address is of another family than the rest of the rule");
		return -EINVAL;
	}
	spec->family = family;
	memcpy(to, nla_data(a), nla_len(a));
	*num = info->attrs[bits] ? get_u8(info, bits) : nla_len(a) * 8;
	return 0;
}

static void get_patterns(const struct genl_info *info,
			 struct unet_type_spec *spec)
{
	const struct nlattr *a = info->attrs[UNET_A_PATTERNS];

	if (!a)
		return;
	spec->num_patterns = nla_len(a) / sizeof(spec->pattern[0]);
	memcpy(spec->pattern, nla_data(a), nla_len(a));
}

static bool has_needed(struct genl_info *info)
{
	return need(info, UNET_A_LAYER,
		    "LAYER is missing: ethertype (1), IP protocol (2) or port (3)?") &&
	       need(info, UNET_A_ACTION,
		    "ACTION is missing: drop (2), host (3), bpf (4) or extension (5)?") &&
	       need(info, UNET_A_FIRST,
		    "FIRST is missing: which ethertype, IP protocol or port?");
}

static int get_spec(struct genl_info *info, struct unet_type_spec *spec)
{
	int err;

	if (!has_needed(info))
		return -EINVAL;
	spec->layer = get_u8(info, UNET_A_LAYER);
	spec->action = get_u8(info, UNET_A_ACTION);
	spec->direction = get_u8(info, UNET_A_DIRECTION) ?: UNET_TYPE_RX;
	spec->proto = get_u8(info, UNET_A_PROTO);
	spec->family = get_u8(info, UNET_A_FAMILY);
	spec->priority = get_u32(info, UNET_A_PRIORITY);
	spec->flags = get_u32(info, UNET_A_TYPE_FLAGS);
	spec->prog_fd = get_u32(info, UNET_A_PROG_FD);
	get_numbers(info, &spec->first, &spec->last);
	get_patterns(info, spec);
	if (info->attrs[UNET_A_EXTENSION])
		nla_strscpy(spec->extension, info->attrs[UNET_A_EXTENSION],
			    sizeof(spec->extension));
	err = get_end(info, spec, UNET_A_LOCAL_ADDR, UNET_A_LOCAL_BITS,
		      spec->local, &spec->local_bits);
	if (!err)
		err = get_end(info, spec, UNET_A_REMOTE_ADDR, UNET_A_REMOTE_BITS,
			      spec->remote, &spec->remote_bits);
	return err;
}

static void get_ifname(const struct genl_info *info, char *ifname)
{
	if (info->attrs[UNET_A_IFNAME])
		nla_strscpy(ifname, info->attrs[UNET_A_IFNAME], UNET_NAME_LEN);
}

/* ---- answers ------------------------------------------------------------- */

static struct unet_genl_head head_of(const struct genl_info *info, u8 cmd)
{
	return (struct unet_genl_head) {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = cmd,
	};
}

/* Before anything is done: no memory is to mean that nothing was. */
static struct sk_buff *new_answer(void)
{
	return genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
}

/* The rule in force, if it is still there to be told. */
static int answer_type(struct genl_info *info, struct sk_buff *skb, u32 id)
{
	struct unet_genl_head head = head_of(info, UNET_CMD_TYPE_GET);
	struct unet_type *type;
	u32 found = id;
	int err;

	type = unet_type_next(genl_info_net(info), &found);
	err = type && found == id ? unet_genl_put_type(skb, &head, type) : 0;
	if (type)
		unet_type_put(type);
	if (err || !skb->len) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

static int answer_policy(struct genl_info *info, struct sk_buff *skb,
			 const struct unet_type_policy *policy)
{
	struct unet_genl_head head = head_of(info, UNET_CMD_POLICY_GET);
	int err;

	err = unet_genl_put_policy(skb, &head, policy);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

/* ---- requests ------------------------------------------------------------ */

int unet_genl_type_add(struct sk_buff *skb, struct genl_info *info)
{
	struct unet_type_order order = { .net = genl_info_net(info) };
	struct sk_buff *answer;
	int err;

	get_ifname(info, order.ifname);
	err = get_spec(info, &order.spec);
	if (err)
		return err;
	answer = new_answer();
	if (!answer)
		return -ENOMEM;
	err = unet_type_order_add(&order);
	if (!err)
		return answer_type(info, answer, order.id);
	nlmsg_free(answer);
	return explain(info, &order, err);
}

static int explain_modify(struct genl_info *info,
			  const struct unet_type_order *order, int err)
{
	if (err == -ENOENT && !order->reason)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_TYPE],
				    "TYPE is not a rule of this network namespace");
	if (err == -EBUSY && !order->reason)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_TYPE],
				    "TYPE is a channel's rule: only its priority can be changed from outside");
	return explain(info, order, err);
}

static int modify(struct genl_info *info, struct unet_type_order *order)
{
	struct sk_buff *answer = new_answer();
	int err;

	if (!answer)
		return -ENOMEM;
	order->net = genl_info_net(info);
	order->id = get_u32(info, UNET_A_TYPE);
	err = unet_type_order_modify(order);
	if (!err)
		return answer_type(info, answer, order->id);
	nlmsg_free(answer);
	return explain_modify(info, order, err);
}

int unet_genl_type_modify(struct sk_buff *skb, struct genl_info *info)
{
	struct unet_type_order order = { };
	int err;

	if (!need(info, UNET_A_TYPE, "TYPE is missing: which rule?"))
		return -EINVAL;
	err = get_spec(info, &order.spec);
	return err ? err : modify(info, &order);
}

int unet_genl_type_priority(struct sk_buff *skb, struct genl_info *info)
{
	struct unet_type_order order = { .priority_only = true };

	if (!need(info, UNET_A_TYPE, "TYPE is missing: which rule?") ||
	    !need(info, UNET_A_PRIORITY, "PRIORITY is missing: 1 to 65535"))
		return -EINVAL;
	order.spec.priority = get_u32(info, UNET_A_PRIORITY);
	return modify(info, &order);
}

int unet_genl_type_del(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (!need(info, UNET_A_TYPE, "TYPE is missing: which rule?"))
		return -EINVAL;
	err = unet_type_order_del(genl_info_net(info), get_u32(info, UNET_A_TYPE));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_TYPE],
				    "TYPE is not a rule of this network namespace");
	return err;
}

/* ---- the policy ---------------------------------------------------------- */

static bool has_needed_of_entry(struct genl_info *info)
{
	return need(info, UNET_A_LAYER,
		    "LAYER is missing: ethertype (1), IP protocol (2) or port (3)?") &&
	       need(info, UNET_A_FIRST,
		    "FIRST is missing: which ethertype, IP protocol or port?") &&
	       need(info, UNET_A_ACTIONS,
		    "ACTIONS is missing: a bit for each of deliver (2), drop (4), host (8) and bpf (16)");
}

/* A rule of all there is in the entry must be sound, else the entry says nothing. */
static int check_entry(struct genl_info *info, const struct unet_type_policy *p)
{
	struct unet_type_order order = {
		.spec = {
			.layer = p->layer,
			.direction = UNET_TYPE_RX,
			.action = UNET_TYPE_DELIVER,
			.proto = p->proto ?: p->layer == UNET_TYPE_PORT ?
					     IPPROTO_UDP : 0,
			.first = p->first,
			.last = p->last,
		},
	};

	order.reason = unet_type_spec_check(&order.spec);
	/* What is the host's is refused when it is asked for. */
	if (order.reason == UNET_TYPE_NO_RESERVED && p->first != p->last)
		return 0;
	return order.reason ? explain(info, &order, -EINVAL) : 0;
}

static int get_whom(struct genl_info *info, struct unet_type_policy *p)
{
	struct user_namespace *ns = current_user_ns();

	p->uid = INVALID_UID;
	p->gid = INVALID_GID;
	if (info->attrs[UNET_A_UID]) {
		p->uid = make_kuid(ns, get_u32(info, UNET_A_UID));
		if (!uid_valid(p->uid))
			NL_SET_BAD_ATTR(info->extack, info->attrs[UNET_A_UID]);
	}
	if (info->attrs[UNET_A_GID]) {
		p->gid = make_kgid(ns, get_u32(info, UNET_A_GID));
		if (!gid_valid(p->gid))
			NL_SET_BAD_ATTR(info->extack, info->attrs[UNET_A_GID]);
	}
	if (!info->extack->bad_attr)
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "no user or group of this user namespace has that number");
	return -EINVAL;
}

/* Who may send may receive: there is no entry for the one without the other. */
static bool direction_fits(struct genl_info *info)
{
	if (get_u8(info, UNET_A_DIRECTION) != UNET_TYPE_TX)
		return true;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_DIRECTION],
			    "the DIRECTION of an entry must be to receive (1), or both (3), which it is if not said");
	return false;
}

static void get_entry(const struct genl_info *info, struct unet_type_policy *p)
{
	get_ifname(info, p->ifname);
	p->layer = get_u8(info, UNET_A_LAYER);
	p->proto = get_u8(info, UNET_A_PROTO);
	p->actions = get_u32(info, UNET_A_ACTIONS);
	p->max = get_u32(info, UNET_A_MAX_TYPES) ?: UNET_TYPE_MAX_OWNER;
	p->read_only = get_u8(info, UNET_A_DIRECTION) == UNET_TYPE_RX;
	get_numbers(info, &p->first, &p->last);
}

static int explain_entry(struct genl_info *info,
			 const struct unet_type_policy *policy, int err)
{
	if (err == -EEXIST) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_FIRST],
				    "there is an entry for just these already");
		blame(info, policy->id);
	}
	if (err == -ENOSPC)
		GENL_SET_ERR_MSG(info, "the policy has all the entries it may have, 256");
	return err;
}

int unet_genl_policy_add(struct sk_buff *skb, struct genl_info *info)
{
	struct unet_type_policy policy = { };
	struct sk_buff *answer;
	int err;

	if (!has_needed_of_entry(info) || !direction_fits(info))
		return -EINVAL;
	get_entry(info, &policy);
	err = get_whom(info, &policy);
	if (!err)
		err = check_entry(info, &policy);
	if (err)
		return err;
	answer = new_answer();
	if (!answer)
		return -ENOMEM;
	err = unet_type_policy_add(genl_info_net(info), &policy);
	if (!err)
		return answer_policy(info, answer, &policy);
	nlmsg_free(answer);
	return explain_entry(info, &policy, err);
}

int unet_genl_policy_del(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	if (!need(info, UNET_A_POLICY, "POLICY is missing: which entry?"))
		return -EINVAL;
	err = unet_type_policy_del(genl_info_net(info),
				   get_u32(info, UNET_A_POLICY));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[UNET_A_POLICY],
				    "POLICY is not an entry of this network namespace");
	return err;
}
