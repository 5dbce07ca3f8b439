#include "mnv4/cli/default_model.h"

// Weak: null in programs that default_model.S is not linked into.
extern "C" {
extern const std::byte mnv4_default_model_begin[] __attribute__((weak));
extern const std::byte mnv4_default_model_end[] __attribute__((weak));
}

namespace mnv4::cli {

std::span<const std::byte> DefaultModel() {
  return {mnv4_default_model_begin, mnv4_default_model_end};
}

}  // namespace mnv4::cli
