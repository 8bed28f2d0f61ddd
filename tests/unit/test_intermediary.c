// SPDX-License-Identifier: MIT
/* include: libunet/{channel,intermediary}.c */
/*
 * An intermediary on the channel of a fake kernel: what happens when verdicts cannot
 * be taken in the middle of a turn. Each packet is shown once and answered once, its
 * buffers go back when its slot is done with, and no bytes that the kernel has yet to
 * take are written over. What can be said of many packets at once is, and nothing else.
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
#define TX_BUFS		8u
#define TX_BYTES	(TX_BUFS * UNET_TX_BUF_BYTES)

static const struct unet_params params = {
	.rx_slots = 8, .tx_slots = TX_SLOTS, .rx_small = BUFS,
	.rx_large = UNET_PARAM_NONE, .tx_bufs = TX_BUFS,
};

static struct unet_intermediary *im;

/* Of a kernel with marks and these, a channel with so many TX buffers. */
static int open_with(u64 features, u32 tx_bufs)
{
	struct unet_params p = params;

	p.tx_bufs = tx_bufs;
	kernel_reset();
	kern.features = UNET_FEATURE_MARK | UNET_FEATURE_MARK_TTL | features;
	im = unet_intermediary_open(3, &p);
	return !im;
}

static int set_up(void **state)
{
	return open_with(0, TX_BUFS);
}

