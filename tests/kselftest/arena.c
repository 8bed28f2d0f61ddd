// SPDX-License-Identifier: MIT
/*
 * Description: the memory of a channel (R6.4, R6.5, R7.2): regions map with
 * their rights and no more, whole or not at all; read-only stays read-only;
 * fork does not inherit; mappings outlive the nexus without harm, and keep a closed
 * channel alive; caps hold by channel and by user, and the memory cgroup is charged.
 */
#include "cgroup.h"
#include "topo.h"
#include "chan.h"
#include "nexus.h"
#include "param.h"
#include "kselftest_harness.h"

#include <setjmp.h>

FIXTURE(arena) {
	struct topo t;
	struct chan c;
};

FIXTURE_SETUP(arena)
{
	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
}

FIXTURE_TEARDOWN(arena)
{
	chan_close(&self->c);
	topo_teardown(&self->t);
}

static int map_errno(int fd, const struct unet_region *r, int prot, int flags,
		     long more_bytes, long more_offset)
{
	void *p = mmap(NULL, r->bytes + more_bytes, prot, flags, fd,
		       r->offset + more_offset);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, r->bytes + more_bytes);
	return 0;
}

TEST_F(arena, defaults_fit_in_8_mib)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++)
		sum += self->c.bind.layout.region[i].bytes;
	EXPECT_GE(8u << 20, sum);
}

TEST_F(arena, read_only_regions_stay_read_only)
{
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		const struct unet_region *r = &self->c.bind.layout.region[i];

		if (r->flags & UNET_REGION_WRITE)
			continue;
		EXPECT_EQ(EACCES, map_errno(self->c.fd, r, PROT_READ | PROT_WRITE,
					    MAP_SHARED, 0, 0));
		EXPECT_EQ(-1, mprotect(self->c.at[i], r->bytes,
				       PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
	}
}

TEST_F(arena, the_rights_are_as_documented)
{
	static const bool writable[UNET_REGION_COUNT] = {
		[UNET_REGION_URING] = true, [UNET_REGION_RX_SMALL] = true,
		[UNET_REGION_RX_LARGE] = true, [UNET_REGION_TX] = true,
	};
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++)
		EXPECT_EQ(writable[i], !!(self->c.bind.layout.region[i].flags &
					  UNET_REGION_WRITE));
}

TEST_F(arena, executable_private_partial_and_outside_are_refused)
{
	const struct unet_region *r = &self->c.bind.layout.region[UNET_REGION_TX];
	struct unet_region none = { .offset = (uint64_t)UNET_REGION_COUNT << 32,
				    .bytes = 4096 };

	EXPECT_EQ(EACCES, map_errno(self->c.fd, r, PROT_READ | PROT_EXEC,
				    MAP_SHARED, 0, 0));
	EXPECT_EQ(EINVAL, map_errno(self->c.fd, r, PROT_READ, MAP_PRIVATE, 0, 0));
	EXPECT_EQ(EINVAL, map_errno(self->c.fd, r, PROT_READ, MAP_SHARED, 4096, 0));
	EXPECT_EQ(EINVAL, map_errno(self->c.fd, r, PROT_READ, MAP_SHARED, -4096, 0));
	EXPECT_EQ(EINVAL, map_errno(self->c.fd, r, PROT_READ, MAP_SHARED, 0, 4096));
	EXPECT_EQ(EINVAL, map_errno(self->c.fd, &none, PROT_READ, MAP_SHARED, 0, 0));
}

TEST_F(arena, mappings_cannot_grow)
{
	const struct unet_region *r = &self->c.bind.layout.region[UNET_REGION_INFO];

	EXPECT_EQ(MAP_FAILED, mremap(self->c.at[UNET_REGION_INFO], r->bytes,
				     r->bytes + 4096, MREMAP_MAYMOVE));
}

TEST_F(arena, a_forked_child_has_no_mapping)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile uint32_t *)&self->c.info->abi);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

TEST_F(arena, memory_starts_zeroed)
{
	const struct unet_region *r = self->c.bind.layout.region;
	unsigned long i, sum = 0;
	int n;

	for (n = UNET_REGION_RX_SMALL; n <= UNET_REGION_TX; n++)
		for (i = 0; i < r[n].bytes; i++)
			sum += ((uint8_t *)self->c.at[n])[i];
	EXPECT_EQ(0, sum);
}

TEST_F(arena, mappings_stay_valid_when_the_nexus_is_detached)
{
	ASSERT_EQ(0, nexus_detach("va"));
	memset(self->c.tx_mem, 0xa5, self->c.bind.layout.region[UNET_REGION_TX].bytes);
	EXPECT_EQ(UNET_ABI_VERSION, self->c.info->abi);
}

#define PORT	7000

