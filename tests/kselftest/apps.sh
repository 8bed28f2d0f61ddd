#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: applications with libunet at both ends, each on its own host's device. Streams
# between them are whole (R1.8), with the example extensions in the middle on either host
# (R4.6, R4.7), with one that is killed (R4.8), with the hooks that come with the library
# (R5.2): stamps written at one end are taken out at the other, also through an extension;
# names that are denied, over DNS and HTTP; a rate.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/aid_carry.sh"
source "$(dirname "$0")/aid_extend.sh"
require_root
require jq setpriv socat tcpdump unet-cat unet-ext unet-httpd
BYTES=4000000
PATIENCE=300
[ -z "${UNET_SLOW:-}" ] || PATIENCE=3000
WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

# extend NS DEV RIGHTS EXTENSION...: in all TCP flows of the device; what it says is in
# $WORK/ext.DEV.
declare -A GRANT PROCESS
extend() {
	local ns=$1 dev=$2 rights=$3 hold=100
	shift 3
	[[ $rights != *delay* ]] || hold=5000
	start_extension "$ns" "$dev" "$WORK/ext.$dev" "$WORK/err.$dev" \
		rights "$rights" hold $hold backlog 4096 -- "$@"
	GRANT[$dev]=$ID PROCESS[$dev]=$EXT
}

contract() { end_extension "$1" "${GRANT[$2]}" "${PROCESS[$2]}"; } # NS DEV

# watch NS DEV FILTER...: the first packet like that is in $WORK/seen, by the time watched.
watch() {
	local ns=$1 dev=$2
	shift 2
	ip netns exec "$ns" timeout 60 tcpdump -i "$dev" -n -v -c 1 "$@" > "$WORK/seen" \
		2> "$WORK/tcpdump" &
	WATCH=$!
	at_exit end_process $WATCH
	wait_until 20 grep -q 'listening on' "$WORK/tcpdump"
}
watched() { wait "$WATCH"; }

# ---- streams -------------------------------------------------------------------

# stream NAME PORT: four million bytes each way, whole.
stream() {
	carry "$1" "-i va" "-i vb" "$A4:$2" $BYTES
	carried "$1"
	check "$1: whole" whole "$1" $BYTES
}

alone() {
	stream alone 7001
	carry alone6 "-i va" "-i vb" "[$A6]:7002" $BYTES
	carried alone6
	check "alone6: whole" whole alone6 $BYTES
	check "through the nexus of the one" at_least rx_bytes $((2 * BYTES))
	NS_A=$NS_B check "and of the other" at_least rx_bytes $((2 * BYTES))
}

# Each host has its own in the middle, with another right; each sees both ways.
in_the_middle() {
	extend "$NS_A" va observe-headers log
	extend "$NS_B" vb observe-headers,modify-headers,delay rewrite dscp 46
	watch "$NS_A" va "src host $B4 and tcp and ip[1] & 0xfc = 0xb8"
	stream middle 7003
	check "what one host's extension writes reaches the other host" watched
	check "whose extension sees it, both ways" jq -es --arg a "$A4" --arg b "$B4" '
		any(.[]; .direction == "in" and .src == $b and .dport == 7003) and
		any(.[]; .direction == "out" and .src == $a and .sport == 7003)' "$WORK/ext.va"
	contract "$NS_A" va
	contract "$NS_B" vb
}

# told DEV COUNTER: of its grant's.
told() {
	in_a unetctl -j intermediary stat "${GRANT[$1]}" |
		jq -e --arg name "$2" '[.[] | select(.counter == $name).value] | add > 0'
}

# It fails open: what it holds when it is killed goes on.
killed() {
	extend "$NS_A" va observe-headers,delay delay 500
	carry killed "-i va" "-i vb" "$A4:7004" $BYTES
	check "one that delays is shown packets" wait_until 20 told va packets
	kill -9 "${PROCESS[va]}"
	carried killed
	check "killed: whole" whole killed $BYTES
	wait "${PROCESS[va]}" 2> /dev/null
	check "what it held went on" told va missed
	in_a unetctl intermediary revoke "${GRANT[va]}" > /dev/null
}

