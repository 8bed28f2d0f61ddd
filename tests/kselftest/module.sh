#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the module loads, makes /dev/unet with the documented mode and
# family, and unloads without a trace, 20 times over (less by UNET_EFFORT).
source "$(dirname "$0")/lib.sh"
require_root

ROUNDS=$(effort 20)

load_and_unload() {
	local n
	for ((n = 0; n < ROUNDS; n++)); do
		load_module || return
		[ -c /dev/unet ] || return
		unload_module || return
	done
}

plan 6
check "unloads" unload_module
at_exit load_module
check "no device without the module" test ! -e /dev/unet
check "loads" load_module
check "/dev/unet is a character device" test -c /dev/unet
equal "/dev/unet is open to ordinary users" 666 "$(stat -c %a /dev/unet)"
check "loads and unloads, over and over" load_and_unload
finish
