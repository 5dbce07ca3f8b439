#include "mnv4/graph/interpret.h"

#include <algorithm>
#include <cmath>

#include "mnv4/base/check.h"

namespace mnv4 {
namespace {

double Apply(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kRelu6:
      return std::clamp(x, 0.0, 6.0);
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x * std::sqrt(0.5)));
    case Activation::kHardSwish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case Activation::kHardSigmoid:
      return std::clamp(x + 3, 0.0, 6.0) / 6;
  }
  MNV4_CHECK(!"unknown activation");
}

struct Interpreter {
  const Graph& graph;
  const std::vector<float>& input;
  std::vector<Values> results;  // by node; emptied after the last use
  const Node* node = nullptr;   // the one being computed

  const Values& In(size_t i) const { return results[Index(node->inputs[i])]; }

  // A parameter among the inputs; `otherwise` in every place if there are fewer inputs.
  std::vector<double> Weights(size_t i, size_t size, double otherwise) const {
    if (i >= node->inputs.size()) return std::vector<double>(size, otherwise);
    const std::vector<float> floats = ToFloats(WeightOf(graph, node->inputs[i]));
    return {floats.begin(), floats.end()};
  }

  Values Result() const {
    const Shape& shape = node->type.shape;
    return {shape, std::vector<double>(static_cast<size_t>(NumElements(shape)))};
  }

  // y = f(x, c) for every element x of channel c.
  template <class Function>
  Values Map(Function f) const {
    Values y = In(0);
    const auto channels = static_cast<size_t>(y.shape.back());
    for (size_t i = 0; i < y.data.size(); ++i) y.data[i] = f(y.data[i], i % channels);
    return y;
  }

  // Calls f(output element, input element, kernel row, kernel column) for the first channel of
  // every pair of pixels that a window joins; the zeros of the padding have no pixel.
  template <class Function>
  void ForEachTap(Size2 kernel, Size2 stride, Size2 dilation, const Padding& pad,
                  Function f) const {
    const Shape &x = In(0).shape, &y = node->type.shape;
    for (int64_t n = 0; n < y[0]; ++n) {
      for (int64_t row = 0; row < y[1]; ++row) {
        for (int64_t column = 0; column < y[2]; ++column) {
          for (int kh = 0; kh < kernel.h; ++kh) {
            const int64_t h = row * stride.h - pad.top + int64_t{kh} * dilation.h;
            if (h < 0 || h >= x[1]) continue;
            for (int kw = 0; kw < kernel.w; ++kw) {
              const int64_t w = column * stride.w - pad.left + int64_t{kw} * dilation.w;
              if (w < 0 || w >= x[2]) continue;
              f(((n * y[1] + row) * y[2] + column) * y[3], ((n * x[1] + h) * x[2] + w) * x[3], kh,
                kw);
            }
          }
        }
      }
    }
  }

  Values operator()(const Input&) const {
    MNV4_CHECK(static_cast<int64_t>(input.size()) == NumElements(node->type.shape));
    return {node->type.shape, {input.begin(), input.end()}};
  }
  Values operator()(const Parameter&) const { return {}; }  // read where it is used

  Values operator()(const Conv2d& op) const {
    Values y = Result();
    const int64_t c_out = y.shape[3], per_group = In(0).shape[3] / op.groups;
    const int64_t outs = c_out / op.groups, taps = int64_t{op.kernel.h} * op.kernel.w;
    const std::vector<double> oihw = Weights(1, 0, 0);
    std::vector<double> weights(oihw.size());  // [tap][input of the group][c_out]
    for (int64_t o = 0; o < c_out; ++o) {
      for (int64_t i = 0; i < per_group; ++i) {
        for (int64_t tap = 0; tap < taps; ++tap) {
          weights[(tap * per_group + i) * c_out + o] = oihw[(o * per_group + i) * taps + tap];
        }
      }
    }
    const double* x = In(0).data.data();
    ForEachTap(op.kernel, op.stride, op.dilation, op.pad,
               [&](int64_t to, int64_t from, int kh, int kw) {
                 for (int64_t i = 0; i < per_group; ++i) {
                   const double* w = &weights[((kh * op.kernel.w + kw) * per_group + i) * c_out];
                   for (int64_t o = 0; o < c_out; o += outs) {  // one group
                     const double value = x[from + o / outs * per_group + i];
                     for (int64_t k = o; k < o + outs; ++k) y.data[to + k] += value * w[k];
                   }
                 }
               });
    const std::vector<double> bias = Weights(2, c_out, 0), scale = Weights(3, c_out, 1);
    for (size_t i = 0; i < y.data.size(); ++i) {
      const size_t c = i % c_out;
      y.data[i] = Apply(op.activation, scale[c] * y.data[i] + bias[c]);
    }
    return y;
  }

