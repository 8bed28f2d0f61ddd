// SPDX-License-Identifier: MIT
/* include: tools/httpd/{request,file}.c */
/*
 * Description: heads of HTTP requests are read as RFC 9112 has it or refused
 * with the right status, and no path leads out of the folder that is served.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/httpd/request.c"
#include "tools/httpd/file.c"

#define HOST	"Host: a\r\n"
#define WHOLE	1	/* a head that parses, to its end */

struct row {
	const char *head;
	int answer;	/* WHOLE, 0 or -status */
	const char *path;
};

static void check_rows(const struct row *rows, size_t n)
{
	struct unet_http_request req;
	size_t i, len;
	int got;

	for (i = 0; i < n; i++) {
		len = strlen(rows[i].head);
		got = unet_http_parse(rows[i].head, len, &req);
		if (got != (rows[i].answer == WHOLE ? (int)len : rows[i].answer))
			fail_msg("row %zu \"%s\": %d", i, rows[i].head, got);
		if (rows[i].path && strcmp(req.path, rows[i].path))
			fail_msg("row %zu: path \"%s\"", i, req.path);
	}
}

#define CHECK(rows)	check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void request_lines_are_read_or_refused(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", WHOLE, "/" },
		{ "GET / HTTP/1.0\r\n\r\n", WHOLE, "/" },
		{ "GET / HTTP/1.7\r\n" HOST "\r\n", WHOLE, "/" },
		{ "GET /a/b.html?x=/y HTTP/1.1\n" "Host: a\n" "\n", WHOLE, "/a/b.html" },
		{ "\r\n\n\r\nGET /a HTTP/1.1\r\n" HOST "\r\n", WHOLE, "/a" },
		{ "GET http://h:1/x?q HTTP/1.1\r\n" HOST "\r\n", WHOLE, "/x" },
		{ "GET HTTP://h HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "HEAD /a HTTP/1.1\r\n" HOST "\r\n", WHOLE, "/a" },
		{ "POST / HTTP/1.1\r\n" HOST "\r\n", -405, NULL },
		{ "get / HTTP/1.1\r\n" HOST "\r\n", -405, NULL },
		{ "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", -405, NULL },
		{ "CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n", -405, NULL },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET /  HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET / HTTP/1.1 \r\n" HOST "\r\n", -400, NULL },
		{ " GET / HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET /\r\n", -400, NULL },
		{ "GET\r\n", -400, NULL },
		{ "GET /a\tb HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET /\x80 HTTP/1.1\r\n" HOST "\r\n", -400, NULL },
		{ "GET / HTTP/2.0\r\n", -505, NULL },
		{ "GET / HTTP/0.9\r\n", -505, NULL },
		{ "GET / http/1.1\r\n", -400, NULL },
		{ "GET / HTTP/11\r\n", -400, NULL },
		{ "GET / HTTP/1.x\r\n", -400, NULL },
		{ "GET / HTTP/1.1\r\r\n", -400, NULL },
		{ "\x16\x03\x01\x02 TLS\r\n", -400, NULL },
	};

	(void)state;
	CHECK(rows);
}

static void paths_are_decoded_once(void **state)
{
	static const struct row rows[] = {
		{ "GET /%41%62c HTTP/1.0\r\n\r\n", WHOLE, "/Abc" },
		{ "GET /%2e%2E%2Fetc HTTP/1.0\r\n\r\n", WHOLE, "/../etc" },
		{ "GET /%2541 HTTP/1.0\r\n\r\n", WHOLE, "/%41" },
		{ "GET /a+b HTTP/1.0\r\n\r\n", WHOLE, "/a+b" },
		{ "GET /%00 HTTP/1.0\r\n", -400, NULL },
		{ "GET /% HTTP/1.0\r\n", -400, NULL },
		{ "GET /%4 HTTP/1.0\r\n", -400, NULL },
		{ "GET /%4g HTTP/1.0\r\n", -400, NULL },
		{ "GET /%g4 HTTP/1.0\r\n", -400, NULL },
		{ "GET /x?%zz HTTP/1.0\r\n\r\n", WHOLE, "/x" },
	};

	(void)state;
	CHECK(rows);
}

static void fields_are_read_or_refused(void **state)
{
	static const struct row rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", -400, NULL },	/* no host */
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", -400, NULL },
		{ "GET / HTTP/1.1\r\nHOST:\r\n\r\n", WHOLE, NULL },
		{ "GET / HTTP/1.0\r\nA : b\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\n: b\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nA\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nA: b\r\n c\r\n", -400, NULL }, /* folded */
		{ "GET / HTTP/1.0\r\nA: b\rc\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nA: b\x01\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nA: \xc3\xa9\tb\r\n\r\n", WHOLE, NULL },
		{ "GET / HTTP/1.0\r\nA(: b\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", WHOLE, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length:\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length: -1\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length: 1 1\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length: 1\r\n"
		  "Content-Length: 1\r\n\r\n", -400, NULL },
		{ "GET / HTTP/1.0\r\nContent-Length: 1\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n", -400, NULL },
	};

	(void)state;
	CHECK(rows);
}

