// SPDX-License-Identifier: MIT
/*
 * The library's calls about packet types: each passes its whole argument to the
 * channel's file with its size, and what the kernel says back, errors and all; every
 * reason has words of its own.
 */
#include <stdarg.h>

#include <errno.h>
#include <sys/ioctl.h>

#include <unet/type.h>

#include "helpers.h"

static unsigned long asked;
static u8 passed[sizeof(struct unet_type_req) + 1];
static u32 passed_bytes;
static int answer;

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	assert_int_equal(fd, 77);
	asked = request;
	passed_bytes = _IOC_SIZE(request);
	memcpy(passed, arg, passed_bytes);
	/* the answer, in its last bytes */
	((u8 *)arg)[passed_bytes - 1] = 0xa5;
	errno = answer;
	return answer ? -1 : 0;
}

#define ioctl(fd, request, arg)	fake_ioctl(fd, request, arg)
#define unet_channel_fd(ch)	77
#include "../../libunet/type.c"
#undef unet_channel_fd
#undef ioctl

static void requests_are_passed_whole_and_answers_back(void **state)
{
	int (*const calls[])(struct unet_channel *, struct unet_type_req *) = {
		unet_type_add, unet_type_modify,
	};
	const unsigned long numbers[] = { UNET_IOC_TYPE_ADD, UNET_IOC_TYPE_MODIFY };
	struct unet_type_req req;
	u32 i;

	for (i = 0; i < 2; i++)
		for (answer = 0; answer < 2; answer++) {
			memset(&req, 0x11 + (int)i, sizeof(req));
			assert_int_equal(calls[i](NULL, &req), -answer);
			assert_int_equal(asked, numbers[i]);
			assert_int_equal(*(u32 *)passed, sizeof(req));
			assert_int_equal(passed[4], 0x11 + i);
			assert_int_equal(passed[sizeof(req) - 1], 0x11 + i);
			assert_int_equal(((u8 *)&req)[sizeof(req) - 1], 0xa5);
		}
}

static void references_are_passed_whole_and_answers_back(void **state)
{
	struct unet_type_ref ref = { .id = 7, .priority = 9 };
	const struct unet_type_ref *seen = (const void *)passed;

	answer = EPERM;
	assert_int_equal(unet_type_priority(NULL, &ref), -EPERM);
	assert_int_equal(asked, UNET_IOC_TYPE_PRIORITY);
	assert_int_equal(seen->size, sizeof(ref));
	assert_int_equal(seen->id, 7);
	assert_int_equal(seen->priority, 9);
	assert_int_equal(ref.member >> 24, 0xa5);
	answer = 0;
	assert_int_equal(unet_type_join(NULL, &ref), 0);
	assert_int_equal(asked, UNET_IOC_TYPE_JOIN);
	assert_int_equal(unet_type_del(NULL, 12), 0);
	assert_int_equal(asked, UNET_IOC_TYPE_DEL);
	assert_int_equal(seen->size, sizeof(ref));
	assert_int_equal(seen->id, 12);
}

static void every_reason_has_words_of_its_own(void **state)
{
	u32 i, j;

	for (i = 0; i < UNET_TYPE_REASON_COUNT; i++) {
		assert_non_null(unet_type_reason_str(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(unet_type_reason_str(i),
						unet_type_reason_str(j));
	}
	assert_string_equal(unet_type_reason_str(UNET_TYPE_NO_CONFLICT),
			    "a rule of another user selects some of the same packets");
	assert_string_equal(unet_type_reason_str(UNET_TYPE_NO_LINK),
			    "the device has no Ethernet header to deliver or send");
	assert_non_null(unet_type_reason_str(UNET_TYPE_REASON_COUNT));
	assert_non_null(unet_type_reason_str(UINT32_MAX));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_passed_whole_and_answers_back),
		cmocka_unit_test(references_are_passed_whole_and_answers_back),
		cmocka_unit_test(every_reason_has_words_of_its_own),
	};

	return unit_run("type", NULL, 0, tests, ARRAY_SIZE(tests));
}
