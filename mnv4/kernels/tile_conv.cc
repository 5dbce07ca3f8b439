// The rows that compute on the CPU's tiles.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/tile_conv.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/rows-inl.h"
#include "mnv4/kernels/tile_conv-inl.h"
#include "mnv4/kernels/tiles.h"

#if HWY_TARGET == HWY_AVX3
namespace mnv4::kernels::HWY_NAMESPACE {

constinit const ConvKernel kTileConv[] = {
    DenseOnTiles<HardwareTiles>("pointwise-amx", AcceptsPointwiseOnTiles),
    DenseOnTiles<HardwareTiles>("dense-amx", AcceptsDenseOnTiles),
    StemOnTiles<HardwareTiles>("stem-amx")};

}  // namespace mnv4::kernels::HWY_NAMESPACE
#endif
