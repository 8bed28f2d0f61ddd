/* SPDX-License-Identifier: MIT */
/*
 * UNET_HOOKS as text: "./rate.so=pps=1000:names.so=deny=example.net"
 */
#ifndef UNET_HOOK_WORDS_H
#define UNET_HOOK_WORDS_H

#include "core_os.h"

#define UNET_HOOK_PATH_BYTES	256u
#define UNET_HOOK_ARGS_BYTES	1024u

/**
 * struct unet_hook_word - one object
 * @path:	what to load
 * @args:	what stands behind the first '=', "" for nothing
 */
struct unet_hook_word {
	char path[UNET_HOOK_PATH_BYTES];
	char args[UNET_HOOK_ARGS_BYTES];
};

int unet_hook_word_next(const char **at, struct unet_hook_word *w);

/* hook_trust.c */
bool unet_hook_privileged(void);
int unet_hook_trust(char *path, char *why, size_t room);

#endif /* UNET_HOOK_WORDS_H */
