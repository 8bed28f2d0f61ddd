/* SPDX-License-Identifier: MIT */
/*
 * Network devices and network namespaces by name.
 */
#ifndef UNETCTL_DEVICES_H
#define UNETCTL_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "args.h"

/**
 * unet_device_exists() - is there such a device in this network namespace
 * @name: to look for
 *
 * Return: true when there is.
 */
bool unet_device_exists(const char *name);

/**
 * unet_device_list() - all devices of this network namespace
 * @buf: receives "lo, eth0"; ends in "..." when there is no room for all
 * @len: of @buf
 */
void unet_device_list(char *buf, size_t len);

/**
 * unet_netns_enter() - go on in another network namespace
 * @name:  under /run/netns, or a path when it has a '/'
 * @error: filled in on failure
 *
 * Return: 0 or -errno.
 */
int unet_netns_enter(const char *name, struct unet_args_error *error);

/**
 * unet_list_add() - append to a list "a, b" that must fit
 * @buf: so far
 * @len: of @buf, at least 16
 * @word: to append; not done when "..." has been
 *
 * Return: false when there was no room.
 */
bool unet_list_add(char *buf, size_t len, const char *word);

#endif
