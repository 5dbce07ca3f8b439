#pragma once
/// The instructions on matrix tiles: eight registers of 16 rows of 64 bytes. A kernel is a template
/// on this class or on its twin in plain C++ (emulated_tiles.h), which tests run anywhere.
///
/// As assembly, because g++ 12's own functions do not say that they read memory. Compilers know
/// nothing of tiles: while one object lives, no other code of its thread may use them.

#include <cstdint>

namespace mnv4::kernels {

#if defined(__x86_64__)
/// Only where the instruction sets have Isa::kAmx. Made at the start of a kernel and gone at its
/// end: the configuration takes 50 to 85 ns, the release, which keeps 8 KB out of every switch of
/// threads, 27 ns; and whoever else uses tiles on this thread is neither trusted nor disturbed.
class HardwareTiles {
 public:
  HardwareTiles() {
    struct alignas(64) Config {
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    const Config config;
    __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory");
  }
  ~HardwareTiles() { __asm__ volatile("tilerelease" : : : "memory"); }
  HardwareTiles(const HardwareTiles&) = delete;
  HardwareTiles& operator=(const HardwareTiles&) = delete;

  /// Row i of the tile from at + i * stride bytes.
  template <int kTile>
  void Load(const void* at, int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"
                     :
                     : "r"(at), "r"(stride), "i"(kTile)
                     : "memory");
  }
  /// The same past L1, which other data shall keep.
  template <int kTile>
  void LoadStreaming(const void* at, int64_t stride) {
    __asm__ volatile("tileloaddt1 (%0,%1,1), %%tmm%c2"
                     :
                     : "r"(at), "r"(stride), "i"(kTile)
                     : "memory");
  }
  template <int kTile>
  void Store(void* at, int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)"
                     :
                     : "r"(at), "r"(stride), "i"(kTile)
                     : "memory");
  }
  /// kSum[m][n] += sum over k of kX[m][k] * kW[k / 2][n][k % 2]: float32 += bfloat16 * bfloat16.
  template <int kSum, int kX, int kW>
  void MultiplyAdd() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kX), "i"(kW));
  }
};
#endif

}  // namespace mnv4::kernels
