#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the module loads, makes /dev/unet with the documented mode and
# family, and unloads without a trace, 20 times over (less by UNET_EFFORT). Its
# parameters refuse nonsense, and no value of them does harm. The mode keeps out
# whom it says.
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

PARAMETERS=/sys/module/unet/parameters
NUMBERS=(flight_kib arena_mib user_mib port_linger_secs port_linger_max)

# set_parameter NAME VALUE: the kernel's answer is the status.
set_parameter() { printf '%s\n' "$2" 2>/dev/null > "$PARAMETERS/$1"; }

refuses_nonsense() {
	local name value
	for name in "${NUMBERS[@]}"; do
		[ -w "$PARAMETERS/$name" ] || { echo "no $name"; return 1; }
		for value in "" abc -1 1.5 0x 4294967296; do
			! set_parameter "$name" "$value" 2>/dev/null ||
				{ echo "$name takes '$value'"; return 1; }
		done
	done
}

# A channel with a flow opens, or is refused with a reason, whatever the value.
# Long enough for a channel to say what it has to.
MOMENT=0.5
[ -z "${UNET_PATIENT:-}" ] || MOMENT=1
[ -z "${UNET_SLOW:-}" ] || MOMENT=10

survives_extremes() {
	local name value old said
	for name in "${NUMBERS[@]}"; do
		old=$(cat "$PARAMETERS/$name")
		for value in 0 1 2147483648 4294967295; do
			set_parameter "$name" "$value" || return
			said=$(in_a timeout "$MOMENT" "$HOLD" va 5000 2>&1)
			[[ $said =~ ^(ready|aid_hold: [A-Z]) ]] ||
				{ echo "$name=$value: '$said'"; return 1; }
		done
		set_parameter "$name" "$old"
	done
	[[ $(in_a timeout "$MOMENT" "$HOLD" va 5000) = ready*state=live* ]]
}

# as_nobody COMMAND...: in $NS_A, with no more rights than any user.
as_nobody() { in_a setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# opened_by_nobody: a channel and a flow of it, for a moment.
opened_by_nobody() {
	local said
	said=$(as_nobody timeout "$MOMENT" "$NOBODYS/aid_hold" va 5000 2>&1)
	echo "$said"
	[[ $said = ready*state=live* ]]
}

opened_by_root() { [[ $(in_a timeout "$MOMENT" "$HOLD" va 5000) = ready*state=live* ]]; }

with_mode() { # MODE
	in_a unetctl detach va
	unload_module && load_module mode="$1" && in_a unetctl attach va &&
		[ "$(stat -c %a /dev/unet)" = "${1#0}" ]
}

plan 16
check "unloads" unload_module
at_exit load_module
check "no device without the module" test ! -e /dev/unet
check "loads" load_module
check "/dev/unet is a character device" test -c /dev/unet
equal "/dev/unet is open to ordinary users" 666 "$(stat -c %a /dev/unet)"
check "loads and unloads, over and over" load_and_unload
HOLD=$(dirname "$0")/aid_hold
check "loads once more" load_module
setup_pair
check "attaches" in_a unetctl attach va
check "parameters refuse what is no number" refuses_nonsense
check "a channel opens or says why not at every extreme" survives_extremes
# Where anybody may read it: not so in each checkout.
NOBODYS=$(mktemp -d)
at_exit rm -rf "$NOBODYS"
chmod 755 "$NOBODYS" && cp "$HOLD" "$NOBODYS/"
check "an ordinary user may open it" opened_by_nobody
check "the device gets the mode asked for" with_mode 0600
refuse "an ordinary user is refused then" "aid_hold: Permission denied" opened_by_nobody
check "root is not" opened_by_root
check "and gets the wide one" with_mode 0666
check "with which an ordinary user gets in" opened_by_nobody
in_a unetctl detach va
finish
