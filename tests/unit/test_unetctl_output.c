// SPDX-License-Identifier: MIT
/* include: tools/unetctl/{reply,words,output,cells}.c */
/* libs: -lmnl -ljansson */
/*
 * Description: rows come out as aligned tables and as JSON of the documented
 * shape, both from one description.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/genetlink.h>

#include "tools/unetctl/reply.c"
#include "tools/unetctl/words.c"
#include "tools/unetctl/output.c"
#include "tools/unetctl/cells.c"

#define HAS(attr)	(1ull << UNET_A_##attr)

static const struct unet_output_field fields[] = {
	{ .head = "DEV", .key = "ifname", .attr = UNET_A_IFNAME },
	{ .head = "LOCAL", .cell = unet_cell_local },
	{ .key = "local_addr", .json = unet_json_local_addr },
	{ .key = "local_port", .attr = UNET_A_LOCAL_PORT, .zero_is_null = true },
	{ .head = "STATE", .key = "state", .attr = UNET_A_FLOW_STATE,
	  .word = unet_word_flow_state },
	{ .head = "RX BYTES", .key = "rx_bytes", .cell = unet_cell_rx_bytes,
	  .attr = UNET_A_RX_BYTES, .right = true },
	{ .key = "pid", .attr = UNET_A_PID, .zero_is_null = true },
	{ .head = "CHAIN", .cell = unet_cell_none },
	{ .head = "EXTRA", .attr = UNET_A_IFNAME, .extra = true },
	{ 0 }
};

static const struct unet_reply listener = {
	.have = HAS(IFNAME) | HAS(LOCAL_ADDR) | HAS(LOCAL_PORT) |
		HAS(FLOW_STATE) | HAS(RX_BYTES) | HAS(PID),
	.ifname = "eth0",
	.local_addr_len = 4,
	.local_port = 8080,
	.flow_state = UNET_FLOW_STATE_LISTEN,
};

static const struct unet_reply connection = {
	.have = HAS(IFNAME) | HAS(LOCAL_ADDR) | HAS(LOCAL_PORT) |
		HAS(FLOW_STATE) | HAS(RX_BYTES) | HAS(PID),
	.ifname = "a-long-name",
	.local_addr_len = 16,
	.local_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 },
	.local_port = 80,
	.flow_state = UNET_FLOW_STATE_OPEN,
	.rx_bytes = 1250000,
	.pid = 812,
};

static const struct unet_reply nothing;

/* Everything printed, to be freed. */
static char *print(const struct unet_reply *const *rows, unsigned int flags)
{
	struct unet_output *out;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	out = unet_output_open(to, fields, flags);
	assert_non_null(out);
	for (; *rows; rows++)
		assert_int_equal(unet_output_row(out, *rows), 0);
	assert_int_equal(unet_output_close(out), 0);
	fclose(to);
	return text;
}

static void a_table_lines_up(void **state)
{
	const struct unet_reply *rows[] = { &listener, &connection, &nothing, NULL };
	static const char wanted[] =
		"DEV          LOCAL             STATE   RX BYTES  CHAIN\n"
		"eth0         *:8080            listen         0  -\n"
		"a-long-name  [2001:db8::2]:80  est       1.2 MB  -\n"
		"-            *                 -              -  -\n";
	char *text = print(rows, 0);

	(void)state;
	assert_string_equal(text, wanted);
	free(text);
}

static void an_empty_table_has_headings(void **state)
{
	const struct unet_reply *rows[] = { NULL };
	char *text = print(rows, UNET_OUTPUT_EXTRA);

	(void)state;
	assert_string_equal(text, "DEV  LOCAL  STATE  RX BYTES  CHAIN  EXTRA\n");
	free(text);
}

static void no_headings_stand_before_an_error(void **state)
{
	struct unet_output *out;
	size_t len;
	char *text;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	out = unet_output_open(to, fields, 0);
	unet_output_failed(out);
	assert_int_equal(unet_output_close(out), 0);
	out = unet_output_open(to, fields, 0);
	unet_output_row(out, &listener);
	fputs("-", to);
	unet_output_failed(out);
	unet_output_close(out);
	fclose(to);
	assert_int_equal(strncmp(text, "-DEV", 4), 0);
	free(text);
}

static void json_has_the_keys_and_exact_numbers(void **state)
{
	const struct unet_reply *rows[] = { &listener, &connection, &nothing, NULL };
	char *text = print(rows, UNET_OUTPUT_JSON | UNET_OUTPUT_EXTRA);

	(void)state;
	assert_string_equal(text, "["
"{\"ifname\":\"eth0\",\"local_addr\":null,\"local_port\":8080,"
"\"state\":\"listen\",\"rx_bytes\":0,\"pid\":null},"
"{\"ifname\":\"a-long-name\",\"local_addr\":\"2001:db8::2\",\"local_port\":80,"
"\"state\":\"est\",\"rx_bytes\":1250000,\"pid\":812},"
"{\"ifname\":null,\"local_addr\":null,\"local_port\":null,"
"\"state\":null,\"rx_bytes\":null,\"pid\":null}"
"]\n");
	free(text);
}

