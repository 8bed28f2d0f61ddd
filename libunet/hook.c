// SPDX-License-Identifier: MIT
/*
 * Hooks as objects. Everything here but what closes a stack or a socket may be
 * called by any thread.
 */
#include <stdlib.h>
#include <unet/unet.h>
#include "hook.h"
#include "internal.h"
#include "rcu.h"
#include "socket.h"
#include "stack.h"

#define MATCH_ALL	(UNET_HOOK_ETHERTYPE | UNET_HOOK_PROTO | \
			 UNET_HOOK_LOCAL_PORT | UNET_HOOK_REMOTE_PORT | \
			 UNET_HOOK_SOCK)
/* From @batches on there are counters, and nothing else. */
#define COUNTERS	((sizeof(struct unet_hook_stats) - \
			  offsetof(struct unet_hook_stats, batches)) / sizeof(u64))
#define BOTH		(UNET_HOOK_RX | UNET_HOOK_TX)

/* ---- options --------------------------------------------------------------- */

static int refuse(const char *what, u32 value, const char *allowed)
{
	unet_detail("struct unet_hook_opts: %s %#x: must be %s", what, value,
		    allowed);
	return -EINVAL;
}

static int check_match(const struct unet_hook_opts *o)
{
	if (o->match & ~MATCH_ALL)
		return refuse("match", o->match, "of UNET_HOOK_ETHERTYPE to UNET_HOOK_SOCK");
	if (!(o->match & UNET_HOOK_ETHERTYPE) && o->ethertype)
		return refuse("ethertype", o->ethertype, "0, or UNET_HOOK_ETHERTYPE set in match");
	if (o->match & UNET_HOOK_ETHERTYPE && o->ethertype < 0x600)
		return refuse("ethertype", o->ethertype, "0x600 or more");
	if (!(o->match & UNET_HOOK_PROTO) && o->proto)
		return refuse("proto", o->proto, "0, or UNET_HOOK_PROTO set in match");
	if (!(o->match & UNET_HOOK_LOCAL_PORT) == !!o->local_port)
		return refuse("local_port", o->local_port,
			      "set if and only if UNET_HOOK_LOCAL_PORT is in match");
	if (!(o->match & UNET_HOOK_REMOTE_PORT) == !!o->remote_port)
		return refuse("remote_port", o->remote_port,
			      "set if and only if UNET_HOOK_REMOTE_PORT is in match");
	if (!(o->match & UNET_HOOK_SOCK) == !!o->sock)
		return refuse("sock", !!o->sock,
			      "set if and only if UNET_HOOK_SOCK is in match");
	return 0;
}

static int check_opts(const struct unet_hook_opts *o)
{
	int err = unet_opts_check(o, sizeof(*o), "unet_hook_opts");

	if (err || !o)
		return err;
	if (o->dirs & ~BOTH)
		return refuse("dirs", o->dirs, "of UNET_HOOK_RX and UNET_HOOK_TX, or 0");
	if (o->reserved || o->reserved0)
		return refuse("reserved", 1, "zero");
	if (o->reserve > UNET_HOOK_RESERVE)
		return refuse("reserve", o->reserve, "at most UNET_HOOK_RESERVE");
	if (o->bypass_after && !o->budget_us)
		return refuse("bypass_after", o->bypass_after,
			      "0 without a budget_us");
	if (o->name && strlen(o->name) >= UNET_HOOK_NAME) {
		unet_detail("struct unet_hook_opts: name \"%.60s\": must be at most %u bytes",
			    o->name, UNET_HOOK_NAME - 1);
		return -EINVAL;
	}
	return check_match(o);
}

static int rule_from(struct unet_stack *st, const struct unet_hook_opts *o,
		     struct unet_hook_rule *r)
{
	const struct unet_flow *f;
	int err = check_opts(o);

