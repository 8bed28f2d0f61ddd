/* SPDX-License-Identifier: MIT */
/* The module's parameters, as sysfs has them: what echo does, without a program. */
#ifndef UNET_TEST_PARAM_H
#define UNET_TEST_PARAM_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline int param_open(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/unet/parameters/%s", name);
	return open(path, flags | O_CLOEXEC);
}

/* Return: 0 or -errno. */
static inline int param_set(const char *name, const char *value)
{
	int fd = param_open(name, O_WRONLY);
	int err = write(fd, value, strlen(value)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

/* Into @value, a string of less than @size bytes. Return: 0 or -errno. */
static inline int param_get(const char *name, char *value, size_t size)
{
	int fd = param_open(name, O_RDONLY);
	ssize_t n = read(fd, value, size - 1);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	value[n < 0 ? 0 : n] = 0;
	value[strcspn(value, "\n")] = 0;
	return err;
}

/* Seconds that a port is kept when its owner died; 60 where nobody says otherwise. */
#define param_linger(secs)	param_set("port_linger_secs", secs)

#endif
