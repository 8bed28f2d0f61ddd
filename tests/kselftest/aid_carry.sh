#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Streams between unet-cat in $NS_A and unet-cat in $NS_B, and what the nexus there
# says of them: for the scripts that read it after lib.sh. They set $WORK, a folder,
# $PATIENCE, the seconds that any pair of programs may take, and $B4 and $B6.

# ---- a stream each way ---------------------------------------------------------

# run_cat FILE COMMAND...: what it says on standard error, then its status.
run_cat() {
	local said=$WORK/$1
	shift
	"$@" < /dev/null > /dev/null 2> "$said"
	echo "status $?" >> "$said"
}

background_cat() { # VARIABLE FILE COMMAND...
	local variable=$1
	shift
	run_cat "$@" &
	printf -v "$variable" %s $!
	at_exit end_process $!
}

listening() { grep -q listening "$WORK/$1.server"; }

# carry NAME SERVER CLIENT ADDR BYTES: BYTES each way between two of unet-cat, "-i
# va" or "-k", of which the one is in $NS_A, the other in $NS_B. It goes on in
# the background, until carried NAME.
declare -A SERVER_PID CLIENT_PID
carry() {
	local name=$1 server=$2 client=$3 addr=$4 bytes=$5 pid
	local -a cat=(timeout "$PATIENCE" unet-cat -v -p -d -s "$bytes" -e "$bytes")
	local listener=in_a caller=in_b
	case $addr in $B4:*|"[$B6]":*) listener=in_b caller=in_a ;; esac
	# shellcheck disable=SC2086 # "-i va" is two words
	background_cat pid "$name.server" "$listener" "${cat[@]}" $server -l -S 1 "$addr"
	SERVER_PID[$name]=$pid
	wait_until 30 listening "$name" || msg "$name: nobody listens"
	# shellcheck disable=SC2086
	background_cat pid "$name.client" "$caller" "${cat[@]}" $client -S 2 "$addr"
	CLIENT_PID[$name]=$pid
}

carried() { # NAME...
	local name
	for name; do
		wait "${SERVER_PID[$name]}" "${CLIENT_PID[$name]}"
		msg "$name: $(awk '$1 == "received" { print $2, "bytes each way,", $5, $6 }' \
			"$WORK/$name.client")"
	done
}

# line NAME.END LINE: "BYTES SHA256" of "sent" or "received".
line() { awk -v line="$2" '$1 == line { print $2, $NF }' "$WORK/$1"; }

arrived() { # NAME FROM TO BYTES
	local sent
	sent=$(line "$1.$2" sent)
	[[ "$sent" =~ ^$4\ [0-9a-f]{64}$ ]] && [ "$sent" = "$(line "$1.$3" received)" ]
}

# whole NAME BYTES: it went both ways, and both programs say so.
whole() {
	local file
	arrived "$1" server client "$2" && arrived "$1" client server "$2" &&
		[ "$(line "$1.server" sent)" != "$(line "$1.client" sent)" ] &&
		[ "$(cat "$WORK/$1".{server,client} | grep -cx 'status 0')" = 2 ] &&
		return
	for file in "$WORK/$1".{server,client}; do
		echo "${file##*/}:"
		sed 's/^/  /' "$file"
	done
	return 1
}

# ---- who carried it ----------------------------------------------------------------

# at_least NAME NUMBER: counter NAME of the nexus stands at NUMBER or above.
at_least() {
	local value
	value=$(counter "$NS_A" "$1")
	echo "$1 is $value, not $2 or more"
	[ "$value" -ge "$2" ]
}

# refused: what the nexus refused to send, could not, or dropped on receipt. What
# the queueing discipline drops is its affair (tx_drop_device), and what comes late
# finds nobody (rx_drop_dead).
refused() {
	in_a unetctl -j stats | jq -c '[.. | objects | to_entries[] | select(
		(.key | test("^(tx_(bad|spoof|source|no|too)|rx_(drop_(no|ring|too)|csum)|ch_poisoned)"))
		and .value > 0)] | from_entries'
}
