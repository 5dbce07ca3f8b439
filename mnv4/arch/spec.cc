// What a spec may say. The limits are far above any network of use and keep sizes from overflowing.

#include "mnv4/arch/spec.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

constexpr int kMaxChannels = 16384;
constexpr int kMaxKernel = 31;
constexpr int kMaxStages = 16;      // each may double the dilation
constexpr size_t kMaxBlocks = 512;  // of all stages
constexpr size_t kMaxName = 128;

std::string Range(const char* what, double value, double least, double most) {
  if (value >= least && value <= most) return "";
  return fmt::format("{} is {}, wanted {} to {}", what, value, least, most);
}

std::string Kernel(const char* what, int value, int least) {
  if (value > 0 && value % 2 == 0) return fmt::format("{} is {}, wanted an odd side", what, value);
  return Range(what, value, least, kMaxKernel);
}

std::string First(std::initializer_list<std::string> problems) {
  for (const std::string& problem : problems) {
    if (!problem.empty()) return problem;
  }
  return "";
}

std::string Out(int channels) { return Range("out", channels, 1, kMaxChannels); }
std::string Stride(int stride) { return Range("stride", stride, 1, 2); }
std::string Expand(double expand) { return Range("expand", expand, 1.0 / 64, 64); }
std::string Squeeze(double squeeze) { return Range("squeeze", squeeze, 0, 1); }
std::string Own(std::optional<Activation> activation) {
  return activation == Activation::kNone ? "the activation is none" : "";
}

struct BlockProblem {
  std::string operator()(const ConvSpec& block) const {
    return First({Kernel("kernel", block.kernel, 1), Out(block.out), Stride(block.stride)});
  }
  std::string operator()(const FusedIbSpec& block) const {
    return First({Kernel("kernel", block.kernel, 1), Expand(block.expand), Out(block.out),
                  Stride(block.stride)});
  }
  std::string operator()(const UibSpec& block) const {
    return First({Kernel("dw_start", block.dw_start, 0), Kernel("dw_mid", block.dw_mid, 0),
                  Expand(block.expand), Out(block.out), Stride(block.stride),
                  block.stride == 2 && KindOf(block) == BlockKind::kFfn
                      ? "stride 2 without a depthwise convolution to take it"
                      : ""});
  }
  std::string operator()(const SeparableSpec& block) const {
    return First({Kernel("kernel", block.kernel, 1), Out(block.out), Stride(block.stride),
                  Squeeze(block.squeeze), Own(block.activation)});
  }
  std::string operator()(const InvertedResidualSpec& block) const {
    return First({Kernel("kernel", block.kernel, 1), Expand(block.expand), Out(block.out),
                  Stride(block.stride), Squeeze(block.squeeze), Own(block.activation)});
  }
  std::string operator()(const MqaSpec& block) const {
    return First({Range("heads", block.heads, 1, 256), Range("key_dim", block.key_dim, 1, 1024),
                  Range("kv_stride", block.kv_stride, 1, 8)});
  }
};

// The stride of a block that may begin a stage; 1 for those that have none.
struct StrideRule {
  int operator()(const MqaSpec&) const { return 1; }
  template <class Block>
  int operator()(const Block& block) const {
    return block.stride;
  }
};

// 0 for attention, which keeps those of its input.
struct OutRule {
  int operator()(const MqaSpec&) const { return 0; }
  template <class Block>
  int operator()(const Block& block) const {
    return block.out;
  }
};

void CheckName(std::string_view name) {
  bool valid = !name.empty() && name.size() <= kMaxName;
  for (const char c : name) {
    valid &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.';
  }
  if (valid) return;
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("the name of a network has 1 to {} letters, digits, '_', '-' and '.'", kMaxName));
}

}  // namespace

int StrideOf(const BlockSpec& block) { return std::visit(StrideRule{}, block); }

int MapChannels(const NetworkSpec& spec) {
  if (HasConvBeforePooling(spec)) return spec.head;
  int channels = spec.stem;
  for (const auto& stage : spec.stages) {
    for (const BlockSpec& block : stage) {
      if (const int out = std::visit(OutRule{}, block)) channels = out;
    }
  }
  return channels;
}

int FeatureChannels(const NetworkSpec& spec) {
  return spec.head > 0 ? spec.head : MapChannels(spec);
}

std::string ProblemOf(const BlockSpec& block) { return std::visit(BlockProblem{}, block); }

void CheckSpec(const NetworkSpec& spec) {
  CheckName(spec.name);
  const auto fail = [&](const std::string& problem) {
    if (!problem.empty()) throw Error(ErrorCode::kInvalidArgument, spec.name + ": " + problem);
  };
  fail(Range("in_chans", spec.in_chans, 1, 1024));
  fail(Range("num_classes", spec.num_classes, 0, 1 << 20));
  fail(Range("bn_eps", spec.bn_eps, 0, 1));
  fail(Range("stem", spec.stem, 1, kMaxChannels));
  fail(Range("head", spec.head, 0, kMaxChannels));
  if (spec.activation == Activation::kNone) fail("the activation is none");
  if (spec.output_stride != 8 && spec.output_stride != 16 && spec.output_stride != 32) {
    fail(fmt::format("output_stride is {}, wanted 8, 16 or 32", spec.output_stride));
  }
  fail(Range("the number of stages", static_cast<double>(spec.stages.size()), 1, kMaxStages));
  size_t blocks = 0;
  for (size_t s = 0; s < spec.stages.size(); ++s) {
    const auto& stage = spec.stages[s];
    if (stage.empty()) fail(fmt::format("stage {} has no blocks", s));
    blocks += stage.size();
    for (size_t b = 0; b < stage.size(); ++b) {
      std::string problem = ProblemOf(stage[b]);
      if (problem.empty() && b > 0 && StrideOf(stage[b]) > 1) {
        problem = "stride 2, which only the first block of a stage may have";
      }
      if (!problem.empty()) fail(fmt::format("blocks.{}.{}: {}", s, b, problem));
    }
  }
  fail(Range("the number of blocks", static_cast<double>(blocks), 1, kMaxBlocks));
}

}  // namespace mnv4
