#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Instructions that hooks cost, per batch and per packet, counted by callgrind. Each
# figure is a difference of runs of one program that differ in one number only, so
# start, end and what is not hooks fall out; it is the same on every run.
set -eu

program=build/bench/bench_hooks
out=$(mktemp)
trap 'rm -f "$out" "$out.log"' EXIT
command -v valgrind > /dev/null || { echo "hooks.sh: no valgrind: apt install valgrind" >&2; exit 1; }

# Instructions of a whole run, and how many of them malloc() and its like took, with
# all they call. callgrind names a function once, and by its number from then on.
count() { # HOOKS DIRECTION BATCH MATCH TURNS
	valgrind --tool=callgrind --callgrind-out-file="$out" $program "$@" > "$out.log" 2>&1 ||
		{ cat "$out.log" >&2; return 1; }
	awk '
		function is_heap(field) {
			sub(/^c?fn=/, "", field)
			if ($2 != "")
				heap[field] = $2 ~ /^(malloc|calloc|realloc|free)$/
			return heap[field]
		}
		/^fn=/ { inside = is_heap($1) }
		/^cfn=/ { enters = is_heap($1) && !inside }
		/^calls=/ { getline; if (enters) sum += $2 }
		/^totals:/ { all = $2 }
		END { print all, sum + 0 }' "$out"
}

# The same of a turn.
per_turn() { # HOOKS DIRECTION BATCH MATCH
	echo "$(count "$@" 300)" "$(count "$@" 100)" |
		awk '{ print int(($1 - $3) / 200), int(($2 - $4) / 200) }'
}

# What each hook above FROM costs: for a packet, for a batch beside its packets, and
# for each packet of a batch of 33, all in all; then malloc's part of the first.
difference() { # SENTENCE FROM TO DIRECTION MATCH
	local batch hooks
	for batch in 1 33; do
		for hooks in "$2" "$3"; do
			per_turn "$hooks" "$4" $batch "$5"
		done
	done | awk -v s="$1" -v n=$(($3 - $2)) '
		{ all[NR] = $1; heap[NR] = $2 }
		END {
			one = all[2] - all[1]
			many = all[4] - all[3]
			packet = (many - one) / 32
			part = (heap[4] - heap[3] - heap[2] + heap[1]) / 32
			printf "%-44s %8.1f %8.1f %12.1f %8.1f\n", s, packet / n,
				(one - packet) / n, many / 33 / n, part / n
		}'
}

printf '%-44s %8s %8s %12s %8s\n' "instructions" "packet" "batch" "of 33, each" "malloc"
difference "received: the first hook, which does nothing" 0 1 rx all
difference "received: each further one" 1 5 rx all
difference "received: the first hook, matching nothing" 0 1 rx none
difference "sent: the first hook, which does nothing" 0 1 tx all
difference "sent: each further one" 1 5 tx all
{ per_turn 0 rx 1 all; per_turn 0 rx 33 all; } | awk '
	{ all[NR] = $1; heap[NR] = $2 }
	END {
		printf "%-44s %8.1f %30.1f\n", "a datagram through both stacks, no hooks",
			(all[2] - all[1]) / 32, (heap[2] - heap[1]) / 32
	}'
