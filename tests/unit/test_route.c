// SPDX-License-Identifier: MIT
/* include: libunet/route.c */
/*
 * Source addresses from the host's routing, asked through a socket that keeps
 * what it was once given, as the kernel's do; and when the answer is asked anew.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "forge.h"
#include "helpers.h"

#define FD	50	/* and FD + 1 for IPv6 */

/* The host: the network is the second byte of an address, its own ends in 1. */
static struct {
	u8 source[2];	/* by family: network it comes from, 0: none yet */
	int opened;
	int asked;
	int connect_error;
	int mtu;
	char dev[16];
} host;

static int fake_socket(int family, int type, int proto)
{
	host.opened++;
	return family == AF_INET ? FD : FD + 1;
}

static int fake_close(int fd)
{
	host.opened--;
	return 0;
}

static int fake_setsockopt(int fd, int level, int name, const void *val,
			   socklen_t len)
{
	if (name == SO_BINDTODEVICE)
		memcpy(host.dev, val, len);
	return 0;
}

static int fake_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	u8 *source = &host.source[fd - FD];

	if (sa->sa_family == AF_UNSPEC) {
		*source = 0;
		return 0;
	}
	host.asked++;
	if (host.connect_error) {
		errno = host.connect_error;
		return -1;
	}
	if (!*source)
		*source = sa->sa_family == AF_INET ?
			  ((const u8 *)&in->sin_addr)[1] :
			  in6->sin6_addr.s6_addr[1];
	return 0;
}

static int fake_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in6 *in6 = (void *)sa;
	struct sockaddr_in *in = (void *)sa;

	if (fd == FD) {
		u8 addr[4] = { 10, host.source[0], 0, 1 };

		memcpy(&in->sin_addr, addr, 4);
	} else {
		struct in6_addr addr = {
			.s6_addr = { 0xfd, host.source[1], [15] = 1 },
		};

		in6->sin6_addr = addr;
	}
	return 0;
}

static int fake_ioctl(int fd, unsigned long request, struct ifreq *ifr)
{
	if (request != SIOCGIFMTU || strcmp(ifr->ifr_name, "eth0"))
		return -1;
	ifr->ifr_mtu = host.mtu;
	return host.mtu ? 0 : -1;
}

#define socket		fake_socket
#define close		fake_close
#define setsockopt	fake_setsockopt
#define connect		fake_connect
#define getsockname	fake_getsockname
#define ioctl		fake_ioctl
#include "libunet/route.c"
#undef socket
#undef close
#undef setsockopt
#undef connect
#undef getsockname
#undef ioctl

static struct unet_route r;

static int set_up(void **state)
{
	memset(&host, 0, sizeof(host));
	unet_route_init(&r, "eth0");
	return 0;
}

static int tear_down(void **state)
{
	unet_route_exit(&r);
	return host.opened;
}

static void expect_source(const char *dst, const char *src, u32 gen)
{
	u8 family = strchr(dst, ':') ? 6 : 4;
	__be32 want[4];
	__be32 got[4];
	__be32 to[4];

	forge_addr(dst, to);
	forge_addr(src, want);
	memset(got, 0xee, sizeof(got));
	assert_int_equal(unet_route_source(&r, gen, family, to, got), 0);
	assert_memory_equal(got, want, sizeof(want));
}

static void each_network_is_reached_from_its_own_address(void **state)
{
	expect_source("10.1.0.9", "10.1.0.1", 1);
	expect_source("10.2.0.9", "10.2.0.1", 1);
	expect_source("fd01::9", "fd01::1", 1);
	expect_source("fd02::9", "fd02::1", 1);
	expect_source("10.1.0.9", "10.1.0.1", 1);
	assert_string_equal(host.dev, "eth0");
	assert_int_equal(host.opened, 2);
}

static void an_answer_is_kept_until_addresses_change(void **state)
{
	expect_source("10.1.0.9", "10.1.0.1", 1);
	expect_source("10.1.0.9", "10.1.0.1", 1);
	assert_int_equal(host.asked, 1);
	expect_source("10.1.0.9", "10.1.0.1", 2);
	assert_int_equal(host.asked, 2);
}

static void what_collides_is_asked_again(void **state)
{
	int i;

	for (i = 0; i < 3 * (int)UNET_ROUTE_CACHE; i++) {
		char dst[32];
		char src[32];

		snprintf(dst, sizeof(dst), "10.%d.0.9", i + 1);
		snprintf(src, sizeof(src), "10.%d.0.1", i + 1);
		expect_source(dst, src, 1);
	}
	expect_source("10.1.0.9", "10.1.0.1", 1);
}

static void no_route_is_an_error_and_not_kept(void **state)
{
	__be32 to[4];
	__be32 src[4];

	forge_addr("10.1.0.9", to);
	host.connect_error = ENETUNREACH;
	assert_int_equal(unet_route_source(&r, 1, 4, to, src), -ENETUNREACH);
	host.connect_error = 0;
	expect_source("10.1.0.9", "10.1.0.1", 1);
}

static void the_mtu_is_the_devices(void **state)
{
	host.mtu = 9000;
	assert_int_equal(unet_route_mtu(&r), 9000);
	host.mtu = 0;
	assert_int_equal(unet_route_mtu(&r), 1500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_network_is_reached_from_its_own_address),
		TEST(an_answer_is_kept_until_addresses_change),
		TEST(what_collides_is_asked_again),
		TEST(no_route_is_an_error_and_not_kept),
		TEST(the_mtu_is_the_devices),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
