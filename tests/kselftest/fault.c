// SPDX-License-Identifier: MIT
/*
 * Description: memory runs out at every single place (R7.10). Each operation is
 * repeated with the first, second, third... allocation or user copy on its way made
 * to fail, until there are no more. Each time it does its work all the same or
 * says why not in an honest errno; then it works when asked again, and nothing
 * is left of it in the end.
 */
#include "fault.h"
#include "inter.h"
#include "live.h"
#include "param.h"
#include "tcp_hand.h"
#include "type_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#include <linux/if_ether.h>
#include <sys/syscall.h>

#define DPORT		9
#define NTH_MAX		20000

/* As little memory as a channel can be of: each page is a round of its own. */
static const struct unet_params tiny = {
	.rx_slots = 16, .tx_slots = 16, .rx_small = 16, .rx_large = 1,
	.tx_bufs = 16, .max_flows = 16,
};

/**
 * struct stage - what operations work on
 * @t:		two hosts; va is attached
 * @c:		channel, @c.fd < 0: none
 * @flow:	of @c
 * @rule:	of @c
 * @h:		connection of @c
 * @slot:	send of @flow
 * @nl:		netlink socket, @nl.fd < 0: none
 * @round:	from 1
 * @no_memory:	sends of va that DONE said were lost for want of memory
 * @no_buffer:	packets for va's flows that were lost for want of memory
 * @port:	local, of @slot
 * @m:		channel of an intermediary, @m.fd < 0: none
 * @grant:	of @m
 * @verdict:	of @m
 */
struct stage {
	struct topo t;
	struct chan c;
	uint32_t flow;
	uint32_t rule;
	struct hand h;
	struct unet_tx_slot slot;
	struct nl nl;
	unsigned int round;
	long long no_memory;
	long long no_buffer;
	int port;
	struct chan m;
	uint32_t grant;
	struct unet_inter_verdict verdict;
	int tap;		/* packet socket on va; -1: there is none */
};

/**
 * struct op - an operation
 * @set:	makes what it needs; 0 or -errno
 * @run:	what memory runs out in; 0 or -errno
 * @look:	when that was 0: how it really went; or NULL
 * @unset:	mirror of @set, copes with whatever @run left
 * @also:	an errno that is honest here, besides those of memory
 * @already:	what it says when it had worked, and only the answer was lost
 * @afresh:	is not repeated on what it failed on
 * @silent:	must not fail
 * @last:	only so many places from the last, 0: all; those before are not ours
 */
struct op {
	int (*set)(struct stage *s);
	int (*run)(struct stage *s);
	int (*look)(struct stage *s);
	void (*unset)(struct stage *s);
	int also;
	int already;
	bool afresh;
	bool silent;
	unsigned int last;
};

#define OPERATION(name, ...)	static const struct op op_##name = { __VA_ARGS__ }

/* ---- open, bind, map, close ---- */

static int no_set(struct stage *s)
{
	return 0;
}

static int run_open(struct stage *s)
{
	s->c.fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	return s->c.fd < 0 ? -errno : 0;
}

static void unset_chan(struct stage *s)
{
	if (s->c.fd >= 0)
		chan_close(&s->c);
	memset(&s->c, 0, sizeof(s->c));
	s->c.fd = -1;
}

static int run_bind(struct stage *s)
{
	return chan_bind(&s->c, "va", &tiny);
}

static int set_bound(struct stage *s)
{
	return run_open(s) ?: run_bind(s);
}

static int run_map(struct stage *s)
{
	return chan_map(&s->c);
}

static int set_mapped(struct stage *s)
{
	return set_bound(s) ?: run_map(s);
}

static int add_flow(struct stage *s, int proto, int family, const char *local,
		    const char *remote)
{
	struct unet_flow_req r = flow_req(proto, family, local, 0, remote,
					  remote ? DPORT : 0);
	int err = chan_flow_add(&s->c, &r);

	s->flow = r.flow;
	return err;
}

static int run_close(struct stage *s)
{
	int err = close(s->c.fd) ? -errno : 0;

	s->c.fd = -1;
	return err;
}

static int set_connection(struct stage *s)
{
	int step;

	s->h.family = AF_INET;
	step = set_mapped(s) ?: hand_listen(&s->c, &s->h, 0) ?:
		   hand_accept(&s->t, &s->c, &s->h);

	/* A mapping would keep the file open. */
	chan_unmap(&s->c);
	return step;
}

