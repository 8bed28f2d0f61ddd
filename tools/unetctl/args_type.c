// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args_type.h"

#define RULE_WORDS \
	(UNET_TYPE_WORD_NUMBER | UNET_TYPE_WORD_ACTION | UNET_TYPE_WORD_DIR | \
	 UNET_TYPE_WORD_PRIORITY | UNET_TYPE_WORD_LOCAL | \
	 UNET_TYPE_WORD_REMOTE | UNET_TYPE_WORD_PATTERN | \
	 UNET_TYPE_WORD_PROGRAM | UNET_TYPE_WORD_EXT | UNET_TYPE_WORD_ONLY)

#define ENTRY_WORDS \
	(UNET_TYPE_WORD_NUMBER | UNET_TYPE_WORD_DIR | UNET_TYPE_WORD_DEV | \
	 UNET_TYPE_WORD_UID | UNET_TYPE_WORD_GID | UNET_TYPE_WORD_ACTIONS | \
	 UNET_TYPE_WORD_MAX)

const struct unet_args_verb unet_args_type_verbs[] = {
	{ "list", "[dev DEV]", "rules, what they do and did", false,
	  UNET_TYPE_WORD_DEV, 0, UNET_CMD_TYPE_GET },
	{ "add", "LAYER NUMBERS action ACTION [WORD VALUE...]", "a rule that stays", false,
	  RULE_WORDS | UNET_TYPE_WORD_DEV,
	  UNET_TYPE_WORD_NUMBER | UNET_TYPE_WORD_ACTION, UNET_CMD_TYPE_ADD },
	{ "modify", "ID LAYER NUMBERS action ACTION [WORD VALUE...]", "another rule in its place",
	  true, RULE_WORDS, UNET_TYPE_WORD_NUMBER | UNET_TYPE_WORD_ACTION,
	  UNET_CMD_TYPE_MODIFY },
	{ "priority", "ID priority PRIORITY", "move a rule, a channel's too", true,
	  UNET_TYPE_WORD_PRIORITY, UNET_TYPE_WORD_PRIORITY, UNET_CMD_TYPE_PRIORITY },
	{ "del", "ID", "remove a rule, a channel's too", true, 0, 0, UNET_CMD_TYPE_DEL },
	{ 0 }
};

const struct unet_args_verb unet_args_policy_verbs[] = {
	{ "list", "", "what users may have", false, 0, 0, UNET_CMD_POLICY_GET },
	{ "add", "LAYER NUMBERS actions ACTIONS [WORD VALUE...]", "let users have rules", false,
	  ENTRY_WORDS, UNET_TYPE_WORD_NUMBER | UNET_TYPE_WORD_ACTIONS,
	  UNET_CMD_POLICY_ADD },
	{ "del", "ID", "take an entry away; rules that were granted stay", true, 0, 0,
	  UNET_CMD_POLICY_DEL },
	{ 0 }
};

/* ---- values -------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decimal, or hexadecimal behind 0x. */
static int parse_number(const char *word, uint64_t min, uint64_t max, uint64_t *n)
{
	const char *p = word + 2;

	if (strncmp(word, "0x", 2))
		return unet_args_number(word, min, max, n);
	for (*n = 0; hex_digit(*p) >= 0 && *n <= max; p++)
		*n = *n * 16 + hex_digit(*p);
	return *p || p == word + 2 || *n < min || *n > max ? -EINVAL : 0;
}

static int parse_numbers(const char *word, uint64_t min, uint64_t max,
			 struct unet_args_type *type)
{
	const char *dash = strchr(word, '-');
	size_t len = dash ? (size_t)(dash - word) : strlen(word);
	uint64_t first, last;
	char one[16];

	if (len >= sizeof(one))
		return -EINVAL;
	memcpy(one, word, len);
	one[len] = '\0';
	if (parse_number(one, min, max, &first))
		return -EINVAL;
	last = first;
	if (dash && parse_number(dash + 1, first, max, &last))
		return -EINVAL;
	type->first = first;
	type->last = last;
	return 0;
}

static int parse_ethertype(const char *word, struct unet_args_type *type)
{
	type->layer = UNET_TYPE_ETHERTYPE;
	return parse_numbers(word, 0x600, 0xffff, type);
}

static int parse_protocol(const char *word, struct unet_args_type *type)
{
	type->layer = UNET_TYPE_PROTO;
	if (parse_numbers(word, 0, 255, type))
		return -EINVAL;
	/* alone it asks for any, which only a channel can be given */
	return type->last ? 0 : -EINVAL;
}

static int parse_tcp(const char *word, struct unet_args_type *type)
{
	type->layer = UNET_TYPE_PORT;
	type->proto = IPPROTO_TCP;
	return parse_numbers(word, 1, 65535, type);
}