static int set_up_many(void **state)
{
	return open_with(UNET_FEATURE_MODIFY_MANY, TX_BUFS);
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

/* ---- changes that follow each other ------------------------------------------------ */

#define MAX_MORE	6000u
#define STEPS		60u

/**
 * struct step - what is said next
 * @n:		of the packet with the token TOKEN + @n
 * @action:	enum unet_inter_action
 * @header:	bytes of its header; 0: the action is all that is said
 * @more:	bytes behind that
 * @slot:	number of its verdict
 */
struct step {
	u32 n;
	u16 action;
	u16 header;
	u32 more;
	u32 slot;
};

/* No two packets that follow each other have the same, nor two places in one. */
static u8 step_byte(u32 n, u32 at)
{
	return (u8)(n * 5 + n / 256 + at * 3 + 1);
}

static int say_step(const struct step *s)
{
	static u8 bytes[UNET_TX_MAX_HEADER + MAX_MORE];
	u32 k;

	if (s->action == UNET_VERDICT_MARK)
		return unet_intermediary_mark(im, TOKEN + s->n, 0xfc, 0xb8);
	if (!s->header)
		return unet_intermediary_answer(im, TOKEN + s->n, s->action);
	for (k = 0; k < s->header + s->more; k++)
		bytes[k] = step_byte(s->n, k);
	return unet_intermediary_change(im, TOKEN + s->n, s->action, bytes, s->header,
					s->more ? bytes + s->header : NULL, s->more);
}

/* In its verdict, alone or with others, as the kernel took it. */
static void step_was_taken(const struct step *s)
{
	const struct kernel_sent *v = &kern.sent[s->slot];
	bool lone = s->action == UNET_VERDICT_MODIFY && s->header && v->count == 1;
	u32 at = (u32)(TOKEN + s->n - v->token) * (s->header + s->more);
	u32 k;

	assert_in_range(TOKEN + s->n, v->token, v->token + v->count - 1);
	assert_int_equal(v->action, s->action);
	assert_int_equal(v->header_len, s->header);
	assert_int_equal(v->extents, s->header ? 1 : 0);
	assert_int_equal(v->len, v->count * (s->header + s->more));
	assert_int_equal(v->cookie, lone ? cookie_of(v->token) : 0);
	for (k = 0; k < s->header + s->more; k++)
		assert_int_equal(v->bytes[at + k], step_byte(s->n, k));
}

/* Each of them once, and nothing else. */
static void steps_were_taken(const struct step *steps, u32 n)
{
	u32 packets = 0;
	u32 i;

	for (i = 0; i < kern.n_sent; i++)
		packets += kern.sent[i].count;
	assert_int_equal(packets, n);
	for (i = 0; i < n; i++)
		step_was_taken(&steps[i]);
}

/**
 * struct mix - things that are said one after the other
 * @sentence:	name
 * @steps:	they; the first that is of packet 0 ends them
 * @lacks:	features of the kernel
 * @rights:	of the grant; 0: to modify headers
 */
struct mix {
	const char *sentence;
	struct step steps[7];
	u64 lacks;
	u32 rights;
};

#define HEAD(n, slot)		{ n, UNET_VERDICT_MODIFY, 28, 0, slot }
#define LONGER(n, slot)		{ n, UNET_VERDICT_MODIFY, 40, 0, slot }
#define WHOLE(n, more, slot)	{ n, UNET_VERDICT_MODIFY, 28, more, slot }
#define BEFORE(n, more, slot)	{ n, UNET_VERDICT_INJECT, 28, more, slot }
#define SAY(n, what, slot)	{ n, UNET_VERDICT_##what, 0, 0, slot }

#define BOTH	(UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD)

static const struct mix mixes[] = {
	{ "of one packet",		{ HEAD(1, 0) } },
	{ "of packets in a row",	{ HEAD(1, 0), HEAD(2, 0), HEAD(3, 0), HEAD(4, 0) } },
	{ "with the right to drop",	{ HEAD(1, 0), HEAD(2, 0), HEAD(3, 0) }, 0,
	  UNET_INTER_MODIFY_HEADERS | UNET_INTER_DROP },
	{ "headers longer",		{ HEAD(1, 0), HEAD(2, 0), LONGER(3, 1), LONGER(4, 1),
					  HEAD(5, 2), HEAD(6, 2) } },
	{ "with payload",		{ WHOLE(1, 9, 0), WHOLE(2, 9, 0), WHOLE(3, 9, 0) }, 0, BOTH },
	{ "payload longer",		{ WHOLE(1, 9, 0), WHOLE(2, 9, 0), WHOLE(3, 10, 1),
					  WHOLE(4, 10, 1), WHOLE(5, 9, 2) }, 0, BOTH },
	{ "payload for the first",	{ WHOLE(1, 9, 0), HEAD(2, 1), HEAD(3, 1) }, 0, BOTH },
	{ "payload for the last",	{ HEAD(1, 0), HEAD(2, 0), WHOLE(3, 9, 1) }, 0, BOTH },
	{ "payload as long as all",	{ HEAD(1, 0), HEAD(2, 0), WHOLE(3, 28, 1),
					  HEAD(4, 2) }, 0, BOTH },
	{ "longer headers, less of it",	{ WHOLE(1, 12, 0), LONGER(2, 1), LONGER(3, 1),
					  WHOLE(4, 12, 2) }, 0, BOTH },
	{ "of no payload, by right",	{ HEAD(1, 0), HEAD(2, 0), HEAD(3, 0) }, 0, BOTH },
	{ "behind a gap",		{ HEAD(1, 0), HEAD(2, 0), HEAD(4, 1), HEAD(5, 1) } },
	{ "backwards",			{ HEAD(3, 0), HEAD(2, 1), HEAD(1, 2) } },
	{ "of one packet twice",	{ HEAD(1, 0), HEAD(2, 0), HEAD(2, 1), HEAD(3, 1) } },
	{ "behind one accepted",	{ HEAD(1, 0), HEAD(2, 0), SAY(3, ACCEPT, 1),
					  HEAD(4, 2), HEAD(5, 2) } },
	{ "another accepted between",	{ HEAD(1, 0), HEAD(2, 0), SAY(7, ACCEPT, 1),
					  HEAD(3, 2), HEAD(4, 2) } },
	{ "between many accepted",	{ SAY(1, ACCEPT, 0), SAY(2, ACCEPT, 0), HEAD(3, 1),
					  HEAD(4, 1), SAY(5, ACCEPT, 2), SAY(6, ACCEPT, 2) } },
	{ "behind one marked",		{ HEAD(1, 0), HEAD(2, 0), SAY(3, MARK, 1),
					  HEAD(4, 2), HEAD(5, 2) } },
	{ "another marked between",	{ HEAD(1, 0), SAY(7, MARK, 1), HEAD(2, 2), HEAD(3, 2) } },
	{ "one put before",		{ HEAD(1, 0), HEAD(2, 0), BEFORE(3, 4, 1),
					  HEAD(3, 2), HEAD(4, 2) } },
	{ "one as long put before",	{ HEAD(1, 0), HEAD(2, 0), BEFORE(3, 0, 1), BEFORE(3, 0, 2),
					  BEFORE(4, 0, 3), HEAD(3, 4) } },
	{ "an action without bytes",	{ HEAD(1, 0), SAY(2, MODIFY, 1), HEAD(3, 2), HEAD(4, 2) } },
	{ "actions without bytes",	{ SAY(1, MODIFY, 0), SAY(2, MODIFY, 0), HEAD(3, 1),
					  HEAD(4, 1), SAY(5, MODIFY, 2) } },
	{ "of an older kernel",		{ HEAD(1, 0), HEAD(2, 1), HEAD(3, 2) },
	  UNET_FEATURE_MODIFY_MANY },
	{ "of one with payload",	{ WHOLE(1, 9, 0), WHOLE(2, 9, 1), WHOLE(3, 9, 2) },
	  UNET_FEATURE_MODIFY_MANY, BOTH },
};

static void mix_row(void **state)
{
	const struct mix *m = *state;
	const struct step *s;

	im->terms.rights = m->rights ?: UNET_INTER_MODIFY_HEADERS;
	im->features &= ~m->lacks;
	for (s = m->steps; s->n; s++)
		assert_int_equal(say_step(s), 0);
	assert_int_equal(kern.n_sent, 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	steps_were_taken(m->steps, (u32)(s - m->steps));
}

/* ---- and the memory they lie in ----------------------------------------------------- */

static int say_header(u32 n, u16 len)
{
	return say_step(&(struct step){ n, UNET_VERDICT_MODIFY, len });
}

static void say_headers(u32 first, u32 n, u16 len)
{
	u32 i;

	for (i = first; i < first + n; i++)
		assert_int_equal(say_header(i, len), 0);
}

/* Of the first @n packets all were taken, in order. */
static void headers_were_taken(u32 n, u16 len)
{
	struct step s = { 0, UNET_VERDICT_MODIFY, len };
	u32 end = 0;

	for (; s.slot < kern.n_sent; s.slot++) {
		assert_int_equal(kern.sent[s.slot].token, TOKEN + s.n);
		for (end += kern.sent[s.slot].count; s.n < end; s.n++)
			step_was_taken(&s);
	}
	assert_int_equal(end, n);
}

static void memory_ends_a_run(void **state)
{
	const u32 fit = TX_BYTES / 100;

	say_headers(0, 3 * fit - 7, 100);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 3);
	assert_int_equal(kern.sent[0].count, fit);
	assert_int_equal(kern.sent[1].count, fit);
	headers_were_taken(3 * fit - 7, 100);
	/* to the last byte */
	kernel_forget_sent();
	say_headers(0, TX_BYTES / 128 + 1, 128);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.sent[0].count, TX_BYTES / 128);
	headers_were_taken(TX_BYTES / 128 + 1, 128);
}

