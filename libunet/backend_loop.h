/* SPDX-License-Identifier: MIT */
/*
 * The in-memory wire from inside: two ends, packets under way between them, and
 * virtual time.
 *
 *   backend_loop.c  an end as a backend: what a stack puts in and takes out
 *   loop_flow.c     an end's flows, as a nexus would keep them
 *   loop_host.c     the host that gets what no flow wants
 *   wire.c          time, delay, loss and the rest; the public calls
 *   wire_cut.c      super packets into packets, lengths and checksums
 */
#ifndef UNET_BACKEND_LOOP_H
#define UNET_BACKEND_LOOP_H

#include <unet/stack.h>
#include "backend.h"
#include "core/flow_key.h"
#include "core_os.h"

#define UNET_LOOP_BUCKETS	256u

struct unet_wire;

/**
 * struct unet_loop_flow - a flow of an end
 * @next:	in its bucket
 * @key:	masked
 * @meta:	as the application wants it
 * @handle:	generation << 16 | index
 * @dual:	IPv6 wildcard that takes IPv4, too
 * @adv:	advice
 */
struct unet_loop_flow {
	struct unet_loop_flow *next;
	struct unet_flow_key key;
	struct unet_flow_meta meta;
	u32 handle;
	bool dual;
	struct unet_flow_adv adv;
};

/**
 * struct unet_loop_end - one end of the wire
 * @be:		for the stack
 * @wire:	both ends'
 * @side:	0 or 1
 * @arrived:	packets not yet taken by the stack
 * @bucket:	flows by key
 * @flow:	flows by index
 * @n_flows:	entries of @flow
 * @mask_count:	flows by form of key
 * @port_uses:	flows on a port, TCP then UDP
 * @next_port:	where the search for a free one begins
 * @generation:	of the next handle
 */
struct unet_loop_end {
	struct unet_backend be;
	struct unet_wire *wire;
	int side;
	struct unet_pktq arrived;
	struct unet_loop_flow *bucket[UNET_LOOP_BUCKETS];
	struct unet_loop_flow **flow;
	u32 n_flows;
	u32 mask_count[UNET_MASK_COUNT];
	u16 (*port_uses)[65536];
	u16 next_port;
	u16 generation;
};

/* loop_flow.c */
int unet_loop_flow_add(struct unet_backend *be, struct unet_flow_req *req);
int unet_loop_flow_del(struct unet_backend *be, u32 handle, u32 flags);
int unet_loop_flow_set(struct unet_backend *be, u32 handle,
		       const struct unet_flow_meta *meta);
const volatile struct unet_flow_adv *unet_loop_adv(struct unet_backend *be,
						   u32 index);
struct unet_loop_flow *unet_loop_flow_get(struct unet_loop_end *e, u32 handle);
struct unet_loop_flow *unet_loop_flow_of(struct unet_loop_end *e,
					 const u8 *l3, u32 len);
void unet_loop_flow_exit(struct unet_loop_end *e);

/* loop_host.c */
bool unet_loop_host(struct unet_loop_end *e, const u8 *l3, u32 len);

/* backend_loop.c */
void unet_loop_end_init(struct unet_loop_end *e, struct unet_wire *w, int side);
void unet_loop_arrive(struct unet_loop_end *e, struct unet_pkt *pkt);

/* wire.c */
u64 unet_wire_clock(const struct unet_wire *w);
u32 unet_wire_flags(const struct unet_wire *w);
void unet_wire_put(struct unet_wire *w, int from, u8 *l3, u32 len,
		   const struct unet_pkt *meta);
void unet_wire_end_closed(struct unet_wire *w, int side);
void unet_wire_count(struct unet_wire *w, int side, unsigned int counter);

/* wire_cut.c */
int unet_wire_cut(struct unet_wire *w, int from, struct unet_pkt *pkt,
		  u16 header_len);
void unet_wire_ip_csum(u8 *l3);
void unet_wire_finish(u8 *l3, u32 len, u16 header_len, bool csum);

#endif /* UNET_BACKEND_LOOP_H */
