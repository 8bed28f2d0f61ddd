// SPDX-License-Identifier: MIT
/*
 * A batch passes a chain: up to 64 packets at a time are made visible, each hook is
 * called once with those it matches, and verdicts are carried out behind it.
 */
#include "hook.h"
#include "rcu.h"
#include "socket.h"
#include "stack.h"

/**
 * struct run - packets on their way
 * @st:		stack
 * @dir:	UNET_HOOK_RX or UNET_HOOK_TX
 * @n:		of @live
 * @flags:	UNET_HOOK_INJECTED or 0
 * @side:	copies that the present hook asked for
 * @live:	packets still there, in order
 * @chosen:	those of them that the present hook matches
 * @slot:	what @live points into
 */
struct run {
	struct unet_stack *st;
	u32 dir;
	u32 n;
	u8 flags;
	struct unet_pktq side;
	struct unet_hook_pkt *live[UNET_HOOK_BATCH];
	struct unet_hook_pkt *chosen[UNET_HOOK_BATCH];
	struct unet_hook_slot slot[UNET_HOOK_BATCH];
};

/* Counters are read by other threads; nobody else writes them. */
static void add(uint64_t *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

/* ---- which packets -------------------------------------------------------- */

static bool is_any(const __be32 addr[4])
{
	return !(addr[0] | addr[1] | addr[2] | addr[3]);
}

/* Addresses as the packet has them; both stand where they stand in its header. */
static bool ends_match(const struct unet_hook_pkt *p,
		       const struct unet_hook_rule *r, bool rx)
{
	u32 size = p->ethertype == UNET_HOOK_IP4 ? 4 : 16;
	u32 at = p->ethertype == UNET_HOOK_IP4 ? 12 : 8;
	const u8 *local = p->data + at + (rx ? size : 0);
	const u8 *remote = p->data + at + (rx ? 0 : size);

	if (p->len < at + 2 * size)
		return false;
	if (!is_any(r->key.local) && memcmp(local, r->key.local, size))
		return false;
	return is_any(r->key.remote) || !memcmp(remote, r->key.remote, size);
}

static bool sock_matches(const struct unet_hook_pkt *p,
			 const struct unet_hook_rule *r, bool rx)
{
	const struct unet_flow_key *k = &r->key;
	u16 family = k->family == 4 ? UNET_HOOK_IP4 : UNET_HOOK_IP6;

	if (p->proto != k->proto ||
	    p->local_port != be16_to_cpu(k->local_port) ||
	    (k->remote_port && p->remote_port != be16_to_cpu(k->remote_port)))
		return false;
	/* a wildcard of IPv6 takes IPv4, too */
	if (is_any(k->local) && is_any(k->remote))
		return family == UNET_HOOK_IP6 || p->ethertype == family;
	return p->ethertype == family && ends_match(p, r, rx);
}

static bool matches(const struct unet_hook_link *l,
		    const struct unet_hook_pkt *p, bool rx)
{
	const struct unet_hook_opts *o = &l->rule.opts;

	if (o->match & UNET_HOOK_ETHERTYPE && p->ethertype != o->ethertype)
		return false;
	if (o->match & UNET_HOOK_PROTO && p->proto != o->proto)
		return false;
	if (o->match & UNET_HOOK_LOCAL_PORT && p->local_port != o->local_port)
		return false;
	if (o->match & UNET_HOOK_REMOTE_PORT &&
	    p->remote_port != o->remote_port)
		return false;
	if (o->match & UNET_HOOK_SOCK && !sock_matches(p, &l->rule, rx))
		return false;
	return !o->predicate || o->predicate(p, l->hook->arg);
}

/* Return: how many; @to receives where they are. */
static u32 choose(struct run *r, const struct unet_hook_link *l,
		  struct unet_hook_pkt *const **to)
{
	u32 n = 0;
	u32 i;

	if (!l->rule.opts.match && !l->rule.opts.predicate) {
		*to = r->live;
		return r->n;
	}
	for (i = 0; i < r->n; i++) {
		if (matches(l, r->live[i], r->dir == UNET_HOOK_RX))
			r->chosen[n++] = r->live[i];
	}
	*to = r->chosen;
	return n;
}

static void make_visible(const struct run *r, struct unet_hook_slot *s,
			 struct unet_pkt *pkt)
{
	s->pkt = pkt;
	s->dir = r->dir;
	s->dirty = false;
	s->v.verdict = UNET_HOOK_ACCEPT;
	s->v.flags = r->flags;
	s->v.reserved = 0;
	unet_hook_view(s);
}

/* ---- verdicts ------------------------------------------------------------- */

/* Copies of what the verdict was CLONE for. */
static void to_the_side(struct run *r, const struct unet_hook_batch *b,
			const struct unet_hook_link *l)
{
	struct unet_hook_slot slot[UNET_HOOK_BATCH];
	struct unet_hook_pkt *pkt[UNET_HOOK_BATCH];
	struct unet_hook_batch side = *b;
	u32 i;

	side.pkt = pkt;
	for (side.n = 0; !unet_pktq_empty(&r->side); side.n++) {
		pkt[side.n] = &slot[side.n].v;
		make_visible(r, &slot[side.n], unet_pktq_take(&r->side));
	}
	l->rule.opts.side(&side, l->hook->arg);
	for (i = 0; i < side.n; i++)
		unet_pkt_free(slot[i].pkt);
}

static void set_aside(struct run *r, const struct unet_hook_slot *s)
{
	struct unet_pkt *copy = unet_pkt_clone(s->pkt);

	if (copy)
		unet_pktq_add(&r->side, copy);
	else
		unet_count(r->st, UNET_STAT_NO_MEMORY);
}

static void remove_pkt(struct run *r, struct unet_hook_slot *s,
		       enum unet_stack_counter why)
{
	unet_count(r->st, why);
	unet_pkt_free(s->pkt);
	s->pkt = NULL;
}

/* One packet whose verdict was not plainly ACCEPT. Return: what to count it as. */
static u32 carry_out(struct run *r, const struct unet_hook_link *l,
		     struct unet_hook_slot *s)
{
	u32 verdict = s->v.verdict;
	bool bad = verdict >= UNET_HOOK_VERDICTS ||
		   (verdict == UNET_HOOK_CLONE && !l->rule.opts.side);

	s->v.verdict = UNET_HOOK_ACCEPT;
	if (verdict == UNET_HOOK_DROP || verdict == UNET_HOOK_CONSUME) {
		remove_pkt(r, s, verdict == UNET_HOOK_DROP ?
			   UNET_STAT_HOOK_DROPPED : UNET_STAT_HOOK_CONSUMED);
		return verdict;
	}
	if (!bad && s->dirty) {
		bad = !unet_hook_settle(s);
		if (verdict == UNET_HOOK_ACCEPT)
			verdict = UNET_HOOK_MODIFY;
	}
	if (!bad && verdict == UNET_HOOK_CLONE)
		set_aside(r, s);
	if (!bad)
		return verdict;
	remove_pkt(r, s, UNET_STAT_HOOK_REFUSED);
	return UNET_HOOK_VERDICTS;
}

static void compact(struct run *r)
{
	u32 n = 0;
	u32 i;

	for (i = 0; i < r->n; i++) {
		if (unet_hook_slot_of(r->live[i])->pkt)
			r->live[n++] = r->live[i];
	}
	r->n = n;
}

static void verdicts(struct run *r, struct unet_hook_batch *b,
		     const struct unet_hook_link *l)
{
	struct unet_hook_stats *count = &l->hook->count;
	u32 kind[UNET_HOOK_VERDICTS + 1] = { 0 };
	u32 others = 0;
	u32 i;

	for (i = 0; i < b->n; i++) {
		struct unet_hook_slot *s = unet_hook_slot_of(b->pkt[i]);

		if (likely(!s->v.verdict && !s->dirty))
			continue;
		others++;
		kind[carry_out(r, l, s)]++;
	}
	add(&count->verdict[UNET_HOOK_ACCEPT], b->n - others);
	if (likely(!others))
		return;
	for (i = 1; i < UNET_HOOK_VERDICTS; i++)
		add(&count->verdict[i], kind[i]);
	add(&count->refused, kind[UNET_HOOK_VERDICTS]);
	if (kind[UNET_HOOK_DROP] | kind[UNET_HOOK_CONSUME] |
	    kind[UNET_HOOK_VERDICTS])
		compact(r);
}

/* ---- calling -------------------------------------------------------------- */

static void took_long(const struct unet_hook_link *l, u64 us)
{
	const struct unet_hook_opts *o = &l->rule.opts;
	struct unet_hook *h = l->hook;

	add(&h->count.over, 1);
	add(&h->strikes, 1);
	WRITE_ONCE(h->over, true);
	if (o->bypass_after && h->strikes >= o->bypass_after)
		WRITE_ONCE(h->bypassed, true);
	if (o->over)
		o->over(h, us, h->arg);
}

/* The clock is read for hooks with a budget only. */
static void call(struct unet_hook_batch *b, const struct unet_hook_link *l)
{
	struct unet_backend *be = b->stack->be;
	struct unet_hook *h = l->hook;
	u64 us;

	if (likely(!l->rule.opts.budget_us)) {
		h->fn(b, h->arg);
		return;
	}
	us = be->ops->now_us(be);
	h->fn(b, h->arg);
	us = be->ops->now_us(be) - us;
	add(&h->count.time_us, us);
	if (us > l->rule.opts.budget_us)
		took_long(l, us);
}

static void pass(struct run *r, const struct unet_hook_link *l)
{
	struct unet_hook *h = l->hook;
	struct unet_hook_batch b = {
		.stack = r->st, .hook = h, .now_us = r->st->now, .dir = r->dir,
	};

	b.n = choose(r, l, &b.pkt);
	if (!b.n)
		return;
	if (unlikely(READ_ONCE(h->bypassed) || READ_ONCE(h->ended) ||
		     READ_ONCE(h->gone))) {
		add(&h->count.bypassed, b.n);
		return;
	}
	add(&h->count.batches, 1);
	add(&h->count.packets, b.n);
	call(&b, l);
	verdicts(r, &b, l);
	if (unlikely(!unet_pktq_empty(&r->side)))
		to_the_side(r, &b, l);
}

/* ---- the chain ------------------------------------------------------------ */

static bool is_behind(const struct unet_hook_link *l,
		      const struct unet_hook_place *p, bool rx)
{
	s32 priority = l->rule.opts.priority;

	if (priority != p->priority)
		return rx ? priority > p->priority : priority < p->priority;
	return rx ? l->hook->id > p->id : l->hook->id < p->id;
}

static u32 first_link(const struct unet_hook_chain *c,
		      const struct unet_hook_place *behind, bool rx)
{
	u32 i = 0;

	if (!behind)
		return 0;
	while (i < c->n && !is_behind(&c->link[i], behind, rx))
		i++;
	return i;
}

static void fill(struct run *r, struct unet_pktq *q)
{
	for (r->n = 0; r->n < UNET_HOOK_BATCH && !unet_pktq_empty(q); r->n++) {
		make_visible(r, &r->slot[r->n], unet_pktq_take(q));
		r->live[r->n] = &r->slot[r->n].v;
	}
}

/**
 * unet_hook_run() - packets pass a direction's hooks
 * @st: the stack
 * @dir: which
 * @q: packets, data at the IP header; those that are left afterwards
 * @behind: begin behind this place; NULL: with the first hook
 */
void unet_hook_run(struct unet_stack *st, enum unet_hook_dir dir,
		   struct unet_pktq *q, const struct unet_hook_place *behind)
{
	bool rx = dir == UNET_HOOKS_RX;
	const struct unet_hook_chain *c;
	struct unet_pktq out;
	struct run r;
	u32 i;

	r.st = st;
	r.dir = rx ? UNET_HOOK_RX : UNET_HOOK_TX;
	r.flags = behind ? UNET_HOOK_INJECTED : 0;
	unet_pktq_init(&r.side);
	unet_pktq_init(&out);
	unet_rcu_read_lock();
	c = unet_rcu_dereference(st->hooks.chain[dir]);
	st->hooks.inside = true;
	while (c && !unet_pktq_empty(q)) {
		fill(&r, q);
		for (i = first_link(c, behind, rx); r.n && i < c->n; i++)
			pass(&r, &c->link[i]);
		for (i = 0; i < r.n; i++)
			unet_pktq_add(&out, unet_hook_slot_of(r.live[i])->pkt);
	}
	st->hooks.inside = false;
	unet_rcu_read_unlock();
	if (c)
		*q = out;
}
