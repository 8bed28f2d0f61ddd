// SPDX-License-Identifier: GPL-2.0
/*
 * The rights, in one place:
 *
 *   ethertype, IP protocol                 CAP_NET_RAW, CAP_NET_ADMIN, or the policy
 *   TCP, UDP, ICMP, ICMPv6 as a whole,     CAP_NET_ADMIN
 *   numbers of IPv6 extension headers
 *   a port that bind() would give          anybody, who then holds it
 *   packets of an own flow                 its owner
 *   other ports                            CAP_NET_BIND_SERVICE, or the policy
 *   a kernel extension; ports not held; packets for addresses that are not the
 *   host's; priorities below UNET_TYPE_RESERVED; another user's packets
 *                                          CAP_NET_ADMIN
 *
 * all over the user namespace that owns the network namespace. A rule of ports holds
 * them as a flow does, so nobody can claim what a socket of the host has.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/if_arp.h>
#include <linux/in.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/ip.h>

#include "channel.h"
#include "core/type_match.h"
#include "flow.h"
#include "intermediary.h"
#include "nexus.h"
#include "portns.h"
#include "type.h"
#include "type_grant.h"
#include "type_policy.h"

#define CANDIDATES_MAX	256u	/* numbers tried for one that is free */

/* By enum unet_type_reason. */
#define REASON_ERRNO(id, err, text)	-(err),
static const int reason_errno[UNET_TYPE_REASON_COUNT] = {
	0, UNET_TYPE_REASONS(REASON_ERRNO)
};

int unet_type_deny(struct unet_type_draft *d, u32 reason)
{
	d->reason = reason;
	return reason_errno[reason];
}

/* ---- is it sound? -------------------------------------------------------- */

static bool has_ethernet(struct unet_nexus *nx)
{
	struct net_device *dev;
	bool yes;

	rcu_read_lock();
	dev = rcu_dereference(nx->dev);
	yes = dev && dev->type == ARPHRD_ETHER;
	rcu_read_unlock();
	return yes;
}

static bool asks_for_number(const struct unet_type_spec *spec)
{
	return !spec->first && !spec->last;
}

/* The numbers of a flow's rule are the flow's, whether they were asked for or not. */
static bool take_after_parent(struct unet_type_draft *d)
{
	struct unet_type_spec *spec = &d->spec;
	u16 port;

	if (!d->parent)
		return !(spec->flags & UNET_TYPE_OF_FLOW);
	if (!(spec->flags & UNET_TYPE_OF_FLOW) || d->parent->type ||
	    d->parent->tx.proto != IPPROTO_UDP)
		return false;
	port = ntohs(d->parent->tx.local_port);
	if (!asks_for_number(spec) && spec->first != port)
		return false;
	spec->first = port;
	spec->last = port;
	return true;
}

static int check_sound(struct unet_type_draft *d)
{
	const struct unet_type_spec *spec = &d->spec;
	u32 why = unet_type_spec_check(spec);

	if (why)
		return unet_type_deny(d, why);
	if (!take_after_parent(d))
		return unet_type_deny(d, UNET_TYPE_NO_PARENT);
	if (!d->ch && spec->action == UNET_TYPE_DELIVER)
		return unet_type_deny(d, UNET_TYPE_NO_OWNER);
	if (!d->ch && asks_for_number(spec))
		return unet_type_deny(d, UNET_TYPE_NO_NUMBERS);
	if (d->nx && spec->layer == UNET_TYPE_ETHERTYPE && !has_ethernet(d->nx))
		return unet_type_deny(d, UNET_TYPE_NO_LINK);
	return 0;
}

/* ---- may the caller have it? --------------------------------------------- */

static bool capability_of_layer(const struct unet_type_draft *d)
{
	struct net *net = d->types->net;

	if (d->spec.layer != UNET_TYPE_PORT)
		return ns_capable(net->user_ns, CAP_NET_RAW);
	return asks_for_number(&d->spec) ||
	       !inet_port_requires_bind_service(net, d->spec.first) ||
	       ns_capable(net->user_ns, CAP_NET_BIND_SERVICE);
}

