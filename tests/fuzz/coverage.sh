#!/usr/bin/env bash
# Lines of the parsers that the stored corpora reach: tests/fuzz/coverage.sh
#
# Builds with gcov into build/coverage, replays the corpora and prints one line a file and the sum.
# Exits with 1 if less than 90 % of the lines are reached.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/coverage
parsers='(image/(bmp|bmp_rle|convert|decode|gif|jpeg|orientation|png|pnm|tiff|tiff_pixels|webp)'
parsers+='|io/(json|json_cursor|npy|safetensors)|data/(tar|webdataset)|arch/parse|model/config|model/config_preprocess)'

cd "$root"
cmake --preset coverage >/dev/null
cmake --build --preset coverage -j "$(nproc)" >/dev/null
find "$build" -name '*.gcda' -delete
"$build/tests/fuzz/mnv4_corpus_test" --gtest_brief=1 >/dev/null

find "$build" -regextype posix-extended -regex ".*/mnv4_[a-z]*\.dir/.*\.gcda" -print0 |
  xargs -0 gcov -n 2>/dev/null |
  awk -v parsers="/mnv4/$parsers\\\\.cc'" '
    /^File / { wanted = $0 ~ parsers; name = $2 }
    /^Lines executed/ && wanted {
      split($2, part, /[:%]/); lines = $4; reached += part[2] * lines / 100; all += lines
      sub(".*/mnv4/", "", name); sub("\x27", "", name)
      printf "%6.1f %%  %4d lines  %s\n", part[2], lines, name | "sort -k5"
      wanted = 0
    }
    END {
      close("sort -k5")
      printf "%6.1f %%  %4d lines  in all\n", 100 * reached / all, all
      exit reached < 0.9 * all
    }'
