// SPDX-License-Identifier: GPL-2.0
/*
 * Policies. An attribute that is wrong is named in the extended acknowledgment, and
 * the text says what is right; the netlink core's own texts do not, hence a
 * function of ours for each attribute a request may have.
 */
#include <linux/bits.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "genl_policy.h"

int unet_genl_check_ifname(const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	const char *name = nla_data(attr);

	if (memchr(name, '\0', nla_len(attr)) && dev_valid_name(name))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "IFNAME must be a device's name, 1 to 15 characters and a NUL");
	return -EINVAL;
}

int unet_genl_check_proto(const struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "PROTO must be one byte, an IP protocol's number");
	return -EINVAL;
}

static bool is_port(const struct nlattr *attr)
{
	return nla_len(attr) == sizeof(__be16) && nla_get_be16(attr);
}

int unet_genl_check_local_port(const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	if (is_port(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LOCAL_PORT must be two bytes in network order, 1 to 65535");
	return -EINVAL;
}

int unet_genl_check_remote_port(const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	if (is_port(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "REMOTE_PORT must be two bytes in network order, 1 to 65535");
	return -EINVAL;
}

static bool is_addr(const struct nlattr *attr)
{
	return nla_len(attr) == 4 || nla_len(attr) == 16;
}

int unet_genl_check_local_addr(const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	if (is_addr(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LOCAL_ADDR must be 4 bytes (IPv4) or 16 (IPv6)");
	return -EINVAL;
}

int unet_genl_check_remote_addr(const struct nlattr *attr,
				struct netlink_ext_ack *extack)
{
	if (is_addr(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "REMOTE_ADDR must be 4 bytes (IPv4) or 16 (IPv6)");
	return -EINVAL;
}

static int check_pid(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && (s32)nla_get_u32(attr) > 0)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "PID must be four bytes, a process id of 1 or more");
	return -EINVAL;
}

/* A kernel extension is the administrator's alone. */
#define POLICY_ACTIONS	(BIT(UNET_TYPE_DELIVER) | BIT(UNET_TYPE_DROP) |	\
			 BIT(UNET_TYPE_HOST) | BIT(UNET_TYPE_BPF))

static int check_type(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "TYPE must be four bytes, the id of a rule");
	return -EINVAL;
}

static int check_layer(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) && nla_get_u8(attr) &&
	    nla_get_u8(attr) < UNET_TYPE_LAYER_COUNT)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LAYER must be one byte: ethertype (1), IP protocol (2) or port (3)");
	return -EINVAL;
}

static int check_direction(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) && nla_get_u8(attr) &&
	    nla_get_u8(attr) <= (UNET_TYPE_RX | UNET_TYPE_TX))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "DIRECTION must be one byte: receive (1), transmit (2) or both (3)");
	return -EINVAL;
}

static int check_action(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) && nla_get_u8(attr) &&
	    nla_get_u8(attr) < UNET_TYPE_ACTION_COUNT)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "ACTION must be one byte: drop (2), host (3), bpf (4) or extension (5)");
	return -EINVAL;
}

static int check_first(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr) <= U16_MAX)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "FIRST must be four bytes, at most 65535");
	return -EINVAL;
}

static int check_last(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr) <= U16_MAX)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LAST must be four bytes, at most 65535");
	return -EINVAL;
}

static int check_priority(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr) &&
	    nla_get_u32(attr) <= U16_MAX)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "PRIORITY must be four bytes, 1 to 65535");
	return -EINVAL;
}

static int check_family(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) &&
	    (nla_get_u8(attr) == AF_INET || nla_get_u8(attr) == AF_INET6))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "FAMILY must be one byte: AF_INET (2) or AF_INET6 (10)");
	return -EINVAL;
}

static int check_local_bits(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) && nla_get_u8(attr) <= 128)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LOCAL_BITS must be one byte, a prefix length of LOCAL_ADDR");
	return -EINVAL;
}

static int check_remote_bits(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u8) && nla_get_u8(attr) <= 128)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "REMOTE_BITS must be one byte, a prefix length of REMOTE_ADDR");
	return -EINVAL;
}

int unet_genl_check_patterns(const struct nlattr *attr,
			     struct netlink_ext_ack *extack)
{
	u32 size = sizeof(struct unet_pattern);

	if (nla_len(attr) && nla_len(attr) <= UNET_TYPE_PATTERNS * size &&
	    !(nla_len(attr) % size))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "PATTERNS must be 1 to 4 of struct unet_pattern");
	return -EINVAL;
}

static int check_prog_fd(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_s32(attr) >= 0)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "PROG_FD must be four bytes, a descriptor of the caller");
	return -EINVAL;
}

