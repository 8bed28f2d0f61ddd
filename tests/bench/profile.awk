#!/usr/bin/awk -f
# SPDX-License-Identifier: MIT
#
# Counts the samples of `perf script -F comm,time,ip,sym,dso --ns` from FROM to TO
# (ns) by function; prints one JSON object for each, the most frequent first.
# INSN is what one UNIT (packet, trip) takes in all when nobody looks. perf's own
# samples are left out: they are the price of looking.
# Functions of modules are told apart by /proc/kallsyms, which is read first.
# Variables: what, from, to, insn, unit.
FILENAME == "/proc/kallsyms" {
	if ($4 != "")
		module[$3] = substr($4, 2, length($4) - 2)
	next
}
{
	if (!match($0, /[0-9]+\.[0-9]+:/))
		next
	split(substr($0, RSTART, RLENGTH - 1), t, ".")
	rest = substr($0, RSTART + RLENGTH)
	comm = $1
	# Without the leading digits both fit a double exactly.
	at = (t[1] % 1000000) * 1e9 + t[2]
	if (at < from % 1e15 || at > to % 1e15 || comm == "perf")
		next
	sub(/^ +[0-9a-f]+ +/, "", rest)
	dso = rest
	sub(/.*\(/, "", dso)
	sub(/\).*/, "", dso)
	sub(/.*\//, "", dso)
	gsub(/[][]/, "", dso)
	sub(/ *\([^(]*\)$/, "", rest)
	if (dso == "kernel.kallsyms")
		dso = rest in module ? module[rest] : "kernel"
	count[rest "\t" dso]++
	total++
}
END {
	sort = "sort -rn"
	for (key in count) {
		split(key, k, "\t")
		share = count[key] / total
		printf "%d\t{\"bench\":\"profile\",\"what\":\"%s\",\"unit\":\"%s\",\"function\":\"%s\",\"in\":\"%s\",\"share\":%.4f,\"insn\":%.1f}\n", \
			count[key], what, unit, k[1], k[2], share, share * insn | (sort " | cut -f2")
	}
}
