// SPDX-License-Identifier: MIT
/*
 * Packets: every operation against a plain array of bytes, alone and in random
 * sequences; sharing; and that nothing is left over.
 */
#include <sys/uio.h>
#include "core/csum.h"
#include "helpers.h"
#include "packet.h"

static struct unet_pkt_pool pool;

static int set_up(void **state)
{
	unet_pkt_pool_init(&pool, 0);
	return 0;
}

static int tear_down(void **state)
{
	int leaked = pool.live;

	pool.live = 0;
	unet_pkt_pool_exit(&pool);
	return leaked;
}

static struct unet_pkt *packet(const char *text)
{
	struct unet_pkt *pkt = unet_pkt_heap(&pool, 16, 64);

	memcpy(unet_pkt_put(pkt, (u32)strlen(text)), text, strlen(text));
	return pkt;
}

/* Pieces of the lengths of the words, together one packet. */
static struct unet_pkt *pieces(const char *a, const char *b, const char *c)
{
	struct unet_pkt *pkt = packet(a);

	unet_pkt_append(pkt, packet(b));
	if (c)
		unet_pkt_append(pkt, packet(c));
	return pkt;
}

static void check_lengths(const struct unet_pkt *pkt)
{
	u32 sum = 0;
	const struct unet_pkt *p;

	for (p = pkt; p; p = p->more) {
		assert_true(p->data >= p->block->base);
		assert_true(p->data + p->len <= p->block->base +
			    p->block->size);
		sum += p->len;
	}
	assert_int_equal(sum, pkt->total);
}

static void assert_holds(const struct unet_pkt *pkt, const char *text)
{
	char buf[256];

	check_lengths(pkt);
	assert_int_equal(pkt->total, strlen(text));
	assert_int_equal(unet_pkt_copy_out(pkt, 0, buf, sizeof(buf)),
			 strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void push_uses_the_headroom_and_no_more(void **state)
{
	struct unet_pkt *pkt = packet("world");

	memcpy(unet_pkt_push(pkt, 6), "hello ", 6);
	assert_holds(pkt, "hello world");
	assert_int_equal(unet_pkt_headroom(pkt), 10);
	assert_null(unet_pkt_push(pkt, 11));
	assert_non_null(unet_pkt_push(pkt, 10));
	unet_pkt_free(pkt);
}

static void push_into_a_shared_block_is_refused(void **state)
{
	struct unet_pkt *pkt = packet("abc");
	struct unet_pkt *clone = unet_pkt_clone(pkt);

	assert_null(unet_pkt_push(pkt, 1));
	unet_pkt_free(clone);
	assert_non_null(unet_pkt_push(pkt, 1));
	unet_pkt_free(pkt);
}

static void put_goes_to_the_last_piece(void **state)
{
	struct unet_pkt *pkt = pieces("ab", "cd", NULL);

	memcpy(unet_pkt_put(pkt, 3), "efg", 3);
	assert_holds(pkt, "abcdefg");
	assert_int_equal(pkt->len, 2);
	assert_int_equal(unet_pkt_tailroom(pkt), 64 - 5);
	assert_null(unet_pkt_put(pkt, 60));
	unet_pkt_free(pkt);
}

static void bytes_may_follow_what_a_clone_has(void **state)
{
	struct unet_pkt *pkt = packet("abc");
	struct unet_pkt *clone = unet_pkt_clone(pkt);

	memcpy(unet_pkt_put(pkt, 3), "def", 3);
	assert_holds(pkt, "abcdef");
	assert_holds(clone, "abc");
	/* but not twice: the clone's end is not the block's any more */
	assert_int_equal(unet_pkt_tailroom(clone), 0);
	assert_null(unet_pkt_put(clone, 1));
	/* asking for nothing does not open the door either */
	assert_non_null(unet_pkt_put(clone, 0));
	assert_null(unet_pkt_put(clone, 1));
	unet_pkt_free(pkt);
	unet_pkt_free(clone);
}

static void pull_drops_whole_pieces(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "de", "fgh");

	pkt->tag = 7;
	unet_pkt_pull(pkt, 1);
	assert_holds(pkt, "bcdefgh");
	unet_pkt_pull(pkt, 2);
	assert_holds(pkt, "defgh");
	assert_int_equal(unet_pkt_pieces(pkt), 2);
	unet_pkt_pull(pkt, 3);
	assert_holds(pkt, "gh");
	assert_int_equal(pkt->tag, 7);
	unet_pkt_pull(pkt, 2);
	assert_holds(pkt, "");
	unet_pkt_free(pkt);
}

static void trim_drops_whole_pieces(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "de", "fgh");

	unet_pkt_trim(pkt, 6);
	assert_holds(pkt, "abcdef");
	unet_pkt_trim(pkt, 5);
	assert_holds(pkt, "abcde");
	assert_int_equal(unet_pkt_pieces(pkt), 2);
	unet_pkt_trim(pkt, 1);
	assert_holds(pkt, "a");
	assert_int_equal(unet_pkt_pieces(pkt), 1);
	unet_pkt_trim(pkt, 0);
	assert_holds(pkt, "");
	unet_pkt_free(pkt);
}