static u32 rules_of_user(const struct unet_type_draft *d)
{
	struct unet_type *type;
	u32 num = 0;

	list_for_each_entry(type, &d->types->rules, node)
		num += type != d->old && !type->dead && type->ch &&
		       uid_eq(type->uid, d->ch->uid);
	return num;
}

static int check_rights(struct unet_type_draft *d,
			const struct unet_type_policy **policy)
{
	if (d->admin || d->parent)
		return 0;
	if (unet_type_privileged(&d->spec))
		return unet_type_deny(d, UNET_TYPE_NO_PRIVILEGED);
	if (d->spec.action == UNET_TYPE_EXTENSION ||
	    d->spec.flags & UNET_TYPE_NO_HOLD)
		return unet_type_deny(d, UNET_TYPE_NO_RIGHT);
	if (capability_of_layer(d))
		return 0;
	*policy = unet_type_policy_find(d->types, d->nx, &d->spec,
					rules_of_user(d));
	d->by_policy = *policy;
	return *policy ? 0 : unet_type_deny(d, UNET_TYPE_NO_RIGHT);
}

/*
 * What a rule delivers is of no flow that has a chain: a filter that must not be
 * passed by is not passed by so. The administrator's own deliver to nobody.
 */
int unet_type_check_filters(struct unet_type_draft *d)
{
	struct unet_type_rule ours;

	if (!d->nx || d->parent || d->spec.action == UNET_TYPE_DROP ||
	    d->spec.action == UNET_TYPE_HOST)
		return 0;
	unet_type_rule_set(&ours, &d->spec, 0, true);
	return unet_inter_must_see(d->nx, &ours) ?
	       unet_type_deny(d, UNET_TYPE_NO_FILTERED) : 0;
}

/* A grant may still come before packets meet the rule: that is asked again then. */
static int check_filters(struct unet_type_draft *d)
{
	int err;

	if (!d->nx)
		return 0;
	mutex_lock(&d->nx->inters.lock);
	err = unet_type_check_filters(d);
	mutex_unlock(&d->nx->inters.lock);
	return err;
}

/* ---- amendments ---------------------------------------------------------- */

static void amend_priority(struct unet_type_draft *d)
{
	if (!d->spec.priority)
		d->spec.priority = UNET_TYPE_PRIORITY;
	if (d->admin || d->spec.priority >= UNET_TYPE_RESERVED)
		return;
	d->spec.priority = UNET_TYPE_RESERVED;
	d->amended |= UNET_AMEND_PRIORITY;
}

static void narrow(struct unet_type_draft *d)
{
	if (d->admin || d->parent || d->spec.layer == UNET_TYPE_ETHERTYPE ||
	    d->spec.flags & UNET_TYPE_LOCAL_ONLY)
		return;
	d->spec.flags |= UNET_TYPE_LOCAL_ONLY;
	d->amended |= UNET_AMEND_NARROWED;
}

static int force_read_only(struct unet_type_draft *d,
			   const struct unet_type_policy *policy)
{
	if (!policy || !policy->read_only ||
	    !(d->spec.direction & UNET_TYPE_TX))
		return 0;
	if (d->spec.direction == UNET_TYPE_TX)
		return unet_type_deny(d, UNET_TYPE_NO_RIGHT);
	d->spec.direction = UNET_TYPE_RX;
	d->amended |= UNET_AMEND_READ_ONLY;
	return 0;
}

static int check_strict(struct unet_type_draft *d)
{
	return d->amended && d->spec.flags & UNET_TYPE_STRICT ?
	       unet_type_deny(d, UNET_TYPE_NO_AMENDED) : 0;
}

/* ---- other rules --------------------------------------------------------- */

