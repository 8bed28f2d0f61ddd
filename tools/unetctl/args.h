/* SPDX-License-Identifier: MIT */
/*
 * Words of the command line turned into numbers, addresses and filters.
 *
 * Nothing here allocates, prints or asks the system: a word either parses or
 * the answer is -EINVAL, and struct unet_args_error says which word was wrong
 * and what would have been right.
 */
#ifndef UNETCTL_ARGS_H
#define UNETCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest device name, its NUL included (IFNAMSIZ). */
#define UNET_ARGS_IFNAME	16

/**
 * struct unet_args_error - what was wrong with the command line
 * @text: one line without newline, "" when nothing was wrong
 */
struct unet_args_error {
	char text[512];
};

/**
 * struct unet_args_prefix - an address, or all that share its first bits
 * @family:	AF_INET or AF_INET6; AF_UNSPEC: any address
 * @bits:	bits that count; 32 or 128 for one address
 * @bytes:	network order, IPv4 in the first 4; bits that do not count are 0
 */
struct unet_args_prefix {
	int family;
	unsigned int bits;
	uint8_t bytes[16];
};

/**
 * struct unet_args_filter - which rows are wanted
 * @given:	UNET_FILTER_* for each member that holds
 * @dev:	name of a device
 * @proto:	number of an IP protocol
 * @port:	either side's, host order, as the next two
 * @pid:	of the owner
 * @state:	enum unet_flow_state
 */
struct unet_args_filter {
	unsigned int given;
	char dev[UNET_ARGS_IFNAME];
	uint8_t proto;
	uint16_t port;
	uint16_t local_port;
	uint16_t remote_port;
	struct unet_args_prefix addr;
	struct unet_args_prefix local_addr;
	struct unet_args_prefix remote_addr;
	uint32_t pid;
	uint32_t state;
};

#define UNET_FILTER_DEV		(1u << 0)
#define UNET_FILTER_PROTO	(1u << 1)
#define UNET_FILTER_PORT	(1u << 2)
#define UNET_FILTER_LOCAL_PORT	(1u << 3)
#define UNET_FILTER_REMOTE_PORT	(1u << 4)
#define UNET_FILTER_ADDR	(1u << 5)
#define UNET_FILTER_LOCAL_ADDR	(1u << 6)
#define UNET_FILTER_REMOTE_ADDR	(1u << 7)
#define UNET_FILTER_PID		(1u << 8)
#define UNET_FILTER_STATE	(1u << 9)
#define UNET_FILTER_ALL		((1u << 10) - 1)

/**
 * struct unet_args_filter_word - one word that filters
 * @name:	as typed
 * @value:	name of its value in usage texts
 * @bit:	UNET_FILTER_*
 * @what:	one line for usage texts
 * @allowed:	what the value may be, for errors
 * @parse:	fills in the member; 0 or -EINVAL
 */
struct unet_args_filter_word {
	const char *name;
	const char *value;
	unsigned int bit;
	const char *what;
	const char *allowed;
	int (*parse)(const char *word, struct unet_args_filter *filter);
};

/* All filter words, ended by a row without a name. */
extern const struct unet_args_filter_word unet_args_filter_words[];

/**
 * unet_args_number() - a decimal number without sign, space or leading zeros
 * @word:	to parse
 * @min:	least allowed
 * @max:	most allowed
 * @value:	set on success only
 *
 * Return: 0 or -EINVAL.
 */
int unet_args_number(const char *word, uint64_t min, uint64_t max,
		     uint64_t *value);

/**
 * unet_args_port() - a port, 1 to 65535
 * @word: to parse
 * @port: in host order, set on success only
 *
 * Return: 0 or -EINVAL.
 */
int unet_args_port(const char *word, uint16_t *port);

/**
 * unet_args_proto() - tcp, udp, or a number from 0 to 255
 * @word:  to parse
 * @proto: set on success only
 *
 * Return: 0 or -EINVAL.
 */
int unet_args_proto(const char *word, uint8_t *proto);

/**
 * unet_args_prefix() - ADDR or ADDR/LEN, IPv4 or IPv6
 * @word:   to parse
 * @prefix: set on success only
 *
 * Return: 0; -EINVAL, also when bits after LEN are not zero.
 */
int unet_args_prefix(const char *word, struct unet_args_prefix *prefix);

/**
 * unet_args_prefix_holds() - does an address lie in a prefix
 * @prefix:	of any family, AF_UNSPEC holds everything
 * @family:	of @addr
 * @addr:	4 or 16 bytes by @family
 *
 * Return: true when it does; families must be equal.
 */
bool unet_args_prefix_holds(const struct unet_args_prefix *prefix, int family,
			    const uint8_t *addr);

/**
 * unet_args_ifname() - a name that a device may have
 * @word:   1 to 15 bytes, no '/', no white space, not "." or ".."
 * @ifname: UNET_ARGS_IFNAME bytes, set on success only
 *
 * Return: 0 or -EINVAL.
 */
int unet_args_ifname(const char *word, char *ifname);

/**
 * unet_args_interval() - seconds with decimals, 0.1 to 86400
 * @word: to parse
 * @ms:   in milliseconds, set on success only
 *
 * Return: 0 or -EINVAL.
 */
int unet_args_interval(const char *word, unsigned int *ms);

/**
 * unet_args_filter() - words of a command as a filter
 * @words:	pairs of filter word and value
 * @nwords:	how many
 * @allowed:	UNET_FILTER_* that the command knows
 * @filter:	cleared, then filled in
 * @error:	filled in on failure
 *
 * Return: 0; -EINVAL for a word that is unknown, not of this command, given
 * twice, without value or with a bad one.
 */
int unet_args_filter(char *const *words, int nwords, unsigned int allowed,
		     struct unet_args_filter *filter,
		     struct unet_args_error *error);

/**
 * unet_args_nearest() - which of the allowed words was probably meant
 * @word:	as typed
 * @name:	gives the i-th allowed word, NULL after the last
 * @arg:	for @name
 *
 * Return: the word that is the fewest edits away, NULL when none is near.
 */
const char *unet_args_nearest(const char *word,
			      const char *(*name)(const void *arg, int i),
			      const void *arg);

/**
 * unet_args_watch_refuse() - the error of --watch with a verb that changes something
 * @verb:	as typed
 * @verbs:	those that may be watched, for the sentence
 * @error:	filled in
 *
 * Return: -EINVAL.
 */
int unet_args_watch_refuse(const char *verb, const char *verbs,
			   struct unet_args_error *error);

#endif
