// SPDX-License-Identifier: MIT
/*
 * Hooks from shared objects. What an object is and what it answers is believed no
 * more than needed to say what is wrong with it; its code is the application's.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unet/hook_sdk.h>
#include "hook.h"
#include "hook_words.h"
#include "internal.h"
#include "rcu.h"
#include "stack.h"

/* Hooks that this thread adds are of this object. */
__thread const struct unet_hook_loaded *unet_hook_owner;

/* Something of the library's, to learn where it lies. */
static const char self_addr;

/**
 * struct unet_hook_loaded - an object that is in use
 * @next:	loaded before
 * @handle:	of dlopen()
 * @object:	what it exports
 * @ctx:	its own
 */
struct unet_hook_loaded {
	struct unet_hook_loaded *next;
	void *handle;
	const struct unet_hook_object *object;
	void *ctx;
};

static int bad(const struct unet_hook_word *w, int err, const char *why)
{
	unet_detail("UNET_HOOKS: \"%.80s\": %.240s", w->path, why);
	return err;
}

static int wrong(const struct unet_hook_word *w, const char *what, u32 has,
		 u32 wanted)
{
	char why[120];

	snprintf(why, sizeof(why), "its unet_hook_object has %s %u, this library wants %u",
		 what, has, wanted);
	return bad(w, -ELIBBAD, why);
}

static int check_object(const struct unet_hook_word *w,
			const struct unet_hook_object *o)
{
	if (!o)
		return bad(w, -ELIBBAD, "does not export unet_hook_object: no hook");
	if (o->abi != UNET_HOOK_ABI)
		return wrong(w, "abi", o->abi, UNET_HOOK_ABI);
	if (o->size != sizeof(*o))
		return wrong(w, "size", o->size, sizeof(*o));
	if (!o->open || !o->name)
		return bad(w, -ELIBBAD, "its unet_hook_object lacks a name or open()");
	return 0;
}

/* Names without a slash are of the folder unet/hooks beside the library. */
static void path_of(const struct unet_hook_word *w, char *path, size_t room)
{
	Dl_info self = { .dli_fname = NULL };
	const char *slash = NULL;

	if (!strchr(w->path, '/') && dladdr(&self_addr, &self))
		slash = strrchr(self.dli_fname, '/');
	if (strchr(w->path, '/'))
		snprintf(path, room, "%s", w->path);
	else
		snprintf(path, room, "%.*s/unet/hooks/%s",
			 slash ? (int)(slash - self.dli_fname) : 1,
			 slash ? self.dli_fname : ".", w->path);
}

static int open_object(const struct unet_hook_word *w, void **handle)
{
	char path[PATH_MAX + UNET_HOOK_PATH_BYTES];
	char why[300];
	int err = 0;

	path_of(w, path, sizeof(path));
	if (unet_hook_privileged())
		err = unet_hook_trust(path, why, sizeof(why));
	if (err)
		return bad(w, err, why);
	*handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	return *handle ? 0 : bad(w, -ENOENT, dlerror());
}

static int start(struct unet_stack *st, const struct unet_hook_word *w,
		 struct unet_hook_loaded *l)
{
	char why[160] = "";
	int err;

	l->object = dlsym(l->handle, "unet_hook_object");
	err = check_object(w, l->object);
	if (err)
		return err;
	unet_hook_owner = l;
	err = l->object->open(st, w->args, why, sizeof(why), &l->ctx);
	unet_hook_owner = NULL;
	if (err >= 0)
		return 0;
	unet_hooks_del_of(st, l);
	why[sizeof(why) - 1] = '\0';
	return bad(w, err, why[0] ? why : "could not start, and does not say why");
}

static int load(struct unet_stack *st, const struct unet_hook_word *w)
{
	struct unet_hook_loaded *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	err = open_object(w, &l->handle);
	if (!err)
		err = start(st, w, l);
	if (!err) {
		l->next = st->hooks.loaded;
		st->hooks.loaded = l;
		return 0;
	}
	if (l->handle)
		dlclose(l->handle);
	free(l);
	return err;
}

static void unload_until(struct unet_stack *st, struct unet_hook_loaded *keep)
{
	while (st->hooks.loaded != keep) {
		struct unet_hook_loaded *l = st->hooks.loaded;

		st->hooks.loaded = l->next;
		unet_hooks_del_of(st, l);
		if (l->object->close)
			l->object->close(l->ctx);
		dlclose(l->handle);
		free(l);
	}
}

int unet_hook_load(struct unet_stack *st, const char *words)
{
	struct unet_hook_loaded *before = st->hooks.loaded;
	struct unet_hook_word w;
	int err;

	unet_detail_clear();
	if (unet_rcu_reading())
		return -EDEADLK;
	while ((err = unet_hook_word_next(&words, &w)) > 0) {
		err = load(st, &w);
		if (err)
			break;
	}
	if (!err)
		return 0;
	unload_until(st, before);
	return err;
}

/**
 * unet_hooks_unload() - the hooks of a stack have ended: let their code go
 * @st: the stack
 */
void unet_hooks_unload(struct unet_stack *st)
{
	unload_until(st, NULL);
}
