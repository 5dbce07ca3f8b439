#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

using Random = std::mt19937;

int Draw(Random& random, int least, int most) {
  return std::uniform_int_distribution<int>(least, most)(random);
}

double DrawDouble(Random& random, double least, double most) {
  return std::uniform_real_distribution<double>(least, most)(random);
}

BlockSpec RandomBlock(Random& random, int stride) {
  const int kernel = 2 * Draw(random, 0, 4) + 1, out = Draw(random, 1, 999);
  const double expand = Draw(random, 0, 1) ? Draw(random, 1, 8) : DrawDouble(random, 0.5, 8);
  const int form = Draw(random, 0, stride == 1 ? 6 : 4);
  if (form == 0) return ConvSpec{.kernel = kernel, .out = out, .stride = stride};
  if (form == 1) {
    return FusedIbSpec{.kernel = kernel, .expand = expand, .out = out, .stride = stride};
  }
  const double squeeze = Draw(random, 0, 1) ? 0 : DrawDouble(random, 0, 1);
  const auto own = Draw(random, 0, 1) ? std::nullopt : std::optional(Activation::kHardSwish);
  if (form == 2) {
    return SeparableSpec{.kernel = kernel,
                         .out = out,
                         .stride = stride,
                         .squeeze = squeeze,
                         .activate = Draw(random, 0, 1) == 1,
                         .activation = own};
  }
  if (form == 3) {
    return InvertedResidualSpec{.kernel = kernel,
                                .expand = expand,
                                .out = out,
                                .stride = stride,
                                .squeeze = squeeze,
                                .activation = own};
  }
  if (form > 4) {
    return MqaSpec{.heads = Draw(random, 1, 16),
                   .key_dim = Draw(random, 1, 128),
                   .kv_stride = Draw(random, 1, 2),
                   .multi_head = form == 5};
  }
  return UibSpec{.dw_start = stride == 2 || Draw(random, 0, 1) ? kernel : 0,
                 .dw_mid = Draw(random, 0, 1) ? 2 * Draw(random, 0, 3) + 1 : 0,
                 .expand = expand,
                 .out = out,
                 .stride = stride};
}

NetworkSpec RandomNetwork(Random& random) {
  constexpr Activation kActivations[] = {Activation::kRelu, Activation::kRelu6, Activation::kGelu,
                                         Activation::kHardSwish, Activation::kHardSigmoid};
  NetworkSpec spec{.name = "net-" + std::to_string(random()),
                   .family = static_cast<Family>(Draw(random, 0, 3)),
                   .in_chans = Draw(random, 1, 4),
                   .num_classes = Draw(random, 0, 2000),
                   .activation = kActivations[Draw(random, 0, 4)],
                   .pad = static_cast<PadMode>(Draw(random, 0, 1)),
                   .low_pass = static_cast<LowPass>(Draw(random, 0, 2)),
                   .bn_eps = DrawDouble(random, 1e-6, 1e-2),
                   .layer_scale = Draw(random, 0, 1) == 1,
                   .stem = Draw(random, 1, 64),
                   .head = Draw(random, 0, 9) * 200,
                   .output_stride = 8 << Draw(random, 0, 2)};
  for (int stages = Draw(random, 1, 6); stages > 0; --stages) {
    auto& stage = spec.stages.emplace_back();
    for (int blocks = Draw(random, 1, 5); blocks > 0; --blocks) {
      stage.push_back(RandomBlock(random, stage.empty() ? Draw(random, 1, 2) : 1));
    }
  }
  return spec;
}

