/* SPDX-License-Identifier: MIT */
/*
 * An extension: a process in flows of others, by a grant of the administrator
 * (unetctl intermediary grant). It sees packets that the kernel holds, and says what
 * is to become of each.
 *
 * A grant ends with its nexus: when that is detached the claim ends as if the grant had
 * been revoked (-EIO, UNET_POISON_INTER_REVOKED), and what is held is dropped. One that is
 * made after the next attach has another number.
 *
 *	struct unet_intermediary *im = unet_intermediary_open(grant, NULL);
 *	int err = im ? 0 : -errno;
 *
 *	while (!err || err == -EINTR || err == -EAGAIN)
 *		err = unet_intermediary_run(im, -1, look, NULL);
 */
#ifndef UNET_INTERMEDIARY_H
#define UNET_INTERMEDIARY_H

#include <stddef.h>
#include <stdint.h>
#include <linux/unet.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct unet_intermediary;

/**
 * struct unet_inter_packet - a held packet, as far as the grant shows it
 * @token:	names it in verdicts
 * @flow:	number of its flow
 * @outbound:	sent by the flow's owner; else received for it
 * @data:	from the IP header on; valid until the function that was given it
 *		returns
 * @len:	bytes at @data; without the right to observe payload those of the headers, of
 *		a super packet those of all its segments behind one header
 * @l4_offset:	L4 header from @data
 * @segments:	packets it is on the wire
 * @seg_size:	payload bytes of each, of a super packet; else 0
 * @tstamp:	CLOCK_MONOTONIC ns when the first of its batch came
 */
struct unet_inter_packet {
	uint64_t token;
	uint32_t flow;
	int outbound;
	const uint8_t *data;
	uint32_t len;
	uint32_t l4_offset;
	uint32_t segments;
	uint32_t seg_size;
	uint64_t tstamp;
};

/* Returned instead of enum unet_inter_action: answered already, or later. */
#define UNET_VERDICT_LATER	(-1)

/**
 * typedef unet_inter_fn - look at a packet
 * @im:		the intermediary
 * @packet:	see there
 * @arg:	as given
 *
 * Return: UNET_VERDICT_ACCEPT, _DROP, _DUPLICATE or _REDIRECT; or UNET_VERDICT_LATER after
 * unet_intermediary_mark(), _ttl() or _change() with UNET_VERDICT_MODIFY, or to answer in
 * time with unet_intermediary_answer(). After _change() with UNET_VERDICT_INJECT the packet
 * stays held: return its own verdict.
 */
typedef int (*unet_inter_fn)(struct unet_intermediary *im,
			     const struct unet_inter_packet *packet, void *arg);

/**
 * unet_intermediary_open() - claim a grant
 * @grant: its number
 * @params: wanted sizes of rings and buffers, NULL or 0 fields for defaults
 *
 * Return: the intermediary; or NULL with errno, and a sentence in
 * unet_error_detail().
 */
struct unet_intermediary *
unet_intermediary_open(uint32_t grant, const struct unet_params *params);

/**
 * unet_intermediary_close() - give it up; what it holds goes by the grant's policy
 * @im: NULL is allowed
 */
void unet_intermediary_close(struct unet_intermediary *im);

/**
 * unet_intermediary_terms() - what was granted: the answers of the claim
 * @im: the intermediary
 */
const struct unet_inter_open *
unet_intermediary_terms(const struct unet_intermediary *im);

/**
 * unet_intermediary_fd() - descriptor: poll it for POLLIN
 * @im: the intermediary
 */
int unet_intermediary_fd(const struct unet_intermediary *im);

/**
 * unet_intermediary_run() - one turn: packets in, verdicts out
 * @im: the intermediary
 * @timeout_ms: longest sleep when there is none, -1: for ever
 * @fn: called once for each packet that came
 * @arg: for @fn
 *
 * Verdicts that follow each other and say the same go as one; one system call takes
 * all there are.
 *
 * Return: 0; -EIO: the kernel ended the claim, see unet_intermediary_reason(), also for a
 * grant that was revoked or whose nexus is gone; -EINTR: a signal came; -EAGAIN: the kernel
 * takes no more verdicts now. After these two nothing is lost, but there may be packets that
 * were not shown, and verdicts not sent: call again, soon. That turn sends them, what @fn
 * returned last included, and goes on with the packet behind.
 */
int unet_intermediary_run(struct unet_intermediary *im, int timeout_ms,
			  unet_inter_fn fn, void *arg);

