// SPDX-License-Identifier: GPL-2.0
/* The one place where the tracepoints come into being. */
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "trace.h"
