#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the module is removed 50 times (less by UNET_EFFORT) while a device
# is attached, under the host's traffic, and never while a channel is open (R7.4).
source "$(dirname "$0")/lib.sh"
require_root
require ping
HOLD=$(dirname "$0")/aid_hold

ctl_a() { ip netns exec "$NS_A" unetctl "$@"; }

ROUNDS=$(effort 50)

remove_and_load() {
	local n
	for ((n = 0; n < ROUNDS; n++)); do
		ctl_a attach va && unload_module && load_module || return
	done
}

plan 6
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
check "it goes with a device attached" remove_and_load
kill -INT "$LAST_PID"
wait "$LAST_PID"
check "no packet of the host was lost meanwhile" grep -q ' 0% packet loss' "$PING_LOG"
check "the device attaches anew" ctl_a attach va
finish
