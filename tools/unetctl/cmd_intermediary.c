// SPDX-License-Identifier: MIT
/*
 * intermediary
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "command.h"
#include "explain.h"
#include "output.h"
#include "program.h"

/**
 * struct grant - one grant as the kernel tells it
 * @n:		numbers by UNET_IA_*, ports in host order; of PATTERNS how many
 * @have:	bit UNET_IA_*: it was there
 * @ifname:	device
 * @comm:	of the intermediary, printable; "" without
 * @local:	local address
 * @remote:	remote address
 * @nstats:	entries of @stats
 * @stats:	by enum unet_inter_stat
 */
struct grant {
	uint64_t n[UNET_IA_COUNT];
	uint64_t have;
	char ifname[UNET_NAME_LEN];
	char comm[32];
	uint8_t local[16];
	uint8_t remote[16];
	unsigned int nstats;
	uint64_t stats[UNET_INTER_CNT_COUNT];
};

_Static_assert(UNET_IA_COUNT <= 64, "an attribute has no bit in have");

/* ---- what the kernel says ------------------------------------------------ */

static void take_string(char *to, size_t size, const struct nlattr *attr)
{
	const char *from = mnl_attr_get_payload(attr);
	size_t i, len = mnl_attr_get_payload_len(attr);

	for (i = 0; i < len && i < size - 1 && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

static void take_stats(struct grant *g, const struct nlattr *attr)
{
	size_t n = mnl_attr_get_payload_len(attr) / sizeof(uint64_t);

	g->nstats = n < UNET_INTER_CNT_COUNT ? n : UNET_INTER_CNT_COUNT;
	memcpy(g->stats, mnl_attr_get_payload(attr),
	       g->nstats * sizeof(uint64_t));
}

static void take_number(struct grant *g, uint16_t type, const struct nlattr *attr)
{
	const uint8_t *p = mnl_attr_get_payload(attr);
	uint32_t v;

	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		g->n[type] = *p;
		break;
	case 2:
		g->n[type] = (uint64_t)p[0] << 8 | p[1];
		break;
	case 4:
		memcpy(&v, p, sizeof(v));
		g->n[type] = v;
		break;
	}
}

static void take(struct grant *g, const struct nlattr *attr)
{
	uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

	if (type >= UNET_IA_COUNT)
		return;
	g->have |= 1ull << type;
	switch (type) {
	case UNET_IA_IFNAME:
		take_string(g->ifname, sizeof(g->ifname), attr);
		break;
	case UNET_IA_COMM:
		take_string(g->comm, sizeof(g->comm), attr);
		break;
	case UNET_IA_STATS:
		take_stats(g, attr);
		break;
	case UNET_IA_LOCAL_ADDR:
		memcpy(g->local, mnl_attr_get_payload(attr), len < 16 ? len : 16);
		g->n[type] = len;
		break;
	case UNET_IA_REMOTE_ADDR:
		memcpy(g->remote, mnl_attr_get_payload(attr), len < 16 ? len : 16);
		g->n[type] = len;
		break;
	case UNET_IA_PATTERNS:
		g->n[type] = len / sizeof(struct unet_pattern);
		break;
	default:
		take_number(g, type, attr);
	}
}

static void parse(const struct nlmsghdr *nlh, struct grant *g)
{
	const struct nlattr *attr;

	memset(g, 0, sizeof(*g));
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		take(g, attr);
}

/* ---- cells ---------------------------------------------------------------- */

static void cell_number(const struct grant *g, int attr, char *buf)
{
	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64, g->n[attr]);
}

static void cell_id(const void *row, char *buf)
{
	cell_number(row, UNET_IA_GRANT, buf);
}

static void cell_dev(const void *row, char *buf)
{
	snprintf(buf, UNET_CELL_BYTES, "%s", ((const struct grant *)row)->ifname);
}

static void cell_uid(const void *row, char *buf)
{
	cell_number(row, UNET_IA_UID, buf);
}