std::string ErrorOf(const std::string& text) {
  try {
    ParseNetwork(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    return error.what();
  }
  return "";
}

TEST(NetworkText, IsReadable) {
  const std::string text = Print(FindArchitecture("conv_small").value());
  EXPECT_THAT(text, testing::StartsWith("network mobilenetv4_conv_small family=mobilenetv4 "
                                        "act=relu pad=sym bn_eps=1e-5 stem=32 head=1280\n"
                                        "stage\n"
                                        "  conv k3 s2 o32\n"
                                        "  conv k1 o32\n"));
  EXPECT_THAT(text, HasSubstr("  uib 5/5 s2 e3 o96\n  uib 0/3 e2 o96\n"));
  EXPECT_THAT(text, testing::EndsWith("stage\n  conv k1 o960\n"));
  const std::string hybrid = Print(FindArchitecture("hybrid_medium").value());
  EXPECT_THAT(hybrid, HasSubstr(" layer_scale=yes\n"));
  EXPECT_THAT(hybrid, HasSubstr("  fused k3 s2 e4 o48\n"));
  EXPECT_THAT(hybrid, HasSubstr("  mqa h4 d64 kv2\n"));
  const std::string v3 = Print(FindArchitecture("tf_mobilenetv3_small_100").value());
  EXPECT_THAT(v3, testing::StartsWith("network tf_mobilenetv3_small_100 family=mobilenetv3 "
                                      "act=hard_swish pad=same bn_eps=0.001 stem=16 head=1024\n"
                                      "stage\n"
                                      "  ds k3 s2 o16 se0.25 act=relu\n"
                                      "stage\n"
                                      "  ir k3 s2 e4.5 o24 act=relu\n"));
  EXPECT_THAT(Print(FindArchitecture("mobilenetv1_100").value()),
              HasSubstr(" head=0\nstage\n  dsa k3 o64\nstage\n  dsa k3 s2 o128\n"));
}

TEST(NetworkText, OfTheDocumentationIsConvSmall) {
  std::ifstream file(MNV4_SOURCE_DIR "/docs/network-text.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str(), fence = "```network\n";
  const size_t begin = page.find(fence);
  ASSERT_NE(begin, page.npos);
  const size_t first = begin + fence.size();
  EXPECT_EQ(page.substr(first, page.find("```", first) - first),
            Print(FindArchitecture("conv_small").value()));
}

TEST(NetworkText, OfEveryArchitectureReadsBackTheSame) {
  for (const char* name : ArchitectureNames()) {
    const NetworkSpec spec = FindArchitecture(name).value();
    EXPECT_EQ(ParseNetwork(Print(spec)), spec) << name;
  }
}

TEST(NetworkText, OfRandomNetworksReadsBackTheSame) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const NetworkSpec spec = RandomNetwork(random);
    const std::string text = Print(spec);
    ASSERT_EQ(ParseNetwork(text), spec) << text;
  }
}

TEST(NetworkText, OfRandomNetworksLowers) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const NetworkSpec spec = RandomNetwork(random);
    const Graph graph = Lower(spec, Draw(random, 1, 2), 64 + Draw(random, 0, 32), 96);
    EXPECT_EQ(graph.at(graph.outputs.at("logits")).type.shape[3],
              spec.num_classes > 0 ? spec.num_classes : FeatureChannels(spec));
  }
}

TEST(NetworkText, TakesCommentsBlankLinesDefaultsAndAnyOrder) {
  const NetworkSpec spec = ParseNetwork(
      "# mine\r\n\r\n"
      "network tiny  aa=blur\tstem=16 # a short header\r\n"
      "stage\r\n"
      "\tconv o24 k3 s2   # two words swapped\r\n"
      "  mha d16 h2");
  NetworkSpec wanted{.name = "tiny", .low_pass = LowPass::kBlur, .stem = 16};
  wanted.stages = {{ConvSpec{.kernel = 3, .out = 24, .stride = 2},
                    MqaSpec{.heads = 2, .key_dim = 16, .multi_head = true}}};
  EXPECT_EQ(spec, wanted);
}