static bool devices_meet(const struct unet_type *type,
			 const struct unet_type_draft *d)
{
	const char *ours = d->nx ? d->nx->name : d->ifname;
	const char *theirs = type->nx ? type->nx->name : type->ifname;

	if (type->nx && d->nx)
		return type->nx == d->nx;
	return !*ours || !*theirs || !strcmp(ours, theirs);
}

static bool same_devices(const struct unet_type *type,
			 const struct unet_type_draft *d)
{
	return type->nx == d->nx &&
	       (d->nx || !strcmp(type->ifname, d->ifname));
}

static const struct unet_type_rule *rule_of(const struct unet_type_draft *d,
					    const struct unet_type *type)
{
	return &rcu_dereference_protected(type->now,
			lockdep_is_held(&d->types->lock))->rule;
}

static bool anothers(const struct unet_type *type,
		     const struct unet_type_draft *d)
{
	return !d->admin && type->ch && !uid_eq(type->uid, d->ch->uid);
}

static int check_others(struct unet_type_draft *d)
{
	struct unet_type_rule ours;
	struct unet_type *type;

	unet_type_rule_set(&ours, &d->spec, 0, d->nx || *d->ifname);
	list_for_each_entry(type, &d->types->rules, node) {
		const struct unet_type_rule *rule = rule_of(d, type);

		if (type == d->old || type->dead || type->parent != d->parent)
			continue;
		d->conflict = type->id;
		if (same_devices(type, d) && rule->priority == ours.priority &&
		    unet_type_rule_same(rule, &ours))
			return unet_type_deny(d, UNET_TYPE_NO_DUPLICATE);
		if (anothers(type, d) && devices_meet(type, d) &&
		    unet_type_rule_overlap(rule, &ours))
			return unet_type_deny(d, UNET_TYPE_NO_CONFLICT);
	}
	d->conflict = 0;
	return 0;
}

/* Has anybody, the caller included, a rule for any of it? */
static bool is_free(const struct unet_type_draft *d)
{
	struct unet_type_rule ours;
	struct unet_type *type;

	unet_type_rule_set(&ours, &d->spec, 0, true);
	list_for_each_entry(type, &d->types->rules, node)
		if (type != d->old && !type->dead && !type->parent &&
		    devices_meet(type, d) &&
		    unet_type_rule_overlap(rule_of(d, type), &ours))
			return false;
	return true;
}

/* ---- numbers ------------------------------------------------------------- */

static bool try_number(struct unet_type_draft *d, u32 number)
{
	d->spec.first = number;
	d->spec.last = number;
	return !unet_type_spec_check(&d->spec) &&
	       (d->admin || !unet_type_privileged(&d->spec)) && is_free(d);
}

/* Numbers for experiments (IEEE 802, RFC 3692), or what the policy gives. */
static int assign_number(struct unet_type_draft *d,
			 const struct unet_type_policy *policy)
{
	u32 first = d->spec.layer == UNET_TYPE_PROTO ? 253 : 0x88b5;
	u32 last = first + 1, n;

	if (policy) {
		first = policy->first;
		last = min(policy->last + 0u, first + CANDIDATES_MAX - 1);
	}
	for (n = first; n <= last; n++) {
		if (!try_number(d, n))
			continue;
		d->amended |= UNET_AMEND_NUMBER;
		d->conflict = 0;
		return 0;
	}
	return unet_type_deny(d, UNET_TYPE_NO_FREE_NUMBER);
}

static int settle_number(struct unet_type_draft *d,
			 const struct unet_type_policy *policy)
{
	int err;

	if (asks_for_number(&d->spec))
		return assign_number(d, policy);
	err = check_others(d);
	if (err && d->spec.flags & UNET_TYPE_ANY_NUMBER) {
		d->reason = UNET_TYPE_GRANTED;
		return assign_number(d, policy);
	}
	return err;
}

/* ---- ports --------------------------------------------------------------- */