static void cell_priority(const void *row, char *buf)
{
	const struct grant *g = row;

	snprintf(buf, UNET_CELL_BYTES, "%" PRId32,
		 (int32_t)g->n[UNET_IA_PRIORITY]);
}

static void cell_rights(const void *row, char *buf)
{
	const struct grant *g = row;
	size_t n = 0;
	int i;

	buf[0] = '\0';
	for (i = 0; unet_inter_right(i); i++)
		if (g->n[UNET_IA_RIGHTS] >> i & 1 && n < UNET_CELL_BYTES)
			n += snprintf(buf + n, UNET_CELL_BYTES - n, "%s%s",
				      n ? "," : "", unet_inter_right(i));
}

static void cell_direction(const void *row, char *buf)
{
	static const char *const words[] = { "none", "in", "out", "both" };
	const struct grant *g = row;

	snprintf(buf, UNET_CELL_BYTES, "%s", words[g->n[UNET_IA_DIRECTIONS] & 3]);
}

static void cell_policy(const void *row, char *buf)
{
	const struct grant *g = row;

	if (g->n[UNET_IA_POLICY] == UNET_INTER_FAIL_AFTER)
		snprintf(buf, UNET_CELL_BYTES, "after:%" PRIu64,
			 g->n[UNET_IA_AFTER_MS]);
	else
		snprintf(buf, UNET_CELL_BYTES, "%s", g->n[UNET_IA_POLICY] ?
			 "closed" : "open");
}

static void cell_state(const void *row, char *buf)
{
	static const char *const words[] = { "waiting", "serving", "failed", "barred" };
	const struct grant *g = row;
	uint64_t n = g->n[UNET_IA_STATE];

	snprintf(buf, UNET_CELL_BYTES, "%s", n < 4 ? words[n] : "?");
}

static void cell_who(const void *row, char *buf)
{
	const struct grant *g = row;

	buf[0] = '\0';
	if (g->comm[0])
		snprintf(buf, UNET_CELL_BYTES, "%s[%" PRIu64 "]", g->comm,
			 g->n[UNET_IA_PID]);
}

static void cell_end(const struct grant *g, int addr, const uint8_t *bytes,
		     char *buf)
{
	char text[UNET_CELL_BYTES];
	unsigned int len = g->n[addr], bits = g->n[addr + 1];
	unsigned int port = g->n[addr + 2];

	if (!len && !port) {
		snprintf(buf, UNET_CELL_BYTES, "*");
	} else if (!len || bits == 8 * len) {
		unet_output_endpoint(len ? bytes : NULL, len, port, buf);
	} else {
		unet_output_addr(bytes, len, text);
		snprintf(buf, UNET_CELL_BYTES, "%.60s/%u%s%.0u", text, bits,
			 port ? " port " : "", port);
	}
}

static void cell_local(const void *row, char *buf)
{
	const struct grant *g = row;

	cell_end(g, UNET_IA_LOCAL_ADDR, g->local, buf);
}

static void cell_remote(const void *row, char *buf)
{
	const struct grant *g = row;

	cell_end(g, UNET_IA_REMOTE_ADDR, g->remote, buf);
}

static void cell_proto(const void *row, char *buf)
{
	const struct grant *g = row;
	char word[UNET_WORD_BYTES];

	if (!(g->have >> UNET_IA_PROTO & 1))
		snprintf(buf, UNET_CELL_BYTES, "any");
	else
		snprintf(buf, UNET_CELL_BYTES, "%s",
			 unet_word_proto(g->n[UNET_IA_PROTO], word));
}

/* By what it tells packets of its flows apart. */
static void cell_picks(const void *row, char *buf)
{
	const struct grant *g = row;
	bool bytes = g->n[UNET_IA_PATTERNS], program = g->n[UNET_IA_PROG_ID];

	snprintf(buf, UNET_CELL_BYTES, "%s%s%s", bytes ? "pattern" : "",
		 bytes && program ? "," : "", program ? "program" : "");
	if (!buf[0])
		snprintf(buf, UNET_CELL_BYTES, "all");
}

