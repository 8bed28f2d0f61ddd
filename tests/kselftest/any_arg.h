/* SPDX-License-Identifier: MIT */
/* The argument of any ioctl of /dev/unet, and what lies behind it. */
#ifndef UNET_TEST_ANY_ARG_H
#define UNET_TEST_ANY_ARG_H

#include <stdint.h>
#include <linux/unet.h>

union any_arg {
	uint32_t size;
	struct unet_query query;
	struct unet_bind bind;
	struct unet_flow_req flow_req;
	struct unet_flow_del flow_del;
	struct unet_flow_set flow_set;
	struct unet_sync sync;
	struct unet_state state;
	struct unet_type_req type_req;
	struct unet_type_ref type_ref;
	struct unet_inter_open inter_open;
	struct unet_inter_flow inter_flow;
	uint8_t bytes[8192];
};

#endif
