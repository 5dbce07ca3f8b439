#include "mnv4/image/resample.h"

#include <gtest/gtest.h>

#include "mnv4/image/resample_ref.h"
#include "mnv4/image/test_pictures.h"

namespace mnv4 {
namespace {

// The kernels of every instruction set of this machine.
std::vector<const ResampleKernels*> AllKernels() {
  std::vector<const ResampleKernels*> all;
  for (Isa isa : {Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (!DetectIsa().Has(isa)) continue;
    all.push_back(&ResampleKernelsFor(CapIsa(DetectIsa(), Name(isa))));
  }
  return all;
}

struct Shape {
  int from, to;
};
// Around the lanes of every kernel, from a window of one weight to one over everything.
constexpr Shape kShapes[] = {{1, 1},   {1, 9},   {2, 3},    {3, 1},   {4, 4},    {5, 31},
                             {15, 8},  {16, 16}, {17, 33},  {31, 32}, {32, 5},   {33, 34},
                             {64, 63}, {65, 2},  {100, 17}, {101, 1}, {500, 96}, {700, 13}};
constexpr Interpolation kFilters[] = {Interpolation::kNearest,  Interpolation::kBox,
                                      Interpolation::kBilinear, Interpolation::kHamming,
                                      Interpolation::kBicubic,  Interpolation::kLanczos};

TEST(ResampleHorizontal, EqualsReferenceOnEveryIsa) {
  for (const ResampleKernels* kernels : AllKernels()) {
    for (const Shape& shape : kShapes) {
      for (Interpolation filter : kFilters) {
        for (int channels : {1, 3}) {
          const AxisWeights weights = ComputeWeights({shape.from, shape.to, 0, shape.to}, filter);
          const int num_rows = 1 + (shape.from + static_cast<int>(filter)) % (3 * kRowsAtOnce);
          Image source = SyntheticPixels(shape.from, num_rows, channels);
          source.pixels.resize(source.pixels.size() + kRowSlack);  // after the last row
          const size_t row_bytes = size_t{1} * shape.to * channels;
          std::vector<uint8_t> ours(num_rows * row_bytes), wanted(ours.size());
          std::vector<const uint8_t*> rows;
          std::vector<uint8_t*> our_rows, wanted_rows;
          for (int r = 0; r < num_rows; ++r) {
            rows.push_back(source.view().row(r));
            our_rows.push_back(&ours[r * row_bytes]);
            wanted_rows.push_back(&wanted[r * row_bytes]);
          }
          HorizontalRef(weights, channels, rows.data(), num_rows, wanted_rows.data());
          kernels->horizontal(weights, channels, rows.data(), num_rows, our_rows.data());
          ASSERT_EQ(ours, wanted) << kernels->name << " " << shape.from << " to " << shape.to << " "
                                  << Name(filter) << ", " << channels << " channels";
        }
      }
    }
  }
}

TEST(ResampleVertical, EqualsReferenceOnEveryIsa) {
  for (const ResampleKernels* kernels : AllKernels()) {
    for (const Shape& shape : kShapes) {
      for (Interpolation filter : kFilters) {
        for (int columns : {1, 7, 15, 16, 17, 31, 32, 33, 98}) {
          const AxisWeights weights = ComputeWeights({shape.from, shape.to, 0, shape.to}, filter);
          const Image source = SyntheticPixels(columns, shape.from, 1);
          std::vector<uint8_t> ours(columns), wanted(columns);
          for (int y = 0; y < shape.to; ++y) {
            const uint8_t* first = source.view().row(weights.windows[y].first);
            VerticalRef(weights, y, first, columns, columns, wanted.data());
            kernels->vertical(weights, y, first, columns, columns, ours.data());
            ASSERT_EQ(ours, wanted) << kernels->name << " " << shape.from << " to " << shape.to
                                    << " " << Name(filter) << ", " << columns << " columns";
          }
        }
      }
    }
  }
}

TEST(ResampleKernelsFor, GivesTheReferenceWithoutIsa) {
  EXPECT_STREQ(ResampleKernelsFor(IsaSet()).name, "reference");
}

TEST(ComputeWeights, OfAPartAreThoseOfTheWhole) {
  for (Interpolation filter : kFilters) {
    const AxisWeights whole = ComputeWeights({500, 37, 0, 37}, filter);
    const AxisWeights part = ComputeWeights({500, 37, 11, 9}, filter);
    for (int i = 0; i < part.outputs(); ++i) {
      ASSERT_EQ(part.windows[i].first, whole.windows[i + 11].first);
      ASSERT_EQ(part.windows[i].count, whole.windows[i + 11].count);
      for (int t = 0; t < part.windows[i].count; ++t) {
        ASSERT_EQ(part.fixed[i * part.stride + t], whole.fixed[(i + 11) * whole.stride + t]);
      }
    }
  }
}

}  // namespace
}  // namespace mnv4
