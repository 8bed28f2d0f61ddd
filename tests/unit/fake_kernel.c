// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "core/layout.h"
#include "core/params.h"
#include "fake_kernel.h"

struct fake_kernel kern;

void kernel_exit(void)
{
	int i;

	kernel_forget_sent();
	for (i = 0; i < UNET_REGION_COUNT; i++)
		free(kern.mem[i]);
	free(kern.user_owns);
	free(kern.cookies);
	memset(&kern, 0, sizeof(kern));
}

void kernel_reset(void)
{
	kernel_exit();
	kern.mmap_fails = -1;
	kern.page_bytes = 4096;
}

void kernel_forget_sent(void)
{
	while (kern.n_sent)
		free(kern.sent[--kern.n_sent].bytes);
}

int fake_open(const char *path, int flags, ...)
{
	if (kern.open_error) {
		errno = kern.open_error;
		return -1;
	}
	kern.opened++;
	return KERNEL_FD;
}

int fake_close(int fd)
{
	kern.opened--;
	return 0;
}

void *fake_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t at)
{
	int r = (int)(at >> 32);

	if (r == kern.mmap_fails) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	/* what is read-only must not be asked for otherwise */
	if (prot & PROT_WRITE &&
	    !(kern.layout.region[r].flags & UNET_REGION_WRITE)) {
		errno = EACCES;
		return MAP_FAILED;
	}
	kern.mapped++;
	return kern.mem[r];
}

