/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * unet: flow channels between a network device and user space.
 *
 * One open file of /dev/unet is one channel. Its life:
 *
 *   open()  ->  UNET_IOC_BIND  ->  mmap() each region  ->  UNET_IOC_FLOW_ADD ...
 *           ->  slots and cursors, poll(), UNET_IOC_SYNC  ->  close()
 *
 * A channel carries L3 packets (IPv4 or IPv6 header first). The kernel owns
 * link layer, neighbours and routes; user space owns everything above.
 *
 * The memory of a channel (an arena of its own, shared with nobody else):
 *
 *   region   rights  contents
 *   INFO     (r)     struct unet_info, then struct unet_flow_adv[max_flows]
 *   KRING    (r)     struct unet_kring, RX slots, DONE entries
 *   URING    (rw)    struct unet_uring, TX slots, FREE entries
 *   DESC     (r)     struct unet_desc[rx_small + rx_large]
 *   RX_SMALL (rw)    rx_small buffers of UNET_RX_SMALL_BYTES
 *   RX_LARGE (rw)    rx_large buffers of UNET_RX_LARGE_BYTES
 *   TX       (rw)    tx_bufs buffers of UNET_TX_BUF_BYTES, addressed by byte
 *
 * Four rings. Cursors run freely, the entry is cursor & (entries - 1). Each
 * side owns one cursor of a ring and never writes the other's:
 *
 *   ring   producer        consumer        entry
 *   RX     kernel  tail(k) user    head(u) struct unet_rx_slot: one flow batch
 *   FREE   user    tail(u) kernel  head(k) __u32: an RX buffer handed back
 *   TX     user    tail(u) kernel  head(k) struct unet_tx_slot: one send
 *   DONE   kernel  tail(k) user    head(u) struct unet_done: a send let go
 *
 *        head                tail
 *         v                   v
 *   | p p | c c c c c c c c c | p p p |   p: the producer's, c: the consumer's
 *
 * A producer stores its tail with release after writing the entries; a consumer
 * loads that tail with acquire before reading them, and stores its head with
 * release when it is done with them. Fields below are tagged with the one side
 * that writes them: (k) kernel, (u) user, (c) constant once mapped.
 *
 * Receive buffers belong to the kernel until an RX slot names them, then to the
 * user until their index is put on FREE. Taking an RX slot does not give its
 * buffers back. Transmit memory always belongs to the user; bytes named by a TX
 * slot may still be read by the device until the slot's cookie is on DONE.
 */
#ifndef _UAPI_LINUX_UNET_H
#define _UAPI_LINUX_UNET_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define UNET_ABI_VERSION	1
#define UNET_DEVICE		"/dev/unet"
#define UNET_NAME_LEN		16	/* a nexus is named as its device is */
#define UNET_CACHELINE		64

#define UNET_RX_SMALL_BYTES	2048u
#define UNET_RX_LARGE_BYTES	65536u
#define UNET_TX_BUF_BYTES	2048u
#define UNET_NO_BUF		0xffffffffu	/* ends a chain of buffers */
#define UNET_NO_FLOW		0u		/* never a valid flow handle */

/* ---- regions ---------------------------------------------------------- */

enum unet_region_id {
	UNET_REGION_INFO,
	UNET_REGION_KRING,
	UNET_REGION_URING,
	UNET_REGION_DESC,
	UNET_REGION_RX_SMALL,
	UNET_REGION_RX_LARGE,
	UNET_REGION_TX,
	UNET_REGION_COUNT
};

#define UNET_REGION_WRITE	(1u << 0)	/* may be mapped PROT_WRITE */

/**
 * struct unet_region - where one region is mapped from
 * @offset:	offset for mmap(), page aligned, beyond 4 GiB: a 32-bit program maps
 *		with mmap64(), or is built with _FILE_OFFSET_BITS=64
 * @bytes:	length, page aligned; 0 when the region was not asked for
 * @flags:	UNET_REGION_*
 * @reserved:	zero
 */
struct unet_region {
	__u64 offset;
	__u64 bytes;
	__u32 flags;
	__u32 reserved;
};

/* ---- INFO ------------------------------------------------------------- */

enum unet_channel_state {
	UNET_CHANNEL_UNBOUND,	/* opened, not bound */
	UNET_CHANNEL_LIVE,
	UNET_CHANNEL_POISONED,	/* the user broke a rule: @reason says which */
	UNET_CHANNEL_DETACHED,	/* the nexus or its device went away */
};

/* Why a channel was poisoned; also the order of the text in unet_reason_str(). */
enum unet_poison_reason {
	UNET_POISON_NONE,
	UNET_POISON_RX_CURSOR,		/* RX head outside [head, tail] */
	UNET_POISON_DONE_CURSOR,	/* DONE head outside [head, tail] */
	UNET_POISON_TX_CURSOR,		/* TX tail more than a ring ahead */
	UNET_POISON_FREE_CURSOR,	/* FREE tail more than a ring ahead */
	UNET_POISON_FREE_INDEX,		/* FREE names no buffer, or not the user's */
	UNET_POISON_TX_ABUSE,		/* too many refused sends: see UNET_ABUSE_LIMIT */
	UNET_POISON_INTER_ABUSE,	/* an intermediary's violations: see UNET_IA_VIOLATIONS */
	UNET_POISON_INTER_REVOKED,	/* an intermediary's grant was revoked */
	UNET_POISON_COUNT
};

/*
 * Refused (spoofed, malformed) sends a channel may make. One on a handle that has ended
 * is none of them, nor, up to a ring full, what a rule refuses after it was changed.
 */
#define UNET_ABUSE_LIMIT	4096

/**
 * struct unet_info - first bytes of INFO, read-only for the user
 * @abi:	(c) UNET_ABI_VERSION of the kernel
 * @state:	(k) enum unet_channel_state
 * @reason:	(k) enum unet_poison_reason
 * @addr_gen:	(k) counts changes of the host's addresses and routes
 * @reserved:	zero
 */
struct unet_info {
	__u32 abi;
	__u32 state;
	__u32 reason;
	__u32 addr_gen;
	__u32 reserved[12];
};

#define UNET_ADV_SUSPENDED	(1u << 0)	/* device or qdisc pushed back: do not send now */
#define UNET_ADV_DEAD		(1u << 1)	/* the kernel removed the flow */
#define UNET_ADV_INTERMEDIATED	(1u << 2)	/* intermediaries are in the flow */

/**
 * struct unet_flow_adv - advice on one flow, read-only for the user
 * @flow:	(k) handle, UNET_NO_FLOW when unused
 * @flags:	(k) UNET_ADV_*
 * @mtu:	(k) largest L3 packet the route takes now
 * @ce_count:	(k) received packets that carried a CE mark
 * @sent:	(k) sends handed to the device
 * @dropped:	(k) sends refused or dropped
 */
struct unet_flow_adv {
	__u32 flow;
	__u32 flags;
	__u32 mtu;
	__u32 ce_count;
	__u64 sent;
	__u64 dropped;
};

/* ---- KRING and URING: cursors, each on a cache line of its own -------- */

#define UNET_KRING_NEED_KICK	(1u << 0)	/* a published TX slot needs UNET_IOC_SYNC */

struct unet_kring {
	__u32 rx_tail;		/* (k) */
	__u32 pad0[15];
	__u32 done_tail;	/* (k) */
	__u32 pad1[15];
	__u32 tx_head;		/* (k) */
	__u32 pad2[15];
	__u32 free_head;	/* (k) */
	__u32 pad3[15];
	__u32 flags;		/* (k) UNET_KRING_* */
	__u32 pad4[15];
};

struct unet_uring {
	__u32 rx_head;		/* (u) */
	__u32 pad0[15];
	__u32 done_head;	/* (u) */
	__u32 pad1[15];
	__u32 tx_tail;		/* (u) */
	__u32 pad2[15];
	__u32 free_tail;	/* (u) */
	__u32 pad3[15];
};

/* ---- what is received ------------------------------------------------- */

#define UNET_RX_SUPER		(1u << 0)	/* holds at least one super packet */
#define UNET_RX_CSUM_BAD	(1u << 1)	/* holds a packet whose L4 checksum is wrong */
#define UNET_RX_ICMP_ERROR	(1u << 2)	/* packets are ICMP errors that quote this flow */
#define UNET_RX_END		(1u << 3)	/* no packets: the flow was removed by the kernel */
#define UNET_RX_RESUMED		(1u << 4)	/* no packets: the flow is not suspended any more */
#define UNET_RX_L2		(1u << 5)	/* packets are Ethernet frames, header first */
#define UNET_RX_OUTBOUND	(1u << 6)	/* intermediary: sent by the owner */

