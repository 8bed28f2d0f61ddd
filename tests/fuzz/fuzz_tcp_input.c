// SPDX-License-Identifier: MIT
/*
 * A whole connection: the input is a list of segments, spans of time, user calls
 * and shortages. Whatever the order: no crash, the sums and lists of every pcb
 * hold, bytes read are the peer's, bytes sent are ours, and in the end, with
 * the peer silent, nothing is left.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "../unit/tcp_script.c"

#define STEPS		300
#define AFTER_US	(2000 * 1000000ull)

/**
 * struct input - bytes to be used up; zeros when there are none left
 */
struct input {
	const uint8_t *p;
	size_t left;
};

static u8 take8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static u16 take16(struct input *in)
{
	u16 hi = take8(in);

	return hi << 8 | take8(in);
}

static void check(const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

static void check_all(struct script *s)
{
	struct unet_tcp_pcb *p;

	for (p = tcp_of(s->st)->pcbs; p; p = p->next)
		check(script_check(p));
	check(s->bad_bytes ? "a wrong byte was sent" : NULL);
	s->n_out = 0;
}

/* Near something that matters: most segments are almost right. */
static u32 near(struct input *in, u32 a, u32 b)
{
	u8 how = take8(in);

	switch (how & 7) {
	case 0:
	case 1:
	case 2:
		return a;
	case 3:
		return b;
	case 4:
		return a + (s8)take8(in);
	case 5:
		return a + (s16)take16(in);
	case 6:
		return b + (s16)take16(in);
	default:
		return (u32)take16(in) << 16 | take16(in);
	}
}

static u32 length(struct input *in)
{
	static const u16 often[] = { 0, 1, 100, 535, 536, 1460, 2920, 9000 };
	u8 how = take8(in);

	return how & 8 ? take16(in) % 20000 : often[how & 7];
}

static void take_sacks(struct input *in, const struct unet_tcp_pcb *pcb,
		       struct script_seg *seg)
{
	u32 una = pcb ? pcb->snd_una : 0, nxt = pcb ? pcb->snd_nxt : 0;

	seg->sacks = take8(in) % 5;
	if (seg->ts && seg->sacks > 3)
		seg->sacks = 3;
	for (int i = 0; i < seg->sacks; i++) {
		seg->sack[i].start = near(in, una, nxt) - SCRIPT_ISS;
		seg->sack[i].end = near(in, nxt, una) - SCRIPT_ISS;
	}
}

static void segment(struct script *s, struct input *in)
{
	static const u8 often[] = { ACK, ACK, ACK, ACK | PSH, ACK | FIN, SYN,
				    SYN | ACK, RST };
	struct unet_tcp_pcb *pcb = s->pcb;
	struct script_seg seg = { .flags = 0 };
	u8 how = take8(in), opts = take8(in);

	seg.flags = how & 8 ? take8(in) : often[how & 7];
	seg.port = how & 16 ? SCRIPT_PEER + (take8(in) & 31) : 0;
	seg.seq = SCRIPT_IRS + !(seg.flags & SYN);
	seg.ack = SCRIPT_ISS + 1;
	if (pcb && pcb->state != UNET_TCP_LISTEN) {
		seg.seq = near(in, pcb->rcv_nxt, pcb->rcv_adv);
		seg.ack = near(in, pcb->snd_nxt, pcb->snd_una);
	}
	seg.seq -= SCRIPT_IRS;
	seg.ack -= SCRIPT_ISS;
	seg.len = length(in);
	seg.wnd = opts & 1 ? take16(in) : 0;
	if (opts & 2 || (pcb && pcb->flags & UNET_TCPF_TS && opts & 4)) {
		seg.ts = pcb ? near(in, pcb->ts_recent, 1) : 1;
		seg.tsecr = (u32)(s->now / 1000) - take8(in);
	}
	if (seg.flags & SYN) {
		seg.mss = opts & 8 ? take16(in) : 1460;
		seg.wscale = opts & 16 ? take8(in) % 17 : 0;
		seg.sack_ok = opts & 32;
	} else if (opts & 64) {
		take_sacks(in, pcb, &seg);
	}
	seg.segs = opts & 128 ? 1 + take8(in) % 45 : 1;
	script_put(s, &seg);
}

static void read_some(struct script *s, u32 len)
{
	struct unet_tcp_pcb *pcb = s->pcb;
	u32 seq = pcb->rcv_nxt - pcb->rcvq.bytes - SCRIPT_IRS;
	u8 *buf = malloc(len + 1);
	ssize_t n, i;

	if (pcb->flags & UNET_TCPF_FIN_RCVD)
		seq--;
	n = unet_tcp_recv(pcb, buf, len, false);
	for (i = 0; i < n; i++)
		check(buf[i] == script_byte(seq + i) ? NULL :
						       "a wrong byte was read");
	free(buf);
}

static void let_go(struct script *s, bool abort_it)
{
	if (abort_it)
		unet_tcp_abort(s->pcb);
	else
		unet_tcp_close(s->pcb);
	s->pcb = NULL;
}

static void accept_one(struct script *s)
{
	struct unet_tcp_pcb *c = unet_tcp_accept(s->pcb);

	if (!c)
		return;
	unet_tcp_close(s->pcb);
	s->pcb = c;
	unet_tcp_set_events(c, &script_events, s);
}

static void icmp(struct script *s, struct input *in)
{
	struct unet_icmp_info i = {
		.kind = take8(in) % 3, .err = ECONNREFUSED,
		.mtu = take16(in),
		.tcp_seq = near(in, s->pcb->snd_una, s->pcb->snd_nxt),
	};

	unet_tcp_proto.icmp_error(s->st, &s->pcb->flow, &i);
}

static void user(struct script *s, struct input *in)
{
	u8 how = take8(in);

	switch (how % 12) {
	case 0:
	case 1:
	case 2:
		script_send(s, length(in));
		break;
	case 3:
	case 4:
		read_some(s, length(in));
		break;
	case 5:
		accept_one(s);
		break;
	case 6:
		unet_tcp_shutdown(s->pcb, how / 12 % 3);
		break;
	case 7:
		let_go(s, how & 16);
		break;
	case 8:
		unet_tcp_set(s->pcb, take8(in) % 15, take8(in));
		break;
	case 9:
		unet_tcp_set(s->pcb, UNET_TCP_OPT_RCVBUF, take16(in));
		break;
	case 10:
		icmp(s, in);
		break;
	case 11:
		unet_tcp_set_congestion(s->pcb, how & 16 ? "reno" : "cubic");
		break;
	}
}

static void shortage(struct script *s, struct input *in)
{
	u8 how = take8(in);

	s->tx_room = how & 1 ? how >> 4 : UINT32_MAX;
	s->tx_memory = how & 2 ? take16(in) : UINT32_MAX;
	s->flow_max = how & 4 ? 2 : 1000;
	s->adv.flags = how & 8 ? UNET_ADV_SUSPENDED : 0;
}

static void step(struct script *s, struct input *in)
{
	u8 op = take8(in);

	switch (op & 7) {
	case 0:
	case 1:
	case 2:
	case 3:
		segment(s, in);
		if (op & 8)
			script_turn(s);
		break;
	case 4:
		script_after(s, take16(in) * (op & 8 ? 10000ull : 10ull));
		break;
	case 5:
	case 6:
		if (s->pcb)
			user(s, in);
		break;
	case 7:
		shortage(s, in);
		break;
	}
}

static void nothing_is_left(struct script *s)
{
	struct unet_tcp *tcp = tcp_of(s->st);

	s->tx_room = UINT32_MAX;
	s->tx_memory = UINT32_MAX;
	s->adv.flags = 0;
	if (s->pcb)
		let_go(s, false);
	for (int i = 0; i < 20 && (tcp->n_pcbs || tcp->n_tw); i++) {
		script_after(s, AFTER_US / 20);
		check_all(s);
	}
	check(tcp->n_pcbs ? "a pcb is left" : NULL);
	check(tcp->n_tw ? "a TIME-WAIT is left" : NULL);
	check(tcp->n_xmit ? "a record is left" : NULL);
	check(s->st->pool.live ? "a packet is left" : NULL);
	check(s->flows ? "a flow is left" : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = take8(&in);
	struct script *s = script_open(how & 1 ? SCRIPT_SUPER : 0);

	if (how & 2)
		script_connect(s);
	else
		script_listen(s, 1 + (how >> 4));
	for (int i = 0; i < STEPS && in.left; i++) {
		step(s, &in);
		check_all(s);
	}
	script_turn(s);
	check_all(s);
	nothing_is_left(s);
	script_close(s);
	return 0;
}
