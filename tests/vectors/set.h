/* SPDX-License-Identifier: MIT */
/*
 * Tables of sentences about kmod/core. The rows and the function that decides
 * whether a row holds are pure like core itself, so that the same ones run in the
 * unit tests and, loaded as core_test.ko, inside the kernel.
 */
#ifndef _UNET_VECTORS_SET_H
#define _UNET_VECTORS_SET_H

#include "core_os.h"

/* A row ends where the rest does not matter. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/**
 * struct vector_set - one table
 * @name:	what it is about
 * @count:	rows
 * @title:	the sentence of a row
 * @holds:	whether it is so
 */
struct vector_set {
	const char *name;
	u32 count;
	const char *(*title)(u32 row);
	bool (*holds)(u32 row);
};

/* For struct set##_row set##_rows[], each with a @name, and set##_holds(). */
#define VECTOR_SET(set)							\
static const char *set##_title(u32 row)					\
{									\
	return set##_rows[row].name;					\
}									\
									\
static bool set##_row_holds(u32 row)					\
{									\
	return set##_holds(&set##_rows[row]);				\
}									\
									\
static const struct vector_set set##_set = {				\
	.name = #set,							\
	.count = ARRAY_SIZE(set##_rows),				\
	.title = set##_title,						\
	.holds = set##_row_holds,					\
}

static inline u8 vector_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* "0a ff" to bytes: small letters, spaces anywhere between. Returns how many. */
static inline u32 vector_bytes(const char *hex, u8 *out, u32 size)
{
	u32 len = 0;

	while (*hex) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		if (len == size)
			return 0;
		out[len] = vector_digit(hex[0]) << 4 | vector_digit(hex[1]);
		len++;
		hex += 2;
	}
	return len;
}

/* The Internet checksum as RFC 1071 words it, a byte pair at a time. */
static inline u16 vector_checksum(const u8 *p, u32 len)
{
	u32 sum = 0;
	u32 i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? p[i] : (u32)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (u16)~sum;
}

/* Give an IPv4 header a right checksum; anything else is left alone. */
static inline void vector_ip4_checksum(u8 *l3, u32 len)
{
	u32 size = len ? (l3[0] & 15) * 4u : 0;
	u16 sum;

	if (len < 20 || l3[0] >> 4 != 4 || size < 20 || size > len)
		return;
	l3[10] = 0;
	l3[11] = 0;
	sum = vector_checksum(l3, size);
	l3[10] = sum >> 8;
	l3[11] = sum & 255;
}

#endif /* _UNET_VECTORS_SET_H */
