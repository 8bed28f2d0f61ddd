#!/bin/bash
# SPDX-License-Identifier: MIT
#
# guest.sh KVER PACKETS: the measurements, inside the instruction-counting VM
# (bench.sh starts it). Prints one JSON object a line; what else is said goes to
# standard error. A time read in here is a number of instructions.
set -euo pipefail

kver=$1 packets=$2
built=build/bench
drop_module=$built/drop-$kver/tests/bench/drop/bench_drop.ko
work=$(mktemp -d)

note() { printf 'bench: %s\n' "$*" >&2; }

# va sends, vb receives. GRO makes vb's end a NAPI one, so it polls bursts.
make_link()
{
	ip link add va type veth peer name vb
	sysctl -qw net.ipv6.conf.{va,vb}.disable_ipv6=1
	ethtool -K vb gro on
	ip link set va up
	ip link set vb up
	ip addr add 10.77.0.2/24 dev vb
}

remove_link() { ip link del va; }

generate()
{
	"$built/bench_gen" -o "$built/gen.bpf.o" -i va -n "$packets" -l 64 \
		-d "$(cat /sys/class/net/vb/address)" -f "$1"
}

# report WAY FLOWS GENERATOR [RECEIVER]: the two programs' objects into one.
report()
{
	jq -Mcn --arg way "$1" --argjson flows "$2" --argjson g "$3" \
		--argjson r "${4:-null}" '
		{ bench: "rx", way: $way, flows: $flows, packets: $g.packets,
		  received: ($r.packets // 0), batches: ($r.batches // 0),
		  sleeps: ($r.sleeps // 0),
		  insn: ((([$g.end, $r.last // 0] | max) - $g.start)
			 / $g.packets * 10 | round / 10) }'
}

# What a packet costs when it is dropped at once.
measure_drop()
{
	local way=$1 flows=$2 sent

	sent=$(generate "$flows")
	report "$way" "$flows" "$sent"
}

# receive WAY FLOWS [NAME]: with a receiver.
measure()
{
	local way=$1 flows=$2 name=${3:-$1} out pid sent got

	mkfifo "$work/out"
	"$built/bench_rx" "$way" vb "$packets" > "$work/out" &
	pid=$!
	exec {out}< "$work/out"
	rm "$work/out"
	read -r got <&"$out" || { note "$name did not start"; return 1; }
	sent=$(generate "$flows")
	read -r got <&"$out"
	exec {out}<&-
	wait "$pid"
	report "$name" "$flows" "$sent" "$got"
}

# with_xdp OBJECT COMMAND...
native_rivals()
{
	ip link set dev vb xdpdrv object "$built/gen.bpf.o" program drop
	measure_drop drop-native "$1"
	ip link set dev vb xdpdrv off
	measure xsk-native "$1"
}

skb_rivals()
{
	insmod "$drop_module" dev=vb
	measure_drop drop "$1"
	measure packet "$1"
	rmmod bench_drop
	measure xsk-generic "$1"
	measure packet "$1" packet+host
	measure udp "$1"
}

modprobe veth
make_link
for flows in 1 1000; do
	native_rivals $flows
	skb_rivals $flows
done
remove_link
