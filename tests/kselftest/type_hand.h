/* SPDX-License-Identifier: MIT */
/*
 * Packet types by hand: rules as a test wants to write them, frames of an own
 * ethertype, and children that are somebody else.
 */
#ifndef UNET_TEST_TYPE_HAND_H
#define UNET_TEST_TYPE_HAND_H

#include <grp.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "chan.h"
#include "nl.h"
#include "topo.h"

#define OWN_TYPE	0x88b5	/* IEEE 802: for experiments */
#define OTHER_TYPE	0x88b6
#define RAW_PROTO	253	/* RFC 3692: for experiments */

/* ---- rules ---- */

static inline struct unet_type_spec spec_ether(int first, int last)
{
	return (struct unet_type_spec){
		.layer = UNET_TYPE_ETHERTYPE,
		.direction = UNET_TYPE_RX | UNET_TYPE_TX,
		.action = UNET_TYPE_DELIVER,
		.first = first, .last = last,
	};
}

static inline struct unet_type_spec spec_proto(int first, int last)
{
	return (struct unet_type_spec){
		.layer = UNET_TYPE_PROTO,
		.direction = UNET_TYPE_RX | UNET_TYPE_TX,
		.action = UNET_TYPE_DELIVER,
		.first = first, .last = last,
	};
}

static inline struct unet_type_spec spec_port(int proto, int first, int last)
{
	return (struct unet_type_spec){
		.layer = UNET_TYPE_PORT,
		.direction = UNET_TYPE_RX | UNET_TYPE_TX,
		.action = UNET_TYPE_DELIVER,
		.proto = proto,
		.first = first, .last = last,
	};
}

static inline struct unet_type_spec spec_does(struct unet_type_spec spec,
					      int action)
{
	spec.action = action;
	spec.direction = UNET_TYPE_RX;
	return spec;
}

static inline struct unet_pattern pattern_byte(int offset, int value, int mask)
{
	return (struct unet_pattern){
		.offset = offset, .bytes = 1, .value = { value }, .mask = { mask },
	};
}

/* ---- calls; the whole answer is in @r ---- */

static inline int type_add(struct chan *c, const struct unet_type_spec *spec,
			   uint64_t tag, struct unet_type_req *r)
{
	*r = (struct unet_type_req){ .size = sizeof(*r), .spec = *spec,
				     .meta.tag = tag };
	return chan_ioctl(c->fd, UNET_IOC_TYPE_ADD, r);
}

static inline int type_modify(struct chan *c, uint32_t id,
			      const struct unet_type_spec *spec,
			      struct unet_type_req *r)
{
	*r = (struct unet_type_req){ .size = sizeof(*r), .spec = *spec, .id = id };
	return chan_ioctl(c->fd, UNET_IOC_TYPE_MODIFY, r);
}

static inline int type_priority(struct chan *c, uint32_t id, uint32_t priority,
				struct unet_type_ref *r)
{
	*r = (struct unet_type_ref){ .size = sizeof(*r), .id = id,
				     .priority = priority };
	return chan_ioctl(c->fd, UNET_IOC_TYPE_PRIORITY, r);
}

static inline int type_del(struct chan *c, uint32_t id)
{
	struct unet_type_ref r = { .size = sizeof(r), .id = id };

	return chan_ioctl(c->fd, UNET_IOC_TYPE_DEL, &r);
}

static inline int type_join(struct chan *c, uint32_t id, struct unet_type_ref *r)
{
	*r = (struct unet_type_ref){ .size = sizeof(*r), .id = id };
	return chan_ioctl(c->fd, UNET_IOC_TYPE_JOIN, r);
}

/* ---- what a dump says ---- */

/* What a dump says of one rule. */
struct told {
	uint32_t id;
	uint32_t rules;		/* seen at all */
	uint32_t generation;
	uint64_t packets;
	char dev[UNET_NAME_LEN];
	bool there;
};

