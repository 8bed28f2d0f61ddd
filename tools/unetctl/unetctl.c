// SPDX-License-Identifier: MIT
/*
 * unetctl: attach unet to network devices, and see what it is doing.
 *
 * The command table is in commands.c, the option table in options.c, the filter
 * table in args.c; usage texts, parsing and completion all come from them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "complete.h"
#include "devices.h"
#include "explain.h"

/* ---- usage -------------------------------------------------------------- */

static void print_options(unsigned int allowed)
{
	const struct unet_option *o;
	char text[64];

	printf("\nOptions:\n");
	for (o = unet_options; o->name; o++) {
		if (!(o->bit & (allowed | UNET_OPTIONS_ANY)))
			continue;
		snprintf(text, sizeof(text), "-%c, --%s%s%s%s", o->letter, o->name,
			 o->takes == UNET_OPTION_MAY ? "[=" :
			 o->takes == UNET_OPTION_NEEDS ? " " : "",
			 o->value ? o->value : "",
			 o->takes == UNET_OPTION_MAY ? "]" : "");
		printf("  %-24s %s\n", text, o->what);
	}
}

static void print_filters(unsigned int allowed)
{
	const struct unet_args_filter_word *w;
	char text[64];

	if (!allowed)
		return;
	printf("\nFilters, all of which must hold:\n");
	for (w = unet_args_filter_words; w->name; w++) {
		if (!(w->bit & allowed))
			continue;
		snprintf(text, sizeof(text), "%s %s", w->name, w->value);
		printf("  %-24s %s\n", text, w->what);
	}
}

static unsigned int print_verbs(const struct unet_args_verb *verbs)
{
	unsigned int words = 0;

	printf("\nVerbs:\n");
	for (; verbs->name; verbs++) {
		printf("  %s %s\n      %s\n", verbs->name, verbs->usage, verbs->what);
		words |= verbs->allowed;
	}
	return words;
}

static void print_type_words(const struct unet_args_verb *verbs)
{
	const struct unet_args_type_word *w;
	unsigned int allowed = print_verbs(verbs);
	char text[64];

	printf("\nWords:\n");
	for (w = unet_args_type_words; w->name; w++) {
		if (!(w->bit & allowed))
			continue;
		snprintf(text, sizeof(text), "%s %s", w->name, w->value);
		printf("  %-24s %s\n", text, w->what);
	}
}

static void print_terms(void)
{
	const struct unet_inter_term *t;
	char text[64];

	printf("\nWords of grant:\n");
	for (t = unet_inter_terms; t->name; t++) {
		snprintf(text, sizeof(text), "%s %s", t->name, t->value);
		printf("  %-28s %s\n", text, t->what);
	}
}

static void print_command_help(const struct unet_command *command)
{
	printf("Usage: unetctl [OPTION...] %s%s%s\n\n%s\n", command->name,
	       *command->usage ? " " : "", command->usage, command->what);
	print_filters(command->filters);
	if (command->verbs)
		print_type_words(command->verbs);
	if (command->takes == UNET_WORDS_INTER)
		print_terms();
	print_options(command->options);
}

static void print_help(void)
{
	const struct unet_command *c;
	char text[64];

	printf("Usage: unetctl [OPTION...] COMMAND [WORD...]\n\nCommands:\n");
	for (c = unet_commands; c->name; c++) {
		snprintf(text, sizeof(text), "%s %s", c->name, c->usage);
		printf("  %-24s %s\n", text, c->what);
	}
	print_options(~0u);
	printf("\nunetctl help COMMAND tells more, unetctl(8) tells all.\n");
}

int unet_cmd_help(struct unet_run *run)
{
	if (run->nwords)
		print_command_help(unet_command_find(run->words[0]));
	else
		print_help();
	return 0;
}

/* ---- the command line, checked ------------------------------------------- */

static int refuse_command(const char *word, struct unet_args_error *error)
{
	const char *near = unet_args_nearest(word, unet_command_name, NULL);
	size_t len = sizeof(error->text);
	const char *name;
	int i, n;

	n = snprintf(error->text, len, *word ? "%.64s: no such command" :
		     "\"%s\": no such command", word);
	if (near)
		n += snprintf(error->text + n, len - n, ", did you mean %s?", near);
	n += snprintf(error->text + n, len - n, " (commands:");
	for (i = 0; (name = unet_command_name(NULL, i)); i++)
		n += snprintf(error->text + n, len - n, "%s %s", i ? "," : "", name);
	snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}

static int check_devices(struct unet_run *run, int min, int max)
{
	char ifname[UNET_ARGS_IFNAME];
	int i;

	if (run->nwords < min) {
		snprintf(run->error.text, sizeof(run->error.text),
			 "which device? (usage: unetctl %s %s)",
			 run->command->name, run->command->usage);
		return -EINVAL;
	}
	if (run->nwords > max) {
		snprintf(run->error.text, sizeof(run->error.text),
			 "%.64s: one word too many (usage: unetctl %s%s%s)",
			 run->words[max], run->command->name,
			 *run->command->usage ? " " : "", run->command->usage);
		return -EINVAL;
	}
	for (i = 0; i < run->nwords; i++) {
		if (!unet_args_ifname(run->words[i], ifname))
			continue;
		snprintf(run->error.text, sizeof(run->error.text),
			 "%.64s: not a device name (1 to 15 bytes without '/' "
			 "or white space)", run->words[i]);
		return -EINVAL;
	}
	return 0;
}

