#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: unetctl(8) against the real module: every command, table and JSON,
# filters, errors that name the wrong word and the allowed ones, exit statuses,
# namespaces, rights, events (D11, D17, R7.8).
source "$(dirname "$0")/lib.sh"
require_root
require jq socat setpriv unetctl
HOLD=$(dirname "$0")/aid_hold

ctl() { unetctl -n "$NS_A" "$@"; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# status WANTED SENTENCE COMMAND...: it exits so.
status() {
	local wanted=$1 sentence=$2
	shift 2
	"$@" > /dev/null 2>&1
	equal "$sentence" "$wanted" $?
}

# prints SENTENCE WANTED COMMAND...: exactly that on standard output.
prints() {
	local sentence=$1 wanted=$2
	shift 2
	equal "$sentence" "$wanted" "$("$@" 2>&1)"
}

# json SENTENCE FILTER COMMAND...: jq FILTER is true of what the command prints.
json() {
	local sentence=$1 filter=$2 out
	shift 2
	out=$("$@" 2>&1)
	if jq -e "$filter" <<< "$out" > /dev/null 2>&1; then
		ktap_test_pass "$sentence"
	else
		ktap_test_fail "$sentence"
		msg "not so of: $out"
	fi
}

# hold NAME DEV PORT: a channel with a UDP listener; its pid is in the variable.
hold() {
	local said
	said=$(mktemp)
	at_exit rm -f "$said"
	ip netns exec "$NS_A" "$HOLD" "$2" "$3" > "$said" 2>&1 &
	printf -v "$1" %s $!
	at_exit end_process $!
	wait_until 10 grep -q ready "$said" || msg "aid_hold: $(cat "$said")"
}

count() { ctl -j "$@" | jq length; }
ports() { ctl -j flows "$@" | jq -r '[.[].local_port] | sort | map(tostring) | join(" ")'; }
columns() { ctl "$@" | head -n 1 | sed 's/   */  /g'; }

# ---- without the module --------------------------------------------------------

without_module() {
	unload_module
	status 3 "without the module the exit status is 3" unetctl flows
	refuse "and it is said what to do" \
		'^unetctl: flows: the unet module is not loaded .*(modprobe|insmod)' unetctl flows
	json "version works without the module" \
		'.module == null and .tool_abi == 1' unetctl -j version
}

# ---- attach, detach, nexus -----------------------------------------------------

# sit0 is in every namespace of a kernel that has such tunnels built in.
attaching() {
	refuse "a device that is not there is named with those that are" \
		'^unetctl: attach: eth9: no such device in this namespace \(devices: lo, (sit0, )?v[xy], v[xy], va\)$' \
		ctl attach eth9
	refuse "a device that is not attached is told apart" \
		'^unetctl: detach: va: not attached \(attached: none\)$' ctl detach va
	status 1 "and the exit status is 1" ctl detach va
	refuse "loopback is refused" '^unetctl: attach: lo: ' ctl attach lo
	prints "attach says what it did" \
		"va: attached to nexus va (skb mode: rx_handler). 0 flows." ctl attach va
	refuse "a second attach is refused" '^unetctl: attach: va: .*attached' ctl attach va
	refuse "the attached are listed" \
		'^unetctl: stats: vx: not attached \(attached: va\)$' ctl stats vx
	json "attach prints JSON" \
		'.[0].ifname == "vx" and .[0].flows == 0 and length == 1' ctl -j attach vx
	equal "nexus lists both" "va vx" \
		"$(ctl -j nexus | jq -r 'map(.ifname) | sort | join(" ")')"
	json "nexus shows one" 'length == 1 and .[0].ifname == "va" and
		.[0].hook == "rx_handler"' ctl -j nexus va
	equal "other namespaces have none" 0 "$(unetctl -n "$NS_B" -j nexus | jq length)"
	json "detach prints JSON" '. == [{"ifname": "vx"}]' ctl -j detach vx
	prints "detach says what it did" "vx: detached." \
		sh -c "unetctl -n $NS_A attach vx > /dev/null; unetctl -n $NS_A detach vx"
	equal "and it is gone" 1 "$(count nexus)"
}

rights() {
	status 4 "attach needs CAP_NET_ADMIN, else the exit status is 4" \
		in_a setpriv --reuid=65534 --regid=65534 --clear-groups unetctl attach vx
	refuse "and it is said" '^unetctl: attach: vx: not permitted: needs CAP_NET_ADMIN' \
		in_a setpriv --reuid=65534 --regid=65534 --clear-groups unetctl attach vx
	status 4 "entering a namespace needs CAP_SYS_ADMIN" as_nobody unetctl -n "$NS_A" flows
	check "an ordinary user may look" \
		in_a setpriv --reuid=65534 --regid=65534 --clear-groups unetctl flows
	refuse "a namespace that is not there is named with those that are" \
		"^unetctl: flows: nowhere: no such network namespace \(namespaces: .*$NS_A" \
		unetctl -n nowhere flows
}

# ---- channels, flows -----------------------------------------------------------

tables() {
	hold FIRST va 5000
	hold SECOND va 5001
	equal "channels has its columns" \
		"CHANNEL  DEV  OWNER  UID  STATE  REASON  FLOWS  MEMORY" \
		"$(columns channels)"
	json "channels tells owner, state and memory" \
		"length == 2 and all(.[]; .ifname == \"va\" and .comm == \"aid_hold\" and
			.uid == 0 and .state == \"live\" and .reason == \"none\" and
			.flows == 1 and .arena_bytes > 0) and
		 (map(.pid) | sort) == ([$FIRST, $SECOND] | sort)" ctl -j channels
	equal "channels can be filtered by process" 1 "$(count channels pid "$SECOND")"
	equal "and by device" 2 "$(count channels dev va)"
	refuse "but not by port" 'channels: port: not a filter .*\(filters: dev, pid\)' \
		ctl channels port 5000

	equal "flows has its columns" \
		"FLOW  PROTO  LOCAL  REMOTE  OWNER  STATE  RX PKTS/BATCH  RX BYTES  TX BYTES  DROPS  CHAIN" \
		"$(columns flows)"
	check "a listener is a row of them" sh -c "unetctl -n $NS_A flows | grep -Eq \
		'^[0-9]+ +udp +\*:5000 +\* +aid_hold\[$FIRST\] +listen +0 +0 +0 +0 +-$'"
	json "and an object of the documented shape" \
		".[0] | .proto == \"udp\" and .family == \"inet\" and .local_addr == null and
		 .local_port == 5000 and .remote_addr == null and .remote_port == null and
		 .pid == $FIRST and .state == \"listen\" and .drops == 0 and .ifname == \"va\"" \
		ctl -j flows port 5000
	in_b socat -u OPEN:/etc/passwd,readbytes=100 UDP4-SENDTO:"$A4:5000"
	wait_until 5 sh -c "unetctl -n $NS_A -j flows port 5000 | jq -e '.[0].rx_packets == 1'"
	json "packets and bytes are counted" \
		'.[0] | .rx_packets == 1 and .rx_batches == 1 and .rx_bytes == 128' \
		ctl -j flows port 5000
}