static void unset_connection(struct stage *s)
{
	close(s->h.client);
	unset_chan(s);
}

OPERATION(open, .set = no_set, .run = run_open, .unset = unset_chan);
OPERATION(bind, .set = run_open, .run = run_bind, .unset = unset_chan,
	  .already = -EBUSY);
/* What it did map would keep the file open, were it mapped again. */
OPERATION(map, .set = set_bound, .run = run_map, .unset = unset_chan,
	  .afresh = true);
OPERATION(close, .set = set_connection, .run = run_close,
	  .unset = unset_connection, .silent = true);

/* ---- flows ---- */

static int run_listen4(struct stage *s)
{
	return add_flow(s, IPPROTO_UDP, AF_INET, OUR_V4, NULL);
}

static int run_listen_dual(struct stage *s)
{
	return add_flow(s, IPPROTO_TCP, AF_INET6, NULL, NULL);
}

static int run_connect4(struct stage *s)
{
	return add_flow(s, IPPROTO_TCP, AF_INET, OUR_V4, PEER_V4);
}

static int run_connect6(struct stage *s)
{
	return add_flow(s, IPPROTO_UDP, AF_INET6, OUR_V6, PEER_V6);
}

static int set_flow(struct stage *s)
{
	return set_bound(s) ?: run_connect4(s);
}

static int run_remove(struct stage *s)
{
	return chan_flow_del(&s->c, s->flow, UNET_DEL_RESET);
}

/* The host's bind() calls a port in use that it finds no memory to book. */
#define FLOW_OP(name)							\
	OPERATION(name, .set = set_bound, .run = run_##name,		\
		  .unset = unset_chan, .also = -EADDRINUSE)

FLOW_OP(listen4);
FLOW_OP(listen_dual);
FLOW_OP(connect4);
/* ... and unreachable what it finds no memory for a copy of the IPv6 route to. */
OPERATION(connect6, .set = set_bound, .run = run_connect6, .unset = unset_chan,
	  .also = -ENETUNREACH);
OPERATION(remove, .set = set_flow, .run = run_remove, .unset = unset_chan,
	  .already = -ENOENT);

/* ---- sends ---- */

static int put_send(struct stage *s, int family, const char *to, uint32_t bytes,
		    uint16_t seg_size)
{
	static const char data[20000];
	struct unet_flow_req r = flow_req(IPPROTO_UDP, family,
					  family == AF_INET ? OUR_V4 : OUR_V6,
					  0, NULL, 0);
	int err = set_mapped(s) ?: chan_flow_add(&s->c, &r);
	struct pkt_spec p = {
		.family = family, .proto = IPPROTO_UDP, .dst = to,
		.src = family == AF_INET ? OUR_V4 : OUR_V6,
		.sport = ntohs(r.local_port_out), .dport = DPORT,
		.data = data, .bytes = bytes,
	};

	if (err)
		return err;
	s->port = p.sport;
	s->slot = (struct unet_tx_slot){ .flow = r.flow, .seg_size = seg_size,
					 .extents = 1 };
	s->slot.header_len = build_packet(s->c.tx_mem, &p);
	s->slot.extent[0].len = s->slot.header_len + bytes;
	return 0;
}

static int set_send_small(struct stage *s)
{
	return put_send(s, AF_INET, PEER_V4, 64, 0);
}

static int set_send_large(struct stage *s)
{
	return put_send(s, AF_INET6, PEER_V6, 1400, 0);
}

static int set_send_super(struct stage *s)
{
	return put_send(s, AF_INET, PEER_V4, 20000, 1000);
}

/* Each round has a neighbour the host has never heard of. */
static int set_send_first(struct stage *s)
{
	char to[32];

	snprintf(to, sizeof(to), "10.9.0.%u", 3 + s->round % 250);
	return put_send(s, AF_INET, to, 64, 0);
}

static int set_send_first_large(struct stage *s)
{
	char to[32];

	snprintf(to, sizeof(to), "fd09::%x", 0x100 + s->round);
	return put_send(s, AF_INET6, to, 1400, 0);
}

static int run_send(struct stage *s)
{
	chan_tx_slot(&s->c, &s->slot);
	return chan_sync(&s->c, UNET_SYNC_TX);
}