static struct unet_port_want port_want(const struct unet_type_draft *d,
				       u16 number)
{
	const struct unet_type_spec *spec = &d->spec;
	struct unet_port_want want = {
		.ifindex = d->nx->ifindex,
		.port = htons(number),
		.family = spec->family ?: AF_INET6,
		.proto = spec->proto,
	};

	if (spec->family && spec->local_bits == (spec->family == AF_INET ? 32 : 128))
		memcpy(want.local, spec->local, sizeof(want.local));
	else
		want.v6only = spec->family == AF_INET6;
	return want;
}

static struct unet_port *port_of(const struct unet_type *type, u16 number)
{
	if (number < type->first_port ||
	    number - type->first_port >= type->num_ports)
		return NULL;
	return type->ports[number - type->first_port];
}

/* The rule that is replaced lends what it has: of more than that others may be in. */
static struct unet_port *port_of_old(const struct unet_type_draft *d, u16 number,
				     const struct unet_port_want *want)
{
	struct unet_port *port = d->old && number ? port_of(d->old, number) : NULL;

	return port && unet_port_covers(port, want) ? unet_port_get(port) : NULL;
}

static struct unet_port *port_of_host(const struct unet_type_draft *d, u16 number,
				      const struct unet_port_want *want)
{
	struct unet_port *port = port_of_old(d, number, want);

	return port ?: unet_port_hold(d->types->net, want);
}

static struct unet_port *hold_port(const struct unet_type_draft *d, u16 number)
{
	struct unet_port_want want = port_want(d, number);
	struct unet_port *port = port_of_host(d, number, &want);

	/* A host without IPv6 has no port that is both families'. */
	if (port == ERR_PTR(-EAFNOSUPPORT) && !d->spec.family) {
		want.family = AF_INET;
		port = port_of_host(d, number, &want);
	}
	return port;
}

/* bind() does not say who has it: a rule, of another device maybe? Return: its id, or 0. */
static u32 holder_of(const struct unet_type_draft *d, u16 number)
{
	struct unet_port_want want = port_want(d, number);
	const struct unet_type *type;

	list_for_each_entry(type, &d->types->rules, node) {
		const struct unet_port *port = port_of(type, number);

		if (type != d->old && port &&
		    unet_port_in_way(d->types->net, port, &want))
			return type->id;
	}
	return 0;
}

static int refuse_port(struct unet_type_draft *d, u16 number, int err)
{
	/* The last: this host has no IPv6. */
	if (err == -ENOMEM || err == -ENODEV || err == -EAFNOSUPPORT)
		return err;
	if (err == -EADDRNOTAVAIL)
		return unet_type_deny(d, UNET_TYPE_NO_NOT_LOCAL);
	if (err == -EACCES)
		return unet_type_deny(d, UNET_TYPE_NO_RIGHT);
	d->conflict = holder_of(d, number);
	return unet_type_deny(d, UNET_TYPE_NO_PORT_TAKEN);
}

static int hold_each(struct unet_type_draft *d, u32 num)
{
	for (; d->num_ports < num; d->num_ports++) {
		u16 number = asks_for_number(&d->spec) ? 0 :
			     d->spec.first + d->num_ports;
		struct unet_port *port = hold_port(d, number);

		if (IS_ERR(port))
			return refuse_port(d, number, PTR_ERR(port));
		d->ports[d->num_ports] = port;
	}
	return 0;
}

/* What bind() asks for privileged ports, the administrator's policy has answered. */
static int hold_by_policy(struct unet_type_draft *d, u32 num)
{
	struct cred *lifted = prepare_creds();
	const struct cred *own;
	int err;

	if (!lifted)
		return -ENOMEM;
	cap_raise(lifted->cap_effective, CAP_NET_BIND_SERVICE);
	own = override_creds(lifted);
	err = hold_each(d, num);
	revert_creds(own);
	put_cred(lifted);
	return err;
}

static int hold_ports(struct unet_type_draft *d)
{
	u32 num = d->spec.last - d->spec.first + 1u;

	if (num > UNET_TYPE_HELD_PORTS)
		return unet_type_deny(d, UNET_TYPE_NO_PORTS);
	d->ports = kcalloc(num, sizeof(*d->ports), GFP_KERNEL_ACCOUNT);
	if (!d->ports)
		return -ENOMEM;
	return d->by_policy ? hold_by_policy(d, num) : hold_each(d, num);
}

