// SPDX-License-Identifier: MIT
/*
 * version
 */
#include <errno.h>
#include <stdio.h>

#include <unet/unet.h>

#include "command.h"
#include "output.h"

static json_t *tool_json(const void *row)
{
	(void)row;
	return json_string(UNET_VERSION);
}

static json_t *tool_abi_json(const void *row)
{
	(void)row;
	return json_integer(UNET_ABI_VERSION);
}

static const struct unet_output_field fields[] = {
	{ .key = "tool", .json = tool_json },
	{ .key = "tool_abi", .json = tool_abi_json },
	{ .key = "module", .attr = UNET_A_VERSION },
	{ .key = "module_abi", .attr = UNET_A_ABI },
	{ 0 }
};

static int keep(const struct unet_reply *reply, void *arg)
{
	*(struct unet_reply *)arg = *reply;
	return 0;
}

static int ask_module(struct unet_run *run, struct unet_reply *module)
{
	const struct unet_genl_query query = { .cmd = UNET_CMD_VERSION_GET };
	int err = unet_genl_open(&run->genl);

	if (err == -ENOPKG)
		return 0;
	return err ? err : unet_genl_ask(run->genl, &query, keep, module);
}

int unet_cmd_version(struct unet_run *run)
{
	struct unet_reply module = { .have = 0 };
	int err = ask_module(run, &module);

	if (err)
		return err;
	if (run->given & UNET_OPTION_JSON)
		return unet_output_object(stdout, fields, &module);
	printf("unetctl %s (abi %d)\n", UNET_VERSION, UNET_ABI_VERSION);
	if (!run->genl)
		printf("module: not loaded\n");
	else
		printf("module %s (abi %u)\n", *module.version ?
		       module.version : "without version", module.abi);
	if (run->genl && module.abi != UNET_ABI_VERSION)
		printf("The two differ: this tool may not show all there is.\n");
	return 0;
}
