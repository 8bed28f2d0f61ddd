// SPDX-License-Identifier: MIT
/* include: tools/unetctl/args.c tools/unetctl/options.c */
/*
 * Description: words and options of unetctl parse, or are refused with a
 * sentence that names the wrong word and what is allowed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/options.c"

struct number_row {
	const char *word;
	uint64_t min, max;
	int err;
	uint64_t value;
};

static void numbers_are_decimal_and_bounded(void **state)
{
	static const struct number_row rows[] = {
		{ "0", 0, 9, 0, 0 },
		{ "9", 0, 9, 0, 9 },
		{ "10", 0, 9, -EINVAL, 0 },
		{ "4", 5, 9, -EINVAL, 0 },
		{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, -EINVAL, 0 },
		{ "99999999999999999999", 0, UINT64_MAX, -EINVAL, 0 },
		{ "", 0, 9, -EINVAL, 0 },
		{ "-1", 0, 9, -EINVAL, 0 },
		{ "+1", 0, 9, -EINVAL, 0 },
		{ " 1", 0, 9, -EINVAL, 0 },
		{ "1 ", 0, 9, -EINVAL, 0 },
		{ "01", 0, 9, -EINVAL, 0 },
		{ "0x1", 0, 9, -EINVAL, 0 },
		{ "1e1", 0, 99, -EINVAL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 77;
		int err = unet_args_number(rows[i].word, rows[i].min,
					   rows[i].max, &value);

		if (err != rows[i].err || value != (err ? 77 : rows[i].value))
			fail_msg("row %zu \"%s\": %d", i, rows[i].word, err);
	}
}

static void ports_are_1_to_65535(void **state)
{
	uint16_t port = 7;

	(void)state;
	assert_int_equal(unet_args_port("0", &port), -EINVAL);
	assert_int_equal(unet_args_port("65536", &port), -EINVAL);
	assert_int_equal(unet_args_port("http", &port), -EINVAL);
	assert_int_equal(port, 7);
	assert_int_equal(unet_args_port("65535", &port), 0);
	assert_int_equal(port, 65535);
}

static void protocols_have_names_or_numbers(void **state)
{
	uint8_t proto = 0;

	(void)state;
	assert_int_equal(unet_args_proto("tcp", &proto), 0);
	assert_int_equal(proto, 6);
	assert_int_equal(unet_args_proto("udp", &proto), 0);
	assert_int_equal(proto, 17);
	assert_int_equal(unet_args_proto("255", &proto), 0);
	assert_int_equal(proto, 255);
	assert_int_equal(unet_args_proto("256", &proto), -EINVAL);
	assert_int_equal(unet_args_proto("TCP", &proto), -EINVAL);
}

struct prefix_row {
	const char *word;
	int err;
	int family;
	unsigned int bits;
};

static void prefixes_need_zero_bits_behind_their_length(void **state)
{
	static const struct prefix_row rows[] = {
		{ "10.0.0.1", 0, AF_INET, 32 },
		{ "10.0.0.1/32", 0, AF_INET, 32 },
		{ "10.0.0.0/8", 0, AF_INET, 8 },
		{ "0.0.0.0/0", 0, AF_INET, 0 },
		{ "10.0.0.1/31", -EINVAL, 0, 0 },
		{ "10.0.0.2/31", 0, AF_INET, 31 },
		{ "10.0.0.1/33", -EINVAL, 0, 0 },
		{ "10.0.0.1/", -EINVAL, 0, 0 },
		{ "10.0.0.1/-1", -EINVAL, 0, 0 },
		{ "10.0.0", -EINVAL, 0, 0 },
		{ "10.0.0.256", -EINVAL, 0, 0 },
		{ "::1", 0, AF_INET6, 128 },
		{ "::/0", 0, AF_INET6, 0 },
		{ "2001:db8::/32", 0, AF_INET6, 32 },
		{ "2001:db8::1/32", -EINVAL, 0, 0 },
		{ "2001:db8::/129", -EINVAL, 0, 0 },
		{ "::ffff:10.0.0.1", 0, AF_INET6, 128 },
		{ "fe80::1%eth0", -EINVAL, 0, 0 },
		{ "[::1]", -EINVAL, 0, 0 },
		{ "", -EINVAL, 0, 0 },
		{ "/8", -EINVAL, 0, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", -EINVAL, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unet_args_prefix p = { 0 };
		int err = unet_args_prefix(rows[i].word, &p);

		if (err != rows[i].err || p.family != rows[i].family ||
		    p.bits != rows[i].bits)
			fail_msg("row %zu \"%s\": %d", i, rows[i].word, err);
	}
}

static bool holds(const char *prefix, const char *addr)
{
	struct unet_args_prefix p, a;

	assert_int_equal(unet_args_prefix(prefix, &p), 0);
	assert_int_equal(unet_args_prefix(addr, &a), 0);
	return unet_args_prefix_holds(&p, a.family, a.bytes);
}

static void a_prefix_holds_what_shares_its_bits(void **state)
{
	(void)state;
	assert_true(holds("10.0.0.0/8", "10.255.0.1"));
	assert_false(holds("10.0.0.0/8", "11.0.0.1"));
	assert_true(holds("10.0.0.2/31", "10.0.0.3"));
	assert_false(holds("10.0.0.2/31", "10.0.0.4"));
	assert_true(holds("0.0.0.0/0", "255.255.255.255"));
	assert_false(holds("0.0.0.0/0", "::1"));
	assert_true(holds("2001:db8::/33", "2001:db8:7fff::"));
	assert_false(holds("2001:db8::/33", "2001:db8:8000::"));
	assert_true(holds("::1", "::1"));
	assert_false(holds("::1", "::3"));
}

static void device_names_are_what_the_kernel_takes(void **state)
{
	char ifname[UNET_ARGS_IFNAME];

	(void)state;
	assert_int_equal(unet_args_ifname("eth0", ifname), 0);
	assert_string_equal(ifname, "eth0");
	assert_int_equal(unet_args_ifname("abcdefghijklmno", ifname), 0);
	assert_int_equal(unet_args_ifname("abcdefghijklmnop", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname("", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname(".", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname("..", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname("a/b", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname("a b", ifname), -EINVAL);
	assert_int_equal(unet_args_ifname("a\tb", ifname), -EINVAL);
}

static void intervals_have_decimals_and_bounds(void **state)
{
	unsigned int ms = 0;

	(void)state;
	assert_int_equal(unet_args_interval("1", &ms), 0);
	assert_int_equal(ms, 1000);
	assert_int_equal(unet_args_interval("0.1", &ms), 0);
	assert_int_equal(ms, 100);
	assert_int_equal(unet_args_interval("2.5", &ms), 0);
	assert_int_equal(ms, 2500);
	assert_int_equal(unet_args_interval("1.2345", &ms), 0);
	assert_int_equal(ms, 1234);
	assert_int_equal(unet_args_interval("86400", &ms), 0);
	assert_int_equal(ms, 86400000);
	assert_int_equal(unet_args_interval("86400.1", &ms), -EINVAL);
	assert_int_equal(unet_args_interval("0.09", &ms), -EINVAL);
	assert_int_equal(unet_args_interval("0", &ms), -EINVAL);
	assert_int_equal(unet_args_interval("1.", &ms), -EINVAL);
	assert_int_equal(unet_args_interval(".5", &ms), -EINVAL);
	assert_int_equal(unet_args_interval("1.5s", &ms), -EINVAL);
	assert_int_equal(unet_args_interval("", &ms), -EINVAL);
	assert_int_equal(ms, 86400000);
}

/* ---- filters ------------------------------------------------------------ */

