#include <gmock/gmock.h>

#include "mnv4/graph/interpret.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/io/testing.h"
#include "mnv4/model/model.h"
#include "mnv4/model/testing.h"

namespace mnv4::model {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<double> Logits(const Model& model) {
  const Graph graph = model.GraphFor(1, 32, 32);
  return Interpret(graph, HashInput({1, 32, 32, model.spec.in_chans})).at("logits").data;
}

// `model` with its weights in another type.
Model In(DType dtype, Model model) {
  for (auto& [name, tensor] : model.weights) {
    auto narrow = std::make_shared<std::vector<uint16_t>>();
    for (const float value : ToFloats(tensor)) {
      narrow->push_back(dtype == DType::kF16 ? FloatToHalf(value) : FloatToBFloat16(value));
    }
    tensor = {{dtype, tensor.type.shape}, std::as_bytes(std::span(*narrow)), narrow};
  }
  return model;
}

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() { setenv("HF_HUB_CACHE", (folder_ / "no-cache").c_str(), 1); }
  ~LoadTest() override { unsetenv("HF_HUB_CACHE"); }

  // A tiny model saved as one file.
  std::string TinyFile(const Model& model = test::TinyModel()) {
    const std::string path = folder_ / "tiny.safetensors";
    SaveFile(model, path);
    return path;
  }

  TempFolder folder_;
};

TEST_F(LoadTest, ZooNameWithoutWeightsGetsRandomOnes) {
  const Model model = Load("conv_small_035");
  EXPECT_TRUE(model.random_weights);
  EXPECT_EQ(model.source, "conv_small_035");
  EXPECT_EQ(model.preprocess.mean[0], 0.5);
  EXPECT_NO_THROW(model.GraphFor(2, 64, 96));
  EXPECT_EQ(Load("hybrid_medium.e200_r256_in12k").spec.num_classes, 11821);
  EXPECT_EQ(Load("conv_small_035", {.num_classes = 3, .in_chans = 1})
                .weights.at("conv_stem.weight")
                .type.shape,
            (Shape{32, 1, 3, 3}));
}

TEST_F(LoadTest, NetworkTextGetsRandomWeights) {
  const std::string path = folder_.Put("net.txt", Print(test::TinySpec()));
  const Model model = Load(path);
  EXPECT_TRUE(model.random_weights);
  EXPECT_EQ(model.spec, test::TinySpec());
  EXPECT_THAT(
      MessageOf([&] { Load(path, {.allow_random_weights = false}); }, ErrorCode::kInvalidArgument),
      HasSubstr("net.txt: a network without weights"));
}

TEST_F(LoadTest, NetworkTextMayNotTakeTheNameOfAnother) {
  NetworkSpec spec = test::TinySpec();
  spec.name = "mobilenetv4_conv_small";
  EXPECT_THAT(MessageOf([&] { Load(folder_.Put("net.txt", Print(spec))); }),
              HasSubstr("net.txt: the name mobilenetv4_conv_small belongs to another network"));
  spec = *FindArchitecture("conv_small_035");
  spec.name = "conv_small_035";
  EXPECT_EQ(Load(folder_.Put("net.txt", Print(spec))).spec.name, "mobilenetv4_conv_small_035");
}

