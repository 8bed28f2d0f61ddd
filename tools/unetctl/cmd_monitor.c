// SPDX-License-Identifier: MIT
/*
 * monitor
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "cells.h"
#include "command.h"
#include "match.h"
#include "output.h"

static const char lost_text[] = "lost";

static json_t *time_json(const void *row)
{
	struct timespec now;

	(void)row;
	clock_gettime(CLOCK_REALTIME, &now);
	return json_real(now.tv_sec + now.tv_nsec / 1000 / 1e6);
}

/* An event without number stands for events that were lost. */
static json_t *event_json(const void *row)
{
	const struct unet_reply *event = row;
	char word[UNET_WORD_BYTES];

	if (!unet_reply_has(event, UNET_A_EVENT))
		return json_string(lost_text);
	return json_string(unet_word_event(event->event, word));
}

static const struct unet_output_field fields[] = {
	{ .key = "time", .json = time_json },
	{ .key = "event", .json = event_json },
	{ .key = "ifname", .attr = UNET_A_IFNAME },
	{ .key = "channel", .attr = UNET_A_CHANNEL },
	{ .key = "reason", .attr = UNET_A_REASON, .word = unet_word_reason },
	{ .key = "pid", .attr = UNET_A_PID, .zero_is_null = true },
	{ .key = "comm", .attr = UNET_A_COMM },
	{ 0 }
};

static int print_line(const struct unet_reply *event)
{
	char owner[UNET_CELL_BYTES], stamp[32], word[UNET_WORD_BYTES];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
	printf("%s.%06ld", stamp, now.tv_nsec / 1000);
	if (!unet_reply_has(event, UNET_A_EVENT))
		printf(" events were lost: they came faster than they were read");
	else
		printf(" %s: %s", unet_reply_has(event, UNET_A_IFNAME) ?
		       event->ifname : "-", unet_word_event(event->event, word));
	if (unet_reply_has(event, UNET_A_CHANNEL))
		printf(" channel %u", event->channel);
	unet_cell_owner(event, owner);
	if (*owner)
		printf(" of %s", owner);
	if (unet_reply_has(event, UNET_A_REASON) && event->reason)
		printf(", which %s", unet_word_reason_text(event->reason));
	putchar('\n');
	return fflush(stdout) ? -EIO : 0;
}

static int print_event(const struct unet_reply *event, void *arg)
{
	static const struct unet_reply lost;
	const struct unet_run *run = arg;

	if (event && (event->cmd != UNET_CMD_EVENT ||
		      !unet_reply_has(event, UNET_A_EVENT) ||
		      !unet_match(&run->filter, event)))
		return 0;
	if (!event)
		event = &lost;
	if (run->given & UNET_OPTION_JSON)
		return unet_output_object(stdout, fields, event);
	return print_line(event);
}

int unet_cmd_monitor(struct unet_run *run)
{
	return unet_genl_listen(run->genl, print_event, run);
}
