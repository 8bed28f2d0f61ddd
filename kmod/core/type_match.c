// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "core/type_match.h"
#include "core/wire.h"

#define ALL_FLAGS	(UNET_TYPE_LOCAL_ONLY | UNET_TYPE_ANY_NUMBER |	\
			 UNET_TYPE_STRICT | UNET_TYPE_NO_HOLD |			\
			 UNET_TYPE_OF_FLOW)

#define FAMILY_IP4	2	/* AF_INET */
#define FAMILY_IP6	10	/* AF_INET6 */

/* IEEE 802.3: up to here it is a length, and below 1536 nothing. */
#define LAST_LENGTH	0x5ffu

/* ---- is a request sound? ----------------------------------------------- */

/* What the host needs: IPv4, ARP, RARP, VLAN tags, IPv6, EAPOL, pre-authentication. */
static const u16 reserved_ethertypes[] = {
	0x0800, 0x0806, 0x8035, 0x8100, 0x86dd, 0x888e, 0x88a8, 0x88c7, 0x9100,
};

static bool asks_for_number(const struct unet_type_spec *spec)
{
	return !spec->first && !spec->last;
}

static enum unet_type_reason check_ethertypes(const struct unet_type_spec *spec)
{
	u32 i;

	if (asks_for_number(spec))
		return UNET_TYPE_GRANTED;
	if (spec->first <= LAST_LENGTH)
		return UNET_TYPE_NO_RESERVED;
	for (i = 0; i < ARRAY_SIZE(reserved_ethertypes); i++)
		if (spec->first <= reserved_ethertypes[i] &&
		    spec->last >= reserved_ethertypes[i])
			return UNET_TYPE_NO_RESERVED;
	return UNET_TYPE_GRANTED;
}

static enum unet_type_reason check_numbers(const struct unet_type_spec *spec)
{
	if (spec->first > spec->last ||
	    (!spec->first && spec->last && spec->layer != UNET_TYPE_PROTO))
		return UNET_TYPE_NO_NUMBERS;
	if (spec->layer == UNET_TYPE_PROTO && spec->last > 255)
		return UNET_TYPE_NO_NUMBERS;
	if (spec->layer == UNET_TYPE_ETHERTYPE)
		return check_ethertypes(spec);
	return UNET_TYPE_GRANTED;
}

static bool proto_fits(const struct unet_type_spec *spec)
{
	if (spec->layer != UNET_TYPE_PORT)
		return !spec->proto;
	return spec->proto == UNET_PROTO_TCP || spec->proto == UNET_PROTO_UDP;
}

static bool family_fits(const struct unet_type_spec *spec)
{
	if (spec->layer == UNET_TYPE_ETHERTYPE)
		return !spec->family;
	return !spec->family || spec->family == FAMILY_IP4 ||
	       spec->family == FAMILY_IP6;
}

