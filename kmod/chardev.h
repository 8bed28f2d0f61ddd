/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UNET_CHARDEV_H
#define _UNET_CHARDEV_H

/**
 * unet_chardev_init() - register /dev/unet
 *
 * Return: 0 or -errno.
 */
int unet_chardev_init(void);
void unet_chardev_exit(void);

#endif /* _UNET_CHARDEV_H */
