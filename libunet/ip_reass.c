// SPDX-License-Identifier: MIT
/*
 * Reassembly. A datagram in the making holds its fragments in order, without
 * gaps counted: it is whole when the last one is there and the bytes add up.
 *
 * Fragments must not overlap (RFC 5722 for IPv6, done for IPv4 too: teardrop and
 * its kin). An overlap ends the datagram; what is left of it is a tombstone that
 * swallows further fragments until it times out. An exact repetition is ignored
 * (RFC 8200 section 4.5). The first fragment must hold the whole header chain
 * (RFC 7112; for IPv4 RFC 1858 and 3128): what protocols look at is never pieced
 * together from two.
 *
 * Memory, datagrams, datagrams of one source, fragments of one datagram and time
 * are bounded; at a bound the oldest datagram makes room.
 */
#include <stdlib.h>
#include "core/wire.h"
#include "ip_reass.h"
#include "stack.h"

#define BUCKETS		64u
#define BYTES_MAX	65535u

struct dgram_key {
	__be32 src[4];
	__be32 dst[4];
	u32 id;
	u16 family;
	u16 proto;	/* IPv4 only, RFC 791: part of what names a datagram */
};

struct dgram {
	struct dgram *hash_next;
	struct dgram *older;
	struct dgram *newer;
	struct unet_reass *owner;
	struct unet_timer timer;
	struct dgram_key key;
	struct unet_ip_info info;
	struct unet_pkt *frags;	/* by offset, which is in @priv */
	u32 n_frags;
	u32 bytes;
	u32 truesize;
	u32 end;		/* length of the whole, 0: not known yet */
	u8 ecn_seen;		/* bit for each codepoint */
	bool dead;
};

struct unet_reass {
	struct dgram *bucket[BUCKETS];
	struct dgram *oldest;
	struct dgram *newest;
	u32 n;
	u32 truesize;
};

int unet_reass_init(struct unet_stack *st)
{
	st->reass = calloc(1, sizeof(*st->reass));
	return st->reass ? 0 : -ENOMEM;
}

static struct dgram **find(struct unet_stack *st, const struct dgram_key *key)
{
	u64 hash = unet_siphash(st->sip_key, key, sizeof(*key));
	struct dgram **link = &st->reass->bucket[hash % BUCKETS];

	while (*link && memcmp(&(*link)->key, key, sizeof(*key)))
		link = &(*link)->hash_next;
	return link;
}

static void drop_frags(struct dgram *d)
{
	struct unet_pkt *pkt = d->frags;

	while (pkt) {
		struct unet_pkt *next = pkt->next;

		unet_pkt_free(pkt);
		pkt = next;
	}
	d->frags = NULL;
	d->n_frags = 0;
	d->owner->truesize -= d->truesize;
	d->truesize = 0;
}

static void dgram_free(struct unet_stack *st, struct dgram *d)
{
	struct unet_reass *r = st->reass;

	*find(st, &d->key) = d->hash_next;
	*(d->older ? &d->older->newer : &r->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &r->newest) = d->older;
	unet_timer_cancel(st, &d->timer);
	drop_frags(d);
	r->n--;
	free(d);
}

/**
 * unet_reass_exit() - drop all datagrams in the making
 * @st: the stack
 */
void unet_reass_exit(struct unet_stack *st)
{
	while (st->reass->oldest)
		dgram_free(st, st->reass->oldest);
	free(st->reass);
	st->reass = NULL;
}

static void timed_out(struct unet_stack *st, struct unet_timer *t)
{
	struct dgram *d = container_of(t, struct dgram, timer);

	if (!d->dead)
		unet_count(st, UNET_STAT_REASS_TIMEOUT);
	dgram_free(st, d);
}

/* No more of this datagram; its further fragments go to the tombstone. */
static void bury(struct unet_stack *st, struct dgram *d,
		 enum unet_stack_counter why)
{
	unet_count(st, why);
	drop_frags(d);
	d->dead = true;
}

