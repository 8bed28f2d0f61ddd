// SPDX-License-Identifier: MIT
/*
 * Flows of one end of the wire: the answers a nexus would give to UNET_IOC_FLOW_*
 * and to the question whose packet this is. Written for being right, not fast.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include "backend_loop.h"
#include "core/wire.h"

#define PORT_FIRST	32768u
#define PORT_LAST	60999u

/* Nothing here comes from outside the process: the hash need not be secret. */
static const struct unet_flow_secret secret = {
	.k = { 0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc835, 0xc2b2ae3d,
	       0x27d4eb4f, 0x165667b1, 0x85ebca6b, 0xff51afd7, 0xed558ccd },
	.mul = 0xc4ceb9fe1a85ec53ull,
};

static struct unet_loop_end *end_of(struct unet_backend *be)
{
	return container_of(be, struct unet_loop_end, be);
}

static struct unet_loop_flow **find(struct unet_loop_end *e,
				    const struct unet_flow_key *key)
{
	struct unet_loop_flow **link =
		&e->bucket[unet_flow_key_hash(key, &secret) %
			   UNET_LOOP_BUCKETS];

	while (*link && !unet_flow_key_equal(&(*link)->key, key))
		link = &(*link)->next;
	return link;
}

/**
 * unet_loop_flow_of() - whose packet is this
 * @e: the end it came to
 * @l3: the packet
 * @len: its bytes
 *
 * Return: the most specific flow, or NULL.
 */
struct unet_loop_flow *unet_loop_flow_of(struct unet_loop_end *e,
					 const u8 *l3, u32 len)
{
	struct unet_icmp_error icmp;
	struct unet_flow_info info;
	struct unet_flow_key key;
	struct unet_flow_key k;
	struct unet_loop_flow *f;
	int mask;

	if (unet_flow_key_parse(l3, len, len, true, &key, &info) ||
	    info.flags & UNET_PKT_FRAGMENT)
		return NULL;
	if (info.flags & UNET_PKT_ICMP_ERROR &&
	    unet_flow_key_icmp_error(l3, len, len, &info, &key, &icmp))
		return NULL;
	for (mask = UNET_MASK_5TUPLE; mask <= UNET_MASK_2TUPLE; mask++) {
		if (!e->mask_count[mask])
			continue;
		unet_flow_key_mask(&key, (enum unet_flow_mask)mask, &k);
		f = *find(e, &k);
		if (f)
			return f;
	}
	if (key.family == 6 || !e->mask_count[UNET_MASK_2TUPLE])
		return NULL;
	k.family = 6;
	f = *find(e, &k);
	return f && f->dual ? f : NULL;
}

/**
 * unet_loop_flow_get() - a flow by its handle
 * @e: the end
 * @handle: any number
 *
 * Return: the flow, or NULL.
 */
struct unet_loop_flow *unet_loop_flow_get(struct unet_loop_end *e, u32 handle)
{
	u32 i = handle & 0xffff;

	if (i >= e->n_flows || !e->flow[i] || e->flow[i]->handle != handle)
		return NULL;
	return e->flow[i];
}

static u16 *uses(struct unet_loop_end *e, u8 proto, __be16 port)
{
	return &e->port_uses[proto == UNET_PROTO_UDP][be16_to_cpu(port)];
}

static int choose_port(struct unet_loop_end *e, struct unet_flow_key *key)
{
	u32 n;

	for (n = PORT_FIRST; n <= PORT_LAST; n++) {
		__be16 port;

		if (e->next_port < PORT_FIRST || e->next_port > PORT_LAST)
			e->next_port = PORT_FIRST;
		port = cpu_to_be16(e->next_port++);
		if (!*uses(e, key->proto, port)) {
			key->local_port = port;
			return 0;
		}
	}
	return -EADDRINUSE;
}

/* Two listeners on a port must be on different addresses. */
static bool listener_in_the_way(const struct unet_loop_end *e,
				const struct unet_flow_key *key)
{
	u32 i;

	for (i = 0; i < e->n_flows; i++) {
		const struct unet_loop_flow *f = e->flow[i];

		if (!f || f->key.remote_port || f->key.proto != key->proto ||
		    f->key.local_port != key->local_port)
			continue;
		if (f->key.family != key->family && !f->dual)
			continue;
		if (f->key.mask == UNET_MASK_2TUPLE ||
		    key->mask == UNET_MASK_2TUPLE ||
		    !memcmp(f->key.local, key->local, 16))
			return true;
	}
	return false;
}

static int complete_key(struct unet_loop_end *e,
			const struct unet_flow_req *req,
			struct unet_flow_key *key)
{
	int mask = unet_flow_mask_of(req->flags);

	memset(key, 0, sizeof(*key));
	if (mask < 0 || mask > UNET_MASK_2TUPLE ||
	    (req->family != AF_INET && req->family != AF_INET6))
		return -EINVAL;
	key->family = req->family == AF_INET ? 4 : 6;
	key->proto = req->proto;
	key->local_port = req->local_port;
	if (req->flags & UNET_FLOW_REMOTE) {
		memcpy(key->remote, req->remote, 16);
		key->remote_port = req->remote_port;
	}
	if (req->flags & UNET_FLOW_LOCAL_ADDR) {
		memcpy(key->local, req->local, 16);
		if (!unet_iface_is_local(&e->be.iface, key->family, key->local))
			return -EADDRNOTAVAIL;
	} else if (req->flags & UNET_FLOW_REMOTE) {
		int err = e->be.ops->source(&e->be, key->family, key->remote,
					    key->local);

		if (err)
			return err;
		mask = UNET_MASK_5TUPLE;
	}
	key->mask = (u8)mask;
	return key->local_port ? 0 : choose_port(e, key);
}

