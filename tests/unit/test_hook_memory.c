// SPDX-License-Identifier: MIT
/*
 * Hooks when there is no memory for another chain: what was deleted stays in the old
 * one, but nothing of it is called any more, as its argument and its code are gone;
 * what cannot be added or changed is as it was before.
 */
#include <stdlib.h>
#include "datagrams.h"
#include "stack.h"

static bool no_memory;

static void *may_fail(size_t n)
{
	return no_memory ? NULL : malloc(n);
}

#define malloc may_fail
#include "libunet/hook_chain.c"
#undef malloc

static int set_up(void **state)
{
	no_memory = false;
	datagrams_open();
	return 0;
}

static int tear_down(void **state)
{
	no_memory = false;
	unet_wire_close(w);
	return 0;
}

/* What a hook was called for; on the heap, so that calls behind its end are seen. */
struct calls {
	u32 fn;
	u32 predicate;
	u32 side;
};

static u32 destroyed;

static void fn(struct unet_hook_batch *batch, void *arg)
{
	struct calls *c = arg;

	c->fn++;
	batch->pkt[0]->verdict = UNET_HOOK_CLONE;
}

static int predicate(const struct unet_hook_pkt *p, void *arg)
{
	struct calls *c = arg;

	c->predicate++;
	return 1;
}

static void side(struct unet_hook_batch *batch, void *arg)
{
	struct calls *c = arg;

	c->side++;
}

static void destroy(void *arg)
{
	destroyed++;
	free(arg);
}

static struct unet_hook *hang(struct calls **c)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_RX, .predicate = predicate,
		.side = side, .destroy = destroy,
	};

	*c = calloc(1, sizeof(**c));
	return unet_hook_add(end[1], fn, *c, &o);
}

static void nothing_of_a_deleted_hook_is_called(void **state)
{
	struct calls *c, *d;
	struct unet_hook *h = hang(&c);

	assert_non_null(h);
	assert_non_null(hang(&d));
	packet_passes();
	assert_int_equal(c->fn, 1);
	assert_int_equal(c->predicate, 1);
	assert_int_equal(c->side, 1);
	destroyed = 0;
	no_memory = true;
	assert_int_equal(unet_hook_del(h), 0);
	assert_int_equal(destroyed, 1);
	assert_int_equal(end[1]->hooks.chain[UNET_HOOKS_RX]->n, 2);
	packet_passes();
	assert_int_equal(d->fn, 2);
	assert_int_equal(unet_hook_list(end[1], NULL, 0), 1);
	/* the next change takes it out of the chain */
	no_memory = false;
	assert_non_null(hang(&c));
	assert_int_equal(end[1]->hooks.chain[UNET_HOOKS_RX]->n, 2);
	packet_passes();
	assert_int_equal(c->fn, 1);
	assert_int_equal(destroyed, 1);
}

static void nor_of_one_deleted_later(void **state)
{
	struct calls *c, *d;
	struct unet_hook *h = hang(&c);

	assert_non_null(hang(&d));
	destroyed = 0;
	no_memory = true;
	unet_hook_del_later(h);
	packet_passes();
	assert_int_equal(d->fn, 1);
	assert_int_equal(c->fn, 0);
	assert_int_equal(c->predicate, 0);
	/* it goes with the stack */
	assert_int_equal(destroyed, 0);
	unet_wire_close(w);
	w = NULL;
	assert_int_equal(destroyed, 2);
}

static void a_closed_sockets_hook_is_not_called(void **state)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_RX, .match = UNET_HOOK_SOCK,
		.sock = b, .predicate = predicate,
	};
	struct unet_hook *h;
	struct calls c = { 0 }, *d;

	h = unet_hook_add(end[1], fn, &c, &o);
	assert_non_null(h);
	assert_non_null(hang(&d));
	no_memory = true;
	unet_close(b);
	b = unet_udp_open(end[1], AF_INET);
	assert_int_equal(unet_udp_bind(b, ":7"), 0);
	packet_passes();
	assert_int_equal(d->fn, 1);
	assert_int_equal(c.fn, 0);
	assert_int_equal(c.predicate, 0);
	/* nor when it would have had another rule */
	o = (struct unet_hook_opts){ .size = sizeof(o), .dirs = UNET_HOOK_RX,
				     .side = side };
	assert_int_equal(unet_hook_modify(h, &o), -ENOMEM);
	packet_passes();
	assert_int_equal(d->fn, 2);
	assert_int_equal(c.fn, 0);
	assert_int_equal(c.predicate, 0);
	no_memory = false;
	assert_int_equal(unet_hook_modify(h, &o), 0);
	packet_passes();
	assert_int_equal(c.fn, 1);
}

static void what_cannot_be_done_changes_nothing(void **state)
{
	struct unet_hook_opts o = { .size = sizeof(o), .dirs = UNET_HOOK_TX };
	struct unet_hook_stats s = { .size = sizeof(s) };
	struct calls *c, *d;
	struct unet_hook *h = hang(&c);

	no_memory = true;
	errno = 0;
	assert_null(hang(&d));
	assert_int_equal(errno, ENOMEM);
	free(d);
	assert_int_equal(unet_hook_modify(h, &o), -ENOMEM);
	assert_int_equal(unet_hook_prioritize(h, 5), -ENOMEM);
	assert_int_equal(unet_hook_stats(h, &s), 0);
	assert_int_equal(s.priority, 0);
	assert_int_equal(s.dirs, UNET_HOOK_RX);
	packet_passes();
	assert_int_equal(c->fn, 1);
	no_memory = false;
	assert_int_equal(unet_hook_prioritize(h, 5), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_of_a_deleted_hook_is_called),
		TEST(nor_of_one_deleted_later),
		TEST(a_closed_sockets_hook_is_not_called),
		TEST(what_cannot_be_done_changes_nothing),
	};

	return cmocka_run_group_tests_name("hook memory", tests, NULL, NULL);
}
