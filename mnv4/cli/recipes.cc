#include "mnv4/cli/recipes.h"

#include <filesystem>

#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxRecipeBytes = 1 << 20;

}  // namespace

recipe::Recipe ReadRecipe(const std::string& path) {
  return recipe::ParseRecipe(ReadTextFile(path, kMaxRecipeBytes), BaseName(path));
}

recipe::Recipe ReadNamedRecipe(const std::string& name) {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  const fs::path installed = (program / "../share/mnv4/recipes").lexically_normal();
  return ReadRecipe(recipe::FindRecipe(name, {installed.string()}));
}

std::string TrainingPart(const std::string& data) {
  std::error_code ignored;
  const fs::path train = fs::path(data) / "train";
  return fs::is_directory(train, ignored) ? train.string() : data;
}

}  // namespace mnv4::cli
