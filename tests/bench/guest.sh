#!/bin/bash
# SPDX-License-Identifier: MIT
#
# guest.sh KVER PART...: the measurements, inside the instruction-counting VM
# (bench.sh starts it, and names the parts). Prints one JSON object a line; what else
# is said goes to standard error. A nanosecond in here is an
# instruction.
#
# Environment: PACKETS of a receive run, BYTES of a stream, TRIPS of a
# request/response run, FLOWS to try.
set -euo pipefail

kver=$1
shift
packets=${PACKETS:-300000} bytes=${BYTES:-268435456} trips=${TRIPS:-10000}
flow_counts=${FLOWS:-1 1000}
here=$(cd "$(dirname "$0")" && pwd)
built=build/bench
drop_module=$built/drop-$kver/tests/bench/drop/bench_drop.ko
unet_module=build/kmod-$kver/unet.ko
unetctl=build/rel/tools/unetctl
work=$(mktemp -d)

note() { printf 'bench: %s\n' "$*" >&2; }

# ---- the link: va sends, vb receives ------------------------------------------

# A packet generator sends out of va. GRO makes vb's end a NAPI one, so that it
# polls bursts.
make_link()
{
	ip link add va type veth peer name vb
	sysctl -qw net.ipv6.conf.{va,vb}.disable_ipv6=1
	ethtool -K vb gro on
	ip link set va up
	ip link set vb up
	ip addr add 10.77.0.2/24 dev vb
}

remove_link() { ip link del vb; }

# A client in namespace "peer" talks to a server here; the devices are as they
# come.
make_peer()
{
	ip netns add peer
	ip link add va netns peer type veth peer name vb
	sysctl -qw net.ipv6.conf.vb.disable_ipv6=1
	ip -n peer link set lo up
	ip -n peer link set va up
	ip -n peer addr add 10.77.0.1/24 dev va
	ip link set vb up
	ip addr add 10.77.0.2/24 dev vb
	ip netns exec peer ping -q -c 2 -i 0.2 10.77.0.2 > /dev/null
}

remove_peer()
{
	remove_link
	ip netns del peer
}

attach() { "$unetctl" attach vb >&2; }
detach() { "$unetctl" detach vb >&2; }

# start COMMAND...: in the background until it says "ready"; its further output
# is read from file descriptor $said, its process is $pid.
start()
{
	local word

	mkfifo "$work/out"
	"$@" > "$work/out" &
	pid=$!
	exec {said}< "$work/out"
	rm "$work/out"
	read -r word <&"$said" && [ "$word" = ready ] || {
		note "did not start: $*"
		return 1
	}
}

# ---- receive ------------------------------------------------------------------

frame=(-l 64)

generate()
{
	"$built/bench_gen" -o "$built/gen.bpf.o" -i va -n "$packets" "${frame[@]}" \
		-d "$(cat /sys/class/net/vb/address)" -f "$1"
}

