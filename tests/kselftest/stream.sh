#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: no byte of a stream is lost, doubled or changed between libunet and
# the kernel's TCP, both ways at once, with either as the server, over IPv4 and
# IPv6: on a link that loses, reorders and duplicates super packets or
# segments, on a clean one, and in super packets above 64 KiB. The kernel against itself goes over each too, for
# its time to compare with.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/aid_carry.sh"
require_root
require jq nstat tcpdump unet-cat
NETEM="limit 10000 delay 5ms loss 2% reorder 5% duplicate 1%"
NETEM_BYTES=10000000
SEGMENT_BYTES=$NETEM_BYTES # takes several times as long
CLEAN_BYTES=200000000
LITTLE_BYTES=20000000
PATIENCE=300 # seconds for any pair of programs; more is a hang
if [ "${UNET_EFFORT:-100}" -lt 100 ]; then
	SEGMENT_BYTES=2000000
	LITTLE_BYTES=10000000
	CLEAN_BYTES=20000000
fi
if [ -n "${UNET_SLOW:-}" ]; then
	CLEAN_BYTES=$LITTLE_BYTES
	PATIENCE=3000
fi
WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

# ---- how well the link carried it ----------------------------------------------------

# host_counted NAME: counter of the host's TCP in $NS_B.
host_counted() {
	in_b nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}
happened() { test "$(host_counted "$1")" -gt 0; }

# bad_link [SHAPER]...: both ends send through netem, behind SHAPER when there is one.
bad_link() {
	local ns=("$NS_A" "$NS_B") dev=(va vb) i parent=root
	for i in 0 1; do
		if [ $# -gt 0 ]; then
			parent="parent 1:"
			tc -n "${ns[i]}" qdisc add dev "${dev[i]}" root handle 1: "$@" || return
		fi
		# shellcheck disable=SC2086 # words
		tc -n "${ns[i]}" qdisc add dev "${dev[i]}" $parent netem $NETEM || return
	done
}

good_link() {
	tc -n "$NS_A" qdisc del dev va root
	tc -n "$NS_B" qdisc del dev vb root
}

lost() {
	test "$(tc -n "$1" -s -j qdisc show dev "$2" |
		jq '[.[] | select(.kind == "netem").drops] | add')" -gt 0
}

# ---- bad links ---------------------------------------------------------------------

# over_bad_link WHAT BYTES PORT: four connections at a time.
over_bad_link() {
	local what=$1 bytes=$2 port=$3 row
	in_a unetctl attach va > /dev/null
	carry "$what-server" "-i va" -k "$A4:$((port + 1))" "$bytes"
	carry "$what-client" -k "-i va" "$B4:$((port + 2))" "$bytes"
	carry "$what-server6" "-i va" -k "[$A6]:$((port + 3))" "$bytes"
	carry "$what-client6" -k "-i va" "[$B6]:$((port + 4))" "$bytes"
	for row in server client server6 client6; do
		carried "$what-$row"
		check "$what: libunet is the $row" whole "$what-$row" "$bytes"
	done
	check "$what: all went through the nexus" at_least rx_bytes $((4 * bytes))
	check "$what: and back" at_least tx_bytes $((4 * bytes))
	equal "$what: the nexus refused and dropped nothing" "{}" "$(refused)"
	in_a unetctl detach va > /dev/null
	check "$what: what libunet sent was lost" lost "$NS_A" va
	check "$what: what the host sent was lost" lost "$NS_B" vb
}

over_bad_links() {
	modprobe -q sch_netem
	modprobe -q sch_tbf
	check "a link loses super packets" bad_link
	over_bad_link supers $NETEM_BYTES 7000
	good_link
	check "a link loses segments" bad_link tbf rate 10gbit burst 1600 limit 10mb
	over_bad_link segments $SEGMENT_BYTES 7010
	check "the host sent again" happened TcpRetransSegs
	check "the host received out of order" happened TcpExtTCPOFOQueue
	check "the host received twice" happened TcpExtTCPDSACKOldSent
	check "libunet received twice, and said so" happened TcpExtTCPDSACKRecv
	check "the host learned of reordering from libunet" happened TcpExtTCPSACKReorder
	carry segments-kernel -k -k "$A4:7015" $SEGMENT_BYTES
	carried segments-kernel
	good_link
}

# ---- a clean link ------------------------------------------------------------------

over_clean_link() {
	in_a unetctl attach va > /dev/null
	carry clean-server "-i va" -k "$A4:7021" $CLEAN_BYTES
	carried clean-server
	check "a clean link: libunet serves over IPv4" whole clean-server $CLEAN_BYTES
	carry clean-client -k "-i va" "$B4:7022" $CLEAN_BYTES
	carried clean-client
	check "a clean link: libunet connects over IPv4" whole clean-client $CLEAN_BYTES
	carry clean-server6 "-i va" -k "[$A6]:7023" $LITTLE_BYTES
	carry clean-client6 -k "-i va" "[$B6]:7024" $LITTLE_BYTES
	carried clean-server6 clean-client6
	check "a clean link: libunet serves over IPv6" whole clean-server6 $LITTLE_BYTES
	check "a clean link: libunet connects over IPv6" whole clean-client6 $LITTLE_BYTES
	check "all went through the nexus" at_least rx_bytes $((2 * CLEAN_BYTES + 2 * LITTLE_BYTES))
	check "and back" at_least tx_bytes $((2 * CLEAN_BYTES + 2 * LITTLE_BYTES))
	check "the peer's super packets came as such" at_least rx_super $((2 * CLEAN_BYTES / 65536))
	check "and whole: a packet, acknowledgments among them, has 10,000 bytes and more" \
		at_least rx_bytes $((10000 * $(counter "$NS_A" rx_delivered)))
	equal "the nexus refused and dropped nothing" "{}" "$(refused)"
	in_a unetctl detach va > /dev/null
	carry clean-kernel -k -k "$A4:7025" $LITTLE_BYTES
	carried clean-kernel
}

# ---- super packets above 64 KiB --------------------------------------------------

# Their length fits no field of the header: IPv6 says it in an option.
over_big_tcp() {
	local dump n
	in_a unetctl attach va > /dev/null
	check "a device gives larger super packets" ip -n "$NS_B" link set vb gso_max_size 200000
	ip netns exec "$NS_A" timeout "$PATIENCE" tcpdump -i va -c 1 -w /dev/null greater 66000 \
		2> "$WORK/tcpdump" &
	dump=$!
	at_exit end_process $dump
	wait_until 10 grep -q 'listening on' "$WORK/tcpdump"
	# How large they become is up to the host's pace: a slow machine may need another.
	for n in 1 2 3; do
		carry big$n "-i va" -k "[$A6]:703$n" $LITTLE_BYTES
		carried big$n
		kill -0 $dump 2> /dev/null || break
	done
	check "the host sent some above 64 KiB" wait $dump
	check "and libunet took them" whole big$n $LITTLE_BYTES
	in_a unetctl detach va > /dev/null
}

plan 38
check "the module is there" load_module
setup_pair
over_bad_links
over_clean_link
over_big_tcp
finish
