/* SPDX-License-Identifier: GPL-2.0 */
/* <asm/unaligned.h> moved here with 6.12. */
#ifndef _UNET_COMPAT_LINUX_UNALIGNED_H
#define _UNET_COMPAT_LINUX_UNALIGNED_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include_next <linux/unaligned.h>
#endif

#endif /* _UNET_COMPAT_LINUX_UNALIGNED_H */
