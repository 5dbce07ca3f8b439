#pragma once
/// From operators to kernel calls: what fuses, which kernel, which layout.

#include <map>
#include <string>
#include <vector>

#include "mnv4/runtime/plan.h"

namespace mnv4::runtime {

struct LoweredGraph {
  std::vector<Step> steps;
  std::vector<Slot> slots;  ///< without offsets
  std::map<std::string, int> named_slots;
  std::vector<std::string> kept_float32;  ///< see Plan
};

/// `graph` must be bound and optimised. Three walks over the nodes:
///   1. an Add joins the convolution that feeds it, as its residual;
///   2. what operators without a choice need is settled; then backwards, every kernel states the
///      type, layout and halo it would like its input in, and the first (nearest the end) to ask
///      decides, for lines only if the writer can write them;
///   3. forwards, with all tensors settled, each node takes the first kernel that accepts.
/// Throws Error(kUnsupported) naming an operator that no kernel runs.
LoweredGraph LowerToSteps(const Graph& graph, const PlanOptions& options, PackedWeights& packed);

}  // namespace mnv4::runtime
