/* SPDX-License-Identifier: MIT */
/* What unet's tracepoints say. */
#ifndef UNET_TEST_TRACED_H
#define UNET_TEST_TRACED_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TRACE	"/sys/kernel/tracing/"

static inline bool trace_write(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* False: this kernel has no tracefs. */
static inline bool trace_there(void)
{
	return !access(TRACE "events", F_OK) ||
	       !mount("none", TRACE, "tracefs", 0, NULL);
}

/* Likewise. */
static inline bool trace_begin(void)
{
	if (!trace_there())
		return false;
	return trace_write(TRACE "trace", "\n", O_TRUNC) &&
	       trace_write(TRACE "events/unet/enable", "1", 0);
}

static inline bool trace_end(void)
{
	return trace_write(TRACE "events/unet/enable", "0", 0);
}

/* How many lines since trace_begin() have this text. */
static inline int __attribute__((format(printf, 1, 2))) traced(const char *fmt, ...)
{
	char want[256], *line = NULL;
	FILE *f = fopen(TRACE "trace", "re");
	size_t room = 0;
	int found = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want, sizeof(want), fmt, ap);
	va_end(ap);
	while (f && getline(&line, &room, f) > 0)
		found += !!strstr(line, want);
	if (f)
		fclose(f);
	free(line);
	if (!found)
		printf("# not traced: %s\n", want);
	return found;
}

#endif