  Values operator()(const BatchNorm& op) const {
    const std::vector<double> weight = Weights(1, 0, 0), bias = Weights(2, 0, 0);
    const std::vector<double> mean = Weights(3, 0, 0), var = Weights(4, 0, 0);
    return Map([&](double x, size_t c) {
      return (x - mean[c]) / std::sqrt(var[c] + op.eps) * weight[c] + bias[c];
    });
  }

  Values operator()(const ChannelScale&) const {
    const std::vector<double> scale = Weights(1, 0, 0), bias = Weights(2, scale.size(), 0);
    return Map([&](double x, size_t c) { return scale[c] * x + bias[c]; });
  }

  Values operator()(const Activate& op) const {
    return Map([&](double x, size_t) { return Apply(op.activation, x); });
  }

  Values operator()(const Add&) const {
    Values y = In(0);
    for (size_t i = 0; i < y.data.size(); ++i) y.data[i] += In(1).data[i];
    return y;
  }

  Values operator()(const Multiply&) const {
    Values y = In(0);
    const std::vector<double>& gate = In(1).data;
    const size_t channels = static_cast<size_t>(y.shape[3]);
    const size_t image = y.data.size() / static_cast<size_t>(y.shape[0]);
    for (size_t i = 0; i < y.data.size(); ++i) {
      y.data[i] *= gate[i / image * channels + i % channels];
    }
    return y;
  }

  Values operator()(const Pool2d& op) const {
    Values y = Result();
    const int64_t channels = y.shape[3];
    const bool global = op.kind == PoolKind::kGlobalAverage;
    const Shape& shape = In(0).shape;
    const Size2 kernel =
        global ? Size2{static_cast<int>(shape[1]), static_cast<int>(shape[2])} : op.kernel;
    const double* x = In(0).data.data();
    ForEachTap(kernel, global ? Size2{} : op.stride, Size2{}, global ? Padding{} : op.pad,
               [&](int64_t to, int64_t from, int kh, int kw) {
                 const double weight = op.kind == PoolKind::kBlur
                                           ? (kh == 1 ? 2.0 : 1.0) * (kw == 1 ? 2.0 : 1.0) / 16
                                           : 1.0 / (static_cast<double>(kernel.h) * kernel.w);
                 for (int64_t c = 0; c < channels; ++c) y.data[to + c] += weight * x[from + c];
               });
    return y;
  }

  Values operator()(const Linear& op) const {
    Values y = Result();
    const int64_t out = y.shape[3], in = In(0).shape[3];
    const std::vector<double> weights = Weights(1, 0, 0), bias = Weights(2, 0, 0);
    for (int64_t i = 0; i < static_cast<int64_t>(y.data.size()); ++i) {
      const double *x = &In(0).data[i / out * in], *w = &weights[i % out * in];
      double sum = bias[i % out];
      for (int64_t c = 0; c < in; ++c) sum += x[c] * w[c];
      y.data[i] = Apply(op.activation, sum);
    }
    return y;
  }

  Values operator()(const Attention& op) const {
    Values y = Result();
    const Shape &q_shape = In(0).shape, &k_shape = In(1).shape;
    const int64_t tokens = q_shape[1] * q_shape[2], keys = k_shape[1] * k_shape[2];
    const int64_t d = q_shape[3] / op.heads, kv_width = k_shape[3];
    std::vector<double> p(keys);
    for (int64_t row = 0; row < q_shape[0] * tokens; ++row) {  // of all images
      const int64_t image = row / tokens;
      for (int64_t head = 0; head < op.heads; ++head) {
        const int64_t kv_head = head / (op.heads / op.kv_heads);
        const int64_t from = row * q_shape[3] + head * d;
        const int64_t first_key = image * keys * kv_width + kv_head * d;
        for (int64_t m = 0; m < keys; ++m) {
          p[m] = 0;
          for (int64_t i = 0; i < d; ++i) {
            p[m] += In(0).data[from + i] * In(1).data[first_key + m * kv_width + i];
          }
        }
        const double top = *std::max_element(p.begin(), p.end());
        double sum = 0;
        for (double& value : p) sum += value = std::exp(op.scale * (value - top));
        for (int64_t m = 0; m < keys; ++m) {
          for (int64_t i = 0; i < d; ++i) {
            y.data[from + i] += p[m] / sum * In(2).data[first_key + m * kv_width + i];
          }
        }
      }
    }
    return y;
  }
};

}  // namespace

std::map<std::string, Values> Interpret(const Graph& graph, const std::vector<float>& input) {
  Interpreter interpreter{graph, input, std::vector<Values>(graph.nodes.size())};
  std::vector<int> uses = CountUses(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    interpreter.node = &graph.nodes[i];
    interpreter.results[i] = std::visit(interpreter, graph.nodes[i].op);
    for (const NodeId id : graph.nodes[i].inputs) {
      if (--uses[Index(id)] == 0) interpreter.results[Index(id)] = {};
    }
  }
  std::map<std::string, Values> outputs;
  for (const auto& [name, id] : graph.outputs) outputs[name] = interpreter.results[Index(id)];
  return outputs;
}

}  // namespace mnv4