int fake_munmap(void *addr, size_t len)
{
	kern.mapped--;
	return 0;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static int answer(int err)
{
	return err ? fail(err) : 0;
}

static u8 *region(int r, u32 offset)
{
	return kern.mem[r] + offset;
}

static int make_channel(const struct unet_params *wanted)
{
	const struct unet_params *p = &kern.layout.params;
	struct unet_params params;
	struct unet_info *info;
	int i;

	if (kern.bind_error)
		return fail(kern.bind_error);
	if (unet_params_complete(wanted, &params, NULL) ||
	    unet_layout_compute(&params, kern.page_bytes, &kern.layout))
		return fail(EINVAL);
	for (i = 0; i < UNET_REGION_COUNT; i++)
		kern.mem[i] = calloc(1, kern.layout.region[i].bytes + 1);
	info = (struct unet_info *)kern.mem[UNET_REGION_INFO];
	info->abi = UNET_ABI_VERSION;
	info->state = UNET_CHANNEL_LIVE;
	((struct unet_kring *)kern.mem[UNET_REGION_KRING])->flags =
		UNET_KRING_NEED_KICK;
	kern.rx.entries = p->rx_slots;
	kern.tx.entries = p->tx_slots;
	kern.done.entries = kern.layout.done_entries;
	kern.free.entries = kern.layout.free_entries;
	kern.in_kernel = p->rx_small + p->rx_large;
	kern.user_owns = calloc(1, kern.in_kernel);
	kern.cookies = calloc(kern.layout.done_entries, sizeof(u32));
	return 0;
}

static int do_bind(struct unet_bind *b)
{
	if (b->size != sizeof(*b))
		return fail(EINVAL);
	if (make_channel(&b->params))
		return -1;
	b->layout = kern.layout;
	b->channel = 9;
	return 0;
}

static int do_claim(struct unet_inter_open *o)
{
	if (o->size != sizeof(*o))
		return fail(EINVAL);
	if (make_channel(&o->params))
		return -1;
	kern.inter = true;
	o->layout = kern.layout;
	o->channel = 9;
	return 0;
}

static struct unet_uring *uring(void)
{
	return (struct unet_uring *)kern.mem[UNET_REGION_URING];
}

static struct unet_kring *kring(void)
{
	return (struct unet_kring *)kern.mem[UNET_REGION_KRING];
}

void kernel_take_free(void)
{
	const u32 *entry = (u32 *)region(UNET_REGION_URING,
					 kern.layout.free_offset);

	if (unet_ring_filled(&kern.free, &uring()->free_tail) < 0) {
		kern.broken++;
		return;
	}
	for (; kern.free.head != kern.free.tail; kern.free.head++) {
		u32 b = entry[kern.free.head & (kern.free.entries - 1)];
		u32 n = kern.layout.params.rx_small +
			kern.layout.params.rx_large;

		if (b >= n || !kern.user_owns[b]) {
			kern.broken++;
			return;
		}
		kern.user_owns[b] = 0;
		kern.in_kernel++;
	}
	kring()->free_head = kern.free.head;
}

static u32 get_buffer(bool large)
{
	u32 small = kern.layout.params.rx_small;
	u32 i = large ? small : 0;
	u32 end = large ? small + kern.layout.params.rx_large : small;

	for (; i < end; i++) {
		if (!kern.user_owns[i]) {
			kern.user_owns[i] = 1;
			kern.in_kernel--;
			return i;
		}
	}
	return UNET_NO_BUF;
}

static u8 *buffer(u32 i)
{
	u32 small = kern.layout.params.rx_small;

	return i < small ?
	       region(UNET_REGION_RX_SMALL, i * UNET_RX_SMALL_BYTES) :
	       region(UNET_REGION_RX_LARGE, (i - small) * UNET_RX_LARGE_BYTES);
}

bool kernel_receive(u64 tag, u32 flags, const struct kernel_piece *p, u32 n)
{
	struct unet_desc *desc = (void *)kern.mem[UNET_REGION_DESC];
	struct unet_rx_slot *slot;
	u32 last = UNET_NO_BUF;
	u32 i;

	kernel_take_free();
	if (unet_ring_taken(&kern.rx, &uring()->rx_head) < 0)
		kern.broken++;
	if (!unet_ring_free(&kern.rx))
		return false;
	slot = (struct unet_rx_slot *)region(UNET_REGION_KRING,
					     kern.layout.rx_slots_offset) +
	       (kern.rx.tail & (kern.rx.entries - 1));
	memset(slot, 0, sizeof(*slot));
	slot->first = UNET_NO_BUF;
	slot->tag = tag;
	slot->flags = flags;
	slot->tstamp = 123456789;
	for (i = 0; i < n; i++) {
		u32 b = get_buffer(p[i].large);
		u32 room = p[i].large ? UNET_RX_LARGE_BYTES :
			   UNET_RX_SMALL_BYTES;

		if (b == UNET_NO_BUF)
			return false;
		desc[b] = (struct unet_desc){
			.next = UNET_NO_BUF, .len = p[i].len,
			.offset = room - p[i].len, .seg_size = p[i].seg_size,
			.segments = 1, .flags = p[i].flags,
			.l4_offset = p[i].l4_offset,
		};
		memcpy(buffer(b) + desc[b].offset, p[i].bytes, p[i].len);
		if (last == UNET_NO_BUF)
			slot->first = b;
		else
			desc[last].next = b;
		last = b;
		slot->packets += !(p[i].flags & UNET_DESC_MORE);
	}
	kern.rx.tail++;
	/* the user's load-acquire pairs with this */
	smp_store_release(&kring()->rx_tail, kern.rx.tail);
	return true;
}

static bool take_bytes(struct kernel_sent *s, const struct unet_extent *extent)
{
	u32 i;

	for (i = 0; i < s->extents; i++) {
		u64 end = (u64)extent[i].offset + extent[i].len;

		if (!extent[i].len ||
		    end > kern.layout.region[UNET_REGION_TX].bytes)
			return false;
		s->bytes = realloc(s->bytes, s->len + extent[i].len);
		memcpy(s->bytes + s->len,
		       region(UNET_REGION_TX, extent[i].offset), extent[i].len);
		s->len += extent[i].len;
	}
	return true;
}

static void take_send(const struct unet_tx_slot *slot)
{
	struct kernel_sent *s = &kern.sent[kern.n_sent];

	kern.cookies[kern.n_cookies++] = slot->cookie;
	if (kern.n_sent == KERNEL_SENT)
		return;
	*s = (struct kernel_sent){
		.flow = slot->flow, .cookie = slot->cookie,
		.seg_size = slot->seg_size, .header_len = slot->header_len,
		.extents = slot->extents,
	};
	if (!slot->extents || slot->extents > UNET_TX_EXTENTS ||
	    slot->header_len > slot->extent[0].len ||
	    !take_bytes(s, slot->extent)) {
		kern.broken++;
		return;
	}
	kern.n_sent++;
}

static void take_verdict(const struct unet_tx_slot *slot)
{
	struct kernel_sent *s = &kern.sent[kern.n_sent];
	struct unet_inter_verdict v;

	memcpy(&v, slot, sizeof(v));
	kern.cookies[kern.n_cookies++] = v.cookie;
	kernel_complete(1, kern.refusal);
	if (kern.n_sent == KERNEL_SENT)
		return;
	*s = (struct kernel_sent){
		.token = v.token, .action = v.action, .count = v.count,
		.cookie = v.cookie, .header_len = v.header_len,
		.extents = v.extents, .tos = v.tos, .tos_mask = v.tos_mask,
		.ttl = v.ttl,
	};
	if (!v.count || v.extents > UNET_VERDICT_EXTENTS ||
	    !take_bytes(s, v.extent)) {
		kern.broken++;
		return;
	}
	kern.n_sent++;
}

static void take(const struct unet_tx_slot *slot)
{
	if (kern.inter)
		take_verdict(slot);
	else
		take_send(slot);
}

static int do_sync(struct unet_sync *sync)
{
	const struct unet_tx_slot *slot = (void *)
		region(UNET_REGION_URING, kern.layout.tx_slots_offset);

	kern.syncs++;
	kern.sync_flags = sync->flags;
	kern.sync_timeout = sync->timeout_ns;
	sync->sent = 0;
	if (kern.sync_error && !(sync->flags & UNET_SYNC_WAIT))
		return fail(kern.sync_error);
	if (!(sync->flags & UNET_SYNC_TX) || kern.busy)
		return answer(kern.sync_error);
	if (unet_ring_filled(&kern.tx, &uring()->tx_tail) < 0) {
		kern.broken++;
		return fail(EIO);
	}
	for (; kern.tx.head != kern.tx.tail; kern.tx.head++) {
		/* as the module: nothing is taken that DONE has no room for */
		if (kern.n_cookies == kern.layout.done_entries)
			break;
		take(&slot[kern.tx.head & (kern.tx.entries - 1)]);
		sync->sent++;
	}
	/* as rx_tail */
	smp_store_release(&kring()->tx_head, kern.tx.head);
	return answer(kern.sync_error);
}

void kernel_complete(u32 n, u16 status)
{
	struct unet_done *done = (void *)region(UNET_REGION_KRING,
						kern.layout.done_offset);

	if (unet_ring_taken(&kern.done, &uring()->done_head) < 0)
		kern.broken++;
	while (n-- && kern.n_cookies) {
		if (!unet_ring_free(&kern.done)) {
			kern.broken++;
			return;
		}
		done[kern.done.tail & (kern.done.entries - 1)] =
			(struct unet_done){ kern.cookies[0], status, 0 };
		memmove(kern.cookies, kern.cookies + 1,
			--kern.n_cookies * sizeof(u32));
		kern.done.tail++;
	}
	/* as rx_tail */
	smp_store_release(&kring()->done_tail, kern.done.tail);
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct unet_flow_req *req = arg;

	switch (request) {
	case UNET_IOC_QUERY:
		((struct unet_query *)arg)->abi = UNET_ABI_VERSION;
		((struct unet_query *)arg)->features = kern.features;
		return 0;
	case UNET_IOC_BIND:
		return do_bind(arg);
	case UNET_IOC_INTER_OPEN:
		return do_claim(arg);
	case UNET_IOC_FLOW_ADD:
		kern.req = *req;
		if (kern.flow_error)
			return fail(kern.flow_error);
		req->flow = 0x10000 + kern.flows++;
		req->mtu = 1500;
		req->gso_max = 65536;
		req->local_port_out = req->local_port ? req->local_port :
				      cpu_to_be16(40000);
		memcpy(req->local_out, req->local, 16);
		return 0;
	case UNET_IOC_FLOW_DEL:
		kern.deleted = ((struct unet_flow_del *)arg)->flow;
		return 0;
	case UNET_IOC_FLOW_SET:
		kern.set = *(struct unet_flow_set *)arg;
		return 0;
	case UNET_IOC_SYNC:
		return do_sync(arg);
	default:
		return fail(ENOTTY);
	}
}
