#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the host's routes are a flow's (R1.1, R7.4): streams through a gateway
# arrive whole both ways, over IPv4 and IPv6, and go to the link address of the
# gateway and of nobody else; a route changed in mid-stream sends the rest by another
# gateway; a link of a smaller MTU behind the gateway is learned of by a router's own
# ICMP errors; IPv4 goes by a gateway that has an IPv6 address only.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/aid_carry.sh"
require_root
require jq nstat unet-cat
PATIENCE=120 # seconds for any pair of programs; more is a hang
# shellcheck disable=SC2034 # aid_carry.sh's
[ -z "${UNET_SLOW:-}" ] || PATIENCE=3000
BYTES=20000000
[ "${UNET_EFFORT:-100}" -eq 100 ] || BYTES=5000000
SLOW_BYTES=30000000 # at 40 Mbit/s one way: 6 seconds at least
WORK=$(mktemp -d)
at_exit rm -rf "$WORK"

# ---- the net -------------------------------------------------------------------

#   A va ---- br0 R1 r1b ---- vb1 B     B's addresses are none of any link's;
#             |                   |     R1 is switch and gateway, R2 the other
#          r2a R2 r2b -------- vb2      gateway; what B sends comes by R1
A4=10.77.0.1 B4=10.79.0.1 A6=fd77::1 B6=fd79::1

