#pragma once
/// What one step of a Plan does and costs: what reports of plans and timings are made from.

#include <cstdint>
#include <string>
#include <vector>

#include "mnv4/runtime/plan.h"

namespace mnv4::runtime {

/// Steps of one kind are bound by the same things.
enum class StepKind : uint8_t {
  kStem,         ///< the convolution that reads the picture
  kDense,        ///< a convolution larger than 1x1 over all channels
  kPointwise,    ///< a 1x1 convolution
  kDepthwise,    ///< a channel with its own weights
  kGrouped,      ///< between dense and depthwise
  kLinear,       ///< a 1x1 convolution of a 1x1 map: every weight is used once a picture
  kAttention,    ///< both matrix products and the softmax
  kPool,         ///< means
  kElementwise,  ///< what no convolution absorbed
};
/// "stem", "dense", "1x1", "depthwise", ...
const char* Name(StepKind kind);

struct StepFacts {
  StepKind kind = StepKind::kElementwise;
  std::string what;                ///< "conv 1x1 128->960", "depthwise 5x5 s2 96"
  const char* kernel = "";         ///< "pointwise-avx2"
  const char* precision = "";      ///< "fp32": of what it computes with
  std::vector<std::string> fused;  ///< what else it does, in that order: "relu", "add"
  int64_t macs = 0;                ///< of the batch, padding counted as work
  double products = 0;             ///< that the kernel computes for them: some do with fewer
  int64_t weight_bytes = 0;        ///< packed, as the kernel reads them
  int64_t read_bytes = 0;          ///< of activations, each map once, as it lies in memory
  int64_t written_bytes = 0;       ///< of activations, halo included
  std::vector<int> inputs;         ///< slots; the residual last
  int output = -1;                 ///< slot

  int64_t bytes() const { return weight_bytes + read_bytes + written_bytes; }
};

/// `step` must be one of the plan's.
StepFacts FactsOf(const Plan& plan, const Step& step);

}  // namespace mnv4::runtime
