// SPDX-License-Identifier: MIT
/* include: libunet/{channel,intermediary}.c */
/*
 * An intermediary on the channel of a fake kernel: what happens when verdicts cannot
 * be taken in the middle of a turn. Each packet is shown once and answered once, its
 * buffers go back when its slot is done with, and no bytes that the kernel has yet to
 * take are written over.
 */
#include <stdlib.h>
#include <unistd.h>
#include <unet/intermediary.h>
#include <unet/unet.h>
#include "helpers.h"

#include "fake_channel.h"

static bool no_memory;

static void *may_fail(size_t n, size_t size)
{
	if (!no_memory)
		return calloc(n, size);
	errno = ENOMEM;
	return NULL;
}

#define calloc	may_fail
#include "libunet/intermediary.c"
#undef calloc

#define TOKEN		1000u
#define MAX_PACKETS	32u
#define BUFS		48u
#define TX_SLOTS	8u
#define TX_BYTES	(8u * UNET_TX_BUF_BYTES)

static const struct unet_params params = {
	.rx_slots = 8, .tx_slots = TX_SLOTS, .rx_small = BUFS,
	.rx_large = UNET_PARAM_NONE, .tx_bufs = 8,
};

static struct unet_intermediary *im;

static int set_up(void **state)
{
	kernel_reset();
	kern.features = UNET_FEATURE_MARK | UNET_FEATURE_MARK_TTL;
	im = unet_intermediary_open(3, &params);
	return !im;
}

static int tear_down(void **state)
{
	u32 broken;

	unet_intermediary_close(im);
	broken = kern.broken || kern.mapped || kern.opened;
	kernel_exit();
	return broken ? -1 : 0;
}

/* ---- opening ------------------------------------------------------------------- */

static void each_refusal_has_its_own_sentence(void **state)
{
	kernel_reset();
	kern.bind_error = EPERM;
	assert_null(unet_intermediary_open(3, &params));
	assert_int_equal(errno, EPERM);
	assert_string_equal(unet_error_detail(), "grant 3: is another user's");
	no_memory = true;
	errno = 0;
	assert_null(unet_intermediary_open(3, &params));
	no_memory = false;
	assert_int_equal(errno, ENOMEM);
	assert_string_equal(unet_error_detail(), "");
	assert_int_equal(kern.opened + kern.mapped, 0);
	kernel_exit();
}

/* ---- packets and a function that looks at them --------------------------------- */

/**
 * struct looker - what is shown, and what goes wrong meanwhile
 * @trouble:	at the first packet, errno of the calls from then on; EAGAIN: they take
 *		nothing
 * @calls:	packets shown
 */
struct looker {
	int trouble;
	u32 calls;
};

static void make_trouble(int err)
{
	kern.busy = err == EAGAIN;
	kern.sync_error = err == EAGAIN ? 0 : err;
}

/* No two that follow each other are alike: each is a slot of its own. */
static int action_of(u32 i)
{
	return i % 2 ? UNET_VERDICT_DROP : UNET_VERDICT_ACCEPT;
}

/* The n-th packet is n bytes longer than the first, and begins with n. */
static int look(struct unet_intermediary *who,
		const struct unet_inter_packet *p, void *arg)
{
	struct looker *l = arg;
	u32 n = l->calls++;

	assert_ptr_equal(who, im);
	assert_int_equal(p->token, TOKEN + n);
	assert_int_equal(p->len, 100 + n);
	assert_int_equal(p->data[0], n);
	assert_int_equal(p->data[p->len - 1], 0xff);
	if (!n)
		make_trouble(l->trouble);
	return action_of(n);
}

/* Packets from the @first one on, in one slot; each third in two buffers. */
static void packets_come(u32 first, u32 n)
{
	static u8 bytes[MAX_PACKETS][256];
	struct kernel_piece piece[2 * MAX_PACKETS];
	u32 pieces = 0;
	u32 i;

	for (i = first; i < first + n; i++) {
		struct kernel_piece *p = &piece[pieces];

		bytes[i][0] = (u8)i;
		bytes[i][99 + i] = 0xff;
		p[0] = (struct kernel_piece){ .bytes = bytes[i], .len = 100 + i };
		if (i % 3 == 2) {
			p[0].len = 60;
			p[0].flags = UNET_DESC_MORE;
			p[1] = (struct kernel_piece){ .bytes = bytes[i] + 60,
						      .len = 40 + i };
			pieces++;
		}
		pieces++;
	}
	if (n)
		assert_true(kernel_receive(TOKEN + first, 0, piece, pieces));
}

