#include "mnv4/model/hub.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "mnv4/io/testing.h"
#include "mnv4/model/hub_cache.h"
#include "mnv4/model/model.h"

namespace mnv4::model {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A folder for the Hugging Face cache, and nothing else in the environment.
class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    for (const char* name : {"HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"}) unsetenv(name);
    setenv("HF_HUB_CACHE", cache_.path().c_str(), 1);
  }
  ~HubTest() override { unsetenv("HF_HUB_CACHE"); }

  // A file as huggingface_hub stores it: in blobs, with a link in the snapshot.
  void PutInCache(const std::string& repository, const std::string& commit, const std::string& file,
                  const std::string& content) {
    cache_.Put(repository + "/blobs/" + commit + file, content);
    const std::filesystem::path snapshot = cache_ / (repository + "/snapshots/" + commit);
    std::filesystem::create_directories(snapshot);
    std::filesystem::create_symlink("../../blobs/" + commit + file, snapshot / file);
  }

  static std::string ErrorOf(const std::string& name) {
    return MessageOf([&] { Resolve(name); }, ErrorCode::kInvalidArgument);
  }

  TempFolder cache_;
  TempFolder folder_;
};

constexpr const char* kSmall = "models--timm--mobilenetv4_conv_small.e2400_r224_in1k";

TEST_F(HubTest, FindsZooNamesWithAndWithoutPrefixAndTag) {
  for (const char* name : {"conv_small", "mobilenetv4_conv_small", "conv_small.e2400_r224_in1k",
                           "mobilenetv4_conv_small.e2400_r224_in1k"}) {
    const Place place = Resolve(name);
    EXPECT_EQ(place.kind, PlaceKind::kZoo) << name;
    EXPECT_EQ(place.zoo->spec.name, "mobilenetv4_conv_small");
    EXPECT_STREQ(place.zoo->tag->tag, "e2400_r224_in1k");
  }
  EXPECT_STREQ(Resolve("hybrid_medium.ix_e550_r384_in1k").zoo->tag->tag, "ix_e550_r384_in1k");
  EXPECT_EQ(Resolve("conv_medium_075").zoo->tag, nullptr);
}

TEST_F(HubTest, NamesTheNearestForUnknownNames) {
  EXPECT_THAT(ErrorOf("conv_smal"), HasSubstr("the nearest network is 'mobilenetv4_conv_small'"));
  EXPECT_THAT(ErrorOf("conv_small.e2400_r224"),
              HasSubstr("no such tag of mobilenetv4_conv_small, the nearest is 'e2400_r224_in1k'"));
  EXPECT_THAT(ErrorOf("no/such/file"), HasSubstr("no/such/file: no such file"));
  EXPECT_THAT(ErrorOf(""), HasSubstr(": no such file, folder or network"));
  EXPECT_THAT(ErrorOf("a\nb"), HasSubstr("a\\nb: no such"));
  EXPECT_THAT(ErrorOf("local-dir:/no/such"), HasSubstr("/no/such: no such folder"));
}

TEST_F(HubTest, TellsFilesApartByContent) {
  EXPECT_EQ(Resolve(folder_.path()).kind, PlaceKind::kFolder);
  EXPECT_EQ(Resolve("local-dir:" + folder_.path()).kind, PlaceKind::kFolder);
  EXPECT_EQ(Resolve(folder_.Put("net.txt", "network tiny\n")).kind, PlaceKind::kNetworkText);
  EXPECT_EQ(Resolve(folder_.Put("weights", std::string("\x08\0\0\0\0\0\0\0{}      ", 16))).kind,
            PlaceKind::kSafeTensors);
  EXPECT_EQ(Resolve(folder_.Put("broken.safetensors", "text")).kind, PlaceKind::kSafeTensors);
}

TEST_F(HubTest, FollowsRefsAndLinksOfTheCache) {
  PutInCache(kSmall, "aaa1", "config.json", "{}");
  PutInCache(kSmall, "bbb2", "config.json", "{}");
  cache_.Put(std::string(kSmall) + "/refs/main", "aaa1");
  const std::string snapshots = cache_ / (std::string(kSmall) + "/snapshots/");
  const std::string repository = "timm/mobilenetv4_conv_small.e2400_r224_in1k";
  for (const std::string& name :
       {repository, "hf-hub:" + repository, "hf_hub:" + repository, repository + "@aaa1",
        std::string("conv_small"), std::string("conv_small.e2400_r224_in1k")}) {
    const Place place = Resolve(name);
    EXPECT_EQ(place.kind, PlaceKind::kFolder) << name;
    EXPECT_EQ(place.path, snapshots + "aaa1") << name;
    EXPECT_EQ(place.zoo->spec.name, "mobilenetv4_conv_small");
  }
  EXPECT_EQ(Resolve(repository + "@bbb2").path, snapshots + "bbb2");
  EXPECT_THAT(ErrorOf(repository + "@ccc3"), HasSubstr("is not in the Hugging Face cache"));
}

