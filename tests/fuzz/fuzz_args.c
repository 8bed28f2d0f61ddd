// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,args_type,inter_args,options,commands,complete}.c */
/*
 * The command line of unetctl: the input is its words, one a line. What parses
 * must be within its bounds; what does not must say why.
 */
#include <assert.h>
#include <stdlib.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/args_type.c"
#include "tools/unetctl/inter_args.c"
#include "tools/unetctl/options.c"
#include "tools/unetctl/commands.c"
#include "tools/unetctl/complete.c"

#include "unit/unetctl_never.h"

NEVER(unet_cmd_help)

#define MAX_WORDS	80

static int split(char *text, char **argv)
{
	int argc = 0;
	char *end;

	argv[argc++] = "unetctl";
	while (argc < MAX_WORDS) {
		argv[argc++] = text;
		end = strchr(text, '\n');
		if (!end)
			break;
		*end = '\0';
		text = end + 1;
	}
	return argc;
}

static void check_error(const struct unet_args_error *error)
{
	size_t len = strnlen(error->text, sizeof(error->text));

	assert(len > 0 && len < sizeof(error->text));
}

static void check_prefix(const struct unet_args_prefix *p)
{
	assert(p->family == AF_INET || p->family == AF_INET6);
	assert(p->bits <= (p->family == AF_INET ? 32 : 128));
	assert(unet_args_prefix_holds(p, p->family, p->bytes));
}

static void check_filter(const struct unet_args_filter *f)
{
	if (f->given & UNET_FILTER_DEV)
		assert(*f->dev && strlen(f->dev) < UNET_ARGS_IFNAME);
	if (f->given & UNET_FILTER_PORT)
		assert(f->port);
	if (f->given & UNET_FILTER_PID)
		assert(f->pid && f->pid <= INT32_MAX);
	if (f->given & UNET_FILTER_ADDR)
		check_prefix(&f->addr);
	if (f->given & UNET_FILTER_LOCAL_ADDR)
		check_prefix(&f->local_addr);
	if (f->given & UNET_FILTER_REMOTE_ADDR)
		check_prefix(&f->remote_addr);
}

/* What is sent must be what the kernel takes for sound, but for its reserved numbers. */
static void check_type(const struct unet_args_type *t)
{
	int i;

	assert(t->verb->name && !(t->given & ~t->verb->allowed));
	assert(!(t->verb->needed & ~t->given));
	assert(!t->id == !t->verb->id);
	assert(t->first <= t->last);
	assert(t->num_patterns <= UNET_TYPE_PATTERNS);
	for (i = 0; i < t->num_patterns; i++)
		assert(t->pattern[i].bytes && t->pattern[i].bytes <= UNET_PATTERN_BYTES &&
		       t->pattern[i].offset + t->pattern[i].bytes <= UNET_PATTERN_REACH);
	if (t->given & UNET_TYPE_WORD_LOCAL)
		check_prefix(&t->local);
	assert(strnlen(t->program, sizeof(t->program)) < sizeof(t->program));
	assert(strnlen(t->extension, sizeof(t->extension)) < sizeof(t->extension));
}

static void parse_type(const struct unet_options_given *opts,
		       const struct unet_args_verb *verbs)
{
	struct unet_args_error error = { "" };
	struct unet_args_type type;

	if (unet_args_type(opts->words + 1, opts->nwords - 1, verbs, &type, &error))
		check_error(&error);
	else
		check_type(&type);
}

static void parse(int argc, char **argv)
{
	struct unet_args_error error = { "" };
	struct unet_options_given opts;
	struct unet_args_filter filter;

	if (unet_options_parse(argc, argv, &opts, &error)) {
		check_error(&error);
		return;
	}
	assert(opts.nwords <= UNET_OPTIONS_WORDS);
	assert(opts.interval_ms >= 100 && opts.interval_ms <= 86400000);
	if (unet_options_check(&opts, UNET_OPTION_JSON, &error))
		check_error(&error);
	if (!opts.nwords)
		return;
	unet_args_nearest(opts.words[0], unet_command_name, NULL);
	parse_type(&opts, unet_args_type_verbs);
	parse_type(&opts, unet_args_policy_verbs);
	error.text[0] = '\0';
	if (unet_args_filter(opts.words + 1, opts.nwords - 1, UNET_FILTER_ALL,
			     &filter, &error))
		check_error(&error);
	else
		check_filter(&filter);
}

static void parse_inter(int argc, char **argv)
{
	struct unet_args_error error = { "" };
	struct unet_inter_args args;
	unsigned int i;

	if (unet_inter_args_parse(argv + 1, argc - 1, &args, &error)) {
		check_error(&error);
		return;
	}
	assert(args.num <= sizeof(args.value) / sizeof(args.value[0]));
	for (i = 0; i < args.num; i++)
		assert(args.value[i].attr < UNET_IA_COUNT &&
		       args.value[i].len <= sizeof(args.value[i].bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	char *argv[MAX_WORDS];
	char *text = malloc(size + 1);
	int argc;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	memcpy(text, data, size);
	text[size] = '\0';
	argc = split(text, argv);
	parse(argc, argv);
	parse_inter(argc, argv);
	unet_complete(nowhere, argc, argv);
	free(text);
	return 0;
}
