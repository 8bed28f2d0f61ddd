#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Everything that must hold, layer by layer; what `make check` and continuous
# integration run. The output of a layer goes to build/check/LAYER.log, a line
# about it here. The last line is "N passed, N failed, N skipped"; status 1 when
# anything failed.
#
#   check.sh [LAYER...]    all, or those whose names start so (check.sh kself)
set -u
cd "$(dirname "$0")/.." || exit

started=$SECONDS
only=("$@")
passed=0 failed=0 skipped=0
jobs=-j$(nproc)

mkdir -p build/check

wanted() {
	local w
	[ ${#only[@]} -gt 0 ] || return 0
	for w in "${only[@]}"; do
		[[ $1 != "$w"* ]] || return 0
	done
	return 1
}

# layer NAME COMMAND...: its sum is the last line that reads like one. A command
# without such a line is one test, passed when its status is 0.
layer() {
	local name=$1 log=build/check/$1.log t=$SECONDS status sum p f s
	shift
	wanted "$name" || return 0
	printf '%-24s ' "$name"
	"$@" > "$log" 2>&1 < /dev/null
	status=$?
	sum=$(sed -n 's/^[^#|]*: \([0-9]* passed, [0-9]* failed, [0-9]* skipped\)$/\1/p' "$log" | tail -n 1)
	if [ -z "$sum" ]; then
		if [ $status -eq 0 ]; then p=1 f=0 s=0; else p=0 f=1 s=0; fi
	else
		read -r p _ f _ s _ <<< "$sum"
		[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%6d passed %4d failed %4d skipped  %4d s\n' "$p" "$f" "$s" $((SECONDS - t))
	[ "$f" -eq 0 ] || show_failure "$log"
}

show_failure() {
	echo "  ---- $1"
	if grep -q '^  FAILED ' "$1"; then
		grep -A 40 '^  FAILED ' "$1" | grep -E '^  (FAILED|  +)|^  +\|' | head -n 150
	else
		tail -n 40 "$1"
	fi | sed 's/^/  /'
	echo "  ----"
}

# Setting up is no test, but without it there are none.
if ! tests/setup.sh check; then
	echo "set-up failed"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
k61=$(tests/setup.sh --kernel 6.1)
k612=$(tests/setup.sh --kernel 6.12)
echo "kernels: $k61, $k612"

run_style() {
	tests/runtest.sh -l build/log/style --begin
	tests/runtest.sh -l build/log/style -t 900 -n style tests/style.sh
	tests/runtest.sh -l build/log/style --end style
}

run_install() {
	tests/runtest.sh -l build/log/install --begin
	tests/runtest.sh -l build/log/install -t 900 -n install \
		tests/vm/run.sh -t 880 "$1" tests/vm/install-guest.sh "$1"
	tests/runtest.sh -l build/log/install --end install
}

for k in $k61 $k612; do
	layer "build-module-${k%%[-+]*}" make modules KVER="$k"
done
layer build-user make "$jobs" lib tools unit-build sim-build fuzz-build kselftest-build
layer build-clang make "$jobs" clang-build
layer unit make unit
layer sim make sim
layer fuzz make fuzz
for k in $k61 $k612; do
	layer "sparse-${k%%[-+]*}" make sparse KVER="$k"
done
layer style run_style
layer install run_install "$k61"
for k in $k61 $k612; do
	layer "kselftest-${k%%[-+]*}" make kselftest KVER="$k"
done

echo "took $((SECONDS - started)) s; output of each layer in build/check/"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
