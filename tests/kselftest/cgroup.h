/* SPDX-License-Identifier: MIT */
/* A memory cgroup of the test's own, and what is charged to it. */
#ifndef UNET_TEST_CGROUP_H
#define UNET_TEST_CGROUP_H

#include <stdio.h>
#include <unistd.h>

#include "topo.h"

#define CGROUP		"/sys/fs/cgroup"
#define OUR_CGROUP	CGROUP "/unet-test"

/* Return: what is missing, or NULL: this process is in it. */
static inline const char *cgroup_enter(void)
{
	if (access(CGROUP "/cgroup.controllers", F_OK) &&
	    sh("mount -t cgroup2 none " CGROUP))
		return "needs cgroup2";
	if (sh("echo +memory > " CGROUP "/cgroup.subtree_control && mkdir -p " OUR_CGROUP) ||
	    sh("echo %d > " OUR_CGROUP "/cgroup.procs", (int)getpid()))
		return "needs the memory controller";
	return NULL;
}

/* Return: 0, or not when something is left in it. */
static inline int cgroup_leave(void)
{
	return sh("echo %d > " CGROUP "/cgroup.procs", (int)getpid()) ||
	       sh("rmdir " OUR_CGROUP);
}

static inline long long cgroup_bytes(void)
{
	FILE *f = fopen(OUR_CGROUP "/memory.current", "r");
	long long v = -1;

	if (f && fscanf(f, "%lld", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

#endif
