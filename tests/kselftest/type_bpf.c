// SPDX-License-Identifier: MIT
/* libs: -lbpf */
/*
 * Description: eBPF programs judge packets of a type (R3.4): each verdict does what
 * it says, one there is not is counted and leaves the packet to the host, and so is one
 * to deliver where there is nobody to deliver to; a rule's members are given to by number,
 * which steers QUIC connection ids to several processes as the worked example; who cannot
 * be one is refused and takes no place; a program lives as long as its rule.
 */
#include "type_hand.h"
#include "bpf_hand.h"
#include "nexus.h"
#include "kselftest_harness.h"

#define PORT	4433
#define RPORT	9000

/*
 * QUIC, RFC 9000: of a packet with a short header the destination connection id
 * follows the first byte. Who made the id has put its own number into its first
 * byte: its low bits are the member. A long header, of a new connection, has its
 * highest bit set and is the owner's, who is member 0.
 */
#define FORM		(20 + 8)
#define CID		(FORM + 1)

static int load_steering(int processes)
{
	const struct bpf_insn insns[] = {
		MOV64_REG(BPF_REG_6, BPF_REG_1),
		LD_ABS_B(FORM),
		JMP_IMM(BPF_JSET, BPF_REG_0, 0x80, 4),
		LD_ABS_B(CID),
		ALU64_IMM(BPF_AND, BPF_REG_0, processes - 1),
		ALU64_IMM(BPF_ADD, BPF_REG_0, UNET_TYPE_VERDICT_DELIVER),
		EXIT(),
		MOV64_IMM(BPF_REG_0, UNET_TYPE_VERDICT_DELIVER),
		EXIT(),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "steer", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), NULL);
}

FIXTURE(type_bpf) {
	struct topo t;
	struct chan c;
	int peer;
	int host;
};

FIXTURE_SETUP(type_bpf)
{
	struct timeval moment = { .tv_usec = 300000 };

	ASSERT_EQ(0, topo_setup(&self->t));
	ASSERT_EQ(0, nexus_attach("va"));
	ASSERT_EQ(0, chan_open(&self->c, "va", NULL));
	self->peer = peer_socket(&self->t, AF_INET, SOCK_DGRAM);
	ASSERT_EQ(0, bind_to(self->peer, PEER_V4, RPORT));
	self->host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(self->host, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	ASSERT_EQ(0, bind_to(self->host, OUR_V4, PORT));
}

FIXTURE_TEARDOWN(type_bpf)
{
	close(self->host);
	close(self->peer);
	if (self->c.fd >= 0)
		chan_close(&self->c);
	topo_teardown(&self->t);
}

static struct unet_type_spec spec_bpf(int fd)
{
	struct unet_type_spec spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT),
					       UNET_TYPE_BPF);

	spec.flags = UNET_TYPE_NO_HOLD;
	spec.prog_fd = fd;
	return spec;
}

TEST_F(type_bpf, each_verdict_does_what_it_says)
{
	struct unet_type_spec spec = spec_bpf(load_byte(28));
	struct unet_type_req r;
	uint8_t c;

	ASSERT_GT(spec.prog_fd, 0);
	ASSERT_EQ(0, type_add(&self->c, &spec, 8, &r));
	EXPECT_EQ(0, r.spec.prog_fd);
	/* The rule has a reference of its own. */
	close(spec.prog_fd);
	c = UNET_TYPE_VERDICT_HOST;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
	c = UNET_TYPE_VERDICT_DROP;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(-1, recv(self->host, &c, 1, 0));
	c = UNET_TYPE_VERDICT_DELIVER;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(8, next_tag(&self->c, 2000));
	EXPECT_EQ(0, nexus_counter("va", "rx_type_verdict"));
	/* a member there is not, and no verdict at all */
	c = UNET_TYPE_VERDICT_DELIVER + 1;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
	c = UNET_TYPE_VERDICT_DELIVER + UNET_TYPE_MEMBERS + 1;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
	c = 255;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
	EXPECT_EQ(3, nexus_counter("va", "rx_type_verdict"));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_host"));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_drop"));
}

