#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench.sh [PART...]: measures in the instruction-counting VM and prints the
# table. Parts: rx, flows, sums, mid, types, tcp, hooks, memory, profile-rx, profile-mid, profile-tcp
# (default: all). What was measured is kept in
# build/bench/results.jsonl. README.md beside this says how and why.
set -euo pipefail

cd "$(dirname "$0")/../.."
here=tests/bench
kver=$(tests/setup.sh --kernel 6.12)
results=build/bench/results.jsonl
parts=(rx flows sums mid types tcp hooks memory profile-rx profile-mid profile-tcp)
[ $# -gt 0 ] || set -- "${parts[@]}"
# How many rows a part has when nothing is missing; of a profile, kinds of work.
read -ra tried <<< "${FLOWS:-1 1000}"
declare -A rows=([rx]=$((9 * ${#tried[@]})) [flows]=9 [sums]=4 [mid]=19 [types]=9 [tcp]=21 [hooks]=6 [memory]=2
	[profile-rx]=$((1 + ${#tried[@]})) [profile-mid]=4 [profile-tcp]=10)

for part; do
	[[ -v rows[$part] ]] || {
		list=${parts[*]}
		echo "bench.sh: no part '$part' (there are: ${list// /, })" >&2
		exit 2
	}
done

command -v perf > /dev/null ||
	apt-get -q -y install --no-install-recommends linux-perf > /dev/null ||
	echo "bench.sh: no perf (package linux-perf): no profile" >&2
mkdir -p build/bench
status=0
tests/vm/run.sh -i -m 4096 -t 3000 -o build/bench/vm "$kver" \
	env ${PACKETS:+PACKETS="$PACKETS"} ${BYTES:+BYTES="$BYTES"} \
	${TRIPS:+TRIPS="$TRIPS"} ${FLOWS:+FLOWS="$FLOWS"} \
	"$here/guest.sh" "$kver" "$@" > build/bench/output 2>&1 || status=$?
grep '^{' build/bench/output > "$results" || true

# libunet's part is user memory, which its own test counts by every malloc().
unet_memory()
{
	local test=build/asan/tests/unit/test_tcp_memory each

	make -s "$test" > /dev/null
	each=$("$test" 2>&1 | sed -n 's/^# one of [0-9]*: \([0-9]*\) bytes$/\1/p')
	[ -z "$each" ] || echo "{\"bench\":\"memory\",\"way\":\"unet\",\"bytes\":$each}"
}
for part; do
	[ "$part" != memory ] || unet_memory >> "$results"
done
"$here/table.sh" "$results"

rows_of() {
	case $1 in
	profile-rx) jq -s '[.[] | select(.bench == "profile").what | select(startswith("receive"))] | unique | length' ;;
	profile-mid) jq -s '[.[] | select(.bench == "profile").what | select(startswith("middle"))] | unique | length' ;;
	profile-tcp) jq -s '[.[] | select(.bench == "profile").what | select(startswith("TCP"))] | unique | length' ;;
	flows) jq -s '[.[] | select(.bench == "flows" or .bench == "masks")] | length' ;;
	*) jq -s --arg part "$1" '[.[] | select(.bench == $part)] | length' ;;
	esac < "$results"
}
for part; do
	have=$(rows_of "$part")
	[ "$have" -eq "${rows[$part]}" ] || {
		echo "bench: part $part has $have rows of ${rows[$part]}" >&2
		[ $status -ne 0 ] || status=1
	}
done
if [ $status -ne 0 ]; then
	echo "bench: failed with status $status; build/bench/output ends:" >&2
	grep -v '^{' build/bench/output | tail -n 20 >&2
fi
exit $status
