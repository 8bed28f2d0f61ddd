/* SPDX-License-Identifier: MIT */
/*
 * The host name that a DNS query or an HTTP request asks for. Bytes in, text out;
 * no memory, no I/O. unet-ext block has it, too.
 */
#ifndef UNET_HOOKS_NAMES_PARSE_H
#define UNET_HOOKS_NAMES_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES	256	/* 253 and a NUL, RFC 1035 section 3.1 */

size_t name_of_query(const uint8_t *dns, size_t len, char name[NAME_BYTES]);
size_t name_of_request(const uint8_t *http, size_t len, char name[NAME_BYTES]);
bool name_is_below(const char *name, const char *domain);

#endif /* UNET_HOOKS_NAMES_PARSE_H */
