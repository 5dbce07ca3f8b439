#!/usr/bin/env bash
# Compares the built program with timm, torch, Pillow and TensorBoard:
# tests/oracles/run.sh BUILD_DIRECTORY TRAIN_BUILD_DIRECTORY
#
# torch comes from Debian (python3-torch); timm, Pillow 13 and the rest, pinned in requirements.txt,
# go into a virtual environment under build/. Without a package index it says so and exits with 4.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
train_build=$(cd "$2" && pwd)
venv=$root/build/oracles-venv

"$root/tools/install_packages.sh" "$root/packages-all.txt"
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
  rm -rf "$venv"
  /usr/bin/python3 -m venv --system-site-packages "$venv"
  # --no-deps: torch is Debian's; everything that the others need besides is in the list.
  if ! "$venv/bin/pip" install --quiet --no-deps -r "$here/requirements.txt"; then
    echo "oracles: the packages of tests/oracles/requirements.txt cannot be installed here" \
      "(no package index?); nothing was compared" >&2
    rm -rf "$venv"
    exit 4
  fi
  cp "$here/requirements.txt" "$venv/installed.txt"
fi

failed=0
"$venv/bin/python" "$here/pictures_test.py" "$build/mnv4" || failed=1
"$venv/bin/python" "$here/weights_test.py" "$build/mnv4" "$build" || failed=1
"$venv/bin/python" "$here/eval_test.py" "$build/mnv4" || failed=1
"$venv/bin/python" "$here/tensorboard_test.py" "$build" || failed=1
"$venv/bin/python" "$here/augment_test.py" "$build" || failed=1
"$venv/bin/python" "$here/train_test.py" "$train_build" || failed=1
exit $failed
