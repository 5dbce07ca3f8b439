#include "mnv4/base/tensor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

TEST(Half, RoundTripsEveryBitPattern) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    } else {
      EXPECT_EQ(FloatToHalf(value), half) << bits;
    }
  }
}

TEST(Half, RoundsHalfwayCasesToEven) {
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-11f), 0x3C00);  // between 1 and 1 + 2^-10
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-10f + 0x1p-11f), 0x3C02);
  EXPECT_EQ(FloatToHalf(0x1p-25f), 0x0000);  // half of the smallest subnormal
  EXPECT_EQ(FloatToHalf(std::nextafter(0x1p-25f, 1.0f)), 0x0001);
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7C00);
  EXPECT_EQ(FloatToHalf(-std::numeric_limits<float>::infinity()), 0xFC00);
}

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBFloat16(1.0f), 0x3F80);
  EXPECT_EQ(FloatToBFloat16(std::bit_cast<float>(0x3F808000u)), 0x3F80);
  EXPECT_EQ(FloatToBFloat16(std::bit_cast<float>(0x3F818000u)), 0x3F82);
  EXPECT_TRUE(std::isnan(BFloat16ToFloat(FloatToBFloat16(std::bit_cast<float>(0x7F800001u)))));
}

TEST(Tensor, KeepsItsValuesAlive) {
  Tensor copy;
  {
    const Tensor tensor = MakeTensor({2, 2}, {1, 2, 3, 4});
    copy = tensor;
  }
  EXPECT_EQ(ToFloats(copy), (std::vector<float>{1, 2, 3, 4}));
}

TEST(Tensor, RefusesIntegersWhereFloatsBelong) {
  Tensor tensor;
  tensor.type.dtype = DType::kI64;
  EXPECT_THROW(ToFloats(tensor), Error);
}

TEST(Shape, PrintsAndCounts) {
  EXPECT_EQ(ToString(Shape{32, 3, 3, 3}), "[32, 3, 3, 3]");
  EXPECT_EQ(NumElements({32, 3, 3, 3}), 864);
  EXPECT_EQ(NumElements({}), 1);
}

}  // namespace
}  // namespace mnv4