	if (err)
		return err;
	memset(r, 0, sizeof(*r));
	if (o)
		r->opts = *o;
	if (!r->opts.dirs)
		r->opts.dirs = BOTH;
	r->sock = r->opts.sock;
	/* not ours to hold on to */
	r->opts.name = NULL;
	r->opts.sock = NULL;
	if (!r->sock)
		return 0;
	f = r->sock->ops->flow(r->sock);
	r->key = f->key;
	r->dual = f->flags & UNET_FLOW_F_DUAL;
	if (r->sock->st != st || !r->key.local_port) {
		unet_detail("struct unet_hook_opts: sock: must be one of this stack, with a port");
		return -EINVAL;
	}
	/* its thread is the one that closes it, and asks for this */
	o->sock->hooked = true;
	return 0;
}

/* ---- the list ---------------------------------------------------------------- */

static void insert(struct unet_hooks *hs, struct unet_hook *h)
{
	struct unet_hook **link = &hs->first;
	s32 priority = h->rule.opts.priority;

	WRITE_ONCE(h->priority, priority);
	while (*link && ((*link)->rule.opts.priority < priority ||
			 ((*link)->rule.opts.priority == priority &&
			  (*link)->id < h->id)))
		link = &(*link)->next;
	h->next = *link;
	*link = h;
}

/*
 * Return: false, it was taken off already. A batch meets hooks as they were, so one
 * that another has taken off meanwhile may be called once more, and asks for this.
 */
static bool take_out(struct unet_hooks *hs, struct unet_hook *h)
{
	struct unet_hook **link = &hs->first;

	while (*link && *link != h)
		link = &(*link)->next;
	if (!*link)
		return false;
	*link = h->next;
	return true;
}

static void end(struct unet_hook *h)
{
	if (h->rule.opts.destroy)
		h->rule.opts.destroy(h->arg);
}

static void free_retired(struct unet_hook_retired *r)
{
	struct unet_hook *h = container_of(r, struct unet_hook, retired);

	end(h);
	free(h);
}

/* ---- adding and changing ------------------------------------------------------- */

struct unet_hook *unet_hook_add(struct unet_stack *st, unet_hook_fn fn,
				void *arg, const struct unet_hook_opts *opts)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS];
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook *h = calloc(1, sizeof(*h));
	int err = h ? 0 : -ENOMEM;

	unet_detail_clear();
	if (!err && !fn) {
		unet_detail("a hook without a function");
		err = -EINVAL;
	}
	if (!err)
		err = rule_from(st, opts, &h->rule);
	if (err)
		goto fail;
	h->st = st;
	h->fn = fn;
	h->arg = arg;
	h->owner = unet_hook_owner;
	if (opts && opts->name)
		strcpy(h->name, opts->name);
	unet_hook_fork_watch(hs);
	pthread_mutex_lock(&hs->lock);
	h->id = hs->next_id++;
	insert(hs, h);
	err = unet_hook_rebuild(st, old);
	if (err)
		take_out(hs, h);
	pthread_mutex_unlock(&hs->lock);
	if (err)
		goto fail;
	unet_hook_let_go(st, old);
	return h;
fail:
	free(h);
	errno = -err;
	return NULL;
}

/* Another rule, in one step for every batch; the registry is locked. */
static int change(struct unet_hook *h, const struct unet_hook_rule *rule,
		  struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	struct unet_hooks *hs = &h->st->hooks;
	struct unet_hook_rule before = h->rule;
	int err;

	if (!take_out(hs, h))
		return -ENOENT;
	h->rule = *rule;
	insert(hs, h);
	err = unet_hook_rebuild(h->st, old);
	if (err) {
		take_out(hs, h);
		h->rule = before;
		insert(hs, h);
	}
	return err;
}

int unet_hook_prioritize(struct unet_hook *h, int32_t priority)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS];
	struct unet_hooks *hs = &h->st->hooks;
	struct unet_hook_rule rule;
	int err;

	pthread_mutex_lock(&hs->lock);
	rule = h->rule;
	rule.opts.priority = priority;
	err = change(h, &rule, old);
	pthread_mutex_unlock(&hs->lock);
	if (!err)
		unet_hook_let_go(h->st, old);
	return err;
}

