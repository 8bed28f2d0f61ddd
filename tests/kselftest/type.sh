#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: rules of the administrator and what befalls devices: there before
# the device is, renamed, moved to another namespace, unregistered, detached; the
# namespace's end; a kernel extension, which cannot be unloaded while a rule has
# it; and the module unloaded with rules left.
source "$(dirname "$0")/lib.sh"
require_root
require ip jq insmod rmmod
[ -e "${EXT_TEST_KO:-}" ] || skip_all "EXT_TEST_KO does not name ext_test.ko"

plan 33
load_module
setup_pair
setup_ns NS_C
at_exit rmmod ext_test

say() { in_b bash -c "printf '%b' '$1' > /dev/udp/$A4/${2:-7000}"; }
rules() { in_a unetctl -j type list "$@" | jq length; }
dropped() { counted "$1" "$NS_A" rx_type_drop "$2" say x; }

check "a rule for a device that is not attached" \
	in_a unetctl type add udp 7000 action drop priority 10 dev va
refuse "just the same again is refused, with the rule in the way" "same priority \(rule 1\)" \
	in_a unetctl type add udp 7000 action drop priority 10 dev va
check "the same for any device is another" \
	in_a unetctl type add udp 7000 action host priority 11
check "a device there is not may have one, too" \
	in_a unetctl type add udp 7000 action drop priority 9 dev vq
check "attach" in_a unetctl attach va
dropped "the rule is in force at once" 1
equal "all three are listed" 3 "$(rules)"
equal "two of them are about the device" 2 "$(rules dev va)"
equal "it says how many it dropped" 1 \
	"$(in_a unetctl -j type | jq '.[] | select(.priority == 10) | .packets')"

ip -n "$NS_A" link set va down
ip -n "$NS_A" link set va name vq
ip -n "$NS_A" link set vq up
check "renamed, the device has the rules of its new name" wait_until 5 in_a bash -c \
	"unetctl nexus vq"
dropped "which drop" 1
check "the rule of that name deleted" in_a unetctl type del 3
dropped "what was for the old name is not in force" 0
ip -n "$NS_A" link set vq down
ip -n "$NS_A" link set vq name va
ip -n "$NS_A" link set va up
dropped "renamed back it is" 1

ip -n "$NS_A" link set va netns "$NS_C"
equal "rules stay where they are when the device moves" 2 "$(rules)"
equal "and do not move with it" 0 "$(ip netns exec "$NS_C" unetctl -j type list | jq length)"
ip -n "$NS_C" link set va netns "$NS_A"
ip -n "$NS_A" addr add $A4/24 dev va
ip -n "$NS_A" link set va up
check "moved back and attached" in_a unetctl attach va
wait_until 10 in_b ping -c 1 -W 1 $A4
dropped "its rule is in force again" 1

ip -n "$NS_A" link del va
equal "rules outlive the device" 2 "$(rules)"
ip link add va netns "$NS_A" type veth peer name vb netns "$NS_B"
ip -n "$NS_A" addr add $A4/24 dev va
ip -n "$NS_B" addr add $B4/24 dev vb
ip -n "$NS_A" link set va up
ip -n "$NS_B" link set vb up
wait_until 10 in_b ping -c 1 -W 1 $A4
check "another of its name is attached" in_a unetctl attach va
dropped "and has its rule" 1

check "modified in place" in_a unetctl type modify 1 udp 7000-7001 action host priority 10
counted "it passes to the host" "$NS_A" rx_type_host 1 say x
refuse "reserved ethertypes are refused in words" "the host itself needs" \
	in_a unetctl type add ethertype 0x0800 action drop
refuse "an extension there is not is refused in words" "no kernel extension" \
	in_a unetctl type add udp 7002 action extension extension parity

insmod "$EXT_TEST_KO" || ktap_exit_fail_msg "cannot load ext_test.ko"
check "a rule with a kernel extension" \
	in_a unetctl type add udp 7002 action extension extension parity
counted "it drops what it wants" "$NS_A" rx_type_drop 1 say '\x01' 7002
counted "and leaves the rest" "$NS_A" rx_type_host 1 say '\x02' 7002
refuse "its module stays while a rule has it" "in use" rmmod ext_test
in_a unetctl type del "$(in_a unetctl -j type | jq '.[] | select(.extension == "parity") | .type')"
check "and goes when none has" wait_until 10 rmmod ext_test

types() { grep -o 'types=[0-9]*' /sys/module/unet/parameters/live; }
ip netns exec "$NS_C" unetctl type add protocol 99 action drop
equal "a rule in another namespace" types=3 "$(types)"
remove_ns "$NS_C"
check "goes with it" wait_until 20 bash -c \
	'grep -q "types=2" /sys/module/unet/parameters/live'
check "the module is unloaded with rules left" unload_module
load_module
finish
