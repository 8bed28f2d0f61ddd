/* SPDX-License-Identifier: MIT */
/*
 * The commands and what each is given to run with.
 */
#ifndef UNETCTL_COMMAND_H
#define UNETCTL_COMMAND_H

#include <stdbool.h>

#include "args.h"
#include "args_type.h"
#include "genl.h"
#include "inter_args.h"
#include "options.h"

/**
 * struct unet_run - one run of a command
 * @command:	its row of the table
 * @genl:	connection; NULL for commands that need no kernel
 * @given:	UNET_OPTION_*
 * @words:	behind the command's name, checked to be as many as it takes
 * @nwords:	how many
 * @filter:	from @words, of commands that take filters
 * @type:	from @words, of commands about packet types
 * @inter:	from @words, of the command that takes those
 * @turn:	0, and one more each time --watch runs it again
 * @memory:	what the command keeps from turn to turn; freed at the end
 * @subject:	on error: the word it is about, NULL for none
 * @error:	on error: the sentence, when there is more to say than errno
 */
struct unet_run {
	const struct unet_command *command;
	struct unet_genl *genl;
	unsigned int given;
	char **words;
	int nwords;
	struct unet_args_filter filter;
	struct unet_args_type type;
	struct unet_inter_args inter;
	unsigned int turn;
	void *memory;
	const char *subject;
	struct unet_args_error error;
};

/* struct unet_command.takes */
enum unet_command_words {
	UNET_WORDS_NONE,
	UNET_WORDS_DEV,		/* none or one device */
	UNET_WORDS_DEVS,	/* one or more devices */
	UNET_WORDS_FILTER,	/* filter words */
	UNET_WORDS_COMMAND,	/* none or the name of a command */
	UNET_WORDS_TYPE,	/* a verb, and what it takes */
	UNET_WORDS_INTER,	/* inter_args.h */
};

/**
 * struct unet_command - one row of the command table
 * @name:	as typed
 * @run:	does it: 0 or -errno, with more in struct unet_run. Prints no error
 * @usage:	its words, for usage texts
 * @what:	one line for usage texts
 * @takes:	kind of words
 * @filters:	UNET_FILTER_* it knows
 * @verbs:	with UNET_WORDS_TYPE
 * @options:	UNET_OPTION_* it knows, beyond UNET_OPTIONS_ANY
 * @kernel:	needs the module
 */
struct unet_command {
	const char *name;
	int (*run)(struct unet_run *run);
	const char *usage;
	const char *what;
	enum unet_command_words takes;
	unsigned int filters;
	const struct unet_args_verb *verbs;
	unsigned int options;
	bool kernel;
};

/* All commands, ended by a row without a name. */
extern const struct unet_command unet_commands[];

/**
 * unet_command_find() - a row of the table by name
 * @name: as typed
 *
 * Return: the row, NULL when there is none.
 */
const struct unet_command *unet_command_find(const char *name);

/**
 * unet_command_name() - name of the i-th command, for unet_args_nearest()
 * @arg: not used
 * @i:   from 0
 *
 * Return: the name, NULL after the last.
 */
const char *unet_command_name(const void *arg, int i);

int unet_cmd_attach(struct unet_run *run);
int unet_cmd_detach(struct unet_run *run);
int unet_cmd_nexus(struct unet_run *run);
int unet_cmd_channels(struct unet_run *run);
int unet_cmd_flows(struct unet_run *run);
int unet_cmd_stats(struct unet_run *run);
int unet_cmd_monitor(struct unet_run *run);
int unet_cmd_type(struct unet_run *run);
int unet_cmd_policy(struct unet_run *run);
int unet_cmd_intermediary(struct unet_run *run);
int unet_cmd_version(struct unet_run *run);
int unet_cmd_help(struct unet_run *run);

#endif
