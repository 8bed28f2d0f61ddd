// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "devices.h"
#include "explain.h"

/* What an errno means when it comes from this family. */
static const char *meaning(int err)
{
	switch (-err) {
	case ENOPKG:
		return "the unet module is not loaded "
		       "(as root: modprobe unet, or insmod unet.ko)";
	case EPERM:
	case EACCES:
		return "not permitted: needs CAP_NET_ADMIN in this network namespace "
		       "(run it as root, or with sudo)";
	case EEXIST:
	case EALREADY:
		return "already attached";
	case EBUSY:
		return "something else takes the packets of this device "
		       "(a bridge, bond or macvlan?)";
	case EBADMSG:
		return "the module's answer makes no sense to this tool "
		       "(unetctl version tells whether the two belong together)";
	case EOPNOTSUPP:
		return "not supported by the loaded module "
		       "(unetctl version tells which one it is)";
	case EIO:
		return "output could not be written";
	default:
		return strerror(-err);
	}
}

/* " (rule 3)": what is in the way of what was asked, as the kernel numbers it. */
static const char *in_the_way(const struct unet_run *run, char *buf, size_t len)
{
	uint64_t id = run->genl ? unet_genl_about(run->genl) : 0;

	*buf = '\0';
	if (id && run->command && run->command->takes == UNET_WORDS_TYPE)
		snprintf(buf, len, run->type.verb->cmd == UNET_CMD_POLICY_ADD ?
			 " (entry %" PRIu64 ")" : " (rule %" PRIu64 ")", id);
	return buf;
}

/* Our own sentence knows best, then the module's, then what errno means. */
void unet_explain(const struct unet_run *run, int err, char *buf, size_t len)
{
	const char *said = run->genl ? unet_genl_said(run->genl) : "";
	const char *name = run->command ? run->command->name : "";
	bool device = run->command && run->command->takes == UNET_WORDS_DEVS;
	const char *text = *said ? said : meaning(err);
	char id[32];

	/* What is busy or there already depends on what was asked. */
	if (!*said && !device && (err == -EEXIST || err == -EBUSY))
		text = strerror(-err);
	if (*run->error.text)
		text = run->error.text;
	snprintf(buf, len, "%s%s%s%s%s%s", name, *name ? ": " : "",
		 run->subject ? run->subject : "", run->subject ? ": " : "", text,
		 in_the_way(run, id, sizeof(id)));
}

static int list_attached(const struct unet_reply *reply, void *error)
{
	struct unet_args_error *list = error;

	unet_list_add(list->text, sizeof(list->text), reply->ifname);
	return 0;
}

void unet_explain_device(struct unet_run *run, const char *dev)
{
	const struct unet_genl_query all = {
		.cmd = UNET_CMD_NEXUS_GET, .dump = true,
	};
	struct unet_args_error attached = { "" };
	char devices[256];

	run->subject = dev;
	if (unet_device_exists(dev)) {
		unet_genl_ask(run->genl, &all, list_attached, &attached);
		snprintf(run->error.text, sizeof(run->error.text),
			 "not attached (attached: %.400s)",
			 *attached.text ? attached.text : "none");
		return;
	}
	unet_device_list(devices, sizeof(devices));
	snprintf(run->error.text, sizeof(run->error.text),
		 "no such device in this namespace (devices: %s)", devices);
}

enum unet_exit unet_explain_exit(int err)
{
	switch (-err) {
	case 0:
		return UNET_EXIT_DONE;
	case ENOPKG:
		return UNET_EXIT_NO_MODULE;
	case EPERM:
	case EACCES:
		return UNET_EXIT_NOT_PERMITTED;
	default:
		return UNET_EXIT_FAILED;
	}
}
