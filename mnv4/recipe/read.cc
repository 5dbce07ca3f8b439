// YAML to recipes and back.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <set>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"
#include "mnv4/recipe/fields.h"
#include "mnv4/recipe/recipe.h"

namespace mnv4::recipe {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxItems = 100'000;  // of a list

class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void Fail(const YAML::Mark& mark, const std::string& what) const {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}:{}: {}", name_, mark.is_null() ? 1 : mark.line + 1, what));
  }

  Recipe Read(std::string_view text) {
    YAML::Node root;
    try {
      root = YAML::Load(std::string(text));
    } catch (const YAML::Exception& error) {
      Fail(error.mark, Printable(error.msg));
    }
    if (root.IsNull()) return recipe_;
    if (!root.IsMap()) Fail(root.Mark(), "not a recipe: expected sections with keys below them");
    for (const auto& section : root) ReadSection(section.first, section.second);
    return recipe_;
  }

 private:
  std::string Scalar(const YAML::Node& node, const std::string& what) const {
    if (!node.IsScalar()) Fail(node.Mark(), what + ": expected a single value");
    return node.Scalar();
  }

  void ReadSection(const YAML::Node& key, const YAML::Node& value) {
    const std::string name = Scalar(key, "section");
    if (value.IsNull()) return;
    if (!value.IsMap()) {
      Fail(key.Mark(), fmt::format("'{}': expected keys below it, as in 'train:' and, indented, "
                                   "'epochs: 10'",
                                   Printable(name, 60)));
    }
    for (const auto& entry : value) {
      const std::string full = name + "." + Scalar(entry.first, name);
      try {
        const Field& field = FindField(full);
        if (!seen_.insert(full).second) Fail(entry.first.Mark(), full + " is given twice");
        SetField(recipe_, field, Values(entry.second, full));
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kInvalidFile) throw;
        Fail(entry.first.Mark(), error.what());
      }
    }
  }

  std::vector<std::string> Values(const YAML::Node& node, const std::string& what) const {
    if (!node.IsSequence()) return {Scalar(node, what)};
    if (node.size() > kMaxItems) {
      Fail(node.Mark(),
           fmt::format("{}: {} items, expected at most {}", what, node.size(), kMaxItems));
    }
    std::vector<std::string> values;
    for (const YAML::Node& item : node) values.push_back(Scalar(item, what));
    return values;
  }

  std::string name_;
  Recipe recipe_;
  std::set<std::string> seen_;
};

// "a, b" of "[a, b]"; one value where there are no brackets.
std::vector<std::string> SplitList(const std::string& text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return {text};
  const YAML::Node node = YAML::Load(text);
  std::vector<std::string> values;
  for (const YAML::Node& item : node) values.push_back(item.as<std::string>());
  return values;
}

}  // namespace

Recipe ParseRecipe(std::string_view yaml, const std::string& name) {
  return Reader(name).Read(yaml);
}

std::string FindRecipe(const std::string& name, const std::vector<std::string>& folders) {
  std::error_code ignored;
  if (fs::is_regular_file(name, ignored)) return name;
  std::vector<std::string> places = {"recipes"};
  places.insert(places.end(), folders.begin(), folders.end());
  std::vector<std::string> known;
  for (const std::string& folder : places) {
    const fs::path path = fs::path(folder) / (name + ".yaml");
    if (fs::is_regular_file(path, ignored)) return path.string();
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".yaml") known.push_back(entry.path().stem().string());
    }
  }
  if (known.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("no recipe '{}': no such file, and no folder of recipes at {}",
                            Printable(name), fmt::join(places, " or ")));
  }
  std::vector<const char*> names;
  for (const std::string& stem : known) names.push_back(stem.c_str());
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("no recipe '{}': no such file; did you mean {}?", Printable(name),
                          NearestName(name, names)));
}

void Set(Recipe& recipe, const std::string& key, const std::string& value) {
  const Field& field = FindField(key);
  try {
    SetField(recipe, field, SplitList(value));
  } catch (const YAML::Exception&) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}', expected a list as [a, b]", key, Printable(value, 60)));
  }
}

void Set(Recipe& recipe, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}': expected key=value, as in schedule.lr=0.001",
                            Printable(assignment, 60)));
  }
  Set(recipe, assignment.substr(0, equals), assignment.substr(equals + 1));
}

std::string Print(const Recipe& recipe, bool help) {
  std::string text, section;
  for (const Field& field : Fields()) {
    const std::string_view key = field.key;
    const size_t dot = key.find('.');
    if (key.substr(0, dot) != section) {
      section = key.substr(0, dot);
      text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", section);
    }
    const std::string line = fmt::format("  {}: {}", key.substr(dot + 1), ValueText(recipe, field));
    text +=
        help && *field.help != '\0' ? fmt::format("{:<32}  # {}\n", line, field.help) : line + "\n";
  }
  return text;
}

}  // namespace mnv4::recipe
