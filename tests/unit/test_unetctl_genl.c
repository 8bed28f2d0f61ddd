// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{args,reply,genl,match}.c */
/* libs: -lmnl */
/*
 * Description: what the kernel answers is taken apart, whatever it is: whole,
 * of another version, torn, malformed or cut anywhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/reply.c"
#include "tools/unetctl/genl.c"
#include "tools/unetctl/match.c"

#define FAMILY	0x1f
#define SEQ	9

/* A datagram of netlink messages, built as the kernel would. */
struct datagram {
	size_t bytes;
	char buf[8192] __attribute__((aligned(8)));
};

static struct nlmsghdr *begin(struct datagram *d, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(d->buf + d->bytes);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = SEQ;
	return nlh;
}

static struct nlmsghdr *begin_genl(struct datagram *d, uint8_t cmd)
{
	struct nlmsghdr *nlh = begin(d, FAMILY, NLM_F_MULTI);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void end(struct datagram *d, struct nlmsghdr *nlh)
{
	d->bytes += NLMSG_ALIGN(nlh->nlmsg_len);
}

static void put_flow(struct datagram *d, uint64_t id)
{
	struct nlmsghdr *nlh = begin_genl(d, UNET_CMD_FLOW_GET);

	mnl_attr_put_strz(nlh, UNET_A_IFNAME, "eth0");
	mnl_attr_put_u64(nlh, UNET_A_FLOW_ID, id);
	mnl_attr_put_u8(nlh, UNET_A_FAMILY, AF_INET);
	mnl_attr_put_u8(nlh, UNET_A_PROTO, 6);
	mnl_attr_put(nlh, UNET_A_LOCAL_ADDR, 4, "\x0a\x00\x00\x02");
	mnl_attr_put(nlh, UNET_A_REMOTE_ADDR, 4, "\x0a\x00\x00\x01");
	mnl_attr_put_u16(nlh, UNET_A_LOCAL_PORT, htons(8080));
	mnl_attr_put_u16(nlh, UNET_A_REMOTE_PORT, htons(51612));
	mnl_attr_put_u32(nlh, UNET_A_PID, 812);
	mnl_attr_put_strz(nlh, UNET_A_COMM, "httpd");
	mnl_attr_put_u32(nlh, UNET_A_FLOW_STATE, UNET_FLOW_STATE_OPEN);
	mnl_attr_put_u64(nlh, UNET_A_RX_BYTES, 1ull << 40);
	end(d, nlh);
}

static void put_done(struct datagram *d, int error, const char *text)
{
	struct nlmsghdr *nlh = begin(d, NLMSG_DONE, NLM_F_MULTI |
				     (text ? NLM_F_ACK_TLVS : 0));

	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(error)), &error,
	       sizeof(error));
	if (text)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	end(d, nlh);
}

static struct nlmsghdr *put_error(struct datagram *d, int error, uint16_t flags,
				  uint32_t echoed, const char *text)
{
	struct nlmsghdr *nlh = begin(d, NLMSG_ERROR, flags);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	err->error = error;
	err->msg.nlmsg_len = echoed;
	if (!(flags & NLM_F_CAPPED) && echoed > NLMSG_HDRLEN)
		mnl_nlmsg_put_extra_header(nlh, echoed - NLMSG_HDRLEN);
	if (text)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	end(d, nlh);
	return nlh;
}

struct seen {
	unsigned int n;
	struct unet_reply last;
};

static int see(const struct unet_reply *reply, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->last = *reply;
	return 0;
}

static int read_all(struct unet_genl *genl, const struct datagram *d,
		    struct seen *seen, enum progress *progress)
{
	memset(genl, 0, sizeof(*genl));
	memset(seen, 0, sizeof(*seen));
	genl->family = FAMILY;
	return read_messages(genl, d->buf, d->bytes, SEQ, see, seen, progress);
}

