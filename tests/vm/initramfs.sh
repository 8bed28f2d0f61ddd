#!/bin/bash
# SPDX-License-Identifier: MIT
#
# initramfs.sh KVER MODULES OUT: packs busybox, init and the modules that a test
# VM needs to reach the host's files. MODULES is the folder that holds
# lib/modules/KVER; empty when the kernel has everything built in.
set -euo pipefail

kver=$1 root=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$tmp"/{bin,proc,sys,dev,modules}
cp "$(command -v busybox)" "$tmp/bin/busybox"
install -m 755 "$here/init" "$here/second" "$tmp"

# "insmod PATH" lines in loading order; "builtin NAME" when there is nothing to load.
needed() {
	[ -n "$root" ] || return 0
	for m in virtio_pci 9pnet_virtio 9p overlay; do
		modprobe -d "$root" -S "$kver" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

for path in $(needed); do
	name=${path##*/}
	case $name in
	*.xz) name=${name%.xz}; xz -dc "$path" > "$tmp/modules/$name" ;;
	*) cp "$path" "$tmp/modules/$name" ;;
	esac
	echo "$name"
done > "$tmp/modules/order"

(cd "$tmp" && find . | cpio -o -H newc --quiet) | gzip -1 > "$out.$$"
mv "$out.$$" "$out"