#define WORDS(...)	((char *[]){ __VA_ARGS__ })
#define NWORDS(...)	(sizeof(WORDS(__VA_ARGS__)) / sizeof(char *))
#define FILTER(allowed, f, e, ...) \
	unet_args_filter(WORDS(__VA_ARGS__), NWORDS(__VA_ARGS__), allowed, f, e)

static void all_filters_parse_together(void **state)
{
	struct unet_args_error error = { "" };
	struct unet_args_filter f;

	(void)state;
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error,
				"dev", "eth0", "proto", "udp", "port", "53",
				"local-port", "54", "remote-port", "55",
				"addr", "10.0.0.0/8", "local-addr", "10.0.0.1",
				"remote-addr", "::1", "pid", "812",
				"state", "closing"), 0);
	assert_int_equal(f.given, UNET_FILTER_ALL);
	assert_string_equal(f.dev, "eth0");
	assert_int_equal(f.proto, 17);
	assert_int_equal(f.port, 53);
	assert_int_equal(f.local_port, 54);
	assert_int_equal(f.remote_port, 55);
	assert_int_equal(f.addr.bits, 8);
	assert_int_equal(f.local_addr.bits, 32);
	assert_int_equal(f.remote_addr.family, AF_INET6);
	assert_int_equal(f.pid, 812);
	assert_int_equal(f.state, UNET_FLOW_STATE_CLOSING);
	assert_int_equal(unet_args_filter(NULL, 0, UNET_FILTER_ALL, &f, &error), 0);
	assert_int_equal(f.given, 0);
}

