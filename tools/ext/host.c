// SPDX-License-Identifier: MIT
#include <ctype.h>

#include "host.h"

/* Not one that is no host name, or is not there to its end. */
static void keep(const uint8_t *name, size_t len, char *host)
{
	size_t i;

	if (len > NAME_BYTES - 1)
		return;
	for (i = 0; i < len; i++) {
		if (!isalnum(name[i]) && name[i] != '-' && name[i] != '.' &&
		    name[i] != '_')
			break;
		host[i] = (char)tolower(name[i]);
	}
	host[i < len ? 0 : len] = '\0';
}

/* ---- TLS: one step over a length-prefixed field after the other ------------ */

struct cursor {
	const uint8_t *p;
	size_t left;
};

static size_t number(struct cursor *c, unsigned int bytes)
{
	size_t n = 0;

	if (c->left < bytes) {
		c->left = 0;
		return 0;
	}
	c->left -= bytes;
	while (bytes--)
		n = n << 8 | *c->p++;
	return n;
}

/* The next @n bytes, or as many as there are. */
static struct cursor cut(struct cursor *c, size_t n)
{
	struct cursor part = { c->p, n < c->left ? n : c->left };

	c->p += part.left;
	c->left -= part.left;
	return part;
}

static void step_over(struct cursor *c, unsigned int length_bytes)
{
	cut(c, number(c, length_bytes));
}

static void server_name(struct cursor ext, char *host)
{
	struct cursor list = cut(&ext, number(&ext, 2)), name;
	size_t len;

	if (number(&list, 1) != 0)	/* host_name */
		return;
	len = number(&list, 2);
	name = cut(&list, len);
	if (name.left == len)
		keep(name.p, len, host);
}

static void tls_host(struct cursor c, char *host)
{
	struct cursor hello, exts, ext;
	size_t type;

	cut(&c, 5);			/* record header */
	if (number(&c, 1) != 1)		/* ClientHello */
		return;
	hello = cut(&c, number(&c, 3));
	cut(&hello, 2 + 32);		/* version, random */
	step_over(&hello, 1);		/* session id */
	step_over(&hello, 2);		/* ciphers */
	step_over(&hello, 1);		/* compression */
	exts = cut(&hello, number(&hello, 2));
	while (exts.left >= 4) {
		type = number(&exts, 2);
		ext = cut(&exts, number(&exts, 2));
		if (!type) {
			server_name(ext, host);
			return;
		}
	}
}

void ext_host(const uint8_t *p, size_t len, char host[NAME_BYTES])
{
	host[0] = '\0';
	if (len > 5 && p[0] == 22 && p[1] == 3)
		tls_host((struct cursor){ p, len }, host);
	else if (!name_of_request(p, len, host))
		host[0] = '\0';
}
