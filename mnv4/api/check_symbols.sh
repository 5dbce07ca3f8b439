#!/bin/sh
# check_symbols.sh LIBRARY: fails if a shared library shows more than the public API, or less.
set -eu
shown=$(nm --dynamic --defined-only --demangle "$1" | cut -d' ' -f3-)
for wanted in mnv4_abi_version mnv4_session_run 'mnv4::Session::Run(' 'typeinfo for mnv4::Error'; do
  printf '%s\n' "$shown" | grep -qF "$wanted" || { echo "$wanted is not shown"; exit 1; }
done
if printf '%s\n' "$shown" | grep -vE \
  '^(mnv4_[a-z_]+|mnv4::(Model|Session|Threads)::~?[A-Za-z_]+(\[abi:cxx11\])?\(.*|(typeinfo|typeinfo name|vtable) for mnv4::Error)$'; then
  echo "these are not of the public API"
  exit 1
fi
