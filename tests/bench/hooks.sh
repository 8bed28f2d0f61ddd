#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Instructions that hooks cost, per batch and per packet, counted by callgrind. Each
# figure is a difference of runs of one program that differ in one number only, so
# start, end and what is not hooks fall out; it is the same on every run.
set -eu

program=build/bench/bench_hooks
command -v valgrind > /dev/null || { echo "hooks.sh: no valgrind: apt install valgrind" >&2; exit 1; }

# Instructions of a whole run.
count() { # HOOKS DIRECTION BATCH MATCH TURNS
	valgrind --tool=callgrind --callgrind-out-file=/dev/null $program "$@" 2>&1 |
		awk '/Collected/ { print $NF }'
}

# Instructions of a turn.
per_turn() { # HOOKS DIRECTION BATCH MATCH
	echo $((($(count "$@" 300) - $(count "$@" 100)) / 200))
}

# What each hook above FROM costs: for a packet, for a batch beside its packets, and
# for each packet of a batch of 33, all in all.
difference() { # SENTENCE FROM TO DIRECTION MATCH
	local hooks=$(($3 - $2)) one many
	one=$(($(per_turn "$3" "$4" 1 "$5") - $(per_turn "$2" "$4" 1 "$5")))
	many=$(($(per_turn "$3" "$4" 33 "$5") - $(per_turn "$2" "$4" 33 "$5")))
	awk -v s="$1" -v n=$hooks -v one=$one -v many=$many 'BEGIN {
		packet = (many - one) / 32
		printf "%-44s %8.1f %8.1f %12.1f\n", s, packet / n,
			(one - packet) / n, many / 33 / n
	}'
}

printf '%-44s %8s %8s %12s\n' "instructions" "packet" "batch" "of 33, each"
difference "received: the first hook, which does nothing" 0 1 rx all
difference "received: each further one" 1 5 rx all
difference "received: the first hook, matching nothing" 0 1 rx none
difference "sent: the first hook, which does nothing" 0 1 tx all
difference "sent: each further one" 1 5 tx all
printf '%-44s %8d\n' "a datagram through both stacks, no hooks" \
	$((($(per_turn 0 rx 33 all) - $(per_turn 0 rx 1 all)) / 32))
