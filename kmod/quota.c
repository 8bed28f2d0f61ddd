// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "quota.h"

static unsigned int user_mib = 1024;
module_param(user_mib, uint, 0644);
MODULE_PARM_DESC(user_mib,
		 "MiB of channel memory a user may hold, unless CAP_IPC_LOCK (1024)");

/**
 * struct unet_quota - what one user holds
 * @node:	in the list of all users that hold anything
 * @uid:	user
 * @bytes:	held
 */
struct unet_quota {
	struct list_head node;
	kuid_t uid;
	u64 bytes;
};

static LIST_HEAD(users);
static DEFINE_MUTEX(users_lock);

/* The entry of a user, made at need. Without a charge it is not kept. */
static struct unet_quota *quota_of(kuid_t uid)
{
	struct unet_quota *q;

	lockdep_assert_held(&users_lock);
	list_for_each_entry(q, &users, node)
		if (uid_eq(q->uid, uid))
			return q;
	q = kzalloc(sizeof(*q), GFP_KERNEL);
	if (!q)
		return NULL;
	q->uid = uid;
	list_add(&q->node, &users);
	return q;
}

static void drop_if_empty(struct unet_quota *q)
{
	lockdep_assert_held(&users_lock);
	if (q->bytes)
		return;
	list_del(&q->node);
	kfree(q);
}

struct unet_quota *unet_quota_charge(u64 bytes)
{
	u64 cap = capable(CAP_IPC_LOCK) ? U64_MAX : (u64)READ_ONCE(user_mib) << 20;
	struct unet_quota *q;

	mutex_lock(&users_lock);
	q = quota_of(current_uid());
	if (!q) {
		q = ERR_PTR(-ENOMEM);
	} else if (bytes > cap || q->bytes > cap - bytes) {
		drop_if_empty(q);
		q = ERR_PTR(-EDQUOT);
	} else {
		q->bytes += bytes;
	}
	mutex_unlock(&users_lock);
	return q;
}

void unet_quota_uncharge(struct unet_quota *quota, u64 bytes)
{
	mutex_lock(&users_lock);
	quota->bytes -= bytes;
	drop_if_empty(quota);
	mutex_unlock(&users_lock);
}
