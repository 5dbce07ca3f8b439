#pragma once
/// Something to compute where only the time matters.

#include <vector>

#include "mnv4/runtime/session.h"

namespace mnv4::cli {

/// Values like those of normalised pictures, the same every time. Made once: that takes so long
/// that the threads of a session would fall asleep between two runs, and the next one wait for
/// them.
class SyntheticInput {
 public:
  /// input_shape: NHWC, as Plan::input_shape() is.
  explicit SyntheticInput(const Shape& input_shape);

  /// To be done before every run: a run uses the memory for other tensors too.
  void CopyTo(runtime::Session& session) const;

 private:
  std::vector<float> values_;
};

}  // namespace mnv4::cli
