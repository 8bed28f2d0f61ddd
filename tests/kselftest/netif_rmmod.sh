#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the module is removed 50 times (less by UNET_EFFORT) while a device
# is attached, under the host's traffic and that of a flow, and never while a channel
# is open (R7.4). A packet that a queueing discipline still holds is waited for, and
# arrives.
source "$(dirname "$0")/lib.sh"
require_root
require jq ping tc
HOLD=$(dirname "$0")/aid_hold

ctl_a() { ip netns exec "$NS_A" unetctl "$@"; }

ROUNDS=$(effort 50)

# To the flow's port all the while. Without the flow the peer hears that nobody
# listens, which is no reason to stop.
send_udp() {
	exec ip netns exec "$NS_B" bash -c 'exec 3> "/dev/udp/$0/5000" 2> /dev/null || exit
		while sleep 0.005; do
			for i in {1..16}; do echo "$i" >&3; done
		done' "$A4"
}

flow_receives() { test "$(counter "$NS_A" rx_delivered)" -gt 0; }

# A program with a flow dies meanwhile, every other time after its nexus. What the
# module keeps would be memory of 64 MiB a channel.
remove_and_load() {
	local n pid
	for ((n = 0; n < ROUNDS; n++)); do
		ctl_a attach va || return
		: > "$READY"
		ip netns exec "$NS_A" "$HOLD" va 5000 > "$READY" &
		pid=$!
		wait_until 30 grep -q ready "$READY" && wait_until 30 flow_receives || return
		[ $((n % 2)) = 0 ] || ctl_a detach va || return
		kill -9 $pid
		wait_until 60 unload_module && load_module || return
		wait $pid 2> /dev/null
	done
	[ "$n" = "$ROUNDS" ]
}

# With the pages that each CPU keeps to itself, as teardown counts them.
free_mib() {
	awk -v page="$(getconf PAGESIZE)" '$1 == "MemAvailable:" { kib += $2 }
		$1 == "count:" { kib += $2 * page / 1024 }
		END { print int(kib / 1024) }' /proc/meminfo /proc/zoneinfo
}
READY=$(mktemp)
at_exit rm -f "$READY"

arrived() { in_b awk '$1 == "Udp:" && $3 ~ /[0-9]/ { print $3 }' /proc/net/snmp; }
waits() { kill -0 "$1" && grep -q '^unet .* Unloading ' /proc/modules; }

# The device holds the packet of a program that is gone already.
leave_one_on_its_way() {
	in_a ping -c 1 "$B4" && in_a tc qdisc add dev va root netem delay "$HELD"s &&
		ctl_a attach va && in_a timeout "$LIFE" "$HOLD" va 5000 "$A4" "$B4"
	[ $? = 124 ] && ctl_a detach va
}

# Seconds that the packet stays, and of them those that its program lives.
HELD=8 LIFE=1
[ -z "${UNET_SLOW:-}" ] || HELD=60 LIFE=10

plan 12
check "the module is there" load_module
setup_pair
ctl_a attach va > /dev/null
background ip netns exec "$NS_A" "$HOLD" va > /dev/null
HOLDER=$LAST_PID
channel_open() { ctl_a channels | grep -q aid_hold; }
check "a channel is open" wait_until 10 channel_open
refuse "the module stays" "in use" rmmod unet
end_process "$HOLDER"
ctl_a detach va > /dev/null
PING_LOG=$(mktemp)
at_exit rm -f "$PING_LOG"
background ip netns exec "$NS_B" ping -q -i 0.05 "$A4" > "$PING_LOG" 2>&1
PINGER=$LAST_PID
background send_udp
FREE=$(free_mib)
check "it goes with a device attached, and a flow that receives" remove_and_load
check "and its memory comes back" test "$(free_mib)" -gt $((FREE - 4 * ROUNDS - 40))
end_process "$LAST_PID"
kill -INT "$PINGER"
wait "$PINGER"
check "no packet of the host was lost meanwhile" grep -q ' 0% packet loss' "$PING_LOG"
check "the device attaches anew" ctl_a attach va
ctl_a detach va > /dev/null
BEFORE=$(arrived)
check "a packet is on its way when its program and nexus are gone" leave_one_on_its_way
equal "and still is" "$BEFORE" "$(arrived)"
background rmmod unet
check "the module's removal waits for it" wait_until $((HELD - LIFE - 2)) waits "$LAST_PID"
wait "$LAST_PID"
check "and ends" test $? = 0 -a ! -e /dev/unet
at_exit load_module
equal "when it has arrived" $((BEFORE + 1)) "$(arrived)"
finish
