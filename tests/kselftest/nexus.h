/* SPDX-License-Identifier: MIT */
/*
 * A nexus attached, detached and asked by netlink, in the caller's network namespace:
 * what unetctl does, without a program to start.
 */
#ifndef UNET_TEST_NEXUS_H
#define UNET_TEST_NEXUS_H

#include <fcntl.h>

#include "nl.h"

/* Return: 0, or -errno; why is printed. */
static inline int nexus_change(uint8_t cmd, const char *dev)
{
	struct nl nl;
	int err = nl_open(&nl);

	if (err)
		return err;
	err = nl_device(&nl, cmd, dev, NULL, NULL);
	if (err)
		printf("# netlink: %s\n", nl.said);
	close(nl.fd);
	return err;
}

static inline int nexus_attach(const char *dev)
{
	return nexus_change(UNET_CMD_NEXUS_ATTACH, dev);
}

static inline int nexus_prefer_ingress(char yes)
{
	int fd = open("/sys/module/unet/parameters/prefer_ingress",
		      O_WRONLY | O_CLOEXEC);
	int err = write(fd, &yes, 1) == 1 ? 0 : -EIO;

	close(fd);
	return err;
}

/* By netfilter's ingress hook, though the rx_handler is free. */
static inline int nexus_attach_ingress(const char *dev)
{
	int err = nexus_prefer_ingress('Y');

	if (!err)
		err = nexus_attach(dev);
	return nexus_prefer_ingress('N') ? -EIO : err;
}

static inline int nexus_detach(const char *dev)
{
	return nexus_change(UNET_CMD_NEXUS_DETACH, dev);
}

struct nexus_sum {
	unsigned int id;
	long long value;
};

static inline void nexus_keep_sum(const struct nl_reply *reply, void *arg)
{
	const struct nlattr *sums = reply->attr[UNET_A_COUNTERS];
	struct nexus_sum *sum = arg;
	uint64_t v;

	if (!sums || sums->nla_len < NLA_HDRLEN + (sum->id + 1) * sizeof(v))
		return;
	memcpy(&v, (const uint8_t *)nl_data(sums) + sum->id * sizeof(v), sizeof(v));
	sum->value = v;
}

/* Its name's number, 0: there is none. */
static inline unsigned int nexus_counter_id(const char *name)
{
#define NEXUS_COUNTER(id, name, text)	[UNET_CNT_##id] = name,
	static const char *const names[] = { UNET_COUNTERS(NEXUS_COUNTER) };
#undef NEXUS_COUNTER
	unsigned int i;

	for (i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return i;
	return 0;
}

/* One counter of a nexus; -1: there is none, or no such nexus. */
static inline long long nexus_counter(const char *dev, const char *name)
{
	struct nexus_sum sum = { nexus_counter_id(name), -1 };
	struct nl_req r;
	struct nl nl;

	if (!sum.id || nl_open(&nl))
		return -1;
	nl_start(&nl, &r, nl.family, NLM_F_DUMP, UNET_CMD_STATS_GET);
	nl_put_str(&r, UNET_A_IFNAME, dev);
	if (nl_ask(&nl, &r, nexus_keep_sum, &sum))
		sum.value = -1;
	close(nl.fd);
	return sum.value;
}

#endif
