/* SPDX-License-Identifier: MIT */
/*
 * Offloads of a device by ioctl: what ethtool -K does, which costs an emulated machine half
 * a second.
 */
#ifndef UNET_TEST_FEATURE_H
#define UNET_TEST_FEATURE_H

#include <fnmatch.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "rtnl.h"
#include "topo.h"

#define FEATURES	256	/* more than any kernel has */

static inline int feature_ask(const char *dev, void *request)
{
	struct ifreq ifr = { .ifr_data = request };

	return rtnl_ioctl(dev, SIOCETHTOOL, &ifr);
}

/* The names of all features in their order; how many, or -errno. */
static inline int feature_names(const char *dev, struct ethtool_gstrings *names)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} sets = { .info = { .cmd = ETHTOOL_GSSET_INFO,
			     .sset_mask = 1ull << ETH_SS_FEATURES } };
	int err = feature_ask(dev, &sets);

	if (err || sets.count > FEATURES)
		return err ?: -E2BIG;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = sets.count;
	return feature_ask(dev, names) ?: (int)sets.count;
}

struct feature_set {
	struct ethtool_sfeatures head;
	struct ethtool_set_features_block block[FEATURES / 32];
};

/*
 * Of those that are not fixed one is on, as one of a kind may be; or all are off: else
 * -EBUSY.
 */
static inline int feature_check(const char *dev, const struct feature_set *wish, bool on)
{
	struct {
		struct ethtool_gfeatures head;
		struct ethtool_get_features_block block[FEATURES / 32];
	} now = { .head = { .cmd = ETHTOOL_GFEATURES, .size = wish->head.size } };
	int err = feature_ask(dev, &now);
	bool any = false;
	uint32_t i;

	for (i = 0; i < wish->head.size; i++)
		any |= now.block[i].active & wish->block[i].valid &
		       ~now.block[i].never_changed;
	return err ?: any == on ? 0 : -EBUSY;
}

/*
 * Features of @dev with a name like @pattern, on or off: "rx-gro", "tx-checksum-*",
 * "tx-tcp*". Those that are fixed stay. Return: 0 or -errno; -ENOENT: there is none;
 * -EBUSY: the kernel would not, for another feature's sake.
 */
static inline int feature_set(const char *dev, const char *pattern, bool on)
{
	struct {
		struct ethtool_gstrings head;
		char name[FEATURES][ETH_GSTRING_LEN];
	} all = { 0 };
	struct feature_set set = { .head = { .cmd = ETHTOOL_SFEATURES } };
	int i, n = feature_names(dev, &all.head), found = 0;

	if (n < 0)
		return n;
	set.head.size = (n + 31) / 32;
	for (i = 0; i < n; i++) {
		if (fnmatch(pattern, all.name[i], 0))
			continue;
		found++;
		set.block[i / 32].valid |= 1u << i % 32;
		if (on)
			set.block[i / 32].requested |= 1u << i % 32;
	}
	if (!found)
		return -ENOENT;
	return feature_ask(dev, &set) ?: feature_check(dev, &set, on);
}

/* The same of the peer's "vb". */
static inline int feature_set_peer(struct topo *t, const char *pattern, bool on)
{
	int err;

	if (setns(t->ns_peer, CLONE_NEWNET))
		return -errno;
	err = feature_set("vb", pattern, on);
	if (setns(t->ns_ours, CLONE_NEWNET))
		abort();
	return err;
}

#define TX_SUMS	"tx-checksum-*"
#define GRO	"rx-gro"
#define TSO	"tx-tcp*"
#define USO	"tx-udp-segmentation"

#endif
