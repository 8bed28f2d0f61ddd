// SPDX-License-Identifier: MIT
/* libs: -rdynamic */
/*
 * Hooks as shared objects: the words of UNET_HOOKS, objects that are refused and
 * what is said of them, and the three that are shipped at work between two stacks:
 * rate.so, names.so, stamp.so.
 */
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>
#include <unet/unet.h>
#include "core/csum.h"
#include "core/wire.h"
#include "forge.h"
#include "helpers.h"
#include "hook_words.h"
#include "stack.h"

#define OBJECT(name)	"./build/rel/lib/unet/hooks/" name ".so"
#define BAD(name)	"./build/asan/tests/hooks/" name ".so"

static struct unet_wire *w;
static struct unet_stack *end[2];
static struct unet_sock *a;
static struct unet_sock *b;

static int set_up(void **state)
{
	struct unet_wire_opts o = {
		.size = sizeof(o), .delay_us = 700, .flags = UNET_WIRE_CSUM,
	};

	w = unet_wire_open(&o, end);
	a = NULL;
	b = NULL;
	return !w;
}

static int tear_down(void **state)
{
	unet_wire_close(w);
	return 0;
}

static void pair(const char *port, const char *peer)
{
	b = unet_udp_open(end[1], *port == '[' ? AF_INET6 : AF_INET);
	assert_int_equal(unet_udp_bind(b, port), 0);
	a = unet_connect(end[0], "udp", peer, NULL);
	assert_non_null(a);
}

static void run_for(u64 us)
{
	unet_wire_run(w, unet_wire_now(w) + us);
}

static u32 heard(void)
{
	char buf[2000];
	u32 n = 0;

	while (unet_recv(b, buf, sizeof(buf), 0) >= 0)
		n++;
	return n;
}

static void loads(int side, const char *words)
{
	int err = unet_hook_load(end[side], words);

	if (err)
		fail_msg("%s", unet_error_detail());
}

/* ---- words ------------------------------------------------------------- */

static void words_are_taken_apart(void **state)
{
	const char *at = "./rate.so=pps=1,burst=2:dns.so:a\\:b\\=c=x\\:y\\\\";
	struct unet_hook_word word;

	assert_int_equal(unet_hook_word_next(&at, &word), 1);
	assert_string_equal(word.path, "./rate.so");
	assert_string_equal(word.args, "pps=1,burst=2");
	assert_int_equal(unet_hook_word_next(&at, &word), 1);
	assert_string_equal(word.path, "dns.so");
	assert_string_equal(word.args, "");
	assert_int_equal(unet_hook_word_next(&at, &word), 1);
	assert_string_equal(word.path, "a:b=c");
	assert_string_equal(word.args, "x:y\\");
	assert_int_equal(unet_hook_word_next(&at, &word), 0);
}

static void words_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", ":", "=x", "a::b", "a:", ":a" };
	char text[2000];
	struct unet_hook_word word;
	const char *at;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		at = bad[i];
		while ((ret = unet_hook_word_next(&at, &word)) > 0)
			;
		assert_int_equal(ret, -EINVAL);
		assert_non_null(strstr(unet_error_detail(), "empty name"));
	}
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	at = text;
	assert_int_equal(unet_hook_word_next(&at, &word), 1);
	text[255] = 'x';
	text[256] = '\0';
	at = text;
	assert_int_equal(unet_hook_word_next(&at, &word), -EINVAL);
	assert_non_null(strstr(unet_error_detail(), "at most 255"));
	text[1] = '=';
	text[256] = 'x';
	text[2 + 1023] = '\0';
	at = text;
	assert_int_equal(unet_hook_word_next(&at, &word), 1);
	text[2 + 1023] = 'x';
	text[2 + 1024] = '\0';
	at = text;
	assert_int_equal(unet_hook_word_next(&at, &word), -EINVAL);
}

/* ---- objects that are refused ------------------------------------------ */

struct refusal {
	const char *words;
	int err;
	const char *said;
};

