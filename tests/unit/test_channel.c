// SPDX-License-Identifier: MIT
/* include: libunet/channel.c */
/* libs: -rdynamic */
/*
 * A stack on a channel of a fake kernel: what is received, in place, and when its
 * buffers go back; what is sent, from where, and when its memory is used again;
 * refusals, and that the kernel never has a reason to poison the channel.
 */
#include <limits.h>
#include <unistd.h>
#include <unet/unet.h>
#include "backend.h"
#include "forge.h"
#include "helpers.h"
#include "hook_words.h"
#include "stack.h"
#include "udp.h"

#include "fake_channel.h"

#define ME	"192.0.2.1"
#define PEER	"192.0.2.2"

static struct unet_stack *st;
static struct unet_udp *u;
static u8 packet[FORGE_MAX];
static u8 data[FORGE_MAX];
static u8 buf[FORGE_MAX];

static u32 writables;

static void nothing(void *ctx) { }
static void on_writable(void *ctx) { writables++; }

static const struct unet_udp_events events = {
	.readable = nothing, .writable = on_writable, .error = nothing,
};

static const struct unet_params small = {
	.rx_slots = 16, .tx_slots = 16, .rx_small = 32, .rx_large = 4,
	.tx_bufs = 64, .max_flows = 16,
};

static int set_up(void **state)
{
	struct unet_flow_key key = { .family = 4 };
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 11 + i / 255);
	kernel_reset();
	st = unet_stack_create(unet_backend_unet_open("eth0", &small), NULL,
			       "seed", 4);
	unet_stack_add_proto(st, &unet_udp_proto);
	u = unet_udp_create(st, 4, &events, NULL);
	forge_addr(ME, key.local);
	forge_addr(PEER, key.remote);
	key.local_port = cpu_to_be16(5000);
	key.remote_port = cpu_to_be16(7);
	return unet_udp_install(u, &key, 0);
}

static int tear_down(void **state)
{
	u32 broken;
	u32 lost;

	unet_udp_destroy(u);
	unet_stack_sync(st, 0);
	st->be->ops->rx_done(st->be);
	kernel_take_free();
	lost = small.rx_small + small.rx_large - kern.in_kernel;
	unet_stack_destroy(st);
	broken = kern.broken || kern.mapped || kern.opened;
	kernel_exit();
	return broken || lost ? -1 : 0;
}

static void turn(void)
{
	unet_stack_run(st, 0);
}

static struct kernel_piece udp(u32 len)
{
	u32 n = forge_udp(packet, PEER, 7, ME, 5000, data, len);

	return (struct kernel_piece){ .bytes = packet, .len = n };
}

static u64 tag(void)
{
	return kern.req.meta.tag;
}

static ssize_t take(void)
{
	return unet_udp_take(u, buf, sizeof(buf), false, false, NULL);
}

static ssize_t send_bytes(u32 len)
{
	struct iovec iov = { .iov_base = data, .iov_len = len };

	return unet_udp_sendv(u, &iov, 1, NULL, 0);
}

/* ---- opening ------------------------------------------------------------------- */

struct refusal {
	const char *sentence;
	int open_error;
	int bind_error;
	int mmap_fails;
	int err;
	const char *word;
};

static const struct refusal refusals[] = {
	{ "no module", ENOENT, 0, -1, ENOENT, "loaded" },
	{ "no right", EACCES, 0, -1, EACCES, "may not" },
	{ "no such nexus", 0, ENODEV, -1, ENODEV, "unetctl attach eth0" },
	{ "over the cap", 0, EDQUOT, -1, EDQUOT, "cap" },
	{ "bad sizes", 0, EINVAL, -1, EINVAL, "sizes" },
	{ "no room for a region", 0, 0, UNET_REGION_TX, ENOMEM, "region 6" },
};

