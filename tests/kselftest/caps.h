/* SPDX-License-Identifier: MIT */
/* A process that does without some of its capabilities. */
#ifndef UNET_TEST_CAPS_H
#define UNET_TEST_CAPS_H

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

/* What is asked from now on is asked with @caps, a bit each, as far as we have them. */
static inline int caps_effective(uint32_t caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct set[2];

	if (syscall(SYS_capget, &head, set))
		return -errno;
	set[0].effective = set[0].permitted & caps;
	return syscall(SYS_capset, &head, set) ? -errno : 0;
}

#endif
