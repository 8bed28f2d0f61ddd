// SPDX-License-Identifier: MIT
/*
 * bench_gen: feeds UDP packets into the peer of a veth device in bursts, at
 * next to no cost of its own: a BPF test run with live frames, redirected out of
 * the device. Prints one JSON object with the times of the first and the last
 * packet on CLOCK_MONOTONIC.
 *
 * Packets carry no UDP checksum unless asked for: with one, GRO would verify it ahead of
 * every receiver but the native ones. Addresses are fixed by the bench's topology:
 * 10.77.0.1 sends to 10.77.0.2.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen.h"

#define FIRST_PORT	9000
#define MAX_FLOWS	50000
#define MAX_FRAME	1514
#define HEADERS		(ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr))
#define MIN_FRAME	(HEADERS + 1)	/* a byte of payload is written for each */

struct wish {
	const char *dev;
	const char *object;
	struct ether_addr dest;
	uint32_t packets;
	uint32_t bytes;
	uint32_t flows;
	uint32_t burst;
	bool summed;
};

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[MAX_FRAME - HEADERS];
} __attribute__((packed));

/* RFC 1071, of an even number of bytes, going on from @sum. */
static uint16_t checksum(const void *bytes, size_t len, uint32_t sum)
{
	const uint16_t *p = bytes;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		sum += p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Over the pseudo header, too: addresses, protocol, length. */
static uint16_t udp_checksum(const struct frame *f)
{
	const uint8_t *ip = (const uint8_t *)f + ETH_HLEN;
	uint16_t addresses = ~checksum(ip + 12, 8, htons(IPPROTO_UDP));
	uint16_t sum = checksum(ip + sizeof(f->ip), ntohs(f->udp.len),
				(uint32_t)addresses + f->udp.len);

	return sum ? sum : 0xffff;
}

static void make_frame(struct frame *f, const struct wish *w)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->eth.h_dest, &w->dest, ETH_ALEN);
	memcpy(f->eth.h_source, "\x02\x00\x00\x00\x00\x01", ETH_ALEN);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_UDP;
	f->ip.tot_len = htons(w->bytes - ETH_HLEN);
	f->ip.saddr = inet_addr("10.77.0.1");
	f->ip.daddr = inet_addr("10.77.0.2");
	f->ip.check = checksum((uint8_t *)f + ETH_HLEN, sizeof(f->ip), 0);
	f->udp.source = htons(FIRST_PORT);
	f->udp.dest = htons(FIRST_PORT);
	f->udp.len = htons(w->bytes - ETH_HLEN - sizeof(f->ip));
	if (w->summed)
		f->udp.check = udp_checksum(f);
}

static struct bpf_map *data_section(const struct bpf_object *obj,
				    const char *name)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
		if (strstr(bpf_map__name(map), name))
			break;
	return map;
}

static struct bpf_object *load(const struct wish *w, const struct frame *f)
{
	struct gen_constants c = { if_nametoindex(w->dev), w->flows,
				   FIRST_PORT, w->packets, f->ip.check,
				   f->udp.check, f->ip.ttl };
	struct bpf_object *obj = bpf_object__open_file(w->object, NULL);

	if (!obj || bpf_map__set_initial_value(data_section(obj, ".rodata"),
					       &c, sizeof(c)))
		return NULL;
	return bpf_object__load(obj) ? NULL : obj;
}

static int run(int prog, struct frame *f, const struct wish *w)
{
	struct xdp_md ctx = { .data_end = w->bytes,
			      .ingress_ifindex = if_nametoindex(w->dev) };
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.data_in = f,
		.data_size_in = w->bytes,
		.ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx),
		.repeat = w->packets,
		.flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		.batch_size = w->burst,
	};

	return bpf_prog_test_run_opts(prog, &opts);
}

/* What the program noted, if it made all the packets it was to make; else errno. */
static int read_progress(const struct bpf_object *obj, const struct wish *w,
			 struct gen_progress *p)
{
	uint32_t key = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(data_section(obj, ".bss")), &key, p))
		return -1;
	errno = EIO;
	return p->sent == w->packets ? 0 : -1;
}

static uint32_t number(const char *what, const char *text, uint32_t min,
		       uint32_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text && !*end && n >= min && n <= max)
		return n;
	fprintf(stderr, "bench_gen: %s '%s': not a number from %u to %u\n",
		what, text, min, max);
	exit(2);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: bench_gen -o OBJECT -i DEV -d MAC [-n PACKETS] [-l BYTES] [-f FLOWS] [-b BURST] [-c]\n");
	exit(2);
}

static struct ether_addr address(const char *text)
{
	const struct ether_addr *mac = ether_aton(text);

	if (mac)
		return *mac;
	fprintf(stderr, "bench_gen: '%s' is not a MAC address\n", text);
	exit(2);
}

static void set(struct wish *w, int option, const char *text)
{
	switch (option) {
	case 'o':
		w->object = text;
		break;
	case 'i':
		w->dev = text;
		break;
	case 'd':
		w->dest = address(text);
		break;
	case 'n':
		w->packets = number("packets", text, 1, 1u << 30);
		break;
	case 'l':
		w->bytes = number("bytes", text, MIN_FRAME, MAX_FRAME);
		break;
	case 'f':
		w->flows = number("flows", text, 1, MAX_FLOWS);
		break;
	case 'b':
		w->burst = number("burst", text, 1, 256);
		break;
	case 'c':
		w->summed = true;
		break;
	default:
		usage();
	}
}

static void parse(int argc, char **argv, struct wish *w)
{
	int c;

	while ((c = getopt(argc, argv, "o:i:d:n:l:f:b:c")) != -1)
		set(w, c, optarg);
	if (!w->dev || !w->object || optind != argc)
		usage();
	/* The source port is written into each packet: the sum would not be. */
	if (w->summed && (w->flows != 1 || w->bytes % 2)) {
		fprintf(stderr, "bench_gen: -c: one flow and an even number of bytes only\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct wish w = { .packets = 300000, .bytes = 64, .flows = 1,
			  .burst = 64 };
	struct gen_progress done;
	struct bpf_object *obj;
	struct frame frame;

	parse(argc, argv, &w);
	make_frame(&frame, &w);
	obj = load(&w, &frame);
	if (!obj) {
		fprintf(stderr, "bench_gen: %s: %s\n", w.object, strerror(errno));
		return 1;
	}
	if (run(bpf_program__fd(bpf_object__find_program_by_name(obj, "gen")),
		&frame, &w) || read_progress(obj, &w, &done)) {
		fprintf(stderr, "bench_gen: test run: %s\n", strerror(errno));
		return 1;
	}
	printf("{\"start\":%" PRIu64 ",\"end\":%" PRIu64 ",\"packets\":%u}\n",
	       (uint64_t)done.first, (uint64_t)done.last, w.packets);
	return 0;
}