static void a_dump_is_read_to_its_end(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct seen seen;

	(void)state;
	put_flow(&d, 17);
	put_flow(&d, 18);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_int_equal(progress, MORE);
	put_done(&d, 0, NULL);
	put_flow(&d, 99);	/* after the end: not ours */
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_int_equal(progress, COMPLETE);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.last.cmd, UNET_CMD_FLOW_GET);
	assert_int_equal(seen.last.flow_id, 18);
	assert_int_equal(seen.last.local_port, 8080);
	assert_int_equal(seen.last.remote_port, 51612);
	assert_int_equal(seen.last.remote_addr_len, 4);
	assert_memory_equal(seen.last.local_addr, "\x0a\x00\x00\x02", 4);
	assert_string_equal(seen.last.comm, "httpd");
	assert_int_equal(seen.last.rx_bytes, 1ull << 40);
	assert_true(unet_reply_has(&seen.last, UNET_A_PID));
	assert_false(unet_reply_has(&seen.last, UNET_A_DROPS));
	assert_false(unet_genl_torn(&genl));
}

static void numbers_and_strings_are_found_by_attribute(void **state)
{
	struct datagram d = { 0 };
	struct unet_reply r;

	(void)state;
	put_flow(&d, 1ull << 60);
	assert_int_equal(unet_reply_parse((void *)d.buf, &r), 0);
	assert_int_equal(unet_reply_number(&r, UNET_A_FLOW_ID), 1ull << 60);
	assert_int_equal(unet_reply_number(&r, UNET_A_LOCAL_PORT), 8080);
	assert_int_equal(unet_reply_number(&r, UNET_A_PROTO), 6);
	assert_int_equal(unet_reply_number(&r, UNET_A_PID), 812);
	assert_int_equal(unet_reply_number(&r, UNET_A_DROPS), 0);
	assert_int_equal(unet_reply_number(&r, UNET_A_IFNAME), 0);
	assert_string_equal(unet_reply_string(&r, UNET_A_IFNAME), "eth0");
	assert_null(unet_reply_string(&r, UNET_A_HOOK));
	assert_null(unet_reply_string(&r, UNET_A_PID));
}

static void a_torn_dump_is_known(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct seen seen;

	(void)state;
	put_flow(&d, 17);
	((struct nlmsghdr *)d.buf)->nlmsg_flags |= NLM_F_DUMP_INTR;
	put_done(&d, 0, NULL);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_true(unet_genl_torn(&genl));
}

static void other_conversations_are_passed_over(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct nlmsghdr *nlh;
	struct seen seen;

	(void)state;
	put_flow(&d, 17);
	((struct nlmsghdr *)d.buf)->nlmsg_seq = SEQ + 1;
	nlh = begin(&d, FAMILY + 1, 0);
	end(&d, nlh);
	nlh = begin(&d, NLMSG_NOOP, 0);
	end(&d, nlh);
	put_done(&d, 0, NULL);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_int_equal(progress, COMPLETE);
	assert_int_equal(seen.n, 0);
}

static void errors_come_with_the_kernels_words(void **state)
{
	struct unet_genl genl;
	enum progress progress;
	struct seen seen;
	struct datagram d;
	unsigned int i;
	static const struct {
		uint16_t flags;
		uint32_t echoed;
		const char *said;
	} rows[] = {
		{ NLM_F_CAPPED | NLM_F_ACK_TLVS, 40, "no\x1b[31mred" },
		{ NLM_F_ACK_TLVS, 40, "x" },
		{ NLM_F_ACK_TLVS, 17, "odd length" },
		{ NLM_F_ACK_TLVS, 16, "nothing echoed" },
		{ NLM_F_CAPPED, 40, NULL },
	};

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&d, 0, sizeof(d));
		put_error(&d, -EBUSY, rows[i].flags, rows[i].echoed,
			  rows[i].said);
		assert_int_equal(read_all(&genl, &d, &seen, &progress), -EBUSY);
		assert_int_equal(progress, COMPLETE);
		if (!rows[i].said)
			assert_string_equal(unet_genl_said(&genl), "");
		else if (i)
			assert_string_equal(unet_genl_said(&genl), rows[i].said);
		else
			assert_string_equal(unet_genl_said(&genl), "no?[31mred");
	}
}