static int check_extension(const struct nlattr *attr,
			   struct netlink_ext_ack *extack)
{
	const char *name = nla_data(attr);

	if (nla_len(attr) <= UNET_NAME_LEN && memchr(name, '\0', nla_len(attr)) &&
	    name[0])
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "EXTENSION must be a name, 1 to 15 characters and a NUL");
	return -EINVAL;
}

static int check_type_flags(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) &&
	    !(nla_get_u32(attr) & ~UNET_TYPE_LOCAL_ONLY))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "TYPE_FLAGS must be four bytes, UNET_TYPE_LOCAL_ONLY (1) or none");
	return -EINVAL;
}

static int check_policy(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "POLICY must be four bytes, the id of an entry");
	return -EINVAL;
}

static int check_uid(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "UID must be four bytes, a user id");
	return -EINVAL;
}

static int check_gid(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "GID must be four bytes, a group id");
	return -EINVAL;
}

static int check_actions(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr) &&
	    !(nla_get_u32(attr) & ~POLICY_ACTIONS))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "ACTIONS must be four bytes, a bit for each of deliver (2), drop (4), host (8) and bpf (16)");
	return -EINVAL;
}

static int check_max_types(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == sizeof(u32) && nla_get_u32(attr) &&
	    nla_get_u32(attr) <= UNET_TYPE_MAX_TOTAL)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "MAX_TYPES must be four bytes, 1 to 8192");
	return -EINVAL;
}

#define FIRST		{ .strict_start_type = 1 }	/* no attribute has number 0 */
#define REFUSE(allowed)	{ .type = NLA_REJECT, .reject_message = (allowed) }
#define CHECK(fn)	NLA_POLICY_VALIDATE_FN(NLA_BINARY, fn)

#define NOTHING		"this command takes no attributes"
#define ONLY_IFNAME	"this command takes IFNAME only"
#define ONLY_TYPE	"this command takes TYPE only"
#define ONLY_PRIORITY	"this command takes TYPE and PRIORITY only"
#define ONLY_POLICY	"this command takes POLICY only"
#define RULE \
	"LAYER, DIRECTION, ACTION, PROTO, FIRST, LAST, PRIORITY, FAMILY, addresses and bits, PATTERNS, PROG_FD, EXTENSION and TYPE_FLAGS only"
#define ONLY_RULE	"this command takes IFNAME, " RULE
#define ONLY_CHANGE	"this command takes TYPE, " RULE
#define ONLY_ENTRY \
	"this command takes UID, GID, IFNAME, LAYER, PROTO, FIRST, LAST, DIRECTION, ACTIONS and MAX_TYPES only"
#define ONLY_FLOW \
	"this command takes IFNAME, PROTO, LOCAL_PORT, REMOTE_PORT, LOCAL_ADDR, REMOTE_ADDR and PID only"

const struct nla_policy unet_genl_no_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_GENL_MAX_ATTR] = REFUSE(NOTHING),
};

const struct nla_policy unet_genl_ifname_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_IFNAME - 1] = REFUSE(ONLY_IFNAME),
	[UNET_A_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_IFNAME),
};

/* The ranges are what lies between the attributes, in their order. */
const struct nla_policy unet_genl_flow_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_IFNAME - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_A_PID - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_PID] = CHECK(check_pid),
	[UNET_A_PID + 1 ... UNET_A_PROTO - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_PROTO] = CHECK(unet_genl_check_proto),
	[UNET_A_LOCAL_ADDR] = CHECK(unet_genl_check_local_addr),
	[UNET_A_REMOTE_ADDR] = CHECK(unet_genl_check_remote_addr),
	[UNET_A_LOCAL_PORT] = CHECK(unet_genl_check_local_port),
	[UNET_A_REMOTE_PORT] = CHECK(unet_genl_check_remote_port),
	[UNET_A_REMOTE_PORT + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_FLOW),
};

/* The same of these. */
const struct nla_policy unet_genl_type_add_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[UNET_A_PAD] = REFUSE(ONLY_RULE),
	[UNET_A_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_A_FAMILY - 1] = REFUSE(ONLY_RULE),
	[UNET_A_FAMILY] = CHECK(check_family),
	[UNET_A_PROTO] = CHECK(unet_genl_check_proto),
	[UNET_A_LOCAL_ADDR] = CHECK(unet_genl_check_local_addr),
	[UNET_A_REMOTE_ADDR] = CHECK(unet_genl_check_remote_addr),
	[UNET_A_REMOTE_ADDR + 1 ... UNET_A_LAYER - 1] = REFUSE(ONLY_RULE),
	[UNET_A_LAYER] = CHECK(check_layer),
	[UNET_A_DIRECTION] = CHECK(check_direction),
	[UNET_A_ACTION] = CHECK(check_action),
	[UNET_A_FIRST] = CHECK(check_first),
	[UNET_A_LAST] = CHECK(check_last),
	[UNET_A_PRIORITY] = CHECK(check_priority),
	[UNET_A_LOCAL_BITS] = CHECK(check_local_bits),
	[UNET_A_REMOTE_BITS] = CHECK(check_remote_bits),
	[UNET_A_PATTERNS] = CHECK(unet_genl_check_patterns),
	[UNET_A_PROG_FD] = CHECK(check_prog_fd),
	[UNET_A_EXTENSION] = CHECK(check_extension),
	[UNET_A_TYPE_FLAGS] = CHECK(check_type_flags),
	[UNET_A_TYPE_FLAGS + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_RULE),
};

