#!/bin/bash
# SPDX-License-Identifier: MIT
#
# trixie.sh COMMAND [ARG]...: run a command as Debian 13 would.
#
# The newest kernel's headers want Debian 13's compiler. It lives in a folder
# beside the other caches, made on first use by debootstrap, and COMMAND runs in
# there by chroot. The current folder is visible at its own path and writable;
# every mount is in a namespace of its own and gone when COMMAND ends.
#
# Environment: UNET_MIRROR (http://deb.debian.org/debian).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/../setup.sh" --cache)
mirror=${UNET_MIRROR:-http://deb.debian.org/debian}
chroot=$cache/trixie

say() { printf '  TRIXIE   %s\n' "$*" >&2; }
die() { printf 'trixie.sh: %s\n' "$*" >&2; exit 1; }

inside()
{
	mkdir -p "$chroot$PWD"
	unshare --mount --propagation private bash -ec '
		chroot=$0
		mount -t proc proc "$chroot/proc"
		mount --bind "$PWD" "$chroot$PWD"
		exec chroot "$chroot" env --chdir="$PWD" LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive "$@"' "$chroot" "$@"
}

logged()
{
	"$@" > "$cache/trixie.log" 2>&1 < /dev/null && return
	tail -n 20 "$cache/trixie.log" >&2
	die "failed: $* (is $mirror in reach? UNET_MIRROR names another;" \
	    "log: $cache/trixie.log)"
}

create()
{
	say "making a Debian 13 folder in $chroot (a minute, 700 MB, once)"
	command -v debootstrap > /dev/null ||
		logged apt-get -y install --no-install-recommends debootstrap
	rm -rf "$chroot"
	logged debootstrap --variant=minbase --include=make,gcc trixie \
		"$chroot" "$mirror"
	printf 'deb %s trixie-backports main\n' "$mirror" \
		> "$chroot/etc/apt/sources.list.d/backports.list"
	touch "$chroot/.ready"
}

[ $# -ge 1 ] || die "no command given"
[ "$(id -u)" = 0 ] || die "must be root, for chroot"
mkdir -p "$cache"
[ -e "$chroot/.ready" ] || create
inside "$@"
