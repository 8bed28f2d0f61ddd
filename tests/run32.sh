#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run32.sh PROGRAM [ARG]...: runs a 32-bit program; a skip where the kernel cannot.
"$@"
status=$?
if [ $status = 126 ]; then
	echo "1..0 # SKIP the kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)"
	exit 4
fi
exit $status
