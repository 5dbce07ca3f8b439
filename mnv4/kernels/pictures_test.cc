#include "mnv4/kernels/pictures.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace mnv4::kernels {
namespace {

TEST(Pictures, ReachTheInputFromBothLayouts) {
  for (const int c : {1, 3, 5}) {
    for (const int w : {1, 3, 4, 9}) {
      const int n = 2, h = 3;
      std::vector<float> values(static_cast<size_t>(n * h * w * c));
      std::iota(values.begin(), values.end(), 1.0f);
      const Desc desc = {
          .layout = Layout::kNhwc, .n = n, .h = h, .w = w, .c = c, .halo = {1, 2, 0, 1}};
      for (const bool nchw : {true, false}) {
        const Pictures pictures =
            nchw ? PicturesNchw(values.data(), c, h, w) : PicturesNhwc(values.data(), c, h, w);
        std::vector<float> x(static_cast<size_t>(desc.elements()));
        CopyRows(pictures, 0, 2, desc, x.data());
        CopyRows(pictures, 2, n * h, desc, x.data());
        float sum = 0;
        for (int i = 0; i < n * h * w * c; ++i) {
          const int channel = i % c, column = i / c % w, y = i / c / w % h, image = i / c / w / h;
          const float got = x[static_cast<size_t>(desc.Offset(0, image, y, column) + channel)];
          EXPECT_EQ(
              got,
              values[static_cast<size_t>(nchw ? ((image * c + channel) * h + y) * w + column : i)]);
          sum += got;
        }
        EXPECT_EQ(sum, std::accumulate(x.begin(), x.end(), 0.0f)) << "the halo was written";
      }
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels
