#!/usr/bin/env bash
# Lets torch of the package index start without 2 GB of GPU libraries: cpu_torch.sh VENV
#
# That torch is built for CUDA and asks the loader for its libraries, though nothing on a CPU calls
# them. Each gets a stand-in: an empty library of its name, which brings one library that has every
# symbol they should have. The small libcudart, which torch does call when it starts, is real.
set -euo pipefail
lib=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch/lib
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

gpu='cublas|cudnn|cufft|cusparse|cusolver|nccl|nvrtc|nvshmem'
nm --dynamic --undefined-only "$lib"/*.so | awk '{ sub("@.*", "", $2); print $2 }' |
  grep -E "^($gpu)" | sort -u |
  sed 's/.*/long &;/' >"$scratch/symbols.c"
echo 'extern int empty;' >"$scratch/empty.c"
gcc -shared "$scratch/symbols.c" -o "$lib/libcuda_symbols.so"
gcc -shared "$scratch/empty.c" -o "$lib/libcuda_empty.so" \
  -L"$lib" -Wl,--no-as-needed -lcuda_symbols -Wl,-rpath,'$ORIGIN'

needed=$(readelf --dynamic "$lib"/*.so | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort -u)
for library in $(grep -E "^lib($gpu)" <<<"$needed"); do
  ln -sf libcuda_empty.so "$lib/$library"
done