static int turn(struct looker *l)
{
	return unet_intermediary_run(im, 0, look, l);
}

/* Each packet was answered, once, as the function said, and in order. */
static void all_are_answered(u32 n)
{
	u32 at = 0;
	u32 i, j;

	for (i = 0; i < kern.n_sent; i++) {
		for (j = 0; j < kern.sent[i].count; j++, at++) {
			assert_int_equal(kern.sent[i].token + j, TOKEN + at);
			assert_int_equal(kern.sent[i].action, action_of(at));
		}
	}
	assert_int_equal(at, n);
}

/* ---- a turn that is cut short --------------------------------------------------- */

/**
 * struct stop - a turn that ends before all packets were looked at
 * @sentence:	name
 * @trouble:	see struct looker
 * @first:	packets of the first slot
 * @second:	of the second
 * @done:	buffers of slots that were done with when it ended
 *
 * The ring has room for the verdicts on eight packets, and the library keeps the last
 * one while it may grow: that on the tenth is the first that cannot be said.
 */
struct stop {
	const char *sentence;
	int trouble;
	u32 first;
	u32 second;
	u32 done;
};

#define SHOWN	(TX_SLOTS + 2)

static const struct stop stops[] = {
	{ "busy, in the middle of a slot",		EAGAIN,	13, 0,	0 },
	{ "busy, at the end of the last slot",		EAGAIN,	10, 0,	0 },
	{ "busy, at the end of a slot",			EAGAIN,	10, 3,	0 },
	{ "busy, at the second slot's first packet",	EAGAIN,	9, 4,	12 },
	{ "busy, in the second slot",			EAGAIN,	5, 8,	6 },
	{ "interrupted, in the middle of a slot",	EINTR,	13, 0,	0 },
	{ "interrupted, in the second slot",		EINTR,	5, 8,	6 },
};

static void stop_row(void **state)
{
	const struct stop *r = *state;
	struct looker l = { .trouble = r->trouble };
	u32 n = r->first + r->second;
	u32 before;

	packets_come(0, r->first);
	packets_come(r->first, r->second);
	before = kern.in_kernel;
	assert_int_equal(turn(&l), -r->trouble);
	assert_int_equal(l.calls, SHOWN);
	/* what was not shown is not given back */
	kernel_take_free();
	assert_int_equal(kern.in_kernel, before + r->done);
	/* as long as it lasts, nothing more is shown */
	assert_int_equal(turn(&l), -r->trouble);
	assert_int_equal(l.calls, SHOWN);
	make_trouble(0);
	assert_int_equal(turn(&l), 0);
	assert_int_equal(l.calls, n);
	all_are_answered(n);
	kernel_take_free();
	assert_int_equal(kern.in_kernel, BUFS);
}

/* Its slot's place is not the kernel's to fill before it is done with. */
static void a_turn_may_be_cut_short_twice(void **state)
{
	struct looker l = { .trouble = EAGAIN };

	packets_come(0, 25);
	assert_int_equal(turn(&l), -EAGAIN);
	assert_int_equal(l.calls, SHOWN);
	kern.busy = false;
	assert_int_equal(unet_intermediary_flush(im), 0);
	kern.busy = true;
	assert_int_equal(turn(&l), -EAGAIN);
	assert_true(l.calls > SHOWN && l.calls < 25);
	assert_int_equal(kern.rx.tail - kern.rx.head, 1);
	kern.busy = false;
	packets_come(25, 4);
	assert_int_equal(turn(&l), 0);
	assert_int_equal(l.calls, 29);
	all_are_answered(29);
	kernel_take_free();
	assert_int_equal(kern.in_kernel, BUFS);
}

static void the_end_of_the_claim_ends_it_at_once(void **state)
{
	struct looker l = { .trouble = EIO };

	packets_come(0, 13);
	assert_int_equal(turn(&l), -EIO);
	assert_int_equal(turn(&l), -EIO);
	assert_int_equal(l.calls, SHOWN);
}

/* ---- one after the other --------------------------------------------------------- */

static int pass(struct unet_intermediary *who,
		const struct unet_inter_packet *p, void *arg)
{
	++*(u32 *)arg;
	return UNET_VERDICT_ACCEPT;
}

