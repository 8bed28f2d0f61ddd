/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel extensions: code of another module that judges packets of a type. All a
 * module needs is this header and unet.ko's symbols:
 *
 *	static u32 judge(struct unet_extension *ext, struct sk_buff *skb) ...
 *	static struct unet_extension mine = {
 *		.name = "mine", .owner = THIS_MODULE, .judge = judge,
 *	};
 *	unet_extension_register(&mine) ... unet_extension_unregister(&mine)
 *
 * A rule that names an extension holds its module: it cannot be unloaded while one
 * does. Extensions are the host's; which namespaces' rules name them is up to the
 * rules, and needs CAP_NET_ADMIN.
 */
#ifndef _UNET_EXTENSION_H
#define _UNET_EXTENSION_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/unet.h>

struct module;
struct sk_buff;

/**
 * struct unet_extension - an extension
 * @name:	1 to 15 bytes, NUL terminated
 * @owner:	THIS_MODULE
 * @judge:	what becomes of a received packet: UNET_TYPE_VERDICT_HOST, _DROP, or
 *		_DELIVER to the rule's owner, + n to its member n; whom there is not is
 *		counted, and the packet the host's. @skb's data is at the IP header, or
 *		behind the Ethernet header; it may be shared and is only to be read.
 *		Context: softirq, RCU read side.
 * @node:	the registry's
 */
struct unet_extension {
	char name[UNET_NAME_LEN];
	struct module *owner;
	u32 (*judge)(struct unet_extension *ext, struct sk_buff *skb);
	struct list_head node;
};

/**
 * unet_extension_register() - let rules name it
 * @ext: stays the caller's, until it is unregistered
 *
 * Context: process.
 * Return: 0; -EINVAL a name or function is missing, -EEXIST the name is taken.
 */
int unet_extension_register(struct unet_extension *ext);

/**
 * unet_extension_unregister() - no more rules may name it
 * @ext: registered; no rule has it, for its module is not held
 *
 * Context: process; sleeps until no packet is being judged.
 */
void unet_extension_unregister(struct unet_extension *ext);

/**
 * unet_extension_get() - by name, for a rule
 * @name: NUL terminated
 *
 * Context: process.
 * Return: with its module held, or NULL.
 */
struct unet_extension *unet_extension_get(const char *name);

/**
 * unet_extension_put() - the rule is gone
 * @ext: from unet_extension_get(), or NULL
 *
 * Context: any.
 */
void unet_extension_put(struct unet_extension *ext);

static inline u32 unet_extension_run(struct unet_extension *ext,
				     struct sk_buff *skb)
{
	return ext->judge(ext, skb);
}

#endif /* _UNET_EXTENSION_H */
