#!/bin/sh
# check_unshared.sh LIBRARY OBJECT: fails if that object of a static library has a function that the
# linker may take for other objects too.
#
# OBJECT is compiled for an instruction set that not every CPU has. Of an inline function that two
# objects contain the linker keeps either copy, so that one compiled there could run anywhere.
set -eu
shared=$(nm --demangle --defined-only "$1" | awk -v object="$2:" '
  /:$/ { inside = $0 == object; found += inside }
  inside && $2 ~ /^[WwVvu]$/
  END { if (!found) print "no " object " in this library" }')
[ -z "$shared" ] || { echo "$shared"; exit 1; }
