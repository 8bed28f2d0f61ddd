/* SPDX-License-Identifier: MIT */
/* Which CPU a thread runs on. */
#ifndef UNET_TEST_PIN_H
#define UNET_TEST_PIN_H

#include <sched.h>

/* The calling thread, on @cpu only. */
static inline void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

#endif
