# SPDX-License-Identifier: MIT
#:: make check-debug     the kernel tests on a kernel full of checkers (built once, 15 minutes)
#:: make check-kernels   the kernel tests on the newest kernel Debian packages
#
# Both take T='flow*' as make kselftest does. See tests/kernels/README.md.

.PHONY: check-debug check-kernels
check-debug:
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tests/kernels/check.sh debug '$(subst %,*,$(T))'

check-kernels:
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tests/kernels/check.sh newest '$(subst %,*,$(T))'
