// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <net/if.h>
#include <string.h>

#include "command.h"
#include "complete.h"

struct completion {
	FILE *to;
	const char *prefix;
};

static void offer(const struct completion *c, const char *word)
{
	if (!strncmp(word, c->prefix, strlen(c->prefix)))
		fprintf(c->to, "%s\n", word);
}

static void offer_commands(const struct completion *c)
{
	const struct unet_command *command;

	for (command = unet_commands; command->name; command++)
		offer(c, command->name);
}

static void offer_options(const struct completion *c,
			  const struct unet_command *command)
{
	unsigned int allowed = command ? command->options | UNET_OPTIONS_ANY : ~0u;
	const struct unet_option *o;
	char word[32];

	for (o = unet_options; o->name; o++) {
		snprintf(word, sizeof(word), "--%s", o->name);
		if (o->bit & allowed)
			offer(c, word);
	}
}

static void offer_devices(const struct completion *c)
{
	struct if_nameindex *all = if_nameindex(), *i;

	for (i = all; i && i->if_name; i++)
		offer(c, i->if_name);
	if (all)
		if_freenameindex(all);
}

static void offer_netns(const struct completion *c)
{
	DIR *dir = opendir("/run/netns");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			offer(c, entry->d_name);
	if (dir)
		closedir(dir);
}

static void offer_filter_value(const struct completion *c, const char *filter)
{
	static const char *const protos[] = { "tcp", "udp", NULL };
	static const char *const states[] = { "listen", "est", "closing", NULL };
	const char *const *words = NULL;

	if (!strcmp(filter, "dev"))
		offer_devices(c);
	else if (!strcmp(filter, "proto"))
		words = protos;
	else if (!strcmp(filter, "state"))
		words = states;
	for (; words && *words; words++)
		offer(c, *words);
}

static void offer_filters(const struct completion *c,
			  const struct unet_command *command,
			  char *const *words, int nwords)
{
	const struct unet_args_filter_word *w;
	int i;

	if (nwords % 2) {
		offer_filter_value(c, words[nwords - 1]);
		return;
	}
	for (w = unet_args_filter_words; w->name; w++) {
		for (i = 0; i < nwords; i += 2)
			if (!strcmp(words[i], w->name))
				break;
		if (i >= nwords && (w->bit & command->filters))
			offer(c, w->name);
	}
}

/* A verb, then pairs; the id some want in between cannot be guessed. */
static void offer_type_words(const struct completion *c,
			     const struct unet_command *command,
			     char *const *words, int nwords)
{
	static const char *const dirs[] = { "rx", "tx", "both", NULL };
	static const char *const actions[] = { "drop", "host", "bpf", "extension", NULL };
	const struct unet_args_verb *verb = command->verbs;
	const struct unet_args_type_word *w;
	const char *const *values = NULL;
	int i;

	for (; !nwords && verb->name; verb++)
		offer(c, verb->name);
	while (verb->name && strcmp(verb->name, words[0]))
		verb++;
	if (!verb->name || nwords < 1 + verb->id)
		return;
	if ((nwords - 1 - verb->id) % 2 == 0) {
		for (w = unet_args_type_words; w->name; w++)
			if (w->bit & verb->allowed)
				offer(c, w->name);
		return;
	}
	if (!strcmp(words[nwords - 1], "dev"))
		offer_devices(c);
	else if (!strcmp(words[nwords - 1], "dir"))
		values = dirs;
	else if (!strcmp(words[nwords - 1], "action"))
		values = actions;
	for (i = 0; values && values[i]; i++)
		offer(c, values[i]);
}

static void offer_terms(const struct completion *c, char *const *words, int nwords)
{
	const struct unet_inter_term *t;
	int i;

	for (t = unet_inter_terms; t->name; t++) {
		for (i = 0; i < nwords; i += 2)
			if (!strcmp(words[i], t->name))
				break;
		if (i >= nwords || unet_inter_term_repeats(t))
			offer(c, t->name);
	}
}

static void offer_inter(const struct completion *c, char *const *words, int nwords)
{
	const char *const *verb;

	for (verb = unet_inter_verbs; !nwords && *verb; verb++)
		offer(c, *verb);
	if (nwords == 1 && (!strcmp(words[0], "grant") || !strcmp(words[0], "list")))
		offer_devices(c);
	if (nwords > 1 && !(nwords % 2) && !strcmp(words[0], "grant"))
		offer_terms(c, words + 2, nwords - 2);
}

static void offer_words(const struct completion *c,
			const struct unet_command *command,
			char *const *words, int nwords)
{
	switch (command->takes) {
	case UNET_WORDS_DEVS:
		offer_devices(c);
		break;
	case UNET_WORDS_DEV:
		if (!nwords)
			offer_devices(c);
		break;
	case UNET_WORDS_FILTER:
		offer_filters(c, command, words, nwords);
		break;
	case UNET_WORDS_TYPE:
		offer_type_words(c, command, words, nwords);
		break;
	case UNET_WORDS_COMMAND:
		if (!nwords)
			offer_commands(c);
		break;
	case UNET_WORDS_INTER:
		offer_inter(c, words, nwords);
		break;
	case UNET_WORDS_NONE:
		break;
	}
}

void unet_complete(FILE *to, int argc, char **argv)
{
	struct completion c = { .to = to, .prefix = argc > 1 ? argv[argc - 1] : "" };
	const struct unet_command *command = NULL;
	const char *before = argc > 2 ? argv[argc - 2] : "";
	struct unet_options_given opts;
	struct unet_args_error error;

	if (!strcmp(before, "-n") || !strcmp(before, "--netns")) {
		offer_netns(&c);
		return;
	}
	if (unet_options_parse(argc - 1, argv, &opts, &error))
		return;
	if (opts.nwords)
		command = unet_command_find(opts.words[0]);
	if (*c.prefix == '-')
		offer_options(&c, command);
	else if (!opts.nwords)
		offer_commands(&c);
	else if (command)
		offer_words(&c, command, opts.words + 1, opts.nwords - 1);
}
