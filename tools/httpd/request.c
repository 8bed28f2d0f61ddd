// SPDX-License-Identifier: MIT
#include <string.h>
#include <strings.h>

#include "request.h"

/* What is still to be read. */
struct text {
	const char *p;
	const char *end;
};

/* What the fields said, to be weighed when all are read. */
struct fields {
	unsigned int hosts;
	unsigned int lengths;
	bool length_above_zero;
	bool transfer_encoding;
	bool close;
	bool keep_alive;
	bool if_range;
	struct unet_http_range range;
};

static size_t left(const struct text *t)
{
	return t->end - t->p;
}

static bool is_token_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

static size_t token_len(const struct text *t)
{
	size_t n = 0;

	while (n < left(t) && is_token_char(t->p[n]))
		n++;
	return n;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(struct text *t)
{
	while (left(t) && is_space(*t->p))
		t->p++;
	while (left(t) && is_space(t->end[-1]))
		t->end--;
}

/* A line without its CRLF or LF, which is passed; false when it is not whole. */
static bool take_line(struct text *from, struct text *line)
{
	const char *lf = memchr(from->p, '\n', left(from));

	if (!lf)
		return false;
	line->p = from->p;
	line->end = lf;
	if (lf > line->p && lf[-1] == '\r')
		line->end--;
	from->p = lf + 1;
	return true;
}

static bool is_word(const struct text *t, const char *word)
{
	return left(t) == strlen(word) && !strncasecmp(t->p, word, left(t));
}

/* Decimal digits, all of them; more than fits stays at the largest. */
static bool take_number(struct text *t, uint64_t *value)
{
	const char *start = t->p;
	uint64_t n = 0;

	for (; left(t) && *t->p >= '0' && *t->p <= '9'; t->p++) {
		unsigned int digit = *t->p - '0';

		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*value = n;
	return t->p > start;
}

/* ---- request line -------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int decode_path(const struct text *from, char *path)
{
	struct text t = *from;
	size_t n = 0;
	int c;

	for (; left(&t); t.p++) {
		c = (unsigned char)*t.p;
		if (c == '%') {
			if (left(&t) < 3 || hex_digit(t.p[1]) < 0 ||
			    hex_digit(t.p[2]) < 0)
				return -400;
			c = hex_digit(t.p[1]) << 4 | hex_digit(t.p[2]);
			t.p += 2;
		}
		if (!c)
			return -400;
		if (n == UNET_HTTP_PATH_BYTES - 1)
			return -414;
		path[n++] = c;
	}
	path[n] = '\0';
	return 0;
}

/* "http://host:1/path" is as good as "/path" (RFC 9112, 3.2.2). */
static void skip_authority(struct text *target)
{
	static const char scheme[] = "http://";
	size_t len = sizeof(scheme) - 1;
	const char *slash;

	if (left(target) < len || strncasecmp(target->p, scheme, len))
		return;
	slash = memchr(target->p + len, '/', left(target) - len);
	if (slash)
		target->p = slash;
}

static int take_target(struct text *line, struct unet_http_request *req)
{
	struct text target = *line;
	const char *query;
	size_t n = 0;

	while (n < left(line) && line->p[n] > ' ' && line->p[n] < 0x7f)
		n++;
	if (!n || n == left(line) || line->p[n] != ' ')
		return -400;
	target.end = line->p + n;
	line->p += n + 1;
	skip_authority(&target);
	if (*target.p != '/')
		return -400;
	query = memchr(target.p, '?', left(&target));
	if (query)
		target.end = query;
	if (left(&target) > UNET_HTTP_PATH_BYTES)
		return -414;
	req->target = target.p;
	req->target_len = left(&target);
	return decode_path(&target, req->path);
}

/* HTTP/1.0 closes unless asked not to, HTTP/1.1 the other way round. */
static int take_version(const struct text *line, unsigned int *minor)
{
	static const char name[] = "HTTP/";
	size_t len = sizeof(name) - 1;
	const char *p = line->p + len;

	if (left(line) != len + 3 || memcmp(line->p, name, len))
		return -400;
	if (p[0] < '0' || p[0] > '9' || p[1] != '.' || p[2] < '0' || p[2] > '9')
		return -400;
	if (p[0] != '1')
		return -505;
	*minor = p[2] - '0';
	return 0;
}

static int read_request_line(struct text *line, struct unet_http_request *req,
			     unsigned int *minor)
{
	struct text method = { line->p, line->p + token_len(line) };
	bool known;
	int err;

	line->p = method.end;
	if (!left(&method) || !left(line) || *line->p != ' ')
		return -400;
	line->p++;
	req->head_only = left(&method) == 4 && !memcmp(method.p, "HEAD", 4);
	known = req->head_only ||
		(left(&method) == 3 && !memcmp(method.p, "GET", 3));
	if (!known)
		return -405;
	err = take_target(line, req);
	return err ? err : take_version(line, minor);
}

/* ---- fields -------------------------------------------------------------- */

static int read_host(struct text *value, struct fields *fields)
{
	(void)value;
	fields->hosts++;
	return 0;
}

static int read_content_length(struct text *value, struct fields *fields)
{
	uint64_t n;

	if (!take_number(value, &n) || left(value))
		return -400;
	fields->lengths++;
	fields->length_above_zero |= n > 0;
	return 0;
}

static int read_transfer_encoding(struct text *value, struct fields *fields)
{
	(void)value;
	fields->transfer_encoding = true;
	return 0;
}

static int read_connection(struct text *value, struct fields *fields)
{
	struct text rest = *value, item;
	const char *comma;

	while (left(&rest)) {
		comma = memchr(rest.p, ',', left(&rest));
		item = (struct text){ rest.p, comma ? comma : rest.end };
		rest.p = comma ? comma + 1 : rest.end;
		trim(&item);
		fields->close |= is_word(&item, "close");
		fields->keep_alive |= is_word(&item, "keep-alive");
	}
	return 0;
}

/* One part only; what is not understood is ignored, as RFC 9110, 14.2 has it. */
static int read_range(struct text *value, struct fields *fields)
{
	struct unet_http_range r = { .given = true, .last = UINT64_MAX };
	static const char unit[] = "bytes=";
	size_t len = sizeof(unit) - 1;

	fields->range.given = false;
	if (left(value) <= len || strncasecmp(value->p, unit, len))
		return 0;
	value->p += len;
	r.suffix = !take_number(value, &r.first);
	if (!left(value) || *value->p++ != '-')
		return 0;
	if (!take_number(value, &r.last)) {
		if (r.suffix)
			return 0;
		r.last = UINT64_MAX;
	}
	if (!left(value) && (r.suffix || r.first <= r.last))
		fields->range = r;
	return 0;
}

static int read_if_range(struct text *value, struct fields *fields)
{
	(void)value;
	fields->if_range = true;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct text *value, struct fields *fields);
} field_table[] = {
	{ "host", read_host },
	{ "content-length", read_content_length },
	{ "transfer-encoding", read_transfer_encoding },
	{ "connection", read_connection },
	{ "range", read_range },
	{ "if-range", read_if_range },
};

static int read_field(struct text *line, struct fields *fields)
{
	struct text name = { line->p, line->p + token_len(line) };
	const char *p;
	size_t i;

	line->p = name.end;
	if (!left(&name) || !left(line) || *line->p != ':')
		return -400;
	line->p++;
	for (p = line->p; p < line->end; p++)
		if ((unsigned char)*p < ' ' && *p != '\t')
			return -400;
	trim(line);
	for (i = 0; i < sizeof(field_table) / sizeof(field_table[0]); i++)
		if (is_word(&name, field_table[i].name))
			return field_table[i].read(line, fields);
	return 0;
}

static int weigh_fields(const struct fields *fields, unsigned int minor,
			struct unet_http_request *req)
{
	if (fields->hosts > 1 || (minor && !fields->hosts))
		return -400;
	if (fields->lengths > 1 || (fields->lengths && fields->transfer_encoding))
		return -400;
	req->body = fields->length_above_zero || fields->transfer_encoding;
	req->close = fields->close || req->body ||
		     (!minor && !fields->keep_alive);
	/* This server has no validators, so no If-Range can hold. */
	if (!fields->if_range && !req->head_only)
		req->range = fields->range;
	return 0;
}

/* ---- the whole head ------------------------------------------------------- */

/* 1 when the head is whole, 0 when not yet, or -status. */
static int read_head(struct text *t, struct unet_http_request *req)
{
	struct fields fields = { 0 };
	unsigned int minor = 0;
	struct text line;
	int err;

	do {	/* empty lines before the request (RFC 9112, 2.2) */
		if (!take_line(t, &line))
			return 0;
	} while (!left(&line));
	err = read_request_line(&line, req, &minor);
	while (!err) {
		if (!take_line(t, &line))
			return 0;
		if (!left(&line))
			break;
		err = read_field(&line, &fields);
	}
	if (!err)
		err = weigh_fields(&fields, minor, req);
	return err ? err : 1;
}

int unet_http_parse(const char *buf, size_t len, struct unet_http_request *req)
{
	size_t taken = len < UNET_HTTP_HEAD_BYTES ? len : UNET_HTTP_HEAD_BYTES;
	struct text t = { buf, buf + taken };
	int ret;

	memset(req, 0, sizeof(*req));
	ret = read_head(&t, req);
	if (ret > 0)
		return t.p - buf;
	return !ret && taken == UNET_HTTP_HEAD_BYTES ? -431 : ret;
}

int unet_http_clip(const struct unet_http_range *range, uint64_t size,
		   uint64_t *first, uint64_t *count)
{
	*first = 0;
	*count = size;
	if (!range->given)
		return 200;
	if (range->suffix) {
		if (!range->last || !size)
			return 416;
		*count = range->last < size ? range->last : size;
		*first = size - *count;
		return 206;
	}
	if (range->first >= size)
		return 416;
	*first = range->first;
	*count = (range->last < size ? range->last : size - 1) - range->first + 1;
	return 206;
}
