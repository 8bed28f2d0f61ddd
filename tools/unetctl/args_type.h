/* SPDX-License-Identifier: MIT */
/*
 * Words of "type" and "policy": a verb, an id where it needs one, and pairs of a
 * word and its value. As in args.h nothing here allocates, prints or asks the system.
 */
#ifndef UNETCTL_ARGS_TYPE_H
#define UNETCTL_ARGS_TYPE_H

#include <linux/unet.h>

#include "args.h"

#define UNET_ARGS_PATH	256

#define UNET_ARGS_PATTERN_RULE	\
	"offset:bytes or offset:bytes/mask in hexadecimal, such as 1:c0/f0; "	\
	"four at most, of 32 bytes within 1000"
#define UNET_ARGS_PATH_RULE	"the path of a pinned program"

/**
 * unet_args_pattern() - "AT:HEX[/MASK]"
 * @word:	as typed
 * @pattern:	out, undefined on failure
 *
 * Return: 0 or -EINVAL: not as UNET_ARGS_PATTERN_RULE says.
 */
int unet_args_pattern(const char *word, struct unet_pattern *pattern);

/**
 * unet_args_path() - a path
 * @word:	as typed
 * @path:	out
 *
 * Return: 0 or -EINVAL: empty or too long.
 */
int unet_args_path(const char *word, char path[UNET_ARGS_PATH]);

/**
 * struct unet_args_type - a rule or an entry of the policy, as far as it was given
 * @verb:	row of the table
 * @given:	UNET_TYPE_WORD_* for each member that holds
 * @id:		of the rule or entry
 * @layer:	enum unet_type_layer
 * @proto:	of ports
 * @first:	smallest number
 * @last:	largest number
 * @action:	enum unet_type_action
 * @direction:	UNET_TYPE_RX, UNET_TYPE_TX
 * @priority:	1 to 65535
 * @dev:	name of a device
 * @local:	address or prefix
 * @remote:	address or prefix
 * @num_patterns: entries of @pattern
 * @pattern:	bytes
 * @program:	path of a pinned eBPF program
 * @extension:	name
 * @flags:	UNET_TYPE_LOCAL_ONLY
 * @uid:	of a user
 * @gid:	of a group
 * @actions:	bit by enum unet_type_action
 * @max:	rules a user may have
 */
struct unet_args_type {
	const struct unet_args_verb *verb;
	unsigned int given;
	uint32_t id;
	uint8_t layer;
	uint8_t proto;
	uint16_t first;
	uint16_t last;
	uint8_t action;
	uint8_t direction;
	uint16_t priority;
	char dev[UNET_ARGS_IFNAME];
	struct unet_args_prefix local;
	struct unet_args_prefix remote;
	uint8_t num_patterns;
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
	char program[UNET_ARGS_PATH];
	char extension[UNET_NAME_LEN];
	uint32_t flags;
	uint32_t uid;
	uint32_t gid;
	uint32_t actions;
	uint32_t max;
};

#define UNET_TYPE_WORD_NUMBER	(1u << 0)	/* ethertype, protocol, tcp, udp */
#define UNET_TYPE_WORD_ACTION	(1u << 1)
#define UNET_TYPE_WORD_DIR	(1u << 2)
#define UNET_TYPE_WORD_PRIORITY	(1u << 3)
#define UNET_TYPE_WORD_DEV	(1u << 4)
#define UNET_TYPE_WORD_LOCAL	(1u << 5)
#define UNET_TYPE_WORD_REMOTE	(1u << 6)
#define UNET_TYPE_WORD_PATTERN	(1u << 7)	/* may be given up to four times */
#define UNET_TYPE_WORD_PROGRAM	(1u << 8)
#define UNET_TYPE_WORD_EXT	(1u << 9)
#define UNET_TYPE_WORD_ONLY	(1u << 10)
#define UNET_TYPE_WORD_UID	(1u << 11)
#define UNET_TYPE_WORD_GID	(1u << 12)
#define UNET_TYPE_WORD_ACTIONS	(1u << 13)
#define UNET_TYPE_WORD_MAX	(1u << 14)

/**
 * struct unet_args_verb - what may be done
 * @name:	as typed
 * @usage:	its words, for usage texts
 * @what:	one line for usage texts
 * @id:		the next word is an id
 * @allowed:	UNET_TYPE_WORD_*
 * @needed:	of them
 * @cmd:	enum unet_genl_cmd
 */
struct unet_args_verb {
	const char *name;
	const char *usage;
	const char *what;
	bool id;
	unsigned int allowed;
	unsigned int needed;
	uint8_t cmd;
};

/* Verbs of the two commands, each ended by a row without a name; none is the first. */
extern const struct unet_args_verb unet_args_type_verbs[];
extern const struct unet_args_verb unet_args_policy_verbs[];

/**
 * struct unet_args_type_word - one word with a value
 * @name:	as typed
 * @value:	name of its value in usage texts
 * @bit:	UNET_TYPE_WORD_*
 * @what:	one line for usage texts
 * @allowed:	what the value may be, for errors
 * @parse:	fills in the member; 0 or -EINVAL
 */
struct unet_args_type_word {
	const char *name;
	const char *value;
	unsigned int bit;
	const char *what;
	const char *allowed;
	int (*parse)(const char *word, struct unet_args_type *type);
};

/* All of them, ended by a row without a name. */
extern const struct unet_args_type_word unet_args_type_words[];

/**
 * unet_args_type() - the words of a command
 * @words:	behind the command's name
 * @nwords:	how many
 * @verbs:	of the command
 * @type:	cleared, then filled in
 * @error:	filled in on failure
 *
 * Return: 0; -EINVAL for a word that is unknown, not of this verb, given twice,
 * missing, without value or with a bad one.
 */
int unet_args_type(char *const *words, int nwords,
		   const struct unet_args_verb *verbs,
		   struct unet_args_type *type, struct unet_args_error *error);

/**
 * unet_args_type_watch() - may it be done again and again
 * @type:	filled in
 * @error:	filled in on failure
 *
 * Return: 0; -EINVAL for a verb that changes something.
 */
int unet_args_type_watch(const struct unet_args_type *type,
			 struct unet_args_error *error);

#endif
