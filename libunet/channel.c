// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unet/channel.h>
#include <unet/ring.h>
#include "core_os.h"
#include "internal.h"
#include "intermediary.h"

/**
 * struct unet_channel - an open, bound and mapped channel
 * @fd:		of UNET_DEVICE
 * @bind:	what the kernel answered
 * @map:	where the regions are, NULL when not there
 * @rings:	pointers into them
 */
struct unet_channel {
	int fd;
	struct unet_bind bind;
	u8 *map[UNET_REGION_COUNT];
	struct unet_rings rings;
};

static int open_device(void)
{
	int fd = open(UNET_DEVICE, O_RDWR | O_CLOEXEC);
	int err;

	if (fd >= 0)
		return fd;
	err = -errno;
	if (err == -ENOENT || err == -ENXIO)
		unet_detail(UNET_DEVICE " is not there: is the module unet loaded?");
	else if (err == -EACCES || err == -EPERM)
		unet_detail(UNET_DEVICE ": this user may not open it (see its mode and group)");
	else
		unet_detail(UNET_DEVICE ": %s", strerror(-err));
	return err;
}

static int bind_error(const char *dev, int err)
{
	switch (err) {
	case -ENODEV:
		unet_detail("%s: not attached to a nexus in this network "
			    "namespace (unetctl attach %s)", dev, dev);
		break;
	case -EINVAL:
		unet_detail("%s: the kernel refused the channel's sizes (rings "
			    "and flows: powers of two up to 65536; buffers: "
			    "see unet(4))", dev);
		break;
	case -EDQUOT:
		unet_detail("%s: the channel's memory would exceed the cap", dev);
		break;
	default:
		unet_detail("%s: %s", dev, strerror(-err));
		break;
	}
	return err;
}

static int bind_to(struct unet_channel *ch, const char *dev,
		   const struct unet_params *params)
{
	struct unet_bind *b = &ch->bind;

	b->size = sizeof(*b);
	if (params)
		b->params = *params;
	if (!dev || !*dev || strlen(dev) >= sizeof(b->nexus)) {
		unet_detail("device name \"%.40s\": must have 1 to %zu characters",
			    dev ? dev : "", sizeof(b->nexus) - 1);
		return -EINVAL;
	}
	strcpy(b->nexus, dev);
	if (ioctl(ch->fd, UNET_IOC_BIND, b))
		return bind_error(dev, -errno);
	return 0;
}

static int map_regions(struct unet_channel *ch)
{
	int i;

	BUILD_BUG_ON(sizeof(off_t) < sizeof(ch->bind.layout.region[0].offset));
	for (i = 0; i < UNET_REGION_COUNT; i++) {
		const struct unet_region *r = &ch->bind.layout.region[i];
		int prot = PROT_READ;
		void *at;

		if (!r->bytes)
			continue;
		if (r->flags & UNET_REGION_WRITE)
			prot |= PROT_WRITE;
		at = mmap(NULL, r->bytes, prot, MAP_SHARED, ch->fd,
			  (off_t)r->offset);
		if (at == MAP_FAILED) {
			int err = -errno;

			unet_detail("region %d of %llu bytes cannot be mapped: %s",
				    i, (unsigned long long)r->bytes,
				    strerror(-err));
			return err;
		}
		ch->map[i] = at;
	}
	return 0;
}

static void unmap_regions(struct unet_channel *ch)
{
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		if (ch->map[i])
			munmap(ch->map[i], ch->bind.layout.region[i].bytes);
	}
}

