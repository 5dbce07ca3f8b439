#!/usr/bin/env bash
# Builds the Python wheel, installs it into a fresh virtual environment and compares it with the
# program: tests/python/run.sh BUILD_DIRECTORY
#
# nanobind, scikit-build-core, numpy and Pillow come from a package index. Without one it says so
# and exits with 4.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
venv=$root/build/wheel-venv

if ! "$root/tools/make_wheel.sh" "$root/build/wheel"; then
  echo "wheel: not built (see above); nothing was compared" >&2
  exit 4
fi
rm -rf "$venv"
/usr/bin/python3 -m venv "$venv"
if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  -r "$here/requirements.txt" "$root"/build/wheel/mnv4-*.whl; then
  echo "wheel: the packages of tests/python/requirements.txt cannot be installed here" \
    "(no package index?); nothing was compared" >&2
  exit 4
fi
"$venv/bin/python" "$here/wheel_test.py" "$build/mnv4" "$root"
