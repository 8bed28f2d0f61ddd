// SPDX-License-Identifier: MIT
/*
 * Door: packet type rules, from ioctls and netlink, and the packets and sends they
 * are held against. Whatever passes as sound can be compiled and compared, unless too
 * many wait behind each other, of ordinary users half as many; the walk finds what asking
 * each rule in turn finds; what may be sent is the rule's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/type_match.h"
#include "core/wire.h"

#define RULES	32

struct input {
	const uint8_t *data;
	size_t left;
};

/* The next bytes of the input, zero behind its end. */
static void take(struct input *in, void *to, size_t bytes)
{
	size_t n = bytes < in->left ? bytes : in->left;

	memset(to, 0, bytes);
	memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
}

static uint8_t take_byte(struct input *in)
{
	uint8_t byte;

	take(in, &byte, 1);
	return byte;
}

/* All of the members; of the patterns as many as the input says. */
static void take_spec(struct input *in, struct unet_type_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	take(in, spec, offsetof(struct unet_type_spec, local));
	if (take_byte(in) & 1)
		take(in, spec->local, sizeof(spec->local) + sizeof(spec->remote));
	if (take_byte(in) & 1)
		take(in, spec->extension, sizeof(spec->extension));
	if (take_byte(in) & 1)
		take(in, spec->pattern, sizeof(spec->pattern));
}

static int by_order(const void *a, const void *b)
{
	return unet_type_rule_cmp(*(const struct unet_type_rule *const *)a,
				  *(const struct unet_type_rule *const *)b);
}

static void pairs(const struct unet_type_rule *rule, u32 num)
{
	u32 i, j;

	for (i = 0; i < num; i++)
		for (j = 0; j < num; j++) {
			bool same = unet_type_rule_same(&rule[i], &rule[j]);
			bool overlap = unet_type_rule_overlap(&rule[i], &rule[j]);

			if (same != unet_type_rule_same(&rule[j], &rule[i]) ||
			    overlap != unet_type_rule_overlap(&rule[j], &rule[i]))
				abort();
			if (same && !overlap)
				abort();
			if (overlap && rule[i].layer == rule[j].layer &&
			    !unet_type_rule_shares(&rule[i], &rule[j]))
				abort();
		}
}

static bool number_fits(const struct unet_type_rule *r, u32 n)
{
	return n >= r->first && n <= r->last;
}