/* Each send that was lost for want of memory is one of the nexus' count (R1.18). */
static int look_no_memory(struct stage *s)
{
	long long count = nexus_counter("va", "tx_no_memory");

	if (count == ++s->no_memory)
		return -ENOMEM;
	printf("# tx_no_memory is %lld, not %lld\n", count, s->no_memory);
	return -EPROTO;
}

/* A send is lost like any packet may be; DONE says so, and whose fault it was. */
static int look_done(struct stage *s)
{
	const struct unet_done *d = chan_done(&s->c, 20000);

	if (!d)
		return -ETIMEDOUT;
	switch (d->status) {
	case UNET_CNT_NONE:
		return 0;
	case UNET_CNT_TX_NO_MEMORY:
		return look_no_memory(s);
	case UNET_CNT_TX_DROP_DEVICE:
		return -ENOBUFS;
	case UNET_CNT_TX_NO_ROUTE:
		return -ENETUNREACH;
	default:
		printf("# DONE says %u\n", d->status);
		return -EPROTO;
	}
}

#define SEND_OP(name)							\
	OPERATION(send_##name, .set = set_send_##name, .run = run_send,	\
		  .look = look_done, .unset = unset_chan)

SEND_OP(small);
/* As connect6: each CPU has a copy of an IPv6 route, made when it is first used there. */
OPERATION(send_large, .set = set_send_large, .run = run_send, .look = look_done,
	  .unset = unset_chan, .also = -ENETUNREACH);
SEND_OP(super);
SEND_OP(first);
OPERATION(send_first_large, .set = set_send_first_large, .run = run_send,
	  .look = look_done, .unset = unset_chan, .also = -ENETUNREACH);

/* ---- netlink ---- */

static int run_attach(struct stage *s)
{
	return nl_device(&s->nl, UNET_CMD_NEXUS_ATTACH, "vc", NULL, NULL);
}

static int run_detach(struct stage *s)
{
	return nl_device(&s->nl, UNET_CMD_NEXUS_DETACH, "vc", NULL, NULL);
}

static int set_nl(struct stage *s)
{
	return nl_open(&s->nl);
}

static int set_attached(struct stage *s)
{
	return set_nl(s) ?: run_attach(s);
}

static void unset_nl(struct stage *s)
{
	if (s->nl.fd >= 0)
		close(s->nl.fd);
	s->nl.fd = -1;
}

static void unset_attach(struct stage *s)
{
	unset_nl(s);
	if (!set_nl(s))
		run_detach(s);
	unset_nl(s);
}

static int set_dump(struct stage *s)
{
	return set_flow(s) ?: set_nl(s);
}

static int dump(struct stage *s, uint8_t cmd)
{
	struct nl_req r;

	nl_start(&s->nl, &r, s->nl.family, NLM_F_DUMP, cmd);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

static int run_dump_nexuses(struct stage *s)
{
	return dump(s, UNET_CMD_NEXUS_GET);
}

static int run_dump_flows(struct stage *s)
{
	return dump(s, UNET_CMD_FLOW_GET);
}

static int run_get(struct stage *s)
{
	return nl_device(&s->nl, UNET_CMD_NEXUS_GET, "va", NULL, NULL);
}

static void unset_dump(struct stage *s)
{
	unset_nl(s);
	unset_chan(s);
}

OPERATION(attach, .set = set_nl, .run = run_attach, .unset = unset_attach,
	  .already = -EEXIST);
OPERATION(detach, .set = set_attached, .run = run_detach, .unset = unset_attach,
	  .already = -ENODEV);

/* A dump that broke off stands in the way of the next on its socket. */
#define DUMP_OP(name)							\
	OPERATION(name, .set = set_dump, .run = run_##name,		\
		  .unset = unset_dump, .afresh = true)

DUMP_OP(dump_nexuses);
DUMP_OP(dump_flows);
DUMP_OP(get);

/* ---- packet types ---- */

static int run_type_add(struct stage *s)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, 7000, 7001);
	struct unet_type_req r;
	int err = type_add(&s->c, &spec, 0, &r);

	s->rule = r.id;
	return err;
}

static int set_type(struct stage *s)
{
	return set_bound(s) ?: run_type_add(s);
}