static void verdicts_that_say_the_same_go_as_one(void **state)
{
	u32 calls = 0;

	packets_come(0, 7);
	packets_come(7, 5);
	assert_int_equal(unet_intermediary_run(im, 0, pass, &calls), 0);
	assert_int_equal(calls, 12);
	assert_int_equal(kern.n_sent, 1);
	assert_int_equal(kern.sent[0].count, 12);
	assert_int_equal(unet_intermediary_refused(im, 0), 0);
}

/**
 * struct said - what is said of the next packet, and the run of alike ones it is in
 * @mask:	of the mark
 * @tos:	of the mark
 * @ttl:	of the mark, if @mask is 0; both 0: it is accepted
 * @run:	number of its verdict
 */
struct said {
	u8 mask;
	u8 tos;
	u8 ttl;
	u32 run;
};

static int say_it(u64 token, const struct said *it)
{
	if (it->mask)
		return unet_intermediary_mark(im, token, it->mask, it->tos);
	return it->ttl ? unet_intermediary_ttl(im, token, it->ttl) :
			 unet_intermediary_answer(im, token, UNET_VERDICT_ACCEPT);
}

static void marks_that_are_alike_go_as_one(void **state)
{
	static const struct said says[] = {
		{ 0xfc, 0xb8, 0, 0 }, { 0xfc, 0xbb, 0, 0 }, { 0xfc, 0xb8, 0, 0 },
		{ 0xfc, 0x28, 0, 1 }, { 0xff, 0x28, 0, 2 }, { 0xff, 0x28, 0, 2 },
		{ 0, 0, 0, 3 }, { 0, 0, 0, 3 }, { 0x03, 0x03, 0, 4 },
		{ 0, 0, 64, 5 }, { 0, 0, 64, 5 }, { 0, 0, 63, 6 }, { 0, 0, 0, 7 },
	};
	u32 counts[8] = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(says); i++) {
		assert_int_equal(say_it(TOKEN + i, &says[i]), 0);
		counts[says[i].run]++;
	}
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 8);
	for (i = 0; i < ARRAY_SIZE(says); i++) {
		const struct kernel_sent *s = &kern.sent[says[i].run];

		assert_int_equal(s->action, says[i].mask || says[i].ttl ?
				 UNET_VERDICT_MARK : UNET_VERDICT_ACCEPT);
		assert_int_equal(s->ttl, says[i].ttl);
		assert_int_equal(s->count, counts[says[i].run]);
		assert_int_equal(s->tos_mask, says[i].mask);
		assert_int_equal(s->tos, says[i].tos & says[i].mask);
		assert_in_range(TOKEN + i, s->token, s->token + s->count - 1);
	}
}

static void a_mark_of_no_bits_is_none(void **state)
{
	assert_int_equal(unet_intermediary_ttl(im, TOKEN, 0), -EINVAL);
	assert_int_equal(unet_intermediary_mark(im, TOKEN, 0, 0xff), -EINVAL);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 0);
}

/* It would be held until its time is over, and be a violation. */
static void an_older_kernel_is_asked_for_no_mark(void **state)
{
	unet_intermediary_close(im);
	kernel_reset();
	kern.features = ~(u64)UNET_FEATURE_MARK;
	im = unet_intermediary_open(3, &params);
	assert_non_null(im);
	assert_int_equal(unet_intermediary_mark(im, TOKEN, 0xfc, 0xb8), -EOPNOTSUPP);
	im->features = ~(u64)UNET_FEATURE_MARK_TTL;
	assert_int_equal(unet_intermediary_ttl(im, TOKEN, 64), -EOPNOTSUPP);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 0);
}

/* ---- headers that differ by no more than a mark ----------------------------------- */

#define EDIT_BYTES	72u

/**
 * struct edit - the first packet of a slot of two, and the header put in its place
 * @sentence:	name
 * @packet:	all of it, of traffic class 1
 * @l4_offset:	of it
 * @len:	bytes of the header
 * @at:		the byte that is another, and
 * @xor:	how
 * @tos:	likewise of the traffic class
 * @mask:	of the mark it comes to
 * @ttl:	likewise; both 0: it comes to none
 * @lacks:	feature of the kernel
 * @rights:	of the grant; 0: to modify headers
 * @late:	it is changed when the second is shown
 * @in_place:	over the bytes that are shown
 */