static const struct refusal refusals[] = {
	{ "./no/such.so", -ENOENT, "\"./no/such.so\": " },
	{ "nosuch.so", -ENOENT, "unet/hooks/nosuch.so" },
	{ "./Makefile", -ENOENT, "./Makefile" },
	{ BAD("NONE"), -ELIBBAD, "does not export unet_hook_object" },
	{ BAD("ABI"), -ELIBBAD, "abi 99, this library wants 2" },
	{ BAD("SIZE"), -ELIBBAD, "size 8, this library wants" },
	{ BAD("EMPTY"), -ELIBBAD, "lacks a name or open()" },
	{ BAD("REFUSES") "=the moon is full", -EPROTO, "the moon is full" },
	{ BAD("REFUSES"), -EPROTO, "does not say why" },
	{ BAD("PAIR"), -EPROTO, "does not say why" },
	{ OBJECT("rate") "=pps=5:" BAD("PAIR"), -EPROTO, "does not say why" },
	{ OBJECT("rate") "=pps=5:" BAD("ABI"), -ELIBBAD, "abi 99" },
	{ OBJECT("rate"), -EINVAL, "pps=NUMBER is missing" },
	{ OBJECT("rate") "=pps=0", -EINVAL, "pps=0: must be a number from 1 to" },
	{ OBJECT("rate") "=pps=5x", -EINVAL, "pps=5x" },
	{ OBJECT("rate") "=pps=-5", -EINVAL, "pps=-5" },
	{ OBJECT("rate") "=pps", -EINVAL, "\"pps\": wanted is KEY=VALUE" },
	{ OBJECT("rate") "=speed=3", -EINVAL, "one of pps burst sources port" },
	{ OBJECT("names"), -EINVAL, "deny=NAME is missing" },
	{ OBJECT("stamp") "=log=/no/such/file", -ENOENT, "/no/such/file" },
};

static void refusal_row(void **state)
{
	const struct refusal *r = *state;

	assert_false(set_up(NULL));
	assert_int_equal(unet_hook_load(end[0], r->words), r->err);
	if (!strstr(unet_error_detail(), r->said))
		fail_msg("\"%s\" lacks \"%s\"", unet_error_detail(), r->said);
	/* all or none */
	assert_int_equal(unet_hook_list(end[0], NULL, 0), 0);
	assert_null(end[0]->hooks.loaded);
	assert_null(end[0]->hooks.retired);
	tear_down(NULL);
}

/* ---- rate.so ----------------------------------------------------------- */

static void send_from(const char *from, u32 n)
{
	struct unet_connect_opts o = { .size = sizeof(o), .local = from };
	struct unet_sock *s = unet_connect(end[0], "udp", "192.0.2.2:7", &o);

	assert_non_null(s);
	while (n--)
		assert_int_equal(unet_send(s, "x", 1, 0), 1);
	unet_close(s);
}

static void no_source_gets_more_than_its_rate(void **state)
{
	struct unet_hook_stats s = { .size = sizeof(s) };

	pair(":7", "192.0.2.2:7");
	loads(1, OBJECT("rate") "=pps=100,burst=20");
	send_from(NULL, 50);
	run_for(50000);
	assert_int_equal(heard(), 20);
	assert_int_equal(unet_hook_list(end[1], &s, 1), 1);
	assert_string_equal(s.name, "rate");
	assert_int_equal(s.verdict[UNET_HOOK_DROP], 30);
	/* 10 ms are worth one packet; a rest fills the bucket, and no more */
	end[1]->now += 100000;
	send_from(NULL, 50);
	run_for(50000);
	assert_in_range(heard(), 10, 11);
	end[1]->now += 100000000;
	send_from(NULL, 50);
	run_for(50000);
	assert_int_equal(heard(), 20);
}

static void each_source_has_a_bucket_of_its_own(void **state)
{
	static u8 packet[100];
	u8 udp[9] = { 0, 9, 0, 7, 0, 9, 0, 0, 'x' };
	u32 i;

	pair(":7", "192.0.2.2:7");
	loads(1, OBJECT("rate") "=pps=1,burst=3,sources=1024,port=7");
	for (i = 0; i < 80; i++) {
		u8 ip[20] = { 0x45, 0, 0, 29, [8] = 64, [9] = 17,
			      [12] = 10, 0, 0, 1 + i % 16, 192, 0, 2, 2 };
		u32 sum = 0;
		u32 j;

		for (j = 0; j < 20; j += 2)
			sum += ip[j] << 8 | ip[j + 1];
		sum = ~(sum + (sum >> 16));
		ip[10] = (u8)(sum >> 8);
		ip[11] = (u8)sum;
		memcpy(packet, ip, 20);
		memcpy(packet + 20, udp, 9);
		assert_int_equal(unet_stack_input(end[1], 2000000, packet, 29),
				 0);
	}
	assert_int_equal(heard(), 16 * 3);
}

