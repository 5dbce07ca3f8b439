#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/emulated_tiles.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "mnv4/kernels/emulated_tiles.h"
#include "mnv4/kernels/tile_conv-inl.h"

#if HWY_TARGET == HWY_AVX3
HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// What HardwareTiles does, in the order in which it does it.
class EmulatedTiles {
 public:
  template <int kTile>
  void Load(const void* at, int64_t stride) {
    for (int row = 0; row < 16; ++row) {
      std::memcpy(tiles_[kTile] + 16 * row, static_cast<const std::byte*>(at) + row * stride, 64);
    }
  }
  template <int kTile>
  void LoadStreaming(const void* at, int64_t stride) {
    Load<kTile>(at, stride);
  }
  template <int kTile>
  void Store(void* at, int64_t stride) {
    for (int row = 0; row < 16; ++row) {
      std::memcpy(static_cast<std::byte*>(at) + row * stride, tiles_[kTile] + 16 * row, 64);
    }
  }
  // Even and odd k have sums of their own, which are added at the end; denormals are zero.
  template <int kSum, int kX, int kW>
  void MultiplyAdd() {
    for (int row = 0; row < 16; ++row) {
      float even[16] = {}, odd[16] = {};
      for (int k = 0; k < 16; ++k) {
        const uint32_t x = tiles_[kX][16 * row + k];
        const float even_x = Low(x), odd_x = High(x);
        for (int n = 0; n < 16; ++n) {
          const uint32_t w = tiles_[kW][16 * k + n];
          even[n] = Normal(std::fma(even_x, Low(w), even[n]));
          odd[n] = Normal(std::fma(odd_x, High(w), odd[n]));
        }
      }
      for (int n = 0; n < 16; ++n) {
        uint32_t& bits = tiles_[kSum][16 * row + n];
        bits = Bits(Normal(Float(bits) + Normal(even[n] + odd[n])));
      }
    }
  }

 private:
  static float Float(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return Normal(value);
  }
  static uint32_t Bits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
  }
  static float Low(uint32_t pair) { return Float(pair << 16); }
  static float High(uint32_t pair) { return Float(pair & 0xFFFF0000u); }
  static float Normal(float value) {
    return std::fabs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0f, value)
                                                                : value;
  }

  uint32_t tiles_[8][16 * 16];
};

}  // namespace

constinit const ConvKernel kEmulatedTiles[] = {
    DenseOnTiles<EmulatedTiles>("pointwise-emulated", AcceptsPointwiseOnTiles),
    DenseOnTiles<EmulatedTiles>("dense-emulated", AcceptsDenseOnTiles),
    StemOnTiles<EmulatedTiles>("stem-emulated")};

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace mnv4::kernels {

std::span<const ConvKernel> EmulatedTileKernels() {
#if HWY_TARGETS & HWY_AVX3
  if (DetectIsa().Has(Isa::kBf16)) return N_AVX3::kEmulatedTiles;
#endif
  return {};
}

}  // namespace mnv4::kernels
#endif
