#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh debug|newest [PATTERN]: gets the kernel, builds the module for it with
# warnings as errors, and runs the kernel tests whose names match PATTERN on it.
# Ends with "N passed, N failed, N skipped"; status 1 when anything failed.
set -euo pipefail

cd "$(dirname "$0")/../.."
which=${1:-} pattern=${2:-*}
here=tests/kernels
jobs=-j$(nproc)
options=()

say() { printf '%s\n' "$*"; }
die() { printf 'check.sh: %s\n' "$*" >&2; exit 1; }

# Runs a noisy command; its output is shown only when it fails.
quietly()
{
	local log=build/check/kernels-$which.log

	mkdir -p "${log%/*}"
	"$@" > "$log" 2>&1 < /dev/null && return
	tail -n 60 "$log" >&2
	die "failed: $* (whole log: $log)"
}

build_debug()
{
	say "check-debug: Linux with KASAN, lockdep, PROVE_RCU, atomic-sleep, kmemleak," \
		"UBSAN, DEBUG_OBJECTS and fault injection."
	say "Building it takes about 15 minutes, once; a test takes 5 to 15 times" \
		"as long on it as on a stock kernel."
	release=$("$here/debug-kernel.sh")
	# KASAN's red zones take stack; the limit is the stock kernels'.
	quietly make modules KVER="$release" \
		KDIR="$(tests/setup.sh --cache)/debug/$release/build" \
		KFLAGS='W=1 KCFLAGS="-Werror -Wframe-larger-than=2048"'
	# With five levels of pages KASAN's shadow is not all there yet when the first
	# interrupts come: a report at boot now and then, and lockdep is off.
	options=(-a no5lvl)
	# Ten times what the stock kernels get.
	export VM_SECONDS=${VM_SECONDS:-30000}
}

build_newest()
{
	say "check-kernels: the newest kernel in Debian's trixie-backports."
	say "Fetching it and the compiler its headers want takes about 3 minutes, once."
	release=$("$here/newest-kernel.sh")
	quietly "$here/trixie.sh" make modules KVER="$release"
	# All rounds of all loops: make check makes a fifth of them.
	export VM_SECONDS=${VM_SECONDS:-6000}
}

started=$SECONDS
tests/setup.sh check
case $which in
debug|newest) "build_$which" ;;
*) die "which kernel? '$which' (allowed: debug, newest)" ;;
esac
quietly make "$jobs" lib tools kselftest-build
say "Running the kernel tests on Linux $release (results: build/log/kselftest-$release/)"
status=0
tests/vm/kselftest.sh "$release" "build/log/kselftest-$release" "$pattern" \
	"${options[@]}" ||
	status=$?
say "took $((SECONDS - started)) s"
awk '{ p += $2; f += $3; s += $4 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' \
	"build/log/kselftest-$release/results"
exit $status
