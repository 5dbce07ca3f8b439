#pragma once
/// Runs a Plan: owns the arena and the scratch, allocates nothing while running.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/kernels/pictures.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::runtime {

/// Belongs to one thread at a time. Several sessions may share a Plan, and a pool.
class Session {
 public:
  /// `pool` must outlive the session.
  Session(std::shared_ptr<const Plan> plan, ThreadPool& pool);

  const Plan& plan() const { return *plan_; }

  /// Where one picture goes: element (y, x, c) at data[y * row_stride + x * pixel_stride + c].
  struct Input {
    float* data;
    ptrdiff_t row_stride;
    ptrdiff_t pixel_stride;
  };
  /// To be filled before every Run: the memory is used for other tensors too.
  Input input(int image) const;

  /// Runs all steps. With `step_seconds`, adds each step's wall time to its entry (one per step).
  /// Throws what ThreadPool::RunSteps does.
  void Run(std::span<double> step_seconds = {});
  /// The same on float pictures in memory, which need not be in input().
  void Run(const kernels::Pictures& pictures);

  /// Elements of one output of the last Run: "logits" or a feature the plan was asked for.
  size_t OutputSize(const std::string& name) const;
  /// Copies it in n c h w order ([n, classes] for logits). Sizes must agree.
  void CopyOutput(const std::string& name, std::span<float> nchw) const;

 private:
  void FindNextWeights();
  void Prepare();
  void RunStep(size_t index, int thread) noexcept;
  template <class T>
  T* At(int slot) const {
    return reinterpret_cast<T*>(arena_.data() + plan_->slots()[static_cast<size_t>(slot)].offset);
  }

  std::shared_ptr<const Plan> plan_;
  ThreadPool& pool_;
  AlignedBuffer arena_;
  std::vector<AlignedBuffer> scratch_;                    // by thread
  std::vector<std::span<const std::byte>> next_weights_;  // [steps][threads]
  // Units of a thread's share of the first step that somebody has taken.
  struct alignas(kCacheLine) Claimed {
    std::atomic<int> units{0};
  };
  std::vector<Claimed> claimed_;  // by thread
};

}  // namespace mnv4::runtime
