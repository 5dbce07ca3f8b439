#pragma once
/// `mnv4 train` as a table; train_cli/ has its code.

#include <span>

#include "mnv4/cli/command.h"

namespace mnv4::cli {

// Options that are not keys of a recipe.
extern const Option kRecipe, kSet, kName, kRuns, kResume, kPrintConfig, kDryRun, kModelEma;

/// An option that is a key of a recipe under the name timm gives it.
struct RecipeOption {
  Option option;
  const char* key;  ///< "schedule.lr"
};
std::span<const RecipeOption> RecipeOptions();

}  // namespace mnv4::cli