static void what_has_no_memory_yet_begins_another(void **state)
{
	const u32 fit = TX_BYTES / 100;

	make_trouble(EAGAIN);
	say_headers(0, fit, 100);
	assert_int_equal(say_header(fit, 100), -EAGAIN);
	make_trouble(EINTR);
	assert_int_equal(say_header(fit, 100), -EINTR);
	make_trouble(0);
	assert_int_equal(kern.n_sent, 0);
	say_headers(fit, fit, 100);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 2);
	headers_were_taken(2 * fit, 100);
}

/* Each second one is longer: all take slots of their own. */
static struct step unlike(u32 n)
{
	return (struct step){ n, UNET_VERDICT_MODIFY, n % 2 ? 28 : 40, 0, n };
}

static void so_does_what_has_no_slot(void **state)
{
	struct step steps[3 * TX_SLOTS];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		steps[i] = unlike(i);
	make_trouble(EAGAIN);
	for (i = 0; i < TX_SLOTS; i++)
		assert_int_equal(say_step(&steps[i]), 0);
	assert_int_equal(say_step(&steps[i]), -EAGAIN);
	make_trouble(EINTR);
	assert_int_equal(say_step(&steps[i]), -EINTR);
	make_trouble(0);
	for (; i < ARRAY_SIZE(steps); i++)
		assert_int_equal(say_step(&steps[i]), 0);
	assert_int_equal(unet_intermediary_flush(im), 0);
	steps_were_taken(steps, ARRAY_SIZE(steps));
}