TEST(NetworkText, ErrorsNameTheLineWhatItHasAndWhatWasWanted) {
  const std::string header = "network n\nstage\n";
  EXPECT_EQ(ErrorOf(""), "line 1: the end of the text, wanted 'network NAME ...'");
  EXPECT_EQ(ErrorOf("conv k3 o8"), "line 1: 'conv', wanted 'network NAME ...' first");
  EXPECT_EQ(ErrorOf("network"), "line 1: 'network', wanted 'network NAME ...' first");
  EXPECT_EQ(ErrorOf("network n stem"), "line 1: 'stem', wanted KEY=VALUE");
  EXPECT_EQ(ErrorOf("network n sten=3"), "line 1: unknown 'sten=3', the nearest known is 'stem'");
  EXPECT_EQ(ErrorOf("network n stem=x"), "line 1: 'stem=x', wanted a whole number");
  EXPECT_EQ(ErrorOf("network n stem=99999999999"),
            "line 1: 'stem=99999999999', wanted a whole number");
  EXPECT_EQ(ErrorOf("network n bn_eps="), "line 1: 'bn_eps=', wanted a number");
  EXPECT_EQ(ErrorOf("network n pad=left"), "line 1: 'pad=left', wanted one of sym same");
  EXPECT_EQ(ErrorOf("network n family=resnet"),
            "line 1: 'family=resnet', wanted one of mobilenetv1 mobilenetv2 mobilenetv3 "
            "mobilenetv4");
  EXPECT_EQ(ErrorOf("network n head=1 head=1"), "line 1: 'head' is given twice");
  EXPECT_EQ(ErrorOf("network n\nconv k3 o8"), "line 2: conv before the first stage");
  EXPECT_EQ(ErrorOf("network n\nstage 2"), "line 2: '2' after stage, wanted a new line");
  EXPECT_EQ(ErrorOf(header + "cnov k3 o8"), "line 3: unknown 'cnov', the nearest known is 'conv'");
  EXPECT_EQ(ErrorOf(header + "conv k3 q8"), "line 3: unknown 'q8', the nearest known is 'k'");
  EXPECT_EQ(ErrorOf(header + "conv k3 o8 k3"), "line 3: 'k3' says the same thing twice");
  EXPECT_EQ(ErrorOf(header + "conv k3"), "line 3: conv without 'o'");
  EXPECT_EQ(ErrorOf(header + "uib e4 o8"), "line 3: uib without its kernels, like 3/5");
  EXPECT_EQ(ErrorOf(header + "uib 3 e4 o8"), "line 3: '3', wanted two kernels like 3/5");
  EXPECT_EQ(ErrorOf(header + "conv k4 o8"), "line 3: kernel is 4, wanted an odd side");
  EXPECT_EQ(ErrorOf(header + "conv k3 o8 s3"), "line 3: stride is 3, wanted 1 to 2");
  EXPECT_EQ(ErrorOf(header + "uib 0/0 s2 e4 o8"),
            "line 3: stride 2 without a depthwise convolution to take it");
  EXPECT_EQ(ErrorOf(header + "ds k3 o8 act=rulu"),
            "line 3: 'act=rulu', wanted one of relu relu6 gelu hard_swish hard_sigmoid");
  EXPECT_EQ(ErrorOf(header + "ir k3 e4 o8 se2"), "line 3: squeeze is 2, wanted 0 to 1");
  EXPECT_EQ(ErrorOf(header + "\xff\n"), "line 3: unknown '\\xff', the nearest known is 'ds'");
}

TEST(NetworkText, ErrorsOfTheWholeNetworkNameTheBlock) {
  EXPECT_EQ(ErrorOf("network n"), "n: the number of stages is 0, wanted 1 to 16");
  EXPECT_EQ(ErrorOf("network n\nstage\nstage\nconv k1 o8"), "n: stage 0 has no blocks");
  EXPECT_EQ(ErrorOf("network n\nstage\nconv k1 o8\nconv k1 o8 s2"),
            "n: blocks.0.1: stride 2, which only the first block of a stage may have");
  EXPECT_EQ(ErrorOf("network n output_stride=4\nstage\nconv k1 o8"),
            "n: output_stride is 4, wanted 8, 16 or 32");
  EXPECT_EQ(ErrorOf("network n bn_eps=nan\nstage\nconv k1 o8"), "n: bn_eps is nan, wanted 0 to 1");
  EXPECT_THAT(ErrorOf("network n\x01\nstage\nconv k1 o8"), HasSubstr("the name of a network"));
  EXPECT_THAT(ErrorOf(std::string(2 << 20, ' ')), HasSubstr("bytes of text, wanted at most"));
}

// Any bytes give a network or an error.
TEST(NetworkText, SurvivesDamage) {
  Random random(3);
  const std::string whole = Print(FindArchitecture("hybrid_medium").value());
  int valid = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = whole.substr(0, Draw(random, 0, static_cast<int>(whole.size())));
    for (int changes = Draw(random, 0, 3); changes > 0 && !text.empty(); --changes) {
      const auto at = static_cast<size_t>(Draw(random, 0, static_cast<int>(text.size()) - 1));
      text[at] = static_cast<char>(Draw(random, 0, 1) ? Draw(random, 0, 255) : whole[at / 2]);
    }
    try {
      const NetworkSpec spec = ParseNetwork(text);
      ASSERT_EQ(ParseNetwork(Print(spec)), spec) << text;
      ++valid;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kInvalidFile);
      ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
  EXPECT_GT(valid, 10);
  EXPECT_LT(valid, 4990);
}

TEST(Print, RefusesWhatItCouldNotReadBack) {
  NetworkSpec spec = FindArchitecture("conv_small").value();
  spec.name = "two words";
  EXPECT_THROW(Print(spec), Error);
  spec = FindArchitecture("mobilenetv3_small_100").value();
  std::get<SeparableSpec>(spec.stages[0][0]).activation = Activation::kNone;
  EXPECT_THROW(Print(spec), Error);
}

}  // namespace
}  // namespace mnv4
