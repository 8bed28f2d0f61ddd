#!/bin/bash
# SPDX-License-Identifier: MIT
#
# scan.sh [-m MARK] [LOG]: finds what a healthy kernel never logs (standard input
# without LOG). Prints each place with what follows it; status 1 when there is
# any. Only what came after the last line with MARK counts; without -m that is
# where a VM's command started.
set -u

mark="unet-vm: command starts"
if [ "${1:-}" = -m ]; then
	mark=$2
	shift 2
fi

awk -v mark="$mark" '
	index($0, mark) { n = 0; delete line; next }
	{ line[++n] = $0 }
	END {
		bad = "BUG:|BUG at|kernel BUG|WARNING:|Oops|[Gg]eneral protection|Kernel panic"
		bad = bad "|KASAN|KCSAN|UBSAN|KFENCE|refcount_t|unreferenced object|memory leak"
		bad = bad "|INFO: task|INFO: rcu|rcu_.*detected|stall"
		bad = bad "|possible (recursive|circular|irq|deadlock)|deadlock|inconsistent lock"
		bad = bad "|sleeping function|suspicious RCU|scheduling while atomic|soft lockup"
		bad = bad "|hard LOCKUP|Bad page|list_(add|del) corruption|still has locks held"
		bad = bad "|bad unlock balance|held lock freed|ODEBUG|DEBUG_LOCKS"
		bad = bad "|unregister_netdevice: waiting|page_pool_release_retry|leaked"
		# nftables walks lists under its own mutex, and lockdep is not told so.
		own = "net/netfilter/(nf_tables_api|nft_set_[a-z]*)\\.c:[0-9]* RCU-list traversed"
		for (i = 1; i <= n; i++) {
			if (line[i] !~ bad)
				continue
			if (line[i] ~ /suspicious RCU usage/ && line[i + 3] ~ own) {
				while (i < n && line[i] !~ /<\/TASK>/)
					i++
				continue
			}
			hits++
			for (j = i; j < i + 40 && j <= n; j++)
				print "  | " line[j]
			i = j - 1
		}
		exit hits > 0
	}' "${1:-/dev/stdin}"
