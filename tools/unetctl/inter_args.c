// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/unet.h>

#include "inter_args.h"

const char *const unet_inter_verbs[] = { "grant", "revoke", "list", "stat", NULL };

static const char *const rights[] = {
	"observe-headers", "observe-payload", "drop", "delay", "modify-headers",
	"modify-payload", "inject", "duplicate", "identity", "redirect", NULL
};

const char *unet_inter_right(int i)
{
	return rights[i];
}

/* ---- values ------------------------------------------------------------- */

static void add_term(struct unet_inter_args *args, uint16_t attr,
		     const void *bytes, uint8_t len)
{
	struct unet_inter_value *v = &args->value[args->num++];

	v->attr = attr;
	v->len = len;
	memcpy(v->bytes, bytes, len);
}

static int add_number(struct unet_inter_args *args, uint16_t attr,
		      const char *word, uint64_t max)
{
	uint64_t n;
	uint32_t v;

	if (unet_args_number(word, 0, max, &n))
		return -EINVAL;
	v = (uint32_t)n;
	add_term(args, attr, &v, sizeof(v));
	return 0;
}

/* "observe" is both, "modify" likewise: what most mean. */
static uint32_t right_bits(const char *name, size_t len)
{
	unsigned int i;

	if (len == 7 && !memcmp(name, "observe", len))
		return UNET_INTER_OBSERVE_HEADERS | UNET_INTER_OBSERVE_PAYLOAD;
	if (len == 6 && !memcmp(name, "modify", len))
		return UNET_INTER_MODIFY_HEADERS | UNET_INTER_MODIFY_PAYLOAD;
	for (i = 0; rights[i]; i++)
		if (strlen(rights[i]) == len && !memcmp(rights[i], name, len))
			return 1u << i;
	return 0;
}

static int term_rights(const char *word, struct unet_inter_args *args)
{
	uint32_t bits = 0, bit;
	size_t len;

	for (;; word += len + 1) {
		len = strcspn(word, ",");
		bit = right_bits(word, len);
		if (!bit)
			return -EINVAL;
		bits |= bit;
		if (!word[len])
			break;
	}
	add_term(args, UNET_IA_RIGHTS, &bits, sizeof(bits));
	return 0;
}

static int term_direction(const char *word, struct unet_inter_args *args)
{
	uint32_t v = !strcmp(word, "in") ? UNET_INTER_INBOUND :
		     !strcmp(word, "out") ? UNET_INTER_OUTBOUND :
		     !strcmp(word, "both") ? UNET_INTER_INBOUND |
					     UNET_INTER_OUTBOUND : 0;

	if (!v)
		return -EINVAL;
	add_term(args, UNET_IA_DIRECTIONS, &v, sizeof(v));
	return 0;
}

static int term_policy(const char *word, struct unet_inter_args *args)
{
	uint32_t v = UNET_INTER_FAIL_OPEN;

	if (!strcmp(word, "closed"))
		v = UNET_INTER_FAIL_CLOSED;
	else if (!strncmp(word, "after:", 6))
		v = UNET_INTER_FAIL_AFTER;
	else if (strcmp(word, "open"))
		return -EINVAL;
	add_term(args, UNET_IA_POLICY, &v, sizeof(v));
	if (v != UNET_INTER_FAIL_AFTER)
		return 0;
	return add_number(args, UNET_IA_AFTER_MS, word + 6, 3600000);
}

static int term_priority(const char *word, struct unet_inter_args *args)
{
	uint64_t n;
	int32_t v;

	if (unet_args_number(word + (*word == '-'), 0, INT32_MAX, &n))
		return -EINVAL;
	v = *word == '-' ? -(int32_t)n : (int32_t)n;
	add_term(args, UNET_IA_PRIORITY, &v, sizeof(v));
	return 0;
}

static int term_uid(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_UID, word, UINT32_MAX - 1);
}

static int term_hold(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_HOLD_MS, word, UINT32_MAX);
}

static int term_backlog(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_BACKLOG, word, UINT32_MAX);
}

static int term_backlog_bytes(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_BACKLOG_BYTES, word, UINT32_MAX);
}

static int term_copy(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_COPY_BYTES, word, UINT32_MAX);
}

static int term_violations(const char *word, struct unet_inter_args *args)
{
	return add_number(args, UNET_IA_VIOLATIONS, word, UINT32_MAX);
}

static int term_proto(const char *word, struct unet_inter_args *args)
{
	uint8_t v;

	if (unet_args_proto(word, &v))
		return -EINVAL;
	add_term(args, UNET_IA_PROTO, &v, sizeof(v));
	return 0;
}

