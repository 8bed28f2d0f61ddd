// SPDX-License-Identifier: MIT
/* include: tools/ext/host.c */
/*
 * Description: the host that a connection's first bytes ask for: TLS server names and
 * HTTP Host lines are found, whatever is cut off or lies about its length is not
 * read beyond its end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/ext/host.c"

/* A ClientHello for "www.example.org". */
static const uint8_t hello[] =
	"\x16\x03\x01\x00\x54\x01\x00\x00\x50\x03\x03"
	"0123456789abcdef0123456789abcdef"
	"\x00" "\x00\x02\x13\x01" "\x01\x00" "\x00\x22"
	"\x00\x2b\x00\x03\x02\x03\x04"
	"\x00\x00\x00\x14\x00\x12\x00\x00\x0f" "www.example.org"
	"\x00\x17\x00\x00";

static void asked_for(const void *p, size_t len, const char *host)
{
	uint8_t *exact = malloc(len ? len : 1);
	char got[64] = "?";

	memcpy(exact, p, len);
	ext_host(exact, len, got, sizeof(got));
	assert_string_equal(got, host);
	free(exact);
}

#define HTTP(text, host)	asked_for(text, sizeof(text) - 1, host)

static void hosts_of_requests(void **state)
{
	(void)state;
	HTTP("GET / HTTP/1.1\r\nHost: Example.ORG\r\n\r\n", "example.org");
	HTTP("GET / HTTP/1.1\r\nA: b\r\nhost:\ta.b:8080\r\n", "a.b");
	HTTP("GET / HTTP/1.1\r\nHost: a.b", "a.b");
	HTTP("GET / HTTP/1.1\r\nHost:", "");
	HTTP("GET / HTTP/1.1\r\nGhost: a.b\r\n", "");
	HTTP("Host: a.b\r\n", "");
	HTTP("", "");
	HTTP("\n\n\n", "");
}

static void names_of_hellos(void **state)
{
	size_t len;

	(void)state;
	asked_for(hello, sizeof(hello) - 1, "www.example.org");
	/* Cut anywhere: a part of the name, or none; never more than is there. */
	for (len = 0; len < sizeof(hello) - 1; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		char got[64] = "?";

		memcpy(exact, hello, len);
		ext_host(exact, len, got, sizeof(got));
		assert_memory_equal(got, "www.example.org", strlen(got));
		free(exact);
	}
}

static void names_longer_than_the_room_are_cut(void **state)
{
	char got[4];

	(void)state;
	ext_host(hello, sizeof(hello) - 1, got, sizeof(got));
	assert_string_equal(got, "www");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_of_requests),
		cmocka_unit_test(names_of_hellos),
		cmocka_unit_test(names_longer_than_the_room_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
