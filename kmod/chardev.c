// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/unet. The only file that copies from and to user memory: what is behind the
 * table of calls sees private copies.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/unet.h>

#include "arena.h"
#include "channel.h"
#include "chardev.h"
#include "core/params.h"
#include "intermediary.h"

static unsigned short mode = 0666;
module_param(mode, ushort, 0444);
MODULE_PARM_DESC(mode, "access mode of /dev/unet when it is made (0666)");

/* Every argument begins with these two. */
struct arg_head {
	u32 size;
	u32 flags;
};

union arg {
	struct arg_head head;
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
};

/* ---- calls ------------------------------------------------------------- */

static int call_query(struct unet_channel *ch, union arg *a)
{
	a->query.abi = UNET_ABI_VERSION;
	a->query.counters = UNET_CNT_COUNT;
	a->query.features = UNET_FEATURE_BATCH | UNET_FEATURE_SUPER |
			    UNET_FEATURE_TX_SEG | UNET_FEATURE_ICMP |
			    UNET_FEATURE_TYPES | UNET_FEATURE_INTER |
			    UNET_FEATURE_OF_FLOW | UNET_FEATURE_MARK |
			    UNET_FEATURE_MARK_TTL | UNET_FEATURE_MODIFY_MANY;
	a->query.max_ring = UNET_MAX_RING;
	a->query.max_flows = UNET_MAX_FLOWS;
	a->query.max_arena = unet_arena_max_bytes();
	return 0;
}

static int call_bind(struct unet_channel *ch, union arg *a)
{
	return unet_channel_bind(ch, &a->bind);
}

static int call_flow_add(struct unet_channel *ch, union arg *a)
{
	return unet_channel_flow_add(ch, &a->flow_req);
}

static int call_flow_del(struct unet_channel *ch, union arg *a)
{
	return unet_channel_flow_del(ch, &a->flow_del);
}

static int call_flow_set(struct unet_channel *ch, union arg *a)
{
	return unet_channel_flow_set(ch, &a->flow_set);
}

static int call_sync(struct unet_channel *ch, union arg *a)
{
	return unet_channel_sync(ch, &a->sync);
}

static int call_state(struct unet_channel *ch, union arg *a)
{
	a->state.state = atomic_read(&ch->state);
	a->state.reason = READ_ONCE(ch->reason);
	return 0;
}

static int call_type_add(struct unet_channel *ch, union arg *a)
{
	return unet_channel_type_add(ch, &a->type_req);
}

static int call_type_modify(struct unet_channel *ch, union arg *a)
{
	return unet_channel_type_modify(ch, &a->type_req);
}

static int call_type_priority(struct unet_channel *ch, union arg *a)
{
	return unet_channel_type_priority(ch, &a->type_ref);
}

static int call_type_del(struct unet_channel *ch, union arg *a)
{
	return unet_channel_type_del(ch, &a->type_ref);
}

static int call_type_join(struct unet_channel *ch, union arg *a)
{
	return unet_channel_type_join(ch, &a->type_ref);
}

static int call_inter_open(struct unet_channel *ch, union arg *a)
{
	return unet_channel_inter_open(ch, &a->inter_open);
}

static int call_inter_flow(struct unet_channel *ch, union arg *a)
{
	return unet_inter_whose(ch, &a->inter_flow);
}

/**
 * struct call - one ioctl
 * @size:	of its argument in the first version: the least that is taken
 * @flags:	that mean something
 * @run:	works on a private copy, which is copied back on success; NULL: there
 *		is no such call
 * @reasons:	it is copied back with an error, too: it says why, or how far it got
 */
struct call {
	u32 size;
	u32 flags;
	int (*run)(struct unet_channel *ch, union arg *a);
	bool reasons;
};

#define CALL(type, known, fn)	{ sizeof(struct type), known, fn }
#define CALL_TELLS(type, known, fn)	{ sizeof(struct type), known, fn, true }
#define CALL_REASONS(type, fn)	CALL_TELLS(type, 0, fn)