struct edit {
	const char *sentence;
	u8 packet[EDIT_BYTES];
	u32 l4_offset;
	u32 len;
	u32 at;
	u8 xor;
	u8 tos;
	u8 mask;
	u8 ttl;
	u32 lacks;
	u32 rights;
	bool late;
	bool in_place;
};

#define V4(proto)	"\x45\x01\0\x48\0\1\x40\0\x40" proto "\xab\xcd" \
			"\x0a\0\0\1\x0a\0\0\2"
#define V6(proto)	"\x60\x12\x34\x56\0\x20" proto "\x40" \
			"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" \
			"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
#define PORTS_UDP	"\x10\0\x20\0\0\x14\x12\x34"
#define PORTS_TCP	"\x10\0\x20\0\0\0\0\1\0\0\0\2\x60\x10\1\0\xab\xcd\0\0" \
			"\2\4\5\xb4"
#define UDP4		V4("\x11") PORTS_UDP, 20
#define TCP4		V4("\6") PORTS_TCP, 20
#define UDP6		V6("\x11") PORTS_UDP, 40
#define TCP6		V6("\6") PORTS_TCP, 40

static const struct edit edits[] = {
	{ "v4, UDP, DSCP",		UDP4, 28, 0, 0, 0xb8, 0xfc },
	{ "v4, TCP, DSCP",		TCP4, 44, 0, 0, 0xb8, 0xfc },
	{ "v6, UDP, DSCP",		UDP6, 48, 0, 0, 0xb8, 0xfc },
	{ "v6, TCP, DSCP",		TCP6, 64, 0, 0, 0xb8, 0xfc },
	{ "v4, ECN",			UDP4, 28, 0, 0, 0x02, 0xff },
	{ "v6, ECN and DSCP",		UDP6, 48, 0, 0, 0xba, 0xff },
	{ "v4, the sum of its header",	UDP4, 28, 10, 0xff, 0xb8, 0xfc },
	{ "v4, nothing",		UDP4, 28, 0, 0, 0, 0xfc },
	{ "v4, that sum alone",		UDP4, 28, 11, 0xff, 0, 0xfc },
	{ "v4, where it lies",		UDP4, 28, 0, 0, 0xb8, 0, .in_place = true },
	{ "v4, version, too",		UDP4, 28, 0, 0x20, 0xb8, 0 },
	{ "v4, header length, too",	UDP4, 28, 0, 1, 0xb8, 0 },
	{ "v4, total length, too",	UDP4, 28, 2, 1, 0xb8, 0 },
	{ "v4, TTL",			UDP4, 28, 8, 0x41, 0, 0, 1 },
	{ "v4, TTL and DSCP",		TCP4, 44, 8, 0xbf, 0xb8, 0xfc, 255 },
	{ "v4, TTL and ECN",		UDP4, 28, 8, 1, 0x02, 0xff, 0x41 },
	{ "v4, TTL, of 0",		UDP4, 28, 8, 0x40, 0, 0, 0 },
	{ "v4, TTL, of 0, and DSCP",	UDP4, 28, 8, 0x40, 0xb8, 0, 0 },
	{ "v4, TTL, older kernel",	UDP4, 28, 8, 1, 0, 0, 0, UNET_FEATURE_MARK_TTL },
	{ "v4, DSCP, less old kernel",	UDP4, 28, 0, 0, 0xb8, 0xfc, 0, UNET_FEATURE_MARK_TTL },
	{ "v4, DSCP, older kernel",	UDP4, 28, 0, 0, 0xb8, 0, 0, UNET_FEATURE_MARK },
	{ "v4, offset, too",		UDP4, 28, 7, 1, 0xb8, 0 },
	{ "v4, protocol, too",		UDP4, 28, 9, 1, 0xb8, 0 },
	{ "v4, source, too",		UDP4, 28, 12, 1, 0xb8, 0 },
	{ "v4, UDP's sum, too",		UDP4, 28, 27, 1, 0xb8, 0 },
	{ "v4, an option of TCP, too",	TCP4, 44, 43, 1, 0xb8, 0 },
	{ "v6, version, too",		UDP6, 48, 0, 0x20, 0xb8, 0 },
	{ "v6, flow label, too",	UDP6, 48, 1, 1, 0xb8, 0 },
	{ "v6, flow label's end, too",	UDP6, 48, 2, 1, 0xb8, 0 },
	{ "v6, hop limit",		UDP6, 48, 7, 1, 0, 0, 0x41 },
	{ "v6, hop limit and DSCP",	TCP6, 64, 7, 0x7f, 0xb8, 0xfc, 0x3f },
	{ "v6, hop limit, of 0",	UDP6, 48, 7, 0x40, 0, 0, 0 },
	{ "v6, next header, too",	UDP6, 48, 6, 1, 0xb8, 0 },
	{ "v6, source, too",		UDP6, 48, 8, 1, 0xb8, 0 },
	{ "v6, destination, too",	UDP6, 48, 39, 1, 0xb8, 0 },
	{ "v4, without UDP",		UDP4, 20, 0, 0, 0xb8, 0 },
	{ "v4, longer",			UDP4, 32, 0, 0, 0xb8, 0 },
	{ "v4, without options of TCP",	TCP4, 40, 0, 0, 0xb8, 0 },
	{ "v4, another protocol",	V4("\x84") PORTS_UDP, 20, 28, 0, 0, 0xb8, 0 },
	{ "v4, without its L4",		V4("\x11") PORTS_UDP, 0, 8, 0, 0, 0xb8, 0 },
	{ "v4, L4 that is not shown",	V4("\x11"), 68, 76, 0, 0, 0xb8, 0 },
	{ "v4, payload cut off",	UDP4, 28, 0, 0, 0xb8, 0,
	  .rights = UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD },
	{ "v4, or dropped if it must",	UDP4, 28, 0, 0, 0xb8, 0,
	  .rights = UNET_INTER_MODIFY_HEADERS | UNET_INTER_DROP },
	{ "v4, without the right",	UDP4, 28, 0, 0, 0xb8, 0,
	  .rights = UNET_INTER_OBSERVE_PAYLOAD },
	{ "v4, one shown before",	UDP4, 28, 0, 0, 0xb8, 0, .late = true },
};

