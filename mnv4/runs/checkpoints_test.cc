#include "mnv4/runs/checkpoints.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "mnv4/io/testing.h"

namespace mnv4::runs {
namespace {

namespace fs = std::filesystem;
using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

std::set<std::string> NamesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

void WriteFile(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

void Save(const Checkpoints& checkpoints, const std::string& name, bool best,
          const std::string& text = "weights") {
  // Times of files have the resolution of the kernel's clock, 1 to 10 ms.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  PendingCheckpoint pending = checkpoints.Begin(name);
  WriteFile(pending.path() + "/model.safetensors", text);
  pending.Commit(best);
}

std::string Weights(const std::string& checkpoint) {
  return ReadTextFile(checkpoint + "/model.safetensors", 1 << 20);
}

// What `action` ends with in a process of its own, whose limits and rights it may change.
int InAProcess(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(action());
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
      _exit(99);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A file system of 64 KB that only this process sees, in the user name space that lets anyone
// mount it.
bool MountSmallDisk(const std::string& folder) {
  const std::string user = "0 " + std::to_string(getuid()) + " 1";
  const std::string group = "0 " + std::to_string(getgid()) + " 1";
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << user;
  std::ofstream("/proc/self/gid_map") << group;
  return mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") == 0;
}

TEST(Checkpoints, KeepTheNewestAndWhatLinksPointTo) {
  const TempFolder run;
  EXPECT_EQ(FindCheckpoint(run.path()), std::nullopt);
  const Checkpoints checkpoints(run.path(), 2);
  EXPECT_EQ(FindCheckpoint(run.path()), std::nullopt);
  Save(checkpoints, "epoch-0000", true);
  Save(checkpoints, "epoch-0001", true, "best");
  for (const char* name : {"epoch-0002", "step-00001200", "epoch-0003"}) {
    Save(checkpoints, name, false, name);
  }
  EXPECT_THAT(NamesIn(checkpoints.folder()),
              ElementsAre("epoch-0001", "epoch-0003", "step-00001200"));
  EXPECT_EQ(Weights(run / "last"), "epoch-0003");
  EXPECT_EQ(Weights(run / "best"), "best");
  EXPECT_THAT(FindCheckpoint(run.path()), Optional(Eq(run / "checkpoints/epoch-0003")));
  EXPECT_EQ(fs::read_symlink(run / "last"), "checkpoints/epoch-0003");  // a run may be moved
}

TEST(Checkpoints, KeepAllOnRequest) {
  const TempFolder run;
  const Checkpoints checkpoints(run.path(), 0);
  for (const char* name : {"a", "b", "c"}) Save(checkpoints, name, false);
  EXPECT_EQ(NamesIn(checkpoints.folder()).size(), 3u);
}

TEST(Checkpoints, ReplaceOneOfTheSameName) {
  const TempFolder run;
  const Checkpoints checkpoints(run.path(), 3);
  Save(checkpoints, "epoch-0001", true, "first");
  Save(checkpoints, "epoch-0001", false, "second");
  EXPECT_EQ(Weights(run / "last"), "second");
  EXPECT_THAT(NamesIn(checkpoints.folder()), ElementsAre("epoch-0001"));
}

TEST(Checkpoints, AreGoneUnlessCommitted) {
  const TempFolder run;
  const Checkpoints checkpoints(run.path(), 3);
  {
    PendingCheckpoint pending = checkpoints.Begin("epoch-0001");
    WriteFile(pending.path() + "/model.safetensors", "x");
    const PendingCheckpoint moved = std::move(pending);
    EXPECT_THAT(NamesIn(checkpoints.folder()), ElementsAre(".writing-epoch-0001"));
  }
  EXPECT_THAT(NamesIn(checkpoints.folder()), IsEmpty());
}

TEST(Checkpoints, ClearUpAfterAKillWhileOneIsWritten) {
  const TempFolder run;
  Save(Checkpoints(run.path(), 3), "epoch-0001", false);
  EXPECT_EQ(InAProcess([&]() -> int {
              PendingCheckpoint pending = Checkpoints(run.path(), 3).Begin("epoch-0002");
              WriteFile(pending.path() + "/model.safetensors", "half");
              raise(SIGKILL);
              return 0;
            }),
            128 + SIGKILL);
  EXPECT_EQ(NamesIn(run / "checkpoints").count(".writing-epoch-0002"), 1u);
  EXPECT_THAT(FindCheckpoint(run.path()), Optional(Eq(run / "checkpoints/epoch-0001")));
  const Checkpoints resumed(run.path(), 3);
  EXPECT_THAT(NamesIn(resumed.folder()), ElementsAre("epoch-0001"));
}

TEST(Checkpoints, SurviveAKillBetweenAnyTwoSteps) {
  const TempFolder run;
  Save(Checkpoints(run.path(), 3), "epoch-0001", true, "old");
  const auto weights = [&] { return Weights(FindCheckpoint(run.path()).value()); };

  // Renamed, not yet linked.
  run.Put("checkpoints/epoch-0002/model.safetensors", "new");
  run.Put("last.new", "the link to be");
  EXPECT_EQ(weights(), "old");
  Save(Checkpoints(run.path(), 3), "epoch-0002", false, "again");
  EXPECT_EQ(weights(), "again");
  EXPECT_FALSE(fs::exists(run / "last.new"));

  // The first link was never made.
  fs::remove(run / "last");
  EXPECT_EQ(weights(), "again");

  // Moved out of the way of one of the same name that never came.
  fs::rename(run / "checkpoints/epoch-0002", run / "checkpoints/.replaced-epoch-0002");
  EXPECT_EQ(weights(), "old");
  EXPECT_EQ(NamesIn(Checkpoints(run.path(), 3).folder()).count("epoch-0002"), 1u);
  EXPECT_EQ(weights(), "again");

  // Half removed: no checkpoint any more.
  run.Put("checkpoints/.removing-epoch-0000/state.safetensors", "x");
  const Checkpoints last(run.path(), 3);
  EXPECT_THAT(NamesIn(last.folder()), ElementsAre("epoch-0001", "epoch-0002"));
}

TEST(Checkpoints, ThatDoNotFitLeaveTheOldOnes) {
  const TempFolder run;
  Save(Checkpoints(run.path(), 1), "epoch-0001", true, "old");
  // Files may not grow beyond 4 KB.
  EXPECT_EQ(
      InAProcess([&] {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {4096, 4096};
        setrlimit(RLIMIT_FSIZE, &limit);
        const std::string message = MessageOf(
            [&] { Save(Checkpoints(run.path(), 1), "epoch-0002", true, std::string(10000, 'x')); },
            ErrorCode::kRuntime);
        return message.find("File too large") != std::string::npos ? 0 : 1;
      }),
      0);
  EXPECT_THAT(NamesIn(run / "checkpoints"), ElementsAre("epoch-0001"));
  EXPECT_EQ(Weights(run / "last"), "old");
}

TEST(Checkpoints, OnAFullDiskLeaveTheOldOnes) {
  const TempFolder run;
  constexpr int kNoMount = 77;
  const int code = InAProcess([&] {
    if (!MountSmallDisk(run.path())) return kNoMount;
    const Checkpoints checkpoints(run.path(), 1);
    Save(checkpoints, "epoch-0001", true, "old");
    const std::string message =
        MessageOf([&] { Save(checkpoints, "epoch-0002", true, std::string(100000, 'x')); },
                  ErrorCode::kRuntime);
    const bool told = message.find("No space left on device") != std::string::npos;
    const bool kept = NamesIn(checkpoints.folder()) == std::set<std::string>{"epoch-0001"} &&
                      Weights(run / "last") == "old";
    return told && kept ? 0 : 1;
  });
  if (code == kNoMount) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(code, 0);
}

TEST(Checkpoints, SayThatAFolderIsReadOnly) {
  const TempFolder run;
  fs::permissions(run.path(), fs::perms(0755));
  Save(Checkpoints(run.path(), 2), "epoch-0001", false, "old");
  fs::permissions(run / "checkpoints", fs::perms(0555));
  EXPECT_EQ(InAProcess([&] {
              constexpr uid_t kNobody = 65534;  // root writes anywhere
              if (getuid() == 0 && setuid(kNobody) != 0) return 1;
              const Checkpoints checkpoints(run.path(), 2);
              const std::string message =
                  MessageOf([&] { checkpoints.Begin("epoch-0002"); }, ErrorCode::kRuntime);
              return message.find(
                         "checkpoints/.writing-epoch-0002: cannot make the folder: "
                         "Permission denied") != std::string::npos
                         ? 0
                         : 2;
            }),
            0);
  fs::permissions(run / "checkpoints", fs::perms(0755));
  EXPECT_EQ(Weights(run / "last"), "old");
}

TEST(Checkpoints, RefuseNamesThatAreNone) {
  const TempFolder run;
  const Checkpoints checkpoints(run.path(), 2);
  for (const char* name : {"", ".", "..", ".writing-x", "a/b"}) {
    EXPECT_THAT(MessageOf([&] { checkpoints.Begin(name); }, ErrorCode::kInvalidArgument),
                HasSubstr("cannot be a checkpoint's name"));
  }
}

}  // namespace
}  // namespace mnv4::runs
