#!/usr/bin/env bash
# Races the built program against other CPU runtimes: benchmarks/peers/run.sh BUILD_DIRECTORY
# [options of race.py]
#
# The runtimes and the converters go into two virtual environments, the converted networks beside
# them, all under build/peers/; what is there is used again. Without a package index it says so and
# exits with 4.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
shift
work=$root/build/peers
export MNV4_LIBRARY=$build/libmnv4.so
mkdir -p "$work"

install() {  # race or convert
  local venv=$work/$1-venv requirements=$here/requirements-$1.txt
  cmp -s "$requirements" "$venv/installed.txt" && return
  echo "peers: installing requirements-$1.txt" >&2
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
    -r "$requirements"; then
    echo "peers: the packages of benchmarks/peers/requirements-$1.txt cannot be installed here" \
      "(no package index?); nothing was raced" >&2
    rm -rf "$venv"
    exit 4
  fi
  "$here/cpu_torch.sh" "$venv"
  cp "$requirements" "$venv/installed.txt"
}

convert() {  # all networks, anew if the converters have changed
  cat "$here/convert.py" "$here/networks.py" "$here/requirements-convert.txt" >"$work/converters"
  cmp -s "$work/converters" "$work/models/converters" || rm -rf "$work/models"
  mkdir -p "$work/models"
  mv "$work/converters" "$work/models/converters"
  local network
  for network in $("$work/convert-venv/bin/python" "$here/networks.py"); do
    "$work/convert-venv/bin/python" "$here/convert.py" "$work/models/$network" "$network"
  done
}

install race
install convert
convert
exec "$work/race-venv/bin/python" "$here/race.py" "$build" "$@"
