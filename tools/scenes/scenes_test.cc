#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "canvas.h"
#include "codec.h"
#include "random.h"
#include "scene.h"
#include "sprite.h"

namespace mnv4::scenes {
namespace {

constexpr int kSide = 48;
constexpr const char* kFolder = MNV4_SOURCE_DIR "/tools/scenes/";

Rgba Filled(int width, int height, std::vector<uint8_t> colour) {
  Rgba picture{width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    picture.bytes.insert(picture.bytes.end(), colour.begin(), colour.end());
  }
  return picture;
}

// Three plain stamps and a grey photograph per split: no package needed.
Assets SmallAssets() {
  Assets assets;
  assets.labels = {"red", "green", "blue"};
  for (size_t c = 0; c < 3; ++c) {
    std::vector<uint8_t> colour{0, 0, 0, 255};
    colour[c] = 255;
    assets.stamps.push_back(MakeStamp(Filled(40, 30, colour), 640));
  }
  assets.train_photos.push_back(MakePhoto(Filled(64, 64, {90, 90, 90, 255}), 1000));
  assets.heldout_photos.push_back(MakePhoto(Filled(64, 64, {160, 160, 160, 255}), 1000));
  return assets;
}

std::vector<std::vector<std::string>> Table(const std::string& name) {
  std::ifstream file(std::string(kFolder) + name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream parts(line);
    rows.emplace_back();
    for (std::string field; std::getline(parts, field, '\t');) rows.back().push_back(field);
  }
  return rows;
}

TEST(Scenes, DependOnSeedSplitAndIndexOnly) {
  const Assets assets = SmallAssets();
  std::vector<Scene> forward;
  for (uint64_t i = 0; i < 20; ++i) {
    forward.push_back(MakeScene(assets, 7, Split::kTrain, i, kSide));
  }
  const Assets again = SmallAssets();
  for (uint64_t i = 20; i-- > 0;) {
    const Scene scene = MakeScene(again, 7, Split::kTrain, i, kSide);
    EXPECT_EQ(scene.label, forward[i].label);
    EXPECT_EQ(scene.jpeg, forward[i].jpeg) << "scene " << i;
    EXPECT_NE(scene.jpeg, MakeScene(assets, 8, Split::kTrain, i, kSide).jpeg);
    EXPECT_NE(scene.jpeg, MakeScene(assets, 7, Split::kHeldout, i, kSide).jpeg);
    EXPECT_NE(scene.jpeg, MakeScene(assets, 7, Split::kTrain, i + 20, kSide).jpeg);
  }
}

TEST(Scenes, ShowEachClassOnceInEveryRunOfAsManyScenes) {
  const Assets assets = SmallAssets();
  std::set<std::vector<int>> orders;
  for (uint64_t run = 0; run < 20; ++run) {
    std::vector<int> order;
    for (uint64_t i = 0; i < 3; ++i) {
      order.push_back(MakeScene(assets, 1, Split::kHeldout, 3 * run + i, kSide).label);
    }
    EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 3u);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 2u);
}

TEST(Scenes, AreSquareAndBetweenOneAndTwoAndAHalfTimesTheAskedSize) {
  const Assets assets = SmallAssets();
  int larger = 0;
  for (uint64_t i = 0; i < 60; ++i) {
    const Rgb picture = DecodeJpeg(MakeScene(assets, 1, Split::kTrain, i, kSide).jpeg);
    EXPECT_GE(picture.side, kSide);
    EXPECT_LE(picture.side, kSide * 5 / 2);
    larger += picture.side > kSide;
    EXPECT_EQ(Downscale(picture, kSide).side, kSide);
  }
  EXPECT_GT(larger, 2);
  EXPECT_LT(larger, 30);
}

TEST(Scenes, ShowTheirObject) {
  const Assets assets = SmallAssets();
  for (uint64_t i = 0; i < 60; ++i) {
    const Scene scene = MakeScene(assets, 3, Split::kHeldout, i, kSide);
    const Rgb picture = DecodeJpeg(scene.jpeg);
    const size_t c = static_cast<size_t>(scene.label);
    int found = 0;  // pixels in which the object's channel clearly leads
    for (size_t p = 0; p < picture.bytes.size(); p += 3) {
      const int own = picture.bytes[p + c];
      found +=
          own > picture.bytes[p + (c + 1) % 3] + 25 && own > picture.bytes[p + (c + 2) % 3] + 25;
    }
    EXPECT_GT(found, picture.side * picture.side / 40) << "scene " << i;
  }
}

TEST(Splits, ShareNoGround) {
  std::set<std::string> train, heldout;
  for (const auto& row : Table("grounds.txt")) {
    ASSERT_EQ(row.size(), 4u);
    ASSERT_TRUE(row[0] == "train" || row[0] == "heldout") << row[0];
    EXPECT_TRUE((row[0] == "train" ? train : heldout).insert(row[1]).second) << row[1];
  }
  EXPECT_GE(train.size(), 10u);
  EXPECT_GE(heldout.size(), 5u);
  for (const std::string& name : heldout) EXPECT_EQ(train.count(name), 0u) << name;
}

TEST(Classes, HaveDistinctLabelsAndStamps) {
  std::set<std::string> labels, stamps;
  for (const auto& row : Table("classes.txt")) {
    ASSERT_EQ(row.size(), 2u);
    EXPECT_TRUE(labels.insert(row[0]).second) << row[0];
    EXPECT_TRUE(stamps.insert(row[1]).second) << row[1];
  }
  EXPECT_EQ(labels.size(), 100u);
}

TEST(Assets, LoadFromTheDebianPackages) {
  AssetPaths paths;
  paths.classes = std::string(kFolder) + "classes.txt";
  paths.grounds = std::string(kFolder) + "grounds.txt";
  if (!std::filesystem::exists(paths.stamps) || !std::filesystem::exists(paths.photos)) {
    GTEST_SKIP() << "tuxpaint-stamps-default or the grounds' packages are not installed";
  }
  const Assets assets = LoadAssets(paths, Split::kHeldout);
  EXPECT_EQ(assets.stamps.size(), assets.labels.size());
  EXPECT_TRUE(assets.train_photos.empty());
  EXPECT_FALSE(assets.heldout_photos.empty());
}

TEST(Assets, NameTheMissingFileAndItsPackage) {
  AssetPaths paths;
  paths.classes = std::string(kFolder) + "classes.txt";
  paths.stamps = "/nowhere";
  try {
    LoadAssets(paths, Split::kTrain);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("/nowhere/"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("tuxpaint-stamps-default"), std::string::npos) << e.what();
  }
}

TEST(Rng, IsUniformAndItsStreamsDiffer) {
  Rng rng(1, 0, 5);
  double sum = 0;
  std::vector<int> counts(10);
  for (int i = 0; i < 10000; ++i) {
    sum += rng.Unit();
    ++counts[static_cast<size_t>(rng.Below(10))];
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_NE(Rng(1, 0, 5).Bits(), Rng(1, 0, 6).Bits());
  EXPECT_NE(Rng(1, 0, 5).Bits(), Rng(1, 1, 5).Bits());
  EXPECT_NE(Rng(1, 0, 5).Bits(), Rng(2, 0, 5).Bits());
}

TEST(Downscale, KeepsPlainColoursAndAverages) {
  Rgb picture{64, std::vector<uint8_t>(64 * 64 * 3, 200)};
  for (const uint8_t v : Downscale(picture, 24).bytes) EXPECT_EQ(v, 200);
  for (size_t i = 0; i < picture.bytes.size(); ++i) picture.bytes[i] = (i / 3) % 2 ? 255 : 1;
  for (const uint8_t v : Downscale(picture, 16).bytes)
    EXPECT_NEAR(v, 128, 12);  // borders see more of one
}

TEST(Sprite, DrawsAtTheAskedPlaceAndIsCutToItsOpaquePart) {
  Rgba picture = Filled(20, 20, {0, 0, 0, 0});
  for (int y = 5; y < 15; ++y) {
    for (int x = 10; x < 15; ++x) {
      uint8_t* p = &picture.bytes[static_cast<size_t>(y * 20 + x) * 4];
      p[0] = p[3] = 255;
    }
  }
  const Sprite stamp = MakeStamp(picture, 640);
  EXPECT_EQ(stamp.width, 5);
  EXPECT_EQ(stamp.height, 10);
  Canvas canvas(32);
  DrawOver(stamp, {1, 0, -8, 0, 1, -12}, Tone{}, 0, &canvas);
  float red = 0;
  for (const F4& p : canvas.pixels) red += p[0];
  EXPECT_NEAR(red, 255 * 50, 1);
  EXPECT_EQ(canvas.Row(12)[8][0], 255);
  EXPECT_EQ(canvas.Row(21)[12][0], 255);
  EXPECT_EQ(canvas.Row(11)[8][0], 0);
  EXPECT_EQ(canvas.Row(12)[13][0], 0);
}

TEST(Codec, KeepsAPictureThroughJpeg) {
  Rgb picture{33, std::vector<uint8_t>(33 * 33 * 3, 77)};
  for (const bool subsample : {false, true}) {
    const Rgb back = DecodeJpeg(EncodeJpeg(picture, 90, subsample));
    ASSERT_EQ(back.side, 33);
    for (const uint8_t v : back.bytes) EXPECT_NEAR(v, 77, 3);
  }
  EXPECT_THROW(DecodeJpeg(std::vector<uint8_t>{1, 2, 3}), std::runtime_error);
}

}  // namespace
}  // namespace mnv4::scenes
