#pragma once
/// Changes of a model while it is loaded.

#include "mnv4/model/model.h"

namespace mnv4::model {

/// Applies `options` as timm's create_model does. Weights, where the model has them:
///   in_chans     the stem sums its input channels for 1; else repeats them, cuts, and scales by
///                old / new
///   num_classes  the classifier is filled with zeros; labels are dropped
/// Throws Error(kInvalidArgument) for values out of range.
void Adapt(const LoadOptions& options, Model& model);

}  // namespace mnv4::model
