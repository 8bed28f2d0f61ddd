// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,args_type,inter_args,options,commands,complete}.c */
/*
 * Description: the tables of commands, options and filters are what the manual
 * page describes and what completion offers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/args_type.c"
#include "tools/unetctl/inter_args.c"
#include "tools/unetctl/options.c"
#include "tools/unetctl/commands.c"
#include "tools/unetctl/complete.c"

#include "unetctl_never.h"

NEVER(unet_cmd_help)

static char manual[65536];

/* The page without its font changes, so that words can be looked for. */
static int read_manual(void **state)
{
	FILE *page = fopen("tools/unetctl/unetctl.8", "r");
	size_t i = 0;
	int c;

	(void)state;
	if (!page)
		return -1;
	while ((c = fgetc(page)) != EOF && i < sizeof(manual) - 1) {
		if (c == '\\') {
			c = fgetc(page);
			if (c == 'f') {
				fgetc(page);
				continue;
			}
		}
		if (c != '"')
			manual[i++] = c;
	}
	fclose(page);
	return i ? 0 : -1;
}

/* Does a paragraph of COMMANDS start with this? */
static bool heads_a_paragraph(const char *text)
{
	const char *p = strstr(manual, ".SH COMMANDS");
	const char *last = strstr(manual, ".SH OPTIONS");
	size_t len = strlen(text);
	const char *word;

	for (p = strstr(p, ".TP\n."); p && p < last; p = strstr(p + 1, ".TP\n.")) {
		word = strpbrk(p + 5, " \n");
		if (word && !strncmp(word + 1, text, len) &&
		    strchr(" \n,", word[1 + len]))
			return true;
	}
	return false;
}

static void the_manual_describes_every_command(void **state)
{
	const struct unet_command *c;

	(void)state;
	for (c = unet_commands; c->name; c++)
		if (!heads_a_paragraph(c->name))
			fail_msg("unetctl.8 does not describe %s", c->name);
	assert_false(heads_a_paragraph("frobnicate"));
}

static void the_manual_describes_every_option(void **state)
{
	const struct unet_option *o;
	char text[32];

	(void)state;
	for (o = unet_options; o->name; o++) {
		snprintf(text, sizeof(text), "-%c ,  --%s", o->letter, o->name);
		if (!strstr(manual, text))
			fail_msg("unetctl.8 does not describe %s", text);
	}
}

static void the_manual_describes_every_filter(void **state)
{
	const struct unet_args_filter_word *w;
	char text[32];

	(void)state;
	for (w = unet_args_filter_words; w->name; w++) {
		snprintf(text, sizeof(text), "%s ", w->name);
		if (!strstr(strstr(manual, ".SH FILTERS"), text))
			fail_msg("unetctl.8 does not describe the filter %s", text);
	}
}

static void the_manual_describes_every_word_of_a_rule(void **state)
{
	const char *page = strstr(manual, ".SH PACKET TYPES");
	const struct unet_args_type_word *w;
	char text[32];

	(void)state;
	assert_non_null(page);
	for (w = unet_args_type_words; w->name; w++) {
		snprintf(text, sizeof(text), "%s ", w->name);
		if (!strstr(page, text))
			fail_msg("unetctl.8 does not describe the word %s", text);
	}
}

static void rows_of_the_command_table_are_whole(void **state)
{
	const struct unet_command *c;

	(void)state;
	for (c = unet_commands; c->name; c++) {
		assert_non_null(c->run);
		assert_non_null(c->usage);
		assert_non_null(c->what);
		assert_true((c->takes == UNET_WORDS_FILTER) == !!c->filters);
		assert_true((c->takes == UNET_WORDS_TYPE) == !!c->verbs);
		assert_ptr_equal(unet_command_find(c->name), c);
	}
	assert_null(unet_command_find("flo"));
	assert_null(unet_command_find(""));
}

/* ---- completion ----------------------------------------------------------- */

#define COMPLETE(...) \
	complete((char *[]){ "unetctl", __VA_ARGS__ }, \
		 sizeof((char *[]){ "unetctl", __VA_ARGS__ }) / sizeof(char *))

static const char *complete(char **argv, int argc)
{
	static char text[4096];
	FILE *to = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	unet_complete(to, argc, argv);
	fclose(to);
	return text;
}

static void commands_are_offered_first(void **state)
{
	(void)state;
	assert_string_equal(COMPLETE(""), "attach\ndetach\nnexus\nchannels\n"
			    "flows\nstats\nmonitor\ntype\npolicy\nintermediary\nversion\nhelp\n");
	assert_string_equal(COMPLETE("fl"), "flows\n");
	assert_string_equal(COMPLETE("-j", "d"), "detach\n");
	assert_string_equal(COMPLETE("help", "f"), "flows\n");
	assert_string_equal(COMPLETE("help", "flows", ""), "");
	assert_string_equal(COMPLETE("nonsense", ""), "");
}