static int index_get(struct unet_loop_end *e, u32 *index)
{
	struct unet_loop_flow **more;
	u32 i;
	u32 n;

	for (i = 0; i < e->n_flows; i++) {
		if (!e->flow[i]) {
			*index = i;
			return 0;
		}
	}
	n = e->n_flows ? e->n_flows * 2 : 16;
	if (n > 65536)
		return -ENOSPC;
	more = realloc(e->flow, n * sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + e->n_flows, 0, (n - e->n_flows) * sizeof(*more));
	*index = e->n_flows;
	e->flow = more;
	e->n_flows = n;
	return 0;
}

static void answer(const struct unet_loop_end *e,
		   const struct unet_loop_flow *f, struct unet_flow_req *req)
{
	req->flow = f->handle;
	req->adv = f->handle & 0xffff;
	req->mtu = e->be.mtu;
	req->gso_max = e->be.gso_max;
	req->local_port_out = f->key.local_port;
	memcpy(req->local_out, f->key.local, 16);
}

static int check(struct unet_loop_end *e, const struct unet_flow_req *req,
		 const struct unet_flow_key *key)
{
	if (req->parent && !unet_loop_flow_get(e, req->parent))
		return -ENOENT;
	if (*find(e, key))
		return -EADDRINUSE;
	if (!key->remote_port && listener_in_the_way(e, key))
		return -EADDRINUSE;
	return 0;
}

/**
 * unet_loop_flow_add() - struct unet_backend_ops.flow_add
 * @be: an end
 * @req: as for UNET_IOC_FLOW_ADD
 *
 * Return: 0, -EINVAL, -EADDRINUSE, -EADDRNOTAVAIL, -ENETUNREACH, -ENOENT,
 * -ENOSPC, -ENOMEM.
 */
int unet_loop_flow_add(struct unet_backend *be, struct unet_flow_req *req)
{
	struct unet_loop_end *e = end_of(be);
	struct unet_flow_key key;
	struct unet_loop_flow *f;
	struct unet_loop_flow **head;
	u32 index;
	int err;

	if (!e->port_uses)
		e->port_uses = calloc(2, sizeof(*e->port_uses));
	if (!e->port_uses)
		return -ENOMEM;
	err = complete_key(e, req, &key);
	if (!err)
		err = check(e, req, &key);
	if (!err)
		err = index_get(e, &index);
	if (err)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->key = key;
	f->meta = req->meta;
	f->dual = key.family == 6 && key.mask == UNET_MASK_2TUPLE &&
		  !(req->flags & UNET_FLOW_V6ONLY);
	e->generation = (u16)(e->generation % 0xffff + 1);
	f->handle = (u32)e->generation << 16 | index;
	f->adv.flow = f->handle;
	f->adv.mtu = e->be.mtu;
	e->flow[index] = f;
	head = find(e, &key);
	f->next = *head;
	*head = f;
	e->mask_count[key.mask]++;
	++*uses(e, key.proto, key.local_port);
	answer(e, f, req);
	return 0;
}

static void forget(struct unet_loop_end *e, struct unet_loop_flow *f)
{
	*find(e, &f->key) = f->next;
	e->flow[f->handle & 0xffff] = NULL;
	e->mask_count[f->key.mask]--;
	--*uses(e, f->key.proto, f->key.local_port);
	free(f);
}

/**
 * unet_loop_flow_del() - struct unet_backend_ops.flow_del
 * @be: an end
 * @handle: of the flow
 * @flags: UNET_DEL_*; ports do not linger here
 *
 * Return: 0 or -ENOENT.
 */
int unet_loop_flow_del(struct unet_backend *be, u32 handle, u32 flags)
{
	struct unet_loop_flow *f = unet_loop_flow_get(end_of(be), handle);

	if (!f)
		return -ENOENT;
	forget(end_of(be), f);
	return 0;
}

/**
 * unet_loop_flow_set() - struct unet_backend_ops.flow_set
 * @be: an end
 * @handle: of the flow
 * @meta: replaces the flow's
 *
 * Return: 0 or -ENOENT.
 */
int unet_loop_flow_set(struct unet_backend *be, u32 handle,
		       const struct unet_flow_meta *meta)
{
	struct unet_loop_flow *f = unet_loop_flow_get(end_of(be), handle);

	if (!f)
		return -ENOENT;
	f->meta = *meta;
	return 0;
}

const volatile struct unet_flow_adv *unet_loop_adv(struct unet_backend *be,
						   u32 index)
{
	struct unet_loop_end *e = end_of(be);

	return index < e->n_flows && e->flow[index] ? &e->flow[index]->adv :
	       NULL;
}

/**
 * unet_loop_flow_exit() - drop all flows of an end
 * @e: the end
 */
void unet_loop_flow_exit(struct unet_loop_end *e)
{
	u32 i;

	for (i = 0; i < e->n_flows; i++) {
		if (e->flow[i])
			forget(e, e->flow[i]);
	}
	free(e->flow);
	free(e->port_uses);
	e->flow = NULL;
	e->port_uses = NULL;
	e->n_flows = 0;
}