/* How many of @n packets from there are heard; a microsecond is between each. */
static u32 heard_from(const char *from, u32 n)
{
	static u8 packet[FORGE_MAX];
	bool v6 = strchr(from, ':');
	u32 len = forge_udp(packet, from, 9, v6 ? "2001:db8::2" : "192.0.2.2", 7, "x", 1);

	while (n--)
		assert_int_equal(unet_stack_input(end[1], end[1]->now + 1, packet, len), 0);
	return heard();
}

static void all_of_a_64_is_one_source(void **state)
{
	pair("[::]:7", "[2001:db8::2]:7");
	loads(1, OBJECT("rate") "=pps=1,burst=3");
	assert_int_equal(heard_from("2001:db8:0:1::1", 2), 2);
	assert_int_equal(heard_from("2001:db8:0:1:ffff:ffff:ffff:ffff", 2), 1);
	assert_int_equal(heard_from("2001:db8:0:1::1", 1), 0);
	/* the 64th bit, and the first */
	assert_int_equal(heard_from("2001:db8::1", 4), 3);
	assert_int_equal(heard_from("a001:db8:0:1::1", 4), 3);
	/* an IPv4 address that has the bytes of one is another */
	assert_int_equal(heard_from("a00:1::1", 4), 3);
	assert_int_equal(heard_from("10.0.0.1", 4), 3);
}

/* A table of four places: any source may take each of them. */
static void a_new_source_takes_the_place_of_the_one_quiet_longest(void **state)
{
	pair(":7", "192.0.2.2:7");
	loads(1, OBJECT("rate") "=pps=1,burst=2,sources=4");
	assert_int_equal(heard_from("10.0.0.1", 1), 1);
	assert_int_equal(heard_from("10.0.0.2", 1), 1);
	assert_int_equal(heard_from("10.0.0.3", 1), 1);
	assert_int_equal(heard_from("10.0.0.4", 1), 1);
	assert_int_equal(heard_from("10.0.0.1", 1), 1);
	/* that is the second */
	assert_int_equal(heard_from("10.0.0.5", 1), 1);
	assert_int_equal(heard_from("10.0.0.1", 2), 0);
	assert_int_equal(heard_from("10.0.0.3", 2), 1);
	assert_int_equal(heard_from("10.0.0.4", 2), 1);
	assert_int_equal(heard_from("10.0.0.5", 2), 1);
	assert_int_equal(heard_from("10.0.0.2", 3), 2);
}

static void many_sources_do_not_fill_a_busy_ones_bucket(void **state)
{
	char from[20];
	u32 busy = 0;
	u32 others = 0;
	u32 i;

	pair(":7", "192.0.2.2:7");
	loads(1, OBJECT("rate") "=pps=1,burst=5,sources=4");
	for (i = 0; i < 3000; i++) {
		if (i % 3 == 0)
			busy += heard_from("192.0.2.1", 1);
		snprintf(from, sizeof(from), "10.0.%u.%u", i / 200, i % 200);
		others += heard_from(from, 1);
	}
	assert_int_equal(busy, 5);
	assert_int_equal(others, 3000);
}

static void a_super_packet_costs_its_segments(void **state)
{
	struct unet_wire_opts o = { .size = sizeof(o), .flags = UNET_WIRE_SUPER };
	static const u32 segs[] = { 15, 6, 5, 1 };
	static const u32 expected[] = { 15, 0, 5, 0 };
	struct unet_hook_stats s = { .size = sizeof(s) };
	static char data[1500];
	u32 i;

	pair(":7", "192.0.2.2:7");
	assert_int_equal(unet_wire_set(w, &o), 0);
	loads(1, OBJECT("rate") "=pps=1,burst=20");
	for (i = 0; i < ARRAY_SIZE(segs); i++) {
		assert_int_equal(unet_sendto(a, data, 100 * segs[i], 100, NULL, 0),
				 100 * segs[i]);
		run_for(1000);
		assert_int_equal(heard(), expected[i]);
	}
	assert_int_equal(unet_hook_list(end[1], &s, 1), 1);
	assert_int_equal(s.packets, ARRAY_SIZE(segs));
}