/**
 * unet_intermediary_answer() - say what is to become of a packet
 * @im: the intermediary
 * @token: of the packet
 * @action: UNET_VERDICT_ACCEPT, _DROP, _DUPLICATE or _REDIRECT
 *
 * Goes out with the next turn, or with unet_intermediary_flush().
 *
 * Return: 0; -EAGAIN: the kernel takes no more now; or as unet_intermediary_run(). If it is
 * not 0, this was not said; what was said before stays so.
 */
int unet_intermediary_answer(struct unet_intermediary *im, uint64_t token,
			     int action);

/**
 * unet_intermediary_mark() - accept a packet, with another traffic class
 * @im: the intermediary
 * @token: of the packet
 * @mask: bits of it to change: 0xfc the DSCP (RFC 2474), 0x03 ECN (RFC 3168)
 * @tos: what they become; others are ignored
 *
 * Needs the right to modify headers. The kernel writes the bits: marks that follow each
 * other and are the same go as one, however many packets they are about, which costs far
 * less than a header for each by unet_intermediary_change(). A packet that there is no
 * memory to mark goes on as it was (UNET_INTER_CNT_NO_MEMORY of the grant).
 *
 * Return: 0; -EINVAL: @mask is 0; -EOPNOTSUPP: the module is older than marks, and
 * nothing was said; or as unet_intermediary_answer().
 */
int unet_intermediary_mark(struct unet_intermediary *im, uint64_t token,
			   uint8_t mask, uint8_t tos);

/**
 * unet_intermediary_ttl() - accept a packet, with another time to live
 * @im: the intermediary
 * @token: of the packet
 * @ttl: it, or IPv6's hop limit; not 0
 *
 * A mark as unet_intermediary_mark() makes it, in all that is said there.
 *
 * Return: 0; -EINVAL: @ttl is 0; -EOPNOTSUPP: the module is older than that, and nothing
 * was said; or as unet_intermediary_answer().
 */
int unet_intermediary_ttl(struct unet_intermediary *im, uint64_t token, uint8_t ttl);

/**
 * unet_intermediary_change() - other bytes for a packet, or a packet before it
 * @im: the intermediary
 * @token: of the packet
 * @action: UNET_VERDICT_MODIFY or UNET_VERDICT_INJECT
 * @header: IP and L4 header, whole
 * @header_len: bytes of it
 * @payload: what follows; NULL with @payload_len 0: none. MODIFY without the right
 *           to modify payload gives none, and the packet keeps its own
 * @payload_len: bytes of it
 *
 * With UNET_VERDICT_INJECT the packet of @token stays held, and is still to be answered.
 *
 * A packet that came damaged, or as one that cannot be sent (UNET_INTER_CNT_BAD_CSUM,
 * _UNSENDABLE), cannot be changed, nor can any without memory (_NO_MEMORY). That is no
 * fault of who asks, and known only when the kernel has taken the change: such a packet
 * is dropped, with the right to drop; else it goes on as it was. What is refused for
 * another reason stays held.
 *
 * A header for the packet that is being shown, of TCP or UDP, that differs from it in no
 * more than the traffic class and the time to live is said as a mark, where the grant lets
 * neither modify payload nor drop. That costs less, and any packet can be marked.
 *
 * Return: 0; -EMSGSIZE: more than a packet, or than TX memory, can have; -EAGAIN: no room
 * for it now; or as unet_intermediary_answer().
 */
int unet_intermediary_change(struct unet_intermediary *im, uint64_t token,
			     int action, const void *header, uint32_t header_len,
			     const void *payload, uint32_t payload_len);

/**
 * unet_intermediary_flush() - let the kernel take the verdicts said so far
 * @im: the intermediary
 *
 * Return: as unet_intermediary_run(); what was not taken goes with the next turn.
 */
int unet_intermediary_flush(struct unet_intermediary *im);

/**
 * unet_intermediary_refused() - verdicts that the kernel refused
 * @im: the intermediary
 * @why: enum unet_inter_stat, or 0: all
 */
uint64_t unet_intermediary_refused(const struct unet_intermediary *im,
				   uint32_t why);

/**
 * unet_intermediary_reason() - why the claim ended, enum unet_poison_reason
 * @im: the intermediary
 */
uint32_t unet_intermediary_reason(const struct unet_intermediary *im);

/**
 * unet_intermediary_whose() - whose flow is it?
 * @im: the intermediary
 * @flow: of a packet
 * @whose: receives what the grant lets see, see linux/unet.h
 *
 * Return: 0, -ENOENT: the grant is in no such flow (any more), -EIO: the claim has ended.
 */
int unet_intermediary_whose(struct unet_intermediary *im, uint32_t flow,
			    struct unet_inter_flow *whose);

/**
 * unet_inter_stat_text() - what an enum unet_inter_stat counts, never NULL
 * @stat: of the kernel
 */
const char *unet_inter_stat_text(uint32_t stat);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
