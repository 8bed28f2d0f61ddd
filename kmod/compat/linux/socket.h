/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.19 kernel_bind() and the like took a plain struct sockaddr. */
#ifndef _UNET_COMPAT_LINUX_SOCKET_H
#define _UNET_COMPAT_LINUX_SOCKET_H

#include <linux/version.h>
#include_next <linux/socket.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized sockaddr
#endif

#endif /* _UNET_COMPAT_LINUX_SOCKET_H */