/* What is in the way comes as a number, of 8 bytes or not at all. */
static void errors_tell_what_is_in_the_way(void **state)
{
	static const struct {
		uint16_t bytes;
		uint64_t about;
	} rows[] = { { 8, 1ull << 32 | 7 }, { 4, 0 }, { 0, 0 }, { 12, 0 } };
	static const uint64_t id[2] = { 1ull << 32 | 7 };
	struct unet_genl genl;
	enum progress progress;
	struct nlmsghdr *nlh;
	struct seen seen;
	struct datagram d;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&d, 0, sizeof(d));
		nlh = put_error(&d, -EEXIST, NLM_F_CAPPED | NLM_F_ACK_TLVS, 40, "words");
		mnl_attr_put(nlh, NLMSGERR_ATTR_COOKIE, rows[i].bytes, id);
		d.bytes = NLMSG_ALIGN(nlh->nlmsg_len);
		assert_int_equal(read_all(&genl, &d, &seen, &progress), -EEXIST);
		assert_int_equal(unet_genl_about(&genl), rows[i].about);
		assert_string_equal(unet_genl_said(&genl), "words");
	}
}

static void an_ack_is_success_and_may_be_positive_never(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct seen seen;

	(void)state;
	put_error(&d, 0, NLM_F_CAPPED, 20, NULL);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_int_equal(progress, COMPLETE);
	memset(&d, 0, sizeof(d));
	put_error(&d, 5, NLM_F_CAPPED, 20, NULL);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), -EBADMSG);
}

static void a_failed_dump_tells_at_its_end(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct seen seen;

	(void)state;
	put_flow(&d, 17);
	put_done(&d, -ENODEV, "no nexus on that device");
	assert_int_equal(read_all(&genl, &d, &seen, &progress), -ENODEV);
	assert_int_equal(seen.n, 1);
	assert_string_equal(unet_genl_said(&genl), "no nexus on that device");
}

static void hostile_error_lengths_do_no_harm(void **state)
{
	static const uint32_t echoed[] = {
		0, 1, 15, 16, 41, 4096, 0x7fffffff, 0xfffffffc, 0xffffffff,
	};
	struct unet_genl genl;
	enum progress progress;
	struct nlmsghdr *nlh;
	struct seen seen;
	struct datagram d;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(echoed) / sizeof(echoed[0]); i++) {
		memset(&d, 0, sizeof(d));
		nlh = put_error(&d, -EINVAL, NLM_F_ACK_TLVS, 20, "words");
		((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->msg.nlmsg_len =
			echoed[i];
		assert_int_equal(read_all(&genl, &d, &seen, &progress), -EINVAL);
	}
	memset(&d, 0, sizeof(d));
	nlh = begin(&d, NLMSG_ERROR, 0);
	end(&d, nlh);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), -EBADMSG);
	memset(&d, 0, sizeof(d));
	nlh = begin(&d, NLMSG_DONE, NLM_F_ACK_TLVS);
	end(&d, nlh);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
	assert_int_equal(progress, COMPLETE);
}

static void a_datagram_cut_anywhere_does_no_harm(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct seen seen;
	char *exact;
	size_t len;

	(void)state;
	put_flow(&d, 17);
	put_error(&d, -EBUSY, NLM_F_ACK_TLVS, 40, "words");
	memset(&genl, 0, sizeof(genl));
	genl.family = FAMILY;
	for (len = 0; len < d.bytes; len++) {
		exact = malloc(len ? len : 1);	/* so that ASan sees its end */
		memcpy(exact, d.buf, len);
		read_messages(&genl, exact, len, SEQ, see, &seen, &progress);
		free(exact);
	}
}

static void a_length_beyond_the_datagram_is_not_believed(void **state)
{
	static const uint32_t lengths[] = {
		17, 0x7fffffff, 0x80000000, 0x80000010, 0xfffffff0, 0xffffffff,
	};
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct nlmsghdr *nlh;
	struct seen seen;
	unsigned int i;

	(void)state;
	nlh = begin(&d, NLMSG_NOOP, 0);
	end(&d, nlh);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		nlh->nlmsg_len = lengths[i];
		assert_int_equal(read_all(&genl, &d, &seen, &progress), 0);
		assert_int_equal(progress, MORE);
	}
}

