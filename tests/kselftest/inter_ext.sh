#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the example extensions do what they say (R4.7): a log of a TCP connection, a
# host that is blocked, of HTTP and of TLS, its name in two segments too, and one that is
# not, a text put in another's place, the MSS and the DSCP as the peer sees them, no text of
# another length, a right that is missing, a delay. unetctl flows shows who is in the flow. An
# ordinary user runs one when the grant is for him.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/aid_extend.sh"
require_root
require jq setpriv tcpdump unet-cat unet-ext
WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

# Each listener has a port of its own: the last one's lingers.
PORT=7000

# extend WORDS_OF_GRANT -- EXTENSION...: in all TCP flows from now on, as user $AS.
AS=0
extend() { start_extension "$NS_A" va "$WORK/out" "$WORK/err" "$@"; }
contract() { end_extension "$NS_A" "$ID" "$EXT"; }

# What comes later comes when the server has got what came before.
speak() {
	printf '%b' "$1"
	[ -z "$2" ] || { wait_until 60 test -s "$WORK/got"; printf '%b' "$2"; }
}

# say TEXT [HOST [MORE]]: over a connection of the peer's, MORE in a later segment; what
# the server got is in $WORK/got. With HOST until that is said to be blocked.
say() {
	: > "$WORK/server"
	PORT=$((PORT + 1))
	ip netns exec "$NS_A" unet-cat -v -i va -l "$AT:$PORT" < /dev/null > "$WORK/got" \
		2> "$WORK/server" &
	local server=$!
	at_exit end_process $server
	wait_until 20 grep -q listening "$WORK/server"
	speak "$1" "${3:-}" |
		ip netns exec "$NS_B" timeout 60 unet-cat -k "$AT:$PORT" > /dev/null 2>&1 &
	local client=$!
	at_exit end_process $client
	if [ -n "${2:-}" ]; then
		wait_until 60 grep -q "^$2: blocked" "$WORK/out"
		kill "$client" "$server"
	fi
	wait "$client" "$server"
}

# hello NAME, of 15 letters: the first bytes of a TLS connection to that host, for speak.
hello() {
	printf %s '\x16\x03\x01\x00\x54\x01\x00\x00\x50\x03\x03' \
		0123456789abcdef0123456789abcdef '\x00\x00\x02\x13\x01\x01\x00\x00\x22' \
		'\x00\x2b\x00\x03\x02\x03\x04\x00\x00\x00\x14\x00\x12\x00\x00\x0f' \
		"$1" '\x00\x17\x00\x00'
}

# got TEXT: it is what the server got, all of it.
got() { printf '%b' "$1" | cmp - "$WORK/got"; }

# say_watched SOURCE TEXT: the same; the SYN-ACK as the peer gets it is in $WORK/seen.
say_watched() {
	ip netns exec "$NS_B" timeout 60 tcpdump -i vb -n -v -c 1 "src host $1" and \
		'(tcp[13] & 18 = 18 or ip6[53] & 18 = 18)' > "$WORK/seen" 2> "$WORK/tcpdump" &
	local tcpdump=$!
	at_exit end_process $tcpdump
	wait_until 20 grep -q 'listening on' "$WORK/tcpdump"
	say "$2"
	wait $tcpdump
}

# rewritten FAMILY SOURCE CLASS: text, MSS and DSCP, as the peer sees them.
rewritten() {
	say_watched "$2" "a cat"
	equal "$1: a text in another's place" "a dog" "$(cat "$WORK/got")"
	check "$1: the peer is told the smaller MSS" grep -q 'mss 1000[],]' "$WORK/seen"
	check "$1: the peer sees the DSCP" grep -q "$3 0xb8" "$WORK/seen"
}

plan 30
load_module
setup_pair
AT=$A4
in_a unetctl attach va > /dev/null

extend rights observe-headers -- log
say "hello"
equal "what is logged arrives" hello "$(cat "$WORK/got")"
check "each packet is a line of JSON" jq -es --arg a "$A4" --argjson port "$PORT" 'length > 4 and
	all(.[]; .proto == 6) and any(.[]; .direction == "in" and .dst == $a and .dport == $port)
	and any(.[]; .direction == "out" and .src == $a)' "$WORK/out"
