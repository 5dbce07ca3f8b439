#pragma once
/// From what a recipe names to data sets.

#include "mnv4/recipe/recipe.h"
#include "mnv4/train/trainer.h"

namespace mnv4::train_cli {

/// Opens data.train and data.val, with data.only, data.without and data.per_class applied. Beside
/// what data::OpenSource takes: "synthetic:CLASSES:COUNT" (patterns, for trials of speed) and
/// "scenes:train:COUNT" or "scenes:heldout:COUNT" (the stamps of the default model; a new COUNT of
/// scenes every epoch, the same ones if held out or per_class is set).
/// Throws Error(kInvalidArgument) or Error(kInvalidFile).
train::Datasets OpenDatasets(const recipe::Recipe& recipe);

}  // namespace mnv4::train_cli
