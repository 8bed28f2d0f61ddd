/* SPDX-License-Identifier: MIT */
/*
 * The words behind "unetctl intermediary": a verb, and what it is about. The rules are
 * those of args.h.
 */
#ifndef UNETCTL_INTER_ARGS_H
#define UNETCTL_INTER_ARGS_H

#include <stdint.h>

#include "args.h"
#include "args_type.h"

enum unet_inter_verb {
	UNET_INTER_VERB_GRANT,
	UNET_INTER_VERB_REVOKE,
	UNET_INTER_VERB_LIST,
	UNET_INTER_VERB_STAT,
};

/* The verbs by number, then NULL. */
extern const char *const unet_inter_verbs[];

/* Most words "grant" may have. */
#define UNET_INTER_TERMS	20

/**
 * struct unet_inter_value - one term of a grant, as the kernel wants it
 * @attr:	UNET_IA_*
 * @len:	bytes of @bytes
 * @bytes:	value; numbers in host order, ports in network order
 */
struct unet_inter_value {
	uint16_t attr;
	uint8_t len;
	uint8_t bytes[16];
};

/**
 * struct unet_inter_args - what was asked for
 * @verb:	what to do
 * @dev:	GRANT: device; others: "" or a filter
 * @id:		REVOKE, STAT: of a grant; 0: all
 * @num:	entries of @value
 * @value:	GRANT: terms
 * @num_patterns: entries of @pattern
 * @pattern:	GRANT: bytes of the packets meant
 * @program:	GRANT: path of a pinned eBPF program, or ""
 * @prog_fd:	its descriptor, once it is open; -1: none
 */
struct unet_inter_args {
	enum unet_inter_verb verb;
	char dev[UNET_ARGS_IFNAME];
	uint32_t id;
	unsigned int num;
	struct unet_inter_value value[2 * UNET_INTER_TERMS];
	unsigned int num_patterns;
	struct unet_pattern pattern[UNET_TYPE_PATTERNS];
	char program[UNET_ARGS_PATH];
	int prog_fd;
};

/**
 * struct unet_inter_term - a word of "grant"
 * @name:	as typed
 * @value:	of what follows it, for usage texts
 * @what:	one line for usage texts
 * @rule:	what is allowed
 * @parse:	one value; 0 or -EINVAL
 */
struct unet_inter_term {
	const char *name;
	const char *value;
	const char *what;
	const char *rule;
	int (*parse)(const char *word, struct unet_inter_args *args);
};

/* All of them, ended by one without a name. */
extern const struct unet_inter_term unet_inter_terms[];

/* may it be given more than once? */
bool unet_inter_term_repeats(const struct unet_inter_term *term);

/**
 * unet_inter_right() - names of rights, in the order of their bits
 * @i: from 0
 *
 * Return: the name, NULL after the last.
 */
const char *unet_inter_right(int i);

/**
 * unet_inter_args_parse() - verb and words
 * @words:	as typed, without "intermediary"
 * @nwords:	how many
 * @args:	cleared, then filled in
 * @error:	filled in on failure
 *
 * Return: 0 or -EINVAL.
 */
int unet_inter_args_parse(char *const *words, int nwords,
			  struct unet_inter_args *args,
			  struct unet_args_error *error);

/**
 * unet_inter_args_watch() - may it be done again and again
 * @args:	filled in
 * @error:	filled in on failure
 *
 * Return: 0; -EINVAL for a verb that changes something.
 */
int unet_inter_args_watch(const struct unet_inter_args *args,
			  struct unet_args_error *error);

#endif
