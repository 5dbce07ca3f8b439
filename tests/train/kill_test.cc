// A run that is killed, wherever it is, and resumed ends with the bits of one that was not.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "program.h"

namespace mnv4 {
namespace {

namespace fs = std::filesystem;

std::string Contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// summary.csv without the columns that are times.
std::string Learned(const fs::path& path) {
  std::istringstream lines(Contents(path));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const size_t rate = line.rfind(','), seconds = line.rfind(',', rate - 1);
    text += line.substr(0, seconds) + '\n';
  }
  return text;
}

class KillTest : public ProgramTest {
 protected:
  // Stochastic depth, dropout, mixing, accumulation and an average of weights are on.
  static constexpr const char* kRecipe = R"(
model: {name: conv_small_035, img_size: 32, init: garden, drop: 0.2, drop_path: 0.2}
data: {train: "synthetic:4:96", val: "synthetic:4:40"}
augment: {auto_augment: randaugment}
mix: {mixup: 0.8, cutmix: 1, probability: 0.5}
ema: {decay: 0.9, dynamic: true}
optimizer: {kind: adamw_keras, weight_decay: 0.1}
schedule: {lr: 0.002, warmup_steps: 4}
train: {epochs: 5, batch_size: 4, accumulate: 3, threads: 2, seed: 3}
checkpoint: {every_steps: 3, keep: 2}
)";

  fs::path Run(const std::string& name) const { return fs::path(Path("runs")) / "train" / name; }

  pid_t Start(const std::vector<std::string>& words) const {
    const std::string program = (fs::path(MNV4_PROGRAM).parent_path() / "mnv4-train").string();
    const pid_t pid = fork();
    if (pid == 0) {
      if (chdir(Path("").c_str()) != 0) _exit(99);
      std::vector<std::string> texts = words;
      std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
      for (std::string& text : texts) arguments.push_back(text.data());
      arguments.push_back(nullptr);
      execv(program.c_str(), arguments.data());
      _exit(99);
    }
    return pid;
  }

  // Kills the program as soon as `now` holds; false if it ended before.
  static bool KillWhen(pid_t pid, const std::function<bool()>& now) {
    while (!now()) {
      if (waitpid(pid, nullptr, WNOHANG) == pid) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return true;
  }
};

TEST_F(KillTest, ResumedRunsEndWithTheBitsOfAWholeOne) {
  WriteText("r.yaml", kRecipe);
  const Outcome whole = ProgramTest::Run("mnv4 train --recipe r.yaml --name whole -q");
  ASSERT_EQ(whole.code, 0) << whole.err;

  const fs::path run = Run("killed");
  const auto rows = [&] {
    const std::string text = Contents(run / "summary.csv");
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto writing = [&] {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(run / "checkpoints", ignored)) {
      if (entry.path().filename().string().starts_with(".writing")) return true;
    }
    return false;
  };
  const auto after = [](int milliseconds) {
    return [end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds)] {
      return std::chrono::steady_clock::now() > end;
    };
  };
  int kills = 0;
  const std::vector<std::string> begin = {"train", "--recipe", "r.yaml", "--name", "killed", "-q"};
  const std::vector<std::string> resume = {"train", "--resume", "runs/train/killed", "-q"};
  // Before anything was saved, perhaps before the folder was there.
  if (KillWhen(Start(begin), [&] { return fs::exists(run / "recipe.yaml"); })) ++kills;
  // Within the writing of a checkpoint.
  if (KillWhen(Start(resume), writing)) ++kills;
  // At the edge of an epoch: its row is there, its checkpoint is not or just is.
  const auto before = rows();
  if (KillWhen(Start(resume), [&] { return rows() > before; })) ++kills;
  // Between the batches of an update: nearly all of the time is spent there.
  const std::string last = fs::read_symlink(run / "last").string();
  if (KillWhen(Start(resume), [&] {
        std::error_code ignored;
        return fs::read_symlink(run / "last", ignored).string() != last;
      })) {
    ++kills;
  }
  if (KillWhen(Start(resume), after(400))) ++kills;
  EXPECT_EQ(kills, 5);

  const Outcome done = ProgramTest::Run("mnv4 train --resume runs/train/killed -q");
  ASSERT_EQ(done.code, 0) << done.err;
  for (const char* file : {"model.safetensors", "config.json", "state.safetensors"}) {
    EXPECT_TRUE(Contents(Run("whole") / "last" / file) == Contents(run / "last" / file)) << file;
  }
  EXPECT_EQ(Learned(Run("whole") / "summary.csv"), Learned(run / "summary.csv"));
  EXPECT_FALSE(writing());
}

TEST_F(KillTest, CtrlCSavesAndEnds) {
  WriteText("r.yaml", kRecipe);
  const pid_t pid = Start({"train", "--recipe", "r.yaml", "--name", "stopped", "-q", "--set",
                           "checkpoint.every_steps=0"});
  while (!fs::exists(Run("stopped") / "recipe.yaml")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 130);
  EXPECT_TRUE(fs::exists(Run("stopped") / "last" / "state.safetensors"));
  EXPECT_EQ(ProgramTest::Run("mnv4 train --resume runs/train/stopped -q").code, 0);
}

TEST_F(KillTest, TwoProgramsDoNotShareARun) {
  WriteText("r.yaml", kRecipe);
  const pid_t pid = Start({"train", "--recipe", "r.yaml", "--name", "mine", "-q"});
  while (!fs::exists(Run("mine") / "recipe.yaml")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const Outcome other = ProgramTest::Run("mnv4 train --resume runs/train/mine -q");
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.err.find(std::to_string(pid)), std::string::npos) << other.err;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace mnv4