TEST_F(type_bpf, other_kinds_of_programs_and_another_priority)
{
	const struct bpf_insn ok[] = { MOV64_IMM(BPF_REG_0, 0), EXIT() };
	struct unet_type_spec spec = spec_bpf(bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp", "GPL",
							    ok, 2, NULL));
	struct unet_type_ref ref;
	struct unet_type_req r;
	uint8_t c = UNET_TYPE_VERDICT_DELIVER;

	ASSERT_GT(spec.prog_fd, 0);
	EXPECT_EQ(-EBADF, type_add(&self->c, &spec, 0, &r));
	EXPECT_EQ(UNET_TYPE_NO_PROGRAM, r.reason);
	close(spec.prog_fd);
	/* A rule that is moved keeps its program. */
	spec = spec_bpf(load_byte(28));
	ASSERT_EQ(0, type_add(&self->c, &spec, 9, &r));
	close(spec.prog_fd);
	ASSERT_EQ(0, type_priority(&self->c, r.id, 2000, &ref));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(9, next_tag(&self->c, 2000));
	/* Modified to something else it judges no more. */
	spec = spec_does(spec_port(IPPROTO_UDP, PORT, PORT), UNET_TYPE_HOST);
	spec.flags = UNET_TYPE_NO_HOLD;
	ASSERT_EQ(0, type_modify(&self->c, r.id, &spec, &r));
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
}

/* ---- the administrator's ---- */

static void keep_type(const struct nl_reply *reply, void *id)
{
	*(uint32_t *)id = nl_u32(reply->attr[UNET_A_TYPE]);
}

/* A rule of PORT, which has no channel, and the id of it. */
static int add_for_nobody(struct nl *nl, int prog, uint32_t *id)
{
	const uint32_t fd = prog;
	struct nl_req r;

	nl_rule(nl, &r, UNET_TYPE_BPF, PORT);
	nl_put(&r, UNET_A_PROG_FD, &fd, sizeof(fd));
	return nl_ask(nl, &r, keep_type, id);
}

/* There is no owner to deliver to, no member, and nobody becomes one. */
TEST_F(type_bpf, what_the_administrators_program_delivers_is_left_to_the_host)
{
	static const uint8_t to_nobody[] = {
		UNET_TYPE_VERDICT_DELIVER, UNET_TYPE_VERDICT_DELIVER + 1,
		UNET_TYPE_VERDICT_DELIVER + UNET_TYPE_MEMBERS,
	};
	int prog = load_byte(28);
	struct unet_type_ref ref;
	unsigned int i;
	uint32_t id;
	struct nl nl;
	uint8_t c;

	ASSERT_GT(prog, 0);
	ASSERT_EQ(0, nl_open(&nl));
	ASSERT_EQ(0, add_for_nobody(&nl, prog, &id)) TH_LOG("%s", nl.said);
	close(prog);
	EXPECT_EQ(-EINVAL, type_join(&self->c, id, &ref));
	for (i = 0; i < ARRAY_SIZE(to_nobody); i++) {
		ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &to_nobody[i], 1));
		EXPECT_EQ(1, recv(self->host, &c, 1, 0));
		EXPECT_EQ(to_nobody[i], c);
		EXPECT_EQ(i + 1, nexus_counter("va", "rx_type_verdict"));
	}
	/* What else it says counts. */
	c = UNET_TYPE_VERDICT_DROP;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(-1, recv(self->host, &c, 1, 0));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_drop"));
	c = UNET_TYPE_VERDICT_HOST;
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT, &c, 1));
	EXPECT_EQ(1, recv(self->host, &c, 1, 0));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_host"));
	EXPECT_EQ(i, nexus_counter("va", "rx_type_verdict"));
	EXPECT_EQ(0, nexus_counter("va", "rx_delivered"));
	EXPECT_EQ(NULL, chan_rx_peek(&self->c, 0));
	EXPECT_EQ(i + 2, tell(&nl, id).packets);
	close(nl.fd);
}