static int parse_udp(const char *word, struct unet_args_type *type)
{
	type->layer = UNET_TYPE_PORT;
	type->proto = IPPROTO_UDP;
	return parse_numbers(word, 1, 65535, type);
}

static const char *const action_words[UNET_TYPE_ACTION_COUNT] = {
	[UNET_TYPE_DELIVER] = "deliver",
	[UNET_TYPE_DROP] = "drop",
	[UNET_TYPE_HOST] = "host",
	[UNET_TYPE_BPF] = "bpf",
	[UNET_TYPE_EXTENSION] = "extension",
};

static int find_action(const char *word, size_t len)
{
	int i;

	for (i = 1; i < UNET_TYPE_ACTION_COUNT; i++)
		if (strlen(action_words[i]) == len &&
		    !strncmp(action_words[i], word, len))
			return i;
	return 0;
}

static int parse_action(const char *word, struct unet_args_type *type)
{
	type->action = find_action(word, strlen(word));
	return type->action > UNET_TYPE_DELIVER ? 0 : -EINVAL;
}

static int parse_actions(const char *word, struct unet_args_type *type)
{
	size_t len;
	int action;

	type->actions = 0;
	for (;; word += len + 1) {
		len = strcspn(word, ",");
		action = find_action(word, len);
		if (!action || action == UNET_TYPE_EXTENSION)
			return -EINVAL;
		type->actions |= 1u << action;
		if (!word[len])
			return 0;
	}
}

static int parse_dir(const char *word, struct unet_args_type *type)
{
	if (!strcmp(word, "rx"))
		type->direction = UNET_TYPE_RX;
	else if (!strcmp(word, "tx"))
		type->direction = UNET_TYPE_TX;
	else if (!strcmp(word, "both"))
		type->direction = UNET_TYPE_RX | UNET_TYPE_TX;
	else
		return -EINVAL;
	return 0;
}

static int parse_priority(const char *word, struct unet_args_type *type)
{
	uint64_t n;

	if (unet_args_number(word, 1, 65535, &n))
		return -EINVAL;
	type->priority = n;
	return 0;
}

static int parse_type_dev(const char *word, struct unet_args_type *type)
{
	return unet_args_ifname(word, type->dev);
}

static int parse_local(const char *word, struct unet_args_type *type)
{
	return unet_args_prefix(word, &type->local);
}

static int parse_remote(const char *word, struct unet_args_type *type)
{
	return unet_args_prefix(word, &type->remote);
}

/* Bytes in hexadecimal up to an end. Return: how many, or -EINVAL. */
static int parse_bytes(const char **word, uint8_t *bytes)
{
	int n, high, low;

	for (n = 0; hex_digit(**word) >= 0; n++, *word += 2) {
		high = hex_digit((*word)[0]);
		low = hex_digit((*word)[1]);
		if (low < 0 || n == UNET_PATTERN_BYTES)
			return -EINVAL;
		bytes[n] = high << 4 | low;
	}
	return n ? n : -EINVAL;
}

int unet_args_pattern(const char *word, struct unet_pattern *pattern)
{
	const char *colon = strchr(word, ':');
	struct unet_pattern p = { 0 };
	char offset[8] = "";
	int i, bytes;
	uint64_t n;

	if (!colon || (size_t)(colon - word) >= sizeof(offset))
		return -EINVAL;
	memcpy(offset, word, colon - word);
	if (unet_args_number(offset, 0, UNET_PATTERN_REACH - 1, &n))
		return -EINVAL;
	word = colon + 1;
	bytes = parse_bytes(&word, p.value);
	if (bytes < 0 || n + bytes > UNET_PATTERN_REACH)
		return -EINVAL;
	memset(p.mask, 0xff, bytes);
	if (*word == '/') {
		word++;
		if (parse_bytes(&word, p.mask) != bytes)
			return -EINVAL;
	}
	for (i = 0; i < bytes; i++)
		if (p.value[i] & ~p.mask[i])
			return -EINVAL;
	p.offset = n;
	p.bytes = bytes;
	*pattern = p;
	return *word ? -EINVAL : 0;
}

static int parse_pattern(const char *word, struct unet_args_type *type)
{
	if (type->num_patterns == UNET_TYPE_PATTERNS)
		return -EINVAL;
	return unet_args_pattern(word, &type->pattern[type->num_patterns++]);
}

int unet_args_path(const char *word, char path[UNET_ARGS_PATH])
{
	size_t len = strlen(word);

	if (!len || len >= UNET_ARGS_PATH)
		return -EINVAL;
	memcpy(path, word, len + 1);
	return 0;
}

static int parse_program(const char *word, struct unet_args_type *type)
{
	return unet_args_path(word, type->program);
}