static void options_are_those_of_the_command(void **state)
{
	(void)state;
	assert_string_equal(COMPLETE("--w"), "--watch\n");
	assert_string_equal(COMPLETE("attach", "--"),
			    "--json\n--netns\n--help\n--version\n");
	assert_string_equal(COMPLETE("stats", "--a"), "--all\n");
	assert_string_equal(COMPLETE("flows", "--a"), "");
}

static void devices_are_those_there_are(void **state)
{
	(void)state;
	assert_non_null(strstr(COMPLETE("attach", ""), "lo\n"));
	assert_non_null(strstr(COMPLETE("stats", "l"), "lo\n"));
	assert_string_equal(COMPLETE("stats", "lo", ""), "");
	assert_non_null(strstr(COMPLETE("flows", "dev", ""), "lo\n"));
}

static void filters_are_offered_once_and_then_their_values(void **state)
{
	(void)state;
	assert_string_equal(COMPLETE("channels", ""), "dev\npid\n");
	assert_string_equal(COMPLETE("channels", "pid", "812", ""), "dev\n");
	assert_string_equal(COMPLETE("flows", "proto", ""), "tcp\nudp\n");
	assert_string_equal(COMPLETE("flows", "-j", "state", "c"), "closing\n");
	assert_string_equal(COMPLETE("flows", "port", ""), "");
	assert_string_equal(COMPLETE("flows", "port", "80", "pr"), "proto\n");
}

static void verbs_are_offered_then_their_words_and_values(void **state)
{
	(void)state;
	assert_string_equal(COMPLETE("type", ""), "list\nadd\nmodify\npriority\ndel\n");
	assert_string_equal(COMPLETE("policy", ""), "list\nadd\ndel\n");
	assert_string_equal(COMPLETE("type", "add", "eth"), "ethertype\n");
	assert_string_equal(COMPLETE("type", "add", "dir", ""), "rx\ntx\nboth\n");
	assert_string_equal(COMPLETE("type", "add", "udp", "7", "action", "d"), "drop\n");
	assert_string_equal(COMPLETE("type", "modify", ""), "");
	assert_string_equal(COMPLETE("type", "modify", "7", "pri"), "priority\n");
	assert_string_equal(COMPLETE("type", "del", "7", ""), "");
	assert_string_equal(COMPLETE("type", "frobnicate", ""), "");
}

static void terms_of_a_grant_are_offered_once(void **state)
{
	(void)state;
	assert_string_equal(COMPLETE("intermediary", ""),
			    "grant\nrevoke\nlist\nstat\n");
	assert_non_null(strstr(COMPLETE("intermediary", "grant", ""), "lo\n"));
	assert_string_equal(COMPLETE("intermediary", "grant", "lo", "rem"),
			    "remote-addr\nremote-port\n");
	assert_string_equal(COMPLETE("intermediary", "grant", "lo", "hold", "5",
				     "ho"), "");
	assert_string_equal(COMPLETE("intermediary", "grant", "lo", "priority", "-5",
				     "ri"), "rights\n");
	assert_string_equal(COMPLETE("intermediary", "revoke", ""), "");
}

static void the_manual_describes_every_term(void **state)
{
	const struct unet_inter_term *t;
	char text[64];
	int i;

	(void)state;
	for (t = unet_inter_terms; t->name; t++) {
		snprintf(text, sizeof(text), "\n.BI %s ", t->name);
		if (!strstr(manual, text))
			fail_msg("%s is not in the manual", t->name);
	}
	for (i = 0; unet_inter_right(i); i++)
		if (!strstr(manual, unet_inter_right(i)))
			fail_msg("%s is not in the manual", unet_inter_right(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_of_a_grant_are_offered_once),
		cmocka_unit_test(the_manual_describes_every_term),
		cmocka_unit_test(the_manual_describes_every_command),
		cmocka_unit_test(the_manual_describes_every_option),
		cmocka_unit_test(the_manual_describes_every_filter),
		cmocka_unit_test(the_manual_describes_every_word_of_a_rule),
		cmocka_unit_test(verbs_are_offered_then_their_words_and_values),
		cmocka_unit_test(rows_of_the_command_table_are_whole),
		cmocka_unit_test(commands_are_offered_first),
		cmocka_unit_test(options_are_those_of_the_command),
		cmocka_unit_test(devices_are_those_there_are),
		cmocka_unit_test(filters_are_offered_once_and_then_their_values),
	};

	return cmocka_run_group_tests(tests, read_manual, NULL);
}
