#!/bin/bash
# SPDX-License-Identifier: MIT
#
# newest-kernel.sh: fetch the newest kernel that Debian packages (the one in
# trixie-backports) and print its release on standard output.
#
# Its headers are installed in trixie.sh's folder, because modules are built in
# there; image and modules are only unpacked, into the cache's kernel/RELEASE/
# beside the others, and run under this machine's user space.
#
# The archive is asked for the newest release on every run. When it does not
# answer, the one fetched last is used, and said so.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/../setup.sh" --cache)
downloads=$cache/trixie/var/tmp/unet

say() { printf '  KERNEL   %s\n' "$*" >&2; }
die() { printf 'newest-kernel.sh: %s\n' "$*" >&2; exit 1; }
in_trixie() { "$here/trixie.sh" "$@"; }
apt() { in_trixie apt-get -q -y -o Acquire::Retries=3 "$@" >> "$log" 2>&1; }

# The package without a version depends on the newest one with one.
newest_release()
{
	local version

	version=$(in_trixie apt-cache madison linux-headers-amd64 |
		awk '/trixie-backports/ { print $3; exit }')
	in_trixie apt-cache depends "linux-headers-amd64=$version" |
		sed -n 's/.*Depends: linux-headers-\([0-9].*-amd64\)$/\1/p' |
		head -n 1
}

download()
{
	local release=$1

	rm -rf "$downloads"
	mkdir -p "$downloads"
	apt install --no-install-recommends -t trixie-backports \
		"linux-headers-$release" &&
		apt download "linux-binary-$release" "linux-modules-$release" \
			"linux-base-$release"
}

# The packages have all in /usr/lib/modules; the harness wants boot/ and lib/.
unpack()
{
	local release=$1 dir=$cache/kernel/$1 deb

	rm -rf "$dir"
	mkdir -p "$dir/boot" "$dir/lib"
	for deb in "$downloads"/*.deb; do
		dpkg-deb -x "$deb" "$downloads/all"
	done
	mv "$downloads/all/usr/lib/modules" "$dir/lib/"
	mv "$(find "$downloads/all" "$dir" -name 'vmlinuz*' -type f |
		head -n 1)" "$dir/boot/vmlinuz-$release"
	depmod -b "$dir" "$release"
	rm -rf "$downloads"
}

fetch()
{
	local release=$1

	say "fetching Linux $release (a minute, 300 MB, once)"
	(mkdir -p "$downloads" && cd "$downloads" && download "$release") || {
		tail -n 20 "$log" >&2
		die "could not fetch Linux $release (log: $log)"
	}
	unpack "$release"
}

mkdir -p "$cache/kernel"
log=$cache/newest-kernel.log
last=$cache/kernel/series-newest
exec 9> "$cache/newest-kernel.lock"
flock 9
cd "$cache"
: > "$log"

if in_trixie true && apt update -o APT::Update::Error-Mode=any; then
	release=$(newest_release)
	[ -n "$release" ] || die "trixie-backports has no linux-headers-amd64"
	[ -e "$cache/kernel/$release/lib/modules/$release/modules.dep" ] ||
		fetch "$release"
	echo "$release" > "$last"
elif [ -s "$last" ]; then
	say "the archive is out of reach: using $(cat "$last"), fetched before"
else
	tail -n 5 "$log" >&2
	die "the archive is out of reach and no newer kernel was fetched before" \
	    "(UNET_MIRROR names another mirror)"
fi
cat "$last"
