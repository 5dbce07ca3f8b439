#pragma once
/// Whose arithmetic augmentation follows.

#include <cstdint>

namespace mnv4::data {

/// That of the authors' released code with its quirks, or the textbook's, which is timm's as well.
enum class Profile : uint8_t { kGarden, kClean };

}  // namespace mnv4::data
