#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench.sh [PART...]: measures in the instruction-counting VM and prints the
# table. Parts: rx, mid, types, tcp, profile-rx, profile-tcp
# (default: all). What was measured is kept in
# build/bench/results.jsonl. README.md beside this says how and why.
set -euo pipefail

cd "$(dirname "$0")/../.."
here=tests/bench
kver=$(tests/setup.sh --kernel 6.12)
results=build/bench/results.jsonl
[ $# -gt 0 ] || set -- rx mid types tcp profile-rx profile-tcp

for part; do
	case $part in
	rx|mid|types|tcp|profile-rx|profile-tcp) ;;
	*)
		echo "bench.sh: no part '$part' (there are: rx, mid, types, tcp, profile-rx, profile-tcp)" >&2
		exit 2
		;;
	esac
done

command -v perf > /dev/null ||
	apt-get -q -y install --no-install-recommends linux-perf > /dev/null ||
	echo "bench.sh: no perf (package linux-perf): no profile" >&2
mkdir -p build/bench
status=0
tests/vm/run.sh -i -t 3000 -o build/bench/vm "$kver" \
	env ${PACKETS:+PACKETS="$PACKETS"} ${BYTES:+BYTES="$BYTES"} \
	${TRIPS:+TRIPS="$TRIPS"} ${FLOWS:+FLOWS="$FLOWS"} \
	"$here/guest.sh" "$kver" "$@" > build/bench/output 2>&1 || status=$?
grep '^{' build/bench/output > "$results" || true
"$here/table.sh" "$results"
if [ $status -ne 0 ]; then
	echo "bench: failed with status $status; build/bench/output ends:" >&2
	grep -v '^{' build/bench/output | tail -n 20 >&2
fi
exit $status
