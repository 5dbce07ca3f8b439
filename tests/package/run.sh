#!/usr/bin/env bash
# Installs a build, and unpacks its archive, into temporary folders; builds programs in C (with
# pkg-config) and C++ (with find_package) against each and runs them: run.sh BUILD_DIRECTORY
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/mnv4-package.XXXXXX")
trap 'rm -rf "$work"' EXIT

model=$root/mnv4/cli/default_model.safetensors
picture=$root/tests/golden/images/420.jpg

fail() {
  echo "package: $*" >&2
  exit 1
}

# The programs must find this tree and no other mnv4 of the machine.
try() {
  local prefix=$1 name=$2 out=$work/$2-programs
  mkdir "$out"
  local libdir
  libdir=$(dirname "$(find "$prefix" -name libmnv4.so)")

  local flags
  flags=$(PKG_CONFIG_LIBDIR=$libdir/pkgconfig pkg-config --cflags --libs mnv4)
  [[ $flags == *"$name"* ]] || fail "$name: pkg-config points elsewhere: $flags"
  # shellcheck disable=SC2086
  "${CC:-cc}" -std=c99 -pedantic-errors -Wall -Wextra -Werror "$root/examples/classify.c" \
    -o "$out/in_c" $flags

  cmake -S "$root/tests/package/outside" -B "$out/cpp" -DCMAKE_PREFIX_PATH="$prefix" \
    -DEXAMPLES="$root/examples" >"$out/cmake.log" || { cat "$out/cmake.log"; exit 1; }
  grep -q "mnv4_DIR:PATH=$prefix" "$out/cpp/CMakeCache.txt" || fail "$name: another mnv4 was found"
  cmake --build "$out/cpp" >"$out/cmake.log" || { cat "$out/cmake.log"; exit 1; }

  LD_LIBRARY_PATH=$libdir "$out/in_c" "$model" "$picture" >"$out/in_c.txt"
  "$out/cpp/classify" "$model" "$picture" >"$out/in_cpp.txt"
  cmp "$out/in_c.txt" "$out/in_cpp.txt"

  # The program says the same: line 2 is the best class, "  52.3 %  zebra".
  local best
  best=$(sed -n '2s/.*%  //p' "$out/in_c.txt")
  "$prefix/bin/mnv4" classify -m "$model" -k 1 "$picture" | grep -F "$best" >/dev/null ||
    fail "$name: bin/mnv4 does not say '$best'"
  [[ -s $prefix/share/doc/mnv4/copyright ]] || fail "$name: no licence"
  echo "$name: C, C++ and the program agree: $best"
}

cmake --install "$build" --prefix "$work/installed" >"$work/install.log"
try "$work/installed" installed

cpack -G TGZ --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/cpack.log"
mkdir "$work/moved"
tar -xzf "$work"/packages/*.tar.gz -C "$work/moved" --strip-components=1
try "$work/moved" moved
