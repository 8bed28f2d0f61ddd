// SPDX-License-Identifier: MIT
#include "tcp_rows.h"

struct script *row_script;

static void expect_answer(struct script *s, const struct step *step)
{
	struct script_seg want = step->out;
	char why[600];

	if (!s->n_out && (step->maybe || !want.flags))
		return;
	if (step->above && s->n_out &&
	    (s32)(s->out[0].seq - step->above) > 0)
		want.seq = s->out[0].seq;
	if (s->n_out && step->or.flags &&
	    script_same(&s->out[0], &step->or, why, sizeof(why)))
		script_take(s);
	else if (want.flags)
		expect_out(s, &want, __FILE__, __LINE__);
	NONE(s);
}

static void expect_numbers(const struct script *s, const struct step *step)
{
	const struct unet_tcp_pcb *pcb = connection(s);

	if (!step->una && !step->wnd)
		return;
	assert_non_null(pcb);
	if (step->una)
		assert_int_equal(pcb->snd_una - SCRIPT_ISS, step->una);
	if (step->wnd)
		assert_int_equal(pcb->snd_wnd, step->wnd & 0xffff);
}

static void read_some(struct script *s, u32 len)
{
	u8 buf[8192];

	assert_int_equal(unet_tcp_recv(s->pcb, buf, len, false), len);
	script_turn(s);
}

/* @read: bytes read so far */
static void take_step(struct script *s, const struct step *step, u32 *read)
{
	if (step->ms)
		script_after(s, step->ms * 1000ull);
	if (step->read) {
		read_some(s, step->read);
		*read += step->read;
	}
	if (step->call) {
		assert_int_equal(step->call(s), step->ret);
		script_turn(s);
	}
	if (step->in.flags || step->in.len || step->bare) {
		script_put(s, &step->in);
		script_turn(s);
	}
	expect_sound(s);
	if (step->late)
		script_after(s, 40000);
	expect_answer(s, step);
	expect_numbers(s, step);
}

/* What a reader gets who has read everything (section 3.10.3). */
static int after_all(const struct row *row)
{
	if (row->from.state >= CW || row->next >= CW)
		return 0;	/* the peer's FIN came */
	return row->next == CLOSED ? -row->err : -EAGAIN;
}

static void expect_reader_gets(struct script *s, const struct row *row, u32 read)
{
	u8 byte;

	if (s->pcb && s->pcb->state == LISTEN && row->next >= EST &&
	    row->next < TW)
		take_accepted(s);
	if (!s->pcb || s->pcb->state == LISTEN || row->from.listen) {
		assert_int_equal(row->text, 0);
		return;
	}
	assert_int_equal(s->pcb->rcvq.bytes, row->text);
	expect_read(s, 1 + read, row->text);
	assert_int_equal(unet_tcp_recv(s->pcb, &byte, 1, false), after_all(row));
}

/* Events of a connection that its owner knows. */
static void expect_told(struct script *s, const struct row *row)
{
	bool ours = s->pcb && s->pcb->state != LISTEN && !row->from.listen;
	bool opened = ours && row->from.state < EST && row->next >= EST;
	bool over = (row->next == CLOSED || row->next == TW) &&
		    row->from.state != TW;
	u32 events = script_events_take(s);

	assert_int_equal(!!(events & SCRIPT_EV_CLOSED), ours && over);
	assert_int_equal(!!(events & SCRIPT_EV_ESTABLISHED), opened);
	if (ours && over)
		assert_int_equal(s->closed_err, row->err);
}

static void run(struct script *s, const struct row *row)
{
	u32 i, read = 0;

	assert_int_equal(state_now(s), row->from.state);
	for (i = 0; i < STEPS_MAX; i++)
		take_step(s, &row->step[i], &read);
	assert_int_equal(state_now(s), row->next);
	assert_int_equal(tcp_of(s->st)->n_tw, row->next == TW);
	if (row->next == CLOSED)
		assert_int_equal(s->flows, 0);
	expect_told(s, row);
	expect_reader_gets(s, row, read);
}

void row_test(void **state)
{
	const struct row *row = *state;

	row_script = enter(&row->from);
	run(row_script, row);
}

int row_tear_down(void **state)
{
	if (row_script)
		script_close(row_script);
	row_script = NULL;
	return 0;
}

struct CMUnitTest row_as_test(const struct row *row)
{
	return (struct CMUnitTest){ row->name, row_test, NULL, row_tear_down,
				    (void *)row };
}