filters() {
	equal "no filter: all flows" "5000 5001" "$(ports)"
	equal "port" "5001" "$(ports port 5001)"
	equal "local-port" "5000" "$(ports local-port 5000)"
	equal "remote-port" "" "$(ports remote-port 5000)"
	equal "pid" "5000" "$(ports pid "$FIRST")"
	equal "proto" "5000 5001" "$(ports proto udp)"
	equal "proto of nobody" "" "$(ports proto tcp)"
	equal "state" "5000 5001" "$(ports state listen)"
	equal "dev" "5000 5001" "$(ports dev va)"
	equal "addr of nobody" "" "$(ports addr 10.77.0.0/16)"
	equal "all of them must hold" "" "$(ports port 5001 pid "$FIRST")"
	refuse "a device that is not attached is no filter" \
		'^unetctl: flows: vx: not attached \(attached: va\)$' ctl flows dev vx
	status 2 "a bad filter is a wrong command line" ctl flows port 0
	refuse "a misspelt filter is named with the nearest and all" \
		'flows: prot: not a filter of this command, did you mean proto\? \(filters: dev, proto,' \
		ctl flows prot udp
	ctl attach vx > /dev/null
	equal "with two nexuses the device is a column" DEV "$(columns flows | awk '{ print $NF }')"
	ctl detach vx > /dev/null
}

real_flows() {
	if ! command -v unet-cat > /dev/null; then
		ktap_test_skip "a TCP connection is a flow of its own # needs unet-cat"
		ktap_test_skip "and can be found by its addresses # needs unet-cat"
		return
	fi
	# Neither end says that it is done: the connection stays established.
	sleep 20 | ip netns exec "$NS_A" unet-cat -i va -l -d "$A4:7000" &
	at_exit end_process $!
	wait_until 10 sh -c "unetctl -n $NS_A -j flows port 7000 | jq -e 'length == 1'"
	sleep 20 | ip netns exec "$NS_B" unet-cat -k -d "$A4:7000" &
	at_exit end_process $!
	wait_until 10 sh -c "unetctl -n $NS_A -j flows port 7000 state est | jq -e 'length == 1'"
	json "a TCP connection is a flow of its own" \
		".[0] | .proto == \"tcp\" and .state == \"est\" and .local_addr == \"$A4\" and
		 .remote_addr == \"$B4\" and .comm == \"unet-cat\"" \
		ctl -j flows state est
	equal "and can be found by its addresses" "7000" \
		"$(ports remote-addr "$B4" local-addr 10.77.0.0/24)"
}

# ---- stats, watch, monitor -------------------------------------------------------

