#!/usr/bin/awk -f
# SPDX-License-Identifier: MIT
#
# Counts the samples of `perf script -F comm,time,ip,sym,dso --ns` from FROM to TO
# (ns) by function; prints one JSON object for each, the most frequent first.
# INSN is what one UNIT (packet, trip) takes in all when nobody looks. perf's own
# samples are left out: they are the price of looking.
# Functions of modules are told apart, and named where perf knows them not, by
# their lines of /proc/kallsyms, sorted, which are read first.
# Variables: what, from, to, insn, unit.

# The function an address lies in. Addresses are 16 hex digits each, so their order
# as text is their order.
function name_of(ip,    low, high, mid) {
	low = 0
	high = symbols
	while (high - low > 1) {
		mid = int((low + high) / 2)
		if (address[mid] "" <= ip "")
			low = mid
		else
			high = mid
	}
	return address[low] "" <= ip "" ? symbol[low] : "[unknown]"
}
FNR == NR {
	module[$3] = substr($4, 2, length($4) - 2)
	if (tolower($2) == "t") {
		address[symbols + 0] = $1
		symbol[symbols++] = $3
	}
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
	match(rest, /[0-9a-f]+/)
	ip = substr(rest, RSTART, RLENGTH)
	sub(/^ +[0-9a-f]+ +/, "", rest)
	dso = rest
	sub(/.*\(/, "", dso)
	sub(/\).*/, "", dso)
	sub(/.*\//, "", dso)
	gsub(/[][]/, "", dso)
	sub(/ *\([^(]*\)$/, "", rest)
	if (rest == "[unknown]" && ip ~ /^ffffffff/) {
		rest = name_of(ip)
		dso = "kernel.kallsyms"
	}
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