/**
 * struct unet_rx_slot - one flow batch, a cache line
 * @flow:	handle the packets matched
 * @first:	buffer of the first packet; the chain goes on in DESC;
 *		UNET_NO_BUF when there are no packets
 * @packets:	packets in the chain, a super packet counts once
 * @segments:	packets as they were on the wire
 * @bytes:	sum of L3 bytes
 * @flags:	UNET_RX_*
 * @tag:	what the application registered with the flow
 * @tstamp:	CLOCK_MONOTONIC ns when the batch was opened
 * @seg_size:	payload bytes of a full segment when UNET_RX_SUPER, else 0
 * @ce_count:	packets in the batch that carried a CE mark
 * @reserved:	zero
 */
struct unet_rx_slot {
	__u32 flow;
	__u32 first;
	__u32 packets;
	__u32 segments;
	__u32 bytes;
	__u32 flags;
	__u64 tag;
	__u64 tstamp;
	__u32 seg_size;
	__u32 ce_count;
	__u32 reserved[4];
};

#define UNET_DESC_MORE		(1u << 0)	/* the packet goes on in the next buffer */
#define UNET_DESC_CSUM_OK	(1u << 1)	/* L4 checksum verified or vouched for */
#define UNET_DESC_CSUM_BAD	(1u << 2)	/* L4 checksum is wrong */

/**
 * struct unet_desc - what is in one RX buffer, read-only for the user
 * @next:	next buffer of the chain or UNET_NO_BUF
 * @len:	bytes in this buffer
 * @offset:	where they start in the buffer
 * @seg_size:	payload bytes of a full segment (super packet), else 0
 * @segments:	packets this one was on the wire, at least 1
 * @flags:	UNET_DESC_*; on each buffer of a packet
 * @l4_offset:	L4 header from the start of the packet
 * @reserved:	zero
 */
struct unet_desc {
	__u32 next;
	__u32 len;
	__u32 offset;
	__u32 seg_size;
	__u32 segments;
	__u32 flags;
	__u32 l4_offset;
	__u32 reserved;
};

/* ---- what is sent ----------------------------------------------------- */

#define UNET_TX_EXTENTS		6
#define UNET_TX_MAX_BYTES	65535u	/* L3 bytes of one send, headers included */
#define UNET_TX_MAX_HEADER	128u	/* IP and L4 headers, options included */
#define UNET_TX_MAX_SEGMENTS	64u

/**
 * struct unet_extent - bytes in TX
 * @offset:	from the start of the region; need not be aligned
 * @len:	at least 1
 */
struct unet_extent {
	__u32 offset;
	__u32 len;
};

/**
 * struct unet_tx_slot - one send, a cache line
 * @flow:	handle; the packet must match it
 * @cookie:	given back on DONE
 * @seg_size:	payload bytes per packet when the send is to be cut into
 *		several (TCP: TSO, UDP: USO), else 0
 * @header_len:	IP and L4 header bytes, all inside the first extent; of a frame 20 or more
 * @extents:	used entries of @extent, 1 to UNET_TX_EXTENTS
 * @flags:	zero
 * @extent:	the packet from the IP header on, in order
 *
 * IP lengths and header checksum, the L4 checksum and, for a send that is cut,
 * IP ids and TCP sequence numbers are filled in by the kernel in its own copy.
 */
struct unet_tx_slot {
	__u32 flow;
	__u32 cookie;
	__u16 seg_size;
	__u16 header_len;
	__u16 extents;
	__u16 flags;
	struct unet_extent extent[UNET_TX_EXTENTS];
};

/**
 * struct unet_done - one send the kernel has let go
 * @cookie:	of the TX slot
 * @status:	0, or the enum unet_counter (UNET_CNT_TX_*) that says why not
 * @reserved:	zero
 */
struct unet_done {
	__u32 cookie;
	__u16 status;
	__u16 reserved;
};

/* ---- counters: one list for kernel, library and tools ------------------ */

/* X(id, name, what it counts). Per nexus; ids are ABI: append only. */
#define UNET_COUNTERS(X) \
	X(RX_PACKETS,		"rx_packets",		"packets the nexus looked at") \
	X(RX_HOST,		"rx_host",		"packets no flow wanted, left to the host") \
	X(RX_HOST_FRAGMENT,	"rx_host_fragment",	"IP fragments left to the host as they came") \
	X(RX_HOST_MALFORMED,	"rx_host_malformed",	"packets without a readable flow key, left to the host") \
	X(RX_HOST_NOT_LOCAL,	"rx_host_not_local",	"flow matched but the address is not the host's") \
	X(RX_HOST_OTHER,	"rx_host_other",	"of a VLAN, broadcast or not IP, left to the host") \
	X(RX_DELIVERED,		"rx_delivered",		"packets put into channels") \
	X(RX_BYTES,		"rx_bytes",		"L3 bytes put into channels") \
	X(RX_BATCHES,		"rx_batches",		"flow batches released") \
	X(RX_SUPER,		"rx_super",		"super packets among the delivered") \
	X(RX_ICMP_ERROR,	"rx_icmp_error",	"ICMP errors copied to the flow they quote") \
	X(RX_CSUM_BAD,		"rx_csum_bad",		"packets delivered marked with a bad checksum") \
	X(RX_DROP_NO_BUFFER,	"rx_drop_no_buffer",	"dropped: the channel gave no buffer back") \
	X(RX_DROP_RING_FULL,	"rx_drop_ring_full",	"dropped: RX ring full") \
	X(RX_DROP_TOO_BIG,	"rx_drop_too_big",	"dropped: larger than all free buffers") \
	X(RX_DROP_DEAD,		"rx_drop_dead",		"dropped: flow or channel was going away") \
	X(TX_SLOTS,		"tx_slots",		"TX slots taken") \
	X(TX_PACKETS,		"tx_packets",		"packets handed to the device, after cutting") \
	X(TX_BYTES,		"tx_bytes",		"L3 bytes handed to the device") \
	X(TX_BAD_SLOT,		"tx_bad_slot",		"refused: slot fields out of range") \
	X(TX_BAD_EXTENT,	"tx_bad_extent",	"refused: extent outside the TX region") \
	X(TX_BAD_HEADER,	"tx_bad_header",	"refused: IP or L4 header malformed") \
	X(TX_BAD_LENGTH,	"tx_bad_length",	"refused: lengths disagree or exceed the limit") \
	X(TX_BAD_FLOW,		"tx_bad_flow",		"refused: handle is not a live flow of the channel") \
	X(TX_SPOOF_PROTO,	"tx_spoof_proto",	"refused: IP version or protocol is not the flow's") \
	X(TX_SPOOF_SOURCE,	"tx_spoof_source",	"refused: source address is not the flow's") \
	X(TX_SPOOF_PORT,	"tx_spoof_port",	"refused: source port is not the flow's") \
	X(TX_SPOOF_DEST,	"tx_spoof_dest",	"refused: destination is not the flow's") \
	X(TX_SOURCE_GONE,	"tx_source_gone",	"refused: the host no longer has the source address") \
	X(TX_NO_ROUTE,		"tx_no_route",		"refused: no route through this device") \
	X(TX_TOO_BIG,		"tx_too_big",		"refused: larger than the path MTU and not to be cut") \
	X(TX_NO_MEMORY,		"tx_no_memory",		"dropped: no memory for a packet") \
	X(TX_DROP_DEVICE,	"tx_drop_device",	"dropped by queueing discipline or device") \
	X(TX_DROP_DOWN,		"tx_drop_down",		"dropped: the device is down") \
	X(TX_PUSHBACK,		"tx_pushback",		"times a flow was suspended by device or qdisc") \
	X(CH_OPENED,		"ch_opened",		"channels bound") \
	X(CH_CLOSED,		"ch_closed",		"channels closed") \
	X(CH_POISONED,		"ch_poisoned",		"channels poisoned") \
	X(CH_WAKEUPS,		"ch_wakeups",		"wakeups issued") \
	X(FLOW_ADDED,		"flow_added",		"flows added") \
	X(FLOW_REMOVED,		"flow_removed",		"flows removed") \
	X(FLOW_RESET,		"flow_reset",		"resets sent for a dead owner") \
	X(PORT_LINGER,		"port_linger",		"ports held after their owner died") \
	X(RX_HOST_MARTIAN,	"rx_host_martian",	"addresses that cannot be on a wire, left to the host") \
	X(RX_TYPE_DROP,		"rx_type_drop",		"dropped: a packet type rule says so") \
	X(RX_TYPE_HOST,		"rx_type_host",		"left to the host: a packet type rule says so") \
	X(RX_TYPE_VERDICT,	"rx_type_verdict",	"left to the host: a rule's program gave no verdict there is, or a member there is not") \
	X(TX_TYPE_DROP,		"tx_type_drop",		"refused: a packet type rule drops such sends") \
	X(TX_TYPE_READ_ONLY,	"tx_type_read_only",	"refused: the packet type may only be received") \
	X(RX_DROP_INTER,	"rx_drop_inter",	"dropped by an intermediary, or for want of one") \
	X(TX_DROP_INTER,	"tx_drop_inter",	"dropped by an intermediary, or for want of one") \
	X(RX_PUBLISHES,		"rx_publishes",		"times a burst's batches were shown to a channel's owner") \
	X(RX_FRAGMENT,		"rx_fragment",		"IPv4 fragments kept until their datagram is whole")

