/* SPDX-License-Identifier: MIT */
/* What unet-ext rewrite does to bytes of packets; they come from anybody. */
#ifndef EXT_EDIT_H
#define EXT_EDIT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * ext_clamp_mss() - make the MSS option of a SYN no larger
 * @hdr:	IP and TCP header
 * @l4:		TCP header from @hdr
 * @end:	bytes of both; no more is read, whatever the options say
 * @mss:	largest
 *
 * Return: it was larger.
 */
bool ext_clamp_mss(uint8_t *hdr, uint32_t l4, uint32_t end, unsigned int mss);

/**
 * ext_mark() - set the DSCP, and leave ECN alone
 * @hdr:	IP header
 * @version:	4 or 6
 * @dscp:	0 to 63
 *
 * Return: it was another one.
 */
bool ext_mark(uint8_t *hdr, int version, unsigned int dscp);

/**
 * ext_substitute() - put one text where the first of another is
 * @p:		bytes
 * @len:	how many
 * @from:	what is looked for, not empty
 * @to:		what stands there then
 * @out:	receives the bytes, @len - strlen(@from) + strlen(@to) of them
 * @room:	at @out
 *
 * Return: how many, 0 too; -1: @from is not there, or there is no room.
 */
int32_t ext_substitute(const uint8_t *p, uint32_t len, const char *from,
		       const char *to, uint8_t *out, uint32_t room);

#endif
