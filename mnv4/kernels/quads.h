#pragma once
/// Winograd's arithmetic for 3x3 with stride 2 (winograd-inl.h), as numbers alone: fp16_tiles.cc
/// takes no inline functions from headers, nor inline variables.

namespace mnv4::kernels {

/// The values of one dimension: x0 - x2, x1, x4 - x2, x3, x2; and the weights that each is
/// multiplied by the sum of. The first two serve y0 alone, the next two y1 alone, the last both.
constexpr int kQuadValues = 5;
constexpr bool kHasWeight[kQuadValues][3] = {{true, false, false},
                                             {false, true, false},
                                             {false, false, true},
                                             {false, true, false},
                                             {true, false, true}};

/// In two dimensions each lies in a plane: [of rows][of columns].
constexpr int kPlanes = kQuadValues * kQuadValues;
constexpr int kPlaneOf[kQuadValues][kQuadValues] = {{0, 1, 4, 5, 8},
                                                    {2, 3, 6, 7, 9},
                                                    {10, 11, 14, 15, 18},
                                                    {12, 13, 16, 17, 19},
                                                    {20, 21, 22, 23, 24}};

/// The sums, by the results that they belong to: [y0, y1 or both rows][columns likewise].
enum QuadResult { kFirst, kSecond, kBoth, kQuadResults };
constexpr int kQuadSums = kQuadResults * kQuadResults;
struct QuadSum {
  int first_plane, planes;
};
constexpr QuadSum kQuadSum[kQuadResults][kQuadResults] = {
    {{0, 4}, {4, 4}, {8, 2}}, {{10, 4}, {14, 4}, {18, 2}}, {{20, 2}, {22, 2}, {24, 1}}};

/// Each sum on its way is at most so many times the largest |x| by the sum of |weights|: a
/// corner's weight is multiplied by values of up to 4, 2, 2 and 1 x.
constexpr int kQuadGrowth = 9;

}  // namespace mnv4::kernels
