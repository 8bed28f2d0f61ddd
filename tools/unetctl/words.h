/* SPDX-License-Identifier: MIT */
/*
 * The words that stand for numbers of the ABI, in tables and in JSON alike.
 */
#ifndef UNETCTL_WORDS_H
#define UNETCTL_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Room for any word. */
#define UNET_WORD_BYTES		24

/**
 * typedef unet_word_fn - the word for a number
 * @n:   of the ABI
 * @buf: UNET_WORD_BYTES bytes, used for numbers that have no word
 *
 * Return: the word, never NULL: a number without one is printed as itself.
 */
typedef const char *unet_word_fn(uint64_t n, char *buf);

unet_word_fn unet_word_flow_state;	/* enum unet_flow_state */
unet_word_fn unet_word_channel_state;	/* enum unet_channel_state */
unet_word_fn unet_word_reason;		/* enum unet_poison_reason */
unet_word_fn unet_word_event;		/* enum unet_event */
unet_word_fn unet_word_family;		/* AF_* */
unet_word_fn unet_word_proto;		/* IPPROTO_* */
unet_word_fn unet_word_counter;		/* enum unet_counter */
unet_word_fn unet_word_layer;		/* enum unet_type_layer */
unet_word_fn unet_word_action;		/* enum unet_type_action */
unet_word_fn unet_word_direction;	/* UNET_TYPE_RX, UNET_TYPE_TX */

/**
 * unet_word_reason_text() - what a poisoned channel's program did, a sentence
 * @reason: enum unet_poison_reason
 *
 * Return: constant text, "" for a reason this tool does not know.
 */
const char *unet_word_reason_text(uint32_t reason);

/**
 * unet_word_counter_text() - what a counter counts
 * @counter: enum unet_counter
 *
 * Return: constant text, "" for a counter this tool does not know.
 */
const char *unet_word_counter_text(uint32_t counter);

#endif
