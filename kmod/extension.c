// SPDX-License-Identifier: GPL-2.0
#include <linux/export.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "extension.h"

static LIST_HEAD(extensions);
static DEFINE_MUTEX(extensions_lock);	/* a leaf */

static struct unet_extension *find(const char *name)
{
	struct unet_extension *ext;

	list_for_each_entry(ext, &extensions, node)
		if (!strcmp(ext->name, name))
			return ext;
	return NULL;
}

static bool sound(const struct unet_extension *ext)
{
	size_t len = strnlen(ext->name, sizeof(ext->name));

	return len && len < sizeof(ext->name) && ext->judge && ext->owner;
}

int unet_extension_register(struct unet_extension *ext)
{
	int err = 0;

	if (!sound(ext))
		return -EINVAL;
	mutex_lock(&extensions_lock);
	if (find(ext->name))
		err = -EEXIST;
	else
		list_add_tail(&ext->node, &extensions);
	mutex_unlock(&extensions_lock);
	return err;
}
EXPORT_SYMBOL_GPL(unet_extension_register);

void unet_extension_unregister(struct unet_extension *ext)
{
	mutex_lock(&extensions_lock);
	list_del(&ext->node);
	mutex_unlock(&extensions_lock);
	/* The last rule let go when no table had it; a packet may still run. */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(unet_extension_unregister);

struct unet_extension *unet_extension_get(const char *name)
{
	struct unet_extension *ext;

	mutex_lock(&extensions_lock);
	ext = find(name);
	if (ext && !try_module_get(ext->owner))
		ext = NULL;
	mutex_unlock(&extensions_lock);
	return ext;
}

void unet_extension_put(struct unet_extension *ext)
{
	if (ext)
		module_put(ext->owner);
}