TEST_F(HubTest, TakesTheNewestSnapshotWithoutRef) {
  PutInCache("models--me--net", "old", "config.json", "{}");
  PutInCache("models--me--net", "new", "config.json", "{}");
  const std::string snapshots = cache_ / "models--me--net/snapshots/";
  std::filesystem::last_write_time(
      snapshots + "old", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(Resolve("me/net").path, snapshots + "new");
  EXPECT_FALSE(Resolve("me/net").zoo);
}

TEST_F(HubTest, LooksWhereTheEnvironmentSays) {
  const auto cache_with = [](const char* variable, const std::string& value) {
    unsetenv("HF_HUB_CACHE");
    setenv(variable, value.c_str(), 1);
    const std::string cache = HubCache();
    if (variable != std::string("HOME")) unsetenv(variable);
    return cache;
  };
  EXPECT_EQ(cache_with("HF_HUB_CACHE", "/a"), "/a");
  EXPECT_EQ(cache_with("HUGGINGFACE_HUB_CACHE", "/b"), "/b");
  EXPECT_EQ(cache_with("HF_HOME", "/c"), "/c/hub");
  EXPECT_EQ(cache_with("XDG_CACHE_HOME", "/d"), "/d/huggingface/hub");
  EXPECT_EQ(cache_with("HOME", "/e"), "/e/.cache/huggingface/hub");
}

TEST_F(HubTest, SaysWhichFilesBelongWhere) {
  const std::string place = cache_ / (std::string(kSmall) + "/snapshots/main");
  EXPECT_THAT(ErrorOf("hf-hub:timm/mobilenetv4_conv_small.e2400_r224_in1k"),
              AllOf(HasSubstr("config.json and model.safetensors"), HasSubstr(place)));
  EXPECT_THAT(MessageOf([] { Load("conv_small", {.allow_random_weights = false}); },
                        ErrorCode::kInvalidArgument),
              AllOf(HasSubstr("has no weights on this machine"), HasSubstr(place)));
  EXPECT_THAT(MessageOf([] { Load("conv_aa_medium", {.allow_random_weights = false}); },
                        ErrorCode::kInvalidArgument),
              HasSubstr("mobilenetv4_conv_aa_medium has no published weights"));
  // and that place is where they are found
  std::filesystem::create_directories(place);
  EXPECT_EQ(Resolve("conv_small").path, place);
}

TEST_F(HubTest, StaysInsideTheCache) {
  cache_.Put("models--me--net/config.json", "{}");
  std::filesystem::create_directories(cache_ / "models--me--net/snapshots");
  cache_.Put("models--me--net/refs/main", "../../models--me--net");
  EXPECT_THAT(ErrorOf("hf-hub:me/net"), HasSubstr("is not in the Hugging Face cache"));
  for (const char* name : {"hf-hub:../net", "hf-hub:me/..", "hf-hub:me/net@..", "hf-hub:me/a/b",
                           "hf-hub:me", "hf-hub:/net", "hf-hub:"}) {
    EXPECT_THAT(ErrorOf(name), HasSubstr("expected hf-hub:OWNER/MODEL")) << name;
  }
}

TEST_F(HubTest, RefusesPicklesWithTheConversion) {
  folder_.Put("it's/pytorch_model.bin", "PK\x03\x04");
  const std::string folder = folder_ / "it's";
  const auto expected =
      AllOf(HasSubstr("pytorch_model.bin: a Python pickle"), HasSubstr("weights_only=True"),
            HasSubstr("/it'\\''s/pytorch_model.bin' '"), HasSubstr("/it'\\''s/model.safetensors'"));
  EXPECT_THAT(MessageOf([&] { WeightsIn(folder); }), expected);
  EXPECT_THAT(MessageOf([&] { Resolve(folder + "/pytorch_model.bin"); }), expected);
  EXPECT_THAT(MessageOf([&] { Resolve(folder_.Put("renamed", "\x80\x02}q")); }),
              HasSubstr("renamed: a Python pickle"));
}

TEST_F(HubTest, FindsTheWeightsOfAFolder) {
  const auto error = [&] { return MessageOf([&] { WeightsIn(folder_.path()); }); };
  EXPECT_THAT(error(), HasSubstr("no model.safetensors in this folder"));
  const std::string a = folder_.Put("a.safetensors", "x");
  EXPECT_EQ(WeightsIn(folder_.path()), a);
  folder_.Put("b.safetensors", "x");
  EXPECT_THAT(error(), HasSubstr("several .safetensors files"));
  const std::string model = folder_.Put("model.safetensors", "x");
  EXPECT_EQ(WeightsIn(folder_.path()), model);
}

}  // namespace
}  // namespace mnv4::model
