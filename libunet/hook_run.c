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
 * @pass:	what their slots know of it
 * @b:		what the present hook is called with
 * @tag:	they get
 * @n:		of @live
 * @touched:	some were removed or changed
 * @whole:	put together from fragments, which those have seen who want to
 * @begin:	@verdict, @flags, @library and @reserved of a packet, at first
 * @side:	copies that the present hook asked for
 * @live:	packets still there, in order
 * @chosen:	those of them that the present hook matches
 * @slot:	what @live points into
 */
struct run {
	struct unet_hook_pass pass;
	struct unet_hook_batch b;
	u64 tag;
	u32 n;
	bool touched;
	bool whole;
	u32 begin;
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
static bool ends_match(const struct unet_hook_pkt *p, bool v6,
		       const struct unet_hook_rule *r, bool rx)
{
	u32 size = v6 ? 16 : 4;
	u32 at = v6 ? 8 : 12;
	const u8 *local = p->data + at + (rx ? size : 0);
	const u8 *remote = p->data + at + (rx ? 0 : size);

	if (p->len < at + 2 * size)
		return false;
	if (!is_any(r->key.local) && memcmp(local, r->key.local, size))
		return false;
	return is_any(r->key.remote) || !memcmp(remote, r->key.remote, size);
}

static bool sock_matches(const struct unet_hook_pkt *p,
			 const struct unet_hook_headers *h,
			 const struct unet_hook_rule *r, bool rx)
{
	const struct unet_flow_key *k = &r->key;
	u16 family = k->family == 4 ? UNET_HOOK_IP4 : UNET_HOOK_IP6;

	if (h->proto != k->proto ||
	    h->local_port != be16_to_cpu(k->local_port) ||
	    (k->remote_port && h->remote_port != be16_to_cpu(k->remote_port)))
		return false;
	if (is_any(k->local) && is_any(k->remote))
		return r->dual || h->ethertype == family;
	return h->ethertype == family &&
	       ends_match(p, family == UNET_HOOK_IP6, r, rx);
}

/* By what its headers say. */
static bool matches(const struct unet_hook_rule *r,
		    const struct unet_hook_pkt *p, bool rx)
{
	const struct unet_hook_headers *h = unet_hook_headers(p);
	const struct unet_hook_opts *o = &r->opts;

	if (h->flags & UNET_HOOK_FRAGMENT && unet_hook_wants_whole(o))
		return false;
	if (o->match & UNET_HOOK_ETHERTYPE && h->ethertype != o->ethertype)
		return false;
	if (o->match & UNET_HOOK_PROTO && h->proto != o->proto)
		return false;
	if (o->match & UNET_HOOK_LOCAL_PORT && h->local_port != o->local_port)
		return false;
	if (o->match & UNET_HOOK_REMOTE_PORT &&
	    h->remote_port != o->remote_port)
		return false;
	return !(o->match & UNET_HOOK_SOCK) || sock_matches(p, h, r, rx);
}

/* Of packets that are alike only the first is looked at. Return: how many match. */
static noinline u32 choose_matching(struct run *r, const struct unet_hook_link *l)
{
	bool rx = r->pass.dir == UNET_HOOK_RX;
	bool match = false;
	u8 kind = 0;
	u32 n = 0;
	u32 i;

	unet_hook_look_all(&r->pass, r->live, r->n);
	for (i = 0; i < r->n; i++) {
		struct unet_hook_pkt *p = r->live[i];

		if (!kind || p->reserved != kind) {
			match = matches(&l->rule, p, rx);
			kind = p->reserved;
		}
		r->chosen[n] = p;
		n += match;
	}
	return n;
}

static noinline u32 ask(const struct unet_hook_link *l,
			struct unet_hook_pkt **p, u32 n)
{
	u32 left = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		if (l->rule.opts.predicate(p[i], l->hook->arg))
			p[left++] = p[i];
	}
	return left;
}

/* By their headers alone. Return: how many; @to receives where they are. */
static u32 choose(struct run *r, const struct unet_hook_link *l,
		  struct unet_hook_pkt *const **to)
{
	const struct unet_hook_opts *o = &l->rule.opts;

	if (!o->match && !o->predicate) {
		*to = r->live;
		return r->n;
	}
	*to = r->chosen;
	if (o->match)
		return choose_matching(r, l);
	memcpy(r->chosen, r->live, r->n * sizeof(r->live[0]));
	return r->n;
}

