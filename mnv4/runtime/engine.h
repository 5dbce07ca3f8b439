#pragma once
/// A network ready to run at any input shape: packs each weight once, keeps the last few Plans.

#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "mnv4/base/isa.h"
#include "mnv4/graph/graph.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::runtime {

/// The bound, unoptimised graph of the network for n pictures of h x w pixels.
using GraphForShape = std::function<Graph(int n, int h, int w)>;

/// Shared by threads; every method may be called at any time.
class Engine {
 public:
  explicit Engine(GraphForShape graph_for_shape, PlanOptions options = {});

  /// The plan for one input shape, built when it is first asked for, with the help of `pool` if
  /// there is one with threads of its own. Throws Error.
  std::shared_ptr<const Plan> PlanFor(int n, int h, int w, ThreadPool* pool = nullptr);

 private:
  static constexpr size_t kMaxPlans = 8;  // least recently used goes first

  GraphForShape graph_for_shape_;
  PlanOptions options_;
  std::shared_ptr<PackedWeights> packed_;
  std::mutex mutex_;
  std::list<std::shared_ptr<const Plan>> plans_;  // most recently used first
};

}  // namespace mnv4::runtime
