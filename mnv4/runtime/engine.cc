#include "mnv4/runtime/engine.h"

#include <algorithm>

#include "mnv4/base/fork.h"

namespace mnv4::runtime {

Engine::Engine(GraphForShape graph_for_shape, PlanOptions options)
    : graph_for_shape_(std::move(graph_for_shape)),
      options_(std::move(options)),
      packed_(std::make_shared<PackedWeights>()) {}

std::shared_ptr<const Plan> Engine::PlanFor(int n, int h, int w, ThreadPool* pool) {
  // A thread that waits in an executor may take another task, and that one wait for this plan.
  if (pool != nullptr && pool->has_executor()) pool = nullptr;
  const ForkDelay fork_delay;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(plans_.begin(), plans_.end(), [&](const auto& plan) {
    const Shape& shape = plan->input_shape();
    return shape[0] == n && shape[1] == h && shape[2] == w;
  });
  if (found != plans_.end()) {
    plans_.splice(plans_.begin(), plans_, found);
  } else {
    plans_.push_front(
        std::make_shared<const Plan>(graph_for_shape_(n, h, w), options_, *packed_, pool));
    if (plans_.size() > kMaxPlans) plans_.pop_back();
  }
  return plans_.front();
}

}  // namespace mnv4::runtime