static void every_filter_bit_has_one_word(void **state)
{
	const struct unet_args_filter_word *w;
	unsigned int seen = 0;

	(void)state;
	for (w = unet_args_filter_words; w->name; w++) {
		assert_int_equal(seen & w->bit, 0);
		seen |= w->bit;
	}
	assert_int_equal(seen, UNET_FILTER_ALL);
}

static void assert_says(struct unet_args_error error, const char *text)
{
	if (!strstr(error.text, text))
		fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void a_wrong_filter_word_is_named_with_those_allowed(void **state)
{
	struct unet_args_error error;
	struct unet_args_filter f;

	(void)state;
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "prot", "tcp"), -EINVAL);
	assert_says(error, "prot: not a filter of this command, did you mean proto?");
	assert_says(error, "(filters: dev, proto, port,");
	assert_int_equal(FILTER(UNET_FILTER_DEV | UNET_FILTER_PID, &f, &error,
				"port", "80"), -EINVAL);
	assert_says(error, "port: not a filter of this command");
	assert_says(error, "(filters: dev, pid)");
	assert_null(strstr(error.text, "remote-port"));
}

static void a_wrong_filter_value_is_named_with_what_is_allowed(void **state)
{
	struct unet_args_error error;
	struct unet_args_filter f;

	(void)state;
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "port", "0"), -EINVAL);
	assert_says(error, "port: 0: not valid (a port from 1 to 65535)");
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "port"), -EINVAL);
	assert_says(error, "port: value missing (a port from 1 to 65535)");
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error,
				"port", "1", "port", "1"), -EINVAL);
	assert_says(error, "port: given twice");
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "pid", "0"), -EINVAL);
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "state", "open"), -EINVAL);
	assert_says(error, "listen, est or closing");
}

static void the_longest_error_fits(void **state)
{
	struct unet_args_error error;
	struct unet_args_filter f;
	char word[2000];

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, word, "1"), -EINVAL);
	assert_says(error, "remote-addr, pid, state)");
	assert_int_equal(FILTER(UNET_FILTER_ALL, &f, &error, "addr", word), -EINVAL);
	assert_says(error, "no bits set after its length)");
}

/* ---- nearest ------------------------------------------------------------ */

static const char *fruit(const void *arg, int i)
{
	static const char *const words[] = { "apple", "pear", "cherry", NULL };

	(void)arg;
	return words[i];
}

static void the_nearest_word_is_offered(void **state)
{
	(void)state;
	assert_string_equal(unet_args_nearest("appel", fruit, NULL), "apple");
	assert_string_equal(unet_args_nearest("bear", fruit, NULL), "pear");
	assert_string_equal(unet_args_nearest("che", fruit, NULL), "cherry");
	assert_string_equal(unet_args_nearest("chery", fruit, NULL), "cherry");
	assert_null(unet_args_nearest("banana", fruit, NULL));
	assert_null(unet_args_nearest("", fruit, NULL));
	assert_null(unet_args_nearest("an apple is not a pear and no cherry",
				      fruit, NULL));
}

/* ---- options ------------------------------------------------------------ */

#define PARSE(o, e, ...) \
	unet_options_parse(1 + NWORDS(__VA_ARGS__), WORDS("unetctl", __VA_ARGS__), \
			   o, e)

static void options_stand_anywhere(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "-j", "flows", "-n", "red", "port",
			       "80", "--watch=2.5"), 0);
	assert_int_equal(o.given, UNET_OPTION_JSON | UNET_OPTION_NETNS |
			 UNET_OPTION_WATCH);
	assert_string_equal(o.netns, "red");
	assert_int_equal(o.interval_ms, 2500);
	assert_int_equal(o.nwords, 3);
	assert_string_equal(o.words[0], "flows");
	assert_string_equal(o.words[2], "80");
}

static void letters_may_be_joined(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "-jaw2", "stats"), 0);
	assert_int_equal(o.given, UNET_OPTION_JSON | UNET_OPTION_ALL |
			 UNET_OPTION_WATCH);
	assert_int_equal(o.interval_ms, 2000);
	assert_int_equal(PARSE(&o, &error, "-nred"), 0);
	assert_string_equal(o.netns, "red");
	assert_int_equal(PARSE(&o, &error, "-jn", "red", "x"), 0);
	assert_string_equal(o.netns, "red");
	assert_int_equal(o.nwords, 1);
}

static void watch_takes_the_next_word_only_when_it_is_a_number(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "stats", "--watch", "eth0"), 0);
	assert_int_equal(o.nwords, 2);
	assert_int_equal(o.interval_ms, 1000);
	assert_int_equal(PARSE(&o, &error, "stats", "-w", "3"), 0);
	assert_int_equal(o.nwords, 1);
	assert_int_equal(o.interval_ms, 3000);
	assert_int_equal(PARSE(&o, &error, "stats", "-w", "0"), -EINVAL);
	assert_says(error, "--watch: 0: not valid (seconds from 0.1 to 86400)");
	assert_int_equal(PARSE(&o, &error, "stats", "--watch=fast"), -EINVAL);
}

