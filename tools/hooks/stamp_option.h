/* SPDX-License-Identifier: MIT */
/*
 * The IPv4 timestamp option (RFC 791 section 3.1) as stamp.so writes it: room for
 * two times, the first of them the sender's.
 */
#ifndef UNET_HOOKS_STAMP_OPTION_H
#define UNET_HOOKS_STAMP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_BYTES	12u

void stamp_write(uint8_t option[STAMP_BYTES], uint64_t now_us);
bool stamp_find(const uint8_t *options, size_t len, size_t *at,
		uint32_t *sent_us);

#endif /* UNET_HOOKS_STAMP_OPTION_H */