/* A datagram from the peer moves the counter of the nexus. */
static bool datagram_counts(int peer, const char *counter)
{
	long long want = nexus_counter("va", counter) + 1;
	int i;

	if (send_to(peer, OUR_V4, PORT, "ping", 4))
		return false;
	for (i = 0; i < 200 && nexus_counter("va", counter) < want; i++)
		usleep(10000);
	return nexus_counter("va", counter) >= want;
}

static void unmap_all_but(struct chan *c, int keep)
{
	int i;

	for (i = 0; i < UNET_REGION_COUNT; i++) {
		if (i == keep || !c->at[i])
			continue;
		munmap(c->at[i], c->bind.layout.region[i].bytes);
		c->at[i] = NULL;
	}
}

TEST_F(arena, a_closed_channel_lives_until_its_last_munmap)
{
	struct unet_flow_req r = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT, NULL, 0);
	int peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);

	ASSERT_GE(peer, 0);
	ASSERT_EQ(0, chan_flow_add(&self->c, &r));
	close(self->c.fd);
	self->c.fd = -1;
	EXPECT_TRUE(datagram_counts(peer, "rx_delivered"));
	ASSERT_NE(NULL, chan_rx_peek(&self->c, 0));
	unmap_all_but(&self->c, UNET_REGION_INFO);
	EXPECT_TRUE(datagram_counts(peer, "rx_delivered"));
	EXPECT_EQ(0, nexus_counter("va", "ch_closed"));
	chan_unmap(&self->c);
	EXPECT_EQ(1, nexus_counter("va", "ch_closed"));
	EXPECT_EQ(1, nexus_counter("va", "flow_removed"));
	EXPECT_TRUE(datagram_counts(peer, "rx_host"));
	close(peer);
}

TEST_F(arena, parameters_out_of_range_name_an_error)
{
	static const struct {
		struct unet_params p;
		int err;
	} bad[] = {
		{ { .rx_slots = 3 }, -EINVAL },
		{ { .tx_slots = 0x80000000 }, -EINVAL },
		{ { .rx_slots = 0xffffffff }, -EINVAL },
		{ { .max_flows = 100 }, -EINVAL },
		{ { .max_flows = 0x20000 }, -EINVAL },
		{ { .rx_small = 0xfffffffe }, -EINVAL },
		{ { .rx_large = 0xfffffffe }, -EINVAL },
		{ { .tx_bufs = 0xffffffff }, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct chan c = { .fd = open(UNET_DEVICE, O_RDWR) };

		EXPECT_EQ(bad[i].err, chan_bind(&c, "va", &bad[i].p))
			TH_LOG("row %u", i);
		/* A refused bind leaves a channel that can still be bound. */
		EXPECT_EQ(0, chan_bind(&c, "va", NULL));
		EXPECT_EQ(-EBUSY, chan_bind(&c, "va", NULL));
		close(c.fd);
	}
}

TEST_F(arena, the_cap_per_channel_holds)
{
	struct unet_query q = { .size = sizeof(q) };
	struct unet_params p = { 0 };
	struct chan c = { .fd = open(UNET_DEVICE, O_RDWR) };

	ASSERT_EQ(0, chan_ioctl(c.fd, UNET_IOC_QUERY, &q));
	p.rx_large = q.max_arena / UNET_RX_LARGE_BYTES;
	EXPECT_EQ(-EDQUOT, chan_bind(&c, "va", &p));
	close(c.fd);
}

/* As an ordinary user: one channel, a second, and one again after a close. */
static int bind_three_times(void)
{
	struct chan a, b;

	if (setgid(65534) || setuid(65534))
		return 100;
	if (chan_open(&a, "va", NULL))
		return 101;
	if (chan_open(&b, "va", NULL) != -EDQUOT)
		return 102;
	chan_close(&b);
	chan_close(&a);
	/* It is given back from a work item. */
	usleep(500 * 1000);
	return chan_open(&a, "va", NULL) ? 103 : 0;
}

TEST_F(arena, the_cap_per_user_holds)
{
	struct chan c;
	int status;
	pid_t pid;

	ASSERT_EQ(0, param_set("user_mib", "16"));
	pid = fork();
	if (!pid)
		_exit(bind_three_times());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	/* Not for whoever may lock memory. */
	EXPECT_EQ(0, chan_open(&c, "va", NULL));
	chan_close(&c);
	ASSERT_EQ(0, param_set("user_mib", "1024"));
}

TEST_F(arena, memory_is_charged_to_the_openers_cgroup)
{
	const char *missing = cgroup_enter();
	long long before, with;
	struct chan c;
	int err;

	if (missing)
		SKIP(return, "%s", missing);
	before = cgroup_bytes();
	err = chan_open(&c, "va", NULL);
	with = cgroup_bytes();
	if (!err)
		chan_close(&c);
	EXPECT_EQ(0, cgroup_leave());
	ASSERT_EQ(0, err);
	EXPECT_LE(0, before);
	EXPECT_LE(7 << 20, with - before);
}

TEST_HARNESS_MAIN
