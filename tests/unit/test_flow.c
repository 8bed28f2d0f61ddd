// SPDX-License-Identifier: MIT
/*
 * Flows of the stack: precedence of lookups, tags that outlive their flow, growth
 * of the tables, half-open children, and what goes into the kernel's request.
 */
#include <sys/socket.h>
#include "catcher.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"

#define ME	"192.0.2.1"
#define PEER	"192.0.2.2"

static void named(struct unet_flow *f, const char *local, u16 lport,
		  const char *remote, u16 rport)
{
	u8 family = 4;

	unet_flow_init(f, &catcher_proto, 4);
	if (local)
		family = forge_addr(local, f->key.local);
	if (remote)
		family = forge_addr(remote, f->key.remote);
	f->key.family = family;
	f->key.local_port = cpu_to_be16(lport);
	f->key.remote_port = cpu_to_be16(rport);
}

static void install(struct unet_flow *f, u32 flags)
{
	assert_int_equal(unet_flow_install(caught.st, f, flags), 0);
}

static struct unet_flow *lookup(const char *src, u16 sport, const char *dst,
				u16 dport)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, src, sport, dst, dport, "x", 1);
	u32 i = caught.n % CAUGHT;

	assert_int_equal(catcher_receive(packet, len), 1);
	return caught.got[i].flow;
}

static void the_most_specific_flow_wins(void **state)
{
	struct unet_flow any;
	struct unet_flow addr;
	struct unet_flow conn;

	named(&any, NULL, 80, NULL, 0);
	named(&addr, ME, 80, NULL, 0);
	named(&conn, ME, 80, PEER, 1000);
	install(&any, 0);
	assert_ptr_equal(lookup(PEER, 1000, ME, 80), &any);
	install(&addr, 0);
	assert_ptr_equal(lookup(PEER, 1000, ME, 80), &addr);
	assert_ptr_equal(lookup(PEER, 1000, "192.0.2.9", 80), &any);
	install(&conn, 0);
	assert_ptr_equal(lookup(PEER, 1000, ME, 80), &conn);
	assert_ptr_equal(lookup(PEER, 1001, ME, 80), &addr);
	assert_null(lookup(PEER, 1000, ME, 81));
	unet_flow_remove(caught.st, &conn, 0);
	assert_ptr_equal(lookup(PEER, 1000, ME, 80), &addr);
	unet_flow_remove(caught.st, &addr, 0);
	assert_ptr_equal(lookup(PEER, 1000, ME, 80), &any);
	unet_flow_remove(caught.st, &any, 0);
	assert_null(lookup(PEER, 1000, ME, 80));
}

static void an_ipv6_wildcard_takes_ipv4_unless_told_not_to(void **state)
{
	struct unet_flow six;

	named(&six, "::", 80, NULL, 0);
	install(&six, 0);
	assert_ptr_equal(lookup(PEER, 1, ME, 80), &six);
	assert_ptr_equal(lookup("2001:db8::2", 1, "2001:db8::1", 80), &six);
	unet_flow_remove(caught.st, &six, 0);
	named(&six, "::", 80, NULL, 0);
	install(&six, UNET_INSTALL_V6ONLY);
	assert_true(caught.fake.req.flags & UNET_FLOW_V6ONLY);
	assert_null(lookup(PEER, 1, ME, 80));
	assert_ptr_equal(lookup("2001:db8::2", 1, "2001:db8::1", 80), &six);
	unet_flow_remove(caught.st, &six, 0);
}

static void the_request_says_what_is_given(void **state)
{
	const struct unet_flow_req *req = &caught.fake.req;
	struct unet_flow f;

	named(&f, NULL, 0, NULL, 0);
	install(&f, UNET_INSTALL_REUSEADDR | UNET_INSTALL_NO_BATCH);
	assert_int_equal(req->flags, UNET_FLOW_REUSEADDR);
	assert_int_equal(req->meta.flags, UNET_META_NO_BATCH);
	assert_int_equal(req->family, AF_INET);
	assert_int_equal(req->proto, 17);
	assert_int_equal(f.key.mask, UNET_MASK_2TUPLE);
	assert_int_equal(be16_to_cpu(f.key.local_port), 40001);
	unet_flow_remove(caught.st, &f, UNET_DEL_LINGER);
	assert_int_equal(caught.fake.deleted, 1);
	assert_int_equal(caught.fake.deleted_flags, UNET_DEL_LINGER);

	named(&f, NULL, 0, PEER, 9);
	install(&f, 0);
	assert_int_equal(req->flags, UNET_FLOW_REMOTE);
	assert_int_equal(f.key.mask, UNET_MASK_5TUPLE);
	assert_memory_equal(f.key.local, caught.fake.source4, 16);
	unet_flow_remove(caught.st, &f, 0);

	named(&f, "2001:db8::1", 443, NULL, 0);
	install(&f, 0);
	assert_int_equal(req->family, AF_INET6);
	assert_int_equal(req->flags, UNET_FLOW_LOCAL_ADDR |
			 UNET_FLOW_LOCAL_PORT);
	unet_flow_remove(caught.st, &f, 0);
}

