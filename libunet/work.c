// SPDX-License-Identifier: MIT
/*
 * Work put off to a later step of the turn: rings of struct unet_work whose head
 * is one, too.
 */
#include "stack.h"
#include "work.h"

/**
 * unet_work_init() - set up, on no list
 * @w: the work
 * @fn: called once for each time it was put on a list; may free what @w lies in
 */
void unet_work_init(struct unet_work *w,
		    void (*fn)(struct unet_stack *st, struct unet_work *w))
{
	w->next = NULL;
	w->prev = NULL;
	w->fn = fn;
}

/**
 * unet_worklist_init() - an empty list
 * @list: its head
 */
void unet_worklist_init(struct unet_work *list)
{
	list->next = list;
	list->prev = list;
	list->fn = NULL;
}

static void add_tail(struct unet_work *list, struct unet_work *w)
{
	if (w->prev)
		return;
	w->next = list;
	w->prev = list->prev;
	list->prev->next = w;
	list->prev = w;
}

/**
 * unet_work_cancel() - take off whatever list it is on
 * @w: the work
 */
void unet_work_cancel(struct unet_work *w)
{
	if (!w->prev)
		return;
	w->prev->next = w->next;
	w->next->prev = w->prev;
	w->next = NULL;
	w->prev = NULL;
}

/* All of @from goes to the end of @to. */
static void move_all(struct unet_work *to, struct unet_work *from)
{
	if (unet_worklist_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	unet_worklist_init(from);
}

/**
 * unet_worklist_run() - call everything that is on a list now
 * @st: the stack
 * @list: what is put on it meanwhile stays for the next run
 *
 * Return: how many were called.
 */
u32 unet_worklist_run(struct unet_stack *st, struct unet_work *list)
{
	struct unet_work now;
	u32 n = 0;

	unet_worklist_init(&now);
	move_all(&now, list);
	while (!unet_worklist_empty(&now)) {
		struct unet_work *w = now.next;

		unet_work_cancel(w);
		w->fn(st, w);
		n++;
	}
	return n;
}

/**
 * unet_stack_defer() - have work done in the output step of this turn
 * @st: the stack
 * @w: on a list already: stays there
 *
 * Outside a turn: of the next one.
 */
void unet_stack_defer(struct unet_stack *st, struct unet_work *w)
{
	add_tail(&st->output, w);
}

/**
 * unet_stack_defer_event() - have a callback called in the event step
 * @st: the stack
 * @w: on a list already: stays there
 */
void unet_stack_defer_event(struct unet_stack *st, struct unet_work *w)
{
	add_tail(&st->events, w);
}

/**
 * unet_stack_wait_tx() - have work done when there is room to send again
 * @st: the stack
 * @w: on a list already: stays there
 *
 * After -ENOBUFS from unet_ip_output() or no memory from unet_stack_tx_alloc().
 */
void unet_stack_wait_tx(struct unet_stack *st, struct unet_work *w)
{
	add_tail(&st->tx_wait, w);
}

/**
 * unet_stack_wake_tx() - room to send: whoever waits may try in this turn
 * @st: the stack
 */
void unet_stack_wake_tx(struct unet_stack *st)
{
	move_all(&st->output, &st->tx_wait);
}
