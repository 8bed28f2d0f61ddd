// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/unet.h>

#include "args.h"

#define LONGEST_WORD	32	/* what "nearest" compares */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int unet_args_number(const char *word, uint64_t min, uint64_t max,
		     uint64_t *value)
{
	uint64_t n = 0;
	const char *p;

	if (!is_digit(*word) || (*word == '0' && word[1]))
		return -EINVAL;
	for (p = word; is_digit(*p); p++) {
		unsigned int digit = *p - '0';

		if (n > (UINT64_MAX - digit) / 10)
			return -EINVAL;
		n = n * 10 + digit;
	}
	if (*p || n < min || n > max)
		return -EINVAL;
	*value = n;
	return 0;
}

int unet_args_port(const char *word, uint16_t *port)
{
	uint64_t n;

	if (unet_args_number(word, 1, 65535, &n))
		return -EINVAL;
	*port = n;
	return 0;
}

int unet_args_proto(const char *word, uint8_t *proto)
{
	uint64_t n;

	if (!strcmp(word, "tcp"))
		n = IPPROTO_TCP;
	else if (!strcmp(word, "udp"))
		n = IPPROTO_UDP;
	else if (unet_args_number(word, 0, 255, &n))
		return -EINVAL;
	*proto = n;
	return 0;
}

