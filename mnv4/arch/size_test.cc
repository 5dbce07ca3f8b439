// Parameters and MACs of the networks, counted by instantiating timm's models.

#include <gtest/gtest.h>

#include "mnv4/arch/arch.h"

namespace mnv4 {
namespace {

struct Row {
  const char* name;
  int64_t parameters, without_norms;
  int side;
  int64_t macs, attention_macs;
};

// The blur filter counts as a depthwise convolution, average pooling as nothing.
constexpr Row kRows[] = {
    {"conv_small_035", 1905384, 1894696, 224, 47723040, 0},
    {"conv_small_035", 1905384, 1894696, 256, 61808640, 0},
    {"conv_small_050", 2238952, 2225096, 224, 64741408, 0},
    {"conv_small_050", 2238952, 2225096, 256, 83980288, 0},
    {"conv_small", 3774024, 3748936, 224, 186005568, 0},
    {"conv_small", 3774024, 3748936, 256, 242178048, 0},
    {"conv_small", 3774024, 3748936, 320, 376992000, 0},
    {"conv_medium", 9715512, 9647608, 224, 827649984, 0},
    {"conv_medium", 9715512, 9647608, 256, 1080244224, 0},
    {"conv_medium", 9715512, 9647608, 320, 1686470400, 0},
    {"conv_medium", 9715512, 9647608, 384, 2427413504, 0},
    // Not in timm; counted by hand from the Model Garden's table.
    {"conv_medium_seg", 5021816, 4975608, 256, 802863104, 0},
    {"conv_medium_seg", 5021816, 4975608, 512, 3205892096, 0},
    {"conv_large", 32590864, 32441312, 256, 2835269632, 0},
    {"conv_large", 32590864, 32441312, 320, 4428697600, 0},
    {"conv_large", 32590864, 32441312, 384, 6376220672, 0},
    {"conv_large", 32590864, 32441312, 448, 8677838848, 0},
    {"hybrid_medium_075", 7313528, 7255688, 224, 625258160, 24586240},
    {"hybrid_medium", 11074648, 10998808, 224, 941725120, 24586240},
    {"hybrid_medium", 11074648, 10998808, 256, 1229240320, 41943040},
    {"hybrid_medium", 11074648, 10998808, 320, 1919276800, 102400000},
    {"hybrid_medium", 11074648, 10998808, 384, 2762654720, 212336640},
    {"hybrid_medium", 11074648, 10998808, 448, 3759374080, 393379840},
    {"hybrid_large_075", 22754984, 22630904, 256, 1969125376, 67108864},
    {"hybrid_large", 37764624, 37600224, 384, 7372138496, 339738624},
    {"hybrid_large", 37764624, 37600224, 448, 10033393664, 629407744},
    {"conv_aa_medium", 9715512, 9647608, 256, 1561798656, 0},
    {"conv_blur_medium", 9715512, 9647608, 224, 1202577600, 0},
    {"conv_blur_medium", 9715512, 9647608, 256, 1569945600, 0},
    {"conv_aa_large", 32590864, 32441312, 384, 7007590400, 0},
    {"conv_aa_large", 32590864, 32441312, 448, 9537203200, 0},
    {"conv_aa_large", 32590864, 32441312, 480, 10947948800, 0},
    {"conv_aa_large", 32590864, 32441312, 544, 14061318400, 0},
};

TEST(Size, ParametersAndMacsAreTimms) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name + std::string(" at ") + std::to_string(row.side));
    const Graph graph = Lower(FindArchitecture(row.name).value(), 1, row.side, row.side);
    Cost sum;
    int64_t norms = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Cost cost = CostOf(graph, NodeId(i));
      sum.macs += cost.macs;
      sum.attention_macs += cost.attention_macs;
      sum.parameters += cost.parameters;
      if (std::holds_alternative<BatchNorm>(graph.nodes[i].op)) norms += cost.parameters;
    }
    EXPECT_EQ(sum.parameters, row.parameters);
    EXPECT_EQ(sum.parameters - norms, row.without_norms);
    EXPECT_EQ(sum.macs, row.macs);
    EXPECT_EQ(sum.attention_macs, row.attention_macs);
  }
}

// At 224 pixels.
TEST(Size, OfTheOtherGenerationsAreTimms) {
  const struct {
    const char* name;
    int64_t parameters, macs;
  } rows[] = {
      {"mobilenetv1_025", 470072, 41030272},
      {"mobilenetv1_050", 1331592, 149497088},
      {"mobilenetv1_075", 2585560, 325400448},
      {"mobilenetv1_100", 4231976, 568740352},
      {"mobilenetv1_125", 6270840, 879516800},
      {"mobilenetv1_150", 8702152, 1257729792},
      {"mobilenetv1_200", 14742120, 2216465408},
      {"mobilenetv2_035", 1677128, 59285808},
      {"mobilenetv2_050", 1968680, 97131840},
      {"mobilenetv2_075", 2636424, 209069792},
      {"mobilenetv2_100", 3504872, 300774272},
      {"mobilenetv2_140", 6108776, 582195824},
      {"mobilenetv2_150", 6858152, 672832704},
      {"mobilenetv2_200", 11258088, 1137428224},
      {"mobilenetv3_large_050", 2689904, 73663088},
      {"mobilenetv3_large_075", 3993528, 154560624},
      {"mobilenetv3_large_100", 5483032, 216589760},
      {"mobilenetv3_large_150", 9766088, 486932144},
      {"mobilenetv3_large_200", 15382336, 812435840},
      {"tf_mobilenetv3_large_minimal_100", 3924288, 209136704},
      {"mobilenetv3_small_050", 1593224, 24188688},
      {"mobilenetv3_small_075", 2041872, 43399344},
      {"mobilenetv3_small_100", 2542856, 56510400},
      {"mobilenetv3_small_150", 3977656, 122672848},
      {"mobilenetv3_small_200", 5745160, 196010368},
      {"tf_mobilenetv3_small_minimal_100", 2044736, 52288448},
  };
  const auto sum_of = [](const char* name) {
    const Graph graph = Lower(FindArchitecture(name).value(), 1, 224, 224);
    Cost sum;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Cost cost = CostOf(graph, NodeId(i));
      sum.macs += cost.macs;
      sum.parameters += cost.parameters;
    }
    return sum;
  };
  for (const auto& row : rows) {
    EXPECT_EQ(sum_of(row.name), (Cost{.macs = row.macs, .parameters = row.parameters})) << row.name;
  }
  // Deeper ones: MACs are known to 0.1 M.
  EXPECT_EQ(sum_of("mobilenetv2_110d").parameters, 4516520);
  EXPECT_EQ(sum_of("mobilenetv2_120d").parameters, 5831144);
  EXPECT_NEAR(static_cast<double>(sum_of("mobilenetv2_110d").macs), 430.5e6, 5e4);
  EXPECT_NEAR(static_cast<double>(sum_of("mobilenetv2_120d").macs), 668.9e6, 5e4);
}

TEST(Size, MacsGrowWithTheBatchAndParametersDoNot) {
  const NetworkSpec spec = FindArchitecture("hybrid_medium").value();
  const Graph one = Lower(spec, 1, 96, 96), three = Lower(spec, 3, 96, 96);
  for (size_t i = 0; i < one.nodes.size(); ++i) {
    const Cost a = CostOf(one, NodeId(i)), b = CostOf(three, NodeId(i));
    EXPECT_EQ(3 * a.macs, b.macs);
    EXPECT_EQ(3 * a.attention_macs, b.attention_macs);
    EXPECT_EQ(a.parameters, b.parameters);
  }
}

}  // namespace
}  // namespace mnv4
