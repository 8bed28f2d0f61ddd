// SPDX-License-Identifier: GPL-2.0
/*
 * Policies. An attribute that is wrong is named in the extended acknowledgment, and
 * the text says what is right; the netlink core's own texts do not, hence a
 * function of ours for each attribute a request may have.
 */
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/string.h>

#include "genl_policy.h"

static int check_ifname(const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	const char *name = nla_data(attr);

	if (memchr(name, '\0', nla_len(attr)) && dev_valid_name(name))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "IFNAME must be a device's name, 1 to 15 characters and a NUL");
	return -EINVAL;
}

static int check_proto(const struct nlattr *attr,
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

static int check_local_port(const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	if (is_port(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LOCAL_PORT must be two bytes in network order, 1 to 65535");
	return -EINVAL;
}

static int check_remote_port(const struct nlattr *attr,
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

static int check_local_addr(const struct nlattr *attr,
			    struct netlink_ext_ack *extack)
{
	if (is_addr(attr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "LOCAL_ADDR must be 4 bytes (IPv4) or 16 (IPv6)");
	return -EINVAL;
}

static int check_remote_addr(const struct nlattr *attr,
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

#define FIRST		{ .strict_start_type = 1 }	/* no attribute has number 0 */
#define REFUSE(allowed)	{ .type = NLA_REJECT, .reject_message = (allowed) }
#define CHECK(fn)	NLA_POLICY_VALIDATE_FN(NLA_BINARY, fn)

#define NOTHING		"this command takes no attributes"
#define ONLY_IFNAME	"this command takes IFNAME only"
#define ONLY_FLOW \
	"this command takes IFNAME, PROTO, LOCAL_PORT, REMOTE_PORT, LOCAL_ADDR, REMOTE_ADDR and PID only"

const struct nla_policy unet_genl_no_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_GENL_MAX_ATTR] = REFUSE(NOTHING),
};

const struct nla_policy unet_genl_ifname_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_IFNAME - 1] = REFUSE(ONLY_IFNAME),
	[UNET_A_IFNAME] = CHECK(check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_IFNAME),
};

/* The ranges are what lies between the attributes, in their order. */
const struct nla_policy unet_genl_flow_policy[UNET_A_COUNT] = {
	[0] = FIRST,
	[1 ... UNET_A_IFNAME - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_IFNAME] = CHECK(check_ifname),
	[UNET_A_IFNAME + 1 ... UNET_A_PID - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_PID] = CHECK(check_pid),
	[UNET_A_PID + 1 ... UNET_A_PROTO - 1] = REFUSE(ONLY_FLOW),
	[UNET_A_PROTO] = CHECK(check_proto),
	[UNET_A_LOCAL_ADDR] = CHECK(check_local_addr),
	[UNET_A_REMOTE_ADDR] = CHECK(check_remote_addr),
	[UNET_A_LOCAL_PORT] = CHECK(check_local_port),
	[UNET_A_REMOTE_PORT] = CHECK(check_remote_port),
	[UNET_A_REMOTE_PORT + 1 ... UNET_GENL_MAX_ATTR] = REFUSE(ONLY_FLOW),
};