/* ---- names.so ---------------------------------------------------------- */

static u32 query(u8 *to, const char *labels)
{
	static const u8 head[12] = { 0x12, 0x34, 1, 0, 0, 1 };
	u32 n = (u32)strlen(labels) + 1;

	memcpy(to, head, 12);
	memcpy(to + 12, labels, n);
	memcpy(to + 12 + n, "\0\1\0\1", 4);
	return 12 + n + 4;
}

static void ask(const char *labels)
{
	u8 dns[300];
	u32 n = query(dns, labels);

	assert_int_equal(unet_send(a, dns, n, 0), n);
	run_for(10000);
}

static void a_denied_name_is_answered_here(void **state)
{
	u8 buf[300];
	u8 dns[300];
	u32 n = query(dns, "\3www\3ADS\7example");

	pair(":53", "192.0.2.2:53");
	loads(0, OBJECT("names") "=deny=Ads.Example,deny=b.net");
	ask("\3www\3ADS\7example");
	assert_int_equal(heard(), 0);
	assert_int_equal(unet_recv(a, buf, sizeof(buf), 0), n);
	assert_int_equal(buf[3] & 15, 3);
	assert_int_equal(buf[2] & 0x80, 0x80);
	assert_memory_equal(buf, dns, 2);
	assert_memory_equal(buf + 12, dns + 12, n - 12);
	ask("\1b\3net");
	assert_int_equal(heard(), 0);
	ask("\4nads\7example");
	ask("\3ads\7example\3com");
	assert_int_equal(heard(), 2);
}

static u8 answered[300];
static u32 answered_len;

static void look_at_answer(struct unet_hook_batch *batch, void *arg)
{
	const struct unet_hook_pkt *p = batch->pkt[0];

	assert_int_equal(batch->n, 1);
	assert_in_range(p->total, 1, sizeof(answered));
	memcpy(answered, unet_hook_read(p, 0, p->total, answered), p->total);
	answered_len = p->total;
}

/* What is injected passes the hooks behind, so one sees the packet as it is. */
static void an_answer_over_ipv6_is_the_query_turned_round(void **state)
{
	struct unet_hook_opts o = {
		.size = sizeof(o), .dirs = UNET_HOOK_RX, .priority = 1,
	};
	__be32 us[4], them[4];
	u8 dns[300];
	u32 n = query(dns, "\3ads\7example");
	u64 sum;

	forge_addr("2001:db8::1", us);
	forge_addr("2001:db8::2", them);
	pair("[::]:53", "[2001:db8::2]:53");
	loads(0, OBJECT("names") "=deny=ads.example");
	assert_non_null(unet_hook_add(end[0], look_at_answer, NULL, &o));
	answered_len = 0;
	ask("\3ads\7example");
	assert_int_equal(heard(), 0);
	assert_int_equal(answered_len, 40 + 8 + n);
	assert_memory_equal(answered + 8, them, 16);
	assert_memory_equal(answered + 24, us, 16);
	assert_int_equal(unet_load_u16(answered + 40), 53);
	assert_int_not_equal(unet_load_u16(answered + 42), 53);
	sum = unet_csum_pseudo6(answered + 8, answered + 24, IPPROTO_UDP, 8 + n);
	assert_int_equal(unet_csum_finish(unet_csum_add(answered + 40, 8 + n, sum)), 0);
	assert_int_equal(unet_recv(a, dns, sizeof(dns), 0), n);
	assert_int_equal(dns[2] & 0x80, 0x80);
	assert_int_equal(dns[3] & 15, 3);
	/* of others nothing is heard but over there */
	ask("\4nads\7example");
	assert_int_equal(heard(), 1);
}

static void a_denied_query_is_not_received(void **state)
{
	pair(":53", "192.0.2.2:53");
	loads(1, OBJECT("names") "=deny=b.net");
	ask("\1b\3net");
	ask("\1a\3net");
	assert_int_equal(heard(), 1);
}

static size_t http_gets_through(const char *head)
{
	struct unet_sock *ls = unet_listen(end[1], "tcp", ":80", 4);
	struct unet_sock *c = unet_connect(end[0], "tcp", "192.0.2.2:80", NULL);
	struct unet_sock *s;
	char buf[2000];
	ssize_t n;

	run_for(20000);
	s = unet_accept(ls);
	assert_non_null(s);
	assert_int_equal(unet_send(c, head, strlen(head), 0), strlen(head));
	run_for(500000);
	n = unet_recv(s, buf, sizeof(buf), 0);
	unet_abort(c);
	unet_abort(s);
	unet_close(ls);
	run_for(20000);
	return n < 0 ? 0 : (size_t)n;
}

