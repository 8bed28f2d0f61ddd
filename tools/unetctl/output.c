// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reply.h"

#define HELD_ROWS	256	/* of a table, before widths are settled */
#define GAP		"  "
#define TIME_DIGITS	JSON_REAL_PRECISION(16)	/* seconds since 1970 to the us */

_Static_assert(UNET_REPLY_CHAIN <= UNET_CELL_BYTES, "a chain is cut");

struct unet_output {
	FILE *to;
	const struct unet_output_field *fields;
	unsigned int flags;
	unsigned int ncolumns;
	size_t printed;		/* rows */
	bool headed;		/* the headings are out */
	bool failed;		/* no headings for nothing */
	int error;
	unsigned int nheld;
	unsigned int *width;	/* by column */
	char *held;		/* nheld rows of ncolumns cells of UNET_CELL_BYTES */
};

/* ---- text --------------------------------------------------------------- */

void unet_output_bytes(uint64_t n, char *buf)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t tenths = n / 100;	/* of a thousand */
	unsigned int i = 0;

	if (n < 1000) {
		snprintf(buf, UNET_CELL_BYTES, "%" PRIu64, n);
		return;
	}
	for (; tenths >= 10000; tenths /= 1000)
		i++;
	snprintf(buf, UNET_CELL_BYTES, "%" PRIu64 ".%" PRIu64 " %s",
		 tenths / 10, tenths % 10, units[i]);
}

static bool is_any(const uint8_t *addr, unsigned int len)
{
	while (len)
		if (addr[--len])
			return false;
	return true;
}

void unet_output_addr(const uint8_t *addr, unsigned int len, char *buf)
{
	*buf = '\0';
	if (!is_any(addr, len))
		inet_ntop(len == 4 ? AF_INET : AF_INET6, addr, buf,
			  UNET_CELL_BYTES);
}

void unet_output_endpoint(const uint8_t *addr, unsigned int len, uint16_t port,
			  char *buf)
{
	char text[UNET_CELL_BYTES] = "";
	const char *open = "", *close = "";

	if (addr)
		unet_output_addr(addr, len, text);
	if (!*text) {
		strcpy(text, "*");
	} else if (len == 16 && port) {
		open = "[";
		close = "]";
	}
	if (port)
		snprintf(buf, UNET_CELL_BYTES, "%s%.64s%s:%u", open, text, close,
			 port);
	else
		snprintf(buf, UNET_CELL_BYTES, "%s", text);
}

static void attr_cell(const struct unet_output_field *field,
		      const struct unet_reply *reply, char *buf)
{
	const char *string = unet_reply_string(reply, field->attr);
	uint64_t n = unet_reply_number(reply, field->attr);
	char word[UNET_WORD_BYTES];

	*buf = '\0';
	if (!unet_reply_has(reply, field->attr) || (!n && field->zero_is_null))
		return;
	if (string)
		snprintf(buf, UNET_CELL_BYTES, "%s", string);
	else if (field->word)
		snprintf(buf, UNET_CELL_BYTES, "%s", field->word(n, word));
	else
		snprintf(buf, UNET_CELL_BYTES, "%" PRIu64, n);
}

/* ---- JSON --------------------------------------------------------------- */

json_t *unet_output_json_number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *attr_json(const struct unet_output_field *field,
			 const struct unet_reply *reply)
{
	const char *string = unet_reply_string(reply, field->attr);
	uint64_t n = unet_reply_number(reply, field->attr);
	char word[UNET_WORD_BYTES];

	if (!unet_reply_has(reply, field->attr))
		return json_null();
	if (string)
		return json_string(string);
	if (!n && field->zero_is_null)
		return json_null();
	if (field->word)
		return json_string(field->word(n, word));
	return unet_output_json_number(n);
}

static json_t *object(const struct unet_output_field *fields, const void *row)
{
	const struct unet_output_field *f;
	json_t *obj = json_object();

	for (f = fields; obj && (f->head || f->key); f++) {
		if (!f->key)
			continue;
		if (json_object_set_new(obj, f->key, f->json ? f->json(row) :
					attr_json(f, row))) {
			json_decref(obj);
			obj = NULL;
		}
	}
	return obj;
}

static int dump_object(FILE *to, const struct unet_output_field *fields,
		       const void *row)
{
	json_t *obj = object(fields, row);
	int err;

	if (!obj)
		return -ENOMEM;
	err = json_dumpf(obj, to, JSON_COMPACT | TIME_DIGITS) ? -EIO : 0;
	json_decref(obj);
	return err;
}

