/* SPDX-License-Identifier: MIT */
/*
 * A nexus attached, detached and asked by netlink, in the caller's network namespace:
 * what unetctl does, without a program to start.
 */
#ifndef UNET_TEST_NEXUS_H
#define UNET_TEST_NEXUS_H

#include <stdbool.h>

#include "nl.h"
#include "param.h"

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

/* By netfilter's ingress hook, though the rx_handler is free. */
static inline int nexus_attach_ingress(const char *dev)
{
	int err = param_set("prefer_ingress", "Y");

	if (!err)
		err = nexus_attach(dev);
	return param_set("prefer_ingress", "N") ? -EIO : err;
}

static inline int nexus_detach(const char *dev)
{
	return nexus_change(UNET_CMD_NEXUS_DETACH, dev);
}

/* All counters of a nexus, by UNET_CNT_*; @found: there is such a nexus. */
struct nexus_sums {
	bool found;
	uint64_t value[UNET_CNT_COUNT];
};

static inline void nexus_keep_sums(const struct nl_reply *reply, void *arg)
{
	const struct nlattr *sums = reply->attr[UNET_A_COUNTERS];
	struct nexus_sums *all = arg;

	if (!sums || sums->nla_len < NLA_HDRLEN + sizeof(all->value))
		return;
	memcpy(all->value, nl_data(sums), sizeof(all->value));
	all->found = true;
}

static inline struct nexus_sums nexus_counters(const char *dev)
{
	struct nexus_sums all = { 0 };
	struct nl_req r;
	struct nl nl;

	if (nl_open(&nl))
		return all;
	nl_start(&nl, &r, nl.family, NLM_F_DUMP, UNET_CMD_STATS_GET);
	nl_put_str(&r, UNET_A_IFNAME, dev);
	if (nl_ask(&nl, &r, nexus_keep_sums, &all))
		all.found = false;
	close(nl.fd);
	return all;
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
	unsigned int id = nexus_counter_id(name);
	struct nexus_sums all = nexus_counters(dev);

	return id && all.found ? (long long)all.value[id] : -1;
}

#endif
