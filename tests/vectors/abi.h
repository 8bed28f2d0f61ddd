/* SPDX-License-Identifier: MIT */
/*
 * The ABI, pinned: every size and offset of <linux/unet.h>, the same for 32 and
 * 64 bits. A line that has to be changed here breaks a program somewhere.
 */
#ifndef _UNET_VECTORS_ABI_H
#define _UNET_VECTORS_ABI_H

#include <linux/unet.h>

#define PIN_SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "size of " #type)
#define PIN(type, member, at) \
	_Static_assert(__builtin_offsetof(struct type, member) == (at), \
		       "offset of " #type "." #member)
#define PIN_VALUE(name, value) \
	_Static_assert((name) == (value), "value of " #name)

PIN_SIZE(unet_region, 24);
PIN(unet_region, offset, 0);
PIN(unet_region, bytes, 8);
PIN(unet_region, flags, 16);
PIN(unet_region, reserved, 20);

PIN_SIZE(unet_info, 64);
PIN(unet_info, abi, 0);
PIN(unet_info, state, 4);
PIN(unet_info, reason, 8);
PIN(unet_info, addr_gen, 12);
PIN(unet_info, reserved, 16);

PIN_SIZE(unet_flow_adv, 32);
PIN(unet_flow_adv, flow, 0);
PIN(unet_flow_adv, flags, 4);
PIN(unet_flow_adv, mtu, 8);
PIN(unet_flow_adv, ce_count, 12);
PIN(unet_flow_adv, sent, 16);
PIN(unet_flow_adv, dropped, 24);

PIN_SIZE(unet_kring, 320);
PIN(unet_kring, rx_tail, 0);
PIN(unet_kring, pad0, 4);
PIN(unet_kring, done_tail, 64);
PIN(unet_kring, pad1, 68);
PIN(unet_kring, tx_head, 128);
PIN(unet_kring, pad2, 132);
PIN(unet_kring, free_head, 192);
PIN(unet_kring, pad3, 196);
PIN(unet_kring, flags, 256);
PIN(unet_kring, pad4, 260);

PIN_SIZE(unet_uring, 256);
PIN(unet_uring, rx_head, 0);
PIN(unet_uring, pad0, 4);
PIN(unet_uring, done_head, 64);
PIN(unet_uring, pad1, 68);
PIN(unet_uring, tx_tail, 128);
PIN(unet_uring, pad2, 132);
PIN(unet_uring, free_tail, 192);
PIN(unet_uring, pad3, 196);

PIN_SIZE(unet_rx_slot, 64);
PIN(unet_rx_slot, flow, 0);
PIN(unet_rx_slot, first, 4);
PIN(unet_rx_slot, packets, 8);
PIN(unet_rx_slot, segments, 12);
PIN(unet_rx_slot, bytes, 16);
PIN(unet_rx_slot, flags, 20);
PIN(unet_rx_slot, tag, 24);
PIN(unet_rx_slot, tstamp, 32);
PIN(unet_rx_slot, seg_size, 40);
PIN(unet_rx_slot, ce_count, 44);
PIN(unet_rx_slot, reserved, 48);

PIN_SIZE(unet_desc, 32);
PIN(unet_desc, next, 0);
PIN(unet_desc, len, 4);
PIN(unet_desc, offset, 8);
PIN(unet_desc, seg_size, 12);
PIN(unet_desc, segments, 16);
PIN(unet_desc, flags, 20);
PIN(unet_desc, l4_offset, 24);
PIN(unet_desc, reserved, 28);

PIN_SIZE(unet_extent, 8);
PIN(unet_extent, offset, 0);
PIN(unet_extent, len, 4);

PIN_SIZE(unet_tx_slot, 64);
PIN(unet_tx_slot, flow, 0);
PIN(unet_tx_slot, cookie, 4);
PIN(unet_tx_slot, seg_size, 8);
PIN(unet_tx_slot, header_len, 10);
PIN(unet_tx_slot, extents, 12);
PIN(unet_tx_slot, flags, 14);
PIN(unet_tx_slot, extent, 16);

PIN_SIZE(unet_done, 8);
PIN(unet_done, cookie, 0);
PIN(unet_done, status, 4);
PIN(unet_done, reserved, 6);

PIN_SIZE(unet_query, 40);
PIN(unet_query, size, 0);
PIN(unet_query, flags, 4);
PIN(unet_query, abi, 8);
PIN(unet_query, counters, 12);
PIN(unet_query, features, 16);
PIN(unet_query, max_ring, 24);
PIN(unet_query, max_flows, 28);
PIN(unet_query, max_arena, 32);

PIN_SIZE(unet_params, 24);
PIN(unet_params, rx_slots, 0);
PIN(unet_params, tx_slots, 4);
PIN(unet_params, rx_small, 8);
PIN(unet_params, rx_large, 12);
PIN(unet_params, tx_bufs, 16);
PIN(unet_params, max_flows, 20);

PIN_SIZE(unet_layout, 232);
PIN(unet_layout, params, 0);
PIN(unet_layout, free_entries, 24);
PIN(unet_layout, done_entries, 28);
PIN(unet_layout, adv_offset, 32);
PIN(unet_layout, rx_slots_offset, 36);
PIN(unet_layout, done_offset, 40);
PIN(unet_layout, tx_slots_offset, 44);
PIN(unet_layout, free_offset, 48);
PIN(unet_layout, reserved, 52);
PIN(unet_layout, reserved2, 56);
PIN(unet_layout, region, 64);

PIN_SIZE(unet_bind, 288);
PIN(unet_bind, size, 0);
PIN(unet_bind, flags, 4);
PIN(unet_bind, nexus, 8);
PIN(unet_bind, params, 24);
PIN(unet_bind, layout, 48);
PIN(unet_bind, channel, 280);
PIN(unet_bind, ifindex, 284);

PIN_SIZE(unet_flow_meta, 16);
PIN(unet_flow_meta, flags, 0);
PIN(unet_flow_meta, batch_limit, 4);
PIN(unet_flow_meta, tag, 8);

PIN_SIZE(unet_flow_req, 120);
PIN(unet_flow_req, size, 0);
PIN(unet_flow_req, flags, 4);
PIN(unet_flow_req, family, 8);
PIN(unet_flow_req, proto, 9);
PIN(unet_flow_req, local_port, 10);
PIN(unet_flow_req, remote_port, 12);
PIN(unet_flow_req, reserved, 14);
PIN(unet_flow_req, parent, 16);
PIN(unet_flow_req, local, 20);
PIN(unet_flow_req, remote, 36);
PIN(unet_flow_req, snd_nxt, 52);
PIN(unet_flow_req, rcv_nxt, 56);
PIN(unet_flow_req, reserved2, 60);
PIN(unet_flow_req, meta, 64);
PIN(unet_flow_req, flow, 80);
PIN(unet_flow_req, mtu, 84);
PIN(unet_flow_req, adv, 88);
PIN(unet_flow_req, gso_max, 92);
PIN(unet_flow_req, local_port_out, 96);
PIN(unet_flow_req, reserved3, 98);
PIN(unet_flow_req, local_out, 104);

PIN_SIZE(unet_flow_del, 16);
PIN(unet_flow_del, size, 0);
PIN(unet_flow_del, flags, 4);
PIN(unet_flow_del, flow, 8);
PIN(unet_flow_del, reserved, 12);

PIN_SIZE(unet_flow_set, 32);
PIN(unet_flow_set, size, 0);
PIN(unet_flow_set, flags, 4);
PIN(unet_flow_set, flow, 8);
PIN(unet_flow_set, reserved, 12);
PIN(unet_flow_set, meta, 16);

PIN_SIZE(unet_sync, 24);
PIN(unet_sync, size, 0);
PIN(unet_sync, flags, 4);
PIN(unet_sync, timeout_ns, 8);
PIN(unet_sync, sent, 16);
PIN(unet_sync, ready, 20);

PIN_SIZE(unet_state, 16);
PIN(unet_state, size, 0);
PIN(unet_state, flags, 4);
PIN(unet_state, state, 8);
PIN(unet_state, reason, 12);

PIN_VALUE(UNET_IOC_QUERY, 0xc028e700);
PIN_VALUE(UNET_IOC_BIND, 0xc120e701);
PIN_VALUE(UNET_IOC_FLOW_ADD, 0xc078e702);
PIN_VALUE(UNET_IOC_FLOW_DEL, 0xc010e703);
PIN_VALUE(UNET_IOC_FLOW_SET, 0xc020e704);
PIN_VALUE(UNET_IOC_SYNC, 0xc018e705);
PIN_VALUE(UNET_IOC_STATE, 0xc010e706);
PIN_VALUE(UNET_IOC_INTER_OPEN, 0xc130e718);
PIN_VALUE(UNET_IOC_INTER_FLOW, 0xc04ce719);

PIN_VALUE(UNET_REGION_INFO, 0);
PIN_VALUE(UNET_REGION_KRING, 1);
PIN_VALUE(UNET_REGION_URING, 2);
PIN_VALUE(UNET_REGION_DESC, 3);
PIN_VALUE(UNET_REGION_RX_SMALL, 4);
PIN_VALUE(UNET_REGION_RX_LARGE, 5);
PIN_VALUE(UNET_REGION_TX, 6);

PIN_VALUE(UNET_CHANNEL_UNBOUND, 0);
PIN_VALUE(UNET_CHANNEL_LIVE, 1);
PIN_VALUE(UNET_CHANNEL_POISONED, 2);
PIN_VALUE(UNET_CHANNEL_DETACHED, 3);

PIN_VALUE(UNET_POISON_NONE, 0);
PIN_VALUE(UNET_POISON_RX_CURSOR, 1);
PIN_VALUE(UNET_POISON_DONE_CURSOR, 2);
PIN_VALUE(UNET_POISON_TX_CURSOR, 3);
PIN_VALUE(UNET_POISON_FREE_CURSOR, 4);
PIN_VALUE(UNET_POISON_FREE_INDEX, 5);
PIN_VALUE(UNET_POISON_TX_ABUSE, 6);
PIN_VALUE(UNET_POISON_INTER_ABUSE, 7);
PIN_VALUE(UNET_POISON_INTER_REVOKED, 8);

PIN_VALUE(UNET_CNT_NONE, 0);
PIN_VALUE(UNET_CNT_RX_PACKETS, 1);
PIN_VALUE(UNET_CNT_RX_HOST, 2);
PIN_VALUE(UNET_CNT_RX_HOST_FRAGMENT, 3);
PIN_VALUE(UNET_CNT_RX_HOST_MALFORMED, 4);
PIN_VALUE(UNET_CNT_RX_HOST_NOT_LOCAL, 5);
PIN_VALUE(UNET_CNT_RX_HOST_OTHER, 6);
PIN_VALUE(UNET_CNT_RX_DELIVERED, 7);
PIN_VALUE(UNET_CNT_RX_BYTES, 8);
PIN_VALUE(UNET_CNT_RX_BATCHES, 9);
PIN_VALUE(UNET_CNT_RX_SUPER, 10);
PIN_VALUE(UNET_CNT_RX_ICMP_ERROR, 11);
PIN_VALUE(UNET_CNT_RX_CSUM_BAD, 12);
PIN_VALUE(UNET_CNT_RX_DROP_NO_BUFFER, 13);
PIN_VALUE(UNET_CNT_RX_DROP_RING_FULL, 14);
PIN_VALUE(UNET_CNT_RX_DROP_TOO_BIG, 15);
PIN_VALUE(UNET_CNT_RX_DROP_DEAD, 16);
PIN_VALUE(UNET_CNT_TX_SLOTS, 17);
PIN_VALUE(UNET_CNT_TX_PACKETS, 18);
PIN_VALUE(UNET_CNT_TX_BYTES, 19);
PIN_VALUE(UNET_CNT_TX_BAD_SLOT, 20);
PIN_VALUE(UNET_CNT_TX_BAD_EXTENT, 21);
PIN_VALUE(UNET_CNT_TX_BAD_HEADER, 22);
PIN_VALUE(UNET_CNT_TX_BAD_LENGTH, 23);
PIN_VALUE(UNET_CNT_TX_BAD_FLOW, 24);
PIN_VALUE(UNET_CNT_TX_SPOOF_PROTO, 25);
PIN_VALUE(UNET_CNT_TX_SPOOF_SOURCE, 26);
PIN_VALUE(UNET_CNT_TX_SPOOF_PORT, 27);
PIN_VALUE(UNET_CNT_TX_SPOOF_DEST, 28);
PIN_VALUE(UNET_CNT_TX_SOURCE_GONE, 29);
PIN_VALUE(UNET_CNT_TX_NO_ROUTE, 30);
PIN_VALUE(UNET_CNT_TX_TOO_BIG, 31);
PIN_VALUE(UNET_CNT_TX_NO_MEMORY, 32);
PIN_VALUE(UNET_CNT_TX_DROP_DEVICE, 33);
PIN_VALUE(UNET_CNT_TX_DROP_DOWN, 34);
PIN_VALUE(UNET_CNT_TX_PUSHBACK, 35);
PIN_VALUE(UNET_CNT_CH_OPENED, 36);
PIN_VALUE(UNET_CNT_CH_CLOSED, 37);
PIN_VALUE(UNET_CNT_CH_POISONED, 38);
PIN_VALUE(UNET_CNT_CH_WAKEUPS, 39);
PIN_VALUE(UNET_CNT_FLOW_ADDED, 40);
PIN_VALUE(UNET_CNT_FLOW_REMOVED, 41);
PIN_VALUE(UNET_CNT_FLOW_RESET, 42);
PIN_VALUE(UNET_CNT_PORT_LINGER, 43);
PIN_VALUE(UNET_CNT_RX_HOST_MARTIAN, 44);
PIN_VALUE(UNET_CNT_RX_DROP_INTER, 50);
PIN_VALUE(UNET_CNT_TX_DROP_INTER, 51);
PIN_VALUE(UNET_CNT_RX_PUBLISHES, 52);

PIN_VALUE(UNET_CMD_UNSPEC, 0);
PIN_VALUE(UNET_CMD_NEXUS_ATTACH, 1);
PIN_VALUE(UNET_CMD_NEXUS_DETACH, 2);
PIN_VALUE(UNET_CMD_NEXUS_GET, 3);
PIN_VALUE(UNET_CMD_CHANNEL_GET, 4);
PIN_VALUE(UNET_CMD_FLOW_GET, 5);
PIN_VALUE(UNET_CMD_STATS_GET, 6);
PIN_VALUE(UNET_CMD_VERSION_GET, 7);
PIN_VALUE(UNET_CMD_EVENT, 8);
PIN_VALUE(UNET_CMD_INTER_GRANT, 17);
PIN_VALUE(UNET_CMD_INTER_REVOKE, 18);
PIN_VALUE(UNET_CMD_INTER_GET, 19);

PIN_VALUE(UNET_EVENT_ATTACHED, 1);
PIN_VALUE(UNET_EVENT_DETACHED, 2);
PIN_VALUE(UNET_EVENT_POISONED, 3);
PIN_VALUE(UNET_EVENT_OWNER_DIED, 4);

PIN_VALUE(UNET_A_UNSPEC, 0);
PIN_VALUE(UNET_A_PAD, 1);
PIN_VALUE(UNET_A_IFNAME, 2);
PIN_VALUE(UNET_A_IFINDEX, 3);
PIN_VALUE(UNET_A_HOOK, 4);
PIN_VALUE(UNET_A_CHANNELS, 5);
PIN_VALUE(UNET_A_FLOWS, 6);
PIN_VALUE(UNET_A_CHANNEL, 7);
PIN_VALUE(UNET_A_STATE, 8);
PIN_VALUE(UNET_A_REASON, 9);
PIN_VALUE(UNET_A_PID, 10);
PIN_VALUE(UNET_A_UID, 11);
PIN_VALUE(UNET_A_COMM, 12);
PIN_VALUE(UNET_A_ARENA_BYTES, 13);
PIN_VALUE(UNET_A_FLOW, 14);
PIN_VALUE(UNET_A_FLOW_ID, 15);
PIN_VALUE(UNET_A_FAMILY, 16);
PIN_VALUE(UNET_A_PROTO, 17);
PIN_VALUE(UNET_A_LOCAL_ADDR, 18);
PIN_VALUE(UNET_A_REMOTE_ADDR, 19);
PIN_VALUE(UNET_A_LOCAL_PORT, 20);
PIN_VALUE(UNET_A_REMOTE_PORT, 21);
PIN_VALUE(UNET_A_FLOW_STATE, 22);
PIN_VALUE(UNET_A_RX_PACKETS, 23);
PIN_VALUE(UNET_A_RX_BATCHES, 24);
PIN_VALUE(UNET_A_RX_BYTES, 25);
PIN_VALUE(UNET_A_TX_PACKETS, 26);
PIN_VALUE(UNET_A_TX_BYTES, 27);
PIN_VALUE(UNET_A_DROPS, 28);
PIN_VALUE(UNET_A_COUNTERS, 29);
PIN_VALUE(UNET_A_EVENT, 30);
PIN_VALUE(UNET_A_VERSION, 31);
PIN_VALUE(UNET_A_ABI, 32);
PIN_VALUE(UNET_A_CHAIN, 51);

PIN_VALUE(UNET_FLOW_STATE_LISTEN, 1);
PIN_VALUE(UNET_FLOW_STATE_OPEN, 2);
PIN_VALUE(UNET_FLOW_STATE_CLOSING, 3);

PIN_SIZE(unet_inter_verdict, 64);
PIN(unet_inter_verdict, token, 0);
PIN(unet_inter_verdict, cookie, 8);
PIN(unet_inter_verdict, action, 12);
PIN(unet_inter_verdict, extents, 14);
PIN(unet_inter_verdict, count, 16);
PIN(unet_inter_verdict, header_len, 20);
PIN(unet_inter_verdict, reserved, 22);
PIN(unet_inter_verdict, reserved2, 24);
PIN(unet_inter_verdict, extent, 32);

PIN_SIZE(unet_inter_flow, 76);
PIN(unet_inter_flow, size, 0);
PIN(unet_inter_flow, flags, 4);
PIN(unet_inter_flow, flow, 8);
PIN(unet_inter_flow, family, 12);
PIN(unet_inter_flow, proto, 13);
PIN(unet_inter_flow, local_port, 14);
PIN(unet_inter_flow, remote_port, 16);
PIN(unet_inter_flow, reserved, 18);
PIN(unet_inter_flow, local, 20);
PIN(unet_inter_flow, remote, 36);
PIN(unet_inter_flow, pid, 52);
PIN(unet_inter_flow, uid, 56);
PIN(unet_inter_flow, comm, 60);

PIN_SIZE(unet_inter_open, 304);
PIN(unet_inter_open, size, 0);
PIN(unet_inter_open, flags, 4);
PIN(unet_inter_open, grant, 8);
PIN(unet_inter_open, reserved, 12);
PIN(unet_inter_open, params, 16);
PIN(unet_inter_open, layout, 40);
PIN(unet_inter_open, channel, 272);
PIN(unet_inter_open, ifindex, 276);
PIN(unet_inter_open, rights, 280);
PIN(unet_inter_open, directions, 284);
PIN(unet_inter_open, hold_ms, 288);
PIN(unet_inter_open, backlog, 292);
PIN(unet_inter_open, backlog_bytes, 296);
PIN(unet_inter_open, copy_bytes, 300);

PIN_VALUE(UNET_INTER_FAIL_OPEN, 0);
PIN_VALUE(UNET_INTER_FAIL_CLOSED, 1);
PIN_VALUE(UNET_INTER_FAIL_AFTER, 2);

PIN_VALUE(UNET_INTER_WAITING, 0);
PIN_VALUE(UNET_INTER_SERVING, 1);
PIN_VALUE(UNET_INTER_FAILED, 2);
PIN_VALUE(UNET_INTER_BARRED, 3);

PIN_VALUE(UNET_VERDICT_ACCEPT, 0);
PIN_VALUE(UNET_VERDICT_DROP, 1);
PIN_VALUE(UNET_VERDICT_MODIFY, 2);
PIN_VALUE(UNET_VERDICT_DUPLICATE, 3);
PIN_VALUE(UNET_VERDICT_INJECT, 4);

PIN_VALUE(UNET_IA_UNSPEC, 0);
PIN_VALUE(UNET_IA_PAD, 1);
PIN_VALUE(UNET_IA_IFNAME, 2);
PIN_VALUE(UNET_IA_GRANT, 3);
PIN_VALUE(UNET_IA_RIGHTS, 4);
PIN_VALUE(UNET_IA_DIRECTIONS, 5);
PIN_VALUE(UNET_IA_UID, 6);
PIN_VALUE(UNET_IA_PRIORITY, 7);
PIN_VALUE(UNET_IA_POLICY, 8);
PIN_VALUE(UNET_IA_AFTER_MS, 9);
PIN_VALUE(UNET_IA_HOLD_MS, 10);
PIN_VALUE(UNET_IA_BACKLOG, 11);
PIN_VALUE(UNET_IA_BACKLOG_BYTES, 12);
PIN_VALUE(UNET_IA_COPY_BYTES, 13);
PIN_VALUE(UNET_IA_VIOLATIONS, 14);
PIN_VALUE(UNET_IA_PROTO, 15);
PIN_VALUE(UNET_IA_LOCAL_ADDR, 16);
PIN_VALUE(UNET_IA_LOCAL_PREFIX, 17);
PIN_VALUE(UNET_IA_LOCAL_PORT, 18);
PIN_VALUE(UNET_IA_REMOTE_ADDR, 19);
PIN_VALUE(UNET_IA_REMOTE_PREFIX, 20);
PIN_VALUE(UNET_IA_REMOTE_PORT, 21);
PIN_VALUE(UNET_IA_STATE, 22);
PIN_VALUE(UNET_IA_PID, 23);
PIN_VALUE(UNET_IA_COMM, 24);
PIN_VALUE(UNET_IA_FLOWS, 25);
PIN_VALUE(UNET_IA_HELD, 26);
PIN_VALUE(UNET_IA_STATS, 27);
PIN_VALUE(UNET_IA_PATTERNS, 28);
PIN_VALUE(UNET_IA_PROG_FD, 29);
PIN_VALUE(UNET_IA_PROG_ID, 30);

PIN_VALUE(UNET_INTER_CNT_PACKETS, 1);
PIN_VALUE(UNET_INTER_CNT_BYTES, 2);
PIN_VALUE(UNET_INTER_CNT_ACCEPTED, 3);
PIN_VALUE(UNET_INTER_CNT_DROPPED, 4);
PIN_VALUE(UNET_INTER_CNT_MODIFIED, 5);
PIN_VALUE(UNET_INTER_CNT_DUPLICATED, 6);
PIN_VALUE(UNET_INTER_CNT_INJECTED, 7);
PIN_VALUE(UNET_INTER_CNT_MISSED, 8);
PIN_VALUE(UNET_INTER_CNT_BLOCKED, 9);
PIN_VALUE(UNET_INTER_CNT_NO_MEMORY, 10);
PIN_VALUE(UNET_INTER_CNT_BAD_CSUM, 11);
PIN_VALUE(UNET_INTER_CNT_TOKEN_FOREIGN, 12);
PIN_VALUE(UNET_INTER_CNT_TOKEN_STALE, 13);
PIN_VALUE(UNET_INTER_CNT_TOKEN_DOUBLE, 14);
PIN_VALUE(UNET_INTER_CNT_BAD_VERDICT, 15);
PIN_VALUE(UNET_INTER_CNT_BAD_EXTENT, 16);
PIN_VALUE(UNET_INTER_CNT_BAD_HEADER, 17);
PIN_VALUE(UNET_INTER_CNT_BAD_LENGTH, 18);
PIN_VALUE(UNET_INTER_CNT_SPOOF, 19);
PIN_VALUE(UNET_INTER_CNT_RIGHT_DROP, 20);
PIN_VALUE(UNET_INTER_CNT_RIGHT_HEADERS, 21);
PIN_VALUE(UNET_INTER_CNT_RIGHT_PAYLOAD, 22);
PIN_VALUE(UNET_INTER_CNT_RIGHT_INJECT, 23);
PIN_VALUE(UNET_INTER_CNT_RIGHT_DUPLICATE, 24);
PIN_VALUE(UNET_INTER_CNT_HELD_TOO_LONG, 25);
PIN_VALUE(UNET_INTER_CNT_BACKLOG, 26);

PIN_VALUE(UNET_INTER_OBSERVE_HEADERS, 0x1);
PIN_VALUE(UNET_INTER_OBSERVE_PAYLOAD, 0x2);
PIN_VALUE(UNET_INTER_DROP, 0x4);
PIN_VALUE(UNET_INTER_DELAY, 0x8);
PIN_VALUE(UNET_INTER_MODIFY_HEADERS, 0x10);
PIN_VALUE(UNET_INTER_MODIFY_PAYLOAD, 0x20);
PIN_VALUE(UNET_INTER_INJECT, 0x40);
PIN_VALUE(UNET_INTER_DUPLICATE, 0x80);
PIN_VALUE(UNET_INTER_IDENTITY, 0x100);
PIN_VALUE(UNET_INTER_ALL_RIGHTS, 0x1ff);
PIN_VALUE(UNET_INTER_PROMPT_MS, 0x64);
PIN_VALUE(UNET_INTER_INBOUND, 0x1);
PIN_VALUE(UNET_INTER_OUTBOUND, 0x2);
PIN_VALUE(UNET_VERDICT_EXTENTS, 0x4);

PIN_VALUE(UNET_ABI_VERSION, 0x1);
PIN_VALUE(UNET_NAME_LEN, 0x10);
PIN_VALUE(UNET_CACHELINE, 0x40);
PIN_VALUE(UNET_RX_SMALL_BYTES, 0x800);
PIN_VALUE(UNET_RX_LARGE_BYTES, 0x10000);
PIN_VALUE(UNET_TX_BUF_BYTES, 0x800);
PIN_VALUE(UNET_NO_BUF, 0xffffffff);
PIN_VALUE(UNET_NO_FLOW, 0);
PIN_VALUE(UNET_REGION_WRITE, 0x1);
PIN_VALUE(UNET_ABUSE_LIMIT, 0x1000);
PIN_VALUE(UNET_ADV_SUSPENDED, 0x1);
PIN_VALUE(UNET_ADV_DEAD, 0x2);
PIN_VALUE(UNET_ADV_INTERMEDIATED, 0x4);
PIN_VALUE(UNET_KRING_NEED_KICK, 0x1);
PIN_VALUE(UNET_RX_SUPER, 0x1);
PIN_VALUE(UNET_RX_CSUM_BAD, 0x2);
PIN_VALUE(UNET_RX_ICMP_ERROR, 0x4);
PIN_VALUE(UNET_RX_END, 0x8);
PIN_VALUE(UNET_RX_RESUMED, 0x10);
PIN_VALUE(UNET_RX_OUTBOUND, 0x40);
PIN_VALUE(UNET_DESC_MORE, 0x1);
PIN_VALUE(UNET_DESC_CSUM_OK, 0x2);
PIN_VALUE(UNET_DESC_CSUM_BAD, 0x4);
PIN_VALUE(UNET_TX_EXTENTS, 0x6);
PIN_VALUE(UNET_TX_MAX_BYTES, 0xffff);
PIN_VALUE(UNET_TX_MAX_HEADER, 0x80);
PIN_VALUE(UNET_TX_MAX_SEGMENTS, 0x40);
PIN_VALUE(UNET_FEATURE_BATCH, 0x1);
PIN_VALUE(UNET_FEATURE_SUPER, 0x2);
PIN_VALUE(UNET_FEATURE_TX_SEG, 0x4);
PIN_VALUE(UNET_FEATURE_ICMP, 0x8);
PIN_VALUE(UNET_FEATURE_INTER, 0x20);
PIN_VALUE(UNET_FEATURE_OF_FLOW, 0x40);
PIN_VALUE(UNET_PARAM_NONE, 0xffffffff);
PIN_VALUE(UNET_FLOW_LOCAL_ADDR, 0x1);
PIN_VALUE(UNET_FLOW_LOCAL_PORT, 0x2);
PIN_VALUE(UNET_FLOW_REMOTE, 0x4);
PIN_VALUE(UNET_FLOW_V6ONLY, 0x8);
PIN_VALUE(UNET_FLOW_REUSEADDR, 0x10);
PIN_VALUE(UNET_FLOW_NO_PORTS, 0x20);
PIN_VALUE(UNET_META_NO_BATCH, 0x1);
PIN_VALUE(UNET_META_LOW_LATENCY, 0x2);
PIN_VALUE(UNET_DEL_LINGER, 0x1);
PIN_VALUE(UNET_DEL_RESET, 0x2);
PIN_VALUE(UNET_SYNC_TX, 0x1);
PIN_VALUE(UNET_SYNC_FREE, 0x2);
PIN_VALUE(UNET_SYNC_WAIT, 0x4);
PIN_VALUE(UNET_IOC_MAGIC, 0xe7);
PIN_VALUE(UNET_GENL_VERSION, 0x1);

/* packet types */
PIN_SIZE(unet_pattern, 68);
PIN(unet_pattern, offset, 0);
PIN(unet_pattern, bytes, 2);
PIN(unet_pattern, reserved, 3);
PIN(unet_pattern, value, 4);
PIN(unet_pattern, mask, 36);

PIN_SIZE(unet_type_spec, 344);
PIN(unet_type_spec, layer, 0);
PIN(unet_type_spec, direction, 1);
PIN(unet_type_spec, action, 2);
PIN(unet_type_spec, proto, 3);
PIN(unet_type_spec, first, 4);
PIN(unet_type_spec, last, 6);
PIN(unet_type_spec, priority, 8);
PIN(unet_type_spec, family, 10);
PIN(unet_type_spec, num_patterns, 11);
PIN(unet_type_spec, local_bits, 12);
PIN(unet_type_spec, remote_bits, 13);
PIN(unet_type_spec, reserved, 14);
PIN(unet_type_spec, flags, 16);
PIN(unet_type_spec, prog_fd, 20);
PIN(unet_type_spec, local, 24);
PIN(unet_type_spec, remote, 40);
PIN(unet_type_spec, extension, 56);
PIN(unet_type_spec, pattern, 72);

PIN_SIZE(unet_type_req, 400);
PIN(unet_type_req, size, 0);
PIN(unet_type_req, flags, 4);
PIN(unet_type_req, id, 8);
PIN(unet_type_req, generation, 12);
PIN(unet_type_req, amended, 16);
PIN(unet_type_req, reason, 20);
PIN(unet_type_req, conflict, 24);
PIN(unet_type_req, flow, 28);
PIN(unet_type_req, mtu, 32);
PIN(unet_type_req, parent, 36);
PIN(unet_type_req, meta, 40);
PIN(unet_type_req, spec, 56);

PIN_SIZE(unet_type_ref, 40);
PIN(unet_type_ref, size, 0);
PIN(unet_type_ref, flags, 4);
PIN(unet_type_ref, id, 8);
PIN(unet_type_ref, priority, 12);
PIN(unet_type_ref, amended, 16);
PIN(unet_type_ref, reason, 20);
PIN(unet_type_ref, conflict, 24);
PIN(unet_type_ref, generation, 28);
PIN(unet_type_ref, flow, 32);
PIN(unet_type_ref, member, 36);
PIN_VALUE(UNET_TYPE_RESERVED, 1000);
PIN_VALUE(UNET_TYPE_PRIORITY, 32768);
PIN_VALUE(UNET_TYPE_PATTERNS, 4);
PIN_VALUE(UNET_PATTERN_BYTES, 32);
PIN_VALUE(UNET_PATTERN_REACH, 1000);
PIN_VALUE(UNET_TYPE_OVERLAP, 16);
PIN_VALUE(UNET_TYPE_OVERLAP_USERS, 8);
PIN_VALUE(UNET_TYPE_HELD_PORTS, 256);
PIN_VALUE(UNET_TYPE_MAX_OWNER, 64);
PIN_VALUE(UNET_TYPE_MAX_DEVICE, 2048);
PIN_VALUE(UNET_TYPE_MAX_TOTAL, 8192);
PIN_VALUE(UNET_TYPE_KEPT_DEVICE, 256);
PIN_VALUE(UNET_TYPE_KEPT_TOTAL, 1024);
PIN_VALUE(UNET_TYPE_MEMBERS, 8);
PIN_VALUE(UNET_TYPE_RX, 1);
PIN_VALUE(UNET_TYPE_TX, 2);
PIN_VALUE(UNET_TYPE_LOCAL_ONLY, 1);
PIN_VALUE(UNET_TYPE_ANY_NUMBER, 2);
PIN_VALUE(UNET_TYPE_STRICT, 4);
PIN_VALUE(UNET_TYPE_NO_HOLD, 8);
PIN_VALUE(UNET_TYPE_VERDICT_HOST, 0);
PIN_VALUE(UNET_TYPE_VERDICT_DROP, 1);
PIN_VALUE(UNET_TYPE_VERDICT_DELIVER, 2);
PIN_VALUE(UNET_AMEND_NARROWED, 1);
PIN_VALUE(UNET_AMEND_PRIORITY, 2);
PIN_VALUE(UNET_AMEND_READ_ONLY, 4);
PIN_VALUE(UNET_AMEND_NUMBER, 8);
PIN_VALUE(UNET_RX_L2, 32);
PIN_VALUE(UNET_TYPE_ETHERTYPE, 1);
PIN_VALUE(UNET_TYPE_PROTO, 2);
PIN_VALUE(UNET_TYPE_PORT, 3);
PIN_VALUE(UNET_TYPE_DELIVER, 1);
PIN_VALUE(UNET_TYPE_DROP, 2);
PIN_VALUE(UNET_TYPE_HOST, 3);
PIN_VALUE(UNET_TYPE_BPF, 4);
PIN_VALUE(UNET_TYPE_EXTENSION, 5);
PIN_VALUE(UNET_TYPE_NO_LAYER, 1);
PIN_VALUE(UNET_TYPE_NO_DIRECTION, 2);
PIN_VALUE(UNET_TYPE_NO_ACTION, 3);
PIN_VALUE(UNET_TYPE_NO_NUMBERS, 4);
PIN_VALUE(UNET_TYPE_NO_PROTOCOL, 5);
PIN_VALUE(UNET_TYPE_NO_FAMILY, 6);
PIN_VALUE(UNET_TYPE_NO_ADDRESS, 7);
PIN_VALUE(UNET_TYPE_NO_PATTERN, 8);
PIN_VALUE(UNET_TYPE_NO_FLAGS, 9);
PIN_VALUE(UNET_TYPE_NO_OWNER, 10);
PIN_VALUE(UNET_TYPE_NO_RX_ONLY, 11);
PIN_VALUE(UNET_TYPE_NO_PROGRAM, 12);
PIN_VALUE(UNET_TYPE_NO_EXTENSION, 13);
PIN_VALUE(UNET_TYPE_NO_RESERVED, 14);
PIN_VALUE(UNET_TYPE_NO_PRIVILEGED, 15);
PIN_VALUE(UNET_TYPE_NO_RIGHT, 16);
PIN_VALUE(UNET_TYPE_NO_DUPLICATE, 17);
PIN_VALUE(UNET_TYPE_NO_CONFLICT, 18);
PIN_VALUE(UNET_TYPE_NO_PORT_TAKEN, 19);
PIN_VALUE(UNET_TYPE_NO_PORTS, 20);
PIN_VALUE(UNET_TYPE_NO_FREE_NUMBER, 21);
PIN_VALUE(UNET_TYPE_NO_MANY_OWNER, 22);
PIN_VALUE(UNET_TYPE_NO_MANY_DEVICE, 23);
PIN_VALUE(UNET_TYPE_NO_MANY_TOTAL, 24);
PIN_VALUE(UNET_TYPE_NO_OVERLAP, 25);
PIN_VALUE(UNET_TYPE_NO_LINK, 26);
PIN_VALUE(UNET_TYPE_NO_AMENDED, 27);
PIN_VALUE(UNET_IOC_TYPE_ADD, 0xc190e710u);
PIN_VALUE(UNET_IOC_TYPE_MODIFY, 0xc190e711u);
PIN_VALUE(UNET_IOC_TYPE_PRIORITY, 0xc028e712u);
PIN_VALUE(UNET_IOC_TYPE_DEL, 0xc028e713u);
PIN_VALUE(UNET_IOC_TYPE_JOIN, 0xc028e714u);

PIN_VALUE(UNET_CMD_TYPE_ADD, 9);
PIN_VALUE(UNET_CMD_TYPE_MODIFY, 10);
PIN_VALUE(UNET_CMD_TYPE_PRIORITY, 11);
PIN_VALUE(UNET_CMD_TYPE_DEL, 12);
PIN_VALUE(UNET_CMD_TYPE_GET, 13);
PIN_VALUE(UNET_CMD_POLICY_ADD, 14);
PIN_VALUE(UNET_CMD_POLICY_DEL, 15);
PIN_VALUE(UNET_CMD_POLICY_GET, 16);
PIN_VALUE(UNET_FEATURE_TYPES, 0x10);

#endif /* _UNET_VECTORS_ABI_H */
