// SPDX-License-Identifier: MIT
/*
 * Whose code is it? A program that may do more than who started it, or that is
 * root's, loads no object that somebody else could have written or could exchange.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hook_words.h"
#include "internal.h"

/**
 * unet_hook_privileged() - is this program more than who started it, or root
 */
bool unet_hook_privileged(void)
{
	return getauxval(AT_SECURE) || !geteuid();
}

/* In a folder like /tmp nobody can exchange what is another's. */
static bool others_may_write(const struct stat *s)
{
	if (S_ISDIR(s->st_mode) && s->st_mode & S_ISVTX)
		return false;
	return s->st_mode & 0022;
}

/*
 * Whose objects are as good as root's: those of the user whose program this is. One
 * that is more than its user by its group or by file capabilities runs as him, and
 * one that is set-uid may have become him since: what counts is what it was at
 * exec().
 */
static uid_t trusted_user(void)
{
	if (!getauxval(AT_SECURE))
		return geteuid();
	return getauxval(AT_EUID) != getauxval(AT_UID) ?
	       (uid_t)getauxval(AT_EUID) : 0;
}

static const char must[] = "what a privileged program loads must be";

static int check_one(const char *at, char *why, size_t room)
{
	uid_t user = trusted_user();
	struct stat s;

	if (stat(at, &s)) {
		snprintf(why, room, "%.120s: %m", at);
		return -errno;
	}
	if (s.st_uid && s.st_uid != user && !user)
		snprintf(why, room, "%.120s: belongs to user %u; %s root's",
			 at, s.st_uid, must);
	else if (s.st_uid && s.st_uid != user)
		snprintf(why, room, "%.120s: belongs to user %u; %s root's or user %u's",
			 at, s.st_uid, must, user);
	else if (others_may_write(&s))
		snprintf(why, room, "%.120s: others may write to it (mode %04o); %s its own",
			 at, s.st_mode & 07777, must);
	else
		return 0;
	return -EPERM;
}

/**
 * unet_hook_trust() - may a privileged program load this object
 * @path: the object, PATH_MAX bytes; replaced by the same without symbolic links
 * @why: receives what is wrong
 * @room: bytes at @why
 *
 * The object and all folders it lies in must be root's, or of the user whose set-uid
 * program this is, and nobody else may write to them: who may write to a folder may
 * exchange what is in it after we have looked.
 *
 * Return: 0, -EPERM, or -errno of what could not be looked at.
 */
int unet_hook_trust(char *path, char *why, size_t room)
{
	char real[PATH_MAX];
	char *end;
	int err;

	if (!realpath(path, real)) {
		snprintf(why, room, "%.120s: %m", path);
		return -errno;
	}
	strcpy(path, real);
	err = check_one(real, why, room);
	while (!err && (end = strrchr(real, '/')) && end != real) {
		*end = '\0';
		err = check_one(real, why, room);
	}
	return err ? err : check_one("/", why, room);
}