static void two_dashes_end_the_options(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "attach", "--", "-j", "--"), 0);
	assert_int_equal(o.given, 0);
	assert_int_equal(o.nwords, 3);
	assert_string_equal(o.words[1], "-j");
}

static void a_number_below_zero_is_a_word(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "x", "-5", "-j", "-2147483647", "-0j", "-"), 0);
	assert_int_equal(o.given, UNET_OPTION_JSON);
	assert_int_equal(o.nwords, 5);
	assert_string_equal(o.words[1], "-5");
	assert_string_equal(o.words[2], "-2147483647");
	assert_string_equal(o.words[3], "-0j");
	assert_string_equal(o.words[4], "-");
	assert_int_equal(PARSE(&o, &error, "-w", "-5"), 0);
	assert_int_equal(o.interval_ms, 1000);
	assert_int_equal(o.nwords, 1);
	assert_int_equal(PARSE(&o, &error, "-j5"), -EINVAL);
	assert_int_equal(PARSE(&o, &error, "-.5"), -EINVAL);
	assert_int_equal(PARSE(&o, &error, "--5"), -EINVAL);
}

static void no_option_is_a_digit(void **state)
{
	const struct unet_option *o;

	(void)state;
	for (o = unet_options; o->name; o++)
		assert_null(strchr("0123456789", o->letter));
}

static void a_wrong_option_is_named_with_those_allowed(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "--jsn"), -EINVAL);
	assert_says(error, "--jsn: no such option, did you mean --json?");
	assert_says(error, "-j --json");
	assert_int_equal(PARSE(&o, &error, "-x"), -EINVAL);
	assert_says(error, "-x: no such option");
	assert_int_equal(PARSE(&o, &error, "--json=1"), -EINVAL);
	assert_says(error, "--json: takes no value");
	assert_int_equal(PARSE(&o, &error, "flows", "-n"), -EINVAL);
	assert_says(error, "-n: NAME missing");
	assert_int_equal(PARSE(&o, &error, "--netns="), -EINVAL);
}

static void options_of_another_command_are_refused(void **state)
{
	struct unet_args_error error;
	struct unet_options_given o;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "flows", "-a"), 0);
	assert_int_equal(unet_options_check(&o, UNET_OPTION_JSON, &error), -EINVAL);
	assert_says(error, "-a: no use with this command (options: -j --json,");
	assert_null(strstr(error.text, "--all"));
	assert_int_equal(unet_options_check(&o, UNET_OPTION_ALL, &error), 0);
}

static void too_many_words_are_refused(void **state)
{
	char *argv[UNET_OPTIONS_WORDS + 2];
	struct unet_args_error error;
	struct unet_options_given o;
	int i;

	(void)state;
	for (i = 0; i < UNET_OPTIONS_WORDS + 2; i++)
		argv[i] = "x";
	assert_int_equal(unet_options_parse(UNET_OPTIONS_WORDS + 1, argv, &o,
					    &error), 0);
	assert_int_equal(unet_options_parse(UNET_OPTIONS_WORDS + 2, argv, &o,
					    &error), -EINVAL);
	assert_says(error, "at most 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_and_bounded),
		cmocka_unit_test(ports_are_1_to_65535),
		cmocka_unit_test(protocols_have_names_or_numbers),
		cmocka_unit_test(prefixes_need_zero_bits_behind_their_length),
		cmocka_unit_test(a_prefix_holds_what_shares_its_bits),
		cmocka_unit_test(device_names_are_what_the_kernel_takes),
		cmocka_unit_test(intervals_have_decimals_and_bounds),
		cmocka_unit_test(all_filters_parse_together),
		cmocka_unit_test(every_filter_bit_has_one_word),
		cmocka_unit_test(a_wrong_filter_word_is_named_with_those_allowed),
		cmocka_unit_test(a_wrong_filter_value_is_named_with_what_is_allowed),
		cmocka_unit_test(the_longest_error_fits),
		cmocka_unit_test(the_nearest_word_is_offered),
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(letters_may_be_joined),
		cmocka_unit_test(watch_takes_the_next_word_only_when_it_is_a_number),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_number_below_zero_is_a_word),
		cmocka_unit_test(no_option_is_a_digit),
		cmocka_unit_test(a_wrong_option_is_named_with_those_allowed),
		cmocka_unit_test(options_of_another_command_are_refused),
		cmocka_unit_test(too_many_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