/* Address and prefix are two attributes, one behind the other. */
static int term_addr(const char *word, struct unet_inter_args *args,
		     uint16_t attr)
{
	struct unet_args_prefix p;
	uint8_t bits;

	if (unet_args_prefix(word, &p) || !p.bits)
		return -EINVAL;
	bits = p.bits;
	add_term(args, attr, p.bytes, p.family == AF_INET ? 4 : 16);
	add_term(args, attr + 1, &bits, sizeof(bits));
	return 0;
}

static int term_local_addr(const char *word, struct unet_inter_args *args)
{
	return term_addr(word, args, UNET_IA_LOCAL_ADDR);
}

static int term_remote_addr(const char *word, struct unet_inter_args *args)
{
	return term_addr(word, args, UNET_IA_REMOTE_ADDR);
}

static int term_port(const char *word, struct unet_inter_args *args,
		     uint16_t attr)
{
	uint16_t port;

	if (unet_args_port(word, &port))
		return -EINVAL;
	port = htons(port);
	add_term(args, attr, &port, sizeof(port));
	return 0;
}

static int term_local_port(const char *word, struct unet_inter_args *args)
{
	return term_port(word, args, UNET_IA_LOCAL_PORT);
}

static int term_remote_port(const char *word, struct unet_inter_args *args)
{
	return term_port(word, args, UNET_IA_REMOTE_PORT);
}

static int term_redirect_port(const char *word, struct unet_inter_args *args)
{
	return term_port(word, args, UNET_IA_REDIRECT_PORT);
}

static int term_pattern(const char *word, struct unet_inter_args *args)
{
	if (args->num_patterns == UNET_TYPE_PATTERNS)
		return -EINVAL;
	return unet_args_pattern(word, &args->pattern[args->num_patterns++]);
}

static int term_program(const char *word, struct unet_inter_args *args)
{
	return unet_args_path(word, args->program);
}

/* ---- the words of "grant" ------------------------------------------------ */

#define TERM_NUMBER	"a number"
#define TERM_PORT	"1 to 65535"
#define TERM_ADDR	"an IPv4 or IPv6 address, or a prefix with no bits behind it"

const struct unet_inter_term unet_inter_terms[] = {
	{ "rights", "RIGHT,...", "what it may do",
	  "observe-headers, observe-payload, observe, drop, delay, modify-headers, "
	  "modify-payload, modify, inject, duplicate, identity, redirect, with commas between",
	  term_rights },
	{ "direction", "in|out|both", "seen from the flow's owner",
	  "in, out or both", term_direction },
	{ "uid", "UID", "who may claim it", "a user's number", term_uid },
	{ "priority", "N", "lowest is next to the device",
	  "a number from -2147483647 to 2147483647", term_priority },
	{ "policy", "open|closed|after:MS", "while it is gone or does not answer",
	  "open, closed, or after:MS", term_policy },
	{ "hold", "MS", "longest time to a verdict", "milliseconds", term_hold },
	{ "backlog", "PACKETS", "most packets held", TERM_NUMBER, term_backlog },
	{ "backlog-bytes", "BYTES", "most bytes held", TERM_NUMBER,
	  term_backlog_bytes },
	{ "copy", "BYTES", "most bytes of a packet it sees", TERM_NUMBER,
	  term_copy },
	{ "violations", "N", "that end it, 0: none do", TERM_NUMBER,
	  term_violations },
	{ "proto", "PROTO", "tcp, udp or a protocol's number",
	  "tcp, udp, or 0 to 255", term_proto },
	{ "local-addr", "ADDR[/LEN]", "local address or prefix", TERM_ADDR,
	  term_local_addr },
	{ "local-port", "PORT", "local port", TERM_PORT, term_local_port },
	{ "remote-addr", "ADDR[/LEN]", "remote address or prefix", TERM_ADDR,
	  term_remote_addr },
	{ "remote-port", "PORT", "remote port", TERM_PORT, term_remote_port },
	{ "redirect-port", "PORT", "where it may redirect to", TERM_PORT,
	  term_redirect_port },
	{ "pattern", "AT:HEX[/MASK]", "bytes of the payload",
	  UNET_ARGS_PATTERN_RULE, term_pattern },
	{ "program", "PATH", "pinned eBPF program that tells the packets",
	  UNET_ARGS_PATH_RULE, term_program },
	{ 0 }
};

bool unet_inter_term_repeats(const struct unet_inter_term *term)
{
	return term->parse == term_pattern;
}

