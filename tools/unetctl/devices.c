// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"

#define NETNS_FOLDER	"/run/netns"
#define MORE		", ..."

bool unet_list_add(char *buf, size_t len, const char *word)
{
	size_t used = strlen(buf);
	size_t more = strlen(word) + (used ? 2 : 0);

	if (used >= sizeof(MORE) - 1 &&
	    !strcmp(buf + used - (sizeof(MORE) - 1), MORE))
		return false;
	if (used + more + sizeof(MORE) > len) {
		strcpy(buf + used, MORE);
		return false;
	}
	snprintf(buf + used, len - used, "%s%s", used ? ", " : "", word);
	return true;
}

bool unet_device_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

void unet_device_list(char *buf, size_t len)
{
	struct if_nameindex *all = if_nameindex(), *i;

	*buf = '\0';
	for (i = all; i && i->if_name; i++)
		if (!unet_list_add(buf, len, i->if_name))
			break;
	if (all)
		if_freenameindex(all);
}

static void list_netns(char *buf, size_t len)
{
	DIR *dir = opendir(NETNS_FOLDER);
	struct dirent *entry;

	*buf = '\0';
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    !unet_list_add(buf, len, entry->d_name))
			break;
	if (dir)
		closedir(dir);
}

int unet_netns_enter(const char *name, struct unet_args_error *error)
{
	char path[512], all[256];
	int fd, err;

	snprintf(path, sizeof(path), "%s%s",
		 strchr(name, '/') ? "" : NETNS_FOLDER "/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		list_netns(all, sizeof(all));
		snprintf(error->text, sizeof(error->text),
			 "%.64s: %s (namespaces: %s)", name, err == -ENOENT ?
			 "no such network namespace" : strerror(-err),
			 *all ? all : "none");
		return err;
	}
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	if (err == -EINVAL)
		snprintf(error->text, sizeof(error->text),
			 "%.64s: %.128s is no network namespace", name, path);
	else if (err)
		snprintf(error->text, sizeof(error->text),
			 "%.64s: cannot enter this network namespace: %s%s",
			 name, strerror(-err), err == -EPERM ?
			 " (needs CAP_SYS_ADMIN: run it as root, or with sudo)" : "");
	return err;
}
