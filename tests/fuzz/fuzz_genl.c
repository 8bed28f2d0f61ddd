// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,reply,genl}.c */
/* libs: -lmnl */
/*
 * What the kernel answers to unetctl: the input is a datagram of netlink
 * messages, or the attributes of one message.
 */
#include <assert.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/reply.c"
#include "tools/unetctl/genl.c"

#define FAMILY	0x1f

static void check_string(const char *text, size_t size)
{
	size_t i;

	assert(strnlen(text, size) < size);
	for (i = 0; text[i]; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static int check(const struct unet_reply *r, void *arg)
{
	(void)arg;
	check_string(r->ifname, sizeof(r->ifname));
	check_string(r->hook, sizeof(r->hook));
	check_string(r->comm, sizeof(r->comm));
	check_string(r->version, sizeof(r->version));
	assert(r->ncounters <= UNET_REPLY_COUNTERS);
	assert(!r->local_addr_len || r->local_addr_len == 4 ||
	       r->local_addr_len == 16);
	return 0;
}

/* A copy of exactly these bytes, so that reading past them is seen. */
static void *exact(const uint8_t *data, size_t size, size_t front)
{
	uint8_t *copy = calloc(1, front + size + !(front + size));

	memcpy(copy + front, data, size);
	return copy;
}

static void fuzz_datagram(const uint8_t *data, size_t size)
{
	static struct unet_genl genl;
	enum progress progress;
	void *copy = exact(data, size, 0);

	memset(&genl, 0, offsetof(struct unet_genl, buf));
	genl.family = FAMILY;
	read_messages(&genl, copy, size, 0, check, NULL, &progress);
	check_string(genl.said, sizeof(genl.said));
	free(copy);
}

static void fuzz_attributes(const uint8_t *data, size_t size)
{
	const size_t front = NLMSG_HDRLEN + GENL_HDRLEN;
	struct nlmsghdr *nlh = exact(data, size, front);
	struct unet_reply reply;

	nlh->nlmsg_len = front + size;
	if (!unet_reply_parse(nlh, &reply))
		check(&reply, NULL);
	free(nlh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_datagram(data, size);
	fuzz_attributes(data, size);
	return 0;
}