int unet_hook_modify(struct unet_hook *h, const struct unet_hook_opts *opts)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS];
	struct unet_hooks *hs = &h->st->hooks;
	struct unet_hook_rule rule;
	int err;

	unet_detail_clear();
	err = rule_from(h->st, opts, &rule);
	if (err)
		return err;
	pthread_mutex_lock(&hs->lock);
	rule.opts.destroy = h->rule.opts.destroy;
	err = change(h, &rule, old);
	if (!err)
		WRITE_ONCE(h->ended, false);
	pthread_mutex_unlock(&hs->lock);
	if (err)
		return err;
	unet_hook_let_go(h->st, old);
	WRITE_ONCE(h->strikes, 0);
	WRITE_ONCE(h->bypassed, false);
	return 0;
}

/* ---- ending ----------------------------------------------------------------------- */

/*
 * Out of the chain; false: it was already, or without memory for another it only is
 * not called. The registry is locked.
 */
static bool unlink_hook(struct unet_hook *h,
			struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	struct unet_hooks *hs = &h->st->hooks;

	if (!take_out(hs, h))
		return false;
	if (!unet_hook_rebuild(h->st, old))
		return true;
	WRITE_ONCE(h->gone, true);
	insert(hs, h);
	return false;
}

/* Behind unlink_hook(), which said @out: when the batch in progress is over. */
static void finish(struct unet_hook *h, bool out,
		   struct unet_hook_chain *old[UNET_HOOKS_DIRS])
{
	unet_rcu_synchronize();
	free(old[UNET_HOOKS_RX]);
	free(old[UNET_HOOKS_TX]);
	end(h);
	h->rule.opts.destroy = NULL;
	if (out)
		free(h);
}

int unet_hook_del(struct unet_hook *h)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS] = { NULL };
	struct unet_hooks *hs = &h->st->hooks;
	bool out;

	if (unet_rcu_reading())
		return -EDEADLK;
	pthread_mutex_lock(&hs->lock);
	out = unlink_hook(h, old);
	pthread_mutex_unlock(&hs->lock);
	finish(h, out, old);
	return 0;
}

/* Its first one that is left; the registry is locked. */
static struct unet_hook *find_of(const struct unet_hooks *hs,
				 const struct unet_hook_loaded *owner)
{
	struct unet_hook *h = hs->first;

	while (h && h->owner != owner)
		h = h->next;
	return h;
}

/**
 * unet_hooks_del_of() - no function of an object's hooks will be called any more
 * @st: the stack, not passing a batch
 * @owner: the object; its code may go afterwards
 *
 * Other threads, and destroy() of these hooks, may delete hooks meanwhile: after each
 * one we look anew.
 */
void unet_hooks_del_of(struct unet_stack *st, const struct unet_hook_loaded *owner)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS];
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook *h;
	bool out;

	for (;;) {
		pthread_mutex_lock(&hs->lock);
		h = find_of(hs, owner);
		if (h) {
			h->owner = NULL;
			out = unlink_hook(h, old);
		}
		pthread_mutex_unlock(&hs->lock);
		if (!h)
			break;
		finish(h, out, old);
	}
	unet_hook_reclaim_now(st);
}

void unet_hook_del_later(struct unet_hook *h)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS];
	struct unet_stack *st = h->st;
	bool out;

	pthread_mutex_lock(&st->hooks.lock);
	out = unlink_hook(h, old);
	pthread_mutex_unlock(&st->hooks.lock);
	/* without memory it goes with the stack */
	if (!out)
		return;
	unet_hook_retire_chains(st, old);
	unet_hook_retire(st, &h->retired, free_retired);
}

/**
 * unet_hooks_sock_closed() - hooks of a socket have nothing to see any more
 * @st: the stack
 * @s: the socket, about to be freed; a hook has named it
 */
