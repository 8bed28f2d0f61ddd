// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "channel.h"
#include "flow.h"
#include "intermediary.h"
#include "live.h"
#include "nexus.h"

/* Tokens remembered for each packet that may be held. */
#define WINDOW_FACTOR	4

/* Grants by id, for as long as they are in nexus.inters. */
static DEFINE_XARRAY_ALLOC1(grants);
static u32 grants_next;

/* ---- references -------------------------------------------------------- */

static void free_work(struct work_struct *work)
{
	struct unet_inter *in = container_of(work, struct unet_inter, free_work);

	timer_shutdown_sync(&in->timer);
	if (in->prog)
		bpf_prog_put(in->prog);
	unet_nexus_put(in->nexus);
	unet_live_add(UNET_LIVE_GRANT, -1);
	kfree(in);
}

void unet_inter_get(struct unet_inter *in)
{
	refcount_inc(&in->ref);
}

void unet_inter_put(struct unet_inter *in)
{
	if (refcount_dec_and_test(&in->ref))
		queue_work(unet_nexus_wq, &in->free_work);
}

/* ---- grant ------------------------------------------------------------- */

void unet_inters_init(struct unet_inters *inters)
{
	mutex_init(&inters->lock);
	INIT_LIST_HEAD(&inters->list);
	INIT_LIST_HEAD(&inters->ending);
	INIT_WORK(&inters->reap, unet_inter_reap);
	spin_lock_init(&inters->moved_lock);
	INIT_LIST_HEAD(&inters->moved);
	INIT_WORK(&inters->move_work, unet_inter_move_work);
}

static struct unet_inter *create(struct unet_nexus *nx,
				 const struct unet_inter_terms *terms,
				 kuid_t uid, struct bpf_prog *prog)
{
	struct unet_inter *in = kzalloc(sizeof(*in), GFP_KERNEL_ACCOUNT);

	if (!in)
		return NULL;
	INIT_LIST_HEAD(&in->list);
	INIT_LIST_HEAD(&in->links);
	in->last = &in->waiting.first;
	INIT_WORK(&in->free_work, free_work);
	INIT_WORK(&in->expire_work, unet_inter_expire_work);
	spin_lock_init(&in->lock);
	timer_setup(&in->timer, unet_inter_timer, 0);
	refcount_set(&in->ref, 1);
	unet_nexus_get(nx);
	in->nexus = nx;
	in->terms = *terms;
	in->uid = uid;
	in->prog = prog;
	in->state = UNET_INTER_WAITING;
	unet_live_add(UNET_LIVE_GRANT, 1);
	return in;
}

/* By priority, then age. */
static void enlist(struct unet_inters *inters, struct unet_inter *in)
{
	struct unet_inter *other;

	list_for_each_entry(other, &inters->list, list)
		if (other->terms.priority > in->terms.priority)
			break;
	list_add_tail(&in->list, &other->list);
	inters->num++;
}