#define UNET_COUNTER_ID(id, name, text)	UNET_CNT_##id,
enum unet_counter {
	UNET_CNT_NONE,
	UNET_COUNTERS(UNET_COUNTER_ID)
	UNET_CNT_COUNT
};

#undef UNET_COUNTER_ID

/* ---- ioctls ----------------------------------------------------------- */

/*
 * Every argument starts with its own size, set by the caller. The kernel takes
 * any size from the first version's on: bytes it does not know must be zero
 * (E2BIG), bytes the caller does not have read as zero and are not written.
 * Reserved fields and unknown flags must be zero (EINVAL).
 */

/* Feature bits, unet_query.features */
#define UNET_FEATURE_BATCH	(1ull << 0)	/* flow batches as chains */
#define UNET_FEATURE_SUPER	(1ull << 1)	/* super packets */
#define UNET_FEATURE_TX_SEG	(1ull << 2)	/* unet_tx_slot.seg_size */
#define UNET_FEATURE_ICMP	(1ull << 3)	/* ICMP errors reach the flow they quote */
#define UNET_FEATURE_TYPES	(1ull << 4)	/* UNET_IOC_TYPE_* */
#define UNET_FEATURE_INTER	(1ull << 5)	/* intermediaries */
#define UNET_FEATURE_OF_FLOW	(1ull << 6)	/* UNET_TYPE_OF_FLOW */
#define UNET_FEATURE_MARK	(1ull << 7)	/* UNET_VERDICT_MARK */
#define UNET_FEATURE_MARK_TTL	(1ull << 8)	/* unet_inter_verdict.ttl */
#define UNET_FEATURE_MODIFY_MANY	(1ull << 9)	/* UNET_VERDICT_MODIFY of many packets */

/**
 * struct unet_query - what this kernel offers; works on an unbound channel
 * @size:	sizeof(struct unet_query)
 * @flags:	zero
 * @abi:	out: UNET_ABI_VERSION
 * @counters:	out: UNET_CNT_COUNT
 * @features:	out: UNET_FEATURE_*
 * @max_ring:	out: most slots of a ring
 * @max_flows:	out: most flows of a channel
 * @max_arena:	out: most bytes of a channel's regions together
 */
struct unet_query {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 counters;
	__u64 features;
	__u32 max_ring;
	__u32 max_flows;
	__u64 max_arena;
};

/**
 * struct unet_params - how large a channel is to be; 0 asks for the default
 * @rx_slots:	RX ring, power of two
 * @tx_slots:	TX ring, power of two; DONE has as many
 * @rx_small:	RX buffers of UNET_RX_SMALL_BYTES
 * @rx_large:	RX buffers of UNET_RX_LARGE_BYTES; UNET_PARAM_NONE for none
 * @tx_bufs:	TX buffers of UNET_TX_BUF_BYTES
 * @max_flows:	flows, power of two
 *
 * FREE has the power of two of entries that holds all RX buffers.
 */
struct unet_params {
	__u32 rx_slots;
	__u32 tx_slots;
	__u32 rx_small;
	__u32 rx_large;
	__u32 tx_bufs;
	__u32 max_flows;
};

#define UNET_PARAM_NONE		0xffffffffu

/**
 * struct unet_layout - where things are, computed alike by both sides
 * @params:		the effective parameters
 * @free_entries:	entries of FREE
 * @done_entries:	entries of DONE
 * @adv_offset:		struct unet_flow_adv[] in INFO
 * @rx_slots_offset:	struct unet_rx_slot[] in KRING
 * @done_offset:	struct unet_done[] in KRING
 * @tx_slots_offset:	struct unet_tx_slot[] in URING
 * @free_offset:	__u32[] in URING
 * @reserved:		zero
 * @region:		by enum unet_region_id
 */
struct unet_layout {
	struct unet_params params;
	__u32 free_entries;
	__u32 done_entries;
	__u32 adv_offset;
	__u32 rx_slots_offset;
	__u32 done_offset;
	__u32 tx_slots_offset;
	__u32 free_offset;
	__u32 reserved;
	__u32 reserved2[2];
	struct unet_region region[UNET_REGION_COUNT];
};

/**
 * struct unet_bind - make the open file a channel of a nexus
 * @size:	sizeof(struct unet_bind)
 * @flags:	zero
 * @nexus:	name of the attached device, NUL terminated, in the caller's
 *		network namespace
 * @params:	wanted
 * @layout:	out: what was made
 * @channel:	out: id that `unetctl channels` shows
 * @ifindex:	out: of the device
 *
 * Errors: EBUSY already bound; ENODEV no such nexus here; EINVAL a parameter is
 * no power of two or out of range; EDQUOT over the cap; ENOMEM.
 */
struct unet_bind {
	__u32 size;
	__u32 flags;
	char nexus[UNET_NAME_LEN];
	struct unet_params params;
	struct unet_layout layout;
	__u32 channel;
	__u32 ifindex;
};

/* struct unet_flow_req.flags: which parts of the key are given */
#define UNET_FLOW_LOCAL_ADDR	(1u << 0)	/* else any local address */
#define UNET_FLOW_LOCAL_PORT	(1u << 1)	/* else the kernel picks one, told in the answer */
#define UNET_FLOW_REMOTE	(1u << 2)	/* remote address and port: a connected flow */
#define UNET_FLOW_V6ONLY	(1u << 3)	/* AF_INET6 wildcard listener: no IPv4 */
#define UNET_FLOW_REUSEADDR	(1u << 4)	/* may take over the same user's lingering port */
#define UNET_FLOW_NO_PORTS	(1u << 5)	/* IP-only key, no ports; CAP_NET_RAW */

/* struct unet_flow_meta.flags */
#define UNET_META_NO_BATCH	(1u << 0)	/* release every packet as a batch of its own */
#define UNET_META_LOW_LATENCY	(1u << 1)	/* and no intermediaries; FLOW_ADD only */

/**
 * struct unet_flow_meta - what the application wants done with the flow
 * @flags:	UNET_META_*; LOW_LATENCY is NO_BATCH, too
 * @batch_limit: most packets in a batch, 0: no limit
 * @tag:	copied to every RX slot of the flow
 */
struct unet_flow_meta {
	__u32 flags;
	__u32 batch_limit;
	__u64 tag;
};

/**
 * struct unet_flow_req - add a flow to the channel
 * @size:	sizeof(struct unet_flow_req)
 * @flags:	UNET_FLOW_*
 * @family:	2 (AF_INET) or 10 (AF_INET6)
 * @proto:	IPPROTO_TCP, IPPROTO_UDP, or any with UNET_FLOW_NO_PORTS
 * @local_port: network order
 * @remote_port: network order
 * @parent:	handle of a listener of this channel whose port and address this
 *		connected flow shares, or UNET_NO_FLOW
 * @local:	local address, IPv4 in the first 4 bytes
 * @remote:	remote address
 * @meta:	see there
 * @snd_nxt:	TCP: what the kernel is to know of an established connection so
 *		that it can reset it should the owner die; with @parent
 * @rcv_nxt:	TCP: likewise
 * @flow:	out: handle
 * @mtu:	out: of the route (connected) or the device
 * @local_port_out: out: network order
 * @adv:	out: index of the flow's struct unet_flow_adv
 * @gso_max:	out: most L3 bytes of a send with a segment size
 * @local_out:	out: the address chosen by routing for a connected flow
 * @reserved:	zero
 *
 * Key: both addresses and ports (5-tuple); remote and local port (4-tuple, any
 * local address); local address and port (3-tuple); local port (2-tuple); with
 * UNET_FLOW_NO_PORTS local and remote address, local address, or protocol only.
 * A flow with UNET_META_LOW_LATENCY is in no intermediary's sight. Where a grant that does
 * not fail open is about it, that is refused: a filter is not to be passed by.
 *
 * Errors: EADDRINUSE, EADDRNOTAVAIL, EACCES (privileged port), EPERM (also low latency,
 * see there), ENETUNREACH (no route through the nexus' device), ENOSPC (max_flows),
 * ENOENT (parent), ENOMEM.
 */
