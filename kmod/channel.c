// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "arena.h"
#include "channel.h"
#include "core/layout.h"
#include "core/params.h"
#include "flow.h"
#include "genl.h"
#include "intermediary.h"
#include "live.h"
#include "nexus.h"
#include "stats.h"
#include "trace.h"
#include "type.h"

/* Bound channels by id. A channel is in here for as long as it is attached. */
static DEFINE_XARRAY_ALLOC1(channels);
static u32 channels_next;

/* ---- create and free --------------------------------------------------- */

static void exit_flows(struct unet_channel *ch)
{
	kvfree(ch->flow_gen);
	kvfree(ch->flow_used);
	kvfree(ch->flows);
	ch->flow_gen = NULL;
	ch->flow_used = NULL;
	ch->flows = NULL;
}

static void exit_cpus(struct unet_channel *ch)
{
	free_percpu(ch->cpu);
	ch->cpu = NULL;
}

static void unbind_memory(struct unet_channel *ch)
{
	exit_flows(ch);
	exit_cpus(ch);
	unet_bufpool_exit(&ch->pool);
}

/*
 * The last reference may go in softirq, under locks of the channel itself; its
 * memory goes a grace period later.
 */
static void free_work(struct work_struct *work)
{
	struct unet_channel *ch = container_of(work, struct unet_channel,
					       free_work);

	synchronize_rcu();
	unbind_memory(ch);
	unet_arena_destroy(ch->arena);
	if (ch->inter)
		unet_inter_put(ch->inter);
	if (ch->nexus)
		unet_nexus_put(ch->nexus);
	put_pid(ch->pid);
	unet_live_add(UNET_LIVE_CHANNEL, -1);
	kfree(ch);
}

static void poison_work(struct work_struct *work);

struct unet_channel *unet_channel_create(void)
{
	struct unet_channel *ch = kzalloc(sizeof(*ch), GFP_KERNEL_ACCOUNT);

	if (!ch)
		return ERR_PTR(-ENOMEM);
	mutex_init(&ch->ctl);
	mutex_init(&ch->tx_lock);
	spin_lock_init(&ch->rx_lock);
	spin_lock_init(&ch->done_lock);
	spin_lock_init(&ch->pool.lock);
	init_waitqueue_head(&ch->wait);
	refcount_set(&ch->ref, 1);
	INIT_LIST_HEAD(&ch->nexus_node);
	INIT_LIST_HEAD(&ch->types);
	INIT_WORK(&ch->poison_work, poison_work);
	INIT_WORK(&ch->free_work, free_work);
	ch->pid = get_task_pid(current, PIDTYPE_TGID);
	ch->uid = current_uid();
	get_task_comm(ch->comm, current);
	unet_live_add(UNET_LIVE_CHANNEL, 1);
	return ch;
}

void unet_channel_get(struct unet_channel *ch)
{
	refcount_inc(&ch->ref);
}

void unet_channel_put(struct unet_channel *ch)
{
	if (refcount_dec_and_test(&ch->ref))
		queue_work(unet_nexus_wq, &ch->free_work);
}

/* ---- state ------------------------------------------------------------- */

int unet_channel_errno(const struct unet_channel *ch)
{
	switch (atomic_read(&ch->state)) {
	case UNET_CHANNEL_LIVE:
		return 0;
	case UNET_CHANNEL_POISONED:
		return -EIO;
	case UNET_CHANNEL_DETACHED:
		return -ENODEV;
	default:
		return -ENOTCONN;
	}
}

/* LIVE is left once, by whoever is first. */
static bool leave_live(struct unet_channel *ch, enum unet_channel_state to,
		       enum unet_poison_reason reason)
{
	if (atomic_cmpxchg(&ch->state, UNET_CHANNEL_LIVE, to) !=
	    UNET_CHANNEL_LIVE)
		return false;
	WRITE_ONCE(ch->reason, reason);
	WRITE_ONCE(ch->info->reason, reason);
	/* The user reads the reason after the state. */
	smp_store_release(&ch->info->state, to);
	return true;
}

static void wake_all(struct unet_channel *ch)
{
	WRITE_ONCE(ch->armed, 0);
	wake_up_interruptible_all(&ch->wait);
}