/* More ports, and one less. */
static int run_type_modify(struct stage *s)
{
	struct unet_type_spec spec = spec_port(IPPROTO_UDP, 7001, 7003);
	struct unet_type_req r;

	return type_modify(&s->c, s->rule, &spec, &r);
}

static int run_type_priority(struct stage *s)
{
	struct unet_type_ref ref;

	return type_priority(&s->c, s->rule, 2000, &ref);
}

static int run_type_del(struct stage *s)
{
	return type_del(&s->c, s->rule);
}

static int run_type_join(struct stage *s)
{
	struct unet_type_ref ref;

	return type_join(&s->c, s->rule, &ref);
}

/* A rule of a flow: joined by its own channel it is whole. */
static int run_child_add(struct stage *s)
{
	struct unet_type_req r = {
		.size = sizeof(r), .parent = s->flow,
		.spec = spec_port(IPPROTO_UDP, 0, 0),
	};
	int err;

	r.spec.flags = UNET_TYPE_OF_FLOW;
	r.spec.num_patterns = 1;
	r.spec.pattern[0] = pattern_byte(0, 1, 1);
	err = chan_ioctl(s->c.fd, UNET_IOC_TYPE_ADD, &r);
	s->rule = r.id;
	return err;
}

static int set_parent(struct stage *s)
{
	return set_bound(s) ?: run_listen4(s);
}

static int set_child(struct stage *s)
{
	return set_parent(s) ?: run_child_add(s);
}

static int run_parent_del(struct stage *s)
{
	return chan_flow_del(&s->c, s->flow, 0);
}

/* That of a port that cannot be bound is the host's to say, memory or not. */
OPERATION(type_add, .set = set_bound, .run = run_type_add, .unset = unset_chan,
	  .also = -EADDRINUSE, .already = -EEXIST);
OPERATION(type_modify, .set = set_type, .run = run_type_modify,
	  .unset = unset_chan, .also = -EADDRINUSE);
OPERATION(type_priority, .set = set_type, .run = run_type_priority,
	  .unset = unset_chan);
OPERATION(type_del, .set = set_type, .run = run_type_del, .unset = unset_chan,
	  .already = -ENOENT);
OPERATION(child_add, .set = set_parent, .run = run_child_add,
	  .unset = unset_chan, .already = -EEXIST);
OPERATION(child_join, .set = set_child, .run = run_type_join,
	  .unset = unset_chan, .already = -EALREADY);
OPERATION(child_del, .set = set_child, .run = run_type_del,
	  .unset = unset_chan, .already = -ENOENT);
OPERATION(parent_del, .set = set_child, .run = run_parent_del,
	  .unset = unset_chan, .already = -ENOENT);

static void put_u32(struct nl_req *r, uint16_t attr, uint32_t value)
{
	nl_put(r, attr, &value, sizeof(value));
}

static void put_u8(struct nl_req *r, uint16_t attr, uint8_t value)
{
	nl_put(r, attr, &value, sizeof(value));
}

static void start_frames(struct stage *s, struct nl_req *r, uint8_t cmd)
{
	nl_start(&s->nl, r, s->nl.family, NLM_F_ACK, cmd);
	put_u8(r, UNET_A_LAYER, UNET_TYPE_ETHERTYPE);
	put_u32(r, UNET_A_FIRST, OWN_TYPE);
}