ip netns exec "$NS_A" unet-cat -i va -l "$A4:7000" < /dev/null > /dev/null 2>&1 &
LISTENER=$!
at_exit end_process $LISTENER
has_flow() { in_a unetctl -j flows port 7000 | jq -e 'length == 1'; }
wait_until 20 has_flow
equal "the flow shows its chain" "$ID:unet-ext[$EXT]" \
	"$(in_a unetctl -j flows port 7000 | jq -r '.[0].chain')"
end_process $LISTENER
contract

extend rights observe,drop,delay hold 1000 -- block example.org
say "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n"
check "a host that is not on the list passes" grep -q example.net "$WORK/got"
say "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n" www.example.org
equal "one below a host on it does not" "" "$(cat "$WORK/got")"
check "and is named" wait_until 10 grep -q '^www.example.org: blocked' "$WORK/out"
say "GET / HTTP/1.1\r\nHost: abc.exam" abc.example.org "ple.org\r\n\r\n"
equal "nor across two segments" "Host: abc.exam" "$(tail -n 1 "$WORK/got")"
check "which is named" wait_until 10 grep -q '^abc.example.org: blocked' "$WORK/out"
TLS=$(hello www.example.net)
say "$TLS"
check "a TLS server name that is not on the list passes" got "$TLS"
say "${TLS%le.net*}" "" "le.net${TLS#*le.net}"
check "in two segments, too" got "$TLS"
TLS=$(hello tls.example.org)
say "$TLS" tls.example.org
equal "one below a host on it does not" 0 "$(wc -c < "$WORK/got")"
check "and is named" wait_until 10 grep -q '^tls.example.org: blocked' "$WORK/out"
TLS=$(hello two.example.org)
say "${TLS%le.org*}" two.example.org "le.org${TLS#*le.org}"
check "nor across two segments" got "${TLS%le.org*}"
check "which is named" wait_until 10 grep -q '^two.example.org: blocked' "$WORK/out"
contract

AS=1000
extend uid 1000 rights observe-headers -- log
AS=0
say "hello"
check "an ordinary user runs what was granted to him" jq -es 'any(.[]; .proto == 6)' "$WORK/out"
equal "as himself" 1000 "$(stat -c %u "/proc/$EXT")"
contract

extend rights observe,modify,delay hold 1000 -- rewrite text cat/dog mss 1000 dscp 46
rewritten IPv4 "$A4" tos
AT=[$A6]
rewritten IPv6 "$A6" class
AT=$A4
contract

# The kernel writes it, and the payload is nobody's to change.
extend rights observe-headers,modify-headers,delay hold 1000 -- rewrite dscp 46
say_watched "$A4" "a cat"
equal "a DSCP alone leaves the text" "a cat" "$(cat "$WORK/got")"
check "and the peer sees it" grep -q 'tos 0xb8' "$WORK/seen"
contract

extend rights observe,modify,delay hold 1000 -- rewrite text cat/horse
say "a cat"
equal "not of another length" "a cat" "$(cat "$WORK/got")"
check "which is said" grep -q 'cannot be changed on the way' "$WORK/err"
contract

ID=$(in_a unetctl -j intermediary grant va proto tcp rights observe,modify-headers | jq .grant)
refuse "a right that is missing is named" "lacks a right .*: modify-payload" \
	in_a unet-ext "$ID" rewrite mss 1000 text cat/dog
in_a unetctl intermediary revoke "$ID" > /dev/null

ID=$(in_a unetctl -j intermediary grant va uid 1000 rights observe-headers | jq .grant)
refuse "somebody else's grant is refused" "is another user's" in_a setpriv --reuid=1001 --regid=1001 \
	--clear-groups unet-ext "$ID" log
in_a unetctl intermediary revoke "$ID" > /dev/null

ID=$(in_a unetctl -j intermediary grant va proto tcp rights observe-headers,delay hold 200 |
	jq .grant)
refuse "a hold limit that is too short is named" "delay: 300: grant .* for 200 ms" \
	in_a unet-ext "$ID" delay 300
in_a unetctl intermediary revoke "$ID" > /dev/null

extend rights observe-headers,delay hold 2000 -- delay 300
START=$(date +%s%N)
say "slow"
check "a delay is one" [ $((($(date +%s%N) - START) / 1000000)) -ge 600 ]
contract
in_a unetctl detach va > /dev/null
finish