# ---- hooks ---------------------------------------------------------------------

# Two ends, a line each: what the one has written the other has taken out.
stamps_agree() {
	jq -es 'length == 2 and all(.[]; .written > 100 and .read > 100 and .full == 0) and
		.[0].written >= .[1].read and .[1].written >= .[0].read' "$1" || cat "$1"
}

stamps() {
	watch "$NS_B" vb "src host $A4 and tcp and ip[0] & 15 > 5"
	UNET_HOOKS=stamp.so=log=$WORK/stamps stream stamps 7005
	check "stamps are on the wire" watched
	check "as IPv4 timestamps" grep -q 'options (timestamp TS' "$WORK/seen"
	check "and taken out at the other end" stamps_agree "$WORK/stamps"
	extend "$NS_A" va observe,modify,delay rewrite dscp 46 text cat/dog
	UNET_HOOKS=stamp.so=log=$WORK/stamps2 stream stamped-and-shown 7006
	check "so are they behind an extension" stamps_agree "$WORK/stamps2"
	contract "$NS_A" va
}

# query NAME: that A's application asks B for its address; the answer's first four bytes.
query() {
	local label bytes='\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
	for label in ${1//./ }; do
		bytes+=$(printf '\\x%02x%s' ${#label} "$label")
	done
	printf '%b' "$bytes\x00\x00\x01\x00\x01" |
		in_a env UNET_HOOKS=names.so=deny=bad.example unet-cat -u -i va -t 3 "$B4:53" |
		od -An -tx1 -N4 | tr -d ' \n'
}

asked() { grep -qa "$1" "$WORK/asked"; }

names_over_dns() {
	ip netns exec "$NS_B" socat -u UDP4-RECV:53 "CREATE:$WORK/asked" &
	local server=$!
	at_exit end_process $server
	equal "a denied name is answered here: no such name" 12348183 "$(query www.bad.example)"
	equal "another is not" "" "$(query www.good.example)"
	check "but asked for" wait_until 10 asked good
	refuse "the denied one was not" "" asked bad
	end_process $server
}

# ask HOST: for /page from the server at A, by an application at B.
ask() {
	printf 'GET /page HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" |
		in_b timeout 30 unet-cat -i vb -t 3 "$A4:8080"
}

names_over_http() {
	mkdir "$WORK/root"
	echo "a page" > "$WORK/root/page"
	UNET_HOOKS=names.so=deny=bad.example,http=8080 ip netns exec "$NS_A" \
		unet-httpd -i va -l "$A4:8080" -r "$WORK/root" > /dev/null 2> "$WORK/httpd" &
	local server=$!
	at_exit end_process $server
	has_port() { in_a unetctl -j flows port 8080 | jq -e 'length > 0'; }
	wait_until 20 has_port
	equal "a host that is served" "a page" "$(ask good.example | tail -n 1)"
	equal "one that is denied" "" "$(ask www.bad.example)"
	end_process $server
}

# Twenty datagrams at once; one more for each second that it takes.
rate() {
	in_a env UNET_HOOKS=rate.so=pps=1,burst=5 unet-cat -v -p -d -u -i va -l -t 5 "$A4:7007" \
		< /dev/null > /dev/null 2> "$WORK/rate" &
	local server=$! bytes
	at_exit end_process $server
	wait_until 20 grep -q listening "$WORK/rate"
	in_b timeout 30 unet-cat -u -i vb -t 1 -s 2000 -m 100 "$A4:7007" < /dev/null > /dev/null
	wait $server
	bytes=$(line rate received | cut -d ' ' -f 1)
	check "a burst passes, and what the rate gives" test "$bytes" -ge 500 -a "$bytes" -le 1000
}

plan 24
check "the module is there" load_module
setup_pair
in_a unetctl attach va > /dev/null
in_b unetctl attach vb > /dev/null
alone
in_the_middle
killed
stamps
names_over_dns
names_over_http
rate
in_a unetctl detach va > /dev/null
in_b unetctl detach vb > /dev/null
finish