forwards() { # NS
	ip netns exec "$1" sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

link() { # NS DEV NS DEV
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" &&
		ip -n "$1" link set "$2" up && ip -n "$3" link set "$4" up
}

addr() { # NS DEV ADDR...
	local ns=$1 dev=$2 a
	shift 2
	for a; do ip -n "$ns" addr add "$a" dev "$dev" || return; done
}

route() { # NS PREFIX WORD...: of either family
	local ns=$1
	shift
	ip -n "$ns" route replace "$@"
}

make_links() {
	link "$NS_A" va "$NS_R1" sw1 && link "$NS_R2" r2a "$NS_R1" sw2 &&
		link "$NS_R1" r1b "$NS_B" vb1 && link "$NS_R2" r2b "$NS_B" vb2 &&
		ip -n "$NS_R1" link add br0 type bridge &&
		ip -n "$NS_R1" link set sw1 master br0 &&
		ip -n "$NS_R1" link set sw2 master br0 &&
		ip -n "$NS_R1" link set br0 up
}

make_addresses() {
	addr "$NS_A" va $A4/24 $A6/64 && addr "$NS_B" lo $B4/32 $B6/128 &&
		addr "$NS_R1" br0 10.77.0.251/24 fd77::251/64 &&
		addr "$NS_R2" r2a 10.77.0.252/24 fd77::252/64 &&
		addr "$NS_R1" r1b 10.78.1.1/24 fd78:1::1/64 &&
		addr "$NS_B" vb1 10.78.1.2/24 fd78:1::2/64 &&
		addr "$NS_R2" r2b 10.78.2.1/24 fd78:2::1/64 &&
		addr "$NS_B" vb2 10.78.2.2/24 fd78:2::2/64
}

# B tells of segments that fit its link as it is now. When that shrinks, later, only a
# router can say so.
make_routes() {
	route "$NS_A" default via 10.77.0.251 && route "$NS_A" default via fd77::251 &&
		route "$NS_R1" $B4 via 10.78.1.2 && route "$NS_R1" $B6 via fd78:1::2 &&
		route "$NS_R2" $B4 via 10.78.2.2 && route "$NS_R2" $B6 via fd78:2::2 &&
		route "$NS_B" default via 10.78.1.1 advmss 1460 &&
		route "$NS_B" default via fd78:1::1 advmss 1440
}

setup_routers() {
	local ns
	setup_ns NS_A NS_R1 NS_R2 NS_B
	modprobe -q bridge
	for ns in "$NS_A" "$NS_R1" "$NS_R2" "$NS_B"; do
		ip netns exec "$ns" sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	{ forwards "$NS_R1" && forwards "$NS_R2" && make_links && make_addresses &&
		make_routes; } || ktap_exit_fail_msg "cannot make the net"
	{ wait_until 10 in_a ping -c 1 -W 1 $B4 &&
		wait_until 10 in_a ping -c 1 -W 1 $B6; } ||
		ktap_exit_fail_msg "the gateway does not carry packets"
}

# ---- where packets went --------------------------------------------------------

got() { # NS DEV: bytes that the device received
	ip -n "$1" -s -j link show "$2" | jq '.[0].stats64.rx.bytes'
}

# by_r1, by_r2: bytes that came to each gateway for it, not what it switched.
by_r1() { got "$NS_R1" br0; }
by_r2() { got "$NS_R2" r2a; }
above() { # COMMAND NUMBER
	local value
	value=$("$1")
	echo "$1 is $value, not above $2"
	[ "$value" -gt "$2" ]
}

# only_gateways: of what is beyond them nobody asked for the link address.
only_gateways() {
	! ip -n "$NS_A" neigh show | grep -E "^($B4|$B6) "
}

# ---- the host's routes -----------------------------------------------------------

through_gateway() {
	local before
	before=$(by_r1)
	carry server4 "-i va" -k $A4:7001 $BYTES
	carry client4 -k "-i va" $B4:7002 $BYTES
	carry server6 "-i va" -k "[$A6]:7003" $BYTES
	carry client6 -k "-i va" "[$B6]:7004" $BYTES
	carried server4 client4 server6 client6
	check "through a gateway: libunet serves over IPv4" whole server4 $BYTES
	check "through a gateway: libunet connects over IPv4" whole client4 $BYTES
	check "through a gateway: libunet serves over IPv6" whole server6 $BYTES
	check "through a gateway: libunet connects over IPv6" whole client6 $BYTES
	check "all of it came through the nexus" at_least rx_bytes $((4 * BYTES))
	check "and went" at_least tx_bytes $((4 * BYTES))
	check "and went to the gateway" above by_r1 $((before + 4 * BYTES))
	check "what is beyond it was not looked for on the link" only_gateways
	equal "the nexus refused and dropped nothing" "{}" "$(refused)"
}

shape() { # NS DEV
	tc -n "$1" qdisc add dev "$2" root tbf rate 40mbit burst 70000 limit 300000
}

# change_in_mid_stream FAMILY ADDR PORT OLD NEW: from gateway OLD to NEW, and back.
# What the first had not been given when the route changed must come by the second.
change_in_mid_stream() {
	local name=change$1 before1 before2 old
	before1=$(by_r1) before2=$(by_r2)
	carry "$name" -k "-i va" "$2:$3" $SLOW_BYTES
	check "IPv$1: a stream goes by the first gateway" \
		wait_until 60 above by_r1 $((before1 + SLOW_BYTES / 10))
	check "IPv$1: its route is changed" ip -n "$NS_A" route change default via "$5"
	sleep 0.2
	old=$(by_r1)
	check "IPv$1: in mid-stream" test $((old - before1)) -lt $((SLOW_BYTES * 9 / 10))
	carried "$name"
	check "IPv$1: the stream arrives whole" whole "$name" $SLOW_BYTES
	check "IPv$1: the rest goes by the second gateway" \
		above by_r2 $((before2 + SLOW_BYTES - (old - before1)))
	check "IPv$1: next to nothing by the first" test $(($(by_r1) - old)) -lt 20000
	route "$NS_A" default via "$4"
}

changed_routes() {
	modprobe -q sch_tbf
	check "the link behind the first gateway is slow" shape "$NS_R1" r1b
	check "and that behind the second" shape "$NS_R2" r2b
	change_in_mid_stream 4 $B4 7011 10.77.0.251 10.77.0.252
	change_in_mid_stream 6 "[$B6]" 7012 fd77::251 fd77::252
	tc -n "$NS_R1" qdisc del dev r1b root
	tc -n "$NS_R2" qdisc del dev r2b root
	check "what is beyond was not looked for on the link" only_gateways
}

# r1_counted NAME: counter of the first gateway's IP and ICMP.
r1_counted() {
	ip netns exec "$NS_R1" nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'
}
r1_told() { test "$(r1_counted "$1")" -gt 0; }

smaller_mtu() {
	check "the link behind the gateway shrinks" ip -n "$NS_R1" link set r1b mtu 1400
	check "at both ends" ip -n "$NS_B" link set vb1 mtu 1400
	counted "a router's errors reach the flows" "$NS_A" rx_icmp_error some through_small_link
	check "a smaller MTU: libunet serves over IPv4" whole small4 $BYTES
	check "a smaller MTU: libunet connects over IPv6" whole small6 $BYTES
	check "the gateway said so over IPv4" r1_told IcmpOutDestUnreachs
	check "and over IPv6" r1_told Icmp6OutPktTooBigs
	equal "it cut nothing itself" "0 0" "$(r1_counted IpFragCreates) $(r1_counted Ip6FragCreates)"
	ip -n "$NS_R1" link set r1b mtu 1500
	ip -n "$NS_B" link set vb1 mtu 1500
}

through_small_link() {
	carry small4 "-i va" -k $A4:7021 $BYTES
	carry small6 -k "-i va" "[$B6]:7022" $BYTES
	carried small4 small6
}

# Neither has an IPv4 address of the other's in its routes.
gateway_of_ipv6() {
	local before
	ip -n "$NS_A" -4 route replace default via inet6 fd77::251 dev va &&
		route "$NS_R1" $A4 via inet6 fd77::1 dev br0 &&
		ip -n "$NS_R1" -4 neigh flush dev br0 && ip -n "$NS_A" -4 neigh flush all ||
		return
	before=$(by_r1)
	carry via6 -k "-i va" $B4:7031 $BYTES
	carried via6
	whole via6 $BYTES && above by_r1 $((before + BYTES))
}

plan 36
check "the module is there" load_module
setup_routers
check "attaches" in_a unetctl attach va
through_gateway
changed_routes
smaller_mtu
check "IPv4 goes by a gateway that IPv6 found" gateway_of_ipv6
equal "nobody asked for link addresses of IPv4" "" "$(ip -n "$NS_A" -4 neigh show dev va)"
in_a unetctl detach va > /dev/null
finish
