#!/usr/bin/env bash
# Instructions of one inference, which no other program on the machine can disturb:
#   benchmarks/instructions.sh BUILD_DIRECTORY [--update]
#
# valgrind counts them on AVX2 kernels (it knows no AVX-512), one thread. Each count must be within
# 2 % of the stored one, or this exits with 1; --update stores the new ones. They belong to g++ 12.
set -euo pipefail
build=$1
stored=$(cd "$(dirname "$0")" && pwd)/instructions.txt
update=${2:-}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

failed=0
count() {
  local network=$1 side=$2 runs
  # bench runs the network twice: its first run, which has no other work within it, and one timed.
  MNV4_ISA=avx2 valgrind --tool=callgrind --callgrind-out-file="$out/calls" \
    --toggle-collect='mnv4::runtime::Session::Run(*' \
    "$build/mnv4" bench -q -m "$network" --img-size "$side" -t 1 --warmup 0 --repetitions 1 \
    >/dev/null 2>"$out/log"
  runs=$(sed -n 's/^summary: //p' "$out/calls")
  echo $((runs / 2))
}
while read -r network side expected; do
  found=$(count "$network" "$side")
  echo "$network $side $found" >>"$out/new"
  printf '%-14s %4d %14d  %+.2f %%\n' "$network" "$side" "$found" \
    "$(awk "BEGIN { print 100 * ($found / $expected - 1) }")"
  awk "BEGIN { exit !($found > 1.02 * $expected || $found < 0.98 * $expected) }" && failed=1
done <"$stored"
if [ "$update" = --update ]; then
  cp "$out/new" "$stored"
  exit 0
fi
exit $failed
