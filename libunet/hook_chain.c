// SPDX-License-Identifier: MIT
/*
 * Chains: made anew for each change, published, and let go when no batch can be
 * passing the old one.
 */
#include <stdlib.h>
#include "hook.h"
#include "internal.h"
#include "rcu.h"
#include "stack.h"

static bool belongs(const struct unet_hook *h, enum unet_hook_dir dir)
{
	u32 want = dir == UNET_HOOKS_RX ? UNET_HOOK_RX : UNET_HOOK_TX;

	return h->rule.opts.dirs & want && !unet_hook_has_ended(&h->rule) &&
	       !h->gone;
}

static int too_much(u32 reserve)
{
	unet_detail("struct unet_hook_opts: reserve: hooks reserve %u bytes: at most %u",
		    reserve, UNET_HOOK_RESERVE);
	return -ENOSPC;
}

/* Of the hooks as they are; what is sent passes them from the last on. */
static int chain_make(const struct unet_hooks *hs, enum unet_hook_dir dir,
		      struct unet_hook_chain **out)
{
	struct unet_hook_chain *c;
	struct unet_hook *h;
	u32 reserve = 0;
	u32 n = 0;
	u32 i = 0;

	*out = NULL;
	for (h = hs->first; h; h = h->next) {
		n += belongs(h, dir);
		reserve += belongs(h, dir) ? h->rule.opts.reserve : 0;
	}
	if (!n)
		return 0;
	if (dir == UNET_HOOKS_TX && reserve > UNET_HOOK_RESERVE)
		return too_much(reserve);
	c = malloc(sizeof(*c) + n * sizeof(c->link[0]));
	if (!c)
		return -ENOMEM;
	c->n = n;
	c->reserve = reserve;
	for (h = hs->first; h; h = h->next) {
		struct unet_hook_link *l;

		if (!belongs(h, dir))
			continue;
		l = &c->link[dir == UNET_HOOKS_RX ? i : n - 1 - i];
		l->hook = h;
		l->rule = h->rule;
		i++;
	}
	*out = c;
	return 0;
}

static u32 reserves(const struct unet_hook_chain *c)
{
	return c ? c->reserve : 0;
}

/**
 * unet_hook_rebuild() - the hooks have changed: publish new chains
 * @st: the stack, its registry locked
 * @old: receives the chains before, for unet_hook_let_go()
 *
 * Return: 0, or -ENOMEM, -ENOSPC and the old chains stay in force.
 */
int unet_hook_rebuild(struct unet_stack *st,
		      struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook_chain *new[UNET_HOOKS_DIRS];
	int err;
	int dir;

	memset(old, 0, sizeof(*old) * UNET_HOOKS_DIRS);
	err = chain_make(hs, UNET_HOOKS_RX, &new[UNET_HOOKS_RX]);
	if (err)
		return err;
	err = chain_make(hs, UNET_HOOKS_TX, &new[UNET_HOOKS_TX]);
	if (err) {
		free(new[UNET_HOOKS_RX]);
		return err;
	}
	for (dir = 0; dir < UNET_HOOKS_DIRS; dir++) {
		old[dir] = hs->chain[dir];
		unet_rcu_assign_pointer(hs->chain[dir], new[dir]);
	}
	/* flows learn of it before they send again */
	if (reserves(old[UNET_HOOKS_TX]) || reserves(new[UNET_HOOKS_TX]))
		unet_rcu_assign_pointer(hs->reserve_gen,
					hs->reserve_gen + 1);
	return 0;
}

/* Might packets of this flow match? Predicates are not asked. */
static bool concerns(const struct unet_hook_rule *r, const struct unet_flow *f)
{
	const struct unet_hook_opts *o = &r->opts;
	u16 local = be16_to_cpu(f->key.local_port);
	u16 remote = be16_to_cpu(f->key.remote_port);
	bool v4 = f->key.family == 4;

	/* a socket of both families sends both */
	if (o->match & UNET_HOOK_ETHERTYPE && !(f->flags & UNET_FLOW_F_DUAL) &&
	    o->ethertype != (v4 ? UNET_HOOK_IP4 : UNET_HOOK_IP6))
		return false;
	if (o->match & UNET_HOOK_PROTO && o->proto != f->key.proto)
		return false;
	if (o->match & UNET_HOOK_LOCAL_PORT && o->local_port != local)
		return false;
	if (o->match & UNET_HOOK_REMOTE_PORT && remote &&
	    o->remote_port != remote)
		return false;
	if (!(o->match & UNET_HOOK_SOCK))
		return true;
	return r->key.proto == f->key.proto &&
	       r->key.local_port == f->key.local_port &&
	       (!remote || !r->key.remote_port ||
		r->key.remote_port == f->key.remote_port);
}