static void a_message_without_header_is_malformed(void **state)
{
	struct unet_genl genl;
	struct datagram d = { 0 };
	enum progress progress;
	struct nlmsghdr *nlh;
	struct seen seen;

	(void)state;
	nlh = begin(&d, FAMILY, 0);
	end(&d, nlh);
	assert_int_equal(read_all(&genl, &d, &seen, &progress), -EBADMSG);
}

struct length_row {
	uint16_t attr;
	uint16_t len;
	int err;
};

static void attributes_of_impossible_length_are_malformed(void **state)
{
	static const struct length_row rows[] = {
		{ UNET_A_PID, 4, 0 },		{ UNET_A_PID, 3, -EBADMSG },
		{ UNET_A_PID, 8, -EBADMSG },	{ UNET_A_PID, 0, -EBADMSG },
		{ UNET_A_FLOW_ID, 8, 0 },	{ UNET_A_FLOW_ID, 4, -EBADMSG },
		{ UNET_A_PROTO, 1, 0 },		{ UNET_A_PROTO, 2, -EBADMSG },
		{ UNET_A_LOCAL_PORT, 2, 0 },	{ UNET_A_LOCAL_PORT, 4, -EBADMSG },
		{ UNET_A_LOCAL_ADDR, 4, 0 },	{ UNET_A_LOCAL_ADDR, 16, 0 },
		{ UNET_A_LOCAL_ADDR, 0, -EBADMSG },
		{ UNET_A_LOCAL_ADDR, 5, -EBADMSG },
		{ UNET_A_LOCAL_ADDR, 17, -EBADMSG },
		{ UNET_A_COUNTERS, 0, 0 },	{ UNET_A_COUNTERS, 8, 0 },
		{ UNET_A_COUNTERS, 12, -EBADMSG },
		{ UNET_A_COUNTERS, 2048, 0 },	/* more than this tool knows */
		{ UNET_A_IFNAME, 0, 0 },	{ UNET_A_IFNAME, 500, 0 },
		{ UNET_A_PAD, 3, 0 },		{ UNET_A_UNSPEC, 3, 0 },
		{ UNET_A_COUNT, 3, 0 },		{ 0x3fff, 3, 0 },
	};
	struct unet_reply r;
	struct nlmsghdr *nlh;
	struct datagram d;
	char bytes[2048];
	size_t i;

	(void)state;
	memset(bytes, 'A', sizeof(bytes));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&d, 0, sizeof(d));
		nlh = begin_genl(&d, UNET_CMD_FLOW_GET);
		mnl_attr_put(nlh, rows[i].attr, rows[i].len, bytes);
		if (unet_reply_parse(nlh, &r) != rows[i].err)
			fail_msg("row %zu: attribute %u, %u bytes", i,
				 rows[i].attr, rows[i].len);
		assert_true(r.ncounters <= UNET_REPLY_COUNTERS);
		assert_true(strlen(r.ifname) < sizeof(r.ifname));
	}
}

static void names_cannot_reach_the_terminal_raw(void **state)
{
	struct datagram d = { 0 };
	struct unet_reply r;
	struct nlmsghdr *nlh;

	(void)state;
	nlh = begin_genl(&d, UNET_CMD_CHANNEL_GET);
	mnl_attr_put_strz(nlh, UNET_A_COMM, "\x1b]0;owned\x07\xc3\xa9\x7f~ ok");
	assert_int_equal(unet_reply_parse(nlh, &r), 0);
	assert_string_equal(r.comm, "?]0;owned????~ ok");
}

/* ---- what a query asks of the kernel ------------------------------------ */

static unsigned int attrs_of(uint8_t cmd, const struct unet_args_filter *f)
{
	char buf[SEND_BYTES] __attribute__((aligned(8)));
	struct unet_genl genl = { .family = FAMILY };
	const struct nlattr *attr;
	unsigned int set = 0;
	struct nlmsghdr *nlh;

	nlh = start(&genl, buf, FAMILY, NLM_F_DUMP, cmd, 1);
	put_filter(nlh, cmd, f);
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN)
		set |= 1u << mnl_attr_get_type(attr);
	return set;
}