const struct nla_policy unet_genl_type_modify_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_FAMILY - 1] = REFUSE(ONLY_CHANGE),
	[UNET_A_FAMILY] = CHECK(check_family),
	[UNET_A_PROTO] = CHECK(unet_genl_check_proto),
	[UNET_A_LOCAL_ADDR] = CHECK(unet_genl_check_local_addr),
	[UNET_A_REMOTE_ADDR] = CHECK(unet_genl_check_remote_addr),
	[UNET_A_REMOTE_ADDR + 1 ... UNET_A_TYPE - 1] = REFUSE(ONLY_CHANGE),
	[UNET_A_TYPE] = CHECK(check_type),
	[UNET_A_LAYER] = CHECK(check_layer),
	[UNET_A_DIRECTION] = CHECK(check_direction),
	[UNET_A_ACTION] = CHECK(check_action),
	[UNET_A_FIRST] = CHECK(check_first),
	[UNET_A_LAST] = CHECK(check_last),
	[UNET_A_PRIORITY] = CHECK(check_priority),
	[UNET_A_LOCAL_BITS] = CHECK(check_local_bits),
	[UNET_A_REMOTE_BITS] = CHECK(check_remote_bits),
	[UNET_A_PATTERNS] = CHECK(unet_genl_check_patterns),
	[UNET_A_PROG_FD] = CHECK(check_prog_fd),
	[UNET_A_EXTENSION] = CHECK(check_extension),
	[UNET_A_TYPE_FLAGS] = CHECK(check_type_flags),
	[UNET_A_TYPE_FLAGS + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_CHANGE),
};

const struct nla_policy unet_genl_type_priority_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_TYPE - 1] = REFUSE(ONLY_PRIORITY),
	[UNET_A_TYPE] = CHECK(check_type),
	[UNET_A_TYPE + 1 ... UNET_A_PRIORITY - 1] = REFUSE(ONLY_PRIORITY),
	[UNET_A_PRIORITY] = CHECK(check_priority),
	[UNET_A_PRIORITY + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_PRIORITY),
};

const struct nla_policy unet_genl_type_del_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_TYPE - 1] = REFUSE(ONLY_TYPE),
	[UNET_A_TYPE] = CHECK(check_type),
	[UNET_A_TYPE + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_TYPE),
};

const struct nla_policy unet_genl_policy_add_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[UNET_A_PAD] = REFUSE(ONLY_ENTRY),
	[UNET_A_IFNAME] = CHECK(unet_genl_check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_A_UID - 1] = REFUSE(ONLY_ENTRY),
	[UNET_A_UID] = CHECK(check_uid),
	[UNET_A_UID + 1 ... UNET_A_PROTO - 1] = REFUSE(ONLY_ENTRY),
	[UNET_A_PROTO] = CHECK(unet_genl_check_proto),
	[UNET_A_PROTO + 1 ... UNET_A_LAYER - 1] = REFUSE(ONLY_ENTRY),
	[UNET_A_LAYER] = CHECK(check_layer),
	[UNET_A_DIRECTION] = CHECK(check_direction),
	[UNET_A_ACTION] = REFUSE(ONLY_ENTRY),
	[UNET_A_FIRST] = CHECK(check_first),
	[UNET_A_LAST] = CHECK(check_last),
	[UNET_A_LAST + 1 ... UNET_A_GID - 1] = REFUSE(ONLY_ENTRY),
	[UNET_A_GID] = CHECK(check_gid),
	[UNET_A_ACTIONS] = CHECK(check_actions),
	[UNET_A_MAX_TYPES] = CHECK(check_max_types),
	[UNET_A_MAX_TYPES + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_ENTRY),
};

const struct nla_policy unet_genl_policy_del_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_POLICY - 1] = REFUSE(ONLY_POLICY),
	[UNET_A_POLICY] = CHECK(check_policy),
	[UNET_A_POLICY + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_POLICY),
};
