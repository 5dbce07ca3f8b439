#pragma once
/// Reading named tensors of a checkpoint into those that a run has.

#include "mnv4/train/optimizer.h"

namespace mnv4::train {

/// Throws Error(kInvalidFile) naming the tensor if `state` has not just the names of `own`, or one
/// of its tensors another shape than there, no floating type, an infinity or NaN.
void CheckState(const TensorDict& own, const TensorDict& state);

/// Copies the values of a checked `state` into the tensors of `own`.
void CopyState(const TensorDict& own, const TensorDict& state);

}  // namespace mnv4::train
