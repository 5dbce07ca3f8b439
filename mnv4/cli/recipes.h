#pragma once
/// Recipes by what people type.

#include <string>

#include "mnv4/recipe/recipe.h"

namespace mnv4::cli {

/// The file. Throws Error(kInvalidFile) naming the line.
recipe::Recipe ReadRecipe(const std::string& path);
/// The file `name`, else recipes/NAME.yaml here or where recipes were installed.
recipe::Recipe ReadNamedRecipe(const std::string& name);

/// What of DATA is for training: DATA/train if there is such a folder, else DATA itself.
std::string TrainingPart(const std::string& data);

}  // namespace mnv4::cli
