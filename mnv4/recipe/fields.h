#pragma once
/// The keys of a recipe: the one table that YAML, --set, --print-config and docs/recipes.md share.

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mnv4/recipe/recipe.h"

namespace mnv4::recipe {

/// Where the value lies.
using Access = std::variant<std::string& (*)(Recipe&), double& (*)(Recipe&), int64_t& (*)(Recipe&),
                            bool& (*)(Recipe&), std::vector<std::string>& (*)(Recipe&),
                            std::vector<double>& (*)(Recipe&)>;

struct Field {
  const char* key;  ///< "schedule.lr"
  Access access;
  const char* help;                           ///< one line
  double least = 0, most = 0;                 ///< of numbers
  std::span<const char* const> choices = {};  ///< of words; empty: any text
};

/// In the order of sections.
std::span<const Field> Fields();
/// Throws Error(kInvalidArgument) naming the nearest key.
const Field& FindField(const std::string& key);

/// From text, or the texts of a list. Throws Error(kInvalidArgument): "schedule.lr: 'x', expected a
/// number from 0 to 100".
void SetField(Recipe& recipe, const Field& field, const std::vector<std::string>& values);
/// As YAML has it: 0.001, [0.5, 0.5, 0.5], "text".
std::string ValueText(const Recipe& recipe, const Field& field);

}  // namespace mnv4::recipe
