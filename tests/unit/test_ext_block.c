// SPDX-License-Identifier: MIT
/* include: tools/ext/begin.c */
/*
 * Description: unet-ext block finds a name that lies across segments: what completes it
 * is dropped, sent again too, and all of the connection after it. A segment that
 * overtakes is dropped while the name is not known, and taken when it is sent again;
 * bytes that were seen are not taken twice. Other connections, such that began before,
 * such whose bytes are not all shown, and what has no name in 4 KiB go on. A SYN that
 * nobody answers moves nothing; extension headers of IPv6 hide nothing. All of it
 * holds for a TLS server name, too, wherever its ClientHello is cut in two or more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <unet/unet.h>

static int of_listener(struct unet_intermediary *im, uint32_t flow,
		       struct unet_inter_flow *f)
{
	(void)im;
	(void)flow;
	f->remote_port = 0;	/* a listener's */
	return 0;
}

#define unet_intermediary_whose	of_listener
#include "tools/ext/begin.c"
#include "tools/ext/block.c"
#include "tools/ext/headers.c"
#include "tools/ext/host.c"
#include "tools/hooks/names_parse.c"

#define ISN	0xfffffff0u	/* numbers wrap in the first bytes */

static const char first[] = "GET / HTTP/1.1\r\nHost: www.exa";
static const char second[] = "mple.org\r\n\r\n";
#define AT_SECOND	(sizeof(first) - 1)

static uint16_t port;	/* of who connects; one for each test */

static int start_test(void **state)
{
	static char name[] = "example.org", *words[] = { name };

	(void)state;
	port++;
	return start(1, words);
}

/* What is done with bytes @at the connection's first; @hidden of them are not shown. */
static int segment(uint8_t flags, uint32_t at, const char *data, uint32_t len,
		   uint32_t hidden)
{
	uint8_t p[40 + 2 * BEGIN_BYTES] = { 0x45, [8] = 64, [9] = 6,
		[12] = 10, 9, 0, 2, 10, 9, 0, 1, [32] = 0x50, [33] = flags };
	uint32_t seq = ISN + 1 + at;
	struct unet_inter_packet packet = {
		.flow = 3, .data = p, .len = 40 + len - hidden, .l4_offset = 20,
	};

	p[2] = (40 + len) >> 8;
	p[3] = 40 + len;
	p[20] = port >> 8;
	p[21] = port;
	p[23] = 80;
	p[24] = seq >> 24;
	p[25] = seq >> 16;
	p[26] = seq >> 8;
	p[27] = seq;
	memcpy(p + 40, data, len - hidden);
	return look(NULL, &packet, NULL);
}

static int say(uint32_t at, const char *text)
{
	return segment(ACK, at, text, strlen(text), 0);
}

/* The server's answer to the SYN with @isn. */
static int answers(uint32_t isn)
{
	uint8_t p[40] = { 0x45, [3] = 40, [8] = 64, [9] = 6, [12] = 10, 9, 0, 1, 10, 9, 0, 2,
		[21] = 80, [22] = port >> 8, [23] = port, [28] = (isn + 1) >> 24,
		(isn + 1) >> 16, (isn + 1) >> 8, isn + 1, 0x50, SYN | ACK };
	const struct unet_inter_packet packet = {
		.flow = 3, .outbound = 1, .data = p, .len = 40, .l4_offset = 20,
	};

	return look(NULL, &packet, NULL);
}

static void connects(void)
{
	assert_int_equal(segment(SYN, -1, "", 0, 0), UNET_VERDICT_ACCEPT);
	assert_int_equal(answers(ISN), UNET_VERDICT_ACCEPT);
}

#define passes(x)	assert_int_equal(x, UNET_VERDICT_ACCEPT)
#define drops(x)	assert_int_equal(x, UNET_VERDICT_DROP)

static void a_name_across_two_segments(void **state)
{
	(void)state;
	connects();
	passes(say(0, ""));
	passes(say(0, first));
	drops(say(AT_SECOND, second));
	drops(say(AT_SECOND, second));
	drops(say(AT_SECOND + 12, "more"));
	/* A SYN and its answer again do not help; another connection is none of it. */
	drops(segment(SYN, -1, "", 0, 0));
	passes(answers(ISN));
	drops(say(AT_SECOND, second));
	port++;
	passes(say(AT_SECOND, second));
}

