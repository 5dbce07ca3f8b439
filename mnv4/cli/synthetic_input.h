#pragma once
/// Something to compute where only the time matters.

#include "mnv4/runtime/session.h"

namespace mnv4::cli {

/// Fills the input with values like those of normalised pictures, the same every time. To be done
/// before every run: a run uses the memory for other tensors too.
void FillInput(runtime::Session& session);

}  // namespace mnv4::cli
