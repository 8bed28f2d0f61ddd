#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: rules of the administrator and what befalls devices: there before
# the device is, renamed, moved to another namespace, unregistered, detached; the
# namespace's end; each word of a rule and of the policy, as they are listed, in tables
# too; a rule that is moved, an entry of the policy that is taken away; an eBPF program
# and a kernel extension, which cannot be unloaded while a rule has it and delivers what
# it wants to the rule's owner; and the module unloaded with rules left.
source "$(dirname "$0")/lib.sh"
require_root
require ip jq insmod rmmod setpriv
[ -e "${EXT_TEST_KO:-}" ] || skip_all "EXT_TEST_KO does not name ext_test.ko"

# same SENTENCE WANTED GOT: as JSON, whatever the order of keys.
same() { equal "$1" "$(jq -Sc . <<< "$2")" "$(jq -Sc . <<< "$3")"; }

# row SENTENCE VERB WANTED: that is one of its table, but for the number in front, with the
# blanks between columns as if none were wider than what is in it; if not, all are shown.
row() {
	local table
	table=$(in_a unetctl "$2" list | sed 's/^ *//; s/   */  /g; s/^[0-9]*  //')
	equal "$1" "$3" "$(grep -Fx -e "$3" <<< "$table" || echo "$table")"
}

# added VERB WORD...: what it says to have added, once listed just so, without what a
# test cannot know.
added() {
	local verb=$1 said
	shift
	said=$(in_a unetctl -j "$verb" add "$@" | jq -Sc '.[0]')
	[ "$said" = "$(in_a unetctl -j "$verb" | jq -Sc 'max_by(.type // .policy)')" ] ||
		echo '"not listed as it was added"'
	jq 'del(.type, .policy) | if .pid then .pid |= (. > 0) else . end' <<< "$said"
}

# rule FIELDS: a rule of no more than these.
rule() {
	jq -c --argjson fields "$1" '. + $fields' <<- 'END'
		{ "ifname": null, "layer": null, "proto": null, "first": null, "last": null,
		  "local_addr": null, "local_bits": null, "remote_addr": null,
		  "remote_bits": null, "flags": 0, "flow": null, "patterns": null, "dir": "rx",
		  "action": null, "extension": null, "priority": 32768, "generation": 1,
		  "channel": null, "pid": true, "uid": 0, "comm": "unetctl", "packets": 0,
		  "bytes": 0 }
	END
}

pin_program() {
	BPF=$(mktemp -d)
	at_exit rmdir "$BPF"
	mount -t bpf bpf "$BPF" || return
	at_exit umount "$BPF"
	"$(dirname "$0")/aid_pin" "$BPF/byte" 28
}

words_of_rules() {
	same "all words of a rule of ports" "$(rule '{ "ifname": "va", "layer": "port",
		"proto": "udp", "first": 7100, "last": 7109, "local_addr": "10.77.0.1",
		"local_bits": 32, "remote_addr": "192.0.2.0", "remote_bits": 24, "flags": 1,
		"patterns": 2, "action": "drop", "priority": 20 }')" \
		"$(added type udp 7100-7109 action drop dir rx priority 20 dev va local $A4 \
			remote 192.0.2.0/24 only local pattern 0:40/c0 pattern 5:0102)"
	same "ports of TCP, sent, over IPv6" "$(rule '{ "layer": "port", "proto": "tcp",
		"first": 80, "last": 80, "local_addr": "fd77::", "local_bits": 64, "dir": "tx",
		"action": "drop" }')" "$(added type tcp 80 local fd77::/64 action drop dir tx)"
	same "ethertypes, both ways" "$(rule '{ "layer": "ethertype", "first": 34997,
		"last": 34998, "dir": "both", "action": "host", "priority": 65535 }')" \
		"$(added type ethertype 0x88b5-0x88b6 action host dir both priority 65535)"
	same "an IP protocol, by default" "$(rule '{ "layer": "protocol", "first": 99,
		"last": 99, "action": "drop" }')" "$(added type protocol 99 action drop)"
	same "a program" "$(rule '{ "layer": "port", "proto": "udp", "first": 7200,
		"last": 7200, "action": "bpf" }')" \
		"$(added type udp 7200 action bpf program "$BPF/byte")"
	counted "it drops what it wants" "$NS_A" rx_type_drop 1 say '\x01' 7200
	counted "and leaves the rest" "$NS_A" rx_type_host 1 say '\x00' 7200
	refuse "a program there is not is refused in words" "program: .*No such file" \
		in_a unetctl type add udp 7201 action bpf program "$BPF/none"
	refuse "an action without its program, too" "no eBPF program" \
		in_a unetctl type add udp 7201 action bpf
}