int unet_output_object(FILE *to, const struct unet_output_field *fields,
		       const void *row)
{
	int err = dump_object(to, fields, row);

	if (err)
		return err;
	return fputc('\n', to) == EOF || fflush(to) ? -EIO : 0;
}

/* ---- table -------------------------------------------------------------- */

static bool is_column(const struct unet_output *out,
		      const struct unet_output_field *field)
{
	if (!field->head)
		return false;
	return !field->extra || out->flags & UNET_OUTPUT_EXTRA;
}

static void print_cell(struct unet_output *out, unsigned int column, bool right,
		       const char *text)
{
	int width = out->width[column];

	if (column)
		fputs(GAP, out->to);
	if (column == out->ncolumns - 1 && !right)
		width = 0;	/* nothing to line up behind it */
	fprintf(out->to, "%*s", right ? width : -width, text);
}

static void widen(struct unet_output *out, unsigned int column, const char *text)
{
	unsigned int len = strlen(text);

	if (out->width[column] < len)
		out->width[column] = len;
}

/* Print what is held: row i's cells, or the headings when i is -1. */
static void print_line(struct unet_output *out, int i)
{
	const struct unet_output_field *f;
	unsigned int column = 0;
	const char *text;

	for (f = out->fields; f->head || f->key; f++) {
		if (!is_column(out, f))
			continue;
		text = f->head;
		if (i >= 0)
			text = out->held + UNET_CELL_BYTES *
				((size_t)i * out->ncolumns + column);
		print_cell(out, column++, f->right, text);
	}
	fputc('\n', out->to);
}

static void print_held(struct unet_output *out)
{
	unsigned int i;

	if (!out->headed)
		print_line(out, -1);
	out->headed = true;
	for (i = 0; i < out->nheld; i++)
		print_line(out, i);
	out->nheld = 0;
}

static void hold_row(struct unet_output *out, const void *row)
{
	const struct unet_output_field *f;
	unsigned int column = 0;
	char *cell;

	cell = out->held + UNET_CELL_BYTES * (size_t)out->nheld * out->ncolumns;
	for (f = out->fields; f->head || f->key; f++) {
		if (!is_column(out, f))
			continue;
		if (f->cell)
			f->cell(row, cell);
		else
			attr_cell(f, row, cell);
		if (!*cell)
			strcpy(cell, "-");
		widen(out, column++, cell);
		cell += UNET_CELL_BYTES;
	}
	if (++out->nheld == HELD_ROWS)
		print_held(out);
}

static int prepare_table(struct unet_output *out)
{
	const struct unet_output_field *f;
	unsigned int column = 0;

	for (f = out->fields; f->head || f->key; f++)
		out->ncolumns += is_column(out, f);
	out->width = calloc(out->ncolumns, sizeof(*out->width));
	out->held = malloc((size_t)HELD_ROWS * out->ncolumns * UNET_CELL_BYTES);
	if (!out->width || !out->held)
		return -ENOMEM;
	for (f = out->fields; f->head || f->key; f++)
		if (is_column(out, f))
			widen(out, column++, f->head);
	return 0;
}

/* ---- both --------------------------------------------------------------- */

static void free_output(struct unet_output *out)
{
	free(out->width);
	free(out->held);
	free(out);
}

struct unet_output *unet_output_open(FILE *to,
				     const struct unet_output_field *fields,
				     unsigned int flags)
{
	struct unet_output *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->to = to;
	out->fields = fields;
	out->flags = flags;
	if (flags & UNET_OUTPUT_JSON) {
		fputc('[', to);
	} else if (prepare_table(out)) {
		free_output(out);
		return NULL;
	}
	return out;
}

void unet_output_failed(struct unet_output *out)
{
	if (out)
		out->failed = true;
}

int unet_output_row(struct unet_output *out, const void *row)
{
	if (out->error)
		return out->error;
	if (out->flags & UNET_OUTPUT_JSON) {
		if (out->printed)
			fputc(',', out->to);
		out->error = dump_object(out->to, out->fields, row);
	} else {
		hold_row(out, row);
	}
	if (ferror(out->to))
		out->error = -EIO;
	out->printed++;
	return out->error;
}

int unet_output_close(struct unet_output *out)
{
	int err;

	if (!out)
		return 0;
	if (out->flags & UNET_OUTPUT_JSON)
		fputs("]\n", out->to);
	else if (out->printed || !out->failed)
		print_held(out);
	if (fflush(out->to) || ferror(out->to))
		out->error = -EIO;
	err = out->error;
	free_output(out);
	return err;
}
