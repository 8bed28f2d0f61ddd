/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much arena memory one user holds. It cannot be swapped or reclaimed, so
 * there is a cap for each user, beside the memory cgroup's, unless CAP_IPC_LOCK.
 */
#ifndef _UNET_QUOTA_H
#define _UNET_QUOTA_H

#include <linux/types.h>

struct unet_quota;

/**
 * unet_quota_charge() - may the caller hold so many bytes more?
 * @bytes: how many
 *
 * Context: process; sleeps.
 * Return: to be given to unet_quota_uncharge(); ERR_PTR(-EDQUOT) or -ENOMEM.
 */
struct unet_quota *unet_quota_charge(u64 bytes);

/**
 * unet_quota_uncharge() - give back
 * @quota:	from unet_quota_charge()
 * @bytes:	same as then
 *
 * Context: process; sleeps.
 */
void unet_quota_uncharge(struct unet_quota *quota, u64 bytes);

#endif /* _UNET_QUOTA_H */
