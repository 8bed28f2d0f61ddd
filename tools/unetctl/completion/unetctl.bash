# SPDX-License-Identifier: MIT
# bash completion for unetctl(8): the tool itself knows its words.
_unetctl() {
	local words
	words=$("$1" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	COMPREPLY=()
	[ -z "$words" ] || mapfile -t COMPREPLY <<< "$words"
}
complete -F _unetctl unetctl