struct unet_flow_req {
	__u32 size;
	__u32 flags;
	__u8 family;
	__u8 proto;
	__be16 local_port;
	__be16 remote_port;
	__u16 reserved;
	__u32 parent;
	__u8 local[16];
	__u8 remote[16];
	__u32 snd_nxt;
	__u32 rcv_nxt;
	__u32 reserved2;
	struct unet_flow_meta meta;
	__u32 flow;
	__u32 mtu;
	__u32 adv;
	__u32 gso_max;
	__be16 local_port_out;
	__u16 reserved3[3];
	__u8 local_out[16];
};

#define UNET_DEL_LINGER		(1u << 0)	/* hold the port for TIME-WAIT */
#define UNET_DEL_RESET		(1u << 1)	/* TCP: send the peer a reset */

/**
 * struct unet_flow_del - remove a flow
 * @size:	sizeof(struct unet_flow_del)
 * @flags:	UNET_DEL_*
 * @flow:	handle
 * @reserved:	zero
 */
struct unet_flow_del {
	__u32 size;
	__u32 flags;
	__u32 flow;
	__u32 reserved;
};

/**
 * struct unet_flow_set - change what the application wants done with a flow
 * @size:	sizeof(struct unet_flow_set)
 * @flags:	zero
 * @flow:	handle
 * @reserved:	zero
 * @meta:	replaces the flow's
 */
struct unet_flow_set {
	__u32 size;
	__u32 flags;
	__u32 flow;
	__u32 reserved;
	struct unet_flow_meta meta;
};

#define UNET_SYNC_TX		(1u << 0)	/* take and send what is on TX */
#define UNET_SYNC_FREE		(1u << 1)	/* take what is on FREE now */
#define UNET_SYNC_WAIT		(1u << 2)	/* then sleep until RX or DONE has entries */

/**
 * struct unet_sync - let the kernel look at the rings
 * @size:	sizeof(struct unet_sync)
 * @flags:	UNET_SYNC_*
 * @timeout_ns:	longest sleep with UNET_SYNC_WAIT; all ones: for ever
 * @sent:	out: TX slots taken
 * @ready:	out: RX slots published and not yet taken
 *
 * Errors: EIO poisoned, ENODEV detached, EINTR a signal came while it slept, be it one
 * that only stopped and continued the process: what was sent is in @sent.
 */
struct unet_sync {
	__u32 size;
	__u32 flags;
	__u64 timeout_ns;
	__u32 sent;
	__u32 ready;
};

/**
 * struct unet_state - how the channel is; works in every state
 * @size:	sizeof(struct unet_state)
 * @flags:	zero
 * @state:	out: enum unet_channel_state
 * @reason:	out: enum unet_poison_reason
 */
struct unet_state {
	__u32 size;
	__u32 flags;
	__u32 state;
	__u32 reason;
};

#define UNET_IOC_MAGIC		0xE7
#define UNET_IOC_QUERY		_IOWR(UNET_IOC_MAGIC, 0, struct unet_query)
#define UNET_IOC_BIND		_IOWR(UNET_IOC_MAGIC, 1, struct unet_bind)
#define UNET_IOC_FLOW_ADD	_IOWR(UNET_IOC_MAGIC, 2, struct unet_flow_req)
#define UNET_IOC_FLOW_DEL	_IOWR(UNET_IOC_MAGIC, 3, struct unet_flow_del)
#define UNET_IOC_FLOW_SET	_IOWR(UNET_IOC_MAGIC, 4, struct unet_flow_set)
#define UNET_IOC_SYNC		_IOWR(UNET_IOC_MAGIC, 5, struct unet_sync)
#define UNET_IOC_STATE		_IOWR(UNET_IOC_MAGIC, 6, struct unet_state)

/* ---- packet types: rules that say what becomes of a kind of packet ----- */

/*
 * A rule selects packets by ethertype, by IP protocol or by local port, and says
 * what becomes of them. It belongs to a channel, and dies with its file, or to the
 * administrator of a network namespace (generic netlink), and stays.
 *
 *   packet -> rules 1 to UNET_TYPE_RESERVED - 1 -> flows -> other rules -> host
 *
 * Of the rules that select a packet the first counts: the lowest priority; then
 * the more specific one: by layer, device, range, addresses, patterns; then the
 * lower id. The administrator's rules with a priority below UNET_TYPE_RESERVED come
 * before flows, all others after them.
 *
 * A rule of a flow (UNET_TYPE_OF_FLOW) is asked when a packet was found to be of that
 * flow, its parent, and takes it away from there if the payload has its patterns:
 *
 *   packet -> ... -> flow -> its rules by patterns -> who joined the first that holds
 *                      `---> none does, or nobody joined: the flow, as ever
 *
 * It is defined by the parent's owner and joined by one channel, that of another
 * process for one, which receives what it takes and may send what the parent may. When
 * that channel ends, packets are the parent's again; with the parent the rule ends.
 * ICMP errors are told to the parent, whoever sent what they are about.
 *
 * Ethertypes select frames that are neither IP nor of a VLAN, and deliver them whole,
 * Ethernet header first (UNET_RX_L2), without a tag that tells a priority only. The
 * others select IPv4 and IPv6 packets, and deliver them as flows do. IPv4 packets to the
 * host that came in fragments are put together before; other fragments they pass by.
 */

#define UNET_TYPE_RESERVED	1000	/* lower priorities are the administrator's */
#define UNET_TYPE_PRIORITY	32768	/* what 0 asks for */
#define UNET_TYPE_PATTERNS	4
#define UNET_PATTERN_BYTES	32
#define UNET_PATTERN_REACH	1000	/* a pattern lies within so many bytes */
#define UNET_TYPE_OVERLAP	16	/* rules that may wait behind each other for one number */
#define UNET_TYPE_OVERLAP_USERS	8	/* of them rules of users without CAP_NET_ADMIN */
#define UNET_TYPE_HELD_PORTS	256	/* ports one rule may hold */
#define UNET_TYPE_MAX_OWNER	64	/* rules of a user, where no policy says otherwise */
#define UNET_TYPE_MAX_DEVICE	2048	/* rules that select packets of one device */
#define UNET_TYPE_MAX_TOTAL	8192	/* rules of a network namespace */
#define UNET_TYPE_KEPT_DEVICE	256	/* of a device's, with CAP_NET_ADMIN only */
#define UNET_TYPE_KEPT_TOTAL	1024	/* of a namespace's, likewise */
#define UNET_TYPE_MEMBERS	8	/* channels that share a rule */

enum unet_type_layer {
	UNET_TYPE_ETHERTYPE = 1,
	UNET_TYPE_PROTO,
	UNET_TYPE_PORT,
	UNET_TYPE_LAYER_COUNT
};

enum unet_type_action {
	UNET_TYPE_DELIVER = 1,	/* into the owner's channel */
	UNET_TYPE_DROP,
	UNET_TYPE_HOST,		/* on to the host's stack */
	UNET_TYPE_BPF,		/* as an eBPF program says: UNET_TYPE_VERDICT_* */
	UNET_TYPE_EXTENSION,	/* as a kernel extension says */
	UNET_TYPE_ACTION_COUNT
};

/* struct unet_type_spec.direction */
#define UNET_TYPE_RX		(1u << 0)	/* received packets */
#define UNET_TYPE_TX		(1u << 1)	/* sends; with DELIVER: the owner may send */

/* struct unet_type_spec.flags */
#define UNET_TYPE_LOCAL_ONLY	(1u << 0)	/* only what is for an address of the host */
#define UNET_TYPE_ANY_NUMBER	(1u << 1)	/* another free number will do */
#define UNET_TYPE_STRICT	(1u << 2)	/* deny rather than amend */
#define UNET_TYPE_NO_HOLD	(1u << 3)	/* do not hold the ports; CAP_NET_ADMIN */
#define UNET_TYPE_OF_FLOW	(1u << 4)	/* only packets of the flow unet_type_req.parent */