static void find_rings(struct unet_channel *ch)
{
	const struct unet_layout *l = &ch->bind.layout;
	u8 *kring = ch->map[UNET_REGION_KRING];
	u8 *uring = ch->map[UNET_REGION_URING];
	struct unet_rings *r = &ch->rings;

	r->kring = (const struct unet_kring *)kring;
	r->uring = (struct unet_uring *)uring;
	r->rx = (const struct unet_rx_slot *)(kring + l->rx_slots_offset);
	r->done = (const struct unet_done *)(kring + l->done_offset);
	r->tx = (struct unet_tx_slot *)(uring + l->tx_slots_offset);
	r->free_ring = (u32 *)(uring + l->free_offset);
	r->desc = (const struct unet_desc *)ch->map[UNET_REGION_DESC];
	r->rx_small = ch->map[UNET_REGION_RX_SMALL];
	r->rx_large = ch->map[UNET_REGION_RX_LARGE];
	r->tx_mem = ch->map[UNET_REGION_TX];
	r->rx_mask = l->params.rx_slots - 1;
	r->tx_mask = l->params.tx_slots - 1;
	r->done_mask = l->done_entries - 1;
	r->free_mask = l->free_entries - 1;
	r->n_small = l->params.rx_small;
	r->n_bufs = l->params.rx_small + l->params.rx_large;
	r->tx_bytes = (u64)l->params.tx_bufs * UNET_TX_BUF_BYTES;
}

struct unet_channel *unet_channel_open(const char *dev,
				       const struct unet_params *params)
{
	struct unet_channel *ch = calloc(1, sizeof(*ch));
	int err;

	unet_detail_clear();
	if (!ch)
		return NULL;
	ch->fd = open_device();
	err = ch->fd < 0 ? ch->fd : bind_to(ch, dev, params);
	if (!err)
		err = map_regions(ch);
	if (err) {
		unet_channel_close(ch);
		errno = -err;
		return NULL;
	}
	find_rings(ch);
	return ch;
}

static int claim_error(u32 grant, int err)
{
	switch (err) {
	case -ENOENT:
		unet_detail("grant %u: not in this network namespace "
			    "(unetctl intermediary list shows them)", grant);
		break;
	case -EPERM:
		unet_detail("grant %u: is another user's", grant);
		break;
	case -EBUSY:
		unet_detail("grant %u: another process has it", grant);
		break;
	case -EACCES:
		unet_detail("grant %u: was misused too often; it is to be revoked", grant);
		break;
	default:
		unet_detail("grant %u: %s", grant, strerror(-err));
		break;
	}
	return err;
}

static int claim(struct unet_channel *ch, u32 grant,
		 const struct unet_params *params, struct unet_inter_open *terms)
{
	memset(terms, 0, sizeof(*terms));
	terms->size = sizeof(*terms);
	terms->grant = grant;
	if (params)
		terms->params = *params;
	if (ioctl(ch->fd, UNET_IOC_INTER_OPEN, terms))
		return claim_error(grant, -errno);
	ch->bind.params = terms->params;
	ch->bind.layout = terms->layout;
	ch->bind.channel = terms->channel;
	ch->bind.ifindex = terms->ifindex;
	return 0;
}

struct unet_channel *unet_channel_claim(u32 grant,
					const struct unet_params *params,
					struct unet_inter_open *terms)
{
	struct unet_channel *ch = calloc(1, sizeof(*ch));
	int err;

	unet_detail_clear();
	if (!ch)
		return NULL;
	ch->fd = open_device();
	err = ch->fd < 0 ? ch->fd : claim(ch, grant, params, terms);
	if (!err)
		err = map_regions(ch);
	if (err) {
		unet_channel_close(ch);
		errno = -err;
		return NULL;
	}
	find_rings(ch);
	return ch;
}

void unet_channel_close(struct unet_channel *ch)
{
	if (!ch)
		return;
	unmap_regions(ch);
	if (ch->fd >= 0)
		close(ch->fd);
	free(ch);
}

struct unet_rings *unet_channel_rings(struct unet_channel *ch)
{
	return &ch->rings;
}

int unet_channel_fd(const struct unet_channel *ch)
{
	return ch->fd;
}

const struct unet_layout *unet_channel_layout(const struct unet_channel *ch)
{
	return &ch->bind.layout;
}

