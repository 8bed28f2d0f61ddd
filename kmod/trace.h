/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints at each hand-over: device to channel, channel to device, to and from
 * intermediaries, to packet types; and the comings and goings of what they pass
 * through.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM unet

#if !defined(_UNET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _UNET_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/unet.h>

#include "core/flow_key.h"
#include "core/type_match.h"

#ifndef UNET_TRACE_LISTS
#define UNET_TRACE_LISTS
#define UNET_TRACE_COUNTER(id, name, text)	{ UNET_CNT_##id, name },
#define UNET_TRACE_COUNTERS \
	UNET_COUNTERS(UNET_TRACE_COUNTER) { UNET_CNT_NONE, "none" }
#define UNET_TRACE_INTER_STAT(id, name, text)	{ UNET_INTER_CNT_##id, name },
#define UNET_TRACE_INTER_STATS \
	UNET_INTER_STATS(UNET_TRACE_INTER_STAT) { UNET_INTER_CNT_NONE, "none" }
#endif

#define UNET_TRACE_ENUM(id, name, text)	TRACE_DEFINE_ENUM(UNET_CNT_##id);
UNET_COUNTERS(UNET_TRACE_ENUM)
#undef UNET_TRACE_ENUM
TRACE_DEFINE_ENUM(UNET_CNT_NONE);
#define UNET_TRACE_INTER_ENUM(id, name, text)	TRACE_DEFINE_ENUM(UNET_INTER_CNT_##id);
UNET_INTER_STATS(UNET_TRACE_INTER_ENUM)
#undef UNET_TRACE_INTER_ENUM
TRACE_DEFINE_ENUM(UNET_INTER_CNT_NONE);
TRACE_DEFINE_ENUM(UNET_VERDICT_ACCEPT);
TRACE_DEFINE_ENUM(UNET_VERDICT_DROP);
TRACE_DEFINE_ENUM(UNET_VERDICT_MODIFY);
TRACE_DEFINE_ENUM(UNET_VERDICT_DUPLICATE);
TRACE_DEFINE_ENUM(UNET_VERDICT_INJECT);
TRACE_DEFINE_ENUM(UNET_VERDICT_REDIRECT);
TRACE_DEFINE_ENUM(UNET_VERDICT_MARK);
TRACE_DEFINE_ENUM(UNET_POISON_RX_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_DONE_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_TX_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_FREE_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_FREE_INDEX);
TRACE_DEFINE_ENUM(UNET_POISON_TX_ABUSE);
TRACE_DEFINE_ENUM(UNET_POISON_INTER_ABUSE);
TRACE_DEFINE_ENUM(UNET_POISON_INTER_REVOKED);

/* A flow batch was put on a channel's RX ring. */
TRACE_EVENT(unet_rx_batch,
	TP_PROTO(u32 channel, const struct unet_rx_slot *slot),
	TP_ARGS(channel, slot),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(u32, flow)
		__field(u32, packets)
		__field(u32, segments)
		__field(u32, bytes)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->flow = slot->flow;
		__entry->packets = slot->packets;
		__entry->segments = slot->segments;
		__entry->bytes = slot->bytes;
		__entry->flags = slot->flags;
	),
	TP_printk("channel=%u flow=%#x packets=%u segments=%u bytes=%u flags=%#x",
		  __entry->channel, __entry->flow, __entry->packets,
		  __entry->segments, __entry->bytes, __entry->flags)
);

/* @reason is an enum unet_counter. */
DECLARE_EVENT_CLASS(unet_refusal,
	TP_PROTO(u32 channel, u32 flow, u32 bytes, u32 reason),
	TP_ARGS(channel, flow, bytes, reason),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(u32, flow)
		__field(u32, bytes)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->flow = flow;
		__entry->bytes = bytes;
		__entry->reason = reason;
	),
	TP_printk("channel=%u flow=%#x bytes=%u reason=%s",
		  __entry->channel, __entry->flow, __entry->bytes,
		  __print_symbolic(__entry->reason, UNET_TRACE_COUNTERS))
);

/* A received packet of a flow was dropped. */
DEFINE_EVENT(unet_refusal, unet_rx_drop,
	TP_PROTO(u32 channel, u32 flow, u32 bytes, u32 reason),
	TP_ARGS(channel, flow, bytes, reason)
);

/* A send was refused or dropped. */
DEFINE_EVENT(unet_refusal, unet_tx_refuse,
	TP_PROTO(u32 channel, u32 flow, u32 bytes, u32 reason),
	TP_ARGS(channel, flow, bytes, reason)
);

