#include "mnv4/base/cpus.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

namespace fs = std::filesystem;
constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// A tree of made-up proc/ and sys/ files.
class CgroupTree : public testing::Test {
 protected:
  CgroupTree() {
    std::string pattern = testing::TempDir() + "cgroup-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~CgroupTree() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  double Quota() const { return CgroupQuota(root_.string()); }

 private:
  fs::path root_;
};

TEST_F(CgroupTree, WithoutGroupsNothingIsLimited) { EXPECT_EQ(Quota(), kUnlimited); }

TEST_F(CgroupTree, VersionTwoTakesTheLeastOnTheWayUp) {
  Write("proc/self/cgroup", "0::/outer/inner\n");
  Write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  EXPECT_EQ(Quota(), kUnlimited);
  Write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  EXPECT_EQ(Quota(), 1.5);
  Write("sys/fs/cgroup/outer/inner/cpu.max", "50000 100000\n");
  EXPECT_EQ(Quota(), 0.5);
}

TEST_F(CgroupTree, AContainerSeesItsOwnGroupAsTheTop) {
  Write("proc/self/cgroup", "0::/\n");
  Write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(Quota(), 2);
  Write("proc/self/cgroup", "0::/../not/visible\n");
  EXPECT_EQ(Quota(), 2);
}

TEST_F(CgroupTree, VersionOneReadsQuotaAndPeriod) {
  Write("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\n");
  Write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Quota(), kUnlimited);
  Write("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(Quota(), 3);
}

TEST_F(CgroupTree, GarbageLimitsNothing) {
  Write("proc/self/cgroup", "\n:\nx:y\n0::\n0::/a\n");
  Write("sys/fs/cgroup/a/cpu.max", "-3 0\n");
  EXPECT_EQ(Quota(), kUnlimited);
}

TEST(AvailableCpus, FollowsTheAffinityMask) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(AvailableCpus(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(AvailableCpus(), CPU_COUNT(&before));
}

TEST(DefaultThreads, TheVariableDecidesAndIsChecked) {
  ASSERT_EQ(setenv("MNV4_NUM_THREADS", "7", 1), 0);
  EXPECT_EQ(DefaultThreads(), 7);
  for (const char* bad : {"0", "-1", "two", "3x", "100000"}) {
    ASSERT_EQ(setenv("MNV4_NUM_THREADS", bad, 1), 0);
    EXPECT_THROW(DefaultThreads(), Error) << bad;
  }
  ASSERT_EQ(unsetenv("MNV4_NUM_THREADS"), 0);
  EXPECT_EQ(DefaultThreads(), AvailableCpus());
}

}  // namespace
}  // namespace mnv4
