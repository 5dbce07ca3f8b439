// The folders' arrows: every `#include "mnv4/..."` must follow what the DEPS of mnv4_module() say.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;
using Arrows = std::map<std::string, std::set<std::string>>;

// "runtime: graph;kernels" a line, written by CMake from the mnv4_module() calls.
Arrows ReadArrows(const std::string& path) {
  Arrows arrows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::set<std::string>& deps = arrows[line.substr(0, colon)];
    std::istringstream names(line.substr(colon + 1));
    for (std::string name; std::getline(names, name, ';');) {
      name.erase(0, name.find_first_not_of(' '));
      if (!name.empty()) deps.insert(name);
    }
  }
  return arrows;
}

// "mnv4/base/error.h" of a line `#include "mnv4/base/error.h"`.
std::optional<std::string> IncludedPath(const std::string& line) {
  const std::string start = "#include \"mnv4/";
  const size_t at = line.find(start);
  if (at == std::string::npos) return std::nullopt;
  const size_t path = at + start.size() - 5;
  return line.substr(path, line.find('"', path) - path);
}

// What `module` names and what those include.
std::set<std::string> Reachable(const Arrows& arrows, const std::string& module) {
  std::set<std::string> reached = {module};
  std::vector<std::string> open = {module};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    for (const std::string& dep : arrows.at(next)) {
      if (reached.insert(dep).second) open.push_back(dep);
    }
  }
  return reached;
}

TEST(Layering, IncludesFollowTheArrows) {
  const fs::path root = fs::path(MNV4_SOURCE_DIR) / "mnv4";
  const Arrows arrows = ReadArrows(MNV4_ARROWS_FILE);
  ASSERT_GE(arrows.size(), 11u);

  int checked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const fs::path path = entry.path();
    if (path.extension() != ".h" && path.extension() != ".cc") continue;
    const fs::path relative = fs::relative(path, root);
    const std::string module = relative.begin()->string();
    if (module == relative.string()) continue;  // mnv4.h itself: tested below
    ASSERT_TRUE(arrows.contains(module)) << relative << " lies in a folder without mnv4_module()";
    const std::set<std::string> allowed = Reachable(arrows, module);

    std::ifstream file(path);
    int number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      const std::optional<std::string> path_included = IncludedPath(line);
      if (!path_included.has_value()) continue;
      const size_t slash = path_included->find('/', 5);
      if (slash == std::string::npos) continue;  // the public header
      const std::string included = path_included->substr(5, slash - 5);
      ++checked;
      EXPECT_TRUE(allowed.contains(included)) << "mnv4/" << relative.string() << ":" << number
                                              << ": " << module << " may not include " << included;
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(Layering, PublicHeaderShowsOnlyLeafTypes) {
  const std::set<std::string> leaves = {"mnv4/base/error.h", "mnv4/base/executor.h",
                                        "mnv4/image/pixels.h"};
  std::ifstream file(std::string(MNV4_SOURCE_DIR) + "/mnv4/mnv4.h");
  ASSERT_TRUE(file.good());
  for (std::string line; std::getline(file, line);) {
    const std::optional<std::string> included = IncludedPath(line);
    if (!included.has_value()) continue;
    EXPECT_TRUE(leaves.contains(*included)) << line;
  }
}

}  // namespace
