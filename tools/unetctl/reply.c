// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include <linux/genetlink.h>

#include "reply.h"

_Static_assert(UNET_A_COUNT <= 64, "an attribute has no bit in have");
_Static_assert(UNET_CNT_COUNT <= UNET_REPLY_COUNTERS, "counters are lost");

enum kind {
	KIND_NONE,	/* passed over */
	KIND_STRING,
	KIND_U8,
	KIND_U32,
	KIND_U64,
	KIND_PORT,	/* be16, kept in host order */
	KIND_ADDR,	/* 4 or 16 bytes; the length is kept in second */
	KIND_COUNTERS,
	KIND_PATTERNS,	/* struct unet_pattern[]; their number is kept */
};

/* Where an attribute goes in struct unet_reply. */
struct place {
	enum kind kind;
	uint16_t offset;
	uint16_t bytes;		/* of the member */
	uint16_t second;
};

#define PLACE(kind, member) \
	{ kind, offsetof(struct unet_reply, member), \
	  sizeof(((struct unet_reply *)0)->member), 0 }
#define PLACE_ADDR(member) \
	{ KIND_ADDR, offsetof(struct unet_reply, member), \
	  sizeof(((struct unet_reply *)0)->member), \
	  offsetof(struct unet_reply, member##_len) }

static const struct place places[UNET_A_COUNT] = {
	[UNET_A_IFNAME] =	PLACE(KIND_STRING, ifname),
	[UNET_A_IFINDEX] =	PLACE(KIND_U32, ifindex),
	[UNET_A_HOOK] =		PLACE(KIND_STRING, hook),
	[UNET_A_CHANNELS] =	PLACE(KIND_U32, channels),
	[UNET_A_FLOWS] =	PLACE(KIND_U32, flows),
	[UNET_A_CHANNEL] =	PLACE(KIND_U32, channel),
	[UNET_A_STATE] =	PLACE(KIND_U32, state),
	[UNET_A_REASON] =	PLACE(KIND_U32, reason),
	[UNET_A_PID] =		PLACE(KIND_U32, pid),
	[UNET_A_UID] =		PLACE(KIND_U32, uid),
	[UNET_A_COMM] =		PLACE(KIND_STRING, comm),
	[UNET_A_ARENA_BYTES] =	PLACE(KIND_U64, arena_bytes),
	[UNET_A_FLOW] =		PLACE(KIND_U32, flow),
	[UNET_A_FLOW_ID] =	PLACE(KIND_U64, flow_id),
	[UNET_A_FAMILY] =	PLACE(KIND_U8, family),
	[UNET_A_PROTO] =	PLACE(KIND_U8, proto),
	[UNET_A_LOCAL_ADDR] =	PLACE_ADDR(local_addr),
	[UNET_A_REMOTE_ADDR] =	PLACE_ADDR(remote_addr),
	[UNET_A_LOCAL_PORT] =	PLACE(KIND_PORT, local_port),
	[UNET_A_REMOTE_PORT] =	PLACE(KIND_PORT, remote_port),
	[UNET_A_FLOW_STATE] =	PLACE(KIND_U32, flow_state),
	[UNET_A_RX_PACKETS] =	PLACE(KIND_U64, rx_packets),
	[UNET_A_RX_BATCHES] =	PLACE(KIND_U64, rx_batches),
	[UNET_A_RX_BYTES] =	PLACE(KIND_U64, rx_bytes),
	[UNET_A_TX_PACKETS] =	PLACE(KIND_U64, tx_packets),
	[UNET_A_TX_BYTES] =	PLACE(KIND_U64, tx_bytes),
	[UNET_A_DROPS] =	PLACE(KIND_U64, drops),
	[UNET_A_COUNTERS] =	PLACE(KIND_COUNTERS, counters),
	[UNET_A_EVENT] =	PLACE(KIND_U32, event),
	[UNET_A_VERSION] =	PLACE(KIND_STRING, version),
	[UNET_A_ABI] =		PLACE(KIND_U32, abi),
	[UNET_A_TYPE] =		PLACE(KIND_U32, type),
	[UNET_A_LAYER] =	PLACE(KIND_U8, layer),
	[UNET_A_DIRECTION] =	PLACE(KIND_U8, direction),
	[UNET_A_ACTION] =	PLACE(KIND_U8, action),
	[UNET_A_FIRST] =	PLACE(KIND_U32, first),
	[UNET_A_LAST] =		PLACE(KIND_U32, last),
	[UNET_A_PRIORITY] =	PLACE(KIND_U32, priority),
	[UNET_A_LOCAL_BITS] =	PLACE(KIND_U8, local_bits),
	[UNET_A_REMOTE_BITS] =	PLACE(KIND_U8, remote_bits),
	[UNET_A_PATTERNS] =	PLACE(KIND_PATTERNS, patterns),
	[UNET_A_EXTENSION] =	PLACE(KIND_STRING, extension),
	[UNET_A_TYPE_FLAGS] =	PLACE(KIND_U32, type_flags),
	[UNET_A_GENERATION] =	PLACE(KIND_U32, generation),
	[UNET_A_POLICY] =	PLACE(KIND_U32, policy),
	[UNET_A_GID] =		PLACE(KIND_U32, gid),
	[UNET_A_ACTIONS] =	PLACE(KIND_U32, actions),
	[UNET_A_MAX_TYPES] =	PLACE(KIND_U32, max_types),
	[UNET_A_CHAIN] =	PLACE(KIND_STRING, chain),
};

/* A process names itself: no byte of it may reach a terminal unseen. */
static int take_string(char *to, size_t size, const char *from, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < size - 1 && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
	return 0;
}

static int take_exact(void *to, size_t bytes, const void *from, size_t len)
{
	if (len != bytes)
		return -EBADMSG;
	memcpy(to, from, bytes);
	return 0;
}

static int take_port(void *to, const void *from, size_t len)
{
	uint16_t port;

	if (take_exact(&port, sizeof(port), from, len))
		return -EBADMSG;
	port = ntohs(port);
	memcpy(to, &port, sizeof(port));
	return 0;
}

static int take_addr(uint8_t *to, uint8_t *to_len, const void *from, size_t len)
{
	if (len != 4 && len != 16)
		return -EBADMSG;
	memcpy(to, from, len);
	*to_len = len;
	return 0;
}

static int take_counters(struct unet_reply *reply, const void *from, size_t len)
{
	size_t n = len / sizeof(uint64_t);

	if (len % sizeof(uint64_t))
		return -EBADMSG;
	if (n > UNET_REPLY_COUNTERS)
		n = UNET_REPLY_COUNTERS;
	memcpy(reply->counters, from, n * sizeof(uint64_t));
	reply->ncounters = n;
	return 0;
}

static int take_patterns(uint32_t *to, size_t len)
{
	if (!len || len % sizeof(struct unet_pattern))
		return -EBADMSG;
	*to = len / sizeof(struct unet_pattern);
	return 0;
}

static int take(struct unet_reply *reply, const struct place *place,
		const void *from, size_t len)
{
	char *to = (char *)reply + place->offset;

	switch (place->kind) {
	case KIND_STRING:
		return take_string(to, place->bytes, from, len);
	case KIND_U8:
	case KIND_U32:
	case KIND_U64:
		return take_exact(to, place->bytes, from, len);
	case KIND_PORT:
		return take_port(to, from, len);
	case KIND_ADDR:
		return take_addr((uint8_t *)to,
				 (uint8_t *)reply + place->second, from, len);
	case KIND_COUNTERS:
		return take_counters(reply, from, len);
	case KIND_PATTERNS:
		return take_patterns(&reply->patterns, len);
	case KIND_NONE:
		break;
	}
	return 0;
}

int unet_reply_parse(const struct nlmsghdr *nlh, struct unet_reply *reply)
{
	const size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;
	const struct genlmsghdr *genl;
	const struct nlattr *attr;
	const char *attrs;
	ssize_t bytes;
	int type, err;

	memset(reply, 0, sizeof(*reply));
	if (nlh->nlmsg_len < headers)
		return -EBADMSG;
	genl = mnl_nlmsg_get_payload(nlh);
	reply->cmd = genl->cmd;
	/* Not mnl_attr_for_each(): it takes the last message for padded. */
	attrs = (const char *)nlh + headers;
	bytes = nlh->nlmsg_len - headers;
	mnl_attr_for_each_payload((void *)attrs, bytes) {
		type = mnl_attr_get_type(attr);
		if (type >= UNET_A_COUNT || places[type].kind == KIND_NONE)
			continue;
		err = take(reply, &places[type], mnl_attr_get_payload(attr),
			   mnl_attr_get_payload_len(attr));
		if (err)
			return err;
		reply->have |= 1ull << type;
	}
	return 0;
}

uint64_t unet_reply_number(const struct unet_reply *reply, int attr)
{
	const struct place *place = &places[attr];
	const char *from = (const char *)reply + place->offset;
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	if (!unet_reply_has(reply, attr))
		return 0;
	switch (place->kind) {
	case KIND_U8:
		return *(const uint8_t *)from;
	case KIND_PORT:
		memcpy(&u16, from, sizeof(u16));
		return u16;
	case KIND_PATTERNS:
	case KIND_U32:
		memcpy(&u32, from, sizeof(u32));
		return u32;
	case KIND_U64:
		memcpy(&u64, from, sizeof(u64));
		return u64;
	default:
		return 0;
	}
}

const char *unet_reply_string(const struct unet_reply *reply, int attr)
{
	const struct place *place = &places[attr];

	if (!unet_reply_has(reply, attr) || place->kind != KIND_STRING)
		return NULL;
	return (const char *)reply + place->offset;
}
