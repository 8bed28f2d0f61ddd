#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Boots a kernel in a throw-away VM that sees this machine's files (read-only,
# with a tmpfs over them: nothing it does stays), runs a command there, passes
# its output on, and exits as it did.
#
#   run.sh [OPTION]... KVER [--] COMMAND [ARG]...
#
#   -o DIR      results folder, /results inside (default: a temporary one)
#   -t SECONDS  stop and fail after that long (default 300)
#   -c CPUS     virtual CPUs (default 2)
#   -m MIB      memory (default 2048)
#   -i          count instructions: the guest's clock is 1 ns per instruction,
#               one CPU, always emulated; for benchmarks
#   -k IMAGE    kernel image (default: KVER's in the cache folder)
#   -M DIR      folder with lib/modules/KVER (default: KVER's in the cache folder)
#   -a ARGS     more for the kernel's command line
#   -q ARGS     more for qemu, split at blanks
#   -I          interactive: the command reads this terminal
#   -n          do not judge the kernel's log
#
# The command runs as root, in the current folder. It fails when its status is
# not 0 (passed on), when it does not end in time (124), when the guest dies
# (125), or when the kernel logged a complaint while it ran (126; see scan.sh).
# The kernel's log is DIR/kernel.log.
#
# UNET_ACCEL=kvm|tcg overrides the choice of KVM or software emulation.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/../setup.sh" --cache)

die() { printf 'run.sh: %s\n' "$*" >&2; exit 2; }
note() { printf 'vm: %s\n' "$*" >&2; }

results= seconds=300 cpus=2 mib=2048 icount= image= modules= kargs= qargs=
interactive= judge=yes modules_given=
while getopts o:t:c:m:ik:M:a:q:In opt; do
	case $opt in
	o) results=$OPTARG ;;
	t) seconds=$OPTARG ;;
	c) cpus=$OPTARG ;;
	m) mib=$OPTARG ;;
	i) icount=yes ;;
	k) image=$OPTARG ;;
	M) modules=$OPTARG modules_given=yes ;;
	a) kargs=$OPTARG ;;
	q) qargs=$OPTARG ;;
	I) interactive=yes ;;
	n) judge= ;;
	*) die "usage: run.sh [-o DIR] [-t SECONDS] [-c CPUS] [-m MIB] [-i] [-k IMAGE]" \
		"[-M DIR] [-a ARGS] [-q ARGS] [-I] [-n] KVER [--] COMMAND..." ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || die "which kernel? (unpacked: $(ls "$cache/kernel" 2>/dev/null | tr '\n' ' '))"
