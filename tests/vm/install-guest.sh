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

mkdir -p /tmp/vm-modules
cp /lib/modules/"$kver"/modules.{builtin*,order} /tmp/vm-modules/
few_modules || exit 1
before=$(installed_files)
check "make install" make install KVER="$kver"
check "modprobe finds the module" modprobe unet
check "/dev/unet is there" test -c /dev/unet
check "unetctl runs from where it is installed" /usr/local/bin/unetctl version
check "its manual page is found" man -w unetctl
check "the README's program builds with pkg-config" readme_program_builds
check "and says what it lacks" readme_program_runs
check "hooks load, the SDK's example and a shipped one" hooks_load
check "rmmod" rmmod unet
check "make uninstall" make uninstall KVER="$kver"
check "nothing is left" test "$(installed_files)" = "$before"
check "make install-dkms" make install-dkms
echo "1..$number"
exit $failed
