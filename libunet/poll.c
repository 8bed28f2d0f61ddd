// SPDX-License-Identifier: MIT
/*
 * Readiness: protocols mark sockets, the event step of the turn calls the
 * application, and then no protocol code is running.
 */
#include "internal.h"
#include "poll.h"
#include "socket.h"

#define ALWAYS	(UNET_ERROR | UNET_CLOSED)

static void dispatch(struct unet_stack *st, struct unet_work *w)
{
	struct unet_sock *s = container_of(w, struct unet_sock, event);
	u32 events = s->pending;

	s->pending = 0;
	if (events & UNET_READABLE)
		events |= s->ops->poll(s) & UNET_CLOSED;
	events &= s->want;
	/* the callback may close the socket: nothing of it after this */
	if (events && s->fn)
		s->fn(s, events, s->arg);
}

/**
 * unet_sock_mark() - something happened on a socket
 * @s: the socket
 * @events: UNET_*
 *
 * Context: from protocol events; calls nobody.
 */
void unet_sock_mark(struct unet_sock *s, u32 events)
{
	s->pending |= events;
	if (s->pending & s->want)
		unet_stack_defer_event(s->st, &s->event);
}

/**
 * unet_sock_event_init() - set up a new socket's event work
 * @s: the socket
 */
void unet_sock_event_init(struct unet_sock *s)
{
	unet_work_init(&s->event, dispatch);
}

int unet_sock_on(struct unet_sock *s, uint32_t events, unet_sock_fn fn,
		 void *arg)
{
	if (events & ~(UNET_READABLE | UNET_WRITABLE | ALWAYS) ||
	    (events && !fn))
		return -EINVAL;
	s->fn = fn;
	s->arg = arg;
	s->want = events ? events | ALWAYS : 0;
	s->pending = 0;
	unet_work_cancel(&s->event);
	if (events)
		unet_sock_mark(s, s->ops->poll(s));
	return 0;
}

uint32_t unet_sock_events(const struct unet_sock *s)
{
	return s->ops->poll(s);
}
