/* SPDX-License-Identifier: MIT */
#ifndef UNETCTL_COMPLETE_H
#define UNETCTL_COMPLETE_H

#include <stdio.h>

/**
 * unet_complete() - print what the last word may become, one candidate a line
 * @to:	  where to
 * @argc: as main() has it
 * @argv: the words so far; the last one, perhaps empty, is being typed
 */
void unet_complete(FILE *to, int argc, char **argv);

#endif
