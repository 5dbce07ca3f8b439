#pragma once
/// A graph at one input shape, decided: kernel per op, packed weights, one arena. Immutable.

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/base/error.h"
#include "mnv4/base/isa.h"
#include "mnv4/graph/graph.h"
#include "mnv4/kernels/kernel.h"
#include "mnv4/runtime/packed_weights.h"

namespace mnv4::runtime {

/// The numbers that convolutions multiply, and the tensors between them; in fp16 attention too.
/// Where the CPU lacks arithmetic for 16 bits, they are how weights lie in memory, and all else is
/// float32.
enum class Precision : uint8_t {
  kF32,
  kBf16,  ///< sums are float32. Arithmetic is Isa::kBf16
  kF16,   ///< sums are fp16 too. Arithmetic is Isa::kFp16 or kNeonFp16
};
/// "fp32", "bf16", "fp16".
const char* Name(Precision precision);

struct PlanOptions {
  IsaSet isa = HostIsa();
  Precision precision = Precision::kF32;
  bool reference = false;  ///< only the slow references: the yardstick of tests
  /// Rows tried before the table's: tests have kernels that this machine lacks.
  std::span<const kernels::ConvKernel> first_kernels = {};
  std::vector<std::string> features =
      {};  ///< outputs wanted beside "logits": "C3", "pre_logits", ...
  /// Where packed weights are kept between processes (PackedFolder()); "": nowhere.
  std::string packed_folder = {};
  std::function<void(const Error&)> on_unwritten = {};  ///< told that they could not be kept
};

/// The instruction sets that the precision may use.
IsaSet UsableIsa(const PlanOptions& options);

/// What these instruction sets store 16-bit weights as that they cannot multiply; else float32.
DType StoredType(const PlanOptions& options);
/// What is computed: "fp32", "bf16", "bf16 weights, fp32 arithmetic".
std::string PrecisionText(const PlanOptions& options);

/// "fp32", "bf16", "fp16", or "auto": the fastest of them that `isa` has arithmetic for. Throws
/// Error(kUnsupported) for "int8", Error(kInvalidArgument) for another name.
Precision ParsePrecision(std::string_view name, IsaSet isa);

/// Where a tensor lies in the arena, and for how long.
struct Slot {
  kernels::Desc desc;
  size_t offset = 0;   ///< bytes from the arena's start
  int first_step = 0;  ///< the step that writes it; -1: the caller does
  int last_step = 0;   ///< the last step that reads it; the number of steps: the caller does
};

// One step is one kernel call on slots. Indices are into Plan::slots().
struct ConvStep {
  const kernels::ConvKernel* kernel = nullptr;
  kernels::ConvProblem problem;
  int x = -1, residual = -1, y = -1;
  std::shared_ptr<const PackedWeight> packed;
  kernels::LaterWeights later = {};  ///< of a layer of a single pixel
};
struct AttentionStep {
  const kernels::AttentionKernel* kernel = nullptr;
  kernels::AttentionProblem problem;
  int q = -1, k = -1, v = -1, y = -1;
};
struct PoolStep {
  const kernels::PoolKernel* kernel = nullptr;
  kernels::PoolProblem problem;
  int x = -1, y = -1;
};
struct PointwiseStep {
  const kernels::PointwiseKernel* kernel = nullptr;
  kernels::PointwiseProblem problem;
  int a = -1, b = -1, gate = -1, y = -1;
  std::shared_ptr<const AlignedBuffer> scale_bias;  ///< scale then bias, whole blocks; or null
};

struct Step {
  std::string scope;  ///< "blocks.2.0.pw_exp"
  std::variant<ConvStep, AttentionStep, PoolStep, PointwiseStep> run;
};

class Plan {
 public:
  /// `graph` must be bound; it is optimised here. Throws Error(kUnsupported) for a graph that no
  /// kernel runs, Error(kInvalidArgument) for an unknown feature name.
  /// `pool`: threads that read what is kept in options.packed_folder; null: the caller's alone.
  Plan(Graph graph, const PlanOptions& options, PackedWeights& packed, ThreadPool* pool = nullptr);

  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Slot>& slots() const { return slots_; }
  /// The slot of "input", "logits" or a feature that was asked for; throws Error(kInvalidArgument)
  /// for others. Without a classifier, "logits" are the pooled features.
  int SlotOf(const std::string& name) const;
  const Shape& input_shape() const { return input_shape_; }  ///< n h w c
  size_t arena_bytes() const { return arena_bytes_; }
  size_t scratch_bytes() const { return scratch_bytes_; }  ///< per thread
  size_t packed_bytes() const;                             ///< of all weights this plan reads
  /// Scopes of the layers that stay float32 because fp16 might overflow (fp16_range.h), in stored
  /// weights or in arithmetic, where depthwise neighbours and an attention that reads them follow.
  const std::vector<std::string>& kept_float32() const { return kept_float32_; }

 private:
  Shape input_shape_;
  std::vector<Step> steps_;
  std::vector<Slot> slots_;
  std::map<std::string, int> named_slots_;
  std::vector<std::string> kept_float32_;
  size_t arena_bytes_ = 0;
  size_t scratch_bytes_ = 0;
};

}  // namespace mnv4::runtime