/* All there is to do for a packet that no hook asks anything of. */
static __always_inline void make_visible(struct unet_hook_pass *pass,
					 struct unet_hook_slot *s,
					 struct unet_pkt *pkt, u32 begin)
{
	s->v.data = pkt->data;
	s->v.len = pkt->len;
	s->v.total = pkt->total;
	s->v.seg_size = pkt->seg_size;
	s->v.segs = pkt->segs;
	memcpy(&s->v.verdict, &begin, sizeof(begin));
	s->pkt = pkt;
	s->pass = pass;
}

/* ---- verdicts ------------------------------------------------------------- */

/* Copies of what the verdict was CLONE for. */
static noinline void to_the_side(struct run *r, const struct unet_hook_link *l)
{
	struct unet_hook_slot slot[UNET_HOOK_BATCH];
	struct unet_hook_pkt *pkt[UNET_HOOK_BATCH];
	struct unet_hook_batch side = r->b;
	u32 i;

	side.pkt = pkt;
	for (side.n = 0; !unet_pktq_empty(&r->side); side.n++) {
		pkt[side.n] = &slot[side.n].v;
		make_visible(&r->pass, &slot[side.n],
			     unet_pktq_take(&r->side), r->begin);
	}
	l->rule.opts.side(&side, l->hook->arg);
	for (i = 0; i < side.n; i++)
		unet_pkt_free(slot[i].pkt);
}

static void set_aside(struct run *r, const struct unet_hook_slot *s)
{
	struct unet_pkt *copy = unet_pkt_clone(s->pkt);

	if (!copy) {
		unet_count(r->b.stack, UNET_STAT_NO_MEMORY);
		return;
	}
	/* how large it may become */
	copy->priv = s->pkt->priv;
	unet_pktq_add(&r->side, copy);
}