static int parse_extension(const char *word, struct unet_args_type *type)
{
	size_t len = strlen(word);

	if (!len || len >= sizeof(type->extension))
		return -EINVAL;
	memcpy(type->extension, word, len + 1);
	return 0;
}

static int parse_only(const char *word, struct unet_args_type *type)
{
	if (strcmp(word, "local"))
		return -EINVAL;
	type->flags = UNET_TYPE_LOCAL_ONLY;
	return 0;
}

static int parse_id(const char *word, uint32_t min, uint32_t *id)
{
	uint64_t n;

	if (unet_args_number(word, min, UINT32_MAX - 1, &n))
		return -EINVAL;
	*id = n;
	return 0;
}

static int parse_uid(const char *word, struct unet_args_type *type)
{
	return parse_id(word, 0, &type->uid);
}

static int parse_gid(const char *word, struct unet_args_type *type)
{
	return parse_id(word, 0, &type->gid);
}

static int parse_max(const char *word, struct unet_args_type *type)
{
	uint64_t n;

	if (unet_args_number(word, 1, UNET_TYPE_MAX_TOTAL, &n))
		return -EINVAL;
	type->max = n;
	return 0;
}

#define PORTS_RULE	"a port or a range, 1 to 65535"
#define PREFIX_RULE	"an IPv4 or IPv6 address, or a prefix such as 10.0.0.0/8"

const struct unet_args_type_word unet_args_type_words[] = {
	{ "ethertype", "N[-M]", UNET_TYPE_WORD_NUMBER, "frames of ethertypes",
	  "an ethertype or a range, 0x600 to 0xffff", parse_ethertype },
	{ "protocol", "N[-M]", UNET_TYPE_WORD_NUMBER, "packets of IP protocols",
	  "an IP protocol's number, 1 to 255, or a range, 0 to 255", parse_protocol },
	{ "tcp", "N[-M]", UNET_TYPE_WORD_NUMBER, "local TCP ports", PORTS_RULE, parse_tcp },
	{ "udp", "N[-M]", UNET_TYPE_WORD_NUMBER, "local UDP ports", PORTS_RULE, parse_udp },
	{ "action", "ACTION", UNET_TYPE_WORD_ACTION, "what becomes of them",
	  "drop, host, bpf or extension; only a channel can ask for deliver", parse_action },
	{ "actions", "ACTION,...", UNET_TYPE_WORD_ACTIONS, "what rules may do",
	  "deliver, drop, host and bpf, with commas between", parse_actions },
	{ "dir", "DIR", UNET_TYPE_WORD_DIR, "received, sent or both (default: rx; of a policy both)",
	  "rx, tx or both", parse_dir },
	{ "priority", "N", UNET_TYPE_WORD_PRIORITY, "the lowest counts; below 1000: before flows",
	  "1 to 65535", parse_priority },
	{ "dev", "DEV", UNET_TYPE_WORD_DEV, "of the nexus of this device",
	  "a device name: 1 to 15 bytes without '/' or white space", parse_type_dev },
	{ "local", "ADDR[/LEN]", UNET_TYPE_WORD_LOCAL, "local address or prefix", PREFIX_RULE,
	  parse_local },
	{ "remote", "ADDR[/LEN]", UNET_TYPE_WORD_REMOTE, "remote address or prefix", PREFIX_RULE,
	  parse_remote },
	{ "pattern", "AT:HEX[/MASK]", UNET_TYPE_WORD_PATTERN, "bytes of the payload",
	  UNET_ARGS_PATTERN_RULE, parse_pattern },
	{ "program", "PATH", UNET_TYPE_WORD_PROGRAM, "pinned eBPF program, for action bpf",
	  UNET_ARGS_PATH_RULE, parse_program },
	{ "extension", "NAME", UNET_TYPE_WORD_EXT, "kernel extension, for action extension",
	  "a name of 1 to 15 bytes", parse_extension },
	{ "only", "local", UNET_TYPE_WORD_ONLY, "only what is for the host's addresses",
	  "local", parse_only },
	{ "uid", "UID", UNET_TYPE_WORD_UID, "for this user (default: any)",
	  "a user's number", parse_uid },
	{ "gid", "GID", UNET_TYPE_WORD_GID, "for members of this group",
	  "a group's number", parse_gid },
	{ "max", "N", UNET_TYPE_WORD_MAX, "rules a user may have (default: 64)",
	  "1 to 8192", parse_max },
	{ 0 }
};

/* ---- words --------------------------------------------------------------- */

static const char *verb_name(const void *arg, int i)
{
	return ((const struct unet_args_verb *)arg)[i].name;
}

static int refuse_verb(const char *word, const struct unet_args_verb *verbs,
		       struct unet_args_error *error)
{
	const char *near = unet_args_nearest(word, verb_name, verbs);
	size_t len = sizeof(error->text);
	int i, n;