static void a_head_is_whole_at_its_empty_line_and_not_before(void **state)
{
	static const char head[] = "GET /abc HTTP/1.1\r\n" HOST "A: b\r\n\r\n";
	struct unet_http_request req;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(head) - 1; len++) {
		char *exact = malloc(len + !len);	/* ASan sees its end */

		memcpy(exact, head, len);
		assert_int_equal(unet_http_parse(exact, len, &req), 0);
		free(exact);
	}
	assert_int_equal(unet_http_parse(head, len, &req), len);
	assert_int_equal(unet_http_parse("GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n",
					 36, &req), 18);
}

static void heads_and_paths_have_limits(void **state)
{
	static char head[UNET_HTTP_HEAD_BYTES + 100];
	struct unet_http_request req;
	int n;

	(void)state;
	n = snprintf(head, sizeof(head), "GET / HTTP/1.0\r\nA: ");
	memset(head + n, 'x', sizeof(head) - n);
	assert_int_equal(unet_http_parse(head, UNET_HTTP_HEAD_BYTES - 1, &req), 0);
	assert_int_equal(unet_http_parse(head, UNET_HTTP_HEAD_BYTES, &req), -431);
	memcpy(head + UNET_HTTP_HEAD_BYTES - 4, "\r\n\r\n", 4);
	assert_int_equal(unet_http_parse(head, sizeof(head), &req),
			 UNET_HTTP_HEAD_BYTES);
	memset(head, '\n', sizeof(head));
	assert_int_equal(unet_http_parse(head, sizeof(head), &req), -431);

	n = snprintf(head, sizeof(head), "GET /%0*d HTTP/1.0\r\n\r\n",
		     UNET_HTTP_PATH_BYTES - 2, 0);
	assert_int_equal(unet_http_parse(head, n, &req), n);
	assert_int_equal(strlen(req.path), UNET_HTTP_PATH_BYTES - 1);
	n = snprintf(head, sizeof(head), "GET /%0*d HTTP/1.0\r\n\r\n",
		     UNET_HTTP_PATH_BYTES - 1, 0);
	assert_int_equal(unet_http_parse(head, n, &req), -414);
	n = snprintf(head, sizeof(head), "GET /%0*d HTTP/1.0\r\n\r\n",
		     UNET_HTTP_PATH_BYTES * 2, 0);
	assert_int_equal(unet_http_parse(head, n, &req), -414);
}

static struct unet_http_request parse(const char *fields, unsigned int minor)
{
	struct unet_http_request req;
	char head[512];
	int n;

	n = snprintf(head, sizeof(head), "GET / HTTP/1.%u\r\n" HOST "%s\r\n",
		     minor, fields);
	assert_int_equal(unet_http_parse(head, n, &req), n);
	return req;
}

static void connections_stay_open_as_the_version_says(void **state)
{
	(void)state;
	assert_false(parse("", 1).close);
	assert_true(parse("", 0).close);
	assert_true(parse("Connection: close\r\n", 1).close);
	assert_true(parse("connection: x , CLOSE\r\n", 1).close);
	assert_false(parse("Connection: closed\r\n", 1).close);
	assert_false(parse("Connection: Keep-Alive\r\n", 0).close);
	assert_true(parse("Connection: keep-alive, close\r\n", 0).close);
	assert_true(parse("Connection: keep-alive\r\nConnection: close\r\n", 1).close);
	assert_false(parse("Connection:\r\n", 1).close);
	assert_false(parse("Connection: ,,\r\n", 1).close);
}

static void a_body_that_nobody_reads_ends_the_connection(void **state)
{
	(void)state;
	assert_true(parse("Content-Length: 5\r\n", 1).close);
	assert_true(parse("Content-Length: 99999999999999999999\r\n", 1).close);
	assert_true(parse("Transfer-Encoding: chunked\r\n", 1).close);
	assert_false(parse("Content-Length: 000\r\n", 1).close);
}

struct range_row {
	const char *field;
	uint64_t size;
	int status;
	uint64_t first, count;
};

static void ranges_are_clipped_to_the_file(void **state)
{
	static const struct range_row rows[] = {
		{ "", 10, 200, 0, 10 },
		{ "Range: bytes=0-3\r\n", 10, 206, 0, 4 },
		{ "Range: bytes=3-3\r\n", 10, 206, 3, 1 },
		{ "range: BYTES=3-\r\n", 10, 206, 3, 7 },
		{ "Range: bytes=3-99\r\n", 10, 206, 3, 7 },
		{ "Range: bytes=9-99999999999999999999\r\n", 10, 206, 9, 1 },
		{ "Range: bytes=10-\r\n", 10, 416, 0, 10 },
		{ "Range: bytes=0-\r\n", 0, 416, 0, 0 },
		{ "Range: bytes=-3\r\n", 10, 206, 7, 3 },
		{ "Range: bytes=-30\r\n", 10, 206, 0, 10 },
		{ "Range: bytes=-0\r\n", 10, 416, 0, 10 },
		{ "Range: bytes=-3\r\n", 0, 416, 0, 0 },
		{ "Range: bytes=4-3\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=-\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=0-1,4-5\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=a-b\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=\r\n", 10, 200, 0, 10 },
		{ "Range: lines=0-3\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=0-3\r\nIf-Range: \"x\"\r\n", 10, 200, 0, 10 },
		{ "Range: bytes=0-18446744073709551615\r\n", UINT64_MAX, 206, 0,
		  UINT64_MAX },
	};
	struct unet_http_request req;
	uint64_t first, count;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		req = parse(rows[i].field, 1);
		if (unet_http_clip(&req.range, rows[i].size, &first, &count) !=
		    rows[i].status || first != rows[i].first ||
		    count != rows[i].count)
			fail_msg("row %zu: %s", i, rows[i].field);
	}
}

