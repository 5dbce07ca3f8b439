#pragma once
/// The run lengths of BMP files.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mnv4 {

/// Palette indices [height][width] in the file's order of rows, from the runs that begin at
/// file[at]: of 8-bit indices, or of 4-bit ones. `file` is whole because runs of single values are
/// padded to an even place in it. Throws Error(kRuntime) if they end before the last pixel.
std::vector<uint8_t> DecodeBmpRuns(std::span<const std::byte> file, size_t at, int width,
                                   int height, bool four_bits);

}  // namespace mnv4
