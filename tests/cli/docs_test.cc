// Every `$ mnv4 ...` in the documentation runs.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "mnv4/model/model.h"
#include "program.h"

namespace mnv4 {
namespace {

namespace fs = std::filesystem;

struct DocumentedCommand {
  std::string place;    // "docs/verbs/run.md:7"
  std::string command;  // without the prompt
  int code = 0;         // shown by `$ echo $?` after it
};

// The commands of the ```console blocks of a page, in order.
std::vector<DocumentedCommand> CommandsOf(const fs::path& page, const std::string& name) {
  std::vector<DocumentedCommand> commands;
  std::ifstream file(page);
  std::string line;
  bool console = false, continued = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("```")) console = line == "```console";
    if (!console) continue;
    if (continued) {
      commands.back().command += '\n' + line;
    } else if (line == "$ echo $?" && !commands.empty() && std::getline(file, line)) {
      commands.back().code = std::stoi(line);
      ++number;
    } else if (line.starts_with("$ ")) {
      commands.push_back({.place = fmt::format("{}:{}", name, number), .command = line.substr(2)});
    }
    continued =
        !commands.empty() && commands.back().command.ends_with('\\') && line.ends_with('\\');
  }
  return commands;
}

class Docs : public ProgramTest {
 protected:
  // What is there of a run before it is resumed or its result used.
  void WriteRun(const std::string& name) const {
    WriteText(name + "/recipe.yaml", "train:\n  epochs: 3\n");
    fs::create_directories(Path(name + "/best"));
    model::SaveFolder(model::Load("conv_small_035", {.num_classes = 2, .img_size = 64}),
                      Path(name + "/best"));
  }
};

TEST_F(Docs, EveryCommandRuns) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "benches take minutes under a sanitizer; the release tests run them";
#endif
  const fs::path source = MNV4_SOURCE_DIR;
  std::vector<fs::path> pages = {source / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(source / "docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  std::sort(pages.begin(), pages.end());

  // What the pages speak of: pictures, a folder of them by class, a model.
  WritePicture("photo.jpg", 1);
  WriteText("notes.jpg", "no picture");
  for (const char* path : {"heldout/zebra/000004.jpg", "heldout/zebra/000012.jpg",
                           "scenes/zebra/000012.jpg", "stamps/animals/owl.png"}) {
    fs::create_directories(fs::path(Path(path)).parent_path());
    WritePicture(path, 2);
  }
  WriteModel();
  WriteRun("runs/train/stamps");
  for (const char* path : {"flowers/train/rose/1.jpg", "flowers/val/rose/2.jpg"}) {
    fs::create_directories(fs::path(Path(path)).parent_path());
    WritePicture(path, 1);
  }
  fs::create_directory_symlink(source / "recipes", Path("recipes"));

  // Where mnv4-train was not built, a page's `mnv4 train` must say how to get it. Where it was, no
  // test waits for a training: that the command means something is what is tested.
  const bool trains = Run("mnv4 train --print-config").code == 0;
  size_t run = 0;
  for (const fs::path& page : pages) {
    const std::string name = fs::relative(page, source).string();
    for (DocumentedCommand& each : CommandsOf(page, name)) {
      const std::string prefix = "build/release/";
      if (each.command.starts_with(prefix)) each.command.erase(0, prefix.size());
      if (!each.command.starts_with("mnv4 ")) continue;  // other programs may not be there
      if (each.command.starts_with("mnv4 train ") && !each.command.ends_with("--help")) {
        const Outcome outcome = Run(each.command + " --print-config");
        EXPECT_EQ(outcome.code, trains ? each.code : 4)
            << each.place << ": " << each.command << '\n'
            << outcome.err;
        EXPECT_TRUE(trains || outcome.err.find("make train") != std::string::npos) << outcome.err;
        ++run;
        continue;
      }
#ifndef MNV4_RECIPES
      if (each.command.starts_with("mnv4 data preview ")) each.code = 4;
#endif
      const Outcome outcome = Run(each.command);
      EXPECT_EQ(outcome.code, each.code) << each.place << ": " << each.command << '\n'
                                         << outcome.err;
      ++run;
    }
  }
  EXPECT_GE(run, 15u);
}

}  // namespace
}  // namespace mnv4
