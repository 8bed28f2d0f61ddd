#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: unetctl grants, lists, counts and revokes intermediaries (R4.10); the
# flow they are in shows them; what it counts is what was sent; what is wrong is said in
# words.
source "$(dirname "$0")/lib.sh"
require_root
require jq setpriv unetctl unet-ext
ctl() { unetctl -n "$NS_A" "$@"; }

json() { # SENTENCE FILTER COMMAND...
	local sentence=$1 filter=$2
	shift 2
	check "$sentence" sh -c '"$@" | jq -e "$0"' "$filter" "$@"
}

# stat COUNTER: of $ID, as a table has it: no line is 0.
stat() {
	ctl intermediary stat "$ID" | awk -v name="$1" '
		$2 == name { n = $3 } END { print n + 0 }'
}

# counters SENTENCE NAME=VALUE...: in JSON and in the table.
counters() {
	local sentence=$1 pair said=
	shift
	for pair in "$@"; do
		said+="${said:+ }${pair%=*}=$(ctl -j intermediary stat "$ID" |
			jq -r --arg name "${pair%=*}" '.[] | select(.counter == $name) | .value')"
		[ "${said##*=}" = "$(stat "${pair%=*}")" ] || said+="(in the table $(stat "${pair%=*}"))"
	done
	equal "$sentence" "$*" "$said"
}

# say N BYTES: N datagrams to the flow.
say() {
	local i
	for ((i = 0; i < $1; i++)); do
		in_b bash -c "printf '%0$2d' 0 > /dev/udp/$A4/7400"
	done
}

got() { [ "$(wc -l < "$WORK/log")" -ge "$1" ]; }

# What goes on, what passes by and what is dropped, as one is there or is not.
numbers() {
	local ext
	WORK=$(mktemp -d)
	at_exit rm -rf "$WORK"
	ID=$(ctl -j intermediary grant va rights observe-headers,delay hold 10000 \
		policy closed proto udp local-port 7400 | jq .grant)
	ip netns exec "$NS_A" "$(dirname "$0")/aid_hold" va 7400 > "$WORK/hold" &
	at_exit end_process $!
	check "a flow has one in its way" wait_until 20 grep -q ready "$WORK/hold"
	ip netns exec "$NS_A" unet-ext "$ID" log > "$WORK/log" 2> "$WORK/err" &
	ext=$!
	at_exit end_process $ext
	wait_until 20 grep -q serves "$WORK/err"
	counters "before anything is sent all are 0" packets=0 bytes=0 accepted=0 blocked=0
	say 5 10
	say 2 100
	check "it sees what is sent" wait_until 20 got 7
	check "which is accepted" wait_until 20 sh -c "unetctl -n $NS_A -j intermediary stat $ID |
		jq -e 'any(.[]; .counter == \"accepted\" and .value == 7)'"
	counters "what is counted was sent" packets=7 bytes=$((5 * 38 + 2 * 128)) accepted=7 \
		dropped=0 modified=0 missed=0 blocked=0
	end_process $ext
	say 3 10
	check "what comes when it is gone is counted" wait_until 20 sh -c \
		"unetctl -n $NS_A -j intermediary stat $ID |
		jq -e 'any(.[]; .counter == \"blocked\" and .value == 3)'"
	counters "and nothing else" packets=7 accepted=7 missed=0 blocked=3
	ctl intermediary revoke "$ID" > /dev/null
}

plan 25
load_module
setup_pair
ctl attach va > /dev/null

refuse "a device that is not attached" 'IFNAME is not an attached device' \
	unetctl -n "$NS_A" intermediary grant lo rights observe
refuse "a right too many" 'RIGHTS must forbid at least one right' unetctl -n "$NS_A" \
	intermediary grant va rights observe,drop,delay,modify,inject,duplicate,identity,redirect
refuse "a redirection to nowhere" 'REDIRECT_PORT must be 1 to 65535' unetctl -n "$NS_A" \
	intermediary grant va rights redirect proto udp
refuse "a redirection of all protocols" 'PROTO must be UDP' unetctl -n "$NS_A" \
	intermediary grant va rights redirect redirect-port 7001
refuse "a port without the right" 'REDIRECT_PORT goes with the right to redirect only' \
	unetctl -n "$NS_A" intermediary grant va rights drop redirect-port 7001
refuse "a long hold without the right" 'HOLD_MS above 100 needs the right to delay' \
	unetctl -n "$NS_A" intermediary grant va rights observe hold 500
refuse "a word there is not" 'rigts: no word of grant, did you mean rights' \
	unetctl -n "$NS_A" intermediary grant va rigts observe
refuse "a program there is not" 'program: /sys/fs/bpf/none: No such file' \
	unetctl -n "$NS_A" intermediary grant va rights observe program /sys/fs/bpf/none
check "a grant has a number" sh -c "unetctl -n $NS_A intermediary grant va \
	rights observe,drop policy closed proto tcp local-port 80 remote-addr 10.0.0.0/8 \
	pattern 0:16 pattern 5:01/0f |
	grep -Eq '^grant [0-9]+ on va\$'"
json "and is listed" '.[0] | .ifname == "va" and .policy == "closed" and .proto == "tcp" and
	.state == "waiting" and .pid == null and .hold_ms == 100 and .patterns == 2 and
	.rights == ["observe-headers", "observe-payload", "drop"]' \
	unetctl -n "$NS_A" -j intermediary
check "in a table, too" sh -c "unetctl -n $NS_A intermediary list va |
	grep -Eq 'va .*tcp .*:80 .*10.0.0.0/8 .*closed .*pattern .*waiting'"
ID=$(ctl -j intermediary | jq '.[0].grant')
json "with counters" 'map(select(.counter == "accepted"))[0].value == 0' \
	unetctl -n "$NS_A" -j intermediary stat "$ID"
refuse "another has none" 'no such grant' \
	unetctl -n "$NS_A" intermediary stat 999999
json "it is revoked, and told so" ".grant == $ID" \
	unetctl -n "$NS_A" -j intermediary revoke "$ID"
refuse "once" 'GRANT is no grant of this network namespace' \
	unetctl -n "$NS_A" intermediary revoke "$ID"
json "and listed no more" 'length == 0' unetctl -n "$NS_A" -j intermediary list
ctl intermediary grant va rights redirect redirect-port 7001 proto udp > /dev/null
json "where one redirects to is listed" '.[0].redirect_port == 7001' \
	unetctl -n "$NS_A" -j intermediary
refuse "nobody but the administrator grants" 'ermit|ermission' \
	in_a setpriv --reuid=65534 --regid=65534 --clear-groups \
	unetctl intermediary grant va rights observe
numbers
ctl detach va > /dev/null
finish
