/* SPDX-License-Identifier: MIT */
/*
 * libunet: TCP/IP inside the application, on the host's own address.
 *
 * Everything of the library. Objects are opaque, nothing is global, a stack
 * belongs to one thread at a time. Functions that make something return a
 * pointer, or NULL with errno set; all others return 0 or more, or -errno.
 * Option structs start with their own size and may be NULL; one that is larger
 * than the library knows must be zero behind what it knows (E2BIG).
 */
#ifndef UNET_UNET_H
#define UNET_UNET_H

#include <unet/channel.h>
#include <unet/hooks.h>
#include <unet/intermediary.h>
#include <unet/packet.h>
#include <unet/ring.h>
#include <unet/socket.h>
#include <unet/stack.h>
#include <unet/stats.h>
#include <unet/type.h>

#define UNET_VERSION_MAJOR	0
#define UNET_VERSION_MINOR	1
#define UNET_VERSION_PATCH	0
#define UNET_VERSION		"0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * unet_version() - version of the library that is loaded
 *
 * Return: a constant string, UNET_VERSION of the library's own build.
 */
const char *unet_version(void);

/**
 * unet_strerror() - text for an error number, as libunet means it
 * @err: positive or negative errno
 *
 * Says what an error means here ("no nexus is attached to that device") where
 * the C library's text would mislead. Never NULL, never to be freed.
 */
const char *unet_strerror(int err);

/**
 * unet_error_detail() - what exactly was wrong with the last failed open, listen,
 * connect, bind or hook
 *
 * unet_stack_open(), unet_channel_open(), unet_intermediary_open(), unet_listen(),
 * unet_connect(), unet_udp_bind(), their _addr forms, unet_addr_parse(),
 * unet_hook_add(), unet_hook_modify(), unet_hook_load() and unet_hook_frames() leave a
 * sentence here that names the offending word or address and what is wrong with it.
 * Valid until the calling thread's next such call; "" when that one did not fail.
 */
const char *unet_error_detail(void);

enum unet_log_level {
	UNET_LOG_ERROR,
	UNET_LOG_WARN,
	UNET_LOG_INFO,
	UNET_LOG_DEBUG,
};

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* UNET_UNET_H */
