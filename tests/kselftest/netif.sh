#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: what befalls an attached device: renamed, given addresses and
# routes, enslaved by a bridge before and after, deleted, moved to another
# namespace. Channels are told, and the host's traffic goes on (D1, D2, R7.6).
source "$(dirname "$0")/lib.sh"
require_root
require jq ping socat
HOLD=$(dirname "$0")/aid_hold

ctl_a() { ip netns exec "$NS_A" unetctl "$@"; }
hook_of() { ctl_a -j nexus "$1" | jq -r '[.. | objects | .hook? | strings] | first // "none"'; }
nexuses() { ip netns exec "$1" unetctl -j nexus | jq -r '[.. | objects | .ifname? | strings] | join(" ")'; }

# hold DEV [PORT]: a channel, held in the background; what it says is in $HELD.
hold() {
	HELD=$(mktemp)
	at_exit rm -f "$HELD"
	ip netns exec "$NS_A" "$HOLD" "$@" > "$HELD" 2>&1 &
	LAST_PID=$!
	at_exit end_process "$LAST_PID"
	wait_until 10 grep -q ready "$HELD"
}

# let_go: end it; its last words.
let_go() {
	kill -TERM "$LAST_PID" 2>/dev/null
	wait "$LAST_PID" 2>/dev/null
	tail -n 1 "$HELD"
}

send_udp() { # COUNT PORT
	local i
	for ((i = 0; i < $1; i++)); do printf '%07d\n' "$i"; done |
		in_b socat -u -b 8 - UDP4-SENDTO:"$A4:$2"
	sleep 0.3
}

# told: what the holder says when its channel ends by itself.
told() {
	wait_until 10 grep -q '^state=' "$HELD"
	tail -n 1 "$HELD" | cut -d' ' -f1
}

plan 32
check "the module is there" load_module
setup_pair

refuse "the loopback device is refused" "loopback" ctl_a attach lo

# ---- a channel is told ----
check "attaches" ctl_a attach va
equal "by the rx_handler" rx_handler "$(hook_of va)"
hold va 5000
send_udp 10 5000
equal "a flow receives" "state=live packets=10" "$(let_go | cut -d' ' -f1,2)"
hold va
check "detaches with a channel open" ctl_a detach va
equal "the channel is told" state=detached "$(told)"

# ---- names, addresses ----
ctl_a attach va
# Older kernels rename only what is down.
rename() {
	ip -n "$NS_A" link set "$1" down
	ip -n "$NS_A" link set "$1" name "$2"
	ip -n "$NS_A" link set "$2" up
}
rename va vnew
equal "the nexus is renamed with its device" vnew "$(nexuses "$NS_A")"
hold vnew
check "a channel opens by the new name" grep -q ready "$HELD"
let_go > /dev/null
rename vnew va
wait_until 10 in_b ping -c 1 -W 1 "$A4"
untold() {
	hold va
	sleep 0.5
	[[ $(let_go) = *changes=0 ]]
}
check "a channel is told of nothing once the new name has settled" wait_until 10 untold
told_of() { # SENTENCE COMMAND...: the host changes, and a channel is told
	local sentence=$1
	shift
	hold va
	"$@"
	check "a channel is told of $sentence" wait_until 20 grep -q told "$HELD"
	let_go > /dev/null
}
told_of "a new address" ip -n "$NS_A" addr add 10.78.0.1/32 dev va
told_of "an address that goes" ip -n "$NS_A" addr del 10.78.0.1/32 dev va
told_of "a new IPv6 address" ip -n "$NS_A" addr add fd78::1/128 dev va nodad
told_of "a new route" ip -n "$NS_A" route add 10.79.0.0/24 via "$B4"
told_of "a route that goes" ip -n "$NS_A" route del 10.79.0.0/24
told_of "a new IPv6 route" ip -n "$NS_A" -6 route add fd79::/64 dev va
ctl_a detach va

# ---- someone else has or wants the rx_handler ----
ip -n "$NS_A" link add br0 type bridge
ip -n "$NS_A" link set br0 up
ip -n "$NS_A" link set va master br0
ip -n "$NS_A" addr flush dev va
ip -n "$NS_A" addr add "$A4/24" dev br0
ip -n "$NS_A" link set br0 address "$(ip -j -n "$NS_A" link show va | jq -r '.[0].address')"
check "a bridge port attaches" ctl_a attach va
equal "by netfilter's ingress hook" "netfilter ingress" "$(hook_of va)"
check "the bridge goes on" wait_until 5 in_b ping -q -c 3 -i 0.1 "$A4"
hold va 5000
send_udp 10 5000
equal "a flow receives through the port" "state=live packets=10" "$(let_go | cut -d' ' -f1,2)"
check "detaches from the port" ctl_a detach va
check "the bridge itself attaches" ctl_a attach br0
equal "by its rx_handler" rx_handler "$(hook_of br0)"
hold br0 5000
send_udp 10 5000
equal "a flow receives through the bridge" "state=live packets=10" "$(let_go | cut -d' ' -f1,2)"
ip -n "$NS_A" link set va nomaster
ip -n "$NS_A" link del br0
equal "a deleted bridge takes its nexus along" "" "$(nexuses "$NS_A")"
ip -n "$NS_A" addr add "$A4/24" dev va
ctl_a attach va
hold va 5000
ip -n "$NS_A" link add br0 type bridge
check "an attached device becomes a bridge port" ip -n "$NS_A" link set va master br0
equal "its nexus stepped aside" "netfilter ingress" "$(hook_of va)"
send_udp 10 5000
equal "its flows go on" "state=live packets=10" "$(let_go | cut -d' ' -f1,2)"
ctl_a detach va
ip -n "$NS_A" link del br0

# ---- the end ----
ip -n "$NS_A" link add vm type veth peer name vn
ctl_a attach vm
hold vm
ip -n "$NS_A" link set vm netns "$NS_B"
equal "a device that moves leaves its nexus" state=detached "$(told)"
equal "and arrives without" "" "$(nexuses "$NS_B")"
ctl_a attach va
hold va
refuse "the module stays while a channel is open" "in use" rmmod unet
let_go > /dev/null
ctl_a detach va
check "the host's traffic goes on" in_b ping -q -c 3 -i 0.1 "$A4"
finish
