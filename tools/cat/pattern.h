/* SPDX-License-Identifier: MIT */
/*
 * Bytes that follow from a seed and their offset, so that any piece of a stream
 * can be made and checked on its own: no two nearby pieces are alike.
 */
#ifndef UNET_CAT_PATTERN_H
#define UNET_CAT_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/**
 * unet_pattern_fill() - the pattern's bytes from an offset on
 * @seed:   which pattern
 * @offset: in the stream
 * @buf:    receives @len bytes
 * @len:    how many
 */
void unet_pattern_fill(uint64_t seed, uint64_t offset, void *buf, size_t len);

/**
 * unet_pattern_check() - are these the pattern's bytes
 * @seed:   which pattern
 * @offset: in the stream
 * @buf:    to check
 * @len:    how many
 *
 * Return: bytes that are right before the first that is not; @len when all are.
 */
size_t unet_pattern_check(uint64_t seed, uint64_t offset, const void *buf,
			  size_t len);

#endif