static void an_empty_json_array_is_valid(void **state)
{
	const struct unet_reply *rows[] = { NULL };
	char *text = print(rows, UNET_OUTPUT_JSON);

	(void)state;
	assert_string_equal(text, "[]\n");
	free(text);
}

static void a_long_table_keeps_all_rows_and_one_heading(void **state)
{
	struct unet_reply row = listener;
	char *text = NULL, *p;
	struct unet_output *out;
	unsigned int i, lines = 0;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	out = unet_output_open(to, fields, 0);
	for (i = 0; i < 3 * HELD_ROWS + 5; i++) {
		row.local_port = 10000 + i;
		assert_int_equal(unet_output_row(out, &row), 0);
	}
	assert_int_equal(unet_output_close(out), 0);
	fclose(to);
	for (p = text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, 3 * HELD_ROWS + 6);
	assert_non_null(strstr(text, "*:10000 "));
	assert_non_null(strstr(text, "*:10772 "));
	assert_null(strstr(text + 3, "DEV"));
	free(text);
}

static void a_full_device_is_an_error(void **state)
{
	const struct unet_reply *row = &listener;
	unsigned int flags[] = { 0, UNET_OUTPUT_JSON };
	struct unet_output *out;
	unsigned int i;
	FILE *to;

	(void)state;
	for (i = 0; i < 2; i++) {
		to = fopen("/dev/full", "w");
		assert_non_null(to);
		out = unet_output_open(to, fields, flags[i]);
		unet_output_row(out, row);
		assert_int_equal(unet_output_close(out), -EIO);
		fclose(to);
	}
	to = fopen("/dev/full", "w");
	assert_int_equal(unet_output_object(to, fields, row), -EIO);
	fclose(to);
}

/* ---- chains -------------------------------------------------------------- */

#define CHAIN_BYTES	255	/* as long as the kernel tells one */

static const struct unet_output_field chain_fields[] = {
	{ .head = "CHAIN", .key = "chain", .attr = UNET_A_CHAIN },
	{ 0 }
};

/* Of intermediaries "10:logger[812]", 15 bytes each with a comma. */
static void chain_of(char chain[CHAIN_BYTES + 1])
{
	int i;

	for (i = 0; i < CHAIN_BYTES / 15; i++)
		snprintf(chain + 15 * i, CHAIN_BYTES + 1 - 15 * i, "%d:logger[812],",
			 10 + i);
	chain[CHAIN_BYTES - 1] = 'x';
}

/* A flow with that chain, as the kernel tells it and as it is printed; to be freed. */
static char *print_chain(const char *chain, unsigned int flags)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct unet_output *out;
	struct unet_reply reply;
	char *text = NULL;
	size_t len = 0;
	FILE *to;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_strz(nlh, UNET_A_CHAIN, chain);
	assert_int_equal(unet_reply_parse(nlh, &reply), 0);
	to = open_memstream(&text, &len);
	assert_non_null(to);
	out = unet_output_open(to, chain_fields, flags);
	assert_non_null(out);
	assert_int_equal(unet_output_row(out, &reply), 0);
	assert_int_equal(unet_output_close(out), 0);
	fclose(to);
	return text;
}

static void the_longest_chain_is_whole(void **state)
{
	char chain[CHAIN_BYTES + 1], wanted[CHAIN_BYTES + 32];
	char *text;

	(void)state;
	chain_of(chain);
	assert_int_equal(strlen(chain), CHAIN_BYTES);
	text = print_chain(chain, 0);
	snprintf(wanted, sizeof(wanted), "CHAIN\n%s\n", chain);
	assert_string_equal(text, wanted);
	free(text);
	text = print_chain(chain, UNET_OUTPUT_JSON);
	snprintf(wanted, sizeof(wanted), "[{\"chain\":\"%s\"}]\n", chain);
	assert_string_equal(text, wanted);
	free(text);
}

/* ---- cells and words ----------------------------------------------------- */

static void bytes_are_cut_to_one_decimal(void **state)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1.0 kB" },
		{ 1049, "1.0 kB" }, { 1050, "1.0 kB" }, { 1100, "1.1 kB" },
		{ 999999, "999.9 kB" }, { 1000000, "1.0 MB" },
		{ 20000000, "20.0 MB" }, { 1250000, "1.2 MB" },
		{ 5000000000, "5.0 GB" }, { 1000000000000, "1.0 TB" },
		{ UINT64_MAX, "18.4 EB" },
	};
	char buf[UNET_CELL_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unet_output_bytes(rows[i].n, buf);
		assert_string_equal(buf, rows[i].text);
	}
}