counters() {
	equal "stats has its columns" "DEV  COUNTER  VALUE  MEANING" "$(columns stats)"
	check "and explains what is above zero" sh -c "unetctl -n $NS_A stats va |
		grep -Eq '^va +rx_delivered +[1-9][0-9]* +packets put into channels$'"
	check "and leaves out the rest" sh -c "! unetctl -n $NS_A stats | grep -q tx_bad_slot"
	check "unless asked" sh -c "unetctl -n $NS_A stats -a | grep -q tx_bad_slot"
	json "JSON has every counter" \
		'.[0].ifname == "va" and .[0].counters.rx_delivered > 0 and
		 .[0].counters.tx_bad_slot == 0 and (.[0].counters | length) >= 42' \
		ctl -j stats
}

watching() {
	local out
	out=$(timeout 3 unetctl -n "$NS_A" stats va --watch=0.3)
	check "watch prints again and again" \
		[ "$(grep -c '^DEV.*PER SECOND' <<< "$out")" -ge 3 ]
	check "with rates from the second turn on" \
		grep -Eq '^va +rx_delivered +[0-9]+ +[0-9]+ +packets' <<< "$out"
	out=$(timeout 2 unetctl -n "$NS_A" -j flows -w 0.3)
	check "with JSON a document a line" \
		[ "$(jq -s 'length' <<< "$out")" = "$(wc -l <<< "$out")" ]
}

events() {
	local said
	said=$(mktemp)
	at_exit rm -f "$said"
	unetctl -n "$NS_A" monitor > "$said" 2>&1 &
	at_exit end_process $!
	unetctl -n "$NS_A" -j monitor dev vx > "$said.json" 2>&1 &
	at_exit end_process $!
	at_exit rm -f "$said.json"
	wait_until 5 sh -c "unetctl -n $NS_A attach vx; unetctl -n $NS_A detach vx;
		grep -q detached $said && grep -q detached $said.json"
	kill -9 "$SECOND"
	wait_until 5 grep -q owner_died "$said"
	check "attach and detach are told" grep -Eq '^[0-9:.]{15} vx: attached$' "$said"
	check "the death of an owner is told" \
		grep -Eq "va: owner_died channel [0-9]+ of aid_hold\[$SECOND\]$" "$said"
	check "events are JSON of the documented shape" jq -es \
		'map(.event) | index("attached") != null and index("detached") != null' "$said.json"
	check "and filtered" jq -es 'all(.[]; .ifname == "vx" and .time > 1e9)' "$said.json"
}

# ---- what is promised elsewhere ----------------------------------------------------

# One of each that has fields of its own, and there is none yet.
make_rows() {
	ctl type add udp 7999 action host priority 60000
	ctl policy add udp 53 actions deliver
	ctl intermediary grant va rights observe proto udp local-port 7998
}

# What is printed as JSON, but events. What fails is a key that no manual has.
all_json() {
	local command
	for command in nexus channels flows version "type list" "policy list" \
		"intermediary list" "intermediary stat"; do
		# shellcheck disable=SC2086 # words
		ctl -j $command || echo "{ \"$command: failed\": 0 }"
	done
	ctl -j stats | jq 'map(del(.counters[]))'
}

# Every key printed is in the manual page.
documented_keys() {
	local key keys missing=
	make_rows > /dev/null
	keys=$(all_json | jq -r '.. | objects | keys[]' | sort -u)
	for key in policy actions generation redirect_port counter; do
		grep -qx "$key" <<< "$keys" || { echo "$key is not printed"; return 1; }
	done
	for key in $keys; do
		sed -n '/^.SH "JSON OUTPUT"/,/^.SH "EXIT/p' "$1" | grep -qw -- "$key" ||
			missing+=" $key"
	done
	[ -z "$missing" ] || { echo "not in the manual page:$missing"; return 1; }
}

complete_words() {
	(
		# shellcheck disable=SC1090
		source "$1"
		COMP_WORDS=(unetctl flows proto "") COMP_CWORD=3
		_unetctl unetctl
		[ "${COMPREPLY[*]}" = "tcp udp" ]
	)
}

promises() {
	local top=${UNET_TOP:-}
	if [ -z "$top" ]; then
		ktap_test_skip "every key of the JSON is in the manual page # needs the source"
		ktap_test_skip "bash completes words # needs the source"
		return
	fi
	check "every key of the JSON is in the manual page" \
		documented_keys "$top/tools/unetctl/unetctl.8"
	check "bash completes words" \
		complete_words "$top/tools/unetctl/completion/unetctl.bash"
}

errors() {
	refuse "a misspelt command is named with the nearest and all" \
		'^unetctl: flow: no such command, did you mean flows\? \(commands: attach, ' unetctl flow
	refuse "a misspelt option, too" '^unetctl: --jsn: no such option, did you mean --json\?' \
		unetctl --jsn flows
	status 2 "and the exit status is 2" unetctl flow
	refuse "output that cannot be written is an error" '^unetctl: flows: output could not' \
		sh -c "unetctl -n $NS_A flows > /dev/full"
	check "help is help" sh -c "unetctl help flows | grep -q 'local or remote port'"
}

plan 67
without_module
load_module
setup_pair
ip -n "$NS_A" link add vx type veth peer name vy
attaching
rights
tables
filters
real_flows
counters
watching
events
promises
errors
finish