static struct dgram *oldest_of(const struct unet_reass *r, const __be32 *src)
{
	struct dgram *d = r->oldest;
	struct dgram *first = NULL;
	u32 n = 0;

	for (; d; d = d->newer) {
		if (memcmp(d->key.src, src, sizeof(d->key.src)))
			continue;
		if (!first)
			first = d;
		n++;
	}
	return n >= UNET_REASS_PER_SOURCE ? first : NULL;
}

static void evict(struct unet_stack *st, struct dgram *d)
{
	unet_count(st, UNET_STAT_REASS_LIMIT);
	dgram_free(st, d);
}

static struct dgram *dgram_new(struct unet_stack *st,
			       const struct dgram_key *key)
{
	struct unet_reass *r = st->reass;
	struct dgram *d = oldest_of(r, key->src);

	if (d)
		evict(st, d);
	else if (r->n >= UNET_REASS_DATAGRAMS)
		evict(st, r->oldest);
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->owner = r;
	d->key = *key;
	*find(st, key) = d;
	d->older = r->newest;
	*(r->newest ? &r->newest->newer : &r->oldest) = d;
	r->newest = d;
	r->n++;
	unet_timer_init(&d->timer, timed_out);
	unet_timer_set(st, &d->timer, st->now + UNET_REASS_TIMEOUT_US);
	return d;
}

static u32 l4_min(u8 proto)
{
	switch (proto) {
	case UNET_PROTO_TCP:
		return UNET_TCP_HEADER;
	case UNET_PROTO_UDP:
		return UNET_UDP_HEADER;
	default:
		return 0;
	}
}

/* What is wrong with a fragment by itself. */
static bool frag_ok(const struct unet_pkt *pkt, const struct unet_ip_info *info,
		    const struct unet_frag *frag)
{
	u32 header = unet_ip_header_len(info->family);

	if (!pkt->total || (frag->more && pkt->total % 8))
		return false;
	if (frag->offset + pkt->total > BYTES_MAX - (header == 20 ? 20 : 0))
		return false;
	if (frag->offset)
		return info->proto != UNET_PROTO_TCP ||
		       frag->offset >= UNET_TCP_HEADER;
	return pkt->total >= l4_min(info->proto);
}

/* Is the end of the datagram where all fragments say it is? */
static bool end_ok(struct dgram *d, u32 start, u32 end, bool more)
{
	const struct unet_pkt *p;

	if (d->end)
		return more ? end < d->end : end == d->end;
	if (more)
		return true;
	for (p = d->frags; p; p = p->next) {
		if (p->priv + p->total > start)
			return false;
	}
	d->end = end;
	return true;
}

enum fit { FITS, REPEATED, OVERLAPS };

static enum fit insert(struct dgram *d, struct unet_pkt *pkt, u32 start)
{
	struct unet_pkt **link = &d->frags;
	u32 end = start + pkt->total;

	while (*link && (*link)->priv + (*link)->total <= start)
		link = &(*link)->next;
	if (*link && (*link)->priv < end)
		return (*link)->priv == start && (*link)->total == pkt->total ?
		       REPEATED : OVERLAPS;
	pkt->priv = start;
	pkt->next = *link;
	*link = pkt;
	d->n_frags++;
	d->bytes += pkt->total;
	return FITS;
}

/* RFC 3168 section 5.3: a mark must not get lost, and not come from nowhere. */
static int ecn_of(u8 seen)
{
	bool ce = seen & 1u << UNET_ECN_CE;

	if (ce && seen & 1u)
		return -EINVAL;
	if (ce)
		return UNET_ECN_CE;
	return -ENOENT;
}

static struct unet_pkt *complete(struct unet_stack *st, struct dgram *d,
				 struct unet_ip_info *info)
{
	struct unet_pkt *whole = d->frags;
	struct unet_pkt *pkt = whole->next;
	int ecn = ecn_of(d->ecn_seen);

