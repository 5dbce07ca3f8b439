#include "mnv4/base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace mnv4 {
namespace {

TEST(AlignedBuffer, IsAlignedZeroAndReadableBehindItsEnd) {
  constexpr size_t kHuge = 2 << 20;
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{65}, kHuge - 64, kHuge - 63, kHuge, 3 * kHuge + 5}) {
    const AlignedBuffer buffer(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % kCacheLine, 0u);
    EXPECT_TRUE(std::all_of(buffer.data(), buffer.data() + size + kCacheLine,
                            [](std::byte value) { return value == std::byte{0}; }));
    std::fill_n(buffer.data(), size, std::byte{1});
  }
}

TEST(AlignedBuffer, MovesWithItsMemory) {
  for (const size_t size : {size_t{100}, size_t{5} << 20}) {
    AlignedBuffer first(size);
    first.data()[size - 1] = std::byte{7};
    AlignedBuffer second(10);
    second = std::move(first);
    EXPECT_EQ(second.data()[size - 1], std::byte{7});
  }
}

}  // namespace
}  // namespace mnv4