TEST_F(LoadTest, FileInMemoryNeedsNoNetworkText) {
  Model model = Load("conv_small_035", {.num_classes = 2});
  model.labels = {"cat", "dog"};
  SaveFolder(model, folder_ / "m");
  SafeTensors file = ReadSafeTensors(folder_ / "m/model.safetensors");
  file.metadata["config"] = ReadTextFile(folder_ / "m/config.json", 10'000);
  WriteSafeTensors(folder_ / "one.safetensors", file);

  const auto bytes = ReadFile(folder_ / "one.safetensors", 100'000'000);
  const Model loaded = LoadFromMemory(bytes, "default");
  EXPECT_EQ(loaded.spec, model.spec);
  EXPECT_THAT(loaded.labels, ElementsAre("cat", "dog"));
  EXPECT_FALSE(loaded.random_weights);
}

TEST_F(LoadTest, NamingTheFileOfAFolderIsNamingTheFolder) {
  SaveFolder(test::TinyModel(), folder_ / "m");
  EXPECT_EQ(Load(folder_ / "m/model.safetensors").spec, test::TinySpec());
  std::filesystem::remove(folder_ / "m/network.txt");
  EXPECT_THAT(MessageOf([&] { Load(folder_ / "m"); }),
              HasSubstr("config.json: architecture: unknown 'tiny'"));
  std::filesystem::remove(folder_ / "m/config.json");
  EXPECT_THAT(MessageOf([&] { Load(folder_ / "m/model.safetensors"); }),
              HasSubstr("model.safetensors: no configuration in it and no config.json beside it"));
}

TEST_F(LoadTest, PublishedWeightsNeedNoConfigInTheCache) {
  // timm downloads only the weights and has the configuration in its registry.
  const std::string snapshot =
      "no-cache/models--timm--mobilenetv4_conv_small_050.e3000_r224_in1k/snapshots/main";
  SaveFolder(Load("conv_small_050"), folder_ / snapshot);
  std::filesystem::remove(folder_ / (snapshot + "/config.json"));
  for (const char* name : {"conv_small_050", "timm/mobilenetv4_conv_small_050.e3000_r224_in1k"}) {
    const Model model = Load(name, {.allow_random_weights = false});
    EXPECT_FALSE(model.random_weights);
    EXPECT_EQ(model.preprocess.mean[0], 0.5);
    EXPECT_EQ(model.tag, "e3000_r224_in1k");
  }
}

TEST_F(LoadTest, HalfAndBfloat16WeightsStayAsTheyAreAndRun) {
  const std::vector<double> exact = Logits(test::TinyModel());
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    const Model model = Load(TinyFile(In(dtype, test::TinyModel())));
    EXPECT_EQ(model.weights.at("conv_stem.weight").type.dtype, dtype);
    const std::vector<double> logits = Logits(model);
    for (size_t i = 0; i < exact.size(); ++i) {
      EXPECT_NEAR(logits[i], exact[i], 0.1 * std::abs(exact[i]) + 0.1) << Name(dtype);
    }
    const Model grey = Load(TinyFile(In(dtype, test::TinyModel())), {.in_chans = 1});
    EXPECT_EQ(grey.weights.at("conv_stem.weight").type.dtype, dtype);
  }
}

TEST_F(LoadTest, OtherClassesGetAClassifierOfZerosAndNoLabels) {
  Model model = test::TinyModel();
  model.labels = {"a", "b", "c", "d"};
  const std::string path = TinyFile(model);
  const Model same = Load(path, {.num_classes = 4});
  EXPECT_EQ(same.labels, model.labels);
  const Model other = Load(path, {.num_classes = 7});
  EXPECT_TRUE(other.labels.empty());
  const std::vector<double> logits = Logits(other);
  EXPECT_EQ(logits.size(), 7u);
  EXPECT_THAT(logits, Each(0));
  EXPECT_EQ(Logits(Load(path, {.num_classes = 0})).size(), 8u);  // the features
}

TEST_F(LoadTest, OtherInputChannelsAdaptTheStemAsTimm) {
  const std::string path = TinyFile();
  const std::vector<float> rgb = ToFloats(test::TinyModel().weights.at("conv_stem.weight"));
  const auto stem = [&](int channels) {
    const Model model = Load(path, {.in_chans = channels});
    EXPECT_EQ(model.preprocess.mean.size(), static_cast<size_t>(channels));
    return ToFloats(model.weights.at("conv_stem.weight"));
  };
  // tap 0 of output 0, from input c: [c * 9]
  EXPECT_EQ(stem(1)[0], rgb[0] + rgb[9] + rgb[18]);
  EXPECT_EQ(stem(2)[9], rgb[9] * 1.5f);
  EXPECT_EQ(stem(5)[3 * 9], rgb[0] * 0.6f);
  EXPECT_EQ(stem(5)[5 * 9], rgb[27] * 0.6f);  // output 1
  EXPECT_EQ(stem(3), rgb);
}

TEST_F(LoadTest, SizeAndOutputStrideAreTheCallers) {
  Model model = test::TinyModel();
  model.test_height = model.test_width = 64;
  const Model other = Load(TinyFile(model), {.output_stride = 8, .img_size = 48});
  EXPECT_EQ(other.preprocess.height, 48);
  EXPECT_EQ(other.preprocess.width, 48);
  EXPECT_EQ(other.test_height, 0);
  EXPECT_EQ(other.spec.output_stride, 8);
}

TEST_F(LoadTest, RefusesOptionsOutOfRange) {
  const std::string path = TinyFile();
  const auto error = [&](const LoadOptions& options) {
    return MessageOf([&] { Load(path, options); }, ErrorCode::kInvalidArgument);
  };
  EXPECT_THAT(error({.num_classes = -1}), HasSubstr("num_classes is -1"));
  EXPECT_THAT(error({.in_chans = 0}), HasSubstr("in_chans is 0"));
  EXPECT_THAT(error({.output_stride = 4}), HasSubstr("output_stride is 4"));
  EXPECT_THAT(error({.img_size = 0}), HasSubstr("img_size: 0, expected 1 to 8192"));
}

}  // namespace
}  // namespace mnv4::model
