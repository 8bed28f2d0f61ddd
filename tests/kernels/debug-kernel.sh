#!/bin/bash
# SPDX-License-Identifier: MIT
#
# debug-kernel.sh: build the debug kernel, once, and print its release on
# standard output.
#
# The source is Debian's linux-source-6.12, the configuration tinyconfig plus
# debug.config. The release's name ends in a hash of debug.config, so another
# configuration is another kernel and both can be kept. In the cache folder:
#
#   debug/RELEASE/     source and objects: modules are built against them
#   kernel/RELEASE/    boot/ and lib/modules/, beside the other kernels
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/../setup.sh" --cache)
package=linux-source-6.12
tarball=/usr/src/$package.tar.xz
needed="$package gcc make flex bison bc perl xz-utils libelf-dev kmod"

say() { printf '  KERNEL   %s\n' "$*" >&2; }
die() { printf 'debug-kernel.sh: %s\n' "$*" >&2; exit 1; }

# What is not compiled here and no header refers to: half of the source.
unwanted=(
	'*/Documentation/*/*' '*/arch/[a-w]*/*.[chS]' '*/arch/*/boot/dts/*'
	'*/drivers/gpu/*.[ch]' '*/drivers/infiniband/*.[ch]'
	'*/drivers/media/*.[ch]' '*/drivers/net/ethernet/*.[ch]'
	'*/drivers/net/wireless/*.[ch]' '*/drivers/scsi/*.[ch]'
	'*/drivers/staging/*.[ch]' '*/sound/*.[ch]'
)

logged()
{
	"$@" >> "$log" 2>&1 < /dev/null && return
	tail -n 30 "$log" >&2
	die "failed: $* (log: $log)"
}

need_packages()
{
	local missing=() p

	for p in $needed; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	say "installing ${missing[*]}"
	logged apt-get -y install --no-install-recommends "${missing[@]}"
}

extract()
{
	rm -rf "$work"
	mkdir -p "$work/source"
	logged tar -C "$work/source" --strip-components=1 -xf "$tarball" \
		"${unwanted[@]/#/--exclude=}"
}

# Kconfig drops a wish it cannot grant without a word; we do not.
check_config()
{
	local lost

	lost=$(grep -E '^(CONFIG_|# CONFIG_.* is not set)' "$here/debug.config" |
		grep -vxFf "$work/build/.config" || true)
	[ -z "$lost" ] || die "not granted by Kconfig:"$'\n'"$lost"
}

kmake() { nice -n 19 make -s -C "$work/source" O="$work/build" -j"$(nproc)" "$@"; }

configure()
{
	logged kmake tinyconfig
	{
		cat "$here/debug.config"
		printf 'CONFIG_LOCALVERSION="-unetdebug-%s"\n' "$hash"
	} >> "$work/build/.config"
	logged kmake olddefconfig
	check_config
}

install_kernel()
{
	local dir=$cache/kernel/$release

	rm -rf "$dir"
	mkdir -p "$dir/boot"
	cp "$work/build/arch/x86/boot/bzImage" "$dir/boot/vmlinuz-$release"
	logged kmake INSTALL_MOD_PATH="$dir" modules_install
}

log=$cache/debug-kernel.log
mkdir -p "$cache"
exec 9> "$cache/debug-kernel.lock"
flock 9
: > "$log"
need_packages

hash=$(sha256sum < "$here/debug.config" | cut -c1-8)
version=$(dpkg-query -W -f '${Version}' "$package")
release=${version%%-*}-unetdebug-$hash
work=$cache/debug/$release

if [ ! -e "$work/.done" ]; then
	say "building $package $version with debug.config (log: $log);" \
		"about 15 minutes on two CPUs and 1.3 GB in $cache, once"
	started=$SECONDS
	extract
	configure
	logged kmake bzImage modules
	install_kernel
	touch "$work/.done"
	say "built $release in $((SECONDS - started)) s"
fi
echo "$release"