static int check_words(struct unet_run *run)
{
	switch (run->command->takes) {
	case UNET_WORDS_DEVS:
		return check_devices(run, 1, UNET_OPTIONS_WORDS);
	case UNET_WORDS_DEV:
		return check_devices(run, 0, 1);
	case UNET_WORDS_FILTER:
		return unet_args_filter(run->words, run->nwords,
					run->command->filters, &run->filter,
					&run->error);
	case UNET_WORDS_TYPE:
		return unet_args_type(run->words, run->nwords,
				      run->command->verbs, &run->type,
				      &run->error);
	case UNET_WORDS_COMMAND:
		if (run->nwords && !unet_command_find(run->words[0]))
			return refuse_command(run->words[0], &run->error);
		return run->nwords > 1 ? check_devices(run, 0, 1) : 0;
	case UNET_WORDS_INTER:
		return unet_inter_args_parse(run->words, run->nwords,
					     &run->inter, &run->error);
	case UNET_WORDS_NONE:
		break;
	}
	return run->nwords ? check_devices(run, 0, 0) : 0;
}

/* Each turn would change something once more. */
static int check_watch(struct unet_run *run)
{
	if (!(run->given & UNET_OPTION_WATCH))
		return 0;
	if (run->command->takes == UNET_WORDS_TYPE)
		return unet_args_type_watch(&run->type, &run->error);
	if (run->command->takes == UNET_WORDS_INTER)
		return unet_inter_args_watch(&run->inter, &run->error);
	return 0;
}

/* -h and -V stand for the commands of those names. */
static void choose_command(struct unet_options_given *opts)
{
	static char help[] = "help", version[] = "version";

	if (opts->given & UNET_OPTION_HELP) {
		if (opts->nwords && strcmp(opts->words[0], help))
			opts->words[1] = opts->words[0];
		opts->nwords = opts->nwords ? 2 : 1;
		opts->words[0] = help;
		opts->given = 0;
	} else if (opts->given & UNET_OPTION_VERSION) {
		opts->nwords = 1;
		opts->words[0] = version;
		opts->given &= UNET_OPTION_JSON | UNET_OPTION_NETNS;
	}
}

static int prepare(struct unet_run *run, struct unet_options_given *opts)
{
	int err;

	choose_command(opts);
	if (!opts->nwords) {
		snprintf(run->error.text, sizeof(run->error.text),
			 "which command? (unetctl help lists them)");
		return -EINVAL;
	}
	run->command = unet_command_find(opts->words[0]);
	if (!run->command)
		return refuse_command(opts->words[0], &run->error);
	run->given = opts->given;
	run->words = opts->words + 1;
	run->nwords = opts->nwords - 1;
	err = unet_options_check(opts, run->command->options, &run->error);
	if (!err)
		err = check_words(run);
	return err ? err : check_watch(run);
}

/* ---- running -------------------------------------------------------------- */

static void begin_turn(const struct unet_run *run)
{
	if (run->given & UNET_OPTION_JSON)
		return;
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	else if (run->turn)
		putchar('\n');
}

static int run_turns(struct unet_run *run, unsigned int interval_ms)
{
	const struct timespec interval = {
		.tv_sec = interval_ms / 1000,
		.tv_nsec = interval_ms % 1000 * 1000000L,
	};
	int err;

	if (!(run->given & UNET_OPTION_WATCH))
		return run->command->run(run);
	for (;; run->turn++) {
		begin_turn(run);
		err = run->command->run(run);
		if (err)
			return err;
		nanosleep(&interval, NULL);
	}
}

static int run_command(struct unet_run *run, const struct unet_options_given *opts)
{
	int err = 0;

	if (opts->netns)
		err = unet_netns_enter(opts->netns, &run->error);
	if (!err && run->command->kernel)
		err = unet_genl_open(&run->genl);
	if (!err)
		err = run_turns(run, opts->interval_ms);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -EIO;
	return err;
}

static void print_error(const struct unet_run *run, int err)
{
	char text[1024];

	fflush(stdout);
	unet_explain(run, err, text, sizeof(text));
	fprintf(stderr, "unetctl: %s\n", text);
}

int main(int argc, char **argv)
{
	struct unet_options_given opts;
	struct unet_run run = { 0 };
	enum unet_exit status;
	int err;

	if (argc > 1 && !strcmp(argv[1], "--complete")) {
		unet_complete(stdout, argc - 1, argv + 1);
		return UNET_EXIT_DONE;
	}
	err = unet_options_parse(argc, argv, &opts, &run.error);
	if (!err)
		err = prepare(&run, &opts);
	status = UNET_EXIT_USAGE;
	if (!err) {
		err = run_command(&run, &opts);
		status = unet_explain_exit(err);
	}
	if (err)
		print_error(&run, err);
	unet_genl_close(run.genl);
	free(run.memory);
	return status;
}
