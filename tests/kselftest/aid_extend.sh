#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Example extensions in all TCP flows of a device: for the scripts that read it after lib.sh.

# start_extension NS DEV OUT ERR WORDS_OF_GRANT... -- EXTENSION...: as user $AS, root when
# that is not set; what it says goes to the files OUT and ERR. $ID is its grant, $EXT its
# process.
start_extension() {
	local ns=$1 dev=$2 out=$3 err=$4
	local -a words=()
	shift 4
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	ID=$(ip netns exec "$ns" unetctl -j intermediary grant "$dev" proto tcp "${words[@]}" |
		jq .grant)
	ip netns exec "$ns" setpriv --reuid="${AS:-0}" --regid="${AS:-0}" --clear-groups \
		unet-ext "$ID" "$@" > "$out" 2> "$err" &
	EXT=$!
	at_exit end_process $EXT
	wait_until 20 grep -q serves "$err"
}

# end_extension NS GRANT PID: it is taken out, and ends.
end_extension() {
	ip netns exec "$1" unetctl intermediary revoke "$2" > /dev/null
	wait "$3"
}
