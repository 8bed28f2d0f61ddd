/* SPDX-License-Identifier: MIT */
/*
 * A failed command said in plain words, with what to do about it.
 */
#ifndef UNETCTL_EXPLAIN_H
#define UNETCTL_EXPLAIN_H

#include "command.h"

/* Exit statuses, see unetctl(8). */
enum unet_exit {
	UNET_EXIT_DONE,
	UNET_EXIT_FAILED,
	UNET_EXIT_USAGE,
	UNET_EXIT_NO_MODULE,
	UNET_EXIT_NOT_PERMITTED,
};

/**
 * unet_explain() - the sentence for a failed run
 * @run:  run->error wins over what errno and the kernel say
 * @err:  negative errno
 * @buf:  receives "attach: eth0: ..."
 * @len:  of @buf
 */
void unet_explain(const struct unet_run *run, int err, char *buf, size_t len);

/**
 * unet_explain_device() - say why the kernel knows nothing of a device
 * @run: connected; its subject and error are filled in
 * @dev: it is not there, or it is and has no nexus
 */
void unet_explain_device(struct unet_run *run, const char *dev);

/**
 * unet_explain_exit() - the exit status for it
 * @err: negative errno or 0
 *
 * Return: enum unet_exit.
 */
enum unet_exit unet_explain_exit(int err);

#endif
