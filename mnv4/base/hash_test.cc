#include "mnv4/base/hash.h"

#include <gtest/gtest.h>

#include <vector>

namespace mnv4 {
namespace {

TEST(Hash, IsXxh3) {
  EXPECT_EQ(ToString(HashOf("")), "99aa06d3014798d86001c324468d497f");  // xxh128sum < /dev/null
}

TEST(Hash, ChangesWithEveryBit) {
  std::vector<std::byte> bytes(5000);
  const Hash whole = HashOf(bytes);
  EXPECT_NE(HashOf(std::span(bytes).first(4999)), whole);
  for (size_t bit = 0; bit < 8 * bytes.size(); bit += 7) {
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
    EXPECT_NE(HashOf(bytes), whole) << bit;
    bytes[bit / 8] ^= std::byte{1} << bit % 8;
  }
  EXPECT_EQ(HashOf(bytes), whole);
}

}  // namespace
}  // namespace mnv4