static void a_byte_at_a_time(void **state)
{
	uint32_t i, n = AT_SECOND + sizeof(second) - 1;
	char all_of_it[128];
	int said = 0;

	(void)state;
	snprintf(all_of_it, sizeof(all_of_it), "%s%s", first, second);
	connects();
	for (i = 0; i < n && said != UNET_VERDICT_DROP; i++)
		said = segment(ACK, i, all_of_it + i, 1, 0);
	assert_int_equal(said, UNET_VERDICT_DROP);
	assert_true(i > AT_SECOND + 8);
}

static void what_overtakes_is_sent_again(void **state)
{
	(void)state;
	connects();
	drops(say(AT_SECOND, second));
	passes(say(0, first));
	drops(say(AT_SECOND, second));
}

static void bytes_that_were_seen_are_not_taken_twice(void **state)
{
	(void)state;
	connects();
	passes(say(0, first));
	passes(say(0, first));
	passes(say(4, "x"));
	/* from the middle of the first on */
	drops(say(AT_SECOND - 3, "example.org\r\n\r\n"));
}

static void another_name_goes_on(void **state)
{
	(void)state;
	connects();
	passes(say(0, first));
	passes(say(AT_SECOND, "ct.net\r\n\r\n"));
	/* Its beginning is over: nothing has to come in order now. */
	passes(say(5000, "anything"));
	/* A later request of the connection is one packet's. */
	drops(say(6000, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"));
}

static void a_connection_that_began_before(void **state)
{
	(void)state;
	passes(say(0, first));
	passes(say(AT_SECOND, second));
	drops(say(200, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"));
}

static void bytes_that_are_not_shown(void **state)
{
	(void)state;
	connects();
	passes(segment(ACK, 0, first, AT_SECOND, 4));
	passes(say(AT_SECOND, second));
	passes(say(5000, "anything"));
}

static void no_name_in_4_kib(void **state)
{
	static char data[BEGIN_BYTES + 100];
	uint32_t at;

	(void)state;
	memset(data, 'x', sizeof(data));
	connects();
	for (at = 0; at < BEGIN_BYTES; at += 1000)
		passes(segment(ACK, at, data, 1000, 0));
	passes(say(9000, "anything"));
	/* and at once */
	port++;
	connects();
	passes(segment(ACK, 0, data, sizeof(data), 0));
	passes(say(9000, "anything"));
}

static void a_syn_in_between_moves_nothing(void **state)
{
	(void)state;
	connects();
	passes(segment(SYN, 100000, "", 0, 0));
	passes(say(0, first));
	passes(segment(SYN, -5, "", 0, 0));
	drops(say(AT_SECOND, second));
}

static void the_next_connection_of_these_ports(void **state)
{
	(void)state;
	connects();
	passes(say(0, "GET / HTTP/1.1\r\nHost: a.b\r\n\r\n"));
	passes(answers(ISN + 70000));
	passes(say(70000, first));
	drops(say(70000 + AT_SECOND, second));
}

/* ISN + 1 has said nothing yet: a keepalive of one byte, or of none. */
static void a_keepalive_at_once(void **state)
{
	(void)state;
	connects();
	passes(segment(ACK, -1, "x", 1, 0));
	passes(segment(ACK, -1, "", 0, 0));
	passes(say(0, first));
	drops(say(AT_SECOND, second));
}

/* ---- TLS ---- */

/* A ClientHello for "www.example.org", and so long a name of another host. */
#define HELLO(name)							\
	"\x16\x03\x01\x00\x54\x01\x00\x00\x50\x03\x03"			\
	"0123456789abcdef0123456789abcdef"				\
	"\x00" "\x00\x02\x13\x01" "\x01\x00" "\x00\x22"		\
	"\x00\x2b\x00\x03\x02\x03\x04"					\
	"\x00\x00\x00\x14\x00\x12\x00\x00\x0f" name			\
	"\x00\x17\x00\x00"

static const char hello[] = HELLO("www.example.org");
static const char other_hello[] = HELLO("www.example.net");

#define HELLO_LEN	(sizeof(hello) - 1)
#define NAME_END	(HELLO_LEN - 4)		/* behind the name in it */

static void a_server_name_in_one_segment(void **state)
{
	(void)state;
	connects();
	drops(segment(ACK, 0, hello, HELLO_LEN, 0));
	/* Sent again, and what comes behind it. */
	drops(segment(ACK, 0, hello, HELLO_LEN, 0));
	drops(say(HELLO_LEN, "more"));
	port++;
	connects();
	passes(segment(ACK, 0, other_hello, HELLO_LEN, 0));
	passes(say(HELLO_LEN, "more"));
	/* Of one that began before, too. */
	port++;
	drops(segment(ACK, 700, hello, HELLO_LEN, 0));
}

/* The segment that ends the name is dropped, whichever that is. */
static void a_server_name_cut_at_each_place(void **state)
{
	uint32_t at;

	(void)state;
	for (at = 1; at < HELLO_LEN; at++, port++) {
		connects();
		assert_int_equal(segment(ACK, 0, hello, at, 0), at < NAME_END ?
				 UNET_VERDICT_ACCEPT : UNET_VERDICT_DROP);
		drops(segment(ACK, at, hello + at, HELLO_LEN - at, 0));
		drops(say(HELLO_LEN, "more"));
	}
}

static void another_server_name_cut_at_each_place(void **state)
{
	uint32_t at;

	(void)state;
	for (at = 1; at < HELLO_LEN; at++, port++) {
		connects();
		passes(segment(ACK, 0, other_hello, at, 0));
		passes(segment(ACK, at, other_hello + at, HELLO_LEN - at, 0));
		passes(say(HELLO_LEN, "more"));
	}
}

/* Its second half comes first, and again in its turn. */
static void a_server_name_whose_halves_overtake(void **state)
{
	uint32_t at;

	(void)state;
	for (at = 1; at < NAME_END; at++, port++) {
		connects();
		drops(segment(ACK, at, hello + at, HELLO_LEN - at, 0));
		passes(segment(ACK, 0, hello, at, 0));
		drops(segment(ACK, at, hello + at, HELLO_LEN - at, 0));
	}
}

static void a_server_name_a_byte_at_a_time(void **state)
{
	uint32_t at;

	(void)state;
	connects();
	for (at = 0; at < HELLO_LEN; at++)
		assert_int_equal(segment(ACK, at, hello + at, 1, 0), at + 1 < NAME_END ?
				 UNET_VERDICT_ACCEPT : UNET_VERDICT_DROP);
}

static void behind_extension_headers_of_ipv6(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
	uint8_t p[68 + sizeof(request)] = { 0x60, [5] = sizeof(p) - 41, [6] = 60, 64,
		[40] = 6, [60] = 0x50, ACK };
	struct unet_inter_packet packet = {
		.flow = 3, .data = p, .len = sizeof(p) - 1, .l4_offset = 48,
	};

	(void)state;
	memcpy(p + 68, request, sizeof(request) - 1);
	drops(look(NULL, &packet, NULL));
	/* of another protocol */
	p[40] = 253;
	passes(look(NULL, &packet, NULL));
}

#define T(x)	cmocka_unit_test_setup(x, start_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_name_across_two_segments),
		T(a_byte_at_a_time),
		T(what_overtakes_is_sent_again),
		T(bytes_that_were_seen_are_not_taken_twice),
		T(another_name_goes_on),
		T(a_connection_that_began_before),
		T(bytes_that_are_not_shown),
		T(no_name_in_4_kib),
		T(a_syn_in_between_moves_nothing),
		T(the_next_connection_of_these_ports),
		T(a_keepalive_at_once),
		T(a_server_name_in_one_segment),
		T(a_server_name_cut_at_each_place),
		T(another_server_name_cut_at_each_place),
		T(a_server_name_whose_halves_overtake),
		T(a_server_name_a_byte_at_a_time),
		T(behind_extension_headers_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