	if (ecn == -EINVAL) {
		bury(st, d, UNET_STAT_REASS_BAD);
		return NULL;
	}
	d->frags = NULL;
	whole->next = NULL;
	while (pkt) {
		struct unet_pkt *next = pkt->next;

		unet_pkt_append(whole, pkt);
		pkt = next;
	}
	*info = d->info;
	if (ecn == UNET_ECN_CE)
		info->tos |= UNET_ECN_CE;
	info->l4_len = whole->total;
	whole->flags = UNET_PF_REASSEMBLED;
	whole->priv = 0;
	whole->segs = 1;
	whole->l3_offset = 0;
	dgram_free(st, d);
	unet_count(st, UNET_STAT_REASS_DONE);
	return whole;
}

static void key_of(struct dgram_key *key, const struct unet_ip_info *info,
		   u32 id)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->src, info->src, sizeof(key->src));
	memcpy(key->dst, info->dst, sizeof(key->dst));
	key->id = id;
	key->family = info->family;
	key->proto = info->family == 4 ? info->proto : 0;
}

/* Put a fragment that is right in itself where it belongs. */
static bool take_in(struct unet_stack *st, struct dgram *d,
		    struct unet_pkt *pkt, const struct unet_ip_info *info,
		    const struct unet_frag *frag)
{
	u32 end = frag->offset + pkt->total;
	u32 size = unet_pkt_truesize(pkt);

	if (d->dead)
		return false;
	if (!end_ok(d, frag->offset, end, frag->more)) {
		bury(st, d, UNET_STAT_REASS_BAD);
		return false;
	}
	if (d->n_frags >= UNET_REASS_FRAGMENTS) {
		bury(st, d, UNET_STAT_REASS_LIMIT);
		return false;
	}
	switch (insert(d, pkt, frag->offset)) {
	case REPEATED:
		return false;
	case OVERLAPS:
		bury(st, d, UNET_STAT_REASS_OVERLAP);
		return false;
	case FITS:
		break;
	}
	d->truesize += size;
	st->reass->truesize += size;
	d->ecn_seen |= 1u << (info->tos & UNET_ECN_MASK);
	if (!frag->offset)
		d->info = *info;
	return true;
}

/**
 * unet_reass_add() - take one fragment
 * @st: the stack
 * @pkt: data at what follows the IP (IPv6: fragment) header; taken over
 * @info: of the fragment; of the datagram when it is whole
 * @frag: what its header says
 *
 * Return: the whole datagram, data at the L4 header, checksum not verified; or
 * NULL.
 */
struct unet_pkt *unet_reass_add(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info,
				const struct unet_frag *frag)
{
	struct unet_reass *r = st->reass;
	struct dgram_key key;
	struct dgram *d;

	unet_count(st, UNET_STAT_REASS_FRAGMENTS);
	if (!frag_ok(pkt, info, frag)) {
		unet_count(st, UNET_STAT_REASS_BAD);
		unet_pkt_free(pkt);
		return NULL;
	}
	key_of(&key, info, frag->id);
	d = *find(st, &key);
	if (!d)
		d = dgram_new(st, &key);
	/* ring memory is not for waiting in */
	if (!d || (pkt->block->owner && unet_pkt_own(pkt, 0))) {
		unet_count(st, UNET_STAT_NO_MEMORY);
		unet_pkt_free(pkt);
		return NULL;
	}
	if (!take_in(st, d, pkt, info, frag)) {
		unet_pkt_free(pkt);
		return NULL;
	}
	if (d->end && d->bytes == d->end)
		return complete(st, d, info);
	while (r->truesize > UNET_REASS_BYTES)
		evict(st, r->oldest);
	return NULL;
}

/**
 * unet_reass_bytes() - memory that fragments keep busy
 * @st: the stack
 */
u32 unet_reass_bytes(const struct unet_stack *st)
{
	return st->reass->truesize;
}

/**
 * unet_reass_datagrams() - datagrams in the making, tombstones included
 * @st: the stack
 */
u32 unet_reass_datagrams(const struct unet_stack *st)
{
	return st->reass->n;
}
