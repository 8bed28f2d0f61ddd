// SPDX-License-Identifier: MIT
/*
 * What the shipped hooks read from strangers: names in DNS queries and HTTP
 * requests, the timestamp option. Names are text of bounded length without
 * control characters; offsets lie inside.
 */
#include <stdlib.h>
#include "core_os.h"
#include "tools/hooks/names_parse.c"
#include "tools/hooks/stamp_option.c"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void name_is_sound(const char *name)
{
	size_t n = strnlen(name, NAME_BYTES);

	if (!n || n >= NAME_BYTES || !name_is_below(name, name))
		abort();
	while (n--) {
		if (name[n] <= 0x20 || name[n] == 0x7f ||
		    (name[n] >= 'A' && name[n] <= 'Z'))
			abort();
	}
}

static void option_is_sound(const u8 *options, size_t len)
{
	u8 again[STAMP_BYTES];
	size_t found;
	size_t at;
	u32 sent;
	u32 back;

	if (!stamp_find(options, len, &at, &sent))
		return;
	if (at > len || len - at < STAMP_BYTES || sent >> 31)
		abort();
	stamp_write(again, sent);
	if (!stamp_find(again, sizeof(again), &found, &back) || found ||
	    back != sent)
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy = malloc(size + !size);	/* of just that size, for ASan */
	char name[NAME_BYTES];
	size_t n;

	memset(name, 0x7f, sizeof(name));
	memcpy(copy, data, size);
	n = name_of_query(copy, size, name);
	if (n > size)
		abort();
	if (n)
		name_is_sound(name);
	if (name_of_request(copy, size, name))
		name_is_sound(name);
	option_is_sound(copy, size < 40 ? size : 40);
	free(copy);
	return 0;
}
