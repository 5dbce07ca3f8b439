// Names, shapes and bytes of the tensors, as timm's state_dict has them.

#include <gtest/gtest.h>

#include <fstream>

#include "mnv4/arch/arch.h"

namespace mnv4 {
namespace {

// "blocks.0.0.conv.weight [32, 32, 3, 3]" in order; num_batches_tracked follows each running_var.
std::vector<std::string> EntriesOf(const Graph& graph) {
  std::vector<std::string> entries;
  for (const Node& node : graph.nodes) {
    const auto* parameter = std::get_if<Parameter>(&node.op);
    if (parameter == nullptr) continue;
    entries.push_back(parameter->name + " " + ToString(node.type.shape));
    const size_t suffix = parameter->name.rfind("running_var");
    if (suffix == std::string::npos) continue;
    entries.push_back(parameter->name.substr(0, suffix) + "num_batches_tracked []");
  }
  return entries;
}

TEST(Entries, OfConvSmallAreTimmsInTimmsOrder) {
  std::ifstream file(MNV4_SOURCE_DIR "/tests/golden/conv_small_entries.txt");
  std::vector<std::string> wanted;
  for (std::string line; std::getline(file, line);) wanted.push_back(line);
  ASSERT_EQ(wanted.size(), 278u);
  EXPECT_EQ(EntriesOf(Lower(FindArchitecture("conv_small").value(), 1, 224, 224)), wanted);
}

TEST(Entries, CountsAndBytesAreTimms) {
  const struct {
    const char* name;
    size_t entries, norms;
    int64_t bytes;
  } rows[] = {
      {"conv_small_035", 278, 46, 7664656},     {"conv_small_050", 278, 46, 9011600},
      {"conv_small", 278, 46, 15196816},        {"conv_medium", 464, 77, 39134280},
      {"conv_aa_medium", 464, 77, 39134280},    {"conv_blur_medium", 464, 77, 39134280},
      {"conv_large", 614, 102, 130962480},      {"conv_aa_large", 614, 102, 130962480},
      {"hybrid_medium_075", 632, 96, 29486240}, {"hybrid_medium", 632, 96, 44602720},
      {"hybrid_large_075", 787, 121, 91517224}, {"hybrid_large", 787, 121, 151717064},
  };
  for (const auto& row : rows) {
    const Graph graph = Lower(FindArchitecture(row.name).value(), 1, 64, 64);
    size_t norms = 0;
    int64_t bytes = 0;
    for (const Node& node : graph.nodes) {
      if (std::holds_alternative<BatchNorm>(node.op)) ++norms;
      if (std::holds_alternative<Parameter>(node.op)) bytes += 4 * NumElements(node.type.shape);
    }
    EXPECT_EQ(EntriesOf(graph).size(), row.entries) << row.name;
    EXPECT_EQ(norms, row.norms) << row.name;
    EXPECT_EQ(bytes + 8 * static_cast<int64_t>(norms), row.bytes) << row.name;
  }
}

// The entries under `prefix`, without those of norms.
std::vector<std::string> Under(const std::string& prefix, const char* name) {
  std::vector<std::string> found;
  for (const std::string& entry : EntriesOf(Lower(FindArchitecture(name).value(), 1, 64, 64))) {
    const bool norm = entry.find("running_") != entry.npos || entry.find("num_b") != entry.npos ||
                      entry.find("bn1.bias") != entry.npos ||
                      entry.find("bn2.bias") != entry.npos || entry.find("bn3.bias") != entry.npos;
    if (entry.starts_with(prefix) && !norm) found.push_back(entry.substr(prefix.size()));
  }
  return found;
}

TEST(Entries, OfTheOtherGenerationsAreTimms) {
  const struct {
    const char* name;
    size_t entries;
  } rows[] = {{"mobilenetv1_100", 164},
              {"mobilenetv2_100", 314},
              {"mobilenetv3_large_100", 312},
              {"mobilenetv3_small_100", 244}};
  for (const auto& row : rows) {
    const Graph graph = Lower(FindArchitecture(row.name).value(), 1, 64, 64);
    EXPECT_EQ(EntriesOf(graph).size(), row.entries) << row.name;
  }
  using Names = std::vector<std::string>;
  EXPECT_EQ(Under("blocks.1.0.", "mobilenetv1_100"),
            (Names{"conv_dw.weight [64, 1, 3, 3]", "bn1.weight [64]",
                   "conv_pw.weight [128, 64, 1, 1]", "bn2.weight [128]"}));
  EXPECT_EQ(
      Under("blocks.2.0.", "mobilenetv3_large_100"),
      (Names{"conv_pw.weight [72, 24, 1, 1]", "bn1.weight [72]", "conv_dw.weight [72, 1, 5, 5]",
             "bn2.weight [72]", "se.conv_reduce.weight [24, 72, 1, 1]", "se.conv_reduce.bias [24]",
             "se.conv_expand.weight [72, 24, 1, 1]", "se.conv_expand.bias [72]",
             "conv_pwl.weight [40, 72, 1, 1]", "bn3.weight [40]"}));
  EXPECT_EQ(Under("blocks.0.0.", "mobilenetv3_small_100"),
            (Names{"conv_dw.weight [16, 1, 3, 3]", "bn1.weight [16]",
                   "se.conv_reduce.weight [8, 16, 1, 1]", "se.conv_reduce.bias [8]",
                   "se.conv_expand.weight [16, 8, 1, 1]", "se.conv_expand.bias [16]",
                   "conv_pw.weight [16, 16, 1, 1]", "bn2.weight [16]"}));
  EXPECT_EQ(Under("c", "mobilenetv1_100"),
            (Names{"onv_stem.weight [32, 3, 3, 3]", "lassifier.weight [1000, 1024]",
                   "lassifier.bias [1000]"}));
  EXPECT_EQ(Under("conv_head", "mobilenetv1_100h"), (Names{".weight [1024, 1024, 1, 1]"}));
  EXPECT_EQ(Under("bn2", "mobilenetv1_100h"), (Names{".weight [1024]"}));
  EXPECT_EQ(Under("conv_head", "mobilenetv2_140"), (Names{".weight [1792, 448, 1, 1]"}));
  EXPECT_EQ(Under("conv_head", "mobilenetv3_small_075"),
            (Names{".weight [1024, 432, 1, 1]", ".bias [1024]"}));
}

TEST(Entries, OfAttentionBlocksAreTimms) {
  const Graph graph = Lower(FindArchitecture("hybrid_large").value(), 1, 384, 384);
  std::vector<std::string> with_stride, without;
  for (const std::string& entry : EntriesOf(graph)) {
    if (entry.find("norm") != std::string::npos) continue;
    if (entry.starts_with("blocks.2.7.")) with_stride.push_back(entry.substr(11));
    if (entry.starts_with("blocks.3.10.")) without.push_back(entry.substr(12));
  }
  EXPECT_EQ(with_stride, (std::vector<std::string>{
                             "attn.query.proj.weight [384, 192, 1, 1]",
                             "attn.key.down_conv.weight [192, 1, 3, 3]",
                             "attn.key.proj.weight [48, 192, 1, 1]",
                             "attn.value.down_conv.weight [192, 1, 3, 3]",
                             "attn.value.proj.weight [48, 192, 1, 1]",
                             "attn.output.proj.weight [192, 384, 1, 1]",
                             "layer_scale.gamma [192]",
                         }));
  EXPECT_EQ(without, (std::vector<std::string>{
                         "attn.query.proj.weight [512, 512, 1, 1]",
                         "attn.key.proj.weight [64, 512, 1, 1]",
                         "attn.value.proj.weight [64, 512, 1, 1]",
                         "attn.output.proj.weight [512, 512, 1, 1]",
                         "layer_scale.gamma [512]",
                     }));
}

}  // namespace
}  // namespace mnv4
