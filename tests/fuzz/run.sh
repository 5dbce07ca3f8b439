#!/usr/bin/env bash
# One fuzzer for $MNV4_FUZZ_SECONDS (60) seconds: tests/fuzz/run.sh PROGRAM CORPUS
#
# Starts from the stored corpus and leaves it alone: what is found new stays in a folder beside the
# program, so that the next run goes on from there. An input that crashes, needs more than 2 GiB or
# more than 5 seconds fails, and is kept in that folder.
set -euo pipefail
found="$1.found"
mkdir -p "$found"
exec "$1" -max_total_time="${MNV4_FUZZ_SECONDS:-60}" -rss_limit_mb=2048 -timeout=5 -max_len=65536 \
  -print_final_stats=1 -verbosity=0 -artifact_prefix="$found/" "$found" "$2"
