/* SPDX-License-Identifier: MIT */
/*
 * Hooks as shared objects. A whole one, which lets pass what it gets:
 *
 *   #include <unet/hook_sdk.h>
 *
 *   static void look(struct unet_hook_batch *b, void *arg) { }
 *
 *   static int start(struct unet_stack *st, const char *args, char *why,
 *                    size_t len, void **ctx)
 *   {
 *           return unet_hook_add(st, look, NULL, NULL) ? 0 : -errno;
 *   }
 *
 *   UNET_HOOK_OBJECT = {
 *           UNET_HOOK_OBJECT_HEAD, .name = "look", .open = start,
 *   };
 *
 *   cc -shared -fPIC look.c -o look.so $(pkg-config --cflags libunet)
 *   UNET_HOOKS=./look.so unet-httpd ...
 */
#ifndef UNET_HOOK_SDK_H
#define UNET_HOOK_SDK_H

#include <errno.h>
#include <unet/hooks.h>

#define UNET_HOOK_ABI	2u

/**
 * struct unet_hook_object - what a shared object exports, as unet_hook_object
 * @abi:	UNET_HOOK_ABI it was built for
 * @size:	sizeof(struct unet_hook_object) it was built with
 * @name:	a word
 * @open:	called once for each stack: adds hooks. @args is what stands behind
 *		the object's name, "" for nothing. 0 and anything in @ctx, or -errno
 *		and in @why, of @len bytes, what was wrong; its hooks end then
 * @close:	called when the hooks have ended; may be NULL
 */
struct unet_hook_object {
	uint32_t abi;
	uint32_t size;
	const char *name;
	int (*open)(struct unet_stack *st, const char *args, char *why,
		    size_t len, void **ctx);
	void (*close)(void *ctx);
};

#define UNET_HOOK_OBJECT_HEAD \
	.abi = UNET_HOOK_ABI, .size = sizeof(struct unet_hook_object)

#define UNET_HOOK_OBJECT \
	extern const struct unet_hook_object unet_hook_object; \
	__attribute__((visibility("default"))) \
	const struct unet_hook_object unet_hook_object

#endif /* UNET_HOOK_SDK_H */
