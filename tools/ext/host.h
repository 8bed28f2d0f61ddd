/* SPDX-License-Identifier: MIT */
#ifndef EXT_HOST_H
#define EXT_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "../hooks/names_parse.h"

/**
 * ext_host() - which host do these first bytes of a connection ask for?
 * @p:		payload, hostile
 * @len:	bytes of it
 * @host:	out: small letters, without port; "" when they do not say it whole
 *
 * Looks for the server name of a TLS ClientHello (RFC 6066), and for the Host of an
 * HTTP/1 request.
 */
void ext_host(const uint8_t *p, size_t len, char host[NAME_BYTES]);

#endif