static void refusal_row(void **state)
{
	const struct refusal *r = *state;

	kernel_reset();
	kern.open_error = r->open_error;
	kern.bind_error = r->bind_error;
	kern.mmap_fails = r->mmap_fails;
	assert_null(unet_channel_open("eth0", &small));
	assert_int_equal(errno, r->err);
	assert_non_null(strstr(unet_error_detail(), r->word));
	assert_int_equal(kern.mapped, 0);
	assert_int_equal(kern.opened, 0);
	kernel_exit();
}

static void names_of_devices_are_bounded(void **state)
{
	kernel_reset();
	assert_null(unet_channel_open("a-name-of-16-char", NULL));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(unet_error_detail(), "a-name-of-16-char"));
	assert_null(unet_channel_open("", NULL));
	assert_null(unet_channel_open(NULL, NULL));
	assert_int_equal(kern.opened, 0);
}

static void a_channel_tells_what_it_is(void **state)
{
	struct unet_channel *ch;
	struct unet_query q;
	u32 reason = 77;

	kernel_reset();
	ch = unet_channel_open("eth0", NULL);
	assert_non_null(ch);
	assert_int_equal(unet_channel_id(ch), 9);
	assert_int_equal(unet_channel_fd(ch), KERNEL_FD);
	assert_int_equal(unet_channel_layout(ch)->params.rx_slots, 1024);
	assert_int_equal(unet_channel_state(ch, &reason), UNET_CHANNEL_LIVE);
	assert_int_equal(reason, 0);
	assert_null(unet_channel_adv(ch, 4096));
	assert_non_null(unet_channel_adv(ch, 4095));
	assert_int_equal(unet_channel_query(&q), 0);
	assert_int_equal(q.abi, UNET_ABI_VERSION);
	kern.open_error = ENOENT;
	assert_int_equal(unet_channel_query(&q), -ENOENT);
	unet_channel_close(ch);
	unet_channel_close(NULL);
	assert_int_equal(kern.mapped + kern.opened, 0);
	kernel_exit();
}

/* A signal while it waits: what was taken before is told. */
static void a_wait_that_a_signal_ends_tells_what_was_taken(void **state)
{
	struct unet_sync out = { .sent = 77 };
	struct unet_channel *ch;
	struct unet_rings *r;

	kernel_reset();
	ch = unet_channel_open("eth0", NULL);
	assert_non_null(ch);
	r = unet_channel_rings(ch);
	*unet_tx_slot(r) = (struct unet_tx_slot){
		.header_len = 28, .extents = 1, .extent = { { .len = 40 } },
	};
	unet_tx_next(r);
	assert_int_equal(unet_tx_publish(r), 1);
	kern.sync_error = EINTR;
	assert_int_equal(unet_channel_sync(ch, UNET_SYNC_TX | UNET_SYNC_WAIT,
					   UINT64_MAX, &out), -EINTR);
	assert_int_equal(out.sent, 1);
	assert_int_equal(unet_channel_sync(ch, UNET_SYNC_WAIT, 0, &out), -EINTR);
	assert_int_equal(out.sent, 0);
	assert_int_equal(kern.broken, 0);
	unet_channel_close(ch);
	kernel_exit();
}

static void reasons_have_text(void **state)
{
	u32 i;

	for (i = 0; i <= UNET_POISON_COUNT; i++)
		assert_true(strlen(unet_reason_str(i)) > 5);
}

/* Hooks from the environment: the stack has them, or it is not opened at all. */
static void the_environment_names_hooks(void **state)
{
	char path[PATH_MAX] = "build/rel/lib/unet/hooks/rate.so";
	struct unet_stack *opened;
	char why[300];

	/* in somebody else's folder, root does not load them */
	if (unet_hook_privileged() && unet_hook_trust(path, why, sizeof(why)))
		skip();
	kernel_reset();
	setenv("UNET_HOOKS", "./build/asan/tests/hooks/REFUSES.so=not today", 1);
	assert_null(unet_stack_open("eth0", NULL));
	assert_int_equal(errno, EPROTO);
	assert_non_null(strstr(unet_error_detail(), "REFUSES.so\": not today"));
	assert_int_equal(kern.opened + kern.mapped, 0);
	kernel_reset();
	setenv("UNET_HOOKS", "./build/rel/lib/unet/hooks/rate.so=pps=5", 1);
	opened = unet_stack_open("eth0", NULL);
	assert_non_null(opened);
	assert_int_equal(unet_hook_list(opened, NULL, 0), 1);
	unet_stack_close(opened);
	unsetenv("UNET_HOOKS");
	kernel_reset();
	opened = unet_stack_open("eth0", NULL);
	assert_int_equal(unet_hook_list(opened, NULL, 0), 0);
	unet_stack_close(opened);
	assert_int_equal(kern.opened + kern.mapped, 0);
	kernel_exit();
}

