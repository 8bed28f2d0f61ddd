// SPDX-License-Identifier: MIT
/*
 * Description: packets pass hooks without a lock and without a wait (R3.8): no call of
 * the C library that takes one or waits is made on their way, however often hooks are
 * changed in between; and while a thread that changes hooks stands still with the
 * registry's lock, packets pass, sockets that no hook names are closed, and what was
 * retired waits for it.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <unistd.h>
#include "datagrams.h"
#include "stack.h"

/* ---- what takes a lock or waits ------------------------------------------- */

static __thread bool watched;
static unsigned int waits;
static const char *last;

static void count(const char *name)
{
	if (!watched)
		return;
	waits++;
	last = name;
}

/* Ours come before the C library's, for the library and liburcu too. */
#define WATCH(type, name, params, args)					\
	type name params						\
	{								\
		static __typeof__(name) *real;				\
									\
		if (!real)						\
			real = dlsym(RTLD_NEXT, #name);			\
		count(#name);						\
		return real args;					\
	}

WATCH(int, pthread_mutex_lock, (pthread_mutex_t *m), (m))
WATCH(int, pthread_mutex_trylock, (pthread_mutex_t *m), (m))
WATCH(int, pthread_rwlock_rdlock, (pthread_rwlock_t *l), (l))
WATCH(int, pthread_rwlock_wrlock, (pthread_rwlock_t *l), (l))
WATCH(int, pthread_spin_lock, (pthread_spinlock_t *l), (l))
WATCH(int, pthread_cond_wait, (pthread_cond_t *c, pthread_mutex_t *m), (c, m))
WATCH(int, pthread_once, (pthread_once_t *o, void (*fn)(void)), (o, fn))
WATCH(int, sem_wait, (sem_t *s), (s))
WATCH(int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms))
WATCH(int, sched_yield, (void), ())
WATCH(int, usleep, (useconds_t us), (us))

/* futex() and membarrier() come this way. */
long syscall(long nr, ...)
{
	static long (*real)(long nr, ...);
	long arg[6];
	va_list ap;
	int i;

	if (!real)
		real = (long (*)(long nr, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	count("syscall");
	return real(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* ---- traffic -------------------------------------------------------------- */

static unsigned int seen;

static int set_up(void **state)
{
	datagrams_open();
	seen = 0;
	return 0;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

static void packets_pass(int n)
{
	while (n--)
		packet_passes();
}

static void all_verdicts(struct unet_hook_batch *batch, void *arg)
{
	static const int verdict[] = {
		UNET_HOOK_ACCEPT, UNET_HOOK_CLONE, UNET_HOOK_MODIFY,
	};
	u32 i;

	for (i = 0; i < batch->n; i++)
		batch->pkt[i]->verdict = verdict[seen++ % ARRAY_SIZE(verdict)];
}

static void side(struct unet_hook_batch *batch, void *arg)
{
}

static int everything(const struct unet_hook_pkt *p, void *arg)
{
	return 1;
}

static struct unet_hook *hang(struct unet_stack *st)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .predicate = everything, .side = side,
		.budget_us = 1000000,
	};
	struct unet_hook *h = unet_hook_add(st, all_verdicts, NULL, &o);

	assert_non_null(h);
	return h;
}

static void no_lock_and_no_wait(void **state)
{
	struct unet_hook *h;
	int i;

	packets_pass(1);
	for (i = 0; i < 10; i++) {
		hang(end[0]);
		h = hang(end[1]);
		waits = 0;
		watched = true;
		packets_pass(100);
		watched = false;
		if (waits)
			fail_msg("%u calls, %s the last", waits, last);
		assert_int_equal(unet_hook_del(h), 0);
	}
	assert_true(seen > 1000);
	/* Changes do take a lock: so much for what is watched. */
	watched = true;
	hang(end[0]);
	watched = false;
	assert_true(waits > 0);
}

/* ---- a writer that stands still ------------------------------------------- */

static pthread_barrier_t meet;

static void *stand_still(void *arg)
{
	struct unet_hooks *hs = arg;

	pthread_mutex_lock(&hs->lock);
	pthread_barrier_wait(&meet);
	/* Packets pass meanwhile. */
	pthread_barrier_wait(&meet);
	pthread_mutex_unlock(&hs->lock);
	return NULL;
}

static bool freed;

static void set_free(struct unet_hook_retired *r)
{
	freed = true;
}

static void of_another_socket(void)
{
	struct unet_hook_opts o = { .size = sizeof(o), .match = UNET_HOOK_SOCK,
				    .sock = unet_udp_open(end[1], AF_INET) };

	assert_int_equal(unet_udp_bind(o.sock, ":8"), 0);
	assert_non_null(unet_hook_add(end[1], all_verdicts, NULL, &o));
}

static void a_writer_that_stands_still_holds_up_nobody(void **state)
{
	static struct unet_hook_retired r;
	struct unet_sock *s = unet_udp_open(end[1], AF_INET);
	pthread_t thread;

	freed = false;
	assert_int_equal(unet_udp_bind(s, ":9"), 0);
	hang(end[1]);
	of_another_socket();
	unet_hook_retire(end[1], &r, set_free);
	pthread_barrier_init(&meet, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, stand_still,
					&end[1]->hooks), 0);
	pthread_barrier_wait(&meet);
	/* To wait for the thread is to wait for ever. */
	alarm(60);
	packets_pass(100);
	unet_close(s);
	alarm(0);
	assert_false(freed);
	pthread_barrier_wait(&meet);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&meet);
	assert_int_equal(seen, 100);
	packets_pass(1);
	assert_true(freed);
}

#define T(x)	cmocka_unit_test_setup_teardown(x, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(no_lock_and_no_wait),
		T(a_writer_that_stands_still_holds_up_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
