// The networks against numbers that timm gave in double precision for the same hash-filled weights
// and picture (tests/golden).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/graph/interpret.h"

namespace mnv4 {
namespace {

using nlohmann::json;

// Of the networks there are: the file has two others.
std::vector<json> Cases(const std::string& name) {
  std::ifstream file(MNV4_SOURCE_DIR "/tests/golden/" + name);
  std::vector<json> cases;
  for (const json& entry : json::parse(file)) {
    if (FindArchitecture(entry["model"].get<std::string>())) cases.push_back(entry);
  }
  return cases;
}

std::string NameOf(const testing::TestParamInfo<json>& info) {
  std::string name = info.param["model"];
  for (const int side : info.param["input"]) name += "_" + std::to_string(side);
  if (info.param.contains("output_stride")) name += "_os" + info.param["output_stride"].dump();
  return info.param["mode"] == "default" ? name : name + "_same";
}

NetworkSpec SpecOf(const json& golden) {
  NetworkSpec spec = FindArchitecture(golden["model"].get<std::string>()).value();
  if (golden["mode"] != "default") {
    spec.pad = PadMode::kSame;
    spec.bn_eps = 1e-3;
  }
  spec.output_stride = golden.value("output_stride", 32);
  return spec;
}

// Name, shape, mean and standard deviation of a map; `golden` has them from its index `at` on.
void ExpectStatistics(const std::string& name, const Values& map, const json& golden, size_t at) {
  const Shape& nhwc = map.shape;
  EXPECT_EQ((Shape{nhwc[3], nhwc[1], nhwc[2]}), golden[at].get<Shape>()) << name;
  double sum = 0, squares = 0;
  for (const double value : map.data) sum += value;
  const double mean = sum / static_cast<double>(map.data.size());
  for (const double value : map.data) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(map.data.size()));
  const double wanted_deviation = golden[at + 2].get<double>();
  EXPECT_NEAR(mean, golden[at + 1].get<double>(), 1e-5 * wanted_deviation) << name;
  EXPECT_NEAR(deviation, wanted_deviation, 1e-5 * wanted_deviation) << name;
}

std::map<std::string, Values> OutputsWithHashWeights(Graph graph) {
  const TensorMap weights = HashWeights(graph);
  graph = Bind(std::move(graph), weights);
  return Interpret(graph, HashInput(graph.nodes[0].type.shape));
}

void ExpectFeatures(const std::map<std::string, Values>& outputs, const json& golden) {
  for (size_t i = 0; i < 5; ++i) {
    const std::string name = "C" + std::to_string(i + 1);
    ExpectStatistics(name, outputs.at(name), golden["features"][i], 0);
  }
}

class Golden : public testing::TestWithParam<json> {};

TEST_P(Golden, LogitsAndFeaturesAreTimms) {
  const json& golden = GetParam();
  Graph graph = Lower(SpecOf(golden), 1, golden["input"][0], golden["input"][1]);
  const json blocks = golden.value("blocks", json::array());
  for (const json& block : blocks) {
    const std::string name = block[0];
    for (size_t i = 0; i < graph.nodes.size(); ++i) {  // the block's last node
      const std::string& scope = graph.nodes[i].scope;
      if (scope == name || scope.starts_with(name + ".")) graph.outputs[name] = NodeId(i);
    }
  }
  graph.outputs["stem"] = graph.outputs.at("C1");
  graph.outputs["head"] = graph.outputs.at("pre_logits");
  const auto outputs = OutputsWithHashWeights(std::move(graph));

  const std::vector<double>& logits = outputs.at("logits").data;
  double top = 1, sum = 0, squares = 0;
  for (const double value : logits) {
    top = std::max(top, std::abs(value));
    sum += value;
    squares += value * value;
  }
  const auto largest = std::max_element(logits.begin(), logits.end());
  const double tolerance = 1e-6 * top;  // the reference is double precision too
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(logits[i], golden["logits0_7"][i], tolerance);
  EXPECT_EQ(largest - logits.begin(), golden["argmax"]);
  EXPECT_NEAR(*largest, golden["max"], tolerance);
  EXPECT_NEAR(sum, golden["sum"], 1000 * tolerance);
  EXPECT_NEAR(std::sqrt(squares), golden["l2"], 100 * tolerance);

  ExpectFeatures(outputs, golden);
  for (const json& block : blocks) ExpectStatistics(block[0], outputs.at(block[0]), block, 1);
}

INSTANTIATE_TEST_SUITE_P(Timm, Golden, testing::ValuesIn(Cases("models.json")), NameOf);

class DilatedGolden : public testing::TestWithParam<json> {};

TEST_P(DilatedGolden, FeaturesAreTimms) {
  const json& golden = GetParam();
  ExpectFeatures(
      OutputsWithHashWeights(Lower(SpecOf(golden), 1, golden["input"][0], golden["input"][1])),
      golden);
}

INSTANTIATE_TEST_SUITE_P(Timm, DilatedGolden, testing::ValuesIn(Cases("output_stride.json")),
                         NameOf);

TEST(GoldenFiles, HaveAllCases) {
  EXPECT_EQ(Cases("models.json").size(), 23u + 10u);
  EXPECT_EQ(Cases("output_stride.json").size(), 7u);
}

}  // namespace
}  // namespace mnv4