rows_of_rules() {
	row "the table of rules has its columns" type \
		"TYPE  DEV  WHAT  LOCAL  REMOTE  PATTERNS  DIR  ACTION  PRIORITY  OWNER  PACKETS  BYTES"
	row "the rule of ports is in it" type \
		"va  udp 7100-7109  $A4  192.0.2.0/24  2  rx  drop  20  administrator  0  0"
	row "the one of an IPv6 prefix" type \
		"-  tcp 80  fd77::/64  -  -  tx  drop  32768  administrator  0  0"
	row "the one of ethertypes, which are hexadecimal" type \
		"-  ethertype 0x88b5-0x88b6  -  -  -  both  host  65535  administrator  0  0"
	row "the one of an IP protocol" type \
		"-  protocol 99  -  -  -  rx  drop  32768  administrator  0  0"
	row "the one of a program, with what it decided on" type \
		"-  udp 7200  -  -  -  rx  bpf  32768  administrator  2  58"
	in_a unetctl type add udp 7150 action host only local > /dev/null
	row "and one of all the host's addresses" type \
		"-  udp 7150  host  -  -  rx  host  32768  administrator  0  0"
}

rows_of_policy() {
	row "the table of the policy has its columns" policy \
		"POLICY  UID  GID  DEV  WHAT  DIR  ACTIONS  MAX"
	row "the entry of all words is in it" policy \
		"1000  100  va  ethertype 0x88b5-0x88b6  rx  deliver,drop,host,bpf  3"
	row "the one by default" policy "-  -  -  udp 53  both  deliver  64"
	row "the one of IP protocols" policy "0  -  -  protocol 253-254  both  drop,host  8192"
}

words_of_policy() {
	same "all words of an entry of the policy" '{ "uid": 1000, "gid": 100, "ifname": "va",
		"layer": "ethertype", "proto": null, "first": 34997, "last": 34998, "dir": "rx",
		"actions": 30, "max": 3 }' "$(added policy ethertype 0x88b5-0x88b6 uid 1000 \
			gid 100 dev va dir rx actions deliver,drop,host,bpf max 3)"
	same "an entry by default" '{ "uid": null, "gid": null, "ifname": null,
		"layer": "port", "proto": "udp", "first": 53, "last": 53, "dir": "both",
		"actions": 2, "max": 64 }' "$(added policy udp 53 actions deliver)"
	same "an IP protocol in the policy" '{ "uid": 0, "gid": null, "ifname": null,
		"layer": "protocol", "proto": null, "first": 253, "last": 254, "dir": "both",
		"actions": 12, "max": 8192 }' "$(added policy protocol 253-254 uid 0 dir both \
			actions drop,host max 8192)"
	refuse "a word of rules is none of the policy" "priority.*not a word of add" \
		in_a unetctl policy add udp 53 actions deliver priority 5
}

CLAIM=$(dirname "$0")/aid_claim

# claimed ETHERTYPE: what a user without rights hears who asks for it.
claimed() {
	in_a setpriv --reuid=1000 --regid=1000 --clear-groups "$CLAIM" va ethertype "$1"
}

