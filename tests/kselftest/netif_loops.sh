#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: 50 times each (less by UNET_EFFORT): a device is attached and
# detached under the host's traffic, deleted while attached, its namespace
# deleted. No packet of the host is lost, nothing is left (D1, R7.4).
source "$(dirname "$0")/lib.sh"
require_root
require ping

ctl_a() { ip netns exec "$NS_A" unetctl "$@"; }
live() { cat /sys/module/unet/parameters/live; }

ROUNDS=$(effort 50)

attach_and_detach() {
	local n
	for ((n = 0; n < ROUNDS; n++)); do
		ctl_a attach va && ctl_a detach va || return
	done
}

delete_devices() {
	local n
	for ((n = 0; n < ROUNDS; n++)); do
		ip -n "$NS_A" link add vx type veth peer name vy &&
			ctl_a attach vx vy && ip -n "$NS_A" link del vx || return
	done
	! ctl_a nexus | grep -q '^v[xy]'
}

delete_namespaces() {
	local n ns=unet-$$-loop
	at_exit ip netns del "$ns"
	for ((n = 0; n < ROUNDS; n++)); do
		ip netns add "$ns" &&
			ip -n "$ns" link add vx type veth peer name vy &&
			ip netns exec "$ns" unetctl attach vx vy &&
			ip netns del "$ns" || return
	done
}

same_live() { [ "$(live)" = "$LIVE" ]; }

plan 6
check "the module is there" load_module
setup_pair
LIVE=$(live)
PING_LOG=$(mktemp)
at_exit rm -f "$PING_LOG"
background ip netns exec "$NS_B" ping -q -i 0.01 "$A4" > "$PING_LOG" 2>&1
check "attaches and detaches under traffic" attach_and_detach
kill -INT "$LAST_PID"
wait "$LAST_PID"
check "no packet of the host was lost meanwhile" grep -q ' 0% packet loss' "$PING_LOG"
check "attached devices are deleted" delete_devices
check "attached namespaces are deleted" delete_namespaces
check "no object is left of them" wait_until 20 same_live
finish