/* Are all bits of bytes[] from number bits on zero? */
static bool tail_is_zero(const uint8_t *bytes, size_t len, unsigned int bits)
{
	size_t i = bits / 8;

	if (bits % 8 && (bytes[i++] & (0xff >> bits % 8)))
		return false;
	for (; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

int unet_args_prefix(const char *word, struct unet_args_prefix *prefix)
{
	const char *slash = strchr(word, '/');
	size_t len = slash ? (size_t)(slash - word) : strlen(word);
	struct unet_args_prefix p = { 0 };
	char addr[INET6_ADDRSTRLEN];
	uint64_t bits;

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, word, len);
	addr[len] = '\0';
	if (inet_pton(AF_INET, addr, p.bytes) == 1)
		p.family = AF_INET;
	else if (inet_pton(AF_INET6, addr, p.bytes) == 1)
		p.family = AF_INET6;
	else
		return -EINVAL;
	p.bits = p.family == AF_INET ? 32 : 128;
	if (slash) {
		if (unet_args_number(slash + 1, 0, p.bits, &bits))
			return -EINVAL;
		p.bits = bits;
	}
	if (!tail_is_zero(p.bytes, p.family == AF_INET ? 4 : 16, p.bits))
		return -EINVAL;
	*prefix = p;
	return 0;
}

bool unet_args_prefix_holds(const struct unet_args_prefix *prefix, int family,
			    const uint8_t *addr)
{
	unsigned int whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (prefix->family == AF_UNSPEC)
		return true;
	if (prefix->family != family)
		return false;
	if (memcmp(addr, prefix->bytes, whole))
		return false;
	return !rest || !((addr[whole] ^ prefix->bytes[whole]) >> (8 - rest));
}

int unet_args_ifname(const char *word, char *ifname)
{
	size_t len = strlen(word);
	const char *p;

	if (!len || len >= UNET_ARGS_IFNAME)
		return -EINVAL;
	if (!strcmp(word, ".") || !strcmp(word, ".."))
		return -EINVAL;
	for (p = word; *p; p++)
		if (*p == '/' || *p == ' ' || (*p >= '\t' && *p <= '\r'))
			return -EINVAL;
	memcpy(ifname, word, len + 1);
	return 0;
}

int unet_args_interval(const char *word, unsigned int *ms)
{
	size_t whole_len = strcspn(word, ".");
	uint64_t total, unit = 100;
	char whole[8];

	if (whole_len >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, word, whole_len);
	whole[whole_len] = '\0';
	if (unet_args_number(whole, 0, 86400, &total))
		return -EINVAL;
	total *= 1000;
	if (word[whole_len]) {
		const char *p = word + whole_len + 1;

		if (!*p)
			return -EINVAL;
		for (; is_digit(*p); p++, unit /= 10)
			total += unit * (*p - '0');
		if (*p)
			return -EINVAL;
	}
	if (total < 100 || total > 86400000)
		return -EINVAL;
	*ms = total;
	return 0;
}

/* ---- filter words ------------------------------------------------------ */

static int parse_dev(const char *word, struct unet_args_filter *filter)
{
	return unet_args_ifname(word, filter->dev);
}

static int parse_proto(const char *word, struct unet_args_filter *filter)
{
	return unet_args_proto(word, &filter->proto);
}

static int parse_port(const char *word, struct unet_args_filter *filter)
{
	return unet_args_port(word, &filter->port);
}

static int parse_local_port(const char *word, struct unet_args_filter *filter)
{
	return unet_args_port(word, &filter->local_port);
}

static int parse_remote_port(const char *word, struct unet_args_filter *filter)
{
	return unet_args_port(word, &filter->remote_port);
}

static int parse_addr(const char *word, struct unet_args_filter *filter)
{
	return unet_args_prefix(word, &filter->addr);
}

static int parse_local_addr(const char *word, struct unet_args_filter *filter)
{
	return unet_args_prefix(word, &filter->local_addr);
}

static int parse_remote_addr(const char *word, struct unet_args_filter *filter)
{
	return unet_args_prefix(word, &filter->remote_addr);
}

static int parse_pid(const char *word, struct unet_args_filter *filter)
{
	uint64_t n;

	if (unet_args_number(word, 1, INT32_MAX, &n))
		return -EINVAL;
	filter->pid = n;
	return 0;
}

static int parse_state(const char *word, struct unet_args_filter *filter)
{
	if (!strcmp(word, "listen"))
		filter->state = UNET_FLOW_STATE_LISTEN;
	else if (!strcmp(word, "est"))
		filter->state = UNET_FLOW_STATE_OPEN;
	else if (!strcmp(word, "closing"))
		filter->state = UNET_FLOW_STATE_CLOSING;
	else
		return -EINVAL;
	return 0;
}

#define IFNAME_RULE	"a device name: 1 to 15 bytes without '/' or white space"
#define PROTO_RULE	"tcp, udp or a number from 0 to 255"
#define PORT_RULE	"a port from 1 to 65535"
#define ADDR_RULE	"an IPv4 or IPv6 address, or a prefix such as 10.0.0.0/8 " \
			"with no bits set after its length"
#define PID_RULE	"a process id, 1 or more"
#define STATE_RULE	"listen, est or closing"

const struct unet_args_filter_word unet_args_filter_words[] = {
	{ "dev", "DEV", UNET_FILTER_DEV,
	  "of the nexus of this device", IFNAME_RULE, parse_dev },
	{ "proto", "PROTO", UNET_FILTER_PROTO,
	  "tcp, udp or a protocol's number", PROTO_RULE, parse_proto },
	{ "port", "PORT", UNET_FILTER_PORT,
	  "local or remote port", PORT_RULE, parse_port },
	{ "local-port", "PORT", UNET_FILTER_LOCAL_PORT,
	  "local port", PORT_RULE, parse_local_port },
	{ "remote-port", "PORT", UNET_FILTER_REMOTE_PORT,
	  "remote port", PORT_RULE, parse_remote_port },
	{ "addr", "ADDR[/LEN]", UNET_FILTER_ADDR,
	  "local or remote address, or prefix", ADDR_RULE, parse_addr },
	{ "local-addr", "ADDR[/LEN]", UNET_FILTER_LOCAL_ADDR,
	  "local address or prefix", ADDR_RULE, parse_local_addr },
	{ "remote-addr", "ADDR[/LEN]", UNET_FILTER_REMOTE_ADDR,
	  "remote address or prefix", ADDR_RULE, parse_remote_addr },
	{ "pid", "PID", UNET_FILTER_PID,
	  "of the process that opened the channel", PID_RULE, parse_pid },
	{ "state", "STATE", UNET_FILTER_STATE,
	  "listen, est or closing", STATE_RULE, parse_state },
	{ 0 }
};

static const struct unet_args_filter_word *find_filter_word(const char *word)
{
	const struct unet_args_filter_word *w;

	for (w = unet_args_filter_words; w->name; w++)
		if (!strcmp(w->name, word))
			return w;
	return NULL;
}

/* The i-th filter word among those that *arg, a set of UNET_FILTER_*, allows. */
static const char *allowed_filter_word(const void *arg, int i)
{
	const struct unet_args_filter_word *w;
	unsigned int allowed = *(const unsigned int *)arg;

	for (w = unet_args_filter_words; w->name; w++)
		if ((w->bit & allowed) && i-- == 0)
			return w->name;
	return NULL;
}

static int refuse_filter_word(const char *word, unsigned int allowed,
			      struct unet_args_error *error)
{
	const char *near = unet_args_nearest(word, allowed_filter_word, &allowed);
	size_t len = sizeof(error->text);
	const char *name;
	int i, n;

	n = snprintf(error->text, len, "%.64s: not a filter of this command", word);
	if (near)
		n += snprintf(error->text + n, len - n, ", did you mean %s?", near);
	n += snprintf(error->text + n, len - n, " (filters:");
	for (i = 0; (name = allowed_filter_word(&allowed, i)); i++)
		n += snprintf(error->text + n, len - n, "%s %s", i ? "," : "", name);
	snprintf(error->text + n, len - n, ")");
	return -EINVAL;
}

int unet_args_filter(char *const *words, int nwords, unsigned int allowed,
		     struct unet_args_filter *filter,
		     struct unet_args_error *error)
{
	const struct unet_args_filter_word *w;
	int i;

	memset(filter, 0, sizeof(*filter));
	for (i = 0; i < nwords; i += 2) {
		w = find_filter_word(words[i]);
		if (!w || !(w->bit & allowed))
			return refuse_filter_word(words[i], allowed, error);
		if (filter->given & w->bit) {
			snprintf(error->text, sizeof(error->text),
				 "%s: given twice", w->name);
			return -EINVAL;
		}
		if (i + 1 == nwords) {
			snprintf(error->text, sizeof(error->text),
				 "%s: value missing (%s)", w->name, w->allowed);
			return -EINVAL;
		}
		if (w->parse(words[i + 1], filter)) {
			snprintf(error->text, sizeof(error->text),
				 "%s: %.64s: not valid (%s)", w->name,
				 words[i + 1], w->allowed);
			return -EINVAL;
		}
		filter->given |= w->bit;
	}
	return 0;
}

/* ---- the word that was meant -------------------------------------------- */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Insertions, deletions and changes from a to b; both shorter than LONGEST_WORD. */
static unsigned int edits(const char *a, const char *b)
{
	unsigned int row[LONGEST_WORD], diagonal, above;
	size_t i, j, len = strlen(b);

	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0]++;
		for (j = 1; j <= len; j++) {
			above = row[j];
			row[j] = least(row[j - 1] + 1, above + 1,
				       diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

const char *unet_args_nearest(const char *word,
			      const char *(*name)(const void *arg, int i),
			      const void *arg)
{
	const char *best = NULL, *candidate;
	size_t len = strlen(word);
	unsigned int n, fewest;
	int i;

	if (!len || len >= LONGEST_WORD)
		return NULL;
	fewest = (len + 5) / 3;	/* 2 edits in a word of one to three letters */
	for (i = 0; (candidate = name(arg, i)); i++) {
		if (!strncmp(candidate, word, len))
			return candidate;	/* cut short */
		n = edits(word, candidate);
		if (n < fewest) {
			fewest = n;
			best = candidate;
		}
	}
	return best;
}

int unet_args_watch_refuse(const char *verb, const char *verbs,
			   struct unet_args_error *error)
{
	snprintf(error->text, sizeof(error->text),
		 "--watch: no use with %s, which would be done again each time (verbs: %s)",
		 verb, verbs);
	return -EINVAL;
}
