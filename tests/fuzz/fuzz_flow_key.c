// SPDX-License-Identifier: MIT
/*
 * Door: packets from the wire. However much of a packet is readable, nothing
 * beyond is read; the answer does not depend on it; offsets lie inside the packet; the
 * fast comparison never takes what parsing does not.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/flow_key.h"

static void *exact(const void *bytes, size_t len)
{
	void *copy = malloc(len);

	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

static bool info_is(const struct unet_flow_info *a, const struct unet_flow_info *b)
{
	return a->bytes == b->bytes && a->l4_offset == b->l4_offset &&
	       a->payload == b->payload && a->flags == b->flags &&
	       a->tcp_flags == b->tcp_flags;
}

static void sound(const struct unet_flow_key *key,
		  const struct unet_flow_info *info, u32 total)
{
	bool ports = key->proto == UNET_PROTO_TCP || key->proto == UNET_PROTO_UDP;

	if (info->bytes > total || info->payload > info->bytes ||
	    info->l4_offset > info->payload)
		abort();
	if (key->family != 4 && key->family != 6)
		abort();
	if (key->zero || key->mask != (ports ? UNET_MASK_5TUPLE : UNET_MASK_IP_BOTH))
		abort();
	if (!ports && (key->local_port || key->remote_port))
		abort();
	if (key->family == 4 && (key->local[1] | key->local[2] | key->local[3] |
				 key->remote[1] | key->remote[2] | key->remote[3]))
		abort();
}

static void fast_agrees(const u8 *l3, u32 linear, u32 total,
			const struct unet_flow_key *key,
			const struct unet_flow_info *info)
{
	struct unet_flow_info fast_info;
	struct unet_flow_fast fast;

	unet_flow_fast_set(&fast, key, info);
	if (unet_flow_fast_same(&fast, key->family, l3, linear, total, &fast_info) &&
	    !info_is(&fast_info, info))
		abort();
	if (!linear)
		return;
	/* the flow of a packet with one bit less in common */
	((u8 *)&fast)[info->bytes % sizeof(fast.addr)] ^= 1;
	if (unet_flow_fast_same(&fast, key->family, l3, linear, total, &fast_info) &&
	    key->family == 6)
		abort();
}

static void quote(const u8 *data, u32 total, struct unet_flow_info *info)
{
	struct unet_icmp_error err;
	struct unet_flow_key key;
	u32 linear = info->l4_offset + 8;
	int ret;

	do {
		u8 *l3 = exact(data, linear);

		ret = unet_flow_key_icmp_error(l3, linear, total, info, &key,
					       &err);
		free(l3);
		if (ret == -EAGAIN) {
			if (info->need <= linear || info->need > total ||
			    info->need > UNET_ICMP_MAX_NEED)
				abort();
			linear = info->need;
		}
	} while (ret == -EAGAIN);
	if (!ret && (err.quote >= total || key.zero))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unet_flow_info whole_info;
	struct unet_flow_info info;
	struct unet_flow_key whole;
	struct unet_flow_key key;
	int want, ret;
	u32 linear;
	u32 total;
	bool rx;

	if (size < 3)
		return 0;
	rx = data[0] & 1;
	linear = data[1] | (u32)data[2] << 8;
	data += 3;
	total = size - 3;
	linear %= total + 1;
	want = unet_flow_key_parse(data, total, total, rx, &whole, &whole_info);
	if (want == -EAGAIN)
		abort();
	do {
		u8 *l3 = exact(data, linear);

		ret = unet_flow_key_parse(l3, linear, total, rx, &key, &info);
		if (!ret && rx)
			fast_agrees(l3, linear, total, &key, &info);
		free(l3);
		if (ret == -EAGAIN) {
			if (info.need <= linear || info.need > total ||
			    info.need > UNET_FLOW_MAX_NEED)
				abort();
			linear = info.need;
		}
	} while (ret == -EAGAIN);
	if (ret != want)
		abort();
	if (ret)
		return 0;
	if (!unet_flow_key_equal(&key, &whole) || !info_is(&info, &whole_info))
		abort();
	sound(&key, &info, total);
	if (info.flags & UNET_PKT_ICMP_ERROR)
		quote(data, total, &info);
	return 0;
}
