#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Holds the sources to the style: checkpatch --strict, kernel-doc, SPDX lines,
# man pages, the list of objects in Kbuild. Prints TAP. Every type that
# checkpatch is told to leave out stands here with its reason.
set -u

cd "$(dirname "$0")/.." || exit
scripts=$(tests/setup.sh --cache)/linux-source/scripts
[ -x "$scripts/checkpatch.pl" ] || {
	echo "1..0 # SKIP no checkpatch: run tests/setup.sh check"
	exit 4
}

# ---- what is left out, and why -------------------------------------------------

everywhere=(
	COMPLEX_MACRO		# lists of X() rows, from which enums and names are made
	MACRO_ARG_REUSE		# the same: their users
	MACRO_ARG_UNUSED	# the same: not every user wants every column
	FILE_PATH_CHANGES	# about a MAINTAINERS file
	UNCOMMENTED_DEFINITION	# locks are described in the struct's kernel-doc
	OPEN_BRACE		# cannot tell a macro that opens a function
)
# Interfaces and programs of user space: kernel helpers are not there.
userspace=(
	PREFER_KERNEL_TYPES	# public headers use <stdint.h>
	BIT_MACRO		# no BIT()
	PREFER_DEFINED_ATTRIBUTE_MACRO	# no __packed and its like
	STRCPY STRNCPY STRLCPY	# no strscpy()
	VOLATILE		# what READ_ONCE() is made of, signal flags, shared pages
	CAMELCASE		# PRIu64, CMUnitTest, _Static_assert
	SPLIT_STRING		# usage text is laid out as it is printed
	AVOID_EXTERNS		# environ, symbols of the tests
	CONST_STRUCT		# names that only mean something in the kernel
	SSCANF_TO_KSTRTO	# no kstrto*()
	STATIC_CONST_CHAR_ARRAY	# argument vectors that getopt permutes
	ARRAY_SIZE		# nor that, where only public headers are seen
	STRING_FRAGMENTS MISSING_SPACE	# packets written as strings of bytes
	QUOTED_WHITESPACE_BEFORE_NEWLINE	# tables as they are printed
	BRACKET_SPACE		# [NAME_##x] = ... inside a macro
	EMBEDDED_FUNCTION_NAME	# words like "usage" that a function is called, too
	ENOSYS			# for a feature the running kernel lacks
	MACRO_WITH_FLOW_CONTROL	# rows of a test table
)
compat=(
	LINUX_VERSION_CODE	# the one place where versions are told apart
	CONSTANT_COMPARISON	# LINUX_VERSION_CODE is what varies there
	MACRO_ARG_PRECEDENCE	# as the header it stands in for has it
	CAMELCASE
)
trace=(
	PARENTHESIS_ALIGNMENT	# TRACE_EVENT() has a layout of its own
	OPEN_ENDED_LINE		# the same
	TRAILING_SEMICOLON	# the same
	SPACING			# the same
)

