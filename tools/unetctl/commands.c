// SPDX-License-Identifier: MIT
#include <string.h>

#include "command.h"

#define LIST_OPTIONS	(UNET_OPTION_JSON | UNET_OPTION_NETNS | UNET_OPTION_WATCH)

const struct unet_command unet_commands[] = {
	{
		.name = "attach",
		.run = unet_cmd_attach,
		.usage = "DEV...",
		.what = "give network devices a nexus",
		.takes = UNET_WORDS_DEVS,
		.options = UNET_OPTION_JSON | UNET_OPTION_NETNS,
		.kernel = true,
	}, {
		.name = "detach",
		.run = unet_cmd_detach,
		.usage = "DEV...",
		.what = "take the nexus away: flows end, packets go to the host",
		.takes = UNET_WORDS_DEVS,
		.options = UNET_OPTION_JSON | UNET_OPTION_NETNS,
		.kernel = true,
	}, {
		.name = "nexus",
		.run = unet_cmd_nexus,
		.usage = "[DEV]",
		.what = "list what is attached",
		.takes = UNET_WORDS_DEV,
		.options = LIST_OPTIONS,
		.kernel = true,
	}, {
		.name = "channels",
		.run = unet_cmd_channels,
		.usage = "[FILTER...]",
		.what = "list open channels",
		.takes = UNET_WORDS_FILTER,
		.filters = UNET_FILTER_DEV | UNET_FILTER_PID,
		.options = LIST_OPTIONS,
		.kernel = true,
	}, {
		.name = "flows",
		.run = unet_cmd_flows,
		.usage = "[FILTER...]",
		.what = "list flows",
		.takes = UNET_WORDS_FILTER,
		.filters = UNET_FILTER_ALL,
		.options = LIST_OPTIONS,
		.kernel = true,
	}, {
		.name = "stats",
		.run = unet_cmd_stats,
		.usage = "[DEV]",
		.what = "counters, and what they count",
		.takes = UNET_WORDS_DEV,
		.options = LIST_OPTIONS | UNET_OPTION_ALL,
		.kernel = true,
	}, {
		.name = "monitor",
		.run = unet_cmd_monitor,
		.usage = "[FILTER...]",
		.what = "print events as they happen",
		.takes = UNET_WORDS_FILTER,
		.filters = UNET_FILTER_DEV,
		.options = UNET_OPTION_JSON | UNET_OPTION_NETNS,
		.kernel = true,
	}, {
		.name = "type",
		.run = unet_cmd_type,
		.usage = "[VERB [ID] [WORD VALUE...]]",
		.what = "rules of packet types",
		.takes = UNET_WORDS_TYPE,
		.verbs = unet_args_type_verbs,
		.options = LIST_OPTIONS,
		.kernel = true,
	}, {
		.name = "policy",
		.run = unet_cmd_policy,
		.usage = "[VERB [ID] [WORD VALUE...]]",
		.what = "which packet types users may have",
		.takes = UNET_WORDS_TYPE,
		.verbs = unet_args_policy_verbs,
		.options = LIST_OPTIONS,
		.kernel = true,
	}, {
		.name = "intermediary",
		.run = unet_cmd_intermediary,
		.usage = "[grant DEV WORD... | revoke GRANT | list [DEV] | stat [GRANT]]",
		.what = "put processes into flows of others, by grants",
		.takes = UNET_WORDS_INTER,
		.options = LIST_OPTIONS | UNET_OPTION_ALL,
		.kernel = true,
	}, {
		.name = "version",
		.run = unet_cmd_version,
		.usage = "",
		.what = "versions of tool and module",
		.takes = UNET_WORDS_NONE,
		.options = UNET_OPTION_JSON | UNET_OPTION_NETNS,
	}, {
		.name = "help",
		.run = unet_cmd_help,
		.usage = "[COMMAND]",
		.what = "this text, or more about one command",
		.takes = UNET_WORDS_COMMAND,
	},
	{ 0 }
};

const struct unet_command *unet_command_find(const char *name)
{
	const struct unet_command *c;

	for (c = unet_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const char *unet_command_name(const void *arg, int i)
{
	(void)arg;
	return unet_commands[i].name;
}