/* Where it may redirect to: behind the rights, which say that it may. */
static void cell_redirect(const void *row, char *buf)
{
	const struct grant *g = row;

	snprintf(buf, UNET_CELL_BYTES, "-");
	if (g->n[UNET_IA_REDIRECT_PORT])
		cell_number(g, UNET_IA_REDIRECT_PORT, buf);
}

static void cell_held(const void *row, char *buf)
{
	cell_number(row, UNET_IA_HELD, buf);
}

/* ---- JSON ----------------------------------------------------------------- */

static json_t *json_text(const void *row, void (*cell)(const void *, char *))
{
	char buf[UNET_CELL_BYTES];

	cell(row, buf);
	return buf[0] ? json_string(buf) : json_null();
}

#define JSON_TEXT(what) \
static json_t *json_##what(const void *row) { return json_text(row, cell_##what); }
JSON_TEXT(dev)
JSON_TEXT(policy)
JSON_TEXT(direction)
JSON_TEXT(state)
JSON_TEXT(local)
JSON_TEXT(remote)
JSON_TEXT(proto)

#define JSON_NUMBER(what, attr) \
static json_t *json_##what(const void *row) \
{ return unet_output_json_number(((const struct grant *)row)->n[attr]); }
JSON_NUMBER(id, UNET_IA_GRANT)
JSON_NUMBER(uid, UNET_IA_UID)
JSON_NUMBER(held, UNET_IA_HELD)
JSON_NUMBER(hold, UNET_IA_HOLD_MS)
JSON_NUMBER(backlog, UNET_IA_BACKLOG)
JSON_NUMBER(patterns, UNET_IA_PATTERNS)
JSON_NUMBER(program, UNET_IA_PROG_ID)

static json_t *json_priority(const void *row)
{
	const struct grant *g = row;

	return json_integer((int32_t)g->n[UNET_IA_PRIORITY]);
}

static json_t *json_pid(const void *row)
{
	const struct grant *g = row;

	return g->comm[0] ? unet_output_json_number(g->n[UNET_IA_PID]) :
			    json_null();
}

static json_t *json_redirect(const void *row)
{
	const struct grant *g = row;

	return g->n[UNET_IA_REDIRECT_PORT] ?
	       unet_output_json_number(g->n[UNET_IA_REDIRECT_PORT]) : json_null();
}

static json_t *json_comm(const void *row)
{
	const struct grant *g = row;

	return g->comm[0] ? json_string(g->comm) : json_null();
}

static json_t *json_rights(const void *row)
{
	const struct grant *g = row;
	json_t *all = json_array();
	int i;

	for (i = 0; all && unet_inter_right(i); i++)
		if (g->n[UNET_IA_RIGHTS] >> i & 1)
			json_array_append_new(all, json_string(unet_inter_right(i)));
	return all;
}

static const struct unet_output_field fields[] = {
	{ .head = "GRANT", .key = "grant", .cell = cell_id, .json = json_id,
	  .right = true },
	{ .head = "DEV", .key = "ifname", .cell = cell_dev, .json = json_dev },
	{ .head = "PRIO", .key = "priority", .cell = cell_priority,
	  .json = json_priority, .right = true },
	{ .head = "DIR", .key = "direction", .cell = cell_direction,
	  .json = json_direction },
	{ .head = "PROTO", .key = "proto", .cell = cell_proto, .json = json_proto },
	{ .head = "LOCAL", .key = "local", .cell = cell_local, .json = json_local },
	{ .head = "REMOTE", .key = "remote", .cell = cell_remote,
	  .json = json_remote },
	{ .head = "RIGHTS", .key = "rights", .cell = cell_rights,
	  .json = json_rights },
	{ .head = "TO", .key = "redirect_port", .cell = cell_redirect,
	  .json = json_redirect, .right = true },
	{ .head = "POLICY", .key = "policy", .cell = cell_policy,
	  .json = json_policy },
	{ .head = "UID", .key = "uid", .cell = cell_uid, .json = json_uid,
	  .right = true },
	{ .head = "PICKS", .cell = cell_picks },
	{ .key = "patterns", .json = json_patterns },
	{ .key = "program", .json = json_program },
	{ .key = "hold_ms", .json = json_hold },
	{ .key = "backlog", .json = json_backlog },
	{ .head = "STATE", .key = "state", .cell = cell_state, .json = json_state },
	{ .head = "BY", .cell = cell_who },
	{ .key = "pid", .json = json_pid },
	{ .key = "comm", .json = json_comm },
	{ .head = "HELD", .key = "held", .cell = cell_held, .json = json_held,
	  .right = true },
	{ 0 }
};