# Table rows may be longer than 100 columns: they are read as columns. And
# British spelling is no mistake.
tolerated() {
	awk -F: '{
		file = $1; n = $2
		if ($0 ~ /TYPO_SPELLING.*acknowledgement/)
			next
		if ($0 ~ /:LONG_LINE/) {
			text = ""
			for (i = 0; (getline line < file) > 0; )
				if (++i == n) { text = line; break }
			close(file)
			if (text ~ /^[ \t]*(X\(|\{|[a-z_0-9]+[ \t]+\|)/)
				next
		}
		print
	}'
}

# ---- results -------------------------------------------------------------------

# checkpatch leaves a list of names in the current folder.
trap 'rm -f .checkpatch-camelcase.*' EXIT

number=0
result() { # SENTENCE OUTPUT: ok when there is no output
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' <<< "$2"
	fi
}

join() { local IFS=,; echo "$*"; }

# A file that passed is not looked at again until it, or what is left out, changes.
mkdir -p build/style
stamps=$(sha256sum "$0" "$scripts/checkpatch.pl" | sha256sum | cut -c1-16)
stamp() { echo "build/style/$stamps-$(sha256sum "$1" | cut -c1-32)-$2"; }

checkpatch() { # SENTENCE IGNORED FILE...
	local sentence=$1 ignored=$2 kind out= f
	local -A changed=()
	kind=$(sha256sum <<< "$ignored" | cut -c1-8)
	shift 2
	for f in "$@"; do
		[ -e "$(stamp "$f" "$kind")" ] || changed[$f]=$(stamp "$f" "$kind")
	done
	[ ${#changed[@]} -eq 0 ] || out=$(printf '%s\n' "${!changed[@]}" |
		xargs -n 12 -P "$(nproc)" "$scripts/checkpatch.pl" --no-tree --strict --terse \
			--show-types --no-summary --ignore "$ignored" -f 2>&1 |
		grep -v '^total:' | tolerated | sort -t: -k1,1 -k2,2n)
	result "checkpatch: $sentence" "$out"
	for f in "${!changed[@]}"; do
		grep -qF "$f:" <<< "$out" || touch "${changed[$f]}"
	done
}

# Tracked or about to be; never what is ignored.
files() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u |
	while read -r f; do [ ! -e "$f" ] || echo "$f"; done; }

mapfile -t kernel < <(files 'kmod/*.[ch]' 'tests/kselftest/core_test/*.c' 'tests/kselftest/ext_test/*.c' 'tests/bench/drop/*.c' |
	grep -v -e '^kmod/compat/' -e '^kmod/trace\.h$')
mapfile -t uapi < <(files 'include/uapi/*.h')
mapfile -t compat_files < <(files 'kmod/compat/*.h')
mapfile -t user < <(files 'libunet/*.[ch]' 'include/unet/*.h' 'tools/*.[ch]' 'tests/*.[ch]' |
	grep -v -e '^tests/kselftest/core_test/' -e '^tests/kselftest/ext_test/' -e '^tests/bench/drop/' -e '\.bpf\.c$')

checkpatch "module" "$(join "${everywhere[@]}")" "${kernel[@]}"
checkpatch "module, tracepoints" "$(join "${everywhere[@]}" "${trace[@]}")" $(files kmod/trace.h)
checkpatch "module, older kernels" "$(join "${everywhere[@]}" "${compat[@]}")" "${compat_files[@]}"
checkpatch "interface" "$(join "${everywhere[@]}" "${userspace[@]}")" "${uapi[@]}"
checkpatch "library, tools, tests" "$(join "${everywhere[@]}" "${userspace[@]}")" "${user[@]}"

# A parameter whose name says it all needs no line of its own.
result "kernel-doc is well-formed" "$("$scripts/kernel-doc" -none \
	"${kernel[@]}" "${uapi[@]}" $(files 'libunet/*.h' 'include/unet/*.h') 2>&1 |
	grep -v 'not described in')"

result "every file has its SPDX line" "$(files '*.[ch]' '*.sh' '*.mk' '*Makefile' '*Kbuild' '*/init' |
	while read -r f; do
		head -n 3 "$f" | grep -q SPDX-License-Identifier || echo "$f"
	done)"

result "every source of the module is in Kbuild" "$(files 'kmod/*.c' 'kmod/core/*.c' |
	while read -r f; do
		grep -qw "${f%.c}.o" Kbuild || echo "$f"
	done)"

result "man pages are well-formed" "$(for f in $(files '*.[1-9]'); do
	# a link to another page of its folder
	target=$(sed -n '1s,^\.so man[1-9]/,,p' "$f")
	[ -z "$target" ] || { [ -e "${f%/*}/$target" ] || echo "$f: no $target"; continue; }
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$f" 2>&1 > /dev/null
done)"

# Inline or not; a link to a page that does not name it is none.
result "every documented function of the library has its page" \
	"$(grep -h '^ \* unet_[a-z0-9_]*() - ' $(files 'include/unet/*.h') |
	sed 's/^ \* \([a-z0-9_]*\)().*/\1/' | sort -u | while read -r f; do
		page=libunet/man/$f.3
		target=$(sed -n '1s,^\.so man3/,libunet/man/,p' "$page" 2>/dev/null)
		grep -qw "$f" "${target:-$page}" 2>/dev/null || echo "$f"
	done)"

result "module and library have one version" "$(grep -h 'define UNET_VERSION[[:space:]]' \
	kmod/version.h include/unet/unet.h | awk '{ print $3 }' | sort -u | sed 1d)"

result "the README's program compiles" "$(sed -n '/^```c$/,/^```$/{//!p}' README.md |
	gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -isystem include/uapi -Iinclude -x c - 2>&1)"

result "shell scripts parse" "$(for f in $(files '*.sh'); do bash -n "$f" 2>&1; done)"
echo "1..$number"
