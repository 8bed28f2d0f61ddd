// SPDX-License-Identifier: MIT
/* include: tools/unetctl/args.c tools/unetctl/args_type.c */
/*
 * Description: the words of "type" and "policy" parse into what they say, or are
 * refused with a sentence that names the wrong word and what is allowed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/unetctl/args.c"
#include "tools/unetctl/args_type.c"

#define MAX_WORDS	24

static struct unet_args_error error;
static struct unet_args_type type;

/* Words with spaces between. */
static int parse(const struct unet_args_verb *verbs, const char *line)
{
	static char text[512];
	char *words[MAX_WORDS], *word;
	int n = 0;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	memset(&error, 0, sizeof(error));
	return unet_args_type(words, n, verbs, &type, &error);
}

static void a_rule_is_what_its_words_say(void **state)
{
	(void)state;
	assert_int_equal(parse(unet_args_type_verbs, "add udp 7000-7009 action drop "
			       "remote 192.0.2.0/24 local fd00::1 priority 10 dev eth0 "
			       "dir both pattern 1:c0/f0 pattern 999:ff only local"), 0);
	assert_int_equal(type.verb->cmd, UNET_CMD_TYPE_ADD);
	assert_int_equal(type.layer, UNET_TYPE_PORT);
	assert_int_equal(type.proto, IPPROTO_UDP);
	assert_int_equal(type.first, 7000);
	assert_int_equal(type.last, 7009);
	assert_int_equal(type.action, UNET_TYPE_DROP);
	assert_int_equal(type.priority, 10);
	assert_string_equal(type.dev, "eth0");
	assert_int_equal(type.direction, UNET_TYPE_RX | UNET_TYPE_TX);
	assert_int_equal(type.remote.bits, 24);
	assert_int_equal(type.local.bits, 128);
	assert_int_equal(type.num_patterns, 2);
	assert_int_equal(type.pattern[0].offset, 1);
	assert_int_equal(type.pattern[0].value[0], 0xc0);
	assert_int_equal(type.pattern[0].mask[0], 0xf0);
	assert_int_equal(type.pattern[1].offset, 999);
	assert_int_equal(type.pattern[1].mask[0], 0xff);
	assert_int_equal(type.flags, UNET_TYPE_LOCAL_ONLY);
	assert_int_equal(parse(unet_args_type_verbs,
			       "modify 7 ethertype 0x88b5-0x88B6 action host"), 0);
	assert_int_equal(type.id, 7);
	assert_int_equal(type.first, 0x88b5);
	assert_int_equal(type.last, 0x88b6);
	assert_int_equal(type.proto, 0);
	assert_int_equal(parse(unet_args_type_verbs, "priority 7 priority 20"), 0);
	assert_int_equal(parse(unet_args_type_verbs, "del 4294967294"), 0);
	assert_int_equal(parse(unet_args_type_verbs, "list dev eth0"), 0);
	/* without a verb */
	assert_int_equal(parse(unet_args_type_verbs, ""), 0);
	assert_int_equal(type.verb->cmd, UNET_CMD_TYPE_GET);
	assert_int_equal(parse(unet_args_policy_verbs, "add protocol 253 actions deliver,bpf "
			       "uid 0 gid 100 max 3 dir rx"), 0);
	assert_int_equal(type.actions, 1 << UNET_TYPE_DELIVER | 1 << UNET_TYPE_BPF);
	assert_int_equal(type.uid, 0);
	assert_true(type.given & UNET_TYPE_WORD_UID);
	assert_int_equal(type.gid, 100);
	assert_int_equal(type.max, 3);
}