static int put_edited(const struct edit *e, const u8 *packet)
{
	u8 own[EDIT_BYTES + 8] = { 0 };
	u8 *header = e->in_place ? (u8 *)packet : own;

	memmove(header, packet, EDIT_BYTES);
	if (packet[0] >> 4 == 4) {
		header[1] ^= e->tos;
	} else {
		header[0] ^= e->tos >> 4;
		header[1] ^= (u8)(e->tos << 4);
	}
	header[e->at] ^= e->xor;
	return unet_intermediary_change(im, TOKEN, UNET_VERDICT_MODIFY, header,
					e->len, NULL, 0);
}

/**
 * struct editor - who changes the first
 * @edit:	how
 * @calls:	packets shown
 */
struct editor {
	const struct edit *edit;
	u32 calls;
};

static int edit_first(struct unet_intermediary *who,
		      const struct unet_inter_packet *p, void *arg)
{
	struct editor *ed = arg;
	u32 n = ed->calls++;

	if (n == ed->edit->late)
		assert_int_equal(put_edited(ed->edit, p->data), 0);
	return n ? UNET_VERDICT_ACCEPT : UNET_VERDICT_LATER;
}

static void edit_row(void **state)
{
	const struct edit *e = *state;
	struct editor ed = { .edit = e };
	struct kernel_piece two[2] = {
		{ .bytes = e->packet, .len = EDIT_BYTES, .l4_offset = e->l4_offset },
	};
	const struct kernel_sent *s = &kern.sent[0];

	two[1] = two[0];
	im->terms.rights = e->rights ?: UNET_INTER_MODIFY_HEADERS;
	im->features &= ~(u64)e->lacks;
	assert_true(kernel_receive(TOKEN, 0, two, 2));
	assert_int_equal(unet_intermediary_run(im, 0, edit_first, &ed), 0);
	assert_int_equal(ed.calls, 2);
	assert_int_equal(kern.n_sent, 2);
	assert_int_equal(s->token, TOKEN);
	assert_int_equal(s->action, e->mask || e->ttl ? UNET_VERDICT_MARK :
							UNET_VERDICT_MODIFY);
	assert_int_equal(s->ttl, e->ttl);
	assert_int_equal(s->tos_mask, e->mask);
	assert_int_equal(s->tos, (1 ^ e->tos) & e->mask);
	assert_int_equal(s->len, e->mask || e->ttl ? 0 : e->len);
}

static void refusals_are_counted(void **state)
{
	struct looker l = { .trouble = 0 };

	kern.refusal = UNET_INTER_CNT_TOKEN_STALE;
	packets_come(0, 12);
	assert_int_equal(turn(&l), 0);
	assert_int_equal(unet_intermediary_refused(im, 0), 12);
	assert_int_equal(unet_intermediary_refused(im, UNET_INTER_CNT_TOKEN_STALE), 12);
	assert_int_equal(unet_intermediary_refused(im, UNET_INTER_CNT_BACKLOG), 0);
}

