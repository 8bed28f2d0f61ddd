// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "file.h"
#include "request.h"

#define INDEX		"index.html"

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".htm", "text/html; charset=utf-8" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".webp", "image/webp" },
	{ ".ico", "image/x-icon" },
	{ ".pdf", "application/pdf" },
	{ ".wasm", "application/wasm" },
};

static const char *type_of(const char *path)
{
	const char *suffix = strrchr(path, '.');
	size_t i;

	for (i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcasecmp(suffix, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}

static int open_beneath(int root, const char *path)
{
	/* Not blocking: a FIFO without a writer must not stop the server. */
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int unet_http_root_open(const char *dir)
{
	int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (root < 0)
		return -errno;
	fd = open_beneath(root, ".");
	if (fd < 0) {
		close(root);
		return fd;
	}
	close(fd);
	return root;
}

static int status_of(int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		return 404;
	}
}

int unet_http_file_open(int root, const char *path, struct unet_http_file *file)
{
	char name[UNET_HTTP_PATH_BYTES + sizeof(INDEX)];
	struct stat st;
	int fd, status = 200;
	size_t len;

	path += strspn(path, "/");
	len = snprintf(name, sizeof(name), "%s", path);
	if (len >= sizeof(name) - sizeof(INDEX))
		return 404;
	if (!len || name[len - 1] == '/')
		strcpy(name + len, INDEX);
	fd = open_beneath(root, name);
	if (fd < 0)
		return status_of(fd);
	if (fstat(fd, &st))
		status = 404;
	else if (S_ISDIR(st.st_mode))
		status = 301;
	else if (!S_ISREG(st.st_mode))
		status = 404;
	if (status != 200) {
		close(fd);
		return status;
	}
	file->fd = fd;
	file->size = st.st_size;
	file->type = type_of(name);
	return 200;
}