/* A send was handed to the device. */
TRACE_EVENT(unet_tx_send,
	TP_PROTO(u32 channel, u32 flow, u32 bytes, u32 seg_size),
	TP_ARGS(channel, flow, bytes, seg_size),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(u32, flow)
		__field(u32, bytes)
		__field(u32, seg_size)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->flow = flow;
		__entry->bytes = bytes;
		__entry->seg_size = seg_size;
	),
	TP_printk("channel=%u flow=%#x bytes=%u seg_size=%u",
		  __entry->channel, __entry->flow, __entry->bytes,
		  __entry->seg_size)
);

/* Addresses are shown as IPv6 shows them, IPv4 in the first four bytes. */
DECLARE_EVENT_CLASS(unet_flow,
	TP_PROTO(u32 channel, u32 flow, const struct unet_flow_key *key),
	TP_ARGS(channel, flow, key),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(u32, flow)
		__field(u8, proto)
		__field(u8, mask)
		__field(u16, local_port)
		__field(u16, remote_port)
		__array(u8, local, 16)
		__array(u8, remote, 16)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->flow = flow;
		__entry->proto = key->proto;
		__entry->mask = key->mask;
		__entry->local_port = be16_to_cpu(key->local_port);
		__entry->remote_port = be16_to_cpu(key->remote_port);
		memcpy(__entry->local, key->local, 16);
		memcpy(__entry->remote, key->remote, 16);
	),
	TP_printk("channel=%u flow=%#x proto=%u mask=%u local=%pI6c/%u remote=%pI6c/%u",
		  __entry->channel, __entry->flow, __entry->proto,
		  __entry->mask, __entry->local, __entry->local_port,
		  __entry->remote, __entry->remote_port)
);

DEFINE_EVENT(unet_flow, unet_flow_add,
	TP_PROTO(u32 channel, u32 flow, const struct unet_flow_key *key),
	TP_ARGS(channel, flow, key)
);

DEFINE_EVENT(unet_flow, unet_flow_del,
	TP_PROTO(u32 channel, u32 flow, const struct unet_flow_key *key),
	TP_ARGS(channel, flow, key)
);

DECLARE_EVENT_CLASS(unet_channel,
	TP_PROTO(u32 channel, int ifindex),
	TP_ARGS(channel, ifindex),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(int, ifindex)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->ifindex = ifindex;
	),
	TP_printk("channel=%u ifindex=%d", __entry->channel, __entry->ifindex)
);

/* A file became a channel of a nexus. */
DEFINE_EVENT(unet_channel, unet_channel_open,
	TP_PROTO(u32 channel, int ifindex),
	TP_ARGS(channel, ifindex)
);

DEFINE_EVENT(unet_channel, unet_channel_close,
	TP_PROTO(u32 channel, int ifindex),
	TP_ARGS(channel, ifindex)
);

/* @reason is an enum unet_poison_reason. */
TRACE_EVENT(unet_channel_poison,
	TP_PROTO(u32 channel, u32 reason),
	TP_ARGS(channel, reason),
	TP_STRUCT__entry(
		__field(u32, channel)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->reason = reason;
	),
	TP_printk("channel=%u reason=%s", __entry->channel,
		  __print_symbolic(__entry->reason,
				   { UNET_POISON_RX_CURSOR, "rx_cursor" },
				   { UNET_POISON_DONE_CURSOR, "done_cursor" },
				   { UNET_POISON_TX_CURSOR, "tx_cursor" },
				   { UNET_POISON_FREE_CURSOR, "free_cursor" },
				   { UNET_POISON_FREE_INDEX, "free_index" },
				   { UNET_POISON_TX_ABUSE, "tx_abuse" },
				   { UNET_POISON_INTER_ABUSE, "inter_abuse" },
				   { UNET_POISON_INTER_REVOKED, "inter_revoked" }))
);

DECLARE_EVENT_CLASS(unet_nexus,
	TP_PROTO(const char *name, int ifindex, const char *hook),
	TP_ARGS(name, ifindex, hook),
	TP_STRUCT__entry(
		__array(char, name, UNET_NAME_LEN)
		__field(int, ifindex)
		__array(char, hook, 24)
	),
	TP_fast_assign(
		strscpy(__entry->name, name, UNET_NAME_LEN);
		__entry->ifindex = ifindex;
		strscpy(__entry->hook, hook, 24);
	),
	TP_printk("name=%s ifindex=%d hook=%s", __entry->name,
		  __entry->ifindex, __entry->hook)
);

DEFINE_EVENT(unet_nexus, unet_nexus_attach,
	TP_PROTO(const char *name, int ifindex, const char *hook),
	TP_ARGS(name, ifindex, hook)
);

DEFINE_EVENT(unet_nexus, unet_nexus_detach,
	TP_PROTO(const char *name, int ifindex, const char *hook),
	TP_ARGS(name, ifindex, hook)
);

