#!/usr/bin/env bash
# Builds the Python wheel for /usr/bin/python3 into a folder: tools/make_wheel.sh FOLDER
# The build tools come from a package index, into an environment that pip makes and throws away.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/build/wheel-tools-venv

[[ -x $venv/bin/pip ]] || /usr/bin/python3 -m venv "$venv"
# The compilers by the names CMake finds, so that ccache has most of it from `make build`.
export CC=${CC:-cc} CXX=${CXX:-c++}
rm -f "$1"/mnv4-*.whl
"$venv/bin/pip" wheel --disable-pip-version-check --no-deps --wheel-dir "$1" "$root/python"