/* By _IOC_NR; there may be numbers without a call. */
static const struct call calls[] = {
	CALL(unet_query, 0, call_query),
	CALL(unet_bind, 0, call_bind),
	CALL(unet_flow_req, UNET_FLOW_LOCAL_ADDR | UNET_FLOW_LOCAL_PORT |
			    UNET_FLOW_REMOTE | UNET_FLOW_V6ONLY |
			    UNET_FLOW_REUSEADDR | UNET_FLOW_NO_PORTS,
	     call_flow_add),
	CALL(unet_flow_del, UNET_DEL_LINGER | UNET_DEL_RESET, call_flow_del),
	CALL(unet_flow_set, 0, call_flow_set),
	CALL_TELLS(unet_sync, UNET_SYNC_TX | UNET_SYNC_FREE | UNET_SYNC_WAIT,
		   call_sync),
	CALL(unet_state, 0, call_state),
	[_IOC_NR(UNET_IOC_TYPE_ADD)] = CALL_REASONS(unet_type_req, call_type_add),
	[_IOC_NR(UNET_IOC_TYPE_MODIFY)] = CALL_REASONS(unet_type_req,
						       call_type_modify),
	[_IOC_NR(UNET_IOC_TYPE_PRIORITY)] = CALL_REASONS(unet_type_ref,
							 call_type_priority),
	[_IOC_NR(UNET_IOC_TYPE_DEL)] = CALL_REASONS(unet_type_ref, call_type_del),
	[_IOC_NR(UNET_IOC_TYPE_JOIN)] = CALL_REASONS(unet_type_ref, call_type_join),
	[_IOC_NR(UNET_IOC_INTER_OPEN)] =
		CALL(unet_inter_open, 0, call_inter_open),
	[_IOC_NR(UNET_IOC_INTER_FLOW)] =
		CALL(unet_inter_flow, 0, call_inter_flow),
};

static int copy_in(union arg *a, const struct call *call, void __user *user)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)user))
		return -EFAULT;
	if (size < call->size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	memset(a, 0, sizeof(*a));
	err = copy_struct_from_user(a, call->size, user, size);
	if (err)
		return err;
	/* It may have changed since: what was asked for is what was copied. */
	a->head.size = size;
	return a->head.flags & ~call->flags ? -EINVAL : 0;
}

static long unet_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	const struct call *call;
	union arg a;
	int err;

	if (_IOC_TYPE(cmd) != UNET_IOC_MAGIC ||
	    _IOC_NR(cmd) >= ARRAY_SIZE(calls))
		return -ENOTTY;
	call = &calls[array_index_nospec(_IOC_NR(cmd), ARRAY_SIZE(calls))];
	if (!call->run)
		return -ENOTTY;
	err = copy_in(&a, call, user);
	if (err)
		return err;
	err = call->run(file->private_data, &a);
	if (err && !call->reasons)
		return err;
	return copy_to_user(user, &a, call->size) ? -EFAULT : err;
}

/* ---- file -------------------------------------------------------------- */

static int unet_open(struct inode *inode, struct file *file)
{
	struct unet_channel *ch = unet_channel_create();

	if (IS_ERR(ch))
		return PTR_ERR(ch);
	file->private_data = ch;
	return nonseekable_open(inode, file);
}

static int unet_release(struct inode *inode, struct file *file)
{
	unet_channel_release(file->private_data);
	return 0;
}

static __poll_t unet_poll(struct file *file, poll_table *table)
{
	return unet_channel_poll(file->private_data, file, table);
}

static int unet_mmap(struct file *file, struct vm_area_struct *vma)
{
	return unet_channel_mmap(file->private_data, vma);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = unet_open,
	.release = unet_release,
	.unlocked_ioctl = unet_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = unet_poll,
	.mmap = unet_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "unet",
	.fops = &fops,
};

int unet_chardev_init(void)
{
	device.mode = mode & 0777;
	return misc_register(&device);
}

void unet_chardev_exit(void)
{
	misc_deregister(&device);
}
