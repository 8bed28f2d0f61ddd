/* SPDX-License-Identifier: MIT */
/*
 * Options of the command line, wherever they stand, told from its words.
 */
#ifndef UNETCTL_OPTIONS_H
#define UNETCTL_OPTIONS_H

#include "args.h"

#define UNET_OPTION_JSON	(1u << 0)
#define UNET_OPTION_WATCH	(1u << 1)
#define UNET_OPTION_NETNS	(1u << 2)
#define UNET_OPTION_ALL		(1u << 3)
#define UNET_OPTION_HELP	(1u << 4)
#define UNET_OPTION_VERSION	(1u << 5)

/* Allowed with every command. */
#define UNET_OPTIONS_ANY	(UNET_OPTION_HELP | UNET_OPTION_VERSION)

enum unet_option_value {
	UNET_OPTION_ALONE,	/* takes no value */
	UNET_OPTION_NEEDS,	/* -n NAME, -nNAME, --netns NAME, --netns=NAME */
	UNET_OPTION_MAY,	/* the next word only when it is a number */
};

/**
 * struct unet_option - one row of the option table
 * @letter:	short name, no digit
 * @name:	long name
 * @bit:	UNET_OPTION_*
 * @takes:	a value or not
 * @value:	its name in usage texts
 * @what:	one line for usage texts
 */
struct unet_option {
	char letter;
	const char *name;
	unsigned int bit;
	enum unet_option_value takes;
	const char *value;
	const char *what;
};

/* All options, ended by a row without a name. */
extern const struct unet_option unet_options[];

/* Words a command line may have, its command included. */
#define UNET_OPTIONS_WORDS	64

/**
 * struct unet_options_given - a command line taken apart
 * @given:	UNET_OPTION_* that stood there
 * @interval_ms: of --watch
 * @netns:	of --netns
 * @words:	all that are not options, the command first
 * @nwords:	how many
 */
struct unet_options_given {
	unsigned int given;
	unsigned int interval_ms;
	const char *netns;
	char *words[UNET_OPTIONS_WORDS];
	int nwords;
};

/**
 * unet_options_parse() - tell options and words apart
 * @argc:	as main() has it
 * @argv:	likewise; "--" ends the options, '-' and a digit begin a word
 * @opts:	overwritten; points into @argv
 * @error:	filled in on failure
 *
 * Return: 0 or -EINVAL.
 */
int unet_options_parse(int argc, char **argv, struct unet_options_given *opts,
		       struct unet_args_error *error);

/**
 * unet_options_check() - refuse options that a command has no use for
 * @opts:	parsed
 * @allowed:	UNET_OPTION_* of the command; UNET_OPTIONS_ANY are always
 * @error:	filled in on failure
 *
 * Return: 0 or -EINVAL.
 */
int unet_options_check(const struct unet_options_given *opts,
		       unsigned int allowed, struct unet_args_error *error);

#endif