static void split_shares_the_block_it_cuts(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "def", NULL);
	struct unet_pkt *rest;

	pkt->tstamp = 99;
	rest = unet_pkt_split(pkt, 4);
	assert_holds(pkt, "abcd");
	assert_holds(rest, "ef");
	assert_int_equal(rest->tstamp, 99);
	assert_int_equal(rest->block->refs, 2);
	unet_pkt_free(pkt);
	assert_holds(rest, "ef");
	unet_pkt_free(rest);
}

static void linear_joins_what_is_asked_for(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "de", "fgh");

	assert_int_equal(unet_pkt_linear(pkt, 3), 0);
	assert_int_equal(unet_pkt_pieces(pkt), 3);
	assert_int_equal(unet_pkt_linear(pkt, 4), 0);
	assert_holds(pkt, "abcdefgh");
	assert_memory_equal(pkt->data, "abcd", 4);
	assert_int_equal(unet_pkt_linear(pkt, 8), 0);
	assert_memory_equal(pkt->data, "abcdefgh", 8);
	assert_holds(pkt, "abcdefgh");
	assert_int_equal(unet_pkt_linear(pkt, 9), -EMSGSIZE);
	unet_pkt_free(pkt);
}

static void clone_is_new_metadata_over_the_same_bytes(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "def", NULL);
	struct unet_pkt *clone;

	pkt->seg_size = 1448;
	pkt->segs = 4;
	pkt->flags = UNET_PF_CSUM_OK | UNET_PF_ICMP_ERROR;
	pkt->tag = 5;
	clone = unet_pkt_clone(pkt);
	assert_holds(clone, "abcdef");
	assert_ptr_equal(clone->data, pkt->data);
	assert_int_equal(clone->seg_size, 1448);
	assert_int_equal(clone->segs, 4);
	assert_int_equal(clone->tag, 5);
	assert_int_equal(clone->flags, UNET_PF_CSUM_OK);
	unet_pkt_free(pkt);
	assert_holds(clone, "abcdef");
	unet_pkt_free(clone);
}

static void clone_of_a_range_begins_anywhere(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "de", "fgh");
	struct unet_pkt *clone = unet_pkt_clone_range(pkt, 3, 4);

	assert_holds(clone, "defg");
	assert_int_equal(unet_pkt_pieces(clone), 2);
	unet_pkt_free(clone);
	unet_pkt_free(pkt);
}

static void a_writer_gets_a_copy_of_what_is_shared(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "def", NULL);
	struct unet_pkt *clone = unet_pkt_clone_range(pkt, 0, 2);
	u8 *second = pkt->more->data;

	assert_int_equal(unet_pkt_writable(pkt), 0);
	assert_ptr_equal(pkt->more->data, second);
	pkt->data[0] = 'X';
	assert_holds(pkt, "Xbcdef");
	assert_holds(clone, "ab");
	unet_pkt_free(clone);
	unet_pkt_free(pkt);
}

