#include "mnv4/base/caches.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mnv4 {
namespace {

namespace fs = std::filesystem;

// A made-up sys/ tree.
class CacheTree : public testing::Test {
 protected:
  CacheTree() {
    std::string pattern = testing::TempDir() + "caches-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~CacheTree() override { fs::remove_all(root_); }

  void Write(int index, const char* level, const char* type, const char* size, const char* map) {
    const fs::path folder =
        root_ / "sys/devices/system/cpu/cpu0/cache" / ("index" + std::to_string(index));
    fs::create_directories(folder);
    std::ofstream(folder / "level") << level << '\n';
    std::ofstream(folder / "type") << type << '\n';
    std::ofstream(folder / "size") << size << '\n';
    std::ofstream(folder / "shared_cpu_map") << map << '\n';
  }
  std::vector<Cache> Detect() const { return DetectCaches(root_.string()); }

 private:
  fs::path root_;
};

TEST_F(CacheTree, HoldsDataCachesNearestFirst) {
  Write(0, "3", "Unified", "32768K", "00000000,0000ffff");
  Write(1, "1", "Instruction", "32K", "1");
  Write(2, "1", "Data", "48K", "1");
  Write(3, "2", "Unified", "2M", "3");
  const std::vector<Cache> caches = Detect();
  ASSERT_EQ(caches.size(), 3u);
  EXPECT_EQ(caches[0].level, 1);
  EXPECT_EQ(caches[0].bytes, 48u << 10);
  EXPECT_EQ(caches[0].cpus, 1);
  EXPECT_EQ(caches[1].bytes, 2u << 20);
  EXPECT_EQ(caches[1].cpus, 2);
  EXPECT_EQ(caches[2].bytes, 32u << 20);
  EXPECT_EQ(caches[2].cpus, 16);
}

TEST_F(CacheTree, CountsASharedCacheOnce) {
  Write(0, "2", "Unified", "1024K", "3");
  const Cache cache = Detect().front();
  EXPECT_EQ(cache.BytesFor(1), 1u << 20);
  EXPECT_EQ(cache.BytesFor(2), 1u << 20);
  EXPECT_EQ(cache.BytesFor(3), 2u << 20);
}

TEST_F(CacheTree, GuessesWhereTheSystemDoesNotTell) {
  EXPECT_EQ(Detect().size(), 2u);
  Write(0, "1", "Data", "big", "1");
  EXPECT_EQ(Detect().size(), 2u);
}

TEST(Caches, OfThisMachineGrowOutwards) {
  const std::vector<Cache>& caches = MachineCaches();
  ASSERT_FALSE(caches.empty());
  for (size_t i = 1; i < caches.size(); ++i) EXPECT_GT(caches[i].level, caches[i - 1].level);
}

}  // namespace
}  // namespace mnv4
