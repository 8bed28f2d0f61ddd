/* SPDX-License-Identifier: MIT */
#ifndef UNET_LIB_H
#define UNET_LIB_H

#include "stack.h"

struct unet_stack *unet_stack_assemble(struct unet_backend *be,
				       const struct unet_stack_opts *opts,
				       const void *seed, size_t len);

#endif /* UNET_LIB_H */
