// SPDX-License-Identifier: MIT
/*
 * What an idle connection takes of the process' memory, all in all: connection block,
 * socket, its places in the stack's tables, and what malloc() adds to each.
 */
/* libs: -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=free */
#include <malloc.h>

#include "tcp_expect.h"
#include "socket.h"

#define MOST		1024	/* bytes a connection */
#define FEW		1000	/* connections */
#define MANY		1100	/* that is more than the tables had room for */
#define FIRST_PORT	5000

/* ---- what is allocated: each call of stack and test, by way of the linker ---- */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void __real_free(void *p);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void __wrap_free(void *p);

static ssize_t taken;

/* As glibc has it: a size before it, multiples of 16, no less than 32. */
static ssize_t cost(void *p)
{
	size_t bytes = p ? (malloc_usable_size(p) + 8 + 15) & ~15ul : 0;

	return p && bytes < 32 ? 32 : (ssize_t)bytes;
}

void *__wrap_malloc(size_t bytes)
{
	void *p = __real_malloc(bytes);

	taken += cost(p);
	return p;
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	void *p = __real_calloc(n, bytes);

	taken += cost(p);
	return p;
}

void *__wrap_realloc(void *p, size_t bytes)
{
	ssize_t before = cost(p);

	p = __real_realloc(p, bytes);
	assert_non_null(p);
	taken += cost(p) - before;
	return p;
}

void __wrap_free(void *p)
{
	taken -= cost(p);
	__real_free(p);
}

/* ---- connections that are asked once, answer once, and then do nothing ---- */

/* IN() looks at all connections each time. */
#define HEARD(s, f, ...) do {						\
	script_put(s, &(struct script_seg){ .flags = (f), __VA_ARGS__ });	\
	script_turn(s);							\
} while (0)

static void heed(struct unet_sock *s, uint32_t events, void *arg)
{
}

static void use_one(struct script *s, struct unet_sock *listener, u16 port)
{
	struct unet_sock *c;
	char buf[100];

	HEARD(s, SYN, .port = port, .seq = 0, FULL);
	HEARD(s, ACK, .port = port, .seq = 1, .ack = 1);
	HEARD(s, ACK | PSH, .port = port, .seq = 1, .ack = 1, .len = 10);
	c = unet_accept(listener);
	assert_non_null(c);
	unet_sock_on(c, UNET_READABLE, heed, NULL);
	assert_int_equal(unet_recv(c, buf, sizeof(buf), 0), 10);
	assert_int_equal(unet_send(c, buf, 20, 0), 20);
	script_turn(s);
	HEARD(s, ACK, .port = port, .seq = 11, .ack = 21);
	assert_int_equal(unet_sock_events(c), UNET_WRITABLE);
	ignore_out(s);
}

/* Nothing is left to be done for them but keepalives, which are off. */
static void all_idle(struct script *s)
{
	script_after(s, 100000000);
	assert_int_equal(unet_stack_deadline(s->st), UNET_NEVER);
}

static size_t each_takes(ssize_t before, u32 n)
{
	return (taken - before + n - 1) / n;
}

static void an_idle_connection_takes_at_most_a_kilobyte(void **state)
{
	struct script *s = script_open(0);
	struct unet_sock *listener = unet_listen(s->st, "tcp", "192.0.2.1:80", 10);
	size_t each, worst = 0;
	ssize_t before;

	assert_non_null(listener);
	s->flow_max = MANY + 10;
	/* What they share is there after the first. */
	use_one(s, listener, FIRST_PORT);
	all_idle(s);
	before = taken;
	for (u32 n = 1; n <= MANY; n++) {
		use_one(s, listener, FIRST_PORT + n);
		if (n < FEW)
			continue;
		all_idle(s);
		each = each_takes(before, n);
		if (n == FEW)
			print_message("# one of %u: %zu bytes\n", n, each);
		worst = max(worst, each);
	}
	print_message("# at worst: %zu bytes\n", worst);
	assert_int_equal(tcp_of(s->st)->n_pcbs, 1 + 1 + MANY);
	assert_true(worst > sizeof(struct unet_tcp_pcb) + sizeof(struct unet_sock));
	assert_true(worst <= MOST);
	unet_sock_close_all(s->st);
	script_close(s);
	assert_true(taken < before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_connection_takes_at_most_a_kilobyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
