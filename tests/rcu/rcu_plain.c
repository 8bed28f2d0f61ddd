// SPDX-License-Identifier: MIT
/*
 * libunet/rcu.c without liburcu, for two builds that cannot have it: 32 bits, for
 * which Debian's amd64 packages hold no liburcu, and ThreadSanitizer, which does
 * not see what orders liburcu's readers and writers (a system call).
 *
 * Readers of two generations are counted; a grace period ends when the one that
 * was current at its start has none left. Correct, and too dear for a data path.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include "rcu.h"

static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;
static unsigned int current;
static int readers[2];
static __thread unsigned int mine;
static __thread int depth;

void unet_rcu_read_lock(void)
{
	if (depth++)
		return;
	for (;;) {
		mine = __atomic_load_n(&current, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&readers[mine], 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&current, __ATOMIC_SEQ_CST) == mine)
			return;
		__atomic_fetch_sub(&readers[mine], 1, __ATOMIC_SEQ_CST);
	}
}

void unet_rcu_read_unlock(void)
{
	if (!--depth)
		__atomic_fetch_sub(&readers[mine], 1, __ATOMIC_SEQ_CST);
}

bool unet_rcu_reading(void)
{
	return depth;
}

void unet_rcu_synchronize(void)
{
	unsigned int old;

	pthread_mutex_lock(&writers);
	old = __atomic_load_n(&current, __ATOMIC_SEQ_CST);
	__atomic_store_n(&current, !old, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&readers[old], __ATOMIC_SEQ_CST))
		sched_yield();
	pthread_mutex_unlock(&writers);
}

void unet_rcu_before_fork(void)
{
	pthread_mutex_lock(&writers);
}

void unet_rcu_after_fork(bool child)
{
	/* whoever forks is no reader, and in the child there is nobody else */
	if (child)
		memset(readers, 0, sizeof(readers));
	pthread_mutex_unlock(&writers);
}
