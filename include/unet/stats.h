/* SPDX-License-Identifier: MIT */
/*
 * Counters of a stack: one list for the library and for tools.
 */
#ifndef UNET_STATS_H
#define UNET_STATS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_stack;

/* X(id, name, what it counts). Append only: ids are part of the ABI. */
#define UNET_STACK_COUNTERS(X) \
	X(TURNS,		"turns",		"turns of the stack") \
	X(SYNCS,		"syncs",		"system calls made to let the kernel look at the rings") \
	X(RX_BATCHES,		"rx_batches",		"flow batches taken") \
	X(RX_PACKETS,		"rx_packets",		"packets taken, a super packet counts once") \
	X(RX_SEGMENTS,		"rx_segments",		"packets taken as they were on the wire") \
	X(RX_BYTES,		"rx_bytes",		"L3 bytes taken") \
	X(RX_TAGGED,		"rx_tagged",		"packets whose flow the nexus had found") \
	X(RX_LOOKUP,		"rx_lookup",		"packets looked up in the stack's own table") \
	X(RX_NO_FLOW,		"rx_no_flow",		"packets for nobody") \
	X(RX_COPIED,		"rx_copied",		"packets moved out of ring memory because the application was slow") \
	X(TX_PACKETS,		"tx_packets",		"sends given to the backend") \
	X(TX_BYTES,		"tx_bytes",		"L3 bytes given to the backend") \
	X(TX_SUPER,		"tx_super",		"sends with a segment size") \
	X(TX_FULL,		"tx_full",		"sends put off: ring full") \
	X(TX_BOUNCED,		"tx_bounced",		"sends copied because their bytes were not in transmit memory") \
	X(TX_REFUSED,		"tx_refused",		"sends the kernel did not let out") \
	X(NO_MEMORY,		"no_memory",		"something was dropped for want of memory") \
	X(IP_MALFORMED,		"ip_malformed",		"IPv4 or IPv6 header that is none") \
	X(IP_TRUNCATED,		"ip_truncated",		"shorter than its own length field") \
	X(IP_BAD_CSUM,		"ip_bad_csum",		"IPv4 header checksum wrong") \
	X(IP_BAD_OPTION,	"ip_bad_option",	"malformed or source-routing option") \
	X(IP_BAD_EXT,		"ip_bad_ext",		"IPv6 extension headers malformed, too many or too long") \
	X(IP_NOT_OURS,		"ip_not_ours",		"destination or source cannot be a host's") \
	X(IP_BAD_PROTO,		"ip_bad_proto",		"protocol the stack does not run") \
	X(L4_BAD_CSUM,		"l4_bad_csum",		"L4 checksum wrong") \
	X(REASS_FRAGMENTS,	"reass_fragments",	"fragments taken for reassembly") \
	X(REASS_DONE,		"reass_done",		"datagrams reassembled") \
	X(REASS_OVERLAP,	"reass_overlap",	"datagrams dropped: fragments overlap") \
	X(REASS_BAD,		"reass_bad",		"fragments refused: length, offset or header chain") \
	X(REASS_LIMIT,		"reass_limit",		"datagrams dropped: limit of memory or count") \
	X(REASS_TIMEOUT,	"reass_timeout",	"datagrams dropped: not whole in time") \
	X(ICMP_ERRORS,		"icmp_errors",		"ICMP errors given to the flow they quote") \
	X(ICMP_MALFORMED,	"icmp_malformed",	"ICMP messages that are none, or quote too little") \
	X(ICMP_IGNORED,		"icmp_ignored",		"ICMP messages of no use to a flow") \
	X(PMTU_LOWERED,		"pmtu_lowered",		"path MTU lowered by a believable ICMP error") \
	X(PMTU_REFUSED,		"pmtu_refused",		"path MTU claims not believed") \
	X(UDP_IN,		"udp_in",		"datagrams received") \
	X(UDP_OUT,		"udp_out",		"datagrams sent") \
	X(UDP_BAD,		"udp_bad",		"datagrams with a wrong length") \
	X(UDP_FULL,		"udp_full",		"datagrams dropped: receive buffer full") \
	X(TCP_IN,		"tcp_in",		"segments received, as they were on the wire") \
	X(TCP_OUT,		"tcp_out",		"segments sent, as they will be on the wire") \
	X(TCP_BAD,		"tcp_bad",		"segments with a malformed header") \
	X(TCP_ACTIVE,		"tcp_active",		"connections opened by us") \
	X(TCP_PASSIVE,		"tcp_passive",		"connections accepted into the queue") \
	X(TCP_ESTABLISHED,	"tcp_established",	"handshakes completed") \
	X(TCP_RST_IN,		"tcp_rst_in",		"valid resets received") \
	X(TCP_RST_OUT,		"tcp_rst_out",		"resets sent") \
	X(TCP_RETRANS,		"tcp_retrans",		"segments retransmitted") \
	X(TCP_RTO,		"tcp_rto",		"retransmission timeouts") \
	X(TCP_FAST_RECOVERY,	"tcp_fast_recovery",	"recoveries entered without a timeout") \
	X(TCP_TLP,		"tcp_tlp",		"tail loss probes sent") \
	X(TCP_SPURIOUS,		"tcp_spurious",		"retransmissions undone as needless") \
	X(TCP_DUP_IN,		"tcp_dup_in",		"segments that held nothing new") \
	X(TCP_OOO_IN,		"tcp_ooo_in",		"segments received out of order") \
	X(TCP_OOO_DROP,		"tcp_ooo_drop",		"out-of-order bytes dropped: limit") \
	X(TCP_PAWS,		"tcp_paws",		"segments refused by their timestamp") \
	X(TCP_UNACCEPTABLE,	"tcp_unacceptable",	"segments outside the window") \
	X(TCP_CHALLENGE,	"tcp_challenge",	"challenge acknowledgements sent") \
	X(TCP_LISTEN_FULL,	"tcp_listen_full",	"SYNs or ACKs dropped: queue full") \
	X(TCP_COOKIE_SENT,	"tcp_cookie_sent",	"SYN cookies sent") \
	X(TCP_COOKIE_OK,	"tcp_cookie_ok",	"SYN cookies that came back valid") \
	X(TCP_COOKIE_BAD,	"tcp_cookie_bad",	"SYN cookies that came back invalid") \
	X(TCP_KEEPALIVE,	"tcp_keepalive",	"keepalive probes sent") \
	X(TCP_ZWP,		"tcp_zwp",		"zero-window probes sent") \
	X(TCP_TIMEOUT,		"tcp_timeout",		"connections given up") \
	X(TCP_TIME_WAIT,	"tcp_time_wait",	"connections that went through TIME-WAIT") \
	X(WIRE_LOST,		"wire_lost",		"in-memory wire: packets lost on purpose") \
	X(WIRE_DUP,		"wire_dup",		"in-memory wire: packets doubled on purpose") \
	X(WIRE_REORDERED,	"wire_reordered",	"in-memory wire: packets held back on purpose") \
	X(WIRE_OVERFLOW,	"wire_overflow",	"in-memory wire: packets dropped, queue full") \
	X(PMTU_RAISED,		"pmtu_raised",		"lowered path MTUs forgotten after 10 minutes") \
	X(HOOK_DROPPED,		"hook_dropped",		"packets dropped by hooks") \
	X(HOOK_CONSUMED,	"hook_consumed",	"packets consumed by hooks") \
	X(HOOK_INJECTED,	"hook_injected",	"packets injected by hooks") \
	X(HOOK_REFUSED,		"hook_refused",		"packets dropped: what a hook made of them is none, or not the flow's") \
	X(HOOK_NO_ROOM,		"hook_no_room",		"packets a hook wanted to be larger than path or reserve allow")

#define UNET_STACK_COUNTER_ID(id, name, text)	UNET_STAT_##id,
enum unet_stack_counter {
	UNET_STACK_COUNTERS(UNET_STACK_COUNTER_ID)
	UNET_STAT_COUNT
};

#undef UNET_STACK_COUNTER_ID

/**
 * unet_stack_stats() - copy the counters of a stack
 * @st: the stack
 * @values: receives counter i at index i
 * @n: room in @values; counters beyond it are left out
 *
 * Return: how many counters this library has.
 */
size_t unet_stack_stats(const struct unet_stack *st, uint64_t *values,
			size_t n);

/**
 * unet_stat_name() - short name of a counter, NULL when there is none
 */
const char *unet_stat_name(unsigned int counter);

/**
 * unet_stat_text() - what a counter counts, NULL when there is none
 */
const char *unet_stat_text(unsigned int counter);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_STATS_H */
