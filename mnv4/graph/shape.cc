// Shape rules: what each operator wants of its inputs, and the type of its result.

#include <fmt/format.h>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/graph.h"

namespace mnv4 {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 40;  // of a result: no size in bytes overflows

// Where the windows of a kernel begin along one side.
int64_t Windows(int64_t side, int before, int after, int kernel, int dilation, int stride) {
  const int64_t room = side + before + after - int64_t{dilation} * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

struct ShapeRule {
  const std::vector<TensorType>& inputs;
  const std::string& scope;

  [[noreturn]] void Fail(const std::string& message) const {
    throw Error(ErrorCode::kInvalidArgument, scope + ": " + message);
  }

  void WantInputs(size_t least, size_t most) const {
    if (inputs.size() >= least && inputs.size() <= most) return;
    Fail(fmt::format("{} inputs, wanted {} to {}", inputs.size(), least, most));
  }

  void WantShape(size_t i, const char* name, const Shape& wanted) const {
    if (inputs[i].shape == wanted) return;
    Fail(fmt::format("{} {}, expected {}", name, ToString(inputs[i].shape), ToString(wanted)));
  }

  // A vector with a value per channel, if there is such an input.
  void WantChannels(size_t i, const char* name, int64_t channels) const {
    if (i < inputs.size()) WantShape(i, name, {channels});
  }

  const Shape& Map(size_t i) const {
    if (inputs[i].shape.size() != 4) {
      Fail(fmt::format("input {}, expected [n, h, w, c]", ToString(inputs[i].shape)));
    }
    return inputs[i].shape;
  }

  TensorType Result(Shape shape) const {
    int64_t elements = 1;
    for (const int64_t dimension : shape) {
      if (dimension < 1) Fail(fmt::format("the result {} would be empty", ToString(shape)));
      if (dimension > kMaxElements / elements) {
        Fail(fmt::format("the result {} is too large", ToString(shape)));
      }
      elements *= dimension;
    }
    return {inputs[0].dtype, std::move(shape)};
  }

  TensorType SlidingWindow(int64_t channels, Size2 kernel, Size2 stride, Size2 dilation,
                           const Padding& pad) const {
    const Shape& x = Map(0);
    for (const Size2 size : {kernel, stride, dilation}) {
      if (size.h < 1 || size.w < 1) Fail("kernel, stride and dilation must be at least 1");
    }
    if (pad.top < 0 || pad.left < 0 || pad.bottom < 0 || pad.right < 0) Fail("negative padding");
    return Result({x[0], Windows(x[1], pad.top, pad.bottom, kernel.h, dilation.h, stride.h),
                   Windows(x[2], pad.left, pad.right, kernel.w, dilation.w, stride.w), channels});
  }

  TensorType operator()(const Input&) const { MNV4_CHECK(!"the type of an input is given"); }
  TensorType operator()(const Parameter&) const { MNV4_CHECK(!"the type of a parameter is given"); }

  TensorType operator()(const Conv2d& op) const {
    WantInputs(2, 4);
    const int64_t c_in = Map(0)[3];
    if (op.groups < 1 || c_in % op.groups != 0) {
      Fail(fmt::format("{} input channels do not divide into {} groups", c_in, op.groups));
    }
    const int64_t c_out = inputs[1].shape.empty() ? 0 : inputs[1].shape[0];
    WantShape(1, "weights", {c_out, c_in / op.groups, op.kernel.h, op.kernel.w});
    if (c_out % op.groups != 0) {
      Fail(fmt::format("{} output channels do not divide into {} groups", c_out, op.groups));
    }
    WantChannels(2, "bias", c_out);
    WantChannels(3, "scale", c_out);
    return SlidingWindow(c_out, op.kernel, op.stride, op.dilation, op.pad);
  }

  TensorType operator()(const BatchNorm&) const {
    WantInputs(5, 5);
    const int64_t c = Map(0)[3];
    WantChannels(1, "weight", c);
    WantChannels(2, "bias", c);
    WantChannels(3, "running_mean", c);
    WantChannels(4, "running_var", c);
    return inputs[0];
  }

  TensorType operator()(const ChannelScale&) const {
    WantInputs(2, 3);
    WantChannels(1, "scale", Map(0)[3]);
    WantChannels(2, "bias", Map(0)[3]);
    return inputs[0];
  }

  TensorType operator()(const Activate&) const {
    WantInputs(1, 1);
    return inputs[0];
  }

  TensorType operator()(const Add&) const {
    WantInputs(2, 2);
    WantShape(1, "second input", inputs[0].shape);
    return inputs[0];
  }

  TensorType operator()(const Multiply&) const {
    WantInputs(2, 2);
    const Shape& x = Map(0);
    WantShape(1, "gate", {x[0], 1, 1, x[3]});
    return inputs[0];
  }

  TensorType operator()(const Pool2d& op) const {
    WantInputs(1, 1);
    const Shape& x = Map(0);
    switch (op.kind) {
      case PoolKind::kGlobalAverage:
        return Result({x[0], 1, 1, x[3]});
      case PoolKind::kAverage:
        if (op.pad != Padding{}) Fail("average pooling takes no padding");
        break;
      case PoolKind::kBlur:
        if (op.kernel != Size2{3, 3}) Fail("the kernel of blur pooling is 3x3");
        break;
    }
    return SlidingWindow(x[3], op.kernel, op.stride, Size2{1, 1}, op.pad);
  }

  TensorType operator()(const Linear&) const {
    WantInputs(3, 3);
    const Shape& x = Map(0);
    const int64_t out = inputs[1].shape.empty() ? 0 : inputs[1].shape[0];
    WantShape(1, "weights", {out, x[3]});
    WantChannels(2, "bias", out);
    return Result({x[0], x[1], x[2], out});
  }

  TensorType operator()(const Attention& op) const {
    WantInputs(3, 3);
    const Shape &q = Map(0), &k = Map(1);
    if (op.heads < 1 || op.kv_heads < 1 || op.heads % op.kv_heads != 0 || q[3] % op.heads != 0) {
      Fail(fmt::format("{} query channels, {} heads and {} key heads do not fit", q[3], op.heads,
                       op.kv_heads));
    }
    WantShape(1, "keys", {q[0], k[1], k[2], q[3] / op.heads * op.kv_heads});
    WantShape(2, "values", k);
    return inputs[0];
  }
};

}  // namespace

TensorType InferType(const Op& op, const std::vector<TensorType>& inputs,
                     const std::string& scope) {
  return std::visit(ShapeRule{inputs, scope}, op);
}

}  // namespace mnv4