void unet_hooks_sock_closed(struct unet_stack *st, const struct unet_sock *s)
{
	struct unet_hook_chain *old[UNET_HOOKS_DIRS] = { NULL };
	struct unet_hooks *hs = &st->hooks;
	struct unet_hook *h;
	bool any = false;

	pthread_mutex_lock(&hs->lock);
	for (h = hs->first; h; h = h->next) {
		if (h->rule.sock != s)
			continue;
		WRITE_ONCE(h->ended, true);
		h->rule.sock = NULL;
		any = true;
	}
	/* without memory for a chain without them, they are passed over */
	if (any)
		unet_hook_rebuild(st, old);
	pthread_mutex_unlock(&hs->lock);
	unet_hook_retire_chains(st, old);
}

/**
 * unet_hooks_init() - no hooks
 * @st: the stack
 */
void unet_hooks_init(struct unet_stack *st)
{
	struct unet_hooks *hs = &st->hooks;

	pthread_mutex_init(&hs->lock, NULL);
	unet_pktq_init(&hs->sent);
	unet_pktq_init(&hs->injected[UNET_HOOKS_RX]);
	unet_pktq_init(&hs->injected[UNET_HOOKS_TX]);
	hs->next_id = 1;
}

static void end_first(struct unet_hooks *hs)
{
	struct unet_hook *h = hs->first;

	if (!h)
		return;
	hs->first = h->next;
	end(h);
	free(h);
}

/**
 * unet_hooks_exit() - the stack ends, and its hooks with it
 * @st: the stack; nobody else knows it any more
 */
void unet_hooks_exit(struct unet_stack *st)
{
	struct unet_hooks *hs = &st->hooks;

	unet_pktq_purge(&hs->sent);
	unet_pktq_purge(&hs->injected[UNET_HOOKS_RX]);
	unet_pktq_purge(&hs->injected[UNET_HOOKS_TX]);
	/* destroy() of one may take off others */
	while (hs->retired || hs->first) {
		unet_hook_reclaim_now(st);
		end_first(hs);
	}
	free(hs->chain[UNET_HOOKS_RX]);
	free(hs->chain[UNET_HOOKS_TX]);
	unet_hooks_unload(st);
	unet_hook_fork_forget(hs);
	pthread_mutex_destroy(&hs->lock);
}

/* ---- asking ------------------------------------------------------------------------- */

static void tell(const struct unet_hook *h, struct unet_hook_stats *s)
{
	uint64_t *to = &s->batches;
	const uint64_t *from = &h->count.batches;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	memcpy(s->name, h->name, sizeof(s->name));
	s->priority = h->rule.opts.priority;
	s->dirs = h->rule.opts.dirs;
	s->flags = (READ_ONCE(h->over) ? UNET_HOOK_OVER : 0) |
		   (READ_ONCE(h->bypassed) ? UNET_HOOK_BYPASSED : 0) |
		   (READ_ONCE(h->ended) ? UNET_HOOK_ENDED : 0);
	for (i = 0; i < COUNTERS; i++)
		to[i] = READ_ONCE(from[i]);
}

int unet_hook_stats(const struct unet_hook *h, struct unet_hook_stats *stats)
{
	struct unet_hooks *hs = &h->st->hooks;

	if (stats->size != sizeof(*stats))
		return -EINVAL;
	pthread_mutex_lock(&hs->lock);
	tell(h, stats);
	pthread_mutex_unlock(&hs->lock);
	return 0;
}

int unet_hook_list(struct unet_stack *st, struct unet_hook_stats *stats,
		   size_t n)
{
	struct unet_hooks *hs = &st->hooks;
	const struct unet_hook *h;
	int count = 0;

	if (n && stats->size != sizeof(*stats))
		return -EINVAL;
	pthread_mutex_lock(&hs->lock);
	for (h = hs->first; h; h = h->next) {
		if (h->gone)
			continue;
		if ((size_t)count < n)
			tell(h, &stats[count]);
		count++;
	}
	pthread_mutex_unlock(&hs->lock);
	return count;
}
