// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,args_type,inter_args,options,commands,unetctl}.c */
/*
 * Description: a whole command line, options and words, comes to what is to be done, or
 * to a sentence that names what is wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/args_type.c"
#include "tools/unetctl/inter_args.c"
#include "tools/unetctl/options.c"
#include "tools/unetctl/commands.c"

/* Lines are taken here, and cmocka has a print_error(), too. */
int unetctl_main(int argc, char **argv);
#define main		unetctl_main
#define print_error	unetctl_print_error
#include "tools/unetctl/unetctl.c"
#undef main
#undef print_error

#include "unetctl_never.h"

void unet_complete(FILE *to, int argc, char **argv)
{
	(void)to;
	(void)argc;
	(void)argv;
}

void unet_explain(const struct unet_run *run, int err, char *buf, size_t len)
{
	(void)err;
	snprintf(buf, len, "%s", run->error.text);
}

enum unet_exit unet_explain_exit(int err)
{
	return err ? UNET_EXIT_FAILED : UNET_EXIT_DONE;
}

int unet_netns_enter(const char *name, struct unet_args_error *error)
{
	(void)name;
	(void)error;
	return -ENOSYS;
}

int unet_genl_open(struct unet_genl **genl)
{
	*genl = NULL;
	return -ENOSYS;
}

void unet_genl_close(struct unet_genl *genl)
{
	(void)genl;
}

/* ---- lines --------------------------------------------------------------- */

#define MAX_WORDS	24

/* Words with spaces between; @run and @opts point into a copy that the next line takes. */
static int take_line(const char *line, struct unet_run *run,
		     struct unet_options_given *opts)
{
	static char copy[512], tool[] = "unetctl";
	static char *argv[MAX_WORDS];
	int argc = 1, err;

	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = tool;
	for (argv[argc] = strtok(copy, " "); argv[argc]; argv[argc] = strtok(NULL, " "))
		argc++;
	memset(run, 0, sizeof(*run));
	err = unet_options_parse(argc, argv, opts, &run->error);
	return err ? err : prepare(run, opts);
}

static bool priority_is(const struct unet_inter_args *args, int32_t wanted)
{
	unsigned int i;

	for (i = 0; i < args->num; i++)
		if (args->value[i].attr == UNET_IA_PRIORITY)
			return args->value[i].len == sizeof(wanted) &&
			       !memcmp(args->value[i].bytes, &wanted, sizeof(wanted));
	return false;
}

static void a_grant_may_have_a_priority_below_zero(void **state)
{
	static const struct {
		const char *line;
		int32_t priority;
		unsigned int given;
	} rows[] = {
		{ "intermediary grant eth0 rights drop priority -5", -5, 0 },
		{ "intermediary grant eth0 priority -5 rights drop", -5, 0 },
		{ "-j intermediary grant eth0 rights drop priority -5 -nred", -5,
		  UNET_OPTION_JSON | UNET_OPTION_NETNS },
		{ "intermediary grant eth0 rights drop priority -2147483647", -2147483647, 0 },
		{ "intermediary grant eth0 rights drop priority 2147483647", 2147483647, 0 },
		{ "intermediary grant eth0 rights drop priority -0", 0, 0 },
		{ "intermediary grant eth0 -- rights drop priority -5", -5, 0 },
	};
	struct unet_options_given opts;
	struct unet_run run;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (take_line(rows[i].line, &run, &opts))
			fail_msg("%s: %s", rows[i].line, run.error.text);
		assert_string_equal(run.command->name, "intermediary");
		assert_int_equal(run.given, rows[i].given);
		assert_string_equal(run.inter.dev, "eth0");
		if (!priority_is(&run.inter, rows[i].priority))
			fail_msg("%s", rows[i].line);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "intermediary grant eth0 rights drop priority -2147483648",
		  "priority -2147483648: not a number from -2147483647" },
		{ "intermediary grant eth0 rights drop priority -5x", "priority -5x: not a" },
		{ "intermediary grant eth0 rights drop priority -", "priority -: not a" },
		{ "intermediary grant eth0 rights drop priority -x", "-x: no such option" },
		{ "intermediary grant eth0 rights drop hold -5", "hold -5: not milliseconds" },
		{ "-5", "-5: no such command" },
		{ "flows port -5", "port: -5: not valid" },
		{ "intermediary -w grant eth0 rights drop priority -5",
		  "--watch: no use with grant" },
		{ "monitor -a", "-a: no use with this command" },
	};
	struct unet_options_given opts;
	struct unet_run run;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(take_line(rows[i].line, &run, &opts), -EINVAL);
		if (strncmp(run.error.text, rows[i].says, strlen(rows[i].says)))
			fail_msg("\"%s\" says \"%s\"", rows[i].line, run.error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_may_have_a_priority_below_zero),
		cmocka_unit_test(what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
