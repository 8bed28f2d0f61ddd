// SPDX-License-Identifier: MIT
/*
 * attach, detach, nexus
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "explain.h"
#include "output.h"

static const struct unet_output_field nexus_fields[] = {
	{ .head = "DEV", .key = "ifname", .attr = UNET_A_IFNAME },
	{ .head = "INDEX", .key = "ifindex", .attr = UNET_A_IFINDEX, .right = true },
	{ .head = "HOOK", .key = "hook", .attr = UNET_A_HOOK },
	{ .head = "CHANNELS", .key = "channels", .attr = UNET_A_CHANNELS,
	  .right = true },
	{ .head = "FLOWS", .key = "flows", .attr = UNET_A_FLOWS, .right = true },
	{ 0 }
};

static const struct unet_output_field detach_fields[] = {
	{ .key = "ifname", .attr = UNET_A_IFNAME },
	{ 0 }
};

static int print_row(const struct unet_reply *reply, void *out)
{
	return unet_output_row(out, reply);
}

static int ask_device(struct unet_run *run, uint8_t cmd, const char *dev,
		      unet_genl_fn fn, void *arg)
{
	const struct unet_genl_query query = { .cmd = cmd, .ifname = dev };
	int err = unet_genl_ask(run->genl, &query, fn, arg);

	if (!err)
		return 0;
	run->subject = dev;
	if (err == -ENODEV || err == -ENOENT)
		unet_explain_device(run, dev);
	return err;
}

/* ---- attach, detach ----------------------------------------------------- */

static int say_attached(const struct unet_reply *nexus, void *arg)
{
	const char *mode = "?";

	(void)arg;
	if (unet_reply_has(nexus, UNET_A_HOOK))
		mode = nexus->hook;
	printf("%s: attached to nexus %s (skb mode: %s). %" PRIu32 " flow%s.\n",
	       nexus->ifname, nexus->ifname, mode, nexus->flows,
	       nexus->flows == 1 ? "" : "s");
	return 0;
}

static int attach_one(struct unet_run *run, const char *dev,
		      struct unet_output *out)
{
	int err = ask_device(run, UNET_CMD_NEXUS_ATTACH, dev, NULL, NULL);

	if (err)
		return err;
	return ask_device(run, UNET_CMD_NEXUS_GET, dev,
			  out ? print_row : say_attached, out);
}

static int detach_one(struct unet_run *run, const char *dev,
		      struct unet_output *out)
{
	struct unet_reply row = { .have = 1ull << UNET_A_IFNAME };
	int err = ask_device(run, UNET_CMD_NEXUS_DETACH, dev, NULL, NULL);

	if (err)
		return err;
	snprintf(row.ifname, sizeof(row.ifname), "%s", dev);
	if (out)
		return unet_output_row(out, &row);
	printf("%s: detached.\n", row.ifname);
	return 0;
}

/* Stops at the first device that is refused; those before it stay done. */
static int each_device(struct unet_run *run,
		       const struct unet_output_field *fields,
		       int (*one)(struct unet_run *, const char *,
				  struct unet_output *))
{
	struct unet_output *out = NULL;
	int i, err = 0, closed;

	if (run->given & UNET_OPTION_JSON) {
		out = unet_output_open(stdout, fields, UNET_OUTPUT_JSON);
		if (!out)
			return -ENOMEM;
	}
	for (i = 0; i < run->nwords && !err; i++)
		err = one(run, run->words[i], out);
	closed = unet_output_close(out);
	return err ? err : closed;
}

int unet_cmd_attach(struct unet_run *run)
{
	return each_device(run, nexus_fields, attach_one);
}

int unet_cmd_detach(struct unet_run *run)
{
	return each_device(run, detach_fields, detach_one);
}

/* ---- nexus --------------------------------------------------------------- */

int unet_cmd_nexus(struct unet_run *run)
{
	const struct unet_genl_query all = {
		.cmd = UNET_CMD_NEXUS_GET, .dump = true,
	};
	bool json = run->given & UNET_OPTION_JSON;
	struct unet_output *out;
	int err, closed;

	out = unet_output_open(stdout, nexus_fields, json ? UNET_OUTPUT_JSON : 0);
	if (!out)
		return -ENOMEM;
	if (run->nwords)
		err = ask_device(run, UNET_CMD_NEXUS_GET, run->words[0],
				 print_row, out);
	else
		err = unet_genl_ask(run->genl, &all, print_row, out);
	if (err)
		unet_output_failed(out);
	closed = unet_output_close(out);
	return err ? err : closed;
}
