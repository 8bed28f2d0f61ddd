#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: what the host has its device do with packets comes before the nexus
# (D2, R7.6): what tc or nftables drop at ingress reaches no flow, what they let
# pass does, what they change arrives changed, and tcpdump sees both. The same
# with either receive hook. INPUT comes after it, and what the README says of that helps.
# What flows send passes both at egress, too.
source "$(dirname "$0")/lib.sh"
require_root
require nft tc tcpdump socat jq unet-cat
HOLD=$(dirname "$0")/aid_hold

# received COMMAND...: packets that a flow on port 5000 got while it ran.
received() {
	local said=$WORK/said
	ip netns exec "$NS_A" "$HOLD" va 5000 > "$said" 2>&1 &
	if ! wait_until 10 grep -q ready "$said"; then
		cat "$said"
		return
	fi
	"$@"
	sleep 0.5
	kill -TERM $!
	wait $!
	sed -n 's/.*packets=\([0-9]*\).*/\1/p' "$said"
}

send_udp() { # COUNT PORT
	local i
	for ((i = 0; i < $1; i++)); do printf '%07d\n' "$i"; done |
		in_b socat -u -b 8 - UDP4-SENDTO:"$A4:$2"
}

nft_hits() { in_a nft -j list ruleset | jq '[.. | .counter?.packets? // empty] | add'; }
tc_drops() { # ingress|egress
	in_a tc -s -j filter show dev va "$1" | jq '[.. | .stats?.drops? // empty] | add'
}
seen_by_tcpdump() {
	ip netns exec "$NS_A" tcpdump -i va -n -c 10 udp port 5000 \
		> "$WORK/seen" 2> "$WORK/tcpdump" &
	wait_until 10 grep -q 'listening on' "$WORK/tcpdump"
	send_udp 10 5000
	wait_until 5 eval 'test "$(wc -l < "$WORK/seen")" = 10'
	wc -l < "$WORK/seen"
	kill $! 2>/dev/null
}

try_all() { # HOOK
	check "attaches" in_a unetctl attach va
	equal "by the $1" "$1" "$(in_a unetctl -j nexus va | jq -r '[.. | objects | .hook? | strings] | first')"
	equal "$1: a flow receives" 10 "$(received send_udp 10 5000)"

	in_a nft -f - <<-END
		table netdev t {
			chain in {
				type filter hook ingress device "va" priority 0;
				udp dport 5000 counter drop
			}
		}
	END
	equal "$1: what nftables drops reaches no flow" 0 "$(received send_udp 10 5000)"
	equal "$1: and nftables had dropped it" 10 "$(nft_hits)"
	in_a nft delete table netdev t
	equal "$1: without the rule it is back" 10 "$(received send_udp 10 5000)"
	in_a nft -f - <<-END
		table netdev t {
			chain in {
				type filter hook ingress device "va" priority 0;
				udp dport 5001 udp dport set 5000
			}
		}
	END
	equal "$1: what nftables rewrites is looked up as rewritten" 10 "$(received send_udp 10 5001)"
	in_a nft delete table netdev t

	in_a nft -f - <<-END
		table inet t {
			chain in {
				type filter hook input priority 0;
				udp dport 5000 drop
			}
		}
	END
	equal "$1: a flow receives what INPUT would drop" 10 "$(received send_udp 10 5000)"
	in_a nft delete table inet t

	in_a tc qdisc add dev va clsact
	in_a tc filter add dev va ingress protocol ip flower ip_proto udp dst_port 5000 action drop
	equal "$1: what tc drops reaches no flow" 0 "$(received send_udp 10 5000)"
	equal "$1: and tc had dropped it" 10 "$(tc_drops ingress)"
	in_a tc filter del dev va ingress
	in_a tc qdisc del dev va clsact
	equal "$1: tcpdump sees what a flow gets" 10 "$(received seen_by_tcpdump | head -n 1)"
	check "detaches" in_a unetctl detach va
}