void unet_channel_poison(struct unet_channel *ch, enum unet_poison_reason reason)
{
	if (!leave_live(ch, UNET_CHANNEL_POISONED, reason))
		return;
	unet_count(ch->nexus, UNET_CNT_CH_POISONED);
	trace_unet_channel_poison(ch->id, reason);
	unet_genl_notify_channel(ch, UNET_EVENT_POISONED);
	unet_channel_get(ch);
	queue_work(unet_nexus_wq, &ch->poison_work);
	wake_all(ch);
}

/* ---- bind -------------------------------------------------------------- */

static int init_cpus(struct unet_channel *ch)
{
	int cpu;

	ch->cpu = alloc_percpu_gfp(struct unet_channel_cpu, GFP_KERNEL_ACCOUNT);
	if (!ch->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(ch->cpu, cpu)->channel = ch;
	return 0;
}

static int init_flows(struct unet_channel *ch, u32 max)
{
	ch->max_flows = max;
	ch->flows = kvcalloc(max, sizeof(*ch->flows), GFP_KERNEL_ACCOUNT);
	ch->flow_gen = kvcalloc(max, sizeof(*ch->flow_gen), GFP_KERNEL_ACCOUNT);
	ch->flow_used = kvcalloc(BITS_TO_LONGS(max), sizeof(long),
				 GFP_KERNEL_ACCOUNT);
	if (ch->flows && ch->flow_gen && ch->flow_used)
		return 0;
	exit_flows(ch);
	return -ENOMEM;
}

static void init_info(struct unet_channel *ch, struct unet_arena *arena)
{
	void *info = arena->region[UNET_REGION_INFO].addr;

	ch->info = info;
	ch->adv = info + arena->layout.adv_offset;
	ch->info->abi = UNET_ABI_VERSION;
	ch->info->state = UNET_CHANNEL_LIVE;
}

/* Everything a LIVE channel needs, hung on @ch but seen by nobody yet. */
static int bind_memory(struct unet_channel *ch, struct unet_arena *arena)
{
	const struct unet_layout *layout = &arena->layout;
	int err;

	err = unet_bufpool_init(&ch->pool, layout, arena);
	if (err)
		return err;
	err = init_cpus(ch);
	if (err)
		goto err_pool;
	err = init_flows(ch, layout->params.max_flows);
	if (err)
		goto err_cpus;
	unet_krings_init(&ch->rings, layout, arena);
	init_info(ch, arena);
	return 0;

err_cpus:
	exit_cpus(ch);
err_pool:
	unet_bufpool_exit(&ch->pool);
	return err;
}

/* From here on the nexus detaches it: once @ctl, which we hold, is free. */
static int enter_nexus(struct unet_channel *ch, struct unet_nexus *nx)
{
	int err;

	lockdep_assert_held(&ch->ctl);
	err = xa_alloc_cyclic(&channels, &ch->id, NULL, XA_LIMIT(1, S32_MAX),
			      &channels_next, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	mutex_lock(&nx->lock);
	err = nx->dying ? -ENODEV : 0;
	if (!err) {
		list_add_tail_rcu(&ch->nexus_node, &nx->channels);
		nx->num_channels++;
		ch->attached = true;
		WRITE_ONCE(ch->info->addr_gen, atomic_read(&nx->addr_gen));
	}
	mutex_unlock(&nx->lock);
	if (err)
		xa_erase(&channels, ch->id);
	return err;
}

static void leave_nexus(struct unet_channel *ch)
{
	struct unet_nexus *nx = ch->nexus;

	lockdep_assert_held(&ch->ctl);
	if (!ch->attached)
		return;
	ch->attached = false;
	xa_erase(&channels, ch->id);
	mutex_lock(&nx->lock);
	list_del_rcu(&ch->nexus_node);
	nx->num_channels--;
	mutex_unlock(&nx->lock);
	unet_count(nx, UNET_CNT_CH_CLOSED);
	trace_unet_channel_close(ch->id, nx->ifindex);
}

/* The entry was reserved by enter_nexus(): storing cannot fail. */
static void go_live(struct unet_channel *ch, struct unet_arena *arena)
{
	/* pairs with unet_channel_mmap(): regions before the pointer to them */
	smp_store_release(&ch->arena, arena);
	/* pairs with unet_channel_errno(): all of the channel before its state */
	atomic_set_release(&ch->state, UNET_CHANNEL_LIVE);
	xa_store(&channels, ch->id, ch, GFP_KERNEL_ACCOUNT);
	unet_count(ch->nexus, UNET_CNT_CH_OPENED);
	trace_unet_channel_open(ch->id, ch->nexus->ifindex);
}

static int bind_to(struct unet_channel *ch, struct unet_nexus *nx,
		   const struct unet_layout *layout)
{
	u64 flows = (u64)layout->params.max_flows * sizeof(struct unet_flow);
	struct unet_arena *arena = unet_arena_create(layout, flows);
	int err;

	if (IS_ERR(arena))
		return PTR_ERR(arena);
	ch->nexus = nx;
	err = bind_memory(ch, arena);
	if (err)
		goto err_arena;
	err = enter_nexus(ch, nx);
	if (err)
		goto err_memory;
	go_live(ch, arena);
	return 0;

err_memory:
	unbind_memory(ch);
err_arena:
	ch->nexus = NULL;
	unet_arena_destroy(arena);
	return err;
}

static int bind_unbound(struct unet_channel *ch, struct unet_bind *bind)
{
	struct unet_params params;
	struct unet_nexus *nx;
	int err;

	if (atomic_read(&ch->state) != UNET_CHANNEL_UNBOUND)
		return -EBUSY;
	nx = unet_nexus_find(current->nsproxy->net_ns, bind->nexus);
	if (!nx)
		return -ENODEV;
	err = unet_params_complete(&bind->params, &params, NULL);
	if (!err)
		err = unet_layout_compute(&params, PAGE_SIZE, &bind->layout);
	if (!err)
		err = bind_to(ch, nx, &bind->layout);
	if (err) {
		unet_nexus_put(nx);
		return err;
	}
	bind->params = params;
	bind->channel = ch->id;
	bind->ifindex = nx->ifindex;
	return 0;
}

int unet_channel_bind(struct unet_channel *ch, struct unet_bind *bind)
{
	int err;

	if (strnlen(bind->nexus, sizeof(bind->nexus)) == sizeof(bind->nexus))
		return -EINVAL;
	mutex_lock(&ch->ctl);
	err = bind_unbound(ch, bind);
	mutex_unlock(&ch->ctl);
	return err;
}

/* ---- bind, of an intermediary ------------------------------------------ */

static void end_inter(struct unet_channel *ch)
{
	if (ch->inter)
		unet_inter_stop(ch->inter, ch);
}

/* Mirror of bind_to(), for a channel that nobody has seen. */
static void leave_early(struct unet_channel *ch)
{
	leave_live(ch, UNET_CHANNEL_DETACHED, UNET_POISON_NONE);
	end_inter(ch);
	leave_nexus(ch);
}

static int inter_bind(struct unet_channel *ch, struct unet_inter *in,
		      struct unet_inter_open *open)
{
	struct unet_params params;
	int err;

	open->params.max_flows = 1;
	err = unet_params_complete(&open->params, &params, NULL);
	if (!err)
		err = unet_layout_compute(&params, PAGE_SIZE, &open->layout);
	if (err)
		return err;
	unet_nexus_get(in->nexus);
	unet_inter_get(in);
	ch->inter = in;
	err = bind_to(ch, in->nexus, &open->layout);
	if (err) {
		ch->inter = NULL;
		unet_inter_put(in);
		unet_nexus_put(in->nexus);
		return err;
	}
	err = unet_inter_start(in, ch);
	if (err)
		leave_early(ch);
	open->params = params;
	open->channel = ch->id;
	open->ifindex = in->nexus->ifindex;
	return err;
}

static int inter_open(struct unet_channel *ch, struct unet_inter_open *open)
{
	struct unet_inter *in;
	int err;

	if (atomic_read(&ch->state) != UNET_CHANNEL_UNBOUND)
		return -EBUSY;
	in = unet_inter_reserve(ch, current->nsproxy->net_ns, open);
	if (IS_ERR(in))
		return PTR_ERR(in);
	err = inter_bind(ch, in, open);
	if (err)
		unet_inter_stop(in, ch);
	unet_inter_put(in);
	return err;
}

int unet_channel_inter_open(struct unet_channel *ch,
			    struct unet_inter_open *open)
{
	int err;

	if (open->reserved)
		return -EINVAL;
	mutex_lock(&ch->ctl);
	err = inter_open(ch, open);
	mutex_unlock(&ch->ctl);
	return err;
}

int unet_channel_mmap(struct unet_channel *ch, struct vm_area_struct *vma)
{
	/* pairs with go_live() */
	struct unet_arena *arena = smp_load_acquire(&ch->arena);

	return arena ? unet_arena_mmap(arena, vma) : -ENOTCONN;
}

/* ---- end --------------------------------------------------------------- */

static void remove_flows(struct unet_channel *ch)
{
	u32 i;

	lockdep_assert_held(&ch->ctl);
	unet_type_channel_ends(ch);
	for (i = 0; i < ch->max_flows && ch->num_flows; i++) {
		if (ch->flows[i])
			unet_flow_remove(ch->flows[i], UNET_FLOW_OWNER_GONE);
		cond_resched();
	}
}

static void poison_work(struct work_struct *work)
{
	struct unet_channel *ch = container_of(work, struct unet_channel,
					       poison_work);

	mutex_lock(&ch->ctl);
	remove_flows(ch);
	end_inter(ch);
	mutex_unlock(&ch->ctl);
	unet_channel_put(ch);
}

void unet_channel_detach(struct unet_channel *ch)
{
	mutex_lock(&ch->ctl);
	leave_live(ch, UNET_CHANNEL_DETACHED, UNET_POISON_NONE);
	remove_flows(ch);
	end_inter(ch);
	leave_nexus(ch);
	mutex_unlock(&ch->ctl);
	wake_all(ch);
}

/* A process that ends with connections open died, whatever it meant to do. */
static void tell_of_death(struct unet_channel *ch)
{
	if (ch->attached && ch->num_flows && current->flags & PF_EXITING)
		unet_genl_notify_channel(ch, UNET_EVENT_OWNER_DIED);
}

void unet_channel_release(struct unet_channel *ch)
{
	mutex_lock(&ch->ctl);
	tell_of_death(ch);
	if (ch->attached)
		leave_live(ch, UNET_CHANNEL_DETACHED, UNET_POISON_NONE);
	remove_flows(ch);
	end_inter(ch);
	leave_nexus(ch);
	mutex_unlock(&ch->ctl);
	unet_channel_put(ch);
}

/* ---- flows ------------------------------------------------------------- */

struct unet_flow *unet_channel_flow(const struct unet_channel *ch, u32 handle)
{
	u32 index = handle & 0xffff;
	struct unet_flow *flow;

	if (index >= ch->max_flows)
		return NULL;
	flow = ch->flows[array_index_nospec(index, ch->max_flows)];
	return flow && flow->handle == handle ? flow : NULL;
}

bool unet_channel_flow_ended(const struct unet_channel *ch, u32 handle)
{
	u32 index = handle & 0xffff, gen = handle >> 16;

	if (index >= ch->max_flows || !gen)
		return false;
	index = array_index_nospec(index, ch->max_flows);
	return gen <= READ_ONCE(ch->flow_gen[index]);
}

/* An intermediary's channel has nothing of its own. */
static int owner_or_errno(const struct unet_channel *ch)
{
	int err = unet_channel_errno(ch);

	return !err && ch->inter ? -EOPNOTSUPP : err;
}

/* Locks @ch for a call of its process, if it may be made now; end() unlocks. */
static int begin(struct unet_channel *ch, int (*may)(const struct unet_channel *ch))
{
	int err;

	mutex_lock(&ch->ctl);
	err = may(ch);
	if (err)
		mutex_unlock(&ch->ctl);
	return err;
}

static int end(struct unet_channel *ch, int err)
{
	mutex_unlock(&ch->ctl);
	return err;
}

int unet_channel_flow_add(struct unet_channel *ch, struct unet_flow_req *req)
{
	int err = begin(ch, owner_or_errno);

	return err ? err : end(ch, unet_flow_add(ch, req));
}

static void remove_flow(struct unet_flow *flow, u32 flags)
{
	unet_type_flow_ends(flow);
	unet_flow_remove(flow, flags);
}

static int flow_del(struct unet_channel *ch, const struct unet_flow_del *del)
{
	struct unet_flow *flow = unet_channel_flow(ch, del->flow);

	if (!flow)
		return -ENOENT;
	if (flow->type)
		return -EBUSY;	/* it goes with its rule */
	remove_flow(flow, del->flags);
	return 0;
}

int unet_channel_flow_del(struct unet_channel *ch, const struct unet_flow_del *del)
{
	int err = del->reserved ? -EINVAL : begin(ch, unet_channel_errno);

	return err ? err : end(ch, flow_del(ch, del));
}

static int flow_set(struct unet_channel *ch, const struct unet_flow_set *set)
{
	struct unet_flow *flow = unet_channel_flow(ch, set->flow);

	return flow ? unet_flow_set(flow, &set->meta) : -ENOENT;
}

int unet_channel_flow_set(struct unet_channel *ch, const struct unet_flow_set *set)
{
	int err = set->reserved ? -EINVAL : begin(ch, unet_channel_errno);

	return err ? err : end(ch, flow_set(ch, set));
}

/* ---- packet types ------------------------------------------------------ */

int unet_channel_type_add(struct unet_channel *ch, struct unet_type_req *req)
{
	int err = begin(ch, owner_or_errno);

	return err ? err : end(ch, unet_type_add(ch, req));
}

int unet_channel_type_modify(struct unet_channel *ch, struct unet_type_req *req)
{
	int err = begin(ch, unet_channel_errno);

	return err ? err : end(ch, unet_type_modify(ch, req));
}

int unet_channel_type_priority(struct unet_channel *ch, struct unet_type_ref *ref)
{
	int err = begin(ch, unet_channel_errno);

	return err ? err : end(ch, unet_type_priority(ch, ref));
}

int unet_channel_type_del(struct unet_channel *ch, struct unet_type_ref *ref)
{
	int err = begin(ch, unet_channel_errno);

	return err ? err : end(ch, unet_type_del(ch, ref));
}

int unet_channel_type_join(struct unet_channel *ch, struct unet_type_ref *ref)
{
	int err = begin(ch, owner_or_errno);

	return err ? err : end(ch, unet_type_join(ch, ref));
}

/* ---- DONE -------------------------------------------------------------- */

int unet_channel_done_reserve(struct unet_channel *ch)
{
	struct unet_krings *r = &ch->rings;
	unsigned long irq;
	int room, err = 0;

	spin_lock_irqsave(&ch->done_lock, irq);
	room = unet_ring_free(&r->done) - ch->done_owed;
	if (!room) {
		err = unet_krings_done_taken(r);
		room = unet_ring_free(&r->done) - ch->done_owed;
	}
	if (room)
		ch->done_owed++;
	spin_unlock_irqrestore(&ch->done_lock, irq);
	return err < 0 ? err : room;
}

void unet_channel_done(struct unet_channel *ch, u32 cookie, u16 status)
{
	unsigned long irq;

	spin_lock_irqsave(&ch->done_lock, irq);
	unet_krings_done_put(&ch->rings, cookie, status);
	ch->done_owed--;
	spin_unlock_irqrestore(&ch->done_lock, irq);
}

/* Entries on DONE that the user has not taken, or minus why to poison. */
static int done_ready(struct unet_channel *ch, bool *room)
{
	unsigned long irq;
	int ready;

	spin_lock_irqsave(&ch->done_lock, irq);
	ready = unet_krings_done_taken(&ch->rings);
	*room = unet_ring_free(&ch->rings.done) > ch->done_owed;
	spin_unlock_irqrestore(&ch->done_lock, irq);
	return ready < 0 ? -UNET_POISON_DONE_CURSOR : ready;
}

static int rx_ready(struct unet_channel *ch)
{
	int ready;

	spin_lock_bh(&ch->rx_lock);
	ready = unet_krings_rx_ready(&ch->rings);
	spin_unlock_bh(&ch->rx_lock);
	return ready < 0 ? -UNET_POISON_RX_CURSOR : ready;
}

/* ---- waking ------------------------------------------------------------ */

/*
 * A wakeup is owed only to somebody who looked and found nothing:
 *
 *   poll(), SYNC_WAIT                  publisher
 *     armed = 1                          store tail
 *     full barrier          E            full barrier          E
 *     look at the rings                  armed? then wake
 *
 * Either the look sees the tail or the publisher sees the flag.
 */
void unet_channel_wake(struct unet_channel *ch)
{
	smp_mb(); /* E */
	if (!READ_ONCE(ch->armed) || !xchg(&ch->armed, 0))
		return;
	unet_count(ch->nexus, UNET_CNT_CH_WAKEUPS);
	wake_up_interruptible(&ch->wait);
}

/**
 * struct readiness - what a look at the rings found
 * @rx:		slots
 * @done:	entries
 * @tx:		there is room for a send
 */
struct readiness {
	int rx;
	int done;
	bool tx;
};

static void look(struct unet_channel *ch, struct readiness *r)
{
	bool room;

	r->rx = rx_ready(ch);
	r->done = done_ready(ch, &room);
	r->tx = room && unet_krings_tx_room(&ch->rings);
	if (r->rx < 0)
		unet_channel_poison(ch, -r->rx);
	if (r->done < 0)
		unet_channel_poison(ch, -r->done);
}

static void arm_and_look(struct unet_channel *ch, struct readiness *r)
{
	WRITE_ONCE(ch->armed, 1);
	smp_mb(); /* E */
	look(ch, r);
}

__poll_t unet_channel_poll(struct unet_channel *ch, struct file *file,
			   poll_table *table)
{
	struct readiness r;
	__poll_t mask = 0;

	poll_wait(file, &ch->wait, table);
	if (unet_channel_errno(ch))
		return EPOLLERR | EPOLLHUP;
	arm_and_look(ch, &r);
	if (unet_channel_errno(ch))
		return EPOLLERR | EPOLLHUP;
	if (r.rx || r.done)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (r.tx)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

/* ---- sync -------------------------------------------------------------- */

static int sync_tx(struct unet_channel *ch, u32 *sent)
{
	int n;

	if (mutex_lock_killable(&ch->tx_lock))
		return -EINTR;
	n = unet_channel_errno(ch);
	if (!n)
		n = ch->inter ? unet_inter_answer(ch) :
				ch->nexus->ops->send(ch->nexus, ch);
	mutex_unlock(&ch->tx_lock);
	if (n < 0)
		return n;
	*sent = n;
	return 0;
}

static bool something_to_do(struct unet_channel *ch)
{
	struct readiness r;

	if (unet_channel_errno(ch))
		return true;
	arm_and_look(ch, &r);
	return r.rx || r.done;
}

static int sync_wait(struct unet_channel *ch, u64 timeout_ns)
{
	ktime_t t = timeout_ns > KTIME_MAX ? KTIME_MAX : ns_to_ktime(timeout_ns);
	int err;

	err = wait_event_interruptible_hrtimeout(ch->wait, something_to_do(ch), t);
	return err == -ETIME ? 0 : err ? -EINTR : 0;
}

/* What a call that slept or not answers: a channel that broke says so. */
static int sync_answer(struct unet_channel *ch, struct unet_sync *sync)
{
	struct readiness r;

	look(ch, &r);
	sync->ready = max(r.rx, 0);
	return unet_channel_errno(ch);
}

int unet_channel_sync(struct unet_channel *ch, struct unet_sync *sync)
{
	int err = unet_channel_errno(ch);

	sync->sent = 0;
	sync->ready = 0;
	if (err)
		return err;
	if (sync->flags & UNET_SYNC_FREE)
		unet_bufpool_collect(ch);
	if (sync->flags & UNET_SYNC_TX)
		err = sync_tx(ch, &sync->sent);
	if (!err && sync->flags & UNET_SYNC_WAIT)
		err = sync_wait(ch, sync->timeout_ns);
	return err ? err : sync_answer(ch, sync);
}

/* ---- inspection -------------------------------------------------------- */

struct unet_channel *unet_channel_next(struct net *net, u32 *id)
{
	struct unet_channel *ch;
	unsigned long index = *id;

	rcu_read_lock();
	for (ch = xa_find(&channels, &index, S32_MAX, XA_PRESENT); ch;
	     ch = xa_find_after(&channels, &index, S32_MAX, XA_PRESENT))
		if (net_eq(ch->nexus->net, net) &&
		    refcount_inc_not_zero(&ch->ref))
			break;
	rcu_read_unlock();
	*id = index;
	return ch;
}
