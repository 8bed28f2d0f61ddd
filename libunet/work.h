/* SPDX-License-Identifier: MIT */
/*
 * Lists of struct unet_work, as the turn itself sees them.
 */
#ifndef UNET_WORK_H
#define UNET_WORK_H

#include "stack.h"

void unet_worklist_init(struct unet_work *list);
u32 unet_worklist_run(struct unet_stack *st, struct unet_work *list);
void unet_stack_wake_tx(struct unet_stack *st);

static inline bool unet_worklist_empty(const struct unet_work *list)
{
	return list->next == list;
}

#endif /* UNET_WORK_H */