/* A packet was shown to the intermediary of a grant. */
TRACE_EVENT(unet_inter_show,
	TP_PROTO(u32 grant, u32 flow, u64 token, u32 bytes, bool outbound),
	TP_ARGS(grant, flow, token, bytes, outbound),
	TP_STRUCT__entry(
		__field(u64, token)
		__field(u32, grant)
		__field(u32, flow)
		__field(u32, bytes)
		__field(bool, outbound)
	),
	TP_fast_assign(
		__entry->token = token;
		__entry->grant = grant;
		__entry->flow = flow;
		__entry->bytes = bytes;
		__entry->outbound = outbound;
	),
	TP_printk("grant=%u flow=%#x token=%#llx bytes=%u %s", __entry->grant,
		  __entry->flow, __entry->token, __entry->bytes,
		  __entry->outbound ? "outbound" : "inbound")
);

/* A verdict was obeyed; @action is an enum unet_inter_action. */
TRACE_EVENT(unet_inter_verdict,
	TP_PROTO(u32 grant, u64 token, u32 action),
	TP_ARGS(grant, token, action),
	TP_STRUCT__entry(
		__field(u64, token)
		__field(u32, grant)
		__field(u32, action)
	),
	TP_fast_assign(
		__entry->token = token;
		__entry->grant = grant;
		__entry->action = action;
	),
	TP_printk("grant=%u token=%#llx action=%s", __entry->grant, __entry->token,
		  __print_symbolic(__entry->action,
				   { UNET_VERDICT_ACCEPT, "accept" },
				   { UNET_VERDICT_DROP, "drop" },
				   { UNET_VERDICT_MODIFY, "modify" },
				   { UNET_VERDICT_DUPLICATE, "duplicate" },
				   { UNET_VERDICT_INJECT, "inject" },
				   { UNET_VERDICT_REDIRECT, "redirect" },
				   { UNET_VERDICT_MARK, "mark" }))
);

/* A packet that concerns a grant goes on, or is dropped, without a verdict. */
TRACE_EVENT(unet_inter_miss,
	TP_PROTO(u32 grant, u32 flow, u32 bytes, bool drop),
	TP_ARGS(grant, flow, bytes, drop),
	TP_STRUCT__entry(
		__field(u32, grant)
		__field(u32, flow)
		__field(u32, bytes)
		__field(bool, drop)
	),
	TP_fast_assign(
		__entry->grant = grant;
		__entry->flow = flow;
		__entry->bytes = bytes;
		__entry->drop = drop;
	),
	TP_printk("grant=%u flow=%#x bytes=%u %s", __entry->grant, __entry->flow,
		  __entry->bytes, __entry->drop ? "blocked" : "missed")
);

/* An intermediary broke its terms; @reason is an enum unet_inter_stat. */
TRACE_EVENT(unet_inter_blame,
	TP_PROTO(u32 grant, u32 reason),
	TP_ARGS(grant, reason),
	TP_STRUCT__entry(
		__field(u32, grant)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->grant = grant;
		__entry->reason = reason;
	),
	TP_printk("grant=%u reason=%s", __entry->grant,
		  __print_symbolic(__entry->reason, UNET_TRACE_INTER_STATS))
);

/* A packet type had its way with a packet that reaches no flow of it. */
TRACE_EVENT(unet_type_match,
	TP_PROTO(u32 type, u32 bytes),
	TP_ARGS(type, bytes),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, bytes)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->bytes = bytes;
	),
	TP_printk("type=%u bytes=%u", __entry->type, __entry->bytes)
);

/* Ids of layers, protocols and actions are those of the interface. */
DECLARE_EVENT_CLASS(unet_type,
	TP_PROTO(const struct unet_type_rule *rule, u32 generation),
	TP_ARGS(rule, generation),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, generation)
		__field(u16, first)
		__field(u16, last)
		__field(u16, priority)
		__field(u8, layer)
		__field(u8, proto)
	),
	TP_fast_assign(
		__entry->type = rule->id;
		__entry->generation = generation;
		__entry->first = rule->first;
		__entry->last = rule->last;
		__entry->priority = rule->priority;
		__entry->layer = rule->layer;
		__entry->proto = rule->proto;
	),
	TP_printk("type=%u generation=%u layer=%u proto=%u numbers=%u-%u priority=%u",
		  __entry->type, __entry->generation, __entry->layer,
		  __entry->proto, __entry->first, __entry->last,
		  __entry->priority)
);

/* A rule is in force: new, modified or with another priority. */
DEFINE_EVENT(unet_type, unet_type_set,
	TP_PROTO(const struct unet_type_rule *rule, u32 generation),
	TP_ARGS(rule, generation)
);

DEFINE_EVENT(unet_type, unet_type_del,
	TP_PROTO(const struct unet_type_rule *rule, u32 generation),
	TP_ARGS(rule, generation)
);

#endif /* _UNET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
