// SPDX-License-Identifier: MIT
/*
 * fork() with hooks: while another thread is inside a hook, waits for one, or holds a
 * registry's lock; and from a hook, while another thread waits for it. The child can
 * change hooks and use its copy of a stack, or do nothing at all, and the parent goes
 * on. What goes wrong here is that somebody waits for ever: a clock is set.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unet/unet.h>
#include "helpers.h"
#include "rcu.h"
#include "stack.h"

#define PATIENCE	20	/* seconds */

static struct unet_wire *w[2];
static struct unet_stack *end[2];	/* an end of each wire */
static struct unet_sock *peer;
static struct unet_sock *a;
static int go_on;
static int inside;

static bool is_set(int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(int *flag, int to)
{
	__atomic_store_n(flag, to, __ATOMIC_RELEASE);
}

static void wait_for(int *flag)
{
	while (!is_set(flag))
		sched_yield();
}

static int set_up(void **state)
{
	struct unet_stack *both[2];

	alarm(PATIENCE);
	set(&go_on, 0);
	set(&inside, 0);
	w[0] = unet_wire_open(NULL, both);
	end[0] = both[0];
	peer = unet_udp_open(both[1], AF_INET);
	unet_udp_bind(peer, ":7");
	a = unet_connect(end[0], "udp", "192.0.2.2:7", NULL);
	w[1] = unet_wire_open(NULL, both);
	end[1] = both[0];
	return !a || !w[1];
}

static int tear_down(void **state)
{
	unet_wire_close(w[0]);
	unet_wire_close(w[1]);
	alarm(0);
	return 0;
}

static u32 called;

static void count(struct unet_hook_batch *b, void *arg)
{
	called += b->n;
}

static bool hears(void)
{
	char buf[8];

	unet_send(a, "x", 1, 0);
	unet_wire_run(w[0], unet_wire_now(w[0]) + 10000);
	return unet_recv(peer, buf, sizeof(buf), 0) == 1;
}

/* Every call there is, on a stack. Return: it went well. */
static bool change_hooks(struct unet_stack *st)
{
	struct unet_hook *h = unet_hook_add(st, count, NULL, NULL);

	if (!h || unet_hook_prioritize(h, 5) || unet_hook_del(h))
		return false;
	h = unet_hook_add(st, count, NULL, NULL);
	if (!h)
		return false;
	unet_hook_del_later(h);
	return unet_hook_list(st, NULL, 0) >= 0;
}

/* What a child does with its copy. */
static int use(void)
{
	struct unet_hook *h;

	alarm(PATIENCE / 2);
	called = 0;
	h = unet_hook_add(end[0], count, NULL, NULL);
	if (!h || !hears() || called != 1 || unet_hook_del(h))
		return 2;
	return change_hooks(end[0]) && change_hooks(end[1]) ? 0 : 3;
}

static int use_none(void)
{
	return 0;
}

static void fork_and(int (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- another thread is somewhere -------------------------------------------- */

static void stay(struct unet_hook_batch *b, void *arg)
{
	set(&inside, 1);
	wait_for(&go_on);
}

/* Inside a hook of the second stack. */
static void *reads(void *arg)
{
	struct unet_sock *s = unet_connect(end[1], "udp", "192.0.2.2:7", NULL);

	unet_send(s, "x", 1, 0);
	unet_wire_run(w[1], unet_wire_now(w[1]) + 10000);
	return NULL;
}

static void a_reader_of_the_parent_holds_up_no_child(void **state)
{
	struct unet_hook *h = unet_hook_add(end[1], stay, NULL, NULL);
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, reads, NULL), 0);
	wait_for(&inside);
	fork_and(use);
	fork_and(use_none);
	set(&go_on, 1);
	pthread_join(t, NULL);
	assert_int_equal(unet_hook_del(h), 0);
	assert_true(hears());
	assert_int_equal(use(), 0);
	alarm(PATIENCE);
}

/* Grace periods, and the lock of a registry; no malloc(), which is not our business. */
static void *writes(void *arg)
{
	set(&inside, 1);
	while (!is_set(&go_on)) {
		unet_rcu_synchronize();
		pthread_mutex_lock(&end[0]->hooks.lock);
		sched_yield();
		pthread_mutex_unlock(&end[0]->hooks.lock);
	}
	return NULL;
}

static void a_writer_of_the_parent_leaves_no_lock_behind(void **state)
{
	struct unet_hook *h = unet_hook_add(end[0], count, NULL, NULL);
	pthread_t t;
	int i;

	assert_int_equal(unet_hook_del(h), 0);
	assert_int_equal(pthread_create(&t, NULL, writes, NULL), 0);
	wait_for(&inside);
	for (i = 0; i < 40; i++)
		fork_and(i & 3 ? use : use_none);
	set(&go_on, 1);
	pthread_join(t, NULL);
	assert_int_equal(use(), 0);
	alarm(PATIENCE);
}

/* ---- from a hook ------------------------------------------------------------ */

static struct unet_hook *forker;
static int deleting;

static void *deletes(void *arg)
{
	wait_for(&inside);
	set(&deleting, 1);
	unet_hook_del(forker);
	return NULL;
}

/* The other thread is about to wait for this hook, or does so already. */
static void forks(struct unet_hook_batch *b, void *arg)
{
	set(&inside, 1);
	wait_for(&deleting);
	usleep(100000);
	fork_and(use_none);
	called++;
}

static void a_hook_that_forks_waits_for_nobody(void **state)
{
	pthread_t t;

	called = 0;
	set(&deleting, 0);
	forker = unet_hook_add(end[0], forks, NULL, NULL);
	assert_int_equal(pthread_create(&t, NULL, deletes, NULL), 0);
	assert_true(hears());
	pthread_join(t, NULL);
	assert_int_equal(called, 1);
	assert_int_equal(use(), 0);
	alarm(PATIENCE);
}

/* ---- all of them at once ------------------------------------------------------- */

static void asks(struct unet_hook_batch *b, void *arg)
{
	set(&inside, 1);
	wait_for(&go_on);
	usleep(200000);
	unet_hook_list(b->stack, NULL, 0);
}

/*
 * The fork waits for a grace period, that for a hook, and the hook wants the
 * registry's lock: so the fork must not have that yet.
 */
static void who_is_waited_for_gets_the_lock(void **state)
{
	pthread_t reader, writer;

	set(&deleting, 0);
	forker = unet_hook_add(end[1], asks, NULL, NULL);
	assert_int_equal(pthread_create(&reader, NULL, reads, NULL), 0);
	assert_int_equal(pthread_create(&writer, NULL, deletes, NULL), 0);
	wait_for(&deleting);
	set(&go_on, 1);
	usleep(100000);
	fork_and(use);
	pthread_join(reader, NULL);
	pthread_join(writer, NULL);
}

/* ---- stacks come and go ------------------------------------------------------ */

static void a_stack_that_is_closed_is_forgotten(void **state)
{
	assert_true(change_hooks(end[1]));
	unet_wire_close(w[1]);
	w[1] = unet_wire_open(NULL, end);
	fork_and(use_none);
	assert_true(change_hooks(end[1]));
	fork_and(use_none);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reader_of_the_parent_holds_up_no_child),
		TEST(a_writer_of_the_parent_leaves_no_lock_behind),
		TEST(a_hook_that_forks_waits_for_nobody),
		TEST(who_is_waited_for_gets_the_lock),
		TEST(a_stack_that_is_closed_is_forgotten),
	};

	return cmocka_run_group_tests_name("hook fork", tests, NULL, NULL);
}