/* ---- stat ------------------------------------------------------------------ */

/* One counter of one grant. */
struct stat_row {
	const struct grant *grant;
	unsigned int i;
};

#define STAT_NAME(id, name, text)	[UNET_INTER_CNT_##id] = { name, text },
static const struct {
	const char *name;
	const char *text;
} stats[UNET_INTER_CNT_COUNT] = {
	UNET_INTER_STATS(STAT_NAME)
};

static void stat_id(const void *row, char *buf)
{
	cell_number(((const struct stat_row *)row)->grant, UNET_IA_GRANT, buf);
}

static void stat_name(const void *row, char *buf)
{
	snprintf(buf, UNET_CELL_BYTES, "%s",
		 stats[((const struct stat_row *)row)->i].name);
}

static void stat_text(const void *row, char *buf)
{
	snprintf(buf, UNET_CELL_BYTES, "%s",
		 stats[((const struct stat_row *)row)->i].text);
}

static void stat_value(const void *row, char *buf)
{
	const struct stat_row *r = row;

	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64, r->grant->stats[r->i]);
}

static json_t *stat_json_id(const void *row)
{
	return json_id(((const struct stat_row *)row)->grant);
}

static json_t *stat_json_value(const void *row)
{
	const struct stat_row *r = row;

	return unet_output_json_number(r->grant->stats[r->i]);
}

static json_t *stat_json_name(const void *row)
{
	return json_text(row, stat_name);
}

static const struct unet_output_field stat_fields[] = {
	{ .head = "GRANT", .key = "grant", .cell = stat_id, .json = stat_json_id,
	  .right = true },
	{ .head = "COUNTER", .key = "counter", .cell = stat_name,
	  .json = stat_json_name },
	{ .head = "VALUE", .key = "value", .cell = stat_value,
	  .json = stat_json_value, .right = true },
	{ .head = "WHAT", .cell = stat_text },
	{ 0 }
};

/* ---- asking ---------------------------------------------------------------- */

/**
 * struct listing - a dump on its way out
 * @run:	of the command
 * @out:	where to
 * @seen:	grants that were meant
 */
struct listing {
	struct unet_run *run;
	struct unet_output *out;
	unsigned int seen;
};

static int print_stats(struct listing *l, const struct grant *g)
{
	bool all = l->run->given & (UNET_OPTION_ALL | UNET_OPTION_JSON);
	struct stat_row row = { .grant = g };
	int err = 0;

	for (row.i = 1; row.i < g->nstats && !err; row.i++)
		if (all || g->stats[row.i])
			err = unet_output_row(l->out, &row);
	return err;
}

static int on_grant(const struct nlmsghdr *nlh, void *arg)
{
	struct listing *l = arg;
	const struct unet_inter_args *want = &l->run->inter;
	struct grant g;

	parse(nlh, &g);
	if (want->id && g.n[UNET_IA_GRANT] != want->id)
		return 0;
	l->seen++;
	return want->verb == UNET_INTER_VERB_STAT ? print_stats(l, &g) :
						    unet_output_row(l->out, &g);
}

static void put_ifname(struct nlmsghdr *nlh, const void *arg)
{
	const struct unet_inter_args *a = arg;

	if (a->dev[0])
		mnl_attr_put_strz(nlh, UNET_IA_IFNAME, a->dev);
}

