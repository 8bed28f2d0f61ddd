#!/bin/bash
# SPDX-License-Identifier: MIT
#
# install-guest.sh KVER: inside the VM, what `make install` puts on a host works
# from there, and `make uninstall` takes all of it away. Prints TAP.
set -u

kver=$1
number=0
failed=0
check() { # SENTENCE COMMAND...
	local sentence=$1 out
	shift
	number=$((number + 1))
	if out=$("$@" 2>&1); then
		echo "ok $number - $sentence"
	else
		echo "not ok $number - $sentence"
		sed 's/^/# /' <<< "$out"
		failed=1
	fi
}

installed_files() { find /usr/local /lib/modules/"$kver"/updates /usr/src ! -type d 2>/dev/null | sort; }

readme_program_builds() {
	cd /tmp && sed -n '/^```c$/,/^```$/{//!p}' "$OLDPWD/README.md" > echo.c &&
		PKG_CONFIG_PATH=/usr/local/lib/pkgconfig sh -c \
			'gcc -Wall -Wextra -Werror echo.c $(pkg-config --cflags --libs libunet) -o echo' &&
		ldd echo | grep -q '/usr/local/lib/libunet.so.0'
}

# Its device is not attached, and it says so.
readme_program_runs() { ! /tmp/echo > /tmp/said 2>&1 && grep -qi 'eth0' /tmp/said; }

in_here() { ip netns exec here "$@"; }
in_there() { ip netns exec there "$@"; }

# A device of the name that the README gives it, with a peer.
make_eth0() {
	ip netns add here && ip netns add there &&
		ip link add eth0 netns here type veth peer name eth1 netns there &&
		ip -n here addr add 192.0.2.1/24 dev eth0 &&
		ip -n there addr add 192.0.2.2/24 dev eth1 &&
		ip -n here link set lo up && ip -n here link set eth0 up &&
		ip -n there link set eth1 up &&
		in_here /usr/local/bin/unetctl attach eth0
}

# echoes TEXT: that comes back, within patient seconds.
echoes() {
	local got i
	for i in {1..20}; do
		got=$(printf %s "$1" | in_there nc -N -w 20 192.0.2.1 7777) && break
		kill -0 "$echo_pid" || break
		sleep 0.5
	done
	[ "$got" = "$1" ] || {
		echo "try $i got '$got', the server said '$(cat /tmp/said)'"
		return 1
	}
}

# As nobody: no more than a user's rights are needed. Not by check, which has what it
# runs in a shell of its own; and no function in the background, whose shell would be
# what gets the signals.
start_readme_program() {
	ip netns exec here setpriv --reuid=65534 --regid=65534 --clear-groups /tmp/echo \
		> /tmp/said 2>&1 &
	echo_pid=$!
}

is_stopped() { [ "$(awk '{ print $2, $3 }' "/proc/$echo_pid/stat")" = "(echo) T" ]; }

# What a shell's ^Z and fg do: the server must neither end nor lose its listener.
outlives_a_stop() {
	kill -STOP "$echo_pid" && sleep 1 && is_stopped && kill -CONT "$echo_pid" && sleep 1 &&
		echoes "after a stop"
}

# A connection that is open is stopped and continued, too.
keeps_connection_over_a_stop() {
	local got=
	mkfifo /tmp/to
	in_there nc -N -w 20 192.0.2.1 7777 < /tmp/to > /tmp/got &
	exec 9> /tmp/to
	echo one >&9
	sleep 1
	kill -STOP "$echo_pid" && echo two >&9 && sleep 1 && is_stopped && kill -CONT "$echo_pid"
	sleep 1
	exec 9>&-
	for _ in {1..40}; do
		got=$(tr '\n' ' ' < /tmp/got)
		[ "$got" != "one two " ] || return 0
		sleep 0.5
	done
	echo "got '$got', the server said '$(cat /tmp/said)'"
	return 1
}

end_eth0() {
	kill "$echo_pid" 2> /dev/null
	in_here /usr/local/bin/unetctl detach eth0 && ip netns del here && ip netns del there
}

# One from the SDK's header, and one that was installed, named without a folder.
hooks_load() {
	cd /tmp || return
	sed -n '/^ \*   #include <unet\/hook_sdk.h>/,/^ \*   };/s/^ \*   \?//p' \
		/usr/local/include/unet/hook_sdk.h > look.c
	cat > load.c <<-'END'
	#include <stdio.h>
	#include <unet/unet.h>
	int main(void)
	{
		struct unet_stack *end[2];
		int err = unet_wire_open(NULL, end) ? 0 : -1;

		err = err ? err : unet_hook_load(end[0], "./look.so:rate.so=pps=5");
		printf("%s\n", unet_error_detail());
		return err || unet_hook_list(end[0], NULL, 0) != 2;
	}
	END
	export PKG_CONFIG_PATH=/usr/local/lib/pkgconfig
	# shellcheck disable=SC2046 # words of a command line
	gcc -Wall -Wextra -Werror -Wno-unused-parameter -shared -fPIC look.c -o look.so \
		$(pkg-config --cflags libunet) &&
		gcc -Wall -Wextra -Werror load.c -o load $(pkg-config --cflags --libs libunet) &&
		./load &&
		gcc load.c -o load-static -rdynamic -Wl,-Bstatic \
			$(pkg-config --static --cflags --libs libunet) -Wl,-Bdynamic
}

# depmod reads every module there is, which takes minutes in emulation: it gets
# few to read.
few_modules() {
	mount -t tmpfs tmpfs /lib/modules/"$kver" &&
		cp /tmp/vm-modules/* /lib/modules/"$kver"/
}

# By the README's own line. Who is in the group that it names udev says, which is not here.
not_for_everybody() {
	local options to has
	options=$(sed -n "s/^    echo '\(options unet .*\)' | sudo tee .*/\1/p" README.md)
	to=$(sed -n "s/^    echo 'options unet .* | sudo tee \(.*\)/\1/p" README.md)
	rmmod unet && echo "$options" > "$to" && modprobe unet &&
		has=$(stat -c %a /dev/unet) && rm "$to" && [ "$has" = 660 ]
}

mkdir -p /tmp/vm-modules
cp /lib/modules/"$kver"/modules.{builtin*,order} /tmp/vm-modules/
modprobe -q veth # is not among the few
few_modules || exit 1
before=$(installed_files)
check "make install" make install KVER="$kver"
check "modprobe finds the module" modprobe unet
check "/dev/unet is there" test -c /dev/unet
check "unetctl runs from where it is installed" /usr/local/bin/unetctl version
check "its manual page is found" man -w unetctl
check "the README's program builds with pkg-config" readme_program_builds
check "and says what it lacks" readme_program_runs
check "a device called eth0 is attached" make_eth0
start_readme_program
check "the README's program echoes, an ordinary user's" echoes "the whole server"
check "and does after it was stopped and continued" outlives_a_stop
check "and what came in between to an open connection" keeps_connection_over_a_stop
check "the device is detached" end_eth0
check "hooks load, the SDK's example and a shipped one" hooks_load
check "with the README's options not everybody may use it" not_for_everybody
check "rmmod" rmmod unet
check "make uninstall" make uninstall KVER="$kver"
check "nothing is left" test "$(installed_files)" = "$before"
check "make install-dkms" make install-dkms
echo "1..$number"
exit $failed
