// SPDX-License-Identifier: MIT
/*
 * IPv4, RFC 791 as RFC 1122 section 3.2.1 has it for hosts.
 */
#include "core/csum.h"
#include "core/wire.h"
#include "ip_reass.h"
#include "ip_version.h"
#include "stack.h"

#define OPT_END		0
#define OPT_NOP		1
#define OPT_LSRR	131
#define OPT_SSRR	137

static struct unet_pkt *drop(struct unet_stack *st, struct unet_pkt *pkt,
			     enum unet_stack_counter why)
{
	unet_count(st, why);
	unet_pkt_free(pkt);
	return NULL;
}

/* Lengths must add up; source routes are refused (RFC 7126 section 4.3). */
static bool options_ok(const u8 *at, u32 len)
{
	while (len) {
		u32 n;

		if (*at == OPT_END)
			return true;
		if (*at == OPT_NOP) {
			at++;
			len--;
			continue;
		}
		if (*at == OPT_LSRR || *at == OPT_SSRR || len < 2)
			return false;
		n = at[1];
		if (n < 2 || n > len)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

static void read_header(const u8 *h, u32 header, u32 total,
			struct unet_ip_info *info)
{
	memset(info->src, 0, sizeof(info->src));
	memset(info->dst, 0, sizeof(info->dst));
	info->family = 4;
	info->tos = h[1];
	info->ttl = h[8];
	info->proto = h[9];
	info->src[0] = unet_load_be32(h + 12);
	info->dst[0] = unet_load_be32(h + 16);
	info->l4_len = total - header;
}

/* Everything that can be wrong with the header; 0 when nothing is. */
static int check_header(const struct unet_stack *st, struct unet_pkt *pkt,
			struct unet_ip_info *info, u32 *header)
{
	u32 total;
	u32 n;

	if (unet_pkt_linear(pkt, UNET_IP4_HEADER))
		return UNET_STAT_IP_TRUNCATED;
	n = (pkt->data[0] & 15u) * 4;
	total = unet_load_u16(pkt->data + 2);
	/* the host's own super packets may be longer than the field can say */
	if (!total && pkt->total > 0xffff)
		total = pkt->total;
	if (n < UNET_IP4_HEADER || total < n)
		return UNET_STAT_IP_MALFORMED;
	if (total > pkt->total || unet_pkt_linear(pkt, n))
		return UNET_STAT_IP_TRUNCATED;
	if (!(pkt->flags & UNET_PF_CSUM_OK) &&
	    unet_csum_finish(unet_csum_add(pkt->data, n, 0)))
		return UNET_STAT_IP_BAD_CSUM;
	if (n > UNET_IP4_HEADER &&
	    !options_ok(pkt->data + UNET_IP4_HEADER, n - UNET_IP4_HEADER))
		return UNET_STAT_IP_BAD_OPTION;
	read_header(pkt->data, n, total, info);
	if (total < pkt->total)
		unet_pkt_trim(pkt, total);
	*header = n;
	return unet_ip_addr_ok(st, pkt, info) ? 0 : UNET_STAT_IP_NOT_OURS;
}

/**
 * unet_ip4_input() - check and take off the IPv4 header
 * @st: the stack
 * @pkt: data at the header; taken over
 * @info: filled in
 *
 * Return: the packet, data at the L4 header and trimmed; NULL when it was
 * dropped or waits for other fragments.
 */
struct unet_pkt *unet_ip4_input(struct unet_stack *st, struct unet_pkt *pkt,
				struct unet_ip_info *info)
{
	struct unet_frag frag;
	u32 header;
	u16 word;
	int why = check_header(st, pkt, info, &header);

	if (why)
		return drop(st, pkt, why);
	word = unet_load_u16(pkt->data + 6);
	frag.id = unet_load_u16(pkt->data + 4);
	/* errors are looked at with the header before them */
	if (info->proto == UNET_PROTO_ICMP)
		unet_pkt_linear(pkt, min(pkt->total, UNET_ICMP_MAX_NEED));
	pkt->l3_offset = (u16)(pkt->len > header ? header : 0);
	unet_pkt_pull(pkt, header);
	if (!(word & (UNET_IP4_MF | UNET_IP4_OFFSET)))
		return pkt;
	frag.offset = (word & UNET_IP4_OFFSET) * 8;
	frag.more = word & UNET_IP4_MF;
	pkt = unet_reass_add(st, pkt, info, &frag);
	return pkt ? unet_ip_whole(st, pkt, info) : NULL;
}

/**
 * unet_ip4_build() - write a header
 * @at: where to, UNET_IP4_HEADER bytes
 * @key: addresses and protocol
 * @out: TOS and TTL
 * @total: bytes of the packet with the header
 *
 * All we send may not be fragmented, so the identification means nothing
 * (RFC 6864) and stays zero; the checksum is the backend's.
 */
void unet_ip4_build(u8 *at, const struct unet_flow_key *key,
		    const struct unet_ip_out *out, u32 total)
{
	at[0] = 0x45;
	at[1] = out->tos;
	unet_store_u16(at + 2, (u16)total);
	unet_store_u16(at + 4, 0);
	unet_store_u16(at + 6, UNET_IP4_DF);
	at[8] = out->ttl ? out->ttl : UNET_IP_DEFAULT_TTL;
	at[9] = key->proto;
	unet_store_u16(at + 10, 0);
	memcpy(at + 12, key->local, 4);
	memcpy(at + 16, key->remote, 4);
}