/**
 * unet_hook_flow_reserve() - bytes that hooks may add to what a flow sends
 * @st: the stack
 * @f: the flow
 *
 * Sets @f->reserve, which holds until the hooks change.
 */
void unet_hook_flow_reserve(struct unet_stack *st, struct unet_flow *f)
{
	u32 gen = unet_rcu_dereference(st->hooks.reserve_gen);
	const struct unet_hook_chain *c;
	u32 sum = 0;
	u32 i;

	unet_rcu_read_lock();
	c = unet_rcu_dereference(st->hooks.chain[UNET_HOOKS_TX]);
	for (i = 0; c && i < c->n; i++) {
		if (c->link[i].rule.opts.reserve &&
		    concerns(&c->link[i].rule, f))
			sum += c->link[i].rule.opts.reserve;
	}
	unet_rcu_read_unlock();
	f->reserve = sum;
	f->reserve_gen = gen;
}

static void free_chain(struct unet_hook_retired *r)
{
	free(container_of(r, struct unet_hook_chain, retired));
}

/**
 * unet_hook_retire() - have something freed when no batch is passing a chain
 * @st: the stack, its registry not locked
 * @r: embedded in it; nothing leads there any more
 * @fn: frees it
 */
void unet_hook_retire(struct unet_stack *st, struct unet_hook_retired *r,
		      void (*fn)(struct unet_hook_retired *r))
{
	struct unet_hooks *hs = &st->hooks;

	r->free = fn;
	pthread_mutex_lock(&hs->lock);
	r->next = hs->retired;
	WRITE_ONCE(hs->retired, r);
	pthread_mutex_unlock(&hs->lock);
}

/**
 * unet_hook_retire_chains() - unet_hook_let_go() without waiting
 * @st: the stack, its registry not locked
 * @old: from unet_hook_rebuild()
 */
void unet_hook_retire_chains(struct unet_stack *st,
			     struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	int dir;

	for (dir = 0; dir < UNET_HOOKS_DIRS; dir++) {
		if (old[dir])
			unet_hook_retire(st, &old[dir]->retired, free_chain);
	}
}

/**
 * unet_hook_let_go() - free chains that were replaced
 * @st: the stack, its registry not locked
 * @old: from unet_hook_rebuild()
 *
 * Waits for a batch in progress; a hook cannot wait for itself, and leaves them to
 * the end of the turn.
 */
void unet_hook_let_go(struct unet_stack *st,
		      struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	if (unet_rcu_reading()) {
		unet_hook_retire_chains(st, old);
		return;
	}
	if (old[UNET_HOOKS_RX] || old[UNET_HOOKS_TX])
		unet_rcu_synchronize();
	free(old[UNET_HOOKS_RX]);
	free(old[UNET_HOOKS_TX]);
}

static struct unet_hook_retired *take_retired(struct unet_hooks *hs)
{
	struct unet_hook_retired *r = hs->retired;

	hs->retired = NULL;
	return r;
}

static void free_list(struct unet_hook_retired *r)
{
	while (r) {
		struct unet_hook_retired *next = r->next;

		r->free(r);
		r = next;
	}
}

/**
 * unet_hook_reclaim() - free what was retired
 * @st: the stack; no batch is passing a chain, and nobody else can send one
 *
 * When a writer is busy it waits for the next turn, not for the writer.
 */
void unet_hook_reclaim(struct unet_stack *st)
{
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook_retired *r;

	if (pthread_mutex_trylock(&hs->lock))
		return;
	r = take_retired(hs);
	pthread_mutex_unlock(&hs->lock);
	free_list(r);
}

/**
 * unet_hook_reclaim_now() - unet_hook_reclaim() that waits for writers
 * @st: as there
 *
 * What is retired on the way is freed, too.
 */
void unet_hook_reclaim_now(struct unet_stack *st)
{
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook_retired *r;

	do {
		pthread_mutex_lock(&hs->lock);
		r = take_retired(hs);
		pthread_mutex_unlock(&hs->lock);
		free_list(r);
	} while (r);
}