/* ---- several processes ---- */

#define PROCESSES	4

/* A QUIC short header packet to the process that made the connection id. */
static int send_quic(int peer, int cid)
{
	uint8_t p[40] = { 0x40, 0xf0 | cid };

	return send_to(peer, OUR_V4, PORT, p, sizeof(p));
}

/* A new connection: a long header, version 2 (RFC 9369) behind its first byte. */
static int send_initial(int peer)
{
	static const uint8_t p[1200] = { 0xd3, 0x6b, 0x33, 0x43, 0xcf };

	return send_to(peer, OUR_V4, PORT, p, sizeof(p));
}

/* How many packets a rule has selected, as a dump says; -1: nobody knows. */
static long long rule_packets(uint32_t id)
{
	struct told t = { 0 };
	struct nl nl;

	if (nl_open(&nl))
		return -1;
	t = tell(&nl, id);
	close(nl.fd);
	return t.there ? (long long)t.packets : -1;
}

TEST_F(type_bpf, connection_ids_are_steered_to_their_processes)
{
	struct unet_type_spec spec = spec_bpf(load_steering(PROCESSES));
	struct chan c[PROCESSES];
	struct unet_type_ref ref;
	struct unet_type_req r;
	int i, round;

	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	c[0] = self->c;
	for (i = 1; i < PROCESSES; i++) {
		ASSERT_EQ(0, chan_open(&c[i], "va", NULL));
		ASSERT_EQ(0, type_join(&c[i], r.id, &ref));
		EXPECT_EQ(i, ref.member);
		EXPECT_NE(UNET_NO_FLOW, ref.flow);
		EXPECT_EQ(-EALREADY, type_join(&c[i], r.id, &ref));
	}
	EXPECT_EQ(-EALREADY, type_join(&c[0], r.id, &ref));
	EXPECT_EQ(-ENOENT, type_join(&c[1], r.id + 1, &ref));
	ASSERT_EQ(0, send_initial(self->peer));
	EXPECT_EQ(1, next_tag(&self->c, 2000));
	/* From one port all of the time: it is the id that counts. */
	for (round = 0; round < 8; round++)
		for (i = 0; i < PROCESSES; i++)
			ASSERT_EQ(0, send_quic(self->peer, i));
	for (i = 0; i < PROCESSES; i++) {
		const struct unet_rx_slot *s;
		int got = 0;

		while (got < 8 && (s = chan_rx_peek(&c[i], 2000))) {
			const uint8_t *p = chan_buf(&c[i], s->first);

			EXPECT_EQ(i, p[CID] & (PROCESSES - 1));
			got += s->packets;
			chan_rx_next(&c[i]);
		}
		EXPECT_EQ(8, got);
		EXPECT_EQ(NULL, chan_rx_peek(&c[i], 0));
	}
	/* One leaves: its packets are the host's, the others' theirs; what it got counts. */
	EXPECT_EQ(1 + 8 * PROCESSES, rule_packets(r.id));
	chan_close(&c[2]);
	EXPECT_EQ(1 + 8 * PROCESSES, rule_packets(r.id));
	ASSERT_EQ(0, send_quic(self->peer, 2));
	ASSERT_EQ(0, send_quic(self->peer, 3));
	EXPECT_NE(NULL, chan_rx_peek(&c[3], 2000));
	chan_rx_next(&c[3]);
	EXPECT_EQ(1, nexus_counter("va", "rx_type_verdict"));
	/* The owner goes: all end, and are told so. */
	chan_close(&self->c);
	for (i = 1; i < PROCESSES; i += 2) {
		const struct unet_rx_slot *s = chan_rx_peek(&c[i], 2000);

		ASSERT_NE(NULL, s);
		EXPECT_EQ(UNET_RX_END, s->flags);
		chan_close(&c[i]);
	}
}

