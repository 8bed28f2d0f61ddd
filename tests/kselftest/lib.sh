#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the test scripts share. A script reads:
#
#	source "$(dirname "$0")/lib.sh"
#	require_root
#	plan 2
#	setup_pair
#	check "the peer answers" ip netns exec "$NS_A" ping -c 1 "$B4"
#	...
#	finish
#
# Each check is one result. Whatever the script made is gone when it exits, in
# whatever way.
set -u

source "$(dirname "${BASH_SOURCE[0]}")/../kselftest/ktap_helpers.sh"

# ---- results -----------------------------------------------------------------

plan() { ktap_print_header; ktap_set_plan "$1"; }
msg() { ktap_print_msg "$*"; }

# check SENTENCE COMMAND...: passes when the command does; else shows its output.
check() {
	local sentence=$1 out
	shift
	if out=$("$@" 2>&1); then
		ktap_test_pass "$sentence"
	else
		ktap_test_fail "$sentence"
		msg "failed: $*"
		[ -z "$out" ] || sed 's/^/#   /' <<< "$out"
	fi
}

# refuse SENTENCE PATTERN COMMAND...: the command must fail and say PATTERN (ERE).
refuse() {
	local sentence=$1 pattern=$2 out
	shift 2
	if out=$("$@" 2>&1); then
		ktap_test_fail "$sentence"
		msg "should have failed: $*"
	elif grep -Eq -- "$pattern" <<< "$out"; then
		ktap_test_pass "$sentence"
		return
	else
		ktap_test_fail "$sentence"
		msg "failed without saying '$pattern': $*"
	fi
	sed 's/^/#   /' <<< "$out"
}

# equal SENTENCE WANTED GOT
equal() {
	if [ "$2" = "$3" ]; then
		ktap_test_pass "$1"
	else
		ktap_test_fail "$1"
		msg "wanted '$2', got '$3'"
	fi
}

finish() { ktap_finished; }

skip_all() { ktap_print_header; ktap_skip_all "$*"; exit "$KSFT_SKIP"; }
require_root() { [ "$(id -u)" = 0 ] || skip_all "needs root"; }
require() {
	local program
	for program in "$@"; do
		command -v "$program" > /dev/null || skip_all "needs $program"
	done
}

# ---- clean-up ----------------------------------------------------------------

CLEANUP=()
# at_exit COMMAND...: run when the script exits, last one first.
at_exit() { CLEANUP+=("$(printf '%q ' "$@")"); }

run_cleanup() {
	local status=$? i
	trap - EXIT
	for ((i = ${#CLEANUP[@]} - 1; i >= 0; i--)); do
		eval "${CLEANUP[i]}" > /dev/null 2>&1
	done
	exit "$status"
}
trap run_cleanup EXIT
trap 'exit 1' HUP INT TERM

# background COMMAND...: start it, remember it in $LAST_PID, end it at exit.
background() {
	"$@" &
	LAST_PID=$!
	at_exit end_process "$LAST_PID"
}

end_process() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# wait_until SECONDS COMMAND...: poll until the command succeeds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# effort ROUNDS: that many, or UNET_EFFORT per cent of them (effort.h in C).
effort() {
	local n=$(($1 * ${UNET_EFFORT:-100} / 100))
	echo $((n > 0 ? n : 1))
}

# ---- namespaces --------------------------------------------------------------

# setup_ns VARIABLE...: a network namespace for each, its name in the variable.
setup_ns() {
	local variable name
	for variable in "$@"; do
		name=unet-$$-${variable,,}
		ip netns add "$name" || ktap_exit_fail_msg "cannot make a network namespace"
		at_exit remove_ns "$name"
		# No time is lost to duplicate address detection.
		ip netns exec "$name" sh -c \
			'ip link set lo up; echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
		printf -v "$variable" %s "$name"
	done
}

remove_ns() {
	local pids
	pids=$(ip netns pids "$1" 2>/dev/null)
	# shellcheck disable=SC2086 # one word a process
	[ -z "$pids" ] || kill -9 $pids
	ip netns del "$1"
}

# setup_pair: namespaces $NS_A and $NS_B joined by veth: device va with $A4 and
# $A6 in the one, vb with $B4 and $B6 in the other.
setup_pair() {
	A4=10.77.0.1 B4=10.77.0.2 A6=fd77::1 B6=fd77::2
	setup_ns NS_A NS_B
	# Two of one index are told of their link once a second by older kernels.
	ip link add va index 50 netns "$NS_A" type veth peer name vb index 51 netns "$NS_B" ||
		ktap_exit_fail_msg "cannot make a veth pair"
	ip -n "$NS_A" -batch - <<-END
		addr add $A4/24 dev va
		addr add $A6/64 dev va nodad
		link set va up
	END
	ip -n "$NS_B" -batch - <<-END
		addr add $B4/24 dev vb
		addr add $B6/64 dev vb nodad
		link set vb up
	END
	wait_until 10 ip netns exec "$NS_A" ping -c 1 -W 1 $B6 ||
		ktap_exit_fail_msg "the veth pair does not carry packets"
}

in_a() { ip netns exec "$NS_A" "$@"; }
in_b() { ip netns exec "$NS_B" "$@"; }

# ---- the module --------------------------------------------------------------

# UNET_KO: the module to load when it is not installed.
load_module() {
	grep -q '^unet ' /proc/modules && return
	if [ -n "${UNET_KO:-}" ]; then insmod "$UNET_KO" "$@"; else modprobe unet "$@"; fi
}

unload_module() {
	! grep -q '^unet ' /proc/modules || rmmod unet
}

# counter NS NAME: the value of a counter of all nexuses of a namespace, added up.
counter() {
	ip netns exec "$1" unetctl -j stats |
		jq -e --arg name "$2" '[.. | objects | .[$name]? | numbers] | add // 0'
}

# counted SENTENCE NS NAME WANTED COMMAND...: the command moves the counter by
# WANTED, a number, or "some" for any above 0.
counted() {
	local sentence=$1 ns=$2 name=$3 wanted=$4 before after
	shift 4
	before=$(counter "$ns" "$name")
	"$@" > /dev/null 2>&1
	after=$(counter "$ns" "$name")
	if [ "$wanted" = some ] && [ $((after - before)) -gt 0 ]; then
		wanted=$((after - before))
	fi
	equal "$sentence" "$wanted" "$((after - before))"
}
