#pragma once
/// CRC-32C (Castagnoli), the checksum of TFRecord files.

#include <cstddef>
#include <cstdint>
#include <span>

namespace mnv4::runs {

uint32_t Crc32c(std::span<const std::byte> bytes);

/// As TFRecord stores it: turned and offset, so that the checksum of data that holds checksums is
/// none of them.
uint32_t MaskedCrc32c(std::span<const std::byte> bytes);

}  // namespace mnv4::runs