static void remove_pkt(struct run *r, struct unet_hook_slot *s,
		       enum unet_stack_counter why)
{
	unet_count(r->b.stack, why);
	unet_pkt_free(s->pkt);
	s->pkt = NULL;
	r->touched = true;
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
	if (!bad && s->v.library & UNET_HOOK_DIRTY) {
		r->touched = true;
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

static noinline void carry_out_all(struct run *r,
				   const struct unet_hook_link *l)
{
	const struct unet_hook_batch *b = &r->b;
	struct unet_hook_stats *count = &l->hook->count;
	u32 kind[UNET_HOOK_VERDICTS + 1] = { 0 };
	u32 i;

	r->pass.dirty = false;
	for (i = 0; i < b->n; i++) {
		struct unet_hook_pkt *p = b->pkt[i];

		if (p->verdict || p->library & UNET_HOOK_DIRTY)
			kind[carry_out(r, l, unet_hook_slot_of(p))]++;
		else
			kind[UNET_HOOK_ACCEPT]++;
	}
	for (i = 0; i < UNET_HOOK_VERDICTS; i++)
		add(&count->verdict[i], kind[i]);
	add(&count->refused, kind[UNET_HOOK_VERDICTS]);
	if (kind[UNET_HOOK_DROP] | kind[UNET_HOOK_CONSUME] |
	    kind[UNET_HOOK_VERDICTS])
		compact(r);
	if (!unet_pktq_empty(&r->side))
		to_the_side(r, l);
}

static void verdicts(struct run *r, const struct unet_hook_link *l)
{
	u8 all = r->pass.dirty;
	u32 i;

	for (i = 0; i < r->b.n; i++)
		all |= r->b.pkt[i]->verdict;
	if (unlikely(all))
		carry_out_all(r, l);
	else
		add(&l->hook->count.verdict[UNET_HOOK_ACCEPT], r->b.n);
}

/* ---- room ----------------------------------------------------------------- */

/* Hooks further down that have a reserve will want it for this packet. */
static u32 reserved_behind(const struct unet_hook_pass *pass,
			   const struct unet_hook_pkt *p)
{
	const struct unet_hook_link *l;
	u32 sum = 0;

	for (l = pass->link + 1; l < pass->end; l++) {
		if (l->rule.opts.reserve && matches(&l->rule, p, false))
			sum += l->rule.opts.reserve;
	}
	return sum;
}

static u32 room_to_send(const struct unet_hook_slot *s)
{
	const union unet_hook_sent sent = { .word = s->pkt->priv };
	u32 reserve = s->pass->link->rule.opts.reserve;
	u32 added = s->v.library & UNET_HOOK_DIRTY ? s->v.total - s->was : 0;
	u32 one = s->v.seg_size ?
		  unet_hook_headers(&s->v)->payload + s->v.seg_size : s->v.total;
	s32 room = (s32)(sent.mtu - one - reserved_behind(s->pass, &s->v));

	room = min(room, (s32)(UNET_TX_MAX_BYTES - s->v.total));
	/* the packet may also have become shorter: then @added is below 0 */
	if (reserve)
		room = min(room, (s32)(reserve - added));
	return room > 0 ? (u32)room : 0;
}

uint32_t unet_hook_room(const struct unet_hook_pkt *p)
{
	const struct unet_hook_slot *s = unet_hook_slot_of(p);

	if (s->pass->dir == UNET_HOOK_TX || s->pass->frames)
		return room_to_send(s);
	return p->total < UNET_TX_MAX_BYTES ? UNET_TX_MAX_BYTES - p->total : 0;
}

/* ---- calling -------------------------------------------------------------- */

static noinline void took_long(const struct unet_hook_link *l, u64 us)
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

/* All of the hook's own functions that this batch needs. */
static void call(struct run *r, const struct unet_hook_link *l)
{
	struct unet_hook *h = l->hook;

	if (l->rule.opts.predicate)
		r->b.n = ask(l, r->chosen, r->b.n);
	if (!r->b.n)
		return;
	add(&h->count.batches, 1);
	add(&h->count.packets, r->b.n);
	h->fn(&r->b, h->arg);
	verdicts(r, l);
}

static noinline void call_and_time(struct run *r, const struct unet_hook_link *l)
{
	struct unet_backend *be = r->b.stack->be;
	u64 us = be->ops->now_us(be);

	call(r, l);
	us = be->ops->now_us(be) - us;
	add(&l->hook->count.time_us, us);
	if (us > l->rule.opts.budget_us)
		took_long(l, us);
}

/*
 * Of a hook that is gone nothing may be called: @arg was freed, and its code may be,
 * too. The clock is read for hooks with a budget only.
 */
static void pass(struct run *r, const struct unet_hook_link *l)
{
	struct unet_hook *h = l->hook;

	if (unlikely(r->whole && !unet_hook_wants_whole(&l->rule.opts)))
		return;
	if (unlikely(r->pass.frames && !unet_hook_wants_frames(&l->rule.opts)))
		return;
	if (unlikely(READ_ONCE(h->gone) || READ_ONCE(h->ended)))
		return;
	r->pass.link = l;
	r->b.hook = h;
	r->b.n = choose(r, l, &r->b.pkt);
	if (!r->b.n)
		return;
	if (unlikely(READ_ONCE(h->bypassed)))
		add(&h->count.bypassed, r->b.n);
	else if (likely(!l->rule.opts.budget_us))
		call(r, l);
	else
		call_and_time(r, l);
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

/* Return: the first one that is not among them. */
static struct unet_pkt *fill(struct run *r, struct unet_pkt *pkt, u32 n)
{
	struct unet_hook_slot *s = r->slot;
	struct unet_hook_pkt **live = r->live;
	struct unet_hook_pkt **const end = live + n;
	u32 begin = r->begin;
	u64 tag = r->tag;

	for (; live < end; live++, s++) {
		make_visible(&r->pass, s, pkt, begin);
		*live = &s->v;
		pkt->tag = tag;
		pkt = pkt->next;
	}
	r->n = n;
	r->touched = false;
	return pkt;
}

static noinline void put_each(struct run *r, struct unet_pktq *out)
{
	u32 i;

	for (i = 0; i < r->n; i++)
		unet_pktq_add(out, unet_hook_slot_of(r->live[i])->pkt);
}

static void pass_links(struct run *r, const struct unet_hook_chain *c,
		       const struct unet_hook_place *behind)
{
	u32 i = first_link(c, behind, r->pass.dir == UNET_HOOK_RX);

	r->pass.end = c->link + c->n;
	for (; r->n && i < c->n; i++)
		pass(r, &c->link[i]);
}

/* The first 64 packets, the next, ... each by the hooks there are now. */
static void pass_chain(struct run *r, struct unet_hook_chain *const *chain,
		       const struct unet_hook_place *behind, struct unet_pktq *q)
{
	struct unet_pkt *next = q->head;
	u32 left = q->packets;
	struct unet_pktq out;

	unet_pktq_init(&out);
	while (left) {
		const struct unet_hook_chain *c = unet_rcu_dereference(*chain);
		u32 n = min(left, UNET_HOOK_BATCH);

		next = fill(r, next, n);
		left -= n;
		if (likely(c))
			pass_links(r, c, behind);
		/* whom nothing has happened to still are in a row */
		if (likely(!r->touched && n == q->packets))
			return;
		put_each(r, &out);
	}
	*q = out;
}

/* There was a chain, but now there is none. */
static void tag_all(struct unet_pktq *q, u64 tag)
{
	struct unet_pkt *pkt;

	for (pkt = q->head; pkt; pkt = pkt->next)
		pkt->tag = tag;
}

static void begin(struct run *r, struct unet_stack *st, bool rx, u64 tag,
		  u8 flags)
{
	r->pass.dir = rx ? UNET_HOOK_RX : UNET_HOOK_TX;
	r->pass.dirty = false;
	r->pass.frames = flags & UNET_HOOK_FRAME;
	r->pass.memo.need = UINT32_MAX;
	r->pass.memo.kind = 0;
	r->b.stack = st;
	r->b.now_us = st->now;
	r->b.dir = r->pass.dir;
	r->tag = tag;
	r->whole = flags & UNET_HOOK_WHOLE;
	BUILD_BUG_ON(offsetof(struct unet_hook_pkt, flags) !=
		     offsetof(struct unet_hook_pkt, verdict) + 1);
	r->begin = 0;
	((u8 *)&r->begin)[1] = flags;
	unet_pktq_init(&r->side);
}

static __always_inline void run(struct unet_stack *st, enum unet_hook_dir dir,
				struct unet_pktq *q, u64 tag, u8 flags,
				const struct unet_hook_place *behind)
{
	struct unet_hook_chain *const *chain = &st->hooks.chain[dir];
	bool rx = dir == UNET_HOOKS_RX;
	struct run r;

	begin(&r, st, rx, tag, flags);
	unet_rcu_read_lock();
	st->hooks.inside = true;
	if (likely(READ_ONCE(*chain)))
		pass_chain(&r, chain, behind, q);
	else
		tag_all(q, tag);
	st->hooks.inside = false;
	unet_rcu_read_unlock();
}

/**
 * unet_hook_run() - packets pass a direction's hooks
 * @st: the stack
 * @dir: which
 * @q: packets, data at the IP header; those that are left afterwards
 * @tag: flow tag they get
 */
void unet_hook_run(struct unet_stack *st, enum unet_hook_dir dir,
		   struct unet_pktq *q, u64 tag)
{
	run(st, dir, q, tag, 0, NULL);
}

/**
 * unet_hook_run_behind() - an injected packet passes the rest of the hooks
 * @st: the stack
 * @dir: which direction's
 * @q: as for unet_hook_run()
 * @behind: begin behind this place
 */
void unet_hook_run_behind(struct unet_stack *st, enum unet_hook_dir dir,
			  struct unet_pktq *q,
			  const struct unet_hook_place *behind)
{
	run(st, dir, q, 0, UNET_HOOK_INJECTED, behind);
}

/**
 * unet_hook_run_whole() - a received datagram passes the hooks that do not want to
 *	see its fragments
 * @st: the stack
 * @q: the datagram, as for unet_hook_run()
 * @tag: flow tag it gets
 */
void unet_hook_run_whole(struct unet_stack *st, struct unet_pktq *q, u64 tag)
{
	run(st, UNET_HOOKS_RX, q, tag, UNET_HOOK_WHOLE, NULL);
}

/**
 * unet_hook_run_frames() - frames pass the hooks of their ethertype
 * @st: the stack
 * @dir: which direction's
 * @q: frames, data at the Ethernet header; in their struct unet_hook_sent only @mtu
 *	counts, the largest that each may become
 */
void unet_hook_run_frames(struct unet_stack *st, enum unet_hook_dir dir,
			  struct unet_pktq *q)
{
	run(st, dir, q, 0, UNET_HOOK_FRAME, NULL);
}
