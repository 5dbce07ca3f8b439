// A libFuzzer program for the target that MNV4_FUZZ_TARGET names.

#include <cstdint>

#include "mnv4/base/check.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const mnv4::fuzz::Target* const target = mnv4::fuzz::FindTarget(MNV4_FUZZ_TARGET);
  MNV4_CHECK(target != nullptr);
  mnv4::fuzz::RunTarget(*target, std::as_bytes(std::span(data, size)));
  return 0;
}