static int assign_port(struct unet_type_draft *d)
{
	int err;

	d->spec.first = 0;
	d->spec.last = 0;
	err = hold_ports(d);
	if (err)
		return err;
	d->spec.first = ntohs(unet_port_number(d->ports[0]));
	d->spec.last = d->spec.first;
	d->amended |= UNET_AMEND_NUMBER;
	return 0;
}

static int settle_ports(struct unet_type_draft *d)
{
	bool any = d->spec.flags & UNET_TYPE_ANY_NUMBER &&
		   d->spec.first == d->spec.last;
	int err;

	if (asks_for_number(&d->spec)) {
		err = assign_port(d);
		return err ? err : check_others(d);
	}
	err = check_others(d);
	if (!err)
		err = hold_ports(d);
	if (err && any && d->reason) {
		d->reason = UNET_TYPE_GRANTED;
		d->conflict = 0;
		unet_type_draft_end(d);
		err = assign_port(d);
		if (!err)
			err = check_others(d);
	}
	return err;
}

static int settle(struct unet_type_draft *d,
		  const struct unet_type_policy *policy)
{
	if (d->parent)
		return check_others(d);
	if (d->spec.layer != UNET_TYPE_PORT)
		return settle_number(d, policy);
	if (!d->ch || d->spec.flags & UNET_TYPE_NO_HOLD)
		return asks_for_number(&d->spec) ?
		       unet_type_deny(d, UNET_TYPE_NO_NUMBERS) : check_others(d);
	return settle_ports(d);
}

/* ---- how many ------------------------------------------------------------ */

static u32 rules_of_device(const struct unet_type_draft *d)
{
	struct unet_type *type;
	u32 num = 0;

	list_for_each_entry(type, &d->types->rules, node)
		num += type != d->old && !type->dead && devices_meet(type, d);
	return num;
}

/* Some are the administrator's, however many users there are. */
static int check_caps(struct unet_type_draft *d,
		      const struct unet_type_policy *policy)
{
	u32 max = policy ? policy->max : UNET_TYPE_MAX_OWNER;
	u32 kept = d->admin ? 0 : UNET_TYPE_KEPT_TOTAL;

	if (!d->old && d->types->total >= UNET_TYPE_MAX_TOTAL - kept)
		return unet_type_deny(d, UNET_TYPE_NO_MANY_TOTAL);
	if (!d->admin &&
	    rules_of_device(d) >= UNET_TYPE_MAX_DEVICE - UNET_TYPE_KEPT_DEVICE)
		return unet_type_deny(d, UNET_TYPE_NO_MANY_DEVICE);
	if (!d->admin && rules_of_user(d) >= max)
		return unet_type_deny(d, UNET_TYPE_NO_MANY_OWNER);
	return 0;
}

/* ---- all of it ----------------------------------------------------------- */

int unet_type_grant(struct unet_type_draft *d)
{
	const struct unet_type_policy *policy = NULL;
	int err;

	lockdep_assert_held(&d->types->lock);
	err = check_sound(d);
	if (!err)
		err = check_rights(d, &policy);
	if (!err)
		err = force_read_only(d, policy);
	if (err)
		return err;
	amend_priority(d);
	narrow(d);
	err = check_strict(d);
	if (!err)
		err = check_caps(d, policy);
	if (!err)
		err = settle(d, policy);
	if (!err)
		err = check_filters(d);
	return err ? err : check_strict(d);
}

void unet_type_ports_drop(struct unet_port **ports, u32 num)
{
	while (num)
		unet_port_put(ports[--num]);
	kfree(ports);
}

void unet_type_draft_end(struct unet_type_draft *d)
{
	unet_type_ports_drop(d->ports, d->num_ports);
	d->ports = NULL;
	d->num_ports = 0;
}
