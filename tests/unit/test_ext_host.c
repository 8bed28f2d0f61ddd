// SPDX-License-Identifier: MIT
/* include: tools/ext/host.c */
/*
 * Description: the host that a connection's first bytes ask for: TLS server names and
 * the Host of HTTP requests are found, by unet-ext block and the names hook alike;
 * a body's lines and half a name are none; whatever is cut off or lies about its
 * length is not read beyond its end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/ext/host.c"
#include "tools/hooks/names_parse.c"

/* A ClientHello for "www.example.org". */
static const uint8_t hello[] =
	"\x16\x03\x01\x00\x54\x01\x00\x00\x50\x03\x03"
	"0123456789abcdef0123456789abcdef"
	"\x00" "\x00\x02\x13\x01" "\x01\x00" "\x00\x22"
	"\x00\x2b\x00\x03\x02\x03\x04"
	"\x00\x00\x00\x14\x00\x12\x00\x00\x0f" "www.example.org"
	"\x00\x17\x00\x00";

#define NAME_AT	(sizeof(hello) - 1 - 4 - 15)	/* of the name in it */
#define EXTS_AT	(5 + 4 + 34 + 1 + 4 + 2)	/* of the length of all extensions */

static void asked_for(const void *p, size_t len, const char *host)
{
	uint8_t *exact = malloc(len ? len : 1);
	char got[NAME_BYTES] = "?";

	memcpy(exact, p, len);
	ext_host(exact, len, got);
	assert_string_equal(got, host);
	free(exact);
}

#define HTTP(text, host)	asked_for(text, sizeof(text) - 1, host)

static void hosts_of_requests(void **state)
{
	(void)state;
	HTTP("GET / HTTP/1.1\r\nHost: Example.ORG\r\n\r\n", "example.org");
	HTTP("GET / HTTP/1.1\r\nA: b\r\nhost:\ta.b:8080\r\n", "a.b");
	HTTP("GET / HTTP/1.1\r\nHost: a.b.\r\n", "a.b");
	HTTP("GET / HTTP/1.0\nHost: a.b\nA: b\n\n", "a.b");
	HTTP("OPTIONS * HTTP/1.1\r\nHost:a.b \r\n", "a.b");
	HTTP("GET / HTTP/1.1\r\nHost: a\xff" "b\r\n", "a?b");
	HTTP("GET / HTTP/1.1\r\nHost:\r\n", "");
	HTTP("GET / HTTP/1.1\r\nHost:", "");
	HTTP("GET / HTTP/1.1\r\nGhost: a.b\r\n", "");
	HTTP("GET / HTTP/1.1\r\n", "");
	HTTP("GET / HTTP/1.1", "");
	HTTP("", "");
	HTTP("\n\n\n", "");
}

static void what_is_no_head_of_a_request_names_no_host(void **state)
{
	(void)state;
	HTTP("Host: a.b\r\n", "");
	HTTP("\r\nHost: a.b\r\n", "");
	HTTP("some upload\nhost: a.b\n", "");
	HTTP("POST / HTTP/1.1\r\nA: b\r\n\r\nHost: a.b\r\n", "");
	HTTP("POST / HTTP/1.1\nA: b\n\nHost: a.b\n", "");
	HTTP("HTTP/1.1 200 OK\r\nHost: a.b\r\n", "");
	HTTP("THE host is\nHost: a.b\r\n", "");
	HTTP("GET / HTTP/2.0\r\nHost: a.b\r\n", "");
	HTTP("get / HTTP/1.1\r\nHost: a.b\r\n", "");
}

static void half_a_name_is_none(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a.bc\r\n";
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(request) - 1; len++)
		asked_for(request, len, len < sizeof(request) - 2 ? "" : "a.bc");
}

static void names_of_hellos(void **state)
{
	size_t len;

	(void)state;
	asked_for(hello, sizeof(hello) - 1, "www.example.org");
	/* Cut anywhere, the name is whole or none; never more than is there. */
	for (len = 0; len < sizeof(hello) - 1; len++)
		asked_for(hello, len, len < NAME_AT + 15 ? "" : "www.example.org");
}

/* The name in @hello with other bytes in it. */
static void names_that_are_none_are_not_told(void **state)
{
	uint8_t odd[sizeof(hello) - 1];

	(void)state;
	memcpy(odd, hello, sizeof(odd));
	odd[NAME_AT] = 'W';
	asked_for(odd, sizeof(odd), "www.example.org");
	odd[NAME_AT] = '\0';
	asked_for(odd, sizeof(odd), "");
	odd[NAME_AT] = 'w';
	odd[NAME_AT + 14] = '\n';
	asked_for(odd, sizeof(odd), "");
}

/* A request and a hello with a name of so many bytes. */
static void long_name(size_t n, bool request)
{
	uint8_t bytes[600] = "GET / HTTP/1.1\r\nHost: ";
	char name[400];
	size_t at = request ? strlen((char *)bytes) : NAME_AT;

	memset(name, 'x', n);
	name[n] = '\0';
	if (!request) {
		memcpy(bytes, hello, NAME_AT);
		bytes[NAME_AT - 2] = (uint8_t)(n >> 8);
		bytes[NAME_AT - 1] = (uint8_t)n;
		/* and all lengths around it: as long as there is */
		memset(bytes + NAME_AT - 9 + 2, 0xff, 4);
		memset(bytes + EXTS_AT, 0xff, 2);
		memset(bytes + 6, 0xff, 3);
	}
	memcpy(bytes + at, name, n);
	bytes[at + n] = '\n';
	asked_for(bytes, at + n + 1, n <= 253 + (request ? 0 : 2) ? name : "");
}

static void names_longer_than_any_are_not_told(void **state)
{
	size_t n;

	(void)state;
	for (n = 250; n < 300; n++) {
		long_name(n, true);
		long_name(n, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_of_requests),
		cmocka_unit_test(what_is_no_head_of_a_request_names_no_host),
		cmocka_unit_test(half_a_name_is_none),
		cmocka_unit_test(names_of_hellos),
		cmocka_unit_test(names_that_are_none_are_not_told),
		cmocka_unit_test(names_longer_than_any_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
