// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <unet/unet.h>
#include "internal.h"
#include "stack.h"

static __thread char detail[256];

/**
 * unet_log() - one line to the stack's log
 * @st: the stack
 * @level: enum unet_log_level
 * @fmt: as printf(), without a line feed
 */
void unet_log(const struct unet_stack *st, int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!st->log || level > (int)st->log_level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	st->log(st->log_arg, level, line);
}

/**
 * unet_detail() - say what exactly was wrong, for unet_error_detail()
 * @fmt: as printf()
 */
void unet_detail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
}

/**
 * unet_detail_clear() - nothing is wrong so far
 */
void unet_detail_clear(void)
{
	detail[0] = '\0';
}

const char *unet_error_detail(void)
{
	return detail;
}
