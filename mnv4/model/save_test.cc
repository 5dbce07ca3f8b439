#include <gmock/gmock.h>

#include <filesystem>

#include "mnv4/io/safetensors.h"
#include "mnv4/io/testing.h"
#include "mnv4/model/model.h"
#include "mnv4/model/testing.h"

namespace mnv4::model {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using ::testing::HasSubstr;

// Equal in everything that travels; step counts are added when a model is saved.
void ExpectSame(const Model& a, const Model& b) {
  EXPECT_EQ(a.spec, b.spec);
  EXPECT_EQ(a.preprocess, b.preprocess);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.tag, b.tag);
  EXPECT_EQ(a.license, b.license);
  EXPECT_EQ(a.test_height, b.test_height);
  EXPECT_EQ(a.test_crop_pct, b.test_crop_pct);
  for (const auto& [name, tensor] : a.weights) {
    ASSERT_TRUE(b.weights.contains(name)) << name;
    const Tensor& other = b.weights.at(name);
    EXPECT_EQ(tensor.type, other.type) << name;
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, other.bytes)) << name;
  }
}

Model RichModel() {
  Model model = test::TinyModel();
  model.labels = {"a cat", "1", "dög", "d"};
  model.label_names = {"n1", "", "n3", "d"};
  model.tag = "e1_r32";
  model.license = "apache-2.0";
  model.test_height = model.test_width = 48;
  model.test_crop_pct = 1;
  model.preprocess.mean = {0.1, 0.2, 1.0 / 3};
  model.preprocess.crop_mode = CropMode::kBorder;
  model.spec.pad = PadMode::kSame;
  model.spec.bn_eps = 1e-3;
  return model;
}

TEST(SaveFolder, ComesBackEqual) {
  TempFolder folder;
  SaveFolder(RichModel(), folder / "a/b");
  const Model once = Load(folder / "a/b");
  ExpectSame(RichModel(), once);
  EXPECT_EQ(once.label_names, RichModel().label_names);
  SaveFolder(once, folder / "c");
  for (const char* file : {"config.json", "network.txt", "model.safetensors"}) {
    EXPECT_EQ(ReadTextFile(folder / (std::string("a/b/") + file), 100'000),
              ReadTextFile(folder / (std::string("c/") + file), 100'000))
        << file;
  }
}

TEST(SaveFile, ComesBackEqual) {
  TempFolder folder;
  SaveFile(RichModel(), folder / "m.safetensors");
  const Model once = Load(folder / "m.safetensors");
  ExpectSame(RichModel(), once);
  SaveFile(once, folder / "n.safetensors");
  EXPECT_EQ(ReadTextFile(folder / "m.safetensors", 100'000),
            ReadTextFile(folder / "n.safetensors", 100'000));
}

TEST(SaveFolder, WritesNetworkTextOnlyForNetworksOutsideTheZoo) {
  TempFolder folder;
  SaveFolder(test::TinyModel(), folder / "m");
  EXPECT_TRUE(std::filesystem::exists(folder / "m/network.txt"));
  SaveFolder(Load("conv_small_035"), folder / "m");  // over the other
  EXPECT_FALSE(std::filesystem::exists(folder / "m/network.txt"));
  EXPECT_EQ(Load(folder / "m").spec, FindArchitecture("conv_small_035"));
}

TEST(SaveFolder, AddsTheStepCountsOfTimm) {
  TempFolder folder;
  SaveFolder(test::TinyModel(), folder / "m");
  const SafeTensors file = ReadSafeTensors(folder / "m/model.safetensors");
  EXPECT_EQ(file.metadata.at("format"), "pt");
  const Tensor& count = file.tensors.at("bn1.num_batches_tracked");
  EXPECT_EQ(count.type, (TensorType{DType::kI64, {}}));
  EXPECT_EQ(std::count_if(file.tensors.begin(), file.tensors.end(),
                          [](auto& entry) { return entry.first.ends_with("running_mean"); }),
            std::count_if(file.tensors.begin(), file.tensors.end(), [](auto& entry) {
              return entry.first.ends_with("num_batches_tracked");
            }));
}

TEST(SaveFolder, KeepsStepCountsThatAreThere) {
  TempFolder folder;
  Model model = test::TinyModel();
  const int64_t steps = 42;
  model.weights["bn1.num_batches_tracked"] = {
      {DType::kI64, {}}, std::as_bytes(std::span(&steps, 1)), nullptr};
  SaveFolder(model, folder / "m");
  ExpectSame(model, Load(folder / "m"));
}

TEST(SaveFile, SaysItsNetworkEvenForZooNetworks) {
  TempFolder folder;
  SaveFile(Load("conv_small_035", {.num_classes = 5}), folder / "m.safetensors");
  const SafeTensors file = ReadSafeTensors(folder / "m.safetensors");
  EXPECT_THAT(file.metadata.at("network"), HasSubstr("network mobilenetv4_conv_small_035"));
  EXPECT_EQ(Load(folder / "m.safetensors").spec.num_classes, 5);
}

TEST(SaveFolder, FailsWithoutLeavingAnything) {
  TempFolder folder;
  folder.Put("file", "x");
  EXPECT_THAT(
      MessageOf([&] { SaveFolder(test::TinyModel(), folder / "file"); }, ErrorCode::kRuntime),
      HasSubstr("file: "));
  std::filesystem::create_directories(folder / "m/model.safetensors/x");  // cannot be replaced
  EXPECT_THAT(MessageOf([&] { SaveFolder(test::TinyModel(), folder / "m"); }, ErrorCode::kRuntime),
              HasSubstr("model.safetensors: cannot write: Is a directory"));
  EXPECT_FALSE(std::filesystem::exists(folder / "m/config.json"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "m"), {}), 1);
}

}  // namespace
}  // namespace mnv4::model
