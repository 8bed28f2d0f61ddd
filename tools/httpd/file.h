/* SPDX-License-Identifier: MIT */
/*
 * Files below one folder, and nothing else of the file system.
 */
#ifndef UNET_HTTPD_FILE_H
#define UNET_HTTPD_FILE_H

#include <stdint.h>

/**
 * struct unet_http_file - an open regular file
 * @fd:   to read from; the caller's to close
 * @size: when it was opened
 * @type: media type, constant text
 */
struct unet_http_file {
	int fd;
	uint64_t size;
	const char *type;
};

/**
 * unet_http_root_open() - open the folder to serve
 * @dir: path
 *
 * Return: descriptor, the caller's to close, or -errno: -ENOSYS when the kernel
 * has no openat2() (5.6), without which paths cannot be confined.
 */
int unet_http_root_open(const char *dir);

/**
 * unet_http_file_open() - open a file of the folder
 * @root: from unet_http_root_open()
 * @path: starts with '/'; one that ends in '/' means index.html there
 * @file: filled in on success
 *
 * No ".." and no symbolic link leads out of the folder.
 *
 * Return: 200, 301 it is a folder and @path lacks its '/', 404 there is no such
 * regular file, 403 not readable, 503 too many files are open.
 */
int unet_http_file_open(int root, const char *path, struct unet_http_file *file);

#endif
