/* SPDX-License-Identifier: MIT */
/* The Internet checksum: known answers. */
#ifndef _UNET_VECTORS_CSUM_H
#define _UNET_VECTORS_CSUM_H

#include "core/csum.h"
#include "core/wire.h"
#include "vectors/set.h"

/* @check: as a number, of all of @hex */
struct csum_row {
	const char *name;
	const char *hex;
	u16 check;
};

#define CSUM_FF16 "ffffffffffffffffffffffffffffffff"

static const struct csum_row csum_rows[] = {
	{ "no bytes", "", 0xffff },
	{ "one byte is the upper half of a word", "01", 0xfeff },
	{ "two bytes", "0102", 0xfefd },
	{ "three bytes", "010203", 0xfbfd },
	{ "the example of RFC 1071", "0001 f203 f4f5 f6f7", 0x220d },
	{ "an IPv4 header without its checksum",
	  "45000073 00004000 40110000 c0a80001 c0a800c7", 0xb861 },
	{ "an IPv4 header with its checksum",
	  "45000073 00004000 4011b861 c0a80001 c0a800c7", 0x0000 },
	{ "all ones carry all the way round",
	  CSUM_FF16 CSUM_FF16 CSUM_FF16 CSUM_FF16, 0x0000 },
	{ "all ones and one", CSUM_FF16 CSUM_FF16 "01", 0xfeff },
	{ "seven odd bytes at the end",
	  CSUM_FF16 "01020304 050607", 0xeff3 },
};

/* Summed whole, copied, and cut in two at every place. */
static inline bool csum_holds(const struct csum_row *row)
{
	u8 bytes[80];
	u8 copy[80];
	u8 field[2];
	u32 len = vector_bytes(row->hex, bytes, sizeof(bytes));
	u32 cut;

	unet_store_raw16(field, unet_csum_finish(unet_csum_add(bytes, len, 0)));
	if (unet_load_u16(field) != row->check ||
	    vector_checksum(bytes, len) != row->check)
		return false;
	unet_store_raw16(field,
			 unet_csum_finish(unet_csum_copy(copy, bytes, len, 0)));
	if (unet_load_u16(field) != row->check || memcmp(copy, bytes, len))
		return false;
	for (cut = 0; cut <= len; cut++) {
		u64 head = unet_csum_add(bytes, cut, 0);
		u64 tail = unet_csum_add(bytes + cut, len - cut, 0);

		unet_store_raw16(field, unet_csum_finish(unet_csum_join(head, tail,
									cut)));
		if (unet_load_u16(field) != row->check)
			return false;
	}
	return true;
}

VECTOR_SET(csum);

/* A word of a packet changes and the checksum with it, RFC 1624. */
struct csum_update_row {
	const char *name;
	u16 check;
	u16 from;
	u16 to;
	u16 want;
};

static const struct csum_update_row csum_update_rows[] = {
	{ "the example of RFC 1624", 0xdd2f, 0x5555, 0x3285, 0x0000 },
	{ "nothing changes", 0x1234, 0xabcd, 0xabcd, 0x1234 },
	{ "TTL goes down by one", 0xb861, 0x4011, 0x3f11, 0xb961 },
	{ "and up again", 0xb961, 0x3f11, 0x4011, 0xb861 },
	{ "the sum wraps", 0x0001, 0x0000, 0x0002, 0xfffe },
};

static inline bool csum_update_holds(const struct csum_update_row *row)
{
	u16 check = (__force u16)cpu_to_be16(row->check);
	u16 from = (__force u16)cpu_to_be16(row->from);
	u16 to = (__force u16)cpu_to_be16(row->to);
	u16 want = (__force u16)cpu_to_be16(row->want);

	return unet_csum_update16(check, from, to) == want &&
	       unet_csum_update32(check, (u32)from << 16, (u32)to << 16) == want &&
	       unet_csum_update32(check, from, to) == want;
}

VECTOR_SET(csum_update);

#endif /* _UNET_VECTORS_CSUM_H */
