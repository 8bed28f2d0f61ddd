/* SPDX-License-Identifier: MIT */
/* libunet's channel, whose system calls are the fake kernel's: for one file of a test. */
#ifndef UNET_TEST_FAKE_CHANNEL_H
#define UNET_TEST_FAKE_CHANNEL_H

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fake_kernel.h"

#define open	fake_open
#define ioctl	fake_ioctl
#define mmap	fake_mmap
#define munmap	fake_munmap
#define close	fake_close
#include "libunet/channel.c"
#undef open
#undef ioctl
#undef mmap
#undef munmap
#undef close

#endif