static const char *term_name(const void *arg, int i)
{
	(void)arg;
	return unet_inter_terms[i].name;
}

static int __attribute__((format(printf, 2, 3)))
refuse_words(struct unet_args_error *error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

static int refuse_term(const char *word, struct unet_args_error *error)
{
	const char *near = unet_args_nearest(word, term_name, NULL);
	size_t n;
	int i;

	n = snprintf(error->text, sizeof(error->text),
		     "%.64s: no word of grant%s%s (words:", word,
		     near ? ", did you mean " : "", near ? near : "");
	for (i = 0; unet_inter_terms[i].name; i++)
		n += snprintf(error->text + n, sizeof(error->text) - n, "%s %s",
			      i ? "," : "", unet_inter_terms[i].name);
	snprintf(error->text + n, sizeof(error->text) - n, ")");
	return -EINVAL;
}

static int grant_words(char *const *words, int nwords,
		       struct unet_inter_args *args,
		       struct unet_args_error *error)
{
	const struct unet_inter_term *t;
	unsigned int given = 0, bit;
	int i;

	for (i = 0; i < nwords; i += 2) {
		for (t = unet_inter_terms; t->name; t++)
			if (!strcmp(t->name, words[i]))
				break;
		if (!t->name)
			return refuse_term(words[i], error);
		bit = 1u << (t - unet_inter_terms);
		if (given & bit && !unet_inter_term_repeats(t))
			return refuse_words(error, "%s: given twice", t->name);
		given |= bit;
		if (i + 1 == nwords)
			return refuse_words(error, "%s: value missing (%s)", t->name,
					    t->rule);
		if (t->parse(words[i + 1], args))
			return refuse_words(error, "%s %.64s: not %s", t->name,
					    words[i + 1], t->rule);
	}
	if (!(given & 1))
		return refuse_words(error, "rights: missing (%s)",
				    unet_inter_terms[0].rule);
	return 0;
}

/* ---- verbs ---------------------------------------------------------------- */

static int term_device(const char *word, struct unet_inter_args *args,
		       struct unet_args_error *error)
{
	if (!unet_args_ifname(word, args->dev))
		return 0;
	return refuse_words(error, "%.64s: not a device name (1 to 15 bytes without '/' "
			    "or white space)", word);
}

static int term_id(const char *word, struct unet_inter_args *args,
		   struct unet_args_error *error)
{
	uint64_t n;

	if (unet_args_number(word, 1, INT32_MAX, &n))
		return refuse_words(error, "%.64s: not a grant's number "
				    "(unetctl intermediary list shows them)", word);
	args->id = (uint32_t)n;
	return 0;
}

static int verb_of(const char *word)
{
	int i;

	for (i = 0; unet_inter_verbs[i]; i++)
		if (!strcmp(word, unet_inter_verbs[i]))
			return i;
	return -1;
}

static int few_words(char *const *words, int nwords,
		     struct unet_inter_args *args,
		     struct unet_args_error *error)
{
	if (nwords > 1)
		return refuse_words(error, "%.64s: one word too many", words[1]);
	if (!nwords && args->verb == UNET_INTER_VERB_REVOKE)
		return refuse_words(error, "revoke: which grant? "
				    "(unetctl intermediary list shows them)");
	if (!nwords)
		return 0;
	return args->verb == UNET_INTER_VERB_LIST ?
	       term_device(words[0], args, error) :
	       term_id(words[0], args, error);
}

int unet_inter_args_parse(char *const *words, int nwords,
			  struct unet_inter_args *args,
			  struct unet_args_error *error)
{
	int verb = nwords ? verb_of(words[0]) : UNET_INTER_VERB_LIST;

	memset(args, 0, sizeof(*args));
	args->prog_fd = -1;
	if (verb < 0)
		return refuse_words(error, "%.64s: not grant, revoke, list or stat",
				    words[0]);
	args->verb = verb;
	if (verb != UNET_INTER_VERB_GRANT)
		return few_words(words + 1, nwords ? nwords - 1 : 0, args, error);
	if (nwords < 2)
		return refuse_words(error, "grant: which device's flows?");
	if (term_device(words[1], args, error))
		return -EINVAL;
	return grant_words(words + 2, nwords - 2, args, error);
}

int unet_inter_args_watch(const struct unet_inter_args *args,
			  struct unet_args_error *error)
{
	if (args->verb == UNET_INTER_VERB_LIST || args->verb == UNET_INTER_VERB_STAT)
		return 0;
	return unet_args_watch_refuse(unet_inter_verbs[args->verb], "list, stat", error);
}
