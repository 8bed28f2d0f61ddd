#!/bin/bash
# SPDX-License-Identifier: MIT
#
# table.sh RESULTS: the lines that bench.sh gathered, for people, with the
# design's targets beside them.
set -euo pipefail

results=$1

rows() { jq -rs "$1" "$results" | column -t -s $'\t'; }

echo "Instruction-counting VM: -accel tcg,thread=single -icount shift=0,sleep=off -smp 1"
echo "-cpu max,-erms,-fsrm (copies by words). One instruction counts as one nanosecond."
if grep -q '"bench":"rx"' "$results"; then
	echo
	echo "Receive: 64-byte UDP, from a BPF live-frames test run in bursts of 64 through veth"
	echo "with GRO on. Instructions per packet of the whole machine; \"above\" is less the drop"
	echo "at the same hook; ratio is unet's against the rival's above."
	echo
	rows '
	[.[] | select(.bench == "rx")] as $rx
	| def named($w; $f): $rx[] | select(.way == $w and .flows == $f);
	  def base(w): if w == "xsk-native" then "drop-native" else "drop" end;
	  def above(r): ([named(base(r.way); r.flows).insn][0]) as $d
		| if $d then r.insn - $d else null end;
	  def show(x): if x == null then "-" else (x * 10 | round / 10 | tostring) end;
	["FLOWS", "WAY", "TOTAL", "ABOVE", "LOST", "PER-BATCH", "UNET-RATIO", "TARGET"],
	($rx[] | . as $r
	 | ([named("unet"; .flows)][0]) as $u
	 | [ (.flows | tostring), .way, (.insn | tostring),
	     (if .way | startswith("drop") then "-" else show(above($r)) end),
	     (if .way | startswith("drop") then "-"
	      else (.packets - .received | if . < 0 then 0 else . end | tostring) end),
	     (if .batches > 0 then show(.received / .batches) else "-" end),
	     (if $u and (.way | test("^(xsk|packet|udp)"))
	      then (above($u) / above($r) * 100 | round / 100 | tostring) else "-" end),
	     (if .way == "xsk-generic" then "at most 0.5"
	      elif .way == "xsk-native" then "at most 0.8 in XDP mode"
	      elif .way == "unet" then "387 above" else "-" end)
	   ]) | @tsv'
fi

if grep -q '"rx-counters"' "$results"; then
	echo
	rows '
	["FLOWS", "DELIVERED", "BATCHES", "POLLS", "WAKEUPS", "DROPPED", "TARGET"],
	(.[] | select(.bench == "rx-counters")
	 | [ (.flows, .rx_delivered, .rx_batches, .rx_publishes, .ch_wakeups,
	      .rx_drop_no_buffer + .rx_drop_ring_full | tostring),
	     "at most 1 wakeup per channel per poll" ]) | @tsv'
fi

if grep -q '"bench":"flows"' "$results"; then
	echo
	echo "Looking a flow up among others: packets of one listener while a nexus has so many"
	echo "connected flows. known: from one source, which is remembered; looked-up: from"
	echo "50,000, which are not; both above the drop of the same packets. look-up is the"
	echo "difference, ratio is to one flow."
	echo
	rows '
	[.[] | select(.bench == "flows")] as $f
	| def drop(n): [$f[] | select(.way == "drop" and .flows == n).insn][0];
	  def above(t; n): [$f[] | select(.table == t and .flows == n).insn][0] - drop(n);
	  def show(x): x * 10 | round / 10 | tostring;
	  def lookup(t): above(t; 50000) - above(t; 1);
	["FLOWS", "KNOWN", "LOOKED-UP", "LOOK-UP", "RATIO", "LOST", "TARGET"],
	($f[] | select(.way != "drop" and .flows == 1).table
	 | . as $t
	 | [ ($t | tostring), show(above($t; 1)), show(above($t; 50000)), show(lookup($t)),
	     (lookup($t) / lookup(1) * 100 | round / 100 | tostring),
	     ([$f[] | select(.table == $t) | .packets - .received] | add | tostring),
	     (if $t > 1000 then "at most 1.5" else "-" end) ]) | @tsv'
	jq -rs '([.[] | select(.bench == "masks").insn][0]) as $all
		| ([.[] | select(.bench == "flows" and .table == 1 and .flows > 1).insn][0]) as $some
		| select($all) | "\nWhere flows of two more kinds are held, those are asked, too: \($all - $some
		| round) instructions more a look-up."' "$results"
fi

