#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: unetctl grants, lists, counts and revokes intermediaries (R4.10); the
# flow they are in shows them; all words of a grant are listed as they were given, while
# it waits, is served, has failed and is barred; a program pinned to a path picks packets;
# what it counts is what was sent; what is wrong is said in words.
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

# say_byte BYTE: one datagram of just that, as printf has it.
say_byte() { in_b bash -c "printf '%b' '$1' > /dev/udp/$A4/7400"; }

got() { [ "$(wc -l < "$WORK/log")" -ge "$1" ]; }

# serve [COMMAND...]: unet-ext in the flows of $ID, as COMMAND starts it, is $EXT.
serve() {
	: > "$WORK/err"
	ip netns exec "$NS_A" "$@" unet-ext "$ID" log > "$WORK/log" 2> "$WORK/err" &
	EXT=$!
	at_exit end_process $EXT
	wait_until 20 grep -q serves "$WORK/err"
}

# is STATE: of $ID; left_as STATE: and nobody has it any more.
is() {
	ctl -j intermediary | jq -e --argjson id "$ID" --arg state "$1" \
		'any(.[]; .grant == $id and .state == $state)'
}

left_as() { is "$1" && ctl -j intermediary | jq -e --argjson id "$ID" \
	'any(.[]; .grant == $id and .comm == null)'; }

# ---- lists ---------------------------------------------------------------------

# Blanks between columns as if none were wider than what is in it.
squeezed() { sed 's/^ *//; s/   */  /g'; }

# row SENTENCE WANTED: that is one of the table of grants; if not, it is shown.
row() {
	local table
	table=$(ctl intermediary list va | squeezed)
	equal "$1" "$2" "$(grep -Fx -e "$2" <<< "$table" || echo "$table")"
}

# entry STATE PID COMM: of a grant with all the words there are.
entry() {
	jq -Sc --argjson id "$ID" --arg state "$1" --argjson pid "$2" --argjson comm "$3" \
		'. + { grant: $id, state: $state, pid: $pid, comm: $comm }' <<- 'END'
		{ "ifname": "va", "priority": -5, "direction": "in", "proto": "udp",
		  "local": "10.77.0.0/24 port 7400", "remote": "10.77.0.0/16 port 9",
		  "rights": ["observe-headers", "observe-payload", "delay", "redirect"],
		  "redirect_port": 7001, "policy": "after:3000", "uid": 1000,
		  "patterns": 2, "program": true, "hold_ms": 5000, "backlog": 512, "held": 0 }
	END
}

# listed: $ID, but for the number of its program.
listed() {
	ctl -j intermediary list va | jq -Sc --argjson id "$ID" \
		'.[] | select(.grant == $id) | .program |= (. > 0)'
}

all_words() {
	local words
	ID=$(ctl -j intermediary grant va rights observe,delay,redirect redirect-port 7001 \
		direction in uid 1000 priority -5 policy after:3000 hold 5000 backlog 512 \
		backlog-bytes 1048576 copy 96 violations 7 proto udp local-addr 10.77.0.0/24 \
		local-port 7400 remote-addr 10.77.0.0/16 remote-port 9 pattern 0:01 \
		pattern 1:02/0f program "$BPF/byte" | jq .grant)
	words="$ID  va  -5  in  udp  10.77.0.0/24 port 7400  10.77.0.0/16 port 9"
	words+="  observe-headers,observe-payload,delay,redirect  7001  after:3000  1000"
	words+="  pattern,program"
	equal "all words of a grant are listed" "$(entry waiting null null)" "$(listed)"
	row "and in the table" "$words  waiting  -  0"
	serve setpriv --reuid=1000 --regid=1000 --clear-groups
	equal "and who has claimed it" "$(entry serving $EXT '"unet-ext"')" "$(listed)"
	row "there, too" "$words  serving  unet-ext[$EXT]  0"
	end_process $EXT
	wait_until 20 left_as failed
	row "when he has gone it has failed" "$words  failed  -  0"
	ctl intermediary revoke "$ID" > /dev/null
}

few_words() {
	row "the table has its columns" \
		"GRANT  DEV  PRIO  DIR  PROTO  LOCAL  REMOTE  RIGHTS  TO  POLICY  UID  PICKS  STATE  BY  HELD"
	ID=$(ctl -j intermediary grant va rights observe-headers | jq .grant)
	row "what is not said is its default" \
		"$ID  va  0  both  any  *  *  observe-headers  -  open  0  all  waiting  -  0"
	ctl intermediary revoke "$ID" > /dev/null
	ID=$(ctl -j intermediary grant va rights drop proto tcp direction out policy closed \
		priority -2147483647 local-addr fd77::/64 remote-addr fd77::2 remote-port 9 |
		jq .grant)
	row "ends of IPv6, and the lowest priority" \
		"$ID  va  -2147483647  out  tcp  fd77::/64  [fd77::2]:9  drop  -  closed  0  all  waiting  -  0"
	ctl intermediary revoke "$ID" > /dev/null
}

# ---- counters, and what they count ---------------------------------------------

