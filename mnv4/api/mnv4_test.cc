#include "mnv4/mnv4.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "mnv4/image/image.h"

namespace mnv4 {
namespace {

std::vector<float> Ramp(size_t size) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = std::sin(0.01f * static_cast<float>(i));
  return values;
}

TEST(PublicApi, RunsBothLayoutsToTheSameLogits) {
  const auto model = Model::Load("conv_small_035");
  EXPECT_TRUE(model->random_weights());
  Session session(model, {.threads = 1});
  const int n = 2, h = 40, w = 56;
  const std::vector<float> nchw = Ramp(static_cast<size_t>(n * 3 * h * w));
  std::vector<float> nhwc(nchw.size());
  for (int image = 0; image < n; ++image) {
    for (int c = 0; c < 3; ++c) {
      for (int at = 0; at < h * w; ++at) {
        nhwc[static_cast<size_t>((image * h * w + at) * 3 + c)] =
            nchw[static_cast<size_t>((image * 3 + c) * h * w + at)];
      }
    }
  }
  const auto first = session.Run(nchw, n, h, w);
  const std::vector<float> expected(first.begin(), first.end());
  ASSERT_EQ(expected.size(), 2000u);
  std::vector<float> logits(expected.size());
  session.Run(nhwc, n, h, w, TensorLayout::kNhwc, logits);
  EXPECT_EQ(logits, expected);
}

TEST(PublicApi, GivesTheSameLogitsFromThePackedCache) {
  namespace fs = std::filesystem;
  const fs::path home = fs::path(testing::TempDir()) / "mnv4_packed_cache_test";
  fs::remove_all(home);
  setenv("MNV4_HOME", home.c_str(), 1);
  const std::vector<float> image = Ramp(3 * 64 * 64);
  const auto logits = [&](bool packed_cache) {
    Session session(Model::Load("conv_small_035", {.packed_cache = packed_cache}), {.threads = 2});
    const auto of_run = session.Run(image, 1, 64, 64);
    return std::vector<float>(of_run.begin(), of_run.end());
  };
  const std::vector<float> expected = logits(false);
  EXPECT_FALSE(fs::exists(home));
  EXPECT_EQ(logits(true), expected);  // writes
  EXPECT_FALSE(fs::is_empty(home / "packed"));
  EXPECT_EQ(logits(true), expected);  // reads
  unsetenv("MNV4_HOME");
  fs::remove_all(home);
}

TEST(PublicApi, RefusesWrongSizes) {
  const auto model = Model::Load("conv_small_035");
  Session session(model, {.threads = 1});
  const std::vector<float> images(3 * 32 * 32);
  EXPECT_THROW(session.TopK(1), Error);  // nothing has run
  EXPECT_THROW(session.Run(images, 1, 32, 33), Error);
  std::vector<float> logits(999);
  EXPECT_THROW(session.Run(images, 1, 32, 32, TensorLayout::kNchw, logits), Error);
  EXPECT_THROW(session.RunPixels({nullptr, 0, 0, 3, 0}), Error);
}

TEST(PublicApi, ReadsPixelsWithAnyStride) {
  const auto model = Model::Load("conv_small_035", {.img_size = 64});
  Session session(model, {.threads = 1});
  const int width = 70, height = 50;
  std::vector<uint8_t> tight(static_cast<size_t>(width * height * 3));
  for (size_t i = 0; i < tight.size(); ++i) tight[i] = static_cast<uint8_t>(i * 7 % 251);
  std::vector<uint8_t> wide(static_cast<size_t>(height * 256), 99);
  for (int y = 0; y < height; ++y) {
    std::copy_n(tight.begin() + y * width * 3, width * 3, wide.begin() + y * 256);
  }
  const auto one = session.RunPixels({tight.data(), width, height, 3, width * 3});
  const std::vector<float> expected(one.begin(), one.end());
  const auto two = session.RunPixels({wide.data(), width, height, 3, 256});
  EXPECT_EQ(std::vector<float>(two.begin(), two.end()), expected);
}

TEST(PublicApi, GivesFeaturesByName) {
  const auto model = Model::Load("conv_small", {.features = {"C3", "C5"}});
  Session session(model, {.threads = 1});
  const std::vector<float> image = Ramp(3 * 64 * 96);
  session.Run(image, 1, 64, 96);
  EXPECT_EQ(session.FeatureShape("C3"), (std::vector<int>{1, 64, 8, 12}));
  EXPECT_EQ(session.FeatureShape("C5"), (std::vector<int>{1, 960, 2, 3}));
  std::vector<float> values(960 * 6);
  session.CopyFeature("C5", values);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 0);
  EXPECT_THROW(session.FeatureShape("C4"), Error);  // not asked for
}

TEST(PublicApi, SharesAModelBetweenThreads) {
  const auto model = Model::Load("conv_small_035");
  const std::vector<float> image = Ramp(3 * 32 * 32);
  std::vector<std::vector<float>> results(3);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] {
      Session session(model, {.threads = 1});
      const auto logits = session.Run(image, 1, 32, 32);
      result.assign(logits.begin(), logits.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(PublicApi, SavesWhatItLoads) {
  const auto folder = std::filesystem::temp_directory_path() / "mnv4_api_test";
  const auto model = Model::Load("conv_small_035", {.num_classes = 7});
  model->SaveFolder(folder.string());
  model->SaveFile((folder / "single.safetensors").string());
  const std::vector<float> image = Ramp(3 * 32 * 32);
  Session original(model, {.threads = 1});
  const auto logits = original.Run(image, 1, 32, 32);
  for (const std::string& name : {folder.string(), (folder / "single.safetensors").string()}) {
    const auto again = Model::Load(name);
    EXPECT_EQ(again->num_classes(), 7);
    EXPECT_FALSE(again->random_weights());
    Session session(again, {.threads = 1});
    const auto same = session.Run(image, 1, 32, 32);
    EXPECT_TRUE(std::equal(logits.begin(), logits.end(), same.begin(), same.end()));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mnv4