static void endpoints_show_any_as_a_star(void **state)
{
	static const uint8_t v4[4] = { 10, 0, 0, 2 }, v6[16] = { 0xfe, 0x80 };
	static const uint8_t any[16];
	char buf[UNET_CELL_BYTES];

	(void)state;
	unet_output_endpoint(v4, 4, 80, buf);
	assert_string_equal(buf, "10.0.0.2:80");
	unet_output_endpoint(v4, 4, 0, buf);
	assert_string_equal(buf, "10.0.0.2");
	unet_output_endpoint(v6, 16, 80, buf);
	assert_string_equal(buf, "[fe80::]:80");
	unet_output_endpoint(v6, 16, 0, buf);
	assert_string_equal(buf, "fe80::");
	unet_output_endpoint(any, 16, 80, buf);
	assert_string_equal(buf, "*:80");
	unet_output_endpoint(any, 4, 0, buf);
	assert_string_equal(buf, "*");
	unet_output_endpoint(NULL, 0, 65535, buf);
	assert_string_equal(buf, "*:65535");
}

static void packets_per_batch_have_one_decimal(void **state)
{
	struct unet_reply r = { .have = HAS(RX_PACKETS) | HAS(RX_BATCHES) };
	char buf[UNET_CELL_BYTES];

	(void)state;
	unet_cell_batch(&r, buf);
	assert_string_equal(buf, "0");
	r.rx_packets = 114;
	r.rx_batches = 10;
	unet_cell_batch(&r, buf);
	assert_string_equal(buf, "11.4");
	r.rx_packets = UINT64_MAX;
	r.rx_batches = UINT64_MAX;
	unet_cell_batch(&r, buf);
	assert_string_equal(buf, "1.0");
	r.have = HAS(RX_PACKETS);
	unet_cell_batch(&r, buf);
	assert_string_equal(buf, "");
}

static void owners_have_name_and_number(void **state)
{
	struct unet_reply r = {
		.have = HAS(COMM) | HAS(PID), .comm = "httpd", .pid = 812,
	};
	char buf[UNET_CELL_BYTES];

	(void)state;
	unet_cell_owner(&r, buf);
	assert_string_equal(buf, "httpd[812]");
	r.pid = 0;	/* of another pid namespace */
	unet_cell_owner(&r, buf);
	assert_string_equal(buf, "httpd");
	unet_cell_owner(&nothing, buf);
	assert_string_equal(buf, "");
}

static void every_number_of_the_abi_has_a_word(void **state)
{
	char buf[UNET_WORD_BYTES];
	unsigned int i;

	(void)state;
	for (i = UNET_FLOW_STATE_LISTEN; i <= UNET_FLOW_STATE_CLOSING; i++)
		assert_ptr_not_equal(unet_word_flow_state(i, buf), buf);
	for (i = 0; i <= UNET_CHANNEL_DETACHED; i++)
		assert_ptr_not_equal(unet_word_channel_state(i, buf), buf);
	for (i = 0; i < UNET_POISON_COUNT; i++) {
		assert_ptr_not_equal(unet_word_reason(i, buf), buf);
		assert_true(!i || *unet_word_reason_text(i));
	}
	for (i = UNET_EVENT_ATTACHED; i <= UNET_EVENT_OWNER_DIED; i++)
		assert_ptr_not_equal(unet_word_event(i, buf), buf);
	for (i = 1; i < UNET_CNT_COUNT; i++) {
		assert_ptr_not_equal(unet_word_counter(i, buf), buf);
		assert_true(*unet_word_counter_text(i));
	}
}

static void numbers_without_a_word_are_shown_as_they_are(void **state)
{
	char buf[UNET_WORD_BYTES];

	(void)state;
	assert_string_equal(unet_word_flow_state(9, buf), "9");
	assert_string_equal(unet_word_event(0, buf), "0");
	assert_string_equal(unet_word_proto(132, buf), "132");
	assert_string_equal(unet_word_reason(UINT64_MAX, buf),
			    "18446744073709551615");
	assert_string_equal(unet_word_counter(200, buf), "counter_200");
	assert_string_equal(unet_word_reason_text(99), "");
	assert_string_equal(unet_word_counter_text(0), "");
	assert_string_equal(unet_word_counter_text(200), "");
}

static void json_numbers_stop_at_the_largest(void **state)
{
	json_t *n = unet_output_json_number(UINT64_MAX);

	(void)state;
	assert_true(json_integer_value(n) == INT64_MAX);
	json_decref(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_lines_up),
		cmocka_unit_test(an_empty_table_has_headings),
		cmocka_unit_test(no_headings_stand_before_an_error),
		cmocka_unit_test(json_has_the_keys_and_exact_numbers),
		cmocka_unit_test(an_empty_json_array_is_valid),
		cmocka_unit_test(a_long_table_keeps_all_rows_and_one_heading),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(the_longest_chain_is_whole),
		cmocka_unit_test(bytes_are_cut_to_one_decimal),
		cmocka_unit_test(endpoints_show_any_as_a_star),
		cmocka_unit_test(packets_per_batch_have_one_decimal),
		cmocka_unit_test(owners_have_name_and_number),
		cmocka_unit_test(every_number_of_the_abi_has_a_word),
		cmocka_unit_test(numbers_without_a_word_are_shown_as_they_are),
		cmocka_unit_test(json_numbers_stop_at_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
