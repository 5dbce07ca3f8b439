#!/usr/bin/env bash
# Composes held-out scenes, classifies them with the model inside the program, and writes a page:
#   tools/demo.sh BUILD_DIRECTORY OUTPUT_DIRECTORY
set -euo pipefail
build=$1
out=$2
tools=$(cd "$(dirname "$0")" && pwd)

rm -rf "$out"
mkdir -p "$out"
# Grounds and seed that training never saw; 256 pixels a side at least, the network sees 128.
"$build/mnv4-scenes" --out "$out/scenes" --split heldout --seed 7 --count 48 --size 256 \
  --classes "$tools/scenes/classes.txt" --grounds "$tools/scenes/grounds.txt"
"$build/mnv4" classify "$out/scenes" -k 3 --html "$out/index.html"
echo
echo "The same with the pictures: $out/index.html"
