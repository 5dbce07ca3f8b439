#!/usr/bin/env bash
# Installs those packages of a list (one a line, # comments) that are missing. Uses sudo only if
# the caller is not root.
set -euo pipefail
missing=()
while read -r package; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [[ $status == "install ok installed" ]] || missing+=("$package")
done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$1")
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo)
for package in "${missing[@]}"; do  # "libfmt-dev:arm64" is of a foreign architecture
  [[ $package != *:* ]] || "${as_root[@]}" dpkg --add-architecture "${package#*:}"
done
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"
