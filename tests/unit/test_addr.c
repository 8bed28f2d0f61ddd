// SPDX-License-Identifier: MIT
/*
 * Addresses as text: what is taken, what is refused and with what words.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <unet/unet.h>
#include "addr.h"
#include "forge.h"
#include "helpers.h"

struct row {
	const char *text;
	u8 family;		/* 0: refused */
	const char *addr;	/* or a word of the refusal */
	u16 port;
};

static const struct row rows[] = {
	{ "192.0.2.1:80", 4, "192.0.2.1", 80 },
	{ "192.0.2.1", 4, "192.0.2.1", 0 },
	{ "0.0.0.0:0", 4, "0.0.0.0", 0 },
	{ "255.255.255.255:65535", 4, "255.255.255.255", 65535 },
	{ ":8080", 6, "::", 8080 },
	{ "[::]:8080", 6, "::", 8080 },
	{ "[::]", 6, "::", 0 },
	{ "::", 6, "::", 0 },
	{ "::1", 6, "::1", 0 },
	{ "[2001:db8::1]:443", 6, "2001:db8::1", 443 },
	{ "2001:db8::1", 6, "2001:db8::1", 0 },
	{ "[::ffff:192.0.2.7]:5", 4, "192.0.2.7", 5 },
	{ "::ffff:192.0.2.7", 4, "192.0.2.7", 0 },
	{ "", 0, "empty", 0 },
	{ ":", 0, "port", 0 },
	{ "192.0.2.1:", 0, "port", 0 },
	{ "192.0.2.1:65536", 0, "port", 0 },
	{ "192.0.2.1:99999999999999999999", 0, "port", 0 },
	{ "192.0.2.1:-1", 0, "port", 0 },
	{ "192.0.2.1:+1", 0, "port", 0 },
	{ "192.0.2.1: 80", 0, "port", 0 },
	{ "192.0.2.1:80x", 0, "port", 0 },
	{ "192.0.2:80", 0, "not an IPv4", 0 },
	{ "192.0.2.256:80", 0, "not an IPv4", 0 },
	{ "host.example:80", 0, "not an IPv4", 0 },
	{ "[192.0.2.1]:80", 0, "brackets", 0 },
	{ "[2001:db8::1:443", 0, "brackets", 0 },
	{ "[2001:db8::1]443", 0, "brackets", 0 },
	{ "[]:80", 0, "brackets", 0 },
	{ "[", 0, "brackets", 0 },
	{ "[::1]:", 0, "port", 0 },
	{ "2001:db8:::1", 0, "not an IPv4", 0 },
	{ "[::1%eth0]:1", 0, "not an IPv4", 0 },
	{ "00000000000000000000000000000000000000000000000000000000001:1", 0,
	  "not an IPv4", 0 },
};

static void parse_row(void **state)
{
	const struct row *r = *state;
	struct unet_endpoint e;
	__be32 addr[4];
	/* of exactly its size, so that reading past the end is seen */
	char *text = unit_copy(r->text, strlen(r->text) + 1);
	int err = unet_endpoint_parse(text, &e);

	free(text);
	if (!r->family) {
		assert_int_equal(err, -EINVAL);
		assert_non_null(strstr(unet_error_detail(), r->addr));
		assert_non_null(strstr(unet_error_detail(), "allowed"));
		return;
	}
	assert_int_equal(err, 0);
	assert_int_equal(e.family, r->family);
	assert_int_equal(be16_to_cpu(e.port), r->port);
	forge_addr(r->addr, addr);
	assert_memory_equal(e.addr, addr, 16);
}

static void null_is_refused(void **state)
{
	struct unet_endpoint e;

	assert_int_equal(unet_endpoint_parse(NULL, &e), -EINVAL);
}

static void text_becomes_a_socket_address(void **state)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	socklen_t len = sizeof(in6);

	assert_int_equal(unet_addr_parse(":80", (void *)&in6, &len), 0);
	assert_int_equal(len, sizeof(in6));
	assert_int_equal(in6.sin6_family, AF_INET6);
	assert_int_equal(in6.sin6_port, htons(80));
	assert_int_equal(unet_addr_parse("10.0.0.2", (void *)&in, &len), 0);
	assert_int_equal(len, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	assert_int_equal(in.sin_port, 0);
	assert_string_equal(unet_error_detail(), "");
	assert_int_equal(unet_addr_parse("host:80", (void *)&in, &len), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "\"host:80\""));
}