/* What an eBPF program of type socket filter returns; so does an extension. */
#define UNET_TYPE_VERDICT_HOST	0u
#define UNET_TYPE_VERDICT_DROP	1u
#define UNET_TYPE_VERDICT_DELIVER 2u	/* to the owner; + n: to member n */

/* What was changed of a request before it was granted. */
#define UNET_AMEND_NARROWED	(1u << 0)	/* to the host's addresses */
#define UNET_AMEND_PRIORITY	(1u << 1)	/* moved out of the reserved band */
#define UNET_AMEND_READ_ONLY	(1u << 2)	/* may receive, not send */
#define UNET_AMEND_NUMBER	(1u << 3)	/* another number was assigned */

/* Why a request is denied. X(id, errno, text); ids are ABI: append only. */
#define UNET_TYPE_REASONS(X) \
	X(LAYER,	EINVAL,	"the layer must be ethertype (1), IP protocol (2) or port (3)") \
	X(DIRECTION,	EINVAL,	"the direction must be receive (1), transmit (2) or both (3)") \
	X(ACTION,	EINVAL,	"the action must be deliver (1), drop (2), host (3), bpf (4) or extension (5)") \
	X(NUMBERS,	EINVAL,	"the first number must not be above the last, nor the last above what the layer has") \
	X(PROTOCOL,	EINVAL,	"ports need TCP (6) or UDP (17), the other layers no protocol") \
	X(FAMILY,	EINVAL,	"the family must be any (0), IPv4 (2) or IPv6 (10), and any for ethertypes") \
	X(ADDRESS,	EINVAL,	"an address needs a family, and no bits behind its prefix length") \
	X(PATTERN,	EINVAL,	"patterns must be 1 to 32 bytes within the first 1000, with nothing outside the mask") \
	X(FLAGS,	EINVAL,	"unknown flags, or members that must be zero are not") \
	X(OWNER,	EINVAL,	"this action needs a channel to deliver to") \
	X(RX_ONLY,	EOPNOTSUPP, "programs, extensions and patterns judge received packets only") \
	X(PROGRAM,	EBADF,	"the descriptor is no eBPF program of type socket filter") \
	X(EXTENSION,	ENOENT,	"no kernel extension of that name is registered") \
	X(RESERVED,	EPERM,	"an ethertype that the host itself needs, or a length, is nobody's to claim") \
	X(PRIVILEGED,	EPERM,	"TCP, UDP, ICMP and ICMPv6 as a whole and IPv6 extension headers need CAP_NET_ADMIN") \
	X(RIGHT,	EPERM,	"neither a capability nor the policy allows it") \
	X(DUPLICATE,	EEXIST,	"another rule selects just the same at the same priority") \
	X(CONFLICT,	EBUSY,	"a rule of another user selects some of the same packets") \
	X(PORT_TAKEN,	EADDRINUSE, "a program of this host has the port") \
	X(PORTS,	E2BIG,	"a rule holds at most 256 ports") \
	X(FREE_NUMBER, EADDRINUSE, "no number is free to be assigned") \
	X(MANY_OWNER,	EDQUOT,	"the user has as many rules as allowed") \
	X(MANY_DEVICE,	ENOSPC,	"the device has as many rules as allowed") \
	X(MANY_TOTAL,	ENOSPC,	"the network namespace has as many rules as allowed") \
	X(OVERLAP,	ENOSPC,	"too many rules wait behind each other for one number") \
	X(LINK,		EOPNOTSUPP, "the device has no Ethernet header to deliver or send") \
	X(AMENDED,	EPERM,	"it would have to be amended, which the request forbids") \
	X(PARENT,	EINVAL,	"a rule of a flow needs a UDP flow of this channel, patterns, and to deliver, and nothing else") \
	X(FILTERED,	EPERM,	"an intermediary that does not fail open is to see some of these packets") \
	X(NOT_LOCAL,	EADDRNOTAVAIL, "the local address is none of the host's, whose ports alone can be held")

#define UNET_TYPE_REASON_ID(id, err, text)	UNET_TYPE_NO_##id,
enum unet_type_reason {
	UNET_TYPE_GRANTED,
	UNET_TYPE_REASONS(UNET_TYPE_REASON_ID)
	UNET_TYPE_REASON_COUNT
};

#undef UNET_TYPE_REASON_ID

/**
 * struct unet_pattern - bytes a packet must have
 * @offset:	from the payload of the layer: behind the Ethernet header, behind
 *		the IP header, behind the TCP or UDP header
 * @bytes:	how many count, 1 to UNET_PATTERN_BYTES
 * @reserved:	zero
 * @value:	zero where @mask is
 * @mask:	which bits count
 *
 * @offset and @bytes together are at most UNET_PATTERN_REACH. Of a super packet all
 * datagrams must have the patterns of a rule of a flow; of other rules the first.
 */
struct unet_pattern {
	__u16 offset;
	__u8 bytes;
	__u8 reserved;
	__u8 value[UNET_PATTERN_BYTES];
	__u8 mask[UNET_PATTERN_BYTES];
};

/**
 * struct unet_type_spec - a rule, as wanted and as it was granted
 * @layer:	enum unet_type_layer
 * @direction:	UNET_TYPE_RX, UNET_TYPE_TX
 * @action:	enum unet_type_action
 * @proto:	UNET_TYPE_PORT: IPPROTO_TCP or IPPROTO_UDP; else 0
 * @first:	smallest ethertype, IP protocol or local port, host order; 0 with
 *		@last 0 asks for a free one
 * @last:	largest
 * @priority:	1 to 65535, the lowest counts; 0 asks for UNET_TYPE_PRIORITY
 * @family:	0, 2 (AF_INET) or 10 (AF_INET6)
 * @num_patterns: entries of @pattern, all of which must hold
 * @local_bits:	prefix length of @local that counts
 * @remote_bits: prefix length of @remote that counts
 * @reserved:	zero
 * @flags:	UNET_TYPE_*
 * @prog_fd:	UNET_TYPE_BPF: the program; else 0. Not told back
 * @local:	local address, IPv4 in the first 4 bytes
 * @remote:	remote address
 * @extension:	UNET_TYPE_EXTENSION: its name, NUL terminated; else zero
 * @pattern:	see there
 */
struct unet_type_spec {
	__u8 layer;
	__u8 direction;
	__u8 action;
	__u8 proto;
	__u16 first;
	__u16 last;
	__u16 priority;
	__u8 family;
	__u8 num_patterns;
	__u8 local_bits;
	__u8 remote_bits;
	__u16 reserved;
	__u32 flags;
	__s32 prog_fd;
	__u8 local[16];
	__u8 remote[16];
	char extension[UNET_NAME_LEN];
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
};

/**
 * struct unet_type_req - define or replace a rule of this channel
 * @size:	sizeof(struct unet_type_req)
 * @flags:	zero
 * @id:		UNET_IOC_TYPE_MODIFY: which; UNET_IOC_TYPE_ADD: out
 * @generation:	out: 1, and one more with each change
 * @amended:	out: UNET_AMEND_*
 * @reason:	out: enum unet_type_reason; told with an error, too
 * @conflict:	out: id of the rule that @reason is about, or 0
 * @flow:	out: handle of what is delivered and may be sent, or UNET_NO_FLOW
 * @mtu:	out: largest packet or frame, Ethernet header included, that may be sent
 * @parent:	UNET_IOC_TYPE_ADD with UNET_TYPE_OF_FLOW: handle of a flow of this
 *		channel; UNET_IOC_TYPE_MODIFY: that, or zero; else zero
 * @meta:	UNET_IOC_TYPE_ADD: of the handle; later: UNET_IOC_FLOW_SET
 * @spec:	the rule wanted; out: the rule in force
 *
 * A rule of a flow is of layer UNET_TYPE_PORT, protocol UDP, action
 * UNET_TYPE_DELIVER; it has patterns, its numbers are zero or the flow's port, and it
 * has neither family nor addresses. It has no handle (@flow is UNET_NO_FLOW): who
 * joins it has. At most UNET_TYPE_OVERLAP of them are of one flow.
 *
 * A modified rule replaces the old one at once: every packet is treated by either
 * the one or the other. The port of a rule of this kind is held as a flow's. A rule
 * that delivers no more keeps its handle and its members for when it does again; sends
 * on those are refused until then (UNET_CNT_TX_TYPE_READ_ONLY).
 * Errors: as the reason says; without one: ENOENT there is no such rule of this channel;
 * ENOSPC the channel has all its flows; EAFNOSUPPORT the host has no IPv6; ENOMEM.
 */
