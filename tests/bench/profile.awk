#!/usr/bin/awk -f
# SPDX-License-Identifier: MIT
#
# Counts the samples of `perf script -F comm,time,ip,sym,dso --ns` from FROM to TO
# (ns) by function; prints one JSON object for each, the most frequent first.
# Variables: way, from, to. perf's own are left out: they are the price of
# looking.
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
	count[rest "\t" dso]++
	total++
}
END {
	sort = "sort -rn"
	for (key in count) {
		split(key, k, "\t")
		printf "%d\t{\"bench\":\"profile\",\"way\":\"%s\",\"function\":\"%s\",\"in\":\"%s\",\"share\":%.4f}\n", \
			count[key], way, k[1], k[2], count[key] / total | (sort " | cut -f2")
	}
}
