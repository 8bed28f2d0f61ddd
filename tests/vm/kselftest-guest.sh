#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kselftest-guest.sh KVER PATTERNS: inside the VM. Loads unet.ko, runs the tests of
# build/selftests/unet whose names match one of the patterns (split at blanks), and
# looks after each at what it left behind: the kernel's log, namespaces,
# references to the module. In the end the module is removed, and the kernel's
# own checkers are asked, where it has them.
set -u

kver=$1
read -ra patterns <<< "$2"
top=$(cd "$(dirname "$0")/../.." && pwd)
tests=$top/build/selftests/unet
runtest=$top/tests/runtest.sh
scan=$top/tests/vm/scan.sh
seconds=$(sed -n 's/^timeout=//p' "$tests/settings")
# An emulated machine on a busy host may stand still for seconds.
! grep -q 'QEMU TCG' /proc/cpuinfo || export UNET_PATIENT=1
# A kernel full of checkers takes its time.
if [ -e /sys/kernel/debug/kmemleak ]; then
	seconds=$((seconds * 20))
	export UNET_SLOW=1 UNET_PATIENT=1 UNET_EFFORT=${UNET_EFFORT:-20}
fi

export UNET_KO=$top/build/kmod-$kver/unet.ko
export EXT_TEST_KO=$top/build/ext_test-$kver/tests/kselftest/ext_test/ext_test.ko
export CORE_TEST_KO=$top/build/core_test-$kver/tests/kselftest/core_test/core_test.ko
export PATH=$top/build/rel/tools:$PATH
export UNET_TOP=$top

fail() { # NAME WHY...
	local name=$1
	shift
	printf '%s 0 1 0\n' "$name" >> /results/results
	printf '  FAILED   %s: %s\n' "$name" "$*"
}

# Looked at after each test, so without a program to start, as far as it goes: an
# emulated machine takes a tenth of a second for each.

references() {
	local name size count rest
	while read -r name size count rest; do
		[ "$name" != unet ] || echo "$count"
	done < /proc/modules
}

# What the module has made and not freed, as it counts itself.
living() {
	local all one
	read -ra all 2> /dev/null < /sys/module/unet/parameters/live
	for one in "${all[@]}"; do
		[[ $one = *=0 ]] || echo "$one"
	done
}

devices() { (cd /sys/class/net && echo *); }

# Names what test $1 left behind. Objects end behind RCU and work queues.
leftovers() {
	local i named
	for i in {1..50}; do
		[ "$(references)" != 0 ] || [ -n "$(living)" ] || break
		sleep 0.1
	done
	[ "$(references)" = 0 ] ||
		echo "module references: $(references)"
	[ -z "$(living)" ] || echo "objects:" $(living)
	named=$(cd /run/netns 2> /dev/null && echo *)
	[ -z "$named" ] || echo "namespaces: $named"
	[ "$(devices)" = "$devices" ] || echo "devices: $(devices); were: $devices"
}

# The module must be there and unused, the machine clean, before each test.
tidy() {
	local fd pid
	find /proc/[0-9]*/fd -lname /dev/unet 2> /dev/null | while read -r fd; do
		pid=${fd#/proc/}
		kill -9 "${pid%%/*}"
	done
	ip -all netns del
	ip -o link show type veth | awk -F'[ :@]+' '{ print $2 }' |
		while read -r dev; do ip link del "$dev" 2>/dev/null; done
	[ -n "$(references)" ] || insmod "$UNET_KO"
}

run_one() {
	local name=$1 left
	echo "unet-test: $name starts" > /dev/kmsg
	"$runtest" -l /results -t "$seconds" -n "$name" "./$name"
	left=$(leftovers)
	[ -z "$left" ] || {
		fail "$name-leftovers" "$left"
		tidy
	}
	if ! dmesg | "$scan" -m "unet-test: $name starts" > "/results/$name-kernel.log"; then
		fail "$name-kernel-log" "the kernel complained"
		cat "/results/$name-kernel.log"
	else
		rm -f "/results/$name-kernel.log"
	fi
}

wanted() {
	local p
	for p in "${patterns[@]}"; do
		# shellcheck disable=SC2254 # a pattern on purpose
		case $1 in $p) return 0 ;; esac
	done
	return 1
}

check_unload() {
	# what kmemleak's addresses mean then
	grep '\[unet\]' /proc/kallsyms > /results/symbols
	rmmod unet || fail unload "rmmod unet: status $?"
}

# Both switch themselves off when they run out of memory or have found something:
# what they did not see then is not known to be sound.
check_lockdep() {
	[ -e /proc/lockdep_stats ] || return
	cp /proc/lockdep /results/lockdep
	grep -q 'debug_locks: *1$' /proc/lockdep_stats ||
		fail lockdep "it had switched itself off before the end"
}

check_kmemleak() {
	local leaks=/sys/kernel/debug/kmemleak

	[ -e $leaks ] || return
	echo scan > $leaks
	sleep 6 # younger objects are not reported
	echo scan > $leaks || {
		fail kmemleak "it had switched itself off before the end"
		return
	}
	cat $leaks > /results/kmemleak.log
	[ ! -s /results/kmemleak.log ] || {
		fail kmemleak "leaked objects"
		head -n 60 /results/kmemleak.log
	}
}

cd "$tests" || exit
# A change of a file's times makes the overlay copy it.
xargs touch -c -a < /results/hot
if ! insmod "$UNET_KO"; then
	fail load "insmod $UNET_KO: $(dmesg | tail -n 3)"
	exit 1
fi
shopt -s nullglob extglob # PATTERN may be @(flow|batch)
devices=$(devices)
ran=0
for source in *.c *.sh; do
	name=${source%.c}
	case $name in
	lib.sh|aid_*) continue ;;
	esac
	! wanted "${name%.sh}" || { run_one "$name"; ran=$((ran + 1)); }
done
[ $ran -gt 0 ] || fail none "no test matches '${patterns[*]}' (there are:" *.[cs]* ")"
check_lockdep
check_unload
check_kmemleak
exit 0
