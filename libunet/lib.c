// SPDX-License-Identifier: MIT
/*
 * The library as a whole: versions, texts, and a stack put together from its
 * parts.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unet/unet.h>
#include "backend.h"
#include "internal.h"
#include "lib.h"
#include "socket.h"
#include "tcp.h"
#include "udp.h"

const char *unet_version(void)
{
	return UNET_VERSION;
}

struct error_text {
	int err;
	const char *text;
};

/* Where libunet means more by an error than the C library's text says. */
static const struct error_text texts[] = {
	{ ENODEV, "the device is not attached to a nexus here, or went away" },
	{ EIO, "the channel broke a rule and was closed by the kernel" },
	{ E2BIG, "a struct asks for something that is not known here" },
	{ EDQUOT, "channel memory over the cap" },
	{ EDEADLK, "the stack run from one of its own callbacks" },
	{ ENOSPC, "no flow left in the channel" },
	{ ENETUNREACH, "no route through the stack's device" },
	{ EADDRNOTAVAIL, "not an address of this host" },
};

const char *unet_strerror(int err)
{
	const char *text;
	size_t i;

	err = err < 0 ? -err : err;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].err == err)
			return texts[i].text;
	}
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}

/**
 * unet_stack_assemble() - a stack with TCP and UDP
 * @be: belongs to the stack, in case of failure too
 * @opts: may be NULL
 * @seed: everything random follows from it
 * @len: bytes of @seed
 *
 * Return: the stack, or NULL with errno.
 */
struct unet_stack *unet_stack_assemble(struct unet_backend *be,
				       const struct unet_stack_opts *opts,
				       const void *seed, size_t len)
{
	struct unet_stack *st = unet_stack_create(be, opts, seed, len);
	int err;

	if (!st)
		return NULL;
	err = unet_stack_add_proto(st, &unet_tcp_proto);
	if (!err)
		err = unet_stack_add_proto(st, &unet_udp_proto);
	if (!err)
		return st;
	unet_stack_destroy(st);
	errno = -err;
	return NULL;
}

/* With the hooks that the environment names; none in a set-uid program. */
static struct unet_stack *hooked(struct unet_stack *st)
{
	const char *words = secure_getenv("UNET_HOOKS");
	int err = st && words && *words ? unet_hook_load(st, words) : 0;

	if (!err)
		return st;
	unet_stack_destroy(st);
	errno = -err;
	return NULL;
}

struct unet_stack *unet_stack_open(const char *dev,
				   const struct unet_stack_opts *opts)
{
	struct unet_backend *be;
	u8 seed[32];
	int err;

	unet_detail_clear();
	err = unet_opts_check(opts, sizeof(*opts), "unet_stack_opts");
	if (err) {
		errno = -err;
		return NULL;
	}
	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return NULL;
	be = unet_backend_unet_open(dev, opts ? &opts->params : NULL);
	return be ? hooked(unet_stack_assemble(be, opts, seed, sizeof(seed))) :
	       NULL;
}

void unet_stack_close(struct unet_stack *st)
{
	if (!st)
		return;
	if (st->running || st->hooks.inside) {
		unet_log(st, UNET_LOG_ERROR,
			 "unet_stack_close() called from a callback: ignored");
		return;
	}
	unet_sock_close_all(st);
	unet_stack_destroy(st);
}
