// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

#define WATCH_MS	1000

const struct unet_option unet_options[] = {
	{ 'j', "json", UNET_OPTION_JSON, UNET_OPTION_ALONE, NULL,
	  "print JSON" },
	{ 'w', "watch", UNET_OPTION_WATCH, UNET_OPTION_MAY, "SECONDS",
	  "print again every SECONDS (1)" },
	{ 'n', "netns", UNET_OPTION_NETNS, UNET_OPTION_NEEDS, "NAME",
	  "in this network namespace" },
	{ 'a', "all", UNET_OPTION_ALL, UNET_OPTION_ALONE, NULL,
	  "counters that stand at zero too" },
	{ 'h', "help", UNET_OPTION_HELP, UNET_OPTION_ALONE, NULL,
	  "how to use it" },
	{ 'V', "version", UNET_OPTION_VERSION, UNET_OPTION_ALONE, NULL,
	  "versions of tool and module" },
	{ 0 }
};

static const struct unet_option *find_letter(char letter)
{
	const struct unet_option *o;

	for (o = unet_options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static const struct unet_option *find_name(const char *name, size_t len)
{
	const struct unet_option *o;

	for (o = unet_options; o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static const char *option_name(const void *arg, int i)
{
	(void)arg;
	return unet_options[i].name;
}

static int refuse(const char *text, struct unet_args_error *error)
{
	const char *near = NULL;
	size_t len = sizeof(error->text);
	const struct unet_option *o;
	int n;

	if (!strncmp(text, "--", 2))
		near = unet_args_nearest(text + 2, option_name, NULL);
	n = snprintf(error->text, len, "%.64s: no such option", text);
	if (near)
		n += snprintf(error->text + n, len - n, ", did you mean --%s?", near);
	n += snprintf(error->text + n, len - n, " (options:");
	for (o = unet_options; o->name; o++)
		n += snprintf(error->text + n, len - n, "%s -%c --%s",
			      o == unet_options ? "" : ",", o->letter, o->name);
	snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}

static int keep_value(const struct unet_option *o, const char *value,
		      struct unet_options_given *opts,
		      struct unet_args_error *error)
{
	if (o->bit == UNET_OPTION_NETNS) {
		opts->netns = value;
		if (*value)
			return 0;
		snprintf(error->text, sizeof(error->text),
			 "-n: the name of a network namespace is empty");
		return -EINVAL;
	}
	if (!unet_args_interval(value, &opts->interval_ms))
		return 0;
	snprintf(error->text, sizeof(error->text),
		 "--watch: %.64s: not valid (seconds from 0.1 to 86400)", value);
	return -EINVAL;
}

static bool is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789.")];
}

/*
 * Option o stands at argv[*i]; value is what is written behind it in the same
 * word, NULL for nothing. Moves *i on when the next word is the value.
 */
static int keep(const struct unet_option *o, const char *value, int argc,
		char **argv, int *i, struct unet_options_given *opts,
		struct unet_args_error *error)
{
	opts->given |= o->bit;
	if (value)
		return keep_value(o, value, opts, error);
	if (o->takes == UNET_OPTION_NEEDS && *i + 1 < argc)
		return keep_value(o, argv[++*i], opts, error);
	if (o->takes == UNET_OPTION_NEEDS) {
		snprintf(error->text, sizeof(error->text),
			 "-%c: %s missing behind it", o->letter, o->value);
		return -EINVAL;
	}
	if (o->takes == UNET_OPTION_MAY && *i + 1 < argc &&
	    is_number(argv[*i + 1]))
		return keep_value(o, argv[++*i], opts, error);
	return 0;
}

static int parse_long(int argc, char **argv, int *i,
		      struct unet_options_given *opts,
		      struct unet_args_error *error)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const struct unet_option *o = find_name(name, len);

	if (!o)
		return refuse(argv[*i], error);
	if (name[len] && o->takes == UNET_OPTION_ALONE) {
		snprintf(error->text, sizeof(error->text),
			 "--%s: takes no value", o->name);
		return -EINVAL;
	}
	return keep(o, name[len] ? name + len + 1 : NULL, argc, argv, i, opts,
		    error);
}

/* -j, several as -ja, the last with its value as -jw2 */
static int parse_letters(int argc, char **argv, int *i,
			 struct unet_options_given *opts,
			 struct unet_args_error *error)
{
	const struct unet_option *o;
	const char *p;
	bool last;
	int err;

	for (p = argv[*i] + 1; *p; p++) {
		o = find_letter(*p);
		if (!o)
			return refuse(argv[*i], error);
		last = o->takes != UNET_OPTION_ALONE || !p[1];
		if (!last) {
			opts->given |= o->bit;
			continue;
		}
		err = keep(o, p[1] ? p + 1 : NULL, argc, argv, i, opts, error);
		if (err || o->takes != UNET_OPTION_ALONE)
			return err;
	}
	return 0;
}

/* "-" alone is a word, and so is a number below zero: no letter is a digit. */
static bool has_letters(const char *word)
{
	return *word == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9');
}

int unet_options_parse(int argc, char **argv, struct unet_options_given *opts,
		       struct unet_args_error *error)
{
	bool options = true;
	int i, err = 0;

	memset(opts, 0, sizeof(*opts));
	opts->interval_ms = WATCH_MS;
	for (i = 1; i < argc && !err; i++) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
		} else if (options && !strncmp(argv[i], "--", 2)) {
			err = parse_long(argc, argv, &i, opts, error);
		} else if (options && has_letters(argv[i])) {
			err = parse_letters(argc, argv, &i, opts, error);
		} else if (opts->nwords == UNET_OPTIONS_WORDS) {
			snprintf(error->text, sizeof(error->text),
				 "too many words (at most %d)", UNET_OPTIONS_WORDS);
			err = -EINVAL;
		} else {
			opts->words[opts->nwords++] = argv[i];
		}
	}
	return err;
}

int unet_options_check(const struct unet_options_given *opts,
		       unsigned int allowed, struct unet_args_error *error)
{
	const struct unet_option *wrong, *o;
	size_t len = sizeof(error->text);
	bool first = true;
	int n;

	allowed |= UNET_OPTIONS_ANY;
	for (wrong = unet_options; wrong->name; wrong++)
		if (opts->given & wrong->bit & ~allowed)
			break;
	if (!wrong->name)
		return 0;
	n = snprintf(error->text, len,
		     "-%c: no use with this command (options:", wrong->letter);
	for (o = unet_options; o->name; o++) {
		if (!(o->bit & allowed))
			continue;
		n += snprintf(error->text + n, len - n, "%s -%c --%s",
			      first ? "" : ",", o->letter, o->name);
		first = false;
	}
	snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}
