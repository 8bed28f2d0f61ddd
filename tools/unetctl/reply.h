/* SPDX-License-Identifier: MIT */
/*
 * One message of the kernel's generic netlink family, taken apart.
 *
 * The kernel may be older or newer than this tool: attributes that are unknown
 * are passed over, those that are missing are not in @have. What is there but
 * has an impossible length makes the message malformed.
 */
#ifndef UNETCTL_REPLY_H
#define UNETCTL_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/unet.h>

/* Counters kept of a message; those of a newer kernel beyond it are left out. */
#define UNET_REPLY_COUNTERS	128

/* Room for what UNET_A_CHAIN may say, its NUL included. */
#define UNET_REPLY_CHAIN	256

/**
 * struct unet_reply - what a message says; a member counts when its attribute
 *		       is in @have
 * @have:	bit UNET_A_* for each attribute that was there
 * @cmd:	enum unet_genl_cmd
 * @ifname:	@hook, @comm, @version, @chain likewise: printable ASCII, all other bytes
 *		are replaced by '?', too long ones are cut
 * @addr_len:	4 or 16: bytes of @local_addr, likewise @remote_addr_len
 * @local_port:	host order, as @remote_port
 * @extension:	printable ASCII as well
 * @patterns:	how many
 * @ncounters:	entries of @counters, index enum unet_counter
 *
 * The rest is named as the attribute it comes from.
 */
struct unet_reply {
	uint64_t have;
	uint8_t cmd;
	char ifname[UNET_NAME_LEN];
	char hook[32];
	char comm[32];
	char version[64];
	char chain[UNET_REPLY_CHAIN];
	uint32_t ifindex;
	uint32_t channels;
	uint32_t flows;
	uint32_t channel;
	uint32_t state;
	uint32_t reason;
	uint32_t pid;
	uint32_t uid;
	uint64_t arena_bytes;
	uint32_t flow;
	uint64_t flow_id;
	uint8_t family;
	uint8_t proto;
	uint8_t local_addr_len;
	uint8_t remote_addr_len;
	uint8_t local_addr[16];
	uint8_t remote_addr[16];
	uint16_t local_port;
	uint16_t remote_port;
	uint32_t flow_state;
	uint64_t rx_packets;
	uint64_t rx_batches;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t drops;
	uint32_t event;
	uint32_t type;
	uint8_t layer;
	uint8_t direction;
	uint8_t action;
	uint8_t local_bits;
	uint8_t remote_bits;
	uint32_t first;
	uint32_t last;
	uint32_t priority;
	uint32_t patterns;
	char extension[UNET_NAME_LEN];
	uint32_t type_flags;
	uint32_t generation;
	uint32_t policy;
	uint32_t gid;
	uint32_t actions;
	uint32_t max_types;
	uint32_t abi;
	uint32_t ncounters;
	uint64_t counters[UNET_REPLY_COUNTERS];
};

/**
 * unet_reply_has() - was an attribute there
 * @reply:	parsed
 * @attr:	UNET_A_*
 *
 * Return: true when its member may be read.
 */
static inline bool unet_reply_has(const struct unet_reply *reply, int attr)
{
	return reply->have >> attr & 1;
}

/**
 * unet_reply_parse() - take a message apart
 * @nlh:	whole message, nlmsg_len checked against the bytes received
 * @reply:	overwritten
 *
 * Return: 0; -EBADMSG when it is too short or an attribute has a length that
 * its type cannot have; @reply is then not to be used.
 */
int unet_reply_parse(const struct nlmsghdr *nlh, struct unet_reply *reply);

/**
 * unet_reply_number() - a numeric member by its attribute
 * @reply:	parsed
 * @attr:	UNET_A_* of a u8, u16, u32, u64 or port
 *
 * Return: its value, 0 when it is missing or not numeric.
 */
uint64_t unet_reply_number(const struct unet_reply *reply, int attr);

/**
 * unet_reply_string() - a string member by its attribute
 * @reply:	parsed
 * @attr:	UNET_A_* of a string
 *
 * Return: the text, NULL when it is missing or no string.
 */
const char *unet_reply_string(const struct unet_reply *reply, int attr);

#endif
