// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,args_type,inter_args}.c */
/*
 * Description: the words of unetctl intermediary become attributes of the kernel's,
 * or are refused with a sentence that names the wrong one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/args_type.c"
#include "tools/unetctl/inter_args.c"

#define MAX_WORDS	40

struct refused_row {
	const char *words;
	const char *says;
};

static int parse(const char *text, struct unet_inter_args *args,
		 struct unet_args_error *error)
{
	static char copy[1024];
	char *words[MAX_WORDS];
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (words[n] = strtok(copy, " "); words[n]; words[n] = strtok(NULL, " "))
		n++;
	return unet_inter_args_parse(words, n, args, error);
}

static uint32_t number(const struct unet_inter_args *args, uint16_t attr)
{
	uint32_t v = 0xdeadbeef;
	unsigned int i;

	for (i = 0; i < args->num; i++)
		if (args->value[i].attr == attr && args->value[i].len == 4)
			memcpy(&v, args->value[i].bytes, 4);
	return v;
}

static void all_words_of_a_grant(void **state)
{
	struct unet_inter_args a;
	struct unet_args_error e;

	(void)state;
	assert_int_equal(parse("grant va rights observe,drop direction in uid 1000 "
			       "priority -5 policy after:300 hold 50 backlog 7 "
			       "backlog-bytes 70000 copy 96 violations 0 proto tcp "
			       "local-addr 10.0.0.0/8 local-port 80 "
			       "remote-addr 10.1.2.3 remote-port 443", &a, &e), 0);
	assert_int_equal(a.verb, UNET_INTER_VERB_GRANT);
	assert_string_equal(a.dev, "va");
	assert_int_equal(number(&a, UNET_IA_RIGHTS), 7);
	assert_int_equal(number(&a, UNET_IA_DIRECTIONS), 1);
	assert_int_equal(number(&a, UNET_IA_UID), 1000);
	assert_int_equal((int32_t)number(&a, UNET_IA_PRIORITY), -5);
	assert_int_equal(number(&a, UNET_IA_POLICY), 2);
	assert_int_equal(number(&a, UNET_IA_AFTER_MS), 300);
	assert_int_equal(number(&a, UNET_IA_HOLD_MS), 50);
	assert_int_equal(number(&a, UNET_IA_BACKLOG), 7);
	assert_int_equal(number(&a, UNET_IA_COPY_BYTES), 96);
	assert_int_equal(number(&a, UNET_IA_VIOLATIONS), 0);
	assert_int_equal(a.num, 18);
	assert_int_equal(a.value[a.num - 1].attr, UNET_IA_REMOTE_PORT);
	assert_memory_equal(a.value[a.num - 1].bytes, "\x01\xbb", 2);
}

static void which_packets_are_meant(void **state)
{
	struct unet_inter_args a;
	struct unet_args_error e;

	(void)state;
	assert_int_equal(parse("grant va rights drop pattern 0:16 "
			       "pattern 5:01/0f program /sys/fs/bpf/sni", &a, &e), 0);
	assert_int_equal(a.num_patterns, 2);
	assert_int_equal(a.pattern[0].value[0], 0x16);
	assert_int_equal(a.pattern[1].offset, 5);
	assert_int_equal(a.pattern[1].mask[0], 0x0f);
	assert_string_equal(a.program, "/sys/fs/bpf/sni");
	assert_int_equal(parse("grant va rights drop", &a, &e), 0);
	assert_int_equal(a.num_patterns, 0);
	assert_string_equal(a.program, "");
	assert_int_equal(a.prog_fd, -1);
}

static void where_it_may_redirect_to(void **state)
{
	struct unet_inter_args a;
	struct unet_args_error e;

	(void)state;
	assert_int_equal(parse("grant va rights redirect proto udp redirect-port 7001",
			       &a, &e), 0);
	assert_int_equal(number(&a, UNET_IA_RIGHTS), UNET_INTER_REDIRECT);
	assert_int_equal(a.value[a.num - 1].attr, UNET_IA_REDIRECT_PORT);
	assert_memory_equal(a.value[a.num - 1].bytes, "\x1b\x59", 2);
}

static void every_right_has_its_bit(void **state)
{
	struct unet_inter_args a;
	struct unet_args_error e;
	char text[64];
	int i;

	(void)state;
	for (i = 0; unet_inter_right(i); i++) {
		snprintf(text, sizeof(text), "grant va rights %s",
			 unet_inter_right(i));
		assert_int_equal(parse(text, &a, &e), 0);
		assert_int_equal(number(&a, UNET_IA_RIGHTS), 1u << i);
	}
	assert_int_equal(1u << i, UNET_INTER_ALL_RIGHTS + 1);
}

static void other_verbs(void **state)
{
	struct unet_inter_args a;
	struct unet_args_error e;

	(void)state;
	assert_int_equal(parse("", &a, &e), 0);
	assert_int_equal(a.verb, UNET_INTER_VERB_LIST);
	assert_int_equal(parse("list va", &a, &e), 0);
	assert_string_equal(a.dev, "va");
	assert_int_equal(parse("stat 7", &a, &e), 0);
	assert_int_equal(a.id, 7);
	assert_int_equal(parse("revoke 7", &a, &e), 0);
	assert_int_equal(a.verb, UNET_INTER_VERB_REVOKE);
}

static void what_is_wrong_is_named(void **state)
{
	static const struct refused_row rows[] = {
		{ "take", "take: not grant, revoke, list or stat" },
		{ "grant", "grant: which device's flows?" },
		{ "grant a/b rights drop", "a/b: not a device name" },
		{ "grant va", "rights: missing" },
		{ "grant va hold 5", "rights: missing" },
		{ "grant va rights", "rights: value missing" },
		{ "grant va rights fly", "rights fly: not observe-headers" },
		{ "grant va rights drop,", "rights drop,: not" },
		{ "grant va rights ,", "rights ,: not" },
		{ "grant va rights drop rights drop", "rights: given twice" },
		{ "grant va rigts drop", "rigts: no word of grant, did you mean rights" },
		{ "grant va rights drop hold x", "hold x: not milliseconds" },
		{ "grant va rights drop hold 4294967296", "hold 4294967296: not" },
		{ "grant va rights drop policy shut", "policy shut: not open, closed" },
		{ "grant va rights drop policy after:", "policy after:: not" },
		{ "grant va rights drop direction up", "direction up: not in, out" },
		{ "grant va rights drop priority --1", "priority --1: not" },
		{ "grant va rights drop priority 2147483648", "priority 2147483648: not" },
		{ "grant va rights drop local-port 0", "local-port 0: not 1 to 65535" },
		{ "grant va rights drop local-addr 10.0.0.1/8", "local-addr 10.0.0.1/8: not" },
		{ "grant va rights drop remote-addr ::/0", "remote-addr ::/0: not" },
		{ "grant va rights redirect redirect-port 0", "redirect-port 0: not 1 to" },
		{ "grant va rights redirect redirect-port", "redirect-port: value missing" },
		{ "grant va rights drop proto x", "proto x: not tcp, udp" },
		{ "grant va rights drop pattern 5", "pattern 5: not offset:bytes" },
		{ "grant va rights drop pattern 0:1/f", "pattern 0:1/f: not" },
		{ "grant va rights drop pattern 0:01 pattern 1:01 pattern 2:01 "
		  "pattern 3:01 pattern 4:01", "pattern 4:01: not" },
		{ "grant va rights drop program", "program: value missing" },
		{ "grant va rights drop program a program b", "program: given twice" },
		{ "revoke", "revoke: which grant?" },
		{ "revoke 0", "0: not a grant's number" },
		{ "stat x", "x: not a grant's number" },
		{ "stat 1 2", "2: one word too many" },
		{ "list a/b", "a/b: not a device name" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unet_args_error e = { "" };
		struct unet_inter_args a;

		assert_int_equal(parse(rows[i].words, &a, &e), -EINVAL);
		if (strncmp(e.text, rows[i].says, strlen(rows[i].says)))
			fail_msg("'%s' says '%s'", rows[i].words, e.text);
	}
}

static void only_what_reads_is_watched(void **state)
{
	static const struct refused_row rows[] = {
		{ "grant va rights drop", "--watch: no use with grant" },
		{ "revoke 7", "--watch: no use with revoke" },
	};
	struct unet_args_error e = { "" };
	struct unet_inter_args a;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].words, &a, &e), 0);
		assert_int_equal(unet_inter_args_watch(&a, &e), -EINVAL);
		assert_memory_equal(e.text, rows[i].says, strlen(rows[i].says));
		assert_non_null(strstr(e.text, "list, stat"));
	}
	assert_int_equal(parse("", &a, &e), 0);
	assert_int_equal(unet_inter_args_watch(&a, &e), 0);
	assert_int_equal(parse("list va", &a, &e), 0);
	assert_int_equal(unet_inter_args_watch(&a, &e), 0);
	assert_int_equal(parse("stat 7", &a, &e), 0);
	assert_int_equal(unet_inter_args_watch(&a, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_words_of_a_grant),
		cmocka_unit_test(which_packets_are_meant),
		cmocka_unit_test(where_it_may_redirect_to),
		cmocka_unit_test(every_right_has_its_bit),
		cmocka_unit_test(other_verbs),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(only_what_reads_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