if grep -q '"bench":"sums"' "$results"; then
	echo
	echo "Packets of 1,400 bytes whose checksum nobody has verified: what that adds, over the"
	echo "same packets without one. A pass of its own over the bytes reads them once more."
	echo
	rows '
	[.[] | select(.bench == "sums")] as $s
	| def plain($way): [$s[] | select(.way == $way and (.summed | not))][0];
	["WAY", "WITHOUT", "WITH", "ADDS", "LOST"],
	($s[] | select(.summed) | plain(.way) as $plain
	 | [ .way, ($plain.insn | tostring), (.insn | tostring),
	     ((.insn - $plain.insn) * 10 | round / 10 | tostring),
	     (.packets - .received + $plain.packets - $plain.received | tostring) ]) | @tsv'
fi

if grep -q '"bench":"mid"' "$results"; then
	echo
	echo "A process in the middle: the same packets on their way to a receiver pass a process"
	echo "that looks at each, or gives each another header (rewrite: with another DSCP; ttl:"
	echo "another TTL; ident: another identification, as any other field of IP's header) or"
	echo "payload, of the same length, or are shown to it. \"above\" is what that adds; ratio is unet's against the rival's that"
	echo "does the same. mark: the process says which DSCP packets are to"
	echo "have; its ratio is to nfqueue's rewriting, which comes to the same."
	echo
	rows '
	[.[] | select(.bench == "mid")] as $m
	| def above(r): ([$m[] | select(.way == "none" and .receiver == r.receiver).insn][0]) as $d
		| if $d then r.insn - $d else null end;
	  def show(x): if x == null then "-" else (x * 10 | round / 10 | tostring) end;
	  def row($way; $what): [$m[] | select(.way == $way and .what == $what)][0];
	  def ratio($ours; $theirs): if $ours and $theirs
		then (above($ours) / above($theirs) * 100 | round / 100 | tostring) else "-" end;
	["WAY", "DOES", "RECEIVER", "TOTAL", "ABOVE", "LOST", "UNET-RATIO", "TARGET"],
	($m[] | . as $r
	 | [ .way, .what // "-", .receiver, (.insn | tostring),
	     (if .way == "none" then "-" else show(above($r)) end),
	     (.packets - .received | tostring),
	     (if .way == "none" then "-"
	      elif .what == "mark" then ratio($r; row("nfqueue"; "rewrite"))
	      elif .way == "unet" then "-" else ratio(row("unet"; .what); $r) end),
	     (if .way == "nfqueue" or .what == "mark" then "at most 0.33" else "-" end)
	   ]) | @tsv'
fi

if grep -q '"bench":"types"' "$results"; then
	echo
	echo "Packets that a rule of packet types drops, among others for other ports. types: the"
	echo "rule looks at the payload, so each packet is looked up; types-known: it does not,"
	echo "and what it does is remembered; types-crowd: the others are for the same port, are"
	echo "asked before, and look at the payload, too. \"above\" is less the drop at the same"
	echo "hook; ratio is to one rule."
	echo
	rows '
	[.[] | select(.bench == "types")] as $t
	| ([$t[] | select(.way == "drop").insn][0]) as $d
	| def above: (. - $d) * 10 | round / 10;
	  def one($w): [$t[] | select(.way == $w and .rules == 1).insn][0] | above;
	["WAY", "RULES", "TOTAL", "ABOVE", "RATIO", "TARGET"],
	($t[]
	 | [ .way, (.rules | tostring), (.insn | tostring),
	     (if .way == "drop" then "-" else (.insn | above | tostring) end),
	     (if .way == "drop" then "-"
	      else ((.insn | above) / one(.way) * 100 | round / 100 | tostring) end),
	     (if .way == "types" and .rules == 1000 then "at most 1.2" else "-" end)
	   ]) | @tsv'
fi

if grep -q '"bench":"tcp"' "$results"; then
	echo
	echo "TCP over veth, one virtual CPU for both ends. The kernel's client with the kernel's"
	echo "server, with libunet's, and libunet at both ends; ratios are to the first."
	echo "recv: the server sends, send: it receives, kill: from a server's SIGKILL until the"
	echo "last of its peers is told."
	echo
	rows '
	[.[] | select(.bench == "tcp")] as $t
	| def kinds: {
		"send": { unit: "Mbit/s", target: "at least 1.3" },
		"recv": { unit: "Mbit/s", target: "at least 1.3" },
		"rr": { unit: "trips/s", target: "at least 2" },
		"crr": { unit: "connections/s", target: "at least 2" },
		"kill": { unit: "us", target: "unet at most 10000 us" } };
	  def figure: if .kind == "kill" then (.insn / 1000 | round)
		elif .kind == "send" or .kind == "recv" then .mbit_per_s
		else .per_s end;
	  def of(k; s; c): [$t[] | select(.kind == k.kind and .conns == k.conns and
					  .server == s and .client == c) | figure][0];
	  def show(x): if x then x | tostring else "-" end;
	  def ratio(x; k): if x then x / k * 100 | round / 100 | tostring else "-" end;
	["KIND", "CONNECTIONS", "KERNEL", "UNET", "RATIO", "BOTH-UNET", "RATIO", "UNIT", "TARGET"],
	($t[] | select(.server == "kernel") | . as $row | figure as $k
	 | of($row; "unet"; "kernel") as $u | of($row; "unet"; "unet") as $both
	 | [ .kind, (.conns | tostring), ($k | tostring), show($u), ratio($u; $k),
	     show($both), ratio($both; $k), kinds[.kind].unit, kinds[.kind].target
	   ]) | @tsv'