static void a_request_for_a_denied_host_does_not_arrive(void **state)
{
	static const char good[] = "GET / HTTP/1.1\r\nHost: a.net\r\n\r\n";

	loads(0, OBJECT("names") "=deny=b.net");
	assert_int_equal(http_gets_through(good), strlen(good));
	assert_int_equal(http_gets_through("GET / HTTP/1.1\r\nAccept: x\r\n"
					   "hOST:\t www.B.net.:80\r\n\r\n"), 0);
	/* a word in the body is no host */
	assert_true(http_gets_through("POST / HTTP/1.1\r\nHost: a.net\r\n\r\nHost: b.net\r\n"));
}

/* ---- stamp.so ---------------------------------------------------------- */

static int options_seen;

static int look_for_options(void *arg, int from, uint64_t now_us, void *packet,
			    size_t len)
{
	const u8 *l3 = packet;

	options_seen += l3[0] == 0x48 && l3[20] == 68 && l3[21] == 12;
	return 0;
}

static void a_packet_tells_how_long_it_took(void **state)
{
	char path[] = "/tmp/unet-stamps-XXXXXX";
	char words[200];
	char text[600] = "";
	char full[1460];
	int fd = mkstemp(path);
	FILE *f;

	assert_true(fd >= 0);
	options_seen = 0;
	snprintf(words, sizeof(words), "%s=log=%s", OBJECT("stamp"), path);
	pair(":7", "192.0.2.2:7");
	loads(0, words);
	loads(1, words);
	unet_wire_on_packet(w, look_for_options, NULL);
	assert_int_equal(unet_send(a, "hello", 5, 0), 5);
	memset(full, 1, sizeof(full));
	assert_int_equal(unet_send(a, full, sizeof(full), 0), sizeof(full));
	run_for(10000);
	assert_int_equal(options_seen, 2);
	assert_int_equal(heard(), 2);
	/* connections go on as if nothing was there */
	assert_int_equal(http_gets_through("GET / HTTP/1.0\r\n\r\n"), 18);
	assert_true(options_seen > 5);
	assert_int_equal(end[1]->counter[UNET_STAT_L4_BAD_CSUM], 0);
	assert_int_equal(end[1]->counter[UNET_STAT_IP_BAD_CSUM], 0);
	assert_int_equal(end[0]->counter[UNET_STAT_HOOK_REFUSED], 0);
	tear_down(NULL);
	w = NULL;
	f = fdopen(fd, "r");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	unlink(path);
	assert_non_null(strstr(text, "\"full\":0,"));
	assert_non_null(strstr(text, "\"least_us\":700,"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	struct CMUnitTest rows[ARRAY_SIZE(refusals)];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_taken_apart),
		cmocka_unit_test(words_that_are_none_are_refused),
		TEST(no_source_gets_more_than_its_rate),
		TEST(each_source_has_a_bucket_of_its_own),
		TEST(all_of_a_64_is_one_source),
		TEST(a_new_source_takes_the_place_of_the_one_quiet_longest),
		TEST(many_sources_do_not_fill_a_busy_ones_bucket),
		TEST(a_super_packet_costs_its_segments),
		TEST(a_denied_name_is_answered_here),
		TEST(an_answer_over_ipv6_is_the_query_turned_round),
		TEST(a_denied_query_is_not_received),
		TEST(a_request_for_a_denied_host_does_not_arrive),
		TEST(a_packet_tells_how_long_it_took),
	};
	char path[PATH_MAX] = OBJECT("rate");
	char why[300];
	size_t i;

	/* in somebody else's folder, root does not load them */
	if (unet_hook_privileged() && unet_hook_trust(path, why, sizeof(why))) {
		printf("1..0 # SKIP %s\n", why);
		return 4;
	}
	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		rows[i] = (struct CMUnitTest){ refusals[i].words, refusal_row,
			NULL, NULL, (void *)&refusals[i] };
	return cmocka_run_group_tests_name("refused", rows, NULL, NULL) +
	       cmocka_run_group_tests_name("hook load", tests, NULL, NULL);
}
