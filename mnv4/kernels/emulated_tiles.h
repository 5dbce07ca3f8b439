#pragma once
/// For tests: the rows of tile_conv.cc on tiles in plain C++, which give the same bits.

#include <span>

#include "mnv4/kernels/kernel.h"

namespace mnv4::kernels {

/// They need Isa::kBf16 of the machine all the same, to store bfloat16; empty where it lacks it.
std::span<const ConvKernel> EmulatedTileKernels();

}  // namespace mnv4::kernels
