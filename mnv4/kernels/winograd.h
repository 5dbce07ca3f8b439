#pragma once
/// Winograd's arithmetic for 3x3 with stride 2 (winograd-inl.h), as numbers alone: fp16_tiles.cc
/// takes no inline code from headers.

namespace mnv4::kernels {

/// Squares of kSide x kSide results, which are sums of products of values. One dimension has
/// kSide + 1 values that combine even inputs, then the kSide odd inputs; in two each pair of values
/// is a plane, and each pair of sums adds up the planes of its values.
template <int kSide>
struct Squares {
  static constexpr int kEven = kSide + 1, kValues = kEven + kSide;
  static constexpr int kPlanes = kValues * kValues;
  /// One for each result alone, then those that several have.
  static constexpr int kSums = 2 * kSide - 1;

  double weights[kValues][3];      ///< what a value is multiplied by, of the three of a filter
  int sum_of[kValues];             ///< which sum a value's product belongs to
  int plane_of[kValues][kValues];  ///< [of rows][of columns]
  struct Sum {
    int first_plane, planes;
  };
  Sum sums[kSums][kSums];  ///< [of rows][of columns]
};

template <int kSide>
consteval Squares<kSide> WithPlanes(Squares<kSide> squares) {
  constexpr int kValues = Squares<kSide>::kValues, kSums = Squares<kSide>::kSums;
  int plane = 0;
  for (int sum = 0; sum < kSums * kSums; ++sum) {
    const int first = plane;
    for (int value = 0; value < kValues * kValues; ++value) {
      const int row = value / kValues, column = value % kValues;
      if (squares.sum_of[row] == sum / kSums && squares.sum_of[column] == sum % kSums) {
        squares.plane_of[row][column] = plane++;
      }
    }
    squares.sums[sum / kSums][sum % kSums] = {first, plane - first};
  }
  return squares;
}

/// F(2, 2) on the even inputs e: e0 - e1, e1, e2 - e1.
constexpr Squares<2> kQuads = WithPlanes<2>(
    {{{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}}, {0, 2, 1, 0, 1}, {}, {}});
/// F(4, 2), interpolated at 0, -1, 1/2, 2 and infinity: of small fractions those whose results
/// differ least in how they round, and least at their worst.
constexpr Squares<4> kSixteens = WithPlanes<4>({{{1, 0, 0},
                                                 {-2. / 9, 0, 2. / 9},
                                                 {-8. / 9, 0, -4. / 9},
                                                 {1. / 9, 0, 2. / 9},
                                                 {0, 0, 1},
                                                 {0, 1, 0},
                                                 {0, 1, 0},
                                                 {0, 1, 0},
                                                 {0, 1, 0}},
                                                {0, 4, 5, 6, 3, 0, 1, 2, 3},
                                                {},
                                                {}});

/// Each sum of quads on its way is at most so many times the largest |x| by the sum of |weights|: a
/// corner's weight is multiplied by values of up to 4, 2, 2 and 1 x.
constexpr int kQuadGrowth = 9;

}  // namespace mnv4::kernels