static void a_wrong_word_is_named_with_what_is_allowed(void **state)
{
	static const struct {
		const char *line, *word, *allowed;
	} rows[] = {
		{ "frobnicate", "no such verb", "list, add, modify, priority, del" },
		{ "ad", "ad", "did you mean add?" },
		{ "add", "ethertype, protocol, tcp or udp missing", "add LAYER" },
		{ "add udp 7", "action missing", "add LAYER" },
		{ "add udp 7 action", "action: value missing", "drop, host" },
		{ "add udp 7 action deliver", "deliver", "only a channel" },
		{ "add udp 7 tcp 7 action drop", "tcp", "is enough" },
		{ "add udp 0 action drop", "udp: 0", "1 to 65535" },
		{ "add udp 9-8 action drop", "udp: 9-8", "1 to 65535" },
		{ "add udp 7- action drop", "udp: 7-", "1 to 65535" },
		{ "add udp 65536 action drop", "65536", "1 to 65535" },
		{ "add protocol 256 action drop", "256", "0 to 255" },
		{ "add protocol 0 action drop", "protocol: 0", "1 to 255" },
		{ "add ethertype 0x5ff action drop", "0x5ff", "0x600" },
		{ "add ethertype 0x action drop", "0x", "0x600" },
		{ "add ethertype 0x10000 action drop", "0x10000", "0xffff" },
		{ "add udp 7 action drop dir up", "dir: up", "rx, tx or both" },
		{ "add udp 7 action drop priority 0", "priority: 0", "1 to 65535" },
		{ "add udp 7 action drop local 10.0.0.1/8", "10.0.0.1/8", "prefix" },
		{ "add udp 7 action drop pattern c0", "pattern: c0", "offset:bytes" },
		{ "add udp 7 action drop pattern 0:c", "0:c", "hexadecimal" },
		{ "add udp 7 action drop pattern 0:", "0:", "hexadecimal" },
		{ "add udp 7 action drop pattern 1000:00", "1000:00", "1000" },
		{ "add udp 7 action drop pattern 0:ff/0f", "0:ff/0f", "hexadecimal" },
		{ "add udp 7 action drop pattern 0:ff/ffff", "0:ff/ffff", "hexadecimal" },
		{ "add udp 7 action drop pattern 0:00 pattern 0:01 pattern 0:02 "
		  "pattern 0:03 pattern 0:04", "0:04", "four at most" },
		{ "add udp 7 action drop only remote", "remote", "(local)" },
		{ "add udp 7 action drop extension abcdefghijklmnop", "abcdefghijklmnop", "15" },
		{ "add udp 7 action drop action host", "action: given twice", "drop, host" },
		{ "add udp 7 action drop uid 7", "uid", "not a word of add" },
		{ "modify 7 udp 7 action drop dev eth0", "dev", "not a word of modify" },
		{ "modify udp 7 action drop", "modify: udp", "an id" },
		{ "del", "which?", "an id" },
		{ "del 0", "del: 0", "an id" },
		{ "del 7 8", "8", "not a word of del" },
		{ "priority 7", "priority missing", "priority ID priority PRIORITY" },
		{ "list proto udp", "proto", "dev" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(unet_args_type_verbs, rows[i].line), -EINVAL);
		if (!strstr(error.text, rows[i].word) ||
		    !strstr(error.text, rows[i].allowed))
			fail_msg("%s: %s", rows[i].line, error.text);
	}
	assert_int_equal(parse(unet_args_policy_verbs,
			       "add udp 7 actions deliver,extension"), -EINVAL);
	assert_int_equal(parse(unet_args_policy_verbs, "add udp 7 actions deliver,"), -EINVAL);
	assert_int_equal(parse(unet_args_policy_verbs, "add udp 7 actions drop max 0"), -EINVAL);
	assert_int_equal(parse(unet_args_policy_verbs, "add udp 7 actions drop uid 4294967295"),
			 -EINVAL);
}

static void only_lists_are_watched(void **state)
{
	static const char *const lines[] = {
		"add udp 7 action drop", "modify 7 udp 7 action drop",
		"priority 7 priority 9", "del 7",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(unet_args_type_verbs, lines[i]), 0);
		assert_int_equal(unet_args_type_watch(&type, &error), -EINVAL);
		assert_non_null(strstr(error.text, type.verb->name));
		assert_non_null(strstr(error.text, "(verbs: list)"));
	}
	assert_int_equal(parse(unet_args_policy_verbs, "add udp 7 actions drop"), 0);
	assert_int_equal(unet_args_type_watch(&type, &error), -EINVAL);
	assert_int_equal(parse(unet_args_policy_verbs, "del 7"), 0);
	assert_int_equal(unet_args_type_watch(&type, &error), -EINVAL);
	assert_int_equal(parse(unet_args_type_verbs, "list dev eth0"), 0);
	assert_int_equal(unet_args_type_watch(&type, &error), 0);
	assert_int_equal(parse(unet_args_type_verbs, ""), 0);
	assert_int_equal(unet_args_type_watch(&type, &error), 0);
	assert_int_equal(parse(unet_args_policy_verbs, "list"), 0);
	assert_int_equal(unet_args_type_watch(&type, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_what_its_words_say),
		cmocka_unit_test(a_wrong_word_is_named_with_what_is_allowed),
		cmocka_unit_test(only_lists_are_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