static void only_what_it_can_decide_is_asked_of_the_kernel(void **state)
{
	struct unet_args_filter f = { .given = UNET_FILTER_ALL };

	(void)state;
	assert_int_equal(unet_args_prefix("10.0.0.0/8", &f.local_addr), 0);
	assert_int_equal(unet_args_prefix("::1", &f.remote_addr), 0);
	assert_int_equal(attrs_of(UNET_CMD_FLOW_GET, &f), 1u << UNET_A_IFNAME |
			 1u << UNET_A_PROTO | 1u << UNET_A_LOCAL_PORT |
			 1u << UNET_A_REMOTE_PORT | 1u << UNET_A_REMOTE_ADDR |
			 1u << UNET_A_PID);
	assert_int_equal(attrs_of(UNET_CMD_CHANNEL_GET, &f), 1u << UNET_A_IFNAME);
	f.given = 0;
	assert_int_equal(attrs_of(UNET_CMD_FLOW_GET, &f), 0);
}

/* ---- filters against rows ------------------------------------------------ */

struct match_row {
	char *word;
	char *value;
	bool matches;
};

static void each_filter_holds_for_its_row_only(void **state)
{
	static const struct match_row rows[] = {
		{ "dev", "eth0", true },	{ "dev", "eth1", false },
		{ "proto", "tcp", true },	{ "proto", "udp", false },
		{ "port", "8080", true },	{ "port", "51612", true },
		{ "port", "80", false },
		{ "local-port", "8080", true },	{ "local-port", "51612", false },
		{ "remote-port", "51612", true }, { "remote-port", "8080", false },
		{ "addr", "10.0.0.1", true },	{ "addr", "10.0.0.2", true },
		{ "addr", "10.0.0.3", false },	{ "addr", "10.0.0.0/24", true },
		{ "addr", "::/0", false },
		{ "local-addr", "10.0.0.2", true },
		{ "local-addr", "10.0.0.1", false },
		{ "remote-addr", "10.0.0.1", true },
		{ "remote-addr", "10.0.0.2", false },
		{ "pid", "812", true },		{ "pid", "813", false },
		{ "state", "est", true },	{ "state", "listen", false },
	};
	struct unet_args_error error;
	struct unet_args_filter f;
	struct datagram d = { 0 };
	struct unet_reply r, empty = { 0 };
	size_t i;

	(void)state;
	put_flow(&d, 17);
	assert_int_equal(unet_reply_parse((void *)d.buf, &r), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *words[] = { rows[i].word, rows[i].value };

		assert_int_equal(unet_args_filter(words, 2, UNET_FILTER_ALL, &f,
						  &error), 0);
		if (unet_match(&f, &r) != rows[i].matches)
			fail_msg("row %zu: %s %s", i, rows[i].word, rows[i].value);
		assert_false(unet_match(&f, &empty));
	}
	f.given = 0;
	assert_true(unet_match(&f, &r));
	assert_true(unet_match(&f, &empty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_is_read_to_its_end),
		cmocka_unit_test(numbers_and_strings_are_found_by_attribute),
		cmocka_unit_test(a_torn_dump_is_known),
		cmocka_unit_test(other_conversations_are_passed_over),
		cmocka_unit_test(errors_come_with_the_kernels_words),
		cmocka_unit_test(errors_tell_what_is_in_the_way),
		cmocka_unit_test(an_ack_is_success_and_may_be_positive_never),
		cmocka_unit_test(a_failed_dump_tells_at_its_end),
		cmocka_unit_test(hostile_error_lengths_do_no_harm),
		cmocka_unit_test(a_datagram_cut_anywhere_does_no_harm),
		cmocka_unit_test(a_length_beyond_the_datagram_is_not_believed),
		cmocka_unit_test(a_message_without_header_is_malformed),
		cmocka_unit_test(attributes_of_impossible_length_are_malformed),
		cmocka_unit_test(names_cannot_reach_the_terminal_raw),
		cmocka_unit_test(only_what_it_can_decide_is_asked_of_the_kernel),
		cmocka_unit_test(each_filter_holds_for_its_row_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
