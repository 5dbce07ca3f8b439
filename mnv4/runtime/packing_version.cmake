# Writes packing_version.h, only if it has changed: whoever packs by other code has another version.
#   cmake -D SOURCE=... -D VERSION=... -D HEADER=... -P packing_version.cmake
file(GLOB sources ${SOURCE}/mnv4/kernels/*.cc ${SOURCE}/mnv4/kernels/*.h ${SOURCE}/mnv4/runtime/*.cc
                  ${SOURCE}/mnv4/runtime/*.h)
set(hashes)
foreach(source ${sources})
  file(SHA256 ${source} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 hash "${hashes}")
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define MNV4_PACKING_VERSION \"${VERSION} ${hash}\"\n")
