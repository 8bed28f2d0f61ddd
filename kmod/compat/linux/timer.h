/* SPDX-License-Identifier: GPL-2.0 */
/* timer_container_of() was called from_timer() before 6.16. */
#ifndef _UNET_COMPAT_LINUX_TIMER_H
#define _UNET_COMPAT_LINUX_TIMER_H

#include <linux/version.h>
#include_next <linux/timer.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define timer_container_of(var, callback_timer, timer_fieldname) \
	from_timer(var, callback_timer, timer_fieldname)
#endif

#endif /* _UNET_COMPAT_LINUX_TIMER_H */
