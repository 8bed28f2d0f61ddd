#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Installs what the tests need on Debian 12, and nothing when it is all there.
#
#   setup.sh demo      what `make demo` needs: compiler, qemu, one kernel
#   setup.sh check     what `make check` needs: both kernels, analysers, fuzzer
#   setup.sh --update  look for newer kernels again
#   setup.sh --kernel SERIES   print the version chosen for 6.1 or 6.12
#   setup.sh --cache           print the cache folder
#
# Programs, libraries and kernel headers come by apt. The kernels that run in
# VMs are not installed on this machine: their packages are unpacked into the
# cache folder (UNET_CACHE, default /var/cache/unet), so neither /boot nor the
# boot loader is touched. Laid out as
#
#   kernel/VERSION/boot/vmlinuz-VERSION, kernel/VERSION/lib/modules/VERSION/
#   kernel/series-6.1, kernel/series-6.12      the version chosen for each
#   linux-source/                              kselftest framework, checkpatch
set -euo pipefail

if [ -n "${UNET_CACHE:-}" ]; then
	cache=$UNET_CACHE
elif [ "$(id -u)" = 0 ]; then
	cache=/var/cache/unet
else
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/unet
fi

demo_packages="gcc make libc6-dev pkg-config libmnl-dev libjansson-dev libssl-dev liburcu-dev
	qemu-system-x86 busybox-static cpio xz-utils kmod iproute2 iputils-ping
	procps util-linux curl tcpdump netcat-openbsd"
check_packages="gcc-multilib libcmocka-dev libbpf-dev libxdp-dev clang
	libclang-rt-14-dev sparse perl linux-source-6.12 nftables iperf3 ethtool
	jq man-db socat dkms"

say() { printf '  SETUP    %s\n' "$*"; }
die() { printf 'setup.sh: %s\n' "$*" >&2; exit 1; }

# Runs a noisy command; its output is shown only when it fails.
quietly() {
	if ! "$@" > "$cache/setup.log" 2>&1 < /dev/null; then
		tail -n 40 "$cache/setup.log" >&2
		die "failed: $* (whole log: $cache/setup.log)"
	fi
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

refreshed=
refresh_lists() {
	[ -z "$refreshed" ] || return 0
	say "apt-get update"
	quietly apt update
	refreshed=yes
}

not_installed() {
	local have
	have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk '$2 == "installed" { print $1 }')
	comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<< "$have")
}

# Those of which apt knows no version that could be installed.
not_offered() {
	local p
	for p; do
		[[ $(apt-cache policy "$p" 2>/dev/null) = *'Candidate: '[^\(]* ]] || echo "$p"
	done
}

install_packages() {
	local missing unknown
	missing=$(not_installed "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] || die "not root, and missing packages:" $missing
	refresh_lists
	# shellcheck disable=SC2086 # one word a package
	unknown=$(not_offered $missing)
	[ -z "$unknown" ] || die "apt does not offer:" $unknown "(Linux 6.12 for Debian 12 is" \
		"in bookworm-security: is it among the sources in /etc/apt?)"
	say "installing:" $missing
	# shellcheck disable=SC2086 # one word a package
	quietly apt install --no-install-recommends $missing
}

# The newest kernel of a series that this Debian offers.
newest_kernel() {
	case $1 in
	6.1)
		apt-cache depends linux-image-amd64 2>/dev/null |
			sed -n 's/.*Depends: linux-image-\(6\.1\.[^ ]*-amd64\)$/\1/p'
		;;
	*)
		apt-cache search --names-only "^linux-image-${1/./\\.}\..*\+deb12-amd64\$" |
			sed -n 's/^linux-image-\([^ ]*\) .*/\1/p' | sort -V
		;;
	esac | tail -n 1
}

unpack_image() {
	local kver=$1 dir=$cache/kernel/$1 tmp
	[ -e "$dir/lib/modules/$kver/modules.dep" ] && return 0
	refresh_lists
	say "unpacking kernel $kver into $dir"
	tmp=$(mktemp -d)
	(cd "$tmp" && quietly apt download "linux-image-$kver")
	rm -rf "$dir"
	mkdir -p "$dir"
	# Drivers that no test VM has the device for are left out.
	dpkg-deb --fsys-tarfile "$tmp"/*.deb | tar -x -C "$dir" \
		--exclude './usr' --exclude './lib/modules/*/kernel/sound' \
		--exclude './lib/modules/*/kernel/drivers/gpu' \
		--exclude './lib/modules/*/kernel/drivers/media' \
		--exclude './lib/modules/*/kernel/drivers/infiniband' \
		--exclude './lib/modules/*/kernel/drivers/net/wireless'
	rm -rf "$tmp"
	quietly depmod -b "$dir" "$kver"
}

setup_kernel() {
	local series=$1 kver file=$cache/kernel/series-$1
	mkdir -p "$cache/kernel"
	if [ ! -s "$file" ]; then
		refresh_lists
		kver=$(newest_kernel "$series")
		[ -n "$kver" ] || die "apt offers no kernel of series $series"
		echo "$kver" > "$file"
	fi
	kver=$(< "$file")
	install_packages "linux-headers-$kver"
	unpack_image "$kver"
}

# The few files of the kernel's tree that the tests borrow.
unpack_source() {
	local tarball=/usr/src/linux-source-6.12.tar.xz dir=$cache/linux-source
	[ -e "$dir/.done" ] && [ ! "$tarball" -nt "$dir/.done" ] && return 0
	say "unpacking the kselftest framework and checkpatch into $dir"
	rm -rf "$dir"
	mkdir -p "$dir"
	quietly tar -xJf "$tarball" -C "$dir" --strip-components=1 --wildcards \
		--no-wildcards-match-slash \
		'linux-source-*/scripts/checkpatch.pl' \
		'linux-source-*/scripts/spelling.txt' \
		'linux-source-*/scripts/const_structs.checkpatch' \
		'linux-source-*/scripts/kernel-doc' \
		'linux-source-*/tools/testing/selftests/*.h' \
		'linux-source-*/tools/testing/selftests/*.mk' \
		'linux-source-*/tools/testing/selftests/*.sh' \
		'linux-source-*/tools/testing/selftests/kselftest/*'
	touch "$dir/.done"
}

# One set-up at a time.
mkdir -p "$cache"
exec 9> "$cache/setup.lock"
case ${1:-} in
demo|check) flock 9 ;;
esac

case ${1:-} in
demo)
	install_packages $demo_packages
	setup_kernel 6.1
	;;
check)
	install_packages $demo_packages $check_packages
	setup_kernel 6.1
	setup_kernel 6.12
	unpack_source
	;;
--update)
	rm -f "$cache"/kernel/series-*
	;;
--cache)
	echo "$cache"
	;;
--kernel)
	[ -s "$cache/kernel/series-${2:-}" ] ||
		die "kernel series '${2:-}' is not set up (known: 6.1, 6.12; run: $0 check)"
	cat "$cache/kernel/series-$2"
	;;
*)
	die "'${1:-}' is not a level (known: demo, check, --update, --kernel, --cache)"
	;;
esac