static inline void keep_told(const struct nl_reply *reply, void *arg)
{
	struct told *t = arg;

	t->rules++;
	if (nl_u32(reply->attr[UNET_A_TYPE]) != t->id)
		return;
	t->there = true;
	t->generation = nl_u32(reply->attr[UNET_A_GENERATION]);
	t->packets = nl_u64(reply->attr[UNET_A_RX_PACKETS]);
	snprintf(t->dev, sizeof(t->dev), "%s", nl_str(reply->attr[UNET_A_IFNAME]));
}

static inline struct told tell(struct nl *nl, uint32_t id)
{
	struct told t = { .id = id };
	struct nl_req r;

	nl_start(nl, &r, nl->family, NLM_F_DUMP, UNET_CMD_TYPE_GET);
	if (nl_ask(nl, &r, keep_told, &t))
		t.rules = ~0u;
	return t;
}

/* ---- frames ---- */

/* A packet socket of one ethertype in the peer's namespace, and the peer's MAC. */
static inline int peer_frames(struct topo *t, int ethertype, uint8_t *mac)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ethertype) };
	struct timeval patience = { .tv_sec = 2 };
	int fd = -1;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -1;
	if (!rtnl_mac("vb", mac)) {
		ll.sll_ifindex = if_nametoindex("vb");
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ethertype));
		if (bind(fd, (void *)&ll, sizeof(ll)))
			abort();
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	}
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return fd;
}

static inline uint32_t build_frame(uint8_t *p, const uint8_t *to,
				   const uint8_t *from, int ethertype,
				   const void *data, uint32_t bytes)
{
	memcpy(p, to, 6);
	memcpy(p + 6, from, 6);
	p[12] = ethertype >> 8;
	p[13] = ethertype;
	memcpy(p + 14, data, bytes);
	return 14 + bytes;
}

static inline int send_frame(int fd, const uint8_t *to, const uint8_t *from,
			     int ethertype, const void *data, uint32_t bytes)
{
	uint8_t frame[2048];
	uint32_t len = build_frame(frame, to, from, ethertype, data, bytes);

	return send(fd, frame, len, 0) == (ssize_t)len ? 0 : -errno;
}

/* Send what was built at the start of TX; its DONE status, or -1 for none. */
static inline int chan_send_raw(struct chan *c, uint32_t flow, uint32_t header,
				uint32_t bytes, uint16_t seg_size)
{
	struct unet_tx_slot slot = {
		.flow = flow, .cookie = 1, .seg_size = seg_size,
		.header_len = header, .extents = 1, .extent = { { 0, bytes } },
	};
	const struct unet_done *d;

	chan_tx_slot(c, &slot);
	if (chan_sync(c, UNET_SYNC_TX))
		return -1;
	d = chan_done(c, 2000);
	return d ? d->status : -1;
}

/* Tag of the next batch within @ms, which is then taken; 0: none came. */
static inline uint64_t next_tag(struct chan *c, int ms)
{
	const struct unet_rx_slot *s = chan_rx_peek(c, ms);
	uint64_t tag;

	if (!s)
		return 0;
	tag = s->tag;
	chan_rx_next(c);
	return tag;
}

/* ---- somebody else ---- */

/* Be @uid from now on, with @caps (a bit each) and no other capability. */
static inline int become(uid_t uid, uint32_t caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct set[2] = {
		{ .effective = caps, .permitted = caps },
	};

	return prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) ||
	       setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
	       syscall(SYS_capset, &head, set) ? -errno : 0;
}

/* Run @fn in a child with another uid and only @caps; its exit status. */
static inline int as_capable(uid_t uid, uint32_t caps, int (*fn)(void *arg),
			     void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (become(uid, caps))
			_exit(99);
		_exit(fn(arg));
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* With another uid and no capabilities. */
static inline int as_user(uid_t uid, int (*fn)(void *arg), void *arg)
{
	return as_capable(uid, 0, fn, arg);
}

/* In a child: say which, and be the exit status. */
#define CHECK(cond)							\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			fflush(stdout);					\
			return 1;					\
		}							\
	} while (0)

#endif
