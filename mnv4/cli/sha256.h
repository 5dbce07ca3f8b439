#pragma once
/// SHA-256 (FIPS 180-4): what names a model's bytes in a benchmark's report.

#include <cstddef>
#include <span>
#include <string>

namespace mnv4::cli {

/// 64 hexadecimal digits.
std::string Sha256(std::span<const std::byte> bytes);

}  // namespace mnv4::cli
