/* SPDX-License-Identifier: MIT */
/*
 * Read-copy-update for what other threads may change while a stack runs. Nothing
 * but rcu.c sees liburcu.
 *
 * The flavour is urcu-bp, "bulletproof": a thread needs not be made known before it
 * reads and is forgotten when it ends, because the threads are the application's,
 * not ours, and a stack may wander from one to another. Quiescent states (qsbr)
 * would have to be told by programs that do not know of us, and a thread that sleeps
 * elsewhere would hold up all others; memb wants threads registered. What bp costs
 * more than these, a branch per reader, is spent per batch, and only where there is
 * a hook.
 */
#ifndef UNET_RCU_H
#define UNET_RCU_H

#include "core_os.h"

/* What a reader follows. An acquire, where the address alone would order what is
 * behind it: the compiler has no word for that, and it is once a batch.
 */
#define unet_rcu_dereference(p)		smp_load_acquire(&(p)) /* pairs below */
/* All of @v is to be seen by whoever sees it through @p. */
#define unet_rcu_assign_pointer(p, v)	smp_store_release(&(p), v) /* pairs above */

void unet_rcu_read_lock(void);
void unet_rcu_read_unlock(void);
bool unet_rcu_reading(void);
void unet_rcu_synchronize(void);
void unet_rcu_before_fork(void);
void unet_rcu_after_fork(bool child);

#endif /* UNET_RCU_H */
