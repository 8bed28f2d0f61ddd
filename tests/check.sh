#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Everything that must hold, layer by layer; what `make check` and continuous
# integration run. The output of a layer goes to build/check/LAYER.log, a line
# about it here. The last line is "N passed, N failed, N skipped"; status 1 when
# anything failed.
#
# What builds goes first and alone. Layers that only run go side by side, one more than
# half the CPUs and three at least (UNET_LANES overrides): a layer waits for its
# own timers and for one CPU most of the time. The longest begin.
#
#   check.sh [LAYER...]    all, or those whose names start so (check.sh kself)
#
# Loops of the kernel tests make UNET_EFFORT per cent of their rounds (20), fuzzers run
# for FUZZ_SECONDS each (3); `make check-long` asks for all.
set -u
cd "$(dirname "$0")/.." || exit
export UNET_EFFORT=${UNET_EFFORT:-20} FUZZ_SECONDS=${FUZZ_SECONDS:-3}

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
run_layer() {
	local log=build/check/$1.log t=$SECONDS status sum p f s
	shift
	"$@" > "$log" 2>&1 < /dev/null
	status=$?
	sum=$(sed -n 's/^[^#|]*: \([0-9]* passed, [0-9]* failed, [0-9]* skipped\)$/\1/p' "$log" | tail -n 1)
	if [ -z "$sum" ]; then
		if [ $status -eq 0 ]; then p=1 f=0 s=0; else p=0 f=1 s=0; fi
	else
		read -r p _ f _ s _ <<< "$sum"
		[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
	fi
	echo "$p $f $s $((SECONDS - t))" > "${log%.log}.sum"
}

declare -A running=()
lanes=${UNET_LANES:-$(($(nproc) / 2 > 2 ? $(nproc) / 2 + 1 : 3))}

# beside NAME COMMAND...: starts a layer as soon as there is a lane for it.
beside() {
	wanted "$1" || return 0
	rm -f "build/check/$1.sum"
	while [ ${#running[@]} -ge "$lanes" ]; do finish_one; done
	run_layer "$@" &
	running[$!]=$1
}

finish_one() {
	local pid name p=0 f=1 s=0 t=0
	wait -n -p pid
	name=${running[$pid]}
	unset "running[$pid]"
	read -r p f s t < "build/check/$name.sum"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-24s %6d passed %4d failed %4d skipped  %4d s\n' "$name" "$p" "$f" "$s" "$t"
	[ "$f" -eq 0 ] || show_failure "build/check/$name.log"
}

all_done() { while [ ${#running[@]} -gt 0 ]; do finish_one; done; }

# layer NAME COMMAND...: alone.
layer() {
	all_done
	beside "$@"
	all_done
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

# What the README says of DKMS, done by dkms itself from its dkms.conf, in folders of
# ours: the host's modules stay as they are, and no key to sign with is made.
run_dkms() {
	local to=$PWD/build/dkms name built
	name=$(sed -n 's,.*dkms install \(unet/[0-9.]*\)$,\1,p' README.md)
	set -- "$1" --sourcetree "$to/usr/src" --dkmstree "$to/tree" --installtree "$to/lib/modules"
	export sign_file=none
	rm -rf "$to"
	mkdir -p "$to/tree" "$to/lib/modules/$1"
	make install-dkms DESTDIR="$to" &&
		dkms install "$name" -k "$1" "${@:2}" --no-depmod || {
			cat "$to"/tree/unet/*/build/make.log
			return 1
		}
	built=$(find "$to/lib/modules/$1/updates" -name 'unet.ko*')
	modinfo "$built" && [[ $(modinfo -F vermagic "$built") = "$1 "* ]] &&
		[ "$(modinfo -F version "$built")" = "${name#unet/}" ] &&
		dkms remove "$name" --all "${@:2}" --no-depmod &&
		[ -z "$(find "$to/lib/modules" "$to/tree" -name 'unet*')" ]
}

# A layer's own make would build what is missing; built here, none writes what
# another reads. The modules go through sparse on their way.
for k in $k61 $k612; do
	layer "build-module-${k%%[-+]*}" make "$jobs" sparse KVER="$k"
done
layer build-user make "$jobs" lib tools unit-build sim-build fuzz-build kselftest-build
layer build-clang make "$jobs" clang-build

for k in $k612 $k61; do
	beside "kselftest-${k%%[-+]*}" tests/vm/kselftest.sh "$k" "build/log/kselftest-$k"
done
beside install run_install "$k61"
beside demo make demo
beside dkms run_dkms "$k612"
for l in unit sim fuzz; do
	beside $l make $l
done
beside style run_style
all_done

echo "took $((SECONDS - started)) s; output of each layer in build/check/"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
