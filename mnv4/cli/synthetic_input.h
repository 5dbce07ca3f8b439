#pragma once
/// Something to compute where only the time matters.

#include <vector>

#include "mnv4/base/thread_pool.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {

/// Values like those of normalised pictures, the same every time.
class SyntheticInput {
 public:
  /// input_shape: NHWC, as Plan::input_shape() is.
  explicit SyntheticInput(const Shape& input_shape);

  /// To be done before every run: a run uses the memory for other tensors too. By all threads of
  /// the session's pool, which would else fall asleep, and the run would wait until they are awake.
  void CopyTo(runtime::Session& session, ThreadPool& pool) const;

 private:
  std::vector<float> values_;
};

}  // namespace mnv4::cli
