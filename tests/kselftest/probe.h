/* SPDX-License-Identifier: MIT */
/* How often functions of unet's are called: the kernel's word, not the module's. */
#ifndef UNET_TEST_PROBE_H
#define UNET_TEST_PROBE_H

#include "topo.h"

#define PROBES	"/sys/kernel/tracing/"

/* Calls of @first and @second are noted from here on. */
static inline int probes_start(const char *first, const char *second)
{
	return sh("cd " PROBES " && echo > trace && "
		  "echo 'p:unet_probe/%s %s' > kprobe_events && "
		  "echo 'p:unet_probe/%s %s' >> kprobe_events && "
		  "echo 1 > events/unet_probe/enable", first, first, second, second);
}

static inline int probes_stop(void)
{
	return sh("echo 0 > " PROBES "events/unet_probe/enable");
}

static inline int probes_remove(void)
{
	return sh("echo > " PROBES "kprobe_events");
}

/* Since probes_start(). */
static inline int calls_noted(const char *function)
{
	FILE *f = fopen(PROBES "trace", "r");
	char line[256], word[64];
	int n = 0;

	snprintf(word, sizeof(word), " %s: ", function);
	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, word);
	if (f)
		fclose(f);
	return n;
}

#endif
