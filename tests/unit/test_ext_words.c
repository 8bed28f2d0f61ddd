// SPDX-License-Identifier: MIT
/*
 * Description: unet-ext takes no word that makes no sense: it names the word, and
 * what it may be, and does nothing. A grant that lacks a right is told which.
 */
#include <stdio.h>
#include <unistd.h>
#include "helpers.h"
#include "tools/ext/words.c"

#define EXT	"build/rel/tools/unet-ext"

struct row {
	const char *words;
	const char *said[2];
};

static const struct row rows[] = {
	{ "", { "Usage:", "Extensions:" } },
	{ "7", { "Usage:" } },
	{ "7 nosuch", { "\"nosuch\"", "one of log block rewrite delay" } },
	{ "7x log", { "GRANT: \"7x\"", "a number from 1 to 2147483647" } },
	{ "0 log", { "GRANT: \"0\"", "a number from 1 to" } },
	{ "2147483648 log", { "\"2147483648\"" } },
	{ "18446744073709551617 log", { "\"18446744073709551617\"" } },
	{ "-1 log", { "\"-1\"" } },
	{ "'' log", { "\"\"" } },
	{ "7 log x", { "log: \"x\"", "no words" } },
	{ "7 block", { "which host names" } },
	{ "7 block a.b http://x", { "block: \"http://x\"", "a host name" } },
	{ "7 block ''", { "block: \"\"" } },
	{ "7 delay", { "delay", "from 1 to 10000" } },
	{ "7 delay 1 2", { "delay", "from 1 to 10000" } },
	{ "7 delay 20x", { "delay: \"20x\"", "a number from 1 to 10000" } },
	{ "7 delay 0", { "delay: \"0\"" } },
	{ "7 delay 10001", { "delay: \"10001\"" } },
	{ "7 rewrite", { "mss N" } },
	{ "7 rewrite mss", { "mss: its value is missing" } },
	{ "7 rewrite mss abc", { "mss: \"abc\"", "a number from 1 to 65535" } },
	{ "7 rewrite mss 0", { "mss: \"0\"" } },
	{ "7 rewrite mss 65536", { "mss: \"65536\"" } },
	{ "7 rewrite mss ' 9'", { "mss: \" 9\"" } },
	{ "7 rewrite dscp 64", { "dscp: \"64\"", "a number from 0 to 63" } },
	{ "7 rewrite dscp +1", { "dscp: \"+1\"" } },
	{ "7 rewrite mss 9 tos 1", { "\"tos\"", "one of mss dscp text" } },
	{ "7 rewrite text abc", { "text \"abc\"", "FROM/TO" } },
	{ "7 rewrite text /b", { "text \"/b\"", "not empty" } },
};

static void a_word_row(void **state)
{
	const struct row *r = *state;
	char cmd[300], said[2000];
	FILE *f;
	size_t i;

	snprintf(cmd, sizeof(cmd), EXT " %s 2>&1", r->words);
	f = popen(cmd, "r");
	assert_non_null(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	assert_int_equal(pclose(f) >> 8, 2);
	for (i = 0; i < ARRAY_SIZE(r->said); i++)
		if (r->said[i] && !strstr(said, r->said[i]))
			fail_msg("\"%s\" lacks \"%s\"", said, r->said[i]);
}

/* What is written to standard error while @needs is compared with @has. */
static const char *missing(uint32_t has, uint32_t needs, int want)
{
	static char said[300];
	int fd[2], was = dup(2), ret;
	ssize_t n;

	assert_int_equal(pipe(fd), 0);
	dup2(fd[1], 2);
	ret = ext_has_rights("rewrite", 7, has, needs);
	dup2(was, 2);
	close(was);
	close(fd[1]);
	n = read(fd[0], said, sizeof(said) - 1);
	close(fd[0]);
	said[n < 0 ? 0 : n] = '\0';
	assert_int_equal(ret, want);
	return said;
}

static void rights_that_are_missing_are_named(void **state)
{
	const u32 text = UNET_INTER_OBSERVE_PAYLOAD | UNET_INTER_MODIFY_PAYLOAD;

	assert_string_equal(missing(text, text, 0), "");
	assert_string_equal(missing(UNET_INTER_ALL_RIGHTS, text, 0), "");
	assert_string_equal(missing(UNET_INTER_OBSERVE_PAYLOAD, text, -1),
			    "unet-ext: rewrite: grant 7 lacks a right that these words need: modify-payload\n");
	assert_string_equal(missing(UNET_INTER_DROP, text | UNET_INTER_MODIFY_HEADERS, -1),
			    "unet-ext: rewrite: grant 7 lacks a right that these words need: observe-payload, modify-headers, modify-payload\n");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)];
	const struct CMUnitTest rights_tests[] = {
		cmocka_unit_test(rights_that_are_missing_are_named),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest){ rows[i].words, a_word_row, NULL,
			NULL, (void *)&rows[i] };
	return cmocka_run_group_tests_name("ext words", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("ext rights", rights_tests, NULL, NULL);
}
