#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The symbols of libunet.map, those the public headers declare (they alone are
# compiled with default visibility) and those the shared library exports are the
# same. Usage: check-exports.sh LIBRARY.so LIBRARY.map OBJECT...

set -eu
export LC_ALL=C
so=$1
map=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

sed -n 's/^\t\t\(unet_[a-z0-9_]*\);$/\1/p' "$map" | sort >"$tmp/map"
readelf -sW "$@" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" \
	{ print $8 }' | sort -u >"$tmp/headers"
nm -D --defined-only "$so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
	sort >"$tmp/so"
# declared, but defined nowhere
cpp -P -isystem include/uapi -Iinclude -include unet/unet.h /dev/null |
	sed '/^static/,/^}/d' | tr '\n' ' ' |
	grep -o 'unet_[a-z0-9_]*(' | tr -d '(' | sort -u >"$tmp/declared"

status=0
compare()
{
	lines=$(comm -13 "$tmp/$1" "$tmp/$2")
	[ -z "$lines" ] || {
		echo "$map: $3:" $lines >&2
		status=1
	}
}
compare map headers "missing, though a public header declares it"
compare headers map "listed, but no public header declares it or nothing defines it"
compare map declared "missing or defined nowhere, though a public header declares it"
compare so map "listed, but not exported"
compare map so "exported, but not listed"
exit $status
