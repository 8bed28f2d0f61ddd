/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints at each hand-over: device to channel, channel to device, and the
 * comings and goings of what they pass through.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM unet

#if !defined(_UNET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _UNET_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/unet.h>

#include "core/flow_key.h"

#ifndef UNET_TRACE_LISTS
#define UNET_TRACE_LISTS
#define UNET_TRACE_COUNTER(id, name, text)	{ UNET_CNT_##id, name },
#define UNET_TRACE_COUNTERS \
	UNET_COUNTERS(UNET_TRACE_COUNTER) { UNET_CNT_NONE, "none" }
#endif

#define UNET_TRACE_ENUM(id, name, text)	TRACE_DEFINE_ENUM(UNET_CNT_##id);
UNET_COUNTERS(UNET_TRACE_ENUM)
#undef UNET_TRACE_ENUM
TRACE_DEFINE_ENUM(UNET_CNT_NONE);
TRACE_DEFINE_ENUM(UNET_POISON_RX_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_DONE_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_TX_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_FREE_CURSOR);
TRACE_DEFINE_ENUM(UNET_POISON_FREE_INDEX);
TRACE_DEFINE_ENUM(UNET_POISON_TX_ABUSE);

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
				   { UNET_POISON_TX_ABUSE, "tx_abuse" }))
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

#endif /* _UNET_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