struct unet_type_req {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 generation;
	__u32 amended;
	__u32 reason;
	__u32 conflict;
	__u32 flow;
	__u32 mtu;
	__u32 parent;
	struct unet_flow_meta meta;
	struct unet_type_spec spec;
};

/**
 * struct unet_type_ref - a rule by its id
 * @size:	sizeof(struct unet_type_ref)
 * @flags:	zero
 * @id:		which
 * @priority:	UNET_IOC_TYPE_PRIORITY: the new one; out: the one in force
 * @amended:	out: UNET_AMEND_*
 * @reason:	out: enum unet_type_reason; told with an error, too
 * @conflict:	out: id of the rule that @reason is about, or 0
 * @generation:	out
 * @flow:	UNET_IOC_TYPE_JOIN, out: handle
 * @member:	UNET_IOC_TYPE_JOIN, out: 1 to UNET_TYPE_MEMBERS; of a flow's rule 1
 *
 * Errors: as the reason says; ENOENT there is no such rule; joining: EPERM it is
 * another user's, ENOSPC it has all its members, or this channel all its flows, EALREADY
 * this channel is one, EINVAL another nexus, or the rule delivers nothing. A rule of a
 * flow has one member, which may be its own channel.
 */
struct unet_type_ref {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 priority;
	__u32 amended;
	__u32 reason;
	__u32 conflict;
	__u32 generation;
	__u32 flow;
	__u32 member;
};

#define UNET_IOC_TYPE_ADD	_IOWR(UNET_IOC_MAGIC, 16, struct unet_type_req)
#define UNET_IOC_TYPE_MODIFY	_IOWR(UNET_IOC_MAGIC, 17, struct unet_type_req)
#define UNET_IOC_TYPE_PRIORITY	_IOWR(UNET_IOC_MAGIC, 18, struct unet_type_ref)
#define UNET_IOC_TYPE_DEL	_IOWR(UNET_IOC_MAGIC, 19, struct unet_type_ref)
#define UNET_IOC_TYPE_JOIN	_IOWR(UNET_IOC_MAGIC, 20, struct unet_type_ref)

/* ---- intermediaries ---------------------------------------------------- */

/*
 * A process that is put into flows of others, between device and owner, by a grant
 * of the administrator (UNET_CMD_INTER_GRANT). It opens the device and claims the
 * grant with UNET_IOC_INTER_OPEN where others bind; memory and rings are the same:
 *
 *   RX     a slot is a run of packets of one flow in one direction. The kernel holds
 *          the packets and shows copies of what the grant lets it see.
 *          flow: as FLOW of `unetctl flows`, lower half; tag: token of the first
 *          packet, the n-th one's is tag + n; flags: UNET_RX_OUTBOUND
 *   TX     a slot is a struct unet_inter_verdict, which is as large
 *   DONE   status: 0, or the enum unet_inter_stat that says why it was refused; the
 *          packet then stays held
 *
 * Packets of a flow go on in the order they came, whatever the order of verdicts.
 * What is accepted goes on from the kernel's own copy.
 */

/* Rights of a grant: at least one, and not all. */
#define UNET_INTER_OBSERVE_HEADERS	(1u << 0)	/* sees IP and L4 headers */
#define UNET_INTER_OBSERVE_PAYLOAD	(1u << 1)	/* sees what follows them */
#define UNET_INTER_DROP			(1u << 2)
#define UNET_INTER_DELAY		(1u << 3)	/* more than UNET_INTER_PROMPT_MS */
#define UNET_INTER_MODIFY_HEADERS	(1u << 4)	/* but addresses, ports and protocol */
#define UNET_INTER_MODIFY_PAYLOAD	(1u << 5)
#define UNET_INTER_INJECT		(1u << 6)	/* packets of its own into the flow */
#define UNET_INTER_DUPLICATE		(1u << 7)
#define UNET_INTER_IDENTITY		(1u << 8)	/* who owns the flow: UNET_IOC_INTER_FLOW */
#define UNET_INTER_REDIRECT		(1u << 9)	/* to another port: UNET_IA_REDIRECT_PORT */
#define UNET_INTER_ALL_RIGHTS		0x3ffu

#define UNET_INTER_PROMPT_MS	100u	/* longest hold without UNET_INTER_DELAY */

/* Directions of a grant, seen from the flow's owner */
#define UNET_INTER_INBOUND	(1u << 0)
#define UNET_INTER_OUTBOUND	(1u << 1)

/* What becomes of packets while the intermediary is gone, or does not answer */
enum unet_inter_policy {
	UNET_INTER_FAIL_OPEN,	/* they pass */
	UNET_INTER_FAIL_CLOSED,	/* they are dropped */
	UNET_INTER_FAIL_AFTER,	/* dropped for a time, then they pass */
	UNET_INTER_POLICY_COUNT
};

/* How a grant is. Flows have it in their chain from the first claim on. */
enum unet_inter_state {
	UNET_INTER_WAITING,	/* not claimed yet: packets pass */
	UNET_INTER_SERVING,	/* claimed */
	UNET_INTER_FAILED,	/* its process ended: the policy acts; may be claimed again */
	UNET_INTER_BARRED,	/* too many violations: the policy acts until it is revoked */
};

/* X(id, name, what it counts). Per grant; ids are ABI: append only. */
#define UNET_INTER_STATS(X) \
	X(PACKETS,		"packets",		"packets shown to the intermediary") \
	X(BYTES,		"bytes",		"their L3 bytes") \
	X(ACCEPTED,		"accepted",		"passed on as they were") \
	X(DROPPED,		"dropped",		"dropped by verdict") \
	X(MODIFIED,		"modified",		"passed on modified") \
	X(DUPLICATED,		"duplicated",		"passed on twice") \
	X(INJECTED,		"injected",		"packets of its own") \
	X(MISSED,		"missed",		"passed on without a verdict") \
	X(BLOCKED,		"blocked",		"dropped without a verdict") \
	X(NO_MEMORY,		"no_memory",		"changes not made: no memory") \
	X(BAD_CSUM,		"bad_csum",		"changes refused: the packet had come with a wrong checksum") \
	X(TOKEN_FOREIGN,	"token_foreign",	"refused: token that was never given out") \
	X(TOKEN_STALE,		"token_stale",		"refused: token of a packet that went on without it") \
	X(TOKEN_DOUBLE,		"token_double",		"refused: token answered before") \
	X(BAD_VERDICT,		"bad_verdict",		"refused: unknown action or fields out of range") \
	X(BAD_EXTENT,		"bad_extent",		"refused: extent outside the TX region") \
	X(BAD_HEADER,		"bad_header",		"refused: header malformed, or not one that can be sent") \
	X(BAD_LENGTH,		"bad_length",		"refused: length of TCP payload or of headers changed, or more than the route takes") \
	X(SPOOF,		"spoof",		"refused: addresses, ports or protocol changed") \
	X(RIGHT_DROP,		"right_drop",		"refused: no right to drop") \
	X(RIGHT_HEADERS,	"right_headers",	"refused: no right to change headers") \
	X(RIGHT_PAYLOAD,	"right_payload",	"refused: no right to change payload") \
	X(RIGHT_INJECT,		"right_inject",		"refused: no right to inject") \
	X(RIGHT_DUPLICATE,	"right_duplicate",	"refused: no right to duplicate") \
	X(HELD_TOO_LONG,	"held_too_long",	"packets not answered within the hold limit") \
	X(BACKLOG,		"backlog",		"packets that came while too many were held") \
	X(RIGHT_REDIRECT,	"right_redirect",	"refused: no right to redirect") \
	X(REDIRECTED,		"redirected",		"sent on to another port") \
	X(REDIRECT_LOST,	"redirect_lost",	"dropped: no flow at that port, or redirected before") \
	X(UNSENDABLE,		"unsendable",		"changes refused: the packet had come as one that cannot be sent")

#define UNET_INTER_STAT_ID(id, name, text)	UNET_INTER_CNT_##id,
enum unet_inter_stat {
	UNET_INTER_CNT_NONE,
	UNET_INTER_STATS(UNET_INTER_STAT_ID)
	UNET_INTER_CNT_COUNT
};