fi

if grep -q '"bench":"hooks"' "$results"; then
	echo
	echo "libunet's server with hooks that do nothing and are shown all packets of both"
	echo "directions. rr: the median of trips, a packet each way; send: of 64 KiB that come, as"
	echo "super packets, and their acknowledgments: there, 1 % is noise. \"above\" is less none."
	echo
	rows '
	[.[] | select(.bench == "hooks")] as $h
	| def insn: if .kind == "rr" then .median_ns else .insn / .bytes * 65536 | round end;
	  def none($kind): [$h[] | select(.kind == $kind and .hooks == 0) | insn][0];
	["KIND", "HOOKS", "INSN", "ABOVE"],
	($h[] | insn as $i
	 | [ .kind, (.hooks | tostring), ($i | tostring),
	     (if .hooks == 0 then "-" else $i - none(.kind) | tostring end) ]) | @tsv'
fi

if grep -q '"bench":"tcp".*"kind":"rr"' "$results"; then
	echo
	echo "The same round trips, one by one: us from request to response."
	echo
	rows '
	[.[] | select(.bench == "tcp" and .kind == "rr")] as $t
	| def of(k; s; c): [$t[] | select(.conns == k.conns and .server == s and .client == c)][0];
	  def us: if . then . / 100 | round / 10 | tostring else "-" end;
	  def ratio(x; k): if x then x / k * 100 | round / 100 | tostring else "-" end;
	["CONNECTIONS", "OF-THEM", "KERNEL", "UNET", "RATIO", "BOTH-UNET", "RATIO", "TARGET"],
	($t[] | select(.server == "kernel") | . as $row | of($row; "unet"; "kernel") as $u
	 | of($row; "unet"; "unet") as $both
	 | ["median", "p99"][] | . as $which | ($which + "_ns") as $ns
	 | [ ($row.conns | tostring), $which, ($row[$ns] | us), ($u[$ns] | us),
	     ratio($u[$ns]; $row[$ns]), ($both[$ns] | us), ratio($both[$ns]; $row[$ns]),
	     "at most 0.5" ]) | @tsv'
fi

if grep -q '"bench":"memory"' "$results"; then
	echo
	echo "An idle TCP connection, bytes: the kernel's objects for one end; libunet's part of"
	echo "one in the memory of the application."
	echo
	rows '
	[.[] | select(.bench == "memory")] as $m
	| ([$m[] | select(.way == "kernel").bytes][0]) as $k
	| ["WAY", "BYTES", "OF-KERNEL", "TARGET"],
	($m[]
	 | [ .way, (.bytes | tostring),
	     (if .way == "kernel" or ($k | not) then "-"
	      else (.bytes / $k * 100 | round / 100 | tostring) end),
	     (if .way == "unet" then "at most 1024" else "-" end) ]) | @tsv'
fi

profile_of()
{
	echo
	echo "Where the instructions go: $1 (functions above 0.7 %)"
	echo
	rows '
	[.[] | select(.bench == "profile" and .what == "'"$1"'")] as $p
	| def percent: . * 1000 | round / 10 | tostring + " %";
	["SHARE", "INSN/" + ($p[0].unit | ascii_upcase), "FUNCTION", "IN"],
	($p[] | select(.share >= 0.007)
	 | [ (.share | percent), (.insn | round | tostring), .function, .in ]),
	($p | group_by(.in)
	 | map({ in: .[0].in, share: (map(.share) | add), insn: (map(.insn) | add) })
	 | sort_by(-.share)[] | select(.share >= 0.007)
	 | [ (.share | percent), (.insn | round | tostring), "all of", .in ]) | @tsv'
}

jq -rs '[.[] | select(.bench == "profile").what] | unique[]' "$results" |
	while read -r what; do profile_of "$what"; done
