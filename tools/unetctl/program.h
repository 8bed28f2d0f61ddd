/* SPDX-License-Identifier: MIT */
#ifndef UNETCTL_PROGRAM_H
#define UNETCTL_PROGRAM_H

#include "args.h"

/**
 * unet_program_open() - a pinned eBPF program's descriptor
 * @path:	where it is pinned; "" for none
 * @error:	filled in on failure
 *
 * The kernel takes a reference of its own from it.
 *
 * Return: descriptor, the caller's to close; -1 without a path; or -errno below -1.
 */
int unet_program_open(const char *path, struct unet_args_error *error);

#endif