#undef UNET_INTER_STAT_ID

/*
 * Those between these two are violations: UNET_IA_VIOLATIONS of them end the claim. Being
 * slow (HELD_TOO_LONG, BACKLOG) is one for each hold limit it lasts, and TOKEN_STALE,
 * which follows from it, is none.
 */
#define UNET_INTER_VIOLATIONS		UNET_INTER_CNT_TOKEN_FOREIGN
#define UNET_INTER_VIOLATIONS_LAST	UNET_INTER_CNT_RIGHT_REDIRECT

enum unet_inter_action {
	UNET_VERDICT_ACCEPT,
	UNET_VERDICT_DROP,
	UNET_VERDICT_MODIFY,	/* with the bytes of @extent instead */
	UNET_VERDICT_DUPLICATE,	/* accept, twice */
	UNET_VERDICT_INJECT,	/* the bytes of @extent, just before the packet, which stays held */
	UNET_VERDICT_REDIRECT,	/* to whoever has the grant's port; what comes in only */
	UNET_VERDICT_MARK,	/* accept, with @tos or @ttl in its header */
	UNET_VERDICT_COUNT
};

#define UNET_VERDICT_EXTENTS	4

/**
 * struct unet_inter_verdict - what is to become of a packet, a cache line
 * @token:	of the packet
 * @cookie:	given back on DONE
 * @action:	enum unet_inter_action
 * @count:	packets meant, those with the tokens that follow: at least 1, and 1
 *		for all but ACCEPT, DROP, MODIFY, REDIRECT and MARK. DONE tells the first
 *		refusal of a packet that stays held, or else the first
 * @header_len:	MODIFY, INJECT: IP and L4 header bytes, all in the first extent; else 0
 * @extents:	MODIFY, INJECT: used entries of @extent; else 0
 * @reserved:	zero
 * @tos:	MARK: bits for the traffic class of IPv6, and what IPv4 has in its place
 *		(the differentiated services field, RFC 2474, and ECN, RFC 3168), none
 *		outside @tos_mask; else 0
 * @tos_mask:	MARK: which bits are to change, 0: none; else 0
 * @ttl:	MARK: time to live, IPv6's hop limit, 0: as it is, if @tos_mask is not; else 0
 * @reserved2:	zero
 * @reserved3:	zero
 * @extent:	the packet from the IP header on
 *
 * MODIFY without the right to modify payload has the header alone: the payload stays
 * the kernel's. A modified packet is of the same flow, with headers as long as
 * before; its payload too, but for UDP that is no super packet. Lengths and
 * checksums are filled in by the kernel. So it is one that could be sent; what had
 * come as one that could not (UNET_INTER_CNT_UNSENDABLE: port or TTL 0, options or
 * flags that nobody may send, extension headers of IPv6, more than 65535 bytes) cannot be
 * changed but to that, and a datagram that ends before its packet does not at all. No such
 * refusal, and none for a packet that came damaged (UNET_INTER_CNT_BAD_CSUM), is a
 * violation; the packet stays held.
 *
 * MODIFY of more packets than one (UNET_FEATURE_MODIFY_MANY) has one extent: what takes
 * the place of each, one after the other, all with as many bytes, @header_len of them
 * headers. There a packet that cannot be changed, as above or for want of memory, does not
 * stay: it is dropped where the grant has the right to drop, else it goes on as it was.
 *
 * MARK, which needs the right to modify headers, changes those bits, that number and the
 * checksum of IPv4, and nothing else: of any packet, as it came. One that there is no memory to
 * change goes on as it was (UNET_INTER_CNT_NO_MEMORY), which is no refusal.
 *
 * INJECT is refused (UNET_INTER_CNT_BACKLOG) while as many packets or bytes as the
 * grant's backlog wait, those that were injected before included; so is MODIFY to more
 * bytes than that leaves.
 *
 * REDIRECT puts UNET_IA_REDIRECT_PORT in the place of the destination port, and looks
 * the packet up anew as if it had come so: flows and packet types say whose it is, and
 * whoever is in that flow sees it. A packet is redirected once. What would be the
 * host's then, or is redirected again, is dropped (UNET_INTER_CNT_REDIRECT_LOST).
 */
struct unet_inter_verdict {
	__u64 token;
	__u32 cookie;
	__u16 action;
	__u16 extents;
	__u32 count;
	__u16 header_len;
	__u16 reserved;
	__u8 tos;
	__u8 tos_mask;
	__u8 ttl;
	__u8 reserved2;
	__u32 reserved3;
	struct unet_extent extent[UNET_VERDICT_EXTENTS];
};

/**
 * struct unet_inter_open - claim a grant; the open file becomes its channel
 * @size:	sizeof(struct unet_inter_open)
 * @flags:	zero
 * @grant:	id, from UNET_CMD_INTER_GRANT
 * @reserved:	zero
 * @params:	wanted; max_flows is taken for 1
 * @layout:	out: what was made
 * @channel:	out: id that `unetctl channels` shows
 * @ifindex:	out: of the device
 * @rights:	out: UNET_INTER_*
 * @directions:	out: UNET_INTER_INBOUND, _OUTBOUND
 * @hold_ms:	out: longest time to a verdict
 * @backlog:	out: most packets held, answered ones that wait for others included
 * @backlog_bytes: out: most bytes of packets held
 * @copy_bytes:	out: most bytes of a packet that are shown
 *
 * Errors: ENOENT no such grant in this network namespace; EPERM granted to another
 * user; EBUSY claimed by another process, or the file is bound; EACCES barred after
 * violations; those of struct unet_bind.
 */
struct unet_inter_open {
	__u32 size;
	__u32 flags;
	__u32 grant;
	__u32 reserved;
	struct unet_params params;
	struct unet_layout layout;
	__u32 channel;
	__u32 ifindex;
	__u32 rights;
	__u32 directions;
	__u32 hold_ms;
	__u32 backlog;
	__u32 backlog_bytes;
	__u32 copy_bytes;
};

/**
 * struct unet_inter_flow - whose packets are these? For the channel of an intermediary
 * @size:	sizeof(struct unet_inter_flow)
 * @flags:	zero
 * @flow:	of an RX slot
 * @family:	out: 2 (AF_INET) or 10 (AF_INET6), as all to @remote with the right to
 *		observe headers, else 0
 * @proto:	out
 * @local_port:	out: network order, 0: any
 * @remote_port: out: likewise
 * @reserved:	zero
 * @local:	out: IPv4 in the first 4 bytes; all zero: any
 * @remote:	out: likewise
 * @pid:	out: of the owner, in the caller's namespace, as all that follow with
 *		UNET_INTER_IDENTITY, else 0
 * @uid:	out
 * @comm:	out: NUL terminated
 *
 * Errors: ENOENT the grant is in no such flow; EINVAL no intermediary's channel;
 * ENOTCONN not bound; EIO, or ENODEV while it is closed, the claim ended.
 */
struct unet_inter_flow {
	__u32 size;
	__u32 flags;
	__u32 flow;
	__u8 family;
	__u8 proto;
	__be16 local_port;
	__be16 remote_port;
	__u16 reserved;
	__u8 local[16];
	__u8 remote[16];
	__u32 pid;
	__u32 uid;
	char comm[16];
};

#define UNET_IOC_INTER_OPEN	_IOWR(UNET_IOC_MAGIC, 24, struct unet_inter_open)
#define UNET_IOC_INTER_FLOW	_IOWR(UNET_IOC_MAGIC, 25, struct unet_inter_flow)

