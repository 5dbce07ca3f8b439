#pragma once
/// The model the program carries inside (default_model.S).

#include <cstddef>
#include <span>

namespace mnv4::cli {

/// A single-file safetensors model; empty in programs that carry none.
std::span<const std::byte> DefaultModel();

}  // namespace mnv4::cli
