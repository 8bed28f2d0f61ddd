/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel side of the seam: everything kmod/core/ may use from outside.
 * libunet/core_os.h gives the same names to user space.
 */
#ifndef _UNET_CORE_OS_H
#define _UNET_CORE_OS_H

#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#endif /* _UNET_CORE_OS_H */