/* ---- files ---------------------------------------------------------------- */

static char folder[] = "/tmp/unet-httpd-XXXXXX";

static void put_file(const char *name, const char *text)
{
	char path[256];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "w");
	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static int in_folder(int (*make)(const char *path, const char *to),
		     const char *name, const char *to)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return make(path, to);
}

static int make_link(const char *path, const char *to)
{
	return symlink(to, path);
}

static int make_folder(const char *path, const char *to)
{
	(void)to;
	return mkdir(path, 0755);
}

static int make_fifo(const char *path, const char *to)
{
	(void)to;
	return mkfifo(path, 0644);
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	if (in_folder(make_folder, "www", NULL) ||
	    in_folder(make_folder, "www/sub", NULL) ||
	    in_folder(make_folder, "www/empty", NULL) ||
	    in_folder(make_fifo, "www/fifo", NULL) ||
	    in_folder(make_link, "www/out", "../secret") ||
	    in_folder(make_link, "www/etc", "/etc") ||
	    in_folder(make_link, "www/in", "sub/a.TXT"))
		return -1;
	put_file("secret", "s");
	put_file("www/index.html", "top");
	put_file("www/sub/index.html", "below");
	put_file("www/sub/a.TXT", "hello");
	put_file("www/..dots", "d");
	put_file("www/new\nline", "n");
	return 0;
}

static int remove_files(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

struct file_row {
	const char *path;
	int status;
	uint64_t size;
	const char *type;
};

static void only_files_of_the_folder_are_opened(void **state)
{
	static const struct file_row rows[] = {
		{ "/", 200, 3, "text/html; charset=utf-8" },
		{ "//", 200, 3, "text/html; charset=utf-8" },
		{ "/index.html", 200, 3, "text/html; charset=utf-8" },
		{ "/sub", 301, 0, NULL },
		{ "/sub/", 200, 5, "text/html; charset=utf-8" },
		{ "/sub/a.TXT", 200, 5, "text/plain; charset=utf-8" },
		{ "/sub//a.TXT", 200, 5, "text/plain; charset=utf-8" },
		{ "/sub/../sub/./a.TXT", 200, 5, "text/plain; charset=utf-8" },
		{ "/in", 200, 5, "application/octet-stream" },
		{ "/..dots", 200, 1, "application/octet-stream" },
		{ "/new\nline", 200, 1, "application/octet-stream" },
		{ "/empty/", 404, 0, NULL },
		{ "/none", 404, 0, NULL },
		{ "/fifo", 404, 0, NULL },
		{ "/index.html/", 404, 0, NULL },
		{ "/out", 404, 0, NULL },
		{ "/etc/passwd", 404, 0, NULL },
		{ "/../secret", 404, 0, NULL },
		{ "/sub/../../secret", 404, 0, NULL },
		{ "/..", 404, 0, NULL },
		{ "/../www/index.html", 404, 0, NULL },
	};
	struct unet_http_file file;
	char dir[128];
	int root, status;
	size_t i;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/www", folder);
	root = unet_http_root_open(dir);
	assert_true(root >= 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		status = unet_http_file_open(root, rows[i].path, &file);
		if (status != rows[i].status)
			fail_msg("%s: %d", rows[i].path, status);
		if (status != 200)
			continue;
		assert_int_equal(file.size, rows[i].size);
		assert_string_equal(file.type, rows[i].type);
		close(file.fd);
	}
	close(root);
}

static void the_folder_must_be_one(void **state)
{
	(void)state;
	assert_int_equal(unet_http_root_open("/nonexistent"), -ENOENT);
	assert_int_equal(unet_http_root_open("/etc/passwd"), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_lines_are_read_or_refused),
		cmocka_unit_test(paths_are_decoded_once),
		cmocka_unit_test(fields_are_read_or_refused),
		cmocka_unit_test(a_head_is_whole_at_its_empty_line_and_not_before),
		cmocka_unit_test(heads_and_paths_have_limits),
		cmocka_unit_test(connections_stay_open_as_the_version_says),
		cmocka_unit_test(a_body_that_nobody_reads_ends_the_connection),
		cmocka_unit_test(ranges_are_clipped_to_the_file),
		cmocka_unit_test(only_files_of_the_folder_are_opened),
		cmocka_unit_test(the_folder_must_be_one),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
