# SPDX-License-Identifier: MIT
# bash completion for unetctl(8): the tool itself knows its words.
_unetctl() {
	mapfile -t COMPREPLY < <("$1" --complete \
		"${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _unetctl unetctl
