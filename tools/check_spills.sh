#!/bin/sh
# check_spills.sh LIBRARY: fails if a hot kernel keeps vectors on the stack.
#
# Tiles are written so that their sums fit the registers; a compiler that moves some to the stack
# costs up to a third of the speed and no test of results sees it. Loops of x86-64 RunTile(s) and
# RunMapTile are searched for vector instructions that address the stack; a few outside the k loops
# (a limit that is kept until the end) do no harm.
set -eu
allowed=3

objdump --disassemble --demangle --no-show-raw-insn "$1" | awk -v allowed="$allowed" '
  /^[0-9a-f]+ <.*>:$/ {
    function_name = $0
    hot = function_name ~ /Run(Map)?Tiles?</
    if (hot) ++tiles
  }
  # vmovq puts a pointer there by way of a vector register.
  hot && /%[xyz]mm/ && /\(%r[sb]p/ && !/vmovq/ { ++spills[function_name] }
  END {
    if (tiles == 0) { print "no RunTile in this file: was it renamed?"; exit 1 }
    for (name in spills) {
      if (spills[name] > allowed) { print spills[name] " stack references: " name; failed = 1 }
    }
    if (!failed) print tiles " tiles, none with more than " allowed " stack references"
    exit failed
  }'