static int run_order_add(struct stage *s)
{
	struct nl_req r;

	start_frames(s, &r, UNET_CMD_TYPE_ADD);
	put_u8(&r, UNET_A_ACTION, UNET_TYPE_DROP);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

static int run_policy_add(struct stage *s)
{
	struct nl_req r;

	start_frames(s, &r, UNET_CMD_POLICY_ADD);
	put_u32(&r, UNET_A_ACTIONS, 1 << UNET_TYPE_DELIVER);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

static void keep_type(const struct nl_reply *reply, void *id)
{
	*(uint32_t *)id = nl_u32(reply->attr[UNET_A_TYPE]);
}

static void keep_policy(const struct nl_reply *reply, void *id)
{
	*(uint32_t *)id = nl_u32(reply->attr[UNET_A_POLICY]);
}

static int remove_by_id(struct stage *s, uint8_t cmd, uint16_t attr, uint32_t id)
{
	struct nl_req r;

	nl_start(&s->nl, &r, s->nl.family, NLM_F_ACK, cmd);
	put_u32(&r, attr, id);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

/* What there is of the administrator's, however it came to be: one of each. */
static void unset_orders(struct stage *s)
{
	uint32_t type = 0, policy = 0;
	struct nl_req r;

	unset_nl(s);
	if (set_nl(s))
		return;
	nl_start(&s->nl, &r, s->nl.family, NLM_F_DUMP, UNET_CMD_TYPE_GET);
	if (!nl_ask(&s->nl, &r, keep_type, &type) && type)
		remove_by_id(s, UNET_CMD_TYPE_DEL, UNET_A_TYPE, type);
	nl_start(&s->nl, &r, s->nl.family, NLM_F_DUMP, UNET_CMD_POLICY_GET);
	if (!nl_ask(&s->nl, &r, keep_policy, &policy) && policy)
		remove_by_id(s, UNET_CMD_POLICY_DEL, UNET_A_POLICY, policy);
	unset_nl(s);
}

static int set_order(struct stage *s)
{
	struct nl_req r;
	int err = set_nl(s);

	if (err)
		return err;
	start_frames(s, &r, UNET_CMD_TYPE_ADD);
	put_u8(&r, UNET_A_ACTION, UNET_TYPE_DROP);
	return nl_ask(&s->nl, &r, keep_type, &s->rule);
}

static int run_order_modify(struct stage *s)
{
	struct nl_req r;

	start_frames(s, &r, UNET_CMD_TYPE_MODIFY);
	put_u32(&r, UNET_A_TYPE, s->rule);
	put_u8(&r, UNET_A_ACTION, UNET_TYPE_HOST);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

static int run_order_priority(struct stage *s)
{
	struct nl_req r;

	nl_start(&s->nl, &r, s->nl.family, NLM_F_ACK, UNET_CMD_TYPE_PRIORITY);
	put_u32(&r, UNET_A_TYPE, s->rule);
	put_u32(&r, UNET_A_PRIORITY, 7);
	return nl_ask(&s->nl, &r, NULL, NULL);
}

static int run_order_del(struct stage *s)
{
	return remove_by_id(s, UNET_CMD_TYPE_DEL, UNET_A_TYPE, s->rule);
}

OPERATION(order_add, .set = set_nl, .run = run_order_add, .unset = unset_orders,
	  .already = -EEXIST);
OPERATION(order_modify, .set = set_order, .run = run_order_modify,
	  .unset = unset_orders);
OPERATION(order_priority, .set = set_order, .run = run_order_priority,
	  .unset = unset_orders);
OPERATION(order_del, .set = set_order, .run = run_order_del,
	  .unset = unset_orders, .already = -ENOENT);
OPERATION(policy_add, .set = set_nl, .run = run_policy_add,
	  .unset = unset_orders, .already = -EEXIST);

/* ---- intermediaries ---- */

static int run_inter_grant(struct stage *s)
{
	struct grant g = {
		.rights = OBSERVE | UNET_INTER_MODIFY_HEADERS |
			  UNET_INTER_INJECT | UNET_INTER_DELAY,
		.hold_ms = 10000, .proto = IPPROTO_UDP, .redirect_port = s->port,
	};

	if (s->port)
		g.rights |= UNET_INTER_REDIRECT;
	return inter_grant(&s->nl, &g, &s->grant);
}

static int set_granted(struct stage *s)
{
	int err = set_nl(s) ?: run_inter_grant(s);

	if (err)
		return err;
	s->m.fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	return s->m.fd < 0 ? -errno : 0;
}

static int run_inter_claim(struct stage *s)
{
	struct unet_inter_open o = {
		.size = sizeof(o), .grant = s->grant, .params = tiny,
	};
	int err = chan_ioctl(s->m.fd, UNET_IOC_INTER_OPEN, &o);

	s->m.bind.params = o.params;
	s->m.bind.layout = o.layout;
	return err;
}

/* The grants there are, however many came to be. */
static void unset_inter(struct stage *s)
{
	if (s->m.fd >= 0)
		chan_close(&s->m);
	memset(&s->m, 0, sizeof(s->m));
	s->m.fd = -1;
	s->port = 0;
	unset_nl(s);
	if (!set_nl(s))
		inter_revoke_all(&s->nl);
	unset_nl(s);
	unset_chan(s);
}

/* A flow that is there when the grant is claimed, and one that comes later. */
static int set_inter_chain(struct stage *s)
{
	return set_parent(s) ?: set_granted(s);
}

static int set_inter_flow(struct stage *s)
{
	return set_bound(s) ?: set_granted(s) ?: run_inter_claim(s);
}

static int set_inter_send(struct stage *s)
{
	return put_send(s, AF_INET, PEER_V4, 64, 0) ?: set_granted(s) ?:
	       run_inter_claim(s) ?: chan_map(&s->m);
}

/* A packet is shown; it can be named in a verdict, with its bytes. */
static int look_shown(struct stage *s)
{
	const struct unet_rx_slot *rx = chan_rx_peek(&s->m, 20000);
	const struct unet_desc *d;

	if (!rx)
		return -ETIMEDOUT;
	d = &s->m.desc[rx->first];
	memcpy(s->m.tx_mem, chan_buf(&s->m, rx->first), d->len);
	s->verdict = (struct unet_inter_verdict){
		.token = rx->tag, .count = 1, .header_len = 28, .extents = 1,
		.extent = { { 0, d->len } },
	};
	chan_rx_next(&s->m);
	return 0;
}

static int look_sent(struct stage *s)
{
	return look_done(s) ?: look_shown(s);
}

static int set_inter_verdict(struct stage *s)
{
	return set_inter_send(s) ?: run_send(s) ?: look_sent(s);
}

static int say(struct stage *s, uint16_t action)
{
	struct unet_tx_slot slot;

	s->verdict.action = action;
	memcpy(&slot, &s->verdict, sizeof(slot));
	chan_tx_slot(&s->m, &slot);
	return chan_sync(&s->m, UNET_SYNC_TX);
}

static int run_inter_change(struct stage *s)
{
	s->verdict.extent[0].len = s->verdict.header_len;
	return say(s, UNET_VERDICT_MODIFY);
}

static int run_inter_inject(struct stage *s)
{
	return say(s, UNET_VERDICT_INJECT);
}

static int look_verdict(struct stage *s)
{
	const struct unet_done *d = chan_done(&s->m, 20000);

	if (!d)
		return -ETIMEDOUT;
	if (!d->status)
		return 0;
	if (d->status == UNET_INTER_CNT_NO_MEMORY)
		return -ENOMEM;
	printf("# DONE says %u\n", d->status);
	return -EPROTO;
}

static int set_inter_redirect(struct stage *s)
{
	int err = set_inter_send(s), fd;

	if (err)
		return err;
	fd = peer_socket(&s->t, AF_INET, SOCK_DGRAM);
	err = send_to(fd, OUR_V4, s->port, "hello", 5) ?: look_shown(s);
	close(fd);
	return err;
}

/* Of what has no bytes of its own. */
static int say_plain(struct stage *s, uint16_t action)
{
	s->verdict.header_len = 0;
	s->verdict.extents = 0;
	memset(s->verdict.extent, 0, sizeof(s->verdict.extent));
	return say(s, action);
}

static int run_inter_redirect(struct stage *s)
{
	return say_plain(s, UNET_VERDICT_REDIRECT);
}

/*
 * To the flow it came from, that is: it is shown again, or was counted as lost, by
 * the grant on its way there, by the nexus once it had come.
 */
static int look_redirected(struct stage *s)
{
	uint64_t lost;
	int err = look_verdict(s);

	if (err)
		return err;
	lost = inter_stat(&s->nl, s->grant, UNET_INTER_CNT_REDIRECT_LOST);
	lost += nexus_counter("va", "rx_drop_no_buffer") - s->no_buffer;
	s->no_buffer = nexus_counter("va", "rx_drop_no_buffer");
	if (lost == 1)
		return -ENOMEM;
	return lost ? -EPROTO : look_shown(s);
}

/* What comes has two holders: who marks it needs a header of its own. */
static int set_inter_mark(struct stage *s)
{
	s->tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	return s->tap < 0 ? -errno : set_inter_redirect(s);
}

static int run_inter_mark(struct stage *s)
{
	s->verdict.tos = 0xb8;
	s->verdict.tos_mask = 0xfc;
	return say_plain(s, UNET_VERDICT_MARK);
}

/* It goes on as it was, and is counted so, or is marked; or is lost where it goes in. */
static int look_marked(struct stage *s)
{
	const struct unet_rx_slot *rx;
	int err = look_verdict(s);
	bool kept;

	if (err)
		return err;
	kept = inter_stat(&s->nl, s->grant, UNET_INTER_CNT_NO_MEMORY) == 1;
	if (inter_stat(&s->nl, s->grant, UNET_INTER_CNT_MODIFIED) != !kept)
		return -EPROTO;
	if (nexus_counter("va", "rx_drop_no_buffer") != s->no_buffer) {
		s->no_buffer = nexus_counter("va", "rx_drop_no_buffer");
		return -ENOMEM;
	}
	rx = chan_rx_peek(&s->c, 20000);
	if (!rx || ((uint8_t *)chan_buf(&s->c, rx->first))[1] != (kept ? 0 : 0xb8))
		return -EPROTO;
	return kept ? -ENOMEM : 0;
}

static void unset_inter_mark(struct stage *s)
{
	if (s->tap >= 0)
		close(s->tap);
	s->tap = -1;
	unset_inter(s);
}

OPERATION(inter_grant, .set = set_nl, .run = run_inter_grant,
	  .unset = unset_inter);
OPERATION(inter_claim, .set = set_granted, .run = run_inter_claim,
	  .unset = unset_inter, .already = -EBUSY);
/* A claim that half of the flows had is undone; the file was bound, and is spent. */
OPERATION(inter_chain, .set = set_inter_chain, .run = run_inter_claim,
	  .unset = unset_inter, .already = -EBUSY, .afresh = true);
OPERATION(inter_flow, .set = set_inter_flow, .run = run_listen4,
	  .unset = unset_inter, .also = -EADDRINUSE);
OPERATION(inter_show, .set = set_inter_send, .run = run_send,
	  .look = look_sent, .unset = unset_inter);
OPERATION(inter_change, .set = set_inter_verdict, .run = run_inter_change,
	  .look = look_verdict, .unset = unset_inter);
OPERATION(inter_inject, .set = set_inter_verdict, .run = run_inter_inject,
	  .look = look_verdict, .unset = unset_inter);
/* What was marked is not there to be so again. */
OPERATION(inter_mark, .set = set_inter_mark, .run = run_inter_mark,
	  .look = look_marked, .unset = unset_inter_mark, .afresh = true);
/* What was redirected is not there to be so again. */
OPERATION(inter_redirect, .set = set_inter_redirect, .run = run_inter_redirect,
	  .look = look_redirected, .unset = unset_inter, .afresh = true);

/* ---- the module ---- */

static int unload(void)
{
	uint64_t end = mono_ms() + 20000;

	while (syscall(SYS_delete_module, "unet", O_NONBLOCK)) {
		if (errno == ENOENT)
			break;
		if (mono_ms() > end)
			return -errno;
		usleep(20 * 1000);
	}
	return 0;
}

static int set_load(struct stage *s)
{
	s->c.fd = open(getenv("UNET_KO") ?: "", O_RDONLY | O_CLOEXEC);
	return s->c.fd < 0 ? -errno : unload();
}

static int run_load(struct stage *s)
{
	return syscall(SYS_finit_module, s->c.fd, "", 0) ? -errno : 0;
}

/* The others expect the module, and va attached. */
static void unset_load(struct stage *s)
{
	run_load(s);
	close(s->c.fd);
	if (!set_nl(s))
		nl_device(&s->nl, UNET_CMD_NEXUS_ATTACH, "va", NULL, NULL);
	unset_nl(s);
}

OPERATION(load, .set = set_load, .run = run_load, .unset = unset_load,
	  .last = 100);

/* ---- the test ---- */

FIXTURE(fault) {
	struct stage s;
	struct live before;
	char linger[16];
	int nth;
};

FIXTURE_VARIANT(fault) {
	const struct op *op;
};

#define FAULT(name) \
	FIXTURE_VARIANT_ADD(fault, name) { .op = &op_##name }

FAULT(open);
FAULT(bind);
FAULT(map);
FAULT(close);
FAULT(listen4);
FAULT(listen_dual);
FAULT(connect4);
FAULT(connect6);
FAULT(remove);
FAULT(send_small);
FAULT(send_large);
FAULT(send_super);
FAULT(send_first);
FAULT(send_first_large);
FAULT(attach);
FAULT(detach);
FAULT(dump_nexuses);
FAULT(dump_flows);
FAULT(get);
FAULT(type_add);
FAULT(type_modify);
FAULT(type_priority);
FAULT(type_del);
FAULT(child_add);
FAULT(child_join);
FAULT(child_del);
FAULT(parent_del);
FAULT(order_add);
FAULT(order_modify);
FAULT(order_priority);
FAULT(order_del);
FAULT(policy_add);
FAULT(inter_grant);
FAULT(inter_claim);
FAULT(inter_chain);
FAULT(inter_flow);
FAULT(inter_show);
FAULT(inter_change);
FAULT(inter_inject);
FAULT(inter_mark);
FAULT(inter_redirect);
FAULT(load);

FIXTURE_SETUP(fault)
{
	const char *missing = fault_prepare();

	if (missing)
		SKIP(return, "%s", missing);
	self->s.c.fd = -1;
	self->s.m.fd = -1;
	self->s.nl.fd = -1;
	self->s.tap = -1;
	ASSERT_EQ(0, param_get("port_linger_secs", self->linger, sizeof(self->linger)));
	ASSERT_EQ(0, param_linger("0"));
	ASSERT_EQ(0, topo_setup(&self->s.t));
	ASSERT_EQ(0, sh("ip link add vc type veth peer name vd"));
	ASSERT_EQ(0, nexus_attach("va"));
	self->before = live_now();
	self->nth = fault_open();
	ASSERT_GE(self->nth, 0);
}

FIXTURE_TEARDOWN(fault)
{
	fault_close(self->nth);
	topo_teardown(&self->s.t);
	param_linger(self->linger);
}

static int ran(const struct op *op, struct stage *s, int err)
{
	return err || !op->look ? err : op->look(s);
}

/* How many places there are, the last of which may differ from run to run. */
static unsigned int count_places(const struct op *op, struct stage *s, int nth)
{
	unsigned int left;
	int err = op->set(s);

	fault_arm(nth, NTH_MAX);
	err = err ?: op->run(s);
	left = fault_disarm(nth);
	err = ran(op, s, err);
	op->unset(s);
	if (err)
		printf("# with memory in plenty: %s\n", strerror(-err));
	return err ? 0 : NTH_MAX - left;
}

static bool honest(const struct op *op, int err)
{
	if (!err || op->silent)
		return !err;
	return err == -ENOMEM || err == -ENOBUFS || err == -EFAULT ||
	       err == op->also;
}

static int again(const struct op *op, struct stage *s, int before)
{
	int err = 0;

	if (op->afresh) {
		op->unset(s);
		err = op->set(s);
	}
	err = ran(op, s, err ?: op->run(s));
	/* Out of memory means that nothing was done. */
	return err == op->already && before != -ENOMEM ? 0 : err;
}

TEST_F_TIMEOUT(fault, fails_honestly_and_leaks_nothing, 200)
{
	const struct op *op = variant->op;
	struct stage *s = &self->s;
	unsigned int left = 0, refused = 0, nth, places;
	struct live now;
	int err;

	/* The first time makes what stays: neighbours, caches. */
	ASSERT_LT(0, count_places(op, s, self->nth));
	places = count_places(op, s, self->nth);
	ASSERT_LT(0, places);
	nth = op->last && op->last < places ? places - op->last : 1;
	for (; !left; nth++) {
		s->round = nth;
		ASSERT_EQ(0, op->set(s));
		fault_arm(self->nth, nth);
		err = op->run(s);
		left = fault_disarm(self->nth);
		err = ran(op, s, err);
		EXPECT_TRUE(honest(op, err))
			TH_LOG("place %u of %u: %s", nth, places, strerror(-err));
		if (err) {
			refused++;
			EXPECT_EQ(0, again(op, s, err))
				TH_LOG("after place %u: %s", nth, strerror(-err));
		}
		op->unset(s);
		ASSERT_TRUE(live_returns_to(&self->before, &now))
			TH_LOG("place %u (%s) left: %s", nth, strerror(-err),
			       now.text);
	}
	EXPECT_EQ(0, err);
	EXPECT_NE(op->silent, refused > 0);
	TH_LOG("%u places, refused at %u", places, refused);
}

TEST_HARNESS_MAIN
