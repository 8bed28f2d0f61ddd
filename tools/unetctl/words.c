// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include <linux/unet.h>

#include "words.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const char *word(const char *const *words, size_t nwords, uint64_t n,
			char *buf)
{
	if (n < nwords && words[n])
		return words[n];
	snprintf(buf, UNET_WORD_BYTES, "%" PRIu64, n);
	return buf;
}

const char *unet_word_flow_state(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_FLOW_STATE_LISTEN] = "listen",
		[UNET_FLOW_STATE_OPEN] = "est",
		[UNET_FLOW_STATE_CLOSING] = "closing",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_channel_state(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_CHANNEL_UNBOUND] = "unbound",
		[UNET_CHANNEL_LIVE] = "live",
		[UNET_CHANNEL_POISONED] = "poisoned",
		[UNET_CHANNEL_DETACHED] = "detached",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_reason(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_POISON_NONE] = "none",
		[UNET_POISON_RX_CURSOR] = "rx_cursor",
		[UNET_POISON_DONE_CURSOR] = "done_cursor",
		[UNET_POISON_TX_CURSOR] = "tx_cursor",
		[UNET_POISON_FREE_CURSOR] = "free_cursor",
		[UNET_POISON_FREE_INDEX] = "free_index",
		[UNET_POISON_TX_ABUSE] = "tx_abuse",
		[UNET_POISON_INTER_ABUSE] = "inter_abuse",
		[UNET_POISON_INTER_REVOKED] = "inter_revoked",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_reason_text(uint32_t reason)
{
	static const char *const texts[] = {
		[UNET_POISON_NONE] = "",
		[UNET_POISON_RX_CURSOR] = "took more of RX than was there",
		[UNET_POISON_DONE_CURSOR] = "took more of DONE than was there",
		[UNET_POISON_TX_CURSOR] = "put more on TX than it holds",
		[UNET_POISON_FREE_CURSOR] = "put more on FREE than it holds",
		[UNET_POISON_FREE_INDEX] = "gave back a buffer it did not have",
		[UNET_POISON_TX_ABUSE] = "made too many refused sends",
		[UNET_POISON_INTER_ABUSE] = "broke the terms of its grant too often",
		[UNET_POISON_INTER_REVOKED] = "had its grant revoked",
	};

	return reason < COUNT(texts) ? texts[reason] : "";
}

const char *unet_word_event(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_EVENT_ATTACHED] = "attached",
		[UNET_EVENT_DETACHED] = "detached",
		[UNET_EVENT_POISONED] = "poisoned",
		[UNET_EVENT_OWNER_DIED] = "owner_died",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_family(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[AF_INET] = "inet",
		[AF_INET6] = "inet6",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_proto(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_layer(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_TYPE_ETHERTYPE] = "ethertype",
		[UNET_TYPE_PROTO] = "protocol",
		[UNET_TYPE_PORT] = "port",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_action(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_TYPE_DELIVER] = "deliver",
		[UNET_TYPE_DROP] = "drop",
		[UNET_TYPE_HOST] = "host",
		[UNET_TYPE_BPF] = "bpf",
		[UNET_TYPE_EXTENSION] = "extension",
	};

	return word(words, COUNT(words), n, buf);
}

const char *unet_word_direction(uint64_t n, char *buf)
{
	static const char *const words[] = {
		[UNET_TYPE_RX] = "rx",
		[UNET_TYPE_TX] = "tx",
		[UNET_TYPE_RX | UNET_TYPE_TX] = "both",
	};

	return word(words, COUNT(words), n, buf);
}

#define COUNTER_NAME(id, name, text)	[UNET_CNT_##id] = name,
#define COUNTER_TEXT(id, name, text)	[UNET_CNT_##id] = text,

const char *unet_word_counter(uint64_t n, char *buf)
{
	static const char *const words[] = { UNET_COUNTERS(COUNTER_NAME) };

	if (n < COUNT(words) && words[n])
		return words[n];
	snprintf(buf, UNET_WORD_BYTES, "counter_%" PRIu64, n);
	return buf;
}

const char *unet_word_counter_text(uint32_t counter)
{
	static const char *const texts[] = { UNET_COUNTERS(COUNTER_TEXT) };

	return counter && counter < COUNT(texts) ? texts[counter] : "";
}