static void own_lets_go_of_the_blocks(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "def", NULL);
	struct unet_block *blk = unet_block_get(pkt->block);

	assert_int_equal(unet_pkt_own(pkt, 0), 0);
	assert_int_equal(blk->refs, 1);
	assert_holds(pkt, "abcdef");
	assert_int_equal(unet_pkt_pieces(pkt), 1);
	unet_block_put(blk);
	unet_pkt_free(pkt);
}

static void csum_does_not_care_where_pieces_end(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "d", "efghijk");

	assert_int_equal(unet_csum_fold(unet_pkt_csum(pkt, 1, 9, 0)),
			 unet_csum_fold(unet_csum_add("bcdefghij", 9, 0)));
	unet_pkt_free(pkt);
}

static void iov_leaves_out_empty_pieces(void **state)
{
	struct unet_pkt *pkt = pieces("abc", "", "de");
	struct iovec iov[4];

	assert_int_equal(unet_pkt_iov(pkt, 0, iov, 4), 2);
	assert_int_equal(iov[1].iov_len, 2);
	assert_int_equal(unet_pkt_iov(pkt, 3, iov, 4), 1);
	assert_memory_equal(iov[0].iov_base, "de", 2);
	assert_int_equal(unet_pkt_iov(pkt, 0, iov, 1), 1);
	unet_pkt_free(pkt);
}

static void the_limit_of_a_pool_holds(void **state)
{
	struct unet_pkt *a;
	struct unet_pkt *b;

	pool.limit = 2;
	a = packet("a");
	b = packet("b");
	assert_null(unet_pkt_heap(&pool, 0, 1));
	assert_null(unet_pkt_clone(a));
	assert_int_equal(a->block->refs, 1);
	unet_pkt_free(b);
	b = unet_pkt_clone(a);
	assert_non_null(b);
	unet_pkt_free(a);
	unet_pkt_free(b);
	pool.limit = 0;
}

static void a_queue_keeps_order_and_counts(void **state)
{
	struct unet_pktq q;
	struct unet_pkt *pkt;

	unet_pktq_init(&q);
	assert_null(unet_pktq_take(&q));
	unet_pktq_add(&q, packet("one"));
	unet_pktq_add(&q, packet("three"));
	assert_int_equal(q.packets, 2);
	assert_int_equal(q.bytes, 8);
	pkt = unet_pktq_take(&q);
	assert_holds(pkt, "one");
	unet_pkt_free(pkt);
	assert_int_equal(q.bytes, 5);
	unet_pktq_purge(&q);
	assert_int_equal(q.packets, 0);
	assert_int_equal(q.bytes, 0);
	assert_true(unet_pktq_empty(&q));
}

/* ---- random sequences against an array of bytes -------------------------- */

#define MODEL_MAX	4096

struct model {
	struct unet_pkt *pkt;
	u8 bytes[MODEL_MAX];
	u32 len;
};

static void model_check(const struct model *m)
{
	u8 buf[MODEL_MAX];

	check_lengths(m->pkt);
	assert_int_equal(m->pkt->total, m->len);
	unet_pkt_copy_out(m->pkt, 0, buf, sizeof(buf));
	assert_memory_equal(buf, m->bytes, m->len);
}

static void model_append(struct model *m, u64 *rnd)
{
	u32 n = (u32)(unit_random(rnd) % 40);
	struct unet_pkt *tail = unet_pkt_heap(&pool, 3, n + 8);
	u8 *at = unet_pkt_put(tail, n);
	u32 i;

	if (m->len + n > MODEL_MAX) {
		unet_pkt_free(tail);
		return;
	}
	for (i = 0; i < n; i++)
		at[i] = (u8)unit_random(rnd);
	memcpy(m->bytes + m->len, at, n);
	unet_pkt_append(m->pkt, tail);
	m->len += n;
}