static void a_refusal_leaves_nothing_behind(void **state)
{
	struct unet_flow f;

	named(&f, ME, 80, NULL, 0);
	caught.fake.add_error = -EADDRINUSE;
	assert_int_equal(unet_flow_install(caught.st, &f, 0), -EADDRINUSE);
	assert_null(lookup(PEER, 1, ME, 80));
	assert_int_equal(f.index, 0);
	caught.fake.add_error = 0;
	install(&f, 0);
	unet_flow_remove(caught.st, &f, 0);
	/* removing twice is nothing special */
	unet_flow_remove(caught.st, &f, 0);
}

static void the_same_key_twice_is_refused(void **state)
{
	struct unet_flow a;
	struct unet_flow b;

	named(&a, ME, 80, PEER, 1);
	named(&b, ME, 80, PEER, 1);
	install(&a, 0);
	assert_int_equal(unet_flow_install(caught.st, &b, 0), -EADDRINUSE);
	assert_int_equal(caught.fake.deleted, 2);
	assert_ptr_equal(lookup(PEER, 1, ME, 80), &a);
	unet_flow_remove(caught.st, &a, 0);
}

static void receive_tagged(u64 tag, u32 flags)
{
	static u8 packet[FORGE_MAX];
	u32 len = forge_udp(packet, PEER, 1, ME, 80, "x", 1);

	fake_receive(&caught.fake, caught.st, tag, flags, packet, len);
	unet_stack_turn(caught.st, 2000000);
}

static void a_tag_whose_flow_is_gone_finds_nothing(void **state)
{
	struct unet_flow a;
	struct unet_flow b;
	u64 tag;

	named(&a, ME, 80, NULL, 0);
	install(&a, 0);
	tag = caught.fake.req.meta.tag;
	assert_ptr_equal(unet_flow_by_tag(caught.st, tag), &a);
	receive_tagged(tag, 0);
	assert_ptr_equal(caught.got[0].flow, &a);
	unet_flow_remove(caught.st, &a, 0);
	/* the next one gets the same index, but not the same tag */
	named(&b, ME, 81, NULL, 0);
	install(&b, 0);
	assert_int_equal((u32)caught.fake.req.meta.tag, (u32)tag);
	assert_null(unet_flow_by_tag(caught.st, tag));
	receive_tagged(tag, 0);
	assert_null(caught.got[1].flow);
	assert_null(unet_flow_by_tag(caught.st, 0));
	assert_null(unet_flow_by_tag(caught.st, 1ull << 32 | 0xffffffff));
	unet_flow_remove(caught.st, &b, 0);
}

static void an_end_event_reaches_the_flow_once(void **state)
{
	struct unet_flow f;
	u64 tag;

	named(&f, ME, 80, NULL, 0);
	install(&f, 0);
	tag = caught.fake.req.meta.tag;
	fake_receive(&caught.fake, caught.st, tag, UNET_RX_END, NULL, 0);
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.gone, 1);
	assert_true(f.flags & UNET_FLOW_F_DEAD);
	unet_flow_remove(caught.st, &f, 0);
	fake_receive(&caught.fake, caught.st, tag, UNET_RX_END, NULL, 0);
	unet_stack_turn(caught.st, 2000000);
	assert_int_equal(caught.gone, 1);
}

static void a_half_open_child_sends_and_receives_through_its_listener(void **state)
{
	struct unet_flow listener;
	struct unet_flow child;
	u64 tag;

	named(&listener, NULL, 80, NULL, 0);
	install(&listener, 0);
	tag = caught.fake.req.meta.tag;
	named(&child, ME, 80, PEER, 1);
	child.key.mask = UNET_MASK_5TUPLE;
	child.parent = &listener;
	assert_int_equal(unet_flow_hash(caught.st, &child), 0);
	assert_int_equal(unet_flow_tx_handle(&child), listener.handle);
	assert_int_equal(unet_flow_mtu(&child), 1500);
	receive_tagged(tag, 0);
	assert_ptr_equal(caught.got[0].flow, &child);

	assert_int_equal(unet_flow_install_child(caught.st, &child, 11, 22), 0);
	assert_int_equal(caught.fake.req.parent, listener.handle);
	assert_int_equal(caught.fake.req.snd_nxt, 11);
	assert_int_equal(caught.fake.req.rcv_nxt, 22);
	assert_int_equal(caught.fake.req.flags, UNET_FLOW_LOCAL_ADDR |
			 UNET_FLOW_LOCAL_PORT | UNET_FLOW_REMOTE);
	assert_null(child.parent);
	assert_int_not_equal(unet_flow_tx_handle(&child), listener.handle);
	/* a batch that was under way with the listener's tag still finds it */
	receive_tagged(tag, 0);
	assert_ptr_equal(caught.got[1].flow, &child);
	unet_flow_remove(caught.st, &child, 0);
	receive_tagged(tag, 0);
	assert_ptr_equal(caught.got[2].flow, &listener);
	unet_flow_remove(caught.st, &listener, 0);
}