static bool bits_fit(const __be32 *a, const __be32 *b, u32 bits)
{
	u32 i;

	for (i = 0; i < bits; i++)
		if ((((const u8 *)a)[i / 8] ^ ((const u8 *)b)[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool selects(const struct unet_type_rule *r, bool tx,
		    const struct unet_flow_key *key)
{
	if (!(r->direction & (tx ? UNET_TYPE_TX : UNET_TYPE_RX)))
		return false;
	if (r->layer == UNET_TYPE_ETHERTYPE)
		return false;
	if (r->layer == UNET_TYPE_PROTO ? !number_fits(r, key->proto) :
	    (r->proto != key->proto || !number_fits(r, be16_to_cpu(key->local_port))))
		return false;
	return !r->family || (r->family == key->family &&
			      bits_fit(r->local, key->local, r->local_bits) &&
			      bits_fit(r->remote, key->remote, r->remote_bits));
}

/* Whom it selects, nothing else is asked about: of a send, if the rule is no user's. */
static bool decides(const struct unet_type_rule *r, bool tx)
{
	return !r->num_patterns && !(r->flags & UNET_TYPE_LOCAL_ONLY) &&
	       !(tx && r->user);
}

static void walk_key(const struct unet_type_set *set, struct input *in)
{
	bool decided[UNET_TYPE_LAYER_COUNT] = { false };
	struct unet_flow_key key;
	struct unet_type_walk walk;
	bool tx = take_byte(in) & 1;
	u32 i;

	take(in, &key, sizeof(key));
	key.mask = key.proto == 6 || key.proto == 17 ? UNET_MASK_5TUPLE :
						       UNET_MASK_IP_BOTH;
	unet_type_walk_key(&walk, set, tx, &key);
	for (i = 0; i < set->num; i++) {
		const struct unet_type_rule *r = set->rule[i];

		if (decided[r->layer] || !selects(r, tx, &key))
			continue;
		if (unet_type_walk_next(&walk) != r)
			abort();
		decided[r->layer] = decides(r, tx) && !r->family;
	}
	if (unet_type_walk_next(&walk))
		abort();
}

/* Numbers that rules begin and end with say more than others. */
static u16 take_ethertype(const struct unet_type_set *set, struct input *in)
{
	u8 which = take_byte(in);
	u16 number;

	take(in, &number, sizeof(number));
	if (!set->num || which & 1)
		return number;
	which >>= 1;
	return which & 1 ? set->rule[which / 2 % set->num]->first :
			   set->rule[which / 2 % set->num]->last;
}

static void walk_frame(const struct unet_type_set *set, struct input *in)
{
	bool tx = take_byte(in) & 1, decided = false;
	u16 ethertype = take_ethertype(set, in);
	struct unet_type_walk walk;
	u32 i;

	unet_type_walk_frame(&walk, set, tx, ethertype);
	for (i = 0; i < set->num && !decided; i++) {
		const struct unet_type_rule *r = set->rule[i];

		if (r->layer != UNET_TYPE_ETHERTYPE || !number_fits(r, ethertype) ||
		    !(r->direction & (tx ? UNET_TYPE_TX : UNET_TYPE_RX)))
			continue;
		if (unet_type_walk_next(&walk) != r)
			abort();
		decided = decides(r, tx);
	}
	if (unet_type_walk_next(&walk))
		abort();
}

/* Of those that wait for a number only half are ordinary users'. */
static void check_room(const struct unet_type_set *set)
{
	const struct unet_type_table *table = set->table[0];
	const struct unet_type_table *end = table + 2 * UNET_KIND_COUNT;
	u32 i, j, users;

	for (; table < end; table++)
		for (i = 0; i < table->num; i++) {
			for (j = 0, users = 0; j < table->span[i].count; j++)
				users += set->rule[table->span[i].rule[j]]->user;
			if (j > UNET_TYPE_OVERLAP || users > UNET_TYPE_OVERLAP_USERS)
				abort();
		}
}

/* Whoever finds no room comes behind as many as there may be, a user's or all. */
static void check_culprit(const struct unet_type_set *set, u32 culprit)
{
	u32 i, all = 0, users = 0;

	if (culprit >= set->num)
		abort();
	for (i = 0; i < culprit; i++) {
		if (!unet_type_rule_shares(set->rule[i], set->rule[culprit]))
			continue;
		all++;
		users += set->rule[i]->user;
	}
	if (all < UNET_TYPE_OVERLAP &&
	    !(set->rule[culprit]->user && users >= UNET_TYPE_OVERLAP_USERS))
		abort();
}

static void send(const struct unet_type_rule *r, struct input *in)
{
	u32 len = take_byte(in) % (UNET_TX_MAX_HEADER + 1);
	u32 total = len + take_byte(in) * 8;
	u16 seg_size = take_byte(in) & 1 ? 1000 : 0;
	struct unet_tx_info info;
	u8 *hdr = malloc(len), mac[6];

	take(in, mac, sizeof(mac));
	take(in, hdr, len);
	if (r->layer == UNET_TYPE_ETHERTYPE) {
		if (!unet_type_frame_check(r, hdr, len, total, seg_size, mac, 1514,
					   &info) &&
		    (memcmp(hdr + 6, mac, 6) || info.family || total > 1514 ||
		     !number_fits(r, hdr[12] << 8 | hdr[13])))
			abort();
	} else if (!unet_type_send_check(r, hdr, len, total, seg_size, &info)) {
		if (r->layer == UNET_TYPE_PORT ?
		    info.proto != r->proto ||
		    !number_fits(r, be16_to_cpu(info.src_port)) :
		    !number_fits(r, info.proto))
			abort();
		if (r->family && r->family != info.family)
			abort();
		if (info.family == 6 && unet_ip6_extension(info.proto))
			abort();
		if (!bits_fit(r->local, info.src, r->local_bits) ||
		    !bits_fit(r->remote, info.dst, r->remote_bits))
			abort();
	}
	free(hdr);
}

static void patterns(const struct unet_type_rule *r)
{
	u32 i;

	for (i = 0; i < r->num_patterns; i++) {
		u8 *bytes = malloc(r->pattern[i].bytes);

		memcpy(bytes, r->pattern[i].value, r->pattern[i].bytes);
		if (!unet_pattern_holds(&r->pattern[i], bytes))
			abort();
		free(bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u32 marks[UNET_TYPE_MARK_WORDS];
	const struct unet_type_rule *in_order[RULES];
	struct unet_type_rule rule[RULES];
	struct input in = { data, size };
	struct unet_type_set set = { .rule = in_order };
	struct unet_type_span *span;
	u32 num = 0, i, culprit;
	int err;

	for (i = take_byte(&in) % (RULES + 1); i; i--) {
		struct unet_type_spec spec;
		u8 whose;

		take_spec(&in, &spec);
		if (unet_type_spec_check(&spec))
			continue;
		unet_type_privileged(&spec);
		whose = take_byte(&in);
		unet_type_rule_set(&rule[num], &spec, num + 1, whose & 1);
		rule[num].user = whose & 2;
		patterns(&rule[num]);
		in_order[num] = &rule[num];
		num++;
	}
	pairs(rule, num);
	qsort(in_order, num, sizeof(in_order[0]), by_order);
	span = calloc(unet_type_set_spans(in_order, num), sizeof(*span));
	set.num = num;
	err = unet_type_set_build(&set, span, marks, &culprit);
	if (err)
		check_culprit(&set, culprit);
	else
		check_room(&set);
	for (i = 0; i < 8 && !err; i++)
		walk_key(&set, &in);
	for (i = 0; i < num; i++)
		send(&rule[i], &in);
	for (i = 0; i < 8 && !err; i++)
		walk_frame(&set, &in);
	free(span);
	return 0;
}
