// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "program.h"

int unet_program_open(const char *path, struct unet_args_error *error)
{
	union bpf_attr attr = { 0 };
	long fd;
	int err;

	if (!*path)
		return -1;
	attr.pathname = (uintptr_t)path;
	fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	if (fd >= 0)
		return (int)fd;
	err = errno == EPERM ? EACCES : errno;	/* -1 says something else */
	snprintf(error->text, sizeof(error->text),
		 "program: %.200s: %s (the path of a pinned program)", path,
		 strerror(err));
	return -err;
}
