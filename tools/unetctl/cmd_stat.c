// SPDX-License-Identifier: MIT
/*
 * stats
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "explain.h"
#include "output.h"

/* Counters of one nexus as they stood a turn ago. */
struct past {
	uint32_t ifindex;
	uint32_t ncounters;
	uint64_t counters[UNET_REPLY_COUNTERS];
};

/* What --watch keeps from turn to turn. */
struct memory {
	struct timespec read_at;
	size_t n;
	struct past nexus[];
};

struct row {
	const struct unet_reply *nexus;
	const struct past *past;	/* NULL: not seen before */
	double seconds;			/* since then */
	uint32_t counter;
};

struct listing {
	struct unet_output *out;
	const struct memory *before;
	struct memory *now;
	double seconds;
	bool json;
	bool all;
};

static void dev_cell(const void *arg, char *buf)
{
	const struct row *row = arg;

	snprintf(buf, UNET_CELL_BYTES, "%s", row->nexus->ifname);
}

static void counter_cell(const void *arg, char *buf)
{
	const struct row *row = arg;
	char word[UNET_WORD_BYTES];

	snprintf(buf, UNET_CELL_BYTES, "%s", unet_word_counter(row->counter, word));
}

static void value_cell(const void *arg, char *buf)
{
	const struct row *row = arg;

	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64,
		 row->nexus->counters[row->counter]);
}

static void rate_cell(const void *arg, char *buf)
{
	const struct row *row = arg;
	uint64_t now = row->nexus->counters[row->counter], then;

	*buf = '\0';
	if (!row->past || row->counter >= row->past->ncounters ||
	    row->seconds <= 0)
		return;
	then = row->past->counters[row->counter];
	if (now >= then)	/* else attached anew meanwhile */
		snprintf(buf, UNET_CELL_BYTES, "%.0f",
			 (now - then) / row->seconds);
}

static void meaning_cell(const void *arg, char *buf)
{
	const struct row *row = arg;

	snprintf(buf, UNET_CELL_BYTES, "%s", unet_word_counter_text(row->counter));
}

static const struct unet_output_field table_fields[] = {
	{ .head = "DEV", .cell = dev_cell },
	{ .head = "COUNTER", .cell = counter_cell },
	{ .head = "VALUE", .cell = value_cell, .right = true },
	{ .head = "PER SECOND", .cell = rate_cell, .right = true, .extra = true },
	{ .head = "MEANING", .cell = meaning_cell },
	{ 0 }
};

static json_t *counters_json(const void *arg)
{
	const struct unet_reply *nexus = arg;
	json_t *counters = json_object();
	char word[UNET_WORD_BYTES];
	uint32_t i;

	for (i = UNET_CNT_NONE + 1; counters && i < nexus->ncounters; i++) {
		if (json_object_set_new(counters, unet_word_counter(i, word),
					unet_output_json_number(nexus->counters[i]))) {
			json_decref(counters);
			counters = NULL;
		}
	}
	return counters;
}

static const struct unet_output_field json_fields[] = {
	{ .key = "ifname", .attr = UNET_A_IFNAME },
	{ .key = "ifindex", .attr = UNET_A_IFINDEX },
	{ .key = "counters", .json = counters_json },
	{ 0 }
};

static const struct past *find_past(const struct memory *before, uint32_t ifindex)
{
	size_t i;

	for (i = 0; before && i < before->n; i++)
		if (before->nexus[i].ifindex == ifindex)
			return &before->nexus[i];
	return NULL;
}

static int remember(struct listing *listing, const struct unet_reply *nexus)
{
	size_t n = listing->now->n;
	struct memory *more;
	struct past *past;

	more = realloc(listing->now, sizeof(*more) + (n + 1) * sizeof(*past));
	if (!more)
		return -ENOMEM;
	listing->now = more;
	past = &more->nexus[more->n++];
	past->ifindex = nexus->ifindex;
	past->ncounters = nexus->ncounters;
	memcpy(past->counters, nexus->counters, sizeof(past->counters));
	return 0;
}

static int print_nexus(const struct unet_reply *nexus, void *arg)
{
	struct listing *listing = arg;
	struct row row = {
		.nexus = nexus,
		.past = find_past(listing->before, nexus->ifindex),
		.seconds = listing->seconds,
	};
	int err = remember(listing, nexus);

	if (listing->json && !err)
		return unet_output_row(listing->out, nexus);
	for (row.counter = UNET_CNT_NONE + 1;
	     !err && row.counter < nexus->ncounters; row.counter++)
		if (nexus->counters[row.counter] || listing->all)
			err = unet_output_row(listing->out, &row);
	return err;
}

static double seconds_between(const struct timespec *from,
			      const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) + (to->tv_nsec - from->tv_nsec) / 1e9;
}

static int list(struct unet_run *run, struct listing *listing)
{
	const struct unet_genl_query query = {
		.cmd = UNET_CMD_STATS_GET,
		.dump = true,
		.ifname = run->nwords ? run->words[0] : NULL,
	};
	int err;

	clock_gettime(CLOCK_MONOTONIC, &listing->now->read_at);
	if (listing->before)
		listing->seconds = seconds_between(&listing->before->read_at,
						   &listing->now->read_at);
	err = unet_genl_ask(run->genl, &query, print_nexus, listing);
	if (query.ifname && (err == -ENODEV || err == -ENOENT ||
			     (!err && !listing->now->n))) {
		unet_explain_device(run, query.ifname);
		return -ENODEV;
	}
	return err;
}

int unet_cmd_stats(struct unet_run *run)
{
	bool watch = run->given & UNET_OPTION_WATCH;
	struct listing listing = {
		.json = run->given & UNET_OPTION_JSON,
		.all = run->given & UNET_OPTION_ALL,
		.before = run->memory,
		.now = calloc(1, sizeof(struct memory)),
	};
	int err, closed;

	if (!listing.now)
		return -ENOMEM;
	if (listing.json)
		listing.out = unet_output_open(stdout, json_fields,
					       UNET_OUTPUT_JSON);
	else
		listing.out = unet_output_open(stdout, table_fields,
					       watch ? UNET_OUTPUT_EXTRA : 0);
	err = listing.out ? list(run, &listing) : -ENOMEM;
	if (err)
		unet_output_failed(listing.out);
	closed = unet_output_close(listing.out);
	free(run->memory);
	run->memory = listing.now;
	return err ? err : closed;
}