TEST_F(type_bpf, a_rule_has_so_many_members)
{
	struct unet_type_spec spec = spec_bpf(load_steering(PROCESSES));
	struct chan c[UNET_TYPE_MEMBERS + 1];
	struct unet_type_ref ref;
	struct unet_type_req r;
	int i;

	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	for (i = 0; i <= UNET_TYPE_MEMBERS; i++) {
		ASSERT_EQ(0, chan_open(&c[i], "va", NULL));
		EXPECT_EQ(i < UNET_TYPE_MEMBERS ? 0 : -ENOSPC,
			  type_join(&c[i], r.id, &ref));
	}
	/* A place that was left is given again. */
	chan_close(&c[3]);
	EXPECT_EQ(0, type_join(&c[UNET_TYPE_MEMBERS], r.id, &ref));
	EXPECT_EQ(4, ref.member);
	/* Members may send what the rule says, and go before it or after. */
	ASSERT_EQ(0, type_del(&self->c, r.id));
	for (i = 0; i <= UNET_TYPE_MEMBERS; i++)
		if (i != 3)
			chan_close(&c[i]);
}

/* ---- who cannot be a member ---- */

/* Is what member 1 is to get the host's? Then there is none. */
static bool has_no_member(int peer, int host)
{
	uint8_t p[64];

	return !send_quic(peer, 1) && recv(host, p, sizeof(p), 0) == 40 && p[1] == 0xf1;
}

TEST_F(type_bpf, a_channel_of_another_nexus_does_not_join)
{
	struct unet_type_spec spec = spec_bpf(load_steering(PROCESSES));
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan far, near;

	ASSERT_EQ(0, rtnl_veth("vc", "vd", self->t.peer));
	ASSERT_EQ(0, rtnl_up("vc"));
	ASSERT_EQ(0, nexus_attach("vc"));
	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	ASSERT_EQ(0, chan_open(&far, "vc", NULL));
	EXPECT_EQ(-EINVAL, type_join(&far, r.id, &ref));
	EXPECT_TRUE(has_no_member(self->peer, self->host));
	/* It took no place. */
	ASSERT_EQ(0, chan_open(&near, "va", NULL));
	ASSERT_EQ(0, type_join(&near, r.id, &ref));
	EXPECT_EQ(1, ref.member);
	ASSERT_EQ(0, send_quic(self->peer, 1));
	EXPECT_NE(NULL, chan_rx_peek(&near, 2000));
	EXPECT_EQ(NULL, chan_rx_peek(&far, 0));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_verdict"));
	chan_close(&near);
	chan_close(&far);
}

TEST_F(type_bpf, a_channel_with_all_its_flows_does_not_join)
{
	static const struct unet_params params = { .max_flows = 1 };
	struct unet_flow_req f = flow_req(IPPROTO_UDP, AF_INET, OUR_V4, PORT + 1, NULL, 0);
	struct unet_type_spec spec = spec_bpf(load_steering(PROCESSES));
	struct unet_type_ref ref;
	struct unet_type_req r;
	struct chan full;

	ASSERT_EQ(0, type_add(&self->c, &spec, 1, &r));
	ASSERT_EQ(0, chan_open(&full, "va", &params));
	ASSERT_EQ(0, chan_flow_add(&full, &f));
	EXPECT_EQ(-ENOSPC, type_join(&full, r.id, &ref));
	EXPECT_TRUE(has_no_member(self->peer, self->host));
	/* It took no place, and has its flow as before. */
	ASSERT_EQ(0, send_to(self->peer, OUR_V4, PORT + 1, "x", 1));
	ASSERT_NE(NULL, chan_rx_peek(&full, 2000));
	chan_rx_next(&full);
	ASSERT_EQ(0, chan_flow_del(&full, f.flow, 0));
	ASSERT_EQ(0, type_join(&full, r.id, &ref));
	EXPECT_EQ(1, ref.member);
	EXPECT_NE(f.flow, ref.flow);
	ASSERT_EQ(0, send_quic(self->peer, 1));
	EXPECT_NE(NULL, chan_rx_peek(&full, 2000));
	EXPECT_EQ(1, nexus_counter("va", "rx_type_verdict"));
	chan_close(&full);
}

TEST_HARNESS_MAIN