static void put_terms(struct nlmsghdr *nlh, const void *arg)
{
	const struct unet_inter_args *a = arg;
	unsigned int i;

	put_ifname(nlh, a);
	for (i = 0; i < a->num; i++)
		mnl_attr_put(nlh, a->value[i].attr, a->value[i].len,
			     a->value[i].bytes);
	if (a->num_patterns)
		mnl_attr_put(nlh, UNET_IA_PATTERNS,
			     a->num_patterns * sizeof(a->pattern[0]), a->pattern);
	if (a->prog_fd >= 0)
		mnl_attr_put_u32(nlh, UNET_IA_PROG_FD, a->prog_fd);
}

static void put_id(struct nlmsghdr *nlh, const void *arg)
{
	mnl_attr_put_u32(nlh, UNET_IA_GRANT,
			 ((const struct unet_inter_args *)arg)->id);
}

static int list(struct unet_run *run, const struct unet_output_field *what)
{
	const struct unet_genl_query query = {
		.cmd = UNET_CMD_INTER_GET, .dump = true, .put = put_ifname,
		.put_arg = &run->inter, .raw = on_grant,
	};
	struct listing l = { .run = run };
	int err, closed;

	l.out = unet_output_open(stdout, what, run->given & UNET_OPTION_JSON ?
				 UNET_OUTPUT_JSON : 0);
	if (!l.out)
		return -ENOMEM;
	err = unet_genl_ask(run->genl, &query, NULL, &l);
	if (!err && run->inter.id && !l.seen) {
		snprintf(run->error.text, sizeof(run->error.text),
			 "%" PRIu32 ": no such grant (unetctl intermediary list shows them)",
			 run->inter.id);
		err = -ENOENT;
	}
	if (err)
		unet_output_failed(l.out);
	closed = unet_output_close(l.out);
	return err ? err : closed;
}

static int keep_id(const struct nlmsghdr *nlh, void *arg)
{
	struct grant g;

	parse(nlh, &g);
	*(uint32_t *)arg = g.n[UNET_IA_GRANT];
	return 0;
}

static void say(const struct unet_run *run, uint32_t id, const char *rest,
		const char *dev)
{
	if (run->given & UNET_OPTION_JSON)
		printf("{\"grant\": %" PRIu32 "}\n", id);
	else
		printf("grant %" PRIu32 " %s%s\n", id, rest, dev);
}

static int give(struct unet_run *run)
{
	const struct unet_genl_query query = {
		.cmd = UNET_CMD_INTER_GRANT, .put = put_terms,
		.put_arg = &run->inter, .raw = keep_id,
	};
	uint32_t id = 0;
	int err;

	run->inter.prog_fd = unet_program_open(run->inter.program, &run->error);
	if (run->inter.prog_fd < -1)
		return run->inter.prog_fd;
	err = unet_genl_ask(run->genl, &query, NULL, &id);
	if (run->inter.prog_fd >= 0)
		close(run->inter.prog_fd);
	if (!err)
		say(run, id, "on ", run->inter.dev);
	return err;
}

static int take_back(struct unet_run *run)
{
	const struct unet_genl_query query = {
		.cmd = UNET_CMD_INTER_REVOKE, .put = put_id,
		.put_arg = &run->inter,
	};
	int err = unet_genl_ask(run->genl, &query, NULL, NULL);

	if (!err)
		say(run, run->inter.id, "revoked", "");
	return err;
}

int unet_cmd_intermediary(struct unet_run *run)
{
	switch (run->inter.verb) {
	case UNET_INTER_VERB_GRANT:
		run->subject = run->inter.dev;
		return give(run);
	case UNET_INTER_VERB_REVOKE:
		return take_back(run);
	case UNET_INTER_VERB_LIST:
		return list(run, fields);
	case UNET_INTER_VERB_STAT:
		return list(run, stat_fields);
	}
	return -EINVAL;
}
