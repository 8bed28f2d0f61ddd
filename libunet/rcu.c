// SPDX-License-Identifier: MIT
#include <urcu-bp.h>
#include "rcu.h"

void unet_rcu_read_lock(void)
{
	urcu_bp_read_lock();
}

void unet_rcu_read_unlock(void)
{
	urcu_bp_read_unlock();
}

/**
 * unet_rcu_reading() - would this thread wait for itself
 */
bool unet_rcu_reading(void)
{
	return urcu_bp_read_ongoing();
}

/**
 * unet_rcu_synchronize() - until all readers of now have finished
 *
 * Context: not as a reader, without a lock that a reader may want.
 */
void unet_rcu_synchronize(void)
{
	urcu_bp_synchronize_rcu();
}

/**
 * unet_rcu_before_fork() - nobody is in the middle of anything when this returns
 *
 * Waits for grace periods in progress, and holds up new ones. Context: not as a
 * reader.
 */
void unet_rcu_before_fork(void)
{
	urcu_bp_before_fork();
}

/**
 * unet_rcu_after_fork() - go on
 * @child: readers of other threads are not here
 */
void unet_rcu_after_fork(bool child)
{
	if (child)
		urcu_bp_after_fork_child();
	else
		urcu_bp_after_fork_parent();
}