# reaches PORT: a TCP connection to a server on the nexus, and what it carries. Killed,
# the server leaves its port to nobody for a while: each call needs another.
reaches() {
	local server arrived=
	ip netns exec "$NS_A" timeout 60 unet-cat -v -i va -l "$A4:$1" \
		< /dev/null > "$WORK/got" 2> "$WORK/said" &
	server=$!
	wait_until 30 grep -q listening "$WORK/said" || { echo "nobody listens"; return 1; }
	echo hello | in_b timeout 10 socat -u - "TCP4:$A4:$1,connect-timeout=3" &&
		wait_until 30 grep -q hello "$WORK/got" && arrived=yes
	kill $server 2> /dev/null
	wait $server
	[ -n "$arrived" ] || { echo "nothing came to port $1"; return 1; }
}

# What the README says to do about that: its own words, for this device.
readme_rules() {
	local text
	text=$(sed -n "/^    sudo tee .*\.nft << 'END'/,/^    END/{//!s/^    //p}" \
		"$UNET_TOP/README.md" | sed 's/ eth0 / va /')
	echo "$text"
	[[ $text = "table netdev unet"* ]] && in_a nft -f - <<< "$text"
}

close_ports() {
	check "attaches" in_a unetctl attach va
	check "before the README's rules a port is open" reaches 7001
	check "they are taken" readme_rules
	check "once more, as when the device comes up again" readme_rules
	equal "but hold once" 1 "$(in_a nft list table netdev unet | grep -c udp)"
	refuse "they close it to flows, too" "nothing came to port 7002" reaches 7002
	check "not one of those they name" reaches 8080
	equal "they close ports of UDP" 0 "$(received send_udp 10 5000)"
	check "detaches" in_a unetctl detach va
	in_a nft delete table netdev unet
}

# ---- what leaves -----------------------------------------------------------------

SINK=6000
sink_is_open() { in_b grep -q ":$(printf %X $SINK) " /proc/net/udp; }
send_flow() { in_a unet-cat -i va -u "$B4:$SINK" <<< "$1"; }
came() { grep -q "$1" "$WORK/came"; }

# lost NAME: what a flow sends is dropped by what stands at egress.
lost() {
	counted "egress: the flow's send is dropped by $1" "$NS_A" tx_drop_device 1 \
		send_flow "$1"
}

# A veth is a queue: what had passed before it is there when the last one is.
try_egress() {
	check "attaches" in_a unetctl attach va
	background in_b socat -u "UDP4-RECV:$SINK" "OPEN:$WORK/came,creat,append"
	check "egress: the peer listens" wait_until 30 sink_is_open
	check "egress: a flow sends" send_flow first
	check "egress: and that arrives" wait_until 30 came first

	in_a nft -f - <<-END
		table netdev t {
			chain out {
				type filter hook egress device "va" priority 0;
				udp dport $SINK counter drop
			}
		}
	END
	lost nftables
	equal "egress: and nftables counted it" 1 "$(nft_hits)"
	in_a nft delete table netdev t

	in_a tc qdisc add dev va clsact
	in_a tc filter add dev va egress protocol ip flower ip_proto udp dst_port $SINK action drop
	lost tc
	equal "egress: and tc counted it" 1 "$(tc_drops egress)"
	in_a tc qdisc del dev va clsact

	check "egress: without rules a flow sends again" send_flow last
	check "egress: and that arrives" wait_until 30 came last
	equal "egress: nothing that was dropped has" "first last" "$(paste -sd " " "$WORK/came")"
	end_process "$LAST_PID"
	check "detaches" in_a unetctl detach va
}

plan 45
load_module
WORK=$(mktemp -d)
at_exit rm -rf "$WORK"
setup_pair
try_all rx_handler
close_ports
try_egress
echo Y > /sys/module/unet/parameters/prefer_ingress
at_exit eval 'echo N > /sys/module/unet/parameters/prefer_ingress'
try_all "netfilter ingress"
finish