taken_away() {
	local id
	id=$(in_a unetctl -j policy add ethertype 0x88b5 uid 1000 actions deliver max 5 |
		jq '.[0].policy')
	in_a unetctl policy add ethertype 0x88b6 uid 1000 actions deliver > /dev/null
	equal "who has an entry of the policy is granted a rule" granted "$(claimed 0x88b5)"
	policies "which is listed once" 1 "$id"
	check "the entry is taken away" in_a unetctl policy del "$id"
	policies "and listed no more" 0 "$id"
	equal "who had it is refused" "denied: neither a capability nor the policy allows it" \
		"$(claimed 0x88b5)"
	equal "and has what another entry gives" granted "$(claimed 0x88b6)"
	refuse "nor is it taken away twice" "POLICY is not an entry" in_a unetctl policy del "$id"
}

# policies SENTENCE WANTED ID: so many entries of that number are listed.
policies() {
	equal "$1" "$2" "$(in_a unetctl -j policy list |
		jq --argjson id "$3" 'map(select(.policy == $id)) | length')"
}

# order WANTED: the numbers' rules, first that counts first, each with its priority.
order() {
	in_a unetctl -j type list | jq -r --argjson low "$1" --argjson high "$2" \
		'map(select(.type == $low or .type == $high)) | sort_by(.priority) |
		map("\(if .type == $low then "drop" else "host" end) \(.priority)") | join(", ")'
}

moved() {
	local drop host
	drop=$(in_a unetctl -j type add udp 7300 action drop priority 2000 | jq '.[0].type')
	host=$(in_a unetctl -j type add udp 7300 action host priority 3000 | jq '.[0].type')
	equal "two rules, as they were made" "drop 2000, host 3000" "$(order "$drop" "$host")"
	counted "the first counts" "$NS_A" rx_type_drop 1 say x 7300
	check "it is moved behind the other" in_a unetctl type priority "$drop" priority 4000
	equal "where it is listed" "host 3000, drop 4000" "$(order "$drop" "$host")"
	counted "and counts no more" "$NS_A" rx_type_host 1 say x 7300
	in_a unetctl type del "$drop"
	in_a unetctl type del "$host"
}

# delivered: what the owner of a rule of the extension is given of three datagrams.
delivered() {
	ip netns exec "$NS_A" "$CLAIM" va udp 7003 parity > "$WORK/claim" &
	local claim=$!
	at_exit end_process $claim
	check "a channel has a rule with it" wait_until 20 grep -q granted "$WORK/claim"
	counted "it drops" "$NS_A" rx_type_drop 1 say '\x01' 7003
	counted "leaves to the host" "$NS_A" rx_type_host 1 say '\x02' 7003
	say '\xd0only this' 7003
	check "and delivers" wait_until 20 grep -q took "$WORK/claim"
	equal "just this to the owner" "took 38 bytes" "$(grep took "$WORK/claim")"
	row "whose the rule is, with all it decided on" type \
		"va  udp 7003  -  -  -  rx  extension  32768  aid_claim[$claim]  3  96"
	end_process $claim
}

WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

plan 75
load_module
setup_pair
setup_ns NS_C
at_exit rmmod ext_test

say() { in_b bash -c "printf '%b' '$1' > /dev/udp/$A4/${2:-7000}"; }
rules() { in_a unetctl -j type list "$@" | jq length; }
dropped() { counted "$1" "$NS_A" rx_type_drop "$2" say x; }

check "a rule for a device that is not attached" \
	in_a unetctl type add udp 7000 action drop priority 10 dev va
refuse "just the same again is refused, with the rule in the way" "same priority \(rule 1\)" \
	in_a unetctl type add udp 7000 action drop priority 10 dev va
check "the same for any device is another" \
	in_a unetctl type add udp 7000 action host priority 11
check "a device there is not may have one, too" \
	in_a unetctl type add udp 7000 action drop priority 9 dev vq
