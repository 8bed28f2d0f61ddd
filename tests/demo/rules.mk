# SPDX-License-Identifier: MIT
.PHONY: demo
demo:
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tests/demo/demo.sh