/* Are all bits from number @bits on zero? */
static bool zero_from(const u8 *bytes, u32 len, u32 bits)
{
	u32 i = bits / 8;

	if (bits % 8 && bytes[i++] & 0xff >> bits % 8)
		return false;
	for (; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool address_fits(const struct unet_type_spec *spec, const u8 *addr,
			 u8 bits)
{
	u32 most = 0;

	if (spec->family)
		most = spec->family == FAMILY_IP4 ? 32 : 128;
	return bits <= most && zero_from(addr, 16, bits);
}

static bool pattern_empty(const struct unet_pattern *p)
{
	return !p->offset && !p->bytes && !p->reserved &&
	       zero_from(p->value, UNET_PATTERN_BYTES, 0) &&
	       zero_from(p->mask, UNET_PATTERN_BYTES, 0);
}

static bool patterns_sound(const struct unet_type_spec *spec)
{
	u32 i;

	if (spec->num_patterns > UNET_TYPE_PATTERNS)
		return false;
	for (i = 0; i < UNET_TYPE_PATTERNS; i++)
		if (i < spec->num_patterns ? !unet_pattern_sound(&spec->pattern[i]) :
					     !pattern_empty(&spec->pattern[i]))
			return false;
	return true;
}

/*
 * There are no bytes yet to look at when a send is judged; of a flow's rules the flow
 * says what may be sent.
 */
static bool patterns_received(const struct unet_type_spec *spec)
{
	return !spec->num_patterns || spec->direction == UNET_TYPE_RX ||
	       spec->flags & UNET_TYPE_OF_FLOW;
}

static bool flags_sound(const struct unet_type_spec *spec)
{
	if (spec->flags & ~ALL_FLAGS || spec->reserved)
		return false;
	if (spec->flags & UNET_TYPE_LOCAL_ONLY &&
	    spec->layer == UNET_TYPE_ETHERTYPE)
		return false;
	if (spec->action != UNET_TYPE_EXTENSION &&
	    !zero_from((const u8 *)spec->extension, UNET_NAME_LEN, 0))
		return false;
	return spec->action == UNET_TYPE_BPF || !spec->prog_fd;
}

/* All else that a flow's rule could say the flow has said. */
static bool parent_fits(const struct unet_type_spec *spec)
{
	if (!(spec->flags & UNET_TYPE_OF_FLOW))
		return true;
	return spec->layer == UNET_TYPE_PORT && spec->proto == UNET_PROTO_UDP &&
	       spec->action == UNET_TYPE_DELIVER &&
	       spec->direction & UNET_TYPE_RX && spec->num_patterns &&
	       spec->first == spec->last && !spec->family &&
	       !(spec->flags & ~(UNET_TYPE_OF_FLOW | UNET_TYPE_STRICT));
}

static bool name_fits(const struct unet_type_spec *spec)
{
	const char *name = spec->extension;

	return spec->action != UNET_TYPE_EXTENSION ||
	       (name[0] && !name[UNET_NAME_LEN - 1]);
}

static bool judged(const struct unet_type_spec *spec)
{
	return spec->action == UNET_TYPE_BPF ||
	       spec->action == UNET_TYPE_EXTENSION;
}

static enum unet_type_reason check_kind(const struct unet_type_spec *spec)
{
	if (!spec->layer || spec->layer >= UNET_TYPE_LAYER_COUNT)
		return UNET_TYPE_NO_LAYER;
	if (!spec->direction ||
	    spec->direction & ~(UNET_TYPE_RX | UNET_TYPE_TX))
		return UNET_TYPE_NO_DIRECTION;
	if (!spec->action || spec->action >= UNET_TYPE_ACTION_COUNT)
		return UNET_TYPE_NO_ACTION;
	if (judged(spec) && spec->direction != UNET_TYPE_RX)
		return UNET_TYPE_NO_RX_ONLY;
	return UNET_TYPE_GRANTED;
}

enum unet_type_reason unet_type_spec_check(const struct unet_type_spec *spec)
{
	enum unet_type_reason why = check_kind(spec);

	if (!why)
		why = check_numbers(spec);
	if (why)
		return why;
	if (!proto_fits(spec))
		return UNET_TYPE_NO_PROTOCOL;
	if (!family_fits(spec))
		return UNET_TYPE_NO_FAMILY;
	if (!address_fits(spec, spec->local, spec->local_bits) ||
	    !address_fits(spec, spec->remote, spec->remote_bits))
		return UNET_TYPE_NO_ADDRESS;
	if (!patterns_sound(spec))
		return UNET_TYPE_NO_PATTERN;
	if (!patterns_received(spec))
		return UNET_TYPE_NO_RX_ONLY;
	if (!flags_sound(spec))
		return UNET_TYPE_NO_FLAGS;
	if (!parent_fits(spec))
		return UNET_TYPE_NO_PARENT;
	return name_fits(spec) ? UNET_TYPE_GRANTED : UNET_TYPE_NO_EXTENSION;
}

/* Most of the host lives by it, or it stands before any other. */
static bool privileged_proto(u8 proto)
{
	return proto == UNET_PROTO_TCP || proto == UNET_PROTO_UDP ||
	       proto == UNET_PROTO_ICMP || proto == UNET_PROTO_ICMP6 ||
	       unet_ip6_extension(proto);
}

bool unet_type_privileged(const struct unet_type_spec *spec)
{
	u32 proto;

	if (spec->layer != UNET_TYPE_PROTO || asks_for_number(spec))
		return false;
	for (proto = spec->first; proto <= spec->last; proto++)
		if (privileged_proto((u8)proto))
			return true;
	return false;
}

/* ---- rules --------------------------------------------------------------- */

static u32 width_bits(u32 width)
{
	u32 bits = 0;

	for (; width; width >>= 1)
		bits++;
	return bits;
}

static u32 pattern_bits(const struct unet_type_rule *rule)
{
	u32 i, j, bits = 0;
	u8 m;

	for (i = 0; i < rule->num_patterns; i++)
		for (j = 0; j < UNET_PATTERN_BYTES; j++)
			for (m = rule->pattern[i].mask[j]; m; m &= m - 1)
				bits++;
	return bits;
}

/* Each part in bits of its own, so that the one before always weighs more. */
static u32 specificity(const struct unet_type_rule *rule)
{
	u32 narrow = 16 - width_bits(rule->last - rule->first);
	u32 address = rule->local_bits + rule->remote_bits;

	address += rule->family ? 1 : 0;
	return (u32)rule->layer << 30 | (u32)rule->bound << 29 |
	       narrow << 24 | address << 15 |
	       (rule->flags & UNET_TYPE_LOCAL_ONLY ? 1u << 14 : 0) |
	       pattern_bits(rule);
}

void unet_type_rule_set(struct unet_type_rule *rule,
			const struct unet_type_spec *spec, u32 id, bool bound)
{
	memset(rule, 0, sizeof(*rule));
	rule->id = id;
	rule->flags = spec->flags;
	rule->first = spec->first;
	rule->last = spec->last;
	rule->priority = spec->priority;
	rule->layer = spec->layer;
	rule->direction = spec->direction;
	rule->proto = spec->proto;
	if (spec->family)
		rule->family = spec->family == FAMILY_IP4 ? 4 : 6;
	rule->local_bits = spec->local_bits;
	rule->remote_bits = spec->remote_bits;
	rule->num_patterns = spec->num_patterns;
	rule->bound = bound;
	memcpy(rule->local, spec->local, sizeof(rule->local));
	memcpy(rule->remote, spec->remote, sizeof(rule->remote));
	memcpy(rule->pattern, spec->pattern, sizeof(rule->pattern));
	rule->specificity = specificity(rule);
}

int unet_type_rule_cmp(const struct unet_type_rule *a,
		       const struct unet_type_rule *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->specificity != b->specificity)
		return a->specificity > b->specificity ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return 0;
}

bool unet_type_rule_same(const struct unet_type_rule *a,
			 const struct unet_type_rule *b)
{
	return a->layer == b->layer && a->direction == b->direction &&
	       a->proto == b->proto && a->family == b->family &&
	       a->first == b->first && a->last == b->last &&
	       a->bound == b->bound && a->local_bits == b->local_bits &&
	       a->remote_bits == b->remote_bits &&
	       a->num_patterns == b->num_patterns &&
	       !((a->flags ^ b->flags) & UNET_TYPE_LOCAL_ONLY) &&
	       !memcmp(a->local, b->local, sizeof(a->local)) &&
	       !memcmp(a->remote, b->remote, sizeof(a->remote)) &&
	       !memcmp(a->pattern, b->pattern, sizeof(a->pattern));
}

/* Do bytes both patterns look at have to be different? */
static bool patterns_clash(const struct unet_pattern *a,
			   const struct unet_pattern *b)
{
	u32 from = max(a->offset, b->offset);
	u32 to = min((u32)a->offset + a->bytes, (u32)b->offset + b->bytes);
	u32 at;

	for (at = from; at < to; at++) {
		u32 i = at - a->offset, j = at - b->offset;

		if ((a->value[i] ^ b->value[j]) & a->mask[i] & b->mask[j])
			return true;
	}
	return false;
}

static bool any_patterns_clash(const struct unet_type_rule *a,
			       const struct unet_type_rule *b)
{
	u32 i, j;

	for (i = 0; i < a->num_patterns; i++)
		for (j = 0; j < b->num_patterns; j++)
			if (patterns_clash(&a->pattern[i], &b->pattern[j]))
				return true;
	return false;
}

static bool addresses_overlap(const struct unet_type_rule *a,
			      const struct unet_type_rule *b)
{
	if (!a->family || !b->family)
		return true;
	return a->family == b->family &&
	       unet_prefix_same(a->local, b->local,
				min(a->local_bits, b->local_bits)) &&
	       unet_prefix_same(a->remote, b->remote,
				min(a->remote_bits, b->remote_bits));
}

static bool number_in(u32 n, const struct unet_type_rule *rule)
{
	return n >= rule->first && n <= rule->last;
}

/* Of one layer. */
static bool spans_overlap(const struct unet_type_rule *a,
			  const struct unet_type_rule *b)
{
	return a->proto == b->proto && a->first <= b->last &&
	       b->first <= a->last;
}

static bool numbers_overlap(const struct unet_type_rule *a,
			    const struct unet_type_rule *b)
{
	if (a->layer == b->layer)
		return spans_overlap(a, b);
	/* Ports are a protocol's; frames of an ethertype are no IP packets. */
	if (a->layer == UNET_TYPE_PROTO && b->layer == UNET_TYPE_PORT)
		return number_in(b->proto, a);
	if (b->layer == UNET_TYPE_PROTO && a->layer == UNET_TYPE_PORT)
		return number_in(a->proto, b);
	return false;
}

bool unet_type_rule_shares(const struct unet_type_rule *a,
			   const struct unet_type_rule *b)
{
	return a->direction & b->direction && a->layer == b->layer &&
	       spans_overlap(a, b);
}

bool unet_type_rule_overlap(const struct unet_type_rule *a,
			    const struct unet_type_rule *b)
{
	if (!(a->direction & b->direction) || !numbers_overlap(a, b) ||
	    !addresses_overlap(a, b))
		return false;
	/* Patterns of different layers are counted from different places. */
	return a->layer != b->layer || !any_patterns_clash(a, b);
}

/* ---- what its owner may send --------------------------------------------- */

/* The source port, where there is one to be read, else one that no rule has. */
static __be16 port_of(const u8 *hdr, u32 hdr_len)
{
	u32 l4 = unet_ip_bytes(hdr);

	return l4 + 2 <= hdr_len ? unet_load_be16(hdr + l4) : 0;
}

/* The flow it would be, if it is one of the rule's. */
static void flow_of_send(const struct unet_type_rule *rule, const u8 *hdr,
			 u32 hdr_len, struct unet_tx_flow *flow)
{
	u8 proto = unet_ip_proto(hdr);
	__be16 port = port_of(hdr, hdr_len);

	memset(flow, 0, sizeof(*flow));
	if (rule->family != 6)
		flow->flags |= UNET_TX_FLOW_IP4;
	if (rule->family != 4)
		flow->flags |= UNET_TX_FLOW_IP6;
	if (rule->layer == UNET_TYPE_PORT) {
		flow->proto = rule->proto;
		flow->local_port = number_in(be16_to_cpu(port), rule) ?
				   port : cpu_to_be16(rule->first);
		return;
	}
	flow->flags |= UNET_TX_FLOW_NO_PORTS;
	flow->proto = number_in(proto, rule) ? proto : (u8)rule->first;
}

enum unet_counter unet_type_send_check(const struct unet_type_rule *rule,
				       const void *hdr, u32 hdr_len, u32 total,
				       u16 seg_size, struct unet_tx_info *info)
{
	struct unet_tx_flow flow;
	enum unet_counter why;

	if (hdr_len < UNET_IP4_HEADER)
		return UNET_CNT_TX_BAD_LENGTH;
	flow_of_send(rule, hdr, hdr_len, &flow);
	why = unet_tx_header_check(hdr, hdr_len, total, seg_size, &flow, info);
	if (why)
		return why;
	if (rule->layer == UNET_TYPE_PROTO &&
	    (info->proto == UNET_PROTO_TCP || info->proto == UNET_PROTO_UDP))
		return UNET_CNT_TX_SPOOF_PROTO;
	if (!unet_prefix_same(rule->local, info->src, rule->local_bits))
		return UNET_CNT_TX_SPOOF_SOURCE;
	if (!unet_prefix_same(rule->remote, info->dst, rule->remote_bits))
		return UNET_CNT_TX_SPOOF_DEST;
	return UNET_CNT_NONE;
}

enum unet_counter unet_type_frame_check(const struct unet_type_rule *rule,
					const void *hdr, u32 hdr_len, u32 total,
					u16 seg_size, const u8 *mac,
					u32 largest, struct unet_tx_info *info)
{
	const u8 *frame = hdr;

	if (seg_size)
		return UNET_CNT_TX_BAD_SLOT;
	if (hdr_len < UNET_FRAME_HEADER || hdr_len > total)
		return UNET_CNT_TX_BAD_LENGTH;
	if (zero_from(frame, 6, 0))
		return UNET_CNT_TX_BAD_HEADER;
	if (memcmp(frame + 6, mac, 6))
		return UNET_CNT_TX_SPOOF_SOURCE;
	if (!number_in(unet_load_u16(frame + 12), rule))
		return UNET_CNT_TX_SPOOF_PROTO;
	if (total > largest)
		return UNET_CNT_TX_TOO_BIG;
	memset(info, 0, sizeof(*info));
	info->header_len = hdr_len;
	info->payload = total - hdr_len;
	info->segments = 1;
	return UNET_CNT_NONE;
}

/* ---- building a set ------------------------------------------------------ */

static enum unet_type_kind kind_of(const struct unet_type_rule *rule)
{
	if (rule->layer == UNET_TYPE_ETHERTYPE)
		return UNET_KIND_ETHERTYPE;
	if (rule->layer == UNET_TYPE_PROTO)
		return UNET_KIND_PROTO;
	return rule->proto == UNET_PROTO_TCP ? UNET_KIND_TCP : UNET_KIND_UDP;
}

static bool goes(const struct unet_type_rule *rule, u32 dir)
{
	return rule->direction & (dir ? UNET_TYPE_TX : UNET_TYPE_RX);
}

/* Nothing but its number decides; of sends a user's rule decides about that user's only. */
static bool takes_all(const struct unet_type_rule *rule, u32 dir)
{
	return !rule->family && !rule->num_patterns &&
	       !(rule->flags & UNET_TYPE_LOCAL_ONLY) && !(dir && rule->user);
}

u32 unet_type_set_spans(const struct unet_type_rule *const *rule, u32 num)
{
	u32 i, dir, spans = 0;

	/* Two edges each, and what is before the first edge is never needed. */
	for (i = 0; i < num; i++)
		for (dir = 0; dir < 2; dir++)
			if (goes(rule[i], dir))
				spans += 2;
	return spans;
}

static void mark(u32 *marks, u32 number)
{
	if (number <= 65535)
		marks[number / 32] |= 1u << number % 32;
}

/* A span begins wherever a rule begins, and behind where one ends. */
static u32 cut_spans(struct unet_type_span *span, const u32 *marks)
{
	u32 word, bit, num = 0;

	for (word = 0; word < UNET_TYPE_MARK_WORDS; word++)
		for (bit = 0; marks[word] && bit < 32; bit++)
			if (marks[word] >> bit & 1)
				span[num++].first = word * 32 + bit;
	return num;
}

/* Return: index of the span @number is in, or -1: before the first. */
static int find_span(const struct unet_type_table *table, u16 number)
{
	u32 low = 0, high = table->num;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (table->span[middle].first <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return (int)low - 1;
}

/* Users cannot fill a number up against the administrator. */
static bool has_room(const struct unet_type_set *set, const struct unet_type_span *span,
		     const struct unet_type_rule *rule)
{
	u32 i, users = 0;

	for (i = 0; i < span->count; i++)
		users += set->rule[span->rule[i]]->user;
	return span->count < UNET_TYPE_OVERLAP &&
	       (!rule->user || users < UNET_TYPE_OVERLAP_USERS);
}

/* Rules come in their order: each is asked behind those that are there. */
static int paint(const struct unet_type_set *set, u32 dir, struct unet_type_table *table,
		 u16 index)
{
	const struct unet_type_rule *rule = set->rule[index];
	u32 i = (u32)find_span(table, rule->first);

	for (; i < table->num && table->span[i].first <= rule->last; i++) {
		struct unet_type_span *span = &table->span[i];

		if (span->closed)
			continue;
		if (!has_room(set, span, rule))
			return -ENOSPC;
		span->rule[span->count++] = index;
		span->closed = takes_all(rule, dir);
	}
	return 0;
}

static bool in_table(const struct unet_type_rule *rule, u32 dir,
		     enum unet_type_kind kind)
{
	return goes(rule, dir) && kind_of(rule) == kind;
}

static int build_table(struct unet_type_set *set, u32 dir,
		       enum unet_type_kind kind, u32 *marks, u32 *culprit)
{
	struct unet_type_table *table = &set->table[dir][kind];
	bool any = false;
	u32 i;

	memset(marks, 0, UNET_TYPE_MARK_WORDS * sizeof(*marks));
	for (i = 0; i < set->num; i++) {
		if (!in_table(set->rule[i], dir, kind))
			continue;
		mark(marks, set->rule[i]->first);
		mark(marks, set->rule[i]->last + 1u);
		any = true;
	}
	if (!any)
		return 0;
	table->num = cut_spans(table->span, marks);
	for (i = 0; i < set->num; i++) {
		if (!in_table(set->rule[i], dir, kind))
			continue;
		if (paint(set, dir, table, i)) {
			*culprit = i;
			return -ENOSPC;
		}
	}
	return 0;
}

int unet_type_set_build(struct unet_type_set *set, struct unet_type_span *span,
			u32 *marks, u32 *culprit)
{
	u32 dir, kind;
	int err;

	for (dir = 0; dir < 2; dir++)
		for (kind = 0; kind < UNET_KIND_COUNT; kind++) {
			struct unet_type_table *table = &set->table[dir][kind];

			table->span = span;
			table->num = 0;
			err = build_table(set, dir, kind, marks, culprit);
			if (err)
				return err;
			span += table->num;
		}
	return 0;
}

/* ---- walking a set ------------------------------------------------------- */

static void begin(struct unet_type_walk *walk, u32 which,
		  const struct unet_type_table *table, u16 number)
{
	int i = find_span(table, number);

	if (i < 0)
		return;
	walk->list[which] = table->span[i].rule;
	walk->left[which] = table->span[i].count;
}

void unet_type_walk_frame(struct unet_type_walk *walk,
			  const struct unet_type_set *set, bool tx,
			  u16 ethertype)
{
	memset(walk, 0, sizeof(*walk));
	walk->set = set;
	begin(walk, 0, &set->table[tx][UNET_KIND_ETHERTYPE], ethertype);
}

void unet_type_walk_key(struct unet_type_walk *walk,
			const struct unet_type_set *set, bool tx,
			const struct unet_flow_key *key)
{
	u16 port = be16_to_cpu(key->local_port);

	memset(walk, 0, sizeof(*walk));
	walk->set = set;
	walk->key = key;
	begin(walk, 0, &set->table[tx][UNET_KIND_PROTO], key->proto);
	if (key->mask != UNET_MASK_5TUPLE)
		return;
	begin(walk, 1, &set->table[tx][key->proto == UNET_PROTO_TCP ?
				       UNET_KIND_TCP : UNET_KIND_UDP], port);
}

/* Of two lists that are in order the smaller head; -1 when both are empty. */
static int next_index(struct unet_type_walk *walk)
{
	u32 which = 0;

	if (!walk->left[0] && !walk->left[1])
		return -1;
	if (!walk->left[0] ||
	    (walk->left[1] && *walk->list[1] < *walk->list[0]))
		which = 1;
	walk->left[which]--;
	return *walk->list[which]++;
}

static bool addresses_match(const struct unet_type_rule *rule,
			    const struct unet_flow_key *key)
{
	if (!rule->family)
		return true;
	return key && rule->family == key->family &&
	       unet_prefix_same(rule->local, key->local, rule->local_bits) &&
	       unet_prefix_same(rule->remote, key->remote, rule->remote_bits);
}

const struct unet_type_rule *unet_type_walk_next(struct unet_type_walk *walk)
{
	const struct unet_type_rule *rule;
	int i;

	while ((i = next_index(walk)) >= 0) {
		rule = walk->set->rule[i];
		if (addresses_match(rule, walk->key))
			return rule;
	}
	return NULL;
}
