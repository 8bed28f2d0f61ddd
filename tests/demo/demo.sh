#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `make demo`: installs what is missing, builds, and runs guest.sh in a
# throw-away VM on Debian's stock 6.1 kernel. Nothing it does stays, but for
# packages and the cache folder that setup.sh names. DEMO_SECONDS: longest that the VM may
# take; it needs about 90 where KVM does not work, more beside other work.
set -u
cd "$(dirname "$0")/../.." || exit

log=build/log/demo
seconds=${DEMO_SECONDS:-400}
mkdir -p "$log"

fail() {
	echo
	echo "demo: failed: $*"
	exit 1
}

build() {
	make -j"$(nproc)" lib tools && make modules KVER="$1"
}

tests/setup.sh demo || fail "set-up (see above)"
kver=$(tests/setup.sh --kernel 6.1)

echo "Building the module for kernel $kver, the library and the tools ..."
if ! build "$kver" > "$log/build.log" 2>&1 < /dev/null; then
	tail -n 30 "$log/build.log"
	fail "the build; its whole output is in $log/build.log"
fi

echo "Starting a throw-away VM with Debian's stock kernel $kver: a minute or two, on a slow"
echo "host longer, at most $seconds seconds (DEMO_SECONDS) ..."
colours=
[ ! -t 1 ] || colours=yes
tests/vm/run.sh -o "$log" -t "$seconds" "$kver" \
	env DEMO_COLOURS=$colours tests/demo/guest.sh "$kver"
status=$?
case $status in
0) ;;
124) fail "the VM did not finish in $seconds seconds (DEMO_SECONDS); its kernel's log is $log/kernel.log" ;;
125) fail "the VM died; its kernel's log is $log/kernel.log" ;;
126) fail "the kernel complained; its log is $log/kernel.log" ;;
*) fail "a step did not do what it should (see above)" ;;
esac
