/* SPDX-License-Identifier: MIT */
/*
 * Arguments of hooks: "key=value,key=value". Every hook has a table of what it
 * knows; whatever else is said is refused with a sentence.
 */
#ifndef UNET_HOOKS_ARGS_H
#define UNET_HOOKS_ARGS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARG_BYTES	256

/**
 * struct arg - one key
 * @key:	its name
 * @least:	of a number
 * @most:	of a number; 0: it is text
 * @set:	takes the value; 0, or -errno with a sentence in @why
 */
struct arg {
	const char *key;
	uint64_t least;
	uint64_t most;
	int (*set)(void *to, uint64_t number, const char *text, char *why,
		   size_t len);
};

static inline int arg_number(const struct arg *a, const char *text,
			     uint64_t *v, char *why, size_t len)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno &&
	    *v >= a->least && *v <= a->most)
		return 0;
	snprintf(why, len, "%s=%.40s: must be a number from %llu to %llu",
		 a->key, text, (unsigned long long)a->least,
		 (unsigned long long)a->most);
	return -EINVAL;
}

/* The argument @word, "key=value". */
static inline int arg_set(const struct arg *known, char *word, void *to,
			  char *why, size_t len)
{
	char *value = strchr(word, '=');
	const struct arg *a = known;
	uint64_t v = 0;
	int err;

	if (value)
		*value++ = '\0';
	while (a->key && strcmp(a->key, word))
		a++;
	if (!a->key || !value || !*value) {
		int n = snprintf(why, len, "\"%.40s\": wanted is KEY=VALUE, with KEY one of",
				 word);

		for (a = known; a->key && n > 0 && (size_t)n < len; a++)
			n += snprintf(why + n, len - n, " %s", a->key);
		return -EINVAL;
	}
	err = a->most ? arg_number(a, value, &v, why, len) : 0;
	return err ? err : a->set(to, v, value, why, len);
}

static inline int args_read(const struct arg *known, const char *args, void *to,
			    char *why, size_t len)
{
	char word[ARG_BYTES];
	int err = 0;

	while (!err && *args) {
		size_t n = strcspn(args, ",");

		if (n >= sizeof(word)) {
			snprintf(why, len, "\"%.40s...\": an argument has at most %d bytes",
				 args, ARG_BYTES - 1);
			return -EINVAL;
		}
		memcpy(word, args, n);
		word[n] = '\0';
		err = arg_set(known, word, to, why, len);
		args += n + (args[n] == ',');
	}
	return err;
}

#endif /* UNET_HOOKS_ARGS_H */