/* ---- receiving ---------------------------------------------------------------------- */

static void a_datagram_is_read_where_it_lies_and_its_buffer_goes_back(void **state)
{
	struct kernel_piece p = udp(100);
	struct iovec iov;
	u8 *at;

	assert_true(kernel_receive(tag(), 0, &p, 1));
	turn();
	assert_int_equal(unet_udp_peek(u, &iov, 1), 1);
	at = iov.iov_base;
	assert_true(at >= kern.mem[UNET_REGION_RX_SMALL] &&
		    at < kern.mem[UNET_REGION_RX_SMALL] + 32 * 2048);
	assert_memory_equal(at, data, 100);
	kernel_take_free();
	assert_int_equal(kern.in_kernel, 35);
	assert_int_equal(u->rcvq.head->tstamp, 123456789);
	unet_udp_drop(u);
	turn();
	kernel_take_free();
	assert_int_equal(kern.in_kernel, 36);
}

static void a_batch_is_one_slot_of_many_packets(void **state)
{
	static u8 bytes[3][200];
	struct kernel_piece p[3];
	int i;

	for (i = 0; i < 3; i++) {
		p[i] = udp(10 + (u32)i);
		memcpy(bytes[i], packet, p[i].len);
		p[i].bytes = bytes[i];
	}
	assert_true(kernel_receive(tag(), 0, p, 3));
	turn();
	assert_int_equal(st->counter[UNET_STAT_RX_BATCHES], 1);
	assert_int_equal(st->counter[UNET_STAT_RX_PACKETS], 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(take(), 10 + i);
}

static void a_packet_may_lie_in_several_buffers(void **state)
{
	struct kernel_piece whole = udp(3000);
	struct kernel_piece p[3] = {
		{ packet, 1000, UNET_DESC_MORE, 0, false },
		{ packet + 1000, 2000, UNET_DESC_MORE, 0, false },
		{ packet + 3000, whole.len - 3000, 0, 0, false },
	};

	assert_true(kernel_receive(tag(), 0, p, 3));
	turn();
	assert_int_equal(st->counter[UNET_STAT_RX_PACKETS], 1);
	assert_int_equal(take(), 3000);
	assert_memory_equal(buf, data, 3000);
}

static void a_super_packet_in_a_large_buffer_is_taken_apart(void **state)
{
	struct kernel_piece p = udp(30000);
	int i;

	p.large = true;
	p.seg_size = 10000;
	p.flags = UNET_DESC_CSUM_OK;
	assert_true(kernel_receive(tag(), UNET_RX_SUPER, &p, 1));
	turn();
	for (i = 0; i < 3; i++) {
		assert_int_equal(take(), 10000);
		assert_memory_equal(buf, data + i * 10000, 10000);
	}
}

static void what_the_kernel_says_of_checksums_counts(void **state)
{
	struct kernel_piece p = udp(100);

	packet[27] ^= 0x55;
	p.flags = UNET_DESC_CSUM_OK;
	kernel_receive(tag(), 0, &p, 1);
	p.flags = 0;
	kernel_receive(tag(), 0, &p, 1);
	packet[27] ^= 0x55;
	p.flags = UNET_DESC_CSUM_BAD;
	kernel_receive(tag(), UNET_RX_CSUM_BAD, &p, 1);
	turn();
	assert_int_equal(take(), 100);
	assert_int_equal(take(), -EAGAIN);
	assert_int_equal(st->counter[UNET_STAT_L4_BAD_CSUM], 2);
}

static void the_end_of_a_flow_arrives(void **state)
{
	kernel_receive(tag(), UNET_RX_END, NULL, 0);
	turn();
	assert_int_equal(take(), -ENETDOWN);
}

static void a_slow_reader_does_not_keep_the_buffers(void **state)
{
	struct kernel_piece p = udp(100);
	int i;

	for (i = 0; i < 100; i++) {
		assert_true(kernel_receive(tag(), 0, &p, 1));
		turn();
	}
	assert_true(kern.in_kernel >= 18);
	assert_true(st->counter[UNET_STAT_RX_COPIED] >= 80);
	for (i = 0; i < 100; i++) {
		assert_int_equal(take(), 100);
		assert_memory_equal(buf, data, 100);
	}
}

static void buffers_go_back_even_when_nothing_arrives(void **state)
{
	struct kernel_piece p = udp(10);

	kernel_receive(tag(), 0, &p, 1);
	turn();
	take();
	kernel_take_free();
	assert_int_equal(kern.in_kernel, 35);
	turn();
	kernel_take_free();
	assert_int_equal(kern.in_kernel, 36);
}

static void without_metadata_packets_are_dropped_and_buffers_kept(void **state)
{
	struct kernel_piece p[2] = { udp(10), udp(10) };

	st->pool.limit = st->pool.live + 1;
	p[0].flags = UNET_DESC_MORE;
	kernel_receive(tag(), 0, p, 2);
	turn();
	assert_int_equal(st->counter[UNET_STAT_NO_MEMORY], 1);
	st->pool.limit = 0;
	assert_int_equal(take(), -EAGAIN);
}

/* ---- sending -------------------------------------------------------------------------- */

static void a_send_goes_out_from_tx_memory_and_is_let_go(void **state)
{
	u64 free_bytes;

	assert_int_equal(send_bytes(1000), 1000);
	assert_int_equal(kern.syncs, 0);
	turn();
	assert_int_equal(kern.syncs, 1);
	assert_int_equal(kern.sync_flags, UNET_SYNC_TX);
	assert_int_equal(kern.n_sent, 1);
	assert_int_equal(kern.sent[0].flow, u->flow.handle);
	assert_int_equal(kern.sent[0].extents, 1);
	assert_int_equal(kern.sent[0].header_len, 28);
	assert_int_equal(kern.sent[0].len, 1028);
	assert_memory_equal(kern.sent[0].bytes + 28, data, 1000);
	free_bytes = st->pool.live;
	assert_int_equal(free_bytes, 1);
	kernel_complete(1, 0);
	turn();
	assert_int_equal(st->pool.live, 0);
}

/* The kernel polls readable while DONE has entries: an epoll loop would spin. */
static void a_turn_that_sends_nothing_takes_what_is_done(void **state)
{
	const struct unet_uring *uring = (void *)kern.mem[UNET_REGION_URING];

	send_bytes(10);
	turn();
	kernel_complete(1, 0);
	turn();
	assert_int_equal(kern.syncs, 1);
	assert_int_equal(uring->done_head, kern.done.tail);
}

static void sends_of_a_turn_share_one_call(void **state)
{
	int i;

	for (i = 0; i < 10; i++)
		assert_int_equal(send_bytes(100), 100);
	turn();
	turn();
	assert_int_equal(kern.syncs, 1);
	assert_int_equal(kern.n_sent, 10);
	kernel_complete(10, 0);
}

static void a_full_ring_is_emptied_in_the_middle_of_a_turn(void **state)
{
	int i;

	for (i = 0; i < 16; i++)
		assert_int_equal(send_bytes(100), 100);
	/* nothing is let go: no cookie is left, whatever the ring holds */
	assert_int_equal(send_bytes(100), -EAGAIN);
	assert_int_equal(kern.n_sent, 16);
	kernel_complete(3, 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(send_bytes(100), 100);
	assert_int_equal(send_bytes(100), -EAGAIN);
	turn();
	assert_int_equal(kern.n_sent, 19);
	kernel_complete(16, 0);
}

static void thousands_of_sends_reuse_cookies_and_memory(void **state)
{
	u64 rnd = 3;
	int sent = 0;
	int i;

	for (i = 0; i < 5000; i++) {
		u32 len = (u32)(unit_random(&rnd) % 1400);

		if (send_bytes(len) == len)
			sent++;
		if (unit_random(&rnd) % 3 == 0)
			turn();
		kernel_complete((u32)(unit_random(&rnd) % 4), 0);
		kernel_forget_sent();
	}
	turn();
	kernel_complete(16, 0);
	unet_stack_run(st, 1);
	assert_int_equal(st->pool.live, 0);
	assert_true(sent > 3000);
	assert_int_equal(kern.broken, 0);
}

static void refused_sends_are_counted(void **state)
{
	send_bytes(10);
	turn();
	kernel_complete(1, UNET_CNT_TX_SPOOF_SOURCE);
	unet_stack_run(st, 1);
	assert_int_equal(st->counter[UNET_STAT_TX_REFUSED], 1);
}

static struct unet_pkt *header(u32 l4)
{
	struct unet_pkt *pkt = unet_stack_tx_header(st, l4);

	memset(unet_pkt_put(pkt, l4), 0x11, l4);
	return pkt;
}

static int output(struct unet_pkt *pkt)
{
	const struct unet_ip_out out = { .tos = 0 };
	int err = unet_ip_output(st, &u->flow, &out, pkt, 8);

	turn();
	return err;
}

static void payload_is_sent_where_it_lies(void **state)
{
	struct unet_block *blk = unet_stack_tx_alloc(st, 4096, 4096);
	struct unet_pkt *body = unet_pkt_over(&st->pool, blk, 0, 0);
	struct unet_pkt *pkt = header(8);

	memcpy(unet_pkt_put(body, 3000), data, 3000);
	unet_pkt_append(pkt, unet_pkt_clone_range(body, 500, 700));
	unet_pkt_append(pkt, unet_pkt_clone_range(body, 1200, 300));
	unet_pkt_append(pkt, unet_pkt_clone_range(body, 0, 100));
	assert_int_equal(output(pkt), 0);
	/* the second piece follows the first: one extent */
	assert_int_equal(kern.sent[0].extents, 3);
	assert_memory_equal(kern.sent[0].bytes + 28, data + 500, 1000);
	assert_memory_equal(kern.sent[0].bytes + 1028, data, 100);
	assert_int_equal(st->counter[UNET_STAT_TX_BOUNCED], 0);
	assert_int_equal(blk->refs, 4);
	kernel_complete(1, 0);
	unet_stack_run(st, 1);
	assert_int_equal(blk->refs, 1);
	unet_pkt_free(body);
}

static struct unet_pkt *heap_packet(u32 len)
{
	struct unet_pkt *pkt = header(8);
	struct unet_pkt *heap = unet_pkt_heap(&st->pool, 0, len);

	memcpy(unet_pkt_put(heap, len), data, len);
	unet_pkt_append(pkt, heap);
	return pkt;
}

static void bytes_from_elsewhere_are_moved(void **state)
{
	assert_int_equal(output(heap_packet(500)), 0);
	assert_int_equal(kern.sent[0].extents, 1);
	assert_memory_equal(kern.sent[0].bytes + 28, data, 500);
	assert_int_equal(st->counter[UNET_STAT_TX_BOUNCED], 1);
	kernel_complete(1, 0);
}

static void too_many_pieces_are_joined(void **state)
{
	struct unet_block *blk = unet_stack_tx_alloc(st, 4096, 4096);
	struct unet_pkt *body = unet_pkt_over(&st->pool, blk, 0, 0);
	struct unet_pkt *pkt = header(8);
	u32 i;

	memcpy(unet_pkt_put(body, 3000), data, 3000);
	for (i = 0; i < 8; i++)
		unet_pkt_append(pkt, unet_pkt_clone_range(body, i * 200, 100));
	assert_int_equal(output(pkt), 0);
	assert_int_equal(kern.sent[0].extents, 1);
	for (i = 0; i < 8; i++)
		assert_memory_equal(kern.sent[0].bytes + 28 + i * 100,
				    data + i * 200, 100);
	kernel_complete(1, 0);
	unet_pkt_free(body);
}

/* As connections hold it whose peers do not read. */
static struct unet_block *held[64];
static u32 n_held;

static void hold_payload_memory(void)
{
	struct unet_block *blk;

	while (n_held < 64 && (blk = unet_stack_tx_alloc(st, 1, 65536)))
		held[n_held++] = blk;
	assert_true(n_held > 0 && n_held < 64);
}

static void let_go(void)
{
	while (n_held)
		unet_block_put(held[--n_held]);
}

static void headers_are_left_when_payload_memory_is_not(void **state)
{
	u32 n = 0;

	hold_payload_memory();
	while (send_bytes(1000) == 1000)
		n++;
	assert_int_equal(send_bytes(1000), -EAGAIN);
	assert_int_equal(send_bytes(100), 100);
	turn();
	assert_int_equal(kern.n_sent, n + 1);
	let_go();
	turn();
	assert_int_equal(send_bytes(1000), 1000);
	turn();
	kernel_complete(n + 2, 0);
}

/* What is kept to move bytes into serves them, one after the other. */
static void datagrams_get_out_when_connections_hold_all_memory(void **state)
{
	u32 n = 0;
	u32 i;

	hold_payload_memory();
	while (send_bytes(1400) == 1400)
		n++;
	assert_in_range(n, 1, 15);
	turn();
	assert_int_equal(kern.n_sent, n);
	assert_memory_equal(kern.sent[n - 1].bytes + 28, data, 1400);
	assert_int_equal(st->counter[UNET_STAT_TX_BOUNCED], n);
	writables = 0;
	for (i = 0; i < 3; i++) {
		turn();
		assert_int_equal(writables, i);
		kernel_complete(1, 0);
		turn();
		assert_int_equal(writables, i + 1);
		assert_int_equal(send_bytes(1400), 1400);
		assert_int_equal(send_bytes(1400), -EAGAIN);
	}
	assert_int_equal(st->counter[UNET_STAT_TX_FULL], 0);
	let_go();
	turn();
	kernel_complete(n, 0);
}

/* A connection may always queue a little, on the heap. */
static void bytes_on_the_heap_get_out_when_memory_is_full(void **state)
{
	u32 sent = 0;

	hold_payload_memory();
	while (!output(heap_packet(1400)))
		sent++;
	assert_in_range(sent, 1, 32);
	assert_int_equal(kern.n_sent, sent);
	assert_memory_equal(kern.sent[sent - 1].bytes + 28, data, 1400);
	kernel_complete(1, 0);
	assert_int_equal(output(heap_packet(1400)), 0);
	let_go();
	kernel_complete(sent, 0);
}

static void a_send_without_a_flow_is_refused(void **state)
{
	const struct unet_ip_out out = { .key = &u->flow.key };

	assert_int_equal(unet_ip_output(st, NULL, &out, header(8), 8),
			 -ENOTCONN);
	turn();
	assert_int_equal(kern.n_sent, 0);
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void sleeping_sends_with_the_same_call(void **state)
{
	send_bytes(10);
	unet_stack_run(st, 20);
	assert_int_equal(kern.syncs, 1);
	assert_int_equal(kern.sync_flags, UNET_SYNC_TX | UNET_SYNC_WAIT);
	assert_true(kern.sync_timeout <= 20000000 &&
		    kern.sync_timeout > 19000000);
	kernel_complete(1, 0);
	unet_stack_run(st, -1);
	assert_int_equal(kern.sync_flags, UNET_SYNC_WAIT);
	assert_true(kern.sync_timeout == UINT64_MAX);
}

static void no_call_is_made_when_something_has_arrived(void **state)
{
	struct kernel_piece p = udp(10);

	kernel_receive(tag(), 0, &p, 1);
	assert_int_equal(unet_stack_run(st, -1), 1);
	assert_int_equal(kern.syncs, 0);
	assert_int_equal(take(), 10);
	/* and none is needed to give buffers back */
	turn();
	kernel_take_free();
	assert_int_equal(kern.in_kernel, 36);
	assert_int_equal(kern.syncs, 0);
}

static void errors_of_the_kernel_are_told_in_words(void **state)
{
	struct unet_sock *s = unet_udp_open(st, AF_INET);

	kern.flow_error = EACCES;
	assert_int_equal(unet_udp_bind(s, "192.0.2.1:80"), -EACCES);
	assert_string_equal(unet_error_detail(),
			    "address \"192.0.2.1:80\": privileged ports need CAP_NET_BIND_SERVICE");
	kern.flow_error = 0;
	assert_int_equal(unet_udp_bind(s, "192.0.2.1:80"), 0);
	assert_string_equal(unet_error_detail(), "");
	assert_int_equal(unet_udp_bind(s, "192.0.2.1:80"), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "an address already"));
	unet_close(s);
}

static void errors_of_the_kernel_come_through(void **state)
{
	struct unet_info *info = (void *)kern.mem[UNET_REGION_INFO];
	struct unet_flow_key key = { .family = 4 };
	struct unet_udp *other = unet_udp_create(st, 4, &events, NULL);

	kern.sync_error = EINTR;
	assert_int_equal(unet_stack_run(st, 10), -EINTR);
	kern.sync_error = 0;
	kern.flow_error = EADDRINUSE;
	assert_int_equal(unet_udp_install(other, &key, 0), -EADDRINUSE);
	unet_udp_destroy(other);
	info->state = UNET_CHANNEL_POISONED;
	info->reason = UNET_POISON_TX_ABUSE;
	assert_int_equal(unet_stack_run(st, 10), -EIO);
	info->state = UNET_CHANNEL_LIVE;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(refusals)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_devices_are_bounded),
		cmocka_unit_test(the_environment_names_hooks),
		cmocka_unit_test(a_channel_tells_what_it_is),
		cmocka_unit_test(a_wait_that_a_signal_ends_tells_what_was_taken),
		cmocka_unit_test(reasons_have_text),
		TEST(a_datagram_is_read_where_it_lies_and_its_buffer_goes_back),
		TEST(a_batch_is_one_slot_of_many_packets),
		TEST(a_packet_may_lie_in_several_buffers),
		TEST(a_super_packet_in_a_large_buffer_is_taken_apart),
		TEST(what_the_kernel_says_of_checksums_counts),
		TEST(the_end_of_a_flow_arrives),
		TEST(a_slow_reader_does_not_keep_the_buffers),
		TEST(buffers_go_back_even_when_nothing_arrives),
		TEST(without_metadata_packets_are_dropped_and_buffers_kept),
		TEST(a_send_goes_out_from_tx_memory_and_is_let_go),
		TEST(a_turn_that_sends_nothing_takes_what_is_done),
		TEST(sends_of_a_turn_share_one_call),
		TEST(a_full_ring_is_emptied_in_the_middle_of_a_turn),
		TEST(thousands_of_sends_reuse_cookies_and_memory),
		TEST(refused_sends_are_counted),
		TEST(payload_is_sent_where_it_lies),
		TEST(bytes_from_elsewhere_are_moved),
		TEST(too_many_pieces_are_joined),
		TEST(headers_are_left_when_payload_memory_is_not),
		TEST(datagrams_get_out_when_connections_hold_all_memory),
		TEST(bytes_on_the_heap_get_out_when_memory_is_full),
		TEST(a_send_without_a_flow_is_refused),
		TEST(sleeping_sends_with_the_same_call),
		TEST(no_call_is_made_when_something_has_arrived),
		TEST(errors_of_the_kernel_are_told_in_words),
		TEST(errors_of_the_kernel_come_through),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		rows[i] = (struct CMUnitTest){ refusals[i].sentence,
			refusal_row, NULL, NULL, (void *)&refusals[i] };
	return cmocka_run_group_tests_name("channel refusals", rows, NULL,
					   NULL) +
	       cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