	n = snprintf(error->text, len, "\"%.64s\": no such verb", word);
	if (near)
		n += snprintf(error->text + n, len - n, ", did you mean %s?", near);
	n += snprintf(error->text + n, len - n, " (verbs:");
	for (i = 0; verbs[i].name; i++)
		n += snprintf(error->text + n, len - n, "%s %s", i ? "," : "",
			      verbs[i].name);
	snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}

static const struct unet_args_type_word *find_word(const char *name,
						   unsigned int allowed)
{
	const struct unet_args_type_word *w;

	for (w = unet_args_type_words; w->name; w++)
		if (w->bit & allowed && !strcmp(w->name, name))
			return w;
	return NULL;
}

static const char *allowed_word(const void *arg, int i)
{
	unsigned int allowed = *(const unsigned int *)arg;
	const struct unet_args_type_word *w;

	for (w = unet_args_type_words; w->name; w++)
		if (w->bit & allowed && i-- == 0)
			return w->name;
	return NULL;
}

static int refuse_word(const char *word, const struct unet_args_verb *verb,
		       struct unet_args_error *error)
{
	const char *near = unet_args_nearest(word, allowed_word, &verb->allowed);
	size_t len = sizeof(error->text);
	const char *name;
	int i, n;

	n = snprintf(error->text, len, "\"%.64s\": not a word of %s", word, verb->name);
	if (near)
		n += snprintf(error->text + n, len - n, ", did you mean %s?", near);
	if (allowed_word(&verb->allowed, 0))
		n += snprintf(error->text + n, len - n, " (words:");
	for (i = 0; (name = allowed_word(&verb->allowed, i)); i++)
		n += snprintf(error->text + n, len - n, "%s %s", i ? "," : "", name);
	if (i)
		snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}

static int take_word(char *const *words, int nwords, struct unet_args_type *type,
		     struct unet_args_error *error)
{
	const struct unet_args_type_word *w = find_word(words[0], type->verb->allowed);
	const char *wrong = NULL;

	if (!w)
		return refuse_word(words[0], type->verb, error);
	if (type->given & w->bit && w->bit != UNET_TYPE_WORD_PATTERN)
		wrong = w->bit == UNET_TYPE_WORD_NUMBER ?
			"one of ethertype, protocol, tcp and udp is enough" : "given twice";
	else if (nwords < 2)
		wrong = "value missing";
	if (wrong) {
		snprintf(error->text, sizeof(error->text), "%s: %s (%s)", w->name,
			 wrong, w->allowed);
		return -EINVAL;
	}
	if (w->parse(words[1], type)) {
		snprintf(error->text, sizeof(error->text), "%s: %.64s: not valid (%s)",
			 w->name, words[1], w->allowed);
		return -EINVAL;
	}
	type->given |= w->bit;
	return 0;
}

static int check_needed(const struct unet_args_type *type,
			struct unet_args_error *error)
{
	unsigned int missing = type->verb->needed & ~type->given;

	if (!missing)
		return 0;
	snprintf(error->text, sizeof(error->text), "%s: %s missing (%s %s)",
		 type->verb->name,
		 missing & UNET_TYPE_WORD_NUMBER ? "ethertype, protocol, tcp or udp" :
		 missing & UNET_TYPE_WORD_ACTION ? "action" :
		 missing & UNET_TYPE_WORD_ACTIONS ? "actions" : "priority",
		 type->verb->name, type->verb->usage);
	return -EINVAL;
}

int unet_args_type(char *const *words, int nwords,
		   const struct unet_args_verb *verbs,
		   struct unet_args_type *type, struct unet_args_error *error)
{
	const struct unet_args_verb *verb = verbs;
	int i = 1, err;

	memset(type, 0, sizeof(*type));
	while (nwords && verb->name && strcmp(verb->name, words[0]))
		verb++;
	if (!verb->name)
		return refuse_verb(words[0], verbs, error);
	type->verb = verb;
	if (verb->id) {
		if (nwords < 2 || parse_id(words[1], 1, &type->id)) {
			snprintf(error->text, sizeof(error->text),
				 "%s: %.64s (an id as list shows it, 1 or more)", verb->name,
				 nwords < 2 ? "which?" : words[1]);
			return -EINVAL;
		}
		i = 2;
	}
	for (; i < nwords; i += 2) {
		err = take_word(words + i, nwords - i, type, error);
		if (err)
			return err;
	}
	return check_needed(type, error);
}

int unet_args_type_watch(const struct unet_args_type *type,
			 struct unet_args_error *error)
{
	if (type->verb->cmd == UNET_CMD_TYPE_GET ||
	    type->verb->cmd == UNET_CMD_POLICY_GET)
		return 0;
	return unet_args_watch_refuse(type->verb->name, "list", error);
}