/* ---- other bytes ----------------------------------------------------------------- */

#define HEADER	28u

static u8 byte_of(u32 i)
{
	return (u8)(i + 1);
}

/* In the place of packet @i, so many bytes, all alike. */
static int change(u32 i, u32 len)
{
	static u8 bytes[UNET_TX_MAX_BYTES];

	memset(bytes, byte_of(i), len);
	return unet_intermediary_change(im, TOKEN + i, UNET_VERDICT_MODIFY, bytes,
					HEADER, bytes + HEADER, len - HEADER);
}

static void was_changed(u32 at, u32 i, u32 len)
{
	const struct kernel_sent *s = &kern.sent[at];
	u32 k;

	assert_int_equal(s->token, TOKEN + i);
	assert_int_equal(s->action, UNET_VERDICT_MODIFY);
	assert_int_equal(s->header_len, HEADER);
	assert_int_equal(s->len, len);
	for (k = 0; k < len; k++)
		assert_int_equal(s->bytes[k], byte_of(i));
}

static void bytes_that_wait_are_not_written_over(void **state)
{
	u32 i;

	for (i = 0; i < 5 * TX_SLOTS; i++)
		assert_int_equal(change(i, 100), 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 5 * TX_SLOTS);
	for (i = 0; i < 5 * TX_SLOTS; i++)
		was_changed(i, i, 100);
}

/* Sizes that fill memory first, or the ring first. */
static void nor_are_those_of_any_size(void **state)
{
	u32 len[KERNEL_SENT];
	u64 rnd = 11;
	u32 i, j;

	for (j = 0; j < 100; j++) {
		kernel_forget_sent();
		for (i = 0; i < KERNEL_SENT; i++) {
			len[i] = HEADER + (u32)(unit_random(&rnd) %
						(i % 20 < 10 ? 500 : 6000));
			assert_int_equal(change(i, len[i]), 0);
		}
		assert_int_equal(unet_intermediary_flush(im), 0);
		assert_int_equal(kern.n_sent, KERNEL_SENT);
		for (i = 0; i < KERNEL_SENT; i++)
			was_changed(i, i, len[i]);
	}
}

static void a_change_without_memory_for_it_can_be_made_later(void **state)
{
	assert_int_equal(change(0, TX_BYTES + 1), -EMSGSIZE);
	assert_int_equal(unet_intermediary_answer(im, TOKEN, UNET_VERDICT_ACCEPT), 0);
	make_trouble(EAGAIN);
	assert_int_equal(change(1, 6000), 0);
	assert_int_equal(change(2, 6000), 0);
	assert_int_equal(change(3, 6000), -EAGAIN);
	make_trouble(EINTR);
	assert_int_equal(change(3, 6000), -EINTR);
	make_trouble(0);
	assert_int_equal(change(3, 6000), 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 4);
	assert_int_equal(kern.sent[0].token, TOKEN);
	was_changed(1, 1, 6000);
	was_changed(2, 2, 6000);
	was_changed(3, 3, 6000);
}

