#!/bin/bash
# SPDX-License-Identifier: MIT
#
# guest.sh KVER: the demonstration itself, inside the VM. Two network namespaces
# stand for two machines; the server's side runs unet.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$top/build/rel/tools:$PATH
ko=$top/build/kmod-$1/unet.ko
www=/tmp/unet-demo/www
got=/tmp/unet-demo/got
url=http://10.0.0.2:8080
url6='http://[fd00::2]:8080'

# ---- telling -------------------------------------------------------------------

bold= blue= plain=
if [ -n "${DEMO_COLOURS:-}" ]; then
	bold=$'\033[1m' blue=$'\033[36m' plain=$'\033[0m'
fi

steps=0
summary=()
step() {
	steps=$((steps + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$steps" "$*" "$plain"
}

show() { printf '   %s$ %s%s\n' "$blue" "$*" "$plain"; }
indent() { sed 's/^/   /'; }

fail() {
	printf '\n   FAILED: %s\n' "$*"
	printf '\nDemo: failed at step %d: %s\n' "$steps" "$*"
	[ ! -s /tmp/unet-demo/server.log ] ||
		{ echo "The server said:"; tail -n 20 /tmp/unet-demo/server.log; } | indent
	exit 1
}

# run COMMAND...: shows it, runs it, shows what it says.
run() {
	local out status
	show "$@"
	out=$("$@" 2>&1)
	status=$?
	[ -z "$out" ] || indent <<< "$out"
	[ $status -eq 0 ] || fail "'$*' ended with status $status"
}

holds() { # SENTENCE COMMAND...: must succeed, quietly
	local sentence=$1
	shift
	"$@" > /dev/null 2>&1 || fail "not so: $sentence"
	printf '   ok: %s\n' "$sentence"
	summary+=("$sentence")
}

server() { ip netns exec server "$@"; }
client() { ip netns exec client "$@"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
now_ms() { local us=${EPOCHREALTIME/./}; echo $((us / 1000)); }
fetch() { client curl -sS --max-time 60 "$@"; }
# For the background: the job's process is curl itself.
fetch_exec() { exec ip netns exec client curl -sS --max-time 60 "$@"; }

same_file() { [ "$(sum "$1")" = "$(sum "$2")" ]; }

wait_for() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# ---- the steps -----------------------------------------------------------------

load() {
	step "Load the module. It makes /dev/unet, which ordinary users may open."
	show "insmod unet.ko"
	insmod "$ko" || fail "insmod: $(dmesg | tail -n 1)"
	run ls -l /dev/unet
}

two_machines() {
	step "Two network namespaces joined by a veth pair: a client and a server." \
		"The kernel configures the addresses, as on any host."
	run ip netns add client
	run ip netns add server
	run ip link add eth0 netns server type veth peer name eth0 netns client
	run ip -n server addr add 10.0.0.2/24 dev eth0
	run ip -n server addr add fd00::2/64 dev eth0 nodad
	run ip -n client addr add 10.0.0.1/24 dev eth0
	run ip -n client addr add fd00::1/64 dev eth0 nodad
	local ns
	for ns in server client; do
		ip -n $ns link set lo up
		ip -n $ns link set eth0 up
	done
	holds "the two reach each other" wait_for 10 client ping -c 1 -W 1 fd00::2

	# A listener of the kernel's, as sshd would be.
	(while :; do echo "SSH-2.0-kernel" | server nc -l -N 10.0.0.2 22; done) \
		> /dev/null 2>&1 &
	kernel_listener=$!
}

greeting() { client nc -d -w 5 10.0.0.2 22 | grep -q SSH-2.0-kernel; }

attach() {
	step "Attach unet to the server's device. The device stays the host's:" \
		"only packets of unet's own flows will leave its path."
	run ip netns exec server unetctl attach eth0
}

start_server() {
	step "Start a web server on the host's own addresses, as user nobody." \
		"TCP/IP runs inside that process; the kernel knows no such socket."
	mkdir -p $www $got
	echo "Hello from a TCP/IP stack inside the application." > $www/hello.txt
	head -c 20000000 /dev/urandom > $www/large.bin
	chmod -R a+rX /tmp/unet-demo
	show "setpriv --reuid=nobody unet-httpd -t 300 -i eth0 -l 10.0.0.2:8080 -l [fd00::2]:8080 -r www &"
	# Straight into the namespace: "ip netns exec" in between would be killed instead.
	nsenter --net=/run/netns/server \
		setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
		unet-httpd -t 300 -i eth0 -l 10.0.0.2:8080 -l '[fd00::2]:8080' -r $www \
		> /tmp/unet-demo/server.log 2>&1 &
	httpd=$!
	disown $httpd
	wait_for 10 grep -q ready /tmp/unet-demo/server.log || fail "the server is not ready"
	show "ps -o user,pid,args -p \$!"
	ps -o user,pid,args -p $httpd | indent
	holds "the server runs as nobody" test "$(stat -c %u /proc/$httpd)" = 65534
	holds "no kernel socket listens on port 8080" \
		test -z "$(server ss -Hltn 'sport = :8080')"
}

fetches() {
	step "Fetch files with curl over the client's kernel TCP."
	show "curl $url/hello.txt"
	fetch $url/hello.txt -o $got/hello.txt || fail "curl: status $?"
	indent < $got/hello.txt
	holds "a small file arrives over IPv4" same_file $www/hello.txt $got/hello.txt
	fetch -g "$url6/hello.txt" -o $got/hello6.txt || fail "curl over IPv6: status $?"
	holds "and over IPv6" same_file $www/hello.txt $got/hello6.txt

	show "curl -o large.bin $url/large.bin; sha256sum"
	fetch $url/large.bin -o $got/large.bin \
		-w '%{size_download} bytes in %{time_total} s\n' | indent
	sha256sum $www/large.bin $got/large.bin | indent
	holds "20 MB arrive unchanged (SHA-256 equal)" same_file $www/large.bin $got/large.bin
}

connected() { server unetctl flows state est | grep -c ' est '; }
all_connected() { [ "$(connected)" = 20 ]; }

# For the background. Nobody reads what curl writes until the gate is open: so all are
# connected at the same time, however slow the machine is.
fetch_gated() {
	set -o pipefail
	fetch --max-time 200 $url/one.bin | { : < $got/gate; cat > "$1"; }
}

concurrent() {
	step "20 fetches of 1 MB at the same time: none goes on before all are connected."
	local i pids=() wanted
	head -c 1000000 $www/large.bin > $www/one.bin
	chmod a+r $www/one.bin
	wanted=$(sum $www/one.bin)
	mkfifo $got/gate
	for i in {1..20}; do
		fetch_gated "$got/one.$i" &
		pids+=($!)
	done
	show "unetctl flows state est | grep -c ' est '"
	wait_for 100 all_connected || fail "$(connected) of 20 are connected"
	connected | indent
	holds "20 connections are there at once" true
	exec 8> $got/gate
	for i in "${pids[@]}"; do
		wait "$i" || fail "one of the 20: curl's status $?"
	done
	exec 8>&-
	for i in {1..20}; do
		[ "$(sum "$got/one.$i")" = "$wanted" ] || fail "file $i of 20 differs"
	done
	holds "and all 20 files are equal" true
}

inspect() {
	step "While a fetch runs: what unet knows, and what tcpdump sees."
	fetch_exec --limit-rate 400k $url/large.bin -o /dev/null &
	local slow=$! sniffer flows
	sleep 1
	run ip netns exec server unetctl flows
	flows=$(server unetctl flows)
	holds "unetctl shows the listener, with its owner" \
		grep -q 'unet-httpd.* listen ' <<< "$flows"
	holds "and the connection" grep -q 'unet-httpd.* est ' <<< "$flows"
	kill $slow
	wait $slow 2> /dev/null

	show "tcpdump -ni eth0 -c 6 tcp port 8080"
	server timeout 10 tcpdump -ni eth0 -c 6 tcp port 8080 > $got/tcpdump 2> $got/tcpdump.err &
	sniffer=$!
	wait_for 10 grep -q listening $got/tcpdump.err || fail "tcpdump does not start"
	fetch $url/hello.txt -o /dev/null || fail "curl: status $?"
	wait $sniffer
	cut -c1-110 $got/tcpdump | indent
	holds "tcpdump sees both directions" \
		test "$(grep -c '10.0.0.2.8080 >' $got/tcpdump)" -gt 0 -a \
			"$(grep -c '> 10.0.0.2.8080' $got/tcpdump)" -gt 0
}

beside() {
	step "The kernel's own listener on the same address, port 22, does not notice."
	show "nc 10.0.0.2 22"
	client nc -d -w 5 10.0.0.2 22 | indent
	holds "the kernel's listener on the same address still answers" wait_for 10 greeting
}

kernel_listens() { client ss -Hltn 'sport = :7000' | grep -q LISTEN; }

client_of_the_kernel() {
	step "The other way round: unet-cat connects, from inside its own process, to a listener" \
		"of the client machine's kernel."
	client timeout 60 nc -l -N 10.0.0.1 7000 < /dev/null > $got/sent &
	local listener=$!
	wait_for 20 kernel_listens || fail "nc does not listen"
	show "unet-cat -i eth0 10.0.0.1:7000 < hello.txt"
	server setpriv --reuid=65534 --regid=65534 --clear-groups \
		unet-cat -i eth0 -t 30 10.0.0.1:7000 < $www/hello.txt || fail "unet-cat: status $?"
	wait $listener || fail "nc: status $?"
	indent < $got/sent
	holds "what unet-cat sent arrives at a kernel's socket" same_file $www/hello.txt $got/sent
}

being_served() { ip netns exec server unetctl flows | grep -q ' est '; }

kill_server() {
	step "Kill the server in the middle of a fetch: kill -9, no goodbye." \
		"The kernel resets its connections at once."
	truncate -s 100G $www/endless.bin
	chmod a+r $www/endless.bin
	fetch_exec $url/endless.bin -o /dev/null 2> $got/curl.err &
	local slow=$! killed status took
	wait_for 20 being_served
	sleep 1
	show "kill -9 \$SERVER"
	killed=$(now_ms)
	kill -9 $httpd
	wait $slow
	status=$?
	took=$(($(now_ms) - killed))
	indent < $got/curl.err
	holds "the client got a reset (curl's status 56)" test $status = 56
	printf '   %s ms after the kill\n' $took
	holds "and got it at once (in less than 1 s)" test $took -lt 1000
	fetch --max-time 5 $url/hello.txt -o /dev/null 2> $got/curl.err
	status=$?
	indent < $got/curl.err
	holds "a new connection is refused, by the host (curl's status 7)" test $status = 7
}

unload() {
	step "Detach and unload. The host goes on as if nothing had been."
	run ip netns exec server unetctl detach eth0
	show "rmmod unet"
	rmmod unet || fail "rmmod unet: status $?"
	holds "the module is gone" test ! -e /dev/unet
	holds "the device still carries packets" client ping -c 1 -W 2 10.0.0.2
	holds "the kernel's listener still answers" greeting
}

load
two_machines
holds "a kernel listener on 10.0.0.2, port 22, answers" wait_for 10 greeting
attach
start_server
fetches
concurrent
inspect
beside
client_of_the_kernel
kill_server
unload
kill $kernel_listener

printf '\n%sSummary, on Linux %s:%s\n' "$bold" "$(uname -r)" "$plain"
printf '   - %s\n' "${summary[@]}"
printf '\nDemo: all %d steps did what they should.\n' $steps