kver=$1
shift
[ "${1:-}" != -- ] || shift
[ $# -ge 1 ] || die "nothing to run in the VM"

tree=$cache/kernel/$kver
image=${image:-$tree/boot/vmlinuz-$kver}
[ -n "$modules_given" ] || modules=$tree
[ -e "$image" ] || die "no kernel '$kver': $image is not there" \
	"(unpacked: $(ls "$cache/kernel" 2>/dev/null | grep -v series | tr '\n' ' '))"
[ -z "$modules" ] || [ -d "$modules/lib/modules/$kver" ] || {
	[ -z "$modules_given" ] || die "-M $modules: no lib/modules/$kver in it"
	modules=
}

# ---- what to boot ------------------------------------------------------------

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
results=${results:-$tmp/results}
mkdir -p "$results"
results=$(cd "$results" && pwd)
rm -f "$results/status" "$results/kernel.log"

# An initramfs is kept for as long as what goes into it is the same.
stamp=$(cat "$here"/{init,second,initramfs.sh} ${modules:+"$modules/lib/modules/$kver/modules.dep"} |
	sha256sum | cut -c1-16)
initrd=$cache/initramfs/$kver-$stamp.gz
if [ ! -e "$initrd" ]; then
	mkdir -p "$cache/initramfs"
	"$here/initramfs.sh" "$kver" "$modules" "$initrd"
fi

machine=(-M q35 -nodefaults -no-user-config -display none -no-reboot
	-kernel "$image" -initrd "$initrd")
tcg=(-accel tcg,thread=multi -cpu max)
kvm=(-accel kvm -cpu host)
cmdline="console=ttyS1 loglevel=7 panic=-1 oops=panic nokaslr mitigations=off"
# A busy host makes an emulated CPU slow, not stuck.
cmdline+=" rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60 tsc=nowatchdog"
cmdline+=" log_buf_len=4M${interactive:+ unet.interactive=1}"

# ---- KVM or emulation --------------------------------------------------------

# KVM may be there and still fail to boot (nested, restricted), so it is tried,
# once per machine, qemu and kernel.
kvm_boots() {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	timeout -k 1 10 qemu-system-x86_64 "${machine[@]}" "${kvm[@]}" -m 512 \
		-append "$cmdline unet.probe=1" -serial stdio -serial null \
		< /dev/null 2>/dev/null | grep -q 'unet-vm: alive'
}

choose_accel() {
	local key file
	key=$({ uname -a; grep -m1 'model name' /proc/cpuinfo; cat /etc/machine-id 2>/dev/null
		ls -l /dev/kvm 2>&1; qemu-system-x86_64 --version; echo "$image"; } |
		sha256sum | cut -c1-16)
	file=$cache/kvm/$key
	if [ ! -e "$file" ]; then
		mkdir -p "$cache/kvm"
		if kvm_boots; then echo kvm; else echo tcg; fi > "$file.$$"
		mv "$file.$$" "$file"
		[ "$(< "$file")" = kvm ] ||
			note "KVM does not work here: software emulation, several times slower"
	fi
	cat "$file"
}

command -v qemu-system-x86_64 > /dev/null || die "qemu-system-x86_64 is missing: run tests/setup.sh check"
if [ -n "$icount" ]; then
	accel=(-accel tcg,thread=single -icount shift=0,sleep=off -cpu max,-erms,-fsrm)
	cpus=1
else
	case ${UNET_ACCEL:-$(choose_accel)} in
	kvm) accel=("${kvm[@]}") ;;
	tcg) accel=("${tcg[@]}") ;;
	*) die "UNET_ACCEL='$UNET_ACCEL' (allowed: kvm, tcg)" ;;
	esac
fi

# ---- run ---------------------------------------------------------------------

# Ordinary users reach the current folder, wherever it is: the guest's files are
# its own.
{
	printf 'cd %q || exit\n' "$PWD"
	printf 'd=$PWD; while [ "$d" ]; do chmod o+rx "$d"; d=${d%%/*}; done\n'
	printf 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n'
	printf 'export HOME=/root TERM=%q UNET_VM=%q\n' "${TERM:-dumb}" "$kver"
	printf '%q ' "$@"
	echo
} > "$results/command"

share() { echo "local,path=$1,mount_tag=$2,security_model=none,multidevs=remap${3:-}"; }

# shellcheck disable=SC2086 # -q is split on purpose
boot() {
	timeout --foreground -k 5 "$seconds" qemu-system-x86_64 "${machine[@]}" "${accel[@]}" \
		-smp "$cpus" -m "$mib" \
		-chardev stdio,id=out,signal="$([ -n "$interactive" ] && echo off || echo on)" -serial chardev:out \
		-serial file:"$results/kernel.log" \
		-virtfs "$(share / host ,readonly=on)" -virtfs "$(share "$results" results)" \
		-append "$cmdline ${modules:+unet.modules=$modules/lib/modules/$kver} $kargs" \
		$qargs <&3
}

# Emulated processors now and then trip over code that the booting kernel patches
# under them. Nothing of ours has run by then: such a boot is tried once more.
died_booting() {
	[ "$status" != 124 ] && [ "$status" != 137 ] && [ ! -s "$results/status" ] &&
		! grep -q 'unet-vm: command starts' "$results/kernel.log"
}

exec 3<&0
[ -n "$interactive" ] || exec 3< /dev/null
status=0
boot || status=$?
if died_booting; then
	note "the guest died while it booted; once more. The end of its log:"
	tail -n 20 "$results/kernel.log" >&2
	status=0
	boot || status=$?
fi
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
	note "not finished after $seconds s; last of the kernel's log:"
	tail -n 40 "$results/kernel.log" >&2
	exit 124
fi
if [ ! -s "$results/status" ]; then
	note "the guest died (qemu's status $status); last of the kernel's log:"
	tail -n 60 "$results/kernel.log" >&2
	exit 125
fi
if [ -n "$judge" ] && ! "$here/scan.sh" "$results/kernel.log" >&2; then
	note "the kernel complained while the command ran"
	exit 126
fi
exit "$(< "$results/status")"
