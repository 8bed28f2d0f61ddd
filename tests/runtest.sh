#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs one test program, keeps its output and counts its results, so that every
# layer is summed alike.
#
#   runtest.sh -l DIR --begin                     forget DIR's results
#   runtest.sh -l DIR [-t SECONDS] -n NAME CMD... run, print one line, add to DIR/results
#   runtest.sh -l DIR --end LAYER                 print LAYER's sum; 1 if anything failed
#                                                 or there was no test at all
#
# TAP and KTAP lines (cmocka, kselftest) are counted one by one. A program that
# prints none counts as one test by its exit status: 0 passed, 4 skipped. One
# that prints no failure but exits otherwise, runs out of time, or stops short
# of the plan it announced has failed once more.
set -u

die() { echo "runtest.sh: $*" >&2; exit 2; }

logdir= name= seconds=120 action=run layer=
while [ $# -gt 0 ]; do
	case $1 in
	-l) logdir=$2; shift 2 ;;
	-n) name=$2; shift 2 ;;
	-t) seconds=$2; shift 2 ;;
	--begin) action=begin; shift ;;
	--end) action=end; layer=$2; shift 2 ;;
	-*) die "unknown option '$1' (known: -l -n -t --begin --end)" ;;
	*) break ;;
	esac
done
[ -n "$logdir" ] || die "-l DIR is missing"

# Prints "passed failed skipped" for the log $1 of a program that exited with $2.
count() {
	awk -v status="$2" '
		{ sub(/^[ \t]+/, "") }
		/^1\.\.[0-9]+/ { planned += substr($1, 4) }
		/^(not )?ok .*# *SKIP/ { skipped++; next }
		/^ok / { passed++ }
		/^not ok / { failed++ }
		END {
			seen = passed + failed + skipped
			if (!seen && !planned && status == 0) passed++
			else if (!seen && status == 4) skipped++
			else if (!failed && (seen < planned || (status != 0 && status != 4))) failed++
			print passed + 0, failed + 0, skipped + 0
		}' "$1"
}

# What the tests of log $1 that failed said before and behind their "not ok": at most six
# lines each, of at most ten tests; then how the log ends, of which more is shown when
# none of them failed.
reasons() {
	awk '
		/^[ \t]*ok / { kept = more = 0; next }
		/RUN  / { kept = more = 0 }
		/^[ \t]*not ok / && !/# *SKIP/ {
			if (++failed > 10) exit
			for (i = kept > 6 ? kept - 6 : 0; i < kept; i++) print line[i]
			print
			kept = 0
			more = 6
			next
		}
		{ line[kept++] = $0 }
		more && more-- { print }
	' "$1"
	echo ...
	if grep -aq '^[ 	]*not ok' "$1"; then tail -n 4 "$1"; else tail -n 30 "$1"; fi
}

case $action in
begin)
	mkdir -p "$logdir"
	rm -f "$logdir"/*.log "$logdir/results"
	: > "$logdir/results"
	;;
run)
	[ -n "$name" ] && [ $# -gt 0 ] || die "no test named (-n NAME CMD...)"
	[ -d "$logdir" ] || mkdir -p "$logdir"
	log=$logdir/$name.log
	timeout -k 5 "$seconds" "$@" > "$log" 2>&1 < /dev/null
	status=$?
	case $status in
	124|137) echo "# stopped after $seconds s" >> "$log" ;;
	0) ;;
	*) echo "# exit status $status" >> "$log" ;;
	esac
	read -r p f s <<< "$(count "$log" $status)"
	echo "$name $p $f $s" >> "$logdir/results"
	if [ "$f" -gt 0 ]; then
		echo "  FAILED   $name: $p passed, $f failed, $s skipped ($log)"
		reasons "$log" | sed 's/^/         | /'
		exit 0
	fi
	echo "  PASSED   $name: $p passed, $f failed, $s skipped"
	[ "$s" = 0 ] || grep -aE '# *SKIP' "$log" | sed 's/^/           /'
	;;
end)
	awk -v layer="$layer" '
		{ p += $2; f += $3; s += $4 }
		END {
			if (!NR) {
				print "  FAILED   no test was run"
				f = 1
			}
			printf "%s: %d passed, %d failed, %d skipped\n", layer, p, f, s
			exit f > 0
		}' "$logdir/results"
	;;
esac
