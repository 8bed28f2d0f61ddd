/* SPDX-License-Identifier: MIT */
/*
 * What every file of the library may use: log and error text.
 */
#ifndef UNET_INTERNAL_H
#define UNET_INTERNAL_H

#include "core_os.h"

struct unet_stack;

#define UNET_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

void unet_log(const struct unet_stack *st, int level, const char *fmt, ...)
	UNET_PRINTF(3, 4);
void unet_detail(const char *fmt, ...) UNET_PRINTF(1, 2);
void unet_detail_clear(void);
int unet_opts_check(const void *opts, size_t known, const char *name);

#endif /* UNET_INTERNAL_H */