# What goes on, what passes by and what is dropped, as one is there or is not.
numbers() {
	ID=$(ctl -j intermediary grant va rights observe-headers,delay hold 10000 \
		policy closed proto udp local-port 7400 | jq .grant)
	ip netns exec "$NS_A" "$(dirname "$0")/aid_hold" va 7400 > "$WORK/hold" &
	at_exit end_process $!
	check "a flow has one in its way" wait_until 20 grep -q ready "$WORK/hold"
	serve
	counters "before anything is sent all are 0" packets=0 bytes=0 accepted=0 blocked=0
	say 5 10
	say 2 100
	check "it sees what is sent" wait_until 20 got 7
	check "which is accepted" wait_until 20 sh -c "unetctl -n $NS_A -j intermediary stat $ID |
		jq -e 'any(.[]; .counter == \"accepted\" and .value == 7)'"
	counters "what is counted was sent" packets=7 bytes=$((5 * 38 + 2 * 128)) accepted=7 \
		dropped=0 modified=0 missed=0 blocked=0
	end_process $EXT
	say 3 10
	check "what comes when it is gone is counted" wait_until 20 sh -c \
		"unetctl -n $NS_A -j intermediary stat $ID |
		jq -e 'any(.[]; .counter == \"blocked\" and .value == 3)'"
	counters "and nothing else" packets=7 accepted=7 missed=0 blocked=3
	of_all_grants
	ctl intermediary revoke "$ID" > /dev/null
}

# Of $ID, and of $OTHER, which has counted nothing.
of_all_grants() {
	local wanted="GRANT  COUNTER  VALUE  WHAT
$ID  packets  7  packets shown to the intermediary
$ID  bytes  446  their L3 bytes
$ID  accepted  7  passed on as they were
$ID  blocked  3  dropped without a verdict"
	equal "without a number it counts for all grants" "$wanted" \
		"$(ctl intermediary stat | squeezed)"
	equal "with -a what stands at zero, too" "$OTHER 0, $ID 0, " \
		"$(ctl -a intermediary stat | awk '$2 == "missed" { printf "%s %s, ", $1, $3 }')"
	equal "which is all that there is" "$(ctl -j intermediary stat |
		jq -r '.[] | "\(.grant) \(.counter) \(.value)"')" \
		"$(ctl -a intermediary stat | awk 'NR > 1 { print $1, $2, $3 }')"
}

# The program answers the first byte of the payload.
pin_program() {
	BPF=$(mktemp -d)
	at_exit rmdir "$BPF"
	mount -t bpf bpf "$BPF" || return
	at_exit umount "$BPF"
	"$(dirname "$0")/aid_pin" "$BPF/byte" 28
}

received() { ctl -j flows port 7400 | jq '.[0].rx_packets'; }
have_come() { [ "$(received)" -ge "$1" ]; }

# The owner of the flow gets both, the process in the middle is shown the one.
picked() {
	local before
	ID=$(ctl -j intermediary grant va rights observe-headers,delay hold 10000 proto udp \
		local-port 7400 program "$BPF/byte" | jq .grant)
	row "a program picks" \
		"$ID  va  0  both  udp  *:7400  *  observe-headers,delay  -  open  0  program  waiting  -  0"
	json "which has a number" "any(.[]; .grant == $ID and .program > 0 and .patterns == 0)" \
		unetctl -n "$NS_A" -j intermediary list
	serve
	before=$(received)
	say_byte '\x00'
	say_byte '\x01'
	check "what it does not pick comes, too" wait_until 20 have_come $((before + 2))
	counters "of two packets it has picked one" packets=1 bytes=29 accepted=1 missed=0 blocked=0
	end_process $EXT
	ctl intermediary revoke "$ID" > /dev/null
}

# A process that is stopped answers nothing, and one such violation is enough.
barred() {
	ID=$(ctl -j intermediary grant va rights observe-headers violations 1 proto udp \
		local-port 7400 | jq .grant)
	serve
	at_exit kill -CONT $EXT
	kill -STOP $EXT
	wait_until 20 grep -q '^State:.T' "/proc/$EXT/status"
	say 1 10
	check "who does not answer is barred" wait_until 20 is barred
	kill -CONT $EXT
	end_process $EXT
	wait_until 20 left_as barred
	row "which is listed" \
		"$ID  va  0  both  udp  *:7400  *  observe-headers  -  open  0  all  barred  -  0"
	ctl intermediary revoke "$ID" > /dev/null
}

WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

plan 42
load_module
setup_pair
ctl attach va > /dev/null
pin_program || ktap_exit_fail_msg "cannot pin a program"

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
OTHER=$(ctl -j intermediary grant va rights redirect redirect-port 7001 proto udp | jq .grant)
json "where one redirects to is listed" '.[0].redirect_port == 7001' \
	unetctl -n "$NS_A" -j intermediary
refuse "nobody but the administrator grants" 'ermit|ermission' \
	in_a setpriv --reuid=65534 --regid=65534 --clear-groups \
	unetctl intermediary grant va rights observe
few_words
numbers
picked
barred
all_words
ctl detach va > /dev/null
finish
