/* SPDX-License-Identifier: MIT */
/*
 * The kernel's fault injection, for the calling thread only: its n-th allocation
 * or copy from or to user memory from now on fails, of whatever code in the kernel.
 */
#ifndef UNET_TEST_FAULT_H
#define UNET_TEST_FAULT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAULT_NTH	"/proc/thread-self/fail-nth"
#define FAULT_DEBUGFS	"/sys/kernel/debug/"

/* Sleeping and single-page allocations fail too, and nothing is logged of it. */
static const struct {
	const char *path;
	const char *on;
	const char *off;	/* as the kernel sets it */
} fault_knobs[] = {
	{ "failslab/ignore-gfp-wait", "N", "Y" },
	{ "failslab/verbose", "0", "2" },
	{ "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/min-order", "0", "1" },
	{ "fail_page_alloc/verbose", "0", "2" },
	{ "fail_usercopy/verbose", "0", "2" },
};

#define FAULT_KNOBS	(sizeof(fault_knobs) / sizeof(fault_knobs[0]))

static inline bool fault_knob(unsigned int i, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), FAULT_DEBUGFS "%s", fault_knobs[i].path);
	f = fopen(path, "w");
	if (!f)
		return false;
	fputs(value, f);
	return !fclose(f);
}

/* Make this kernel ready for it. Return: what it lacks, or NULL. */
static inline const char *fault_prepare(void)
{
	unsigned int i;

	if (access(FAULT_NTH, W_OK))
		return "no " FAULT_NTH ": a kernel with CONFIG_FAULT_INJECTION, as root";
	for (i = 0; i < FAULT_KNOBS; i++)
		if (!fault_knob(i, fault_knobs[i].on))
			return "no " FAULT_DEBUGFS
			       "{failslab,fail_page_alloc,fail_usercopy}: debugfs mounted,"
			       " CONFIG_FAULT_INJECTION_DEBUG_FS, CONFIG_FAILSLAB,"
			       " CONFIG_FAIL_PAGE_ALLOC, CONFIG_FAULT_INJECTION_USERCOPY";
	return NULL;
}

/*
 * Our own pages are made present first: a fault in them would be ours to suffer.
 * Return: what fault_arm() wants, or -1.
 */
static inline int fault_open(void)
{
	if (mlockall(MCL_CURRENT))
		return -1;
	return open(FAULT_NTH, O_RDWR | O_CLOEXEC);
}

static inline void fault_close(int fd)
{
	unsigned int i;

	for (i = 0; i < FAULT_KNOBS; i++)
		fault_knob(i, fault_knobs[i].off);
	munlockall();
	close(fd);
}

static inline void fault_arm(int fd, unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fd, text, n, 0) != n)
		abort();
}

/*
 * Return: how many more it would have taken; 0: the fault has struck. Reading
 * that is a copy itself, and may be the very one that is struck.
 */
static inline unsigned int fault_disarm(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	unsigned int left = n > 0 ? strtoul(text, NULL, 10) : 1;

	if (pwrite(fd, "0", 1, 0) != 1 && pwrite(fd, "0", 1, 0) != 1)
		abort();
	return left;
}

#endif