/* What stands before it is taken, and it is not: its bytes stay where they are. */
static void a_run_may_go_on_behind_what_was_taken(void **state)
{
	static const struct step steps[] = {
		WHOLE(1, 9, 0), WHOLE(2, 10, 1), HEAD(3, 2), HEAD(4, 2), HEAD(5, 2),
		HEAD(6, 2), WHOLE(7, MAX_MORE, 3), HEAD(8, 4),
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (i == 4 || i == 6)
			assert_int_equal(push(im), 0);
		assert_int_equal(say_step(&steps[i]), 0);
		assert_int_equal(kern.n_sent, i < 4 ? 0 : 2);
	}
	assert_int_equal(unet_intermediary_flush(im), 0);
	steps_were_taken(steps, ARRAY_SIZE(steps));
}

/* More memory than a verdict can name: 85 * 771 bytes. */
static void a_run_is_no_longer_than_a_packet(void **state)
{
	const u32 most = UNET_TX_MAX_BYTES / 85;

	BUILD_BUG_ON(UNET_TX_MAX_BYTES % 85);
	unet_intermediary_close(im);
	assert_int_equal(open_with(UNET_FEATURE_MODIFY_MANY, 128), 0);
	say_headers(0, 2 * most + 3, 85);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 3);
	assert_int_equal(kern.sent[0].count, most);
	assert_int_equal(kern.sent[1].count, most);
	headers_were_taken(2 * most + 3, 85);
	kernel_forget_sent();
	say_headers(0, 600, 128);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 2);
	assert_int_equal(kern.sent[0].count, UNET_TX_MAX_BYTES / 128);
	headers_were_taken(600, 128);
}

static void what_is_too_long_leaves_a_run_as_it_was(void **state)
{
	static const u8 bytes[UNET_TX_MAX_HEADER + 1];

	say_headers(0, 2, 28);
	assert_int_equal(unet_intermediary_change(im, TOKEN + 2, UNET_VERDICT_MODIFY,
						  bytes, sizeof(bytes), NULL, 0),
			 -EMSGSIZE);
	say_headers(2, 2, 28);
	assert_int_equal(unet_intermediary_flush(im), 0);
	assert_int_equal(kern.n_sent, 1);
	headers_were_taken(4, 28);
}

static struct step some_step(u64 *rnd, u32 n)
{
	static const u16 actions[] = {
		UNET_VERDICT_ACCEPT, UNET_VERDICT_MARK, UNET_VERDICT_DUPLICATE,
	};
	struct step s = { n, UNET_VERDICT_MODIFY, 100 };
	u32 kind = (u32)(unit_random(rnd) % 40);

	if (kind < 3)
		s = (struct step){ n, actions[kind] };
	else if (kind < 5)
		s.header = 128;
	else if (kind < 7)
		s.more = (u32)(unit_random(rnd) % MAX_MORE);
	else if (kind < 15)
		s.more = 700;
	else if (kind < 17)
		s.action = UNET_VERDICT_INJECT;
	return s;
}

/* The kernel takes nothing now and then, until that is told. */
static void say_some(struct step *s, u64 *rnd)
{
	int err;

	kern.busy |= !(unit_random(rnd) % 8);
	err = say_step(s);
	assert_int_equal(err, err && kern.busy ? -EAGAIN : 0);
	if (err) {
		kern.busy = false;
		assert_int_equal(say_step(s), 0);
	}
	if (!(unit_random(rnd) % 30)) {
		err = unet_intermediary_flush(im);
		assert_int_equal(err, err && kern.busy ? -EAGAIN : 0);
	}
}

