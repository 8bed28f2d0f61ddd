// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/ioctl.h>

#include <unet/type.h>

static int call(struct unet_channel *ch, unsigned long request, void *arg)
{
	return ioctl(unet_channel_fd(ch), request, arg) ? -errno : 0;
}

int unet_type_add(struct unet_channel *ch, struct unet_type_req *req)
{
	req->size = sizeof(*req);
	return call(ch, UNET_IOC_TYPE_ADD, req);
}

int unet_type_modify(struct unet_channel *ch, struct unet_type_req *req)
{
	req->size = sizeof(*req);
	return call(ch, UNET_IOC_TYPE_MODIFY, req);
}

int unet_type_priority(struct unet_channel *ch, struct unet_type_ref *ref)
{
	ref->size = sizeof(*ref);
	return call(ch, UNET_IOC_TYPE_PRIORITY, ref);
}

int unet_type_del(struct unet_channel *ch, uint32_t id)
{
	struct unet_type_ref ref = { .size = sizeof(ref), .id = id };

	return call(ch, UNET_IOC_TYPE_DEL, &ref);
}

int unet_type_join(struct unet_channel *ch, struct unet_type_ref *ref)
{
	ref->size = sizeof(*ref);
	return call(ch, UNET_IOC_TYPE_JOIN, ref);
}

#define REASON_TEXT(id, err, text)	[UNET_TYPE_NO_##id] = text,

const char *unet_type_reason_str(uint32_t reason)
{
	static const char *const texts[UNET_TYPE_REASON_COUNT] = {
		[UNET_TYPE_GRANTED] = "granted",
		UNET_TYPE_REASONS(REASON_TEXT)
	};

	return reason < UNET_TYPE_REASON_COUNT ? texts[reason] :
	       "a reason this library does not know";
}
