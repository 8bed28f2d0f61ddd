#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kselftest-guest.sh KVER PATTERN: inside the VM. Loads unet.ko, runs every test
# of build/selftests/unet, and looks after each at what it left behind: the
# kernel's log, namespaces, references to the module.
set -u

kver=$1 pattern=$2
top=$(cd "$(dirname "$0")/../.." && pwd)
tests=$top/build/selftests/unet
runtest=$top/tests/runtest.sh
scan=$top/tests/vm/scan.sh
seconds=$(sed -n 's/^timeout=//p' "$tests/settings")
# A kernel full of checkers takes its time.
if [ -e /sys/kernel/debug/kmemleak ]; then
	seconds=$((seconds * 20))
	export UNET_SLOW=1
fi

export UNET_KO=$top/build/kmod-$kver/unet.ko
export CORE_TEST_KO=$top/build/core_test-$kver/tests/kselftest/core_test/core_test.ko
export PATH=$top/build/rel/tools:$PATH
export UNET_TOP=$top

fail() { # NAME WHY...
	local name=$1
	shift
	printf '%s 0 1 0\n' "$name" >> /results/results
	printf '  FAILED   %s: %s\n' "$name" "$*"
}

references() { awk '$1 == "unet" { print $3 }' /proc/modules; }

# Names what test $1 left behind.
leftovers() {
	local i
	for i in {1..50}; do
		[ "$(references)" -gt 0 ] 2>/dev/null || break
		sleep 0.1
	done
	[ "$(references)" = 0 ] ||
		echo "module references: $(references)"
	[ -z "$(ip netns list)" ] || echo "namespaces:" $(ip netns list)
	ip -o link show type veth | sed 's/^/device: /'
}

# The module must be there and unused, the machine clean, before each test.
tidy() {
	local fd pid
	for fd in /proc/[0-9]*/fd/*; do
		[ "$(readlink "$fd")" = /dev/unet ] || continue
		pid=${fd#/proc/}
		kill -9 "${pid%%/*}"
	done
	ip -all netns del
	ip -o link show type veth | awk -F'[ :@]+' '{ print $2 }' |
		while read -r dev; do ip link del "$dev" 2>/dev/null; done
	grep -q '^unet ' /proc/modules || insmod "$UNET_KO"
}

run_one() {
	local name=$1 left
	echo "unet-test: $name starts" > /dev/kmsg
	"$runtest" -l /results -t "$seconds" -n "$name" "./$name"
	left=$(leftovers)
	[ -z "$left" ] || fail "$name-leftovers" "$left"
	if ! dmesg | "$scan" -m "unet-test: $name starts" > "/results/$name-kernel.log"; then
		fail "$name-kernel-log" "the kernel complained"
		cat "/results/$name-kernel.log"
	else
		rm -f "/results/$name-kernel.log"
	fi
	tidy
}

check_unload() {
	rmmod unet || { fail unload "rmmod unet: status $?"; return; }
	[ -e /sys/kernel/debug/kmemleak ] || return
	echo scan > /sys/kernel/debug/kmemleak
	sleep 6 # younger objects are not reported
	echo scan > /sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak > /results/kmemleak.log
	[ ! -s /results/kmemleak.log ] || {
		fail kmemleak "leaked objects"
		head -n 60 /results/kmemleak.log
	}
}

cd "$tests" || exit
if ! insmod "$UNET_KO"; then
	fail load "insmod $UNET_KO: $(dmesg | tail -n 3)"
	exit 1
fi
shopt -s nullglob
ran=0
for source in *.c *.sh; do
	name=${source%.c}
	case $name in
	lib.sh|aid_*) continue ;;
	esac
	# shellcheck disable=SC2254 # a pattern on purpose
	case ${name%.sh} in
	$pattern) run_one "$name"; ran=$((ran + 1)) ;;
	esac
done
[ $ran -gt 0 ] || fail none "no test matches '$pattern' (there are:" *.[cs]* ")"
check_unload
exit 0