static int publish(struct unet_inter *in)
{
	struct unet_inters *inters = &in->nexus->inters;
	int err;

	lockdep_assert_held(&inters->lock);
	if (inters->closed)
		return -ENODEV;
	if (inters->num >= UNET_INTER_MAX_GRANTS)
		return -ENOSPC;
	err = xa_alloc_cyclic(&grants, &in->id, in, XA_LIMIT(1, S32_MAX),
			      &grants_next, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	enlist(inters, in);
	return 0;
}

int unet_inter_grant(struct unet_nexus *nx, const struct unet_inter_terms *terms,
		     kuid_t uid, struct bpf_prog *prog, u32 *id)
{
	struct unet_inter *in = create(nx, terms, uid, prog);
	int err;

	if (!in) {
		if (prog)
			bpf_prog_put(prog);
		return -ENOMEM;
	}
	mutex_lock(&nx->inters.lock);
	err = publish(in);
	*id = in->id;
	mutex_unlock(&nx->inters.lock);
	if (err)
		unet_inter_put(in);
	return err;
}

/* ---- find -------------------------------------------------------------- */

struct unet_inter *unet_inter_next(struct net *net, u32 *id)
{
	struct unet_inter *in;
	unsigned long index = *id;

	xa_lock(&grants);
	for (in = xa_find(&grants, &index, S32_MAX, XA_PRESENT); in;
	     in = xa_find_after(&grants, &index, S32_MAX, XA_PRESENT))
		if (net_eq(in->nexus->net, net) &&
		    refcount_inc_not_zero(&in->ref))
			break;
	xa_unlock(&grants);
	*id = index;
	return in;
}

static struct unet_inter *find(struct net *net, u32 id)
{
	struct unet_inter *in;

	xa_lock(&grants);
	in = xa_load(&grants, id);
	if (in && (!net_eq(in->nexus->net, net) ||
		   !refcount_inc_not_zero(&in->ref)))
		in = NULL;
	xa_unlock(&grants);
	return in;
}

/* ---- claim ------------------------------------------------------------- */

static void free_window(struct unet_inter *in)
{
	kvfree(in->held);
	kvfree(in->window.entry);
	in->held = NULL;
	in->window.entry = NULL;
}

static int alloc_window(struct unet_inter *in)
{
	struct unet_inter_window *w = &in->window;

	memset(w, 0, sizeof(*w));
	w->entries = roundup_pow_of_two(WINDOW_FACTOR * in->terms.backlog);
	w->base = get_random_u64();
	w->entry = kvcalloc(w->entries, sizeof(*w->entry), GFP_KERNEL_ACCOUNT);
	in->held = kvcalloc(w->entries, sizeof(*in->held), GFP_KERNEL_ACCOUNT);
	if (w->entry && in->held)
		return 0;
	free_window(in);
	return -ENOMEM;
}

static bool may_claim(const struct unet_inter *in)
{
	return uid_eq(current_euid(), in->uid) ||
	       ns_capable(in->nexus->net->user_ns, CAP_NET_ADMIN);
}

/* Context: unet_inters.lock held. */
static int reserve(struct unet_inter *in, const struct unet_channel *ch)
{
	int err;

	if (in->dead)
		return -ENOENT;
	if (!may_claim(in))
		return -EPERM;
	if (in->state == UNET_INTER_BARRED)
		return -EACCES;
	if (in->claimant)
		return -EBUSY;
	err = alloc_window(in);
	if (!err)
		in->claimant = ch;
	return err;
}

static void answer(const struct unet_inter *in, struct unet_inter_open *open)
{
	open->rights = in->terms.rights;
	open->directions = in->terms.directions;
	open->hold_ms = in->terms.hold_ms;
	open->backlog = in->terms.backlog;
	open->backlog_bytes = in->terms.backlog_bytes;
	open->copy_bytes = in->terms.copy_bytes;
}

struct unet_inter *unet_inter_reserve(const struct unet_channel *ch,
				      struct net *net,
				      struct unet_inter_open *open)
{
	struct unet_inter *in = find(net, open->grant);
	int err;

	if (!in)
		return ERR_PTR(-ENOENT);
	mutex_lock(&in->nexus->inters.lock);
	err = reserve(in, ch);
	mutex_unlock(&in->nexus->inters.lock);
	if (err) {
		unet_inter_put(in);
		return ERR_PTR(err);
	}
	answer(in, open);
	return in;
}

static void serve(struct unet_inter *in, struct unet_channel *ch)
{
	spin_lock_bh(&in->lock);
	in->state = UNET_INTER_SERVING;
	in->channel = ch;
	in->silent = false;
	in->sins = 0;
	in->excused = jiffies;
	memset(&in->run, 0, sizeof(in->run));
	spin_unlock_bh(&in->lock);
}

/* Flows that come later look at @armed themselves: unet_inter_flow_add(). */
static int link_flows(struct unet_inter *in)
{
	struct unet_flow *flow;
	u64 id = 0;
	int err = 0;

	in->armed = true;
	while (!err && (flow = unet_flow_next(in->nexus, &id))) {
		err = unet_inter_link_flow(in, flow);
		unet_flow_put(flow);
		id++;
		cond_resched();
	}
	return err;
}

/* Who serves no more holds nothing: unet_inter_settle() sees to that. */
static void fail(struct unet_inter *in)
{
	spin_lock_bh(&in->lock);
	if (in->state == UNET_INTER_SERVING) {
		in->state = UNET_INTER_FAILED;
		in->failed_at = jiffies;
	}
	in->channel = NULL;
	spin_unlock_bh(&in->lock);
}

/* Half of the flows have it: none are to. Its policy is for who has served. */
static void undo_first(struct unet_inter *in)
{
	fail(in);
	unet_inter_settle_all(in);
	unet_inter_unlink_all(in);
	in->armed = false;
	spin_lock_bh(&in->lock);
	if (in->state == UNET_INTER_FAILED)
		in->state = UNET_INTER_WAITING;
	spin_unlock_bh(&in->lock);
}

static int serve_all(struct unet_inter *in, struct unet_channel *ch)
{
	bool first = !in->armed;
	int err;

	serve(in, ch);
	err = link_flows(in);
	if (err && first)
		undo_first(in);
	return err;
}

int unet_inter_start(struct unet_inter *in, struct unet_channel *ch)
{
	struct unet_inters *inters = &in->nexus->inters;
	int err = -ENODEV;

	lockdep_assert_held(&ch->ctl);
	mutex_lock(&inters->lock);
	if (!in->dead)
		err = serve_all(in, ch);
	mutex_unlock(&inters->lock);
	return err;
}

void unet_inter_stop(struct unet_inter *in, const struct unet_channel *ch)
{
	struct unet_inters *inters = &in->nexus->inters;

	mutex_lock(&inters->lock);
	if (in->claimant == ch) {
		fail(in);
		unet_inter_settle_all(in);
		free_window(in);
		in->claimant = NULL;
	}
	mutex_unlock(&inters->lock);
}

/* ---- whose flow -------------------------------------------------------- */

static void tell_key(const struct unet_flow *flow, struct unet_inter_flow *q)
{
	const struct unet_flow_key *key = &flow->node[0].key;

	q->family = key->family == 4 ? AF_INET : AF_INET6;
	q->proto = key->proto;
	q->local_port = key->local_port;
	q->remote_port = key->remote_port;
	memcpy(q->local, key->local, sizeof(q->local));
	memcpy(q->remote, key->remote, sizeof(q->remote));
}

static void tell_owner(const struct unet_channel *owner, struct unet_inter_flow *q)
{
	BUILD_BUG_ON(sizeof(q->comm) != sizeof(owner->comm));
	q->pid = pid_vnr(owner->pid);
	q->uid = from_kuid_munged(current_user_ns(), owner->uid);
	memcpy(q->comm, owner->comm, sizeof(q->comm));
}

/* What is not told is zero, whatever it was. */
static void tell(const struct unet_inter *in, const struct unet_flow *flow,
		 struct unet_inter_flow *q)
{
	*q = (struct unet_inter_flow){ .size = q->size, .flow = q->flow };
	if (in->terms.rights & UNET_INTER_OBSERVE_HEADERS)
		tell_key(flow, q);
	if (in->terms.rights & UNET_INTER_IDENTITY)
		tell_owner(flow->channel, q);
}

/* Only who serves is told, and only now. Context: unet_inters.lock held. */
static int look_for(const struct unet_inter *in, const struct unet_channel *ch,
		    struct unet_inter_flow *q)
{
	int err = unet_channel_errno(ch);
	struct unet_link *link;

	if (err)
		return err;
	if (in->claimant != ch)
		return -ENODEV;
	list_for_each_entry(link, &in->links, inter_node) {
		const struct unet_flow *flow = link->lane->flow;

		if (lower_32_bits(flow->id) != q->flow)
			continue;
		tell(in, flow, q);
		return 0;
	}
	return -ENOENT;
}

int unet_inter_whose(struct unet_channel *ch, struct unet_inter_flow *q)
{
	struct unet_inter *in;
	int err;

	/* pairs with go_live(): the grant before the arena */
	if (!smp_load_acquire(&ch->arena))
		return -ENOTCONN;
	if (q->reserved || !ch->inter)
		return -EINVAL;
	in = ch->inter;
	mutex_lock(&in->nexus->inters.lock);
	err = look_for(in, ch, q);
	mutex_unlock(&in->nexus->inters.lock);
	return err;
}

/* ---- revoke ------------------------------------------------------------ */

/* Context: unet_inters.lock held. Return: its channel with a reference, or NULL. */
static struct unet_channel *bury(struct unet_inter *in)
{
	struct unet_channel *ch;

	spin_lock_bh(&in->lock);
	in->dead = true;
	in->state = UNET_INTER_FAILED;
	ch = in->channel;
	in->channel = NULL;
	if (ch)
		unet_channel_get(ch);
	spin_unlock_bh(&in->lock);
	unet_inter_settle_all(in);
	unet_inter_unlink_all(in);
	list_del_init(&in->list);
	in->nexus->inters.num--;
	xa_erase(&grants, in->id);
	return ch;
}

static void revoke(struct unet_inter *in)
{
	struct unet_channel *ch = bury(in);

	if (ch) {
		unet_channel_poison(ch, UNET_POISON_INTER_REVOKED);
		unet_channel_put(ch);
	}
	unet_inter_put(in);
}

int unet_inter_revoke(struct net *net, u32 id)
{
	struct unet_inter *in = find(net, id);
	int err = -ENOENT;

	if (!in)
		return err;
	mutex_lock(&in->nexus->inters.lock);
	if (!in->dead) {
		revoke(in);
		err = 0;
	}
	mutex_unlock(&in->nexus->inters.lock);
	unet_inter_put(in);
	return err;
}

/* No lane is left to redirect from: what was has come to its flow. */
static void wait_moved(struct unet_inters *inters)
{
	bool busy = true;

	while (busy) {
		spin_lock_bh(&inters->moved_lock);
		busy = inters->moving || !list_empty(&inters->moved);
		spin_unlock_bh(&inters->moved_lock);
		cond_resched();
	}
}

void unet_inters_close(struct unet_nexus *nx)
{
	struct unet_inters *inters = &nx->inters;
	struct unet_inter *in, *next;

	mutex_lock(&inters->lock);
	WRITE_ONCE(inters->closed, true);
	list_for_each_entry_safe(in, next, &inters->list, list)
		revoke(in);
	mutex_unlock(&inters->lock);
	wait_moved(inters);
}