static void there_and_back(const char *text)
{
	struct unet_endpoint a;
	struct unet_endpoint b;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char out[80];

	assert_int_equal(unet_endpoint_parse(text, &a), 0);
	assert_int_equal(unet_endpoint_to(&a, (struct sockaddr *)&ss, &len), 0);
	assert_int_equal(unet_endpoint_from((struct sockaddr *)&ss, len, &b),
			 0);
	assert_memory_equal(a.addr, b.addr, 16);
	assert_int_equal(a.port, b.port);
	assert_int_equal(a.family, b.family);
	assert_int_equal(unet_addr_text((struct sockaddr *)&ss, out,
					sizeof(out)), 0);
	assert_string_equal(out, text);
	assert_int_equal(unet_addr_text((struct sockaddr *)&ss, out,
					strlen(text)), -ENOSPC);
}

static void a_socket_address_holds_the_same(void **state)
{
	there_and_back("192.0.2.1:80");
	there_and_back("[2001:db8::1]:443");
	there_and_back("[::]:0");
}

static void socket_addresses_are_checked(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr un = { .sa_family = AF_UNIX };
	struct unet_endpoint e;
	char out[80];

	assert_int_equal(unet_endpoint_from(NULL, 0, &e), -EINVAL);
	assert_int_equal(unet_endpoint_from((void *)&in, 1, &e), -EINVAL);
	assert_int_equal(unet_endpoint_from((void *)&in, sizeof(in) - 1, &e),
			 -EINVAL);
	assert_int_equal(unet_endpoint_from((void *)&in6, sizeof(in6) - 1, &e),
			 -EINVAL);
	assert_int_equal(unet_endpoint_from(&un, sizeof(un), &e),
			 -EAFNOSUPPORT);
	assert_int_equal(unet_addr_text(&un, out, sizeof(out)),
			 -EAFNOSUPPORT);
}

static void a_mapped_socket_address_is_ipv4(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(80) };
	struct unet_endpoint e;
	__be32 addr[4];

	inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr);
	assert_int_equal(unet_endpoint_from((void *)&in6, sizeof(in6), &e), 0);
	assert_int_equal(e.family, 4);
	assert_int_equal(e.port, htons(80));
	forge_addr("192.0.2.7", addr);
	assert_memory_equal(e.addr, addr, 16);
	/* one bit off is an address of its own */
	in6.sin6_addr.s6_addr[9] = 1;
	assert_int_equal(unet_endpoint_from((void *)&in6, sizeof(in6), &e), 0);
	assert_int_equal(e.family, 6);
	assert_memory_equal(e.addr, &in6.sin6_addr, 16);
}

static void a_short_room_is_filled_and_told(void **state)
{
	struct unet_endpoint e;
	struct sockaddr_in in;
	socklen_t len = 4;

	memset(&in, 0xee, sizeof(in));
	unet_endpoint_parse("192.0.2.1:80", &e);
	assert_int_equal(unet_endpoint_to(&e, (void *)&in, &len), 0);
	assert_int_equal(len, sizeof(in));
	assert_int_equal(in.sin_port, htons(80));
	assert_int_equal(in.sin_addr.s_addr, 0xeeeeeeee);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)];
	const struct CMUnitTest more[] = {
		cmocka_unit_test(text_becomes_a_socket_address),
		cmocka_unit_test(null_is_refused),
		cmocka_unit_test(a_socket_address_holds_the_same),
		cmocka_unit_test(socket_addresses_are_checked),
		cmocka_unit_test(a_mapped_socket_address_is_ipv4),
		cmocka_unit_test(a_short_room_is_filled_and_told),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest){ rows[i].text, parse_row, NULL,
			NULL, (void *)&rows[i] };
	return cmocka_run_group_tests_name("address text", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("address", more, NULL, NULL);
}