static void model_put(struct model *m, u64 *rnd)
{
	u32 n = (u32)(unit_random(rnd) % 8);
	u8 *at;
	u32 i;

	if (m->len + n > MODEL_MAX)
		return;
	at = unet_pkt_put(m->pkt, n);
	if (!at)
		return;
	for (i = 0; i < n; i++)
		at[i] = (u8)unit_random(rnd);
	memcpy(m->bytes + m->len, at, n);
	m->len += n;
}

static void model_pull(struct model *m, u64 *rnd)
{
	u32 n = (u32)(unit_random(rnd) % (m->len + 1)) / 4;

	unet_pkt_pull(m->pkt, n);
	m->len -= n;
	memmove(m->bytes, m->bytes + n, m->len);
}

static void model_trim(struct model *m, u64 *rnd)
{
	m->len -= (u32)(unit_random(rnd) % (m->len + 1)) / 4;
	unet_pkt_trim(m->pkt, m->len);
}

static void model_write(struct model *m, u64 *rnd)
{
	struct unet_pkt *p;
	u32 at = 0;

	assert_int_equal(unet_pkt_writable(m->pkt), 0);
	for (p = m->pkt; p; at += p->len, p = p->more) {
		if (!p->len)
			continue;
		m->bytes[at] = (u8)unit_random(rnd);
		p->data[0] = m->bytes[at];
	}
}

static void model_split_and_join(struct model *m, u64 *rnd)
{
	struct unet_pkt *rest;
	u32 at;

	if (m->len < 2)
		return;
	at = 1 + (u32)(unit_random(rnd) % (m->len - 1));
	rest = unet_pkt_split(m->pkt, at);
	assert_int_equal(rest->total, m->len - at);
	unet_pkt_append(m->pkt, rest);
}

static void model_linear(struct model *m, u64 *rnd)
{
	u32 n = (u32)(unit_random(rnd) % (m->len + 1));

	assert_int_equal(unet_pkt_linear(m->pkt, n), 0);
	assert_memory_equal(m->pkt->data, m->bytes, n);
}

/* The clone changes place with the packet: both must stay right. */
static void model_clone(struct model *a, struct model *b)
{
	if (!a->len)
		return;
	unet_pkt_free(b->pkt);
	b->pkt = unet_pkt_clone(a->pkt);
	memcpy(b->bytes, a->bytes, a->len);
	b->len = a->len;
}

static void any_sequence_does_what_an_array_would(void **state)
{
	void (*const op[])(struct model *m, u64 *rnd) = {
		model_append, model_append, model_put, model_pull, model_trim,
		model_write, model_split_and_join, model_linear,
	};
	static struct model m[2];
	u64 rnd = 1;
	int i;

	m[0].pkt = packet("");
	m[1].pkt = packet("");
	for (i = 0; i < 20000; i++) {
		struct model *a = &m[unit_random(&rnd) % 2];
		u64 which = unit_random(&rnd) % (ARRAY_SIZE(op) + 1);

		if (which < ARRAY_SIZE(op))
			op[which](a, &rnd);
		else
			model_clone(a, a == m ? m + 1 : m);
		model_check(&m[0]);
		model_check(&m[1]);
	}
	unet_pkt_free(m[0].pkt);
	unet_pkt_free(m[1].pkt);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(push_uses_the_headroom_and_no_more),
		TEST(push_into_a_shared_block_is_refused),
		TEST(put_goes_to_the_last_piece),
		TEST(bytes_may_follow_what_a_clone_has),
		TEST(pull_drops_whole_pieces),
		TEST(trim_drops_whole_pieces),
		TEST(split_shares_the_block_it_cuts),
		TEST(linear_joins_what_is_asked_for),
		TEST(clone_is_new_metadata_over_the_same_bytes),
		TEST(clone_of_a_range_begins_anywhere),
		TEST(a_writer_gets_a_copy_of_what_is_shared),
		TEST(own_lets_go_of_the_blocks),
		TEST(csum_does_not_care_where_pieces_end),
		TEST(iov_leaves_out_empty_pieces),
		TEST(the_limit_of_a_pool_holds),
		TEST(a_queue_keeps_order_and_counts),
		TEST(any_sequence_does_what_an_array_would),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