static void in_any_order_each_goes_once(void **state)
{
	struct step steps[STEPS];
	u32 round, i, n, at, runs = 0;
	u64 rnd = 11;

	for (round = 0; round < 300; round++) {
		kernel_forget_sent();
		for (i = n = 0; i < STEPS; i++) {
			steps[i] = some_step(&rnd, n);
			n += steps[i].action != UNET_VERDICT_INJECT;
			n += !(unit_random(&rnd) % 20);
			say_some(&steps[i], &rnd);
		}
		kern.busy = false;
		assert_int_equal(unet_intermediary_flush(im), 0);
		for (i = at = 0; i < kern.n_sent; i++) {
			runs += kern.sent[i].count > 2 && kern.sent[i].extents;
			for (n = at + kern.sent[i].count; at < n && at < STEPS; at++)
				steps[at].slot = i;
		}
		steps_were_taken(steps, STEPS);
	}
	assert_true(runs > 500);
}

/* ---- said of packets as they are shown ------------------------------------------------ */

/* A header for each that is shown, the third one's longer. */
static int put_header(struct unet_intermediary *who,
		      const struct unet_inter_packet *p, void *arg)
{
	u32 n = (u32)(p->token - TOKEN);

	++*(u32 *)arg;
	assert_int_equal(say_header(n, n == 2 ? 40 : 28), 0);
	return UNET_VERDICT_LATER;
}

static void changes_of_a_turn_go_as_one(void **state)
{
	u32 calls = 0, n;

	packets_come(3, 7);
	packets_come(10, 5);
	assert_int_equal(unet_intermediary_run(im, 0, put_header, &calls), 0);
	assert_int_equal(calls, 12);
	assert_int_equal(kern.n_sent, 1);
	assert_int_equal(kern.sent[0].count, 12);
	for (n = 3; n < 15; n++)
		step_was_taken(&(struct step)HEAD(n, 0));
}

static int modify_the_third(struct unet_intermediary *who,
			    const struct unet_inter_packet *p, void *arg)
{
	u32 n = (*(u32 *)arg)++;

	if (n == 2)
		return UNET_VERDICT_MODIFY;
	assert_int_equal(say_header(n, 28), 0);
	return UNET_VERDICT_LATER;
}

/* It has no header: the kernel is to say so. */
static void an_action_of_modify_joins_none(void **state)
{
	static const struct step steps[] = {
		HEAD(0, 0), HEAD(1, 0), SAY(2, MODIFY, 1), HEAD(3, 2), HEAD(4, 2),
	};
	u32 calls = 0;

	packets_come(0, 5);
	assert_int_equal(unet_intermediary_run(im, 0, modify_the_third, &calls), 0);
	steps_were_taken(steps, ARRAY_SIZE(steps));
}

/* Another identification, the third one another DSCP. */
static int mark_the_third(struct unet_intermediary *who,
			  const struct unet_inter_packet *p, void *arg)
{
	u32 n = (*(u32 *)arg)++;
	u8 header[HEADER];

	memcpy(header, p->data, HEADER);
	header[n == 2 ? 1 : 5] ^= 0xf0;
	assert_int_equal(unet_intermediary_change(im, p->token, UNET_VERDICT_MODIFY,
						  header, HEADER, NULL, 0), 0);
	return UNET_VERDICT_LATER;
}

