#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kselftest.sh KVER LOGDIR [PATTERNS [RUN-OPTION...]]: runs the kernel tests whose
# names match one of PATTERNS (shell patterns, default all) in a VM with that kernel.
# Results of each test go to LOGDIR. Status 1 when any failed, or the VM did.
#
# UNET_EFFORT=1..100: loops make that many per cent of their rounds (100; on a
# kernel full of checkers 20).
set -u

kver=$1 logs=$2 pattern=${3:-*}
shift 2
[ $# -eq 0 ] || shift
here=$(cd "$(dirname "$0")" && pwd)
runtest=$here/../runtest.sh

# What the tests start again and again, with libraries. Each start over 9p costs
# round trips to this machine, so the guest takes these to its own memory first.
hot_files() {
	local p
	for p in bash sh ip tc ethtool nsenter env timeout cat head tail cut tr awk jq \
		grep sed sleep ping socat rmmod insmod dmesg sysctl nft tcpdump wc mktemp rm \
		find sha256sum "$here"/../../build/rel/tools/*; do
		! p=$(command -v "$p") || readlink -f "$p"
	done > "$logs/hot"
	xargs ldd < "$logs/hot" 2>/dev/null | grep -o '/[^ :]*' | sort -u |
		xargs readlink -f >> "$logs/hot"
	echo /etc/ld.so.cache >> "$logs/hot"
}

mkdir -p "$logs"
"$runtest" -l "$logs" --begin
hot_files
"$here/run.sh" -o "$logs" -t "${VM_SECONDS:-3000}" "$@" "$kver" \
	env ${UNET_EFFORT:+UNET_EFFORT="$UNET_EFFORT"} \
	"$here/kselftest-guest.sh" "$kver" "$pattern"
status=$?

# A VM that died half-way, or a log that no single test is to blame for, is a
# failure like any other.
if [ $status -eq 124 ] || [ $status -eq 125 ]; then
	last=$(sed -n 's/.*unet-test: \(.*\) starts$/\1/p' "$logs/kernel.log" | tail -n 1)
	echo "  FAILED   ${last:-start}: the VM did not survive it; the tests after it did not run"
	echo "vm-$kver 0 1 0" >> "$logs/results"
elif [ $status -ne 0 ] && ! awk '$3 > 0 { found = 1 } END { exit !found }' "$logs/results"; then
	echo "  FAILED   no single test, but the VM as a whole (status $status)"
	echo "vm-$kver 0 1 0" >> "$logs/results"
fi
"$runtest" -l "$logs" --end "kselftest $kver"
