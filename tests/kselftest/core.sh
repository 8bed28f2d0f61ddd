#!/bin/bash
# SPDX-License-Identifier: MIT
# Description: the code that kernel and library share gives the same answers
# inside the kernel as in the unit tests: core_test.ko runs the rows of
# tests/vectors when it is loaded, and its results are passed on from the log.
source "$(dirname "$0")/lib.sh"
require_root
require dmesg insmod rmmod
[ -n "${CORE_TEST_KO:-}" ] || skip_all "CORE_TEST_KO does not name core_test.ko"
[ -e "$CORE_TEST_KO" ] || skip_all "there is no $CORE_TEST_KO"

mark="unet-test: core vectors of $$"
results() { dmesg | sed -n "/$mark/,\$s/^\[[^]]*\] //p"; }

echo "$mark" > /dev/kmsg
at_exit rmmod core_test
insmod "$CORE_TEST_KO"
status=$?

# The rows of a set are indented; the set's name stands in front of them.
mapfile -t rows <<< "$(results | awk '
	/^ +# Subtest: / { set = $3 }
	/^ +1\.\./ { promised += substr($1, 4) }
	/^ +(not )?ok [0-9]+ / {
		verdict = $1 == "ok" ? "ok" : "not"
		sub(/^ +(not )?ok [0-9]+ /, "")
		print verdict, set ": " $0
		seen++
	}
	END { print promised + 0, seen + 0 }')"
counts=${rows[-1]}
unset 'rows[-1]'

plan $((${#rows[@]} + 2))
for row in "${rows[@]}"; do
	if [ "${row%% *}" = ok ]; then
		ktap_test_pass "${row#* }"
	else
		ktap_test_fail "${row#* }"
	fi
done
equal "the module loads: no row failed" 0 "$status"
check "each row that was promised has run" \
	test "${counts% *}" -gt 0 -a "${counts% *}" = "${counts#* }"
finish