static void nor_does_what_a_mark_can_say(void **state)
{
	static const u16 actions[] = {
		UNET_VERDICT_MODIFY, UNET_VERDICT_MARK, UNET_VERDICT_MODIFY,
	};
	struct kernel_piece four[4] = {
		{ .bytes = edits[0].packet, .len = EDIT_BYTES, .l4_offset = 20 },
	};
	u32 calls = 0, i;

	for (i = 1; i < 4; i++)
		four[i] = four[0];
	im->terms.rights = UNET_INTER_MODIFY_HEADERS;
	assert_true(kernel_receive(TOKEN, 0, four, 4));
	assert_int_equal(unet_intermediary_run(im, 0, mark_the_third, &calls), 0);
	assert_int_equal(kern.n_sent, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(kern.sent[i].action, actions[i]);
		assert_int_equal(kern.sent[i].count, i ? 1 : 2);
		assert_int_equal(kern.sent[i].token, TOKEN + (i ? i + 1 : 0));
	}
	assert_int_equal(kern.sent[0].bytes[HEADER + 5], 1 ^ 0xf0);
}

/* The kernel has seen to those of a run; one alone stays held, and is let be. */
static void none_of_a_run_is_answered_again(void **state)
{
	static const u32 whys[] = {
		UNET_INTER_CNT_BAD_CSUM, UNET_INTER_CNT_UNSENDABLE,
		UNET_INTER_CNT_NO_MEMORY,
	};
	u32 calls = 0, i;

	for (i = 0; i < ARRAY_SIZE(whys); i++) {
		const struct kernel_sent *last = &kern.sent[2];

		kernel_forget_sent();
		im->terms.rights = UNET_INTER_MODIFY_HEADERS | (i ? UNET_INTER_DROP : 0);
		kern.refusal = (u16)whys[i];
		packets_come(0, 3);
		assert_int_equal(unet_intermediary_run(im, 0, put_header, &calls), 0);
		assert_int_equal(kern.n_sent, 3);
		step_was_taken(&(struct step)HEAD(0, 0));
		step_was_taken(&(struct step)HEAD(1, 0));
		step_was_taken(&(struct step)LONGER(2, 1));
		assert_int_equal(last->token, TOKEN + 2);
		assert_int_equal(last->count, 1);
		assert_int_equal(last->action, i ? UNET_VERDICT_DROP : UNET_VERDICT_ACCEPT);
		assert_int_equal(unet_intermediary_refused(im, whys[i]), 3);
	}
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
#define TEST_MANY(f) cmocka_unit_test_setup_teardown(f, set_up_many, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(stops)], edited[ARRAY_SIZE(edits)];
	struct CMUnitTest mixed[ARRAY_SIZE(mixes)];
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
		TEST_MANY(memory_ends_a_run),
		TEST_MANY(what_has_no_memory_yet_begins_another),
		TEST_MANY(so_does_what_has_no_slot),
		TEST_MANY(a_run_may_go_on_behind_what_was_taken),
		TEST_MANY(a_run_is_no_longer_than_a_packet),
		TEST_MANY(what_is_too_long_leaves_a_run_as_it_was),
		TEST_MANY(in_any_order_each_goes_once),
		TEST_MANY(changes_of_a_turn_go_as_one),
		TEST_MANY(an_action_of_modify_joins_none),
		TEST_MANY(nor_does_what_a_mark_can_say),
		TEST_MANY(none_of_a_run_is_answered_again),
		TEST(a_token_is_known_by_its_cookie),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stops); i++)
		rows[i] = (struct CMUnitTest){ stops[i].sentence, stop_row,
			set_up, tear_down, (void *)&stops[i] };
	for (i = 0; i < ARRAY_SIZE(edits); i++)
		edited[i] = (struct CMUnitTest){ edits[i].sentence, edit_row,
			set_up, tear_down, (void *)&edits[i] };
	for (i = 0; i < ARRAY_SIZE(mixes); i++)
		mixed[i] = (struct CMUnitTest){ mixes[i].sentence, mix_row,
			set_up_many, tear_down, (void *)&mixes[i] };
	return cmocka_run_group_tests_name("intermediary, a turn that stops", rows,
					   NULL, NULL) +
	       cmocka_run_group_tests_name("intermediary, a header changed", edited,
					   NULL, NULL) +
	       cmocka_run_group_tests_name("intermediary, changes", mixed,
					   NULL, NULL) +
	       cmocka_run_group_tests_name("intermediary", tests, NULL, NULL);
}