static void what_is_on_the_ring_leaves_before_its_flow_goes(void **state)
{
	struct unet_flow f;
	u32 syncs;

	named(&f, ME, 80, PEER, 1);
	install(&f, 0);
	syncs = caught.fake.syncs;
	caught.st->unsynced = true;
	unet_flow_remove(caught.st, &f, 0);
	assert_int_equal(caught.fake.syncs, syncs + 1);
}

static void advice_is_heeded(void **state)
{
	struct unet_flow f;
	struct unet_flow_adv *adv;

	named(&f, ME, 80, PEER, 1);
	install(&f, 0);
	adv = &caught.fake.adv[caught.fake.adds % ARRAY_SIZE(caught.fake.adv)];
	assert_false(unet_flow_suspended(&f));
	adv->flags = UNET_ADV_SUSPENDED;
	assert_true(unet_flow_suspended(&f));
	adv->mtu = 1300;
	assert_int_equal(unet_flow_mtu(&f), 1300);
	adv->mtu = 9000;
	assert_int_equal(unet_flow_mtu(&f), 1500);
	unet_flow_remove(caught.st, &f, 0);
}

static void a_kernels_gso_limit_is_ours_at_most(void **state)
{
	struct unet_flow f;

	caught.fake.be.gso_max = 524280;	/* BIG TCP */
	named(&f, ME, 80, PEER, 1);
	install(&f, 0);
	assert_int_equal(f.gso_max, UNET_TX_MAX_BYTES);
	unet_flow_remove(caught.st, &f, 0);
	caught.fake.be.gso_max = 9000;
	named(&f, ME, 80, PEER, 1);
	install(&f, 0);
	assert_int_equal(f.gso_max, 9000);
	unet_flow_remove(caught.st, &f, 0);
}

#define MANY	5000

static void thousands_of_flows_are_found(void **state)
{
	static struct unet_flow f[MANY];
	u32 i;

	for (i = 0; i < MANY; i++) {
		named(&f[i], ME, 80, PEER, (u16)(i + 1));
		install(&f[i], 0);
		assert_ptr_equal(unet_flow_by_tag(caught.st,
						  caught.fake.req.meta.tag),
				 &f[i]);
	}
	assert_true(caught.st->flow_hash_mask >= MANY / 2);
	for (i = 0; i < MANY; i++)
		assert_ptr_equal(unet_flow_find(caught.st, &f[i].key), &f[i]);
	for (i = 0; i < MANY; i += 2)
		unet_flow_remove(caught.st, &f[i], 0);
	for (i = 0; i < MANY; i++)
		assert_ptr_equal(unet_flow_find(caught.st, &f[i].key),
				 i % 2 ? &f[i] : NULL);
	for (i = 1; i < MANY; i += 2)
		unet_flow_remove(caught.st, &f[i], 0);
	assert_int_equal(caught.st->n_hashed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CATCHER_TEST(the_most_specific_flow_wins),
		CATCHER_TEST(an_ipv6_wildcard_takes_ipv4_unless_told_not_to),
		CATCHER_TEST(the_request_says_what_is_given),
		CATCHER_TEST(a_refusal_leaves_nothing_behind),
		CATCHER_TEST(the_same_key_twice_is_refused),
		CATCHER_TEST(a_tag_whose_flow_is_gone_finds_nothing),
		CATCHER_TEST(an_end_event_reaches_the_flow_once),
		CATCHER_TEST(a_half_open_child_sends_and_receives_through_its_listener),
		CATCHER_TEST(what_is_on_the_ring_leaves_before_its_flow_goes),
		CATCHER_TEST(advice_is_heeded),
		CATCHER_TEST(a_kernels_gso_limit_is_ours_at_most),
		CATCHER_TEST(thousands_of_flows_are_found),
	};

	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