check "attach" in_a unetctl attach va
dropped "the rule is in force at once" 1
equal "all three are listed" 3 "$(rules)"
equal "two of them are about the device" 2 "$(rules dev va)"
equal "it says how many it dropped" 1 \
	"$(in_a unetctl -j type | jq '.[] | select(.priority == 10) | .packets')"

ip -n "$NS_A" link set va down
ip -n "$NS_A" link set va name vq
ip -n "$NS_A" link set vq up
check "renamed, the device has the rules of its new name" wait_until 5 in_a bash -c \
	"unetctl nexus vq"
dropped "which drop" 1
check "the rule of that name deleted" in_a unetctl type del 3
dropped "what was for the old name is not in force" 0
ip -n "$NS_A" link set vq down
ip -n "$NS_A" link set vq name va
ip -n "$NS_A" link set va up
dropped "renamed back it is" 1

ip -n "$NS_A" link set va netns "$NS_C"
equal "rules stay where they are when the device moves" 2 "$(rules)"
equal "and do not move with it" 0 "$(ip netns exec "$NS_C" unetctl -j type list | jq length)"
ip -n "$NS_C" link set va netns "$NS_A"
ip -n "$NS_A" addr add $A4/24 dev va
ip -n "$NS_A" link set va up
check "moved back and attached" in_a unetctl attach va
wait_until 10 in_b ping -c 1 -W 1 $A4
dropped "its rule is in force again" 1

ip -n "$NS_A" link del va
equal "rules outlive the device" 2 "$(rules)"
ip link add va netns "$NS_A" type veth peer name vb netns "$NS_B"
ip -n "$NS_A" addr add $A4/24 dev va
ip -n "$NS_B" addr add $B4/24 dev vb
ip -n "$NS_A" link set va up
ip -n "$NS_B" link set vb up
wait_until 10 in_b ping -c 1 -W 1 $A4
check "another of its name is attached" in_a unetctl attach va
dropped "and has its rule" 1

check "modified in place" in_a unetctl type modify 1 udp 7000-7001 action host priority 10
counted "it passes to the host" "$NS_A" rx_type_host 1 say x
refuse "reserved ethertypes are refused in words" "the host itself needs" \
	in_a unetctl type add ethertype 0x0800 action drop
refuse "an extension there is not is refused in words" "no kernel extension" \
	in_a unetctl type add udp 7002 action extension extension parity

pin_program || ktap_exit_fail_msg "cannot pin a program"
words_of_rules
rows_of_rules
words_of_policy
rows_of_policy
taken_away
moved
in_a bash -c 'for i in $(unetctl -j type | jq ".[2:][].type"); do unetctl type del $i; done'

insmod "$EXT_TEST_KO" || ktap_exit_fail_msg "cannot load ext_test.ko"
same "a rule with a kernel extension" "$(rule '{ "layer": "port", "proto": "udp",
	"first": 7002, "last": 7002, "action": "extension", "extension": "parity" }')" \
	"$(added type udp 7002 action extension extension parity)"
counted "it drops what it wants" "$NS_A" rx_type_drop 1 say '\x01' 7002
counted "and leaves the rest" "$NS_A" rx_type_host 1 say '\x02' 7002
delivered
refuse "its module stays while a rule has it" "in use" rmmod ext_test
in_a unetctl type del "$(in_a unetctl -j type | jq '.[] | select(.extension == "parity") | .type')"
check "and goes when none has" wait_until 10 rmmod ext_test

types() { grep -o 'types=[0-9]*' /sys/module/unet/parameters/live; }
ip netns exec "$NS_C" unetctl type add protocol 99 action drop
equal "a rule in another namespace" types=3 "$(types)"
remove_ns "$NS_C"
check "goes with it" wait_until 20 bash -c \
	'grep -q "types=2" /sys/module/unet/parameters/live'
check "the module is unloaded with rules left" unload_module
load_module
finish