# rx_report WAY FLOWS GENERATOR [RECEIVER]: the two programs' objects into one.
rx_report()
{
	jq -Mcn --arg way "$1" --argjson flows "$2" --argjson g "$3" \
		--argjson r "${4:-null}" '
		{ bench: "rx", way: $way, flows: $flows, packets: $g.packets,
		  received: ($r.packets // 0), batches: ($r.batches // 0),
		  sleeps: ($r.sleeps // 0),
		  insn: ((([$g.end, $r.last // 0] | max) - $g.start)
			 / $g.packets * 10 | round / 10) }'
}

# What a packet costs that is dropped at once.
rx_drop()
{
	local sent

	sent=$(generate "$2")
	rx_report "$1" "$2" "$sent"
}

# run_rx WAY FLOWS: leaves what the programs said in $sent and $got.
run_rx()
{
	start "$built/bench_rx" "$1" vb "$packets" "$2"
	sent=$(generate "$2")
	read -r got <&"$said"
	exec {said}<&-
	wait "$pid"
}

# rx WAY FLOWS [NAME]
rx()
{
	run_rx "$1" "$2"
	rx_report "${3:-$1}" "$2" "$sent" "$got"
}

rx_native()
{
	ip link set dev vb xdpdrv object "$built/gen.bpf.o" program drop
	rx_drop drop-native "$1"
	ip link set dev vb xdpdrv off
	rx xsk-native "$1"
}

rx_skb()
{
	insmod "$drop_module" dev=vb
	rx_drop drop "$1"
	rx packet "$1"
	rmmod bench_drop
	rx xsk-generic "$1"
	rx packet "$1" packet+host
	rx udp "$1"
}

# Wakeups and batches as the module counts them, over both runs.
rx_unet()
{
	attach
	rx unet-listen "$1"
	rx unet "$1"
	"$unetctl" -j stats | jq -Mc --argjson flows "$1" '
		[.. | objects | select(has("rx_batches"))][0]
		| { bench: "rx-counters", flows: $flows, rx_packets, rx_delivered,
		    rx_batches, rx_publishes, ch_wakeups, rx_drop_no_buffer, rx_drop_ring_full }'
	detach
}

part_rx()
{
	local flows

	make_link
	for flows in $flow_counts; do
		rx_native "$flows"
		rx_skb "$flows"
		rx_unet "$flows"
	done
	remove_link
}

# ---- looking flows up -----------------------------------------------------------

# Of these many source ports the receive path remembers only a part, so that each
# packet is looked up: in vain among the connected flows, then a listener.
sources=50000

# flows_row FLOWS WAY SOURCES [RECEIVER]
flows_row()
{
	local sent got=null

	if [ "$2" = drop ]; then
		sent=$(generate "$3")
	else
		run_rx "$2" "$3"
	fi
	rx_report "$2" "$3" "$sent" "$got" |
		jq -Mc --argjson table "$1" '.bench = "flows" | .table = $table'
}

# hold FLOWS [all], let_go: flows that get no packets.
hold()
{
	start "$built/bench_flows" vb "$@"
	flows_pid=$pid flows_said=$said
}

let_go()
{
	kill "$flows_pid"
	wait "$flows_pid" || true
	exec {flows_said}<&-
}

part_flows()
{
	local table flows_pid flows_said from

	make_link
	ip route add 10.78.0.0/16 dev vb # where the other ends of bench_flows are
	insmod "$drop_module" dev=vb
	for from in 1 "$sources"; do
		flows_row 0 drop "$from"
	done
	rmmod bench_drop
	attach
	for table in 1 1000 1000000; do
		hold "$table"
		for from in 1 "$sources"; do
			flows_row "$table" unet-listen "$from"
		done
		let_go
	done
	hold 1 all
	flows_row 1 unet-listen "$sources" | jq -Mc '.bench = "masks"'
	let_go
	detach
	remove_link
}

# ---- checksums that nobody has verified --------------------------------------------

# sums WAY: 1,400 bytes of IP, without a checksum and with one.
sums()
{
	local frame summed

	for summed in false true; do
		frame=(-l 1414)
		! $summed || frame+=(-c)
		rx "$1" 1 | jq -Mc --argjson summed $summed '.bench = "sums" | .summed = $summed'
	done
}

# With GRO nothing is left to verify; without, a program makes it poll.
part_sums()
{
	make_link
	ip link set dev vb xdpdrv object "$built/gen.bpf.o" program pass
	ethtool -K vb gro off
	sums udp
	attach
	sums unet
	detach
	remove_link
}

# ---- a process in the middle ----------------------------------------------------

# mid NAME RECEIVER WAY WHERE look|rewrite|ttl|ident|payload|mark [COMMAND...]: packets on their way to
# RECEIVER pass a process in the middle, or are shown to it; COMMAND puts it there
# once it is ready. What they cost without is the row of RECEIVER.
mid()
{
	local name=$1 receiver=$2 way=$3 where=$4 what=$5 mid_pid mid_said saw
	shift 5

	start "$built/bench_mid" "$way" "$where" "$what"
	mid_pid=$pid mid_said=$said
	"$@"
	run_rx "$receiver" 1
	kill "$mid_pid"
	read -r saw <&"$mid_said"
	exec {mid_said}<&-
	wait "$mid_pid"
	rx_report "$name" 1 "$sent" "$got" | jq -Mc --arg receiver "$receiver" \
		--arg what "$what" --argjson saw "$saw" \
		'.bench = "mid" | .receiver = $receiver | .what = $what | .saw = $saw.packets'
}

mid_base()
{
	run_rx "$1" 1
	rx_report none 1 "$sent" "$got" |
		jq -Mc --arg receiver "$1" '.bench = "mid" | .receiver = $receiver'
}

queue_input()
{
	nft "add table ip bench; add chain ip bench in { type filter hook input priority 0; };
		add rule ip bench in udp dport 9000 queue num 0"
}

redirect_to_tap()
{
	local mac

	mac=$(cat /sys/class/net/vb/address)
	ip link set tapa txqueuelen 30000
	ip link set tapb address "$mac"
	sysctl -qw net.ipv6.conf.{tapa,tapb}.disable_ipv6=1 \
		net.ipv4.conf.{all,tapb}.rp_filter=0
	ip link set tapa up
	ip link set tapb up
	tc qdisc add dev vb clsact
	tc filter add dev vb ingress matchall action mirred egress redirect dev tapa
}

mid_rivals()
{
	local what

	mid_base udp
	for what in look rewrite ttl ident payload; do
		mid nfqueue udp nfqueue 0 "$what" queue_input
		nft delete table ip bench
	done
	for what in look rewrite ttl ident payload; do
		mid tap udp tap tapa,tapb "$what" redirect_to_tap
		tc qdisc del dev vb clsact
	done
	mid ringbuf udp ringbuf "$built/mid.bpf.o,vb" look true
	tc qdisc del dev vb clsact
}

# make_grant RIGHTS: leaves its number in $grant.
make_grant()
{
	grant=$("$unetctl" -j intermediary grant vb proto udp rights "$1" hold 10000 \
		backlog 16384 | jq .grant)
}

# mid_unet look|rewrite|ttl|ident|payload|mark RIGHTS: by a grant that is made for it.
mid_unet()
{
	local grant

	make_grant "$2"
	mid unet unet unet "$grant" "$1" true
	"$unetctl" intermediary revoke "$grant" >&2
}

part_mid()
{
	modprobe -a tun nfnetlink_queue
	make_link
	mid_rivals
	attach
	mid_base unet
	mid_unet look observe,delay
	mid_unet rewrite observe,modify-headers,delay
	mid_unet ttl observe,modify-headers,delay
	mid_unet ident observe,modify-headers,delay
	mid_unet payload observe,modify-payload,delay
	mid_unet mark observe,modify-headers,delay
	detach
	remove_link
}

# ---- rules of packet types ------------------------------------------------------

# types RULES pattern|plain|crowd: what it costs that a rule drops a packet, among RULES.
# Without a module the rules are gone.
types()
{
	local -A names=([pattern]=types [plain]=types-known [crowd]=types-crowd)
	local name=${names[$2]}

	"$built/bench_types" "$1" "$2"
	attach
	sleep 2 # loading and attaching leave work behind
	rx_drop "$name" 1 | jq -Mc --argjson rules "$1" '.bench = "types" | .rules = $rules'
	detach
	rmmod unet
	insmod "$unet_module"
}

part_types()
{
	local rules

	make_link
	insmod "$drop_module" dev=vb
	sleep 2
	rx_drop drop 1 | jq -Mc '.bench = "types" | .rules = 0'
	rmmod bench_drop
	for rules in 1 10 1000; do
		types "$rules" pattern
	done
	for rules in 1 10 1000; do
		types "$rules" plain
	done
	types 1 crowd
	types 16 crowd
	remove_link
}

# ---- TCP ----------------------------------------------------------------------

# Whose TCP the client uses: kernel or unet.
peer=kernel
client()
{
	ip netns exec peer "$built/bench_tcp_$peer" "$1" va 10.77.0.2 "$2" "$3"
}

# tcp_run SERVER KIND CONNECTIONS AMOUNT
tcp_run()
{
	local got

	got=$(client "$2" "$3" "$4") || { note "$1: $2 with $3 failed"; return 1; }
	jq -Mcn --arg server "$1" --arg client "$peer" --arg kind "$2" \
		--argjson conns "$3" --argjson r "$got" '
		($r.end - $r.start) as $insn
		| { bench: "tcp", server: $server, client: $client, kind: $kind, conns: $conns,
		    bytes: $r.bytes, trips: $r.trips, insn: $insn,
		    median_ns: $r.median, p99_ns: $r.p99,
		    mbit_per_s: ($r.bytes * 8000 / $insn | round),
		    per_s: ($r.trips * 1e9 / $insn | round) }'
}

tcp_server()
{
	local server=$1 conns

	start "$built/bench_tcp_$server" server vb 10.77.0.2
	client rr 1 100 > /dev/null # warms caches and tables up
	tcp_run "$server" recv 1 "$bytes"
	tcp_run "$server" send 1 "$bytes"
	for conns in 1 10 100; do
		tcp_run "$server" rr "$conns" "$trips"
	done
	tcp_run "$server" crr 10 $((trips / 10))
	tcp_run "$server" kill 100 "$pid"
	wait "$pid" || true
	exec {said}<&-
}

part_tcp()
{
	make_peer
	tcp_server kernel
	sleep 61 # for the host to forget its connections, which hold the ports
	attach
	tcp_server unet
	peer=unet
	ip netns exec peer "$unetctl" attach va >&2
	tcp_server unet
	ip netns exec peer "$unetctl" detach va >&2
	peer=kernel
	detach
	remove_peer
}

# ---- hooks ---------------------------------------------------------------------

# hooks N: libunet's server has N that do nothing.
hooks()
{
	local kind amount

	[ "$1" -eq 0 ] || local -x UNET_HOOKS=$built/hook_empty.so=$1
	start "$built/bench_tcp_unet" server vb 10.77.0.2
	client rr 1 100 > /dev/null
	for kind in rr send; do
		[ $kind = rr ] && amount=$trips || amount=$bytes
		tcp_run unet "$kind" 1 "$amount" | jq -Mc --argjson hooks "$1" \
			'.bench = "hooks" | .hooks = $hooks'
	done
	kill "$pid"
	wait "$pid" || true
	exec {said}<&-
}

part_hooks()
{
	local n

	make_peer
	attach
	for n in 0 1 5; do
		hooks "$n"
	done
	detach
	remove_peer
}

# ---- where the instructions go ------------------------------------------------

# A sample each 20,011 instructions, until profile_end. The clock is that of the
# programs measured, so samples outside their run can be told apart.
profile_begin()
{
	local word

	mkfifo "$work/control" "$work/answer"
	perf record -q -a -k CLOCK_MONOTONIC -e cpu-clock -c 20011 -m 8M \
		-D -1 --control "fifo:$work/control,$work/answer" \
		-o "$work/perf.data" > /dev/null 2>&1 &
	perf=$!
	# It has started when it says so: its reading of files takes real time,
	# in which the guest's clock may jump.
	echo enable > "$work/control"
	read -r word < "$work/answer"
}

# profile_end WHAT START END INSTRUCTIONS UNITS UNIT: INSTRUCTIONS are those of the
# same run undisturbed.
profile_end()
{
	kill -INT "$perf"
	wait "$perf" || true
	grep '\[' /proc/kallsyms | LC_ALL=C sort > "$work/kallsyms"
	perf script -i "$work/perf.data" --ns -F comm,time,ip,sym,dso 2> /dev/null |
		"$here/profile.awk" -v what="$1" -v from="$2" -v to="$3" \
			-v insn=$(($4 / $5)) -v unit="$6" "$work/kallsyms" -
	rm "$work/perf.data" "$work/control" "$work/answer"
}

# profile_rx WAY FLOWS
profile_rx()
{
	local sent got from to plain

	run_rx "$1" "$2"
	plain=$(($(jq .last <<< "$got") - $(jq .start <<< "$sent")))
	profile_begin
	run_rx "$1" "$2"
	from=$(jq .start <<< "$sent") to=$(jq .last <<< "$got")
	profile_end "receive, $1, flows: $2" "$from" "$to" "$plain" "$packets" packet
}

# profile_mid look|rewrite|ttl|ident|payload|mark RIGHTS: with the generator's and the receiver's work.
profile_mid()
{
	local grant mid_pid mid_said saw sent got from to plain

	make_grant "$2"
	start "$built/bench_mid" unet "$grant" "$1"
	mid_pid=$pid mid_said=$said
	run_rx unet 1
	plain=$(($(jq .last <<< "$got") - $(jq .start <<< "$sent")))
	profile_begin
	run_rx unet 1
	from=$(jq .start <<< "$sent") to=$(jq .last <<< "$got")
	profile_end "middle, unet, $1" "$from" "$to" "$plain" "$packets" packet
	kill "$mid_pid"
	read -r saw <&"$mid_said"
	exec {mid_said}<&-
	wait "$mid_pid"
	"$unetctl" intermediary revoke "$grant" >&2
}

# profile_tcp SERVER KIND CONNECTIONS AMOUNT UNITS UNIT
profile_tcp()
{
	local got from to plain

	start "$built/bench_tcp_$1" server vb 10.77.0.2
	client rr 1 100 > /dev/null
	got=$(client "$2" "$3" "$4")
	plain=$(jq '.end - .start' <<< "$got")
	profile_begin
	got=$(client "$2" "$3" "$4")
	from=$(jq .start <<< "$got") to=$(jq .end <<< "$got")
	profile_end "TCP, $1, $2, connections: $3" "$from" "$to" "$plain" "$5" "$6"
	kill "$pid"
	wait "$pid" || true
	exec {said}<&-
}

profile_tcp_server()
{
	profile_tcp "$1" rr 1 "$trips" "$trips" trip
	profile_tcp "$1" rr 100 "$trips" "$trips" trip
	profile_tcp "$1" crr 10 $((trips / 10)) $((trips / 10)) connection
	profile_tcp "$1" recv 1 "$bytes" $((bytes / 65536)) "64 KiB"
	profile_tcp "$1" send 1 "$bytes" $((bytes / 65536)) "64 KiB"
}

# ---- idle connections -----------------------------------------------------------

part_memory()
{
	ip link set lo up
	"$built/bench_idle" 1000
}

# ---- profiles, what they need ----------------------------------------------------

profile_ready()
{
	command -v perf > /dev/null || { note "no profile: perf is not there"; return 1; }
	sysctl -qw kernel.kptr_restrict=0
	# Once the kernel is not to lower the rate, it does not let us set it.
	[ "$(sysctl -n kernel.perf_cpu_time_max_percent)" = 0 ] ||
		sysctl -qw kernel.perf_event_max_sample_rate=100000 \
			kernel.perf_cpu_time_max_percent=0
}

part_profile-rx()
{
	local flows

	profile_ready || return 0
	make_link
	profile_rx xsk-generic 1
	attach
	for flows in $flow_counts; do
		profile_rx unet "$flows"
	done
	detach
	remove_link
}

part_profile-mid()
{
	profile_ready || return 0
	make_link
	attach
	profile_mid look observe,delay
	profile_mid ident observe,modify-headers,delay
	profile_mid payload observe,modify-payload,delay
	profile_mid mark observe,modify-headers,delay
	detach
	remove_link
}

part_profile-tcp()
{
	profile_ready || return 0
	make_peer
	profile_tcp_server kernel
	attach
	profile_tcp_server unet
	detach
	remove_peer
}

modprobe veth
export LIBXDP_SKIP_DISPATCHER=1 # one program on the device, at its cheapest
insmod "$unet_module"
for part in "$@"; do
	note "$part"
	"part_$part"
done
rmmod unet
