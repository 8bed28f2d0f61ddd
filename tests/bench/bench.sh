#!/bin/bash
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/../.."
kver=$(tests/setup.sh --kernel 6.12)
mkdir -p build/bench
tests/vm/run.sh -i -t 1500 -o build/bench/vm "$kver" tests/bench/guest.sh "$kver" "${PACKETS:-300000}" | tee build/bench/results.jsonl