/* Attributes of UNET_CMD_INTER_*, which have these and no UNET_A_* */
enum unet_inter_attr {
	UNET_IA_UNSPEC,
	UNET_IA_PAD,
	UNET_IA_IFNAME,		/* string; GRANT: device whose flows are meant */
	UNET_IA_GRANT,		/* u32 id, unique on the host */
	UNET_IA_RIGHTS,		/* u32 UNET_INTER_*; GRANT: needed */
	UNET_IA_DIRECTIONS,	/* u32; default both */
	UNET_IA_UID,		/* u32 who may claim it; default: who grants it */
	UNET_IA_PRIORITY,	/* s32: lowest is next to the device; default 0 */
	UNET_IA_POLICY,		/* u32 enum unet_inter_policy; default open */
	UNET_IA_AFTER_MS,	/* u32, needed with UNET_INTER_FAIL_AFTER */
	UNET_IA_HOLD_MS,	/* u32; default UNET_INTER_PROMPT_MS */
	UNET_IA_BACKLOG,	/* u32 packets; default 256 */
	UNET_IA_BACKLOG_BYTES,	/* u32; default 4 MiB */
	UNET_IA_COPY_BYTES,	/* u32; default all of the packet */
	UNET_IA_VIOLATIONS,	/* u32 that end the claim, 0: none do; default 100 */
	UNET_IA_PROTO,		/* u8; default any */
	UNET_IA_LOCAL_ADDR,	/* 4 or 16 bytes; default any */
	UNET_IA_LOCAL_PREFIX,	/* u8 bits of it that count; default all */
	UNET_IA_LOCAL_PORT,	/* be16; default any */
	UNET_IA_REMOTE_ADDR,	/* as local */
	UNET_IA_REMOTE_PREFIX,
	UNET_IA_REMOTE_PORT,
	UNET_IA_STATE,		/* u32 enum unet_inter_state */
	UNET_IA_PID,		/* u32 of the intermediary, in the reader's namespace */
	UNET_IA_COMM,		/* string */
	UNET_IA_FLOWS,		/* u32 flows it is in the chain of */
	UNET_IA_HELD,		/* u32 packets that wait: held, or behind those that are */
	UNET_IA_STATS,		/* binary: __u64[], index enum unet_inter_stat */
	UNET_IA_PATTERNS,	/* binary: 1 to 4 struct unet_pattern, behind the last header */
	UNET_IA_PROG_FD,	/* u32: a socket filter; what it answers 0 for is not meant */
	UNET_IA_PROG_ID,	/* u32: its id */
	UNET_IA_REDIRECT_PORT,	/* be16, needed with UNET_INTER_REDIRECT */
	UNET_IA_COUNT
};

/* ---- generic netlink: control and inspection --------------------------- */

#define UNET_GENL_NAME		"unet"
#define UNET_GENL_VERSION	1
#define UNET_GENL_GROUP		"events"

/*
 * A refusal names the attribute it is about (NLMSGERR_ATTR_OFFS) and says what is
 * allowed (NLMSGERR_ATTR_MSG). If a rule is in the way, or an entry of the policy,
 * its id is in NLMSGERR_ATTR_COOKIE, a __u64.
 */
enum unet_genl_cmd {
	UNET_CMD_UNSPEC,
	UNET_CMD_NEXUS_ATTACH,	/* IFNAME; CAP_NET_ADMIN */
	UNET_CMD_NEXUS_DETACH,	/* IFNAME; CAP_NET_ADMIN */
	UNET_CMD_NEXUS_GET,	/* dump, or one by IFNAME */
	UNET_CMD_CHANNEL_GET,	/* dump; IFNAME filters */
	UNET_CMD_FLOW_GET,	/* dump; IFNAME, PROTO, PID, addresses, ports filter */
	UNET_CMD_STATS_GET,	/* dump of counters per nexus; IFNAME filters */
	UNET_CMD_VERSION_GET,
	UNET_CMD_EVENT,		/* multicast: EVENT and what it is about */
	UNET_CMD_TYPE_ADD,	/* LAYER, ACTION, FIRST ...; CAP_NET_ADMIN; answers as TYPE_GET */
	UNET_CMD_TYPE_MODIFY,	/* TYPE and as TYPE_ADD; CAP_NET_ADMIN; answers as TYPE_GET */
	UNET_CMD_TYPE_PRIORITY,	/* TYPE, PRIORITY; CAP_NET_ADMIN; answers as TYPE_GET */
	UNET_CMD_TYPE_DEL,	/* TYPE; CAP_NET_ADMIN */
	UNET_CMD_TYPE_GET,	/* dump, in the order of ids; IFNAME filters; FLOW_ID: parent */
	UNET_CMD_POLICY_ADD,	/* LAYER, ACTIONS ...; CAP_NET_ADMIN; answers as POLICY_GET */
	UNET_CMD_POLICY_DEL,	/* POLICY; CAP_NET_ADMIN */
	UNET_CMD_POLICY_GET,	/* dump, in the order of ids */
	UNET_CMD_INTER_GRANT,	/* UNET_IA_*; answers GRANT; CAP_NET_ADMIN */
	UNET_CMD_INTER_REVOKE,	/* GRANT; CAP_NET_ADMIN */
	UNET_CMD_INTER_GET,	/* dump; IFNAME filters */
	UNET_CMD_COUNT
};

enum unet_event {
	UNET_EVENT_ATTACHED = 1,
	UNET_EVENT_DETACHED,
	UNET_EVENT_POISONED,
	UNET_EVENT_OWNER_DIED,
};

enum unet_genl_attr {
	UNET_A_UNSPEC,
	UNET_A_PAD,
	UNET_A_IFNAME,		/* string */
	UNET_A_IFINDEX,		/* u32 */
	UNET_A_HOOK,		/* string: "rx_handler" or "netfilter ingress" */
	UNET_A_CHANNELS,	/* u32 */
	UNET_A_FLOWS,		/* u32 */
	UNET_A_CHANNEL,		/* u32 id */
	UNET_A_STATE,		/* u32 enum unet_channel_state */
	UNET_A_REASON,		/* u32 enum unet_poison_reason */
	UNET_A_PID,		/* u32, in the reader's pid namespace */
	UNET_A_UID,		/* u32, in the reader's user namespace */
	UNET_A_COMM,		/* string */
	UNET_A_ARENA_BYTES,	/* u64 */
	UNET_A_FLOW,		/* u32 handle */
	UNET_A_FLOW_ID,		/* u64 unique in the nexus */
	UNET_A_FAMILY,		/* u8 */
	UNET_A_PROTO,		/* u8 */
	UNET_A_LOCAL_ADDR,	/* 4 or 16 bytes */
	UNET_A_REMOTE_ADDR,	/* 4 or 16 bytes */
	UNET_A_LOCAL_PORT,	/* be16 */
	UNET_A_REMOTE_PORT,	/* be16 */
	UNET_A_FLOW_STATE,	/* u32 enum unet_flow_state */
	UNET_A_RX_PACKETS,	/* u64 */
	UNET_A_RX_BATCHES,	/* u64 */
	UNET_A_RX_BYTES,	/* u64 */
	UNET_A_TX_PACKETS,	/* u64 */
	UNET_A_TX_BYTES,	/* u64 */
	UNET_A_DROPS,		/* u64 */
	UNET_A_COUNTERS,	/* binary: __u64[], index enum unet_counter */
	UNET_A_EVENT,		/* u32 enum unet_event */
	UNET_A_VERSION,		/* string: of the module */
	UNET_A_ABI,		/* u32 */
	UNET_A_TYPE,		/* u32 id of a rule */
	UNET_A_LAYER,		/* u8 enum unet_type_layer */
	UNET_A_DIRECTION,	/* u8 UNET_TYPE_RX, _TX; default RX, of an entry both */
	UNET_A_ACTION,		/* u8 enum unet_type_action */
	UNET_A_FIRST,		/* u32 number, host order */
	UNET_A_LAST,		/* u32 number; without it: FIRST */
	UNET_A_PRIORITY,	/* u32 */
	UNET_A_LOCAL_BITS,	/* u8 of LOCAL_ADDR; without it: all */
	UNET_A_REMOTE_BITS,	/* u8 of REMOTE_ADDR; without it: all */
	UNET_A_PATTERNS,	/* binary: struct unet_pattern[] */
	UNET_A_PROG_FD,		/* u32 descriptor of the caller */
	UNET_A_EXTENSION,	/* string */
	UNET_A_TYPE_FLAGS,	/* u32 UNET_TYPE_* */
	UNET_A_GENERATION,	/* u32 */
	UNET_A_POLICY,		/* u32 id of an entry */
	UNET_A_GID,		/* u32, in the reader's user namespace */
	UNET_A_ACTIONS,		/* u32 bit by enum unet_type_action */
	UNET_A_MAX_TYPES,	/* u32 rules a user may have */
	UNET_A_CHAIN,		/* string, 255 bytes at most: a flow's, "3:logger[812],7:-" */
	UNET_A_COUNT
};

enum unet_flow_state {
	UNET_FLOW_STATE_LISTEN = 1,	/* listener, TCP or UDP */
	UNET_FLOW_STATE_OPEN,		/* connected */
	UNET_FLOW_STATE_CLOSING,	/* TCP: a FIN was seen */
};

#endif /* _UAPI_LINUX_UNET_H */
