// SPDX-License-Identifier: MIT
#include <string.h>
#include "names_parse.h"

#define DNS_HEADER	12
#define LABEL_MAX	63
#define NAME_MAX_BYTES	(NAME_BYTES - 3)
#define HOST_MAX_HEAD	8192	/* of a request that is looked at */

static char lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* What a host name is made of; others stand for bytes that would confuse us. */
static char plain(uint8_t c)
{
	c = (uint8_t)lower(c);
	return c > 0x20 && c < 0x7f && c != '.' ? (char)c : '?';
}

/**
 * name_of_query() - the name in the question of a DNS query
 * @dns: the message, from its header on
 * @len: its bytes
 * @name: receives the name in lower case, without a dot at the end
 *
 * A query has one question and its name is not compressed (RFC 9619, RFC 1035
 * section 4.1.4): there is nothing before it to point to.
 *
 * Return: bytes of header and question, 0: not a query with a name.
 */
size_t name_of_query(const uint8_t *dns, size_t len, char name[NAME_BYTES])
{
	size_t at = DNS_HEADER;
	size_t n = 0;

	if (len < DNS_HEADER || dns[2] & 0x80 || dns[4] || dns[5] != 1)
		return 0;
	while (at < len && dns[at]) {
		size_t label = dns[at++];

		if (label > LABEL_MAX || label > len - at ||
		    n + label + 1 > NAME_MAX_BYTES + 1)
			return 0;
		while (label--)
			name[n++] = plain(dns[at++]);
		name[n++] = '.';
	}
	if (at + 5 > len || !n)
		return 0;
	name[n - 1] = '\0';
	return at + 5;
}

static bool is_method(const uint8_t *at, size_t len)
{
	size_t n = 0;

	while (n < len && at[n] >= 'A' && at[n] <= 'Z')
		n++;
	return n >= 3 && n <= 10 && n < len && at[n] == ' ';
}

/* Before HTTP/1 there were no fields, and after it no text. */
static bool is_request_line(const uint8_t *at, size_t len)
{
	static const char version[] = " HTTP/1.";
	const size_t n = sizeof(version) - 1;

	if (len && at[len - 1] == '\r')
		len--;
	return is_method(at, len) && len > n && at[len - 1] >= '0' &&
	       at[len - 1] <= '9' && !memcmp(at + len - 1 - n, version, n);
}

static bool ends_a_host(uint8_t c)
{
	return c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * The value of "Host:" in the line; spaces, a port and a last dot taken off. Not one
 * whose end is not there: it might go on.
 */
static size_t host_of_line(const uint8_t *at, size_t len, char name[NAME_BYTES])
{
	static const char field[] = "host:";
	size_t i = 0;
	size_t n = 0;

	for (i = 0; i < sizeof(field) - 1; i++) {
		if (i == len || lower(at[i]) != field[i])
			return 0;
	}
	while (i < len && (at[i] == ' ' || at[i] == '\t'))
		i++;
	for (; i < len && !ends_a_host(at[i]); i++) {
		if (n == NAME_MAX_BYTES)
			return 0;
		name[n++] = at[i] == '.' ? '.' : plain(at[i]);
	}
	if (i == len)
		return 0;
	if (n && name[n - 1] == '.')
		n--;
	name[n] = '\0';
	return n;
}

/**
 * name_of_request() - the host that an HTTP/1 request names
 * @http: bytes of a connection, a request's first ones first
 * @len: how many
 * @name: receives the name in lower case, without port
 *
 * Only the head of a request counts: what a body holds is nobody's host.
 *
 * Return: bytes of the name, 0: not a request, or it names no host in these.
 */
size_t name_of_request(const uint8_t *http, size_t len, char name[NAME_BYTES])
{
	const uint8_t *line, *end;
	size_t n;

	if (len > HOST_MAX_HEAD)
		len = HOST_MAX_HEAD;
	end = http + len;
	line = len ? memchr(http, '\n', len) : NULL;
	if (!line || !is_request_line(http, (size_t)(line - http)))
		return 0;
	while (line) {
		http = line + 1;
		if (http == end || *http == '\r' || *http == '\n')
			return 0;
		n = host_of_line(http, (size_t)(end - http), name);
		if (n)
			return n;
		line = memchr(http, '\n', (size_t)(end - http));
	}
	return 0;
}

/**
 * name_is_below() - is it this domain, or of it?
 * @name: in lower case
 * @domain: likewise
 */
bool name_is_below(const char *name, const char *domain)
{
	size_t n = strlen(name);
	size_t d = strlen(domain);

	if (n < d || strcmp(name + n - d, domain))
		return false;
	return n == d || name[n - d - 1] == '.';
}