uint32_t unet_channel_id(const struct unet_channel *ch)
{
	return ch->bind.channel;
}

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int unet_channel_query(struct unet_query *q)
{
	int fd = open_device();
	int err;

	if (fd < 0)
		return fd;
	memset(q, 0, sizeof(*q));
	q->size = sizeof(*q);
	err = call(fd, UNET_IOC_QUERY, q);
	close(fd);
	return err;
}

int unet_channel_whose(struct unet_channel *ch, struct unet_inter_flow *whose)
{
	whose->size = sizeof(*whose);
	return call(ch->fd, UNET_IOC_INTER_FLOW, whose);
}

int unet_channel_flow_add(struct unet_channel *ch, struct unet_flow_req *req)
{
	req->size = sizeof(*req);
	return call(ch->fd, UNET_IOC_FLOW_ADD, req);
}

int unet_channel_flow_del(struct unet_channel *ch, uint32_t flow,
			  uint32_t flags)
{
	struct unet_flow_del del = {
		.size = sizeof(del), .flags = flags, .flow = flow,
	};

	return call(ch->fd, UNET_IOC_FLOW_DEL, &del);
}

int unet_channel_flow_set(struct unet_channel *ch, uint32_t flow,
			  const struct unet_flow_meta *meta)
{
	struct unet_flow_set set = {
		.size = sizeof(set), .flow = flow, .meta = *meta,
	};

	return call(ch->fd, UNET_IOC_FLOW_SET, &set);
}

const volatile struct unet_flow_adv *
unet_channel_adv(const struct unet_channel *ch, uint32_t index)
{
	const struct unet_layout *l = &ch->bind.layout;
	const u8 *info = ch->map[UNET_REGION_INFO];

	if (index >= l->params.max_flows)
		return NULL;
	return (const volatile struct unet_flow_adv *)(info + l->adv_offset) +
	       index;
}

int unet_channel_sync(struct unet_channel *ch, uint32_t flags,
		      uint64_t timeout_ns, struct unet_sync *out)
{
	struct unet_sync sync = {
		.size = sizeof(sync), .flags = flags, .timeout_ns = timeout_ns,
	};
	int err = call(ch->fd, UNET_IOC_SYNC, &sync);

	if (out)
		*out = sync;
	return err;
}

static const struct unet_info *info_of(const struct unet_channel *ch)
{
	return (const struct unet_info *)ch->map[UNET_REGION_INFO];
}

int unet_channel_state(const struct unet_channel *ch, uint32_t *reason)
{
	const struct unet_info *info = info_of(ch);

	if (reason)
		*reason = READ_ONCE(info->reason);
	return (int)READ_ONCE(info->state);
}

uint32_t unet_channel_addr_gen(const struct unet_channel *ch)
{
	return READ_ONCE(info_of(ch)->addr_gen);
}

const char *unet_reason_str(uint32_t reason)
{
	static const char *const text[] = {
		[UNET_POISON_NONE] = "nothing is wrong",
		[UNET_POISON_RX_CURSOR] = "RX head outside what was published",
		[UNET_POISON_DONE_CURSOR] = "DONE head outside what was published",
		[UNET_POISON_TX_CURSOR] = "TX tail more than a ring ahead",
		[UNET_POISON_FREE_CURSOR] = "FREE tail more than a ring ahead",
		[UNET_POISON_FREE_INDEX] = "FREE names a buffer that is not the user's",
		[UNET_POISON_TX_ABUSE] = "too many refused sends",
		[UNET_POISON_INTER_ABUSE] = "too many violations of an intermediary",
		[UNET_POISON_INTER_REVOKED] = "the intermediary's grant was revoked",
	};

	BUILD_BUG_ON(ARRAY_SIZE(text) != UNET_POISON_COUNT);
	return reason < ARRAY_SIZE(text) ? text[reason] : "unknown reason";
}