static void or_without_a_slot(void **state)
{
	u32 i;

	make_trouble(EAGAIN);
	for (i = 0; i < TX_SLOTS; i++)
		assert_int_equal(change(i, 100), 0);
	assert_int_equal(change(i, 100), -EAGAIN);
	make_trouble(EINTR);
	assert_int_equal(change(i, 100), -EINTR);
	make_trouble(0);
	for (; i < 3 * TX_SLOTS; i++)
		assert_int_equal(change(i, 100), 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	for (i = 0; i < 3 * TX_SLOTS; i++)
		was_changed(i, i, 100);
}

/* ---- changes that are refused ----------------------------------------------------- */

static int change_it(struct unet_intermediary *who,
		     const struct unet_inter_packet *p, void *arg)
{
	++*(u32 *)arg;
	return change((u32)(p->token - TOKEN), 100) ? UNET_VERDICT_ACCEPT :
						      UNET_VERDICT_LATER;
}

/* Packets of which each is to be changed, and none can be for this reason. */
static u32 none_is_changed(u32 why)
{
	u32 calls = 0;

	kern.refusal = why;
	packets_come(0, 20);
	assert_int_equal(unet_intermediary_run(im, 0, change_it, &calls), 0);
	assert_int_equal(calls, 20);
	assert_true(unet_intermediary_refused(im, why) >= 20);
	return kern.n_sent;
}

/* Each was asked to be changed, once, and then answered so, once. */
static void all_got(int action)
{
	u32 changed = 0, then = 0;
	u32 i;

	for (i = 0; i < kern.n_sent; i++) {
		const struct kernel_sent *s = &kern.sent[i];

		assert_int_equal(s->count, 1);
		if (s->action == UNET_VERDICT_MODIFY) {
			was_changed(i, changed++, 100);
			continue;
		}
		assert_int_equal(s->action, action);
		assert_int_equal(s->token, TOKEN + then++);
		assert_true(then <= changed);
	}
	assert_int_equal(changed, 20);
	assert_int_equal(then, 20);
}

static void what_cannot_be_changed_goes_on(void **state)
{
	assert_int_equal(none_is_changed(UNET_INTER_CNT_UNSENDABLE), 40);
	all_got(UNET_VERDICT_ACCEPT);
}

static void nor_what_came_damaged_is_held(void **state)
{
	assert_int_equal(none_is_changed(UNET_INTER_CNT_BAD_CSUM), 40);
	all_got(UNET_VERDICT_ACCEPT);
}

static void by_right_it_is_dropped(void **state)
{
	im->terms.rights = UNET_INTER_DROP;
	assert_int_equal(none_is_changed(UNET_INTER_CNT_NO_MEMORY), 40);
	all_got(UNET_VERDICT_DROP);
}

static void what_is_wrong_with_the_change_leaves_it_held(void **state)
{
	assert_int_equal(none_is_changed(UNET_INTER_CNT_BAD_HEADER), 20);
}

/* It goes before a packet whose verdict is yet to come. */
static void nor_is_what_was_injected_before_answered(void **state)
{
	static const u8 bytes[HEADER];

	kern.refusal = UNET_INTER_CNT_UNSENDABLE;
	assert_int_equal(unet_intermediary_change(im, TOKEN, UNET_VERDICT_INJECT, bytes,
						  HEADER, NULL, 0), 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 1);
}

/* Whatever number tokens begin with, and wrap at. */
static void a_token_is_known_by_its_cookie(void **state)
{
	static const u64 newest[] = { 0, 5, 70000, 0x7fffffff, 0x80000003,
				      0xffffffff, 0x1234567800000001, ~0ull };
	u32 back;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(newest); i++) {
		im->newest = newest[i];
		for (back = 0; back < 70000; back += 7)
			assert_int_equal(token_of(im, cookie_of(newest[i] - back)),
					 newest[i] - back);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(stops)], edited[ARRAY_SIZE(edits)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_has_its_own_sentence),
		TEST(a_turn_may_be_cut_short_twice),
		TEST(the_end_of_the_claim_ends_it_at_once),
		TEST(verdicts_that_say_the_same_go_as_one),
		TEST(marks_that_are_alike_go_as_one),
		TEST(a_mark_of_no_bits_is_none),
		TEST(an_older_kernel_is_asked_for_no_mark),
		TEST(refusals_are_counted),
		TEST(bytes_that_wait_are_not_written_over),
		TEST(nor_are_those_of_any_size),
		TEST(a_change_without_memory_for_it_can_be_made_later),
		TEST(or_without_a_slot),
		TEST(what_cannot_be_changed_goes_on),
		TEST(nor_what_came_damaged_is_held),
		TEST(by_right_it_is_dropped),
		TEST(what_is_wrong_with_the_change_leaves_it_held),
		TEST(nor_is_what_was_injected_before_answered),
		TEST(a_token_is_known_by_its_cookie),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stops); i++)
		rows[i] = (struct CMUnitTest){ stops[i].sentence, stop_row,
			set_up, tear_down, (void *)&stops[i] };
	for (i = 0; i < ARRAY_SIZE(edits); i++)
		edited[i] = (struct CMUnitTest){ edits[i].sentence, edit_row,
			set_up, tear_down, (void *)&edits[i] };
	return cmocka_run_group_tests_name("intermediary, a turn that stops", rows,
					   NULL, NULL) +
	       cmocka_run_group_tests_name("intermediary, a header changed", edited,
					   NULL, NULL) +
	       cmocka_run_group_tests_name("intermediary", tests, NULL, NULL);
}
