// SPDX-License-Identifier: MIT
/*
 * fork(): the child has one thread, and copies of locks that others may have held, and
 * of readers that will never finish. So no fork happens while a registry is being
 * changed or a grace period ends, and in the child liburcu forgets the others.
 *
 * The handlers are there from the first hook of a process on.
 */
#include "hook.h"
#include "rcu.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct unet_hooks *all;

/* A hook forks: others may be waiting for it, so it waits for nobody. */
static __thread bool from_a_hook;

/* Grace periods end first: those who are waited for may want a registry's lock. */
static void before(void)
{
	struct unet_hooks *hs;

	from_a_hook = unet_rcu_reading();
	if (from_a_hook)
		return;
	unet_rcu_before_fork();
	pthread_mutex_lock(&all_lock);
	for (hs = all; hs; hs = hs->next)
		pthread_mutex_lock(&hs->lock);
}

static void unlock_all(void)
{
	struct unet_hooks *hs;

	for (hs = all; hs; hs = hs->next)
		pthread_mutex_unlock(&hs->lock);
	pthread_mutex_unlock(&all_lock);
}

static void in_parent(void)
{
	if (from_a_hook)
		return;
	unlock_all();
	unet_rcu_after_fork(false);
}

static void in_child(void)
{
	if (from_a_hook)
		return;
	unlock_all();
	unet_rcu_after_fork(true);
}

static void install(void)
{
	pthread_atfork(before, in_parent, in_child);
}

/**
 * unet_hook_fork_watch() - this registry is to be sound after fork()
 * @hs: not locked
 */
void unet_hook_fork_watch(struct unet_hooks *hs)
{
	pthread_once(&once, install);
	pthread_mutex_lock(&all_lock);
	if (!hs->pprev) {
		hs->next = all;
		hs->pprev = &all;
		if (all)
			all->pprev = &hs->next;
		all = hs;
	}
	pthread_mutex_unlock(&all_lock);
}

/**
 * unet_hook_fork_forget() - the mirror of unet_hook_fork_watch(), called or not
 * @hs: about to be freed
 */
void unet_hook_fork_forget(struct unet_hooks *hs)
{
	pthread_mutex_lock(&all_lock);
	if (hs->pprev) {
		*hs->pprev = hs->next;
		if (hs->next)
			hs->next->pprev = hs->pprev;
		hs->pprev = NULL;
	}
	pthread_mutex_unlock(&all_lock);
}
